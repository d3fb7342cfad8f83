"""An HTTP server on this machine that answers as it is told, and keeps what it was sent."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests


@dataclass
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class HttpSink:
    """What it answers is changed while it runs; `None` for a status closes the line without an answer."""

    port: int = 0
    status: int | None = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0
    requests: list[Request] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running_sink() -> Iterator[HttpSink]:
    sink = HttpSink()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sink.requests.append(Request(self.command, self.path, dict(self.headers), body))
            sink.stopped.wait(sink.pause)
            if sink.status is None:
                self.close_connection = True
                return
            with suppress(OSError):
                self.send_response(sink.status)
                for name, value in {"Content-Length": str(len(sink.body)), **sink.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(sink.body)

        do_GET = do_POST = do_PUT = _answer

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sink.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield sink
    finally:
        sink.stopped.set()
        server.shutdown()
        server.server_close()


def lead_to_sink(monkeypatch: pytest.MonkeyPatch, sink: HttpSink) -> None:
    """Let every request that `requests` makes end at the sink, under the name of the host that it was meant for."""
    real = requests.sessions.HTTPAdapter.send

    def send(self: Any, request: Any, **options: Any) -> Any:
        meant = urlsplit(request.url)
        request.headers["Host"] = meant.hostname
        request.url = f"{sink.url}{meant.path}" + (f"?{meant.query}" if meant.query else "")
        return real(self, request, **options | {"verify": False})

    monkeypatch.setattr(requests.sessions.HTTPAdapter, "send", send)
