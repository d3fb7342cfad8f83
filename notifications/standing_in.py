"""In whose place another person is asked, and why: of who cannot be reached, or is away for long. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from commitments.calendar import count_working_days
from commitments.facts import Person
from commitments.policy import Policy
from commitments.vocabulary import NotificationKind
from notifications.reasons import Why
from notifications.routing import DEPUTY, ToldRung, is_declined

AT_LEAST = 1


def find_patience(policy: Policy) -> int:
    """So many working days is a person tried before another is asked in their place: as many as the deputy waits."""
    steps = policy.escalation_working_days
    return max(steps[DEPUTY] if len(steps) > DEPUTY else Policy().escalation_working_days[DEPUTY], AT_LEAST)


def find_unreached(
    told: Sequence[ToldRung], people: Mapping[int, Person], policy: Policy, today: date
) -> frozenset[int]:
    """Those whom a ladder was to tell first and has tried for long enough in vain, or who do not want to be told,
    while nobody has heard."""
    if any(one.day is not None for one in told):
        return frozenset()
    declined = frozenset(one.contact_id for one in told if one.declined_on is not None)
    first: dict[int, date] = {}
    for one in told:
        if one.lost_on is not None and one.contact_id in people:
            first[one.contact_id] = min(one.lost_on, first.get(one.contact_id, one.lost_on))
    return declined | frozenset(
        contact_id
        for contact_id, since in first.items()
        if _has_passed(since, people[contact_id], find_patience(policy), today)
    )


def is_untold(told: Sequence[ToldRung]) -> bool:
    """Whether nobody was told, is about to be, or was tried: what is held until a pause ends counts for nothing."""
    return all(one.state is None and one.lost_on is None and one.declined_on is None for one in told)


def is_away_for_long(person: Person, since: date, policy: Policy, today: date) -> bool:
    """Whether what has waited for a person `since` then waits in a pause of theirs, and has done so for long enough."""
    return person.choices.is_paused(today) and _has_passed(since, person, find_patience(policy), today)


def _has_passed(since: date, person: Person, days: int, today: date) -> bool:
    return count_working_days(since, today, person.country, person.subdivision, days) >= days


def may_be_asked(person: Person, kind: NotificationKind, since: date, policy: Policy, today: date) -> bool:
    """Whether what has waited for a person `since` then may be asked of them: they want such messages, and are not away
    for long."""
    return not is_declined(person, kind) and not is_away_for_long(person, since, policy, today)


def explain_stand_in(
    asked: Person | None, told: Sequence[ToldRung], reader: Person, today: date, kind: NotificationKind
) -> dict[str, Any]:
    """The numbers that say for whom and why another person is asked; none where the reader is who is asked."""
    if asked is None or asked.id == reader.id:
        return {}
    return {"for": asked.reference, **_explain_absence(asked, told, today, kind)}


def _explain_absence(asked: Person, told: Collection[ToldRung], today: date, kind: NotificationKind) -> dict[str, Any]:
    if not asked.is_in_office(today):
        return {"because": str(Why.OUT_OF_OFFICE)}
    if not asked.ways:
        return {"because": str(Why.CHANNELS_OFF if asked.mail is not None else Why.NO_ADDRESS)}
    lost = [one for one in told if one.contact_id == asked.id and one.lost_on is not None]
    if lost:
        return {"because": str(lost[0].lost_by or Why.REFUSED), "lost": str(lost[0].lost_on)}
    if is_declined(asked, kind):
        return {"because": str(Why.UNSUBSCRIBED)}
    if asked.choices.is_paused(today):
        return {"because": str(Why.PAUSED), "until": str(asked.choices.paused_to)}
    return {}
