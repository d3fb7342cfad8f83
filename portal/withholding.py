"""What a file to take along does not tell of the people of other parties, and how it is put back when it is brought.

A file goes from hand to hand. How somebody is reached is for their own side to give away: so it stands in the files of
their own side alone, and of the people of others only those are named who have a part in the agreement.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, select

from commitments.agreement_form import AgreementForm, ContactForm
from commitments.difference import in_chunks
from commitments.tables import contact, party
from commitments.vocabulary import ContactRole
from portal.roles import Role, Viewer


def withhold(form: AgreementForm, viewer: Viewer) -> AgreementForm:
    """The agreement as its file for this person: an administrator's is whole. Pure."""
    if viewer.role is Role.ADMINISTRATOR:
        return form
    named = {owner.contact for promise in form.commitments for owner in promise.owners}
    named |= {report.contact for promise in form.commitments for report in promise.reports}
    parties = [
        one
        if one.reference == viewer.party
        else one.model_copy(update={"contacts": _list_taking_part(one.contacts, named)})
        for one in form.parties
    ]
    return form.model_copy(update={"parties": parties})


def _list_taking_part(people: Sequence[ContactForm], named: AbstractSet[str | None]) -> list[ContactForm]:
    taking = {one.reference for one in people if one.reference in named or one.role == ContactRole.COORDINATOR}
    taking |= {one.deputy for one in people if one.reference in taking and one.deputy}
    return [one.model_copy(update={"channels": {}}) for one in people if one.reference in taking]


def put_back(reading: Connection, viewer: Viewer, form: AgreementForm) -> AgreementForm:
    """The agreement of a file, with the addresses that were left out of it: those of the register stay as they are."""
    if viewer.role is Role.ADMINISTRATOR:
        return form
    bare = [
        one.reference
        for holder in form.parties
        if holder.reference != viewer.party
        for one in holder.contacts
        if not one.channels
    ]
    known: dict[tuple[str, str], object] = {}
    for some in in_chunks(bare):
        rows = reading.execute(
            select(contact.c.reference, contact.c.channels, party.c.reference.label("party"))
            .join(party, party.c.id == contact.c.party_id)
            .where(contact.c.reference.in_(some))
        )
        known |= {(row.party, row.reference): row.channels for row in rows if row.channels}

    def complete(holder: str, one: ContactForm) -> ContactForm:
        channels = known.get((holder, one.reference))
        return one.model_copy(update={"channels": channels}) if channels and not one.channels else one

    parties = [
        one
        if one.reference == viewer.party
        else one.model_copy(update={"contacts": [complete(one.reference, person) for person in one.contacts]})
        for one in form.parties
    ]
    return form.model_copy(update={"parties": parties}) if known else form
