"""Searches that people keep under a name."""

import re

import pytest

from portal.searches import MOST_SEARCHES, read_query
from portal.tables import saved_search
from tests.portal.desk import Desk


def test_a_search_is_kept_under_a_name_and_found_again_in_the_list_and_on_home(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "My searches" not in desk.get("/agreements") and "Keep this search" not in desk.get("/agreements")
    assert "Keep this search" in desk.get("/agreements?standing=overdue&sort=title")
    page = desk.act("/searches", name=" Overdue, by title ", query="standing=overdue&sort=title")
    link = '<a href="/agreements?standing=overdue&sort=title">Overdue, by title</a>'
    assert link in page and link in desk.get("/agreements") and link in desk.get("/home")


def test_a_search_of_the_same_name_takes_the_place_of_the_first(desk: Desk) -> None:
    desk.sign_in("cy")
    for standing in ("overdue", "silent"):
        desk.act("/searches", name="mine", query=f"standing={standing}")
    assert [row.query for row in desk.rows(saved_search)] == ["standing=silent"]


def test_everybody_sees_and_forgets_their_own_searches_alone(desk: Desk) -> None:
    desk.sign_in("cy")
    desk.act("/searches", name="<b>Mine</b>", query="q=survey")
    (kept,) = desk.rows(saved_search)
    desk.sign_in("li")
    assert "Mine" not in desk.get("/agreements") + desk.get("/home")
    desk.act("/searches/forget", search=str(kept.id))
    assert len(desk.rows(saved_search)) == 1
    desk.sign_in("cy")
    assert "<b>Mine" not in desk.client.get("/agreements").text
    found = re.search(r'name="search" value="(\d+)"', desk.client.get("/agreements").text)
    assert found is not None
    assert "Mine" not in desk.act("/searches/forget", search=found[1])
    assert desk.rows(saved_search) == []


@pytest.mark.parametrize("fields", [{"name": "", "query": "q=x"}, {"name": "all", "query": ""}, {"name": "x" * 900}])
def test_what_is_no_search_or_has_no_name_is_not_kept(desk: Desk, fields: dict[str, str]) -> None:
    desk.sign_in("cy")
    desk.act("/searches", **fields)
    assert desk.rows(saved_search) == []


def test_there_are_not_endlessly_many(desk: Desk) -> None:
    desk.sign_in("cy")
    for number in range(MOST_SEARCHES + 2):
        page = desk.act("/searches", name=f"search {number}", query="q=x")
        assert ("The search is kept." in page) is (number < MOST_SEARCHES)
        assert ("Not kept: 30 searches are the most." in page) is (number >= MOST_SEARCHES)
    assert len(desk.rows(saved_search)) == MOST_SEARCHES
    assert "The search is kept." in desk.act("/searches", name="search 1", query="q=y"), "it takes the place of one"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("q=two+words&page=7", "q=two+words"),
        ("sort=title&q=a%26b&evil=1", "q=a%26b&sort=title"),
        ("https://elsewhere.example/", ""),
        ("q=" + "x" * 2000, "q=" + "x" * 898),
        ("&".join(f"q{number}=1" for number in range(50)), ""),
        ("q=备忘录", "q=%E5%A4%87%E5%BF%98%E5%BD%95"),
    ],
)
def test_of_an_address_only_what_narrows_or_orders_the_list_is_kept(text: str, kept: str) -> None:
    assert read_query(text) == kept
