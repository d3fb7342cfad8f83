"""Recording what happened, with evidence, and putting it right."""

import asyncio
import io
import re
import zipfile
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, update
from starlette.datastructures import UploadFile

from benchmarks.form_reader import read_form
from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.evidence_files import place_of
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import (
    activity,
    activity_commitment,
    agreement,
    contact,
    evidence,
    follow_up,
    log_entry,
    publication,
)
from tests.portal.desk import NOW, Desk

PDF = b"%PDF-1.7\nthe minutes\n%%EOF\n"
FORM = {
    "agreement": "north-south",
    "title": "Visit of the potters",
    "kind": "visit",
    "held_on": "2026-02-27",
    "place": "Jingdezhen",
    "parties": ["north", "south"],
    "participants": "1,200",
    "commitments": ["visits"],
    "once": "a1b2c3",
}


def record(desk: Desk, status: int = 303, *, file: Any = None, **fields: Any) -> str:
    data = {"token": desk.token(), **FORM, **fields}
    files = {"file": file} if file is not None else None
    answer = desk.client.post("/record", data=data, files=files, follow_redirects=False)
    assert answer.status_code == status, answer.text
    return desk.get(answer.headers["location"]) if status == 303 else answer.text


def checked(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([\w-]+)" checked', page)


def test_the_form_is_filled_in_as_far_as_it_can_be_guessed(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get("/record?agreement=north-south&commitment=visits")
    assert 'name="held_on" type="date" value="2026-03-02"' in page
    assert checked(page, "parties") == ["north"]
    assert checked(page, "commitments") == ["visits"]
    assert page.index('value="visits"') < page.index('value="survey"'), "what one came from stands first"
    assert desk.get("/record") == desk.get("/record?agreement=north-south") or "Under which agreement" not in page


def test_what_is_dated_before_the_agreement_is_asked_about_and_makes_no_missed_periods(desk: Desk) -> None:
    desk.sign_in("cy")
    page = record(desk, 422, held_on="2019-01-01")
    assert "This is before the agreement took effect. Please check the date" in page and desk.rows(activity) == []
    page = record(desk, held_on="2019-01-01", early="yes")
    assert "This was before the agreement took effect (1 January 2024). Is the date right?" in page
    assert "Correct it" in page and "It counts for" not in page
    page = desk.get("/agreements/north-south/commitments/visits")
    assert "of 4 in 2026" in page and "of 4 in 2024" in page and "of 4 in 2023" not in page
    assert "It counts for" in record(desk, once="a1b2c4")


def test_who_has_one_agreement_is_not_asked_which_and_who_has_several_is(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "Under which agreement" not in desk.get("/record")
    desk.add_elsewhere()
    assert "Between two others" not in desk.get("/record?q=e")
    assert 'href="/record?agreement=north-south"' in desk.get("/record?q=memorandum")


def test_an_owner_is_offered_only_agreements_under_which_they_answer_for_something(desk: Desk) -> None:
    desk.add_elsewhere()
    with open_unit(desk.engine) as unit:
        elsewhere = select(agreement.c.id).where(agreement.c.reference == "elsewhere").scalar_subquery()
        asked = select(follow_up.c.id).where(follow_up.c.assignee_id == desk.person("ann")).limit(1).scalar_subquery()
        unit.execute(update(follow_up).where(follow_up.c.id == asked).values(agreement_id=elsewhere))
    desk.sign_in("ann")
    assert "Record what happened" not in desk.get("/agreements/elsewhere")
    assert "Under which agreement" not in desk.get("/record"), "there is one to record under, so nothing is asked"
    assert "No agreement is found." in desk.get("/record?q=others")
    assert "Record what happened" in desk.get("/agreements/north-south")


def test_an_owner_of_nothing_reads_why_there_is_nothing_to_record(desk: Desk) -> None:
    desk.sign_in("dee")
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).values(deputy_id=None))
    assert "You answer for nothing at present" in desk.get("/record")


def test_what_happened_is_recorded_and_the_next_can_follow(desk: Desk) -> None:
    desk.sign_in("cy")
    page = record(desk)
    assert "Recorded: Visit of the potters" in page and "Record another" in page
    (row,) = desk.rows(activity)
    assert (row.title, row.kind, row.held_on, row.place) == (
        "Visit of the potters",
        "visit",
        "2026-02-27",
        "Jingdezhen",
    )
    assert (row.parties, row.participants, row.count) == (["north", "south"], 1200, 1)
    shown = desk.get("/agreements/north-south/commitments/visits")
    assert "Visit of the potters" in shown and "1 of 4 in 2026" in shown and "1200 participants" in shown


def test_its_event_waits_for_publication_and_the_silence_is_closed_in_the_same_transaction(desk: Desk) -> None:
    desk.sign_in("cy")
    asked = desk.find("silent", "/friends")
    assert asked.state == "open"
    record(desk, commitments=["friends"])
    assert desk.rows(follow_up, follow_up.c.id == asked.id)[0].state == "done"
    with open_reading(desk.engine) as reading:
        names = reading.execute(select(publication.c.name).where(publication.c.followed_at.is_(None))).scalars().all()
    assert "tallystick.activity.held" in names


def test_the_same_form_sent_twice_is_one_activity(desk: Desk) -> None:
    desk.sign_in("cy")
    record(desk)
    assert "Recorded: Visit of the potters" in record(desk)
    assert len(desk.rows(activity)) == 1
    record(desk, once="ffffff")
    assert len(desk.rows(activity)) == 2, "another form with the same words is another activity"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": ""}, "What happened: Please fill this in."),
        ({"title": "x" * 301}, "What happened: Please keep it to 300 characters."),
        ({"held_on": "2026-03-03"}, "When: This lies in the future"),
        ({"held_on": ""}, "When: Please fill this in."),
        ({"roughly": "spring"}, "Or only the month or the year: Please write a date"),
        ({"until": "2026-02-01"}, "Until, if it took several days: This is before it began."),
        ({"participants": "many"}, "How many took part: Please give a whole number"),
        ({"participants": "12.5"}, "How many took part: Please give a whole number"),
        ({"kind": "party"}, "Kind: Please choose one of those offered."),
        ({"link": "javascript:alert(1)"}, "A page about it: Please give the whole address"),
        ({"link": "https://leeds.example@evil.example/"}, "A page about it: Please give the whole address"),
        ({"parties": ["east"]}, "Who took part: Please choose one of those offered."),
        ({"commitments": ["theirs"]}, "Which commitments it serves: Please choose one of those offered."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_the_rest_stays_filled_in(
    desk: Desk, fields: dict[str, Any], said: str
) -> None:
    desk.sign_in("cy")
    before = desk.snapshot()
    page = record(desk, 422, **fields)
    assert said in page
    assert 'value="Jingdezhen"' in page and (checked(page, "commitments") == ["visits"] or "commitments" in fields)
    assert desk.snapshot() == before and desk.rows(activity) == []


def test_a_month_or_a_year_is_kept_as_it_is_known(desk: Desk) -> None:
    desk.sign_in("cy")
    record(desk, roughly="2026-02")
    assert desk.rows(activity)[0].held_on == "2026-02"


def test_a_link_is_shown_and_tells_nobody_where_it_was_followed(desk: Desk) -> None:
    desk.sign_in("cy")
    record(desk, link="https://news.example/potters?a=1&b=2")
    page = desk.client.get("/agreements/north-south/commitments/visits").text
    assert '<a href="https://news.example/potters?a=1&amp;b=2" rel="noopener noreferrer nofollow">' in page


def test_a_file_comes_back_as_it_was_and_only_as_a_download(desk: Desk) -> None:
    desk.sign_in("cy")
    record(desk, file=("../../Minutes, März.PDF", PDF, "text/html"))
    (row,) = desk.rows(evidence)
    assert (row.file, row.size, row.activity) == ("Minutes, März.pdf", len(PDF), desk.rows(activity)[0].reference)
    page = desk.get("/agreements/north-south/commitments/visits")
    assert f'href="/evidence/{row.id}" download' in page and row.sha256 in page
    answer = desk.client.get(f"/evidence/{row.id}")
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Minutes, M_rz.pdf\"; filename*=UTF-8''Minutes%2C%20M%C3%A4rz.pdf"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "script" not in answer.headers["content-security-policy"]


def test_the_same_file_is_kept_once_however_many_records_speak_of_it(desk: Desk) -> None:
    desk.sign_in("cy")
    record(desk, file=("a.pdf", PDF), commitments=["visits", "friends"])
    hand_in(desk, file=("b.pdf", PDF), title="Again")
    rows = desk.rows(evidence)
    assert len(rows) == 3 and len({row.sha256 for row in rows}) == 1
    files = [one for one in desk.settings.evidence_folder.rglob("*") if one.is_file()]
    assert files == [place_of(desk.settings.evidence_folder, rows[0].sha256)]
    assert files[0].stat().st_mode & 0o777 == 0o600


def hand_in(desk: Desk, status: int = 303, *, file: Any = None, where: str = "survey", **fields: Any) -> str:
    path = f"/agreements/north-south/commitments/{where}/evidence"
    files = {"file": file} if file is not None else None
    data = {"token": desk.token(), **fields}
    answer = desk.client.post(path, data=data, files=files, follow_redirects=False)
    assert answer.status_code == status, answer.text
    return desk.get(answer.headers["location"]) if status == 303 else answer.text


def make_package(**entries: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name, content in entries.items():
            package.writestr(name.replace("__", "/"), content)
    return made.getvalue()


WORD = make_package(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.exe", b"MZ", "Files of this type are not taken"),
        ("a", PDF, "Files of this type are not taken"),
        ("page.html", b"<script>", "Files of this type are not taken"),
        ("picture.svg", b"<svg/>", "Files of this type are not taken"),
        ("report.docm", WORD, "Files of this type are not taken"),
        ("a.pdf", b"<html>", "What is in the file is not what its name says"),
        ("a.png", PDF, "What is in the file is not what its name says"),
        ("a.docx", make_package(a=b""), "What is in the file is not what its name says"),
        ("a.docx", b"PK\x03\x04 and nothing", "What is in the file is not what its name says"),
        ("a.txt", b"\x00\x01", "What is in the file is not what its name says"),
        ("a.csv", "Größe".encode("latin-1"), "What is in the file is not what its name says"),
        ("a.docx", make_package(**{"word/document.xml": b"", "word/vbaProject.bin": b""}), "The file holds macros"),
        ("a.pdf", b"", "The file is empty"),
        ("a.pdf", PDF + b"x" * 1024 * 1024, "The file is too large; at most 1 MB"),
    ],
    # A package holds the moment at which it was made: by it, each process of a run would call its tests otherwise.
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_not_taken_is_refused_with_what_to_do_and_nothing_is_kept(
    desk: Desk, name: str, content: bytes, said: str
) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"evidence_megabytes": 1}))
    desk.sign_in("cy")
    assert said in hand_in(desk, 422, file=(name, content))
    assert desk.rows(evidence) == []
    assert not [one for one in desk.settings.evidence_folder.rglob("*") if one.is_file()]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", PDF),
        ("a.jpeg", b"\xff\xd8\xff\xe0rest"),
        ("a.HEIC", b"\x00\x00\x00\x18ftypheic"),
        ("a.docx", WORD),
        ("a.odt", make_package(mimetype=b"application/vnd.oasis.opendocument.text")),
        ("a.txt", "Grüße, 陶瓷\n".encode()),
    ],
)
def test_a_file_of_a_type_that_is_taken_is_kept(desk: Desk, name: str, content: bytes) -> None:
    desk.sign_in("cy")
    assert "The evidence is kept" in hand_in(desk, file=(name, content), title="Proof")
    assert desk.client.get(f"/evidence/{desk.rows(evidence)[0].id}").content == content


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/record?agreement=north-south", {"title": "The opening", "note": "In the rain", "place": "Town hall"}),
        ("/agreements/north-south/commitments/survey/evidence", {"title": "The plan of the land"}),
        ("/agreements/north-south/documents", {"title": "The text", "why": "Found in the archive"}),
    ],
)
def test_a_file_however_large_comes_back_with_the_reason_at_its_field_and_all_that_was_typed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, path: str, typed: dict[str, str]
) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"evidence_megabytes": 1}))
    kept: list[int] = []
    monkeypatch.setattr(UploadFile, "write", _count_written(kept, UploadFile.write))
    desk.sign_in("cy")
    address = path.partition("?")[0]
    form = {**read_form(desk.client.get(path).text, address), "token": [desk.token()], **typed}
    parts = [(name, (None, one)) for name, said in form.items() for one in ([said] if isinstance(said, str) else said)]
    # The file before and after what is typed: what follows it is not lost with it.
    middle = len(parts) // 2
    sent = [*parts[:middle], ("file", ("a.pdf", PDF + b"x" * 5 * 1024 * 1024)), *parts[middle:]]
    answer = desk.client.post(address, files=sent)
    page = unescape(answer.text)
    assert answer.status_code == 422

    assert "The file is too large; at most 1 MB can be taken." in page
    assert all(f'value="{one}"' in page or f">{one}</textarea>" in page for one in typed.values())
    assert sum(kept) == 1024 * 1024 + 1, "what shows that it is too large, and no byte more"
    assert desk.rows(evidence) == [] and len(desk.rows(activity)) == 0
    assert not [one for one in desk.settings.evidence_folder.rglob("*") if one.is_file()]


