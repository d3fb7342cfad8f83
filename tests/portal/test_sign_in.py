"""Signing in by a link that is mailed: what a person sees, and what nobody can do."""

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from starlette.testclient import TestClient

from benchmarks.form_reader import read_form
from commitments.database import open_reading, open_unit
from commitments.person_queries import load_people
from commitments.settings import Settings
from commitments.tables import choices, contact, follow_up, log_entry
from deployments.mailbox import start_mailbox
from notifications.dispatch import dispatch_messages
from notifications.languages import load_words
from notifications.links import open_links
from notifications.rendering import write_sign_in
from notifications.signing_in import compose_sign_in
from notifications.tables import notification
from portal.app import leave_in_outbox, make_portal
from portal.asked_links import LINKS_AN_HOUR, make_links
from portal.guards import SIGN_INS_A_QUARTER
from portal.serving import send_message
from portal.tables import sign_in, visit
from portal.visits import IDLE_FOR, check_lead, find_busiest_coordinator
from tests.portal.desk import NOW, Desk


def ask(desk: Desk, address: str, **fields: str) -> str:
    answer = desk.client.post("/sign-in", data={"address": address, **fields})
    return f"{answer.status_code} {answer.url.path}\n{unescape(answer.text)}"


def find_link(desk: Desk) -> str:
    """The link of the newest message, as the letter has it."""
    key = desk.rows(notification)[-1].key
    return desk.links.write_sign_in(key.rpartition("|")[2]).removeprefix(desk.links.base_url)


