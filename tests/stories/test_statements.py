"""The number of SQL statements of the check, of planning and of composing does not grow with the rows."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, insert, select, update

from commitments import reconcile
from commitments.chunks import split_register
from commitments.database import open_reading, open_unit
from commitments.reconcile import load_rules, reconcile_register
from commitments.settings import Settings
from commitments.tables import contact, metadata
from notifications import planning
from notifications.composing import compose_messages
from notifications.names import load_names
from notifications.planning import plan_messages
from notifications.tables import notice, notification
from tests.conftest import CountedStatements
from tests.faults.dataset import NOW, TODAY, fill_register

Counter = Callable[[Engine], AbstractContextManager[CountedStatements]]
DOMAIN = "tally.example"


def count_day(engine: Engine, count: Counter, commitments: int) -> tuple[list[str], list[str]]:
    """The statements of check and planning over a register of so many commitments, on the first day."""
    empty_register(engine)
    fill_register(engine, commitments, without_address=commitments // 20)
    with open_unit(engine) as unit:  # else each of those owners would be stood in for
        unit.execute(update(contact).where(contact.c.role == "coordinator").values(channels={}))
    with count(engine) as checked:
        reconciled = reconcile_register(engine, NOW, TODAY)
    with count(engine) as planned:
        plan = plan_messages(engine, NOW, TODAY, domain=DOMAIN)
    assert reconciled.opened >= commitments // 2
    assert plan.notices >= commitments // 2
    assert plan.passed_over
    assert plan.held >= commitments // 20
    return checked.statements, planned.statements


def empty_register(engine: Engine) -> None:
    with open_unit(engine) as unit:
        for table in reversed(metadata.sorted_tables):
            unit.execute(delete(table))


def test_check_and_planning_need_as_many_statements_for_400_commitments_as_for_20(
    engine: Engine, count_statements: Counter
) -> None:
    few, many = (count_day(engine, count_statements, size) for size in (20, 400))
    with open_reading(engine) as reading:
        rows = reading.execute(select(func.count()).select_from(notice)).scalar_one()
    assert rows > 400
    for small, large in zip(few, many, strict=True):
        pages = sum("INTO notice" in one for one in large) - sum("INTO notice" in one for one in small)
        assert pages <= rows // 500
        assert len(large) - pages == len(small), list_new(small, large)


def list_new(small: Sequence[str], large: Sequence[str]) -> list[str]:
    """The statements that are there for the large register only."""
    rest = list(large)
    for one in small:
        if one in rest:
            rest.remove(one)
    return rest


def test_a_day_on_which_all_follow_ups_close_needs_as_many_statements_for_400_commitments_as_for_20(
    engine: Engine, count_statements: Counter
) -> None:
    counts = []
    for size in (20, 400):
        count_day(engine, count_statements, size)
        with open_unit(engine) as unit:
            commitment = metadata.tables["commitment"]
            unit.execute(commitment.update().values(state="fulfilled"))
        with count_statements(engine) as counted:
            done = reconcile_register(engine, NOW, TODAY)
        assert done.closed >= size // 2
        counts.append(counted.total)
    assert counts[0] == counts[1]


def test_each_chunk_needs_the_same_number_of_statements(
    engine: Engine, count_statements: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def split_small(reading: Any) -> Any:
        return split_register(reading, 60)

    monkeypatch.setattr(reconcile, "split_register", split_small)
    monkeypatch.setattr(planning, "split_register", split_small)
    checked, planned = zip(
        *([len(part) for part in count_day(engine, count_statements, 60 * chunks)] for chunks in (1, 2, 5)), strict=True
    )
    assert checked[2] - checked[1] == 3 * (checked[1] - checked[0])
    assert checked[1] - checked[0] < 24
    assert planned[2] - planned[1] == 3 * (planned[1] - planned[0])
    assert planned[1] - planned[0] < 20


def test_composing_needs_as_many_statements_for_a_full_batch_as_for_two_messages(
    sqlite_engine: Engine, count_statements: Counter
) -> None:
    fill_register(sqlite_engine, 400)
    reconcile_register(sqlite_engine, NOW, TODAY)
    plan_messages(sqlite_engine, NOW, TODAY, domain=DOMAIN)
    with open_reading(sqlite_engine) as reading:
        rows = reading.execute(select(notification).where(notification.c.kind.in_(("follow_up", "confirmation")))).all()
        rules, names = load_rules(reading), load_names(reading)
        counts = []
        for batch in (rows[:2], rows):
            with count_statements(sqlite_engine) as counted:
                messages = compose_messages(reading, batch, rules, names, TODAY)
            assert len(messages) == len(batch)
            assert all(message.items for message in messages.values())
            counts.append(counted.total)
    assert len(rows) > 20
    assert counts[0] == counts[1] <= 5


def test_the_sentences_of_a_full_batch_are_found_with_as_many_statements_as_those_of_two_messages(
    sqlite_engine: Engine, count_statements: Counter, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text("Both sides shall meet.", encoding="utf-8")
    place = {"document": "text.txt", "start": 0, "end": 22, "sha256": sha256(b"Both sides shall meet.").hexdigest()}
    fill_register(sqlite_engine, 400)
    reconcile_register(sqlite_engine, NOW, TODAY)
    plan_messages(sqlite_engine, NOW, TODAY, domain=DOMAIN)
    with open_unit(sqlite_engine) as unit:
        unit.execute(update(metadata.tables["commitment"]).values(quote_sources={"en": place}, quote={}))
    settings = Settings(home=tmp_path, sources=tmp_path)
    with open_reading(sqlite_engine) as reading:
        rows = reading.execute(select(notification).where(notification.c.kind.in_(("follow_up", "confirmation")))).all()
        rules, names = load_rules(reading), load_names(reading)
        counts = []
        for batch in (rows[:2], rows):
            with count_statements(sqlite_engine) as counted:
                messages = compose_messages(reading, batch, rules, names, TODAY, settings=settings)
            assert any(item.is_quote for message in messages.values() for item in message.items)
            counts.append(counted.total)
    assert counts[0] == counts[1] <= 7


def test_the_count_sees_every_statement(sqlite_engine: Engine, count_statements: Counter) -> None:
    party = metadata.tables["party"]
    with count_statements(sqlite_engine) as counted, open_unit(sqlite_engine) as unit:
        for number in range(7):
            unit.execute(insert(party).values(reference=f"city-{number}", names={}))
    assert counted.total == 7
