"""The YAML form of an agreement: which fields it has and what each may hold.

The models are the one source of the form: `commitments.agreement_file` reads files with them, `tally schema` prints
their JSON Schema (docs/reference/agreement.schema.json) and `commitments.export` writes them.
"""

from typing import Annotated, Any

from pydantic import (
    ConfigDict,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict

from commitments.channels import describe_entry, entry_pattern
from commitments.form_fields import (
    LATEST_HOUR,
    ActivityKind,
    AlwaysSent,
    ChannelName,
    CommitmentReference,
    Country,
    Day,
    DigestRhythm,
    Form,
    Hour,
    Language,
    Line,
    Link,
    Mail,
    MonthDay,
    Number,
    Partial,
    Reference,
    Sha256,
    SummaryRhythm,
    Text,
    Words,
    Zone,
)
from commitments.vocabulary import (
    AgreementKind,
    Channel,
    ChannelKind,
    CommitmentKind,
    CommitmentState,
    Comparator,
    Completion,
    ConfirmationState,
    ConfirmedBy,
    ContactRole,
    Every,
    MilestoneState,
    OccurrenceState,
    Owed,
    PartyKind,
    PartyRole,
    Rating,
    RenewalRule,
)


class SourcePlace(Form):
    """Where an undertaking stands in a source document."""

    document: Line = Field(description="The name of the document, as in the agreement's sources")
    start: int = Field(ge=0, description="The first character of the sentence or list item, counted from 0")
    end: int = Field(gt=0, description="The character after its last")
    sha256: Sha256 = Field(description="SHA-256 of the span, encoded as UTF-8")

    @model_validator(mode="after")
    def _end_follows_start(self) -> "SourcePlace":
        if self.end <= self.start:
            raise ValueError("an end after the start")
        return self


def _entry(kind: Channel) -> FieldInfo:
    info: FieldInfo = Field(pattern=entry_pattern(kind), max_length=250, description=describe_entry(kind))
    return info


class ChannelEntries(TypedDict, total=False):
    """How a person is reached. Besides mail, each channel goes by the name that it has in the operator's settings."""

    __pydantic_config__ = ConfigDict(extra="forbid", str_strip_whitespace=True)  # type: ignore[misc]

    mail: Mail
    slack: Annotated[str, _entry(Channel.SLACK)]
    teams: Annotated[str, _entry(Channel.TEAMS)]
    telegram: Annotated[str, _entry(Channel.TELEGRAM)]
    ntfy: Annotated[str, _entry(Channel.NTFY)]
    matrix: Annotated[str, _entry(Channel.MATRIX)]
    wecom: Annotated[str, _entry(Channel.WECOM)]
    dingtalk: Annotated[str, _entry(Channel.DINGTALK)]
    feishu: Annotated[str, _entry(Channel.FEISHU)]
    lark: Annotated[str, _entry(Channel.LARK)]
    sms: Annotated[str, _entry(Channel.SMS)]
    webhook: Annotated[str, _entry(Channel.WEBHOOK)]


def _keep_order(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    checked = check(value)
    return {kind: checked[kind] for kind in value}


class ContactForm(Form):
    reference: Reference
    name: Line
    office: Line | None = None
    role: ContactRole = Field(
        description="coordinator: keeps the agreements; owner: answers for commitments; leader: wants the picture; "
        "operator: watches the runs of the engine"
    )
    language: Language | None = Field(
        None, description="The language of this person's messages; the party's if left out"
    )
    time_zone: Zone | None = Field(None, description="The party's if left out")
    valid_from: Partial | None = None
    valid_to: Partial | None = Field(None, description="The last day in office; a contact is ended, never removed")
    deputy: Reference | None = Field(None, description="The contact who stands in")
    channels: Annotated[ChannelEntries, WrapValidator(_keep_order)] = Field(
        default_factory=ChannelEntries,
        description="How this person is reached, in the order in which it is tried; each channel besides mail is named "
        "as in the operator's settings. A file that leaves it out takes nobody's away",
        examples=[{"mail": "a.person@leeds.example"}, {"slack": "city-hall", "mail": "desk@leeds.example"}],
    )


class PartyForm(Form):
    """A party with its contacts. With the reference alone it is the party as the register knows it already."""

    reference: Reference
    role: PartyRole = PartyRole.PARTY
    kind: PartyKind | None = None
    names: Words = Field(default_factory=dict)
    country: Country | None = None
    subdivision: Line | None = Field(
        None, description="The part of the country whose holidays are kept", examples=["ENG"]
    )
    time_zone: Zone | None = None
    language: Language | None = None
    parent: Reference | None = None
    ended: Partial | None = Field(
        None, description="The last day on which it was a party to this agreement, which goes on without it"
    )
    contacts: list[ContactForm] = Field(default_factory=list)


class SignatoryForm(Form):
    party: Reference
    name: Line
    office: Line | None = None


class RelationshipForm(Form):
    """The lasting tie, which may hold several agreements."""

    reference: Reference
    title: Words
    since: Partial | None = None
    kind: AgreementKind | None = None


class RenewalForm(Form):
    rule: RenewalRule
    months: int | None = Field(None, ge=1, description="For how many months it is renewed")
    renew_by: Partial | None = None


class NoticeForm(Form):
    """How long before its expiry an agreement can be ended."""

    months: int | None = Field(None, ge=0)
    days: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _one_length(self) -> "NoticeForm":
        if (self.months is None) == (self.days is None):
            raise ValueError("a notice period in months or in days, one of the two")
        return self


class SubmittedReport(Form):
    cycle: int = Field(ge=1900, le=2200, description="The year for which the report was due")
    submitted: Partial


class NetworkForm(Form):
    """Membership of a network with a reporting duty."""

    name: Line
    field: Line | None = None
    designated: Partial
    reporting_cycle_years: int | None = Field(None, ge=1, le=50)
    reports: list[SubmittedReport] = Field(default_factory=list)


class SourceForm(Form):
    document: Line
    kind: Annotated[str, StringConstraints(pattern=r"^(signed_text|press_release|news|report|minutes|speech|other)$")]
    date: Partial | None = None
    language: Language | None = None
    title: Line | None = None
    sha256: Sha256 | None = Field(None, description="SHA-256 of the whole document")


class BudgetLineForm(Form):
    reference: Reference
    period_from: Partial
    period_to: Partial | None = None
    amount: Number
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    kind: Annotated[str, StringConstraints(pattern=r"^(planned|spent)$")] = "planned"
    approximate: bool = False
    source_of_funds: Line | None = None
    commitment: Reference | None = None
    note: Line | None = None
    source: SourcePlace | None = None


class PolicyForm(Form):
    """What differs from the usual policy in this agreement (docs/reference/policy.md)."""

    lead_days: list[Annotated[int, Field(ge=0, le=1000)]] | None = Field(None, max_length=20)
    agreement_lead_days: list[Annotated[int, Field(ge=0, le=3650)]] | None = Field(None, max_length=20)
    silence_amber_months: int | None = Field(None, ge=1, le=600)
    silence_red_months: int | None = Field(None, ge=1, le=600)
    dormancy_months: int | None = Field(None, ge=1, le=600)
    next_step_days: int | None = Field(None, ge=1, le=3650)
    confirm_within_months: int | None = Field(None, ge=1, le=600)
    expiry_lead_days: int | None = Field(None, ge=0, le=3650)
    notice_lead_days: int | None = Field(None, ge=0, le=3650)
    report_lead_days: int | None = Field(None, ge=0, le=3650)
    answer_working_days: int | None = Field(None, ge=0, le=250)
    escalation_working_days: list[Annotated[int, Field(ge=0, le=1000)]] | None = Field(None, min_length=1, max_length=4)
    escalation_near_days: int | None = Field(None, ge=0, le=3650)
    about_tolerance_percent: int | None = Field(None, ge=0, le=100)
    quiet_after_answer_days: int | None = Field(None, ge=0, le=3650)
    confirmed_by: ConfirmedBy | None = Field(
        None, description="Who is asked to confirm what one party reports as done; `other_parties` if left out"
    )
    send_days: list[Annotated[int, Field(ge=0, le=6)]] | None = Field(
        None, min_length=1, max_length=7, description="The weekdays on which its matters are told; 0 is Monday"
    )
    always_sent: list[AlwaysSent] | None = Field(
        None,
        max_length=20,
        description="What is told also to who is paused or has unsubscribed: kinds of matter, and final, a last rung",
    )
    send_at: Hour | None = Field(
        None, examples=["08:00"], description="When the day's message goes, in its reader's zone; 17:00 at the latest"
    )
    digest_weekday: int | None = Field(None, ge=0, le=6, description="The day of the digest; 0 is Monday")
    digest_rhythm: DigestRhythm | None = None
    summary_day: MonthDay | None = Field(None, description="From this day of its month on the summary goes")
    summary_rhythm: SummaryRhythm | None = None
    quiet_from: Hour | None = Field(
        None, examples=["20:00"], description="From then on nothing goes at once, in its reader's zone"
    )
    quiet_to: Hour | None = Field(
        None, examples=["07:00"], description="Until then; the same hour as quiet_from for no quiet hours"
    )
    quiet_rest_days: bool | None = Field(None, description="Whether nothing goes at once on its reader's days of rest")
    language: Language | None = Field(
        None, description="Of its messages to people who state none, and whose party states none", examples=["fr"]
    )
    channels: list[ChannelName] | None = Field(
        None,
        min_length=1,
        max_length=len(ChannelKind),
        description="By which kind of channel its messages go first, to people who have several and chose none",
        examples=[["chat", "mail"]],
    )

    @field_validator("send_at")
    @classmethod
    def _in_the_day(cls, value: str | None) -> str | None:
        if value is not None and value > LATEST_HOUR:
            raise ValueError("an hour not later than 17:00, so that the message still goes on its day")
        return value

    @field_validator("channels")
    @classmethod
    def _each_once(cls, value: list[str] | None) -> list[str] | None:
        if value is not None and len(set(value)) < len(value):
            raise ValueError("each kind of channel once")
        return value

    @model_validator(mode="after")
    def _whole_quiet_hours(self) -> "PolicyForm":
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValueError("both quiet_from and quiet_to, or neither")
        return self


class OwnerForm(Form):
    party: Reference
    contact: Reference | None = Field(None, description="The person answerable; unknown if left out")


class FormerTermsForm(Form):
    """How often it recurred before: what was over by then is judged by this, whatever was agreed since."""

    every: Every
    interval: int = Field(1, ge=1, le=100)
    count: int = Field(1, ge=1, le=10000)
    starts: Partial | None = None
    months: list[Annotated[int, Field(ge=1, le=12)]] = Field(default_factory=list)
    ends: Partial | None = None
    until: Day = Field(description="The day on which other terms were recorded; periods over before it keep these")


class RecurrenceForm(Form):
    every: Every
    interval: int = Field(1, ge=1, le=100, description="Every so many months, quarters or years")
    count: int = Field(1, ge=1, le=10000, description="How many are expected in each period")
    starts: Partial | None = Field(None, description="When the first period begins; calendar periods if left out")
    months: list[Annotated[int, Field(ge=1, le=12)]] = Field(
        default_factory=list, description="The months in which it takes place, if stated"
    )
    ends: Partial | None = None
    what: Line | None = Field(None, description="What is counted, in the plural", examples=["exchange activities"])
    former: list[FormerTermsForm] = Field(
        default_factory=list,
        exclude_if=lambda terms: not terms,
        description="The terms before, the oldest first; a file that leaves them out does not take them away",
    )


class TargetForm(Form):
    quantity: Number
    unit: Line = Field(examples=["CNY", "scholarships"])
    comparator: Comparator = Comparator.AT_LEAST
    baseline: Number = 0.0
    baseline_on: Partial | None = None


class ConditionForm(Form):
    text: Line
    met_on: Partial | None = None


class MilestoneForm(Form):
    reference: Reference
    title: Line
    titles: Words = Field(default_factory=dict, description="The same title in other languages")
    due: Partial | None = None
    first_due: Partial | None = Field(None, description="The date as first promised, where it was moved since")
    met_on: Partial | None = None
    state: MilestoneState = MilestoneState.SCHEDULED
    party: Reference | None = None
    source: SourcePlace | None = None


class OccurrenceForm(Form):
    """An exception for one period: another number expected, or the period waived."""

    period: Line = Field(description="The period's name", examples=["2026", "2026-Q3", "2026-09"])
    state: OccurrenceState = OccurrenceState.EXPECTED
    expected: int | None = Field(None, ge=0)
    note: Line | None = None


class MeasurementForm(Form):
    reference: Reference
    measured_on: Partial
    value: Number
    note: Line | None = None


class EvidenceForm(Form):
    reference: Reference
    title: Line
    link: Link | None = None
    file: Line | None = None
    sha256: Sha256 | None = None
    added_on: Partial | None = None
    activity: Reference | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "EvidenceForm":
        if (self.link is None) == (self.file is None):
            raise ValueError("a link or a file, one of the two")
        return self


class ConfirmationForm(Form):
    party: Reference
    state: ConfirmationState
    asked_on: Day
    answered_on: Day | None = None
    contact: Reference | None = None
    note: Line | None = None


class ReportForm(Form):
    """An owner's dated statement."""

    reference: Reference
    party: Reference
    contact: Reference | None = None
    reported_on: Day
    rating: Rating
    completion: Completion | None = None
    note: Text | None = None
    fulfilled: bool = False
    confirmations: list[ConfirmationForm] = Field(default_factory=list)


class CommitmentForm(Form):
    reference: Reference
    summary: Line = Field(description="The undertaking in one sentence")
    summaries: Words = Field(default_factory=dict, description="The same sentence in other languages")
    kind: CommitmentKind
    quote: dict[Language, Text] = Field(default_factory=dict, description="The sentence itself, by language")
    source: SourcePlace | None = None
    quote_sources: dict[Language, SourcePlace] = Field(
        default_factory=dict, description="Where the sentence stands in each language version"
    )
    theme: Line | None = None
    tags: list[Reference] = Field(default_factory=list)
    owed: Owed = Owed.JOINTLY
    owners: list[OwnerForm] = Field(min_length=1)
    implementers: list[Line] = Field(default_factory=list)
    due: Partial | None = None
    first_due: Partial | None = Field(None, description="The date as first promised, where it was moved since")
    period_from: Partial | None = None
    period_to: Partial | None = None
    confirm_by: Partial | None = None
    recurrence: RecurrenceForm | None = None
    target: TargetForm | None = None
    condition: ConditionForm | None = None
    state: CommitmentState = CommitmentState.ACTIVE
    state_on: Partial | None = None
    state_reason: Line | None = None
    state_until: Partial | None = Field(None, description="The last day of a hold, if that was said")
    milestones: list[MilestoneForm] = Field(default_factory=list)
    occurrences: list[OccurrenceForm] = Field(default_factory=list)
    measurements: list[MeasurementForm] = Field(default_factory=list)
    evidence: list[EvidenceForm] = Field(default_factory=list)
    reports: list[ReportForm] = Field(default_factory=list)
    note: Text | None = None


class ActivityForm(Form):
    reference: Reference
    title: Line
    kind: ActivityKind
    held_on: Partial
    until: Partial | None = None
    place: Line | None = None
    participants: int | None = Field(None, ge=0)
    count: int = Field(1, ge=1, le=10000, description="For how many occurrences it counts")
    parties: list[Reference] = Field(default_factory=list)
    commitments: list[CommitmentReference] = Field(
        default_factory=list, description="The commitments it counts for; agreement/commitment for another agreement's"
    )
    link: Link | None = None
    note: Text | None = None
    source: SourcePlace | None = None


class AgreementForm(Form):
    """One agreement with everything the register holds of it."""

    agreement: Reference = Field(description="The agreement's reference; a second import finds it by this")
    as_of: Line | None = Field(
        None,
        description="Up to which entry of the log the register wrote this file. What it leaves as it was then takes "
        "nothing back that was recorded since; leave it out where the file counts in all that it says",
        examples=["4711 of 2026-03-02T09:00:00+00:00"],
    )
    title: Words
    kind: AgreementKind
    relationship: RelationshipForm | None = None
    parties: list[PartyForm] = Field(min_length=1)
    signatories: list[SignatoryForm] = Field(default_factory=list)
    signed: dict[Reference, Partial] = Field(default_factory=dict, description="When each party signed")
    effective: Partial | None = None
    expires: Partial | None = None
    open_ended: bool | None = Field(None, description="True if stated to have no end; leave out if unknown")
    term: Line | None = Field(None, description="The term in words")
    renewal: RenewalForm | None = None
    notice: NoticeForm | None = None
    binding: bool | None = None
    languages: list[Language] = Field(default_factory=list)
    authentic: list[Language] = Field(default_factory=list)
    parent: Reference | None = None
    amends: Reference | None = None
    replaces: Reference | None = None
    network: NetworkForm | None = None
    sources: list[SourceForm] = Field(default_factory=list)
    ended: Partial | None = None
    ended_reason: Line | None = None
    note: Text | None = None
    policy: PolicyForm | None = None
    budget: list[BudgetLineForm] = Field(default_factory=list)
    commitments: list[CommitmentForm] = Field(default_factory=list)
    activities: list[ActivityForm] = Field(default_factory=list)
