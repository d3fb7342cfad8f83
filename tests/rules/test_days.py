"""No time zone and no precision of a date makes a deadline fall early."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from commitments.dates import parse_date
from commitments.days import find_days, find_own_day
from commitments.followups import group_people
from commitments.policy import Policy
from commitments.reconcile import Rules, want
from commitments.vocabulary import ContactRole, FollowUpKind
from tests.effort import try_examples
from tests.rules.cases import ANN, LI, ZONES, Situation, by_id, day, pact, promise, situations, table


@table(
    ("where the house is in Shanghai, London's day may not have begun", "2026-03-02T16:05Z", "2026-03-03",
     "Europe/London", "2026-03-02"),
    ("once it has begun, both have one day", "2026-03-03T00:05Z", "2026-03-03", "Europe/London", "2026-03-03"),
    ("who is ahead of the house is judged by their own day", "2026-03-02T18:05Z", "2026-03-02", "Asia/Seoul",
     "2026-03-03"),
    ("from Kiritimati to Samoa it is two days back", "2026-03-02T10:30Z", "2026-03-03", "Pacific/Pago_Pago",
     "2026-03-01"),
)  # fmt: skip
def test_the_day_by_which_a_person_is_judged(now, today, zone, judged):
    people = by_id(replace(ANN, time_zone=zone))
    assert find_days(people, datetime.fromisoformat(now), day(today)).of(ANN.id) == day(judged)


def test_an_agreement_all_of_whose_people_have_the_houses_day_is_judged_once():
    people = by_id(ANN, replace(LI, time_zone="Pacific/Honolulu"))
    days = find_days(people, datetime(2026, 3, 2, 16, 5, tzinfo=UTC), day("2026-03-02"))
    assert days.list_for(pact(promise()), {}) == (day("2026-03-02"),)
    days = find_days(people, datetime(2026, 3, 2, 5, 5, tzinfo=UTC), day("2026-03-02"))
    assert days.own == {LI.id: day("2026-03-01")}
    assert days.list_for(pact(promise()), {}) == (day("2026-03-02"),), "Li owns nothing of it"


def test_an_agreement_is_judged_by_the_houses_day_and_by_each_other_that_it_is_for_its_people():
    people = by_id(replace(ANN, time_zone="Asia/Seoul"), replace(LI, time_zone="Pacific/Honolulu"))
    days = find_days(people, datetime(2026, 3, 2, 18, 5, tzinfo=UTC), day("2026-03-02"))
    assert days.list_for(pact(promise()), {}) == (day("2026-03-02"), day("2026-03-03")), "it is Monday in Honolulu, too"
    assert days.latest == day("2026-03-03")


def test_what_passes_at_midnight_from_one_person_to_another_stays_open():
    """Li leaves on the last day that it still is for Ann: neither is asked by their own day, yet it is not closed."""
    leaving = replace(LI, party_id=ANN.party_id, valid_to=parse_date("2026-03-02"), role=ContactRole.OWNER)
    stepping_in = replace(ANN, role=ContactRole.COORDINATOR, time_zone="Pacific/Honolulu")
    people = by_id(leaving, stepping_in)
    coordinators = group_people(people.values(), ContactRole.COORDINATOR)
    rules = Rules(Policy(), {}, people, coordinators, {})
    facts = pact(promise(due="2025", owners=(replace(promise().owners[0], contact_id=leaving.id),)))
    days = find_days(people, datetime(2026, 3, 3, 1, tzinfo=UTC), day("2026-03-03"))
    assert days.of(stepping_in.id) == day("2026-03-02")
    assert FollowUpKind.OVERDUE in {one.kind for one in want(facts, rules, days)}


@st.composite
def moments(draw: st.DrawFn) -> tuple[Situation, Rules, datetime]:
    """Any facts, with people all over the world, at any moment of the house's day."""
    at = draw(situations())
    people = by_id(*(replace(one, time_zone=draw(st.sampled_from(ZONES))) for one in at.people.values()))
    house = ZoneInfo(draw(st.sampled_from(ZONES)))
    now = datetime.combine(at.today, draw(st.times(time(0), time(23, 59))), house).astimezone(UTC)
    coordinators = group_people(people.values(), ContactRole.COORDINATOR)
    return at, Rules(at.policy, {}, people, coordinators, {}), now


@given(moments())
@try_examples(150)
def test_from_any_facts_no_deadline_falls_while_its_day_lasts_for_the_person_asked(found):
    at, rules, now = found
    for one in want(at.agreement, rules, find_days(rules.people, now, at.today)):
        own = find_own_day(rules.people[one.assignee_id], now) if one.assignee_id is not None else at.today
        passed = one.reason.numbers.get("days")
        for name in ("due", "by", "on"):
            text = one.reason.numbers.get(name)
            if one.kind in (FollowUpKind.OVERDUE, FollowUpKind.UNCONFIRMED, FollowUpKind.EXPIRED) and text:
                assert parse_date(text).last < own
                assert passed is None or parse_date(text).last + timedelta(days=passed) <= own
    assert len({one.key for one in want(at.agreement, rules, find_days(rules.people, now, at.today))}) == len(
        list(want(at.agreement, rules, find_days(rules.people, now, at.today)))
    )
