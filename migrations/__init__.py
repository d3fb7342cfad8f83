"""Brings a database to the tables of this version, and tells whether it is there."""

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, column, inspect, select, table, text

from commitments.database import open_reading, open_unit
from commitments.errors import DatabaseOutOfDate

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

FOLDER = Path(__file__).parent
UPGRADE_LOCK = 8_255_911  # any number, the same in every version: whoever holds it migrates
_VERSION = table("alembic_version", column("version_num"))


def migrate_database(engine: Engine) -> None:
    """Bring the database to the newest version, each migration in a transaction of its own.

    Two processes may do it at once: the second waits and finds nothing left to do. Raises DatabaseOutOfDate if
    the database was migrated by a newer Tallystick.
    """
    while _run_next_migration(engine):
        pass


def newest_version() -> str:
    """The version that this code needs."""
    return _versions()[-1]


def database_version(engine: Engine) -> str | None:
    """The version the database is at; None if it was never migrated."""
    with open_reading(engine) as reading:
        return _read_version(reading)


def require_current(engine: Engine) -> None:
    """DatabaseOutOfDate, with what to do, unless the database is at the version of this code."""
    found = database_version(engine)
    refuse_newer(found)
    if found is None:
        raise DatabaseOutOfDate("the database has no tables yet; run `tally migrate` first")
    if found != newest_version():
        raise DatabaseOutOfDate(
            f"the database is at version {found} and this program needs {newest_version()}; "
            "run `tally migrate` to bring it up to date"
        )


@lru_cache(maxsize=1)
def _versions() -> tuple[str, ...]:
    # Read from the files, so that asking for the version does not import Alembic (half a second). Each names the one
    # it follows; its number says only who wrote it.
    following: dict[str, str] = {}
    for path in (FOLDER / "versions").glob("[0-9]*_*.py"):
        named = dict(re.findall(r'^(revision|down_revision)\b[^=\n]*= *"?(\w+)"?', path.read_text(), re.MULTILINE))
        following[named["down_revision"]] = named["revision"]
    line: list[str] = []
    found = following.get("None")
    while found is not None:
        line.append(found)
        found = following.get(found)
    return tuple(line)


def refuse_newer(found: str | None) -> None:
    """DatabaseOutOfDate for a version that this program does not know."""
    if found is not None and found not in _versions():
        raise DatabaseOutOfDate(
            f"the database is at version {found}, beyond the {newest_version()} of this program; "
            "install the Tallystick that migrated it"
        )


def _read_version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()


def _run_next_migration(engine: Engine) -> bool:
    """Run one migration if one is left; the version is read only when the lock is held."""
    with open_unit(engine) as unit:  # on SQLite the unit begins with the write lock
        if unit.dialect.name == "postgresql":
            unit.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
        found = _read_version(unit)
        refuse_newer(found)
        if found == newest_version():
            return False
        _upgrade_once(unit)
        return True


def _upgrade_once(unit: Connection) -> None:
    from alembic.runtime.environment import EnvironmentContext

    config, script = _open_scripts(FOLDER)
    environment = EnvironmentContext(
        config, script, fn=lambda heads, _context: script._upgrade_revs("+1", heads), destination_rev="+1"
    )
    with environment:
        environment.configure(connection=unit, transactional_ddl=True)
        environment.run_migrations()


@lru_cache(maxsize=1)  # opened anew for each step, reading the steps took as long as taking them
def _open_scripts(folder: Path) -> "tuple[Config, ScriptDirectory]":
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    return Config(), ScriptDirectory(str(folder))
