"""Reads facts from the register, set-based: a fixed number of statements for any number of rows in a chunk."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from commitments.dates import add_days, parse_date, parse_stored
from commitments.facts import (
    Activity,
    Agreement,
    AskedConfirmation,
    Commitment,
    Condition,
    Kept,
    Measurement,
    Milestone,
    Occurrence,
    Owner,
    PartyPlace,
    Report,
    Submission,
    Target,
)
from commitments.listed import IDS_A_STATEMENT, is_listed
from commitments.policy import HOUSE, Policy, adapt_policy
from commitments.recurrence import FormerTerms, Recurrence
from commitments.rewinding import Rewinder, load_later
from commitments.spans import ends_within
from commitments.tables import (
    activity,
    activity_commitment,
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    confirmation,
    contact,
    measurement,
    milestone,
    occurrence,
    party,
    policy,
    progress_report,
    signatory,
    submitted_report,
)
from commitments.vocabulary import (
    CommitmentKind,
    CommitmentState,
    Comparator,
    ConfirmationState,
    Every,
    MilestoneState,
    OccurrenceState,
    Owed,
    PartyRole,
    RenewalRule,
)

COMMITMENTS_A_CHUNK = 2000

_KINDS = {str(kind): kind for kind in CommitmentKind}
_STATES = {str(state): state for state in CommitmentState}
_OWED = {str(owed): owed for owed in Owed}
_MILESTONE_STATES = {str(state): state for state in MilestoneState}


@dataclass(frozen=True, slots=True)
class Span:
    """A run of agreements by their ids, both ends included; or some of them only."""

    first: int
    last: int
    commitments: int = 0
    some: tuple[int, ...] = ()

    @classmethod
    def over(cls, ids: Collection[int]) -> "Span":
        """Just these agreements, at least one."""
        return cls(min(ids), max(ids), some=tuple(sorted(ids)))

    def holds(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether an agreement's id lies in the span."""
        return column.in_(self.some) if self.some else column.between(self.first, self.last)


def split_register(reading: Connection, size: int = COMMITMENTS_A_CHUNK) -> tuple[Span, ...]:
    """The agreements in spans of about `size` commitments, so that locks stay short and memory flat."""
    rows = reading.execute(
        select(agreement.c.id, func.count(commitment.c.id))
        .outerjoin(commitment, commitment.c.agreement_id == agreement.c.id)
        .group_by(agreement.c.id)
        .order_by(agreement.c.id)
    )
    spans: list[Span] = []
    first, last, held = None, None, 0
    for agreement_id, count in rows:
        if first is not None and last is not None and held + count > size:
            spans.append(Span(first, last, held))
            first, held = None, 0
        first = agreement_id if first is None else first
        last, held = agreement_id, held + count
    if first is not None and last is not None:
        spans.append(Span(first, last, held))
    return tuple(spans)


def load_policies(reading: Connection, only: ColumnElement[bool] | None = None) -> tuple[Policy, Mapping[str, Policy]]:
    """The house's policy, and that of each agreement that has rules of its own, or of `only` some, by reference."""
    query = select(policy.c.scope, policy.c.rules)
    if only is not None:
        query = query.where(or_(policy.c.scope == HOUSE, only))
    rules = {row.scope: row.rules for row in reading.execute(query)}
    house = adapt_policy(Policy(), rules.pop(HOUSE, {}))
    return house, {scope: adapt_policy(house, own) for scope, own in rules.items()}


def select_dated_commitments(today: date, horizon: date) -> ColumnElement[bool]:
    """Which commitments may have a date between `today` and `horizon`: all that a reminder could be about."""
    low, high = today.isoformat(), horizon.isoformat()

    def ends_between(column: ColumnElement[Any]) -> ColumnElement[bool]:
        # Compared as text: a year's span ends on its last day, a month's on a day not after the 31st.
        return or_(
            (func.length(column) == 10) & column.between(low, high),
            (func.length(column) == 7) & column.between(low[:7], high[:7]),
            (func.length(column) == 4) & column.between(low[:4], high[:4]),
        )

    step = milestone.alias("step")
    coming_milestone = commitment.c.id.in_(select(step.c.commitment_id).where(ends_between(step.c.due)))
    dateless = (
        commitment.c.due.is_(None)
        & commitment.c.period_to.is_(None)
        & (commitment.c.kind != str(CommitmentKind.OPEN_ENDED))
    )
    return (commitment.c.state == str(CommitmentState.ACTIVE)) & or_(
        commitment.c.kind == str(CommitmentKind.RECURRING),
        ends_between(commitment.c.due),
        ends_between(commitment.c.period_to),
        ends_between(commitment.c.confirm_by),
        dateless,
        coming_milestone,
    )


