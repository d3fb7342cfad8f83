"""What a person can answer from a message: each answer by its link, and what no link may do."""

import re
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from commitments.agreement_file import parse_agreement
from commitments.closing import TAKEN_BACK
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.progress import add_activity, report_progress
from commitments.reconcile import load_rules, reconcile_register
from commitments.register import import_agreement
from commitments.tables import commitment, contact, follow_up, log_entry, measurement, milestone, party, progress_report
from commitments.vocabulary import Answer
from notifications.composing import compose_messages
from notifications.links import Ask, LinkExpired, LinkInvalid, Links, Purpose, name_place
from notifications.names import load_names
from notifications.tables import notice, notification
from tests.portal.desk import FORM, NOW, TODAY, Desk


def test_the_page_says_what_was_promised_to_whom_by_when_and_how_it_stands(desk: Desk) -> None:
    page = desk.client.get(desk.link("ann", "overdue", "/survey")).text
    assert "“The North shall hand over the &lt;b&gt;survey&lt;/b&gt;.”" in page, "the sentence itself, escaped"
    assert "Promised by North to South" in page
    shared = desk.client.get(desk.link("ann", "overdue", "/bridge")).text
    assert "Promised jointly by North and South<" in shared, "what both owe"
    assert "was due by 13 February 2026, 2 weeks ago" in page
    for answer in ("It is done", "On its way", "More time", "Remind me later", "Somebody else"):
        assert f"<summary>{answer}</summary>" in page
    assert '<html lang="en" dir="ltr">' in page


def test_the_button_of_a_message_opens_its_own_answer_first(desk: Desk) -> None:
    page = desk.get(desk.link("ann", "overdue", "/survey") + "/more_time")
    assert page.index('aria-labelledby="first"') < page.index("<details")
    assert 'name="day" type="date"' in page and 'min="2026-03-03"' in page
    assert "Until now: 13 February 2026" in page


def test_a_reader_of_chinese_sees_the_page_in_chinese(desk: Desk) -> None:
    page = desk.get(desk.link("li", "overdue", "/bridge", "south"))
    assert '<html lang="zh-Hans"' in page and "请您答复" in page and "备忘录" in page


def test_done_closes_the_matter_and_the_next_morning_is_silent_about_it(desk: Desk) -> None:
    page = desk.post(desk.link("ann", "overdue", "/survey") + "/done", note="Sent by post")
    assert "Thank you, this is recorded" in page and "Nobody is reminded of it any more." in page
    assert desk.find("overdue", "/survey").state == "done"
    assert desk.rows(commitment, commitment.c.reference == "survey")[0].state == "fulfilled"
    assert desk.rows(progress_report)[0].note == "Sent by post"
    assert "north-south/survey" not in desk.morning(date(2026, 3, 3)).get("ann", set())


def test_who_has_left_is_told_who_answers_and_nothing_is_recorded(desk: Desk) -> None:
    link = desk.link("ann", "overdue", "/survey")
    mark = re.search(r'name="mark" value="(\w+)"', desk.get(link))
    assert mark is not None
    left = FORM.replace(b"role: owner, deputy: dee,", b"role: owner, deputy: dee, valid_to: 2026-03-01,")
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(left, "north-south.yaml"), Author("test", NOW), TODAY)
    before = len(desk.rows(log_entry))
    for answered in (
        desk.client.get(link),
        desk.client.get(link + "/done"),
        desk.client.post(link + "/done", data={"mark": mark[1], "note": "I did it"}),
    ):
        assert answered.status_code == 410
        assert "You do not answer for North any more" in answered.text
        assert "Cy answers for North. Nothing was recorded." in answered.text
    assert (desk.rows(progress_report), len(desk.rows(log_entry))) == ([], before)


def test_who_leaves_takes_no_answer_back_any_more(desk: Desk) -> None:
    link = desk.link("ann", "overdue", "/survey")
    mark = re.search(r'name="mark" value="(\w+)"', desk.get(link))
    assert mark is not None
    done = desk.client.post(link + "/done", data={"mark": mark[1]}, follow_redirects=False)
    answered = done.headers["location"]
    left = FORM.replace(b"role: owner, deputy: dee,", b"role: owner, deputy: dee, valid_to: 2026-03-01,")
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(left, "north-south.yaml"), Author("test", NOW), TODAY)
    assert desk.client.get(answered).status_code == 410
    assert desk.client.post(answered + "/undo").status_code == 410
    assert len(desk.rows(progress_report)) == 1


def test_done_on_a_shared_promise_asks_the_other_side_at_once(desk: Desk) -> None:
    page = desk.post(desk.link("ann", "overdue", "/bridge") + "/done")
    assert "Asked to confirm it: South." in page
    assert desk.find("confirmation_asked", "/bridge", "south").state == "open"
    assert desk.morning(date(2026, 3, 3))["li"] >= {"north-south/bridge"}


def test_a_step_is_recorded_as_met_on_its_day(desk: Desk) -> None:
    desk.post(desk.link("ann", "overdue", "/bridge#plan") + "/done", day="2026-02-25")
    step = desk.rows(milestone)[0]
    assert (step.state, step.met_on) == ("met", "2026-02-25")
    assert desk.find("overdue", "/bridge#plan").state == "done"


def test_what_happened_counts_for_the_promise(desk: Desk) -> None:
    link = desk.remind("ann", "visits#2026")
    page = desk.post(link + "/held", title="Visit of the choir", kind="visit", day="2026-03-01")
    assert "1 of 4" in page and "you will not be asked about it before 1 April 2026" in page


