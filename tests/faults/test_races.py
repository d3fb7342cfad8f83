"""The day's job run twice, and by two and eight processes at the same moment, on both databases."""

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from commitments.database import open_database, open_reading, open_unit
from commitments.tables import commitment, commitment_owner, log_entry
from migrations import migrate_database, require_current
from tests.faults.conftest import Given, Morning
from tests.faults.dataset import NOW, TODAY, coordinator_id
from tests.faults.day import finish_day, race
from tests.faults.oracle import copy_rows, judge_day

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
AT_ONCE = "reconcile.after_read=sleep:0.2;planning.before_commit=sleep:0.1;outbox.after_claim=sleep:0.1"
"""Each waits where the others would have to see what it has not yet written."""


@pytest.mark.parametrize("runners", [2, 8])
@pytest.mark.parametrize(
    "failpoints", [pytest.param("", marks=pytest.mark.slow), AT_ONCE], ids=["as fast as can be", "side by side"]
)
def test_runs_at_the_same_moment_double_nothing(
    morning: Morning, given: Callable[[], Given], runners: int, failpoints: str
) -> None:
    for _ in range(ROUNDS):
        day = given()
        reports = race(replace(day.orders, failpoints=failpoints), runners)
        verdict = judge_day(day.engine, day.office.read(), morning.expected, TODAY)
        assert verdict.broken == []
        assert (verdict.lost, verdict.repeated) == (0, 0)
        assert sum(report["sent"] for report in reports) == len(morning.expected.messages)
        assert sum(report["changed"] for report in reports) == len(morning.expected.follow_ups)
        assert sum(report["planned"] for report in reports) == len(morning.expected.notices)
        before = copy_rows(day.engine)
        assert all(is_idle(report) for report in race(day.orders, runners))
        assert copy_rows(day.engine) == before


def is_idle(report: dict[str, Any]) -> bool:
    """Whether a run did nothing at all."""
    return not any(report.values())


MOMENTS = {
    "on a Wednesday": NOW,
    "on a Friday": datetime.fromisoformat("2026-03-13T08:30:00+00:00"),
    "on a Saturday": datetime.fromisoformat("2026-03-14T10:00:00+00:00"),
    "on the last day of a month": datetime.fromisoformat("2026-03-31T08:30:00+00:00"),
    "late in the evening": datetime.fromisoformat("2026-03-11T19:30:00+00:00"),
}


@pytest.mark.parametrize(
    ("registers", "moment"),
    [
        *[pytest.param("sqlite", moment, id=f"sqlite {name}") for name, moment in MOMENTS.items()],
        pytest.param("postgresql", NOW, id="postgresql", marks=pytest.mark.slow),
    ],
    indirect=["registers"],
)
def test_running_the_day_twice_changes_nothing_the_second_time(given: Callable[[], Given], moment: datetime) -> None:
    day = given()
    first = finish_day(day.orders, now=moment)
    assert first is not None
    assert first["changed"]
    assert first["planned"]
    before = copy_rows(day.engine)
    mails = day.office.read()
    for later in (timedelta(), timedelta(minutes=5), timedelta(hours=1)):
        report = finish_day(day.orders, now=moment + later)
        assert report is not None
        assert is_idle(report), f"{report} {later} later"
        assert copy_rows(day.engine) == before
    assert day.office.read() == mails


@pytest.mark.slow
def test_runs_at_the_same_moment_pass_on_close_and_reopen_each_follow_up_once(given: Callable[[], Given]) -> None:
    day = given()
    finish_day(day.orders)
    with open_unit(day.engine) as unit:
        # In every city another owner takes over what the first had, and each fifth promise is kept.
        for city in range(6):
            unit.execute(
                update(commitment_owner)
                .where(commitment_owner.c.contact_id == coordinator_id(city) - 3)
                .values(contact_id=coordinator_id(city) - 1)
            )
        unit.execute(update(commitment).where(commitment.c.id % 5 == 1).values(state="fulfilled"))
    race(replace(day.orders, now=NOW + timedelta(minutes=10), failpoints=AT_ONCE), 8)
    with open_unit(day.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.id % 5 == 1).values(state="active"))
    race(replace(day.orders, now=NOW + timedelta(minutes=20), failpoints=AT_ONCE), 8)
    with open_reading(day.engine) as reading:
        entries = Counter(
            (row.action, row.reference)
            for row in reading.execute(select(log_entry).where(log_entry.c.subject == "follow_up"))
        )
    assert {action for action, _ in entries} == {"registered", "reassigned", "closed", "opened"}
    assert entries.most_common(1)[0][1] == 1, entries.most_common(5)


def test_a_new_register_may_be_opened_while_another_is_just_writing_its_first_page(tmp_path: Path) -> None:
    first = sqlite3.connect(tmp_path / "new.db", isolation_level=None, check_same_thread=False)
    first.execute("BEGIN IMMEDIATE")  # before the file is turned to WAL, SQLite refuses others without waiting
    threading.Timer(0.3, first.execute, ["COMMIT"]).start()
    engine = open_database(f"sqlite:///{tmp_path}/new.db")
    migrate_database(engine)
    require_current(engine)
    engine.dispose()
    first.close()


def test_a_new_register_is_migrated_by_eight_at_once(tmp_path: Path) -> None:
    engines = [open_database(f"sqlite:///{tmp_path}/new.db") for _ in range(8)]
    together = threading.Barrier(8)

    def migrate(engine: Engine) -> None:
        together.wait(120)
        migrate_database(engine)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(migrate, engine) for engine in engines]:
            done.result(timeout=240)
    require_current(engines[0])
    for engine in engines:
        engine.dispose()
