"""Home: what needs me today, with its answers; what changed this week; how the agreements stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from commitments.database import open_reading
from commitments.questions import Question, load_question, load_questions, select_judged
from commitments.reconcile import Rules
from commitments.sentences import Shelf, load_shelf
from commitments.undoing import can_undo, is_overtaken
from commitments.vocabulary import Answer
from notifications.asking import describe_question
from notifications.links import Ask, LinkInvalid
from notifications.messages import News
from notifications.names import Names
from notifications.overviews import describe_news
from notifications.styles import TONES
from notifications.views import DatedView, ItemView, LinkView
from notifications.wording import Words
from portal.accepting import describe_proposed, load_matters, load_proposed, say_answered, tell_waiting
from portal.agreement_queries import NOTHING
from portal.amendments import describe_amendments, load_amendments
from portal.answer_views import ButtonView, describe_outcome, list_buttons, say_overtaken
from portal.answering import read_answered
from portal.asked import link_ask
from portal.beginning import describe_first_step
from portal.coming import describe_coming, link_calendar, list_asks, load_coming, title_coming
from portal.decisions import link_matter, list_decisions
from portal.doing import list_record
from portal.frame import find_words, show_framed
from portal.home_queries import Overall, Watched, list_waiting, load_asked, load_news, load_overall
from portal.house import Here, House
from portal.others import count_asked_of_nobody, describe_others, load_others, say_asked_of_nobody
from portal.paging import describe_pages, read_page, write_address
from portal.proposal_views import describe_proposals, load_to_answer, load_told
from portal.roles import Permission, Role, Viewer
from portal.searches import list_searches
from portal.spoken import drop_stop, speak_item, speak_news
from portal.taking_back import describe_hand_over
from portal.telling import load_names_of, load_rules_of_questions, tell_title
from portal.viewing import require

router = APIRouter()
SignedIn = Annotated[Viewer, Depends(require(Permission.COME_IN))]
ADDRESS = "/home"
ASKED_SHOWN = 20
NEWS_SHOWN = 15
HISTORIES_SHOWN = 5
MORE_COUNTED = 50
HANDED_SHOWN_DAYS = 60
_COLLEAGUES_A_PARTY = 5
"""Enough to know whether there is anybody else to hand a matter to."""


@dataclass(frozen=True, slots=True)
class AgreementLineView:
    """An agreement in the list of the worst."""

    title: str
    link: str
    standing: str
    tone: str
    open: str


@dataclass(frozen=True, slots=True)
class TallyView:
    """How many agreements stand so, and where they are listed."""

    text: str
    tone: str
    link: str


@dataclass(frozen=True, slots=True)
class AskedView:
    """One matter that waits for the person, with its answers; `mark` is that of the question as it stands."""

    item: ItemView
    buttons: tuple[ButtonView, ...]
    decisions: Sequence[LinkView]
    mark: str
    link: str
    matter: str
    """The page of what it is about."""
    agreement: str
    number: int
    """The follow-up's."""
    under: int | str
    """The agreement's number, empty for what is about none."""


@dataclass(frozen=True, slots=True)
class DoneView:
    """What has just been answered; `token` takes it back, empty where that cannot be. `link` leads to how it stands."""

    outcome: str
    title: str
    token: str
    link: str
    under: int | str
    """The number of its agreement."""
    waiting: Sequence[int]
    """What waits under it now: the cards of what was settled with it go."""


