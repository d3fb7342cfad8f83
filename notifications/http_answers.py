"""What the answer of an HTTP server says of a message: taken, to be tried again, or refused for good. Pure."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from commitments.vocabulary import Outcome

_PASSING_CODES = frozenset({408, 425, 429})
_LONGEST_WAIT = 86400.0
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_REPLY_LIMIT = 300


def judge_status(status: int) -> Outcome:
    """A redirect is a refusal: following it would send what was meant for one host to another, or lose its body."""
    if 200 <= status < 300:
        return Outcome.ACCEPTED
    if status in _PASSING_CODES or status >= 500:
        return Outcome.TEMPORARY
    return Outcome.PERMANENT


def read_retry_after(value: str | None, now: datetime) -> float:
    """The seconds that a Retry-After header asks for: a number or a date; 0 if it cannot be read, at most a day."""
    words = (value or "").strip()
    if re.fullmatch(r"\d{1,9}", words):
        return min(float(words), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(words)
    except (ValueError, TypeError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), _LONGEST_WAIT)


def clean_reply(words: str) -> str:
    """A server's words as one short line."""
    return _CONTROLS.sub(" ", words).strip()[:_REPLY_LIMIT]
