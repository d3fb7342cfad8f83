"""Dates that keep the precision in which they are known: a year, a month or a day."""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from dateutil.relativedelta import relativedelta

_SHAPE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A day, a month or a year, written `2018-09-30`, `2018-09` or `2018`.

    `first` and `last` are the days it spans; a deadline is always `last`.
    """

    first: date
    last: date
    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def precision(self) -> str:
        return {4: "year", 7: "month"}.get(len(self.text), "day")


@lru_cache(maxsize=8192)
def parse_date(text: str) -> PartialDate:
    """Read a partial date; ValueError says what is expected instead."""
    shape = _SHAPE.fullmatch(text.strip())
    if shape is None:
        raise ValueError("a date such as 2018, 2018-09 or 2018-09-30")
    year, month, day = int(shape[1]), shape[2], shape[3]
    if year == 0:
        raise ValueError("a year from 0001 on")
    if month is None:
        return PartialDate(date(year, 1, 1), date(year, 12, 31), f"{year:04d}")
    if not 1 <= int(month) <= 12:
        raise ValueError("a month from 01 to 12")
    length = monthrange(year, int(month))[1]
    if day is None:
        return PartialDate(date(year, int(month), 1), date(year, int(month), length), f"{year:04d}-{month}")
    if not 1 <= int(day) <= length:
        raise ValueError(f"a day from 01 to {length} in {year:04d}-{month}")
    exact = date(year, int(month), int(day))
    return PartialDate(exact, exact, exact.isoformat())


def parse_stored(text: str | None) -> PartialDate | None:
    """The date as it stands in a column that may be empty."""
    return parse_date(text) if text is not None else None


def as_partial(day: date) -> PartialDate:
    return PartialDate(day, day, day.isoformat())


def find_latest(dates: Iterable[PartialDate]) -> PartialDate | None:
    """The one that may lie latest; of those that end on the same day the most exact."""
    return max(dates, key=lambda one: (one.last, one.first), default=None)


@lru_cache(maxsize=8192)
def add_months(day: date, months: int) -> date:
    """The same day `months` later (earlier if negative); the end of a shorter month stands in for its missing days.

    Dates beyond the calendar are cut to its ends.
    """
    try:
        return day + relativedelta(months=months)
    except (ValueError, OverflowError):
        return date.max if months > 0 else date.min


def move_end(span: PartialDate, months: int) -> date:
    """The last day of a span, `months` later (earlier if negative).

    Of a year or a month that is the end of a month, so that no date falls earlier for not being known by its day.
    """
    end = add_months(span.last, months)
    return end if span.precision == "day" else end.replace(day=monthrange(end.year, end.month)[1])


def add_days(day: date, days: int) -> date:
    """`day` moved by `days`, cut to the ends of the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def whole_months(start: date, end: date) -> int:
    """Whole months from `start` to `end`; nought if `end` is not later."""
    if end <= start:
        return 0
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - (1 if add_months(start, months) > end else 0)
