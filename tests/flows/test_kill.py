"""Killed in turn while all runs: a run's process, what serves, the server. Everything is finished, nothing doubled."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.flows.launching import Launched, ask, launch
from tests.flows.test_up import TUESDAY, count_rows

pytestmark = pytest.mark.slow


def find_process(system: Launched, module: str) -> psutil.Process:
    return next(one for one in system.family() if module in " ".join(one.cmdline()))


def wait_until(what: str, is_so: Callable[[], bool], patience: float = 240) -> None:
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


def see_run_process(run: str, patience: float = 240) -> psutil.Process:
    wait_until(f"a process for the run {run}", lambda: find_run_process(run) is not None, patience)
    found = find_run_process(run)
    assert found is not None
    return found


def state_of(system: Launched, run: str) -> str:
    return str(ask(system.prefect, f"/flow_runs/{run}", method="GET")["state_type"])


def test_killed_in_turn_a_run_the_serving_and_the_server_everything_is_finished_and_nothing_doubled(
    tmp_path: Path, started_before: Path
) -> None:
    home = tmp_path / "home"
    with launch(home, started_before, TALLY_CLOCK=TUESDAY, TALLY_OPERATOR="ops@house.example") as system:
        system.wait_until_ready()
        ours = "SELECT count(*) FROM notification WHERE kind != 'alert'"
        messages, follow_ups = count_rows(home, ours), count_rows(home, "SELECT count(*) FROM follow_up")
        letters = system.letters

        killed = begin_run(system, "check-progress")
        see_run_process(killed).send_signal(signal.SIGKILL)
        wait_until("the killed run is crashed", lambda: state_of(system, killed) == "CRASHED")

        def started_again() -> bool:
            runs = ask(system.prefect, "/flow_runs/filter", sort="EXPECTED_START_TIME_DESC", limit=50)
            return any(run["idempotency_key"] == f"again:{killed}" and run["state_type"] == "COMPLETED" for run in runs)

        deadline = time.monotonic() + 60
        while not started_again() and time.monotonic() < deadline:
            time.sleep(0.5)
        if not started_again():  # a busy server of Prefect may lose an event; the look of every hour finds it
            begin_run(system, "tell-operator")
        wait_until("the crashed check was run again", started_again)

        left = begin_run(system, "send-summary")
        see_run_process(left)
        find_process(system, "deployments.serving").send_signal(signal.SIGKILL)
        system.wait_for("the process that serves the deployments was killed by signal 9; starting it again")
        wait_until("the run it left is ended", lambda: state_of(system, left) in ("CRASHED", "COMPLETED"))

        during = begin_run(system, "send-digests")
        see_run_process(during)
        find_process(system, "deployments.prefect_server").send_signal(signal.SIGKILL)
        system.wait_for("the Prefect server answers again")
        wait_until("the run during it is ended", lambda: state_of(system, during) in ("CRASHED", "COMPLETED"))
        flows = ("check-progress", "send-reminders", "send-digests", "send-summary", "deliver")
        runs = [begin_run(system, flow) for flow in flows]
        ended = ("COMPLETED", "CANCELLED")
        wait_until("each flow runs again", lambda: all(state_of(system, run) in ended for run in runs))

        wait_until("no run is left under way", lambda: not list_under_way(system))
        assert count_rows(home, ours) == messages
        assert count_rows(home, "SELECT count(*) FROM follow_up WHERE agreement_id IS NOT NULL") == follow_ups
        assert count_rows(home, f"{ours} AND state NOT IN ('sent', 'queued', 'cancelled')") == 0
        keys = Counter(read_message_ids(home))
        assert max(keys.values()) == 1
        alerts = count_rows(home, "SELECT count(*) FROM notification WHERE kind = 'alert' AND state = 'sent'")
        assert system.letters == letters + alerts
        assert count_rows(home, "SELECT count(*) FROM follow_up WHERE agreement_id IS NULL AND state = 'open'") == 0
        assert system.interrupt() == 0


def list_under_way(system: Launched) -> list[str]:
    types = {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING"]}}
    runs = ask(system.prefect, "/flow_runs/filter", flow_runs={"state": types}, limit=200)
    return [run["name"] for run in runs]


def read_message_ids(home: Path) -> list[str]:
    from email import message_from_bytes

    return [str(message_from_bytes(one.read_bytes())["Message-ID"]) for one in sorted((home / "mailbox").glob("*.eml"))]
