"""Holds what is stored of how the agreements stand to what judging everything finds."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, select, update

from commitments.overall import is_among, select_overall
from commitments.reconcile import list_standings
from commitments.tables import agreement, overall_standing
from commitments.vocabulary import StandingState
from portal.agreement_queries import STANDINGS
from portal.standing_queries import find_standings
from portal.telling import find_worst

Shown = dict[str, set[StandingState]]


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
    stored = select_overall(day)
    known = reading.execute(
        select(agreement.c.reference).join(stored, stored.c.agreement_id == agreement.c.id)
    ).scalars()
    shown: Shown = {one: set() for one in known}
    for state in STANDINGS:
        for reference in _find(reading, stored, state):
            shown[reference].add(state)
    return shown


def find_listed(reading: Connection, day: date) -> Shown:
    """The same as Home and the list find it."""
    standings = find_standings(reading, select(agreement.c.id), day)
    shown: Shown = {one: set() for one in reading.execute(select(agreement.c.reference)).scalars()}
    for state in STANDINGS:
        for reference in _find(reading, standings, state):
            shown[reference].add(state)
    return shown


def _find(reading: Connection, standings: object, state: StandingState) -> Iterable[str]:
    columns = standings.c  # type: ignore[attr-defined]
    query = select(agreement.c.reference).join(standings, columns.agreement_id == agreement.c.id)  # type: ignore[arg-type]
    return reading.execute(query.where(is_among(columns.states, state))).scalars()


def list_lies(reading: Connection, days: Iterable[date]) -> list[str]:
    """What is stored and not so."""
    lies: list[str] = []
    for day in days:
        judged = judge_all(reading, day)
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
