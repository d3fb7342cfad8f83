"""When the day's jobs run: by these hours they are scheduled, and by the same ones the coming days are played. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from commitments.clock import today_in

CHECK_HOUR = 5
"""The hour of the house at which everything is looked at again, whatever was looked at before."""
PLANNING_MINUTE = 5
"""The minute of every hour at which what is due to be told is queued."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A run of the jobs: what is due is queued; what is queued goes `until` the next."""

    at: datetime
    until: datetime
    checks: bool = False
    """Whether everything is judged, and not only what is asked of people whose day has begun since the last run."""
    known: datetime | None = None
    """Until when all that was due has been found by the runs before, if not by the one played last."""


def list_moments(now: datetime, days: int, house_zone: str, zones: Iterable[str]) -> Iterator[Moment]:
    """The runs of the next `days` days that can bring something new, the first of them now.

    Nothing new is due from hour to hour, though each is looked at: only once a day has begun for the house or for the
    people of a zone.
    """
    end = now + timedelta(days=days)
    today = today_in(house_zone, now)
    runs = {
        _find_run(today + timedelta(days=ahead), time(0), zone, house_zone)
        for ahead in range(-1, days + 3)
        for zone in {house_zone, *zones}
    }
    found = [now, *sorted(run for run in runs if now < run < end)]
    for at, until in zip(found, [*found[1:], end], strict=True):
        yield Moment(at, until, checks=at == now, known=None if at == now else at - HOUR)


def _find_run(day: date, hour: time, zone: str, house_zone: str) -> datetime:
    """The first run of every hour from that hour of a zone's day on."""
    local = datetime.combine(day, hour, ZoneInfo(zone)).astimezone(ZoneInfo(house_zone))
    wait = (PLANNING_MINUTE - local.minute) % 60
    return local.astimezone(UTC) + timedelta(minutes=wait, seconds=-local.second)
