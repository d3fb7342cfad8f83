"""Who is on record, who takes over from whom, and what has no living owner."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from benchmarks.form_reader import read_form
from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.people import ContactFault, Written, check_contact
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import commitment, commitment_owner, contact, follow_up, log_entry, publication
from commitments.vocabulary import ContactRole
from notifications.tables import notice, notification
from tests.portal.desk import FORM, NOW, TODAY, Desk


def hand_over(desk: Desk, former: str, status: int = 303, **fields: Any) -> str:
    """Fill in the page of a hand-over as it is shown."""
    page = desk.client.get(f"/people/{former}/hand-over").text
    mark = re.search(r'name="mark" value="(\w+)"', page)
    said = {"mark": mark[1] if mark else "", "why": "New post", **fields}
    return desk.act(f"/people/{former}/hand-over", status, **said)


def owners(desk: Desk) -> dict[str, str | None]:
    """Who answers for what on the North's side."""
    names = {row.id: row.reference for row in desk.rows(contact)}
    promises = {row.id: row.reference for row in desk.rows(commitment)}
    north = desk.rows(contact, contact.c.reference == "ann")[0].party_id
    return {
        promises[row.commitment_id]: names.get(row.contact_id)
        for row in desk.rows(commitment_owner, commitment_owner.c.party_id == north)
    }


def promise(desk: Desk, reference: str) -> Any:
    return desk.rows(commitment, commitment.c.reference == reference)[0]


def told(desk: Desk, who: str) -> list[Any]:
    """The hand-overs of which somebody is told."""
    rows = desk.rows(notice, notice.c.contact_id == desk.person(who), notice.c.kind == "hand_over")
    return [row for row in rows if row.decision == "told"]


