"""Makes commitments and agreements of the few fields that a person fills in.

A new agreement becomes a file like any other, so that one form holds whatever the register holds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from email.utils import parseaddr
from typing import Any

from babel.core import get_global
from pydantic import ValidationError
from rapidfuzz import process, utils
from sqlalchemy import Connection, select

from commitments.agreement_faults import find_inner_faults
from commitments.agreement_file import explain_fault
from commitments.agreement_form import AgreementForm, CommitmentForm
from commitments.calendar import list_countries, suggest_country
from commitments.entries import AgreementEntry, Correction, Mistakes, PartyEntry, PromiseEntry, name_field
from commitments.errors import NotFound
from commitments.export import load_form, load_head
from commitments.log import Author
from commitments.naming import make_readable, make_unique
from commitments.plain_values import write_plain
from commitments.references import find_agreement
from commitments.register import import_agreement
from commitments.tables import agreement, agreement_party, commitment, contact, party
from commitments.vocabulary import CommitmentKind, ContactRole

NEAR = 80
"""How alike two names are, out of 100, before one is offered for the other."""

_TITLES: dict[str | int, str] = {
    "due": "due",
    "confirm_by": "due",
    "recurrence": "every",
    "count": "times",
    "what": "counted",
    "target": "quantity",
    "unit": "unit",
    "owners": "owners",
}
"""Which field of the form a field of the file came from."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The parties and contacts that an entry can name."""

    names: Mapping[str, str]
    """Each party's reference by what it may be called, in small letters."""
    contacts: Mapping[str, str]
    """Each contact's party by the contact's reference."""
    people: Mapping[str, str]
    """Each contact's reference by its name, in small letters."""

    def find_party(self, name: str | None) -> str | None:
        return self.names.get((name or "").casefold())

    def suggest_party(self, name: str) -> str:
        near = process.extractOne(name, list(self.names), processor=utils.default_process, score_cutoff=NEAR)
        return f" (did you mean {self.names[near[0]]!r}?)" if near else ""

    def find_contact(self, name: str) -> str | None:
        return name if name in self.contacts else self.people.get(name.casefold())

    def suggest_contact(self, name: str) -> str:
        near = process.extractOne(name, [*self.contacts, *self.people], score_cutoff=75)
        return f" (did you mean {self.people.get(near[0], near[0])!r}?)" if near else ""


def add_promise(
    unit: Connection,
    author: Author,
    reference: str,
    entry: PromiseEntry,
    today: date,
    faults: Iterable[Correction] = (),
) -> str:
    """Add one commitment to an agreement of the register; returns `agreement/commitment`.

    Raises Mistakes with every correction to make, those of `faults` among them.
    """
    try:
        row = find_agreement(unit, reference)
    except NotFound as unknown:
        raise Mistakes([Correction("agreement", "", str(unknown)), *faults]) from None
    owing = list(_load_roles(unit, row.id))
    taken = unit.execute(select(commitment.c.reference).where(commitment.c.agreement_id == row.id)).scalars()
    drawn, corrections = _draw_promise(entry, _load_known(unit), owing, set(taken))
    known_faults = list(faults)
    if not known_faults:
        corrections += _check_promise(drawn)
    if known_faults or corrections:
        raise Mistakes([*known_faults, *corrections])
    return add_drawn(unit, author, reference, drawn, today)


def add_drawn(unit: Connection, author: Author, reference: str, drawn: Mapping[str, Any], today: date) -> str:
    """Add one commitment as its file has it to an agreement of the register; returns `agreement/commitment`."""
    roles = _load_roles(unit, find_agreement(unit, reference).id)
    # The agreement itself as it is, its parties by name alone and no other commitment: so nothing else can change.
    parts = {"parties": [{"reference": one, "role": role} for one, role in roles.items()], "commitments": [drawn]}
    form = AgreementForm.model_validate(load_head(unit, reference) | parts)
    narrowed = form.model_dump(mode="json", exclude_defaults=True) | parts
    import_agreement(unit, AgreementForm.model_validate(narrowed), author, today)
    return f"{reference}/{drawn['reference']}"


def find_drawn(reading: Connection, reference: str, drawn: Mapping[str, Any]) -> str | None:
    """The reference of the commitment of this agreement that says all the same as a drawn one, if there is one."""
    alike = select(commitment.c.id).where(
        commitment.c.agreement_id == find_agreement(reading, reference).id, commitment.c.summary == drawn["summary"]
    )
    if reading.execute(alike.limit(1)).first() is None:
        return None
    for one in load_form(reading, reference).commitments:
        if CommitmentForm.model_validate({**drawn, "reference": one.reference}) == one:
            return one.reference
    return None


def _load_roles(reading: Connection, agreement_id: int) -> dict[str, str]:
    """The parties of an agreement in their order, with what each is in it."""
    places = reading.execute(
        select(party.c.reference, agreement_party.c.role)
        .join(agreement_party, agreement_party.c.party_id == party.c.id)
        .where(agreement_party.c.agreement_id == agreement_id)
        .order_by(agreement_party.c.position)
    )
    return {place.reference: place.role for place in places}


