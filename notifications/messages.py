"""What one message says, as plain values: subject, text and HTML are all written from the same view.

Nothing here is in a language yet but names, titles and quotations; `notifications.wording` puts codes into words.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from commitments.facts import Reason
from commitments.vocabulary import (
    AgreementState,
    Answer,
    CommitmentKind,
    CommitmentState,
    FollowUpKind,
    MatterKind,
    MilestoneState,
    NotificationKind,
    Rating,
    StandingState,
)
from notifications.reasons import ChangeKind, Why

ITEM_LIMIT = 60
"""More items than these are counted, not listed: mail programs cut a message off at about 100 kB."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Why an item is in this message: a code and its numbers."""

    code: Why
    numbers: dict[str, object]


@dataclass(frozen=True, slots=True)
class Reported:
    """What one party reported, which another is asked to confirm."""

    party: str
    name: str | None  # of the person who reported it
    on: date
    rating: Rating
    is_done: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """One matter that its reader is to act on, or is told of."""

    kind: NotificationKind  # reminder, follow_up, escalation or confirmation
    agreement: str
    agreement_title: str
    matter: str
    matter_kind: MatterKind
    promise: str  # the sentence itself in the reader's language if the register has it, else its summary
    is_quote: bool
    part_title: str | None  # a milestone's title, or a period's name
    to_whom: tuple[str, ...]  # the names of the other parties
    standing: StandingState
    reason: Reason
    ground: Ground
    follow_up_kind: FollowUpKind | None = None
    follow_up: str | None = None  # its key, by which it can be answered
    due_on: date | None = None  # the matter's date
    answer_by: date | None = None  # the follow-up's date
    asked: str | None = None  # on an escalation: who was asked first
    party: str | None = None  # the party whose turn it is
    link: str | None = None
    summary: str | None = None  # the promise in a few words: the title where `promise` is the sentence itself
    party_reference: str | None = None  # of the party whose turn it is, for commands
    part: str | None = None  # the milestone's reference, the period's name, or what date of the agreement it is
    answer_link: str | None = None  # where its reader can answer it, or see how it stands
    answers: tuple[Answer, ...] = ()  # what they can answer there, the most likely first
    due: str | None = None  # the date of what was promised, as precise as it is
    report: Reported | None = None  # what its reader is asked to confirm
    also: "tuple[Item, ...]" = ()  # what else is asked about the same matter, less urgent
    handed_over: Ground | None = None  # from whom it came to its reader, where that is told with what is asked
    jointly: tuple[str, ...] = ()  # the names of the parties that owe it, where there are several
    is_late: bool = False  # whether the day by which an answer was asked for is over


@dataclass(frozen=True, slots=True)
class Troubled:
    """What a party last said of a promise that is at risk or off track, though its date may be ahead."""

    promise: str
    party: str
    on: date
    rating: Rating


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """One agreement in a digest or summary."""

    reference: str
    title: str
    state: AgreementState
    counts: tuple[tuple[StandingState, int], ...]  # only those above nought, worst first
    open_follow_ups: int
    worst: Reason | None = None
    worst_promise: str | None = None
    partners: tuple[str, ...] = ()
    own: tuple[tuple[StandingState, int], ...] = ()  # of what the reader's own side owes, alone or with others
    others: tuple[tuple[StandingState, int], ...] = ()  # of what only the other sides owe
    troubled: Troubled | None = None


@dataclass(frozen=True, slots=True)
class ComingDate:
    day: date
    agreement_title: str
    promise: str
    matter_kind: MatterKind
    page: str = ""  # where the portal shows it, below its address


class Reach(StrEnum):
    """Whether a person was really asked what they have not answered."""

    ASKED = "asked"
    NO_WAY = "no_way"  # no channel of theirs works
    LOST = "lost"  # what was sent failed for good
    AWAY = "away"  # they are in a pause, and nothing was sent
    NOTHING = "nothing"  # nothing was sent, as to who waits for their morning or has unsubscribed


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person who has not answered."""

    name: str
    party: str
    follow_ups: int
    oldest: date | None  # the day on which they were first asked; of who is away the last of their pause
    own_side: bool = False
    page: str = ""  # where the portal shows the person, below its address
    reach: Reach = Reach.ASKED


@dataclass(frozen=True, slots=True)
class News:
    """One thing that has changed."""

    kind: ChangeKind
    on: date
    title: str  # what it is about: a promise, a milestone, an activity, an agreement
    agreement_title: str
    party: str | None = None
    rating: Rating | None = None
    state: CommitmentState | MilestoneState | None = None
    value: float | None = None
    unit: str | None = None
    before: str | None = None
    after: str | None = None
    name: str | None = None
    number: int = 1
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Stuck:
    """A matter that should have been answered by now."""

    promise: str
    agreement_title: str
    reason: Reason
    answer_by: date
    name: str | None  # of the person asked
    party: str | None
    page: str = ""  # where the portal shows it, below its address
    matter_kind: MatterKind = MatterKind.COMMITMENT
    kind: FollowUpKind = FollowUpKind.OVERDUE
    others: tuple[tuple[str | None, str | None], ...] = ()  # who else is asked the same, with their parties

    def ask_also(self, other: "Stuck") -> "Stuck":
        """The same, asked of whom the other was asked as well."""
        return replace(self, others=(*self.others, (other.name, other.party), *other.others))


@dataclass(frozen=True, slots=True)
class Digest:
    """The coordinator's week over all agreements of their party."""

    since: date
    agreements: tuple[AgreementLine, ...]
    opened: int
    closed: int
    coming: tuple[ComingDate, ...]  # the next 30 days
    waiting: tuple[Waiting, ...]
    news: tuple[News, ...] = ()  # the newest first
    stuck: tuple[Stuck, ...] = ()  # the worst first, then the longest overdue for an answer
    is_long: bool = False  # of clearly more than a week


@dataclass(frozen=True, slots=True)
class KindLine:
    kind: CommitmentKind
    counts: tuple[tuple[StandingState, int], ...]


@dataclass(frozen=True, slots=True)
class PartyLine:
    """Reciprocity: what one party owes and how it stands."""

    party: str
    owed: int
    fulfilled: int
    needing_attention: int


class Age(StrEnum):
    """How long nothing has been heard under a commitment."""

    HALF_YEAR = "half_year"  # less than six months
    YEAR = "year"  # six to twelve
    TWO_YEARS = "two_years"  # one to two years
    LONGER = "longer"
    UNKNOWN = "unknown"  # nothing is on record


@dataclass(frozen=True, slots=True)
class Summary:
    """The month's picture for coordinators and leaders."""

    month: date  # its first day
    agreements: tuple[AgreementLine, ...]
    kinds: tuple[KindLine, ...]
    parties: tuple[PartyLine, ...]
    silence: tuple[tuple[Age, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person."""

    kind: NotificationKind
    day: date
    to_name: str
    language: str
    items: tuple[Item, ...]
    more: int = 0  # items beyond ITEM_LIMIT
    digest: Digest | None = None
    summary: Summary | None = None
    coordinator_name: str | None = None  # to whom an answer by mail goes
    coordinator_mail: str | None = None
    base_url: str | None = None
    choices_link: str | None = None
    short_choices_link: str | None = None  # the same, for where there is little room
    unsubscribe_link: str | None = None
    sign_in: str | None = None  # the link of a message that brings nothing else
    notices: tuple[int, ...] = ()  # the ids of what it tells; a notice that was answered meanwhile is not among them
