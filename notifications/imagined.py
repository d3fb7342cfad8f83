"""Follow-ups, notices and messages of one agreement as values, for days that are only imagined."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from commitments.changes import Change
from commitments.facts import Agreement
from commitments.reconcile import Rules
from commitments.vocabulary import FollowUpState, NotificationState
from notifications.ledger import Move, Row
from notifications.parts import list_rulings, prefers_channels
from notifications.slots import find_opening, is_late
from notifications.usual import order_ways

_QUEUED = ("key", "contact_id", "channel", "address", "kind", "state", "local_day", "next_at")


@dataclass(slots=True)
class FollowUp:
    """A follow-up as it is stored."""

    id: int
    key: str
    kind: str
    matter: str
    matter_kind: str
    agreement_id: int
    commitment_id: int | None
    party_id: int | None
    period: str
    assignee_id: int | None
    due_on: date
    reason: Mapping[str, Any]
    state: str
    opened_on: date
    closed_on: date | None = None
    closed_by: str | None = None
    closed_why: str | None = None
    snoozed_until: date | None = None

    @property
    def is_open(self) -> bool:
        return self.state == FollowUpState.OPEN


@dataclass(slots=True)
class Notice:
    """A notice as it is stored."""

    id: int
    key: str
    kind: str
    contact_id: int
    notification_id: int | None
    agreement_id: int | None
    commitment_id: int | None
    follow_up_id: int | None
    party_id: int | None
    matter: str
    matter_kind: str
    standing: str
    rung: int
    due_on: date | None
    reason: Mapping[str, Any]
    decision: str
    decision_reason: Mapping[str, Any]
    decided_on: date
    decided_at: datetime


@dataclass(slots=True)
class Queued:
    """A message as it is stored."""

    id: int
    key: str
    contact_id: int
    channel: str
    address: str
    kind: str
    state: str
    local_day: date
    next_at: datetime
    sent_at: datetime | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """What a commitment is called, as it is stored."""

    summary: str
    summaries: Mapping[str, str]
    quote: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known of the agreement, and what messages call it and its parts."""

    agreement: Agreement
    title: Mapping[str, str]
    promises: Mapping[int, Promise]
    steps: Mapping[tuple[int, str], tuple[str, Mapping[str, str]]]
    """The title of each milestone and its translations, by commitment and reference."""
    returned: Sequence[Any] = ()
    """The reports that were sent back of late."""


