"""What a person sees of the flows: names that say what happened, tables, previews; a second run changes nothing."""

import asyncio
import base64
import importlib
from collections.abc import Coroutine
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from prefect import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterStartTime,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectException
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from commitments import reconcile
from commitments.chunks import split_register
from commitments.database import DatabaseBusy, open_database, open_reading
from commitments.settings import Settings, read_settings
from commitments.tables import follow_up, log_entry
from deployments.mailbox import start_mailbox
from flows.artifacts import write_cell
from flows.check_progress import check_progress
from flows.deliver import deliver
from flows.follow_changes import follow_changes
from flows.housekeeping import housekeeping
from flows.read_bounces import read_bounces
from flows.runs import do_step, is_infrastructure, open_register
from flows.send_digests import send_digests
from flows.send_reminders import send_reminders
from flows.send_summary import send_summary
from flows.standings import count_standings
from flows.upkeep import DatabaseDamaged
from notifications import dispatch
from notifications.delivery import Post
from notifications.runs import find_runs
from notifications.tables import bounce, notification
from tests.flows.conftest import NOW

slow = pytest.mark.slow


def run(flow: Any) -> dict[str, int]:
    """Run a flow to its end, as Prefect does, and give its counts."""
    counts: dict[str, int] = asyncio.run(flow())
    return counts


def ask(question: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(question)


async def read_last_run() -> FlowRun:
    begun = FlowRunFilter(start_time=FlowRunFilterStartTime(is_null_=False))  # what is planned would come before it
    async with get_client() as client:
        return (await client.read_flow_runs(flow_run_filter=begun, sort=FlowRunSort.START_TIME_DESC, limit=1))[0]


async def read_run(run_id: str) -> FlowRun:
    async with get_client() as client:
        return await client.read_flow_run(UUID(run_id))


async def read_artifacts(flow_run: FlowRun) -> dict[str, Any]:
    async with get_client() as client:
        found = await client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run.id]))
        )
        return {str(one.key): one.data for one in found}


@slow
def test_a_check_of_progress_is_named_after_what_it_found(prefect_api: None, examples: Settings) -> None:
    counts = run(check_progress)
    last = ask(read_last_run())
    assert counts["agreements"] > 15
    assert counts["opened"] > 50
    assert last.name == (
        f"check progress 2026-11-24: {counts['agreements']} agreements, {counts['opened']} follow-ups opened"
    )


