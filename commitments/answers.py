"""Takes a person's answer to what is asked of them, and works the agreement out anew so that the matter goes quiet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, func, select

from commitments.agreement_faults import LARGEST_QUANTITY
from commitments.amendments import hand_over, keep_agreement, meet_milestone, move_date
from commitments.deciding import Turn, add_step, amend_terms, take_turn
from commitments.errors import RefusedChange
from commitments.filling import EARLIEST, LONGEST_LINE
from commitments.log import Author
from commitments.progress import (
    add_activity,
    answer_follow_up,
    confirm_report,
    has_negative_baseline,
    report_progress,
)
from commitments.questions import Question
from commitments.reconcile import reconcile_agreement
from commitments.rows import amend_row
from commitments.tables import commitment, log_entry
from commitments.terms import read_kind, type_kind
from commitments.vocabulary import Answer, Completion, FollowUpKind, MatterKind, Rating

NOTE_LIMIT = LONGEST_LINE
FURTHEST = timedelta(days=366 * 10)
LONGEST_REST = timedelta(days=366)
LONGEST_KEEPING = timedelta(days=366 * 5)
"""How far ahead an agreement may be left as it is: then somebody else may have come into office."""
_AHEAD = (Answer.SNOOZE, Answer.MORE_TIME, Answer.CONFIRM_BY, Answer.MAKE_FIRM, Answer.NEXT_STEP)
"""The answers that name a day to come."""
_CHANGING = (Answer.MORE_TIME, Answer.CONFIRM_BY, Answer.MAKE_FIRM, Answer.DROP)
"""The answers by which something else is promised."""
ACTIVITY_KINDS = (
    "visit", "exhibition", "exchange", "meeting", "training", "performance", "event", "publication", "signing", "other",
)  # fmt: skip


class Fault(StrEnum):
    """What is missing or wrong in an answer; each belongs to one field."""

    NOTE_MISSING = "note_missing"
    NOTE_TOO_LONG = "note_too_long"
    DAY_MISSING = "day_missing"
    DAY_NOT_AHEAD = "day_not_ahead"
    DAY_AHEAD = "day_ahead"
    DAY_TOO_FAR = "day_too_far"
    DAY_TOO_EARLY = "day_too_early"
    TITLE_MISSING = "title_missing"
    TITLE_TOO_LONG = "title_too_long"
    KIND_UNKNOWN = "kind_unknown"
    VALUE_MISSING = "value_missing"
    VALUE_BELOW_ZERO = "value_below_zero"
    VALUE_TOO_LARGE = "value_too_large"
    PERSON_MISSING = "person_missing"


class AnswerRefused(RefusedChange):
    """An answer that lacks something; carries every fault found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.replace("_", " ") for fault in faults))


class NotAsked(RefusedChange):
    """An answer to what is not, or no longer, asked of the person."""


class NotOneSides(NotAsked):
    """An answer that changes what another side owes too, by somebody who does not decide for it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a person put into their answer; which fields count depends on the answer."""

    note: str | None = None
    day: date | None = None
    title: str | None = None
    kind: str | None = None
    value: float | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer wrote: the log entries of the person's own decision, not of what followed from it."""

    answer: Answer
    entries: tuple[int, ...]
    former_owner: int | None = None
    new_owner: int | None = None


def check_said(
    answer: Answer, matter: MatterKind, said: Said, today: date, *, may_be_negative: bool = True
) -> list[Fault]:
    """Every fault of an answer; `may_be_negative` where what is measured counts from below nought. Pure."""
    faults: list[Fault] = []
    if said.note and len(said.note) > NOTE_LIMIT:
        faults.append(Fault.NOTE_TOO_LONG)
    keeps = answer is Answer.DONE and matter is MatterKind.DORMANCY
    if (answer in (Answer.SEND_BACK, Answer.DROP, Answer.NOT_HELD) or keeps) and not said.note:
        faults.append(Fault.NOTE_MISSING)
    if keeps or answer in _AHEAD:
        furthest = LONGEST_KEEPING if keeps else LONGEST_REST if answer is Answer.SNOOZE else FURTHEST
        if said.day is None:
            faults += [Fault.DAY_MISSING] if answer is not Answer.MAKE_FIRM else []
        elif said.day <= today:
            faults.append(Fault.DAY_NOT_AHEAD)
        elif said.day - today > furthest:
            faults.append(Fault.DAY_TOO_FAR)
    if answer is Answer.HELD or (answer is Answer.DONE and matter is MatterKind.MILESTONE):
        if said.day is None:
            faults.append(Fault.DAY_MISSING)
        elif said.day > today:
            faults.append(Fault.DAY_AHEAD)
        elif said.day < EARLIEST:
            faults.append(Fault.DAY_TOO_EARLY)
    if answer in (Answer.HELD, Answer.NEXT_STEP):
        if not said.title:
            faults.append(Fault.TITLE_MISSING)
        elif len(said.title) > NOTE_LIMIT:
            faults.append(Fault.TITLE_TOO_LONG)
    if answer is Answer.HELD and said.kind not in ACTIVITY_KINDS:
        faults.append(Fault.KIND_UNKNOWN)
    if answer is Answer.MEASURED and (said.value is None or not math.isfinite(said.value)):
        faults.append(Fault.VALUE_MISSING)
    elif answer is Answer.MEASURED and said.value is not None and said.value < 0 and not may_be_negative:
        faults.append(Fault.VALUE_BELOW_ZERO)
    elif answer is Answer.MEASURED and said.value is not None and abs(said.value) > LARGEST_QUANTITY:
        faults.append(Fault.VALUE_TOO_LARGE)
    if answer is Answer.NOT_ME and not said.to:
        faults.append(Fault.PERSON_MISSING)
    return faults


