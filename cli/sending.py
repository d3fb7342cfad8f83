"""`tally send`: plan what is due and send it; stops within seconds when asked to, and never hides late mail."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.screen import count, print_error, print_json, print_table, say, show_moment, write_examples

if TYPE_CHECKING:
    from cli.session import Register
    from notifications.crew import Dispatched

FAILED = 3
SECONDS_TO_FINISH = 4.0
"""The message under way gets so long after a signal; then its lease is left to the next sender."""


def add_commands(app: typer.Typer) -> None:
    app.command(
        "send",
        rich_help_panel="Tell people",
        epilog=write_examples("tally send --dry-run", "tally send"),
    )(send)


def send(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go now; write and send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Queue the messages that are due and send those whose hour has come.

    Ends with exit code 3 if mail is outstanding or a message has failed. Ctrl-C finishes the message under way.
    """
    from cli.session import open_register

    with open_register() as register:
        if dry_run:
            _show_what_would_go(register, as_json)
            return
        report = _send(register)
    if as_json:
        print_json({name: value for name, value in report.items() if name != "outbox_words"})
    else:
        _print_report(report)
    if report["outstanding"] or report["failed"]:
        raise typer.Exit(FAILED)


def _send(register: "Register") -> dict[str, Any]:
    from cli.outbox import read_last_replies, read_outbox
    from commitments.clock import read_clock
    from commitments.database import open_reading

    with open_reading(register.engine) as reading:
        failed_before = read_outbox(reading, register.now).failed
    sent = _send_until_stopped(register)
    with open_reading(register.engine) as reading:
        outbox = read_outbox(reading, read_clock())
        replies = read_last_replies(reading)
    return {
        **asdict(sent),
        **outbox.as_json(),
        "failed": max(sent.failed, outbox.failed - failed_before),
        "replies": replies,
        "outbox_words": outbox.describe(register.settings.time_zone),
    }


@dataclass(slots=True)
class _Run:
    """One run of the sender on a thread of its own, so that a signal is heard while the mail server is slow."""

    register: "Register"
    stop: threading.Event
    sent: "Dispatched | None" = None
    fault: BaseException | None = None

    def run(self) -> None:
        register = self.register
        try:
            from commitments.clock import read_clock
            from notifications.dispatch import PATIENCE, dispatch_messages
            from notifications.planning import plan_messages

            plan_messages(register.engine, register.now, register.today, domain=register.domain)
            self.sent = dispatch_messages(
                register.engine, register.settings, read_clock=read_clock, stop=self.stop, patience=PATIENCE
            )
        except BaseException as fault:  # handed to the main thread, which tells of it
            self.fault = fault


def _send_until_stopped(register: "Register") -> "Dispatched":
    run = _Run(register, threading.Event())
    asked = threading.Event()
    thread = threading.Thread(target=run.run, name="sender", daemon=True)
    with _hear_signals(asked):
        thread.start()
        while thread.is_alive() and not asked.is_set():
            thread.join(0.1)
        if asked.is_set():
            run.stop.set()
            thread.join(SECONDS_TO_FINISH)
    if thread.is_alive():
        print_error("stopped; the mail server has not answered yet, so the message under way is taken up again later")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(FAILED)  # a thread that waits for the network cannot be ended otherwise
    if run.fault is not None:
        raise run.fault
    if run.sent is None:
        raise RuntimeError("the sender ended without a result")
    return run.sent


@contextmanager
def _hear_signals(asked: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM ask for an end instead of breaking off."""

    def hear(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _print_report(report: dict[str, Any]) -> None:
    repeated = f" ({report['repeated']} of them repeated)" if report["repeated"] else ""
    say(f"{count(report['sent'], 'message')} sent{repeated}, {report['cancelled']} no longer needed.")
    say(f"{report['outbox_words'].capitalize()}.")
    if report["sending"]:
        say(f"{count(report['sending'], 'message is', 'messages are')} being sent by another process.")
    if report["failed"]:
        print_error(
            f"{count(report['failed'], 'message has', 'messages have')} failed: tally messages --state failed --why"
        )
    if report["outstanding"]:
        print_error(f"{count(report['outstanding'], 'message is', 'messages are')} outstanding")
    if report["failed"] or report["outstanding"]:
        for reply in report["replies"]:
            print_error(reply)


def _show_what_would_go(register: "Register", as_json: bool) -> None:
    from cli.outbox import list_told
    from cli.speech import Speaker
    from commitments.database import open_reading
    from notifications.planning import plan_messages

    with register.open_rehearsal() as copy:
        plan_messages(copy, register.now, register.today, domain=register.domain)
        with open_reading(copy) as reading:
            found = _list_ready(reading, register, Speaker(reading))
    if as_json:
        print_json(found)
        return
    rows = [
        (
            show_moment(one["next_at"], register.settings.time_zone),
            [one["name"], (one["to"], "dim")],
            [(one["subject"], "bold"), *list_told(one)[:3]],
        )
        for one in found
        if one["goes_now"]
    ]
    if rows:
        print_table(("From", "To", "What and why"), rows)
    later = len(found) - len(rows)
    say(f"{count(len(rows), 'message')} would go now, {later} later. This was a dry run: nothing was written or sent.")


def _list_ready(reading: Any, register: "Register", speaker: Any) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from cli.outbox import load_notices
    from commitments.reconcile import load_rules
    from commitments.vocabulary import NotificationState
    from notifications.composing import compose_messages, is_empty
    from notifications.names import load_names
    from notifications.rendering import pass_over, write_safely
    from notifications.tables import notification

    rows = reading.execute(
        select(notification)
        .where(notification.c.state == str(NotificationState.QUEUED))
        .order_by(notification.c.next_at, notification.c.id)
    ).all()
    names = load_names(reading)
    messages = compose_messages(reading, rows, load_rules(reading), names, register.today)
    notices = load_notices(reading, [row.id for row in rows])
    return [
        {
            "key": row.key,
            "to": row.address,
            "channel": row.channel,
            "kind": row.kind,
            "state": row.state,
            "reason": speaker.tell_notices(notices.get(row.id, [])),
            "attempts": row.attempts,
            "message_id": row.message_id,
            "notices": speaker.tell_each(notices.get(row.id, [])),
            "name": names.contacts[row.contact_id][0],
            "subject": write_safely(messages[row.id], register.settings.house_folder, pass_over).subject,
            "next_at": row.next_at,
            "goes_now": row.next_at <= register.now,
        }
        for row in rows
        if not is_empty(messages[row.id])
    ]
