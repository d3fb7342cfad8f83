"""Finds who is looking, and opens a page only for those who may: `Depends(require(Permission.READ_AGREEMENTS))`.

An action is taken only from a form of the same visit: whoever requires a permission has that checked with it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import Connection, select

from commitments.database import open_reading, open_unit
from commitments.errors import TallyError
from commitments.person_queries import load_people
from commitments.tables import contact, party
from portal.form_reading import read_first
from portal.house import Here, House
from portal.roles import OPEN, Permission, Viewer, find_role
from portal.visits import Visit, find_visit, is_to_be_noted, is_token, note_visit, write_token

TOKEN = "token"  # noqa: S105 - the name of a field
_SAFE = ("GET", "HEAD")


class NotSignedIn(TallyError):
    """A page for those who are signed in, opened without a visit."""


class NotAllowed(TallyError):
    """A page or an action that the person's role does not have."""


class NotFromHere(TallyError):
    """An action that was not sent from one of our own forms in the same visit."""


class UndeclaredRoute(TallyError):
    """A route that does not say who may open it."""


def name_cookie(house: House) -> str:
    """Over https the name itself forbids that another host, or a page without encryption, sets it."""
    return "__Host-tally" if is_secure(house) else "tally"


def is_secure(house: House) -> bool:
    return house.links.base_url.startswith("https://")


def _find_known(request: Request, house: Here) -> "tuple[Viewer, str]":
    return find_viewer(request, house)


Known = Annotated[tuple[Viewer, str], Depends(_find_known)]


async def _read_token(request: Request, _known: Known, house: Here) -> str | None:
    """What the form carries; nothing is read of what comes from nobody."""
    if request.method in _SAFE:
        return None
    sent = (await read_first(request, house.settings.largest_evidence)).get(TOKEN)
    return sent if isinstance(sent, str) else None


def comes_from_elsewhere(request: Request) -> bool:
    """Whether the browser says that another site's page sent this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    # "null" is what our own pages send, because they tell nobody where they are.
    return origin not in (None, "null") and urlsplit(origin).netloc != request.headers.get("host")


def require(permission: Permission) -> Callable[..., Viewer]:
    """A dependency that gives the viewer, and refuses who is not signed in or may not: NotSignedIn, NotAllowed.

    For everything but GET and HEAD it also wants the visit's token in the form (`viewer.token` in the field TOKEN), and
    refuses what comes from elsewhere: NotFromHere.
    """

    def find(request: Request, known: Known, token: Annotated[str | None, Depends(_read_token)]) -> Viewer:
        viewer, key = known
        if request.method not in _SAFE and (comes_from_elsewhere(request) or not is_token(key, token)):
            raise NotFromHere("the form is not one of this visit")
        if not viewer.may(permission):
            raise NotAllowed(f"{viewer.role} may not {permission}")
        return viewer

    find.permission = permission  # type: ignore[attr-defined]
    return find


def find_viewer(request: Request, house: House) -> tuple[Viewer, str]:
    """Who is signed in, and the key of their visit; NotSignedIn for nobody, or one no longer in office."""
    key = request.cookies.get(name_cookie(house), "")
    now = house.read_clock()
    if not key:
        raise NotSignedIn("nobody is signed in")
    with open_reading(house.engine) as reading:
        visit = find_visit(reading, key, now)
        if visit is None:
            raise NotSignedIn("the visit is over")
        viewer = find_viewer_of(reading, house, visit.contact_id)
    if viewer is None:
        raise NotSignedIn("the person is no longer in office")
    _note(house, visit)
    return replace(viewer, visit_id=visit.id, token=write_token(key)), key


def find_viewer_of(reading: Connection, house: House, contact_id: int) -> Viewer | None:
    """A contact as they would see the pages, without a visit; None for one who is not in office."""
    person = load_people(reading, only=contact.c.id == contact_id)[contact_id]
    if not person.serves(house.today_of(person, house.read_clock())):
        return None
    name, own = reading.execute(
        select(contact.c.name, party.c.reference)
        .join(party, party.c.id == contact.c.party_id)
        .where(contact.c.id == contact_id)
    ).one()
    settings = house.settings
    role = find_role(person, own, settings.administrator_addresses, settings.house_party_references)
    return Viewer(person, name, own, role, 0, "")


def _note(house: House, visit: Visit) -> None:
    now = house.read_clock()
    if is_to_be_noted(visit, now):
        with open_unit(house.engine) as unit:
            note_visit(unit, visit, now)


def list_declared(app: FastAPI) -> Iterator[tuple[str, frozenset[str], Permission | None]]:
    """Each route with its methods and what it requires; None for one that stands in OPEN. Raises UndeclaredRoute."""
    for route in _list_routes(app.routes):
        path, methods = getattr(route, "path", str(route)), frozenset(getattr(route, "methods", None) or ())
        required = list(_find_permissions(route.dependant)) if isinstance(route, APIRoute) else []
        if not required and path not in OPEN:
            raise UndeclaredRoute(f"{path}: say who may open it, by `Depends(require(...))`")
        yield path, methods, required[0] if required else None


def _list_routes(routes: Iterable[Any]) -> Iterator[Any]:
    """Each route, also of the routers that were included."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from _list_routes(included.routes)
        else:
            yield route


def _find_permissions(dependant: Dependant) -> Iterator[Permission]:
    for one in dependant.dependencies:
        declared: Any = getattr(one.call, "permission", None)
        if isinstance(declared, Permission):
            yield declared
        yield from _find_permissions(one)
