"""One matter is one item of a letter, however much is asked about it, and each link says which item it answers."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.progress import answer_follow_up
from commitments.register import import_agreement
from commitments.tables import follow_up
from tests.stories.house import FIRST, FORM, House, open_house

FRIENDS = b"""
  - reference: friends
    summary: Be friends.
    kind: open_ended
    owners: [{party: north}]
"""


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        yield made


def register(house: House, form: bytes) -> None:
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(form, "more.yaml"), Author("test", house.clock), FIRST)


def test_a_promise_that_is_silent_and_without_an_owner_stands_once_with_both_reasons_and_what_answers_each(
    house: House,
) -> None:
    register(house, FORM + FRIENDS)
    house.live(date(2026, 2, 26))
    (text,) = [text for to, text in house.texts if to == "cy"]
    asked = text.partition("Needs an answer from you")[2].partition("Coming dates")[0]
    assert asked.count("Be friends.") == 1
    (item,) = [part for part in asked.split("\r\n* ") if part.startswith("Be friends.")]
    assert len(re.findall(r"^  \[", item, re.MULTILINE)) == 2, "each standing with its reason"
    assert "[Silent]" in item and "[No owner]" in item


def test_what_is_asked_of_both_sides_about_their_agreement_stands_once_for_who_reads_of_both(house: House) -> None:
    leader = b"      - {reference: max, name: Max, role: leader, channels: {mail: max@north.example}}\n"
    register(house, FORM.replace(b"      - {reference: cy,", leader + b"      - {reference: cy,"))
    house.live(date(2026, 2, 26), date(2026, 3, 20))
    letters = [text for to, text in house.texts if to == "max" and "* No activity" in text]
    assert letters and all(text.count("* No activity") == 1 for text in letters)


def test_in_a_long_letter_each_item_has_a_number_and_its_link_says_it(house: House, tmp_path: Path) -> None:
    many = b"".join(
        b"\n  - {reference: p%d, summary: Promise %d., kind: deliverable, due: 2026-02-20, "
        b"owners: [{party: north, contact: ann}]}" % (one, one)
        for one in range(1, 13)
    )
    register(house, FORM.rstrip() + many + b"\n")
    house.settings = house.settings.model_copy(update={"base_url": "https://tally.example", "home": tmp_path})
    house.live(date(2026, 2, 26))
    (text,) = [text for to, text in house.texts if to == "ann"]
    assert [int(one) for one in re.findall(r"^\* (\d+)\. Promise", text, re.MULTILINE)] == list(range(1, 13))
    assert [int(one) for one in re.findall(r"^  Answer (\d+): https", text, re.MULTILINE)] == list(range(1, 13))


DATED = FORM.replace(b"expires: 2030-12-31", b"expires: 2026-12-31")  # notice can be given until 30 June


def live_to_the_last_month_for_notice(house: House, tmp_path: Path) -> None:
    register(house, DATED)
    house.settings = house.settings.model_copy(update={"base_url": "https://tally.example", "home": tmp_path})
    house.live(date(2026, 4, 1), date(2026, 4, 2))
    house.texts.clear()


def list_reminded(house: House) -> list[tuple[str, str]]:
    """To whom, and what: the coming dates of each letter that has some, without the overview below them."""
    parts = [(to, text.partition("Coming dates (")[2].partition("\r\nYour ")[0]) for to, text in house.texts]
    return [(to, part) for to, part in parts if part]


def test_a_reminder_of_an_agreements_date_can_be_answered_while_it_is_asked_about(house: House, tmp_path: Path) -> None:
    live_to_the_last_month_for_notice(house, tmp_path)
    house.live(date(2026, 5, 29), date(2026, 6, 1))
    (reminded,) = [part for to, part in list_reminded(house) if to == "cy"]
    (item,) = [part for part in reminded.split("\r\n* ") if part.startswith("Notice deadline\r\n")]
    assert "Decide whether the agreement goes on: after this day, notice comes too late." in item
    assert "It is done: https://tally.example/answer/" in item and "Remind me later: https://" in item
    assert "See how it stands" not in item and "Please answer by" not in item
    assert any(subject.startswith("Notice deadline in 4 weeks: Memorandum") for subject in house.subjects("cy"))


def test_a_digest_calls_an_agreements_date_by_its_name_where_it_is_stuck(house: House, tmp_path: Path) -> None:
    live_to_the_last_month_for_notice(house, tmp_path)
    house.live(date(2026, 6, 1))
    (text,) = [text for to, text in house.texts if to == "cy"]
    stuck = text.partition("What is stuck")[2].partition("Agreements that need attention")[0]
    assert "* Notice deadline\r\n  notice can be given until 30 June 2026, in 4 weeks\r\n  Memorandum · Cy" in stuck
    assert "* No activity for a long time\r\n" in stuck and "* Memorandum" not in stuck


def test_an_agreements_date_of_which_its_party_said_that_it_is_settled_is_reminded_of_no_more(
    house: House, tmp_path: Path
) -> None:
    live_to_the_last_month_for_notice(house, tmp_path)
    with open_unit(house.engine) as unit:
        (key,) = unit.execute(select(follow_up.c.key).where(follow_up.c.key.contains(":notice@north:"))).scalars()
        answer_follow_up(unit, Author("cy", house.clock), key, house.clock.date(), True, None, "We go on")
    house.live(date(2026, 5, 29), date(2026, 6, 1))
    assert [to for to, part in list_reminded(house) if "* Notice deadline" in part] == ["li"]
    stuck = [text.partition("What is stuck")[2] for to, text in house.texts if to == "cy"]
    assert all(text.count("* Notice deadline\r\n") == 1 for text in stuck), "the other side has not answered"


def test_a_reminder_of_a_date_about_which_nothing_is_asked_has_no_answers(house: House, tmp_path: Path) -> None:
    live_to_the_last_month_for_notice(house, tmp_path)
    house.live(date(2026, 7, 1), date(2026, 7, 6))
    texts = [text for to, text in house.texts if to == "cy" and "* Expiry" in text]
    (item,) = [part for text in texts[:1] for part in text.split("\r\n* ") if part.startswith("Expiry\r\n")]
    assert "Decide in time whether the agreement is to go on." in item
    assert "See how it stands: https://" in item and "It is done" not in item
