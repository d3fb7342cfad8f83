"""Writes rows of the register, each with its entry in the log."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, update

from commitments.log import Author, Change, record_changes


def register_row(
    unit: Connection, author: Author, table: Table, values: Mapping[str, Any], reference: str, agreement_id: int
) -> int:
    """Add a row; returns its id. The log has what the row says, and nothing of what it leaves empty."""
    row_id = int(unit.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())
    changes = {name: (None, value) for name, value in values.items() if value not in (None, [], {})}
    record_changes(unit, author, [Change("registered", table.name, row_id, reference[:300], agreement_id, changes)])
    return row_id


def amend_row(
    unit: Connection,
    author: Author,
    table: Table,
    row: Row[Any],
    values: Mapping[str, Any],
    reference: str,
    agreement_id: int,
    *,
    action: str = "amended",
    why: str | None = None,
) -> bool:
    """Write what differs; False if nothing does. Without a `why` the author's reason stands in the log."""
    changes = {name: (row._mapping[name], value) for name, value in values.items() if row._mapping[name] != value}
    if changes:
        unit.execute(update(table).where(table.c.id == row.id).values(**values))
        record_changes(unit, author, [Change(action, table.name, row.id, reference[:300], agreement_id, changes, why)])
    return bool(changes)


def end_rows(
    unit: Connection,
    author: Author,
    table: Table,
    rows: Sequence[tuple[Row[Any], str]],
    agreement_id: int,
    today: date,
) -> None:
    """Withdraw rows, each given with its reference in the log."""
    if not rows:
        return
    unit.execute(update(table).where(table.c.id.in_([row.id for row, _ in rows])).values(withdrawn_on=today))
    ended = {"withdrawn_on": (None, today)}
    record_changes(
        unit,
        author,
        [Change("withdrawn", table.name, row.id, reference[:300], agreement_id, ended) for row, reference in rows],
    )
