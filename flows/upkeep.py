"""Keeps the database and the outbox in order. Nothing of the register is ever deleted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select

from commitments.database import open_reading, open_unit
from commitments.errors import TallyError
from commitments.tables import log_entry
from commitments.vocabulary import NotificationState
from notifications.outbox import release_abandoned
from notifications.tables import notification

OLD_LETTERS = timedelta(days=90)


class DatabaseDamaged(TallyError):
    """The database's own check found faults."""


@dataclass(frozen=True, slots=True)
class KeptUp:
    """What one round found and did."""

    log_entries: int
    outbox: dict[str, int]
    released: int
    old_letters: int
    database_bytes: int | None


def keep_up(engine: Engine, mailbox: Path, now: datetime, *, repeat_uncertain: bool) -> KeptUp:
    """Check the database, let it tidy itself, take back what dead senders held, and count; deletes nothing."""
    check_database(engine)
    tidy_database(engine)
    with open_unit(engine) as unit:
        released = release_abandoned(unit, now, repeat_uncertain=repeat_uncertain)
    with open_reading(engine) as reading:
        entries = reading.execute(select(func.count()).select_from(log_entry)).scalar_one()
        states = reading.execute(select(notification.c.state, func.count()).group_by(notification.c.state))
        outbox = {str(NotificationState(state)): number for state, number in states}
    return KeptUp(entries, outbox, released, len(list_old_letters(mailbox, now)), measure_database(engine))


def check_database(engine: Engine) -> None:
    """DatabaseDamaged if SQLite finds its file faulty; PostgreSQL guards its own files."""
    if engine.dialect.name != "sqlite":
        return
    with open_reading(engine) as reading:
        faults = [row[0] for row in reading.exec_driver_sql("PRAGMA integrity_check(5)")]
        orphans = sorted({str(row[0]) for row in reading.exec_driver_sql("PRAGMA foreign_key_check")})
    if faults != ["ok"] or orphans:
        found = "; ".join([fault for fault in faults if fault != "ok"] + [f"lost links in {name}" for name in orphans])
        raise DatabaseDamaged(f"the database file is damaged ({found}); stop everything and put back a copy")


def tidy_database(engine: Engine) -> None:
    """Fresh statistics, and SQLite's write-ahead log folded back into its file."""
    if engine.dialect.name != "sqlite":
        return
    raw = engine.raw_connection()  # outside a transaction, which a checkpoint needs
    try:
        cursor = raw.cursor()
        # `PRAGMA optimize` does nothing for whoever has just connected: nothing was looked for yet.
        cursor.execute("PRAGMA analysis_limit = 1000")  # rows of each index: a large register in a tenth of a second
        cursor.execute("ANALYZE")
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        cursor.close()
    finally:
        raw.close()


def measure_database(engine: Engine) -> int | None:
    """The size of a SQLite file."""
    path = Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None
    return path.stat().st_size if path is not None and path.is_file() else None


def list_old_letters(mailbox: Path, now: datetime) -> list[Path]:
    """The letters of the local mailbox older than 90 days: they may be deleted by hand."""
    if not mailbox.is_dir():
        return []
    oldest = (now - OLD_LETTERS).timestamp()
    return sorted(letter for letter in mailbox.glob("*.eml") if letter.stat().st_mtime < oldest)
