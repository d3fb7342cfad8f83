"""The answer of the other side to what was reported: that it is so, or what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, select

from commitments.database import open_reading, open_unit
from commitments.errors import RefusedChange
from commitments.log import Author
from commitments.reporting import answer_report, take_back_confirmation
from commitments.sentences import find_quote, load_shelf
from commitments.tables import confirmation, evidence, progress_report
from commitments.vocabulary import ConfirmationState
from commitments.withdrawing import find_confirmed
from notifications.names import choose_promise, load_names
from notifications.views import clean_text
from portal.acting import Acted, AtPromise, is_new, lead_to, list_parties
from portal.commitment_views import describe_evidence
from portal.forms import NOTHING_SENT, Form, Sent
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.report_views import describe_answers, describe_asked
from portal.reporting import COMMITMENT, Reporting, load_last_number
from portal.roles import Viewer, select_confirmable_commitments
from portal.telling import contacts_of
from portal.withdrawals import Withdrawal, show_withdrawal, withdraw_or_show

router = APIRouter()
CONFIRM, SEND_BACK = COMMITMENT + "/confirm", COMMITMENT + "/send-back"
TAKE_BACK = CONFIRM + "/{side}/withdraw"


@router.api_route(CONFIRM, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_confirm(at: Reporting) -> Response:
    """What the other side reported, and the two answers to it."""
    return _show_confirm(at)


@router.post(CONFIRM, response_class=HTMLResponse)
def post_confirm(at: Reporting, sent: Form) -> Response:
    """Confirm for one's own side."""
    return _answer(at, sent, confirmed=True)


@router.post(SEND_BACK, response_class=HTMLResponse)
def post_send_back(at: Reporting, sent: Form) -> Response:
    """Send it back, with what is missing."""
    return _answer(at, sent, confirmed=False)


def _answer(at: AtPromise, sent: Sent, *, confirmed: bool) -> Response:
    def write() -> Response:
        with open_unit(at.house.engine) as unit:
            acted = _find_asked(unit, at, hold=True)
            asked = load_asked_of(unit, acted.row.id, name_sides(unit, acted.head.id, at.viewer))
            side = next((one.reference for one in asked if one.reference == sent.text("side")), None)
            if is_new(unit, at.viewer, sent, acted.mark):
                if side is None:
                    raise RefusedChange("nothing waits for this side any more")
                author, today = at.sign(sent), at.today
                answer_report(unit, author, acted.name, side, sent.text("note"), today, confirmed=confirmed)
        return lead_to(acted.address, "confirmed" if confirmed else "sent_back")

    return write_or_show(write, lambda refusal: _show_confirm(at, sent, refusal))


