"""A throwaway copy of the register, on which the coming days can be played without writing a row of the real one."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, false, insert, or_, select, true

from commitments.database import open_database, open_reading, open_unit
from commitments.policy import HOUSE
from commitments.queries import select_people_around
from commitments.tables import (
    activity,
    activity_commitment,
    agreement,
    commitment,
    confirmation,
    contact,
    draft,
    follow_up,
    inbound,
    log_entry,
    policy,
    progress_report,
    publication,
)
from notifications.tables import attempt, notice, notification

ROWS_A_COPY = 2000
_LEFT_EMPTY = (log_entry, publication)


@contextmanager
def open_rehearsal(engine: Engine, only: int | None = None) -> Iterator[Engine]:
    """An engine on a copy of all tables (the log stays empty), gone when the block ends. Nobody is held up by it.

    With `only` the copy holds one agreement, and the people who may be told of it.
    """
    with tempfile.TemporaryDirectory(prefix="tallystick-rehearsal-") as folder:
        copy = open_database(f"sqlite:///{Path(folder) / 'rehearsal.db'}", synchronous="OFF")
        try:
            notification.metadata.create_all(copy)
            with open_reading(engine) as reading, copy.connect() as writing:
                # Rows go over in the order of the tables, but a party or contact may point to a later row of its own.
                writing.exec_driver_sql("ROLLBACK")
                writing.exec_driver_sql("PRAGMA foreign_keys=OFF")
                writing.exec_driver_sql("BEGIN IMMEDIATE")
                _copy_rows(reading, writing, only)
                writing.commit()
            yield copy
        finally:
            copy.dispose()


def put_rules(copy: Engine, agreement_id: int, rules: Mapping[str, Any]) -> None:
    """Give an agreement of the copy these rules of its own, in place of any."""
    with open_unit(copy) as unit:
        scope = unit.execute(select(agreement.c.reference).where(agreement.c.id == agreement_id)).scalar_one()
        unit.execute(delete(policy).where(policy.c.scope == scope))
        unit.execute(insert(policy).values(scope=scope, rules=dict(rules)))


def _copy_rows(reading: Connection, writing: Connection, only: int | None) -> None:
    for table in notification.metadata.sorted_tables:
        if table in _LEFT_EMPTY:
            continue
        query = select(table) if only is None else select(table).where(belongs(table, only))
        rows = reading.execution_options(yield_per=ROWS_A_COPY).execute(query)
        for part in rows.mappings().partitions():
            writing.execute(insert(table), [dict(row) for row in part])


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
