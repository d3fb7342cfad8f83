"""The dates that a message names, as a calendar file: each can be taken over into the reader's calendar.

A date keeps its name for ever and its number grows by the day, so that a later message moves the entry that an earlier
one made. Deadlines are whole days: they need no time zone, and nobody is shown as busy. Written by hand because nearly
every letter has one; the tests read each with icalendar.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import quote

from notifications.items import QUOTE_LIMIT, describe_item, is_about_promise
from notifications.messages import Item, Message
from notifications.reasons import FOR_KNOWLEDGE
from notifications.views import ItemView, check_link
from notifications.wording import Words

CONTENT_TYPE = "text/calendar; method=PUBLISH; charset=utf-8"
FILE_NAME = "tallystick.ics"
DATES_LIMIT = 20
_PRODUCT = "-//Tallystick//Tallystick//EN"
_FIRST_DAY = date(2020, 1, 1)
_LINE_LIMIT = 75
_QUOTED = re.compile(r'["\x00-\x1f\x7f]')


def write_dates(
    words: Words,
    message: Message,
    *,
    sender_name: str,
    sender_address: str,
    now: datetime,
    views: Sequence[ItemView] = (),
) -> bytes | None:
    """A calendar file with each dated request of the message; None if it asks for nothing by a day.

    `views` are the items as the message shows them, in their order, where it was written already.
    """
    # With more items the message quotes less of each than a calendar has room for.
    ready = views if len(message.items) * QUOTE_LIMIT <= 5000 else ()
    dated = list(_list_dated(message))[:DATES_LIMIT]
    if not dated:
        return None
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_PRODUCT}", "METHOD:PUBLISH"]
    host = sender_address.rpartition("@")[2]
    always = (
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"SEQUENCE:{(message.day - _FIRST_DAY).days}",
    )
    organizer = f'ORGANIZER;CN="{_QUOTED.sub("", sender_name)}":mailto:{sender_address}'
    for number, item, day in dated:
        view = ready[number] if number < len(ready) else describe_item(words, item, QUOTE_LIMIT, with_hints=False)
        told = (view.quote, view.agreement, view.promised, f"{view.standing}: {view.reason}", view.expected)
        lines += (
            "BEGIN:VEVENT",
            f"UID:{_name_date(item)}@{host}",
            *always,
            f"DTSTART;VALUE=DATE:{day.isoformat().replace('-', '')}",
            f"SUMMARY:{_escape(_name_entry(words, item, view))}",
            f"DESCRIPTION:{_escape(chr(10).join(one for one in told if one))}",
            organizer,
            "TRANSP:TRANSPARENT",
        )
        page = view.link or check_link(find_page(message.base_url, item))
        if page:
            lines.append(f"URL:{page}")
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    return _join(lines)


@dataclass(frozen=True, slots=True)
class FeedDate:
    """One date of a feed, every string ready; `mark` is what the date is about, the same whatever its day."""

    mark: tuple[str, ...]
    day: date
    title: str
    told: tuple[str, ...]
    link: str


_EMPTY = (
    *("BEGIN:VTIMEZONE", "TZID:UTC", "BEGIN:STANDARD", "DTSTART:19700101T000000"),
    *("TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "TZNAME:UTC", "END:STANDARD", "END:VTIMEZONE"),
)
"""A calendar has at least one part (RFC 5545, 3.6): programs refuse one without."""


def write_feed(dates: Sequence[FeedDate], *, name: str, host: str, now: datetime) -> bytes:
    """A calendar to which a program subscribes: it is read again each few hours, and what is gone from it is gone."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_PRODUCT}", "METHOD:PUBLISH"]
    lines += [f"X-WR-CALNAME:{_escape(name)}", f"NAME:{_escape(name)}"]
    lines += ["REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H"]
    lines += [] if dates else _EMPTY
    for one in dates:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{hash_mark(one.mark)}@{host}",
            f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{one.day.year:04}{one.day.month:02}{one.day.day:02}",
            f"SUMMARY:{_escape(one.title)}",
            f"DESCRIPTION:{_escape(chr(10).join(part for part in one.told if part))}",
            f"URL:{one.link}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return _join(lines)


def _name_entry(words: Words, item: Item, view: ItemView) -> str:
    """A date of an agreement's own has a name that says nothing where no agreement stands beside it; and the day by
    which an answer is asked for is not that of what was promised."""
    title = view.title if is_about_promise(item) or not view.agreement else f"{view.title}: {view.agreement}"
    return words.gettext("Answer by: %(title)s") % {"title": title} if item.answer_by is not None else title


def find_page(portal: str | None, item: Item) -> str | None:
    """Where the portal shows the promise, or else the agreement; no key, since calendars are shared."""
    agreement, _, promise = item.matter.partition("#")[0].partition("/")
    if not portal or not item.agreement:
        return None
    page = f"{portal.rstrip('/')}/agreements/{quote(item.agreement)}"
    return f"{page}/commitments/{quote(promise)}" if promise and agreement == item.agreement else page


def _join(lines: Sequence[str]) -> bytes:
    folded = [line if len(line) <= _LINE_LIMIT and line.isascii() else _fold(line) for line in lines]
    return "\r\n".join((*folded, "")).encode()


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n").replace("\r", "")


def _fold(line: str) -> str:
    """At most 75 octets a line, no character cut in two."""
    if line.isascii():
        rest = [line[at : at + _LINE_LIMIT - 1] for at in range(_LINE_LIMIT, len(line), _LINE_LIMIT - 1)]
        return "\r\n ".join((line[:_LINE_LIMIT], *rest))
    data = line.encode()
    pieces, start, room = [], 0, _LINE_LIMIT
    while start < len(data):
        end = start + room
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(data[start:end])
        start, room = end, _LINE_LIMIT - 1
    return b"\r\n ".join(pieces).decode()


def _list_dated(message: Message) -> Iterator[tuple[int, Item, date]]:
    for number, item in enumerate(message.items):
        day = item.answer_by or item.due_on
        if day is not None and day >= message.day and item.ground.code not in FOR_KNOWLEDGE:
            yield number, item, day


def _name_date(item: Item) -> str:
    """The same for the same request, whatever its day and whoever reads of it."""
    asked = item.follow_up_kind if item.answer_by is not None else "due"
    return hash_mark((str(asked), item.matter, item.matter_kind, item.part or "", item.party_reference or ""))


def hash_mark(mark: Sequence[str]) -> str:
    """What a date is about, as its entry is known by."""
    return hashlib.sha256("|".join(mark).encode()).hexdigest()[:32]
