"""`tally deploy` as an operator has it: against a real server, twice, and a worker that runs what was deployed."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from deployments.schedules import PLANS
from deployments.watches import NOT_BEGUN, SILENT, WATCHES
from tests.flows.conftest import NOW
from tests.flows.launching import ask, describe_client, find_ports, start_server

pytestmark = pytest.mark.slow
TALLY = Path(sys.executable).parent / "tally"


@pytest.fixture(scope="module")
def server_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(server_home: Path) -> Iterator[str]:
    with start_server(server_home) as address:
        yield address


@pytest.fixture
def home(filled_template: Path, tmp_path: Path) -> Path:
    """The folder of a house, with the examples in its register and its settings in a tally.toml."""
    smtp, pages = find_ports(2)
    (tmp_path / ".tally").mkdir()
    shutil.copyfile(filled_template, tmp_path / ".tally" / "tally.db")
    (tmp_path / "tally.toml").write_text(
        f"mailbox_port = {smtp}\nmailbox_pages_port = {pages}\nclock = {NOW.isoformat()}\n"
        'operator = "ops@house.example"\n'
    )
    return tmp_path


def deploy(server: str, home: Path, *options: str) -> str:
    """What `tally deploy` says; nobody is at the keyboard."""
    done = subprocess.run(
        [TALLY, "deploy", *options],
        cwd=home,
        env=describe_client(home, server),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def list_automations(server: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(server, "/automations/filter")
    return found


def list_deployments(server: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in ask(server, "/deployments/filter")}


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(server: str, home: Path) -> None:
    said = deploy(server, home, "--pool", "never-made", "--dry-run")
    assert "would create work pool never-made" in said
    assert "nothing was written" in said
    assert "never-made" not in {one["name"] for one in ask(server, "/work_pools/filter")}


def test_deployed_twice_nothing_is_doubled_and_nothing_is_written_the_second_time(server: str, home: Path) -> None:
    deploy(server, home, "--yes")
    first = {one["name"]: one["id"] for one in list_automations(server)}
    schedules = {name: [one["id"] for one in found["schedules"]] for name, found in list_deployments(server).items()}
    said = deploy(server, home)
    assert "nothing to do" in said
    names = Counter(one["name"] for one in list_automations(server))
    assert max(names.values()) == 1
    assert {watch.name for watch in WATCHES} <= set(names)
    assert {one["name"]: one["id"] for one in list_automations(server)} == first
    again = {name: [one["id"] for one in found["schedules"]] for name, found in list_deployments(server).items()}
    assert again == schedules
    assert set(again) == {plan.flow for plan in PLANS}
    assert sum(map(len, again.values())) == sum(plan.cron is not None for plan in PLANS)


def test_what_somebody_changed_by_hand_is_put_right_and_what_they_switched_off_stays_off(
    server: str, home: Path
) -> None:
    deploy(server, home, "--yes")
    deliver, digests = (list_deployments(server)[name] for name in ("deliver", "send-digests"))
    change(server, deliver["id"], description="mine now", tags=["tallystick", "odd"])
    (schedule,) = digests["schedules"]
    change(server, f"{digests['id']}/schedules/{schedule['id']}", active=False)
    said = deploy(server, home)
    assert "to update deployment deliver (description, tags)" in said
    assert "send-digests is switched off on the server and stays so" in said
    assert list_deployments(server)["deliver"]["description"] == deliver["description"]
    assert list_deployments(server)["send-digests"]["schedules"][0]["active"] is False
    change(server, f"{digests['id']}/schedules/{schedule['id']}", active=True)


def change(server: str, path: str, **values: Any) -> None:
    request = urllib.request.Request(
        f"{server}/api/deployments/{path}", json.dumps(values).encode(), {"Content-Type": "application/json"},
        method="PATCH",
    )  # fmt: skip
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20).close()


def test_what_is_no_longer_planned_is_removed_when_asked_with_the_automations_that_deployments_left_behind(
    server: str, home: Path
) -> None:
    deploy(server, home, "--yes")
    flow = ask(server, "/flows/", name="send-postcards")["id"]
    old = [
        ask(server, "/deployments/", name=name, flow_id=flow, tags=["tallystick"])["id"]
        for name in ("send-postcards", "send-telegrams")
    ]
    for number, one in enumerate(old):
        ask(
            server, "/automations/", name=f"Tallystick: old {number}", owner_resource=f"prefect.deployment.{one}",
            trigger={"type": "event", "posture": "Reactive", "expect": ["x"], "threshold": 1, "within": 0},
            actions=[{"type": "run-deployment", "source": "selected", "deployment_id": one}],
        )  # fmt: skip
    deletion(server, f"/deployments/{old[1]}")
    ask(
        server, "/automations/", name="somebody else's",
        trigger={"type": "event", "posture": "Reactive", "expect": ["x"], "threshold": 1, "within": 0},
        actions=[{"type": "do-nothing"}],
    )  # fmt: skip
    said = deploy(server, home)
    assert "to remove deployment send-postcards (no longer planned)" in said
    assert "3 left as they are" in said
    assert "send-postcards" in list_deployments(server)
    assert "3 removed" in deploy(server, home, "--yes")
    assert "send-postcards" not in list_deployments(server)
    left = [one["name"] for one in list_automations(server)]
    assert not [name for name in left if name.startswith("Tallystick: old")]
    assert "somebody else's" in left


def deletion(server: str, path: str) -> None:
    request = urllib.request.Request(f"{server}/api{path}", method="DELETE")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20).close()


@contextmanager
def start_worker(server: str, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """As the how-to page says it, from the folder of the house."""
    with (home / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            ["prefect", "worker", "start", "--pool", "tallystick"],
            cwd=home,
            env=describe_client(home, server, PREFECT_WORKER_QUERY_SECONDS="2"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    family = psutil.Process(worker.pid)
    try:
        yield worker
    finally:
        children = family.children(recursive=True)
        os.killpg(worker.pid, signal.SIGKILL)
        for child in children:
            child.kill()
        worker.wait()


def begin(server: str, flow: str, **values: Any) -> str:
    deployment = list_deployments(server)[flow]["id"]
    return str(ask(server, f"/deployments/{deployment}/create_flow_run", **values)["id"])


def wait_for(
    server: str, run: str, *states: str, patience: float = 120, keep_alive: str | None = None
) -> dict[str, Any]:
    deadline = time.monotonic() + patience
    while True:
        found: dict[str, Any] = ask(server, f"/flow_runs/{run}", method="GET")
        if found["state_type"] in states:
            return found
        assert time.monotonic() < deadline, f"{found['state_type']}: {found['state']}"
        if keep_alive:
            beat(server, keep_alive)
        time.sleep(0.5)


def test_a_worker_runs_what_was_deployed_and_after_a_time_without_one_a_single_run_catches_up(
    server: str, server_home: Path, home: Path
) -> None:
    deploy(server, home, "--yes")
    missed = schedule_in_the_past(server, server_home, "send-reminders")
    asked_for = begin(server, "check-progress", state={"type": "SCHEDULED"})
    with start_worker(server, home):
        done = wait_for(server, asked_for, "COMPLETED", "FAILED", "CRASHED")
        assert done["state_type"] == "COMPLETED", (home / "worker.log").read_text()
        assert done["name"].startswith("check progress 2026-11-24")
        states = Counter(wait_for(server, run, "COMPLETED", "CANCELLED")["state_type"] for run in missed)
    assert states == {"COMPLETED": 1, "CANCELLED": len(missed) - 1}


def schedule_in_the_past(server: str, server_home: Path, flow: str) -> list[str]:
    """Runs of the schedule whose hours passed while there was no worker, as the server's scheduler leaves them."""
    made = []
    for hours in range(1, 7):
        moment = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
        made.append(begin(server, flow, state={"type": "SCHEDULED", "state_details": {"scheduled_time": moment}}))
    with sqlite3.connect(server_home / "prefect" / "prefect.db", timeout=30) as database:
        marked = database.execute(
            f"UPDATE flow_run SET auto_scheduled = 1 WHERE id IN ({', '.join('?' * len(made))})", made
        ).rowcount
    assert marked == len(made)
    return made


