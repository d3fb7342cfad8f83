"""Drains the outbox: sends every message whose time has come."""

import asyncio
import threading
from functools import partial

from prefect import flow

from commitments.clock import read_clock
from flows.artifacts import MAIL_PROGRESS
from flows.bars import Tell, do_long_step
from flows.missed import set_aside_missed
from flows.runs import Register, count_things, do_step, log_lines, name_run, open_register, stop_when_cancelled
from flows.views import count_due, count_waiting, has_sent
from notifications.crew import Dispatched
from notifications.dispatch import PATIENCE, dispatch_messages

LONG = 500
"""Messages from which on a run shows how far it is."""


@flow(name="deliver", flow_run_name="deliver", on_running=[set_aside_missed])
async def deliver(early: bool = False) -> dict[str, int]:
    """Send what may go now. What the mail server cannot take stays in the outbox, which alone tries again.

    Nothing is marked as sent before the server took it. Run twice at once, each message still goes once. `early`
    lets the very first messages into the local mailbox without waiting for morning: only this machine reads them.
    """
    with open_register("deliver") as register, stop_when_cancelled() as stop:
        due = await do_step("count what is due", partial(count_due, register.engine, register.now))
        fresh = early and register.settings.mail_url is None and not await asyncio.to_thread(has_sent, register.engine)
        done = await _send_due(register, due, stop, fresh)
        waiting, tried = await do_step("count what waits", partial(count_waiting, register.engine))
    log_lines(
        [f"{count_things(due, 'message')} could go now.", f"What became of it: {_describe(done, waiting, tried)}."]
    )
    await name_run(f"deliver: {_describe(done, waiting, tried)}")
    return {
        "sent": done.sent,
        "repeated": done.repeated,
        "retried": done.retried,
        "failed": done.failed,
        "cancelled": done.cancelled,
        "released": done.released,
        "waiting": waiting,
        "waiting_for_server": tried,
    }


async def _send_due(register: Register, due: int, stop: threading.Event, early: bool) -> Dispatched:
    """One step with all senders at work; on a large morning with a bar that moves."""
    send = partial(
        dispatch_messages, register.engine, register.settings, read_clock=read_clock, stop=stop, early=early,
        run=register.run, patience=PATIENCE,
    )  # fmt: skip
    if due < LONG:
        return await do_step("send what is due", send)

    def send_and_tell(tell: Tell) -> Dispatched:
        return send(tell=lambda done: tell(done, due))

    return await do_long_step(
        "send what is due", send_and_tell, f"{count_things(due, 'message')} to send", MAIL_PROGRESS
    )


def _describe(done: Dispatched, waiting: int, tried: int) -> str:
    told = []
    if done.sent:
        told.append(f"{done.sent:,} sent")
    if tried:
        told.append(f"{tried:,} {'waits' if tried == 1 else 'wait'} for the mail server")
    if done.failed:
        told.append(f"{done.failed:,} failed for good")
    if done.cancelled:
        told.append(f"{count_things(done.cancelled, 'message')} no longer needed")
    if waiting:
        told.append(f"{waiting:,} {'waits' if waiting == 1 else 'wait'} for the reader's morning or for their turn")
    return ", ".join(told) or "nothing to send"
