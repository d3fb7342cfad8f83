"""What waits in the outbox for a person, moved or planned anew where a choice or a rule has changed since."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, String, bindparam, cast, exists, literal, or_, select, update

from commitments.choices import IN_ANY_CASE
from commitments.days import find_own_day
from commitments.facts import Person
from commitments.person_queries import load_people
from commitments.queries import load_policies
from commitments.reconcile import Rules, group_rules
from commitments.tables import agreement, agreement_party
from commitments.tables import contact as contact_of
from commitments.vocabulary import NotificationKind, NotificationState
from notifications.held import AFTERWARDS, hold
from notifications.parts import PERIODIC, Part, load_parts
from notifications.reasons import Decision, Why
from notifications.rhythm import is_digest_due, is_summary_due
from notifications.routing import AT_ONCE
from notifications.slots import Slot, choose_days, choose_hour, choose_slot, find_opening, is_late, set_choices_aside
from notifications.tables import attempt, notice, notification
from notifications.usual import address

MESSAGES_AT_ONCE = 500


class Settled(StrEnum):
    """What became of a message that waits."""

    KEPT = "kept"
    MOVED = "moved"
    WITHDRAWN = "withdrawn"


def follow_rules(unit: Connection, now: datetime, scopes: Collection[str] | None = None) -> int:
    """Let what waits go by the rules of these agreements as they are now, or by all; tells how many messages it moved.

    What would go on another day by now is taken back, and found again by the planning of that day.
    """
    waiting = load_waiting(unit, _tells_of(scopes) if scopes is not None else None)
    house, own = load_policies(unit)
    moved = 0
    for start in range(0, len(waiting), MESSAGES_AT_ONCE):
        batch = waiting[start : start + MESSAGES_AT_ONCE]
        people = load_people(unit, only=contact_of.c.id.in_({message.contact_id for message in batch}))
        rules = group_rules(house, own, people)
        parts = load_parts(unit, [message.id for message in batch], rules)
        kinds = load_kinds(unit, [message.id for message in batch])
        for message in batch:
            person, part = people[message.contact_id], parts[message.id]
            if message.key.startswith("scheduled|") and is_late(message.local_day, person, now):
                continue  # the next planning carries it over
            settled = settle(unit, message, person, part, kinds[message.id], rules, now, Why.RULES_CHANGED)
            moved += settled is not Settled.KEPT
    return moved


def follow_people(unit: Connection, now: datetime, today: date, contact_ids: Collection[int]) -> int:
    """Let what waits for these persons go as the register has them now; tells how many messages it moved.

    Who has left by the day of a message, or has no channel that works any more, gets nothing: what it held is planned
    anew for whom it concerns by now.
    """
    if not contact_ids:
        return 0
    waiting = load_waiting(unit, notification.c.contact_id.in_(contact_ids))
    if not waiting:
        return 0
    house, own = load_policies(unit)
    people = load_people(unit, only=contact_of.c.id.in_({message.contact_id for message in waiting}))
    rules = group_rules(house, own, people)
    ids = [message.id for message in waiting]
    parts, kinds = load_parts(unit, ids, rules), load_kinds(unit, ids)
    moved = 0
    for message in waiting:
        person = people[message.contact_id]
        why = find_bar(person, max(message.local_day, today))
        if why is not None:
            withdraw(unit, message, why, now)
        elif message.key.startswith("scheduled|") and is_late(message.local_day, person, now):
            continue  # the next planning carries it over
        elif settle(unit, message, person, parts[message.id], kinds[message.id], rules, now, Why.RULES_CHANGED) is (
            Settled.KEPT
        ):
            continue
        moved += 1
    return moved


def find_bar(person: Person, day: date) -> Why | None:
    """Why nothing may be sent to a person on a day; None if it may."""
    if not person.is_in_office(day):
        return Why.OUT_OF_OFFICE
    if not person.ways:
        return Why.CHANNELS_OFF if person.mail is not None else Why.NO_ADDRESS
    return None


def _tells_of(scopes: Collection[str]) -> ColumnElement[bool]:
    """Whether a message tells of one of these agreements, by itself or among all of its reader's party."""
    ids = select(agreement.c.id).where(agreement.c.reference.in_(scopes))
    parties = select(agreement_party.c.party_id).where(agreement_party.c.agreement_id.in_(ids))
    return exists().where(
        notice.c.notification_id == notification.c.id,
        or_(
            notice.c.agreement_id.in_(ids),
            notice.c.kind.in_([str(kind) for kind in PERIODIC]) & notice.c.party_id.in_(parties),
        ),
    )


def load_waiting(unit: Connection, which: ColumnElement[bool] | None) -> Sequence[Any]:
    """The messages that wait and were not begun, locked; those that bring a link to sign in are not among them."""
    begun = exists().where(attempt.c.notification_id == notification.c.id)
    query = select(notification).where(
        notification.c.state == str(NotificationState.QUEUED),
        notification.c.kind != str(NotificationKind.SIGN_IN),
        ~begun,
    )
    if which is not None:
        query = query.where(which)
    return unit.execute(query.order_by(notification.c.id).with_for_update()).all()


