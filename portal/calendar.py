"""The calendar of dates, month by month, and the personal feed for a calendar program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated

from babel.dates import format_skeleton
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from commitments.database import open_reading, open_unit
from commitments.dates import add_months
from commitments.log import Author
from notifications.dates_file import CONTENT_TYPE, write_feed
from notifications.views import LinkView
from notifications.wording import Words
from portal.agreement_queries import load_parties, load_titles
from portal.calendar_queries import Day, Sought, Whose, load_dates, load_days
from portal.calendar_views import DayView, describe_day, describe_feed
from portal.feeds import end_feed, find_feed, find_feed_by_key, make_feed
from portal.forms import Form
from portal.frame import find_words, show_framed
from portal.house import Here, House
from portal.month_sheet import SheetView, describe_sheet
from portal.paging import (
    TITLES_OFFERED,
    PagesView,
    describe_pages,
    offer,
    offer_agreements,
    read_page,
    write_address,
)
from portal.roles import Permission, Role, Viewer
from portal.telling import tell_moment, tell_title
from portal.viewing import find_viewer_of, require

router = APIRouter()
Reader = Annotated[Viewer, Depends(require(Permission.READ_AGREEMENTS))]
ADDRESS = "/calendar"
FEED = "/feed"
DATES_SHOWN = 250
DATES_A_DAY = 8
"""Of a month with more dates than are shown, so many of each day are; the rest stands on the day's own page."""
PAGE = 50
MONTHS_SEARCHED = 24
"""So far ahead the next date is looked for from a month that has none."""
_LATEST = date(2200, 1, 1)
FEED_BACK, FEED_AHEAD = timedelta(days=30), timedelta(days=400)
DATES_IN_FEED = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page says."""

    month: str = ""
    day: str = ""
    whose: str = ""
    party: str = ""
    agreement: str = ""
    page: int = 1
    done: str = ""


@router.api_route(ADDRESS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_calendar(
    request: Request,
    viewer: Reader,
    house: Here,
    month: str = "",
    day: str = "",
    whose: str = "",
    party: str = "",
    agreement: str = "",
    page: str = "",
    done: str = "",
) -> Response:
    """The dates of one month, or of one day: what falls due, each with its agreement."""
    asked = Asked(month, day, whose, party[:80], agreement[:80], read_page(page), done)
    return _show(request, viewer, house, asked)


@router.post(ADDRESS + "/feed", response_class=HTMLResponse)
def post_feed(request: Request, viewer: Reader, sent: Form, house: Here) -> Response:
    """Make a new secret address, which ends the one before, and show it this once, with the dates that are wanted."""
    whose = _read_whose(sent.text("whose") or "", _choose_feed(viewer))
    with open_unit(house.engine) as unit:
        key = make_feed(unit, Author(viewer.person.reference, house.read_clock()), viewer.person.id)
    address = write_address(f"{house.links.base_url}{FEED}/{key}.ics", {"whose": str(whose)})
    return _show(request, viewer, house, Asked(), address=address)


@router.post(ADDRESS + "/feed/end", response_class=HTMLResponse)
def post_feed_end(viewer: Reader, house: Here) -> Response:
    """End the feed: its address leads nowhere from now on."""
    with open_unit(house.engine) as unit:
        end_feed(unit, Author(viewer.person.reference, house.read_clock()), viewer.person.id)
    return RedirectResponse(f"{ADDRESS}?done=ended", 303)


@router.api_route(FEED + "/{key}.ics", methods=["GET", "HEAD"])
def show_feed(key: str, house: Here, whose: str = "") -> Response:
    """The dates for which the feed's person answers, or their side, or all that they see. It reads and does no more."""
    now = house.read_clock()
    with open_reading(house.engine) as reading:
        found = find_feed_by_key(reading, key)
        viewer = find_viewer_of(reading, house, found.contact_id) if found is not None else None
        if viewer is None:
            raise HTTPException(404)
        today = house.today_of(viewer.person, now)
        span = Sought(today - FEED_BACK, today + FEED_AHEAD, today, _read_whose(whose, Whose.OWN))
        dates, _ = load_dates(reading, viewer, span, DATES_IN_FEED)
    words = find_words(viewer)
    host = house.domain.name or "tallystick"
    events = describe_feed(words, dates, house.links.base_url)
    return Response(
        write_feed(events, name=words.gettext("Tallystick: dates"), host=host, now=now),
        headers={"Content-Type": CONTENT_TYPE, "Content-Disposition": 'inline; filename="tallystick.ics"'},
    )


def _read_whose(text: str, usual: Whose) -> Whose:
    return Whose(text) if text in list(Whose) else usual


def _choose_feed(viewer: Viewer) -> Whose:
    """Who coordinates or reads has few dates of their own: they follow those of their side."""
    return Whose.OWN if viewer.role is Role.OWNER else Whose.SIDE


def _name_choices(words: Words) -> list[tuple[str, str]]:
    return [
        (str(Whose.OWN), words.gettext("My own")),
        (str(Whose.SIDE), words.gettext("My side's")),
        (str(Whose.ALL), words.gettext("All that I see")),
    ]


