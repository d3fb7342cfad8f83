"""A Prefect server for tests that follow each other, and a register of the examples on a fixed Tuesday morning."""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commitments.agreement_file import read_files
from commitments.database import open_database
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_files
from commitments.settings import Settings, read_settings
from tests.flows.launching import ROOT, find_ports

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def kept_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first of the test processes that starts a Prefect server keeps what its database is then."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "started-before.db"


@pytest.fixture(scope="package")
def prefect_api(kept_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Prefect server for the tests that follow each other here; it ends with them, lest it idle beside others."""
    with _start_server(kept_start, tmp_path_factory.mktemp("prefect")):
        yield


@contextmanager
def _start_server(kept: Path, folder: Path) -> Iterator[None]:
    """The very first start takes about 20 seconds, a later one a third; who comes meanwhile waits for the first."""
    from prefect.testing import utilities

    database = folder / "prefect-test.db"
    with ExitStack() as running:
        with kept.with_suffix(".lock").open("w") as first:
            fcntl.flock(first, fcntl.LOCK_EX)
            patched = running.enter_context(pytest.MonkeyPatch.context())
            patched.setattr(utilities, "mkdtemp", lambda: str(folder))
            harness = utilities.prefect_test_harness(server_startup_timeout=300)
            if not kept.exists():
                running.enter_context(harness)
                _keep_start(database, kept)
            else:
                fcntl.flock(first, fcntl.LOCK_UN)
                shutil.copyfile(kept, database)
                running.enter_context(harness)
        yield


def _keep_start(database: Path, kept: Path) -> None:
    coming = kept.with_name(f"coming-{os.getpid()}.db")
    with closing(sqlite3.connect(database)) as running, closing(sqlite3.connect(coming)) as copy:
        running.backup(copy)
        for table in ("flow_run", "flow_run_state", "task_run", "artifact", "deployment", "flow", "events", "log"):
            copy.execute(f"DELETE FROM {table}")
        copy.commit()
    coming.rename(kept)


@pytest.fixture(scope="session")
def started_before(kept_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Prefect server that has been started once and has done nothing: a third of the wait."""
    if not kept_start.exists():
        with _start_server(kept_start, tmp_path_factory.mktemp("prefect")):
            pass
    folder = tmp_path_factory.mktemp("started-before")
    shutil.copyfile(kept_start, folder / "prefect.db")
    return folder


@pytest.fixture(scope="session")
def filled_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register that holds the examples, to be copied."""
    path = tmp_path_factory.mktemp("examples") / "tally.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}")
    import_files(engine, read_files(sorted((ROOT / "examples").glob("*.yaml"))), Author("test", NOW), NOW.date())
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def checked_template(filled_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register that holds the examples after the day's check."""
    path = tmp_path_factory.mktemp("checked") / "tally.db"
    shutil.copyfile(filled_template, path)
    engine = open_database(f"sqlite:///{path}")
    reconcile_register(engine, NOW, NOW.date())
    engine.dispose()
    return path


@pytest.fixture
def examples(filled_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of this process: a home of its own with the examples in it, and nobody at the mail port."""
    return _move_in(filled_template, tmp_path / "home", monkeypatch)


@pytest.fixture
def checked(checked_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same after the day's check."""
    return _move_in(checked_template, tmp_path / "home", monkeypatch)


def _move_in(register: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    home.mkdir()
    shutil.copyfile(register, home / "tally.db")
    smtp, pages = find_ports(2)
    for name, value in {
        "TALLY_HOME": home,
        "TALLY_CLOCK": NOW.isoformat(),
        "TALLY_MAILBOX_PORT": smtp,
        "TALLY_MAILBOX_PAGES_PORT": pages,
    }.items():
        monkeypatch.setenv(name, str(value))
    read_settings.cache_clear()
    return read_settings()
