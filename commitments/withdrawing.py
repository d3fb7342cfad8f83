"""What was said of a commitment by mistake, taken back: a number that was measured, a report, a confirmation.

Nothing is deleted: the rows stay, with the reason in the log. A number and a report count no more, on no day; what was
confirmed is asked again.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from commitments.asked_confirmations import withdraw_asked
from commitments.errors import NotFound, RefusedChange
from commitments.filling import check_text, refuse_flaws
from commitments.log import Author
from commitments.references import find_commitment, suggest_reference
from commitments.rows import amend_row, end_rows, register_row
from commitments.tables import (
    commitment,
    commitment_owner,
    confirmation,
    log_entry,
    measurement,
    party,
    progress_report,
)
from commitments.vocabulary import CommitmentState, ConfirmationState, Owed

ANSWERED = (ConfirmationState.CONFIRMED, ConfirmationState.RETURNED)
"""What another side has said to a report that stands from then on."""


def withdraw_measurement(unit: Connection, author: Author, name: str, reference: str, today: date) -> None:
    """Take a measured value of `agreement/commitment` back, with the author's reason; the one before it holds again.

    Raises Flawed without a reason, and NotFound for a measurement that is not there or was withdrawn before.
    """
    refuse_flaws(check_text("why", author.why, needed=True))
    row = _hold_commitment(unit, name)
    found = _hold(unit, measurement, row, name, reference)
    end_rows(unit, author, measurement, [(found, f"{name}/{reference}")], row.agreement_id, today)


def withdraw_report(unit: Connection, author: Author, name: str, reference: str, today: date) -> None:
    """Take a report on `agreement/commitment` back, with the author's reason, and what came with it.

    A number that was reported with it is withdrawn too, and nobody is asked to confirm it any more. If it settled the
    commitment, by itself or as the part of one of those who each owe it, that stands again as it stood before, and
    nobody is asked about the others' parts; where another report says that it is done, that one is asked about
    instead. What the report confirmed is asked again.

    Raises Flawed without a reason, NotFound for a report that is not there or was withdrawn before, and RefusedChange
    for one to which another side has answered.
    """
    refuse_flaws(check_text("why", author.why, needed=True))
    row = _hold_commitment(unit, name)
    report = _hold(unit, progress_report, row, name, reference)
    asked = _load_asked(unit, report)
    for one in asked:
        if one.state in [str(state) for state in ANSWERED]:
            done = "confirmed" if one.state == ConfirmationState.CONFIRMED else "sent back"
            raise RefusedChange(f"{name}/{reference} was {done} by {one.party}; report anew instead")
    with_it = _load_with_it(unit, report)
    end_rows(unit, author, progress_report, [(report, f"{name}/{reference}")], row.agreement_id, today)
    ends = [(one, f"{name}/{one.reference}") for one in find_measured_with(unit, report)]
    end_rows(unit, author, measurement, ends, row.agreement_id, today)
    waiting = [one for one in asked if one.state == ConfirmationState.ASKED]
    for one in waiting:
        ended = {"state": str(ConfirmationState.WITHDRAWN), "answered_on": today}
        amend_row(unit, author, confirmation, one, ended, f"{name}/{reference}/{one.party}", row.agreement_id)
    if not report.fulfilled or row.state != CommitmentState.FULFILLED:
        return
    other = _find_other(unit, row, report)
    if other is None:
        if _reopen(unit, author, name, row):
            withdraw_asked(unit, author, name, row, today)
        return
    _ask_under(unit, author, name, row, other, waiting, today)
    _ask_again(unit, author, name, row, with_it)


def withdraw_confirmation(unit: Connection, author: Author, name: str, side: str, today: date) -> None:
    """Take back what a party has confirmed of `agreement/commitment`, with the author's reason: it is asked again.

    Raises Flawed without a reason, and RefusedChange where it has confirmed nothing by which the promise is kept now.
    """
    refuse_flaws(check_text("why", author.why, needed=True))
    row = _hold_commitment(unit, name)
    found = find_confirmed(unit, row).get(side)
    if found is None:
        raise RefusedChange(f"{side} has confirmed nothing by which {name} is kept now")
    asked = {"state": str(ConfirmationState.ASKED), "answered_on": None, "note": None}
    amend_row(unit, author, confirmation, found, asked, f"{name}/{found.report}/{side}", row.agreement_id)


def find_confirmed(reading: Connection, row: Row[Any]) -> Mapping[str, Row[Any]]:
    """What each party has confirmed by which a commitment is kept now, its last one, by the party's reference."""
    if row.state != CommitmentState.FULFILLED:
        return {}
    said = reading.execute(
        select(confirmation, progress_report.c.reference.label("report"), party.c.reference.label("party"))
        .join(progress_report, progress_report.c.id == confirmation.c.report_id)
        .join(party, party.c.id == confirmation.c.party_id)
        .where(
            progress_report.c.commitment_id == row.id,
            progress_report.c.fulfilled,
            progress_report.c.withdrawn_on.is_(None),
        )
        .order_by(confirmation.c.id)
    )
    last = {one.party: one for one in said}
    return {side: one for side, one in last.items() if one.state == ConfirmationState.CONFIRMED}


