"""When a person's message goes: at which hour, on which of their days, and when the next one has its turn. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from commitments.calendar import is_working_day, name_holiday, next_working_day
from commitments.choices import end_quiet
from commitments.days import find_own_day
from commitments.facts import Person
from commitments.policy import Policy
from commitments.vocabulary import ContactRole
from notifications.reasons import Why

LAST_HOUR = time(18, 0)
"""After this hour of the recipient's evening a message waits for the morning."""

EVERY_DAY = range(7)
_ROUNDS = 5
"""So often may one policy's quiet hours end in those of another, or in a day of rest."""


@dataclass(frozen=True, slots=True)
class Slot:
    """When a person's next scheduled message goes: on which of their days, not before which moment."""

    day: date
    not_before: datetime
    waits_for: Why | None = None
    holiday: str | None = None

    @property
    def is_held(self) -> bool:
        """Whether nothing is queued before the day itself, because the person chose so."""
        return self.waits_for in (Why.PAUSED, Why.CHOSEN_DAYS)


def choose_slot(
    person: Person,
    send_at: time,
    now: datetime,
    taken: Iterable[date] = (),
    days: Collection[int] = EVERY_DAY,
    seen: datetime | None = None,
) -> Slot:
    """The person's next sending time: today if they work today and no message has gone yet, else the next working day.

    `taken` are the person's days whose scheduled message can take nothing more; `days` the weekdays on which it may
    go. The hour that the person chose comes before `send_at`; days of a pause are passed over. What had become due
    until `seen` was found before: if that is after the hour of today, what is found now has come up since, and waits
    for the next. If it is before, or not known, this is late because nobody looked, and goes today.
    """
    zone = ZoneInfo(person.time_zone)
    local = now.astimezone(zone)
    occupied = set(taken)
    day, waits_for, holiday = local.date(), None, None
    if not is_working_day(day, person.country, person.subdivision):
        waits_for, holiday = Why.REST_DAY, name_holiday(day, person.country, person.subdivision)
    elif day in occupied or local.time() >= LAST_HOUR or _is_since_hour(person, send_at, seen, local):
        waits_for = Why.HAD_TODAYS_MESSAGE if day in occupied else None
        day += timedelta(days=1)
    day = next_working_day(day, person.country, person.subdivision)
    while True:
        if person.choices.is_paused(day) and person.choices.paused_to is not None:
            day, waits_for, holiday = person.choices.paused_to, Why.PAUSED, None
        elif not is_sending_day(day, person, days):
            waits_for, holiday = (waits_for if waits_for is Why.PAUSED else Why.CHOSEN_DAYS), None
        elif day not in occupied:
            opening = datetime.combine(day, person.choices.hour or send_at, zone)
            moment = _pass_quiet_hours(person, max(opening, local), day)
            if moment is None and (day != local.date() or _pass_quiet_hours(person, opening, day) is None):
                moment = max(opening, local)  # quiet hours that would leave nothing of any day
            if moment is not None:
                return Slot(day, moment.astimezone(now.tzinfo), waits_for, holiday)
        day = next_working_day(day + timedelta(days=1), person.country, person.subdivision)


def _is_since_hour(person: Person, send_at: time, seen: datetime | None, local: datetime) -> bool:
    """Whether what is found now has come up after the hour of the day; nothing is known of a moment to come."""
    if seen is None or seen > local:
        return False
    opening = datetime.combine(local.date(), person.choices.hour or send_at, local.tzinfo)
    return seen >= (_pass_quiet_hours(person, opening, local.date()) or opening)


def _pass_quiet_hours(person: Person, moment: datetime, day: date) -> datetime | None:
    """This moment or the end of the quiet hours that it falls into; nothing if the day's hours are over by then."""
    later = person.choices.end_quiet(moment)
    return later if later == moment or (later.date() == day and later.time() < LAST_HOUR) else None


def choose_hour(person: Person, policies: Iterable[Policy]) -> time:
    """The hour of a person's message: as they chose it, else the earliest of the policies that have a part in it."""
    return person.choices.hour or min(policy.send_at for policy in policies)


