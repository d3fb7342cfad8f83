"""What the calendar and its feed say of each date, every string ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from commitments.vocabulary import MatterKind, StandingState
from notifications.dates_file import FeedDate
from notifications.names import find_words, name_promise
from notifications.styles import TONES
from notifications.views import LinkView, clean_text, fit_text
from notifications.wording import Words
from portal.agreements import ADDRESS as AGREEMENTS
from portal.calendar_queries import Dated, Day
from portal.marks import put_beside
from portal.spoken import speak_promise, speak_step
from portal.telling import tell_title

_TITLE_LIMIT = 160


@dataclass(frozen=True, slots=True)
class DateView:
    """One date in the list of a day."""

    title: str
    link: str
    sort: str
    agreement: str
    known: str
    """The date as it is known, where that is not a day."""
    standing: str
    tone: str


@dataclass(frozen=True, slots=True)
class DayView:
    """The dates of one day; `mark` is that of its heading, `more` leads to those that are not shown."""

    title: str
    ahead: str
    mark: str
    dates: tuple[DateView, ...]
    more: LinkView | None = None


def describe_day(words: Words, day: Day, today: date, more: LinkView | None = None) -> DayView:
    """The dates of a day, in their order."""
    away = (day.day - today).days
    return DayView(
        words.format_weekday(day.day),
        words.format_ahead(away) if away >= 0 else words.format_ago(-away),
        day.day.isoformat(),
        tuple(_describe_date(words, one, today) for one in day.dates),
        more,
    )


def _describe_date(words: Words, one: Dated, today: date) -> DateView:
    missed = one.day < today and one.kind is not MatterKind.NOTICE
    overdue = StandingState.UNCONFIRMED if one.is_plan else StandingState.OVERDUE
    return DateView(
        name_date(words, one),
        find_page(one),
        name_sort(words, one),
        tell_title(one.title, words),
        words.format_partial(one.text) if len(one.text) < 10 else "",
        words.name(overdue) if missed and one.kind is not MatterKind.EXPIRY else "",
        TONES[overdue],
    )


def name_sort(words: Words, one: Dated) -> str:
    """What sort of date it is."""
    if one.kind is MatterKind.COMMITMENT:
        return words.gettext("To be confirmed by") if one.is_plan else words.gettext("Due")
    if one.kind is MatterKind.OCCURRENCE:
        named = words.format_period(one.period)
        if len(one.period) == len("2027") and one.day != date(int(one.period), 12, 31):
            return named  # it is held in some months of the year, or owed for a part of it
        return words.gettext("End of %(period)s") % {"period": named}
    return words.name(one.kind)


def name_date(words: Words, one: Dated) -> str:
    """What falls due: the step, the promise, or the agreement's own date."""
    if one.promise is None:
        return words.name(one.kind)
    if one.step is not None:
        return speak_step(one.step.titles, words, _fit(find_words(one.step.titles, words.tag) or one.step.title))
    return speak_promise(one.promise, words, _fit(name_promise(one.promise, words.tag)))


def find_page(one: Dated) -> str:
    """Where it is read more of."""
    if one.promise is None:
        return f"{AGREEMENTS}/{one.agreement}"
    return f"{AGREEMENTS}/{one.agreement}/commitments/{one.promise.reference}"


def describe_feed(words: Words, dates: Sequence[Dated], base_url: str) -> list[FeedDate]:
    """The dates as a calendar program shows them; the links lead to pages for who is signed in, and are no keys."""
    return [
        FeedDate(
            ("due", one.matter.partition("#")[0], str(one.kind), one.matter.partition("#")[2]),
            one.day,
            put_beside(words, name_date(words, one), tell_title(one.title, words))
            if one.promise is None
            else name_date(words, one),
            (name_sort(words, one), tell_title(one.title, words)),
            f"{base_url}{find_page(one)}",
        )
        for one in dates
    ]


def _fit(text: str) -> str:
    return fit_text(clean_text(text), _TITLE_LIMIT)
