"""Acts on what came back: the message did not arrive, its channel is failing or off, a reader complained."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from commitments.choosing import change_choices
from commitments.database import insert_new
from commitments.log import Author, Change, record_changes
from commitments.person_queries import load_choices
from commitments.reconcile import ENGINE
from commitments.tables import channel_state, contact
from commitments.vocabulary import Channel, NotificationKind, NotificationState
from notifications.bounces import Bounce, BounceKind, judge_bounce
from notifications.failures import open_failures
from notifications.fallback import move_on
from notifications.mime import check_address
from notifications.reachability import SILENCE_THAT_IS_SUCCESS, WINDOW, ChannelHealth, ComeBack, judge_health
from notifications.reasons import Why
from notifications.tables import bounce, notification

NOT_ESSENTIAL = (NotificationKind.REMINDER, NotificationKind.DIGEST, NotificationKind.SUMMARY)
"""What a person who complained is sent no more; what they are asked to do still comes."""
_ADDRESS_CODES = (550, 551, 553)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one report came to."""

    contact: str
    address: str
    kind: BounceKind
    reply: str
    did: str  # known | noted | moved on | failed | unsubscribed
    health: ChannelHealth


def take_bounce(unit: Connection, found: Bounce, now: datetime, today: date) -> Taken | None:
    """Write down a report and do what follows from it, once; nothing if it belongs to no message of ours, or tells of
    another address than its letter went to.
    """
    row = _find_message(unit, found)
    if row is None:
        return None
    channel, address = str(Channel.MAIL), row.address if row.channel == Channel.MAIL else _former_mail(row)
    if found.recipients and _fold(address) not in map(_fold, found.recipients):
        return None
    new = insert_new(
        unit,
        bounce,
        [
            {
                "key": found.key,
                "notification_id": row.id,
                "contact_id": row.contact_id,
                "channel": channel,
                "address": address,
                "kind": str(found.kind),
                "status": found.status[:20],
                "reply": found.reply[:300],
                "read_at": now,
            }
        ],
        returning=("id",),
    )
    did = "known"
    if new:
        did = _act(unit, row, found, now, today)
    health = review_channel(unit, row.contact_id, channel, address, now)
    if new and health is ChannelHealth.OFF:
        open_failures(unit, [row.id], f"{address} is written to no more: {found.reply}"[:300], now, former=None)
    return Taken(row.reference, address, found.kind, found.reply, did, health)


def _find_message(unit: Connection, found: Bounce) -> Any:
    query = select(notification, contact.c.reference).join(contact, contact.c.id == notification.c.contact_id)
    if found.notification_id is not None:
        return unit.execute(query.where(notification.c.id == found.notification_id)).one_or_none()
    if found.message_id is not None:
        return unit.execute(query.where(notification.c.message_id == found.message_id)).first()
    return None


def _fold(address: str) -> str:
    """An address as another server may write it; what is none stays as it is."""
    try:
        return check_address(address).casefold()
    except ValueError:
        return address.casefold()


def _former_mail(row: Any) -> str:
    """The mail address of a message that goes by another channel by now."""
    for one in reversed((row.earlier or {}).get("from", [])):
        if one["channel"] == Channel.MAIL:
            return str(one["address"])
    return str(row.address)


def _act(unit: Connection, row: Any, found: Bounce, now: datetime, today: date) -> str:
    if found.kind is BounceKind.COMPLAINT:
        _unsubscribe(unit, row, now, today)
        words = f"complained of our messages as spam ({found.reply})"[:300]
        open_failures(unit, [row.id], words, now, former=None, lasting=True)
        return "unsubscribed"
    if found.kind is BounceKind.DELAYED or row.state != NotificationState.SENT or row.channel != Channel.MAIL:
        return "noted"
    reason = {"code": str(Why.BOUNCED), "numbers": {"code": found.status, "reply": found.reply}}
    unit.execute(
        update(notification)
        .where(notification.c.id == row.id)
        .values(state=str(NotificationState.FAILED), sent_at=None, reason=reason)
    )
    change = Change(
        "failed", "notification", row.id, row.key[:300], None,
        {"state": (str(NotificationState.SENT), str(NotificationState.FAILED))}, found.reply[:300] or None,
    )  # fmt: skip
    record_changes(unit, Author(ENGINE, now), [change])
    if move_on(unit, row.id, 0, found.reply, now):
        return "moved on"
    open_failures(unit, [row.id], found.reply, now, former=None)
    return "failed"


