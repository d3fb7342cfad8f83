"""What somebody has begun to register: begun, saved, listed, removed. Everybody sees their own alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import randbelow
from typing import Any

from sqlalchemy import Connection, delete, insert, literal, select, update

from portal.tables import registration

FILES_KEPT = timedelta(days=7)
"""A file that was brought and never applied is let go after so long; what is written by hand stays."""
MOST_KEPT = 100
_MOST_NUMBERS = 2**31 - 1


class Way(StrEnum):
    BY_HAND = "by_hand"
    BY_FILE = "by_file"


@dataclass(frozen=True, slots=True)
class Registration:
    """One that was begun; `shown` is the hash of the difference that its person saw."""

    id: int
    way: Way
    title: str
    content: Mapping[str, Any]
    shown: str | None
    saved_at: datetime


def begin_registration(
    unit: Connection,
    contact_id: int,
    way: Way,
    title: str,
    content: Mapping[str, Any],
    now: datetime,
    shown: str | None = None,
) -> int:
    """Keep what was begun; the oldest beyond MOST_KEPT of one person, and their old files, are let go."""
    mine = registration.c.contact_id == contact_id
    unit.execute(
        delete(registration).where(
            mine, registration.c.way == str(Way.BY_FILE), registration.c.saved_at < now - FILES_KEPT
        )
    )
    newest = select(registration.c.id).where(mine).order_by(registration.c.saved_at.desc()).limit(MOST_KEPT - 1)
    kept = list(unit.execute(newest).scalars())
    unit.execute(delete(registration).where(mine, registration.c.id.not_in(kept)))
    # A number by chance: one that is used again would let the old page of a deleted draft write into the next one.
    number = 1 + randbelow(_MOST_NUMBERS)
    row = {"id": number, "contact_id": contact_id, "way": str(way), "title": title[:300], "content": content,
           "shown": shown}  # fmt: skip
    made = unit.execute(insert(registration).values(**row, began_at=now, saved_at=now).returning(registration.c.id))
    return int(made.scalar_one())


def find_registration(
    reading: Connection, contact_id: int, number: int, way: Way, *, hold: bool = False
) -> Registration | None:
    """A person's own, of this way; `hold` it against another who would save it at the same time."""
    query = select(registration).where(
        registration.c.id == number, registration.c.contact_id == contact_id, registration.c.way == str(way)
    )
    row = reading.execute(query.with_for_update() if hold else query).one_or_none()
    return _read(row) if row is not None else None


def save_registration(
    unit: Connection, number: int, title: str, content: Mapping[str, Any], now: datetime, shown: str | None = None
) -> None:
    values = {"title": title[:300], "content": content, "saved_at": now, "shown": shown}
    unit.execute(update(registration).where(registration.c.id == number).values(values))


def list_registrations(reading: Connection, contact_id: int) -> list[Registration]:
    """A person's own, the latest saved first."""
    columns = [column for column in registration.c if column.name != "content"]  # which may be a whole file
    query = select(*columns, literal(None).label("content")).where(registration.c.contact_id == contact_id)
    rows = reading.execute(query.order_by(registration.c.saved_at.desc(), registration.c.id.desc()).limit(MOST_KEPT))
    return [_read(row) for row in rows]


def remove_registration(unit: Connection, contact_id: int, number: int) -> None:
    unit.execute(delete(registration).where(registration.c.id == number, registration.c.contact_id == contact_id))


def _read(row: Any) -> Registration:
    return Registration(row.id, Way(row.way), row.title, row.content or {}, row.shown, row.saved_at)
