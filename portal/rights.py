"""What somebody may change by registering: their own side, and what is new.

Who can name any party and person in a form or a file could else give the address of another's contact as their own, or
appoint themselves for another party, and then sign in as such.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Connection, select

from commitments.confirmations import asks_fewer
from commitments.difference import Imported
from commitments.person_queries import find_served, load_people
from commitments.policy import HOUSE, adapt_policy
from commitments.proposals import select_other_sides
from commitments.queries import load_policies
from commitments.tables import agreement, agreement_party, contact, party, policy, relationship
from commitments.vocabulary import ContactRole
from portal.oversteps import Limit, NotTheirs, Overstep
from portal.promise_rights import find_promise_oversteps
from portal.roles import Role, Viewer, select_visible_agreements


def check_rights(
    unit: Connection, viewer: Viewer, administrators: frozenset[str], imported: Imported, today: date
) -> None:
    """NotTheirs if the difference, which the unit has written already, holds what the viewer may not change."""
    if viewer.role is Role.ADMINISTRATOR:
        return
    found = [*_find_oversteps(unit, viewer, administrators, imported)]
    rules = [one.changes["rules"] for one in imported.changes if one.subject == policy.name and "rules" in one.changes]
    if any(silences_others(unit, viewer, imported.reference, *pair, today) for pair in rules):
        found.append(Overstep(Limit.WORD_OF_ANOTHER_SIDE, imported.reference))
    found += find_promise_oversteps(unit, viewer, imported, today)
    if any((one.subject, one.action) == (contact.name, "amended") for one in imported.changes) and leaves_uncoordinated(
        unit, viewer, viewer.person.party_id, today
    ):
        found.append(Overstep(Limit.LAST_COORDINATOR, viewer.person.reference))
    oversteps = tuple(dict.fromkeys(found))
    if oversteps:
        raise NotTheirs(oversteps)


def silences_others(
    reading: Connection,
    viewer: Viewer,
    reference: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    today: date,
) -> bool:
    """Whether the viewer would have fewer asked, by other rules of an agreement, whether what is reported is so.

    Where another side has a coordinator who can be reached, that is no more one side's to decide than to confirm: of
    the sides, each would else free itself of the other's word. The operator's decision stands.
    """
    usual, _ = load_policies(reading, policy.c.scope == HOUSE)
    was, now = (adapt_policy(usual, rules or {}).confirmed_by for rules in (before, after))
    if viewer.role is Role.ADMINISTRATOR or not asks_fewer(was, now):
        return False
    return bool(find_served(reading, select_other_sides(reference, viewer.person.party_id, today), today))


def leaves_uncoordinated(reading: Connection, viewer: Viewer, party_id: int, today: date, besides: int = 0) -> bool:
    """Whether the viewer's own side has nobody who coordinates it but, if anybody, the contact `besides`.

    Whoever alone coordinates it stays so until there is another: else nobody of it could put it right.
    """
    if viewer.role is not Role.COORDINATOR or party_id != viewer.person.party_id:
        return False
    people = load_people(reading, only=contact.c.party_id == party_id).values()
    coordinating = [one for one in people if one.role is ContactRole.COORDINATOR and one.is_in_office(today)]
    return all(one.id == besides for one in coordinating)


def sees_agreement(reading: Connection, viewer: Viewer, reference: str) -> bool | None:
    """Whether the viewer sees this agreement of the register; None if there is none."""
    row = reading.execute(select(agreement.c.id).where(agreement.c.reference == reference)).one_or_none()
    if row is None:
        return None
    seen = select(agreement.c.id).where(agreement.c.id == row.id, agreement.c.id.in_(select_visible_agreements(viewer)))
    return reading.execute(seen).first() is not None


def _find_oversteps(
    unit: Connection, viewer: Viewer, administrators: frozenset[str], imported: Imported
) -> Iterator[Overstep]:
    # An agreement of one's own party is seen; so this holds for what is new, and for what was changed.
    if not sees_agreement(unit, viewer, imported.reference):
        limit = Limit.OWN_PARTY_MISSING if imported.new else Limit.AGREEMENT_OF_OTHERS
        yield Overstep(limit, viewer.party if imported.new else imported.reference)
    new_parties = {one.reference for one in imported.changes if (one.subject, one.action) == ("party", "registered")}
    people = {one.reference for one in imported.changes if one.subject == "contact"}
    deputy = contact.alias("deputy")
    rows = unit.execute(
        select(
            contact.c.reference,
            contact.c.role,
            contact.c.party_id,
            party.c.reference.label("party"),
            deputy.c.party_id.label("deputies"),
        )
        .join(party, party.c.id == contact.c.party_id)
        .outerjoin(deputy, deputy.c.id == contact.c.deputy_id)
        .where(contact.c.reference.in_(people))
    )
    held = {row.reference: row for row in rows}

    @cache
    def list_addresses(besides: str) -> set[str]:
        return _list_addresses(unit, imported.reference, besides)

    @cache
    def is_own_work(target: str) -> bool:
        return target == imported.reference or bool(sees_agreement(unit, viewer, target))

    for one in imported.changes:
        if one.subject == "party" and one.action == "amended" and one.reference != viewer.party:
            yield Overstep(Limit.PARTY_OF_OTHERS, one.reference)
        if one.subject == "relationship" and one.action == "amended" and _is_shared(unit, viewer, one.reference):
            yield Overstep(Limit.TIE_OF_OTHERS, one.reference)
        if one.subject == "activity_commitment" and not is_own_work(one.reference.split("/")[2]):
            yield Overstep(Limit.AGREEMENT_OF_OTHERS, one.reference)
        if one.subject != "contact":
            continue
        person = held[one.reference]
        addresses = {(channels or {}).get("mail", "").lower() for channels in one.changes.get("channels", ())}
        if addresses & administrators:
            yield Overstep(Limit.ADMINISTRATORS_ADDRESS, one.reference)
        if one.changes.get("role", (None, None))[1] == ContactRole.OPERATOR:
            yield Overstep(Limit.OPERATORS_ROLE, one.reference)
        if person.party != viewer.party and addresses & list_addresses(person.party):
            yield Overstep(Limit.ADDRESS_OF_ANOTHER_SIDE, one.reference)
        if person.deputies not in (None, person.party_id):
            yield Overstep(Limit.DEPUTY_OF_ANOTHER_SIDE, one.reference)
        if person.party in new_parties or person.party == viewer.party:
            continue
        if one.action == "amended":
            yield Overstep(Limit.PERSON_OF_OTHERS, one.reference)
        elif person.role != ContactRole.OWNER:
            yield Overstep(Limit.OWNERS_ONLY, one.reference)


def _list_addresses(unit: Connection, reference: str, besides: str) -> set[str]:
    """The mail addresses of the people of the other parties to an agreement."""
    rows = unit.execute(
        select(contact.c.channels["mail"].as_string())
        .join(party, party.c.id == contact.c.party_id)
        .join(agreement_party, agreement_party.c.party_id == party.c.id)
        .join(agreement, agreement.c.id == agreement_party.c.agreement_id)
        .where(agreement.c.reference == reference, party.c.reference != besides)
    ).scalars()
    return {one.lower() for one in rows if one}


def _is_shared(unit: Connection, viewer: Viewer, reference: str) -> bool:
    """Whether agreements that the viewer does not see hang on this tie."""
    query = (
        select(agreement.c.id)
        .join(relationship, relationship.c.id == agreement.c.relationship_id)
        .where(relationship.c.reference == reference, agreement.c.id.not_in(select_visible_agreements(viewer)))
    )
    return unit.execute(query.limit(1)).first() is not None
