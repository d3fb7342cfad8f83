"""Foresees every message of the coming days, by playing the days with the very code that runs every day."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, update

from commitments.clock import today_in
from commitments.database import open_reading, open_unit
from commitments.reconcile import load_rules, reconcile_register
from commitments.settings import Settings
from commitments.tables import contact
from commitments.vocabulary import NotificationState
from notifications.composing import compose_messages, is_empty
from notifications.messages import Message
from notifications.names import load_names
from notifications.planning import plan_messages
from notifications.playing import Foreseen
from notifications.rehearsal import open_rehearsal
from notifications.rendering import write_subject_line
from notifications.scenes import load_play
from notifications.tables import notice, notification


def forecast_agreement(
    engine: Engine,
    settings: Settings,
    now: datetime,
    days: int,
    agreement_id: int,
    *,
    rules: Mapping[str, Any] | None = None,
) -> Iterator[Foreseen]:
    """What one agreement will bring in the next `days` days, as if it were alone, in the order in which it would go.

    It is played in memory: without digests and summaries, and without what other agreements bring to the same people.
    `rules` are tried in place of those that differ in it.
    """
    with open_reading(engine) as reading:
        play = load_play(reading, settings, agreement_id, now, rules=rules)
    for moment, end in list_moments(now, days):
        yield from play.play_day(moment, end)


def list_moments(now: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
    """The moment of each day's job, and of the last one just before the end; each with the end."""
    end = now + timedelta(days=days)
    for ahead in range(days):
        yield now + timedelta(days=ahead), end
    yield end - timedelta(seconds=1), end


def forecast_messages(engine: Engine, settings: Settings, now: datetime, days: int) -> Iterator[Foreseen]:
    """Every message of the next `days` days, in the order in which they would go. Writes nothing to the register."""
    with open_rehearsal(engine) as copy:
        for moment, end in list_moments(now, days):
            yield from play_day(copy, settings, moment, end)


def play_day(copy: Engine, settings: Settings, now: datetime, end: datetime) -> Iterator[Foreseen]:
    """One day's job with the sending imagined: what waits counts as sent at its time, in order."""
    today = today_in(settings.time_zone, now)
    reconcile_register(copy, now, today)
    plan_messages(copy, now, today, domain=settings.sender.rpartition("@")[2])
    until = min(now + timedelta(days=1), end)
    with open_unit(copy) as unit:
        due = unit.execute(
            select(notification)
            .where(notification.c.state == str(NotificationState.QUEUED), notification.c.next_at < until)
            .order_by(notification.c.next_at, notification.c.id)
        ).all()
        if not due:
            return
        rules, names = load_rules(unit), load_names(unit)
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
            subject = write_subject_line(messages[row.id], settings.house_folder)
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
