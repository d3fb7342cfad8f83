"""What is told on later days agrees with what the register knows, and reminders with the follow-ups they announce."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, select, update

from commitments.agreement_file import parse_agreement
from commitments.chunks import Span
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.reconcile import load_rules, reconcile_register
from commitments.register import import_agreement
from commitments.tables import contact, follow_up, milestone, party
from notifications.candidates import Candidate
from notifications.due import find_candidates
from notifications.planning import plan_messages
from notifications.tables import notice, notification

FORM = """
agreement: north-south
title: {en: Memorandum}
kind: memorandum
effective: 2015-01-01
parties:
  - reference: north
    kind: city
    names: {en: North}
    country: GB
    time_zone: Europe/London
    contacts:
      - {reference: north-owner, name: Ann, role: owner, channels: {mail: ann@north.example}}
      - {reference: north-coordinator, name: Cy, role: coordinator, channels: {mail: cy@north.example}}
  - reference: south
    kind: city
    names: {en: South}
    country: GB
    time_zone: Europe/London
    contacts:
      - {reference: south-a, name: Al, role: coordinator, valid_to: 2020, channels: {mail: al@south.example}}
      - {reference: south-b, name: Bo, role: coordinator, channels: {mail: bo@south.example}}
commitments:
  - reference: visits
    summary: Visit each other.
    kind: open_ended
    owners: [{party: north, contact: north-owner}, {party: south}]
"""
VISIT = """
activities:
  - {reference: visit, title: A visit, kind: visit, held_on: 2018-09, commitments: [visits]}
"""


def _import(engine: Engine, text: str) -> None:
    with open_unit(engine) as unit:
        form = parse_agreement(text.encode(), "north-south.yaml")
        import_agreement(unit, form, Author("test", datetime(2018, 10, 1, tzinfo=UTC)), date(2018, 10, 1))


def _at(day: str) -> tuple[datetime, date]:
    today = date.fromisoformat(day)
    return datetime(today.year, today.month, today.day, 9, tzinfo=UTC), today


def _find(engine: Engine, day: str) -> list[Candidate]:
    now, today = _at(day)
    with open_reading(engine) as reading:
        return list(find_candidates(reading, Span(1, 9), load_rules(reading), now, today))


def _reasons(engine: Engine, day: str, kind: str) -> list[dict[str, Any]]:
    with open_reading(engine) as reading:
        of_kind = set(reading.execute(select(follow_up.c.id).where(follow_up.c.kind == kind)).scalars())
    return [dict(one.reason) for one in _find(engine, day) if one.follow_up_id in of_kind]


def test_a_day_later_a_dormant_agreement_is_still_silent_since_its_last_news(sqlite_engine: Engine) -> None:
    dated = FORM.replace("kind: open_ended", "kind: deliverable\n    due: 2040").replace(", {party: south}]", "]")
    _import(sqlite_engine, dated + VISIT)  # nothing is to be asked of it, so nobody reads it anew
    reconcile_register(sqlite_engine, *_at("2026-03-02"))
    opened, later = (_reasons(sqlite_engine, day, "dormant") for day in ("2026-03-02", "2026-12-02"))
    since = {"since": "2018-09", "from": "activity"}
    assert opened == [{"code": "dormant", "numbers": since | {"months": 89}}] * 2
    assert later == [{"code": "dormant", "numbers": since | {"months": 98}}] * 2


def test_a_day_later_who_is_missing_is_still_the_owner_not_the_news(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, FORM + VISIT)
    reconcile_register(sqlite_engine, *_at("2026-03-02"))
    for day in ("2026-03-02", "2026-03-03"):
        assert _reasons(sqlite_engine, day, "unowned") == [{"code": "no_owner", "numbers": {"parties": ["south"]}}]


def test_a_day_later_a_missing_next_step_is_still_the_reason_a_day_older(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, FORM + VISIT.replace("2018-09", "2025-11-02"))
    reconcile_register(sqlite_engine, *_at("2026-03-02"))
    for day, days in (("2026-03-02", 120), ("2026-03-03", 121)):
        found = _reasons(sqlite_engine, day, "next_step_missing")
        assert found == [{"code": "no_next_step", "numbers": {"since": "2025-11-02", "days": days}}] * 2


NETWORK = """\
network:
  {name: A network, designated: 2014-12, reporting_cycle_years: 4, reports: [{cycle: 2018, submitted: 2018-11}]}
