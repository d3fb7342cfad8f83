"""The portal as an app. A page is a module with a `router`, named in ROUTERS, and a template."""

from collections.abc import Callable, Mapping
from datetime import datetime

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response

from commitments.clock import read_clock as read_present
from commitments.errors import SettingsError
from commitments.settings import Settings
from notifications.links import LinkExpired, LinkInvalid, open_links
from notifications.views import LinkView
from portal import (
    accepting,
    adding,
    agreement_amending,
    agreement_page,
    agreements,
    amending,
    answering,
    asked,
    beginning,
    briefing,
    bringing,
    calendar,
    choosing,
    commitment_page,
    confirming,
    documents,
    evidence,
    forecasting,
    handing,
    handing_out,
    history,
    home,
    kinds,
    message_log,
    met_steps,
    milestones,
    own_settings,
    people,
    policing,
    proposing,
    publishing,
    recording,
    registering,
    reporting,
    searches,
    signing_in,
    signing_in_elsewhere,
    taking_back,
    terms,
    trying,
    unsubscribing,
    withdrawing,
)
from portal.accounts import open_accounts
from portal.frame import show_missing
from portal.guards import (
    LARGER_FORMS,
    LARGEST_UPLOAD,
    QUARTER_OF_AN_HOUR,
    READS_OF_A_FEED,
    SIGN_INS_A_QUARTER,
    RateLimit,
    SafeHeaders,
    SizeLimit,
    read_seconds,
)
from portal.house import House
from portal.mailboxes import MovedAway, show_moved
from portal.pages import STATIC, choose_words, show_notice
from portal.signing_in import show_not_allowed, show_not_from_here, show_not_signed_in, show_refused
from portal.viewing import NotAllowed, NotFromHere, NotSignedIn, find_viewer, list_declared

_TAKE_FILES = (recording.RECORD, evidence.EVIDENCE, documents.DOCUMENTS)
ROUTERS = (
    answering.router,
    choosing.router,
    unsubscribing.router,
    signing_in_elsewhere.router,  # before the links, whose addresses would be any word
    signing_in.router,
    home.router,
    asked.router,
    own_settings.router,
    searches.router,
    agreements.router,
    agreement_page.router,
    adding.router,
    agreement_amending.router,
    beginning.router,
    bringing.router,
    handing_out.router,
    registering.router,
    history.router,
    forecasting.router,
    commitment_page.router,
    recording.router,
    reporting.router,
    met_steps.router,
    confirming.router,
    withdrawing.router,
    amending.router,
    milestones.router,
    terms.router,
    kinds.router,
    evidence.router,
    documents.router,
    message_log.router,
    accepting.router,
    people.router,
    policing.router,
    proposing.router,
    trying.router,
    publishing.router,
    briefing.router,
    calendar.router,
    handing.router,
    taking_back.router,
)
ASSETS: Mapping[str, tuple[str, str]] = {
    "/static/{version}/portal.css": ("portal.css", "text/css"),
    "/static/{version}/icon.svg": ("icon.svg", "image/svg+xml"),
    "/static/{version}/portal.js": ("portal.js", "text/javascript"),
    "/static/{version}/htmx.min.js": ("htmx/htmx.min.js", "text/javascript"),
}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def leave_in_outbox(_message_id: int) -> None:
    """The outbox sends it in its own time."""


def leave_to_next_look() -> None:
    """Whoever makes the links to sign in finds by themselves what was asked for."""


def make_portal(
    settings: Settings,
    engine: Engine,
    *,
    read_clock: Callable[[], datetime] = read_present,
    read_ticks: Callable[[], float] = read_seconds,
    send: Callable[[int], None] = leave_in_outbox,
    wake: Callable[[], None] = leave_to_next_look,
) -> FastAPI:
    """The app over a register; SettingsError where nobody has said at which address it is reached.

    `send` sends one message of the outbox at once, `wake` has links to sign in made. Raises UndeclaredRoute for a
    route that does not say who may open it.
    """
    links = open_links(settings)
    if links is None:
        raise SettingsError("TALLY_BASE_URL: say at which address the portal is reached, for the links in messages")
    app = FastAPI(
        title="Tallystick",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(SafeHeaders),
            Middleware(RateLimit, settings.requests_a_minute, _show_too_many, read_ticks),
            Middleware(
                RateLimit,
                SIGN_INS_A_QUARTER,
                _show_too_many,
                read_ticks,
                posts_to="/sign-in",
                within=QUARTER_OF_AN_HOUR,
            ),
            Middleware(
                RateLimit, READS_OF_A_FEED, _show_too_many, read_ticks, under="/feed/", within=QUARTER_OF_AN_HOUR
            ),
            Middleware(
                SizeLimit,
                _show_too_large,
                larger={**LARGER_FORMS, **dict.fromkeys(_TAKE_FILES, LARGEST_UPLOAD)},
            ),
        ],
    )
    app.state.house = House(engine, settings, links, read_clock, send, wake, open_accounts(settings))
    for router in ROUTERS:
        app.include_router(router)
    app.add_api_route("/", show_front, methods=["GET", "HEAD"], response_class=HTMLResponse)
    for path, asset in ASSETS.items():
        app.add_api_route(path, _serve(*asset), methods=["GET", "HEAD"])
    app.state.served = frozenset(path for path, _, _ in list_declared(app))
    app.add_exception_handler(NotSignedIn, show_not_signed_in)
    app.add_exception_handler(NotAllowed, show_not_allowed)
    app.add_exception_handler(NotFromHere, show_not_from_here)
    app.add_exception_handler(LinkExpired, show_expired)
    app.add_exception_handler(LinkInvalid, show_invalid)
    app.add_exception_handler(answering.LeftOffice, answering.show_left)
    app.add_exception_handler(MovedAway, show_moved)
    app.add_exception_handler(RequestValidationError, show_not_understood)
    app.add_exception_handler(HTTPException, show_http_fault)
    app.add_exception_handler(Exception, show_failure)
    return app


