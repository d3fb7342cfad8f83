"""Nobody is written to at night or on a day of rest, and each agreement may have hours and days of its own."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.policies import set_policy
from commitments.progress import add_activity
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_messages
from notifications.waiting import follow_rules
from tests.stories.house import FIRST, FORM, House, open_house
from tests.stories.test_choices import register_joint_deeds, report_joint_deeds

LEADER = b"      - {reference: max, name: Max, role: leader, channels: {mail: max@north.example}}\n"


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    with open_house(sqlite_engine) as made:
        yield made


def register(house: House, form: bytes, policy: bytes = b"") -> None:
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(form + policy, "more.yaml"), Author("test", house.clock), FIRST)


def run(house: House, *hours: datetime) -> None:
    """What the day's job does at these hours."""
    for hour in hours:
        house.clock = hour
        reconcile_register(house.engine, hour, hour.date())
        plan_messages(house.engine, hour, hour.date(), domain="tally.example")
        dispatch_messages(house.engine, house.settings, read_clock=lambda: house.clock)


def test_six_confirmations_of_a_saturday_night_come_on_monday_in_one_letter(house: House) -> None:
    register_joint_deeds(house)
    saturday = datetime(2026, 3, 6, 18, tzinfo=UTC)  # two in the night in Shanghai
    for number in range(1, 5):
        house.clock = saturday + timedelta(hours=number - 1)
        report_joint_deeds(house, number)
        run(house, house.clock)
    run(house, *(saturday + timedelta(hours=hours) for hours in range(4, 60)))
    assert house.received("li") == ["Mon 09 Mar 00:00"], "08:00 in Shanghai"
    assert house.subjects("li")[0].startswith("Please confirm: Joint deed 1 — and 3 more")


def test_what_is_asked_by_day_goes_at_once_and_is_not_in_the_next_mornings_letter(house: House) -> None:
    register_joint_deeds(house)
    monday = datetime(2026, 3, 2, 2, tzinfo=UTC)
    run(house, monday)
    before = len(house.received("li"))
    report_joint_deeds(house, 1)
    run(house, monday + timedelta(hours=1))
    assert house.subjects("li")[before:] == ["Please confirm: Joint deed 1"]
    run(house, *(monday + timedelta(hours=hours) for hours in range(2, 30)))
    assert len(house.subjects("li")) == before + 1


def test_what_was_queued_by_day_and_could_not_go_before_the_evening_waits_for_the_morning(house: House) -> None:
    register_joint_deeds(house)
    run(house, datetime(2026, 3, 2, 2, tzinfo=UTC))
    house.clock = datetime(2026, 3, 2, 11, 59, tzinfo=UTC)
    report_joint_deeds(house, 1)
    reconcile_register(house.engine, house.clock, date(2026, 3, 2))
    plan_messages(house.engine, house.clock, date(2026, 3, 2), domain="tally.example")
    for hours in (12, 18, 22, 23):
        house.clock = datetime(2026, 3, 2, hours, tzinfo=UTC)
        dispatch_messages(house.engine, house.settings, read_clock=lambda: house.clock)
    assert house.received("li")[-1] == "Mon 02 Mar 23:00", "07:00 in Shanghai"


def test_who_has_matters_under_agreements_of_different_hours_gets_the_letter_at_the_earliest(house: House) -> None:
    register(house, FORM.replace(b"agreement: north-south", b"agreement: early"), b"policy: {send_at: '07:00'}\n")
    register(house, FORM.replace(b"agreement: north-south", b"agreement: late"), b"policy: {send_at: '10:00'}\n")
    day = datetime(2026, 3, 2, tzinfo=UTC)
    run(house, *(day + timedelta(hours=hours) for hours in range(24)))
    assert house.received("ann") == ["Mon 02 Mar 07:00"]
    house.choose("ann", hour="09:00")
    run(house, *(day + timedelta(days=7, hours=hours) for hours in range(48)))
    assert house.received("ann")[1:] == ["Tue 10 Mar 09:00"], "the reader's own hour comes before any"


