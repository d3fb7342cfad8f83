"""The forecast and the log of messages say whose answer is missing, as the message itself does."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from commitments.database import open_unit
from notifications.tables import notification
from tests.portal.desk import TODAY, Desk

FORECAST, LOG = "/agreements/north-south/forecast", "/messages?kind=escalation"


def send_every_morning(desk: Desk) -> None:
    for day in range(30):
        desk.morning(TODAY + timedelta(days=day))
        with open_unit(desk.engine) as unit:
            unit.execute(
                update(notification).where(notification.c.state == "queued").values(state="sent", sent_at=desk.clock[0])
            )


@pytest.mark.parametrize("path", [FORECAST, LOG])
def test_it_is_said_whose_answer_is_missing_where_each_side_was_asked(desk: Desk, path: str) -> None:
    if path == LOG:
        send_every_morning(desk)
    desk.sign_in("cy")
    page = desk.get(path)
    assert "Ann has not answered for 5 working days; told: the deputy" in page
    assert "Ann has not answered for 15 working days; told: the leaders of both sides" in page
    assert "Li has not answered for 15 working days; told: the leaders of both sides" in page
    assert "unanswered for" not in page


def test_it_is_said_in_chinese_as_well(desk: Desk) -> None:
    desk.sign_in("li")
    assert "Ann已有15个工作日未答复；已通知：双方领导" in desk.get(FORECAST)
