"""Home: what a person sees of their day, and answers there."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author, Change, record_changes
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import (
    agreement,
    commitment,
    commitment_owner,
    confirmation,
    contact,
    follow_up,
    log_entry,
    party,
    progress_report,
)
from notifications.links import Ask
from portal import home
from tests.portal.desk import FORM, NOW, TODAY, Desk

COMMITMENTS = "/agreements/north-south/commitments"


def list_asked(page: str) -> list[str]:
    return re.findall(r'<h3 id="asked-\d+"><a href="[^"]+">(?:<span lang="\w+">)?([^<]+)', page)


def answer(desk: Desk, kind: str, part: str, what: str, status: int = 303, party: str = "north", **fields: str) -> str:
    """Press the button on Home, or fill in the form it leads to."""
    asked = desk.find(kind, part, party).id
    page = desk.get("/home") + desk.client.get(f"/asked/{asked}").text
    form = re.search(rf'action="/asked/{asked}/{what}".*?</form>', page, re.S)
    mark = re.search(r'name="mark" value="(\w+)"', form[0] if form else "")
    return desk.act(f"/asked/{asked}/{what}", status, mark=mark[1] if mark else "none", **fields)


def test_what_waits_for_a_person_stands_there_the_worst_first_with_its_reason_and_its_answers(desk: Desk) -> None:
    desk.sign_in("ann")
    page = desk.get("/home")
    asked = list_asked(page)
    assert asked[0] in ("Hand over the survey.", "Build the bridge.", "Raise a fund.") and "Be friends." in asked
    assert asked.index("Hand over the survey.") < asked.index("Be friends.")
    assert "was due by 13 February 2026, 2 weeks ago" in page
    assert "“The North shall hand over the <b>survey</b>.”" in page
    assert "<b>survey" not in desk.client.get("/home").text, "escaped"
    link = f"/asked/{desk.find('overdue', '/survey').id}"
    assert f'<form method="post" action="{link}/done">' in page, "nothing to fill in: one click"
    assert f'href="{link}/snooze">Remind me later' in page, "a day to choose: a page"


def test_one_click_answers_and_home_says_what_it_came_to(desk: Desk) -> None:
    desk.sign_in("ann")
    page = answer(desk, "overdue", "/survey", "on_track")
    assert "you will not be asked about it before 1 April 2026" in page
    assert "Hand over the survey." not in list_asked(page)
    (entry,) = desk.rows(log_entry, log_entry.c.subject == "progress_report")
    assert entry.who == "ann"


def test_the_page_behind_a_button_takes_what_is_to_be_filled_in_and_says_what_is_missing(desk: Desk) -> None:
    desk.sign_in("ann")
    page = desk.get(f"/asked/{desk.find('overdue', '/survey').id}/more_time")
    assert page.index('aria-labelledby="first-') < page.index("<details")
    assert "Please give a day." in answer(desk, "overdue", "/survey", "more_time", 422)
    page = answer(desk, "overdue", "/survey", "more_time", day="2026-05-15")
    assert "The date is now 15 May 2026; first promised was 13 February 2026." in page
    assert desk.rows(commitment, commitment.c.reference == "survey")[0].due == "2026-05-15"


def test_words_in_another_language_than_the_page_say_so_and_those_in_its_own_do_not(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(agreement).where(agreement.c.reference == "north-south").values(title={"zh": "备忘录"}))
        unit.execute(update(commitment).where(commitment.c.reference == "fund").values(summaries={"zh": "设立基金。"}))
    desk.sign_in("cy")
    for page in ("/home", "/agreements", "/agreements/north-south", f"{COMMITMENTS}/survey"):
        shown = desk.get(page)
        assert '<span lang="zh">备忘录</span>' in shown and '<span lang="en">' not in shown, page
    desk.sign_in("li")
    page = desk.get(f"/asked/{desk.find('overdue', '/bridge', 'south').id}")
    assert '<span lang="en">Build the bridge.</span>' in page and 'lang="zh">' not in page
    shown = desk.get("/agreements/north-south")
    assert '<span lang="en">Hand over the survey.</span>' in shown and ">设立基金。</a>" in shown
    assert '<span lang="en">Build the bridge.</span>' in desk.get("/home")


def test_what_was_just_answered_is_taken_back(desk: Desk) -> None:
    desk.sign_in("ann")
    page = answer(desk, "overdue", "/survey", "snooze", day="2026-03-20")
    assert "You will be asked again on 20 March 2026." in page
    done = re.search(r'name="done" value="([^"]+)"', page)
    assert done is not None
    assert "Your answer, please" in desk.act("/asked/undo", done=done[1])
    assert desk.find("overdue", "/survey").snoozed_until is None
    assert "This can no longer be taken back" in desk.act("/asked/undo", 409, done=done[1])


def test_a_confirmation_given_on_home_is_taken_back_and_asked_again(desk: Desk) -> None:
    desk.sign_in("ann")
    answer(desk, "overdue", "/bridge", "done")
    desk.sign_in("li")
    page = answer(desk, "confirmation_asked", "/bridge", "confirm", party="south")
    done = re.search(r'name="done" value="([^"]+)"', page)
    assert done is not None and desk.rows(confirmation)[0].state == "confirmed"
    assert "请您答复" in desk.act("/asked/undo", done=done[1])
    row = desk.rows(confirmation)[0]
    assert (row.state, row.answered_on) == ("asked", None)
    assert desk.find("confirmation_asked", "/bridge", "south").state == "open"
    assert "South尚未确认" in desk.get("/agreements/north-south/commitments/bridge")
    page = answer(desk, "confirmation_asked", "/bridge", "send_back", party="south", note="Not yet")
    assert 'name="done"' not in page, "who made it is told at once: that stands"


def press_ahead(desk: Desk, page: str, link: str, said: str) -> str:
    """Press a button beside one of the dates ahead; gives Home as it follows."""
    form = re.search(rf'action="{link}/{said}".*?</form>', page, re.S)
    mark = re.search(r'name="mark" value="(\w+)"', form[0] if form else "")
    assert mark is not None
    return desk.act(f"{link}/{said}", mark=mark[1])


@pytest.mark.parametrize("said", ["done", "on_track"])
def test_what_was_reported_of_a_date_ahead_is_taken_back_as_soon_as_it_was_given(desk: Desk, said: str) -> None:
    link = "/ahead/north-south/bridge/-"
    home = look_ahead(desk, "ann", 2026, 2, 1)
    before = desk.rows(commitment, commitment.c.reference == "bridge")
    page = press_ahead(desk, home, link, said)
    done = re.search(r'name="done" value="([^"]+)"', page)
    assert done is not None and "Take it back" in page
    assert (desk.rows(commitment, commitment.c.reference == "bridge")[0].state == "fulfilled") is (said == "done")
    assert "Your answer, please" in desk.act("/asked/undo", done=done[1])
    assert desk.rows(commitment, commitment.c.reference == "bridge") == before
    assert [row.withdrawn_on for row in desk.rows(progress_report)] == [date(2026, 2, 1)]
    assert not [row for row in desk.rows(confirmation) if row.state == "asked"], "nobody is asked to confirm it"
    assert "This can no longer be taken back" in desk.act("/asked/undo", 409, done=done[1])
    desk.sign_in("ann")
    assert link in desk.get("/home"), "it lies ahead again"


def test_what_was_reported_as_done_is_taken_back_and_asked_again(desk: Desk) -> None:
    desk.sign_in("ann")
    opened = {row.key for row in desk.rows(follow_up, follow_up.c.state == "open")}
    page = answer(desk, "overdue", "/bridge", "done")
    done = re.search(r'name="done" value="([^"]+)"', page)
    assert done is not None and desk.find("overdue", "/bridge").state != "open"
    assert desk.find("overdue", "/bridge#plan").state != "open", "it lapsed with the promise"
    assert "Your answer, please" in desk.act("/asked/undo", done=done[1])
    assert {row.key for row in desk.rows(follow_up, follow_up.c.state == "open")} == opened


def test_a_report_that_the_other_side_has_confirmed_is_not_taken_back_by_a_press(desk: Desk) -> None:
    desk.sign_in("ann")
    page = answer(desk, "overdue", "/bridge", "done")
    done = re.search(r'name="done" value="([^"]+)"', page)
    desk.sign_in("li")
    answer(desk, "confirmation_asked", "/bridge", "confirm", party="south")
    desk.sign_in("ann")
    assert done is not None and "This can no longer be taken back" in desk.act("/asked/undo", 409, done=done[1])
    assert desk.rows(confirmation)[0].state == "confirmed"


def test_nobody_takes_back_the_answer_of_another(desk: Desk) -> None:
    desk.sign_in("ann")
    page = answer(desk, "overdue", "/survey", "snooze", day="2026-03-20")
    done = re.search(r'name="done" value="([^"]+)"', page)
    desk.sign_in("cy")
    assert done is not None and "This link does not work" in desk.act("/asked/undo", 404, done=done[1])
    assert "20 March" not in desk.get(f"/home?done={done[1]}")


def test_two_clicks_are_one_answer(desk: Desk) -> None:
    desk.sign_in("ann")
    asked, page = desk.find("overdue", "/survey").id, desk.get("/home")
    form = re.search(rf'action="/asked/{asked}/on_track".*?</form>', page, re.S)
    mark = re.search(r'name="mark" value="(\w+)"', form[0] if form else "")
    assert mark is not None
    first = desk.act(f"/asked/{asked}/on_track", mark=mark[1])
    second = desk.act(f"/asked/{asked}/on_track", mark=mark[1])
    told = [re.sub(r"[\w-]{20,}[.][\w.-]+", "", page) for page in (first, second)]  # a link is signed with its second
    assert told[1] == told[0] and "Nothing was recorded" not in second, "what the first has come to"
    assert "Nothing is asked of you any more" in desk.act(f"/asked/{asked}/on_track", 409, mark=mark[1], note="More")
    assert len(desk.rows(progress_report)) == 1


def test_done_by_one_side_is_read_and_confirmed_by_the_other_on_its_home(desk: Desk) -> None:
    desk.sign_in("ann")
    answer(desk, "overdue", "/bridge", "done", note="Opened on Sunday")
    desk.sign_in("li")
    asked = desk.find("confirmation_asked", "/bridge", "south").id
    for page in (desk.get("/home"), desk.get(f"/asked/{asked}")):
        assert "Ann（North）于2026年3月2日报告：已完成。" in page and "“Opened on Sunday”" in page
    assert list_asked(desk.get("/home"))[0], "what another waits for comes first"
    assert desk.get("/home").index(f"/asked/{asked}") < desk.get("/home").index("本周变化")
    answer(desk, "confirmation_asked", "/bridge", "confirm", party="south")
    assert desk.find("confirmation_asked", "/bridge", "south").state == "done"


@pytest.mark.parametrize("who", ["dee", "li", "old"])
def test_what_is_asked_of_others_is_not_there(desk: Desk, who: str) -> None:
    if who == "old":
        desk.add_elsewhere()
        who = "zoe"
    desk.sign_in(who)
    asked = desk.find("unowned", "/orphan").id
    assert desk.client.get(f"/asked/{asked}").status_code == 404
    before = desk.snapshot()
    assert (
        desk.client.post(f"/asked/{asked}/snooze", data={"token": desk.token(), "day": "2026-03-20"}).status_code == 404
    )
    assert desk.snapshot() == before


def test_a_coordinator_answers_for_their_own_side_and_not_for_the_other(desk: Desk) -> None:
    desk.sign_in("cy")
    assert desk.client.get(f"/asked/{desk.find('overdue', '/survey').id}").status_code == 200
    assert desk.client.get(f"/asked/{desk.find('overdue', '/bridge', 'south').id}").status_code == 404


def test_a_leader_looks_and_answers_nothing(desk: Desk) -> None:
    desk.sign_in("max")
    page = desk.get("/home")
    assert "Nothing is asked of you." in page and "Memorandum" in page
    asked = desk.find("overdue", "/survey").id
    assert desk.client.post(f"/asked/{asked}/done", data={"token": desk.token()}).status_code == 403


def test_a_coordinator_of_whom_nothing_is_asked_sees_what_waits_for_their_owners(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(follow_up).where(follow_up.c.assignee_id == desk.person("cy")).values(state="done"))
    desk.sign_in("cy")
    page = desk.get("/home")
    assert "Nothing is asked of you." in page
    others = page[page.index("What waits for others") : page.index("What changed this week")]
    waiting = [row for row in desk.rows(follow_up) if row.state == "open" and row.assignee_id == desk.person("ann")]
    assert f"{len(waiting)} questions wait for others on your side." in others
    assert f'<a href="/people/ann">Ann ({len(waiting)})</a>' in others and "Li" not in others, "the other side's"
    assert f'<a href="{COMMITMENTS}/survey">Hand over the survey.</a>' in others, "the most urgent, with the way there"
    assert "Ann · answer by" in others and "Be friends." not in others, "only a few of them"
    person = desk.get("/people/ann")
    assert f'<a href="{COMMITMENTS}/friends">Be friends.</a>' in person, "all of them on the page of the person"


def test_what_an_owner_put_off_until_later_does_not_wait_for_them_now(desk: Desk) -> None:
    desk.sign_in("cy")
    before = re.search(r"(\d+) questions wait for others", desk.get("/home"))
    desk.sign_in("ann")
    answer(desk, "overdue", "/survey", "snooze", day="2026-03-20")
    desk.sign_in("cy")
    after = re.search(r"(\d+) questions wait for others", desk.get("/home"))
    assert before is not None and after is not None and int(after[1]) == int(before[1]) - 1


@pytest.mark.parametrize(("who", "links"), [("max", False), ("li", None), ("ann", None), ("dee", None)], ids=str)
def test_what_waits_for_others_is_for_who_coordinates_or_leads_their_side(
    desk: Desk, who: str, links: bool | None
) -> None:
    desk.sign_in(who)
    page = desk.get("/home")
    assert ('id="asked-of-others"' in page) is (links is not None)
    if links is not None:
        assert ('href="/people/ann"' in page) is links and "Ann (" in page


def test_dates_ahead_stand_there_with_a_way_to_answer_early(desk: Desk) -> None:
    dates = look_ahead(desk, "ann", 2026, 2, 1)
    assert "Your dates in the next 30 days" in dates
    assert "13 February 2026" in dates and "in 12 days" in dates and "The plan is drawn" in dates
    link = re.search(r'href="(/ahead/[^"]+)">Hand over the survey', dates)
    assert link is not None
    page = desk.get(link[1])
    assert "Hand over the survey." in page and "Back to Home" in page and 'href="/calendar"' in page, "in the frame"


def look_ahead(desk: Desk, who: str, *day: int) -> str:
    """What a person's Home says of the coming days, where nothing is asked yet."""
    with open_unit(desk.engine) as unit:
        unit.execute(update(follow_up).values(state="done"))
    desk.clock[0] = datetime(*day, 9, tzinfo=UTC)  # type: ignore[misc]
    desk.sign_in(who)
    page = desk.get("/home")
    return page[page.index('id="ahead"') : page.index("What changed this week")]


