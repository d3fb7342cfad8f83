"""What an answer does to what another side owes too: who reports does not change it, who decides does."""

from typing import Any

import pytest

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import commitment, follow_up, milestone, progress_report
from notifications.links import Ask
from tests.portal.desk import FORM, NOW, TODAY, Desk
from tests.portal.test_acting import as_guests

PLAN = """  - reference: pavilion
    summary: A pavilion together.
    kind: planned
    confirm_by: 2026-02-20
    owners: [{party: north, contact: ann}, {party: south, contact: li}]
  - reference: garden
    summary: A garden of ours.
    kind: deliverable
    due: 2026-02-13
    owners: [{party: south, contact: li}]
"""
SIDES = """      - {reference: northern, title: The northern bank, due: 2026-02-20, party: north}
      - {reference: southern, title: The southern bank, due: 2026-02-20, party: south}
"""
STEP = "      - {reference: plan, title: The plan is drawn, due: 2026-02-20}\n"
YAML = FORM.decode().replace(STEP, STEP + SIDES).replace("name: Li,", "name: Li, language: en,") + PLAN
SAID = "Others owe this too"
FIELDS: dict[str, dict[str, str]] = {
    "more_time": {"day": "2026-07-01"},
    "confirm_by": {"day": "2026-07-01"},
    "make_firm": {"day": "2026-07-01"},
    "drop": {"note": "No room"},
}


@pytest.fixture
def shared(desk: Desk) -> Desk:
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(YAML.encode(), "x.yaml"), Author("test", NOW), TODAY)
    reconcile_register(desk.engine, NOW, TODAY)
    return desk


def find_asked(desk: Desk, who: str, matter: str) -> Any:
    rows = desk.rows(
        follow_up, follow_up.c.matter == f"north-south/{matter}", follow_up.c.state == "open",
        follow_up.c.kind != "unowned", follow_up.c.party_id == party_of(desk, who),
    )  # fmt: skip
    return rows[0]


def party_of(desk: Desk, who: str) -> int:
    return desk.people()[desk.person(who)].party_id


def promised(desk: Desk) -> list[Any]:
    columns = ("reference", "kind", "state", "due", "confirm_by")
    steps = [(row.reference, row.due) for row in desk.rows(milestone)]
    return [[getattr(row, name) for name in columns] for row in desk.rows(commitment)] + steps


ROWS = {
    "an owner does not move what both owe": ("ann", "bridge", "more_time", False),
    "nor a step of both": ("ann", "bridge#plan", "more_time", False),
    "but a step that is theirs to take": ("ann", "bridge#northern", "more_time", True),
    "and what their side alone owes": ("ann", "survey", "more_time", True),
    "nor the day by which a plan of both is confirmed": ("ann", "pavilion", "confirm_by", False),
    "a coordinator moves what both owe": ("cy", "bridge", "more_time", True),
    "and drops a plan of both": ("cy", "pavilion", "drop", True),
    "a guest does not move what both owe": ("li", "bridge", "more_time", False),
    "nor a step of both as a guest": ("li", "bridge#plan", "more_time", False),
    "but the guest's own step": ("li", "bridge#southern", "more_time", True),
    "and what the guest's side alone owes": ("li", "garden", "more_time", True),
    "a guest does not drop a plan of both": ("li", "pavilion", "drop", False),
    "nor makes it firm": ("li", "pavilion", "make_firm", False),
    "nor puts it off": ("li", "pavilion", "confirm_by", False),
}


@pytest.mark.parametrize(("who", "matter", "answer", "taken"), ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("way", ["on Home", "by the link of a letter"])
def test_an_answer_changes_what_others_owe_too_only_by_who_decides_for_it(
    shared: Desk, who: str, matter: str, answer: str, taken: bool, way: str
) -> None:
    as_guests(shared)
    asked = find_asked(shared, who, matter)
    before = promised(shared)
    if way == "on Home":
        shared.sign_in(who)
        link = f"/asked/{asked.id}"
        mark = shared.get(link).split('name="mark" value="')[1].split('"')[0]
        page = shared.act(f"{link}/{answer}", 303 if taken else 409, mark=mark, **FIELDS[answer])
    else:
        link = shared.links.write_answer(Ask(shared.person(who), follow_up_id=asked.id))
        link = link.removeprefix(shared.links.base_url)
        mark = shared.get(link).split('name="mark" value="')[1].split('"')[0]
        page = shared.post(f"{link}/{answer}", 303 if taken else 409, mark=mark, **FIELDS[answer])
    assert (promised(shared) != before) is taken
    assert (SAID in page) is not taken
    if not taken:
        assert f'action="{link}/{answer}"' not in page and f'action="{link}/on_track"' in page, "what they may do"


def test_who_does_not_decide_is_offered_no_such_answer_and_is_heard_by_a_report(shared: Desk) -> None:
    as_guests(shared)
    shared.sign_in("li")
    asked = find_asked(shared, "li", "bridge")
    home = shared.get("/home")
    assert f"/asked/{asked.id}/more_time" not in home and f"/asked/{asked.id}/on_track" in home
    page = shared.get(f"/asked/{asked.id}/on_track")
    assert SAID in page
    mark = page.split('name="mark" value="')[1].split('"')[0]
    shared.act(f"/asked/{asked.id}/on_track", mark=mark, note="We would need until July")
    assert [one.note for one in shared.rows(progress_report)] == ["We would need until July"]
    shared.sign_in("cy")
    assert "We would need until July" in shared.get("/agreements/north-south/commitments/bridge")
