"""The calendar of dates, and the feed by which a calendar program reads them."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import insert, update

from commitments.database import open_unit
from commitments.tables import agreement, commitment, contact, log_entry, milestone, occurrence, policy
from notifications.dates_file import write_feed
from portal.guards import READS_OF_A_FEED
from portal.tables import feed
from tests.portal.desk import NOW, Desk


def set_dates(desk: Desk, **dates: str | None) -> None:
    """Give commitments other due dates."""
    with desk.write_past_log() as unit:
        for reference, due in dates.items():
            unit.execute(update(commitment).where(commitment.c.reference == reference).values(due=due))


def make_feed(desk: Desk, who: str, whose: str = "own") -> str:
    desk.sign_in(who)
    page = desk.act("/calendar/feed", 200, whose=whose)
    found = re.search(r"https://tally\.example(/feed/[\w-]+\.ics\?whose=\w+)", page)
    assert found
    return found[1]


def read_feed(desk: Desk, path: str) -> dict[str, Any]:
    desk.client.cookies.clear()
    answer = desk.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    return {str(one["SUMMARY"]): one for one in Calendar.from_ical(answer.content).walk("VEVENT")}


@pytest.mark.parametrize(
    ("month", "shown", "not_shown"),
    [
        ("2026-02", ["Hand over the survey.", "The plan is drawn", "Raise a fund.", "Notice"], ["Nobody's promise."]),
        ("2026-03", ["No date lies in this month."], ["survey"]),
        ("2026-08", ["Expiry"], ["survey"]),
        ("2026-12", ["Nobody's promise.", "Visit each other four times a year.", "End of 2026"], ["survey"]),
        ("2027-12", ["No date lies in this month."], ["End of 2027"]),
        ("nonsense", ["March 2026"], []),
        ("9999-12", ["December 9999"], []),
    ],
)
def test_a_month_shows_what_falls_due_in_it(desk: Desk, month: str, shown: list[str], not_shown: list[str]) -> None:
    desk.sign_in("cy")
    page = desk.get(f"/calendar?month={month}")
    for one in shown:
        assert one in page, one
    for one in not_shown:
        assert one not in page, one


def test_a_date_known_as_a_month_or_year_stands_at_its_end_and_says_so(desk: Desk) -> None:
    set_dates(desk, survey="2026-09", orphan="2027")
    desk.sign_in("cy")
    page = desk.get("/calendar?month=2026-09")
    assert "Wednesday, 30 September 2026" in page and "Due: September 2026" in page
    assert "Due: 2027" in desk.get("/calendar?month=2027-12")
    assert "Nobody's" not in desk.get("/calendar?month=2027-11")


def test_what_is_met_settled_waived_or_ended_has_no_date(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(milestone).values(state="met", met_on="2026-02-01"))
        unit.execute(update(commitment).where(commitment.c.reference == "survey").values(state="fulfilled"))
        visits = next(row.id for row in desk.rows(commitment) if row.reference == "visits")
        unit.execute(insert(occurrence).values(commitment_id=visits, period="2026", state="waived"))
    desk.sign_in("cy")
    page = desk.get("/calendar?month=2026-02")
    assert "The plan is drawn" not in page and "survey" not in page and "Raise a fund." in page
    assert "Visit each other" not in desk.get("/calendar?month=2026-12")
    with desk.write_past_log() as unit:
        unit.execute(update(agreement).values(ended="2026-01"))
    assert "No date lies in this month." in desk.get("/calendar?month=2026-02")


def test_who_owns_sees_their_own_first_and_can_see_all(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "orphan").values(due="2026-02-27"))
    desk.sign_in("dee")  # who stands in for Ann
    page = desk.get("/calendar?month=2026-02")
    assert "Hand over the survey." in page and "Nobody's promise." not in page and "Notice" not in page
    assert "Nobody's promise." in desk.get("/calendar?month=2026-02&whose=all")
    desk.sign_in("cy")
    assert "Hand over the survey." not in desk.get("/calendar?month=2026-02&whose=own")


def test_the_list_is_narrowed_by_party_and_by_agreement(desk: Desk) -> None:
    desk.sign_in("cy")
    south = desk.get("/calendar?month=2026-02&party=south")
    assert "Build the bridge." in south and "survey" not in south
    assert "survey" in desk.get("/calendar?month=2026-02&agreement=north-south")
    assert "No date lies in this month." in desk.get("/calendar?month=2026-02&agreement=elsewhere")


def test_dates_of_others_are_not_seen(desk: Desk) -> None:
    desk.add_elsewhere()
    with desk.write_past_log() as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "theirs").values(due="2026-02-20"))
    desk.sign_in("cy")
    assert "Theirs alone." not in desk.get("/calendar?month=2026-02")


def test_a_feed_holds_the_dates_for_which_its_person_answers(desk: Desk) -> None:
    path = make_feed(desk, "ann")
    events = read_feed(desk, path)
    assert "Hand over the survey." in events and "Nobody's promise." not in events
    survey = events["Hand over the survey."]
    assert survey["DTSTART"].dt.isoformat() == "2026-02-13"
    assert str(survey["URL"]) == "https://tally.example/agreements/north-south/commitments/survey"
    of_coordinator = read_feed(desk, make_feed(desk, "cy"))
    assert any(one.startswith("Expiry") for one in of_coordinator)
    assert "Hand over the survey." not in of_coordinator


@pytest.mark.parametrize(
    ("who", "whose", "shown", "not_shown"),
    [
        ("ann", "own", {"survey", "bridge"}, {"orphan", "north-south"}),
        ("cy", "own", {"north-south"}, {"survey", "bridge", "orphan"}),
        ("cy", "side", {"survey", "bridge", "orphan", "north-south"}, set()),
        ("li", "side", {"bridge", "north-south"}, {"survey", "orphan"}),
        ("max", "own", set(), {"survey", "bridge", "orphan", "north-south"}),
        ("max", "side", {"survey", "bridge", "orphan", "north-south"}, set()),
        ("li", "all", {"survey", "bridge", "orphan", "north-south"}, set()),
    ],
    ids=[
        "who owns follows their own dates",
        "who coordinates has the agreement's for their own",
        "and follows those of their side",
        "as the other side's coordinator those of theirs",
        "who reads has none of their own",
        "and follows their side's",
        "or all that one sees",
    ],
)
def test_a_feed_holds_the_dates_that_were_chosen(
    desk: Desk, who: str, whose: str, shown: set[str], not_shown: set[str]
) -> None:
    events = {str(one["URL"]).rpartition("/")[2] for one in read_feed(desk, make_feed(desk, who, whose)).values()}
    assert shown <= events
    assert not not_shown & events


@pytest.mark.parametrize(("who", "usual"), [("ann", "own"), ("cy", "side"), ("max", "side")])
def test_a_feed_is_offered_with_the_dates_that_its_person_most_likely_wants(desk: Desk, who: str, usual: str) -> None:
    desk.sign_in(who)
    assert re.search(rf'name="whose".*<option value="{usual}" selected', desk.client.get("/calendar").text, re.DOTALL)


def test_an_address_of_before_there_was_a_choice_holds_ones_own_dates(desk: Desk) -> None:
    path = make_feed(desk, "cy", "side").partition("?")[0]
    assert "Hand over the survey." not in read_feed(desk, path)


def test_the_calendar_shows_the_dates_of_ones_side(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get("/calendar?month=2026-02&whose=side")
    assert "Hand over the survey." in page
    desk.sign_in("li")
    page = desk.get("/calendar?month=2026-02&whose=side")
    assert "Build the bridge." in page and "Hand over the survey." not in page


def test_a_feed_reads_and_does_nothing_else(desk: Desk) -> None:
    path = make_feed(desk, "ann")
    before = desk.snapshot()
    read_feed(desk, path)
    assert desk.client.post(path).status_code == 405
    desk.get("/home", 303)  # its key opens no page
    assert desk.snapshot() == before


def test_the_key_of_a_feed_is_kept_nowhere(desk: Desk) -> None:
    path = make_feed(desk, "ann")
    key = path.removeprefix("/feed/").partition(".ics")[0]
    for table in (feed, log_entry):
        assert key not in str(desk.rows(table))
    desk.sign_in("ann")
    assert key not in desk.get("/calendar") and "You have an address since" in desk.get("/calendar")


def test_a_new_address_ends_the_old_one_and_a_feed_can_be_ended(desk: Desk) -> None:
    first = make_feed(desk, "ann")
    second = make_feed(desk, "ann")
    desk.get(first, 404)
    read_feed(desk, second)
    desk.sign_in("ann")
    assert "The feed is ended" in desk.act("/calendar/feed/end")
    desk.get(second, 404)


@pytest.mark.parametrize("path", ["/feed/x.ics", "/feed/.ics", "/feed/" + "a" * 43 + ".ics"])
def test_a_made_up_key_opens_nothing(desk: Desk, path: str) -> None:
    make_feed(desk, "ann")
    desk.get(path, 404)


def test_a_feed_ends_with_the_office(desk: Desk) -> None:
    path = make_feed(desk, "ann")
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "ann").values(valid_to="2026-02"))
    desk.get(path, 404)


def test_one_feed_is_read_so_often_and_no_more(desk: Desk) -> None:
    path = make_feed(desk, "ann")
    answers = [desk.client.get(path).status_code for _ in range(READS_OF_A_FEED + 1)]
    assert answers == [200] * READS_OF_A_FEED + [429]
    assert desk.client.get("/sign-in").status_code == 200


@pytest.mark.parametrize(
    ("dates", "month", "day"),
    [
        ({}, "2024-07", "1 July 2024"),  # in force from 1 January 2024, and six months to confirm
        ({"period_from": "2025-11"}, "2026-05", "31 May 2026"),
        ({"due": "2026-09"}, "2026-09", "the end of September 2026"),
        ({"period_to": "2026"}, "2026-12", "the end of 2026"),
        ({"confirm_by": "2026-04-10"}, "2026-04", "10 April 2026"),
    ],
    ids=["its agreement", "its period", "its date", "its last day", "its own"],
)
def test_a_plan_stands_on_the_day_by_which_it_is_to_be_confirmed_also_where_none_is_stated(
    desk: Desk, dates: dict[str, str], month: str, day: str
) -> None:
    with desk.write_past_log() as unit:
        row = commitment.c.reference == "friends"
        unit.execute(update(commitment).where(row).values(kind="planned", **dates))
    desk.sign_in("cy")
    page = desk.get(f"/calendar?month={month}")
    assert "Be friends." in page and "to be confirmed" in page.lower()
    assert day in desk.get("/agreements/north-south/commitments/friends"), "the same as on its own page"
    for other in {"2024-06", "2024-08", "2026-04", "2026-06", "2026-10", "2027-01"} - {month}:
        assert "Be friends." not in desk.get(f"/calendar?month={other}")


def test_the_day_by_which_a_plan_is_to_be_confirmed_follows_from_the_rules_and_comes_in_the_feed(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "friends").values(kind="planned"))
        unit.execute(insert(policy).values(scope="north-south", rules={"confirm_within_months": 30}))
    path = make_feed(desk, "ann")
    assert "Be friends." in desk.get("/calendar?month=2026-07")
    (said,) = [one for title, one in read_feed(desk, path).items() if "Be friends." in title]
    assert said["DTSTART"].dt.isoformat() == "2026-07-01"


def test_the_calendar_reads_by_the_same_number_of_statements(desk: Desk, count_statements: Any) -> None:
    desk.sign_in("cy")
    desk.get("/calendar?month=2026-02")
    with count_statements(desk.engine) as few:
        desk.get("/calendar?month=2026-02")
    survey = next(row.id for row in desk.rows(commitment) if row.reference == "survey")
    with open_unit(desk.engine) as unit:
        for number in range(40):
            row = {"commitment_id": survey, "reference": f"m{number}", "title": f"Step {number}", "titles": {}}
            unit.execute(
                insert(milestone).values(**row, due="2026-02-20", state="scheduled", registered_on=desk.clock[0].date())
            )
    with count_statements(desk.engine) as many:
        page = desk.get("/calendar?month=2026-02")
    assert many.total == few.total and "Step 39" in page


def add_steps(desk: Desk, due: str, number: int, first: int = 0) -> None:
    """Give the survey many steps that are due on one day."""
    survey = next(row.id for row in desk.rows(commitment) if row.reference == "survey")
    row = {
        "commitment_id": survey,
        "titles": {},
        "due": due,
        "state": "scheduled",
        "registered_on": desk.clock[0].date(),
    }
    with open_unit(desk.engine) as unit:
        unit.execute(
            insert(milestone),
            [{**row, "reference": f"m{one}", "title": f"Step {one}"} for one in range(first, first + number)],
        )


def test_of_a_crowded_month_each_day_shows_its_first_dates_and_says_how_many_more_there_are(desk: Desk) -> None:
    add_steps(desk, "2026-02-18", 320)
    desk.sign_in("cy")
    page = desk.get("/calendar?month=2026-02&party=north")
    found = re.search(r'href="(/calendar\?[^"]+)">and 312 more<span class="unseen">: ([^<]+)<', page)
    assert found and found[2] == "Wednesday, 18 February 2026"
    assert len(re.findall(r"Step \d+</a>", page)) == 8 and "Hand over the survey." in page  # of another day
    day = desk.get(found[1].replace("&amp;", "&"))
    assert "Wednesday, 18 February 2026 · 320 dates" in day and "1–50 of 320" in day
    assert "Hand over the survey." not in day and "All of February 2026" in day


def test_a_month_with_few_enough_dates_shows_them_all(desk: Desk) -> None:
    add_steps(desk, "2026-02-20", 60)
    desk.sign_in("cy")
    page = desk.get("/calendar?month=2026-02")
    assert len(re.findall(r"Step \d+</a>", page)) == 60 and "more" not in page.partition("</h1>")[2].partition("own")[0]


def test_the_pages_of_a_day_show_each_of_its_dates_once(desk: Desk) -> None:
    add_steps(desk, "2026-02-20", 120)
    desk.sign_in("cy")
    pages = [desk.get(f"/calendar?day=2026-02-20&page={number}") for number in (1, 2, 3)]
    shown = [one for page in pages for one in re.findall(r">(Step \d+)<", page)]
    assert sorted(shown) == sorted(f"Step {number}" for number in range(120))
    assert "Next page" not in pages[2] and "No date lies on this day." in desk.get("/calendar?day=2026-02-21")


def test_a_day_that_is_none_leads_to_this_month(desk: Desk) -> None:
    desk.sign_in("cy")
    for day in ("2026-02-30", "today", "2026-1-1"):
        assert "No date lies on this day." not in desk.get(f"/calendar?day={day}")


def test_a_date_known_as_a_month_stands_on_the_page_of_its_last_day_alone(desk: Desk) -> None:
    set_dates(desk, survey="2026-09", orphan="2027")
    desk.sign_in("cy")
    assert "Hand over the survey." in desk.get("/calendar?day=2026-09-30")
    assert "Hand over the survey." not in desk.get("/calendar?day=2026-09-29")
    assert "Nobody's promise." in desk.get("/calendar?day=2027-12-31")
    assert "Nobody's promise." not in desk.get("/calendar?day=2027-12-30")


def test_the_clock_moves_the_feed(desk: Desk) -> None:
    path = make_feed(desk, "ann")
    desk.clock[0] += timedelta(days=60)
    assert "Hand over the survey." not in read_feed(desk, path)


def test_from_a_month_without_a_date_a_link_leads_to_the_next_one_that_has_some(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get("/calendar?month=2026-04")
    assert "No date lies in this month." in page
    found = re.search(r'href="(/calendar\?month=[\d-]+)">The next date lies in ([\w ]+)<', page)
    assert found and "No date lies in this month." not in desk.get(found[1])
    assert "The next date lies" not in desk.get("/calendar?month=2026-04&agreement=nowhere")


@pytest.mark.parametrize("page", ["/calendar", "/messages"])
def test_an_agreement_is_chosen_by_its_title_and_its_reference_still_stands_in_the_address(
    desk: Desk, page: str
) -> None:
    desk.add_elsewhere()
    desk.sign_in("cy")
    shown = desk.get(f"{page}?agreement=north-south")
    assert '<option value="north-south" selected>Memorandum</option>' in shown
    assert "Between two others" not in shown and 'value="elsewhere"' not in shown


def test_a_feed_without_dates_is_a_calendar_all_the_same() -> None:
    empty = write_feed((), name="Dates", host="tally.example", now=NOW).decode().splitlines()
    assert empty[0] == "BEGIN:VCALENDAR" and empty[-1] == "END:VCALENDAR"
    assert "BEGIN:VTIMEZONE" in empty and "END:VTIMEZONE" in empty, "RFC 5545 asks for at least one part"


def read_sheet(page: str) -> list[list[str]]:
    """The weeks of the month's sheet, each day as the text of its cell."""
    sheet = re.search(r'<table class="month">.*?</table>', page, re.DOTALL)
    assert sheet
    weeks = re.findall(r"<tr>(.*?)</tr>", sheet[0], re.DOTALL)[1:]
    return [[html_text(cell) for cell in re.findall(r"<td.*?</td>", week, re.DOTALL)] for week in weeks]


