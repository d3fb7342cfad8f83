"""What a recurring commitment was judged by before its terms changed: it stays so for what was over by then. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

_JUDGED: Mapping[str, Any] = {"every": None, "interval": 1, "count": 1, "starts": None, "months": [], "ends": None}
"""What of a recurrence decides how a period is judged, with what each is where it is not said."""


def keep_former(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, today: date
) -> Mapping[str, Any] | None:
    """A recurrence as it is to be stored: with the terms in whose place it comes, and with those that are on record.

    What is changed twice in a day was in between for no period, so that it leaves nothing behind.
    """
    if not before or not after:
        return after
    former = list(after.get("former") or before.get("former") or ())
    old, new = _judge_by(before), _judge_by(after)
    if old != new:
        last = _judge_by(former[-1]) if former else None
        if not former or (former[-1]["until"] != today.isoformat() and last != old):
            former.append({**old, "until": today.isoformat()})
        elif last == new:
            former.pop()
    plain = {name: value for name, value in after.items() if name != "former"}
    return {**plain, "former": former} if former else plain


def _judge_by(terms: Mapping[str, Any]) -> dict[str, Any]:
    return {name: terms.get(name) or unsaid for name, unsaid in _JUDGED.items()}
