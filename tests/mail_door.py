"""An SMTP server in a thread of the test, at a port that the system gives it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller


class Door(Controller):
    """Listens at any free port and knows which; a busy machine has its time to open it."""

    def __init__(self, handler: Any, **options: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", port=0, ready_timeout=120, **options)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def open_door(handler: Any, **options: Any) -> Iterator[int]:
    """The port at which the handler takes letters."""
    door = Door(handler, **options)
    door.start()
    try:
        yield door.port
    finally:
        door.stop()
