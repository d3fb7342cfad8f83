"""The rules of an agreement: in plain words, tried before they hold, saved with a reason."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import update

from benchmarks.form_reader import read_form
from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import agreement, commitment, contact, log_entry, policy
from notifications.forecast import count_foreseen, forecast_agreement
from notifications.planning import plan_messages
from notifications.replay import count_replayed, replay_messages
from notifications.tables import notice, notification
from portal.pages import SO_FAR, gather_pieces
from tests.portal.desk import FORM, TODAY, Desk
from tests.portal.test_files import bring

PAGE = "/agreements/north-south/policy"
HALVES = ("", "/past", "/coming")


def usual(**fields: Any) -> dict[str, Any]:
    """The form as a browser sends it when only these fields were filled in."""
    return {"send_days": [*map(str, range(7))], "always_sent": ["notice"], **fields}


def save(desk: Desk, status: int = 303, **fields: Any) -> str:
    """Save the form as it stands now, with only these fields filled in."""
    return desk.act(PAGE, status, mark=find_mark(desk.get(PAGE)), **usual(**fields))


def find_mark(page: str) -> str:
    found = re.search(r'name="mark" value="(\w+)"', page)
    assert found
    return found[1]


def live_through(desk: Desk, first: date, last: date) -> None:
    """The days as they came, each message sent at its time."""
    day = first
    while day <= last:
        desk.morning(day)
        with open_unit(desk.engine) as unit:
            unit.execute(
                update(notification)
                .where(notification.c.state == "queued", notification.c.local_day <= day)
                .values(state="sent", sent_at=datetime.combine(day, time(9), UTC))
            )
        day += timedelta(days=1)


def test_the_rules_are_said_in_plain_words_with_what_the_house_has(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get(PAGE)
    assert "All rules are as the house has them." in page
    assert "Days before a promised date" in page and "Empty: 30, 14, 7, 1, 0, as the house has it." in page
    assert 'href="/agreements/north-south/policy"' in desk.get("/agreements/north-south")


def test_rules_are_saved_with_a_reason_and_hold_at_once(desk: Desk) -> None:
    desk.sign_in("cy")
    page = save(desk, lead_days="60, 7", silence_amber_months="6", why="They asked for it")
    assert "Saved." in page and "2 rules differ" in page and 'value="60, 7"' in page
    (row,) = desk.rows(policy, policy.c.scope == "north-south")
    assert row.rules == {"lead_days": [60, 7], "silence_amber_months": 6}
    (entry,) = desk.rows(log_entry, log_entry.c.subject == "policy")
    assert (entry.who, entry.why) == ("cy", "They asked for it")
    assert "They asked for it" in desk.get("/agreements/north-south/history")
    again = save(desk, lead_days="60, 7", silence_amber_months="6", why="Again")
    assert "Nothing had changed." in again
    assert "All rules are as the house has them." in save(desk, why="Back")


def test_who_confirms_is_chosen_in_plain_words_by_one_side_where_the_other_has_nobody_to_ask(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(contact).where(contact.c.reference == "li").values(channels={}))
    desk.sign_in("cy")
    page = desk.get(PAGE)
    assert "Who is asked to confirm it" in page and re.search(r'value="other_parties"[^>]* checked', page)
    page = save(desk, confirmed_by="nobody", why="We trust each other")
    assert re.search(r'value="nobody"[^>]* checked', page) and "1 rule differs" in page
    assert desk.rows(policy, policy.c.scope == "north-south")[0].rules == {"confirmed_by": "nobody"}
    save(desk, confirmed_by="other_parties", why="As the house has it")
    assert desk.rows(policy, policy.c.scope == "north-south")[0].rules == {}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"why": ""}, "A reason is needed"),
        ({"why": "x", "lead_days": "soon"}, "Whole numbers with commas"),
        ({"why": "x", "lead_days": "30; 14"}, "Whole numbers with commas"),
        ({"why": "x", "lead_days": "-1"}, "Whole numbers with commas"),
        ({"why": "x", "escalation_working_days": "0,5,10,15,20"}, "Whole numbers with commas"),
        ({"why": "x", "escalation_working_days": "10, 5"}, "Whole numbers with commas"),
        ({"why": "x", "silence_red_months": "6"}, "at least 12 months"),
        ({"why": "x", "silence_amber_months": "40"}, "at least 40 months"),
        ({"why": "x", "send_days": []}, "Choose one day at least."),
        ({"why": "x", "send_days": ["9"]}, "Choose one day at least."),
        ({"why": "x", "quiet_from": "25:00", "quiet_to": "07:00"}, "An hour of the day is expected"),
        ({"why": "x", "quiet_from": "20:00"}, "Both hours are expected"),
        ({"why": "x" * 301}, "At most 300 characters"),
        ({"why": "x", "send_at": "23:00"}, "This cannot be chosen here"),
        ({"why": "x", "summary_rhythm": "hourly"}, "This cannot be chosen here"),
        ({"why": "x", "confirmed_by": "the mayor"}, "This cannot be chosen here"),
        ({"why": "x", "quiet_rest_days": "perhaps"}, "This cannot be chosen here"),
        ({"why": "x", "silence_amber_months": "0"}, "One whole number"),
        ({"why": "x", "silence_amber_months": "12 or so"}, "One whole number"),
        ({"why": "x", "about_tolerance_percent": "200"}, "One whole number"),
    ],
)
def test_what_is_no_rule_is_said_at_its_field_and_nothing_is_saved(
    desk: Desk, fields: dict[str, Any], said: str
) -> None:
    desk.sign_in("cy")
    page = save(desk, 422, **fields)
    summary, _, form = page.partition(f'action="{PAGE}"')
    assert said in summary and "Please put this right:" in summary, "it stands above the form"
    assert said in form, "and at its field"
    assert all(f'id="{target}"' in form for target in re.findall(r'href="#([^"]+)"', summary.partition("<h1")[2]))
    chosen = ("why", "send_days", "send_at", "summary_rhythm", "confirmed_by", "quiet_rest_days")
    assert all(value in page for name, value in fields.items() if name not in chosen)
    assert desk.rows(policy) == []


def test_who_saves_rules_over_those_that_another_saved_meanwhile_is_told_and_nothing_is_lost(desk: Desk) -> None:
    desk.sign_in("cy")
    stale = find_mark(desk.get(PAGE))
    save(desk, lead_days="60, 7", why="They asked for it")
    page = desk.act(PAGE, 409, mark=stale, **usual(silence_red_months="36", why="Mine"))
    assert "this has changed meanwhile" in page and 'value="36"' in page and 'value="Mine"' in page
    assert "By now this is “60, 7”. Saving puts yours in its place." in page, "what the other saved is shown beside it"
    assert "This stands otherwise by now:" in page and "Please put this right:" not in page
    again = desk.act(PAGE, mark=stale, **usual(lead_days="60, 7", why="They asked for it"))
    assert "Saved." in again, "a second press of the other's own form says what the first has done"
    tried = desk.act(f"{PAGE}/try", 200, mark=stale, **usual(silence_red_months="36"))
    desk.act(PAGE, 409, mark=find_mark(tried), **usual(silence_red_months="36", why="Tried, and stale all the same"))
    desk.act(PAGE, 409, **usual(why="A form without a mark"))
    (row,) = desk.rows(policy, policy.c.scope == "north-south")
    assert row.rules == {"lead_days": [60, 7]}
    assert "Saved." in desk.act(PAGE, mark=find_mark(page), **usual(lead_days="60, 7", next_step_days="9", why="Both"))


def test_days_before_a_date_are_kept_in_the_order_in_which_they_come(desk: Desk) -> None:
    desk.sign_in("cy")
    assert 'value="30, 10, 5"' in save(desk, lead_days="5, 10, 30, 5", why="Typed as they came to mind")


def test_how_far_a_target_may_fall_short_does_not_stand_with_what_follows_on_silence(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get(PAGE)
    assert page.index("When nobody answers") < page.index("Targets in numbers") < page.index("may fall short")


def test_rules_are_tried_without_writing_or_sending_anything(desk: Desk) -> None:
    desk.sign_in("cy")
    before = desk.snapshot()
    page = desk.act(f"{PAGE}/try", 200, **usual(lead_days="0"))
    assert "The last 90 days" in page and "See the next 90 days" in page
    assert "Nothing is saved yet" in page and "by these rules" in page
    assert 'name="lead_days" type="text" value="0"' in page
    assert desk.snapshot() == before and desk.rows(policy) == []


def test_what_stands_on_the_page_before_days_are_played_is_sent_before() -> None:
    sent: list[str] = []

    def write() -> Iterator[str]:
        yield from ("<h2>", "The last 90 days", SO_FAR)
        sent.append("played")
        yield "<li>"

    for piece in gather_pieces(write()):
        sent.append(piece)
    assert sent == ["<h2>The last 90 days", "played", "<li>"]


def test_a_trial_that_fails_says_so_and_can_be_asked_for_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("portal.trying.replay_messages", fail)
    desk.sign_in("cy")
    page = desk.act(f"{PAGE}/try", 200, **usual(lead_days="0"))
    assert "The rest could not be worked out." in page and "no space left" not in page
    assert press(desk, page, "/try/coming").count("by these rules") == 1, "the other half is played all the same"
    monkeypatch.undo()
    assert "by these rules" in press(desk, page, "/try/past")


def press(desk: Desk, page: str, to: str, **typed: list[str]) -> str:
    """The page that the button leads to, with the form as it stands on the page and what was typed in it."""
    answer = desk.client.post(PAGE + to, data=read_form(page, PAGE + to) | typed)
    assert answer.status_code == 200
    return answer.text


def try_by_script(desk: Desk, **fields: Any) -> str:
    """The form as it stands, sent by the script to be tried."""
    form = {"token": desk.token(), "mark": find_mark(desk.get(PAGE)), "why": "Not yet", **usual(**fields)}
    tried = desk.client.post(f"{PAGE}/try", data=form, headers={"HX-Request": "true"})
    assert tried.status_code == 200
    return tried.text


def read_words(page: str) -> str:
    """What is read on a page, without its marks, and without what is said aloud alone."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r'<span class="unseen">[^<]*</span>', "", unescape(page))).split())


