"""The outbox: claimed with a lease, each attempt written before the call, recorded after; at least once, said so."""

import random
import socket
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psutil
from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from commitments.database import Prepared
from commitments.vocabulary import Channel, NotificationState, Outcome
from notifications.failures import open_failures
from notifications.fallback import move_on
from notifications.reasons import Decision, Why
from notifications.smtp_line import Delivery
from notifications.tables import attempt, notice, notification
from notifications.undelivered import note_refusal

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440, 1440))
"""The wait after each failed attempt; after the last the message has failed."""
MOST_ATTEMPTS = len(BACKOFF) + 1
LONGEST_WAIT_FOR_ROUTE = timedelta(minutes=30)
"""A letter that could not even be offered goes soon after the way is open again, however long it was closed."""
_CLOCK_CORRECTION = 5.0

_STOPPED = "the sender stopped before the answer was kept"


def name_worker() -> str:
    """This process, so that another on the same machine can see whether it still lives."""
    process = psutil.Process()
    return f"{socket.gethostname()}|{process.pid}|{process.create_time():.2f}"


def is_gone(worker: str) -> bool:
    """Whether a worker of this machine no longer runs; False for workers elsewhere, whose lease must run out."""
    host, _, rest = worker.partition("|")
    pid, _, born = rest.partition("|")
    if host != socket.gethostname():
        return False
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:
            return True  # dead, and its parent has not looked yet
        # The kernel counts from its start, and a clock that is set right moves that start by a little.
        return abs(process.create_time() - float(born)) > _CLOCK_CORRECTION
    except psutil.NoSuchProcess:
        return True


def release_abandoned(unit: Connection, now: datetime, *, repeat_uncertain: bool) -> int:
    """Take back the messages of senders that died or whose lease ran out.

    One whose attempt had begun may have been taken by the mail server: it goes again under the same Message-ID and is
    marked as repeated, or by setting is put aside as failed.
    """
    rows = unit.execute(
        select(notification.c.id, notification.c.worker, notification.c.lease_until, notification.c.earlier)
        .where(notification.c.state == str(NotificationState.SENDING))
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    lost = [row.id for row in rows if row.lease_until < now or is_gone(row.worker)]
    if not lost:
        return 0
    begun = {
        row.notification_id: row.number
        for row in unit.execute(
            select(attempt.c.notification_id, attempt.c.number).where(
                attempt.c.notification_id.in_(lost), attempt.c.outcome.is_(None)
            )
        )
    }
    unit.execute(
        update(attempt)
        .where(attempt.c.notification_id.in_(begun), attempt.c.outcome.is_(None))
        .values(outcome=str(Outcome.UNCERTAIN), ended_at=now, reply=_STOPPED)
    )
    uncounted = {row.id: (row.earlier or {}).get("attempts", 0) for row in rows}
    repeat = [one for one, number in begun.items() if repeat_uncertain and number - uncounted[one] < MOST_ATTEMPTS]
    given_up = sorted(begun.keys() - set(repeat))
    more = {"worker": None, "lease_until": None}
    queued = more | {"state": str(NotificationState.QUEUED), "next_at": now}
    counted = {"attempts": notification.c.attempts + 1}
    code = Why.GIVEN_UP if repeat_uncertain else Why.UNCERTAIN_HELD
    reason = {"code": str(code), "numbers": {"reply": _STOPPED, "attempts": MOST_ATTEMPTS} if repeat_uncertain else {}}
    failed = more | {"state": str(NotificationState.FAILED), "reason": reason}
    for ids, values in (
        ([one for one in lost if one not in begun], queued),
        (repeat, queued | counted | {"repeated": True}),
        (given_up, failed | counted),
    ):
        if ids:
            unit.execute(update(notification).where(notification.c.id.in_(ids)).values(**values))
    if given_up:
        open_failures(unit, given_up, "nobody knows whether it arrived", now)
    return len(lost)


def claim_messages(
    unit: Connection,
    worker: str,
    now: datetime,
    lease: timedelta,
    most: int,
    *,
    early: bool = False,
    besides_mail: bool = False,
    only: int | None = None,
) -> Sequence[Any]:
    """Take up to `most` messages that may go now; nobody else gets them before the lease runs out.

    `early` takes also those that wait for their reader's morning; `besides_mail` leaves letters where they are; `only`
    takes none but this one.
    """
    may_go = _may_go(now, early)
    if besides_mail:
        may_go &= notification.c.channel != str(Channel.MAIL)
    if only is not None:
        may_go &= notification.c.id == only
    ready = (
        select(notification.c.id)
        .where(may_go)
        .order_by(notification.c.next_at, notification.c.id)
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True)
    )
    rows = unit.execute(
        update(notification)
        .where(notification.c.id.in_(ready.scalar_subquery()))
        .values(
            state=str(NotificationState.SENDING),
            worker=worker,
            lease_until=now + lease,
            told_until=case(
                (notification.c.attempts == 0, literal(now, notification.c.told_until.type)),
                else_=notification.c.told_until,
            ),
        )
        .returning(notification)
    ).all()
    return sorted(rows, key=lambda row: row.id)