def test_who_is_known_gets_a_link_and_is_in_after_one_click(desk: Desk) -> None:
    assert "Please look into your mailbox" in ask(desk, "Cy@North.example")
    link = find_link(desk)
    page = desk.get(link)
    assert "You are Cy, North." in page and f'<form method="post" action="{link}">' in page
    answer = desk.client.post(link, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/home")
    home = desk.get("/home")
    assert "Cy" in home and "(coordinator)" in home and "Sign out" in home


def test_known_and_unknown_addresses_get_the_same_answer_and_are_counted_alike(desk: Desk) -> None:
    assert ask(desk, "cy@north.example") == ask(desk, "nobody@north.example")
    assert len(desk.rows(sign_in)) == 2, "both leave a row, so that both take as long"
    assert len(desk.rows(notification)) == 1
    assert "nobody@north.example" not in str(desk.rows(sign_in)), "an address that is not ours is not kept"


def test_what_is_done_before_the_answer_is_the_same_for_every_address_and_however_often_it_asks(
    desk: Desk, count_statements: Any
) -> None:
    state = desk.client.app.state  # type: ignore[attr-defined]
    state.house = replace(state.house, wake=lambda: None)
    said = []
    for address in ["cy@north.example", "nobody@north.example", *["ann@north.example"] * (LINKS_AN_HOUR + 2)]:
        with count_statements(desk.engine) as statements:
            answer = desk.client.post("/sign-in", data={"address": address}, follow_redirects=False)
        said.append((answer.status_code, answer.headers.items(), statements.statements))
    assert len(said[0][2]) == 1, "one row is written, and nothing is looked for"
    assert all(one == said[0] for one in said)
    assert desk.rows(notification) == []


def test_looking_for_whose_address_it_is_is_the_same_for_all_until_somebody_is_found(
    desk: Desk, count_statements: Any
) -> None:
    state = desk.client.app.state  # type: ignore[attr-defined]
    state.house = replace(state.house, wake=lambda: None)
    said = {}
    for address in ("cy@north.example", "nobody@north.example"):
        desk.client.post("/sign-in", data={"address": address})
        with count_statements(desk.engine) as statements:
            make_links(desk.engine, desk.settings, NOW, leave_in_outbox)
        said[address] = statements.statements
    looked, letters = said["nobody@north.example"][:-2], said["nobody@north.example"][-2:]
    assert len(looked) == 6 and said["cy@north.example"][:6] == looked
    assert said["cy@north.example"][-2:] == letters, "and after it for what waits to be sent"


def test_what_was_asked_is_made_by_the_next_look_as_long_as_its_link_would_be_good(desk: Desk) -> None:
    state = desk.client.app.state  # type: ignore[attr-defined]
    state.house = replace(state.house, wake=lambda: None)
    ask(desk, "cy@north.example")
    sent: list[int] = []
    late = NOW + timedelta(minutes=14)
    assert make_links(desk.engine, desk.settings, late, sent.append) == 1
    desk.clock[0] = late
    assert desk.client.get(find_link(desk)).status_code == 200
    desk.clock[0] = NOW + timedelta(minutes=15)
    assert desk.client.get(find_link(desk)).status_code == 410, "its time is counted from when it was asked for"
    ask(desk, "ann@north.example")
    assert make_links(desk.engine, desk.settings, desk.clock[0] + timedelta(minutes=15), sent.append) == 0
    assert len(sent) == len(desk.rows(notification)) == 1


def test_a_link_whose_mail_server_is_down_is_sent_by_a_later_look_and_the_log_names_nobody(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def look(minutes: int, settings: Settings) -> str:
        now = NOW + timedelta(minutes=minutes)
        send = partial(dispatch_messages, desk.engine, settings, read_clock=lambda: now)
        make_links(desk.engine, settings, now, lambda one: send(only=one) and None)
        return str(desk.rows(notification)[0].state)

    ask(desk, "ann@north.example")
    with start_mailbox(tmp_path / "mailbox") as mailbox:
        there = desk.settings.model_copy(update={"mailbox_port": mailbox.smtp_address[1]})
    assert look(0, there) == "queued", "nobody listens any more"
    with start_mailbox(tmp_path / "mailbox") as mailbox:
        there = desk.settings.model_copy(update={"mailbox_port": mailbox.smtp_address[1]})
        assert look(0, there) == "queued", "a server that is down is not asked every few seconds"
        assert look(2, there) == "sent"
        assert look(3, there) == "sent"
        assert len(list((tmp_path / "mailbox").glob("*.eml"))) == 1
    (row,) = desk.rows(sign_in)
    assert "ann" not in caplog.text and row.number not in caplog.text


def test_who_is_no_longer_in_office_gets_no_link(desk: Desk) -> None:
    ask(desk, "old@north.example")
    assert desk.rows(notification) == []


def test_looking_at_the_link_does_not_use_it_up_but_signing_in_does(desk: Desk) -> None:
    ask(desk, "cy@north.example")
    link = find_link(desk)
    for _ in range(3):
        desk.get(link)
        assert desk.client.head(link).status_code == 200
    assert desk.client.post(link, follow_redirects=False).status_code == 303
    desk.client.cookies.clear()
    assert "can no longer be used" in desk.get(link, 410)
    assert desk.client.post(link, follow_redirects=False).status_code == 410
    assert len(desk.rows(visit)) == 1


def test_after_a_quarter_of_an_hour_the_link_is_too_old(desk: Desk) -> None:
    ask(desk, "cy@north.example")
    link = find_link(desk)
    desk.clock[0] = NOW + timedelta(minutes=15)
    assert "Ask for a new link" in desk.get(link, 410)
    assert desk.client.post(link, follow_redirects=False).status_code == 410


def test_a_link_that_we_did_not_sign_is_none(desk: Desk) -> None:
    ask(desk, "cy@north.example")
    (row,) = desk.rows(sign_in)
    assert "This link does not work" in desk.get(f"/sign-in/{row.number}", 404)
    assert "This link does not work" in desk.get(
        desk.links.write_choices(1).replace("https://tally.example/choices", "/sign-in"), 404
    )


def test_the_register_holds_nothing_by_which_one_could_sign_in(desk: Desk) -> None:
    desk.sign_in("cy")
    key = desk.client.cookies["__Host-tally"]
    ask(desk, "ann@north.example")
    token = find_link(desk).rpartition("/")[2]
    desk.client.get("/home")
    stored = str([desk.rows(table) for table in (sign_in, visit, notification, log_entry)])
    assert key not in stored and token not in stored


def test_the_cookie_is_for_this_host_over_https_and_for_no_script(desk: Desk) -> None:
    ask(desk, "cy@north.example")
    cookie = desk.client.post(find_link(desk), follow_redirects=False).headers["set-cookie"]
    assert cookie.startswith("__Host-tally=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=1209600"):
        assert part in cookie
    assert "Domain" not in cookie


def test_without_https_the_cookie_has_another_name(sqlite_engine: Engine, tmp_path: Path) -> None:
    app = make_portal(Settings(home=tmp_path), sqlite_engine)
    with TestClient(app, base_url="http://127.0.0.1:8080") as client:
        assert client.get("/home", follow_redirects=False).headers["location"] == "/sign-in?to=%2Fhome"


def test_signing_in_again_ends_the_former_visit_and_has_a_key_of_its_own(desk: Desk) -> None:
    desk.sign_in("cy")
    first = desk.client.cookies["__Host-tally"]
    desk.sign_in("ann")
    assert desk.client.cookies["__Host-tally"] != first
    assert [row.ended_at is None for row in desk.rows(visit)] == [False, True]
    desk.client.cookies.set("__Host-tally", "made-up-by-somebody", domain="tally.example")
    assert desk.client.get("/home", follow_redirects=False).status_code == 303


def test_five_links_an_hour_then_none_and_the_answer_stays_the_same(desk: Desk) -> None:
    answers = {ask(desk, "cy@north.example") for _ in range(LINKS_AN_HOUR + 3)}
    assert len(answers) == 1
    assert len(desk.rows(notification)) == LINKS_AN_HOUR
    desk.clock[0] = NOW + timedelta(hours=1, minutes=1)
    ask(desk, "cy@north.example")
    assert len(desk.rows(notification)) == LINKS_AN_HOUR + 1


def test_whoever_goes_on_asking_gets_five_links_in_every_hour(desk: Desk) -> None:
    sent = []
    for minutes in range(0, 180, 10):
        desk.clock[0] = NOW + timedelta(minutes=minutes)
        before = len(desk.rows(notification))
        ask(desk, "cy@north.example")
        sent.append(len(desk.rows(notification)) - before)
    assert sent == [1, 1, 1, 1, 1, 0] * 3


def test_too_many_requests_from_one_place_wait(desk: Desk) -> None:
    codes = [desk.client.post("/sign-in", data={"address": f"a{n}@b.example"}, follow_redirects=False).status_code
             for n in range(SIGN_INS_A_QUARTER + 1)]  # fmt: skip
    assert codes == [303] * SIGN_INS_A_QUARTER + [429]
    answer = desk.client.post("/sign-in", data={"address": "a@b.example"})
    assert "Please try again in 15 minutes." in answer.text
    assert 14 * 60 < int(answer.headers["Retry-After"]) <= 15 * 60, "as long as it really lasts"
    assert desk.client.get("/sign-in").status_code == 200


def test_the_log_says_of_a_letter_to_sign_in_that_it_goes_at_once(desk: Desk) -> None:
    ask(desk, "ann@north.example")
    desk.sign_in("cy")
    page = desk.get("/messages?show=queued")
    assert "Sign-in" in page and "goes at once" in page and "morning" not in page


@pytest.mark.parametrize("text", ["", "cy", "cy@", "@north.example", "a b@c.example", "x" * 300 + "@c.example"])
def test_what_is_no_mail_address_is_said(desk: Desk, text: str) -> None:
    assert "Please write your mail address" in ask(desk, text)
    assert desk.rows(sign_in) == []


def test_who_was_sent_to_sign_in_comes_back_to_the_page_they_wanted(desk: Desk) -> None:
    answer = desk.client.get("/settings?x=1", follow_redirects=False)
    assert answer.headers["location"] == "/sign-in?to=%2Fsettings%3Fx%3D1"
    page = desk.get(answer.headers["location"])
    assert 'name="to" value="/settings?x=1"' in page
    ask(desk, "cy@north.example", to="/settings?x=1")
    assert desk.client.post(find_link(desk), follow_redirects=False).headers["location"] == "/settings?x=1"
    assert desk.client.get("/sign-in", follow_redirects=False).headers["location"] == "/home"


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\evil",
        "javascript:x",
        "",
        None,
        "/sign-in/x",
        "/a\nb",
    ],
)
def test_nobody_is_led_elsewhere(text: str | None) -> None:
    assert check_lead(text) == "/home"


