"""A recurring commitment is judged period by period, each by itself."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from commitments.dates import add_months
from commitments.former_terms import keep_former
from commitments.recurrence import (
    FormerTerms,
    Recurrence,
    count_expected,
    find_period,
    find_previous_period,
    is_period_name,
)
from commitments.vocabulary import Every
from tests.effort import try_examples
from tests.rules.cases import day, table

YEARLY = Recurrence(Every.YEAR)
OCTOBERS = Recurrence(Every.YEAR, months=(10,))


def since(start: str, every: Every = Every.YEAR, interval: int = 1, **more: object) -> Recurrence:
    return Recurrence(every, interval, starts=day(start), **more)


@table(
    ("every year means calendar years", YEARLY, "2026-03-02", "2026", "2026-01-01", "2026-12-31"),
    ("the last day of a year belongs to it", YEARLY, "2026-12-31", "2026", "2026-01-01", "2026-12-31"),
    ("the first day of a year begins a new period", YEARLY, "2027-01-01", "2027", "2027-01-01", "2027-12-31"),
    ("a year long ago is a year too", YEARLY, "1950-07-01", "1950", "1950-01-01", "1950-12-31"),
    ("the last year of the calendar ends with it", YEARLY, "9999-05-01", "9999", "9999-01-01", "9999-12-31"),
    ("every quarter means calendar quarters",
     Recurrence(Every.QUARTER), "2026-05-20", "2026-Q2", "2026-04-01", "2026-06-30"),
    ("the last quarter ends with the year",
     Recurrence(Every.QUARTER), "2026-10-01", "2026-Q4", "2026-10-01", "2026-12-31"),
    ("every month means calendar months",
     Recurrence(Every.MONTH), "2024-02-10", "2024-02", "2024-02-01", "2024-02-29"),
    ("January is a month, not a year", Recurrence(Every.MONTH), "2026-01-10", "2026-01", "2026-01-01", "2026-01-31"),
    ("two months are not one",
     Recurrence(Every.MONTH, 2), "2026-03-10", "2026-03-01/2026-04-30", "2026-03-01", "2026-04-30"),
    ("a year that begins with April is no quarter",
     since("2018-04-01"), "2026-05-10", "2026-04-01/2027-03-31", "2026-04-01", "2027-03-31"),
    ("every second year counts from 2000 where no start is stated",
     Recurrence(Every.YEAR, 2), "2027-03-01", "2026-2027", "2026-01-01", "2027-12-31"),
    ("every second year counts from its start",
     since("2019-01-01", interval=2), "2027-03-01", "2027-2028", "2027-01-01", "2028-12-31"),
    ("every four years since 2014: the years to the end of 2025",
     since("2014-01-01", interval=4), "2025-12-31", "2022-2025", "2022-01-01", "2025-12-31"),
    ("a year may begin with the agreement",
     since("2018-09-15"), "2026-03-02", "2025-09-15/2026-09-14", "2025-09-15", "2026-09-14"),
    ("a year that begins in the middle of January has no year's name",
     since("2018-01-15"), "2026-03-02", "2026-01-15/2027-01-14", "2026-01-15", "2027-01-14"),
    ("a year that begins with March has no year's name",
     since("2018-03-01"), "2026-03-02", "2026-03-01/2027-02-28", "2026-03-01", "2027-02-28"),
    ("the day before its anniversary still belongs to the old year",
     since("2018-09-15"), "2026-09-14", "2025-09-15/2026-09-14", "2025-09-15", "2026-09-14"),
    ("a year since 29 February lasts to 28 February",
     since("2024-02-29"), "2025-02-28", "2024-02-29/2025-02-28", "2024-02-29", "2025-02-28"),
    ("the next begins on 1 March where there is no 29 February",
     since("2024-02-29"), "2025-03-01", "2025-03-01/2026-02-28", "2025-03-01", "2026-02-28"),
    ("and on 29 February where there is one",
     since("2024-02-29"), "2028-02-29", "2028-02-29/2029-02-28", "2028-02-29", "2029-02-28"),
    ("a month since the 31st lasts to the end of a shorter month",
     since("2026-01-31", Every.MONTH), "2026-02-28", "2026-01-31/2026-02-28", "2026-01-31", "2026-02-28"),
    ("the next begins on the first after it, and has no month's name as it ends the day before the 31st",
     since("2026-01-31", Every.MONTH), "2026-03-01", "2026-03-01/2026-03-30", "2026-03-01", "2026-03-30"),
    ("and then on the 31st again",
     since("2026-01-31", Every.MONTH), "2026-03-31", "2026-03-31/2026-04-30", "2026-03-31", "2026-04-30"),
    ("a quarter since the last of the year has no quarter's name where it ends a day before one",
     since("2025-12-31", Every.QUARTER), "2026-10-01", "2026-10-01/2026-12-30", "2026-10-01", "2026-12-30"),
    ("quarters may begin in any month",
     since("2026-02-01", Every.QUARTER), "2026-03-01", "2026-02-01/2026-04-30", "2026-02-01", "2026-04-30"),
    ("the last period ends with the recurrence and keeps its name",
     Recurrence(Every.YEAR, ends=day("2026-06-30")), "2026-03-02", "2026", "2026-01-01", "2026-06-30"),
)  # fmt: skip
def test_the_period_of_a_day(recurrence, on, label, first, last):
    period = find_period(recurrence, day(on))
    assert (period.label, period.first, period.last) == (label, day(first), day(last))
    assert period.expected == recurrence.count


@table(
    ("there is no period before the first begins", since("2026-06-01"), "2026-05-31"),
    ("there is no period after the recurrence ended", Recurrence(Every.YEAR, ends=day("2025-12-31")), "2026-01-01"),
    ("periods of several years without a start are not known before 2000", Recurrence(Every.YEAR, 4), "1999-12-31"),
)
def test_no_period(recurrence, on):
    assert find_period(recurrence, day(on)) is None


@table(
    ("a stated month is its window", OCTOBERS, "2026-03-02", "2026-10-01", "2026-10-31", 1),
    ("stated months last from the first to the last of them",
     Recurrence(Every.YEAR, months=(9, 11)), "2026-03-02", "2026-09-01", "2026-11-30", 1),
    ("a window does not reach beyond its period",
     since("2018-10-15", months=(10,)), "2026-03-02", "2025-10-15", "2026-10-14", 1),
    ("a window reaches to the last day, even if that is the first of its month",
     since("2018-10-02", months=(10,)), "2026-03-02", "2025-10-02", "2026-10-01", 1),
    ("a window of a single day is one",
     Recurrence(Every.YEAR, months=(10,), ends=day("2026-10-01")), "2026-03-02", "2026-10-01", "2026-10-01", 1),
    ("December's window ends with the year",
     Recurrence(Every.YEAR, months=(12,)), "2026-03-02", "2026-12-01", "2026-12-31", 1),
    ("nothing is expected in a month that is not among those stated",
     Recurrence(Every.MONTH, months=(9, 10)), "2026-03-02", "2026-03-01", "2026-03-31", 0),
    ("one is expected in a month that is among those stated",
     Recurrence(Every.MONTH, months=(9, 10)), "2026-09-02", "2026-09-01", "2026-09-30", 1),
    ("nothing is expected of a window after the end of the recurrence",
     Recurrence(Every.YEAR, months=(10,), ends=day("2026-06-30")), "2026-03-02", "2026-01-01", "2026-06-30", 0),
    ("a window is cut by the end of the recurrence",
     Recurrence(Every.YEAR, months=(10,), ends=day("2026-10-15")), "2026-03-02", "2026-10-01", "2026-10-15", 1),
    ("the window of the last December of the calendar ends with it",
     Recurrence(Every.YEAR, months=(12,)), "9999-03-02", "9999-12-01", "9999-12-31", 1),
)  # fmt: skip
def test_the_window_of_a_period(recurrence, on, first, last, expected):
    period = find_period(recurrence, day(on))
    assert (period.window_first, period.window_last, period.expected) == (day(first), day(last), expected)


@table(
    ("the year before", YEARLY, "2026-03-02", "2025"),
    ("the quarter before the first is last year's fourth", Recurrence(Every.QUARTER), "2026-03-02", "2025-Q4"),
    ("the first period has none before", since("2026-01-01"), "2026-03-02", None),
    ("the first year of the calendar has none before", YEARLY, "0001-03-02", None),
)
def test_the_period_before(recurrence, on, label):
    before = find_previous_period(recurrence, find_period(recurrence, day(on)))
    assert (before.label if before else None) == label


def changed(until: str, before: Recurrence, after: Recurrence) -> Recurrence:
    """What recurs so since that day, and as before for what was over by then."""
    return replace(after, former=(*before.former, FormerTerms(replace(before, former=()), day(until))))


FOUR, FIVE, SIX = (Recurrence(Every.YEAR, count=count) for count in (4, 5, 6))
RAISED = changed("2026-11-26", FOUR, FIVE)
RAISED_TWICE = changed("2028-02-01", RAISED, SIX)
TO_YEARS = changed("2026-11-26", Recurrence(Every.QUARTER), FOUR)
TO_QUARTERS = changed("2026-11-26", FOUR, Recurrence(Every.QUARTER))
LATER = changed("2026-11-26", FOUR, Recurrence(Every.YEAR, count=5, starts=day("2027-09-01")))


@table(
    ("the period that runs when it is raised is judged by the new number", RAISED, "2026-03-02", "2026", 5),
    ("the one that was over by then keeps the old one", RAISED, "2025-03-02", "2025", 4),
    ("a year that ended the day before the change keeps the old one", changed("2026-01-01", FOUR, FIVE), "2025-06-01",
     "2025", 4),
    ("one that ends on the day of the change does not", changed("2025-12-31", FOUR, FIVE), "2025-06-01", "2025", 5),
    ("raised twice, each period keeps its own", RAISED_TWICE, "2025-03-02", "2025", 4),
    ("raised twice, the one between too", RAISED_TWICE, "2027-03-02", "2027", 5),
    ("raised twice, the one that runs has the newest", RAISED_TWICE, "2028-01-02", "2028", 6),
    ("from quarters to years the year that runs is whole", TO_YEARS, "2026-02-02", "2026", 4),
    ("from quarters to years the quarters of the year before stay", TO_YEARS, "2025-02-02", "2025-Q1", 1),
    ("from years to quarters nothing is expected of a quarter that was over", TO_QUARTERS, "2026-02-02", "2026-Q1", 0),
    ("from years to quarters the year before stays", TO_QUARTERS, "2025-02-02", "2025", 4),
    ("what is to begin later leaves what was", LATER, "2025-02-02", "2025", 4),
)  # fmt: skip
def test_what_was_over_when_the_terms_changed_stays_judged_by_the_old_ones(recurrence, on, label, expected):
    period = find_period(recurrence, day(on))
    assert (period.label, period.expected) == (label, expected)


@table(
    ("the year before it was raised", RAISED, "2026-12-01", "2025", 4),
    ("the last quarter that was over", TO_YEARS, "2026-12-01", "2026-Q3", 1),
    ("the last year that was over", TO_QUARTERS, "2026-12-01", "2025", 4),
)
def test_before_the_first_period_of_new_terms_comes_the_last_of_the_old(recurrence, on, label, expected):
    before = find_previous_period(recurrence, find_period(recurrence, day(on)))
    assert (before.label, before.expected) == (label, expected)


@table(
    ("another number leaves the old one", {"every": "year", "count": 4}, {"every": "year", "count": 5}, [4]),
    ("another name of what is counted leaves nothing", {"every": "year"}, {"every": "year", "what": "visits"}, None),
    ("a file that leaves the former terms out does not take them away",
     {"every": "year", "former": [{"every": "year", "count": 3, "until": "2025-01-01"}]}, {"every": "year"}, [3]),
    ("each change adds what held until then",
     {"every": "year", "count": 4, "former": [{"every": "year", "count": 3, "until": "2025-01-01"}]},
     {"every": "year", "count": 5}, [3, 4]),
    ("a second change on one day adds nothing, since it judged no period in between",
     {"every": "year", "count": 6, "former": [{"every": "year", "count": 4, "until": "2026-03-02"}]},
     {"every": "year", "count": 5}, [4]),
    ("what is put back on the same day leaves nothing",
     {"every": "year", "count": 6, "former": [{"every": "year", "count": 4, "until": "2026-03-02"}]},
     {"every": "year", "count": 4}, None),
    ("a file of a register that knows the old ones adds nothing",
     {"every": "year", "count": 4},
     {"every": "year", "count": 5, "former": [{"every": "year", "count": 4, "until": "2026-02-01"}]}, [4]),
    ("what recurs no more keeps nothing", {"every": "year"}, None, None),
)  # fmt: skip
def test_the_terms_that_are_kept(before, after, counts):
    kept = keep_former(before, after, day("2026-03-02"))
    former = kept.get("former") if kept else None
    assert (former and [one["count"] for one in former]) == counts


@table(
    ("none of four is due on New Year's Day", YEARLY, 4, "2026-01-01", 0),
    ("the first of four is due when a quarter of the year is over", YEARLY, 4, "2026-04-03", 1),
    ("while the last day of that quarter lasts none of four is due", YEARLY, 4, "2026-04-02", 0),
    ("three of four are due ten weeks before the end", YEARLY, 4, "2026-10-22", 3),
    ("while the last day lasts the last of four is not due", YEARLY, 4, "2026-12-31", 3),
    ("one a year is not due while its last day lasts", YEARLY, 1, "2026-12-31", 0),
    ("in a stated month nothing is due before it is over", OCTOBERS, 2, "2026-10-31", 0),
    ("nor in a January before it is over", Recurrence(Every.YEAR, months=(1,)), 2, "2026-01-31", 0),
    ("nor in a December before it is over", Recurrence(Every.YEAR, months=(12,)), 2, "2026-12-31", 0),
    ("all are due once the stated month is over", OCTOBERS, 2, "2026-11-01", 2),
)
def test_at_an_even_pace(recurrence, expected, on, due):
    assert count_expected(find_period(recurrence, day(on)), expected, day(on)) == due


NEAR = st.dates(day("1995-01-01"), day("2060-12-31"))
RECURRENCES = st.builds(
    Recurrence,
    st.sampled_from(Every),
    st.integers(1, 6) | st.just(100),
    st.integers(1, 10),
    st.none() | NEAR,
    st.none() | NEAR,
    st.lists(st.integers(1, 12), max_size=3).map(tuple),
)


@given(RECURRENCES, NEAR)
@try_examples(100)
def test_periods_follow_one_another_without_gap_and_hold_their_windows(recurrence, on):
    period = find_period(recurrence, on)
    if period is None:
        return
    assert period.first <= on <= period.last
    assert find_period(recurrence, period.first) == period == find_period(recurrence, period.last)
    assert period.first <= period.window_first <= period.window_last <= period.last
    assert is_period_name(period.label)
    before = find_previous_period(recurrence, period)
    if before is not None:
        assert before.last == period.first - timedelta(days=1)
        assert before.label != period.label
    following = find_period(recurrence, period.last + timedelta(days=1))
    assert following is None or following.first == period.last + timedelta(days=1)


@given(st.sampled_from(Every), st.integers(1, 6), NEAR, st.integers(0, 40))
@try_examples(100)
def test_no_period_is_shorter_than_its_months(every, interval, start, turns):
    recurrence, period = Recurrence(every, interval, starts=start), None
    months = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}[every] * interval
    for turn in range(turns + 1):
        period = find_period(recurrence, period.last + timedelta(days=1) if period else start)
        assert period.last >= add_months(start, (turn + 1) * months) - timedelta(days=1)


@given(RECURRENCES, NEAR, st.integers(0, 40))
@try_examples(100)
def test_the_pace_never_falls_and_ends_with_all(recurrence, on, days):
    period = find_period(recurrence, on)
    if period is None:
        return
    later = min(on + timedelta(days=days), period.last)
    assert 0 <= count_expected(period, 7, on) <= count_expected(period, 7, later) <= 7
    assert count_expected(period, 7, period.window_last + timedelta(days=1)) == 7
