"""How far a file reaches: beyond its own agreement, into each in which its people act and its activities count."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import Connection, select

from commitments.difference import Imported, in_chunks
from commitments.handing_over import reconcile_agreements
from commitments.people import find_agreements_around
from commitments.reconcile import Reconciled
from commitments.references import find_agreement
from commitments.tables import activity, activity_commitment, agreement, commitment, contact


def reconcile_reached(
    unit: Connection, imports: Iterable[Imported], now: datetime, today: date, *, but: Collection[str] = ()
) -> Reconciled:
    """Reconcile, within the unit of an import, every agreement that may stand otherwise by it; `but` those that are
    left to the next look, by reference."""
    reached: set[int] = set()
    for one in imports:
        reached |= {find_agreement(unit, one.reference).id, *_find_reached(unit, one)}
    for some in in_chunks(sorted(but)) if but else ():
        left = select(agreement.c.id).where(agreement.c.reference.in_(some))
        reached -= set(unit.execute(left).scalars())
    return reconcile_agreements(unit, sorted(reached), now, today) if reached else Reconciled()


def _find_reached(reading: Connection, imported: Imported) -> set[int]:
    """By the people that it changed and by what counts where; three statements at most, whatever their number."""
    changed: dict[str, list[int]] = {}
    for one in imported.changes:
        changed.setdefault(one.subject, []).append(one.row_id)
    reached: set[int] = set()
    for ids in in_chunks(changed.get(contact.name, [])):
        reached |= set(find_agreements_around(reading, ids)) if ids else set()
    counting = select(commitment.c.agreement_id).join(
        activity_commitment, activity_commitment.c.commitment_id == commitment.c.id
    )
    for subject, column in (
        (activity.name, activity_commitment.c.activity_id),
        (activity_commitment.name, activity_commitment.c.id),
    ):
        for ids in in_chunks(changed.get(subject, [])):
            reached |= set(reading.execute(counting.where(column.in_(ids)).distinct()).scalars()) if ids else set()
    return reached
