"""Where registering begins: by hand, or with a file; and what somebody has begun and not finished."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from commitments.database import open_reading
from commitments.sketch import Step
from commitments.vocabulary import ContactRole
from notifications.views import LinkView, clean_text
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


@dataclass(frozen=True, slots=True)
class FirstStepView:
    """What a page says that has no agreement to show, and how one comes into the register."""

    said: str
    ways: tuple[LinkView, ...] = ()


def describe_first_step(words: Words, viewer: Viewer, served: Collection[str]) -> FirstStepView:
    """For who sees no agreement at all; who may not register any is told whom to ask."""
    if not viewer.may(Permission.REGISTER) and viewer.person.role is ContactRole.COORDINATOR:
        return FirstStepView(
            words.gettext(
                "There is no agreement here for you yet. The party that keeps this register can register one."
            )
        )
    if not viewer.may(Permission.REGISTER):
        return FirstStepView(
            words.gettext("There is no agreement here for you yet. A coordinator of your party can register one.")
        )
    said = words.gettext(
        "There is no agreement here yet. Register the first: step by step, or with an agreement file or a spreadsheet "
        "that you have. From then on it is watched, and its people are told what is due."
    )
    ways = [LinkView(words.gettext("Register an agreement"), ADDRESS, "")]
    if FILES in served:
        ways.append(LinkView(words.gettext("Bring a file"), FILES, "other"))
    return FirstStepView(said, tuple(ways))


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
