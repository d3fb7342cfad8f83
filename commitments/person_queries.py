"""Reads people from the register: who they are, what they chose, and how they are reached; set-based."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select, union

from commitments.choices import USUAL, Choices
from commitments.database import read_named
from commitments.dates import parse_stored
from commitments.facts import Person
from commitments.listed import IDS_A_STATEMENT
from commitments.policy import HOUSE, Policy
from commitments.tables import (
    agreement_party,
    channel_state,
    choices,
    commitment,
    commitment_owner,
    contact,
    follow_up,
    party,
    policy,
)
from commitments.vocabulary import Channel, ContactRole, FollowUpState, NotificationKind, Rhythm


def load_people(
    reading: Connection,
    *,
    only: ColumnElement[bool] | None = None,
    usual_zone: str = "UTC",
    with_choices: bool = True,
) -> dict[int, Person]:
    """All contacts by id, or some; zone, language and country are the party's where a contact has none, and the
    language is the house's where the party has none either.

    Who judges and writes to nobody needs them without what they chose, and without the channels that are off.
    """
    usual = select(policy.c.rules["language"].as_string()).where(policy.c.scope == HOUSE).scalar_subquery()
    of_party = (party.c.country, party.c.subdivision, party.c.time_zone, party.c.language)
    query = select(contact, *of_party, usual.label("house_language")).join(party, party.c.id == contact.c.party_id)
    rows = read_named(reading, query if only is None else query.where(only))
    # By their ids: who is meant may take longer to find than all that is read of them.
    few = only is not None and len(rows) <= IDS_A_STATEMENT
    these: Some = [row.id for row in rows] if few else select(contact.c.id).where(only) if only is not None else None
    chosen = load_choices(reading, these) if with_choices else {}
    off = _load_off(reading, these) if with_choices else frozenset()
    return {
        row.id: Person(
            row.id,
            row.reference,
            row.party_id,
            ContactRole(row.role),
            row.country,
            row.subdivision,
            row.time_zone or row.time_zone_1 or usual_zone,
            _find_language(row, chosen.get(row.id, USUAL)) or row.house_language or Policy().language,
            row.channels.get("mail"),
            row.deputy_id,
            parse_stored(row.valid_from),
            parse_stored(row.valid_to),
            chosen.get(row.id, USUAL),
            _order_ways(row.id, row.channels, chosen.get(row.id, USUAL).channel, off),
            _find_language(row, chosen.get(row.id, USUAL)) is not None,
            row.proposed_by,
        )
        for row in rows
    }


def find_served(reading: Connection, among: ColumnElement[bool], today: date) -> frozenset[int]:
    """The parties that have somebody to speak for them: a coordinator in office whom a channel reaches.

    `among` is a condition on contacts. From then on the side decides itself what is its own.
    """
    coordinating = (contact.c.role == str(ContactRole.COORDINATOR)) & among
    people = load_people(reading, only=coordinating).values()
    return frozenset(one.party_id for one in people if one.ways and one.is_in_office(today))


def load_people_zones(reading: Connection, only: ColumnElement[bool] | None = None, usual: str = "UTC") -> set[str]:
    """The time zones of all contacts, or of some; the party's where a contact has none."""
    query = select(contact.c.time_zone, party.c.time_zone).join(party, party.c.id == contact.c.party_id).distinct()
    rows = reading.execute(query if only is None else query.where(only))
    return {own or of_party or usual for own, of_party in rows}


def _find_language(row: Any, chosen: Choices) -> str | None:
    """The language that the person chose, that the register has for them, or that their party states."""
    return chosen.language or row.language or row.language_1 or None


