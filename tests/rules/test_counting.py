"""A stored reason, told on a later day than the one on which it was found."""

from datetime import date
from typing import Any

import pytest

from commitments.facts import Reason
from commitments.vocabulary import ReasonCode, StandingState
from notifications.counting import count_anew

PLANNED = date(2026, 4, 3)
SOON, OVERDUE = StandingState.DUE_SOON, StandingState.OVERDUE
ROWS: list[tuple[str, ReasonCode, dict[str, Any], date, StandingState, ReasonCode, dict[str, Any]]] = [
    (
        "days to a date are those of the letter",
        ReasonCode.DUE_SOON, {"due": "2026-04-09", "days": 6}, date(2026, 4, 6),
        SOON, ReasonCode.DUE_SOON, {"days": 3},
    ),
    (
        "a month is due on its last day",
        ReasonCode.DUE_SOON, {"due": "2026-04", "days": 27}, date(2026, 4, 30),
        SOON, ReasonCode.DUE_SOON, {"days": 0},
    ),
    (
        "a date that is over by then has passed",
        ReasonCode.DUE_SOON, {"due": "2026-04-05", "days": 2}, date(2026, 4, 6),
        OVERDUE, ReasonCode.PAST_DUE, {"days": 1},
    ),
    (
        "days since a date go on",
        ReasonCode.PAST_DUE, {"due": "2026-04-01", "days": 2}, date(2026, 4, 6),
        SOON, ReasonCode.PAST_DUE, {"days": 5},
    ),
    (
        "a plan that was to be confirmed by then is unconfirmed",
        ReasonCode.TO_CONFIRM, {"by": "2026-04-05", "days": 2}, date(2026, 4, 6),
        StandingState.UNCONFIRMED, ReasonCode.CONFIRM_PASSED, {"days": 1},
    ),
    (
        "after the last day for notice nothing is owed",
        ReasonCode.NOTICE_BY, {"by": "2026-04-05", "days": 2}, date(2026, 4, 6),
        StandingState.ON_TRACK, ReasonCode.NOTICE_PASSED, {"days": 1},
    ),
    (
        "a year's report is due with the year",
        ReasonCode.REPORT_DUE, {"cycle": 2026, "days": 272}, date(2026, 12, 30),
        SOON, ReasonCode.REPORT_DUE, {"days": 1},
    ),
    (
        "a target keeps what was measured",
        ReasonCode.TARGET_BEHIND, {"value": 3, "target": 9, "due": "2026-04-05", "days": 2}, date(2026, 4, 6),
        OVERDUE, ReasonCode.TARGET_MISSED, {"value": 3, "target": 9, "days": 1},
    ),
    (
        "what is left of a period shrinks with the days between",
        ReasonCode.PERIOD_BEHIND, {"period": "2026-Q2", "days_left": 15, "weeks_left": 2}, date(2026, 4, 6),
        SOON, ReasonCode.PERIOD_BEHIND, {"days_left": 12, "weeks_left": 1},
    ),
    (
        "silence grows by whole months",
        ReasonCode.SILENT_SINCE, {"since": "2025-04-06", "months": 11}, date(2026, 4, 6),
        SOON, ReasonCode.SILENT_SINCE, {"months": 12},
    ),
    (
        "what counts no days is said as it is",
        ReasonCode.NO_OWNER, {"parties": ["north"]}, date(2026, 4, 6),
        SOON, ReasonCode.NO_OWNER, {"parties": ["north"]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "code", "numbers", "day", "state", "then", "counted"), ROWS)
def test_a_reason_is_counted_from_the_day_of_the_letter(
    claim: str,
    code: ReasonCode,
    numbers: dict[str, Any],
    day: date,
    state: StandingState,
    then: ReasonCode,
    counted: dict[str, Any],
) -> None:
    stands, reason = count_anew(SOON, Reason(code, numbers), PLANNED, day)
    assert (stands, reason.code) == (state, then), claim
    assert reason.numbers == {**numbers, **counted}, claim


def test_the_end_of_a_period_is_counted_from_its_date_where_that_is_known() -> None:
    numbers = {"period": "2026-Q2", "days_left": 15, "weeks_left": 2}
    _, reason = count_anew(
        SOON, Reason(ReasonCode.PERIOD_ON_PACE, numbers), PLANNED, date(2026, 4, 6), date(2026, 4, 20)
    )
    assert reason.numbers["days_left"] == 14
