"""Whatever comes up in whichever zone, the day's message comes at its reader's hour, on the day of their calendar."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, update

from commitments.agreement_file import parse_agreement
from commitments.calendar import count_working_days, is_working_day, next_working_day, previous_working_day
from commitments.clock import today_in
from commitments.database import open_database, open_reading, open_unit
from commitments.daybreak import reconcile_begun
from commitments.facts import Person
from commitments.known import note_known
from commitments.log import Author
from commitments.person_queries import load_people
from commitments.policy import Policy
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import choices, contact, follow_up
from notifications.dispatch import dispatch_messages
from notifications.moments import Moment, list_moments
from notifications.planning import ALL_KINDS, plan_messages
from notifications.tables import notice, notification
from tests.stories.house import FORM, House, open_house
from tests.stories.test_choices import register_joint_deeds, report_joint_deeds

START = datetime(2026, 2, 24, 9, 5, tzinfo=UTC)
EIGHT = time(8)
PLACES = {
    "leeds": ("GB", "Europe/London"),
    "iznik": ("TR", "Europe/Istanbul"),
    "hangzhou": ("CN", "Asia/Shanghai"),
    "busan": ("KR", "Asia/Seoul"),
    "vancouver": ("CA", "America/Vancouver"),
}
AGREEMENT = """
agreement: {one}-{other}
title: {{en: Memorandum of {one} and {other}}}
kind: memorandum
effective: 2025-06-01
expires: 2026-10-31
notice: {{months: 3}}
parties:
{parties}
commitments:
  - {{reference: survey, summary: Hand over the survey., kind: deliverable, due: 2026-03-29, owners: {both}}}
  - {{reference: works, summary: Open the works., kind: deliverable, due: 2026-06-30, owners: {both}}}
  - {{reference: house, summary: Set up the house., kind: deliverable, due: 2026-10-24, owners: {first}}}
  - {{reference: visits, summary: Visit each other., kind: recurring, recurrence: {{every: quarter, count: 1}},
     owners: {second}}}
  - {{reference: friends, summary: Encourage friendship., kind: open_ended, owners: {both}}}