def take_answer(
    unit: Connection, author: Author, question: Question, answer: Answer, said: Said, now: datetime, today: date
) -> Answered:
    """Write one answer with its log entries, and reconcile its agreement in the same unit.

    Raises AnswerRefused with every fault of what was said, NotAsked for an answer that does not fit what is asked,
    NotOneSides for one that changes what others owe too and is not theirs to decide, and RefusedChange for what the
    register forbids.
    """
    if answer not in question.list_answers():
        if answer in _CHANGING and question.is_open and question.is_others_too and not question.decides:
            raise NotOneSides(f"{answer} of {question.matter} is for those who owe it together")
        raise NotAsked(f"{answer} is no answer to {question.matter} as it stands")
    target = question.commitment.target if question.commitment is not None else None
    may_be_negative = has_negative_baseline(target)
    faults = check_said(answer, question.matter_kind, said, today, may_be_negative=may_be_negative)
    if faults:
        raise AnswerRefused(faults)
    before = unit.execute(select(func.max(log_entry.c.id))).scalar_one() or 0
    former, new = _write(unit, author, question, answer, said, today)
    written = select(log_entry.c.id).where(log_entry.c.id > before, log_entry.c.who == author.who)
    entries = tuple(unit.execute(written.order_by(log_entry.c.id)).scalars())
    if question.agreement is not None:
        reconcile_agreement(unit, question.agreement.id, now, today)
    return Answered(answer, entries, former, new)


def _write(
    unit: Connection, author: Author, question: Question, answer: Answer, said: Said, today: date
) -> tuple[int | None, int | None]:
    asked, promise = question.follow_up, question.matter.partition("#")[0]
    note, party = said.note, question.party or ""
    own = question.person.party_id == question.party_id
    contact = question.person.reference if own else None
    if answer is Answer.SNOOZE:
        answer_follow_up(unit, author, asked.key, today, False, said.day, note)
    elif answer in (Answer.CONFIRM_BY, Answer.MAKE_FIRM, Answer.DROP):
        _decide_plan(unit, replace(author, why=note), question, answer, said.day, today)
    elif answer is Answer.NEXT_STEP and said.day is not None:
        told = replace(author, why=note or "named when it was asked for")
        taking = question.party_id if question.is_others_too and not question.decides else None
        add_step(unit, told, promise, said.title, said.day.isoformat(), today, taking)
        if asked is not None and asked.kind == FollowUpKind.SILENT:  # who names what comes next has broken the silence
            report_progress(unit, author, promise, party, contact, Rating.ON_TRACK, today, note or said.title)
    elif answer is Answer.NOT_HELD:
        answer_follow_up(unit, author, asked.key, today, True, None, note)
    elif answer in (Answer.CONFIRM, Answer.SEND_BACK):
        confirm_report(unit, author, promise, party, today, answer is Answer.CONFIRM, note)
    elif answer is Answer.MORE_TIME and said.day is not None:
        move_date(unit, author, question.matter, said.day, today, note)
    elif answer is Answer.NOT_ME and said.to is not None:
        return hand_over(unit, author, promise, party, said.to, today)
    elif answer is Answer.DONE and question.matter_kind is MatterKind.MILESTONE and said.day is not None:
        meet_milestone(unit, author, question.matter, said.day, today, note)
    elif answer is Answer.DONE and question.matter_kind is MatterKind.DORMANCY and said.day is not None:
        answer_follow_up(unit, author, asked.key, today, True, None, note)
        keep_agreement(unit, author, question.agreement.reference, said.day, note or "", today)
    elif answer is Answer.DONE and question.commitment is None:
        answer_follow_up(unit, author, asked.key, today, True, None, note)
    elif answer is Answer.DONE:
        report_progress(
            unit, author, promise, party, contact, Rating.ON_TRACK, today, note, Completion.COMPLETE, fulfilled=True
        )
    else:
        if answer is Answer.HELD and said.day is not None:
            add_activity(
                unit, author, question.agreement.reference, said.title or "", said.kind or "",
                said.day.isoformat(), today, (promise,), note=note,
            )  # fmt: skip
            note = note or said.title
        value = said.value if answer is Answer.MEASURED else None
        report_progress(unit, author, promise, party, contact, Rating.ON_TRACK, today, note, value=value)
    return None, None


def _decide_plan(
    unit: Connection, author: Author, question: Question, answer: Answer, day: date | None, today: date
) -> None:
    """What becomes of a plan: it is confirmed by another day, becomes firm, with or without a date, or is dropped."""
    row, promise = question.commitment, question.matter.partition("#")[0]
    if answer is Answer.DROP:
        take_turn(unit, author, promise, Turn.WITHDRAW, None, today)
    elif answer is Answer.MAKE_FIRM:
        typed = type_kind(row)
        typed.is_plan = "no"
        if day is not None:
            typed.has_date, typed.due = "yes", day.isoformat()
        amend_terms(unit, author, promise, read_kind(row, typed, []), today)
    elif day is not None:
        by = {"confirm_by": day.isoformat()}
        amend_row(unit, author, commitment, row, by, promise, question.agreement.id)
