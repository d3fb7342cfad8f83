"""A party is reached through whichever of its people can be: the law says who, and nothing ends in silence."""

from collections.abc import Iterator
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.register import import_agreement
from commitments.settings import Settings
from commitments.tables import contact, follow_up
from tests.mail_door import open_door
from tests.stories.house import FIRST, FORM, House

NO_MAIL = b", channels: {mail: %s@north.example}"
CA = b"      - {reference: ca, name: Ca, role: coordinator%s}\n"
CY = b"      - {reference: cy, name: Cy, role: coordinator"


class Register(House):
    """A house of which every letter is kept whole."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, Settings())
        self.whole: list[tuple[str, EmailMessage]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.whole.append((envelope.rcpt_tos[0].partition("@")[0], letter))
        return await super().handle_DATA(server, session, envelope)

    def register(self, form: bytes) -> None:
        with open_unit(self.engine) as unit:
            import_agreement(unit, parse_agreement(form, "north-south.yaml"), Author("test", self.clock), FIRST)

    def asked(self, kind: str) -> list[tuple[str, str]]:
        """Who is asked for which matter by follow-ups of a kind."""
        query = select(follow_up.c.matter, contact.c.reference).join(contact, contact.c.id == follow_up.c.assignee_id)
        with open_reading(self.engine) as reading:
            return [tuple(row) for row in reading.execute(query.where(follow_up.c.kind == kind))]

    def replies(self, who: str) -> list[tuple[str | None, bool]]:
        """Of each letter to somebody its Reply-To, and whether it says that an answer reaches one."""
        return [
            (letter["Reply-To"], "To answer, reply to this mail" in letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]
            for to, letter in self.whole
            if to == who
        ]


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[Register]:
    made = Register(sqlite_engine)
    with open_door(made) as port:
        made.settings = Settings(mail_url=f"smtp://127.0.0.1:{port}")
        yield made


def without_mail(form: bytes, *names: bytes) -> bytes:
    for name in names:
        assert NO_MAIL % name in form
        form = form.replace(NO_MAIL % name, b"")
    return form


EXPIRING = FORM.replace(b"expires: 2030-12-31", b"expires: 2026-10-31")
"""Notice is to be given by 30 April 2026."""


def test_of_two_coordinators_the_one_with_an_address_is_told_of_the_notice_deadline(house: Register) -> None:
    house.register(EXPIRING.replace(CY, CA % b"" + CY))
    house.live(date(2026, 4, 20), date(2026, 5, 1))
    assert ("north-south:notice", "cy") in house.asked("notice_deadline")
    assert any("notice" in subject.lower() for subject in house.subjects("cy"))


def test_a_notice_deadline_reaches_an_owner_where_no_coordinator_of_the_party_has_an_address(house: Register) -> None:
    house.register(without_mail(EXPIRING, b"cy"))
    house.live(date(2026, 4, 20), date(2026, 5, 1))
    told = [text for to, text in house.texts if to == "ann" and "notice can be given until 30 April 2026" in text]
    assert told, "what is always sent reaches whoever can be reached"


def test_the_reminders_of_an_owner_without_an_address_reach_a_coordinator_who_has_one(house: Register) -> None:
    house.register(without_mail(FORM, b"ann", b"dee").replace(CY, CA % b"" + CY))
    house.live(date(2026, 3, 2), date(2026, 3, 31))
    reminded = [subject for subject in house.subjects("cy") if "survey" in subject]
    assert reminded and all("Due" in one for one in reminded)
    house.live(date(2026, 4, 1), date(2026, 4, 3))
    assert any("Overdue" in one and "survey" in one for one in house.subjects("cy"))


def test_the_deputy_is_asked_in_the_place_of_who_has_no_address_and_told_why(house: Register) -> None:
    house.register(without_mail(FORM, b"ann"))
    house.live(date(2026, 3, 2), date(2026, 4, 3))
    why = "Ann, who is asked, cannot be reached: no address on record that works"
    told = [text for to, text in house.texts if to == "dee" and "survey" in text]
    assert told and all(why in text for text in told), "reminders and what is asked alike"
    assert any("Overdue" in one and "survey" in one for one in house.subjects("dee"))


def test_the_ladder_climbs_to_the_coordinator_who_can_be_reached(house: Register) -> None:
    house.register(FORM.replace(CY, CA % b"" + CY))
    house.live(date(2026, 4, 1), date(2026, 4, 20))
    assert any("survey" in text and "you are the coordinator" in text for to, text in house.texts if to == "cy")


def test_a_coordinator_who_has_left_is_nobody_to_answer_to(house: Register) -> None:
    house.register(FORM.replace(CY, CA % b", valid_to: 2026-03-25, channels: {mail: ca@north.example}" + CY))
    house.live(date(2026, 3, 2), date(2026, 3, 25))
    assert house.replies("ann") and set(house.replies("ann")) == {("Ca <ca@north.example>", True)}
    house.whole.clear()
    house.live(date(2026, 3, 26), date(2026, 4, 10))
    assert house.replies("ann") and set(house.replies("ann")) == {("Cy <cy@north.example>", True)}
    assert house.replies("cy") and set(house.replies("cy")) == {(None, False)}, "Cy coordinates alone"


def test_where_the_own_side_has_no_coordinator_left_an_answer_goes_to_the_other_sides(house: Register) -> None:
    house.register(FORM.replace(CY, CY + b", valid_to: 2026-03-05"))
    house.live(date(2026, 3, 6) + timedelta(days=3), date(2026, 4, 2))
    assert house.replies("ann") and set(house.replies("ann")) == {("Li <li@south.example>", True)}


def test_a_coordinator_without_an_address_is_named_in_no_letter(house: Register) -> None:
    house.register(without_mail(FORM, b"cy"))
    house.live(date(2026, 3, 2), date(2026, 4, 2))
    assert house.replies("ann") and set(house.replies("ann")) == {(None, False)}


def test_where_nobody_of_a_party_can_be_reached_the_other_side_hears_of_it_and_why(house: Register) -> None:
    house.register(without_mail(FORM, b"ann", b"dee", b"cy"))
    house.live(date(2026, 3, 30), date(2026, 4, 14))
    assert any("Overdue" in one and "survey" in one for one in house.subjects("li"))
    digests = [text for to, text in house.texts if to == "li" and "cannot be reached" in text]
    assert (
        digests and "Ann (North): 2 open follow-ups; cannot be reached: no address on record that works" in digests[-1]
    )
    assert not [text for text in digests if "Ann (North): 2 open follow-ups, the oldest asked on" in text]


def test_a_digest_says_of_its_own_side_who_cannot_be_reached(house: Register) -> None:
    house.register(without_mail(FORM, b"ann"))
    house.live(date(2026, 4, 1), date(2026, 4, 14))
    told = "\n".join(text for to, text in house.texts if to == "cy")
    assert "Ann (North): 2 open follow-ups; cannot be reached: no address on record that works" in told
    assert not [line for line in told.splitlines() if "Ann (North)" in line and "asked on" in line]
