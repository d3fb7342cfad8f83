"""The present: read at the edges only, and handed down."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from commitments.settings import read_settings


def read_clock() -> datetime:
    """Now, in UTC; the fixed present of TALLY_CLOCK if one is set."""
    return (read_settings().clock or datetime.now(UTC)).astimezone(UTC)


def today_in(zone: str, now: datetime) -> date:
    return now.astimezone(ZoneInfo(zone)).date()


def find_latest_day(now: datetime) -> date:
    """The day that it is where on earth it is furthest on: for somebody there it is today."""
    return today_in("Pacific/Kiritimati", now)
