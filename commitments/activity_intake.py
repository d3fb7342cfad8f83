"""Takes the activities of one agreement's form into the register, with the commitments they count for."""

from typing import Any

from sqlalchemy import or_, select

from commitments import tables
from commitments.agreement_form import AgreementForm
from commitments.difference import Difference, Key, Wanted, in_chunks, read_stored, require_known, take_columns


def take_activities(difference: Difference, form: AgreementForm) -> None:
    """Write the activities that differ; NotFound for a commitment that the register does not know."""
    table, agreement = tables.activity, difference.agreement_id
    stored = read_stored(difference.unit, table, select(table).where(table.c.agreement_id == agreement))
    wanted = [
        Wanted(f"{form.agreement}/{entry.reference}", {**take_columns(entry, table), "agreement_id": agreement})
        for entry in form.activities
    ]
    ids = difference.write(table, wanted, stored, tell_vanished=_tell_activity)
    _take_activity_commitments(difference, form, ids)


def _take_activity_commitments(difference: Difference, form: AgreementForm, activities: dict[Key, int]) -> None:
    table, agreement = tables.activity_commitment, difference.agreement_id
    mine = select(tables.activity.c.id).where(tables.activity.c.agreement_id == agreement)
    stored = read_stored(difference.unit, table, select(table).where(table.c.activity_id.in_(mine)))
    targets = _read_targets(difference, form)
    names = {row_id: name for name, row_id in targets.items()}
    difference.labels["activity_id"] = {row_id: key[1] for key, row_id in activities.items()}
    difference.labels["commitment_id"] = names
    wanted, written = [], {}
    for entry in form.activities:
        activity_id = activities[(agreement, entry.reference)]
        written[activity_id] = entry.reference
        for reference in entry.commitments:
            target = reference if "/" in reference else f"{form.agreement}/{reference}"
            require_known(form.agreement, target, targets, "commitment")
            values = {"activity_id": activity_id, "commitment_id": targets[target]}
            wanted.append(Wanted(f"{form.agreement}/{entry.reference}/{target}", values))

    def tell(row: Any) -> str | None:
        activity = written.get(row.activity_id) if row.withdrawn_on is None else None
        return activity and f"commitment {names[row.commitment_id]} of activity {activity}"

    difference.write(table, wanted, stored, tell_vanished=tell)


def _tell_activity(row: Any) -> str | None:
    return f"activity {row.reference}" if row.withdrawn_on is None else None


def _read_targets(difference: Difference, form: AgreementForm) -> dict[str, int]:
    """The ids of the commitments of every agreement that the activities name, or named before."""
    named = {form.agreement}
    for entry in form.activities:
        named |= {reference.partition("/")[0] for reference in entry.commitments if "/" in reference}
    held = (
        select(tables.activity_commitment.c.commitment_id)
        .join(tables.activity, tables.activity.c.id == tables.activity_commitment.c.activity_id)
        .where(tables.activity.c.agreement_id == difference.agreement_id)
    )
    targets: dict[str, int] = {}
    for some in in_chunks(named):
        # Both by a column of the commitments themselves: else each of the register's would be looked at.
        theirs = select(tables.agreement.c.id).where(tables.agreement.c.reference.in_(some))
        rows = difference.unit.execute(
            select(tables.agreement.c.reference, tables.commitment.c.reference, tables.commitment.c.id)
            .join(tables.commitment, tables.commitment.c.agreement_id == tables.agreement.c.id)
            .where(or_(tables.commitment.c.agreement_id.in_(theirs), tables.commitment.c.id.in_(held)))
        )
        targets |= {f"{agreement}/{reference}": row_id for agreement, reference, row_id in rows}
    return targets