def read_month(text: str, today: date) -> date:
    """The first day of a month as it stands in an address; this month for what is none."""
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == 7 else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def read_day(text: str) -> date | None:
    """A day as it stands in an address; None for what is none."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Shown:
    """What of the register is shown: the days of a month, or a page of one of them."""

    name: str
    total: int
    days: Sequence[DayView]
    turns: Sequence[LinkView]
    next: LinkView | None = None
    pages: PagesView | None = None
    sheet: SheetView | None = None


def _show(request: Request, viewer: Viewer, house: House, asked: Asked, *, address: str = "") -> Response:
    words, now = find_words(viewer), house.read_clock()
    today = house.today_of(viewer.person, now)
    day = read_day(asked.day)
    first = read_month(asked.month, today) if day is None else day.replace(day=1)
    usual = Whose.OWN if viewer.role is Role.OWNER else Whose.ALL
    chosen = _read_whose(asked.whose, usual)
    narrowed = Sought(first, first, today, chosen, asked.party, asked.agreement)
    kept = {"whose": chosen if chosen is not usual else None, "party": asked.party, "agreement": asked.agreement}
    with open_reading(house.engine) as reading:
        bound = load_parties(reading, viewer)
        titles = load_titles(reading, viewer, TITLES_OFFERED)
        if day is None:
            shown = _find_month(reading, words, viewer, narrowed, today, kept)
        else:
            shown = _find_day(reading, words, viewer, replace(narrowed, first=day, last=day), today, kept, asked.page)
        own_feed = find_feed(reading, viewer.person.id)
    parties = sorted(((one, tell_title(names, words)) for one, names in bound), key=lambda one: one[1])
    return show_framed(
        request,
        "calendar.html",
        viewer,
        words.gettext("Calendar"),
        shown=shown.name,
        total=words.ngettext("%(count)s date", "%(count)s dates", shown.total) % {"count": shown.total},
        days=shown.days,
        next=shown.next,
        turns=shown.turns,
        pages=shown.pages,
        sheet=shown.sheet,
        is_month=day is None,
        address=ADDRESS,
        fields=[
            offer("whose", words.gettext("Whose"), _name_choices(words), str(chosen), None),
            offer("party", words.gettext("Owed by, or bound"), parties, asked.party, words.gettext("All")),
            offer_agreements(words, [(one, tell_title(names, words)) for one, names in titles], asked.agreement),
        ],
        shown_month=f"{first:%Y-%m}",
        feed_field=offer("whose", words.gettext("Which dates"), _name_choices(words), str(_choose_feed(viewer)), None),
        feed=address,
        feed_program=address.replace("https://", "webcal://", 1) if address.startswith("https://") else "",
        feed_made=tell_moment(words, own_feed.made_at, viewer.person.time_zone) if own_feed is not None else "",
        done=words.gettext("The feed is ended: its address leads nowhere now.") if asked.done == "ended" else "",
    )  # fmt: skip


def _find_month(
    reading: Connection, words: Words, viewer: Viewer, narrowed: Sought, today: date, kept: Mapping[str, object]
) -> _Shown:
    first = narrowed.first
    last = add_months(first, 1) - timedelta(days=1) if first < date(9999, 12, 1) else date.max
    days = load_days(reading, viewer, replace(narrowed, last=last), DATES_SHOWN, DATES_A_DAY)
    ahead = None
    if not days and last < _LATEST:
        sought = replace(narrowed, first=last + timedelta(days=1), last=add_months(last, MONTHS_SEARCHED))
        ahead = next(iter(load_dates(reading, viewer, sought, 1)[0]), None)
    told = [_describe_day(words, one, today, kept) for one in days]
    return _Shown(
        _name_month(words, first),
        sum(one.total for one in days),
        told,
        _list_turns(words, first, today, kept),
        _describe_next(words, ahead.day, kept) if ahead is not None else None,
        sheet=describe_sheet(words, first, today, list(zip(days, told, strict=True))) if days else None,
    )


def _describe_day(words: Words, day: Day, today: date, kept: Mapping[str, object]) -> DayView:
    rest = day.total - len(day.dates)
    more = words.ngettext("and %(count)s more", "and %(count)s more", rest) % {"count": rest} if rest else ""
    page = write_address(ADDRESS, {"day": day.day.isoformat(), **kept})
    return describe_day(words, day, today, LinkView(more, page, "") if more else None)


def _find_day(
    reading: Connection,
    words: Words,
    viewer: Viewer,
    sought: Sought,
    today: date,
    kept: Mapping[str, object],
    page: int,
) -> _Shown:
    dates, total = load_dates(reading, viewer, sought, PAGE, (page - 1) * PAGE)
    whole = words.gettext("All of %(month)s") % {"month": _name_month(words, sought.first.replace(day=1))}
    return _Shown(
        words.format_weekday(sought.first),
        total,
        [describe_day(words, Day(sought.first, tuple(dates), total), today)] if dates else [],
        [LinkView(whole, write_address(ADDRESS, {"month": f"{sought.first:%Y-%m}", **kept}), "")],
        pages=describe_pages(words, page, PAGE, total, ADDRESS, {"day": sought.first.isoformat(), **kept}),
    )


def _describe_next(words: Words, day: date, kept: Mapping[str, object]) -> LinkView:
    """The way from a month without a date to the first one that has some."""
    said = words.gettext("The next date lies in %(month)s") % {"month": _name_month(words, day.replace(day=1))}
    return LinkView(said, write_address(ADDRESS, {"month": f"{day:%Y-%m}", **kept}), "")


def _name_month(words: Words, first: date) -> str:
    return str(format_skeleton("yMMMM", first, locale=words.locale))


def _list_turns(words: Words, first: date, today: date, kept: Mapping[str, object]) -> list[LinkView]:
    turns = []
    if first > date(1900, 1, 1):
        turns.append((words.gettext("Month before"), add_months(first, -1)))
    if (first.year, first.month) != (today.year, today.month):
        turns.append((words.gettext("This month"), today.replace(day=1)))
    if first < _LATEST:
        turns.append((words.gettext("Month after"), add_months(first, 1)))
    return [LinkView(said, write_address(ADDRESS, {"month": f"{one:%Y-%m}", **kept}), "") for said, one in turns]