def _count_written(kept: list[int], write: Callable[[UploadFile, bytes], Awaitable[None]]) -> Any:
    async def count(self: UploadFile, data: bytes) -> None:
        kept.append(len(data))
        await write(self, data)

    return count


def test_more_text_than_a_form_takes_is_refused_beside_a_file_too(desk: Desk) -> None:
    desk.sign_in("cy")
    path = "/agreements/north-south/commitments/survey/evidence"
    answer = desk.client.post(
        path, data={"token": desk.token(), "title": "x" * 300_000}, files={"file": ("a.pdf", PDF)}
    )
    assert answer.status_code == 413 and f'href="{path}"' in answer.text, "and there is a way back"


def test_nothing_is_read_of_a_file_from_somebody_who_is_not_signed_in(desk: Desk) -> None:
    read, statuses = [], []

    async def receive() -> Any:
        read.append(1)
        return {"type": "http.request", "body": b"x" * 1024, "more_body": True}

    async def send(message: Any) -> None:
        statuses.append(message.get("status"))

    headers = [(b"host", b"tally.example"), (b"content-type", b"multipart/form-data; boundary=x")]
    scope = {"type": "http", "method": "POST", "path": "/record", "raw_path": b"/record", "query_string": b"",
             "headers": headers, "client": ("10.0.0.1", 1), "scheme": "https", "server": ("tally.example", 443),
             "http_version": "1.1", "root_path": ""}  # fmt: skip
    asyncio.run(desk.client.app(scope, receive, send))
    assert (statuses[0], read) == (401, [])


