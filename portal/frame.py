"""The frame of every page for who is signed in: where one can go, who one is, and how to sign out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, StreamingResponse

from commitments.vocabulary import ContactRole
from notifications.views import LinkView, clean_text
from notifications.wording import Words
from portal.enhancing import ScriptView, describe_script, list_headers
from portal.page_words import load_page_words
from portal.pages import show_page, stream_page
from portal.roles import Permission, Role, Viewer

_NAVIGATION: tuple[tuple[str, Permission, Callable[[Words], str]], ...] = (
    ("/home", Permission.COME_IN, lambda words: words.gettext("Home")),
    ("/agreements", Permission.READ_AGREEMENTS, lambda words: words.gettext("Agreements")),
    ("/record", Permission.RECORD, lambda words: words.gettext("Record")),
    ("/calendar", Permission.READ_AGREEMENTS, lambda words: words.gettext("Calendar")),
    ("/messages", Permission.READ_MESSAGES, lambda words: words.gettext("Messages")),
    ("/people", Permission.HAND_OVER, lambda words: words.gettext("People")),
    ("/settings", Permission.COME_IN, lambda words: words.gettext("Settings")),
)
_ROLES: dict[Role, Callable[[Words], str]] = {
    Role.ADMINISTRATOR: lambda words: words.gettext("administrator"),
    Role.COORDINATOR: lambda words: words.gettext("coordinator"),
    Role.OWNER: lambda words: words.gettext("owner"),
    Role.LEADER: lambda words: words.gettext("leader"),
    Role.OPERATOR: lambda words: words.gettext("operator"),
    Role.GUEST: lambda words: words.gettext("guest of the other side"),
}


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One place of the navigation; `current` if the page is there."""

    text: str
    link: str
    current: bool


@dataclass(frozen=True, slots=True)
class FrameView:
    """What stands around a page. `surround` is the template that does: for a part of it, nothing but its title."""

    places: tuple[PlaceView, ...]
    who: str
    role: str
    script: ScriptView
    surround: str


def find_words(viewer: Viewer) -> Words:
    """The words in which this viewer's pages are written."""
    return load_page_words(viewer.person.language)


def name_role(words: Words, role: Role) -> str:
    return _ROLES[role](words)


def show_framed(
    request: Request, template: str, viewer: Viewer, title: str, *, status: int = 200, **view: Any
) -> HTMLResponse:
    """A page for who is signed in. Its template begins with `{% extends "framed.html" %}` and fills the block `main`.

    One that the script asks for a part of begins with `{% extends frame.surround %}`, stands in `enhancing`, and has in
    `main` the blocks `told`, a line that says what there is to see, and `part`.

    Forms written by `show_form` of parts.html carry the token of the visit by themselves; any other form has
    `<input type="hidden" name="token" value="{{ token }}">`.
    """
    words = find_words(viewer)
    frame = describe_frame(request, words, viewer, template)
    page = show_page(template, words, title, status=status, token=viewer.token, frame=frame, **view)
    page.headers.update(list_headers(request, template))
    return page


def stream_framed(request: Request, template: str, viewer: Viewer, title: str, **view: Any) -> StreamingResponse:
    """A framed page that is sent while it is still written: what is slow in it is an iterator in its view."""
    words = find_words(viewer)
    frame = describe_frame(request, words, viewer, template)
    page = stream_page(template, words, title, token=viewer.token, frame=frame, **view)
    page.headers.update(list_headers(request, template))
    return page


def show_framed_notice(
    request: Request,
    viewer: Viewer,
    title: str,
    text: str,
    *,
    status: int = 200,
    link: LinkView | None = None,
    first: Sequence[LinkView] = (),
) -> HTMLResponse:
    """A framed page that says one thing, and leads on by its link; `first` is what is to be done before."""
    return show_framed(request, "framed_notice.html", viewer, title, status=status, text=text, link=link, first=first)


def show_missing(request: Request, viewer: Viewer, status: int) -> HTMLResponse:
    """For who is signed in: with the ways on, and the same whether the page is not there or not theirs to see."""
    words = find_words(viewer)
    text = words.gettext("Perhaps there is a mistake in its address, or it is not among what you see.")
    first = LinkView(words.gettext("To the first page"), "/home", "first")
    return show_framed_notice(request, viewer, words.gettext("There is no such page"), text, status=status, link=first)


def describe_frame(request: Request, words: Words, viewer: Viewer, template: str) -> FrameView:
    """The places that there are and that the viewer may go to, and the script that the page uses."""
    served = request.app.state.served
    here = request.url.path
    script = describe_script(request, template)
    return FrameView(
        tuple(
            PlaceView(name(words), link, here == link or here.startswith(f"{link}/"))
            for link, permission, name in _NAVIGATION
            if link in served and viewer.may(permission)
        ),
        clean_text(viewer.name),
        name_role(words, viewer.role),
        script,
        "part.html" if script.is_part else "framed.html",
    )


def say_whom_to_ask(words: Words, viewer: Viewer) -> str:
    """To who is refused something: who could do it, which for a coordinator is not their coordinator."""
    if viewer.role is Role.ADMINISTRATOR:
        return words.gettext("Nothing was changed. What is another side's to say is said by its coordinator.")
    if viewer.person.role is ContactRole.COORDINATOR:
        return words.gettext(
            "Nothing was changed. What is another side's is done by its coordinator; for all else ask the "
            "administrator."
        )
    return words.gettext("Nothing was changed. If you need it, ask your coordinator.")
