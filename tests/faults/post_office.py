"""A mail server in a thread of the test, with faults that can be changed while it runs, and a log of what it took."""

import asyncio
import email
import email.policy
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.sink import Conversation, Ledger
from tests.flows.launching import find_ports

_OFFERS = [b"PIPELINING", b"SIZE 26214400", b"8BITMIME", b"ENHANCEDSTATUSCODES"]


@dataclass(frozen=True)
class Mail:
    """One accepted mail."""

    message_id: str
    recipient: str
    repeat: bool


class KeepingLedger(Ledger):
    """A ledger that keeps the letters, too."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.bodies: list[bytes] = []

    def write(self, body: bytes, recipients: list[bytes]) -> None:
        self.bodies.append(body)
        super().write(body, recipients)


class PostOffice:
    """A server on 127.0.0.1 that can close its door and open it again at the same port."""

    def __init__(self, loop: asyncio.AbstractEventLoop, log: Path, seed: int = 1) -> None:
        self._loop, self._log = loop, log
        self.ledger = KeepingLedger(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), {}, seed, _OFFERS)
        (self.port,) = find_ports(1)  # which nobody takes while the door is closed
        self._server: asyncio.Server | None = None
        self.open_door()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?timeout=5"

    def open_door(self) -> None:
        async def listen() -> asyncio.Server:
            return await self._loop.create_server(
                lambda: Conversation(self.ledger), "127.0.0.1", self.port, backlog=512
            )

        self._server = asyncio.run_coroutine_threadsafe(listen(), self._loop).result(120)

    def close_door(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._loop.call_soon_threadsafe(self._server.close)
            self._server = None

    def strike(self, **faults: float) -> None:
        """Let these faults happen, each with its share, and no others."""
        self.ledger.faults = faults

    def read(self) -> list[Mail]:
        lines = (line.split("\t") for line in self._log.read_text().splitlines())
        return [Mail(name, recipient, repeat == "yes") for name, recipient, repeat in lines]

    def read_letters(self, recipient: str) -> list[str]:
        """The texts of all letters that somebody got."""
        letters = [email.message_from_bytes(body, policy=email.policy.default) for body in self.ledger.bodies]
        texts = [one.get_body(("plain",)) for one in letters if recipient in str(one["To"])]
        return [str(text.get_content()) for text in texts if text is not None]

    def end(self) -> None:
        self.close_door()
        if self.ledger.log is not None:
            os.close(self.ledger.log)
            self.ledger.log = None


@contextmanager
def running_offices(folder: Path) -> Iterator["Offices"]:
    """Mail servers at call, all in one thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="post-offices", daemon=True)
    thread.start()
    offices = Offices(loop, folder)
    try:
        yield offices
    finally:
        offices.end()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


class Offices:
    def __init__(self, loop: asyncio.AbstractEventLoop, folder: Path) -> None:
        self._loop, self._folder = loop, folder
        self._all: list[PostOffice] = []

    def open(self, seed: int = 1) -> PostOffice:
        """A new server with a log of its own."""
        office = PostOffice(self._loop, self._folder / f"mail-{len(self._all)}.log", seed)
        self._all.append(office)
        return office

    def end(self) -> None:
        for office in self._all:
            office.end()
