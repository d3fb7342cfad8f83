"""How often a process that died is started again, and when that is given up. Pure."""

from dataclasses import dataclass, field

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each start in a row; after the last it is given up."""
CALM = 600.0
"""After so many seconds of life a death is the first of a row again."""


@dataclass(slots=True)
class Revivals:
    """The deaths of one process in a row."""

    deaths: int = 0
    last: float = field(default=float("-inf"))

    def choose_wait(self, now: float) -> float | None:
        """The seconds to wait before the next start; None if it died too often in a row. `now` is in seconds."""
        if now - self.last > CALM:
            self.deaths = 0
        self.last = now
        if self.deaths >= len(WAITS):
            return None
        self.deaths += 1
        return WAITS[self.deaths - 1]