def find_opening(person: Person, moment: datetime, policies: Iterable[Policy], *, always: bool = False) -> datetime:
    """This moment, or the first after it at which something may go at once to a person.

    Whoever chose quiet hours has those and no other. Else the hours and days of rest of every policy that has a part
    in it are passed, but for what is sent `always`. Policies that leave no hour between them are told after some days.
    """
    if always or person.choices.has_quiet_hours:
        return delay_to_end_of_quiet(person, moment)
    rules = tuple(policies)
    local = moment.astimezone(ZoneInfo(person.time_zone))
    for _ in range(_ROUNDS):
        later = local
        if any(one.quiet_rest_days for one in rules):
            day = next_working_day(local.date(), person.country, person.subdivision)
            later = local if day == local.date() else datetime.combine(day, time(0), local.tzinfo)
        for one in rules:
            later = end_quiet(one.quiet_from, one.quiet_to, later)
        if later == local:
            break
        local = later
    return local.astimezone(moment.tzinfo)


def delay_to_end_of_quiet(person: Person, moment: datetime) -> datetime:
    """This moment, or the end of the person's quiet hours that it falls into."""
    return person.choices.end_quiet(moment.astimezone(ZoneInfo(person.time_zone))).astimezone(moment.tzinfo)


def is_sending_day(day: date, person: Person, days: Collection[int]) -> bool:
    """Whether one of the weekdays falls on this day, or on the days of rest just before it."""
    if len(days) == len(EVERY_DAY) or day.weekday() in days:
        return True
    before = day - timedelta(days=1)
    while (day - before).days < len(EVERY_DAY) and not is_working_day(before, person.country, person.subdivision):
        if before.weekday() in days:
            return True
        before -= timedelta(days=1)
    return False


def choose_days(person: Person, policies: Iterable[Policy]) -> frozenset[int]:
    """The weekdays on which a person's message may go: those they chose, else those of any policy that has a part."""
    if person.choices.days is not None:
        chosen = set(person.choices.days)
    else:
        chosen = {day for policy in policies for day in policy.send_days}
    if person.role is ContactRole.COORDINATOR and person.choices.digest_day is not None:
        chosen.add(person.choices.digest_day)
    return frozenset(chosen)


def find_last_day(person: Person, days: Collection[int], day: date) -> date:
    """The last day that a message of this day has to speak for: the day before the person's next sending day."""
    if len(days) == len(EVERY_DAY):
        return day
    following = next_working_day(day + timedelta(days=1), person.country, person.subdivision)
    while not is_sending_day(following, person, days):
        following = next_working_day(following + timedelta(days=1), person.country, person.subdivision)
    return following - timedelta(days=1)


def set_choices_aside(person: Person) -> Person:
    """The person as if they had not chosen days and no pause, for what is told in any case; hours still count."""
    return replace(person, choices=replace(person.choices, days=None, paused_from=None, paused_to=None))


def is_late(day: date, person: Person, now: datetime) -> bool:
    """Whether the hours in which a message of that day of the person's may go are over."""
    local = now.astimezone(ZoneInfo(person.time_zone))
    return local.date() > day or (local.date() == day and local.time() >= LAST_HOUR)


def explain_wait(slot: Slot) -> dict[str, Any]:
    """The reason stored with a message: why it goes when it goes."""
    numbers: dict[str, Any] = {"day": slot.day.isoformat()}
    if slot.holiday:
        numbers["holiday"] = slot.holiday
    return {"code": str(slot.waits_for or Why.NEXT_SENDING_TIME), "numbers": numbers}


def find_slot_now(person: Person, now: datetime, policies: Sequence[Policy], *, always: bool = False) -> Slot:
    """At once, or when the person's hours begin again."""
    moment = find_opening(person, now, policies, always=always)
    return Slot(find_own_day(person, moment), moment, Why.AT_ONCE if moment == now else None)


def find_first_slot(person: Person, policy: Policy, now: datetime) -> Slot:
    """The sending time of the day itself, also late and after its message went: it says which week and month it is."""
    midnight = now.astimezone(ZoneInfo(person.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return choose_slot(person, choose_hour(person, [policy]), midnight, days=choose_days(person, [policy]))
