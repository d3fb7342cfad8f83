"""The sentence behind a promise, as people see it: from the register, or from its document where that is at hand."""

import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import update

from commitments.database import open_unit
from commitments.documents import Described, add_document, withdraw_document
from commitments.evidence_files import keep_file
from commitments.log import Author
from commitments.tables import agreement, commitment, document
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
    assert "As it was recorded." in page and "over the river" not in page
    assert "Read from the document itself" not in page
