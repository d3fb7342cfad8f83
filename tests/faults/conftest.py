"""Registers to be broken: one filled once, copied for each test, on both databases; and mail servers at call."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from commitments.database import open_database
from notifications import pictures
from tests.faults.dataset import fill_register
from tests.faults.day import Orders, draw_once, finish_day
from tests.faults.oracle import Picture, take_picture
from tests.faults.post_office import Offices, running_offices

COMMITMENTS = 60
PIECE = 12


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "draw_summary", draw_once)


@pytest.fixture(scope="session")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offices]:
    with running_offices(tmp_path_factory.mktemp("mail")) as opened:
        yield opened


class Registers:
    """Gives out copies of one filled register, and forgets them at the end."""

    def copy(self) -> str:
        raise NotImplementedError

    def open(self, url: str) -> Engine:
        return open_database(url, synchronous="NORMAL")


class SqliteRegisters(Registers):
    def __init__(self, template: Path, folder: Path) -> None:
        self._filled, self._folder = folder / "filled.db", folder
        shutil.copyfile(template, self._filled)
        engine = open_database(f"sqlite:///{self._filled}")
        fill_register(engine, COMMITMENTS)
        engine.dispose()

    def copy(self) -> str:
        path = self._folder / f"{uuid4().hex}.db"
        shutil.copyfile(self._filled, path)
        return f"sqlite:///{path}"


class PostgresRegisters(Registers):
    def __init__(self, server: str, template: str) -> None:
        self._server, self._filled, self._copies = make_url(server), f"filled_{uuid4().hex[:8]}", list[str]()
        self._command(f"CREATE DATABASE {self._filled} TEMPLATE {template}")
        engine = open_database(self._name(self._filled))
        fill_register(engine, COMMITMENTS)
        engine.dispose()

    def _name(self, database: str) -> str:
        return self._server.set(database=database).render_as_string(hide_password=False)

    def _command(self, statement: str) -> None:
        engine = create_engine(self._server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def copy(self) -> str:
        name = f"day_{uuid4().hex[:12]}"
        self._command(f"CREATE DATABASE {name} TEMPLATE {self._filled}")
        self._copies.append(name)
        return self._name(name)

    def end(self) -> None:
        for name in (*self._copies, self._filled):
            self._command(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_registers(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Registers:
    return SqliteRegisters(sqlite_template, tmp_path_factory.mktemp("registers"))


@pytest.fixture(scope="session")
def postgres_registers(postgres_server: str, postgres_template: str) -> Iterator[Registers]:
    registers = PostgresRegisters(postgres_server, postgres_template)
    yield registers
    registers.end()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def registers(request: pytest.FixtureRequest) -> Registers:
    name = "sqlite_registers" if request.param == "sqlite" else "postgres_registers"
    found: Registers = request.getfixturevalue(name)
    return found


@dataclass(frozen=True)
class Morning:
    """The day without faults: what it leaves behind, and how often it passes each failpoint."""

    expected: Picture
    hits: Counter[str]


@pytest.fixture(scope="session")
def morning(sqlite_registers: Registers, offices: Offices, tmp_path_factory: pytest.TempPathFactory) -> Morning:
    trace = tmp_path_factory.mktemp("trace") / "trace"
    url = sqlite_registers.copy()
    finish_day(Orders(url, offices.open().url, trace=str(trace), piece=PIECE))
    engine = sqlite_registers.open(url)
    expected = take_picture(engine)
    engine.dispose()
    return Morning(expected, Counter(trace.read_text().split()))


@pytest.fixture
def given(registers: Registers, offices: Offices) -> Iterator[Callable[[], "Given"]]:
    """`given()` is a fresh copy of the filled register with a mail server of its own."""
    lent: list[Given] = []

    def lend() -> Given:
        lent.append(Given(registers, offices))
        return lent[-1]

    yield lend
    for one in lent:
        one.engine.dispose()


class Given:
    """A register and a mail server to try a day on."""

    def __init__(self, registers: Registers, offices: Offices) -> None:
        self.url = registers.copy()
        self.office = offices.open()
        self.engine = registers.open(self.url)
        self.orders = Orders(self.url, self.office.url, piece=PIECE)
