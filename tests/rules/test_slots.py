"""When a person's message goes: hours, days of rest, and what they chose."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from commitments.calendar import is_working_day
from commitments.choices import Choices
from commitments.policy import Policy
from notifications.reasons import Why
from notifications.slots import (
    LAST_HOUR,
    Slot,
    choose_days,
    choose_hour,
    choose_slot,
    explain_wait,
    find_last_day,
    find_opening,
    is_late,
)
from tests.effort import try_examples
from tests.rules.cases import ANN, CAT, LI, PLACED, day, table

EIGHT = Policy().send_at


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