def count_ready(reading: Connection, now: datetime, *, early: bool = False) -> int:
    """How many messages may go now."""
    return reading.execute(select(func.count()).select_from(notification).where(_may_go(now, early))).scalar_one()


def _may_go(now: datetime, early: bool) -> Any:
    due = notification.c.next_at <= now
    return (notification.c.state == str(NotificationState.QUEUED)) & (
        or_(due, notification.c.attempts == 0) if early else due
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one attempt, to be kept."""

    notification_id: int
    number: int
    delivery: Delivery
    ended_at: datetime
    subject: str
    repeated: bool
    earlier: Mapping[str, Any] | None = None
    """The channels tried before, with how many attempts do not count on this one."""

    @property
    def tries(self) -> int:
        return self.number - self._uncounted

    def count_out(self) -> dict[str, Any]:
        """What is kept as earlier, where this attempt does not count either."""
        return {"from": [], **(self.earlier or {}), "attempts": self._uncounted + 1}

    @property
    def _uncounted(self) -> int:
        return int((self.earlier or {}).get("attempts", 0))


_MINE = (
    (notification.c.id == bindparam("row_id"))
    & (notification.c.worker == bindparam("by"))
    & (notification.c.attempts == bindparam("before"))
)
_BEGIN = Prepared(
    insert(attempt).from_select(
        ["notification_id", "number", "started_at", "worker", "run"],
        select(
            notification.c.id,
            notification.c.attempts + 1,
            bindparam("at", type_=attempt.c.started_at.type),
            notification.c.worker,
            bindparam("run", type_=attempt.c.run.type),
        )
        .where(_MINE, notification.c.state == str(NotificationState.SENDING))
        # Else, on PostgreSQL, the attempt could begin while another sender is taking the message over.
        .with_for_update(key_share=True),
    )
)
_END = Prepared(
    update(attempt)
    .where(attempt.c.notification_id == bindparam("row_id"), attempt.c.number == bindparam("which"))
    .values({name: bindparam(f"new_{name}") for name in ("ended_at", "outcome", "code", "reply")})
)
_KEPT = ("state", "attempts", "sent_at", "subject", "worker", "lease_until")
_KEEP = Prepared(update(notification).where(_MINE).values({name: bindparam(f"new_{name}") for name in _KEPT}))


def begin_attempt(unit: Connection, row: Any, worker: str, now: datetime, run: str | None = None) -> bool:
    """Write that an attempt begins, and in which `run` of Prefect; False if the lease was lost to another sender."""
    begun = {"row_id": row.id, "by": worker, "before": row.attempts, "at": now, "run": run}
    return _BEGIN.run(unit, begun) == 1


def _is_held(ids: Sequence[int], worker: str) -> ColumnElement[bool]:
    """Whether a message is one of these, and is still this sender's to send."""
    return and_(
        notification.c.id.in_(ids),
        notification.c.worker == worker,
        notification.c.state == str(NotificationState.SENDING),
    )


def extend_lease(unit: Connection, ids: Sequence[int], worker: str, until: datetime) -> None:
    """Hold claimed messages for longer, as when the server is so slow that they would outlast their lease."""
    unit.execute(update(notification).where(_is_held(ids, worker)).values(lease_until=until))


def keep_outcome(unit: Connection, sent: Sent, worker: str, *, repeat_uncertain: bool) -> NotificationState | None:
    """Write what became of an attempt and what follows: sent, tried again later, or failed with a follow-up.

    Nothing, and nothing is written, if the lease was lost and another sender has taken the message over.
    """
    delivery = sent.delivery
    state, more = _judge(sent, repeat_uncertain)
    accepted = state is NotificationState.SENT
    values = {
        "row_id": sent.notification_id,
        "by": worker,
        "before": sent.number - 1,
        "new_state": str(state),
        "new_attempts": sent.number,
        "new_sent_at": sent.ended_at if accepted else None,
        "new_subject": sent.subject,
        "new_worker": None,
        "new_lease_until": None,
    }
    kept = unit.execute(_KEEP.statement.values(more), values).rowcount if more else _KEEP.run(unit, values)
    if not kept:
        return None
    _END.run(
        unit,
        {
            "row_id": sent.notification_id,
            "which": sent.number,
            "new_ended_at": sent.ended_at,
            "new_outcome": str(delivery.outcome),
            "new_code": delivery.code,
            "new_reply": delivery.reply,
        },
    )
    if state is NotificationState.FAILED:
        return _fail(unit, sent)
    return state


def _fail(unit: Connection, sent: Sent) -> NotificationState:
    """What was refused for good goes by the next channel; what may have arrived, and must not be repeated, does not."""
    delivery = sent.delivery
    if delivery.outcome is Outcome.PERMANENT:
        note_refusal(unit, sent.notification_id, sent.number, delivery.code, delivery.reply, sent.ended_at)
    held = delivery.outcome is Outcome.UNCERTAIN and sent.tries < MOST_ATTEMPTS
    if not held and move_on(unit, sent.notification_id, delivery.code, delivery.reply, sent.ended_at):
        return NotificationState.QUEUED
    open_failures(unit, [sent.notification_id], delivery.reply, sent.ended_at)
    return NotificationState.FAILED


def _judge(sent: Sent, repeat_uncertain: bool) -> tuple[NotificationState, dict[str, Any]]:
    """The state that follows from an outcome, with whatever else it changes."""
    delivery = sent.delivery
    if delivery.outcome is Outcome.ACCEPTED:
        return NotificationState.SENT, {}
    if delivery.outcome is Outcome.PERMANENT or (sent.tries >= MOST_ATTEMPTS and not delivery.route_down):
        code = Why.REFUSED if delivery.outcome is Outcome.PERMANENT else Why.GIVEN_UP
        numbers = {"code": delivery.code, "reply": delivery.reply, "attempts": sent.tries}
        return NotificationState.FAILED, {"reason": {"code": str(code), "numbers": numbers}}
    if delivery.outcome is Outcome.UNCERTAIN and not repeat_uncertain:
        reason = {"code": str(Why.UNCERTAIN_HELD), "numbers": {"reply": delivery.reply}}
        return NotificationState.FAILED, {"reason": reason}
    more: dict[str, Any] = {}
    wait = BACKOFF[min(sent.tries, len(BACKOFF)) - 1]
    if delivery.route_down:
        more["earlier"] = sent.count_out()
        wait = min(BACKOFF[min(sent.number, len(BACKOFF)) - 1], LONGEST_WAIT_FOR_ROUTE)
    wait *= random.uniform(0.9, 1.3)  # noqa: S311 - spreads retries, guards nothing
    wait = max(wait, timedelta(seconds=delivery.retry_after))
    more["next_at"] = sent.ended_at + wait
    if delivery.outcome is Outcome.UNCERTAIN:
        more["repeated"] = True
    return NotificationState.QUEUED, more


def cancel_messages(unit: Connection, ids: Sequence[int], why: Why, worker: str) -> None:
    """Messages that need not go any more: kept, with the reason."""
    unit.execute(
        update(notification)
        .where(notification.c.id.in_(ids), notification.c.worker == worker)
        .values(
            state=str(NotificationState.CANCELLED),
            reason={"code": str(why), "numbers": {}},
            worker=None,
            lease_until=None,
        )
    )


def find_left_out(reading: Connection, message_ids: Sequence[int], told: Collection[int]) -> list[int]:
    """The notices of these messages that no letter tells, because they were answered after they were planned."""
    rows = reading.execute(
        select(notice.c.id).where(notice.c.notification_id.in_(message_ids), notice.c.decision == str(Decision.TOLD))
    )
    return [one for one in rows.scalars() if one not in told]


def find_wholly(reading: Connection, notice_ids: Sequence[int], among: Collection[int]) -> frozenset[int]:
    """The messages that told these notices, where all that each told is `among` some of them."""
    rows = reading.execute(select(notice.c.id, notice.c.notification_id).where(notice.c.id.in_(notice_ids))).all()
    others = {row.notification_id for row in rows if row.id not in among}
    return frozenset(row.notification_id for row in rows) - others


def leave_out(unit: Connection, notice_ids: Sequence[int], passed_on: Mapping[int, str]) -> None:
    """Say that they were answered meanwhile, or to whom they have `passed_on`, and free their keys.

    So the record never says that somebody was told what no letter said, and a matter that opens again is told.
    """
    key = notice.c.key + literal("|left out of ") + cast(notice.c.notification_id, String)
    reasons: dict[str | None, list[int]] = defaultdict(list)
    for one in notice_ids:
        reasons[passed_on.get(one)].append(one)
    for contact, ids in reasons.items():
        why, numbers = (Why.ANSWERED_MEANWHILE, {}) if contact is None else (Why.PASSED_ON, {"contact": contact})
        unit.execute(
            update(notice)
            .where(notice.c.id.in_(ids), notice.c.decision == str(Decision.TOLD))
            .values(key=key, decision=str(Decision.PASSED_OVER), decision_reason={"code": str(why), "numbers": numbers})
        )


def postpone_messages(unit: Connection, ids: Sequence[int], worker: str, until: datetime) -> None:
    """Put off claimed messages whose hours are over; the next planning gives what they hold to a later one."""
    unit.execute(
        update(notification)
        .where(notification.c.id.in_(ids), notification.c.worker == worker)
        .values(state=str(NotificationState.QUEUED), next_at=until, worker=None, lease_until=None)
    )


def return_messages(unit: Connection, ids: Sequence[int], worker: str) -> None:
    """Give back claimed messages that were not begun, as when the sender is asked to stop."""
    unit.execute(
        update(notification)
        .where(_is_held(ids, worker))
        .values(state=str(NotificationState.QUEUED), worker=None, lease_until=None)
    )
