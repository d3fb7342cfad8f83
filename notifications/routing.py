"""Who is told of a matter on a day, at which rung, and when their message goes. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from commitments.calendar import (
    count_working_days,
    is_working_day,
    name_holiday,
    next_working_day,
    previous_working_day,
)
from commitments.choices import end_quiet
from commitments.dates import add_days
from commitments.facts import Person
from commitments.policy import Policy
from commitments.vocabulary import ContactRole, NotificationKind, NotificationState, Rhythm
from notifications.reasons import Why

LAST_HOUR = time(18, 0)
"""After this hour of the recipient's evening a message waits for the morning."""

EVERY_DAY = range(7)
_ROUNDS = 5
"""So often may one policy's quiet hours end in those of another, or in a day of rest."""

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

    @property
    def is_held(self) -> bool:
        """Whether nothing is queued before the day itself, because the person chose so."""
        return self.waits_for in (Why.PAUSED, Why.CHOSEN_DAYS)


@dataclass(frozen=True, slots=True)
class ToldRung:
    """What a follow-up's ladder has told so far."""

    rung: int
    contact_id: int
    state: NotificationState | None
    sent_on: date | None
    declined_on: date | None = None
    """When it was not told because the person has unsubscribed: they are not asked anew."""
    lost_on: date | None = None
    """When it was to be told by a message that failed for good: the person has not heard."""
    lost_by: Why | None = None
    """What became of that message."""

    @property
    def day(self) -> date | None:
        """On which a message with it was really accepted; nothing while none was."""
        return self.sent_on if self.lost_on is None and self.declined_on is None and self.state is not None else None


class Climb(NamedTuple):
    """Whom a follow-up's ladder tells today, and the rungs it passes over with the reason."""

    rung: int
    contacts: tuple[Person, ...]
    passed: tuple[tuple[int, Why], ...]
    working_days: int = 0


def find_reminder_rung(lead_days: Iterable[int], deadline: date, today: date, person: Person) -> Rung | None:
    """The reminder that is right today; a reminder falling on the person's rest day moves to the working day before."""
    if today > deadline:
        return None
    moved = _list_reminder_days(tuple(lead_days), deadline, person.country, person.subdivision)
    reached = [days for days, day in moved if day <= today]
    if not reached:
        return None
    right = min(reached)
    return Rung(right, tuple(days for days in reached if days != right))


@lru_cache(maxsize=8192)
def _list_reminder_days(
    lead_days: tuple[int, ...], deadline: date, country: str | None, subdivision: str | None
) -> tuple[tuple[int, date], ...]:
    """On which day each reminder falls, by how many days before the deadline it is meant for."""
    return tuple((days, previous_working_day(add_days(deadline, -days), country, subdivision)) for days in lead_days)


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


def choose_digest_day(person: Person, policy: Policy) -> int:
    """The weekday from which on a coordinator's digest goes: as they chose it, else on one of their days."""
    if person.choices.digest_day is not None:
        return person.choices.digest_day
    days = person.choices.days
    return policy.digest_weekday if days is None or policy.digest_weekday in days else min(days)


def set_choices_aside(person: Person) -> Person:
    """The person as if they had not chosen days and no pause, for what is told in any case; hours still count."""
    return replace(person, choices=replace(person.choices, days=None, paused_from=None, paused_to=None))


def is_declined(person: Person, kind: NotificationKind) -> bool:
    """Whether the person has unsubscribed from this kind."""
    return person.choices.declines(kind)


def has_told_all(told: Sequence[ToldRung], policy: Policy) -> bool:
    """Whether a ladder has told its last rung, so that it climbs no further on any day."""
    last = len(policy.escalation_working_days) - 1
    return any(one.rung >= last for one in told)


def has_heard(told: Sequence[ToldRung], contact_id: int | None) -> bool:
    """Whether a ladder has told this person or is about to, or found that they do not want it told."""
    return any(
        one.contact_id == contact_id and one.lost_on is None and (one.rung == OWNER or one.state is not None)
        for one in told
    )