def test_the_number_reached_is_kept_as_people_write_it(desk: Desk) -> None:
    desk.post(desk.link("ann", "overdue", "/fund") + "/measured", value="1 250,5")
    assert [row.value for row in desk.rows(measurement)] == [1250.5]


def test_on_its_way_keeps_quiet_for_a_while(desk: Desk) -> None:
    page = desk.post(desk.link("ann", "overdue", "/survey") + "/on_track", note="The last map is being drawn")
    assert "before 1 April 2026" in page
    assert desk.find("overdue", "/survey").state == "done"
    for ahead in (1, 5, 14, 28):
        assert "north-south/survey" not in desk.morning(TODAY + timedelta(days=ahead)).get("ann", set())
    assert "north-south/survey" in set().union(*(desk.morning(date(2026, 4, 1 + n)).get("ann", set()) for n in (0, 1)))


def test_more_time_moves_the_date_keeps_the_first_and_a_file_does_not_take_it_back(desk: Desk) -> None:
    page = desk.post(desk.link("ann", "overdue", "/survey") + "/more_time", day="2026-05-15", note="High water")
    assert "The date is now 15 May 2026; first promised was 13 February 2026." in page
    desk.post(desk.remind("ann", "survey") + "/more_time", day="2026-06-15")
    with open_unit(desk.engine) as unit:
        again = import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", NOW), TODAY)
    assert again.changes == ()
    row = desk.rows(commitment, commitment.c.reference == "survey")[0]
    assert (row.due, row.first_due) == ("2026-06-15", "2026-02-13")
    moved = desk.rows(log_entry, log_entry.c.subject == "commitment", log_entry.c.action == "amended")
    assert moved[0].changes == {
        "due": ["2026-02-13", "2026-05-15"],
        "first_due": [None, "2026-02-13"],
        "filed_due": [None, "2026-02-13"],
    }
    assert moved[0].why == "High water"


def test_more_time_than_the_agreement_has_is_remarked_where_it_can_be_taken_back(desk: Desk) -> None:
    page = desk.post(desk.link("ann", "overdue", "/survey") + "/more_time", day="2026-09-01")
    assert "It is after the agreement ends: 31 August 2026. Nobody is asked about it then" in page
    assert "Take it back" in page
    page = desk.post(desk.link("ann", "overdue", "/fund") + "/more_time", day="2026-08-31")
    assert "The date is now 31 August 2026" in page and "after the agreement ends" not in page


def test_more_time_for_a_step_than_its_promise_has_is_remarked(desk: Desk) -> None:
    page = desk.post(desk.link("cy", "overdue", "/bridge#plan") + "/more_time", day="2026-05-01")
    assert "It is after the commitment itself is due: 13 February 2026." in page


def test_a_new_date_in_the_file_comes_before_what_was_moved_and_the_first_one_stays(desk: Desk) -> None:
    desk.post(desk.link("ann", "overdue", "/survey") + "/more_time", day="2026-05-15")
    newer = FORM.replace(b"due: 2026-02-13", b"due: 2026-09-30", 1)
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(newer, "north-south.yaml"), Author("test", NOW), TODAY)
    row = desk.rows(commitment, commitment.c.reference == "survey")[0]
    assert (row.due, row.first_due) == ("2026-09-30", "2026-02-13")


def test_what_rests_until_a_saturday_is_said_to_be_asked_again_on_the_monday_when_the_letter_goes(
    desk: Desk,
) -> None:
    desk.morning(date(2026, 3, 3))
    page = desk.post(desk.link("ann", "overdue", "/survey") + "/snooze", day="2026-03-21")
    assert "You will be asked again on 23 March 2026." in page


def test_snoozed_it_comes_back_on_its_day_and_the_ladder_begins_anew(desk: Desk) -> None:
    assert "north-south/survey" in desk.morning(date(2026, 3, 3))["ann"]
    page = desk.post(desk.link("ann", "overdue", "/survey") + "/snooze", day="2026-03-20")
    assert "You will be asked again on 20 March 2026." in page
    told = [desk.morning(date(2026, 3, day)) for day in range(4, 20)]
    assert not any("north-south/survey" in matters for one in told for matters in one.values())
    assert "north-south/survey" in desk.morning(date(2026, 3, 20))["ann"]


def test_who_gets_it_handed_over_is_told_at_once_and_answers_for_it(desk: Desk) -> None:
    page = desk.post(desk.link("ann", "overdue", "/survey") + "/not_me", to="dee")
    assert "Dee is told now and answers for it from here on." in page
    message = desk.rows(notification)[0]
    assert (message.address, message.kind, message.next_at) == ("dee@north.example", "hand_over", NOW)
    assert desk.find("overdue", "/survey").assignee_id == desk.person("dee")
    told = desk.rows(notice, notice.c.kind == "hand_over")[0].decision_reason
    assert told == {"code": "handed_over", "numbers": {"asked": "ann", "on": "2026-03-02"}}
    with open_unit(desk.engine) as unit:
        again = import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", NOW), TODAY)
    assert again.changes == (), "the file that still names Ann does not take it back"
    assert "Dee answers for it now." in desk.get(desk.link("ann", "overdue", "/survey"))


