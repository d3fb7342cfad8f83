"""Starts a whole system on this machine with one command, and stops all of it with Ctrl-C.

`python -m deployments.up [--examples FOLDER]`; all state is in the folder TALLY_HOME.
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from commitments.errors import TallyError
from commitments.settings import Settings, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from deployments.embedded import PrefectServer, Serving
    from deployments.mailbox import Mailbox


class _Stopped(Exception):
    """Ctrl-C, or a polite request to end."""


class _Board:
    """Where the progress is told: a line each, with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def tell(self, line: str) -> None:
        self.write(f"{time.monotonic() - self._began:6.1f} s  {line}")

    def write(self, line: str) -> None:
        with self._lock:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


def run_up(settings: Settings, *, examples: Path | None, first_run: bool = True) -> int:
    """Start everything, say what there is, and wait for Ctrl-C; 0 after a clean stop, 1 if it could not start.

    To be called from the main thread, with the settings of this process: what it starts reads them anew.
    """
    board = _Board()
    with _listen_for_stop() as stop:
        try:
            with ExitStack() as running:
                _start(settings, examples, first_run, board, stop, running)
        except _Stopped:
            pass
        except TallyError as refused:
            sys.stderr.write(f"{refused}\n")
            return 1
        board.write("stopped; everything is kept in " + str(settings.home))
        return 0


def _start(
    settings: Settings, examples: Path | None, first_run: bool, board: _Board, stop: threading.Event, running: ExitStack
) -> None:
    from deployments.embedded import PrefectServer, Serving, check_ports, describe_surroundings, hold_home, make_key
    from deployments.overview import count_register, write_overview

    running.enter_context(hold_home(settings))
    check_ports(settings)
    make_key(settings)
    surroundings = describe_surroundings(settings)
    is_new = not (settings.home / "prefect").exists()
    patience = "its first start takes about 20 seconds" if is_new else "about 10 seconds"
    server = running.enter_context(PrefectServer(settings, surroundings))
    board.tell(f"starting the Prefect server ({patience}; its log is {server.log})")
    mailbox = _open_mailbox(settings, board, running)
    serving = running.enter_context(Serving(settings, surroundings, board.tell, first_run=first_run))
    with ThreadPoolExecutor(1) as aside:
        filling = aside.submit(_fill_register, settings, examples, board)
        filling.add_done_callback(lambda done: stop.set() if done.exception() else None)
        healthy = server.wait_until_healthy(stop)
        engine = filling.result()
    running.callback(engine.dispose)
    portal = _open_portal(settings, board, running)
    if healthy:
        board.tell("the Prefect server answers")
        serving.go()

    def look_after(seconds: float) -> None:
        if stop.wait(seconds):
            board.write("stopping…")
            raise _Stopped
        server.check()
        serving.check()

    while not serving.ready.is_set():
        look_after(0.1)
    board.tell("ready")
    pages, counted = mailbox.pages_address if mailbox else None, count_register(engine)
    # Only where the letters stay on this machine: who reads this screen could read the mailed link as well.
    sign_in = _make_sign_in(settings, engine) if mailbox and portal and examples else None
    for line in ["", *write_overview(settings, counted, pages, portal, sign_in=sign_in, is_new=is_new), ""]:
        board.write(line)
    _keep_alive(server, serving, board, stop, lambda: _tell_end(engine, settings))


def _tell_end(engine: "Engine", settings: Settings) -> None:
    from sqlalchemy.exc import OperationalError

    from commitments.clock import read_clock
    from commitments.database import DatabaseBusy
    from notifications.watching import tell_end

    with suppress(DatabaseBusy, OperationalError):  # what ended it may be what keeps it from being told
        tell_end(engine, settings, read_clock())


