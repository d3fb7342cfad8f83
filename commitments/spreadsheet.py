"""Reads an agreement from a spreadsheet, over what the register holds of it.

A row or a column that is missing changes nothing; an empty cell in a column that is there empties the field. So a
spreadsheet can hold a part of an agreement. Only of a party that joins an agreement and is on record already, and of
its people, an empty cell takes nothing away: who writes them down anew knows a part of them. Nor does it take away
anybody's address.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from commitments.agreement_faults import FieldPath, suggest
from commitments.handwriting import find_zone
from commitments.naming import make_readable, make_unique
from commitments.sheet_cells import read_value, tidy_block, write_cells
from commitments.sheet_columns import Cells, Plain, SheetName
from commitments.sheet_rows import NO_ROWS, Headings, ReadSheet, SheetDrawing, Where, sort_sheets
from commitments.vocabulary import ContactRole
from commitments.workbooks import Sheet


class SpreadsheetTaken(Exception):
    """The agreement that a spreadsheet names is one that its reader may not see."""


def draw_spreadsheet(
    sheets: Sequence[Sheet],
    name: str,
    headings: Headings,
    find_base: Callable[[str], Plain | None],
    find_party: Callable[[str], Plain | None] = lambda _: None,
) -> SheetDrawing:
    """The agreement that a spreadsheet makes over what the register holds of it.

    `find_base` gives an agreement of the register as its file has it, None for a new one; SpreadsheetTaken for one that
    is not to be seen. `find_party` gives the fields of a party of the register, None for a new one.
    """
    drawing = SheetDrawing(name)
    untaken = [one for sheet in sheets for one in sheet.problems]
    drawing.problems += untaken
    read = sort_sheets(sheets, headings, drawing)
    reference, place = _find_agreement(read, drawing)
    try:
        base = find_base(reference) if reference else None
    except SpreadsheetTaken:
        expected = "another reference: this one is taken by an agreement that you do not see"
        drawing.fault(place, repr(reference), expected)
        return drawing
    if base is None and SheetName.AGREEMENT not in read and drawing.problems == untaken:
        drawing.fault(
            place, repr(reference) if reference else "nothing", "the reference of an agreement of the register"
        )
        return drawing
    plain = drawing.plain = base or {"agreement": reference}
    for _, row, cells in read.get(SheetName.AGREEMENT, NO_ROWS).rows:
        write_cells(drawing, plain, (), cells, row, skip=("agreement",))
    tidy_block(plain, "renewal")
    tidy_block(plain, "notice")
    _Lists(drawing, plain, read, find_party).take()
    return drawing


def _find_agreement(read: Mapping[SheetName, ReadSheet], drawing: SheetDrawing) -> tuple[str, tuple[str, int, str]]:
    """Which agreement it is: by the one row of its sheet, else by what its commitments name."""
    if SheetName.AGREEMENT in read:
        sheet = read[SheetName.AGREEMENT]
        if len(sheet.rows) != 1:
            last = sheet.rows[-1][0] if sheet.rows else 2
            drawing.fault(
                (sheet.place, last, "file"), f"{len(sheet.rows)} rows", "one agreement: one row below the headings"
            )
        for _, where, cells in sheet.rows:
            texts = {column.head: text for column, _, text in reversed(list(cells.values()))}
            return texts.get("agreement") or make_readable(texts.get("title", "")), where.at("agreement")
        return "", (sheet.place, 2, "agreement")
    reference, place = "", (drawing.file, 0, "agreement")
    for _, where, cells in read.get(SheetName.COMMITMENTS, NO_ROWS).rows:
        named = next((text for column, _, text in cells.values() if column.head == "agreement"), "")
        if named and reference and named != reference:
            expected = "the same agreement as in the rows above: one file is one agreement"
            drawing.fault(where.at("agreement"), repr(named), expected)
        elif named and not reference:
            reference, place = named, where.at("agreement")
        elif not reference:
            place = where.at("agreement")
    return reference, place


@dataclass
class _Lists:
    """Takes the sheets below the agreement, each row over the entry that it names."""

    drawing: SheetDrawing
    plain: Plain
    read: Mapping[SheetName, ReadSheet]
    find_party: Callable[[str], Plain | None]
    parties: dict[str, str] = field(default_factory=dict)
    """References of parties by all that they may be called, in small letters."""
    people: dict[str, str] = field(default_factory=dict)
    joining: set[str] = field(default_factory=set)
    """The parties that come to the agreement by this sheet."""

    def take(self) -> None:
        self._take_parties()
        self._take_contacts()
        self._take_signatories()
        self._take_commitments()
        self._take_milestones()

    def _rows(self, name: SheetName) -> Iterator[tuple[Cells, Where, dict[str, str]]]:
        for _, where, cells in self.read.get(name, NO_ROWS).rows:
            texts: dict[str, str] = {}
            for column, language, text in cells.values():
                if not texts.get(column.head) or language in ("", "en"):
                    texts[column.head] = text or texts.get(column.head, "")
            yield cells, where, texts

    def _take_parties(self) -> None:
        entries = self.plain.setdefault("parties", [])
        here, joined = {one["reference"] for one in entries}, set[str]()
        for cells, where, texts in self._rows(SheetName.PARTIES):
            self._name_parties()
            spoken = texts.get("reference") or texts.get("name", "")
            reference = self.parties.get(spoken.casefold()) or texts.get("reference") or make_readable(spoken)
            at, entry = _find_entry(entries, "reference", reference)
            if reference not in here:
                self.joining.add(reference)
            if reference not in here and any(texts[head] for head in texts if head not in ("reference", "signed")):
                here.add(reference)
                if (known := self.find_party(reference)) is not None:
                    joined.add(reference)
                    entry |= {name: value for name, value in known.items() if name != "contacts"}
            skip, keeps = ("reference", "signed"), reference in joined
            write_cells(self.drawing, entry, ("parties", at), cells, where, skip, keeps=keeps)
            self.drawing.places[("parties", at, "reference")] = where.at("reference")
            self.drawing.places[("parties", at)] = where.at("")
            unzoned = not keeps and "time_zone" not in entry and entry.get("kind")
            if unzoned and (zone := find_zone(str(entry.get("country")))):
                entry["time_zone"] = zone
            for head, (column, _, text) in cells.items():
                if column.head == "signed":
                    day = read_value(self.drawing, column, text, where.at(head)) if text else None
                    self.plain.setdefault("signed", {}).pop(reference, None)
                    self.plain["signed"] |= {reference: day} if day else {}
        self._name_parties()

    def _name_parties(self) -> None:
        for entry in self.plain["parties"]:
            for name in (*entry.get("names", {}).values(), entry["reference"]):
                self.parties.setdefault(name.casefold(), entry["reference"])

    def _find_party(self, text: str, place: tuple[str, int, str]) -> str | None:
        found = self.parties.get(text.casefold())
        if found is None:
            references = list(dict.fromkeys(self.parties.values()))
            self.drawing.fault(
                place, repr(text) if text else "nothing", suggest(text, references, "one of the parties")
            )
        return found

    def _take_contacts(self) -> None:
        known: dict[str, dict[str, int]] = {}
        on_record: set[str] = set()
        for cells, where, texts in self._rows(SheetName.CONTACTS):
            holder = self._find_party(texts.get("party", ""), where.at("party"))
            if holder is None:
                continue
            party_at, party = _find_entry(self.plain["parties"], "reference", holder)
            entries = party.setdefault("contacts", [])
            if holder not in known:
                if holder in self.joining and (there := self.find_party(holder)) is not None:
                    entries += there.get("contacts", [])
                    on_record |= {one["reference"] for one in entries}
                known[holder] = _list_places(entries)
            reference = texts.get("reference") or _find_same(entries, "name", texts)
            if not reference:
                reference = make_readable(f"{holder} {texts.get('name', '')}") or f"{holder}-person"
            at, entry = _place_entry(entries, known[holder], reference)
            path: FieldPath = ("parties", party_at, "contacts", at)
            keeps = entry["reference"] in on_record
            write_cells(self.drawing, entry, path, cells, where, skip=("reference", "party"), keeps=keeps)
            entry.setdefault("role", str(ContactRole.OWNER))
            self.drawing.places[(*path, "reference")] = where.at("reference")
            self.drawing.places[path] = where.at("")
        for party in self.plain["parties"]:
            for person in party.get("contacts", []):
                for name in (person.get("name", ""), person["reference"]):
                    self.people.setdefault(str(name).casefold(), person["reference"])

    def _take_signatories(self) -> None:
        for _, where, texts in self._rows(SheetName.SIGNATORIES):
            entries = self.plain.setdefault("signatories", [])
            holder = self._find_party(texts.get("party", ""), where.at("party"))
            if holder is None:
                continue
            wanted = {"party": holder, "name": texts.get("name", "")}
            entry = next((one for one in entries if {name: one[name] for name in wanted} == wanted), None)
            if entry is None:
                entry = wanted
                entries.append(entry)
            entry.pop("office", None)
            entry |= {"office": texts["office"]} if texts.get("office") else {}
            path: FieldPath = ("signatories", entries.index(entry))
            for name in ("party", "name", "office"):
                self.drawing.places[(*path, name)] = where.at(name)

    def _take_commitments(self) -> None:
        entries = self.plain.setdefault("commitments", [])
        taken = {one["reference"] for one in entries}
        known = _list_places(entries)
        for cells, where, texts in self._rows(SheetName.COMMITMENTS):
            wish = make_readable(" ".join(texts.get("summary", "").split()[:6])) or "commitment"
            same = texts.get("reference") or _find_same(entries, "summary", texts)
            reference = same or make_unique(wish, taken)
            taken.add(reference)
            at, entry = _place_entry(entries, known, reference)
            path: FieldPath = ("commitments", at)
            write_cells(self.drawing, entry, path, cells, where, skip=("reference", "agreement"))
            for block in ("recurrence", "target", "condition"):
                tidy_block(entry, block)
            self.drawing.places[(*path, "reference")] = where.at("reference")
            self.drawing.places[path] = where.at("")
            owners = next(((head, text) for head, (one, _, text) in cells.items() if one.head == "owners"), None)
            if owners is not None:
                self._take_owners(entry, path, owners[1], where.at(owners[0]))
            if not entry.get("owners"):
                entry["owners"] = [{"party": one["reference"]} for one in self.plain["parties"]]

    def _take_owners(self, entry: Plain, path: FieldPath, text: str, place: tuple[str, int, str]) -> None:
        owners: list[dict[str, str]] = []
        self.drawing.places[(*path, "owners")] = place
        for part in (one.strip() for one in re.split("[;\uff1b]", text)):
            spoken, _, person = (piece.strip() for piece in part.replace("\uff1a", ":").partition(":"))
            if not part:
                continue
            holder = self._find_party(spoken, place)
            if holder is not None:
                named = {"contact": self.people.get(person.casefold(), person)} if person else {}
                owners.append({"party": holder, **named})
        entry["owners"] = owners

    def _take_milestones(self) -> None:
        by_name: dict[str, Plain] = {}
        for one in self.plain["commitments"]:
            for name in (one.get("summary", ""), one["reference"]):
                by_name.setdefault(str(name).casefold(), one)
        for cells, where, texts in self._rows(SheetName.MILESTONES):
            promise = by_name.get(texts.get("commitment", "").casefold())
            if promise is None:
                references = [one["reference"] for one in self.plain["commitments"]]
                named = texts.get("commitment", "")
                expected = suggest(named, references, "a commitment of this agreement")
                self.drawing.fault(where.at("commitment"), repr(named), expected)
                continue
            entries = promise.setdefault("milestones", [])
            wish = make_readable(texts.get("title", "")) or "milestone"
            at, entry = _find_entry(entries, "reference", texts.get("reference") or wish)
            path: FieldPath = ("commitments", self.plain["commitments"].index(promise), "milestones", at)
            write_cells(self.drawing, entry, path, cells, where, skip=("reference", "commitment"))
            self.drawing.places[(*path, "reference")] = where.at("reference")
            self.drawing.places[path] = where.at("")


def _find_entry(entries: list[Plain], key: str, value: str) -> tuple[int, Plain]:
    """The entry of a list with its place; a new one at its end if there is none."""
    for at, entry in enumerate(entries):
        if entry.get(key) == value:
            return at, entry
    entries.append({key: value})
    return len(entries) - 1, entries[-1]


def _list_places(entries: Sequence[Plain]) -> dict[str, int]:
    """The place of each entry by its reference, the first where there are several."""
    return {one["reference"]: at for at, one in reversed([*enumerate(entries)])}


def _place_entry(entries: list[Plain], known: dict[str, int], reference: str) -> tuple[int, Plain]:
    """The entry of this reference with its place; a new one at the end if there is none."""
    if reference not in known:
        known[reference] = len(entries)
        entries.append({"reference": reference})
    return known[reference], entries[known[reference]]


def _find_same(entries: Sequence[Plain], field: str, texts: Mapping[str, str]) -> str | None:
    """The reference of the entry that says the same here."""
    return next((one["reference"] for one in entries if one.get(field) == texts.get(field)), None)