def draft_agreement(reading: Connection, entry: AgreementEntry, faults: Iterable[Correction] = ()) -> str:
    """The agreement file that an entry makes; Mistakes tells every correction, those of `faults` among them.

    Parties are found by reference or name, or written out; the reference is made of the title.
    """
    known, known_faults = _load_known(reading), list(faults)
    parties, corrections = _draw_parties(entry, known)
    references = [str(one["reference"]) for one in parties]
    titles = {(one.name or "").casefold(): reference for one, reference in zip(entry.parties, references, strict=True)}
    known = _Known({**known.names, **titles, **{one: one for one in references}}, known.contacts, known.people)
    corrections += _place_coordinator(entry.coordinator, parties, known)
    drawn: list[dict[str, Any]] = []
    for at, promise in enumerate(entry.commitments):
        one, wrong = _draw_promise(promise, known, references, {str(other["reference"]) for other in drawn})
        if not known_faults:
            wrong += _check_promise(one)
        corrections += [
            Correction(f"Commitments {at + 1} › {fault.field}", fault.found, fault.expected) for fault in wrong
        ]
        drawn.append(one)
    taken = set(reading.execute(select(agreement.c.reference)).scalars())
    made = {
        "agreement": make_unique(make_readable(entry.title or "") or str(entry.kind), taken),
        "title": {"en": entry.title},
        "kind": str(entry.kind),
        "parties": parties,
        "signed": {one: entry.signed for one in references} if entry.signed else {},
        "effective": entry.effective,
        "expires": entry.expires,
        "notice": {"months": entry.notice_months} if entry.notice_months is not None else None,
        "note": entry.note,
        "commitments": drawn if not corrections else [],
    }
    plain = {name: value for name, value in made.items() if value not in (None, "", [], {})}
    if not known_faults:
        corrections += _check_agreement(plain)
    if known_faults or corrections:
        raise Mistakes([*known_faults, *corrections])
    return write_plain(plain)


def _load_known(reading: Connection) -> _Known:
    names: dict[str, str] = {}
    for row in reading.execute(select(party.c.reference, party.c.names).order_by(party.c.id)):
        for name in (*(row.names or {}).values(), row.reference):
            names.setdefault(name.casefold(), row.reference)
    rows = reading.execute(
        select(contact.c.reference, contact.c.name, party.c.reference.label("party")).join(
            party, party.c.id == contact.c.party_id
        )
    ).all()
    people = {row.name.casefold(): row.reference for row in rows}
    return _Known(names, {row.reference: row.party for row in rows}, people)


def _draw_parties(entry: AgreementEntry, known: _Known) -> tuple[list[dict[str, Any]], list[Correction]]:
    drawn: list[dict[str, Any]] = []
    corrections: list[Correction] = []
    taken = set(known.names.values())
    for at, one in enumerate(entry.parties):
        found = known.find_party(one.name)
        if found is not None:
            drawn.append({"reference": found})
        else:
            reference = make_unique(make_readable(one.name or "") or f"party-{at + 1}", taken)
            drawn.append({"reference": reference} | _write_party(one))
            corrections += [
                Correction(f"Parties {at + 1} › {fault.field}", fault.found, fault.expected)
                for fault in _check_party(one, known)
            ]
        taken.add(drawn[-1]["reference"])
        if any(drawn[-1]["reference"] == other["reference"] for other in drawn[:-1]):
            corrections.append(Correction(f"Parties {at + 1} › Name", repr(one.name), "each party once"))
    return drawn, corrections


def _write_party(one: PartyEntry) -> dict[str, Any]:
    zones = get_global("territory_zones").get(one.country.upper(), [])
    zone = one.time_zone or (zones[0] if len(zones) == 1 else "")
    written = {"kind": str(one.kind or ""), "country": one.country.upper(), "time_zone": zone}
    return {"names": {"en": one.name}} | {name: value for name, value in written.items() if value}


def _check_party(one: PartyEntry, known: _Known) -> Iterator[Correction]:
    if not one.name:
        return
    if one.kind is None:
        expected = f"a party of the register{known.suggest_party(one.name)}, or for a new party what it is"
        yield Correction("New party: what it is", f"nothing, and the register knows no {one.name!r}", expected)
        return
    if not one.country:
        yield Correction("New party: country", "nothing", "its code of two letters, such as GB")
    elif one.country.upper() not in list_countries():
        meant = suggest_country(one.country.upper())
        expected = "the code of a country in two letters, such as GB" + (f" (did you mean {meant!r}?)" if meant else "")
        yield Correction("New party: country", repr(one.country), expected)


