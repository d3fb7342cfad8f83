"""What a person chose about their messages holds, also for what waits already."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select

from commitments.agreement_file import ParsedFile, parse_agreement
from commitments.database import open_reading, open_unit
from commitments.deciding import set_date
from commitments.errors import NotFound, RefusedChange
from commitments.log import Author
from commitments.progress import report_progress
from commitments.reconcile import reconcile_register
from commitments.register import Imported, import_agreement, import_files
from commitments.tables import log_entry, policy
from commitments.vocabulary import Rating
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_messages
from notifications.waiting import follow_rules
from tests.stories.house import FIRST, FORM, House, open_house


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        yield made


def test_without_any_choice_reminders_come_at_eight_on_their_days(house: House) -> None:
    house.live(FIRST, date(2026, 3, 31))
    assert house.received("ann") == [
        "Mon 02 Mar 08:00", "Tue 10 Mar 08:00", "Tue 17 Mar 08:00", "Tue 24 Mar 08:00", "Thu 26 Mar 08:00",
        "Mon 30 Mar 08:00", "Tue 31 Mar 08:00",
    ]  # fmt: skip


def test_who_paused_gets_one_catch_up_and_not_the_backlog(house: House) -> None:
    house.choose("ann", paused_from="2026-02-27", paused_to="2026-03-24")
    house.live(FIRST, date(2026, 3, 31))
    assert house.received("ann")[0] == "Wed 25 Mar 08:00"
    assert "in 6 days" in house.subjects("ann")[0], "it says what is true on the day itself"
    assert "and 1 more" in house.subjects("ann")[0], "one message for both matters"
    assert len(house.received("ann")) == 4  # the catch-up, 14 days before the report, a day before, the day itself
    passed = house.decisions("ann", "later_rung")
    assert {row.rung for row in passed if row.matter.endswith("survey")} >= {30, 14}
    held = house.decisions("ann", "paused")
    assert [(row.decision, row.decision_reason["numbers"]["day"]) for row in held] == [("held", "2026-03-24")]


JOINT = b"""
  - reference: joint-%d
    summary: Joint deed %d.
    kind: deliverable
    owed: jointly
    due: 2026-12-31
    owners: [{party: north, contact: ann}, {party: south, contact: li}]
