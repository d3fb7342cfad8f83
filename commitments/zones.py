"""The time zones that there are."""

from functools import lru_cache
from zoneinfo import available_timezones


@lru_cache(maxsize=1)
def list_zones() -> frozenset[str]:
    """All names of zones. They are looked for once: a machine keeps each in a file of its own."""
    return frozenset(available_timezones())
