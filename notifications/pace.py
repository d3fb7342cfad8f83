"""How fast messages may go: by channel and by receiving domain. Pure: times in, times out."""

import re
from collections import Counter
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
    """What has gone lately on each lane, and so when the next may go. Not safe to share between threads unguarded.

    Only what goes uses a lane up. What has to wait is given a moment behind those that wait already; whoever asks at
    that moment or later goes as soon as the lane has room, so that no room is left unused and none is used twice.
    """

    rates: Mapping[str, Rate]
    _free_at: dict[str, datetime] = field(default_factory=dict)
    _promised: dict[str, datetime] = field(default_factory=dict)
    _held: Counter[str] = field(default_factory=Counter)

    @property
    def memory(self) -> timedelta:
        """For how long what has gone can count."""
        return timedelta(seconds=2 * max((rate.seconds for rate in self.rates.values()), default=0))

    def remember(self, gone: Iterable[tuple[str, str, datetime]]) -> None:
        """Count what went, as in an earlier run: kind, address and moment, the oldest first."""
        for kind, address, at in gone:
            for lane, rate in self._bounds(kind, address):
                free_at = self._free_at.get(lane)
                self._free_at[lane] = (max(free_at, at) if free_at is not None else at) + rate.step

    def hold(self, claimed: Iterable[tuple[str, str]]) -> None:
        """Count, until told anew, what others have taken and may be about to send: kind and address."""
        self._held = Counter(lane for kind, address in claimed for lane, _ in self._bounds(kind, address))

    def take_turn(self, kind: str, address: str, now: datetime) -> datetime:
        """When this message may go: now, which counts as gone, or a later moment, when it has to ask again."""
        bounds = [(lane, rate, self._find_used(lane, rate, now)) for lane, rate in self._bounds(kind, address)]
        if all(find_turn(rate, used, now)[0] <= now for _, rate, used in bounds):
            self.remember([(kind, address, now)])
            return now
        turns = [(lane, find_turn(rate, max(used, self._promised.get(lane, now)), now)) for lane, rate, used in bounds]
        slowest, (turn, free_at) = max(turns, key=lambda found: found[1][0])
        self._promised[slowest] = free_at
        return turn

    def is_pressed(self, kind: str, address: str, now: datetime) -> bool:
        """Whether half of what may go at once is used up, so that what is to go soon is likely to wait for its turn."""
        return any(
            self._find_used(lane, rate, now) - now > rate.step * rate.number / 2
            for lane, rate in self._bounds(kind, address)
        )

    def _find_used(self, lane: str, rate: Rate, now: datetime) -> datetime:
        """Until when the lane is used up, by what has gone and what others hold."""
        return max(self._free_at.get(lane, now), now) + rate.step * self._held[lane]

    def _bounds(self, kind: str, address: str) -> list[tuple[str, Rate]]:
        found = []
        for lane in name_lanes(kind, address):
            own, _, end = lane.partition(":")
            usual = EACH_DOMAIN if own == Channel.MAIL and end else own
            rate = self.rates.get(lane) or self.rates.get(usual)
            if rate is not None:
                found.append((lane, rate))
        return found
