"""Foresees every message of the coming days, by playing the days on a copy with the very code that runs every day."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, update

from commitments.clock import today_in
from commitments.database import open_reading, open_unit
from commitments.reconcile import Known, Reconciled, load_known, load_rules, reconcile_register, reconcile_span
from commitments.settings import Settings
from commitments.tables import contact
from commitments.vocabulary import NotificationKind, NotificationState
from notifications.composing import compose_messages, is_empty
from notifications.messages import Message
from notifications.names import load_names
from notifications.planning import ALL_KINDS, plan_messages
from notifications.rehearsal import open_rehearsal, put_rules
from notifications.rendering import pass_over, write_safely
from notifications.tables import notice, notification

OVER_ALL = frozenset({NotificationKind.DIGEST, NotificationKind.SUMMARY, NotificationKind.ALERT})
"""What tells of the whole register at once."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A message that would be sent, if nothing else happened until then."""

    day: date
    at: datetime
    key: str
    contact: str
    name: str
    to: str
    channel: str
    kind: str
    subject: str
    reasons: tuple[Mapping[str, Any], ...]
    """One a notice: {"matter", "kind", "why": {"code", "numbers"}, "standing": {"code", "numbers"}}."""


def forecast_messages(
    engine: Engine,
    settings: Settings,
    now: datetime,
    days: int,
    *,
    only: int | None = None,
    rules: Mapping[str, Any] | None = None,
) -> Iterator[Foreseen]:
    """Every message of the next `days` days, in the order in which they would go. Writes nothing to the register.

    With `only` one agreement is played as if it were alone: without digests and summaries, and without what other
    agreements bring to the same people. `rules` are tried in place of those that differ in it.
    """
    kinds = ALL_KINDS if only is None else ALL_KINDS - OVER_ALL
    with open_rehearsal(engine, only) as copy:
        known = None
        if only is not None:
            if rules is not None:
                put_rules(copy, only, rules)
            with open_reading(copy) as reading:
                known = load_known(reading, only)
        for ahead in range(days + 1):
            moment = now + timedelta(days=ahead)
            if ahead == days:
                moment = moment - timedelta(seconds=1)
            yield from play_day(copy, settings, moment, now + timedelta(days=days), kinds, known)


def play_day(
    copy: Engine,
    settings: Settings,
    now: datetime,
    end: datetime,
    kinds: Collection[NotificationKind],
    known: Known | None,
) -> Iterator[Foreseen]:
    """One day's job with the sending imagined: what waits counts as sent at its time, in order."""
    today = today_in(settings.time_zone, now)
    if known is None:
        reconcile_register(copy, now, today)
    else:
        with open_unit(copy) as unit:
            reconcile_span(unit, known.span, known.rules, now, today, Reconciled(), known.facts)
    plan_messages(copy, now, today, kinds=kinds, domain=settings.sender.rpartition("@")[2], known=known)
    until = min(now + timedelta(days=1), end)
    with open_unit(copy) as unit:
        due = unit.execute(
            select(notification)
            .where(notification.c.state == str(NotificationState.QUEUED), notification.c.next_at < until)
            .order_by(notification.c.next_at, notification.c.id)
        ).all()
        if not due:
            return
        rules, names = known.rules if known is not None else load_rules(unit), load_names(unit)
        messages: dict[int, Message] = {}
        for start in range(0, len(due), 200):
            messages |= compose_messages(unit, due[start : start + 200], rules, names, today)
        foreseen = [row for row in due if not is_empty(messages[row.id])]
        idle = [row.id for row in due if is_empty(messages[row.id])]
        for row in foreseen:
            unit.execute(
                update(notification)
                .where(notification.c.id == row.id)
                .values(state=str(NotificationState.SENT), sent_at=max(row.next_at, now))
            )
        unit.execute(
            update(notification).where(notification.c.id.in_(idle)).values(state=str(NotificationState.CANCELLED))
        )
    with open_reading(copy) as reading:
        for row in foreseen:
            subject = write_safely(messages[row.id], settings.house_folder, pass_over).subject
            yield _foresee(reading, row, subject, max(row.next_at, now))


def _foresee(reading: Any, row: Any, subject: str, at: datetime) -> Foreseen:
    person = reading.execute(select(contact.c.reference, contact.c.name).where(contact.c.id == row.contact_id)).one()
    notices = reading.execute(select(notice).where(notice.c.notification_id == row.id).order_by(notice.c.id))
    reasons = tuple(
        {"matter": one.matter, "kind": one.kind, "why": one.decision_reason, "standing": one.reason or None}
        for one in notices
    )
    return Foreseen(
        row.local_day, at, row.key, person.reference, person.name, row.address, row.channel, row.kind, subject, reasons
    )
