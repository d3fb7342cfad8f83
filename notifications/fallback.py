"""Where a message goes that failed for good: by the next of its person's channels, or anew when asked for."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, or_, select, update

from commitments.errors import NotFound, RefusedChange
from commitments.log import Author, Change, record_changes
from commitments.person_queries import Way, load_people
from commitments.queries import load_policies
from commitments.reconcile import ENGINE, group_rules
from commitments.references import find_contact
from commitments.tables import contact
from commitments.vocabulary import NotificationState
from notifications.parts import load_parts
from notifications.reasons import Decision, Why
from notifications.tables import notice, notification
from notifications.usual import order_ways


def move_on(unit: Connection, message_id: int, code: int, reply: str, now: datetime) -> bool:
    """Queue a message that failed for good by the next of its person's channels; False if there is none left.

    The same message, under the same name: what was tried, and what was said there, stays with it.
    """
    row = unit.execute(select(notification).where(notification.c.id == message_id)).one()
    earlier = row.earlier or {"attempts": 0, "from": []}
    tried = {(one["channel"], one["address"]) for one in earlier["from"]} | {(row.channel, row.address)}
    left = next((way for way in _order_ways(unit, row) if way not in tried), None)
    if left is None:
        return False
    channel, address = left
    given_up = {"channel": row.channel, "address": row.address, "code": code, "reply": reply, "at": now.isoformat()}
    numbers = {"channel": channel, "former": row.channel, "code": code, "reply": reply}
    unit.execute(
        update(notification)
        .where(notification.c.id == message_id)
        .values(
            state=str(NotificationState.QUEUED),
            channel=channel,
            address=address,
            next_at=now,
            sent_at=None,
            worker=None,
            lease_until=None,
            reason={"code": str(Why.OTHER_CHANNEL), "numbers": numbers},
            earlier={"attempts": row.attempts, "from": [*earlier["from"], given_up]},
        )
    )
    change = Change(
        "amended", "notification", row.id, row.key[:300], None, {"channel": (row.channel, channel)}, reply[:300] or None
    )
    record_changes(unit, Author(ENGINE, now), [change])
    return True


def resend_message(unit: Connection, key: str, author: Author) -> None:
    """Queue a message that has failed anew, by the channels that its person has now, under its old name.

    Raises NotFound for a key that no message has, and RefusedChange for one that has not failed, whose person has no
    channel that works, or of which nothing is left to tell, because planning has found it again.
    """
    row = unit.execute(select(notification).where(notification.c.key == key)).one_or_none()
    if row is None:
        raise NotFound(f"no message has the key {key!r}; tally messages --failed lists those that failed")
    if row.state != NotificationState.FAILED:
        raise RefusedChange(f"the message is {row.state} and has not failed")
    if _is_found_again(unit, row.id):
        raise RefusedChange("what it held is told by a later message, as far as it is still so")
    ways = _order_ways(unit, row)
    if not ways:
        raise RefusedChange("its person has no channel that works: give them a new address first")
    channel, address = ways[0]
    state = str(NotificationState.QUEUED)
    numbers = {"who": author.who}
    unit.execute(
        update(notification)
        .where(notification.c.id == row.id)
        .values(
            state=state,
            channel=str(channel),
            address=address,
            next_at=author.at,
            reason={"code": str(Why.SENT_AGAIN), "numbers": numbers},
            # What may have arrived the first time says so the second.
            repeated=row.repeated or row.reason.get("code") in (Why.UNCERTAIN_HELD, Why.GIVEN_UP),
            earlier={"attempts": row.attempts, "from": []},
        )
    )
    changes = {"state": (row.state, state), "address": (row.address, address)}
    record_changes(unit, author, [Change("amended", "notification", row.id, row.key[:300], None, changes)])


def _is_found_again(unit: Connection, message_id: int) -> bool:
    """Whether all that a message held was taken out of it."""
    told = notice.c.decision == str(Decision.TOLD)
    held = unit.execute(select(told, func.count()).where(notice.c.notification_id == message_id).group_by(told)).all()
    return bool(held) and not any(is_told for is_told, _ in held)


def _order_ways(unit: Connection, message: Any) -> tuple[Way, ...]:
    """The channels of its person that work, in the order in which what it tells goes by them."""
    people = load_people(unit, only=contact.c.id == message.contact_id)
    rules = group_rules(*load_policies(unit), people)
    return order_ways(people[message.contact_id], load_parts(unit, [message.id], rules)[message.id].rulings)


def list_failed(reading: Connection, reference: str | None = None) -> list[str]:
    """The keys of the messages that have failed, the oldest first; of one person, if a contact is named.

    Those of which planning has found again what they held are not among them.
    """
    held = notice.c.notification_id == notification.c.id
    is_left = exists().where(held, notice.c.decision == str(Decision.TOLD))
    query = select(notification.c.key).where(
        notification.c.state == str(NotificationState.FAILED), or_(is_left, ~exists().where(held))
    )
    if reference is not None:
        query = query.where(notification.c.contact_id == find_contact(reading, reference).id)
    return list(reading.execute(query.order_by(notification.c.id)).scalars())
