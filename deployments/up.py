"""Starts a whole system on this machine with one command, and stops all of it with Ctrl-C.

`python -m deployments.up [--examples FOLDER]`; all state is in the folder TALLY_HOME.
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from commitments.errors import TallyError
from commitments.settings import Settings, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from deployments.embedded import PrefectServer
    from deployments.mailbox import Mailbox

SERVE_PATIENCE = 4.0


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


class _Serving:
    """The deployments, served by a thread of this process."""

    def __init__(self, zone: str, board: _Board, *, first_run: bool) -> None:
        self.ready = threading.Event()
        self.fault: BaseException | None = None
        self._zone, self._board, self._first_run = zone, board, first_run
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tally-serving", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        import asyncio

        from deployments.serving import serve_deployments

        async def serve() -> None:
            work = asyncio.ensure_future(
                serve_deployments(
                    self._zone, first_run=self._first_run, embedded=True, tell=self._board.tell, ready=self.ready.set
                )
            )
            while not work.done() and not self._stop.is_set():
                await asyncio.wait([work], timeout=0.1)
            work.cancel()
            await work

        try:
            asyncio.run(serve())
        except asyncio.CancelledError:
            pass
        except BaseException as fault:  # told by the main thread
            self.fault = fault

    def stop(self) -> None:
        """No new runs; those under way are asked to end."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(SERVE_PATIENCE)


def run_up(settings: Settings, *, examples: Path | None, first_run: bool = True) -> int:
    """Start everything, say what there is, and wait for Ctrl-C; 0 after a clean stop, 1 if it could not start.

    To be called once in a process, from its main thread, before anything imports Prefect.
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
    from deployments.embedded import PrefectServer, check_ports, describe_surroundings, end_children, hold_home
    from deployments.overview import count_register, write_overview

    running.enter_context(hold_home(settings))
    check_ports(settings)
    surroundings = describe_surroundings(settings)
    is_new = not (settings.home / "prefect").exists()
    server = running.enter_context(PrefectServer(settings, surroundings))
    patience = "its first start takes about 20 seconds" if is_new else "about 10 seconds"
    board.tell(f"starting the Prefect server ({patience}; its log is {server.log})")
    os.environ.clear()  # Prefect reads its surroundings when it is imported, and runs inherit them
    os.environ.update(surroundings)
    mailbox = _open_mailbox(settings, board, running)
    with ThreadPoolExecutor(1) as aside:
        filling = aside.submit(_fill_register, settings, examples, board)
        importing = aside.submit(_import_serving)
        _wait_for(filling, server, stop)
        engine = filling.result()
        running.callback(engine.dispose)
        if not server.wait_until_healthy(stop):
            raise _Stopped
        board.tell("the Prefect server answers")
        _wait_for(importing, server, stop)
    serving = _Serving(settings.time_zone, board, first_run=first_run)
    running.callback(end_children, spare=server.pid)
    running.callback(serving.stop)
    serving.start()
    while not serving.ready.wait(0.2):
        _look_after(server, serving, stop)
    board.tell("ready")
    for line in ["", *write_overview(settings, count_register(engine), mailbox.pages_address if mailbox else None), ""]:
        board.write(line)
    while not stop.wait(1.0):
        _look_after(server, serving, stop)
    board.write("stopping…")


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


def _import_serving() -> None:
    """Importing Prefect takes seconds, so it is done while its server starts."""
    import deployments.serving  # noqa: F401


def _wait_for(work: "Future[Engine] | Future[None]", server: "PrefectServer", stop: threading.Event) -> None:
    while not work.done():
        if stop.wait(0.1):
            raise _Stopped
    work.result()


def _look_after(server: "PrefectServer", serving: _Serving, stop: threading.Event) -> None:
    """_Stopped when asked to; CannotStart if a part of the system ended by itself."""
    from deployments.embedded import CannotStart

    if stop.is_set():
        raise _Stopped
    if not server.is_running:
        raise CannotStart(f"the Prefect server ended by itself; its log is {server.log}")
    if not serving.is_running:
        if isinstance(serving.fault, TallyError):
            raise serving.fault
        raise CannotStart(f"the deployments are no longer served: {serving.fault!r}") from serving.fault


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
