"""An administrator of a house that has nothing yet: how people come about, and what an administrator is called."""

import shutil
from pathlib import Path

import pytest

from commitments.database import open_unit
from commitments.settings import Settings
from portal.visits import find_people
from tests.portal.desk import NOW, Desk

BOSS = "boss@house.example"


def name_administrators(desk: Desk, *addresses: str) -> Settings:
    """As the settings name them."""
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    settings = desk.settings.model_copy(update={"administrators": ",".join(addresses)})
    object.__setattr__(house, "settings", settings)
    return settings


def appoint(desk: Desk) -> str:
    """Let an administrator ask for a link who is in the settings alone; gives the reference of their contact."""
    settings = name_administrators(desk, BOSS)
    with open_unit(desk.engine) as unit:
        return find_people(unit, settings, BOSS, NOW)[0].reference


@pytest.fixture
def empty(desk: Desk, sqlite_template: Path) -> Desk:
    desk.engine.dispose()
    shutil.copyfile(sqlite_template, str(desk.engine.url.database))
    return desk


def test_people_says_that_they_come_with_the_first_agreement_where_no_party_is_on_record(empty: Desk) -> None:
    empty.sign_in(appoint(empty))
    page = empty.get("/people")
    assert "People come into the register with their party, and a party with its first agreement." in page
    assert 'href="/register"' in page and "choose their party" not in page


def test_with_one_party_on_record_it_can_be_chosen(empty: Desk) -> None:
    empty.add_elsewhere()  # of whose parties one has people
    empty.sign_in(appoint(empty))
    page = empty.get("/people")
    assert "To add a person, choose their party." in page and '<option value="east">' in page


def test_an_administrator_is_called_one_and_by_what_they_are_beside_it(desk: Desk) -> None:
    own = appoint(desk)
    desk.sign_in(own)
    page = desk.get("/people")
    assert "administrator · in office" in page and "administrator · in office" in desk.get(f"/people/{own}")
    name_administrators(desk, "cy@north.example", BOSS)
    assert "administrator · coordinator · in office" in desk.get("/people?party=north")
