"""Reporting, confirming and amending a commitment: what each side may do, and what follows at once."""

import re
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select, update

from commitments.database import open_reading, open_unit
from commitments.deciding import Turn, list_turns
from commitments.filling import LONGEST_LINE, LONGEST_TEXT
from commitments.reconcile import reconcile_register
from commitments.tables import (
    agreement,
    commitment,
    commitment_owner,
    confirmation,
    follow_up,
    log_entry,
    measurement,
    milestone,
    progress_report,
    publication,
)
from commitments.vocabulary import CommitmentState
from notifications.tables import notice
from tests.portal.desk import NOW, STEPS, Desk

HERE = "/agreements/north-south/commitments"
GUESTS = {"house_parties": "north"}


def send(desk: Desk, path: str, status: int = 303, *, on: str | None = None, **fields: Any) -> str:
    """Send a form of a page as it stands there (`on`, if that is another), with these fields filled in."""
    page = desk.client.get(f"{HERE}/{on or path}").text
    form = re.search(rf'action="{re.escape(f"{HERE}/{path}")}".*?</form>', page, re.S)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0] if form else ""))
    return desk.act(f"{HERE}/{path}", status, **{**hidden, **fields})


def row_of(desk: Desk, reference: str) -> Any:
    return desk.rows(commitment, commitment.c.reference == reference)[0]


def as_guests(desk: Desk) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update=GUESTS))


def published(desk: Desk) -> set[str]:
    with open_reading(desk.engine) as reading:
        query = select(publication.c.name).where(publication.c.followed_at.is_(None))
        return set(reading.execute(query).scalars())


def test_an_owner_reports_how_it_goes_and_the_other_side_reads_it(desk: Desk) -> None:
    desk.sign_in("ann")
    assert "How it goes: Please choose one of those offered." in send(desk, "bridge/report", 422, note="Half way")
    page = send(desk, "bridge/report", rating="at_risk", note="Half way, steel is late", completion="limited")
    assert "Reported. You are not asked about it again" in page
    (report,) = desk.rows(progress_report)
    assert (report.rating, report.completion, report.fulfilled) == ("at_risk", "limited", False)
    assert report.contact_id == desk.person("ann")
    desk.sign_in("li")
    assert "Half way, steel is late" in desk.get(f"{HERE}/bridge")
    assert "tallystick.progress.reported" in published(desk)


def test_what_is_done_closes_its_question_and_asks_the_other_side_in_the_same_transaction(desk: Desk) -> None:
    desk.sign_in("ann")
    overdue = desk.find("overdue", "/bridge")
    assert "Asked at once to confirm it: South." in desk.get(f"{HERE}/bridge/report")
    page = send(desk, "bridge/report", fulfilled="yes", note="Opened on Sunday")
    assert "Reported as done. The other side sees it" in page
    assert row_of(desk, "bridge").state == "fulfilled"
    assert desk.rows(follow_up, follow_up.c.id == overdue.id)[0].state == "done"
    asked = desk.find("confirmation_asked", "/bridge", "south")
    assert (asked.state, asked.assignee_id) == ("open", desk.person("li"))
    assert {"tallystick.progress.reported", "tallystick.commitment.fulfilled"} <= published(desk)


def test_the_other_side_confirms_from_the_page_of_the_commitment(desk: Desk) -> None:
    as_guests(desk)
    desk.sign_in("ann")
    assert "Confirm it or send it back" not in desk.get(f"{HERE}/bridge")
    send(desk, "bridge/report", fulfilled="yes", note="Opened on Sunday")
    assert "Confirm it or send it back" not in desk.get(f"{HERE}/bridge"), "not for one's own report"
    desk.sign_in("li")
    page = desk.get(f"{HERE}/bridge/confirm")
    assert "Opened on Sunday" in page and "Ann" in page
    send(desk, "bridge/confirm", side="south")
    (answer,) = desk.rows(confirmation)
    assert (answer.state, answer.answered_on) == ("confirmed", date(2026, 3, 2))
    assert desk.find("confirmation_asked", "/bridge", "south").state == "done"
    assert "tallystick.progress.confirmed" in published(desk)


def test_who_reported_it_as_done_reads_which_side_has_yet_to_confirm_and_not_their_own(desk: Desk) -> None:
    desk.sign_in("ann")
    page = f"/asked/{desk.find('overdue', '/survey').id}"
    send(desk, "survey/report", fulfilled="yes")
    assert "reported as done on 2 March 2026, not yet confirmed by South" in desk.get(page)
    done = desk.client.get("/home").text + desk.get(page)
    assert "not yet confirmed by North" not in done


def test_what_one_side_reported_as_done_is_not_called_fulfilled_before_the_other_has_confirmed(desk: Desk) -> None:
    waits = "reported as done on 10 March 2026, not yet confirmed by South"
    desk.clock[0] += timedelta(days=8)
    desk.sign_in("cy")
    desk.act("/agreements/north-south/public")
    send(desk, "survey/report", fulfilled="yes", note="In the post")
    assert waits in desk.get(f"{HERE}/survey") and waits in desk.get("/agreements/north-south")
    assert "reported as done, not yet confirmed" in desk.get("/home"), "what changed this week"
    public = desk.get("/public/north-south")
    assert ">Unconfirmed<" in public and waits in public and "fulfilled" not in public
    desk.sign_in("li")
    assert "2026年3月10日已报告完成，South尚未确认" in desk.get(f"{HERE}/survey")
    send(desk, "survey/confirm", side="south")
    assert "fulfilled on 10 March 2026" in desk.get("/public/north-south?language=en")


def test_who_reports_as_done_what_the_other_side_has_reported_reads_that_it_confirms_it(desk: Desk) -> None:
    desk.sign_in("li")
    send(desk, "bridge/report", rating="on_track", fulfilled="yes")
    desk.sign_in("ann")
    page = desk.get(f"{HERE}/bridge/report")
    assert "If you say that it is done, that confirms what South reported." in page and "Asked at once" not in page
    said = send(desk, "bridge/report", rating="on_track", fulfilled="yes")
    assert "It counts as your side's confirmation of what the other side reported." in said
    assert "is asked to confirm" not in said
    assert [row.state for row in desk.rows(confirmation)] == ["confirmed"]
    page = desk.get(f"{HERE}/bridge/report")
    assert "It counts as fulfilled already; nobody is asked to confirm it anew." in page and "Asked at once" not in page


def test_who_reports_once_more_what_the_other_side_is_asked_about_reads_that_it_is_asked(desk: Desk) -> None:
    desk.sign_in("ann")
    for note in ("Done", "Done, and painted"):
        said = send(desk, "bridge/report", rating="on_track", fulfilled="yes", note=note)
        assert "The other side sees it, and is asked to confirm." in said
    assert [row.state for row in desk.rows(confirmation)] == ["asked"]
    desk.sign_in("li")
    send(desk, "bridge/confirm")
    desk.sign_in("ann")
    said = send(desk, "bridge/report", rating="on_track", fulfilled="yes", note="Done since long")
    assert "Reported as done; nobody is reminded of it any more." in said
    assert [row.state for row in desk.rows(confirmation)] == ["confirmed"]


def test_who_is_to_confirm_reads_the_sentence_the_date_how_it_went_and_the_evidence(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "survey/evidence", title="The survey itself", link="https://north.example/survey", kind="link")
    send(desk, "survey/report", rating="on_track", completion="substantial", fulfilled="yes", note="In the post")
    desk.sign_in("dee")
    desk.client.cookies.clear()
    desk.sign_in("li")
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    assert house
    page = desk.get(f"{HERE}/survey/confirm")
    assert "The North shall hand over the <b>survey</b>." in page, "the sentence itself"
    assert "2026年2月13日" in page, "by when it was promised"
    assert 'href="https://north.example/survey"' in page
    assert "进展顺利" in page or "正常" in page, "how it goes"


