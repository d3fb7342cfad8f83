"""The dates ahead that are a person's to see to: how each stands, and what can be said about it already."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from commitments.questions import Ahead, Question
from commitments.reconcile import Rules
from commitments.vocabulary import ContactRole, MatterKind
from notifications.asking import describe_question
from notifications.links import Ask
from notifications.names import Names
from notifications.views import LinkView, shorten_title
from notifications.wording import Words
from portal.agreements import ADDRESS as AGREEMENTS
from portal.answer_views import ButtonView, list_buttons
from portal.asked import link_ask
from portal.calendar import ADDRESS as CALENDAR
from portal.calendar_queries import Dated, Sought, Whose, load_dates
from portal.calendar_views import find_page
from portal.decisions import list_decisions
from portal.paging import write_address
from portal.roles import Role, Viewer
from portal.spoken import find_tag_of, speak, speak_item

DAYS = 30
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Coming:
    """The nearest dates, each with its matter, and how many more there are."""

    dates: Sequence[Dated]
    matters: Sequence[Ahead]
    rest: int


@dataclass(frozen=True, slots=True)
class ComingView:
    """A date ahead with its answers; `mark` is that of the matter as it stands."""

    day: str
    ahead: str
    title: str
    link: str
    agreement: str
    agreement_link: str
    standing: str
    tone: str
    reason: str
    buttons: tuple[ButtonView, ...]
    decisions: Sequence[LinkView]
    mark: str


def load_coming(reading: Connection, viewer: Viewer, today: date, asked: Collection[Any]) -> Coming:
    """The nearest dates of the coming days: an owner's own; a coordinator's those of their side, and those of its
    agreements themselves. What is `asked` already is left out. As many statements as `load_dates`."""
    last, known = today + timedelta(days=DAYS), {one.matter for one in asked}
    whose, party = (Whose.ALL, viewer.party) if _coordinates(viewer) else (Whose.OWN, "")
    sought = Sought(today, last, today, whose, party)
    dates, total = load_dates(reading, viewer, sought, SHOWN + len(known))
    fresh = [one for one in dates if _name(one) not in known]
    shown = fresh[:SHOWN]
    return Coming(
        shown,
        [
            Ahead(
                _name(one),
                one.kind,
                one.agreement_id,
                one.promise.id if one.promise is not None else None,
                viewer.person.party_id,
            )
            for one in shown
        ],
        total - (len(dates) - len(fresh)) - len(shown),
    )


def list_asks(viewer: Viewer, coming: Coming) -> list[Ask]:
    """What these dates could be asked about."""
    return [
        Ask(viewer.person.id, matter=dated.matter, party_id=one.party_id)
        for dated, one in zip(coming.dates, coming.matters, strict=True)
    ]


def title_coming(words: Words, viewer: Viewer) -> str:
    """Whose dates they are."""
    if _coordinates(viewer):
        return words.gettext("Your side's dates in the next 30 days")
    return words.gettext("Your dates in the next 30 days")


def link_calendar(words: Words, viewer: Viewer, coming: Coming) -> LinkView:
    """The way to all of the dates."""
    whose = {"party": viewer.party, "whose": Whose.ALL} if _coordinates(viewer) else {"whose": Whose.OWN}
    said = words.gettext("See them in the calendar")
    if coming.rest > 0:
        said = words.ngettext("%(count)s more in the calendar", "%(count)s more in the calendar", coming.rest)
    return LinkView(said % {"count": coming.rest}, write_address(CALENDAR, whose), "")


def describe_coming(
    words: Words, rules: Rules, names: Names, viewer: Viewer, today: date, dated: Dated, question: Question
) -> ComingView:
    """One date, how its matter stands and why, and what may be answered to it now."""
    item = speak_item(describe_question(words, question, names), question, words)
    link = link_ask(Ask(viewer.person.id, matter=question.matter, party_id=question.party_id))
    buttons = list_buttons(words, rules, viewer, question, link, today, item.title) if _is_known(question) else ()
    return ComingView(
        words.format_end(dated.text),
        words.format_ahead((dated.day - today).days),
        speak(shorten_title(item.title), find_tag_of(item.title)),
        link if buttons else find_page(dated),
        item.agreement,
        f"{AGREEMENTS}/{dated.agreement}",
        item.standing,
        item.tone,
        item.reason,
        buttons,
        list_decisions(words, viewer, question),
        question.mark,
    )


def _is_known(question: Question) -> bool:
    """Whether the matter itself stands somehow, and not only the commitment that it is a part of."""
    return question.standing is not None and question.standing.matter.reference == question.matter


def _coordinates(viewer: Viewer) -> bool:
    return viewer.role is Role.ADMINISTRATOR or viewer.person.role is ContactRole.COORDINATOR


def _name(one: Dated) -> str:
    """The matter as its standing names it: reports by their years."""
    return f"{one.agreement}#{one.text}:{one.kind}" if one.kind is MatterKind.REPORT else one.matter
