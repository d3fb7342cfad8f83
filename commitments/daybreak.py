"""A day begins somewhere: how the promises of the people there stand is judged before their morning."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, func, or_, select, union

from commitments.chunks import Span, split_register
from commitments.clock import today_in
from commitments.database import open_reading, open_unit
from commitments.known import CHECK, load_known, note_known
from commitments.overall import load_versions
from commitments.reconcile import Reconciled, load_rules, reconcile_register, reconcile_span
from commitments.tables import agreement_party, commitment, commitment_owner, contact, follow_up, party
from commitments.vocabulary import FollowUpState

USUAL_ZONE = "UTC"
OFTEN = timedelta(minutes=10)
"""Who asks again so soon, because of one change after another, need not have it noted each time."""


@dataclass(slots=True)
class Daybreak:
    """Where a day has begun since the last check, and what was judged because of it."""

    zones: tuple[str, ...] = ()
    done: Reconciled = field(default_factory=Reconciled)


def reconcile_begun(engine: Engine, now: datetime, house_zone: str) -> Daybreak:
    """Reconcile what is asked of people whose day has begun since the last check; everything, where the house's has.

    As cheap as a reading where no day has begun. What was not checked for a day or more is checked whole.
    """
    today = today_in(house_zone, now)
    with open_reading(engine) as reading:
        checked = load_known(reading).get(CHECK)
        zones = _list_zones(reading) | {house_zone}
        is_known = checked is not None and timedelta() <= now - checked < timedelta(days=1)
        begun = sorted(one for one in zones if not is_known or today_in(one, now) != today_in(one, checked or now))
        if house_zone not in begun:
            ids = _find_around(reading, begun) if begun else frozenset()
            spans = _narrow(split_register(reading), ids) if ids else []
            versions = load_versions(reading) if spans else {}
            rules = load_rules(reading) if spans else None
    found = Daybreak(tuple(begun))
    if not begun and checked is not None and now - checked < OFTEN:
        return found
    if house_zone in begun:
        found.done = reconcile_register(engine, now, today)
        return found
    if rules is not None:
        for span in spans:
            with open_unit(engine) as unit:
                reconcile_span(unit, span, rules, now, today, found.done, versions)
    with open_unit(engine) as unit:
        note_known(unit, now, [CHECK])
    return found


def _list_zones(reading: Connection) -> set[str]:
    """The time zones of all people of the register."""
    return set(reading.execute(select(_zone()).join(party, party.c.id == contact.c.party_id).distinct()).scalars())


def _zone() -> ColumnElement[str]:
    return func.coalesce(contact.c.time_zone, party.c.time_zone, USUAL_ZONE)


def _find_around(reading: Connection, zones: Collection[str]) -> set[int]:
    """The agreements under which people of these time zones are asked, or may be."""
    there = select(contact.c.id, contact.c.party_id).join(party, party.c.id == contact.c.party_id)
    people = there.where(_zone().in_(zones)).cte("people")
    ids, parties = select(people.c.id), select(people.c.party_id)
    owed = select(commitment.c.agreement_id).join(commitment_owner, commitment_owner.c.commitment_id == commitment.c.id)
    return set(
        reading.execute(
            union(
                select(agreement_party.c.agreement_id).where(agreement_party.c.party_id.in_(parties)),
                owed.where(or_(commitment_owner.c.contact_id.in_(ids), commitment_owner.c.party_id.in_(parties))),
                select(follow_up.c.agreement_id).where(
                    follow_up.c.assignee_id.in_(ids),
                    follow_up.c.agreement_id.is_not(None),
                    follow_up.c.state == str(FollowUpState.OPEN),
                ),
            )
        ).scalars()
    )


def _narrow(spans: Collection[Span], ids: Collection[int]) -> list[Span]:
    """Of each span of the register those agreements."""
    found = []
    for span in spans:
        within = [one for one in ids if span.first <= one <= span.last]
        if within:
            found.append(Span.over(within))
    return found
