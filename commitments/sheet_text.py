"""Reads the sheets of a workbook that hold text alone, as those do that are filled in from ours: ten times as fast."""

from collections.abc import Sequence
from xml.parsers import expat

_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TEXTS = {"inlineStr": "t", "s": "v", "str": "v", "n": "v"}
"""Where a cell of each sort holds what it says. A number is no text, but a cell that says nothing counts as one."""


class _NotText(Exception):
    """Something besides text, which the library knows to read."""


class _Enough(Exception):
    """As many rows as are wanted."""


class _Reading:
    """Follows the file of a sheet from tag to tag."""

    def __init__(self, shared: Sequence[str], most_rows: int) -> None:
        self.rows: list[tuple[int, list[str]]] = []
        self._shared, self._most_rows = shared, most_rows
        self._columns: dict[str, int] = {}
        self._is_begun = self._is_among_rows = False
        self._number, self._row = 0, list[str]()
        self._column, self._sort, self._parts = 0, "", list[str]()
        self._inside = ""

    def start(self, tag: str, has: dict[str, str]) -> None:
        if not self._is_begun:
            if tag != "worksheet" or has.get("xmlns") != _SHEETS:
                raise _NotText
            self._is_begun = True
        elif not self._is_among_rows:
            self._is_among_rows = tag == "sheetData"
        elif tag == "c":
            self._start_cell(has)
        elif tag == "row":
            self._start_row(has)
        elif tag == _TEXTS.get(self._sort):
            self._inside = tag
        elif tag != "is" or self._sort != "inlineStr":
            raise _NotText

    def _start_row(self, has: dict[str, str]) -> None:
        number = int(has.get("r", "0"))
        if number <= self._number:
            raise _NotText
        if number > self._most_rows:
            raise _Enough
        self._number, self._row = number, []

    def _start_cell(self, has: dict[str, str]) -> None:
        place, self._sort = has.get("r", ""), has.get("t", "n")
        letters = place.rstrip("0123456789")
        if self._sort not in _TEXTS or place[len(letters) :] != str(self._number):
            raise _NotText
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = _number_column(letters)
        if column < len(self._row):
            raise _NotText
        self._column = column

    def take(self, text: str) -> None:
        if self._inside:
            self._parts.append(text)

    def end(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""
        elif tag == "c" and self._is_among_rows:
            text = "".join(self._parts)
            self._parts.clear()
            if self._sort == "n" and text:
                raise _NotText
            if self._sort == "s" and text:
                text = self._shared[int(text)]
            self._row += [""] * (self._column - len(self._row))
            self._row.append(text)
            self._sort = ""
        elif tag == "row":
            self.rows.append((self._number, self._row))
        elif tag == "sheetData":
            raise _Enough


def read_texts(content: bytes, shared: Sequence[str], most_rows: int) -> list[tuple[int, list[str]]] | None:
    """The rows of the file of a sheet, each with its number, with the `shared` texts of its workbook in their places.

    None where it holds anything besides text (a number, a day, a formula, several looks in one cell), or is not written
    as spreadsheets usually are: then the library is to read it.
    """
    reading = _Reading(shared, most_rows)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reading.start, reading.end
    parser.CharacterDataHandler = reading.take
    try:
        parser.Parse(content, True)
    except _Enough:
        return reading.rows
    except (_NotText, expat.ExpatError, ValueError, IndexError):
        return None
    return None


def _number_column(letters: str) -> int:
    """The place of a column by its letters, the first of which is 0."""
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z":
            raise _NotText
        number = number * 26 + ord(letter) - ord("A") + 1
    if not 1 <= number <= 16384:
        raise _NotText
    return number - 1
