"""What people recorded where the next day had begun is known at once, to everybody.

A report of 27 November in Shanghai reaches Lisbon on the evening of the 26th. Days decide what is late; what has
happened is on record from the moment at which it was recorded, and until the reader's own 27 November begins it counts
as of the 26th.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain

from commitments.dates import PartialDate, as_partial
from commitments.facts import Agreement, Commitment


def take_as_known(agreement: Agreement, day: date) -> Agreement:
    """The agreement as it is known on a day: what is recorded as of the next one, somewhere east, is of this one."""
    if day == date.max:
        return agreement
    eastern = day + timedelta(days=1)
    if any(eastern in _list_days(one) for one in agreement.commitments):
        known = tuple(_take_commitment(one, eastern) for one in agreement.commitments)
        agreement = replace(agreement, commitments=known)
    if eastern not in _list_own_days(agreement):
        return agreement
    kept = agreement.kept
    return replace(
        agreement,
        other_activities=tuple(replace(one, held_on=_take(one.held_on, eastern)) for one in agreement.other_activities),
        submitted=tuple(replace(one, on=_take(one.on, eastern)) for one in agreement.submitted),
        kept=kept and replace(kept, on=_take_day(kept.on, eastern)),
    )


def list_recorded(agreement: Agreement) -> frozenset[date | None]:
    """The days on which something is recorded to have happened: before any other one nothing is known otherwise."""
    promised = (_list_days(one) for one in agreement.commitments)
    return frozenset(chain(_list_own_days(agreement), *promised))


def _list_own_days(agreement: Agreement) -> Iterable[date]:
    """The days on which something is recorded to have happened with the agreement itself."""
    for held in agreement.other_activities:
        yield held.held_on.first
    for submitted in agreement.submitted:
        yield submitted.on.first
    if agreement.kept is not None:
        yield agreement.kept.on


def _list_days(commitment: Commitment) -> Iterable[date | None]:
    """The days on which something is recorded to have happened with a commitment."""
    if commitment.state_on is not None:
        yield commitment.state_on.first
    if commitment.condition is not None and commitment.condition.met_on is not None:
        yield commitment.condition.met_on.first
    for step in commitment.milestones:
        yield step.met_on.first if step.met_on is not None else None
    for held in commitment.activities:
        yield held.held_on.first
    for measured in commitment.measurements:
        yield measured.measured_on.first
    for report in commitment.reports:
        yield report.reported_on
    for asked in commitment.asked:
        yield asked.asked_on
        yield asked.answered_on


def _take_commitment(one: Commitment, eastern: date) -> Commitment:
    return replace(
        one,
        state_on=_take_known(one.state_on, eastern),
        condition=one.condition
        and replace(one.condition, met_on=one.condition.met_on and _take(one.condition.met_on, eastern)),
        milestones=tuple(replace(step, met_on=_take_known(step.met_on, eastern)) for step in one.milestones),
        activities=tuple(replace(held, held_on=_take(held.held_on, eastern)) for held in one.activities),
        measurements=tuple(replace(each, measured_on=_take(each.measured_on, eastern)) for each in one.measurements),
        reports=tuple(replace(said, reported_on=_take_day(said.reported_on, eastern)) for said in one.reports),
        asked=tuple(
            replace(
                asked,
                asked_on=_take_day(asked.asked_on, eastern),
                answered_on=asked.answered_on and _take_day(asked.answered_on, eastern),
            )
            for asked in one.asked
        ),
    )


def _take_known(happened: PartialDate | None, eastern: date) -> PartialDate | None:
    return None if happened is None else _take(happened, eastern)


def _take(happened: PartialDate, eastern: date) -> PartialDate:
    return as_partial(eastern - timedelta(days=1)) if happened.first == eastern else happened


def _take_day(happened: date, eastern: date) -> date:
    return eastern - timedelta(days=1) if happened == eastern else happened
