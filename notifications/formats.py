"""Days, distances, numbers and units as each language writes them."""

import re
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from math import floor, inf, log10
from typing import Literal

from babel.dates import format_date, format_skeleton, format_timedelta
from babel.numbers import format_compact_decimal, format_decimal, get_currency_name, is_currency

_ONE_MILLIONS = re.compile(r"(?<=^1.million)s|(?<=^1.milliard)s")  # Babel gives French a plural for exactly one
Unit = Literal["day", "week", "month", "year"]
_SECONDS_A_UNIT: dict[Unit, int] = {"day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400, "year": 365 * 86_400}


def measure_days(days: int) -> tuple[Unit, int]:
    """Days up to a fortnight, weeks up to twelve, months up to two years, then years."""
    if days < 14:
        return "day", days
    if days < 84:
        return "week", days // 7
    if days < 730:
        return "month", min(round(days / 30.4375), 23)
    return "year", days // 365


@lru_cache(maxsize=4096)
def write_day(day: date, locale: str) -> str:
    return _number_first(format_date(day, "long", locale=locale), day, locale)


@lru_cache(maxsize=1024)
def write_weekday(day: date, locale: str) -> str:
    return _number_first(format_date(day, "full", locale=locale), day, locale)


def _number_first(written: str, day: date, locale: str) -> str:
    """French counts the first of a month by an ordinal, which CLDR's patterns cannot say."""
    return re.sub(r"\b1 ", "1er ", written, count=1) if locale == "fr" and day.day == 1 else written


@lru_cache(maxsize=2048)
def write_distance(days: int, locale: str) -> str:
    """A day seen from today in the case that the language wants: in 7 days, vor 8 Jahren."""
    unit, count = measure_days(abs(days))
    distance = timedelta(seconds=count * _SECONDS_A_UNIT[unit])
    return format_timedelta(
        distance if days > 0 else -distance, granularity=unit, threshold=inf, add_direction=True, locale=locale
    )


@lru_cache(maxsize=1024)
def write_month(day: date, locale: str) -> str:
    return format_skeleton("yMMMM", day, locale=locale)


@lru_cache(maxsize=512)
def write_year(day: date, locale: str) -> str:
    return format_skeleton("y", day, locale=locale)


_UNWRITABLE = 1e18  # Babel counts in 28 digits, decimals among them


@lru_cache(maxsize=4096)
def write_number(number: float, locale: str) -> str:
    size = abs(number)
    if size >= _UNWRITABLE:
        return f"{number:.3g}"
    if size >= 1_000_000 and number == int(number) and int(size) % 10 ** (floor(log10(size)) - 2) == 0:
        whole = Decimal(int(number))  # of a float, 1 million would be given the plural
        for length in ("long", "short"):  # Chinese has only the short form
            try:
                written = format_compact_decimal(whole, format_type=length, locale=locale, fraction_digits=2)
            except KeyError:
                continue
            return _ONE_MILLIONS.sub("", written) if locale == "fr" else written
    return format_decimal(number, locale=locale)


@lru_cache(maxsize=1024)
def name_unit(unit: str, number: float, locale: str) -> str:
    if len(unit) == 3 and unit.isupper() and is_currency(unit):
        return get_currency_name(unit, count=number, locale=locale)
    return unit
