"""What every run shares: the register opened, one step of work, retries for infrastructure only, and its name."""

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from prefect import get_client, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType, TaskRun
from prefect.context import FlowRunContext
from prefect.states import Cancelled
from prefect.types._datetime import now as prefect_now
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from commitments.clock import read_clock, today_in
from commitments.database import DatabaseBusy, open_database, open_unit
from commitments.drafts import watch_drafts
from commitments.operations import appoint_operator, record_beginning, record_finish, watch_flows
from commitments.settings import Settings, read_settings
from migrations import require_current
from notifications.mime import MailDomain
from notifications.planning import plan_alerts
from notifications.secret import load_mail_domain

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Register:
    """The register as one run sees it."""

    engine: Engine
    settings: Settings
    now: datetime
    run: str | None = None
    """The id of the run."""

    @property
    def domain(self) -> MailDomain:
        """What Message-IDs are made with."""
        return load_mail_domain(self.settings)

    @property
    def today(self) -> date:
        """Today where the schedules run."""
        return today_in(self.settings.time_zone, self.now)

    def link_to(self, reference: str) -> str | None:
        """The page of an agreement or commitment; nothing where no pages are."""
        return link_page(self.settings.pages_url, reference)

    @property
    def local_time(self) -> str:
        """This moment where the schedules run: 2026-11-25 10:31."""
        return f"{self.now.astimezone(ZoneInfo(self.settings.time_zone)):%Y-%m-%d %H:%M}"

    def choose_day(self, as_of: date | None) -> date:
        """The day asked for, else today where the schedules run."""
        return as_of or self.today


def link_page(base_url: str | None, reference: str) -> str | None:
    """The page of a matter: its commitment's if it belongs to one, else its agreement's; nothing where no pages are."""
    if not base_url:
        return None
    agreement, _, commitment = (re.split("[#:]", part, maxsplit=1)[0] for part in reference.partition("/"))
    promise = commitment.partition("/")[0]
    return f"{base_url.rstrip('/')}/agreements/{agreement}" + (f"/commitments/{promise}" if promise else "")


@contextmanager
def open_register(flow: str | None = None) -> Iterator[Register]:
    """The register of the settings; DatabaseOutOfDate, with what to do, if it was not migrated.

    With the name of a flow that runs by itself, its beginning and its finish are kept in the register, and whatever is
    wrong with any flow is made the operator's matter: so each run watches over all others.
    """
    _quiet_steps()
    settings = read_settings()
    engine = open_database(settings.register_url, synchronous=settings.synchronous)
    try:
        require_current(engine)
        register = Register(engine, settings, read_clock(), find_run())
        if flow is not None:
            _begin(register, flow)
        yield register
        if flow is not None:
            _finish(register, flow)
    finally:
        engine.dispose()


def _begin(register: Register, flow: str) -> None:
    settings = register.settings
    with open_unit(register.engine) as unit:
        appoint_operator(unit, settings.operator, settings.operator_language, settings.time_zone, register.now)
        record_beginning(unit, flow, register.now)


def _finish(register: Register, flow: str) -> None:
    now = read_clock()
    with open_unit(register.engine) as unit:
        record_finish(unit, flow, now)
        watch_flows(unit, now)
        watch_drafts(unit, now)
    plan_alerts(register.engine, now, today_in(register.settings.time_zone, now), domain=register.domain)


def _quiet_steps() -> None:
    """Let the log of a run tell what was done, not that each step began and ended; what goes wrong is still told."""
    logging.getLogger("prefect.task_runs").setLevel(logging.WARNING)


async def is_infrastructure(_task: Any, _task_run: TaskRun, state: State[Any]) -> bool:
    """Only a database that is busy or away is worth another try; a fault of ours would only be repeated."""
    fault = await state.aresult(raise_on_failure=False)
    return isinstance(fault, DatabaseBusy | OperationalError)


@task(
    task_run_name="{step}",
    retries=3,
    retry_delay_seconds=[5, 30, 120],
    retry_condition_fn=is_infrastructure,
    cache_policy=NO_CACHE,
    persist_result=False,
)
async def do_step(step: str, work: Callable[[], Result]) -> Result:
    """One step of a run, whatever its size: the domain's function in a thread of its own."""
    return await asyncio.to_thread(work)


@contextmanager
def stop_when_cancelled() -> Iterator[threading.Event]:
    """An event that is set when the run ends for any reason, so that work in a thread ends with it."""
    stop = threading.Event()
    try:
        yield stop
    finally:
        stop.set()


def log_lines(lines: Iterable[str]) -> None:
    """A few lines in the run's log, for a person."""
    logger = get_run_logger()
    for line in lines:
        logger.info("%s", line)


def find_run() -> str | None:
    """The id of the present run; None outside of one."""
    context = FlowRunContext.get()
    return str(context.flow_run.id) if context is not None and context.flow_run is not None else None


async def name_run(name: str) -> None:
    """Give the present run the name by which a person finds it."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    async with get_client() as client:
        await client.set_flow_run_name(flow_run_id=context.flow_run.id, name=name)


SOON = timedelta(minutes=1)
DONE_BY_ANOTHER = "another run has done its work"


async def list_waiting_runs() -> list[UUID]:
    """The runs of the present run's deployment that wait for their turn, as events and people called them."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or context.flow_run.deployment_id is None:
        return []
    own = context.flow_run
    async with get_client() as client:
        waiting = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
            ),
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[own.deployment_id])),
            limit=200,
        )
    return [run.id for run in waiting if run.id != own.id and _is_due_soon(run)]


def _is_due_soon(run: FlowRun) -> bool:
    planned = run.next_scheduled_start_time or run.expected_start_time
    return planned is not None and planned < prefect_now("UTC") + SOON and not run.parameters


async def cancel_runs(run_ids: Sequence[UUID]) -> int:
    """Cancel runs that wait and have nothing left to do; returns how many there were."""
    async with get_client() as client:
        for run_id in run_ids:
            await client.set_flow_run_state(run_id, Cancelled(message=DONE_BY_ANOTHER), force=True)
    return len(run_ids)


def count_things(number: int, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 message, 2 messages."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
