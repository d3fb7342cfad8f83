"""A digest tells what was moved since the last: dates, ends, owners, new promises; each with what it was before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.amendments import hand_over, move_date
from commitments.consenting import answer_proposal
from commitments.database import open_unit
from commitments.deciding import settle_step
from commitments.log import Author
from commitments.proposals import propose_rule
from commitments.references import find_agreement
from commitments.register import import_agreement
from commitments.reporting import meet_step
from commitments.tables import party
from commitments.vocabulary import ConfirmedBy, Consent
from notifications.languages import load_words
from notifications.overviews import describe_news
from tests.stories.house import FORM
from tests.stories.test_digest import draw

STEPPED = (
    FORM
    + b"""    milestones:
      - {reference: draft, title: A draft, due: 2026-03-31}
"""
)
SIDES = ("north", "south")
LATER = b"""  - reference: fair
    summary: Hold a fair.
    kind: deliverable
    due: 2027-05
    owners: [{party: north, contact: ann}]
"""


@pytest.fixture
def register(sqlite_engine: Engine, today: date) -> Engine:
    bring(sqlite_engine, STEPPED, today - timedelta(days=40))
    return sqlite_engine


def bring(engine: Engine, form: bytes, day: date) -> None:
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(form, "north-south.yaml"), write_as(day), day)


def write_as(day: date) -> Author:
    return Author("desk", datetime.combine(day, time(9), UTC))


def tell(engine: Engine, today: date, who: str = "cy") -> list[tuple[str, str]]:
    words = load_words("en")
    views = [describe_news(words, one) for one in draw(engine, who, today)[1].news]
    return [(view.title, view.detail.partition(" · ")[0]) for view in views]


def change(engine: Engine, today: date, use_case: Callable[..., Any], *values: Any) -> None:
    with open_unit(engine) as unit:
        use_case(unit, write_as(today - timedelta(days=2)), *values)


def test_a_date_put_off_is_told_to_both_sides_with_the_date_it_had(register: Engine, today: date) -> None:
    for due in (date(2027, 1, 31), date(2028, 2, 29)):
        change(register, today, move_date, "north-south/survey", due, today)
    told = [("Hand over the survey.", "now due 29 February 2028, before: 31 March 2026")]
    assert (tell(register, today), tell(register, today, "li")) == (told, told)


def test_a_date_that_was_put_off_is_told_with_who_did_it_and_why(register: Engine, today: date) -> None:
    author = Author("ann", write_as(today - timedelta(days=2)).at)
    with open_unit(register) as unit:
        move_date(unit, author, "north-south/survey", date(2028, 2, 29), today, "The contractor has gone")
    said = "now due 29 February 2028, before: 31 March 2026 (Ann) – The contractor has gone"
    assert tell(register, today) == tell(register, today, "li") == [("Hand over the survey.", said)]


def test_another_notice_period_is_told_beside_another_end(register: Engine, today: date) -> None:
    form = STEPPED.replace(b"expires: 2030-12-31", b"expires: 2027-12-31").replace(b"{months: 6}", b"{months: 3}")
    bring(register, form, today - timedelta(days=2))
    told = {said for _, said in tell(register, today)}
    assert "the terms of the agreement were changed" in told and len(told) == 2


def test_a_date_that_was_moved_back_is_not_told(register: Engine, today: date) -> None:
    for due in (date(2027, 1, 31), date(2026, 3, 31)):
        change(register, today, move_date, "north-south/survey", due, today)
    assert tell(register, today) == []


def test_a_milestones_new_date_is_told_in_its_own_name(register: Engine, today: date) -> None:
    change(register, today, move_date, "north-south/report#draft", date(2026, 5, 1), today)
    assert tell(register, today) == [("A draft", "now due 1 May 2026, before: 31 March 2026")]


def test_that_a_milestone_was_not_met_after_all_is_told_to_both_sides(register: Engine, today: date) -> None:
    met, taken_back = today - timedelta(days=20), today - timedelta(days=2)
    with open_unit(register) as unit:
        meet_step(unit, write_as(met), "north-south/report", "draft", met, None, today)
        author = replace(write_as(taken_back), why="Recorded by mistake")
        settle_step(unit, author, "north-south/report", "draft", "scheduled", today)
    told = ("A draft", "taken up again")
    assert told in tell(register, today) and told in tell(register, today, "li")


def test_promises_handed_over_at_once_are_one_line(register: Engine, today: date) -> None:
    change(register, today, hand_over, "north-south/survey", "north", "dee", today)
    assert tell(register, today) == [("Hand over the survey.", "Dee (North) answers for it now")]
    change(register, today, hand_over, "north-south/report", "north", "dee", today)
    assert tell(register, today) == [("Memorandum", "Dee (North) answers for 2 commitments now")]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (STEPPED + LATER, ("Hold a fair.", "a new commitment")),
        (
            STEPPED.replace(b"2030-12-31", b"2026-12"),
            ("Memorandum", "end of the agreement: the end of December 2026, before: 31 December 2030"),
        ),
        (STEPPED.replace(b"months: 6", b"months: 3"), ("Memorandum", "the terms of the agreement were changed")),
        (
            STEPPED.replace(b"names: {en: South}", b"names: {en: South}\n    ended: 2026-06-30"),
            ("Memorandum", "South is a party to it until 30 June 2026"),
        ),
        (STEPPED.replace(b"title: {en: Memorandum}", b"title: {en: Memorandum, de: Vereinbarung}"), None),
    ],
)
def test_what_a_file_changes_of_the_terms_is_told_and_a_new_word_is_not(
    register: Engine, today: date, form: bytes, told: tuple[str, str] | None
) -> None:
    bring(register, form, today - timedelta(days=2))
    assert tell(register, today) == ([told] if told else [])


def test_a_new_agreement_is_told_as_new_alone(sqlite_engine: Engine, today: date) -> None:
    bring(sqlite_engine, STEPPED, today - timedelta(days=2))
    bring(sqlite_engine, STEPPED + LATER, today - timedelta(days=1))
    assert [said for _, said in tell(sqlite_engine, today)] == ["new in the register"]


def test_that_fewer_are_to_confirm_is_told_to_both_sides_and_so_is_a_refusal_with_its_reason(
    register: Engine, today: date
) -> None:
    with open_unit(register) as unit:
        north, south = (unit.execute(select(party.c.id).where(party.c.reference == one)).scalar_one() for one in SIDES)
        head = find_agreement(unit, "north-south")
        author = replace(write_as(today - timedelta(days=3)), why="They never answer")
        number = propose_rule(unit, author, head, north, ConfirmedBy.NOBODY, [south])
    assert number is not None
    proposed = "North proposes that fewer are asked to confirm reports; the other side answers on Home"
    assert [said for _, said in tell(register, today)] == [f"{proposed} – They never answer"]
    assert tell(register, today, "li") == tell(register, today)
    with open_unit(register) as unit:
        author = replace(write_as(today - timedelta(days=2)), who="li", why="Not yet")
        answer_proposal(unit, author, number, south, Consent.REFUSED, today)
    told = [said for _, said in tell(register, today)]
    assert told == ["South refused that fewer are asked to confirm reports – Not yet"], "nothing waits on Home any more"