def test_one_who_speaks_for_two_parties_says_for_whom(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "li").values(channels={"mail": "cy@north.example"}))
    ask(desk, "cy@north.example")
    link = find_link(desk)
    page = desk.get(link)
    assert "For whom do you sign in?" in page and "Cy, North" in page and "Li, South" in page
    desk.client.post(link, data={"who": desk.person("li")})
    assert "Li" in desk.get("/home")


def test_nobody_signs_in_as_somebody_else_with_a_link(desk: Desk) -> None:
    ask(desk, "cy@north.example")
    desk.client.post(find_link(desk), data={"who": desk.person("ann")})
    assert "Cy" in desk.get("/home")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"mail": "ann.new@north.example"}, 410),
        ({"mail": "cy@north.example"}, 410),
        ({"mail": "Ann@North.example"}, 200),
        ({"office": "Head of office"}, 200),
    ],
    ids=["another address", "a colleague's address", "the same in capitals", "another office"],
)
def test_a_link_is_good_only_while_its_person_has_the_address_to_which_it_went(
    desk: Desk, changed: dict[str, str], status: int
) -> None:
    ask(desk, "ann@north.example")
    link = find_link(desk)
    desk.sign_in("cy")
    page = read_form(desk.client.get("/people/ann").text, "/people/ann")
    desk.act("/people/ann", **{**page, **changed})
    desk.client.cookies.clear()
    assert desk.client.get(link).status_code == status
    for who in ("ann", "cy"):
        answer = desk.client.post(link, data={"who": str(desk.person(who))}, follow_redirects=False)
        assert answer.status_code == (status if status == 410 else 303)
        status = 410
    assert len(desk.rows(visit, visit.c.contact_id == desk.person("cy"))) == 1, "Cy's own alone"


