"""Who a claimed message goes to and by which way, as the register has it when it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from commitments.facts import Person
from commitments.person_queries import Way
from commitments.reconcile import Rules
from commitments.tables import contact, log_entry
from commitments.vocabulary import NotificationKind, NotificationState
from notifications.parts import load_parts
from notifications.reasons import Why
from notifications.tables import notification
from notifications.usual import order_ways
from notifications.waiting import find_bar, withdraw


@dataclass(frozen=True, slots=True)
class Redirected:
    """A claimed message that does not go as it was planned: by another way, or not at all and why."""

    row: Any
    way: Way | None = None
    why: Why | None = None


def find_newest(reading: Connection) -> int:
    """The number of the newest entry of the log, by which is known later what was written since."""
    newest: int = reading.execute(select(func.coalesce(func.max(log_entry.c.id), 0))).scalar_one()
    return newest


def is_outdated(reading: Connection, claimed: Sequence[Any], rules: Rules, today: date, newest: int) -> bool:
    """Whether this batch was planned for people as they are not among those read with the rules, or one of them was
    changed since, after the `newest` entry of the log by then."""
    for row in claimed:
        person = rules.people.get(row.contact_id)
        if person is None or _is_changed(row, person, today):
            return True
    ids = {row.contact_id for row in claimed}
    changed = select(log_entry.c.id).where(
        log_entry.c.id > newest, log_entry.c.subject == contact.name, log_entry.c.row_id.in_(ids)
    )
    return reading.execute(changed.limit(1)).first() is not None


def _is_changed(row: Any, person: Person, today: date) -> bool:
    """Whether a message does not go to its reader as it was planned; a link to sign in goes where it was asked for."""
    if row.kind == NotificationKind.SIGN_IN:
        return False
    return (row.channel, row.address) not in person.ways or not person.is_in_office(max(row.local_day, today))


def redirect(reading: Connection, claimed: Sequence[Any], rules: Rules, today: date) -> list[Redirected]:
    """Of these messages those whose reader has left, cannot be reached any more, or is reached by another way."""
    found = []
    elsewhere = []
    for row in claimed:
        person = rules.people[row.contact_id]
        if not _is_changed(row, person, today):
            continue
        why = find_bar(person, max(row.local_day, today))
        if why is not None:
            found.append(Redirected(row, why=why))
        else:
            elsewhere.append(row)
    parts = load_parts(reading, [row.id for row in elsewhere], rules)
    for row in elsewhere:
        ways = order_ways(rules.people[row.contact_id], parts[row.id].rulings)
        tried = {(one["channel"], one["address"]) for one in (row.earlier or {}).get("from", ())}
        found.append(Redirected(row, way=next((way for way in ways if way not in tried), ways[0])))
    return found


def write_redirected(unit: Connection, redirected: Sequence[Redirected], worker: str, now: datetime) -> None:
    """Take back what goes to nobody, so that it is planned anew, and give back the rest with the way by which it goes.

    What was tried by the former way does not count on the new one.
    """
    mine = (notification.c.worker == worker) & (notification.c.state == str(NotificationState.SENDING))
    ids = [one.row.id for one in redirected]
    query = select(notification.c.id).where(mine, notification.c.id.in_(ids)).with_for_update(key_share=True)
    held = set(unit.execute(query).scalars())
    for one in redirected:
        if one.row.id not in held:
            continue  # another sender has taken it over
        if one.why is not None:
            withdraw(unit, one.row, one.why, now)
        elif one.way is not None:
            channel, address = one.way
            before = one.row.earlier or {"from": []}
            more = {"earlier": {**before, "attempts": one.row.attempts}} if one.row.attempts else {}
            unit.execute(
                update(notification)
                .where(notification.c.id == one.row.id)
                .values(
                    state=str(NotificationState.QUEUED), channel=str(channel), address=address,
                    worker=None, lease_until=None, **more,
                )
            )  # fmt: skip
