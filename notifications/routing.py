"""Who is told of a matter on a day, at which rung, and when their message goes. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from commitments.calendar import (
    count_working_days,
    is_working_day,
    name_holiday,
    next_working_day,
    previous_working_day,
)
from commitments.dates import add_days
from commitments.facts import Person
from commitments.policy import Policy
from commitments.vocabulary import ContactRole, NotificationKind, NotificationState
from notifications.reasons import Why

LAST_HOUR = time(18, 0)
"""After this hour of the recipient's evening a message waits for the morning."""

OWNER, DEPUTY, COORDINATOR, LEADERS = range(4)
"""The rungs of the ladder."""


@dataclass(frozen=True, slots=True)
class Rung:
    """The one rung that is right today, and those below it that were missed."""

    right: int
    missed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """When a person's next scheduled message goes: on which of their days, not before which moment."""

    day: date
    not_before: datetime
    waits_for: Why | None = None
    holiday: str | None = None


@dataclass(frozen=True, slots=True)
class ToldRung:
    """What a follow-up's ladder has told so far."""

    rung: int
    contact_id: int
    state: NotificationState | None
    sent_on: date | None


@dataclass(frozen=True, slots=True)
class Climb:
    """Whom a follow-up's ladder tells today, and the rungs it passes over with the reason."""

    rung: int
    contacts: tuple[Person, ...]
    passed: tuple[tuple[int, Why], ...]
    working_days: int = 0


def find_reminder_rung(lead_days: Iterable[int], deadline: date, today: date, person: Person) -> Rung | None:
    """The reminder that is right today; a reminder falling on the person's rest day moves to the working day before."""
    if today > deadline:
        return None
    reached = [
        days
        for days in lead_days
        if previous_working_day(add_days(deadline, -days), person.country, person.subdivision) <= today
    ]
    if not reached:
        return None
    right = min(reached)
    return Rung(right, tuple(days for days in reached if days != right))


def choose_slot(person: Person, send_at: time, now: datetime, taken: Iterable[date] = ()) -> Slot:
    """The person's next sending time: today if they work today and no message has gone yet, else the next working day.

    `taken` are the person's days whose scheduled message can take nothing more.
    """
    zone = ZoneInfo(person.time_zone)
    local = now.astimezone(zone)
    occupied = set(taken)
    day, waits_for, holiday = local.date(), None, None
    if not is_working_day(day, person.country, person.subdivision):
        waits_for, holiday = Why.REST_DAY, name_holiday(day, person.country, person.subdivision)
    elif day in occupied or local.time() >= LAST_HOUR:
        waits_for = Why.HAD_TODAYS_MESSAGE if day in occupied else None
        day += timedelta(days=1)
    day = next_working_day(day, person.country, person.subdivision)
    while day in occupied:
        day = next_working_day(day + timedelta(days=1), person.country, person.subdivision)
    opening = datetime.combine(day, send_at, zone).astimezone(now.tzinfo)
    return Slot(day, max(opening, now), waits_for, holiday)


def climb_ladder(
    told: Sequence[ToldRung],
    assignee: Person | None,
    people: Mapping[int, Person],
    coordinator: Person | None,
    leaders: Sequence[Person],
    policy: Policy,
    today: date,
) -> Climb | None:
    """Whom an open follow-up's ladder tells today; nothing if it has told all it should by now.

    The clock of the ladder starts when its first message was really sent and counts the assignee's working days. It
    stands still while the last message is not sent. Missed rungs are passed over: only the one right today is told.
    """
    if not told:
        if assignee is None:
            return None
        return Climb(OWNER, (assignee,), ())
    informed = [one for one in told if one.state is not None]
    if not informed or any(one.state is not NotificationState.SENT for one in informed):
        return None
    first = min((one.sent_on for one in informed if one.sent_on is not None), default=None)
    if first is None or assignee is None:
        return None
    steps = policy.escalation_working_days
    days = count_working_days(first, today, assignee.country, assignee.subdivision, max(steps))
    reached = max((rung for rung, step in enumerate(steps) if step <= days), default=OWNER)
    last = max(one.rung for one in told)
    if reached <= last:
        return None
    passed = [(rung, Why.LATER_RUNG) for rung in range(last + 1, reached)]
    heard = {one.contact_id for one in informed}
    candidates = _find_rung_people(reached, assignee, people, coordinator, leaders, today)
    contacts = tuple(person for person in candidates if person.id not in heard)
    if not contacts:
        passed.append((reached, Why.SAME_PERSON if candidates else Why.NOBODY_ON_RUNG))
    return Climb(reached, contacts, tuple(passed), days)


def _find_rung_people(
    rung: int,
    assignee: Person,
    people: Mapping[int, Person],
    coordinator: Person | None,
    leaders: Sequence[Person],
    today: date,
) -> tuple[Person, ...]:
    if rung == DEPUTY:
        deputy = people.get(assignee.deputy_id) if assignee.deputy_id is not None else None
        return (deputy,) if deputy is not None and deputy.is_in_office(today) else ()
    if rung == COORDINATOR:
        return (coordinator,) if coordinator is not None else ()
    return tuple(leader for leader in leaders if leader.is_in_office(today))


def is_late(day: date, person: Person, now: datetime) -> bool:
    """Whether the hours in which a message of that day of the person's may go are over."""
    local = now.astimezone(ZoneInfo(person.time_zone))
    return local.date() > day or (local.date() == day and local.time() >= LAST_HOUR)


def is_digest_due(person: Person, policy: Policy, slot: Slot) -> bool:
    """Coordinators get a digest once a week, from the chosen weekday on."""
    return person.role is ContactRole.COORDINATOR and slot.day.weekday() >= policy.digest_weekday


def is_summary_due(person: Person) -> bool:
    """Coordinators and leaders get a summary once a month, with the first message of the month."""
    return person.role in (ContactRole.COORDINATOR, ContactRole.LEADER)


def name_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def name_month(day: date) -> str:
    return f"{day:%Y-%m}"


_WEIGHT = (
    NotificationKind.REMINDER,
    NotificationKind.FOLLOW_UP,
    NotificationKind.ESCALATION,
    NotificationKind.DIGEST,
    NotificationKind.SUMMARY,
    NotificationKind.CONFIRMATION,
    NotificationKind.ALERT,
)

AT_ONCE = frozenset({NotificationKind.CONFIRMATION, NotificationKind.ALERT})
"""What does not wait for anybody's morning: another person waits, or the engine does not work."""


def name_message(kinds: Iterable[str]) -> NotificationKind:
    """What a message with such notices mainly is."""
    return max((NotificationKind(kind) for kind in kinds), key=_WEIGHT.index)


def explain_wait(slot: Slot) -> dict[str, Any]:
    """The reason stored with a message: why it goes when it goes."""
    numbers: dict[str, Any] = {"day": slot.day.isoformat()}
    if slot.holiday:
        numbers["holiday"] = slot.holiday
    return {"code": str(slot.waits_for or Why.NEXT_SENDING_TIME), "numbers": numbers}