def test_a_coordinator_sees_all_that_would_move_before_it_moves(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get("/people/ann/hand-over")
    assert "Commitments they own (5)" in page and "Hand over the survey." in page
    assert "The plan is drawn" in page  # the step under the bridge
    assert "Open questions to them (" in page
    assert '<option value="dee">Dee</option>' in page
    assert "Max" not in page  # a leader is asked nothing
    assert '<option value="old"' not in page  # out of office
    assert '<option value="li"' not in page  # of the other side


def test_everything_of_an_officer_moves_in_one_step(desk: Desk) -> None:
    desk.sign_in("cy")
    before = {row.id for row in desk.rows(follow_up, follow_up.c.assignee_id == desk.person("ann"))}
    page = hand_over(desk, "ann", to="dee", last_day="2026-03-31", why="New post at the ministry")
    assert "Everything was handed over. Both are told at once; at night or on a day of rest, the next morning." in page
    assert "everything was handed over" in page and "To whom: Dee" in page and "New post at the ministry" in page
    assert owners(desk) == dict.fromkeys(["survey", "bridge", "visits", "fund", "friends"], "dee") | {"orphan": None}
    moved = desk.rows(follow_up, follow_up.c.id.in_(before), follow_up.c.state == "open")
    assert moved and {row.assignee_id for row in moved} == {desk.person("dee")}
    assert desk.rows(contact, contact.c.reference == "ann")[0].valid_to == "2026-03-31"
    said = desk.rows(
        log_entry, log_entry.c.why == "New post at the ministry", log_entry.c.subject == "commitment_owner"
    )
    assert len(said) == 5 and {row.who for row in said} == {"cy"}


def test_a_second_press_of_a_hand_over_says_what_the_first_has_done(desk: Desk) -> None:
    desk.sign_in("cy")
    address = "/people/ann/hand-over"
    mark = re.search(r'name="mark" value="(\w+)"', desk.get(address))
    form = {"mark": mark[1] if mark else "", "to": "dee", "why": "New post"}
    first, after = desk.act(address, **form), desk.snapshot()
    assert "Everything was handed over" in first and desk.act(address, **form) == first and desk.snapshot() == after
    assert "this has changed meanwhile" in desk.act(address, 409, **{**form, "to": "cy"})


def test_an_officer_with_hundreds_of_commitments_hands_all_of_them_over_and_both_are_told_of_each(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.handing.IDS_A_STATEMENT", 100)
    row = {"agreement_id": 1, "summaries": {}, "kind": "deliverable", "quote": {}, "quote_sources": {}, "tags": [],
           "owed": "each", "implementers": [], "state": "active", "registered_on": TODAY,
           "due": "2026-12-31"}  # fmt: skip
    north = desk.rows(contact, contact.c.reference == "ann")[0].party_id
    ann, dee = desk.person("ann"), desk.person("dee")
    with open_unit(desk.engine) as unit:
        unit.execute(
            insert(commitment),
            [{**row, "id": 100 + one, "reference": f"line-{one}", "position": 10 + one, "summary": f"Line {one}"}
             for one in range(610)],
        )  # fmt: skip
        owed = {"party_id": north, "position": 0}
        unit.execute(
            insert(commitment_owner),
            # The last ten are Dee's own, and the file still names Ann for the hundred before them.
            [{**owed, "commitment_id": 100 + one, "contact_id": dee if one >= 600 else ann,
              "handed_from_id": dee if 500 <= one < 600 else None} for one in range(610)],
        )  # fmt: skip
    desk.sign_in("cy")
    hand_over(desk, "ann", to="dee", why="To the ministry")
    places = {row.commitment_id - 100: row for row in desk.rows(commitment_owner) if row.commitment_id >= 100}
    assert {row.contact_id for row in places.values()} == {dee}
    assert {row.handed_from_id for at, row in places.items() if at < 500} == {ann}
    assert {row.handed_from_id for at, row in places.items() if 500 <= at < 600} == {dee}
    assert {row.handed_from_id for at, row in places.items() if at >= 600} == {None}
    said = desk.rows(log_entry, log_entry.c.why == "To the ministry", log_entry.c.subject == "commitment_owner")
    assert len(said) == 605 and {tuple(row.changes["contact_id"]) for row in said} == {(ann, dee)}
    lines = {f"north-south/line-{one}" for one in range(600)}
    for who in ("dee", "ann"):
        of_lines = [row for row in told(desk, who) if "/line-" in row.matter]
        assert {row.matter for row in of_lines} == lines and len(of_lines) == 600
        assert {(row.standing, str(row.due_on), row.reason["code"]) for row in of_lines} == {
            ("on_track", "2026-12-31", "due_later")
        }


def test_both_are_told_at_once_and_the_morning_asks_nobody_twice(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_over(desk, "ann", to="dee")
    assert {row.decision_reason["code"] for row in told(desk, "dee")} == {"handed_over"}
    assert {row.decision_reason["code"] for row in told(desk, "ann")} == {"handed_on"}
    queued = desk.rows(notification, notification.c.kind == "hand_over")
    assert {row.contact_id for row in queued} == {desk.person("dee"), desk.person("ann")}
    assert {row.next_at for row in queued} == {NOW}
    assert {one for one in desk.morning(TODAY).get("ann", set()) if "survey" in one} == set()


def test_what_the_two_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from commitments.database import open_reading
    from commitments.reconcile import load_rules
    from notifications.composing import compose_messages
    from notifications.dates_file import write_dates
    from notifications.languages import load_words
    from notifications.names import load_names
    from notifications.rendering import write_message

    desk.sign_in("cy")
    hand_over(desk, "ann", to="dee")
    with open_reading(desk.engine) as reading:
        rows = desk.rows(notification, notification.c.kind == "hand_over")
        messages = compose_messages(reading, rows, load_rules(reading), load_names(reading), TODAY, links=desk.links)
        letters = {row.contact_id: write_message(messages[row.id]) for row in rows}
    new, former = letters[desk.person("dee")], letters[desk.person("ann")]
    assert new.subject.startswith("Handed over to you: ")
    assert "handed over to you from Ann by Cy on 2 March 2026" in new.text
    assert former.subject.startswith("Handed over to somebody else: ")
    assert "handed over to Dee by Cy on 2 March 2026" in former.text
    assert "Nothing is asked of you about it any more." in former.text
    sender = {"sender_name": "T", "sender_address": "t@x.example"}
    dates = {row.contact_id: write_dates(load_words("en"), messages[row.id], **sender, now=NOW) for row in rows}
    assert dates[desk.person("dee")] and dates[desk.person("ann")] is None  # no dates of what is not theirs any more
    assert "report-progress" not in former.text and "It is done" not in former.text


def test_the_former_persons_own_page_says_it(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_over(desk, "ann", to="dee", why="New post")
    desk.sign_in("ann")
    page = desk.get("/home")
    assert "everything was handed over" in page and "To whom: Dee" in page and "New post" in page
    assert "Hand over the survey." not in page.partition("What changed this week")[0]


def test_a_coordinator_hands_over_their_own_role_too(desk: Desk) -> None:
    desk.sign_in("cy")
    asked = {row.id for row in desk.rows(follow_up, follow_up.c.assignee_id == desk.person("cy"))}
    page = hand_over(desk, "cy", to="dee")
    assert "everything was handed over" in page  # their Home, for they may see no more
    roles = {row.reference: row.role for row in desk.rows(contact)}
    assert (roles["cy"], roles["dee"]) == ("owner", "coordinator")
    still = desk.rows(follow_up, follow_up.c.id.in_(asked), follow_up.c.state == "open")
    assert still and {row.assignee_id for row in still} == {desk.person("dee")}
    assert {row.matter for row in told(desk, "dee")} >= {"north-south:expiry"}
    desk.get("/people", 403)


def take_back(desk: Desk, former: str, status: int = 303) -> str:
    """Press the button that takes a hand-over back, as the page of the person shows it."""
    page = desk.client.get(f"/people/{former}").text
    number = re.search(r'name="handed" value="(\d+)"', page)
    return desk.act(f"/people/{former}/take-back", status, handed=number[1] if number else "")


def roles(desk: Desk) -> dict[str, str]:
    return {row.reference: row.role for row in desk.rows(contact)}


def test_a_hand_over_of_the_wrong_persons_matters_is_taken_back_in_one_step(desk: Desk) -> None:
    desk.sign_in("cy")
    before = owners(desk)
    asked = {row.id for row in desk.rows(follow_up, follow_up.c.assignee_id == desk.person("ann"))}
    page = hand_over(desk, "ann", to="dee", last_day="2026-03-31")
    assert "Until 9 March 2026 it can be taken back" in page and "Take the hand-over back" in page
    page = take_back(desk, "ann")
    assert "The hand-over was taken back, and whoever was told of it is told." in page
    assert "the hand-over was taken back" in page and "Take the hand-over back" not in page
    assert owners(desk) == before
    still = desk.rows(follow_up, follow_up.c.id.in_(asked), follow_up.c.state == "open")
    assert still and {row.assignee_id for row in still} == {desk.person("ann")}
    assert desk.rows(contact, contact.c.reference == "ann")[0].valid_to is None
    said = desk.rows(log_entry, log_entry.c.why == "taken back", log_entry.c.subject == "commitment_owner")
    assert len(said) == 5 and {row.who for row in said} == {"cy"}
    assert all(row.handed_from_id is None for row in desk.rows(commitment_owner))


def test_who_was_told_of_a_hand_over_is_told_that_it_was_taken_back(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_over(desk, "ann", to="dee")
    with open_unit(desk.engine) as unit:
        unit.execute(update(notification).where(notification.c.kind == "hand_over").values(state="sent"))
    take_back(desk, "ann")
    assert {row.decision_reason["code"] for row in told(desk, "ann")} == {"handed_on", "handed_over"}
    assert {row.decision_reason["code"] for row in told(desk, "dee")} == {"handed_on", "handed_over"}


def test_nobody_is_written_to_about_a_hand_over_taken_back_before_its_messages_went(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_over(desk, "ann", to="dee")
    take_back(desk, "ann")
    assert {row.state for row in desk.rows(notification, notification.c.kind == "hand_over")} == {"cancelled"}


def test_what_somebody_else_changed_since_stays_and_is_named_and_the_rest_goes_back(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_over(desk, "ann", to="dee")
    owner = "/agreements/north-south/commitments/survey/owners"
    desk.act(owner, **{**read_form(desk.client.get(owner).text, owner), "to": "cy", "why": "Dee is on leave"})
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "fund").values(state="fulfilled"))
    page = desk.get("/people/ann")
    assert "Cy has changed it since." in page and "It was settled since." in page
    page = take_back(desk, "ann")
    assert page.count("Cy has changed it since.") == 1 and "It was settled since." in page
    assert owners(desk) == {
        "survey": "cy", "bridge": "ann", "visits": "ann", "fund": "dee", "friends": "ann", "orphan": None,
    }  # fmt: skip


def test_a_hand_over_of_which_everything_was_changed_since_is_refused_plainly(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_over(desk, "dee", to="ann")
    number = desk.rows(log_entry, log_entry.c.action == "handed_over")[-1].id
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "ann").values(deputy_id=desk.person("cy")))
    before = desk.snapshot()
    page = desk.act("/people/dee/take-back", handed=number)
    assert "Nothing was taken back" in page
    assert desk.snapshot() == before


@pytest.mark.parametrize(
    ("path", "typed", "said"),
    [
        ("/people/ann/end", {"last_day": "2026-03-01", "why": "Left the house"}, "Ann is not in office any more."),
        ("/people/ann", {"name": "Ann", "mail": "ann@north.example", "role": "leader"}, "Ann leads by now"),
    ],
)
def test_nothing_goes_back_to_who_has_left_or_leads_since(
    desk: Desk, path: str, typed: dict[str, Any], said: str
) -> None:
    desk.sign_in("cy")
    hand_over(desk, "ann", to="dee")
    number = desk.rows(log_entry, log_entry.c.action == "handed_over")[-1].id
    desk.clock[0] += timedelta(days=1)
    desk.act(path, **typed)
    page = desk.get("/people/ann")
    assert page.count(said) == 5 and "Take the hand-over back" not in page
    before = desk.snapshot()
    assert "Nothing was taken back" in desk.act("/people/ann/take-back", handed=number)
    assert desk.snapshot() == before and owners(desk)["survey"] == "dee"


def test_who_stays_in_office_for_a_while_yet_gets_everything_back(desk: Desk) -> None:
    desk.sign_in("cy")
    before = owners(desk)
    hand_over(desk, "ann", to="dee")
    desk.clock[0] += timedelta(days=1)
    desk.act("/people/ann/end", last_day="2026-03-31", why="Leaves in spring")
    take_back(desk, "ann")
    assert owners(desk) == before


def test_an_office_that_the_hand_over_itself_ended_goes_back_with_everything(desk: Desk) -> None:
    desk.sign_in("cy")
    before = owners(desk)
    hand_over(desk, "ann", to="dee", last_day="2026-03-01")
    take_back(desk, "ann")
    assert owners(desk) == before and desk.rows(contact, contact.c.reference == "ann")[0].valid_to is None


def test_a_hand_over_is_taken_back_once_and_within_a_week(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_over(desk, "ann", to="dee")
    number = desk.rows(log_entry, log_entry.c.action == "handed_over")[-1].id
    take_back(desk, "ann")
    assert "Nothing was taken back" in desk.act("/people/ann/take-back", handed=number)
    desk.clock[0] = NOW + timedelta(minutes=1)
    hand_over(desk, "ann", to="dee")
    number = desk.rows(log_entry, log_entry.c.action == "handed_over")[-1].id
    desk.clock[0] = NOW + timedelta(days=7, minutes=1)
    desk.sign_in("cy")
    assert "Take the hand-over back" not in desk.get("/people/ann")
    assert "Nothing was taken back" in desk.act("/people/ann/take-back", handed=number)
    assert owners(desk)["survey"] == "dee"


def test_who_gave_their_own_role_away_by_mistake_takes_it_back_from_their_home(desk: Desk) -> None:
    desk.sign_in("cy")
    asked = {row.id for row in desk.rows(follow_up, follow_up.c.assignee_id == desk.person("cy"))}
    page = hand_over(desk, "cy", to="dee")
    number = re.search(r'name="handed" value="(\d+)"', page)
    assert number and "Take the hand-over back" in page
    page = desk.act("/people/cy/take-back", handed=number[1])
    assert "the hand-over was taken back" in page
    assert (roles(desk)["cy"], roles(desk)["dee"]) == ("coordinator", "owner")
    still = desk.rows(follow_up, follow_up.c.id.in_(asked), follow_up.c.state == "open")
    assert still and {row.assignee_id for row in still} == {desk.person("cy")}
    assert "Nothing was taken back" in desk.act("/people/cy/take-back", 409, handed=number[1])


@pytest.mark.parametrize("who", ["ann", "dee", "max", "li"])
def test_nobody_takes_back_what_others_handed_over(desk: Desk, who: str) -> None:
    desk.sign_in("cy")
    hand_over(desk, "ann", to="dee")
    number = desk.rows(log_entry, log_entry.c.action == "handed_over")[-1].id
    desk.sign_in(who)
    assert "Take the hand-over back" not in desk.get("/home")
    desk.act("/people/ann/take-back", 404, handed=number)
    assert owners(desk)["survey"] == "dee"


def test_the_next_import_of_the_file_does_not_take_a_hand_over_back(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_over(desk, "ann", to="dee", last_day="2026-03-31")
    hand_over(desk, "cy", to="dee")
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", NOW), TODAY)
    found = {row.reference: row for row in desk.rows(contact)}
    assert (found["cy"].role, found["dee"].role) == ("owner", "coordinator")
    assert found["ann"].valid_to == "2026-03-31"
    assert owners(desk)["survey"] == "dee"


def test_a_place_as_deputy_goes_over_and_nobody_stands_in_for_themselves(desk: Desk) -> None:
    desk.sign_in("cy")
    hand_over(desk, "dee", to="ann")
    assert desk.rows(contact, contact.c.reference == "ann")[0].deputy_id is None
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "ann").values(deputy_id=desk.person("dee")))
    hand_over(desk, "dee", to="cy")
    assert desk.rows(contact, contact.c.reference == "ann")[0].deputy_id == desk.person("cy")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"to": "", "why": "x"}, "Choose who takes over."),
        ({"to": "dee", "why": ""}, "A reason is needed"),
        ({"to": "dee", "why": "x" * 301}, "This is too long"),
        ({"to": "dee", "last_day": "soon"}, "This is no day."),
        ({"to": "dee", "last_day": "2020-01-01"}, "This is more than a year ago: please check the year."),
    ],
)
def test_what_is_missing_is_said_and_nothing_moves(desk: Desk, fields: dict[str, str], said: str) -> None:
    desk.sign_in("cy")
    before = desk.snapshot()
    assert said in hand_over(desk, "ann", 422, **fields)
    assert desk.snapshot() == before


