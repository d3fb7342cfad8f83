"""`tally deploy` as an operator has it: against a real server, twice, and a worker that runs what was deployed."""

import asyncio
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import partial
from http import HTTPStatus
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from sqlalchemy import Engine

from commitments.agreement_file import read_files
from commitments.database import open_database, open_reading
from commitments.events import EventName
from commitments.log import Author
from commitments.publication import Happening, list_unfollowed, list_unpublished
from commitments.register import import_files
from commitments.settings import read_settings
from deployments import publishing
from deployments.mailbox import start_mailbox
from deployments.schedules import PLANS
from deployments.watches import WATCHES, Watch
from flows import troubles
from flows.following import follow_up_changes
from flows.send_reminders import KINDS
from notifications.planning import plan_changes
from tests.flows.conftest import NOW
from tests.flows.launching import AUTH, ROOT, ask, describe_client, find_ports, start_server

HEALTH_PAGE = 8080
"""Where a worker shows one if it is told to: Prefect's `PREFECT_WORKER_WEBSERVER_PORT`."""
pytestmark = pytest.mark.slow
TALLY = Path(sys.executable).parent / "tally"


@pytest.fixture(scope="module")
def server_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(server_home: Path, started_before: Path) -> Iterator[str]:
    shutil.copytree(started_before, server_home / "prefect")
    with start_server(server_home) as address:
        yield address


@pytest.fixture(scope="module")
def home(filled_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a house, with the examples in its register and its settings in a tally.toml."""
    folder = tmp_path_factory.mktemp("house")
    smtp, pages = find_ports(2)
    (folder / ".tally").mkdir()
    shutil.copyfile(filled_template, folder / ".tally" / "tally.db")
    (folder / "tally.toml").write_text(
        f"mailbox_port = {smtp}\nmailbox_pages_port = {pages}\nclock = {NOW.isoformat()}\n"
        'operator = "ops@house.example"\n'
    )
    return folder


@pytest.fixture(scope="module")
def deployed(server: str, home: Path) -> str:
    """What is said where everything is deployed for the first time, by a command as a person gives it."""
    done = tally(server, home, "deploy", "--yes")
    assert done.returncode == 0, done.stderr
    return done.stdout


def tally(server: str, home: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command beside the server; nobody is at the keyboard."""
    return subprocess.run(
        [TALLY, *words],
        cwd=home,
        env=describe_client(home, server, **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def tally_here(server: str, home: Path, *words: str, auth: str = AUTH) -> subprocess.CompletedProcess[str]:
    """The same in this process, which has Prefect at hand already: loading it takes longer than the command."""
    from cli.main import run_command

    out, err = StringIO(), StringIO()
    there = {PREFECT_API_URL: f"{server}/api", PREFECT_API_AUTH_STRING: auth}
    with (
        pytest.MonkeyPatch.context() as patched,
        temporary_settings(there),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        patched.chdir(home)
        patched.setenv("PREFECT_API_URL", f"{server}/api")  # by which a look at the house sees that one is named
        read_settings.cache_clear()
        code = run_command(list(words))
    read_settings.cache_clear()
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def deploy(server: str, home: Path, *options: str) -> str:
    """What `tally deploy` says."""
    done = tally_here(server, home, "deploy", *options)
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


def test_a_wrong_password_is_said_by_every_command_and_loses_nothing(server: str, home: Path) -> None:
    waiting = "SELECT count(*) FROM publication WHERE published_at IS NULL"
    before = count_rows(home, waiting)
    for command, code in (("publish", 1), ("deploy", 1), ("doctor --json", 3)):
        done = tally_here(server, home, *command.split(), auth="ops:mistaken")
        assert done.returncode == code
        assert "refuses with 401 (Unauthorized)" in done.stdout + done.stderr, command
        assert "set PREFECT_API_AUTH_STRING (user:password) or PREFECT_API_KEY" in done.stdout + done.stderr
        assert "mistaken" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert count_rows(home, waiting) == before > 100
    right = json.loads(tally_here(server, home, "doctor", "--json").stdout)["checks"]
    states = {one["subject"]: one["state"] for one in right}
    assert states["Prefect server"] == "ok"


OPEN = {"/api/health", "/api/ready", "/docs", "/redoc", "/openapi.json", "/ui-settings"}
"""What a server tells whoever asks, also without its password."""


def ask_as_a_stranger(server: str, path: str, method: str = "GET") -> tuple[int, str]:
    request = urllib.request.Request(f"{server}{path}", b"{}" if method == "POST" else None, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=120) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_who_does_not_know_the_servers_password_learns_nothing_of_the_register(
    server: str, home: Path, deployed: str
) -> None:
    assert tally_here(server, home, "publish", "--json").returncode == 0
    described = json.loads(ask_as_a_stranger(server, "/openapi.json")[1])
    questions = [
        (f"/api{re.sub(r'{[^}]+}', str(UUID(int=0)), path)}", method.upper())
        for path, methods in described["paths"].items()
        for method in methods.keys() & {"get", "post"}
    ]
    assert len(questions) > 100
    refused = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)  # the second for want of a token against forgery
    assert {path for path, method in questions if ask_as_a_stranger(server, path, method)[0] not in refused} <= OPEN
    for path in sorted(OPEN):
        told = ask_as_a_stranger(server, path)[1].lower()
        assert not [word for word in ("leeds", "hangzhou", "house.example", "hush-hush") if word in told], path


def test_deployed_twice_nothing_is_doubled_and_nothing_is_written_the_second_time(
    server: str, home: Path, deployed: str
) -> None:
    assert f"create deployment {PLANS[0].flow}" in deployed
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
    server: str, home: Path, deployed: str
) -> None:
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


@pytest.fixture
def fresh_house(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Path, Engine]]:
    """The folder and the register of another house, where two agreements were just registered."""
    (tmp_path / ".tally").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / ".tally" / "tally.db")
    engine = open_database(f"sqlite:///{tmp_path / '.tally' / 'tally.db'}")
    files = [ROOT / "examples" / f"{name}.yaml" for name in ("gimcheon-chengdu", "stoke-jingdezhen")]
    import_files(engine, read_files(files), Author("test", NOW), NOW.date())
    yield tmp_path, engine
    engine.dispose()


