"""What a coordinator amends of a commitment: its words, owners, dates and steps, and whether it still holds."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, func, select

from commitments.amendments import hand_over
from commitments.database import open_reading
from commitments.deciding import (
    Turn,
    amend_texts,
    list_turns,
    set_date,
    take_turn,
)
from commitments.filling import Flaw, Flawed, check_text, read_partial, refuse_flaws
from commitments.log import Author
from commitments.questions import load_question
from commitments.reconcile import load_rules, reconcile_agreement
from commitments.sentences import load_shelf
from commitments.tables import agreement, contact, follow_up
from commitments.vocabulary import CommitmentState, FollowUpState
from notifications.handing import tell_new_owner
from notifications.names import load_names
from portal.acting import Acted, AtPromise, at_promise, lead_to
from portal.agreements import ADDRESS
from portal.amend_views import (
    as_texts,
    describe_date,
    describe_dates,
    describe_owners,
    describe_texts,
    describe_turn,
    explain_turn,
    is_planned,
    name_turn,
    read_due,
    read_texts,
)
from portal.forms import NOTHING_SENT, Form, Sent
from portal.people_queries import load_successors
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.roles import Permission
from portal.standing import tell_standing
from portal.telling import contacts_of

router = APIRouter()
Amending = Annotated[AtPromise, Depends(at_promise(Permission.AMEND))]
COMMITMENT = ADDRESS + "/{reference}/commitments/{promise}"
EDIT, OWNERS, DATE = COMMITMENT + "/edit", COMMITMENT + "/owners", COMMITMENT + "/date"
DECIDE = COMMITMENT + "/decide/{turn}"
_OPEN = (CommitmentState.ACTIVE, CommitmentState.ON_HOLD)


@router.api_route(EDIT, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_edit(at: Amending) -> Response:
    """The words of a commitment."""
    return _show_edit(at)


@router.post(EDIT, response_class=HTMLResponse)
def post_edit(at: Amending, sent: Form) -> Response:
    """Change them, with a reason."""

    def write(unit: Connection, author: Author, acted: Acted, today: date) -> None:
        shelf = load_shelf(unit, at.house.settings, [acted.head.id])
        amend_texts(unit, author, acted.name, read_texts(acted.row, acted.head.languages, sent), today, shelf)

    return write_or_show(
        lambda: lead_to(at.write(sent, write).address, "changed"),
        lambda refusal: _show_edit(at, sent, refusal),
    )


def _show_edit(at: AtPromise, sent: Sent | None = None, refusal: Refusal = NOT_REFUSED) -> Response:
    words, acted = at.words, at.read()
    languages = acted.head.languages
    standing = as_texts(acted.row, languages)
    texts = read_texts(acted.row, languages, sent) if sent is not None else standing
    form = describe_texts(words, acted, texts, (sent.text("why") or "") if sent is not None else "", refusal.flaws)
    if refusal.has_changed:
        now = describe_texts(words, acted, standing, "", ())
        form = replace(form, fields=tell_standing(words, form.fields, now.fields))
    return at.show(
        words.gettext("Change the words"),
        acted,
        forms=[form],
        state=refusal.say_kept(words),
        refusal=refusal,
    )


@router.api_route(OWNERS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_owners(at: Amending) -> Response:
    """Who answers for it on one's own side."""
    return _show_owners(at)


@router.post(OWNERS, response_class=HTMLResponse)
def post_owners(at: Amending, sent: Form) -> Response:
    """Name another owner, who is told at once, or when their hours begin."""

    def write(unit: Connection, author: Author, acted: Acted, today: date) -> None:
        side = next((one for one in acted.sides(at.viewer) if one.reference == sent.text("side")), None)
        known = load_successors(unit, side.party_id, today, side.contact_id) if side is not None else []
        new = next((one for one, _ in known if one.reference == sent.text("to")), None)
        flaws = check_text("why", author.why, needed=True)
        if side is None or new is None:
            raise Flawed([("to", Flaw.UNKNOWN), *flaws])
        refuse_flaws(flaws)
        around = select(agreement.c.id).where(agreement.c.id == acted.head.id)
        rules = load_rules(unit, around, contact.c.id.in_([at.viewer.person.id, new.id]))
        question = load_question(unit, rules, at.viewer.person.id, today, matter=acted.name, party_id=side.party_id)
        hand_over(unit, author, acted.name, side.reference, new.reference, today)
        reconcile_agreement(unit, acted.head.id, author.at, today)
        if question is not None:
            tell_new_owner(unit, rules, question, new, author.at, today, at.house.domain)

    return write_or_show(
        lambda: lead_to(at.write(sent, write).address, "owner"),
        lambda refusal: _show_owners(at, NOTHING_SENT if refusal.has_changed else sent, refusal),
    )


