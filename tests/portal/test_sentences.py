"""The sentence behind a promise, as people see it: from the register, or from its document where that is at hand."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from html import unescape
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import update

from benchmarks.form_reader import read_form
from commitments.database import open_unit
from commitments.documents import Described, add_document, withdraw_document
from commitments.evidence_files import keep_file
from commitments.filling import LONGEST_TEXT
from commitments.log import Author
from commitments.tables import agreement, commitment, document, log_entry
from tests.portal.desk import NOW, TODAY, Desk

SENTENCE = "The Parties shall build a <bridge> over the river."
TEXT = f"Preamble.\n\n{SENTENCE} Done in two copies."
NAME = "memorandum.txt"
PAGE = "/agreements/north-south/commitments/bridge"
SHOWN = "The Parties shall build a <bridge> over the river."
ABSENT = "The sentence is not kept here; it can be read in its source."
CHANGED = "The sentence is not shown: the document that is at hand no longer says there what was recorded."


@pytest.fixture
def sources(desk: Desk, tmp_path: Path) -> Iterator[Path]:
    """The bridge is promised in a document in the folder of the settings; the register has no sentence of it."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / NAME).write_text(TEXT, encoding="utf-8")
    point(desk, NAME, SENTENCE)
    desk.settings = desk.settings.model_copy(update={"sources": folder})
    state = desk.client.app.state  # type: ignore[attr-defined]
    state.house = replace(state.house, settings=desk.settings)
    yield folder


def point(desk: Desk, name: str, sentence: str, **source: str) -> None:
    """Have the bridge's promise stand in this document, as this sentence."""
    start = TEXT.index(SENTENCE)
    place = {"document": name, "start": start, "end": start + len(sentence),
             "sha256": sha256(sentence.encode()).hexdigest()}  # fmt: skip
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "bridge").values(source=place))
        known = [{"document": name, "kind": "signed_text", "language": "en", **source}]
        unit.execute(update(agreement).where(agreement.c.reference == "north-south").values(sources=known))


def test_a_promise_is_shown_with_its_sentence_from_the_document_at_hand(desk: Desk, sources: Path) -> None:
    desk.sign_in("cy")
    page = desk.get(PAGE)
    assert SHOWN in page and "English" in page
    assert "Read from the document itself: it says there what was recorded." in page
    assert f"characters 11 to {11 + len(SENTENCE)}" in page
    assert "&lt;bridge&gt;" in desk.client.get(PAGE).text, "what a document says is text, not markup"


def test_whoever_is_asked_reads_the_sentence_at_home_behind_the_link_and_where_it_is_confirmed(
    desk: Desk, sources: Path
) -> None:
    quoted = "“The Parties shall build a <bridge> over the river.”"
    assert quoted in desk.get(desk.link("ann", "overdue", "/bridge"))
    desk.sign_in("ann")
    home = desk.get("/home")
    assert quoted in home and "Build the bridge." in home
    assert quoted in desk.get(f"/asked/{desk.find('overdue', '/bridge').id}")
    mark = re.search(r'name="mark" value="(\w+)"', desk.get(f"{PAGE}/report"))
    assert mark
    desk.act(f"{PAGE}/report", mark=mark[1], side="north", rating="on_track", fulfilled="yes", note="Built")
    desk.client.cookies.clear()
    desk.sign_in("li")
    assert "The Parties shall build a <bridge> over the river." in desk.get(f"{PAGE}/confirm")


def test_who_reads_another_language_is_not_shown_two_sentences_of_one_promise(desk: Desk, sources: Path) -> None:
    with open_unit(desk.engine) as unit:
        bridge = commitment.c.reference == "bridge"
        unit.execute(update(commitment).where(bridge).values(summaries={"zh": "建桥。"}))
    desk.sign_in("li")
    home = desk.get("/home")
    assert "建桥。" in home and "over the river" not in home
    assert SHOWN in desk.get(PAGE), "the page of the promise shows the sentence in whatever language there is"


def test_a_document_that_says_something_else_by_now_is_not_quoted_and_the_page_says_so(
    desk: Desk, sources: Path
) -> None:
    desk.sign_in("cy")
    assert SHOWN in desk.get(PAGE)
    (sources / NAME).write_text(TEXT.replace("shall build", "may build"), encoding="utf-8")
    page = desk.get(PAGE)
    assert CHANGED in page and "over the river" not in page


def test_without_the_document_the_page_says_where_the_sentence_can_be_read(desk: Desk, sources: Path) -> None:
    (sources / NAME).unlink()
    desk.sign_in("cy")
    page = desk.get(PAGE)
    assert ABSENT in page and NAME in page


