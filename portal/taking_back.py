"""Taking a hand-over back: offered where it is told, for some days, and done in one step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, select

from commitments.clock import today_in
from commitments.database import open_reading, open_unit
from commitments.errors import NotFound, RefusedChange
from commitments.handing_over import HANDED_OVER
from commitments.log import Author
from commitments.tables import commitment_owner, contact
from commitments.taking_back import (
    WITHIN,
    Left,
    Stays,
    find_take_back,
    is_in_time,
    load_latest,
    load_taken_back,
    take_back_hand_over,
)
from notifications.handing import tell_hand_back
from notifications.links import read_signer
from notifications.names import load_names
from notifications.views import clean_text
from notifications.wording import Words
from portal.forms import Form
from portal.frame import find_words, show_framed_notice
from portal.history import ChangeView, describe_changes
from portal.house import Here, House
from portal.pages import FormView
from portal.people_views import ADDRESS, SHOWN, MovingView, describe_promise
from portal.roles import Permission, Viewer
from portal.viewing import require

router = APIRouter()
SignedIn = Annotated[Viewer, Depends(require(Permission.COME_IN))]


@dataclass(frozen=True, slots=True)
class HandedView:
    """A hand-over that was done, or taken back."""

    told: ChangeView
    form: FormView | None
    """Takes it back; none where that cannot be any more, or is not the viewer's to do."""
    left: tuple[MovingView, ...]
    """What was handed over and does not go back, with why."""
    more: str


def describe_hand_over(
    reading: Connection, words: Words, viewer: Viewer, row: Any, now: datetime, *, within: timedelta | None = None
) -> HandedView | None:
    """The latest hand-over of everything by a contact; None if there was none, or none `within` the time given."""
    entry = load_latest(reading, row.id)
    if entry is None or (within is not None and now - entry.at >= within):
        return None
    zone = viewer.person.time_zone
    (told,) = describe_changes(reading, words, [entry], zone)
    handed = entry if entry.action == HANDED_OVER else load_taken_back(reading, entry)
    if handed is None or not is_in_time(handed, now) or not _may_take_back(viewer, row, handed):
        return HandedView(told, None, (), "")
    back = find_take_back(reading, handed, today_in(zone, now))
    names = load_names(reading, contact.c.reference.in_({read_signer(one.who or "")[0] for one in back.left}))
    form = None
    if entry.action == HANDED_OVER and back.moving:
        day = words.format_day(today_in(zone, handed.at + WITHIN))
        form = FormView(
            f"{ADDRESS}/{row.reference}/take-back",
            "",
            words.gettext("Until %(day)s it can be taken back: what it moved goes back, and whoever was told is told.")
            % {"day": day},
            words.gettext("Take the hand-over back"),
            hidden=(("handed", str(handed.id)),),
            look="other",
        )
    left = tuple(_describe_left(words, one, names.people) for one in back.left[:SHOWN])
    rest = len(back.left) - SHOWN
    more = words.ngettext("and %(count)s more", "and %(count)s more", rest) % {"count": rest} if rest > 0 else ""
    return HandedView(told, form, left, more)


@router.post(ADDRESS + "/{reference}/take-back", response_class=HTMLResponse)
def post_take_back(request: Request, viewer: SignedIn, sent: Form, house: Here, reference: str) -> Response:
    """Move everything back that nobody has changed since, and tell whoever was told of the hand-over."""
    now, number = house.read_clock(), sent.text("handed") or ""
    today = house.today_of(viewer.person, now)
    author = Author(viewer.person.reference, now)
    messages: list[int] = []
    done = "refused"
    with open_reading(house.engine) as reading:
        row = _find(reading, viewer, reference)
        entry = load_latest(reading, row.id)
    if entry is not None and number == str(entry.id):
        try:
            with open_unit(house.engine) as unit:
                handed = take_back_hand_over(unit, author, entry.id, now, today)
                messages = tell_hand_back(unit, handed, entry.at, viewer.person.reference, now, today, house.domain)
            done = "taken_back"
        except (RefusedChange, NotFound):
            done = "refused"
    send_all(house, messages)
    manages = viewer.may(Permission.HAND_OVER) and row.id != viewer.person.id
    if done == "refused" and not manages:
        words = find_words(viewer)
        return show_framed_notice(
            request, viewer, words.gettext("Take the hand-over back"), say_refused(words), status=409
        )
    return RedirectResponse(f"{ADDRESS}/{reference}?done={done}" if manages else "/home", 303)


def say_refused(words: Words) -> str:
    return words.gettext("Nothing was taken back: this hand-over cannot be taken back any more.")


def send_all(house: House, messages: list[int]) -> None:
    """Send the messages of the outbox that somebody's action has just caused."""
    for message_id in messages:
        house.send(message_id)


def _find(reading: Connection, viewer: Viewer, reference: str) -> Any:
    """The contact whose matters were handed over; as if there were none if it is not the viewer's to take them back."""
    row = reading.execute(select(contact).where(contact.c.reference == reference)).one_or_none()
    entry = load_latest(reading, row.id) if row is not None else None
    if row is None or not _may_take_back(viewer, row, entry):
        raise HTTPException(404)
    return row


def _may_take_back(viewer: Viewer, row: Any, entry: Any) -> bool:
    """Who hands over this party's matters; and whoever did this one, who may have given that right away with it."""
    if viewer.may(Permission.HAND_OVER):
        return viewer.speaks_for(row.party_id)
    return entry is not None and bool(entry.who == viewer.person.reference)


def _describe_left(words: Words, one: Left, people: Mapping[str, str]) -> MovingView:
    name = clean_text(people.get(read_signer(one.who)[0], one.who)) if one.who is not None else ""
    if one.why is Stays.SETTLED:
        why = words.gettext("It was settled since.")
    elif one.why is Stays.GONE:
        why = words.gettext("%(name)s is not in office any more.") % {"name": name}
    elif one.why is Stays.LEADS:
        why = words.gettext("%(name)s leads by now, and is asked nothing.") % {"name": name}
    elif one.who is not None:
        why = words.gettext("%(name)s has changed it since.") % {"name": name}
    else:
        why = words.gettext("It was changed since.")
    if one.subject == commitment_owner.name:
        title, link = describe_promise(words, one.row)
        return MovingView(title, link, why)
    if one.subject == contact.name:
        return MovingView(clean_text(one.row.name), f"{ADDRESS}/{one.row.reference}", why)
    if one.subject == "draft":
        return MovingView(clean_text(one.row.title), "", why)
    return MovingView(words.gettext("A question: %(what)s") % {"what": one.row.matter}, "", why)