def _place_coordinator(named: str, parties: Sequence[dict[str, Any]], known: _Known) -> list[Correction]:
    """Write a new coordinator into the first party; a known one only has to belong to one of the parties."""
    found = known.find_contact(named or "")
    if not named or not parties:
        return []
    if found is not None:
        if known.contacts[found] in {one["reference"] for one in parties}:
            return []
        expected = f"a contact of one of the parties: this one speaks for {known.contacts[found]}"
        return [Correction("Coordinator", repr(named), expected)]
    name, mail = parseaddr(named)
    if "@" not in mail or not name:
        near = known.suggest_contact(named)
        expected = f"a contact of the register{near}, or a name and address: Mei Lin <mei.lin@leeds.example>"
        return [Correction("Coordinator", repr(named), expected)]
    first = parties[0]
    reference = make_unique(make_readable(f"{first['reference']} {name}") or "coordinator", set(known.contacts))
    first["contacts"] = [
        {"reference": reference, "name": name, "role": str(ContactRole.COORDINATOR), "channels": {"mail": mail}}
    ]
    return []


def _draw_promise(
    entry: PromiseEntry, known: _Known, owing: Sequence[str], taken: set[str]
) -> tuple[dict[str, Any], list[Correction]]:
    """One commitment as its file has it, and what is wrong with the names in it."""
    corrections: list[Correction] = []
    owed_by: list[str] = []
    for name in filter(None, entry.owed_by):
        found = known.find_party(name)
        if found in owing and found is not None:
            owed_by.append(found)
        else:
            near = process.extractOne(name, owing, score_cutoff=60)
            expected = "one of the parties: " + ", ".join(owing) + (f" (did you mean {near[0]!r}?)" if near else "")
            corrections.append(Correction("Owed by", repr(name), expected))
    owners: dict[str, str | None] = dict.fromkeys(owed_by or owing)
    for name in filter(None, entry.owners):
        found = known.find_contact(name)
        holder = known.contacts[found] if found is not None else None
        if found is None:
            corrections.append(
                Correction("Owners", repr(name), f"a contact of the register{known.suggest_contact(name)}")
            )
        elif holder not in owners:
            expected = f"a contact of {' or '.join(owners)}: this one speaks for {holder}"
            corrections.append(Correction("Owners", repr(name), expected))
        elif owners[holder] is not None:
            corrections.append(Correction("Owners", repr(name), f"one for each party: {owners[holder]} is {holder}'s"))
        else:
            owners[holder] = found
    return _write_promise(entry, owners, taken), corrections


def _write_promise(entry: PromiseEntry, owners: Mapping[str, str | None], taken: set[str]) -> dict[str, Any]:
    kind = entry.kind
    recurrence = {"every": str(entry.every), "count": entry.times} if entry.every else None
    if recurrence and entry.counted:
        recurrence["what"] = entry.counted
    wanted = {
        "reference": make_unique(make_readable(" ".join((entry.summary or "").split()[:6])) or str(kind), taken),
        "summary": entry.summary,
        "kind": str(kind),
        "owners": [{"party": one, **({"contact": who} if who else {})} for one, who in owners.items()],
        "confirm_by" if kind == CommitmentKind.PLANNED else "due": entry.due,
        "recurrence": recurrence,
        "target": {"quantity": entry.quantity, "unit": entry.unit} if entry.quantity is not None else None,
        "quote": {"en": entry.quote} if entry.quote else None,
    }
    return {name: value for name, value in wanted.items() if value not in (None, "")}


def _check_promise(drawn: Mapping[str, Any]) -> Iterator[Correction]:
    """What the form of the file finds wrong with one commitment."""
    try:
        CommitmentForm.model_validate(drawn)
    except ValidationError as invalid:
        for error in invalid.errors():
            path, found, expected = explain_fault(error)
            yield Correction(_title(path), found, expected)
        return
    alone = {"agreement": "x", "title": {"en": "x"}, "kind": "other", "commitments": [drawn]}
    alone["parties"] = [{"reference": owner["party"]} for owner in drawn["owners"]]
    for path, found, expected in find_inner_faults(AgreementForm.model_validate(alone)):
        if path[0] == "commitments":
            yield Correction(_title(path[2:]), found, expected)


def _check_agreement(plain: Mapping[str, Any]) -> Iterator[Correction]:
    """What the form of the file finds wrong with the agreement itself."""
    fields = {"title": "title", "signed": "signed", "effective": "effective", "expires": "expires", "note": "note"}
    try:
        form = AgreementForm.model_validate(plain)
    except ValidationError as invalid:
        faults = [explain_fault(error) for error in invalid.errors()]
    else:
        faults = [fault for fault in find_inner_faults(form) if fault[0][0] != "commitments"]
    for path, found, expected in faults:
        if path[0] == "parties" and path[-1] == "time_zone":
            yield Correction(f"Parties {int(path[1]) + 1} › New party: time zone", found, expected)
        elif path[0] == "parties" and path[-1] == "mail":
            yield Correction("Coordinator", found, expected)
        elif path[0] != "parties":
            yield Correction(name_field(AgreementEntry, (fields.get(str(path[0]), str(path[0])),)), found, expected)


def _title(path: Sequence[str | int]) -> str:
    """The title of the field that a place in the file came from."""
    field = next((_TITLES[step] for step in reversed(path) if step in _TITLES), str(path[0]))
    return name_field(PromiseEntry, (field,))
