"""Personal feeds of dates: a secret address for a calendar program, made, found and ended. Only its hash is kept."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, insert, select, update

from commitments.log import Author, Change, record_changes
from portal.tables import feed


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed that a person has."""

    id: int
    contact_id: int
    made_at: datetime


def make_feed(unit: Connection, author: Author, contact_id: int) -> str:
    """Give a person a feed with a new key, and end the one that they had; gives the key, which is kept nowhere."""
    end_feed(unit, author, contact_id)
    key = secrets.token_urlsafe(32)
    row = {"key_hash": _hash(key), "contact_id": contact_id, "made_at": author.at}
    made = unit.execute(insert(feed).values(**row).returning(feed.c.id)).scalar_one()
    record_changes(unit, author, [Change("registered", feed.name, made, author.who, None)])
    return key


def end_feed(unit: Connection, author: Author, contact_id: int) -> bool:
    """End the feed of a person; tells whether they had one."""
    open_ones = (feed.c.contact_id == contact_id) & feed.c.ended_at.is_(None)
    rows = unit.execute(update(feed).where(open_ones).values(ended_at=author.at).returning(feed.c.id)).all()
    record_changes(unit, author, [Change("closed", feed.name, row.id, author.who, None) for row in rows])
    return bool(rows)


def find_feed(reading: Connection, contact_id: int) -> Feed | None:
    """The feed that a person has; None for nobody's."""
    return _find(reading, feed.c.contact_id == contact_id)


def find_feed_by_key(reading: Connection, key: str) -> Feed | None:
    """The feed of a key; None for a key that was never one, or is no longer."""
    return _find(reading, feed.c.key_hash == _hash(key))


def _find(reading: Connection, where: object) -> Feed | None:
    columns = (feed.c.id, feed.c.contact_id, feed.c.made_at)
    row = reading.execute(select(*columns).where(where, feed.c.ended_at.is_(None))).first()  # type: ignore[arg-type]
    return Feed(row.id, row.contact_id, row.made_at) if row is not None else None


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