def test_who_reports_a_target_as_done_and_who_confirms_it_read_the_number_on_record_beside_what_was_promised(
    desk: Desk,
) -> None:
    desk.sign_in("ann")
    assert "The number on record: none on record; promised: 500 euros." in desk.get(f"{HERE}/fund/report")
    send(desk, "fund/measure", value="190", measured_on="2026-02-28")
    page = desk.get(f"{HERE}/fund/report")
    assert "190 (28 February 2026); promised: 500 euros. If it is done, give the number that was reached" in page
    assert "The number on record" not in desk.get(f"{HERE}/survey/report")
    send(desk, "fund/report", fulfilled="yes", completion="complete")
    desk.sign_in("li")
    assert "190（2026年2月28日）；承诺：500欧元" in desk.get(f"{HERE}/fund/confirm")


def test_the_page_of_what_was_sent_back_names_the_party(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "survey/report", fulfilled="yes", note="In the post")
    desk.sign_in("li")
    send(desk, "survey/send-back", on="survey/confirm", note="Page 3 is missing")
    assert "退回：Page 3 is missing" in desk.get(f"{HERE}/survey") and "returned by south" not in desk.get(
        f"{HERE}/survey"
    )
    told = desk.get("/agreements/north-south/history")
    assert "returned by south" not in told and "退回：Page 3 is missing" in told
    assert "north-south/survey" not in told.partition("<main")[2], "a report is named by its promise"
    desk.sign_in("ann")
    told = desk.get("/agreements/north-south/history")
    assert "sent back by South: Page 3 is missing" in told and "Hand over the survey" in told


def test_what_waits_for_the_other_sides_word_says_since_when_whom_it_waits_for_and_what_can_be_done(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "bridge/report", fulfilled="yes")
    assert "South was asked on 2 March 2026 to confirm it, today; Li is asked there." in desk.get(f"{HERE}/bridge")
    desk.clock[0] += timedelta(days=21)
    desk.sign_in("ann")
    page = desk.get(f"{HERE}/bridge")
    assert "South was asked on 2 March 2026 to confirm it, 3 weeks ago; Li is asked there." in page
    assert "reported as done on 2 March 2026, not yet confirmed by South" in page
    assert "To ask again at once" not in page, "that is a coordinator's to decide"
    desk.sign_in("cy")
    page = desk.get(f"{HERE}/bridge")
    assert "It stands as unconfirmed until there is an answer. To ask again at once, withdraw the report below" in page
    (report,) = desk.rows(progress_report)
    assert f"bridge/reports/{report.reference}/withdraw" in page
    brief = desk.get("/brief?party=south")
    assert "Waiting for the confirmation of others" in brief
    desk.sign_in("li")
    assert "3 weeks ago" not in desk.get(f"{HERE}/bridge"), "their own word is asked for otherwise"


def test_a_confirmation_is_taken_back_with_a_reason_and_asked_again(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "bridge/report", fulfilled="yes", note="Built")
    desk.sign_in("li")
    back = "bridge/confirm/south/withdraw"
    assert back not in desk.get(f"{HERE}/bridge")
    desk.get(f"{HERE}/{back}", 404)
    send(desk, "bridge/confirm", side="south")
    assert f'href="{HERE}/{back}"' in desk.get(f"{HERE}/bridge")
    assert send(desk, back, 422).count("请填写此项") == 2
    page = send(desk, back, why="Seen the wrong bridge")
    assert "确认已撤回" in page and "South尚未确认" in page
    (row,) = desk.rows(confirmation)
    assert (row.state, row.answered_on) == ("asked", None)
    assert desk.find("confirmation_asked", "/bridge", "south").state == "open"
    assert "Seen the wrong bridge" in desk.get("/agreements/north-south/history")
    send(desk, "bridge/confirm", side="south")
    desk.sign_in("ann")
    assert back not in desk.get(f"{HERE}/bridge")
    desk.get(f"{HERE}/{back}", 404)


def test_the_other_side_sends_it_back_with_what_is_missing(desk: Desk) -> None:
    as_guests(desk)
    desk.sign_in("ann")
    send(desk, "bridge/report", fulfilled="yes")
    desk.sign_in("li")
    send(desk, "bridge/send-back", 422, on="bridge/confirm", note="")
    assert row_of(desk, "bridge").state == "fulfilled"
    send(desk, "bridge/send-back", on="bridge/confirm", note="The railing is missing")
    assert row_of(desk, "bridge").state == "active"
    assert "The railing is missing" in desk.rows(confirmation)[0].note
    desk.sign_in("ann")
    assert "The railing is missing" in desk.get(f"{HERE}/bridge")


def test_nobody_confirms_for_the_other_side(desk: Desk) -> None:
    as_guests(desk)
    desk.sign_in("ann")
    send(desk, "bridge/report", fulfilled="yes")
    for side in ("south", "north"):
        before = desk.snapshot()
        assert "Nothing was recorded" in send(desk, "bridge/confirm", 409, side=side)
        assert desk.snapshot() == before
    desk.sign_in("li")
    send(desk, "bridge/confirm", 409, side="north")
    assert desk.rows(confirmation)[0].state == "asked"


def test_a_guest_confirms_what_was_promised_to_their_side_though_it_owes_nothing_of_it(desk: Desk) -> None:
    as_guests(desk)
    desk.sign_in("li")
    desk.get(f"{HERE}/survey/report", 403)
    assert "没有等待贵方确认" in desk.get(f"{HERE}/survey/confirm"), "nothing is reported yet"
    desk.sign_in("ann")
    assert "Asked at once to confirm it: South." in desk.get(f"{HERE}/survey/report")
    assert "is asked to confirm" in send(desk, "survey/report", fulfilled="yes", note="In the post")
    desk.sign_in("li")
    assert "确认或退回" in desk.get(f"{HERE}/survey")
    send(desk, "survey/confirm", side="south")
    assert [one.state for one in desk.rows(confirmation)] == ["confirmed"]
    assert "没有等待贵方确认" in desk.get(f"{HERE}/survey/confirm")
    desk.get(f"{HERE}/survey/report", 403)
    desk.sign_in("ann")
    assert "South: confirmed" in desk.get(f"{HERE}/survey")


def test_a_guest_sends_back_what_was_promised_to_their_side_and_its_owner_reads_why(desk: Desk) -> None:
    as_guests(desk)
    desk.sign_in("ann")
    send(desk, "survey/report", fulfilled="yes")
    desk.sign_in("li")
    send(desk, "survey/send-back", on="survey/confirm", note="Page 3 is missing")
    assert (row_of(desk, "survey").state, row_of(desk, "survey").state_reason) == (
        "active", "returned by south: Page 3 is missing"
    )  # fmt: skip
    desk.sign_in("ann")
    assert "South: sent back" in desk.get(f"{HERE}/survey") and "Page 3 is missing" in desk.get(f"{HERE}/survey")
    assert desk.find("overdue", "/survey").state == "open", "what was sent back is no answer"


@pytest.mark.parametrize("who", ["dee", "max"])
def test_who_does_not_speak_for_the_side_that_is_asked_does_not_confirm(desk: Desk, who: str) -> None:
    desk.sign_in("cy")
    send(desk, "survey/report", fulfilled="yes")
    desk.sign_in(who)
    before = desk.snapshot()
    for path in ("confirm", "send-back"):
        desk.client.post(f"{HERE}/survey/{path}", data={"token": desk.token(), "side": "south", "note": "x"})
    assert desk.snapshot() == before
    assert [one.state for one in desk.rows(confirmation)] == ["asked"]


