"""`make up` as a person has it: started from outside, looked at, stopped with Ctrl-C, started again."""

import re
import sqlite3
import time
import urllib.request
from collections import Counter
from pathlib import Path

import psutil
import pytest

from deployments.dashboards import DASHBOARDS
from tests.flows.launching import Launched, ask, launch

pytestmark = pytest.mark.slow
TUESDAY = "2026-11-24T09:30:00+00:00"
SENT = "SELECT count(*) FROM notification WHERE state = 'sent'"


def read_page(address: str) -> tuple[int, dict[str, str], bytes]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=240) as answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()


def count_rows(home: Path, question: str, database: str = "tally.db") -> int:
    with sqlite3.connect(f"file:{home / database}?mode=ro", uri=True) as connection:
        return int(connection.execute(question).fetchone()[0])


def see_that_all_is_gone(system: Launched, family: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(family, timeout=240)
    assert not alive
    assert system.process.poll() is not None


def read_states(system: Launched, flow: str) -> Counter[str]:
    """How many runs of a flow are in which state."""
    deployment = ask(system.prefect, f"/deployments/name/{flow}/{flow}", method="GET")["id"]
    found = ask(system.prefect, "/flow_runs/filter", deployments={"id": {"any_": [deployment]}}, limit=200)
    return Counter(run["state_type"] for run in found)


def begin_run(system: Launched, flow: str) -> None:
    """A run that seems to be under way, as one does whose process was killed; it holds its deployment's only place."""
    deployment = ask(system.prefect, f"/deployments/name/{flow}/{flow}", method="GET")
    made = ask(system.prefect, f"/deployments/{deployment['id']}/create_flow_run", state={"type": "SCHEDULED"})
    for state in ("PENDING", "RUNNING"):
        ask(system.prefect, f"/flow_runs/{made['id']}/set_state", state={"type": state})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "home"


def test_one_command_starts_everything_and_nothing_is_left_of_one_that_is_killed(home: Path) -> None:
    with launch(home, TALLY_CLOCK=TUESDAY) as system:
        shown = system.wait_until_ready()
        assert f"http://127.0.0.1:{system.ports[0]}" in shown
        assert f"http://127.0.0.1:{system.ports[2]}" in shown
        for part in (
            r"Agreements +\d\d, with \d+ commitments",
            r"Follow-ups +\d+ open",
            r"Messages +\d+ sent",
        ):
            assert re.search(part, shown)
        assert re.search(r"Sign in +http://127.0.0.1:\d+/sign-in/\S+", shown)
        for command in ("tally status", "tally follow-ups", "tally forecast --days 30"):
            assert command in shown
        for interface in ("/", "/v2/"):  # the newer one is not shown first, but is there
            status, headers, page = read_page(f"{system.prefect}{interface}")
            assert (status, b"<html" in page.lower()) == (200, True)
            assert "connect-src 'self'" in headers["content-security-policy"]
        assert read_page(f"http://127.0.0.1:{system.ports[2]}/")[0] == 200
        assert f"http://127.0.0.1:{system.ports[3]}/" in shown
        assert b"Tallystick" in read_page(f"http://127.0.0.1:{system.ports[3]}/")[2]
        letter = next((home / "mailbox").glob("*.eml")).read_text()
        assert f"List-Unsubscribe: <http://127.0.0.1:{system.ports[3]}/unsubscribe/" in letter
        assert system.letters == count_rows(home, SENT) > 10
        deadline = time.monotonic() + 600
        planned = "SELECT count(*) FROM flow_run WHERE state_type = 'SCHEDULED'"
        while not count_rows(home, planned, "prefect/prefect.db"):
            assert time.monotonic() < deadline, "no schedule made a run"
            time.sleep(0.5)
        saved = [one["name"] for one in ask(system.prefect, "/saved_searches/filter")]
        assert set(saved) == {one.name for one in DASHBOARDS}
        begin_run(system, "send-digests")
        family = system.family()
        system.process.kill()
        see_that_all_is_gone(system, family)


def test_the_next_start_sends_nothing_twice_takes_up_what_the_killed_one_left_and_stops_on_ctrl_c(home: Path) -> None:
    sent = len(list((home / "mailbox").glob("*.eml")))
    before = count_rows(home, "SELECT count(*) FROM notification"), count_rows(home, "SELECT count(*) FROM log_entry")
    with launch(home, TALLY_CLOCK=TUESDAY) as system:
        shown = system.wait_until_ready()
        assert "nothing changed" in shown
        assert "0 follow-ups opened" in shown
        assert system.letters == sent > 10
        assert read_states(system, "send-digests")["CRASHED"] == 1
        assert re.search(r"send digests .*: 0 messages queued", shown)
        family = system.family()
        assert system.interrupt() == 0
        see_that_all_is_gone(system, family)
    after = count_rows(home, "SELECT count(*) FROM notification"), count_rows(home, "SELECT count(*) FROM log_entry")
    assert after == before


def test_ctrl_c_while_it_starts_stops_it_too(home: Path, tmp_path: Path) -> None:
    kept = home / "prefect"  # of a server that was started before: an empty one takes three times as long
    with launch(tmp_path / "home", kept if kept.exists() else None) as system:
        system.wait_for("starting the Prefect server")
        family = system.family()
        assert system.interrupt() == 0
        see_that_all_is_gone(system, family)
