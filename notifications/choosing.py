"""Changes what a person chose about their messages, and what already waits for them with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, String, bindparam, cast, exists, literal, select, update

from commitments.choices import IN_ANY_CASE, Choices
from commitments.choosing import change_choices
from commitments.days import find_own_day
from commitments.facts import Person
from commitments.log import Author
from commitments.queries import load_people, load_policies
from commitments.reconcile import Rules, group_rules
from commitments.references import find_contact
from commitments.tables import agreement
from commitments.tables import contact as contact_of
from commitments.vocabulary import NotificationKind, NotificationState
from notifications.held import AFTERWARDS, hold
from notifications.parts import is_sent_always, load_parts
from notifications.reasons import Decision, Why
from notifications.routing import choose_days, choose_hour, choose_slot, find_opening
from notifications.tables import attempt, notice, notification


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a change came to; `moved` and `withdrawn` count the messages that waited already."""

    before: Choices
    after: Choices
    moved: int = 0
    withdrawn: int = 0


def choose(unit: Connection, author: Author, contact: str, changes: Mapping[str, Any], now: datetime) -> Chosen:
    """Change a person's choices; what waits and was not begun goes by the new ones, or is planned anew.

    Raises NotFound and RefusedChange as `commitments.choosing.change_choices`.
    """
    row = find_contact(unit, contact)
    own = contact_of.c.id == row.id
    zone = ZoneInfo(load_people(unit, only=own)[row.id].time_zone)
    before, after = change_choices(unit, author, contact, changes, now.astimezone(zone).date())
    if before == after:
        return Chosen(before, after)
    rules = group_rules(*load_policies(unit), load_people(unit, only=own))
    person = rules.people[row.id]
    withdrawn = moved = 0
    waiting = _load_waiting(unit, person)
    parts = load_parts(unit, [message.id for message in waiting], rules)
    for message in waiting:
        part = parts[message.id]
        if _decline_notices(unit, message.id, person, rules):
            withdrawn += 1
            continue
        if message.key.startswith("scheduled|"):
            days = choose_days(person, [rules.house, *rules.own.values()])
            morning = datetime.combine(message.local_day, time(0), zone).astimezone(now.tzinfo)
            slot = choose_slot(person, choose_hour(person, part.policies), max(now, morning), days=days)
            if slot.day == message.local_day and not slot.is_held:
                moved += _move(unit, message, person, slot.not_before)
            else:
                _withdraw(unit, message, f"choices changed {now.isoformat()}")
                withdrawn += 1
            continue
        always = part.always or message.kind in IN_ANY_CASE
        opening = find_opening(person, now, part.policies, always=always)
        if after.is_paused(find_own_day(person, opening)) and not part.always:
            _withdraw(unit, message, f"choices changed {now.isoformat()}")
            withdrawn += 1
        else:
            moved += _move(unit, message, person, opening)
    return Chosen(before, after, moved, withdrawn)


def _load_waiting(unit: Connection, person: Person) -> list[Any]:
    begun = exists().where(attempt.c.notification_id == notification.c.id)
    return list(
        unit.execute(
            select(notification)
            .where(
                notification.c.contact_id == person.id,
                notification.c.state == str(NotificationState.QUEUED),
                notification.c.kind != str(NotificationKind.SIGN_IN),
                ~begun,
            )
            .order_by(notification.c.id)
            .with_for_update()
        )
    )


def _decline_notices(unit: Connection, message_id: int, person: Person, rules: Rules) -> bool:
    """Take out what the person unsubscribed from; tells whether nothing is left in the message."""
    unwanted = [str(kind) for kind in person.choices.unsubscribed - IN_ANY_CASE]
    told = (notice.c.notification_id == message_id) & (notice.c.decision == str(Decision.TOLD))
    rows = unit.execute(
        select(notice.c.id, notice.c.kind, notice.c.matter_kind, notice.c.rung, agreement.c.reference)
        .outerjoin(agreement, agreement.c.id == notice.c.agreement_id)
        .where(told)
    ).all()
    declined = [
        row
        for row in rows
        if row.kind in unwanted
        and not is_sent_always(rules.own.get(row.reference, rules.house), row.kind, row.matter_kind, row.rung)
    ]
    for kind in {row.kind for row in declined}:
        unit.execute(
            update(notice)
            .where(notice.c.id.in_([row.id for row in declined if row.kind == kind]))
            .values(
                decision=str(Decision.PASSED_OVER),
                decision_reason={"code": str(Why.UNSUBSCRIBED), "numbers": {"kind": kind}},
            )
        )
    if not declined or len(declined) < len(rows):
        return False
    _cancel(unit, message_id, Why.UNSUBSCRIBED)
    return True


def _move(unit: Connection, message: Any, person: Person, moment: datetime) -> int:
    """Let a message go at that moment, by the first of the person's channels that works; tells whether that is new."""
    channel, address = person.ways[0] if person.ways else (message.channel, message.address)
    if (moment, str(channel), address) == (message.next_at, message.channel, message.address):
        return 0
    unit.execute(
        update(notification)
        .where(notification.c.id == message.id)
        .values(next_at=moment, channel=str(channel), address=address)
    )
    return 1


def _withdraw(unit: Connection, message: Any, mark: str) -> None:
    """Cancel a message and free its key and those of its notices, so that they are planned anew."""
    _hold_handed(unit, message)
    key = notice.c.key + literal("|taken out of ") + cast(notice.c.notification_id, String)
    unit.execute(
        update(notice)
        .where(notice.c.notification_id == message.id, notice.c.decision == str(Decision.TOLD))
        .values(
            key=key,
            decision=str(Decision.PASSED_OVER),
            decision_reason={"code": str(Why.CHOICES_CHANGED), "numbers": {}},
        )
    )
    _cancel(unit, message.id, Why.CHOICES_CHANGED, key=f"withdrawn|{message.key}|{mark}"[:400])


def _hold_handed(unit: Connection, message: Any) -> None:
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
            [{"row_id": row.id, "held": hold(row.decision_reason, Why.CHOICES_CHANGED, {})} for row in rows],
        )


def _cancel(unit: Connection, message_id: int, why: Why, **more: Any) -> None:
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