def test_who_handed_it_over_decides_nothing_by_the_link_of_a_former_message(desk: Desk) -> None:
    desk.post(desk.link("ann", "overdue", "/survey") + "/not_me", to="dee")
    former = desk.link("ann", "overdue", "/survey")
    page, before = desk.get(former), desk.rows(commitment)
    assert "Dee answers for it now." in page and "It is done" not in page and "More time" not in page
    for answer in ("done", "more_time", "on_track"):
        desk.client.post(f"{former}/{answer}", data={"mark": "x", "day": "2026-12-01"}, follow_redirects=False)
    assert desk.rows(commitment) == before and not desk.rows(progress_report)
    assert "It is done" in desk.get(desk.link("dee", "overdue", "/survey"))
    assert "It is done" in desk.get(desk.link("cy", "overdue", "/survey")), "a coordinator answers for their side"


def test_the_deputy_of_who_answers_for_it_answers_by_a_message_of_their_own(desk: Desk) -> None:
    page = desk.get(desk.link("dee", "overdue", "/survey"))
    assert "It is done" in page and "answers for it now" not in page, "Ann does not answer, so Dee is told"
    desk.post(desk.link("dee", "overdue", "/survey") + "/done")
    assert desk.rows(progress_report)[-1].contact_id == desk.person("dee")


def test_only_colleagues_in_office_can_be_chosen_the_coordinator_first(desk: Desk) -> None:
    page = desk.get(desk.link("ann", "overdue", "/survey") + "/not_me")
    assert re.findall(r'name="to" value="(\w+)"', page) == ["cy", "dee"]
    assert "Cy (coordinator)" in page
    for who in ("li", "old", "max", "nobody", ""):
        before = desk.snapshot()
        desk.post(desk.link("ann", "overdue", "/survey") + "/not_me", 422, to=who)
        assert desk.snapshot() == before


def test_the_other_side_confirms_or_sends_back(desk: Desk) -> None:
    desk.post(desk.link("ann", "overdue", "/bridge") + "/done")
    link = desk.link("li", "confirmation_asked", "/bridge", "south")
    assert "Ann（North）于2026年3月2日报告：已完成。" in desk.get(link), "nobody confirms what they have not read"
    assert "请说明原因" in desk.post(link + "/send_back", 422)
    desk.post(link + "/send_back", note="The railing is missing")
    assert desk.rows(commitment, commitment.c.reference == "bridge")[0].state == "active"
    page = desk.get(link)
    assert "无需您再办理" in page
    assert "请求确认" not in page and "报告：已完成" not in page, "it is open again"
    desk.clock[0] += timedelta(days=1)
    desk.post(desk.remind("ann", "bridge") + "/done", note="The railing is there now")
    with open_reading(desk.engine) as reading:
        (asked,) = reading.execute(
            select(follow_up.c.id).where(follow_up.c.kind == "confirmation_asked", follow_up.c.state == "open")
        ).scalars()
    link = desk.links.write_answer(Ask(desk.person("li"), follow_up_id=asked)).removeprefix(desk.links.base_url)
    assert "视为已兑现" in desk.post(link + "/confirm")
    assert desk.rows(commitment, commitment.c.reference == "bridge")[0].state == "fulfilled"


def test_an_owner_can_be_named_where_there_is_none(desk: Desk) -> None:
    link = desk.link("cy", "unowned", "/orphan")
    assert "Name who answers for it" in desk.get(link)
    desk.post(link + "/not_me", to="dee")
    assert desk.find("unowned", "/orphan").state == "done"
    assert desk.rows(notification)[0].address == "dee@north.example"


def test_who_is_asked_to_name_an_owner_may_name_themselves(desk: Desk) -> None:
    link = desk.link("cy", "unowned", "/orphan")
    assert 'value="cy"' in desk.get(link + "/not_me")
    assert "You answer for it from here on." in desk.post(link + "/not_me", to="cy")
    assert desk.find("unowned", "/orphan").state == "done"
    assert not desk.rows(notification), "nobody is told what they have just done themselves"


ALONE = b"""
agreement: garden
title: {en: Garden}
kind: memorandum
parties:
  - reference: north
    kind: city
    names: {en: North}
    contacts: [{reference: cy, name: Cy, role: coordinator, channels: {mail: cy@north.example}}]
  - {reference: kafr, kind: region, names: {en: Kafr}}
commitments:
  - {reference: open, summary: Open the garden., kind: deliverable, due: 2027-01-31, owners: [{party: kafr}]}
"""


def test_who_is_asked_for_a_side_that_has_nobody_is_told_whom_to_ask_and_who_can_add_them(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(ALONE, "garden.yaml"), Author("test", NOW), TODAY)
    reconcile_register(desk.engine, NOW, TODAY)
    (asked,) = desk.rows(follow_up, follow_up.c.matter == "garden/open", follow_up.c.kind == "unowned")
    ask = Ask(desk.person("cy"), follow_up_id=asked.id)
    page = desk.get(desk.links.write_answer(ask).removeprefix(desk.links.base_url))
    assert "Ask Kafr who answers for it, and name that person." in page
    assert "Name the person who answers for it." not in page
    assert "Nobody of Kafr who could be named is on record." in page and "Remind me later" in page


