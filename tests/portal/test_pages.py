"""The portal's other pages, and what stands before all of them."""

import re
import stat
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from commitments.errors import SettingsError
from commitments.settings import Settings, read_settings
from commitments.tables import choices, log_entry
from notifications.secret import load_secrets, rotate_secret
from portal.app import make_portal
from portal.guards import HEADERS, LARGER_FORMS, SizeLimit
from portal.page_words import load_page_words
from portal.viewing import list_declared
from tests.portal.desk import Desk


def path_of(desk: Desk, link: str) -> str:
    return link.removeprefix(desk.links.base_url)


def choose(desk: Desk, who: str, status: int = 303, **fields: object) -> str:
    path = path_of(desk, desk.links.write_choices(desk.person(who)))
    answer = desk.client.post(path, data=fields, follow_redirects=False)
    assert answer.status_code == status, answer.text
    return desk.get(answer.headers["location"]) if status == 303 else answer.text


EVERYTHING = ["reminder", "follow_up", "escalation", "hand_over", "confirmation"]


def test_a_person_chooses_days_hour_language_quiet_hours_and_a_pause(desk: Desk) -> None:
    page = choose(
        desk, "ann", days=["0", "3"], hour="09:30", language="zh-Hans", quiet_from="18:00", quiet_to="07:00",
        paused_from="2026-07-01", paused_to="2026-07-14", kinds=EVERYTHING,
    )  # fmt: skip
    assert "已保存" in page, "the page itself is in the language that was chosen"
    (row,) = desk.rows(choices)
    assert (row.days, row.hour, row.language, row.quiet_from, row.quiet_to) == (
        [0, 3], "09:30", "zh-Hans", "18:00", "07:00",
    )  # fmt: skip
    assert (str(row.paused_from), str(row.paused_to), row.unsubscribed) == ("2026-07-01", "2026-07-14", [])
    assert desk.rows(log_entry, log_entry.c.subject == "choices")[0].who.startswith("ann by link ")
    assert re.findall(r'name="days" value="(\d)" checked', page) == ["0", "3"]
    assert 'value="09:30" selected' in page


def test_working_days_and_nothing_else_is_as_usual(desk: Desk) -> None:
    choose(desk, "ann", days=["0", "1", "2", "3", "4"], kinds=EVERYTHING)
    assert desk.rows(choices) == [] or desk.rows(choices)[0].days is None


def test_what_is_not_ticked_is_unsubscribed_and_can_be_ticked_again(desk: Desk) -> None:
    choose(desk, "ann", kinds=["follow_up", "escalation", "hand_over", "confirmation"])
    assert desk.rows(choices)[0].unsubscribed == ["reminder"]
    choose(desk, "ann", kinds=EVERYTHING)
    assert desk.rows(choices)[0].unsubscribed == []


def test_each_role_sees_the_kinds_that_concern_it(desk: Desk) -> None:
    kinds = {}
    for who in ("ann", "cy", "max"):
        page = desk.get(path_of(desk, desk.links.write_choices(desk.person(who))))
        kinds[who] = re.findall(r'name="kinds" value="(\w+)"', page)
        assert ("Day of your digest" in page) is (who == "cy")
    assert kinds == {"ann": EVERYTHING, "cy": [*EVERYTHING, "digest", "summary"],
                     "max": ["escalation", "summary"]}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"quiet_from": "20:00"}, 'value="20:00" aria-describedby="choice-quiet_from-fault" aria-invalid="true"'),
        ({"quiet_from": "20:00"}, "Quiet hours have a beginning and an end"),
        ({"quiet_from": "07:00", "quiet_to": "19:00"}, "leave room for the hour"),
        ({"paused_from": "2026-05-01"}, "A pause has a first and a last day"),
        ({"paused_from": "2026-05-01", "paused_to": "2026-04-01"}, "A pause has a first and a last day"),
        ({"hour": "23:00"}, "between midnight and five"),
        ({"language": "Klingon"}, "could not be chosen"),
        ({"hour": "'; DROP TABLE choices"}, "between midnight and five"),
    ],
)
def test_what_cannot_be_chosen_is_said_and_nothing_is_written(desk: Desk, fields: dict[str, str], said: str) -> None:
    before = desk.snapshot()
    assert said in choose(desk, "ann", 422, kinds=EVERYTHING, **fields)
    assert desk.snapshot() == before


