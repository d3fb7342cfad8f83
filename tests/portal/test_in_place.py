"""What a script does in place, in a real browser: a search among commitments, and a server that is gone."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert

from commitments.database import open_unit
from commitments.tables import commitment
from tests.portal.desk import TODAY, Desk
from tests.portal.looking import CHROMIUM, NO_CHROMIUM, Eyes, open_browser

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with open_browser() as browser:
        yield browser


@pytest.fixture
def eyes(desk: Desk, browser: Any) -> Iterator[Eyes]:
    desk.sign_in("cy")
    eyes = Eyes(browser, desk.client)
    yield eyes
    eyes.close()


def add_promises(desk: Desk, number: int) -> None:
    agreement_id = desk.rows(commitment)[0].agreement_id
    usual = {"agreement_id": agreement_id, "summaries": {}, "kind": "open_ended", "quote": {}, "quote_sources": {}}
    usual |= {"tags": [], "owed": "jointly", "implementers": [], "state": "active", "registered_on": TODAY}
    rows = [
        usual | {"reference": f"more-{at}", "position": 10 + at, "summary": f"Plant the tree {at}."}
        for at in range(number)
    ]
    with open_unit(desk.engine) as unit:
        unit.execute(insert(commitment), rows)


def test_the_commitments_of_an_agreement_are_searched_in_place_and_what_is_ticked_stays(desk: Desk, eyes: Eyes) -> None:
    add_promises(desk, 6)
    eyes.open("/record?agreement=north-south")
    page = eyes.page
    page.get_by_label("Hand over the survey.").check()
    page.get_by_label("What happened").fill("Walk through the park")
    search = page.get_by_label("Search among them")
    search.press_sequentially("tree 3")
    page.get_by_label("Plant the tree 2.").wait_for(state="detached")  # what half the words find is gone, too
    page.get_by_label("Plant the tree 3.").wait_for()
    assert page.get_by_label("Raise a fund.").count() == 0
    page.locator("input[name=commitments]:checked").wait_for()
    assert page.get_by_label("Hand over the survey.").is_checked(), "it is not among what is found, and stays"
    assert page.get_by_label("What happened").input_value() == "Walk through the park"
    page.locator("#f1-commitments-find:focus, input[name=find]:focus").wait_for()  # one types on
    page.get_by_label("Plant the tree 3.").check()
    search.fill("")
    page.get_by_label("Raise a fund.").wait_for()
    assert page.locator("input[name=commitments]:checked").count() == 2
    assert eyes.hear_complaints() == set()


def test_each_half_of_tried_rules_is_shown_as_soon_as_it_is_played(desk: Desk, eyes: Eyes) -> None:
    eyes.open("/agreements/north-south/policy")
    page = eyes.page
    page.get_by_label("Days before a promised date").fill("60, 5")
    page.get_by_role("button", name="See what it sends").click()
    for title, compared in (
        ("The last 90 days", "without the change, played in the same way."),
        ("The next 90 days", "without the change."),
    ):
        half = page.get_by_role("region", name=title)
        half.get_by_role("status").get_by_text(compared).wait_for()
        half.get_by_text("The days are being played …").wait_for(state="detached")
    assert page.get_by_label("Days before a promised date").input_value() == "60, 5"
    assert eyes.hear_complaints() == set() and eyes.find_violations() == set()


def test_a_half_that_the_server_could_not_be_asked_for_says_so_in_its_place(desk: Desk, eyes: Eyes) -> None:
    eyes.open("/agreements/north-south/policy")
    page = eyes.page
    page.route("**/policy/try/past", lambda route: route.abort())
    page.get_by_role("button", name="See what it sends").click()
    past, coming = (page.get_by_role("region", name=title) for title in ("The last 90 days", "The next 90 days"))
    past.get_by_text("The rest could not be worked out.").first.wait_for()
    past.get_by_text("The days are being played …").wait_for(state="hidden")
    coming.get_by_text("without the change.").wait_for()  # the other half goes on


def test_a_line_says_that_the_server_could_not_be_reached_until_it_can_be_again(desk: Desk, eyes: Eyes) -> None:
    eyes.open("/agreements")
    page, gone = eyes.page, "**/agreements?*"
    line = page.get_by_role("alert").filter(has_text="The server could not be reached. Please try again.")
    page.locator("#unreached").wait_for(state="hidden")
    page.route(gone, lambda route: route.abort())
    page.get_by_label("Search").press_sequentially("nowhere")
    line.wait_for()
    page.get_by_role("heading", name="Memorandum").wait_for()  # what was shown is still there
    page.unroute(gone)
    page.get_by_label("Search").press_sequentially(" at all")
    page.get_by_text("No agreement is found.").wait_for()
    line.wait_for(state="hidden")


def test_what_an_answer_settles_besides_is_asked_no_more_and_the_next_that_waits_is_gone_on_with(
    desk: Desk, eyes: Eyes
) -> None:
    desk.sign_in("ann")
    eyes.open("/home")
    page = eyes.page
    bridge = page.locator(".asking").filter(has_text="Build the bridge.").filter(has_not_text="The plan is drawn")
    step, other = (page.locator(".asking").filter(has_text=text) for text in ("The plan is drawn", "Raise a fund."))
    assert bridge.count() == step.count() == other.count() == 1
    bridge.get_by_role("button", name="It is done").click()
    page.locator(".answered").filter(has_text="Build the bridge").wait_for()
    step.wait_for(state="detached")
    assert other.count() == 1, "what it did not settle still waits"
    assert page.evaluate("document.activeElement.closest('.asking, .answered') !== null")
    in_place = page.locator(".asking h3").all_inner_texts()
    eyes.open("/home")
    assert page.locator(".asking h3").all_inner_texts() == in_place, "as without a script"
    assert eyes.hear_complaints() == set()
