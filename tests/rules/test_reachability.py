"""When a channel is failing, when it is turned off, and what makes it well again."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications.bounces import BounceKind
from notifications.reachability import ComeBack, judge_health

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
P, T, D, C = BounceKind.PERMANENT, BounceKind.TEMPORARY, BounceKind.DELAYED, BounceKind.COMPLAINT


def back(*told: tuple[BounceKind, float]) -> list[ComeBack]:
    return [ComeBack(kind, NOW - timedelta(days=days, hours=1), NOW - timedelta(days=days)) for kind, days in told]


@pytest.mark.parametrize(
    ("told", "arrived", "health", "sentence"),
    [
        ([], None, "working", "nothing came back"),
        ([(P, 1)], None, "failing", "one final refusal may be a server's mistake"),
        ([(P, 1), (P, 3)], None, "off", "two on two days are not"),
        ([(P, 1), (P, 1)], None, "failing", "two on one day are one bad day"),
        ([(P, 1), (P, 29)], None, "off", "the second within a month of the first"),
        ([(P, 1), (P, 31)], None, "failing", "what is over a month old says nothing"),
        ([(P, 31)], None, "working", "nor does it alone"),
        ([(T, 1)], None, "failing", "a full mailbox"),
        ([(T, day) for day in range(1, 8)], None, "failing", "full for a week"),
        ([(T, day) for day in range(1, 9)], None, "off", "full eight times over"),
        ([(P, 2), (T, 1)], None, "failing", "a full mailbox is no second refusal"),
        ([(D, 1), (D, 2)], None, "working", "a server that still tries"),
        ([(C, 1)], None, "working", "a complaint is no failure: it arrived"),
        ([(P, 20)], 10, "working", "a letter of ten days ago of which nothing came back"),
        ([(P, 20), (P, 1)], 10, "failing", "and a refusal since: the first counts no more"),
        ([(P, 8), (P, 1)], 10, "off", "both since the last success"),
    ],
)
def test_a_channel_is_judged_by_what_came_back_since_it_last_worked(
    told: list[tuple[BounceKind, float]], arrived: float | None, health: str, sentence: str
) -> None:
    last = NOW - timedelta(days=arrived) if arrived is not None else None
    assert judge_health(back(*told), last, NOW)[0] == health, sentence
