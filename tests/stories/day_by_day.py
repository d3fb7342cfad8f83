"""What playing one agreement means: the daily job itself, day by day on a copy of the register that holds nothing else.

The product plays in memory. Here is the definition that it is held to.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, false, insert, or_, select, true, update

from commitments.database import open_database, open_reading, open_unit
from commitments.person_queries import select_people_around
from commitments.policy import HOUSE
from commitments.reconcile import ENGINE
from commitments.rewinding import Rewinder, load_later
from commitments.settings import Settings
from commitments.tables import (
    activity,
    activity_commitment,
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    confirmation,
    contact,
    draft,
    follow_up,
    inbound,
    log_entry,
    measurement,
    milestone,
    occurrence,
    policy,
    progress_report,
    publication,
    signatory,
    submitted_report,
)
from commitments.vocabulary import FollowUpState
from notifications import planning
from notifications.forecast import play_moment
from notifications.moments import Moment, list_moments
from notifications.playing import Foreseen
from notifications.scenes import load_zones
from notifications.tables import attempt, notice, notification

_FACTS = (
    agreement, agreement_party, signatory, submitted_report, commitment, commitment_owner, milestone, occurrence,
    activity, activity_commitment, measurement, progress_report, confirmation,
)  # fmt: skip


def forecast_day_by_day(
    engine: Engine, settings: Settings, now: datetime, days: int, only: int, rules: Mapping[str, Any] | None = None
) -> list[Foreseen]:
    """What the agreement will bring, without what tells of the whole register at once."""
    with open_copy(engine, only) as copy, leave_pictures_out():
        if rules is not None:
            put_rules(copy, only, rules)
        return [one for moment in list_runs(copy, settings, now, days) for one in play_moment(copy, settings, moment)]


def list_runs(copy: Engine, settings: Settings, now: datetime, days: int, only: int | None = None) -> list[Moment]:
    """The runs that can bring something new to the people of the copy."""
    with open_reading(copy) as reading:
        return list(list_moments(now, days, settings.time_zone, load_zones(reading, only)))


def replay_day_by_day(
    engine: Engine, settings: Settings, now: datetime, days: int, only: int, rules: Mapping[str, Any]
) -> list[Foreseen]:
    """What the agreement would have brought, on the copy set back to what was known on each day."""
    start = now - timedelta(days=days)
    found: list[Foreseen] = []
    with open_copy(engine, only) as copy, leave_pictures_out(), open_reading(engine) as reading:
        put_rules(copy, only, rules)
        moments = list_runs(copy, settings, start, days, only)
        changed = _find_changed(reading, only, start, [moment.at for moment in moments])
        _set_back(reading, copy, only, start, is_first=True)
        for place, moment in enumerate(moments):
            if place in changed:
                _set_back(reading, copy, only, moment.at)
            with open_reading(copy) as looking:
                is_there = looking.execute(select(agreement.c.id).where(agreement.c.id == only)).first() is not None
            if is_there:
                checks = moment.checks or place in {0, *changed}
                found += play_moment(copy, settings, replace(moment, checks=checks))
    return found


@contextmanager
def leave_pictures_out() -> Iterator[None]:
    usual = planning.find_picture_readers
    planning.find_picture_readers = lambda reading, rules, today: {}
    try:
        yield
    finally:
        planning.find_picture_readers = usual


@contextmanager
def open_copy(engine: Engine, only: int) -> Iterator[Engine]:
    """An engine on a copy of one agreement and the people who may be told of it."""
    copy = open_database("sqlite://")
    notification.metadata.create_all(copy)
    with open_reading(engine) as reading, copy.connect() as writing:
        _begin_loosely(writing)
        for table in notification.metadata.sorted_tables:
            if table not in (log_entry, publication):
                rows = [dict(row) for row in reading.execute(select(table).where(belongs(table, only))).mappings()]
                if rows:
                    writing.execute(insert(table), rows)
        writing.commit()
    yield copy
    copy.dispose()


def _begin_loosely(writing: Connection) -> None:
    """A row of the copy may point to one that comes later, or was not there on that day."""
    writing.exec_driver_sql("ROLLBACK")
    writing.exec_driver_sql("PRAGMA foreign_keys=OFF")
    writing.exec_driver_sql("BEGIN IMMEDIATE")


def put_rules(copy: Engine, agreement_id: int, rules: Mapping[str, Any]) -> None:
    """Give an agreement of the copy these rules of its own, in place of any."""
    with open_unit(copy) as unit:
        scope = unit.execute(select(agreement.c.reference).where(agreement.c.id == agreement_id)).scalar_one()
        unit.execute(delete(policy).where(policy.c.scope == scope))
        unit.execute(insert(policy).values(scope=scope, rules=dict(rules)))


def belongs(table: Table, agreement_id: int) -> ColumnElement[bool]:
    """Which rows of a table one agreement needs."""
    own = select(commitment.c.id).where(commitment.c.agreement_id == agreement_id)
    served = select(activity_commitment.c.activity_id).where(activity_commitment.c.commitment_id.in_(own))
    reports = select(progress_report.c.id).where(progress_report.c.commitment_id.in_(own))
    messages = select(notice.c.notification_id).where(notice.c.agreement_id == agreement_id)
    reference = select(agreement.c.reference).where(agreement.c.id == agreement_id).scalar_subquery()
    special: dict[Table, ColumnElement[bool]] = {
        agreement: agreement.c.id == agreement_id,
        activity: or_(activity.c.agreement_id == agreement_id, activity.c.id.in_(served)),
        confirmation: confirmation.c.report_id.in_(reports),
        contact: contact.c.id.in_(_select_people(agreement_id)),
        policy: policy.c.scope.in_([HOUSE]) | (policy.c.scope == reference),
        notification: notification.c.id.in_(messages),
        **dict.fromkeys((attempt, draft, inbound), false()),
    }
    if table in special:
        return special[table]
    if "agreement_id" in table.c:
        return table.c.agreement_id == agreement_id
    if "commitment_id" in table.c:
        return table.c.commitment_id.in_(own)
    return table.c.contact_id.in_(_select_people(agreement_id)) if "contact_id" in table.c else true()


def _select_people(agreement_id: int) -> Any:
    """Who may be asked under it, and who was asked or told."""
    asked = select(follow_up.c.assignee_id).where(
        follow_up.c.agreement_id == agreement_id, follow_up.c.assignee_id.is_not(None)
    )
    told = select(notice.c.contact_id).where(notice.c.agreement_id == agreement_id)
    around = select_people_around(select(agreement.c.id).where(agreement.c.id == agreement_id))
    return select(contact.c.id).where(or_(contact.c.id.in_(around), contact.c.id.in_(asked), contact.c.id.in_(told)))


def _find_changed(reading: Connection, agreement_id: int, start: datetime, runs: list[datetime]) -> set[int]:
    """The runs, counted from the start, before which something was recorded since the one before."""
    changes = reading.execute(
        select(log_entry.c.at).where(log_entry.c.agreement_id == agreement_id, log_entry.c.at > start)
    ).scalars()
    return {sum(run < at for run in runs) for at in changes} & set(range(1, len(runs)))


def _set_back(
    reading: Connection, copy: Engine, agreement_id: int, moment: datetime, *, is_first: bool = False
) -> None:
    """Make the copy hold what was known at that moment."""
    rewinder = Rewinder(load_later(reading, moment, agreement_id))

    def rewind(table: Any) -> list[dict[str, Any]]:
        rows = reading.execute(select(table).where(belongs(table, agreement_id)).order_by(table.c.id)).all()
        return [dict(zip(row._fields, row, strict=True)) for row in rewinder.rewind(table.name, rows)]

    facts, asked = {table: rewind(table) for table in _FACTS}, rewind(follow_up)
    with copy.connect() as writing:
        _begin_loosely(writing)
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