def test_a_date_of_the_agreement_is_closed_with_a_note(desk: Desk) -> None:
    desk.clock[0] = datetime(2026, 2, 1, 9, tzinfo=UTC)
    reconcile_register(desk.engine, desk.clock[0], desk.clock[0].date())
    asked = follow_up.c.kind == "notice_deadline", follow_up.c.assignee_id == desk.person("cy")
    (row,) = desk.rows(follow_up, *asked, follow_up.c.state == "open")
    link = desk.links.write_answer(Ask(desk.person("cy"), follow_up_id=row.id)).removeprefix(desk.links.base_url)
    desk.post(link + "/done", note="Spoke with the South")
    closed = desk.rows(follow_up, follow_up.c.id == row.id)[0]
    assert (closed.state, closed.closed_why) == ("done", "Spoke with the South")
    assert closed.closed_by.startswith("cy by link ")


def test_the_link_of_a_reminder_of_an_agreements_date_leads_to_what_is_asked_about_it(desk: Desk) -> None:
    desk.clock[0] = datetime(2026, 2, 1, 9, tzinfo=UTC)
    reconcile_register(desk.engine, desk.clock[0], desk.clock[0].date())
    asked = follow_up.c.kind == "notice_deadline", follow_up.c.assignee_id == desk.person("cy")
    (row,) = desk.rows(follow_up, *asked, follow_up.c.state == "open")
    ask = Ask(desk.person("cy"), matter=row.matter, party_id=row.party_id)
    link = desk.links.write_answer(ask).removeprefix(desk.links.base_url)
    page = desk.get(link)
    assert "Your answer, please" in page and "Nothing is asked of you any more" not in page
    desk.post(link + "/done", note="Spoke with the South")
    assert desk.rows(follow_up, follow_up.c.id == row.id)[0].state == "done"


def test_the_link_of_a_reminder_about_which_nothing_is_asked_yet_says_so(desk: Desk) -> None:
    north = desk.rows(party, party.c.reference == "north")[0].id
    link = desk.links.write_answer(Ask(desk.person("ann"), matter="north-south:expiry", party_id=north))
    page = desk.get(link.removeprefix(desk.links.base_url))
    assert "nothing is asked of you now" in page and "settled" not in page


UNDONE = [("snooze", {"day": "2026-03-20"}), ("more_time", {"day": "2026-05-15"}), ("not_me", {"to": "dee"})]


@pytest.mark.parametrize(("answer", "fields"), UNDONE)
def test_a_decision_can_be_taken_back_at_once(desk: Desk, answer: str, fields: dict[str, str]) -> None:
    before = desk.snapshot()[:4]
    page = desk.post(f"{desk.link('ann', 'overdue', '/survey')}/{answer}", **fields)
    (undo,) = re.findall(r'action="(/answered/[^"]+/undo)"', page)
    assert desk.client.post(undo, follow_redirects=False).status_code == 303
    kept = desk.snapshot()[:4]
    names = ("state", "snoozed_until", "assignee_id", "due_on", "closed_on")
    assert [[getattr(row, name) for name in names] for row in kept[0] if row.key == before[0][0].key] == [
        [getattr(before[0][0], name) for name in names]
    ]
    assert kept[1:] == before[1:]
    assert not [row for row in desk.rows(notification) if row.state == "queued"], "nobody is told of what is taken back"
    again = desk.client.post(undo, follow_redirects=False)
    assert again.status_code == 409 and "can no longer be taken back" in again.text


@pytest.mark.parametrize(("answer", "part"), [("done", "/survey"), ("on_track", "/survey"), ("measured", "/fund")])
def test_what_was_reported_can_be_taken_back_at_once_with_its_number(desk: Desk, answer: str, part: str) -> None:
    before = desk.rows(commitment)
    page = desk.post(
        f"{desk.link('ann', 'overdue', part)}/{answer}", **({"value": "20"} if answer == "measured" else {})
    )
    (undo,) = re.findall(r'action="(/answered/[^"]+/undo)"', page)
    assert desk.client.post(undo, follow_redirects=False).status_code == 303
    assert desk.rows(commitment) == before and desk.find("overdue", part).state == "open"
    assert all(row.withdrawn_on == TODAY for row in [*desk.rows(progress_report), *desk.rows(measurement)])
    again = desk.client.post(undo, follow_redirects=False)
    assert again.status_code == 409 and "can no longer be taken back" in again.text


def test_that_something_was_held_cannot_be_taken_back_by_a_press_only_corrected(desk: Desk) -> None:
    page = desk.post(desk.link("ann", "silent", "/friends") + "/held", title="A walk", kind="visit", day="2026-02-20")
    assert "/undo" not in page


def test_every_answer_is_logged_with_who_and_by_which_link(desk: Desk) -> None:
    link = desk.link("ann", "overdue", "/survey")
    desk.post(link + "/on_track", note="Soon")
    logged = desk.rows(log_entry, log_entry.c.subject == "progress_report")[0]
    assert re.fullmatch(r"ann by link [0-9a-f]{8}", logged.who)
    token = link.rpartition("/")[2]
    assert not [row for row in desk.rows(log_entry) if token in repr(row)], "the log holds no key"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_follows_every_link_changes_nothing(desk: Desk, method: str) -> None:
    ann = desk.person("ann")
    link = desk.link("ann", "overdue", "/survey")
    answers = ["done", "on_track", "more_time", "snooze", "not_me", "confirm"]
    paths = [link, *(f"{link}/{answer}" for answer in answers)]
    paths += [one.removeprefix(desk.links.base_url) for one in
              (desk.links.write_choices(ann), desk.links.write_unsubscribe(ann, "reminder"))]  # fmt: skip
    before = desk.snapshot()
    for path in paths:
        assert desk.client.request(method, path).status_code == 200, path
    assert desk.snapshot() == before


