"""What waits to be sent, what is late, and what failed: the outbox as the commands tell of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli.screen import count, show_moment
from commitments.vocabulary import NotificationState

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Outbox:
    """`outstanding` messages should have gone by now, or were tried and not taken; `waiting` ones are not due yet."""

    waiting: int
    outstanding: int
    sending: int
    failed: int
    next_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "next_at": self.next_at.isoformat() if self.next_at else None}

    def describe(self, zone: str) -> str:
        if not self.waiting:
            return "no message waits"
        when = f"; the next goes on {show_moment(self.next_at, zone)}" if self.next_at else ""
        return f"{count(self.waiting, 'message waits', 'messages wait')} for the hour of sending{when}"


def read_outbox(reading: "Connection", now: datetime) -> Outbox:
    from sqlalchemy import func, or_, select

    from notifications.tables import notification

    state = notification.c.state
    queued = state == str(NotificationState.QUEUED)
    late = or_(notification.c.next_at <= now, notification.c.attempts > 0)

    def number(condition: Any) -> int:
        return int(reading.execute(select(func.count()).select_from(notification).where(condition)).scalar_one())

    next_at = reading.execute(select(func.min(notification.c.next_at)).where(queued & ~late)).scalar_one()
    return Outbox(
        number(queued & ~late),
        number(queued & late),
        number(state == str(NotificationState.SENDING)),
        number(state == str(NotificationState.FAILED)),
        next_at,
    )


def read_last_replies(reading: "Connection", most: int = 3) -> list[str]:
    """Why what is outstanding or has failed did not go: the answers to the last attempts, each once."""
    from sqlalchemy import select

    from notifications.tables import attempt, notification

    rows = reading.execute(
        select(attempt.c.reply)
        .join(notification, notification.c.id == attempt.c.notification_id)
        .where(
            notification.c.state.in_([str(NotificationState.QUEUED), str(NotificationState.FAILED)]),
            attempt.c.number == notification.c.attempts,
            attempt.c.reply.is_not(None),
        )
        .order_by(attempt.c.id.desc())
        .limit(100)
    )
    return list(dict.fromkeys(row.reply for row in rows))[:most]


def load_notices(reading: "Connection", ids: Sequence[int]) -> dict[int, list[Mapping[str, Any]]]:
    """What each message tells and why, by the message's id."""
    from sqlalchemy import select

    from commitments.database import ROWS_A_STATEMENT
    from notifications.tables import notice

    found: dict[int, list[Mapping[str, Any]]] = {}
    for start in range(0, len(ids), ROWS_A_STATEMENT):
        part = ids[start : start + ROWS_A_STATEMENT]
        rows = reading.execute(select(notice).where(notice.c.notification_id.in_(part)).order_by(notice.c.id))
        for row in rows:
            told = {"matter": row.matter, "kind": row.kind, "why": row.decision_reason, "standing": row.reason}
            found.setdefault(row.notification_id, []).append(told)
    return found
