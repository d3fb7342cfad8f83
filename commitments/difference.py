"""The difference between what a file says and what the register holds: found, written, logged and told."""

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, Row, Select, Table, bindparam, insert, update

from commitments import tables
from commitments.database import ROWS_A_STATEMENT, read_named
from commitments.errors import NotFound
from commitments.late_dates import LateDate
from commitments.log import Change
from commitments.older_files import Later

Key = tuple[Any, ...]
Stored = Mapping[Key, Any]

KEYS: Mapping[Table, tuple[str, ...]] = {
    tables.party: ("reference",),
    tables.contact: ("reference",),
    tables.relationship: ("reference",),
    tables.agreement: ("reference",),
    tables.agreement_party: ("agreement_id", "party_id"),
    tables.signatory: ("agreement_id", "party_id", "name"),
    tables.submitted_report: ("agreement_id", "cycle"),
    tables.policy: ("scope",),
    tables.budget_line: ("agreement_id", "reference"),
    tables.commitment: ("agreement_id", "reference"),
    tables.commitment_owner: ("commitment_id", "party_id"),
    tables.milestone: ("commitment_id", "reference"),
    tables.occurrence: ("commitment_id", "period"),
    tables.measurement: ("commitment_id", "reference"),
    tables.evidence: ("commitment_id", "reference"),
    tables.progress_report: ("commitment_id", "reference"),
    tables.confirmation: ("report_id", "party_id"),
    tables.activity: ("agreement_id", "reference"),
    tables.activity_commitment: ("activity_id", "commitment_id"),
}


# How the rows of a table are called in words, one and many; those with a name are told one by one when new.
_WORDS: Mapping[str, tuple[str, str]] = {
    "party": ("party", "parties"),
    "contact": ("contact", "contacts"),
    "relationship": ("relationship", "relationships"),
    "agreement": ("agreement", "agreements"),
    "agreement_party": ("part of a party", "parts of parties"),
    "signatory": ("signatory", "signatories"),
    "submitted_report": ("submitted report", "submitted reports"),
    "policy": ("policy", "policies"),
    "budget_line": ("budget line", "budget lines"),
    "commitment": ("commitment", "commitments"),
    "commitment_owner": ("owner", "owners"),
    "milestone": ("milestone", "milestones"),
    "occurrence": ("exception for a period", "exceptions for periods"),
    "measurement": ("measurement", "measurements"),
    "evidence": ("piece of evidence", "pieces of evidence"),
    "progress_report": ("progress report", "progress reports"),
    "confirmation": ("confirmation", "confirmations"),
    "activity": ("activity", "activities"),
    "activity_commitment": ("commitment an activity counts for", "commitments that activities count for"),
}
UNTOLD = frozenset({"position", "filed_role", "filed_due"})
"""Columns of which nothing is told: their place, and what only keeps what a file says."""
_NAMED = {"agreement": "title", "relationship": "title", "party": "names", "contact": "name", "commitment": "summary"}


