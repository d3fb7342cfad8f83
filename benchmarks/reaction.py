"""How long from a filed report to the mail that the other party gets: `python benchmarks/reaction.py [HOW_MANY] [--worker]`

Starts an embedded system as `tally up` does, or with --worker a plain Prefect server, what `tally deploy` makes there, a
worker and `tally publish --follow`. Files reports one after the other as the command does, and takes the time at which
the mail server accepts the mail. The parts are told apart by the marks that each leaves. For people; no test depends on
it.
"""

import argparse
import os
import random
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from aiosmtpd.controller import Controller

from commitments.database import open_database, open_unit
from commitments.log import Author
from commitments.progress import report_progress
from commitments.reconcile import reconcile_agreement
from commitments.references import find_agreement

ROOT = Path(__file__).parents[1]
HOW_MANY = 50
PATIENCE = 60.0
PARTS = ("publish", "trigger", "schedule", "start", "work", "send")
"""Start is, embedded, that the serving process takes the run up; with a worker that it starts a process for it."""


class Inbox:
    """Takes every mail and notes when."""

    def __init__(self) -> None:
        self.accepted: list[float] = []

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        self.accepted.append(time.time())
        return "250 taken"


def write_agreement(folder: Path, commitments: int) -> None:
    """Two towns that owe each other everything together, in a zone where it is late morning."""
    behind = datetime.now(UTC).hour - 11
    zone = f"Etc/GMT{'+' if behind >= 0 else '-'}{abs(behind)}" if behind else "UTC"
    parties = "".join(
        f"""
  - reference: {name}
    kind: city
    names: {{en: {name.title()}}}
    country: GB
    time_zone: {zone}
    contacts:
      - {{reference: {name}-hall, name: {name.title()} Hall, role: coordinator, channels: {{mail: hall@{name}.example}}}}"""
        for name in ("north", "south")
    )
    promises = "".join(
        f"""
  - reference: promise-{number}
    summary: Hold exchange number {number}.
    kind: deliverable
    due: 2030-12-31
    owners: [{{party: north, contact: north-hall}}, {{party: south, contact: south-hall}}]"""
        for number in range(commitments)
    )
    (folder / "north-south.yaml").write_text(
        f"agreement: north-south\ntitle: {{en: Memorandum}}\nkind: memorandum\neffective: {date.today()}\n"  # noqa: DTZ011
        f"parties:{parties}\ncommitments:{promises}\n"
    )


