"""From what somebody does to what follows: event, run, mail, artifact; in bursts, and through a killed server."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from sqlalchemy import Engine

from commitments.agreement_file import read_files
from commitments.database import open_database, open_unit
from commitments.log import Author
from commitments.progress import add_activity
from commitments.register import import_files
from commitments.settings import Settings
from deployments import publishing
from deployments.embedded import PrefectServer, describe_surroundings
from migrations import migrate_database
from tests.flows.launching import AUTH, ROOT, Launched, ask, find_ports, launch, sign_in
from tests.flows.test_up import TUESDAY, count_rows

pytestmark = pytest.mark.slow
UNFOLLOWED = "SELECT count(*) FROM publication WHERE followed_at IS NULL OR published_at IS NULL"
FOLLOWED_RUNS = (
    "SELECT count(*) FROM flow_run JOIN deployment ON deployment.id = flow_run.deployment_id "
    "WHERE deployment.name = 'follow-changes' AND flow_run.state_type = 'COMPLETED'"
)


def wait_for(what: str, holds: Callable[[], bool], patience: float = 600) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"not in {patience:.0f} s: {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, started_before: Path) -> Iterator[Launched]:
    """A system as `tally up` starts it, with a password for its Prefect; all of the examples published and followed."""
    home = tmp_path_factory.mktemp("reaction") / "home"
    with launch(home, started_before, TALLY_CLOCK=TUESDAY, TALLY_PREFECT_AUTH=AUTH) as running:
        sign_in(running.prefect)
        running.wait_until_ready()
        wait_for("the examples are followed", lambda: not count_rows(running.home, UNFOLLOWED))
        yield running


def tally(system: Launched, *arguments: str) -> str:
    """A command, as a person gives it beside the running system."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TALLY_", "PREFECT_"))}
    settings = {"TALLY_HOME": str(system.home), "TALLY_CLOCK": TUESDAY, "TALLY_MAILBOX_PORT": str(system.ports[1])}
    command = [sys.executable, "-c", "from cli.main import run; run()", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=kept | settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read_events(system: Launched, name: str) -> list[dict[str, Any]]:
    span = {"since": "2026-01-01T00:00:00Z", "until": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    question = {"event": {"name": [name]}, "occurred": span}
    found: list[dict[str, Any]] = ask(system.prefect, "/events/filter", filter=question, limit=50)["events"]
    return found


def test_a_report_is_an_event_starts_a_run_sends_a_mail_and_leaves_an_artifact(system: Launched) -> None:
    before = set((system.home / "mailbox").glob("*.eml"))
    told = tally(
        system, "report-progress", "leeds-hangzhou-2018/library-link", "--party", "leeds", "--rating", "on_track",
        "--fulfilled",
    )  # fmt: skip
    assert "Recorded the report" in told
    letters: set[Path] = set()

    def arrived() -> bool:
        letters.update(set((system.home / "mailbox").glob("*.eml")) - before)
        return bool(letters)

    wait_for("the other party's mail", arrived)
    mail = message_from_bytes(next(iter(letters)).read_bytes(), policy=policy.default)
    assert "hangzhou" in str(mail["To"])
    wait_for("the change is published and followed", lambda: not count_rows(system.home, UNFOLLOWED))
    (event,) = (
        one
        for one in read_events(system, "tallystick.progress.reported")
        if one["payload"]["commitment"] == "leeds-hangzhou-2018/library-link"
    )
    assert event["resource"]["prefect.resource.id"] == "tallystick.agreement.leeds-hangzhou-2018"
    assert {one["prefect.resource.id"] for one in event["related"]} >= {
        "tallystick.commitment.leeds-hangzhou-2018/library-link",
        "tallystick.party.leeds",
        "tallystick.party.hangzhou",
    }
    entry = f"SELECT count(*) FROM log_entry WHERE event_id = '{event['id']}' AND subject = 'progress_report'"
    assert count_rows(system.home, entry) == 1
    named = {"name": {"like_": ": 1 agreement, 1 follow-up opened, 4 follow-ups closed, 1 message sent"}}
    done = {**named, "state": {"type": {"any_": ["COMPLETED"]}}}
    wait_for("the run is done", lambda: len(ask(system.prefect, "/flow_runs/filter", flow_runs=done)) == 1)
    (run,) = ask(system.prefect, "/flow_runs/filter", flow_runs=named)
    assert run["name"].startswith("follow changes 2026-11-24 09:30: ")
    found = ask(system.prefect, "/artifacts/filter", artifacts={"flow_run_id": {"any_": [run["id"]]}})
    (table,) = [one["data"] for one in found if one["key"] == "what-followed-from-it"]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ") and "](http" in line]
    page = f"http://127.0.0.1:{system.ports[3]}/agreements/leeds-hangzhou-2018/commitments/library-link"
    assert rows[0][0] == f"| leeds-hangzhou-2018<br>[library-link]({page})"
    assert {"progress reported", "opened", "closed"} <= {row[1] for row in rows}


def test_a_thousand_changes_in_a_burst_start_a_handful_of_runs_and_all_are_followed_and_published_once(
    system: Launched,
) -> None:
    started = count_rows(system.home, FOLLOWED_RUNS, "prefect/prefect.db")
    activities = "SELECT count(*) FROM events WHERE event = 'tallystick.activity.held'"
    held = count_rows(system.home, activities, "prefect/prefect.db")
    engine = open_database(f"sqlite:///{system.home / 'tally.db'}")
    author = Author("burst", datetime.fromisoformat(TUESDAY))
    for number in range(1000):
        with open_unit(engine) as unit:
            add_activity(
                unit, author, "gimcheon-chengdu", f"Visit {number}", "visit", "2026-11-20", date(2026, 11, 24),
                ["exchange-activities"], reference=f"burst-{number}",
            )  # fmt: skip
    engine.dispose()
    wait_for("all are published and followed", lambda: not count_rows(system.home, UNFOLLOWED))
    begun = "IN ('SCHEDULED', 'PENDING', 'RUNNING') AND flow_run.auto_scheduled = 0"
    left = FOLLOWED_RUNS.replace("= 'COMPLETED'", begun)
    wait_for("no run is left to do", lambda: not count_rows(system.home, left, "prefect/prefect.db"))
    assert 1 <= count_rows(system.home, FOLLOWED_RUNS, "prefect/prefect.db") - started <= 12
    assert count_rows(system.home, activities, "prefect/prefect.db") - held == 1000
    failed = FOLLOWED_RUNS.replace("= 'COMPLETED'", "IN ('FAILED', 'CRASHED')")
    assert count_rows(system.home, failed, "prefect/prefect.db") == 0


HELD = {"agreement": "gimcheon-chengdu", "title": "Concert", "kind": "performance", "held_on": "2026-11-20"}


def send_event(system: Launched, name: str, **payload: Any) -> dict[str, Any]:
    """What another system posts to Prefect's API."""
    event = {
        "id": str(uuid4()),
        "event": f"tallystick.inbound.{name}",
        "occurred": datetime.now(UTC).isoformat(),
        "resource": {"prefect.resource.id": "calendar.gimcheon"},
        "payload": payload,
    }
    ask(system.prefect, "/events", body=[event])
    return event


def test_what_other_systems_report_is_taken_in_and_what_is_wrong_is_answered_without_a_crash(system: Launched) -> None:
    sent = [send_event(system, "activity.held", **HELD, reference=f"concert-{number}") for number in range(60)]
    wrong = send_event(system, "activity.held", **{**HELD, "held_on": "yesterday-ish"})
    taken = "SELECT count(*) FROM inbound WHERE outcome = 'taken'"
    wait_for("all are taken in", lambda: count_rows(system.home, taken) == len(sent))
    wait_for("the wrong one is refused", lambda: count_rows(system.home, taken.replace("taken", "refused")) == 1)
    concerts = "SELECT count(*) FROM activity WHERE reference LIKE 'concert-%'"
    assert count_rows(system.home, concerts) == len(sent)
    follow_up = f"SELECT count(*) FROM follow_up WHERE kind = 'inbound_refused' AND matter = '{wrong['id']}'"
    assert count_rows(system.home, follow_up) == 1
    wait_for("they are followed", lambda: not count_rows(system.home, UNFOLLOWED))
    (answer,) = ask(system.prefect, "/artifacts/filter", artifacts={"key": {"any_": ["events-refused"]}})
    assert wrong["id"] in answer["data"]
    assert "yesterday-ish" in answer["data"]
    runs = FOLLOWED_RUNS.replace("'follow-changes'", "'take-in-events'")
    assert count_rows(system.home, runs, "prefect/prefect.db") <= 6
    failed = runs.replace("= 'COMPLETED'", "IN ('FAILED', 'CRASHED')")
    assert count_rows(system.home, failed, "prefect/prefect.db") == 0


@pytest.fixture
def register(tmp_path: Path, started_before: Path) -> Iterator[tuple[Engine, Settings]]:
    settings = Settings(home=tmp_path / "home", prefect_port=find_ports(1)[0])
    settings.home.mkdir()
    shutil.copytree(started_before, settings.home / "prefect")
    engine = open_database(settings.register_url)
    migrate_database(engine)
    now = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    import_files(engine, read_files([ROOT / "examples" / "gimcheon-chengdu.yaml"]), Author("test", now), now.date())
    yield engine, settings
    engine.dispose()


def act(engine: Engine, first: int, last: int) -> None:
    for number in range(first, last):
        with open_unit(engine) as unit:
            add_activity(
                unit, Author("test", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)), "gimcheon-chengdu", f"Visit {number}",
                "visit", "2026-11-20", date(2026, 11, 24), reference=f"act-{number}",
            )  # fmt: skip


def test_through_a_killed_server_no_event_is_lost_and_none_comes_twice(
    register: tuple[Engine, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, settings = register
    monkeypatch.setattr(publishing, "PATIENCE", timedelta(seconds=8))
    surroundings = describe_surroundings(settings)
    here = {PREFECT_API_URL: surroundings["PREFECT_API_URL"]}
    act(engine, 0, 40)
    with PrefectServer(settings, surroundings) as server, temporary_settings(here):
        server.wait_until_healthy(threading.Event())
        with publishing.open_client() as client:
            assert publishing.publish_round(engine, client).emitted > 40
            server._process.kill()
            server._process.wait()
            act(engine, 40, 60)
            for _ in range(2):
                with pytest.raises(httpx.HTTPError):
                    publishing.publish_round(engine, client)
    act(engine, 60, 80)
    with PrefectServer(settings, surroundings) as server, temporary_settings(here):
        server.wait_until_healthy(threading.Event())
        done = publishing.publish_all(engine, patience=600)
    assert done.waiting == 0
    with engine.connect() as reading:
        expected = set(reading.exec_driver_sql("SELECT event_id FROM log_entry WHERE event_id IS NOT NULL").scalars())
    with sqlite3.connect(settings.home / "prefect" / "prefect.db") as kept:
        found = Counter(row[0] for row in kept.execute("SELECT id FROM events WHERE event LIKE 'tallystick.%'"))
    assert set(found.values()) == {1}
    assert set(found) == expected
    assert len(found) > 80
