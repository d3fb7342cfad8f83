"""Brings a Prefect server to what the plans and watches say: compares first, says what differs, then writes it.

Run twice, the second finds nothing to do. What is ours on the server and no longer planned is removed only when asked.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import Automation, AutomationCore
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.workers.process import ProcessWorker

from deployments.building import build_automation, build_deployment, build_trigger, load_flow, name_automation
from deployments.dashboards import DASHBOARDS, Dashboard
from deployments.schedules import PLANS, TAG, Plan
from deployments.watches import HEARTBEAT, PREFIX, WATCHES, Watch

PROCESS = "process"
ENGINE = "python -m prefect.engine"
"""Said to the workers so that each run starts one Python instead of two."""
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing on the server that is not as it should be, and what puts it right."""

    order: str
    """create, update or remove."""
    what: str
    name: str
    why: str
    apply: Callable[[], Awaitable[object]]

    def __str__(self) -> str:
        return f"{self.order} {self.what} {self.name}" + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True, slots=True)
class Found:
    """What a comparison found: the differences in the order in which they are to be put right."""

    differences: tuple[Difference, ...]
    unchanged: int
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if one.order != "remove")

    @property
    def removals(self) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if one.order == "remove")


async def compare_server(
    client: PrefectClient,
    zone: str,
    pool: str,
    *,
    folder: str | None = None,
    plans: Sequence[Plan] = PLANS,
    watches: Sequence[Watch] = WATCHES,
) -> Found:
    """What differs on a server whose workers are to run the plans; writes nothing.

    `folder` is where workers run the flows: their tally.toml and relative paths.
    """
    differences: list[Difference] = []
    notes: list[str] = []
    unchanged = 0
    kind = await _read_pool_type(client, pool)
    if kind is None:
        differences.append(Difference("create", "work pool", pool, PROCESS, lambda: _create_pool(client, pool)))
    else:
        unchanged += 1
    variables = list_job_variables(folder, is_process=kind in (None, PROCESS))
    if kind not in (None, PROCESS):
        notes.append(f"the work pool {pool} is of the type {kind}: what its workers start must hold this program")
    known = await read_deployments(client)
    automations = await read_automations(client)
    for plan in plans:
        found = known.get(plan.flow)
        wanted = await build_deployment(plan, zone, pool=pool, job_variables=variables)
        why = _compare_deployment(plan, zone, pool, variables, wanted.entrypoint, found, automations)
        if found is not None and not why:
            unchanged += 1
            notes += [f"the schedule of {plan.flow} is switched off on the server and stays so"] * _is_off(found)
            continue
        order = "create" if found is None else "update"
        differences.append(Difference(order, "deployment", plan.flow, ", ".join(why), wanted.aapply))
    told = await compare_watches(client, watches, known, automations)
    saved = await compare_dashboards(client)
    removals = find_vanished(client, plans, watches, known, automations)
    listed = (*differences, *told.differences, *saved.differences, *removals)
    return Found(listed, unchanged + told.unchanged + saved.unchanged, (*notes, *saved.notes))


async def compare_watches(
    client: PrefectClient,
    watches: Sequence[Watch],
    known: Mapping[str, DeploymentResponse],
    automations: Sequence[Automation],
) -> Found:
    """The automations that are missing or differ, each looked for by its name."""
    differences: list[Difference] = []
    unchanged = 0
    for watch in watches:
        same = next((one for one in automations if one.name == watch.name), None)
        started = known.get(watch.starts)
        if same is None or started is None:
            differences.append(Difference("create", "automation", watch.name, "", _creation(client, watch, same)))
            continue
        wanted = build_automation(watch, started.id)
        why = [name for name in _COMPARED if _dump(wanted)[name] != _dump(same)[name]]
        if why:
            writing = _update(client, same.id, wanted)
            differences.append(Difference("update", "automation", watch.name, ", ".join(why), writing))
        else:
            unchanged += 1
    return Found(tuple(differences), unchanged)


