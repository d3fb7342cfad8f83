"""The processes of a system on one machine: a Prefect server of our own, its surroundings, and its end."""

import base64
import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from commitments.errors import TallyError
from commitments.settings import Settings
from deployments.parting import PARENT

LOOPBACK = "127.0.0.1"
HEALTH_PATIENCE = 120.0
SERVER_PATIENCE = 4.0
SERVING_PATIENCE = 3.0
GO, READY, TOLD = b"go\n", b"\x1eready\n", b"\x1e"
"""What is said between us and the process that serves; anything else it writes is for its log."""

_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


class CannotStart(TallyError):
    """Something on this machine is in the way."""


def describe_surroundings(settings: Settings) -> dict[str, str]:
    """The environment in which our Prefect server and everything that speaks to it run."""
    here = f"http://{LOOPBACK}:{settings.prefect_port}"
    home = settings.home.absolute()
    untouched = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    around = [part for name in ("NO_PROXY", "no_proxy") for part in os.environ.get(name, "").split(",") if part]
    return untouched | {
        "TALLY_HOME": str(home),
        "NO_PROXY": ",".join(dict.fromkeys([*around, LOOPBACK, "localhost"])),
        "no_proxy": ",".join(dict.fromkeys([*around, LOOPBACK, "localhost"])),
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_PROFILES_PATH": str(home / "prefect" / "profiles.toml"),
        "PREFECT_API_URL": f"{here}/api",
        "PREFECT_UI_URL": here,
        "PREFECT_SERVER_API_HOST": LOOPBACK,
        "PREFECT_SERVER_API_PORT": str(settings.prefect_port),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        # With SQLite, marking many waiting runs as late makes storms of locks; and a place held by a run must
        # survive a restart of the server, or it is held for ever.
        "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "600",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_RUNNER_POLL_FREQUENCY": "2",
        # The automation that ends a run without a sign of life waits for several of these.
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
        **_describe_secrets(settings),
    }


def _describe_secrets(settings: Settings) -> dict[str, str]:
    """What must reach the processes and nobody else: in their environment, never in their arguments or our output."""
    secrets: dict[str, str] = {}
    if settings.prefect_auth is not None:
        auth = settings.prefect_auth.get_secret_value()
        secrets |= {"PREFECT_SERVER_API_AUTH_STRING": auth, "PREFECT_API_AUTH_STRING": auth}
    key = settings.home / "prefect.key"
    if key.is_file():
        secrets["PREFECT_SERVER_ENCRYPTION_KEY"] = key.read_text().strip()
    return secrets


def make_key(settings: Settings) -> None:
    """A key of its own for what a new Prefect server encrypts, beside its database: a copy of that alone tells nothing.

    A server that has begun without one keeps the key that it made itself.
    """
    path = settings.home / "prefect.key"
    if path.exists() or (settings.home / "prefect").exists():
        return
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(32)))


@contextmanager
def hold_home(settings: Settings) -> Iterator[None]:
    """Hold the home folder: a second system in it would send beside the first. Let go of when the process ends."""
    settings.home.mkdir(parents=True, exist_ok=True)
    path = settings.home / "up.pid"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise CannotStart(_describe_holder(file.read(), settings.home)) from None
        file.truncate(0)
        json.dump({"pid": os.getpid(), "prefect_port": settings.prefect_port}, file)
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _describe_holder(text: str, home: Path) -> str:
    try:
        holder = json.loads(text)
        where = f"process {holder['pid']}, Prefect at http://{LOOPBACK}:{holder['prefect_port']}"
    except (ValueError, KeyError, TypeError):
        where = "another process"
    return (
        f"Tallystick already runs with the folder {home} ({where}); "
        "stop it with Ctrl-C where it was started, or give this one another folder with TALLY_HOME"
    )


def check_ports(settings: Settings) -> None:
    """CannotStart, naming the setting to change, if a port is taken."""
    wanted = {"TALLY_PREFECT_PORT": settings.prefect_port}
    if settings.pages_url is not None:
        wanted["TALLY_PORTAL_PORT"] = settings.portal_port
    if settings.mail_url is None:
        wanted |= {"TALLY_MAILBOX_PORT": settings.mailbox_port, "TALLY_MAILBOX_PAGES_PORT": settings.mailbox_pages_port}
    taken = []
    for name, port in wanted.items():
        try:
            with socket.create_server((LOOPBACK, port)):
                pass
        except OSError as refused:
            why = "is taken by another program" if refused.errno == errno.EADDRINUSE else f"cannot be used: {refused}"
            taken.append(f"port {port} {why}; choose another, as in: {name}={port + 1000} make up")
    if taken:
        raise CannotStart("\n".join(taken))


