"""Opens the register and the units of work on it."""

import sqlite3
import time
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, DateTime, Dialect, Engine, Table, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.types import TypeDecorator

from commitments.errors import SettingsError, TallyError

BUSY_MILLISECONDS = 60_000
ROWS_A_STATEMENT = 500
_MANY_ROWS = 50


class DatabaseBusy(TallyError):
    """Another process held the database for longer than the busy timeout."""


class UtcTime(TypeDecorator[datetime]):
    """A moment, always aware and in UTC, also where the database keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        # SQLite keeps text: written here at once, because every message has five moments.
        return _write_moment if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _write_moment(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def open_database(url: str, *, synchronous: str = "FULL") -> Engine:
    """An engine for a SQLite file or a PostgreSQL server; SettingsError if the address is not usable."""
    try:
        address = make_url(url)
    except ArgumentError:
        raise SettingsError("TALLY_DATABASE_URL: not a database address such as sqlite:///tally.db") from None
    if address.drivername in ("postgresql", "postgres"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() == "postgresql":
        return create_engine(address, pool_pre_ping=True, json_serializer=_write_json, json_deserializer=orjson.loads)
    if address.get_backend_name() != "sqlite":
        raise SettingsError(
            f"TALLY_DATABASE_URL: {address.drivername} is not known; use sqlite:///FILE or postgresql://HOST/NAME"
        )
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, json_serializer=_write_json, json_deserializer=orjson.loads)
    event.listen(engine, "connect", _prepare_sqlite(synchronous))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _write_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _prepare_sqlite(synchronous: str) -> Any:
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for setting in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {setting}")
        _switch_to_wal(cursor)
        cursor.close()

    return prepare


def _switch_to_wal(cursor: Any) -> None:
    """The first to open a new file turns it to WAL; another who comes meanwhile is refused at once, without waiting."""
    until = time.monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as refused:
            if "locked" not in str(refused) or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once after another's commit, whatever the busy
    # timeout; so every unit that may write takes the write lock first.
    reading = connection.get_execution_options().get("tally_reading", False)
    _execute_barely(connection, "BEGIN" if reading else "BEGIN IMMEDIATE")


def _execute_barely(connection: Connection, statement: str, values: Sequence[Any] = ()) -> Any:
    """By SQLite's driver itself: what SQLAlchemy does around a statement takes longer than the statement."""
    driver: Any = connection.connection.driver_connection
    try:
        return driver.execute(statement, values)
    except sqlite3.Error as fault:
        raise DBAPIError.instance(statement, tuple(values), fault, sqlite3.Error, dialect=connection.dialect) from fault


@contextmanager
def open_unit(register: Engine | Connection) -> Iterator[Connection]:
    """One unit of work: committed when the block ends, rolled back when it raises.

    Who opens many units one after the other keeps a connection for them, and gives that.
    """
    try:
        if isinstance(register, Connection):
            with register.begin():
                yield register
        else:
            with register.begin() as unit:
                yield unit
    except OperationalError as failed:
        if "locked" in str(failed.orig):
            raise DatabaseBusy(
                "the database was held by another process for a minute; nothing was written, so try again"
            ) from failed
        raise


_Process = Callable[[Any], Any]


class Prepared:
    """An insert or update that runs for every message, put together once: that takes longer than running it."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self._forms: dict[str, _Form] = {}

    def run(self, unit: Connection, values: Mapping[str, Any]) -> int:
        """Run it with a value for each of its names; returns how many rows it wrote."""
        form = self._forms.get(unit.dialect.name)
        if form is None:
            form = self._forms[unit.dialect.name] = _put_together(self.statement, unit.dialect)
        given = {**form.fixed, **values}
        if form.places is None:
            for name, process in form.processors:
                given[name] = process(given[name])
            return unit.exec_driver_sql(form.sql, given, execution_options=_COUNTED).rowcount
        wanted = [given[name] if process is None else process(given[name]) for name, process in form.places]
        written: int = _execute_barely(unit, form.sql, wanted).rowcount
        return written


@dataclass(frozen=True, slots=True)
class _Form:
    """A statement as one kind of database takes it."""

    sql: str
    places: tuple[tuple[str, _Process | None], ...] | None
    """The name of each value and what makes one of the database's own, if it takes them by their places."""
    fixed: dict[str, Any]
    processors: tuple[tuple[str, _Process], ...]
    """The same by name, for values that need it."""