def test_of_an_hour_that_is_none_only_its_own_field_is_spoken_of(desk: Desk) -> None:
    page = choose(desk, "ann", 422, kinds=EVERYTHING, quiet_from="25:00", quiet_to="07:00")
    assert "Quiet hours have a beginning and an end" in page and "between midnight and five" not in page


def test_every_page_has_an_icon_so_that_no_browser_asks_for_one_that_is_not_there(desk: Desk) -> None:
    found = re.search(r'<link rel="icon" href="([^"]+)"', desk.client.get("/sign-in").text)
    assert found
    icon = desk.client.get(found[1])
    assert icon.status_code == 200 and icon.headers["content-type"] == "image/svg+xml"


def test_a_mail_program_unsubscribes_with_one_click(desk: Desk) -> None:
    path = path_of(desk, desk.links.write_unsubscribe(desk.person("ann"), "reminder"))
    answer = desk.client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and "You have unsubscribed: Reminder" in answer.text
    assert desk.rows(choices)[0].unsubscribed == ["reminder"]
    boundary = desk.client.post(path, files={"List-Unsubscribe": (None, "One-Click")})
    assert boundary.status_code == 200, "some send the form in parts"
    assert len(desk.rows(log_entry, log_entry.c.subject == "choices")) == 1, "the second changes nothing"


def test_whoever_looks_after_the_engine_cannot_lose_its_alerts_with_one_click(desk: Desk) -> None:
    path = path_of(desk, desk.links.write_unsubscribe(desk.person("ann"), "alert"))
    for answer in (desk.client.get(path), desk.client.post(path, data={"List-Unsubscribe": "One-Click"})):
        assert answer.status_code == 200 and "This kind of message comes in any case" in answer.text
        assert "<form" not in answer.text
    assert desk.rows(choices) == []


def test_what_a_person_unsubscribed_from_can_be_ticked_again_whatever_their_role(desk: Desk) -> None:
    desk.client.post(path_of(desk, desk.links.write_unsubscribe(desk.person("max"), "follow_up")))
    page = desk.get(path_of(desk, desk.links.write_choices(desk.person("max"))))
    assert re.findall(r'name="kinds" value="(\w+)"', page) == ["escalation", "summary", "follow_up"]
    choose(desk, "max", kinds=["escalation", "summary", "follow_up"])
    assert desk.rows(choices)[0].unsubscribed == []


def test_a_person_is_asked_before_unsubscribing(desk: Desk) -> None:
    path = path_of(desk, desk.links.write_unsubscribe(desk.person("ann"), "reminder"))
    page = desk.get(path)
    assert f'<form method="post" action="{path}">' in page and "Unsubscribe: Reminder" in page
    desk.client.post(path)
    assert "<form" not in desk.get(path)


@pytest.mark.parametrize("path", ["/", "/answer/x", "/nothing", "/static/1/portal.css", "/choices/x", "/docs"])
def test_every_answer_carries_the_headers_that_keep_a_browser_safe(desk: Desk, path: str) -> None:
    answer = desk.client.get(path)
    for name, value in HEADERS.items():
        if not (path.startswith("/static") and name == "Cache-Control"):
            assert answer.headers[name] == value
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "set-cookie" not in answer.headers


def test_no_page_holds_a_script_an_inline_style_or_anything_from_elsewhere(desk: Desk) -> None:
    for path in (desk.link("ann", "overdue", "/survey") + "/done", path_of(desk, desk.links.write_choices(1)), "/"):
        page = desk.client.get(path).text
        assert "<script" not in page and "style=" not in page and "onclick" not in page
        assert all(
            one.startswith(("/", desk.links.base_url)) for one in re.findall(r'(?:src|href|action)="([^"]+)"', page)
        )


