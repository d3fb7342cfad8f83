"""Dates that lie later than what they belong to, in words."""

from collections.abc import Iterable
from typing import Any

from commitments.late_dates import LateDate, Than, find_end, judge_promise
from commitments.people import UNSETTLED
from notifications.names import find_words
from notifications.views import clean_text, fit_text
from notifications.wording import Words
from portal.labels import is_awaited

_SHORT = 80


def tell_late_dates(words: Words, found: Iterable[LateDate]) -> list[str]:
    """Each in a sentence, and what comes of it."""
    return [_tell(words, one) for one in found]


def _tell(words: Words, one: LateDate) -> str:
    pattern = words.gettext("“%(title)s” is due by %(day)s, which is after the commitment itself is due: %(end)s.")
    if one.than is Than.AGREEMENT:
        pattern = words.gettext(
            "“%(title)s” is due by %(day)s, which is after the agreement ends: %(end)s. Nobody is asked about it then, "
            "unless the agreement is renewed."
        )
    return pattern % {
        "title": fit_text(clean_text(one.title), _SHORT),
        "day": words.format_end(one.due),
        "end": words.format_end(one.end),
    }


def tell_late_of(words: Words, head: Any, row: Any, steps: Iterable[Any]) -> list[str]:
    """What is late of a commitment on record that is still open; rows are those of the register."""
    if row.state not in UNSETTLED:
        return []
    awaited = [(find_words(one.titles, words.tag) or one.title, one.due) for one in steps if is_awaited(one, row.state)]
    end = find_end(head.expires, head.renewal_rule, head.ended)
    title = find_words(row.summaries, words.tag) or row.summary
    return tell_late_dates(words, judge_promise(title, row.due, row.confirm_by, awaited, end))
