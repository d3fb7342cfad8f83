"""Reads dates, numbers and zones as people write them; what cannot be read is None."""

import re
from functools import lru_cache
from unicodedata import normalize

from babel.core import get_global
from babel.dates import get_month_names

from commitments.dates import parse_date
from commitments.zones import list_zones

_YEAR_FIRST = re.compile(r"(\d{4})(?:\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2}))?)?\s*[年月日号]?", re.ASCII)
_PLAIN = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"([+-])?([1-9]\d{0,2})(?=([ .,']))((?:\3\d{3})+)(?:([.,])(\d+))?", re.ASCII)
_TWO_MEANINGS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})", re.ASCII)
_DAY_AND_NAME = re.compile(r"(?:(\d{1,2})(?:\.|st|nd|rd|th)?\s+)?([^\W\d_]+)\.?\s+(\d{4})", re.IGNORECASE)
_NAME_AND_DAY = re.compile(r"([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", re.IGNORECASE)
_HAN_DATE = re.compile(
    r"([〇零○一二三四五六七八九]{4})年(?:([一二三四五六七八九十]{1,3})月(?:([一二三四五六七八九十]{1,3})[日号])?)?"
)
_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_OF_MANY = re.compile(r"(.*?)\s*(万|亿|million|billion)", re.IGNORECASE)
_MANY = {"万": 1e4, "亿": 1e8, "million": 1e6, "billion": 1e9}
_LANGUAGES = ("en", "de", "es", "fr", "tr")
"""Whose names of months are read: where two of them have the same name, it is of the same month."""


def read_partial(text: str) -> str | None:
    """A date as precise as it is written: 2018, 2018-09, 2018/9/30, 30.9.2018, 30 September 2018, 2018年9月30日.

    Day and month with a stroke between them (3/4/2018) are not guessed.
    """
    written = normalize("NFKC", text).strip()
    if day_first := _DAY_FIRST.fullmatch(written):
        parts = [day_first[3], day_first[2], day_first[1]]
    elif year_first := _YEAR_FIRST.fullmatch(written):
        parts = [part for part in year_first.groups() if part]
    elif signed := _HAN_DATE.fullmatch(written):
        parts = [_read_han(part) for part in signed.groups() if part]
    elif named := _DAY_AND_NAME.fullmatch(written):
        parts = _order(named[3], named[2], named[1])
    elif named := _NAME_AND_DAY.fullmatch(written):
        parts = _order(named[3], named[1], named[2])
    else:
        return None
    try:
        return str(parse_date("-".join([parts[0], *(f"{int(part):02d}" for part in parts[1:])])))
    except ValueError:
        return None


def _read_han(text: str) -> str:
    """A number as signed texts write it: the digits of a year one by one, a month or a day by tens and ones."""
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return text.translate(_HAN_DIGITS)
    return f"{tens or '一'}{ones or '〇'}".translate(_HAN_DIGITS)


def _order(year: str, month: str, day: str | None) -> list[str]:
    """The year first; a month of no such name is none of the twelve."""
    return [part for part in (year, str(_months().get(month.casefold(), 13)), day) if part]


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    return {
        name.casefold().rstrip("."): number
        for language in _LANGUAGES
        for width in ("wide", "abbreviated")
        for number, name in get_month_names(width, locale=language).items()
    }


def read_number(text: str) -> float | None:
    """A number as people write it: 1234.5, 1234,5, 1.234,5, 1,234.5, 1 234,5, 1,234,567, 500万 and 5 million.

    None also for what means one number here and another there: 1.000 and 1,000 are a thousand, or one.
    """
    written = normalize("NFKC", text).strip().replace("\u2212", "-").replace("\u2019", "'")
    if many := _OF_MANY.fullmatch(written):
        number = read_number(many[1])
        return None if number is None else round(number * _MANY[many[2].casefold()], 6)
    if _TWO_MEANINGS.fullmatch(written):
        return None
    if grouped := _GROUPED.fullmatch(written):
        sign, first, mark, rest, point, part = grouped.groups()
        if point == mark:
            return None
        return float(f"{sign or ''}{first}{rest.replace(mark, '')}.{part or '0'}")
    return float(written.replace(",", ".")) if _PLAIN.fullmatch(written) else None


def write_number(value: float) -> str:
    """The number so that `read_number` reads it again."""
    written = f"{value:.0f}" if value.is_integer() else repr(value)
    return f"{written}0" if _TWO_MEANINGS.fullmatch(written) else written


def read_zone(text: str) -> str | None:
    """A time zone by its name or by its city alone: Asia/Shanghai, shanghai."""
    return _zones().get(text.strip().casefold().replace(" ", "_"))


_OFFICIAL_ZONES = {
    "AR": "America/Argentina/Buenos_Aires",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "KZ": "Asia/Almaty",
    "MY": "Asia/Kuala_Lumpur",
    "UZ": "Asia/Tashkent",
}
"""Countries with one official time, for which the database of zones has several names."""


def find_zone(country: str) -> str | None:
    """The zone of a country that has one alone, or one official time."""
    zones = get_global("territory_zones").get(country, [])
    return _OFFICIAL_ZONES.get(country) or (str(zones[0]) if len(zones) == 1 else None)


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    named = sorted(list_zones())
    cities: dict[str, list[str]] = {}
    for zone in named:
        cities.setdefault(zone.rpartition("/")[2].casefold(), []).append(zone)
    alone = {city: zones[0] for city, zones in cities.items() if len(zones) == 1}
    return alone | {zone.casefold(): zone for zone in named}
