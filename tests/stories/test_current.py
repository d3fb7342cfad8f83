"""A letter tells how things stand when it goes, not how they stood when it was planned in the night."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.deciding import set_date
from commitments.log import Author
from commitments.progress import add_activity, report_progress
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.vocabulary import Rating
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_messages
from tests.stories.house import FIRST, FORM, House, open_house

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
VISITS = b"""
  - reference: visits
    summary: Visit each other.
    kind: recurring
    recurrence: {every: year, count: 12, what: visits}
    owners: [{party: north, contact: ann}]
"""


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        yield made


def plan(house: House, at: datetime) -> None:
    house.clock = at
    reconcile_register(house.engine, at, at.date())
    plan_messages(house.engine, at, at.date(), domain="tally.example")


def send(house: House, at: datetime) -> None:
    house.clock = at
    dispatch_messages(house.engine, house.settings, read_clock=lambda: house.clock)


def texts(house: House, who: str) -> list[str]:
    return [text for to, text in house.texts if to == who]


def test_what_is_recorded_after_the_planning_at_night_is_told_as_it_stands_at_eight(house: House) -> None:
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(FORM + VISITS, "more.yaml"), Author("test", house.clock), FIRST)
    june = datetime(2026, 6, 1, tzinfo=UTC)
    plan(house, june)
    with open_unit(house.engine) as unit:
        at = june + timedelta(hours=7, minutes=30)
        add_activity(
            unit, Author("cy", at), "north-south", "A visit", "visit", "2026-05", at.date(), commitments=["visits"]
        )
    send(house, june + timedelta(hours=8))
    (text,) = texts(house, "ann")
    assert "1 of 12 visits held in 2026" in text and "0 of 12" not in text


def test_a_reminder_of_a_date_that_was_moved_before_the_letter_goes_is_left_out_and_told_anew(house: House) -> None:
    plan(house, MONDAY)
    with open_unit(house.engine) as unit:
        at = MONDAY + timedelta(hours=7)
        set_date(unit, Author("cy", at, "Agreed with South"), "north-south/survey", None, "2026-10-31", at.date())
    send(house, MONDAY + timedelta(hours=8))
    assert texts(house, "ann") == [], "nothing else was due"
    for day in (date(2026, 9, 30), date(2026, 10, 1)):
        plan(house, datetime(day.year, day.month, day.day, tzinfo=UTC))
        send(house, datetime(day.year, day.month, day.day, 8, tzinfo=UTC))
    assert any("Hand over the survey" in text for text in texts(house, "ann"))


def test_who_reported_before_their_letter_goes_is_not_reminded_in_it(house: House) -> None:
    plan(house, MONDAY)
    with open_unit(house.engine) as unit:
        at = MONDAY + timedelta(hours=7, minutes=30)
        report_progress(
            unit, Author("ann", at), "north-south/survey", "north", "ann", Rating.ON_TRACK, at.date(), note="on its way"
        )
    send(house, MONDAY + timedelta(hours=8))
    assert texts(house, "ann") == []
    assert [row.matter for row in house.decisions("ann", "answered_meanwhile")] == ["north-south/survey"]


def test_what_nobody_touched_is_told_as_it_was_planned(house: House) -> None:
    plan(house, MONDAY)
    send(house, MONDAY + timedelta(hours=8))
    (text,) = texts(house, "ann")
    assert "Hand over the survey" in text
