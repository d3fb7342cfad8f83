"""A list judges each agreement as the agreement's own page does, without reading all of its commitments."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select, update

from commitments.agreement_file import ParsedFile, parse_agreement, read_files
from commitments.agreement_form import AgreementForm
from commitments.chunks import Span
from commitments.database import open_reading, open_unit
from commitments.judging import judge_agreements
from commitments.log import Author
from commitments.queries import load_agreements, select_untroubled
from commitments.reconcile import assess, load_rules
from commitments.register import import_files
from commitments.tables import agreement, commitment, commitment_owner, contact
from commitments.urgency import stand_with_steps
from commitments.vocabulary import MatterKind, StandingState
from portal.telling import find_worst
from tests.conftest import CountedStatements
from tests.effort import try_examples
from tests.forms import agreement_forms, register_form

TODAY = date(2026, 3, 2)
NOW = datetime.combine(TODAY, time(9), UTC)

FORM = b"""
agreement: north-south
title: {en: Memorandum}
kind: memorandum
effective: 2024-01-01
parties:
  - reference: north
    kind: city
    names: {en: North}
    contacts:
      - {reference: ann, name: Ann, role: owner, channels: {mail: ann@north.example}}
      - {reference: old, name: Old, role: owner, valid_to: 2025-12, channels: {mail: old@north.example}}
  - reference: south
    kind: city
    names: {en: South}
commitments:
  - {reference: late, summary: Late, kind: deliverable, due: 2026-02-01, owners: [{party: north, contact: ann}]}
  - {reference: near, summary: Near, kind: deliverable, due: 2026-03-20, owners: [{party: north, contact: ann}]}
  - {reference: far, summary: Far, kind: deliverable, due: 2027, owners: [{party: north, contact: ann}]}
  - {reference: farther, summary: Farther, kind: deliverable, due: 2028-02, owners: [{party: north, contact: ann}]}
