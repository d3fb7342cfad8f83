"""The dates that a message names, as a calendar file: each can be taken over into the reader's calendar.

A date keeps its name for ever and its number grows by the day, so that a later message moves the entry that an earlier
one made. Deadlines are whole days: they need no time zone, and nobody is shown as busy. Written by hand because nearly
every letter has one; the tests read each with icalendar.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

from notifications.items import describe_item
from notifications.messages import Item, Message
from notifications.wording import Words

CONTENT_TYPE = "text/calendar; method=PUBLISH; charset=utf-8"
FILE_NAME = "tallystick.ics"
DATES_LIMIT = 20
_PRODUCT = "-//Tallystick//Tallystick//EN"
_FIRST_DAY = date(2020, 1, 1)
_TEXT_LIMIT = 400
_LINE_LIMIT = 75
_QUOTED = re.compile(r'["\x00-\x1f\x7f]')
_ESCAPES = {ord("\\"): "\\\\", ord(";"): "\\;", ord(","): "\\,", ord("\n"): "\\n", ord("\r"): None}


def write_dates(
    words: Words, message: Message, *, sender_name: str, sender_address: str, now: datetime
) -> bytes | None:
    """A calendar file with each dated request of the message; None if it asks for nothing by a day."""
    dated = list(_list_dated(message))[:DATES_LIMIT]
    if not dated:
        return None
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_PRODUCT}", "METHOD:PUBLISH"]
    for item, day in dated:
        view = describe_item(words, item, _TEXT_LIMIT, with_hints=False)
        told = (view.quote, view.agreement, view.promised, f"{view.standing}: {view.reason}", view.expected)
        lines += (
            "BEGIN:VEVENT",
            f"UID:{_name_date(item)}@{sender_address.rpartition('@')[2]}",
            f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"SEQUENCE:{(message.day - _FIRST_DAY).days}",
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"SUMMARY:{_escape(view.title)}",
            f"DESCRIPTION:{_escape(chr(10).join(one for one in told if one))}",
            f'ORGANIZER;CN="{_QUOTED.sub("", sender_name)}":mailto:{sender_address}',
            "TRANSP:TRANSPARENT",
        )
        if view.link:
            lines.append(f"URL:{view.link}")
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    return b"".join(_fold(line) for line in lines)


def _escape(text: str) -> str:
    return text.translate(_ESCAPES)


def _fold(line: str) -> bytes:
    """At most 75 octets a line, no character cut in two."""
    data = line.encode()
    if len(data) <= _LINE_LIMIT:
        return data + b"\r\n"
    pieces, start, room = [], 0, _LINE_LIMIT
    while start < len(data):
        end = start + room
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(data[start:end])
        start, room = end, _LINE_LIMIT - 1
    return b"\r\n ".join(pieces) + b"\r\n"


def _list_dated(message: Message) -> Iterator[tuple[Item, date]]:
    for item in message.items:
        day = item.answer_by or item.due_on
        if day is not None and day >= message.day:
            yield item, day


def _name_date(item: Item) -> str:
    """The same for the same request, whatever its day and whoever reads of it."""
    asked = item.follow_up_kind if item.answer_by is not None else "due"
    told = "|".join((str(asked), item.matter, item.matter_kind, item.part or "", item.party_reference or ""))
    return hashlib.sha256(told.encode()).hexdigest()[:32]
