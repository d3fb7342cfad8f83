"""The pages behind the answers in a message: GET shows, only POST acts.

Whoever holds a link may answer for its person on its matter, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, select

from commitments.answers import AnswerRefused, Fault, NotAsked, Said, take_answer
from commitments.database import open_reading, open_unit
from commitments.errors import RefusedChange, TallyError
from commitments.facts import Person
from commitments.log import Author, find_caused
from commitments.person_queries import load_people
from commitments.questions import Question, find_newer, list_colleagues, load_question
from commitments.reconcile import Rules, reconcile_agreement
from commitments.sentences import Shelf, load_shelf
from commitments.tables import commitment_owner, contact, log_entry, party
from commitments.undoing import can_undo, is_overtaken, undo_changes
from commitments.vocabulary import Answer
from notifications.asking import describe_question
from notifications.handing import take_back, tell_new_owner
from notifications.languages import load_words
from notifications.links import Ask, LinkInvalid, Purpose, sign_by_link
from notifications.names import load_names
from notifications.parts import list_rulings
from notifications.usual import address
from notifications.views import ItemView, clean_text
from notifications.wording import Words
from portal.answer_views import describe_forms, describe_outcome, describe_state, link_newer, say_overtaken
from portal.forms import Form, Sent
from portal.house import Here, House
from portal.mailboxes import check_mailbox
from portal.pages import show_notice, show_page
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.roles import Role, find_role
from portal.telling import load_names_of, load_rules_of_questions

router = APIRouter()


class LeftOffice(TallyError):
    """An answer by the link of somebody who is no longer in office."""

    def __init__(self, person: Person, coordinator_id: int | None) -> None:
        self.person, self.coordinator_id = person, coordinator_id
        super().__init__(f"{person.reference} is no longer in office")


@router.api_route("/answer/{token}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_question(token: str, house: Here) -> Response:
    """What is asked, and every answer to it."""
    return _show(house, token, None)


@router.api_route("/answer/{token}/{answer}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_answer(token: str, answer: Answer, house: Here) -> Response:
    """The same with one answer opened, as the button in the message says."""
    return _show(house, token, answer)


@router.post("/answer/{token}/{answer}", response_class=HTMLResponse)
def post_answer(token: str, answer: Answer, sent: Form, house: Here) -> Response:
    """Take the answer, and lead to the page that says what it came to."""
    ask = house.links.read_ask(token)
    now = house.read_clock()

    def write() -> Response:
        with open_unit(house.engine) as unit:
            rules = load_rules_of_questions(unit, ask.contact_id, [ask])
            question = _find(unit, rules, house, ask, hold=True)
            author = replace(_name_author(question, token, now), once=sent.name_press(str(ask.contact_id)))
            return lead(give_answer(unit, house, rules, question, author, answer, sent, ask.place))

    def show(refusal: Refusal) -> Response:
        if refusal.is_anothers:
            return _show(house, token, None, refusal)
        if not refusal.has_changed:
            return _show(house, token, answer, refusal, sent=sent)
        done = find_given(house, ask, answer, sent)
        return lead(done) if done else _show(house, token, None, refusal)

    def lead(done: str) -> Response:
        return RedirectResponse(f"/answered/{done}", 303)

    return write_or_show(write, show)


def give_answer(
    unit: Connection,
    house: House,
    rules: Rules,
    question: Question,
    author: Author,
    answer: Answer,
    sent: Sent,
    place: str = "",
) -> str:
    """Take what a form says, tell who is concerned, and give the token of the page that says what it came to.

    `place` is that of the link by which it was answered.
    Raises AnswerRefused with what is missing, NotAsked if it has changed since the form was shown, RefusedChange.
    """
    now, person = house.read_clock(), question.person
    if sent.text("mark") != question.mark:
        raise NotAsked("it has changed since the page was opened")
    today, said = house.today_of(person, now), _read_said(sent)
    if said.to is not None and said.to not in {one.reference for one in list_colleagues(rules, question, today)}:
        raise AnswerRefused([Fault.PERSON_MISSING])
    answered = take_answer(unit, author, question, answer, said, now, today)
    if answered.new_owner not in (None, person.id):
        new = rules.people[answered.new_owner]
        tell_new_owner(unit, rules, question, new, now, today, house.domain)
    return _write_answered(house, question, answer, answered.entries, answered.new_owner, place)


def find_given(house: House, ask: Ask, answer: Answer, sent: Sent) -> str:
    """The same token where an earlier press of the button of this very form has given the answer; empty if none has."""
    with open_reading(house.engine) as reading:
        entries = find_caused(reading, sent.name_press(str(ask.contact_id)))
        if not entries:
            return ""
        rules = load_rules_of_questions(reading, ask.contact_id, [ask])
        question = _find(reading, rules, house, ask)
        own = log_entry.c.id.in_(entries) & (log_entry.c.subject == commitment_owner.name)
        changes = reading.execute(select(log_entry.c.changes).where(own)).scalars().first()
    new_owner = changes["contact_id"][1] if answer is Answer.NOT_ME and changes is not None else None
    return _write_answered(house, question, answer, entries, new_owner, ask.place)


def _write_answered(
    house: House, question: Question, answer: Answer, entries: Sequence[int], new_owner: int | None, place: str
) -> str:
    asked = question.follow_up.id if question.follow_up is not None else None
    outcome = [question.person.id, asked, question.matter, question.party_id, str(answer), list(entries)]
    return house.links.bind(place).sign(Purpose.ANSWERED, [*outcome, new_owner])


@router.api_route("/answered/{token}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_answered(token: str, house: Here) -> Response:
    """What the answer came to, how it stands now, and how to take it back."""
    ask, answer, entries, new_owner = read_answered(house, token)
    with open_reading(house.engine) as reading:
        rules = load_rules_of_questions(reading, ask.contact_id, [ask])
        names = load_names_of(reading, rules)
        question = _find(reading, rules, house, ask)
        shelf = load_shelf_of(reading, house, question)
        words = load_words(question.person.language)
        today = house.today_of(question.person, house.read_clock())
        undo = f"/answered/{token}/undo" if can_undo(reading, entries) else ""
        overtaken = is_overtaken(reading, entries)
    shown = describe_outcome(words, question, answer, rules, names, today, new_owner, house.read_clock())
    return show_page(
        "answered.html",
        words,
        words.gettext("Thank you, this is recorded"),
        outcome=say_overtaken(words) if overtaken else shown,
        item=_describe_as_answered(describe_question(words, question, names, shelf), question),
        undo=undo,
        choices=house.links.bind(ask.place).write_choices(ask.contact_id),
    )


def _describe_as_answered(item: ItemView, question: Question) -> ItemView:
    """Nothing more is asked for by what was just answered, unless it is still open."""
    return item if question.is_open else replace(item, expected="", by="")


@router.post("/answered/{token}/undo", response_class=HTMLResponse)
def post_undo(token: str, house: Here) -> Response:
    """Take the answer back, if nobody has changed it since."""
    ask, answer, entries, new_owner = read_answered(house, token)
    now = house.read_clock()
    try:
        with open_unit(house.engine) as unit:
            rules = load_rules_of_questions(unit, ask.contact_id, [ask])
            question = _find(unit, rules, house, ask, hold=True)
            words = load_words(question.person.language)
            take_back_answer(unit, house, question, _name_author(question, token, now), answer, entries, new_owner)
    except RefusedChange:
        text = words.gettext("Somebody has changed it since, or it was taken back already. Nothing was changed now.")
        return show_notice(words, words.gettext("This can no longer be taken back"), text, status=409)
    link = house.links.bind(ask.place).write_answer(ask).removeprefix(house.links.base_url)
    return RedirectResponse(link, 303)


def take_back_answer(
    unit: Connection,
    house: House,
    question: Question,
    author: Author,
    answer: Answer,
    entries: Sequence[int],
    new_owner: int | None,
) -> None:
    """Undo an answer with what it set going; RefusedChange if somebody has changed it since."""
    now = house.read_clock()
    today = house.today_of(question.person, now)
    agreement_id = undo_changes(unit, author, entries, today)
    if answer is Answer.NOT_ME and new_owner is not None:
        (new,) = load_people(unit, only=contact.c.id == new_owner).values()
        take_back(unit, question, new.reference)
    if agreement_id is not None:
        reconcile_agreement(unit, agreement_id, now, today)


def read_answered(house: House, token: str) -> tuple[Ask, Answer, list[int], int | None]:
    """What was answered to what, the log entries of it, and to whom it was handed over."""
    contact_id, follow_up_id, matter, party_id, answer, entries, new_owner = house.links.read(Purpose.ANSWERED, token)
    place = house.links.read_place(Purpose.ANSWERED, token)
    return Ask(contact_id, follow_up_id, matter, party_id, place), Answer(answer), entries, new_owner


def load_shelf_of(reading: Connection, house: House, question: Question) -> Shelf:
    """Where the documents lie from which the question's sentence can be read."""
    return load_shelf(reading, house.settings, [question.agreement.id] if question.agreement is not None else [])