def select_people_around(
    agreements: Select[tuple[int]], judged: ColumnElement[bool] | None = None
) -> Select[tuple[int]]:
    """The ids of those who may be asked under some agreements: owners, their deputies, coordinators and leaders of the
    parties, and who is asked now. Where `judged` are named, of owners and who is asked only those of these commitments.
    """
    owned = commitment_owner.join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
    under = commitment.c.agreement_id.in_(agreements) if judged is None else judged
    asked = select(follow_up.c.assignee_id).where(
        follow_up.c.agreement_id.in_(agreements),
        follow_up.c.assignee_id.is_not(None),
        follow_up.c.state == str(FollowUpState.OPEN),
    )
    if judged is not None:
        asked = asked.where(follow_up.c.commitment_id.in_(select(commitment.c.id).where(judged)))
    places = (
        select(commitment_owner.c.party_id, commitment_owner.c.contact_id)
        .distinct()
        .select_from(owned)
        .where(under)
        .cte("places")
    )
    named = union(select(places.c.contact_id).where(places.c.contact_id.is_not(None)), asked).cte("named")
    parties = union(
        select(agreement_party.c.party_id).where(agreement_party.c.agreement_id.in_(agreements)),
        select(places.c.party_id),
    )
    chief = contact.c.role.in_([str(ContactRole.COORDINATOR), str(ContactRole.LEADER)])
    deputies = select(contact.c.deputy_id).where(
        contact.c.id.in_(select(named.c.contact_id)), contact.c.deputy_id.is_not(None)
    )
    chiefs = select(contact.c.id).where(contact.c.party_id.in_(parties), chief)
    around = union(select(named.c.contact_id.label("id")), deputies, chiefs).subquery("around")
    return select(around.c.id)


Way = tuple[Channel, str]


def load_ways(reading: Connection, contact_ids: Sequence[int]) -> dict[int, tuple[Way, ...]]:
    """The channels of these people that work, with the address on each, in the order in which they are tried."""
    rows = reading.execute(select(contact.c.id, contact.c.channels).where(contact.c.id.in_(contact_ids))).all()
    chosen, off = load_choices(reading, contact_ids), _load_off(reading, contact_ids)
    return {row.id: _order_ways(row.id, row.channels, chosen.get(row.id, USUAL).channel, off) for row in rows}


Some = Sequence[int] | Select[tuple[int]] | None
"""The ids of some contacts, or a query that gives them; None for all."""


def _load_off(reading: Connection, only: Some) -> frozenset[tuple[int, str, str]]:
    place = (channel_state.c.contact_id, channel_state.c.channel, channel_state.c.address)
    query = select(*place).where(channel_state.c.state == "off")
    rows = reading.execute(query if only is None else query.where(channel_state.c.contact_id.in_(only)))
    return frozenset((row.contact_id, row.channel, row.address) for row in rows)


def _order_ways(
    contact_id: int, channels: Mapping[str, str], chosen: Channel | None, off: frozenset[tuple[int, str, str]]
) -> tuple[Way, ...]:
    """In the order of the register, but the one that the person chose first."""
    ways = [(Channel(name), address) for name, address in channels.items() if (contact_id, name, address) not in off]
    return tuple(sorted(ways, key=lambda way: way[0] is not chosen))


def load_choices(reading: Connection, only: Some = None) -> dict[int, Choices]:
    """What people chose about their messages, by contact; only of those who chose something."""
    query = select(choices) if only is None else select(choices).where(choices.c.contact_id.in_(only))
    return {
        row.contact_id: Choices(
            tuple(row.days) if row.days is not None else None,
            row.digest_day,
            _hour(row.hour),
            row.language,
            Channel(row.channel) if row.channel else None,
            _hour(row.quiet_from),
            _hour(row.quiet_to),
            row.paused_from,
            row.paused_to,
            frozenset(NotificationKind(kind) for kind in row.unsubscribed),
            Rhythm(row.digest_rhythm) if row.digest_rhythm else None,
            Rhythm(row.summary_rhythm) if row.summary_rhythm else None,
            row.summary_day,
        )
        for row in read_named(reading, query)
    }


def _hour(text: str | None) -> time | None:
    return time.fromisoformat(text) if text is not None else None
