"""What a side says of a commitment: progress, a number."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, select

from commitments.asked_confirmations import find_asked, is_settled_by, load_confirmers
from commitments.database import open_reading, open_unit
from commitments.reporting import Reported, file_report, take_measurement
from commitments.tables import commitment_owner, measurement
from commitments.vocabulary import CommitmentKind, CommitmentState
from notifications.names import load_names
from portal.acting import Acted, AtPromise, at_promise, is_new, lead_to, sign
from portal.agreements import ADDRESS
from portal.flaws import mark_fields
from portal.forms import NOTHING_SENT, Form, Sent
from portal.pages import FormView
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.report_views import (
    describe_measure_fields,
    describe_report_fields,
    explain_report,
)
from portal.roles import Permission, Viewer
from portal.telling import contacts_of
from portal.viewing import NotAllowed

router = APIRouter()
Reporting = Annotated[AtPromise, Depends(at_promise(Permission.REPORT))]
COMMITMENT = ADDRESS + "/{reference}/commitments/{promise}"
REPORT, MEASURE = COMMITMENT + "/report", COMMITMENT + "/measure"
_OVER = (CommitmentState.WAIVED, CommitmentState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class _Side:
    """In whose name somebody speaks, and what the register calls them if they belong to that side."""

    party_id: int
    reference: str
    contact: str | None


def choose_side(acted: Acted, viewer: Viewer, wanted: str | None) -> _Side:
    """The side in whose name the viewer speaks; NotAllowed where it is none of theirs."""
    sides = acted.sides(viewer)
    found = next((one for one in sides if one.reference == wanted), None) if wanted else (sides[0] if sides else None)
    if found is None:
        raise NotAllowed(f"{viewer.person.reference} speaks for no side that owes {acted.name}")
    own = found.party_id == viewer.person.party_id
    return _Side(found.party_id, found.reference, viewer.person.reference if own else None)


def _guess_side(acted: Acted, viewer: Viewer, sent: Sent) -> _Side:
    """The side that was chosen in the form, or the first in whose name the viewer may speak."""
    chosen = sent.text("side")
    return choose_side(acted, viewer, chosen if chosen in [one.reference for one in acted.sides(viewer)] else None)


def find_own(reading: Connection, at: AtPromise, *, hold: bool = False) -> Acted:
    """The commitment, if the viewer's side owes it."""
    acted = at.find(reading, hold=hold)
    choose_side(acted, at.viewer, None)
    return acted


@router.api_route(REPORT, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_report(at: Reporting) -> Response:
    """How it goes, as one's own side says."""
    return _show_report(at)


@router.post(REPORT, response_class=HTMLResponse)
def post_report(at: Reporting, sent: Form) -> Response:
    """Take the report; what is done is settled, and the other side asked, in the same unit."""
    said = Reported(
        sent.text("rating"),
        sent.text("note"),
        sent.text("completion"),
        bool(sent.text("fulfilled")),
        sent.number("value"),
        sent.text("value") is not None,
    )

    def write() -> Response:
        with open_unit(at.house.engine) as unit:
            acted = find_own(unit, at, hold=True)
            side, today = choose_side(acted, at.viewer, sent.text("side")), at.today
            done = name_done(unit, acted.row, side.party_id, today) if said.fulfilled else "reported"
            if is_new(unit, at.viewer, sent, acted.mark):
                author = at.sign(sent)
                file_report(unit, author, acted.name, side.reference, side.contact, said, today)
        return lead_to(acted.address, done)

    return write_or_show(write, lambda refusal: _show_report(at, sent, refusal))


def name_done(reading: Connection, promise: Any, party_id: int, today: date) -> str:
    """What follows if this side says now that a promise is kept: where another has said so, that it confirms it."""
    if promise.state == CommitmentState.FULFILLED:
        asked = find_asked(reading, promise)
        if party_id in asked:
            return "done_confirms"
        return "done_shared" if any(waits for _, waits in asked.values()) else "done"
    if load_confirmers(reading, promise, party_id, today):
        return "done_shared"
    owing = reading.execute(
        select(commitment_owner.c.party_id).where(commitment_owner.c.commitment_id == promise.id)
    ).scalars()
    return "done" if is_settled_by(reading, promise, list(owing), party_id) else "done_part"


def _show_report(at: AtPromise, sent: Sent = NOTHING_SENT, refusal: Refusal = NOT_REFUSED) -> Response:
    words = at.words
    with open_reading(at.house.engine) as reading:
        acted = find_own(reading, at)
        side = _guess_side(acted, at.viewer, sent)
        confirmers = load_confirmers(reading, acted.row, side.party_id, at.today)
        asker, waits = find_asked(reading, acted.row).get(side.party_id, (None, False))
        names = load_names(reading, contacts_of([one.party_id for one in acted.owners]))
        last = load_last_number(reading, acted.row.id)
    forms = []
    if acted.row.state not in [str(one) for one in _OVER]:
        fields = describe_report_fields(words, names, acted.row, acted.sides(at.viewer), at.viewer, sent)
        forms.append(
            FormView(
                f"{acted.address}/report",
                "",
                words.gettext("Your side says so, as of today. The other side reads it too."),
                words.gettext("Report it"),
                mark_fields(words, fields, refusal.flaws),
                (("mark", acted.mark),),
            )
        )
    return at.show(
        words.gettext("Report progress"),
        acted,
        forms=forms,
        follows=explain_report(words, names, acted, confirmers, last, asker=asker if waits else None),
        refusal=refusal,
    )


@router.api_route(MEASURE, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_measure(at: Reporting) -> Response:
    """A target's value on a day."""
    return _show_measure(at)


@router.post(MEASURE, response_class=HTMLResponse)
def post_measure(at: Reporting, sent: Form) -> Response:
    """Record the value."""
    today = at.today
    measured_on = sent.date_text("roughly") or sent.date_text("measured_on")

    def write() -> Response:
        with open_unit(at.house.engine) as unit:
            acted = find_own(unit, at, hold=True)
            if acted.row.kind != CommitmentKind.TARGET:
                raise HTTPException(404)
            take_measurement(
                unit, sign(at.viewer, at.house), acted.name, sent.number("value"), measured_on, sent.text("note"), today
            )
        return lead_to(acted.address, "measured")

    return write_or_show(write, lambda refusal: _show_measure(at, sent, refusal))


def _show_measure(at: AtPromise, sent: Sent = NOTHING_SENT, refusal: Refusal = NOT_REFUSED) -> Response:
    words = at.words
    with open_reading(at.house.engine) as reading:
        acted = find_own(reading, at)
    if acted.row.kind != CommitmentKind.TARGET:
        raise HTTPException(404)
    fields = describe_measure_fields(words, acted.row, at.today, sent)
    form = FormView(
        f"{acted.address}/measure",
        "",
        words.gettext("The number reached so far. The same number for the same day is recorded once."),
        words.gettext("Record the number"),
        mark_fields(words, fields, refusal.flaws),
    )
    return at.show(
        words.gettext("Record a measurement"),
        acted,
        forms=[form],
        refusal=refusal,
    )


def load_last_number(reading: Connection, commitment_id: int) -> Any | None:
    """The number measured last: value, measured_on."""
    return reading.execute(
        select(measurement.c.value, measurement.c.measured_on)
        .where(measurement.c.commitment_id == commitment_id, measurement.c.withdrawn_on.is_(None))
        .order_by(measurement.c.measured_on.desc(), measurement.c.id.desc())
        .limit(1)
    ).one_or_none()
