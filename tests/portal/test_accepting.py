"""Whom one side adds to another: nobody speaks for a party that has a coordinator before that coordinator said yes."""

from sqlalchemy import update

from commitments.agreement_file import parse_agreement
from commitments.awaited import load_waiting_of
from commitments.database import open_unit
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import (
    commitment,
    commitment_owner,
    confirmation,
    contact,
    follow_up,
    log_entry,
    party,
    progress_report,
)
from tests.portal.desk import FORM, NOW, TODAY, Desk
from tests.portal.test_acting import as_guests, send
from tests.portal.test_files import bring, hash_shown, newest

YAML = FORM.decode()
LI = "      - {reference: li, name: Li, role: coordinator, channels: {mail: li@south.example}}\n"
ALIAS = "      - {reference: alias, name: Alias, role: owner, language: en, channels: {mail: alias@private.example}}\n"
WITH_ALIAS = YAML.replace(LI, LI + ALIAS).replace("{party: south, contact: li}", "{party: south, contact: alias}")
BRIDGE = "/agreements/north-south/commitments/bridge"


def read_english(desk: Desk, who: str) -> None:
    """Sign in somebody who reads English."""
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == who).values(language="en"))
    desk.sign_in(who)


def apply(desk: Desk, form: str) -> str:
    page = bring(desk, form)
    return desk.act(newest(desk), shown=hash_shown(page), why="The annex")


def propose(desk: Desk) -> str:
    """Add Alias for the bridge, for which the South names nobody yet."""
    with open_unit(desk.engine) as unit:
        bare = YAML.replace("{party: south, contact: li}", "{party: south}")
        import_agreement(unit, parse_agreement(bare.encode(), "x.yaml"), Author("test", NOW), TODAY)
    return apply(desk, WITH_ALIAS)


def test_who_was_added_by_another_side_can_neither_report_nor_confirm_and_is_told_why(desk: Desk) -> None:
    propose(desk)
    (alias,) = desk.rows(contact, contact.c.reference == "alias")
    assert alias.proposed_by == "cy"
    desk.sign_in("ann")
    send(desk, "bridge/report", fulfilled="yes")
    (report,) = desk.rows(progress_report)
    desk.sign_in("alias")
    assert "Until a coordinator of South has accepted you" in desk.get("/home")
    for page in ("report", "confirm"):
        assert "Your own side has not accepted you yet" in desk.get(f"{BRIDGE}/{page}", 403)
        refused = desk.act(f"{BRIDGE}/{page}", 403, side="south", rating="on_track", fulfilled="yes")
        assert "Your own side has not accepted you yet" in refused
    assert desk.rows(progress_report) == [report]
    assert [one.state for one in desk.rows(confirmation)] == ["asked"]
    (asked,) = desk.rows(follow_up, follow_up.c.kind == "confirmation_asked", follow_up.c.state == "open")
    assert asked.assignee_id == desk.person("li")


def test_nobody_is_asked_what_a_coordinator_has_not_accepted_them_for(desk: Desk) -> None:
    propose(desk)
    asked = desk.rows(follow_up, follow_up.c.state == "open", follow_up.c.assignee_id == desk.person("alias"))
    assert asked == []
    read_english(desk, "li")
    assert "nobody in office answers for it: South (Alias waits to be accepted)" in desk.get("/home")
    (unowned,) = desk.rows(follow_up, follow_up.c.kind == "unowned", follow_up.c.matter == "north-south/bridge")
    assert unowned.assignee_id == desk.person("li"), "their own side is asked to name somebody, or to accept them"


def test_the_coordinator_of_their_side_accepts_them_on_home_and_they_act_from_then_on(desk: Desk) -> None:
    propose(desk)
    assert "alias@private.example" not in desk.get("/home"), "it is not for who added them"
    desk.act("/people/alias/accept", 404)
    read_english(desk, "li")
    home = desk.get("/home")
    assert "Alias" in home and "alias@private.example" in home and "Cy" in home
    assert 'action="/people/alias/accept"' in home and 'action="/people/alias/refuse"' in home
    assert desk.client.get("/people/alias/accept").status_code == 405, "only a POST acts"
    assert (
        "as owner for South" in home
        and "They would answer for:" in home
        and "They report and confirm for South" in home
    )
    assert f'<a href="{BRIDGE}">Build the bridge. (Memorandum)</a>' in home
    after = desk.act("/people/alias/accept")
    assert 'action="/people/alias/accept"' not in after and "Alias now acts for South." in after
    history = desk.get("/agreements/north-south/history")
    assert "Contact “Alias”: accepted by their own side" in history
    (alias,) = desk.rows(contact, contact.c.reference == "alias")
    assert alias.proposed_by is None
    told, heard = desk.rows(log_entry, log_entry.c.row_id == alias.id, log_entry.c.who == "li")
    assert (told.agreement_id, heard.action) == (None, "accepted") and heard.agreement_id is not None
    assert told.changes == {"proposed_by": ["cy", None]}
    desk.sign_in("alias")
    send(desk, "bridge/report", rating="on_track")
    assert [one.contact_id for one in desk.rows(progress_report)] == [alias.id]


