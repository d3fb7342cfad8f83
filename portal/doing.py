"""The ways from a page that is read to those on which somebody acts, and what is said when they come back."""

from collections.abc import Callable, Mapping

from notifications.views import LinkView
from notifications.wording import Words
from portal.paging import write_address
from portal.roles import Permission, Viewer

OTHER = "other"

_DONE: Mapping[str, Callable[[Words], str]] = {
    "evidence": lambda words: words.gettext("The evidence is kept; both sides can see it."),
    "evidence_withdrawn": lambda words: words.gettext("The evidence is withdrawn; the history says what it was."),
    "corrected": lambda words: words.gettext("Corrected; the history keeps what stood there before."),
    "activity_withdrawn": lambda words: words.gettext("The activity is withdrawn and counts no more."),
}


def say_done(words: Words, done: str) -> str:
    """What has just been done, as it stands in the address; nothing for what is no such word."""
    said = _DONE.get(done)
    return said(words) if said is not None else ""


def list_record(words: Words, viewer: Viewer, agreement: str = "", promise: str = "") -> list[LinkView]:
    """The way to record what happened, for who may."""
    if not viewer.may(Permission.RECORD):
        return []
    link = write_address("/record", {"agreement": agreement, "commitment": promise})
    return [LinkView(words.gettext("Record what happened"), link, "")]


def list_ways(words: Words, viewer: Viewer, address: str, agreement: str, promise: str) -> list[LinkView]:
    """What somebody may do about a commitment that is theirs to act on."""
    ways = list_record(words, viewer, agreement, promise)
    if viewer.may(Permission.RECORD):
        ways.append(LinkView(words.gettext("Hand in evidence"), f"{address}/evidence", OTHER))
    return ways


def list_pages(words: Words, _viewer: Viewer, address: str) -> list[LinkView]:
    """The pages beside that of an agreement."""
    return [LinkView(words.gettext("Brief"), f"{address}/brief", OTHER)]
