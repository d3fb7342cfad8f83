"""Signing in by the account that people have in their house (OpenID Connect): the same visit as by a mailed link."""

import hmac
from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from commitments.database import open_unit
from notifications.links import LinkInvalid, Purpose
from notifications.views import LinkView, clean_text
from notifications.wording import Words
from portal.accounts import Accounts, NotVouched, Refusal
from portal.house import Here, House
from portal.page_words import load_page_words
from portal.pages import choose_words, show_notice
from portal.signing_in import open_visit
from portal.viewing import is_secure, name_cookie
from portal.visits import check_lead, find_people, make_link_number

router = APIRouter()
BEGIN, BACK = "/sign-in/account", "/sign-in/back"
_MINUTES = 15
_SAID: dict[Refusal, tuple[int, Callable[[Words], str], Callable[[Words], str]]] = {
    Refusal.UNREACHABLE: (
        503,
        lambda words: words.gettext("Your organisation's sign-in does not answer"),
        lambda words: words.gettext("Try again in a few minutes, or sign in by a link that is mailed to you."),
    ),
    Refusal.BROKEN_OFF: (
        403,
        lambda words: words.gettext("You did not sign in"),
        lambda words: words.gettext("It was broken off, or took too long. Begin again, or have a link mailed to you."),
    ),
    Refusal.NOT_BELIEVED: (
        403,
        lambda words: words.gettext("The answer of your organisation's sign-in was not right"),
        lambda words: words.gettext("You are not signed in. Begin again; if it happens again, tell whoever runs this."),
    ),
    Refusal.UNVERIFIED: (
        403,
        lambda words: words.gettext("Your organisation does not confirm your mail address"),
        lambda words: words.gettext("Without it we cannot know who you are here. A link can be mailed to you instead."),
    ),
}


@router.api_route(BEGIN, methods=["GET", "HEAD"], response_class=HTMLResponse)
def begin_elsewhere(request: Request, house: Here, to: str | None = None) -> Response:
    """On to the provider; what must come back is kept in a cookie of this browser alone."""
    accounts = _require(house)
    try:
        begun = accounts.begin(house.read_clock())
    except NotVouched as refused:
        return _show_refused(request, refused.refusal)
    kept = house.links.sign(Purpose.ACCOUNT, [begun.state, begun.nonce, begun.verifier, check_lead(to)])
    answer = RedirectResponse(begun.address, 303)
    answer.set_cookie(
        _name_cookie(house), kept, max_age=_MINUTES * 60, path="/", secure=is_secure(house), httponly=True,
        samesite="lax",
    )  # fmt: skip
    return answer


@router.api_route(BACK, methods=["GET", "HEAD"], response_class=HTMLResponse)
def come_back(
    request: Request, house: Here, state: str = "", code: str = "", error: str = "", iss: str | None = None
) -> Response:
    """The browser is back: whoever the provider vouches for, and is in office here, is signed in."""
    accounts = _require(house)
    try:
        began, nonce, verifier, lead = house.links.read(Purpose.ACCOUNT, request.cookies.get(_name_cookie(house), ""))
    except LinkInvalid:
        return _show_refused(request, Refusal.BROKEN_OFF)
    if not hmac.compare_digest(began, state):
        # The answer to another sign-in than the last that this browser began, which stays under way.
        return _show_refused(request, Refusal.BROKEN_OFF)
    # Also a refusal is believed only for the sign-in that this browser began.
    if not accounts.speaks_here(iss) or error or not code:
        answer = _show_refused(request, Refusal.BROKEN_OFF)
    else:
        answer = _sign_in(request, house, accounts, code, nonce, verifier, lead)
    answer.delete_cookie(_name_cookie(house), path="/", secure=is_secure(house), httponly=True, samesite="lax")
    return answer


def _sign_in(
    request: Request, house: House, accounts: Accounts, code: str, nonce: str, verifier: str, lead: str
) -> Response:
    now = house.read_clock()
    try:
        address = accounts.vouch(code, nonce, verifier, now)
    except NotVouched as refused:
        return _show_refused(request, refused.refusal)
    with open_unit(house.engine) as unit:
        people = find_people(unit, house.settings, address, now)
        if not people:
            return _show_unknown(request, address)
        number = make_link_number(unit, people[0].id, address, now, lead)
        if len(people) == 1:
            return open_visit(unit, request, house, number, people[0])
    # Who speaks for several parties says for which, on the page that the mailed link leads to.
    return RedirectResponse(house.links.write_sign_in(number).removeprefix(house.links.base_url), 303)


def _require(house: House) -> Accounts:
    if house.accounts is None:
        raise HTTPException(404)
    return house.accounts


def _name_cookie(house: House) -> str:
    return f"{name_cookie(house)}-account"


def _show_refused(request: Request, refusal: Refusal) -> Response:
    words = load_page_words(choose_words(request).tag)
    status, title, text = _SAID[refusal]
    return show_notice(words, title(words), text(words), status=status, link=_back_to_start(words))


def _show_unknown(request: Request, address: str) -> Response:
    """Only who owns the address sees this, so it may say that nobody is known by it."""
    words = load_page_words(choose_words(request).tag)
    return show_notice(
        words,
        words.gettext("You are not known here"),
        words.gettext("Nobody in the register has the address %(address)s, or their time in office is over.")
        % {"address": clean_text(address)[:254]},
        hint=words.gettext("Ask your coordinator, or the administrator, to add you, or sign in by another address."),
        status=403,
        link=_back_to_start(words),
    )


def _back_to_start(words: Words) -> LinkView:
    return LinkView(words.gettext("Sign in"), "/sign-in", "first")
