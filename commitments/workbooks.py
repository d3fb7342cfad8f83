"""Spreadsheets as rows of text: read from XLSX and CSV, and written so that no cell is ever taken for a formula."""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from math import isfinite
from typing import Any
from xml.sax.saxutils import escape

from commitments.errors import InvalidFiles, Problem
from commitments.handwriting import write_number
from commitments.sheet_text import read_texts

MOST_ROWS = 2000
MOST_COLUMNS = 80
LARGEST_UNPACKED = 30 * 1024 * 1024
LONGEST_CELL = 8000
FORMULA = "a formula"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDTHS = (12, 48)


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the headings: its number as the spreadsheet shows it, and its cells by heading."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its headings in order, its rows that are not empty, and every cell that cannot be taken."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class NewSheet:
    """A sheet to be written; `offered` are the words that a column offers to choose from."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]] = ()
    offered: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_xlsx(content: bytes, name: str) -> tuple[Sheet, ...]:
    """Every sheet of a workbook, with the cells that cannot be taken: a formula, a fault.

    In place of a formula stands what it came to when the file was saved, so that the rest can be checked all the same.
    InvalidFiles for what cannot be opened.
    """
    _refuse_bomb(content, name)
    sheets = _read_book(content, name)
    if any(one.found == FORMULA for sheet in sheets for one in sheet.problems):
        valued = _read_book(content, name, data_only=True)
        sheets = [_with_problems(valued_one, one.problems) for one, valued_one in zip(sheets, valued, strict=True)]
    return tuple(sheet for sheet in sheets if sheet.heads or sheet.problems)


def _with_problems(sheet: Sheet, first: Sequence[Problem]) -> Sheet:
    """The sheet with these problems and its own, of one cell that which was found first."""
    by_cell = {(one.line, one.field): one for one in reversed((*first, *sheet.problems))}
    return replace(sheet, problems=tuple(sorted(by_cell.values(), key=lambda one: one.line)))


def _read_book(content: bytes, name: str, *, data_only: bool = False) -> list[Sheet]:
    import openpyxl  # here, because loading it takes a tenth of a second
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, TypeError) as broken:
        raise _refuse(name, "something else", "a spreadsheet that can be opened") from broken
    sheets = []
    try:
        for sheet in book.worksheets:
            rows = _read_texts(sheet) or enumerate(
                ([_read_cell(cell) for cell in row[:MOST_COLUMNS]] for row in sheet.iter_rows(max_row=MOST_ROWS + 2)),
                start=1,
            )
            sheets.append(_read_rows(sheet.title, f"{name}, {sheet.title}", rows))
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, TypeError, AttributeError) as broken:
        raise _refuse(name, "something else", "a spreadsheet that can be opened") from broken
    finally:
        book.close()
    return sheets


def read_csv(content: bytes, name: str) -> tuple[Sheet, ...]:
    """A table of one sheet: with commas, semicolons or tabs, in UTF-8 as spreadsheets save it."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as undecodable:
        line = content[: undecodable.start].count(b"\n") + 1
        problem = Problem(name, line, "file", "bytes that are not UTF-8", "a file saved as CSV UTF-8")
        raise InvalidFiles((problem,)) from None
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=separator)
    try:
        rows = [(reader.line_num, [_unprotect(cell.strip()) for cell in row]) for row in reader]
    except csv.Error as broken:
        problem = Problem(name, reader.line_num, "file", str(broken), "a table with a heading for each column")
        raise InvalidFiles((problem,)) from None
    sheet = _read_rows("", name, rows)
    if not sheet.heads:
        raise InvalidFiles((Problem(name, 1, "file", "nothing", "a table with a heading for each column"),))
    return (sheet,)


