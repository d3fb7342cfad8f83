"""What of a file the register refuses as it stands, as a page does: reports on what was given up, and a party that
leaves while it still owes something."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from commitments.agreement_faults import FieldPath
from commitments.agreement_file import ParsedFile
from commitments.agreement_form import CommitmentForm
from commitments.dates import parse_date
from commitments.difference import in_chunks
from commitments.errors import Problem
from commitments.intake import says_how_it_stands
from commitments.older_files import Later, load_later_than
from commitments.people import UNSETTLED
from commitments.tables import agreement, agreement_party, commitment, commitment_owner, party, progress_report
from commitments.vocabulary import CommitmentState

_GIVEN_UP = (CommitmentState.WAIVED, CommitmentState.WITHDRAWN)
_NAMED = 3


def find_obstacles(reading: Connection, files: Sequence[ParsedFile]) -> Iterator[Problem]:
    """Every such fault; a new agreement has none, for what it tells is past. A fixed number of statements."""
    yield from _find_leaving(reading, files)
    yield from _find_late_reports(reading, files)


def _find_leaving(reading: Connection, files: Sequence[ParsedFile]) -> Iterator[Problem]:
    """Who still owes something does not leave; who has left already is not asked about it again."""
    leaving = [
        (file, at, one.reference, one.ended)
        for file in files
        for at, one in enumerate(file.form.parties)
        if one.ended is not None
    ]
    heads = {file.form.agreement for file, *_ in leaving}
    bound = _load_bound(reading, heads) if heads else frozenset()
    leaving = [one for one in leaving if (one[0].form.agreement, one[2]) in bound]
    owed = _load_owed(reading, {file.form.agreement for file, *_ in leaving}) if leaving else {}
    for file, at, side, ended in leaving:
        promises = _list_owed(file, side, owed.get(file.form.agreement, {}))
        if promises:
            named = ", ".join(promises[:_NAMED]) + (" …" if len(promises) > _NAMED else "")
            expected = f"nothing yet: it still owes something here ({named}); settle, waive or withdraw that first"
            path: FieldPath = ("parties", at, "ended")
            yield file.fault(path, str(ended), expected)


@dataclass(frozen=True, slots=True)
class _Promise:
    """Whether a commitment on record is open, and who owes it."""

    is_open: bool
    owing: Collection[str]


def _list_owed(file: ParsedFile, side: str, known: Mapping[str, _Promise]) -> list[str]:
    """What a party owes once a file is taken in, which decides what it says itself how it stands."""
    said = {one.reference: one for one in file.form.commitments}
    found = []
    for reference in dict.fromkeys([*known, *said]):
        one, before = said.get(reference), known.get(reference)
        is_open = before.is_open if before is not None else True
        if one is not None and (before is None or says_how_it_stands(one)):
            is_open = str(one.state) in UNSETTLED
        owing = {
            *(before.owing if before is not None else ()),
            *((owner.party for owner in one.owners) if one is not None else ()),
        }
        if is_open and side in owing:
            found.append(reference)
    return found


def _load_bound(reading: Connection, heads: Collection[str]) -> frozenset[tuple[str, str]]:
    """The parties of these agreements that have not left."""
    found: set[tuple[str, str]] = set()
    for some in in_chunks(sorted(heads)):
        rows = reading.execute(
            select(agreement.c.reference.label("head"), party.c.reference)
            .join(agreement_party, agreement_party.c.agreement_id == agreement.c.id)
            .join(party, party.c.id == agreement_party.c.party_id)
            .where(agreement.c.reference.in_(some), agreement_party.c.ended.is_(None))
        )
        found |= {(row.head, row.reference) for row in rows}
    return frozenset(found)


def _load_owed(reading: Connection, heads: Collection[str]) -> dict[str, dict[str, _Promise]]:
    """By agreement each commitment, in its order."""
    found: dict[str, dict[str, _Promise]] = {}
    for some in in_chunks(sorted(heads)):
        rows = reading.execute(
            select(
                agreement.c.reference.label("head"),
                commitment.c.reference,
                commitment.c.state,
                party.c.reference.label("side"),
            )
            .join(commitment, commitment.c.agreement_id == agreement.c.id)
            .join(commitment_owner, commitment_owner.c.commitment_id == commitment.c.id)
            .join(party, party.c.id == commitment_owner.c.party_id)
            .where(agreement.c.reference.in_(some))
            .order_by(commitment.c.position, commitment_owner.c.id)
        )
        for row in rows:
            promises = found.setdefault(row.head, {})
            before = promises.get(row.reference)
            owing = (*(before.owing if before is not None else ()), row.side)
            promises[row.reference] = _Promise(row.state in UNSETTLED, owing)
    return found


def _find_late_reports(reading: Connection, files: Sequence[ParsedFile]) -> Iterator[Problem]:
    """A report on what was given up by its day, and is not taken up again by the file. One from before is history."""
    heads = {file.form.agreement for file in files if any(one.reports for one in file.form.commitments)}
    given_up = _load_given_up(reading, heads) if heads else {}
    reported = _load_reported(reading, [row.id for row in given_up.values()]) if given_up else frozenset()
    for file in files:
        found = [
            (at, one, row)
            for at, one in enumerate(file.form.commitments)
            if one.reports and (row := given_up.get((file.form.agreement, one.reference))) is not None
        ]
        later = load_later_than(reading, file.form.agreement, file.form.as_of) if found else Later()
        for at, one, row in found:
            if _takes_up(one, row, later):
                continue
            for to, report in enumerate(one.reports):
                is_past = row.state_on is not None and report.reported_on < str(parse_date(row.state_on).first)
                if not is_past and (row.id, report.reference) not in reported:
                    expected = "none on a commitment that was given up: set its state to active before reporting on it"
                    yield file.fault(("commitments", at, "reports", to), f"a report on what was {row.state}", expected)


def _takes_up(one: CommitmentForm, row: Any, later: Later) -> bool:
    """Whether a file says that it stands again, and does not only repeat how it stood when the file was written."""
    before = later.rewinder.list_former(commitment.name, row.id).get("state")
    return says_how_it_stands(one) and one.state not in _GIVEN_UP and str(one.state) != before


def _load_given_up(reading: Connection, heads: Collection[str]) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for some in in_chunks(sorted(heads)):
        rows = reading.execute(
            select(
                agreement.c.reference.label("head"),
                commitment.c.id,
                commitment.c.reference,
                commitment.c.state,
                commitment.c.state_on,
            )
            .join(commitment, commitment.c.agreement_id == agreement.c.id)
            .where(agreement.c.reference.in_(some), commitment.c.state.in_([str(state) for state in _GIVEN_UP]))
        )
        found |= {(row.head, row.reference): row for row in rows}
    return found


def _load_reported(reading: Connection, ids: Sequence[int]) -> frozenset[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for some in in_chunks(ids):
        mine = progress_report.c.commitment_id.in_(some)
        rows = reading.execute(select(progress_report.c.commitment_id, progress_report.c.reference).where(mine))
        found |= {(row.commitment_id, row.reference) for row in rows}
    return frozenset(found)
