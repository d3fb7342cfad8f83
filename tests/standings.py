"""Holds what is stored of how the agreements stand to what judging everything finds."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from itertools import compress
from typing import Any

from sqlalchemy import Connection, FromClause, Select, select, update

from commitments.overall import is_among, select_overall
from commitments.reconcile import list_standings
from commitments.tables import agreement, overall_standing
from commitments.vocabulary import StandingState
from portal.agreement_queries import STANDINGS
from portal.standing_queries import find_standings
from portal.telling import find_worst

Shown = dict[str, set[StandingState]]


def judge_days(reading: Connection, days: Iterable[date]) -> dict[date, Shown]:
    """What judging everything finds on each of the days."""
    return {day: judge_all(reading, day) for day in days}


def judge_all(reading: Connection, day: date) -> Shown:
    """By agreement the standings by which a list is to find it, from every fact of the register."""
    shown: Shown = {}
    for one, standings in list_standings(reading, day):
        worst = find_worst(standings)
        found = {each.state for each in standings} - {StandingState.ON_TRACK, StandingState.SETTLED}
        shown[one.reference] = found | ({worst.state} if worst is not None else set())
    return shown


def find_stored(reading: Connection, day: date) -> Shown:
    """The same as it is stored, of the agreements of which it is."""
    return _find(reading, _ask_stored(day))


def find_listed(reading: Connection, day: date) -> Shown:
    """The same as Home and the list find it."""
    every = {one: set[StandingState]() for one in reading.execute(select(agreement.c.reference)).scalars()}
    return every | _find(reading, _ask(find_standings(reading, select(agreement.c.id), day)))


@lru_cache(maxsize=64)
def _ask_stored(day: date) -> Select[Any]:
    return _ask(select_overall(day))


def _ask(standings: FromClause) -> Select[Any]:
    """Of each agreement, which of the standings it is found by, asked about all at once."""
    asked = [is_among(standings.c.states, state).label(state) for state in STANDINGS]
    return select(agreement.c.reference, *asked).join(standings, standings.c.agreement_id == agreement.c.id)


def _find(reading: Connection, asked: Select[Any]) -> Shown:
    return {reference: set(compress(STANDINGS, among)) for reference, *among in reading.execute(asked)}


def list_lies(reading: Connection, judged_on: Mapping[date, Shown]) -> list[str]:
    """What is stored and not so, given what judging everything finds on each day."""
    lies: list[str] = []
    for day, judged in judged_on.items():
        for reference, states in find_stored(reading, day).items():
            if states != judged[reference]:
                lies.append(f"{reference} on {day}: stored {sorted(states)}, judged {sorted(judged[reference])}")
    return lies


def forget_stored(unit: Connection) -> None:
    """Take back what is stored of every agreement, as the log does: for tests that write facts past the log."""
    columns = overall_standing.c
    unit.execute(update(overall_standing).values(last_day=None, version=columns.version + 1))


def count_stored(reading: Connection, day: date) -> int:
    """Of how many agreements it is known how they stand on a day."""
    return len(reading.execute(select(select_overall(day).c.agreement_id)).all())


def count_versions(reading: Connection) -> dict[int, int]:
    return {row.agreement_id: row.version for row in reading.execute(select(overall_standing))}
