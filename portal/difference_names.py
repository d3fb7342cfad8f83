"""How the parties and people in a difference are called: a file knows them by their references."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from commitments.changes import Change
from commitments.difference import Imported, in_chunks
from commitments.tables import contact, party
from notifications.wording import Words
from portal.telling import tell_title

PARTY_COLUMNS = frozenset({"party", "parties"})
PERSON_COLUMNS = frozenset({"contact", "deputy", "handed_from"})
Called = Mapping[tuple[str, str], str]
"""Names by table and reference."""


def load_references(reading: Connection, words: Words, imported: Imported) -> Called:
    """The name of each party and person that the difference names, by reference; two statements, and those that are
    new by what the file itself calls them."""
    changes = [*imported.changes, *imported.kept]
    called = {(one.subject, one.reference): _name_new(words, one) for one in changes if one.action == "registered"}
    parties, people = _list_named(changes, PARTY_COLUMNS), _list_named(changes, PERSON_COLUMNS)
    for some in in_chunks(parties):
        holders = reading.execute(select(party.c.reference, party.c.names).where(party.c.reference.in_(some)))
        called |= {(party.name, row.reference): tell_title(row.names, words) for row in holders}
    for some in in_chunks(people):
        named = reading.execute(select(contact.c.reference, contact.c.name).where(contact.c.reference.in_(some)))
        called |= {(contact.name, row.reference): row.name for row in named}
    return {named: name for named, name in called.items() if name}


def _name_new(words: Words, change: Change) -> str:
    if change.subject == "party":
        return tell_title(change.changes.get("names", (None, {}))[1] or {}, words)
    return str(change.changes["name"][1]) if change.subject == "contact" and "name" in change.changes else ""


def _list_named(changes: Iterable[Change], columns: frozenset[str]) -> set[str]:
    pairs: list[Any] = [value for one in changes for name in columns for value in one.changes.get(name, ())]
    listed = [one for value in pairs for one in (value if isinstance(value, list) else [value])]
    return {one for one in listed if isinstance(one, str)}