def find_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def ask(database: Path, question: str, *values: Any) -> list[Any]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return connection.execute(question, values).fetchall()


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def wait_until(holds: Any, patience: float = PATIENCE) -> bool:
    until = time.monotonic() + patience
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def react(home: Path, inbox: Inbox, number: int) -> dict[str, float] | None:
    """File one report and follow it; the seconds of each part."""
    before = len(inbox.accepted)
    engine = open_database(f"sqlite:///{home / 'tally.db'}")
    now = datetime.now(UTC)
    with open_unit(engine) as unit:
        author = Author("bench", now)
        name = f"north-south/promise-{number}"
        report_progress(unit, author, name, "north", None, "on_track", now.date(), fulfilled=True)
        reconcile_agreement(unit, find_agreement(unit, "north-south").id, now, now.date())
    filed = time.time()
    engine.dispose()
    if not wait_until(lambda: len(inbox.accepted) > before):
        return None
    accepted = inbox.accepted[before]
    wait_until(lambda: not ask(home / "tally.db", "SELECT 1 FROM publication WHERE followed_at IS NULL"))
    time.sleep(0.5)
    emitted = moment(
        ask(
            home / "tally.db",
            "SELECT emitted_at FROM publication WHERE name = 'tallystick.progress.reported' ORDER BY log_entry_id DESC",
        )[0][0]
    )
    begun = moment(ask(home / "tally.db", "SELECT started_at FROM attempt ORDER BY id DESC LIMIT 1")[0][0])
    run = ask(
        home / "prefect" / "prefect.db",
        "SELECT flow_run.created, expected_start_time, start_time FROM flow_run JOIN deployment"
        " ON deployment.id = flow_run.deployment_id WHERE deployment.name = 'follow-changes' AND start_time IS NOT NULL"
        " AND flow_run.state_type IN ('RUNNING', 'COMPLETED') AND start_time <= ? ORDER BY start_time DESC LIMIT 1",
        datetime.fromtimestamp(accepted, UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
    )[0]
    created, expected, started = map(moment, run)
    return {
        "all": accepted - filed,
        "publish": emitted - filed,
        "trigger": created - emitted,
        "schedule": max(expected - created, 0.0),
        "start": started - max(created, expected),
        "work": begun - started,
        "send": accepted - begun,
    }


def find_surroundings(home: Path, smtp: int, prefect: int) -> dict[str, str]:
    """What every process of the system is given; nothing that this machine sets."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TALLY_", "PREFECT_"))}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TALLY_HOME": str(home),
        "TALLY_PREFECT_PORT": str(prefect),
        "TALLY_MAIL_URL": f"smtp://127.0.0.1:{smtp}",
    }


@contextmanager
def run_beside(words: list[str], surroundings: dict[str, str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """A process while the measuring goes on; its output is read by who starts it, or goes to a log."""
    with log.open("a") as file:
        process = subprocess.Popen(
            words, cwd=ROOT, env=surroundings, stdout=file, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def start_embedded(home: Path, files: Path, smtp: int, prefect: int) -> Iterator[list[subprocess.Popen[str]]]:
    """`tally up`, once it is ready."""
    up, log = [sys.executable, "-m", "deployments.up", "--examples", str(files)], home / "output.log"
    with run_beside(up, find_surroundings(home, smtp, prefect), log) as system:
        wait_until(lambda: system.poll() is not None or "Ctrl-C stops" in log.read_text(), 180)
        yield [system]


@contextmanager
def start_with_worker(home: Path, files: Path, smtp: int, prefect: int) -> Iterator[list[subprocess.Popen[str]]]:
    """A plain server, everything deployed, a worker and a publisher, as docs/how-to/run-with-workers.md says."""
    address = f"http://127.0.0.1:{prefect}/api"
    surroundings = find_surroundings(home, smtp, prefect) | {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": address,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "DO_NOT_TRACK": "1",
    }
    tally, log = str(Path(sys.executable).parent / "tally"), home / "output.log"

    def run(*words: str) -> None:
        subprocess.run([tally, *words], cwd=ROOT, env=surroundings, check=True, stdout=subprocess.DEVNULL)

    def answers() -> bool:
        with suppress(OSError), urlopen(f"{address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    server = [sys.executable, "-m", "deployments.prefect_server", "--port", str(prefect)]
    worker = ["prefect", "worker", "start", "--pool", "tallystick"]
    with run_beside(server, surroundings, home / "server.log") as one:
        wait_until(answers, 180)
        run("import", str(files))
        run("deploy", "--yes")
        with (
            run_beside(worker, surroundings, home / "worker.log") as two,
            run_beside([tally, "publish", "--follow"], surroundings, log) as three,
        ):
            yield [one, two, three]


def measure(how_many: int, *, worker: bool) -> list[dict[str, float]]:
    inbox = Inbox()
    with tempfile.TemporaryDirectory(prefix="tally-reaction-") as folder:
        home, files = Path(folder) / "home", Path(folder) / "files"
        home.mkdir()
        files.mkdir()
        write_agreement(files, how_many + 2)
        smtp, prefect = find_ports(2)
        mail = Controller(inbox, hostname="127.0.0.1", port=smtp)
        mail.start()
        try:
            with (start_with_worker if worker else start_embedded)(home, files, smtp, prefect) as running:
                return follow_reports(home, inbox, running, how_many)
        finally:
            mail.stop()


def follow_reports(
    home: Path, inbox: Inbox, running: list[subprocess.Popen[str]], how_many: int
) -> list[dict[str, float]]:
    quiet = "SELECT 1 FROM publication WHERE published_at IS NULL OR followed_at IS NULL"
    wait_until(lambda: not ask(home / "tally.db", quiet), 180)
    for number in range(2):  # the first ones import what later ones find imported
        react(home, inbox, number)
    found = []
    for number in range(2, how_many + 2):
        time.sleep(random.uniform(1.0, 3.0))
        one = react(home, inbox, number)
        ended = next((process for process in running if process.poll() is not None), None)
        if ended is not None:
            print(f"{ended.args!r} ended by itself with {ended.returncode}", file=sys.stderr)
            break
        if one is None:
            print(f"no mail within {PATIENCE:.0f} s for report {number}", file=sys.stderr)
        else:
            found.append(one)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("how_many", nargs="?", type=int, default=HOW_MANY, help=f"reports; {HOW_MANY} if not said")
    parser.add_argument("--worker", action="store_true", help="a plain server and a worker instead of tally up")
    chosen = parser.parse_args()
    found = measure(chosen.how_many, worker=chosen.worker)
    how = "with a worker" if chosen.worker else "embedded"
    print(f"\n{len(found)} reports, {how}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n")
    print("| part | median s | 95th percentile s |\n|---|---|---|")
    for part in (*PARTS, "all"):
        values = sorted(one[part] for one in found)
        high = values[min(len(values) - 1, -(-len(values) * 95 // 100) - 1)]
        print(f"| {part} | {statistics.median(values):.2f} | {high:.2f} |")


if __name__ == "__main__":
    main()
