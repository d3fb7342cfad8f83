"""A person's own settings: how they are told, and where they are signed in."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from commitments.database import open_reading, open_unit
from commitments.days import find_own_day
from notifications.wording import Words
from portal.forms import Form
from portal.frame import find_words, name_role, show_framed
from portal.house import Here, House
from portal.roles import Permission, Viewer
from portal.viewing import require
from portal.visits import Visit, end_visits, list_visits

router = APIRouter()
SignedIn = Annotated[Viewer, Depends(require(Permission.COME_IN))]
_KNOWN_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_KNOWN_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class VisitView:
    """A place where one is signed in; `mark` is what its form sends."""

    device: str
    began: str
    seen: str
    mark: str
    current: bool


@router.api_route("/settings", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_settings(request: Request, viewer: SignedIn, house: Here) -> Response:
    """Who one is here, where one is signed in, and where one chooses what one is told."""
    words = find_words(viewer)
    with open_reading(house.engine) as reading:
        visits = list_visits(reading, viewer.person.id, house.read_clock())
    return show_framed(
        request,
        "settings.html",
        viewer,
        words.gettext("Settings"),
        role=name_role(words, viewer.role),
        mail=viewer.person.mail or "",
        zone=viewer.person.time_zone,
        choices=house.links.write_choices(viewer.person.id).removeprefix(house.links.base_url),
        manages_people=viewer.may(Permission.HAND_OVER),
        visits=[_describe(words, house, viewer, one) for one in visits],
    )


@router.post("/settings/visits/end", response_class=HTMLResponse)
def post_end(viewer: SignedIn, sent: Form, house: Here) -> Response:
    """End one of one's own visits elsewhere."""
    number = sent.text("visit") or ""
    if number.isdecimal() and len(number) < 10:
        with open_unit(house.engine) as unit:
            end_visits(unit, viewer.person.id, house.read_clock(), only=int(number))
    return RedirectResponse("/settings", 303)


def _describe(words: Words, house: House, viewer: Viewer, one: Visit) -> VisitView:
    person = viewer.person
    return VisitView(
        name_device(words, one.device),
        words.format_day(find_own_day(person, one.began_at)),
        words.format_ago((house.today_of(person, house.read_clock()) - find_own_day(person, one.seen_at)).days),
        str(one.id),
        one.id == viewer.visit_id,
    )


def name_device(words: Words, agent: str) -> str:
    """A browser as its owner knows it; browsers say of themselves that they are several."""
    browser = next((name for mark, name in _KNOWN_BROWSERS if mark in agent), "")
    system = next((name for mark, name in _KNOWN_SYSTEMS if mark in agent), "")
    if browser and system:
        return words.gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or words.gettext("Another browser")
