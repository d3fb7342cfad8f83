"""What was said by mistake is taken back, and everything that followed from it follows no more, day by day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.deciding import Turn, take_turn
from commitments.errors import NotFound, RefusedChange
from commitments.export import export_agreement
from commitments.filling import Flawed
from commitments.log import Author
from commitments.past import recall
from commitments.progress import add_measurement, confirm_report, report_progress
from commitments.reconcile import assess, list_standings, load_rules, reconcile_agreement
from commitments.references import find_agreement
from commitments.register import import_agreement
from commitments.tables import commitment, confirmation, follow_up, measurement, party, progress_report
from commitments.vocabulary import MatterKind
from commitments.withdrawing import withdraw_measurement, withdraw_report
from notifications.planning import plan_messages
from tests.stories.house import FIRST, FORM, House, open_house

MORE = (
    FORM.rstrip()
    + b"""
  - reference: accounts
    summary: Show the accounts.
    kind: deliverable
    due: 2026-12-31
    owed: each
    owners: [{party: north, contact: ann}, {party: south, contact: li}]
  - reference: bridge
    summary: Build the bridge.
    kind: deliverable
    due: 2026-12-31
    owed: jointly
    owners: [{party: north, contact: ann}, {party: south, contact: li}]
  - reference: apprentices
    summary: Train thirty apprentices.
    kind: target
    due: 2026-12-31
    target: {quantity: 30, unit: apprentices}
    owners: [{party: north, contact: ann}]