@pytest.mark.parametrize("name", ["../secret.txt", "{root}/secret.txt", "link.txt", "no\0file"])
def test_no_document_is_read_outside_of_its_folder_whatever_an_agreement_names(
    desk: Desk, sources: Path, name: str
) -> None:
    outside = sources.parent / "secret.txt"
    outside.write_text(TEXT, encoding="utf-8")
    (sources / "link.txt").symlink_to(outside)
    point(desk, name.format(root=sources.parent), SENTENCE)
    desk.sign_in("cy")
    assert "over the river" not in desk.get(PAGE)


def test_the_working_folder_is_no_place_of_documents(
    desk: Desk, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sources.parent / "working"
    folder.mkdir()
    (folder / "tally.toml").write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(folder)
    point(desk, "tally.toml", SENTENCE)
    desk.sign_in("cy")
    assert "over the river" not in desk.get(PAGE)


def test_a_text_that_was_handed_in_is_quoted_until_it_is_withdrawn(desk: Desk, sources: Path) -> None:
    (sources / NAME).unlink()
    settings, cy = desk.settings, Author("cy", NOW, "it was signed")
    kept = keep_file(settings.evidence_folder, NAME, BytesIO(TEXT.encode()), settings.largest_evidence)
    with open_unit(desk.engine) as unit:
        add_document(unit, cy, "north-south", kept, Described(None, text_of=NAME), TODAY)
    desk.sign_in("cy")
    assert SHOWN in desk.get(PAGE)
    (row,) = desk.rows(document)
    with open_unit(desk.engine) as unit:
        withdraw_document(unit, cy, "north-south", row.id, TODAY)
    assert ABSENT in desk.get(PAGE)


def test_a_sentence_on_record_is_shown_as_it_is_whatever_the_document_says(desk: Desk, sources: Path) -> None:
    with open_unit(desk.engine) as unit:
        bridge = commitment.c.reference == "bridge"
        unit.execute(update(commitment).where(bridge).values(quote={"en": "As it was recorded."}))
    desk.sign_in("cy")
    page = desk.get(PAGE)
    assert "As it was recorded." in page
    assert "Read from the document itself" not in page


OTHER = "The Parties shall PAY ten million pounds."
UNLIKE = f"This is not what stands at characters 11 to {11 + len(SENTENCE)} of {NAME}: its fingerprint differs."
EDIT = f"{PAGE}/edit"


def keep(desk: Desk, sentence: str) -> None:
    """Have the register hold this as the sentence of the bridge, at the place that it has."""
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "bridge").values(quote={"en": sentence}))


def edit(desk: Desk, status: int = 303, **fields: str) -> str:
    mark = re.search(r'name="mark" value="(\w+)"', desk.get(EDIT))
    assert mark
    return desk.act(EDIT, status, mark=mark[1], summary="Build the bridge.", why="typo", **fields)


def test_a_sentence_that_is_not_what_stands_there_is_called_so_on_its_page_and_for_everybody(
    desk: Desk, sources: Path
) -> None:
    keep(desk, SENTENCE)
    desk.sign_in("cy")
    assert "its fingerprint differs" not in desk.get(PAGE)
    keep(desk, OTHER)
    page = desk.get(PAGE)
    assert UNLIKE in page and OTHER in page
    assert f'There stands:</p>\n<blockquote lang="en" dir="auto">{SENTENCE}' in page, "the document is at hand"
    desk.act("/agreements/north-south/public", why="")
    desk.client.cookies.clear()
    assert UNLIKE in desk.get("/public/north-south")
    assert "其指纹不同" in desk.get("/public/north-south?language=zh-Hans")


def test_nobody_is_told_as_the_agreements_words_what_does_not_stand_there(desk: Desk, sources: Path) -> None:
    keep(desk, OTHER)
    desk.sign_in("ann")
    assert "ten million" not in desk.get("/home") and SENTENCE in desk.get("/home")
    (sources / NAME).unlink()
    home = desk.get("/home")
    assert "ten million" not in home and "Build the bridge." in home


def test_where_the_lines_of_the_document_break_makes_no_other_sentence(desk: Desk, sources: Path) -> None:
    broken = SENTENCE.replace("shall build", "shall\nbuild")
    (sources / NAME).write_text(TEXT.replace(SENTENCE, broken), encoding="utf-8")
    point(desk, NAME, broken)
    keep(desk, SENTENCE)
    desk.sign_in("cy")
    assert "its fingerprint differs" not in desk.get(PAGE)


