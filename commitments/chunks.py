"""The register in spans of agreements, so that locks stay short and memory flat."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from commitments.tables import agreement, commitment

COMMITMENTS_A_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Span:
    """A run of agreements by their ids, both ends included; or some of them only."""

    first: int
    last: int
    commitments: int = 0
    some: tuple[int, ...] = ()

    @classmethod
    def over(cls, ids: Collection[int]) -> "Span":
        """Just these agreements, at least one."""
        return cls(min(ids), max(ids), some=tuple(sorted(ids)))

    def holds(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether an agreement's id lies in the span."""
        return column.in_(self.some) if self.some else column.between(self.first, self.last)


def split_register(reading: Connection, size: int = COMMITMENTS_A_CHUNK) -> tuple[Span, ...]:
    """The agreements in spans of about `size` commitments, so that locks stay short and memory flat."""
    rows = reading.execute(
        select(agreement.c.id, func.count(commitment.c.id))
        .outerjoin(commitment, commitment.c.agreement_id == agreement.c.id)
        .group_by(agreement.c.id)
        .order_by(agreement.c.id)
    )
    spans: list[Span] = []
    first, last, held = None, None, 0
    for agreement_id, count in rows:
        if first is not None and last is not None and held + count > size:
            spans.append(Span(first, last, held))
            first, held = None, 0
        first = agreement_id if first is None else first
        last, held = agreement_id, held + count
    if first is not None and last is not None:
        spans.append(Span(first, last, held))
    return tuple(spans)