def test_every_field_has_its_label(desk: Desk) -> None:
    pages = [f"{desk.link('ann', 'overdue', '/survey')}/{one}" for one in ("done", "more_time", "not_me")]
    for path in [*pages, path_of(desk, desk.links.write_choices(desk.person("cy")))]:
        page = desk.client.get(path).text
        ids = re.findall(r'<(?:input|select|textarea) id="([^"]+)"', page)
        assert ids and len(ids) == len(set(ids))
        assert set(ids) == set(re.findall(r'<label for="([^"]+)"', page))


def test_an_unknown_page_is_a_friendly_page_in_the_language_of_the_browser(desk: Desk) -> None:
    answer = desk.client.get("/nothing", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})
    assert answer.status_code == 404 and "没有此页面" in answer.text
    assert "There is no such page" in desk.client.get("/nothing", headers={"Accept-Language": "xx"}).text


def test_a_fault_of_ours_is_a_friendly_page_that_tells_nothing_of_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of the house")

    link = desk.link("ann", "overdue", "/survey")
    monkeypatch.setattr("portal.answering.load_rules_of_questions", fail)
    answer = desk.client.get(link)
    assert answer.status_code == 500 and "Something went wrong on our side" in answer.text
    assert "secret" not in answer.text and "Traceback" not in answer.text


def test_a_form_that_is_too_large_is_refused(desk: Desk) -> None:
    link = desk.link("ann", "overdue", "/survey") + "/on_track"
    before = desk.snapshot()
    assert desk.client.post(link, data={"note": "x" * 100_000}).status_code == 413
    assert desk.client.post(link, content=(b"x" * 1000 for _ in range(100))).status_code == 413
    assert "At most 64 kB can be taken here" in desk.client.post(link, data={"note": "x" * 100_000}).text
    assert desk.client.post(link, data={f"f{n}": "x" for n in range(200)}).status_code == 400
    assert desk.snapshot() == before


