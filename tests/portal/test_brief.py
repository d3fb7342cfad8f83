"""The brief for a visit or a call: what is open on both sides, to read and as PDF."""

import re
import subprocess
from datetime import date, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import delete, insert, select, update

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.facts import Agreement, Commitment, Matter, Owner, Reason, Standing
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import activity, commitment, commitment_owner, contact
from commitments.vocabulary import CommitmentKind, CommitmentState, MatterKind, Owed, ReasonCode, StandingState
from notifications.house import find_strangers
from portal import briefing
from portal.brief_facts import (
    OWED_SHOWN,
    OWED_TOLD,
    Open,
    Side,
    SideKind,
    choose_dates,
    list_sides,
    share_out,
    share_room,
)
from portal.brief_page import TEMPLATE, find_brief_faults
from tests.portal.desk import FORM, NOW, TODAY, Desk

_NUMBERS = count(1)


def test_a_brief_says_what_each_side_owes_and_what_lies_ahead(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get("/brief?party=south")
    assert "Brief: South" in page
    ours, _, rest = page.partition("What we owe together")
    assert "What we owe (5)" in ours and "Hand over the survey." in ours and "Build the bridge." not in ours
    assert "Build the bridge." in rest and "Ann and Li" in rest
    assert "31 August 2026" in rest.partition("Dates ahead")[2]
    assert "Nothing heard for long" in rest
    assert "Cy" in rest.partition("People")[2] and "Max" in rest.partition("People")[2]
    assert "Old" not in rest.partition("People")[2]


def test_each_side_reads_the_same_record_from_its_own_side(desk: Desk) -> None:
    desk.sign_in("li")
    page = desk.get("/brief?party=north")
    assert "我方的承诺（0）" in page and "North的承诺（5）" in page and "双方共同的承诺（1）" in page


def test_a_brief_of_the_most_urgent_agreements_says_that_its_numbers_are_of_these_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = FORM.replace(b"agreement: north-south", b"agreement: again")
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(form, "again.yaml"), Author("test", NOW), TODAY)
    desk.sign_in("cy")
    assert "2 agreements · " in desk.get("/brief?party=south")
    monkeypatch.setattr(briefing, "AGREEMENTS_IN_BRIEF", 1)
    page = desk.get("/brief?party=south")
    assert "the 1 most urgent of 2 agreements · 6 open commitments" in page
    assert "1 further agreement is left out, and no number here counts it." in page


def test_a_brief_begins_with_what_waits_for_a_confirmation_on_either_side(desk: Desk) -> None:
    desk.sign_in("ann")
    desk.act("/agreements/north-south/commitments/bridge/report", **_mark(desk, "report"),
             fulfilled="yes", note="Opened on Sunday")  # fmt: skip
    desk.sign_in("cy")
    page = desk.get("/brief?party=south")
    told, _, rest = page.partition("What we owe (")
    assert "Waiting for the confirmation of others (1)" in told and "Build the bridge." in told
    assert "reported as done by Ann, North on 2 March 2026" in told and "asked of South since 2 March 2026" in told
    assert "Opened on Sunday" in told and "Build the bridge." not in rest.partition("Dates ahead")[0]
    assert "Waiting for the confirmation" in desk.get("/agreements/north-south/brief")
    desk.sign_in("li")
    assert "等待我方确认（1）" in desk.get("/brief?party=north")
    desk.act("/agreements/north-south/commitments/bridge/send-back", **_mark(desk, "confirm"),
             note="The railing is missing")  # fmt: skip
    desk.sign_in("cy")
    page = desk.get("/brief?party=south")
    assert "Sent back, and not reported again (1)" in page and "The railing is missing" in page
    assert "Waiting for the confirmation" not in page


def _mark(desk: Desk, path: str) -> dict[str, str]:
    page = desk.client.get(f"/agreements/north-south/commitments/bridge/{path}").text
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def test_a_brief_within_an_agreement_is_one_click_from_it(desk: Desk) -> None:
    desk.sign_in("max")
    assert 'href="/agreements/north-south/brief"' in desk.get("/agreements/north-south")
    page = desk.get("/agreements/north-south/brief")
    assert "Brief: Memorandum" in page and "6 open commitments" in page


