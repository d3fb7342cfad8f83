"""How a promise stands on a day, and why: one sentence for each rule."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments.assessment import (
    assess_agreement,
    assess_next_periods,
    find_deadline,
    find_last_sign,
    find_start,
    is_ended,
    is_expired,
    is_stepless,
)
from commitments.clock import today_in
from commitments.dates import parse_date
from commitments.deadlines import assess_deadlines
from commitments.facts import (
    Activity,
    Agreement,
    AskedConfirmation,
    Commitment,
    Condition,
    Occurrence,
    PartyPlace,
    Standing,
    Target,
)
from commitments.policy import Policy
from commitments.recurrence import Recurrence
from commitments.vocabulary import (
    CommitmentKind,
    CommitmentState,
    Comparator,
    Every,
    MatterKind,
    MilestoneState,
    OccurrenceState,
    PartyRole,
    ReasonCode,
    RenewalRule,
    StandingState,
)
from tests.effort import try_examples
from tests.rules.cases import (
    ANN,
    CAT,
    DAYS,
    HANGZHOU,
    LEEDS,
    LI,
    STAFF,
    ZONES,
    Situation,
    by_id,
    column,
    day,
    owner,
    pact,
    partial,
    person,
    promise,
    situations,
    step,
    table,
)

POLICY = Policy()
OPEN, PLAN, RECURRING = CommitmentKind.OPEN_ENDED, CommitmentKind.PLANNED, CommitmentKind.RECURRING
ON_TRACK, DUE_SOON, OVERDUE = StandingState.ON_TRACK, StandingState.DUE_SOON, StandingState.OVERDUE
BEHIND, SILENT, UNCONFIRMED = StandingState.BEHIND, StandingState.SILENT, StandingState.UNCONFIRMED
UNOWNED, SETTLED, ON_HOLD = StandingState.UNOWNED, StandingState.SETTLED, StandingState.ON_HOLD
ENDS_MARCH = by_id(person(1, LEEDS, valid_to="2026-03"), CAT)
BOTH = (owner(LEEDS, ANN.id), owner(HANGZHOU, LI.id))


def as_agreement(facts: Commitment | Agreement) -> Agreement:
    return facts if isinstance(facts, Agreement) else pact(facts)


def said(party: int, asked: str, answered: str | None = None) -> AskedConfirmation:
    return AskedConfirmation(party, "r1", day(asked), day(answered) if answered else None)


def assess(facts: Commitment | Agreement, on: str, people: Any = STAFF, policy: Policy = POLICY) -> list[Standing]:
    return list(assess_agreement(as_agreement(facts), people, policy, day(on)))


def check(standing: Standing, state: StandingState, code: ReasonCode, numbers: dict[str, Any]) -> None:
    assert (standing.state, standing.reason.code) == (state, code), standing
    told = standing.reason.numbers
    assert told.items() >= numbers.items()
    stated = told.get("due") or told.get("by")
    if standing.deadline is not None and stated is not None:
        assert (standing.deadline, standing.cause) == (parse_date(stated).last, stated)


@table(
    # what people decided
    ("a fulfilled promise is settled",
     promise(due="2019", state=CommitmentState.FULFILLED, state_on="2020-09"), "2026-03-02",
     SETTLED, ReasonCode.SETTLED, {"state": "fulfilled", "on": "2020-09"}),
    ("a promise that was reported as done waits for the other party's yes, and says for whose",
     promise(due="2019", state=CommitmentState.FULFILLED, state_on="2020-09", asked=(said(HANGZHOU, "2020-09-03"),)),
     "2020-09-03", UNCONFIRMED, ReasonCode.REPORTED_DONE, {"on": "2020-09", "parties": ["hangzhou"]}),
    ("once the other party has said yes, it is settled",
     promise(state=CommitmentState.FULFILLED, state_on="2020-09",
             asked=(said(HANGZHOU, "2020-09-03", answered="2020-10-01"),)),
     "2020-10-01", SETTLED, ReasonCode.SETTLED, {"state": "fulfilled"}),
    ("until the day of that yes it was not",
     promise(state=CommitmentState.FULFILLED, state_on="2020-09",
             asked=(said(HANGZHOU, "2020-09-03", answered="2020-10-01"),)),
     "2020-09-30", UNCONFIRMED, ReasonCode.REPORTED_DONE, {"parties": ["hangzhou"]}),
    ("when the agreement has ended it rests, and still says that nobody confirmed it",
     pact(promise(state=CommitmentState.FULFILLED, state_on="2020-09", asked=(said(HANGZHOU, "2020-09-03"),)),
          ended="2021"),
     "2021-01-01", SETTLED, ReasonCode.REPORTED_DONE, {"parties": ["hangzhou"]}),
    ("a promise that was waived while a confirmation was asked is settled",
     promise(state=CommitmentState.WAIVED, asked=(said(HANGZHOU, "2020-09-03"),)),
     "2020-09-04", SETTLED, ReasonCode.SETTLED, {"state": "waived"}),
    ("a promise waived on an unknown day is settled on any day",
     promise(due="2019", state=CommitmentState.WAIVED), "2019-01-01",
     SETTLED, ReasonCode.SETTLED, {"state": "waived", "on": None}),
    ("a withdrawn promise is settled",
     promise(state=CommitmentState.WITHDRAWN, state_on="2020"), "2026-03-02",
     SETTLED, ReasonCode.SETTLED, {"state": "withdrawn"}),
    ("a promise fulfilled in September was still overdue in August",
     promise(due="2020-07", state=CommitmentState.FULFILLED, state_on="2020-09"), "2020-08-31",
     OVERDUE, ReasonCode.PAST_DUE, {"days": 31}),
    ("a promise fulfilled some day in 2020 counts as fulfilled from the first",
     promise(due="2019", state=CommitmentState.FULFILLED, state_on="2020"), "2020-01-01",
     SETTLED, ReasonCode.SETTLED, {"on": "2020"}),
    ("a promise on hold is not held to its date",
     promise(due="2019", state=CommitmentState.ON_HOLD, state_on="2018-05"), "2026-03-02",
     ON_HOLD, ReasonCode.HELD, {"on": "2018-05"}),
    ("a hold may have begun on an unknown day",
     promise(state=CommitmentState.ON_HOLD), "2026-03-02", ON_HOLD, ReasonCode.HELD, {"on": None}),
    ("a hold that begins tomorrow holds nothing today",
     promise(due="2019", state=CommitmentState.ON_HOLD, state_on="2026-03-03"), "2026-03-02",
     OVERDUE, ReasonCode.PAST_DUE, {}),
    ("a hold holds to the end of its last day",
     promise(due="2019", state=CommitmentState.ON_HOLD, state_until="2026-03-02"), "2026-03-02",
     ON_HOLD, ReasonCode.HELD, {"until": "2026-03-02"}),
    ("a hold is over on the day after its last, although no check has written it yet",
     promise(due="2019", state=CommitmentState.ON_HOLD, state_until="2026-03-02"), "2026-03-03",
     OVERDUE, ReasonCode.PAST_DUE, {}),
    ("a hold until a month is over when the month is",
     promise(due="2019", state=CommitmentState.ON_HOLD, state_until="2026-03"), "2026-03-31",
     ON_HOLD, ReasonCode.HELD, {}),
    ("a promise whose condition is not met waits",
     promise(due="2019", condition=Condition()), "2026-03-02", ON_HOLD, ReasonCode.CONDITION_OPEN, {}),
    ("a condition met tomorrow binds nobody today",
     promise(due="2019", condition=Condition(parse_date("2026-03-03"))), "2026-03-02",
     ON_HOLD, ReasonCode.CONDITION_OPEN, {}),
    ("from the day on which its condition is met a promise binds",
     promise(due="2019", condition=Condition(parse_date("2026-03-02"))), "2026-03-02",
     OVERDUE, ReasonCode.PAST_DUE, {}),
    ("an agreement that ended settles its promises from that day on",
     pact(promise(due="2019"), ended="2020-06-30"), "2020-06-30",
     SETTLED, ReasonCode.AGREEMENT_ENDED, {"on": "2020-06-30"}),
    ("the day before an agreement ends its promises stand as ever",
     pact(promise(due="2019"), ended="2020-06-30"), "2020-06-29", OVERDUE, ReasonCode.PAST_DUE, {}),
    ("an agreement ended some day in 2020 is quiet from the first",
     pact(promise(due="2019"), ended="2020"), "2020-01-01", SETTLED, ReasonCode.AGREEMENT_ENDED, {"on": "2020"}),
    ("what was fulfilled before the agreement ended stays fulfilled",
     pact(promise(state=CommitmentState.FULFILLED), ended="2020"), "2026-03-02", SETTLED, ReasonCode.SETTLED, {}),
    ("a promise whose period has not begun is not judged",
     promise(period_from="2027", period_to="2029"), "2026-12-31", ON_TRACK, ReasonCode.NOT_YET, {"from": "2027"}),
    ("a promise whose period has begun is",
     promise(period_from="2027", period_to="2029"), "2027-01-01", ON_TRACK, ReasonCode.DUE_LATER, {"due": "2029"}),
    # dates
    ("a promise due in 2023 is not overdue on 31 December 2023",
     promise(due="2023"), "2023-12-31", DUE_SOON, ReasonCode.DUE_SOON, {"due": "2023", "days": 0}),
    ("a promise due in 2023 is overdue on New Year's Day",
     promise(due="2023"), "2024-01-01", OVERDUE, ReasonCode.PAST_DUE, {"due": "2023", "days": 1}),
    ("a promise due in September 2018 is not overdue on the 30th",
     promise(due="2018-09"), "2018-09-30", DUE_SOON, ReasonCode.DUE_SOON, {"due": "2018-09", "days": 0}),
    ("a promise due in September 2018 is overdue on 1 October",
     promise(due="2018-09"), "2018-10-01", OVERDUE, ReasonCode.PAST_DUE, {"days": 1}),
    ("a promise is not overdue on its day",
     promise(due="2018-09-15"), "2018-09-15", DUE_SOON, ReasonCode.DUE_SOON, {"days": 0}),
    ("a promise is overdue the day after",
     promise(due="2018-09-15"), "2018-09-16", OVERDUE, ReasonCode.PAST_DUE, {"days": 1}),
    ("a promise is due soon thirty days before",
     promise(due="2026-04-01"), "2026-03-02", DUE_SOON, ReasonCode.DUE_SOON, {"days": 30}),
    ("a promise is not due soon thirty-one days before",
     promise(due="2026-04-02"), "2026-03-02", ON_TRACK, ReasonCode.DUE_LATER, {"days": 31}),
    ("without a due date the end of its period counts",
     promise(period_to="2025"), "2026-03-02", OVERDUE, ReasonCode.PAST_DUE, {"due": "2025"}),
    ("a due date counts before the end of the period",
     promise(due="2027", period_to="2025"), "2026-03-02", ON_TRACK, ReasonCode.DUE_LATER, {"due": "2027"}),
    ("without a date of its own the end of the term counts",
     pact(promise(), expires="2026-03-31"), "2026-03-02", DUE_SOON, ReasonCode.DUE_SOON, {"due": "2026-03-31"}),
    ("a deliverable without any date is watched for silence",
     pact(promise(), effective="2025-01-01"), "2026-03-02", SILENT, ReasonCode.SILENT_SINCE, {"months": 14}),
    ("a deliverable with a number is held to its date, not to the number",
     promise(due="2025", target=Target(5, "km", Comparator.AT_LEAST)), "2026-03-02", OVERDUE, ReasonCode.PAST_DUE, {}),
    ("a deliverable with a rhythm is held to its date, not to the rhythm",
     promise(due="2025", recurrence=Recurrence(Every.YEAR)), "2026-03-02", OVERDUE, ReasonCode.PAST_DUE, {}),
    # silence
    ("no activity since March 2018: silent for 8 years",
     promise(OPEN, activities=["2018-03"]), "2026-03-31",
     SILENT, ReasonCode.SILENT_SINCE, {"since": "2018-03", "months": 96, "level": "red", "from": "activity"}),
    ("eleven months without news are no silence",
     promise(OPEN, activities=["2025-03-03"]), "2026-03-02",
     ON_TRACK, ReasonCode.NO_DATE_ACTIVE, {"since": "2025-03-03", "months": 11}),
    ("twelve months without news are amber",
     promise(OPEN, activities=["2025-03-02"]), "2026-03-02",
     SILENT, ReasonCode.SILENT_SINCE, {"months": 12, "level": "amber"}),
    ("twenty-four months without news are red",
     promise(OPEN, activities=["2024-03-02"]), "2026-03-02",
     SILENT, ReasonCode.SILENT_SINCE, {"months": 24, "level": "red"}),
    ("silence after an activity some day in 2024 counts from the end of that year",
     promise(OPEN, activities=["2024"]), "2025-12-30", ON_TRACK, ReasonCode.NO_DATE_ACTIVE, {"months": 11}),
    ("an activity known by its year alone may be later than a day in it",
     promise(OPEN, activities=["2024-02-05", "2024"]), "2025-12-30",
     ON_TRACK, ReasonCode.NO_DATE_ACTIVE, {"since": "2024"}),
    ("an activity in the future breaks no silence",
     promise(OPEN, activities=["2024-03-02", "2026-03-03"]), "2026-03-02",
     SILENT, ReasonCode.SILENT_SINCE, {"since": "2024-03-02"}),
    ("an activity of today breaks the silence",
     promise(OPEN, activities=["2024-03-02", "2026-03-02"]), "2026-03-02",
     ON_TRACK, ReasonCode.NO_DATE_ACTIVE, {"since": "2026-03-02"}),
    ("an activity of this year is no silence, whichever day it was",
     promise(OPEN, activities=["2026"]), "2026-03-02", ON_TRACK, ReasonCode.NO_DATE_ACTIVE, {"months": 0}),
    ("a report breaks the silence",
     promise(OPEN, activities=["2018"], reports=[(LEEDS, "2026-01-10")]), "2026-03-02",
     ON_TRACK, ReasonCode.NO_DATE_ACTIVE, {"since": "2026-01-10"}),
    ("a milestone met breaks the silence",
     promise(OPEN, activities=["2018"], milestones=(step(None, met_on="2026-01"),)), "2026-03-02",
     ON_TRACK, ReasonCode.NO_DATE_ACTIVE, {"since": "2026-01"}),
    ("without any news silence counts from the start",
     pact(promise(OPEN), effective="2024-06"), "2026-03-02",
     SILENT, ReasonCode.SILENT_SINCE, {"since": "2024-06", "from": "start", "months": 20}),
    ("where nothing at all is known it is silent, and said to be unknown",
     promise(OPEN), "2026-03-02", SILENT, ReasonCode.NOTHING_KNOWN, {}),
    ("an open-ended promise with an end to come is watched for silence until then",
     promise(OPEN, period_to="2026-03", activities=["2024-01-01"]), "2026-03-31",
     SILENT, ReasonCode.SILENT_SINCE, {}),
    ("an open-ended promise past its stated end is overdue",
     promise(OPEN, period_to="2026-03", activities=["2026-01"]), "2026-04-01", OVERDUE, ReasonCode.PAST_DUE, {}),
    ("an open-ended promise past its due date is overdue",
     promise(OPEN, due="2026-02", activities=["2026-01"]), "2026-03-02", OVERDUE, ReasonCode.PAST_DUE, {}),
    ("the end of the term is no due date of an open-ended promise",
     pact(promise(OPEN, activities=["2026-01"]), expires="2026-02-28"), "2026-03-02",
     ON_TRACK, ReasonCode.NO_DATE_ACTIVE, {}),
    # plans
    ("a promise without a date has not begun before its agreement takes effect",
     pact(promise(OPEN), effective="2026-11-01"), "2026-07-01", ON_TRACK, ReasonCode.NOT_YET, {"from": "2026-11-01"}),
    ("a plan is on track while its day to be confirmed is far",
     promise(PLAN, confirm_by="2026-06"), "2026-05-30", ON_TRACK, ReasonCode.TO_CONFIRM, {"by": "2026-06", "days": 31}),
    ("a plan to be confirmed in thirty days is due soon",
     promise(PLAN, confirm_by="2026-06"), "2026-05-31", DUE_SOON, ReasonCode.TO_CONFIRM, {"days": 30}),
    ("a plan to be confirmed by today is due soon",
     promise(PLAN, confirm_by="2026-06"), "2026-06-30", DUE_SOON, ReasonCode.TO_CONFIRM, {"days": 0}),
    ("a plan past its day is unconfirmed",
     promise(PLAN, confirm_by="2026-06"), "2026-07-01",
     UNCONFIRMED, ReasonCode.CONFIRM_PASSED, {"by": "2026-06", "days": 1}),
    ("a plan due in 2019 is not unconfirmed on the last day of 2019",
     promise(PLAN, due="2019"), "2019-12-31", DUE_SOON, ReasonCode.TO_CONFIRM, {"by": "2019"}),
    ("a plan without either is to be confirmed by the end of its period",
     promise(PLAN, period_to="2022"), "2023-01-01", UNCONFIRMED, ReasonCode.CONFIRM_PASSED, {"by": "2022"}),
    ("a plan without any date is to be confirmed within six months of its start",
     pact(promise(PLAN), effective="2026-01-15"), "2026-07-16",
     UNCONFIRMED, ReasonCode.CONFIRM_PASSED, {"by": "2026-07-15"}),
    ("six months from some day in 2025 end with June 2026",
     pact(promise(PLAN), stated_on="2025"), "2026-06-30", DUE_SOON, ReasonCode.TO_CONFIRM, {"by": "2026-06-30"}),
    ("a plan that began some day in February is not unconfirmed on the last day of August",
     pact(promise(PLAN), effective="2025-02"), "2025-08-31", DUE_SOON, ReasonCode.TO_CONFIRM, {"by": "2025-08-31"}),
    ("a plan of which nothing is known is to be confirmed within six months of its registration",
     promise(PLAN, registered_on="2026-01-31"), "2026-08-01",
     UNCONFIRMED, ReasonCode.CONFIRM_PASSED, {"by": "2026-07-31"}),
    ("a plan is to be confirmed before its period begins",
     promise(PLAN, confirm_by="2026-06", period_from="2026-11"), "2026-07-01",
     UNCONFIRMED, ReasonCode.CONFIRM_PASSED, {"by": "2026-06"}),
    # owners
    ("a promise without an owner is unowned",
     promise(due="2027", owners=(owner(LEEDS, None),)), "2026-03-02",
     UNOWNED, ReasonCode.NO_OWNER, {"parties": ["leeds"]}),
    ("an owner whom nobody knows is no owner",
     promise(due="2027", owners=(owner(LEEDS, 99),)), "2026-03-02", UNOWNED, ReasonCode.NO_OWNER, {}),
    ("one side's owner is enough for a joint promise to be owned",
     promise(due="2027", owners=(owner(LEEDS, None), owner(HANGZHOU, LI.id))), "2026-03-02",
     ON_TRACK, ReasonCode.DUE_LATER, {}),
    ("an overdue promise without an owner is overdue first",
     promise(due="2019", owners=(owner(LEEDS, None),)), "2026-03-02", OVERDUE, ReasonCode.PAST_DUE, {}),
    ("a silent promise without an owner is silent first",
     promise(OPEN, owners=(owner(LEEDS, None),)), "2026-03-02", SILENT, ReasonCode.NOTHING_KNOWN, {}),
    ("a settled promise needs no owner",
     promise(state=CommitmentState.FULFILLED, owners=(owner(LEEDS, None),)), "2026-03-02",
     SETTLED, ReasonCode.SETTLED, {}),
)  # fmt: skip
def test_a_promise_stands(facts, on, state, code, numbers):
    check(assess(facts, on)[0], state, code, numbers)


@table(
    ("the owner is in office on the last day of the stated month", "2026-03-31", DUE_SOON),
    ("the promise is unowned on the day after", "2026-04-01", UNOWNED),
)
def test_a_contact_ended_midway(on, state):
    standing = assess(promise(due="2026-04-15"), on, people=ENDS_MARCH)[0]
    assert standing.state is state
    assert standing.deadline == day("2026-04-15"), "an unowned promise keeps its deadline, so that reminders go on"


def test_an_owner_who_is_not_in_office_yet_is_no_owner():
    people = by_id(person(1, LEEDS, valid_from="2026-04"))
    assert assess(promise(due="2027"), "2026-03-31", people=people)[0].state is UNOWNED
    assert assess(promise(due="2027"), "2026-04-01", people=people)[0].state is ON_TRACK


@table(
    ("longer lead days make it due soon earlier", Policy(lead_days=(60,)), promise(due="2026-04-30"), DUE_SOON),
    ("without lead days it is due soon on its day only", Policy(lead_days=()), promise(due="2026-03-03"), ON_TRACK),
    ("without lead days it is due soon on its day", Policy(lead_days=()), promise(due="2026-03-02"), DUE_SOON),
    ("without lead days a plan is due soon on its day only",
     Policy(lead_days=()), promise(PLAN, confirm_by="2026-03-03"), ON_TRACK),
    ("without lead days a year is due soon on its day only",
     Policy(lead_days=()), promise(RECURRING, recurrence=Recurrence(Every.YEAR, ends=day("2026-03-03"), count=1),
                                   activities=["2025"]), ON_TRACK),
    ("without lead days a target is due soon on its day only",
     Policy(lead_days=()), promise(CommitmentKind.TARGET, target=Target(5, "km", Comparator.AT_LEAST), due="2026-03-03",
                                   measurements=[("2026", 1.0)]), ON_TRACK),
    ("a house may call six months a silence",
     Policy(silence_amber_months=6), promise(OPEN, activities=["2025-09-01"]), SILENT),
    ("a house may take about to the letter",
     Policy(about_tolerance_percent=0), promise(CommitmentKind.TARGET, target=Target(5, "km", Comparator.ABOUT),
                                                due="2026-03-01", measurements=[("2026", 4.9)]), OVERDUE),
    ("a house may wait longer for plans",
     Policy(confirm_within_months=12), pact(promise(PLAN), effective="2025-06-01"), ON_TRACK),
)  # fmt: skip
def test_the_policy_decides(policy, facts, state):
    assert assess(facts, "2026-03-02", policy=policy)[0].state is state


def fund(*measurements: tuple[str, float], target: Target | None = None, **facts: Any) -> Commitment:
    """500 million yuan from 2021 to 2024, as a rule."""
    dates = {"period_from": "2021", "due": "2024-12-31", **facts}
    target = target or Target(500e6, "CNY", Comparator.AT_LEAST)
    return promise(CommitmentKind.TARGET, target=target, measurements=measurements, **dates)


def from_to(baseline: float, quantity: float, comparator: Comparator = Comparator.AT_LEAST) -> Target:
    return Target(quantity, "t", comparator, baseline)


AT_MOST = Comparator.AT_MOST


@table(
    ("a target reached is met",
     fund(("2022-05", 500e6)), "2022-06-01", ON_TRACK, ReasonCode.TARGET_MET, {"value": 500e6, "target": 500e6}),
    ("a target reached late is met",
     fund(("2025-05", 500e6)), "2025-06-01", ON_TRACK, ReasonCode.TARGET_MET, {}),
    ("in the first half of its time no target is behind",
     fund(("2022-05", 1.0)), "2022-12-31", ON_TRACK, ReasonCode.TARGET_ON_PACE, {"value": 1.0}),
    ("in the second half a target must keep an even pace",
     fund(("2022-12", 240e6)), "2023-01-01",
     BEHIND, ReasonCode.TARGET_BEHIND, {"value": 240e6, "measured_on": "2022-12", "days": 730}),
    ("a target at an even pace is on track",
     fund(("2022-12", 250e6)), "2023-01-01", ON_TRACK, ReasonCode.TARGET_ON_PACE, {"unit": "CNY"}),
    ("the way from the baseline counts, not the way from nought",
     fund(("2022-12", 440.0), target=from_to(400, 500)), "2023-01-01", BEHIND, ReasonCode.TARGET_BEHIND, {}),
    ("half the way from the baseline is enough at half time",
     fund(("2022-12", 451.0), target=from_to(400, 500)), "2023-01-01", ON_TRACK, ReasonCode.TARGET_ON_PACE, {}),
    ("a target that began above its aim is behind while it lies below",
     fund(("2023-12", 499.0), target=from_to(600, 500)), "2024-01-01", BEHIND, ReasonCode.TARGET_BEHIND, {}),
    ("a target that nobody measured is on track in the first half",
     fund(), "2022-06-01", ON_TRACK, ReasonCode.TARGET_UNMEASURED, {"value": None, "measured_on": None}),
    ("a target that nobody measured is behind in the second half",
     fund(), "2023-01-01", BEHIND, ReasonCode.TARGET_UNMEASURED, {}),
    ("a target on pace is due soon thirty days before",
     fund(("2024-11", 499e6)), "2024-12-01", DUE_SOON, ReasonCode.TARGET_ON_PACE, {"days": 30}),
    ("a target is not missed on its last day",
     fund(("2024-11", 499.9e6)), "2024-12-31", BEHIND, ReasonCode.TARGET_BEHIND, {"days": 0}),
    ("a target not reached in time is missed",
     fund(("2024-11", 499e6)), "2025-01-01", OVERDUE, ReasonCode.TARGET_MISSED, {"days": 1, "due": "2024-12-31"}),
    ("a target nobody measured in time is missed",
     fund(), "2025-01-01", OVERDUE, ReasonCode.TARGET_MISSED, {"value": None}),
    ("a target due in 2024 has the whole of 2024",
     fund(("2023-12", 490e6), due="2024"), "2024-06-30", ON_TRACK, ReasonCode.TARGET_ON_PACE, {"days": 184}),
    ("a target due in 2024 is missed with the year",
     fund(("2023-12", 490e6), due="2024"), "2025-01-01", OVERDUE, ReasonCode.TARGET_MISSED, {"days": 1}),
    ("a target due in 2024 is behind with regard to the end of the year",
     fund(("2023-12", 100e6), due="2024"), "2024-01-01", BEHIND, ReasonCode.TARGET_BEHIND, {"days": 365}),
    ("a target due on the day it starts has no pace",
     fund(("2024-12-31", 1.0), period_from="2024-12-31"), "2024-12-31", DUE_SOON, ReasonCode.TARGET_ON_PACE, {}),
    ("a target whose start is unknown has no pace",
     fund(("2024-06", 1.0), period_from=None), "2024-06-30", ON_TRACK, ReasonCode.TARGET_ON_PACE, {}),
    ("the day of the baseline begins the way",
     fund(("2023-06", 1.0), target=replace(from_to(0, 500), baseline_on=partial("2023-01-01"))), "2023-12-31",
     ON_TRACK, ReasonCode.TARGET_ON_PACE, {}),
    ("a target without a date that was measured of late is on track",
     fund(("2025-12", 5.0), period_from=None, due=None), "2026-03-02", ON_TRACK, ReasonCode.TARGET_ON_PACE, {}),
    ("a target without a date that was not measured for years is silent",
     fund(("2020-12", 5.0), period_from=None, due=None), "2026-03-02", SILENT, ReasonCode.SILENT_SINCE, {}),
    ("a target without a date and a measurement is watched for silence",
     fund(period_from="2025-12", due=None), "2026-03-02", ON_TRACK, ReasonCode.NO_DATE_ACTIVE, {}),
    ("what was measured later does not count yet",
     fund(("2022-05", 1.0), ("2022-07", 500e6)), "2022-06-01", ON_TRACK, ReasonCode.TARGET_ON_PACE, {"value": 1.0}),
    ("a figure of this month counts, whichever day it was taken",
     fund(("2022-06", 500e6)), "2022-06-01", ON_TRACK, ReasonCode.TARGET_MET, {}),
    ("the last measurement counts, in whichever order they were entered",
     fund(("2022-05", 3.0), ("2021-05", 2.0)), "2022-06-01", ON_TRACK, ReasonCode.TARGET_ON_PACE, {"value": 3.0}),
    ("the figure of a year lies later than one of its June",
     fund(("2021-06", 2.0), ("2021", 3.0)), "2022-06-01", ON_TRACK, ReasonCode.TARGET_ON_PACE, {"value": 3.0}),
    ("of two figures for one day the one entered later corrects the other",
     fund(("2022-05", 2.0), ("2022-05", 3.0)), "2022-06-01", ON_TRACK, ReasonCode.TARGET_ON_PACE, {"value": 3.0}),
    ("a limit kept to the end is met",
     fund(("2024-12", 99.0), target=from_to(0, 100, AT_MOST)), "2025-01-01", ON_TRACK, ReasonCode.TARGET_MET, {}),
    ("a limit reached and not exceeded is kept",
     fund(("2024-12", 100.0), target=from_to(0, 100, AT_MOST)), "2025-01-01", ON_TRACK, ReasonCode.TARGET_MET, {}),
    ("and is not behind before",
     fund(("2024-11", 100.0), target=from_to(0, 100, AT_MOST)), "2024-12-01", ON_TRACK, ReasonCode.TARGET_ON_PACE, {}),
    ("a limit where it all began is to be kept all the time",
     fund(("2023-12", 101.0), target=from_to(100, 100, AT_MOST)), "2024-01-01", BEHIND, ReasonCode.TARGET_BEHIND, {}),
    ("a limit just above where it began has no pace",
     fund(("2023-12", 100.2), target=from_to(99.5, 100, AT_MOST)), "2024-01-01", BEHIND, ReasonCode.TARGET_BEHIND, {}),
    ("a target that is where it began is to be kept all the time",
     fund(("2023-12", 99.0), target=from_to(100, 100)), "2024-01-01", BEHIND, ReasonCode.TARGET_BEHIND, {}),
    ("a short way has a pace too",
     fund(("2022-12", 99.9), target=from_to(99.5, 100)), "2023-01-01", ON_TRACK, ReasonCode.TARGET_ON_PACE, {}),
    ("a limit is not met before the end",
     fund(("2024-11", 99.0), target=from_to(0, 100, AT_MOST)), "2024-12-31", ON_TRACK, ReasonCode.TARGET_ON_PACE, {}),
    ("a limit exceeded at the end is missed",
     fund(("2024-12", 101.0), target=from_to(0, 100, AT_MOST)), "2025-01-01", OVERDUE, ReasonCode.TARGET_MISSED, {}),
    ("a limit exceeded in the second half is behind",
     fund(("2023-12", 101.0), target=from_to(0, 100, AT_MOST)), "2024-01-01", BEHIND, ReasonCode.TARGET_BEHIND, {}),
    ("a reduction at an even pace is on track",
     fund(("2023-01", 149.0), target=from_to(200, 100, AT_MOST)), "2023-01-01", ON_TRACK, ReasonCode.TARGET_ON_PACE,
     {}),
    ("a reduction slower than an even pace is behind",
     fund(("2023-01", 155.0), target=from_to(200, 100, AT_MOST)), "2023-01-01", BEHIND, ReasonCode.TARGET_BEHIND, {}),
    ("about five is reached from four and a half on",
     fund(("2024-12", 4.5), target=Target(5, "km", Comparator.ABOUT)), "2025-01-01", ON_TRACK, ReasonCode.TARGET_MET,
     {"value": 4.5, "target": 5}),
    ("about five is missed with less",
     fund(("2024-12", 4.49), target=Target(5, "km", Comparator.ABOUT)), "2025-01-01", OVERDUE,
     ReasonCode.TARGET_MISSED, {}),
    ("more than about five is no reproach",
     fund(("2024-12", 50.0), target=Target(5, "km", Comparator.ABOUT)), "2025-01-01", ON_TRACK, ReasonCode.TARGET_MET,
     {}),
    ("the tolerance is of the way where that is shorter, so that nothing is reached where it began",
     fund(("2024-12", 489.0), target=from_to(400, 500, Comparator.ABOUT)), "2025-01-01", OVERDUE,
     ReasonCode.TARGET_MISSED, {}),
    ("about five hundred from four hundred is reached from four hundred and ninety on",
     fund(("2024-12", 490.0), target=from_to(400, 500, Comparator.ABOUT)), "2025-01-01", ON_TRACK,
     ReasonCode.TARGET_MET, {}),
    ("a reduction to about a hundred is not met where it began",
     fund(("2024-12", 200.0), target=from_to(200, 100, Comparator.ABOUT)), "2025-01-01", OVERDUE,
     ReasonCode.TARGET_MISSED, {}),
    ("a reduction to about a hundred is reached from a hundred and ten down",
     fund(("2024-12", 110.0), target=from_to(200, 100, Comparator.ABOUT)), "2025-01-01", ON_TRACK,
     ReasonCode.TARGET_MET, {}),
    ("a reduction to about a hundred keeps an even pace too",
     fund(("2023-01", 156.0), target=from_to(200, 100, Comparator.ABOUT)), "2023-01-01", BEHIND,
     ReasonCode.TARGET_BEHIND, {}),
    ("at an even pace it is on track",
     fund(("2023-01", 154.0), target=from_to(200, 100, Comparator.ABOUT)), "2023-01-01", ON_TRACK,
     ReasonCode.TARGET_ON_PACE, {}),
    ("what is to stay about a hundred may fall to ninety",
     fund(("2024-12", 90.0), target=from_to(100, 100, Comparator.ABOUT)), "2025-01-01", ON_TRACK,
     ReasonCode.TARGET_MET, {}),
    ("about so much is reached from so much on",
     fund(("2022-05", 5.0), target=Target(5, "km", Comparator.ABOUT)), "2022-06-01", ON_TRACK, ReasonCode.TARGET_MET,
     {}),
    ("about so much is missed below it",
     fund(("2024-12", 4.0), target=Target(5, "km", Comparator.ABOUT)), "2025-01-01", OVERDUE, ReasonCode.TARGET_MISSED,
     {}),
)  # fmt: skip
def test_a_target_stands(facts, on, state, code, numbers):
    check(assess(facts, on)[0], state, code, numbers)


def test_a_target_without_its_numbers_is_held_to_its_date():
    assert assess(promise(CommitmentKind.TARGET, due="2025"), "2026-03-02")[0].reason.code is ReasonCode.PAST_DUE


def yearly(*activities: Any, count: int = 1, months: tuple[int, ...] = (), **facts: Any) -> Commitment:
    """Exchange activities every year, known to the register since 2018."""
    starts, ends = facts.pop("starts", None), facts.pop("ends", None)
    recurrence = Recurrence(
        Every.YEAR,
        1,
        count,
        day(starts) if starts else None,
        day(ends) if ends else None,
        months,
        "exchange activities",
    )
    return promise(RECURRING, recurrence=recurrence, activities=activities, **facts)


@table(
    ("2 of 4 exchange activities held in 2026, 10 weeks left",
     yearly("2025", "2025", "2025", "2025", "2026-03", "2026-05-14", count=4), "2026-10-20",
     BEHIND, ReasonCode.PERIOD_BEHIND,
     {"held": 2, "expected": 4, "period": "2026", "what": "exchange activities", "days_left": 72, "weeks_left": 10}),
    ("three of four are enough ten weeks before the end",
     yearly(*["2025"] * 4, *["2026-03"] * 3, count=4), "2026-10-22", ON_TRACK, ReasonCode.PERIOD_ON_PACE, {"held": 3}),
    ("all held is met, whatever the rest of the year brings",
     yearly(*["2025"] * 4, *["2026-03"] * 4, count=4), "2026-04-01", ON_TRACK, ReasonCode.PERIOD_MET, {"held": 4}),
    ("one meeting this year does not satisfy the next",
     yearly("2025-06"), "2026-12-30", DUE_SOON, ReasonCode.PERIOD_ON_PACE, {"held": 0, "period": "2026"}),
    ("five this year do not satisfy the next",
     yearly(*["2025-06"] * 5, count=4), "2026-07-02", BEHIND, ReasonCode.PERIOD_BEHIND, {"held": 0, "expected": 4}),
    ("a yearly meeting is due soon in December",
     yearly("2025"), "2026-12-01", DUE_SOON, ReasonCode.PERIOD_ON_PACE, {"days_left": 30, "weeks_left": 4}),
    ("a yearly meeting is not missed on the last day of the year",
     yearly("2025"), "2026-12-31", DUE_SOON, ReasonCode.PERIOD_ON_PACE, {"days_left": 0}),
    ("nor is it behind on any day before, but due soon thirty days before the end",
     yearly("2025"), "2026-12-01", DUE_SOON, ReasonCode.PERIOD_ON_PACE, {"days_left": 30}),
    ("of four a year that nobody held three are behind on the last day",
     yearly(*["2025"] * 4, count=4), "2026-12-31", BEHIND, ReasonCode.PERIOD_BEHIND, {"held": 0, "days_left": 0}),
    ("of four a year with three held the fourth has until the last day is over",
     yearly(*["2025"] * 4, *["2026"] * 3, count=4), "2026-12-31", DUE_SOON, ReasonCode.PERIOD_ON_PACE, {"held": 3}),
    ("a year without its meeting is missed on New Year's Day",
     yearly("2025"), "2027-01-01", OVERDUE, ReasonCode.PERIOD_MISSED, {"period": "2026", "held": 0}),
    ("last year's missed meeting is told before this year's pace",
     yearly("2024"), "2026-12-01", OVERDUE, ReasonCode.PERIOD_MISSED, {"period": "2025"}),
    ("a year that ended before the register knew of it is not called missed",
     yearly(registered_on="2026-01-01"), "2026-03-02", ON_TRACK, ReasonCode.PERIOD_ON_PACE, {"period": "2026"}),
    ("a year in which the register began to watch is judged",
     yearly(registered_on="2025-12-31"), "2026-03-02", OVERDUE, ReasonCode.PERIOD_MISSED, {"period": "2025"}),
    ("a yearly promise of an agreement to come has not begun",
     pact(yearly(count=4), effective="2026-10-01"), "2026-09-30", ON_TRACK, ReasonCode.NOT_YET, {"from": "2026-10-01"}),
    ("what was over before the agreement took effect is not called missed",
     pact(yearly(count=4), effective="2026-10-01"), "2026-10-01", ON_TRACK, ReasonCode.PERIOD_ON_PACE,
     {"period": "2026"}),
    ("in its first year the pace counts from the day on which it took effect",
     pact(yearly(count=4), effective="2026-10-01"), "2026-10-23", ON_TRACK, ReasonCode.PERIOD_ON_PACE, {"held": 0}),
    ("a quarter of what is left of that year later the first of four is due",
     pact(yearly(count=4), effective="2026-10-01"), "2026-10-24", BEHIND, ReasonCode.PERIOD_BEHIND, {"held": 0}),
    ("what was held in the same year before the agreement took effect is none of its activities",
     pact(yearly("2026-03-01", "2026-10-05", count=2), effective="2026-10-01"), "2026-10-24",
     ON_TRACK, ReasonCode.PERIOD_ON_PACE, {"held": 1}),
    ("of a month that reaches into the agreement one counts",
     pact(yearly("2026-10", count=2), effective="2026-10-15"), "2026-10-24",
     ON_TRACK, ReasonCode.PERIOD_ON_PACE, {"held": 1}),
    ("where the month alone is known the pace counts from its end",
     pact(yearly(count=4), effective="2026-10"), "2026-11-01", ON_TRACK, ReasonCode.PERIOD_ON_PACE, {"held": 0}),
    ("its first year is judged when it is over",
     pact(yearly(count=4), effective="2026-10-01"), "2027-01-01", OVERDUE, ReasonCode.PERIOD_MISSED,
     {"period": "2026"}),
    ("a promise's own period begins it rather than the agreement",
     pact(yearly(count=4, period_from="2026-07-01"), effective="2020"), "2026-07-02", ON_TRACK,
     ReasonCode.PERIOD_ON_PACE, {"period": "2026"}),
    ("an activity known by its year alone counts for that year",
     yearly("2025", "2026"), "2026-03-02", ON_TRACK, ReasonCode.PERIOD_MET, {"held": 1}),
    ("an activity still to come does not count",
     yearly("2025", "2026-03-03"), "2026-03-02", ON_TRACK, ReasonCode.PERIOD_ON_PACE, {"held": 0}),
    ("an activity may count for several",
     yearly("2025", Activity(parse_date("2026-02"), 3), count=3, registered_on="2026-01-01"), "2026-03-02",
     ON_TRACK, ReasonCode.PERIOD_MET, {"held": 3}),
    ("a waived year expects nothing",
     yearly("2025", occurrences=(Occurrence("2026", OccurrenceState.WAIVED, None),)), "2026-12-31",
     ON_TRACK, ReasonCode.PERIOD_MET, {"expected": 0}),
    ("a year may expect another number",
     yearly(*["2025"] * 4, "2026-01", count=4, occurrences=(Occurrence("2026", OccurrenceState.EXPECTED, 1),)),
     "2026-12-31", ON_TRACK, ReasonCode.PERIOD_MET, {"held": 1, "expected": 1}),
    ("an exception without a number changes nothing",
     yearly("2025", occurrences=(Occurrence("2026", OccurrenceState.EXPECTED, None),)), "2026-12-31",
     DUE_SOON, ReasonCode.PERIOD_ON_PACE, {"expected": 1}),
    ("an October meeting is due soon in October",
     yearly("2025-10", months=(10,)), "2026-10-31", DUE_SOON, ReasonCode.PERIOD_ON_PACE, {"days_left": 0}),
    ("an October meeting is missed in November",
     yearly("2025-10", months=(10,)), "2026-11-01", OVERDUE, ReasonCode.PERIOD_MISSED, {"period": "2026"}),
    ("an October meeting held in November is held",
     yearly("2025-10", "2026-11-01", months=(10,)), "2026-11-01", ON_TRACK, ReasonCode.PERIOD_MET, {}),
    ("an October that was over before the register knew of it is not called missed",
     pact(yearly(months=(10,), registered_on="2026-11-15"), effective="2026-01"), "2026-11-20",
     ON_TRACK, ReasonCode.NO_DATE_ACTIVE, {}),
    ("nor is it where the recurrence has begun and ends today",
     pact(yearly(months=(10,), registered_on="2026-11-15", starts="2026-01-01", ends="2026-11-20"), effective="2026"),
     "2026-11-20", ON_TRACK, ReasonCode.NO_DATE_ACTIVE, {}),
    ("in the year after, the October before the register knew of it is not called missed either",
     yearly(months=(10,), registered_on="2026-11-15"), "2027-03-02",
     ON_TRACK, ReasonCode.PERIOD_ON_PACE, {"period": "2027"}),
    ("a recurrence that has not begun is not judged",
     yearly(starts="2027-01-01"), "2026-12-31", ON_TRACK, ReasonCode.NOT_YET, {"from": "2027-01-01"}),
    ("a recurrence that ended is settled",
     yearly("2025", ends="2025-12-31"), "2026-03-02",
     SETTLED, ReasonCode.SETTLED, {"state": "ended", "on": "2025-12-31"}),
    ("the last year of a recurrence that ended can be missed",
     yearly("2024", ends="2025-12-31"), "2026-03-02", OVERDUE, ReasonCode.PERIOD_MISSED, {"period": "2025"}),
    ("a recurrence that ended in June is judged in July, not in the next year",
     yearly("2024", ends="2025-06-30"), "2025-07-01", OVERDUE, ReasonCode.PERIOD_MISSED, {"period": "2025"}),
    ("a year that began on 15 March counts an activity known by that year alone",
     yearly("2025", starts="2025-03-15"), "2026-03-02", ON_TRACK, ReasonCode.PERIOD_MET, {"held": 1}),
    ("an activity in the month in which the years turn counts for the year that ends",
     yearly("2026-03", starts="2025-03-15"), "2026-04-01", ON_TRACK, ReasonCode.PERIOD_ON_PACE, {"held": 0}),
    ("an activity before the recurrence began does not count",
     yearly("2025-03-14", starts="2025-03-15"), "2026-03-02", DUE_SOON, ReasonCode.PERIOD_ON_PACE, {"held": 0}),
    ("a recurring promise without its rhythm is held to its date",
     promise(RECURRING, due="2025"), "2026-03-02", OVERDUE, ReasonCode.PAST_DUE, {}),
    ("what recurred has ended with its agreement",
     pact(yearly("2024", "2025"), expires="2026-03-31"), "2030-05-01",
     SETTLED, ReasonCode.SETTLED, {"state": "ended", "on": "2026-03-31"}),
    ("what was missed in the last whole year stays so after its agreement's end",
     pact(yearly("2024"), expires="2026-03-31"), "2030-05-01", OVERDUE, ReasonCode.PERIOD_MISSED, {"period": "2025"}),
)  # fmt: skip
def test_a_recurring_promise_stands(facts, on, state, code, numbers):
    check(assess(facts, on)[0], state, code, numbers)


@table(
    ("the present year alone while nothing was missed", yearly("2025"), "2026-03-02", [("2026", ON_TRACK)]),
    ("a missed year stands beside the present one",
     yearly("2024"), "2026-03-02", [("2026", ON_TRACK), ("2025", OVERDUE)]),
    ("two years ago is not told any more", yearly("2025"), "2026-03-02", [("2026", ON_TRACK)]),
    ("after the end only what was missed", yearly("2024", ends="2025-12-31"), "2026-03-02", [("2025", OVERDUE)]),
    ("before the start none", yearly(starts="2027-01-01", ends="2030-12-31"), "2026-03-02", []),
    ("after its agreement's end none is present, and what had no time left is not missed",
     pact(yearly("2024", "2025"), expires="2026-03-31"), "2030-05-01", []),
    ("a year that was over by then stays missed",
     pact(yearly("2024"), expires="2026-03-31"), "2030-05-01", [("2025", OVERDUE)]),
    ("a year that ended with the agreement stays missed",
     pact(yearly("2024"), expires="2025-12-31"), "2030-05-01", [("2025", OVERDUE)]),
    ("the year in which its agreement ends is present until that day",
     pact(yearly("2025"), expires="2026-03-31"), "2026-03-31", [("2026", ON_TRACK)]),
    ("an agreement that renews itself goes on",
     pact(yearly("2025"), expires="2025-03-31", renewal_rule=RenewalRule.AUTOMATIC), "2026-05-01",
     [("2026", ON_TRACK)]),
    ("of a settled promise none", yearly(state=CommitmentState.WAIVED), "2026-03-02", []),
)  # fmt: skip
def test_occurrences(facts, on, parts):
    found = [one for one in assess(facts, on) if one.matter.kind is MatterKind.OCCURRENCE]
    assert [(one.matter.part, one.state) for one in found] == parts
    assert all(one.cause == one.matter.part for one in found)


@table(
    ("a milestone to come is on track",
     promise(milestones=(step("2027"),)), "2026-03-02", ON_TRACK, ReasonCode.DUE_LATER),
    ("a milestone due in March is due soon on the 31st",
     promise(milestones=(step("2026-03"),)), "2026-03-31", DUE_SOON, ReasonCode.DUE_SOON),
    ("a milestone due in March is overdue on 1 April",
     promise(milestones=(step("2026-03"),)), "2026-04-01", OVERDUE, ReasonCode.PAST_DUE),
    ("a milestone met is settled",
     promise(milestones=(step("2025", met_on="2026-02", state=MilestoneState.MET),)), "2026-03-02",
     SETTLED, ReasonCode.SETTLED),
    ("a milestone with the day it was met is settled, even if nobody said so",
     promise(milestones=(step("2025", met_on="2026-02"),)), "2026-03-02", SETTLED, ReasonCode.SETTLED),
    ("a milestone met some day in March is settled from the first",
     promise(milestones=(step("2025", met_on="2026-03"),)), "2026-03-01", SETTLED, ReasonCode.SETTLED),
    ("a milestone met tomorrow is overdue today",
     promise(milestones=(step("2025", met_on="2026-03-03", state=MilestoneState.MET),)), "2026-03-02",
     OVERDUE, ReasonCode.PAST_DUE),
    ("a milestone waived on an unknown day is settled",
     promise(milestones=(step("2025", state=MilestoneState.WAIVED),)), "2026-03-02", SETTLED, ReasonCode.SETTLED),
    ("a milestone not met, and said to be so, is settled",
     promise(milestones=(step("2025", state=MilestoneState.NOT_MET),)), "2026-03-02", SETTLED, ReasonCode.SETTLED),
    ("a milestone met in part is settled",
     promise(milestones=(step("2025", state=MilestoneState.PARTIALLY_MET),)), "2026-03-02", SETTLED,
     ReasonCode.SETTLED),
    ("a milestone without a date has no standing", promise(milestones=(step(None),)), "2026-03-02", None, None),
    ("a milestone of a promise on hold has none",
     promise(milestones=(step("2025"),), state=CommitmentState.ON_HOLD), "2026-03-02", None, None),
    ("a milestone of an agreement that ended has none",
     pact(promise(milestones=(step("2025"),)), ended="2026-01"), "2026-03-02", None, None),
)  # fmt: skip
def test_a_milestone_stands(facts, on, state, code):
    found = [one for one in assess(facts, on) if one.matter.kind is MatterKind.MILESTONE]
    assert [(one.state, one.reason.code) for one in found] == ([(state, code)] if state else [])
    assert all(one.matter.reference == "leeds-hangzhou/library-link#opening" for one in found)


@table(
    ("the day it was met is told", step("2025", met_on="2026-02", state=MilestoneState.MET), "met", "2026-02"),
    ("the day is enough to call it met", step("2025", met_on="2026-02"), "met", "2026-02"),
    ("an unknown day stays unknown", step("2025", state=MilestoneState.NOT_MET), "not_met", None),
)
def test_what_is_told_of_a_settled_milestone(milestone, state, on):
    standing = assess(promise(milestones=(milestone,)), "2026-03-02")[-1]
    assert standing.reason.numbers == {"state": state, "on": on}


def test_each_promise_stands_first_and_its_parts_after_it():
    agreement = pact(
        replace(yearly("2024", milestones=(step("2027"),)), id=101, reference="exchange"), promise(due="2027")
    )
    assert [str(one.matter.kind) for one in assess(agreement, "2026-03-02")] == [
        "commitment", "occurrence", "occurrence", "milestone", "commitment",
    ]  # fmt: skip


@table(
    ("a due date counts first", promise(due="2023", period_to="2024"), "2023"),
    ("then the end of the period", promise(period_to="2024"), "2024"),
    ("then the end of the term", promise(), "2025"),
)
def test_the_deadline(facts, deadline):
    assert str(find_deadline(pact(facts, expires="2025"), facts, day("2026-03-02"))) == deadline


@table(
    ("while the first term lasts, its end as it is stated", "2025-12-31", "2025"),
    ("once it has renewed itself, the end of the new term", "2026-01-01", "2026-12-31"),
    ("of the term that lasts by then", "2029-05-01", "2029-12-31"),
)
def test_the_deadline_moves_on_with_an_agreement_that_renews_itself(on, deadline):
    agreement = pact(promise(), expires="2025", renewal_rule=RenewalRule.AUTOMATIC)
    assert str(find_deadline(agreement, agreement.commitments[0], day(on))) == deadline


@pytest.mark.parametrize("kind", [CommitmentKind.DELIVERABLE, CommitmentKind.TARGET])
def test_what_has_no_date_is_not_overdue_once_the_agreement_has_renewed_itself(kind):
    target = Target(5, "visits", Comparator.AT_LEAST) if kind is CommitmentKind.TARGET else None
    agreement = pact(promise(kind, target=target), expires="2026-04", renewal_rule=RenewalRule.AUTOMATIC)
    (standing,) = assess(agreement, "2026-07-01")
    assert standing.state is not OVERDUE
    assert (standing.deadline, standing.reason.numbers["due"]) == (day("2027-04-30"), "2027-04-30")


SIGNED = {"parties": tuple(PartyPlace(one, str(one), PartyRole.PARTY, partial(f"201{one}")) for one in (5, 7))}


@table(
    ("its own period counts first", promise(period_from="2011"), {"effective": "2012", **SIGNED}, "2011"),
    ("then the day on which the agreement takes effect", promise(), {"effective": "2012", **SIGNED}, "2012"),
    ("then the last signature", promise(), {"designated": "2014", **SIGNED}, "2017"),
    ("then the designation", promise(), {"designated": "2014", "stated_on": "2013"}, "2014"),
    ("then the date of the source", promise(), {"stated_on": "2013"}, "2013"),
    ("otherwise it is unknown", promise(), {}, None),
)
def test_the_start(facts, dates, start):
    assert find_start(pact(facts, **dates), facts) == partial(start)


def test_the_last_sign_of_life_may_be_of_any_sort():
    signs = {
        "activities": ["2021"],
        "measurements": [("2022", 1.0)],
        "reports": [(LEEDS, "2023-01-01")],
        "milestones": (step(None, met_on="2024"),),
    }
    for year, name in enumerate(signs, 2021):
        some = {one: signs[one] for one in list(signs)[: year - 2020]}
        assert find_last_sign(promise(**some), day("2026-03-02")).first.year == year, name
    assert find_last_sign(promise(), day("2026-03-02")) is None


@table(
    ("after ninety days without news a next step is missing",
     promise(OPEN, activities=["2025-12-02"]), "2026-03-02", ("2025-12-02", 90)),
    ("after eighty-nine days none is missing", promise(OPEN, activities=["2025-12-03"]), "2026-03-02", None),
    ("a coming milestone is a next step",
     promise(OPEN, activities=["2025"], milestones=(step("2026"),)), "2026-12-31", None),
    ("a milestone of last year is none",
     promise(OPEN, activities=["2025"], milestones=(step("2025"),)), "2026-12-31", ("2025-12-31", 365)),
    ("a milestone met is none",
     promise(OPEN, milestones=(step("2026-12", met_on="2026-03"),)), "2026-12-30", ("2026-03-31", 274)),
    ("a milestone that is met tomorrow is still to come",
     promise(OPEN, activities=["2025"], milestones=(step("2026", met_on="2026-12-31", state=MilestoneState.MET),)),
     "2026-12-30", None),
    ("a milestone without a date is none",
     promise(OPEN, activities=["2025"], milestones=(step(None),)), "2026-03-31", ("2025-12-31", 90)),
    ("nobody is asked within ninety days of the registration",
     promise(OPEN, activities=["2010"], registered_on="2026-01-01"), "2026-03-02", None),
    ("without any news the days count from the registration",
     promise(OPEN, registered_on="2026-01-01"), "2026-04-01", ("2026-01-01", 90)),
    ("without any news the days count from a later start",
     promise(OPEN, period_from="2026-01-15"), "2026-04-15", ("2026-01-15", 90)),
    ("an open-ended promise with a date of its own has its step", promise(OPEN, due="2027"), "2026-03-02", None),
    ("an open-ended promise with an end of its own has its step", promise(OPEN, period_to="2027"), "2026-03-02", None),
    ("other kinds have their own dates", promise(due=None), "2026-03-02", None),
)  # fmt: skip
def test_a_missing_next_step(facts, on, missing):
    assert is_stepless(pact(facts), facts, POLICY, day(on)) == missing


@table(
    ("an agreement is in force on its last day", {"expires": "2026"}, "2026-12-31", False),
    ("an agreement is expired the day after", {"expires": "2026"}, "2027-01-01", True),
    ("an agreement that renews itself never expires",
     {"expires": "2026", "renewal_rule": RenewalRule.AUTOMATIC}, "2031-01-01", False),
    ("an agreement that is renewed by agreement expires unless it is",
     {"expires": "2026", "renewal_rule": RenewalRule.BY_AGREEMENT}, "2027-01-01", True),
    ("an agreement without an end does not expire", {}, "2031-01-01", False),
)  # fmt: skip
def test_expired(dates, on, expired):
    assert is_expired(pact(**dates), day(on)) is expired


def test_ended_from_the_first_day_of_what_is_known():
    assert not is_ended(pact(ended="2020-06"), day("2020-05-31"))
    assert is_ended(pact(ended="2020-06"), day("2020-06-01"))
    assert not is_ended(pact(), day("2020-06-01"))


ASSESSED = (test_a_promise_stands, test_a_target_stands, test_a_recurring_promise_stands, test_a_milestone_stands)
ELSEWHERE = {
    "an agreement's own dates, in test_deadlines": {
        "EXPIRES", "EXPIRED", "NOTICE_BY", "NOTICE_PASSED", "RENEW_BY", "RENEW_PASSED", "RENEWS_ITSELF", "REPORT_DUE",
        "REPORT_PASSED", "DORMANT", "ALIVE", "KEPT",
    },
    "reasons of follow-ups, in test_followups": {"NO_NEXT_STEP", "CONFIRMATION_ASKED"},
    "written where messages fail, in notifications": {"MESSAGE_FAILED"},
    "of the engine itself, in operations": {
        "CHECK_MISSED", "RUN_FAILED", "RUN_STUCK", "NOTHING_RUNS", "REPORTS_MISSING",
        "INBOUND_REFUSED",
    },
    "of handing events to Prefect, in deployments": {"EVENTS_REFUSED"},
    "of the house's own files, in notifications": {"TEMPLATE_BROKEN"},
    "of what is not registered yet, in drafts": {"DRAFT_WAITING"},
    "words without a rule: an expired agreement's promises keep the reason that they had": {"AGREEMENT_EXPIRED"},
}  # fmt: skip


def test_every_state_and_reason_has_its_sentence():
    states = set().union(*(column(test, "state") for test in ASSESSED)) - {None}
    assert states == set(StandingState)
    codes = set().union(*(column(test, "code") for test in ASSESSED)) - {None}
    elsewhere = {ReasonCode[name] for names in ELSEWHERE.values() for name in names}
    assert not codes & elsewhere
    assert codes | elsewhere == set(ReasonCode)


# What holds for all facts.


def assess_all(at: Situation, agreement: Agreement | None = None) -> list[Standing]:
    agreement = agreement or at.agreement
    return [
        *assess_agreement(agreement, at.people, at.policy, at.today),
        *assess_deadlines(agreement, at.policy, at.today),
    ]


@given(situations())
@try_examples(200)
def test_any_facts_can_be_assessed_and_nothing_is_late_before_its_last_day_has_passed(at):
    for standing in assess_all(at):
        numbers = standing.reason.as_json()["numbers"]
        if standing.state in (OVERDUE, UNCONFIRMED) and not standing.is_at_rest:
            assert standing.deadline < at.today
            stated = numbers.get("due") or numbers.get("by") or numbers.get("on")
            if stated is not None:
                assert standing.deadline == parse_date(stated).last
                assert numbers["days"] == (at.today - standing.deadline).days > 0
        if standing.deadline is not None and standing.deadline >= at.today:
            assert standing.state not in (OVERDUE, UNCONFIRMED)


def forget_later(at: Situation) -> Agreement:
    """The agreement as if nothing had happened after the day."""
    today = at.today

    def forget(one: Commitment) -> Commitment:
        decided = one.state_on is None or one.state_on.first <= today
        return replace(
            one,
            state=one.state if decided else CommitmentState.ACTIVE,
            state_on=one.state_on if decided else None,
            activities=tuple(known for known in one.activities if known.held_on.first <= today),
            measurements=tuple(known for known in one.measurements if known.measured_on.first <= today),
            reports=tuple(known for known in one.reports if known.reported_on <= today),
            asked=tuple(known for known in one.asked if known.asked_on <= today),
            milestones=tuple(
                replace(known, met_on=None, state=MilestoneState.SCHEDULED)
                if known.met_on is not None and known.met_on.first > today
                else known
                for known in one.milestones
            ),
        )

    agreement = at.agreement
    return replace(
        agreement,
        commitments=tuple(map(forget, agreement.commitments)),
        ended=agreement.ended if is_ended(agreement, today) else None,
        other_activities=tuple(known for known in agreement.other_activities if known.held_on.first <= today),
    )


@given(situations())
@try_examples(200)
def test_what_happens_later_changes_nothing_today(at):
    before = forget_later(at)
    assert assess_all(at) == assess_all(at, before)
    for one, other in zip(at.agreement.commitments, before.commitments, strict=True):
        known, forgotten = (is_stepless(at.agreement, each, at.policy, at.today) for each in (one, other))
        assert known == forgotten


@given(DAYS, st.sampled_from((4, 7, 10)), st.sampled_from(ZONES), st.integers(-30 * 60, 30 * 60))
@try_examples(200)
def test_in_no_zone_is_a_promise_overdue_while_its_last_day_lasts(on, length, zone, minutes):
    due = parse_date(on.isoformat()[:length])
    midnight = datetime.combine(due.last + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    now = (midnight.astimezone(ZoneInfo("UTC")) + timedelta(minutes=minutes)).astimezone(ZoneInfo("UTC"))
    (standing,) = assess(promise(due=str(due)), today_in(zone, now).isoformat())
    assert (standing.state is OVERDUE) == (minutes >= 0)


@pytest.mark.parametrize("month", range(1, 13))
def test_each_month_lasts_to_its_last_day(month):
    due = parse_date(f"2024-{month:02d}")
    assert assess(promise(due=str(due)), due.last.isoformat())[0].state is DUE_SOON
    assert assess(promise(due=str(due)), (due.last + timedelta(days=1)).isoformat())[0].state is OVERDUE


@table(
    ("a year after this one lies ahead",
     pact(yearly(months=(1,)), expires="2028-03-31"), "2026-03-02", ["2027"]),
    ("the year in which its agreement ends still does",
     pact(yearly(months=(1,)), expires="2027-01-31"), "2026-03-02", ["2027"]),
    ("a year after its agreement's end does not",
     pact(yearly(months=(1,)), expires="2026-12-31"), "2026-03-02", []),
    ("nothing lies ahead of an agreement that has expired",
     pact(yearly(months=(1,)), expires="2025-12-31"), "2026-03-02", []),
)  # fmt: skip
def test_the_next_period_lies_within_the_agreements_time(facts, on, ahead):
    assert [one.matter.part for one in assess_next_periods(facts, Policy(), day(on))] == ahead
