"""The processes of a system on one machine: a Prefect server of our own, its surroundings, and its end."""

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
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import psutil

from commitments.errors import TallyError
from commitments.settings import Settings

LOOPBACK = "127.0.0.1"
HEALTH_PATIENCE = 120.0
STOP_PATIENCE = 5.0
_START = (sys.executable, "-m", "deployments.prefect_server", "--host", LOOPBACK)
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
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
    }


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


class PrefectServer:
    """A Prefect server as a child process, in a process group of its own."""

    def __init__(self, settings: Settings, surroundings: Mapping[str, str]) -> None:
        self.address = f"http://{LOOPBACK}:{settings.prefect_port}"
        self.log = settings.home / "prefect-server.log"
        libc = ctypes.CDLL(None) if sys.platform == "linux" else None
        parent = os.getpid()

        def follow_parent() -> None:  # runs in the child, between fork and exec
            if libc is not None:
                libc.prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
                if os.getppid() != parent:
                    os._exit(1)

        # Started from the main thread: the kernel sends the signal when the thread that started the child ends.
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [*_START, "--port", str(settings.prefect_port)],
                env=dict(surroundings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=follow_parent,  # noqa: PLW1509
            )

    def __enter__(self) -> "PrefectServer":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_until_healthy(self, stop: threading.Event, patience: float = HEALTH_PATIENCE) -> bool:
        """True when the server answers, False if `stop` was set before; CannotStart if it never will."""
        deadline = time.monotonic() + patience
        while not stop.is_set():
            if not self.is_running:
                raise CannotStart(f"the Prefect server ended while it started; {self._quote_log()}")
            if self._is_healthy():
                return True
            if time.monotonic() > deadline:
                raise CannotStart(f"the Prefect server did not answer in {patience:.0f} seconds; {self._quote_log()}")
            stop.wait(0.25)
        return False

    def _is_healthy(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.address}/api/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def _quote_log(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-5:] if self.log.is_file() else []
        return "\n".join([f"the end of its log {self.log}:", *lines])

    def stop(self) -> None:
        """End the server and everything it started; calling it again does nothing."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_PATIENCE)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def end_children(spare: int, patience: float = 2.0) -> int:
    """End every process that this one started and that is still there, but `spare`; gives how many there were."""
    children = [child for child in psutil.Process().children(recursive=True) if child.pid != spare]
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.terminate()
    _, stubborn = psutil.wait_procs(children, timeout=patience)
    for child in stubborn:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(stubborn, timeout=patience)
    return len(children)