def test_what_happened_last_is_told_the_newest_first(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        for day, title in (("2026-01", "The <old> visit"), ("2026-02-20", "The new visit"), ("2026-05-01", "Ahead")):
            row = {"agreement_id": 1, "reference": day, "title": title, "kind": "visit", "held_on": day}
            unit.execute(insert(activity).values(**row, count=1, parties=[], place="Town"))
    desk.sign_in("cy")
    told = desk.get("/brief?party=south").partition("What happened last")[2]
    assert told.index("The new visit") < told.index("The <old> visit")
    assert "Ahead" not in told.partition("People")[0]


def test_the_same_comes_as_a_page_in_pdf(desk: Desk, tmp_path: Any) -> None:
    desk.sign_in("li")
    answer = desk.client.get("/brief.pdf?party=north")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="brief-north.pdf"'
    assert answer.content.startswith(b"%PDF")
    path = tmp_path / "brief.pdf"
    path.write_bytes(answer.content)
    try:
        text = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("no pdftotext here: apt-get install poppler-utils")
    assert "简报：North" in text and "Build the bridge." in text and "survey" in text
    assert desk.client.get("/agreements/north-south/brief.pdf").content.startswith(b"%PDF")


ARMS = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10" fill="#036"/></svg>'


def test_a_brief_bears_the_letterhead_of_the_house_and_is_drawn_as_usual_while_that_is_wrong(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = tmp_path / "templates" / "brief" / "page.typ"
    own.parent.mkdir(parents=True)
    usual, letterhead = TEMPLATE.read_text(), '#image("arms.svg", width: 20mm, alt: "Arms of the North")\n'
    (own.parent / "arms.svg").write_text(ARMS)
    desk.sign_in("cy")
    before = desk.client.get("/brief.pdf?party=south").content
    own.write_text(usual.replace("= #say(said.title)", letterhead + "= #say(said.title)"))
    house = desk.settings.house_folder
    after = desk.client.get("/brief.pdf?party=south").content
    assert len(after) > len(before)
    assert house is not None
    assert not [*find_brief_faults(house), *find_strangers(house)]
    assert "the usual brief was drawn" not in caplog.text
    own.write_text(usual + "\n#nothing-here")
    assert desk.client.get("/brief.pdf?party=south").content.startswith(b"%PDF")
    (fault,) = find_brief_faults(house)
    assert fault.file == "brief/page.typ" and "nothing-here" in fault.found and fault.line
    assert "the usual brief was drawn" in caplog.text


def test_a_letter_that_no_font_has_costs_nobody_the_pdf(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        row = {"agreement_id": 1, "reference": "smile", "title": "Visit \N{GRINNING FACE} مذكرة", "kind": "visit"}
        unit.execute(insert(activity).values(**row, held_on="2026-02-20", count=1, parties=[]))
    desk.sign_in("cy")
    for path in ("/brief.pdf?party=south", "/agreements/north-south/brief.pdf"):
        answer = desk.client.get(path)
        assert answer.status_code == 200, path
        assert "Visit" in PdfReader(BytesIO(answer.content)).pages[0].extract_text()


def test_a_brief_says_on_paper_where_letters_are_boxes_and_breaks_words_longer_than_a_line(desk: Desk) -> None:
    rare, long = "\N{TAMIL PUNCTUATION END OF TEXT}", "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch" * 3
    desk.sign_in("cy")
    for title, boxes, is_said in ((long, 0, False), (rare, 1, True)):
        with open_unit(desk.engine) as unit:
            row = {"agreement_id": 1, "reference": f"rare-{boxes}", "title": title, "kind": "visit"}
            unit.execute(insert(activity).values(**row, held_on="2026-02-20", count=1, parties=[]))
        (page,) = PdfReader(BytesIO(desk.client.get("/brief.pdf?party=south").content)).pages
        text = page.extract_text()
        assert ("Some letters stand as empty boxes" in text) == is_said
        lines = [one for one in text.splitlines() if "anfairpwll" in one]
        assert lines and max(map(len, lines)) < 70, "no more letters than a line of the column holds"


@pytest.mark.parametrize("path", ["/brief?party=east", "/brief.pdf?party=east", "/brief?party=nobody"])
def test_there_is_no_brief_with_whom_one_has_nothing(desk: Desk, path: str) -> None:
    desk.add_elsewhere()
    desk.sign_in("cy")
    desk.get(path, 404)
    assert "East" not in desk.get("/brief") and "South" in desk.get("/brief")


def test_a_brief_reads_the_register_by_the_same_number_of_statements(desk: Desk, count_statements: Any) -> None:
    desk.sign_in("cy")
    desk.get("/brief?party=south")
    with count_statements(desk.engine) as few:
        desk.get("/brief?party=south")
    with open_unit(desk.engine) as unit:
        for number in range(30):
            row = {"agreement_id": 1, "reference": str(number), "title": "More", "kind": "visit"}
            unit.execute(insert(activity).values(**row, held_on="2026-01-01", count=1, parties=[]))
    with count_statements(desk.engine) as many:
        desk.get("/brief?party=south")
    assert many.total == few.total


@pytest.fixture
def crowded(desk: Desk) -> Desk:
    """Sixty further promises, the last of them the most urgent, and fifty people who answer for them."""
    rows = {"agreement_id": 1, "summaries": {}, "kind": "deliverable", "quote": {}, "quote_sources": {}, "tags": [],
            "owed": "each", "implementers": [], "state": "active", "registered_on": TODAY}  # fmt: skip
    people = {"party_id": 1, "role": "owner", "channels": {}}
    with open_unit(desk.engine) as unit:
        unit.execute(
            insert(contact),
            [{**people, "id": 100 + one, "reference": f"p{one}", "name": f"Person {one}"} for one in range(50)],
        )
        unit.execute(
            insert(commitment),
            [
                {**rows, "id": 100 + one, "reference": f"line-{one}", "position": 10 + one,
                 "summary": f"Do line {one} of the long annex.",
                 "due": (TODAY - timedelta(days=one) if one > 30 else TODAY + timedelta(days=one)).isoformat()}
                for one in range(60)
            ],
        )  # fmt: skip
        owed = [
            {"commitment_id": 100 + one, "party_id": 1 + one % 2, "contact_id": 100 + one % 50, "position": 0}
            for one in range(60)
        ]
        unit.execute(insert(commitment_owner), owed)
    return desk


def test_of_much_that_is_open_a_brief_shows_the_most_urgent_and_leads_to_the_rest(crowded: Desk) -> None:
    crowded.sign_in("cy")
    page = crowded.get("/agreements/north-south/brief")
    assert "66 open commitments" in page and "35 of them need attention" in page
    assert "What we owe (35)" in page and "What South owes (30)" in page and "What we owe together (1)" in page
    assert all(f"Do line {one} of" in page for one in range(31, 60)), "what needs attention goes before what does not"
    assert page.count("/agreements/north-south/commitments/") == OWED_TOLD
    assert page.count('<p><span class="chip') == OWED_SHOWN, "told in full"
    ours, _, rest = page.partition("What we owe together")
    assert '<a href="/agreements/north-south#commitments">and 15 more: Due soon 15<' in ours
    theirs = rest.partition("What South owes")[2]
    assert '<a href="/agreements/north-south#commitments">and 15 more: Due soon 15<' in theirs
    assert '<a href="/calendar?agreement=north-south&whose=all">and ' in rest
    people = rest.partition("People")[2]
    assert "Ann" in people and people.count("Person ") == 3 and "Max" not in people, (
        "who answers for what is shown goes before the leader"
    )
    assert "Cy" in people and "Li" in people and people.count("<li>") == 6
    everybody = re.search(r'<a href="(/agreements/north-south/brief\?people=all)#list-4">and 48 more', people)
    assert everybody is not None
    people = crowded.get(everybody[1]).partition('id="list-4"')[2]
    assert people.count("<li>") == 54 and "Max" in people and "more" not in people
    page = crowded.get("/brief?party=south")
    assert '<a href="/agreements?party=south">and 15 more: Due soon 15<' in page
    assert '<a href="/calendar?party=south&whose=all">and ' in page


def test_a_brief_of_much_is_one_sheet_of_paper(crowded: Desk) -> None:
    crowded.sign_in("cy")
    answer = crowded.client.get("/brief.pdf?party=south")
    (page,) = PdfReader(BytesIO(answer.content)).pages
    text = page.extract_text()
    assert all(f"Do line {one} of" in text for one in range(31, 60)), "all that needs attention"


def _read_sheet(desk: Desk) -> str:
    (page,) = PdfReader(BytesIO(desk.client.get("/brief.pdf?party=south").content)).pages
    return " ".join(str(page.extract_text()).split())


def _keep_lines(desk: Desk, numbers: range) -> None:
    others = commitment.c.reference.like("line-%"), commitment.c.reference.not_in([f"line-{one}" for one in numbers])
    with open_unit(desk.engine) as unit:
        ids = list(unit.execute(select(commitment.c.id).where(*others)).scalars())
        unit.execute(delete(commitment_owner).where(commitment_owner.c.commitment_id.in_(ids)))
        unit.execute(delete(commitment).where(commitment.c.id.in_(ids)))


def test_dates_beyond_the_first_are_named_on_paper_and_of_many_it_says_where_they_all_are(crowded: Desk) -> None:
    crowded.sign_in("cy")
    sheet = _read_sheet(crowded).partition("Dates ahead")[2]
    assert re.search(r"and \d+ more: .*Do line 9 of .*; all of them are in the portal's calendar", sheet), sheet
    _keep_lines(crowded, range(1, 9))
    sheet = _read_sheet(crowded).partition("Dates ahead")[2]
    assert re.search(r"and 6 more: .*9 March 2026 Do line 7 of .* · .*10 March 2026 Do line 8 of", sheet), sheet
    assert "portal's" not in sheet


def test_silences_beyond_the_first_are_named_on_paper_and_of_many_it_says_where_they_all_are(crowded: Desk) -> None:
    crowded.sign_in("cy")
    silent = {"kind": "open_ended", "due": None, "registered_on": date(2023, 1, 1)}
    with crowded.write_past_log() as unit:
        unit.execute(update(commitment).where(commitment.c.reference.like("line-%")).values(**silent))
    told = _read_sheet(crowded).partition("Nothing heard for long")[2]
    assert "; all of them are in the portal's list of agreements" in told, told
    page = crowded.get("/agreements/north-south/brief")
    assert "; all of them are on the agreement's page in the portal" in page
    _keep_lines(crowded, range(1, 9))
    told = _read_sheet(crowded).partition("Nothing heard for long")[2]
    assert re.search(r"and \d more: Do line \d of the long annex · Do line", told) and "portal's" not in told, told


def test_the_sheet_of_a_brief_takes_as_much_of_what_is_owed_as_it_has_room_for(crowded: Desk) -> None:
    kept = commitment.c.reference.like("line-5%")
    with open_unit(crowded.engine) as unit:
        others = select(commitment.c.id).where(commitment.c.reference.like("line-%"), ~kept)
        unit.execute(delete(commitment_owner).where(commitment_owner.c.commitment_id.in_(others)))
        unit.execute(delete(commitment).where(commitment.c.id.in_(others)))
    crowded.sign_in("cy")
    (page,) = PdfReader(BytesIO(crowded.client.get("/brief.pdf?party=south").content)).pages
    text = page.extract_text()
    assert "17 open commitments" in text and text.count("was due by") > OWED_SHOWN
    assert "more: " not in text.partition("Dates ahead")[0]


@pytest.mark.parametrize(
    ("wanted", "room", "given"),
    [
        pytest.param([], 12, [], id="nothing of nothing"),
        pytest.param([2, 0, 1], 12, [2, 0, 1], id="all where there is room for all"),
        pytest.param([40, 30], 12, [6, 6], id="half each where both have more"),
        pytest.param([40, 1, 30], 12, [6, 1, 5], id="what one does not need goes to the others"),
        pytest.param([5, 5, 5], 2, [1, 1, 0], id="the first where there is not one for each"),
    ],
)
def test_the_room_of_a_brief_is_shared_out(wanted: list[int], room: int, given: list[int]) -> None:
    assert share_room(wanted, room) == given


def _side(*states: StandingState) -> Side:
    return Side(SideKind.PARTY, 1, (), states)


_LATE, _FINE = StandingState.OVERDUE, StandingState.ON_TRACK


@pytest.mark.parametrize(
    ("sides", "room", "given"),
    [
        pytest.param([(_FINE,) * 9, (_LATE,) * 9], 6, [0, 6], id="all the room to what needs attention, on any side"),
        pytest.param([(_LATE,) * 2 + (_FINE,) * 9, (_FINE,) * 9], 6, [4, 2], id="what is left of it to the rest"),
        pytest.param([(_LATE,) * 9, (_LATE,) * 9 + (_FINE,)], 6, [3, 3], id="equally where both need it"),
        pytest.param([(), (_FINE,)], 6, [0, 1], id="all where there is room for all"),
    ],
)
def test_what_needs_attention_goes_before_what_is_on_track(
    sides: list[tuple[StandingState, ...]], room: int, given: list[int]
) -> None:
    assert share_out([_side(*one) for one in sides], room) == given


def _date(number: int, kind: MatterKind) -> tuple[Agreement, Standing]:
    matter = Matter(kind, 1, "a", None, None)
    standing = Standing(matter, StandingState.DUE_SOON, Reason(ReasonCode.EXPIRES, {}), TODAY + timedelta(days=number))
    return Agreement(1, "a", TODAY, (), ()), standing


def test_the_last_day_for_notice_and_the_expiry_are_never_left_out_of_the_dates_ahead() -> None:
    kinds = [MatterKind.MILESTONE] * 8 + [MatterKind.NOTICE, MatterKind.EXPIRY]
    chosen = choose_dates([_date(number, kind) for number, kind in enumerate(kinds)])
    assert [(standing.deadline - TODAY).days for _, standing in chosen.shown if standing.deadline] == [0, 1, 2, 8, 9]
    assert chosen.total == 10


def _owe(*parties: int) -> Open:
    number = next(_NUMBERS)
    owners = tuple(Owner(one, f"party-{one}", None) for one in parties)
    promise = Commitment(
        number, "p", "P", CommitmentKind.DELIVERABLE, CommitmentState.ACTIVE, Owed.EACH, owners, TODAY
    )  # fmt: skip
    agreement = Agreement(1, "a", TODAY, (), (promise,))
    matter = Matter(MatterKind.COMMITMENT, 1, "a", number, "b")
    return Open(agreement, promise, Standing(matter, StandingState.ON_TRACK, Reason(ReasonCode.DUE_LATER, {})))


@pytest.mark.parametrize(
    ("owing", "theirs", "is_ours", "told"),
    [
        pytest.param([(1,), (1, 2), (2,)], None, True, ["ours 1", "joint 1", "party-2 1"], id="each side and both"),
        pytest.param([(1,)], 2, True, ["ours 1", "theirs 0"], id="the other side owes nothing"),
        pytest.param([(3,), (2,), (3,)], 2, True, ["ours 0", "party-2 1", "party-3 2"], id="theirs before a third's"),
        pytest.param([(3, 2)], 2, True, ["ours 0", "party-2 1"], id="what theirs owes with a third is theirs"),
        pytest.param(
            [(2,), (3,), (4,), (5,), (5,)], 2, True, ["ours 0", "party-2 1", "others 4"],
            id="in a brief with one of many parties the rest stands under one heading",
        ),
        pytest.param(
            [(2,), (3,), (4,), (4,), (5,), (5,), (6,)], None, False,
                ["party-4 2", "party-5 2", "party-2 1", "others 2"],
            id="of many parties of an agreement those that owe most have a heading of their own",
        ),
    ],
)  # fmt: skip
def test_the_sides_of_a_brief(owing: list[tuple[int, ...]], theirs: int | None, is_ours: bool, told: list[str]) -> None:
    sides = list_sides([_owe(*one) for one in owing], 1, theirs, is_ours=is_ours)
    assert [f"{f'party-{one.party_id}' if one.party_id else one.kind} {one.total}" for one in sides] == told
