"""Files written some time ago: what they leave as it stood when they were written takes nothing back recorded since.

A file that the register writes says up to which entry of the log it does so. Where somebody brings it after others have
recorded more, each of its values is held against what stood then: one that is still the same says nothing of what came
later, and one that is another is what its bringer wants.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select

from commitments import tables
from commitments.changes import Change
from commitments.log import BESIDE_FOLLOW_UPS
from commitments.rewinding import Rewinder

KEPT = "kept"
"""The action of a change that a file does not make: what stands was recorded since."""
_STAMP = re.compile(r"(\d{1,9}) of (.+)")
_SHARED = tuple(table.name for table in (tables.party, tables.contact, tables.relationship))
_BY_THEMSELVES = frozenset({"position", "filed_due", "filed_role", "handed_from_id"})
"""Columns that follow from others, or from the order of the file."""
_COLLECTIONS = frozenset({"sources", "languages", "authentic", "tags", "implementers", "parties"})
"""Lists to which several people add, each entry by itself."""
_NOTHING: Any = object()


def write_stamp(reading: Connection, reference: str) -> str | None:
    """Up to which entry of the log the register speaks, in a file of this agreement."""
    entry = tables.log_entry.c
    own = select(tables.agreement.c.id).where(tables.agreement.c.reference == reference).scalar_subquery()
    last = select(func.max(entry.id)).where(
        or_((entry.agreement_id == own) & BESIDE_FOLLOW_UPS, entry.subject.in_(_SHARED))
    )
    row = reading.execute(select(entry.id, entry.at).where(entry.id == last.scalar_subquery())).one_or_none()
    return f"{row.id} of {row.at.astimezone(UTC).isoformat()}" if row is not None else None


def load_later_than(reading: Connection, reference: str, stamp: str | None) -> "Later":
    """What was recorded since a file with this stamp was written; nothing for a stamp that is not of this register."""
    entry = tables.log_entry.c
    found = _STAMP.fullmatch(stamp or "")
    if found is None:
        return Later()
    number = int(found[1])
    at = reading.execute(select(entry.at).where(entry.id == number)).scalar_one_or_none()
    if at is None or at.astimezone(UTC) != _read_moment(found[2]):
        return Later()
    own = select(tables.agreement.c.id).where(tables.agreement.c.reference == reference).scalar_subquery()
    columns = (entry.id, entry.subject, entry.row_id, entry.action, entry.changes)
    concerned = or_((entry.agreement_id == own) & BESIDE_FOLLOW_UPS, entry.subject.in_(_SHARED))
    rows = reading.execute(select(*columns).where(entry.id > number, concerned).order_by(entry.id.desc()))
    return Later(Rewinder(rows), is_dated=True)


def _read_moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


@dataclass
class Later:
    """What was recorded since a file was written; `kept` collects what stands by it in place of what the file says."""

    rewinder: Rewinder = field(default_factory=Rewinder)
    is_dated: bool = False
    """Whether it is known when the file was written."""
    kept: list[Change] = field(default_factory=list)

    def keep(self, table: Table, reference: str, row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of a file for a row on record, with what was recorded since where the file is as it was then."""
        merged = dict(values)
        if row is None:
            return merged
        for name, then in self.rewinder.list_former(table.name, row.id).items():
            if name not in merged or name in _BY_THEMSELVES:
                continue
            said, stored = merged[name], getattr(row, name)
            merged[name] = _merge(name, then, said, stored)
            if merged[name] != said:
                change = Change(KEPT, table.name, row.id, reference, None, {name: (said, merged[name])})
                self._note(change)
        return merged

    def _note(self, change: Change) -> None:
        before = next((one for one in self.kept if (one.subject, one.row_id) == (change.subject, change.row_id)), None)
        if before is None:
            self.kept.append(change)
        else:
            self.kept[self.kept.index(before)] = replace(before, changes={**before.changes, **change.changes})


def _merge(name: str, then: Any, said: Any, stored: Any) -> Any:
    """What a file says, with what was recorded since it was written in all that it left as it was."""
    if said == then:
        return stored
    if all(isinstance(one, dict) for one in (then, said, stored)):
        return _merge_parts(then, said, stored)
    if name in _COLLECTIONS and all(isinstance(one, list) for one in (then, said, stored)):
        parts = _merge_parts(*({_name_entry(one): one for one in entries} for entries in (then, said, stored)))
        return list(parts.values())
    return said


def _merge_parts(then: Mapping[str, Any], said: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    parts = {
        name: _merge(name, *(one.get(name, _NOTHING) for one in (then, said, stored)))
        for name in dict.fromkeys([*said, *stored])
    }
    return {name: value for name, value in parts.items() if value is not _NOTHING}


def _name_entry(entry: Any) -> str:
    return str(entry["document"]) if isinstance(entry, dict) and "document" in entry else str(entry)
