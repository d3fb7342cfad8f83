"""People work on the working days of their own country, with its holidays and its working Saturdays."""

import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments import calendar
from commitments.calendar import (
    add_working_days,
    count_working_days,
    is_working_day,
    name_holiday,
    next_working_day,
    previous_working_day,
)
from tests.effort import try_examples
from tests.rules.cases import COUNTRIES, DAYS, day, table

PLACES = {country: (country, "ENG" if country == "GB" else None) for country in ("GB", "CN", "KR", "KG", "XX", None)}


@table(
    ("an ordinary Monday is worked in Leeds", "2026-03-02", "GB", "ENG", True),
    ("Saturday is a rest day in Leeds", "2026-03-07", "GB", "ENG", False),
    ("Good Friday is a bank holiday in England", "2026-04-03", "GB", "ENG", False),
    ("Easter Monday is a bank holiday in England", "2026-04-06", "GB", "ENG", False),
    ("where the part of Great Britain is unknown only common holidays are kept", "2026-04-06", "GB", None, True),
    ("Good Friday is kept in all of the United Kingdom", "2026-04-03", "GB", None, False),
    ("Easter Monday is worked in Scotland", "2026-04-06", "GB", "SCT", True),
    ("a subdivision that nobody knows keeps the holidays of its country", "2026-12-25", "GB", "no such", False),
    ("Boxing Day on a Saturday is made up for on Monday", "2026-12-28", "GB", "ENG", False),
    ("the spring bank holiday is a rest day in England", "2026-05-25", "GB", "ENG", False),
    ("the eve of the Spring Festival 2026 is a rest day in Hangzhou", "2026-02-16", "CN", None, False),
    ("the Spring Festival 2026 lasts to Monday 23 February", "2026-02-23", "CN", None, False),
    ("Tuesday 24 February 2026 is worked again in Hangzhou", "2026-02-24", "CN", None, True),
    ("Saturday 14 February 2026 is worked in China for the Spring Festival", "2026-02-14", "CN", None, True),
    ("Saturday 28 February 2026 is worked in China for the Spring Festival", "2026-02-28", "CN", None, True),
    ("Sunday 20 September 2026 is worked in China for the National Day", "2026-09-20", "CN", None, True),
    ("Sunday 15 February 2026 is a rest day in China", "2026-02-15", "CN", None, False),
    ("Saturday 14 February 2026 is a rest day in Leeds", "2026-02-14", "GB", "ENG", False),
    ("the National Day week ends on Wednesday 7 October 2026", "2026-10-07", "CN", None, False),
    ("Seollal 2026 is a rest day in Gimcheon", "2026-02-17", "KR", None, False),
    ("Chuseok 2026 is a rest day in Gimcheon", "2026-09-25", "KR", None, False),
    ("1 March 2026, a Sunday, is made up for on Monday in Korea", "2026-03-02", "KR", None, False),
    ("Republic Day is a rest day in Iznik", "2026-10-29", "TR", None, False),
    ("the Feast of Sacrifice 2026 is a rest day in Iznik", "2026-05-27", "TR", None, False),
    ("the eve of the Feast of Sacrifice, half a day, is worked in Iznik", "2026-05-26", "TR", None, True),
    ("3 March is a rest day in Troyan", "2026-03-03", "BG", None, False),
    ("Orthodox Good Friday 2026 is a rest day in Troyan", "2026-04-10", "BG", None, False),
    ("the Catholic Good Friday 2026 is worked in Troyan", "2026-04-03", "BG", None, True),
    ("24 May 2026, a Sunday, is made up for on Monday in Bulgaria", "2026-05-25", "BG", None, False),
    ("Orozo Ait 2026 is a rest day in Osh", "2026-03-20", "KG", None, False),
    ("the New Year holidays last to 7 January in Osh", "2026-01-07", "KG", None, False),
    ("Monday 5 January 2026 is a rest day in Osh", "2026-01-05", "KG", None, False),
    ("Independence Day is a rest day in Osh", "2026-08-31", "KG", None, False),
    ("where the country is unknown a weekday is worked", "2026-12-25", None, None, True),
    ("where the country is unknown Sunday is a rest day", "2026-12-27", None, None, False),
    ("a country without a calendar has the plain week", "2026-12-25", "XX", None, True),
    ("a country without a calendar rests on Saturday", "2026-12-26", "XX", None, False),
)
def test_working_days(on, country, subdivision, working):
    assert is_working_day(day(on), country, subdivision) is working


