"""The signed texts of an agreement: handed in as files, known by their hash, and given out to whoever sees it."""

from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import update

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.evidence_files import list_missing, place_of
from commitments.export import export_agreement
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import agreement, commitment, document, log_entry
from tests.portal.desk import NOW, TODAY, Desk

PAGE = "/agreements/north-south"
FORM = f"{PAGE}/documents"
TEXT = b"%PDF-1.7 The North shall hand over the survey."
HASH = sha256(TEXT).hexdigest()
USUAL = {"title": "Memorandum of 2024", "kind": "signed_text", "language": "en", "why": "Scanned from the archive"}


def hand_in(desk: Desk, status: int = 303, file: tuple[str, bytes] | None = ("signed.pdf", TEXT), **said: Any) -> str:
    """Send the form with a file, as a browser does."""
    data = {"token": desk.token(), **USUAL, **said}
    files = {"file": (file[0], BytesIO(file[1]))} if file is not None else {"file": ("", b"")}
    answer = desk.client.post(FORM, data=data, files=files, follow_redirects=False)
    assert answer.status_code == status, answer.text
    return desk.get(answer.headers["location"]) if status == 303 else answer.text


def sources_of(desk: Desk) -> list[dict[str, Any]]:
    (row,) = desk.rows(agreement, agreement.c.reference == "north-south")
    return list(row.sources)


@pytest.fixture
def known(desk: Desk) -> Desk:
    """A text that is on record by its hash, with a sentence that is shown to stand in it."""
    sources = [{"document": "text.pdf", "kind": "signed_text", "language": "en", "sha256": HASH},
               {"document": "news.html", "kind": "news"}]  # fmt: skip
    place = {"document": "text.pdf", "start": 9, "end": 44, "sha256": sha256(TEXT[9:44]).hexdigest()}
    with open_unit(desk.engine) as unit:
        unit.execute(update(agreement).where(agreement.c.reference == "north-south").values(sources=sources))
        unit.execute(update(commitment).where(commitment.c.reference == "survey").values(source=place))
    desk.sign_in("cy")
    return desk


def test_a_coordinator_hands_in_the_signed_text_and_both_sides_read_it_with_its_hash(desk: Desk) -> None:
    desk.sign_in("cy")
    assert f'href="{FORM}"' in desk.get(PAGE)
    page = hand_in(desk, authentic="yes", dated="2023-12-01")
    assert "The document is kept" in page and HASH in page and "signed.pdf" in page and "authentic text" in page
    (row,) = desk.rows(document)
    assert (row.sha256, row.size, row.file, row.added_on) == (HASH, len(TEXT), "signed.pdf", TODAY)
    assert sources_of(desk) == [
        {"document": "Memorandum of 2024", "kind": "signed_text", "date": "2023-12-01", "language": "en",
         "sha256": HASH}
    ]  # fmt: skip
    (head,) = desk.rows(agreement, agreement.c.reference == "north-south")
    assert (head.languages, head.authentic) == (["en"], ["en"])
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"house_parties": "north"}))
    desk.sign_in("li")
    assert f'href="/documents/{row.id}" download' in desk.get(PAGE) and f'href="{FORM}"' not in desk.get(PAGE)
    answer = desk.client.get(f"/documents/{row.id}")
    assert answer.content == TEXT
    assert (
        answer.headers["content-disposition"].startswith("attachment")
        and "sandbox" in answer.headers["content-security-policy"]
    )
    desk.get(FORM, 403)
    desk.get(f"/documents/{row.id}/withdraw", 403)


