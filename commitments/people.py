"""The contacts of a party as people change them: added, amended, given another role, their office ended."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from babel.core import Locale, UnknownLocaleError
from sqlalchemy import Connection, Row, or_, select, union, update

from commitments.database import insert_new
from commitments.dates import parse_date
from commitments.errors import RefusedChange
from commitments.facts import Person
from commitments.filling import LONGEST_LINE
from commitments.log import Author, Change, record_changes
from commitments.naming import make_readable
from commitments.references import find_contact, find_party
from commitments.tables import agreement, agreement_party, commitment, commitment_owner, contact, follow_up
from commitments.vocabulary import CommitmentState, ContactRole, FollowUpState
from commitments.zones import list_zones

NAME_LIMIT = LONGEST_LINE
UNSETTLED = (str(CommitmentState.ACTIVE), str(CommitmentState.ON_HOLD))
"""The states of what goes over with an office; what is settled stays with who settled it."""
_MAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class ContactFault(StrEnum):
    """What is missing or wrong in what was said of a contact; each belongs to one field."""

    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    OFFICE_TOO_LONG = "office_too_long"
    MAIL_MISSING = "mail_missing"
    MAIL_WRONG = "mail_wrong"
    MAIL_RESERVED = "mail_reserved"
    MAIL_OF_ANOTHER_SIDE = "mail_of_another_side"
    LANGUAGE_UNKNOWN = "language_unknown"
    ZONE_UNKNOWN = "zone_unknown"
    DATE_WRONG = "date_wrong"
    DAYS_CROSSED = "days_crossed"
    DEPUTY_UNKNOWN = "deputy_unknown"
    LAST_COORDINATOR = "last_coordinator"
    STILL_ANSWERS = "still_answers"


class ContactRefused(RefusedChange):
    """A contact that cannot be taken as it was filled in; carries every fault found."""

    def __init__(self, faults: Sequence[ContactFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.replace("_", " ") for fault in faults))


@dataclass(frozen=True, slots=True)
class Written:
    """A contact as a form says it; what is empty is as the party has it, or not known."""

    name: str
    office: str | None = None
    mail: str | None = None
    language: str | None = None
    time_zone: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    deputy: str | None = None
    role: ContactRole = ContactRole.OWNER


def check_contact(written: Written) -> list[ContactFault]:
    """Every fault of what was said of a contact. Pure."""
    faults = []
    if not written.name.strip():
        faults.append(ContactFault.NAME_MISSING)
    if len(written.name) > NAME_LIMIT:
        faults.append(ContactFault.NAME_TOO_LONG)
    if len(written.office or "") > NAME_LIMIT:
        faults.append(ContactFault.OFFICE_TOO_LONG)
    if not written.mail:
        faults.append(ContactFault.MAIL_MISSING)
    elif len(written.mail) > 254 or not _MAIL.fullmatch(written.mail):
        faults.append(ContactFault.MAIL_WRONG)
    if written.language and not is_language(written.language):
        faults.append(ContactFault.LANGUAGE_UNKNOWN)
    if written.time_zone and written.time_zone not in list_zones():
        faults.append(ContactFault.ZONE_UNKNOWN)
    try:
        first = parse_date(written.valid_from) if written.valid_from else None
        last = parse_date(written.valid_to) if written.valid_to else None
    except ValueError:
        faults.append(ContactFault.DATE_WRONG)
    else:
        if first is not None and last is not None and last.last < first.first:
            faults.append(ContactFault.DAYS_CROSSED)
    return faults


def is_language(text: str) -> bool:
    """Whether it is the code of a language in which something can be written."""
    if not _LANGUAGE.fullmatch(text):
        return False
    try:
        Locale.parse(text.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return False
    return True


def add_contact(unit: Connection, author: Author, party_reference: str, written: Written) -> str:
    """Add a contact to a party; gives the reference made of their name.

    Raises ContactRefused with every fault, and NotFound for a party that is not known.
    """
    party_id = find_party(unit, party_reference).id
    deputy_id, faults = _find_deputy(unit, party_id, written)
    faults += check_contact(written)
    if faults:
        raise ContactRefused(faults)
    wish = f"{party_reference}.{make_readable(written.name) or 'contact'}"[:70].rstrip("-.")
    row = {
        "party_id": party_id,
        **_as_row(written, deputy_id),
        "role": str(written.role),
        "channels": {"mail": written.mail},
    }
    reference, number = wish, 2
    while not (made := insert_new(unit, contact, [{**row, "reference": reference}])):
        reference, number = f"{wish}-{number}", number + 1
    changes = {name: (None, value) for name, value in row.items() if value is not None}
    record_changes(unit, author, [Change("registered", contact.name, made[0].id, reference, None, changes)])
    return reference


def amend_contact(unit: Connection, author: Author, reference: str, written: Written) -> bool:
    """Write a contact anew as the form says; their other channels stay. Tells whether anything was changed.

    Raises ContactRefused with every fault, and NotFound for a contact that is not known.
    """
    row = _hold(unit, reference)
    deputy_id, faults = _find_deputy(unit, row.party_id, written, own=row.id)
    faults += check_contact(written)
    if faults:
        raise ContactRefused(faults)
    values = _as_row(written, deputy_id) | {"channels": {**row.channels, "mail": written.mail}}
    if written.role != row.role:
        values |= {"role": str(written.role), "filed_role": row.filed_role or row.role}
    changes = {name: (row._mapping[name], value) for name, value in values.items() if row._mapping[name] != value}
    if not changes:
        return False
    unit.execute(update(contact).where(contact.c.id == row.id).values(**values))
    record_changes(unit, author, [Change("amended", contact.name, row.id, reference, None, changes)])
    return True


def set_zone(unit: Connection, author: Author, reference: str, zone: str | None) -> bool:
    """Give a contact a time zone of their own, or None for that of their party. Tells whether it is another one.

    Raises ContactRefused for a zone that is not known, and NotFound for a contact that is not.
    """
    if zone is not None and zone not in list_zones():
        raise ContactRefused([ContactFault.ZONE_UNKNOWN])
    row = _hold(unit, reference)
    if row.time_zone == zone:
        return False
    unit.execute(update(contact).where(contact.c.id == row.id).values(time_zone=zone))
    changes = {"time_zone": (row.time_zone, zone)}
    record_changes(unit, author, [Change("amended", contact.name, row.id, reference, None, changes)])
    return True


def give_role(unit: Connection, person: Person, role: ContactRole) -> Change | None:
    """Give a contact another role, which a file that still says the former one does not take back; None if they
    have it."""
    row = _hold(unit, person.reference)
    if row.role == role:
        return None
    values = {"role": str(role), "filed_role": row.filed_role or row.role}
    unit.execute(update(contact).where(contact.c.id == row.id).values(**values))
    changes = {name: (row._mapping[name], value) for name, value in values.items()}
    return Change("amended", contact.name, row.id, person.reference, None, changes)


def end_office(unit: Connection, person: Person, last_day: date) -> Change | None:
    """Make this the last day of a contact's office; None if it is already.

    Raises RefusedChange for a day before the office began.
    """
    if person.valid_from is not None and last_day < person.valid_from.first:
        raise RefusedChange(f"{person.reference} came into office on {person.valid_from}; give a later day")
    row = _hold(unit, person.reference)
    if row.valid_to == last_day.isoformat():
        return None
    unit.execute(update(contact).where(contact.c.id == row.id).values(valid_to=last_day.isoformat()))
    changes = {"valid_to": (row.valid_to, last_day.isoformat())}
    return Change("amended", contact.name, row.id, person.reference, None, changes)


def _hold(unit: Connection, reference: str) -> Row[Any]:
    found = find_contact(unit, reference)
    return unit.execute(select(contact).where(contact.c.id == found.id).with_for_update()).one()


def _as_row(written: Written, deputy_id: int | None) -> dict[str, Any]:
    return {
        "name": written.name.strip(),
        "office": written.office,
        "language": written.language,
        "time_zone": written.time_zone,
        "valid_from": str(parse_date(written.valid_from)) if written.valid_from else None,
        "valid_to": str(parse_date(written.valid_to)) if written.valid_to else None,
        "deputy_id": deputy_id,
    }


def find_agreements_around(reading: Connection, ids: Collection[int]) -> list[int]:
    """The agreements in which it may matter who these contacts are today, one statement.

    Those under which they own something unsettled or are asked; of coordinators also those of their party under which
    a coordinator is asked, or nobody.
    """
    owned = (
        select(commitment.c.agreement_id)
        .join(commitment_owner, commitment_owner.c.commitment_id == commitment.c.id)
        .where(commitment_owner.c.contact_id.in_(ids), commitment.c.state.in_(UNSETTLED))
    )
    is_open = follow_up.c.state == str(FollowUpState.OPEN)
    asked = select(follow_up.c.agreement_id).where(follow_up.c.assignee_id.in_(ids), is_open)
    coordinating = (contact.c.id.in_(ids)) & (contact.c.role == str(ContactRole.COORDINATOR))
    parties = select(contact.c.party_id).where(coordinating)
    asked_now = contact.alias()
    passed_on = (
        select(follow_up.c.agreement_id)
        .join(agreement_party, agreement_party.c.agreement_id == follow_up.c.agreement_id)
        .outerjoin(asked_now, asked_now.c.id == follow_up.c.assignee_id)
        .where(
            agreement_party.c.party_id.in_(parties),
            is_open,
            or_(follow_up.c.assignee_id.is_(None), asked_now.c.role == str(ContactRole.COORDINATOR)),
        )
    )
    named = union(owned, asked, passed_on).subquery()
    rows = reading.execute(
        select(agreement.c.id)
        .where(agreement.c.id.in_(select(named.c.agreement_id)), agreement.c.ended.is_(None))
        .order_by(agreement.c.id)
    )
    return list(rows.scalars())


def _find_deputy(
    unit: Connection, party_id: int, written: Written, own: int | None = None
) -> tuple[int | None, list[ContactFault]]:
    """The deputy, another contact of the same party."""
    if not written.deputy:
        return None, []
    found = unit.execute(
        select(contact.c.id).where(
            contact.c.reference == written.deputy,
            contact.c.party_id == party_id,
            contact.c.role != str(ContactRole.LEADER),
        )
    ).scalar_one_or_none()
    return (None, [ContactFault.DEPUTY_UNKNOWN]) if found is None or found == own else (found, [])
