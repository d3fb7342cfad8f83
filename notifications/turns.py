"""Whose turn it is: what the senders of a run, and of other runs at the same time, may send under the rates."""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from commitments.vocabulary import NotificationState
from notifications.pace import Pace
from notifications.tables import attempt, notification

_MOST_COUNTED = 50_000
_LOOKED_AT = 1000


class Turns:
    """The pace of all senders of one run. What other runs send meanwhile is read from the outbox before each batch.

    Each run claims its batch first and looks at the others then. So of two at the same moment at least one sees the
    other, and together they keep the rate.
    """

    def __init__(self, pace: Pace, worker: str, ends_at: datetime) -> None:
        self._pace = pace
        self._worker = worker
        self._ends_at = ends_at
        self._lock = threading.Lock()
        self._last = 0

    def look_back(self, reading: Connection, now: datetime) -> None:
        """Count what went before this run, the run's own attempts from now on not."""
        rows = reading.execute(_ATTEMPTS.order_by(attempt.c.id.desc()).limit(_MOST_COUNTED)).all()
        self._last = rows[0].id if rows else 0
        since = now - self._pace.memory
        self._pace.remember(
            (row.channel, row.address, row.started_at) for row in reversed(rows) if row.started_at > since
        )

    def share_out(self, reading: Connection, claimed: Sequence[Any], now: datetime) -> Mapping[datetime, Sequence[int]]:
        """The claimed messages that have to wait, by the moment until which."""
        put_off: dict[datetime, list[int]] = defaultdict(list)
        with self._lock:
            self._look_at_others(reading, now)
            for row in sorted(claimed, key=lambda row: (row.next_at, row.id)):
                turn = self._pace.take_turn(row.channel, row.address, now)
                if turn > now:
                    put_off[turn].append(row.id)
        return put_off

    def find_next(self, reading: Connection, now: datetime) -> datetime | None:
        """When the next message has its turn for which this run should wait; None if it should end."""
        rows = reading.execute(
            select(notification.c.channel, notification.c.address, notification.c.next_at)
            .where(
                notification.c.state == str(NotificationState.QUEUED),
                notification.c.next_at > now,
                notification.c.next_at <= self._ends_at,
            )
            .order_by(notification.c.next_at)
            .limit(_LOOKED_AT)
        )
        with self._lock:
            return next((at for kind, address, at in rows if self._pace.is_pressed(kind, address, now)), None)

    def _look_at_others(self, reading: Connection, now: datetime) -> None:
        gone = reading.execute(_ATTEMPTS.where(attempt.c.id > self._last).order_by(attempt.c.id)).all()
        if gone:
            self._last = gone[-1].id
        self._pace.remember((row.channel, row.address, row.started_at) for row in gone if row.worker != self._worker)
        self._pace.hold(
            (row.channel, row.address)
            for row in reading.execute(
                select(notification.c.channel, notification.c.address)
                .outerjoin(
                    attempt,
                    (attempt.c.notification_id == notification.c.id)
                    & (attempt.c.number == notification.c.attempts + 1),
                )
                .where(
                    notification.c.state == str(NotificationState.SENDING),
                    notification.c.worker != self._worker,
                    notification.c.lease_until > now,
                    attempt.c.id.is_(None),
                )
            )
        )


_ATTEMPTS = select(
    attempt.c.id, attempt.c.worker, attempt.c.started_at, notification.c.channel, notification.c.address
).join(notification, notification.c.id == attempt.c.notification_id)