"""


def check_same(reading: Connection, day: date) -> None:
    """What is judged in the list is what is found by judging everything."""
    rules = load_rules(reading)
    whole = {one.id: one for one in load_agreements(reading, Span(1, 1_000_000))}
    judged = judge_agreements(reading, list(whole), rules, day)
    assert judged.keys() == whole.keys()
    for number, one in whole.items():
        standings = assess(one, rules, day)
        assert judged[number].counts == Counter(each.state for each in stand_with_steps(standings))
        worst, told = find_worst(standings), find_worst(judged[number].standings)
        assert (worst is None) == (told is None)
        if worst is not None and told is not None:
            assert (told.state, told.deadline) == (worst.state, worst.deadline)
        ours = [each for each in judged[number].standings if each.matter.kind is not MatterKind.COMMITMENT]
        assert ours == [each for each in standings if each.matter.kind is not MatterKind.COMMITMENT]


@pytest.fixture
def register(sqlite_engine: Engine) -> Engine:
    file = ParsedFile(Path("north-south.yaml"), parse_agreement(FORM, "north-south.yaml"))
    import_files(sqlite_engine, [file], Author("test", NOW), TODAY)
    return sqlite_engine


UNTROUBLED = {"near", "far", "farther"}


@pytest.mark.parametrize(
    ("changed", "untroubled"),
    [
        pytest.param({}, UNTROUBLED, id="what lies ahead, with an owner, is untroubled"),
        pytest.param({"state": "fulfilled"}, UNTROUBLED - {"far"}, id="what is done is not"),
        pytest.param({"state": "on_hold"}, UNTROUBLED - {"far"}, id="what is on hold is not"),
        pytest.param({"condition": {"text": "Once paid"}}, UNTROUBLED - {"far"}, id="what depends on something is not"),
        pytest.param({"period_from": "2026-04"}, UNTROUBLED - {"far"}, id="what has not begun is not"),
        pytest.param({"period_from": "2026"}, UNTROUBLED, id="what began this year is"),
        pytest.param({"due": "2026"}, UNTROUBLED - {"far"}, id="what is due in the year that runs is not"),
        pytest.param({"due": None}, UNTROUBLED - {"far"}, id="what has no date is not"),
        pytest.param({"kind": "planned"}, UNTROUBLED - {"far"}, id="a plan is not"),
    ],
)
def test_only_what_its_date_says_all_about_is_left_unread(
    register: Engine, changed: dict[str, Any], untroubled: set[str]
) -> None:
    if changed:
        with open_unit(register) as unit:
            unit.execute(update(commitment).where(commitment.c.reference == "far").values(**changed))
    with open_reading(register) as reading:
        found = reading.execute(select(commitment.c.reference).where(select_untroubled(TODAY))).scalars()
        assert set(found) == untroubled
        check_same(reading, TODAY)


@pytest.mark.parametrize("owner", ["none", "former"])
def test_what_nobody_in_office_owns_is_read(register: Engine, owner: str) -> None:
    far = select(commitment.c.id).where(commitment.c.reference == "far").scalar_subquery()
    old = select(contact.c.id).where(contact.c.reference == "old").scalar_subquery()
    with open_unit(register) as unit:
        place = update(commitment_owner).where(commitment_owner.c.commitment_id == far)
        unit.execute(place.values(contact_id=old if owner == "former" else None))
    with open_reading(register) as reading:
        found = reading.execute(select(commitment.c.reference).where(select_untroubled(TODAY))).scalars()
        assert set(found) == UNTROUBLED - {"far"}
        check_same(reading, TODAY)


def test_of_an_agreement_that_has_ended_everything_counts_as_settled(register: Engine) -> None:
    with open_unit(register) as unit:
        unit.execute(update(agreement).values(ended="2026-02"))
    with open_reading(register) as reading:
        (judged,) = judge_agreements(reading, [1], load_rules(reading), TODAY).values()
        assert judged.counts == {StandingState.SETTLED: 4}
        check_same(reading, TODAY)


@pytest.mark.parametrize("ahead", [-400, -3000, 0, 30, 300, 900, 4000])
def test_the_examples_are_judged_the_same_on_any_day(sqlite_engine: Engine, ahead: int) -> None:
    files = read_files(sorted((Path(__file__).parents[2] / "examples").glob("*.yaml")))
    import_files(sqlite_engine, files, Author("test", NOW), TODAY)
    with open_reading(sqlite_engine) as reading:
        check_same(reading, TODAY + timedelta(days=ahead))


@pytest.mark.slow
@settings(try_examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(form=agreement_forms(), ahead=st.integers(-400, 4000))
def test_any_agreement_is_judged_the_same(
    sqlite_template: Path, tmp_path: Path, form: AgreementForm, ahead: int
) -> None:
    with register_form(form, sqlite_template, tmp_path, NOW) as engine, open_reading(engine) as reading:
        check_same(reading, TODAY + timedelta(days=ahead))


def test_of_a_thousand_untroubled_commitments_one_is_read(register: Engine, count_statements: Any) -> None:
    with open_reading(register) as reading, count_statements(register) as few:
        judge_agreements(reading, [1], load_rules(reading), TODAY)
    _add_copies(register, 1000)
    counted: CountedStatements
    with open_reading(register) as reading, count_statements(register) as counted:
        (judged,) = judge_agreements(reading, [1], load_rules(reading), TODAY).values()
        total = reading.execute(select(func.count()).select_from(commitment)).scalar_one()
    assert counted.total - 1 == few.total and sum(judged.counts.values()) == total == 1004
    assert len(judged.facts.commitments) == 2  # what is late, and what is next


def _add_copies(register: Engine, number: int) -> None:
    with open_unit(register) as unit:
        row = unit.execute(select(commitment).where(commitment.c.reference == "far")).one()._mapping
        owner = unit.execute(select(commitment_owner).limit(1)).one()._mapping
        copies = [{**row, "id": 1000 + one, "reference": f"far-{one}"} for one in range(number)]
        unit.execute(commitment.insert(), copies)
        unit.execute(
            commitment_owner.insert(),
            [{**owner, "id": 1000 + one, "commitment_id": 1000 + one} for one in range(number)],
        )