@dataclass(frozen=True, slots=True)
class Followed:
    """A commitment that counts as fulfilled by a report of a file, and the parties that are asked to confirm it: their
    reference and names. Where the file says itself how it stands, its report does not settle it."""

    title: str
    asked: tuple[tuple[str, Mapping[str, str]], ...]
    settles: bool = True


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed, with references in place of ids.

    `vanished` names what the file no longer holds, `late` the dates that it brings and that lie later than what they
    belong to, `kept` what was recorded since the file was written and stands in place of what it says, and `followed`
    what counts as fulfilled by its reports.
    """

    reference: str
    new: bool
    changes: tuple[Change, ...]
    vanished: tuple[str, ...]
    late: tuple[LateDate, ...] = ()
    kept: tuple[Change, ...] = ()
    followed: tuple[Followed, ...] = ()


def describe_changes(imported: Imported) -> list[str]:
    """The difference in words, a line each: what is new, what changed from what to what, and what vanished."""
    lines: list[str] = []
    new: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    amended: list[str] = []
    for change in imported.changes:
        reference = change.reference.removeprefix(f"{imported.reference}/")
        if change.action == "registered" and change.subject in _NAMED:
            name = _show_value(change.changes.get(_NAMED[change.subject], (None, ""))[1])
            lines.append(f"new {_WORDS[change.subject][0]} {reference}: {name}")
        elif change.action == "registered":
            new[change.subject] += 1
        else:
            shown = [_show_change(column, *pair) for column, pair in change.changes.items() if column not in UNTOLD]
            moved[change.subject] += "position" in change.changes
            amended += [f"{_WORDS[change.subject][0]} {reference}: {words}" for words in shown]
    lines += [f"{count} new {_WORDS[subject][count > 1]}" for subject, count in new.items()]
    lines += amended
    lines += [f"{count} {_WORDS[subject][count > 1]} in another place" for subject, count in moved.items() if count]
    lines += [f"vanished from the file, kept in the register: {name}" for name in imported.vanished]
    lines += [
        f"recorded since the file was written, kept: {_WORDS[one.subject][0]} "
        f"{one.reference.removeprefix(f'{imported.reference}/')}: {column.replace('_', ' ')} {_show_value(stands)}"
        for one in imported.kept
        for column, (_, stands) in one.changes.items()
    ]
    for one in imported.followed:
        if not one.settles:
            lines.append(f"reported as done, and stays as the file says that it stands; nobody is asked: {one.title}")
            continue
        asked = ", ".join(reference for reference, _ in one.asked)
        lines.append(f"counts as fulfilled: {one.title}" + (f"; asked to confirm it: {asked}" if asked else ""))
    lines += [f"to look at: {one.title}: due {one.due}, after the {one.than} ({one.end})" for one in imported.late]
    return lines


def _show_change(column: str, old: Any, new: Any) -> str:
    name = column.replace("_", " ")
    if old in (None, [], {}):
        return f"{name} set to {_show_value(new)}"
    if new in (None, [], {}):
        return f"{name} emptied, was {_show_value(old)}"
    return f"{name} changed from {_show_value(old)} to {_show_value(new)}"


def _show_value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        shown = ", ".join(
            f"{name}: {_show_value(inner)}" for name, inner in value.items() if inner not in (None, [], {})
        )
    elif isinstance(value, list):
        shown = "; ".join(_show_value(inner) for inner in value)
    elif isinstance(value, float) and value.is_integer():
        shown = f"{value:.0f}"
    else:
        shown = str(value)
    shown = " ".join(shown.split())
    return shown if len(shown) <= 120 else shown[:117] + "..."


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row as the file says it; `keep` names the columns that stay as they are in a row already there."""

    reference: str
    values: Mapping[str, Any]
    keep: frozenset[str] = frozenset()