"""
PARTY = """  - reference: {name}
    kind: city
    names: {{en: {name}}}
    country: {country}
    time_zone: {zone}
    contacts:
      - {{reference: {name}-owner, name: O, role: owner, deputy: {name}-deputy, channels: {{mail: o@{name}.example}}}}
      - {{reference: {name}-deputy, name: D, role: owner, channels: {{mail: d@{name}.example}}}}
      - {{reference: {name}-coordinator, name: C, role: coordinator, channels: {{mail: c@{name}.example}}}}
      - {{reference: {name}-leader, name: L, role: leader, channels: {{mail: l@{name}.example}}}}"""


def write_form(one: str, other: str) -> bytes:
    owned = [f"{{party: {name}, contact: {name}-owner}}" for name in (one, other)]
    parties = (PARTY.format(name=name, country=PLACES[name][0], zone=PLACES[name][1]) for name in (one, other))
    text = AGREEMENT.format(
        one=one, other=other, parties="\n".join(parties), both=f"[{', '.join(owned)}]", first=f"[{owned[0]}]",
        second=f"[{owned[1]}]",
    )  # fmt: skip
    return text.encode()


def register(engine: Engine, pairs: list[tuple[str, str]], now: datetime) -> None:
    for one, other in pairs:
        form = parse_agreement(write_form(one, other), f"{one}.yaml")
        with open_unit(engine) as unit:
            import_agreement(unit, form, Author("test", now), now.date())


class Told(NamedTuple):
    """A notice that was told, with its message and what it was about."""

    kind: str
    rung: int
    reader: Person
    due_on: date | None
    day: date
    sent_at: datetime
    follow_up_id: int | None
    asked: Person | None
    matter: str
    reason: str
    due: str | None


class Letter(NamedTuple):
    key: str
    reader: Person
    day: date
    at: datetime


class Lived(NamedTuple):
    sent: list[Letter]
    told: list[Told]
    people: dict[str, Person]


def live(engine: Engine, house: str, days: int) -> Lived:
    """What the jobs send in so many days, with nobody answering."""
    with open_reading(engine) as reading:
        people = load_people(reading)
    zones = {person.time_zone for person in people.values()}
    for moment in list_moments(START, days, house, zones):
        run(engine, moment, house)
    with open_reading(engine) as reading:
        letters = reading.execute(select(notification).where(notification.c.sent_at.is_not(None))).all()
        sent = [Letter(row.key, people[row.contact_id], row.local_day, row.sent_at) for row in letters]
        rows = reading.execute(
            select(notice, notification.c.local_day, notification.c.sent_at, follow_up.c.assignee_id)
            .join(notification, notification.c.id == notice.c.notification_id)
            .outerjoin(follow_up, follow_up.c.id == notice.c.follow_up_id)
            .where(notification.c.sent_at.is_not(None), notice.c.decision == "told")
            .order_by(notification.c.sent_at, notice.c.id)
        ).all()
    told = [
        Told(row.kind, row.rung, people[row.contact_id], row.due_on, row.local_day, row.sent_at, row.follow_up_id,
             people.get(row.assignee_id), row.matter, row.reason.get("code", ""),
             row.reason.get("numbers", {}).get("due"))
        for row in rows
    ]  # fmt: skip
    return Lived(sent, told, {person.reference: person for person in people.values()})


def run(engine: Engine, moment: Moment, house: str) -> None:
    """What the jobs do then, and all that goes until their next run."""
    reconcile_begun(engine, moment.at, house)
    if moment.known is not None:
        with open_unit(engine) as unit:
            note_known(unit, moment.known, map(str, ALL_KINDS))
    plan_messages(engine, moment.at, today_in(house, moment.at), domain="tally.example")
    with open_unit(engine) as unit:
        goes = (notification.c.state == "queued") & (notification.c.next_at < moment.until)
        for row in unit.execute(select(notification.c.id, notification.c.next_at).where(goes)).all():
            at = max(row.next_at, moment.at)
            unit.execute(update(notification).where(notification.c.id == row.id).values(state="sent", sent_at=at))


FOUR = [("leeds", "hangzhou"), ("leeds", "busan"), ("iznik", "hangzhou"), ("iznik", "busan")]
THREE = [("busan", "leeds"), ("busan", "vancouver")]


@pytest.fixture(
    scope="module",
    params=[("Europe/London", FOUR), ("Asia/Seoul", THREE), ("America/Vancouver", THREE)],
    ids=["a house in London", "a house in Busan", "a house in Vancouver"],
)
def spring(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lived]:
    house, pairs = request.param
    path = tmp_path_factory.mktemp("mornings") / "tally.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_database(f"sqlite:///{path}")
    register(engine, pairs, START)
    with open_unit(engine) as unit:
        late = unit.execute(select(contact.c.id).where(contact.c.reference == "busan-owner")).scalar_one()
        unit.execute(choices.insert().values(contact_id=late, hour="09:30", unsubscribed=[]))
    yield live(engine, house, 72)
    engine.dispose()


def open_of(person: Person, day: date) -> datetime:
    """The reader's hour of a day."""
    return datetime.combine(day, person.choices.hour or EIGHT, ZoneInfo(person.time_zone))


def list_scheduled(spring: Lived) -> list[Letter]:
    return [one for one in spring.sent if one.key.startswith("scheduled|")]


def test_every_scheduled_message_after_the_first_day_comes_at_the_hour_of_its_reader(spring: Lived) -> None:
    scheduled = list_scheduled(spring)
    assert len(scheduled) > 60
    odd = [
        (one.reader.reference, one.at.astimezone(ZoneInfo(one.reader.time_zone)).isoformat())
        for one in scheduled
        if one.at >= START + timedelta(days=1)
        and not timedelta() <= one.at - open_of(one.reader, one.day) < timedelta(hours=1)
    ]
    assert odd == []


