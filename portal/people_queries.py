"""Finds the contacts of a party, and what has no living owner: a fixed number of statements whatever the register."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from commitments.dates import parse_date
from commitments.facts import Person
from commitments.people import UNSETTLED
from commitments.person_queries import load_people
from commitments.policy import HOUSE
from commitments.tables import (
    agreement,
    agreement_party,
    channel_state,
    commitment,
    commitment_owner,
    contact,
    follow_up,
    party,
)
from commitments.vocabulary import ContactRole, FollowUpState, PartyRole
from portal.roles import Role, Viewer, select_begun_parties, select_visible_agreements

PAGE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """One contact with what names them; `row` is that of the register."""

    row: Any
    person: Person
    owned: int
    asked: int


@dataclass(frozen=True, slots=True)
class Orphan:
    """A place in a commitment for which nobody living answers."""

    row: Any
    """owner_id, id, summary, summaries, quote, reference, due, agreement_reference, title, party_id, contact_id."""
    former: Person | None
    """Who is named, but is no longer in office or cannot be reached; none where nobody is named."""


def load_managed_parties(reading: Connection, viewer: Viewer) -> list[Any]:
    """The parties whose people the viewer sees: their own, and those to which they may add the first; for an
    administrator all that have contacts as well. The house is none: it stands for administrators who are no contacts.
    """
    own = or_(party.c.id == viewer.person.party_id, party.c.id.in_(select_begun_parties(viewer)))
    if viewer.role is Role.ADMINISTRATOR:
        own = or_(own, party.c.id.in_(select(contact.c.party_id)))
    query = select(party.c.id, party.c.reference, party.c.names).where(own, party.c.reference != HOUSE)
    return list(reading.execute(query))


def find_addable_party(reading: Connection, viewer: Viewer, reference: str) -> Any | None:
    """The party, if the viewer may add people to it; None for any other one, as if it were not there."""
    query = select(party.c.id, party.c.reference, party.c.names).where(party.c.reference == reference)
    row = reading.execute(query).one_or_none()
    return row if row is not None and (viewer.speaks_for(row.id) or begins(reading, viewer, row.id)) else None


def begins(reading: Connection, viewer: Viewer, party_id: int) -> bool:
    """Whether the viewer may add the first people of this party, which is not theirs."""
    query = select_begun_parties(viewer).where(party.c.id == party_id, party.c.id != viewer.person.party_id)
    return reading.execute(query).first() is not None


def load_begun(reading: Connection, viewer: Viewer) -> frozenset[int]:
    """The ids of the parties whose first people the viewer may add, though they are not of their own side."""
    return frozenset(reading.execute(select_begun_parties(viewer)).scalars())


def load_begun_under(reading: Connection, viewer: Viewer, agreement_id: int) -> list[Any]:
    """The parties of an agreement whose first people the viewer may add: reference, names."""
    joined = select(agreement_party.c.party_id).where(
        agreement_party.c.agreement_id == agreement_id, agreement_party.c.ended.is_(None)
    )
    query = select(party.c.reference, party.c.names).where(
        party.c.id.in_(select_begun_parties(viewer)), party.c.id.in_(joined), party.c.id != viewer.person.party_id
    )
    return list(reading.execute(query.order_by(party.c.reference)))


def load_staff(reading: Connection, party_id: int) -> list[Any]:
    """Everybody of a party: name, role, valid_to."""
    query = select(contact.c.name, contact.c.role, contact.c.valid_to).where(contact.c.party_id == party_id)
    return list(reading.execute(query.order_by(contact.c.name, contact.c.id)))


def find_last_agreement(reading: Connection, viewer: Viewer, party_id: int) -> Any | None:
    """The agreement that a party joined last, of those that the viewer sees: reference, title."""
    return reading.execute(
        select(agreement.c.reference, agreement.c.title)
        .join(agreement_party, agreement_party.c.agreement_id == agreement.c.id)
        .where(agreement_party.c.party_id == party_id, agreement.c.id.in_(select_visible_agreements(viewer)))
        .order_by(agreement_party.c.id.desc())
        .limit(1)
    ).one_or_none()


def load_contacts(reading: Connection, party_id: int | None, page: int) -> tuple[list[Listed], int]:
    """A page of a party's contacts, or without one of everybody, those in office first, and how many there are."""
    listed = contact.c.party_id == party_id if party_id is not None else true()
    total = reading.execute(select(func.count()).select_from(contact).where(listed)).scalar_one()
    rows = reading.execute(
        select(contact)
        .where(listed)
        .order_by(contact.c.valid_to.is_not(None), contact.c.name, contact.c.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    ).all()
    ids = [row.id for row in rows]
    people = load_people(reading, only=contact.c.id.in_(ids))
    owned, asked = count_matters(reading, ids)
    return [Listed(row, people[row.id], owned.get(row.id, 0), asked.get(row.id, 0)) for row in rows], total


def count_matters(reading: Connection, ids: Sequence[int]) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """How many unsettled commitments each owns, and how many open questions wait for each."""
    owned = reading.execute(
        select(commitment_owner.c.contact_id, func.count())
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .where(commitment_owner.c.contact_id.in_(ids), commitment.c.state.in_(UNSETTLED), agreement.c.ended.is_(None))
        .group_by(commitment_owner.c.contact_id)
    ).all()
    asked = reading.execute(
        select(follow_up.c.assignee_id, func.count())
        .where(follow_up.c.assignee_id.in_(ids), follow_up.c.state == str(FollowUpState.OPEN))
        .group_by(follow_up.c.assignee_id)
    ).all()
    return dict(map(tuple, owned)), dict(map(tuple, asked))


def find_contact_of(reading: Connection, viewer: Viewer, reference: str) -> Any | None:
    """The row of a contact whom the viewer may change; None for anybody else's."""
    query = select(contact).where(contact.c.reference == reference)
    if viewer.role is not Role.ADMINISTRATOR:
        query = query.where(contact.c.party_id == viewer.person.party_id)
    return reading.execute(query).one_or_none()


def is_known_elsewhere(reading: Connection, party_id: int, mail: str | None) -> bool:
    """Whether somebody of another party has this mail address."""
    same = func.lower(contact.c.channels["mail"].as_string()) == (mail or "").strip().lower()
    return (
        reading.execute(select(contact.c.id).where(same, contact.c.party_id != party_id).limit(1)).first() is not None
    )


def load_namesakes(reading: Connection, row: Any) -> list[str]:
    """The names of the others of the same party who have the same mail address."""
    mail = str((row.channels or {}).get("mail") or "").lower()
    if not mail:
        return []
    same = func.lower(contact.c.channels["mail"].as_string()) == mail
    query = select(contact.c.name).where(same, contact.c.id != row.id, contact.c.party_id == row.party_id)
    return list(reading.execute(query.order_by(contact.c.name)).scalars())


def load_successors(
    reading: Connection, party_id: int, today: date, besides: int | None = None
) -> list[tuple[Person, str]]:
    """Who can take over: the party's contacts in office who are no leaders, with their names."""
    people = load_people(reading, only=contact.c.party_id == party_id)
    names = dict(
        map(tuple, reading.execute(select(contact.c.id, contact.c.name).where(contact.c.party_id == party_id)).all())
    )
    able = [
        one
        for one in people.values()
        if one.id != besides and one.role is not ContactRole.LEADER and one.is_in_office(today)
    ]
    able.sort(key=lambda one: (not one.ways, names[one.id]))
    return [(one, names[one.id]) for one in able]


def load_orphans(
    reading: Connection, viewer: Viewer, today: date, most: int, among: Collection[int] | None = None
) -> tuple[list[Orphan], int]:
    """The places in commitments that nobody living holds, by party and by who is named, and how many there are.

    `among` narrows them to some places, by their id.

    Living is who is in office today and has a channel that works. Who answers for a party that the viewer does not
    speak for is shown as well: a promise that nobody keeps on the other side concerns both.
    """
    named = commitment_owner.c.contact_id
    unreached = _find_unreached(reading, today)
    orphaned = or_(named.is_(None), named.in_(unreached)) if unreached else named.is_(None)
    where = and_(
        orphaned,
        commitment.c.state.in_(UNSETTLED),
        agreement.c.ended.is_(None),
        agreement.c.id.in_(select_visible_agreements(viewer)),
    )
    if among is not None:
        where &= commitment_owner.c.id.in_(among)
    joined = (
        select(
            commitment_owner.c.id.label("owner_id"), commitment_owner.c.party_id, commitment_owner.c.contact_id,
            commitment.c.id, commitment.c.reference, commitment.c.summary, commitment.c.summaries, commitment.c.quote,
            commitment.c.due, agreement.c.reference.label("agreement_reference"), agreement.c.title,
            func.count().over().label("total"),
        )
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .where(where)
    )  # fmt: skip
    own_first = commitment_owner.c.party_id != viewer.person.party_id
    order = (own_first, commitment_owner.c.party_id, named, agreement.c.reference, commitment.c.position)
    rows = reading.execute(joined.order_by(*order).limit(most)).all()
    people = load_people(reading, only=contact.c.id.in_({row.contact_id for row in rows if row.contact_id}))
    return [Orphan(row, people.get(row.contact_id)) for row in rows], rows[0].total if rows else 0


def _find_unreached(reading: Connection, today: date) -> list[int]:
    """Who is named by something, and is out of office or has no channel that works."""
    owners = select(commitment_owner.c.contact_id).where(commitment_owner.c.contact_id.is_not(None))
    people = load_people(reading, only=and_(contact.c.id.in_(owners), _may_be_unreached()))
    return [one.id for one in people.values() if not one.ways or not one.is_in_office(today)]


def _may_be_unreached() -> ColumnElement[bool]:
    """Narrows to those worth a look: with dates of office, without a channel, or with one that is off."""
    off = select(channel_state.c.contact_id).where(channel_state.c.state == "off")
    mail = contact.c.channels["mail"].as_string()
    return or_(
        contact.c.valid_from.is_not(None), contact.c.valid_to.is_not(None), mail.is_(None), contact.c.id.in_(off)
    )


def load_unstaffed(reading: Connection, agreement_id: int, today: date) -> tuple[list[Any], bool]:
    """The parties bound by an agreement of whom nobody in office can be reached: id, reference, names; and whether
    these are all of its parties."""
    rows = reading.execute(
        select(party.c.id, party.c.reference, party.c.names)
        .join(agreement_party, agreement_party.c.party_id == party.c.id)
        .where(
            agreement_party.c.agreement_id == agreement_id,
            agreement_party.c.ended.is_(None),
            agreement_party.c.role.in_([str(PartyRole.PARTY), str(PartyRole.MEMBER)]),
        )
        .order_by(agreement_party.c.position)
    ).all()
    people = load_people(reading, only=contact.c.party_id.in_([row.id for row in rows]))
    staffed = {one.party_id for one in people.values() if one.ways and one.is_in_office(today)}
    return [row for row in rows if row.id not in staffed], not staffed


def load_uncoordinated(reading: Connection, viewer: Viewer, today: date, most: int) -> list[Any]:
    """The parties of the viewer's agreements that have no coordinator in office who can be reached: id, names,
    agreements (how many)."""
    coordinators = load_people(reading, only=contact.c.role == str(ContactRole.COORDINATOR))
    served = {one.party_id for one in coordinators.values() if one.ways and one.is_in_office(today)}
    bound = (
        select(agreement_party.c.party_id, func.count().label("agreements"))
        .join(agreement, agreement.c.id == agreement_party.c.agreement_id)
        .where(
            agreement.c.ended.is_(None),
            agreement.c.id.in_(select_visible_agreements(viewer)),
            agreement_party.c.role.in_([str(PartyRole.PARTY), str(PartyRole.MEMBER)]),
        )
        .group_by(agreement_party.c.party_id)
        .subquery()
    )
    rows = reading.execute(
        select(party.c.id, party.c.reference, party.c.names, bound.c.agreements)
        .join(bound, bound.c.party_id == party.c.id)
        .order_by(bound.c.agreements.desc(), party.c.reference)
    ).all()
    return [row for row in rows if row.id not in served][:most]


def is_over(row: Any, today: date) -> bool:
    """Whether a contact's office has ended."""
    return row.valid_to is not None and parse_date(row.valid_to).last < today
