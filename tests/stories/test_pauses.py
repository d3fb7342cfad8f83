"""Whoever comes back from a pause finds one letter about all that came meanwhile, as it stands on that day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.facts import Person
from commitments.handing_over import hand_over_all, name_owner
from commitments.log import Author
from commitments.person_queries import load_people
from commitments.policy import Policy
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import agreement, commitment, commitment_owner, contact
from commitments.taking_back import load_latest, take_back_hand_over
from notifications.forecast import forecast_agreement
from notifications.handing import find_day_told, tell_hand_back, tell_hand_over
from notifications.planning import plan_messages
from tests.stories.house import FIRST, FORM, House, open_house
from tests.stories.test_choices import register_joint_deeds, report_joint_deeds

DOMAIN = "tally.example"
MORE = b"""
  - reference: quay
    summary: Mend the quay.
    kind: deliverable
    due: 2026-02-20
    owners: [{party: north, contact: eve}]
  - reference: lamps
    summary: Light the lamps.
    kind: deliverable
    due: 2026-03-20
    owners: [{party: north, contact: fay}]
  - reference: roofs
    summary: Mend the roofs.
    kind: deliverable
    due: 2026-12-01
    owners: [{party: north, contact: gil}]
"""
PEOPLE = b"""
      - {reference: eve, name: Eve, role: owner, channels: {mail: eve@north.example}}
      - {reference: fay, name: Fay, role: owner, channels: {mail: fay@north.example}}
      - {reference: gil, name: Gil, role: owner, channels: {mail: gil@north.example}}
      - {reference: hal, name: Hal, role: owner, channels: {mail: hal@north.example}}"""

LI = b"channels: {mail: li@south.example}}"
WU = b"      - {reference: wu, name: Wu, role: owner, channels: {mail: wu@south.example}}"
SECOND = (
    FORM.replace(b"agreement: north-south", b"agreement: second").replace(LI, LI + b"\n" + WU)
    + b"""
  - reference: tea
    summary: Send the tea.
    kind: deliverable
    due: 2026-06-01
    owners: [{party: south, contact: wu}]
