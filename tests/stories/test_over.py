"""Nobody is told of an agreement that is over, or that their party has left; who stays is asked what becomes of it."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import contact, follow_up
from tests.stories.house import FORM, House, open_house

EAST = b"""
  - reference: east
    kind: city
    names: {en: East}
    country: GB
    time_zone: Europe/London
    contacts:
      - {reference: eve, name: Eve, role: coordinator, channels: {mail: eve@east.example}}
      - {reference: edd, name: Edd, role: leader, channels: {mail: edd@east.example}}
commitments:
"""
OWNED = b"owners: [{party: north, contact: ann}]"
THREE = FORM.replace(b"\ncommitments:\n", EAST)
SHARED = THREE.replace(OWNED, b"owners: [{party: north, contact: ann}, {party: east, contact: eve}]", 1)
EASTS = THREE.replace(b"north-south", b"three").replace(OWNED, b"owners: [{party: east, contact: eve}]", 1)
UNTIL = b"names: {en: East}\n    ended: 2026-03-20"


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        yield made


def bring(house: House, form: bytes, day: date) -> None:
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(form, "north-south.yaml"), Author("test", house.clock), day)


def leave(house: House, form: bytes) -> None:
    """East leaves on 20 March; then three months go by."""
    bring(house, form, date(2026, 2, 26))
    house.live(date(2026, 2, 26), date(2026, 3, 20))
    bring(house, form.replace(b"names: {en: East}", UNTIL), date(2026, 3, 20))
    house.live(date(2026, 3, 21), date(2026, 6, 30))


def list_later(house: House, who: str, after: str) -> list[tuple[str, str]]:
    return [(f"{at:%d %b}", subject) for at, to, subject in house.letters if to == who and f"{at:%m-%d}" > after]


def test_a_party_that_has_left_gets_a_last_digest_and_summary_and_then_hears_nothing(house: House) -> None:
    leave(house, SHARED)
    assert [day for day, _ in list_later(house, "eve", "03-20")] == ["23 Mar", "01 Apr"]
    assert [day for day, _ in list_later(house, "edd", "03-20")] == ["01 Apr"]
    assert list_later(house, "ann", "03-31")


def test_a_promise_that_only_who_has_left_owed_is_put_before_who_stays(house: House) -> None:
    leave(house, EASTS)
    with open_reading(house.engine) as reading:
        rows = reading.execute(
            select(follow_up.c.kind, follow_up.c.opened_on, contact.c.reference)
            .join(contact, contact.c.id == follow_up.c.assignee_id)
            .where(follow_up.c.matter == "three/survey", follow_up.c.opened_on > date(2026, 3, 20))
        ).all()
    assert [tuple(row) for row in rows] == [("unowned", date(2026, 3, 21), "cy")]
    assert any("Hand over the survey" in subject for _, subject in list_later(house, "cy", "03-20"))


def test_after_an_agreement_has_ended_its_coordinators_hear_of_it_once_more(house: House) -> None:
    bring(house, FORM.replace(b"notice: {months: 6}", b"ended: 2026-03-15"), date(2026, 2, 26))
    house.live(date(2026, 2, 26), date(2026, 7, 10))
    assert [day for day, _ in list_later(house, "cy", "03-15")] == ["16 Mar", "01 Apr"]
    assert list_later(house, "ann", "03-15") == []


def test_an_agreement_that_has_expired_is_told_of_for_a_month_in_which_it_can_be_settled(house: House) -> None:
    expiring = FORM.replace(b"expires: 2030-12-31\nnotice: {months: 6}", b"expires: 2026-03-15")
    bring(house, expiring, date(2026, 2, 26))
    house.live(date(2026, 2, 26), date(2026, 7, 10))
    told = list_later(house, "li", "03-15")
    assert told and told[-1][0] == "06 May"  # the April of an agreement is told after the holidays in May
    assert list_later(house, "ann", "03-15") == []