"""
)
SURVEY, ACCOUNTS, BRIDGE, APPRENTICES = (
    f"north-south/{one}" for one in ("survey", "accounts", "bridge", "apprentices")
)


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        with open_unit(made.engine) as unit:
            import_agreement(unit, parse_agreement(MORE, "north-south.yaml"), Author("test", made.clock), FIRST)
        yield made


def do(house: House, use_case: Any, who: str, *values: Any, why: str | None = None, **named: Any) -> Any:
    """What somebody says, a moment later than what was said before, and what follows from it at once."""
    house.clock += timedelta(seconds=1)
    with open_unit(house.engine) as unit:
        made = use_case(unit, Author(who, house.clock, why), *values, **named)
        reconcile_agreement(unit, find_agreement(unit, "north-south").id, house.clock, house.clock.date())
    return made


def report(house: House, promise: str, who: str, side: str, **said: Any) -> str:
    said = {"rating": "on_track", "today": house.clock.date(), "fulfilled": True, **said}
    return str(do(house, report_progress, who, promise, side, who, **said))


def take_back(house: House, promise: str, reference: str, who: str = "ann") -> None:
    do(house, withdraw_report, who, promise, reference, house.clock.date(), why="A slip")


def rows(house: House, table: Any, *where: Any) -> list[Any]:
    with open_reading(house.engine) as reading:
        return list(reading.execute(select(table).where(*where).order_by(table.c.id)))


def state(house: House, promise: str) -> str:
    (row,) = rows(house, commitment, commitment.c.reference == promise.partition("/")[2])
    return str(row.state)


def asked(house: House) -> list[tuple[str, str]]:
    """Who was asked to confirm what, as far as somebody still waits for it."""
    names = {row.id: row.reference for row in rows(house, party)}
    open_ones = (follow_up.c.kind == "confirmation_asked", follow_up.c.state == "open")
    return [(row.matter, names[row.party_id]) for row in rows(house, follow_up, *open_ones)]


@pytest.mark.parametrize("taken_back", [True, False])
def test_the_letter_that_asks_to_confirm_is_not_sent_for_what_was_taken_back_meanwhile(
    house: House, taken_back: bool
) -> None:
    house.live(FIRST, FIRST + timedelta(days=3))
    house.clock = datetime.combine(date(2026, 3, 2), time(20), UTC)  # night in Songlan
    reference = report(house, SURVEY, "ann", "north")
    assert asked(house) == [(SURVEY, "south")]
    plan_messages(house.engine, house.clock, house.clock.date(), domain="tally.example")
    assert house.waiting("li"), "it waits for her morning"
    before = len(house.texts)
    if taken_back:
        take_back(house, SURVEY, reference)
    house.live(date(2026, 3, 3))
    told = [text for to, text in house.texts[before:] if to == "li" and "tally confirm" in text]
    assert bool(told) is not taken_back
    if not taken_back:
        return
    (closed,) = rows(house, follow_up, follow_up.c.kind == "confirmation_asked")
    assert (closed.state, closed.closed_why) == ("done", "the report was taken back")


def test_a_promise_stands_again_as_it_stood_before_the_report(house: House) -> None:
    do(house, take_turn, "cy", SURVEY, Turn.HOLD, "2026-03-20", FIRST, why="The bridge is closed")
    reference = report(house, SURVEY, "ann", "north")
    assert state(house, SURVEY) == "fulfilled"
    take_back(house, SURVEY, reference)
    (row,) = rows(house, commitment, commitment.c.reference == "survey")
    assert (row.state, row.state_reason, row.state_until) == ("on_hold", "The bridge is closed", "2026-03-20")


def test_of_what_each_owes_one_side_that_takes_its_word_back_opens_the_whole_again(house: House) -> None:
    first = report(house, ACCOUNTS, "ann", "north")
    report(house, ACCOUNTS, "li", "south")
    assert state(house, ACCOUNTS) == "fulfilled"
    take_back(house, ACCOUNTS, first)
    assert state(house, ACCOUNTS) == "active"
    report(house, ACCOUNTS, "ann", "north")
    assert state(house, ACCOUNTS) == "fulfilled", "the other side's word still holds"


def test_a_second_report_that_says_the_same_is_asked_about_instead(house: House) -> None:
    first = report(house, SURVEY, "ann", "north")
    second = report(house, SURVEY, "ann", "north", note="Said again")
    take_back(house, SURVEY, first)
    assert (state(house, SURVEY), asked(house)) == ("fulfilled", [(SURVEY, "south")])
    take_back(house, SURVEY, second)
    assert (state(house, SURVEY), asked(house)) == ("active", [])


def test_who_confirmed_by_saying_the_same_and_takes_that_back_is_asked_again(house: House) -> None:
    report(house, BRIDGE, "ann", "north")
    assert asked(house) == [(BRIDGE, "south")]
    theirs = report(house, BRIDGE, "li", "south")
    assert asked(house) == []
    take_back(house, BRIDGE, theirs, "li")
    assert (state(house, BRIDGE), asked(house)) == ("fulfilled", [(BRIDGE, "south")])


def test_a_report_that_was_confirmed_or_sent_back_is_not_taken_back(house: House) -> None:
    for promise, confirmed in ((SURVEY, True), (BRIDGE, False)):
        reference = report(house, promise, "ann", "north")
        do(house, confirm_report, "li", promise, "south", FIRST, confirmed, "Seen")
        with pytest.raises(RefusedChange, match=f"was {'confirmed' if confirmed else 'sent back'} by south"):
            take_back(house, promise, reference)


def test_what_is_not_there_or_gives_no_reason_is_refused_and_nothing_is_written(house: House) -> None:
    reference = do(house, add_measurement, "ann", APPRENTICES, 18, "2026-02-20", FIRST)
    with pytest.raises(Flawed, match="why"):
        do(house, withdraw_measurement, "ann", APPRENTICES, reference, FIRST)
    with pytest.raises(NotFound, match=r"no measurement '2026-02-21'.*2026-02-20"):
        do(house, withdraw_measurement, "ann", APPRENTICES, "2026-02-21", FIRST, why="A slip")
    assert [one.withdrawn_on for one in rows(house, measurement)] == [None]


def value_on(house: House, day: date, known_at: datetime | None = None) -> Any:
    with open_reading(house.engine) as reading:
        for _, standings in list_standings(reading, day, known_at=known_at):
            for one in standings:
                if one.matter.commitment == "apprentices" and one.matter.kind is MatterKind.COMMITMENT:
                    return one.reason.numbers["value"]
    return None


def test_a_number_is_withdrawn_as_of_a_moment_and_what_was_known_before_stays_what_was_known(house: House) -> None:
    do(house, add_measurement, "ann", APPRENTICES, 5, "2026-02-01", FIRST)
    reference = do(house, add_measurement, "ann", APPRENTICES, 81, "2026-02-20", FIRST)
    before = house.clock
    do(house, withdraw_measurement, "ann", APPRENTICES, reference, FIRST, why="18, not 81")
    assert value_on(house, FIRST) == 5, "a number that was never so counts on no day"
    assert value_on(house, FIRST, before) == 81, "but it was known until it was taken back"
    with open_reading(house.engine) as reading:
        agreement_id = find_agreement(reading, "north-south").id
        then = recall(reading, agreement_id, [before, house.clock])
        rules = load_rules(reading)
    values = [
        one.reason.numbers["value"]
        for moment in (before, house.clock)
        for one in assess(then[moment].facts, rules, FIRST)  # type: ignore[arg-type]
        if one.matter.commitment == "apprentices"
    ]
    assert values == [81, 5]


def test_a_report_that_was_taken_back_was_known_until_then_with_what_was_asked(house: House) -> None:
    reference = report(house, SURVEY, "ann", "north")
    before = house.clock
    take_back(house, SURVEY, reference)
    with open_reading(house.engine) as reading:
        agreement_id = find_agreement(reading, "north-south").id
        then = recall(reading, agreement_id, [before, house.clock])
    told = []
    for moment in (before, house.clock):
        facts = then[moment].facts
        assert facts is not None
        (survey,) = [one for one in facts.commitments if one.reference == "survey"]
        told.append((str(survey.state), len(survey.reports), len(survey.asked)))
    assert told == [("fulfilled", 1, 1), ("active", 0, 0)]


def test_what_was_taken_back_is_not_exported_and_a_file_that_still_has_it_does_not_bring_it_back(house: House) -> None:
    reference = report(house, APPRENTICES, "ann", "north", fulfilled=False, value=18)
    with open_reading(house.engine) as reading:
        whole = export_agreement(reading, "north-south")
    take_back(house, APPRENTICES, reference)
    with open_reading(house.engine) as reading:
        left = export_agreement(reading, "north-south")
    assert reference in whole and reference not in left and "value: 18" not in left
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(whole.encode(), "old.yaml"), Author("test", house.clock), FIRST)
    assert [one.withdrawn_on is not None for one in rows(house, progress_report)] == [True]
    assert [one.withdrawn_on is not None for one in rows(house, measurement)] == [True]
    assert rows(house, confirmation) == []