def test_signing_out_ends_the_visit_also_for_who_kept_the_cookie(desk: Desk) -> None:
    desk.sign_in("cy")
    kept = desk.client.cookies["__Host-tally"]
    desk.act("/sign-out")
    desk.client.cookies.set("__Host-tally", kept, domain="tally.example")
    assert desk.client.get("/home", follow_redirects=False).status_code == 303


def test_all_visits_are_listed_one_is_ended_and_then_all_of_them(desk: Desk) -> None:
    desk.client.headers["user-agent"] = "Mozilla/5.0 (iPhone; CPU) AppleWebKit Version/17 Safari/604"
    desk.sign_in("cy")
    phone = desk.client.cookies["__Host-tally"]
    desk.client.cookies.clear()
    desk.client.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0) Firefox/140"
    desk.sign_in("cy")
    page = desk.get("/settings")
    assert "Safari on iPhone" in page and "Firefox on Windows" in page
    (other,) = re.findall(r'name="visit" value="(\d+)"', page)
    desk.act("/settings/visits/end", visit=other)
    assert "Safari on iPhone" not in desk.get("/settings")
    desk.client.cookies.clear()
    desk.sign_in("cy")
    desk.act("/sign-out", everywhere="1")
    assert all(row.ended_at for row in desk.rows(visit))
    assert phone