@pytest.mark.parametrize(
    ("answer", "fields", "said"),
    [
        ("snooze", {}, "Please give a day."),
        ("snooze", {"day": "tomorrow"}, "Please give a day."),
        ("snooze", {"day": "2026-03-02"}, "Please give a day after today."),
        ("snooze", {"day": "2028-03-02"}, "not so far ahead"),
        ("more_time", {"day": "2026-01-01"}, "Please give a day after today."),
        ("more_time", {"day": "2099-01-01"}, "not so far ahead"),
        ("on_track", {"note": "x" * 301}, "300 characters"),
        ("not_me", {}, "Please choose one."),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_nothing_is_written(
    desk: Desk, answer: str, fields: dict[str, str], said: str
) -> None:
    before = desk.snapshot()
    page = desk.post(f"{desk.link('ann', 'overdue', '/survey')}/{answer}", 422, **fields)
    assert said in page
    assert desk.snapshot() == before


@pytest.mark.parametrize(
    ("part", "answer", "fields", "said"),
    [
        ("fund", "measured", {"value": "-5"}, "Please give a number of 0 or more."),
        ("fund", "measured", {"value": "9" * 26}, "it is too large"),
        ("friends", "held", {"title": "Visit", "kind": "visit", "day": "1800-01-01"}, "Please check the year."),
        ("friends", "held", {"title": "x" * 301, "kind": "visit", "day": "2026-03-01"}, "300 characters"),
    ],
)
def test_what_the_register_would_refuse_is_said_beside_its_field_and_stays_in_the_form(
    desk: Desk, part: str, answer: str, fields: dict[str, str], said: str
) -> None:
    before = desk.snapshot()
    page = desk.post(f"{desk.remind('ann', part)}/{answer}", 422, **fields)
    assert said in page and "changed meanwhile" not in page
    assert fields.get("value", fields.get("day")) in page
    assert desk.snapshot() == before


def test_what_was_written_stays_in_the_form_when_something_is_missing(desk: Desk) -> None:
    link = desk.link("ann", "overdue", "/bridge#plan")
    page = desk.post(link + "/done", 422, day="2027-01-01", note="Drawn by Bo & Co")
    assert "Drawn by Bo & Co</textarea>" in page and 'value="2027-01-01"' in page


def test_a_link_that_was_used_shows_how_the_matter_stands_today(desk: Desk) -> None:
    link = desk.link("ann", "overdue", "/survey")
    desk.post(link + "/done")
    page = desk.get(link + "/more_time")
    assert "This was answered or settled on 2 March 2026" in page and "Unconfirmed" in page
    assert "<form" not in page
    before = desk.snapshot()
    desk.post(link + "/more_time", 409, day="2026-05-15")
    assert desk.snapshot() == before


def test_two_clicks_on_the_same_button_are_one_answer(desk: Desk) -> None:
    path = desk.remind("ann", "friends") + "/on_track"
    mark = re.search(r'name="mark" value="(\w+)"', desk.get(path))
    assert mark is not None
    said = [desk.client.post(path, data={"mark": mark[1]}, follow_redirects=False) for _ in range(2)]
    assert [one.status_code for one in said] == [303, 303] and len(desk.rows(progress_report)) == 1
    pages = [desk.get(one.headers["location"]) for one in said]
    assert all("Thank you, this is recorded" in page for page in pages)
    assert desk.client.post(path, data={"mark": mark[1], "note": "More"}, follow_redirects=False).status_code == 409


def test_who_answers_twice_that_it_is_anothers_reads_both_times_whose_and_can_take_it_back(desk: Desk) -> None:
    path = desk.link("ann", "overdue", "/survey") + "/not_me"
    form = {"mark": re.search(r'name="mark" value="(\w+)"', desk.get(path))[1], "to": "dee"}  # type: ignore[index]
    said = [desk.client.post(path, data=form, follow_redirects=False) for _ in range(2)]
    pages = [desk.get(one.headers["location"]) for one in said]
    # A link is signed with its second.
    said_of = [re.sub(r"/answered/[^\"]+", "", page) for page in pages]
    assert "Dee" in said_of[1] and "Take it back" in said_of[1] and said_of[1] == said_of[0]


def test_who_answers_after_somebody_else_sees_what_changed_before_anything_is_written(desk: Desk) -> None:
    path = desk.remind("ann", "friends") + "/on_track"
    mark = re.search(r'name="mark" value="(\w+)"', desk.get(path))
    assert mark is not None
    with open_unit(desk.engine) as unit:
        report_progress(unit, Author("cy", NOW), "north-south/friends", "north", None, "at_risk", TODAY)
    answer = desk.client.post(path, data={"mark": mark[1]}, follow_redirects=False)
    assert answer.status_code == 409 and "this has changed meanwhile" in answer.text
    assert "It is done" not in answer.text and "On its way" in answer.text


def _tamper(token: str) -> list[str]:
    head, middle, tail = token.split(".")
    return [
        token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:],
        f"{head}x.{middle}.{tail}",
        f"{head}.{middle}",
        token[:20],
        "x" * 5000,
        "%00",
        "..%2f..",
        "é",
    ]


def test_a_link_that_was_changed_opens_nothing(desk: Desk) -> None:
    token = desk.link("ann", "overdue", "/survey").rpartition("/")[2]
    before = desk.snapshot()
    for changed in _tamper(token):
        assert desk.client.get(f"/answer/{changed}").status_code in (404, 400), changed
        assert desk.client.post(f"/answer/{changed}/on_track", data={"mark": "x"}).status_code in (404, 400)
    assert desk.snapshot() == before


def test_a_link_for_one_purpose_opens_no_other(desk: Desk) -> None:
    ann = desk.person("ann")
    answer = desk.link("ann", "overdue", "/survey").rpartition("/")[2]
    other = desk.links.write_choices(ann).rpartition("/")[2]
    for path in (f"/choices/{answer}", f"/unsubscribe/{answer}", f"/answered/{answer}", f"/answer/{other}"):
        assert "This link does not work" in desk.get(path, 404)


def test_a_link_of_another_house_opens_nothing(desk: Desk) -> None:
    other = Links("https://tally.example", ["another secret of another house"])
    link = other.write_answer(Ask(desk.person("ann"), follow_up_id=1)).removeprefix(other.base_url)
    assert "This link does not work" in desk.get(link, 404)


def test_a_link_whose_time_is_over_says_so_and_shows_nothing_of_the_matter(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = desk.link("ann", "overdue", "/survey")
    later = datetime.now(UTC) + timedelta(days=61)
    monkeypatch.setattr("itsdangerous.timed.time.time", later.timestamp)
    page = desk.get(link, 410)
    assert "This link is too old" in page and "survey" not in page
    before = desk.snapshot()
    desk.client.post(link + "/on_track", data={"mark": "x"})
    assert desk.snapshot() == before


def test_the_short_link_of_a_telephone_leads_to_the_choices_and_expires_like_any(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = desk.person("ann")
    link = desk.links.write_short_choices(ann)
    path = link.removeprefix(desk.links.base_url)
    assert len(path) <= 26
    assert f'action="/choices/{path.rpartition("/")[2]}"' in desk.get(path)
    token = path.rpartition("/")[2]
    assert desk.links.read_choices(token) == ann
    for forged in (token[:-1] + ("A" if token[-1] != "A" else "Q"), "B" + token[1:], token[:8], "", "x"):
        with pytest.raises(LinkInvalid):
            Links("https://t.example", ["another"]).read_choices(forged)
    with pytest.raises(LinkInvalid):
        desk.links.read_choices("B" + token[1:])
    later = time.time() + 62 * 86_400
    monkeypatch.setattr("notifications.links.time.time", lambda: later)
    with pytest.raises(LinkExpired):
        desk.links.read_choices(token)


def test_a_link_of_the_former_secret_is_believed_until_it_is_forgotten(desk: Desk) -> None:
    former, newer = "the former secret, long enough", "the newer secret, long enough"
    link = Links("https://t.example", [former]).write_choices(1).rpartition("/")[2]
    assert Links("https://t.example", [newer, former]).read(Purpose.CHOICES, link) == [1]
    signed_anew = Links("https://t.example", [newer, former]).write_choices(1).rpartition("/")[2]
    assert Links("https://t.example", [newer]).read(Purpose.CHOICES, signed_anew) == [1]


@pytest.mark.parametrize(("who", "sees"), [("max", "This is for you to know"), ("li", "This is for you to know")])
def test_leaders_and_the_other_side_look_and_do_not_answer(desk: Desk, who: str, sees: str) -> None:
    link = desk.link(who, "overdue", "/survey")
    page = desk.get(link)
    assert "<form" not in page and (sees in page or "此事供您知悉" in page)
    before = desk.snapshot()
    desk.post(link + "/on_track", 409)
    assert desk.snapshot() == before


def test_an_answer_that_does_not_fit_is_not_taken(desk: Desk) -> None:
    before = desk.snapshot()
    desk.post(desk.link("ann", "overdue", "/survey") + "/confirm", 409)
    assert desk.client.post(desk.link("ann", "overdue", "/survey") + "/fly").status_code == 400
    assert desk.snapshot() == before


PLAN = b"""  - reference: hall
    summary: Share a concert hall.
    kind: planned
    confirm_by: 2026-02-20
    owners: [{party: north, contact: ann}]
  - reference: books
    summary: Lend each other books.
    kind: open_ended
    period_from: 2025-06
    owners: [{party: north, contact: ann}]
  - reference: fairs
    summary: Hold two fairs a year.
    kind: recurring
    period_from: 2025-01
    recurrence: {every: year, count: 2}
    owners: [{party: north, contact: ann}]
"""


def add_undecided(desk: Desk) -> None:
    """A plan past its day, a promise whose next step nobody has named, and a year that went without its fairs."""
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(FORM + PLAN, "north-south.yaml"), Author("test", NOW), date(2025, 2, 1))
        activity = ("north-south", "A list of books", "exchange", "2025-10-01")
        add_activity(unit, Author("test", NOW), *activity, TODAY, ("north-south/books",))
    reconcile_register(desk.engine, NOW, TODAY)


def name_answers(page: str) -> list[str]:
    return re.findall("<summary>([^<]+)</summary>", page)


def test_a_coordinator_decides_of_a_plan_and_its_owner_names_another_day_or_passes_it_on(desk: Desk) -> None:
    add_undecided(desk)
    decides = ["Confirm it by another day", "Make it a firm commitment", "Drop the plan"]
    rest = ["Remind me later", "Somebody else decides"]
    assert name_answers(desk.get(desk.link("cy", "unconfirmed", "/hall"))) == decides + rest
    owner = desk.link("ann", "unconfirmed", "/hall")
    assert name_answers(desk.get(owner)) == [decides[0], "On its way", *rest]
    assert 'value="cy" checked' in desk.get(owner + "/not_me"), "the coordinator, who can decide"
    desk.post(owner + "/drop", 409, note="No hall")


DECIDED = [
    ("confirm_by", {"day": "2026-09-30"}, "The plan is now to be confirmed by 30 September 2026."),
    ("make_firm", {"day": "2026-11-30"}, "It is a firm commitment now"),
    ("make_firm", {}, "It is a firm commitment now"),
    ("drop", {"note": "The hall was sold"}, "Nobody is reminded of it any more."),
]


@pytest.mark.parametrize(("answer", "fields", "says"), DECIDED)
def test_what_is_decided_of_a_plan_settles_what_was_asked_and_can_be_taken_back(
    desk: Desk, answer: str, fields: dict[str, str], says: str
) -> None:
    add_undecided(desk)
    (before,) = desk.rows(commitment, commitment.c.reference == "hall")
    page = desk.post(f"{desk.link('cy', 'unconfirmed', '/hall')}/{answer}", **fields)
    assert says in page
    assert desk.find("unconfirmed", "/hall").state == "done"
    (row,) = desk.rows(commitment, commitment.c.reference == "hall")
    kind, state = ("deliverable" if fields else "open_ended", "active") if answer == "make_firm" else ("planned", None)
    assert row.kind == kind and row.state == (state or ("withdrawn" if answer == "drop" else "active"))
    assert (row.confirm_by, row.due) == {
        "confirm_by": ("2026-09-30", None), "make_firm": (None, fields.get("day")), "drop": ("2026-02-20", None),
    }[answer]  # fmt: skip
    (undo,) = re.findall(r'action="(/answered/[^"]+/undo)"', page)
    assert desk.client.post(undo, follow_redirects=False).status_code == 303
    (after,) = desk.rows(commitment, commitment.c.reference == "hall")
    assert after == before


def test_a_plan_is_not_dropped_without_a_reason(desk: Desk) -> None:
    add_undecided(desk)
    assert "Please say why." in desk.post(desk.link("cy", "unconfirmed", "/hall") + "/drop", 422)


def test_the_next_step_and_its_date_are_named_behind_the_link_and_watched_from_then_on(desk: Desk) -> None:
    add_undecided(desk)
    link = desk.link("ann", "next_step_missing", "/books")
    assert name_answers(desk.get(link))[0] == "Name the next step"
    refused = desk.post(link + "/next_step", 422)
    assert "Please say what happened." not in refused and "Please say what is next." in refused
    assert "Please give a day." in refused
    page = desk.post(link + "/next_step", title="The second list", day="2026-06-15")
    assert "The next step is recorded" in page
    (step,) = desk.rows(milestone, milestone.c.title == "The second list")
    assert (step.due, step.state) == ("2026-06-15", "scheduled")
    assert desk.find("next_step_missing", "/books").state == "done"


def test_who_is_asked_about_silence_tells_what_happened_or_names_what_is_next(desk: Desk) -> None:
    link = desk.link("ann", "silent", "/friends")
    page = desk.get(link)
    assert "Say what has happened since, or name the next step." in page
    assert name_answers(page)[:2] == ["Something happened", "Name the next step"]
    desk.post(link + "/next_step", title="A visit of the choir", day="2026-06-15")
    assert desk.find("silent", "/friends").state == "done"


def test_of_a_period_that_is_over_it_is_said_what_was_held_in_it_or_why_nothing_was(desk: Desk) -> None:
    add_undecided(desk)
    link = desk.link("ann", "overdue", "/fairs#2025")
    page = desk.get(link)
    assert name_answers(page) == ["Something happened", "It was not held", "Remind me later", "Somebody else"]
    assert "Record what was held, or say why it was not." in page
    assert 'name="day" type="date" value="2025-12-31"' in desk.get(link + "/held"), "it counts for that year"
    assert "Please say why." in desk.post(link + "/not_held", 422)
    assert "Nobody is reminded" in desk.post(link + "/not_held", note="The square was dug up")
    asked = desk.find("overdue", "/fairs#2025")
    assert (asked.state, asked.closed_why) == ("done", "The square was dug up")
    for ahead in (1, 20, 60):
        assert "north-south/fairs#2025" not in desk.morning(TODAY + timedelta(days=ahead)).get("ann", set())


def ask_li_anew(desk: Desk) -> tuple[Any, Any]:
    """The question that closed when the report was taken back, and that about the report made after it."""
    desk.sign_in("ann")
    for _ in range(2):
        desk.act("/agreements/north-south/commitments/survey/report", fulfilled="yes", mark=read_mark(desk))
        report = desk.rows(progress_report)[-1]
        if len(desk.rows(progress_report)) == 1:
            there = f"/agreements/north-south/commitments/survey/reports/{report.reference}/withdraw"
            desk.act(there, why="The wrong survey")
    old, new = desk.rows(follow_up, follow_up.c.kind == "confirmation_asked")
    assert old.closed_why == TAKEN_BACK and new.state == "open"
    return old, new


def read_mark(desk: Desk) -> str:
    page = desk.get("/agreements/north-south/commitments/survey/report")
    return str(re.findall(r'name="mark" value="(\w+)"', page)[0])


def test_the_older_of_two_questions_leads_to_the_one_that_is_open(desk: Desk) -> None:
    old, new = ask_li_anew(desk)
    place = name_place("li@south.example")
    link = desk.links.bind(place).write_answer(Ask(desk.person("li"), old.id)).removeprefix(desk.links.base_url)
    for shown in (link, f"{link}/confirm", f"{link}/send_back"):
        page = desk.get(shown)
        assert "已重新报告" in page and "因此无需确认" not in page
        (way,) = re.findall(r'class="decisions"><a href="([^"]+)"', page)
        assert desk.links.read_ask(way.rpartition("/")[2]) == Ask(desk.person("li"), new.id, place=place)
    desk.post(f"{way}/confirm")
    assert desk.rows(follow_up, follow_up.c.id == new.id)[0].state == "done"
    page = desk.get(link)
    assert 'class="decisions"' not in page and "因此无需确认" in page, "nothing is asked any more"


def test_the_older_of_two_questions_leads_there_for_who_is_signed_in_too(desk: Desk) -> None:
    old, new = ask_li_anew(desk)
    desk.sign_in("li")
    page = desk.get(f"/asked/{old.id}")
    assert f'href="/asked/{new.id}"' in page and "已重新报告" in page
    assert f'action="/asked/{new.id}/confirm"' in desk.get(f"/asked/{new.id}")


def test_who_only_looks_is_not_led_to_what_others_are_asked_by_now(desk: Desk) -> None:
    old, _ = ask_li_anew(desk)
    link = desk.links.write_answer(Ask(desk.person("max"), old.id)).removeprefix(desk.links.base_url)
    assert "taken their report back" in desk.get(link) and 'class="decisions"' not in desk.get(link)


def test_what_another_side_has_answered_or_somebody_changed_since_is_not_offered_to_be_taken_back(desk: Desk) -> None:
    done = read_answered_page(desk, desk.link("ann", "overdue", "/survey") + "/more_time", day="2026-09-01")
    assert "The date is now 1 September 2026" in desk.get(done) and "Take it back" in desk.get(done)
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "survey").values(due="2026-10-01"))
    page = desk.get(done)
    assert "answered or changed by somebody since" in page
    assert "Take it back" not in page and "The date is now" not in page
    assert desk.client.post(f"{done}/undo", follow_redirects=False).status_code == 409


