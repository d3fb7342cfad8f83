"""What one side proposes of an agreement's rules: read, accepted or refused by the other sides, taken back."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, select

from commitments.consenting import answer_proposal
from commitments.database import open_reading, open_unit
from commitments.filling import LONGEST_LINE
from commitments.log import Author
from commitments.person_queries import find_served
from commitments.proposals import (
    RULE,
    Proposal,
    load_proposals,
    load_usual_rule,
    propose_rule,
    select_other_sides,
    withdraw_proposal,
)
from commitments.tables import rule_proposal
from commitments.vocabulary import ConfirmedBy, Consent, ProposalState
from notifications.waiting import follow_rules
from notifications.wording import Words
from portal.acting import lead_to, sign
from portal.agreements import ADDRESS as AGREEMENTS
from portal.forms import Form, Number, Sent
from portal.frame import find_words, show_framed
from portal.history import find_head
from portal.house import Here, House
from portal.proposal_views import describe_proposals, link_proposal, may_withdraw
from portal.refusals import NOT_REFUSED, Refusal
from portal.roles import Permission, Viewer
from portal.viewing import NotAllowed, require

router = APIRouter()
Reader = Annotated[Viewer, Depends(require(Permission.READ_AGREEMENTS))]
Accepting = Annotated[Viewer, Depends(require(Permission.ACCEPT))]
Ruler = Annotated[Viewer, Depends(require(Permission.SET_POLICY))]
ADDRESS = AGREEMENTS + "/{reference}/proposals/{proposal}"


@router.api_route(ADDRESS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_proposal(
    request: Request, viewer: Reader, house: Here, reference: str, proposal: Number, done: str = ""
) -> Response:
    """What is proposed, by whom and why, for whom it waits, and what the reader can say to it."""
    return _show(request, viewer, house, reference, proposal, done=done)


@router.post(ADDRESS + "/accept")
def post_accept(viewer: Accepting, sent: Form, house: Here, reference: str, proposal: Number) -> Response:
    """Accept it for one's own side; the last that is needed changes the rule at once."""
    return _answer(viewer, sent, house, reference, proposal, Consent.ACCEPTED)


@router.post(ADDRESS + "/refuse", response_class=HTMLResponse)
def post_refuse(
    request: Request, viewer: Accepting, sent: Form, house: Here, reference: str, proposal: Number
) -> Response:
    """Refuse it for one's own side, with a reason, which the side that proposed it reads."""
    words, why = find_words(viewer), sent.text("why")
    fault = ""
    if not why:
        fault = words.gettext("A reason is needed: the side that proposed it reads it.")
    elif len(why) > LONGEST_LINE:
        fault = words.gettext("At most %(count)s characters are expected.") % {"count": LONGEST_LINE}
    if fault:
        refusal = Refusal(faults={"why": fault})
        return _show(request, viewer, house, reference, proposal, refusal, why=why or "")
    return _answer(viewer, sent, house, reference, proposal, Consent.REFUSED)


@router.post(ADDRESS + "/withdraw")
def post_withdraw(viewer: Ruler, sent: Form, house: Here, reference: str, proposal: Number) -> Response:
    """Take back what one's own side has proposed."""
    with open_unit(house.engine) as unit:
        found = _find(unit, viewer, house, reference, proposal)
        if found.state is ProposalState.OPEN and not may_withdraw(viewer, found):
            raise NotAllowed("another side has proposed it")
        withdrawn = withdraw_proposal(unit, sign(viewer, house, None, sent), found)
    return lead_to(link_proposal(reference, proposal), "withdrawn" if withdrawn else "closed")


def find_last(reading: Connection, agreement_id: int) -> tuple[int, str] | None:
    """The last proposal under an agreement, and what has become of it."""
    query = select(rule_proposal.c.id, rule_proposal.c.state).where(rule_proposal.c.agreement_id == agreement_id)
    row = reading.execute(query.order_by(rule_proposal.c.id.desc()).limit(1)).one_or_none()
    return (row.id, row.state) if row is not None else None


def is_waiting(reading: Connection, agreement_id: int) -> bool:
    """Whether a proposal under an agreement waits for an answer, so that there is no room for another."""
    last = find_last(reading, agreement_id)
    return last is not None and last[1] == ProposalState.OPEN


def ask_others(
    unit: Connection, viewer: Viewer, author: Author, head: Any, rules: Mapping[str, Any], today: date
) -> bool:
    """Put to the other sides who have somebody to answer who confirms by these rules; tells whether there was room."""
    own = viewer.person.party_id
    asked = find_served(unit, select_other_sides(head.reference, own, today), today)
    after = load_usual_rule(unit) if rules.get(RULE) is None else ConfirmedBy(rules[RULE])
    return bool(asked) and propose_rule(unit, author, head, own, after, asked) is not None


def keep_rule(rules: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The rules that were filled in, but with who confirms as it holds for the agreement by now."""
    kept = {name: value for name, value in rules.items() if name != RULE}
    return kept | {RULE: own[RULE]} if RULE in own else kept


def _find(reading: Connection, viewer: Viewer, house: House, reference: str, proposal: int) -> Proposal:
    head = find_head(reading, viewer, reference)
    this = (rule_proposal.c.id == proposal) & (rule_proposal.c.agreement_id == head.id)
    found = load_proposals(reading, this, house.today(house.read_clock()))
    if not found:
        raise HTTPException(404)
    return found[0]


def _answer(viewer: Viewer, sent: Sent, house: House, reference: str, proposal: int, answer: Consent) -> Response:
    now, own = house.read_clock(), viewer.person.party_id
    with open_unit(house.engine) as unit:
        before = _find(unit, viewer, house, reference, proposal)
        if own == before.party_id or own not in {one.party_id for one in before.sides}:
            raise NotAllowed("it is not put to their side")
        why = sent.text("why") if answer is Consent.REFUSED else None
        after = answer_proposal(unit, sign(viewer, house, why, sent), proposal, own, answer, house.today(now))
        if after.state is ProposalState.ACCEPTED and before.state is ProposalState.OPEN:
            follow_rules(unit, now, [reference])
    me = viewer.person.reference
    is_taken = any((one.party_id, one.answer, one.answered_by) == (own, answer, me) for one in after.sides)
    return lead_to(link_proposal(reference, proposal), str(answer) if is_taken else "closed")


def _show(
    request: Request,
    viewer: Viewer,
    house: House,
    reference: str,
    proposal: int,
    refusal: Refusal = NOT_REFUSED,
    *,
    why: str = "",
    done: str = "",
) -> Response:
    words = find_words(viewer)
    with open_reading(house.engine) as reading:
        found = _find(reading, viewer, house, reference, proposal)
        (view,) = describe_proposals(reading, words, viewer, [found])
    shown: dict[str, Any] = {"proposal": view, "why": why, "why_fault": refusal.faults.get("why", "")}
    rules = f"{AGREEMENTS}/{reference}/policy" if viewer.may(Permission.SET_POLICY) else ""
    return show_framed(
        request, "proposal.html", viewer, words.gettext("Who confirms: a proposal"), status=refusal.status,
        done=_say_done(words, done), rules=rules, **shown,
    )  # fmt: skip


def _say_done(words: Words, done: str) -> str:
    said = {
        "accepted": words.gettext("Accepted for your side."),
        "refused": words.gettext("Refused; the side that proposed it is told, with your reason."),
        "withdrawn": words.gettext("Withdrawn: nobody is asked about it any more."),
        "closed": words.gettext("Nothing was recorded: it was answered, withdrawn or overtaken before."),
    }
    return said.get(done, "")
