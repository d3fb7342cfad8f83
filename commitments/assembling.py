"""Puts agreements together, as facts, from their rows."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select

from commitments.chunks import Span
from commitments.dates import parse_date, parse_stored
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
from commitments.recurrence import FormerTerms, Recurrence
from commitments.tables import (
    activity,
    activity_commitment,
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    confirmation,
    measurement,
    milestone,
    occurrence,
    party,
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

_KINDS = {str(kind): kind for kind in CommitmentKind}
_STATES = {str(state): state for state in CommitmentState}
_OWED = {str(owed): owed for owed in Owed}
_MILESTONE_STATES = {str(state): state for state in MilestoneState}

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