def html_text(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", markup).split())


def test_a_month_is_seen_as_a_sheet_of_weeks_from_monday_whose_days_lead_to_their_dates(desk: Desk) -> None:
    set_dates(desk, survey="2026-02-13", orphan="2026-02-13", bridge="2026-02-13")
    desk.sign_in("cy")
    page = desk.get("/calendar?month=2026-02")
    weeks = read_sheet(page)
    assert [len(week) for week in weeks] == [7, 7, 7, 7, 7]
    assert weeks[0] == [""] * 6 + ["1"] and weeks[4][:5] == ["23", "24", "25", "26", "27"]
    assert weeks[4][5] == "28 : 1 date Notice deadline" and not weeks[4][6]
    assert re.fullmatch(r"13 : (\d) dates .* \+2", weeks[2][4]), weeks[2][4]
    assert 'href="#day-2026-02-13"' in page and 'id="day-2026-02-13"' in page
    assert "<abbr" in page and page.index("Monday") < page.index("Sunday")


def test_today_is_marked_in_the_sheet_of_its_month_alone(desk: Desk) -> None:
    set_dates(desk, survey=f"{NOW:%Y-%m}-28", orphan="2026-05-12")
    desk.sign_in("cy")
    marked = re.findall(r'<td aria-current="date">(.*?)</td>', desk.get(f"/calendar?month={NOW:%Y-%m}"), re.DOTALL)
    assert [html_text(one).split()[0] for one in marked] == [str(NOW.day)]
    assert 'aria-current="date"' not in desk.get("/calendar?month=2026-05")


def test_a_month_without_dates_and_a_single_day_show_no_sheet(desk: Desk) -> None:
    desk.sign_in("cy")
    for address in ("/calendar?month=2026-03", "/calendar?day=2026-02-13"):
        assert 'class="month"' not in desk.get(address)


@pytest.mark.parametrize(
    ("month", "on", "shown"),
    [
        ("2026-12", "2026-03-02", True),
        ("2027-12", "2026-03-02", False),
        ("2026-12", "2026-09-01", False),
        ("2025-12", "2026-09-01", True),
    ],
    ids=[
        "the year in which the agreement ends is ahead of it",
        "a year after its end is none",
        "once it has ended nothing is ahead",
        "what was over by then stands where it stood",
    ],
)
def test_periods_end_with_their_agreement(desk: Desk, month: str, on: str, shown: bool) -> None:
    desk.clock[0] = datetime.fromisoformat(f"{on}T09:00:00+00:00")
    desk.sign_in("cy")
    assert ("Visit each other four times a year." in desk.get(f"/calendar?month={month}")) == shown


def test_an_agreement_that_expired_years_ago_has_no_dates_ahead_and_no_new_missed_periods(desk: Desk) -> None:
    desk.clock[0] = datetime.fromisoformat("2031-01-10T09:00:00+00:00")
    desk.sign_in("cy")
    for page in (
        "/agreements/north-south",
        "/agreements/north-south/commitments/visits",
        "/agreements/north-south/brief",
    ):
        read = desk.get(page)
        assert "held in 2030" not in read and "in 2027" not in read and "months left" not in read, page
