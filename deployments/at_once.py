"""Runs in the serving process what should not wait for a process to start, as runs of its deployment like any other.

A run of such a deployment is called by an event, its schedule or a person in the Prefect UI. Here it is taken up within
a fraction of a second. Should the event be lost under way, the changes it told of are found by themselves.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from prefect import Flow, get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import PrefectException
from prefect.flow_engine import run_flow_async
from prefect.states import Cancelled, Pending, Scheduled
from prefect.types._datetime import now as prefect_now
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from commitments.database import DatabaseBusy, open_reading
from commitments.publication import find_oldest_unfollowed
from commitments.settings import Settings
from deployments.publishing import Published, publish_forever
from flows.runs import DONE_BY_ANOTHER

LOOK_WHILE_AWAITED = 0.25
"""Seconds between two questions for runs to do, while an event is under way."""
LOOK_OTHERWISE = 2.0
AWAITED_FOR = 10.0
LOST_AFTER = 20.0
"""Seconds after which a change that no run took up is followed without the event, which was lost."""
LONGEST_PAUSE = 600.0

log = logging.getLogger("tallystick.at_once")


@dataclass
class AtOnce:
    """The runs of some deployments, done here one after the other."""

    engine: Engine
    settings: Settings
    flows: Mapping[UUID, Flow[..., Any]]
    follower: UUID
    """The deployment whose run takes up what people changed."""
    _awaited_until: float = 0.0
    _oldest: int | None = None
    _seen_at: float = 0.0
    _pause: float = LOST_AFTER
    _stop: threading.Event = field(default_factory=threading.Event)

    async def serve(self) -> None:
        """Publish what the log holds, and run what that starts, until cancelled."""
        loop = asyncio.get_running_loop()

        def told(_done: Published) -> None:
            loop.call_soon_threadsafe(self._await_runs)

        publisher = threading.Thread(
            target=publish_forever,
            args=(self.engine, self.settings, self._stop),
            kwargs={"told": told},
            daemon=True,
            name="publisher",
        )
        publisher.start()
        try:
            while True:
                try:
                    async with get_client() as client:
                        await self._serve_with(client)
                except (httpx.HTTPError, PrefectException, RuntimeError) as away:
                    log.warning("no runs at once: the Prefect server does not answer (%s)", type(away).__name__)
                except (DatabaseBusy, OperationalError) as busy:
                    log.warning("no runs at once: the register does not answer (%s)", type(busy).__name__)
                await asyncio.sleep(LOOK_OTHERWISE)
        finally:
            self._stop.set()

    def _await_runs(self) -> None:
        self._awaited_until = time.monotonic() + AWAITED_FOR

    async def _serve_with(self, client: PrefectClient) -> None:
        asked = 0.0
        while True:
            awaited = time.monotonic() < self._awaited_until
            if awaited or time.monotonic() - asked >= LOOK_OTHERWISE:
                asked = time.monotonic()
                for run in await self._take_up(client):
                    await self._run(client, run)
                if not awaited:
                    await self._follow_what_was_lost(client)
            await asyncio.sleep(LOOK_WHILE_AWAITED)

    async def _take_up(self, client: PrefectClient) -> list[FlowRun]:
        """The runs that are due: of those without choices of their own the latest of a deployment, for all others."""
        due = await client.get_scheduled_flow_runs_for_deployments(
            list(self.flows), scheduled_before=prefect_now("UTC")
        )
        due.sort(key=lambda run: run.next_scheduled_start_time or prefect_now("UTC"))
        plain = {run.deployment_id: run for run in due if not run.parameters}
        taken = []
        for run in due:
            if run.parameters or plain[run.deployment_id] is run:
                taken.append(run)
            else:
                await client.set_flow_run_state(run.id, Cancelled(message=DONE_BY_ANOTHER), force=True)
        return taken

    async def _run(self, client: PrefectClient, run: FlowRun) -> None:
        begun: OrchestrationResult[Any] = await client.set_flow_run_state(
            run.id, Pending(message="taken up by the serving process")
        )
        if begun.status is not SetStateStatus.ACCEPT or run.deployment_id is None:
            return  # its place is taken: the server has put it off
        run.state = begun.state
        try:
            await run_flow_async(self.flows[run.deployment_id], flow_run=run, parameters=dict(run.parameters))
        except (asyncio.CancelledError, httpx.HTTPError):
            raise
        except Exception:  # the edge: Prefect holds the run as failed, with the reason
            log.exception("the run %s failed", run.name)

    async def _follow_what_was_lost(self, client: PrefectClient) -> None:
        """Start a run by ourselves for changes that have waited so long that their event must have been lost."""
        oldest = await asyncio.to_thread(self._read_oldest)
        if oldest is None or oldest != self._oldest:
            self._oldest, self._seen_at = oldest, time.monotonic()
            self._pause = LOST_AFTER
            return
        if time.monotonic() - self._seen_at < self._pause:
            return
        self._seen_at = time.monotonic()
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        await client.create_flow_run_from_deployment(
            self.follower, state=Scheduled(message="changes waited, and no event had called for a run")
        )

    def _read_oldest(self) -> int | None:
        with open_reading(self.engine) as reading:
            return find_oldest_unfollowed(reading)
