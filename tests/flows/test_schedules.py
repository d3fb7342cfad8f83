"""What the deployments promise: a schedule in a zone with a lasting name, one run at a time, one for all missed."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, available_timezones

import pytest
from prefect import get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events.schemas.automations import EventTrigger
from prefect.runner import Runner
from prefect.server.schemas.schedules import CronSchedule
from prefect.states import Pending, Running, Scheduled, Suspended

from deployments import serving
from deployments.building import build_automation
from deployments.dashboards import DASHBOARDS
from deployments.schedules import PLANS, RUNS_AT_ONCE, Plan
from deployments.serving import (
    build_deployment,
    close_left_runs,
    collapse_missed_runs,
    load_flow,
    register_deployments,
)
from deployments.watches import WATCHES

BY_FLOW = {plan.flow: plan for plan in PLANS}


FORMS = [plan for plan in PLANS if plan.form]


@pytest.mark.parametrize("plan", [plan for plan in PLANS if plan.cron], ids=lambda plan: plan.flow)
def test_each_plan_names_its_flow_its_schedule_its_zone_and_how_to_change_it(plan: Plan) -> None:
    deployment = asyncio.run(build_deployment(plan, "Asia/Shanghai"))
    assert load_flow(plan).name == plan.flow
    (schedule,) = deployment.schedules or []
    assert schedule.slug == plan.slug
    assert schedule.schedule.timezone == "Asia/Shanghai"  # type: ignore[union-attr]
    if plan.has_one_place:
        assert deployment.concurrency_limit == 1
        assert deployment.concurrency_options is not None
        assert deployment.concurrency_options.collision_strategy == ("ENQUEUE" if plan.waits else "CANCEL_NEW")
    assert deployment.tags[0] == "tallystick"
    assert plan.cron in (deployment.description or "")
    assert "To change it" in (deployment.description or "")


@pytest.mark.parametrize("plan", FORMS, ids=lambda plan: plan.flow)
def test_each_form_says_how_to_fill_it_in_and_cancels_nobody_elses(plan: Plan) -> None:
    deployment = asyncio.run(build_deployment(plan, "Asia/Shanghai"))
    assert load_flow(plan).name == plan.flow
    assert not deployment.schedules
    assert deployment.concurrency_limit is None
    assert "form" in deployment.tags
    assert "How to fill it in" in (deployment.description or "")
    assert "What happens" in (deployment.description or "")


@pytest.mark.parametrize("plan", FORMS, ids=lambda plan: plan.flow)
def test_every_field_of_a_form_has_a_title_for_people_and_shows_as_one_field(plan: Plan) -> None:
    schema: Any = load_flow(plan).parameters.model_dump()
    for model in schema["definitions"].values():
        for name, field in model["properties"].items():
            assert field["title"] != name.replace("_", " ").title() or field["title"].isalpha(), name
            shown = [one.get("type") for one in field.get("anyOf", [])]
            assert "null" not in shown, f"{name} would show as a choice between a type and nothing"


def test_the_look_at_the_engine_begins_although_an_earlier_one_died_unseen() -> None:
    # Who looks for runs that hold their place for ever must not wait for a place itself.
    assert [plan.flow for plan in PLANS if plan.cron and not plan.has_one_place] == ["tell-operator"]


def test_each_watch_for_what_does_not_come_watches_each_run_or_flow_by_itself() -> None:
    # Without that Prefect strikes again every twenty seconds, for ever.
    waiting = [watch for watch in WATCHES if watch.after]
    assert len(waiting) > 2
    for watch in waiting:
        trigger = build_automation(watch, uuid4()).trigger
        assert isinstance(trigger, EventTrigger)
        assert trigger.for_each


@pytest.mark.slow
def test_the_serving_process_begins_no_more_runs_at_once_than_its_machine_carries(
    prefect_api: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Runner] = []

    async def stop(runner: Runner, *_: Any, **__: Any) -> None:
        made.append(runner)
        raise KeyboardInterrupt

    monkeypatch.setattr(serving, "register_deployments", stop)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(serving.serve_deployments("UTC", first_run=False, embedded=False, tell=print))
    assert made[0].limit == RUNS_AT_ONCE == 2


def test_every_saved_filter_finds_runs_by_a_tag_that_some_deployment_has_and_its_address_is_told() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "run-with-workers.md").read_text()
    tags = {tag for plan in PLANS for tag in plan.all_tags}
    for one in DASHBOARDS:
        assert one.tag in tags
        assert f"| {one.name} | `{one.path}` |" in page


def test_the_slugs_are_all_different() -> None:
    scheduled = [plan for plan in PLANS if plan.cron is not None]
    assert None not in {plan.slug for plan in scheduled}
    assert len({plan.slug for plan in scheduled}) == len(scheduled) > 5


@pytest.mark.parametrize("flow", ["send-reminders", "send-digests", "send-summary"])
@pytest.mark.parametrize("month", [1, 7])
def test_in_every_time_zone_messages_are_planned_between_midnight_and_eight(flow: str, month: int) -> None:
    start = datetime(2026, month, 12, tzinfo=UTC)
    schedule = CronSchedule(cron=BY_FLOW[flow].cron, timezone="Europe/London")
    runs = asyncio.run(schedule.get_dates(100, start, start + timedelta(days=2)))
    for zone in available_timezones():
        local = {moment.astimezone(ZoneInfo(zone)).hour for moment in runs}
        assert any(hour < 8 for hour in local), zone


CHANGES = [
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
]
"""Where clocks are put forward and back, and when; on Lord Howe Island by half an hour."""


def list_moments(plan: Plan, zone: str, first: date, days: int) -> list[datetime]:
    start = datetime.combine(first, time(0), ZoneInfo(zone))
    end = datetime.combine(first + timedelta(days=days), time(0), ZoneInfo(zone)) - timedelta(seconds=1)
    schedule = CronSchedule(cron=plan.cron, timezone=zone)
    return [moment.astimezone(UTC) for moment in asyncio.run(schedule.get_dates(2000, start, end))]


@pytest.mark.parametrize(("zone", "day"), CHANGES, ids=str)
@pytest.mark.parametrize("plan", [plan for plan in PLANS if plan.cron], ids=lambda plan: plan.flow)
def test_when_clocks_change_no_run_is_planned_twice_and_none_is_more_than_two_hours_late(
    plan: Plan, zone: str, day: date
) -> None:
    changing = list_moments(plan, zone, day - timedelta(days=7), 15)
    usual = list_moments(plan, zone, day - timedelta(days=21), 14)
    assert len(set(changing)) == len(changing)
    longest = max(later - earlier for earlier, later in pairwise(usual))
    assert max(later - earlier for earlier, later in pairwise(changing)) <= longest + timedelta(hours=1)


@pytest.mark.parametrize(("zone", "day"), CHANGES, ids=str)
def test_the_daily_check_runs_once_a_day_at_five_also_on_the_day_the_clocks_change(zone: str, day: date) -> None:
    moments = list_moments(BY_FLOW["check-progress"], zone, day - timedelta(days=1), 3)
    local = [moment.astimezone(ZoneInfo(zone)) for moment in moments]
    assert [(one.date(), one.hour) for one in local] == [(day + timedelta(days=shift), 5) for shift in (-1, 0, 1)]


def test_the_schedules_follow_the_zone_of_the_house() -> None:
    shanghai, london = (
        list_moments(BY_FLOW["check-progress"], zone, date(2026, 3, 2), 1)
        for zone in ("Asia/Shanghai", "Europe/London")
    )
    assert london[0] - shanghai[0] == timedelta(hours=8)


async def _ids() -> dict[str, UUID]:
    return await register_deployments(Runner(name="test", pause_on_shutdown=False), "Europe/London")


async def _plan_run(client: Any, deployment: UUID, state: Any) -> FlowRun:
    run: FlowRun = await client.create_flow_run_from_deployment(deployment, state=state)
    return run


@pytest.mark.slow
def test_a_missed_week_leaves_one_run_to_do_and_runs_to_come_stay(prefect_api: None) -> None:
    async def play() -> tuple[list[FlowRun], FlowRun, int]:
        now = datetime.now(UTC)
        deployment = (await _ids())["check-progress"]
        async with get_client() as client:
            missed = [
                await _plan_run(client, deployment, Scheduled(scheduled_time=now - timedelta(days=days)))
                for days in range(1, 8)
            ]
            coming = await _plan_run(client, deployment, Scheduled(scheduled_time=now + timedelta(days=1)))
            cancelled = await collapse_missed_runs([deployment], keep_latest=True)
            return (
                [await client.read_flow_run(one.id) for one in missed],
                await client.read_flow_run(coming.id),
                cancelled,
            )

    missed, coming, cancelled = asyncio.run(play())
    assert cancelled == 6
    assert [run.state_type for run in missed] == [StateType.SCHEDULED] + [StateType.CANCELLED] * 6
    assert coming.state_type == StateType.SCHEDULED


@pytest.mark.slow
def test_after_a_first_run_no_missed_run_is_left_to_do(prefect_api: None) -> None:
    async def play() -> StateType | None:
        deployment = (await _ids())["send-digests"]
        async with get_client() as client:
            late = Scheduled(scheduled_time=datetime.now(UTC) - timedelta(hours=4))
            run = await _plan_run(client, deployment, late)
            await collapse_missed_runs([deployment], keep_latest=False)
            return (await client.read_flow_run(run.id)).state_type

    assert asyncio.run(play()) == StateType.CANCELLED


@pytest.mark.slow
def test_while_one_run_is_under_way_another_of_the_same_flow_is_cancelled(prefect_api: None) -> None:
    async def play() -> str | None:
        deployment = (await _ids())["deliver"]
        async with get_client() as client:
            first = await _plan_run(client, deployment, Scheduled())
            await client.set_flow_run_state(first.id, Pending())
            await client.set_flow_run_state(first.id, Running())
            second = await _plan_run(client, deployment, Scheduled())
            await client.set_flow_run_state(second.id, Pending())
            return (await client.read_flow_run(second.id)).state_name

    assert asyncio.run(play()) == "Cancelled"


@pytest.mark.slow
def test_a_run_whose_process_died_with_the_system_does_not_hold_its_place_for_ever(prefect_api: None) -> None:
    async def play() -> tuple[str | None, str | None]:
        deployment = (await _ids())["send-reminders"]
        async with get_client() as client:
            left = await _plan_run(client, deployment, Scheduled())
            await client.set_flow_run_state(left.id, Pending())
            await client.set_flow_run_state(left.id, Running())
            await close_left_runs([deployment])
            following = await _plan_run(client, deployment, Scheduled())
            await client.set_flow_run_state(following.id, Pending())
            return (
                (await client.read_flow_run(left.id)).state_name,
                (await client.read_flow_run(following.id)).state_name,
            )

    assert asyncio.run(play()) == ("Crashed", "Pending")


@pytest.mark.slow
def test_a_run_that_waits_for_an_answer_without_a_process_outlives_a_restart(prefect_api: None) -> None:
    async def play() -> str | None:
        deployment = (await _ids())["register-agreement"]
        async with get_client() as client:
            waiting = await _plan_run(client, deployment, Scheduled())
            for state in (Pending(), Running(), Suspended(timeout_seconds=600)):
                await client.set_flow_run_state(waiting.id, state)
            await close_left_runs([deployment])
            return (await client.read_flow_run(waiting.id)).state_name

    assert asyncio.run(play()) == "Suspended"
