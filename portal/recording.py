"""Recording what happened, in under a minute, and putting right what was recorded."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, select

from commitments.database import open_reading, open_unit
from commitments.dates import parse_date
from commitments.errors import NotFound
from commitments.evidence_files import KeptFile, keep_file
from commitments.filling import Flaws
from commitments.recording import (
    Allowed,
    Happened,
    check_happened,
    correct_activity,
    record_activity,
    withdraw_activity,
)
from commitments.tables import activity, activity_commitment, commitment
from commitments.tables import agreement as agreements
from notifications.names import Names, load_names
from notifications.views import LinkView, clean_text
from notifications.wording import Words
from portal.acting import is_taken, list_parties, show_act, sign, title_of, today_of
from portal.agreement_queries import Wanted, find_agreements
from portal.agreements import ADDRESS, LONGEST_SEARCH
from portal.beginning import describe_first_step
from portal.flaws import ask_for_file, mark_fields
from portal.forms import NOTHING_SENT, Form, Sent
from portal.frame import find_words, show_framed
from portal.history import find_head
from portal.house import Here, House
from portal.pages import FormView
from portal.paging import write_address
from portal.record_views import (
    Offered,
    RecordedView,
    as_happened,
    describe_record,
    describe_why,
    describe_withdrawal,
    name_choices,
    read_happened,
)
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.roles import GIVEN_UP, Permission, Role, Viewer, select_own_commitments, select_recordable_agreements
from portal.spoken import drop_stop
from portal.telling import contacts_of, tell_title
from portal.viewing import NotAllowed, require

router = APIRouter()
Recording = Annotated[Viewer, Depends(require(Permission.RECORD))]
RECORD = "/record"
ACTIVITY = ADDRESS + "/{reference}/activities/{name}"
AGREEMENTS_SHOWN = 20
MOST_AT_A_GLANCE = 8
"""So many commitments are looked through without searching among them."""
_ONCE = re.compile(r"[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class _Place:
    """The agreement under which somebody records, and what they may name."""

    head: Any
    parties: Sequence[Any]
    promises: Sequence[Any]
    names: Names
    is_owner: bool

    @property
    def allowed(self) -> Allowed:
        references = frozenset(one.reference for one in self.promises)
        since = parse_date(self.head.effective) if self.head.effective else None
        return Allowed(frozenset(one.reference for one in self.parties), references, self.is_owner, since)

    def offer(self, words: Words, parties: Sequence[str], promises: Sequence[str], find: str = "") -> Offered:
        """What can be ticked, the commitments that are ticked first; of the others those in which each word occurs."""
        sought = find.casefold().split()
        whole = {one.reference: title_of(words, one) for one in self.promises}
        titles = name_choices(whole)
        shown = [
            (reference, title)
            for reference, title in titles.items()
            if reference in promises or all(word in whole[reference].casefold() for word in sought)
        ]
        first = sorted(shown, key=lambda one: one[0] not in promises)
        return Offered(
            [(one.reference, clean_text(self.names.name_party(one.id, words.tag))) for one in self.parties],
            first,
            parties,
            promises,
            write_address(RECORD, {"agreement": self.head.reference}) if len(titles) > MOST_AT_A_GLANCE else "",
        )


@router.api_route(RECORD, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_record(
    request: Request,
    viewer: Recording,
    house: Here,
    agreement: str = "",
    commitment: str = "",
    done: str = "",
    q: str = "",
    find: str = "",
    commitments: Annotated[Sequence[str], Query()] = (),
) -> Response:
    """An empty form, filled in as far as it can be guessed; without an agreement first the choice of one.

    `find` narrows its commitments to those in which each word occurs, beside those that are ticked already.
    """
    words = find_words(viewer)
    if not agreement:
        chosen = _choose(request, words, viewer, house, q[:LONGEST_SEARCH].strip())
        if isinstance(chosen, Response):
            return chosen
        agreement = chosen
    with open_reading(house.engine) as reading:
        place = _find_place(reading, viewer, agreement)
        recorded = _describe_recorded(reading, words, place, done, commitment) if done else None
    own = [one.reference for one in place.parties if one.id == viewer.person.party_id]
    known = {one.reference for one in place.promises}
    commitment = commitment if commitment in known else ""
    guessed = [commitment] if commitment else sorted(known) if len(known) == 1 else []
    ticked = [one for one in commitments if one in known] or guessed
    said = Happened(None, None, None, parties=tuple(own), commitments=tuple(ticked))
    return _show_record(request, words, viewer, house, place, said, commitment, token_hex(3), recorded=recorded,
                        find=find[:LONGEST_SEARCH])  # fmt: skip


@router.post(RECORD, response_class=HTMLResponse)
def post_record(request: Request, viewer: Recording, sent: Form, house: Here) -> Response:
    """Record it, and offer the next."""
    words, today = find_words(viewer), today_of(viewer, house)
    said, origin, once = read_happened(sent), (sent.text("commitment") or "")[:80], _read_once(sent)
    reference = sent.text("agreement") or ""
    with open_reading(house.engine) as reading:
        place = _find_place(reading, viewer, reference)

    def write() -> Response:
        file = _keep(house, sent, check_happened(said, place.allowed, today, has_file=sent.file("file") is not None))
        with open_unit(house.engine) as unit:
            name = record_activity(
                unit, sign(viewer, house), reference, said, place.allowed, today, file=file, once=once
            )
        parameters = {"agreement": reference, "commitment": origin, "done": name}
        return RedirectResponse(write_address(RECORD, parameters), 303)

    def show(refusal: Refusal) -> Response:
        # The same form again with other words is another activity.
        anew = token_hex(3) if refusal.has_changed else once
        return _show_record(request, words, viewer, house, place, said, origin, anew, refusal, sent=sent)

    return write_or_show(write, show)


def _keep(house: House, sent: Sent, flaws: Flaws) -> KeptFile | None:
    """Keep the file that came along; nothing of it is kept while something else is wrong. Raises Flawed with all."""
    file = sent.file("file")
    if file is None:
        return None
    settings = house.settings
    return keep_file(settings.evidence_folder, file.filename or "", file.file, settings.largest_evidence, flaws)


def _read_once(sent: Sent) -> str:
    once = sent.text("once") or ""
    return once if _ONCE.fullmatch(once) else token_hex(3)


def _choose(request: Request, words: Words, viewer: Viewer, house: House, text: str) -> Response | str:
    """The agreements to choose from; the reference alone where there is one."""
    today = today_of(viewer, house)
    with open_reading(house.engine) as reading:
        among = select_recordable_agreements(viewer)
        listed = find_agreements(reading, viewer, Wanted(text), today, words.tag, among=among)
        rows = {row.id: row for row in reading.execute(_select_heads(listed.ids[:AGREEMENTS_SHOWN]))}
    if listed.total == 1 and not text:
        return str(rows[listed.ids[0]].reference)
    links = [
        LinkView(tell_title(rows[one].title, words), write_address(RECORD, {"agreement": rows[one].reference}), "")
        for one in listed.ids[:AGREEMENTS_SHOWN]
    ]
    more = listed.total - len(links)
    return show_framed(
        request,
        "record_choice.html",
        viewer,
        words.gettext("Record what happened"),
        search=text,
        first_step=None
        if listed.total or text or viewer.role is Role.OWNER
        else describe_first_step(words, viewer, request.app.state.served),
        total=words.ngettext("%(count)s agreement", "%(count)s agreements", listed.total) % {"count": listed.total},
        links=links,
        nothing=words.gettext("No agreement is found.")
        if text or viewer.role is not Role.OWNER
        else words.gettext(
            "You answer for nothing at present, so there is nothing to record here. Your coordinator can."
        ),
        more=words.gettext("and %(count)s more: search for it") % {"count": more} if more > 0 else "",
    )


def _select_heads(ids: Sequence[int]) -> Any:
    return select(agreements.c.id, agreements.c.reference, agreements.c.title).where(agreements.c.id.in_(ids))


def _find_place(reading: Connection, viewer: Viewer, reference: str) -> _Place:
    head = find_head(reading, viewer, reference)
    parties = list_parties(reading, head.id)
    promises = reading.execute(
        select(commitment)
        .where(
            commitment.c.agreement_id == head.id,
            commitment.c.id.in_(select_own_commitments(viewer)),
            commitment.c.state.not_in(GIVEN_UP),
        )
        .order_by(commitment.c.position)
    ).all()
    if viewer.role is Role.OWNER and not promises:
        raise NotAllowed(f"nothing under {reference} is theirs")
    names = load_names(reading, contacts_of([one.id for one in parties]))
    return _Place(head, parties, promises, names, viewer.role is Role.OWNER)


def _show_record(
    request: Request,
    words: Words,
    viewer: Viewer,
    house: House,
    place: _Place,
    said: Happened,
    origin: str,
    once: str,
    refusal: Refusal = NOT_REFUSED,
    *,
    sent: Sent = NOTHING_SENT,
    recorded: RecordedView | None = None,
    find: str = "",
) -> Response:
    offered = place.offer(words, said.parties, said.commitments, find)
    found = len(offered.commitments)
    megabytes = house.settings.evidence_megabytes
    fields, more = describe_record(
        words, offered, said, today_of(viewer, house), refusal.flaws, megabytes, takes_file=bool(place.promises)
    )
    if refusal.flaws:
        fields = ask_for_file(words, fields, sent)
    form = FormView(
        RECORD,
        words.gettext("Record another") if recorded is not None else "",
        words.gettext("Both sides see it at once, and it counts for what is ticked."),
        words.gettext("Record it"),
        fields,
        (("agreement", place.head.reference), ("commitment", origin), ("once", once)),
        more=more,
        more_title=words.gettext("Several days, an uncertain date, a note"),
    )
    return show_act(
        request,
        viewer,
        words.gettext("Record what happened"),
        agreement=place.head,
        forms=[form],
        refusal=refusal,
        template="record.html",
        recorded=recorded,
        found=words.ngettext("%(count)s commitment", "%(count)s commitments", found) % {"count": found},
    )


def _describe_recorded(reading: Connection, words: Words, place: _Place, done: str, origin: str) -> RecordedView | None:
    row = reading.execute(
        select(activity).where(activity.c.agreement_id == place.head.id, activity.c.reference == done)
    ).one_or_none()
    if row is None:
        return None
    counted = reading.execute(_select_counted(row.id)).all()
    about = [clean_text(row.title), words.format_partial(row.held_on)]
    said = words.gettext("Recorded: %(what)s.") % {"what": " · ".join(about)}
    effective = place.head.effective
    if effective and parse_date(row.until or row.held_on).last < parse_date(effective).first:
        before = words.gettext("%(said)s This was before the agreement took effect (%(effective)s). Is the date right?")
        said = before % {"said": said, "effective": words.format_partial(effective)}
    elif counted:
        served = {one.reference for one in counted}
        known = name_choices({one.reference: title_of(words, one) for one in [*place.promises, *counted]})
        titles = words.join([drop_stop(name) for reference, name in known.items() if reference in served])
        said = words.gettext("%(said)s It counts for: %(titles)s.") % {"said": said, "titles": titles}
    address = f"{ADDRESS}/{place.head.reference}"
    shown = next((one for one in counted if one.reference == origin), counted[0] if counted else None)
    there = f"{address}/commitments/{shown.reference}" if shown is not None else address
    return RecordedView(
        said,
        (
            LinkView(words.gettext("See how it stands now"), there, ""),
            LinkView(words.gettext("Correct it"), f"{address}/activities/{row.reference}", ""),
        ),
    )


def _select_counted(activity_id: int) -> Any:
    """The commitments for which an activity counts."""
    return (
        select(commitment)
        .join(activity_commitment, activity_commitment.c.commitment_id == commitment.c.id)
        .where(activity_commitment.c.activity_id == activity_id, activity_commitment.c.withdrawn_on.is_(None))
        .order_by(commitment.c.position)
    )


@router.api_route(ACTIVITY, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_activity(request: Request, viewer: Recording, house: Here, reference: str, name: str) -> Response:
    """An activity as it is on record, to be put right or withdrawn."""
    with open_reading(house.engine) as reading:
        place, row, counted = _find_recorded(reading, viewer, reference, name)
    return _show_activity(request, viewer, house, place, row, as_happened(row, counted))


@router.post(ACTIVITY, response_class=HTMLResponse)
def post_activity(request: Request, viewer: Recording, sent: Form, house: Here, reference: str, name: str) -> Response:
    """Put it right, with a reason."""
    said, why, today = read_happened(sent), sent.text("why"), today_of(viewer, house)
    with open_reading(house.engine) as reading:
        place, row, counted = _find_recorded(reading, viewer, reference, name)

    def write() -> Response:
        with open_unit(house.engine) as unit:
            correct_activity(unit, sign(viewer, house, why), reference, name, said, place.allowed, today)
        return RedirectResponse(_lead_back(place, said.commitments or counted, "corrected"), 303)

    try:
        return write_or_show(
            write, lambda refusal: _show_activity(request, viewer, house, place, row, said, refusal, why=why or "")
        )
    except NotFound:
        raise HTTPException(404) from None


@router.post(ACTIVITY + "/withdraw", response_class=HTMLResponse)
def post_withdrawal(
    request: Request, viewer: Recording, sent: Form, house: Here, reference: str, name: str
) -> Response:
    """Withdraw it, with a reason."""
    why, today = sent.text("why"), today_of(viewer, house)
    with open_reading(house.engine) as reading:
        if is_taken(reading, viewer, sent):
            return RedirectResponse(f"{ADDRESS}/{reference}?done=activity_withdrawn", 303)
        place, row, counted = _find_recorded(reading, viewer, reference, name)

    def write() -> Response:
        with open_unit(house.engine) as unit:
            withdraw_activity(unit, sign(viewer, house, why, sent), reference, name, today)
        return RedirectResponse(_lead_back(place, counted, "activity_withdrawn"), 303)

    said = as_happened(row, counted)
    try:
        return write_or_show(
            write, lambda refusal: _show_activity(request, viewer, house, place, row, said, refusal, is_ended=True)
        )
    except NotFound:
        raise HTTPException(404) from None


def _lead_back(place: _Place, counted: Sequence[str], done: str) -> str:
    known = {one.reference for one in place.promises}
    shown = next((one for one in counted if one in known), None)
    address = f"{ADDRESS}/{place.head.reference}"
    return write_address(f"{address}/commitments/{shown}" if shown else address, {"done": done})


def _find_recorded(
    reading: Connection, viewer: Viewer, reference: str, name: str
) -> tuple[_Place, Any, tuple[str, ...]]:
    """The activity with what it counts for; NotAllowed for one that counts for nothing of an owner's."""
    place = _find_place(reading, viewer, reference)
    row = reading.execute(
        select(activity).where(
            activity.c.agreement_id == place.head.id,
            activity.c.reference == name,
            activity.c.withdrawn_on.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise HTTPException(404)
    counted = tuple(one.reference for one in reading.execute(_select_counted(row.id)))
    if place.is_owner and not frozenset(counted).intersection(place.allowed.commitments):
        raise NotAllowed(f"the activity {reference}/{name} is for others to correct")
    return place, row, counted


def _show_activity(
    request: Request,
    viewer: Viewer,
    house: House,
    place: _Place,
    row: Any,
    said: Happened,
    refusal: Refusal = NOT_REFUSED,
    *,
    why: str = "",
    is_ended: bool = False,
) -> Response:
    """The activity, to be corrected or, where it `is_ended` by its form, withdrawn."""
    words = find_words(viewer)
    address = f"{ADDRESS}/{place.head.reference}/activities/{row.reference}"
    flaws, ended = ((), refusal.flaws) if is_ended else (refusal.flaws, ())
    offered = place.offer(words, said.parties, said.commitments)
    fields, more = describe_record(
        words, offered, said, today_of(viewer, house), flaws, house.settings.evidence_megabytes, takes_file=False
    )
    reason = mark_fields(words, (describe_why(words, why, label=words.gettext("Why it is changed")),), flaws)
    form = FormView(
        address,
        words.gettext("Correct it"),
        words.gettext("The history keeps what stood there before."),
        words.gettext("Save"),
        (*fields, *reason),
        more=more,
        more_title=words.gettext("Several days, an uncertain date, a note"),
    )
    forms = [form, describe_withdrawal(words, f"{address}/withdraw", "", ended)]
    return show_act(request, viewer, clean_text(row.title), agreement=place.head, forms=forms, refusal=refusal)
