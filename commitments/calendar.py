"""Working days of a country, with its holidays and its working Saturdays."""

import importlib
import sys
from datetime import date, timedelta
from functools import lru_cache
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import holidays
from babel.core import get_global
from holidays.registry import COUNTRIES

WEEKEND = (5, 6)
SEARCH_LIMIT = 60
"""No country rests for two months on end; beyond that the plain week is taken."""


class _Countries(ModuleType):
    """Stands for `holidays.countries`, which loads every country of the world: a third of a second for two of them.

    Whoever asks it for more than its modules gets the package itself.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def _leave_countries_unloaded() -> None:
    name = "holidays.countries"
    found = find_spec(name) if name not in sys.modules else None
    if found is not None and found.submodule_search_locations is not None:
        package = _Countries(name)
        package.__path__ = found.submodule_search_locations
        package.__spec__ = found
        sys.modules[name] = package


_leave_countries_unloaded()


@lru_cache(maxsize=64)
def _holidays_of(country: str, subdivision: str | None) -> holidays.HolidayBase | None:
    try:
        # The language is named, or the names would be in that of the machine.
        return holidays.country_holidays(country, subdiv=subdivision, language="en_US")
    except NotImplementedError:
        if subdivision is not None:
            return _holidays_of(country, None)
        return None


@lru_cache(maxsize=1)
def list_countries() -> frozenset[str]:
    """The codes of all countries: those with holidays, and whatever else has a time zone. None is loaded for it."""
    return frozenset(entry[1] for entry in COUNTRIES.values()) | (get_global("territory_zones").keys() - {"001", "ZZ"})


def suggest_country(code: str) -> str | None:
    """The code of the country that is meant by one that is no longer, or never was, its own: GB for UK."""
    meant = get_global("territory_aliases").get(code, [])
    return str(meant[0]) if meant and meant[0] in list_countries() else None


def has_holidays(country: str, subdivision: str | None = None) -> bool:
    """Whether holidays are known of a country, and of that part of it unless the whole country rests as one."""
    known = _holidays_of(country, None) if country in list_countries() else None
    if known is None or subdivision is None or not known.subdivisions:
        return known is not None
    return subdivision in known.subdivisions or subdivision in known.subdivisions_aliases


@lru_cache(maxsize=16384)
def is_working_day(day: date, country: str | None, subdivision: str | None = None) -> bool:
    """Whether people there work on that day; Monday to Friday where the country is unknown."""
    known = _holidays_of(country, subdivision) if country else None
    if known is None:
        return day.weekday() not in WEEKEND
    return bool(known.is_working_day(day))


def name_holiday(day: date, country: str | None, subdivision: str | None = None) -> str | None:
    """The holiday's name in English where one is known, nothing on an ordinary weekend."""
    known = _holidays_of(country, subdivision) if country else None
    return str(known.get(day)) if known is not None and known.get(day) else None


def previous_working_day(day: date, country: str | None, subdivision: str | None = None) -> date:
    """The day itself if it is a working day, else the last one before it."""
    for back in range(SEARCH_LIMIT):
        if day - date.min <= timedelta(days=back):
            break
        candidate = day - timedelta(days=back)
        if is_working_day(candidate, country, subdivision):
            return candidate
    return day


def next_working_day(day: date, country: str | None, subdivision: str | None = None) -> date:
    """The day itself if it is a working day, else the first one after it."""
    for ahead in range(SEARCH_LIMIT):
        if date.max - day <= timedelta(days=ahead):
            break
        candidate = day + timedelta(days=ahead)
        if is_working_day(candidate, country, subdivision):
            return candidate
    return day


@lru_cache(maxsize=16384)
def add_working_days(day: date, count: int, country: str | None, subdivision: str | None = None) -> date:
    """The day on which `count` further working days have been used up; nought gives the next working day itself."""
    current = next_working_day(day, country, subdivision)
    for _ in range(count):
        if current >= date.max - timedelta(days=SEARCH_LIMIT):
            break
        current = next_working_day(current + timedelta(days=1), country, subdivision)
    return current


@lru_cache(maxsize=16384)
def count_working_days(
    start: date, end: date, country: str | None, subdivision: str | None = None, most: int = 1000
) -> int:
    """Working days after `start` up to and with `end`, counted no further than `most`."""
    days, current = 0, start
    while current < end and days < most:
        current += timedelta(days=1)
        days += is_working_day(current, country, subdivision)
    return days
