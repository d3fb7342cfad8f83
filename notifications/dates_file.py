"""The dates that a message names, as a calendar file: each can be taken over into the reader's calendar.

A date keeps its name for ever and its number grows by the day, so that a later message moves the entry that an earlier
one made. Deadlines are whole days: they need no time zone, and nobody is shown as busy.
"""

import hashlib
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


def write_dates(
    words: Words, message: Message, *, sender_name: str, sender_address: str, now: datetime
) -> bytes | None:
    """A calendar file with each dated request of the message; None if it asks for nothing by a day."""
    dated = list(_list_dated(message))[:DATES_LIMIT]
    if not dated:
        return None
    from icalendar import Calendar, Event, vCalAddress

    organizer = vCalAddress(f"mailto:{sender_address}")
    organizer.params["CN"] = sender_name.replace('"', "")
    file = Calendar()
    file.add("version", "2.0")
    file.add("prodid", _PRODUCT)
    file.add("method", "PUBLISH")
    for item, day in dated:
        view = describe_item(words, item, _TEXT_LIMIT, with_hints=False)
        event = Event()
        event.add("uid", f"{_name_date(item)}@{sender_address.rpartition('@')[2]}")
        event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
        event.add("sequence", (message.day - _FIRST_DAY).days)
        event.add("dtstart", day)
        event.add("summary", view.title)
        told = (view.quote, view.agreement, view.promised, f"{view.standing}: {view.reason}", view.expected)
        event.add("description", "\n".join(one for one in told if one))
        if view.link:
            event.add("url", view.link)
        event.add("organizer", organizer)
        event.add("transp", "TRANSPARENT")
        file.add_component(event)
    return bytes(file.to_ical())


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
