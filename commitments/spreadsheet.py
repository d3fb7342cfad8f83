"""Reads an agreement from a spreadsheet, over what the register holds of it.

A row or a column that is missing changes nothing; an empty cell in a column that is there empties the field. So a
spreadsheet can hold a part of an agreement. Only of a party that joins an agreement and is on record already, and of
its people, an empty cell takes nothing away: who writes them down anew knows a part of them. Nor does it take away
anybody's address.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from commitments.agreement_faults import FieldPath, suggest
from commitments.errors import Problem
from commitments.filling import read_whole
from commitments.handwriting import find_zone, read_number, read_partial, read_zone
from commitments.naming import make_readable, make_unique
from commitments.sheet_columns import SHEETS, Column, Holds, Plain, SheetName
from commitments.vocabulary import ContactRole
from commitments.workbooks import Sheet

_LANGUAGE = re.compile(r"(?P<head>.+?)\s*[(\uff08](?P<language>[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)[)\uff09]", re.ASCII)


_NEEDED: Mapping[SheetName, tuple[str, ...]] = {
    SheetName.AGREEMENT: ("title", "kind"),
    SheetName.PARTIES: ("name",),
    SheetName.SIGNATORIES: ("party", "name"),
    SheetName.CONTACTS: ("party", "name"),
    SheetName.COMMITMENTS: ("summary",),
    SheetName.MILESTONES: ("commitment", "title"),
}
_WITHHELD = ("channels", "mail")
"""A sheet that goes from hand to hand leaves it out, so that an empty cell takes nothing away."""
_TRUE, _FALSE = {"yes", "y", "true", "x", "1", "是"}, {"no", "n", "false", "0", "否"}


@dataclass(frozen=True, slots=True)
class Headings:
    """What headings, sheets and words may be called besides their own names, all in small letters."""

    heads: Mapping[str, str] = field(default_factory=dict)
    sheets: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    """A word of the vocabulary by `head:word`."""
    remarks: AbstractSet[str] = frozenset()
    """What a sheet is called from which nothing is taken."""


@dataclass
class SheetDrawing:
    """The agreement that a spreadsheet makes, where each of its fields stands, and what is wrong."""

    file: str
    plain: Plain = field(default_factory=dict)
    places: dict[FieldPath, tuple[str, int, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def fault(self, place: tuple[str, int, str], found: str, expected: str) -> None:
        self.problems.append(Problem(place[0], place[1], place[2], found, expected))

    def place(self, problem: Problem) -> Problem:
        """A fault of the agreement as one of the spreadsheet: sheet, row and heading in place of line and field."""
        named = {_dotted(path): where for path, where in self.places.items()}
        name = problem.field
        while name and name not in named:
            name = re.sub(r"(\.[^.\[]*|\[\d+\])$", "", name) if re.search(r"[.\[]", name) else ""
        if not name:
            return Problem(self.file, 0, problem.field, problem.found, problem.expected)
        sheet, row, head = named[name]
        return Problem(sheet, row, head or problem.field.rpartition(".")[2], problem.found, problem.expected)


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
    read = _sort_sheets(sheets, headings, drawing)
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
    for _, row, cells in read.get(SheetName.AGREEMENT, _NOTHING).rows:
        _write_cells(drawing, plain, (), cells, row, skip=("agreement",))
    _tidy(plain, "renewal", "rule")
    _tidy(plain, "notice", "")
    _Lists(drawing, plain, read, find_party).take()
    return drawing


@dataclass(frozen=True, slots=True)
class _Read:
    """The rows of one sheet, each cell with its column; `place` is file and sheet."""

    place: str
    rows: Sequence[tuple[int, "_Where", Mapping[str, tuple[Column, str, str]]]]


@dataclass(frozen=True, slots=True)
class _Where:
    place: str
    row: int

    def at(self, head: str) -> tuple[str, int, str]:
        return self.place, self.row, head


_NOTHING = _Read("", ())


def _sort_sheets(sheets: Sequence[Sheet], headings: Headings, drawing: SheetDrawing) -> dict[SheetName, _Read]:
    """Each sheet by its name, each cell by its column; what is not known is a fault, with what is near."""
    read: dict[SheetName, _Read] = {}
    names = {str(one).casefold(): one for one in SheetName}
    for sheet in sheets:
        place = f"{drawing.file}, {sheet.title}" if sheet.title else drawing.file
        title = sheet.title.casefold()
        if title in headings.remarks or not sheet.heads:
            continue
        known = names.get(headings.sheets.get(title, title)) if title else SheetName.COMMITMENTS
        if known is None and len(sheets) == 1:
            known = SheetName.COMMITMENTS
        if known is None:
            expected = suggest(sheet.title, [str(one) for one in SheetName], "a sheet of the spreadsheet")
            drawing.fault((place, 0, "file"), repr(sheet.title), expected)
            continue
        columns = _find_columns(sheet, known, headings, place, drawing)
        rows = []
        for row in sheet.rows:
            cells = {
                head: (column, language, text if column.words is None or not text else _say(text, column, headings))
                for head, (column, language) in columns.items()
                for text in (row.cells[head],)
            }
            if any(text for _, _, text in cells.values()):
                rows.append((row.number, _Where(place, row.number), cells))
        read[known] = _Read(place, rows)
    return read


def _find_columns(
    sheet: Sheet, name: SheetName, headings: Headings, place: str, drawing: SheetDrawing
) -> dict[str, tuple[Column, str]]:
    known = {one.head: one for one in SHEETS[name]}
    found: dict[str, tuple[Column, str]] = {}
    for head in sheet.heads:
        spoken = head.casefold().replace("_", " ")
        with_language = _LANGUAGE.fullmatch(spoken)
        language = ""
        if with_language is not None:
            spoken, language = with_language["head"], with_language["language"]
        column = known.get(headings.heads.get(spoken, spoken))
        if column is None or (language and column.holds is not Holds.TEXTS):
            expected = suggest(spoken, list(known), "a column of the sheet")
            drawing.fault((place, 1, head), f"the unknown column {head!r}", expected)
            continue
        found[head] = (column, language)
    held = {column.head for column, _ in found.values()}
    for needed in _NEEDED[name]:
        if needed not in held and not (name is SheetName.COMMITMENTS and "reference" in held):
            drawing.fault((place, 1, needed), "nothing", "this column")
    return found


def _say(text: str, column: Column, headings: Headings) -> str:
    """A word of the vocabulary by any of its names."""
    spoken = text.casefold().strip()
    return headings.words.get(f"{column.head}:{spoken}", spoken.replace(" ", "_").replace("-", "_"))


def _find_agreement(read: Mapping[SheetName, _Read], drawing: SheetDrawing) -> tuple[str, tuple[str, int, str]]:
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
    for _, where, cells in read.get(SheetName.COMMITMENTS, _NOTHING).rows:
        named = next((text for column, _, text in cells.values() if column.head == "agreement"), "")
        if named and reference and named != reference:
            expected = "the same agreement as in the rows above: one file is one agreement"
            drawing.fault(where.at("agreement"), repr(named), expected)
        elif named and not reference:
            reference, place = named, where.at("agreement")
        elif not reference:
            place = where.at("agreement")
    return reference, place


def _write_cells(
    drawing: SheetDrawing,
    into: Plain,
    path: FieldPath,
    cells: Mapping[str, tuple[Column, str, str]],
    where: "_Where",
    skip: Sequence[str] = (),
    *,
    keeps: bool = False,
) -> None:
    """Write a row's cells into the plain values of what it describes.

    An empty cell empties the field, or with `keeps` leaves it as it is, as always that of an address.
    """
    for head, (column, language, text) in cells.items():
        is_kept = keeps or column.place == _WITHHELD
        if column.head in skip or column.holds is Holds.OWNERS or (is_kept and not text):
            continue
        place, at = column.place, where.at(head)
        *above, last = place
        if column.holds is Holds.TEXTS:
            above, last = _place_text(column, language, into)
        drawing.places[(*path, *above, last)] = at
        if above:
            drawing.places.setdefault((*path, *place), at)
            drawing.places.setdefault((*path, above[0]), at)
        value = _read_value(drawing, column, text, at) if text else None
        inner = into
        for step in above:
            if value is None and step not in inner:
                inner = {}
                break
            inner = inner.setdefault(step, {})
        if value is None:
            inner.pop(last, None)
        else:
            inner[last] = value


def _place_text(column: Column, language: str, into: Plain) -> tuple[list[str], str]:
    """Where a text of one language stands. A commitment's summary has a field of its own for the others."""
    if column.head == "summary":
        return (["summaries"], language) if language and language != "en" else ([], "summary")
    return [column.place[0]], language or "en"


