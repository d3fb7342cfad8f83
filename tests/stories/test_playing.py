"""The short ways of a play: what it leaves out has nothing to tell, and changes nothing."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from commitments.database import open_unit
from commitments.days import Days
from commitments.facts import Standing
from commitments.settings import Settings
from commitments.tables import contact
from notifications.forecast import forecast_agreement
from notifications.playing import Play
from notifications.reminders import find_prospects
from notifications.replay import replay_messages
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
