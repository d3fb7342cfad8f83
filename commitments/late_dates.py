"""Dates that lie later than what they belong to: a step after its promise, a promise after its agreement. Pure.

Both may be meant, so they are taken; whoever writes one down, and whoever reads it, is told.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from commitments.dates import parse_date
from commitments.vocabulary import RenewalRule


class Than(StrEnum):
    """What a date is later than."""

    COMMITMENT = "commitment"
    AGREEMENT = "agreement"


@dataclass(frozen=True, slots=True)
class LateDate:
    """A date that lies later than it seems to belong: of what, and what it is later than, and when that is."""

    title: str
    due: str
    than: Than
    end: str


def find_end(expires: str | None, renewal_rule: str | None, ended: str | None = None) -> str | None:
    """When an agreement ends for good, if that is known; one that renews itself has no such day."""
    return ended or (None if renewal_rule == RenewalRule.AUTOMATIC else expires)


def judge_date(title: str, due: str | None, promised: str | None, end: str | None) -> LateDate | None:
    """A date held against that of its promise, for a step, and against the agreement's end; None if it fits.

    Of a year or a month it is only said where all of it is later.
    """
    for than, limit in ((Than.COMMITMENT, promised), (Than.AGREEMENT, end)):
        if due and limit and parse_date(due).first > parse_date(limit).last:
            return LateDate(title, due, than, limit)
    return None


def judge_promise(
    title: str, due: str | None, confirm_by: str | None, steps: Iterable[tuple[str, str | None]], end: str | None
) -> list[LateDate]:
    """What is late of a promise, or of the day by which a plan is to be confirmed, and of its steps, each given by its
    title and its date."""
    found = [judge_date(title, due or confirm_by, None, end), *(judge_date(step, on, due, end) for step, on in steps)]
    return [one for one in found if one is not None]


def judge_plain(plain: Mapping[str, Any]) -> Iterator[LateDate]:
    """What is late in an agreement as the plain values of its file."""
    end = find_end(plain.get("expires"), (plain.get("renewal") or {}).get("rule"), plain.get("ended"))
    for one in plain.get("commitments", []):
        steps = [(step["title"], step.get("due")) for step in one.get("milestones", [])]
        yield from judge_promise(one.get("summary", ""), one.get("due"), one.get("confirm_by"), steps, end)
