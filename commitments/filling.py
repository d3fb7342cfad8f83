"""What is wrong with a form that a person filled in, field by field. Pure; whoever shows the form finds the words."""

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from math import isfinite

from commitments.dates import PartialDate, parse_date
from commitments.errors import RefusedChange

LONGEST_LINE = 300
LONGEST_TEXT = 4000
LONGEST_LINK = 2000
FURTHEST_DAYS = 366 * 50
EARLIEST = date(1900, 1, 1)
"""Nothing that happened is recorded as of before that day: its year is a slip."""
_WHOLE = re.compile(r"\d{1,9}|\d{1,3}(?:[ .,'\u00a0\u202f]\d{3}){1,2}", re.ASCII)


class Flaw(StrEnum):
    """What is wrong with one field."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    UNKNOWN = "unknown"
    NOT_A_DAY = "not_a_day"
    AHEAD = "ahead"
    TOO_LONG_AGO = "too_long_ago"
    NOT_AHEAD = "not_ahead"
    TOO_FAR = "too_far"
    BEFORE_BEGIN = "before_begin"
    BEFORE_EFFECT = "before_effect"
    NOT_A_NUMBER = "not_a_number"
    BELOW_ZERO = "below_zero"
    NOT_WHOLE = "not_whole"
    NOT_A_LINK = "not_a_link"
    NO_COMMITMENT = "no_commitment"
    NOT_DONE = "not_done"
    NOTHING_CHANGED = "nothing_changed"
    NOT_THERE = "not_there"
    EMPTIED = "emptied"
    LEFT_BEHIND = "left_behind"
    ONE_OF_TWO = "one_of_two"
    FILE_OR_LINK = "file_or_link"
    FILE_EMPTY = "file_empty"
    FILE_TOO_LARGE = "file_too_large"
    FILE_TYPE = "file_type"
    FILE_CONTENT = "file_content"
    FILE_MACROS = "file_macros"
    FILE_OTHER = "file_other"
    FILE_KNOWN = "file_known"


Flaws = tuple[tuple[str, Flaw], ...]
"""Each wrong field by name, with what is wrong."""


class Flawed(RefusedChange):
    """A form that cannot be taken as it is filled in; carries every flaw by its field."""

    def __init__(self, flaws: Iterable[tuple[str, Flaw]]) -> None:
        self.flaws: Flaws = tuple(flaws)
        super().__init__("; ".join(f"{name}: {flaw.replace('_', ' ')}" for name, flaw in self.flaws))


def refuse_flaws(flaws: Iterable[tuple[str, Flaw]]) -> None:
    """Flawed with all of them, if there are any."""
    found = tuple(flaws)
    if found:
        raise Flawed(found)


def check_text(name: str, text: str | None, most: int = LONGEST_LINE, *, needed: bool = False) -> Flaws:
    if not text:
        return ((name, Flaw.MISSING),) if needed else ()
    return ((name, Flaw.TOO_LONG),) if len(text) > most else ()


def check_choice(name: str, word: str | None, choices: Iterable[str]) -> Flaws:
    return () if word in list(choices) else ((name, Flaw.UNKNOWN),)


def check_link(name: str, link: str | None) -> Flaws:
    """A web address that can be shown as a link: http or https, in one piece."""
    if not link:
        return ()
    if len(link) > LONGEST_LINK:
        return ((name, Flaw.TOO_LONG),)
    scheme, colon, rest = link.partition("://")
    host = rest.partition("/")[0]
    clean = link.isprintable() and not any(one in link for one in " <>\"'\\")
    if scheme not in ("http", "https") or not colon or not host or "@" in host or not clean:
        return ((name, Flaw.NOT_A_LINK),)
    return ()


def read_partial(text: str | None) -> PartialDate | None:
    """A date as precise as it was written; None if it cannot be read."""
    try:
        return parse_date(text) if text else None
    except ValueError:
        return None


def check_past(name: str, text: str | None, today: date, *, needed: bool = True) -> Flaws:
    """A date that has begun, as precise as it is known, and is not so long ago that its year must be a slip."""
    if not text:
        return ((name, Flaw.MISSING),) if needed else ()
    found = read_partial(text)
    if found is None:
        return ((name, Flaw.NOT_A_DAY),)
    if found.first < EARLIEST:
        return ((name, Flaw.TOO_LONG_AGO),)
    return ((name, Flaw.AHEAD),) if found.first > today else ()


def check_ahead(name: str, text: str | None, today: date, *, needed: bool = True, may_be_over: bool = False) -> Flaws:
    """A date whose end lies ahead, or that `may_be_over`, within what anybody plans."""
    if not text:
        return ((name, Flaw.MISSING),) if needed else ()
    found = read_partial(text)
    if found is None:
        return ((name, Flaw.NOT_A_DAY),)
    if may_be_over and found.first < EARLIEST:
        return ((name, Flaw.TOO_LONG_AGO),)
    if found.last <= today and not may_be_over:
        return ((name, Flaw.NOT_AHEAD),)
    return ((name, Flaw.TOO_FAR),) if (found.last - today).days > FURTHEST_DAYS else ()


def check_whole(name: str, text: str | None, least: int, most: int) -> Flaws:
    """A whole number in words of digits, if there is one."""
    if not text:
        return ()
    number = read_whole(text)
    return () if number is not None and least <= number <= most else ((name, Flaw.NOT_WHOLE),)


def read_whole(text: str | None) -> int | None:
    """A whole number as people write it, also with spaces, points or commas between thousands."""
    return int(re.sub(r"\D", "", text)) if text and _WHOLE.fullmatch(text) else None


def check_number(name: str, number: float | None, *, may_be_negative: bool = True) -> Flaws:
    if number is None or not isfinite(number):
        return ((name, Flaw.NOT_A_NUMBER),)
    return ((name, Flaw.BELOW_ZERO),) if number < 0 and not may_be_negative else ()
