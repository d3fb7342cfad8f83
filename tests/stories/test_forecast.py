"""The forecast of one agreement: played in memory, it foresees what the daily job does on a copy, day by day."""

import random
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, update

from commitments.agreement_file import parse_agreement, read_files
from commitments.database import open_database, open_reading, open_unit
from commitments.deciding import Turn, take_turn
from commitments.log import Author
from commitments.progress import answer_follow_up
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement, import_files
from commitments.settings import Settings
from commitments.tables import agreement, contact, follow_up
from notifications.forecast import forecast_agreement, forecast_messages, play_moment
from notifications.moments import CHECK_HOUR, Moment
from notifications.planning import plan_messages
from notifications.playing import Foreseen
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
    engine = open_database(f"sqlite:///{path}")
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


@pytest.mark.parametrize("hour", [2, 9, 18])
def test_what_is_foreseen_at_any_hour_is_what_the_scheduled_jobs_send_to_people_of_every_zone(
    sqlite_engine: Engine, tmp_path: Path, hour: int
) -> None:
    some = [EXAMPLES / f"{name}.yaml" for name in ("harrowmere-songlan", "gimcheon-chengdu", "stoke-jingdezhen")]
    morning = datetime.combine(START, time(1, 5), UTC)
    import_files(sqlite_engine, read_files(some), Author("test", morning), START)
    with open_unit(sqlite_engine) as unit:
        unit.execute(update(contact).where(contact.c.id == 1).values(time_zone="Pacific/Honolulu"))
    settings = Settings(home=tmp_path, time_zone="Europe/London")
    now = datetime.combine(START, time(hour, 5), UTC)
    run_hourly(sqlite_engine, settings, morning, now)
    foreseen = list(forecast_messages(sqlite_engine, settings, now, 9))
    sent = run_hourly(sqlite_engine, settings, now, now + timedelta(days=9))
    assert len(sent) > 10
    assert sorted(tell(one) for one in foreseen) == sorted(tell(one) for one in sent)


def tell(one: Foreseen) -> tuple[datetime, str, str, str]:
    return one.at, one.contact, one.key, one.subject


def run_hourly(engine: Engine, settings: Settings, now: datetime, end: datetime) -> list[Foreseen]:
    """What the jobs send that run every hour, with a whole check a day; each message when its time has come."""
    at, sent = now, []
    while at < end:
        until = min(at + timedelta(hours=1), end)
        checks = at.astimezone(ZoneInfo(settings.time_zone)).hour == CHECK_HOUR
        sent += play_moment(engine, settings, Moment(at, until, checks))
        at = until
    return sent


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
    tried = draw_rules(draw)
    for by in (tried, None):
        played = list(forecast_agreement(sqlite_engine, settings, now, 28, 1, rules=by))
        assert played == forecast_day_by_day(sqlite_engine, settings, now, 28, 1, by)
    assert played == list(forecast_agreement(sqlite_engine, settings, now, 28, 1))
    rules = draw_rules(draw)
    again = list(replay_messages(sqlite_engine, settings, now, 16, only=1, rules=rules))
    assert again == replay_day_by_day(sqlite_engine, settings, now, 16, 1, rules)


FORM = """
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
      - {reference: cy, name: Cy, role: coordinator, channels: {mail: cy@north.example}}
commitments:
  - {reference: survey, summary: Hand over the survey., kind: deliverable, due: 2026-02-13,
     owners: [{party: north, contact: ann}]}
  - {reference: bridge, summary: Build the bridge., kind: deliverable, due: 2026-04-01,
     owners: [{party: north, contact: ann}]}
"""


def open_memorandum(engine: Engine) -> Author:
    """An agreement with one promise overdue and one to come, checked and planned on a morning."""
    morning = datetime.combine(START, time(1), UTC)
    author = Author("ann", morning, "because")
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(FORM.encode(), "north-south.yaml"), author, START)
    reconcile_register(engine, morning, START)
    plan_messages(engine, morning, START, domain="tally.example")
    return author


def list_days(engine: Engine, settings: Settings, author: Author, promise: str) -> list[date]:
    """On which days Ann is told of a promise in the coming weeks, as both ways foresee it."""
    quick = list(forecast_agreement(engine, settings, author.at, 40, 1))
    assert quick == forecast_day_by_day(engine, settings, author.at, 40, 1)
    return [
        one.day
        for one in quick
        if one.contact == "ann" and any(reason["matter"].endswith(promise) for reason in one.reasons)
    ]


def test_what_is_on_hold_until_a_day_is_told_again_from_the_next_one_on(sqlite_engine: Engine, tmp_path: Path) -> None:
    author, settings = open_memorandum(sqlite_engine), Settings(home=tmp_path)
    before = list_days(sqlite_engine, settings, author, "/bridge")
    with open_unit(sqlite_engine) as unit:
        take_turn(unit, author, "north-south/bridge", Turn.HOLD, "2026-03-20", START)
    after = list_days(sqlite_engine, settings, author, "/bridge")
    assert min(before) < date(2026, 3, 20) < min(after)
    assert [day for day in before if day > date(2026, 3, 24)] == [day for day in after if day > date(2026, 3, 24)]


def test_what_was_put_off_is_told_when_its_rest_is_over(sqlite_engine: Engine, tmp_path: Path) -> None:
    author, settings = open_memorandum(sqlite_engine), Settings(home=tmp_path)
    assert list_days(sqlite_engine, settings, author, "/survey")[0] == START
    with open_unit(sqlite_engine) as unit:
        key = unit.execute(select(follow_up.c.key).where(follow_up.c.matter == "north-south/survey")).scalar_one()
        until = date(2026, 3, 11)
        answer_follow_up(unit, author, key, START, done=False, snooze_until=until, note=None)
    assert list_days(sqlite_engine, settings, author, "/survey")[0] == until
