"""What a script adds: a part of a page in its place, saying the same; and what the browser is told to forbid."""

import re
from html import unescape

import httpx
import pytest

from benchmarks.form_reader import read_form
from portal import recording
from portal.app import ASSETS
from portal.enhancing import ENHANCED, PARTED
from portal.guards import HEADERS, WITH_SCRIPT
from portal.pages import FOLDER, STATIC, name_asset
from tests.portal.desk import Desk

BY_SCRIPT = {"HX-Request": "true"}
HTMX = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
"""The SHA-256 of htmx.min.js as its makers published it; how to renew it stands in docs/dependencies.md."""


def ask(desk: Desk, path: str, target: str = "part", **headers: str) -> httpx.Response:
    """Fetch a part as the script does."""
    sent = {
        **BY_SCRIPT,
        "HX-Target": target,
        **{f"HX-{name.replace('_', '-')}": value for name, value in headers.items()},
    }
    return desk.client.get(path, headers=sent, follow_redirects=False)


def read_part(page: str) -> str:
    """What stands in a page where the script would put the part."""
    main = page.partition('<div id="part">\n')[2].partition("</main>")[0]
    depth = 1
    for one in re.finditer(r"<(/?)div\b", main):
        depth += -1 if one[1] else 1
        if depth == 0:
            return main[: one.start()]
    raise AssertionError(page)


@pytest.mark.parametrize(
    "path",
    [
        "/agreements",
        "/agreements?q=memorandum&standing=overdue",
        "/agreements?q=nowhere",
        "/calendar?month=2026-02",
        "/messages",
        "/messages?show=unsent&q=ann",
        "/agreements/north-south/history",
        "/record?q=nowhere",
        "/agreements/north-south/policy",
    ],
)
@pytest.mark.parametrize("who", ["cy", "li"])
def test_a_part_says_what_the_whole_page_says_in_its_place(desk: Desk, path: str, who: str) -> None:
    desk.sign_in(who)
    page, part = desk.client.get(path).text, ask(desk, path).text
    assert "<html" in page and "<html" not in part and "<nav aria-label=" not in part
    assert read_part(page).strip() in part
    told = re.search(r'id="told"[^>]*>(.*?)</', page, re.S)
    assert told and (told[1] or "policy" in path) and f'id="told" hx-swap-oob="innerHTML">{told[1]}<' in part, (
        "how many, read aloud"
    )
    assert re.search(r"<title>(.*)</title>", page)[0] in part  # type: ignore[index]


def test_an_answer_is_kept_apart_for_the_script_and_for_the_browser(desk: Desk) -> None:
    desk.sign_in("cy")
    for answer in (desk.client.get("/agreements"), ask(desk, "/agreements")):
        assert answer.headers["vary"] == "HX-Request" and answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "before", "boosted", "header", "address"),
    [
        ("?q=sea&party=", "/agreements", "", "HX-Push-Url", "/agreements?q=sea"),
        ("?q=seal&party=", "/agreements?q=sea", "", "HX-Replace-Url", "/agreements?q=seal"),
        ("?q=seal&party=south", "/agreements?q=seal", "", "HX-Push-Url", "/agreements?q=seal&party=south"),
        ("?party=east", "/agreements?party=south", "", "HX-Push-Url", "/agreements?party=east"),
        ("?q=&party=", "/agreements?q=seal", "", "HX-Push-Url", "/agreements"),
        ("?page=3", "/agreements?page=2", "true", "HX-Push-Url", "/agreements?page=3"),
        ("?q=%E5%A4%87&party=", "/agreements", "", "HX-Push-Url", "/agreements?q=%E5%A4%87"),
    ],
    ids=[
        "a first word",
        "the word typed on",
        "a choice besides",
        "another choice",
        "all again",
        "the next page",
        "another script",
    ],
)
def test_the_address_follows_what_is_chosen_and_a_word_that_is_typed_is_one_step_back(
    desk: Desk, path: str, before: str, boosted: str, header: str, address: str
) -> None:
    desk.sign_in("cy")
    came_from = {"Current_URL": f"https://tally.example{before}"} | ({"Boosted": boosted} if boosted else {})
    answer = ask(desk, f"/agreements{path}", **came_from)
    assert answer.headers[header] == address
    assert len([one for one in answer.headers if one in ("hx-push-url", "hx-replace-url")]) == 1
    assert "hx-push-url" not in desk.client.get(f"/agreements{path}").headers