def find_measured_with(reading: Connection, report: Row[Any]) -> Sequence[Row[Any]]:
    """The number that was reported with a report, unless it was taken back alone."""
    ids = [
        one.row_id
        for one in _load_with_it(reading, report)
        if (one.subject, one.action) == (measurement.name, "registered")
    ]
    found = select(measurement).where(measurement.c.id.in_(ids), measurement.c.commitment_id == report.commitment_id)
    return reading.execute(found.where(measurement.c.withdrawn_on.is_(None))).all()


def _hold_commitment(unit: Connection, name: str) -> Row[Any]:
    """The commitment's row, held until the unit ends."""
    found = find_commitment(unit, name)
    return unit.execute(select(commitment).where(commitment.c.id == found.id).with_for_update()).one()


def _hold(unit: Connection, table: Table, row: Row[Any], name: str, reference: str) -> Row[Any]:
    own = (table.c.commitment_id == row.id) & table.c.withdrawn_on.is_(None)
    found = unit.execute(select(table).where(own, table.c.reference == reference).with_for_update()).one_or_none()
    if found is None:
        near = suggest_reference(reference, unit.execute(select(table.c.reference).where(own)).scalars())
        word = table.name.replace("_", " ")
        raise NotFound(f"{name} has no {word} {reference!r}, or it was withdrawn{near}")
    return found


def _load_asked(unit: Connection, report: Row[Any]) -> Sequence[Row[Any]]:
    """Whom the report was put before, and what each said; with the party's reference."""
    return unit.execute(
        select(confirmation, party.c.reference.label("party"))
        .join(party, party.c.id == confirmation.c.party_id)
        .where(confirmation.c.report_id == report.id)
        .order_by(confirmation.c.id)
        .with_for_update(of=confirmation)
    ).all()


def _load_with_it(unit: Connection, report: Row[Any]) -> Sequence[Row[Any]]:
    """The log entries of what was written together with a report, after it: its number, what it settled or answered."""
    made = log_entry.alias("made")
    later = log_entry.alias("later")
    is_report = (made.c.subject == progress_report.name) & (made.c.action == "registered")
    following = select(later.c.id).where(
        later.c.subject == progress_report.name,
        later.c.action == "registered",
        later.c.id > made.c.id,
        later.c.id < log_entry.c.id,
        later.c.at == made.c.at,
    )
    return unit.execute(
        select(log_entry)
        .join(
            made,
            (made.c.at == log_entry.c.at)
            & (made.c.who == log_entry.c.who)
            & (made.c.agreement_id == log_entry.c.agreement_id),
        )
        .where(is_report, made.c.row_id == report.id, log_entry.c.id > made.c.id, ~following.exists())
        .order_by(log_entry.c.id)
    ).all()


