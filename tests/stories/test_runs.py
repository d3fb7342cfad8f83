"""Which run of Prefect sent a message, so that a reader of the log finds it in the Prefect UI."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.settings import Settings
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_messages
from notifications.runs import find_runs, link_run
from notifications.tables import notification
from tests.flows.launching import find_ports

RUN, LATER = "0192f0c1-7f0a-7bde-8f3a-3d1d8f6c1a01", "0192f0c1-7f0a-7bde-8f3a-3d1d8f6c1a02"
MORNING = datetime(2026, 3, 11, 9, tzinfo=UTC)  # a Wednesday
FORM = b"""
agreement: north-south
title: {en: Memorandum}
kind: memorandum
effective: 2024-01-01
parties:
  - reference: north
    kind: city
    names: {en: North}
    country: GB
    time_zone: Europe/London
    contacts: [{reference: ann, name: Ann, role: owner, channels: {mail: ann@north.example}}]
commitments:
  - {reference: survey, summary: Hand over., kind: deliverable, due: 2026-03-06, owners: [{party: north, contact: ann}]}
"""


@pytest.fixture
def asked(engine: Engine) -> int:
    """A message that waits; gives its id."""
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(FORM, "form.yaml"), Author("mei.lin", MORNING), MORNING.date())
    reconcile_register(engine, MORNING, MORNING.date())
    plan_messages(engine, MORNING, MORNING.date(), domain="tally.example")
    with open_reading(engine) as reading:
        return int(reading.execute(select(notification.c.id)).scalars().first() or 0)


def find(engine: Engine, message: int) -> dict[int, str]:
    with open_reading(engine) as reading:
        return find_runs(reading, [message])


def test_a_message_knows_the_run_of_its_last_attempt_and_none_if_a_command_sent_it(engine: Engine, asked: int) -> None:
    nowhere: Any = f"smtp://127.0.0.1:{find_ports(1)[0]}"
    settings = Settings(mail_url=nowhere)
    assert find(engine, asked) == {}
    for hours, run, known in ((0, RUN, {asked: RUN}), (1, LATER, {asked: LATER}), (2, None, {})):
        dispatch_messages(engine, settings, read_clock=lambda at=hours: MORNING + timedelta(hours=at), run=run)  # type: ignore[misc]
        assert find(engine, asked) == known


@pytest.mark.parametrize(
    ("settings", "page"),
    [
        pytest.param({}, "http://127.0.0.1:4200", id="on one machine it is the embedded server's"),
        pytest.param({"prefect_port": 4300}, "http://127.0.0.1:4300", id="at its own port"),
        pytest.param({"base_url": "https://tally.house.example"}, None, id="but no reader elsewhere can reach that"),
        pytest.param({"mail_url": "smtp://mail.example"}, None, id="nor where there are no pages"),
        pytest.param(
            {"base_url": "https://tally.house.example", "prefect_ui_url": "https://prefect.house.example/"},
            "https://prefect.house.example",
            id="so the house says where it is",
        ),
    ],
)
def test_the_page_of_a_run_is_where_its_reader_can_open_it(
    settings: dict[str, Any], page: str | None, tmp_path: Path
) -> None:
    assert link_run(Settings(home=tmp_path, **settings), RUN) == (page and f"{page}/runs/flow-run/{RUN}")
