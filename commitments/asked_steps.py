"""The milestone that a follow-up or a notice is about, read from the matter under which it is kept."""

from sqlalchemy import ColumnElement, FromClause, or_

from commitments.tables import milestone
from commitments.vocabulary import MatterKind

_MARKS = ("#", "#milestone:")
"""What may stand before the reference of a milestone."""


def is_step_of(told: FromClause) -> ColumnElement[bool]:
    """Whether a row of `milestone` is what a row of `told` is about: follow-ups, or notices."""
    return (
        (milestone.c.commitment_id == told.c.commitment_id)
        & (told.c.matter_kind == str(MatterKind.MILESTONE))
        & or_(*(told.c.matter.endswith(mark + milestone.c.reference) for mark in _MARKS))
    )


def read_step(matter_kind: str, matter: str) -> str:
    """The reference of the milestone that a stored matter is about; empty where it is about none."""
    return matter.partition("#")[2].removeprefix("milestone:") if matter_kind == MatterKind.MILESTONE else ""
