"""What a stored reason says of days, counted anew for the day of the letter that tells it. Pure.

A reason is stored when its message is planned, which may be days before the message is read.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from commitments.dates import parse_date, whole_months
from commitments.facts import Reason
from commitments.vocabulary import ReasonCode, StandingState
from notifications.reasons import Why

_PASSED: Mapping[ReasonCode, ReasonCode] = {
    ReasonCode.DUE_LATER: ReasonCode.PAST_DUE,
    ReasonCode.DUE_SOON: ReasonCode.PAST_DUE,
    ReasonCode.TARGET_ON_PACE: ReasonCode.TARGET_MISSED,
    ReasonCode.TARGET_BEHIND: ReasonCode.TARGET_MISSED,
    ReasonCode.TARGET_UNMEASURED: ReasonCode.TARGET_MISSED,
    ReasonCode.PERIOD_ON_PACE: ReasonCode.PERIOD_MISSED,
    ReasonCode.PERIOD_BEHIND: ReasonCode.PERIOD_MISSED,
    ReasonCode.TO_CONFIRM: ReasonCode.CONFIRM_PASSED,
    ReasonCode.EXPIRES: ReasonCode.EXPIRED,
    ReasonCode.NOTICE_BY: ReasonCode.NOTICE_PASSED,
    ReasonCode.RENEW_BY: ReasonCode.RENEW_PASSED,
    ReasonCode.REPORT_DUE: ReasonCode.REPORT_PASSED,
}
"""What is said instead once the date is over."""
_AHEAD = frozenset({*_PASSED, ReasonCode.RENEWS_ITSELF})
_GONE_BY = frozenset({*_PASSED.values(), ReasonCode.NO_NEXT_STEP})
_STANDING_THEN = {
    ReasonCode.CONFIRM_PASSED: StandingState.UNCONFIRMED,
    ReasonCode.NOTICE_PASSED: StandingState.ON_TRACK,  # nothing is owed: it can be given no more, that is all
}
_DATED_BY = ("due", "by", "on", "since")
_SILENT = frozenset({ReasonCode.SILENT_SINCE, ReasonCode.NO_DATE_ACTIVE, ReasonCode.DORMANT})


def count_anew(
    state: StandingState, reason: Reason, told_on: date, day: date, due_on: date | None = None
) -> tuple[StandingState, Reason]:
    """How a matter stands on `day`, of which this was stored on `told_on`; what is ahead may be over by then.

    `due_on` is the date that it is about, where its reason does not say it.
    """
    numbers = reason.numbers
    if reason.code in _SILENT and "months" in numbers:
        since = parse_date(str(numbers["since"])).last
        return state, Reason(reason.code, {**numbers, "months": whole_months(min(since, day), day)})
    if "days_left" in numbers:
        left = (due_on - day).days if due_on is not None else numbers["days_left"] - (day - told_on).days
        anew = {**numbers, "days_left": left, "weeks_left": max(left, 0) // 7}
        return _tell(state, reason.code, anew, is_over=left < 0)
    dated = _find_date(numbers) if "days" in numbers and reason.code in _AHEAD | _GONE_BY else None
    if dated is None:
        return state, reason
    is_over = dated < day and reason.code in _PASSED
    ago = is_over or reason.code in _GONE_BY
    days = (day - dated if ago else dated - day).days
    return _tell(state, reason.code, {**numbers, "days": days}, is_over=is_over)


def count_ground_anew(stored: Mapping[str, Any], due_on: date | None, day: date) -> tuple[Why, Mapping[str, Any]]:
    """Why something is told, as stored, with the days that are left on `day`, on which it is read."""
    code, numbers = Why(stored["code"]), stored["numbers"]
    if code is not Why.LEAD_REACHED or due_on is None:
        return code, numbers
    if due_on < day:
        return Why.CARRIED_OVER, {"day": day.isoformat()}
    return code, {**numbers, "days": (due_on - day).days}


def _find_date(numbers: Mapping[str, Any]) -> date | None:
    if "cycle" in numbers:
        return date(int(numbers["cycle"]), 12, 31)
    named = next((numbers[name] for name in _DATED_BY if numbers.get(name)), None)
    return parse_date(str(named)).last if named is not None else None


def _tell(
    state: StandingState, code: ReasonCode, numbers: dict[str, Any], *, is_over: bool
) -> tuple[StandingState, Reason]:
    if not is_over or code not in _PASSED:
        return state, Reason(code, numbers)
    passed = _PASSED[code]
    return _STANDING_THEN.get(passed, StandingState.OVERDUE), Reason(passed, numbers)
