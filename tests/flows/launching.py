"""Starts a whole system from outside, as a person would, on free ports and in a folder of its own."""

import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

ROOT = Path(__file__).parents[2]
READY = "Ctrl-C stops everything."
_FIRST_PORT, _PORTS_A_PROCESS = 20_000, 700
_given_out = itertools.count(random.SystemRandom().randrange(_PORTS_A_PROCESS))


AUTH = "ops:hush-hush"
"""What a guarded server asks for."""
_SIGNED: dict[str, dict[str, str]] = {}
"""The headers that a guarded server asks for, by its address."""


def sign_in(base: str, *, forgery_token: bool = False) -> None:
    """From now on ask the server of this address as somebody who knows its password."""
    _SIGNED[base] = {"Authorization": f"Basic {b64encode(AUTH.encode()).decode()}"}
    if forgery_token:
        client = str(uuid4())
        token = ask(base, f"/csrf-token?client={client}", method="GET")["token"]
        _SIGNED[base] |= {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": token}


def ask(base: str, path: str, *, method: str = "POST", body: Any = None, **question: Any) -> Any:
    """One question to the Prefect API; asked again while its SQLite is busy, as Prefect's own clients do."""
    said = json.dumps(question if body is None else body).encode() if method in ("POST", "PATCH") else None
    headers = {"Content-Type": "application/json", **_SIGNED.get(base, {})}
    request = urllib.request.Request(f"{base}/api{path}", said, headers, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 300
    while True:
        try:
            with opener.open(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refused:
            if refused.code != 503 or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def find_ports(number: int) -> list[int]:
    """Ports that are free, and stay so until they are listened at.

    Below those that the system gives to whoever calls out, and in a range of this test process's own: else another
    connection may take one between its being found and its being used.
    """
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _FIRST_PORT + process % 16 * _PORTS_A_PROCESS
    ports: list[int] = []
    while len(ports) < number:
        port = first + next(_given_out) % _PORTS_A_PROCESS
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.append(port)
    return ports


@dataclass
class Launched:
    """A running system."""

    process: subprocess.Popen[bytes]
    log: Path
    home: Path
    ports: list[int]

    @property
    def prefect(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def letters(self) -> int:
        return len(list((self.home / "mailbox").glob("*.eml")))

    def wait_until_ready(self, patience: float = 600) -> str:
        """The whole output, once the block with the addresses is there."""
        self.wait_for(READY, patience)
        return self.output

    def wait_for(self, words: str, patience: float = 600) -> None:
        deadline = time.monotonic() + patience
        while words not in self.output:
            assert self.process.poll() is None, f"it ended by itself:\n{self.output}"
            assert time.monotonic() < deadline, f"no {words!r} in {patience} s:\n{self.output}"
            time.sleep(0.1)

    def family(self) -> list[psutil.Process]:
        """The process and everything that it started."""
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]

    def interrupt(self, patience: float = 240) -> int:
        """Press Ctrl-C; gives the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(patience)


@contextmanager
def launch(
    home: Path, started_before: Path | None = None, *, first_run: bool = True, **settings: str
) -> Iterator[Launched]:
    """A system that is starting; whatever is left of it at the end is killed.

    Given the folder of a Prefect server that was `started_before`, it begins with a copy of that.
    """
    home.mkdir(parents=True, exist_ok=True)
    if started_before is not None:
        shutil.copytree(started_before, home / "prefect")
    ports = find_ports(4)
    names = ("TALLY_PREFECT_PORT", "TALLY_MAILBOX_PORT", "TALLY_MAILBOX_PAGES_PORT", "TALLY_PORTAL_PORT")
    kept = {name: value for name, value in os.environ.items() if not re.match("TALLY_|PREFECT_", name)}
    environment = kept | dict(zip(names, map(str, ports), strict=True)) | {"TALLY_HOME": str(home)} | settings
    log = home / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "deployments.up", "--examples", "examples", *["--no-first-run"] * (not first_run)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # As a script starts it in the background: Ctrl-C is ignored unless the program asks for it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # noqa: PLW1509
        )
    system = Launched(process, log, home, ports)
    try:
        yield system
    finally:
        if process.poll() is None:
            for one in reversed(system.family()):
                one.kill()
            process.wait()


@contextmanager
def start_server(home: Path) -> Iterator[str]:
    """A Prefect server as the how-to page starts one, guarded by a password and against forgery; gives its address."""
    (port,) = find_ports(1)
    home.mkdir(parents=True, exist_ok=True)
    address = f"http://127.0.0.1:{port}"
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "deployments.prefect_server", "--port", str(port)],
            cwd=ROOT,
            env=describe_client(
                home,
                address,
                PREFECT_SERVER_API_AUTH_STRING=AUTH,
                PREFECT_SERVER_CSRF_PROTECTION_ENABLED="true",
            ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 600
        while True:
            assert server.poll() is None, (home / "server.log").read_text()
            try:
                ask(address, "/health", method="GET")
            except OSError:
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.5)
            else:
                break
        sign_in(address, forgery_token=True)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def describe_client(home: Path, address: str, **settings: str) -> dict[str, str]:
    """The environment of a person at a keyboard who uses the server of the address."""
    kept = {name: value for name, value in os.environ.items() if not re.match("TALLY_|PREFECT_", name)}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": f"{address}/api",
        "PREFECT_API_AUTH_STRING": AUTH,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "DO_NOT_TRACK": "1",
        **settings,
    }
