"""What a letter told that failed for good is not lost with it: it is told as soon as somebody can be reached."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.errors import RefusedChange
from commitments.log import Author
from commitments.progress import report_progress
from commitments.register import import_agreement
from commitments.tables import follow_up
from commitments.vocabulary import Rating
from notifications.fallback import resend_message
from notifications.tables import notice, notification
from tests.stories.house import FORM, House, open_house

UNKNOWN = "550 5.1.1 no such user"
FULL = "452 4.2.2 the mailbox is full"
TUESDAY, DUE, WEDNESDAY, THURSDAY = (date(2026, 3, 31) + timedelta(days=days) for days in (0, 0, 1, 2))
ANN, NEW = "ann@north.example", "ann.new@north.example"


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        made.live(TUESDAY)
        yield made


def give_new_address(house: House) -> None:
    form = FORM.replace(ANN.encode(), NEW.encode())
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(form, "north-south.yaml"), Author("cy", house.clock), house.clock.date())


def told_of(house: House, words: str) -> list[tuple[str, str]]:
    """Who was told of something by which letter, in the order of the letters."""
    letters = zip(house.letters, house.texts, strict=True)
    return [(to, f"{at:%d %b}") for (at, to, _), (_, text) in letters if words in text]


def asked_for_an_address(house: House) -> list[tuple[str, str | None]]:
    with open_reading(house.engine) as reading:
        rows = reading.execute(select(follow_up).where(follow_up.c.kind == "message_failed").order_by(follow_up.c.id))
        return [(row.state, str(row.closed_on) if row.closed_on else None) for row in rows]


def messages_of(house: House, key: str) -> list[Any]:
    with open_reading(house.engine) as reading:
        return list(reading.execute(select(notification).where(notification.c.key.like(key)).order_by("id")))


OVERDUE = "[Overdue] was due by 31 March"


def test_what_one_refused_letter_told_comes_the_next_day_and_once(house: House) -> None:
    house.refused[ANN] = UNKNOWN
    house.live(WEDNESDAY)
    assert told_of(house, OVERDUE) == []
    house.refused.clear()
    house.live(THURSDAY, date(2026, 4, 8))
    assert told_of(house, OVERDUE) == [("ann", "02 Apr")]
    assert asked_for_an_address(house) == [("done", "2026-04-08")], "five days after it was told nothing has come back"


def test_the_ladder_begins_with_the_letter_that_arrived(house: House) -> None:
    house.refused[ANN] = UNKNOWN
    house.live(WEDNESDAY)
    house.refused.clear()
    house.live(THURSDAY, date(2026, 4, 10))
    assert told_of(house, OVERDUE) == [("ann", "02 Apr"), ("dee", "10 Apr")], (
        "five working days, with Good Friday between"
    )


def test_who_is_given_a_new_address_hears_what_another_was_told_in_their_stead(house: House) -> None:
    house.refused[ANN] = UNKNOWN
    house.live(WEDNESDAY, date(2026, 4, 7))
    assert told_of(house, OVERDUE) == [("cy", "06 Apr")], "after the second refusal nothing is written to Ann"
    give_new_address(house)
    house.live(date(2026, 4, 8), date(2026, 4, 9))
    assert told_of(house, OVERDUE) == [("cy", "06 Apr"), ("ann.new", "08 Apr")]
    assert asked_for_an_address(house) == [("done", "2026-04-08")]


def test_a_mailbox_that_is_full_for_weeks_keeps_nothing_from_who_comes_next(house: House) -> None:
    house.refused[ANN] = FULL
    house.live(WEDNESDAY, date(2026, 4, 22))
    heard = [to for to, _ in told_of(house, OVERDUE)]
    assert heard[:1] == ["dee"] and "cy" in heard and "ann" not in heard
    assert len(heard) == len(set(heard)), "nobody is told twice"
    assert asked_for_an_address(house) == [("open", None)], "one is asked for all that fails"
    house.refused.clear()
    house.live(date(2026, 4, 23), date(2026, 5, 1))
    assert [to for to, _ in told_of(house, OVERDUE)].count("ann") == 1
    assert [state for state, _ in asked_for_an_address(house)] == ["done"]


def test_what_is_refused_whatever_it_says_is_tried_the_next_day_and_then_each_week(house: House) -> None:
    house.refused[ANN] = "554 5.7.1 this looks like advertising"
    house.live(WEDNESDAY, date(2026, 4, 23))
    tried = [row.local_day for row in messages_of(house, "scheduled|ann|2026-04%")]
    assert tried == [date(2026, 4, day) for day in (1, 2, 8, 9, 10, 17)], "from the 8th on another promise was due"
    assert [to for to, _ in told_of(house, OVERDUE)] == ["dee", "cy"], "the ladder has climbed meanwhile"
    assert asked_for_an_address(house) == [("open", None)]


def test_a_digest_that_was_refused_comes_the_next_day_with_the_same_news(house: House) -> None:
    with open_unit(house.engine) as unit:
        at = datetime(2026, 4, 1, 9, tzinfo=UTC)
        report_progress(
            unit, Author("ann", at), "north-south/report", "north", "ann", Rating.ON_TRACK, at.date(), note="half done"
        )
    house.refused["cy@north.example"] = UNKNOWN
    house.live(date(2026, 4, 6))
    house.refused.clear()
    house.live(date(2026, 4, 7), date(2026, 4, 8))
    digests = [row for row in told_of(house, "What has changed") if row[0] == "cy" and row[1] > "05 Apr"]
    assert digests == [("cy", "07 Apr")]


def test_a_question_to_the_other_side_that_was_refused_is_asked_again_after_a_day(house: House) -> None:
    house.refused["li@south.example"] = UNKNOWN
    with open_unit(house.engine) as unit:
        at = datetime(2026, 4, 1, 6, tzinfo=UTC)
        report_progress(
            unit, Author("ann", at), "north-south/survey", "north", "ann", Rating.ON_TRACK, at.date(),
            fulfilled=True, note="handed over",
        )  # fmt: skip
    house.live(WEDNESDAY)
    house.refused.clear()
    house.live(THURSDAY, date(2026, 4, 8))
    asked = [f"{at:%d %b}" for at, to, subject in house.letters if to == "li" and "confirm" in subject.lower()]
    assert asked == ["02 Apr"]


def test_what_a_lost_letter_held_is_not_sent_again_by_hand_once_it_was_found(house: House) -> None:
    house.refused[ANN] = UNKNOWN
    house.live(WEDNESDAY)
    house.refused.clear()
    house.live(THURSDAY)
    with open_unit(house.engine) as unit, pytest.raises(RefusedChange, match="told by a later message"):
        resend_message(unit, "scheduled|ann|2026-04-01", Author("cy", house.clock))


def test_the_record_says_of_what_was_lost_why_it_was_not_told(house: House) -> None:
    house.refused[ANN] = UNKNOWN
    house.live(WEDNESDAY)
    house.refused.clear()
    house.live(THURSDAY)
    with open_reading(house.engine) as reading:
        rows = reading.execute(select(notice).where(notice.c.key.like("overdue:north-south/survey%|0|ann%"))).all()
    assert [(row.decision, row.decision_reason["code"]) for row in rows] == [
        ("passed_over", "refused"),
        ("told", "opened"),
    ]
