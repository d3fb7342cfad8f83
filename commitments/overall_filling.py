"""Fills in how agreements stand where it is not stored for the day: after an update, and on a day without a check.

Who reads would otherwise judge them for each page, all of a large register in a second or two
(docs/decisions/0028).
"""

from collections.abc import Sequence
from datetime import date
from functools import cache, partial

from sqlalchemy import Engine, select

from commitments.chunks import Span
from commitments.database import open_reading, open_unit
from commitments.judging import judge_agreements
from commitments.overall import load_overall, renew, select_overall, store_overall, sum_up
from commitments.reconcile import load_rules
from commitments.tables import agreement

_AT_A_TIME = 200


def fill_overall(engine: Engine, today: date) -> int:
    """Store for today and tomorrow how those agreements stand of which it is not known; returns how many.

    Judged in readings and written in units of their own: what somebody changes meanwhile is left to them.
    """
    with open_reading(engine) as reading:
        known = select(select_overall(today).c.agreement_id)
        missing = reading.execute(select(agreement.c.id).where(agreement.c.id.not_in(known))).scalars().all()
    parts = (missing[start : start + _AT_A_TIME] for start in range(0, len(missing), _AT_A_TIME))
    return sum(_fill(engine, part, today) for part in parts)


def _fill(engine: Engine, ids: Sequence[int], today: date) -> int:
    with open_reading(engine) as reading:
        # Read first: what somebody changes after it is another version, and is left to them.
        stored = load_overall(reading, Span.over(ids))
        rules = load_rules(reading, select(agreement.c.id).where(agreement.c.id.in_(ids)))

        @cache
        def judge(day: date) -> dict[int, int]:
            judged = judge_agreements(reading, ids, rules, day)
            return {one: sum_up(found.standings) for one, found in judged.items()}

        def find(one: int, day: date) -> int:
            return judge(day)[one]

        renewed = [new for one in ids for new in renew(stored.get(one), one, today, partial(find, one))]
    with open_unit(engine) as unit:
        return store_overall(unit, stored, renewed)
