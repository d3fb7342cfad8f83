"""The periods of a recurring commitment, and how many occurrences each is to see."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from commitments.dates import add_months
from commitments.vocabulary import Every

_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}


@dataclass(frozen=True, slots=True)
class FormerTerms:
    """What held until the day on which other terms were recorded: it judges the periods that were over before it."""

    terms: "Recurrence"
    until: date


@dataclass(frozen=True, slots=True)
class Recurrence:
    every: Every
    interval: int = 1
    count: int = 1
    starts: date | None = None
    ends: date | None = None
    months: tuple[int, ...] = ()
    what: str | None = None
    former: tuple[FormerTerms, ...] = ()
    """The terms before these, the oldest first."""


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
    """The period that `day` falls into; nothing before the first one begins or after the recurrence ended.

    A period that was over when the terms changed is that of the terms before. Where the former ones have none that was
    over by then, and the new ones were not yet, nothing is expected.
    """
    for terms, since, until in _list_spans(recurrence):
        period = _find_period(terms, day)
        if period is not None and since <= period.last and (until is None or period.last < until):
            return period
    period = _find_period(recurrence, day)
    return replace(period, expected=0) if period is not None else None


def _list_spans(recurrence: Recurrence) -> Iterator[tuple[Recurrence, date, date | None]]:
    """The terms, the newest first, each with the days between which a period ends that is theirs."""
    bounds = [date.min, *(one.until for one in recurrence.former)]
    yield recurrence, bounds[-1], None
    for one, since in reversed(list(zip(recurrence.former, bounds, strict=False))):
        yield one.terms, since, one.until


def _find_period(recurrence: Recurrence, day: date) -> Period | None:
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
    return find_last_period(recurrence, period.last)


def find_last_period(recurrence: Recurrence, before: date) -> Period | None:
    """The last of the periods that end before a day; nothing before the first."""
    for terms, since, until in _list_spans(recurrence):
        end = min(before, until) if until is not None else before
        if end == date.min:
            return None
        period = _find_period(terms, min(end - timedelta(days=1), terms.ends or date.max))
        if period is not None and period.last >= end:
            period = _find_period(terms, period.first - timedelta(days=1)) if period.first > date.min else None
        if period is not None and since <= period.last:
            return period
    return None


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
