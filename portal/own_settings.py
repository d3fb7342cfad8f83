"""A person's own settings: how they are told, and where they are signed in."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from commitments.database import open_reading, open_unit
from commitments.days import find_own_day
from commitments.handing_over import reconcile_around
from commitments.log import Author
from commitments.people import ContactRefused, set_zone
from commitments.tables import contact
from notifications.links import name_place
from notifications.views import LinkView
from notifications.wording import Words
from portal.forms import Form
from portal.frame import find_words, name_role, show_framed
from portal.house import Here, House
from portal.pages import FieldView, FormView
from portal.roles import Permission, Viewer
from portal.viewing import require
from portal.visits import Visit, end_visits, list_visits

router = APIRouter()
ADDRESS = "/settings"
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


@router.api_route(ADDRESS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_settings(request: Request, viewer: SignedIn, house: Here, saved: bool = False) -> Response:
    """Who one is here, where one is signed in, and where one chooses what one is told."""
    return _show(request, viewer, house, saved=saved)


@router.post(ADDRESS + "/zone", response_class=HTMLResponse)
def post_zone(request: Request, viewer: SignedIn, sent: Form, house: Here) -> Response:
    """Have one's own days and hours in another zone, from now on."""
    now = house.read_clock()
    try:
        with open_unit(house.engine) as unit:
            if set_zone(unit, Author(viewer.person.reference, now), viewer.person.reference, sent.text("zone")):
                reconcile_around(unit, viewer.person.id, now, house.today_of(viewer.person, now))
    except ContactRefused:
        return _show(request, viewer, house, typed=sent.text("zone") or "", status=422)
    return RedirectResponse(f"{ADDRESS}?saved=1", 303)


def _show(
    request: Request, viewer: Viewer, house: House, *, typed: str | None = None, saved: bool = False, status: int = 200
) -> Response:
    words = find_words(viewer)
    with open_reading(house.engine) as reading:
        visits = list_visits(reading, viewer.person.id, house.read_clock())
        links = house.links.bind(name_place(viewer.person.mail))
        own = reading.execute(select(contact.c.time_zone).where(contact.c.id == viewer.person.id)).scalar_one()
    return show_framed(
        request,
        "settings.html",
        viewer,
        words.gettext("Settings"),
        status=status,
        saved=words.gettext("Saved.") if saved else "",
        zone_form=_describe_zone(words, typed if typed is not None else own or "", refused=typed is not None),
        role=name_role(words, viewer.role),
        mail=viewer.person.mail or "",
        zone=viewer.person.time_zone,
        choices=links.write_choices(viewer.person.id).removeprefix(house.links.base_url) + "?back=1",
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
    return RedirectResponse(ADDRESS, 303)


def _describe_zone(words: Words, zone: str, *, refused: bool) -> FormView:
    fault = words.gettext("This time zone is not known. One is written like Europe/London.") if refused else ""
    field = FieldView(
        "zone", words.gettext("My time zone"), "text", zone,
        words.gettext("Like Europe/London; empty: as the party."), fault, most="60",
    )  # fmt: skip
    return FormView(
        f"{ADDRESS}/zone", "", words.gettext("Your days, and the hour of your message, go by it."),
        words.gettext("Save"), (field,), look="other",
    )  # fmt: skip


def name_way_back(words: Words) -> LinkView:
    """The way to the settings from a page that stands outside of the frame."""
    return LinkView(words.gettext("Back to Settings"), ADDRESS, "")


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
