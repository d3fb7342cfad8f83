"""How each agreement stands as a whole, stored so that lists can look for it: worked out from the facts, never a fact.

The check writes it in the transaction of each change, for the day and the one after, since the day begins earlier for
some readers. What was changed since, or is asked for another day, is judged anew by who reads (docs/decisions/0028).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Subquery, and_, bindparam, case, select, update

from commitments.changes import Change
from commitments.chunks import Span
from commitments.database import ROWS_A_STATEMENT, insert_new
from commitments.facts import Standing
from commitments.policy import HOUSE
from commitments.tables import commitment, commitment_owner, overall_standing
from commitments.urgency import WORST_FIRST
from commitments.vocabulary import StandingState

AT_BEST = (StandingState.ON_TRACK, StandingState.SETTLED)
"""In which something of nearly every agreement stands: it is looked for where nothing stands worse."""
_BITS = {state: 1 << place for place, state in enumerate(WORST_FIRST)}
_WITHOUT_EFFECT = frozenset(
    {
        "follow_up",
        "notification",
        "draft",
        "choices",
        "document",
        "evidence",
        "public_page",
        "budget_line",
        "signatory",
        "rule_proposal",
    }
)
"""What may change without any agreement standing otherwise."""


def sum_up(standings: Iterable[Standing]) -> int:
    """In which states something of an agreement stands, as one number: a bit for each, the lowest for the worst."""
    return pack_states({one.state for one in standings})


def pack_states(states: Iterable[StandingState]) -> int:
    packed = 0
    for state in states:
        packed |= _BITS[state]
    return packed


def find_worst_state(states: int) -> StandingState | None:
    """The worst of some states; None where nothing is on record."""
    return next((state for state in WORST_FIRST if states & _BITS[state]), None)


class Overall(NamedTuple):
    """In which states an agreement stands from its first day to its last, `states` before it `turns_on`."""

    agreement_id: int
    first_day: date
    last_day: date | None
    """None where it was changed since."""
    states: int
    turns_on: date | None
    next_states: int | None
    version: int = 0

    def on(self, day: date) -> int | None:
        """The states of a day; None where it is not known."""
        if self.last_day is None or not self.first_day <= day <= self.last_day:
            return None
        return self.next_states if self.turns_on is not None and self.turns_on <= day else self.states


def renew(stored: Overall | None, agreement_id: int, today: date, states: Callable[[date], int]) -> Iterator[Overall]:
    """What is to be stored by today instead of what is, `states` being those of a day; nothing where that still holds.

    Tomorrow is judged only where it is not known, or today is not as was known.
    """
    tomorrow = today + timedelta(days=1) if today < date.max else today
    now = states(today)
    if stored is not None and stored.on(today) == now:
        if stored.on(tomorrow) is not None:
            return
        then = states(tomorrow)
        if then == now:
            yield stored._replace(last_day=tomorrow)
            return
    else:
        then = states(tomorrow)
    turns = then != now
    version = stored.version if stored is not None else 0
    yield Overall(agreement_id, today, tomorrow, now, tomorrow if turns else None, then if turns else None, version)


def load_overall(reading: Connection, span: Span) -> dict[int, Overall]:
    """What is stored of a span of agreements."""
    columns = [overall_standing.c[name] for name in Overall._fields]
    rows = reading.execute(select(*columns).where(span.holds(overall_standing.c.agreement_id)))
    return {row.agreement_id: Overall(*row) for row in rows}


def load_versions(reading: Connection) -> dict[int, int]:
    """How often what is stored of each agreement was written."""
    rows = reading.execute(select(overall_standing.c.agreement_id, overall_standing.c.version))
    return {row.agreement_id: row.version for row in rows}


def store_overall(unit: Connection, known: Mapping[int, Overall], renewed: Sequence[Overall]) -> int:
    """Write what is to be stored instead of what was known; returns how many.

    Left alone is what another unit is changing, or has written meanwhile: it judged by what it changed.
    """
    missing = [one for one in renewed if one.agreement_id not in known]
    rows = [{**one._asdict(), "version": 1} for one in missing]
    written = len(insert_new(unit, overall_standing, rows, returning=("agreement_id",)))
    there = {one.agreement_id: one for one in renewed if one.agreement_id in known}
    ours = _lock(unit, there)
    extended = [one for one in ours if one == known[one.agreement_id]._replace(last_day=one.last_day)]
    for last_day in {one.last_day for one in extended}:
        ids = [one.agreement_id for one in extended if one.last_day == last_day]
        for start in range(0, len(ids), ROWS_A_STATEMENT):
            unit.execute(
                update(overall_standing)
                .where(overall_standing.c.agreement_id.in_(ids[start : start + ROWS_A_STATEMENT]))
                .values(last_day=last_day, version=overall_standing.c.version + 1)
            )
    other = [one for one in ours if one not in extended]
    if other:
        names = ("first_day", "last_day", "states", "turns_on", "next_states")
        unit.execute(
            update(overall_standing)
            .where(overall_standing.c.agreement_id == bindparam("of"))
            .values(
                **{name: bindparam(f"new_{name}", type_=overall_standing.c[name].type) for name in names},
                version=overall_standing.c.version + 1,
            ),
            [{"of": one.agreement_id, **{f"new_{name}": getattr(one, name) for name in names}} for one in other],
        )
    return written + len(ours)


def _lock(unit: Connection, renewed: Mapping[int, Overall]) -> list[Overall]:
    """Those that nobody else is writing, nor has since they were read."""
    ours: list[Overall] = []
    ids = sorted(renewed)
    columns = (overall_standing.c.agreement_id, overall_standing.c.version)
    for start in range(0, len(ids), ROWS_A_STATEMENT):
        part = ids[start : start + ROWS_A_STATEMENT]
        free = select(*columns).where(overall_standing.c.agreement_id.in_(part)).with_for_update(skip_locked=True)
        ours += [
            renewed[row.agreement_id] for row in unit.execute(free) if renewed[row.agreement_id].version == row.version
        ]
    return ours


def forget_overall(unit: Connection, changes: Collection[Change]) -> None:
    """Let nothing be looked for any more by how the agreements stood before these changes, until they are judged."""
    by = overall_standing.c.agreement_id
    changed = sorted(
        {
            one.agreement_id
            for one in changes
            if one.agreement_id is not None and one.subject not in _WITHOUT_EFFECT and one.subject != "contact"
        }
    )
    people = sorted({one.row_id for one in changes if one.subject == "contact" and _moves_office(one)})
    where: list[ColumnElement[bool]] = [
        by.in_(changed[start : start + ROWS_A_STATEMENT]) for start in range(0, len(changed), ROWS_A_STATEMENT)
    ]
    for start in range(0, len(people), ROWS_A_STATEMENT):
        owned = (
            select(commitment.c.agreement_id)
            .join(commitment_owner, commitment_owner.c.commitment_id == commitment.c.id)
            .where(commitment_owner.c.contact_id.in_(people[start : start + ROWS_A_STATEMENT]))
        )
        where.append(by.in_(owned))
    if any(one.subject == "policy" and one.reference == HOUSE for one in changes):
        where = [by.is_not(None)]
    for one in where:
        unit.execute(
            update(overall_standing)
            .where(one, overall_standing.c.last_day.is_not(None))
            .values(last_day=None, version=overall_standing.c.version + 1)
        )


def _moves_office(change: Change) -> bool:
    return change.action == "amended" and not {"valid_from", "valid_to"}.isdisjoint(change.changes)


def select_overall(day: date) -> Subquery:
    """By agreement: the states in which something of it stands on a day, where that is stored."""
    columns = overall_standing.c
    turned = and_(columns.turns_on.is_not(None), columns.turns_on <= day)
    states = case((turned, columns.next_states), else_=columns.states)
    return (
        select(columns.agreement_id, states.label("states"))
        .where(columns.first_day <= day, columns.last_day >= day)
        .subquery("overall")
    )


def is_among(states: ColumnElement[int], state: StandingState) -> ColumnElement[bool]:
    """Whether something stands so; of what is on track or settled, whether nothing stands worse."""
    if state in AT_BEST:
        return is_worst(states, state)
    return states.bitwise_and(_BITS[state]) != 0


def is_worst(states: ColumnElement[int], state: StandingState) -> ColumnElement[bool]:
    """Whether something stands so, and nothing worse."""
    return place_worst(states) == WORST_FIRST.index(state)


def is_nothing(states: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether nothing is on record that could stand in any way."""
    return states == 0


def place_worst(states: ColumnElement[int]) -> ColumnElement[int]:
    """The place of the worst of the states among all, the worst of which is 0."""
    return case(
        *((states.bitwise_and(bit) != 0, place) for place, bit in enumerate(_BITS.values())), else_=len(WORST_FIRST)
    )
