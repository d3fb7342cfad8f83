"""What a script adds: a part of a page in its place, saying the same; and what the browser is told to forbid."""

import re
from html import unescape
from pathlib import Path

import httpx
import pytest

from portal.app import ASSETS
from portal.enhancing import ENHANCED, WITHIN_OTHERS
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
    found = re.search(r'<div id="part">\n(.*)</div>\n</main>', page, re.S)
    assert found, page
    return found[1]


@pytest.mark.parametrize(
    "path",
    [
        "/agreements",
        "/agreements?q=memorandum&standing=overdue",
        "/agreements?q=nowhere",
    ],
)
@pytest.mark.parametrize("who", ["cy", "li"])
def test_a_part_says_what_the_whole_page_says_in_its_place(desk: Desk, path: str, who: str) -> None:
    desk.sign_in(who)
    page, part = desk.client.get(path).text, ask(desk, path).text
    assert "<html" in page and "<html" not in part and "<nav aria-label=" not in part
    assert read_part(page).strip() in part
    told = re.search(r'id="told"[^>]*>(.*?)</', page, re.S)
    assert told and told[1] and f'id="told" hx-swap-oob="innerHTML">{told[1]}<' in part, "how many, read aloud"
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


def test_a_template_that_gives_a_part_is_one_that_is_named(desk: Desk) -> None:
    giving = {
        path.name for path in Path(FOLDER / "templates").glob("*.html") if "frame.surround" in path.read_text("utf-8")
    }
    assert giving == ENHANCED | WITHIN_OTHERS
    using = {path.name for path in Path(FOLDER / "templates").glob("*.html") if "hx-" in path.read_text("utf-8")}
    assert not any("hx-on" in path.read_text("utf-8") for path in Path(FOLDER / "templates").glob("*.html"))
    assert using <= ENHANCED | WITHIN_OTHERS | {"part.html", "reading.html", "framed.html"}
