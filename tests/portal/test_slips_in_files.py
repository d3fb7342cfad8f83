"""What forms refuse a file is refused for too: every slip at once, at its line or row; what is on record is taken."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from commitments.agreement_file import read_text
from commitments.database import open_unit
from commitments.errors import InvalidFiles
from commitments.file_slips import find_days
from commitments.log import Author
from commitments.register import import_files
from commitments.tables import activity, milestone
from tests.portal.desk import NOW, TODAY, Desk
from tests.portal.test_files import bring, save, workbook
from tests.portal.test_passed_on_files import apply, download

VISIT = """
activities:
  - reference: visit
    title: A visit
    kind: visit
    held_on: {day}
    commitments: [friends]
"""
BEGUN = "a date that has begun: it can be recorded once it has happened"


def visit_on(desk: Desk, day: str, who: str = "cy") -> str:
    return download(desk, who, "yaml").decode() + VISIT.format(day=day)


def test_all_slips_of_a_file_are_told_at_once_each_at_its_line(desk: Desk) -> None:
    text = visit_on(desk, "2036-01-01").replace("quantity: 500", "quantity: -5")
    text = text.replace(
        "title: The plan is drawn", "title: The plan is drawn\n        state: met\n        met_on: 2030"
    )
    page = bring(desk, text, 422)
    lines = text.split("\n")
    for said, place in (("2036-01-01", "held_on: 2036"), ("2030", "met_on: 2030"), ("-5", "quantity: -5")):
        at = next(number for number, line in enumerate(lines, 1) if place in line)
        assert f">{at}</td>" in page and said in page
    assert page.count(BEGUN) == 2 and "0 or more" in page


def test_a_slip_in_a_spreadsheet_is_told_at_its_row_and_heading_also_in_chinese(desk: Desk) -> None:
    book = workbook(download(desk, "li", "xlsx"))
    sheet = book.worksheets[5]
    heads = [cell.value for cell in sheet[1]]
    sheet.cell(2, heads.index("完成于") + 1 if "完成于" in heads else len(heads)).value = "2030"
    page = bring(desk, save(book), 422, "a.xlsx", "li")
    assert "2030" in page and "已到的日期：发生之后才能记录" in page


@pytest.mark.parametrize("who", ["cy", "li", "dee"])
def test_nobody_is_let_off_them(desk: Desk, who: str) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"administrators": "dee@north.example"}))
    assert "2036-01-01" in bring(desk, visit_on(desk, "2036-01-01", who), 422, who=who)


def test_nor_the_command_line(desk: Desk) -> None:
    file = read_text(visit_on(desk, "2036-01-01"), "a.yaml")
    with pytest.raises(InvalidFiles, match=r"activities\[1\].held_on: found 2036-01-01; expected " + BEGUN):
        import_files(desk.engine, [file], Author("tally", NOW), TODAY, days=find_days(NOW, TODAY))


@pytest.mark.parametrize(
    ("hour", "day", "is_taken"),
    [(9, "2026-03-02", True), (9, "2026-03-03", False), (12, "2026-03-03", True), (12, "2026-03-04", False)],
    ids=[
        "today",
        "not tomorrow",
        "unless it is tomorrow already where on earth it is furthest",
        "and no day after that",
    ],
)
def test_what_happened_on_somebodys_today_is_taken(desk: Desk, hour: int, day: str, is_taken: bool) -> None:
    desk.clock[0] = datetime(2026, 3, 2, hour, tzinfo=UTC)
    text = visit_on(desk, day)
    if is_taken:
        apply(desk, text.encode(), "yaml", "cy")
    else:
        bring(desk, text, 422)
    assert bool(desk.rows(activity)) is is_taken


def test_what_is_on_record_already_is_taken_as_it_is_whoever_brings_the_file(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(milestone).values(state="met", met_on="2030"))
    text = visit_on(desk, (date(2026, 3, 2) - timedelta(days=1)).isoformat())
    assert "A visit" in apply(desk, text.encode(), "yaml", "cy")
    assert "2031" in bring(desk, text.replace("met_on: 2030", "met_on: 2031"), 422), "but nothing else of that kind"