@table(
    ("a working day is its own", "2026-03-02", "GB", "2026-03-02", "2026-03-02"),
    ("Saturday lies between Friday and Monday", "2026-03-07", "GB", "2026-03-06", "2026-03-09"),
    ("Easter Sunday lies between Thursday and Tuesday in England", "2026-04-05", "GB", "2026-04-02", "2026-04-07"),
    ("the Spring Festival lies between a Saturday and a Tuesday", "2026-02-19", "CN", "2026-02-14", "2026-02-24"),
    ("the May holidays 2026 in Osh last ten days", "2026-05-05", "KG", "2026-04-30", "2026-05-11"),
    ("Seollal lies between Friday and Thursday", "2026-02-17", "KR", "2026-02-13", "2026-02-19"),
    ("the first day of the calendar has none before", "0001-01-06", None, "0001-01-05", "0001-01-08"),
)
def test_the_working_days_beside(on, country, before, after):
    assert previous_working_day(day(on), *PLACES[country]) == day(before)
    assert next_working_day(day(on), *PLACES[country]) == day(after)


def test_a_search_stops_at_the_ends_of_the_calendar(monkeypatch):
    monkeypatch.setattr(calendar, "is_working_day", lambda *_: False)
    for on in (date.min, date.min + timedelta(days=3), date.max, day("2026-03-02")):
        assert previous_working_day(on, None) == on
        assert next_working_day(on, None) == on


@table(
    ("five working days after a Monday is the next Monday", "2026-03-02", 5, "GB", "2026-03-09"),
    ("a follow-up of Maundy Thursday jumps over Easter", "2026-04-02", 1, "GB", "2026-04-07"),
    ("ten working days span the Spring Festival, with both working Saturdays", "2026-02-13", 10, "CN", "2026-03-05"),
    ("the same ten days end a week sooner in Leeds", "2026-02-13", 10, "GB", "2026-02-27"),
    ("nought on a working day is that day", "2026-03-02", 0, "GB", "2026-03-02"),
    ("nought on a Saturday is Monday", "2026-03-07", 0, "GB", "2026-03-09"),
    ("one from a Saturday is a full day after Monday", "2026-03-07", 1, "GB", "2026-03-10"),
    ("the end of the calendar stops the count", "9999-12-30", 10, None, "9999-12-30"),
)
def test_working_days_are_added(start, count, country, end):
    assert add_working_days(day(start), count, *PLACES[country]) == day(end)


@table(
    ("the first day itself does not count", "2026-03-02", "2026-03-02", "GB", 1000, 0),
    ("a week holds five", "2026-03-02", "2026-03-09", "GB", 1000, 5),
    ("a weekend uses up none", "2026-03-06", "2026-03-08", "GB", 1000, 0),
    ("Easter uses up none in England", "2026-04-02", "2026-04-06", "GB", 1000, 0),
    (
        "from 13 to 24 February there are two in China: a Saturday and a Tuesday",
        "2026-02-13",
        "2026-02-24",
        "CN",
        1000,
        2,
    ),
    ("from 13 to 24 February there are seven in Leeds", "2026-02-13", "2026-02-24", "GB", 1000, 7),
    ("an end before the start holds none", "2026-03-09", "2026-03-02", "GB", 1000, 0),
    ("no more is counted than was asked", "2020-01-01", "2026-01-01", "GB", 15, 15),
    ("none asked, none counted", "2020-01-01", "2026-01-01", "GB", 0, 0),
)
def test_working_days_are_counted(start, end, country, most, count):
    assert count_working_days(day(start), day(end), *PLACES[country], most) == count


