"""Kills the day's job at every named place and at random moments, starts it again, and holds it to I1 to I6."""

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.faults.conftest import Given, Morning
from tests.faults.dataset import TODAY
from tests.faults.day import finish_day, start_day
from tests.faults.oracle import judge_day

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "8"))
"""How many days are killed at random; hundreds for a long night."""


@dataclass
class Tally:
    """What all the kills of a test came to."""

    kills: int = 0
    messages: int = 0
    lost: int = 0
    repeated: int = 0

    def __str__(self) -> str:
        return f"{self.kills} kills, {self.messages} messages, {self.lost} lost, {self.repeated} repeated"


def finish_and_judge(day: Given, morning: Morning, kills: int, tally: Tally, name: str) -> None:
    finish_day(day.orders)
    verdict = judge_day(day.engine, day.office.read(), morning.expected, TODAY, kills)
    assert verdict.broken == [], f"after a kill at {name}"
    tally.kills += kills
    tally.messages += verdict.messages
    tally.lost += verdict.lost
    tally.repeated += verdict.repeated


def test_the_day_without_faults_passes_every_failpoint_that_the_code_names(morning: Morning) -> None:
    named = set()
    for folder in ("commitments", "notifications"):
        for path in (ROOT / folder).glob("*.py"):
            named |= set(re.findall(r'^\s+failpoint\("((?:reconcile|planning|outbox|smtp)\.[a-z_]+)"\)', path.read_text(), re.M))
    assert named == set(morning.hits)
    assert len(named) >= 14
    assert sum(count > 1 for count in morning.hits.values()) >= 12


def test_a_kill_at_any_named_place_loses_nothing_and_repeats_at_most_the_letter_under_way(
    morning: Morning, given: Callable[[], Given]
) -> None:
    tally = Tally()
    for name, count in sorted(morning.hits.items()):
        for hit in sorted({1, count // 2 + 1}):
            day = given()
            killed = finish_day(day.orders, failpoints=f"{name}=kill@{hit}")
            assert killed is None, f"{name}@{hit} did not kill"
            finish_and_judge(day, morning, 1, tally, f"{name}@{hit}")
    print(f"\nat named places: {tally}")
    assert tally.lost == 0
