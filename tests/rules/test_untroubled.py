from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from commitments.assessment import assess_commitment, is_ended, is_expired
from commitments.dates import add_days, parse_date
from commitments.facts import AskedConfirmation, Condition
from commitments.followups import want_followups
from commitments.policy import Policy
from commitments.untroubled import find_first_trouble, find_lasting_trouble
from commitments.vocabulary import CommitmentKind, CommitmentState, ContactRole, StandingState
from tests.effort import try_examples
from tests.rules.cases import (
    DAYS,
    HANGZHOU,
    LEEDS,
    POLICIES,
    STAFF,
    by_id,
    day,
    owner,
    pact,
    person,
    promise,
    situations,
    step,
    table,
)

FORMER = person(3, LEEDS, valid_to="2040")
PEOPLE = STAFF | by_id(FORMER)


@table(
    ("a deliverable is quiet until its first reminder", {"due": "2026-09-30"}, "2026-08-31"),
    ("a month is quiet until it begins or is reminded of", {"due": "2026-09"}, "2026-08-31"),
    ("a year is quiet until it begins", {"due": "2026"}, "2026-01-01"),
    ("what is due later than the calendar goes is quiet nearly as long", {"due": "9999-12-31"}, "9999-12-01"),
    ("what has no date may be asked about on any day", {}, None),
    ("what recurs may be", {"due": "2026-09-30", "kind": CommitmentKind.RECURRING}, None),
    ("a plan may be", {"due": "2026-09-30", "kind": CommitmentKind.PLANNED}, None),
    ("what has a milestone may be", {"due": "2026-09-30", "milestones": (step("2026-05"),)}, None),
    ("what was reported may be", {"due": "2026-09-30", "reports": ((LEEDS, "2026-01-05"),)}, None),
    ("what shows a sign of life may be", {"due": "2026-09-30", "activities": ("2025-05",)}, None),
    ("what was measured may be", {"due": "2026-09-30", "measurements": (("2025-05", 3.0),)}, None),
    ("what awaits a confirmation may be",
     {"due": "2026-09-30", "asked": (AskedConfirmation(HANGZHOU, "r1", day("2026-01-05")),)}, None),
    ("what nobody owns on one side may be",
     {"due": "2026-09-30", "owners": (owner(LEEDS, 1), owner(HANGZHOU, None))}, None),
    ("what somebody owns whose office ends may be", {"due": "2026-09-30", "owners": (owner(LEEDS, FORMER.id),)}, None),
    ("what somebody unknown owns may be", {"due": "2026-09-30", "owners": (owner(LEEDS, 77),)}, None),
)  # fmt: skip
def test_from_which_day_on_a_commitment_may_call_for_something(facts, first):
    found = find_first_trouble(promise(**facts), PEOPLE, Policy())
    assert found == (day(first) if first else None)


def test_without_reminders_it_is_quiet_until_its_date_begins():
    assert find_first_trouble(promise(due="2026-09"), PEOPLE, Policy(lead_days=())) == day("2026-09-01")


@given(situations(), DAYS, st.sampled_from((4, 7, 10)), POLICIES, st.integers(1, 4000))
@try_examples(200)
def test_before_that_day_nothing_is_asked_or_reminded_of_it(at, due, precision, policy, earlier):
    plain = promise(due=due.isoformat()[:precision])
    first = find_first_trouble(plain, PEOPLE, policy)
    today = add_days(first, -earlier)
    around = replace(at.agreement, commitments=(plain,), parties=pact().parties)
    (standing,) = assess_commitment(around, plain, PEOPLE, policy, today)
    assert standing.state in (StandingState.ON_TRACK, StandingState.SETTLED)
    assert not list(want_followups(around, [standing], PEOPLE, at.coordinators, policy, today))


@given(DAYS, POLICIES)
@try_examples(100)
def test_from_that_day_on_it_stands_otherwise_or_its_span_has_begun(due, policy):
    plain = promise(due=due.isoformat())
    first = find_first_trouble(plain, PEOPLE, policy)
    (standing,) = assess_commitment(pact(plain), plain, PEOPLE, policy, first)
    assert standing.state is StandingState.DUE_SOON
    assert first <= parse_date(due.isoformat()).first


LEADER = person(4, LEEDS, ContactRole.LEADER)


@table(
    ("a deliverable is overdue for good after its date", {"due": "2026-09-30"}, "2026-09-30"),
    ("a month is after its last day", {"due": "2026-09"}, "2026-09-30"),
    ("what has no date is not", {}, None),
    ("what is on hold is not", {"due": "2026-09-30", "state": CommitmentState.ON_HOLD}, None),
    ("what is done is not", {"due": "2026-09-30", "state": CommitmentState.FULFILLED}, None),
    ("what a condition must precede is not", {"due": "2026-09-30", "condition": Condition(None)}, None),
    ("what begins on a day is not", {"due": "2026-09-30", "period_from": "2026-10"}, None),
    ("what was reported is not", {"due": "2026-09-30", "reports": ((LEEDS, "2026-01-05"),)}, None),
    ("what somebody owns whose office ends is not", {"due": "2026-09-30", "owners": (owner(LEEDS, FORMER.id),)}, None),
    ("what a leader owns is not", {"due": "2026-09-30", "owners": (owner(LEEDS, LEADER.id),)}, None),
)  # fmt: skip
def test_after_which_day_a_commitment_is_overdue_for_good(facts, after):
    plain = promise(**facts)
    found = find_lasting_trouble(pact(plain), plain, PEOPLE | by_id(LEADER))
    assert found == (day(after) if after else None)


def test_where_a_party_leaves_nothing_is_overdue_for_good():
    plain = promise(due="2026-09-30")
    around = pact(plain)
    leaving = tuple(replace(one, ended=parse_date("2027")) for one in around.parties)
    assert find_lasting_trouble(replace(around, parties=leaving), plain, PEOPLE) is None


@given(situations(), DAYS, POLICIES, st.lists(st.integers(1, 4000), min_size=2, max_size=2), st.booleans())
@try_examples(300)
def test_after_that_day_the_same_is_asked_of_the_same_people_until_the_agreement_is_over(at, due, policy, later, stays):
    owners = tuple(owner(place.party_id, one.id) for place in at.agreement.parties for one in at.people.values())
    plain = replace(promise(due=due.isoformat()), owners=owners[:2])
    people = {key: replace(one, valid_from=None, valid_to=None) if stays else one for key, one in at.people.items()}
    parties = tuple(replace(one, ended=None) if stays else one for one in at.agreement.parties)
    around = replace(at.agreement, commitments=(plain,), parties=parties)
    after = find_lasting_trouble(around, plain, people)
    if after is None:
        return
    asked = []
    for days in later:
        today = add_days(after, days)
        if is_ended(around, today) or is_expired(around, today):
            return
        standings = list(assess_commitment(around, plain, people, policy, today))
        assert [one.state for one in standings] == [StandingState.OVERDUE]
        wanted = want_followups(around, standings, people, at.coordinators, policy, today)
        asked.append([(one.key, one.assignee_id) for one in wanted])
    assert asked[0] == asked[1] and all(assignee is not None for _, assignee in asked[0])