@dataclass
class Difference:
    """Collects what is written for one file.

    `changes` go to the log, with the columns and ids as they are stored, so that the log can be played back; `told`
    are the same for people, with the references of `labels` in place of ids.
    """

    unit: Connection
    agreement_id: int | None = None
    labels: dict[str, dict[int, str]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    told: list[Change] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    later: Later = field(default_factory=Later)

    def write(
        self,
        table: Table,
        wanted: Sequence[Wanted],
        stored: Stored,
        *,
        only_new: Mapping[str, Any] | None = None,
        link: str | None = None,
        tell_vanished: Callable[[Any], str | None] | None = None,
    ) -> dict[Key, int]:
        """Insert and update the rows that differ; gives the id of every row wanted or stored, by natural key.

        `only_new` are columns set when a row is made and never again. `link` names a column that points into the
        same table and is given as a reference. `tell_vanished` words a stored row that is not wanted.
        """
        ids: dict[Key, int] = {key: row.id for key, row in stored.items()}
        keys = [_key_of(table, row) for row in wanted]
        new = [row for key, row in zip(keys, wanted, strict=True) if key not in stored]
        ids |= _insert_rows(self.unit, table, [{**row.values, **(only_new or {}), **_unlink(link)} for row in new])
        if link is not None:
            self.labels[link] = {row_id: key[0] for key, row_id in ids.items()}
        updates: list[dict[str, Any]] = []
        for key, row in zip(keys, wanted, strict=True):
            values = dict(row.values)
            if link is not None and values[link] is not None:
                values[link] = ids[(values[link],)]
            before = stored.get(key)
            if before is not None:
                values |= {name: getattr(before, name) for name in row.keep}
                values = self.later.keep(table, row.reference, before, values)
            differs = self._note(table, ids[key], row.reference, before, values)
            if differs or (before is None and link is not None and values[link] is not None):
                updates.append({**values, "row_id": ids[key]})
        _update_rows(self.unit, table, updates)
        if tell_vanished is not None:
            asked = set(keys)
            self.vanished += filter(None, (tell_vanished(row) for key, row in stored.items() if key not in asked))
        return ids

    def _note(self, table: Table, row_id: int, reference: str, before: Any, values: Mapping[str, Any]) -> bool:
        """Note the change of one row; tells whether a row already there differs.

        Of a person's channels the order counts as well.
        """
        if before is None:
            changed = {name: (None, value) for name, value in values.items() if value not in (None, [], {})}
        else:
            changed = {
                name: (found, value)
                for name, value in values.items()
                if (found := getattr(before, name)) != value or (name == "channels" and list(found) != list(value))
            }
            if not changed:
                return False
        change = Change(
            action="registered" if before is None else "amended",
            subject=table.name,
            row_id=row_id,
            reference=reference[:300],
            agreement_id=row_id if table is tables.agreement else self.agreement_id,
            changes=changed,
        )
        shown = {
            name.removesuffix("_id"): (self._label(name, old), self._label(name, new))
            for name, (old, new) in changed.items()
        }
        self.changes.append(change)
        self.told.append(replace(change, changes=shown))
        return before is not None

    def tell_kept(self) -> tuple[Change, ...]:
        """What stands in place of what the file says, with references in place of ids."""
        return tuple(
            replace(
                one,
                changes={
                    name.removesuffix("_id"): (self._label(name, said), self._label(name, stands))
                    for name, (said, stands) in one.changes.items()
                },
            )
            for one in self.later.kept
        )

    def _label(self, column: str, value: Any) -> Any:
        return self.labels.get(column, {}).get(value, value) if column.endswith("_id") else value


def read_stored(unit: Connection, table: Table, query: Select[Any]) -> dict[Key, Any]:
    """The rows of a query over one table, by natural key, oldest first; named tuples, which are asked by name often."""
    rows = read_named(unit, query.order_by(table.c.id))
    places = [rows[0]._fields.index(name) for name in KEYS[table]] if rows else []
    return {tuple([row[place] for place in places]): row for row in rows}


def place_rows(order: Iterable[Key], stored: Mapping[Key, int]) -> dict[Key, int]:
    """A position for each key, so that they follow each other; positions that already do so stay as they are.

    Rows that are not in `order` keep theirs, and no two rows share one.
    """
    order = list(order)
    placed_keys = set(order)
    taken = {position for key, position in stored.items() if key not in placed_keys}
    placed: dict[Key, int] = {}
    last = 0
    for key in order:
        position = stored.get(key, 0)
        if position <= last:
            position = last + 1
            while position in taken:
                position += 1
        placed[key] = last = position
    return placed


def in_chunks(values: Collection[Any], size: int = 5000) -> list[list[Any]]:
    """Values in pieces that a statement may carry; one empty piece if there are none."""
    whole = list(values)
    return [whole[start : start + size] for start in range(0, len(whole), size)] or [[]]


def take_columns(entry: BaseModel, table: Table) -> dict[str, Any]:
    """The fields of a form that are columns of the same name."""
    # These alone, because an agreement or a party is written with all its people else.
    return entry.model_dump(mode="json", include=_name_shared(type(entry), table))


@lru_cache(maxsize=64)
def _name_shared(form: type[BaseModel], table: Table) -> set[str]:
    return {name for name in form.model_fields if name in table.c}


def require_known(agreement: str, reference: str | None, known: Container[str], what: str) -> None:
    """NotFound unless a reference, if there is one, is among those known."""
    if reference is not None and reference not in known:
        raise NotFound(
            f"agreement {agreement} names the {what} {reference}, which the register does not know; "
            "import the file that holds it first or together with this one"
        )


def _key_of(table: Table, row: Wanted) -> Key:
    return tuple(row.values[name] for name in KEYS[table])


def _unlink(link: str | None) -> dict[str, None]:
    return {link: None} if link else {}


def _insert_rows(unit: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> dict[Key, int]:
    names = KEYS[table]
    statement = insert(table).returning(table.c.id, *(table.c[name] for name in names))
    ids: dict[Key, int] = {}
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        made: Sequence[Row[Any]] = unit.execute(statement, rows[start : start + ROWS_A_STATEMENT]).all()
        ids |= {tuple(row[1:]): row[0] for row in made}
    return ids


def _update_rows(unit: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    unit.execute(update(table).where(table.c.id == bindparam("row_id")), rows)