def test_whose_visit_is_over_is_led_out_of_the_page_to_sign_in(desk: Desk) -> None:
    answer = ask(desk, "/agreements?q=sea")
    assert answer.status_code == 401 and answer.text == ""
    assert answer.headers["hx-redirect"] == "/sign-in?to=%2Fagreements%3Fq%3Dsea"


def test_a_page_without_a_part_is_whole_also_for_the_script(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "<html" in ask(desk, "/settings").text


def test_only_pages_that_use_a_script_allow_one_and_that_is_our_own(desk: Desk) -> None:
    desk.sign_in("cy")
    for path, allows in {"/agreements": True, "/settings": False, "/sign-in/asked": False, "/nothing": False}.items():
        answer = desk.client.get(path)
        policy, scripts = answer.headers["content-security-policy"], re.findall("<script[^>]*>", answer.text)
        assert policy == (WITH_SCRIPT if allows else HEADERS["Content-Security-Policy"])
        assert bool(scripts) is allows and all(
            re.fullmatch(r'<script src="/static/[^"]+" defer>', one) for one in scripts
        )
    assert "script-src 'self';" in WITH_SCRIPT and "unsafe" not in WITH_SCRIPT
    assert "script-src" not in HEADERS["Content-Security-Policy"], "default-src 'none' holds"


def test_the_script_is_told_to_run_nothing_from_a_page_and_to_keep_nothing(desk: Desk) -> None:
    desk.sign_in("cy")
    rules = re.search(r'<meta name="htmx-config" content="([^"]+)">', desk.client.get("/agreements").text)
    assert rules is not None
    told = unescape(rules[1])
    for rule in ('"allowEval": false', '"allowScriptTags": false', '"selfRequestsOnly": true', '"historyCacheSize": 0',
                 '"includeIndicatorStyles": false'):  # fmt: skip
        assert rule in told


def test_scripts_are_ours_unchanged_with_their_licence_and_kept_for_ever_by_the_browser(desk: Desk) -> None:
    assert name_asset("htmx/htmx.min.js").startswith(f"/static/{HTMX[:12]}/")
    assert "Zero-Clause BSD" in (STATIC / "htmx" / "LICENSE").read_text(encoding="utf-8")
    for name, media_type in ASSETS.values():
        answer = desk.client.get(name_asset(name))
        assert answer.content == (STATIC / name).read_bytes()
        assert answer.headers["content-type"].partition(";")[0] == media_type
        assert "immutable" in answer.headers["cache-control"]


def answer_in_place(desk: Desk, path: str, **fields: str) -> httpx.Response:
    page = desk.client.get("/home").text
    form = re.search(rf'action="{re.escape(path)}".*?</form>', page, re.S)
    mark = re.search(r'name="mark" value="(\w+)"', form[0] if form else desk.client.get(path).text)
    assert mark is not None
    sent = {"token": desk.token(), "mark": mark[1], **fields}
    return desk.client.post(path, data=sent, headers=BY_SCRIPT, follow_redirects=True)


def test_an_answer_on_home_comes_back_as_what_was_answered_with_the_counters_and_nothing_around_them(
    desk: Desk,
) -> None:
    desk.sign_in("ann")
    path = f"/asked/{desk.find('overdue', '/survey').id}/done"
    answer = answer_in_place(desk, path)
    assert answer.status_code == 200 and "<html" not in answer.text
    said = re.search(r'id="told" hx-swap-oob="innerHTML">(.*?)<', answer.text)
    assert said and said[1].startswith("Hand over the survey: ")
    done = re.split(r'<div class="state answered"[^>]* tabindex="-1">', answer.text)[1].partition("</div>")[0]
    assert said[1] in done and ">Take it back</button>" in done
    for one in ("rest", "ahead", "week", "overall"):
        assert f'id="{one}"' in answer.text
    assert "hx-push-url" not in answer.headers, "the address is still that of Home"
    assert 'href="/home">See all that waits for you now' in answer.text, "a page counted anew would leave some out"
    assert "See all that waits" not in desk.get("/home")
    again = desk.client.post(path, data={"token": desk.token(), "mark": "none"}, headers=BY_SCRIPT)
    assert again.status_code == 409 and 'class="asking opened"' in again.text and "<html" not in again.text


def test_what_is_to_be_filled_in_opens_in_its_card_and_what_is_missing_is_said_there(desk: Desk) -> None:
    desk.sign_in("ann")
    path = f"/asked/{desk.find('overdue', '/survey').id}/more_time"
    assert (
        f'href="{path}"'
        in re.search(r'<div class="actions" hx-boost="true">.*?</div>', desk.client.get("/home").text, re.S)[0]
    )  # type: ignore[index]
    part, page = ask(desk, path, "").text, desk.client.get(path).text
    assert '<div class="asking opened" hx-boost="true">' in part and "<html" not in part
    assert '<div class="asking opened">' in page and "<script" not in page, "the page itself needs none"
    shown = page.partition('<div class="asking opened">')[2].partition("</main>")[0]
    assert shown.partition("Back to Home")[0] in part
    refused = answer_in_place(desk, path)
    assert refused.status_code == 422 and "Please give a day." in refused.text and "<html" not in refused.text


def test_no_answer_is_taken_from_the_script_without_the_token_of_the_visit(desk: Desk) -> None:
    desk.sign_in("ann")
    before = desk.snapshot()
    path = f"/asked/{desk.find('overdue', '/survey').id}/on_track"
    answer = desk.client.post(path, data={"mark": "none"}, headers=BY_SCRIPT)
    assert answer.status_code == 403 and "<html" in answer.text, "shown as the page that it is"
    assert desk.snapshot() == before


def test_the_forecast_is_shown_within_its_agreement(desk: Desk) -> None:
    desk.sign_in("cy")
    path = "/agreements/north-south/forecast"
    link = re.search(rf'<span hx-boost="true"[^>]*><a href="{path}">', desk.client.get("/agreements/north-south").text)
    assert link and 'hx-target="#forecast"' in link[0]
    part, page = ask(desk, path, "forecast").text, desk.client.get(path).text
    assert "<html" not in part and part.count("<li>") == page.partition("<main")[2].count("<li>") > 3


def test_rules_are_tried_in_place_each_half_by_itself(desk: Desk) -> None:
    desk.sign_in("cy")
    path = "/agreements/north-south/policy/try"
    form = {"token": desk.token(), "send_days": [*"0123456"]}
    tried = desk.client.post(path, data=form, headers={**BY_SCRIPT, "HX-Target": "part"})
    assert tried.status_code == 200 and "by these rules" not in tried.text, "nothing is played yet"
    halves = re.findall(
        r'<h2[^>]*>([^<]+)</h2>\s*<div role="status">\s*<form [^>]*hx-post="([^"]+)" hx-trigger="load"', tried.text
    )
    assert halves == [("The last 90 days", f"{path}/past"), ("The next 90 days", f"{path}/coming")]
    assert re.findall(r'hx-post="([^"]+/held)" hx-trigger="load"', tried.text) == [
        f"{path}/past/held",
        f"{path}/coming/held",
    ]
    for title, address in halves:
        half = desk.client.post(address, data=read_form(tried.text, address), headers=BY_SCRIPT)
        assert half.status_code == 200 and "by these rules" in half.text
        assert re.search(rf'<span class="unseen">{title}: </span>\d+ message', half.text), "said aloud with its title"
        for answer in (tried, half):
            assert "<html" not in answer.text and not {"hx-push-url", "hx-replace-url"} & answer.headers.keys()


def test_the_commitments_of_a_large_agreement_are_searched_and_those_ticked_stay(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sign_in("cy")
    assert 'name="find"' not in desk.client.get("/record?agreement=north-south").text, "six are seen at a glance"
    monkeypatch.setattr(recording, "MOST_AT_A_GLANCE", 5)
    page = desk.client.get("/record?agreement=north-south").text
    assert 'name="find" form="none"' in page, "it is sent with no form"
    part = ask(
        desk, "/record?agreement=north-south&find=BE&commitments=fund&commitments=nothing", "f1-commitments-options"
    ).text
    assert re.findall(r'name="commitments" value="(\w+)"( checked)?', part) == [("fund", " checked"), ("friends", "")]
    assert 'id="told" hx-swap-oob="innerHTML">2 commitments<' in part


def test_a_template_that_gives_a_part_is_one_that_is_named() -> None:
    texts = {path.name: path.read_text("utf-8") for path in (FOLDER / "templates").glob("*.html")}
    giving = {name for name, text in texts.items() if "{% extends frame.surround %}" in text}
    assert giving - {"act.html"} | {"record.html"} == PARTED
    assert {name for name, text in texts.items() if "hx-" in text} <= ENHANCED | PARTED | {
        "part.html", "parts.html", "reading.html", "framed.html"
    }  # fmt: skip
    assert not [name for name, text in texts.items() if re.search(r"hx-on|hx-vals=.js|style=|<style| on\w+=", text)]
