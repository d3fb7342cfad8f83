"""Where registering begins: by hand, or with a file; and what somebody has begun and not finished."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from commitments.database import open_reading
from commitments.sketch import Step
from notifications.views import clean_text
from notifications.wording import Words
from portal.frame import find_words, show_framed
from portal.house import Here
from portal.registrations import Registration, Way, list_registrations
from portal.roles import Permission, Viewer
from portal.telling import tell_moment
from portal.viewing import require

router = APIRouter()
Registering = Annotated[Viewer, Depends(require(Permission.REGISTER))]
ADDRESS = "/register"
FILES = "/register/files"


@dataclass(frozen=True, slots=True)
class DraftView:
    """One that was begun, and how to go on with it or let it go."""

    title: str
    saved: str
    link: str
    delete: str


@router.api_route(ADDRESS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_beginning(request: Request, viewer: Registering, house: Here) -> Response:
    """The ways to register an agreement, and one's own drafts."""
    words = find_words(viewer)
    with open_reading(house.engine) as reading:
        begun = list_registrations(reading, viewer.person.id)
    drafts = describe_drafts(words, begun, viewer.person.time_zone)
    return show_framed(
        request, "register.html", viewer, words.gettext("Register an agreement"), drafts=drafts,
        files=FILES if FILES in request.app.state.served else "",
    )  # fmt: skip


def describe_drafts(words: Words, begun: Sequence[Registration], zone: str) -> list[DraftView]:
    return [
        DraftView(
            clean_text(one.title) or words.gettext("A new agreement"),
            words.gettext("saved %(when)s") % {"when": tell_moment(words, one.saved_at, zone)},
            f"{ADDRESS}/drafts/{one.id}/{Step.PARTIES}" if one.way is Way.BY_HAND else f"{FILES}/{one.id}",
            f"{ADDRESS}/drafts/{one.id}/delete",
        )
        for one in begun
    ]