@pytest.mark.parametrize("to", ["li", "old", "max", "ann", "nobody"])
def test_who_cannot_take_over_gets_nothing(desk: Desk, to: str) -> None:
    desk.sign_in("cy")
    before = desk.snapshot()
    assert "Nothing was handed over" in hand_over(desk, "ann", 409, to=to)
    assert desk.snapshot() == before


def test_what_was_not_seen_is_not_moved(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.client.get("/people/ann/hand-over").text
    mark = re.search(r'name="mark" value="(\w+)"', page)
    assert mark
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "fund").values(state="waived"))
    assert "has changed meanwhile" in hand_over(desk, "ann", 409, to="dee", mark=mark[1])
    assert owners(desk)["survey"] == "ann"


@pytest.mark.parametrize("path", ["/people/li", "/people/li/hand-over"])
def test_people_of_the_other_side_are_not_a_coordinators_to_change(desk: Desk, path: str) -> None:
    desk.sign_in("cy")
    desk.get(path, 404)
    desk.act(path, 404, why="x", to="ann", name="Mine", mail="x@y.example")
    assert "Li" not in desk.get("/people")


def test_what_nobody_living_answers_for_is_listed_with_why(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "ann").values(valid_to="2026-02"))
    desk.sign_in("cy")
    page = desk.get("/orphans")
    assert "6 places in commitments" in page
    assert "Ann is out of office since February 2026." in page and 'href="/people/ann/hand-over"' in page
    assert "Nobody's promise." in page and "Nobody is named." in page
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "ann").values(valid_to=None, channels={}))
    assert "Ann cannot be reached: there is no address, or none that works." in desk.get("/orphans")


