"""The append-only log: every change, in the transaction that makes it, and beside it the event to be published."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, insert, literal_column, select

from commitments.changes import Author, Change
from commitments.database import ROWS_A_STATEMENT, insert_new, write_rows
from commitments.events import FOLLOWED, EventName, name_changes
from commitments.overall import forget_overall
from commitments.tables import log_entry, publication

__all__ = ["BESIDE_FOLLOW_UPS", "Author", "Change", "find_caused", "record_changes", "record_once"]

BESIDE_FOLLOW_UPS: ColumnElement[bool] = log_entry.c.subject != literal_column("'follow_up'")
"""Whether an entry is of anything but a follow-up: written out, as its index is of use only where that is known."""


def record_changes(unit: Connection, author: Author, changes: Iterable[Change]) -> int:
    """Append one log entry a change; returns how many. Those that are an event wait for its publication.

    The first that the author's `once` causes bears it; what is caused by the same once more is written all the same.
    How the agreements stood before is not looked for any more, until they are judged again.
    """
    changes = list(changes)
    rows, names = _as_rows(author, changes)
    forget_overall(unit, changes)
    if author.once is not None and rows and rows[0]["once"] is None and not find_caused(unit, author.once):
        rows[0]["once"] = author.once
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        part = rows[start : start + ROWS_A_STATEMENT]
        if any(row["event_id"] for row in part):
            written = unit.execute(insert(log_entry).returning(log_entry.c.id, log_entry.c.event_id), part)
            _await_publication(unit, author, written.all(), names)
        else:
            write_rows(unit, insert(log_entry), part)
    return len(rows)


def find_caused(reading: Connection, once: str) -> Sequence[int]:
    """The log entries that were caused by what an author called so, in their order; none if nothing was."""
    first = select(log_entry.c.id, log_entry.c.who, log_entry.c.at).where(log_entry.c.once == once).subquery()
    entries = select(log_entry.c.id).join(
        first, (log_entry.c.id >= first.c.id) & (log_entry.c.who == first.c.who) & (log_entry.c.at == first.c.at)
    )
    return reading.execute(entries.order_by(log_entry.c.id)).scalars().all()


def record_once(unit: Connection, author: Author, changes: Sequence[Change]) -> int:
    """Append the changes whose `once` the log does not hold yet; returns how many. Safe if two do it together."""
    rows, names = _as_rows(author, changes)
    written = insert_new(unit, log_entry, rows, returning=("id", "event_id"))
    _await_publication(unit, author, written, names)
    return len(written)


def _as_rows(author: Author, changes: Sequence[Change]) -> tuple[list[dict[str, Any]], dict[str, EventName]]:
    """The log entries, and the name of each event by its id."""
    names: dict[str, EventName] = {}
    rows: list[dict[str, Any]] = []
    for change, name in zip(changes, name_changes(changes), strict=True):
        event_id = None
        if name is not None:
            event_id = str(uuid4())
            names[event_id] = name
        rows.append(
            {
                "at": author.at,
                "who": author.who,
                "action": change.action,
                "subject": change.subject,
                "row_id": change.row_id,
                "reference": change.reference,
                "agreement_id": change.agreement_id,
                "changes": {column: [_plain(old), _plain(new)] for column, (old, new) in change.changes.items()},
                "why": change.why or author.why,
                "once": change.once,
                "event_id": event_id,
            }
        )
    return rows, names


def _await_publication(
    unit: Connection, author: Author, written: Sequence[Any], names: Mapping[str, EventName]
) -> None:
    rows = [
        {
            "log_entry_id": entry.id,
            "name": str(names[entry.event_id]),
            "followed_at": None if names[entry.event_id] in FOLLOWED else author.at,
        }
        for entry in written
        if entry.event_id is not None
    ]
    if rows:
        unit.execute(insert(publication), rows)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
