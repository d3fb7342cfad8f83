"""What planning reads and writes of messages and notices, in the register."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, exists, select, update

from commitments.database import ROWS_A_STATEMENT, add_missing, insert_new
from commitments.facts import Person
from commitments.known import load_known
from commitments.log import Author, Change, record_once
from commitments.reconcile import ENGINE, Rules
from commitments.tables import contact
from commitments.vocabulary import NotificationKind, NotificationState
from notifications.mime import MailDomain, message_id_for
from notifications.parts import load_parts, prefers_channels
from notifications.slots import Slot, explain_wait, find_opening, is_late
from notifications.tables import attempt, notice, notification
from notifications.usual import order_ways

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """The notices of a late message are taken in by the one that goes next."""

    old: int
    new: int
    why: Row


class Ledger(Protocol):
    """The messages and notices that there are."""

    def load_scheduled(
        self, persons: Sequence[int], now: datetime
    ) -> tuple[Mapping[tuple[int, date], Any], Mapping[int, Collection[date]]]:
        """The scheduled messages of these persons from yesterday on: those that still wait, and the days taken."""

    def load_known(self) -> Mapping[str, datetime]:
        """The moment until which what became due was found, by the check and by the planning of each kind."""

    def find_greeted(self, persons: Sequence[int]) -> AbstractSet[int]:
        """Who of these persons had a scheduled message before, or has one that waits."""

    def find_late(self, rules: Rules, now: datetime, persons: Sequence[int] | None = None) -> Mapping[int, list[Any]]:
        """The scheduled messages, by person, that did not go on their day; given persons, theirs alone."""

    def find_known(self, keys: Sequence[str]) -> AbstractSet[str]:
        """Which of these keys a notice has."""

    def add_notices(self, rows: Sequence[Row]) -> int:
        """Add those whose key is not there yet; returns how many were added."""

    def add_messages(self, rows: Sequence[Row]) -> Mapping[str, int]:
        """Add those whose key is not there yet; gives the ids of those added by their keys."""

    def name_anew(self, kinds: Mapping[int, str]) -> None:
        """Make messages that wait be of other kinds, by their ids."""

    def bring_forward(self, moments: Mapping[int, datetime], rules: Rules) -> None:
        """Let messages that wait go at an earlier moment, by their ids, if the hours of all that they tell allow it."""

    def carry_over(self, moves: Sequence[Move]) -> None:
        """Cancel the late messages and give what they hold to the next ones."""

    def route(self, message_ids: Sequence[int], rules: Rules) -> None:
        """Let messages that wait go by the channel that the agreements of which they tell prefer."""

    def note_climbs(self, climbed: Sequence[Change], now: datetime) -> None:
        """Write to the log, once a rung, that follow-ups climbed their ladders."""


class StoredLedger:
    """The ledger of the register, within a unit of work."""

    def __init__(self, unit: Connection) -> None:
        self._unit = unit

    def load_scheduled(
        self, persons: Sequence[int], now: datetime
    ) -> tuple[dict[tuple[int, date], Any], dict[int, set[date]]]:
        """Only those that wait are locked, in order, so that nobody can wait for a planner and a planner for them."""
        scheduled = (
            select(
                notification.c.id,
                notification.c.contact_id,
                notification.c.local_day,
                notification.c.kind,
                notification.c.next_at,
            )
            .where(
                notification.c.contact_id.in_(persons),
                notification.c.local_day >= (now - timedelta(days=2)).date(),
                notification.c.key.like("scheduled|%"),
            )
            .order_by(notification.c.id)
        )
        begun = exists().where(attempt.c.notification_id == notification.c.id)
        still = (notification.c.state == str(NotificationState.QUEUED)) & ~begun
        waiting = {
            (row.contact_id, row.local_day): row
            for row in self._unit.execute(scheduled.where(still).with_for_update(key_share=True))
        }
        taken: dict[int, set[date]] = defaultdict(set)
        for row in self._unit.execute(scheduled):
            if (row.contact_id, row.local_day) not in waiting:
                taken[row.contact_id].add(row.local_day)  # also if cancelled: its key is used up
        return waiting, taken

    def load_known(self) -> dict[str, datetime]:
        return load_known(self._unit)

    def find_greeted(self, persons: Sequence[int]) -> set[int]:
        told = exists().where(notification.c.contact_id == contact.c.id, notification.c.key.like("scheduled|%"))
        return set(self._unit.execute(select(contact.c.id).where(contact.c.id.in_(persons), told)).scalars())

    def find_late(self, rules: Rules, now: datetime, persons: Sequence[int] | None = None) -> dict[int, list[Any]]:
        """Locked, if persons are given. One that may have arrived already is not among them: it goes again as it was,
        under its old name.
        """
        query = (
            select(notification.c.id, notification.c.contact_id, notification.c.local_day, notification.c.kind)
            .where(
                notification.c.state == str(NotificationState.QUEUED),
                notification.c.repeated.is_(False),
                notification.c.local_day <= now.date() + timedelta(days=1),
                notification.c.key.like("scheduled|%"),
            )
            .order_by(notification.c.id)
        )
        if persons is not None:
            query = query.where(notification.c.contact_id.in_(persons)).with_for_update(key_share=True, of=notification)
        late: dict[int, list[Any]] = defaultdict(list)
        for row in self._unit.execute(query):
            if is_late(row.local_day, rules.people[row.contact_id], now):
                late[row.contact_id].append(row)
        return late

    def find_known(self, keys: Sequence[str]) -> set[str]:
        known: set[str] = set()
        for start in range(0, len(keys), ROWS_A_STATEMENT):
            part = keys[start : start + ROWS_A_STATEMENT]
            known.update(self._unit.execute(select(notice.c.key).where(notice.c.key.in_(part))).scalars())
        return known

    def add_notices(self, rows: Sequence[Row]) -> int:
        return add_missing(self._unit, notice, rows)

    def add_messages(self, rows: Sequence[Row]) -> dict[str, int]:
        return {row.key: row.id for row in insert_new(self._unit, notification, rows, returning=("id", "key"))}

    def name_anew(self, kinds: Mapping[int, str]) -> None:
        if kinds:
            self._unit.execute(
                update(notification).where(notification.c.id == bindparam("row_id")).values(kind=bindparam("new_kind")),
                [{"row_id": row_id, "new_kind": kind} for row_id, kind in kinds.items()],
            )

    def bring_forward(self, moments: Mapping[int, datetime], rules: Rules) -> None:
        if not moments:
            return
        parts = load_parts(self._unit, list(moments), rules)
        waiting = self._unit.execute(
            select(notification.c.id, notification.c.contact_id, notification.c.next_at).where(
                notification.c.id.in_(list(moments))
            )
        ).all()
        for row in waiting:
            moment = find_opening(rules.people[row.contact_id], moments[row.id], parts[row.id].policies)
            if moment < row.next_at:
                self._unit.execute(update(notification).where(notification.c.id == row.id).values(next_at=moment))

    def carry_over(self, moves: Sequence[Move]) -> None:
        if not moves:
            return
        self._unit.execute(
            update(notice).where(notice.c.notification_id == bindparam("old")).values(notification_id=bindparam("new")),
            [{"old": move.old, "new": move.new} for move in moves],
        )
        self._unit.execute(
            update(notification)
            .where(notification.c.id == bindparam("old"))
            .values(state=str(NotificationState.CANCELLED), reason=bindparam("why", type_=notification.c.reason.type)),
            [{"old": move.old, "why": move.why} for move in moves],
        )
        self._carry_tries(moves)

    def _carry_tries(self, moves: Sequence[Move]) -> None:
        """Or a mailbox that is always full, or a channel that is gone, would be tried for ever, each day anew."""
        ids = {one for move in moves for one in (move.old, move.new)}
        columns = ("id", "channel", "address", "attempts", "earlier")
        query = select(*(notification.c[name] for name in columns)).where(notification.c.id.in_(ids))
        rows = {row.id: row for row in self._unit.execute(query)}
        tried = [{"new": move.new, "tries": _count_tries(rows[move.old], rows[move.new])} for move in moves]
        if any(one["tries"] for one in tried):
            self._unit.execute(
                update(notification)
                .where(notification.c.id == bindparam("new"), notification.c.attempts < bindparam("tries"))
                .values(attempts=bindparam("tries")),
                [one for one in tried if one["tries"]],
            )

    def route(self, message_ids: Sequence[int], rules: Rules) -> None:
        if not message_ids or not prefers_channels(rules):
            return
        parts = load_parts(self._unit, message_ids, rules)
        waiting = self._unit.execute(
            select(
                notification.c.id, notification.c.contact_id, notification.c.channel, notification.c.address
            ).where(notification.c.id.in_(message_ids))
        ).all()  # fmt: skip
        for row in waiting:
            ways = order_ways(rules.people[row.contact_id], parts[row.id].rulings)
            if ways and ways[0] != (row.channel, row.address):
                channel, place = ways[0]
                self._unit.execute(
                    update(notification).where(notification.c.id == row.id).values(channel=str(channel), address=place)
                )

    def note_climbs(self, climbed: Sequence[Change], now: datetime) -> None:
        if climbed:
            record_once(self._unit, Author(ENGINE, now), climbed)


def _count_tries(old: Any, new: Any) -> int:
    """How often a message was tried in vain by the channel by which the next one goes."""
    earlier = old.earlier or {"attempts": 0, "from": []}
    way = (new.channel, new.address)
    if way == (old.channel, old.address):
        return int(old.attempts - earlier["attempts"])
    given_up = {(one["channel"], one["address"]) for one in earlier["from"]}
    return int(earlier["attempts"]) if way in given_up else 0


def make_message_row(
    key: str, person: Person, kind: NotificationKind, now: datetime, slot: Slot, domain: MailDomain | str
) -> dict[str, Any]:
    """A message as it is queued, by the first of the person's channels that works."""
    channel, address = person.ways[0]
    return {
        "key": key,
        "contact_id": person.id,
        "channel": str(channel),
        "address": address,
        "kind": str(kind),
        "state": str(NotificationState.QUEUED),
        "reason": explain_wait(slot),
        "local_day": slot.day,
        "message_id": message_id_for(key, domain),
        "queued_at": now,
        "next_at": slot.not_before,
        "attempts": 0,
        "repeated": False,
    }
