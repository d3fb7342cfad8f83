"""The forecast of one agreement: played in memory, it foresees what the daily job does on a copy, day by day."""

import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from commitments.agreement_file import read_files
from commitments.database import open_database, open_reading
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_files
from commitments.settings import Settings
from commitments.tables import agreement
from notifications.forecast import forecast_agreement
from notifications.planning import plan_messages
from notifications.replay import replay_messages
from tests.effort import QUICK
from tests.stories.day_by_day import forecast_day_by_day, replay_day_by_day
from tests.stories.lives import START, draw_rules, live

EXAMPLES = Path(__file__).parents[2] / "examples"
SEEDS = (12, 14) if QUICK else (5, 9, 12, 14, 16)


@pytest.fixture(scope="module")
def examples(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The examples, checked and planned on a morning."""
    path = tmp_path_factory.mktemp("forecast") / "tally.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}", synchronous="OFF")
    morning = datetime.combine(START, time(1), UTC)
    import_files(engine, read_files(sorted(EXAMPLES.glob("*.yaml"))), Author("test", morning), START)
    reconcile_register(engine, morning, START)
    plan_messages(engine, morning, START, domain="tally.example")
    yield engine
    engine.dispose()


def test_of_every_example_the_coming_weeks_are_foreseen_as_the_daily_job_brings_them(
    examples: Engine, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    with open_reading(examples) as reading:
        found = reading.execute(select(agreement.c.id).order_by(agreement.c.id)).scalars().all()
    told = 0
    for place, one in enumerate(found):
        now = datetime.combine(START + timedelta(days=5 * place), time(place), UTC)
        quick = list(forecast_agreement(examples, settings, now, 10, one))
        assert quick == forecast_day_by_day(examples, settings, now, 10, one)
        told += len(quick)
    assert told > 15


def test_an_agreement_is_foreseen_alike_on_every_database(engine: Engine, tmp_path: Path) -> None:
    now = live(engine, random.Random(12), 12)
    settings = Settings(home=tmp_path)
    quick = list(forecast_agreement(engine, settings, now, 30, 1))
    assert quick and quick == forecast_day_by_day(engine, settings, now, 30, 1)
    again = list(replay_messages(engine, settings, now, 10, only=1, rules={}))
    assert again and again == replay_day_by_day(engine, settings, now, 10, 1, {})


@pytest.mark.parametrize("seed", SEEDS)
def test_after_any_life_the_coming_and_the_last_weeks_are_played_as_the_daily_job_does(
    sqlite_engine: Engine, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    now = live(sqlite_engine, draw, 18)
    settings = Settings(home=tmp_path, time_zone=draw.choice(("UTC", "Asia/Shanghai")))
    for tried in (None, draw_rules(draw)):
        quick = list(forecast_agreement(sqlite_engine, settings, now, 28, 1, rules=tried))
        assert quick == forecast_day_by_day(sqlite_engine, settings, now, 28, 1, tried)
    rules = draw_rules(draw)
    again = list(replay_messages(sqlite_engine, settings, now, 16, only=1, rules=rules))
    assert again == replay_day_by_day(sqlite_engine, settings, now, 16, 1, rules)