@router.api_route(TAKE_BACK, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_taking_back(at: Reporting, side: str) -> Response:
    """What taking a confirmation back means, and the form for it."""
    return _show_taking_back(at, side)


@router.post(TAKE_BACK, response_class=HTMLResponse)
def post_taking_back(at: Reporting, sent: Form, side: str) -> Response:
    """Take it back, with a reason; one's side is asked again, in the same unit."""

    def write(unit: Connection, author: Author, today: date) -> None:
        acted, _ = _find_confirmed(unit, at, side)
        take_back_confirmation(unit, author, acted.name, side, today)

    with open_reading(at.house.engine) as reading:
        address = _find_asked(reading, at).address
    return withdraw_or_show(
        at.viewer, at.house, sent, write, address, "unconfirmed", lambda refusal: _show_taking_back(at, side, refusal)
    )


def _find_confirmed(reading: Connection, at: AtPromise, side: str) -> tuple[Acted, Any]:
    """The commitment, and what this side has confirmed of it, if that is the viewer's to take back."""
    acted = _find_asked(reading, at)
    found = find_confirmed(reading, acted.row).get(side)
    if found is None or not at.viewer.speaks_for(found.party_id):
        raise HTTPException(404)
    return acted, found


def _show_taking_back(at: AtPromise, side: str, refusal: Refusal = NOT_REFUSED) -> Response:
    words = at.words
    with open_reading(at.house.engine) as reading:
        acted, found = _find_confirmed(reading, at, side)
        names = load_names(reading, contacts_of([found.party_id], []))
    withdrawal = Withdrawal(
        words.gettext("Take a confirmation back"),
        f"{acted.address}/confirm/{side}/withdraw",
        words.gettext("%(party)s confirmed it on %(day)s")
        % {
            "party": clean_text(names.name_party(found.party_id, words.tag)),
            "day": words.format_day(found.answered_on),
        },
        words.gettext(
            "Your side is asked again, and the commitment stands as unconfirmed until it answers. The history says "
            "that it was confirmed."
        ),
        acted.head,
        acted,
    )
    return show_withdrawal(at.request, at.viewer, withdrawal, refusal)


def _find_asked(reading: Connection, at: AtPromise, *, hold: bool = False) -> Acted:
    """The commitment, if the viewer may confirm it for a party of the agreement, whether that owes it or not."""
    return at.find(reading, hold=hold, own=select_confirmable_commitments)


def name_sides(reading: Connection, agreement_id: int, viewer: Viewer) -> dict[int, str]:
    """The parties of an agreement in whose name somebody may speak: the reference of each by its id."""
    return {one.id: one.reference for one in list_parties(reading, agreement_id) if viewer.speaks_for(one.id)}


def load_asked_of(reading: Connection, commitment_id: int, sides: Mapping[int, str]) -> Sequence["AskedOf"]:
    """The confirmations that wait for these sides (the reference of each by its id), the latest of each side."""
    asker = progress_report.c.party_id.label("reporter_id")
    columns = (
        asker, progress_report.c.contact_id, progress_report.c.reported_on, progress_report.c.note.label("told"),
        progress_report.c.rating, progress_report.c.completion,
    )  # fmt: skip
    rows = reading.execute(
        select(confirmation.c.party_id, *columns)
        .join(progress_report, progress_report.c.id == confirmation.c.report_id)
        .where(
            progress_report.c.commitment_id == commitment_id,
            confirmation.c.state == str(ConfirmationState.ASKED),
            confirmation.c.party_id.in_(sides),
        )
        .order_by(confirmation.c.id.desc())
    ).all()
    latest: dict[int, AskedOf] = {}
    for row in rows:
        latest.setdefault(row.party_id, AskedOf(sides[row.party_id], row))
    return list(latest.values())


@dataclass(frozen=True, slots=True)
class AskedOf:
    """The side that is asked, by its reference, and the report."""

    reference: str
    report: Any


def _show_confirm(at: AtPromise, sent: Sent = NOTHING_SENT, refusal: Refusal = NOT_REFUSED) -> Response:
    words = at.words
    with open_reading(at.house.engine) as reading:
        acted = _find_asked(reading, at)
        asked = load_asked_of(reading, acted.row.id, name_sides(reading, acted.head.id, at.viewer))
        query = select(evidence).where(evidence.c.commitment_id == acted.row.id, evidence.c.withdrawn_on.is_(None))
        shown = reading.execute(query.order_by(evidence.c.id)).all() if asked else []
        people = [one.report.contact_id for one in asked]
        names = load_names(reading, contacts_of([one.party_id for one in acted.owners], people))
        quoted = find_quote(load_shelf(reading, at.house.settings, [acted.head.id]), acted.row, acted.head.sources)
        last = load_last_number(reading, acted.row.id)
    sentence, _, is_quote = choose_promise(acted.row, words.tag, quoted.genuine)
    state = refusal.say(words)
    if not asked and not refusal.has_changed:
        state = words.gettext("Nothing waits here for your side's confirmation.")
    return at.show(
        words.gettext("Confirm what the other side reported"),
        acted,
        forms=[form for one in asked for form in describe_answers(words, names, acted, one, sent, refusal.flaws)],
        facts=[fact for one in asked for fact in describe_asked(words, names, acted.row, one, last)],
        quote=clean_text(sentence) if is_quote else "",
        evidence=describe_evidence(words, shown, (), may_record=False),
        state=state,
        refusal=refusal,
    )