@slow
def test_a_check_of_progress_shows_what_needs_attention_and_what_changed_with_reasons_in_words(
    prefect_api: None, examples: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    monkeypatch.setenv("TALLY_MAIL_URL", "smtp://127.0.0.1:1")  # and no pages
    read_settings.cache_clear()
    counts = run(check_progress)
    shown = ask(read_artifacts(ask(read_last_run())))
    attention, changes = json.loads(shown["what-needs-attention"]), json.loads(shown["what-changed-and-why"])
    assert len(attention) == min(counts["open"], 100)
    assert len(changes) == counts["opened"]
    assert {"standing", "who", "why", "what", "answer by", "matter"} == set(attention[0])
    assert all(row["why"] and "_" not in row["why"] and "{" not in row["why"] for row in [*attention, *changes])
    assert {row["change"] for row in changes} == {"opened"}
    monkeypatch.setenv("TALLY_BASE_URL", "https://tally.house.example")
    read_settings.cache_clear()
    run(check_progress)
    linked = ask(read_artifacts(ask(read_last_run())))["what-needs-attention"]
    for agreement, about, page in (
        ("gimcheon-chengdu", "exchange-activities#2026", "gimcheon-chengdu/commitments/exchange-activities"),
        ("jingdezhen-uccn#2026", "report", "jingdezhen-uccn"),
    ):
        link = f"[{write_cell(about)}](https://tally.house.example/agreements/{page})"
        assert f"{write_cell(agreement)}<br>{link}" in linked
    whys = [row.split(" | ")[2] for row in linked.splitlines() if row.startswith("| ")]
    assert whys[0] == "why"
    assert max(len(line) for why in whys for line in why.split("<br>")) < 45
    assert linked.count("https://tally.house.example/agreements/") == len(attention)


@slow
def test_a_check_of_a_large_register_moves_a_bar_to_its_end_and_leaves_a_picture_of_how_promises_stand(
    prefect_api: None, examples: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(check_progress)
    small = ask(read_artifacts(ask(read_last_run())))
    monkeypatch.setattr(importlib.import_module("flows.check_progress"), "LONG", 2)
    monkeypatch.setattr(reconcile, "split_register", partial(split_register, size=20))
    run(check_progress)
    shown = ask(read_artifacts(ask(read_last_run())))
    assert "promises-looked-at" not in small
    assert shown["promises-looked-at"] == 100
    head, _, picture = shown["how-promises-stand"].partition("base64,")
    assert head == "![How every commitment stands](data:image/svg+xml;"
    drawn = base64.b64decode(picture.rstrip().rstrip(")")).decode()
    counts = count_standings(open_database(examples.register_url), NOW.date())
    total = sum(sum(kind.values()) for kind in counts.values())
    assert total > 50
    assert f"How {total} commitments stand on 24 November 2026" in drawn


@slow
def test_a_second_check_of_the_same_day_changes_nothing(prefect_api: None, examples: Settings) -> None:
    first = run(check_progress)
    with open_register() as register, open_reading(register.engine) as reading:
        before = reading.execute(select(log_entry.c.id)).scalars().all()
    second = run(check_progress)
    with open_register() as register, open_reading(register.engine) as reading:
        after = reading.execute(select(log_entry.c.id)).scalars().all()
    assert (second["opened"], second["closed"], second["superseded"], second["reassigned"]) == (0, 0, 0, 0)
    assert second["unchanged"] == first["opened"]
    assert after == before
    assert ask(read_last_run()).name.endswith("0 follow-ups opened")


@slow
def test_the_sending_flows_queue_and_a_second_time_queue_nothing(prefect_api: None, examples: Settings) -> None:
    run(check_progress)
    first = [run(flow)["messages"] for flow in (send_reminders, send_digests, send_summary)]
    second = [run(flow)["messages"] for flow in (send_reminders, send_digests, send_summary)]
    assert first[0] > 0
    assert sum(first) > first[0]
    assert second == [0, 0, 0]


@slow
def test_the_look_that_an_unanswered_question_wakes_makes_it_the_operators_matter_once(
    prefect_api: None, checked: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLY_CLOCK", "2026-12-21T09:30:00+00:00")
    monkeypatch.setenv("TALLY_OPERATOR", "ops@house.example")
    read_settings.cache_clear()
    for _ in range(2):
        run(follow_changes)
    with open_register() as register, open_reading(register.engine) as reading:
        missing = select(follow_up).where(follow_up.c.kind == "reports_missing")
        (asked,) = reading.execute(missing).all()
        told = reading.execute(select(notification.c.address).where(notification.c.kind == "alert")).scalars().all()
    assert (asked.state, asked.reason["numbers"]["since"]) == ("open", "2026-12-08")
    assert told == ["ops@house.example"]


@slow
def test_a_preview_shows_each_waiting_summary_as_its_reader_will_get_it(prefect_api: None, checked: Settings) -> None:
    run(send_summary)
    shown = ask(read_artifacts(ask(read_last_run())))["summary-previews"]
    assert "Hello " in shown
    assert "@" in shown
    assert 1 < shown.count("\ngoes ") <= 20


@slow
def test_mail_that_the_server_does_not_take_completes_the_run_and_is_said_in_its_name(
    prefect_api: None, checked: Settings
) -> None:
    run(send_reminders)
    counts = run(deliver)
    last = ask(read_last_run())
    assert counts["sent"] == 0
    assert counts["waiting_for_server"] > 0
    assert last.state_name == "Completed"
    assert "for the mail server" in last.name


@slow
def test_what_is_due_goes_out_by_smtp_once_however_often_it_is_delivered(prefect_api: None, checked: Settings) -> None:
    run(send_reminders)
    with start_mailbox(checked.mailbox_folder, checked.mailbox_port, checked.mailbox_pages_port):
        first, second = run(deliver), run(deliver)
    letters = list(checked.mailbox_folder.glob("*.eml"))
    assert first["sent"] == len(letters) > 0
    assert second["sent"] == 0
    assert ask(read_last_run()).name.startswith("deliver: ")
    with open_register() as register, open_reading(register.engine) as reading:
        rows = reading.execute(select(notification.c.id).where(notification.c.state == "sent")).scalars().all()
        runs = set(find_runs(reading, rows).values())
    assert len(rows) == len(letters)
    (sender,) = runs
    assert ask(read_run(sender)).name.startswith(f"deliver: {first['sent']} sent")


@slow
def test_on_a_large_morning_all_senders_are_at_work_in_one_step_and_a_bar_moves_to_its_end(
    prefect_api: None, checked: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hired: list[int] = []

    def hire(*arguments: Any, pool_size: int) -> Post:
        hired.append(pool_size)
        return Post(*arguments, pool_size=pool_size)

    monkeypatch.setattr(importlib.import_module("flows.deliver"), "LONG", 3)
    monkeypatch.setattr(dispatch, "SMALLEST_BATCH", 1)
    monkeypatch.setattr(dispatch, "Post", hire)
    run(send_reminders)
    with start_mailbox(checked.mailbox_folder, checked.mailbox_port, checked.mailbox_pages_port):
        counts = run(deliver)
    assert hired == [checked.senders]
    assert checked.senders == 3
    assert counts["sent"] == len(list(checked.mailbox_folder.glob("*.eml"))) > 3
    assert ask(read_artifacts(ask(read_last_run())))["mail-going-out"] == 100


@slow
def test_what_came_back_is_read_once_and_its_run_says_how_many_channels_fail(
    prefect_api: None, checked: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(send_reminders)
    with start_mailbox(checked.mailbox_folder, checked.mailbox_port, checked.mailbox_pages_port):
        run(deliver)
    with open_register() as register, open_reading(register.engine) as reading:
        sent = reading.execute(select(notification).where(notification.c.state == "sent")).first()
    assert sent is not None
    came_back = checked.home / "came-back"
    came_back.mkdir()
    (came_back / "1.eml").write_bytes(write_report(sent.message_id))
    monkeypatch.setenv("TALLY_BOUNCE_MAILBOX", f"folder:{came_back}")
    read_settings.cache_clear()
    counts = run(read_bounces)
    assert counts == {"letters": 1, "reports": 1, "strange": 0, "ailing": 1}
    assert ask(read_last_run()).name == "read bounces: 1 report, 1 channel fails or is off"
    with open_register() as register, open_reading(register.engine) as reading:
        left = reading.execute(select(notification.c.state).where(notification.c.id == sent.id)).scalar_one()
    assert left == "failed"
    run(read_bounces)
    with open_register() as register, open_reading(register.engine) as reading:
        assert len(reading.execute(select(bounce)).all()) == 1


@slow
def test_without_a_mailbox_of_what_came_back_its_run_says_so(
    prefect_api: None, examples: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(read_bounces)["letters"] == 0
    assert ask(read_last_run()).name == "read bounces: no mailbox is set"


def write_report(message_id: str) -> bytes:
    """What a mail server sends back of a message to an address that there is not."""
    return (
        "From: MAILER-DAEMON@elsewhere.example\r\nTo: bounces@tally.example\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: failed\r\n"
        "Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n\r\n--b--\r\n"
    ).encode()


@slow
def test_housekeeping_counts_and_deletes_nothing(prefect_api: None, checked: Settings) -> None:
    run(send_reminders)
    with open_register() as register, open_reading(register.engine) as reading:
        before = (len(reading.execute(select(log_entry)).all()), len(reading.execute(select(notification)).all()))
    counts = run(housekeeping)
    with open_register() as register, open_reading(register.engine) as reading:
        after = (len(reading.execute(select(log_entry)).all()), len(reading.execute(select(notification)).all()))
    assert after == before == (counts["log_entries"], counts["queued"])
    assert "database in order" in ask(read_last_run()).name


@slow
def test_housekeeping_fails_loudly_when_the_database_has_lost_a_link(prefect_api: None, examples: Settings) -> None:
    engine = open_database(examples.register_url)
    raw = engine.raw_connection()
    raw.execute("PRAGMA foreign_keys=OFF")  # type: ignore[attr-defined]
    raw.execute("UPDATE commitment SET agreement_id = 999999 WHERE id = 1")  # type: ignore[attr-defined]
    raw.close()
    engine.dispose()
    with pytest.raises(DatabaseDamaged, match="lost links in commitment"):
        run(housekeeping)
    assert ask(read_last_run()).state_name == "Failed"


@slow
def test_a_busy_database_is_tried_again_and_a_fault_of_ours_is_not(prefect_api: None) -> None:
    patient = do_step.with_options(retry_delay_seconds=0)
    tries: list[int] = []

    def busy_once() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise DatabaseBusy("held")
        return "done"

    async def step(work: Any) -> Any:
        from prefect import flow

        @flow
        async def shell() -> Any:
            return await patient("a step", work)

        return await shell()

    def broken() -> None:
        tries.append(1)
        raise ValueError("ours")

    assert asyncio.run(step(busy_once)) == "done"
    assert len(tries) == 2
    tries.clear()
    with pytest.raises(ValueError, match="ours"):
        asyncio.run(step(broken))
    assert len(tries) == 1


@pytest.mark.parametrize(
    ("fault", "again"),
    [(DatabaseBusy("x"), True), (OperationalError("x", {}, Exception()), True), (ValueError("x"), False),
     (PrefectException("x"), False)],
)  # fmt: skip
def test_only_infrastructure_is_worth_another_try(fault: Exception, again: bool) -> None:
    from prefect.states import Failed

    assert asyncio.run(is_infrastructure(None, None, Failed(data=fault))) is again  # type: ignore[arg-type]


def test_every_flow_is_an_async_shell() -> None:
    # A synchronous flow waits a second for Prefect's heartbeat thread at its end.
    for flow in (check_progress, send_reminders, send_digests, send_summary, deliver, read_bounces, housekeeping):
        assert flow.isasync