def test_an_owner_is_named_from_the_list_and_told(desk: Desk) -> None:
    desk.sign_in("cy")
    (place,) = [row for row in desk.rows(commitment_owner) if row.contact_id is None]
    page = desk.act("/orphans", place=place.id, to="dee")
    assert "The new owner is named, and told." in page
    assert "Every commitment has an owner in office" in page
    assert owners(desk)["orphan"] == "dee"
    assert {row.matter for row in told(desk, "dee")} == {"north-south/orphan"}
    assert not [row for row in desk.rows(follow_up, follow_up.c.kind == "unowned") if row.state == "open"]


@pytest.mark.parametrize(("fields", "status"), [({"to": "dee"}, 422), ({"place": 99999, "to": "dee"}, 404)])
def test_only_what_is_in_the_list_can_be_given_away(desk: Desk, fields: dict[str, Any], status: int) -> None:
    desk.sign_in("cy")
    before = desk.snapshot()
    desk.act("/orphans", status, **fields)
    bridge = next(row for row in desk.rows(commitment) if row.reference == "bridge")
    theirs = [row for row in desk.rows(commitment_owner) if row.commitment_id == bridge.id][-1]
    desk.act("/orphans", 404, place=theirs.id, to="dee")
    assert desk.snapshot() == before


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"owner": "cy"},
        {"state": "waived"},
    ],
)
def test_what_has_an_owner_or_is_settled_by_now_is_taken_from_nobody_by_an_old_list(
    desk: Desk, meanwhile: dict[str, str]
) -> None:
    desk.sign_in("cy")
    (place,) = [row for row in desk.rows(commitment_owner) if row.contact_id is None]
    with desk.write_past_log() as unit:
        if "owner" in meanwhile:
            named = update(commitment_owner).where(commitment_owner.c.id == place.id)
            unit.execute(named.values(contact_id=desk.person(meanwhile["owner"])))
        else:
            unit.execute(update(commitment).where(commitment.c.id == place.commitment_id).values(**meanwhile))
    before = desk.snapshot()
    page = desk.act("/orphans", 409, place=place.id, to="dee")
    assert "Nothing was changed, because somebody answers for it by now, or it is settled." in page
    assert desk.snapshot() == before


