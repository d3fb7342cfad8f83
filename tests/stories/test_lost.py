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
    bring(house, FORM.replace(ANN.encode(), NEW.encode()))


def bring(house: House, form: bytes) -> None:
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
    assert told_of(house, OVERDUE) == [("dee", "02 Apr")], "after the second refusal nothing is written to Ann"
    give_new_address(house)
    house.live(date(2026, 4, 8), date(2026, 4, 9))
    assert told_of(house, OVERDUE) == [("dee", "02 Apr"), ("ann.new", "08 Apr")]
    assert asked_for_an_address(house) == [("done", "2026-04-08")]


def test_a_mailbox_that_is_full_for_weeks_keeps_nothing_from_who_comes_next(house: House) -> None:
    house.refused[ANN] = FULL
    house.live(WEDNESDAY, date(2026, 4, 28))
    heard = told_of(house, OVERDUE)
    assert heard == [("dee", "09 Apr"), ("cy", "23 Apr")], "five working days in vain, then ten without an answer"
    assert asked_for_an_address(house) == [("open", None)], "one is asked for all that fails"
    house.refused.clear()
    house.live(date(2026, 4, 29), date(2026, 5, 7))
    assert [to for to, _ in told_of(house, OVERDUE)].count("ann") == 1
    assert [state for state, _ in asked_for_an_address(house)] == ["done"]


def test_what_is_refused_whatever_it_says_is_tried_the_next_day_and_then_each_week(house: House) -> None:
    house.refused[ANN] = "554 5.7.1 this looks like advertising"
    house.live(WEDNESDAY, date(2026, 4, 23))
    tried = [row.local_day for row in messages_of(house, "scheduled|ann|2026-04%")]
    assert tried == [date(2026, 4, day) for day in (1, 2, 8, 9, 10, 17)], "from the 8th on another promise was due"
    assert told_of(house, OVERDUE) == [("dee", "09 Apr"), ("cy", "23 Apr")], "the deputy is asked in Ann's place"
    assert asked_for_an_address(house) == [("open", None)]


SPAM = "554 5.7.1 this looks like advertising"
LEADERS = b"""
      - {reference: lea, name: Lea, role: leader, channels: {mail: lea@north.example}}
      - {reference: lu, name: Lu, role: leader, channels: {mail: lu@south.example}}"""


def test_of_who_never_got_a_letter_nobody_hears_that_they_have_not_answered(house: House) -> None:
    north, south = LEADERS.splitlines()[1:]
    cy, li = (line for line in FORM.splitlines() if b"role: coordinator" in line)
    form = FORM.replace(cy, cy + b"\n" + north).replace(li, li + b"\n" + south)
    bring(house, form)
    house.refused[ANN] = SPAM
    house.live(WEDNESDAY, date(2026, 4, 30))
    assert sorted(told_of(house, OVERDUE)) == [("cy", "23 Apr"), ("dee", "09 Apr"), ("lea", "30 Apr"), ("lu", "30 Apr")]
    assert told_of(house, "Ann has not answered") == []
    in_place = "Ann, who is asked, cannot be reached: the message of 1 April 2026 did not arrive"
    unreached = "Ann (North): 2 open follow-ups; could not be reached: what was sent did not arrive"
    assert ("cy", "20 Apr") in told_of(house, unreached)
    assert told_of(house, "Ann (North): 2 open follow-ups, the oldest asked on") == []
    assert told_of(house, in_place)[0] == ("dee", "09 Apr")
    unanswered = "Dee, asked in place of Ann, has not answered for %s working days"
    assert told_of(house, unanswered % 10)[0] == ("cy", "23 Apr")
    assert sorted(told_of(house, unanswered % 15)) == [("lea", "30 Apr"), ("lu", "30 Apr")]


def test_who_can_be_reached_again_is_asked_too_and_the_ladder_goes_on_from_who_was_asked_in_their_place(
    house: House,
) -> None:
    house.refused[ANN] = SPAM
    house.live(WEDNESDAY, date(2026, 4, 14))
    house.refused.clear()
    house.live(date(2026, 4, 15), date(2026, 4, 24))
    assert told_of(house, OVERDUE) == [("dee", "09 Apr"), ("ann", "17 Apr"), ("cy", "23 Apr")]


def test_where_the_deputy_cannot_be_reached_either_the_coordinator_is_asked(house: House) -> None:
    house.refused |= {ANN: SPAM, "dee@north.example": SPAM}
    house.live(WEDNESDAY, date(2026, 4, 17))
    assert told_of(house, OVERDUE) == [("cy", "16 Apr")], "five working days after the deputy was first tried"
    assert told_of(house, "has not answered") == []


def test_who_is_away_for_long_keeps_no_question_still(house: House) -> None:
    house.choose("ann", paused_from=WEDNESDAY, paused_to=date(2026, 4, 15))
    house.live(WEDNESDAY, date(2026, 4, 16))
    assert told_of(house, OVERDUE) == [("dee", "09 Apr"), ("ann", "16 Apr")]
    assert ("cy", "13 Apr") in told_of(
        house, "Ann (North): 2 open follow-ups; away until 15 April 2026, and not asked yet"
    )
    assert told_of(house, "Ann, who is asked, is away until 15 April 2026")[0] == ("dee", "09 Apr")
    assert told_of(house, "Ann has not answered") == []


def test_who_has_unsubscribed_is_not_said_to_have_not_answered(house: House) -> None:
    house.choose("ann", unsubscribed=["follow_up", "reminder"])
    house.live(WEDNESDAY, date(2026, 4, 16))
    assert told_of(house, OVERDUE) == [("dee", "01 Apr"), ("cy", "16 Apr")]
    assert told_of(house, "Ann, who is asked, has chosen to get no such messages")[0] == ("dee", "01 Apr")
    assert told_of(house, "Ann has not answered") == []


def test_a_short_pause_is_waited_for(house: House) -> None:
    house.choose("ann", paused_from=WEDNESDAY, paused_to=date(2026, 4, 7))
    house.live(WEDNESDAY, date(2026, 4, 10))
    assert told_of(house, OVERDUE) == [("ann", "08 Apr")]


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
