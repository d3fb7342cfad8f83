"""Partial dates as the register keeps them, asked in SQL when they end: as text, so that an index answers."""

from calendar import monthrange
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_

from commitments.dates import add_months


def ends_within(column: ColumnElement[Any], first: date, last: date) -> ColumnElement[bool]:
    """Whether a partial date ends within these days, by how precise it is."""
    return or_(*list_spans(column, first, last))


def list_spans(column: ColumnElement[Any], first: date, last: date) -> list[ColumnElement[bool]]:
    """Of `ends_within` each part by itself that can hold: dates known to the day, to the month and to the year."""
    low = first.isoformat()
    month = last if last.day == monthrange(last.year, last.month)[1] else add_months(last, -1)
    year = last.year if (last.month, last.day) == (12, 31) else last.year - 1
    highs = (last.isoformat(), f"{month.year:04}-{month.month:02}", f"{year:04}")
    return [
        (func.length(column) == len(high)) & column.between(low[: len(high)], high)
        for high in highs
        if len(high) == len(low) or low[: len(high)] <= high
    ]


def end_span(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A partial date as the text of a day not before the end of its span."""
    return case((func.length(column) == 4, column + "-12-31"), (func.length(column) == 7, column + "-31"), else_=column)
