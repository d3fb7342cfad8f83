"""Sends what is in the outbox: claim, write, send with no transaction open, record."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from commitments.database import open_reading, open_unit
from commitments.failpoints import failpoint
from commitments.reconcile import Rules, load_rules
from commitments.settings import Settings
from commitments.vocabulary import NotificationState
from notifications.composing import Names, compose_messages, is_empty, load_names
from notifications.delivery import Delivery, MailRoute, Post
from notifications.messages import Message
from notifications.mime import Letter, build_letter
from notifications.outbox import (
    Sent,
    begin_attempt,
    cancel_messages,
    claim_messages,
    keep_outcome,
    name_worker,
    release_abandoned,
    return_messages,
)
from notifications.reasons import Why
from notifications.rendering import write_message

BATCH = 100


@dataclass(slots=True)
class Dispatched:
    """What one run sent, in counts."""

    sent: int = 0
    repeated: int = 0
    retried: int = 0
    failed: int = 0
    cancelled: int = 0
    released: int = 0
    """Messages taken back from senders that died."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What a sender carries through a run."""

    engine: Engine
    settings: Settings
    post: Post
    worker: str
    read_clock: Callable[[], datetime]

    @property
    def domain(self) -> str:
        return self.settings.sender.rpartition("@")[2]


def dispatch_messages(
    engine: Engine,
    settings: Settings,
    *,
    read_clock: Callable[[], datetime] | None = None,
    stop: threading.Event | None = None,
    most: int | None = None,
) -> Dispatched:
    """Send every message that may go now; returns when none is left, or after the message under way once `stop` is set.

    A message is marked as sent only after the server took it. A process killed between the two repeats that one
    message under the same Message-ID.
    """
    clock = read_clock or (lambda: datetime.now(UTC))
    done = Dispatched()
    stop = stop or threading.Event()
    with open_unit(engine) as unit:
        done.released = release_abandoned(unit, clock(), repeat_uncertain=settings.repeat_uncertain)
    with open_reading(engine) as reading:
        rules, names = load_rules(reading), load_names(reading)
    with Post(MailRoute.parse(settings.post_url)) as post:
        line = _Line(engine, settings, post, name_worker(), clock)
        while not stop.is_set() and (most is None or done.sent < most):
            if not _send_batch(line, rules, names, done, stop, most):
                break
    return done


def _send_batch(
    line: _Line, rules: Rules, names: Names, done: Dispatched, stop: threading.Event, most: int | None
) -> bool:
    now = line.read_clock()
    lease = timedelta(seconds=line.settings.lease_seconds)
    size = BATCH if most is None else min(BATCH, most - done.sent)
    with open_unit(line.engine) as unit:
        claimed = claim_messages(unit, line.worker, now, lease, size)
    failpoint("outbox.after_claim")
    if not claimed:
        return False
    with open_reading(line.engine) as reading:
        messages = compose_messages(reading, claimed, rules, names, now.date(), base_url=line.settings.base_url)
    idle = [row for row in claimed if is_empty(messages[row.id])]
    rows = [row for row in claimed if not is_empty(messages[row.id])]
    if idle:
        with open_unit(line.engine) as unit:
            for why in (Why.NOTHING_TO_SAY, Why.ANSWERED_MEANWHILE):
                ids = [row.id for row in idle if _why_idle(messages[row.id]) is why]
                if ids:
                    cancel_messages(unit, ids, why, line.worker)
        done.cancelled += len(idle)
    _send_claimed(line, rows, messages, done, stop)
    return True


def _why_idle(message: Message) -> Why:
    return Why.NOTHING_TO_SAY if message.digest is not None else Why.ANSWERED_MEANWHILE


def _send_claimed(
    line: _Line, rows: list[Any], messages: dict[int, Message], done: Dispatched, stop: threading.Event
) -> None:
    """Send one after the other. An outcome is kept in the unit that begins the next attempt: one commit a message."""
    pending: Sent | None = None
    for place, row in enumerate(rows):
        letter, subject = _write_letter(line, row, messages[row.id])
        with open_unit(line.engine) as unit:
            _keep(unit, line, pending, done)
            mine = begin_attempt(unit, row, line.worker, line.read_clock())
        pending = None
        failpoint("outbox.before_send")
        if not mine:
            continue
        delivery = line.post.send(sender=line.settings.sender, to=row.address, wire=letter)
        failpoint("outbox.after_send")
        pending = Sent(row.id, row.attempts + 1, delivery, line.read_clock(), subject, row.repeated, row.contact_id)
        if stop.is_set() or _is_down(delivery):
            with open_unit(line.engine) as unit:
                _keep(unit, line, pending, done)
                return_messages(unit, [one.id for one in rows[place + 1 :]], line.worker)
            stop.set()
            return
    with open_unit(line.engine) as unit:
        _keep(unit, line, pending, done)
    failpoint("outbox.after_record")


def _is_down(delivery: Delivery) -> bool:
    """The whole route is closed, so that trying the other messages now would only use up their attempts."""
    return bool(getattr(delivery, "route_down", False))


def _keep(unit: Connection, line: _Line, sent: Sent | None, done: Dispatched) -> None:
    if sent is None:
        return
    state = keep_outcome(unit, sent, line.worker, repeat_uncertain=line.settings.repeat_uncertain)
    failpoint("outbox.before_record")
    if state is NotificationState.SENT:
        done.sent += 1
        done.repeated += sent.repeated
    elif state is NotificationState.FAILED:
        done.failed += 1
    else:
        done.retried += 1


def _write_letter(line: _Line, row: Any, message: Message) -> tuple[bytes, str]:
    written = write_message(message)
    reply = (message.coordinator_name or "", message.coordinator_mail) if message.coordinator_mail else None
    letter = Letter(
        message_id=row.message_id,
        sender_name=line.settings.sender_name,
        sender_address=line.settings.sender,
        to_name=message.to_name,
        to_address=row.address,
        subject=written.subject,
        text=written.text,
        html=written.html,
        language=message.language,
        sent_at=row.queued_at if row.attempts else line.read_clock(),
        list_id=f"tallystick.{line.domain}",
        key=row.key,
        reply_to=reply,
        repeat=row.repeated,
        kind=str(message.kind),
    )
    return build_letter(letter), written.subject
