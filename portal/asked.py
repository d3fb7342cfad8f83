"""Answers given from Home: the same questions as behind the links in messages, for who is signed in."""

from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from commitments.database import open_reading, open_unit
from commitments.errors import RefusedChange
from commitments.log import Author
from commitments.questions import Question, find_newer, list_colleagues, load_question
from commitments.reconcile import Rules
from commitments.vocabulary import Answer, FollowUpKind
from notifications.asking import describe_question
from notifications.links import Ask, LinkInvalid
from portal.acting import acts_on
from portal.answer_views import describe_forms, describe_state, link_newer
from portal.answering import find_given, give_answer, load_shelf_of, read_answered, take_back_answer
from portal.decisions import link_matter, list_decisions
from portal.forms import Form, Number, Sent
from portal.frame import find_words, show_framed, show_framed_notice
from portal.house import Here, House
from portal.people_queries import begins
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.roles import Permission, Role, Viewer, select_confirmable_commitments, select_own_commitments
from portal.spoken import speak_item
from portal.telling import load_names_of, load_rules_of_questions
from portal.viewing import require

router = APIRouter()
AHEAD = "/ahead/{reference}/{promise}/{part}"
WHOLE = "-"
"""The part of a commitment in an address where it is about the whole."""
_BETWEEN_DAYS = "_"
"""Stands in an address for the stroke of a period that is no calendar span, `2025-04-01/2026-03-31`: no name has it."""
Answering = Annotated[Viewer, Depends(require(Permission.ANSWER))]


