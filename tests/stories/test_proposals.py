"""What one side proposes of who confirms, on both databases: of what comes at the same moment one thing counts."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select

from commitments.agreement_file import parse_agreement
from commitments.consenting import answer_proposal
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.policies import load_rules_in_own, set_policy
from commitments.proposals import load_proposals, propose_rule
from commitments.references import find_agreement
from commitments.register import import_agreement
from commitments.tables import log_entry, party, rule_proposal
from commitments.vocabulary import ConfirmedBy, Consent, ProposalState
from tests.stories.house import FORM

THIRD = b"""  - reference: east
    kind: city
    names: {en: East}
    contacts:
      - {reference: zoe, name: Zoe, role: coordinator, channels: {mail: zoe@east.example}}
commitments:
"""


@pytest.fixture
def register(engine: Engine, today: date) -> Engine:
    """An agreement of three sides, each with a coordinator."""
    with open_unit(engine) as unit:
        form = parse_agreement(FORM.replace(b"commitments:\n", THIRD, 1), "north-south.yaml")
        import_agreement(unit, form, sign("desk", today), today)
    return engine


def sign(who: str, today: date, why: str = "They never answer") -> Author:
    return Author(who, datetime.combine(today, time(9), UTC), why)


def find_party(reading: Connection, reference: str) -> int:
    return int(reading.execute(select(party.c.id).where(party.c.reference == reference)).scalar_one())


def propose(engine: Engine, today: date, side: str = "north") -> int | None:
    with open_unit(engine) as unit:
        asked = [find_party(unit, one) for one in ("north", "south", "east") if one != side]
        head = find_agreement(unit, "north-south")
        return propose_rule(unit, sign(side, today), head, find_party(unit, side), ConfirmedBy.NOBODY, asked)


def answer(engine: Engine, number: int, side: str, who: str, said: Consent, today: date) -> ProposalState:
    with open_unit(engine) as unit:
        side_id = find_party(unit, side)
        return answer_proposal(unit, sign(who, today, "No"), number, side_id, said, today).state


def do_at_once(deeds: Sequence[Callable[[], Any]]) -> list[Any]:
    gate = Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        gate.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def read_state(engine: Engine, today: date) -> tuple[list[ProposalState], dict[str, Any]]:
    with open_reading(engine) as reading:
        found = load_proposals(reading, rule_proposal.c.id > 0, today)
        return [one.state for one in found], load_rules_in_own(reading, "north-south")


def test_of_two_proposals_at_once_one_waits(register: Engine, today: date) -> None:
    made = do_at_once(
        [lambda side=side: propose(register, today, side) for side in ("north", "south", "east", "north")]
    )
    assert sum(one is not None for one in made) == 1
    assert read_state(register, today) == ([ProposalState.OPEN], {})


def test_two_sides_that_accept_at_once_change_the_rule_once(register: Engine, today: date) -> None:
    number = propose(register, today)
    assert number is not None
    who = [("south", "li"), ("east", "zoe"), ("south", "li")]
    do_at_once([lambda one=one: answer(register, number, *one, Consent.ACCEPTED, today) for one in who])
    assert read_state(register, today) == ([ProposalState.ACCEPTED], {"confirmed_by": "nobody"})
    with open_reading(register) as reading:
        told = [row.action for row in reading.execute(select(log_entry).where(log_entry.c.subject == "policy"))]
        agreed = select(log_entry.c.id).where(log_entry.c.action == "agreed")
        assert (told, len(reading.execute(agreed).all())) == (["registered"], 2)


def test_a_yes_and_a_no_at_once_leave_the_rule_as_it_was(register: Engine, today: date) -> None:
    number = propose(register, today)
    assert number is not None
    do_at_once(
        [
            lambda: answer(register, number, "south", "li", Consent.ACCEPTED, today),
            lambda: answer(register, number, "east", "zoe", Consent.REFUSED, today),
        ]
    )
    assert read_state(register, today) == ([ProposalState.REFUSED], {})


def test_a_rule_that_is_set_at_the_moment_of_the_last_yes_is_not_set_aside(register: Engine, today: date) -> None:
    number = propose(register, today)
    assert number is not None
    answer(register, number, "south", "li", Consent.ACCEPTED, today)

    def set_another() -> bool:
        with open_unit(register) as unit:
            author = sign("chief", today)
            return set_policy(unit, author, "north-south", {"confirmed_by": "those_who_owe"}, author.at, today)

    said, _ = do_at_once([lambda: answer(register, number, "east", "zoe", Consent.ACCEPTED, today), set_another])
    states, rules = read_state(register, today)
    assert rules == {"confirmed_by": "those_who_owe"}
    assert states == [said] and said in (ProposalState.ACCEPTED, ProposalState.OVERTAKEN)