def test_a_promise_without_an_owner_is_given_to_no_leader(desk: Desk) -> None:
    desk.sign_in("cy")
    (place,) = [row for row in desk.rows(commitment_owner) if row.contact_id is None]
    before = desk.snapshot()
    assert "this person cannot take it over" in desk.act("/orphans", 409, place=place.id, to="max")
    assert desk.snapshot() == before


def test_a_party_without_a_coordinator_is_named(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "li").values(role="owner"))
    desk.sign_in("cy")
    assert "South" in desk.get("/orphans").partition("Parties without a coordinator")[2]


def test_a_successor_is_added_and_can_sign_in(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.act("/add-person", name="Bo Berg", office="Archive", mail="bo@north.example", role="owner")
    assert "Added." in page and "Archive" in page
    desk.sign_in("north.bo-berg")
    assert "Bo Berg" in desk.get("/home")


def test_a_name_without_latin_letters_gets_a_reference_too(desk: Desk) -> None:
    desk.sign_in("cy")
    for mail in ("one@north.example", "two@north.example"):
        desk.act("/add-person", name="李明", mail=mail, role="owner")
    assert {row.reference for row in desk.rows(contact, contact.c.name == "李明")} == {
        "north.contact", "north.contact-2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "faults"),
    [
        (Written("Bo", mail="bo@x.example"), []),
        (Written("", mail=None), [ContactFault.NAME_MISSING, ContactFault.MAIL_MISSING]),
        (Written("Bo", mail="bo at x"), [ContactFault.MAIL_WRONG]),
        (Written("Bo", mail="bo@x.example\nBcc: y"), [ContactFault.MAIL_WRONG]),
        (Written("Bo", mail="bo@x.example", language="klingon"), [ContactFault.LANGUAGE_UNKNOWN]),
        (Written("Bo", mail="bo@x.example", language="zh-Hans"), []),
        (Written("Bo", mail="bo@x.example", time_zone="Mars/Base"), [ContactFault.ZONE_UNKNOWN]),
        (Written("Bo", mail="bo@x.example", valid_from="spring"), [ContactFault.DATE_WRONG]),
        (Written("Bo", mail="bo@x.example", valid_from="2026-05", valid_to="2026-04"), [ContactFault.DAYS_CROSSED]),
        (Written("Bo", mail="bo@x.example", valid_from="2026-05", valid_to="2026"), []),
    ],
)
def test_a_contact_is_checked_whole(written: Written, faults: list[ContactFault]) -> None:
    assert check_contact(written) == faults


def test_every_fault_of_a_new_contact_stands_at_its_field(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.act("/add-person", 422, name="", mail="x", zone="Mars/Base", deputy="li", role="owner")
    for said in ("A name is needed.", "This is no mail address.", "This time zone is not known.", "cannot stand in"):
        assert said in page


def test_a_contact_is_changed_and_the_history_says_from_what_to_what(desk: Desk) -> None:
    desk.sign_in("cy")
    same = {"name": "Ann", "mail": "ann@north.example", "role": "owner", "deputy": "dee"}
    assert "Nothing had changed." in desk.act("/people/ann", **same)
    page = desk.act("/people/ann", **{**same, "office": "Roads", "deputy": ""})
    assert "Saved." in page and "Office: Roads" in page and "Deputy: Dee was taken away" in page


def test_another_address_ends_every_visit_of_the_person(desk: Desk) -> None:
    desk.sign_in("ann")
    anns = dict(desk.client.cookies)
    desk.sign_in("cy")
    desk.act("/people/ann", name="Ann", mail="ann@elsewhere.example", role="owner")
    desk.client.cookies.clear()
    desk.client.cookies.update(anns)
    desk.get("/home", 303)


def test_nobody_becomes_an_administrator_by_taking_the_address_of_one(desk: Desk) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    settings = desk.settings.model_copy(update={"administrators": "boss@north.example"})
    object.__setattr__(house, "settings", settings)
    desk.sign_in("cy")
    for path in ("/add-person", "/people/cy"):
        page = desk.act(path, 422, name="Cy", mail="Boss@north.example", role="coordinator")
        assert "only an administrator changes it" in page
    desk.act("/add-person", 403, name="Op", mail="op@north.example", role="operator")
    with open_unit(desk.engine) as unit:
        unit.execute(
            update(contact).where(contact.c.reference == "max").values(channels={"mail": "boss@north.example"})
        )
    assert "only an administrator" in desk.act("/people/max", 422, name="Max", mail="cy2@north.example", role="leader")


def test_an_office_ends_on_a_day_with_a_reason(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "and a reason" in desk.act("/people/dee/end", 422, last_day="2026-03-01")
    page = desk.act("/people/dee/end", last_day="2026-03-01", why="Retired")
    assert "The end of the office is recorded." in page and "Retired" in page
    assert "office ended" in desk.get("/people")
    desk.client.cookies.clear()
    with pytest.raises(AssertionError):
        desk.sign_in("dee")


def asked(desk: Desk, who: str) -> set[str]:
    """What is asked of somebody now."""
    open_now = desk.rows(follow_up, follow_up.c.assignee_id == desk.person(who), follow_up.c.state == "open")
    return {row.matter for row in open_now}


def wakes(desk: Desk) -> set[str]:
    """The changes that wait to be followed up and delivered."""
    rows = desk.rows(log_entry, log_entry.c.subject == "contact", log_entry.c.event_id.is_not(None))
    with open_reading(desk.engine) as reading:
        waiting = set(
            reading.execute(select(publication.c.log_entry_id).where(publication.c.followed_at.is_(None))).scalars()
        )
    return {row.reference for row in rows if row.id in waiting}


def test_what_was_asked_of_somebody_whose_office_ends_is_asked_of_the_coordinator_at_once(desk: Desk) -> None:
    waiting = asked(desk, "ann")
    assert waiting
    desk.sign_in("cy")
    desk.act("/people/ann/end", last_day="2026-03-01", why="Retired")
    assert asked(desk, "ann") == set()
    assert waiting <= asked(desk, "cy")
    assert wakes(desk) == {"ann"}


def test_home_says_of_what_has_no_owner_who_has_left_and_when_whatever_the_promise_itself_stands_at(desk: Desk) -> None:
    desk.sign_in("cy")
    desk.act("/people/ann/end", last_day="2026-03-01", why="Retired")
    (own,) = desk.rows(follow_up, follow_up.c.kind == "unowned", follow_up.c.matter == "north-south/survey")
    cards = re.findall(r"<article.*?</article>", desk.get("/home"), re.S)
    (card,) = [one for one in cards if f'"/asked/{own.id}' in one]
    assert "No owner" in card and "nobody in office answers for it: North (Ann until 1 March 2026)" in card
    assert "Overdue" not in card, "that is asked by itself"


def test_who_stays_in_office_until_a_later_day_is_asked_until_then(desk: Desk) -> None:
    waiting = asked(desk, "ann")
    desk.sign_in("cy")
    desk.act("/people/ann/end", last_day="2026-03-31", why="Retires")
    assert asked(desk, "ann") == waiting


def test_a_term_that_is_amended_moves_the_questions_away_and_back_at_once(desk: Desk) -> None:
    waiting = asked(desk, "ann")
    desk.sign_in("cy")
    ann = {"name": "Ann", "mail": "ann@north.example", "role": "owner", "deputy": "dee"}
    desk.act("/people/ann", **ann, valid_to="2026-02")
    assert asked(desk, "ann") == set() and waiting <= asked(desk, "cy")
    desk.act("/people/ann", **ann, valid_to="")
    assert asked(desk, "ann") == waiting
    assert wakes(desk) == {"ann"}


def test_a_coordinator_who_is_made_an_owner_passes_on_what_coordinators_are_asked(desk: Desk) -> None:
    desk.sign_in("cy")
    waiting = asked(desk, "cy")
    assert waiting
    desk.act("/people/dee", name="Dee", mail="dee@north.example", role="coordinator")
    desk.sign_in("dee")
    desk.act("/people/cy", name="Cy", mail="cy@north.example", role="owner")
    assert asked(desk, "cy") == set()
    assert waiting <= asked(desk, "dee")
    assert wakes(desk) == {"cy", "dee"}


def test_another_address_wakes_the_delivery_and_another_office_does_not(desk: Desk) -> None:
    desk.sign_in("cy")
    desk.act("/people/ann", name="Ann", office="Roads", mail="ann@north.example", role="owner", deputy="dee")
    assert wakes(desk) == set()
    desk.act("/people/ann", name="Ann", office="Roads", mail="ann@city.example", role="owner", deputy="dee")
    assert wakes(desk) == {"ann"}


def test_a_coordinator_who_is_added_is_asked_at_once_what_nobody_of_the_party_was(desk: Desk) -> None:
    desk.sign_in("cy")
    waiting = asked(desk, "cy")
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "cy").values(role="owner"))
    reconcile_register(desk.engine, NOW, TODAY)
    assert asked(desk, "li") >= waiting  # the North has no coordinator, so the South's is asked
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "max").values(role="coordinator", valid_to="2026-02"))
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"administrators": "dee@north.example"}))
    desk.sign_in("dee")
    desk.act("/add-person", party="north", name="Bo", mail="bo@north.example", role="coordinator")
    assert waiting <= asked(desk, "north.bo")
    assert "north.bo" in wakes(desk)


