"""When the day's jobs run: by these hours they are scheduled, and by the same ones the coming days are played. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from commitments.clock import today_in

CHECK_HOUR = 5
"""The hour of the house at which it is judged how all promises stand."""
PLANNING_MINUTE = 5
"""The minute of every hour at which what is due to be told is queued."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A run of the jobs: what is due is queued, after a check if it `checks`; what is queued goes `until` the next."""

    at: datetime
    until: datetime
    checks: bool


def list_moments(now: datetime, days: int, house_zone: str, zones: Iterable[str]) -> Iterator[Moment]:
    """The runs of the next `days` days that can bring something new, the first of them now.

    Nothing new is due from hour to hour: only once a day has begun for the house or for the people of a zone, and after
    the check.
    """
    end = now + timedelta(days=days)
    checks = {now: now.astimezone(ZoneInfo(house_zone)).hour >= CHECK_HOUR}
    today = today_in(house_zone, now)
    for ahead in range(-1, days + 3):
        day = today + timedelta(days=ahead)
        begun = {_find_run(day, time(0), zone, house_zone) for zone in {house_zone, *zones}}
        check = _find_run(day, time(CHECK_HOUR), house_zone, house_zone)
        for run in {check, *begun}:
            if now < run < end:
                checks[run] = run == check
    found = sorted(checks)
    for at, until in zip(found, [*found[1:], end], strict=True):
        yield Moment(at, until, checks[at])


def _find_run(day: date, hour: time, zone: str, house_zone: str) -> datetime:
    """The first run of every hour from that hour of a zone's day on."""
    local = datetime.combine(day, hour, ZoneInfo(zone)).astimezone(ZoneInfo(house_zone))
    wait = (PLANNING_MINUTE - local.minute) % 60
    return local.astimezone(UTC) + timedelta(minutes=wait, seconds=-local.second)
