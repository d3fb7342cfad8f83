"""What the history and the pages beside it say: text as it was written, and each question by its own matter."""

import re
from typing import Any

import pytest
from sqlalchemy import update

from benchmarks.form_reader import read_form
from commitments.database import open_unit
from commitments.tables import list_days, list_moments, milestone
from tests.portal.desk import Desk

HERE = "/agreements/north-south"
NUMBERS = ["2024-15", "2024-11", "0000", "1234-56-78", "2024-11-20", "2026-13-01T10:00:00Z"]


def send(desk: Desk, address: str, on: str = "", **typed: Any) -> str:
    """Send a form as it stands on its page, with these fields filled in."""
    return desk.act(address, **{**read_form(desk.client.get(on or address).text, address), **typed})


@pytest.mark.parametrize("number", NUMBERS)
def test_the_number_of_a_file_is_told_as_it_was_written_wherever_it_was_typed(desk: Desk, number: str) -> None:
    desk.sign_in("cy")
    on = f"{HERE}/commitments/bridge"
    send(desk, f"{on}/report", rating="on_track", note=number)
    said = {"title": number, "kind": "visit", "held_on": "2026-03-01", "place": number, "commitments": ["friends"]}
    send(desk, "/record", "/record?agreement=north-south", **said)
    send(desk, "/people/ann", office=number)
    for page in (HERE, f"{HERE}/history", on):
        assert number in desk.get(page), page
    assert f"Note: {number}" in desk.get(f"{HERE}/history")
    assert number in desk.get("/people/ann")


def test_every_day_and_moment_that_the_register_keeps_is_known_as_one() -> None:
    days = {f"{one.table.name}.{one.name}" for one in list_days()}
    assert {"commitment.due", "milestone.met_on", "activity.held_on", "follow_up.due_on", "contact.valid_to"} <= days
    assert not days & {"progress_report.note", "commitment.owed", "milestone.title", "follow_up.period"}
    assert "public_page.published_at" in {f"{one.table.name}.{one.name}" for one in list_moments()}


def test_a_question_about_a_milestone_is_named_by_the_milestone_wherever_it_is_told(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(milestone).where(milestone.c.reference == "plan").values(due="2026-01-15"))
    desk.morning(desk.clock[0].date())
    title = desk.rows(milestone, milestone.c.reference == "plan")[0].title
    desk.sign_in("cy")
    assert re.search(
        rf"Follow-up “Overdue – {re.escape(title)} \(North\)”: (opened|asked)", desk.get(f"{HERE}/history"), re.I
    )
    asked = desk.get(f"{HERE}/commitments/bridge").partition("Waiting for an answer")[2]
    assert f"Overdue – {title}" in asked
    owner = next(one for one in ("ann", "dee") if title in desk.get(f"/people/{one}/hand-over"))
    assert f"{title}; answer by" in desk.get(f"/people/{owner}/hand-over")


def test_the_history_names_a_milestone_in_the_language_of_its_reader(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(milestone).where(milestone.c.reference == "plan").values(titles={"zh": "图纸完成"}))
    desk.sign_in("cy")
    on = "bridge/milestones/plan"
    form = read_form(desk.client.get(f"{HERE}/commitments/{on}").text, f"{HERE}/commitments/{on}/date")
    desk.act(f"{HERE}/commitments/{on}/date", **{**form, "due": "2026-05-31", "why": "Rain"})
    desk.sign_in("li")
    assert "“图纸完成”：" in desk.get(f"{HERE}/history")
