"""What will be sent about one agreement in the coming days, if nothing else happens until then."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from commitments.database import open_reading
from commitments.errors import TallyError
from commitments.person_queries import select_people_around
from commitments.tables import agreement, commitment, contact, milestone
from commitments.vocabulary import MatterKind, NotificationKind
from notifications.forecast import forecast_agreement
from notifications.names import Names, load_names
from notifications.playing import Foreseen
from notifications.views import LinkView, clean_text
from notifications.wording import Words
from portal.agreements import ADDRESS
from portal.choosing import name_channel
from portal.frame import find_words, stream_framed
from portal.history import find_head
from portal.house import Here
from portal.message_log import MATTERS_SHOWN, MessageView, name_promised, tell_why
from portal.roles import Permission, Viewer
from portal.telling import tell_ground, tell_moment, tell_stored, tell_title
from portal.viewing import require

router = APIRouter()
Reader = Annotated[Viewer, Depends(require(Permission.READ_MESSAGES))]
DAYS = 90
SHOWN = 200
log = logging.getLogger("tallystick.portal")


@router.api_route(ADDRESS + "/{reference}/forecast", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_forecast(request: Request, viewer: Reader, house: Here, reference: str) -> Response:
    """The coming 90 days played on a throwaway copy of this agreement by the code that runs every day.

    Playing takes a second where other pages take milliseconds: so it is a page of its own, and each message is shown as
    soon as its day was played.
    """
    words, now = find_words(viewer), house.read_clock()
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        by_reference = load_told(reading, head)
        around = select_people_around(select(agreement.c.id).where(agreement.c.id == head.id))
        names = load_names(reading, contact.c.id.in_(around))
    foreseen = forecast_agreement(house.engine, house.settings, now, DAYS, head.id)
    return stream_framed(
        request,
        "forecast.html",
        viewer,
        words.gettext("What will be sent in the next 90 days"),
        kept=_say_kept(words, head, house.today_of(viewer.person, now)),
        agreement=LinkView(tell_title(head.title, words), f"{ADDRESS}/{reference}", ""),
        messages=_tell_as_played(words, names, by_reference, foreseen, viewer.person.time_zone),
    )


def load_told(reading: Connection, head: Any) -> dict[str, Any]:
    """The commitments of an agreement and their milestones, each by the name by which a message's matter calls it."""
    columns = (commitment.c.reference, commitment.c.summary, commitment.c.summaries, commitment.c.quote)
    promises = reading.execute(select(*columns).where(commitment.c.agreement_id == head.id))
    steps = reading.execute(
        select(commitment.c.reference, milestone.c.reference.label("step"), milestone.c.title, milestone.c.titles)
        .join(commitment, commitment.c.id == milestone.c.commitment_id)
        .where(commitment.c.agreement_id == head.id)
    )
    told = {f"{head.reference}/{row.reference}": row for row in promises}
    return told | {f"{head.reference}/{row.reference}#{row.step}": row for row in steps}


def _say_kept(words: Words, head: Any, today: date) -> str:
    """Why nothing is asked about an agreement's silence, where somebody left it as it is."""
    if head.kept_until is None or head.kept_until < today:
        return ""
    text = words.gettext("Nobody is asked about its silence: it is left as it is until %(day)s (%(why)s).")
    return text % {"day": words.format_day(head.kept_until), "why": clean_text(head.kept_why or "")}


def _tell_as_played(
    words: Words, names: Names, promises: Mapping[str, Any], foreseen: Iterable[Foreseen], zone: str
) -> Iterator[MessageView]:
    """Each message as soon as it is known. The page has begun by then: what fails on the way is said at its end."""
    try:
        for one in islice(foreseen, SHOWN):
            yield describe_foreseen(words, names, promises, one, zone)
    except (TallyError, SQLAlchemyError, OSError) as fault:
        log.warning("a forecast was broken off: %s", type(fault).__name__)
        rest = words.gettext("The rest could not be worked out. Please try again in a few minutes.")
        yield MessageView(rest, words.gettext("broken off"), "red", "", "", "", "", ())


def describe_foreseen(words: Words, names: Names, promises: Mapping[str, Any], one: Foreseen, zone: str) -> MessageView:
    """A message that was played; `promises` are those of `load_told`."""
    kind = words.name(NotificationKind(one.kind))
    parts = tuple(dict.fromkeys(_tell(words, names, promises, reason) for reason in one.reasons))
    at = tell_moment(words, one.at, zone)
    return MessageView(
        clean_text(one.subject), kind, "grey", at, clean_text(one.name), name_channel(words, one.channel), "",
        parts[:MATTERS_SHOWN],
    )  # fmt: skip


def _tell(words: Words, names: Names, promises: Mapping[str, Any], reason: Mapping[str, Any]) -> str:
    name, _, part = reason["matter"].partition("#")
    promise, step = promises.get(name), promises.get(f"{name}#{part.removeprefix('milestone:')}") if part else None
    kind = reason["matter"].rpartition(":")[2]
    if promise is not None:
        matter = name_promised(words, promise, step)
    else:
        matter = words.name(MatterKind(kind)) if kind in list(MatterKind) else clean_text(reason["matter"])
    said = [tell_stored(words, names, reason["standing"]), tell_ground(words, names, reason["why"])]
    return tell_why(words, matter, said)
