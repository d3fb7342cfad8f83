"""Serves the portal: `python -m portal`, or in a thread beside everything else."""

import asyncio
import gc
import logging
import random
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import uvicorn
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Receive, Scope, Send

from commitments.clock import read_clock, today_in
from commitments.database import open_database
from commitments.errors import TallyError
from commitments.overall_filling import fill_overall
from commitments.settings import Settings
from migrations import require_current
from portal.app import leave_to_next_look, make_portal
from portal.asked_links import make_links

_PATIENCE = 60.0
_STOP_PATIENCE = 2.0
_GARBAGE = (200_000, 20, 50)
"""How many new objects Python looks through for garbage at a time, and how often through what has lasted longer."""
_FILLED_EVERY = 600.0
"""Seconds after which it is looked again whether it is known how the agreements stand today."""
_LOOKED_EVERY = 5.0
"""Seconds after which it is looked again for links to sign in that another process has left, or that are not sent."""
_ASIDE = (0.5, 1.0)
"""Seconds between which and which a link is made, after it was asked for."""
_WORTH_TIDYING = 5_000
"""How many new objects are looked through between two pages: three thousandths of a second."""

log = logging.getLogger("tallystick.portal")


class Filling:
    """Keeps known how the agreements stand today, beside the pages: after an update, and where no check runs.

    Where it is not known, each page that shows it judges for itself: a large register in more than a second.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings, self._engine, self._ends = settings, engine, threading.Event()
        self._thread = threading.Thread(target=self._run, name="tally-filling", daemon=True)

    def __enter__(self) -> "Filling":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join(_STOP_PATIENCE / 2)

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                fill_overall(self._engine, today_in(self._settings.time_zone, read_clock()))
            except (TallyError, SQLAlchemyError) as fault:
                log.warning("how the agreements stand is judged page by page: %s", type(fault).__name__)
            self._ends.wait(_FILLED_EVERY)


class LinkMaking:
    """Makes and sends the links to sign in that were asked for, beside the pages; one that is killed loses none.

    It begins a while after it was woken, and never at the same moment, so that by no answer can it be told what it
    does: whose address it was that somebody asked with.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings, self._engine = settings, engine
        self._ends, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="tally-links", daemon=True)

    def wake(self) -> None:
        """Say that a link was asked for; returns at once."""
        self._woken.set()

    def __enter__(self) -> "LinkMaking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._woken.set()
        self._thread.join(_STOP_PATIENCE / 2)

    def _run(self) -> None:
        send = partial(send_message, self._engine, self._settings)
        while not self._ends.is_set():
            try:
                make_links(self._engine, self._settings, read_clock(), send)
            except Exception as fault:  # the edge: else nobody could sign in any more
                log.warning("links to sign in wait, and are made by the next look: %s", type(fault).__name__)
            self._woken.wait(_LOOKED_EVERY)
            self._ends.wait(random.uniform(*_ASIDE))  # noqa: S311 - spreads the moments, guards nothing by itself
            self._woken.clear()


@dataclass(frozen=True, slots=True)
class Serving:
    """A portal that is running; leaving it ends it within two seconds."""

    address: str
    _server: uvicorn.Server
    _thread: threading.Thread
    _engine: Engine
    _beside: ExitStack
    """What goes on beside the pages."""

    def stop(self) -> None:
        """Answer what is under way and end; calling it again does nothing."""
        self._server.should_exit = True
        self._thread.join(_STOP_PATIENCE / 2)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(_STOP_PATIENCE / 2)
        self._beside.close()
        self._engine.dispose()

    def __enter__(self) -> "Serving":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Errands:
    """Sends single messages at once and aside; what cannot be sent now stays in the outbox, which sends it later."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings, self._engine = settings, engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tally-errand")

    def send(self, message_id: int) -> None:
        self._thread.submit(send_message, self._engine, self._settings, message_id)


def send_message(engine: Engine, settings: Settings, message_id: int) -> None:
    """Send this one message of the outbox; if that cannot be done now, it waits there, and the log says so."""
    from notifications.dispatch import dispatch_messages

    try:
        dispatch_messages(engine, settings, read_clock=read_clock, only=message_id)
    except Exception as fault:  # the edge of a thread to which nobody else listens. What it says may hold an address
        log.warning("message %s waits in the outbox: %s", message_id, type(fault).__name__)


def configure(settings: Settings, engine: Engine, wake: Callable[[], None] = leave_to_next_look) -> uvicorn.Config:
    """How the portal is served. Nothing is logged of an address: it is a key."""
    app = make_portal(settings, engine, send=Errands(settings, engine).send, wake=wake)
    settle_memory()
    return uvicorn.Config(
        TidyBetween(app),
        host=settings.portal_host,
        port=settings.portal_port,
        access_log=False,
        log_level="warning",
        log_config=None,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
    )


def settle_memory() -> None:
    """Keep the looking for garbage out of the pages: it held one up for 130 ms, and took a tenth of most.

    What the program itself consists of is set apart for good. The rest is gone through between the pages
    (`TidyBetween`), and within one only where it makes very much.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


class TidyBetween:
    """Looks for garbage once an answer is out. A page leaves up to 10,000 objects behind in circles; looked for only
    once there were 50,000, they held up every sixth or twelfth page for 40 to 150 ms."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            if gc.get_count()[0] >= _WORTH_TIDYING:
                asyncio.get_running_loop().call_soon(_tidy)


def _tidy() -> None:
    new, younger, older = gc.get_count()
    if new >= _WORTH_TIDYING:
        gc.collect(2 if older >= _GARBAGE[2] else 1 if younger >= _GARBAGE[1] else 0)


def serve(settings: Settings) -> None:
    """Serve until asked to end. Raises DatabaseOutOfDate and SettingsError."""
    engine = open_database(settings.register_url, synchronous=settings.synchronous)
    try:
        require_current(engine)
        with Filling(settings, engine), LinkMaking(settings, engine) as links:
            uvicorn.Server(configure(settings, engine, links.wake)).run()
    finally:
        engine.dispose()


def start_portal(settings: Settings) -> Serving:
    """Serve in a thread of this process; the register must be there and current."""
    engine = open_database(settings.register_url, synchronous=settings.synchronous)
    listener = socket.create_server((settings.portal_host, settings.portal_port))
    beside = ExitStack()
    links = beside.enter_context(LinkMaking(settings, engine))
    server = uvicorn.Server(configure(settings, engine, links.wake))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="tally-portal", daemon=True)
    thread.start()
    host, port = listener.getsockname()[:2]
    beside.enter_context(Filling(settings, engine))
    serving = Serving(f"http://{host}:{port}/", server, thread, engine, beside)
    deadline = time.monotonic() + _PATIENCE
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            serving.stop()
            raise RuntimeError("the portal did not start")
        time.sleep(0.01)
    return serving
