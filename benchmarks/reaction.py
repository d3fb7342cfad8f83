"""How long from a filed report to the mail that the other party gets: `python benchmarks/reaction.py [HOW_MANY]`

Starts an embedded system as `tally up` does, files reports one after the other as the command does, and takes the time
at which the mail server accepts the mail. The parts are told apart by the marks that each leaves. For people; no test
depends on it.
"""

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
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from commitments.database import open_database, open_unit
from commitments.log import Author
from commitments.progress import report_progress
from commitments.reconcile import reconcile_agreement
from commitments.references import find_agreement

ROOT = Path(__file__).parents[1]
HOW_MANY = 50
PATIENCE = 60.0
PARTS = ("publish", "trigger", "schedule", "take up", "work", "send")


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
        "take up": started - max(created, expected),
        "work": begun - started,
        "send": accepted - begun,
    }


def measure(how_many: int) -> list[dict[str, float]]:
    inbox = Inbox()
    with tempfile.TemporaryDirectory(prefix="tally-reaction-") as folder:
        home, files = Path(folder) / "home", Path(folder) / "files"
        home.mkdir()
        files.mkdir()
        write_agreement(files, how_many + 2)
        smtp, prefect = find_ports(2)
        mail = Controller(inbox, hostname="127.0.0.1", port=smtp)
        mail.start()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TALLY_", "PREFECT_"))}
        system = subprocess.Popen(
            [sys.executable, "-m", "deployments.up", "--examples", str(files)],
            cwd=ROOT,
            env=kept
            | {
                "TALLY_HOME": str(home),
                "TALLY_PREFECT_PORT": str(prefect),
                "TALLY_MAIL_URL": f"smtp://127.0.0.1:{smtp}",
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert system.stdout is not None
            for line in system.stdout:
                if "Ctrl-C stops" in line:
                    break
            quiet = "SELECT 1 FROM publication WHERE published_at IS NULL OR followed_at IS NULL"
            wait_until(lambda: not ask(home / "tally.db", quiet), 120)
            for number in range(2):  # the first ones import what later ones find imported
                react(home, inbox, number)
            found = []
            for number in range(2, how_many + 2):
                time.sleep(random.uniform(1.0, 3.0))
                one = react(home, inbox, number)
                if system.poll() is not None:
                    print(f"the system ended by itself with {system.returncode}", file=sys.stderr)
                    break
                if one is None:
                    print(f"no mail within {PATIENCE:.0f} s for report {number}", file=sys.stderr)
                else:
                    found.append(one)
            return found
        finally:
            system.send_signal(signal.SIGINT)
            system.wait(30)
            mail.stop()


def main() -> None:
    how_many = int(sys.argv[1]) if len(sys.argv) > 1 else HOW_MANY
    found = measure(how_many)
    print(f"\n{len(found)} reports, embedded, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n")
    print("| part | median s | 95th percentile s |\n|---|---|---|")
    for part in (*PARTS, "all"):
        values = sorted(one[part] for one in found)
        high = values[min(len(values) - 1, -(-len(values) * 95 // 100) - 1)]
        print(f"| {part} | {statistics.median(values):.2f} | {high:.2f} |")


if __name__ == "__main__":
    main()