@table(
    ("the Spring Festival has its name", "2026-02-17", "CN", "Chinese New Year (Spring Festival)"),
    ("Easter Monday has its name", "2026-04-06", "GB", "Easter Monday"),
    ("a plain Saturday has none", "2026-03-07", "GB", None),
    ("a working day has none", "2026-03-02", "GB", None),
    ("a country that nobody knows has none", "2026-12-25", "XX", None),
    ("no country has none", "2026-12-25", None, None),
)
def test_holidays_are_named(on, country, name):
    assert name_holiday(day(on), *PLACES[country]) == name


@table(
    ("a country that there is", "GB", True, None),
    ("a country that is none by every list", "XK", True, None),
    ("an island on which nobody lives", "BV", True, None),
    ("a code for what is not known is no country", "ZZ", False, None),
    ("nor is a name that is no code, which stands for another", "UK", False, "GB"),
    ("nor a country that is no more", "DD", False, "DE"),
    ("nor a typing error", "XX", False, None),
)
def test_a_country_is_known_by_its_code(code, known, meant):
    assert (code in calendar.list_countries()) is known
    if not known:
        assert calendar.suggest_country(code) == meant


@table(
    ("of a country", "GB", None, True),
    ("of a part of it", "GB", "ENG", True),
    ("not of a part that it does not have", "GB", "NOWHERE", False),
    ("of any part of a country that rests as one", "CN", "GD", True),
    ("not of what is no country", "UK", None, False),
)
def test_holidays_are_known(country, subdivision, known):
    assert calendar.has_holidays(country, subdivision) is known


def test_only_the_countries_that_are_asked_about_are_loaded_and_all_others_are_at_hand():
    asked = """
import sys
from commitments.calendar import is_working_day
from datetime import date
assert not is_working_day(date(2026, 12, 25), "GB") and is_working_day(date(2026, 12, 25), "CN")
print(*sorted(name.rpartition(".")[2] for name in sys.modules if name.startswith("holidays.countries.")))
from holidays.countries import Germany
assert Germany(years=2026).get("2026-10-03")
assert not is_working_day(date(2026, 10, 29), "TR") and not is_working_day(date(2026, 12, 25), "GB")
"""
    said = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert said.stdout.split() == ["china", "united_kingdom"]


def test_a_holiday_is_named_in_english_on_a_chinese_machine(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    calendar._holidays_of.cache_clear()
    try:
        assert name_holiday(day("2026-02-17"), "CN") == "Chinese New Year (Spring Festival)"
    finally:
        calendar._holidays_of.cache_clear()


@pytest.mark.parametrize("year", [1900, 1970, 2027, 2100, 2200])
@pytest.mark.parametrize("country", ["GB", "CN", "KR", "TR", "BG", "KG"])
def test_every_year_has_between_200_and_313_working_days(country, year):
    assert 200 <= count_working_days(date(year - 1, 12, 31), date(year, 12, 31), country) <= 313


@given(DAYS, st.sampled_from(COUNTRIES), st.integers(0, 30))
@try_examples(100)
def test_the_days_beside_are_worked_and_what_is_added_is_counted(on, place, count):
    before, after = previous_working_day(on, *place), next_working_day(on, *place)
    assert before <= on <= after
    assert is_working_day(before, *place) and is_working_day(after, *place)
    assert not any(is_working_day(before + timedelta(days=1 + step), *place) for step in range((on - before).days))
    assert not any(is_working_day(on + timedelta(days=step), *place) for step in range((after - on).days))
    end = add_working_days(after, count, *place)
    assert is_working_day(end, *place)
    assert count_working_days(after, end, *place) == count