def _keep_alive(
    server: "PrefectServer",
    serving: "Serving",
    board: _Board,
    stop: threading.Event,
    tell_operator: Callable[[], None],
) -> None:
    """Start again what dies, and say so; if it dies too often in a row the operator is told, and CannotStart raised."""
    from deployments.embedded import CannotStart, quote_log
    from deployments.revival import Revivals

    deaths = {"server": Revivals(), "serving": Revivals()}

    def pause(seconds: float) -> None:
        if stop.wait(seconds):
            board.write("stopping…")
            raise _Stopped

    while True:
        pause(1.0)
        for name, process in (("server", server), ("serving", serving)):
            end = process.describe_end()
            if end is None:
                continue
            wait = deaths[name].choose_wait(time.monotonic())
            if wait is None:
                tell_operator()
                raise CannotStart(
                    f"{end}, {deaths[name].deaths + 1} times in a row: given up; {quote_log(process.log)}"
                )
            board.tell(f"{end}; starting it again in {wait:.0f} s ({process.log})")
            pause(wait)
            process.restart()
            if process is server and server.wait_until_healthy(stop):
                board.tell("the Prefect server answers again")


def _open_portal(settings: Settings, board: _Board, running: ExitStack) -> str | None:
    """The address of the portal, or nothing where nobody has said at which address its readers reach it."""
    if settings.pages_url is None:
        board.tell("no portal: set TALLY_BASE_URL to where it is reached, or nobody can answer from a message")
        return None
    from portal.serving import start_portal

    running.enter_context(start_portal(settings))
    board.tell("the portal takes answers")
    return settings.pages_url


def _make_sign_in(settings: Settings, engine: "Engine") -> str | None:
    """A link for the coordinator with most to do, in the operator's language if one reads it; None without any."""
    from commitments.clock import read_clock
    from commitments.database import open_unit
    from notifications.links import open_links
    from portal.visits import find_busiest_coordinator, make_link_number

    links, now = open_links(settings), read_clock()
    if links is None:
        return None
    with open_unit(engine) as unit:
        person = find_busiest_coordinator(unit, now, settings.operator_language)
        if person is None or person.mail is None:
            return None
        return links.write_sign_in(make_link_number(unit, person.id, person.mail, now))


def _open_mailbox(settings: Settings, board: _Board, running: ExitStack) -> "Mailbox | None":
    if settings.mail_url is not None:
        return None
    from deployments.mailbox import start_mailbox

    mailbox = running.enter_context(
        start_mailbox(settings.mailbox_folder, settings.mailbox_port, settings.mailbox_pages_port)
    )
    board.tell("the local mailbox takes letters")
    return mailbox


def _fill_register(settings: Settings, examples: Path | None, board: _Board) -> "Engine":
    from commitments.agreement_file import read_files
    from commitments.clock import read_clock, today_in
    from commitments.database import open_database
    from commitments.log import Author
    from commitments.register import import_files
    from migrations import migrate_database

    engine = open_database(settings.register_url, synchronous=settings.synchronous)
    migrate_database(engine)
    board.tell("the register is ready")
    paths = sorted(examples.glob("*.yaml")) if examples is not None else []
    if paths:
        now = read_clock()
        author = Author("up", now, why="the examples")
        imported = import_files(engine, read_files(paths), author, today_in(settings.time_zone, now))
        new = sum(one.new for one in imported)
        changed = sum(bool(one.changes) and not one.new for one in imported)
        said = ", ".join([f"{new} new"] * bool(new) + [f"{changed} changed"] * bool(changed)) or "nothing changed"
        board.tell(f"{len(paths)} agreement files from {examples}: {said}")
    return engine


@contextmanager
def _listen_for_stop() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, also where the parent had told this process to ignore Ctrl-C."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(arguments: list[str] | None = None) -> int:
    """`python -m deployments.up`."""
    parser = argparse.ArgumentParser(prog="python -m deployments.up", description="start everything on this machine")
    parser.add_argument("--examples", type=Path, help="a folder with agreement files to load")
    parser.add_argument("--no-first-run", action="store_true", help="wait for the schedules")
    chosen = parser.parse_args(arguments)
    try:
        settings = read_settings()
    except TallyError as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    return run_up(settings, examples=chosen.examples, first_run=not chosen.no_first_run)


if __name__ == "__main__":
    sys.exit(main())