"""


def report_joint_deeds(house: House, *numbers: int) -> None:
    with open_unit(house.engine) as unit:
        for one in numbers:
            report_progress(
                unit, Author("ann", house.clock), f"north-south/joint-{one}", "north", "ann", Rating.ON_TRACK,
                house.clock.date(), note="done", fulfilled=True,
            )  # fmt: skip


def register_joint_deeds(house: House, policy: bytes = b"") -> None:
    form = FORM + b"".join(JOINT % (one, one) for one in range(1, 5)) + policy
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(form, "north-south.yaml"), Author("test", house.clock), FIRST)


def test_what_was_asked_in_a_pause_comes_in_the_one_message_after_it_whatever_its_kind(house: House) -> None:
    register_joint_deeds(house)
    house.clock = datetime(2026, 3, 2, 9, tzinfo=UTC)
    house.choose("li", paused_from="2026-03-02", paused_to="2026-03-10")
    report_joint_deeds(house, 1, 2, 3, 4)
    house.live(date(2026, 3, 2), date(2026, 3, 12))
    assert house.received("li") == ["Wed 11 Mar 00:00"], "08:00 in Shanghai"
    assert house.subjects("li")[0].startswith("Please confirm: Joint deed 1 — and 3 more")


def test_what_is_always_sent_is_told_at_once_in_a_pause_as_well_and_together(house: House) -> None:
    register_joint_deeds(house, b"policy: {always_sent: [commitment, notice]}\n")
    house.clock = datetime(2026, 3, 2, 9, tzinfo=UTC)
    house.choose("li", paused_from="2026-03-02", paused_to="2026-03-10")
    report_joint_deeds(house, 1, 2)
    house.live(date(2026, 3, 2))
    assert house.subjects("li") == ["Please confirm: Joint deed 1 — and 1 more"], "one letter for what came together"
    report_joint_deeds(house, 3)
    reconcile_register(house.engine, house.clock, date(2026, 3, 2))
    plan_messages(house.engine, house.clock, date(2026, 3, 2), domain="tally.example")
    house.choose("li", paused_from="2026-03-02", paused_to="2026-03-20")
    assert len(house.waiting("li")) == 1, "a longer pause does not take it back"


def test_what_falls_due_tomorrow_comes_before_what_has_been_silent_for_years(house: House) -> None:
    form = FORM.replace(b"due: 2026-04-09", b"due: 2026-03-03") + (
        b"  - {reference: friends, summary: Be friends., kind: open_ended, owners: [{party: north, contact: ann}]}\n"
    )
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(form, "north-south.yaml"), Author("test", house.clock), FIRST)
    house.live(date(2026, 3, 2))
    assert house.subjects("ann") == ["Due tomorrow: Write the report — and 2 more"]
    (text,) = [text for to, text in house.texts if to == "ann"]
    assert text.index("Write the report.") < text.index("Be friends.")


def test_a_mail_about_a_promise_without_an_owner_says_by_when_it_was_promised(house: House) -> None:
    form = FORM.replace(
        b"due: 2026-03-31\n    owners: [{party: north, contact: ann}]", b"due: 2026-12\n    owners: [{party: north}]"
    )
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(form, "north-south.yaml"), Author("test", house.clock), FIRST)
    house.live(date(2026, 3, 2))
    (text,) = [text for to, text in house.texts if to == "cy" and "Hand over the survey" in text]
    assert "Due: the end of December 2026." in text


def test_who_chose_mondays_gets_one_bundle_a_week_that_looks_ahead_to_the_next(house: House) -> None:
    house.choose("ann", days=[0])
    house.live(FIRST, date(2026, 3, 31))
    assert all(day.startswith("Mon") for day in house.received("ann"))
    assert "Mon 30 Mar 07:00" not in house.received("ann")
    assert "Due tomorrow" in house.subjects("ann")[-1], "Monday's message speaks of Tuesday's date"


def test_an_agreement_may_bundle_by_its_policy_and_a_person_may_choose_otherwise(house: House) -> None:
    with open_unit(house.engine) as unit:
        form = parse_agreement(FORM + b"policy: {send_days: [4]}\n", "north-south.yaml")
        import_agreement(unit, form, Author("test", house.clock), FIRST)
    house.choose("dee", days=[0])
    house.live(FIRST, date(2026, 3, 31))
    assert {day[:3] for day in house.received("ann")} == {"Fri"}


def test_who_unsubscribed_from_a_kind_does_not_get_it_and_the_record_says_why(house: House) -> None:
    house.choose("ann", unsubscribed=["reminder"])
    house.live(FIRST, date(2026, 3, 31))
    assert house.received("ann") == []
    told = house.decisions("ann", "unsubscribed")
    assert {row.decision for row in told} == {"passed_over"}
    assert sorted({row.rung for row in told if row.matter.endswith("survey")}) == [0, 1, 7, 14, 30]
    house.live(date(2026, 4, 1))
    assert house.received("ann") == ["Wed 01 Apr 08:00"], "a follow-up is another kind"


def test_where_an_owner_wants_no_follow_ups_the_deputy_is_asked_at_once(house: House) -> None:
    house.choose("ann", unsubscribed=["reminder", "follow_up"])
    house.live(date(2026, 4, 1), date(2026, 4, 2))
    assert house.received("ann") == []
    assert house.received("dee") == ["Wed 01 Apr 08:00"]


def test_notice_that_has_an_effect_in_law_comes_in_spite_of_a_pause_and_of_what_was_unsubscribed(house: House) -> None:
    with open_unit(house.engine) as unit:
        form = parse_agreement(FORM.replace(b"2030-12-31", b"2026-10-31"), "north-south.yaml")
        import_agreement(unit, form, Author("test", house.clock), FIRST)
    kinds = ["reminder", "follow_up", "escalation", "digest", "summary"]
    house.choose("cy", paused_from="2026-02-26", paused_to="2026-06-30", unsubscribed=kinds)
    house.live(FIRST, date(2026, 3, 6))
    assert house.received("cy") == ["Thu 26 Feb 08:00"]
    assert "Notice" in house.subjects("cy")[0]


def test_a_new_hour_holds_for_what_waits_already(house: House) -> None:
    house.clock = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
    reconcile_register(house.engine, house.clock, date(2026, 3, 2))
    plan_messages(house.engine, house.clock, date(2026, 3, 2), domain="tally.example")
    assert [row.next_at.hour for row in house.waiting("ann")] == [8]
    done = house.choose("ann", hour="14:00")
    assert (done.moved, done.withdrawn) == (1, 0)
    house.live(date(2026, 3, 2))
    assert house.received("ann") == ["Mon 02 Mar 14:00"]


def plan_monday(house: House) -> None:
    """At night everything of Monday is planned: for the coordinator a digest with what waits for an answer."""
    house.live(FIRST, date(2026, 3, 3))
    house.letters.clear()
    house.clock = datetime(2026, 3, 9, 0, 30, tzinfo=UTC)
    reconcile_register(house.engine, house.clock, date(2026, 3, 9))
    plan_messages(house.engine, house.clock, date(2026, 3, 9), domain="tally.example")
    assert [row.kind for row in house.waiting("cy")] == ["digest"]


def test_a_new_day_of_the_digest_holds_for_one_that_waits_already(house: House) -> None:
    plan_monday(house)
    assert house.choose("cy", digest_day=2).withdrawn == 1
    house.live(date(2026, 3, 9), date(2026, 3, 13))
    digests = [f"{at:%a}" for at, to, subject in house.letters if to == "cy" and "Your week" in subject]
    assert digests == ["Wed"]


def test_a_new_day_of_the_digest_by_the_rules_holds_for_one_that_waits_already(house: House) -> None:
    plan_monday(house)
    form = parse_agreement(FORM + b"policy: {digest_weekday: 3}\n", "north-south.yaml")
    with open_unit(house.engine) as unit:
        import_agreement(unit, form, Author("test", house.clock), date(2026, 3, 9))
        assert follow_rules(unit, house.clock, ["north-south"]) == 2, "of the coordinators of both sides"
    house.live(date(2026, 3, 9), date(2026, 3, 13))
    digests = [f"{at:%a}" for at, to, subject in house.letters if to == "cy" and "Your week" in subject]
    assert digests == ["Thu"]


def test_what_follows_from_an_import_is_written_together_with_it_or_not_at_all(house: House) -> None:
    plan_monday(house)
    file = ParsedFile(
        Path("north-south.yaml"), parse_agreement(FORM + b"policy: {digest_weekday: 3}\n", "north-south.yaml")
    )

    def follow(unit: Connection, imported: Sequence[Imported]) -> None:
        assert [one.reference for one in imported] == ["north-south"]
        follow_rules(unit, house.clock, ["north-south"])
        raise ConnectionError("the machine went down")

    with pytest.raises(ConnectionError):
        import_files(house.engine, [file], Author("test", house.clock), date(2026, 3, 9), follow=follow)
    with open_reading(house.engine) as reading:
        assert reading.execute(select(policy)).all() == []
    assert [row.kind for row in house.waiting("cy")] == ["digest"]


def test_a_pause_takes_back_what_waits_already_and_it_is_planned_anew_afterwards(house: House) -> None:
    house.clock = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
    reconcile_register(house.engine, house.clock, date(2026, 3, 2))
    plan_messages(house.engine, house.clock, date(2026, 3, 2), domain="tally.example")
    done = house.choose("ann", paused_from="2026-03-02", paused_to="2026-03-03")
    assert (done.moved, done.withdrawn, house.waiting("ann")) == (0, 1, [])
    house.live(date(2026, 3, 2), date(2026, 3, 5))
    assert house.received("ann") == ["Wed 04 Mar 08:00"]
    assert len(house.decisions("ann", "choices_changed")) == 1


def test_a_pause_that_is_ended_at_once_loses_nothing(house: House) -> None:
    house.clock = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
    reconcile_register(house.engine, house.clock, date(2026, 3, 2))
    plan_messages(house.engine, house.clock, date(2026, 3, 2), domain="tally.example")
    house.choose("ann", paused_from="2026-03-02", paused_to="2026-03-03")
    house.choose("ann", paused_from=None, paused_to=None)
    house.live(date(2026, 3, 2))
    assert house.received("ann") == ["Mon 02 Mar 08:00"]


def test_what_is_unsubscribed_is_taken_out_of_what_waits(house: House) -> None:
    house.clock = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
    reconcile_register(house.engine, house.clock, date(2026, 3, 2))
    plan_messages(house.engine, house.clock, date(2026, 3, 2), domain="tally.example")
    assert house.choose("ann", unsubscribed=["reminder"]).withdrawn == 1
    house.live(date(2026, 3, 2))
    assert house.received("ann") == []
    assert house.decisions("ann", "choices_changed") == []


def test_in_quiet_hours_nothing_goes_and_afterwards_it_does(house: House) -> None:
    house.choose("ann", quiet_from="06:00", quiet_to="11:00")
    house.live(FIRST, date(2026, 3, 10))
    assert house.received("ann") == ["Mon 02 Mar 12:00", "Tue 10 Mar 12:00"]  # the sender looks every two hours


def test_in_quiet_hours_in_china_what_would_go_at_once_waits_for_their_end(house: House) -> None:
    register_joint_deeds(house)
    house.choose("li", quiet_from="18:00", quiet_to="09:00")
    house.clock = datetime(2026, 3, 2, 11, tzinfo=UTC)
    report_joint_deeds(house, 1)
    reconcile_register(house.engine, house.clock, date(2026, 3, 2))
    for hour in (12, 16, 24, 25):  # 20:00, midnight, 08:00 and 09:00 in Shanghai
        house.clock = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour)
        plan_messages(house.engine, house.clock, date(2026, 3, 2), domain="tally.example")
        dispatch_messages(house.engine, house.settings, read_clock=lambda: house.clock)
        asked = [subject.partition(" · ")[0] for subject in house.subjects("li") if "confirm" in subject]
        assert asked == ([] if hour < 25 else ["Please confirm: Joint deed 1"])


def test_who_owes_something_under_three_agreements_gets_one_letter_about_all(house: House) -> None:
    for number in (2, 3):
        form = FORM.replace(b"agreement: north-south", b"agreement: north-south-%d" % number)
        with open_unit(house.engine) as unit:
            import_agreement(unit, parse_agreement(form, "more.yaml"), Author("test", house.clock), FIRST)
    house.live(FIRST, date(2026, 3, 31))
    assert house.received("ann") == [
        "Mon 02 Mar 08:00", "Tue 10 Mar 08:00", "Tue 17 Mar 08:00", "Tue 24 Mar 08:00", "Thu 26 Mar 08:00",
        "Mon 30 Mar 08:00", "Tue 31 Mar 08:00",
    ], "as often as with one"  # fmt: skip
    assert "and 2 more" in house.subjects("ann")[0]


def test_a_date_that_is_moved_is_reminded_of_anew_from_the_first_lead_on(house: House) -> None:
    house.live(FIRST, date(2026, 3, 20))
    assert house.received("ann") == ["Mon 02 Mar 08:00", "Tue 10 Mar 08:00", "Tue 17 Mar 08:00"]
    author, today = Author("cy", house.clock, "Agreed"), house.clock.date()
    with open_unit(house.engine) as unit:
        set_date(unit, author, "north-south/survey", None, "2026-05-15", today)
    house.live(date(2026, 3, 21), date(2026, 5, 15))
    told = [at for at, subject in zip(house.received("ann"), house.subjects("ann"), strict=True) if "survey" in subject]
    assert [at[:10] for at in told[-5:]] == ["Wed 15 Apr", "Fri 01 May", "Fri 08 May", "Thu 14 May", "Fri 15 May"]


def test_the_hour_is_the_readers_own_over_the_change_of_the_clocks(house: House) -> None:
    house.choose("ann", hour="09:00")
    house.live(FIRST, date(2026, 3, 31))
    assert house.received("ann")[-3:] == ["Thu 26 Mar 10:00", "Mon 30 Mar 08:00", "Tue 31 Mar 08:00"]


def test_the_language_that_was_chosen_is_that_of_the_next_message(house: House) -> None:
    house.choose("ann", language="zh-Hans")
    house.live(FIRST, date(2026, 3, 2))
    assert "到期" in house.subjects("ann")[0] or "天" in house.subjects("ann")[0]


def test_each_change_is_logged_and_the_same_again_changes_nothing(house: House) -> None:
    house.choose("ann", hour="09:00", days=[3, 0])
    house.choose("ann", hour="09:00", days=[0, 3])
    house.choose("ann", hour=None)
    with open_reading(house.engine) as reading:
        logged = reading.execute(select(log_entry).where(log_entry.c.subject == "choices")).all()
    assert [(row.who, row.action) for row in logged] == [("ann", "registered"), ("ann", "amended")]
    assert logged[1].changes == {"hour": ["09:00", None]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hour": "18:30"}, "not later than 17:00"),
        ({"hour": "25:00"}, "hour: found"),
        ({"days": []}, "days: found"),
        ({"days": [7]}, "days.0: found 7"),
        ({"language": "English"}, "language: found"),
        ({"language": "xx"}, "language: found xx; expected the code of a language"),
        ({"channel": "pigeon"}, "one of mail"),
        ({"channel": "webhook"}, "channel: found webhook; expected one that the register has for ann: mail"),
        ({"quiet_from": "20:00"}, "a beginning and an end"),
        ({"quiet_from": "07:00", "quiet_to": "20:00"}, "08:00, when messages come"),
        ({"paused_from": "2026-03-05", "paused_to": "2026-03-01"}, "not before its first"),
        ({"paused_from": "2026-01-05", "paused_to": "2026-02-01"}, "not over"),
        ({"paused_from": "2026-03-05", "paused_to": "2028-03-01"}, "a year at most"),
        ({"unsubscribed": ["spam"]}, "unsubscribed.0: found"),
        ({"colour": "red"}, "unknown field 'colour'"),
        ({"hour": "25:00", "days": [7]}, "days.0: found 7"),
    ],
)
def test_what_cannot_be_chosen_is_refused_with_what_could_be(house: House, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RefusedChange, match=said.replace(".", r"\.")):
        house.choose("ann", **changes)
    with open_reading(house.engine) as reading:
        assert reading.execute(select(log_entry).where(log_entry.c.subject == "choices")).all() == []


def test_a_person_who_is_not_known_is_named_with_the_nearest(house: House) -> None:
    with pytest.raises(NotFound, match="did you mean 'ann'"):
        house.choose("anne", hour="09:00")


def test_what_waits_follows_the_channel_that_its_reader_chooses(house: House) -> None:
    ann = b"channels: {mail: ann@north.example"
    form = FORM.replace(ann, ann + b", slack: city-hall")
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(form, "north-south.yaml"), Author("test", house.clock), FIRST)
    house.clock = datetime(2026, 3, 2, tzinfo=UTC)
    reconcile_register(house.engine, house.clock, date(2026, 3, 2))
    plan_messages(house.engine, house.clock, date(2026, 3, 2), domain="tally.example")
    (before,) = house.waiting("ann")
    assert (before.channel, before.address) == ("mail", "ann@north.example")
    assert house.choose("ann", channel="slack").moved == 1
    (after,) = house.waiting("ann")
    assert (after.channel, after.address, after.next_at) == ("slack", "city-hall", before.next_at)
    house.choose("ann", channel=None)
    assert house.waiting("ann")[0].address == "ann@north.example"