@pytest.mark.parametrize(
    ("path", "size", "answered"),
    [
        ("/files/one", 200_000, 200),
        ("/files/one", 200_001, 413),
        ("/files/one/two", 70_000, 413),
        ("/files", 70_000, 413),
        ("/other", 64 * 1024, 200),
        ("/other", 64 * 1024 + 1, 413),
    ],
)
def test_only_a_route_that_takes_files_takes_more_than_a_form(path: str, size: int, answered: int) -> None:
    async def take(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(str(len(await Request(scope, receive).body())))(scope, receive, send)

    def refuse(_: Request, most: int) -> PlainTextResponse:
        return PlainTextResponse(f"at most {most}", 413)

    client = TestClient(SizeLimit(take, refuse, larger={"/files/{name}": 200_000}))
    answer = client.post(path, content=(b"x" * (size // 4 + (part < size % 4)) for part in range(4)))
    assert answer.status_code == answered
    assert answer.text == str(size) if answered == 200 else answer.text.startswith("at most")


def test_every_route_that_takes_files_is_served(desk: Desk) -> None:
    served = {path for path, _, _ in list_declared(desk.client.app)}  # type: ignore[arg-type]
    assert served >= LARGER_FORMS.keys()


def test_too_many_requests_from_one_address_wait_a_minute(sqlite_engine: Engine, tmp_path: Path) -> None:
    settings, ticks = Settings(home=tmp_path, base_url="https://t.example", requests_a_minute=3), [0.0]
    app = make_portal(settings, sqlite_engine, read_ticks=lambda: ticks[0])
    one, other = TestClient(app, client=("10.0.0.1", 1)), TestClient(app, client=("10.0.0.2", 1))
    assert [one.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert other.get("/").status_code == 200
    assert one.get("/").headers["Retry-After"] == "60"
    ticks[0] = 60.0
    assert one.get("/").status_code == 200


def test_who_types_slowly_into_a_search_box_for_a_minute_is_not_told_to_wait(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    app = make_portal(Settings(home=tmp_path, base_url="https://t.example"), sqlite_engine, read_ticks=lambda: 0.0)
    client, by_script = TestClient(app), {"HX-Request": "true"}
    every_letter = [client.get("/", headers=by_script).status_code for _ in range(150)]
    assert set(every_letter) == {200}, "a letter each 400 ms, as often as a page asks"
    answers = [client.get("/", headers=by_script).status_code for _ in range(400)]
    assert answers[-1] == 429, "and yet not without an end"


def test_without_an_address_for_its_links_the_portal_does_not_start(sqlite_engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TALLY_BASE_URL"):
        make_portal(Settings(home=tmp_path, mail_url="smtp://mail.example"), sqlite_engine)


def test_the_secret_is_made_at_first_need_for_its_owner_only_and_stays_the_same(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    (first,) = load_secrets(settings)
    assert len(first) >= 40 and load_secrets(settings) == (first,)
    assert stat.S_IMODE((tmp_path / "home" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret"]


def test_a_new_secret_signs_and_the_old_one_is_believed_until_it_is_forgotten(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    (first,) = load_secrets(settings)
    assert rotate_secret(settings) == 2
    newer, older = load_secrets(settings)
    assert older == first != newer
    assert rotate_secret(settings, forget=True) == 1
    assert first not in load_secrets(settings) and newer not in load_secrets(settings)


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    load_secrets(settings)
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        load_secrets(settings)


def test_the_secrets_of_the_settings_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_SECRET", "a" * 24 + "," + "b" * 24)
    assert load_secrets(read_settings()) == ("a" * 24, "b" * 24)
    with pytest.raises(SettingsError, match="TALLY_SECRET is set"):
        rotate_secret(read_settings())
    read_settings.cache_clear()
    monkeypatch.setenv("TALLY_SECRET", "short")
    with pytest.raises(SettingsError, match="at least 24 characters"):
        read_settings()
    assert not (tmp_path / "secret").exists()


def test_who_is_signed_in_finds_ways_on_also_from_a_page_that_is_not_there(desk: Desk) -> None:
    desk.add_elsewhere()
    desk.sign_in("ann")
    page, hidden = desk.get("/agreements/nowhere", 404), desk.get("/agreements/elsewhere", 404)
    assert "There is no such page" in page and 'href="/home"' in page and 'href="/agreements"' in page
    assert page == hidden, "nobody learns what there is that they do not see"
    desk.sign_in("li")
    assert "没有此页面" in desk.get("/agreements/nowhere", 404)


def test_who_is_signed_in_is_refused_in_their_own_language_and_finds_the_ways_on(desk: Desk) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"house_parties": "north"}))
    desk.sign_in("li")
    english = {"Accept-Language": "en-GB,en"}
    for path, data, status, said in (
        ("/record", None, 403, "This is not for you to see or to change"),
        ("/sign-out", {"token": "an old one"}, 403, "This page was too old"),
        ("/asked/99999999999999999999/snooze", {"token": desk.token()}, 404, "There is no such page"),
        ("/asked/none/snooze", {"token": desk.token()}, 400, "This could not be understood"),
    ):
        if data is None:
            answer = desk.client.get(path, headers=english)
        else:
            answer = desk.client.post(path, data=data, headers=english)
        assert answer.status_code == status, path
        assert load_page_words("zh-Hans").gettext(said) in answer.text and said not in answer.text, path
        assert 'lang="zh' in answer.text, path
        assert '<a href="/settings"' in answer.text and "<nav" in answer.text, path


def test_a_failure_of_ours_is_said_in_ones_own_language_also_where_the_register_cannot_be_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sign_in("li")

    def fail(*_: object, **__: object) -> object:
        raise RuntimeError("made to fail")

    monkeypatch.setattr("portal.home.find_words", fail)
    answer = desk.client.get("/home", headers={"Accept-Language": "en"})
    assert answer.status_code == 500 and "<nav" in answer.text and 'lang="zh' in answer.text

    def lose(*_: object, **__: object) -> object:
        raise OperationalError("SELECT 1", {}, Exception("the disk is gone"))

    monkeypatch.setattr("portal.viewing.open_reading", lose)
    answer = desk.client.get("/home", headers={"Accept-Language": "en"})
    assert answer.status_code == 500 and "Something went wrong on our side" in answer.text
    assert "disk" not in answer.text