def is_missed(told: Sequence[ToldRung], assignee: Person | None, asked_id: int | None) -> bool:
    """Whether a ladder that has begun has yet to tell its first rung to the assignee.

    So it is of the very person asked who has not heard, as when they could not be reached before, and of who stands in
    for them while nobody has heard.
    """
    if not told or assignee is None or has_heard(told, assignee.id):
        return False
    if assignee.id == asked_id:
        return True
    return not any(
        one.day is not None or (one.contact_id != asked_id and has_heard(told, one.contact_id)) for one in told
    )


def find_reached(
    told: Sequence[ToldRung], assignee: Person | None, policy: Policy, today: date, ahead: date | None = None
) -> tuple[int, int] | None:
    """The rung that an open follow-up's ladder has reached today and not told, and after how many working days of the
    assignee; nothing if it has told all it should by now.

    What is asked for a date `ahead` stays below the leaders until that date is near.
    """
    if assignee is None:
        return None
    if not told:
        return OWNER, 0
    first = _find_start(told)
    if first is None:
        return None
    steps = policy.escalation_working_days
    days = count_working_days(first, today, assignee.country, assignee.subdivision, max(steps))
    reached = max((rung for rung, step in enumerate(steps) if step <= days), default=OWNER)
    if ahead is not None and ahead > add_days(today, policy.escalation_near_days):
        reached = min(reached, COORDINATOR)
    return (reached, days) if reached > max(one.rung for one in told) else None


def _find_start(told: Sequence[ToldRung]) -> date | None:
    """The day on which the clock of a ladder starts; nothing while it stands still.

    It starts when the first message was really accepted: of who is asked, of who was asked in their place, or of who
    was told of it since where those of all these were lost. It stands still while the last message is not sent, but for
    one that tells anew what was lost.
    """
    lost = {one.contact_id for one in told if one.lost_on is not None}
    for one in told:
        on_its_way = one.state is not None and one.state is not NotificationState.SENT
        if on_its_way and not (one.rung == OWNER and one.contact_id in lost):
            return None
    hearer = find_hearer(told)
    return hearer.day if hearer is not None else None


def find_hearer(told: Sequence[ToldRung]) -> ToldRung | None:
    """With whom the clock of a ladder starts: who was first told what is asked, else the first who was told of it."""
    heard = [one for one in told if one.day is not None]
    return min(heard, key=lambda one: (one.rung != OWNER, one.day or date.max), default=None)


def climb_ladder(
    told: Sequence[ToldRung],
    assignee: Person | None,
    people: Mapping[int, Person],
    coordinator: Person | None,
    leaders: Sequence[Person],
    policy: Policy,
    today: date,
    ahead: date | None = None,
) -> Climb | None:
    """Whom an open follow-up's ladder tells today; nothing if it has told all it should by now.

    Missed rungs are passed over: only the one right today is told.
    """
    reached = find_reached(told, assignee, policy, today, ahead)
    if reached is None or assignee is None:
        return None
    if not told:
        return Climb(OWNER, (assignee,), ())
    rung, days = reached
    last = max(one.rung for one in told)
    passed = [(missed, Why.LATER_RUNG) for missed in range(last + 1, rung)]
    heard = {one.contact_id for one in told if one.state is not None}
    candidates = _find_rung_people(rung, assignee, people, coordinator, leaders, today)
    contacts = tuple(person for person in candidates if person.id not in heard)
    if not contacts:
        passed.append((rung, Why.SAME_PERSON if candidates else Why.NOBODY_ON_RUNG))
    return Climb(rung, contacts, tuple(passed), days)


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


def merge_policies(policies: Iterable[Policy]) -> Policy:
    """One policy for what tells of several agreements at once: of each rule the earliest, or the most frequent."""
    rules = tuple(policies)
    return replace(
        rules[0],
        send_at=min(one.send_at for one in rules),
        send_days=tuple(sorted({day for one in rules for day in one.send_days})),
        digest_weekday=min(one.digest_weekday for one in rules),
        digest_rhythm=min((one.digest_rhythm for one in rules), key=_FREQUENT_FIRST.index),
        summary_day=min(one.summary_day for one in rules),
        summary_rhythm=min((one.summary_rhythm for one in rules), key=_FREQUENT_FIRST.index),
    )