@router.api_route(ADDRESS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_home(
    request: Request,
    viewer: SignedIn,
    house: Here,
    done: str | None = None,
    page: str = "",
    accepted: str = "",
    refused: str = "",
) -> Response:
    """The person's day."""
    words, now = find_words(viewer), house.read_clock()
    today, number = house.today_of(viewer.person, now), read_page(page)
    with open_reading(house.engine) as reading:
        asked, total = load_asked(reading, viewer, today, ASKED_SHOWN, (number - 1) * ASKED_SHOWN)
        searches = list_searches(reading, viewer)
        given = _read_given(house, viewer, done)
        coming = load_coming(reading, viewer, today, asked)
        asks = [Ask(viewer.person.id, one.id) for one in asked] + ([given[0]] if given else [])
        asks += list_asks(viewer, coming)
        # What was just answered is told of with all who may be asked under its agreement.
        judged = select_judged([*asked, *coming.matters]) if given is None else None
        rules = load_rules_of_questions(reading, viewer.person.id, asks, _COLLEAGUES_A_PARTY, judged)
        names = load_names_of(reading, rules)
        questions = [
            replace(one, is_guest=viewer.role is Role.GUEST)
            for one in load_questions(reading, rules, viewer.person, today, [*asked, *coming.matters])
        ]
        shelf = load_shelf(
            reading, house.settings, (one.agreement.id for one in questions if one.agreement is not None)
        )
        others = load_others(reading, viewer, today)
        of_nobody = count_asked_of_nobody(reading, viewer)
        overall = load_overall(reading, viewer, today)
        waiting = load_proposed(reading, viewer, today)
        proposed = describe_proposed(words, waiting, load_matters(reading, waiting))
        answered = say_answered(words, viewer, reading, accepted, refused)
        waits = tell_waiting(words, viewer, reading)
        to_answer = describe_proposals(reading, words, viewer, load_to_answer(reading, viewer, today))
        told_of = describe_proposals(reading, words, viewer, load_told(reading, viewer, now, today))
        news, unsaid, unnamed = load_news(reading, viewer, words, names, now - timedelta(days=7), NEWS_SHOWN)
        amended = load_amendments(reading, viewer, now - timedelta(days=7), 8 * NEWS_SHOWN)
        handed = describe_hand_over(
            reading, words, viewer, viewer.person, now, within=timedelta(days=HANDED_SHOWN_DAYS)
        )
        outcome = _describe_done(reading, words, viewer, rules, names, today, given, done or "", now)
    told = describe_amendments(words, amended, viewer.person.time_zone, NEWS_SHOWN)
    return show_framed(
        request,
        "home.html",
        viewer,
        words.gettext("Home"),
        day=words.format_weekday(today),
        ways=list_record(words, viewer) if overall.total else [],
        first_step=describe_first_step(words, viewer, request.app.state.served)
        if not overall.total and not waits
        else None,
        done=outcome,
        proposed=proposed,
        to_answer=to_answer,
        told_of=told_of,
        answered=answered,
        waits=waits,
        handed=handed,
        asked=[_describe_asked(words, rules, names, viewer, today, one, shelf) for one in questions[: len(asked)]],
        pages=describe_pages(words, number, ASKED_SHOWN, total, ADDRESS, {}) if total > ASKED_SHOWN else None,
        others=describe_others(words, viewer, others),
        of_nobody=say_asked_of_nobody(words, of_nobody),
        searches=searches,
        coming_title=title_coming(words, viewer),
        coming=[
            describe_coming(words, rules, names, viewer, today, dated, question)
            for dated, question in zip(coming.dates, questions[len(asked) :], strict=True)
        ],
        calendar=link_calendar(words, viewer, coming) if viewer.may(Permission.READ_AGREEMENTS) else None,
        week=_list_week(words, told.lines, news),
        more=_count_more(words, told.rest + len(unsaid)),
        further=_link_histories(words, [*told.agreements.items(), *_name_agreements(words, unnamed)]),
        total=_count_agreements(words, overall.total),
        counts=_describe_counts(words, viewer, overall),
        agreements=[_describe_agreement(words, viewer, one) for one in overall.worst],
    )


Given = tuple[Ask, Answer, list[int], int | None]
"""An answer as the link to it has it."""


def _read_given(house: House, viewer: Viewer, token: str | None) -> Given | None:
    """What the person has just answered, while that can still be said."""
    try:
        given = read_answered(house, token) if token else None
    except LinkInvalid:
        return None
    return given if given is not None and given[0].contact_id == viewer.person.id else None


def _describe_done(
    reading: Connection,
    words: Words,
    viewer: Viewer,
    rules: Rules,
    names: Names,
    today: date,
    given: Given | None,
    token: str,
    now: datetime,
) -> DoneView | None:
    if given is None:
        return None
    ask, answer, entries, new_owner = given
    question = load_question(
        reading, rules, viewer.person.id, today, follow_up_id=ask.follow_up_id, matter=ask.matter, party_id=ask.party_id
    )
    if question is None:
        return None
    return DoneView(
        say_overtaken(words)
        if is_overtaken(reading, entries)
        else describe_outcome(words, question, answer, rules, names, today, new_owner, now),
        drop_stop(describe_question(words, question, names).title),
        token if can_undo(reading, entries) else "",
        link_ask(ask),
        question.agreement.id if question.agreement is not None else "",
        list_waiting(reading, viewer, today, question.agreement.id) if question.agreement is not None else (),
    )


def _describe_asked(
    words: Words, rules: Rules, names: Names, viewer: Viewer, today: date, question: Question, shelf: Shelf
) -> AskedView:
    link, item = f"/asked/{question.follow_up.id}", describe_question(words, question, names, shelf)
    item = speak_item(item, question, words)
    buttons = list_buttons(words, rules, viewer, question, link, today, item.title)
    agreement = f"/agreements/{question.agreement.reference}" if question.agreement is not None else ""
    matter = link_matter(question) if viewer.may(Permission.READ_AGREEMENTS) else ""
    return AskedView(
        item, buttons, list_decisions(words, viewer, question), question.mark, link,
        matter if matter != agreement else "", agreement if matter else "",
        question.follow_up.id, question.agreement.id if question.agreement is not None else "",
    )  # fmt: skip


def _list_week(
    words: Words, amended: Sequence[tuple[date, DatedView, str]], news: Sequence[tuple[News, str]]
) -> list[tuple[DatedView, str]]:
    """What was changed of agreements and what was done under them, the newest day first, each with its page."""
    done = [(one.on, speak_news(describe_news(words, one), one.title, one.agreement_title), link) for one, link in news]
    by_day = sorted([*amended, *done], key=lambda told: told[0], reverse=True)
    return [(view, link) for _, view, link in by_day]


def _count_more(words: Words, number: int) -> str:
    if not number:
        return ""
    if number > MORE_COUNTED:  # of the log only so much is read
        said = words.gettext("and more than %(count)s more; the histories tell of them:")
        return said % {"count": MORE_COUNTED}
    return words.ngettext(
        "and %(count)s more; the history tells of it:", "and %(count)s more; the histories tell of them:", number
    ) % {"count": number}


def _name_agreements(words: Words, found: Iterable[Any]) -> list[tuple[str, str]]:
    return [(one.reference, tell_title(one.title, words)) for one in found]


def _link_histories(words: Words, agreements: Iterable[tuple[str, str]]) -> list[LinkView]:
    """The ways to the first of these agreements' histories, each once."""
    once = list(dict(agreements).items())
    links = [LinkView(title, f"/agreements/{reference}/history", "") for reference, title in once[:HISTORIES_SHOWN]]
    rest = len(once) - len(links)
    if rest:
        said = words.ngettext("and %(count)s more agreement", "and %(count)s more agreements", rest) % {"count": rest}
        links.append(LinkView(said, "/agreements", ""))
    return links


def _count_agreements(words: Words, number: int) -> str:
    return words.ngettext("%(count)s agreement", "%(count)s agreements", number) % {"count": number}


def _describe_counts(words: Words, viewer: Viewer, overall: Overall) -> list[TallyView]:
    reads = viewer.may(Permission.READ_AGREEMENTS)
    counted = [(words.name(state), number, TONES[state], str(state)) for state, number in overall.by_standing]
    if overall.unwatched:
        counted.append((words.gettext("Nothing to watch yet"), overall.unwatched, "grey", NOTHING))
    return [
        TallyView(f"{name} {number}", tone, write_address("/agreements", {"worst": worst}) if reads else "")
        for name, number, tone, worst in counted
    ]


def _describe_agreement(words: Words, viewer: Viewer, one: Watched) -> AgreementLineView:
    return AgreementLineView(
        tell_title(one.title, words),
        f"/agreements/{one.reference}",
        words.name(one.worst),
        TONES[one.worst],
        words.ngettext("%(count)s open follow-up", "%(count)s open follow-ups", one.open) % {"count": one.open}
        if one.open
        else "",
    )
