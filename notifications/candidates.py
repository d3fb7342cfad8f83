"""A notice that is due to a person, before it is queued or passed over."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from commitments.facts import Person
from commitments.vocabulary import NotificationKind
from notifications.reasons import Decision, Why


class Candidate(NamedTuple):
    """One notice that is due for one person."""

    key: str
    kind: NotificationKind
    person: Person
    matter: str
    matter_kind: str
    standing: str
    rung: int
    reason: Mapping[str, Any]
    why: Why
    numbers: Mapping[str, Any]
    agreement_id: int | None = None
    commitment_id: int | None = None
    follow_up_id: int | None = None
    party_id: int | None = None
    due_on: date | None = None
    decision: Decision = Decision.TOLD
    scope: str = ""
    """The agreement whose policy has a say in the day on which it is told."""
    always: bool = False
    """Whether it is told also to who is paused or has unsubscribed."""
    own_day: date | None = None
    """The day by which it is due, of the person asked; nothing where that is the house's."""
    instead_of: tuple[str, ...] = ()
    """The keys of what makes it needless if that was told."""

    def as_row(self, now: datetime, day: date, notification_id: int | None) -> dict[str, Any]:
        return {
            "key": self.key,
            "kind": str(self.kind),
            "contact_id": self.person.id,
            "notification_id": notification_id,
            "agreement_id": self.agreement_id,
            "commitment_id": self.commitment_id,
            "follow_up_id": self.follow_up_id,
            "party_id": self.party_id,
            "matter": self.matter,
            "matter_kind": self.matter_kind,
            "standing": self.standing,
            "rung": self.rung,
            "due_on": self.due_on,
            "reason": self.reason,
            "decision": str(self.decision),
            "decision_reason": {"code": str(self.why), "numbers": self.numbers},
            "decided_on": max(day, self.own_day or day),
            "decided_at": now,
        }


@dataclass(frozen=True, slots=True)
class Focus:
    """Of whom and of which follow-ups something new may be due, where it is known that of the others nothing is."""

    zones: Collection[str]
    """The time zones in which a day has begun since."""
    persons: Collection[int]
    follow_ups: Collection[int]

    def holds(self, person: Person) -> bool:
        return person.time_zone in self.zones or person.id in self.persons

    def passes_over(self, follow_up_id: int, asked: Person | None) -> bool:
        """Whether nothing new is due of a follow-up that this person is asked to answer."""
        return follow_up_id not in self.follow_ups and (asked is None or not self.holds(asked))
