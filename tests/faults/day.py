"""The day's job in processes of their own, which a test may kill, hang, or let race.

`python -m tests.faults.day` runs one day by the environment (TALLY_DATABASE_URL, TALLY_MAIL_URL, TALLY_CLOCK,
TALLY_FAILPOINTS, TALLY_LEASE_SECONDS) and prints what it did. `start_day` does the same in a process forked from a
server that has loaded everything, so that hundreds of kills take seconds.
"""

import json
import multiprocessing
import threading
import time
import traceback
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import Any

from commitments import failpoints
from commitments.database import open_database
from commitments.settings import Settings, read_settings
from notifications import dispatch, pictures, planning
from notifications.sweep import sweep_register
from tests.faults.dataset import NOW

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.preload"])


SECRET = "what the letters of all these houses are named with"


@dataclass(frozen=True)
class Orders:
    """One run of the day's job."""

    database_url: str
    mail_url: str
    now: datetime = NOW
    failpoints: str = ""
    trace: str = ""
    lease_seconds: int = 300
    repeat_uncertain: bool = True
    piece: int | None = None  # how much a unit, span or batch holds, so that a small register has many of each
    running_clock: bool = False  # whether time goes on from `now`, or stands still
    senders: int = 1
    only_send: bool = False  # whether what is queued is sent and nothing else is done

    def settings(self) -> Settings:
        return Settings(
            database_url=self.database_url,
            mail_url=self.mail_url,
            clock=self.now,
            lease_seconds=self.lease_seconds,
            repeat_uncertain=self.repeat_uncertain,
            senders=self.senders,
            synchronous="NORMAL",
            secret=SECRET,
        )


def run_day(settings: Settings, *, running_clock: bool = False, stop: threading.Event | None = None) -> dict[str, Any]:
    """Do the day's job as of the settings' clock and say what was done."""
    now = settings.clock or NOW
    started = time.monotonic()

    def read_clock() -> datetime:
        return now + timedelta(seconds=time.monotonic() - started) if running_clock else now

    engine = open_database(settings.register_url, synchronous=settings.synchronous)
    try:
        swept = sweep_register(engine, settings, now, read_clock=read_clock, stop=stop)
    finally:
        engine.dispose()
    reconciled, planned, dispatched = swept.reconciled, swept.planned, swept.dispatched
    return {
        "changed": reconciled.touched,
        "planned": planned.touched,
        **{name: getattr(dispatched, name) for name in dispatched.__dataclass_fields__},
    }


def send_queued(settings: Settings) -> dict[str, Any]:
    """Send what is queued as of the settings' clock and say what was done."""
    engine = open_database(settings.register_url, synchronous=settings.synchronous)
    try:
        dispatched = dispatch.dispatch_messages(engine, settings, read_clock=lambda: settings.clock or NOW)
    finally:
        engine.dispose()
    return {name: getattr(dispatched, name) for name in dispatched.__dataclass_fields__}


class RunningDay:
    """A day's job under way in another process."""

    def __init__(self, process: BaseProcess, answer: Pipe) -> None:
        self.process, self._answer = process, answer

    def kill(self) -> None:
        self.process.kill()

    def finish(self, seconds: float = 300) -> dict[str, Any] | None:
        """What it did; nothing if it was killed. Raises AssertionError with its traceback if it failed."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            raise AssertionError(f"the day's job was not done after {seconds} s")
        try:
            report: dict[str, Any] | None = self._answer.recv() if self._answer.poll() else None
        except EOFError:
            report = None
        self._answer.close()
        if report is None:
            assert self.process.exitcode == -9, f"the day's job ended with {self.process.exitcode}"
            return None
        assert "failed" not in report or isinstance(report["failed"], int), report["failed"]
        return report


_DRAWN: list[Any] = []


def draw_once(*asked: Any, draw: Any = pictures.draw_summary) -> Any:
    """Drawing takes longer than the rest of a letter, and no fault is looked for in it: one picture does for all."""
    if not _DRAWN:
        _DRAWN.append(draw(*asked))
    return _DRAWN[0]


def start_day(orders: Orders, barrier: Any = None) -> RunningDay:
    """Start a day's job; with a barrier it waits there until all have come."""
    here, there = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_run_ordered, args=(orders, there, barrier), daemon=True)
    process.start()
    there.close()
    return RunningDay(process, here)


def finish_day(orders: Orders, **changed: Any) -> dict[str, Any] | None:
    """Run a day's job to its end."""
    return start_day(replace(orders, **changed)).finish()


def race(orders: Orders, runners: int) -> list[dict[str, Any]]:
    """Run so many of the same day's job at the same moment."""
    barrier = _FORKS.Barrier(runners)
    running = [start_day(orders, barrier) for _ in range(runners)]
    reports = [one.finish() for one in running]
    assert None not in reports
    return [report for report in reports if report is not None]


def _run_ordered(orders: Orders, answer: Pipe, barrier: Any) -> None:
    failpoints._orders = failpoints._read_orders(orders.failpoints)
    failpoints._trace = orders.trace
    if orders.piece is not None:
        _cut_small(orders.piece)
    try:
        if barrier is not None:
            barrier.wait(120)
        if orders.only_send:
            answer.send(send_queued(orders.settings()))
        else:
            answer.send(run_day(orders.settings(), running_clock=orders.running_clock))
    except Exception:
        answer.send({"failed": traceback.format_exc()})


def _cut_small(piece: int) -> None:
    from commitments import reconcile

    split = reconcile.split_register

    def split_small(reading: Any) -> Any:
        return split(reading, piece)

    reconcile.split_register = planning.split_register = split_small  # type: ignore[assignment]
    planning.PERSONS_A_UNIT = piece
    dispatch.BATCH = dispatch.SMALLEST_BATCH = piece


if __name__ == "__main__":
    print(json.dumps(run_day(read_settings())))
