"""Tells the coordinator of a party at once what another side has just brought into the register in its name."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from commitments.chunks import Span
from commitments.facts import Agreement, Person, Standing
from commitments.followups import group_people
from commitments.queries import load_agreements
from commitments.reconcile import Rules, assess, load_rules
from commitments.tables import agreement, contact, log_entry
from commitments.vocabulary import ContactRole
from notifications.handing import queue_at_once
from notifications.mime import MailDomain
from notifications.reasons import Why


def announce(
    unit: Connection, agreement_id: int, by: Person, now: datetime, today: date, domain: MailDomain | str, *, new: bool
) -> list[int]:
    """Queue a message to the coordinator of each other party: that an agreement binds it now, and who was named for it.

    `by` is who has brought it, in this unit, at `now`; `new` says that the agreement came into the register with it.
    A party of which nobody is to accept anybody is told of a new agreement alone. It is told of what it promises, as
    that stands. Where a party has no coordinator in office who can be reached, or the coordinator wants to be told of
    no hand-over, nobody is told. Gives the ids of the messages.
    """
    proposed = _load_proposed(unit, by, now)
    if not new and not proposed:
        return []
    rules = load_rules(unit, select(agreement.c.id).where(agreement.c.id == agreement_id))
    (facts,) = load_agreements(unit, Span(agreement_id, agreement_id))
    standings = assess(facts, rules, today)
    ids: list[int] = []
    for party_id in dict.fromkeys(place.party_id for place in facts.parties if place.is_bound(today)):
        named = [one for one in proposed if one.party_id == party_id]
        reader = _find_coordinator(rules, party_id, by, today)
        if reader is None or not (new or named):
            continue
        why = {"code": str(Why.REGISTERED if new else Why.PROPOSED), "numbers": _count(by, today, named)}
        owners = None if new else {one.id for one in named}
        rows = [_note(facts, party_id, one, by.party_id) for one in _choose(facts, standings, party_id, owners)]
        key = f"{why['code']}|{facts.reference}|{reader.reference}|{now.isoformat()}"
        ids += queue_at_once(unit, reader, key, rows, why, rules.house, now, today, domain)
    return ids


def _load_proposed(unit: Connection, by: Person, now: datetime) -> Sequence[Any]:
    """Who was named at that moment for another side, and waits for its yes."""
    entries = unit.execute(
        select(log_entry.c.row_id, log_entry.c.changes).where(
            log_entry.c.at == now, log_entry.c.who == by.reference, log_entry.c.subject == contact.name
        )
    ).all()
    waiting = {row.row_id for row in entries if row.changes.get("proposed_by", (None, None))[1] is not None}
    query = select(contact.c.id, contact.c.reference, contact.c.party_id).where(contact.c.id.in_(waiting))
    return unit.execute(query.order_by(contact.c.id)).all() if waiting else ()


def _find_coordinator(rules: Rules, party_id: int, by: Person, today: date) -> Person | None:
    if party_id == by.party_id:
        return None
    found = group_people(rules.people.values(), ContactRole.COORDINATOR).get(party_id, ())
    return next((one for one in found if one.ways and one.is_in_office(today)), None)


def _count(by: Person, today: date, named: Sequence[Any]) -> Mapping[str, Any]:
    said: dict[str, Any] = {"asked": by.reference, "on": today.isoformat()}
    if len(named) == 1:
        said["contact"] = named[0].reference
    elif named:
        said["people"] = len(named)
    return said


def _choose(
    facts: Agreement, standings: Sequence[Standing], party_id: int, owners: set[int] | None
) -> Iterator[Standing]:
    """What the party promises, or of it what these are to answer for; else the first that stands of the agreement."""
    theirs = {
        promise.id
        for promise in facts.commitments
        for owner in promise.owners
        if owner.party_id == party_id and (owners is None or owner.contact_id in owners)
    }
    own = [one for one in standings if one.matter.part is None]
    found = [one for one in own if one.matter.commitment_id in theirs]
    yield from found or own[:1]


def _note(facts: Agreement, party_id: int, standing: Standing, by_party: int) -> dict[str, Any]:
    owes = any(
        promise.id == standing.matter.commitment_id and owner.party_id == party_id
        for promise in facts.commitments
        for owner in promise.owners
    )
    return {
        "agreement_id": facts.id,
        "commitment_id": standing.matter.commitment_id,
        "follow_up_id": None,
        "party_id": party_id if owes else by_party,
        "matter": standing.matter.reference[:250],
        "matter_kind": str(standing.matter.kind),
        "standing": str(standing.state),
        "due_on": standing.deadline,
        "reason": standing.reason.as_json(),
    }
