"""The short ways of a play: what it leaves out has nothing to tell, and changes nothing."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from commitments.database import open_unit
from commitments.days import Days
from commitments.facts import Standing
from commitments.settings import Settings
from commitments.tables import commitment, contact
from notifications.forecast import count_foreseen, forecast_agreement
from notifications.playing import Play
from notifications.reminders import find_prospects
from notifications.replay import count_replayed, replay_messages
from tests.effort import QUICK
from tests.stories.lives import draw_rules, live

ZONES = (
    "Pacific/Kiritimati",
    "Pacific/Auckland",
    "Asia/Shanghai",
    "Europe/London",
    "Pacific/Honolulu",
    "Pacific/Pago_Pago",
)
SEEDS = (5, 9, 12) if QUICK else range(24)


def spread_people(engine: Engine, draw: random.Random) -> None:
    """Let everybody live somewhere else."""
    with open_unit(engine) as unit:
        for one in unit.execute(select(contact.c.id).order_by(contact.c.id)).scalars().all():
            unit.execute(update(contact).where(contact.c.id == one).values(time_zone=draw.choice(ZONES)))


def look_at_all(play: Any, judged: Mapping[date, Sequence[Standing]], days: Days, _unread: object) -> None:
    play._begun = days.begun
    play._current, play._prospects = find_prospects(play._watched, judged, play._rules, days.today)


def settle_all(play: Any, judged: Mapping[date, Sequence[Standing]], days: Days) -> None:
    play._settled = {}, -1
    settle(play, judged, days)


def watch_all(_play: object, _today: date) -> frozenset[int]:
    return frozenset()


def rest_never(_play: object, _asked: object, _told: object) -> date:
    return date.min


settle = Play._reconcile


def play_both(engine: Engine, settings: Settings, now: datetime, rules: Mapping[str, Any]) -> Any:
    """The coming and the past days, each by these rules and by those that hold."""
    coming = [list(forecast_agreement(engine, settings, now, 90, 1, rules=by)) for by in (rules, None)]
    past = [list(replay_messages(engine, settings, now, 12, only=1, rules=by)) for by in (rules, {})]
    return coming, past


@pytest.mark.parametrize("seed", SEEDS)
def test_looking_at_whose_day_has_begun_tells_what_looking_at_everything_at_each_hour_would(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    draw = random.Random(seed)
    now = live(sqlite_engine, draw, 12)
    spread_people(sqlite_engine, draw)
    settings = Settings(home=tmp_path, time_zone=draw.choice(ZONES))
    rules = draw_rules(draw)
    coming, past = play_both(sqlite_engine, settings, now, rules)
    monkeypatch.setattr(Play, "_find_focus", look_at_all)
    monkeypatch.setattr(Play, "_reconcile", settle_all)
    assert (coming, past) == play_both(sqlite_engine, settings, now, rules)
    assert any(coming) or seed not in (5, 9, 12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_messages_of_a_play_are_as_many_as_are_counted_without_being_written(
    sqlite_engine: Engine, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    now = live(sqlite_engine, draw, 12)
    settings, rules = Settings(home=tmp_path), draw_rules(draw)
    coming = list(forecast_agreement(sqlite_engine, settings, now, 60, 1, rules=rules))
    assert count_foreseen(sqlite_engine, settings, now, 60, 1, rules=rules) == len(coming)
    past = list(replay_messages(sqlite_engine, settings, now, 12, only=1, rules=rules))
    assert count_replayed(sqlite_engine, settings, now, 12, only=1, rules=rules) == len(past)


@pytest.mark.parametrize("seed", SEEDS)
def test_looking_away_from_what_is_overdue_for_good_while_its_ladder_rests_tells_what_watching_all_of_it_would(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    draw = random.Random(seed)
    now = live(sqlite_engine, draw, 12)
    make_plain(sqlite_engine, now.date())
    spread_people(sqlite_engine, draw)
    settings = Settings(home=tmp_path, time_zone=draw.choice(ZONES))
    rules = draw_rules(draw)
    seen: set[int] = set()
    find = Play._find_quiet

    def note(play: Play, today: date) -> frozenset[int]:
        quiet = find(play, today)
        seen.update(quiet)
        return quiet

    monkeypatch.setattr(Play, "_find_quiet", note)
    played = play_both(sqlite_engine, settings, now, rules)
    assert seen or seed not in (5, 12), "some of it was looked away from"
    monkeypatch.setattr(Play, "_find_quiet", watch_all)
    monkeypatch.setattr(Play, "_find_rest", rest_never)
    assert played == play_both(sqlite_engine, settings, now, rules)


def make_plain(engine: Engine, today: date) -> None:
    """Let every promise be a deliverable that was, or will be, due about these days."""
    with open_unit(engine) as unit:
        for place, one in enumerate(unit.execute(select(commitment.c.id).order_by(commitment.c.id)).scalars().all()):
            due = today + timedelta(days=9 * (place % 8) - 20)
            plain = {"kind": "deliverable", "due": due.isoformat(), "period_from": None, "recurrence": None}
            unit.execute(update(commitment).where(commitment.c.id == one).values(plain))
