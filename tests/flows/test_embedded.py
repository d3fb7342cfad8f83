"""What an embedded system takes care of around its processes."""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from commitments.errors import SettingsError
from commitments.settings import Settings, read_settings
from deployments.embedded import (
    CannotStart,
    check_ports,
    describe_surroundings,
    end_child,
    hold_home,
    make_key,
    start_child,
)
from deployments.overview import Overview, describe_messages, write_command, write_overview
from deployments.prefect_server import mend_triggers
from tests.flows.launching import ROOT, find_ports


def make_settings(home: Path, **more: object) -> Settings:
    prefect, smtp, pages, portal = find_ports(4)
    ports = {"prefect_port": prefect, "mailbox_port": smtp, "mailbox_pages_port": pages, "portal_port": portal}
    return Settings(**{"home": home, **ports, **more})  # type: ignore[arg-type]


def test_no_prefect_setting_of_the_machine_reaches_our_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "https://elsewhere.example/api")
    monkeypatch.setenv("PREFECT_API_KEY", "secret")
    surroundings = describe_surroundings(make_settings(tmp_path))
    assert "secret" not in surroundings.values()
    assert surroundings["PREFECT_API_URL"].startswith("http://127.0.0.1:")
    assert surroundings["PREFECT_HOME"] == str(tmp_path / "prefect")


@pytest.mark.parametrize(
    ("name", "value", "lest"),
    [
        ("PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS", "600", "marking waiting runs locks SQLite"),
        ("PREFECT_RUNNER_POLL_FREQUENCY", "2", "a run waits ten seconds for its process"),
        ("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "30", "a living run is taken for dead"),
        ("PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED", "events,flow_runs", "the tables grow for ever"),
        ("PREFECT_SERVER_ANALYTICS_ENABLED", "false", "the server tells somebody elsewhere"),
        ("DO_NOT_TRACK", "1", "the client does"),
        ("PREFECT_SERVER_UI_V2_ENABLED", "false", "the browser does"),
        ("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false", "a second server starts unseen"),
    ],
)
def test_each_setting_against_a_pitfall_is_set(tmp_path: Path, name: str, value: str, lest: str) -> None:
    assert describe_surroundings(make_settings(tmp_path))[name] == value, f"or {lest}"


def test_the_server_listens_on_this_machine_only(tmp_path: Path) -> None:
    assert describe_surroundings(make_settings(tmp_path))["PREFECT_SERVER_API_HOST"] == "127.0.0.1"


def test_a_password_of_the_server_reaches_server_and_clients_and_is_shown_nowhere(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, prefect_auth="ops:hush-hush")
    surroundings = describe_surroundings(settings)
    assert surroundings["PREFECT_SERVER_API_AUTH_STRING"] == surroundings["PREFECT_API_AUTH_STRING"] == "ops:hush-hush"
    assert "hush" not in repr(settings)


def test_a_password_without_a_user_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_PREFECT_AUTH", "hush-hush")
    with pytest.raises(SettingsError, match="TALLY_PREFECT_AUTH: not of the form user:password") as refused:
        read_settings()
    assert "hush" not in str(refused.value)


def test_a_new_server_encrypts_with_a_key_outside_its_database_that_only_its_owner_reads(tmp_path: Path) -> None:
    from cryptography.fernet import Fernet

    settings = make_settings(tmp_path)
    make_key(settings)
    first = describe_surroundings(settings)["PREFECT_SERVER_ENCRYPTION_KEY"]
    make_key(settings)
    assert describe_surroundings(settings)["PREFECT_SERVER_ENCRYPTION_KEY"] == first
    assert Fernet(first).decrypt(Fernet(first).encrypt(b"x")) == b"x"
    assert (tmp_path / "prefect.key").stat().st_mode & 0o777 == 0o600


def test_a_server_that_has_begun_keeps_the_key_that_it_has(tmp_path: Path) -> None:
    (tmp_path / "prefect").mkdir()
    make_key(make_settings(tmp_path))
    assert "PREFECT_SERVER_ENCRYPTION_KEY" not in describe_surroundings(make_settings(tmp_path))


def test_a_proxy_of_the_machine_is_not_asked_for_what_is_on_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NO_PROXY", "internal.example")
    assert describe_surroundings(make_settings(tmp_path))["NO_PROXY"] == "internal.example,127.0.0.1,localhost"


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("prefect_port", "TALLY_PREFECT_PORT"),
        ("mailbox_port", "TALLY_MAILBOX_PORT"),
        ("mailbox_pages_port", "TALLY_MAILBOX_PAGES_PORT"),
        ("portal_port", "TALLY_PORTAL_PORT"),
    ],
)
def test_a_taken_port_is_said_with_the_setting_to_change(tmp_path: Path, field: str, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {port} is taken by another program.*{name}="):
            check_ports(make_settings(tmp_path, **{field: port}))


def test_with_a_mail_server_of_its_own_the_mailbox_ports_do_not_matter(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        check_ports(make_settings(tmp_path, mailbox_port=taken.getsockname()[1], mail_url="smtp://mail.example"))


def test_a_home_is_held_once_and_free_again_when_its_holder_is_killed(tmp_path: Path) -> None:
    hold = (
        "import sys, time; from pathlib import Path; from commitments.settings import Settings\n"
        "from deployments.embedded import hold_home\n"
        "with hold_home(Settings(home=Path(sys.argv[1]))): print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(CannotStart, match=f"already runs .*process {holder.pid}"),
            hold_home(make_settings(tmp_path)),
        ):
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with hold_home(make_settings(tmp_path)):
        pass


def test_a_child_ends_with_all_that_it_started_even_if_it_does_not_want_to() -> None:
    stubborn = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True); time.sleep(99)"
    )
    child = start_child(["-c", stubborn], os.environ, stdout=subprocess.PIPE)
    assert child.stdout is not None
    grandchild = psutil.Process(int(child.stdout.readline()))
    end_child(child, 0.3)
    child.stdout.close()
    assert child.returncode == -signal.SIGKILL
    assert psutil.wait_procs([grandchild], timeout=240)[1] == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_child_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, time; from deployments.embedded import start_child\n"
            "print(start_child(['-c', 'import time; time.sleep(60)'], os.environ).pid, flush=True); time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert psutil.wait_procs([child], timeout=240)[1] == []


