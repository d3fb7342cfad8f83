"""A milestone that was recorded as met by mistake is put right, by the side whose it is to say, and with a reason."""

import re

import pytest
from sqlalchemy import update

from commitments.tables import milestone
from tests.portal.desk import STEPS, Desk
from tests.portal.test_acting import as_guests, published, send
from tests.portal.test_sides import FORM_OF_BOTH, bring, take

HERE = "/agreements/north-south/commitments"
PLAN = "bridge/milestones/plan"
MET = f"{PLAN}/met"


def stand(desk: Desk, step: str = "plan") -> tuple[str, str | None]:
    (row,) = desk.rows(milestone, milestone.c.reference == step)
    return row.state, row.met_on


@pytest.mark.parametrize("who", ["ann", "cy", "li"])
def test_that_a_milestone_was_met_is_taken_back_and_it_is_asked_about_again_at_once(desk: Desk, who: str) -> None:
    as_guests(desk)
    desk.sign_in(who)
    assert f'href="{HERE}/{MET}">Put it right' not in desk.get(f"{HERE}/bridge")
    send(desk, MET, met_on="2026-02-25")
    assert desk.find("overdue", "/bridge#plan").state == "done"
    assert f'href="{HERE}/{MET}">' in desk.get(f"{HERE}/bridge")
    send(desk, f"{MET}/withdraw", 422, on=MET)
    assert stand(desk) == ("met", "2026-02-25")
    send(desk, f"{MET}/withdraw", on=MET, why="It was the other plan")
    assert stand(desk) == ("scheduled", None)
    assert desk.find("overdue", "/bridge#plan").state == "open"
    history = desk.get("/agreements/north-south/history")
    assert "It was the other plan" in history
    send(desk, MET, met_on="2026-03-01")
    assert stand(desk) == ("met", "2026-03-01"), "and it can be met later"


def test_the_day_on_which_a_milestone_was_met_is_put_right(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, MET, met_on="2026-02-25")
    page = desk.get(f"{HERE}/{MET}").partition("<main")[2]
    assert "The plan is drawn" in page and "20 February 2026" in page, "which one is put right"
    for typed in ({"met_on": "2026-02-25", "why": "x"}, {"met_on": "2026-02-20"}, {"met_on": "2026-03-09", "why": "x"}):
        send(desk, f"{MET}/day", 422, on=MET, **typed)
    assert stand(desk) == ("met", "2026-02-25")
    page = send(desk, f"{MET}/day", on=MET, met_on="2026-02-20", why="A slip of the pen")
    assert "The milestone is changed; the history keeps what it was." in page
    assert stand(desk) == ("met", "2026-02-20")
    assert "A slip of the pen" in desk.get("/agreements/north-south/history")
    assert desk.find("overdue", "/bridge#plan").state == "done"


def test_a_day_that_is_known_by_its_month_is_put_right_as_precisely_as_it_is_known(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(milestone).where(milestone.c.reference == "plan").values(state="met", met_on="2026-01"))
    desk.sign_in("ann")
    page = desk.get(f"{HERE}/{MET}")
    assert 'name="met_on" type="text" value="2026-01"' in page and "2026-11 or 2026" in page
    send(desk, f"{MET}/day", on=MET, met_on="February 2026", why="A slip")
    assert stand(desk) == ("met", "2026-02")


def test_a_coordinator_says_of_a_milestone_on_its_page_that_it_was_not_met_as_promised_after_all(desk: Desk) -> None:
    desk.sign_in("cy")
    send(desk, MET, met_on="2026-02-25")
    page = desk.get(f"{HERE}/{PLAN}")
    assert "It was not met after all" in page and "It was met on another day" in page
    send(desk, f"{PLAN}/state", on=PLAN, state="partially_met", why="The southern half is missing")
    assert stand(desk) == ("partially_met", None)


def test_that_a_step_of_the_other_side_was_met_is_theirs_to_put_right(desk: Desk) -> None:
    desk.add_sides_steps()
    for step, who in (("northern", "li"), ("southern", "ann"), ("southern", "cy")):
        there = f"bridge/milestones/{step}"
        desk.sign_in({"north": "cy", "south": "li"}[STEPS[step]])
        if stand(desk, step)[0] != "met":
            send(desk, f"{there}/met", met_on="2026-02-25")
        desk.sign_in(who)
        assert f'href="{HERE}/{there}/met"' not in desk.get(f"{HERE}/bridge")
        mark = re.search(r'name="mark" value="(\w+)"', desk.client.get(f"{HERE}/bridge/report").text)
        before = desk.snapshot()
        for path in ("met/day", "met/withdraw", "state"):
            typed = {"met_on": "2026-02-20", "state": "waived", "why": "x", "mark": mark[1] if mark else ""}
            desk.act(f"{HERE}/{there}/{path}", 403, **typed)
        assert desk.snapshot() == before


def test_a_file_waives_no_step_that_the_other_side_has_met_either(desk: Desk) -> None:
    take(desk, FORM_OF_BOTH)
    was = "{reference: southern, title: The southern bank, due: 2026-04-30, party: south"
    assert was in FORM_OF_BOTH
    met = FORM_OF_BOTH.replace(was, f"{was}, state: met, met_on: 2026-02-25")
    take(desk, met)
    assert "how this milestone went is said by who is to take it" in bring(
        desk, FORM_OF_BOTH.replace(was, f"{was}, state: waived"), 422, who="cy"
    )


def test_a_second_press_says_what_the_first_has_put_right_and_what_was_changed_meanwhile_is_not_lost(
    desk: Desk,
) -> None:
    desk.sign_in("ann")
    send(desk, MET, met_on="2026-02-25")
    form = re.search(rf'action="{HERE}/{MET}/day".*?</form>', desk.get(f"{HERE}/{MET}"), re.S)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0] if form else ""))
    typed = {**hidden, "met_on": "2026-02-20", "why": "A slip"}
    for _ in range(2):
        assert "The milestone is changed" in desk.act(f"{HERE}/{MET}/day", **typed)
    page = desk.act(f"{HERE}/{MET}/day", 409, **{**typed, "met_on": "2026-02-10"})
    assert "this has changed meanwhile" in page and "2026-02-10" in page
    assert stand(desk) == ("met", "2026-02-20")


def test_other_systems_hear_that_a_milestone_is_awaited_again(desk: Desk) -> None:
    desk.sign_in("cy")
    send(desk, MET, met_on="2026-02-25")
    assert "tallystick.milestone.met" in published(desk)
    assert "tallystick.agreement.amended" not in published(desk)
    send(desk, f"{MET}/withdraw", on=MET, why="It was the other plan")
    assert "tallystick.agreement.amended" in published(desk)