"""


def _reminded(engine: Engine, day: str) -> set[str]:
    return {one.person.reference for one in _find(engine, day) if one.kind == "reminder"}


def _asked(engine: Engine, day: str, kind: str) -> set[str]:
    reconcile_register(engine, *_at(day))
    with open_reading(engine) as reading:
        people = load_rules(reading).people
        rows = reading.execute(select(follow_up.c.assignee_id).where(follow_up.c.kind == kind)).scalars()
        return {people[one].reference for one in rows}


def test_where_no_party_is_called_a_member_all_are_reminded_of_the_report_as_all_are_asked_for_it(
    sqlite_engine: Engine,
) -> None:
    _import(sqlite_engine, FORM.replace("commitments:", NETWORK + "commitments:"))
    asked = _asked(sqlite_engine, "2022-12-01", "report_due")
    assert asked == _reminded(sqlite_engine, "2022-12-01") == {"north-coordinator", "south-b"}


def test_members_alone_are_reminded_of_a_report_as_they_alone_are_asked(sqlite_engine: Engine) -> None:
    text = FORM.replace("commitments:", NETWORK + "commitments:").replace(
        "reference: south\n", "reference: south\n    role: member\n"
    )
    _import(sqlite_engine, text)
    assert _asked(sqlite_engine, "2022-12-01", "report_due") == _reminded(sqlite_engine, "2022-12-01") == {"south-b"}


def test_who_followed_a_coordinator_who_left_is_reminded_of_the_agreements_own_dates(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, FORM.replace("effective: 2015-01-01", "effective: 2015-01-01\nexpires: 2026-03-12"))
    assert _reminded(sqlite_engine, "2026-03-02") == {"north-coordinator", "south-b"}


def test_where_no_side_bound_has_a_coordinator_the_one_who_is_asked_is_reminded(sqlite_engine: Engine) -> None:
    text = FORM.replace("commitments:", NETWORK + "commitments:").replace("reference: south-b", "reference: south-c")
    text = text.replace("name: Bo, role: coordinator", "name: Bo, role: owner").replace(
        "reference: south\n", "reference: south\n    role: member\n"
    )
    _import(sqlite_engine, text)
    asked = _asked(sqlite_engine, "2022-12-01", "report_due")
    assert asked == _reminded(sqlite_engine, "2022-12-01") == {"north-coordinator"}


def test_a_milestone_of_a_party_that_owes_nothing_is_announced_to_those_who_will_be_asked(
    sqlite_engine: Engine,
) -> None:
    steps = "    milestones: [{reference: opening, title: Open it, due: 2026-03-12, party: south}]\n"
    _import(sqlite_engine, FORM.replace(", {party: south}]", "]") + steps)
    assert _reminded(sqlite_engine, "2026-03-02") == {"north-owner"}
    assert _asked(sqlite_engine, "2026-03-13", "overdue") == {"north-owner"}


SHADOWED = """\
    milestones: [{reference: "2025", title: Agree on the visits, due: 2025, party: south}]