def _find(reading: Connection, rules: Rules, house: House, ask: Ask, *, hold: bool = False) -> Question:
    person = rules.people.get(ask.contact_id)
    if person is None:
        raise LinkInvalid("the person of this link is not known here")
    _check_office(rules, house, person)
    check_mailbox(reading, person, ask.place)
    question = load_question(
        reading,
        rules,
        ask.contact_id,
        house.today_of(person, house.read_clock()),
        follow_up_id=ask.follow_up_id,
        matter=ask.matter,
        party_id=ask.party_id,
        hold=hold,
    )
    if question is None:
        raise LinkInvalid("what this link asks is not known here")
    scopes = [question.agreement.reference] if question.agreement is not None else []
    of = select(party.c.reference).where(party.c.id == person.party_id)
    settings, own = house.settings, reading.execute(of).scalar_one()
    is_guest = find_role(person, own, settings.administrator_addresses, settings.house_party_references) is Role.GUEST
    return replace(question, person=address(question.person, list_rulings(scopes, rules)), is_guest=is_guest)


def _check_office(rules: Rules, house: House, person: Person) -> None:
    """Who has left does not answer any more, by whatever link; LeftOffice names who does."""
    today = house.today_of(person, house.read_clock())
    if not person.is_in_office(today):
        serving = (one for one in rules.coordinators.get(person.party_id, ()) if one.is_in_office(today))
        raise LeftOffice(person, next((one.id for one in serving), None))


