"""Whose day it is: a deadline falls, and a ladder climbs, by the day of the person who is asked."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from cli.register_findings import examine_holidays
from commitments.agreement_file import parse_agreement
from commitments.chunks import Span
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.progress import report_progress
from commitments.reconcile import load_rules, reconcile_register
from commitments.register import import_agreement
from commitments.tables import contact, follow_up, party
from commitments.vocabulary import NotificationState, Rating
from notifications.candidates import Candidate
from notifications.composing import compose_messages
from notifications.due import find_candidates
from notifications.names import load_names
from notifications.planning import plan_messages
from notifications.tables import notice, notification

DOMAIN = "tally.example"
FORM = """
agreement: near-far
title: {en: Memorandum}
kind: memorandum
effective: 2026-01-01
parties:
  - reference: near
    kind: city
    names: {en: Near}
    country: GB
    time_zone: Europe/London
    contacts:
      - {reference: near-owner, name: Ann, role: owner, channels: {mail: ann@near.example}}
      - {reference: near-coordinator, name: Cat, role: coordinator, channels: {mail: cat@near.example}}
  - reference: far
    kind: city
    names: {en: Far}
    country: COUNTRY
    time_zone: ZONE
    contacts:
      - {reference: far-owner, name: Bo, role: owner, deputy: far-deputy, channels: {mail: bo@far.example}}
      - {reference: far-deputy, name: Di, role: owner, channels: {mail: di@far.example}}
      - {reference: far-coordinator, name: Mo, role: coordinator, channels: {mail: mo@far.example}}
commitments:
  - reference: survey
    summary: Hand over the survey.
    kind: deliverable
    due: 2026-03-02
    owners: [{party: near, contact: near-owner}, {party: far, contact: far-owner}]