def _put_together(statement: Any, dialect: Dialect, names: Sequence[str] | None = None) -> _Form:
    compiled = statement.compile(dialect=dialect, column_keys=names)
    processors = {
        name: process
        for name, bound in compiled.binds.items()
        if (process := bound.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    }
    return _Form(
        str(compiled),
        tuple((name, processors.get(name)) for name in compiled.positiontup) if compiled.positional else None,
        {name: value for name, value in compiled.params.items() if value is not None},
        tuple(processors.items()),
    )


_COUNTED = {"preserve_rowcount": True}  # which PostgreSQL's driver forgets for an insert


@contextmanager
def open_reading(engine: Engine) -> Iterator[Connection]:
    """A consistent view for reading; writes nothing and holds nobody up."""
    with engine.connect().execution_options(tally_reading=True) as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


def read_named(reading: Connection, query: Any) -> list[Any]:
    """The rows of a query as named tuples, for who asks each by name often: of a row of SQLAlchemy's it takes ten times
    as long."""
    found = reading.execute(query)
    make = name_row(tuple(found.keys()))._make
    return [make(row) for row in found]


@lru_cache(maxsize=256)
def name_row(names: tuple[str, ...]) -> Any:
    """What makes rows with these columns, which are as those that were read."""
    return namedtuple("Row", names, rename=True)


def release_pages(connection: Connection) -> None:
    """Give back the memory of the pages that SQLite keeps for a connection, up to 16 MB.

    For work that goes through many rows and comes to each only once: the pages kept would be of no more use.
    """
    if connection.dialect.name == "sqlite":
        _execute_barely(connection, "PRAGMA shrink_memory")


def write_rows(unit: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run an insert for rows that have the same columns; returns how many it wrote, where the driver counts them.

    Each row is made ready for SQLite's driver here: what SQLAlchemy does around each of many takes longer.
    """
    if unit.dialect.name != "sqlite" or len(rows) < _MANY_ROWS:
        return unit.execute(statement, list(rows)).rowcount
    form = _put_together(statement, unit.dialect, tuple(rows[0]))
    given = [
        tuple([row[name] if process is None else process(row[name]) for name, process in form.places or ()])
        for row in rows
    ]
    return unit.exec_driver_sql(form.sql, given).rowcount


def add_missing(unit: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose unique key is not there yet; returns how many were."""
    if unit.dialect.name == "postgresql":  # which does not count the rows of several values at once
        return len(insert_new(unit, table, rows))
    statement = _insert_missing(unit, table)
    added = 0
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        added += max(write_rows(unit, statement, rows[start : start + ROWS_A_STATEMENT]), 0)
    return added


def insert_new(
    unit: Connection, table: Table, rows: Iterable[Mapping[str, Any]], *, returning: Sequence[str] = ("id",)
) -> list[Any]:
    """Insert the rows whose unique key is not there yet; gives the `returning` columns of those inserted."""
    columns = [table.c[name] for name in returning]
    inserted: list[Any] = []
    batch: list[Mapping[str, Any]] = []
    statement = _insert_missing(unit, table).returning(*columns)

    def write() -> None:
        if batch:
            inserted.extend(unit.execute(statement, batch).all())
            batch.clear()

    for row in rows:
        batch.append(row)
        if len(batch) >= ROWS_A_STATEMENT:
            write()
    write()
    return inserted


def _insert_missing(unit: Connection, table: Table) -> Any:
    if unit.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # here, because loading it takes 50 ms

        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