def start_child(arguments: Sequence[str], surroundings: Mapping[str, str], **streams: Any) -> subprocess.Popen[bytes]:
    """A child in a process group of its own, which Ctrl-C in the terminal does not reach and which ends with us.

    To be called from the main thread: the kernel sends its signal when the thread that started the child ends.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def follow_parent() -> None:  # runs in the child, between fork and exec
        if libc is not None:
            libc.prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

    return subprocess.Popen(  # noqa: S603
        [sys.executable, *arguments],
        env={**surroundings, PARENT: str(parent)},
        start_new_session=True,
        preexec_fn=follow_parent,  # noqa: PLW1509
        **streams,
    )


def end_child(process: subprocess.Popen[bytes], patience: float) -> None:
    """Ask a child's process group to end, insist after a while; calling it again does nothing."""
    _signal_group(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _describe_end(what: str, process: subprocess.Popen[bytes]) -> str | None:
    code = process.poll()
    if code is None:
        return None
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return f"{what} {how}"


def quote_log(log: Path) -> str:
    """The last lines of a process's log, to be shown beside what is said of its end."""
    lines = log.read_text(errors="replace").splitlines()[-5:] if log.is_file() else []
    return "\n".join([f"the end of its log {log}:", *lines])


class PrefectServer:
    """A Prefect server of our own; entering it starts it, leaving it ends it."""

    def __init__(self, settings: Settings, surroundings: Mapping[str, str]) -> None:
        self.address = f"http://{LOOPBACK}:{settings.prefect_port}"
        self.log = settings.home / "prefect-server.log"
        self._port = settings.prefect_port
        self._surroundings = surroundings

    def __enter__(self) -> "PrefectServer":
        self.log.write_bytes(b"")
        self._begin()
        return self

    def _begin(self) -> None:
        arguments = ("-m", "deployments.prefect_server", "--host", LOOPBACK, "--port", str(self._port))
        with self.log.open("ab") as log:
            self._process = start_child(
                arguments, self._surroundings, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def restart(self) -> None:
        """Start it anew after it died; whatever it left is ended first."""
        end_child(self._process, 0.0)
        self._begin()

    def __exit__(self, *_: object) -> None:
        end_child(self._process, SERVER_PATIENCE)

    def describe_end(self) -> str | None:
        """How it ended, if it did by itself."""
        return _describe_end("the Prefect server", self._process)

    def check(self) -> None:
        """CannotStart if it has ended by itself."""
        if self._process.poll() is not None:
            raise CannotStart(f"the Prefect server ended by itself; {quote_log(self.log)}")

    def wait_until_healthy(self, stop: threading.Event, patience: float = HEALTH_PATIENCE) -> bool:
        """True when the server answers, False if `stop` was set before; CannotStart if it never will."""
        deadline = time.monotonic() + patience
        while not stop.is_set():
            self.check()
            if self._is_healthy():
                return True
            if time.monotonic() > deadline:
                raise CannotStart(f"the Prefect server did not answer in {patience:.0f} s; {quote_log(self.log)}")
            stop.wait(0.25)
        return False

    def _is_healthy(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.address}/api/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Serving:
    """The process that serves the deployments; entering it starts it, leaving it ends it and every run under way.

    It imports Prefect, which takes seconds, while the server starts, and begins when it is told to `go`. It says what
    it does by lines on its output, and ends when its input is closed.
    """

    def __init__(
        self, settings: Settings, surroundings: Mapping[str, str], tell: Callable[[str], None], *, first_run: bool
    ) -> None:
        self.ready = threading.Event()
        self.log = settings.home / "prefect-serving.log"
        self._surroundings, self._tell, self._first_run = surroundings, tell, first_run

    def __enter__(self) -> "Serving":
        self.log.write_bytes(b"")
        self._begin(first_run=self._first_run)
        return self

    def _begin(self, *, first_run: bool) -> None:
        arguments = ["-m", "deployments.serving", "--embedded", *(["--first-run"] if first_run else [])]
        with self.log.open("ab") as log:
            self._process = start_child(
                arguments, self._surroundings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        self._listener = threading.Thread(target=self._listen, name="tally-serving", daemon=True)
        self._listener.start()

    def restart(self) -> None:
        """Start it anew after it died, to begin at once; the runs that it left under way are ended first."""
        self.ready.clear()
        end_child(self._process, 0.0)
        self._listener.join(1.0)
        self._begin(first_run=False)
        self.go()

    def describe_end(self) -> str | None:
        """How it ended, if it did by itself."""
        return _describe_end("the process that serves the deployments", self._process)

    def go(self) -> None:
        """Begin: the server answers and the register is filled."""
        with suppress(BrokenPipeError):
            assert self._process.stdin is not None
            self._process.stdin.write(GO)
            self._process.stdin.flush()

    def check(self) -> None:
        """CannotStart if it has ended by itself."""
        if self._process.poll() is not None:
            raise CannotStart(f"the deployments are no longer served; {quote_log(self.log)}")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self.log.open("ab") as log:
            for line in self._process.stdout:
                if line == READY:
                    self.ready.set()
                elif line.startswith(TOLD):
                    self._tell(line.removeprefix(TOLD).decode(errors="replace").rstrip("\n"))
                else:
                    log.write(line)
                    log.flush()

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(SERVING_PATIENCE)
        end_child(self._process, 1.0)
        self._listener.join(1.0)
