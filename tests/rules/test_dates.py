"""Dates keep the precision in which they are known; a deadline is the last day that they span."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments.dates import add_days, add_months, as_partial, find_latest, parse_date, whole_months
from tests.rules.cases import DAYS, day, table


@table(
    ("a year spans from New Year's Day to New Year's Eve", "2023", "2023-01-01", "2023-12-31", "year"),
    ("a month spans from its first day to its last", "2018-09", "2018-09-01", "2018-09-30", "month"),
    ("December ends with the year", "2018-12", "2018-12-01", "2018-12-31", "month"),
    ("February of a leap year has 29 days", "2024-02", "2024-02-01", "2024-02-29", "month"),
    ("February of 2100 has 28 days", "2100-02", "2100-02-01", "2100-02-28", "month"),
    ("a day is its own first and last", "2018-09-30", "2018-09-30", "2018-09-30", "day"),
    ("the leap day is a day", "2024-02-29", "2024-02-29", "2024-02-29", "day"),
    ("the first year of the calendar is a year", "0001", "0001-01-01", "0001-12-31", "year"),
    ("the last year of the calendar is a year", "9999", "9999-01-01", "9999-12-31", "year"),
)
def test_a_date_spans(text, first, last, precision):
    read = parse_date(text)
    assert (read.first, read.last, read.precision) == (day(first), day(last), precision)
    assert str(read) == text


def test_spaces_around_a_date_do_not_matter():
    assert parse_date(" 2018-09\n") == parse_date("2018-09")


@table(
    ("an empty text is no date", "", "such as 2018"),
    ("words are no date", "next year", "such as 2018"),
    ("a template's blank is no date", "[day/month]", "such as 2018"),
    ("a month is written with two figures", "2018-9", "such as 2018"),
    ("a date is not written with slashes", "2018/09/30", "such as 2018"),
    ("a year is written with four figures", "18", "such as 2018"),
    ("a date has no time of day", "2018-09-30T08:00", "such as 2018"),
    ("figures are those of ASCII, or a text would be kept that sorts elsewhere", "２０１８-０９", "such as 2018"),
    ("there is no month 13", "2018-13", "month from 01 to 12"),
    ("there is no month 00", "2018-00", "month from 01 to 12"),
    ("September has no day 31", "2018-09-31", "from 01 to 30 in 2018-09"),
    ("no month has a day 00", "2018-09-00", "from 01 to 30 in 2018-09"),
    ("2023 has no leap day", "2023-02-29", "from 01 to 28 in 2023-02"),
    ("there is no year nought", "0000", "year from 0001"),
    ("there is no year nought in a month either", "0000-05", "year from 0001"),
)
def test_it_is_refused_with_what_is_expected(text, fault):
    with pytest.raises(ValueError, match=fault):
        parse_date(text)


@table(
    ("a month later is the same day of the month", "2018-09-15", 1, "2018-10-15"),
    ("a month after 31 January is the end of February", "2026-01-31", 1, "2026-02-28"),
    ("six months before 31 August is the end of February", "2027-08-31", -6, "2027-02-28"),
    ("six months before 31 December is 30 June", "2026-12-31", -6, "2026-06-30"),
    ("a year after 29 February is 28 February", "2024-02-29", 12, "2025-02-28"),
    ("four years after 29 February is 29 February", "2024-02-29", 48, "2028-02-29"),
    ("no months later is the same day", "2024-02-29", 0, "2024-02-29"),
    ("what lies beyond the calendar is its last day", "9999-06-01", 12, "9999-12-31"),
    ("what lies before the calendar is its first day", "0001-06-01", -12, "0001-01-01"),
    ("any number of months can be asked for", "2024-02-29", 2**31, "9999-12-31"),
)
def test_months_are_added(start, months, end):
    assert add_months(day(start), months) == day(end)


@table(
    ("days are counted over the leap day", "2024-02-28", 2, "2024-03-01"),
    ("days are counted back", "2026-01-01", -1, "2025-12-31"),
    ("what lies beyond the calendar is its last day", "9999-12-30", 5, "9999-12-31"),
    ("what lies before the calendar is its first day", "0001-01-02", -5, "0001-01-01"),
    ("any number of days can be asked for", "2026-01-01", -(2**31), "0001-01-01"),
)
def test_days_are_added(start, days, end):
    assert add_days(day(start), days) == day(end)


@table(
    ("from a day to itself is no month", "2026-03-02", "2026-03-02", 0),
    ("a day short of a month is no month", "2026-03-02", "2026-04-01", 0),
    ("to the same day of the next month is one month", "2026-03-02", "2026-04-02", 1),
    ("a day that is not later is no month away", "2026-03-02", "2024-03-02", 0),
    ("31 January to the end of February is one month", "2026-01-31", "2026-02-28", 1),
    ("31 January to the day before the end of February is no month", "2026-01-31", "2026-02-27", 0),
    ("29 February to 28 February is a year", "2024-02-29", "2025-02-28", 12),
    ("March 2018 to March 2026 is eight years", "2018-03-31", "2026-03-31", 96),
    ("the whole calendar is 119,987 months", "0001-01-01", "9999-12-31", 119_987),
)
def test_whole_months_lie_between(start, end, months):
    assert whole_months(day(start), day(end)) == months


@table(
    ("a year may lie later than a day in it", ["2018-05-03", "2018"], "2018"),
    ("of two that end on one day the more exact is told", ["2018", "2018-12-31", "2018-12"], "2018-12-31"),
    ("a later day lies later than the year before it", ["2018", "2019-01-01"], "2019-01-01"),
    ("of none there is no latest", [], None),
)
def test_the_latest_is(texts, latest):
    for order in (texts, texts[::-1]):
        assert find_latest(map(parse_date, order)) == (parse_date(latest) if latest else None)


@given(DAYS, st.sampled_from((4, 7, 10)))
def test_every_date_reads_back_as_it_was_written_and_spans_its_day(on, length):
    text = on.isoformat()[:length]
    read = parse_date(text)
    assert str(read) == text
    assert read.first <= on <= read.last
    assert parse_date(str(read)) == read
    assert as_partial(on) == parse_date(on.isoformat())


@given(st.dates(), st.dates())
def test_whole_months_are_the_most_that_fit(one, other):
    start, end = sorted((one, other))
    months = whole_months(start, end)
    assert add_months(start, months) <= end
    assert add_months(start, months + 1) > end or end == date.max
