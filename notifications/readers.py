"""Who reads a page or a message, as somebody who chose nothing is addressed, and by whose rules."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time

from sqlalchemy import Connection, or_, select

from commitments.facts import Person
from commitments.person_queries import load_people
from commitments.policy import HOUSE, Policy
from commitments.queries import load_policies
from commitments.reconcile import Rules, group_rules
from commitments.tables import agreement, commitment, commitment_owner, contact, follow_up, party, policy
from commitments.vocabulary import Channel, FollowUpState
from notifications.parts import list_rulings, load_rulings_of_parties, merge_rulings
from notifications.rhythm import gets_summary
from notifications.usual import Ruling, address, find_source, sort_ways, vote

_RULES = (
    "send_at", "digest_weekday", "digest_rhythm", "summary_day", "summary_rhythm", "quiet_from", "quiet_to",
    "send_days",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Usual:
    """What holds for a person where they chose nothing, over all agreements of which they are told.

    `sources` names for each rule the agreement by which it holds; a rule that is not among them is one `of_house`, or
    else Tallystick's own.
    """

    policy: Policy
    language: str
    language_from: str | None
    """`contact` or `party` if the register states it; else None, and `sources` may name an agreement."""
    channel: Channel | None
    prefers_channels: bool
    """Whether the channel comes first by the rules of an agreement or the house, not in the order of the register."""
    sources: Mapping[str, str]
    of_house: frozenset[str]
    quiet: tuple[tuple[time, time, str | None], ...]
    """The hours in which nothing goes at once, each with its agreement; those of the house have none."""
    titles: Mapping[str, Mapping[str, str]]
    """What the agreements that are named here are called."""


def load_reader(reading: Connection, contact_id: int) -> Person | None:
    """The person, in the language that most of their agreements have where nobody states theirs."""
    person = load_people(reading, only=contact.c.id == contact_id).get(contact_id)
    if person is None or person.states_language:
        return person
    return address(person, load_rulings_of(reading, group_rules(*load_policies(reading), {person.id: person}), person))


def load_rulings_of(reading: Connection, rules: Rules, person: Person) -> tuple[Ruling, ...]:
    """The policies of the agreements of which a person is told: of all of their party who gets digests or summaries,
    else of those in which they answer for something or are asked."""
    if not gets_summary(person):
        owned = commitment_owner.join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        mine = select(commitment.c.agreement_id).select_from(owned).where(commitment_owner.c.contact_id == person.id)
        asked = select(follow_up.c.agreement_id).where(
            follow_up.c.assignee_id == person.id, follow_up.c.state == str(FollowUpState.OPEN)
        )
        known = select(agreement.c.reference).where(or_(agreement.c.id.in_(mine), agreement.c.id.in_(asked)))
        scopes = reading.execute(known).scalars().all()
        if scopes:
            return list_rulings(scopes, rules)
    found = load_rulings_of_parties(reading, rules, [person.party_id])
    return found.get(person.party_id) or list_rulings((), rules)


def load_usual(reading: Connection, person: Person) -> Usual:
    """What holds for a person in place of what they have not chosen, and by whose rules."""
    rules = group_rules(*load_policies(reading), {person.id: person})
    rulings = load_rulings_of(reading, rules, person)
    merged = merge_rulings(rulings)
    stated = reading.execute(
        select(contact.c.language, party.c.language, contact.c.channels)
        .join(party, party.c.id == contact.c.party_id)
        .where(contact.c.id == person.id)
    ).one()
    own, of_party, registered = stated
    said = own or of_party
    language = said or vote(rulings, [one.policy.language for one in rulings])
    preferred = vote(rulings, [one.policy.channels for one in rulings])
    working = [(Channel(name), place) for name, place in registered.items() if (name, place) in person.ways]
    ways = sort_ways(working, preferred)
    values = {name: getattr(merged, name) for name in _RULES} | {"language": language, "channels": preferred}
    sources = {name: find_source(rulings, rules.house, name, value) for name, value in values.items()}
    if said:
        del sources["language"]
    named = {name: source for name, source in sources.items() if source is not None}
    spans = {(one.policy.quiet_from, one.policy.quiet_to): one.agreement for one in reversed(rulings)}
    usual = rules.house.quiet_from, rules.house.quiet_to
    quiet = tuple((*span, source if span != usual else None) for span, source in reversed(spans.items()))
    return Usual(
        merged,
        language,
        ("contact" if own else "party") if said else None,
        ways[0][0] if ways else None,
        bool(preferred) and len(ways) > 1,
        named,
        frozenset(reading.execute(select(policy.c.rules).where(policy.c.scope == HOUSE)).scalar_one_or_none() or ()),
        quiet,
        _load_titles(reading, {*named.values(), *(source for *_, source in quiet if source is not None)}),
    )


def _load_titles(reading: Connection, references: Collection[str]) -> dict[str, Mapping[str, str]]:
    if not references:
        return {}
    found = reading.execute(
        select(agreement.c.reference, agreement.c.title).where(agreement.c.reference.in_(references))
    )
    return {row.reference: row.title for row in found}