@pytest.mark.parametrize("how", ["confirm", "send_back"])
def test_a_report_is_not_offered_to_be_taken_back_once_it_was_answered(desk: Desk, how: str) -> None:
    done = read_answered_page(desk, desk.link("ann", "overdue", "/survey") + "/done")
    assert "Take it back" in desk.get(done) and "Asked to confirm it: South." in desk.get(done)
    desk.post(f"{desk.link('li', 'confirmation_asked', '/survey', 'south')}/{how}", note="Both have seen it")
    page = desk.get(done)
    assert "answered or changed by somebody since" in page
    assert "Take it back" not in page and "Asked to confirm it" not in page
    desk.sign_in("ann")
    page = desk.get(f"/home?done={done.rpartition('/')[2]}")
    assert "answered or changed by somebody since" in page and 'action="/asked/undo"' not in page


def read_answered_page(desk: Desk, path: str, **fields: str) -> str:
    """Give an answer behind a link; the address of the page that follows."""
    page = desk.client.get(path.rpartition("/")[0]).text
    mark = re.search(r'name="mark" value="(\w+)"', page)
    data = {"mark": mark[1] if mark else "", **fields}
    return str(desk.client.post(path, data=data, follow_redirects=False).headers["location"])


def list_offers(desk: Desk, who: str) -> dict[str, bool]:
    """What the letter of a person tells, and whether it offers to hand it over."""
    with open_reading(desk.engine) as reading:
        rows = reading.execute(select(notification).where(notification.c.contact_id == desk.person(who))).all()
        rules, names = load_rules(reading), load_names(reading)
        messages = compose_messages(reading, rows, rules, names, TODAY, links=desk.links)
    items = [item for message in messages.values() for item in message.items if item.answers]
    for item in items:
        page = desk.get(str(item.answer_link).removeprefix(desk.links.base_url))
        assert {str(one) for one in item.answers} == set(re.findall(r'action="/answer/[^"/]+/(\w+)"', page)), "as there"
    return {f"{item.matter}:{item.follow_up_kind}": Answer.NOT_ME in item.answers for item in items}


