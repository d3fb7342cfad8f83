"""What follows from the changes that people made: looked at again together, however many they are."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, select

from commitments.changes import Change
from commitments.chunks import Span, split_register
from commitments.database import open_reading, open_unit
from commitments.events import EventName
from commitments.failpoints import failpoint
from commitments.people import find_agreements_around
from commitments.publication import OF_A_COMMITMENT, list_unfollowed, mark_followed
from commitments.reconcile import Reconciled, load_rules, reconcile_span
from commitments.tables import log_entry
from commitments.vocabulary import FollowUpState
from flows.views import PAGE, Row, list_changes
from notifications.queueing import Planned

CHANGES_A_ROUND = 5000
ROWS_SHOWN = 100


@dataclass(slots=True)
class Followed:
    """What one run looked at again, and what became of it."""

    changes: int = 0
    agreements: set[int] = field(default_factory=set)
    first: int | None = None
    """The number of the oldest log entry that was followed up."""
    shown: list[Any] = field(default_factory=list)
    moments: set[datetime] = field(default_factory=set)
    """When the changes were written, and when this run judges: what a command or this run worked out bears these."""
    queued: int = 0
    """Messages that this called for."""

    def take(self, rows: Sequence[Any], agreements: Collection[int]) -> None:
        self.changes += len(rows)
        self.agreements.update(agreements)
        self.moments.update(row.at for row in rows)
        self.first = rows[0].id if self.first is None else self.first
        self.shown.extend(rows[: max(ROWS_SHOWN - len(self.shown), 0)])


def follow_up_changes(
    engine: Engine, now: datetime, today: date, plan: Callable[[Sequence[Span]], Planned], done: Followed | None = None
) -> Followed:
    """Judge every agreement that people changed, `plan` the messages that follow for them, and note that it was done.

    Whatever waits is taken, in rounds, until nothing does; killed under way, the next run takes up what is left.
    """
    done = done or Followed()
    done.moments.add(now)
    while True:
        with open_reading(engine) as reading:
            rows = list_unfollowed(reading, CHANGES_A_ROUND)
            touched = _find_touched(reading, rows)
            spans = _find_spans(split_register(reading), touched) if rows else []
        if not rows:
            return done
        for span in spans:
            with open_unit(engine) as unit:
                reconcile_span(unit, span, load_rules(unit), now, today, Reconciled())
        failpoint("following.before_planning")
        done.queued += plan(spans).messages
        failpoint("following.before_mark")
        with open_unit(engine) as unit:
            mark_followed(unit, [row.id for row in rows], now)
        done.take(rows, touched)


def _find_touched(reading: Connection, rows: Sequence[Any]) -> set[int]:
    """The agreements that changed, and those under which a contact is asked who did."""
    people = [row.row_id for row in rows if row.name == EventName.CONTACT_CHANGED]
    changed = {row.agreement_id for row in rows if row.agreement_id is not None}
    return changed.union(find_agreements_around(reading, people) if people else ())


def _find_spans(spans: Sequence[Span], changed: set[int]) -> list[Span]:
    """Of each span of the register the part from the first to the last agreement that changed."""
    ids = sorted(changed)
    found = []
    for span in spans:
        within = [one for one in ids if span.first <= one <= span.last]
        if within:
            found.append(Span(within[0], within[-1]))
    return found


@dataclass(frozen=True, slots=True)
class Story:
    """What changed and what followed, for people."""

    rows: tuple[Row, ...]
    opened: int
    closed: int


def tell_story(engine: Engine, followed: Followed, zone: str) -> Story:
    """The changes that people made, and the follow-ups that these opened and closed, each with its reason.

    What a command worked out itself, together with the change that it wrote, belongs to the story too; what another
    run did meanwhile does not.
    """
    if followed.first is None:
        return Story((), 0, 0)
    with open_reading(engine) as reading:
        written = reading.execute(
            select(log_entry)
            .where(
                log_entry.c.agreement_id.in_(sorted(followed.agreements)),
                log_entry.c.id >= followed.first,
                log_entry.c.subject == "follow_up",
                log_entry.c.action != "escalated",
            )
            .order_by(log_entry.c.id)
        )
        entries = [row for row in written if row.at in followed.moments]
        touched = [Change(row.action, row.subject, row.row_id, row.reference, None) for row in entries[:ROWS_SHOWN]]
        shown = list_changes(reading, touched)
    states = [row.changes.get("state", (None, None))[1] for row in entries]

    def tell_moment(row: Any) -> str:
        return f"{row.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"

    said = [
        {
            "change": row.name.removeprefix("tallystick.").replace(".", " "),
            "follow-up": "",
            "who": row.who,
            "why": row.why or "",
            "what": row.reference,
            "when": tell_moment(row),
            "matter": "/".join(row.reference.split("/")[:2]),
            PAGE: _name_page(row),
        }
        for row in followed.shown
    ]
    opened = sum(state == FollowUpState.OPEN for state in states)
    closed = sum(state in (FollowUpState.DONE, FollowUpState.SUPERSEDED) for state in states)
    followed_by = [{**one, "when": tell_moment(row)} for one, row in zip(shown, entries, strict=False)]
    return Story((*said, *followed_by), opened, closed)


def _name_page(row: Any) -> str:
    """What a log entry is about and has a page: its commitment, else its agreement."""
    parts = row.reference.split("/")
    return "/".join(parts[: 2 if row.subject in OF_A_COMMITMENT else 1]) if row.agreement_id is not None else ""