def write_xlsx(sheets: Sequence[NewSheet]) -> bytes:
    """A workbook of text alone, headings first and kept in sight; a cell that begins like a formula stays text."""
    import openpyxl
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook(write_only=True)
    rows: list[str] = []
    for one in sheets:
        sheet = book.create_sheet(one.title)
        sheet.freeze_panes = "A2"
        for column, head in enumerate(one.heads, start=1):
            letter = get_column_letter(column)
            longest = max([len(head), *(len(row[column - 1]) for row in one.rows)], default=0)
            width = min(max(longest + 2, _WIDTHS[0]), _WIDTHS[1])
            # Text in every row to come, so that 2018-09 is not turned into a day of the month.
            dimension = sheet.column_dimensions[letter]
            dimension.width, dimension.number_format, dimension.alignment = width, "@", _align()
            listed = '"' + ",".join(one.offered.get(head, ())) + '"'
            if head in one.offered and len(listed) <= 255:
                choice = DataValidation(type="list", formula1=listed, allow_blank=True, showErrorMessage=False)
                sheet.data_validations.append(choice)
                choice.add(f"{letter}2:{letter}{MOST_ROWS}")
        # So that who reads it knows how much there is, which the library writes only of sheets that it keeps whole.
        size = f"A1:{get_column_letter(max(len(one.heads), 1))}{len(one.rows) + 1}"
        sheet.calculate_dimension = partial(str, size)
        sheet.append(_Cells(sheet, is_head=True).fill(one.heads))
        rows.append(_Cells(sheet).write(one.rows))
    written = io.BytesIO()
    book.save(written)
    return _put_rows(written, rows)


def _put_rows(book: io.BytesIO, rows: Sequence[str]) -> bytes:
    """The workbook with these rows below the headings of its sheets, one after the other."""
    whole = io.BytesIO()
    names = {f"xl/worksheets/sheet{number}.xml": text for number, text in enumerate(rows, start=1)}
    with zipfile.ZipFile(book) as empty, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as filled:
        for one in empty.infolist():
            content = empty.read(one)
            if one.filename in names:
                before, end, after = content.partition(b"</sheetData>")
                content = before + names[one.filename].encode() + end + after
            filled.writestr(one.filename, content)
    return whole.getvalue()


def write_csv(sheet: NewSheet) -> bytes:
    """A table as spreadsheets read it; what begins like a formula gets an apostrophe, which `read_csv` takes away."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in (sheet.heads, *sheet.rows):
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _align() -> Any:
    from openpyxl.styles import Alignment

    return Alignment(wrap_text=True, vertical="top")


class _Cells:
    """The cells of a sheet in two looks, which are worked out once: as text, and as text that begins like a formula.

    The library writes the headings. The rows below are written here, as it would: it takes 30 microseconds a cell, and
    an agreement with all its people has tens of thousands.
    """

    def __init__(self, sheet: Any, *, is_head: bool = False) -> None:
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell
        from openpyxl.styles import Font, PatternFill

        self.illegal = ILLEGAL_CHARACTERS_RE
        self.usual, self.quoted = WriteOnlyCell(sheet), WriteOnlyCell(sheet)
        for cell in (self.usual, self.quoted):
            cell.alignment, cell.number_format = _align(), "@"
            if is_head:
                cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E6EEF7")
        self.quoted.quotePrefix = True

    def fill(self, row: Sequence[str]) -> Iterator[Any]:
        """Each cell as it is to be written, before the next is asked for; none where there is no text."""
        for text in row:
            if not text:
                yield None
                continue
            cell = self.quoted if text.startswith(_FORMULA) else self.usual
            cell.value = self.illegal.sub("", text)
            cell.data_type = "s"
            yield cell

    def write(self, rows: Sequence[Sequence[str]]) -> str:
        """Rows from the second on, as they stand in the file of a sheet."""
        from openpyxl.utils import get_column_letter

        usual, quoted = self.usual.style_id, self.quoted.style_id
        letters = [get_column_letter(column) for column in range(1, max(map(len, rows), default=0) + 1)]
        clean, parts = self.illegal.sub, []
        for number, row in enumerate(rows, start=2):
            parts.append(f'<row r="{number}">')
            for letter, text in zip(letters, row, strict=False):
                if text:
                    look = quoted if text.startswith(_FORMULA) else usual
                    said = escape(clean("", text))
                    parts.append(
                        f'<c r="{letter}{number}" s="{look}" t="inlineStr"><is>'
                        f'<t xml:space="preserve">{said}</t></is></c>'
                    )
            parts.append("</row>")
        return "".join(parts)


def _unprotect(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _refuse_bomb(content: bytes, name: str) -> None:
    """Refuse what would unpack to more than any spreadsheet of ours."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(one.file_size for one in packed.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as broken:
        raise _refuse(name, "something else", "a spreadsheet that can be opened") from broken
    if size > LARGEST_UNPACKED:
        raise _refuse(name, f"{size:,} bytes", f"at most {LARGEST_UNPACKED:,} bytes")


