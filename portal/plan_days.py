"""The days by which plans are to be confirmed where no such day is stated: by their date, or as the house has it."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, func, literal_column, or_, select

from commitments.assessment import find_confirm_day
from commitments.dates import PartialDate, add_months, parse_date, parse_stored
from commitments.facts import Agreement, Commitment, PartyPlace
from commitments.queries import load_policies
from commitments.tables import agreement, agreement_party, commitment, policy
from commitments.vocabulary import CommitmentKind, CommitmentState, Owed, PartyRole

_SIGNED = (
    select(func.max(agreement_party.c.signed))
    .where(agreement_party.c.agreement_id == agreement.c.id)
    .correlate(agreement)
    .scalar_subquery()
)
_ALIKE = (
    agreement.c.id.label("agreement_id"), agreement.c.reference, agreement.c.effective, agreement.c.designated,
    _SIGNED.label("signed"), commitment.c.due, commitment.c.period_from, commitment.c.period_to,
    commitment.c.registered_on,
)  # fmt: skip
"""What the day follows from, besides the sources of the agreement and the rules."""


def select_plans(gathered: ColumnElement[str]) -> Select[Any]:
    """The plans without a stated day, those alike together; to be narrowed to those that are wanted, and grouped."""
    # Written into the statement, as the index of plans is only of use where the kind is known beforehand.
    planned = literal_column(f"'{CommitmentKind.PLANNED}'", String)
    return select(*_ALIKE, gathered).where(commitment.c.kind == planned, commitment.c.confirm_by.is_(None))


def find_plan_days(reading: Connection, plans: Select[Any], first: date, last: date) -> Iterator[tuple[date, str, str]]:
    """Of these plans the days that lie in the span: the day, its text, and the ids gathered; three statements."""
    stated = policy.c.rules["confirm_within_months"].as_string().is_not(None)
    house, own = load_policies(reading, stated)
    months = [one.confirm_within_months for one in (house, *own.values())]
    began = func.coalesce(commitment.c.period_from, agreement.c.effective, _SIGNED, agreement.c.designated)
    years = (f"{add_months(first, -max(months)).year:04}", f"{add_months(last, -min(months)).year:04}")
    dated = func.coalesce(commitment.c.due, commitment.c.period_to)
    near = or_(
        func.substr(dated, 1, 4).between(f"{first.year:04}", f"{last.year:04}"),
        and_(dated.is_(None), or_(began.is_(None), func.substr(began, 1, 4).between(*years))),
    )
    rows = reading.execute(plans.where(near).group_by(*_ALIKE)).all()
    known = _load_sources(reading, [row.agreement_id for row in rows])
    for row in rows:
        day, text = find_confirm_day(
            _build(row, known.get(row.agreement_id)), _build_plan(row), own.get(row.reference, house)
        )
        if first <= day <= last:
            yield day, text, row.ids


def _load_sources(reading: Connection, ids: Sequence[int]) -> dict[int, PartialDate]:
    """The date of the earliest source of each agreement that has one."""
    rows = reading.execute(select(agreement.c.id, agreement.c.sources).where(agreement.c.id.in_(set(ids))))
    dated = {row.id: [parse_date(one["date"]) for one in row.sources if one.get("date")] for row in rows}
    return {one: min(dates) for one, dates in dated.items() if dates}


def _build(row: Any, stated_on: PartialDate | None) -> Agreement:
    signed = (PartyPlace(0, "", PartyRole.PARTY, parse_date(row.signed)),) if row.signed else ()
    return Agreement(
        row.agreement_id,
        row.reference,
        row.registered_on,
        signed,
        (),
        effective=parse_stored(row.effective),
        designated=parse_stored(row.designated),
        stated_on=stated_on,
    )


def _build_plan(row: Any) -> Commitment:
    return Commitment(
        0,
        "",
        "",
        CommitmentKind.PLANNED,
        CommitmentState.ACTIVE,
        Owed.JOINTLY,
        (),
        row.registered_on,
        due=parse_stored(row.due),
        period_from=parse_stored(row.period_from),
        period_to=parse_stored(row.period_to),
    )
