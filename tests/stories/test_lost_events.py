"""With every event lost, the day ends as it would have with all of them."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, delete, select, update

from commitments.agreement_file import read_files
from commitments.database import open_database, open_reading, open_unit
from commitments.failpoints import FaultAsked
from commitments.log import Author
from commitments.progress import add_activity, report_progress
from commitments.publication import list_unfollowed
from commitments.reconcile import reconcile_register
from commitments.register import import_files
from commitments.tables import follow_up, log_entry
from flows.following import Followed, follow_up_changes, tell_story
from flows.send_reminders import KINDS
from notifications import planning
from notifications.planning import plan_changes, plan_messages
from notifications.queueing import Planned
from notifications.tables import notice, notification

EXAMPLES = Path(__file__).parents[2] / "examples"
MORNING = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
LINK, GIMCHEON, INVESTORS = (
    "leeds-hangzhou-2018/library-link",
    "gimcheon-chengdu",
    "stoke-jingdezhen/encourage-investors",
)


@pytest.fixture
def registers(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Two registers of the examples on the same morning, after the day's job."""
    first = tmp_path / "with.db"
    shutil.copyfile(sqlite_template, first)
    engine = open_database(f"sqlite:///{first}")
    import_files(engine, read_files(sorted(EXAMPLES.glob("*.yaml"))), Author("mei", MORNING), TODAY)
    reconcile_register(engine, MORNING + timedelta(minutes=5), TODAY)
    plan_messages(engine, MORNING, TODAY, domain="tallystick.example")
    engine.dispose()
    second = tmp_path / "without.db"
    shutil.copyfile(first, second)
    engines = open_database(f"sqlite:///{first}"), open_database(f"sqlite:///{second}")
    yield engines
    for one in engines:
        one.dispose()


def live(engine: Engine) -> None:
    """What people do in the course of the morning, written as an import would: without looking further."""
    author = Author("mei", NOON)
    with open_unit(engine) as unit:
        report_progress(unit, author, LINK, "leeds", None, "on_track", TODAY, fulfilled=True)
    with open_unit(engine) as unit:
        add_activity(unit, author, GIMCHEON, "Visit", "visit", "2026-11-20", TODAY, ["exchange-activities"])
    with open_unit(engine) as unit:
        report_progress(unit, author, INVESTORS, "stoke-on-trent", None, "at_risk", TODAY)


def plan(engine: Engine) -> Planned:
    return plan_messages(engine, NOON, TODAY, kinds=frozenset(KINDS), domain="tallystick.example")


def follow(engine: Engine, now: datetime = NOON) -> Followed:
    part = partial(plan_changes, engine, now, TODAY, kinds=frozenset(KINDS), domain="tallystick.example")
    return follow_up_changes(engine, now, TODAY, part)


def picture(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Every row that the engine may write, but for numbers and for the ids of events, which are made anew."""
    left_out = {"id", "notification_id", "follow_up_id", "row_id", "event_id"}

    def rows(table: Table) -> list[dict[str, Any]]:
        with open_reading(engine) as reading:
            found = [
                {name: value for name, value in row._mapping.items() if name not in left_out}
                for row in reading.execute(select(table))
            ]
        return sorted(found, key=str)

    return {table.name: rows(table) for table in (follow_up, notice, notification, log_entry)}


def test_a_day_without_a_single_event_ends_like_one_with_all_of_them(registers: tuple[Engine, Engine]) -> None:
    followed, swept = registers
    for engine in registers:
        live(engine)
    assert follow(followed).changes >= 3
    for engine in registers:  # the sweep on schedule comes to both
        reconcile_register(engine, NOON, TODAY)
        plan(engine)
    assert picture(followed) == picture(swept)


def test_after_the_changes_were_followed_the_sweep_has_nothing_to_do(registers: tuple[Engine, Engine]) -> None:
    engine, _ = registers
    live(engine)
    follow(engine)
    before = picture(engine)
    assert reconcile_register(engine, NOON, TODAY).touched == 0
    assert plan(engine).touched == 0
    assert picture(engine) == before


def test_a_second_run_finds_nothing_and_its_own_steps_call_for_none(registers: tuple[Engine, Engine]) -> None:
    engine, _ = registers
    live(engine)
    first = follow(engine)
    assert first.queued > 0
    with open_reading(engine) as reading:
        assert list_unfollowed(reading, 10) == []
    assert follow(engine).changes == 0


@pytest.mark.parametrize("place", ["following.before_planning", "following.before_mark"])
def test_killed_under_way_the_next_run_takes_up_what_is_left(
    registers: tuple[Engine, Engine], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, other = registers
    for one in registers:
        live(one)
    from flows import following

    def fall(name: str) -> None:
        if name == place:
            raise FaultAsked(name)

    with monkeypatch.context() as broken:
        broken.setattr(following, "failpoint", fall)
        with pytest.raises(FaultAsked):
            follow(engine)
    assert follow(engine).changes == follow(other).changes
    assert picture(engine) == picture(other)


def test_the_story_of_a_run_tells_who_did_what_and_which_follow_ups_that_closed_and_why(
    registers: tuple[Engine, Engine],
) -> None:
    engine, _ = registers
    follow(engine)
    live(engine)
    story = tell_story(engine, follow(engine), "Europe/London")
    assert story.closed > 0
    assert story.opened > 0
    assert story.rows[0]["who"] == "mei"
    assert {"progress reported", "activity held", "closed", "opened"} <= {row["change"] for row in story.rows}
    assert all(row["why"] for row in story.rows if row["follow-up"])
    assert {row["when"] for row in story.rows} == {"2026-11-24 12:00"}


def test_the_story_of_a_run_leaves_out_what_another_run_opened_and_closed_meanwhile(
    registers: tuple[Engine, Engine],
) -> None:
    engine, _ = registers  # what was imported was judged by the check of the morning
    story = tell_story(engine, follow(engine, NOON + timedelta(minutes=1)), "Europe/London")
    assert story.rows, "the import is told"
    assert (story.opened, story.closed) == (0, 0)


def test_what_goes_at_once_is_planned_from_what_changed_and_what_takes_a_day_from_everything(
    registers: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the day's letter would go with one matter in it, and tell of all others a day late."""
    engine, other = registers
    for one in registers:
        follow(one)  # what was imported
        with open_unit(one) as unit:
            unit.execute(update(notification).values(state="sent", sent_at=MORNING))
    with open_reading(engine) as reading:
        before = set(reading.execute(select(notification.c.id)).scalars())
    whole: list[str] = []

    def plan_whole(*arguments: Any, **chosen: Any) -> Planned:
        whole.append("whole")
        return plan_messages(*arguments, **chosen)

    monkeypatch.setattr(planning, "plan_messages", plan_whole)
    author = Author("mei", NOON)
    with open_unit(engine) as unit:
        report_progress(unit, author, LINK, "leeds", None, "on_track", TODAY, fulfilled=True)
    assert follow(engine).queued == 1
    assert whole == []
    with open_reading(engine) as reading:
        new = select(notification.c.kind).where(notification.c.id.not_in(before))
        assert list(reading.execute(new).scalars()) == ["confirmation"]
    # Two matters of one person fell due and nobody has planned since; one of them is touched.
    with open_unit(other) as unit:
        unit.execute(delete(notice))
        unit.execute(delete(notification))
        report_progress(unit, author, INVESTORS, "stoke-on-trent", None, "at_risk", TODAY)
    follow(other)
    assert whole == ["whole"]