def test_nobody_has_two_on_one_day_or_any_on_a_day_of_rest(spring: Lived) -> None:
    scheduled = list_scheduled(spring)
    days = [(one.reader.id, one.day) for one in scheduled]
    assert len(days) == len(set(days))
    resting = [one for one in scheduled if not is_working_day(one.day, one.reader.country, one.reader.subdivision)]
    assert resting == []


def test_each_reminder_comes_on_its_day_by_the_calendar_of_its_reader(spring: Lived) -> None:
    found: dict[tuple[str, str, date], dict[int, date]] = defaultdict(dict)
    for one in spring.told:
        if one.kind == "reminder" and one.due_on is not None and "/" in one.matter and "visits" not in one.matter:
            found[one.matter, one.reader.reference, one.due_on][one.rung] = one.day
    assert len(found) > 3
    for (matter, who, due), days in found.items():
        if due >= date(2026, 5, 1):
            continue  # its last reminders are still to come
        person = spring.people[who]
        expected = {
            lead: previous_working_day(due - timedelta(days=lead), person.country, person.subdivision)
            for lead in Policy().lead_days
            if due - timedelta(days=lead) > START.date()
        }
        # Of two that fall on one day, as before days of rest, the nearer one is told.
        right = {day: lead for lead, day in sorted(expected.items(), reverse=True)}
        assert days == {lead: day for day, lead in right.items()}, (matter, who)


def test_what_is_overdue_is_asked_about_on_the_first_working_morning_after_its_last_day(spring: Lived) -> None:
    asked = [one for one in spring.told if one.kind == "follow_up" and one.reason == "past_due" and one.rung == 0]
    assert len(asked) > 3
    for one in asked:
        first = date.fromisoformat(one.due or "") + timedelta(days=1)
        assert one.day == next_working_day(first, one.reader.country, one.reader.subdivision), one


def test_each_rung_is_told_on_the_first_morning_after_its_working_day_began_for_who_was_asked(spring: Lived) -> None:
    ladders: dict[int, list[Told]] = defaultdict(list)
    for one in spring.told:
        if one.follow_up_id is not None and one.asked is not None:
            ladders[one.follow_up_id].append(one)
    climbed = 0
    for told in ladders.values():
        asked, first = told[0].asked, told[0]
        assert asked is not None
        began = first.sent_at.astimezone(ZoneInfo(first.reader.time_zone)).date()
        for one in told[1:]:
            step, day = Policy().escalation_working_days[one.rung], began
            while count_working_days(began, day, asked.country, asked.subdivision) < step:
                day += timedelta(days=1)
            moment = datetime.combine(day, time(0), ZoneInfo(asked.time_zone))
            morning = moment.astimezone(ZoneInfo(one.reader.time_zone)).date()
            if moment - timedelta(minutes=55) >= open_of(one.reader, morning):  # it is found after the hour
                morning += timedelta(days=1)
            expected = next_working_day(morning, one.reader.country, one.reader.subdivision)
            if one.reason in ("past_due", "silent_since", "period_missed"):  # what is near only climbs when it is
                assert one.day == expected, (one, expected)
                climbed += 1
    assert climbed > 5


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        yield made


def run_hours(house: House, first: str, last: str, but: tuple[str, str] | None = None) -> None:
    """What the jobs do at five minutes past every hour; nothing while the system is off."""
    at, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    while at <= end:
        if but is None or not datetime.fromisoformat(but[0]) <= at < datetime.fromisoformat(but[1]):
            run_once(house, at)
        at += timedelta(hours=1)


def run_once(house: House, at: datetime) -> None:
    house.clock = at
    reconcile_begun(house.engine, at, "Europe/London")
    plan_messages(house.engine, at, today_in("Europe/London", at), domain="tally.example")
    dispatch_messages(house.engine, house.settings, read_clock=lambda: house.clock)


