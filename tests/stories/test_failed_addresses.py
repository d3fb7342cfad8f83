"""An address that does not work: whoever can put it right reads which one it is and where, and nobody else is told."""

from collections.abc import Iterator
from datetime import date

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.register import import_agreement
from commitments.settings import Settings
from tests.stories.house import FIRST, FORM, House, open_house

LEADERS = (
    (
        b"      - {reference: cy,",
        b"      - {reference: lea, name: Lea, role: leader, channels: {mail: lea@north.example}}\n",
    ),
    (
        b"      - {reference: li,",
        b"      - {reference: lu, name: Lu, role: leader, channels: {mail: lu@south.example}}\n",
    ),
)


@pytest.fixture
def house(engine: Engine) -> Iterator[House]:
    """Both sides have a leader; the mail server knows no Ann."""
    form = FORM
    for before, leader in LEADERS:
        form = form.replace(before, leader + before)
    with open_house(engine) as made:
        with open_unit(engine) as unit:
            import_agreement(unit, parse_agreement(form, "north-south.yaml"), Author("test", made.clock), FIRST)
        made.settings = Settings(
            mail_url=made.settings.mail_url, base_url="https://towns.example", secret=SecretStr("s" * 40)
        )
        made.refused["ann@north.example"] = "550 5.1.1 no such user"
        yield made


def test_the_coordinator_reads_whose_address_fails_which_it_is_and_where_another_is_entered(house: House) -> None:
    house.live(FIRST, date(2026, 4, 2))
    (subject,) = [one for one in house.subjects("cy") if "Message not sent" in one]
    assert "Ann" in subject and "Memorandum" not in subject
    (letter,) = [text for to, text in house.texts if to == "cy" and "could not be sent" in text and "[" in text]
    assert "the address on record is ann@north.example" in letter and "https://towns.example/people/ann" in letter
    assert "[Message not sent]" in letter and "Due soon]" not in letter and "Between North and South" not in letter


def test_an_address_that_stays_broken_climbs_within_its_own_side_and_shows_the_other_side_no_address(
    house: House,
) -> None:
    house.live(FIRST, date(2026, 5, 1))
    told = {to for _, to, subject in house.letters if "Message not sent" in subject}
    assert told == {"cy", "lea"}, "the leaders of South can do nothing about it"
    assert all("ann@north.example" not in text for to, text in house.texts if to in ("li", "lu"))
    (climbed,) = [text for to, text in house.texts if to == "lea" and "the address on record" in text]
    assert "leaders of both sides" not in climbed