def test_who_speaks_for_one_of_several_that_owe_it_each_reads_that_it_is_their_part(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "bridge").values(owed="each"))
    desk.sign_in("ann")
    page = desk.get(f"{HERE}/bridge/report")
    assert "your side's part is" in page and "Asked at once" not in page
    assert "Your side's part is reported as done" in send(desk, "bridge/report", fulfilled="yes")
    assert row_of(desk, "bridge").state == "active"


def test_what_is_taken_up_again_is_no_longer_to_be_confirmed(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "bridge/report", fulfilled="yes")
    desk.sign_in("cy")
    send(desk, "bridge/decide/resume", why="It has fallen down")
    assert desk.find("confirmation_asked", "/bridge", "south").state == "done"
    desk.sign_in("li")
    page = desk.get(f"{HERE}/bridge")
    assert "确认或退回" not in page and "不再询问" in page
    send(desk, "bridge/confirm", 409, side="south")


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("li", "survey/report", 403),  # owed by the North alone
        ("li", "bridge/report", 200),
        ("li", "bridge/edit", 403),
        ("li", "bridge/evidence", 403),
        ("li", "bridge/decide/waive", 403),
        ("ann", "orphan/report", 403),  # nobody's yet
        ("ann", "survey/report", 200),
        ("ann", "survey/evidence", 200),
        ("ann", "survey/date", 403),
        ("ann", "bridge/milestones/plan/met", 200),
        ("ann", "bridge/milestones/plan", 403),
        ("dee", "survey/report", 200),  # Ann's deputy
        ("cy", "orphan/report", 200),
        ("cy", "survey/decide/waive", 200),
        ("cy", "survey/decide/sell", 404),
        ("cy", "nothing/report", 404),
        ("cy", "survey/measure", 404),  # no target
        ("cy", "fund/measure", 200),
        ("cy", "bridge/milestones/none", 404),
        ("max", "survey/report", 403),
        ("max", "survey/edit", 403),
    ],
)
def test_each_acts_on_their_own_and_on_nothing_else(desk: Desk, who: str, path: str, status: int) -> None:
    as_guests(desk)
    desk.sign_in(who)
    assert desk.client.get(f"{HERE}/{path}").status_code == status
    if status == 403:
        before = desk.snapshot()
        target = f"{path}/title" if path.endswith("plan") else path
        assert desk.client.post(f"{HERE}/{target}", data={"token": desk.token()}).status_code == 403
        assert desk.snapshot() == before


def test_a_guest_reports_for_their_own_side_whatever_the_form_says(desk: Desk) -> None:
    as_guests(desk)
    desk.sign_in("li")
    send(desk, "bridge/report", 403, rating="on_track", side="north")
    send(desk, "bridge/report", rating="on_track", note="Our half stands")
    (report,) = desk.rows(progress_report)
    assert report.party_id == desk.people()[desk.person("li")].party_id


def test_an_agreement_of_others_cannot_be_acted_on(desk: Desk) -> None:
    desk.add_elsewhere()
    desk.sign_in("cy")
    for path in ("report", "confirm", "edit", "owners", "date", "decide/waive", "milestones", "evidence"):
        desk.get(f"/agreements/elsewhere/commitments/theirs/{path}", 404)
        desk.act(f"/agreements/elsewhere/commitments/theirs/{path}", 404)


def test_an_administrator_speaks_for_each_side(desk: Desk) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    settings = desk.settings.model_copy(update={"administrators": "cy@north.example"})
    object.__setattr__(house, "settings", settings)
    desk.sign_in("cy")
    assert "For which side" in desk.get(f"{HERE}/bridge/report")
    send(desk, "bridge/report", rating="on_track", side="south")
    (report,) = desk.rows(progress_report)
    assert report.contact_id is None, "the South said it, and nobody of the South by name"


def test_a_number_is_recorded_and_drawn_on_its_way(desk: Desk) -> None:
    desk.sign_in("ann")
    assert "The number now: Please give a number." in send(desk, "fund/measure", 422, value="much")
    assert "lies in the future" in send(desk, "fund/measure", 422, value="120", measured_on="2026-03-03")
    page = send(desk, "fund/measure", value="120,5", measured_on="2026-02-28", note="By the bank")
    assert "The number is recorded." in page and "The way to the target" in page
    send(desk, "fund/measure", value="120,5", measured_on="2026-02-28")
    (row,) = desk.rows(measurement)
    assert (row.value, row.measured_on) == (120.5, "2026-02-28")


def test_a_milestone_is_recorded_as_met(desk: Desk) -> None:
    desk.sign_in("ann")
    assert "It was met" in desk.get(f"{HERE}/bridge")
    page = send(desk, "bridge/milestones/plan/met", met_on="2026-02-25")
    assert "The milestone is recorded as met." in page
    (row,) = desk.rows(milestone)
    assert (row.state, row.met_on) == ("met", "2026-02-25")
    assert desk.find("overdue", "/bridge#plan").state == "done"
    assert "This milestone was met already." in desk.get(f"{HERE}/bridge/milestones/plan/met")


@pytest.mark.parametrize(
    ("who", "speaks_for"),
    [
        ("li", "south"),  # a guest
        ("ann", "north"),  # an owner
        ("cy", "north"),  # a coordinator
    ],
)
def test_a_step_of_the_other_side_is_theirs_to_report_as_met(desk: Desk, who: str, speaks_for: str) -> None:
    as_guests(desk)
    desk.add_sides_steps()
    desk.sign_in(who)
    page = desk.get(f"{HERE}/bridge")
    for step, side in STEPS.items():
        there = f"bridge/milestones/{step}/met"
        assert (f'href="{HERE}/{there}"' in page) is (side == speaks_for)
        if side == speaks_for:
            send(desk, there, met_on="2026-03-01")
            assert desk.rows(milestone, milestone.c.reference == step)[0].state == "met"
        else:
            before = desk.snapshot()
            desk.get(f"{HERE}/{there}", 403)
            desk.act(f"{HERE}/{there}", 403, met_on="2026-03-01")
            assert desk.snapshot() == before


def test_a_coordinator_of_the_other_side_marks_no_step_of_ours_though_they_share_the_register(desk: Desk) -> None:
    desk.add_sides_steps()
    desk.sign_in("li")
    desk.act(f"{HERE}/bridge/milestones/northern/met", 403, met_on="2026-03-01")
    send(desk, "bridge/milestones/southern/met", met_on="2026-03-01")
    assert {row.reference: row.state for row in desk.rows(milestone)} == {
        "plan": "scheduled", "northern": "scheduled", "southern": "met",
    }  # fmt: skip


@pytest.mark.parametrize("state", ["partially_met", "not_met", "scheduled"])
def test_how_a_step_of_the_other_side_went_is_not_a_coordinators_to_say(desk: Desk, state: str) -> None:
    desk.add_sides_steps()
    desk.sign_in("cy")
    there = "bridge/milestones/southern"
    assert f'value="{state}"' not in desk.get(f"{HERE}/{there}")
    before = desk.snapshot()
    send(desk, f"{there}/state", 403, on=there, state=state, why="It looked so")
    assert desk.snapshot() == before
    send(desk, f"{there}/state", on=there, state="waived", why="Both councils agreed")
    assert desk.rows(milestone, milestone.c.reference == "southern")[0].state == "waived"
    send(desk, f"{there}/date", 409, on="bridge/milestones/northern", due="2026-07-31", why="Rain")
    send(desk, f"{there}/state", on=there, state="scheduled", why="They thought better of it")
    send(desk, f"{there}/date", on=there, due="2026-07-31", why="Rain")
    send(desk, "bridge/milestones/northern/state", on="bridge/milestones/northern", state="not_met", why="Flood")


