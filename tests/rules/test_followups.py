"""Which follow-ups should be open, for whom, and each exactly once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given

from commitments.assessment import assess_agreement, is_ended, is_expired
from commitments.deadlines import assess_deadlines
from commitments.facts import Agreement, AskedConfirmation, Commitment, PartyPlace, Person, Report, WantedFollowUp
from commitments.followups import find_coordinator, find_stand_in, group_people, want_followups
from commitments.policy import Policy
from commitments.recurrence import Recurrence
from commitments.vocabulary import (
    OPERATOR_KINDS,
    Channel,
    CommitmentKind,
    CommitmentState,
    ContactRole,
    Every,
    FollowUpKind,
    Owed,
    PartyRole,
    ReasonCode,
    RenewalRule,
)
from tests.effort import try_examples
from tests.rules.cases import (
    ANN,
    CAT,
    HANGZHOU,
    HE,
    LEEDS,
    LI,
    NAMES,
    NETWORK,
    STAFF,
    Situation,
    by_id,
    column,
    day,
    owner,
    pact,
    person,
    promise,
    situations,
    step,
    table,
)
from tests.rules.test_assessment import ASSESSED, ELSEWHERE
from tests.rules.test_deadlines import test_a_date_of_the_agreement_stands as dated

POLICY = Policy()
OPEN = CommitmentKind.OPEN_ENDED
OVERDUE, BEHIND, SILENT = FollowUpKind.OVERDUE, FollowUpKind.BEHIND, FollowUpKind.SILENT
UNCONFIRMED, UNOWNED, STEPLESS = FollowUpKind.UNCONFIRMED, FollowUpKind.UNOWNED, FollowUpKind.NEXT_STEP_MISSING
REPORT, NOTICE, RENEWAL = FollowUpKind.REPORT_DUE, FollowUpKind.NOTICE_DEADLINE, FollowUpKind.RENEWAL_DUE
EXPIRED, DORMANT, ASKED = FollowUpKind.EXPIRED, FollowUpKind.DORMANT, FollowUpKind.CONFIRMATION_ASKED
BOTH = (owner(LEEDS, ANN.id), owner(HANGZHOU, LI.id))
YEARLY = Recurrence(Every.YEAR)
UCCN = {"designated": "2014-12", "reporting_cycle_years": 4, "submitted": (2018, 2022)}


def want(
    facts: Commitment | Agreement, on: str, people: Mapping[int, Person] = STAFF, policy: Policy = POLICY
) -> list[WantedFollowUp]:
    agreement = facts if isinstance(facts, Agreement) else pact(facts)
    today = day(on)
    standings = [*assess_agreement(agreement, people, policy, today), *assess_deadlines(agreement, policy, today)]
    coordinators = group_people(people.values(), ContactRole.COORDINATOR)
    return list(want_followups(agreement, standings, people, coordinators, policy, today))


def places(**roles: PartyRole) -> tuple[PartyPlace, ...]:
    ids = {"leeds": LEEDS, "hangzhou": HANGZHOU, "network": NETWORK}
    return tuple(PartyPlace(ids[name], name, role) for name, role in roles.items())


PARTY, MEMBER = PartyRole.PARTY, PartyRole.MEMBER


@table(
    ("an overdue promise is its owner's",
     promise(due="2025"), "2026-03-02", [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE)]),
    ("on its last day a promise is nobody's follow-up", promise(due="2025"), "2025-12-31", []),
    ("a promise that is on track or due soon is none", promise(due="2026-03-03"), "2026-03-02", []),
    ("an overdue joint promise is each side's own owner's",
     promise(due="2025", owners=BOTH), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE), (OVERDUE, "hangzhou", LI, "2025", ReasonCode.PAST_DUE)]),
    ("one side's answer quiets that side alone",
     promise(due="2025", owners=BOTH, reports=[(LEEDS, "2026-03-02")]), "2026-03-02",
     [(OVERDUE, "hangzhou", LI, "2025", ReasonCode.PAST_DUE)]),
    ("an answered matter goes quiet at once", promise(due="2025", reports=[(LEEDS, "2026-03-02")]), "2026-03-02", []),
    ("an answer holds for thirty days", promise(due="2025", reports=[(LEEDS, "2026-02-01")]), "2026-03-02", []),
    ("then it is asked again, under the same cause",
     promise(due="2025", reports=[(LEEDS, "2026-01-31")]), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE)]),
    ("an answer of tomorrow quiets nothing today",
     promise(due="2025", reports=[(LEEDS, "2026-03-03")]), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE)]),
    ("who has done its own part of what each owes is not asked again, the others are",
     promise(due="2025", owed=Owed.EACH, owners=BOTH, reports=[(LEEDS, "2025-06-01", "r1", True)]), "2026-03-02",
     [(OVERDUE, "hangzhou", LI, "2025", ReasonCode.PAST_DUE)]),
    ("nor for news of it",
     pact(promise(OPEN, owed=Owed.EACH, owners=BOTH, reports=[(LEEDS, "2022-06-01", "r1", True)]),
          other_activities=["2026-01"]), "2026-03-02",
     [(SILENT, "hangzhou", LI, "2022-06-01", ReasonCode.SILENT_SINCE)]),
    ("nor for an owner of it",
     promise(due="2027", owed=Owed.EACH, owners=(owner(LEEDS, None), owner(HANGZHOU, LI.id)),
             reports=[(LEEDS, "2025-06-01", "r1", True)]), "2026-03-02", []),
    ("who only said how it goes is",
     promise(due="2025", owed=Owed.EACH, owners=BOTH, reports=[(LEEDS, "2025-06-01", "r1", False)]), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE), (OVERDUE, "hangzhou", LI, "2025", ReasonCode.PAST_DUE)]),
    ("whose report of it was sent back is",
     promise(due="2025", owed=Owed.EACH, owners=BOTH, reports=[(LEEDS, "2025-06-01", "r1", True)],
             asked=(AskedConfirmation(HANGZHOU, "r1", day("2025-06-01"), day("2025-06-09"), True),)), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE), (OVERDUE, "hangzhou", LI, "2025", ReasonCode.PAST_DUE)]),
    ("who will say so tomorrow is",
     promise(due="2025", owed=Owed.EACH, owners=BOTH, reports=[(LEEDS, "2026-03-03", "r1", True)]), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE), (OVERDUE, "hangzhou", LI, "2025", ReasonCode.PAST_DUE)]),
    ("where all have said so and it was opened again all are",
     promise(due="2025", owed=Owed.EACH, owners=BOTH,
             reports=[(LEEDS, "2025-06-01", "r1", True), (HANGZHOU, "2025-07-01", "r2", True)]), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE), (OVERDUE, "hangzhou", LI, "2025", ReasonCode.PAST_DUE)]),
    ("of what is owed jointly nobody has a part of its own",
     promise(due="2025", owners=BOTH, reports=[(LEEDS, "2025-06-01", "r1", True)]), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE), (OVERDUE, "hangzhou", LI, "2025", ReasonCode.PAST_DUE)]),
    ("a year behind is asked for once, as that year",
     promise(CommitmentKind.RECURRING, recurrence=replace(YEARLY, count=4), registered_on="2026-01-01"), "2026-07-02",
     [(BEHIND, "leeds", ANN, "2026", ReasonCode.PERIOD_BEHIND)]),
    ("a missed year is asked for once, as that year",
     promise(CommitmentKind.RECURRING, recurrence=YEARLY), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PERIOD_MISSED)]),
    ("last year missed and this year behind are two matters",
     promise(CommitmentKind.RECURRING, recurrence=replace(YEARLY, count=2)), "2026-12-31",
     [(BEHIND, "leeds", ANN, "2026", ReasonCode.PERIOD_BEHIND),
      (OVERDUE, "leeds", ANN, "2025", ReasonCode.PERIOD_MISSED)]),
    ("a yearly meeting is nobody's follow-up while the last day of its year lasts",
     promise(CommitmentKind.RECURRING, recurrence=YEARLY, registered_on="2026-01-01"), "2026-12-31", []),
    ("a silent promise is each side's, for that spell of silence",
     promise(OPEN, owners=BOTH, activities=["2018-09"], milestones=(step("2027"),)), "2019-10-02",
     [(SILENT, "leeds", ANN, "2018-09", ReasonCode.SILENT_SINCE),
      (SILENT, "hangzhou", LI, "2018-09", ReasonCode.SILENT_SINCE)]),
    ("a promise of which nothing is known is silent",
     promise(OPEN), "2026-03-02", [(SILENT, "leeds", ANN, "unknown", ReasonCode.NOTHING_KNOWN)]),
    ("a recurring promise whose year is over before it was known and that is silent is asked about",
     promise(CommitmentKind.RECURRING, recurrence=replace(YEARLY, months=(1,)), registered_on="2026-02-15"),
     "2026-03-02", [(SILENT, "leeds", ANN, "unknown", ReasonCode.NOTHING_KNOWN)]),
    ("a plan past its day is to be confirmed",
     promise(CommitmentKind.PLANNED, confirm_by="2026-02"), "2026-03-02",
     [(UNCONFIRMED, "leeds", ANN, "2026-02", ReasonCode.CONFIRM_PASSED)]),
    ("a promise without an owner is its side's coordinator's",
     promise(due="2027", owners=(owner(LEEDS, None),)), "2026-03-02",
     [(UNOWNED, "leeds", CAT, "none", ReasonCode.NO_OWNER)]),
    ("a joint promise without one side's owner is that side's coordinator's",
     promise(due="2027", owners=(owner(LEEDS, ANN.id), owner(HANGZHOU, None))), "2026-03-02",
     [(UNOWNED, "hangzhou", HE, "none", ReasonCode.NO_OWNER)]),
    ("an overdue promise without an owner is the coordinator's twice: to do, and to give to somebody",
     promise(due="2025", owners=(owner(LEEDS, None),)), "2026-03-02",
     [(OVERDUE, "leeds", CAT, "2025", ReasonCode.PAST_DUE), (UNOWNED, "leeds", CAT, "none", ReasonCode.NO_OWNER)]),
    ("an open-ended promise without a next step is its owner's",
     promise(OPEN, activities=["2025-11-02"]), "2026-03-02",
     [(STEPLESS, "leeds", ANN, "2025-11-02", ReasonCode.NO_NEXT_STEP)]),
    ("without an owner the coordinator is asked for the next step, and for an owner",
     promise(OPEN, activities=["2025-11-02"], owners=(owner(LEEDS, None),)), "2026-03-02",
     [(UNOWNED, "leeds", CAT, "none", ReasonCode.NO_OWNER),
      (STEPLESS, "leeds", CAT, "2025-11-02", ReasonCode.NO_NEXT_STEP)]),
    ("a promise that is silent is not asked for a next step as well",
     promise(OPEN, activities=["2025-01"]), "2026-03-02",
     [(SILENT, "leeds", ANN, "2025-01", ReasonCode.SILENT_SINCE)]),
    ("a promise on hold wants nothing, not even an owner",
     promise(OPEN, state=CommitmentState.ON_HOLD, owners=(owner(LEEDS, None),)), "2026-03-02", []),
    ("a settled promise wants nothing", promise(due="2025", state=CommitmentState.FULFILLED), "2026-03-02", []),
    ("a settled promise may still be confirmed",
     promise(state=CommitmentState.FULFILLED, asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-02")),)),
     "2026-03-02", [(ASKED, "hangzhou", HE, "r1", ReasonCode.CONFIRMATION_ASKED)]),
    ("what is asked tomorrow is not wanted today",
     promise(due="2027", asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-03")),)), "2026-03-02", []),
    ("what is answered tomorrow is still asked today",
     promise(due="2027", asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-01"), day("2026-03-03")),)),
     "2026-03-02", [(ASKED, "hangzhou", HE, "r1", ReasonCode.CONFIRMATION_ASKED)]),
    ("what is answered today is asked no more",
     promise(due="2027", asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-01"), day("2026-03-02")),)),
     "2026-03-02", []),
    ("what was sent back is no answer, and is asked again at once",
     promise(due="2025", reports=[(LEEDS, "2026-03-01", "r1")],
             asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-01"), day("2026-03-02"), is_returned=True),)),
     "2026-03-02", [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE)]),
    ("what was said before it was sent back quiets no more",
     promise(due="2025", reports=[(LEEDS, f"2026-02-{turn}", f"r{turn}") for turn in (20, 25, 26)],
             asked=(AskedConfirmation(HANGZHOU, "r25", day("2026-02-25"), day("2026-03-01"), is_returned=True),)),
     "2026-03-02", [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE)]),
    ("what was said before and sent back on one day quiets no more",
     promise(due="2025", reports=[(LEEDS, "2026-03-02", "r0"), (LEEDS, "2026-03-02", "r1")],
             asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-02"), day("2026-03-02"), is_returned=True),)),
     "2026-03-02", [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE)]),
    ("what is said anew after it was sent back is an answer, also on the same day",
     promise(due="2025", reports=[(LEEDS, "2026-03-01", "r1"), (LEEDS, "2026-03-02", "r2")],
             asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-01"), day("2026-03-02"), is_returned=True),)),
     "2026-03-02", []),
    ("what is sent back of one side leaves the other's answer be",
     promise(due="2025", owners=BOTH,
             reports=[(HANGZHOU, "2026-02-20", "r0"), (LEEDS, "2026-03-01", "r1")],
             asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-01"), day("2026-03-02"), is_returned=True),)),
     "2026-03-02", [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE)]),
    ("a report that was sent back is no sign of life",
     promise(OPEN, activities=["2025-01"], reports=[(LEEDS, "2026-03-01", "r1")],
             asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-01"), day("2026-03-02"), is_returned=True),)),
     "2026-03-02", [(SILENT, "leeds", ANN, "2025-01", ReasonCode.SILENT_SINCE)]),
    ("what was confirmed is an answer",
     promise(due="2025", reports=[(LEEDS, "2026-03-01", "r1")],
             asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-01"), day("2026-03-02")),)), "2026-03-02", []),
    ("what is sent back tomorrow is an answer today",
     promise(due="2025", reports=[(LEEDS, "2026-03-01", "r1")],
             asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-01"), day("2026-03-03"), is_returned=True),)),
     "2026-03-02", [(ASKED, "hangzhou", HE, "r1", ReasonCode.CONFIRMATION_ASKED)]),
    ("each report is confirmed by itself",
     promise(due="2027", asked=tuple(AskedConfirmation(HANGZHOU, one, day("2026-03-02")) for one in ("r1", "r2"))),
     "2026-03-02", [(ASKED, "hangzhou", HE, "r1", ReasonCode.CONFIRMATION_ASKED),
                    (ASKED, "hangzhou", HE, "r2", ReasonCode.CONFIRMATION_ASKED)]),
    ("a promise that has not begun wants an owner only",
     promise(due="2025", period_from="2027", owners=(owner(LEEDS, None),)), "2026-03-02",
     [(UNOWNED, "leeds", CAT, "none", ReasonCode.NO_OWNER)]),
    ("a milestone of one party is that party's alone",
     promise(due="2027", owners=BOTH, milestones=(step("2025", party=HANGZHOU),)), "2026-03-02",
     [(OVERDUE, "hangzhou", LI, "2025", ReasonCode.PAST_DUE)]),
    ("a milestone of nobody in particular is all owners'",
     promise(due="2027", owners=BOTH, milestones=(step("2025"),)), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE), (OVERDUE, "hangzhou", LI, "2025", ReasonCode.PAST_DUE)]),
    ("a milestone of a party that owes nothing is the owners'",
     promise(due="2027", milestones=(step("2025", party=HANGZHOU),)), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PAST_DUE)]),
    ("a milestone that is called like a year is another matter and leaves the year itself to all owners",
     promise(CommitmentKind.RECURRING, recurrence=YEARLY, owners=BOTH,
             milestones=(replace(step("2027", party=HANGZHOU), reference="2025"),)), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2025", ReasonCode.PERIOD_MISSED),
      (OVERDUE, "hangzhou", LI, "2025", ReasonCode.PERIOD_MISSED)]),
    # the agreement's own
    ("an agreement that expires soon is told by reminders, not by follow-ups",
     pact(expires="2026-03-03"), "2026-03-02", []),
    ("an expired agreement is every side's coordinator's, and its promises go quiet",
     pact(promise(due="2020"), promise(OPEN, owners=(owner(LEEDS, None),)), expires="2025", renew_by="2024", **UCCN),
     "2026-03-02",
     [(EXPIRED, "leeds", CAT, "2025", ReasonCode.EXPIRED), (EXPIRED, "hangzhou", HE, "2025", ReasonCode.EXPIRED)]),
    ("an agreement that ended wants nothing",
     pact(promise(due="2020", asked=(AskedConfirmation(HANGZHOU, "r1", day("2020-01-01")),)),
          expires="2025", ended="2026", **UCCN), "2026-03-02", []),
    ("an agreement that renews itself keeps its promises awake",
     pact(promise(due="2020"), expires="2025", renewal_rule=RenewalRule.AUTOMATIC), "2026-03-02",
     [(OVERDUE, "leeds", ANN, "2020", ReasonCode.PAST_DUE)]),
    ("a notice deadline that is near is every side's coordinator's",
     pact(expires="2026-12-31", notice_months=6), "2026-04-01",
     [(NOTICE, "leeds", CAT, "2026-06-30", ReasonCode.NOTICE_BY),
      (NOTICE, "hangzhou", HE, "2026-06-30", ReasonCode.NOTICE_BY)]),
    ("a notice deadline that has passed is nobody's", pact(expires="2026-12-31", notice_months=6), "2026-07-01", []),
    ("a renewal that is near is every side's",
     pact(renew_by="2026-05", parties=places(leeds=PARTY)), "2026-04-01",
     [(RENEWAL, "leeds", CAT, "2026-05", ReasonCode.RENEW_BY)]),
    ("a renewal not decided in time stays the same follow-up",
     pact(renew_by="2026-05", parties=places(leeds=PARTY)), "2026-06-01",
     [(RENEWAL, "leeds", CAT, "2026-05", ReasonCode.RENEW_PASSED)]),
    ("a report is the member's, not the network's",
     pact(parties=places(network=PartyRole.SECRETARIAT, hangzhou=MEMBER, leeds=PARTY), other_activities=["2026-06"],
          **UCCN), "2026-07-04", [(REPORT, "hangzhou", HE, "2026", ReasonCode.REPORT_DUE)]),
    ("where no party is called a member the report is every party's",
     pact(other_activities=["2026-06"], **UCCN), "2026-07-04",
     [(REPORT, "leeds", CAT, "2026", ReasonCode.REPORT_DUE), (REPORT, "hangzhou", HE, "2026", ReasonCode.REPORT_DUE)]),
    ("a report not submitted stays the same follow-up",
     pact(parties=places(hangzhou=MEMBER), other_activities=["2026-06"], **UCCN), "2027-01-01",
     [(REPORT, "hangzhou", HE, "2026", ReasonCode.REPORT_PASSED)]),
    ("a dormant agreement is every side's coordinator's",
     pact(effective="2018-09"), "2026-03-02",
     [(DORMANT, "leeds", CAT, "2018-09", ReasonCode.DORMANT),
      (DORMANT, "hangzhou", HE, "2018-09", ReasonCode.DORMANT)]),
    ("a dormant membership is asked about on both sides, of members and of parties",
     pact(effective="2018-09", parties=places(hangzhou=MEMBER, leeds=PARTY)), "2026-03-02",
     [(DORMANT, "hangzhou", HE, "2018-09", ReasonCode.DORMANT),
      (DORMANT, "leeds", CAT, "2018-09", ReasonCode.DORMANT)]),
    ("witnesses are asked for nothing",
     pact(effective="2018-09", parties=places(hangzhou=PartyRole.WITNESS, leeds=PARTY)), "2026-03-02",
     [(DORMANT, "leeds", CAT, "2018-09", ReasonCode.DORMANT)]),
    ("a side without a coordinator is not asked where the other has one",
     pact(effective="2018-09", parties=places(network=PARTY, leeds=PARTY)), "2026-03-02",
     [(DORMANT, "leeds", CAT, "2018-09", ReasonCode.DORMANT)]),
    ("where no side has a coordinator it is opened once, for nobody yet",
     pact(effective="2018-09", parties=places(network=PARTY)), "2026-03-02",
     [(DORMANT, "network", None, "2018-09", ReasonCode.DORMANT)]),
    ("the owner of a side without a coordinator is replaced by the other side's coordinator",
     pact(promise(due="2025", owners=(owner(NETWORK, None),)), parties=places(network=PARTY, hangzhou=PARTY)),
     "2026-03-02",
     [(OVERDUE, "network", HE, "2025", ReasonCode.PAST_DUE), (UNOWNED, "network", HE, "none", ReasonCode.NO_OWNER)]),
)  # fmt: skip
def test_what_should_be_open(facts, on, wanted):
    found = [
        (one.kind, NAMES[one.party_id], STAFF.get(one.assignee_id), one.period, one.reason.code)
        for one in want(facts, on)
    ]
    assert found == wanted


def kinds_of(followups: list[WantedFollowUp]) -> list[tuple[Any, ...]]:
    return [(one.kind, one.assignee_id, one.period) for one in followups]


def test_when_a_contact_leaves_midway_the_coordinator_takes_over_and_is_told_so():
    people = by_id(person(1, LEEDS, valid_to="2026-03"), CAT)
    facts = promise(due="2026-03-15")
    assert kinds_of(want(facts, "2026-03-31", people)) == [(OVERDUE, ANN.id, "2026-03-15")]
    assert kinds_of(want(facts, "2026-04-01", people)) == [
        (OVERDUE, CAT.id, "2026-03-15"),
        (UNOWNED, CAT.id, "2026-03"),
    ]
    before, after = (want(facts, on, people)[0].key for on in ("2026-03-31", "2026-04-01"))
    assert before == after, "it is the same follow-up, passed on"


def test_the_next_contact_who_leaves_is_another_matter():
    first = by_id(person(1, LEEDS, valid_to="2025"), CAT)
    second = by_id(person(1, LEEDS, valid_to="2026-02"), CAT)
    keys = {want(promise(due="2027"), "2026-03-02", people)[0].key for people in (first, second)}
    assert len(keys) == 2


def test_an_amended_due_date_gives_a_fresh_key():
    before, after = (want(promise(due=due), "2026-03-02")[0].key for due in ("2025", "2026-02"))
    assert before == "overdue:leeds-hangzhou/library-link@leeds:2025"
    assert after == "overdue:leeds-hangzhou/library-link@leeds:2026-02"


def test_who_answered_of_late_is_not_asked_for_a_next_step_either():
    facts = promise(OPEN, owners=BOTH, reports=[(LEEDS, "2026-02-10")], registered_on="2026-01-01")
    found = want(facts, "2026-03-02", policy=Policy(next_step_days=20))
    assert kinds_of(found) == [(STEPLESS, LI.id, "2026-02-10")]


def test_a_new_period_gives_a_fresh_key():
    facts = promise(CommitmentKind.RECURRING, recurrence=replace(YEARLY, count=4), activities=["2025"] * 4)
    before, after = (want(facts, on)[0].key for on in ("2026-07-02", "2027-07-02"))
    assert before == "behind:leeds-hangzhou/library-link#2026@leeds:2026"
    assert after == "behind:leeds-hangzhou/library-link#2027@leeds:2027"


def test_news_end_one_silence_and_the_next_is_another():
    silent = promise(OPEN, activities=["2018"])
    woken = promise(OPEN, activities=["2018", "2021-05"])
    assert [one.kind for one in want(woken, "2021-06-01")] == []
    assert want(silent, "2026-03-02")[0].key != want(woken, "2026-03-02")[0].key


def test_a_notice_deadline_of_the_next_term_is_another_matter():
    facts = pact(expires="2025-12-31", renewal_rule=RenewalRule.AUTOMATIC, notice_months=3)
    keys = [want(facts, on)[0].key for on in ("2025-09-01", "2026-09-01")]
    assert keys == ["notice_deadline:leeds-hangzhou:notice@leeds:2025-09-30",
                    "notice_deadline:leeds-hangzhou:notice@leeds:2026-09-30"]  # fmt: skip


def test_a_confirmation_is_asked_of_the_side_s_owner_where_it_has_no_coordinator_and_of_nobody_else():
    asked = (AskedConfirmation(HANGZHOU, "r1", day("2026-03-02")),)
    facts = promise(state=CommitmentState.FULFILLED, owners=BOTH, asked=asked)
    (one,) = want(facts, "2026-03-02", by_id(ANN, LI, CAT))
    assert one.assignee_id == LI.id
    assert want(facts, "2026-03-02", by_id(ANN, CAT)) == [], "no one of the other side confirms in its place"


def test_a_confirmation_is_asked_under_the_name_of_the_party_that_is_to_give_it():
    (one,) = want(promise(due="2027", asked=(AskedConfirmation(HANGZHOU, "r1", day("2026-03-02")),)), "2026-03-02")
    assert one.key == "confirmation_asked:leeds-hangzhou/library-link@hangzhou:r1"


def test_an_owner_to_come_leaves_the_promise_unowned_for_no_stated_cause():
    people = by_id(person(1, LEEDS, valid_from="2027"), CAT)
    assert kinds_of(want(promise(due="2027"), "2026-03-02", people)) == [(UNOWNED, CAT.id, "none")]


def test_where_neither_side_has_a_coordinator_one_follow_up_is_opened_for_nobody_yet():
    found = want(pact(effective="2018-09"), "2026-03-02", people={})
    assert [(one.kind, one.party_id, one.assignee_id) for one in found] == [(DORMANT, LEEDS, None)]


def test_a_promise_that_was_not_assessed_wants_nothing():
    facts = pact(promise(due="2027", owners=(owner(LEEDS, None),)))
    assert not list(want_followups(facts, [], STAFF, {}, POLICY, day("2026-03-02")))


def test_every_wanted_follow_up_carries_its_matter_and_party():
    (one,) = want(promise(due="2027", milestones=(step("2025"),)), "2026-03-02")
    assert one.matter.reference == "leeds-hangzhou/library-link#opening"
    assert (one.matter.commitment_id, one.party_id) == (100, LEEDS)
    assert one.key == "overdue:leeds-hangzhou/library-link#opening@leeds:2025"


def test_people_of_a_role_come_by_party_in_order_of_their_references():
    zoe, amy = (person(at, LEEDS, ContactRole.LEADER, reference=name) for at, name in ((21, "zoe"), (22, "amy")))
    found = group_people([zoe, ANN, amy, person(23, HANGZHOU, ContactRole.LEADER)], ContactRole.LEADER)
    assert [one.id for one in found[LEEDS]] == [22, 21]
    assert [one.id for one in found[HANGZHOU]] == [23]


GONE = person(13, LEEDS, ContactRole.COORDINATOR, reference="a-gone", valid_to="2025")


@table(
    ("the party's own coordinator comes first", HANGZHOU, [CAT, HE], HE),
    ("one who has left is passed over", LEEDS, [GONE, CAT], CAT),
    ("where the party has none another party's steps in", LEEDS, [GONE, HE], HE),
    ("where it is nobody's the first party's does", None, [CAT, HE], CAT),
    ("where nobody is in office there is none", LEEDS, [GONE], None),
)
def test_the_coordinator(party, staff, found):
    coordinators = group_people(staff, ContactRole.COORDINATOR)
    assert find_coordinator(party, pact(), coordinators, day("2026-03-02")) == found


MAIL = ((Channel.MAIL, "somebody@city.example"),)
DEAF, HEARS = replace(CAT, id=31, reference="a-deaf"), replace(CAT, id=32, reference="b-hears", ways=MAIL)
OWNER, OTHER = replace(ANN, ways=MAIL), replace(ANN, id=33, reference="bo", ways=MAIL)


@table(
    ("who can be reached is written to themselves", OWNER, [DEAF, HEARS], True, OWNER),
    ("the first coordinator whom a channel reaches stands in", ANN, [DEAF, HEARS], False, HEARS),
    ("and speaks where nobody answers for it", None, [DEAF, HEARS], False, HEARS),
    ("one who has left does not, though mail would reach them", ANN, [DEAF, replace(HEARS, valid_to=GONE.valid_to)],
     False, ANN),
    ("what is always sent reaches another of that party", DEAF, [DEAF, OTHER], True, OTHER),
    ("an owner before a leader", DEAF, [DEAF, OTHER, replace(OTHER, id=34, reference="a", role=ContactRole.LEADER)],
     True, OTHER),
    ("anything else does not", DEAF, [DEAF, OTHER], False, DEAF),
    ("where nobody can be reached it stays with who is asked", ANN, [DEAF], True, ANN),
)  # fmt: skip
def test_who_stands_in_for_somebody_who_cannot_be_reached(asked, staff, anybody, found):
    coordinators = group_people(staff, ContactRole.COORDINATOR)
    told = find_stand_in(asked, LEEDS, pact(), by_id(*staff), coordinators, day("2026-03-02"), anybody=anybody)
    assert told == found


PARTNER = replace(HE, ways=MAIL)


@table(
    ("of a party that nobody can reach the other side's coordinator hears", ANN, [DEAF, PARTNER], PARTNER),
    ("not while somebody of the party can be reached", ANN, [DEAF, OTHER, PARTNER], ANN),
    ("nor from a coordinator who cannot be reached either", ANN, [DEAF, HE], ANN),
)
def test_a_party_that_nobody_can_reach_does_not_end_in_silence(asked, staff, found):
    coordinators = group_people(staff, ContactRole.COORDINATOR)
    told = find_stand_in(asked, LEEDS, pact(), by_id(*staff), coordinators, day("2026-03-02"), others=True)
    assert told == found


def test_every_kind_and_reason_has_its_sentence():
    rows = [one for mark in test_what_should_be_open.pytestmark for row in mark.args[1] for one in row.values[2]]
    # What a failed message opens is opened where it fails, in notifications; what the operator is asked, in operations.
    elsewhere = {FollowUpKind.MESSAGE_FAILED, FollowUpKind.DRAFT_WAITING} | OPERATOR_KINDS
    assert {kind for kind, *_ in rows} == set(FollowUpKind) - elsewhere
    told = {code for *_, code in rows}
    told |= set().union(*(column(test, "code") for test in (*ASSESSED, dated))) - {None}
    nowhere = {ReasonCode[name] for why, names in ELSEWHERE.items() if "test_" not in why for name in names}
    assert told | nowhere == set(ReasonCode)
    assert not told & nowhere


# What holds for all facts.


def want_at(at: Situation, agreement: Agreement | None = None) -> list[WantedFollowUp]:
    agreement = agreement or at.agreement
    standings = [
        *assess_agreement(agreement, at.people, at.policy, at.today),
        *assess_deadlines(agreement, at.policy, at.today),
    ]
    return list(want_followups(agreement, standings, at.people, at.coordinators, at.policy, at.today))


@given(situations())
@try_examples(200)
def test_from_any_facts_each_matter_wants_one_follow_up_a_party_and_kind(at):
    wanted = want_at(at)
    assert want_at(at) == wanted
    assert max(Counter(one.key for one in wanted).values(), default=1) == 1
    once = [
        (one.kind, one.matter.reference, one.party_id)
        for one in wanted
        if one.kind is not FollowUpKind.CONFIRMATION_ASKED
    ]
    assert max(Counter(once).values(), default=1) == 1
    for one in wanted:
        if one.assignee_id is not None:
            assert at.people[one.assignee_id].is_in_office(at.today)
    if is_ended(at.agreement, at.today):
        assert not wanted
    elif is_expired(at.agreement, at.today):
        assert {one.kind for one in wanted} <= {FollowUpKind.EXPIRED}


@given(situations())
@try_examples(100)
def test_whatever_the_owners_answer_today_they_are_asked_no_more(at):
    answered = replace(
        at.agreement,
        commitments=tuple(
            replace(one, reports=tuple(Report(owing.party_id, at.today) for owing in one.owners))
            for one in at.agreement.commitments
        ),
    )
    asked_of_owners = {OVERDUE, BEHIND, SILENT, UNCONFIRMED, STEPLESS}
    assert not [
        one for one in want_at(at, answered) if one.matter.commitment_id is not None and one.kind in asked_of_owners
    ]