def test_an_ending_office_takes_the_same_number_of_statements_however_much_it_owned(
    desk: Desk, count_statements: Any
) -> None:
    under, ann = desk.rows(commitment)[0].agreement_id, desk.person("ann")
    north = desk.rows(contact, contact.c.reference == "ann")[0].party_id
    desk.sign_in("cy")
    numbers = []
    for more in (1, 2, 60):
        with open_unit(desk.engine) as unit:
            unit.execute(update(contact).where(contact.c.reference == "ann").values(valid_to=None))
            for number in range(more):
                row: dict[str, Any] = {
                    "reference": f"more-{more}-{number}",
                    "summary": "More",
                    "position": 100 + number,
                }
                row |= {"agreement_id": under, "kind": "deliverable", "owed": "jointly", "state": "active"}
                row |= {"summaries": {}, "quote": {}, "quote_sources": {}, "tags": [], "implementers": []}
                new = unit.execute(insert(commitment).values(**row, due="2026-02-01", registered_on=TODAY))
                assert new.inserted_primary_key is not None
                unit.execute(
                    insert(commitment_owner).values(
                        commitment_id=new.inserted_primary_key[0], party_id=north, contact_id=ann, position=0
                    )
                )
        reconcile_register(desk.engine, NOW, TODAY)
        token = desk.token()
        with count_statements(desk.engine) as counted:
            answer = desk.client.post(
                "/people/ann/end", data={"token": token, "last_day": "2026-02-28", "why": "Retired"},
                follow_redirects=False,
            )  # fmt: skip
        assert answer.status_code == 303
        assert asked(desk, "ann") == set()
        numbers.append(counted.total)
    assert numbers[1] == numbers[2]


