"""What a change of the register is: who made it, when, to which row, from what to what. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something, when, and why."""

    who: str
    at: datetime
    why: str | None = None
    once: str | None = None
    """What causes it, as a key: it stands at the first entry of the log, so that the same sent again is known."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row's change: {column: (from, to)}; a new row's `from` is None throughout."""

    action: str
    subject: str
    row_id: int
    reference: str
    agreement_id: int | None
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    why: str | None = None
    once: str | None = None
    """A key under which this is written to the log once and never again, however often it is found."""
