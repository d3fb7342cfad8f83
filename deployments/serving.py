"""Registers the deployments with a Prefect server and runs them on their schedules.

`python -m deployments.serving` serves them against the server of PREFECT_API_URL.
"""

import argparse
import asyncio
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.flow_engine import run_flow_async
from prefect.runner import Runner
from prefect.states import Cancelled, Crashed, Pending
from prefect.types._datetime import now as prefect_now

from commitments.database import open_database
from commitments.settings import read_settings
from deployments.applying import apply_watches
from deployments.at_once import AtOnce
from deployments.building import build_deployment, load_flow
from deployments.embedded import GO, READY, TOLD
from deployments.parting import end_with_parent
from deployments.schedules import FOLLOWER, PLANS, RUNS_AT_ONCE, Plan
from flows.missed import MISSED

LEFT_OVER = "the system was stopped while this ran; the next run takes up what it left"


async def register_deployments(runner: Runner, zone: str, plans: Sequence[Plan] = PLANS) -> dict[str, UUID]:
    """Tell the server of every deployment; gives their ids by flow. Known deployments are brought up to date.

    The runner takes up the runs of all but those that are done at once.
    """
    ids: dict[str, UUID] = {}
    for plan in plans:
        deployment = await build_deployment(plan, zone)
        ids[plan.flow] = await (deployment.aapply() if plan.at_once else runner.aadd_deployment(deployment))
    return ids


async def run_at_once(plan: Plan, deployment_id: UUID) -> str:
    """Run a deployment's flow in this process, seen in the UI like any other of its runs; gives the run's name."""
    async with get_client() as client:
        run = await client.create_flow_run_from_deployment(
            deployment_id, parameters=dict(plan.first_parameters), state=Pending(message="the first run")
        )
        await run_flow_async(load_flow(plan), flow_run=run, parameters=dict(plan.first_parameters))
        return (await client.read_flow_run(run.id)).name


async def collapse_missed_runs(deployment_ids: Collection[UUID], *, keep_latest: bool) -> int:
    """Cancel the runs whose time passed while nobody served them, but for the latest of each deployment."""
    async with get_client() as client:
        moment = prefect_now("UTC")
        missed: dict[UUID, list[FlowRun]] = defaultdict(list)
        for run in await _read_runs(client, deployment_ids, StateType.SCHEDULED):
            planned = run.expected_start_time
            if run.deployment_id is not None and planned is not None and planned < moment:
                missed[run.deployment_id].append(run)
        cancelled = 0
        for runs in missed.values():
            runs.sort(key=lambda run: run.expected_start_time or moment)
            for run in runs[: len(runs) - keep_latest]:
                await client.set_flow_run_state(run.id, Cancelled(message=MISSED), force=True)
                cancelled += 1
        return cancelled


async def close_left_runs(deployment_ids: Collection[UUID]) -> int:
    """Mark the runs as crashed whose process died with the system: else each would hold its deployment's only place."""
    async with get_client() as client:
        found = await _read_runs(
            client, deployment_ids, StateType.RUNNING, StateType.PENDING, StateType.CANCELLING, StateType.PAUSED
        )
        left = [run for run in found if not _is_suspended(run)]
        for run in left:
            await client.set_flow_run_state(run.id, Crashed(message=LEFT_OVER), force=True)
        return len(left)


def _is_suspended(run: FlowRun) -> bool:
    """Whether a run waits for an answer without a process: it goes on when the answer is there."""
    return run.state is not None and run.state.is_paused() and bool(run.state.state_details.pause_reschedule)


async def _read_runs(client: PrefectClient, deployment_ids: Collection[UUID], *states: StateType) -> list[FlowRun]:
    found: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))),
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(deployment_ids))),
            limit=200,
            offset=len(found),
        )
        found += page
        if len(page) < 200:
            return found


async def serve_deployments(
    zone: str,
    *,
    first_run: bool,
    embedded: bool,
    tell: Callable[[str], None],
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Register, run what is to run at once, say `ready`, and serve until cancelled.

    `embedded` says that this server is ours alone, so that whatever it thinks is running died with the last system.
    """
    runner = Runner(name="tallystick", pause_on_shutdown=False, limit=RUNS_AT_ONCE)
    ids = await register_deployments(runner, zone)
    watches = await apply_watches()
    if embedded:
        await close_left_runs(ids.values())
    tell(f"{len(ids)} deployments are on their schedules ({zone}), watched by {watches} automations")
    if first_run:
        for plan in PLANS:
            if plan.first_run:
                tell(await run_at_once(plan, ids[plan.flow]))
    # What somebody filled in is nobody else's work: it waits until it is done.
    scheduled = [ids[plan.flow] for plan in PLANS if not plan.form]
    missed = await collapse_missed_runs(scheduled, keep_latest=not first_run)
    if missed:
        tell(f"{missed} missed runs set aside: one run catches up with all of them")
    ready()
    settings = read_settings()
    engine = open_database(settings.register_url, synchronous=settings.synchronous)
    try:
        flows = {ids[plan.flow]: load_flow(plan) for plan in PLANS if plan.at_once}
        at_once = AtOnce(engine, settings, flows, ids[FOLLOWER])
        await asyncio.gather(runner.start(), at_once.serve())
    finally:
        engine.dispose()


async def serve_for_parent(zone: str, *, first_run: bool) -> None:
    """Serve for a system that started this process: begin at its word, tell it what happens, end when it lets go."""
    loop, go = asyncio.get_running_loop(), asyncio.Event()
    parent = sys.stdout.buffer

    def say(words: bytes) -> None:
        parent.write(words)
        parent.flush()

    async def serve() -> None:
        await go.wait()
        await serve_deployments(
            zone,
            first_run=first_run,
            embedded=True,
            tell=lambda line: say(TOLD + line.encode() + b"\n"),
            ready=lambda: say(READY),
        )

    serving = asyncio.ensure_future(serve())

    def listen() -> None:
        while said := os.read(0, len(GO)):  # past the buffer of sys.stdin, whose lock would outlive this thread
            if said == GO:
                loop.call_soon_threadsafe(go.set)
        with suppress(RuntimeError):  # the loop has ended before
            loop.call_soon_threadsafe(serving.cancel)

    threading.Thread(target=listen, name="tally-parent", daemon=True).start()
    with suppress(asyncio.CancelledError):
        await serving


def main() -> int:
    """Serve against the server of PREFECT_API_URL until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m deployments.serving", description=main.__doc__)
    parser.add_argument("--embedded", action="store_true", help="for the process that started this one")
    parser.add_argument("--first-run", action="store_true", help="run everything once, at once")
    chosen = parser.parse_args()
    zone = read_settings().time_zone

    def tell(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    with suppress(KeyboardInterrupt):
        if chosen.embedded:
            end_with_parent()
            asyncio.run(serve_for_parent(zone, first_run=chosen.first_run))
        else:
            asyncio.run(serve_deployments(zone, first_run=chosen.first_run, embedded=False, tell=tell))
    return 0


if __name__ == "__main__":
    sys.exit(main())
