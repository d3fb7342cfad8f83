"""What a person who fills in a form gets: what was done and what that changed, or every correction to make."""

import asyncio
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun, State
from sqlalchemy import func, select

from commitments.database import open_reading
from commitments.settings import Settings
from commitments.tables import log_entry
from deployments.mailbox import start_mailbox
from flows.add_activity import add_activity
from flows.add_commitment import add_commitment
from flows.forecast import forecast
from flows.report_progress import report_progress
from flows.runs import link_page, open_register
from flows.send_test_message import send_test_message
from tests.flows.test_flows import ask, read_artifacts, read_last_run

pytestmark = pytest.mark.slow


def submit(flow: Any, **filled: Any) -> tuple[State[Any], FlowRun, dict[str, Any]]:
    """Fill in a form as the page hands it over; gives the end, the run and its artifacts."""
    state: State[Any] = asyncio.run(flow(**filled, return_state=True))
    last = ask(read_last_run())
    return state, last, ask(read_artifacts(last))


def count_entries() -> int:
    with open_register() as register, open_reading(register.engine) as reading:
        return int(reading.execute(select(func.count()).select_from(log_entry)).scalar_one())


def test_a_report_is_recorded_and_its_run_says_what_that_changed(prefect_api: None, examples: Settings) -> None:
    filled = {"commitment": "leeds-hangzhou-2018/library-link", "rating": "on track", "party": "leeds", "value": None}
    state, run, shown = submit(report_progress, report=filled | {"note": "The librarians | have met."})
    assert state.is_completed()
    assert run.name == "report progress leeds-hangzhou-2018/library-link: on track"
    assert "The librarians \\| have met." in shown["what-was-filed"]
    assert "## What that changed" in shown["what-was-filed"]


def test_all_mistakes_of_a_report_are_told_at_once_without_a_traceback_and_nothing_is_written(
    prefect_api: None, examples: Settings
) -> None:
    before = count_entries()
    filled = {"commitment": "leeds-hangzhou-2018/libary-link", "rating": "on trak", "party": "leds"}
    state, run, shown = submit(report_progress, report=filled)
    assert state.is_failed()
    assert run.name == "report progress: 3 corrections to make"
    assert state.message is not None
    assert state.message.startswith("Nothing was written, 3 corrections to make. How it goes:")
    for near in ("leeds-hangzhou-2018/library-link", "on track", "'leeds'"):
        assert f"did you mean {near}" in shown["corrections"].replace("'leeds-h", "leeds-h").replace("'on t", "on t")
    assert "Traceback" not in state.message + shown["corrections"]
    assert count_entries() == before


def test_an_activity_counts_at_once_and_closes_what_it_answers(prefect_api: None, checked: Settings) -> None:
    filled = {"agreement": "gimcheon-chengdu", "title": "Visit of the ceramic artists", "held_on": "2026-11-20"}
    state, run, shown = submit(add_activity, activity=filled | {"commitments": ["exchange-activities"]})
    assert state.is_completed()
    assert run.name == "add activity gimcheon-chengdu: Visit of the ceramic artists, 2026-11-20"
    assert "- closed: **No activity for a long time** of" in shown["what-was-filed"]


def test_all_mistakes_of_an_activity_are_told_at_once(prefect_api: None, examples: Settings) -> None:
    before = count_entries()
    filled = {"agreement": "gimcheon-chengdu", "title": "", "held_on": "soon", "commitments": ["exchange-activites"]}
    state, run, shown = submit(add_activity, activity=filled)
    assert state.is_failed()
    assert run.name == "add activity: 3 corrections to make"
    assert "did you mean 'gimcheon-chengdu/exchange-activities'?" in shown["corrections"]
    assert count_entries() == before


def test_a_commitment_is_added_with_the_follow_ups_that_it_calls_for(prefect_api: None, examples: Settings) -> None:
    filled = {"summary": "Publish a catalogue of ceramics", "kind": "deliverable", "due": "2026-10"}
    state, run, shown = submit(add_commitment, agreement="gimcheon-chengdu", commitment=filled)
    assert state.is_completed()
    assert run.name == "add commitment gimcheon-chengdu/publish-a-catalogue-of-ceramics"
    assert "- opened: **" in shown["what-was-filed"]


def test_a_forecast_shows_each_message_with_its_reason_and_writes_nothing(
    prefect_api: None, examples: Settings
) -> None:
    before = count_entries()
    state, run, shown = submit(forecast, ahead={"days": 5, "to": "songlan"})
    assert state.is_completed()
    assert run.name.startswith("forecast of 5 days: ")
    assert "harrowmere-songlan/reading-room" in shown["forecast"]
    assert count_entries() == before
    assert submit(forecast)[0].is_completed()
    assert submit(forecast, ahead={"days": 0})[0].is_failed()


def test_a_test_message_goes_at_once_and_the_run_says_what_the_server_said(
    prefect_api: None, examples: Settings
) -> None:
    with start_mailbox(examples.mailbox_folder, examples.mailbox_port, examples.mailbox_pages_port):
        state, run, shown = submit(send_test_message, message={"to": "harrowmere-sample", "note": "<b>Hello</b>"})
    assert state.is_completed()
    assert run.name == "send test message to Helen Sample <helen.sample@harrowmere.example>: sent"
    assert "250" in shown["test-message"]
    (letter,) = examples.mailbox_folder.glob("*.eml")
    assert b"Test message from Tallystick" in letter.read_bytes()


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("harowmere-sample", "did you mean 'harrowmere-sample'?"),
        ("a@b.example, c@d.example", "expected exactly one mail address"),
        ("helen.sample@harrowmere.example", "was not taken by smtp://127.0.0.1:"),
    ],
)
def test_a_test_message_that_cannot_go_fails_with_the_reason(
    prefect_api: None, examples: Settings, to: str, said: str
) -> None:
    state, _, _ = submit(send_test_message, message={"to": to})
    assert state.is_failed()
    assert said in (state.message or "")


@pytest.mark.parametrize(
    ("reference", "page"),
    [
        ("leeds", "https://t.example/agreements/leeds"),
        ("leeds:dormancy", "https://t.example/agreements/leeds"),
        ("leeds#2026:report", "https://t.example/agreements/leeds"),
        ("leeds/link", "https://t.example/agreements/leeds/commitments/link"),
        ("leeds/link#2026", "https://t.example/agreements/leeds/commitments/link"),
        ("leeds/link/2026-11-24-leeds", "https://t.example/agreements/leeds/commitments/link"),
    ],
)
def test_what_a_run_names_is_linked_to_its_page(reference: str, page: str) -> None:
    from portal import agreement_page, commitment_page

    assert link_page("https://t.example/", reference) == page
    assert link_page(None, reference) is None
    path = page.removeprefix("https://t.example")
    routes = [*agreement_page.router.routes, *commitment_page.router.routes]
    assert [one for one in routes if one.path_regex.fullmatch(path)]  # type: ignore[attr-defined]
