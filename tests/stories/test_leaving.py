"""A letter that waits goes to who is in office when it goes, by the address that the register has by then."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import contact
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_messages
from notifications.tables import notification
from notifications.waiting import follow_people
from tests.stories.house import FORM, House, open_house

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
ANN = b"mail: ann@north.example"
REMINDER = "Hand over the survey"


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    """A house in which a reminder for Ann was planned on Sunday for Monday morning."""
    with open_house(sqlite_engine) as made:
        plan(made, MONDAY - timedelta(days=1))
        (letter,) = made.waiting("ann")
        assert letter.local_day == MONDAY.date()
        yield made


def plan(house: House, at: datetime) -> None:
    house.clock = at
    reconcile_register(house.engine, at, at.date())
    plan_messages(house.engine, at, at.date(), domain="tally.example")


def send(house: House, at: datetime) -> None:
    house.clock = at
    dispatch_messages(house.engine, house.settings, read_clock=lambda: house.clock)


def amend(house: House, was: bytes, becomes: bytes, *, follow: bool = False) -> None:
    """Bring the file again with this changed; with `follow` as the command and the pages do, which look at once."""
    assert was in FORM
    form = parse_agreement(FORM.replace(was, becomes), "north-south.yaml")
    at = house.clock + timedelta(hours=1)
    with open_unit(house.engine) as unit:
        made = import_agreement(unit, form, Author("cy", at), at.date())
        changed = [one.row_id for one in made.changes if (one.subject, one.action) == ("contact", "amended")]
        if follow:
            follow_people(unit, at, at.date(), changed)


def letters_of(house: House, who: str) -> list[tuple[str, str]]:
    with open_reading(house.engine) as reading:
        rows = reading.execute(
            select(notification)
            .join(contact, contact.c.id == notification.c.contact_id)
            .where(contact.c.reference == who)
            .order_by(notification.c.id)
        ).all()
    return [(row.state, row.reason["code"]) for row in rows]


@pytest.mark.parametrize("follow", [True, False], ids=["looked at once", "looked when it goes"])
def test_who_has_left_gets_nothing_and_their_coordinator_hears_of_it_the_same_day(house: House, follow: bool) -> None:
    amend(house, ANN + b"}", ANN + b"}, valid_to: 2026-03-01", follow=follow)
    assert house.decisions("ann", "out_of_office") != [] if follow else True
    for hour in (8, 9, 10):
        send(house, MONDAY + timedelta(hours=hour))
        plan(house, MONDAY + timedelta(hours=hour, minutes=5))
    assert house.received("ann") == []
    assert letters_of(house, "ann") == [("cancelled", "out_of_office")]
    assert [row.matter for row in house.decisions("ann", "out_of_office")] == ["north-south/survey"]
    assert any(REMINDER in text for to, text in house.texts if to == "cy")


def test_a_letter_of_the_day_on_which_an_office_ends_still_goes(house: House) -> None:
    amend(house, ANN + b"}", ANN + b"}, valid_to: 2026-03-02")
    send(house, MONDAY + timedelta(hours=8))
    assert house.received("ann") == ["Mon 02 Mar 08:00"]


@pytest.mark.parametrize("follow", [True, False], ids=["looked at once", "looked when it goes"])
def test_a_letter_goes_to_the_address_of_the_day(house: House, follow: bool) -> None:
    amend(house, ANN, b"mail: ann.new@north.example", follow=follow)
    send(house, MONDAY + timedelta(hours=8))
    assert (house.received("ann"), house.received("ann.new")) == ([], ["Mon 02 Mar 08:00"])


@pytest.mark.parametrize("follow", [True, False], ids=["looked at once", "looked when it goes"])
def test_a_letter_for_who_has_no_address_any_more_is_taken_back_and_their_deputy_told(
    house: House, follow: bool
) -> None:
    with open_unit(house.engine) as unit:  # by her own page: a file takes no address away
        ann = contact.c.reference == "ann"
        unit.execute(update(contact).where(ann).values(channels={}))
        if follow:
            at = house.clock + timedelta(hours=1)
            follow_people(unit, at, at.date(), list(unit.execute(select(contact.c.id).where(ann)).scalars()))
    send(house, MONDAY + timedelta(hours=8))
    assert house.received("ann") == []
    assert letters_of(house, "ann") == [("cancelled", "no_address")]
    plan(house, MONDAY + timedelta(hours=9))
    assert [row.decision for row in house.decisions("ann", "no_address")] == ["passed_over"]
    assert "north-south/survey" in [row.matter for row in house.decisions("dee", "lead_reached")], "in their stead"


def test_a_letter_that_is_tried_again_goes_to_the_new_address_and_is_tried_there_as_often_as_any(house: House) -> None:
    house.refused["ann@north.example"] = "451 4.3.0 try later"
    for minutes in (0, 3, 12, 60):
        send(house, MONDAY + timedelta(hours=8, minutes=minutes))
    house.refused["ann.new@north.example"] = house.refused.pop("ann@north.example")
    amend(house, ANN, b"mail: ann.new@north.example")
    send(house, MONDAY + timedelta(hours=12))
    (waits,) = house.waiting("ann")
    assert waits.address == "ann.new@north.example"
    assert waits.earlier == {"from": [], "attempts": 4}, "what was tried elsewhere does not count"
    house.refused.clear()
    send(house, MONDAY + timedelta(hours=13))
    assert house.received("ann.new") == ["Mon 02 Mar 13:00"]


def test_nobody_is_reminded_of_a_promise_whose_agreement_has_run_out_meanwhile(house: House) -> None:
    amend(house, b"expires: 2030-12-31", b"expires: 2026-03-01")
    reconcile_register(house.engine, house.clock, date(2026, 3, 2))
    send(house, MONDAY + timedelta(hours=8))
    assert house.received("ann") == []
    assert [row.matter for row in house.decisions("ann", "answered_meanwhile")] == ["north-south/survey"]


def test_nobody_is_reminded_of_a_promise_whose_agreement_was_ended_meanwhile(house: House) -> None:
    amend(house, b"expires: 2030-12-31", b"expires: 2030-12-31\nended: 2026-03-01")
    send(house, MONDAY + timedelta(hours=8))
    assert house.received("ann") == []


def test_what_waits_for_people_whom_nobody_changed_stays_as_it_was_planned(house: House) -> None:
    before = house.waiting("ann")
    with open_unit(house.engine) as unit:
        ids = list(unit.execute(select(contact.c.id)).scalars())
        assert follow_people(unit, house.clock, house.clock.date(), ids) == 0
    assert house.waiting("ann") == before
