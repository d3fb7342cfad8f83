"""A letter is true on the day on which it is dated and read, wherever the house and its reader are."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from commitments.agreement_file import parse_agreement
from commitments.clock import today_in
from commitments.database import open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import follow_up
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_messages
from tests.stories.house import FIRST, FORM, House, open_house

ABROAD = FORM.replace(b"north-south", b"north-far").replace(b"reference: south", b"reference: far")
ABROAD = ABROAD.replace(b"reference: li, name: Li", b"reference: kim, name: Kim").replace(b"li@south", b"kim@far")
ABROAD = ABROAD.replace(b"names: {en: South}", b"names: {en: Far}")


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        yield made


def register(house: House, country: bytes, zone: bytes, **dues: str) -> None:
    form = ABROAD.replace(b"country: CN", b"country: " + country).replace(b"Asia/Shanghai", zone)
    for name, due in dues.items():
        form += f"""
  - reference: {name}
    summary: Send the {name}.
    kind: deliverable
    due: {due}
    owners: [{{party: far, contact: kim}}]
""".encode()
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(form, "far.yaml"), Author("test", house.clock), FIRST)


def run_hours(house: House, first: datetime, last: datetime) -> None:
    """The job of every hour, by the day of the house's own time zone."""
    house.clock = first
    while house.clock <= last:
        today = today_in(house.settings.time_zone, house.clock)
        reconcile_register(house.engine, house.clock, today)
        plan_messages(house.engine, house.clock, today, domain="tally.example")
        dispatch_messages(house.engine, house.settings, read_clock=lambda: house.clock)
        house.clock += timedelta(hours=1)


def read(house: House, who: str, dated: str) -> tuple[str, str]:
    """The subject and the text of somebody's letter of a day."""
    found = [
        (letter[2], text) for letter, (to, text) in zip(house.letters, house.texts, strict=True)
        if to == who and dated in text.splitlines()
    ]  # fmt: skip
    assert len(found) == 1, [text.splitlines()[1:2] for to, text in house.texts if to == who]
    return found[0]


def at(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_in_a_house_in_seoul_a_letter_of_monday_tells_of_nothing_that_was_due_on_sunday_as_coming(house: House) -> None:
    house.settings = house.settings.model_copy(update={"time_zone": "Asia/Seoul"})
    register(house, b"KR", b"Asia/Seoul", cup="2026-03-08")
    run_hours(house, at(6, 0), at(8, 23))  # the last is Monday morning at eight in Seoul
    _, text = read(house, "kim", "Monday, 9 March 2026")
    assert "[Overdue] was due by 8 March 2026, yesterday" in text
    assert "8 March 2026 – Send the cup" not in text
    assert "Overdue 1 · Due soon" in text


def test_in_a_house_in_seoul_what_rests_until_a_day_is_in_that_mornings_letter(house: House) -> None:
    house.settings = house.settings.model_copy(update={"time_zone": "Asia/Seoul"})
    register(house, b"KR", b"Asia/Seoul", cup="2026-03-08")
    run_hours(house, at(8, 22), at(9, 0))
    with open_unit(house.engine) as unit:
        rests = update(follow_up).where(follow_up.c.key.contains("cup")).values(snoozed_until=date(2026, 3, 17))
        unit.execute(rests)
    run_hours(house, at(16, 14), at(16, 23))
    subject, text = read(house, "kim", "Tuesday, 17 March 2026")
    assert subject.startswith("Overdue: Send the cup")
    assert "was due by 8 March 2026, 9 days ago" in text
    assert not house.decisions("kim", "answered_meanwhile")


def test_the_digest_of_a_reader_in_the_east_tells_of_that_readers_day_not_the_houses(house: House) -> None:
    """It is still Sunday in the house's zone when the reader's Monday morning begins: Sunday's is overdue."""
    register(house, b"KR", b"Asia/Seoul", tea="2026-03-16", cup="2026-03-08")
    run_hours(house, at(6, 0), at(8, 23))
    subject, text = read(house, "kim", "Monday, 9 March 2026")
    assert subject == "Overdue: Send the cup — and 1 more · Your week"
    assert "[Overdue] was due by 8 March 2026, yesterday" in text
    assert "due by 16 March 2026, in 7 days" in text
    assert "8 March 2026 – Send the cup" not in text
    assert "Send the cup: was due by 8 March 2026, yesterday" in text


def test_a_reader_in_the_east_is_told_today_of_what_is_due_that_day(house: House) -> None:
    register(house, b"KR", b"Asia/Seoul", tea="2026-03-16")
    run_hours(house, at(13, 12), at(15, 23))
    subject, text = read(house, "kim", "Monday, 16 March 2026")
    assert subject.startswith("Due today: Send the tea")
    assert "due by 16 March 2026, today" in text
    assert "tomorrow" not in text


def test_after_a_pause_the_days_that_are_left_are_those_of_the_letter(house: House) -> None:
    house.live(FIRST, date(2026, 3, 20))
    house.choose("ann", paused_from="2026-03-23", paused_to="2026-04-03")
    house.live(date(2026, 3, 23), date(2026, 4, 6))
    subject, text = read(house, "ann", "Monday, 6 April 2026")
    assert "due by 9 April 2026, in 3 days" in text, subject
    assert "in 6 days" not in text
    assert "Why now: reminder 3 days before" in text


def test_a_reminder_whose_date_is_over_when_the_letter_goes_says_that_it_has_passed(house: House) -> None:
    """Planned at seven on the evening of the day itself, for the next morning."""
    register(house, b"US", b"Pacific/Honolulu", tea="2026-07-08")
    house.settings = house.settings.model_copy(update={"time_zone": "Pacific/Honolulu"})
    evening = at(9, 5, month=7)
    reconcile_register(house.engine, evening, date(2026, 7, 8))
    plan_messages(house.engine, evening, date(2026, 7, 8), domain="tally.example")
    house.clock = at(9, 18, month=7)
    dispatch_messages(house.engine, house.settings, read_clock=lambda: house.clock)
    subject, text = read(house, "kim", "Thursday, 9 July 2026")
    assert "[Overdue] was due by 8 July 2026, yesterday" in text
    assert "Say where it stands: done, a new date, or what stands in the way." in text
    assert "Why now: its day passed before it could be sent; what it says goes on 9 July 2026" in text
    assert "Coming dates" not in text and "today" not in text
    assert "Overdue: Send the tea" in subject or "need an answer" in subject


def test_a_digest_begins_on_the_readers_day_on_which_the_last_one_went(house: House) -> None:
    house.live(FIRST, date(2026, 3, 9))
    assert "Your week, since 2 March 2026" in read(house, "li", "Monday, 9 March 2026")[1]
    assert "Your week, since 2 March 2026" in read(house, "cy", "Monday, 9 March 2026")[1]


def test_a_reminder_before_a_day_of_rest_says_how_many_days_it_comes_before_the_date(house: House) -> None:
    register(house, b"KR", b"Asia/Seoul", cup="2026-03-08")  # a Sunday
    run_hours(house, at(6, 0), at(6, 0))
    _, text = read(house, "kim", "Friday, 6 March 2026")
    assert "due by 8 March 2026, in 2 days" in text
    assert "Why now: reminder 2 days before" in text
    assert [row.decision_reason["numbers"]["days"] for row in house.decisions("kim", "lead_reached")] == [2]