def find_owner(desk: Desk) -> tuple[int | None, int | None]:
    """Who answers for the bridge in the South, and who will once they are accepted."""
    (bridge,) = desk.rows(commitment, commitment.c.reference == "bridge")
    (south,) = desk.rows(party, party.c.reference == "south")
    of_south = (commitment_owner.c.commitment_id == bridge.id) & (commitment_owner.c.party_id == south.id)
    (row,) = desk.rows(commitment_owner, of_south)
    return row.contact_id, row.awaited_id


def take(desk: Desk, form: str) -> list[str]:
    """Import a file as the operator does; gives whom it names who waits."""
    with open_unit(desk.engine) as unit:
        imported = import_agreement(unit, parse_agreement(form.encode(), "x.yaml"), Author("test", NOW), TODAY)
        return [one.reference for one in load_waiting_of(unit, imported)]


def test_who_answers_goes_on_until_whom_a_file_names_instead_is_accepted(desk: Desk) -> None:
    propose(desk)
    li, alias = desk.person("li"), desk.person("alias")
    assert find_owner(desk) == (alias, None), "nobody answered there, and nobody does until they are accepted"
    assert take(desk, YAML) == [] and find_owner(desk) == (li, None)
    assert take(desk, WITH_ALIAS) == ["alias"] and find_owner(desk) == (li, alias)
    for again in (WITH_ALIAS, YAML):  # what names whom it named, and what was handed out meanwhile
        assert take(desk, again) == [] and find_owner(desk) == (li, alias)
    read_english(desk, "li")
    assert f'<a href="{BRIDGE}">Build the bridge. (Memorandum), in place of Li</a>' in desk.get("/home")
    desk.act("/people/alias/accept")
    assert find_owner(desk) == (alias, None)
    assert "Answers for it once accepted" in desk.get("/agreements/north-south/history")


def test_who_answers_stays_where_whom_a_file_names_is_refused(desk: Desk) -> None:
    propose(desk)
    take(desk, YAML)
    take(desk, WITH_ALIAS)
    read_english(desk, "li")
    desk.act("/people/alias/refuse")
    assert find_owner(desk) == (desk.person("li"), None)


def test_whom_the_coordinator_refuses_is_out_of_office_and_cannot_come_in(desk: Desk) -> None:
    propose(desk)
    read_english(desk, "li")
    assert "Alias does not act for South." in desk.act("/people/alias/refuse")
    assert "Contact “Alias”: refused by their own side" in desk.get("/agreements/north-south/history")
    (alias,) = desk.rows(contact, contact.c.reference == "alias")
    assert (alias.valid_to, alias.proposed_by) == ("2026-03-01", "cy")
    desk.act("/people/alias/accept")
    assert desk.rows(contact, contact.c.reference == "alias") == [alias], (
        "who was refused is not accepted by an old page"
    )


def test_a_party_whose_coordinator_cannot_be_reached_gets_its_people_at_once(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "li").values(channels={}))
    apply(desk, WITH_ALIAS.replace(", channels: {mail: li@south.example}", ""))
    (alias,) = desk.rows(contact, contact.c.reference == "alias")
    assert alias.proposed_by is None
    (told,) = desk.rows(log_entry, log_entry.c.row_id == alias.id, log_entry.c.subject == "contact")
    assert (told.who, told.action) == ("cy", "registered")


def test_the_own_sides_people_need_nobodys_yes(desk: Desk) -> None:
    own = "      - {reference: eve, name: Eve, role: owner, channels: {mail: eve@north.example}}\n"
    cy = "      - {reference: cy, name: Cy, role: coordinator, channels: {mail: cy@north.example}}\n"
    apply(desk, YAML.replace(cy, cy + own))
    assert desk.rows(contact, contact.c.reference == "eve")[0].proposed_by is None


def test_what_the_operator_imports_needs_nobodys_yes(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(WITH_ALIAS.encode(), "x.yaml"), Author("test", NOW), TODAY)
    assert desk.rows(contact, contact.c.reference == "alias")[0].proposed_by is None


def test_a_deputy_of_ones_own_side_is_refused_for_a_person_of_another(desk: Desk) -> None:
    page = bring(desk, WITH_ALIAS.replace("name: Alias,", "name: Alias, deputy: cy,"), 422)
    assert "The contact alias has a deputy of another party" in page


def test_an_address_of_ones_own_side_is_refused_for_a_person_of_another(desk: Desk) -> None:
    page = bring(desk, WITH_ALIAS.replace("alias@private.example", "CY@north.example"), 422)
    assert "The contact alias has the mail address of a person of another party" in page
    assert desk.rows(contact, contact.c.reference == "alias") == []


def test_a_guest_who_coordinates_the_other_party_says_yes_where_one_house_keeps_the_register(desk: Desk) -> None:
    as_guests(desk)
    desk.sign_in("cy")
    propose(desk)
    desk.sign_in("li")
    assert 'action="/people/alias/accept"' in desk.get("/home"), "a guest, and the only one who can speak for the South"
    desk.act("/people/alias/accept")
    assert desk.rows(contact, contact.c.reference == "alias")[0].proposed_by is None
    desk.sign_in("alias")
    desk.act("/people/alias/refuse", 403)
    assert 'action="/people/' not in desk.get("/home"), "of the guests only who coordinates"
