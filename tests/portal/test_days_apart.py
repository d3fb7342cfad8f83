"""Two sides whose days are not the same: what one records is there for the other at once."""

from datetime import UTC, datetime

import pytest

from benchmarks.form_reader import read_form
from commitments.tables import confirmation, follow_up
from tests.portal.desk import Desk

BRIDGE = "/agreements/north-south/commitments/bridge"
EVENING = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
"""The evening of 2 March in the North, one o'clock of 3 March in the South."""


@pytest.fixture
def reported(desk: Desk) -> Desk:
    """The South has said on its 3 March that the bridge, promised by both, is built."""
    desk.clock[0] = EVENING
    desk.sign_in("li")
    send(desk, "report", fulfilled="yes", note="It stands.")
    return desk


def send(desk: Desk, form: str, **fields: str) -> None:
    address = f"{BRIDGE}/{form}"
    desk.act(address, **{**read_form(desk.client.get(address).text, address), **fields})


def test_what_the_east_reports_tonight_is_asked_in_the_west_at_once(reported: Desk) -> None:
    asked = reported.rows(follow_up, follow_up.c.kind == "confirmation_asked", follow_up.c.state == "open")
    assert [one.key for one in asked] and reported.person("cy") in {one.assignee_id for one in asked}
    reported.sign_in("cy")
    page = reported.get(BRIDGE)
    assert "Unconfirmed" in page and "Overdue" not in page.partition("<h2")[0]
    assert "Build the bridge." in reported.get("/home").partition("What waits for others")[0]
    assert "Waiting for our confirmation (1)" in reported.get("/agreements/north-south/brief")


def test_nobody_reads_overdue_above_what_they_have_just_confirmed(reported: Desk) -> None:
    reported.sign_in("cy")
    send(reported, "confirm")
    assert [one.state for one in reported.rows(confirmation)] == ["confirmed"]
    assert all(one.answered_on >= one.asked_on for one in reported.rows(confirmation)), "nothing is answered before"
    for who in ("cy", "ann", "li"):
        reported.sign_in(who)
        assert "Overdue" not in reported.get(BRIDGE).partition("<h2")[0], who
    assert not reported.rows(follow_up, follow_up.c.key.like("%/bridge@%"), follow_up.c.state == "open")
