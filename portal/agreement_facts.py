"""What the pages of an agreement and of a commitment say beside the facts that the rules judge by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from commitments.tables import (
    activity,
    activity_commitment,
    agreement,
    agreement_party,
    budget_line,
    commitment,
    confirmation,
    contact,
    document,
    evidence,
    follow_up,
    measurement,
    milestone,
    occurrence,
    progress_report,
    relationship,
    signatory,
)
from commitments.vocabulary import ConfirmationState, ContactRole, FollowUpState

ACTIVITIES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Parts:
    """The rows under one agreement, each with what its page says of it."""

    commitments: Mapping[int, Any]
    """The words and the state of each by its id."""
    milestones: Sequence[Any]
    activities: Sequence[Any]
    """All of them in order of their dates: when, what, and who took part."""
    latest: Sequence[Any]
    """The last few of these as they are recorded, the newest first."""
    reports: Sequence[Any]
    confirmations: Sequence[Any]
    signatories: Sequence[Any]
    budget: Sequence[Any]
    documents: Sequence[Any]
    """The files of documents that are kept here."""
    coordinators: Mapping[int, Sequence[str]]
    """The names of the coordinators by party."""
    relationship: Mapping[str, str] | None


def load_parts(reading: Connection, agreement_id: int) -> Parts:
    """Eleven statements."""
    own = select(commitment.c.id).where(commitment.c.agreement_id == agreement_id)

    def rows(query: Any) -> Sequence[Any]:
        return reading.execute(query).all()

    commitments = rows(
        select(
            commitment.c.id, commitment.c.summary, commitment.c.summaries, commitment.c.quote, commitment.c.state
        ).where(commitment.c.agreement_id == agreement_id)
    )
    sent_back = select(confirmation.c.report_id).where(confirmation.c.state == str(ConfirmationState.RETURNED))
    reports = rows(
        select(
            progress_report.c.reported_on,
            progress_report.c.party_id,
            progress_report.c.commitment_id,
            progress_report.c.rating,
            progress_report.c.id.in_(sent_back).label("sent_back"),
        )
        .where(progress_report.c.commitment_id.in_(own), progress_report.c.withdrawn_on.is_(None))
        .order_by(progress_report.c.reported_on)
    )
    held = (activity.c.agreement_id == agreement_id) & activity.c.withdrawn_on.is_(None)
    coordinators: dict[int, list[str]] = {}
    for row in rows(
        select(contact.c.party_id, contact.c.name)
        .join(agreement_party, agreement_party.c.party_id == contact.c.party_id)
        .where(
            agreement_party.c.agreement_id == agreement_id,
            contact.c.role == str(ContactRole.COORDINATOR),
            contact.c.valid_to.is_(None),
        )
        .order_by(contact.c.name)
    ):
        coordinators.setdefault(row.party_id, []).append(row.name)
    tie = reading.execute(
        select(relationship.c.title)
        .join(agreement, agreement.c.relationship_id == relationship.c.id)
        .where(agreement.c.id == agreement_id)
    ).scalar_one_or_none()
    return Parts(
        {row.id: row for row in commitments},
        rows(select(milestone).where(milestone.c.commitment_id.in_(own)).order_by(milestone.c.id)),
        rows(select(activity.c.held_on, activity.c.title, activity.c.parties).where(held).order_by(activity.c.held_on)),
        rows(
            select(activity)
            .where(held)
            .order_by(activity.c.held_on.desc(), activity.c.id.desc())
            .limit(ACTIVITIES_SHOWN)
        ),
        reports,
        rows(
            select(confirmation.c.party_id, confirmation.c.state)
            .join(progress_report, progress_report.c.id == confirmation.c.report_id)
            .where(progress_report.c.commitment_id.in_(own), progress_report.c.withdrawn_on.is_(None))
        ),
        rows(select(signatory).where(signatory.c.agreement_id == agreement_id).order_by(signatory.c.id)),
        rows(select(budget_line).where(budget_line.c.agreement_id == agreement_id).order_by(budget_line.c.period_from)),
        rows(select(document).where(document.c.agreement_id == agreement_id, document.c.withdrawn_on.is_(None))),
        coordinators,
        tie,
    )


@dataclass(frozen=True, slots=True)
class Details:
    """The rows under one commitment."""

    row: Any
    milestones: Sequence[Any]
    occurrences: Sequence[Any]
    activities: Sequence[Any]
    measurements: Sequence[Any]
    evidence: Sequence[Any]
    reports: Sequence[Any]
    confirmations: Sequence[Any]
    open: Sequence[Any]


def load_details(reading: Connection, row: Any) -> Details:
    """Eight statements."""

    def of(table: Any, *order: Any) -> Sequence[Any]:
        query = select(table).where(table.c.commitment_id == row.id)
        if "withdrawn_on" in table.c:
            query = query.where(table.c.withdrawn_on.is_(None))
        return reading.execute(query.order_by(*order)).all()

    return Details(
        row,
        of(milestone, milestone.c.id),
        of(occurrence, occurrence.c.period),
        reading.execute(
            select(activity)
            .join(activity_commitment, activity_commitment.c.activity_id == activity.c.id)
            .where(activity_commitment.c.commitment_id == row.id, activity_commitment.c.withdrawn_on.is_(None))
            .order_by(activity.c.held_on.desc(), activity.c.id.desc())
        ).all(),
        of(measurement, measurement.c.measured_on, measurement.c.id),
        of(evidence, evidence.c.id),
        of(progress_report, progress_report.c.reported_on.desc(), progress_report.c.id.desc()),
        reading.execute(
            select(confirmation)
            .join(progress_report, progress_report.c.id == confirmation.c.report_id)
            .where(progress_report.c.commitment_id == row.id, progress_report.c.withdrawn_on.is_(None))
            .order_by(confirmation.c.id)
        ).all(),
        reading.execute(
            select(follow_up)
            .where(follow_up.c.commitment_id == row.id, follow_up.c.state == str(FollowUpState.OPEN))
            .order_by(follow_up.c.due_on)
        ).all(),
    )
