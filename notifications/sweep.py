"""The whole day's job in one call: reconcile, plan, send. The truth is in the database, so it may run at any time."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from commitments.clock import today_in
from commitments.reconcile import Reconciled, reconcile_register
from commitments.settings import Settings
from notifications.crew import Dispatched
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_messages
from notifications.queueing import Planned
from notifications.secret import load_mail_domain


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    reconciled: Reconciled
    planned: Planned
    dispatched: Dispatched


def sweep_register(
    engine: Engine,
    settings: Settings,
    now: datetime,
    *,
    read_clock: Callable[[], datetime] | None = None,
    stop: threading.Event | None = None,
) -> Swept:
    """Do the day's job as of `now`; run twice, the second changes nothing and sends nothing."""
    today = today_in(settings.time_zone, now)
    reconciled = reconcile_register(engine, now, today)
    planned = plan_messages(engine, now, today, domain=load_mail_domain(settings))
    dispatched = dispatch_messages(engine, settings, read_clock=read_clock, stop=stop)
    return Swept(reconciled, planned, dispatched)
