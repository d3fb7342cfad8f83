"""Who was named as owner by another side and waits to be accepted by their own: who answers until then goes on."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, or_, select, update

from commitments.difference import Imported
from commitments.log import Author, Change, record_changes
from commitments.tables import agreement, commitment, commitment_owner, contact, party


def keep_acting(values: Mapping[str, Any], before: Any, waiting: Collection[int]) -> dict[str, Any]:
    """The columns of an owner that a file names, where `before` is on record: one of those `waiting` takes nobody's
    place who acts. Pure."""
    named, acting = values["contact_id"], before.contact_id if before is not None else None
    if named in waiting and acting is not None and acting not in waiting:
        return {"contact_id": acting, "handed_from_id": before.handed_from_id, "awaited_id": named}
    return {**values, "awaited_id": before.awaited_id if before is not None and named == acting else None}


def load_waiting_ids(reading: Connection) -> frozenset[int]:
    """All whom their own side has yet to accept: few, at any time."""
    return frozenset(reading.execute(select(contact.c.id).where(contact.c.proposed_by.is_not(None))).scalars())


def seat_awaited(unit: Connection, author: Author, contact_id: int, *, accepted: bool) -> None:
    """Make somebody owner of all for which they were waited for; or of nothing, where they were not accepted."""
    rows = unit.execute(
        select(
            commitment_owner,
            commitment.c.agreement_id,
            commitment.c.reference,
            party.c.reference.label("party"),
            agreement.c.reference.label("head"),
        )
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .join(party, party.c.id == commitment_owner.c.party_id)
        .where(commitment_owner.c.awaited_id == contact_id)
        .order_by(commitment_owner.c.id)
        .with_for_update(of=commitment_owner)
    ).all()
    for row in rows:
        values = {"awaited_id": None, **({"contact_id": contact_id, "handed_from_id": None} if accepted else {})}
        _write(unit, author, row, f"{row.head}/{row.reference}/{row.party}", values, author.why)


def _write(
    unit: Connection, author: Author, row: Any, reference: str, values: Mapping[str, Any], why: str | None
) -> None:
    changes = {name: (row._mapping[name], value) for name, value in values.items() if row._mapping[name] != value}
    unit.execute(update(commitment_owner).where(commitment_owner.c.id == row.id).values(**values))
    told = Change("amended", commitment_owner.name, row.id, reference[:300], row.agreement_id, changes, why)
    record_changes(unit, author, [told])


def load_waiting(reading: Connection, agreement_id: int) -> Sequence[Any]:
    """Who was named as owner under an agreement and waits to be accepted: name, reference, and those of the party."""
    named = (
        select(contact.c.id)
        .join(
            commitment_owner,
            or_(commitment_owner.c.contact_id == contact.c.id, commitment_owner.c.awaited_id == contact.c.id),
        )
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .where(commitment.c.agreement_id == agreement_id)
    )
    return _select_waiting(reading, contact.c.id.in_(named))


def load_waiting_of(reading: Connection, imported: Imported) -> Sequence[Any]:
    """The same of those whom a difference names as owners."""
    named = {
        one.changes[column][1]
        for one in imported.changes
        if one.subject == commitment_owner.name
        for column in ("contact", "awaited")
        if column in one.changes
    }
    return _select_waiting(reading, contact.c.reference.in_(named - {None}))


def _select_waiting(reading: Connection, which: Any) -> Sequence[Any]:
    return reading.execute(
        select(contact.c.name, contact.c.reference, party.c.names, party.c.reference.label("party"))
        .join(party, party.c.id == contact.c.party_id)
        .where(contact.c.proposed_by.is_not(None), which)
        .order_by(contact.c.id)
    ).all()