def test_nobody_ends_the_visit_of_another(desk: Desk) -> None:
    desk.sign_in("ann")
    other = desk.rows(visit)[0].id
    desk.client.cookies.clear()
    desk.sign_in("cy")
    desk.act("/settings/visits/end", visit=str(other))
    assert desk.rows(visit)[0].ended_at is None


def test_a_visit_is_over_after_its_days_or_when_it_is_not_used(desk: Desk) -> None:
    desk.sign_in("cy")
    desk.clock[0] = NOW + IDLE_FOR - timedelta(minutes=1)
    assert desk.client.get("/home", follow_redirects=False).status_code == 200, "and is noted as used"
    desk.clock[0] += IDLE_FOR - timedelta(minutes=1)
    assert desk.client.get("/home", follow_redirects=False).status_code == 200
    desk.clock[0] += IDLE_FOR
    assert desk.client.get("/home", follow_redirects=False).status_code == 303
    desk.sign_in("cy")
    for _ in range(14):
        desk.clock[0] += timedelta(days=1)
        last = desk.client.get("/home", follow_redirects=False).status_code
    assert last == 303


def test_who_leaves_office_is_out(desk: Desk) -> None:
    desk.sign_in("cy")
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "cy").values(valid_to="2026-02"))
    assert desk.client.get("/home", follow_redirects=False).status_code == 303


def test_an_action_needs_the_token_of_its_own_visit_and_comes_from_our_own_pages(desk: Desk) -> None:
    desk.sign_in("ann")
    foreign = desk.token()
    desk.client.cookies.clear()
    desk.sign_in("cy")
    own = desk.token()
    for data, headers in (
        ({}, {}),
        ({"token": foreign}, {}),
        ({"token": own}, {"Sec-Fetch-Site": "cross-site"}),
        ({"token": own}, {"Origin": "https://evil.example"}),
    ):
        answer = desk.client.post("/sign-out", data=data, headers=headers, follow_redirects=False)
        assert answer.status_code == 403 and "This page was too old" in answer.text
    assert desk.client.get("/home", follow_redirects=False).status_code == 200
    answer = desk.client.post("/sign-out", data={"token": own}, headers={"Origin": "null"}, follow_redirects=False)
    assert answer.status_code == 303, "our pages tell nobody where they are"


def test_nobody_is_signed_in_by_another_site(desk: Desk) -> None:
    ask(desk, "cy@north.example")
    answer = desk.client.post(find_link(desk), headers={"Sec-Fetch-Site": "cross-site"}, follow_redirects=False)
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


def test_a_form_sent_after_the_visit_is_over_changes_nothing_and_says_so(desk: Desk) -> None:
    answer = desk.client.post("/sign-out", data={"token": "x"}, follow_redirects=False)
    assert answer.status_code == 401 and "You are no longer signed in" in answer.text


