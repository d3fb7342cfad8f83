"""What the register knows of what a sketch names: parties and their people, ties, and other agreements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rapidfuzz import process, utils
from sqlalchemy import Connection, Select, false, or_, select, union

from commitments.dates import parse_date
from commitments.drafting import NEAR
from commitments.naming import make_readable
from commitments.sketch import Sketch
from commitments.sketch_flaws import Drawing
from commitments.tables import agreement, agreement_party, contact, party, relationship
from commitments.vocabulary import ContactRole


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A contact of a party that is named."""

    reference: str
    name: str
    office: str | None
    role: str
    mail: str
    is_over: bool
    """Whether their office has ended."""
    is_waiting: bool
    """Whether their own side has yet to accept them."""

    @property
    def acts(self) -> bool:
        return not (self.is_over or self.is_waiting)

    @property
    def answers(self) -> bool:
        """Whether they can be asked; a leader reads, and is asked nothing."""
        return self.acts and self.role != ContactRole.LEADER


@dataclass(frozen=True, slots=True)
class Known:
    """What the register knows of the parties that a sketch names."""

    names: Mapping[str, str]
    """Each party's reference by what it may be called, in small letters."""
    shown: Mapping[str, Mapping[str, str]]
    """The names of each party by language."""
    contacts: Mapping[str, Sequence[KnownPerson]]
    """The contacts of the parties named, by party."""
    taken: frozenset[str]
    """References of contacts, agreements and ties that a new one could be given, and that are given already."""
    ties: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The ties of the parties named, by their reference, as a file has them."""
    agreements: frozenset[str] = frozenset()
    """Those of the other agreements named that are there."""

    def find(self, name: str) -> str | None:
        return self.names.get(name.casefold())

    def suggest(self, name: str) -> str:
        """The name that is meant, as the register writes it: one that begins so, else the nearest; empty if none is."""
        spoken = [one for names in self.shown.values() for one in names.values()]
        begun = [one for one in spoken if len(name) > 1 and one.casefold().startswith(name.casefold())]
        if begun:
            return min(begun, key=len)
        near = process.extractOne(name, spoken, processor=utils.default_process, score_cutoff=NEAR)
        return near[0] if near else ""


def load_known(reading: Connection, sketch: Sketch, today: date, seen: Select[Any] | None = None) -> Known:
    """Five statements, whatever the size of the sketch; ties and other agreements are those of what is `seen`."""
    names: dict[str, str] = {}
    shown: dict[str, Mapping[str, str]] = {}
    for row in reading.execute(select(party.c.reference, party.c.names).order_by(party.c.id)):
        shown[row.reference] = row.names or {"en": row.reference}
        for name in (*(row.names or {}).values(), row.reference):
            names.setdefault(name.casefold(), row.reference)
    named = {names[one.name.casefold()] for one in sketch.parties if one.name.casefold() in names}
    contacts: dict[str, list[KnownPerson]] = {}
    rows: Any = reading.execute(
        select(
            contact.c.reference, contact.c.name, contact.c.office, contact.c.role, contact.c.channels,
            contact.c.valid_to, contact.c.proposed_by, party.c.reference.label("party"),
        )
        .join(party, party.c.id == contact.c.party_id)
        .where(party.c.reference.in_(named))
        .order_by(contact.c.name)
    )  # fmt: skip
    for row in rows:
        contacts.setdefault(row.party, []).append(
            KnownPerson(
                row.reference,
                row.name,
                row.office,
                row.role,
                str((row.channels or {}).get("mail") or "").casefold(),
                row.valid_to is not None and parse_date(row.valid_to).last < today,
                row.proposed_by is not None,
            )
        )
    visible = agreement.c.id.in_(seen) if seen is not None else agreement.c.id.is_not(None)
    return Known(
        names,
        shown,
        contacts,
        _load_taken(reading, sketch),
        _load_ties(reading, named, visible),
        _load_agreements(reading, sketch, visible),
    )


def find_person(who: str, holder: str, drawing: Drawing, known: Known) -> str | None:
    """Whom a choice means at a party, by their reference: one of the register, or a new one by their key."""
    if who in drawing.people and drawing.people[who][0] == holder:
        return drawing.people[who][1]
    return who if who in [one.reference for one in known.contacts.get(holder, ())] else None


def wish_title(sketch: Sketch) -> str:
    """What an agreement would be called by its title, in letters that a reference can have."""
    wishes = (make_readable(text) for text in (sketch.title, *(one.text for one in sketch.titles), sketch.kind))
    return next((wish for wish in wishes if wish), "agreement")


def _load_taken(reading: Connection, sketch: Sketch) -> frozenset[str]:
    written = [one.name for one in sketch.people] + [one.name for one in sketch.parties]
    wishes = {make_readable(name)[:20] for name in written} - {""}
    alike = [contact.c.reference.like(f"%{wish}%") for wish in sorted(wishes)]
    given = {sketch.reference, sketch.tie.reference, *(one.reference for one in sketch.people)} - {""}
    title = wish_title(sketch)
    taken = union(
        select(contact.c.reference).where(or_(false(), contact.c.reference.in_(given), *alike)),
        select(agreement.c.reference).where(
            or_(agreement.c.reference.like(f"{title}%"), agreement.c.reference.in_(given))
        ),
        select(relationship.c.reference).where(
            or_(
                relationship.c.reference.like(f"{make_readable(sketch.tie.title) or title}%"),
                relationship.c.reference.in_(given),
            )
        ),
    )
    return frozenset(reading.execute(taken).scalars())


def _load_ties(reading: Connection, named: set[str], visible: Any) -> dict[str, dict[str, Any]]:
    """The ties under which agreements of these parties stand."""
    of_theirs = (
        select(agreement_party.c.agreement_id)
        .join(party, party.c.id == agreement_party.c.party_id)
        .where(party.c.reference.in_(named))
    )
    tied = select(agreement.c.relationship_id).where(visible, agreement.c.id.in_(of_theirs))
    rows = reading.execute(
        select(relationship).where(relationship.c.id.in_(tied)).order_by(relationship.c.reference).limit(200)
    )
    return {
        row.reference: {
            name: row._mapping[name]
            for name in ("reference", "title", "since", "kind")
            if row._mapping[name] is not None
        }
        for row in rows
    }


def _load_agreements(reading: Connection, sketch: Sketch, visible: Any) -> frozenset[str]:
    named = {sketch.parent, sketch.amends, sketch.replaces} - {""}
    found = select(agreement.c.reference).where(visible, agreement.c.reference.in_(named))
    return frozenset(reading.execute(found).scalars())