TEA = b"""
  - reference: tea
    summary: Send the tea.
    kind: deliverable
    due: 2026-03-24
    owners: [{party: south, contact: li}]
"""


@pytest.mark.parametrize(
    ("late", "comes"),
    [
        (b"policy: {send_at: '10:00'}\n", "Mon 09 Mar 23:00"),  # at seven in Shanghai
        (b"policy: {send_at: '10:00', quiet_from: '20:00', quiet_to: '09:00'}\n", "Tue 10 Mar 01:00"),
    ],
)
def test_a_letter_that_waits_since_the_evening_goes_earlier_for_what_joins_it_but_never_in_quiet_hours(
    house: House, late: bytes, comes: str
) -> None:
    register_joint_deeds(house, late)
    early = FORM.replace(b"agreement: north-south", b"agreement: early") + TEA
    register(house, early, b"policy: {send_at: '07:00', lead_days: [14]}\n")
    house.live(date(2026, 2, 26), date(2026, 3, 8))
    house.clock = monday = datetime(2026, 3, 9, 13, tzinfo=UTC)  # 21:00 in Shanghai
    report_joint_deeds(house, 1)
    run(house, *(monday + timedelta(hours=hours) for hours in range(18)))
    assert house.received("li")[-1] == comes
    assert house.subjects("li")[-1].startswith("Please confirm: Joint deed 1 — and 1 more")


def test_an_agreement_has_a_day_and_a_rhythm_for_the_digests_of_its_coordinators(house: House) -> None:
    register(house, FORM, b"policy: {digest_weekday: 2, digest_rhythm: fortnightly, summary_day: 12}\n")
    house.live(date(2026, 2, 27), date(2026, 3, 27))
    digests = [at for at, subject in zip(house.received("cy"), house.subjects("cy"), strict=True) if "Your" in subject]
    assert digests == ["Fri 27 Feb 08:00", "Wed 04 Mar 08:00", "Wed 18 Mar 08:00"], "the first of two weeks under way"
    assert "Your overview" in [subject for _, to, subject in house.letters if to == "cy"][-1]
    months = [at for at, subject in zip(house.received("cy"), house.subjects("cy"), strict=True) if "March" in subject]
    assert months == ["Thu 12 Mar 08:00"], "February's went with the first"


def test_what_is_recorded_between_the_planning_at_night_and_the_sending_at_eight_is_told_in_this_digest_alone(
    house: House,
) -> None:
    def report(at: datetime) -> None:
        with open_unit(house.engine) as unit:
            add_activity(unit, Author("ann", at), "north-south", f"Visit at {at:%H:%M}", "visit", "2026-03", at.date())

    monday = datetime(2026, 3, 9, tzinfo=UTC)
    run(house, *(monday - timedelta(days=7, hours=hours) for hours in (0, -8)))
    run(house, monday)
    report(monday + timedelta(hours=6))
    report(monday + timedelta(hours=7, minutes=55))
    run(house, monday + timedelta(hours=8))
    run(house, *(monday + timedelta(days=7, hours=hours) for hours in (0, 8)))
    first, second = [text for to, text in house.texts if to == "cy" and "Visit at" in text]
    assert "Visit at 06:00" in first and "Visit at 07:55" not in first, "it may not have been readable yet"
    assert "Visit at 06:00" not in second and "Visit at 07:55" in second


def test_a_coordinator_chooses_how_often_the_digest_comes_and_gets_none_twice_for_it(house: House) -> None:
    house.live(date(2026, 3, 2), date(2026, 3, 3))
    house.choose("cy", digest_rhythm="monthly")
    house.live(date(2026, 3, 4), date(2026, 4, 10))
    digests = [at for at, subject in zip(house.received("cy"), house.subjects("cy"), strict=True) if "Your" in subject]
    assert digests == ["Mon 02 Mar 08:00", "Mon 06 Apr 08:00"], "March has been told"