def _read_value(drawing: SheetDrawing, column: Column, text: str, place: tuple[str, int, str]) -> Any:
    """The value of a cell with a text; a fault and None for what cannot be read."""
    expected = ""
    value: Any = text
    if column.holds is Holds.DATE:
        value, expected = read_partial(text), "a date such as 2018, 2018-09 or 2018-09-30"
    elif column.holds is Holds.ZONE:
        value, expected = read_zone(text), "a time zone such as Europe/London"
    elif column.holds in (Holds.NUMBER, Holds.WHOLE):
        value, expected = read_number(text), "a number, as 1000 or 1.5 (1.000 and 1,000 can mean two things)"
        if value is not None and not isfinite(value):
            value = None
        if column.holds is Holds.WHOLE:
            value = read_whole(text) if value is None else value
            value, expected = (int(value) if value is not None and value == int(value) else None), "a whole number"
    elif column.holds is Holds.YES_NO:
        spoken = text.casefold()
        value, expected = (True if spoken in _TRUE else False if spoken in _FALSE else None), "yes or no"
    elif column.words is not None and text not in list(column.words):
        choices = [str(one) for one in column.words]
        value, expected = None, suggest(text, choices, "one of " + ", ".join(choices))
    elif column.holds is Holds.LIST:
        value = [part for part in (one.strip() for one in re.split("[;\uff1b]", text)) if part] or None
    elif column.head == "country":
        value = text.upper()
    if value is None:
        drawing.fault(place, repr(text[:80]), expected)
    return value