def test_what_the_server_sees_wakes_the_look_at_the_engine(server: str, home: Path) -> None:
    """A run that crashed, one that fell silent, one that never began, no check for too long; and no others."""
    from prefect.client.orchestration import PrefectClient

    from deployments.applying import compare_watches, read_automations, read_deployments

    deploy(server, home, "--yes")
    # Long enough for a server that is busy to see in time that a run was suspended.
    soon = [replace(watch, within=timedelta(seconds=min(20, watch.within.total_seconds()))) for watch in WATCHES]

    async def hasten() -> None:
        async with PrefectClient(f"{server}/api") as client:
            known = await read_deployments(client)
            told = await compare_watches(client, soon, known["tell-operator"], await read_automations(client))
            for one in told.differences:
                await one.apply()

    asyncio.run(hasten())
    before = count_looks(server)
    crashed, silent, unbegun, living, paused, ended = (
        begin(server, flow, state={"type": "SCHEDULED"})
        for flow in ("send-digests", "send-summary", "deliver", "housekeeping", "send-reminders", "check-progress")
    )
    for run in (crashed, silent, living, paused, ended):
        set_state(server, run, "PENDING")
        set_state(server, run, "RUNNING")
        beat(server, run)
    # The server evaluates two events at a time, and an answer must come after what it answers.
    wait_for_beats(server, {crashed, silent, living, paused, ended})
    time.sleep(3)
    set_state(server, unbegun, "PENDING")
    set_state(server, crashed, "CRASHED")
    set_state(server, paused, "PAUSED", name="Suspended")
    set_state(server, ended, "COMPLETED")
    beat(server, ended)  # the last sign of life may arrive after the end
    found = {run: wait_for(server, run, "CRASHED", keep_alive=living) for run in (silent, unbegun)}
    assert [found[run]["state"]["message"] for run in (silent, unbegun)] == [SILENT, NOT_BEGUN]
    left = {run: ask(server, f"/flow_runs/{run}", method="GET")["state_type"] for run in (living, paused, ended)}
    assert left == {living: "RUNNING", paused: "PAUSED", ended: "COMPLETED"}
    deadline = time.monotonic() + 60
    while count_looks(server) < before + 4:  # crashed, silent, never begun, no check
        assert time.monotonic() < deadline, count_looks(server) - before
        time.sleep(1)
    for run in (living, paused):
        set_state(server, run, "CANCELLED")
    deploy(server, home)  # with the usual times again


