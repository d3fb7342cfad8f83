"""The look at the engine from outside of it, for when nothing is left in it that could look: by cron or a timer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, select

from commitments.clock import today_in
from commitments.database import open_reading, open_unit
from commitments.facts import Reason
from commitments.operations import (
    ALL_FLOWS,
    Trouble,
    appoint_operator,
    find_last_run,
    find_silence,
    open_trouble,
    watch_flows,
)
from commitments.settings import Settings
from commitments.tables import follow_up
from commitments.vocabulary import (
    OPERATOR_KINDS,
    FollowUpKind,
    FollowUpState,
    NotificationKind,
    NotificationState,
    ReasonCode,
)
from notifications.crew import Dispatched
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_alerts
from notifications.secret import load_mail_domain
from notifications.tables import notification


@dataclass(frozen=True, slots=True)
class Watched:
    """What one look found, and what became of the alerts."""

    last_run: datetime | None
    """When a flow last began or finished; None if none ever did."""
    open: tuple[Any, ...]
    """The rows of the operator's open follow-ups."""
    told: int
    waiting: int
    """Alerts that were tried and not taken yet."""
    refusal: str | None
    """What the mail server said to them."""


def watch_engine(engine: Engine, settings: Settings, now: datetime) -> Watched:
    """Open what is wrong with the engine, as the register alone knows it, and send the operator the alert.

    Needs no Prefect. Run twice, the second tells nothing new.
    """
    with open_unit(engine) as unit:
        appoint_operator(unit, settings.operator, settings.operator_language, settings.time_zone, now)
        silence = find_silence(unit, now)
        if silence is not None:
            open_trouble(unit, silence, now)
        watch_flows(unit, now)
    sent = tell_alerts(engine, settings, now, read_clock=lambda: now)
    with open_reading(engine) as reading:
        ours = follow_up.c.kind.in_([str(kind) for kind in OPERATOR_KINDS])
        still_open = follow_up.c.state == str(FollowUpState.OPEN)
        rows = reading.execute(select(follow_up).where(ours, still_open).order_by(follow_up.c.id)).all()
        waiting = len(reading.execute(_select_alerts(notification.c.attempts > 0)).all())
        return Watched(find_last_run(reading), tuple(rows), sent.sent, waiting, sent.halted)


def tell_end(engine: Engine, settings: Settings, now: datetime) -> None:
    """Tell the operator at once that nothing will run from now on, as when what runs it gives up."""
    trouble = Trouble(FollowUpKind.NOTHING_RUNS, ALL_FLOWS, Reason(ReasonCode.NOTHING_RUNS, {}))
    with open_unit(engine) as unit:
        appoint_operator(unit, settings.operator, settings.operator_language, settings.time_zone, now)
        open_trouble(unit, trouble, now)
    tell_alerts(engine, settings, now)


def tell_alerts(
    engine: Engine, settings: Settings, now: datetime, *, read_clock: Callable[[], datetime] | None = None
) -> Dispatched:
    """Queue what the operator is to be told and send the alerts that wait, and no other message."""
    day = today_in(settings.time_zone, now)
    plan_alerts(engine, now, day, domain=load_mail_domain(settings))
    with open_reading(engine) as reading:
        waiting = list(reading.execute(_select_alerts(notification.c.next_at <= now)).scalars())
    done = Dispatched()
    for message_id in waiting:
        done.add(dispatch_messages(engine, settings, read_clock=read_clock or _read_clock, only=message_id))
    return done


def _select_alerts(which: ColumnElement[bool]) -> Any:
    queued = notification.c.state == str(NotificationState.QUEUED)
    return select(notification.c.id).where(queued, notification.c.kind == str(NotificationKind.ALERT), which)


def _read_clock() -> datetime:
    return datetime.now(UTC)
