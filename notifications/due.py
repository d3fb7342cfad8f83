"""Finds every notice that is due in a part of the register: reminders before dates, and the rungs of follow-ups."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, or_

from commitments.chunks import Span
from commitments.dates import add_days
from commitments.days import find_days
from commitments.facts import Agreement, Standing
from commitments.queries import load_agreements, select_dated_commitments
from commitments.reconcile import Rules, judge
from commitments.tables import commitment, follow_up
from notifications.candidates import Candidate
from notifications.ladders import load_ladders
from notifications.reminders import DAYS_EARLIER, find_prospects, find_reminders, load_told_reminders
from notifications.rungs import find_rungs, load_follow_ups


def find_candidates(reading: Connection, span: Span, rules: Rules, now: datetime, today: date) -> Iterator[Candidate]:
    """Every notice of a span that is due and not told yet, with the rungs passed over on the way."""
    within = follow_up.c.agreement_id.between(span.first, span.last)
    days = find_days(rules.people, now, today)
    waiting = load_follow_ups(reading, within, days.latest)
    ladders = load_ladders(reading, within, rules.people)
    told = load_told_reminders(reading, span, today)
    agreements = _load_concerned(reading, span, rules, waiting, today)
    current: dict[str, Standing] = {}
    for agreement in agreements:
        standings, prospects = find_prospects(agreement, judge(agreement, rules, days), rules, today)
        current |= standings
        yield from find_reminders(prospects, told, days)
    yield from find_rungs({one.id: one for one in agreements}, waiting, ladders, current, rules, days)


def _load_concerned(
    reading: Connection, span: Span, rules: Rules, waiting: Sequence[Any], today: date
) -> Sequence[Agreement]:
    """The agreements with those commitments of which something may be told today."""
    stale = [row.commitment_id for row in waiting if row.commitment_id is not None and row.opened_on < today]
    lead = max(
        (max(policy.lead_days, default=0) for policy in (rules.house, *rules.own.values())),
        default=0,
    )
    only = select_dated_commitments(add_days(today, -DAYS_EARLIER), add_days(today, lead + 1))
    if stale:
        only = or_(only, commitment.c.id.in_(stale))
    return load_agreements(reading, span, only=only)
