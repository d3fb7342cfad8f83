"""An agreement that was filled in waits for its coordinator: approved, rejected, or asked about when nobody answers."""

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from commitments.database import open_database, open_unit
from commitments.tables import draft
from tests.flows.launching import Launched, ask, launch

pytestmark = pytest.mark.slow

AGREEMENT = {
    "title": "Partnership of Leeds and Plzeň",
    "kind": "sister city",
    "parties": [{"name": "Leeds"}, {"name": "Plzeň", "kind": "city", "country": "CZ"}],
    "coordinator": "Mei Lin <mei.lin@leeds.example>",
    "signed": "2026-11",
    "expires": "2029-12-31",
    "commitments": [
        {"summary": "Hold four concerts a year", "kind": "recurring", "every": "year", "times": 4},
        {"summary": "Twin the libraries", "kind": "planned", "due": "2027", "owed_by": ["Plzeň"]},
    ],
}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, started_before: Path) -> Iterator[Launched]:
    with launch(tmp_path_factory.mktemp("approval") / "home", started_before, first_run=False) as system:
        system.wait_until_ready()
        yield system


def fill_in(system: Launched, flow: str = "register-agreement", **filled: Any) -> str:
    deployment = ask(system.prefect, f"/deployments/name/{flow}/{flow}", method="GET")["id"]
    made = ask(
        system.prefect, f"/deployments/{deployment}/create_flow_run", parameters=filled, state={"type": "SCHEDULED"}
    )
    return str(made["id"])


def wait_for(system: Launched, run: str, *states: str, patience: float = 600) -> dict[str, Any]:
    deadline = time.monotonic() + patience
    while True:
        found: dict[str, Any] = ask(system.prefect, f"/flow_runs/{run}", method="GET")
        if found["state_name"] in states:
            return found
        assert time.monotonic() < deadline, f"{found['name']} is {found['state_name']}: {found['state']}"
        time.sleep(0.5)


def let_time_pass(system: Launched, run: str, reference: str) -> None:
    """As if the days had passed in which the run and its draft wait for an answer."""
    moment = datetime.now(UTC) - timedelta(seconds=1)
    with sqlite3.connect(system.home / "prefect" / "prefect.db", timeout=60) as kept:
        waits = "id = (SELECT state_id FROM flow_run WHERE id = ?) AND state_details LIKE '%pause_timeout%'"
        moved = "UPDATE flow_run_state SET state_details = json_set(state_details, '$.pause_timeout', ?) WHERE "
        assert kept.execute(moved + waits, (moment.isoformat(), run)).rowcount == 1
    engine = open_database(f"sqlite:///{system.home / 'tally.db'}")
    with open_unit(engine) as unit:
        assert unit.execute(update(draft).where(draft.c.reference == reference).values(answer_by=moment)).rowcount == 1
    engine.dispose()


def answer(system: Launched, run: str, decision: str, note: str = "") -> None:
    given = {"decision": decision, "name": "Rowan Example", "note": note}
    ask(system.prefect, f"/flow_runs/{run}/resume", run_input=given)


def read(home: Path, question: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(home / "tally.db") as base:
        return list(base.execute(question))


def list_artifacts(system: Launched, run: str) -> dict[str, Any]:
    found = ask(system.prefect, "/artifacts/filter", artifacts={"flow_run_id": {"any_": [run]}})
    return {one["key"]: one["data"] for one in found if one["key"]}


def test_an_approved_agreement_is_registered_as_it_was_shown_and_a_rejected_one_is_not(system: Launched) -> None:
    first = fill_in(system, agreement=AGREEMENT)
    second = fill_in(system, agreement=AGREEMENT | {"title": "Another partnership"})
    waiting = [wait_for(system, run, "Suspended") for run in (first, second)]
    assert waiting[0]["name"] == "register agreement partnership-of-leeds-and-plzen: waits for approval"
    shown = list_artifacts(system, first)["decomposition"]
    assert "| **Plzeň** | new: city, CZ |" in shown
    assert "1. **Hold four concerts a year**\\\nRecurring: 4 times every year. Owed by Leeds and Plzeň;" in shown
    registered = (
        "SELECT count(*) FROM agreement WHERE reference IN ('partnership-of-leeds-and-plzen', 'another-partnership')"
    )
    assert read(system.home, registered) == [(0,)]
    answer(system, first, "approve: register it")
    answer(system, second, "reject: register nothing", "Plzeň has not signed")
    assert wait_for(system, first, "Completed")["name"].endswith("partnership-of-leeds-and-plzen: registered")
    rejected = wait_for(system, second, "Rejected")
    assert rejected["state"]["message"] == "Rejected by Rowan Example: Plzeň has not signed. Nothing was registered."
    assert read(system.home, registered) == [(1,)]
    decided = "SELECT reference, state, decided_by FROM draft WHERE state != 'waiting' ORDER BY reference"
    assert read(system.home, decided) == [
        ("another-partnership", "rejected", "Rowan Example"),
        ("partnership-of-leeds-and-plzen", "registered", "Rowan Example"),
    ]
    assert read(system.home, "SELECT DISTINCT who FROM log_entry WHERE subject = 'agreement' AND who = 'Rowan Example'")


def test_without_an_answer_the_run_ends_the_draft_stays_the_coordinator_is_asked_and_can_take_it_up(
    system: Launched,
) -> None:
    unanswered = fill_in(system, agreement=AGREEMENT | {"title": "A third partnership"})
    wait_for(system, unanswered, "Suspended")
    let_time_pass(system, unanswered, "a-third-partnership")
    ended = wait_for(system, unanswered, "Failed")
    assert "never resumed" in ended["state"]["message"]
    asked = "SELECT kind, state, assignee_id FROM follow_up WHERE matter = 'a-third-partnership'"
    wait_for(system, fill_in(system, "housekeeping"), "Completed")
    ((kind, state, assignee),) = read(system.home, asked)
    assert (kind, state) == ("draft_waiting", "open")
    assert read(system.home, f"SELECT role FROM contact WHERE id = {assignee}") == [("coordinator",)]
    again = fill_in(system, agreement={"draft": "a-third-partnership"})
    wait_for(system, again, "Suspended")
    answer(system, again, "approve: register it")
    wait_for(system, again, "Completed")
    assert [row[1] for row in read(system.home, asked)] == ["done"]
    assert read(system.home, "SELECT count(*) FROM agreement WHERE reference = 'a-third-partnership'") == [(1,)]


def test_a_draft_that_nobody_kept_is_answered_with_the_nearest(system: Launched) -> None:
    run = fill_in(system, agreement={"draft": "another-partership"})
    assert "did you mean 'another-partnership'?" in wait_for(system, run, "Failed")["state"]["message"]
