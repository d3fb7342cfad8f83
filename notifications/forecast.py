"""Foresees every message of the coming days, by playing the days with the very code that runs every day."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update

from commitments.clock import today_in
from commitments.database import open_reading, open_unit
from commitments.reconcile import load_rules, reconcile_register
from commitments.settings import Settings
from commitments.vocabulary import NotificationState
from notifications.composing import compose_messages, is_empty
from notifications.messages import Message
from notifications.names import load_names
from notifications.planning import plan_messages
from notifications.playing import Foreseen, give_reason
from notifications.rehearsal import open_rehearsal
from notifications.rendering import write_subject_line
from notifications.scenes import Opening, load_opening
from notifications.tables import notice, notification

MESSAGES_AT_ONCE = 200


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
        opening = load_opening(reading, settings, agreement_id, now)
    yield from _play(opening, rules, now, days)


def forecast_change(
    engine: Engine, settings: Settings, now: datetime, days: int, agreement_id: int, rules: Mapping[str, Any]
) -> tuple[list[Foreseen], list[Foreseen]]:
    """What one agreement will bring by other `rules`, and what by those that hold, both from one reading of it."""
    with open_reading(engine) as reading:
        opening = load_opening(reading, settings, agreement_id, now)
    return list(_play(opening, rules, now, days)), list(_play(opening, None, now, days))


def _play(opening: Opening, rules: Mapping[str, Any] | None, now: datetime, days: int) -> Iterator[Foreseen]:
    play = opening.begin(rules)
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
        reasons: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
        for start in range(0, len(due), MESSAGES_AT_ONCE):
            part = due[start : start + MESSAGES_AT_ONCE]
            messages |= compose_messages(unit, part, rules, names, today)
            for one in _load_notices(unit, [row.id for row in part]):
                if one.id in messages[one.notification_id].notices:
                    reasons[one.notification_id].append(give_reason(one))
        sent, cancelled = str(NotificationState.SENT), str(NotificationState.CANCELLED)
        became = [
            {"row_id": row.id, "became": sent, "at": max(row.next_at, now)}
            if not is_empty(messages[row.id])
            else {"row_id": row.id, "became": cancelled, "at": None}
            for row in due
        ]
        unit.execute(
            update(notification)
            .where(notification.c.id == bindparam("row_id"))
            .values(state=bindparam("became"), sent_at=bindparam("at", type_=notification.c.sent_at.type)),
            became,
        )
    for row, what in zip(due, became, strict=True):
        if what["became"] == sent:
            subject = write_subject_line(messages[row.id], settings.house_folder)
            person, name = rules.people[row.contact_id], names.contacts[row.contact_id][0]
            yield Foreseen(
                row.local_day, max(row.next_at, now), row.key, person.reference, name, row.address, row.channel,
                row.kind, subject, tuple(reasons[row.id]),
            )  # fmt: skip


def _load_notices(reading: Connection, messages: Sequence[int]) -> Sequence[Any]:
    columns = (
        notice.c.id,
        notice.c.notification_id,
        notice.c.matter,
        notice.c.kind,
        notice.c.decision_reason,
        notice.c.reason,
    )
    return reading.execute(select(*columns).where(notice.c.notification_id.in_(messages)).order_by(notice.c.id)).all()
