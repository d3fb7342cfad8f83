"""What messages held that failed for good: it is found again by planning once its reader may be reached."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, String, bindparam, cast, exists, func, literal, or_, select, update

from commitments.days import find_own_day
from commitments.facts import Person
from commitments.person_queries import load_people
from commitments.tables import contact, follow_up
from commitments.vocabulary import FollowUpState, NotificationKind, NotificationState
from notifications.held import AFTERWARDS, hold
from notifications.reasons import LOST, Decision, Why
from notifications.tables import attempt, bounce, notice, notification

LATER_TRIES = timedelta(days=7)
"""So long rests an address by which the messages of two days in a row have failed, unless something else arrives."""
UNWRITTEN = ("the message could not be composed", "the letter could not be written")
"""How the reply of an attempt begins where the words were at fault: with them the next letter would fail, too."""
_FREED = "|lost with "


@dataclass(frozen=True, slots=True)
class _Lost:
    """A message that failed for good and what it still holds, with when it failed."""

    row: Any
    failed_at: datetime
    last_sent: datetime | None
    """When a message last reached its person."""
    in_a_row: int
    """Those of how many days have failed by the same address since then; one day may have been a server's mistake."""


def find_lost(reading: Connection, now: datetime) -> list[Any]:
    """The messages that failed for good whose reader may be reached by now with what they still hold.

    That is at once where another address or channel works than those on which it failed, where none works at all, so
    that another person is told instead, and where a later message reached the reader. By the same address it is tried
    again the next day, and once the messages of two days have failed in a row, after a week.
    """
    still = exists().where(notice.c.notification_id == notification.c.id, notice.c.decision == str(Decision.TOLD))
    failed = notification.c.state == str(NotificationState.FAILED)
    rows = reading.execute(select(notification).where(failed, still).order_by(notification.c.id)).all()
    rows = [row for row in rows if _has_been_offered(row)]
    if not rows:
        return []
    people = load_people(reading, only=contact.c.id.in_({row.contact_id for row in rows}))
    return [one.row for one in _describe(reading, rows) if _may_be_found(one, people[one.row.contact_id], now)]


def _has_been_offered(row: Any) -> bool:
    """Whether it failed on its way; what may have arrived, and must not be repeated, waits for a person's word."""
    reply = str(row.reason.get("numbers", {}).get("reply", ""))
    return row.reason.get("code") in LOST and not reply.startswith(UNWRITTEN)


def _describe(reading: Connection, rows: Sequence[Any]) -> list[_Lost]:
    ids, persons = [row.id for row in rows], {row.contact_id for row in rows}
    ended = _load_latest(reading, attempt.c.notification_id, attempt.c.ended_at, ids)
    came_back = _load_latest(reading, bounce.c.notification_id, bounce.c.read_at, ids)
    sent = _load_latest(reading, notification.c.contact_id, notification.c.sent_at, persons)
    in_a_row: dict[tuple[int, str, str], set[date]] = defaultdict(set)
    columns = [notification.c[name] for name in ("contact_id", "channel", "address", "queued_at", "local_day")]
    failed = notification.c.state == str(NotificationState.FAILED)
    for one in reading.execute(select(*columns).where(failed, notification.c.contact_id.in_(persons))):
        if one.contact_id not in sent or one.queued_at > sent[one.contact_id]:
            in_a_row[one.contact_id, one.channel, one.address].add(one.local_day)
    return [
        _Lost(
            row,
            max(ended.get(row.id, row.queued_at), came_back.get(row.id, row.queued_at)),
            sent.get(row.contact_id),
            len(in_a_row[row.contact_id, row.channel, row.address]),
        )
        for row in rows
    ]


def _load_latest(reading: Connection, of: Any, moment: Any, ids: Collection[int]) -> dict[int, datetime]:
    rows = reading.execute(select(of, func.max(moment)).where(of.in_(ids), moment.is_not(None)).group_by(of))
    return dict(map(tuple, rows))


def _may_be_found(lost: _Lost, person: Person, now: datetime) -> bool:
    row = lost.row
    tried = {(one["channel"], one["address"]) for one in (row.earlier or {}).get("from", ())}
    tried.add((row.channel, row.address))
    if not person.ways or not tried.issuperset(person.ways):
        return True
    if lost.last_sent is not None and lost.last_sent > lost.failed_at:
        return True
    if lost.in_a_row > 1:
        return now >= lost.failed_at + LATER_TRIES
    if row.key.startswith("scheduled|"):
        return find_own_day(person, now) > find_own_day(person, lost.failed_at)
    return now >= lost.failed_at + timedelta(days=1)


