"""Until when what has become due is known: by the check, and to those who plan messages."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select, update

from commitments.database import insert_new
from commitments.tables import known_until

CHECK = "check"
"""Names the check, which judges how everything stands."""


def load_known(reading: Connection) -> dict[str, datetime]:
    """The moment until which what became due was found, by what looked for it."""
    rows = reading.execute(select(known_until.c.what, known_until.c.moment))
    return {row.what: row.moment for row in rows}


def note_known(unit: Connection, moment: datetime, what: Iterable[str]) -> None:
    """Note that what became due until that moment has been found."""
    names = sorted(what)
    unit.execute(update(known_until).where(known_until.c.what.in_(names)).values(moment=moment))
    rows = [{"what": name, "moment": moment} for name in names]
    insert_new(unit, known_until, rows, returning=("what",))


def find_least(known: Mapping[str, datetime], what: Iterable[str]) -> datetime | None:
    """The moment until which it is known of all of these; nothing if of one it is not known at all."""
    moments = [known.get(name) for name in what]
    found = [one for one in moments if one is not None]
    return min(found) if found and len(found) == len(moments) else None