def _tidy(plain: Plain, name: str, needed: str) -> None:
    """A block of which nothing is left, or not what makes it, goes whole."""
    block = plain.get(name)
    if isinstance(block, dict) and (not block or (needed and needed not in block and len(block) == 0)):
        del plain[name]


@dataclass
class _Lists:
    """Takes the sheets below the agreement, each row over the entry that it names."""

    drawing: SheetDrawing
    plain: Plain
    read: Mapping[SheetName, _Read]
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

    def _rows(self, name: SheetName) -> Iterator[tuple[Mapping[str, tuple[Column, str, str]], _Where, dict[str, str]]]:
        for _, where, cells in self.read.get(name, _NOTHING).rows:
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
            _write_cells(self.drawing, entry, ("parties", at), cells, where, skip, keeps=keeps)
            self.drawing.places[("parties", at, "reference")] = where.at("reference")
            self.drawing.places[("parties", at)] = where.at("")
            unzoned = not keeps and "time_zone" not in entry and entry.get("kind")
            if unzoned and (zone := find_zone(str(entry.get("country")))):
                entry["time_zone"] = zone
            for head, (column, _, text) in cells.items():
                if column.head == "signed":
                    day = _read_value(self.drawing, column, text, where.at(head)) if text else None
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
            wish = make_readable(f"{holder} {texts.get('name', '')}") or f"{holder}-person"
            at, entry = _place_entry(entries, known[holder], reference or wish)
            path: FieldPath = ("parties", party_at, "contacts", at)
            keeps = entry["reference"] in on_record
            _write_cells(self.drawing, entry, path, cells, where, skip=("reference", "party"), keeps=keeps)
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
            _write_cells(self.drawing, entry, path, cells, where, skip=("reference", "agreement"))
            for block, needed in (("recurrence", "every"), ("target", "quantity"), ("condition", "text")):
                _tidy(entry, block, needed)
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
            _write_cells(self.drawing, entry, path, cells, where, skip=("reference", "commitment"))
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


def _dotted(path: FieldPath) -> str:
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
