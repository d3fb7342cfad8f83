"""What another side brings into the register in a party's name is told to that party's coordinator at once."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, select, update

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author, Change, record_changes
from commitments.person_queries import load_people
from commitments.register import import_agreement
from commitments.tables import contact
from notifications.announcing import announce
from notifications.dispatch import dispatch_messages
from tests.stories.house import FORM, House, open_house

SECOND = FORM.replace(b"agreement: north-south", b"agreement: second").replace(b"Memorandum", b"Treaty on bridges")
THEIRS = SECOND.replace(b"owners: [{party: north, contact: ann}]", b"owners: [{party: south, contact: li}]", 1)
DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)  # a Monday morning in both towns' offices, or nearly so


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        made.clock = NOW
        yield made


def bring(house: House, form: bytes, *, proposes: bool = False, by: str = "cy") -> list[int]:
    """Cy of the North brings it; `proposes` says that a new person of the South waits for Li's yes."""
    with open_unit(house.engine) as unit:
        imported = import_agreement(unit, parse_agreement(form, "brought.yaml"), Author(by, NOW), DAY)
        if proposes:
            row = unit.execute(select(contact).where(contact.c.reference == "wu")).one()
            unit.execute(update(contact).where(contact.c.id == row.id).values(proposed_by=by))
            told = Change("amended", "contact", row.id, "wu", None, {"proposed_by": (None, by)})
            record_changes(unit, Author(by, NOW), [told])
        (bringer,) = [one for one in load_people(unit).values() if one.reference == by]
        agreement_id = imported.changes[0].agreement_id or next(
            one.agreement_id for one in imported.changes if one.agreement_id is not None
        )
        ids = announce(unit, agreement_id, bringer, NOW, DAY, "tally.example", new=imported.new)
    dispatch_messages(house.engine, house.settings, read_clock=lambda: NOW)
    return ids


def read(house: House, who: str) -> str:
    return " ".join(" ".join(text for to, text in house.texts if to == who).split())


def test_the_other_partys_coordinator_reads_at_once_that_an_agreement_binds_it_and_what_it_promises(
    house: House,
) -> None:
    assert len(bring(house, THEIRS)) == 1
    assert house.subjects("li") == ["Registered with your party: Treaty on bridges"] and house.received("cy") == []
    letter = read(house, "li")
    assert "Hand over the survey." in letter and "Write the report." not in letter, "what the South promises"
    assert "registered by Cy on 2 March 2026, with your party as one of the parties" in letter
    assert "Please look whether it is recorded as it was agreed." in letter


def test_where_it_promises_nothing_the_coordinator_is_told_of_the_agreement_all_the_same(house: House) -> None:
    bring(house, SECOND)
    assert house.subjects("li") == ["Registered with your party: Treaty on bridges"]


def test_the_coordinator_reads_at_once_whom_another_side_has_named_and_that_they_wait_for_a_yes(house: House) -> None:
    li = b"      - {reference: li, name: Li, role: coordinator, channels: {mail: li@south.example}}\n"
    wu = b"      - {reference: wu, name: Wu, role: owner, channels: {mail: wu@south.example}}\n"
    bring(house, FORM.replace(li, li + wu).replace(b"{party: north, contact: ann}", b"{party: south, contact: wu}", 1),
          proposes=True)  # fmt: skip
    assert house.subjects("li") == ["Named for your side, waiting for your yes: Memorandum"]
    letter = read(house, "li")
    assert "Wu was named for your side by Cy on 2 March 2026, and waits for your yes" in letter
    assert "Please accept or refuse them on your Home" in letter and house.received("wu") == []


def test_a_change_that_names_nobody_new_for_another_side_is_told_to_nobody_at_once(house: House) -> None:
    assert bring(house, FORM.replace(b"2026-04-09", b"2026-05-09")) == []


def test_who_reads_it_at_night_reads_it_in_the_morning(house: House) -> None:
    away = THEIRS.replace(b"name: Li,", b"name: Li, time_zone: America/New_York,")
    assert bring(house, away) == [] and house.received("li") == []
    house.live(DAY)
    assert "registered by Cy on 2 March 2026, with your party as one of the parties" in read(house, "li")