def test_a_period_that_is_no_calendar_year_is_answered_from_home_like_any_other(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        yearly = {"every": "year", "count": 4, "starts": "2024-04-01"}
        unit.execute(update(commitment).where(commitment.c.reference == "visits").values(recurrence=yearly))
    home = look_ahead(desk, "ann", 2026, 3, 10)
    link = "/ahead/north-south/visits/2025-04-01_2026-03-31"
    assert f'href="{link}"' in home
    for page in (link, f"{link}/held"):
        assert "Visit each other four times a year." in desk.get(page)
    assert "Back to Home" in desk.get(link)
    press_ahead(desk, home, link, "on_track")
    assert desk.rows(progress_report)[-1].rating == "on_track"


def test_a_coordinator_sees_the_agreements_expiry_ahead_with_its_chip_its_reason_and_the_way_to_it(desk: Desk) -> None:
    dates = look_ahead(desk, "cy", 2026, 8, 8)
    assert "31 August 2026" in dates and "in 3 weeks" in dates and ">Expiry</a>" in dates
    assert '<span class="chip amber">Due soon</span> the agreement expires on 31 August 2026' in dates
    assert 'href="/agreements/north-south">Memorandum</a>' in dates
    assert "Expiry" not in look_ahead(desk, "ann", 2026, 8, 8), "which is a coordinator's matter"


def test_a_coordinator_answers_an_owners_date_ahead_from_home_and_takes_it_back(desk: Desk) -> None:
    dates = look_ahead(desk, "cy", 2026, 2, 1)
    assert "Your side's dates in the next 30 days" in dates
    link = "/ahead/north-south/survey/-"
    assert f'href="{link}">Hand over the survey.</a>' in dates and "due by 13 February 2026, in 12 days" in dates
    form = re.search(rf'action="{link}/on_track".*?</form>', dates, re.S)
    mark = re.search(r'name="mark" value="(\w+)"', form[0] if form else "")
    assert mark is not None and f'href="{link}/more_time">' in dates
    assert "you will not be asked about it before" in desk.act(f"{link}/on_track", mark=mark[1])
    assert len(desk.rows(progress_report)) == 1
    page = desk.get(f"{link}/more_time")
    mark = re.search(rf'action="{link}/more_time".*?name="mark" value="(\w+)"', page, re.S)
    assert mark is not None and "Please give a day." in desk.act(f"{link}/more_time", 422, mark=mark[1])
    page = desk.act(f"{link}/more_time", mark=mark[1], day="2026-05-15")
    done = re.search(r'name="done" value="([^"]+)"', page)
    assert done is not None and "The date is now 15 May 2026" in page
    assert "Your answer, please" in desk.act("/asked/undo", done=done[1])
    assert desk.rows(commitment, commitment.c.reference == "survey")[0].due == "2026-02-13"


def test_a_date_is_said_once_where_it_is_asked_about_already(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(agreement).values(expires=None))
    desk.clock[0] = datetime(2026, 12, 20, 9, tzinfo=UTC)
    desk.sign_in("cy")
    page = desk.get("/home")
    assert "Nobody's promise." in list_asked(page)
    ahead = page[page.index('id="ahead"') : page.index("What changed this week")]
    assert "31 December 2026" in ahead and "Nobody's promise." not in ahead


def test_of_many_dates_ahead_the_nearest_stand_there_and_the_calendar_has_the_rest(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).values(due="2026-04-15", state="active", kind="deliverable"))
    dates = look_ahead(desk, "cy", 2026, 4, 1)
    assert dates.count("15 April 2026</strong>") == 6
    assert 'href="/calendar?party=north&whose=all"' in dates


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("ann", "/ahead/north-south/survey/nonsense"),
        ("ann", "/ahead/north-south/nonsense/-"),
        ("ann", "/ahead/nonsense/survey/-"),
        ("ann", "/ahead/north-south/orphan/-"),
        ("li", "/ahead/north-south/survey/-"),
    ],
    ids=str,
)
def test_what_is_not_ones_own_sides_is_not_answered_ahead(desk: Desk, who: str, address: str) -> None:
    desk.sign_in(who)
    assert desk.client.get(address).status_code == 404
    assert desk.client.post(f"{address}/on_track", data={"token": desk.token()}).status_code == 404


