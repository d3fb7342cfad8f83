"""How the agreements stand on a reader's day: as it is stored, and judged now where that is not up to date."""

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import Connection, Integer, Select, Subquery, literal, select

from commitments.judging import judge_agreements
from commitments.listed import IDS_A_STATEMENT
from commitments.overall import select_overall, sum_up
from commitments.tables import agreement
from portal.telling import load_rules_of


def find_standings(reading: Connection, visible: Select[int], day: date) -> Subquery:
    """By agreement, of the visible ones at least: the states in which something of it stands, a bit for each.

    What is not stored for that day is judged here: what was changed and not looked at again since, and everything where
    no check has run since yesterday. That takes a millisecond an agreement.
    """
    stored = select_overall(day)
    known = select(stored.c.agreement_id)
    unknown = select(agreement.c.id).where(agreement.c.id.in_(visible), agreement.c.id.not_in(known))
    ids = list(reading.execute(unknown).scalars())
    if not ids:
        return stored
    found: dict[int, list[int]] = {}
    for one, states in _judge(reading, ids, day):
        found.setdefault(states, []).append(one)
    judged = [
        select(agreement.c.id, literal(states, Integer)).where(agreement.c.id.in_(alike))
        for states, alike in found.items()
    ]
    return select(stored).union_all(*judged).subquery("standings")


def _judge(reading: Connection, ids: Sequence[int], day: date) -> Iterator[tuple[int, int]]:
    for start in range(0, len(ids), IDS_A_STATEMENT):
        part = ids[start : start + IDS_A_STATEMENT]
        judged = judge_agreements(reading, part, load_rules_of(reading, part), day)
        yield from ((one, sum_up(judged[one].standings)) for one in part)
