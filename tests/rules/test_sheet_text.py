"""What a sheet of text says, read without the library; the library reads every other, and both say the same."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from commitments import workbooks
from commitments.sheet_text import follow_tags, read_texts, take_apart
from commitments.workbooks import NewSheet, Sheet, read_csv, read_xlsx, write_xlsx

TEXTS = (
    ("Name", "Mail", "Note"),
    ("Ada", "", "first\nand second line"),
    ("", "bo@north.example", "  with room around  "),
    ("=1+1", "'=quoted", "a < b & c > d"),
    ("伙伴", "ü", "0"),
)


def save(fill: Callable[[Any], object]) -> bytes:
    """A workbook as the library writes it whole: with its texts shared."""
    book = openpyxl.Workbook()
    fill(book.active)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def fill_texts(sheet: Any) -> None:
    for row in TEXTS:
        sheet.append([text.lstrip("=") or None for text in row])


def fill_gaps(sheet: Any) -> None:
    sheet["B3"], sheet["D3"] = "Name", "Note"
    sheet["D7"] = "far below"


def fill_looks(sheet: Any) -> None:
    fill_texts(sheet)
    sheet["A9"].number_format = "@"  # a cell without a text


def fill_far(sheet: Any) -> None:
    sheet["A1"], sheet["CZ1"], sheet["CZ2"] = "Name", "Beyond", "what is beyond"


def fill_number(sheet: Any) -> None:
    fill_texts(sheet)
    sheet["A9"], sheet["B9"] = 2018, 0.5


def fill_day(sheet: Any) -> None:
    fill_texts(sheet)
    sheet["A9"] = date(2018, 9, 1)


def fill_yes(sheet: Any) -> None:
    fill_texts(sheet)
    sheet["A9"] = True


def fill_looks_in_one_cell(sheet: Any) -> None:
    fill_texts(sheet)
    sheet["A9"] = CellRichText("plain and ", TextBlock(InlineFont(b=True), "bold"))


ours = write_xlsx([NewSheet("People", TEXTS[0], TEXTS[1:]), NewSheet("None", ["Head"])])


@pytest.mark.parametrize(
    "content",
    [ours, *map(save, (fill_texts, fill_gaps, fill_looks, fill_far, fill_number, fill_day, fill_yes,
                       fill_looks_in_one_cell))],
    ids=["ours", "texts", "gaps", "looks", "far", "number", "day", "yes", "several looks in one cell"],
)  # fmt: skip
def test_a_workbook_says_what_the_library_reads_in_it(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    read = read_xlsx(content, "people.xlsx")
    monkeypatch.setattr(workbooks, "read_texts", lambda *_: None)
    assert read == read_xlsx(content, "people.xlsx")
    assert read[0].rows or read[0].heads


def test_a_workbook_of_text_is_read_without_asking_the_library_for_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(workbooks, "_read_cell", lambda *cell: asked.append(cell) or "")
    (sheet, _) = read_xlsx(ours, "people.xlsx")
    assert isinstance(sheet, Sheet) and [row.cells["Name"] for row in sheet.rows] == ["Ada", "", "=1+1", "伙伴"]
    assert asked == []


def test_a_formula_is_still_refused_with_its_place() -> None:
    def fill(sheet: Any) -> None:
        fill_texts(sheet)
        sheet["B9"] = "=SUM(1,2)"

    (problem,) = read_xlsx(save(fill), "people.xlsx")[0].problems
    assert (problem.line, problem.field, problem.found) == (9, "Mail", "a formula")


TEXTS_OF_CELLS = (
    't="inlineStr"><is><t>a &amp;lt; b</t></is>', 't="s"><v>1</v>', 't="str"><v>c</v>', 't="str">', 't="s"><v>7</v>',
    't="n"><v>4</v>', 't="inlineStr"><is><t xml:space="preserve"> ü </t></is>',
)  # fmt: skip
HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = "</sheetData></worksheet>"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ('<row r="2"><c r="B2" t="inlineStr"><is><t>a</t></is></c></row>', [(2, ["", "a"])]),
        ('<row r="1"><c r="A1" t="s"><v>1</v></c></row>', [(1, ["shared"])]),
        ('<row r="1"><c r="A1" t="s"><v>9</v></c></row>', None),
        ('<row r="1"><c r="A1" s="3"/></row>', [(1, [""])]),
        ('<row r="1"><c r="A1"><v>4</v></c></row>', None),
        ('<row r="1"><c t="inlineStr"><is><t>a</t></is></c></row>', None),
        ('<row><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>', None),
        ('<row r="2"/><row r="1"/>', None),
        ('<row r="2"><c r="A3" t="str"><v>of another row</v></c></row>', None),
        ('<row r="2" r="2"><c r="A2" t="str"><v>a</v></c></row>', None),
        ('<row r="1"><c r="B1" t="str"/><c r="A1" t="str"/></row>', None),
        ('<row r="1"><c r="A1" t="str"><f>1+1</f><v>2</v></c></row>', None),
        ('<row r="1"><c r="XFE1" t="str"><v>too far</v></c></row>', None),
        ('<row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="9"><c r="A9"><v>4</v></c></row>', [(1, ["a"])]),
        ('<row r="1"><c r="A1" t="inl', None),
    ],
)
def test_what_is_not_plainly_text_is_left_to_the_library(rows: str, found: object) -> None:
    assert read_texts((HEAD + rows + END).encode(), ["", "shared"], most_rows=5) == found


def follow(content: bytes, shared: list[str]) -> object:
    try:
        return follow_tags(content, shared, 5)
    except Exception:
        return None


@pytest.mark.parametrize(
    "row",
    [
        '<row r="2" spans="1:3" ht="12.8" hidden="false"><c r="A2" s="1" t="s"><v>1</v></c><c r="C2" s="1"/></row>',
        '<row r="2"><c r="A2" t="str"><v>a &lt;&amp;lt; b</v></c><c r="B2" t="s"><v>2</v></c></row><row r="3"/>',
        '<row r="2"><c r="A2" s="2" t="inlineStr"><is><t xml:space="preserve"> \n\t]] > </t></is></c></row>',
        '<row r="2"><c r="A2" t="str"></c><c r="AA2"></c><c r="AB2" t="s"><v></v></c></row>',
    ],
)
def test_rows_as_programs_write_them_are_taken_apart_and_say_what_their_tags_say(row: str) -> None:
    content, shared = (HEAD + row + END).encode(), ["", "shared", "a &lt; b"]
    assert take_apart(content, shared, 5) == follow_tags(content, shared, 5) != []


@pytest.mark.parametrize(
    "row",
    [
        '<row r="2"><c r="A2" t="str"><v>a&#10;b</v></c></row>',
        '<row r="2"><c r="A2" t="str"><v>a\r\nb</v></c></row>',
        '<row r="2"><c r="A2" t="str"><v><![CDATA[a]]></v></c></row>',
        '<row r="2"><!-- none --><c r="A2" t="str"><v>a</v></c></row>',
        "<row r='2'><c r='A2' t='str'><v>a</v></c></row>",
        '<row r="2" ><c r="A2" t="str" ><v>a</v></c></row>',
    ],
)
def test_rows_that_are_written_otherwise_are_followed_from_tag_to_tag(row: str) -> None:
    content = (HEAD + row + END).encode()
    assert take_apart(content, [], 5) is None
    assert read_texts(content, [], 5) == follow_tags(content, [], 5) != []


MARKS = st.sampled_from(
    ["<", ">", "/", '"', " ", "&", ";", "=", "r", "A", "1", "0", "]", "\r", "\x0b", "<!--", "</row>"]
)


@given(
    st.lists(st.sampled_from(TEXTS_OF_CELLS), max_size=4), st.integers(0, 400), st.integers(0, 2), MARKS | st.just("")
)
def test_no_slip_in_a_sheet_makes_its_rows_say_something_else(texts: list[str], at: int, gone: int, mark: str) -> None:
    cells = "".join(f'<c r="{"ABCD"[place]}2" s="1" {text}</c>' for place, text in enumerate(texts))
    whole = f'{HEAD}<row r="1" spans="1:4"/><row r="2" ht="12.8">{cells}</row><row r="3"></row>{END}'
    slipped = (whole[:at] + mark + whole[at + gone :]).encode()
    shared = ["first", "a & b"]
    try:
        apart = take_apart(slipped, shared, 5)
    except Exception:
        apart = None
    assert apart is None or apart == follow(slipped, shared)


def test_a_sheet_that_another_program_writes_otherwise_is_left_to_the_library() -> None:
    prefixed = HEAD.replace("<", "<x:").replace("xmlns=", "xmlns:x=") + END.replace("</", "</x:")
    assert read_texts(prefixed.encode(), [], most_rows=5) is None


def test_a_row_that_ends_early_is_empty_to_its_end() -> None:
    (sheet,) = read_csv(b"Name,Mail,Note\nAda\n", "people.csv")
    assert sheet.rows[0].cells == {"Name": "Ada", "Mail": "", "Note": ""}
