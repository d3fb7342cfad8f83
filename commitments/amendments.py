"""What people decide about a commitment: another date, another owner, a step that was met. The first is kept."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from commitments.errors import RefusedChange
from commitments.events import KEPT
from commitments.filling import EARLIEST, LONGEST_LINE
from commitments.log import Author
from commitments.moved_dates import move_due
from commitments.references import find_agreement, find_commitment, find_contact, hold_commitment, hold_step
from commitments.rows import amend_row
from commitments.tables import agreement, commitment, commitment_owner, milestone, party
from commitments.vocabulary import CommitmentState, MilestoneState


def move_date(unit: Connection, author: Author, matter: str, due: date, today: date, why: str | None = None) -> None:
    """Give a commitment, or its milestone `agreement/commitment#milestone`, another date; the first one is kept.

    Raises NotFound for what the register does not know, and RefusedChange for a matter without a date, one that is
    settled, or a day that is not ahead.
    """
    if due <= today:
        raise RefusedChange(f"{due} is not after today ({today}); give a day to come")
    table, row, agreement_id = _hold(unit, matter)
    settled = row.met_on is not None if table is milestone else row.state != CommitmentState.ACTIVE
    if settled or row.due is None:
        raise RefusedChange(f"{matter} has no date that could be moved" if row.due is None else f"{matter} is settled")
    moved = move_due(row, due.isoformat())
    amend_row(unit, author, table, row, moved, matter, agreement_id, why=why[:LONGEST_LINE] if why else None)


def meet_milestone(unit: Connection, author: Author, matter: str, met_on: date, today: date, why: str | None) -> None:
    """Record that `agreement/commitment#milestone` was met on a day.

    Raises NotFound for what the register does not know, and RefusedChange for a day that lies ahead or a milestone
    that was met before.
    """
    if met_on > today:
        raise RefusedChange(f"{met_on} lies in the future; record the step once it is done")
    if met_on < EARLIEST:
        raise RefusedChange(f"{met_on} is before {EARLIEST.year}; check the year")
    table, row, agreement_id = _hold(unit, matter)
    if table is not milestone:
        raise RefusedChange(f"{matter} is no milestone; a milestone is named agreement/commitment#milestone")
    if row.met_on is not None:
        raise RefusedChange(f"{matter} was met on {row.met_on} already")
    met = {"state": str(MilestoneState.MET), "met_on": met_on.isoformat()}
    amend_row(unit, author, table, row, met, matter, agreement_id, why=why[:LONGEST_LINE] if why else None)


def hand_over(
    unit: Connection, author: Author, commitment_reference: str, party_reference: str, to: str, today: date
) -> tuple[int | None, int]:
    """Make another contact of the party its owner of `agreement/commitment`; returns the former and the new one's id.

    Raises NotFound for what the register does not know, and RefusedChange for a party that does not owe it, or a
    contact of another party, without an office today, or who owns it already.
    """
    row = find_commitment(unit, commitment_reference)
    person = find_contact(unit, to)
    owner = unit.execute(
        select(commitment_owner)
        .join(party, party.c.id == commitment_owner.c.party_id)
        .where(commitment_owner.c.commitment_id == row.id, party.c.reference == party_reference)
        .with_for_update()
    ).one_or_none()
    if owner is None:
        raise RefusedChange(f"{party_reference} does not owe {commitment_reference}")
    if person.party_id != owner.party_id:
        raise RefusedChange(f"{to} is no contact of {party_reference}; hand over to one of its own")
    if (person.valid_to or "9999") < today.isoformat()[: len(person.valid_to or "9999")]:
        raise RefusedChange(f"{to} is no longer in office since {person.valid_to}")
    if person.id == owner.contact_id:
        raise RefusedChange(f"{to} owns {commitment_reference} already")
    handed = {"contact_id": person.id, "handed_from_id": owner.handed_from_id or owner.contact_id}
    reference = f"{commitment_reference}/{party_reference}"
    amend_row(unit, author, commitment_owner, owner, handed, reference, row.agreement_id)
    return owner.contact_id, person.id


def keep_agreement(unit: Connection, author: Author, reference: str, until: date, why: str, today: date) -> None:
    """Leave an agreement as it is until the end of a day, though nothing happens under it; nobody is asked before.

    Raises NotFound for what the register does not know, and RefusedChange for a day that is not ahead.
    """
    if until <= today:
        raise RefusedChange(f"{until} is not after today ({today}); give a day to come")
    found = find_agreement(unit, reference)
    row = unit.execute(select(agreement).where(agreement.c.id == found.id).with_for_update()).one()
    kept = {"kept_on": today, "kept_until": until, "kept_why": why}
    amend_row(unit, author, agreement, row, kept, reference, row.id, action=KEPT, why=why[:LONGEST_LINE])


def _hold(unit: Connection, matter: str) -> tuple[Table, Row[Any], int]:
    """The row of a commitment or milestone, held until the unit ends, with its agreement."""
    name, _, step = matter.partition("#")
    row = hold_commitment(unit, name)
    if not step:
        return commitment, row, row.agreement_id
    return milestone, hold_step(unit, row, name, step), row.agreement_id