def test_a_script_is_told_of_each_half_what_the_pages_without_one_say(desk: Desk) -> None:
    live_through(desk, TODAY, TODAY + timedelta(days=20))
    desk.sign_in("cy")
    before = desk.snapshot()
    fields = {"lead_days": "60, 5", "send_days": ["0", "3"], "quiet_from": "20:00", "quiet_to": "07:00"}
    page = desk.act(f"{PAGE}/try", 200, **usual(**fields))
    tried = try_by_script(desk, **fields)
    for half, number in (("past", 1), ("coming", 2)):
        if half == "coming":
            page = press(desk, page, f"/try/{half}")
        sent = read_form(tried, f"{PAGE}/try/{half}")
        assert sent["lead_days"] == ["60, 5"] and sent["send_days"] == ["0", "3"], "the rules as they were filled in"
        parts = [
            desk.client.post(address, data=read_form(tried, address), headers={"HX-Request": "true"}).text
            for address in (f"{PAGE}/try/{half}", f"{PAGE}/try/{half}/held")
        ]
        said = [read_words(one.partition("<div>")[2]) for one in parts]
        assert "by these rules" in said[0] and "Each message" in said[0] and "without the change" not in said[0]
        assert "without the change" in said[1] and "by these rules" not in said[1]
        assert read_words(find_half(page, number)).startswith(said[0])
        page = press(desk, page, f"/try/{half}/held")
        assert said[1] in read_words(find_half(page, number)), "with the number of those by these rules kept beside it"
    assert desk.snapshot() == before and desk.rows(policy) == []


