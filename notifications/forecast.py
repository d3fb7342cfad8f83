"""Foresees every message of the coming days, by playing them with the very code and at the hours of every day."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update

from commitments.clock import today_in
from commitments.database import open_reading, open_unit
from commitments.daybreak import reconcile_begun
from commitments.known import note_known
from commitments.reconcile import load_rules, reconcile_register
from commitments.settings import Settings
from commitments.vocabulary import NotificationState
from notifications.composing import compose_messages, is_empty
from notifications.messages import Message
from notifications.moments import Moment, list_moments
from notifications.names import load_names
from notifications.planning import ALL_KINDS, plan_messages
from notifications.playing import Foreseen, Play, give_reason
from notifications.rehearsal import open_rehearsal
from notifications.rendering import write_subject_line
from notifications.scenes import load_opening, load_zones
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
    play, moments = _begin(engine, settings, now, days, agreement_id, rules)
    for moment in moments:
        yield from play.play(moment)


def count_foreseen(
    engine: Engine,
    settings: Settings,
    now: datetime,
    days: int,
    agreement_id: int,
    *,
    rules: Mapping[str, Any] | None = None,
) -> int:
    """How many messages that are."""
    play, moments = _begin(engine, settings, now, days, agreement_id, rules)
    return sum(play.count(moment) for moment in moments)


def _begin(
    engine: Engine, settings: Settings, now: datetime, days: int, agreement_id: int, rules: Mapping[str, Any] | None
) -> tuple[Play, Iterator[Moment]]:
    with open_reading(engine) as reading:
        opening = load_opening(reading, settings, agreement_id, now)
    return opening.begin(rules), list_moments(now, days, opening.settings.time_zone, opening.zones)


def forecast_messages(engine: Engine, settings: Settings, now: datetime, days: int) -> Iterator[Foreseen]:
    """Every message of the next `days` days, in the order in which they would go. Writes nothing to the register."""
    with open_rehearsal(engine) as copy:
        with open_reading(copy) as reading:
            zones = load_zones(reading)
        for moment in list_moments(now, days, settings.time_zone, zones):
            yield from play_moment(copy, settings, moment)


def play_moment(copy: Engine, settings: Settings, moment: Moment) -> Iterator[Foreseen]:
    """What the jobs do then, with the sending imagined: what waits counts as sent at its time, in order."""
    now, today = moment.at, today_in(settings.time_zone, moment.at)
    if moment.checks:
        reconcile_register(copy, now, today)
    else:
        reconcile_begun(copy, now, settings.time_zone)
    if moment.known is not None:
        with open_unit(copy) as unit:
            note_known(unit, moment.known, map(str, ALL_KINDS))
    plan_messages(copy, now, today, domain=settings.sender.rpartition("@")[2])
    with open_unit(copy) as unit:
        due = unit.execute(
            select(notification)
            .where(notification.c.state == str(NotificationState.QUEUED), notification.c.next_at < moment.until)
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
            days = {row.id: row.local_day for row in part}
            for one in _load_notices(unit, list(days)):
                if one.id in messages[one.notification_id].notices:
                    reasons[one.notification_id].append(give_reason(one, days[one.notification_id]))
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
        notice.c.standing,
        notice.c.decided_on,
        notice.c.due_on,
    )
    return reading.execute(select(*columns).where(notice.c.notification_id.in_(messages)).order_by(notice.c.id)).all()