def test_the_commands_to_try_next_name_another_home_only_if_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "TALLY_HOME" not in write_command(Settings(), ("status",))
    assert write_command(Settings(home=Path("other place")), ("status",)).startswith(
        f"TALLY_HOME='{tmp_path}/other place' "
    )
    assert os.access(write_command(Settings(), ()).strip(), os.X_OK)


def test_messages_are_counted_in_words() -> None:
    nothing = Overview(0, 0, 0, 0, 0, 0, None, None)
    assert describe_messages(nothing) == "0 sent"
    said = "\n".join(write_overview(Settings(), nothing, None))
    assert "tally up --examples" in said and "tally import" in said, "an empty register says how it is filled"


@pytest.mark.parametrize(
    ("administrators", "people", "said", "not_said"),
    [
        ("", 0, "set TALLY_ADMINISTRATORS to your mail address", "a contact of the register"),
        ("me@house.example", 0, "one of TALLY_ADMINISTRATORS", "a contact of the register"),
        ("", 3, "a contact of the register", "TALLY_ADMINISTRATORS"),
        ("me@house.example", 3, "one of TALLY_ADMINISTRATORS, or that of a contact", "nobody can yet"),
    ],
)
def test_who_starts_it_reads_how_the_first_person_comes_in(
    administrators: str, people: int, said: str, not_said: str
) -> None:
    counted = Overview(0, 0, 0, 0, 0, 0, None, None, people)
    settings = Settings(administrators=administrators)
    told = " ".join(" ".join(write_overview(settings, counted, None, "https://tally.example")).split())
    assert said in told and not_said not in told and "https://tally.example/sign-in" in told


def test_who_judges_an_event_has_the_place_to_write_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else SQLite refuses to let a reader write if somebody else wrote meanwhile: "database is locked".
    from prefect.server.events import triggers
    from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL, temporary_settings

    monkeypatch.setattr(triggers, "automations_session", None)  # put back afterwards
    mend_triggers()
    kept = tmp_path / "prefect.db"

    async def judge() -> None:
        async with triggers.automations_session(begin_transaction=True) as session:
            await session.execute(text("SELECT 1"))
            with (
                closing(sqlite3.connect(kept, timeout=0, isolation_level=None)) as another,
                pytest.raises(sqlite3.OperationalError, match="locked"),
            ):
                another.execute("BEGIN IMMEDIATE")

    with temporary_settings({PREFECT_SERVER_DATABASE_CONNECTION_URL: f"sqlite+aiosqlite:///{kept}"}):
        asyncio.run(judge())


def test_the_guard_of_the_pages_does_not_stop_the_actions_of_automations() -> None:
    # An action of an automation asks the server for its own app while that runs already.
    asking = (
        "from deployments.prefect_server import guard_pages; guard_pages()\n"
        "from starlette.testclient import TestClient\n"
        "from prefect.server.api.server import create_app\n"
        "app = create_app(ephemeral=True)\n"
        "assert 'content-security-policy' in TestClient(app).get('/api/nowhere').headers\n"
        "assert create_app(ephemeral=True) is app"
    )
    asked = subprocess.run([sys.executable, "-c", asking], cwd=ROOT, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
