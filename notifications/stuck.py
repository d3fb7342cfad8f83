"""What is stuck, in the order in which a digest names it. Pure."""

from collections.abc import Iterable

from commitments.urgency import WORST_FIRST
from commitments.vocabulary import STANDING_OF
from notifications.messages import Stuck


def order_stuck(found: Iterable[Stuck]) -> tuple[Stuck, ...]:
    """The worst first, of those that stand alike the longest unanswered; what several are asked is one."""
    joined: dict[tuple[str, ...], Stuck] = {}
    for one in found:
        key = (one.page, one.promise, one.agreement_title, one.matter_kind, one.kind, repr(one.reason))
        before = joined.get(key)
        joined[key] = one if before is None else _join(before, one)
    return tuple(sorted(joined.values(), key=lambda one: (_place(one), one.answer_by)))


def _place(one: Stuck) -> int:
    return WORST_FIRST.index(STANDING_OF[one.kind])


def _join(one: Stuck, other: Stuck) -> Stuck:
    earlier, later = sorted((one, other), key=lambda each: each.answer_by)
    return earlier.ask_also(later)