def count_looks(server: str) -> int:
    deployment = list_deployments(server)["tell-operator"]["id"]
    runs = ask(server, "/flow_runs/filter", deployments={"id": {"any_": [deployment]}}, limit=200)
    return sum(not run["auto_scheduled"] for run in runs)


def set_state(server: str, run: str, type_: str, **more: Any) -> None:
    answer = ask(server, f"/flow_runs/{run}/set_state", state={"type": type_, **more}, force=True)
    assert answer["status"] == "ACCEPT", answer


def wait_for_beats(server: str, runs: set[str]) -> None:
    wanted = {f"prefect.flow-run.{run}" for run in runs}
    deadline = time.monotonic() + 60
    while True:
        found = ask(
            server,
            "/events/filter",
            filter={"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": {"id": sorted(wanted)}},
            limit=50,
        )
        seen = {one["resource"]["prefect.resource.id"] for one in found["events"]}
        if seen >= wanted:
            return
        assert time.monotonic() < deadline, wanted - seen
        time.sleep(0.5)


def beat(server: str, run: str) -> None:
    """A sign of life, as the engine gives one."""
    ask_none(
        server,
        "/events",
        [
            {
                "occurred": datetime.now(UTC).isoformat(),
                "event": "prefect.flow-run.heartbeat",
                "resource": {"prefect.resource.id": f"prefect.flow-run.{run}"},
                "related": [
                    {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"}
                    for tag in ask(server, f"/flow_runs/{run}", method="GET")["tags"]
                ],
                "id": str(uuid4()),
            }
        ],
    )


def ask_none(server: str, path: str, body: Any) -> None:
    request = urllib.request.Request(
        f"{server}/api{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20).close()
