"""Takes a hand-over of everything back: what it moved moves back, as far as nobody has changed it since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select, update

from commitments.dates import parse_stored
from commitments.errors import RefusedChange
from commitments.facts import Person
from commitments.handing_over import HANDED_OVER, HandedOver, find_coordinated, reconcile_agreements
from commitments.log import Author, Change, record_changes
from commitments.people import UNSETTLED
from commitments.person_queries import load_people
from commitments.tables import agreement, commitment, commitment_owner, contact, draft, follow_up, log_entry
from commitments.vocabulary import ContactRole, DraftState, FollowUpState

HANDED_BACK = "handed_back"
"""The action of the log entry that says it of the person as a whole."""
WITHIN = timedelta(days=7)
_PASSING = ("amended", "reassigned")
"""The actions of the log entries by which something goes from one to another."""
_TABLES: dict[str, Table] = {table.name: table for table in (commitment_owner, contact, draft, follow_up)}


class Stays(StrEnum):
    """Why something that was handed over does not go back."""

    CHANGED = "changed"
    SETTLED = "settled"
    GONE = "gone"  # who had it is not in office
    LEADS = "leads"  # who had it is a leader, and asked nothing


@dataclass(frozen=True, slots=True)
class Left:
    """One thing that stays as it is. `row` is that of the register, of a commitment with its agreement."""

    subject: str
    row: Any
    why: Stays
    who: str | None = None
    """Who changed it since, where the log says it; else who had it, where they cannot have it back."""


@dataclass(frozen=True, slots=True)
class TakeBack:
    """What of a hand-over can be taken back, and what cannot. `entry` is its log entry."""

    entry: Any
    moving: Sequence[tuple[Any, Any]]
    """The rows of the register that go back, each with the log entry that moved it."""
    left: tuple[Left, ...]

    @property
    def former(self) -> int:
        return int(self.entry.row_id)

    @property
    def new(self) -> int:
        return int(self.entry.changes["handed_to"][1])

    def list_rows(self, table: Table) -> list[Any]:
        return [row for entry, row in self.moving if entry.subject == table.name]


def is_in_time(entry: Any, now: datetime) -> bool:
    """Whether a hand-over is young enough to be taken back."""
    return bool(now - entry.at < WITHIN)


def find_take_back(reading: Connection, entry: Any, today: date, *, hold: bool = False) -> TakeBack:
    """What would go back of the hand-over that this log entry tells of: seven statements, however much it is.

    A commitment that was settled since stays with who settled it; a question that was answered, and a draft that was
    decided, are over. What is back already is neither. Nothing goes back to who has left or leads by now, unless their
    office or role goes back with it. `hold` keeps others from changing the rows until the unit ends.
    """
    moving: list[tuple[Any, Any]] = []
    changed: list[tuple[Any, Any]] = []
    left: list[Left] = []
    former = load_people(reading, only=contact.c.id == entry.row_id)[entry.row_id]
    for found, row in _load_moved(reading, entry, former.reference, hold=hold):
        if all(row._mapping[name] == new for name, (_, new) in found.changes.items()):
            if found.subject == commitment_owner.name and (row.state not in UNSETTLED or row.ended is not None):
                left.append(Left(found.subject, row, Stays.SETTLED))
            elif not _is_over(found.subject, row):
                moving.append((found, row))
        elif any(row._mapping[name] not in pair for name, pair in found.changes.items()):
            changed.append((found, row))
    # The role goes back only to who can have it again, else nobody would have it.
    if any(_is_of_former(found, entry) for found, _ in changed):
        moving = [(found, row) for found, row in moving if found.subject != contact.name or "role" not in found.changes]
    authors = _load_authors(reading, changed)
    left += [
        Left(found.subject, row, Stays.CHANGED, authors.get((found.subject, found.row_id))) for found, row in changed
    ]
    if (barred := _find_bar(former, moving, today)) is not None:
        left = [Left(found.subject, row, barred, former.reference) for found, row in moving] + left
        moving = []
    return TakeBack(entry, moving, tuple(left))


def _find_bar(former: Person, moving: Sequence[tuple[Any, Any]], today: date) -> Stays | None:
    """Why somebody, as they would be with all that goes back to them, may not answer for it any more."""
    own = [found.changes for found, _ in moving if (found.subject, found.row_id) == (contact.name, former.id)]
    for changes in own:
        if "role" in changes:
            former = replace(former, role=ContactRole(changes["role"][0]))
        if "valid_to" in changes:
            former = replace(former, valid_to=parse_stored(changes["valid_to"][0]))
    if not former.is_in_office(today):
        return Stays.GONE
    return Stays.LEADS if former.role is ContactRole.LEADER else None


def _is_of_former(found: Any, entry: Any) -> bool:
    """Whether it is about the role or the office of who handed over."""
    is_theirs = (found.subject, found.row_id) == (contact.name, entry.row_id)
    return is_theirs and bool({"role", "valid_to"} & found.changes.keys())


def take_back_hand_over(unit: Connection, author: Author, entry_id: int, now: datetime, today: date) -> HandedOver:
    """Move back to the former person what a hand-over moved and nobody changed since, their role and office too.

    What comes of it is a hand-over from the one who had taken over. Raises RefusedChange for one that is not the
    person's latest, is older than `WITHIN`, or of which nothing is left to take back.
    """
    entry = load_latest(unit, unit.execute(select(log_entry.c.row_id).where(log_entry.c.id == entry_id)).scalar_one())
    if entry is None or entry.id != entry_id or entry.action != HANDED_OVER:
        raise RefusedChange("this hand-over was taken back, or another one has followed it")
    if not is_in_time(entry, now):
        raise RefusedChange(f"this hand-over is older than {WITHIN.days} days; hand over anew")
    back = find_take_back(unit, entry, today, hold=True)
    if not back.moving:
        raise RefusedChange("everything that was handed over has been changed since, or its owner has left or leads")
    changes = [_turn_back(unit, found, row, back.former) for found, row in back.moving]
    owned = back.list_rows(commitment_owner)
    passed = {"handed_to": (back.new, back.former), "commitments": (None, len(owned))}
    changes.append(Change(HANDED_BACK, contact.name, back.former, entry.reference, None, passed))
    record_changes(unit, author, changes)
    asked = unit.execute(
        select(follow_up.c.id, follow_up.c.agreement_id, follow_up.c.assignee_id).where(
            follow_up.c.assignee_id.in_([back.new, back.former]), follow_up.c.state == str(FollowUpState.OPEN)
        )
    ).all()
    touched = {row.agreement_id for row in [*owned, *asked] if row.agreement_id is not None}
    reconcile_agreements(unit, sorted(touched), now, today)
    people = load_people(unit, only=contact.c.id.in_([back.former, back.new]))
    former, new = people[back.former], people[back.new]
    has_role_back = any(
        "role" in found.changes and (found.subject, found.row_id) == (contact.name, back.former)
        for found, _ in back.moving
    )
    coordinates = has_role_back and former.role is ContactRole.COORDINATOR
    coordinated = find_coordinated(unit, former) if coordinates else frozenset[int]()
    came = {row.id for row in back.list_rows(follow_up)} | {row.id for row in asked if row.assignee_id == back.new}
    return HandedOver(new, former, owned, tuple(sorted(came)), coordinated)


def load_latest(reading: Connection, contact_id: int) -> Any | None:
    """The log entry of the latest hand-over of everything by this person, or of its being taken back."""
    return reading.execute(
        select(log_entry)
        .where(
            log_entry.c.subject == contact.name,
            log_entry.c.row_id == contact_id,
            log_entry.c.action.in_([HANDED_OVER, HANDED_BACK]),
        )
        .order_by(log_entry.c.id.desc())
        .limit(1)
    ).one_or_none()


def load_taken_back(reading: Connection, entry: Any) -> Any | None:
    """The log entry of the hand-over that this one took back."""
    return reading.execute(
        select(log_entry)
        .where(
            log_entry.c.subject == contact.name,
            log_entry.c.row_id == entry.row_id,
            log_entry.c.action == HANDED_OVER,
            log_entry.c.id < entry.id,
        )
        .order_by(log_entry.c.id.desc())
        .limit(1)
    ).one_or_none()


def _load_moved(reading: Connection, entry: Any, reference: str, *, hold: bool) -> list[tuple[Any, Any]]:
    """Each row that the hand-over changed as it is now, with the log entry of the change."""
    together = (log_entry.c.at == entry.at) & (log_entry.c.who == entry.who)
    entries = reading.execute(select(log_entry).where(together).order_by(log_entry.c.id)).all()
    new = entry.changes["handed_to"][1]
    ours = {
        (one.subject, one.row_id, *sorted(one.changes)): one
        for one in entries
        if one.subject in _TABLES and one.action in _PASSING and _is_of(one, entry.row_id, reference, new)
    }
    rows = {
        (subject, row.owner_id if subject == commitment_owner.name else row.id): row
        for subject in _TABLES
        for row in _load_rows(reading, subject, together, hold=hold)
    }
    return [(one, rows[one.subject, one.row_id]) for one in ours.values() if (one.subject, one.row_id) in rows]


def _is_of(one: Any, former: int, reference: str, new: int) -> bool:
    """Whether a change passed something from the one to the other, or is of the role or office of either."""
    if one.subject == contact.name:
        return one.changes.get("deputy_id", [None])[0] == former or (
            one.row_id in (former, new) and bool({"role", "valid_to"} & one.changes.keys())
        )
    if one.subject == draft.name:
        return bool(one.changes.get("coordinator", [None])[0] == reference)
    column = "contact_id" if one.subject == commitment_owner.name else "assignee_id"
    return bool(one.changes.get(column) == [former, new])


def _load_rows(reading: Connection, subject: str, together: ColumnElement[bool], *, hold: bool) -> Sequence[Any]:
    table = _TABLES[subject]
    concerned = select(log_entry.c.row_id).where(together, log_entry.c.subject == subject)
    query = select(table).where(table.c.id.in_(concerned)).order_by(table.c.id)
    if table is commitment_owner:
        query = (
            select(
                commitment_owner.c.id.label("owner_id"), commitment_owner.c.party_id, commitment_owner.c.contact_id,
                commitment_owner.c.handed_from_id, commitment.c.id, commitment.c.reference, commitment.c.summary,
                commitment.c.summaries, commitment.c.quote, commitment.c.state, commitment.c.due,
                commitment.c.agreement_id, agreement.c.reference.label("agreement_reference"), agreement.c.title,
                agreement.c.ended,
            )
            .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
            .join(agreement, agreement.c.id == commitment.c.agreement_id)
            .where(commitment_owner.c.id.in_(concerned))
            .order_by(agreement.c.reference, commitment.c.position)
        )  # fmt: skip
    return reading.execute(query.with_for_update(of=table) if hold else query).all()


def _is_over(subject: str, row: Any) -> bool:
    if subject == follow_up.name:
        return bool(row.state != FollowUpState.OPEN)
    return subject == draft.name and bool(row.state != DraftState.WAITING)


def _load_authors(reading: Connection, changed: Sequence[tuple[Any, Any]]) -> Mapping[tuple[str, int], str]:
    """Who has changed each of these rows last."""
    if not changed:
        return {}
    rows = reading.execute(
        select(log_entry.c.subject, log_entry.c.row_id, log_entry.c.who)
        .where(
            log_entry.c.subject.in_({found.subject for found, _ in changed}),
            log_entry.c.row_id.in_({found.row_id for found, _ in changed}),
            log_entry.c.id > min(found.id for found, _ in changed),
        )
        .order_by(log_entry.c.id)
    )
    return {(row.subject, row.row_id): row.who for row in rows}


def _turn_back(unit: Connection, found: Any, row: Any, former: int) -> Change:
    table = _TABLES[found.subject]
    values = {name: old for name, (old, _) in found.changes.items()}
    changes = {name: (row._mapping[name], old) for name, old in values.items()}
    if table is commitment_owner and row.handed_from_id == former:
        values["handed_from_id"] = None
    unit.execute(update(table).where(table.c.id == found.row_id).values(**values))
    return Change(found.action, table.name, found.row_id, found.reference, found.agreement_id, changes, "taken back")