def test_a_system_that_was_off_at_eight_tells_as_soon_as_it_is_back_on_that_day(house: House) -> None:
    off = ("2026-03-01T20:00Z", "2026-03-02T11:00Z")
    run_hours(house, "2026-02-27T00:05Z", "2026-03-02T12:05Z", off)
    assert house.received("ann") == ["Mon 02 Mar 11:05"], "the first reminder of the survey, due on 31 March"
    assert house.received("cy") == ["Fri 27 Feb 08:05", "Mon 02 Mar 11:05"], "the digest"


def test_one_that_was_off_over_the_evening_tells_on_the_next_morning(house: House) -> None:
    run_hours(house, "2026-02-27T00:05Z", "2026-03-03T09:05Z", ("2026-03-01T20:00Z", "2026-03-02T19:00Z"))
    assert house.received("ann") == ["Tue 03 Mar 08:05"]


def test_what_somebody_registers_during_the_day_waits_for_the_next_morning_of_who_was_told_before(house: House) -> None:
    run_hours(house, "2026-02-27T00:05Z", "2026-03-04T10:05Z")
    before = house.received("ann")
    later = FORM.replace(b"agreement: north-south", b"agreement: more").replace(b"2026-03-31", b"2026-03-06")
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(later, "more.yaml"), Author("test", house.clock), date(2026, 3, 4))
    run_hours(house, "2026-03-04T11:05Z", "2026-03-05T09:05Z")
    assert house.received("ann") == [*before, "Thu 05 Mar 08:05"]


def test_who_was_never_told_anything_is_told_at_once(house: House) -> None:
    run_hours(house, "2026-02-27T00:05Z", "2026-02-27T13:05Z")
    assert house.received("ann") == []
    soon = FORM.replace(b"agreement: north-south", b"agreement: more").replace(b"2026-03-31", b"2026-03-02")
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(soon, "more.yaml"), Author("test", house.clock), date(2026, 2, 27))
    run_hours(house, "2026-02-27T14:05Z", "2026-02-27T15:05Z")
    assert house.received("ann") == ["Fri 27 Feb 14:05"]


def test_a_date_that_would_be_over_by_the_next_morning_is_told_today(house: House) -> None:
    run_hours(house, "2026-02-27T00:05Z", "2026-03-03T10:05Z")
    before = house.received("ann")
    today = FORM.replace(b"agreement: north-south", b"agreement: more").replace(b"2026-03-31", b"2026-03-03")
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(today, "more.yaml"), Author("test", house.clock), date(2026, 3, 3))
    run_hours(house, "2026-03-03T11:05Z", "2026-03-03T12:05Z")
    assert house.received("ann") == [*before, "Tue 03 Mar 11:05"]


def test_what_another_person_has_just_caused_still_goes_at_once(house: House) -> None:
    register_joint_deeds(house)
    run_hours(house, "2026-02-27T00:05Z", "2026-03-03T02:05Z")
    report_joint_deeds(house, 1)
    reconcile_register(house.engine, house.clock, house.clock.date())
    run_once(house, datetime(2026, 3, 3, 3, 5, tzinfo=UTC))  # five past eleven in Shanghai
    assert (house.received("li")[-1], house.subjects("li")[-1]) == ("Tue 03 Mar 03:05", "Please confirm: Joint deed 1")


def test_an_hour_at_which_no_day_has_begun_judges_nothing(sqlite_engine: Engine) -> None:
    register(sqlite_engine, FOUR, START)
    looked = [
        (one.zones, one.done.agreements)
        for hours in range(17)
        for one in [reconcile_begun(sqlite_engine, START + timedelta(hours=hours), "Europe/London")]
    ]
    whole = ("Asia/Seoul", "Asia/Shanghai", "Europe/Istanbul", "Europe/London")
    assert [one for one in looked if one != ((), 0)] == [
        (whole, 4), (("Asia/Seoul",), 2), (("Asia/Shanghai",), 2), (("Europe/Istanbul",), 2), (("Europe/London",), 4),
    ]  # fmt: skip
    after = reconcile_begun(sqlite_engine, START + timedelta(days=3), "Europe/London")
    assert (after.zones, after.done.agreements) == (whole, 4), "after a day without a check all is judged"
