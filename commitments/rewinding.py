"""Undoes the log back to a moment, so that rows read as they were known then."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from commitments.database import name_row
from commitments.tables import log_entry, metadata

CREATED = "registered"
"""The action of a log entry that made a row."""


def load_later(reading: Connection, known_at: datetime, agreement_id: int | None = None) -> Sequence[Any]:
    """The log entries after a moment, the newest first; of one agreement only, if that is enough."""
    columns = (log_entry.c.at, log_entry.c.subject, log_entry.c.row_id, log_entry.c.action, log_entry.c.changes)
    query = select(*columns).where(log_entry.c.at > known_at)
    if agreement_id is not None:
        query = query.where(log_entry.c.agreement_id == agreement_id)
    return reading.execute(query.order_by(log_entry.c.id.desc())).all()


class Rewinder:
    """Holds what was recorded after a moment and takes it back from rows."""

    def __init__(self, later: Iterable[Any] = ()) -> None:
        """Of these log entries, the newest first."""
        self._undone: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
        self._made_later: dict[str, set[int]] = defaultdict(set)
        self.undo(later)

    def undo(self, later: Iterable[Any]) -> None:
        """Take these back as well: the next older entries, the newest of them first."""
        for row in later:
            if row.action == CREATED:
                self._made_later[row.subject].add(row.row_id)
            else:
                former = self._undone[row.subject].setdefault(row.row_id, {})
                former.update({column: _restore(row.subject, column, old) for column, (old, _) in row.changes.items()})

    def list_former(self, subject: str, row_id: int) -> Mapping[str, Any]:
        """The columns of a row that were changed since, with what each was; none of a row that was made since."""
        return {} if row_id in self._made_later[subject] else self._undone[subject].get(row_id, {})

    def rewind(self, subject: str, rows: Sequence[Any]) -> list[Any]:
        """The rows of a table as they were; those made later are left out."""
        made_later, undone = self._made_later[subject], self._undone[subject]
        kept: list[Any] = []
        for row in rows:
            if row.id in made_later:
                continue
            if row.id in undone:
                names = row._fields
                former = {**row._mapping, **undone[row.id]}
                row = name_row(names)(*(former[name] for name in names))  # noqa: PLW2901
            kept.append(row)
        return kept


def _restore(subject: str, column: str, value: Any) -> Any:
    table = metadata.tables.get(subject)
    if value is None or table is None or column not in table.c:
        return value
    kind = table.c[column].type.python_type
    return date.fromisoformat(value) if kind is date and isinstance(value, str) else value