def test_other_words_than_stand_there_are_refused_in_the_form_or_lose_their_place(desk: Desk, sources: Path) -> None:
    keep(desk, SENTENCE)
    desk.sign_in("cy")
    fields = {"quote-en": OTHER}
    assert f"Word for word as it stands at characters 11 to {11 + len(SENTENCE)} of {NAME}." in desk.get(EDIT)
    assert "Do not show it any more as standing there" not in desk.get(EDIT), "that is asked only where it matters"
    page = edit(desk, 422, **fields)
    assert "This is not what stands there: its fingerprint differs." in page and OTHER in page
    page = edit(desk, unplaced="1", **fields)
    assert OTHER in page and "Its place in the document is not on record." in page and "SHA-256" not in page
    (row,) = desk.rows(commitment, commitment.c.reference == "bridge")
    assert (row.quote, row.source) == ({"en": OTHER}, None)
    assert "source" in desk.rows(log_entry)[-1].changes, "the history keeps the place"


def test_a_sentence_that_stands_in_a_document_is_not_taken_away_by_emptying_its_field(
    desk: Desk, sources: Path
) -> None:
    keep(desk, SENTENCE)
    desk.sign_in("cy")
    page = edit(desk, 422, **{"quote-en": ""})
    assert "The sentence stands in a document. Leave it, or say below" in page
    assert desk.rows(commitment, commitment.c.reference == "bridge")[0].quote == {"en": SENTENCE}
    assert "The new words are saved" in edit(desk, unplaced="1", **{"quote-en": ""})
    (row,) = desk.rows(commitment, commitment.c.reference == "bridge")
    assert (row.quote, row.source) == ({}, None)


def test_who_changes_something_else_is_not_asked_about_a_sentence_that_was_so_before(desk: Desk, sources: Path) -> None:
    keep(desk, OTHER)
    desk.sign_in("cy")
    assert "The new words are saved" in edit(desk, theme="Roads", **{"quote-en": OTHER})
    assert UNLIKE in desk.get(PAGE)
    assert "The new words are saved" in edit(desk, **{"quote-en": SENTENCE})
    assert "its fingerprint differs" not in desk.get(PAGE)


def test_a_file_with_a_sentence_that_does_not_stand_there_is_refused_unless_the_register_holds_it_so(
    desk: Desk, sources: Path
) -> None:
    keep(desk, SENTENCE)
    desk.sign_in("cy")
    address = "/register/files"
    file = desk.client.get("/agreements/north-south/file.yaml").text
    assert "not what stands" not in file
    form = {"token": desk.token()}
    false = file.replace(SENTENCE, OTHER).encode()
    answer = desk.client.post(address, data=form, files={"file": ("a.yaml", false)})
    assert answer.status_code == 422
    said = f"what stands at characters 11 to {11 + len(SENTENCE)} of {NAME}, whose SHA-256 is"
    assert said in unescape(answer.text) and "quote.en" in answer.text
    keep(desk, OTHER)
    file = desk.client.get("/agreements/north-south/file.yaml").text
    assert f"# The sentence [en] of bridge is not what stands at characters 11 to {11 + len(SENTENCE)}" in file
    answer = desk.client.post(address, data=form, files={"file": ("a.yaml", file.encode())})
    assert "Nothing would change" in answer.text
    book = desk.client.get("/agreements/north-south/file.xlsx").content
    said = [cell.value for row in openpyxl.load_workbook(io.BytesIO(book))["Remarks"].iter_rows() for cell in row]
    assert "bridge" in said and UNLIKE in said
    answer = desk.client.post(address, data=form, files={"file": ("a.xlsx", book)})
    assert "Nothing would change" in answer.text, "the remarks are for who reads them"


def test_the_longest_sentences_in_several_scripts_fit_into_the_form_of_a_promises_words(desk: Desk) -> None:
    sentences = {"en": "句" * LONGEST_TEXT, "zh": "長" * LONGEST_TEXT, "ja": "文" * LONGEST_TEXT}
    with open_unit(desk.engine) as unit:
        unit.execute(update(agreement).values(languages=["en", "zh", "ja"]))
        unit.execute(update(commitment).where(commitment.c.reference == "survey").values(quote=sentences))
    desk.sign_in("cy")
    address = "/agreements/north-south/commitments/survey/edit"
    form = read_form(desk.client.get(address).text, address)
    desk.act(address, **{**form, "note": "As signed", "why": "It was missing"})
    (row,) = desk.rows(commitment, commitment.c.reference == "survey")
    assert (row.quote, row.note) == (sentences, "As signed")