def test_what_others_changed_this_week_is_said_in_words(desk: Desk) -> None:
    desk.clock[0] = NOW + timedelta(days=9)
    desk.sign_in("ann")
    answer(desk, "overdue", "/survey", "on_track")
    desk.sign_in("cy")
    assert "Hand over the survey" in desk.get("/home").partition("What changed this week")[2]


def test_what_was_done_under_an_agreement_of_this_week_is_told_beside_that_it_is_new(desk: Desk) -> None:
    desk.clock[0] = NOW + timedelta(hours=1)
    desk.sign_in("ann")
    answer(desk, "overdue", "/survey", "on_track")
    desk.sign_in("cy")
    week = desk.get("/home").partition("What changed this week")[2].partition("How the agreements stand")[0]
    assert "Hand over the survey" in week and week.count("<li>") == 2, (
        "what came with the agreement is no news of its own"
    )


def test_what_no_longer_finds_room_in_the_week_is_led_to_in_the_histories(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.clock[0] = NOW + timedelta(hours=1)
    desk.sign_in("ann")
    answer(desk, "overdue", "/survey", "on_track")
    assert "the history tells of it" not in desk.get("/home")
    monkeypatch.setattr(home, "NEWS_SHOWN", 1)
    page = desk.get("/home")
    assert re.search(r'and 1 more; the history[^<]*<a href="/agreements/north-south/history">Memorandum</a>', page)


def test_of_what_was_amended_the_rest_is_counted_and_led_to_as_well(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "NEWS_SHOWN", 2)
    for number in range(1, 6):
        amend_words(desk, number, Author("cy", NOW + timedelta(seconds=number)))
    desk.clock[0] = NOW + timedelta(hours=1)
    desk.sign_in("cy")
    page = desk.get("/home")
    assert re.search(r'and 3 more; the histories[^<]*<a href="/agreements/north-south/history">Memorandum</a>', page)


def amend_words(desk: Desk, number: int, author: Author) -> None:
    with open_unit(desk.engine) as unit:
        changes = {"summary": ("Build.", f"Build {number}.")}
        record_changes(unit, author, [Change("amended", "commitment", number, "x", 1, changes)])


def test_a_hand_over_of_many_is_one_line_of_the_week(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        (ben,) = unit.execute(select(contact.c.id).where(contact.c.reference == "cy")).scalars()
        owned = unit.execute(select(commitment_owner.c.id)).scalars().all()
        author = Author("ann", NOW + timedelta(seconds=1))
        passed, later = {"contact_id": (1, ben)}, NOW + timedelta(seconds=5)
        record_changes(unit, author, [Change("amended", "commitment_owner", one, "x", 1, passed) for one in owned])
        record_changes(unit, Author("ann", later), [Change("amended", "commitment_owner", owned[0], "x", 1, passed)])
    desk.clock[0] = NOW + timedelta(hours=1)
    desk.sign_in("cy")
    week = desk.get("/home").partition("What changed this week")[2].partition("</section>")[0]
    assert week.count("handed over to") == 1 and week.count("somebody else answers for it") == 1
    assert f"{len(owned)} commitments handed over to Cy" in week
    assert 'href="/agreements/north-south/history"' in week


def test_the_agreements_stand_there_by_what_is_worst_under_them(desk: Desk) -> None:
    desk.add_elsewhere()
    desk.sign_in("cy")
    page = desk.get("/home").partition("How the agreements stand")[2]
    assert "1 agreement" in page and "Overdue 1" in page and "Memorandum" in page
    assert "Between two others" not in desk.get("/home")
    assert re.search(r"\d+ open follow-ups", page)


def test_a_moved_date_other_words_another_owner_and_a_new_commitment_are_news(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        for subject, reference, action, changes in (
            ("commitment", "survey", "amended", {"due": ["2026-02-13", "2026-05-31"]}),
            ("commitment", "bridge", "amended", {"summary": ["Build.", "Build the bridge."]}),
            ("commitment", "friends", "registered", {}),
            ("commitment", "fund", "amended", {"state": ["active", "waived"]}),
            ("commitment_owner", "visits", "amended", {"contact_id": [1, 2]}),
            ("agreement", "north-south", "amended", {"note": [None, "x"]}),
            ("public_page", "north-south", "published", {}),
        ):
            table = agreement if subject in ("agreement", "public_page") else commitment
            row_id = unit.execute(select(table.c.id).where(table.c.reference == reference)).scalar_one()
            if subject == "commitment_owner":
                own = commitment_owner.c.commitment_id == row_id
                row_id = unit.execute(select(commitment_owner.c.id).where(own)).scalars().first()
            pairs = {name: (old, new) for name, (old, new) in changes.items()}
            told = Change(action, subject, int(row_id or 0), reference, 1, pairs)
            record_changes(unit, Author("cy", NOW + timedelta(seconds=1)), [told])
    desk.clock[0] = NOW + timedelta(hours=1)
    desk.sign_in("cy")
    news = desk.get("/home").partition("What changed this week")[2].partition("</section>")[0]
    assert "now due 31 May 2026, before: 13 February 2026" in news
    for said in ("its words or terms were changed", "a new commitment", "somebody else answers for it",
                 "the agreement was changed", "shown to everybody"):  # fmt: skip
        assert news.count(said) == 1, said
    assert "/commitments/fund" not in news


def test_the_number_of_statements_does_not_grow_with_the_register(
    desk: Desk, count_statements: Callable[..., Any]
) -> None:
    desk.sign_in("ann")
    with count_statements(desk.engine) as few:
        before = len(list_asked(desk.get("/home")))
    with open_unit(desk.engine) as unit:
        for number in range(6):
            form = FORM.replace(b"agreement: north-south", b"agreement: again-%d" % number)
            import_agreement(unit, parse_agreement(form, "again.yaml"), Author("test", NOW), TODAY)
    reconcile_register(desk.engine, NOW, TODAY)
    with count_statements(desk.engine) as many:
        page = desk.get("/home")
    assert len(list_asked(page)) == 20 > before and "1–20 of " in page and 'href="/home?page=2"' in page
    assert many.total == few.total


def make_plan(desk: Desk) -> None:
    """Turn the survey into a plan that should have been confirmed, and judge it."""
    with open_unit(desk.engine) as unit:
        survey = commitment.c.reference == "survey"
        unit.execute(update(commitment).where(survey).values(kind="planned", confirm_by="2026-02-13", due=None))
    reconcile_register(desk.engine, NOW, TODAY)


def test_a_plan_asks_its_coordinator_to_confirm_it_make_it_firm_or_drop_it_and_never_to_say_that_it_is_done(
    desk: Desk,
) -> None:
    make_plan(desk)
    link = f"/asked/{desk.find('unconfirmed', '/survey').id}"
    desk.sign_in("cy")
    page = desk.get(link)
    for answer in ("confirm_by", "make_firm", "drop"):
        assert f'action="{link}/{answer}"' in page
    assert "Make it a firm commitment" in page and "Drop the plan" in page and "It is done" not in page
    desk.sign_in("ann")
    home = desk.get("/home")
    assert f"{link}/on_track" in home and f"{link}/done" not in home
    mail = desk.link("ann", "unconfirmed", "/survey")
    assert "It is done" not in desk.get(mail)
    assert desk.client.post(f"{mail}/done", data={"mark": "x"}).status_code == 409
    assert desk.rows(commitment, commitment.c.reference == "survey")[0].state == "active"


def test_an_agreement_without_activity_asks_for_what_happened_or_what_becomes_of_it(desk: Desk) -> None:
    (asked,) = desk.rows(follow_up, follow_up.c.kind == "dormant", follow_up.c.assignee_id == desk.person("cy"))
    desk.sign_in("cy")
    for page in (desk.get(f"/asked/{asked.id}"), desk.get("/home")):
        assert "No activity for a long time" in page and f"/asked/{asked.id}/done" in page
        assert "Keep it as it is" in page
        assert 'href="/record?agreement=north-south"' in page
        assert 'href="/agreements/north-south/edit">Change or end the agreement' in page
        assert "Remind me later" in page


def test_an_agreement_without_activity_is_kept_as_it_is_with_a_note_and_not_asked_about_again(desk: Desk) -> None:
    (asked,) = desk.rows(follow_up, follow_up.c.kind == "dormant", follow_up.c.assignee_id == desk.person("cy"))
    link = desk.links.write_answer(Ask(desk.person("cy"), follow_up_id=asked.id)).removeprefix(desk.links.base_url)
    form = desk.get(f"{link}/done")
    assert 'name="day" type="date" value="2027-03-02"' in form, "a year is offered"
    assert "At most five years ahead: until 6 March 2031." in form
    missing = desk.post(f"{link}/done", 422)
    assert "Please say why." in missing and "Please give a day." in missing
    note = "The archive is being rebuilt"
    assert "Please give a day after today." in desk.post(f"{link}/done", 422, note=note, day="2026-03-02")
    assert "Please give a day that is not so far ahead." in desk.post(f"{link}/done", 422, note=note, day="2031-03-07")
    page = desk.post(f"{link}/done", note=note, day="2026-06-30")
    assert "Nobody is asked about it again before 1 July 2026." in page
    (closed,) = desk.rows(follow_up, follow_up.c.id == asked.id)
    assert (closed.state, closed.closed_why) == ("done", note)
    (other,) = desk.rows(follow_up, follow_up.c.kind == "dormant", follow_up.c.assignee_id == desk.person("li"))
    assert (other.state, other.closed_why) == ("done", "kept as it is until 2026-06-30"), "it holds for both sides"
    for day in (TODAY + timedelta(days=60), date(2026, 6, 30)):
        assert not [who for who, told in desk.morning(day).items() if "north-south:dormancy" in told]
    desk.sign_in("cy")
    told = "left as it is until 30 June 2026, though nothing has happened since 1 January 2024: The archive"
    assert "until 30 June 2026, though nothing happens: The archive is being rebuilt" in desk.get(
        "/agreements/north-south"
    )
    assert told in desk.get("/agreements") and told in desk.get("/agreements/north-south/brief")
    assert "left as it is until 30 June 2026 (The archive is being rebuilt)" in desk.get(
        "/agreements/north-south/forecast"
    )
    assert "left as it is" in desk.get("/agreements/north-south/history")
    assert "north-south:dormancy" in desk.morning(date(2026, 7, 1)).get("cy", set()), "and then it is asked anew"


def test_that_it_is_left_as_it_is_can_be_taken_back_at_once(desk: Desk) -> None:
    (asked,) = desk.rows(follow_up, follow_up.c.kind == "dormant", follow_up.c.assignee_id == desk.person("cy"))
    link = desk.links.write_answer(Ask(desk.person("cy"), follow_up_id=asked.id)).removeprefix(desk.links.base_url)
    mark = desk.get(f"{link}/done").split('name="mark" value="')[1].split('"')[0]
    answered = desk.client.post(
        f"{link}/done", data={"mark": mark, "note": "It rests", "day": "2026-06-30"}, follow_redirects=False
    )
    undo = desk.client.post(f"{answered.headers['location']}/undo", follow_redirects=False)
    assert undo.status_code == 303
    rows = desk.rows(follow_up, follow_up.c.kind == "dormant")
    assert {row.state for row in rows} == {"open"}, "both sides are asked again"
    assert desk.rows(agreement)[0].kept_until is None


def test_what_is_asked_leads_to_its_commitment_and_its_agreement(desk: Desk) -> None:
    desk.sign_in("ann")
    for page in (desk.get("/home"), desk.get(f"/asked/{desk.find('overdue', '/survey').id}")):
        assert f'href="{COMMITMENTS}/survey"' in page and 'href="/agreements/north-south">Memorandum</a>' in page


def test_a_step_that_waits_for_others_is_named_by_its_own_words(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get("/home")
    others = page[page.index("What waits for others") : page.index("What changed this week")]
    assert others.count("Build the bridge.") <= 1
    assert "The plan is drawn" in desk.get("/people/ann")


def be_alone(desk: Desk) -> None:
    """A coordinator of a party without any agreement."""
    with open_unit(desk.engine) as unit:
        lone = {"reference": "lone", "kind": "city", "names": {"en": "Lone"}, "country": "GB"}
        party_id = unit.execute(insert(party).values(lone).returning(party.c.id)).scalar_one()
        person = {"reference": "una", "name": "Una", "party_id": party_id, "role": "coordinator"}
        unit.execute(insert(contact).values(**person, channels={"mail": "una@lone.example"}))
    desk.sign_in("una")


@pytest.mark.parametrize("path", ["/home", "/agreements", "/record", "/brief"])
def test_where_there_is_no_agreement_yet_each_page_offers_the_first_step_and_nothing_that_leads_nowhere(
    desk: Desk, path: str
) -> None:
    be_alone(desk)
    page = desk.get(path)
    assert "There is no agreement here yet. Register the first" in page
    assert 'href="/register">Register an agreement' in page and 'href="/register/files">Bring a file' in page
    for other in (
        "Record what happened</a>",
        "No agreement is found.",
        "Under which agreement",
        'name="q"',
        'id="f-party"',
    ):
        assert other not in page, other


def test_who_sees_agreements_is_offered_to_record_and_no_first_step(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "Record what happened" in desk.get("/home") and "Register the first" not in desk.get("/home")
    assert "No agreement is found." in desk.get("/agreements?q=nowhere")


def test_a_plan_that_nobody_answers_for_can_still_be_decided_beside_naming_somebody(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        plan = commitment.c.reference == "orphan"
        unit.execute(update(commitment).where(plan).values(kind="planned", due=None, confirm_by="2026-12-31"))
    reconcile_register(desk.engine, NOW, TODAY)
    desk.sign_in("cy")
    ways = unescape(desk.get("/home")).partition("Nobody's promise.")[2].partition("</section>")[0]
    for way in ("Add a person", "Confirm it by another day", "Make it a firm commitment", "Drop the plan"):
        assert f">{way}<" in ways, way