@dataclass(slots=True)
class ImaginedLedger:
    """The messages and notices of one agreement."""

    messages: dict[int, Queued] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    by_message: dict[int, list[Notice]] = field(default_factory=lambda: defaultdict(list))
    by_follow_up: dict[int, list[Notice]] = field(default_factory=lambda: defaultdict(list))
    changed: set[int] = field(default_factory=set)
    """The follow-ups of which something was told, or sent, since this was last emptied."""
    known: Mapping[str, datetime] = field(default_factory=dict)
    """The moment until which what became due was found, by what looked for it."""
    greeted: AbstractSet[int] = frozenset()
    """Who had a scheduled message before."""
    _keys: set[str] = field(default_factory=set)
    _last_message: int = 0
    _last_notice: int = 0
    _scheduled: dict[int, list[Queued]] = field(default_factory=lambda: defaultdict(list))
    _queued: dict[int, Queued] = field(default_factory=dict)

    def copy(self) -> "ImaginedLedger":
        """The same, to be written on by itself. Both hold what is not queued any more, as nothing becomes of it."""
        other = ImaginedLedger(known=self.known, greeted=self.greeted)
        for message in self.messages.values():
            other.hold_message(replace(message) if message.id in self._queued else message)
        for told in self.notices.values():
            other.hold_notice(replace(told) if told.notification_id in self._queued else told)
        return other

    def hold_message(self, one: Queued) -> None:
        self.messages[one.id] = one
        self._keys.add(one.key)
        self._last_message = max(self._last_message, one.id)
        if one.state == NotificationState.QUEUED:
            self._queued[one.id] = one
        if one.key.startswith("scheduled|"):
            self._scheduled[one.contact_id].append(one)

    def hold_notice(self, one: Notice) -> None:
        self.notices[one.key] = one
        self._last_notice = max(self._last_notice, one.id)
        if one.notification_id is not None:
            self.by_message[one.notification_id].append(one)
        if one.follow_up_id is not None:
            self.by_follow_up[one.follow_up_id].append(one)
            self.changed.add(one.follow_up_id)

    def list_queued(self, before: datetime) -> list[Queued]:
        """What goes before that moment, in order."""
        due = [one for one in self._queued.values() if one.next_at < before]
        return sorted(due, key=lambda one: (one.next_at, one.id))

    def mark(self, one: Queued, state: NotificationState, sent_at: datetime | None = None) -> None:
        """Note what became of a message."""
        one.state, one.sent_at = str(state), sent_at
        self._queued.pop(one.id, None)
        self.changed.update(told.follow_up_id for told in self.by_message[one.id] if told.follow_up_id is not None)

    def load_scheduled(
        self, persons: Sequence[int], now: datetime
    ) -> tuple[dict[tuple[int, date], Queued], dict[int, set[date]]]:
        since = (now - timedelta(days=2)).date()
        waiting: dict[tuple[int, date], Queued] = {}
        taken: dict[int, set[date]] = defaultdict(set)
        for person_id in persons:
            recent = [one for one in self._scheduled.get(person_id, ()) if one.local_day >= since]
            waiting |= {(person_id, one.local_day): one for one in recent if one.state == NotificationState.QUEUED}
            taken[person_id] |= {one.local_day for one in recent if (person_id, one.local_day) not in waiting}
        return waiting, taken

    def load_known(self) -> Mapping[str, datetime]:
        return self.known

    def find_greeted(self, persons: Sequence[int]) -> set[int]:
        return {one for one in persons if one in self.greeted or self._scheduled.get(one)}

    def find_late(self, rules: Rules, now: datetime, persons: Sequence[int] | None = None) -> dict[int, list[Queued]]:
        late: dict[int, list[Queued]] = defaultdict(list)
        for one in self._queued.values():
            if one.repeated or not one.key.startswith("scheduled|"):
                continue
            asked = persons is None or one.contact_id in persons
            if asked and is_late(one.local_day, rules.people[one.contact_id], now):
                late[one.contact_id].append(one)
        return late

    def find_known(self, keys: Sequence[str]) -> set[str]:
        return {key for key in keys if key in self.notices}

    def add_notices(self, rows: Sequence[Row]) -> int:
        before = len(self.notices)
        for row in rows:
            if row["key"] not in self.notices:
                self._last_notice += 1
                self.hold_notice(Notice(id=self._last_notice, **row))
        return len(self.notices) - before

    def add_messages(self, rows: Sequence[Row]) -> dict[str, int]:
        made: dict[str, int] = {}
        for row in rows:
            if row["key"] not in self._keys:
                self._last_message += 1
                self.hold_message(Queued(self._last_message, **{name: row[name] for name in _QUEUED}))
                made[row["key"]] = self._last_message
        return made

    def name_anew(self, kinds: Mapping[int, str]) -> None:
        for row_id, kind in kinds.items():
            self.messages[row_id].kind = kind

    def bring_forward(self, moments: Mapping[int, datetime], rules: Rules) -> None:
        policies = tuple(rules.own.values()) or (rules.house,)
        for row_id, moment in moments.items():
            message = self.messages[row_id]
            opening = find_opening(rules.people[message.contact_id], moment, policies)
            message.next_at = min(message.next_at, opening)

    def carry_over(self, moves: Sequence[Move]) -> None:
        for move in moves:
            self.mark(self.messages[move.old], NotificationState.CANCELLED)
            for one in self.by_message.pop(move.old, ()):
                one.notification_id = move.new
                self.by_message[move.new].append(one)
            self.by_message[move.new].sort(key=lambda one: one.id)

    def route(self, message_ids: Sequence[int], rules: Rules) -> None:
        if not prefers_channels(rules):
            return
        rulings = list_rulings(list(rules.own)[:1], rules)
        for row_id in message_ids:
            message = self.messages[row_id]
            ways = order_ways(rules.people[message.contact_id], rulings)
            if ways:
                message.channel, message.address = str(ways[0][0]), ways[0][1]

    def note_climbs(self, climbed: Sequence[Change], now: datetime) -> None:
        """Nobody reads a log of what is only imagined."""