def is_digest_due(person: Person, policy: Policy, slot: Slot) -> bool:
    """Coordinators get a digest once in each of its periods, from the chosen weekday on that is the first in it, or
    from the working day of theirs next to that."""
    if person.role is not ContactRole.COORDINATOR:
        return False
    first = find_period(choose_digest_rhythm(person, policy), slot.day)
    chosen = add_days(first, (choose_digest_day(person, policy) - first.weekday()) % 7)
    return slot.day >= max(first, min(chosen, _find_digest_day(person, chosen)))


def choose_digest_rhythm(person: Person, policy: Policy) -> Rhythm:
    """How often a person's digest comes: as they chose it, else by the policy."""
    return person.choices.digest_rhythm or policy.digest_rhythm


def choose_summary_rhythm(person: Person, policy: Policy) -> Rhythm:
    """How often a person's summary comes: as they chose it, else by the policy."""
    return person.choices.summary_rhythm or policy.summary_rhythm


def find_period(rhythm: Rhythm, day: date) -> date:
    """The first day of the period of a rhythm in which a day lies. Two weeks begin with an odd Monday since year 1."""
    monday = add_days(day, -day.weekday())
    match rhythm:
        case Rhythm.WEEKLY:
            return monday
        case Rhythm.FORTNIGHTLY:
            return add_days(monday, -7 * (monday.toordinal() // 7 % 2))
        case Rhythm.MONTHLY:
            return day.replace(day=1)
        case Rhythm.QUARTERLY:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def list_periods(rhythm: Rhythm, day: date) -> tuple[str, ...]:
    """The name of the period of a rhythm in which a day lies, and those of a shorter rhythm that have begun in it.

    What was told under any of these names was told in this period, also to who has changed the rhythm since.
    """
    first = find_period(rhythm, day)
    begun = [add_days(first, days) for days in range((day - first).days + 1)]
    mondays = tuple(name_week(one) for one in begun if one.weekday() == 0)
    match rhythm:
        case Rhythm.WEEKLY | Rhythm.FORTNIGHTLY:
            return mondays
        case Rhythm.MONTHLY:
            return name_month(first), *mondays
        case Rhythm.QUARTERLY:
            months = tuple(name_month(one) for one in begun if one.day == 1)
            return f"{first:%Y}-Q{(first.month + 2) // 3}", *months


def _find_digest_day(person: Person, chosen: date) -> date:
    """The working day nearest to the chosen one in its week, of two the later; the day itself if there is none."""
    week = [add_days(chosen, days - chosen.weekday()) for days in range(7)]
    working = [day for day in week if is_working_day(day, person.country, person.subdivision)]
    return min(working, key=lambda day: (abs(day - chosen), day < chosen), default=chosen)


def gets_summary(person: Person) -> bool:
    """Coordinators and leaders get a summary."""
    return person.role in (ContactRole.COORDINATOR, ContactRole.LEADER)


def is_summary_due(person: Person, policy: Policy, slot: Slot) -> bool:
    """Coordinators and leaders get a summary once in each of its periods, with the first message from its day on, or
    from the working day of theirs before that."""
    if not gets_summary(person):
        return False
    first = find_period(choose_summary_rhythm(person, policy), slot.day)
    chosen = first.replace(day=person.choices.summary_day or policy.summary_day)
    return slot.day >= max(first, previous_working_day(chosen, person.country, person.subdivision))


def name_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def name_month(day: date) -> str:
    return f"{day:%Y-%m}"


_FREQUENT_FIRST = tuple(Rhythm)

_WEIGHT = (
    NotificationKind.REMINDER,
    NotificationKind.FOLLOW_UP,
    NotificationKind.ESCALATION,
    NotificationKind.DIGEST,
    NotificationKind.SUMMARY,
    NotificationKind.CONFIRMATION,
    NotificationKind.HAND_OVER,
    NotificationKind.ALERT,
    NotificationKind.SIGN_IN,
)

AT_ONCE = frozenset({NotificationKind.CONFIRMATION, NotificationKind.HAND_OVER, NotificationKind.ALERT})
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
