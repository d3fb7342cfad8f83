"""Takes back what a person has just decided, as long as nobody has changed it since."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Date, Table, select, update

from commitments.errors import NotFound, RefusedChange
from commitments.events import KEPT
from commitments.log import Author, Change, record_changes
from commitments.tables import (
    agreement,
    commitment,
    commitment_owner,
    confirmation,
    follow_up,
    log_entry,
    measurement,
    milestone,
    progress_report,
)
from commitments.vocabulary import ConfirmationState
from commitments.withdrawing import ANSWERED, withdraw_report

_TABLES: dict[str, Table] = {
    table.name: table for table in (agreement, commitment, commitment_owner, confirmation, follow_up, milestone)
}
_ACTIONS = frozenset({"amended", "closed", "snoozed", KEPT})
_WITH_REPORT = frozenset({progress_report.name, measurement.name, confirmation.name, commitment.name})
"""What is withdrawn, or stands as before, with a report."""
WHY = "taken back"


def can_undo(reading: Connection, entries: Sequence[int]) -> bool:
    """Whether these log entries can be taken back: decisions, and a report with what came with it, which nobody has
    changed or answered since; not records of what happened.

    That a report is so can be taken back; that it was sent back is told to who made it at once, and stands.
    """
    found = _load(reading, entries)
    return _is_undoable(found) and not _is_overtaken(reading, found)


def is_overtaken(reading: Connection, entries: Sequence[int]) -> bool:
    """Whether somebody has changed since what these log entries tell of, or another side has answered it."""
    return _is_overtaken(reading, _load(reading, entries))


def _is_overtaken(reading: Connection, found: Sequence[Any]) -> bool:
    if (report := _find_report(found)) is not None:
        made = select(progress_report.c.id).where(
            progress_report.c.id == report.row_id, progress_report.c.withdrawn_on.is_(None)
        )
        answered = select(confirmation.c.id).where(
            confirmation.c.report_id == report.row_id, confirmation.c.state.in_([str(one) for one in ANSWERED])
        )
        return reading.execute(made).first() is None or reading.execute(answered).first() is not None
    written: dict[str, dict[int, dict[str, Any]]] = {}
    for entry in found:
        if entry.subject in _TABLES:
            said = written.setdefault(entry.subject, {}).setdefault(entry.row_id, {})
            said |= {name: new for name, (_, new) in entry.changes.items()}
    for subject, rows in written.items():
        table = _TABLES[subject]
        for row in reading.execute(select(table).where(table.c.id.in_(rows))):
            if any(_plain(row._mapping[name]) != new for name, new in rows[row.id].items()):
                return True
    return False


def _is_undoable(found: Sequence[Any]) -> bool:
    if _find_report(found) is not None:
        return True
    return bool(found) and all(
        row.action in _ACTIONS and row.subject in _TABLES and not _is_sent_back(row) for row in found
    )


def _is_sent_back(entry: Any) -> bool:
    said = entry.changes.get("state", (None, None))[1]
    return bool(entry.subject == confirmation.name and said != ConfirmationState.CONFIRMED)


def _find_report(found: Sequence[Any]) -> Any | None:
    """The entry of a report by which alone all of this was written."""
    made = [row for row in found if (row.subject, row.action) == (progress_report.name, "registered")]
    return made[0] if len(made) == 1 and all(row.subject in _WITH_REPORT for row in found) else None


def undo_changes(unit: Connection, author: Author, entries: Sequence[int], today: date) -> int | None:
    """Write back what these log entries changed, with entries of their own; returns the agreement concerned.

    A report is withdrawn. Raises RefusedChange for what cannot be taken back, or was changed since.
    """
    found = _load(unit, entries)
    if not _is_undoable(found):
        raise RefusedChange("this cannot be taken back; record what is right instead")
    if (report := _find_report(found)) is not None:
        _withdraw(unit, author, report, today)
        return int(report.agreement_id)
    agreement_id = None
    for entry in reversed(found):
        table = _TABLES[entry.subject]
        row = unit.execute(select(table).where(table.c.id == entry.row_id).with_for_update()).one()
        now = {name: row._mapping[name] for name in entry.changes}
        if any(_plain(now[name]) != new for name, (_, new) in entry.changes.items()):
            raise RefusedChange(f"{entry.reference} was changed since; record what is right instead")
        values = {name: _read(table, name, old) for name, (old, _) in entry.changes.items()}
        unit.execute(update(table).where(table.c.id == row.id).values(**values))
        changes = {name: (now[name], value) for name, value in values.items()}
        undone = Change("amended", table.name, row.id, entry.reference, entry.agreement_id, changes, WHY)
        record_changes(unit, author, [undone])
        agreement_id = entry.agreement_id
    return agreement_id


def _withdraw(unit: Connection, author: Author, entry: Any, today: date) -> None:
    reference = unit.execute(
        select(progress_report.c.reference).where(progress_report.c.id == entry.row_id)
    ).scalar_one()
    try:
        name = entry.reference.removesuffix(f"/{reference}")
        withdraw_report(unit, replace(author, why=WHY), name, reference, today)
    except NotFound as gone:
        raise RefusedChange(f"{entry.reference} was taken back already") from gone


def _load(reading: Connection, entries: Sequence[int]) -> Sequence[Any]:
    return reading.execute(select(log_entry).where(log_entry.c.id.in_(entries)).order_by(log_entry.c.id)).all()


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _read(table: Table, column: str, value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(table.c[column].type, Date) and value is not None else value
