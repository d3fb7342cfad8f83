"""Agreements that somebody filled in: kept until a coordinator approves or rejects them, and asked about meanwhile.

A draft is an agreement file and the run that waits for the answer. The file stays whatever becomes of the run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from commitments.agreement_file import ParsedFile, read_text
from commitments.calendar import add_working_days
from commitments.database import insert_new
from commitments.difference import Imported
from commitments.drafting import draft_agreement
from commitments.entries import AgreementEntry, AgreementFileEntry, Correction, KeptDraftEntry, Mistakes
from commitments.errors import NotFound, RefusedChange
from commitments.facts import Person, Reason
from commitments.file_checks import check_files
from commitments.file_slips import find_days
from commitments.followups import group_people
from commitments.log import Author, Change, record_changes
from commitments.operations import choose_coordinator
from commitments.person_queries import load_people
from commitments.reconcile import ENGINE
from commitments.references import suggest_reference
from commitments.register import import_agreement
from commitments.tables import agreement, draft, follow_up, party
from commitments.vocabulary import (
    ContactRole,
    DraftState,
    FollowUpKind,
    FollowUpState,
    MatterKind,
    ReasonCode,
)

FORM = "the form"
ANSWER_WORKING_DAYS = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """An agreement that waits for an answer."""

    reference: str
    title: str
    file: ParsedFile
    submitted_at: datetime
    answer_by: datetime
    fresh: bool
    """Whether it was kept just now."""


def keep_draft(
    unit: Connection,
    author: Author,
    run: str,
    entry: AgreementEntry | AgreementFileEntry | KeptDraftEntry,
    answer_by: datetime,
    faults: list[Correction],
) -> Draft:
    """Keep what was filled in for a run that waits for the answer; the same run again gets its draft as it is.

    A draft that was kept before passes to the new run. Raises Mistakes or InvalidFiles with every correction.
    """
    row = unit.execute(select(draft).where(draft.c.run == run)).one_or_none()
    if row is not None:
        return _as_draft(row, fresh=False)
    if isinstance(entry, KeptDraftEntry):
        if faults:
            raise Mistakes(faults)
        return _take_up(unit, author, run, _find_kept(unit, entry.draft), answer_by)
    if isinstance(entry, AgreementFileEntry):
        if faults:
            raise Mistakes(faults)
        content = entry.file
    else:
        content = draft_agreement(unit, entry, faults)
    file = read_text(content, FORM)
    check_files(unit, [file], find_days(author.at, author.at.date()))
    _refuse_second(unit, file.form.agreement)
    title = next(iter(file.form.title.values()))
    values = {
        "reference": file.form.agreement,
        "title": file.form.title.get("en", title),
        "content": content,
        "coordinator": _find_coordinator(file, entry),
        "state": str(DraftState.WAITING),
        "run": run,
        "submitted_at": author.at,
        "answer_by": answer_by,
    }
    row_id = unit.execute(insert(draft).values(values).returning(draft.c.id)).scalar_one()
    told = {name: (None, values[name]) for name in ("state", "title", "answer_by")}
    record_changes(unit, author, [Change("registered", "draft", row_id, file.form.agreement, None, told)])
    return _as_draft(unit.execute(select(draft).where(draft.c.id == row_id)).one(), fresh=True)


def approve_draft(unit: Connection, author: Author, run: str, today: date, note: str | None = None) -> Imported:
    """Register the draft of a run as it was shown. InvalidFiles if the register has changed so that it cannot be."""
    row = _find_waiting(unit, run)
    file = read_text(row.content, FORM)
    check_files(unit, [file])
    if unit.execute(select(agreement.c.id).where(agreement.c.reference == row.reference)).first():
        raise RefusedChange(f"the register holds {row.reference} by now; reject this draft, or change its reference")
    imported = import_agreement(unit, file.form, author, today)
    _decide(unit, author, row, DraftState.REGISTERED, note)
    return imported


def reject_draft(unit: Connection, author: Author, run: str, note: str | None = None) -> str:
    """Register nothing; the draft stays on record. Returns its reference."""
    row = _find_waiting(unit, run)
    _decide(unit, author, row, DraftState.REJECTED, note)
    return str(row.reference)


def watch_drafts(unit: Connection, now: datetime) -> int:
    """Open a follow-up for the coordinator of each draft that nobody answered in time; close what is answered."""
    waiting = unit.execute(
        select(draft).where(draft.c.state == str(DraftState.WAITING), draft.c.answer_by <= now).order_by(draft.c.id)
    ).all()
    opened = _open_late(unit, waiting, now) if waiting else 0
    _close_answered(unit, {_name_key(row) for row in waiting}, now)
    return opened


def _open_late(unit: Connection, waiting: Any, now: datetime) -> int:
    people = load_people(unit)
    parties = {one.reference: one.id for one in unit.execute(select(party.c.reference, party.c.id))}
    rows = []
    for row in waiting:
        person = _choose_person(people, parties, row, now.date())
        country, subdivision = (person.country, person.subdivision) if person is not None else (None, None)
        numbers = {"title": row.title, "since": row.submitted_at.date().isoformat(), "draft": row.reference}
        rows.append(
            {
                "key": _name_key(row),
                "kind": str(FollowUpKind.DRAFT_WAITING),
                "matter": row.reference,
                "matter_kind": str(MatterKind.DRAFT),
                "period": row.answer_by.date().isoformat(),
                "assignee_id": person.id if person is not None else None,
                "due_on": add_working_days(now.date(), ANSWER_WORKING_DAYS, country, subdivision),
                "reason": Reason(ReasonCode.DRAFT_WAITING, numbers).as_json(),
                "state": str(FollowUpState.OPEN),
                "opened_on": now.date(),
            }
        )
    inserted = insert_new(unit, follow_up, rows, returning=("id", "key", "assignee_id"))
    changes = [
        Change(
            "registered", "follow_up", row.id, row.key, None,
            {"state": (None, str(FollowUpState.OPEN)), "assignee_id": (None, row.assignee_id)},
        )
        for row in inserted
    ]  # fmt: skip
    record_changes(unit, Author(ENGINE, now), changes)
    return len(inserted)


def _close_answered(unit: Connection, late: set[str], now: datetime) -> None:
    still_open = unit.execute(
        select(follow_up.c.id, follow_up.c.key).where(
            follow_up.c.kind == str(FollowUpKind.DRAFT_WAITING), follow_up.c.state == str(FollowUpState.OPEN)
        )
    ).all()
    values = {
        "state": str(FollowUpState.DONE),
        "closed_on": now.date(),
        "closed_by": ENGINE,
        "closed_why": "the draft was answered or taken up",
    }
    for row in still_open:
        if row.key not in late:
            unit.execute(update(follow_up).where(follow_up.c.id == row.id).values(values))
            closed = {"state": (str(FollowUpState.OPEN), str(FollowUpState.DONE))}
            record_changes(unit, Author(ENGINE, now), [Change("closed", "follow_up", row.id, row.key, None, closed)])


def _name_key(row: Row[Any]) -> str:
    return f"{FollowUpKind.DRAFT_WAITING}:{row.reference}#{row.id}@{row.answer_by.date().isoformat()}"


def _choose_person(
    people: Mapping[int, Person], parties: Mapping[str, int], row: Row[Any], today: date
) -> Person | None:
    """The coordinator of the draft, else one of its parties' coordinators in office, else one of the house."""
    own = [one for one in people.values() if one.reference == row.coordinator]
    serving = group_people(people.values(), ContactRole.COORDINATOR)
    named = [parties[one.reference] for one in read_text(row.content, FORM).form.parties if one.reference in parties]
    others = [one for party_id in named for one in serving.get(party_id, ())]
    able = (one for one in (*own, *others) if one.mail is not None and one.is_in_office(today))
    return next(able, None) or choose_coordinator(people, today)


