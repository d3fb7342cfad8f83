"""The periods of a recurring commitment, and how many occurrences each is to see."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from commitments.dates import add_months
from commitments.vocabulary import Every

_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Recurrence:
    every: Every
    interval: int = 1
    count: int = 1
    starts: date | None = None
    ends: date | None = None
    months: tuple[int, ...] = ()
    what: str | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """One span in which `expected` occurrences are to be held; `window` narrows it to the stated months.

    The last one ends with the recurrence. Nothing is expected in a period without any of the stated months.
    """

    label: str
    first: date
    last: date
    expected: int
    window_first: date
    window_last: date


def find_period(recurrence: Recurrence, day: date) -> Period | None:
    """The period that `day` falls into; nothing before the first one begins or after the recurrence ended."""
    if recurrence.ends is not None and day > recurrence.ends:
        return None
    length = _MONTHS[recurrence.every] * recurrence.interval
    anchor = recurrence.starts or date(min(day.year, 2000) if recurrence.interval == 1 else 2000, 1, 1)
    if day < anchor:
        return None
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    turn = months // length
    first = _begin(anchor, turn * length)
    if first > day:
        turn -= 1
        first = _begin(anchor, turn * length)
    following = _begin(anchor, (turn + 1) * length)
    last = following - timedelta(days=1) if following < date.max else date.max
    label, window = _name(recurrence, first, last), _narrow(recurrence, first, last)
    if recurrence.ends is not None:
        last = min(last, recurrence.ends)
    if window is None or window[0] > last:
        return Period(label, first, last, 0, first, last)
    return Period(label, first, last, recurrence.count, window[0], min(window[1], last))


def _begin(anchor: date, months: int) -> date:
    """The anchor's day, `months` later; the day after a month too short for it, so that no period falls short."""
    day = add_months(anchor, months)
    return day if day.day == anchor.day or day == date.max else day + timedelta(days=1)


def find_previous_period(recurrence: Recurrence, period: Period) -> Period | None:
    """The period before; nothing before the first."""
    if period.first == date.min:
        return None
    return find_period(recurrence, period.first - timedelta(days=1))


def count_expected(period: Period, expected: int, day: date, begin: date | None = None) -> int:
    """How many are to be held by `day` at an even pace: whole ones only, all of them once the window has passed.

    Where the commitment began within the period its pace counts from there. Only days that are over count, so that none
    is missed, or behind, while the last day lasts.
    """
    if day > period.window_last:
        return expected
    if period.window_first > period.first or period.window_last < period.last:
        return 0  # stated months: nothing is behind before they are over
    first = period.first if begin is None else min(max(period.first, begin), period.last)
    elapsed = max((day - first).days, 0)
    length = (period.last - first).days + 1
    return expected * elapsed // length


def _narrow(recurrence: Recurrence, first: date, last: date) -> tuple[date, date] | None:
    """From the first of the stated months to the end of the last; nothing if none of them lies between."""
    if not recurrence.months:
        return first, last
    inside: list[date] = []
    month = first.replace(day=1)
    while month <= last:
        if month.month in recurrence.months:
            inside.append(month)
        if month >= date(9999, 12, 1):
            break
        month = add_months(month, 1)
    if not inside:
        return None
    end = add_months(inside[-1], 1)
    return max(inside[0], first), min(end - timedelta(days=1) if end < date.max else date.max, last)


_PERIOD_NAME = re.compile(r"\d{4}(-(\d{2}|\d{4}|[qQ][1-4]))?|\d{4}-\d{2}-\d{2}/\d{4}-\d{2}-\d{2}", re.ASCII)


def is_period_name(text: str) -> bool:
    """Whether a period can be called so: 2026, 2026-2029, 2026-03, 2026-Q1 or 2026-01-15/2027-01-14."""
    return _PERIOD_NAME.fullmatch(text) is not None


def _name(recurrence: Recurrence, first: date, last: date) -> str:
    whole_years = first.day == 1 and first.month == 1
    if recurrence.every is Every.YEAR and whole_years:
        return f"{first.year}" if first.year == last.year else f"{first.year}-{last.year}"
    ends_a_month = last == date.max or (last + timedelta(days=1)).day == 1
    if recurrence.interval == 1 and first.day == 1 and ends_a_month:
        if recurrence.every is Every.MONTH:
            return f"{first.year}-{first.month:02d}"
        if recurrence.every is Every.QUARTER and first.month % 3 == 1:
            return f"{first.year}-Q{(first.month + 2) // 3}"
    return f"{first.isoformat()}/{last.isoformat()}"
