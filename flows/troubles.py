"""What Prefect knows of runs of ours that failed, crashed or hang; asked for by tags, whatever started them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Crashed, Scheduled
from prefect.types._datetime import now as prefect_now

from commitments.facts import Reason
from commitments.operations import Trouble
from commitments.vocabulary import FollowUpKind, ReasonCode

WATCHED = "tallystick-watched"
LOOK_BACK = timedelta(days=2)
LONGEST_RUN = timedelta(hours=6)
"""No flow of ours works for so long; one that waits for a person is paused, not running."""
FORGOTTEN = f"still running after {LONGEST_RUN.total_seconds() / 3600:.0f} hours: its process is gone"
PENDING_WITHIN = timedelta(minutes=10)
"""As in the automation that marks such a run as crashed."""
AGAIN = "again:"
"""Begins the key of a run that was started because another crashed: it is not started a third time."""
_ENDED_BY_WATCH = ("no sign of life", "did not begin", "still running after")


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
    if any(words in said for words in _ENDED_BY_WATCH) and run.state is not None:
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


async def end_forgotten() -> int:
    """Mark the runs as crashed that nobody ended: of a form, or where no heartbeat told of their end."""
    async with get_client() as client:
        runs = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                tags=FlowRunFilterTags(all_=["tallystick"]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
                start_time=FlowRunFilterStartTime(before_=prefect_now("UTC") - LONGEST_RUN),
            ),
            limit=200,
        )
        for run in runs:
            await client.set_flow_run_state(run.id, Crashed(message=FORGOTTEN), force=True)
        return len(runs)


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
