"""Changes what a person chose about their messages, and what already waits for them with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from commitments.choices import IN_ANY_CASE, Choices
from commitments.choosing import change_choices
from commitments.facts import Person
from commitments.log import Author
from commitments.person_queries import load_people
from commitments.queries import load_policies
from commitments.reconcile import Rules, group_rules
from commitments.references import find_contact
from commitments.tables import agreement
from commitments.tables import contact as contact_of
from notifications.parts import is_sent_always, load_parts
from notifications.reasons import Decision, Why
from notifications.tables import notice, notification
from notifications.waiting import Settled, cancel, load_kinds, load_waiting, settle


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a change came to; `moved` and `withdrawn` count the messages that waited already."""

    before: Choices
    after: Choices
    moved: int = 0
    withdrawn: int = 0


def choose(unit: Connection, author: Author, contact: str, changes: Mapping[str, Any], now: datetime) -> Chosen:
    """Change a person's choices; what waits and was not begun goes by the new ones, or is planned anew.

    Raises NotFound and RefusedChange as `commitments.choosing.change_choices`.
    """
    row = find_contact(unit, contact)
    own = contact_of.c.id == row.id
    zone = ZoneInfo(load_people(unit, only=own)[row.id].time_zone)
    before, after = change_choices(unit, author, contact, changes, now.astimezone(zone).date())
    if before == after:
        return Chosen(before, after)
    rules = group_rules(*load_policies(unit), load_people(unit, only=own))
    person = rules.people[row.id]
    withdrawn = moved = 0
    waiting = load_waiting(unit, notification.c.contact_id == person.id)
    ids = [message.id for message in waiting]
    parts, kinds = load_parts(unit, ids, rules), load_kinds(unit, ids)
    for message in waiting:
        if _decline_notices(unit, message.id, person, rules):
            withdrawn += 1
            continue
        told = kinds[message.id] - person.choices.unsubscribed
        settled = settle(unit, message, person, parts[message.id], told, rules, now, Why.CHOICES_CHANGED)
        moved += settled is Settled.MOVED
        withdrawn += settled is Settled.WITHDRAWN
    return Chosen(before, after, moved, withdrawn)


def _decline_notices(unit: Connection, message_id: int, person: Person, rules: Rules) -> bool:
    """Take out what the person unsubscribed from; tells whether nothing is left in the message."""
    unwanted = [str(kind) for kind in person.choices.unsubscribed - IN_ANY_CASE]
    told = (notice.c.notification_id == message_id) & (notice.c.decision == str(Decision.TOLD))
    rows = unit.execute(
        select(notice.c.id, notice.c.kind, notice.c.matter_kind, notice.c.rung, agreement.c.reference)
        .outerjoin(agreement, agreement.c.id == notice.c.agreement_id)
        .where(told)
    ).all()
    declined = [
        row
        for row in rows
        if row.kind in unwanted
        and not is_sent_always(rules.own.get(row.reference, rules.house), row.kind, row.matter_kind, row.rung)
    ]
    for kind in {row.kind for row in declined}:
        unit.execute(
            update(notice)
            .where(notice.c.id.in_([row.id for row in declined if row.kind == kind]))
            .values(
                decision=str(Decision.PASSED_OVER),
                decision_reason={"code": str(Why.UNSUBSCRIBED), "numbers": {"kind": kind}},
            )
        )
    if not declined or len(declined) < len(rows):
        return False
    cancel(unit, message_id, Why.UNSUBSCRIBED)
    return True
