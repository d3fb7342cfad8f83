"""Who is told of a matter on a day, and at which rung. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from commitments.calendar import add_working_days, count_working_days, previous_working_day
from commitments.dates import add_days
from commitments.facts import Person
from commitments.policy import Policy
from commitments.vocabulary import NotificationKind, NotificationState, Rhythm
from notifications.reasons import Why

OWNER, DEPUTY, COORDINATOR, LEADERS = range(4)
"""The rungs of the ladder."""


@dataclass(frozen=True, slots=True)
class Rung:
    """The one rung that is right today, and those below it that were missed."""

    right: int
    missed: tuple[int, ...]


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


def find_rest(told: Sequence[ToldRung], assignee: Person, policy: Policy) -> date:
    """The day before which a ladder that its assignee has heard tells nothing more, if it is told nothing until then
    and they can be asked all the time; the first day of all where that cannot be known.

    It rests until its next rung is reached, and for good once it has told its last or while its clock stands still.
    """
    if not has_heard(told, assignee.id):
        return date.min
    if has_told_all(told, policy):
        return date.max
    if any(one.lost_on is not None or one.declined_on is not None for one in told):
        return date.min
    if all(one.state is None for one in told):
        return date.min
    first, last = _find_start(told), max(one.rung for one in told)
    if first is None:
        return date.max
    steps = [step for rung, step in enumerate(policy.escalation_working_days) if rung > last]
    begin = previous_working_day(first, assignee.country, assignee.subdivision)
    return add_working_days(begin, min(steps), assignee.country, assignee.subdivision)


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