def test_an_administrator_of_the_settings_signs_in_without_being_a_contact(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    settings = Settings(
        home=tmp_path, base_url="https://tally.example", administrators="it@house.example, cy@x.example"
    )
    app = make_portal(settings, sqlite_engine, read_clock=lambda: NOW)
    with TestClient(app, base_url="https://tally.example") as client:
        client.post("/sign-in", data={"address": "IT@house.example"})
        assert make_links(sqlite_engine, settings, NOW, leave_in_outbox) == 1
        with open_reading(sqlite_engine) as reading:
            key = reading.execute(select(notification.c.key)).scalar_one()
        link = app.state.house.links.write_sign_in(key.rpartition("|")[2])
        page = client.get(link).text
        assert "This browser stays signed in until you sign out." in page
        assert "You are" not in page and "The house" not in page, "an address is no name, and the house no party"
        client.post(link)
        assert "(administrator)" in client.get("/home").text
        assert "The house" not in client.get("/people").text
    assert "\nHello,\n" in write_letter(sqlite_engine, settings)


def write_letter(engine: Engine, settings: Settings) -> str:
    """The text of the one letter in the outbox."""
    with open_reading(engine) as reading:
        row = reading.execute(select(notification)).one()
        person = load_people(reading)[row.contact_id]
        name = reading.execute(select(contact.c.name)).scalar_one()
    message = compose_sign_in(row, person, name, open_links(settings))
    return write_sign_in(load_words(person.language), message).text


def test_the_letter_comes_at_once_in_the_readers_language_whatever_they_chose(desk: Desk, tmp_path: Path) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(
            choices.insert().values(
                contact_id=desk.person("li"), quiet_from="00:00", quiet_to="23:59", paused_from=NOW.date(),
                paused_to=NOW.date(), unsubscribed=["reminder"],
            )
        )  # fmt: skip
    with start_mailbox(tmp_path / "mailbox") as mailbox:
        settings = desk.settings.model_copy(update={"mailbox_port": mailbox.smtp_address[1]})
        ask(desk, "li@south.example")
        (row,) = desk.rows(notification)
        done = dispatch_messages(desk.engine, settings, read_clock=lambda: NOW, only=row.id)
        assert (done.sent, done.cancelled) == (1, 0)
    (letter,) = (tmp_path / "mailbox").glob("*.eml")
    from email import message_from_bytes, policy

    mail = message_from_bytes(letter.read_bytes(), policy=policy.default)
    assert mail["Subject"] == "您的登录链接" and mail["To"] == "Li <li@south.example>"
    text = mail.get_body(("plain",)).get_content()
    (link,) = re.findall(r"https://tally\.example(/sign-in/\S+)", text)
    assert link in mail.get_body(("html",)).get_content()
    assert "List-Unsubscribe" not in mail
    assert desk.client.post(link, follow_redirects=False).status_code == 303
    assert '<html lang="zh-Hans"' in desk.get("/home") and "首页" in desk.get("/home")


def test_only_the_link_is_sent_at_once_and_what_cannot_go_waits_in_the_outbox(desk: Desk, tmp_path: Path) -> None:
    ask(desk, "ann@north.example")
    ask(desk, "cy@north.example")
    first, second = desk.rows(notification)
    with start_mailbox(tmp_path / "mailbox") as mailbox:
        settings = desk.settings.model_copy(update={"mailbox_port": mailbox.smtp_address[1]})
        dispatch_messages(desk.engine, settings, read_clock=lambda: NOW, only=second.id)
        assert [row.state for row in desk.rows(notification)] == ["queued", "sent"]
    send_message(desk.engine, settings, first.id)  # nobody listens any more
    assert desk.rows(notification)[0].state == "queued"


@pytest.mark.parametrize(("language", "found"), [("en", "cy"), ("zh", "li")])
def test_a_newcomer_is_signed_in_as_the_coordinator_with_the_most_to_see_in_their_language(
    language: str, found: str, desk: Desk
) -> None:
    desk.add_elsewhere()
    zoe = desk.rows(contact, contact.c.reference == "zoe")[0].id  # of an agreement with one kind of commitment
    with open_unit(desk.engine) as unit:
        unit.execute(update(follow_up).values(assignee_id=zoe))
    with open_reading(desk.engine) as reading:
        person = find_busiest_coordinator(reading, NOW, language)
    assert person is not None and person.reference == found


def test_a_visit_from_before_somebody_left_does_not_go_on_when_they_are_back(desk: Desk) -> None:
    desk.sign_in("ann")
    before = dict(desk.client.cookies)
    desk.client.cookies.clear()
    desk.sign_in("cy")
    desk.act("/people/ann/end", last_day="2026-03-01", why="Left")
    page = desk.client.get("/people/ann").text
    desk.act("/people/ann", **{**read_form(page, "/people/ann"), "valid_to": ""})
    assert desk.rows(contact, contact.c.reference == "ann")[0].valid_to is None
    desk.client.cookies.clear()
    desk.client.cookies.update(before)
    desk.get("/home", 303)
