"""What people say is kept with who said it: reports, activities, confirmations, answers to follow-ups."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Table, insert, select

from commitments import tables
from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.errors import NotFound, RefusedChange
from commitments.export import export_agreement
from commitments.log import Author
from commitments.progress import add_activity, add_measurement, answer_follow_up, confirm_report, report_progress
from commitments.register import import_agreement
from tests.forms import as_form

LINK = "leeds-hangzhou/library-link"
SCHOLARS = "leeds-hangzhou/scholars"
EACH = "leeds-hangzhou/each-report"


@pytest.fixture
def register(engine: Engine, author: Author, today: date) -> Engine:
    """A register with one agreement of two towns."""
    with open_unit(engine) as unit:
        import_agreement(unit, as_form(), author, today)
        unit.execute(tables.publication.delete())
        unit.execute(tables.log_entry.delete())
    return engine


@pytest.fixture
def do(register: Engine, author: Author) -> Callable[..., Any]:
    """Run one use case in a unit of its own."""

    def run(use_case: Callable[..., Any], *values: Any, **named: Any) -> Any:
        with open_unit(register) as unit:
            return use_case(unit, author, *values, **named)

    return run


def rows_of(engine: Engine, table: Table) -> list[Any]:
    with open_reading(engine) as reading:
        return list(reading.execute(select(table).order_by(table.c.id)))


def logged(engine: Engine) -> list[tuple[str, str, str]]:
    return [(row.action, row.subject, row.reference) for row in rows_of(engine, tables.log_entry)]


def state_of(engine: Engine, reference: str) -> tuple[str, str | None]:
    (row,) = (row for row in rows_of(engine, tables.commitment) if row.reference == reference.partition("/")[2])
    return row.state, row.state_on


def test_a_report_is_kept_with_its_party_its_day_and_its_words(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    made = do(report_progress, LINK, "leeds", "leeds-hall", "at_risk", today, note="Slow", completion="limited")
    assert made == "2026-03-02-leeds"
    (report,) = rows_of(register, tables.progress_report)
    assert (report.reference, report.reported_on, report.rating, report.completion, report.note, report.fulfilled) == (
        made,
        today,
        "at_risk",
        "limited",
        "Slow",
        False,
    )
    assert logged(register) == [("registered", "progress_report", f"{LINK}/{made}")]
    assert state_of(register, LINK) == ("active", None)


def test_a_second_report_of_the_day_has_a_reference_of_its_own(do: Callable[..., Any], today: date) -> None:
    assert do(report_progress, SCHOLARS, None, None, "on_track", today) == "2026-03-02-leeds"
    assert do(report_progress, SCHOLARS, None, None, "on_track", today) == "2026-03-02-leeds-2"


def test_the_party_is_told_by_the_contact_or_by_being_the_only_owner(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    assert do(report_progress, LINK, None, "hangzhou-wang", "on_track", today).endswith("hangzhou")
    assert do(report_progress, SCHOLARS, None, None, "on_track", today).endswith("leeds")


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ((LINK, None, None, "on_track"), RefusedChange, "owed by leeds, hangzhou; say which party reports"),
        ((SCHOLARS, "hangzhou", None, "on_track"), RefusedChange, "hangzhou does not owe .* it is owed by leeds"),
        ((SCHOLARS, None, "hangzhou-wang", "on_track"), RefusedChange, "the party of hangzhou-wang does not owe"),
        ((LINK, "leeds", "hangzhou-wang", "on_track"), RefusedChange, "hangzhou-wang is no contact of leeds"),
        ((LINK, "leeds", None, "splendid"), RefusedChange, "rating: .*on_track"),
        (("leeds-hangzou/library-link", "leeds", None, "on_track"), NotFound, "did you mean 'leeds-hangzhou'"),
        (("leeds-hangzhou/libary", "leeds", None, "on_track"), NotFound, "did you mean 'leeds-hangzhou/library-link'"),
        (("library-link", "leeds", None, "on_track"), NotFound, "agreement/commitment"),
        ((LINK, "leed", None, "on_track"), NotFound, "did you mean 'leeds'"),
        ((LINK, None, "leeds-hal", "on_track"), NotFound, "did you mean 'leeds-hall'"),
    ],
)
def test_a_report_that_cannot_be_is_refused_with_what_to_do(
    register: Engine, do: Callable[..., Any], today: date, values: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        do(report_progress, *values, today)
    assert rows_of(register, tables.progress_report) == []
    assert logged(register) == []


def test_a_value_becomes_a_measurement_of_a_target_and_of_nothing_else(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    do(report_progress, SCHOLARS, None, None, "on_track", today, value=7)
    (found,) = rows_of(register, tables.measurement)
    assert (found.value, found.measured_on, found.reference) == (7, "2026-03-02", "2026-03-02")
    with pytest.raises(RefusedChange, match="no target"):
        do(report_progress, LINK, "leeds", None, "on_track", today, value=7)
    with pytest.raises(RefusedChange, match="below 0"):
        do(report_progress, SCHOLARS, None, None, "on_track", today, value=-1)
    with pytest.raises(RefusedChange, match="finite"):
        do(report_progress, SCHOLARS, None, None, "on_track", today, value=float("nan"))
    assert len(rows_of(register, tables.progress_report)) == 1


@pytest.mark.parametrize(
    ("rating", "completion", "words"),
    [("off_track", None, "off track"), ("on_track", "not_started", "not started"), ("on_track", "limited", "limited")],
)
def test_nothing_is_done_and_off_track_or_hardly_begun_at_once(
    register: Engine, do: Callable[..., Any], today: date, rating: str, completion: str | None, words: str
) -> None:
    with pytest.raises(RefusedChange, match=f"cannot be done and {words} at once"):
        do(report_progress, LINK, "leeds", None, rating, today, completion=completion, fulfilled=True)
    assert rows_of(register, tables.progress_report) == []
    assert logged(register) == []


def test_what_happened_before_1900_is_a_slip_of_the_year(register: Engine, do: Callable[..., Any], today: date) -> None:
    with pytest.raises(RefusedChange, match="0001-01-01 is before 1900; check the year"):
        do(add_measurement, SCHOLARS, 3.0, "0001-01-01", today)
    with pytest.raises(RefusedChange, match="check the year"):
        do(add_activity, "leeds-hangzhou", "A visit", "visit", "0206-03-01", today)
    assert logged(register) == []


def test_a_joint_commitment_fulfilled_by_one_asks_each_other_owner(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    made = do(report_progress, LINK, "leeds", None, "on_track", today, fulfilled=True)
    assert state_of(register, LINK) == ("fulfilled", "2026-03-02")
    (asked,) = rows_of(register, tables.confirmation)
    names = {row.id: row.reference for row in rows_of(register, tables.party)}
    people = {row.id: row.reference for row in rows_of(register, tables.contact)}
    assert (names[asked.party_id], people[asked.contact_id]) == ("hangzhou", "hangzhou-wang")
    assert (asked.state, asked.asked_on, asked.answered_on) == ("asked", today, None)
    assert logged(register) == [
        ("registered", "progress_report", f"{LINK}/{made}"),
        ("amended", "commitment", LINK),
        ("registered", "confirmation", f"{LINK}/hangzhou"),
    ]


def test_a_commitment_with_one_owner_is_fulfilled_without_asking(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    do(report_progress, SCHOLARS, None, None, "on_track", today, fulfilled=True)
    assert state_of(register, SCHOLARS)[0] == "fulfilled"
    assert rows_of(register, tables.confirmation) == []


def test_a_commitment_owed_by_each_is_fulfilled_when_all_have_said_so(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    do(report_progress, EACH, "leeds", None, "on_track", today, fulfilled=True)
    assert state_of(register, EACH)[0] == "active"
    do(report_progress, EACH, "hangzhou", None, "on_track", today, fulfilled=True)
    assert state_of(register, EACH)[0] == "fulfilled"
    assert rows_of(register, tables.confirmation) == []


def test_a_commitment_fulfilled_already_is_not_asked_about_again(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    for _ in range(2):
        do(report_progress, LINK, "leeds", None, "on_track", today, fulfilled=True)
    assert len(rows_of(register, tables.confirmation)) == 1


@pytest.mark.parametrize("state", ["waived", "withdrawn"])
def test_a_commitment_that_was_given_up_takes_no_report(
    register: Engine, do: Callable[..., Any], today: date, state: str
) -> None:
    with open_unit(register) as unit:
        unit.execute(tables.commitment.update().values(state=state))
    with pytest.raises(RefusedChange, match=f"was {state}; set its state to active"):
        do(report_progress, LINK, "leeds", None, "on_track", today)


def test_a_confirmation_given_settles_the_question(register: Engine, do: Callable[..., Any], today: date) -> None:
    do(report_progress, LINK, "leeds", None, "on_track", today, fulfilled=True)
    later = today + timedelta(days=3)
    do(confirm_report, LINK, "hangzhou", later, True, "Agreed")
    (answer,) = rows_of(register, tables.confirmation)
    assert (answer.state, answer.answered_on, answer.note) == ("confirmed", later, "Agreed")
    assert state_of(register, LINK) == ("fulfilled", "2026-03-02")
    assert logged(register)[-1] == ("amended", "confirmation", f"{LINK}/2026-03-02-leeds/hangzhou")
    with pytest.raises(RefusedChange, match=r"no confirmation of .* is asked of hangzhou"):
        do(confirm_report, LINK, "hangzhou", later, True, None)


def test_a_report_returned_makes_the_commitment_active_again_with_the_reason(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    do(report_progress, LINK, "leeds", None, "on_track", today, fulfilled=True)
    later = today + timedelta(days=3)
    do(confirm_report, LINK, "hangzhou", later, False, "The second library is missing")
    assert rows_of(register, tables.confirmation)[0].state == "returned"
    assert state_of(register, LINK) == ("active", str(later))
    reason = rows_of(register, tables.commitment)[0].state_reason
    assert reason == "returned by hangzhou: The second library is missing"
    do(report_progress, LINK, "leeds", None, "on_track", later, fulfilled=True)
    assert [row.state for row in rows_of(register, tables.confirmation)] == ["returned", "asked"]


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ((LINK, "hangzou"), NotFound, "did you mean 'hangzhou'"),
        (("leeds-hangzhou/x", "hangzhou"), NotFound, "no commitment 'x'"),
        ((LINK, "leeds"), RefusedChange, "is asked of leeds"),
    ],
)
def test_a_confirmation_that_is_not_asked_is_refused(
    do: Callable[..., Any], today: date, values: tuple[str, str], error: type[Exception], words: str
) -> None:
    do(report_progress, LINK, "leeds", None, "on_track", today, fulfilled=True)
    with pytest.raises(error, match=words):
        do(confirm_report, *values, today, True, None)


def test_an_activity_counts_for_its_commitments_under_a_readable_reference(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    made = do(
        add_activity,
        "leeds-hangzhou",
        "Visit of the café librarians",
        "visit",
        "2026-02",
        today,
        commitments=["library-link", LINK, "scholars"],
        place="Leeds",
        participants=12,
        count=2,
        link="https://leeds.example/visit",
        note="A good day",
    )
    assert made == "visit-of-the-cafe-librarians-2026-02"
    found = rows_of(register, tables.activity)[-1]
    assert (found.reference, found.held_on, found.place, found.participants, found.count) == (
        made,
        "2026-02",
        "Leeds",
        12,
        2,
    )
    assert [row.activity_id for row in rows_of(register, tables.activity_commitment)].count(found.id) == 2
    assert logged(register) == [
        ("registered", "activity", f"leeds-hangzhou/{made}"),
        ("registered", "activity_commitment", f"leeds-hangzhou/{made}/{LINK}"),
        ("registered", "activity_commitment", f"leeds-hangzhou/{made}/{SCHOLARS}"),
    ]


def test_activities_without_a_reference_get_one_each_also_without_a_latin_letter(
    do: Callable[..., Any], today: date
) -> None:
    made = [do(add_activity, "leeds-hangzhou", "图书馆访问", "visit", "2025", today) for _ in range(2)]
    assert made == ["visit-2025", "visit-2025-2"]


def test_the_same_activity_under_the_same_reference_is_recorded_once(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    for _ in range(2):
        same = do(
            add_activity, "leeds-hangzhou", "A visit", "visit", "2025", today, commitments=["scholars"], reference="v"
        )
        assert same == "v"
    assert [row.reference for row in rows_of(register, tables.activity)] == ["signing", "v"]
    assert len(logged(register)) == 2
    with pytest.raises(RefusedChange, match="there already with another title, commitments"):
        do(add_activity, "leeds-hangzhou", "Another", "visit", "2025", today, reference="v")


@pytest.mark.parametrize(
    ("held_on", "taken"),
    [
        ("2026-03-02", True),
        ("2026-03", True),
        ("2026", True),
        ("2026-03-03", False),
        ("2026-04", False),
        ("2027", False),
    ],
)
def test_an_activity_must_have_been_held(do: Callable[..., Any], today: date, held_on: str, taken: bool) -> None:
    if taken:
        do(add_activity, "leeds-hangzhou", "A visit", "visit", held_on, today)
    else:
        with pytest.raises(RefusedChange, match="lies in the future"):
            do(add_activity, "leeds-hangzhou", "A visit", "visit", held_on, today)


@pytest.mark.parametrize(
    ("values", "named", "error", "words"),
    [
        (("leeds", "T", "visit", "2025"), {}, NotFound, "did you mean 'leeds-hangzhou'"),
        (("leeds-hangzhou", "T", "visit", "2025"), {"commitments": ["scholar"]}, NotFound, "leeds-hangzhou/scholars"),
        (("leeds-hangzhou", "T", "vist", "2025"), {}, RefusedChange, "kind: "),
        (("leeds-hangzhou", "T", "visit", "soon"), {}, RefusedChange, "held_on: .*expected a date such as"),
        (("leeds-hangzhou", "T", "visit", "2025"), {"count": 0}, RefusedChange, "count: "),
        (("leeds-hangzhou", "T", "visit", "2025"), {"note": "a\x00b"}, RefusedChange, "note: text without it"),
        (("leeds-hangzhou", "T", "visit", "2025"), {"link": "leeds"}, RefusedChange, "link: "),
    ],
)
def test_an_activity_that_cannot_be_is_refused(
    register: Engine, do: Callable[..., Any], today: date, values: Any, named: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        do(add_activity, *values, today, **named)
    assert logged(register) == []


@pytest.fixture
def opened(register: Engine, today: date) -> str:
    """The key of an open follow-up."""
    row = {
        "key": "overdue|leeds-hangzhou/library-link|2019-12-31",
        "kind": "overdue",
        "matter": LINK,
        "matter_kind": "commitment",
        "agreement_id": rows_of(register, tables.agreement)[0].id,
        "period": "2019-12-31",
        "due_on": today,
        "reason": {"code": "past_due", "numbers": {}},
        "state": "open",
        "opened_on": today,
    }
    with open_unit(register) as unit:
        unit.execute(insert(tables.follow_up).values(**row))
    return str(row["key"])


def test_a_follow_up_done_is_closed_by_who_did_it(
    register: Engine, do: Callable[..., Any], opened: str, today: date, author: Author
) -> None:
    do(answer_follow_up, opened, today, True, None, "Called them")
    (row,) = rows_of(register, tables.follow_up)
    assert (row.state, row.closed_on, row.closed_by, row.closed_why) == ("done", today, author.who, "Called them")
    assert logged(register) == [("closed", "follow_up", opened)]
    with pytest.raises(RefusedChange, match=r"is done on 2026-03-02 by mei\.lin; only an open one"):
        do(answer_follow_up, opened, today, True, None, None)


def test_a_follow_up_snoozed_stays_open_and_rests(
    register: Engine, do: Callable[..., Any], opened: str, today: date
) -> None:
    until = today + timedelta(days=14)
    do(answer_follow_up, opened, today, False, until, "On leave")
    (row,) = rows_of(register, tables.follow_up)
    assert (row.state, row.snoozed_until, row.closed_on) == ("open", until, None)
    (entry,) = rows_of(register, tables.log_entry)
    assert (entry.action, entry.why, entry.changes) == ("snoozed", "On leave", {"snoozed_until": [None, str(until)]})


def test_an_answer_that_says_nothing_or_too_much_is_refused(do: Callable[..., Any], opened: str, today: date) -> None:
    for done, until in ((False, None), (True, today + timedelta(days=1))):
        with pytest.raises(RefusedChange, match="one of the two"):
            do(answer_follow_up, opened, today, done, until, None)
    with pytest.raises(RefusedChange, match="not after today"):
        do(answer_follow_up, opened, today, False, today, None)
    with pytest.raises(RefusedChange, match="note: "):
        do(answer_follow_up, opened, today, True, None, "x" * 301)
    with pytest.raises(NotFound, match="did you mean 'overdue"):
        do(answer_follow_up, opened + "x", today, True, None, None)


def test_what_people_told_comes_out_with_the_agreement_and_a_second_import_keeps_it(
    register: Engine, do: Callable[..., Any], author: Author, today: date
) -> None:
    do(report_progress, LINK, "leeds", "leeds-hall", "on_track", today, note="Done:\nall of it", fulfilled=True)
    do(confirm_report, LINK, "hangzhou", today, True, None)
    do(report_progress, SCHOLARS, None, None, "on_track", today, value=3.5)
    do(add_activity, "leeds-hangzhou", "A visit", "visit", "2026", today, commitments=["library-link"])
    with open_unit(register) as unit:
        form = parse_agreement(export_agreement(unit, "leeds-hangzhou").encode(), "x.yaml")
        assert form.commitments[0].reports[0].confirmations[0].state == "confirmed"
        imported = import_agreement(unit, form, author, today)
        assert (imported.changes, imported.vanished) == ((), ())
        old_file = import_agreement(unit, as_form(), author, today)
    assert old_file.changes == ()
    assert set(old_file.vanished) == {
        "report 2026-03-02-leeds of commitment library-link",
        "report 2026-03-02-leeds of commitment scholars",
        "measurement 2026-03-02 of commitment scholars",
        "activity a-visit-2026",
    }
    assert state_of(register, LINK)[0] == "fulfilled"
