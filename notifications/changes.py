"""What has changed under some agreements since a moment, from the log: the news of a digest."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, or_, select, true

from commitments.clock import today_in
from commitments.log import BESIDE_FOLLOW_UPS
from commitments.tables import (
    activity,
    commitment,
    confirmation,
    log_entry,
    measurement,
    milestone,
    progress_report,
)
from commitments.vocabulary import CommitmentState, ConfirmationState, FollowUpState, MilestoneState, Rating
from notifications.reasons import ChangeKind

ENTRIES_READ = 500


@dataclass(frozen=True, slots=True)
class Noted:
    """One change; `row` has the title of what it is about where that is not the commitment."""

    kind: ChangeKind
    on: date
    agreement_id: int
    commitment_id: int | None = None
    row: Row[Any] | None = None
    party_id: int | None = None
    rating: Rating | None = None
    state: CommitmentState | MilestoneState | None = None
    value: float | None = None
    unit: str | None = None
    before: str | None = None
    after: str | None = None
    """Of a moved date what it was and is, each as exactly as it is known."""
    name: str | None = None
    number: int = 1
    """Who answers now, and for how many commitments."""
    note: str | None = None
    """What was said with a report, or when a date was moved."""
    who: str | None = None
    """The reference of who moved a date, as the log has it."""


_IS_ASKED = (
    exists()
    .where(
        progress_report.c.commitment_id == commitment.c.id,
        progress_report.c.withdrawn_on.is_(None),
        confirmation.c.report_id == progress_report.c.id,
        confirmation.c.state == str(ConfirmationState.ASKED),
    )
    .correlate(commitment)
)
_DETAILS = {
    "progress_report": select(
        progress_report.c.id,
        progress_report.c.commitment_id,
        progress_report.c.party_id,
        progress_report.c.rating,
        progress_report.c.note,
    ).where(progress_report.c.withdrawn_on.is_(None)),
    "confirmation": select(
        confirmation.c.id, progress_report.c.commitment_id, confirmation.c.party_id, confirmation.c.state
    )
    .join(progress_report, progress_report.c.id == confirmation.c.report_id)
    .where(progress_report.c.withdrawn_on.is_(None)),
    "activity": select(activity.c.id, activity.c.title).where(activity.c.withdrawn_on.is_(None)),
    "measurement": select(measurement.c.id, measurement.c.commitment_id, measurement.c.value, commitment.c.target)
    .join(commitment, commitment.c.id == measurement.c.commitment_id)
    .where(measurement.c.withdrawn_on.is_(None)),
    "milestone": select(
        milestone.c.id, milestone.c.commitment_id, milestone.c.title, milestone.c.titles, milestone.c.state
    ),
    "commitment": select(
        commitment.c.id, commitment.c.id.label("commitment_id"), commitment.c.state, _IS_ASKED.label("is_asked")
    ),
}
_ANSWERS = {ConfirmationState.CONFIRMED: ChangeKind.CONFIRMED, ConfirmationState.RETURNED: ChangeKind.RETURNED}


def load_changes(
    reading: Connection,
    agreement_ids: Collection[int] | Select[Any],
    since: datetime,
    most: int = ENTRIES_READ,
    until: datetime | None = None,
    *,
    of_new: bool = False,
    zone: str = "UTC",
) -> list[Noted]:
    """The changes people made, the newest first, each matter once; of a new agreement that it is new.

    Those after `since` and up to `until`. `most` says how many entries of the log are read for it, `zone` by whose days
    they are dated. With `of_new` also what was done under a new agreement after it came into the register.
    """
    began = log_entry.alias()
    came_with_it = exists().where(
        began.c.subject == "agreement",
        began.c.row_id == log_entry.c.agreement_id,
        began.c.action == "registered",
        began.c.at >= log_entry.c.at,
    )
    under: ColumnElement[Any] = log_entry.c.agreement_id
    subject: ColumnElement[Any] = log_entry.c.subject
    if isinstance(agreement_ids, Select):
        # Under a whole register, as sums, which no index answers: so it goes back from the latest until it has enough.
        under, subject = under + 0, subject + ""
    entries = reading.execute(
        select(
            log_entry.c.id, log_entry.c.at, log_entry.c.action, log_entry.c.subject, log_entry.c.row_id,
            log_entry.c.agreement_id, log_entry.c.changes,
        )
        .where(
            under.in_(agreement_ids),
            BESIDE_FOLLOW_UPS,
            log_entry.c.at > since,
            log_entry.c.at <= until if until is not None else true(),
            subject.in_([*_DETAILS, "agreement"]),
            or_(log_entry.c.subject == "agreement", ~came_with_it) if of_new else true(),
        )
        .order_by(log_entry.c.at.desc(), log_entry.c.id.desc())
        .limit(most)
    ).all()  # fmt: skip
    new = {one.agreement_id for one in entries if one.subject == "agreement" and one.action == "registered"}
    details = {subject: _load_details(reading, subject, entries) for subject in _DETAILS}
    found: dict[tuple[str, int], Noted] = {}
    for entry in entries:
        key = entry.subject, entry.row_id
        if key in found:
            continue
        if entry.subject == "agreement":
            if entry.action == "registered":
                found[key] = Noted(ChangeKind.REGISTERED, today_in(zone, entry.at), entry.agreement_id)
            continue
        if entry.agreement_id in new and not of_new:
            continue
        noted = _note(entry, today_in(zone, entry.at), details[entry.subject].get(entry.row_id))
        if noted is not None:
            found[key] = noted
    over = (ChangeKind.SETTLED, ChangeKind.REPORTED_DONE)
    settled = {one.commitment_id for one in found.values() if one.kind in over}
    return [one for one in found.values() if one.kind is not ChangeKind.REPORTED or one.commitment_id not in settled]


def count_follow_ups(
    reading: Connection, agreement_ids: Collection[int], since: datetime, until: datetime | None = None
) -> tuple[int, int]:
    """How many follow-ups were opened and how many closed, after `since` and up to `until`."""
    entries = reading.execute(
        select(log_entry.c.row_id, log_entry.c.changes).where(
            log_entry.c.agreement_id.in_(agreement_ids),
            log_entry.c.at > since,
            log_entry.c.at <= until if until is not None else true(),
            log_entry.c.subject == "follow_up",
        )
    ).all()
    became = {
        (entry.row_id, entry.changes["state"][1] == FollowUpState.OPEN) for entry in entries if "state" in entry.changes
    }
    opened = sum(is_open for _, is_open in became)
    return opened, len(became) - opened


def _load_details(reading: Connection, subject: str, entries: Collection[Any]) -> Mapping[int, Row[Any]]:
    ids = {entry.row_id for entry in entries if entry.subject == subject}
    if not ids:
        return {}
    query = _DETAILS[subject]
    return {row.id: row for row in reading.execute(query.where(query.selected_columns[0].in_(ids)))}


def _note(entry: Any, on: date, row: Row[Any] | None) -> Noted | None:
    """The entry as news; None if it is none, as a corrected note."""
    if row is None:
        return None
    agreement_id, new = entry.agreement_id, entry.action == "registered"
    if entry.subject == "progress_report" and new:
        rating = Rating(row.rating)
        told = Noted(ChangeKind.REPORTED, on, agreement_id, row.commitment_id, party_id=row.party_id, rating=rating)
        return replace(told, note=row.note)
    if entry.subject == "confirmation" and "state" in entry.changes and row.state in _ANSWERS:
        kind = _ANSWERS[ConfirmationState(row.state)]
        return Noted(kind, on, agreement_id, row.commitment_id, party_id=row.party_id)
    if entry.subject == "activity" and new:
        return Noted(ChangeKind.HELD, on, agreement_id, row=row)
    if entry.subject == "measurement" and new:
        unit = (row.target or {}).get("unit")
        return Noted(ChangeKind.MEASURED, on, agreement_id, row.commitment_id, value=row.value, unit=unit)
    if entry.subject == "milestone" and "state" in entry.changes and row.state != MilestoneState.SCHEDULED:
        state = MilestoneState(row.state)
        return Noted(ChangeKind.MILESTONE, on, agreement_id, row.commitment_id, row=row, state=state)
    if entry.subject == "commitment" and "state" in entry.changes and row.state != CommitmentState.ACTIVE:
        now = CommitmentState(row.state)
        waits = now is CommitmentState.FULFILLED and row.is_asked
        kind = ChangeKind.REPORTED_DONE if waits else ChangeKind.SETTLED
        return Noted(kind, on, agreement_id, row.commitment_id, state=now)
    return None
