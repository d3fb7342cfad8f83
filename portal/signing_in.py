"""Signing in by a link that is mailed, and out again. GET shows, only POST acts: scanners of mail follow every link."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from commitments.database import open_reading, open_unit
from commitments.facts import Person
from commitments.tables import contact
from notifications.languages import load_words
from notifications.links import LinkExpired, LinkInvalid, Purpose
from notifications.names import Names, load_names
from notifications.readers import load_reader
from notifications.signing_in import call
from notifications.views import LinkView, clean_text
from notifications.wording import Words
from portal.accepting import say_not_accepted
from portal.asked_links import note_request
from portal.enhancing import is_by_script
from portal.forms import Form
from portal.frame import find_words, say_whom_to_ask, show_framed_notice
from portal.house import Here, House
from portal.pages import FieldView, FormView, OptionView, choose_words, show_notice, show_page
from portal.paging import write_address
from portal.roles import Permission, Viewer
from portal.viewing import NotFromHere, NotSignedIn, comes_from_elsewhere, find_viewer, is_secure, name_cookie, require
from portal.visits import (
    begin_visit,
    check_lead,
    end_visit_of,
    end_visits,
    find_people,
    find_request,
)

router = APIRouter()
SignedIn = Annotated[Viewer, Depends(require(Permission.COME_IN))]


@router.api_route("/sign-in", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_sign_in(request: Request, house: Here, to: str | None = None) -> Response:
    """Ask for the mail address; who is signed in already goes on."""
    try:
        find_viewer(request, house)
    except NotSignedIn:
        return _show_sign_in(house, choose_words(request), to)
    return RedirectResponse(check_lead(to), 303)


@router.post("/sign-in", response_class=HTMLResponse)
def post_sign_in(request: Request, sent: Form, house: Here) -> Response:
    """Note that a link is asked for; whether the address is somebody's is found out beside the pages."""
    address = sent.text("address") or ""
    words = choose_words(request)
    if not _may_be_address(address):
        fault = words.gettext("Please write your mail address, such as name@city.example.")
        return _show_sign_in(house, words, sent.text("to"), address, fault, 422)
    if comes_from_elsewhere(request):
        raise NotFromHere("the form is not one of ours")
    with open_unit(house.engine) as unit:
        note_request(unit, address, check_lead(sent.text("to")), house.read_clock())
    house.wake()
    return RedirectResponse("/sign-in/asked", 303)


