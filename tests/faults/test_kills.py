"""Kills the day's job at every named place and at random moments, starts it again, and holds it to I1 to I6."""

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.effort import choose_databases
from tests.faults.conftest import Given, Morning, Registers
from tests.faults.dataset import NOW, TODAY
from tests.faults.day import finish_day, start_day
from tests.faults.oracle import judge_day
from tests.faults.post_office import Offices

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


def finish_and_judge(
    day: Given, morning: Morning, kills: int, tally: Tally, name: str, now: datetime = NOW, *, senders: int = 1
) -> None:
    finish_day(day.orders, now=now)
    verdict = judge_day(day.engine, day.office.read(), morning.expected, TODAY, kills * senders)
    assert verdict.broken == [], f"after a kill at {name}"
    tally.kills += kills
    tally.messages += verdict.messages
    tally.lost += verdict.lost
    tally.repeated += verdict.repeated


def test_the_day_without_faults_passes_every_failpoint_that_the_code_names(morning: Morning) -> None:
    named = set()
    for folder in ("commitments", "notifications"):
        for path in (ROOT / folder).glob("*.py"):
            named |= set(
                re.findall(r'^\s+failpoint\("((?:reconcile|planning|outbox|smtp)\.[a-z_]+)"\)', path.read_text(), re.M)
            )
    assert named == set(morning.hits)
    assert len(named) >= 14
    assert sum(count > 1 for count in morning.hits.values()) >= 12


def kill_everywhere(
    morning: Morning,
    given: Callable[[], Given],
    choose_hits: Callable[[int], set[int]],
    *,
    parts: tuple[str, ...] = ("",),
    senders: int = 1,
) -> None:
    tally = Tally()
    for name, count in sorted(morning.hits.items()):
        if not name.startswith(parts):
            continue
        for hit in sorted(choose_hits(count)):
            day = given()
            killed = finish_day(day.orders, failpoints=f"{name}=kill@{hit}", senders=senders)
            assert killed is None, f"{name}@{hit} did not kill"
            finish_and_judge(day, morning, 1, tally, f"{name}@{hit}", senders=senders)
    print(f"\nat named places: {tally}")
    assert tally.lost == 0


def find_middle(count: int) -> int:
    return count // 2 + 1


def test_a_kill_at_any_named_place_loses_nothing_and_repeats_at_most_the_letter_under_way(
    morning: Morning, given: Callable[[], Given]
) -> None:
    kill_everywhere(morning, given, lambda count: {find_middle(count)})


def test_a_kill_while_four_senders_are_at_work_repeats_at_most_the_four_letters_under_way(
    morning: Morning, given: Callable[[], Given]
) -> None:
    kill_everywhere(morning, given, lambda count: {max(count // 3, 1)}, parts=("outbox.", "smtp."), senders=4)


@pytest.mark.slow
@pytest.mark.parametrize("registers", choose_databases(), indirect=True)
def test_nor_does_a_kill_the_first_or_the_last_time_a_place_is_passed(
    morning: Morning, given: Callable[[], Given]
) -> None:
    kill_everywhere(morning, given, lambda count: {1, count} - {find_middle(count)})


@pytest.mark.slow
@pytest.mark.parametrize("registers", choose_databases(), indirect=True)
def test_a_fault_raised_at_any_named_place_loses_nothing_either(morning: Morning, given: Callable[[], Given]) -> None:
    tally = Tally()
    for name, count in sorted(morning.hits.items()):
        day = given()
        with pytest.raises(AssertionError, match="FaultAsked"):
            finish_day(day.orders, failpoints=f"{name}=raise@{find_middle(count)}")
        # The letter under way counts as one whose fate is not known, and those are tried again after a minute.
        finish_and_judge(day, morning, 1, tally, name, NOW + timedelta(minutes=2))
    print(f"\nfaults raised: {tally}")
    assert tally.lost == 0


@pytest.mark.slow
def test_random_kills_several_a_day_lose_nothing(morning: Morning, given: Callable[[], Given]) -> None:
    tally = Tally()
    for number in range(ROUNDS):
        dice = random.Random(number)
        day, kills, names = given(), 0, []
        for _ in range(dice.randint(1, 4)):
            if dice.random() < 0.5:
                name = dice.choice(sorted(morning.hits))
                place = f"{name}=kill@{dice.randint(1, morning.hits[name])}"
                kills += finish_day(day.orders, failpoints=place) is None
            else:
                moment = dice.uniform(0, 0.4)
                place = f"{moment:.3f} s"
                running = start_day(day.orders)
                time.sleep(moment)
                running.kill()
                kills += running.finish() is None
            names.append(place)
        finish_and_judge(day, morning, kills, tally, f"{names} of round {number}")
    print(f"\nat random: {tally}")
    assert tally.lost == 0
    assert tally.kills >= ROUNDS // 2  # on a fast machine a day may be over before its moment comes


def test_the_dead_senders_letters_go_at_once_and_not_after_the_lease(given: Callable[[], Given]) -> None:
    day = given()
    assert finish_day(day.orders, failpoints="outbox.after_send=kill@3") is None
    report = finish_day(day.orders)
    assert report is not None
    assert report["released"] > 1
    assert report["repeated"] == 1
    assert report["sent"] == len({mail.message_id for mail in day.office.read()}) - 2


def test_a_process_started_by_command_is_killed_by_its_environment(
    sqlite_registers: Registers, offices: Offices
) -> None:
    day = Given(sqlite_registers, offices)
    environment = {
        **os.environ, "TALLY_DATABASE_URL": day.url, "TALLY_MAIL_URL": day.office.url,
        "TALLY_CLOCK": NOW.isoformat(), "TALLY_SYNCHRONOUS": "NORMAL", "TALLY_SENDERS": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.faults.day"]
    killed = subprocess.run(
        command, cwd=ROOT, env=environment | {"TALLY_FAILPOINTS": "outbox.before_record=kill@2"}, check=False
    )
    assert killed.returncode == -9
    assert len(day.office.read()) == 2
    finished = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    assert json.loads(finished.stdout)["released"] > 0
    mails = day.office.read()
    assert len(mails) - len({mail.message_id for mail in mails}) == 1
    day.engine.dispose()
