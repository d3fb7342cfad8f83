"""What people see of agreements, commitments and messages."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event, insert, select, update

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author, Change, record_changes
from commitments.register import import_agreement
from commitments.tables import (
    activity,
    activity_commitment,
    agreement,
    commitment,
    measurement,
    milestone,
    progress_report,
)
from notifications.forecast import forecast_agreement, forecast_messages
from notifications.languages import load_words
from notifications.planning import plan_messages
from notifications.tables import attempt, notice, notification
from portal.pictures import DateWriters, Held, Lane, Moment, draw_periods, draw_timeline, find_silences
from portal.telling import tell_moment
from portal.viewing import list_declared
from tests.portal.desk import ELSEWHERE, FORM, NOW, TODAY, Desk
from tests.portal.pages import ELSEWHERE_ANSWERED, list_addresses, list_files, list_open_addresses

PAGES = [
    "/agreements",
    "/agreements?q=survey&party=south&kind=memorandum&standing=overdue&silence=12&sort=silence&page=1",
    "/agreements/north-south",
    "/agreements/north-south/history",
    "/agreements/north-south/forecast",
    *(
        f"/agreements/north-south/commitments/{one}"
        for one in ("survey", "bridge", "visits", "fund", "friends", "orphan")
    ),
    "/messages",
    "/messages?show=unsent",
]


@contextmanager
def count_statements(engine: Engine) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("who", ["cy", "li"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_shown_in_english_and_in_chinese(desk: Desk, path: str, who: str) -> None:
    desk.sign_in(who)
    page = desk.get(path)
    assert ("协议" in page) is (who == "li")


@pytest.mark.parametrize("path", [page for page in PAGES if "/north-south" in page])
def test_an_agreement_of_others_is_no_page_at_all(desk: Desk, path: str) -> None:
    desk.add_elsewhere()
    desk.sign_in("cy")
    desk.get(path.replace("north-south", "elsewhere"), 404)
    assert "Between two others" not in desk.get("/agreements")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("q=memorandum", True),
        ("q=备忘录", True),
        ("q=SURVEY+hand", True),
        ("q=north-south", True),
        ("q=South", True),
        ("q=100%25", False),
        ("q=nowhere", False),
        ("party=south", True),
        ("party=east", False),
        ("kind=memorandum", True),
        ("kind=contract", False),
        ("kind=nonsense", True),
        ("standing=overdue", True),
        ("standing=on_track", False),
        ("standing=silent", True),
        ("worst=overdue", True),
        ("worst=silent", False),
        ("worst=nonsense", True),
        ("theme=culture", False),
        ("silence=12", True),
        ("sort=title", True),
        ("sort=expiry", True),
        ("sort=newest", True),
        ("sort=silence", True),
        ("page=2", False),
        ("page=-1&sort=x", True),
    ],
)
def test_a_filter_in_the_address_narrows_the_list(desk: Desk, query: str, found: bool) -> None:
    desk.sign_in("cy")
    assert ('href="/agreements/north-south"' in desk.get(f"/agreements?{query}")) is found


@pytest.mark.parametrize(
    ("due", "found"),
    [("2026-03-20", "due_soon"), ("2026-03", "due_soon"), ("2026-04-01", "due_soon"), ("2026-12-31", "on_track")],
)
def test_an_agreement_with_a_date_that_is_near_is_found_as_due_soon(desk: Desk, due: str, found: str) -> None:
    near = ELSEWHERE.replace(b"kind: open_ended", f"kind: deliverable, due: {due}".encode())
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(near, "elsewhere.yaml"), Author("test", NOW), TODAY)
    desk.sign_in("zoe")
    listed = {
        one for one in ("due_soon", "on_track") if "/agreements/elsewhere" in desk.get(f"/agreements?standing={one}")
    }
    assert listed == {found}
    assert f'href="/agreements?worst={found}"' in desk.client.get("/home").text


def test_what_was_heard_lately_is_not_silent(desk: Desk) -> None:
    held(desk, "2026-01-15")
    desk.sign_in("cy")
    assert "/agreements/north-south" not in desk.get("/agreements?silence=6").replace("/agreements?", "")


def test_of_many_commitments_the_page_of_an_agreement_shows_fifty_and_leads_to_the_others(desk: Desk) -> None:
    desk.sign_in("cy")
    assert 'class="pages"' not in desk.get("/agreements/north-south")
    grow_agreement(desk, *range(10))
    first, last = desk.get("/agreements/north-south"), desk.get("/agreements/north-south?page=2")
    assert "1–50 of 66" in first and 'href="/agreements/north-south?page=2#commitments"' in first
    assert "51–66 of 66" in last and 'href="/agreements/north-south#commitments"' in last
    shown = [set(re.findall(r'href="(/agreements/north-south/commitments/[\w-]+)">', page)) for page in (first, last)]
    assert (len(shown[0]), len(shown[1]), shown[0] & shown[1]) == (50, 16, set())
    assert (
        "Deliverable (33)" in first and "Open-ended (11)" in last and "Deliverable" not in last.split("Dates ahead")[1]
    )
    assert desk.get("/agreements/north-south?page=99").count("/commitments/") == last.count("/commitments/")


def held(desk: Desk, *days: str, prefix: str = "visit") -> None:
    with open_unit(desk.engine) as unit:
        visits = next(row for row in desk.rows(commitment) if row.reference == "visits")
        for number, day in enumerate(days):
            reference, title = f"{prefix}-{number}", f"Visit <{number}>"
            values = {"agreement_id": visits.agreement_id, "reference": reference, "title": title}
            new = unit.execute(
                insert(activity).values(**values, kind="visit", held_on=day, count=1, parties=["north"], place="Town")
            ).inserted_primary_key
            assert new is not None
            unit.execute(insert(activity_commitment).values(activity_id=new[0], commitment_id=visits.id))


def test_an_agreement_says_how_it_stands_and_who_owes_what(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get("/agreements/north-south")
    assert page.index("Overdue") < page.index("On track") or "On track" not in page
    assert "Deliverable (3)" in page and "Recurring (1)" in page
    assert "North (Ann); South (Li)" in page
    assert "the agreement expires on 31 August 2026" in page
    assert "<svg" in page and "Timeline: " in page
    assert "Who owes and has delivered what" in page
    figures = desk.client.get("/agreements/north-south").text.partition("Who owes and has delivered what")[2]
    assert 'data-label="Still to confirm"' in figures, "on a phone each figure says what it is"
    assert "Agreement “Memorandum”: recorded" in desk.get("/agreements/north-south/history?page=1") + page


def test_who_owes_what_leaves_out_what_was_waived_or_withdrawn(desk: Desk) -> None:
    desk.sign_in("cy")

    def owed(page: str) -> list[str]:
        return re.findall(r'data-label="Owes">(\d+)<', page.partition("Who owes and has delivered what")[2])

    before = owed(desk.client.get("/agreements/north-south").text)
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "bridge").values(state="withdrawn"))
        unit.execute(update(commitment).where(commitment.c.reference == "survey").values(state="waived"))
    after = owed(desk.client.get("/agreements/north-south").text)
    assert [int(had) - int(has) for had, has in zip(before, after, strict=True)] == [2, 1]


def test_the_next_date_of_what_recurs_lies_ahead_once_this_periods_is_over(desk: Desk) -> None:
    yearly = {"every": "year", "count": 1, "months": [2]}
    with desk.write_past_log() as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "visits").values(recurrence=yearly))
        unit.execute(update(agreement).values(expires=None))
    desk.sign_in("cy")
    for path in ("/agreements/north-south", "/brief?party=south"):
        ahead = desk.get(path).partition("Dates ahead")[2]
        assert "28 February 2027" in ahead, path


def test_a_commitment_shows_its_sentence_escaped(desk: Desk) -> None:
    desk.sign_in("cy")
    raw = desk.client.get("/agreements/north-south/commitments/survey").text
    assert "&lt;b&gt;survey&lt;/b&gt;" in raw and "<b>survey</b>" not in raw


def test_a_recurring_commitment_shows_how_many_were_held_in_each_period(desk: Desk) -> None:
    held(desk, "2026-01-15", "2026-02", "2025-05-01")
    desk.sign_in("cy")
    page = desk.get("/agreements/north-south/commitments/visits")
    assert "2 of 4 in 2026" in page and "1 of 4 in 2025" in page
    assert "Visit <0>" in page


def test_a_target_shows_the_way_to_it(desk: Desk) -> None:
    fund = next(row for row in desk.rows(commitment) if row.reference == "fund")
    with open_unit(desk.engine) as unit:
        unit.execute(
            insert(measurement).values(commitment_id=fund.id, reference="one", measured_on="2026-01", value=120.0)
        )
    desk.sign_in("cy")
    page = desk.get("/agreements/north-south/commitments/fund")
    assert "120 euros" in page and "at least 500 euros" in page and 'class="aim"' in page


def test_the_log_of_messages_says_what_was_told_to_whom_and_why(desk: Desk) -> None:
    plan_messages(desk.engine, NOW, TODAY, domain="tally.example")
    desk.sign_in("cy")
    page = desk.get("/messages?q=ann")
    assert "Ann" in page and "Queued" in page and "follow-up opened on 2 March 2026" in page
    assert "No message is found." in desk.get("/messages?q=nobody")
    assert "No message is found." in desk.get("/messages?show=failed")
    assert "Ann" in desk.get("/agreements/north-south")


@pytest.mark.parametrize(
    ("who", "text", "found"),
    [
        ("cy", "ann@north", True),
        ("cy", "li@south", False),
        ("cy", "li", True),
        ("li", "li@south", True),
        ("li", "ann@", False),
        ("li", "north.example", False),
        ("li", "Ann", True),
    ],
)
def test_the_log_finds_a_person_by_name_and_only_those_of_ones_own_side_by_their_address(
    desk: Desk, who: str, text: str, found: bool
) -> None:
    plan_messages(desk.engine, NOW, TODAY, domain="tally.example")
    desk.sign_in(who)
    shown = desk.get(f"/messages?q={text}")
    assert ("No message is found." not in shown and "没有找到消息" not in shown) is found


@pytest.mark.parametrize("address", [None, "https://prefect.example"])
def test_a_message_leads_to_the_run_that_sent_it_where_it_is_known_where_runs_are_seen(
    desk: Desk, address: str | None
) -> None:
    plan_messages(desk.engine, NOW, TODAY, domain="tally.example")
    sent, by_hand = desk.rows(notification)[:2]
    with open_unit(desk.engine) as unit:
        for message_id, run in ((sent.id, "f00d"), (by_hand.id, None)):
            row = {"notification_id": message_id, "number": 1, "started_at": NOW, "worker": "w", "run": run}
            unit.execute(insert(attempt).values(**row))
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"prefect_ui_url": address}))
    desk.sign_in("cy")
    page = desk.get("/messages")
    assert page.count("The run that sent it") == (1 if address else 0)
    assert ('href="https://prefect.example/runs/flow-run/f00d"' in page) is bool(address)


def test_the_log_leaves_out_messages_about_agreements_of_others(desk: Desk) -> None:
    desk.add_elsewhere()
    desk.morning(date(2028, 3, 2))
    desk.sign_in("cy")
    assert "Zoe" not in desk.get("/messages")


def test_a_foreseen_message_is_told_as_on_the_day_on_which_it_is_read_and_names_the_milestone(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(milestone).where(milestone.c.reference == "plan").values(due="2026-03-20"))
    desk.sign_in("cy")
    page = desk.get("/agreements/north-south/forecast")
    assert "The plan is drawn (Build the bridge): due by 20 March 2026, in 7 days; reminder 7 days before" in page
    assert "The plan is drawn (Build the bridge): due by 20 March 2026, today; reminder on the day itself" in page
    assert not re.search(r"in (\d+) days; reminder (?!\1 )\d+ days? before", page)
    told = list(forecast_messages(desk.engine, desk.settings, desk.clock[0], 30))
    by_portal = list(forecast_agreement(desk.engine, desk.settings, desk.clock[0], 30, 1))
    for found in (told, by_portal):
        told_of = [one for each in found for one in each.reasons if one["matter"].endswith("plan")]
        ahead = [one for one in told_of if one["why"]["code"] == "lead_reached"]
        days = [(one["standing"]["numbers"]["days"], one["why"]["numbers"]["days"]) for one in ahead]
        assert days and all(left == before for left, before in days)


def test_the_forecast_tells_the_coming_messages_and_writes_nothing(desk: Desk) -> None:
    before = desk.snapshot()
    desk.sign_in("cy")
    page = desk.get("/agreements/north-south/forecast")
    assert "Ann" in page and "Nothing will be sent." not in page
    assert desk.snapshot() == before


def test_a_forecast_that_fails_on_the_way_says_so_and_ends_as_a_page(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = []

    def fail(*_: object, **__: object) -> None:
        played.append(1)
        if len(played) > 1:
            raise OSError("no space left")

    desk.sign_in("cy")
    whole = desk.get("/agreements/north-south/forecast")
    monkeypatch.setattr("portal.forecasting.tell_moment", lambda *said: fail() or tell_moment(*said))
    page = desk.get("/agreements/north-south/forecast")
    assert "The rest could not be worked out." in page and "</html>" in page
    assert len(page) < len(whole) and "no space left" not in page


def test_the_timeline_says_of_which_promise_a_party_reported(desk: Desk) -> None:
    (survey,) = desk.rows(commitment, commitment.c.reference == "survey")
    values = {"commitment_id": survey.id, "reference": "r-1", "party_id": 1, "reported_on": TODAY, "rating": "at_risk"}
    with open_unit(desk.engine) as unit:
        unit.execute(insert(progress_report).values(**values, fulfilled=False))
    desk.sign_in("cy")
    assert "North reported: At risk, of “Hand over the survey”" in desk.get("/agreements/north-south")


def add_agreements(desk: Desk, *numbers: int) -> None:
    """So many more agreements, each with twice as many promises that are owed and asked for, and what was done."""
    for number in numbers:
        form = FORM.replace(b"agreement: north-south", f"agreement: more-{number}".encode())
        more = form.partition(b"commitments:")[2].replace(b"reference: ", b"reference: second-")
        more = more.replace(b"second-plan", b"plan")
        with open_unit(desk.engine) as unit:
            import_agreement(unit, parse_agreement(form + more.lstrip(b"\n"), "more.yaml"), Author("cy", NOW), TODAY)
    with open_unit(desk.engine) as unit:
        for row in desk.rows(commitment):
            reports = progress_report.c.commitment_id == row.id
            place = len(desk.rows(progress_report, reports))
            values = {"commitment_id": row.id, "reference": f"r-{place}", "party_id": 1, "reported_on": TODAY}
            made = unit.execute(insert(progress_report).values(**values, rating="at_risk", fulfilled=False))
            assert made.inserted_primary_key is not None
            entry = Change("registered", "progress_report", made.inserted_primary_key[0], "r", row.agreement_id)
            record_changes(unit, Author("cy", NOW), [entry])
    held(desk, *(f"2026-01-{day + 1:02d}" for day in range(len(numbers))), prefix=f"held-{numbers[0]}")
    desk.morning(desk.clock[0].date() + timedelta(days=1))
    plan_messages(desk.engine, desk.clock[0], desk.clock[0].date(), domain="tally.example")


def grow_agreement(desk: Desk, *numbers: int) -> None:
    """So many times more promises, milestones and all, under the agreement that the pages are about."""
    promises = FORM.partition(b"commitments:")[2].lstrip(b"\n")
    grown = FORM + b"".join(
        promises.replace(b"reference: ", f"reference: own-{one}-".encode()).replace(f"own-{one}-plan".encode(), b"plan")
        for one in numbers
    )
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(grown, "grown.yaml"), Author("cy", NOW), TODAY)


def count_each(desk: Desk) -> dict[str, int]:
    """The statements of every page and file, by its address without what is drawn anew each time."""
    counts: dict[str, int] = {}
    addresses = [*list_addresses(desk), *list_files(desk), *list_open_addresses(desk, "cy")]
    for at, address in enumerate(one for one in addresses if one not in ELSEWHERE_ANSWERED):
        assert desk.client.get(address).status_code == 200, address
        with count_statements(desk.engine) as said:
            desk.client.get(address)
        path = re.sub(r"/(\d+|[\w.-]{40,})(?=/|\.ics|$)", "/…", address)
        counts[f"{at} {path}"] = len(said)
    return counts


def test_no_page_asks_the_database_more_often_when_there_is_more_on_record(desk: Desk) -> None:
    desk.sign_in("cy")
    add_agreements(desk, 1, 2)
    grow_agreement(desk, 0)
    few = count_each(desk)
    add_agreements(desk, *range(3, 23))
    grow_agreement(desk, *range(10))
    many = count_each(desk)
    assert {one: (number, many[one]) for one, number in few.items() if many[one] != number} == {}


def test_every_page_and_file_is_among_those_whose_statements_are_counted(desk: Desk) -> None:
    desk.sign_in("cy")
    walked = [
        one.partition("?")[0] for one in (*list_addresses(desk), *list_files(desk), *list_open_addresses(desk, "cy"))
    ]
    app: FastAPI = desk.client.app  # type: ignore[assignment]
    routes = {path for path, methods, _ in list_declared(app) if "GET" in methods} - ELSEWHERE_ANSWERED
    patterns = {one: re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(one)) for one in routes}
    left_out = {one for one, pattern in patterns.items() if not any(re.fullmatch(pattern, path) for path in walked)}
    assert left_out == set()


@pytest.mark.parametrize(
    ("signs", "start", "silences"),
    [
        ([], None, []),
        ([], date(2024, 1, 1), [(date(2024, 1, 1), TODAY)]),
        ([date(2026, 1, 1)], date(2025, 6, 1), []),
        ([date(2025, 1, 1)], date(2023, 6, 1), [(date(2023, 6, 1), date(2025, 1, 1)), (date(2025, 1, 1), TODAY)]),
        ([date(2027, 1, 1)], date(2025, 6, 1), []),
    ],
)
def test_silence_is_every_year_without_a_sign_of_life(
    signs: list[date], start: date | None, silences: list[tuple[date, date]]
) -> None:
    assert find_silences(signs, start, TODAY, 12) == silences


WORDS = load_words("en")
WRITE = DateWriters(WORDS.format_month, WORDS.format_day)


def test_of_thousands_of_dates_a_timeline_shows_when_each_was_by_marks_that_do_not_cover_each_other() -> None:
    days = [Moment(date(2020, 1, 1) + timedelta(days=one // 2), f"day {one}", "blue") for one in range(4_000)]
    late = [Moment(date(2020, 3, 1), "late", "red")]
    picture = draw_timeline("Timeline", "in words", [Lane("Dates", [*days, *late])], TODAY, "today", WRITE)
    assert picture is not None
    blue = [one for one in picture.marks if one.style == "mark blue"]
    assert len(blue) < 110
    assert blue[0].title.startswith("day 0\nday 1\n") and blue[0].title.endswith("\n…")
    assert min(after.x - before.x for before, after in pairwise(blue)) >= blue[0].r
    assert [one.title for one in picture.marks if one.style == "mark red"] == ["late"]


def test_of_thousands_of_dates_only_those_are_put_into_words_that_a_timeline_shows() -> None:
    asked: list[int] = []

    def tell(one: int) -> str:
        asked.append(one)
        return f"day {one}"

    days = [Moment(date(2020, 1, 1) + timedelta(days=one // 2), one, "blue") for one in range(4_000)]
    picture = draw_timeline("Timeline", "in words", [Lane("Dates", days, tell)], TODAY, "today", WRITE)
    assert picture is not None and picture.marks[0].title == "day 0\nday 1\nday 2\nday 3\nday 4\n…"
    assert len(asked) == len(set(asked)) == 5 * len(picture.marks)


def test_a_timeline_holds_every_mark_inside_its_frame() -> None:
    lane = Lane("Dates", [Moment(date(1988, 1, 1), "the beginning"), Moment(date(2030, 1, 1), "the end")])
    picture = draw_timeline("Timeline", "in words", [lane], TODAY, "today", WRITE)
    assert picture is not None
    assert all(0 <= mark.x <= picture.width and 0 <= mark.y <= picture.height for mark in picture.marks)
    assert len([one for one in picture.labels if one.style.startswith("year")]) <= 8
    assert draw_timeline("Timeline", "in words", [Lane("Dates", [])], TODAY, "today", WRITE) is None


def test_one_date_long_before_the_agreement_does_not_press_its_timeline_together():
    since = date(2024, 1, 1)
    lanes = [
        Lane("Activities", [Moment(date(1900, 1, 1), "long ago"), Moment(date(2025, 5, 1), "a visit")]),
        Lane("Silence", [Moment(date(1900, 1, 1), "a long silence", "violet", date(2025, 5, 1))]),
    ]
    picture = draw_timeline("Timeline", "in words", lanes, TODAY, "today", WRITE, since)
    assert picture is not None
    assert [mark.title for mark in picture.marks] == ["a visit"]
    assert [band.title for band in picture.bands] == ["a long silence"]
    assert min(band.x for band in picture.bands) >= 0
    assert min(int(one.text) for one in picture.labels if one.style.startswith("year")) >= since.year


def test_a_small_picture_is_as_wide_as_what_is_drawn_in_it() -> None:
    few = draw_periods("Held", "in words", [Held("2026", 2, 4, "2 of 4", "amber")])
    assert few is not None and few.is_small
    ends = [one.x + one.width for one in few.bands] + [one.x + 5 * len(one.text) for one in few.labels]
    assert max(ends) < few.width < 320
    many = draw_periods("Held", "in words", [Held("2026", 2, 200, "2 of 200", "amber")])
    assert many is not None and not many.is_small


def test_the_table_of_a_timeline_says_each_day_once_and_each_period_once(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get("/agreements/north-south")
    table = page.partition("The same in words")[2].partition("</table>")[0]
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr.*?</tr>", table, re.S)[1:]]
    assert len(rows) == len(set(rows)) > 3
    days = re.compile(r"\d{1,2} \w+ 20\d\d")
    assert not [row for row in rows if "Silence" not in row and len(set(days.findall(row))) < len(days.findall(row))]
    assert sum("Visit each other" in row for row in rows) == sum(
        "Visit each other" in row and "(" in row for row in rows
    )


def test_the_log_names_a_milestone_and_says_once_what_would_read_the_same(desk: Desk) -> None:
    plan_messages(desk.engine, NOW, TODAY, domain="tally.example")
    desk.sign_in("cy")
    assert "The plan is drawn (Build the bridge)" in desk.get("/messages?q=ann")
    with open_unit(desk.engine) as unit:
        told = unit.execute(select(notice).limit(1)).one()._mapping
        kept = {name: value for name, value in told.items() if name not in ("id", "key", "notification_id")}
        for key in ("one", "two"):
            unit.execute(insert(notice).values(**{**kept, "key": key, "decision": "passed_over"}))
    page = desk.get("/messages?show=unsent").partition("<main")[2]
    assert page.count("<li>") - page.count('<li><a href="/messages') == 1


def test_what_was_not_sent_is_found_without_going_through_the_hundred_times_more_that_was(desk: Desk) -> None:
    desk.sign_in("cy")
    for query in ("", "&q=ann", "&kind=follow_up"):
        with count_statements(desk.engine) as said:
            desk.get(f"/messages?show=unsent{query}")
        (found,) = (one for one in said if "FROM notice" in one)
        # Only who may go through the index of what was not told could name it.
        named = found.replace("FROM notice", "FROM notice INDEXED BY ix_notice_untold")
        with desk.engine.connect() as reading:
            reading.exec_driver_sql(f"EXPLAIN {named}", ("x",) * named.count("?"))


def read_text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_an_overdue_step_is_told_by_its_own_name_and_date_and_counted_wherever_its_promise_is(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(commitment).where(commitment.c.reference != "bridge").values(state="withdrawn"))
        unit.execute(update(commitment).where(commitment.c.reference == "bridge").values(due="2027-06-30"))
    desk.sign_in("cy")
    desk.act("/agreements/north-south/public")
    told = "The plan is drawn: was due by 20 February 2026, 10 days ago"
    for page in ("/agreements", "/agreements/north-south", "/agreements/north-south/brief", "/public/north-south"):
        read = read_text(desk.get(page))
        assert told in read, page
        assert "Build the bridge: was due" not in read, page
    for page in ("/agreements", "/agreements/north-south", "/public/north-south"):
        assert "Overdue 1" in read_text(desk.get(page)), page
    assert "1 of them needs attention" in read_text(desk.get("/agreements/north-south/brief"))
