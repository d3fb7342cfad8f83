"""What is known of an agreement, as plain values: the input of every rule.

What is made anew for each day that is judged is a named tuple, made in a third of the time of a frozen dataclass.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from commitments.choices import USUAL, Choices
from commitments.dates import PartialDate
from commitments.recurrence import Recurrence
from commitments.vocabulary import (
    Channel,
    CommitmentKind,
    CommitmentState,
    Comparator,
    ContactRole,
    FollowUpKind,
    MatterKind,
    MilestoneState,
    OccurrenceState,
    Owed,
    PartyRole,
    ReasonCode,
    RenewalRule,
    StandingState,
)


class Reason(NamedTuple):
    """Why something is so: a code and its numbers; dates are ISO text, so that a reason can be stored as it is."""

    code: ReasonCode
    numbers: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"code": str(self.code), "numbers": self.numbers}


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as the rules see one."""

    id: int
    reference: str
    party_id: int
    role: ContactRole
    country: str | None
    subdivision: str | None
    time_zone: str
    language: str
    mail: str | None
    deputy_id: int | None
    valid_from: PartialDate | None = None
    valid_to: PartialDate | None = None
    choices: Choices = USUAL
    ways: tuple[tuple[Channel, str], ...] = ()
    """The channels that work, with the address on each, in the order in which they are tried."""
    states_language: bool = True
    """Whether the person or their party states the language; else the rules of what they are told of decide."""

    proposed_by: str | None = None
    """Who of another side added them, until a coordinator of their own side has accepted them."""

    def is_in_office(self, day: date) -> bool:
        """Whether they speak and act on that day, as nobody does whom their own side has yet to accept."""
        return self.proposed_by is None and self.serves(day)

    def serves(self, day: date) -> bool:
        """Whether the day lies in their office."""
        return (self.valid_from is None or self.valid_from.first <= day) and (
            self.valid_to is None or day <= self.valid_to.last
        )


@dataclass(frozen=True, slots=True)
class PartyPlace:
    """A party's place in an agreement."""

    party_id: int
    reference: str
    role: PartyRole
    signed: PartialDate | None = None
    ended: PartialDate | None = None
    """The last day on which it was a party, if that was before the agreement's end."""

    def is_bound(self, day: date) -> bool:
        return self.ended is None or self.ended.last >= day


@dataclass(frozen=True, slots=True)
class Owner:
    party_id: int
    party: str
    contact_id: int | None


@dataclass(frozen=True, slots=True)
class Milestone:
    id: int
    reference: str
    title: str
    due: PartialDate | None
    met_on: PartialDate | None
    state: MilestoneState
    party_id: int | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An exception for one period."""

    period: str
    state: OccurrenceState
    expected: int | None


@dataclass(frozen=True, slots=True)
class Activity:
    held_on: PartialDate
    count: int = 1


@dataclass(frozen=True, slots=True)
class Measurement:
    measured_on: PartialDate
    value: float


@dataclass(frozen=True, slots=True)
class Report:
    party_id: int
    reported_on: date
    reference: str = ""
    is_fulfilled: bool = False
    """Whether it said that the party has done what it owes."""


@dataclass(frozen=True, slots=True)
class AskedConfirmation:
    party_id: int
    report: str
    asked_on: date
    answered_on: date | None = None
    is_returned: bool = False
    """Whether the answer was that it is not so."""

    def is_open(self, day: date) -> bool:
        return self.asked_on <= day and (self.answered_on is None or self.answered_on > day)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must happen before a commitment binds."""

    met_on: PartialDate | None = None

    def is_open(self, day: date) -> bool:
        return self.met_on is None or self.met_on.first > day


@dataclass(frozen=True, slots=True)
class Kept:
    """That an agreement may be silent: said on a day, until the end of another, and why."""

    on: date
    until: date
    why: str

    def holds(self, day: date) -> bool:
        return self.on <= day <= self.until


@dataclass(frozen=True, slots=True)
class Submission:
    """The report of a cycle, submitted."""

    cycle: int
    on: PartialDate


@dataclass(frozen=True, slots=True)
class Target:
    quantity: float
    unit: str
    comparator: Comparator
    baseline: float = 0.0
    baseline_on: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class Commitment:
    id: int
    reference: str
    summary: str
    kind: CommitmentKind
    state: CommitmentState
    owed: Owed
    owners: tuple[Owner, ...]
    registered_on: date
    state_on: PartialDate | None = None
    state_until: PartialDate | None = None
    """The last day of a hold, if that was said."""
    due: PartialDate | None = None
    period_from: PartialDate | None = None
    period_to: PartialDate | None = None
    confirm_by: PartialDate | None = None
    recurrence: Recurrence | None = None
    target: Target | None = None
    condition: Condition | None = None
    milestones: tuple[Milestone, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()
    activities: tuple[Activity, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    reports: tuple[Report, ...] = ()
    asked: tuple[AskedConfirmation, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    id: int
    reference: str
    registered_on: date
    parties: tuple[PartyPlace, ...]
    commitments: tuple[Commitment, ...]
    effective: PartialDate | None = None
    expires: PartialDate | None = None
    ended: PartialDate | None = None
    renewal_rule: RenewalRule | None = None
    renewal_months: int | None = None
    renew_by: PartialDate | None = None
    notice_months: int | None = None
    notice_days: int | None = None
    designated: PartialDate | None = None
    reporting_cycle_years: int | None = None
    submitted: tuple[Submission, ...] = ()
    has_signatories: bool = False
    stated_on: PartialDate | None = None
    """The date of its earliest source."""
    other_activities: tuple[Activity, ...] = ()
    """Activities under the agreement that serve no commitment."""
    kept: Kept | None = None

    def has_left(self, party_id: int, day: date) -> bool:
        """Whether a party is none any more, though the agreement may go on: nothing is asked of it or told to it."""
        for place in self.parties:  # noqa: SIM110 - asked of each owner on each day, and three times as quick
            if place.party_id == party_id and not place.is_bound(day):
                return True
        return False


class Matter(NamedTuple):
    """What a standing, a follow-up or a notice is about."""

    kind: MatterKind
    agreement_id: int
    agreement: str
    commitment_id: int | None = None
    commitment: str | None = None
    part: str | None = None
    """The milestone's reference, or the period's name."""

    @property
    def reference(self) -> str:
        text = self.agreement
        if self.commitment is not None:
            text += f"/{self.commitment}"
        if self.part is not None:
            text += f"#{self.part}"
        return text if self.commitment is not None else f"{text}:{self.kind}"


_AT_REST, _REPORTED = (StandingState.SETTLED, StandingState.ON_HOLD), ReasonCode.REPORTED_DONE
"""Named once: asked of every standing on every day, and a member of an enum takes far longer to find than a name."""


class Standing(NamedTuple):
    """How a matter stands today, and why."""

    matter: Matter
    state: StandingState
    reason: Reason
    deadline: date | None = None
    cause: str = ""
    """What marks this spell of the state (a due date, a period, a day of last news): part of idempotency keys."""

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing of it is left to be done: settled, on hold, or reported as done and only to be confirmed."""
        return self.state in _AT_REST or self.reason.code is _REPORTED


class WantedFollowUp(NamedTuple):
    """A follow-up that should be open today."""

    key: str
    kind: FollowUpKind
    matter: Matter
    party_id: int | None
    period: str
    assignee_id: int | None
    reason: Reason
    by: date | None = None
    """The date ahead for which it is asked: after it an answer would be too late."""
