"""An agreement as a spreadsheet: out and back without a difference, and only what stands in it is changed."""

import io
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from commitments import sheet_rows
from commitments.agreement_file import parse_agreement
from commitments.errors import InvalidFiles, Problem
from commitments.sheet_columns import write_sheets
from commitments.sheet_rows import Headings, SheetDrawing
from commitments.spreadsheet import draw_spreadsheet
from commitments.workbooks import NewSheet, read_csv, read_xlsx, write_csv, write_xlsx

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
PLAIN: dict[str, Any] = {
    "agreement": "a",
    "title": {"en": "A", "zh": "甲"},
    "kind": "memorandum",
    "parties": [{"reference": "leeds", "kind": "city", "names": {"en": "Leeds"}}, {"reference": "hangzhou"}],
    "commitments": [
        {"reference": "link", "summary": "Link", "kind": "deliverable", "due": "2027", "owners": [{"party": "leeds"}]},
    ],
}


def load(path: Path) -> dict[str, Any]:
    plain: dict[str, Any] = parse_agreement(path.read_bytes(), path.name).model_dump(mode="json", exclude_defaults=True)
    return plain


def write(plain: dict[str, Any]) -> bytes:
    sheets = write_sheets(plain, lambda head: head, str, lambda _column, word: word.replace("_", " "))
    return write_xlsx(sheets)


def draw(table: str, base: dict[str, Any] | None = None) -> SheetDrawing:
    plain = deepcopy(PLAIN) if base is None else base
    return draw_spreadsheet(
        read_csv(table.encode(), "t.csv"), "t.csv", Headings(), lambda one: plain if one == "a" else None
    )


@pytest.mark.parametrize("path", EXAMPLES[::4], ids=lambda path: path.stem)
def test_an_example_goes_out_and_comes_back_as_it_was(path: Path) -> None:
    plain = load(path)
    drawing = draw_spreadsheet(read_xlsx(write(plain), "x.xlsx"), "x.xlsx", Headings(), lambda _: deepcopy(plain))
    assert drawing.problems == []
    assert {name: value for name, value in drawing.plain.items() if value not in ([], {})} == plain


def test_what_is_not_in_the_table_stays_as_it_is_and_an_empty_cell_empties() -> None:
    promise = draw("agreement,reference,due\na,link,\n").plain["commitments"][0]
    assert promise == {"reference": "link", "summary": "Link", "kind": "deliverable", "owners": [{"party": "leeds"}]}


@pytest.mark.parametrize(
    ("table", "found", "place"),
    [
        ("agreement,reference,due\na,link,soon\n", "'soon'", ("t.csv", 2, "due")),
        ("agreement,reference,due\na,link,2027\n\n\na,link,3/4/2027\n", "'3/4/2027'", ("t.csv", 5, "due")),
        ("agreement,reference,kind\na,link,delivrable\n", "'delivrable'", ("t.csv", 2, "kind")),
        ("agreement,reference,owners\na,link,leds: x\n", "'leds'", ("t.csv", 2, "owners")),
        ("agreement,reference,times\na,link,2.5\n", "'2.5'", ("t.csv", 2, "times")),
        ("agreement,reference,dew\na,link,2027\n", "the unknown column 'dew'", ("t.csv", 1, "dew")),
        ("agreement,reference\na,link\nb,link\n", "'b'", ("t.csv", 3, "agreement")),
        ("agreement,reference\nb,link\n", "'b'", ("t.csv", 2, "agreement")),
    ],
)
def test_a_fault_is_told_with_its_row_and_column(table: str, found: str, place: tuple[str, int, str]) -> None:
    (problem,) = draw(table).problems
    assert (problem.file, problem.line, problem.field) == place
    assert problem.found == found


def test_new_rows_are_found_again_by_their_words() -> None:
    table = "agreement;summary;kind\na;Plant a tree;open ended\na;Plant a tree;open ended\n"
    drawing = draw(table)
    again = draw(table, drawing.plain)
    assert [one["reference"] for one in again.plain["commitments"]] == ["link", "plant-a-tree"]


def test_headings_and_words_are_understood_by_any_of_their_names() -> None:
    headings = Headings({"截止日": "due", "编号": "reference", "协议": "agreement"}, {}, {})
    sheets = read_csv("协议,编号,截止日\na,link,2028年6月\n".encode(), "t.csv")
    drawing = draw_spreadsheet(sheets, "t.csv", headings, lambda _: deepcopy(PLAIN))
    assert drawing.problems == [] and drawing.plain["commitments"][0]["due"] == "2028-06"


def test_a_cell_that_a_spreadsheet_made_a_date_of_keeps_its_precision() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["day", "month", "year", "flag", "number"])
    sheet.append([datetime(2018, 9, 30), datetime(2018, 9, 1), 2018, True, 4.0])
    sheet["B2"].number_format = "mmm-yy"
    written = io.BytesIO()
    book.save(written)
    (read,) = read_xlsx(written.getvalue(), "x.xlsx")
    assert list(read.rows[0].cells.values()) == ["2018-09-30", "2018-09", "2018", "yes", "4"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "plain", "'quoted", 'a, "b"; c\nd'])
def test_text_that_begins_like_a_formula_goes_out_as_text_and_comes_back(text: str) -> None:
    sheet = NewSheet("S", ["a", "b"], [[text, "x"]])
    table = write_csv(sheet).decode("utf-8-sig")
    assert not table.splitlines()[1].startswith(("=", "+", "-", "@", "\t"))
    (back,) = read_csv(write_csv(sheet), "t.csv")
    assert back.rows[0].cells["a"] == text.strip() or text.startswith("\t")
    (back,) = read_xlsx(write_xlsx([sheet]), "t.xlsx")
    assert back.rows[0].cells["a"] == text.strip()


def test_a_table_in_another_encoding_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidFiles) as refused:
        read_csv("a,b\n1,é\n".encode("latin-1"), "t.csv")
    assert [(one.line, one.expected) for one in refused.value.problems] == [(2, "a file saved as CSV UTF-8")]


def test_where_everything_stands_is_worked_out_once_for_however_many_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = draw("agreement,reference,summary,kind\n" + "".join(f"a,p-{n},Promise {n},\n" for n in range(50)))
    worked_out: list[object] = []
    write = sheet_rows._dotted
    monkeypatch.setattr(sheet_rows, "_dotted", lambda path: worked_out.append(path) or write(path))
    faults = [Problem("a.yaml", 0, f"commitments[{n + 2}].kind", "nothing", "a kind") for n in range(50)]
    assert [drawing.place(one).line for one in faults] == list(range(2, 52))
    assert len(worked_out) == len(set(worked_out))
