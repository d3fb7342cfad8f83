"""Who is told, and at which rung."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments.calendar import count_working_days
from commitments.policy import Policy
from commitments.vocabulary import ContactRole, NotificationKind, NotificationState, Rhythm
from notifications.reasons import Why
from notifications.routing import (
    ToldRung,
    climb_ladder,
    find_reached,
    find_reminder_rung,
    find_rest,
    has_told_all,
    is_missed,
    merge_policies,
    name_message,
)
from notifications.standing_in import find_patience, find_unreached
from tests.effort import try_examples
from tests.rules import test_slots as slots
from tests.rules.cases import ANN, CAT, DAYS, HANGZHOU, HE, LEEDS, LI, PLACED, by_id, column, day, person, table

LEADS = Policy().lead_days


@table(
    ("thirty-one days before nobody is reminded", ANN, LEADS, "2026-03-12", "2026-02-09", None, None),
    ("thirty days before is the first rung", ANN, LEADS, "2026-03-12", "2026-02-10", 30, []),
    ("until the next the first stays right", ANN, LEADS, "2026-03-12", "2026-02-25", 30, []),
    ("fourteen days before is the second", ANN, LEADS, "2026-03-12", "2026-02-26", 14, [30]),
    ("seven days before is the third", ANN, LEADS, "2026-03-12", "2026-03-05", 7, [30, 14]),
    ("the day before is the fourth", ANN, LEADS, "2026-03-12", "2026-03-11", 1, [30, 14, 7]),
    ("the day itself is the last", ANN, LEADS, "2026-03-12", "2026-03-12", 0, [30, 14, 7, 1]),
    ("after the day nobody is reminded", ANN, LEADS, "2026-03-12", "2026-03-13", None, None),
    ("after an outage the one rung that is right is told", ANN, LEADS, "2026-03-12", "2026-03-09", 7, [30, 14]),
    ("the day of a date on a Saturday is told on Friday", ANN, LEADS, "2026-03-14", "2026-03-13", 0, [30, 14, 7, 1]),
    ("not on Thursday, when it is the day before's turn", ANN, (1, 0), "2026-03-14", "2026-03-12", None, None),
    ("Easter Monday's date is told on Maundy Thursday in Leeds", ANN, (0,), "2026-04-06", "2026-04-02", 0, []),
    ("Qingming's Monday is told on the Friday before in Hangzhou", LI, (0,), "2026-04-06", "2026-04-03", 0, []),
    ("a date in the Spring Festival is told on the working Saturday before", LI, LEADS, "2026-02-20", "2026-02-14", 0,
     [30, 14, 7, 1]),
    ("on the Friday before that it is a week's turn", LI, LEADS, "2026-02-20", "2026-02-13", 7, [30, 14]),
    ("the same date is told on its day in Leeds", ANN, LEADS, "2026-02-20", "2026-02-20", 0, [30, 14, 7, 1]),
    ("and on the Saturday before it is still a week's turn in Leeds", ANN, LEADS, "2026-02-20", "2026-02-14", 7,
     [30, 14]),
    ("without lead days nobody is reminded", ANN, (), "2026-03-12", "2026-03-12", None, None),
    ("a lead of one rung has no other", ANN, (3,), "2026-03-12", "2026-03-12", 3, []),
    ("a date at the beginning of the calendar can be reminded of", ANN, LEADS, "0001-01-03", "0001-01-03", 0,
     [30, 14, 7, 1]),
)  # fmt: skip
def test_the_reminder_that_is_right(who, leads, deadline, on, right, missed):
    rung = find_reminder_rung(leads, day(deadline), day(on), who)
    assert (rung and rung.right) == right
    assert (list(rung.missed) if rung else None) == missed


@given(PLACED, DAYS, st.sets(st.integers(0, 60), max_size=5))
@try_examples(50)
def test_the_right_rung_only_comes_nearer_and_none_is_told_later_than_its_day(who, deadline, leads):
    before = None
    for days in range(70, -1, -1):
        rung = find_reminder_rung(leads, deadline, deadline - timedelta(days=days), who)
        assert rung is not None or before is None
        if rung is None:
            continue
        assert rung.right in leads and set(rung.missed) <= leads
        assert before is None or (rung.right <= before.right and set(before.missed) <= set(rung.missed))
        assert all(rung.right < missed for missed in rung.missed)
        assert not any(lead >= days and lead < rung.right for lead in leads)
        before = rung
    assert find_reminder_rung(leads, deadline, deadline + timedelta(days=1), who) is None


DEPUTY = person(3, LEEDS)
OWNER = replace(ANN, deputy_id=DEPUTY.id)
MAYOR = person(31, LEEDS, ContactRole.LEADER)
VICE_MAYOR = person(32, HANGZHOU, ContactRole.LEADER)
STEP, SAME, NOBODY = Why.LATER_RUNG, Why.SAME_PERSON, Why.NOBODY_ON_RUNG
PEOPLE = by_id(OWNER, DEPUTY, LI, CAT, HE, MAYOR, VICE_MAYOR)


def told(rung: int, contact_id: int = 1, sent_on: str | None = "2026-03-02") -> ToldRung:
    state = NotificationState.SENT if sent_on else NotificationState.QUEUED
    return ToldRung(rung, contact_id, state, day(sent_on) if sent_on else None)


def passed_over(rung: int) -> ToldRung:
    return ToldRung(rung, 1, None, None)


def lost(contact_id: int = 1, lost_on: str = "2026-03-02") -> ToldRung:
    return ToldRung(0, contact_id, None, None, lost_on=day(lost_on), lost_by=Why.REFUSED)


def climb(so_far, on, assignee=OWNER, coordinator=CAT, leaders=(MAYOR, VICE_MAYOR), people=PEOPLE, **rules):
    return climb_ladder(so_far, assignee, people, coordinator, leaders, Policy(**rules), day(on))


UP_TO_DEPUTY = [told(0), told(1, DEPUTY.id, "2026-03-09")]
UP_TO_COORDINATOR = [*UP_TO_DEPUTY, told(2, CAT.id, "2026-03-16")]


@table(
    ("the owner is told first", [], "2026-03-02", OWNER, (0, [OWNER], [], 0)),
    ("after an outage the owner is told first all the same", [], "2026-06-01", OWNER, (0, [OWNER], [], 0)),
    ("where nobody is in charge nobody is told", [], "2026-03-02", None, None),
    ("where nobody is in charge any more the ladder stands still", [told(0)], "2026-06-01", None, None),
    ("four working days later nobody else is told", [told(0)], "2026-03-06", OWNER, None),
    ("a weekend uses up no step", [told(0)], "2026-03-08", OWNER, None),
    ("five working days later the deputy is told", [told(0)], "2026-03-09", OWNER, (1, [DEPUTY], [], 5)),
    ("each rung is told once", UP_TO_DEPUTY, "2026-03-13", OWNER, None),
    ("ten working days after the first the coordinator is told",
     UP_TO_DEPUTY, "2026-03-16", OWNER, (2, [CAT], [], 10)),
    ("fifteen days after the first both sides' leaders are told",
     UP_TO_COORDINATOR, "2026-03-23", OWNER, (3, [MAYOR, VICE_MAYOR], [], 15)),
    ("there is no rung above the leaders",
     [*UP_TO_COORDINATOR, told(3, MAYOR.id, "2026-03-23")], "2026-12-01", OWNER, None),
    ("missed rungs are passed over for the one that is right",
     [told(0)], "2026-03-24", OWNER, (3, [MAYOR, VICE_MAYOR], [(1, STEP), (2, STEP)], 15)),
    ("who has no deputy has nobody on that rung", [told(0)], "2026-03-09", ANN, (1, [], [(1, NOBODY)], 5)),
    ("who has nobody on that rung is not looked for again", [told(0), passed_over(1)], "2026-03-13", ANN, None),
    ("after a rung without anybody the next comes at its own time",
     [told(0), passed_over(1)], "2026-03-16", ANN, (2, [CAT], [], 10)),
    ("an owner who is the coordinator is not told twice",
     [told(0, CAT.id), passed_over(1)], "2026-03-16", CAT, (2, [], [(2, SAME)], 10)),
    ("a deputy who is the coordinator is not told twice",
     [told(0), told(1, CAT.id, "2026-03-09")], "2026-03-16", replace(ANN, deputy_id=CAT.id), (2, [], [(2, SAME)], 10)),
    ("a leader who was told as deputy is left out",
     [told(0), told(1, MAYOR.id, "2026-03-09"), told(2, CAT.id, "2026-03-16")], "2026-03-23",
     replace(ANN, deputy_id=MAYOR.id), (3, [VICE_MAYOR], [], 15)),
    ("a ladder stands still while its first message waits", [told(0, sent_on=None)], "2026-06-01", OWNER, None),
    ("a ladder stands still while its last message waits",
     [told(0), told(1, DEPUTY.id, None)], "2026-06-01", OWNER, None),
    ("the days count from the day on which the first message went",
     [told(0, sent_on="2026-03-13")], "2026-03-19", OWNER, None),
    ("and the deputy is told five working days after that",
     [told(0, sent_on="2026-03-13")], "2026-03-20", OWNER, (1, [DEPUTY], [], 5)),
    ("the Spring Festival uses up no step in Hangzhou",
     [told(0, LI.id, "2026-02-13")], "2026-02-26", replace(LI, deputy_id=HE.id), None),
    ("the working Saturday before it uses up one",
     [told(0, LI.id, "2026-02-13")], "2026-02-27", replace(LI, deputy_id=HE.id), (1, [HE], [], 5)),
    ("in Leeds the same ladder is there a week sooner",
     [told(0, sent_on="2026-02-13")], "2026-02-20", OWNER, (1, [DEPUTY], [], 5)),
    ("who has unsubscribed was asked nothing, and the ladder stands still",
     [ToldRung(0, 1, None, None, date(2026, 3, 2))], "2026-06-01", OWNER, None),
    ("until who was asked in their place has been silent for five days",
     [ToldRung(0, 1, None, None, date(2026, 3, 2)), told(0, CAT.id)], "2026-03-09", OWNER, (1, [DEPUTY], [], 5)),
    ("what was never told, only passed over, does not climb", [passed_over(0)], "2026-06-01", OWNER, None),
    ("a ladder stands still while all that it told was lost", [lost(), lost()], "2026-06-01", OWNER, None),
    ("also while it is told anew", [lost(), told(0, sent_on=None)], "2026-06-01", OWNER, None),
    ("and counts from the first message that arrived",
     [lost(), told(0, sent_on="2026-03-09")], "2026-03-16", OWNER, (1, [DEPUTY], [], 5)),
    ("a ladder counts from what the coordinator was asked in the owner's place",
     [lost(), told(0, CAT.id, "2026-03-09")], "2026-03-16", OWNER, (1, [DEPUTY], [], 5)),
    ("also while the owner's own message is tried anew",
     [lost(), told(0, CAT.id, "2026-03-09"), told(0, sent_on=None)], "2026-03-16", OWNER, (1, [DEPUTY], [], 5)),
    ("a deputy who was asked in the owner's place is not told that there is no answer",
     [lost(), told(0, DEPUTY.id, "2026-03-09")], "2026-03-16", OWNER, (1, [], [(1, SAME)], 5)),
    ("but the coordinator is", [lost(), told(0, DEPUTY.id, "2026-03-09")], "2026-03-23", OWNER,
     (2, [CAT], [(1, STEP)], 10)),
    ("a ladder that has climbed before its first message came back counts from whom it told then",
     [lost(), told(1, DEPUTY.id, "2026-03-09")], "2026-03-23", OWNER, (2, [CAT], [], 10)),
)  # fmt: skip
def test_the_ladder(so_far, on, assignee, right):
    found = climb(so_far, on, assignee)
    assert (found and (found.rung, list(found.contacts), list(found.passed), found.working_days)) == right


@table(
    ("while a message is tried for fewer days than the deputy waits nobody else is asked", [lost()], "2026-03-06", ()),
    ("after as many nobody waits for it any more", [lost()], "2026-03-09", (1,)),
    ("the first that was lost counts, however often it was told anew", [lost(), lost(1, "2026-03-06")], "2026-03-09",
     (1,)),
    ("also while it is told anew", [lost(), told(0, sent_on=None)], "2026-03-09", (1,)),
    ("who has heard in the end can be reached", [lost(), told(0, sent_on="2026-03-06")], "2026-06-01", ()),
    ("once another was told in their place nobody else is looked for",
     [lost(), told(0, DEPUTY.id, "2026-03-09")], "2026-06-01", ()),
    ("of two who are tried each has their own days",
     [lost(), lost(DEPUTY.id, "2026-03-09")], "2026-03-13", (1,)),
    ("for who has unsubscribed nobody waits", [ToldRung(0, 1, None, None, date(2026, 3, 2))], "2026-03-02", (1,)),
    ("until neither is waited for", [lost(), lost(DEPUTY.id, "2026-03-09")], "2026-03-16", (1, DEPUTY.id)),
)  # fmt: skip
def test_who_cannot_be_reached(so_far, on, unreached):
    assert find_unreached(so_far, PEOPLE, Policy(), day(on)) == set(unreached)


@table(
    ("a house that asks the deputy after two days waits for two", (0, 2), 2),
    ("at least one, where the deputy is told at once", (0, 0), 1),
    ("where nobody but the owner is told, as long as is usual", (0,), 5),
)
def test_how_long_a_person_is_tried(steps, days):
    assert find_patience(Policy(escalation_working_days=steps)) == days


@table(
    ("what is asked for a far date goes no higher than the coordinator", UP_TO_DEPUTY, "2026-05-01", "2026-06-01",
     (2, [CAT], [])),
    ("and rests there", UP_TO_COORDINATOR, "2026-05-01", "2026-06-01", None),
    ("thirty days before that date it goes to the leaders", UP_TO_COORDINATOR, "2026-05-02", "2026-06-01",
     (3, [MAYOR, VICE_MAYOR], [])),
    ("what is asked for a near date climbs as ever", UP_TO_COORDINATOR, "2026-03-23", "2026-04-22",
     (3, [MAYOR, VICE_MAYOR], [])),
    ("a day further away it waits", UP_TO_COORDINATOR, "2026-03-23", "2026-04-23", None),
    ("once the date has passed it climbs", UP_TO_COORDINATOR, "2026-06-02", "2026-06-01",
     (3, [MAYOR, VICE_MAYOR], [])),
    ("at the end of the calendar nothing is near", UP_TO_COORDINATOR, "2026-06-02", "9999-12-31", None),
)  # fmt: skip
def test_the_ladder_towards_a_date_ahead(so_far, on, ahead, right):
    found = climb_ladder(so_far, OWNER, PEOPLE, CAT, (MAYOR, VICE_MAYOR), Policy(), day(on), day(ahead))
    assert (found and (found.rung, list(found.contacts), list(found.passed))) == right


@table(
    ("of nothing told the ladder has all before it", [], (0, 5, 10, 15), False),
    ("once the coordinator was told the leaders are left", UP_TO_COORDINATOR, (0, 5, 10, 15), False),
    ("once the leaders were told there is nobody left", [*UP_TO_COORDINATOR, told(3)], (0, 5, 10, 15), True),
    ("a house of three steps ends with the coordinator", UP_TO_COORDINATOR, (0, 5, 10), True),
)
def test_a_ladder_that_has_told_all_tells_nobody(so_far, steps, is_all):
    assert has_told_all(so_far, Policy(escalation_working_days=steps)) is is_all
    later = climb(so_far, "2027-06-01", escalation_working_days=steps)
    assert (later is None) is is_all


@pytest.mark.parametrize("state", [one for one in NotificationState if one is not NotificationState.SENT])
def test_a_ladder_stands_still_while_a_message_is_not_sent(state):
    assert climb([told(0), ToldRung(1, DEPUTY.id, state, day("2026-03-09"))], "2026-06-01") is None


def test_who_is_no_longer_in_office_is_not_told():
    gone = replace(DEPUTY, valid_to=person(valid_to="2026-02").valid_to)
    found = climb([told(0)], "2026-03-09", people=PEOPLE | by_id(gone))
    assert (found.contacts, found.passed) == ((), ((1, NOBODY),))
    found = climb(UP_TO_COORDINATOR, "2026-03-23", leaders=(replace(MAYOR, valid_to=gone.valid_to), VICE_MAYOR))
    assert found.contacts == (VICE_MAYOR,)


def test_without_a_coordinator_and_leaders_the_rungs_are_passed_over_with_the_reason():
    assert climb(UP_TO_DEPUTY, "2026-03-16", coordinator=None).passed == ((2, NOBODY),)
    assert climb(UP_TO_COORDINATOR, "2026-03-23", leaders=()).passed == ((3, NOBODY),)


def test_a_house_may_have_a_shorter_ladder():
    assert climb([told(0)], "2026-03-04", escalation_working_days=(0, 3)) is None
    assert climb([told(0)], "2026-03-05", escalation_working_days=(0, 3)).contacts == (DEPUTY,)
    assert climb([told(0), told(1, DEPUTY.id)], "2026-06-01", escalation_working_days=(0, 3)) is None


@given(
    DAYS,
    st.lists(st.integers(1, 25), min_size=3, max_size=3, unique=True).map(sorted),
    st.sets(st.integers(0, 40), max_size=30),
    st.sampled_from((None, 3, 11, 31)),
)
@try_examples(60)
def test_whatever_days_are_missed_nobody_is_told_twice_and_nobody_before_their_turn(start, steps, missed, deputy_id):
    owner, steps = replace(ANN, deputy_id=deputy_id), (0, *steps)
    so_far: list[ToldRung] = []
    for days in range(45):
        today = start + timedelta(days=days)
        found = None if days in missed else climb(so_far, today.isoformat(), owner, escalation_working_days=steps)
        if found is None:
            continue
        assert found.rung > max((one.rung for one in so_far), default=-1)
        for contact in found.contacts:
            assert contact.id not in {one.contact_id for one in so_far if one.state}
        if so_far:
            assert count_working_days(so_far[0].sent_on, today, owner.country, owner.subdivision) >= steps[found.rung]
        so_far += [passed_over(rung) for rung, _ in found.passed] if so_far else []
        so_far += [ToldRung(found.rung, one.id, NotificationState.SENT, today) for one in found.contacts]
        assert climb(so_far, today.isoformat(), owner, escalation_working_days=steps) is None


@table(
    ("a ladder that has told its first rung rests until the second is reached", [told(0)], "2026-03-09"),
    ("with what was passed over it rests until the one after", [told(0), passed_over(1)], "2026-03-16"),
    ("while the message is on its way it rests", [told(0, sent_on=None)], "9999-12-31"),
    ("once it has told its last rung it rests for good", [told(0), told(3, MAYOR.id)], "9999-12-31"),
    ("what nobody was told does not rest", [], "0001-01-01"),
    ("what only others were told does not rest", [told(0, DEPUTY.id)], "0001-01-01"),
    ("what was lost does not rest", [lost(), told(0)], "0001-01-01"),
    ("what waits for the end of a pause does not rest", [passed_over(0)], "0001-01-01"),
)  # fmt: skip
def test_until_when_a_ladder_rests(so_far, until):
    assert find_rest(so_far, OWNER, Policy()) == day(until)


@given(
    PLACED,
    DAYS,
    st.lists(st.integers(0, 25), min_size=3, max_size=3).map(sorted),
    st.lists(st.sampled_from((0, 1, 2, 3)), max_size=3),
    st.sampled_from((None, NotificationState.QUEUED, NotificationState.SENT)),
)
@try_examples(200)
def test_a_ladder_tells_nothing_before_the_day_until_which_it_rests_and_then_its_next_rung(
    who, start, steps, rungs, state
):
    policy = Policy(escalation_working_days=(0, *steps))
    so_far = [ToldRung(rung, who.id, state, start if state is NotificationState.SENT else None) for rung in rungs]
    rest = find_rest(so_far, who, policy)
    for ahead in range(45):
        today = start + timedelta(days=ahead)
        reached = find_reached(so_far, who, policy, today)
        assert not (today < rest and (reached or is_missed(so_far, who, who.id)))
        assert reached or today < rest or rest == date.min


def test_who_has_several_agreements_gets_digest_and_summary_by_the_earliest_and_most_frequent_of_their_rules():
    one = Policy(send_at=time(9), send_days=(0, 1), digest_weekday=4, digest_rhythm=Rhythm.MONTHLY, summary_day=20)
    two = Policy(send_days=(3,), digest_weekday=2, digest_rhythm=Rhythm.FORTNIGHTLY, summary_rhythm=Rhythm.QUARTERLY)
    for merged in (merge_policies([one, two]), merge_policies([two, one])):
        assert (merged.send_at, merged.send_days, merged.digest_weekday) == (time(8), (0, 1, 3), 2)
        assert (merged.digest_rhythm, merged.summary_rhythm, merged.summary_day) == ("fortnightly", "monthly", 1)


@table(
    ("a message with one notice is of its kind", ["reminder"], "reminder"),
    ("a follow-up weighs more than a reminder", ["follow_up", "reminder"], "follow_up"),
    ("an escalation weighs more than a follow-up", ["escalation", "follow_up"], "escalation"),
    ("a digest weighs more than an escalation", ["escalation", "digest"], "digest"),
    ("a summary weighs more than a digest", ["digest", "summary"], "summary"),
    ("what was just asked for weighs most", ["summary", "confirmation"], "confirmation"),
)
def test_a_message_is_named_by_its_heaviest_notice(kinds, kind):
    assert name_message(kinds) == name_message(kinds[::-1]) == kind


def test_every_kind_of_notice_has_its_weight():
    for kind in NotificationKind:
        assert name_message([kind]) is kind


NOT_DECIDED_HERE = {
    "why something is told, written where candidates are found":
        "LEAD_REACHED OPENED ESCALATED WEEKLY MONTHLY ASKED SENT_BACK HANDED_OVER HANDED_ON REGISTERED PROPOSED",
    "what the planner and the sender find out": (
        "CARRIED_OVER NO_ADDRESS OUT_OF_OFFICE ANSWERED_MEANWHILE PASSED_ON NOTHING_TO_SAY UNCERTAIN_HELD REFUSED "
        "GIVEN_UP UNSUBSCRIBED CHOICES_CHANGED RULES_CHANGED QUIET BOUNCED OTHER_CHANNEL CHANNELS_OFF SENT_AGAIN"
    ),
}  # fmt: skip


def test_every_decision_of_these_rules_has_its_sentence():
    decided = column(slots.test_the_hour_of_a_message, "waits_for") | column(
        slots.test_the_choices_of_a_person, "waits_for"
    )
    decided |= column(slots.test_the_reason_of_the_hour, "code")
    ladder = [mark for mark in test_the_ladder.pytestmark if mark.name == "parametrize"]
    decided |= {why for mark in ladder for row in mark.args[1] if row.values[3] for _, why in row.values[3][2]}
    elsewhere = {Why[name] for names in NOT_DECIDED_HERE.values() for name in names.split()}
    assert decided - {None} == set(Why) - elsewhere
