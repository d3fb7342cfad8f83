"""What the runs of the last days say: the last ended run of each deployment speaks for it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from commitments.vocabulary import FollowUpKind
from deployments.schedules import WATCHED
from deployments.watches import HEARTBEAT, WATCHES
from flows import troubles
from flows.troubles import FORGOTTEN, NOT_BEGUN, SILENT, Found, find_death, judge_runs

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DELIVER, CHECK = uuid4(), uuid4()
NAMES = {DELIVER: "deliver", CHECK: "check-progress"}


def run(state: str, minutes_ago: int, flow: UUID = DELIVER, message: str | None = None, begun: bool = True) -> Any:
    from prefect.client.schemas.objects import FlowRun, State, StateType

    moment = NOW - timedelta(minutes=minutes_ago)
    type_ = StateType(state)
    return FlowRun(
        id=uuid4(), flow_id=flow, deployment_id=flow, name=f"{NAMES[flow]} {minutes_ago}", state_type=type_,
        state_name=state.title(), state=State(type=type_, name=state.title(), timestamp=moment, message=message),
        start_time=moment - timedelta(minutes=1) if begun else None, expected_start_time=moment - timedelta(minutes=2),
        end_time=moment if state in ("COMPLETED", "FAILED", "CRASHED") else None,
    )  # fmt: skip


def judge(*runs: Any) -> Found:
    return judge_runs(runs, NAMES, NOW)


FAILED, STUCK = FollowUpKind.RUN_FAILED, FollowUpKind.RUN_STUCK


@pytest.mark.parametrize(
    ("runs", "kinds"),
    [
        pytest.param([("COMPLETED", 5)], [], id="a run that was completed is well"),
        pytest.param([("FAILED", 5)], [FAILED], id="one that failed is told"),
        pytest.param([("CRASHED", 5)], [FAILED], id="one that crashed is told"),
        pytest.param([("CRASHED", 10), ("COMPLETED", 5)], [], id="not if a later one was completed"),
        pytest.param([("COMPLETED", 10), ("FAILED", 5)], [FAILED], id="but if an earlier one was"),
        pytest.param([("FAILED", 10), ("FAILED", 5)], [FAILED], id="two in a row are told once"),
        pytest.param([("CANCELLED", 5)], [], id="one that was cancelled on purpose is nothing"),
        pytest.param([("PENDING", 5)], [], id="one that waits for its process is nothing yet"),
        pytest.param([("PENDING", 11)], [STUCK], id="but after ten minutes it hangs"),
    ],
)
def test_the_last_ended_run_of_a_deployment_speaks_for_it(
    runs: list[tuple[str, int]], kinds: list[FollowUpKind]
) -> None:
    found = judge(*(run(state, ago) for state, ago in runs))
    assert [one.kind for one in found.troubles] == kinds
    assert found.well == (("deliver",) if not kinds and runs[-1][0] == "COMPLETED" else ())


def test_a_run_that_the_server_ended_is_told_as_one_that_hung_and_for_how_long() -> None:
    silent, unbegun = (
        judge(run("CRASHED", 5, message=SILENT)).troubles[0],
        judge(run("CRASHED", 5, message=NOT_BEGUN, begun=False)).troubles[0],
    )
    assert (silent.kind, silent.reason.numbers["ended"], silent.reason.numbers["minutes"]) == (STUCK, "Running", 1)
    assert (unbegun.kind, unbegun.reason.numbers["ended"], unbegun.reason.numbers["minutes"]) == (STUCK, "Pending", 2)


def test_only_crashed_runs_are_started_again_and_each_deployment_speaks_for_itself() -> None:
    found = judge(run("CRASHED", 5), run("FAILED", 5, CHECK))
    assert [one.flow_id for one in found.crashed] == [DELIVER]
    assert {one.about for one in found.troubles} == {"deliver", "check-progress"}


def test_what_is_watched_is_named_alike_where_it_is_deployed_and_where_it_is_looked_for() -> None:
    assert troubles.WATCHED == WATCHED
    within = {watch.title: watch.within for watch in WATCHES}
    assert within["a run never began"] == troubles.PENDING_WITHIN
    # Three heartbeats at least, or a healthy run is taken for dead; less than what wakes the look, or it is too early.
    assert 3 * HEARTBEAT < troubles.SILENT_AFTER < within["a run went silent"]


@pytest.mark.parametrize(
    ("state", "for_minutes", "sign_minutes_ago", "why"),
    [
        pytest.param("RUNNING", 60, 0, None, id="one that gave a sign just now lives"),
        pytest.param("RUNNING", 60, 1, None, id="one heartbeat may be late"),
        pytest.param("RUNNING", 60, 3, SILENT, id="four that did not come are a death"),
        pytest.param("RUNNING", 1, 30, None, id="one that was resumed a minute ago has had no time for a sign"),
        pytest.param("RUNNING", 60, None, None, id="one that never gives signs is not judged by them"),
        pytest.param("RUNNING", 361, None, FORGOTTEN, id="but after six hours"),
        pytest.param("RUNNING", 361, 0, FORGOTTEN, id="after which nothing of ours still works"),
        pytest.param("PENDING", 9, None, None, id="a process may take its time to begin"),
        pytest.param("PENDING", 11, None, NOT_BEGUN, id="but not ten minutes"),
        pytest.param("PAUSED", 600, 600, None, id="one that waits for a person has no process"),
        pytest.param("COMPLETED", 600, 600, None, id="what has ended is not ended again"),
    ],
)
def test_a_run_is_taken_for_dead_by_its_state_and_its_last_sign_of_life(
    state: str, for_minutes: int, sign_minutes_ago: int | None, why: str | None
) -> None:
    sign = NOW - timedelta(minutes=sign_minutes_ago) if sign_minutes_ago is not None else None
    assert find_death(run(state, for_minutes), sign, NOW) == why
