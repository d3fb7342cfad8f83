"""The confirmations that are asked of the parties, read from the register and written to it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, exists, or_, select, update

from commitments.confirmations import Owing, find_confirmers, is_concerned
from commitments.followups import group_people
from commitments.log import Author, Change, record_changes
from commitments.person_queries import load_people
from commitments.queries import load_policies
from commitments.tables import (
    agreement,
    agreement_party,
    commitment_owner,
    confirmation,
    contact,
    party,
    policy,
    progress_report,
)
from commitments.vocabulary import ConfirmationState, ContactRole, Owed


def load_confirmers(reading: Connection, promise: Row[Any], reporter: int, today: date) -> tuple[int, ...]:
    """The parties that are asked if `reporter` says now that the promise is kept; none while another is yet to say so.

    The promise is a row of the register. A fixed number of statements.
    """
    owners: list[Owing] = [
        (row.party_id, row.contact_id)
        for row in reading.execute(
            select(commitment_owner.c.party_id, commitment_owner.c.contact_id)
            .where(commitment_owner.c.commitment_id == promise.id)
            .order_by(commitment_owner.c.position, commitment_owner.c.id)
        )
    ]
    if not is_settled_by(reading, promise, [one for one, _ in owners], reporter):
        return ()
    places = reading.execute(
        select(agreement_party.c.party_id, agreement_party.c.role, agreement_party.c.ended, agreement.c.reference)
        .join(agreement, agreement.c.id == agreement_party.c.agreement_id)
        .where(agreement_party.c.agreement_id == promise.agreement_id)
        .order_by(agreement_party.c.position)
    ).all()
    bound = [row.party_id for row in places if is_concerned(row.role, row.ended, today)]
    house, own = load_policies(reading, policy.c.scope.in_([row.reference for row in places[:1]]))
    rules = next(iter(own.values()), house)
    speaking = or_(
        contact.c.role == str(ContactRole.COORDINATOR), contact.c.id.in_([one for _, one in owners if one is not None])
    )
    concerned = sorted({*bound, *(one for one, _ in owners)})
    people = load_people(reading, only=contact.c.party_id.in_(concerned) & speaking, with_choices=False)
    coordinators = group_people(people.values(), ContactRole.COORDINATOR)
    return find_confirmers(rules, Owed(promise.owed), owners, reporter, bound, people, coordinators, today)


def find_asked(reading: Connection, promise: Row[Any]) -> dict[int, tuple[int, bool]]:
    """By party who has reported what it was asked to confirm, and whether it still is: of reports that stand, by those
    that neither were sent back nor ask no more."""
    rows = reading.execute(
        select(confirmation.c.party_id, confirmation.c.state, progress_report.c.party_id.label("reporter_id"))
        .join(progress_report, progress_report.c.id == confirmation.c.report_id)
        .where(
            progress_report.c.commitment_id == promise.id,
            progress_report.c.withdrawn_on.is_(None),
            confirmation.c.state.in_([str(ConfirmationState.ASKED), str(ConfirmationState.CONFIRMED)]),
        )
        .order_by(confirmation.c.id)
    )
    return {row.party_id: (row.reporter_id, row.state == ConfirmationState.ASKED) for row in rows}


def is_settled_by(reading: Connection, promise: Row[Any], owing: Sequence[int], reporter: int) -> bool:
    """Whether the promise counts as kept once `reporter` says so: where each owes it, when all others have.

    What was sent back or taken back counts no more.
    """
    if promise.owed != Owed.EACH:
        return True
    sent_back = exists().where(
        confirmation.c.report_id == progress_report.c.id, confirmation.c.state == str(ConfirmationState.RETURNED)
    )
    said = select(progress_report.c.party_id).where(
        progress_report.c.commitment_id == promise.id,
        progress_report.c.fulfilled,
        progress_report.c.withdrawn_on.is_(None),
        ~sent_back,
    )
    return not {one for one in owing if one != reporter} - set(reading.execute(said).scalars())


def withdraw_asked(unit: Connection, author: Author, name: str, promise: Row[Any], today: date) -> None:
    """Ask nobody any more to confirm `agreement/commitment`: it is open again, or decided otherwise."""
    asked = unit.execute(
        select(confirmation, progress_report.c.reference.label("report"), party.c.reference.label("party"))
        .join(progress_report, progress_report.c.id == confirmation.c.report_id)
        .join(party, party.c.id == confirmation.c.party_id)
        .where(progress_report.c.commitment_id == promise.id, confirmation.c.state == str(ConfirmationState.ASKED))
        .order_by(confirmation.c.id)
    ).all()
    ended = {"state": str(ConfirmationState.WITHDRAWN), "answered_on": today}
    for one in asked:
        unit.execute(update(confirmation).where(confirmation.c.id == one.id).values(**ended))
        changes = {column: (one._mapping[column], value) for column, value in ended.items()}
        reference = f"{name}/{one.report}/{one.party}"[:300]
        told = Change("amended", "confirmation", one.id, reference, promise.agreement_id, changes, author.why)
        record_changes(unit, author, [told])
