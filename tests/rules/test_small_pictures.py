"""The small pictures of a commitment: the dates on their scales, and the colours of its periods."""

from dataclasses import replace
from datetime import date

from commitments.recurrence import Recurrence
from commitments.vocabulary import CommitmentKind, Every
from notifications.languages import load_words
from portal.commitment_views import describe_periods
from portal.pictures import DateWriters, draw_way
from tests.rules.cases import day, pact, promise, table

WORDS = load_words("en")
WRITE = DateWriters(WORDS.format_month, WORDS.format_day)


@table(
    (
        "of years their first days are named",
        date(2021, 5, 1),
        date(2026, 3, 2),
        ["2022", "2023", "2024", "2025", "2026"],
    ),
    (
        "of many years some",
        date(1980, 5, 1),
        date(2026, 3, 2),
        ["1981", "1987", "1993", "1999", "2005", "2011", "2017", "2023"],
    ),
    ("within a year its months", date(2026, 1, 10), date(2026, 4, 20), ["February 2026", "March 2026", "April 2026"]),
    ("over one turn of a year too", date(2025, 11, 10), date(2026, 1, 20), ["December 2025", "January 2026"]),
    (
        "of many months some",
        date(2026, 1, 1),
        date(2026, 12, 31),
        ["January 2026", "April 2026", "July 2026", "October 2026"],
    ),
    (
        "with one month alone the days on which it begins and ends",
        date(2026, 11, 26),
        date(2026, 12, 31),
        ["26 November 2026", "31 December 2026"],
    ),
)
def test_the_way_to_a_target_is_drawn_on_a_scale_that_names_its_dates(first: date, due: date, named: list[str]) -> None:
    picture = draw_way("Way", "in words", [(first, 1.0, "1")], 9, "9", (None, 0), due, first, WRITE)
    assert picture is not None
    assert [one.text for one in picture.labels if one.style.startswith("year")] == named


@table(
    ("what is over and incomplete is red, what runs and keeps its pace is green", False, ["green", "red"]),
    ("what runs and is behind is amber", True, ["amber", "red"]),
)
def test_the_colour_of_a_period_tells_behind_from_on_pace(is_behind: bool, tones: list[str]) -> None:
    twice = replace(Recurrence(Every.YEAR), count=4)
    own = promise(CommitmentKind.RECURRING, recurrence=twice, registered_on="2025-01-01", activities=["2026-02"])
    held = describe_periods(WORDS, pact(own), own, day("2026-07-02"), is_behind=is_behind)
    assert [one.tone for one in held] == tones
