"""Partial dates as the register keeps them, asked in SQL when they end: as text, so that an index answers."""

from calendar import monthrange
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_

from commitments.dates import add_months


def ends_within(column: ColumnElement[Any], first: date, last: date) -> ColumnElement[bool]:
    """Whether a partial date ends within these days, by how precise it is."""
    low = first.isoformat()
    month = last if last.day == monthrange(last.year, last.month)[1] else add_months(last, -1)
    year = last.year if (last.month, last.day) == (12, 31) else last.year - 1
    return or_(
        (func.length(column) == 10) & column.between(low, last.isoformat()),
        (func.length(column) == 7) & column.between(low[:7], f"{month.year:04}-{month.month:02}"),
        (func.length(column) == 4) & column.between(low[:4], f"{year:04}"),
    )


def end_span(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A partial date as the text of a day not before the end of its span."""
    return case((func.length(column) == 4, column + "-12-31"), (func.length(column) == 7, column + "-31"), else_=column)
