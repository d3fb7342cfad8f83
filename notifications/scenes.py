"""Reads what a play of one agreement begins with, by a fixed number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select

from commitments.chunks import Span
from commitments.facts import Agreement, Person
from commitments.known import load_known
from commitments.person_queries import load_people, load_people_zones, select_people_around
from commitments.policy import Policy, adapt_policy
from commitments.queries import load_agreements, load_policies
from commitments.reconcile import group_rules
from commitments.settings import Settings
from commitments.tables import agreement, commitment, contact, follow_up, milestone, party, policy
from commitments.vocabulary import NotificationState
from notifications.held import AFTERWARDS
from notifications.imagined import FollowUp, ImaginedLedger, Notice, Promise, Queued, Scene
from notifications.names import Names, load_names
from notifications.playing import Play
from notifications.reasons import Decision, Why
from notifications.sent_back import load_returned
from notifications.tables import notice, notification

RECENT_DAYS = 4
"""Notices that were decided so long ago are read, and older ones of what is still open, dated, held or on its way.

A play comes upon no others: what it opens anew begins a ladder of its own, which holds no notice from before.
"""


@dataclass(frozen=True, slots=True)
class Opening:
    """What plays of one agreement begin with. It is read once, however many are begun."""

    settings: Settings
    scene: Scene
    follow_ups: Sequence[FollowUp]
    ledger: ImaginedLedger
    house: Policy
    own: Mapping[str, Policy]
    people: Mapping[int, Person]
    names: Names

    @property
    def zones(self) -> set[str]:
        """The time zones of the people."""
        return {person.time_zone for person in self.people.values()}

    def begin(self, rules: Mapping[str, Any] | None = None) -> Play:
        """A play of its own; `rules` are tried in place of those that differ in the agreement."""
        own = self.own if rules is None else {self.scene.agreement.reference: adapt_policy(self.house, rules)}
        follow_ups = [replace(one) for one in self.follow_ups]
        held = group_rules(self.house, own, self.people)
        return Play(self.settings, held, self.names, self.scene, follow_ups, self.ledger.copy())


def load_opening(reading: Connection, settings: Settings, agreement_id: int, now: datetime) -> Opening:
    """One agreement as it stands now."""
    (facts,) = load_agreements(reading, Span(agreement_id, agreement_id))
    returned = load_returned(reading, Span(agreement_id, agreement_id), now.date())
    scene = replace(load_scene(reading, facts), returned=returned)
    follow_ups = load_follow_ups(reading, agreement_id)
    ledger = load_ledger(reading, agreement_id, follow_ups, now)
    return make_opening(reading, settings, scene, follow_ups, ledger)


def make_opening(
    reading: Connection,
    settings: Settings,
    scene: Scene,
    follow_ups: Sequence[FollowUp],
    ledger: ImaginedLedger,
) -> Opening:
    """What is known, with the people of today and the house's rules of today."""
    facts = scene.agreement
    around = select_people_around(select(agreement.c.id).where(agreement.c.id == facts.id))
    people = {row.id for row in reading.execute(around)}
    people |= {one.assignee_id for one in follow_ups if one.assignee_id is not None}
    people |= {one.contact_id for one in ledger.notices.values()}
    people |= {one.contact_id for one in ledger.messages.values()}
    places = {place.party_id for place in facts.parties}
    places |= {owner.party_id for one in facts.commitments for owner in one.owners}
    places |= {one.party_id for one in follow_ups if one.party_id is not None}
    places |= {one.party_id for one in ledger.notices.values() if one.party_id is not None}
    these = contact.c.id.in_(people)
    house, own = load_policies(reading, policy.c.scope == facts.reference)
    known = load_people(reading, only=these)
    names = load_names(reading, these, party.c.id.in_(places))
    return Opening(settings, scene, follow_ups, ledger, house, own, known, names)


def load_zones(reading: Connection, agreement_id: int | None = None) -> set[str]:
    """The time zones of all people of the register, or of those around one agreement."""
    around = select_people_around(select(agreement.c.id).where(agreement.c.id == agreement_id))
    return load_people_zones(reading, contact.c.id.in_(around) if agreement_id is not None else None)


