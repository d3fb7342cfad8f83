"""Words as people bring them, before a real browser: longer than a line, and from right to left."""

from collections.abc import Iterator
from typing import Any

import pytest

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.register import import_agreement
from tests.portal.desk import NOW, TODAY, Desk
from tests.portal.looking import CHROMIUM, DESKTOP, NO_CHROMIUM, PHONE, Eyes, open_browser

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)]

LONG = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch"
SENTENCE = "يلتزم الطرفان بتبادل الوفود الطلابية مرتين كل عام على الأقل."
FORM = f"""
agreement: long
title: {{en: Friendship with {LONG}}}
kind: friendship
effective: 2024-01-01
languages: [en, ar]
parties:
  - reference: llan
    kind: city
    names: {{en: Metropolitan Borough of {LONG}}}
    contacts: [{{reference: mo, name: Mo {LONG}, role: coordinator, channels: {{mail: mo@llan.example}}}}]
  - {{reference: kafr, kind: region, names: {{en: "محافظة كفر الشيخ"}}}}
commitments:
  - reference: visits
    summary: "تبادل الوفود (at least 2)."
    quote: {{ar: "{SENTENCE}"}}
    kind: recurring
    recurrence: {{every: month, count: 12, what: Donaudampfschifffahrtsgesellschaftskapitänstreffen}}
    owners: [{{party: llan, contact: mo}}, {{party: kafr}}]
"""
PAGES = ("/agreements/long", "/agreements/long/commitments/visits", "/record?agreement=long", "/calendar")
LEAVE_THEIR_CARD = """() => [...document.querySelectorAll('.card :is(dt, dd, p, label)')].filter(one => {
  const card = one.closest('.card').getBoundingClientRect(), own = one.getBoundingClientRect();
  return own.width && (own.right > card.right + 1 || own.left < card.left - 1 || own.height > 40 * own.width);
}).map(one => one.textContent.slice(0, 60))"""


@pytest.fixture
def eyes(desk: Desk) -> Iterator[Eyes]:
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(FORM.encode(), "long.yaml"), Author("test", NOW), TODAY)
    desk.sign_in("mo")
    with open_browser() as browser:
        yield Eyes(browser, desk.client)


def test_a_word_longer_than_its_place_is_broken_and_leaves_no_card(eyes: Eyes) -> None:
    found: dict[tuple[str, int], Any] = {}
    for width, height in (DESKTOP, PHONE):
        eyes.page.set_viewport_size({"width": width, "height": height})
        for address in PAGES:
            eyes.open(address)
            outside = eyes.page.evaluate(LEAVE_THEIR_CARD)
            if outside or eyes.is_wider_than_its_window():
                found[address, width] = outside
    assert found == {}


def test_what_is_written_from_right_to_left_is_read_so(eyes: Eyes) -> None:
    eyes.open("/agreements/long/commitments/visits")
    quote = eyes.page.locator("blockquote").first
    assert quote.evaluate("one => getComputedStyle(one).direction") == "rtl"
    assert eyes.page.locator("h1").evaluate("one => getComputedStyle(one).unicodeBidi") == "plaintext"


def test_the_whole_month_is_read_in_its_field_on_a_phone(eyes: Eyes) -> None:
    eyes.page.set_viewport_size({"width": 390, "height": 844})
    eyes.open("/calendar")
    assert eyes.page.locator("#f-month").bounding_box()["width"] > 250
