"""What a side says of a commitment in the portal: progress, a number, a step that was met, an answer to the other's.

Each is checked field by field, written with its log entries, and the agreement is worked out anew in the same unit.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from commitments.amendments import meet_milestone
from commitments.dates import parse_date
from commitments.errors import RefusedChange
from commitments.filling import (
    LONGEST_LINE,
    LONGEST_TEXT,
    Flaw,
    Flaws,
    check_choice,
    check_number,
    check_past,
    check_text,
    refuse_flaws,
)
from commitments.log import Author
from commitments.progress import (
    UNDONE,
    UNDONE_RATINGS,
    add_measurement,
    confirm_report,
    has_negative_baseline,
    report_progress,
)
from commitments.reconcile import reconcile_agreement
from commitments.references import find_commitment, hold_commitment, hold_step
from commitments.rows import amend_row
from commitments.tables import milestone
from commitments.vocabulary import CommitmentKind, Completion, MilestoneState, Rating
from commitments.withdrawing import withdraw_confirmation, withdraw_measurement, withdraw_report


@dataclass(frozen=True, slots=True)
class Reported:
    """What a side says of how it goes; `value` belongs to a target, and `has_value` says that one was written."""

    rating: str | None
    note: str | None = None
    completion: str | None = None
    fulfilled: bool = False
    value: float | None = None
    has_value: bool = False


def check_reported(said: Reported, kind: CommitmentKind, *, may_be_negative: bool = False) -> Flaws:
    """Every flaw of it. Pure. What is reported as done needs no rating, and none that says otherwise."""
    flaws = [*check_text("note", said.note, LONGEST_TEXT)]
    if said.rating or not said.fulfilled:
        flaws += check_choice("rating", said.rating, Rating)
    if said.completion:
        flaws += check_choice("completion", said.completion, Completion)
    if said.fulfilled:
        flaws += [("rating", Flaw.NOT_DONE)] if said.rating in UNDONE_RATINGS else []
        flaws += [("completion", Flaw.NOT_DONE)] if said.completion in UNDONE else []
    if said.has_value:
        flaws += check_number("value", said.value, may_be_negative=may_be_negative)
        if kind is not CommitmentKind.TARGET:
            flaws.append(("value", Flaw.UNKNOWN))
    return tuple(flaws)


def file_report(
    unit: Connection, author: Author, name: str, side: str, contact: str | None, said: Reported, today: date
) -> str:
    """Record what a side (a party's reference) reports of `agreement/commitment`; returns the report's reference.

    `contact` is who speaks, if they belong to that side. Raises Flawed with every flaw, and what `report_progress`
    raises.
    """
    row = find_commitment(unit, name)
    may_be_negative = has_negative_baseline(row.target)
    refuse_flaws(check_reported(said, CommitmentKind(row.kind), may_be_negative=may_be_negative))
    completion = said.completion or (str(Completion.COMPLETE) if said.fulfilled else None)
    reference = report_progress(
        unit,
        author,
        name,
        side,
        contact,
        said.rating or Rating.ON_TRACK,
        today,
        said.note,
        completion,
        said.value if said.has_value else None,
        said.fulfilled,
    )
    reconcile_agreement(unit, row.agreement_id, author.at, today)
    return reference


def check_measured(
    value: float | None, measured_on: str | None, note: str | None, today: date, *, may_be_negative: bool = False
) -> Flaws:
    """Every flaw of a measurement. Pure."""
    return (
        *check_number("value", value, may_be_negative=may_be_negative),
        *check_past("measured_on", measured_on, today),
        *check_text("note", note, LONGEST_LINE),
    )


def take_measurement(
    unit: Connection,
    author: Author,
    name: str,
    value: float | None,
    measured_on: str | None,
    note: str | None,
    today: date,
) -> None:
    """Record a target's value. Raises Flawed with every flaw, and what `add_measurement` raises."""
    may_be_negative = has_negative_baseline(find_commitment(unit, name).target)
    refuse_flaws(check_measured(value, measured_on, note, today, may_be_negative=may_be_negative))
    add_measurement(unit, author, name, float(value or 0), str(measured_on), today, note)
    reconcile_agreement(unit, find_commitment(unit, name).agreement_id, author.at, today)


def meet_step(
    unit: Connection, author: Author, name: str, step: str, met_on: date | None, note: str | None, today: date
) -> None:
    """Record that a milestone of `agreement/commitment` was met. Raises Flawed, and what `meet_milestone` raises."""
    day = met_on.isoformat() if met_on is not None else None
    refuse_flaws([*check_past("met_on", day, today), *check_text("note", note)])
    meet_milestone(unit, author, f"{name}#{step}", met_on or today, today, note)
    reconcile_agreement(unit, find_commitment(unit, name).agreement_id, author.at, today)


def correct_met_day(unit: Connection, author: Author, name: str, step: str, met_on: str | None, today: date) -> None:
    """Put right on which day a milestone of `agreement/commitment` was met, with the author's reason.

    Raises Flawed with every flaw, also if the day is the same, NotFound, and RefusedChange for one that is not met.
    """
    refuse_flaws([*check_past("met_on", met_on, today), *check_text("why", author.why, needed=True)])
    row = hold_commitment(unit, name)
    found = hold_step(unit, row, name, step)
    if found.state != MilestoneState.MET:
        raise RefusedChange(f"{name}/{step} is not recorded as met")
    day = str(parse_date(met_on or ""))
    if not amend_row(unit, author, milestone, found, {"met_on": day}, f"{name}/{step}", row.agreement_id):
        refuse_flaws([("met_on", Flaw.NOTHING_CHANGED)])
    reconcile_agreement(unit, row.agreement_id, author.at, today)


def check_answer(note: str | None, *, confirmed: bool) -> Flaws:
    """Who sends a report back says what is missing. Pure."""
    return check_text("note", note, needed=not confirmed)


def answer_report(
    unit: Connection, author: Author, name: str, side: str, note: str | None, today: date, *, confirmed: bool
) -> None:
    """Confirm what the other side reported of `agreement/commitment`, or send it back with what is missing.

    Raises Flawed, and RefusedChange if nothing is asked of this side.
    """
    refuse_flaws(check_answer(note, confirmed=confirmed))
    confirm_report(unit, author, name, side, today, confirmed, note)
    reconcile_agreement(unit, find_commitment(unit, name).agreement_id, author.at, today)


def take_back_measurement(unit: Connection, author: Author, name: str, reference: str, today: date) -> None:
    """Withdraw a value of `agreement/commitment`. Raises what `withdraw_measurement` raises."""
    withdraw_measurement(unit, author, name, reference, today)
    reconcile_agreement(unit, find_commitment(unit, name).agreement_id, author.at, today)


def take_back_report(unit: Connection, author: Author, name: str, reference: str, today: date) -> None:
    """Withdraw a report on `agreement/commitment`. Raises what `withdraw_report` raises."""
    withdraw_report(unit, author, name, reference, today)
    reconcile_agreement(unit, find_commitment(unit, name).agreement_id, author.at, today)


def take_back_confirmation(unit: Connection, author: Author, name: str, side: str, today: date) -> None:
    """Take back what a party confirmed of `agreement/commitment`. Raises what `withdraw_confirmation` raises."""
    withdraw_confirmation(unit, author, name, side, today)
    reconcile_agreement(unit, find_commitment(unit, name).agreement_id, author.at, today)
