"""Who reported something that the other side sends back is told at once: by whom, why, and what to do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from commitments.database import open_unit
from commitments.log import Author
from commitments.progress import confirm_report, report_progress
from commitments.settings import Settings
from commitments.vocabulary import Rating
from notifications.forecast import forecast_agreement
from tests.stories.day_by_day import forecast_day_by_day
from tests.stories.house import House, open_house
from tests.stories.test_choices import register_joint_deeds, report_joint_deeds
from tests.stories.test_hours import run

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        register_joint_deeds(made)
        made.clock = MONDAY
        report_joint_deeds(made, 1)
        run(made, MONDAY)
        yield made


def send_back(house: House, at: datetime, note: str | None = "The annex is missing.") -> None:
    house.clock = at
    with open_unit(house.engine) as unit:
        confirm_report(unit, Author("li", at), "north-south/joint-1", "south", at.date(), confirmed=False, note=note)


def told(house: House) -> list[str]:
    return [
        at for at, subject in zip(house.received("ann"), house.subjects("ann"), strict=True) if "sent back" in subject
    ]


def test_it_comes_at_once_with_by_whom_why_and_what_to_do_and_never_again(house: House) -> None:
    at = MONDAY + timedelta(hours=2)
    send_back(house, at)
    run(house, at, *(at + timedelta(hours=hours) for hours in range(1, 48)))
    assert told(house) == ["Mon 02 Mar 11:00"]
    assert "Your report was sent back: Joint deed 1" in house.subjects("ann")
    (text,) = [text for to, text in house.texts if to == "ann" and "sent your report back" in text]
    assert "South sent your report back." in text and "The annex is missing." in text
    assert "Please see what is missing, and report anew once it is there." in text


def test_at_night_it_comes_with_the_next_mornings_letter(house: House) -> None:
    at = MONDAY + timedelta(hours=14)  # 23:00 in Leeds
    send_back(house, at)
    run(house, *(at + timedelta(hours=hours) for hours in range(24)))
    assert [one for one in house.received("ann") if one.startswith("Tue")] == ["Tue 03 Mar 08:00"]
    assert any("South sent your report back." in text for to, text in house.texts if to == "ann")


def test_the_forecast_of_the_agreement_foresees_it_before_it_is_planned(house: House, tmp_path: Path) -> None:
    at = MONDAY + timedelta(hours=14)
    send_back(house, at)
    settings = Settings(home=tmp_path)
    foreseen = list(forecast_agreement(house.engine, settings, at, 3, 1))
    assert [f"{one.at:%a %H:%M}" for one in foreseen if "sent back" in one.subject] == ["Tue 08:00"]
    assert foreseen == forecast_day_by_day(house.engine, settings, at, 3, 1)
    run(house, *(at + timedelta(hours=hours) for hours in range(24)))
    later = list(forecast_agreement(house.engine, settings, at + timedelta(days=40), 3, 1))
    assert not [one for one in later if "sent back" in one.subject], "it was told"


def test_without_a_reason_it_says_by_whom_alone(house: House) -> None:
    at = MONDAY + timedelta(hours=2)
    send_back(house, at, None)
    run(house, at)
    assert told(house) == ["Mon 02 Mar 11:00"]


def test_who_reports_anew_before_the_letter_goes_is_not_told_what_is_over(house: House) -> None:
    at = MONDAY + timedelta(hours=14)
    send_back(house, at)
    run(house, at)
    with open_unit(house.engine) as unit:
        again = at + timedelta(hours=8)
        report_progress(
            unit,
            Author("ann", again),
            "north-south/joint-1",
            "north",
            "ann",
            Rating.ON_TRACK,
            again.date(),
            note="with it",
        )
    run(house, *(again + timedelta(hours=hours) for hours in range(1, 24)))
    assert not any("sent your report back" in text for to, text in house.texts if to == "ann")
