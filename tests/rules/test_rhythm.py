"""Digest and summary come once in each of their periods, on the day that was chosen."""

from dataclasses import replace
from datetime import UTC, datetime

from commitments.choices import Choices
from commitments.policy import Policy
from commitments.vocabulary import ContactRole, Rhythm
from notifications.rhythm import choose_digest_day, is_digest_due, is_summary_due, list_periods, name_month, name_week
from notifications.slots import Slot
from tests.rules.cases import ANN, CAT, HE, LEEDS, day, person, table

MAYOR = person(31, LEEDS, ContactRole.LEADER)


@table(
    ("the house's Monday", CAT, 0),
    ("the day that was chosen", replace(CAT, choices=Choices(digest_day=2)), 2),
    ("one of the days that were chosen", replace(CAT, choices=Choices(days=(1, 3))), 1),
    ("the house's day if it is among them", replace(CAT, choices=Choices(days=(0, 3))), 0),
)
def test_the_day_of_the_digest(who, weekday):
    assert choose_digest_day(who, Policy()) == weekday


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


@table(
    ("a week has its number", "2026-03-02", "2026-W10", "2026-03"),
    ("New Year's Day may belong to the last week of the old year", "2027-01-01", "2026-W53", "2027-01"),
    ("New Year's Eve may belong to the first week of the new year", "2025-12-31", "2026-W01", "2025-12"),
)
def test_weeks_and_months_have_names(on, week, month):
    assert (name_week(day(on)), name_month(day(on))) == (week, month)
