"""Reads facts from the register, set-based: a fixed number of statements for any number of rows in a chunk."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from commitments.assembling import assemble_agreements
from commitments.chunks import Span
from commitments.dates import add_days, parse_date
from commitments.facts import Agreement
from commitments.policy import HOUSE, Policy, adapt_policy
from commitments.rewinding import Rewinder, load_later
from commitments.spans import ends_within
from commitments.tables import (
    activity_commitment,
    agreement_party,
    commitment,
    commitment_owner,
    contact,
    measurement,
    milestone,
    policy,
    progress_report,
)
from commitments.vocabulary import CommitmentKind, CommitmentState


def load_policies(reading: Connection, only: ColumnElement[bool] | None = None) -> tuple[Policy, Mapping[str, Policy]]:
    """The house's policy, and that of each agreement that has rules of its own, or of `only` some, by reference."""
    query = select(policy.c.scope, policy.c.rules)
    if only is not None:
        query = query.where(or_(policy.c.scope == HOUSE, only))
    rules = {row.scope: row.rules for row in reading.execute(query)}
    house = adapt_policy(Policy(), rules.pop(HOUSE, {}))
    return house, {scope: adapt_policy(house, own) for scope, own in rules.items()}


def select_dated_commitments(today: date, horizon: date) -> ColumnElement[bool]:
    """Which commitments may have a date between `today` and `horizon`: all that a reminder could be about."""
    low, high = today.isoformat(), horizon.isoformat()

    def ends_between(column: ColumnElement[Any]) -> ColumnElement[bool]:
        # Compared as text: a year's span ends on its last day, a month's on a day not after the 31st.
        return or_(
            (func.length(column) == 10) & column.between(low, high),
            (func.length(column) == 7) & column.between(low[:7], high[:7]),
            (func.length(column) == 4) & column.between(low[:4], high[:4]),
        )

    step = milestone.alias("step")
    coming_milestone = commitment.c.id.in_(select(step.c.commitment_id).where(ends_between(step.c.due)))
    dateless = (
        commitment.c.due.is_(None)
        & commitment.c.period_to.is_(None)
        & (commitment.c.kind != str(CommitmentKind.OPEN_ENDED))
    )
    return (commitment.c.state == str(CommitmentState.ACTIVE)) & or_(
        commitment.c.kind == str(CommitmentKind.RECURRING),
        ends_between(commitment.c.due),
        ends_between(commitment.c.period_to),
        ends_between(commitment.c.confirm_by),
        dateless,
        coming_milestone,
    )


def select_watched_commitments(today: date) -> ColumnElement[bool]:
    """Which commitments may call for a follow-up today, or show a sign of life: all but the plainly untroubled.

    Left out is a deliverable whose date lies ahead, with an owner in office on every side, under an agreement that no
    party has left, and nothing else on record: most of a large register on most days.
    """

    def has(table: Any, *where: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(table.c.commitment_id == commitment.c.id, *where).correlate(commitment)

    vacant = (
        exists()
        .where(commitment_owner.c.commitment_id == commitment.c.id)
        .where(
            or_(
                commitment_owner.c.contact_id.is_(None),
                commitment_owner.c.contact_id.in_(
                    select(contact.c.id).where(or_(contact.c.valid_from.is_not(None), contact.c.valid_to.is_not(None)))
                ),
            )
        )
        .correlate(commitment)
    )
    left = exists().where(
        agreement_party.c.agreement_id == commitment.c.agreement_id, agreement_party.c.ended.is_not(None)
    )
    return or_(
        commitment.c.kind != str(CommitmentKind.DELIVERABLE),
        commitment.c.due.is_(None),
        commitment.c.due <= today.isoformat(),  # as text: a year or month that has begun is not ahead
        vacant,
        left.correlate(commitment),
        has(milestone),
        has(activity_commitment),
        has(measurement),
        has(progress_report),
    )


def select_untroubled(today: date) -> ColumnElement[bool]:
    """Which commitments are on track or due soon by their date alone, unless their agreement has ended."""
    owned = exists().where(commitment_owner.c.commitment_id == commitment.c.id).correlate(commitment)
    begun = or_(commitment.c.period_from.is_(None), commitment.c.period_from <= today.isoformat())
    return and_(
        commitment.c.state == str(CommitmentState.ACTIVE),
        commitment.c.condition.is_(None),
        begun,
        owned,
        ~select_watched_commitments(today),
    )


@dataclass(frozen=True, slots=True)
class Untroubled:
    """The untroubled commitments of an agreement: how many, and the day of the nearest, if it is near."""

    number: int
    nearest: date | None


def count_untroubled(
    reading: Connection, span: Span, found: Collection[Agreement], today: date, near: int
) -> dict[int, Untroubled]:
    """By agreement what was left out of those that were found with all others; near is within so many days."""
    rows = reading.execute(
        select(commitment.c.agreement_id, func.count())
        .where(span.holds(commitment.c.agreement_id))
        .group_by(commitment.c.agreement_id)
    )
    totals: dict[int, int] = {agreement_id: number for agreement_id, number in rows}
    soon = reading.execute(
        select(commitment.c.agreement_id, commitment.c.due)
        .where(
            ends_within(commitment.c.due, today, add_days(today, near)),
            span.holds(commitment.c.agreement_id),
            select_untroubled(today),
        )
        .distinct()
    )
    nearest: dict[int, date] = {}
    for agreement_id, due in soon:
        last = parse_date(due).last
        nearest[agreement_id] = min(nearest.get(agreement_id, last), last)
    return {one.id: Untroubled(totals.get(one.id, 0) - len(one.commitments), nearest.get(one.id)) for one in found}


def load_agreements(
    reading: Connection,
    span: Span,
    *,
    only: ColumnElement[bool] | None = None,
    known_at: datetime | None = None,
) -> tuple[Agreement, ...]:
    """The facts of a span of agreements in order of id.

    `only` narrows the commitments (not the agreements); `known_at` leaves out what was recorded after that moment.
    """
    rewinder = Rewinder(load_later(reading, known_at)) if known_at is not None else None

    def fetch(subject: str, query: Select[Any]) -> Sequence[Any]:
        rows = reading.execute(query).all()
        return rewinder.rewind(subject, rows) if rewinder is not None else rows

    return assemble_agreements(fetch, span, only)
