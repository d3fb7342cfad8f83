"""How a promise stands with its milestones: one sentence a row."""

from commitments.facts import Commitment, Condition
from commitments.policy import Policy
from commitments.reconcile import assess, group_rules
from commitments.urgency import find_step, stand_with_steps
from commitments.vocabulary import CommitmentState, MilestoneState, StandingState
from tests.rules.cases import STAFF, day, pact, promise, step, table

TODAY = day("2026-03-02")
FAR, SOON, OVER = "2027-03-02", "2026-03-12", "2026-02-20"


@table(
    ("of a promise without milestones its own standing counts", promise(due=FAR), StandingState.ON_TRACK, ""),
    (
        "an overdue milestone is told instead of the promise that is on track",
        promise(due=FAR, milestones=(step(OVER),)),
        StandingState.OVERDUE,
        "opening",
    ),
    (
        "so is one that is due soon",
        promise(due=FAR, milestones=(step(SOON),)),
        StandingState.DUE_SOON,
        "opening",
    ),
    (
        "an overdue promise is told by its own date",
        promise(due=OVER, milestones=(step(OVER),)),
        StandingState.OVERDUE,
        "",
    ),
    (
        "a milestone that is met is nothing to tell",
        promise(due=FAR, milestones=(step(OVER, "2026-02-19", MilestoneState.MET),)),
        StandingState.ON_TRACK,
        "",
    ),
    (
        "a promise that was waived has no milestones to watch",
        promise(due=FAR, state=CommitmentState.WAIVED, milestones=(step(OVER),)),
        StandingState.SETTLED,
        "",
    ),
    (
        "nor has one that waits for its condition",
        promise(due=FAR, condition=Condition(), milestones=(step(OVER),)),
        StandingState.ON_HOLD,
        "",
    ),
)
def test_a_promise_stands_with_its_milestones(facts: Commitment, state: StandingState, told_by: str) -> None:
    rules = group_rules(Policy(), {}, STAFF)
    (found,) = stand_with_steps(assess(pact(facts), rules, TODAY))
    assert (found.state, find_step(found.matter)) == (state, told_by)
    assert found.matter.commitment_id == facts.id
