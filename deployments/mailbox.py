"""The local mailbox of an embedded system: it takes every letter, keeps it as a file, and shows it in a browser.

For trying the product and for its tests; it listens on this machine only and sends nothing on.
"""

import asyncio
import os
import secrets
import socket
import threading
import time
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deployments.mailbox_pages import make_pages

_LOOPBACK = "127.0.0.1"
_SIZE_LIMIT = 25 * 1024 * 1024
_STOP_PATIENCE = 2.0
_START_PATIENCE = 60.0


def store_letter(folder: Path, wire: bytes) -> Path:
    """Keep one letter so that it survives a power cut once this returns; later letters get later names."""
    moment = datetime.now(UTC)
    name = f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond:06d}Z-{secrets.token_hex(4)}.eml"
    unfinished = folder / f".{name}.part"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(wire)
            file.flush()
            os.fsync(file.fileno())
        finished = folder / name
        unfinished.rename(finished)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)  # else a power cut could forget the name
    finally:
        os.close(directory)
    return finished


class _Clerk:
    """Answers 250 only for what is on the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        try:
            await asyncio.to_thread(store_letter, self._folder, content)
        except OSError as fault:
            return f"452 4.3.1 the mailbox cannot store the letter: {fault.strerror}"
        return "250 2.0.0 stored"


class _Door(Controller):
    """The SMTP side, on a socket that is bound already, so that a port in use is said at once."""

    def __init__(self, clerk: _Clerk, listener: socket.socket) -> None:
        host, port = listener.getsockname()
        super().__init__(clerk, hostname=host, port=port, data_size_limit=_SIZE_LIMIT, ready_timeout=_START_PATIENCE)
        self._listener = listener

    def _create_server(self) -> Coroutine[Any, Any, asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A running mailbox; `stop` ends it within two seconds and leaves the stored letters where they are."""

    folder: Path
    smtp_address: tuple[str, int]
    pages_address: str
    _door: _Door
    _pages: uvicorn.Server
    _pages_thread: threading.Thread

    def stop(self) -> None:
        """Stop taking letters and showing pages; calling it again does nothing."""
        if not self._door.loop.is_closed():
            self._door.stop(no_assert=True)
        self._pages.should_exit = True
        self._pages_thread.join(_STOP_PATIENCE / 2)
        if self._pages_thread.is_alive():
            self._pages.force_exit = True
            self._pages_thread.join(_STOP_PATIENCE / 2)

    def __enter__(self) -> "Mailbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_mailbox(folder: Path, smtp_port: int = 0, pages_port: int = 0) -> Mailbox:
    """Start a mailbox in threads of this process; port 0 takes any free port."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as undo:
        smtp_socket = undo.enter_context(socket.create_server((_LOOPBACK, smtp_port)))
        pages_socket = undo.enter_context(socket.create_server((_LOOPBACK, pages_port)))
        door = _Door(_Clerk(folder), smtp_socket)
        door.start()
        undo.pop_all()
    pages = uvicorn.Server(_configure_pages(folder))
    thread = threading.Thread(
        target=pages.run, kwargs={"sockets": [pages_socket]}, name="tally-mailbox-pages", daemon=True
    )
    thread.start()
    port = pages_socket.getsockname()[1]
    mailbox = Mailbox(folder, (_LOOPBACK, door.port), f"http://{_LOOPBACK}:{port}/", door, pages, thread)
    _wait_until_shown(mailbox)
    return mailbox


def _configure_pages(folder: Path) -> uvicorn.Config:
    options: dict[str, Any] = {"log_config": None, "log_level": "warning", "access_log": False, "lifespan": "off"}
    return uvicorn.Config(make_pages(folder), timeout_graceful_shutdown=1, server_header=False, **options)


def _wait_until_shown(mailbox: Mailbox) -> None:
    deadline = time.monotonic() + _START_PATIENCE
    while not mailbox._pages.started:
        if time.monotonic() > deadline or not mailbox._pages_thread.is_alive():
            mailbox.stop()
            raise RuntimeError("the pages of the local mailbox did not start")
        time.sleep(0.01)