@router.api_route("/asked/{follow_up_id}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_asked(follow_up_id: Number, request: Request, viewer: Answering, house: Here) -> Response:
    """What is asked, and every answer to it."""
    return _show(request, viewer, house, Ask(viewer.person.id, follow_up_id), None)


@router.api_route("/asked/{follow_up_id}/{answer}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_asked_answer(
    follow_up_id: Number, answer: Answer, request: Request, viewer: Answering, house: Here
) -> Response:
    """The same with one answer opened."""
    return _show(request, viewer, house, Ask(viewer.person.id, follow_up_id), answer)


@router.api_route(AHEAD, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_ahead(reference: str, promise: str, part: str, request: Request, viewer: Answering, house: Here) -> Response:
    """What can be said already about a date ahead of one's own side."""
    return _show(request, viewer, house, _ask_ahead(viewer, reference, promise, part), None)


@router.api_route(AHEAD + "/{answer}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_ahead_answer(
    reference: str, promise: str, part: str, answer: Answer, request: Request, viewer: Answering, house: Here
) -> Response:
    """The same with one answer opened."""
    return _show(request, viewer, house, _ask_ahead(viewer, reference, promise, part), answer)


@router.post(AHEAD + "/{answer}", response_class=HTMLResponse)
def post_ahead_answer(
    reference: str,
    promise: str,
    part: str,
    answer: Answer,
    request: Request,
    viewer: Answering,
    sent: Form,
    house: Here,
) -> Response:
    """Take it; Home says what it came to."""
    return _take(request, viewer, house, _ask_ahead(viewer, reference, promise, part), answer, sent)


@router.post("/asked/{follow_up_id}/{answer}", response_class=HTMLResponse)
def post_asked_answer(
    follow_up_id: Number, answer: Answer, request: Request, viewer: Answering, sent: Form, house: Here
) -> Response:
    """Take the answer; Home says what it came to."""
    return _take(request, viewer, house, Ask(viewer.person.id, follow_up_id), answer, sent)


@router.post("/asked/undo", response_class=HTMLResponse)
def post_undo(request: Request, viewer: Answering, sent: Form, house: Here) -> Response:
    """Take back what one has just answered, if nobody has changed it since."""
    ask, answer, entries, new_owner = read_answered(house, sent.text("done") or "")
    if ask.contact_id != viewer.person.id:
        raise LinkInvalid("this was answered by somebody else")
    try:
        with open_unit(house.engine) as unit:
            rules = load_rules_of_questions(unit, viewer.person.id, [ask])
            question = _find(unit, rules, house, viewer, ask, hold=True, is_given=True)
            take_back_answer(unit, house, question, _sign(viewer, house), answer, entries, new_owner)
    except RefusedChange:
        words = find_words(viewer)
        text = words.gettext("Somebody has changed it since, or it was taken back already. Nothing was changed now.")
        title = words.gettext("This can no longer be taken back")
        return show_framed_notice(request, viewer, title, text, status=409)
    return RedirectResponse(link_ask(ask), 303)


def _sign(viewer: Viewer, house: House) -> Author:
    return Author(viewer.person.reference, house.read_clock())


def link_ask(ask: Ask) -> str:
    """The page of a question for who is signed in."""
    if ask.follow_up_id is not None:
        return f"/asked/{ask.follow_up_id}"
    promise, _, part = (ask.matter or "").partition("#")
    return f"/ahead/{quote(promise)}/{quote((part or WHOLE).replace('/', _BETWEEN_DAYS), safe=':')}"


def _ask_ahead(viewer: Viewer, reference: str, promise: str, part: str) -> Ask:
    matter = f"{reference}/{promise}" + (f"#{part.replace(_BETWEEN_DAYS, '/')}" if part != WHOLE else "")
    return Ask(viewer.person.id, matter=matter, party_id=viewer.person.party_id)


def _take(request: Request, viewer: Viewer, house: House, ask: Ask, answer: Answer, sent: Sent) -> Response:
    def write() -> Response:
        with open_unit(house.engine) as unit:
            rules = load_rules_of_questions(unit, viewer.person.id, [ask])
            question = _find(unit, rules, house, viewer, ask, hold=True)
            author = replace(_sign(viewer, house), once=sent.name_press(str(ask.contact_id)))
            return lead(give_answer(unit, house, rules, question, author, answer, sent))

    def show(refusal: Refusal) -> Response:
        if refusal.is_anothers:
            return _show(request, viewer, house, ask, None, refusal)
        if not refusal.has_changed:
            return _show(request, viewer, house, ask, answer, refusal, sent=sent)
        done = find_given(house, ask, answer, sent)
        return lead(done) if done else _show(request, viewer, house, ask, None, refusal)

    def lead(done: str) -> Response:
        return RedirectResponse(f"/home?done={done}", 303)

    try:
        return write_or_show(write, show)
    except HTTPException:
        if not (done := find_given(house, ask, answer, sent)):
            raise
        return lead(done)


def _find(
    reading: Connection,
    rules: Rules,
    house: House,
    viewer: Viewer,
    ask: Ask,
    *,
    hold: bool = False,
    is_given: bool = False,
) -> Question:
    """The question, if it is the viewer's to answer; as if there were none if it is not. `is_given`: it was theirs."""
    today = house.today_of(viewer.person, house.read_clock())
    question = load_question(
        reading, rules, viewer.person.id, today, follow_up_id=ask.follow_up_id, matter=ask.matter,
        party_id=ask.party_id, hold=hold,
    )  # fmt: skip
    if question is None or not (is_given or _concerns(reading, viewer, question)):
        raise HTTPException(404)
    return replace(question, is_guest=viewer.role is Role.GUEST)


def _concerns(reading: Connection, viewer: Viewer, question: Question) -> bool:
    """Whether it was asked of them; or of their side, and it lies within what they act on."""
    if question.follow_up is None and not (_is_part(question) and question.party_id in dict(question.owners)):
        return False
    if question.follow_up is not None and question.follow_up.assignee_id == viewer.person.id:
        return True
    if question.party_id != viewer.person.party_id or question.agreement is None:
        return False
    if question.commitment is None:
        return viewer.role in (Role.ADMINISTRATOR, Role.COORDINATOR)
    is_confirmed = question.follow_up is not None and question.follow_up.kind == FollowUpKind.CONFIRMATION_ASKED
    own = select_confirmable_commitments if is_confirmed else select_own_commitments
    return acts_on(reading, viewer, question.commitment.id, own)


def _find_newer(reading: Connection, rules: Rules, house: House, viewer: Viewer, question: Question) -> int | None:
    """What is asked about the same by now, if it is the viewer's to answer."""
    newer = find_newer(reading, question)
    if newer is None:
        return None
    try:
        _find(reading, rules, house, viewer, Ask(viewer.person.id, newer))
    except HTTPException:
        return None
    return newer


def _is_part(question: Question) -> bool:
    """Whether there is such a commitment, with such a step or period, as an address names."""
    _, _, part = question.matter.partition("#")
    if question.commitment is None or not part:
        return question.commitment is not None
    stands = question.standing is not None and question.standing.matter.reference == question.matter
    return stands or question.milestone is not None


def _show(
    request: Request,
    viewer: Viewer,
    house: House,
    ask: Ask,
    chosen: Answer | None,
    refusal: Refusal = NOT_REFUSED,
    *,
    sent: Sent | None = None,
) -> Response:
    with open_reading(house.engine) as reading:
        rules = load_rules_of_questions(reading, viewer.person.id, [ask])
        names = load_names_of(reading, rules)
        question = _find(reading, rules, house, viewer, ask)
        shelf = load_shelf_of(reading, house, question)
        newer = _find_newer(reading, rules, house, viewer, question)
        begun = question.lacks_owner and question.party_id is not None and begins(reading, viewer, question.party_id)
    words = find_words(viewer)
    today = house.today_of(viewer.person, house.read_clock())
    colleagues = list_colleagues(rules, question, today)
    forms = describe_forms(words, question, names, colleagues, link_ask(ask), today, chosen, sent, refusal.lacks)
    state = describe_state(words, question, names, colleagues, newer)
    if forms and refusal.has_changed:
        state = refusal.say(words)
    view: dict[str, Any] = {
        "item": speak_item(describe_question(words, question, names, shelf), question, words),
        "matter": link_matter(question),
        "agreement": f"/agreements/{question.agreement.reference}" if question.agreement is not None else "",
        "decisions": list_decisions(words, viewer, question, begins=begun),
        "state": state,
        "newer": link_newer(words, link_ask(Ask(viewer.person.id, newer))) if newer is not None else None,
        "first": forms[0] if forms and forms[0].is_open else None,
        "others": [form for form in forms if not form.is_open],
        "key": f"-{ask.follow_up_id or 0}",
    }
    title = words.gettext("Your answer, please") if forms else words.gettext("How this stands today")
    return show_framed(request, "asked.html", viewer, title, status=refusal.status, **view)