def _find_coordinator(file: ParsedFile, entry: AgreementEntry | AgreementFileEntry) -> str | None:
    contacts = [contact for one in file.form.parties for contact in one.contacts]
    written = next((one.reference for one in contacts if one.role == ContactRole.COORDINATOR), None)
    return written or (entry.coordinator if isinstance(entry, AgreementEntry) else None)


def _refuse_second(unit: Connection, reference: str) -> None:
    if unit.execute(select(agreement.c.id).where(agreement.c.reference == reference)).first():
        expected = "a new agreement: the register holds this one; change it with `tally import`, or choose a reference"
        raise Mistakes([Correction("agreement", repr(reference), expected)])
    waits = select(draft.c.run).where(draft.c.reference == reference, draft.c.state == str(DraftState.WAITING))
    if unit.execute(waits).first():
        expected = (
            f"an agreement of which no draft waits: answer that one first, or take it up as the draft {reference}"
        )
        raise Mistakes([Correction("agreement", repr(reference), expected)])


def _find_kept(unit: Connection, reference: str) -> Row[Any]:
    kept = draft.c.state != str(DraftState.REGISTERED)
    row = unit.execute(
        select(draft).where(draft.c.reference == reference, kept).order_by(draft.c.id.desc()).limit(1)
    ).one_or_none()
    if row is None:
        near = suggest_reference(reference, unit.execute(select(draft.c.reference).where(kept)).scalars())
        raise NotFound(f"no draft {reference!r} is kept{near}")
    return row


def _take_up(unit: Connection, author: Author, run: str, row: Row[Any], answer_by: datetime) -> Draft:
    values = {"run": run, "state": str(DraftState.WAITING), "answer_by": answer_by, "submitted_at": author.at}
    unit.execute(update(draft).where(draft.c.id == row.id).values(values))
    told = {"state": (row.state, values["state"]), "answer_by": (row.answer_by, answer_by)}
    record_changes(unit, author, [Change("amended", "draft", row.id, row.reference, None, told)])
    watch_drafts(unit, author.at)
    return _as_draft(unit.execute(select(draft).where(draft.c.id == row.id)).one(), fresh=True)


def _find_waiting(unit: Connection, run: str) -> Row[Any]:
    row = unit.execute(select(draft).where(draft.c.run == run).with_for_update()).one_or_none()
    if row is None:
        raise RefusedChange("another run has taken up this draft; answer it there")
    if row.state != DraftState.WAITING:
        raise RefusedChange(f"the draft {row.reference} was {row.state} already by {row.decided_by}")
    return row


def _decide(unit: Connection, author: Author, row: Row[Any], state: DraftState, note: str | None) -> None:
    values = {
        "state": str(state),
        "decided_at": author.at,
        "decided_by": author.who[:120],
        "decided_why": (note or "")[:300] or None,
    }
    unit.execute(update(draft).where(draft.c.id == row.id).values(values))
    told = {"state": (row.state, str(state))}
    record_changes(unit, author, [Change("amended", "draft", row.id, row.reference, None, told, note or None)])
    watch_drafts(unit, author.at)


def _as_draft(row: Row[Any], *, fresh: bool) -> Draft:
    return Draft(row.reference, row.title, read_text(row.content, FORM), row.submitted_at, row.answer_by, fresh)