def _unsubscribe(unit: Connection, row: Any, now: datetime, today: date) -> None:
    chosen = load_choices(unit, [row.contact_id]).get(row.contact_id)
    already = set(chosen.unsubscribed) if chosen is not None else set()
    wanted = sorted(already | set(NOT_ESSENTIAL))
    author = Author(ENGINE, now, why="complained of a message as spam")
    change_choices(unit, author, row.reference, {"unsubscribed": [str(kind) for kind in wanted]}, today)


def note_refusal(unit: Connection, row_id: int, number: int, code: int, reply: str, now: datetime) -> None:
    """Count a refusal that the mail server said at once like one that comes back later, if the address is at fault."""
    status = reply.partition(" ")[0]
    plain = "." not in status
    if code not in _ADDRESS_CODES or judge_bounce("5.1.1" if plain else status, reply) is not BounceKind.PERMANENT:
        return
    row = unit.execute(select(notification).where(notification.c.id == row_id)).one()
    values = {
        "key": f"refused|{row_id}|{number}",
        "notification_id": row_id,
        "contact_id": row.contact_id,
        "channel": row.channel,
        "address": row.address,
        "kind": str(BounceKind.PERMANENT),
        "status": status[:20] if not plain else str(code),
        "reply": reply[:300],
        "read_at": now,
    }
    if insert_new(unit, bounce, [values], returning=("id",)):
        review_channel(unit, row.contact_id, row.channel, row.address, now)


def review_channel(unit: Connection, contact_id: int, channel: str, address: str, now: datetime) -> ChannelHealth:
    """How this channel stands now; written down, with a log entry, if that has changed."""
    rows = unit.execute(
        select(bounce.c.kind, bounce.c.read_at, bounce.c.reply, bounce.c.notification_id, notification.c.queued_at)
        .join(notification, notification.c.id == bounce.c.notification_id)
        .where(
            bounce.c.contact_id == contact_id,
            bounce.c.channel == channel,
            bounce.c.address == address,
            bounce.c.read_at > now - WINDOW,
        )
        .order_by(bounce.c.id)
    ).all()
    arrived = unit.execute(
        select(func.max(notification.c.sent_at)).where(
            notification.c.contact_id == contact_id,
            notification.c.channel == channel,
            notification.c.address == address,
            notification.c.state == str(NotificationState.SENT),
            notification.c.sent_at < now - SILENCE_THAT_IS_SUCCESS,
            notification.c.id.not_in([row.notification_id for row in rows]),
        )
    ).scalar()
    # One message that comes back twice, as by two servers on its way, is one.
    back = {(row.notification_id, row.kind): ComeBack(BounceKind(row.kind), row.queued_at, row.read_at) for row in rows}
    health, count = judge_health(list(back.values()), arrived, now)
    reply = next((row.reply for row in reversed(rows) if row.kind != BounceKind.COMPLAINT), "")
    _write_health(unit, contact_id, channel, address, health, {"count": count, "reply": reply}, now)
    return health


def _write_health(
    unit: Connection,
    contact_id: int,
    channel: str,
    address: str,
    health: ChannelHealth,
    numbers: dict[str, Any],
    now: datetime,
) -> None:
    place = (
        (channel_state.c.contact_id == contact_id)
        & (channel_state.c.channel == channel)
        & (channel_state.c.address == address)
    )
    row = unit.execute(select(channel_state).where(place)).one_or_none()
    before = row.state if row is not None else str(ChannelHealth.WORKING)
    if before == health:
        return
    values = {"state": str(health), "reason": {"code": str(health), "numbers": numbers}, "since": now}
    if row is None:
        key = {"contact_id": contact_id, "channel": channel, "address": address}
        row_id = unit.execute(insert(channel_state).values(**key, **values).returning(channel_state.c.id)).scalar_one()
    else:
        row_id = row.id
        unit.execute(update(channel_state).where(channel_state.c.id == row_id).values(**values))
    reference = unit.execute(select(contact.c.reference).where(contact.c.id == contact_id)).scalar_one()
    change = Change(
        "amended", "channel_state", row_id, f"{reference} {channel} {address}"[:300], None,
        {"state": (before, str(health))}, str(numbers.get("reply") or "")[:300] or None,
    )  # fmt: skip
    record_changes(unit, Author(ENGINE, now), [change])


def review_channels(unit: Connection, now: datetime) -> Sequence[Any]:
    """Look again at every channel that fails or is off; returns those that still do."""
    query = (
        select(channel_state).where(channel_state.c.state != str(ChannelHealth.WORKING)).order_by(channel_state.c.id)
    )
    for row in unit.execute(query).all():
        review_channel(unit, row.contact_id, row.channel, row.address, now)
    return unit.execute(query).all()
