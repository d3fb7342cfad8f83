"""Taking back what a side said of a commitment: a number, a report, and what was asked because of it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import commitment, confirmation, contact, measurement, progress_report, publication
from tests.portal.desk import FORM, NOW, TODAY, Desk

FUND, SURVEY, BRIDGE = (f"/agreements/north-south/commitments/{one}" for one in ("fund", "survey", "bridge"))

EACH = "/agreements/north-south/commitments/each"
OF_EACH = FORM.replace(b"commitments:\n", b"""  - reference: east
    kind: city
    names: {en: East}
    contacts: [{reference: eve, name: Eve, role: coordinator, channels: {mail: eve@east.example}}]
commitments:
  - reference: each
    summary: Each plants trees.
    kind: deliverable
    due: 2026-02-13
    owed: each
    owners: [{party: north, contact: ann}, {party: south, contact: li}]
""", 1)  # fmt: skip


def measure(desk: Desk, value: str = "300", on: str = "2026-03-01") -> Any:
    desk.act(f"{FUND}/measure", value=value, measured_on=on)
    return desk.rows(measurement)[-1]


def report(desk: Desk, where: str, **said: str) -> Any:
    page = desk.get(f"{where}/report")
    mark = page.split('name="mark" value="')[1].split('"')[0]
    desk.act(f"{where}/report", mark=mark, **said)
    return desk.rows(progress_report)[-1]


def take_back(desk: Desk, where: str, row: Any, status: int = 303, **said: str) -> str:
    kind = "measurements" if "value" in row._fields else "reports"
    return desk.act(f"{where}/{kind}/{row.reference}/withdraw", status, **said)


def test_a_number_is_taken_back_with_a_reason_and_the_one_before_it_holds_again(desk: Desk) -> None:
    desk.sign_in("ann")
    measure(desk, "250", "2026-02-01")
    row = measure(desk, "600", "2026-03-01")
    assert "600 euros" in desk.get(FUND)
    assert desk.find("overdue", "/fund").state == "done", "so much is more than was promised"
    form = desk.get(f"{FUND}/measurements/{row.reference}/withdraw")
    assert "600 euros" in form and "the number measured before it holds again" in form
    assert "Please fill this in" in take_back(desk, FUND, row, 422)
    page = take_back(desk, FUND, row, why="One nought too many")
    assert "The number is withdrawn and counts no more." in page
    assert "600 euros" not in page and "250 euros" in page
    assert desk.find("overdue", "/fund").state == "open", "it is asked about again in the same transaction"
    history = desk.get("/agreements/north-south/history")
    assert "Measurement “Raise a fund.”: withdrawn" in history and "One nought too many" in history
    assert len(desk.rows(measurement)) == 2, "nothing is deleted"
    desk.get(f"{FUND}/measurements/{row.reference}/withdraw", 404)
    measure(desk, "600", "2026-03-01")
    assert "600 euros" in desk.get(FUND), "and the same number can be right after all"


def test_what_is_taken_back_is_no_news_and_starts_the_delivery(desk: Desk) -> None:
    desk.sign_in("cy")
    desk.clock[0] += timedelta(minutes=1)
    row = measure(desk, "311")
    assert "311 euros" in desk.get("/home")
    take_back(desk, FUND, row, why="A slip")
    assert "311 euros" not in desk.get("/home")
    with open_reading(desk.engine) as reading:
        names = reading.execute(select(publication.c.name).where(publication.c.followed_at.is_(None))).scalars().all()
    assert "tallystick.measurement.withdrawn" in names


def test_who_takes_back_their_part_of_what_each_owes_reads_who_is_not_asked_about_the_whole_any_more(
    desk: Desk,
) -> None:
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(OF_EACH, "x.yaml"), Author("test", NOW), TODAY)
    desk.sign_in("ann")
    row = report(desk, EACH, fulfilled="yes")
    assert "Not asked to confirm" not in desk.get(f"{EACH}/reports/{row.reference}/withdraw"), "nobody is asked yet"
    desk.clock[0] += timedelta(minutes=1)
    desk.sign_in("li")
    report(desk, EACH, fulfilled="yes")
    desk.sign_in("ann")
    assert "Not asked to confirm it any more: East." in desk.get(f"{EACH}/reports/{row.reference}/withdraw")
    take_back(desk, EACH, row, why="Half of the trees have died")
    assert [one.state for one in desk.rows(confirmation)] == ["withdrawn"]


def test_a_report_is_taken_back_and_nobody_is_asked_to_confirm_it_any_more(desk: Desk) -> None:
    desk.sign_in("ann")
    row = report(desk, SURVEY, fulfilled="yes", note="Sent on Friday")
    asked = desk.find("confirmation_asked", "/survey", "south")
    assert asked.state == "open" and desk.rows(commitment)[0].state == "fulfilled"
    link = desk.link("li", "confirmation_asked", "/survey", "south")
    form = desk.get(f"{SURVEY}/reports/{row.reference}/withdraw")
    assert "Not asked to confirm it any more: South." in form
    assert "The commitment stands again as it stood before" in form
    page = take_back(desk, SURVEY, row, why="It was another survey")
    assert "The report is withdrawn and counts no more." in page and "Sent on Friday" not in page
    assert desk.rows(commitment)[0].state == "active"
    assert desk.rows(confirmation)[0].state == "withdrawn"
    closed = desk.find("confirmation_asked", "/survey", "south")
    assert (closed.state, closed.closed_why) == ("done", "the report was taken back")
    assert desk.find("overdue", "/survey").state == "open"
    told = desk.get(link)
    assert "报告方已将其撤回" in told, "Li reads Chinese, and reads kindly why nothing is asked"
    desk.sign_in("li")
    desk.get(f"{SURVEY}/confirm")
    assert "It was another survey" in desk.get("/agreements/north-south/history")


def test_a_report_that_was_answered_stands(desk: Desk) -> None:
    desk.sign_in("ann")
    row = report(desk, SURVEY, fulfilled="yes")
    desk.sign_in("li")
    mark = desk.get(f"{SURVEY}/confirm").split('name="mark" value="')[1].split('"')[0]
    desk.act(f"{SURVEY}/confirm", mark=mark, side="south")
    desk.sign_in("ann")
    assert f"/reports/{row.reference}/withdraw" not in desk.get(SURVEY)
    assert "Another side has answered this report, so it stands." in desk.get(
        f"{SURVEY}/reports/{row.reference}/withdraw"
    )
    take_back(desk, SURVEY, row, 409, why="Too late")
    assert desk.rows(progress_report)[0].withdrawn_on is None


def test_the_number_reported_with_a_report_goes_with_it(desk: Desk) -> None:
    desk.sign_in("ann")
    row = report(desk, FUND, rating="on_track", value="410")
    assert "Withdrawn with it: 2 March 2026: 410 euros." in desk.get(f"{FUND}/reports/{row.reference}/withdraw")
    take_back(desk, FUND, row, why="It was the other fund")
    assert [one.withdrawn_on is not None for one in desk.rows(measurement)] == [True]
    assert desk.find("overdue", "/fund").state == "open"


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("ann", True),  # who made it
        ("cy", True),  # the coordinator of that side
        ("dee", False),  # a colleague who stands in for her, and did not say it
        ("li", False),  # the other side
        ("max", False),  # who reads only
    ],
)
def test_a_report_is_for_who_made_it_and_their_coordinator_to_take_back(desk: Desk, who: str, may: bool) -> None:
    desk.sign_in("ann")
    row = report(desk, BRIDGE, rating="off_track")
    address = f"{BRIDGE}/reports/{row.reference}/withdraw"
    desk.sign_in(who)
    assert (address in desk.get(BRIDGE)) is may
    desk.get(address, 200 if may else 403)
    take_back(desk, BRIDGE, row, 303 if may else 403, why="A slip")
    assert (desk.rows(progress_report)[0].withdrawn_on is not None) is may


def test_a_number_is_for_the_side_that_recorded_it_to_take_back(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        bridge = select(commitment.c.id).where(commitment.c.reference == "bridge").scalar_subquery()
        unit.execute(
            update(commitment)
            .where(commitment.c.id == bridge)
            .values(kind="target", target={"quantity": 2, "unit": "piers", "comparator": "at_least"})
        )
    desk.sign_in("li")
    desk.act(f"{BRIDGE}/measure", value="1", measured_on="2026-03-01")
    (row,) = desk.rows(measurement)
    desk.sign_in("cy")
    assert "/measurements/" not in desk.get(BRIDGE)
    take_back(desk, BRIDGE, row, 403, why="A slip")
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "li").values(language="en"))
    desk.sign_in("li")
    assert "Withdraw a measurement" in desk.get(BRIDGE)
    take_back(desk, BRIDGE, row, why="A slip")


def test_two_who_withdraw_at_once_are_one_and_a_page_that_is_gone(desk: Desk) -> None:
    desk.sign_in("ann")
    row = report(desk, BRIDGE, rating="off_track")
    take_back(desk, BRIDGE, row, why="A slip")
    before = desk.snapshot()
    take_back(desk, BRIDGE, row, 404, why="Another reason")
    assert "The report is withdrawn" in take_back(desk, BRIDGE, row, why="A slip"), "a second press says it again"
    desk.sign_in("cy")
    take_back(desk, BRIDGE, row, 404, why="A slip")
    assert desk.snapshot() == before


def test_what_was_recorded_by_a_link_is_its_persons_and_the_history_says_by_which_way(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        target = {"quantity": 2, "unit": "piers", "comparator": "at_least"}
        bridge = commitment.c.reference == "bridge"
        unit.execute(update(commitment).where(bridge).values(kind="target", target=target))
        unit.execute(update(contact).where(contact.c.reference == "li").values(language="en"))
    desk.post(desk.link("ann", "overdue", "/bridge") + "/measured", value="1")
    desk.post(desk.link("ann", "overdue", "/fund") + "/on_track", note="By and by")
    (number,), told = desk.rows(measurement), desk.rows(progress_report)[-1]
    desk.sign_in("li")
    assert "/measurements/" not in desk.get(BRIDGE), "the other side did not record it"
    take_back(desk, BRIDGE, number, 403, why="A slip")
    desk.sign_in("ann")
    history = desk.get("/agreements/north-south/history")
    assert history.count("Ann, by a link in a message") >= 2 and "ann by link" not in history
    assert f"/reports/{told.reference}/withdraw" in desk.get(FUND)
    take_back(desk, BRIDGE, number, why="A slip")
    take_back(desk, FUND, told, why="A slip")
