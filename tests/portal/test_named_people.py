"""Whoever is named at a party and does not act for it: in lists, in the choice of owners, at the check and after."""

import re

from sqlalchemy import update

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import agreement, contact, party
from tests.portal.desk import NOW, TODAY, Desk
from tests.portal.test_accepting import ALIAS, LI, YAML, apply
from tests.portal.test_registering import ABOUT, add, begin, keys, send

BO = "      - {reference: bo, name: Bo, role: owner, channels: {mail: bo@south.example}}\n"
BOTH = YAML.replace(LI, LI + BO)


def begin_with_south(desk: Desk) -> tuple[str, str, str]:
    """A draft between North and South with one commitment; its address and the keys of both."""
    address = begin(desk)
    first, second = keys(desk, address)[:2]
    send(desk, f"{address}/parties", **ABOUT, **{f"{first}-name": "North", f"{second}-name": "South"})
    add(desk, address, summary="Open a library", has_date="yes", due="2027")
    return address, first, second


def name_alias(desk: Desk, address: str, party: str, mail: str, status: int = 303) -> str:
    """A new person of a party, who answers there for everything; gives the page that follows."""
    send(desk, f"{address}/owners", do="more")
    person = re.findall(r'name="(k\d+)-mail"', desk.client.get(f"{address}/owners").text)[0]
    fields = {"name": "Alias", "party": party, "mail": mail, "role": "owner"}
    typed = {f"{person}-{name}": value for name, value in fields.items()}
    return send(desk, f"{address}/owners", status, **typed, **{f"usual-{party}": person})


def test_an_address_of_ones_own_side_is_refused_where_it_is_typed_for_a_person_of_another(desk: Desk) -> None:
    address, _, south = begin_with_south(desk)
    page = name_alias(desk, address, south, "CY@north.example", 422)
    assert "Mail address" in page and "This is the mail address of Cy, of another party: each side has its own." in page
    check = desk.get(f"{address}/check")
    assert "This is the mail address of Cy" in check and "Nothing is wrong with this" not in check
    assert 'value="Register"' not in check and ">Register<" not in check


def test_an_address_without_a_dot_in_its_domain_is_refused_where_it_is_typed(desk: Desk) -> None:
    address, _, south = begin_with_south(desk)
    assert "This is no mail address" in name_alias(desk, address, south, "alias@leicester", 422)


def test_a_party_that_is_named_in_chinese_only_is_called_by_what_and_where_it_is(desk: Desk) -> None:
    address = begin(desk)
    first, second = keys(desk, address)[:2]
    new = {"name": "莱斯特市", "kind": "city", "country": "GB", "language": "en"}
    fields = {f"{first}-name": "North", **{f"{second}-{name}": value for name, value in new.items()}}
    send(desk, f"{address}/parties", **ABOUT, **fields)
    add(desk, address, summary="Open a library", has_date="yes", due="2027")
    send(desk, f"{address}/check", why="agreed")
    assert desk.rows(party, party.c.reference == "city-gb") != []


def test_the_title_of_a_refused_form_says_first_that_something_is_to_be_put_right(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "<title>Please put this right: " in desk.act("/add-person", 422, name="", mail="", role="owner")
    assert "<title>Please" not in desk.get("/add-person")


def test_who_has_the_mail_address_of_another_of_their_party_is_remarked_on_their_page(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.act("/add-person", name="Zed", mail="Ann@north.example", role="owner")
    assert "The same mail address as Ann" in page
    assert "The same mail address" not in desk.get("/people/dee")


def test_the_check_says_what_registering_would_say_by_the_name_that_was_typed(desk: Desk) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"administrators": "boss@west.example"}))
    address, _, south = begin_with_south(desk)
    name_alias(desk, address, south, "boss@west.example")
    check = desk.get(f"{address}/check")
    assert "Alias" in check and "administrator" in check and "Nothing is wrong with this" not in check
    assert "south-alias" not in check and f"{address}/owners#f-" in check
    assert desk.rows(agreement, agreement.c.reference == "twin-towns") == [], "a rehearsal leaves nothing"


def test_the_check_and_the_end_say_that_who_was_added_to_the_other_side_waits_for_it(desk: Desk) -> None:
    address, _, south = begin_with_south(desk)
    page = name_alias(desk, address, south, "alias@private.example")
    assert "Alias acts for South once Li has accepted them" in page
    done = send(desk, f"{address}/check", why="agreed")
    assert "Alias acts for South once a coordinator there has accepted them" in done
    assert "South (Alias, waits to be accepted)" in desk.get("/agreements/twin-towns")


def test_whom_an_administrator_adds_waits_for_nobody(desk: Desk) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"administrators": "cy@north.example"}))
    address, _, south = begin_with_south(desk)
    assert "once Li has accepted" not in name_alias(desk, address, south, "alias@private.example")
    assert "has accepted them" not in send(desk, f"{address}/check", why="agreed")


def test_who_has_left_or_waits_is_not_offered_as_owner_and_stays_marked_where_chosen_before(desk: Desk) -> None:
    apply(desk, YAML.replace(LI, LI + ALIAS))
    address, north, _ = begin_with_south(desk)
    page = desk.get(f"{address}/owners")
    assert ">Dee</option>" in page and "Old" not in page and "Alias" not in page
    send(desk, f"{address}/owners", **{f"usual-{north}": "dee"})
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "dee").values(valid_to="2026-03-01"))
    assert "Dee, no longer in office" in desk.get(f"{address}/owners")
    assert "For 1 commitment nobody answers on some side" in desk.get(f"{address}/check")
    adding = desk.get("/agreements/north-south/add-commitment")
    assert ">Ann</option>" in adding and "Dee" not in adding and "Alias" not in adding


def test_a_list_says_of_an_owner_who_has_left_that_they_have(desk: Desk) -> None:
    bo = BOTH.replace("{party: south, contact: li}", "{party: south, contact: bo}")
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(bo.encode(), "x.yaml"), Author("test", NOW), TODAY)
    desk.sign_in("cy")
    assert "South (Bo)" in desk.get("/agreements/north-south")
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "bo").values(valid_to="2026-03-01"))
    assert "South (Bo, no longer in office)" in desk.get("/agreements/north-south")
    assert "Bo, no longer in office" in desk.get("/agreements/north-south/commitments/bridge")
    assert "Bo, no longer in office" in desk.get("/brief?party=south")
