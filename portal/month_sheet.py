"""A month as a sheet of weeks: what falls due on which day, at a glance; each day leads to its place in the list."""

from calendar import Calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import get_day_names

from notifications.views import LinkView
from notifications.wording import Words
from portal.calendar_queries import Day
from portal.calendar_views import DateView, DayView

_ENTRIES = 2
_MONDAY = 0  # weeks begin as ISO 8601 has them, and the days of a digest


@dataclass(frozen=True, slots=True)
class CellView:
    """One day of the sheet; without a number where the week reaches into another month, without a way where none is."""

    number: str = ""
    is_today: bool = False
    way: LinkView | None = None
    """Leads to the day in the list; its text says how many dates there are."""
    entries: tuple[DateView, ...] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class SheetView:
    """The weeks of a month, under the names of their days: the short one that is seen, and the whole one."""

    headings: tuple[tuple[str, str], ...]
    weeks: tuple[tuple[CellView, ...], ...]


def describe_sheet(words: Words, first: date, today: date, days: Sequence[tuple[Day, DayView]]) -> SheetView:
    """The month that begins on `first`, with the dates of its days."""
    short, whole = (get_day_names(width, locale=words.locale) for width in ("abbreviated", "wide"))
    dates = {counted.day: (counted, told) for counted, told in days}
    weeks = Calendar(_MONDAY).monthdays2calendar(first.year, first.month)
    return SheetView(
        tuple((short[one], whole[one]) for one in range(7)),
        tuple(
            tuple(
                _describe_cell(words, first.replace(day=number), today, dates) if number else CellView()
                for number, _ in week
            )
            for week in weeks
        ),
    )


def _describe_cell(words: Words, day: date, today: date, dates: Mapping[date, tuple[Day, DayView]]) -> CellView:
    if day not in dates:
        return CellView(str(day.day), day == today)
    counted, told = dates[day]
    rest = counted.total - min(len(told.dates), _ENTRIES)
    return CellView(
        str(day.day),
        day == today,
        LinkView(
            words.ngettext("%(count)s date", "%(count)s dates", counted.total) % {"count": counted.total},
            f"#day-{told.mark}",
            "",
        ),
        told.dates[:_ENTRIES],
        f"+{rest}" if rest else "",
    )
