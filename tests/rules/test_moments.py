"""A moment is kept in UTC, in the form in which SQLAlchemy keeps it on SQLite."""

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import DateTime
from sqlalchemy.dialects import sqlite

from commitments.database import UtcTime

DIALECT = sqlite.dialect()
ZONES = st.just(UTC) | st.timezones()


@given(st.datetimes(timezones=ZONES).filter(lambda moment: 2 < moment.year < 9998))
def test_a_moment_is_written_as_the_library_writes_it(moment):
    ours, library = UtcTime().bind_processor(DIALECT), DateTime().dialect_impl(DIALECT).bind_processor(DIALECT)
    assert ours(moment) == library(moment.astimezone(UTC).replace(tzinfo=None))


def test_no_moment_stays_none():
    assert UtcTime().bind_processor(DIALECT)(None) is None