def show_left(request: Request, left: Exception) -> HTMLResponse:
    """To who opens the link of an old letter after the end of their office: who answers in their place."""
    assert isinstance(left, LeftOffice)
    words = load_words(left.person.language)
    with open_reading(request.app.state.house.engine) as reading:
        here = contact.c.id == (left.coordinator_id or 0)
        names = load_names(reading, here, party.c.id == left.person.party_id)
    told = {"party": clean_text(names.name_party(left.person.party_id, left.person.language))}
    if left.coordinator_id is not None:
        told["name"] = clean_text(names.contacts[left.coordinator_id][0])
        text = words.gettext("%(name)s answers for %(party)s. Nothing was recorded.") % told
    else:
        text = words.gettext("No coordinator of %(party)s is on record. Nothing was recorded.") % told
    return show_notice(words, words.gettext("You do not answer for %(party)s any more") % told, text, status=410)


def _name_author(question: Question, token: str, now: Any) -> Author:
    """Who answered, and by which link, as the log has it."""
    return Author(sign_by_link(question.person.reference, token), now)


def _read_said(sent: Sent) -> Said:
    return Said(
        sent.text("note"),
        sent.day("day"),
        sent.text("title"),
        sent.text("kind"),
        sent.number("value"),
        sent.text("to"),
    )


def _show(
    house: House,
    token: str,
    chosen: Answer | None,
    refusal: Refusal = NOT_REFUSED,
    *,
    sent: Sent | None = None,
) -> Response:
    ask = house.links.read_ask(token)
    with open_reading(house.engine) as reading:
        rules = load_rules_of_questions(reading, ask.contact_id, [ask])
        names = load_names_of(reading, rules)
        question = _find(reading, rules, house, ask)
        shelf, newer = load_shelf_of(reading, house, question), find_newer(reading, question)
    words = load_words(question.person.language)
    today = house.today_of(question.person, house.read_clock())
    colleagues = list_colleagues(rules, question, today)
    forms = describe_forms(words, question, names, colleagues, f"/answer/{token}", today, chosen, sent, refusal.lacks)
    links = house.links.bind(ask.place)
    return show_page(
        "answer.html",
        words,
        _title(words, bool(forms)),
        status=refusal.status,
        name=names.contacts[question.person.id][0],
        item=describe_question(words, question, names, shelf),
        state=refusal.say(words)
        if forms and refusal.has_changed
        else describe_state(words, question, names, colleagues, newer),
        newer=link_newer(words, links.write_answer(Ask(ask.contact_id, newer)).removeprefix(links.base_url))
        if newer is not None
        else None,
        first=forms[0] if forms and forms[0].is_open else None,
        others=[form for form in forms if not form.is_open],
        choices=links.write_choices(ask.contact_id),
    )


def _title(words: Words, asked: bool) -> str:
    return words.gettext("Your answer, please") if asked else words.gettext("How this stands today")