def load_scene(reading: Connection, facts: Agreement) -> Scene:
    """What messages call an agreement and its parts, beside its facts."""
    title = reading.execute(select(agreement.c.title).where(agreement.c.id == facts.id)).scalar_one()
    columns = (
        commitment.c.id,
        commitment.c.summary,
        commitment.c.summaries,
        commitment.c.quote,
        commitment.c.state_until,
    )
    promises = reading.execute(select(*columns).where(commitment.c.agreement_id == facts.id)).all()
    own = select(commitment.c.id).where(commitment.c.agreement_id == facts.id)
    named = (milestone.c.commitment_id, milestone.c.reference, milestone.c.title, milestone.c.titles)
    steps = reading.execute(select(*named).where(milestone.c.commitment_id.in_(own))).all()
    return make_scene(facts, title, promises, steps)


def make_scene(facts: Agreement, title: Mapping[str, str], promises: Sequence[Any], steps: Sequence[Any]) -> Scene:
    """The scene of these rows."""
    return Scene(
        facts,
        title,
        {row.id: Promise(row.summary, row.summaries, row.quote) for row in promises},
        {(row.commitment_id, row.reference): (row.title, row.titles) for row in steps},
    )


def load_follow_ups(reading: Connection, agreement_id: int) -> list[FollowUp]:
    """All of an agreement, in their order: what was closed may be wanted again."""
    query = select(follow_up).where(follow_up.c.agreement_id == agreement_id).order_by(follow_up.c.id)
    return [FollowUp(**row) for row in reading.execute(query).mappings()]


def load_ledger(
    reading: Connection,
    agreement_id: int,
    follow_ups: Sequence[FollowUp],
    now: datetime,
    *,
    sent_before: datetime | None = None,
) -> ImaginedLedger:
    """The notices of an agreement that may matter from now on, and the messages that hold them; `follow_ups` as they
    stand now. Given `sent_before`, only what had been decided and sent by then."""
    since = now.date() - timedelta(days=RECENT_DAYS)
    query = (
        select(*(notice.c[name] for name in _NOTICE), *(notification.c[name] for name in _MESSAGE))
        .outerjoin(notification, notification.c.id == notice.c.notification_id)
        .where(
            notice.c.agreement_id == agreement_id,
            or_(
                notice.c.decided_on >= since,
                notice.c.due_on >= since,
                notice.c.key.startswith(f"{Why.SENT_BACK}|"),
                notice.c.follow_up_id.in_([one.id for one in follow_ups if one.is_open]),
                notice.c.decision == str(Decision.HELD),
                notice.c.key.endswith(AFTERWARDS),
                notification.c.state == str(NotificationState.QUEUED),
                notification.c.local_day >= since,
            ),
        )
        .order_by(notice.c.id)
    )
    told = select(notification.c.contact_id).join(notice, notice.c.notification_id == notification.c.id)
    greeted = told.where(notice.c.agreement_id == agreement_id, notification.c.key.like("scheduled|%"))
    if sent_before is not None:
        greeted = greeted.where(notification.c.sent_at < sent_before)
        untold = notice.c.notification_id.is_(None) & (notice.c.decided_at < sent_before)
        query = query.where(or_(notification.c.sent_at < sent_before, untold))
    ledger = ImaginedLedger(known=load_known(reading), greeted=set(reading.execute(greeted).scalars()))
    for row in reading.execute(query):
        held, message_id = Notice(*row[:_PARTED]), row[_PARTED]
        if message_id is not None and message_id not in ledger.messages:
            ledger.hold_message(Queued(*row[_PARTED:]))
        if sent_before is None or held.decided_at < sent_before:
            ledger.hold_notice(held)
    return ledger


_NOTICE, _MESSAGE = (tuple(field.name for field in fields(kind)) for kind in (Notice, Queued))
_PARTED = len(_NOTICE)
