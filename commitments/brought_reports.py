"""What follows from the reports that a file brings: what they say is done is asked about as if said on a page."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, exists, or_, select

from commitments.difference import Followed, in_chunks
from commitments.log import Author, Change
from commitments.progress import follow_report
from commitments.tables import agreement, commitment, confirmation, party, progress_report
from commitments.vocabulary import CommitmentState, ConfirmationState

_OPEN = (str(CommitmentState.ACTIVE), str(CommitmentState.ON_HOLD))


def follow_reports(
    unit: Connection, author: Author, changes: Sequence[Change], decided: Collection[str], today: date
) -> tuple[Followed, ...]:
    """Settle what the reports among these changes, all written already, say is done, and ask who is asked by the rules.

    A report of which the file tells the answers is history; so is each of a commitment of which the file says itself
    how it stands: those `decided`, by their references. Gives what was settled, and what stays open by the file's word.
    """
    followed: list[Followed] = []
    settled: dict[int, Any] = {}
    done = [
        one.row_id
        for one in changes
        if (one.subject, one.action) == (progress_report.name, "registered")
        and one.changes.get("fulfilled", (None, False))[1]
    ]
    for row in _load_unanswered(unit, done) if done else ():
        if row.reference not in decided:
            follow_report(unit, author, f"{row.head}/{row.reference}", row.id, today)
            if row.state in _OPEN:
                settled.setdefault(row.commitment_id, row)
        elif row.state in _OPEN and (stays := Followed(row.summary, (), settles=False)) not in followed:
            followed.append(stays)
    return (*(one for row in settled.values() for one in _find_settled(unit, row)), *followed)


def _find_settled(unit: Connection, row: Any) -> list[Followed]:
    """What the reports on a commitment that was open before have settled, and who is still asked once all are taken."""
    state = unit.execute(select(commitment.c.state).where(commitment.c.id == row.commitment_id)).scalar_one()
    if state != CommitmentState.FULFILLED:
        return []
    asked = unit.execute(
        select(party.c.reference, party.c.names)
        .join(confirmation, confirmation.c.party_id == party.c.id)
        .join(progress_report, progress_report.c.id == confirmation.c.report_id)
        .where(
            progress_report.c.commitment_id == row.commitment_id,
            confirmation.c.state == str(ConfirmationState.ASKED),
        )
        .order_by(confirmation.c.id)
    )
    return [Followed(row.summary, tuple((one.reference, one.names or {}) for one in asked))]


def _load_unanswered(unit: Connection, ids: Sequence[int]) -> list[Any]:
    """Those of these reports that nobody has answered and that have yet to settle something, or to confirm it."""
    answered = exists().where(confirmation.c.report_id == progress_report.c.id)
    other = progress_report.alias()
    waits = (
        exists()
        .where(confirmation.c.report_id == other.c.id, other.c.commitment_id == commitment.c.id)
        .where(confirmation.c.party_id == progress_report.c.party_id)
        .where(confirmation.c.state == str(ConfirmationState.ASKED))
    )
    rows: list[Any] = []
    for some in in_chunks(ids):
        rows += unit.execute(
            select(
                progress_report.c.id, progress_report.c.reported_on, progress_report.c.commitment_id,
                commitment.c.state, commitment.c.summary,
                commitment.c.reference, agreement.c.reference.label("head"),
            )
            .join(commitment, commitment.c.id == progress_report.c.commitment_id)
            .join(agreement, agreement.c.id == commitment.c.agreement_id)
            .where(progress_report.c.id.in_(some), ~answered, or_(commitment.c.state.in_(_OPEN), waits))
        ).all()  # fmt: skip
    return sorted(rows, key=lambda row: (row.reported_on, row.id))