def test_the_final_call_reaches_a_leader_in_a_pause_where_the_rules_say_so(house: House) -> None:
    form = FORM.replace(b"      - {reference: cy,", LEADER + b"      - {reference: cy,").replace(
        b"due: 2026-03-31", b"due: 2026-02-20"
    )
    for number, rules in enumerate((b"", b"policy: {always_sent: [notice, final]}\n")):
        register(house, form.replace(b"agreement: north-south", b"agreement: final-%d" % number), rules)
    house.choose("max", paused_from="2026-02-26", paused_to="2026-06-30", unsubscribed=["escalation"])
    house.live(date(2026, 2, 26), date(2026, 4, 6))
    told = "".join(text for to, text in house.texts if to == "max")
    assert "final-1/survey" in told and "final-0" not in told
    assert "final-0/survey" in {row.matter for row in house.decisions("max", "unsubscribed")}


def at_night(house: House, day: datetime) -> None:
    house.clock = day
    reconcile_register(house.engine, day, day.date())
    plan_messages(house.engine, day, day.date(), domain="tally.example")


def give_rules(house: House, **rules: object) -> None:
    """Save an agreement's rules, as its page does."""
    with open_unit(house.engine) as unit:
        assert set_policy(unit, Author("cy", house.clock), "north-south", rules, house.clock, house.clock.date())
        follow_rules(unit, house.clock, ["north-south"])


MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_letter_that_waits_goes_at_the_hour_that_its_agreements_rules_have_by_then(house: House) -> None:
    at_night(house, MONDAY)
    give_rules(house, send_at="10:00")
    run(house, *(MONDAY + timedelta(hours=hours) for hours in range(1, 24)))
    assert house.received("ann") == ["Mon 02 Mar 10:00"]
    assert house.received("cy") == ["Mon 02 Mar 10:00"], "so does the digest, which tells of this agreement alone"


def test_an_earlier_hour_lets_what_waits_go_earlier_unless_its_reader_chose_one(house: House) -> None:
    house.choose("cy", hour="09:00")
    at_night(house, MONDAY)
    give_rules(house, send_at="06:00")
    run(house, *(MONDAY + timedelta(hours=hours) for hours in range(1, 24)))
    assert (house.received("ann"), house.received("cy")) == (["Mon 02 Mar 06:00"], ["Mon 02 Mar 09:00"])


def test_a_letter_of_a_day_that_the_rules_take_out_is_taken_back_and_planned_for_another(house: House) -> None:
    at_night(house, MONDAY)
    give_rules(house, send_days=[2])
    run(house, *(MONDAY + timedelta(hours=hours) for hours in range(1, 72)))
    assert house.received("ann") == ["Wed 04 Mar 08:00"]
    assert {row.decision for row in house.decisions("ann", "rules_changed")} == {"passed_over"}


def test_rules_that_a_file_brings_move_what_waits_for_quiet_hours_and_days_of_rest(house: House) -> None:
    register_joint_deeds(house)
    saturday = datetime(2026, 3, 7, 2, tzinfo=UTC)  # ten in the morning in Shanghai
    house.clock = saturday
    report_joint_deeds(house, 1)
    run(house, saturday)
    assert house.received("li") == []
    register_joint_deeds(house, b"policy: {quiet_rest_days: false, quiet_from: '08:00', quiet_to: '12:00'}\n")
    with open_unit(house.engine) as unit:
        follow_rules(unit, house.clock, ["north-south"])
    run(house, *(saturday + timedelta(hours=hours) for hours in range(1, 48)))
    assert house.received("li") == ["Sat 07 Mar 04:00", "Mon 09 Mar 00:00"], "noon in Shanghai; then the digest"
    assert house.subjects("li")[0] == "Please confirm: Joint deed 1"


def test_what_another_agreement_tells_stays_at_its_hour(house: House) -> None:
    register(house, FORM.replace(b"agreement: north-south", b"agreement: early"), b"policy: {send_at: '07:00'}\n")
    at_night(house, MONDAY)
    give_rules(house, send_at="10:00")
    run(house, *(MONDAY + timedelta(hours=hours) for hours in range(1, 24)))
    assert house.received("ann") == ["Mon 02 Mar 07:00"], "of both the earliest holds"
