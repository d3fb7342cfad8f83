"""The brief for a visit or a call: what is open on both sides, to read and as PDF."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from commitments.database import open_unit
from commitments.tables import activity
from notifications.house import find_strangers
from portal.brief_page import TEMPLATE, find_brief_faults
from tests.portal.desk import Desk


def test_a_brief_says_what_each_side_owes_and_what_lies_ahead(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get("/brief?party=south")
    assert "Brief: South" in page
    ours, _, rest = page.partition("What we owe together")
    assert "What we owe (5)" in ours and "Hand over the survey." in ours and "Build the bridge." not in ours
    assert "Build the bridge." in rest and "Ann and Li" in rest
    assert "31 August 2026" in rest.partition("Dates ahead")[2]
    assert "Nothing heard for long" in rest
    assert "Cy" in rest.partition("People")[2] and "Max" in rest.partition("People")[2]
    assert "Old" not in rest.partition("People")[2]


def test_each_side_reads_the_same_record_from_its_own_side(desk: Desk) -> None:
    desk.sign_in("li")
    page = desk.get("/brief?party=north")
    assert "我方的承诺 (0)" in page and "North的承诺 (5)" in page and "双方共同的承诺 (1)" in page


def test_a_brief_within_an_agreement_is_one_click_from_it(desk: Desk) -> None:
    desk.sign_in("max")
    assert 'href="/agreements/north-south/brief"' in desk.get("/agreements/north-south")
    page = desk.get("/agreements/north-south/brief")
    assert "Brief: Memorandum" in page and "6 open commitments" in page


def test_what_happened_last_is_told_the_newest_first(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        for day, title in (("2026-01", "The <old> visit"), ("2026-02-20", "The new visit"), ("2026-05-01", "Ahead")):
            row = {"agreement_id": 1, "reference": day, "title": title, "kind": "visit", "held_on": day}
            unit.execute(insert(activity).values(**row, count=1, parties=[], place="Town"))
    desk.sign_in("cy")
    told = desk.get("/brief?party=south").partition("What happened last")[2]
    assert told.index("The new visit") < told.index("The <old> visit")
    assert "Ahead" not in told.partition("People")[0]


def test_the_same_comes_as_a_page_in_pdf(desk: Desk, tmp_path: Any) -> None:
    desk.sign_in("li")
    answer = desk.client.get("/brief.pdf?party=north")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="brief-north.pdf"'
    assert answer.content.startswith(b"%PDF")
    path = tmp_path / "brief.pdf"
    path.write_bytes(answer.content)
    try:
        text = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("no pdftotext here: apt-get install poppler-utils")
    assert "简报：North" in text and "Build the bridge." in text and "survey" in text
    assert desk.client.get("/agreements/north-south/brief.pdf").content.startswith(b"%PDF")


ARMS = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10" fill="#036"/></svg>'


def test_a_brief_bears_the_letterhead_of_the_house_and_is_drawn_as_usual_while_that_is_wrong(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = tmp_path / "templates" / "brief" / "page.typ"
    own.parent.mkdir(parents=True)
    usual, letterhead = TEMPLATE.read_text(), '#image("arms.svg", width: 20mm, alt: "Arms of the North")\n'
    (own.parent / "arms.svg").write_text(ARMS)
    desk.sign_in("cy")
    before = desk.client.get("/brief.pdf?party=south").content
    own.write_text(usual.replace("= #said.title", letterhead + "= #said.title"))
    house = desk.settings.house_folder
    after = desk.client.get("/brief.pdf?party=south").content
    assert len(after) > len(before)
    assert house is not None
    assert not [*find_brief_faults(house), *find_strangers(house)]
    assert "the usual brief was drawn" not in caplog.text
    own.write_text(usual + "\n#nothing-here")
    assert desk.client.get("/brief.pdf?party=south").content.startswith(b"%PDF")
    (fault,) = find_brief_faults(house)
    assert fault.file == "brief/page.typ" and "nothing-here" in fault.found and fault.line
    assert "the usual brief was drawn" in caplog.text


@pytest.mark.parametrize("path", ["/brief?party=east", "/brief.pdf?party=east", "/brief?party=nobody"])
def test_there_is_no_brief_with_whom_one_has_nothing(desk: Desk, path: str) -> None:
    desk.add_elsewhere()
    desk.sign_in("cy")
    desk.get(path, 404)
    assert "East" not in desk.get("/brief") and "South" in desk.get("/brief")


def test_a_brief_reads_the_register_by_the_same_number_of_statements(desk: Desk, count_statements: Any) -> None:
    desk.sign_in("cy")
    desk.get("/brief?party=south")
    with count_statements(desk.engine) as few:
        desk.get("/brief?party=south")
    with open_unit(desk.engine) as unit:
        for number in range(30):
            row = {"agreement_id": 1, "reference": str(number), "title": "More", "kind": "visit"}
            unit.execute(insert(activity).values(**row, held_on="2026-01-01", count=1, parties=[]))
    with count_statements(desk.engine) as many:
        desk.get("/brief?party=south")
    assert many.total == few.total
