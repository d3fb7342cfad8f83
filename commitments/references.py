"""Finds what a person names by its reference; what is not there is NotFound, with the nearest that is."""

from typing import Any

from rapidfuzz import process
from sqlalchemy import Connection, Row, Table, select

from commitments.errors import NotFound
from commitments.tables import agreement, commitment, contact, milestone, party


def find_agreement(reading: Connection, reference: str) -> Row[Any]:
    """The agreement's row; NotFound, with the nearest reference, if there is none."""
    return _find(reading, agreement, reference)


def find_party(reading: Connection, reference: str) -> Row[Any]:
    """The party's row; NotFound, with the nearest reference, if there is none."""
    return _find(reading, party, reference)


def find_contact(reading: Connection, reference: str) -> Row[Any]:
    """The contact's row; NotFound, with the nearest reference, if there is none."""
    return _find(reading, contact, reference)


def find_commitment(reading: Connection, reference: str) -> Row[Any]:
    """The row of `agreement/commitment`; NotFound, with the nearest reference, if there is none."""
    agreement_part, slash, own_part = reference.partition("/")
    if not slash:
        raise NotFound(f"{reference!r} is no commitment; a commitment is named agreement/commitment")
    agreement_id = find_agreement(reading, agreement_part).id
    own = commitment.c.agreement_id == agreement_id
    row = reading.execute(select(commitment).where(own, commitment.c.reference == own_part)).one_or_none()
    if row is None:
        choices = reading.execute(select(commitment.c.reference).where(own)).scalars().all()
        near = suggest_reference(own_part, choices, prefix=f"{agreement_part}/")
        raise NotFound(f"the agreement {agreement_part} has no commitment {own_part!r}{near}")
    return row


def hold_commitment(unit: Connection, reference: str) -> Row[Any]:
    """The same, held until the unit ends, so that two who act at once take turns."""
    found = find_commitment(unit, reference)
    return unit.execute(select(commitment).where(commitment.c.id == found.id).with_for_update()).one()


def hold_step(unit: Connection, held: Row[Any], name: str, step: str) -> Row[Any]:
    """The row of a milestone of a commitment of that name, held as well; NotFound if there is none."""
    own = (milestone.c.commitment_id == held.id) & (milestone.c.reference == step)
    found = unit.execute(select(milestone).where(own).with_for_update()).one_or_none()
    if found is None:
        raise NotFound(f"the commitment {name} has no milestone {step!r}")
    return found


def suggest_reference(found: str, choices: Any, prefix: str = "") -> str:
    """The end of a sentence: `; did you mean 'leeds'?`, or nothing."""
    near = process.extractOne(found, list(choices), score_cutoff=60)
    return f"; did you mean {prefix + near[0]!r}?" if near else ""


def _find(reading: Connection, table: Table, reference: str) -> Row[Any]:
    row = reading.execute(select(table).where(table.c.reference == reference)).one_or_none()
    if row is None:
        choices = reading.execute(select(table.c.reference)).scalars()
        near = suggest_reference(reference, choices)
        raise NotFound(f"the register knows no {table.name} {reference!r}{near}")
    return row
