"""An open question that passes from one person to another is asked of that one, and of nobody else any more."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.handing_over import hand_over_all
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import contact
from notifications.handing import tell_hand_over
from notifications.planning import plan_messages
from tests.stories.house import FORM, House, open_house

SUNDAY, MONDAY = date(2026, 3, 1), date(2026, 3, 2)
SURVEY = "Hand over the survey"
OVERDUE = "[Overdue] was due by 28 February"
ASKED = "Needs an answer from you"
OF_ANN, OF_DEE = b"contact: ann}", b"contact: dee}"
LEA = b"- {reference: lea, name: Lea, role: leader, channels: {mail: lea@north.example}}"
CY = b"- {reference: cy,"


def write_form(*changes: tuple[bytes, bytes]) -> bytes:
    form = FORM.replace(b"due: 2026-03-31", b"due: 2026-02-28").replace(b", deputy: dee", b"")
    form = form.replace(CY, LEA + b"\n      " + CY)
    for was, becomes in changes:
        assert was in form
        form = form.replace(was, becomes)
    return form


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    """A house in which the survey is overdue since Sunday, and Ann's letter about it waits for Monday morning."""
    with open_house(sqlite_engine) as made:
        bring(made)
        made.live(SUNDAY)
        (letter,) = made.waiting("ann")
        assert letter.local_day == MONDAY
        yield made


def bring(house: House, *changes: tuple[bytes, bytes]) -> None:
    """Bring the agreement's file with this changed."""
    with open_unit(house.engine) as unit:
        parsed = parse_agreement(write_form(*changes), "north-south.yaml")
        import_agreement(unit, parsed, Author("cy", house.clock), house.clock.date())


def check(house: House) -> None:
    """The hourly check: what has passed on passes on now, not at midnight."""
    house.clock += timedelta(hours=1)
    reconcile_register(house.engine, house.clock, house.clock.date())
    plan_messages(house.engine, house.clock, house.clock.date(), domain="tally.example")


def told_of(house: House, words: str, *, beside: str = "") -> list[tuple[str, str]]:
    """To whom and when the letters went that say both."""
    letters = zip(house.letters, house.texts, strict=True)
    return [(to, f"{at:%d %b}") for (at, to, _), (_, text) in letters if words in text and beside in text]


def asked_of(house: House, words: str = OVERDUE) -> list[tuple[str, str]]:
    return [one for one in told_of(house, words, beside=ASKED) if one[0] != "li"]


def blamed(house: House, who: str) -> list[tuple[str, str]]:
    return told_of(house, f"{who} has not answered")


@pytest.mark.parametrize("checked", [True, False], ids=["checked on Sunday", "checked at midnight"])
def test_a_promise_whose_owner_is_changed_while_the_letter_waits_is_asked_of_the_new_one_alone(
    house: House, checked: bool
) -> None:
    bring(house, (OF_ANN, OF_DEE))
    if checked:
        check(house)
    house.live(MONDAY, date(2026, 3, 20))
    assert asked_of(house) == [("dee", "02 Mar")]
    if not checked:
        (left_out,) = house.decisions("ann", "passed_on")
        assert left_out.decision_reason["numbers"] == {"contact": "dee"}
    assert blamed(house, "Dee") == [("cy", "16 Mar")], "ten working days after Dee was asked"
    house.live(date(2026, 3, 21), date(2026, 3, 24))
    assert blamed(house, "Dee")[1:] == [("lea", "23 Mar")]
    assert blamed(house, "Ann") == []


def test_a_promise_whose_owner_is_changed_later_is_asked_anew_and_its_ladder_begins_with_the_new_one(
    house: House,
) -> None:
    house.live(MONDAY, date(2026, 3, 11))
    bring(house, (OF_ANN, OF_DEE))
    house.live(date(2026, 3, 12), date(2026, 4, 2))
    assert asked_of(house) == [("ann", "02 Mar"), ("dee", "12 Mar")]
    assert blamed(house, "Dee") == [("cy", "26 Mar"), ("lea", "02 Apr")]
    assert blamed(house, "Ann") == [], "she was not waited for as long as that"


