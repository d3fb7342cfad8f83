"""What Prefect knows of runs of ours that failed, crashed or hang; asked for by tags, whatever started them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Crashed, Scheduled
from prefect.types._datetime import now as prefect_now

from commitments.facts import Reason
from commitments.operations import Trouble
from commitments.vocabulary import FollowUpKind, ReasonCode

WATCHED = "tallystick-watched"
LOOK_BACK = timedelta(days=2)
SILENT_AFTER = timedelta(minutes=2)
"""Four heartbeats; the server's automation, which wakes this look, waits for five."""
SILENT = "no sign of life from its process"
NOT_BEGUN = "its process did not begin within ten minutes"
LONGEST_RUN = timedelta(hours=6)
"""No flow of ours works for so long; one that waits for a person is paused, not running."""
FORGOTTEN = f"still running after {LONGEST_RUN.total_seconds() / 3600:.0f} hours: its process is gone"
PENDING_WITHIN = timedelta(minutes=10)
"""As in the automation that wakes this look."""
AGAIN = "again:"
"""Begins the key of a run that was started because another crashed: it is not started a third time."""
_ENDED_HERE = (SILENT, NOT_BEGUN, FORGOTTEN)


@dataclass(frozen=True, slots=True)
class Found:
    """What the runs of the last two days say."""

    troubles: tuple[Trouble, ...]
    crashed: tuple[FlowRun, ...]
    """The last run of a deployment, if it crashed: it may be started again."""
    well: tuple[str, ...]
    """Flows whose last run was completed."""


async def find_run_troubles() -> Found:
    """What the watched runs say, the last ended run of each deployment speaking for it, and those that hang."""
    moment = prefect_now("UTC")
    async with get_client() as client:
        runs = await _read_watched(client, moment)
        names = {flow_id: (await client.read_flow(flow_id)).name for flow_id in {run.flow_id for run in runs}}
    return judge_runs(runs, names, moment)


def judge_runs(runs: Iterable[FlowRun], names: dict[UUID, str], now: datetime) -> Found:
    """The same of runs that are given."""
    last: dict[UUID, FlowRun] = {}
    troubles: list[Trouble] = []
    for run in sorted(runs, key=lambda one: one.end_time or one.expected_start_time or now):
        if run.state_type in (StateType.COMPLETED, StateType.FAILED, StateType.CRASHED) and run.deployment_id:
            last[run.deployment_id] = run
        elif run.state_type == StateType.PENDING and run.state is not None:
            waited = now - run.state.timestamp
            if waited > PENDING_WITHIN:
                troubles.append(_hang(run, names[run.flow_id], "Pending", waited))
    for run in last.values():
        if run.state_type != StateType.COMPLETED:
            troubles.append(_fail(run, names[run.flow_id]))
    crashed = tuple(run for run in last.values() if run.state_type == StateType.CRASHED)
    well = tuple(names[run.flow_id] for run in last.values() if run.state_type == StateType.COMPLETED)
    return Found(tuple(troubles), crashed, well)


def _fail(run: FlowRun, flow: str) -> Trouble:
    said = (run.state.message if run.state is not None else None) or ""
    if said in _ENDED_HERE and run.state is not None:
        began = run.start_time or run.expected_start_time or run.state.timestamp
        return _hang(run, flow, "Running" if run.start_time else "Pending", run.state.timestamp - began)
    numbers = {"flow": flow, "run": run.name, "ended": run.state_name, "fault": " ".join(said.split())[:300]}
    return Trouble(FollowUpKind.RUN_FAILED, flow, Reason(ReasonCode.RUN_FAILED, numbers))


def _hang(run: FlowRun, flow: str, state: str, waited: timedelta) -> Trouble:
    numbers = {"flow": flow, "run": run.name, "ended": state, "minutes": int(waited.total_seconds() // 60)}
    return Trouble(FollowUpKind.RUN_STUCK, flow, Reason(ReasonCode.RUN_STUCK, numbers))


async def _read_watched(client: PrefectClient, now: datetime) -> list[FlowRun]:
    states = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.PENDING]
    found: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                tags=FlowRunFilterTags(all_=[WATCHED]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
                expected_start_time=FlowRunFilterExpectedStartTime(after_=now - LOOK_BACK),
            ),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=200,
            offset=len(found),
        )
        found += page
        if len(page) < 200:
            return found


async def end_dead_runs() -> int:
    """Mark the runs of ours as crashed whose process is gone, so that they hold no place; returns how many there were.

    Judged by the state that they have now, and by the last sign of life that the server got. One that ends by itself
    meanwhile stays as it ended.
    """
    moment = prefect_now("UTC")
    async with get_client() as client:
        runs = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                tags=FlowRunFilterTags(all_=["tallystick"]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING])),
            ),
            limit=200,
        )
        ended = 0
        for run in runs:
            why = find_death(run, await _read_last_sign(client, run.id), moment)
            if why is not None:
                answer: OrchestrationResult[None] = await client.set_flow_run_state(run.id, Crashed(message=why))
                ended += answer.status is SetStateStatus.ACCEPT
        return ended


def find_death(run: FlowRun, last_sign: datetime | None, now: datetime) -> str | None:
    """Why a run is taken for dead; None while it may live. `last_sign` is none for a run that never gave one."""
    if run.state is None:
        return None
    lasted = now - run.state.timestamp
    if run.state_type == StateType.PENDING:
        return NOT_BEGUN if lasted > PENDING_WITHIN else None
    if run.state_type != StateType.RUNNING:
        return None
    if last_sign is not None and min(now - last_sign, lasted) > SILENT_AFTER:
        return SILENT
    # A process may have been told to give no signs.
    return FORGOTTEN if now - (run.start_time or run.state.timestamp) > LONGEST_RUN else None


async def _read_last_sign(client: PrefectClient, run_id: UUID) -> datetime | None:
    """When the server got the last sign of life of a run; None if it never did."""
    now = prefect_now("UTC")
    span = {"since": (now - LOOK_BACK).isoformat(), "until": (now + timedelta(days=1)).isoformat()}
    wanted = {
        "event": {"name": ["prefect.flow-run.heartbeat"]},
        "resource": {"id": [f"prefect.flow-run.{run_id}"]},
        "occurred": span,
        "order": "DESC",
    }
    answer = await client.request("POST", "/events/filter", json={"filter": wanted, "limit": 1})
    found = answer.json()["events"]
    return datetime.fromisoformat(found[0]["received"].replace("Z", "+00:00")) if found else None


async def start_again(crashed: Sequence[FlowRun]) -> int:
    """Start each crashed run again, once: nobody else does, and the next one on the schedule may be a day away."""
    started = 0
    async with get_client() as client:
        for run in crashed:
            if run.deployment_id is None or (run.idempotency_key or "").startswith(AGAIN):
                continue
            made = await client.create_flow_run_from_deployment(
                run.deployment_id,
                parameters=run.parameters,
                state=Scheduled(message=f"in place of {run.name}, which crashed"),
                idempotency_key=f"{AGAIN}{run.id}",
            )
            started += made.state is not None and made.state.is_scheduled()
    return started