async def compare_dashboards(client: PrefectClient, dashboards: Sequence[Dashboard] = DASHBOARDS) -> Found:
    """The saved filters of the runs page that are missing, differ or are no longer planned."""
    try:
        answer = await client.request("POST", "/saved_searches/filter", json={"limit": _PAGE})
    except PrefectHTTPStatusError as refused:
        if refused.response.status_code in (401, 403):
            raise
        return Found((), 0, ("this server keeps no saved filters",))
    known = {one["name"]: one for one in answer.json()}
    differences: list[Difference] = []
    unchanged = 0
    for one in dashboards:
        same = known.get(one.name)
        if same is not None and same["filters"] == one.write_filters():
            unchanged += 1
            continue
        order = "create" if same is None else "update"
        differences.append(Difference(order, "saved filter", one.name, "", _saving(client, one)))
    planned = {one.name for one in dashboards}
    differences += [
        Difference("remove", "saved filter", name, "no longer planned", _forgetting(client, one["id"]))
        for name, one in known.items()
        if name.startswith(PREFIX) and name not in planned
    ]
    return Found(tuple(differences), unchanged)


def find_vanished(
    client: PrefectClient,
    plans: Sequence[Plan],
    watches: Sequence[Watch],
    known: Mapping[str, DeploymentResponse],
    automations: Sequence[Automation],
) -> list[Difference]:
    """What is ours on the server and not planned: deployments by our tag, automations by our prefix.

    The automation of a trigger outlives its deployment on a Prefect server, and fails for ever.
    """
    planned = {plan.flow for plan in plans}
    names = {one.id: name for name, one in known.items()}
    triggers = {(plan.flow, name_automation(trigger)) for plan in plans for trigger in plan.triggers}
    gone = [
        Difference("remove", "deployment", name, "no longer planned", _deletion(client.delete_deployment, one.id))
        for name, one in known.items()
        if name not in planned
    ]
    wanted = {(watch.starts, watch.name) for watch in watches} | triggers
    seen: set[tuple[str | None, str]] = set()
    for one in automations:
        if not one.name.startswith(PREFIX):
            continue
        started = find_started(one)
        place = (names.get(started) if started is not None else None, one.name)
        why = "no longer planned" if place not in wanted else "a double" if place in seen else ""
        if place[0] is None:
            why = "its deployment is gone"
        seen.add(place)
        if why:
            gone.append(Difference("remove", "automation", one.name, why, _deletion(client.delete_automation, one.id)))
    return gone


def find_started(automation: AutomationCore) -> UUID | None:
    """The deployment that an automation starts; a server does not tell whose it is."""
    return next((one.deployment_id for one in automation.actions if isinstance(one, RunDeployment)), None)


def list_job_variables(folder: str | None, *, is_process: bool) -> dict[str, Any]:
    """What a worker is told for each run; where and how only on a machine, as in a pool of processes."""
    variables: dict[str, Any] = {"env": {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(int(HEARTBEAT.total_seconds()))}}
    if is_process:
        variables |= {"command": ENGINE} | ({"working_dir": folder} if folder is not None else {})
    return variables


async def read_deployments(client: PrefectClient) -> dict[str, DeploymentResponse]:
    """Our deployments on the server, by name."""
    found: list[DeploymentResponse] = []
    while True:
        page = await client.read_deployments(
            deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])), limit=_PAGE, offset=len(found)
        )
        found += page
        if len(page) < _PAGE:
            return {one.name: one for one in found}


async def read_automations(client: PrefectClient) -> list[Automation]:
    """Every automation on the server; the oldest of each name first."""
    found: list[Automation] = []
    while True:
        page = await client.read_automations(limit=_PAGE, offset=len(found))
        found += page
        if len(page) < _PAGE:
            return found


async def apply_watches() -> int:
    """Bring automations and saved filters of a server that is ours alone up to date, and remove what is left of older
    ones; returns how many automations there are."""
    async with get_client() as client:
        known = await read_deployments(client)
        automations = await read_automations(client)
        told = await compare_watches(client, WATCHES, known, automations)
        gone = find_vanished(client, PLANS, WATCHES, known, automations)
        saved = await compare_dashboards(client)
        for one in (*told.differences, *gone, *saved.differences):
            await one.apply()
        return len(WATCHES)


