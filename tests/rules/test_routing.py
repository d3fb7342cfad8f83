"""Who is told, at which rung, and at which hour of their own day."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments.calendar import count_working_days, is_working_day
from commitments.choices import Choices
from commitments.policy import Policy
from commitments.vocabulary import ContactRole, NotificationKind, NotificationState, Rhythm
from notifications.reasons import Why
from notifications.routing import (
    LAST_HOUR,
    Slot,
    ToldRung,
    choose_days,
    choose_digest_day,
    choose_hour,
    choose_slot,
    climb_ladder,
    explain_wait,
    find_last_day,
    find_opening,
    find_reminder_rung,
    has_told_all,
    is_digest_due,
    is_late,
    is_summary_due,
    list_periods,
    merge_policies,
    name_message,
    name_month,
    name_week,
)
from notifications.standing_in import find_patience, find_unreached
from tests.effort import try_examples
from tests.rules.cases import (
    ANN,
    CAT,
    COUNTRIES,
    DAYS,
    HANGZHOU,
    HE,
    LEEDS,
    LI,
    ZONES,
    by_id,
    column,
    day,
    person,
    table,
)

LEADS = Policy().lead_days
EIGHT = Policy().send_at


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


PLACED = st.builds(
    lambda place, zone: replace(ANN, country=place[0], subdivision=place[1], time_zone=zone),
    st.sampled_from(COUNTRIES),
    st.sampled_from(ZONES),
)


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


def in_zone(zone: str, country: str | None = None) -> object:
    return replace(ANN, time_zone=zone, country=country, subdivision=None)


REST, HAD = Why.REST_DAY, Why.HAD_TODAYS_MESSAGE


@table(
    ("before eight a message waits for eight", ANN, "2026-03-02T05:00Z", (), "2026-03-02T08:00+00:00", None, None),
    ("at eight it goes", ANN, "2026-03-02T08:00Z", (), "2026-03-02T08:00+00:00", None, None),
    ("later in the day it goes at once", ANN, "2026-03-02T10:15Z", (), "2026-03-02T10:15+00:00", None, None),
    ("a minute before six in the evening it still goes",
     ANN, "2026-03-02T17:59Z", (), "2026-03-02T17:59+00:00", None, None),
    ("from six in the evening it waits for the morning",
     ANN, "2026-03-02T18:00Z", (), "2026-03-03T08:00+00:00", None, None),
    ("on Friday evening it waits for Monday", ANN, "2026-03-06T18:00Z", (), "2026-03-09T08:00+00:00", None, None),
    ("who had today's message waits for tomorrow's",
     ANN, "2026-03-02T10:15Z", ("2026-03-02",), "2026-03-03T08:00+00:00", HAD, None),
    ("a day that is taken is passed over",
     ANN, "2026-03-02T10:15Z", ("2026-03-02", "2026-03-03"), "2026-03-04T08:00+00:00", HAD, None),
    ("over a weekend too",
     ANN, "2026-03-05T10:15Z", ("2026-03-05", "2026-03-06"), "2026-03-09T08:00+00:00", HAD, None),
    ("on Saturday it waits for Monday", ANN, "2026-03-07T10:15Z", (), "2026-03-09T08:00+00:00", REST, None),
    ("where Monday is taken for Tuesday",
     ANN, "2026-03-07T10:15Z", ("2026-03-09",), "2026-03-10T08:00+00:00", REST, None),
    ("Good Friday's waits for Tuesday", ANN, "2026-04-03T10:15Z", (), "2026-04-07T08:00+01:00", REST, "Good Friday"),
    ("the Spring Festival's waits for 24 February",
     LI, "2026-02-17T01:00Z", (), "2026-02-24T08:00+08:00", REST, "Chinese New Year (Spring Festival)"),
    ("on a working Saturday it goes", LI, "2026-02-14T01:00Z", (), "2026-02-14T09:00+08:00", None, None),
    ("eight o'clock in Seoul is eleven in the evening of the day before in UTC",
     in_zone("Asia/Seoul"), "2026-03-02T20:00Z", (), "2026-03-03T08:00+09:00", None, None),
    ("on the first island to wake it is tomorrow already",
     in_zone("Pacific/Kiritimati"), "2026-03-02T10:30Z", (), "2026-03-03T08:00+14:00", None, None),
    ("twelve hours west of Greenwich it is still Sunday",
     in_zone("Etc/GMT+12"), "2026-03-02T10:30Z", (), "2026-03-02T08:00-12:00", REST, None),
    ("before the clocks go forward eight is eight in UTC",
     ANN, "2026-03-26T20:00Z", (), "2026-03-27T08:00+00:00", None, None),
    ("after the clocks went forward eight is still eight",
     ANN, "2026-03-29T10:00Z", (), "2026-03-30T08:00+01:00", REST, None),
    ("before the clocks go back eight is seven in UTC",
     ANN, "2026-10-22T20:00Z", (), "2026-10-23T08:00+01:00", None, None),
    ("after the clocks went back eight is still eight",
     ANN, "2026-10-25T10:00Z", (), "2026-10-26T08:00+00:00", REST, None),
    ("on the very day on which the clocks go forward eight is eight",
     in_zone("Africa/Cairo"), "2026-04-23T20:00Z", (), "2026-04-24T08:00+03:00", None, None),
)  # fmt: skip
def test_the_hour_of_a_message(who, now, taken, local, waits_for, holiday):
    slot = choose_slot(who, EIGHT, datetime.fromisoformat(now), map(day, taken))
    at = slot.not_before.astimezone(ZoneInfo(who.time_zone))
    assert at.isoformat(timespec="minutes") == local
    assert slot.day == at.date()
    assert (slot.waits_for, slot.holiday) == (waits_for, holiday)
    assert slot.not_before.tzinfo == UTC


@table(
    ("what is found in the night was there before the hour, and goes at it",
     ANN, "2026-03-02T05:05Z", "2026-03-02T04:02Z", "2026-03-02T08:00+00:00"),
    ("what the run within the hour finds has come up just before it, and goes",
     ANN, "2026-03-02T08:05Z", "2026-03-02T07:02Z", "2026-03-02T08:05+00:00"),
    ("what the next run finds has come up since, and waits for the morning",
     ANN, "2026-03-02T09:05Z", "2026-03-02T08:02Z", "2026-03-03T08:00+00:00"),
    ("so does what comes up in the afternoon, as another zone's midnight passes",
     ANN, "2026-03-02T16:05Z", "2026-03-02T15:02Z", "2026-03-03T08:00+00:00"),
    ("on a Friday it waits for Monday", ANN, "2026-03-06T16:05Z", "2026-03-06T15:02Z", "2026-03-09T08:00+00:00"),
    ("a system that was off at eight and comes up at twenty to nine is late, and tells",
     ANN, "2026-03-02T08:40Z", "2026-03-02T06:02Z", "2026-03-02T08:40+00:00"),
    ("at eleven, too", ANN, "2026-03-02T11:00Z", "2026-03-01T22:02Z", "2026-03-02T11:00+00:00"),
    ("after days off it tells on the day on which it is back",
     ANN, "2026-03-04T11:00Z", "2026-03-01T22:02Z", "2026-03-04T11:00+00:00"),
    ("but not in the evening", ANN, "2026-03-02T18:30Z", "2026-03-01T22:02Z", "2026-03-03T08:00+00:00"),
    ("where nobody ever looked it goes at once", ANN, "2026-03-02T11:00Z", None, "2026-03-02T11:00+00:00"),
    ("nor is anything known of a moment to come, as after the clock was set back",
     ANN, "2026-03-02T11:00Z", "2026-03-02T12:00Z", "2026-03-02T11:00+00:00"),
    ("the hour is the one that the person chose",
     "10:00", "2026-03-02T09:35Z", "2026-03-02T09:02Z", "2026-03-02T10:00+00:00"),
    ("after which it waits as well", "10:00", "2026-03-02T11:05Z", "2026-03-02T10:02Z", "2026-03-03T10:00+00:00"),
    ("where quiet hours put off the hour it is their end",
     "quiet", "2026-03-02T09:35Z", "2026-03-02T09:02Z", "2026-03-02T10:00+00:00"),
    ("and what comes up after their end waits", "quiet", "2026-03-02T11:05Z", "2026-03-02T10:02Z",
     "2026-03-03T10:00+00:00"),
    ("in Seoul the hour is that of Seoul", in_zone("Asia/Seoul"), "2026-03-02T05:05Z", "2026-03-02T04:02Z",
     "2026-03-03T08:00+09:00"),
    ("on the day on which the clocks go forward the hour is that of summer time",
     in_zone("Africa/Cairo"), "2026-04-24T06:05Z", "2026-04-24T05:02Z", "2026-04-27T08:00+03:00"),
)  # fmt: skip
def test_what_comes_up_after_the_hour_waits_for_the_next_and_what_is_late_does_not(who, now, seen, local):
    if isinstance(who, str):
        who = choosing(quiet_from="18:00", quiet_to="10:00") if who == "quiet" else choosing(hour=who)
    moment = datetime.fromisoformat(seen) if seen else None
    slot = choose_slot(who, EIGHT, datetime.fromisoformat(now), seen=moment)
    at = slot.not_before.astimezone(ZoneInfo(who.time_zone))
    assert at.isoformat(timespec="minutes") == local
    assert slot.day == at.date()


def test_an_hour_that_the_clocks_jump_over_is_the_hour_after():
    slot = choose_slot(in_zone("Africa/Cairo"), time(0, 30), datetime(2026, 4, 23, 20, tzinfo=UTC))
    assert slot.not_before.astimezone(ZoneInfo("Africa/Cairo")).isoformat() == "2026-04-24T01:30:00+03:00"


def choosing(**chosen: object) -> object:
    for name in ("hour", "quiet_from", "quiet_to"):
        if name in chosen:
            chosen[name] = time.fromisoformat(chosen[name])
    for name in ("paused_from", "paused_to"):
        if name in chosen:
            chosen[name] = day(chosen[name])
    return replace(ANN, choices=Choices(**chosen))


PAUSE, DAYS_CHOSEN = Why.PAUSED, Why.CHOSEN_DAYS
MONDAYS, TWICE = (0,), (0, 3)


@table(
    ("who chose half past six gets it at half past six",
     choosing(hour="06:30"), "2026-03-02T05:00Z", (), "2026-03-02T06:30+00:00", None),
    ("and in summer at half past six of summer time",
     choosing(hour="06:30"), "2026-03-29T10:00Z", (), "2026-03-30T06:30+01:00", REST),
    ("who chose Mondays gets it on Monday", choosing(days=MONDAYS), "2026-03-02T05:00Z", (), "2026-03-02T08:00+00:00",
     None),
    ("and from Monday evening on next Monday",
     choosing(days=MONDAYS), "2026-03-02T18:00Z", (), "2026-03-09T08:00+00:00", DAYS_CHOSEN),
    ("on Tuesday they wait for Monday", choosing(days=MONDAYS), "2026-03-03T05:00Z", (), "2026-03-09T08:00+00:00",
     DAYS_CHOSEN),
    ("who had Monday's waits for the next", choosing(days=MONDAYS), "2026-03-02T10:00Z", ("2026-03-02",),
     "2026-03-09T08:00+00:00", DAYS_CHOSEN),
    ("twice a week is Monday and Thursday", choosing(days=TWICE), "2026-03-03T05:00Z", (), "2026-03-05T08:00+00:00",
     DAYS_CHOSEN),
    ("where Monday is a holiday Monday's message comes on Tuesday",
     choosing(days=MONDAYS), "2026-04-06T05:00Z", (), "2026-04-07T08:00+01:00", REST),
    ("but not on Wednesday", choosing(days=MONDAYS), "2026-04-08T05:00Z", (), "2026-04-13T08:00+01:00", DAYS_CHOSEN),
    ("in a pause it waits for the day after it",
     choosing(paused_from="2026-03-02", paused_to="2026-03-10"), "2026-03-04T05:00Z", (), "2026-03-11T08:00+00:00",
     PAUSE),
    ("a pause over the weekend ends on Monday",
     choosing(paused_from="2026-03-02", paused_to="2026-03-06"), "2026-03-04T05:00Z", (), "2026-03-09T08:00+00:00",
     PAUSE),
    ("on the day before a pause it still comes",
     choosing(paused_from="2026-03-03", paused_to="2026-03-10"), "2026-03-02T05:00Z", (), "2026-03-02T08:00+00:00",
     None),
    ("after a pause it comes as ever",
     choosing(paused_from="2026-02-02", paused_to="2026-03-01"), "2026-03-02T05:00Z", (), "2026-03-02T08:00+00:00",
     None),
    ("quiet until ten means ten", choosing(quiet_from="18:00", quiet_to="10:00"), "2026-03-02T05:00Z", (),
     "2026-03-02T10:00+00:00", None),
    ("quiet over noon lets the morning be", choosing(quiet_from="12:00", quiet_to="14:00"), "2026-03-02T05:00Z", (),
     "2026-03-02T08:00+00:00", None),
    ("and at noon it waits for two o'clock", choosing(quiet_from="12:00", quiet_to="14:00"), "2026-03-02T12:30Z", (),
     "2026-03-02T14:00+00:00", None),
    ("quiet from noon to the evening waits for the next morning",
     choosing(quiet_from="12:00", quiet_to="19:00"), "2026-03-02T12:30Z", (), "2026-03-03T08:00+00:00", None),
)  # fmt: skip
def test_the_choices_of_a_person(who, now, taken, local, waits_for):
    slot = choose_slot(who, EIGHT, datetime.fromisoformat(now), map(day, taken), choose_days(who, [Policy()]))
    at = slot.not_before.astimezone(ZoneInfo(who.time_zone))
    assert at.isoformat(timespec="minutes") == local
    assert slot.day == at.date()
    assert slot.waits_for == waits_for
    assert slot.is_held is (waits_for in (PAUSE, DAYS_CHOSEN))


@table(
    ("an agreement may be told of once a week", ANN, [(0,)], {0}),
    ("a person in a weekly and a daily one hears daily", ANN, [(0,), tuple(range(7))], set(range(7))),
    ("the person's own days come before any policy", choosing(days=TWICE), [(4,)], {0, 3}),
    (
        "a coordinator's digest day is one of their days",
        replace(CAT, choices=Choices(days=(0,), digest_day=3)),
        [(0,)],
        {0, 3},
    ),
    ("an owner has no digest day", replace(ANN, choices=Choices(days=(0,), digest_day=3)), [(0,)], {0}),
)
def test_the_days_of_a_person(who, policies, days):
    assert choose_days(who, [Policy(send_days=one) for one in policies]) == days


@table(
    ("the house's Monday", CAT, 0),
    ("the day that was chosen", replace(CAT, choices=Choices(digest_day=2)), 2),
    ("one of the days that were chosen", replace(CAT, choices=Choices(days=(1, 3))), 1),
    ("the house's day if it is among them", replace(CAT, choices=Choices(days=(0, 3))), 0),
)
def test_the_day_of_the_digest(who, weekday):
    assert choose_digest_day(who, Policy()) == weekday


@table(
    ("for who hears daily a message speaks for its day", ANN, "2026-03-02", "2026-03-02"),
    ("Monday's speaks for the week", choosing(days=MONDAYS), "2026-03-02", "2026-03-08"),
    ("Thursday's for the days up to Monday", choosing(days=TWICE), "2026-03-05", "2026-03-08"),
    ("over Easter for a day more", choosing(days=MONDAYS), "2026-03-30", "2026-04-06"),
)
def test_the_days_that_a_message_speaks_for(who, on, until):
    assert find_last_day(who, choose_days(who, [Policy()]), day(on)) == day(until)


@given(
    st.sets(st.integers(0, 6), min_size=1),
    st.times(time(0), time(17)),
    st.tuples(st.times(), st.times()),
    st.tuples(st.integers(-5, 20), st.integers(0, 40)),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)),
)
@try_examples(150)
def test_whatever_is_chosen_a_message_has_its_hour_outside_the_pause(days, hour, quiet, pause, now):
    here = now.astimezone(ZoneInfo(ANN.time_zone)).date()
    first = here + timedelta(days=pause[0])
    chosen = Choices(
        days=tuple(sorted(days)),
        hour=hour.replace(second=0, microsecond=0),
        quiet_from=quiet[0],
        quiet_to=quiet[1],
        paused_from=first,
        paused_to=first + timedelta(days=pause[1]),
    )
    who = replace(ANN, choices=chosen)
    slot = choose_slot(who, EIGHT, now, (), choose_days(who, [Policy()]))
    at = slot.not_before.astimezone(ZoneInfo(who.time_zone))
    assert slot.not_before >= now and at.date() == slot.day
    assert not chosen.is_paused(slot.day)
    assert is_working_day(slot.day, who.country, who.subdivision)
    opening = datetime.combine(slot.day, chosen.hour, at.tzinfo)
    ends = chosen.end_quiet(opening)
    if ends.date() == slot.day and ends.time() < LAST_HOUR:  # as every choice that is taken leaves it
        assert not chosen.is_quiet(at.time())


@given(
    PLACED,
    st.times(time(0), time(17, 59)),
    st.datetimes(datetime(2000, 1, 1), datetime(2200, 12, 31), timezones=st.just(UTC)),
    st.sets(st.integers(-2, 12), max_size=6),
)
@try_examples(150)
def test_a_message_goes_on_the_first_free_working_day_of_its_reader_not_before_the_hour(who, send_at, now, offsets):
    zone = ZoneInfo(who.time_zone)
    here = now.astimezone(zone)
    taken = {here.date() + timedelta(days=days) for days in offsets}
    slot = choose_slot(who, send_at, now, taken)
    at = slot.not_before.astimezone(zone)
    assert slot.not_before >= now
    assert at.date() == slot.day
    assert at.time() >= send_at
    assert slot.day not in taken
    assert is_working_day(slot.day, who.country, who.subdivision)
    first = here.date() + timedelta(days=here.time() >= LAST_HOUR)
    earlier = (first + timedelta(days=days) for days in range((slot.day - first).days))
    assert not [one for one in earlier if one not in taken and is_working_day(one, who.country, who.subdivision)]


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
    ("a message of today is in time until six in the evening", ANN, "2026-03-02T17:59Z", False),
    ("from six in the evening it is late", ANN, "2026-03-02T18:00Z", True),
    ("on the next day it is late from the first minute", ANN, "2026-03-03T00:00Z", True),
    ("on the day before it is not", ANN, "2026-03-01T20:00Z", False),
    ("in Hangzhou six in the evening is ten in the morning in UTC", LI, "2026-03-02T10:00Z", True),
    ("a minute before it is in time there too", LI, "2026-03-02T09:59Z", False),
)
def test_a_message_is_late(who, now, late):
    assert is_late(day("2026-03-02"), who, datetime.fromisoformat(now)) is late


@table(
    ("a coordinator's digest comes on Monday", CAT, 0, "2026-03-02", True),
    ("or with the first message of the week after it", CAT, 0, "2026-03-04", True),
    ("not before the chosen weekday", CAT, 2, "2026-03-03", False),
    ("on the chosen weekday", CAT, 2, "2026-03-04", True),
    ("where Friday is a holiday it comes on Thursday", CAT, 4, "2026-04-02", True),
    ("and not on Wednesday", CAT, 4, "2026-04-01", False),
    ("where Friday is none it does not come on Thursday", CAT, 4, "2026-03-05", False),
    ("in Hangzhou the Dragon Boat Festival's Friday moves it too", HE, 4, "2026-06-18", True),
    ("where Tuesday is a holiday and Wednesday none it waits for that", HE, 1, "2026-05-06", True),
    ("where the rest of the week is a holiday it comes on the last day before", HE, 4, "2026-09-30", True),
    ("a day earlier it does not", HE, 4, "2026-09-29", False),
    ("before a working Sunday that is as near as Wednesday it waits", HE, 4, "2025-12-31", False),
    ("and comes on that Sunday", HE, 4, "2026-01-04", True),
    ("owners get none", ANN, 0, "2026-03-02", False),
    ("leaders get none", MAYOR, 0, "2026-03-02", False),
)
def test_the_digest(who, weekday, on, due):
    slot = Slot(day(on), datetime(2026, 3, 2, tzinfo=UTC))
    assert is_digest_due(who, Policy(digest_weekday=weekday), slot) is due


@table(
    ("coordinators get the summary with the first message of the month", CAT, {}, {}, "2026-03-02", True),
    ("so do leaders", MAYOR, {}, {}, "2026-03-02", True),
    ("owners get none", ANN, {}, {}, "2026-03-02", False),
    ("a policy may want it from the tenth on", MAYOR, {"summary_day": 10}, {}, "2026-03-09", False),
    ("and on the tenth it comes", MAYOR, {"summary_day": 10}, {}, "2026-03-10", True),
    ("or with the first message after it", MAYOR, {"summary_day": 10}, {}, "2026-03-25", True),
    ("where the day is one of rest it comes on the last working day before", MAYOR, {"summary_day": 28}, {},
     "2026-03-27", True),
    ("the reader's own day comes before any policy", MAYOR, {"summary_day": 10}, {"summary_day": 5},
     "2026-03-05", True),
    ("every quarter it comes in the first month of one", MAYOR, {"summary_rhythm": Rhythm.QUARTERLY, "summary_day": 5},
     {}, "2026-04-01", False),
    ("from its day on", MAYOR, {"summary_rhythm": Rhythm.QUARTERLY, "summary_day": 5}, {}, "2026-04-06", True),
    ("or later in the quarter", MAYOR, {}, {"summary_rhythm": Rhythm.QUARTERLY}, "2026-06-30", True),
)  # fmt: skip
def test_the_summary(who, rules, chosen, on, due):
    slot = Slot(day(on), datetime(2026, 3, 2, tzinfo=UTC))
    assert is_summary_due(replace(who, choices=Choices(**chosen)), Policy(**rules), slot) is due


@table(
    ("every two weeks it comes on the Monday of the first", {"digest_rhythm": Rhythm.FORTNIGHTLY}, "2026-03-02", True),
    ("not before the chosen day of it", {"digest_rhythm": Rhythm.FORTNIGHTLY, "digest_weekday": 3}, "2026-03-04",
     False),
    ("in the second week it comes if it has not come yet", {"digest_rhythm": Rhythm.FORTNIGHTLY, "digest_weekday": 3},
     "2026-03-09", True),
    ("every month on the first Monday", {"digest_rhythm": Rhythm.MONTHLY}, "2026-04-07", True),
    ("that is none of Easter", {"digest_rhythm": Rhythm.MONTHLY}, "2026-04-02", False),
    ("a first Wednesday is one", {"digest_rhythm": Rhythm.MONTHLY, "digest_weekday": 2}, "2026-04-01", True),
)  # fmt: skip
def test_the_rhythm_of_the_digest(rules, on, due):
    slot = Slot(day(on), datetime(2026, 3, 2, tzinfo=UTC))
    assert is_digest_due(CAT, Policy(**rules), slot) is due
    chosen = replace(CAT, choices=Choices(digest_rhythm=rules["digest_rhythm"]))
    assert is_digest_due(chosen, Policy(digest_weekday=rules.get("digest_weekday", 0)), slot) is due


@table(
    ("a week is told once", Rhythm.WEEKLY, "2026-03-04", ("2026-W10",)),
    ("two weeks have the name of the first", Rhythm.FORTNIGHTLY, "2026-03-10", ("2026-W10", "2026-W11")),
    ("and are two of one", Rhythm.FORTNIGHTLY, "2026-03-16", ("2026-W12",)),
    ("the last days of a year lie in the two weeks that begin before Christmas", Rhythm.FORTNIGHTLY, "2026-12-31",
     ("2026-W52", "2026-W53")),
    ("a month is told by the weeks that begin in it too", Rhythm.MONTHLY, "2026-03-10",
     ("2026-03", "2026-W10", "2026-W11")),
    ("a quarter by its months", Rhythm.QUARTERLY, "2026-05-04", ("2026-Q2", "2026-04", "2026-05")),
)  # fmt: skip
def test_what_was_told_in_a_period_is_not_told_again_by_another_rhythm(rhythm, on, names):
    assert list_periods(rhythm, day(on)) == names


EARLY, LATE = Policy(send_at=time(7)), Policy(send_at=time(9))
NIGHT = Policy()
LONG = Policy(quiet_from=time(17), quiet_to=time(9))
NONE = Policy(quiet_from=time(0), quiet_to=time(0), quiet_rest_days=False)
WEEKENDS = Policy(quiet_rest_days=False)


@table(
    ("one agreement's hour is the hour of its message", ANN, [LATE], "09:00"),
    ("of two the earlier", ANN, [LATE, EARLY], "07:00"),
    ("in whatever order", ANN, [EARLY, LATE], "07:00"),
    ("the reader's own comes before any", choosing(hour="15:30"), [EARLY, LATE], "15:30"),
)
def test_the_hour_of_who_has_a_part_in_several_agreements(who, policies, hour):
    assert choose_hour(who, policies) == time.fromisoformat(hour)


@table(
    ("by day it goes at once", ANN, [NIGHT], "2026-03-02T10:15Z", "2026-03-02T10:15+00:00"),
    ("at eight in the evening it waits for seven", ANN, [NIGHT], "2026-03-02T20:00Z", "2026-03-03T07:00+00:00"),
    ("a minute before it goes", ANN, [NIGHT], "2026-03-02T19:59Z", "2026-03-02T19:59+00:00"),
    ("at two in the night it waits for the same morning", ANN, [NIGHT], "2026-03-03T02:00Z", "2026-03-03T07:00+00:00"),
    ("on Saturday at two it waits for Monday", ANN, [NIGHT], "2026-03-07T02:00Z", "2026-03-09T07:00+00:00"),
    ("on Saturday at noon too", ANN, [NIGHT], "2026-03-07T12:00Z", "2026-03-09T07:00+00:00"),
    ("on Friday evening too", ANN, [NIGHT], "2026-03-06T21:00Z", "2026-03-09T07:00+00:00"),
    ("over Easter for Tuesday", ANN, [NIGHT], "2026-04-02T21:00Z", "2026-04-07T07:00+01:00"),
    ("on a working Saturday in China it goes", LI, [NIGHT], "2026-02-14T02:00Z", "2026-02-14T10:00+08:00"),
    ("over the Spring Festival it waits for its end", LI, [NIGHT], "2026-02-17T02:00Z", "2026-02-24T07:00+08:00"),
    ("where days of rest are none it goes on Saturday", ANN, [WEEKENDS], "2026-03-07T12:00Z", "2026-03-07T12:00+00:00"),
    ("but not in its night", ANN, [WEEKENDS], "2026-03-07T02:00Z", "2026-03-07T07:00+00:00"),
    ("where nothing is quiet it goes at any hour", ANN, [NONE], "2026-03-07T02:00Z", "2026-03-07T02:00+00:00"),
    ("of two agreements it waits for both", ANN, [NIGHT, LONG], "2026-03-02T18:00Z", "2026-03-03T09:00+00:00"),
    ("in whatever order", ANN, [LONG, NIGHT], "2026-03-02T18:00Z", "2026-03-03T09:00+00:00"),
    ("also of one that is never quiet", ANN, [NONE, LONG], "2026-03-06T18:00Z", "2026-03-09T09:00+00:00"),
    ("two that leave no hour hold it for some days, not for ever", ANN,
     [Policy(quiet_from=time(0), quiet_to=time(12)), Policy(quiet_from=time(12), quiet_to=time(0))],
     "2026-03-02T18:00Z", "2026-03-07T00:00+00:00"),
    ("who chose quiet hours has those and no other", choosing(quiet_from="12:00", quiet_to="13:00"), [NIGHT],
     "2026-03-07T02:00Z", "2026-03-07T02:00+00:00"),
    ("and waits for their end", choosing(quiet_from="01:00", quiet_to="03:00"), [NONE], "2026-03-07T02:00Z",
     "2026-03-07T03:00+00:00"),
    ("the same hour twice is to have none", choosing(quiet_from="00:00", quiet_to="00:00"), [NIGHT],
     "2026-03-07T02:00Z", "2026-03-07T02:00+00:00"),
)  # fmt: skip
def test_when_what_another_person_caused_may_go(who, policies, now, local):
    at = find_opening(who, datetime.fromisoformat(now), policies).astimezone(ZoneInfo(who.time_zone))
    assert at.isoformat(timespec="minutes") == local


@table(
    ("at any hour where nobody chose any", ANN, "2026-03-07T02:00+00:00"),
    (
        "not in the hours that its reader chose",
        choosing(quiet_from="01:00", quiet_to="03:00"),
        "2026-03-07T03:00+00:00",
    ),
)
def test_what_is_always_sent_goes(who, local):
    at = find_opening(who, datetime(2026, 3, 7, 2, tzinfo=UTC), [NIGHT], always=True)
    assert at.astimezone(ZoneInfo(who.time_zone)).isoformat(timespec="minutes") == local


def test_who_has_several_agreements_gets_digest_and_summary_by_the_earliest_and_most_frequent_of_their_rules():
    one = Policy(send_at=time(9), send_days=(0, 1), digest_weekday=4, digest_rhythm=Rhythm.MONTHLY, summary_day=20)
    two = Policy(send_days=(3,), digest_weekday=2, digest_rhythm=Rhythm.FORTNIGHTLY, summary_rhythm=Rhythm.QUARTERLY)
    for merged in (merge_policies([one, two]), merge_policies([two, one])):
        assert (merged.send_at, merged.send_days, merged.digest_weekday) == (time(8), (0, 1, 3), 2)
        assert (merged.digest_rhythm, merged.summary_rhythm, merged.summary_day) == ("fortnightly", "monthly", 1)


@table(
    ("a week has its number", "2026-03-02", "2026-W10", "2026-03"),
    ("New Year's Day may belong to the last week of the old year", "2027-01-01", "2026-W53", "2027-01"),
    ("New Year's Eve may belong to the first week of the new year", "2025-12-31", "2026-W01", "2025-12"),
)
def test_weeks_and_months_have_names(on, week, month):
    assert (name_week(day(on)), name_month(day(on))) == (week, month)


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


@table(
    ("a message that waits for nothing says its day",
     Slot(date(2026, 3, 2), datetime.min), Why.NEXT_SENDING_TIME, {}),
    ("a message that waits says why", Slot(date(2026, 3, 2), datetime.min, HAD), HAD, {}),
    ("a message that waits for nobody's morning says so", Slot(date(2026, 3, 2), datetime.min, Why.AT_ONCE),
     Why.AT_ONCE, {}),
    ("a holiday is named",
     Slot(date(2026, 3, 2), datetime.min, REST, "Easter Monday"), REST, {"holiday": "Easter Monday"}),
)  # fmt: skip
def test_the_reason_of_the_hour(slot, code, more):
    assert explain_wait(slot) == {"code": str(code), "numbers": {"day": "2026-03-02", **more}}


NOT_DECIDED_HERE = {
    "why something is told, written where candidates are found":
        "LEAD_REACHED OPENED ESCALATED WEEKLY MONTHLY ASKED SENT_BACK HANDED_OVER HANDED_ON REGISTERED PROPOSED",
    "what the planner and the sender find out": (
        "CARRIED_OVER NO_ADDRESS OUT_OF_OFFICE ANSWERED_MEANWHILE PASSED_ON NOTHING_TO_SAY UNCERTAIN_HELD REFUSED "
        "GIVEN_UP UNSUBSCRIBED CHOICES_CHANGED RULES_CHANGED QUIET BOUNCED OTHER_CHANNEL CHANNELS_OFF SENT_AGAIN"
    ),
}  # fmt: skip


def test_every_decision_of_these_rules_has_its_sentence():
    decided = column(test_the_hour_of_a_message, "waits_for") | column(test_the_choices_of_a_person, "waits_for")
    decided |= column(test_the_reason_of_the_hour, "code")
    ladder = [mark for mark in test_the_ladder.pytestmark if mark.name == "parametrize"]
    decided |= {why for mark in ladder for row in mark.args[1] if row.values[3] for _, why in row.values[3][2]}
    elsewhere = {Why[name] for names in NOT_DECIDED_HERE.values() for name in names.split()}
    assert decided - {None} == set(Why) - elsewhere