@pytest.mark.parametrize("place", ["publishing.after_claim", "publishing.after_emission"])
def test_after_a_publisher_was_killed_each_event_is_published_and_each_change_followed_once(
    server: str, server_home: Path, fresh_house: tuple[Path, Engine], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    house, engine = fresh_house
    killed = tally(server, house, "publish", TALLY_FAILPOINTS=f"{place}=kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with open_reading(engine) as reading:
        waiting = list_unpublished(reading, 1000)
    assert len(waiting) > 10
    assert [one for one in waiting if one.emitted_at is not None]
    monkeypatch.setattr(publishing, "PATIENCE", timedelta(seconds=8))
    with temporary_settings({PREFECT_API_URL: f"{server}/api", PREFECT_API_AUTH_STRING: AUTH}):
        assert publishing.publish_all(engine, patience=600).waiting == 0
    ids = {one.event_id for one in waiting}
    with sqlite3.connect(f"file:{server_home / 'prefect' / 'prefect.db'}?mode=ro", uri=True) as kept:
        shown = Counter(row[0] for row in kept.execute("SELECT id FROM events") if row[0] in ids)
    assert shown == dict.fromkeys(ids, 1)
    with open_reading(engine) as reading:
        changed = len(list_unfollowed(reading, 1000))
    plan = partial(plan_changes, engine, NOW, NOW.date(), kinds=frozenset(KINDS), domain="house.example")
    assert [follow_up_changes(engine, NOW, NOW.date(), plan).changes for _ in range(2)] == [changed, 0]


def change(server: str, path: str, **values: Any) -> None:
    ask(server, f"/deployments/{path}", method="PATCH", **values)


def test_what_is_no_longer_planned_is_removed_when_asked_with_the_automations_that_deployments_left_behind(
    server: str, home: Path, deployed: str
) -> None:
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
    ask(server, f"/deployments/{old[1]}", method="DELETE")
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


def wait_for(server: str, run: str, *states: str, patience: float = 600) -> dict[str, Any]:
    deadline = time.monotonic() + patience
    while True:
        found: dict[str, Any] = ask(server, f"/flow_runs/{run}", method="GET")
        if found["state_type"] in states:
            return found
        assert time.monotonic() < deadline, f"{found['state_type']}: {found['state']}"
        time.sleep(0.5)


def test_a_worker_runs_what_was_deployed_and_after_a_time_without_one_a_single_run_catches_up(
    server: str, server_home: Path, home: Path, deployed: str
) -> None:
    missed = schedule_in_the_past(server, server_home, "send-reminders")
    asked_for = begin(server, "check-progress", state={"type": "SCHEDULED"})
    with start_worker(server, home) as worker:
        done = wait_for(server, asked_for, "COMPLETED", "FAILED", "CRASHED")
        assert done["state_type"] == "COMPLETED", (home / "worker.log").read_text()
        assert not is_reached_from_outside(worker)
        assert done["name"].startswith("check progress 2026-11-24")
        states = Counter(wait_for(server, run, "COMPLETED", "CANCELLED")["state_type"] for run in missed)
        # Where the hour brings another just now, that may be the one that catches up.
        wait_until("one catches up", lambda: bool(list_done(server, "send-reminders")), home / "worker.log")
        # One that is killed with its worker would hold the only place of its flow for five minutes.
        wait_until("no run is under way", lambda: not list_under_way(server), home / "worker.log")
    assert states["COMPLETED"] <= 1
    assert states["COMPLETED"] or [run for run in list_done(server, "send-reminders") if run["id"] not in missed]


def is_reached_from_outside(worker: subprocess.Popen[bytes]) -> bool:
    """Whether a worker waits to be asked by others, or on its health page; it speaks with its own runs on loopback."""
    connections = psutil.Process(worker.pid).net_connections("inet")
    waits_at = [one.laddr for one in connections if one.status == psutil.CONN_LISTEN]
    return any(one.ip != "127.0.0.1" or one.port == HEALTH_PAGE for one in waits_at)


def count_rows(home: Path, question: str) -> int:
    with sqlite3.connect(f"file:{home / '.tally' / 'tally.db'}?mode=ro", uri=True) as register:
        return int(register.execute(question).fetchone()[0])


def wait_until(what: str, holds: Callable[[], bool], log: Path, patience: float = 600) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"not in {patience:.0f} s: {what}\n{log.read_text()[-3000:]}"
        time.sleep(0.3)


def test_on_a_worker_a_report_brings_the_other_partys_mail_and_an_event_from_elsewhere_is_taken_in(
    server: str, home: Path, deployed: str
) -> None:
    log, mailbox = home / "worker.log", home / ".tally" / "mailbox"
    asked = "SELECT count(*) FROM notification WHERE kind = 'confirmation' AND state = 'sent'"
    event = {
        "id": str(uuid4()),
        "event": "tallystick.inbound.activity.held",
        "occurred": datetime.now(UTC).isoformat(),
        "resource": {"prefect.resource.id": "calendar.gimcheon"},
        "payload": {"agreement": "gimcheon-chengdu", "title": "Concert", "kind": "visit", "held_on": "2026-11-20"},
    }
    with mailbox_of(home), start_worker(server, home):
        told = tally(
            server, home, "report-progress", "leeds-hangzhou-2018/library-link", "--party", "leeds", "--rating",
            "on_track", "--fulfilled",
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        published = tally(server, home, "publish", "--json")
        assert json.loads(published.stdout)["waiting"] == 0, published.stderr
        wait_until("the other party is asked", lambda: count_rows(home, asked) == 1, log)
        letters = [message_from_bytes(one.read_bytes(), policy=policy.default) for one in mailbox.glob("*.eml")]
        assert [one["To"] for one in letters if "hangzhou" in one["To"] and one["X-Tallystick-Kind"] == "confirmation"]
        ask(server, "/events", body=[event])
        taken = f"SELECT count(*) FROM inbound WHERE outcome = 'taken' AND event_id = '{event['id']}'"
        wait_until("the event is taken in", lambda: count_rows(home, taken) == 1, log)
        for flow in ("follow-changes", "take-in-events"):
            wait_until(f"{flow} is done", lambda flow=flow: bool(list_done(server, flow)), log)  # type: ignore[misc]
        checks = json.loads(tally_here(server, home, "doctor", "--json").stdout)["checks"]
        (served,) = [one for one in checks if one["subject"] == "flows"]
        assert (served["state"], served["found"]) == ("ok", f"{len(PLANS)} deployments, all served")
    sender = f"SELECT run FROM attempt JOIN notification n ON n.id = notification_id WHERE {asked.split('WHERE')[1]}"
    with sqlite3.connect(home / ".tally" / "tally.db") as register:
        ((run,),) = register.execute(sender.replace("kind", "n.kind", 1)).fetchall()
    # The run that goes every five minutes may come between its planning and its sending.
    assert run in {one["id"] for flow in ("follow-changes", "deliver") for one in list_done(server, flow)}


def list_under_way(server: str) -> list[str]:
    begun = {"state": {"type": {"any_": ["PENDING", "RUNNING"]}}}
    return [run["name"] for run in ask(server, "/flow_runs/filter", flow_runs=begun, limit=200)]


def list_done(server: str, flow: str) -> list[dict[str, Any]]:
    deployment = list_deployments(server)[flow]["id"]
    done = {"state": {"type": {"any_": ["COMPLETED"]}}}
    found: list[dict[str, Any]] = ask(
        server, "/flow_runs/filter", deployments={"id": {"any_": [deployment]}}, flow_runs=done
    )
    return found


@contextmanager
def mailbox_of(home: Path) -> Iterator[None]:
    with (home / "tally.toml").open("rb") as file:
        ports = tomllib.load(file)
    with start_mailbox(home / ".tally" / "mailbox", ports["mailbox_port"], ports["mailbox_pages_port"]):
        yield


def schedule_in_the_past(server: str, server_home: Path, flow: str) -> list[str]:
    """Runs of the schedule whose hours passed while there was no worker, as the server's scheduler leaves them."""
    made = []
    for hours in range(1, 7):
        moment = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
        made.append(begin(server, flow, state={"type": "SCHEDULED", "state_details": {"scheduled_time": moment}}))
    with sqlite3.connect(server_home / "prefect" / "prefect.db", timeout=120) as database:
        marked = database.execute(
            f"UPDATE flow_run SET auto_scheduled = 1 WHERE id IN ({', '.join('?' * len(made))})", made
        ).rowcount
    assert marked == len(made)
    return made


def hasten(server: str, watches: Sequence[Watch]) -> None:
    """Let the server's automations be these."""
    from prefect.client.orchestration import PrefectClient

    from deployments.applying import compare_watches, read_automations, read_deployments

    async def apply() -> None:
        async with PrefectClient(f"{server}/api", auth_string=AUTH) as client:
            known = await read_deployments(client)
            told = await compare_watches(client, watches, known, await read_automations(client))
            for one in told.differences:
                await one.apply()

    asyncio.run(apply())


def test_what_the_server_sees_wakes_the_look_at_the_engine_and_changes_no_run_by_itself(
    server: str, home: Path, deployed: str
) -> None:
    """A run that crashed, one that fell silent, one that never began, no check for too long."""
    runs = [watch for watch in WATCHES if watch.tag is not None]
    hasten(server, [replace(watch, within=timedelta(seconds=min(10, watch.within.total_seconds()))) for watch in runs])
    before = count_looks(server)
    crashed, silent, unbegun, checked = (
        begin(server, flow, state={"type": "SCHEDULED"})
        for flow in ("send-digests", "send-summary", "deliver", "check-progress")
    )
    for run in (crashed, silent, unbegun, checked):
        set_state(server, run, "PENDING")
    for run in (crashed, silent, checked):
        set_state(server, run, "RUNNING")
    beat(server, silent)
    set_state(server, crashed, "CRASHED")
    set_state(server, checked, "COMPLETED")
    deadline = time.monotonic() + 600
    while count_looks(server) < before + 4:
        assert time.monotonic() < deadline, count_looks(server) - before
        time.sleep(0.5)
    assert [read_state(server, run) for run in (silent, unbegun)] == ["RUNNING", "PENDING"]
    for run in (silent, unbegun):
        set_state(server, run, "CANCELLED")
    deploy(server, home)  # with the usual times again


def test_a_question_about_a_commitment_wakes_a_look_at_the_register_unless_progress_is_reported_on_it(
    server: str, home: Path, deployed: str
) -> None:
    asking = next(watch for watch in WATCHES if watch.expect == (EventName.PROGRESS_REPORTED,))
    hasten(server, [replace(asking, within=timedelta(seconds=20))])
    for attempt in range(3):  # a busy server may come to a report only after it has judged its absence
        before = count_started_by(server, asking.name)
        quiet, answered = f"leeds-hangzhou-2018/quiet-{attempt}", f"leeds-hangzhou-2018/answered-{attempt}"
        happen(server, EventName.FOLLOW_UP_OPENED, quiet)
        happen(server, EventName.FOLLOW_UP_OPENED, answered)
        happen(server, EventName.PROGRESS_REPORTED, answered)
        deadline = time.monotonic() + 600
        while count_started_by(server, asking.name) == before:
            assert time.monotonic() < deadline, "nothing woke a look"
            time.sleep(0.5)
        time.sleep(5)  # what is judged at the same time comes at the same time
        if count_started_by(server, asking.name) == before + 1:
            break
    else:
        pytest.fail("what was answered woke a look as well, three times of three")
    deploy(server, home)  # with the usual time again


def happen(server: str, name: EventName, commitment: str) -> None:
    """An event about a commitment, as the publisher forms it."""
    agreement = commitment.partition("/")[0]
    happening = Happening(1, str(uuid4()), str(name), agreement, None, (commitment,), ("leeds",), None, {})
    ask(server, "/events", body=[publishing.form_event(happening, datetime.now(UTC))])


def count_started_by(server: str, automation: str) -> int:
    runs = ask(server, "/flow_runs/filter", limit=200, sort="EXPECTED_START_TIME_DESC")
    return sum((run["created_by"] or {}).get("display_value") == automation for run in runs)


def test_a_run_is_ended_only_when_a_look_at_it_finds_its_process_gone(
    server: str, home: Path, deployed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(troubles, "SILENT_AFTER", timedelta(seconds=5))
    monkeypatch.setattr(troubles, "PENDING_WITHIN", timedelta(seconds=5))
    silent, unbegun, living, paused, ended, mute = (
        begin(server, flow, state={"type": "SCHEDULED"})
        for flow in (
            "send-summary", "deliver", "housekeeping", "send-reminders", "check-progress", "send-digests"
        )
    )  # fmt: skip
    for run in (silent, unbegun, living, paused, ended, mute):
        set_state(server, run, "PENDING")
    for run in (silent, living, paused, ended, mute):
        set_state(server, run, "RUNNING")
    for run in (silent, living, paused, ended):
        beat(server, run)
    set_state(server, paused, "PAUSED", name="Suspended")
    set_state(server, ended, "COMPLETED")
    wait_for_beats(server, {silent, living, paused, ended})
    time.sleep(6)
    beat(server, living)
    sign_of_life = wait_for_beats(server, {living}, number=2)
    crashed = count_crashed(server)
    monkeypatch.setattr(troubles, "prefect_now", lambda _zone: sign_of_life + timedelta(seconds=1))
    with temporary_settings({PREFECT_API_URL: f"{server}/api", PREFECT_API_AUTH_STRING: AUTH}):
        ended_now = asyncio.run(troubles.end_dead_runs())
    assert ended_now == count_crashed(server) - crashed
    found = [ask(server, f"/flow_runs/{run}", method="GET")["state"] for run in (silent, unbegun)]
    assert [(one["type"], one["message"]) for one in found] == [
        ("CRASHED", troubles.SILENT),
        ("CRASHED", troubles.NOT_BEGUN),
    ]
    left = [read_state(server, run) for run in (living, paused, ended, mute)]
    assert left == ["RUNNING", "PAUSED", "COMPLETED", "RUNNING"]
    for run in (living, paused, mute):
        set_state(server, run, "CANCELLED")


def read_state(server: str, run: str) -> str:
    return str(ask(server, f"/flow_runs/{run}", method="GET")["state_type"])


def count_looks(server: str) -> int:
    deployment = list_deployments(server)["tell-operator"]["id"]
    runs = ask(server, "/flow_runs/filter", deployments={"id": {"any_": [deployment]}}, limit=200)
    return sum(not run["auto_scheduled"] for run in runs)


def set_state(server: str, run: str, type_: str, **more: Any) -> None:
    answer = ask(server, f"/flow_runs/{run}/set_state", state={"type": type_, **more}, force=True)
    assert answer["status"] == "ACCEPT", answer


def count_crashed(server: str) -> int:
    runs = ask(server, "/flow_runs/filter", flow_runs={"state": {"type": {"any_": ["CRASHED"]}}}, limit=200)
    return len(runs)


def wait_for_beats(server: str, runs: set[str], number: int = 1) -> datetime:
    """Until the server shows so many signs of life of each; gives when it got the last of them."""
    wanted = {f"prefect.flow-run.{run}" for run in runs}
    deadline = time.monotonic() + 600
    while True:
        found = ask(
            server,
            "/events/filter",
            filter={"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": {"id": sorted(wanted)}},
            limit=50,
        )
        seen = Counter(one["resource"]["prefect.resource.id"] for one in found["events"])
        if all(seen[one] >= number for one in wanted):
            return max(datetime.fromisoformat(one["received"]) for one in found["events"])
        assert time.monotonic() < deadline, seen
        time.sleep(0.2)


def beat(server: str, run: str) -> None:
    """A sign of life, as the engine gives one."""
    ask(
        server,
        "/events",
        body=[
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