def load_kinds(unit: Connection, message_ids: Sequence[int]) -> dict[int, set[str]]:
    """The kinds of what each of these messages tells."""
    kinds: dict[int, set[str]] = defaultdict(set)
    told = (notice.c.notification_id.in_(message_ids), notice.c.decision == str(Decision.TOLD))
    for row in unit.execute(select(notice.c.notification_id, notice.c.kind).where(*told).distinct()):
        kinds[row.notification_id].add(row.kind)
    return kinds


def settle(
    unit: Connection,
    message: Any,
    person: Person,
    part: Part,
    kinds: Collection[str],
    rules: Rules,
    now: datetime,
    why: Why,
) -> Settled:
    """Let one message go when and by what it would be planned now, or take it back to be planned anew.

    `kinds` are those of what it tells.
    """
    if message.key.startswith("scheduled|"):
        zone = ZoneInfo(person.time_zone)
        days = choose_days(person, [rules.house, *rules.own.values()] if why is Why.CHOICES_CHANGED else part.policies)
        morning = datetime.combine(message.local_day, time(0), zone).astimezone(now.tzinfo)
        reader = set_choices_aside(person) if part.always and why is Why.RULES_CHANGED else person
        slot = choose_slot(reader, choose_hour(person, part.policies), max(now, morning), days=days)
        if slot.day != message.local_day or slot.is_held or not _are_due(kinds, person, part, slot):
            withdraw(unit, message, why, now)
            return Settled.WITHDRAWN
        moment = slot.not_before
        if AT_ONCE & set(kinds) and not part.always:
            opening = find_opening(person, now, part.policies)
            if why is Why.RULES_CHANGED and find_own_day(person, opening) < message.local_day:
                withdraw(unit, message, why, now)  # what was only to wait for that day can go by itself before it
                return Settled.WITHDRAWN
            moment = find_opening(person, moment, part.policies)
        return move(unit, message, address(person, part.rulings), moment)
    always = part.always or message.kind in IN_ANY_CASE
    opening = find_opening(person, now, part.policies, always=always)
    if person.choices.is_paused(find_own_day(person, opening)) and not part.always:
        withdraw(unit, message, why, now)
        return Settled.WITHDRAWN
    return move(unit, message, address(person, part.rulings), opening)


def _are_due(kinds: Collection[str], person: Person, part: Part, slot: Slot) -> bool:
    """Whether the digest and the summary that a message brings come on its day."""
    digest, summary = NotificationKind.DIGEST in kinds, NotificationKind.SUMMARY in kinds
    of_all = part.policies[-1]
    return (not digest or is_digest_due(person, of_all, slot)) and (not summary or is_summary_due(person, of_all, slot))


def move(unit: Connection, message: Any, person: Person, moment: datetime) -> Settled:
    """Let a message go at that moment, by the first of the person's channels that works."""
    channel, place = person.ways[0] if person.ways else (message.channel, message.address)
    if (moment, str(channel), place) == (message.next_at, message.channel, message.address):
        return Settled.KEPT
    unit.execute(
        update(notification)
        .where(notification.c.id == message.id)
        .values(next_at=moment, channel=str(channel), address=place)
    )
    return Settled.MOVED


def withdraw(unit: Connection, message: Any, why: Why, now: datetime) -> None:
    """Cancel a message and free its key and those of its notices, so that they are planned anew."""
    _hold_handed(unit, message, why)
    key = notice.c.key + literal("|taken out of ") + cast(notice.c.notification_id, String)
    unit.execute(
        update(notice)
        .where(notice.c.notification_id == message.id, notice.c.decision == str(Decision.TOLD))
        .values(
            key=key,
            decision=str(Decision.PASSED_OVER),
            decision_reason={"code": str(why), "numbers": {}},
        )
    )
    cancel(unit, message.id, why, key=f"withdrawn|{message.key}|{why} {now.isoformat()}"[:400])


def _hold_handed(unit: Connection, message: Any, why: Why) -> None:
    """Hold what was handed over: no planning would find it, but for what it holds."""
    rows = unit.execute(
        select(notice.c.id, notice.c.decision_reason).where(
            notice.c.notification_id == message.id,
            notice.c.kind == str(NotificationKind.HAND_OVER),
            notice.c.decision == str(Decision.TOLD),
            notice.c.key.not_like(f"%{AFTERWARDS}"),
        )
    ).all()
    if rows:
        unit.execute(
            update(notice)
            .where(notice.c.id == bindparam("row_id"))
            .values(
                decision=str(Decision.HELD),
                notification_id=None,
                decision_reason=bindparam("held", type_=notice.c.decision_reason.type),
            ),
            [{"row_id": row.id, "held": hold(row.decision_reason, why, {})} for row in rows],
        )


def cancel(unit: Connection, message_id: int, why: Why, **more: Any) -> None:
    """A message that need not go any more: kept, with the reason."""
    unit.execute(
        update(notification)
        .where(notification.c.id == message_id)
        .values(
            state=str(NotificationState.CANCELLED),
            reason={"code": str(why), "numbers": {}},
            worker=None,
            lease_until=None,
            **more,
        )
    )