"""


def _import(engine: Engine, zone: str, country: str) -> None:
    form = parse_agreement(FORM.replace("ZONE", zone).replace("COUNTRY", country).encode(), "near-far.yaml")
    with open_unit(engine) as unit:
        import_agreement(unit, form, Author("test", datetime(2026, 2, 1, tzinfo=UTC)), date(2026, 2, 1))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _live(engine: Engine, moment: str, today: str) -> None:
    reconcile_register(engine, _at(moment), date.fromisoformat(today))
    plan_messages(engine, _at(moment), date.fromisoformat(today), domain=DOMAIN)


def _send_all(engine: Engine, at: str) -> None:
    with open_unit(engine) as unit:
        unit.execute(
            update(notification)
            .where(notification.c.state == str(NotificationState.QUEUED))
            .values(state=str(NotificationState.SENT), sent_at=_at(at))
        )


def _read(engine: Engine, query: Any) -> list[Any]:
    with open_reading(engine) as reading:
        return list(reading.execute(query).all())


def _overdue(engine: Engine) -> dict[str, date]:
    query = select(follow_up.c.key, follow_up.c.opened_on).where(
        follow_up.c.state == "open", follow_up.c.kind == "overdue"
    )
    return {key.partition("@")[2].partition(":")[0]: opened_on for key, opened_on in _read(engine, query)}


def _candidates(engine: Engine, moment: str, today: str) -> list[Candidate]:
    with open_reading(engine) as reading:
        rules = load_rules(reading)
        return list(find_candidates(reading, Span(1, 9), rules, _at(moment), date.fromisoformat(today)))


def _told_of_overdue(engine: Engine, moment: str, today: str) -> set[tuple[str, int]]:
    return {
        (one.person.reference, one.rung)
        for one in _candidates(engine, moment, today)
        if one.follow_up_id is not None and one.standing == "overdue" and one.decision == "told"
    }


def test_in_seoul_the_deputy_is_told_five_working_days_after_the_owners_own_morning(sqlite_engine: Engine) -> None:
    """Eight on Tuesday morning in Seoul is Monday night in UTC; the next Monday is four working days later."""
    _import(sqlite_engine, "Asia/Seoul", "~")
    _live(sqlite_engine, "2026-03-02T20:00:00Z", "2026-03-03")
    _send_all(sqlite_engine, "2026-03-02T23:00:00Z")
    assert ("far-deputy", 1) not in _told_of_overdue(sqlite_engine, "2026-03-09T00:05:00Z", "2026-03-09")
    assert ("far-deputy", 1) in _told_of_overdue(sqlite_engine, "2026-03-10T00:05:00Z", "2026-03-10")


def test_the_ladder_counts_the_days_of_the_person_asked_not_those_of_the_house(sqlite_engine: Engine) -> None:
    """When the house in Seoul begins its Monday, it is still Sunday for the owner in Honolulu."""
    _import(sqlite_engine, "Pacific/Honolulu", "~")
    _live(sqlite_engine, "2026-03-03T20:00:00Z", "2026-03-04")
    _send_all(sqlite_engine, "2026-03-03T20:00:00Z")  # ten on Tuesday morning in Honolulu
    assert ("far-deputy", 1) not in _told_of_overdue(sqlite_engine, "2026-03-09T20:00:00Z", "2026-03-10")
    assert ("far-deputy", 1) in _told_of_overdue(sqlite_engine, "2026-03-10T20:00:00Z", "2026-03-11")


def test_a_deadline_does_not_fall_while_its_day_lasts_for_the_person_asked(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, "Pacific/Honolulu", "US")
    reconcile_register(sqlite_engine, _at("2026-03-02T16:05:00Z"), date(2026, 3, 3))  # the house is in Shanghai
    assert _overdue(sqlite_engine) == {}, "in London it is five past four, in Honolulu morning"
    reconcile_register(sqlite_engine, _at("2026-03-03T00:05:00Z"), date(2026, 3, 3))
    assert _overdue(sqlite_engine) == {"near": date(2026, 3, 3)}, "in Honolulu it is two in the afternoon"
    reconcile_register(sqlite_engine, _at("2026-03-03T10:05:00Z"), date(2026, 3, 3))
    assert _overdue(sqlite_engine) == {"near": date(2026, 3, 3), "far": date(2026, 3, 3)}


def test_it_falls_for_a_person_in_the_east_once_their_day_is_over_though_it_lasts_for_the_house(
    sqlite_engine: Engine,
) -> None:
    _import(sqlite_engine, "Asia/Seoul", "KR")
    reconcile_register(sqlite_engine, _at("2026-03-02T14:05:00Z"), date(2026, 3, 2))
    assert _overdue(sqlite_engine) == {}, "in Seoul it is five past eleven in the evening"
    reconcile_register(sqlite_engine, _at("2026-03-02T15:05:00Z"), date(2026, 3, 2))
    assert _overdue(sqlite_engine) == {"far": date(2026, 3, 3)}
    assert _told_of_overdue(sqlite_engine, "2026-03-02T15:05:00Z", "2026-03-02") == {("far-owner", 0)}
    assert reconcile_register(sqlite_engine, _at("2026-03-02T16:05:00Z"), date(2026, 3, 2)).touched == 0
    reconcile_register(sqlite_engine, _at("2026-03-03T00:05:00Z"), date(2026, 3, 3))
    assert _overdue(sqlite_engine) == {"near": date(2026, 3, 3), "far": date(2026, 3, 3)}


def test_a_ladder_begun_before_the_houses_day_goes_on_from_there(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, "Asia/Seoul", "KR")
    _live(sqlite_engine, "2026-03-02T15:05:00Z", "2026-03-02")
    _send_all(sqlite_engine, "2026-03-02T23:00:00Z")  # eight on Tuesday morning in Seoul, Monday for the house
    assert _told_of_overdue(sqlite_engine, "2026-03-03T00:05:00Z", "2026-03-03") == set(), "told already"
    assert ("far-deputy", 1) in _told_of_overdue(sqlite_engine, "2026-03-09T15:05:00Z", "2026-03-09")


def test_what_rests_until_a_day_of_a_person_in_the_east_comes_back_on_their_morning(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, "Asia/Seoul", "KR")
    _live(sqlite_engine, "2026-03-02T15:05:00Z", "2026-03-02")
    _send_all(sqlite_engine, "2026-03-02T23:00:00Z")
    with open_unit(sqlite_engine) as unit:
        unit.execute(update(follow_up).values(snoozed_until=date(2026, 3, 6)))
    assert _told_of_overdue(sqlite_engine, "2026-03-05T14:05:00Z", "2026-03-05") == set()
    _live(sqlite_engine, "2026-03-05T15:05:00Z", "2026-03-05")
    bo = select(contact.c.id).where(contact.c.reference == "far-owner").scalar_subquery()
    waits = (notification.c.state == "queued") & (notification.c.contact_id == bo)
    (row,) = _read(sqlite_engine, select(notification).where(waits))
    with open_reading(sqlite_engine) as reading:
        rules, names = load_rules(reading), load_names(reading)
        composed = compose_messages(reading, [row], rules, names, date(2026, 3, 5))
    items = composed[row.id].items
    assert [(row.local_day, one.matter) for one in items] == [(date(2026, 3, 6), "near-far/survey")]


def test_on_the_day_itself_a_person_in_the_west_is_reminded_though_it_is_over_for_the_house(
    sqlite_engine: Engine,
) -> None:
    _import(sqlite_engine, "Pacific/Honolulu", "US")
    found = {
        (one.person.reference, one.rung, one.standing)
        for one in _candidates(sqlite_engine, "2026-03-02T16:05:00Z", "2026-03-03")
        if one.decision == "told"
    }
    assert found == {("near-owner", 0, "due_soon"), ("far-owner", 0, "due_soon")}


def test_who_takes_a_matter_over_is_not_told_before_the_day_on_which_it_was_opened(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, "Pacific/Honolulu", "US")
    reconcile_register(sqlite_engine, _at("2026-03-03T00:05:00Z"), date(2026, 3, 3))
    with open_unit(sqlite_engine) as unit:
        far = unit.execute(select(notification.metadata.tables["contact"])).all()
        far_owner = next(one.id for one in far if one.reference == "far-owner")
        unit.execute(update(follow_up).values(assignee_id=far_owner))
    assert _told_of_overdue(sqlite_engine, "2026-03-03T00:06:00Z", "2026-03-03") == set()
    assert _told_of_overdue(sqlite_engine, "2026-03-03T10:06:00Z", "2026-03-03") == {("far-owner", 0)}


def test_a_second_run_at_any_hour_of_two_days_opens_and_tells_nothing_twice(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, "Pacific/Honolulu", "US")
    for hour in range(48):
        moment = datetime(2026, 3, 2 + hour // 24, hour % 24, 5, tzinfo=UTC)
        house = datetime(2026, 3, 2 + (hour + 8) // 24, tzinfo=UTC).date()
        done = reconcile_register(sqlite_engine, moment, house)
        assert done.closed == done.superseded == 0
        plan_messages(sqlite_engine, moment, house, domain=DOMAIN)
        assert reconcile_register(sqlite_engine, moment, house).touched == 0
        assert plan_messages(sqlite_engine, moment, house, domain=DOMAIN).touched == 0
    keys = [row.key for row in _read(sqlite_engine, select(notice.c.key))]
    assert len(keys) == len(set(keys)) > 0
    days = _read(sqlite_engine, select(notice.c.follow_up_id, notice.c.contact_id).where(notice.c.rung == 0,
                 notice.c.follow_up_id.is_not(None)))  # fmt: skip
    assert len(days) == len(set(days))


def test_a_snoozed_matter_wakes_on_the_day_of_the_person_asked(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, "Pacific/Honolulu", "US")
    reconcile_register(sqlite_engine, _at("2026-03-03T12:00:00Z"), date(2026, 3, 3))
    with open_unit(sqlite_engine) as unit:
        unit.execute(update(follow_up).values(snoozed_until=date(2026, 3, 5)))
    asked = {name for name, _ in _told_of_overdue(sqlite_engine, "2026-03-05T00:05:00Z", "2026-03-05")}
    assert asked == {"near-owner"}, "in Honolulu it is the day before"
    asked = {name for name, _ in _told_of_overdue(sqlite_engine, "2026-03-05T10:05:00Z", "2026-03-05")}
    assert asked == {"near-owner", "far-owner"}


def test_what_is_answered_on_the_houses_day_goes_quiet_at_once_for_a_person_whose_day_has_not_begun(
    sqlite_engine: Engine,
) -> None:
    _import(sqlite_engine, "Pacific/Honolulu", "US")
    reconcile_register(sqlite_engine, _at("2026-03-04T00:05:00Z"), date(2026, 3, 4))
    assert set(_overdue(sqlite_engine)) == {"near", "far"}
    moment, house = _at("2026-03-04T16:05:00Z"), date(2026, 3, 5)  # the house in Shanghai dates the report its own day
    with open_unit(sqlite_engine) as unit:
        author = Author("far-owner", moment)
        report_progress(unit, author, "near-far/survey", "far", None, Rating.ON_TRACK, house, note="on its way")
    reconcile_register(sqlite_engine, moment, house)
    assert set(_overdue(sqlite_engine)) == {"near"}


def test_nor_is_a_person_in_the_west_reminded_of_what_was_answered_on_the_houses_day(sqlite_engine: Engine) -> None:
    _import(sqlite_engine, "Pacific/Honolulu", "US")
    moment, house = _at("2026-03-01T16:05:00Z"), date(2026, 3, 2)
    assert "far-owner" in {
        one.person.reference for one in _candidates(sqlite_engine, "2026-03-01T16:05:00Z", "2026-03-02")
    }
    with open_unit(sqlite_engine) as unit:
        author = Author("far-owner", moment)
        report_progress(unit, author, "near-far/survey", "far", None, Rating.ON_TRACK, house, note="on its way")
    found = {one.person.reference for one in _candidates(sqlite_engine, "2026-03-01T16:05:00Z", "2026-03-02")}
    assert found == {"near-owner"}


def test_a_notice_deadline_stays_open_while_its_last_day_lasts_for_the_person_asked(sqlite_engine: Engine) -> None:
    terms = "effective: 2026-01-01\nexpires: 2026-06-02\nnotice: {months: 3}"
    text = FORM.replace("effective: 2026-01-01", terms).replace("ZONE", "Pacific/Honolulu").replace("COUNTRY", "US")
    with open_unit(sqlite_engine) as unit:
        form = parse_agreement(text.encode(), "near-far.yaml")
        import_agreement(unit, form, Author("test", datetime(2026, 2, 1, tzinfo=UTC)), date(2026, 2, 1))
    opened = select(follow_up.c.key).where(follow_up.c.state == "open", follow_up.c.kind == "notice_deadline")
    for moment, house, count in (
        ("2026-03-02T12:05:00Z", 2, 2),
        ("2026-03-03T00:05:00Z", 3, 1),
        ("2026-03-03T12:00:00Z", 3, 0),
    ):
        reconcile_register(sqlite_engine, _at(moment), date(2026, 3, house))
        assert len(_read(sqlite_engine, opened)) == count


@pytest.mark.parametrize(
    ("country", "part", "said"),
    [
        ("UK", None, "UK is no country (did you mean GB?)"),
        ("ZZ", None, "ZZ is no country"),
        ("GB", "NOWHERE", "those of the whole country are kept for GB-NOWHERE"),
        ("GB", "SCT", "known to the end of 2027 for GB"),
        ("KR", "11", "known to the end of 2027 for GB, KR"),
    ],
)
def test_the_doctor_names_a_country_on_record_that_is_none_and_a_part_without_holidays(
    sqlite_engine: Engine, country: str, part: str | None, said: str
) -> None:
    _import(sqlite_engine, "Asia/Seoul", "GB")
    with open_unit(sqlite_engine) as unit:  # as an earlier version took them
        far = party.c.reference == "far"
        unit.execute(update(party).where(far).values(country=country, subdivision=part))
        assert said in examine_holidays(unit, date(2026, 3, 2)).found
