"""What was known of one agreement at some past moments: its rows read once, and the log undone from one to the next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, or_, select

from commitments.assembling import assemble_agreements
from commitments.chunks import Span
from commitments.database import name_row
from commitments.facts import Agreement
from commitments.rewinding import Rewinder, load_later
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
    party,
    progress_report,
    signatory,
    submitted_report,
)

_FACTS = (
    agreement, agreement_party, signatory, submitted_report, commitment, commitment_owner, milestone, occurrence,
    activity, activity_commitment, measurement, progress_report, confirmation,
)  # fmt: skip
Rows = Mapping[Table, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Then:
    """What was known at a moment."""

    facts: Agreement | None
    """Nothing if it was not in the register yet."""
    rows: Rows
    """The rows of its facts, by table."""
    follow_ups: Sequence[Any]


def find_changes(reading: Connection, agreement_id: int, since: datetime) -> list[datetime]:
    """When something was recorded of an agreement after a moment, in order."""
    query = select(log_entry.c.at).where(log_entry.c.agreement_id == agreement_id, log_entry.c.at > since)
    return list(reading.execute(query.order_by(log_entry.c.at)).scalars())


def recall(reading: Connection, agreement_id: int, moments: Sequence[datetime]) -> dict[datetime, Then]:
    """What was known at each of these moments, at least one."""
    later = load_later(reading, min(moments), agreement_id)
    today = {table: reading.execute(_select_own(table, agreement_id)).all() for table in (*_FACTS, follow_up)}
    later = sorted(later, key=lambda entry: entry.at, reverse=True)  # those of one moment stay in their order
    parties = {row.id: row.reference for row in reading.execute(select(party.c.id, party.c.reference))}
    rewinder, known = Rewinder(), {}
    facts, rows, is_fresh = None, {}, False
    undone = 0
    for moment in sorted(set(moments), reverse=True):
        since = undone
        while undone < len(later) and later[undone].at > moment:
            undone += 1
        step = later[since:undone]
        rewinder.undo(step)
        if not is_fresh or any(entry.subject != follow_up.name for entry in step):
            rows = {table: rewinder.rewind(table.name, today[table]) for table in _FACTS}
            facts, is_fresh = _assemble(agreement_id, rows, parties), True
        known[moment] = Then(facts, rows, rewinder.rewind(follow_up.name, today[follow_up]))
    return known


def _select_own(table: Table, agreement_id: int) -> Select[Any]:
    own = select(commitment.c.id).where(commitment.c.agreement_id == agreement_id)
    which: ColumnElement[bool]
    if table is agreement:
        which = agreement.c.id == agreement_id
    elif table is activity:
        served = select(activity_commitment.c.activity_id).where(activity_commitment.c.commitment_id.in_(own))
        which = or_(activity.c.agreement_id == agreement_id, activity.c.id.in_(served))
    elif table is confirmation:
        reports = select(progress_report.c.id).where(progress_report.c.commitment_id.in_(own))
        which = confirmation.c.report_id.in_(reports)
    elif "agreement_id" in table.c:
        which = table.c.agreement_id == agreement_id
    else:
        which = table.c.commitment_id.in_(own)
    return select(table).where(which).order_by(table.c.id)


def _assemble(agreement_id: int, rows: Rows, parties: Mapping[int, str]) -> Agreement | None:
    """The facts of these rows, which are all of one agreement."""
    serving = {row.activity_id for row in rows[activity_commitment] if row.withdrawn_on is None}
    held = {row.id: row for row in rows[activity]}
    reported = {row.id: row for row in rows[progress_report]}
    by_name = {table.name: found for table, found in rows.items()}
    by_name["activity_commitment"] = [row for row in rows[activity_commitment] if row.activity_id in held]
    by_name["confirmation"] = [row for row in rows[confirmation] if row.report_id in reported]
    by_name["activity"] = [row for row in rows[activity] if row.id not in serving]
    for table in (agreement_party, commitment, commitment_owner):
        by_name[table.name] = sorted(rows[table], key=lambda row: row.position)
    joined: dict[tuple[str, str], Callable[[Any], Any]] = {
        ("agreement_party", "reference"): lambda row: parties[row.party_id],
        ("commitment_owner", "reference"): lambda row: parties[row.party_id],
        ("activity_commitment", "held_on"): lambda row: held[row.activity_id].held_on,
        ("activity_commitment", "count"): lambda row: held[row.activity_id].count,
        ("confirmation", "commitment_id"): lambda row: reported[row.report_id].commitment_id,
        ("confirmation", "reference"): lambda row: reported[row.report_id].reference,
    }

    def fetch(subject: str, query: Select[Any]) -> list[Any]:
        """What the query would find in these rows."""
        names = tuple(query.selected_columns.keys())
        read = [joined.get((subject, name)) or attrgetter(name) for name in names]
        make = name_row(names)
        return [make(*[one(row) for one in read]) for row in by_name[subject]]

    return next(iter(assemble_agreements(fetch, Span(agreement_id, agreement_id))), None)