def select_watched_commitments(today: date) -> ColumnElement[bool]:
    """Which commitments may call for a follow-up today, or show a sign of life: all but the plainly untroubled.

    Left out is a deliverable whose date lies ahead, with an owner in office on every side, under an agreement that no
    party has left, and nothing else on record: most of a large register on most days.
    """

    def has(table: Any, *where: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(table.c.commitment_id == commitment.c.id, *where).correlate(commitment)

    vacant = (
        exists()
        .where(commitment_owner.c.commitment_id == commitment.c.id)
        .where(
            or_(
                commitment_owner.c.contact_id.is_(None),
                commitment_owner.c.contact_id.in_(
                    select(contact.c.id).where(or_(contact.c.valid_from.is_not(None), contact.c.valid_to.is_not(None)))
                ),
            )
        )
        .correlate(commitment)
    )
    left = exists().where(
        agreement_party.c.agreement_id == commitment.c.agreement_id, agreement_party.c.ended.is_not(None)
    )
    return or_(
        commitment.c.kind != str(CommitmentKind.DELIVERABLE),
        commitment.c.due.is_(None),
        commitment.c.due <= today.isoformat(),  # as text: a year or month that has begun is not ahead
        vacant,
        left.correlate(commitment),
        has(milestone),
        has(activity_commitment),
        has(measurement),
        has(progress_report),
    )


def select_untroubled(today: date) -> ColumnElement[bool]:
    """Which commitments are on track or due soon by their date alone, unless their agreement has ended."""
    owned = exists().where(commitment_owner.c.commitment_id == commitment.c.id).correlate(commitment)
    begun = or_(commitment.c.period_from.is_(None), commitment.c.period_from <= today.isoformat())
    return and_(
        commitment.c.state == str(CommitmentState.ACTIVE),
        commitment.c.condition.is_(None),
        begun,
        owned,
        ~select_watched_commitments(today),
    )


@dataclass(frozen=True, slots=True)
class Untroubled:
    """The untroubled commitments of an agreement: how many, and the day of the nearest, if it is near."""

    number: int
    nearest: date | None


def count_untroubled(
    reading: Connection, span: Span, found: Collection[Agreement], today: date, near: int
) -> dict[int, Untroubled]:
    """By agreement what was left out of those that were found with all others; near is within so many days."""
    rows = reading.execute(
        select(commitment.c.agreement_id, func.count())
        .where(span.holds(commitment.c.agreement_id))
        .group_by(commitment.c.agreement_id)
    )
    totals: dict[int, int] = {agreement_id: number for agreement_id, number in rows}
    soon = reading.execute(
        select(commitment.c.agreement_id, commitment.c.due)
        .where(
            ends_within(commitment.c.due, today, add_days(today, near)),
            span.holds(commitment.c.agreement_id),
            select_untroubled(today),
        )
        .distinct()
    )
    nearest: dict[int, date] = {}
    for agreement_id, due in soon:
        last = parse_date(due).last
        nearest[agreement_id] = min(nearest.get(agreement_id, last), last)
    return {one.id: Untroubled(totals.get(one.id, 0) - len(one.commitments), nearest.get(one.id)) for one in found}


def load_agreements(
    reading: Connection,
    span: Span,
    *,
    only: ColumnElement[bool] | None = None,
    known_at: datetime | None = None,
) -> tuple[Agreement, ...]:
    """The facts of a span of agreements in order of id.

    `only` narrows the commitments (not the agreements); `known_at` leaves out what was recorded after that moment.
    """
    rewinder = Rewinder(load_later(reading, known_at)) if known_at is not None else None

    def fetch(subject: str, query: Select[Any]) -> Sequence[Any]:
        rows = reading.execute(query).all()
        return rewinder.rewind(subject, rows) if rewinder is not None else rows

    return assemble_agreements(fetch, span, only)


Fetch = Callable[[str, Select[Any]], Sequence[Any]]
"""Gives the rows of a query, and is told of which table they are."""


def assemble_agreements(fetch: Fetch, span: Span, only: ColumnElement[bool] | None = None) -> tuple[Agreement, ...]:
    """The facts of a span of agreements, from what `fetch` finds."""
    within = span.holds(agreement.c.id)
    own: ColumnElement[bool] = span.holds(commitment.c.agreement_id)
    commitments = _load_commitments(fetch, own, only)
    places = defaultdict(list)
    for row in fetch(
        "agreement_party",
        select(agreement_party, party.c.reference)
        .join(party, party.c.id == agreement_party.c.party_id)
        .where(span.holds(agreement_party.c.agreement_id))
        .order_by(agreement_party.c.agreement_id, agreement_party.c.position),
    ):
        places[row.agreement_id].append(
            PartyPlace(
                row.party_id, row.reference, PartyRole(row.role), parse_stored(row.signed), parse_stored(row.ended)
            )
        )
    signed = {
        row.agreement_id for row in fetch("signatory", select(signatory).where(span.holds(signatory.c.agreement_id)))
    }
    submitted = defaultdict(list)
    for row in fetch(
        "submitted_report",
        select(submitted_report).where(span.holds(submitted_report.c.agreement_id)),
    ):
        submitted[row.agreement_id].append(Submission(row.cycle, parse_date(row.submitted)))
    served = exists().where(
        activity_commitment.c.activity_id == activity.c.id, activity_commitment.c.withdrawn_on.is_(None)
    )
    columns = (activity.c.id, activity.c.agreement_id, activity.c.held_on, activity.c.count, activity.c.withdrawn_on)
    loose = defaultdict(list)
    for row in fetch("activity", select(*columns).where(span.holds(activity.c.agreement_id), ~served)):
        if row.withdrawn_on is None:
            loose[row.agreement_id].append(Activity(parse_date(row.held_on), row.count))
    rows = fetch("agreement", select(agreement).where(within).order_by(agreement.c.id))
    return tuple(
        _build_agreement(row, places[row.id], commitments[row.id], row.id in signed, submitted[row.id], loose[row.id])
        for row in rows
    )


def _build_agreement(
    row: Any,
    places: list[PartyPlace],
    commitments: list[Commitment],
    has_signatories: bool,
    submitted: list[Submission],
    loose: list[Activity],
) -> Agreement:
    dated = [source["date"] for source in row.sources if source.get("date")]
    return Agreement(
        row.id,
        row.reference,
        row.registered_on,
        tuple(places),
        tuple(commitments),
        parse_stored(row.effective),
        parse_stored(row.expires),
        parse_stored(row.ended),
        RenewalRule(row.renewal_rule) if row.renewal_rule else None,
        row.renewal_months,
        parse_stored(row.renew_by),
        row.notice_months,
        row.notice_days,
        parse_stored(row.designated),
        row.reporting_cycle_years,
        tuple(submitted),
        has_signatories,
        min(map(parse_date, dated)) if dated else None,
        tuple(loose),
        Kept(row.kept_on, row.kept_until, row.kept_why or "") if row.kept_on and row.kept_until else None,
    )


def _load_commitments(
    fetch: Fetch, own: ColumnElement[bool], only: ColumnElement[bool] | None
) -> dict[int, list[Commitment]]:
    found: dict[int, list[Commitment]] = defaultdict(list)
    columns = [
        commitment.c[name]
        for name in [
            "id",
            "agreement_id",
            "reference",
            "summary",
            "kind",
            "state",
            "owed",
            "registered_on",
            "state_on",
            "state_until",
            "due",
            "period_from",
            "period_to",
            "confirm_by",
            "recurrence",
            "target",
            "condition",
        ]
    ]
    chosen = own if only is None else own & only
    rows = fetch(
        "commitment", select(*columns).where(chosen).order_by(commitment.c.agreement_id, commitment.c.position)
    )
    if not rows:
        return found
    if only is not None and len(rows) <= IDS_A_STATEMENT:
        # By their ids, so that what narrows the commitments is worked out once, not for each of their parts.
        own = is_listed(commitment.c.id, [row.id for row in rows])
    owners = defaultdict(list)
    for _, commitment_id, party_id, reference, contact_id in fetch(
        "commitment_owner",
        select(
            commitment_owner.c.id,
            commitment_owner.c.commitment_id,
            commitment_owner.c.party_id,
            party.c.reference,
            commitment_owner.c.contact_id,
        )
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .join(party, party.c.id == commitment_owner.c.party_id)
        .where(own)
        .order_by(commitment_owner.c.commitment_id, commitment_owner.c.position),
    ):
        owners[commitment_id].append(Owner(party_id, reference, contact_id))
    parts = _load_parts(fetch, own)
    # Unpacked at once: by name each column would cost as much as reading it.
    for (
        commitment_id, agreement_id, reference, summary, kind, state, owed, registered_on, state_on, state_until,
        due, period_from, period_to, confirm_by, recurrence, target, condition,
    ) in rows:  # fmt: skip
        own_parts = parts.get(commitment_id)
        found[agreement_id].append(
            Commitment(
                commitment_id,
                reference,
                summary,
                _KINDS[kind],
                _STATES[state],
                _OWED[owed],
                tuple(owners[commitment_id]),
                registered_on,
                parse_stored(state_on),
                parse_stored(state_until),
                parse_stored(due),
                parse_stored(period_from),
                parse_stored(period_to),
                parse_stored(confirm_by),
                read_recurrence(recurrence),
                _read_target(target),
                Condition(parse_stored(condition.get("met_on"))) if condition else None,
                *([tuple(own_parts[name]) for name in _PARTS] if own_parts is not None else _NO_PARTS),
            )
        )
    return found


_PARTS = ("milestones", "occurrences", "activities", "measurements", "reports", "asked")
_NO_PARTS: tuple[tuple[Any, ...], ...] = ((),) * len(_PARTS)


def _load_parts(fetch: Fetch, own: ColumnElement[bool]) -> dict[int, dict[str, list[Any]]]:
    parts: dict[int, dict[str, list[Any]]] = defaultdict(lambda: {name: [] for name in _PARTS})

    def of(table: Any, *more: ColumnElement[Any]) -> Select[Any]:
        joined = select(table, *more).join(commitment, commitment.c.id == table.c.commitment_id)
        return joined.where(own).order_by(table.c.id)

    for row in fetch("milestone", of(milestone)):
        parts[row.commitment_id]["milestones"].append(
            Milestone(
                row.id,
                row.reference,
                row.title,
                parse_stored(row.due),
                parse_stored(row.met_on),
                _MILESTONE_STATES[row.state],
                row.party_id,
            )
        )
    for row in fetch("occurrence", of(occurrence)):
        exception = Occurrence(row.period, OccurrenceState(row.state), row.expected)
        parts[row.commitment_id]["occurrences"].append(exception)
    counted = (
        select(activity_commitment, activity.c.held_on, activity.c.count)
        .join(activity, activity.c.id == activity_commitment.c.activity_id)
        .join(commitment, commitment.c.id == activity_commitment.c.commitment_id)
        .where(own)
    )
    for row in fetch("activity_commitment", counted):
        if row.withdrawn_on is None:
            parts[row.commitment_id]["activities"].append(Activity(parse_date(row.held_on), row.count))
    for row in fetch("measurement", of(measurement)):
        if row.withdrawn_on is None:
            parts[row.commitment_id]["measurements"].append(Measurement(parse_date(row.measured_on), row.value))
    taken_back: set[tuple[int, str]] = set()
    for row in fetch("progress_report", of(progress_report)):
        if row.withdrawn_on is not None:
            taken_back.add((row.commitment_id, row.reference))
            continue
        report = Report(row.party_id, row.reported_on, row.reference, row.fulfilled)
        parts[row.commitment_id]["reports"].append(report)
    asked = (
        select(confirmation, progress_report.c.commitment_id, progress_report.c.reference)
        .join(progress_report, progress_report.c.id == confirmation.c.report_id)
        .join(commitment, commitment.c.id == progress_report.c.commitment_id)
        .where(own)
    )
    for row in fetch("confirmation", asked):
        if (row.commitment_id, row.reference) in taken_back:
            continue
        answered_on = row.answered_on
        if row.state != ConfirmationState.ASKED and answered_on is None:
            answered_on = row.asked_on  # on a day that nobody stated: it waited on none
        parts[row.commitment_id]["asked"].append(
            AskedConfirmation(
                row.party_id, row.reference, row.asked_on, answered_on, row.state == ConfirmationState.RETURNED
            )
        )
    return parts


def read_recurrence(stored: Mapping[str, Any] | None) -> Recurrence | None:
    """How often, as it is stored."""
    if not stored:
        return None
    former = tuple(_read_former(one, stored.get("what")) for one in stored.get("former") or ())
    return _read_terms(stored, stored.get("what"), former)


def _read_terms(stored: Mapping[str, Any], what: str | None, former: tuple[FormerTerms, ...] = ()) -> Recurrence:
    starts, ends = parse_stored(stored.get("starts")), parse_stored(stored.get("ends"))
    return Recurrence(
        Every(stored["every"]),
        stored.get("interval", 1),
        stored.get("count", 1),
        starts.first if starts else None,
        ends.last if ends else None,
        tuple(stored.get("months") or ()),
        what,
        former,
    )


def _read_former(stored: Mapping[str, Any], what: str | None) -> FormerTerms:
    return FormerTerms(_read_terms(stored, what), date.fromisoformat(stored["until"]))


def _read_target(stored: Mapping[str, Any] | None) -> Target | None:
    if not stored:
        return None
    return Target(
        stored["quantity"],
        stored["unit"],
        Comparator(stored.get("comparator", Comparator.AT_LEAST)),
        stored.get("baseline") or 0.0,
        parse_stored(stored.get("baseline_on")),
    )
