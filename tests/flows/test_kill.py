"""Killed in turn while all runs: a run's process, what serves, the server. Everything is finished, nothing doubled."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select, update

from commitments.database import open_database, open_reading, open_unit
from commitments.tables import flow_record
from tests.flows.launching import Launched, ask, launch
from tests.flows.test_reaction import UNFOLLOWED, tally
from tests.flows.test_up import TUESDAY, count_rows

pytestmark = pytest.mark.slow


def find_process(system: Launched, module: str) -> psutil.Process:
    return next(one for one in system.family() if module in " ".join(one.cmdline()))


def wait_until(what: str, is_so: Callable[[], bool], patience: float = 600) -> None:
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, f"not in {patience:.0f} s: {what}"
        time.sleep(0.2)


def begin_run(system: Launched, flow: str) -> str:
    deployment = ask(system.prefect, f"/deployments/name/{flow}/{flow}", method="GET")
    made = ask(system.prefect, f"/deployments/{deployment['id']}/create_flow_run", state={"type": "SCHEDULED"})
    return str(made["id"])


def find_run_process(run: str) -> psutil.Process | None:
    for one in psutil.process_iter():
        try:
            if one.environ().get("PREFECT__FLOW_RUN_ID") == run and one.status() != psutil.STATUS_ZOMBIE:
                return one
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return None


def see_run_process(run: str, patience: float = 600) -> psutil.Process:
    wait_until(f"a process for the run {run}", lambda: find_run_process(run) is not None, patience)
    found = find_run_process(run)
    assert found is not None
    return found


def state_of(system: Launched, run: str) -> str:
    return str(ask(system.prefect, f"/flow_runs/{run}", method="GET")["state_type"])


REPORTS = (
    ("leeds-hangzhou-2018/library-link", "leeds"),
    ("gimcheon-chengdu/cultural-activities", "chengdu"),
    ("bradford-qingdao-2018/creative-industries", "bradford"),
    ("stoke-jingdezhen/university-projects", "stoke-on-trent"),
    ("busan-chengdu-high-tech-zone/industrial-cooperation", "busan"),
)
"""Commitments of two parties: what one of them reports as done, the other is asked to confirm by a mail at once."""
EARLIER = datetime.fromisoformat(TUESDAY) - timedelta(hours=1)


def report(system: Launched, commitment: str, party: str) -> None:
    tally(system, "report-progress", commitment, "--party", party, "--rating", "on_track", "--fulfilled")


def forget_finish(system: Launched, flow: str) -> None:
    """Let the register think that a flow was last done an hour ago, so that it shows when it is done again."""
    engine = open_database(f"sqlite:///{system.home / 'tally.db'}")
    with open_unit(engine) as unit:
        unit.execute(
            update(flow_record).where(flow_record.c.flow == flow).values(began_at=EARLIER, finished_at=EARLIER)
        )
    engine.dispose()


def is_recorded(system: Launched, flow: str) -> bool:
    """Whether the register holds that the flow was done since."""
    engine = open_database(f"sqlite:///{system.home / 'tally.db'}")
    with open_reading(engine) as reading:
        finished = reading.execute(select(flow_record.c.finished_at).where(flow_record.c.flow == flow)).scalar_one()
    engine.dispose()
    return bool(finished > EARLIER)


def is_done_for(system: Launched, ended: dict[str, Any]) -> bool:
    """Whether the work of a run was done: by itself, or by a run of its deployment that began after its end."""
    if ended["state_type"] == "COMPLETED":
        return True
    runs = ask(
        system.prefect,
        "/flow_runs/filter",
        deployments={"id": {"any_": [ended["deployment_id"]]}},
        flow_runs={"state": {"type": {"any_": ["COMPLETED"]}}},
        limit=200,
    )
    return any(run["start_time"] > ended["end_time"] for run in runs)


def see_work_done(system: Launched, run: str, flow: str) -> None:
    """Until a run is ended and its work is done, if not by itself then by one that nobody began by hand."""
    wait_until(f"the run of {flow} is ended", lambda: state_of(system, run) in ("CRASHED", "COMPLETED"))
    ended = ask(system.prefect, f"/flow_runs/{run}", method="GET")

    def is_done() -> bool:
        return is_done_for(system, ended) and is_recorded(system, flow)

    deadline = time.monotonic() + 60
    while not is_done() and time.monotonic() < deadline:
        time.sleep(0.5)
    if not is_done():  # a busy server of Prefect may lose an event; the look of every hour finds it
        begin_run(system, "tell-operator")
    wait_until(f"the work of the run of {flow} is done", is_done)


def see_followed(system: Launched, reports: int) -> None:
    """Until nothing that people changed waits, and the other party of each report has its one mail."""
    wait_until("all is published and followed", lambda: not count_rows(system.home, UNFOLLOWED))
    asked = "SELECT count(*) FROM notification WHERE kind = 'confirmation' AND state = 'sent'"
    wait_until("the other parties are asked", lambda: count_rows(system.home, asked) == reports)
    wait_until("each has its mail", lambda: count_letters(system.home, "confirmation") == reports)


def count_kills(system: Launched) -> int:
    return system.output.count("the process that serves the deployments was killed by signal 9")


def test_killed_in_turn_a_run_the_serving_and_the_server_everything_is_finished_and_nothing_doubled(
    tmp_path: Path, started_before: Path
) -> None:
    home = tmp_path / "home"
    # What serves dies the second time that it is about to note what it has followed: each life of it does that once.
    dying = "following.before_mark=kill@2"
    with launch(
        home, started_before, TALLY_CLOCK=TUESDAY, TALLY_OPERATOR="ops@house.example", TALLY_FAILPOINTS=dying
    ) as system:
        system.wait_until_ready()
        wait_until("the examples are followed", lambda: not count_rows(home, UNFOLLOWED))
        ours = "SELECT count(*) FROM notification WHERE kind NOT IN ('alert', 'confirmation')"
        theirs = "SELECT count(*) FROM follow_up WHERE agreement_id IS NOT NULL AND kind != 'confirmation_asked'"
        messages, follow_ups, letters = count_rows(home, ours), count_rows(home, theirs), system.letters

        forget_finish(system, "check-progress")
        killed = begin_run(system, "check-progress")
        see_run_process(killed).send_signal(signal.SIGKILL)
        wait_until("the killed run is crashed", lambda: state_of(system, killed) == "CRASHED")
        see_work_done(system, killed, "check-progress")

        reports, kills = 0, count_kills(system)
        while count_kills(system) == kills:
            report(system, *REPORTS[reports])
            reports += 1
            wait_until(
                "the report is followed, or what follows it is killed",
                lambda: count_kills(system) > kills or not count_rows(home, UNFOLLOWED),
            )
        see_followed(system, reports)

        forget_finish(system, "send-summary")
        left, kills = begin_run(system, "send-summary"), count_kills(system)
        see_run_process(left)
        find_process(system, "deployments.serving").send_signal(signal.SIGKILL)
        wait_until("it is seen", lambda: count_kills(system) > kills)
        see_work_done(system, left, "send-summary")

        forget_finish(system, "send-digests")
        during = begin_run(system, "send-digests")
        see_run_process(during)
        find_process(system, "deployments.prefect_server").send_signal(signal.SIGKILL)
        report(system, *REPORTS[reports])
        system.wait_for("the Prefect server answers again")
        see_followed(system, reports + 1)
        see_work_done(system, during, "send-digests")

        wait_until("no run is left under way", lambda: not list_under_way(system))
        assert count_rows(home, ours) == messages
        assert count_rows(home, theirs) == follow_ups
        assert count_rows(home, f"{ours} AND state NOT IN ('sent', 'queued', 'cancelled')") == 0
        keys = Counter(read_message_ids(home))
        assert max(keys.values()) == 1
        alerts = count_rows(home, "SELECT count(*) FROM notification WHERE kind = 'alert' AND state = 'sent'")
        assert system.letters == letters + alerts + reports + 1
        assert count_rows(home, "SELECT count(*) FROM follow_up WHERE agreement_id IS NULL AND state = 'open'") == 0
        assert system.interrupt() == 0


def list_under_way(system: Launched) -> list[str]:
    types = {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING"]}}
    runs = ask(system.prefect, "/flow_runs/filter", flow_runs={"state": types}, limit=200)
    return [run["name"] for run in runs]


def read_letters(home: Path) -> list[Message]:
    return [message_from_bytes(one.read_bytes()) for one in sorted((home / "mailbox").glob("*.eml"))]


def read_message_ids(home: Path) -> list[str]:
    return [str(letter["Message-ID"]) for letter in read_letters(home)]


def count_letters(home: Path, kind: str) -> int:
    return sum(letter["X-Tallystick-Kind"] == kind for letter in read_letters(home))