"""


def test_a_milestone_stored_under_the_name_of_a_year_and_that_year_are_both_asked_for(sqlite_engine: Engine) -> None:
    yearly = FORM.replace("kind: open_ended", "kind: recurring\n    recurrence: {every: year}")
    _import(sqlite_engine, yearly + SHADOWED.replace('"2025"', "plan"))
    with open_unit(sqlite_engine) as unit:  # as it was stored before the check of files knew of it
        unit.execute(update(milestone).values(reference="2025"))
    reconcile_register(sqlite_engine, *_at("2026-03-02"))
    with open_reading(sqlite_engine) as reading:
        keys = set(reading.execute(select(follow_up.c.key).where(follow_up.c.kind == "overdue")).scalars())
    assert keys == {
        "overdue:north-south/visits#2025@north:2025",
        "overdue:north-south/visits#2025@south:2025",
        "overdue:north-south/visits#milestone:2025@south:2025",
    }


EXPIRY_DAYS = (
    ("2026-09-29", None), ("2026-09-30", 365), ("2027-04-01", 365), ("2027-04-02", 180), ("2027-07-02", 90),
    ("2027-08-31", 30), ("2027-09-16", 14), ("2027-09-23", 7), ("2027-09-29", 1), ("2027-09-30", 0),
)  # fmt: skip
NOTICE_DAYS = (
    ("2027-07-01", None), ("2027-07-02", None), ("2027-08-30", None), ("2027-08-31", 30), ("2027-09-16", 14),
    ("2027-09-23", 7), ("2027-09-29", 1), ("2027-09-30", 0),
)  # fmt: skip


def _find_rung(engine: Engine, day: str, kind: str) -> int | None:
    rungs = [
        one.rung
        for one in _find(engine, day)
        if (one.matter_kind, one.kind, one.decision) == (kind, "reminder", "told")
        and one.person.reference == "north-coordinator"
    ]
    assert len(rungs) <= 1
    return rungs[0] if rungs else None


def test_an_expiry_is_first_told_a_year_before_and_again_as_it_comes_near(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, FORM.replace("effective: 2015-01-01", "effective: 2015-01-01\nexpires: 2027-09-30"))
    assert tuple((day, _find_rung(sqlite_engine, day, "expiry")) for day, _ in EXPIRY_DAYS) == EXPIRY_DAYS


def test_a_notice_deadline_is_told_by_its_follow_up_first_and_then_by_reminders(sqlite_engine: Engine) -> None:
    terms = "effective: 2015-01-01\nexpires: 2028-03-31\nnotice: {months: 6}"
    _import(sqlite_engine, FORM.replace("effective: 2015-01-01", terms))
    assert tuple((day, _find_rung(sqlite_engine, day, "notice")) for day, _ in NOTICE_DAYS) == NOTICE_DAYS
    assert _asked(sqlite_engine, "2027-07-01", "notice_deadline") == set()
    assert _asked(sqlite_engine, "2027-07-02", "notice_deadline") == {"north-coordinator", "south-b"}


LEADERS = FORM.replace("kind: open_ended", "kind: recurring\n    recurrence: {every: year, count: 4}").replace(
    "contacts:\n      - {reference: north-owner",
    "contacts:\n      - {reference: mayor, name: Mia, role: leader, channels: {mail: mia@north.example}}\n"
    "      - {reference: north-owner",
)


def _climb(engine: Engine, kind: str, *days: str) -> dict[str, str]:
    """Who is told of the north's follow-up of a kind and when, if every message goes at once."""
    found: dict[str, str] = {}
    for day in days:
        now, today = _at(day)
        reconcile_register(engine, now, today)
        plan_messages(engine, now, today, domain="tally.example")
        with open_unit(engine) as unit:
            unit.execute(update(notification).where(notification.c.state == "queued").values(state="sent", sent_at=now))
            told = unit.execute(
                select(contact.c.reference)
                .join(notice, notice.c.contact_id == contact.c.id)
                .join(follow_up, follow_up.c.id == notice.c.follow_up_id)
                .join(party, party.c.id == follow_up.c.party_id)
                .where(follow_up.c.kind == kind, notice.c.decision == "told", party.c.reference == "north")
            ).scalars()
            for one in told:
                found.setdefault(one, day)
    return found


def test_leaders_are_not_told_of_a_report_before_its_date_is_near(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, LEADERS.replace("commitments:", NETWORK + "commitments:"))
    told = _climb(sqlite_engine, "report_due", "2022-07-04", "2022-07-25", "2022-11-30", "2022-12-01")
    assert told == {"north-coordinator": "2022-07-04", "mayor": "2022-12-01"}


def test_leaders_are_not_told_of_a_year_behind_before_its_end_is_near(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, LEADERS)
    told = _climb(sqlite_engine, "behind", "2026-04-07", "2026-04-21", "2026-04-28", "2026-11-30", "2026-12-01")
    assert told == {"north-owner": "2026-04-07", "north-coordinator": "2026-04-21", "mayor": "2026-12-01"}


def test_leaders_are_told_of_what_is_overdue_after_fifteen_working_days(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, LEADERS)
    told = _climb(sqlite_engine, "overdue", "2026-01-05", "2026-01-19", "2026-01-26")
    assert told == {"north-owner": "2026-01-05", "north-coordinator": "2026-01-19", "mayor": "2026-01-26"}


def _due_dates(engine: Engine, day: str, kind: str) -> set[str]:
    reconcile_register(engine, *_at(day))
    with open_reading(engine) as reading:
        rows = reading.execute(select(follow_up.c.due_on).where(follow_up.c.kind == kind)).scalars()
        return {one.isoformat() for one in rows}


def test_what_is_asked_for_a_near_date_is_to_be_answered_by_that_date(sqlite_engine: Engine) -> None:
    terms = "effective: 2015-01-01\nexpires: 2026-09-05\nnotice: {months: 6}"
    _import(sqlite_engine, FORM.replace("effective: 2015-01-01", terms))
    assert _due_dates(sqlite_engine, "2026-03-02", "notice_deadline") == {"2026-03-05"}
    assert _due_dates(sqlite_engine, "2026-03-02", "silent") == {"2026-03-16"}


def test_what_is_asked_for_a_far_date_is_to_be_answered_in_ten_working_days(sqlite_engine: Engine) -> None:
    terms = "effective: 2015-01-01\nexpires: 2026-11-05\nnotice: {months: 6}"
    _import(sqlite_engine, FORM.replace("effective: 2015-01-01", terms))
    assert _due_dates(sqlite_engine, "2026-03-02", "notice_deadline") == {"2026-03-16"}
