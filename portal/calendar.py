"""The calendar of dates, month by month, and the personal feed for a calendar program."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated

from babel.dates import format_skeleton
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from commitments.database import open_reading, open_unit
from commitments.dates import add_months
from commitments.log import Author
from notifications.dates_file import CONTENT_TYPE, write_feed
from notifications.views import LinkView
from notifications.wording import Words
from portal.agreement_queries import load_offered
from portal.calendar_queries import Sought, Whose, load_dates
from portal.calendar_views import describe_days, describe_feed
from portal.feeds import end_feed, find_feed, find_feed_by_key, make_feed
from portal.frame import find_words, show_framed
from portal.house import Here, House
from portal.paging import offer, write_address
from portal.roles import Permission, Role, Viewer
from portal.telling import tell_moment, tell_title
from portal.viewing import find_viewer_of, require

router = APIRouter()
Reader = Annotated[Viewer, Depends(require(Permission.READ_AGREEMENTS))]
ADDRESS = "/calendar"
FEED = "/feed"
DATES_SHOWN = 300
MONTHS_SEARCHED = 24
"""So far ahead the next date is looked for from a month that has none."""
_LATEST = date(2200, 1, 1)
FEED_BACK, FEED_AHEAD = timedelta(days=30), timedelta(days=400)
DATES_IN_FEED = 500


@router.api_route(ADDRESS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_calendar(
    request: Request,
    viewer: Reader,
    house: Here,
    month: str = "",
    whose: str = "",
    party: str = "",
    agreement: str = "",
    done: str = "",
) -> Response:
    """The dates of one month: what falls due, each with its agreement."""
    return _show(request, viewer, house, month, whose, party[:80], agreement[:80], done)


@router.post(ADDRESS + "/feed", response_class=HTMLResponse)
def post_feed(request: Request, viewer: Reader, house: Here) -> Response:
    """Make a new secret address, which ends the one before, and show it this once."""
    with open_unit(house.engine) as unit:
        key = make_feed(unit, Author(viewer.person.reference, house.read_clock()), viewer.person.id)
    return _show(request, viewer, house, "", "", "", "", "", address=f"{house.links.base_url}{FEED}/{key}.ics")


@router.post(ADDRESS + "/feed/end", response_class=HTMLResponse)
def post_feed_end(viewer: Reader, house: Here) -> Response:
    """End the feed: its address leads nowhere from now on."""
    with open_unit(house.engine) as unit:
        end_feed(unit, Author(viewer.person.reference, house.read_clock()), viewer.person.id)
    return RedirectResponse(f"{ADDRESS}?done=ended", 303)


@router.api_route(FEED + "/{key}.ics", methods=["GET", "HEAD"])
def show_feed(key: str, house: Here) -> Response:
    """The dates for which the feed's person answers. It reads, and can do nothing else."""
    now = house.read_clock()
    with open_reading(house.engine) as reading:
        found = find_feed_by_key(reading, key)
        viewer = find_viewer_of(reading, house, found.contact_id) if found is not None else None
        if viewer is None:
            raise HTTPException(404)
        today = house.today_of(viewer.person, now)
        span = Sought(today - FEED_BACK, today + FEED_AHEAD, Whose.OWN)
        dates, _ = load_dates(reading, viewer, span, DATES_IN_FEED)
    words = find_words(viewer)
    host = house.domain or "tallystick"
    events = describe_feed(words, dates, house.links.base_url)
    return Response(
        write_feed(events, name=words.gettext("Tallystick: dates"), host=host, now=now),
        headers={"Content-Type": CONTENT_TYPE, "Content-Disposition": 'inline; filename="tallystick.ics"'},
    )


def read_month(text: str, today: date) -> date:
    """The first day of a month as it stands in an address; this month for what is none."""
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == 7 else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def _show(
    request: Request,
    viewer: Viewer,
    house: House,
    month: str,
    whose: str,
    party: str,
    agreement: str,
    done: str,
    *,
    address: str = "",
) -> Response:
    words, now = find_words(viewer), house.read_clock()
    today = house.today_of(viewer.person, now)
    first = read_month(month, today)
    last = add_months(first, 1) - timedelta(days=1) if first < date(9999, 12, 1) else date.max
    usual = Whose.OWN if viewer.role is Role.OWNER else Whose.ALL
    chosen = Whose(whose) if whose in list(Whose) else usual
    with open_reading(house.engine) as reading:
        offered = load_offered(reading, viewer)
        dates, total = load_dates(reading, viewer, Sought(first, last, chosen, party, agreement), DATES_SHOWN)
        own_feed = find_feed(reading, viewer.person.id)
        ahead = None
        if not total and last < _LATEST:
            sought = Sought(last + timedelta(days=1), add_months(last, MONTHS_SEARCHED), chosen, party, agreement)
            ahead = next(iter(load_dates(reading, viewer, sought, 1)[0]), None)
    parties = sorted(((one, tell_title(names, words)) for one, names in offered.parties), key=lambda one: one[1])
    kept = {"whose": chosen if chosen is not usual else None, "party": party, "agreement": agreement}
    rest = total - len(dates)
    return show_framed(
        request,
        "calendar.html",
        viewer,
        words.gettext("Calendar"),
        month=_name_month(words, first),
        total=words.ngettext("%(count)s date", "%(count)s dates", total) % {"count": total},
        days=describe_days(words, dates, today),
        next=_describe_next(words, ahead.day, kept) if ahead is not None else None,
        more=words.ngettext("and %(count)s more: narrow the list", "and %(count)s more: narrow the list", rest)
        % {"count": rest}
        if rest > 0
        else "",
        turns=_list_turns(words, first, today, kept),
        address=ADDRESS,
        fields=[
            offer(
                "whose", words.gettext("Whose"),
                [(str(Whose.OWN), words.gettext("My own")), (str(Whose.ALL), words.gettext("All that I see"))],
                str(chosen), None,
            ),
            offer("party", words.gettext("Owed by, or bound"), parties, party, words.gettext("All")),
        ],
        agreement=agreement,
        shown_month=f"{first:%Y-%m}",
        feed=address,
        feed_program=address.replace("https://", "webcal://", 1) if address.startswith("https://") else "",
        feed_made=tell_moment(words, own_feed.made_at, viewer.person.time_zone) if own_feed is not None else "",
        done=words.gettext("The feed is ended: its address leads nowhere now.") if done == "ended" else "",
    )  # fmt: skip


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
