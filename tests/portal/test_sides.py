"""What one side brings in a file is held to what the forms allow it: each row changes one thing of an agreement."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import agreement_party, commitment, confirmation, contact, follow_up, measurement, milestone
from tests.portal.desk import FORM, NOW, TODAY, Desk
from tests.portal.test_acting import HERE, send
from tests.portal.test_amending_agreements import change
from tests.portal.test_files import bring, fetch, hash_shown, newest

SOUTHS = b"""  - reference: gate
    summary: Open the gate.
    kind: target
    due: 2026-12-31
    target: {quantity: 5, unit: gates}
    owners: [{party: south, contact: li}]
    milestones:
      - {reference: plan, title: The gate is drawn, due: 2026-06-30}
"""
BO = b"      - {reference: bo, name: Bo, role: owner, channels: {mail: bo@south.example}}\n"
LI = b"      - {reference: li,"
GIVEN = FORM.replace(LI, BO + LI).replace(b"name: Li,", b"name: Li, language: en,") + SOUTHS
SIDES = """      - {reference: northern, title: The northern bank, due: 2026-04-30, party: north}
      - {reference: southern, title: The southern bank, due: 2026-04-30, party: south}
"""
PLAN = "      - {reference: plan, title: The plan is drawn, due: 2026-02-20}\n"
FORM_OF_BOTH = GIVEN.decode().replace(PLAN, PLAN + SIDES)
REPORT = "    reports:\n      - {reference: r, party: %s, reported_on: 2026-03-01, rating: on_track}\n"
NUMBER = "    measurements: [{reference: m, measured_on: 2026-02-01, value: 7}]\n"


@dataclass(frozen=True)
class Row:
    """Who puts what in place of what in the file, and what is said to it; taken where nothing is."""

    who: str
    old: str
    new: str
    said: str = ""


def under(promise: str, more: str) -> tuple[str, str]:
    """One more field of a commitment."""
    return f"  - reference: {promise}\n", f"  - reference: {promise}\n{more}"


MET = "state: met, met_on: 2026-03-01"
TONGUE = "    language: zh\n"
NORTHERN, SOUTHERN = "reference: northern,", "reference: southern,"
KEPT = "that it is fulfilled is reported by a party that owes it"
HOW = "how this milestone went is said by who is to take it"
WHO = "who is to take this milestone is not one side's to decide"
OWES = "who owes a commitment that stands is not one side's to decide"
ANSWERS = "who answers for this commitment at another party is named by a coordinator of that party"
PLACE = "a party that has a coordinator is made a witness, or leaves, by a coordinator of its own"
NOT_OWED = "your party does not owe this commitment"
OF_BOTH = "owners: [{party: north, contact: ann}, {party: south, contact: li}]\n"
ROWS = {
    "who owes a promise does not settle it": Row("cy", *under("survey", "    state: fulfilled\n"), KEPT),
    "nor does who was promised it": Row("li", *under("survey", "    state: fulfilled\n"), KEPT),
    "nor one of those who owe it together": Row("cy", *under("bridge", "    state: fulfilled\n"), KEPT),
    "a new promise is not settled as it comes": Row(
        "cy", "  - reference: gate\n", "  - reference: new\n    summary: New.\n    kind: deliverable\n"
        "    state: fulfilled\n    owners: [{party: north, contact: ann}]\n  - reference: gate\n", KEPT,
    ),
    "a promise is waived by the coordinator of either side": Row("li", *under("survey", "    state: waived\n")),
    "a step of the other side is not met by ours": Row("li", NORTHERN, f"{NORTHERN} {MET},", HOW),
    "nor not met": Row("cy", SOUTHERN, f"{SOUTHERN} state: not_met,", HOW),
    "it is waived by either": Row("cy", SOUTHERN, f"{SOUTHERN} state: waived,"),
    "one's own step is met": Row("cy", NORTHERN, f"{NORTHERN} {MET},"),
    "and not met": Row("li", SOUTHERN, f"{SOUTHERN} state: not_met,"),
    "the step of both is met by either": Row(
        "li", "reference: plan, title: The plan", f"reference: plan, {MET}, title: The plan"
    ),
    "a step of what the other side alone owes is not met by ours": Row(
        "cy", "reference: plan, title: The gate", f"reference: plan, {MET}, title: The gate", HOW
    ),
    "nor partially": Row(
        "cy", "reference: plan, title: The gate", "reference: plan, state: partially_met, title: The gate", HOW
    ),
    "a step of ours is not made the other side's": Row(
        "cy", "2026-04-30, party: north", "2026-04-30, party: south", WHO
    ),
    "nor theirs ours": Row("cy", "2026-04-30, party: south", "2026-04-30, party: north", WHO),
    "nor a step of both ours alone": Row("cy", "due: 2026-02-20}", "due: 2026-02-20, party: north}", WHO),
    "nor is another added for the other side": Row(
        "cy", PLAN, PLAN + "      - {reference: more, title: More, party: south}\n", WHO
    ),
    "one is added for us": Row("cy", PLAN, PLAN + "      - {reference: more, title: More, party: north}\n"),
    "and one for both": Row("cy", PLAN, PLAN + "      - {reference: more, title: More}\n"),
    "any step has another date": Row("cy", "The southern bank, due: 2026-04-30", "The southern bank, due: 2026-05-31"),
    "a new promise says whose its steps are": Row(
        "cy", "  - reference: gate\n", "  - reference: new\n    summary: New.\n    kind: deliverable\n"
        "    owners: [{party: south, contact: li}]\n    milestones: [{reference: s, title: S, party: south}]\n"
        "  - reference: gate\n",
    ),
    "what the other side alone owes is not measured by us": Row("li", *under("fund", NUMBER), NOT_OWED),
    "what we owe is": Row("cy", *under("fund", NUMBER)),
    "nor reported on": Row("li", *under("survey", REPORT % "south"), NOT_OWED),
    "what we owe is reported on": Row("cy", *under("survey", REPORT % "north")),
    "but not in the name of the other side": Row(
        "cy", *under("bridge", REPORT % "south"), "is a report or confirmation of another side"
    ),
    "a report of ours is not confirmed by the file that brings it": Row(
        "cy", *under("survey", (REPORT % "north").replace(
            "on_track}", "on_track, fulfilled: true, confirmations: [{party: south, state: confirmed, "
            "asked_on: 2026-03-01, answered_on: 2026-03-01}]}")), "is a confirmation: it is given on the page",
    ),
    "not even in our own name": Row(
        "cy", *under("survey", (REPORT % "north").replace(
            "on_track}", "on_track, fulfilled: true, confirmations: [{party: north, state: confirmed, "
            "asked_on: 2026-03-01, answered_on: 2026-03-01}]}")), "is a confirmation: it is given on the page",
    ),
    "who answers at the other side is not ours to say": Row(
        "cy", OF_BOTH, OF_BOTH.replace("contact: li", "contact: bo"), ANSWERS
    ),
    "nor that nobody does": Row("cy", OF_BOTH, OF_BOTH.replace(", contact: li", ""), ANSWERS),
    "who answers at ours is": Row("li", OF_BOTH, OF_BOTH.replace("contact: li", "contact: bo")),
    "the other side is not made to owe what we promised": Row(
        "cy", "2026-02-13\n    owners: [{party: north, contact: ann}]\n", f"2026-02-13\n    {OF_BOTH}", OWES
    ),
    "nor do we join what it promised": Row(
        "cy", "owners: [{party: south, contact: li}]", "owners: [{party: south, contact: li}, {party: north}]", OWES
    ),
    "a promise that is added binds both": Row(
        "cy", "  - reference: gate\n", f"  - reference: new\n    summary: New.\n    kind: deliverable\n    {OF_BOTH}"
        "  - reference: gate\n",
    ),
    "the other side is not made a witness": Row("cy", TONGUE, f"{TONGUE}    role: witness\n", PLACE),
    "its secretariat it becomes": Row("cy", TONGUE, f"{TONGUE}    role: secretariat\n"),
    "one makes oneself a witness": Row("li", TONGUE, f"{TONGUE}    role: witness\n"),
}  # fmt: skip


@pytest.fixture
def both(desk: Desk) -> Desk:
    """The agreement with steps of each side, and a promise that the South alone owes."""
    take(desk, FORM_OF_BOTH)
    return desk


def take(desk: Desk, form: str) -> None:
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(form.encode(), "x.yaml"), Author("test", NOW), TODAY)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_file_does_what_the_forms_allow_its_bringer_and_is_refused_whole_otherwise(both: Desk, row: Row) -> None:
    assert row.old in FORM_OF_BOTH
    changed = FORM_OF_BOTH.replace(row.old, row.new, 1)
    before = both.snapshot()
    page = bring(both, changed, 422 if row.said else 303, who=row.who)
    assert row.said in page
    if row.said:
        assert both.snapshot() == before
    else:
        both.act(newest(both), shown=hash_shown(page), why="As agreed")
        assert both.snapshot() != before


def test_an_administrator_brings_it_for_each_side(both: Desk) -> None:
    house = both.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", both.settings.model_copy(update={"administrators": "cy@north.example"}))
    for row in ROWS.values():
        bring(both, FORM_OF_BOTH.replace(row.old, row.new, 1))


def test_the_same_is_taken_where_the_other_side_has_nobody_to_speak_for_it(both: Desk) -> None:
    """Who registers an agreement says for the other side what it has nobody yet to say."""
    with open_unit(both.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "li").values(channels={}))
    for old, new in (
        (OF_BOTH, OF_BOTH.replace("contact: li", "contact: bo")),
        (TONGUE, f"{TONGUE}    role: witness\n"),
    ):
        bring(both, FORM_OF_BOTH.replace(", channels: {mail: li@south.example}", "").replace(old, new, 1))


def test_a_number_that_the_other_side_recorded_stays_as_it_is(both: Desk) -> None:
    joint = FORM_OF_BOTH.replace("owners: [{party: south, contact: li}]", OF_BOTH.strip())
    take(both, joint)
    both.sign_in("li")
    send(both, "gate/measure", value="3", measured_on="2026-02-01")
    (number,) = both.rows(measurement)
    text = f"    measurements: [{{reference: {number.reference}, measured_on: 2026-02-01, value: %s}}]\n"
    page = bring(both, joint.replace(*under("gate", text % 4)), 422)
    assert "is a number that another side recorded" in page
    bring(both, joint.replace(*under("gate", text % 4)), who="li")


def test_a_promise_is_not_settled_by_a_file_and_the_other_side_is_asked_as_ever(desk: Desk) -> None:
    desk.sign_in("cy")
    text = fetch(desk, "/agreements/north-south/file.yaml").decode()
    page = bring(desk, text.replace("  - reference: survey\n", "  - reference: survey\n    state: fulfilled\n"), 422)
    assert KEPT in page
    row = next(one for one in re.findall(r"<tr.*?</tr>", page, re.S) if KEPT in one)
    line = text.split("  - reference: survey\n")[0].count("\n") + 2
    assert f">{line}<" in row and "state" in row and ">fulfilled<" in row, "where, and what was found"
    assert desk.find("overdue", "/survey").state == "open"
    send(desk, "survey/report", fulfilled="yes")
    (survey,) = desk.rows(commitment, commitment.c.reference == "survey")
    assert survey.state == "fulfilled" and "not yet confirmed by South" in desk.get(f"{HERE}/survey")
    (asked,) = desk.rows(follow_up, follow_up.c.kind == "confirmation_asked", follow_up.c.state == "open")
    assert asked.assignee_id == desk.person("li")


@pytest.mark.parametrize(
    "fields", [{"south-role": "witness"}, {"south-left": "2026-03-01"}, {"south-left": "2027-03-01"}]
)
def test_no_side_frees_itself_of_the_others_word_by_what_the_other_is_in_the_agreement(
    desk: Desk, fields: dict[str, Any]
) -> None:
    take(desk, FORM.decode().replace(OF_BOTH.strip(), "owners: [{party: north, contact: ann}]"))
    with open_unit(desk.engine) as unit:
        unit.exec_driver_sql(
            "DELETE FROM commitment_owner WHERE party_id = (SELECT id FROM party WHERE reference = 'south')"
        )
    desk.sign_in("cy")
    before = desk.rows(agreement_party)
    assert PLACE in change(desk, 422, **fields)
    assert desk.rows(agreement_party) == before
    assert "Asked at once to confirm it: South" in desk.get(f"{HERE}/survey/report")
    send(desk, "survey/report", fulfilled="yes")
    assert [one.state for one in desk.rows(confirmation)] == ["asked"]
    desk.sign_in("li")
    change(desk, **fields)
    assert desk.rows(agreement_party) != before, "its own coordinator says so"


def test_how_a_step_went_of_what_one_side_alone_owes_is_not_said_by_the_other_in_the_form_either(both: Desk) -> None:
    both.sign_in("cy")
    there = "gate/milestones/plan"
    send(both, f"{there}/state", 403, on=there, state="not_met", why="Rain")
    send(both, f"{there}/state", on=there, state="waived", why="Rain")
    both.sign_in("li")
    send(both, f"{there}/state", on=there, state="not_met", why="Rain")
    (step,) = both.rows(milestone, milestone.c.title == "The gate is drawn")
    assert step.state == "not_met"


def test_who_still_answers_for_something_does_not_become_a_leader_before_it_is_handed_over(desk: Desk) -> None:
    desk.sign_in("cy")
    as_leader = {"name": "Ann", "mail": "ann@north.example", "role": "leader"}
    page = desk.act("/people/ann", 422, **as_leader)
    assert "first hand over, on this page, what they answer for" in page and 'href="/people/ann/hand-over"' in page
    assert desk.rows(contact, contact.c.reference == "ann")[0].role == "owner"
    mark = re.search(r'name="mark" value="(\w+)"', desk.get("/people/ann/hand-over"))
    assert mark is not None
    desk.act("/people/ann/hand-over", mark=mark[1], to="dee", why="She leads now")
    desk.act("/people/ann", **as_leader)
    assert desk.rows(contact, contact.c.reference == "ann")[0].role == "leader"


def test_nor_who_stands_in_for_somebody_and_no_leader_is_offered_to_stand_in(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.act("/people/dee", 422, name="Dee", mail="dee@north.example", role="leader")
    assert "first hand over" in page
    deputies = re.search(r'<select[^>]*name="deputy".*?</select>', desk.get("/people/ann"), re.S)
    assert deputies is not None and 'value="dee"' in deputies[0] and 'value="max"' not in deputies[0]
    page = desk.act("/people/ann", 422, name="Ann", mail="ann@north.example", role="owner", deputy="max")
    assert "This person cannot stand in." in page


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("owners: [{party: north, contact: ann}]", "owners: [{party: north, contact: max}]", "owners[1].contact"),
        ("name: Ann, role: owner, deputy: dee", "name: Ann, role: owner, deputy: max", "contacts[1].deputy"),
        ("name: Ann, role: owner", "name: Ann, role: leader", "owners[1].contact"),
        ("name: Dee, role: owner", "name: Dee, role: leader", "contacts[1].deputy"),
    ],
)
def test_a_file_names_no_leader_to_answer_or_stand_in(desk: Desk, old: str, new: str, field: str) -> None:
    before = desk.snapshot()
    page = bring(desk, FORM.decode().replace(old, new, 1), 422)
    assert "somebody who answers: a leader reads, and is asked nothing" in page and field in page
    assert desk.snapshot() == before


def test_who_leads_is_asked_nothing_whatever_the_register_has_from_before(desk: Desk) -> None:
    link = desk.link("ann", "overdue", "/survey")
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "ann").values(role="leader", deputy_id=None))
    assert "This is for you to know; others are asked." in desk.get(link)
    desk.post(f"{link}/done", 409)
    assert desk.morning(TODAY + timedelta(days=1)).get("ann", set()) <= {"ann"}, "the picture, and no question"
    assert desk.find("overdue", "/survey").assignee_id == desk.person("cy")
    bring(desk, FORM.decode().replace("name: Ann, role: owner, deputy: dee", "name: Ann, role: leader"))
