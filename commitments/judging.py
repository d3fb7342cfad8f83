"""How some agreements stand, without reading whole each commitment of which nothing is to be said but its date.

Most of a large register is untroubled: a deliverable whose date lies ahead, with an owner in office on every side and
nothing else on record. It is on track or due soon by its date alone; so these are counted by their dates, and only the
next one of an agreement is judged as the others are, since it may be what the agreement is told by.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, or_, select

from commitments.assessment import is_ended, is_soon
from commitments.chunks import Span
from commitments.dates import parse_date
from commitments.facts import Agreement, Standing
from commitments.policy import Policy
from commitments.queries import load_agreements, select_untroubled
from commitments.reconcile import Rules, assess
from commitments.tables import commitment
from commitments.urgency import stand_with_steps
from commitments.vocabulary import StandingState


@dataclass(frozen=True, slots=True)
class Judged:
    """An agreement with its standings but those of untroubled commitments, and how many commitments stand how in all.

    The worst of the standings is the agreement's worst.
    """

    facts: Agreement
    standings: tuple[Standing, ...]
    counts: Mapping[StandingState, int]


@dataclass(frozen=True, slots=True)
class _Untroubled:
    """The untroubled commitments of an agreement that are due by the same date; `first` is the id of one of them."""

    due: date
    number: int
    first: int


def judge_agreements(reading: Connection, ids: Collection[int], rules: Rules, today: date) -> dict[int, Judged]:
    """How these agreements stand today, by id; the statements do not grow with their number, at least one."""
    span = Span.over(ids)
    untroubled = _count_untroubled(reading, span, today)
    nearest = {one: min(dates, key=lambda dated: (dated.due, dated.first)) for one, dates in untroubled.items()}
    read = or_(~select_untroubled(today), commitment.c.id.in_([one.first for one in nearest.values()]))
    judged = {}
    for one in load_agreements(reading, span, only=read):
        standings = tuple(assess(one, rules, today))
        counts = Counter(each.state for each in stand_with_steps(standings))
        for dated in untroubled.get(one.id, ()):
            counts[_stand(one, dated.due, rules.policy_of(one), today)] += dated.number - (dated == nearest[one.id])
        judged[one.id] = Judged(one, standings, +counts)
    return judged


def _count_untroubled(reading: Connection, span: Span, today: date) -> dict[int, list[_Untroubled]]:
    counted = (
        select(
            commitment.c.agreement_id,
            commitment.c.due,
            func.count().label("number"),
            func.min(commitment.c.id).label("first"),
        )
        .where(span.holds(commitment.c.agreement_id), select_untroubled(today))
        .group_by(commitment.c.agreement_id, commitment.c.due)
    )
    found: dict[int, list[_Untroubled]] = {}
    for row in reading.execute(counted):
        one = _Untroubled(parse_date(row.due).last, row.number, row.first)
        found.setdefault(row.agreement_id, []).append(one)
    return found


def _stand(agreement: Agreement, due: date, policy: Policy, today: date) -> StandingState:
    if is_ended(agreement, today):
        return StandingState.SETTLED
    return StandingState.DUE_SOON if is_soon(due, policy, today) else StandingState.ON_TRACK
