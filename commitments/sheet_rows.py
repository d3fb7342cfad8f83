"""The rows of a spreadsheet's sheets, each cell by its column; what is no known sheet or column is a fault."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

from commitments.agreement_faults import FieldPath, suggest
from commitments.errors import Problem
from commitments.sheet_columns import SHEETS, Cells, Column, Holds, Plain, SheetName, choose_cells
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
    written: list["Written"] = field(default_factory=list)
    """The rows that were written into it: where their cells stand is worked out only of a file with a fault."""
    problems: list[Problem] = field(default_factory=list)

    def fault(self, place: tuple[str, int, str], found: str, expected: str) -> None:
        self.problems.append(Problem(place[0], place[1], place[2], found, expected))

    def place(self, problem: Problem) -> Problem:
        """A fault of the agreement as one of the spreadsheet: sheet, row and heading in place of line and field.

        Nothing is to be written any more.
        """
        name, named = problem.field, self._named
        while name and name not in named:
            name = re.sub(r"(\.[^.\[]*|\[\d+\])$", "", name) if re.search(r"[.\[]", name) else ""
        if not name:
            return Problem(self.file, 0, problem.field, problem.found, problem.expected)
        sheet, row, head = named[name]
        return Problem(sheet, row, head or problem.field.rpartition(".")[2], problem.found, problem.expected)

    @cached_property
    def _named(self) -> Mapping[str, tuple[str, int, str]]:
        """Where each field stands by its name, and each block of fields by the first of them."""
        found: dict[FieldPath, tuple[str, int, str]] = {}
        for row in self.written:
            for head, column, language, _ in choose_cells(row.cells, row.skip, keeps=row.keeps):
                at, exact = row.where.at(head), column.locate(language)
                found[(*row.path, *exact)] = at
                if len(exact) > 1:
                    found.setdefault((*row.path, *column.place), at)
                    found.setdefault((*row.path, exact[0]), at)
        return {_dotted(path): at for path, at in (found | self.places).items()}


@dataclass(frozen=True, slots=True)
class ReadSheet:
    """The rows of one sheet, each cell with its column; `place` is file and sheet."""

    place: str
    rows: Sequence[tuple[int, "Where", Cells]]


@dataclass(frozen=True, slots=True)
class Where:
    place: str
    row: int

    def at(self, head: str) -> tuple[str, int, str]:
        return self.place, self.row, head


@dataclass(frozen=True, slots=True)
class Written:
    """A row whose cells were written into what it describes, but for those of the columns to skip."""

    path: FieldPath
    where: Where
    cells: Cells
    skip: Sequence[str]
    keeps: bool


NO_ROWS = ReadSheet("", ())


def sort_sheets(sheets: Sequence[Sheet], headings: Headings, drawing: SheetDrawing) -> dict[SheetName, ReadSheet]:
    """Each sheet by its name, each cell by its column; what is not known is a fault, with what is near."""
    read: dict[SheetName, ReadSheet] = {}
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
                rows.append((row.number, Where(place, row.number), cells))
        read[known] = ReadSheet(place, rows)
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


def _dotted(path: FieldPath) -> str:
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