def test_a_letter_offers_somebody_else_only_where_the_side_has_somebody_else(desk: Desk) -> None:
    desk.morning(TODAY)
    (alone,) = [has for what, has in list_offers(desk, "li").items() if what == "north-south/bridge:overdue"]
    assert not alone, "she is the South's only person"
    assert list_offers(desk, "ann")["north-south/survey:overdue"]
    (li,) = desk.rows(contact, contact.c.reference == "li")
    more = {"party_id": li.party_id, "channels": {"mail": "x@south.example"}}
    for reference, changed, offered in (
        ("bo", {"role": "leader"}, False),
        ("wu", {"role": "owner", "valid_to": "2025"}, False),
        ("xu", {"role": "owner"}, True),
    ):
        with open_unit(desk.engine) as unit:
            unit.execute(insert(contact).values(reference=reference, name=reference, **more, **changed))
        assert list_offers(desk, "li")["north-south/bridge:overdue"] is offered


def test_a_letter_that_asks_who_answers_for_something_offers_to_name_its_reader(desk: Desk) -> None:
    desk.morning(TODAY)
    assert list_offers(desk, "cy")["north-south/orphan:unowned"]
    others = contact.c.reference.in_(["ann", "dee", "old"])
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(others).values(valid_to="2025-12"))
    assert list_offers(desk, "cy")["north-south/orphan:unowned"], "herself"
