"""What waits to be sent, what is late, and what failed: the outbox as the commands tell of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli.screen import count, show_moment
from commitments.vocabulary import NotificationState

if TYPE_CHECKING:
    from sqlalchemy import Connection

SAID_OTHERWISE = "another_line_of_the_letter_says_it"


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
    """What each message tells and why, by the message's id; `left_out` says why something is not in the letter."""
    from sqlalchemy import select

    from commitments.database import ROWS_A_STATEMENT
    from commitments.tables import follow_up
    from notifications.itemising import choose_said
    from notifications.reasons import Decision
    from notifications.tables import notice

    found: dict[int, list[Any]] = {}
    query = select(notice, follow_up.c.kind.label("follow_up_kind")).outerjoin(
        follow_up, follow_up.c.id == notice.c.follow_up_id
    )
    for start in range(0, len(ids), ROWS_A_STATEMENT):
        part = ids[start : start + ROWS_A_STATEMENT]
        for row in reading.execute(query.where(notice.c.notification_id.in_(part)).order_by(notice.c.id)):
            found.setdefault(row.notification_id, []).append(row)
    told: dict[int, list[Mapping[str, Any]]] = {}
    for message_id, rows in found.items():
        kept = [row for row in rows if row.decision == Decision.TOLD]
        said = {row.id for row in choose_said(kept).values()}
        told[message_id] = [
            {
                "matter": row.matter,
                "kind": row.kind,
                "why": row.decision_reason,
                "standing": row.reason,
                "left_out": _find_left_out(row, said),
            }
            for row in rows
        ]
    return told


def _find_left_out(row: Any, said: Collection[int]) -> Mapping[str, Any] | None:
    from notifications.reasons import Decision

    if row.decision != Decision.TOLD:
        return dict(row.decision_reason)
    about_nothing = row.agreement_id is None and row.follow_up_id is None  # the digest or summary itself
    return None if about_nothing or row.id in said else {"code": SAID_OTHERWISE, "numbers": {}}


def list_told(message: Mapping[str, Any]) -> list[str]:
    """What a message says, each once, in words."""
    return list(dict.fromkeys(one["words"] for one in message["notices"]))
