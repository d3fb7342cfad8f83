"""When nothing runs any more, nothing in the engine can say so: `tally watch`, started by cron, tells the operator."""

import threading
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from test_cli import NOW, Tally, examples_template, home, letters, look, tally

from commitments.database import open_database, open_unit
from commitments.operations import record_beginning, record_finish
from deployments.embedded import CannotStart

__all__ = ["examples_template", "home", "letters", "tally"]  # the fixtures
MOMENT = datetime.fromisoformat(NOW)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def operator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_OPERATOR", "ops@house.example")


def run_flow(home: Path, flow: str, at: datetime) -> None:
    """What a run leaves in the register."""
    engine = open_database(f"sqlite:///{home / 'tally.db'}")
    with open_unit(engine) as unit:
        record_beginning(unit, flow, at)
        record_finish(unit, flow, at)
    engine.dispose()


def test_while_flows_run_all_is_well_and_nothing_is_sent(tally: Tally, home: Path, letters: Path) -> None:
    run_flow(home, "check-progress", MOMENT - 4 * HOUR)
    run_flow(home, "deliver", MOMENT - HOUR)
    done = tally("watch")
    assert (done.code, done.out.splitlines()[-1]) == (0, "All is well.")
    assert not list(letters.glob("*.eml"))


def test_after_two_hours_without_a_run_the_operator_is_mailed_once_and_it_closes_with_the_next_run(
    tally: Tally, home: Path, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_flow(home, "check-progress", MOMENT - 4 * HOUR)
    run_flow(home, "deliver", MOMENT - 3 * HOUR)
    first, second = tally("watch"), tally("watch", "--json")
    assert (first.code, second.code) == (3, 3)
    assert "1 alert sent to the operator." in first.out
    assert (second.json["alerts_sent"], second.json["alerts_waiting"]) == (0, 0)
    assert [one["reason"] for one in second.json["open"]] == ["no flow has begun for 3 hours"]
    (letter,) = letters.glob("*.eml")
    mail = message_from_bytes(letter.read_bytes(), policy=policy.default)
    assert "ops@house.example" in mail["To"]
    assert mail["Subject"] == "Nothing runs: no flow has begun for 3 hours"
    run_flow(home, "deliver", MOMENT)
    assert tally("watch").code == 0


def test_no_other_message_goes_with_the_alert(tally: Tally, home: Path, letters: Path) -> None:
    tally("check")
    run_flow(home, "deliver", MOMENT - 3 * HOUR)
    tally("watch")
    assert len(list(letters.glob("*.eml"))) == 1
    assert look(home, "select count(*) from notification where state = 'queued'")[0][0] > 10


def test_an_alert_that_no_server_takes_is_said_to_whoever_started_the_watch(tally: Tally, home: Path) -> None:
    run_flow(home, "deliver", MOMENT - 3 * HOUR)
    done = tally("watch")
    assert done.code == 3
    assert "1 alert could not be sent" in done.out
    assert "refused" in done.out.lower()


def test_where_no_flow_ever_ran_there_is_nothing_to_watch(tally: Tally, home: Path, letters: Path) -> None:
    done = tally("watch")
    assert (done.code, "No flow ever ran here" in done.out) == (0, True)


def test_the_doctor_says_when_a_flow_ran_last(tally: Tally, home: Path, letters: Path) -> None:
    run_flow(home, "check-progress", MOMENT - 3 * HOUR)
    done = tally("doctor", "--json")
    runs = next(one for one in done.json["checks"] if one["subject"] == "runs")
    assert (done.code, runs["state"], runs["found"][:30]) == (3, "broken", "a flow ran last 3 hours ago; 2")
    assert "tally watch" in runs["advice"]


def test_when_tally_up_gives_up_the_operator_is_told_before_it_ends(
    tally: Tally, home: Path, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commitments.settings import Settings
    from deployments import revival, up

    class Dead:
        log = home / "none.log"

        def describe_end(self) -> str:
            return "the Prefect server was killed by signal 9"

    monkeypatch.setattr(revival, "WAITS", ())
    tally("status")
    engine = open_database(f"sqlite:///{home / 'tally.db'}")
    dead: Any = Dead()
    with pytest.raises(CannotStart, match="given up"):
        up._keep_alive(dead, dead, up._Board(), threading.Event(), lambda: up._tell_end(engine, Settings()))
    engine.dispose()
    (letter,) = letters.glob("*.eml")
    mail = message_from_bytes(letter.read_bytes(), policy=policy.default)
    assert mail["Subject"] == "Nothing runs: no flow runs any more"
