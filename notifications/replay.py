"""Plays the past days of one agreement anew, as it was known on each of them: what other rules would have sent.

The facts of each day are those of the log undone back to it, and what people closed or put off stays as they did it.
The people and the house's rules are those of today.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, or_, select, update

from commitments.database import open_reading, open_unit
from commitments.reconcile import ENGINE, load_known
from commitments.rewinding import Rewinder
from commitments.settings import Settings
from commitments.tables import (
    activity,
    activity_commitment,
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    confirmation,
    follow_up,
    log_entry,
    measurement,
    milestone,
    occurrence,
    progress_report,
    signatory,
    submitted_report,
)
from commitments.vocabulary import FollowUpState
from notifications.forecast import OVER_ALL, Foreseen, play_day
from notifications.planning import ALL_KINDS
from notifications.rehearsal import belongs, open_rehearsal, put_rules
from notifications.tables import notice, notification

_FACTS = (
    agreement, agreement_party, signatory, submitted_report, commitment, commitment_owner, milestone, occurrence,
    activity, activity_commitment, measurement, progress_report, confirmation,
)  # fmt: skip


def replay_messages(
    engine: Engine, settings: Settings, now: datetime, days: int, *, only: int, rules: Mapping[str, Any]
) -> Iterator[Foreseen]:
    """Every message that one agreement would have sent in the last `days` days by these rules, in order.

    It is played as if it were alone: without digests and summaries, and without what other agreements brought to the
    same people. Writes nothing to the register.
    """
    start = now - timedelta(days=days)
    with open_rehearsal(engine, only) as copy, open_reading(engine) as reading:
        put_rules(copy, only, rules)
        changed = _find_changed_days(reading, only, start, days)
        _set_back(reading, copy, only, start, is_first=True)
        known = _load(copy, only)
        for ahead in range(days):
            moment = start + timedelta(days=ahead)
            if ahead in changed:
                _set_back(reading, copy, only, moment)
                known = _load(copy, only)
            if known is not None:
                yield from play_day(copy, settings, moment, now, ALL_KINDS - OVER_ALL, known)


def _find_changed_days(reading: Connection, agreement_id: int, start: datetime, days: int) -> set[int]:
    """The days, counted from the start, before which something was recorded since the day before."""
    moments = reading.execute(
        select(log_entry.c.at).where(log_entry.c.agreement_id == agreement_id, log_entry.c.at > start)
    ).scalars()
    return {-(-(moment - start) // timedelta(days=1)) for moment in moments} & set(range(1, days))


def _load(copy: Engine, agreement_id: int) -> Any:
    """What is known of the agreement; nothing on a day on which it was not in the register yet."""
    with open_reading(copy) as reading:
        there = reading.execute(select(agreement.c.id).where(agreement.c.id == agreement_id)).first()
        return load_known(reading, agreement_id) if there is not None else None


def _set_back(
    reading: Connection, copy: Engine, agreement_id: int, moment: datetime, *, is_first: bool = False
) -> None:
    """Make the copy hold what was known at that moment."""
    rewinder = Rewinder(reading, moment, agreement_id)

    def rewind(table: Any) -> list[dict[str, Any]]:
        rows = reading.execute(select(table).where(belongs(table, agreement_id)).order_by(table.c.id)).all()
        return [dict(zip(row._fields, row, strict=True)) for row in rewinder.rewind(table.name, rows)]

    facts, asked = {table: rewind(table) for table in _FACTS}, rewind(follow_up)
    with copy.connect() as writing:
        # A row of the past may be gone for a while that another one of the copy points to.
        writing.exec_driver_sql("ROLLBACK")
        writing.exec_driver_sql("PRAGMA foreign_keys=OFF")
        writing.exec_driver_sql("BEGIN IMMEDIATE")
        for table, rows in facts.items():
            writing.execute(delete(table))
            if rows:
                writing.execute(insert(table), rows)
        if is_first:
            writing.execute(delete(follow_up))
            if asked:
                writing.execute(insert(follow_up), asked)
            _forget_messages(writing, moment)
        writing.commit()
    if not is_first:
        _take_answers(copy, asked)


def _forget_messages(writing: Connection, moment: datetime) -> None:
    """Leave only what had been sent by then; what waited is planned anew on the first day."""
    gone = or_(notification.c.sent_at.is_(None), notification.c.sent_at >= moment)
    in_gone = notice.c.notification_id.in_(select(notification.c.id).where(gone))
    writing.execute(delete(notice).where(or_(notice.c.decided_at >= moment, in_gone)))
    writing.execute(delete(notification).where(gone))


def _take_answers(copy: Engine, asked: list[dict[str, Any]]) -> None:
    """What people closed or put off by then."""
    kept = ("state", "closed_on", "closed_by", "closed_why", "snoozed_until")
    with open_unit(copy) as unit:
        for row in asked:
            closed = row["state"] != FollowUpState.OPEN and row["closed_by"] != ENGINE
            if closed or row["snoozed_until"] is not None:
                own = (follow_up.c.key == row["key"]) & (follow_up.c.state == str(FollowUpState.OPEN))
                unit.execute(update(follow_up).where(own).values({name: row[name] for name in kept}))
