"""Reads the values of a row's cells, and writes each where its column stands in what the row describes."""

import re
from collections.abc import Sequence
from math import isfinite
from typing import Any

from commitments.agreement_faults import FieldPath, suggest
from commitments.filling import read_whole
from commitments.handwriting import read_number, read_partial, read_zone
from commitments.sheet_columns import Cells, Column, Holds, Plain, choose_cells
from commitments.sheet_rows import SheetDrawing, Where, Written

_TRUE, _FALSE = {"yes", "y", "true", "x", "1", "是"}, {"no", "n", "false", "0", "否"}


def write_cells(
    drawing: SheetDrawing,
    into: Plain,
    path: FieldPath,
    cells: Cells,
    where: Where,
    skip: Sequence[str] = (),
    *,
    keeps: bool = False,
) -> None:
    """Write a row's cells into the plain values of what it describes, as far as they say something of it."""
    drawing.written.append(Written(path, where, cells, skip, keeps))
    for head, column, language, text in choose_cells(cells, skip, keeps=keeps):
        *above, last = column.locate(language)
        value: Any = None
        if text:
            value = text if column.is_plain else read_value(drawing, column, text, where.at(head))
        if column.head == "due":
            into.pop("first_due", None)  # the sheet says nothing of it: the register knows it
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


def read_value(drawing: SheetDrawing, column: Column, text: str, place: tuple[str, int, str]) -> Any:
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


def tidy_block(plain: Plain, name: str) -> None:
    """A block of which nothing is left goes whole."""
    if plain.get(name) == {}:
        del plain[name]
