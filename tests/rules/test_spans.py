from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import String, create_engine, literal, select

from commitments.dates import parse_date
from commitments.spans import ends_within
from tests.effort import try_examples
from tests.rules.cases import day, table

ENGINE = create_engine("sqlite://")


def find(text, first, last):
    with ENGINE.connect() as reading:
        return bool(reading.execute(select(ends_within(literal(text, String), first, last))).scalar_one())


@table(
    ("a day within", "2026-03-15", "2026-03-11", "2026-03-18", True),
    ("the first day", "2026-03-11", "2026-03-11", "2026-03-18", True),
    ("the last day", "2026-03-18", "2026-03-11", "2026-03-18", True),
    ("the day after", "2026-03-19", "2026-03-11", "2026-03-18", False),
    ("a month ends with its last day", "2026-03", "2026-03-11", "2026-03-31", True),
    ("a month that goes on beyond", "2026-03", "2026-03-11", "2026-03-30", False),
    ("February has no 31st", "2026-02", "2026-02-20", "2026-02-28", True),
    ("a month that is over", "2026-02", "2026-03-01", "2026-03-31", False),
    ("a year ends with December", "2026", "2026-12-30", "2027-01-05", True),
    ("a year that goes on", "2027", "2026-12-30", "2027-01-05", False),
    ("a year before the thousandth", "0999", "0999-12-31", "0999-12-31", True),
)
def test_a_date_is_found_by_the_day_on_which_its_span_ends(text, first, last, is_found):
    assert find(text, day(first), day(last)) is is_found


@given(
    st.dates(day("1990-01-01"), day("2050-12-31")), st.sampled_from((4, 7, 10)), st.integers(-400, 400),
    st.integers(0, 400),
)  # fmt: skip
@try_examples(200)
def test_what_is_found_is_what_ends_between_both_days(one, precision, before, length):
    text = one.isoformat()[:precision]
    first = one - timedelta(days=before)
    last = first + timedelta(days=length)
    assert find(text, first, last) is (first <= parse_date(text).last <= last)
