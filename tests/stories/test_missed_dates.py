"""What was said of a promise before its date does not answer for the date that was missed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from commitments.database import open_unit
from commitments.log import Author
from commitments.progress import report_progress
from commitments.reconcile import reconcile_agreement
from commitments.vocabulary import Rating
from tests.stories.house import House, open_house


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        yield made


def report(house: House, day: date, note: str) -> None:
    """Ann says of the survey, which is due on 31 March, that it is off track."""
    at = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
    with open_unit(house.engine) as unit:
        ann = Author("ann", at)
        report_progress(unit, ann, "north-south/survey", "north", "ann", Rating.OFF_TRACK, day, note=note)
        reconcile_agreement(unit, 1, at, day)


def test_who_said_before_the_date_that_it_goes_wrong_is_asked_once_it_is_missed(house: House) -> None:
    house.live(date(2026, 2, 26), date(2026, 3, 25))
    report(house, date(2026, 3, 25), "The contractor has gone")
    house.live(date(2026, 3, 26), date(2026, 4, 1))
    assert "Overdue: Hand over the survey" in house.subjects("ann")[-1]


def test_who_said_after_the_date_why_it_is_late_is_left_alone_for_a_while(house: House) -> None:
    house.live(date(2026, 2, 26), date(2026, 3, 31))
    report(house, date(2026, 4, 1), "The contractor has gone")
    house.live(date(2026, 4, 1), date(2026, 4, 8))
    assert not [one for one in house.subjects("ann") if "Hand over the survey" in one and "Overdue" in one]


def test_what_was_said_with_a_report_stands_in_the_next_digest(house: House) -> None:
    house.live(date(2026, 2, 26), date(2026, 3, 25))
    report(house, date(2026, 3, 25), "The contractor has gone")
    house.live(date(2026, 3, 26), date(2026, 3, 30))
    digest = [text for who, text in house.texts if who == "li"][-1]
    assert "North reported: Off track – The contractor has gone" in digest