def free(unit: Connection, messages: Sequence[Any]) -> int:
    """Free what these messages still hold, so that planning finds what of it is still so; tells how many notices."""
    freed = 0
    by_reason: dict[str, list[Any]] = defaultdict(list)
    for row in messages:
        by_reason[row.reason["code"]].append(row)
    for code, rows in by_reason.items():
        ids = [row.id for row in rows]
        _hold_handed(unit, ids, Why(code))
        key = notice.c.key + literal(_FREED) + cast(notice.c.notification_id, String)
        values = {"key": key, "decision": str(Decision.PASSED_OVER), "decision_reason": {"code": code, "numbers": {}}}
        told = (notice.c.notification_id.in_(ids), notice.c.decision == str(Decision.TOLD))
        freed += unit.execute(update(notice).where(*told).values(values)).rowcount
    at_once = [{"row_id": row.id, "anew": f"{row.key}{_FREED}{row.id}"[:400]} for row in messages
               if not row.key.startswith("scheduled|")]  # fmt: skip
    if at_once:
        mine = (notification.c.id == bindparam("row_id")) & (notification.c.state == str(NotificationState.FAILED))
        unit.execute(update(notification).where(mine).values(key=bindparam("anew")), at_once)
    return freed


def _hold_handed(unit: Connection, ids: Sequence[int], why: Why) -> None:
    """Hold what was handed over and nobody is asked about: no planning would find it, but for what it holds."""
    rows = unit.execute(
        select(notice.c.id, notice.c.decision_reason).where(
            notice.c.notification_id.in_(ids),
            notice.c.kind == str(NotificationKind.HAND_OVER),
            notice.c.decision == str(Decision.TOLD),
            notice.c.follow_up_id.is_(None),
            notice.c.key.not_like(f"%{AFTERWARDS}"),
        )
    ).all()
    if rows:
        held = {"decision": str(Decision.HELD), "notification_id": None}
        reason = bindparam("held", type_=notice.c.decision_reason.type)
        unit.execute(
            update(notice).where(notice.c.id == bindparam("row_id")).values(**held, decision_reason=reason),
            [{"row_id": row.id, "held": hold(row.decision_reason, why, {})} for row in rows],
        )


def find_untold(reading: Connection, persons: Collection[int], today: date) -> set[int]:
    """Of these persons those who have yet to be told something that a failed message held, if it is still so."""
    unfreed = (
        select(notification.c.contact_id)
        .join(notice, notice.c.notification_id == notification.c.id)
        .outerjoin(follow_up, follow_up.c.id == notice.c.follow_up_id)
        .where(
            notification.c.contact_id.in_(persons),
            notification.c.state == str(NotificationState.FAILED),
            notice.c.decision == str(Decision.TOLD),
            or_(
                follow_up.c.state == str(FollowUpState.OPEN),
                notice.c.follow_up_id.is_(None) & (notice.c.due_on >= today),
            ),
        )
    )
    queued = select(notification.c.contact_id).where(
        notification.c.contact_id.in_(persons),
        notification.c.kind != str(NotificationKind.SIGN_IN),
        notification.c.state.in_([str(NotificationState.QUEUED), str(NotificationState.SENDING)]),
    )
    again, by = notice.alias("again"), notification.alias("by")
    told_since = exists().where(
        again.c.follow_up_id == notice.c.follow_up_id,
        again.c.contact_id == notice.c.contact_id,
        again.c.decision == str(Decision.TOLD),
        by.c.id == again.c.notification_id,
        by.c.state == str(NotificationState.SENT),
    )
    untold = (
        select(notice.c.contact_id)
        .join(follow_up, follow_up.c.id == notice.c.follow_up_id)
        .where(
            notice.c.contact_id.in_(persons),
            notice.c.key.like(f"%{_FREED}%"),
            follow_up.c.state == str(FollowUpState.OPEN),
            follow_up.c.assignee_id == notice.c.contact_id,
            follow_up.c.snoozed_until.is_(None),
            ~told_since,
        )
    )
    return {one for query in (unfreed, queued, untold) for one in reading.execute(query).scalars()}