"""
)


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        yield made


def register(house: House, policy: bytes = b"", form: bytes = FORM) -> None:
    people = form.index(b"\n  - reference: south")
    form = form[:people] + PEOPLE + form[people:] + MORE + policy
    with open_unit(house.engine) as unit:
        import_agreement(
            unit, parse_agreement(form, "north-south.yaml"), Author("test", house.clock), date(2026, 2, 26)
        )


def hand_over(house: House, former: str, new: str, hour: int = 9) -> None:
    at = house.clock.replace(hour=hour, minute=30)
    with open_unit(house.engine) as unit:
        handed = hand_over_all(unit, Author("cy", at, "x"), former, new, at, at.date())
        tell_hand_over(unit, handed, "cy", at, at.date(), DOMAIN, tell_former=True)


def take_back(house: House, former: str, hour: int = 11) -> None:
    at = house.clock.replace(hour=hour, minute=30)
    with open_unit(house.engine) as unit:
        entry = load_latest(unit, unit.execute(select(contact.c.id).where(contact.c.reference == former)).scalar_one())
        assert entry is not None
        handed = take_back_hand_over(unit, Author("cy", at), entry.id, at, at.date())
        tell_hand_back(unit, handed, entry.at, "cy", at, at.date(), DOMAIN)


def letter(house: House, who: str) -> str:
    (text,) = [text for to, text in house.texts if to == who]
    return text


def test_three_hand_overs_in_a_pause_come_in_the_one_letter_after_it_as_they_stand_and_none_that_was_taken_back(
    house: House,
) -> None:
    register(house)
    house.choose("ann", paused_from="2026-03-02", paused_to="2026-03-12")
    house.live(date(2026, 3, 2))
    hand_over(house, "eve", "ann")
    house.live(date(2026, 3, 3))
    hand_over(house, "fay", "ann")
    house.live(date(2026, 3, 4))
    hand_over(house, "gil", "ann")
    house.live(date(2026, 3, 5), date(2026, 3, 6))
    take_back(house, "gil")
    house.live(date(2026, 3, 7), date(2026, 3, 20))
    assert house.received("ann")[0] == "Fri 13 Mar 08:00"
    assert len([at for at in house.received("ann") if "13 Mar" in at]) == 1
    text = house.texts[[to for to, _ in house.texts].index("ann")][1]
    assert "Handed over to you (2)" in text and "Mend the quay." in text and "Light the lamps." in text
    assert "Mend the roofs." not in text, "given back before it could be told"
    assert "in 7 days" in text, "it stands as it does on the day of the letter, not as on that of the hand-over"
    assert "Coming dates (2)" in text and "Hand over the survey." in text, "and the lamps once only"


def test_the_question_that_came_with_a_hand_over_in_a_pause_climbs_from_the_letter_after_it(house: House) -> None:
    register(house)
    house.live(date(2026, 2, 27))
    house.choose("dee", paused_from="2026-03-02", paused_to="2026-03-13")
    house.live(date(2026, 3, 2))
    hand_over(house, "eve", "dee")
    house.live(date(2026, 3, 3), date(2026, 4, 10))
    assert house.received("dee")[0] == "Mon 16 Mar 08:00"
    asked = [(at.date(), subject) for (at, to, subject) in house.letters if to == "cy" and "quay" in subject]
    assert asked == [
        (date(2026, 3, 6), "Overdue: Mend the quay"),  # in her place: it has been open for five working days
        (
            date(2026, 3, 30),
            "Still unanswered: Mend the quay · Your week",
        ),  # ten working days after her letter, and not before
    ]


def test_a_coordinator_comes_back_to_one_letter_with_confirmations_hand_overs_and_the_digest_of_the_week(
    house: House,
) -> None:
    register_joint_deeds(house)
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(SECOND, "second.yaml"), Author("test", house.clock), FIRST)
    house.live(date(2026, 2, 26), date(2026, 3, 2))
    before = len(house.received("li"))
    house.choose("li", paused_from="2026-03-03", paused_to="2026-03-10")
    report_joint_deeds(house, 1)
    house.live(date(2026, 3, 3), date(2026, 3, 5))
    report_joint_deeds(house, 2)
    hand_over(house, "wu", "li")
    house.live(date(2026, 3, 6), date(2026, 3, 12))
    assert house.received("li")[before:] == ["Wed 11 Mar 00:00"], "08:00 in Shanghai, after the digest's Monday"
    text = [text for to, text in house.texts if to == "li"][-1]
    assert "Waiting for your confirmation (2)" in text and "Handed over to you (1)" in text
    assert "Send the tea." in text and "Your week" in text


def test_what_is_unsubscribed_in_the_pause_is_not_told_after_it_and_the_record_says_so(house: House) -> None:
    register(house)
    house.choose("dee", paused_from="2026-03-02", paused_to="2026-03-05")
    house.live(date(2026, 3, 2))
    hand_over(house, "gil", "dee")
    house.choose("dee", unsubscribed=["hand_over"])
    house.live(date(2026, 3, 3), date(2026, 3, 10))
    assert house.received("dee") == []
    assert [row.key.endswith("afterwards") for row in house.decisions("dee", "unsubscribed")] == [True]


def test_what_was_handed_on_again_in_the_pause_is_told_to_who_has_it_in_the_end_alone(house: House) -> None:
    register(house)
    house.choose("dee", paused_from="2026-03-02", paused_to="2026-03-05")
    house.live(date(2026, 3, 2))
    hand_over(house, "gil", "dee")
    with open_unit(house.engine) as unit:
        place = select(commitment_owner.c.id).join(commitment).where(commitment.c.reference == "roofs")
        at = house.clock
        handed = name_owner(unit, Author("cy", at, "x"), [unit.execute(place).scalar_one()], "hal", at, at.date())
        tell_hand_over(unit, handed, "cy", at, at.date(), DOMAIN, tell_former=False)
    house.live(date(2026, 3, 3), date(2026, 3, 10))
    assert house.received("dee") == []
    assert [row.decision for row in house.decisions("dee", "passed_on")] == ["passed_over"]
    assert "Mend the roofs." in letter(house, "hal")


def test_a_hand_over_of_what_is_always_sent_is_told_in_the_pause(house: House) -> None:
    register(house, b"policy: {always_sent: [commitment]}\n")
    house.choose("dee", paused_from="2026-03-02", paused_to="2026-03-05")
    house.live(date(2026, 3, 2))
    hand_over(house, "gil", "dee")
    house.live(date(2026, 3, 3))
    assert house.subjects("dee") and "Mend the roofs." in letter(house, "dee")


def test_a_pause_chosen_while_a_hand_over_waits_for_the_end_of_the_quiet_hours_loses_nothing(house: House) -> None:
    register(house)
    house.choose("dee", quiet_from="09:00", quiet_to="16:00")
    house.clock = datetime(2026, 3, 2, 9, tzinfo=UTC)
    hand_over(house, "gil", "dee")
    assert len(house.waiting("dee")) == 1
    house.choose("dee", paused_from="2026-03-02", paused_to="2026-03-05")
    assert house.waiting("dee") == []
    house.choose("dee", quiet_from=None, quiet_to=None)
    house.live(date(2026, 3, 3), date(2026, 3, 10))
    assert house.received("dee") == ["Fri 06 Mar 08:00"]


def test_what_was_asked_just_before_a_pause_is_not_told_on_its_first_day_but_with_the_rest(house: House) -> None:
    register_joint_deeds(house)
    house.choose("li", quiet_from="18:00", quiet_to="07:00", paused_from="2026-03-03", paused_to="2026-03-06")
    house.clock = datetime(2026, 3, 2, 12, tzinfo=UTC)
    report_joint_deeds(house, 1)
    reconcile_register(house.engine, house.clock, date(2026, 3, 2))
    plan_messages(house.engine, house.clock, date(2026, 3, 2), domain=DOMAIN)
    assert not [row for row in house.waiting("li") if row.kind == "confirmation"], "20:00 in Shanghai"
    house.live(date(2026, 3, 3), date(2026, 3, 9))
    asked = [at for at, to, subject in house.letters if to == "li" and "confirm" in subject]
    assert asked == [datetime(2026, 3, 9, tzinfo=UTC)], "Monday 08:00 in Shanghai"


def test_who_wants_no_hand_overs_told_is_asked_what_came_with_one_and_the_ladder_begins_with_them(house: House) -> None:
    register(house)
    house.live(date(2026, 2, 27))
    house.choose("dee", unsubscribed=["hand_over"])
    house.live(date(2026, 3, 2))
    hand_over(house, "eve", "dee")
    house.live(date(2026, 3, 3), date(2026, 4, 10))
    assert (house.received("dee")[0], house.subjects("dee")[0]) == ("Tue 03 Mar 08:00", "Overdue: Mend the quay")
    asked = [at for (at, to, subject) in house.letters if to == "cy" and "quay" in subject]
    assert asked and min(asked).date() == date(2026, 3, 17), "ten of their working days after they were asked"


def test_a_question_that_comes_back_to_who_wants_no_hand_overs_told_is_asked_anew_and_climbs_from_then(
    house: House,
) -> None:
    register(house)
    house.live(date(2026, 2, 27))
    house.choose("eve", unsubscribed=["hand_over"])
    house.live(date(2026, 3, 2))
    hand_over(house, "eve", "dee")
    house.live(date(2026, 3, 3), date(2026, 3, 5))
    hand_over(house, "dee", "eve")
    house.live(date(2026, 3, 6), date(2026, 4, 10))
    asked = [at for (at, to, subject) in house.letters if to == "cy" and "quay" in subject]
    assert [subject for at, to, subject in house.letters if to == "eve" and at.date() == date(2026, 3, 6)] == [
        "Overdue: Mend the quay"
    ]
    assert asked and min(asked).date() == date(2026, 3, 20), "ten of their working days, though they had been asked"


def test_what_was_handed_over_in_a_pause_and_is_asked_about_by_its_end_is_one_item_that_says_both(house: House) -> None:
    register(house)
    house.live(date(2026, 2, 27), date(2026, 3, 13))
    house.choose("dee", paused_from="2026-03-16", paused_to="2026-03-26")
    house.live(date(2026, 3, 16))
    hand_over(house, "fay", "dee")
    house.live(date(2026, 3, 17), date(2026, 3, 27))
    assert house.subjects("dee") == ["Overdue: Light the lamps"]
    text = letter(house, "dee")
    assert text.count("Light the lamps.") == 1 and "Handed over to you (" not in text
    assert "follow-up opened on 21 March 2026 · handed over to you from Fay by Cy on 16 March 2026" in text


def test_the_forecast_of_an_agreement_foresees_what_was_handed_over_at_night_for_the_next_morning(house: House) -> None:
    register(house)
    house.live(date(2026, 3, 2))
    hand_over(house, "gil", "hal", hour=22)
    house.clock = datetime(2026, 3, 2, 23, tzinfo=UTC)
    with open_reading(house.engine) as reading:
        found = reading.execute(select(agreement.c.id).where(agreement.c.reference == "north-south")).scalar_one()
    foreseen = [
        one for one in forecast_agreement(house.engine, house.settings, house.clock, 3, found) if one.contact == "hal"
    ]
    assert [(one.day, one.kind, one.subject) for one in foreseen] == [
        (date(2026, 3, 3), "hand_over", "Handed over to you: Mend the roofs")
    ]
    house.live(date(2026, 3, 3))
    assert house.received("hal") == ["Tue 03 Mar 08:00"], "and so it comes"
    assert not [
        one
        for one in forecast_agreement(house.engine, house.settings, house.clock, 3, found)
        if one.kind == "hand_over"
    ]


def test_the_day_is_named_on_which_a_person_is_told_of_what_is_handed_over_to_them(house: House) -> None:
    register(house)
    house.choose("hal", paused_from="2026-03-09", paused_to="2026-03-13")
    with open_reading(house.engine) as reading:
        hal = next(one for one in load_people(reading).values() if one.reference == "hal")

    def told(*moment: int, who: Person = hal) -> date | None:
        return find_day_told(who, [Policy()], datetime(2026, 3, *moment, tzinfo=UTC))

    assert told(2, 10) == date(2026, 3, 2), "by day at once"
    assert told(2, 22) == date(2026, 3, 3), "at night the next morning"
    assert told(6, 22) == date(2026, 3, 16), "on Friday night after the weekend, and here after the pause"
    assert told(10, 10) == date(2026, 3, 16), "in a pause after it"
    assert told(2, 10, who=replace(hal, ways=())) is None, "who cannot be reached not at all"
