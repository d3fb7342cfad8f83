"""A throwaway copy of the register, on which the coming days can be played without writing a row of the real one."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select

from commitments.database import open_database, open_reading
from commitments.tables import log_entry, publication
from notifications.tables import notification

ROWS_A_COPY = 2000
_LEFT_EMPTY = (log_entry, publication)


@contextmanager
def open_rehearsal(engine: Engine) -> Iterator[Engine]:
    """An engine on a copy of all tables (the log stays empty), gone when the block ends. Nobody is held up by it."""
    with tempfile.TemporaryDirectory(prefix="tallystick-rehearsal-") as folder:
        copy = open_database(f"sqlite:///{Path(folder) / 'rehearsal.db'}", synchronous="OFF")
        try:
            notification.metadata.create_all(copy)
            with open_reading(engine) as reading, copy.connect() as writing:
                # Rows go over in the order of the tables, but a party or contact may point to a later row of its own.
                writing.exec_driver_sql("ROLLBACK")
                writing.exec_driver_sql("PRAGMA foreign_keys=OFF")
                writing.exec_driver_sql("BEGIN IMMEDIATE")
                _copy_rows(reading, writing)
                writing.commit()
            yield copy
        finally:
            copy.dispose()


def _copy_rows(reading: Connection, writing: Connection) -> None:
    for table in notification.metadata.sorted_tables:
        if table in _LEFT_EMPTY:
            continue
        rows = reading.execution_options(yield_per=ROWS_A_COPY).execute(select(table))
        for part in rows.mappings().partitions():
            writing.execute(insert(table), [dict(row) for row in part])
