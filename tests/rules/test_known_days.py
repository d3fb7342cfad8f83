"""What was recorded where the next day had begun counts at once."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from commitments.facts import AskedConfirmation, Commitment, Condition
from commitments.known_days import take_as_known
from commitments.policy import Policy
from commitments.reconcile import assess, group_rules
from commitments.vocabulary import CommitmentKind, CommitmentState, MilestoneState, StandingState
from tests.effort import try_examples
from tests.rules.cases import HANGZHOU, LEEDS, STAFF, day, pact, partial, promise, step, table

WEST, EAST, LATER = day("2026-11-26"), day("2026-11-27"), day("2026-11-28")
RULES = group_rules(Policy(), {}, STAFF)


def stand(one: Commitment, on: date) -> StandingState:
    return assess(pact(one), RULES, on)[0].state


@table(
    (
        "a promise that was decided on the next day is settled",
        promise(due="2026-09-30", state=CommitmentState.FULFILLED, state_on="2026-11-27"),
        StandingState.SETTLED,
    ),
    (
        "a report of the next day, for which the other side is asked, waits for its yes",
        promise(
            due="2026-09-30",
            state=CommitmentState.FULFILLED,
            state_on="2026-11-27",
            reports=[(LEEDS, "2026-11-27", "said")],
            asked=(AskedConfirmation(HANGZHOU, "said", EAST),),
        ),
        StandingState.UNCONFIRMED,
    ),
    (
        "an answer of the next day has settled it",
        promise(
            due="2026-09-30",
            state=CommitmentState.FULFILLED,
            state_on="2026-11-26",
            reports=[(LEEDS, "2026-11-26", "said")],
            asked=(AskedConfirmation(HANGZHOU, "said", WEST, EAST),),
        ),
        StandingState.SETTLED,
    ),
    (
        "an activity of the next day breaks a silence",
        promise(CommitmentKind.OPEN_ENDED, activities=["2026-11-27"]),
        StandingState.ON_TRACK,
    ),
    (
        "a condition that was met on the next day holds nothing back",
        promise(due="2026-09-30", condition=Condition(partial("2026-11-27"))),
        StandingState.OVERDUE,
    ),
    (
        "what lies two days ahead is no day of anybody",
        promise(due="2026-09-30", state=CommitmentState.FULFILLED, state_on="2026-11-28"),
        StandingState.OVERDUE,
    ),
)  # fmt: skip
def test_what_has_happened_counts_before_its_day_begins_for_the_reader(
    one: Commitment, standing: StandingState
) -> None:
    assert stand(one, WEST) is standing


def test_a_milestone_and_a_report_of_a_cycle_are_taken_the_same_way() -> None:
    whole = pact(promise(milestones=(step("2026-10-01", "2026-11-27", MilestoneState.MET),)))
    whole = take_as_known(whole, WEST)
    (met,) = whole.commitments[0].milestones
    assert met.met_on == partial("2026-11-26")


@given(st.dates(date(2026, 11, 20), date(2026, 12, 5)), st.integers(-3, 3))
@try_examples(100)
def test_what_lies_on_no_next_day_is_left_as_it_is(on: date, away: int) -> None:
    held = (on + timedelta(days=away)).isoformat()
    whole = pact(promise(CommitmentKind.OPEN_ENDED, activities=[held], reports=[(LEEDS, held)]))
    known = take_as_known(whole, on)
    assert (known is whole) == (away != 1)
    assert take_as_known(known, on) == known