def test_an_administrator_reports_the_steps_of_each_side(desk: Desk) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    settings = desk.settings.model_copy(update={"administrators": "cy@north.example"})
    object.__setattr__(house, "settings", settings)
    desk.add_sides_steps()
    desk.sign_in("cy")
    for step in STEPS:
        send(desk, f"bridge/milestones/{step}/met", met_on="2026-03-01")
    assert {row.state for row in desk.rows(milestone, milestone.c.reference.in_(STEPS))} == {"met"}


def test_two_who_report_at_once_see_that_it_has_changed(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "survey/report", rating="on_track")
    page = desk.act(f"{HERE}/survey/report", 409, mark="an old one", rating="off_track", note="Kept in the form")
    assert "this has changed meanwhile" in page and "Kept in the form" in page
    assert len(desk.rows(progress_report)) == 1


WHY = {"why": "Agreed"}


@pytest.mark.parametrize(
    ("who", "path", "on", "typed", "other", "said"),
    [
        ("ann", "survey/report", "", {"rating": "at_risk", "note": "Rain"}, {"note": "Snow"}, "Reported."),
        ("ann", "survey/report", "", {"fulfilled": "yes"}, {"fulfilled": ""}, "Reported as done."),
        ("ann", "fund/report", "", {"rating": "on_track", "value": "300"}, {"value": "400"}, "Reported."),
        ("ann", "bridge/milestones/plan/met", "", {"met_on": "2026-03-01"}, {}, "The milestone is recorded as met."),
        ("cy", "survey/milestones", "", {"title": "The map", "due": "2026-04-30"}, {"title": "The plan"},
         "The milestone is added."),
        ("cy", "bridge/milestones/plan/title", "bridge/milestones/plan", {"title": "Both"}, {"title": "Neither"},
         "The milestone is changed"),
        ("cy", "bridge/milestones/plan/date", "bridge/milestones/plan", {"due": "2026-06-30"}, {"due": "2026-07-31"},
         "The new date holds"),
        ("cy", "bridge/milestones/plan/state", "bridge/milestones/plan", {"state": "waived"}, {"state": "not_met"},
         "The milestone is changed"),
        ("cy", "survey/edit", "", {"summary": "Hand it over."}, {"summary": "Keep it."}, "The new words are saved"),
        ("cy", "fund/terms", "", {"quantity": "750", "unit": "EUR"}, {"quantity": "7"}, "The new terms are saved"),
        ("cy", "friends/kind", "", {"has_date": "yes", "due": "2031-05"}, {"due": "2032"}, "Its kind is changed"),
        ("cy", "survey/date", "", {"due": "2026-09-30"}, {"due": "2026-10-31"}, "The new date holds"),
        ("cy", "survey/owners", "", {"to": "dee"}, {"to": "cy"}, "The new owner answers for it from here on"),
        ("cy", "survey/decide/hold", "", {"until": "2026-09-30"}, {"until": ""}, "On hold"),
        ("cy", "survey/decide/waive", "", {}, {"why": "Another reason"}, "Waived"),
    ],
)  # fmt: skip
def test_a_second_press_of_the_same_form_says_what_the_first_has_recorded(
    desk: Desk, who: str, path: str, on: str, typed: dict[str, str], other: dict[str, str], said: str
) -> None:
    desk.sign_in(who)
    form = desk.client.get(f"{HERE}/{on or path}").text
    form = re.search(rf'action="{HERE}/{path}".*?</form>', form, re.S)[0]  # type: ignore[index]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    filled = {**hidden, **WHY, **typed}
    first, after = desk.act(f"{HERE}/{path}", **filled), desk.snapshot()
    second = desk.act(f"{HERE}/{path}", **filled)
    assert said in first and said in second and desk.snapshot() == after
    if "mark" in hidden:
        page = desk.act(f"{HERE}/{path}", 409, **{**filled, **other})
        told = "As it stands now, this cannot be decided" if "/decide/" in path else "this has changed meanwhile"
        assert told in page, "other words are no second press"
        desk.sign_in("li" if who == "ann" else "ann")
        desk.act(f"{HERE}/{path}", 403 if who == "cy" or path[:6] != "bridge" else 409, **filled)
    assert desk.snapshot() == after


def test_a_second_press_of_what_confirms_or_sends_back_says_what_the_first_has(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "survey/report", fulfilled="yes")
    desk.sign_in("li")
    form = desk.client.get(f"{HERE}/survey/confirm").text
    form = re.search(rf'action="{HERE}/survey/send-back".*?</form>', form, re.S)[0]  # type: ignore[index]
    filled = {**dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)), "note": "Half of it"}
    first, after = desk.act(f"{HERE}/survey/send-back", **filled), desk.snapshot()
    second = desk.act(f"{HERE}/survey/send-back", **filled)
    assert "已退回：" in first and "已退回：" in second and desk.snapshot() == after
    desk.act(f"{HERE}/survey/confirm", 409, **filled)
    assert desk.snapshot() == after, "the other answer is no second press of this one"


def test_the_same_words_are_written_again_once_they_were_undone(desk: Desk) -> None:
    desk.sign_in("cy")
    for until, back in (("", "2026-09-30"), ("", "2026-10-31")):
        send(desk, "survey/decide/hold", why="Rain", until=until)
        assert row_of(desk, "survey").state == "on_hold"
        send(desk, "survey/decide/resume", why=back)
        assert row_of(desk, "survey").state == "active"


def test_a_date_is_moved_and_the_first_one_is_kept(desk: Desk) -> None:
    desk.sign_in("cy")
    overdue = desk.find("overdue", "/survey")
    page = desk.get(f"{HERE}/survey/date")
    assert "13 February 2026" in page
    assert "This is before 1900. Please check the year." in send(desk, "survey/date", 422, due="0202-03-02", why="x")
    assert "Why: Please fill this in." in send(desk, "survey/date", 422, due="2026-05-01")
    page = send(desk, "survey/date", roughly="2026-05", why="The snow lay long")
    assert "The new date holds" in page and "First promised for" in page
    row = row_of(desk, "survey")
    assert (row.due, row.first_due) == ("2026-05", "2026-02-13")
    assert desk.rows(follow_up, follow_up.c.id == overdue.id)[0].state == "done"
    assert "The snow lay long" in desk.get("/agreements/north-south/history")
    page = desk.get(f"{HERE}/survey/date")
    assert "May 2026" in page and "13 February 2026" in page
    send(desk, "survey/date", due="2026-06-30", why="Again")
    assert row_of(desk, "survey").first_due == "2026-02-13"
    assert "tallystick.agreement.amended" in published(desk)


