"""What the senders of a run share, and what they have done."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from commitments.failpoints import failpoint
from commitments.settings import Settings
from commitments.vocabulary import NotificationState
from notifications.bounce_address import write_bounce_address
from notifications.channel_post import ChannelPost
from notifications.delivery import Post
from notifications.house import Fault
from notifications.links import Links
from notifications.outbox import Sent, keep_outcome
from notifications.recorder import Recorder
from notifications.turns import Turns


@dataclass(slots=True)
class Dispatched:
    """What one run sent, in counts."""

    sent: int = 0
    repeated: int = 0
    retried: int = 0
    failed: int = 0
    cancelled: int = 0
    released: int = 0
    """Messages taken back from senders that died."""
    faults: list[str] = field(default_factory=list)
    """What is wrong in the templates and catalogues of the house; the usual ones were used instead."""
    halted: str | None = None
    """Why it stopped with messages still waiting: what was said on a way that is closed for every letter."""

    @property
    def ended(self) -> int:
        """Messages that this run is done with, whatever became of them."""
        return self.sent + self.retried + self.failed + self.cancelled

    def add(self, other: "Dispatched") -> None:
        """Take in the counts of another sender of the same run."""
        for name in ("sent", "repeated", "retried", "failed", "cancelled", "released"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.halted = self.halted or other.halted

    def count(self, sent: Sent | None, state: NotificationState | None) -> None:
        """Count one attempt by the state that it led to; none where nothing was kept."""
        if sent is None or state is None:
            return
        if state is NotificationState.SENT:
            self.sent += 1
            self.repeated += sent.repeated
        elif state is NotificationState.FAILED:
            self.failed += 1
        else:
            self.retried += 1


@dataclass(frozen=True, slots=True)
class Crew:
    """What the senders of a run share."""

    engine: Engine
    settings: Settings
    post: Post
    worker: str
    read_clock: Callable[[], datetime]
    early: bool
    stop: threading.Event
    closed: threading.Event
    """Set when one sender found the way closed or failed: the others stop, too."""
    recorder: Recorder
    desk: threading.Lock
    """Held by who composes and writes: two at it at once would only take turns, and keep a third from sending."""
    batch: int
    mail_closed: threading.Event
    """Set when the way of letters is closed; what goes by other channels goes on."""
    channels: ChannelPost
    turns: Turns | None
    secret: bytes
    """What bounce addresses are signed with."""
    links: Links | None
    house: Path | None
    faults: set[Fault]
    """What is wrong in the house's files, as the senders come upon it."""
    only: int | None
    newest: int
    """The number of the log's newest entry when the run read the rules and the people."""
    run: str | None
    """The run of Prefect that sends, if one does."""

    def find_return(self, row: Any) -> str:
        """Where a letter comes back to: an address of its own where the house has one for that."""
        house = self.settings.bounce_address
        return write_bounce_address(house, row.id, self.secret) if house is not None else self.settings.sender

    @property
    def is_ending(self) -> bool:
        return self.stop.is_set() or self.closed.is_set()

    def keep(self, unit: Connection, sent: Sent | None) -> NotificationState | None:
        """Keep what became of an attempt, if one was made; gives the state that the message has now."""
        if sent is None:
            return None
        state = keep_outcome(unit, sent, self.worker, repeat_uncertain=self.settings.repeat_uncertain)
        failpoint("outbox.before_record")
        return state
