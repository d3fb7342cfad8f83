"""With the browser's own colours in place of ours, as people with weak sight set them: what is told by a line stays."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from commitments.tables import commitment
from tests.portal.desk import Desk
from tests.portal.looking import CHROMIUM, NO_CHROMIUM, Eyes, open_browser

pytestmark = pytest.mark.slow


@pytest.fixture
def eyes(desk: Desk) -> Iterator[Eyes]:
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    desk.sign_in("cy")
    with open_browser() as browser:
        eyes = Eyes(browser, desk.client)
        eyes.page.emulate_media(forced_colors="active")
        yield eyes
        eyes.close()


def read_styles(eyes: Eyes, where: str, what: str) -> list[Any]:
    return list(
        eyes.page.evaluate(f"[...document.querySelectorAll({where!r})].map(one => getComputedStyle(one).{what})")
    )


def test_one_way_of_the_navigation_is_underlined_and_today_is_framed(desk: Desk, eyes: Eyes) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "survey").values(due="2026-03-20"))
    eyes.open("/calendar")
    (ground,) = read_styles(eyes, "body", "backgroundColor")
    lines = read_styles(eyes, ".top nav a", "borderBottomColor")
    assert len(lines) > 5 and sum(one != ground for one in lines) == 1
    assert set(read_styles(eyes, ".pages a", "borderBottomColor")) == {ground}
    assert read_styles(eyes, ".month [aria-current]", "outlineStyle") == ["solid"]