def test_the_history_says_who_put_which_document_there_and_why(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_in(desk)
    history = desk.get(f"{PAGE}/history")
    assert "Document “signed.pdf”: recorded" in history
    assert "Documents: Document: Memorandum of 2024; Kind: the signed text; Language: English" in history
    assert "Scanned from the archive" in history and "Cy" in history


def test_who_does_not_see_the_agreement_gets_none_of_its_documents(desk: Desk) -> None:
    desk.add_elsewhere()
    desk.sign_in("cy")
    hand_in(desk)
    desk.sign_in("zoe")
    (row,) = desk.rows(document)
    desk.get(f"/documents/{row.id}", 404)
    desk.get(FORM, 404)
    assert desk.client.post(FORM, data={"token": desk.token(), **USUAL}).status_code == 404


def test_a_text_that_is_on_record_by_its_hash_is_matched_and_its_sentences_stay(known: Desk) -> None:
    before = sources_of(known), known.rows(commitment)
    page = hand_in(known, file=("scan 2.pdf", TEXT), title="A better title")
    assert "This file is known already by its hash, as “text.pdf”" in page and "A better title" not in page
    assert "This file is known" not in known.get(f"{PAGE}?done=document_known-7")
    assert (sources_of(known), known.rows(commitment)) == before, "no second document, and nothing points elsewhere"
    assert f'href="/documents/{known.rows(document)[0].id}" download' in known.get(PAGE)


def test_another_file_is_not_taken_for_the_document_on_record(known: Desk) -> None:
    before = known.rows(log_entry)
    assert "its hash is not that of the document" in hand_in(
        known, 422, file=("signed.pdf", TEXT + b"!"), text_of="text.pdf"
    )
    assert "its hash is not that of the document" in hand_in(known, 422, text_of="news.html"), "that is another one"
    assert (known.rows(document), known.rows(log_entry)) == ([], before)


def test_a_document_on_record_without_a_hash_gets_that_of_its_file(known: Desk) -> None:
    hand_in(known, file=("news.txt", b"North and South agree"), text_of="news.html", title="")
    assert sources_of(known)[1]["sha256"] == sha256(b"North and South agree").hexdigest()
    assert sources_of(known)[1]["document"] == "news.html"


def test_a_document_that_is_not_on_record_cannot_be_chosen(known: Desk) -> None:
    assert "Please choose one of those offered." in hand_in(known, 422, text_of="nothing.pdf")
    assert known.rows(document) == []


def test_the_same_file_again_is_said_to_be_here(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_in(desk)
    assert "This document is here already" in hand_in(desk, 422, title="Again")
    assert "It can no longer" not in desk.get(PAGE) and len(desk.rows(document)) == 1


def test_two_documents_of_one_title_have_names_of_their_own(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_in(desk)
    hand_in(desk, file=("zh.txt", "备忘录".encode()), language="zh")
    assert [(one["document"], one.get("title")) for one in sources_of(desk)] == [
        ("Memorandum of 2024", None), ("Memorandum of 2024 (2)", "Memorandum of 2024")
    ]  # fmt: skip


def test_an_export_imported_again_changes_nothing_and_the_file_stays(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_in(desk, authentic="yes")
    with open_reading(desk.engine) as reading:
        text = export_agreement(reading, "north-south")
    assert HASH in text
    before = sources_of(desk)
    with open_unit(desk.engine) as unit:
        form = parse_agreement(text.encode(), "north-south.yaml")
        done = import_agreement(unit, form, Author("test", NOW + timedelta(hours=1)), TODAY)
    assert (list(done.changes), sources_of(desk)) == ([], before)
    assert desk.client.get(f"/documents/{desk.rows(document)[0].id}").content == TEXT


def test_a_file_that_was_handed_in_by_mistake_is_withdrawn_and_can_come_back(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_in(desk)
    (row,) = desk.rows(document)
    where = f"/documents/{row.id}/withdraw"
    assert "Please fill this in." in desk.act(where, 422, why="")
    assert "The file is withdrawn" in desk.act(where, why="It shows a home address")
    desk.get(f"/documents/{row.id}", 404)
    assert HASH in desk.get(PAGE) and "signed.pdf</a>" not in desk.get(PAGE)
    assert "It shows a home address" in desk.get(f"{PAGE}/history")
    desk.act(where, 404, why="Again")
    hand_in(desk)
    assert desk.client.get(f"/documents/{row.id}").content == TEXT and len(sources_of(desk)) == 1


@pytest.mark.parametrize(
    ("file", "said", "fault"),
    [
        (None, {}, "Please fill this in."),
        (("a.pdf", b""), {}, "The file is empty"),
        (("a.exe", b"MZ"), {}, "Files of this type are not taken"),
        (("a.pdf", b"<html>"), {}, "is not what its name says"),
        (("a.pdf", TEXT), {"why": ""}, "Please fill this in."),
        (("a.pdf", TEXT), {"title": ""}, "Please fill this in."),
        (("a.pdf", TEXT), {"title": "x" * 301}, "Please keep it to 300 characters."),
        (("a.pdf", TEXT), {"kind": "rumour"}, "Please choose one of those offered."),
        (("a.pdf", TEXT), {"dated": "2027-01-01"}, "This lies in the future"),
        (("a.pdf", TEXT), {"language": "", "authentic": "yes"}, "Please fill this in."),
        (("a.pdf", TEXT), {"language": "klingon"}, "Please choose one of those offered."),
    ],
)
def test_what_is_missing_or_wrong_is_said_at_its_field_and_nothing_is_kept(
    desk: Desk, file: tuple[str, bytes] | None, said: dict[str, str], fault: str
) -> None:
    desk.sign_in("cy")
    before = desk.rows(log_entry)
    page = hand_in(desk, 422, file=file, **said)
    assert fault in page
    assert (desk.rows(document), desk.rows(log_entry), sources_of(desk)) == ([], before, [])


def test_a_document_that_is_not_whole_any_more_is_found_and_not_given_out(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_in(desk)
    kept = place_of(desk.settings.evidence_folder, HASH)
    with open_reading(desk.engine) as reading:
        assert list(list_missing(reading, desk.settings.evidence_folder)) == []
        kept.write_bytes(b"%PDF-1.7 something else")
        assert list(list_missing(reading, desk.settings.evidence_folder)) == [("signed.pdf", HASH)]
    assert "This file is not here" in desk.get(f"/documents/{desk.rows(document)[0].id}", 404)