def test_an_administrator_looks_after_the_people_of_every_party(desk: Desk) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"administrators": "cy@north.example"}))
    desk.sign_in("cy")
    page = desk.get("/people")
    assert "1–6 of 6" in page and "South · coordinator" in page and "Add a person" not in page, "everybody at first"
    assert "North · owner" not in desk.get("/people?party=north") and "Ann" in desk.get("/people?party=north")
    assert "Li" in desk.get("/people?party=south")
    assert desk.client.get("/people?party=nobody").status_code == 404
    desk.act("/add-person", party="south", name="Wu", mail="wu@south.example", role="owner")
    assert "Wu" in desk.get("/people?party=south")
    hand_over(desk, "li", to="south.wu")


def test_the_pages_of_people_stay_the_same_however_many_there_are(desk: Desk, count_statements: Any) -> None:
    desk.sign_in("cy")
    paths = ("/people", "/people/ann", "/people/ann/hand-over", "/orphans")
    few = []
    for path in paths:
        desk.get(path)
        with count_statements(desk.engine) as counted:
            desk.get(path)
        few.append(counted.total)
    north = desk.rows(contact, contact.c.reference == "ann")[0].party_id
    under = desk.rows(commitment)[0].agreement_id
    with open_unit(desk.engine) as unit:
        for number in range(40):
            row: dict[str, Any] = {"reference": f"more-{number}", "summary": f"More {number}", "position": 100 + number}
            row |= {"agreement_id": under, "kind": "open_ended", "owed": "jointly", "state": "active"}
            row |= {"summaries": {}, "quote": {}, "quote_sources": {}, "tags": [], "implementers": []}
            new = unit.execute(insert(commitment).values(**row, registered_on=TODAY)).inserted_primary_key
            assert new is not None
            owner = desk.person("ann") if number % 2 else None
            unit.execute(
                insert(commitment_owner).values(commitment_id=new[0], party_id=north, contact_id=owner, position=0)
            )
    for path, before in zip(paths, few, strict=True):
        with count_statements(desk.engine) as counted:
            desk.get(path)
        assert counted.total == before, path


