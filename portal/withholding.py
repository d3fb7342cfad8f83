"""What a file to take along does not tell of the people of other parties.

A file goes from hand to hand. How somebody is reached is for their own side to give away: so it stands in the files of
their own side alone, and of the people of others only those are named who have a part in the agreement. An address that
a file leaves out stays, whoever brings the file.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from commitments.agreement_form import AgreementForm, ContactForm
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
