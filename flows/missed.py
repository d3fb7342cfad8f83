"""After a time without anybody to run them, one run of each deployment does the work of all that were missed."""

from typing import Any

from prefect import Flow, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled
from prefect.types._datetime import now as prefect_now

MISSED = "missed while nobody ran it; one later run does the work of all"


async def set_aside_missed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Cancel the runs of the same schedule whose time has passed too. Runs that a person or an event asked for stay."""
    if flow_run.deployment_id is None:
        return
    async with get_client() as client:
        waiting = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[flow_run.deployment_id]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
                expected_start_time=FlowRunFilterExpectedStartTime(before_=prefect_now("UTC")),
            ),
            limit=200,
        )
        for one in waiting:
            if one.auto_scheduled and one.id != flow_run.id:
                await client.set_flow_run_state(one.id, Cancelled(message=MISSED), force=True)