def test_the_roles_of_the_pages_are_those_of_the_register() -> None:
    from portal.labels import _CONTACT_ROLES

    assert set(_CONTACT_ROLES) == set(ContactRole)


def test_an_administrator_signs_somebody_out_wherever_they_are(desk: Desk) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"administrators": "dee@north.example"}))
    visits = []
    for who in ("li", "li", "ann"):
        desk.client.cookies.clear()
        desk.sign_in(who)
        visits.append(dict(desk.client.cookies))
    desk.client.cookies.clear()
    desk.sign_in("dee")
    page = desk.get("/people/li")
    assert "In 2 browsers." in page and "Sign this person out everywhere" in page
    page = desk.act("/people/li/sign-out")
    assert "This person is signed out everywhere." in page and "Sign this person out everywhere" not in page
    assert "signed out everywhere" in page.partition("History")[2]
    (entry,) = desk.rows(log_entry, log_entry.c.action == "signed_out")
    assert (entry.who, entry.reference) == ("dee", "li")
    for cookies, status in zip(visits, (303, 303, 200), strict=True):
        desk.client.cookies.clear()
        desk.client.cookies.update(cookies)
        desk.get("/home", status)


@pytest.mark.parametrize("who", ["cy", "ann", "li"])
def test_nobody_else_signs_others_out(desk: Desk, who: str) -> None:
    desk.sign_in("dee")
    dees = dict(desk.client.cookies)
    desk.client.cookies.clear()
    desk.sign_in(who)
    assert "Sign this person out" not in desk.client.get("/people/dee").text
    desk.act("/people/dee/sign-out", 403)
    desk.client.cookies.clear()
    desk.client.cookies.update(dees)
    desk.get("/home")


@pytest.mark.parametrize(("who", "is_there"), [("cy", True), ("ann", False)])
def test_who_looks_after_people_is_led_to_them_and_to_what_nobody_answers_for(
    desk: Desk, who: str, is_there: bool
) -> None:
    desk.sign_in(who)
    page = desk.client.get("/agreements").text
    assert ('<li><a href="/people">People</a></li>' in page) is is_there
    assert ('href="/orphans"' in page) is is_there


def test_who_alone_coordinates_a_party_stays_so_until_somebody_else_does(desk: Desk) -> None:
    desk.sign_in("cy")
    same = {"name": "Cy", "mail": "cy@north.example"}
    said = "Nobody else coordinates this party: first make somebody else a coordinator."
    assert said in desk.act("/people/cy", 422, **same, role="leader")
    assert said in desk.act("/people/cy", 422, **same, role="coordinator", valid_to="2026-01-31")
    assert said in desk.act("/people/cy/end", 422, last_day="2026-02-01", why="Moved on")
    desk.act("/people/dee", name="Dee", mail="dee@north.example", role="coordinator")
    assert "What needs you today" in desk.act("/people/cy", **same, role="owner"), "and is led to a page of theirs"
