"""The message that brings a person a link to sign in: through the outbox like any other, and at once.

The link itself is kept nowhere: the outbox holds the number of the request, and the letter's link is signed when it is
written.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from commitments.database import insert_new
from commitments.days import find_own_day
from commitments.facts import Person
from commitments.vocabulary import Channel, NotificationKind, NotificationState
from notifications.ledger import make_message_row
from notifications.links import Links
from notifications.messages import Message
from notifications.mime import MailDomain
from notifications.reasons import Why
from notifications.slots import Slot
from notifications.tables import notification

_KEY = "at-once|sign_in|"


def queue_sign_in(unit: Connection, person: Person, number: str, now: datetime, domain: MailDomain | str) -> int:
    """Queue the message, whatever the person's quiet hours, pause or channel; returns its id."""
    row = make_message_row(
        f"{_KEY}{number}",
        person,
        NotificationKind.SIGN_IN,
        now,
        Slot(find_own_day(person, now), now, Why.AT_ONCE),
        domain,
    )
    (made,) = insert_new(unit, notification, [row | {"channel": str(Channel.MAIL), "address": person.mail}])
    return int(made.id)


def list_waiting(reading: Connection, numbers: Sequence[str], now: datetime) -> list[int]:
    """By their ids the messages of these requests that may go now, and those under way: their sender may be no more."""
    state = notification.c.state
    may_go = (state == str(NotificationState.QUEUED)) & (notification.c.next_at <= now)
    under_way = state == str(NotificationState.SENDING)
    keys = [f"{_KEY}{number}" for number in numbers]
    rows = reading.execute(select(notification.c.id).where(notification.c.key.in_(keys), or_(may_go, under_way)))
    return sorted(rows.scalars())


def compose_sign_in(row: Any, person: Person, name: str, links: Links | None) -> Message:
    """The message of such a row; it has nothing to say where there are no pages to sign in to."""
    link = links.write_sign_in(row.key.removeprefix(_KEY)) if links is not None else None
    choices = links.write_choices(person.id) if links is not None else None
    return Message(
        NotificationKind.SIGN_IN, row.local_day, call(name), person.language, (), sign_in=link, choices_link=choices
    )


def call(name: str) -> str:
    """By what name somebody is greeted: by none where only their address stands for it."""
    return "" if "@" in name else name
