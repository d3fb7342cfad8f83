"""Signing in by the account of one's organisation, at a little provider that is asked over real HTTP."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from pydantic import ValidationError

from cli.findings import examine_accounts
from commitments.database import open_unit
from commitments.settings import Settings
from commitments.tables import contact
from portal.accounts import open_accounts
from portal.tables import visit
from tests.portal.desk import NOW, Desk
from tests.portal.provider import CLIENT, SECRET, Provider, start_provider

COOKIE = "__Host-tally"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with start_provider(NOW) as provider:
        yield provider


@pytest.fixture
def provider(running: Provider, desk: Desk) -> Provider:
    """As it behaves well, and known to the portal."""
    fresh = Provider(running.issuer, NOW, key=running.key)
    for name in ("email", "claims", "told_apart", "down", "refuses", "key", "signs_with", "asked", "codes"):
        setattr(running, name, getattr(fresh, name))
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    settings = write_settings(desk, running)
    desk.client.app.state.house = replace(house, accounts=open_accounts(settings))  # type: ignore[attr-defined]
    return running


def write_settings(desk: Desk, provider: Provider) -> Settings:
    named = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    return Settings(home=desk.settings.home, base_url=desk.settings.base_url, **named)  # type: ignore[arg-type]


def begin(desk: Desk, to: str = "/agreements") -> str:
    """Press the button; gives where the provider sends the browser back to."""
    answer = desk.client.get(f"/sign-in/account?to={to}", follow_redirects=False)
    assert answer.status_code == 303, answer.text
    back = httpx.get(answer.headers["location"], follow_redirects=False).headers["location"]
    assert back.startswith("https://tally.example/sign-in/back?")
    return back.removeprefix("https://tally.example")


def come_back(desk: Desk, back: str, status: int) -> Any:
    answer = desk.client.get(back, follow_redirects=False)
    assert answer.status_code == status, answer.text
    return answer


def assert_nobody(desk: Desk) -> None:
    assert COOKIE not in desk.client.cookies and desk.rows(visit) == []


def test_the_sign_in_page_offers_it_beside_the_mailed_link_and_only_where_it_is_set_up(desk: Desk) -> None:
    assert "organisation" not in desk.get("/sign-in")
    desk.get("/sign-in/account", 404)
    desk.get("/sign-in/back?state=x&code=y", 404)


def test_one_signs_in_by_ones_account_and_comes_to_the_page_that_one_wanted(desk: Desk, provider: Provider) -> None:
    page = desk.get("/sign-in?to=/agreements")
    assert 'href="/sign-in/account?to=%2Fagreements"' in page and "Your mail address" in page
    answer = come_back(desk, begin(desk), 303)
    assert answer.headers["location"] == "/agreements"
    assert "Cy" in desk.get("/home") and len(desk.rows(visit)) == 1
    cookies = "; ".join(answer.headers.get_list("set-cookie"))
    assert "HttpOnly" in cookies and "Secure" in cookies and "SameSite=lax" in cookies


def test_the_provider_is_asked_by_a_code_for_this_browser_alone(desk: Desk, provider: Provider) -> None:
    begin(desk)
    begin(desk)
    first, second = provider.asked
    assert first["scope"] == "openid email" and first["code_challenge_method"] == "S256"
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))


def test_an_address_is_matched_whatever_its_capitals_and_also_from_the_page_about_the_user(
    desk: Desk, provider: Provider
) -> None:
    provider.email, provider.told_apart = "CY@North.Example", True
    come_back(desk, begin(desk), 303)
    assert "Cy" in desk.get("/home")


def test_who_speaks_for_two_parties_says_for_which(desk: Desk, provider: Provider) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(contact.update().where(contact.c.reference == "li").values(channels={"mail": "cy@north.example"}))
    answer = come_back(desk, begin(desk), 303)
    page = desk.get(answer.headers["location"])
    assert "For whom do you sign in?" in page and "Li" in page
    assert_nobody(desk)


def test_an_account_of_nobody_in_the_register_gets_a_page_that_says_so(desk: Desk, provider: Provider) -> None:
    provider.email = "stranger@elsewhere.example"
    answer = come_back(desk, begin(desk), 403)
    assert "You are not known here" in answer.text and "stranger@elsewhere.example" in answer.text
    assert_nobody(desk)


def test_who_is_no_longer_in_office_is_not_signed_in(desk: Desk, provider: Provider) -> None:
    provider.email = "old@north.example"
    come_back(desk, begin(desk), 403)
    assert_nobody(desk)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"email_verified": False}, "does not confirm your mail address"),
        ({"email_verified": None}, "does not confirm your mail address"),
        ({"nonce": "of another sign-in"}, "was not right"),
        ({"nonce": None}, "was not right"),
        ({"aud": "somebody-else"}, "was not right"),
        ({"aud": [CLIENT, "somebody-else"]}, "was not right"),
        ({"azp": "somebody-else"}, "was not right"),
        ({"iss": "https://evil.example"}, "was not right"),
        ({"exp": int(NOW.timestamp()) - 3600}, "was not right"),
        ({"exp": None}, "was not right"),
        ({"iat": int(NOW.timestamp()) + 3600}, "was not right"),
        ({"sub": None}, "was not right"),
    ],
    ids=str,
)
def test_a_token_that_is_not_wholly_right_signs_nobody_in(
    desk: Desk, provider: Provider, claims: dict[str, Any], said: str
) -> None:
    provider.claims = claims
    assert said in desk_text(come_back(desk, begin(desk), 403))
    assert_nobody(desk)


def desk_text(answer: Any) -> str:
    return str(answer.text).replace("&#39;", "'")


def test_a_token_signed_by_another_key_signs_nobody_in(desk: Desk, provider: Provider) -> None:
    provider.signs_with = RSAKey.generate_key(2048, {"kid": provider.key.kid})
    come_back(desk, begin(desk), 403)
    assert_nobody(desk)


def test_a_provider_that_changed_its_key_is_asked_for_the_new_one(desk: Desk, provider: Provider) -> None:
    come_back(desk, begin(desk), 303)
    old, provider.key = provider.key, RSAKey.generate_key(2048, {"kid": "second", "use": "sig"})
    come_back(desk, begin(desk), 303)
    provider.signs_with = old
    come_back(desk, begin(desk), 403)


def test_an_answer_to_another_sign_in_is_not_taken(desk: Desk, provider: Provider) -> None:
    """Nobody is signed in as somebody else by a link that they are sent."""
    foreign = begin(desk)
    desk.client.cookies.clear()
    come_back(desk, foreign, 403)
    begin(desk)
    come_back(desk, foreign, 403)
    assert_nobody(desk)


def test_the_sign_in_of_one_tab_goes_on_whatever_comes_back_in_another(desk: Desk, provider: Provider) -> None:
    first, second = begin(desk), begin(desk)
    answer = come_back(desk, first, 403)
    assert "You did not sign in" in answer.text
    desk.get("/sign-in/back?state=x&error=access_denied", 403)
    come_back(desk, second, 303)
    assert "Cy" in desk.get("/home")


def test_a_code_signs_in_once(desk: Desk, provider: Provider) -> None:
    back = begin(desk)
    kept = dict(desk.client.cookies)
    come_back(desk, back, 303)
    desk.client.cookies.clear()
    for name, value in kept.items():
        desk.client.cookies.set(name, value)
    come_back(desk, back, 403)


def test_an_answer_of_another_provider_is_not_taken(desk: Desk, provider: Provider) -> None:
    state = parse_qs(urlsplit(begin(desk)).query)["state"][0]
    come_back(desk, f"/sign-in/back?state={state}&code=x&iss=https://evil.example", 403)


def test_who_breaks_off_there_is_told_so(desk: Desk, provider: Provider) -> None:
    provider.refuses = True
    assert "You did not sign in" in come_back(desk, begin(desk), 403).text


def test_a_provider_that_does_not_answer_leaves_the_mailed_link(desk: Desk, provider: Provider) -> None:
    provider.down = True
    answer = desk.client.get("/sign-in/account", follow_redirects=False)
    assert answer.status_code == 503 and "link that is mailed" in answer.text


def test_the_doctor_says_whether_the_provider_answers(desk: Desk, provider: Provider) -> None:
    settings = write_settings(desk, provider)
    assert [one.state for one in examine_accounts(settings)] == ["ok"]
    provider.down = True
    (found,) = examine_accounts(settings)
    assert found.state == "broken" and SECRET not in found.found + found.advice
    assert list(examine_accounts(desk.settings)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"oidc_issuer": "https://login.city.example"},
        {"oidc_client_id": "tallystick", "oidc_client_secret": "s"},
        {"oidc_issuer": "http://login.city.example", "oidc_client_id": "t", "oidc_client_secret": "s"},
        {"oidc_issuer": "login.city.example", "oidc_client_id": "t", "oidc_client_secret": "s"},
    ],
    ids=str,
)
def test_half_of_a_provider_or_one_without_encryption_is_refused_at_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_an_operator_reads_no_warning_of_a_library_about_another() -> None:
    asked = "from portal.accounts import Accounts; Accounts('https://id.example', 'a', 'b', 'c')._open_client()"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=300)
    assert done.stderr == ""
