"""What parties said last of how it goes, where that was not well."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select

from commitments.tables import commitment, progress_report
from commitments.vocabulary import Rating

TROUBLED = (Rating.OFF_TRACK, Rating.AT_RISK)
"""The worse first."""


class Said(NamedTuple):
    """That a party last called a promise at risk or off track."""

    commitment_id: int
    party_id: int
    rating: Rating
    on: date


def load_troubled(reading: Connection, agreement_ids: Collection[int], day: date) -> dict[int, list[Said]]:
    """By agreement, the worst and latest first: of each promise and party the last report up to a day, where it called
    the promise at risk or off track. One that was taken back is none."""
    rows = reading.execute(
        select(
            commitment.c.agreement_id, progress_report.c.commitment_id, progress_report.c.party_id,
            progress_report.c.rating, progress_report.c.reported_on,
        )
        .join(commitment, commitment.c.id == progress_report.c.commitment_id)
        .where(
            commitment.c.agreement_id.in_(agreement_ids),
            progress_report.c.withdrawn_on.is_(None),
            progress_report.c.reported_on <= day,
        )
        .order_by(progress_report.c.reported_on, progress_report.c.id)
    )  # fmt: skip
    last = {(row.commitment_id, row.party_id): row for row in rows}
    found: dict[int, list[Said]] = {}
    for row in last.values():
        if row.rating in TROUBLED:
            said = Said(row.commitment_id, row.party_id, Rating(row.rating), row.reported_on)
            found.setdefault(row.agreement_id, []).append(said)
    for told in found.values():
        told.sort(key=lambda one: (TROUBLED.index(one.rating), -one.on.toordinal()))
    return found
