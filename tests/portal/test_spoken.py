"""Words in another language than their page: which one it is, is said on every page and in the brief as PDF."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from sqlalchemy import select, update

from commitments.database import open_unit
from commitments.log import Author, Change, record_changes
from commitments.tables import agreement, commitment
from tests.portal.desk import NOW, TODAY, Desk

HEADING = "备忘录"
PROMISES = ("Build the bridge", "The plan is drawn", "Raise a fund")
PAGES = (
    "/home",
    "/agreements",
    "/calendar?month=2026-02&whose=all",
    "/calendar?month=2026-08&whose=all",
    "/brief?party={other}",
    "/agreements/north-south/brief",
    "/messages",
    "/messages?show=unsent",
)
UNTITLED = ("/brief?party={other}", "/messages?show=unsent")
"""Here an agreement is named beside another, or where nothing of a promise can be."""
NO_PLACE_FOR_IT = ("title", "option", "script", "style")
"""In these no element can name a language; what is read out there alone repeats words of the page."""
VOID = ("br", "hr", "img", "input", "link", "meta", "path", "rect", "line", "circle", "text", "polyline")


class Reader(HTMLParser):
    """Each text of a page with its language, as a screen reader finds it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.said: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            named = dict(attrs)
            before = self.open[-1][1] if self.open else ""
            hidden = named.get("class") == "unseen" or tag in NO_PLACE_FOR_IT or before == "-"
            self.open.append((tag, "-" if hidden else named.get("lang") or before))

    def handle_endtag(self, tag: str) -> None:
        while tag not in VOID and self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][1] != "-":
            self.said.append((data, self.open[-1][1]))


def read(page: str) -> list[tuple[str, str]]:
    reader = Reader()
    reader.feed(page)
    return reader.said


@pytest.fixture
def told(desk: Desk) -> Desk:
    """A register of which something was told and changed this week."""
    desk.sign_in("ann")
    report = "/agreements/north-south/commitments/bridge/report"
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', desk.client.get(report).text))
    desk.act(report, **form, rating="on_track")
    with open_unit(desk.engine) as unit:
        (row,) = unit.execute(select(commitment).where(commitment.c.reference == "fund"))
        unit.execute(update(commitment).where(commitment.c.id == row.id).values(due="2026-09-30"))
        moved = {"due": ("2026-02-13", "2026-09-30")}
        change = Change("amended", "commitment", row.id, "north-south/fund", row.agreement_id, moved)
        record_changes(unit, Author("cy", NOW - timedelta(days=1)), [change])
    desk.morning(TODAY)
    return desk


def find_languages(desk: Desk, page: str, words: tuple[str, ...]) -> list[str]:
    """The languages in which these words stand on a page."""
    return [language for text, language in read(desk.client.get(page).text) if any(one in text for one in words)]


@pytest.mark.parametrize("page", PAGES)
def test_a_title_in_another_language_than_the_page_says_so(told: Desk, page: str) -> None:
    with told.write_past_log() as unit:
        unit.execute(update(agreement).where(agreement.c.reference == "north-south").values(title={"zh": HEADING}))
    told.sign_in("cy")
    found = set(find_languages(told, page.format(other="south"), (HEADING,)))
    assert found == {"zh"} or (not found and page in UNTITLED)


@pytest.mark.parametrize("page", PAGES)
def test_a_promise_or_a_step_in_another_language_than_the_page_says_so(told: Desk, page: str) -> None:
    told.sign_in("li")
    assert set(find_languages(told, page.format(other="north"), PROMISES)) <= {"en"}
    assert set(find_languages(told, page.format(other="north"), (HEADING,))) <= {"zh-Hans"}, "not in the page's own"


def test_the_brief_as_pdf_says_so_too(told: Desk) -> None:
    told.sign_in("li")
    assert b"/Lang(en)" in told.client.get("/brief.pdf?party=north").content
    told.sign_in("cy")
    assert b"/Lang(zh)" not in told.client.get("/brief.pdf?party=south").content
