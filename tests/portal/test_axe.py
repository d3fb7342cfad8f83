"""Everybody can use every page: axe finds nothing wrong, and nothing is wider than its window, on desktop and phone.

Nor does a page ask for anything that its own policy forbids.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tests.portal.desk import TODAY, Desk
from tests.portal.looking import CHINESE, CHROMIUM, LOOKS, NO_CHROMIUM, Eyes, open_browser
from tests.portal.pages import list_addresses, list_open_addresses

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with open_browser() as browser:
        yield browser


def look_at(eyes: Eyes, addresses: Iterable[str], looks: Iterable[Any] = LOOKS) -> dict[str, set[str]]:
    """By page, what is wrong with it in some look."""
    wrong: dict[str, set[str]] = {}
    for address in addresses:
        eyes.open(address)
        wrong.setdefault(address, set()).update(eyes.hear_complaints())
        for look in looks:
            eyes.show(look)
            found = {f"{look.name}: {one}" for one in eyes.find_violations(look.rules)}
            if eyes.is_wider_than_its_window():
                found.add(f"{look.name}: wider than its window")
            found |= {f"{look.name}: cut: {one}" for one in eyes.list_cut_tables()}
            wrong.setdefault(address, set()).update(found)
    return {address: found for address, found in wrong.items() if found}


def test_everybody_can_use_every_page_of_who_is_signed_in(desk: Desk, browser: Any) -> None:
    desk.morning(TODAY)
    desk.sign_in("cy")
    addresses = list(list_addresses(desk))
    assert len(addresses) > 20
    eyes = Eyes(browser, desk.client)
    assert look_at(eyes, addresses) == {}
    eyes.close()


def test_who_is_asked_to_confirm_can_use_the_page_of_the_commitment(desk: Desk, browser: Any) -> None:
    desk.morning(TODAY)
    desk.sign_in("ann")
    address = "/agreements/north-south/commitments/bridge"
    mark = re.search(r'name="mark" value="(\w+)"', desk.get(f"{address}/report"))
    assert mark
    desk.act(f"{address}/report", mark=mark[1], side="north", fulfilled="yes", note="Built")
    desk.sign_in("li")
    eyes = Eyes(browser, desk.client)
    assert look_at(eyes, [address, f"{address}/confirm", "/brief?party=north"]) == {}
    eyes.close()


def test_everybody_can_use_every_page_in_chinese(desk: Desk, browser: Any) -> None:
    """Words have other lengths and another script; colours and roles are those of the same pages in English."""
    desk.morning(TODAY)
    desk.sign_in("li")
    eyes = Eyes(browser, desk.client)
    assert look_at(eyes, list_addresses(desk, "li"), [CHINESE]) == {}
    eyes.close()


def test_everybody_can_use_every_page_that_asks_for_no_visit(desk: Desk, browser: Any) -> None:
    desk.sign_in("cy")
    desk.act("/agreements/north-south/public")
    desk.client.cookies.clear()
    eyes = Eyes(browser, desk.client)
    assert look_at(eyes, list_open_addresses(desk)) == {}
    eyes.close()