def show_front(request: Request) -> HTMLResponse:
    """What is seen by who comes without a link."""
    words = choose_words(request)
    return show_notice(
        words,
        words.gettext("Tallystick keeps the promises in partnership agreements"),
        words.gettext("To answer, or to choose what you get and when, use a link in a message that was sent to you."),
        link=LinkView(words.gettext("Sign in"), "/sign-in", "first"),
    )


def _serve(name: str, media_type: str) -> Callable[[str], FileResponse]:
    def show_asset(version: str) -> FileResponse:
        return FileResponse(STATIC / name, media_type=media_type, headers=_FOR_EVER)

    return show_asset


def show_expired(request: Request, _fault: Exception) -> Response:
    words = choose_words(request)
    return show_notice(
        words,
        words.gettext("This link is too old"),
        words.gettext("For your safety a link can be used for a limited time only. Nothing was changed."),
        hint=words.gettext("Use the link in a newer message, or reply to the message: the answer goes to a person."),
        link=LinkView(words.gettext("Sign in"), "/home", "first"),
        status=410,
    )


def show_invalid(request: Request, _fault: Exception) -> Response:
    words = choose_words(request)
    return show_notice(
        words,
        words.gettext("This link does not work"),
        words.gettext("It may have been cut off when it was copied. Nothing was changed."),
        hint=words.gettext("Open it from the message itself, or copy it whole."),
        status=404,
    )


def show_not_understood(request: Request, fault: Exception) -> Response:
    beyond = fault.errors() if isinstance(fault, RequestValidationError) else ()
    if any(one["type"] == "less_than_equal" and one["loc"][0] == "path" for one in beyond):
        return show_http_fault(request, HTTPException(404))
    return show_refused(
        request,
        400,
        lambda words: (
            words.gettext("This could not be understood"),
            words.gettext("Something in the form was missing. Nothing was changed; please go back and try again."),
        ),
    )


def show_http_fault(request: Request, fault: Exception) -> Response:
    words, status = choose_words(request), getattr(fault, "status_code", 400)
    if status == 400:
        return show_not_understood(request, fault)
    try:
        viewer = find_viewer(request, request.app.state.house)[0]
    except NotSignedIn:
        title = words.gettext("There is no such page")
        text = words.gettext("Use the link in a message that was sent to you.")
        answer = show_notice(words, title, text, status=status)
    else:
        answer = show_missing(request, viewer, status)
    answer.headers.update(getattr(fault, "headers", None) or {})
    return answer


def show_failure(request: Request, _fault: Exception) -> Response:
    return show_refused(
        request,
        500,
        lambda words: (
            words.gettext("Something went wrong on our side"),
            words.gettext("Nothing was changed. Please try again in a few minutes."),
        ),
    )


def _show_too_many(request: Request, seconds: int) -> Response:
    words, minutes = choose_words(request), -(-seconds // 60)
    text = words.ngettext(
        "There were too many requests from your address. Please try again in %(count)s minute.",
        "There were too many requests from your address. Please try again in %(count)s minutes.",
        minutes,
    )
    answer = show_notice(words, words.gettext("Please wait a little"), text % {"count": minutes}, status=429)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _show_too_large(request: Request, most: int) -> Response:
    words, settings = choose_words(request), request.app.state.house.settings
    if most == LARGEST_UPLOAD:
        text = words.gettext("At most %(size)s MB can be taken here. Nothing was changed.")
        return show_notice(
            words,
            words.gettext("This is too large"),
            text % {"size": settings.evidence_megabytes},
            link=LinkView(words.gettext("Back to the form"), request.url.path, "first"),
            status=413,
        )
    text = words.gettext("At most %(size)s kB can be taken here. Nothing was changed.") % {"size": most // 1024}
    if most > 1024 * 1024:
        text = words.gettext("At most %(size)s MB can be taken here. Nothing was changed.") % {"size": most >> 20}
    return show_notice(words, words.gettext("This is too large"), text, status=413)