def test_evidence_is_a_file_or_a_link_one_of_the_two(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "one of the two" in hand_in(desk, 422)
    assert "one of the two" in hand_in(desk, 422, file=("a.pdf", PDF), link="https://a.example/")
    page = hand_in(desk, link="https://a.example/survey", title="The survey online")
    assert "The survey online" in page
    assert desk.rows(evidence)[0].link == "https://a.example/survey"


def test_a_file_is_for_whoever_sees_the_agreement_and_for_nobody_else(desk: Desk) -> None:
    desk.add_elsewhere()
    desk.sign_in("cy")
    hand_in(desk, file=("a.pdf", PDF))
    address = f"/evidence/{desk.rows(evidence)[0].id}"
    for who, status in (("li", 200), ("max", 200), ("zoe", 404)):
        desk.sign_in(who)
        assert desk.client.get(address).status_code == status, who
    desk.client.cookies.clear()
    assert desk.client.get(address, follow_redirects=False).status_code == 303


def test_a_file_that_is_gone_or_was_tampered_with_is_not_handed_out(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_in(desk, file=("a.pdf", PDF))
    row = desk.rows(evidence)[0]
    kept = place_of(desk.settings.evidence_folder, row.sha256)
    kept.write_bytes(b"%PDF-something else")
    assert "This file is not here" in desk.get(f"/evidence/{row.id}", 404)
    kept.unlink()
    desk.get(f"/evidence/{row.id}", 404)
    hand_in(desk, file=("a.pdf", PDF), title="Once more")
    assert desk.client.get(f"/evidence/{row.id}").content == PDF, "who hands it in again heals it"


def test_evidence_is_withdrawn_with_a_reason_and_stays_in_the_history(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_in(desk, file=("wrong.pdf", PDF), title="Wrong file")
    row = desk.rows(evidence)[0]
    assert "Please fill this in" in desk.act(f"/evidence/{row.id}/withdraw", 422)
    page = desk.act(f"/evidence/{row.id}/withdraw", why="It belongs to another matter")
    again = desk.act(f"/evidence/{row.id}/withdraw", why="It belongs to another matter")
    assert "The evidence is withdrawn" in again, "a second press says what the first has done"
    desk.act(f"/evidence/{row.id}/withdraw", 404, why="Something else")
    assert "The evidence is withdrawn" in page and "Wrong file" not in page
    desk.get(f"/evidence/{row.id}", 404)
    history = desk.get("/agreements/north-south/history")
    assert "Wrong file" in history and "It belongs to another matter" in history
    assert len(desk.rows(evidence)) == 1


def correct(desk: Desk, status: int = 303, **fields: Any) -> str:
    (row,) = desk.rows(activity)
    said = {key: value for key, value in FORM.items() if key not in ("agreement", "once")}
    return desk.act(f"/agreements/north-south/activities/{row.reference}", status, **{**said, **fields})


def test_a_slip_is_put_right_and_the_history_keeps_what_stood_there(desk: Desk) -> None:
    desk.sign_in("cy")
    record(desk)
    assert "Why it is changed: Please fill this in." in correct(desk, 422, title="Visit of the painters")
    page = correct(desk, title="Visit of the painters", commitments=["friends"], why="A slip of the pen")
    assert "Corrected" in page
    (row,) = desk.rows(activity)
    assert row.title == "Visit of the painters"
    assert "Visit of the painters" not in desk.get("/agreements/north-south/commitments/visits")
    assert "Visit of the painters" in desk.get("/agreements/north-south/commitments/friends")
    assert "0 of 4 in 2026" in desk.get("/agreements/north-south/commitments/visits")
    history = desk.get("/agreements/north-south/history")
    assert "from Visit of the potters to Visit of the painters" in history and "A slip of the pen" in history
    assert "Nothing is different" in correct(
        desk, 422, title="Visit of the painters", commitments=["friends"], why="Again"
    )


@pytest.mark.parametrize(
    ("path", "fields", "event"),
    [
        ("", FORM | {"held_on": "2026-02-20"}, "tallystick.activity.amended"),
        ("", FORM | {"commitments": ["friends"]}, "tallystick.activity.amended"),
        ("/withdraw", {}, "tallystick.activity.withdrawn"),
    ],
    ids=["another day", "other commitments", "withdrawn"],
)
def test_others_hear_that_what_happened_was_put_right_or_withdrawn(
    desk: Desk, path: str, fields: dict[str, Any], event: str
) -> None:
    desk.sign_in("cy")
    record(desk)
    with open_unit(desk.engine) as unit:
        unit.execute(update(publication).values(followed_at=NOW))
    (row,) = desk.rows(activity)
    desk.act(f"/agreements/north-south/activities/{row.reference}{path}", **fields, why="It was put off")
    with open_reading(desk.engine) as reading:
        waiting = reading.execute(select(publication.c.name).where(publication.c.followed_at.is_(None)))
        assert [name for name in waiting.scalars() if "activity" in name] == [event]


def test_what_did_not_happen_is_withdrawn_and_counts_no_more(desk: Desk) -> None:
    desk.sign_in("cy")
    record(desk, file=("a.pdf", PDF))
    (row,) = desk.rows(activity)
    assert "1 of 4 in 2026" in desk.get("/agreements/north-south/commitments/visits")
    address = f"/agreements/north-south/activities/{row.reference}"
    assert "Why it is withdrawn: Please fill this in." in desk.act(f"{address}/withdraw", 422)
    page = desk.act(f"{address}/withdraw", why="It was put off")
    assert "The activity is withdrawn" in page and "0 of 4 in 2026" in page and "Visit of the potters" not in page
    assert "Visit of the potters" not in desk.get("/agreements/north-south").partition('id="history"')[0]
    for table in (activity, activity_commitment, evidence):
        (kept,) = desk.rows(table)
        assert kept.withdrawn_on is not None
    assert "It was put off" in desk.get("/agreements/north-south/history")
    desk.get(address, 404)


def test_an_owner_records_for_their_own_commitments_and_corrects_only_what_serves_them(desk: Desk) -> None:
    desk.sign_in("ann")
    page = desk.get("/record?agreement=north-south&commitment=orphan")
    assert 'value="orphan"' not in page and 'value="visits"' in page
    assert "Please choose one of those offered" in record(desk, 422, commitments=["orphan"])
    assert "Please choose at least one commitment" in record(desk, 422, commitments=[])
    desk.sign_in("cy")
    record(desk, commitments=["orphan"])
    (row,) = desk.rows(activity)
    desk.sign_in("ann")
    desk.get(f"/agreements/north-south/activities/{row.reference}", 403)
    hand_in(desk, 403, where="orphan", link="https://a.example/")


def test_without_a_commitment_it_still_shows_that_the_agreement_is_alive(desk: Desk) -> None:
    desk.sign_in("cy")
    record(desk, commitments=[])
    page = desk.get("/agreements/north-south")
    assert "Visit of the potters" in page
    address = f"/agreements/north-south/activities/{desk.rows(activity)[0].reference}"
    assert f'href="{address}"' in page, "there it can be corrected as well"
    desk.get(address)
    desk.sign_in("max")
    assert f'href="{address}"' not in desk.get("/agreements/north-south")


def test_every_page_of_recording_is_there_in_chinese(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_in(desk, file=("a.pdf", PDF))
    record(desk)
    number, name = desk.rows(evidence)[0].id, desk.rows(activity)[0].reference
    desk.sign_in("li")
    for path in (
        "/record?agreement=north-south",
        "/agreements/north-south/commitments/bridge/evidence",
        f"/evidence/{number}/withdraw",
        f"/agreements/north-south/activities/{name}",
    ):
        assert re.search("[一-鿿]{4}", desk.get(path))
    said = desk.rows(log_entry, log_entry.c.subject == "evidence")
    assert [(one.who, one.action) for one in said] == [("cy", "registered")]


TWINS = b"""
agreement: twins
title: {en: Twins}
kind: memorandum
effective: 2024-01-01
parties:
  - reference: north
    kind: city
    names: {en: North}
    contacts: [{reference: cy, name: Cy, role: coordinator, channels: {mail: cy@north.example}}]
commitments:
  - {reference: glazes, kind: open_ended, owners: [{party: north, contact: cy}],
     summary: "BEGINNING in the field of glazes."}
  - {reference: kilns, kind: open_ended, owners: [{party: north, contact: cy}],
     summary: "BEGINNING in the field of kilns."}
  - {reference: again, kind: open_ended, owners: [{party: north, contact: cy}],
     summary: "BEGINNING in the field of kilns."}
"""
BEGINNING = (
    "Encourage joint projects between universities and institutes of learning of both cities and of their regions"
)


def test_commitments_that_begin_alike_are_told_apart_beside_their_boxes_and_in_what_was_recorded(desk: Desk) -> None:
    text = TWINS.replace(b"BEGINNING", BEGINNING.encode())
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(text, "twins.yaml"), Author("test", NOW), NOW.date())
    desk.sign_in("cy")
    page = desk.get("/record?agreement=twins")
    names = [f"{BEGINNING} in the field of glazes.", f"{BEGINNING} in the field of kilns. (kilns)",
             f"{BEGINNING} in the field of kilns. (again)"]  # fmt: skip
    assert [one for one in names if one not in page] == []
    said = record(desk, agreement="twins", parties=["north"], commitments=["glazes"])
    assert f"It counts for: {BEGINNING} in the field of glazes." in said