@router.api_route("/sign-in/asked", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_asked(request: Request) -> Response:
    """The same for everybody, so that nobody learns here who is in the register."""
    words = choose_words(request)
    return show_notice(
        words,
        words.gettext("Please look into your mailbox"),
        words.gettext("If we know this address, a link to sign in is on its way. It works once, and for 15 minutes."),
        hint=words.gettext(
            "Nothing has come? Look among the unwanted mail, or ask your coordinator, or the administrator, how you "
            "are known."
        ),
    )


@router.api_route("/sign-in/{token}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_confirming(token: str, request: Request, house: Here) -> Response:
    """One button; nothing is used up by looking."""
    number = _read_number(house, token)
    with open_reading(house.engine) as reading:
        found = find_request(reading, number, house.read_clock())
        if found is None:
            return show_used(request)
        person = load_reader(reading, found.contact_id)
        if person is None:
            return show_used(request)
        people = find_people(reading, house.settings, found.mail, house.read_clock())
        names = load_names(reading, contact.c.id.in_([one.id for one in people]))
    words = load_words(person.language)
    options = tuple(
        OptionView(str(one.id), _name_self(names, one, person.language), not at) for at, one in enumerate(people)
    )
    field = FieldView("who", words.gettext("For whom do you sign in?"), "radios", required=True, options=options)
    form = FormView(
        f"/sign-in/{token}",
        words.gettext("Sign in"),
        words.gettext("You are %(name)s. This browser stays signed in until you sign out.")
        % {"name": clean_text(options[0].text)}
        if len(options) == 1 and options[0].text
        else words.gettext("This browser stays signed in until you sign out."),
        words.gettext("Sign in"),
        (field,) if len(options) > 1 else (),
    )
    return show_page("sign_in.html", words, words.gettext("Sign in"), form=form, account="")


def _name_self(names: Names, one: Person, language: str) -> str:
    """Who somebody signs in as; empty for who has no name here but an address, and stands for no party."""
    name = call(names.contacts[one.id][0])
    return f"{name}, {names.name_party(one.party_id, language)}" if name else ""


@router.post("/sign-in/{token}", response_class=HTMLResponse)
def post_confirming(token: str, request: Request, sent: Form, house: Here) -> Response:
    """Use up the link and begin a visit under a new key; a visit of this browser ends."""
    if comes_from_elsewhere(request):
        raise NotFromHere("the form is not one of ours")
    number, now = _read_number(house, token), house.read_clock()
    with open_unit(house.engine) as unit:
        found = find_request(unit, number, now)
        if found is None:
            return show_used(request)
        people = find_people(unit, house.settings, found.mail, now)
        who = next((one for one in people if str(one.id) == sent.text("who")), people[0] if people else None)
        if who is None:
            return show_used(request)
        return open_visit(unit, request, house, number, who)


def open_visit(unit: Connection, request: Request, house: House, number: str, who: Person) -> Response:
    """Use up the request, begin a visit under a new key in place of this browser's own, and lead on."""
    now, cookie = house.read_clock(), name_cookie(house)
    found = find_request(unit, number, now)
    if found is None:
        return show_used(request)
    device = clean_text(request.headers.get("user-agent", ""))[:120]
    key = begin_visit(unit, found.id, who.id, device, house.settings.session_days, now)
    if key is None:
        return show_used(request)
    before = request.cookies.get(cookie)
    if before:
        end_visit_of(unit, before, now)
    answer = RedirectResponse(check_lead(found.lead_to), 303)
    answer.set_cookie(
        cookie,
        key,
        max_age=house.settings.session_days * 86_400,
        path="/",
        secure=is_secure(house),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post("/sign-out", response_class=HTMLResponse)
def post_sign_out(viewer: SignedIn, sent: Form, house: Here) -> Response:
    """End this visit, or with `everywhere` each visit of the person."""
    with open_unit(house.engine) as unit:
        only = None if sent.text("everywhere") else viewer.visit_id
        end_visits(unit, viewer.person.id, house.read_clock(), only=only)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(name_cookie(house), path="/", secure=is_secure(house), httponly=True, samesite="lax")
    return answer


def show_used(request: Request) -> Response:
    words = choose_words(request)
    return show_notice(
        words,
        words.gettext("This link can no longer be used"),
        words.gettext("A link to sign in works once, and for 15 minutes."),
        status=410,
        link=LinkView(words.gettext("Ask for a new link"), "/sign-in", "first"),
    )


def show_not_signed_in(request: Request, _fault: Exception) -> Response:
    """To the page that asks for the address; what was sent by a form is not done, and that is said."""
    if request.method in ("GET", "HEAD"):
        lead = check_lead(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
        there = f"/sign-in?{urlencode({'to': lead})}"
        if is_by_script(request):  # which is to leave the page, not to show another within it
            return Response(status_code=401, headers={"HX-Redirect": there})
        return RedirectResponse(there, 303)
    words = choose_words(request)
    return show_notice(
        words,
        words.gettext("You are no longer signed in"),
        words.gettext("Nothing was changed. Sign in, and send it again."),
        status=401,
        link=LinkView(words.gettext("Sign in"), "/sign-in", "first"),
    )


def show_refused(request: Request, status: int, say: Callable[[Words], tuple[str, str]]) -> Response:
    """A page that refuses: for who is signed in within the frame and in their language, else as the browser asks."""
    try:
        viewer = find_viewer(request, request.app.state.house)[0]
    except (NotSignedIn, SQLAlchemyError):  # a page that says so must not need the register
        viewer = None
    words = choose_words(request) if viewer is None else find_words(viewer)
    title, text = say(words)
    first = LinkView(words.gettext("To the first page"), "/" if viewer is None else "/home", "first")
    if viewer is None:
        return show_notice(words, title, text, status=status, link=first)
    return show_framed_notice(request, viewer, title, text, status=status, link=first)


def show_not_allowed(request: Request, _fault: Exception) -> Response:
    viewer = find_viewer(request, request.app.state.house)[0]
    if viewer.person.proposed_by is not None:
        return show_refused(request, 403, say_not_accepted)
    return show_refused(
        request,
        403,
        lambda words: (
            words.gettext("This is not for you to see or to change"),
            say_whom_to_ask(words, viewer),
        ),
    )


def show_not_from_here(request: Request, _fault: Exception) -> Response:
    return show_refused(
        request,
        403,
        lambda words: (
            words.gettext("This page was too old"),
            words.gettext("Nothing was changed. Go back, load the page again, and send it once more."),
        ),
    )


def _show_sign_in(
    house: House, words: Words, to: str | None, address: str = "", fault: str = "", status: int = 200
) -> Response:
    lead = check_lead(to)
    label = words.gettext("Your mail address")
    field = FieldView("address", label, "mail", address, fault=fault, required=True, most="254")
    form = FormView(
        "/sign-in",
        words.gettext("Sign in"),
        words.gettext("You get a link by mail, and need no password."),
        words.gettext("Send me a link"),
        (field,),
        (("to", lead),),
    )
    account = write_address("/sign-in/account", {"to": lead}) if house.accounts is not None else ""
    return show_page("sign_in.html", words, words.gettext("Sign in"), status=status, form=form, account=account)


def _may_be_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and host) and len(text) <= 254 and " " not in text


def _read_number(house: House, token: str) -> str:
    try:
        (number,) = house.links.read(Purpose.SIGN_IN, token)
    except LinkExpired:
        return ""
    if not isinstance(number, str):
        raise LinkInvalid("this link is not one of ours")
    return number
