"""The public page of an agreement: what a stranger sees, and what nobody sees who should not."""

import re
from html import unescape

import pytest
from sqlalchemy import insert, update

from commitments.database import open_unit
from commitments.tables import activity, activity_commitment, agreement, commitment, log_entry, milestone
from tests.portal.desk import Desk

PREVIEW = "/agreements/north-south/public"


def publish(desk: Desk, **fields: str) -> None:
    desk.sign_in("cy")
    assert "The page is published." in desk.act(PREVIEW, **fields)
    desk.client.cookies.clear()


def test_a_coordinator_sees_the_page_before_anybody_else_does(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get(PREVIEW)
    assert "Only those who are signed in can read of this agreement." in page
    assert "Hand over the survey." in page and "promised by North" in page
    desk.get("/public/north-south", 404)


def test_a_stranger_reads_what_was_promised_and_how_it_stands(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        row = {"agreement_id": 1, "reference": "v", "title": "Mayor Smith comes", "kind": "visit", "held_on": "2026-01"}
        made = unit.execute(insert(activity).values(**row, count=1, parties=[], note="secret")).inserted_primary_key
        visits = next(one.id for one in desk.rows(commitment) if one.reference == "visits")
        assert made is not None
        unit.execute(insert(activity_commitment).values(activity_id=made[0], commitment_id=visits))
    publish(desk)
    page = desk.get("/public/north-south")
    assert "<h1>Memorandum</h1>" in page and "North and South" in page and "until 31 August 2026" in page
    assert "Overdue" in page and "13 February 2026" in page
    assert "20 February 2026: The plan is drawn" in page
    assert "1 activity is on record, the last: January 2026" in page
    assert "As of 2 March 2026." in page
    assert "Smith" not in page and "secret" not in page  # a title that people write may name a person


def test_a_step_that_was_missed_is_told_as_it_stands_in_public_and_to_its_parties(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(milestone).values(due="2026-02-20", state="scheduled", met_on=None))
    publish(desk)
    page = desk.get("/public/north-south")
    assert re.search(r'20 February 2026: The plan is drawn\s+<span class="chip red">Overdue</span>', page)
    chinese = unescape(desk.client.get("/public/north-south", headers={"Accept-Language": "zh"}).text)
    assert "2026年2月20日：" in chinese
    desk.sign_in("cy")
    assert "The plan is drawn – Overdue" in desk.get("/agreements/north-south")


def test_a_step_whose_date_lies_ahead_is_not_called_overdue(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(milestone).values(due="2026-03-20", state="scheduled", met_on=None))
    publish(desk)
    assert re.search(
        r'20 March 2026: The plan is drawn\s+<span class="chip \w*">Scheduled</span>', desk.get("/public/north-south")
    )
    desk.sign_in("cy")
    assert "The plan is drawn – Scheduled" in desk.get("/agreements/north-south")


def test_a_step_of_what_rests_is_not_called_overdue(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(milestone).values(due="2026-02-20", state="scheduled", met_on=None))
        unit.execute(update(commitment).where(commitment.c.reference == "bridge").values(state="on_hold"))
    publish(desk)
    page = desk.get("/public/north-south")
    assert re.search(r'20 February 2026: The plan is drawn\s+<span class="chip \w*">Scheduled</span>', page)
    desk.sign_in("cy")
    assert "The plan is drawn – Scheduled" in desk.get("/agreements/north-south")


def test_a_stranger_reads_that_a_date_was_moved(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        moved = {"due": "2027-02-28", "first_due": "2026-02-13"}
        unit.execute(update(commitment).where(commitment.c.reference == "survey").values(**moved))
        unit.execute(update(milestone).values(due="2026-05-01", first_due="2026-02-20", state="scheduled", met_on=None))
    publish(desk)
    page = desk.get("/public/north-south")
    assert "(first promised for 13 February 2026)" in page
    assert "1 May 2026: The plan is drawn" in page and "(first promised for 20 February 2026)" in page


def test_no_person_no_note_and_no_address_is_on_it(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(agreement).values(note="private note"))
        unit.execute(update(commitment).values(note="private note", state_reason="private reason"))
    publish(desk)
    raw = desk.client.get("/public/north-south").text
    for one in ("Ann", "Dee", "Cy<", "Max", "Li<", "example", "private", "nobody", "No owner", "Unowned"):
        assert one not in raw, one
    assert "Nobody&#39;s promise." in raw and ">Open<" in raw  # the promise, and not that nobody is named for it
    assert "&lt;b&gt;survey&lt;/b&gt;" in raw
    assert "Open 1<" in raw, "the counts leave none of them out"


def test_strangers_read_it_in_their_language(desk: Desk) -> None:
    publish(desk)
    chinese = desk.client.get("/public/north-south", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert "备忘录" in chinese.text and "承诺方：North" in chinese.text and 'lang="zh-Hans"' in chinese.text
    assert 'href="/public/north-south?language=en"' in chinese.text
    assert "promised by North" in desk.get("/public/north-south?language=en")
    assert "promised by North" in desk.client.get("/public/north-south", headers={"Accept-Language": "de"}).text


def test_the_page_may_be_kept_shortly_and_search_engines_only_list_it_if_it_was_said(desk: Desk) -> None:
    publish(desk)
    answer = desk.client.get("/public/north-south")
    assert answer.headers["cache-control"] == "public, max-age=300" and answer.headers["vary"] == "Accept-Language"
    assert "noindex" in answer.headers["x-robots-tag"] and 'content="noindex"' in answer.text
    assert "set-cookie" not in answer.headers
    desk.sign_in("cy")
    desk.act(PREVIEW, search="1")
    answer = desk.client.get("/public/north-south")
    assert answer.headers["x-robots-tag"] == "all" and "noindex" not in answer.text


def test_a_withdrawn_page_is_gone_and_the_log_says_who_and_why(desk: Desk) -> None:
    publish(desk)
    desk.sign_in("cy")
    assert "The page is withdrawn." in desk.act(f"{PREVIEW}/withdraw", why="Under review")
    desk.get("/public/north-south", 404)
    desk.act(f"{PREVIEW}/withdraw", 409)
    said = desk.rows(log_entry, log_entry.c.subject == "public_page")
    assert [(row.action, row.who, row.why) for row in said] == [
        ("published", "cy", None), ("withdrawn", "cy", "Under review"),
    ]  # fmt: skip
    assert "shown to everybody" in desk.get("/agreements/north-south/history")
    desk.act(PREVIEW)
    desk.get("/public/north-south")


@pytest.mark.parametrize("state", ["never published", "withdrawn"])
def test_what_is_not_published_looks_like_what_does_not_exist(desk: Desk, state: str) -> None:
    if state == "withdrawn":
        publish(desk)
        desk.sign_in("cy")
        desk.act(f"{PREVIEW}/withdraw")
        desk.client.cookies.clear()
    hidden, none = desk.client.get("/public/north-south"), desk.client.get("/public/no-such-agreement")
    assert hidden.status_code == none.status_code == 404
    assert hidden.text == none.text
    kept = ("cache-control", "x-robots-tag", "content-length", "content-type")
    assert [hidden.headers.get(one) for one in kept] == [none.headers.get(one) for one in kept]
    assert hidden.headers["cache-control"] == "no-store"


def test_only_the_coordinators_of_its_parties_publish_an_agreement(desk: Desk) -> None:
    desk.add_elsewhere()
    desk.sign_in("cy")
    for path in ("/agreements/elsewhere/public", "/agreements/elsewhere/public/withdraw"):
        desk.act(path, 404)
    desk.get("/agreements/elsewhere/public", 404)
    for who in ("ann", "max"):
        desk.sign_in(who)
        desk.act(PREVIEW, 403)
        desk.get(PREVIEW, 403)
        assert "Public page" not in desk.get("/agreements/north-south")


def test_nothing_is_published_by_following_a_link(desk: Desk) -> None:
    desk.sign_in("cy")
    desk.get(PREVIEW)
    assert desk.client.get(f"{PREVIEW}/withdraw").status_code in (404, 405)
    desk.get("/public/north-south", 404)


def test_a_page_with_nothing_promised_yet_is_a_page(desk: Desk) -> None:
    publish(desk)
    with desk.write_past_log() as unit:
        unit.execute(update(milestone).values(state="waived"))
        unit.execute(update(commitment).values(state="withdrawn"))
    assert not re.search(r"None|\{\{", desk.get("/public/north-south"))
