"""How fast messages may go: by channel and by receiving domain. Pure: times in, times out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from commitments.errors import SettingsError
from commitments.vocabulary import Channel

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_RATE = re.compile(r"([1-9]\d{0,6}) ?(?:/|a |an |per )(second|minute|hour|day)")
OFF = "off"
EACH_DOMAIN = "mail:*"
USUAL_RATES: Mapping[str, str] = {
    EACH_DOMAIN: "300/minute",
    "slack": "50/minute",
    "teams": "50/minute",
    "telegram": "20/minute",
    "ntfy": "50/minute",
    "matrix": "50/minute",
    "wecom": "20/minute",
    "dingtalk": "20/minute",
    "feishu": "50/minute",
    "lark": "50/minute",
    "sms": "60/minute",
    "webhook": "120/minute",
}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and after that one after another, evenly over the time."""

    number: int
    seconds: float

    @property
    def step(self) -> timedelta:
        return timedelta(seconds=self.seconds / self.number)


def find_turn(rate: Rate, free_at: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """When the next message may go, and the `free_at` that follows if it goes then."""
    begin = max(free_at, now) if free_at is not None else now
    patience = rate.step * (rate.number - 1)
    return max(now, begin - patience), begin + rate.step


def read_rates(chosen: Mapping[str, str]) -> dict[str, Rate]:
    """The rates by what they bound: `mail`, `mail:*` (each receiving domain), `mail:DOMAIN`, or another channel's kind.

    SettingsError names every one that cannot be read.
    """
    rates, faults = {}, []
    for name, words in {**USUAL_RATES, **{key.strip().lower(): value for key, value in chosen.items()}}.items():
        kind, _, domain = name.partition(":")
        found = _RATE.fullmatch(words.strip().lower())
        if kind not in set(Channel) or (domain and kind != Channel.MAIL):
            faults.append(f"TALLY_RATES: {name!r} is neither a channel nor mail:DOMAIN")
        elif found is not None:
            rates[name] = Rate(int(found[1]), _SECONDS[found[2]])
        elif words.strip().lower() != OFF:
            faults.append(f"TALLY_RATES: {name}: found {words!r}, expected a rate such as 300/minute, or off")
    if faults:
        raise SettingsError("\n".join(faults))
    return rates


def name_lanes(kind: str, address: str) -> tuple[str, ...]:
    """What may bound a message: its kind of channel, and for mail the receiving domain."""
    if kind != Channel.MAIL:
        return (f"{kind}:{address.partition('/')[0]}",)
    return (str(kind), f"{kind}:{address.rpartition('@')[2].lower()}")


@dataclass(slots=True)
class Pace:
    """What has gone lately on each lane, and so when the next may go. Not safe to share between threads unguarded."""

    rates: Mapping[str, Rate]
    _free_at: dict[str, datetime] = field(default_factory=dict)

    def is_bounded(self) -> bool:
        return bool(self.rates)

    def remember(self, gone: Iterable[tuple[str, str, datetime]]) -> None:
        """Count what went before this run: kind, address and moment, the oldest first."""
        for kind, address, at in gone:
            for lane, rate in self._bounds(kind, address):
                free_at = self._free_at.get(lane)
                self._free_at[lane] = (max(free_at, at) if free_at is not None else at) + rate.step

    def take_turn(self, kind: str, address: str, now: datetime) -> datetime:
        """When this message may go, at once or later; its place is taken either way."""
        bounds = self._bounds(kind, address)
        turns = [find_turn(rate, self._free_at.get(lane), now) for lane, rate in bounds]
        turn = max((turn for turn, _ in turns), default=now)
        for (lane, _), (_, free_at) in zip(bounds, turns, strict=True):
            self._free_at[lane] = free_at
        return turn

    def _bounds(self, kind: str, address: str) -> list[tuple[str, Rate]]:
        found = []
        for lane in name_lanes(kind, address):
            own, _, end = lane.partition(":")
            usual = EACH_DOMAIN if own == Channel.MAIL and end else own
            rate = self.rates.get(lane) or self.rates.get(usual)
            if rate is not None:
                found.append((lane, rate))
        return found
