"""An agreement has a language and an order of channels for the people who chose and stated none."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, update

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.person_queries import load_people
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import contact, party
from notifications.fallback import move_on
from notifications.planning import plan_messages
from notifications.readers import load_reader, load_usual
from tests.stories.house import FIRST, FORM, House, open_house

FRENCH, GERMAN = b"policy: {language: fr}\n", b"policy: {language: de}\n"


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        yield made


def register(house: House, name: bytes, policy: bytes = b"") -> None:
    form = FORM.replace(b"agreement: north-south", b"agreement: " + name) + policy
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(form, "more.yaml"), Author("test", house.clock), FIRST)


def test_who_states_no_language_is_written_to_in_that_of_the_agreement(house: House) -> None:
    register(house, b"north-south", FRENCH)
    house.live(FIRST)
    house.live(FIRST.replace(month=3, day=2))
    assert ["Bonjour" in text for _, text in house.texts] == [True] * len(house.texts) != []


def test_the_party_states_one_before_any_agreement_and_the_person_before_both(house: House) -> None:
    register(house, b"north-south", FRENCH)
    with open_unit(house.engine) as unit:
        unit.execute(update(party).where(party.c.reference == "north").values(language="es"))
    with open_reading(house.engine) as reading:
        people = {one.reference: one for one in load_people(reading).values()}
        usual = load_usual(reading, people["ann"])
        assert (people["ann"].language, usual.language_from) == ("es", "party")
    house.choose("ann", language="tr")
    with open_reading(house.engine) as reading:
        people = {one.reference: one for one in load_people(reading).values()}
        assert people["ann"].language == "tr"
        li = load_reader(reading, people["li"].id)
        assert li is not None and li.language == "fr", "neither she nor her party states one"
        assert load_usual(reading, people["li"]).sources["language"] == "north-south"


def test_one_letter_of_several_agreements_is_in_the_language_of_most_of_them(house: House) -> None:
    register(house, b"north-south", FRENCH)
    register(house, b"second", GERMAN)
    register(house, b"third", GERMAN)
    house.live(FIRST)
    house.live(FIRST.replace(month=3, day=2))
    assert "Guten Tag Ann" in next(text for to, text in house.texts if to == "ann")


def test_an_agreement_prefers_a_kind_of_channel_and_what_fails_there_goes_by_the_next(house: House) -> None:
    register(house, b"north-south", b"policy: {channels: [chat, sms]}\n")
    ways = {"mail": "ann@north.example", "sms": "house/+447700900123", "slack": "city-hall"}
    with open_unit(house.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "ann").values(channels=ways))
    house.live(FIRST, FIRST.replace(month=3, day=1))
    house.clock = house.clock.replace(month=3, day=2, hour=0)
    reconcile_register(house.engine, house.clock, house.clock.date())
    plan_messages(house.engine, house.clock, house.clock.date(), domain="tally.example")
    (message,) = house.waiting("ann")
    assert message.channel == "slack"
    with open_unit(house.engine) as unit:
        assert move_on(unit, message.id, 410, "gone", house.clock)
    (message,) = house.waiting("ann")
    assert message.channel == "sms"
    house.choose("ann", channel="mail")
    (message,) = house.waiting("ann")
    assert message.channel == "mail", "what the person chooses comes before any rule"
    with open_reading(house.engine) as reading:
        person = load_reader(reading, message.contact_id)
        assert person is not None
        assert str(load_usual(reading, person).channel) == "slack", "that is what it would be without the choice"
