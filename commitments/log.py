"""The append-only log: every change, in the transaction that makes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert

from commitments.database import ROWS_A_STATEMENT
from commitments.tables import log_entry


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something, when, and why."""

    who: str
    at: datetime
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One row's change: {column: (from, to)}; a new row's `from` is None throughout."""

    action: str
    subject: str
    row_id: int
    reference: str
    agreement_id: int | None
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    why: str | None = None


def record_changes(unit: Connection, author: Author, changes: Iterable[Change]) -> int:
    """Append one log entry a change; returns how many."""
    rows = [
        {
            "at": author.at,
            "who": author.who,
            "action": change.action,
            "subject": change.subject,
            "row_id": change.row_id,
            "reference": change.reference,
            "agreement_id": change.agreement_id,
            "changes": {name: [_plain(old), _plain(new)] for name, (old, new) in change.changes.items()},
            "why": change.why or author.why,
        }
        for change in changes
    ]
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        unit.execute(insert(log_entry), rows[start : start + ROWS_A_STATEMENT])
    return len(rows)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