def find_half(page: str, number: int) -> str:
    """What stands on the page of one of the halves, beneath its title."""
    return page.partition(f'<h2 id="tried-{number}">')[2].partition("</h2>")[2].partition("</section>")[0]


def count_plays(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Filled, from now on, with the name of each play that is begun."""
    begun: list[str] = []
    for play in (replay_messages, count_replayed, forecast_agreement, count_foreseen):
        name = play.__name__

        def begin(*args: Any, name: str = name, play: Any = play, **rest: Any) -> Any:
            begun.append(name)
            return play(*args, **rest)

        monkeypatch.setattr(f"portal.trying.{name}", begin)
    return begun


def test_without_a_script_each_answer_plays_one_span_and_keeps_what_was_counted_and_typed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_through(desk, TODAY, TODAY + timedelta(days=6))
    desk.sign_in("cy")
    begun = count_plays(monkeypatch)
    why = "They asked for it"
    page = desk.act(f"{PAGE}/try", 200, mark=find_mark(desk.get(PAGE)), **usual(lead_days="60, 5", why=why))
    assert begun == ["replay_messages"] and page.count("by these rules") == 1
    for to, play in (
        ("/try/past/held", "count_replayed"),
        ("/try/coming", "forecast_agreement"),
        ("/try/coming/held", "count_foreseen"),
        ("/try/past", "replay_messages"),
    ):
        begun.clear()
        page = press(desk, page, to)
        assert begun == [play]
        assert 'value="60, 5"' in page and f'value="{why}"' in page
    assert page.count("by these rules") == page.count("without the change") == 2, "all four numbers stand on one page"
    assert "Each message" in find_half(page, 1) and "See each message" in find_half(page, 2)
    desk.client.post(PAGE, data=read_form(page, PAGE))
    (row,) = desk.rows(policy, policy.c.scope == "north-south")
    assert row.rules == {"lead_days": [60, 5]}, "what was tried can be saved from there"


def test_what_was_counted_by_other_rules_is_not_kept(desk: Desk) -> None:
    live_through(desk, TODAY, TODAY + timedelta(days=6))
    desk.sign_in("cy")
    page = desk.act(f"{PAGE}/try", 200, **usual(lead_days="60, 5"))
    page = press(desk, page, "/try/past/held")
    page = press(desk, page, "/try/coming", lead_days=["30"])
    assert "by these rules" not in find_half(page, 1) and "See the last 90 days" in find_half(page, 1)
    assert "without the change" in find_half(page, 1), "which the rules that are tried do not touch"
    made_up = press(desk, page, "/try/coming/held", counted=["past-tried-7-00 past-held-x- soon past-tried-7"])
    assert "7 messages" not in find_half(made_up, 1)


def test_nothing_is_played_before_a_script_asks_for_a_half(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a play was begun")

    for play in ("replay_messages", "count_replayed", "forecast_agreement", "count_foreseen"):
        monkeypatch.setattr(f"portal.trying.{play}", refuse)
    desk.sign_in("cy")
    tried = try_by_script(desk, lead_days="0")
    assert tried.count("The days are being played …") == 2
    assert tried.count("What is sent without the change is being counted …") == 2 and "Nothing is saved yet" in tried
    assert 'name="lead_days" type="text" value="0"' in tried, "the form stays filled in"
    assert "Not yet" not in str(read_form(tried, f"{PAGE}/try/past"))


def test_a_half_that_fails_says_so_in_its_place(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("portal.trying.replay_messages", fail)
    desk.sign_in("cy")
    past = desk.act(f"{PAGE}/try/past", 200, **usual(lead_days="0"))
    assert "The rest could not be worked out." in past and "no space left" not in past
    assert "by these rules" in desk.act(f"{PAGE}/try/coming", 200, **usual(lead_days="0"))


def test_a_half_is_not_played_by_what_is_no_rule(desk: Desk) -> None:
    desk.sign_in("cy")
    for path in (f"{PAGE}/try", f"{PAGE}/try/past", f"{PAGE}/try/coming", f"{PAGE}/try/past/held"):
        said = desk.act(path, 422, **usual(lead_days="soon"))
        assert "Whole numbers with commas" in said and "by these rules" not in said
    desk.act(f"{PAGE}/try/yesterday", 400, **usual())
    desk.act(f"{PAGE}/try/past", 403, **{**usual(), "token": "none"})


def test_fewer_lead_days_send_fewer_messages(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "orphan").values(due="2026-05-01"))
        unit.execute(update(commitment).where(commitment.c.reference == "survey").values(due="2026-04-20"))
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    now = desk.clock[0]
    many = list(forecast_agreement(desk.engine, house.settings, now, 60, 1, rules={"lead_days": [40, 30, 20, 10]}))
    few = list(forecast_agreement(desk.engine, house.settings, now, 60, 1, rules={"lead_days": []}))

    def remind(found: list[Any]) -> int:
        return sum(reason["kind"] == "reminder" and "/" in reason["matter"] for one in found for reason in one.reasons)

    assert remind(many) > remind(few) == 0


def test_the_past_played_by_the_same_rules_is_what_was_sent(desk: Desk) -> None:
    """Told by matter and kind, but for digests and summaries, which tell of every agreement at once."""
    start = TODAY + timedelta(days=1)
    desk.morning(TODAY)
    live_through(desk, start, TODAY + timedelta(days=25))
    end = datetime.combine(TODAY + timedelta(days=26), time(0, 30), UTC)
    replayed = list(replay_messages(desk.engine, desk.settings, end, 25, only=1, rules={}))
    since = datetime.combine(start, time(0, 0), UTC)
    sent = [row.id for row in desk.rows(notification, notification.c.sent_at >= since)]
    names = {row.id: row.reference for row in desk.rows(contact)}
    told = {
        (names[row.contact_id], row.matter, row.kind)
        for row in desk.rows(notice, notice.c.decision == "told", notice.c.notification_id.in_(sent))
        if row.matter and row.kind not in ("digest", "summary") and row.agreement_id is not None
    }
    anew = {(one.contact, reason["matter"], reason["kind"]) for one in replayed for reason in one.reasons}
    anew = {one for one in anew if one[2] not in ("digest", "summary")}
    assert told and anew == told


def test_unchanged_rules_play_the_same_number_twice_and_the_page_says_what_was_sent_besides(desk: Desk) -> None:
    live_through(desk, TODAY, TODAY + timedelta(days=6))
    desk.sign_in("cy")

    def try_past(**fields: Any) -> tuple[int, int, str]:
        page = press(desk, desk.act(f"{PAGE}/try/past", 200, **usual(**fields)), "/try/past/held")
        said = re.search(r"(\d+) messages? by these rules\..*?(\d+) messages? without the change", page, re.S)
        assert said
        return int(said[1]), int(said[2]), page

    mine, unchanged, page = try_past()
    assert mine == unchanged > 0
    told = desk.rows(notice, notice.c.decision == "told", notice.c.agreement_id == 1)
    sent = [row.id for row in desk.rows(notification, notification.c.state == "sent")]
    in_fact = len({row.notification_id for row in told if row.notification_id in sent})
    assert in_fact == unchanged or f"In fact {in_fact} messages told of this agreement" in page
    with open_unit(desk.engine) as unit:
        unit.execute(update(notification).values(state="cancelled"))
    assert "In fact 0 messages told of this agreement: a play knows no hand-overs" in try_past()[2]
    mine, same, _ = try_past(remind_reports="no", quiet_from="00:00", quiet_to="23:59")
    assert same == unchanged


def test_what_went_on_the_day_on_which_an_agreement_came_into_the_register_is_played_too(desk: Desk) -> None:
    now = datetime.combine(TODAY, time(10), UTC)
    with open_unit(desk.engine) as unit:
        form = FORM.replace(b"agreement: north-south", b"agreement: second")
        import_agreement(unit, parse_agreement(form, "second.yaml"), Author("cy", now), TODAY)
    (head,) = desk.rows(agreement, agreement.c.reference == "second")
    reconcile_register(desk.engine, now, TODAY)
    plan_messages(desk.engine, now, TODAY, domain="tally.example")
    planned = desk.rows(notice, notice.c.decision == "told", notice.c.agreement_id == head.id)
    at_once = [row.id for row in desk.rows(notification) if row.next_at <= now + timedelta(hours=2)]
    told = {row.notification_id for row in planned} & set(at_once)
    replayed = list(replay_messages(desk.engine, desk.settings, now + timedelta(hours=2), 90, only=head.id, rules={}))
    assert told and len(replayed) == len(told)


def test_one_side_alone_cannot_have_fewer_asked_whether_what_is_reported_is_so(desk: Desk) -> None:
    desk.sign_in("cy")
    refused = save(desk, 422, confirmed_by="nobody", why="Quicker")
    assert "That fewer are asked is not one side's to decide" in refused and desk.rows(policy) == []
    save(desk, confirmed_by="other_parties", lead_days="9", why="Nothing about it")
    page = bring(desk, FORM.decode() + "policy: {confirmed_by: nobody}\n", 422)
    assert "that fewer are asked to confirm what is reported is not one side's to decide" in page
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    chief = desk.settings.model_copy(update={"administrators": "cy@north.example"})
    object.__setattr__(house, "settings", chief)
    desk.sign_in("cy")
    save(desk, confirmed_by="those_who_owe", why="Both sides wanted it")
    object.__setattr__(house, "settings", desk.settings)
    desk.sign_in("li")
    save(desk, confirmed_by="other_parties", why="More are asked again")
    assert desk.rows(policy)[0].rules == {}


def test_the_history_and_home_say_which_rule_was_changed_from_what_to_what(desk: Desk) -> None:
    desk.clock[0] += timedelta(days=8)
    desk.sign_in("cy")
    save(desk, lead_days="60, 7", why="Earlier")
    save(desk, lead_days="30", send_days=["0", "3"], quiet_rest_days="no", why="Fewer")
    desk.sign_in("max")
    said = desk.get("/agreements/north-south/history")
    assert "Days before a promised date: from as the house has it to 60, 7" in said
    assert "Days before a promised date: from 60, 7 to 30" in said
    assert "Days on which its matters are told: from as the house has it to Monday and Thursday" in said
    assert "On its reader's days of rest: from as the house has it to It goes all the same" in said
    assert "rules for reminders: Days before a promised date: 30" in desk.get("/home")


def test_only_coordinators_set_the_rules_of_their_own_agreements(desk: Desk) -> None:
    desk.add_elsewhere()
    desk.sign_in("cy")
    for path in ("/agreements/elsewhere/policy", *(f"/agreements/elsewhere/policy/try{half}" for half in HALVES)):
        desk.act(path, 404, **usual(why="x"))
    desk.sign_in("ann")
    desk.get(PAGE, 403)
    for half in HALVES:
        desk.act(f"{PAGE}/try{half}", 403, **usual())
    desk.act(PAGE, 403, **usual(why="x"))