def test_a_date_that_was_moved_leads_to_where_the_history_says_when_by_whom_and_why(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.history.PAGE", 2)
    desk.sign_in("cy")
    assert "when and why it was moved" not in desk.get(f"{HERE}/bridge")
    send(desk, "bridge/date", due="2026-06-30", why="High water")
    on = "bridge/milestones/plan"
    send(desk, f"{on}/date", on=on, due="2026-05-31", why="The surveyor was ill")
    for at in range(4):
        send(desk, f"{on}/title", on=on, title=f"The plan is drawn, {at}", why="A word")
    page = desk.get(f"{HERE}/bridge")
    of_step, of_promise = re.findall(r'href="([^"]+)">when and why it was moved', page)
    for link, why in ((of_promise, "High water"), (of_step, "The surveyor was ill")):
        path, _, entry = link.partition("#")
        told = desk.get(path)
        (found,) = re.findall(rf'<li id="{entry}">.*?</li>', told, re.S)
        assert why in found and "Due: from" in found
    desk.sign_in("max")
    assert desk.get(f"{HERE}/bridge").count("when and why it was moved") == 2, "also for who only reads"
    assert "Page 1" in desk.get("/agreements/north-south/history?entry=x")


def test_a_date_that_was_written_down_wrongly_is_put_right_also_to_a_day_that_is_over(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "it is overdue at once" in desk.get(f"{HERE}/orphan/date")
    page = send(desk, "orphan/date", due="2026-01-31", why="A slip of the pen")
    assert "It is over, so this is judged overdue at once" in page and "was due by 31 January 2026" in page
    row = row_of(desk, "orphan")
    assert (row.due, row.first_due) == ("2026-01-31", "2026-12-31")
    page = send(desk, "survey/date", due="2026-03-02", why="Today is not over")
    assert "The new date holds; the date first promised stays on record." in page


@pytest.mark.parametrize(
    ("state", "turns"),
    [
        (CommitmentState.ACTIVE, (Turn.HOLD, Turn.WAIVE, Turn.WITHDRAW)),
        (CommitmentState.ON_HOLD, (Turn.RESUME, Turn.WAIVE, Turn.WITHDRAW)),
        (CommitmentState.FULFILLED, (Turn.RESUME,)),
        (CommitmentState.WAIVED, (Turn.RESUME,)),
        (CommitmentState.WITHDRAWN, (Turn.RESUME,)),
    ],
)
def test_what_can_be_decided_in_each_state(state: CommitmentState, turns: tuple[Turn, ...]) -> None:
    assert list_turns(state) == turns


@pytest.mark.parametrize(
    ("turn", "state", "said"),
    [
        ("waive", "waived", "Waived: nobody is reminded"),
        ("hold", "on_hold", "On hold: nobody is reminded"),
        ("withdraw", "withdrawn", "Withdrawn: it is no commitment any more"),
    ],
)
def test_a_decision_says_what_will_follow_needs_a_reason_and_can_be_taken_back(
    desk: Desk, turn: str, state: str, said: str
) -> None:
    desk.sign_in("cy")
    page = desk.get(f"{HERE}/survey/decide/{turn}")
    assert "What will follow" in page and "1 open question about it closes by itself." in page
    assert "Why: Please fill this in." in send(desk, f"survey/decide/{turn}", 422)
    assert row_of(desk, "survey").state == "active"
    assert said in send(desk, f"survey/decide/{turn}", why="The mayors agreed")
    row = row_of(desk, "survey")
    assert (row.state, row.state_on, row.state_reason) == (state, "2026-03-02", "The mayors agreed")
    assert desk.find("overdue", "/survey").state == "done"
    assert "The mayors agreed" in desk.get(f"{HERE}/survey")
    assert "As it stands now, this cannot be decided" in desk.get(f"{HERE}/survey/decide/{turn}")
    assert "Taken up again" in send(desk, "survey/decide/resume", why="They thought better of it")
    assert row_of(desk, "survey").state == "active"
    assert desk.find("overdue", "/survey").state == "open"


def test_a_hold_ends_by_itself_on_the_day_after_its_last(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "Until: Please give a day after today." in send(desk, "survey/decide/hold", 422, why="w", until="2026-03-02")
    send(desk, "survey/decide/hold", why="Waiting for the permit", until="2026-03-20")
    assert "20 March 2026" in desk.get(f"{HERE}/survey")
    reconcile_register(desk.engine, NOW, date(2026, 3, 20))
    assert row_of(desk, "survey").state == "on_hold"
    reconcile_register(desk.engine, NOW, date(2026, 3, 21))
    row = row_of(desk, "survey")
    assert (row.state, row.state_until, row.state_on) == ("active", None, "2026-03-21")
    assert desk.find("overdue", "/survey").state == "open"
    history = desk.get("/agreements/north-south/history")
    assert "it was on hold until 20 March 2026" in history
    before = desk.rows(log_entry)
    reconcile_register(desk.engine, NOW, date(2026, 3, 21))
    assert desk.rows(log_entry) == before, "run twice: no change"


def test_the_words_are_changed_and_the_history_keeps_the_old_ones(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get(f"{HERE}/survey/edit")
    assert "The North shall hand over the <b>survey</b>." in page
    same = {"summary": "Hand over the survey.", "quote-en": "The North shall hand over the <b>survey</b>."}
    assert "Nothing is different" in send(desk, "survey/edit", 422, why="x", **same)
    page = send(
        desk, "survey/edit", why="The clerk's slip", theme="Land", **{**same, "summary": "Hand over both surveys."}
    )
    assert "Hand over both surveys." in page and "The new words are saved" in page
    row = row_of(desk, "survey")
    assert (row.theme, row.quote) == ("Land", {"en": "The North shall hand over the <b>survey</b>."})
    assert "from Hand over the survey. to Hand over both surveys." in desk.get("/agreements/north-south/history")


def test_words_changed_in_one_language_alone_are_asked_about_beside_those_of_the_other(desk: Desk) -> None:
    summaries = {"summary": "Build the bridge.", "summary-zh": "建桥。"}
    quotes = {"quote-en": "A bridge is built.", "quote-zh": "建造桥梁。"}
    desk.sign_in("cy")
    with desk.write_past_log() as unit:
        told = {"summaries": {"zh": "建桥。"}, "quote": {"en": "A bridge is built.", "zh": "建造桥梁。"}}
        unit.execute(update(commitment).where(commitment.c.reference == "bridge").values(**told))
    same = {**summaries, **quotes}
    assert "If only one language was to be put right" not in desk.get(f"{HERE}/bridge/edit")
    page = send(desk, "bridge/edit", 422, why="Two", **{**same, "summary": "Build both bridges."})
    assert "The same in Chinese: This stays as it was while another language is changed." in page
    assert 'value="建桥。"' in page and 'value="Build both bridges."' in page and row_of(desk, "bridge").summaries
    assert row_of(desk, "bridge").summary == "Build the bridge."
    assert "in one sentence: This stays as it was" in send(
        desk, "bridge/edit", 422, why="Two", **{**same, "summary-zh": "建两座桥。"}
    )
    both = {"summary": "Build both bridges.", "summary-zh": "建两座桥。"}
    send(desk, "bridge/edit", why="Two", **{**same, **both})
    page = send(desk, "bridge/edit", 422, why="A slip", **{**same, **both, "quote-en": "A bridge shall be built."})
    assert "The sentence itself, in Chinese: This stays as it was" in page
    send(desk, "bridge/edit", why="A slip", same="1", **{**same, **both, "quote-en": "A bridge shall be built."})
    row = row_of(desk, "bridge")
    assert row.quote == {"en": "A bridge shall be built.", "zh": "建造桥梁。"}
    assert (row.summary, row.summaries) == ("Build both bridges.", {"zh": "建两座桥。"})


def test_a_milestone_is_said_anew_in_each_language_that_it_has(desk: Desk) -> None:
    desk.sign_in("cy")
    with desk.write_past_log() as unit:
        unit.execute(update(milestone).values(titles={"zh": "图纸完成"}))
    page = "bridge/milestones/plan"
    assert "The same in Chinese: This stays as it was while another language is changed." in send(
        desk, f"{page}/title", 422, on=page, title="Both plans are drawn", why="Two", **{"title-zh": "图纸完成"}
    )
    send(desk, f"{page}/title", on=page, title="Both plans are drawn", why="Two", **{"title-zh": "两份图纸完成"})
    (step,) = desk.rows(milestone, milestone.c.reference == "plan")
    assert (step.title, step.titles) == ("Both plans are drawn", {"zh": "两份图纸完成"})
    send(desk, f"{page}/title", on=page, title="Both plans are made", same="1", why="A word",
         **{"title-zh": "两份图纸完成"})  # fmt: skip
    (step,) = desk.rows(milestone, milestone.c.reference == "plan")
    assert (step.title, step.titles) == ("Both plans are made", {"zh": "两份图纸完成"})


def test_the_history_says_each_language_of_a_changed_sentence_from_what_to_what(desk: Desk) -> None:
    desk.sign_in("cy")
    kept = "The North shall hand over the <b>survey</b>."
    long = "The North shall hand over the survey, with all its maps, " + "and the maps of each district, " * 8
    same = {"summary": "Hand over the survey."}
    send(desk, "survey/edit", why="A slip", **{**same, "quote-en": "The North shall hand over both."})
    history = "/agreements/north-south/history"
    assert f"The sentence itself (English): from {kept} to The North shall hand over both." in desk.get(history)
    send(desk, "survey/edit", why="As signed", **{**same, "quote-en": long})
    page = desk.get(history)
    assert "The sentence itself (English): changed</summary>" in page, "what is long is folded"
    assert '<blockquote dir="auto">The North shall hand over both.</blockquote>' in page and long.strip() in page
    desk.sign_in("li")
    assert "原文（英语）" in desk.get(history) and kept in desk.get(history), "the other side reads it too"


@pytest.mark.parametrize("where", ["survey", "bridge#plan"])
def test_a_date_that_is_given_twice_is_asked_about(desk: Desk, where: str) -> None:
    desk.sign_in("cy")
    promise, _, step = where.partition("#")
    path = f"{promise}/milestones/{step}" if step else promise
    before = row_of(desk, promise).due
    twice = {"due": "2027-01-15", "roughly": "2028", "why": "Later"}
    page = send(desk, f"{path}/date", 422, on=f"{path}" if step else None, **twice)
    assert "Please give one of the two, the day or this." in page and 'value="2028"' in page
    assert row_of(desk, promise).due == before


def test_a_day_that_is_over_is_not_called_overdue_while_the_promise_waits_for_its_condition(desk: Desk) -> None:
    desk.sign_in("cy")
    with open_unit(desk.engine) as unit:
        waits = {"condition": {"text": "The money is granted."}}
        unit.execute(update(commitment).where(commitment.c.reference == "survey").values(**waits))
    page = send(desk, "survey/date", due="2026-01-05", why="A slip")
    assert "overdue at once" not in page and "The new date holds" in page


def test_the_ways_of_a_page_have_names_of_their_own_also_where_a_confirmation_is_asked(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "bridge/report", fulfilled="yes", note="Opened on Sunday")
    desk.sign_in("li")
    labels = re.findall(r'<nav[^>]*aria-label="([^"]+)"', desk.get(f"{HERE}/bridge"))
    assert "贵方的确认" in labels and len(labels) == len(set(labels))


def test_a_new_owner_is_named_and_told_at_once(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get(f"{HERE}/bridge/owners")
    assert "North: until now Ann" in page and "South: until now" not in page, "each side names its own"
    assert 'value="max"' not in page and 'value="old"' not in page, "no leader, nobody out of office"
    assert "Please choose one of those offered" in send(desk, "bridge/owners", 422, to="li", why="x")
    assert "The new owner answers for it from here on" in send(desk, "bridge/owners", to="dee", why="Ann is on leave")
    owners = {
        row.party_id: row.contact_id
        for row in desk.rows(commitment_owner)
        if row.commitment_id == row_of(desk, "bridge").id
    }
    assert desk.person("dee") in owners.values() and desk.person("ann") not in owners.values()
    assert desk.find("overdue", "/bridge").assignee_id == desk.person("dee")
    told = desk.rows(notice, notice.c.contact_id == desk.person("dee"), notice.c.kind == "hand_over")
    assert told and told[0].decision == "told"


def test_a_milestone_is_added_amended_and_settled(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "The milestone is added." in send(desk, "survey/milestones", title="The map", due="2026-04-30", why="Agreed")
    step = desk.rows(milestone, milestone.c.title == "The map")[0]
    assert (step.reference, step.due) == ("the-map", "2026-04-30")
    step_page = "survey/milestones/the-map"
    assert "Why: Please fill this in." in send(desk, f"{step_page}/title", 422, on=step_page, title="The maps")
    send(desk, f"{step_page}/title", on=step_page, title="The maps", why="There are two")
    send(desk, f"{step_page}/date", on=step_page, due="2026-06-30", why="Rain")
    step = desk.rows(milestone, milestone.c.id == step.id)[0]
    assert (step.title, step.due, step.first_due) == ("The maps", "2026-06-30", "2026-04-30")
    send(desk, f"{step_page}/state", on=step_page, state="waived", why="Not needed")
    assert desk.rows(milestone, milestone.c.id == step.id)[0].state == "waived"
    assert "Not needed" in desk.get("/agreements/north-south/history")


def test_a_milestone_after_the_date_of_its_promise_and_a_date_after_the_agreements_end_are_remarked(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "after the commitment itself is due" not in desk.get(f"{HERE}/orphan")
    page = send(desk, "orphan/milestones", title="The map", due="2027-04-30", why="Agreed")
    assert "“The map” is due by 30 April 2027, which is after the commitment itself is due: 31 December 2026." in page
    assert "“Nobody's promise.” is due by 31 December 2026, which is after the agreement ends: 31 August 2026." in page
    page = send(desk, "orphan/milestones/the-map/date", on="orphan/milestones/the-map", due="2026-06-30", why="Sooner")
    assert "“The map” is due by" not in page, "put right"
    send(desk, "orphan/milestones/the-map/date", on="orphan/milestones/the-map", due="2027-06-30", why="Later")
    page = send(desk, "orphan/milestones/the-map/state", on="orphan/milestones/the-map", state="waived", why="No")
    assert "“The map” is due by" not in page, "nobody waits for it any more"


@pytest.mark.parametrize(
    ("path", "on", "typed"),
    [
        ("milestones", "", {"title": "The ground is bought"}),
        ("milestones/plan/title", "milestones/plan", {"title": "Both plans are drawn"}),
        ("milestones/plan/date", "milestones/plan", {"roughly": "2026-07"}),
        ("milestones/plan/state", "milestones/plan", {"state": "waived"}),
    ],
)
def test_the_second_of_two_who_edit_a_milestone_is_told_and_loses_nothing_typed(
    desk: Desk, path: str, on: str, typed: dict[str, str]
) -> None:
    desk.sign_in("cy")
    opened = desk.get(f"{HERE}/bridge/{on or path}")
    form = re.search(rf'action="{HERE}/bridge/{path}".*?</form>', opened, re.S)
    mark = re.search(r'name="mark" value="(\w+)"', form[0] if form else "")
    assert mark, "the form knows what it showed"
    send(desk, "bridge/milestones/plan/date", on="bridge/milestones/plan", due="2026-06-30", why="Rain")
    before = desk.snapshot()
    page = desk.act(f"{HERE}/bridge/{path}", 409, mark=mark[1], why="Agreed", **typed)
    assert "this has changed meanwhile" in page and all(one in page for one in typed.values())
    assert desk.snapshot() == before
    assert "Nothing was recorded" not in send(desk, f"bridge/{path}", on=f"bridge/{on or path}", why="Agreed", **typed)


def test_every_page_of_acting_is_there_in_chinese(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(
            commitment.update()
            .where(commitment.c.reference == "bridge")
            .values(kind="target", target={"quantity": 1, "unit": "x"})
        )
    desk.sign_in("li")
    paths = (
        *("report", "measure", "milestones/plan/met", "confirm", "edit", "terms", "kind", "owners", "date"),
        *("milestones", "milestones/plan", "decide/waive", "decide/hold", "decide/withdraw", "decide/resume"),
    )
    for path in paths:
        page = desk.get(f"{HERE}/bridge/{path}")
        assert re.search("[一-鿿]{4}", page), path
        assert not re.search(r"<(h1|h2|label|button[^>]*)>[A-Za-z ]{6,}<", page.replace("Build the bridge", "")), path


def test_the_terms_are_changed_judged_at_once_and_the_history_keeps_the_old_ones(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "Change the terms" in desk.get(f"{HERE}/visits")
    page = desk.get(f"{HERE}/visits/terms")
    assert 'value="4"' in page and "Is there a number to reach?" not in page, "it is asked for what it has"
    typed = {
        "times": "2",
        "counted": "visits",
        "condition": "The border is open",
        "tags": "travel",
        "period_from": "2025",
    }
    assert "Why: This is missing." in send(desk, "visits/terms", 422, **typed)
    page = send(desk, "visits/terms", 422, why="Agreed", times="often", period_from="2026", period_to="2025")
    assert "A whole number is needed here" in page and "must not be before 2026" in page and 'value="often"' in page
    page = send(desk, "visits/terms", why="Agreed at the council", **typed)
    assert "The new terms are saved" in page and "The border is open" in page
    row = row_of(desk, "visits")
    assert (row.recurrence["count"], row.recurrence["what"], row.recurrence["every"]) == (2, "visits", "year")
    assert (row.condition["text"], row.tags, row.period_from) == ("The border is open", ["travel"], "2025")
    assert "Agreed at the council" in desk.get("/agreements/north-south/history")
    assert "Nothing is different" in send(desk, "visits/terms", 422, why="Again", **typed)


def test_the_terms_of_a_target_are_its_number_and_where_it_started(desk: Desk) -> None:
    desk.sign_in("cy")
    page = send(
        desk, "fund/terms", why="More is needed", quantity="750", unit="EUR", baseline="20", baseline_on="2025-06"
    )
    assert "The new terms are saved" in page
    target = row_of(desk, "fund").target
    assert target == {
        "quantity": 750.0, "unit": "EUR", "comparator": "at_least", "baseline": 20.0, "baseline_on": "2025-06",
    }  # fmt: skip
    assert "each owes its own" in desk.get(f"{HERE}/bridge/terms") and "each owes" not in desk.get(f"{HERE}/fund/terms")


def test_a_step_that_was_open_when_its_promise_was_settled_has_lapsed_and_is_not_asked_about(desk: Desk) -> None:
    desk.sign_in("cy")
    page = f"{HERE}/bridge"
    assert "Overdue" in desk.get(page) and "It was met" in desk.get(page)
    send(desk, "bridge/decide/hold", why="Rain")
    assert "Lapsed with the commitment" not in desk.get(page), "what rests is still to come"
    send(desk, "bridge/decide/resume", why="Sun")
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "bridge").values(state="fulfilled"))
    page = desk.get(page)
    assert "Lapsed with the commitment" in page and "Amend it" in page
    assert "It was met" in page, "what was met all the same can still be told"
    assert "The plan is drawn – Lapsed with the commitment" in desk.get("/agreements/north-south")
    desk.act("/agreements/north-south/public")
    assert "Lapsed with the commitment" in desk.get("/public/north-south")


@pytest.mark.parametrize(
    ("path", "limits"),
    [
        (f"{HERE}/survey/edit", {"quote-en": LONGEST_TEXT, "note": LONGEST_TEXT, "why": LONGEST_LINE}),
        (f"{HERE}/survey/report", {"note": LONGEST_TEXT}),
        (f"{HERE}/survey/date", {"why": LONGEST_LINE}),
        (f"{HERE}/fund/measure", {"note": LONGEST_LINE}),
        ("/record?agreement=north-south", {"note": LONGEST_TEXT}),
        ("/agreements/north-south/add-commitment", {"summary": LONGEST_LINE, "quote": LONGEST_TEXT}),
        ("/agreements/north-south/policy", {"why": LONGEST_LINE}),
        ("/people/ann/hand-over", {"why": LONGEST_LINE}),
    ],
)
def test_a_field_for_sentences_says_how_long_they_may_be_as_the_register_takes_them(
    desk: Desk, path: str, limits: dict[str, int]
) -> None:
    desk.sign_in("cy")
    page = desk.get(path)
    for name, most in limits.items():
        shown = re.search(rf'<(?:textarea|input) id="([\w-]+)" name="{name}"[^>]*maxlength="{most}"[^>]*>', page)
        assert shown and f'aria-describedby="{shown[1]}-help' in shown[0], name
        said = re.search(rf'id="{shown[1]}-help">([^<]*)<', page)
        assert said and f"At most {most} characters." in said[1], name


def test_a_sentence_that_is_longer_than_the_register_takes_is_refused_with_the_limit_and_kept(desk: Desk) -> None:
    desk.sign_in("cy")
    long = "The North shall. " * 240
    page = desk.act("/agreements/north-south/add-commitment", 422, quote=long, summary="Do it", owed_by="north")
    assert "This is too long: at most 4000 characters." in page and long.strip() in page


def test_the_second_of_two_who_change_the_terms_is_told(desk: Desk) -> None:
    desk.sign_in("cy")
    send(desk, "fund/terms", why="More is needed", quantity="750", unit="EUR")
    page = desk.act(f"{HERE}/fund/terms", 409, mark="an old one", why="Less", quantity="100", unit="EUR")
    assert "this has changed meanwhile" in page and row_of(desk, "fund").target["quantity"] == 750
    assert 'value="100"' in page and 'value="Less"' in page, "what was typed is kept"
    assert "By now this is “750”. Saving puts yours in its place." in page, "and what it would undo stands beside it"


@pytest.mark.parametrize(
    ("path", "typed", "said"),
    [
        ("edit", {"summary": "Hand it over.", "theme": "Maps"}, "By now this is “Land”."),
        ("kind", {"has_date": "yes", "due": "2031-05"}, "By now this is “2026-09-30”."),
    ],
)
def test_the_second_of_two_who_change_a_commitment_loses_nothing_typed_and_sees_how_it_stands(
    desk: Desk, path: str, typed: dict[str, str], said: str
) -> None:
    desk.sign_in("cy")
    same = {"summary": "Hand over the survey.", "quote-en": "The North shall hand over the <b>survey</b>."}
    send(desk, "survey/edit", why="Slip", theme="Land", **same)
    send(desk, "survey/date", why="Rain", due="2026-09-30")
    page = desk.act(f"{HERE}/survey/{path}", 409, mark="an old one", why="My reason", **typed)
    assert all(one in page for one in (*typed.values(), "My reason", said))
    assert "What you typed is still here" in page and row_of(desk, "survey").due == "2026-09-30"
    page = desk.act(f"{HERE}/survey/kind", 409, mark="an old one", comparator="at_least", has_date="yes", due="2031-05")
    assert page.count("By now this is") == 2, "the date alone differs, above and at its field"


def test_the_terms_that_stay_as_they_are_are_kept_to_the_letter(desk: Desk) -> None:
    desk.sign_in("cy")
    with open_unit(desk.engine) as unit:
        unit.execute(
            update(commitment).where(commitment.c.reference == "visits").values(implementers=["Arts; Crafts Society"])
        )
    send(desk, "visits/terms", why="Agreed", tags="travel")
    row = row_of(desk, "visits")
    assert (row.tags, row.implementers) == (["travel"], ["Arts; Crafts Society"])


def test_a_plan_that_repeats_by_its_file_can_be_changed(desk: Desk) -> None:
    desk.sign_in("cy")
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "visits").values(kind="planned"))
    assert "The new terms are saved" in send(desk, "visits/terms", why="Agreed", tags="travel")


def test_the_kind_follows_from_the_same_questions_and_is_judged_at_once(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "Change the kind" in desk.get(f"{HERE}/friends")
    page = desk.get(f"{HERE}/friends/kind")
    assert "It is now of the kind “open-ended”." in page.lower().replace("it is now", "It is now", 1)
    assert "Does it repeat?" in page and "Is there a number to reach?" in page
    assert "Why: This is missing." in _read(send(desk, "friends/kind", 422, repeats="year", times="3"))
    assert "Nothing is different" in send(desk, "friends/kind", 422, why="Nothing")
    silent = desk.rows(follow_up, follow_up.c.commitment_id == row_of(desk, "friends").id, follow_up.c.state == "open")
    assert silent
    page = send(desk, "friends/kind", why="They agreed on three a year", repeats="year", times="3", counted="meetings")
    assert "Its kind is changed" in page and "0 of 3" in page
    row = row_of(desk, "friends")
    assert (row.kind, row.recurrence["count"], row.recurrence["what"]) == ("recurring", 3, "meetings")
    left = desk.rows(follow_up, follow_up.c.id.in_([one.id for one in silent]), follow_up.c.state == "open")
    assert not left, "nobody is asked for a next step of what recurs"
    assert "They agreed on three a year" in desk.get("/agreements/north-south/history")


def test_a_number_typed_where_there_is_said_to_be_none_is_asked_about_and_one_on_record_goes_with_the_answer(
    desk: Desk,
) -> None:
    desk.sign_in("cy")
    page = _read(send(desk, "friends/kind", 422, why="x", quantity="5"))
    assert "The number: This is filled in, but the question above it is answered so that it does not count." in page
    number = {"quantity": "500", "unit": "EUR", "has_date": "yes", "due": "2026-02-13"}
    send(desk, "fund/kind", why="No number after all", has_number="no", **number)
    assert (row_of(desk, "fund").kind, row_of(desk, "fund").target) == ("deliverable", None)


def test_a_plan_becomes_firm_with_its_date_and_what_is_firm_a_plan(desk: Desk) -> None:
    desk.sign_in("cy")
    send(desk, "bridge/kind", why="Only an intention", is_plan="yes", confirm_by="2026-09")
    row = row_of(desk, "bridge")
    assert (row.kind, row.due, row.confirm_by) == ("planned", "2026-02-13", "2026-09")
    send(desk, "bridge/kind", why="Decided", is_plan="no", due="2027-06")
    row = row_of(desk, "bridge")
    assert (row.kind, row.due, row.first_due, row.confirm_by) == ("deliverable", "2027-06", "2026-02-13", None)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"has_date": "yes"}, "By when: This is missing."),
        ({"has_number": "yes"}, "The number: This is missing."),
        ({"is_plan": "yes", "repeats": "year"}, "Does it repeat?: What is only planned is confirmed first"),
        ({"has_date": "yes", "due": "soon"}, "By when: This is no date, or can mean two."),
    ],
)
def test_a_kind_whose_answers_lack_something_is_not_taken(desk: Desk, fields: dict[str, str], said: str) -> None:
    desk.sign_in("cy")
    before = desk.snapshot()
    assert said in _read(send(desk, "friends/kind", 422, why="Agreed", **fields))
    assert desk.snapshot() == before


def _read(page: str) -> str:
    return re.sub("<[^>]+>", "", page)


def test_where_the_sentence_stands_is_put_right_with_its_fingerprint(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "Where it stands in a document" not in desk.get(f"{HERE}/survey/terms"), "there is none"
    with open_unit(desk.engine) as unit:
        sources = [{"document": "text.pdf", "kind": "signed_text", "language": "en"}]
        unit.execute(update(agreement).where(agreement.c.reference == "north-south").values(sources=sources))
    fields = {"place-document": "text.pdf", "place-start": "100"}
    assert "Its first character" in send(desk, "survey/terms", 422, why="Found", **{**fields, "place-start": "first"})
    assert "text.pdf" in send(desk, "survey/terms", why="Found", **fields)
    sentence = "The North shall hand over the <b>survey</b>."
    assert row_of(desk, "survey").source == {
        "document": "text.pdf", "start": 100, "end": 100 + len(sentence),
        "sha256": sha256(sentence.encode()).hexdigest(),
    }  # fmt: skip
    assert "The new terms are saved" in send(desk, "survey/terms", why="To be found", tags="maps")
    assert row_of(desk, "survey").source["start"] == 100, "what was not touched stays"


def test_another_day_to_confirm_a_plan_is_told_without_the_date_first_promised(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        plan = {"kind": "planned", "due": None, "confirm_by": "2026-06-30"}
        unit.execute(update(commitment).where(commitment.c.reference == "survey").values(**plan))
    desk.sign_in("cy")
    page = desk.get(f"{HERE}/survey/date")
    assert "the history keeps the ones before" in page and "first promised" not in page
    page = send(desk, "survey/date", due="2026-09-30", why="The council meets in autumn")
    assert "The new date holds; the history keeps the ones before." in page and "first promised" not in page
    assert (row_of(desk, "survey").confirm_by, row_of(desk, "survey").first_due) == ("2026-09-30", None)
    history = desk.get("/agreements/north-south/history")
    assert "To be confirmed by: from 30 June 2026 to 30 September 2026" in history


@pytest.mark.parametrize("state", ["waived", "withdrawn"])
def test_what_was_given_up_offers_nothing_that_counts_for_nothing(desk: Desk, state: str) -> None:
    desk.sign_in("cy")
    page = desk.get("/agreements/north-south/commitments/bridge")
    offered = (
        "Record what happened",
        "Report progress",
        "Hand in evidence",
        "It was met",
        "Name an owner",
        "Add a milestone",
    )
    assert all(one in page for one in offered), offered
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "bridge").values(state=state))
    page = desk.get("/agreements/north-south/commitments/bridge")
    assert [one for one in offered if one in page] == [] and "bridge/decide/resume" in page


def test_the_history_tells_a_number_and_a_report_by_what_was_said_and_whom_a_question_is_asked_of(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "fund/measure", value="250", measured_on="2026-03-01")
    send(desk, "survey/report", rating="at_risk", note="The boat is late")
    said = desk.get("/agreements/north-south/history")
    assert "Value: 250" in said and "Measured on: 1 March 2026" in said
    assert "Rating: At risk" in said and "The boat is late" in said
    assert "Asked of: Ann" in said, "of two questions about one promise, each says whose it is"


def test_what_was_heard_of_by_a_report_alone_is_not_called_an_activity(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "friends/report", rating="on_track")
    page = desk.get(f"{HERE}/friends")
    assert "last heard of by a report on 2 March 2026" in page and "last activity" not in page