def test_what_was_to_be_said_of_the_former_owner_is_left_out_of_a_letter_that_waits(house: House) -> None:
    house.live(MONDAY, date(2026, 3, 13))
    house.clock = datetime(2026, 3, 16, tzinfo=UTC)
    reconcile_register(house.engine, house.clock, house.clock.date())
    plan_messages(house.engine, house.clock, house.clock.date(), domain="tally.example")
    assert house.decisions("cy", "escalated") != [], "Cy's letter of the morning says that Ann has not answered"
    bring(house, (OF_ANN, OF_DEE))
    check(house)
    house.live(date(2026, 3, 16), date(2026, 3, 20))
    assert blamed(house, "Ann") == []
    assert asked_of(house) == [("ann", "02 Mar"), ("dee", "16 Mar")]


def test_a_promise_that_goes_there_and_back_is_asked_of_each_in_turn(house: House) -> None:
    house.live(MONDAY, date(2026, 3, 4))
    for day, owner in ((5, OF_DEE), (9, OF_ANN), (12, OF_DEE)):
        bring(house, (OF_ANN, owner))
        house.live(date(2026, 3, day), date(2026, 3, day + 2))
    house.live(date(2026, 3, 15), date(2026, 3, 27))
    assert asked_of(house) == [("ann", "02 Mar"), ("dee", "05 Mar"), ("ann", "09 Mar"), ("dee", "12 Mar")]
    assert blamed(house, "Dee") == [("cy", "26 Mar")]


def test_a_question_that_passes_to_who_cannot_be_reached_is_asked_of_their_stand_in_and_climbs(house: House) -> None:
    house.live(MONDAY)
    bring(house, (OF_ANN, OF_DEE))
    with open_unit(house.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "dee").values(channels={}))
    house.live(date(2026, 3, 3), date(2026, 3, 25))
    assert asked_of(house) == [("ann", "02 Mar"), ("cy", "03 Mar")]
    assert blamed(house, "Cy, asked in place of Dee,") == [("lea", "24 Mar")]
    assert blamed(house, "Dee") == []


def test_the_question_of_a_coordinator_who_leaves_is_put_to_the_next_one_before_anybody_is_told_of_silence(
    house: House,
) -> None:
    ca = b"- {reference: ca, name: Ca, role: coordinator, channels: {mail: ca@north.example}}"
    bring(house, (CY, ca + b"\n      " + CY))
    house.live(MONDAY, date(2026, 3, 11))
    asked = [one for one in told_of(house, "No activity", beside=ASKED) if one[0] in ("ca", "cy")]
    assert [who for who, _ in asked] == ["ca"], "it passed to Ca while Cy's letter waited"
    bring(house, (CY, ca.replace(b"coordinator,", b"coordinator, valid_to: 2026-03-11,") + b"\n      " + CY))
    house.live(date(2026, 3, 12), date(2026, 3, 25))
    again = [one for one in told_of(house, "No activity", beside=ASKED) if one[0] in ("ca", "cy")]
    assert again == [*asked, ("cy", "12 Mar")]
    assert blamed(house, "Cy") == []


def test_who_hands_everything_over_is_told_that_and_asked_nothing_any_more(house: House) -> None:
    with open_unit(house.engine) as unit:
        handed = hand_over_all(unit, Author("cy", house.clock), "ann", "dee", house.clock, SUNDAY)
        tell_hand_over(unit, handed, "cy", house.clock, SUNDAY, "tally.example", tell_former=True)
    house.live(MONDAY)
    nothing = "Nothing is asked of you about it any more"
    assert told_of(house, nothing) == [("ann", "02 Mar")]
    assert "ann" not in [who for who, _ in told_of(house, SURVEY, beside=ASKED)]
    assert ("dee", "02 Mar") in told_of(house, "Handed over to you")