def _compare_deployment(
    plan: Plan,
    zone: str,
    pool: str,
    variables: Mapping[str, Any],
    entrypoint: str | None,
    found: DeploymentResponse | None,
    automations: Sequence[Automation],
) -> list[str]:
    """Which parts of a deployment differ from its plan."""
    if found is None:
        return []
    schedules = [
        (one.slug, getattr(one.schedule, "cron", None), getattr(one.schedule, "timezone", None))
        for one in found.schedules
    ]
    limit = found.global_concurrency_limit.limit if found.global_concurrency_limit is not None else None
    options = found.concurrency_options
    strategy = str(options.collision_strategy.value) if options is not None else None
    watched = {watch.name for watch in WATCHES}
    ours = [one for one in automations if find_started(one) == found.id and one.name not in watched]
    triggers = [build_trigger(trigger) for trigger in plan.triggers]
    for trigger in triggers:
        trigger.set_deployment_id(found.id)
    parts = {
        "schedule": (schedules, [(plan.slug, plan.cron, zone)] if plan.cron is not None else []),
        "description": (found.description, plan.describe(zone)),
        "tags": (sorted(found.tags), sorted(plan.all_tags)),
        "entrypoint": (found.entrypoint, entrypoint),
        "work pool": (found.work_pool_name, pool),
        "job variables": (found.job_variables or {}, dict(variables)),
        "concurrency": ((limit, strategy), _choose_limit(plan)),
        "form": (found.enforce_parameter_schema, not plan.form),
        "parameters": (_list_parameters(found.parameter_openapi_schema), _list_parameters(_read_schema(plan))),
        "triggers": (
            sorted(map(repr, map(_dump, ours))),
            sorted(repr(_dump(trigger.as_automation())) for trigger in triggers),
        ),
    }
    return [name for name, (is_so, wanted) in parts.items() if is_so != wanted]


def _choose_limit(plan: Plan) -> tuple[int | None, str | None]:
    return (1, "ENQUEUE" if plan.waits else "CANCEL_NEW") if plan.has_one_place else (None, None)


def _read_schema(plan: Plan) -> dict[str, Any]:
    from prefect.utilities.callables import parameter_schema

    return parameter_schema(load_flow(plan).fn).model_dump_for_openapi()


def _list_parameters(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    return dict((schema or {}).get("properties") or {})


def _is_off(found: DeploymentResponse) -> bool:
    return bool(found.schedules) and not any(one.active for one in found.schedules)


_COMPARED = ("name", "description", "tags", "trigger", "actions")


def _dump(automation: AutomationCore) -> dict[str, Any]:
    """An automation without what the server adds, with its sets in order."""
    plain = automation.model_dump(mode="json", include=set(_COMPARED))
    trigger = plain["trigger"]
    trigger.pop("id", None)
    for name in ("after", "expect", "for_each"):
        trigger[name] = sorted(trigger.get(name) or ())
    return plain


async def _read_pool_type(client: PrefectClient, pool: str) -> str | None:
    try:
        return (await client.read_work_pool(pool)).type
    except ObjectNotFound:
        return None


async def _create_pool(client: PrefectClient, pool: str) -> None:
    template = ProcessWorker.get_default_base_job_template()
    template["variables"]["properties"]["command"]["default"] = ENGINE
    await client.create_work_pool(
        WorkPoolCreate(name=pool, type=PROCESS, description="Runs the flows of Tallystick.", base_job_template=template)
    )


def _creation(client: PrefectClient, watch: Watch, same: Automation | None) -> Callable[[], Awaitable[object]]:
    async def write() -> None:
        # Asked only now: the deployment that it starts may have been made a moment ago.
        found = (await read_deployments(client))[watch.starts]
        wanted = build_automation(watch, found.id)
        if same is None:
            await client.create_automation(wanted)
        else:
            await client.update_automation(same.id, wanted)

    return write


def _update(client: PrefectClient, automation_id: UUID, wanted: AutomationCore) -> Callable[[], Awaitable[object]]:
    async def write() -> None:
        await client.update_automation(automation_id, wanted)

    return write


def _saving(client: PrefectClient, one: Dashboard) -> Callable[[], Awaitable[object]]:
    async def write() -> None:
        await client.request("PUT", "/saved_searches/", json={"name": one.name, "filters": one.write_filters()})

    return write


def _forgetting(client: PrefectClient, id_: str) -> Callable[[], Awaitable[object]]:
    async def write() -> None:
        await client.request("DELETE", "/saved_searches/{id}", path_params={"id": id_})

    return write


def _deletion(delete: Callable[[UUID], Awaitable[object]], id_: UUID) -> Callable[[], Awaitable[object]]:
    async def write() -> None:
        await delete(id_)

    return write