def _refuse(name: str, found: str, expected: str) -> InvalidFiles:
    return InvalidFiles((Problem(name, 0, "file", found, expected),))


def _read_texts(sheet: Any) -> list[tuple[int, list[str]]] | None:
    """The rows of a sheet that holds text alone, as `_read_cell` would have them; none of any other.

    The library takes 30 microseconds a cell, and an agreement with all its people has tens of thousands.
    """
    with sheet._get_source() as source:
        found = read_texts(source.read(), sheet._shared_strings, MOST_ROWS + 2)
    if found is None:
        return None
    width = min(sheet.max_column or MOST_COLUMNS, MOST_COLUMNS)
    return [
        (number, [_unprotect(text.strip()[: LONGEST_CELL + 1]) if text else "" for text in row[:width]])
        for number, row in found
    ]


class _Untaken(str):
    """What was found in a cell that cannot be taken."""


def _read_cell(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return _Untaken(FORMULA)
    if cell.data_type == "e":
        return _Untaken(f"a fault of the spreadsheet: {value}")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime | date):
        # A spreadsheet makes the first of the month of "2018-09", and shows it without the day.
        known_to_the_day = "d" in (cell.number_format or "d").lower().partition(";")[0]
        return value.strftime("%Y-%m-%d") if known_to_the_day else value.strftime("%Y-%m")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, float) and isfinite(value):
        return write_number(value)
    return _unprotect(str(value).strip()[: LONGEST_CELL + 1])


def _take_cells(place: str, number: int, heads: Sequence[str], cells: list[str], problems: list[Problem]) -> list[str]:
    """The cells of a row, those that cannot be taken empty: each is a problem, by its heading or else its column."""
    if not any(type(cell) is _Untaken for cell in cells):
        return cells
    from openpyxl.utils import get_column_letter

    for at, cell in enumerate(cells):
        if isinstance(cell, _Untaken):
            head = (heads[at] if at < len(heads) else "") or f"{get_column_letter(at + 1)}{number}"
            problems.append(Problem(place, number, head, str(cell), "the value itself"))
    return ["" if isinstance(cell, _Untaken) else cell for cell in cells]


def _read_rows(title: str, place: str, rows: Any) -> Sheet:
    """The first row that is not empty holds the headings; empty rows and columns without a heading are passed over."""
    numbered: Iterator[tuple[int, list[str]]] = iter(rows)
    heads: list[str] = []
    problems: list[Problem] = []
    for number, cells in numbered:
        if any(cells):
            heads = [" ".join(cell.split()) for cell in _take_cells(place, number, (), cells, problems)]
            break
    else:
        return Sheet(title, ())
    seen: set[str] = set()
    for head in heads:
        if head and head.casefold() in seen:
            problems.append(Problem(place, number, head, "the column twice", "the column once"))
        seen.add(head.casefold())
    read: list[Row] = []
    for number, found in numbered:
        if not any(found):
            continue
        if len(read) >= MOST_ROWS:
            problems.append(Problem(place, number, "file", f"{number:,} rows", f"at most {MOST_ROWS:,} rows"))
            break
        cells = _take_cells(place, number, heads, found, problems)
        for head, cell in zip(heads, cells, strict=False) if max(map(len, cells)) > LONGEST_CELL else ():
            if len(cell) > LONGEST_CELL:
                expected = f"at most {LONGEST_CELL:,} characters"
                problems.append(Problem(place, number, head, f"{len(cell):,} bytes", expected))
        filled = [*cells, *[""] * (len(heads) - len(cells))]
        read.append(Row(number, {head: cell for head, cell in zip(heads, filled, strict=False) if head}))
    return Sheet(title, tuple(head for head in heads if head), tuple(read), tuple(problems))
