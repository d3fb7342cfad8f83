"""The public page of an agreement: seen before it is shown, shown, withdrawn; and what a stranger sees."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from commitments.database import open_reading, open_unit
from commitments.filling import LONGEST_LINE
from commitments.log import Author
from commitments.publishing import find_page, find_published, publish_agreement, withdraw_page
from notifications.views import LinkView
from portal.agreements import ADDRESS as AGREEMENTS
from portal.choosing import name_language
from portal.forms import Form
from portal.frame import find_words, show_framed
from portal.history import find_head
from portal.house import Here
from portal.page_words import list_page_languages, load_page_words
from portal.pages import choose_words, show_notice, show_page
from portal.public_views import describe_public, load_public
from portal.refusals import write_or_show
from portal.roles import Permission, Viewer
from portal.telling import tell_moment, tell_title
from portal.viewing import require

router = APIRouter()
Publisher = Annotated[Viewer, Depends(require(Permission.PUBLISH))]
ADDRESS = "/public"
MINUTES_KEPT = 5
"""So long browsers and the servers between may keep the page: so long a withdrawn one may still be seen."""


@dataclass(frozen=True, slots=True)
class StateView:
    """Whether the page is shown, and where."""

    said: str
    address: str
    is_shown: bool
    is_found: bool


@router.api_route(ADDRESS + "/{reference}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_public(request: Request, house: Here, reference: str, language: str = "") -> Response:
    """A published agreement, for everybody; for any other, as for none, a page not found."""
    languages = list_page_languages()
    tag = language if language in languages else choose_words(request).tag
    words = load_page_words(tag)
    now = house.read_clock()
    with open_reading(house.engine) as reading:
        head = find_published(reading, reference)
        if head is None:
            title = words.gettext("There is no such page")
            text = words.gettext("Perhaps there is a mistake in its address, or it is no longer shown to everybody.")
            return show_notice(words, title, text, status=404)
        found = load_public(reading, house.settings, head.id)
    others = [
        LinkView(name_language(one), f"{ADDRESS}/{reference}?language={one}", one)
        for one in languages
        if one != words.tag
    ]
    answer = show_page(
        "public.html",
        words,
        tell_title(head.title, words),
        public=describe_public(words, found, head, house.today(now)),
        others=others,
        is_found=head.is_found_by_search,
    )
    answer.headers["Cache-Control"] = f"public, max-age={MINUTES_KEPT * 60}"
    answer.headers["Vary"] = "Accept-Language"
    if head.is_found_by_search:
        answer.headers["X-Robots-Tag"] = "all"
    return answer


@router.api_route(AGREEMENTS + "/{reference}/public", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_preview(request: Request, viewer: Publisher, house: Here, reference: str, done: str = "") -> Response:
    """The page as everybody would see it, and whether they do."""
    return _show(request, viewer, house, reference, done)


@router.post(AGREEMENTS + "/{reference}/public", response_class=HTMLResponse)
def post_public(request: Request, viewer: Publisher, sent: Form, house: Here, reference: str) -> Response:
    """Show it to everybody."""
    author = Author(viewer.person.reference, house.read_clock(), _read_why(sent))
    with open_unit(house.engine) as unit:
        find_head(unit, viewer, reference)
        publish_agreement(unit, author, reference, is_found_by_search=sent.text("search") == "1")
    return RedirectResponse(f"{AGREEMENTS}/{reference}/public?done=published", 303)


@router.post(AGREEMENTS + "/{reference}/public/withdraw", response_class=HTMLResponse)
def post_withdraw(request: Request, viewer: Publisher, sent: Form, house: Here, reference: str) -> Response:
    """Show it to nobody any more."""
    author = Author(viewer.person.reference, house.read_clock(), _read_why(sent))

    def write() -> Response:
        with open_unit(house.engine) as unit:
            find_head(unit, viewer, reference)
            withdraw_page(unit, author, reference)
        return RedirectResponse(f"{AGREEMENTS}/{reference}/public?done=withdrawn", 303)

    return write_or_show(write, lambda refusal: _show(request, viewer, house, reference, "", status=refusal.status))


def _read_why(sent: Any) -> str | None:
    return (sent.text("why") or "")[:LONGEST_LINE] or None


def _show(request: Request, viewer: Viewer, house: Any, reference: str, done: str, *, status: int = 200) -> Response:
    words, now = find_words(viewer), house.read_clock()
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        since, is_found = find_page(reading, head.id)
        found = load_public(reading, house.settings, head.id)
    if since is not None:
        said = words.gettext("Everybody can read this page since %(moment)s.") % {
            "moment": tell_moment(words, since, viewer.person.time_zone)
        }
    else:
        said = words.gettext("Only those who are signed in can read of this agreement. So it would look to everybody:")
    return show_framed(
        request,
        "publishing.html",
        viewer,
        words.gettext("Public page"),
        status=status,
        agreement=LinkView(tell_title(head.title, words), f"{AGREEMENTS}/{reference}", ""),
        state=StateView(said, f"{house.links.base_url}{ADDRESS}/{reference}", since is not None, is_found),
        action=f"{AGREEMENTS}/{reference}/public",
        done={
            "published": words.gettext("The page is published."),
            "withdrawn": words.gettext(
                "The page is withdrawn. Copies that browsers keep are gone within five minutes; what others have saved "
                "cannot be taken back."
            ),
        }.get(done, ""),
        public=describe_public(words, found, head, house.today(now)),
    )
