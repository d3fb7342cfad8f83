"""What Prefect is told of each plan and each watch, built from the data."""

import importlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.events.actions import ActionTypes, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from deployments.schedules import TAG, Plan, Trigger
from deployments.watches import PREFIX, Watch


def load_flow(plan: Plan) -> Flow[..., Any]:
    """The flow of a plan."""
    found = getattr(importlib.import_module(plan.module), plan.function)
    assert isinstance(found, Flow)
    return found


async def build_deployment(
    plan: Plan, zone: str, *, pool: str | None = None, job_variables: Mapping[str, Any] | None = None
) -> RunnerDeployment:
    """The deployment of a plan, with its schedule in the given zone and its triggers; for workers of a pool, if any."""
    strategy = ConcurrencyLimitStrategy.ENQUEUE if plan.waits else ConcurrencyLimitStrategy.CANCEL_NEW
    limit = ConcurrencyLimitConfig(limit=1, collision_strategy=strategy) if plan.has_one_place else None
    return await load_flow(plan).ato_deployment(
        plan.flow,
        schedule=Cron(plan.cron, timezone=zone, slug=plan.slug) if plan.cron is not None else None,
        triggers=[build_trigger(trigger) for trigger in plan.triggers],
        concurrency_limit=limit,
        enforce_parameter_schema=not plan.form,  # a form's own answer is clearer, and says everything at once
        description=plan.describe(zone),
        tags=list(plan.all_tags),
        entrypoint_type=EntrypointType.MODULE_PATH,
        work_pool_name=pool,
        job_variables=dict(job_variables or {}) if pool is not None else None,
    )


def build_trigger(trigger: Trigger) -> DeploymentEventTrigger:
    """One run for all events of a window: the first begins the window, and the run starts when it ends."""
    window = timedelta(seconds=trigger.window)
    return DeploymentEventTrigger(
        name=name_automation(trigger),
        expect=set(trigger.events),
        threshold=1,
        within=window,
        schedule_after=window,
    )


def name_automation(trigger: Trigger) -> str:
    """The name by which the automation of a trigger is known to be ours."""
    return trigger.name if trigger.name.startswith(PREFIX) else PREFIX + trigger.name


SETTLING = timedelta(seconds=30)
"""Many commitments may pass their date at one moment: of the runs that this starts, all due at about the same time, the
first does the work of all."""


def build_automation(watch: Watch, started: UUID) -> AutomationCore:
    """The automation of a watch; it starts the deployment with the given id."""
    related: list[dict[str, Any]]
    if watch.tag is None:
        resource = "tallystick.agreement.*"
        related = [{"prefect.resource.role": "commitment", "prefect.resource.id": "tallystick.commitment.*"}]
        each = {"related:commitment:prefect.resource.id"}
    else:
        resource = "prefect.flow-run.*"
        related = [{"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{watch.tag}"}]
        each = {"prefect.resource.id"}
    if watch.flow is not None:
        related.append({"prefect.resource.role": "flow", "prefect.resource.name": watch.flow})
        each = {"related:flow:prefect.resource.id"}
    trigger = EventTrigger(
        match={"prefect.resource.id": resource},
        match_related=related,
        after=set(watch.after),
        expect=set(watch.expect),
        for_each=each if watch.after else set(),
        posture=Posture.Proactive if watch.after else Posture.Reactive,
        threshold=1,
        within=watch.within,
    )
    pause = timedelta(0) if watch.after else watch.within  # so that all of a burst are looked at by one run
    pause = SETTLING if watch.tag is None else pause
    actions: list[ActionTypes] = [RunDeployment(source="selected", deployment_id=started, schedule_after=pause)]
    return AutomationCore(name=watch.name, description=watch.purpose, tags=[TAG], trigger=trigger, actions=actions)
