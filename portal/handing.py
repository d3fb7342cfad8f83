"""Handing over all that names a person, and what has no living owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, select

from commitments.database import open_reading, open_unit
from commitments.errors import NotFound, RefusedChange
from commitments.facts import Person
from commitments.filling import LONGEST_LINE
from commitments.handing_over import Matters, find_matters, hand_over_all, name_owner
from commitments.log import Author
from commitments.person_queries import load_people
from commitments.tables import commitment_owner, contact
from notifications.handing import tell_hand_over
from notifications.names import load_names
from notifications.views import LinkView, clean_text
from notifications.wording import Words
from portal.acting import is_new, lead_to
from portal.forms import Form
from portal.frame import find_words, show_framed
from portal.house import Here, House
from portal.pages import FieldView, FormView, OptionView
from portal.people_queries import find_contact_of, load_begun, load_orphans, load_successors, load_uncoordinated
from portal.people_views import (
    ADDRESS,
    OrphansView,
    describe_matters,
    describe_orphan,
    tell_why_orphaned,
)
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.roles import Permission, Viewer
from portal.taking_back import send_all
from portal.telling import tell_title
from portal.viewing import require

router = APIRouter()
Managing = Annotated[Viewer, Depends(require(Permission.HAND_OVER))]
ORPHANS = "/orphans"
ORPHANS_SHOWN = 200
PARTIES_SHOWN = 50
_LONG_AGO = 366
"""Days: a last day before that is rather a slip of the year."""
_MOST_MOVED = 200


@dataclass(frozen=True, slots=True)
class PartyView:
    """A party without a coordinator who can be asked."""

    name: str
    agreements: str
    add: str


@router.api_route(ADDRESS + "/{reference}/hand-over", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_hand_over(request: Request, viewer: Managing, house: Here, reference: str) -> Response:
    """All that would move, and to whom it can."""
    return _show(request, viewer, house, reference)


@router.post(ADDRESS + "/{reference}/hand-over", response_class=HTMLResponse)
def post_hand_over(request: Request, viewer: Managing, sent: Form, house: Here, reference: str) -> Response:
    """Move everything in one unit of work, and tell both at once."""
    words, now = find_words(viewer), house.read_clock()
    today = house.today_of(viewer.person, now)
    to, why, last_day = sent.text("to"), sent.text("why"), sent.day("last_day")
    faults = _find_faults(words, to, why, sent.text("last_day"), last_day, today)
    if faults:
        return _show(request, viewer, house, reference, Refusal(faults=faults), sent=sent)
    author = Author(viewer.person.reference, now, why, sent.name_press(viewer.person.reference))

    def write() -> Response:
        messages: list[int] = []
        with open_unit(house.engine) as unit:
            row = _find(unit, viewer, reference)
            person = load_people(unit, only=contact.c.id == row.id)[row.id]
            matters = find_matters(unit, person, row.name)
            if is_new(unit, viewer, sent, _mark(matters)):
                handed = hand_over_all(
                    unit, author, reference, to or "", now, today, last_day=last_day, matters=matters
                )
                tell_former = last_day is None or last_day >= today
                by = viewer.person.reference
                messages = tell_hand_over(unit, handed, by, now, today, house.domain, tell_former=tell_former)
        send_all(house, messages)
        return (
            RedirectResponse("/home", 303)
            if row.id == viewer.person.id
            else lead_to(f"{ADDRESS}/{reference}", "handed")
        )

    def show(refusal: Refusal) -> Response:
        return _show(request, viewer, house, reference, refusal, sent=sent)

    try:
        return write_or_show(write, show)
    except NotFound:
        return show(Refusal(has_changed=True))


@router.api_route(ORPHANS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_orphans(request: Request, viewer: Managing, house: Here, done: str = "") -> Response:
    """Everything without a living owner."""
    return _show_orphans(request, viewer, house, done)


@router.post(ORPHANS, response_class=HTMLResponse)
def post_orphans(request: Request, viewer: Managing, sent: Form, house: Here) -> Response:
    """Name an owner for the commitments that were ticked, and tell them."""
    now = house.read_clock()
    today = house.today_of(viewer.person, now)
    marks, to = sent.texts("place")[:_MOST_MOVED], sent.text("to")
    ids = [int(one) for one in marks if one.isascii() and one.isdecimal() and len(one) < 12]
    if not ids or not to:
        return _show_orphans(request, viewer, house, "missing", status=422)
    author = Author(viewer.person.reference, now, sent.text("why"))
    try:
        with open_unit(house.engine) as unit:
            if not _are_orphaned(unit, viewer, ids, today):
                return _show_orphans(request, viewer, house, "changed", status=409)
            handed = name_owner(unit, author, ids, to, now, today)
            by = viewer.person.reference
            messages = tell_hand_over(unit, handed, by, now, today, house.domain, tell_former=False)
    except (RefusedChange, NotFound):
        return _show_orphans(request, viewer, house, "refused", status=409)
    send_all(house, messages)
    return RedirectResponse(f"{ORPHANS}?done=named", 303)


def _are_orphaned(unit: Connection, viewer: Viewer, ids: Sequence[int], today: date) -> bool:
    """Whether these places, all of a party that the viewer speaks for, still have no living owner."""
    held = select(commitment_owner.c.party_id).where(commitment_owner.c.id.in_(ids)).with_for_update()
    rows = unit.execute(held).scalars().all()
    if len(rows) < len(set(ids)) or not all(viewer.speaks_for(one) for one in rows):
        raise HTTPException(404)
    _, still = load_orphans(unit, viewer, today, 1, among=ids)
    return still == len(rows)


def _find(reading: Connection, viewer: Viewer, reference: str) -> Any:
    row = find_contact_of(reading, viewer, reference)
    if row is None:
        raise HTTPException(404)
    return row


def _mark(matters: Matters) -> str:
    """Another one as soon as anything else would move."""
    moved = (
        [row.owner_id for row in matters.commitments],
        [row.id for row in matters.follow_ups],
        [row.id for row in matters.stands_in_for],
        matters.role,
        matters.drafts,
    )
    return sha256(repr(moved).encode()).hexdigest()[:16]


def _find_faults(
    words: Words, to: str | None, why: str | None, said: str | None, day: Any, today: date
) -> dict[str, str]:
    faults = {}
    if not to:
        faults["to"] = words.gettext("Choose who takes over.")
    if not why:
        faults["why"] = words.gettext("A reason is needed: it stands in the log.")
    elif len(why) > LONGEST_LINE:
        faults["why"] = words.gettext("This is too long: 300 characters at most.")
    if said and day is None:
        faults["last_day"] = words.gettext("This is no day.")
    elif day is not None and (today - day).days > _LONG_AGO:
        faults["last_day"] = words.gettext(
            "This is more than a year ago: please check the year. If it is right, leave this empty, and end the office "
            "on the person's page."
        )
    return faults


def _show(
    request: Request,
    viewer: Viewer,
    house: House,
    reference: str,
    refusal: Refusal = NOT_REFUSED,
    *,
    sent: Any = None,
) -> Response:
    words = find_words(viewer)
    today = house.today_of(viewer.person, house.read_clock())
    with open_reading(house.engine) as reading:
        row = _find(reading, viewer, reference)
        person = load_people(reading, only=contact.c.id == row.id)[row.id]
        matters = find_matters(reading, person, row.name)
        successors = load_successors(reading, row.party_id, today, row.id)
    address = f"{ADDRESS}/{reference}"
    name = clean_text(row.name)
    form = None
    if successors and not matters.is_empty:
        action = f"{address}/hand-over"
        form = _describe_form(words, action, successors, refusal.faults, sent, _mark(matters), viewer, row)
    return show_framed(
        request,
        "hand_over.html",
        viewer,
        words.gettext("Hand over everything of %(name)s") % {"name": name},
        status=refusal.status,
        person=LinkView(name, address, ""),
        groups=describe_matters(words, matters, today),
        form=form,
        is_empty=matters.is_empty,
        refused=words.gettext("Nothing was handed over, because this has changed meanwhile. Here is how it stands now.")
        if refusal.has_changed
        else "",
    )


def _describe_form(
    words: Words,
    action: str,
    successors: Sequence[tuple[Person, str]],
    faults: Mapping[str, str],
    sent: Any,
    mark: str,
    viewer: Viewer,
    row: Any,
) -> FormView:
    def kept(name: str) -> str:
        return (sent.text(name) or "") if sent is not None else ""

    explained = words.gettext(
        "It moves at once, all of it or nothing, and the log keeps the reason. Both are told at once; at night or on a "
        "day of rest, the next morning."
    )
    if row.id == viewer.person.id:
        explained += " " + words.gettext("These are your own matters: afterwards you are an owner of nothing here.")
    return FormView(
        action,
        words.gettext("To whom"),
        explained,
        words.gettext("Hand over everything"),
        (
            FieldView(
                "to", words.gettext("Who takes over"), "select", kept("to"), fault=faults.get("to", ""), required=True,
                help=words.gettext("Somebody of the same party, in office."),
                options=(OptionView("", "–", not kept("to")), *_offer(words, successors, kept("to"))),
            ),
            FieldView(
                "last_day", words.gettext("Last day in office of the former person, if they leave"), "date",
                kept("last_day"), fault=faults.get("last_day", ""),
                help=words.gettext("Empty: they stay. The matters move today in either case."),
            ),
            FieldView(
                "why", words.gettext("Reason"), "text", kept("why"), fault=faults.get("why", ""), required=True,
                most=str(LONGEST_LINE), prose=True, help=words.gettext("For example: New post at the ministry."),
            ),
        ),
        (("mark", mark),),
    )  # fmt: skip


def _offer(words: Words, successors: Sequence[tuple[Person, str]], chosen: str) -> tuple[OptionView, ...]:
    unreached = words.gettext("%(name)s (cannot be reached)")
    return tuple(
        OptionView(
            one.reference,
            clean_text(name) if one.ways else unreached % {"name": clean_text(name)},
            one.reference == chosen,
        )
        for one, name in successors
    )


def _show_orphans(request: Request, viewer: Viewer, house: House, done: str, status: int = 200) -> Response:
    words = find_words(viewer)
    today = house.today_of(viewer.person, house.read_clock())
    with open_reading(house.engine) as reading:
        found, total = load_orphans(reading, viewer, today, ORPHANS_SHOWN)
        uncoordinated = load_uncoordinated(reading, viewer, today, PARTIES_SHOWN)
        begun = load_begun(reading, viewer)
        named = {one.row.contact_id for one in found if one.row.contact_id is not None}
        names = load_names(reading, contact.c.id.in_(named))
        parties = sorted({one.row.party_id for one in found if viewer.speaks_for(one.row.party_id)})
        successors = {one: load_successors(reading, one, today) for one in parties}
    groups = []
    for (party_id, contact_id), places in groupby(found, key=lambda one: (one.row.party_id, one.row.contact_id)):
        orphans = list(places)
        first = orphans[0]
        name = clean_text(names.contacts[contact_id][0]) if contact_id is not None else ""
        party = clean_text(names.name_party(party_id, words.tag))
        own = viewer.speaks_for(party_id)
        groups.append(
            OrphansView(
                words.gettext("%(party)s: %(name)s") % {"party": party, "name": name or words.gettext("nobody named")},
                tell_why_orphaned(words, first, name, today),
                tuple(describe_orphan(words, one) for one in orphans),
                f"{ADDRESS}/{first.former.reference}/hand-over" if own and first.former is not None else "",
                _offer(words, successors.get(party_id, ()), "") if own else (),
                f"{party_id}-{contact_id or 0}",
            )
        )
    rest = total - len(found)
    return show_framed(
        request,
        "orphans.html",
        viewer,
        words.gettext("Without a living owner"),
        status=status,
        done={
            "named": words.gettext("The new owner is named, and told."),
        }.get(done, ""),
        fault={
            "missing": words.gettext("Tick what is meant, and choose who answers for it."),
            "refused": words.gettext("Nothing was changed, because this person cannot take it over."),
            "changed": words.gettext(
                "Nothing was changed, because somebody answers for it by now, or it is settled. "
                "Here is what has no living owner now."
            ),
        }.get(done, ""),
        total=words.ngettext("%(count)s place in a commitment", "%(count)s places in commitments", total)
        % {"count": total},
        groups=groups,
        more=words.ngettext("and %(count)s more", "and %(count)s more", rest) % {"count": rest} if rest > 0 else "",
        parties=[
            PartyView(
                tell_title(row.names, words),
                words.ngettext("%(count)s agreement", "%(count)s agreements", row.agreements)
                % {"count": row.agreements},
                f"/add-person?party={row.reference}" if row.id in begun or viewer.speaks_for(row.id) else "",
            )
            for row in uncoordinated
        ],
    )