def _show_owners(at: AtPromise, sent: Sent = NOTHING_SENT, refusal: Refusal = NOT_REFUSED) -> Response:
    words, today = at.words, at.today
    with open_reading(at.house.engine) as reading:
        acted = at.find(reading)
        sides = acted.sides(at.viewer)
        people = {one.party_id: load_successors(reading, one.party_id, today, one.contact_id) for one in sides}
        names = load_names(reading, contacts_of([], [one.contact_id for one in acted.owners]))
    state = refusal.say(words)
    if not sides:
        state = words.gettext("Your party does not owe this commitment; who does, names its own owner.")
    return at.show(
        words.gettext("Name an owner"),
        acted,
        forms=describe_owners(words, names, acted, people, sent, refusal.flaws),
        state=state,
        refusal=refusal,
    )


@router.api_route(DATE, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_date(at: Amending) -> Response:
    """The date as first promised and as it is, and the form for another."""
    return _show_date(at)


@router.post(DATE, response_class=HTMLResponse)
def post_date(at: Amending, sent: Form) -> Response:
    """Set it; the first one is kept."""

    def write(unit: Connection, author: Author, acted: Acted, today: date) -> None:
        set_date(unit, author, acted.name, None, read_due(sent), today)

    def lead(acted: Acted) -> Response:
        said = read_partial(read_due(sent))
        is_over = said is not None and said.last < at.today
        waits = acted.row.condition and not acted.row.condition.get("met_on")
        if is_over and acted.row.state == CommitmentState.ACTIVE and not waits:
            return lead_to(acted.address, "past_date")
        return lead_to(acted.address, "plan_date" if is_planned(acted.row) else "date")

    return write_or_show(
        lambda: lead(at.write(sent, write)),
        lambda refusal: _show_date(at, sent, refusal),
    )


def _show_date(at: AtPromise, sent: Sent = NOTHING_SENT, refusal: Refusal = NOT_REFUSED) -> Response:
    words, acted = at.words, at.read()
    state = refusal.say(words)
    planned = is_planned(acted.row)
    over = words.gettext("A day that is over is for a date that was written down wrongly: it is overdue at once.")
    forms = [
        describe_date(
            words, acted, f"{acted.address}/date", sent, refusal.flaws, planned=planned, over="" if planned else over
        )
    ]
    if acted.row.state not in [str(one) for one in _OPEN]:
        forms, state = [], words.gettext("It is settled, so its date cannot be moved.")
    return at.show(
        words.gettext("Set another date"),
        acted,
        forms=forms,
        facts=describe_dates(words, acted.row, planned=planned),
        follows=[words.gettext("Nobody is asked about the old date any more; the new one is watched like any other.")],
        state=state,
        refusal=refusal,
    )  # fmt: skip


@router.api_route(DECIDE, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_decide(at: Amending, turn: str) -> Response:
    """What would follow from a decision, and the form for it."""
    return _show_decide(at, _read_turn(turn))


@router.post(DECIDE, response_class=HTMLResponse)
def post_decide(at: Amending, sent: Form, turn: str) -> Response:
    """Decide it, with a reason."""
    read, until = _read_turn(turn), sent.text("until")

    def write(unit: Connection, author: Author, acted: Acted, today: date) -> None:
        take_turn(unit, author, acted.name, read, until, today)

    return write_or_show(
        lambda: lead_to(at.write(sent, write).address, str(read)),
        lambda refusal: _show_decide(at, read, sent, refusal),
    )


def _read_turn(text: str) -> Turn:
    if text not in list(Turn):
        raise HTTPException(404)
    return Turn(text)


def _show_decide(at: AtPromise, turn: Turn, sent: Sent = NOTHING_SENT, refusal: Refusal = NOT_REFUSED) -> Response:
    words = at.words
    with open_reading(at.house.engine) as reading:
        acted = at.find(reading)
        opened = reading.execute(
            select(func.count()).where(
                follow_up.c.commitment_id == acted.row.id, follow_up.c.state == str(FollowUpState.OPEN)
            )
        ).scalar_one()
    tomorrow = (at.today + timedelta(days=1)).isoformat()
    possible = turn in list_turns(CommitmentState(acted.row.state))
    state = refusal.say(words)
    if not possible:
        state = words.gettext("As it stands now, this cannot be decided: %(state)s.") % {
            "state": words.name(CommitmentState(acted.row.state))
        }
    return at.show(
        name_turn(words, turn),
        acted,
        forms=[describe_turn(words, acted, turn, sent, refusal.flaws, tomorrow)] if possible else [],
        follows=explain_turn(words, turn, opened) if possible else (),
        state=state,
        refusal=refusal,
    )
