"""Where in a file stands what its bringer may not change: the line and field, or the sheet, row and heading."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from commitments.agreement_faults import FieldPath
from commitments.agreement_file import ParsedFile
from commitments.agreement_form import AgreementForm
from commitments.sheet_rows import SheetDrawing
from portal.oversteps import NotTheirs, Overstep

_BELOW: Mapping[str, str] = {
    "milestone": "milestones",
    "measurement": "measurements",
    "progress_report": "reports",
    "confirmation": "reports",
    "commitment_owner": "owners",
}
"""The list of a commitment in which the rows of a table stand."""


def place_oversteps(refused: NotTheirs, file: ParsedFile, drawing: SheetDrawing | None) -> NotTheirs:
    """The same, each with its place in the file where it has one."""
    return NotTheirs(tuple(_place(one, file, drawing) for one in refused.oversteps))


def _place(one: Overstep, file: ParsedFile, drawing: SheetDrawing | None) -> Overstep:
    path = find_path(file.form, one)
    if path is None:
        return one
    problem = file.fault(path, one.found, "")
    return replace(one, place=drawing.place(problem) if drawing is not None else problem)


def find_path(form: AgreementForm, one: Overstep) -> FieldPath | None:
    """The field of an agreement's file in which a change stands; None where it is about no one field. Pure."""
    _, *names = one.reference.split("/")
    if one.subject == "agreement_party" and len(names) == 1:
        at = _find(form.parties, names[0])
        return ("parties", at, one.column) if at is not None else None
    if not names or one.subject not in ("commitment", *_BELOW):
        return None
    at = _find(form.commitments, names[0])
    if at is None:
        return None
    path: FieldPath = ("commitments", at)
    if one.subject in _BELOW and len(names) > 1:
        rows = getattr(form.commitments[at], _BELOW[one.subject])
        name = _name_party if one.subject == "commitment_owner" else _name
        below = _find(rows, names[1], name)
        if below is None:
            return path
        path = (*path, _BELOW[one.subject], below)
        if one.subject == "confirmation":
            answer = _find(rows[below].confirmations, names[-1], _name_party)
            path = (*path, "confirmations", answer) if answer is not None else path
    return (*path, one.column)


def _find(rows: Sequence[Any], wanted: str, name: Callable[[Any], str] | None = None) -> int | None:
    return next((at for at, row in enumerate(rows) if (name or _name)(row) == wanted), None)


def _name(row: Any) -> str:
    return str(row.reference)


def _name_party(row: Any) -> str:
    return str(row.party)