def _find_other(unit: Connection, row: Row[Any], report: Row[Any]) -> Row[Any] | None:
    """The latest other report by which the commitment still counts as kept; None if it no longer does."""
    sent_back = select(confirmation.c.report_id).where(confirmation.c.state == str(ConfirmationState.RETURNED))
    said = unit.execute(
        select(progress_report)
        .where(
            progress_report.c.commitment_id == row.id,
            progress_report.c.id != report.id,
            progress_report.c.fulfilled,
            progress_report.c.withdrawn_on.is_(None),
            progress_report.c.id.not_in(sent_back),
        )
        .order_by(progress_report.c.id.desc())
    ).all()
    if row.owed == Owed.EACH:
        owing = select(commitment_owner.c.party_id).where(commitment_owner.c.commitment_id == row.id)
        if set(unit.execute(owing).scalars()) - {one.party_id for one in said}:
            return None
    return said[0] if said else None


def _reopen(unit: Connection, author: Author, name: str, row: Row[Any]) -> bool:
    """Let the commitment stand as it stood before a report settled it; False where a file says how it stands, to which
    that is left."""
    entries = unit.execute(
        select(log_entry)
        .where(log_entry.c.subject == commitment.name, log_entry.c.row_id == row.id, log_entry.c.action == "amended")
        .order_by(log_entry.c.id.desc())
    ).all()
    settled = next((one for one in entries if "state" in one.changes), None)
    if settled is None or settled.changes["state"][1] != CommitmentState.FULFILLED:
        return False
    reported = unit.execute(
        select(log_entry.c.id).where(
            log_entry.c.subject == progress_report.name,
            log_entry.c.action == "registered",
            log_entry.c.at == settled.at,
            log_entry.c.who == settled.who,
            log_entry.c.reference.startswith(f"{name}/", autoescape=True),
        )
    ).first()
    if reported is None:
        return False
    before = {column: old for column, (old, _) in settled.changes.items()}
    amend_row(unit, author, commitment, row, before, name, row.agreement_id)
    return True


def _ask_under(
    unit: Connection,
    author: Author,
    name: str,
    row: Row[Any],
    other: Row[Any],
    waiting: Sequence[Row[Any]],
    today: date,
) -> None:
    """Ask those who had not answered yet about another report that says the same."""
    answered = {one.party_id for one in _load_asked(unit, other)}
    for one in waiting:
        if one.party_id == other.party_id or one.party_id in answered:
            continue
        asked = {
            "report_id": other.id,
            "party_id": one.party_id,
            "contact_id": one.contact_id,
            "state": str(ConfirmationState.ASKED),
            "asked_on": today,
        }
        register_row(unit, author, confirmation, asked, f"{name}/{one.party}", row.agreement_id)


def _ask_again(unit: Connection, author: Author, name: str, row: Row[Any], with_it: Sequence[Row[Any]]) -> None:
    """What the report confirmed by saying the same waits for an answer again."""
    confirmed = [str(ConfirmationState.ASKED), str(ConfirmationState.CONFIRMED)]
    entries = {
        one.row_id: one for one in with_it if one.subject == confirmation.name and one.changes.get("state") == confirmed
    }
    rows = unit.execute(
        select(confirmation, progress_report.c.reference.label("report"), party.c.reference.label("party"))
        .join(progress_report, progress_report.c.id == confirmation.c.report_id)
        .join(party, party.c.id == confirmation.c.party_id)
        .where(confirmation.c.id.in_(entries), confirmation.c.state == confirmed[1])
        .where(progress_report.c.withdrawn_on.is_(None))
    ).all()
    for one in rows:
        before = {column: old for column, (old, _) in entries[one.id].changes.items()}
        amend_row(unit, author, confirmation, one, before, f"{name}/{one.report}/{one.party}", row.agreement_id)
