"""Plays the past days of one agreement anew, as it was known on each of them: what other rules would have sent.

The facts of each day are those of the log undone back to it, and what people closed or put off stays as they did it.
The people and the house's rules are those of today.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from commitments.database import open_reading
from commitments.facts import Agreement
from commitments.past import Then, find_changes, recall
from commitments.settings import Settings
from commitments.tables import agreement, commitment, milestone
from notifications.imagined import FollowUp, Scene
from notifications.moments import HOUR, Moment, list_moments
from notifications.playing import Foreseen, Play
from notifications.scenes import Opening, load_ledger, load_zones, make_opening, make_scene


@dataclass(frozen=True, slots=True)
class _Past:
    """The past days of one agreement, as they were known."""

    opening: Opening
    moments: Sequence[Moment]
    changed: AbstractSet[int]
    """At which of the moments something else is known than before."""
    known: Mapping[datetime, Then]
    scenes: Mapping[datetime, Scene]

    def play(self, rules: Mapping[str, Any]) -> Iterator[Foreseen]:
        """What would have been sent by these rules."""
        for play, moment in self._go_on(rules):
            yield from play.play(moment)

    def count(self, rules: Mapping[str, Any]) -> int:
        """How many messages that are."""
        return sum(play.count(moment) for play, moment in self._go_on(rules))

    def _go_on(self, rules: Mapping[str, Any]) -> Iterator[tuple[Play, Moment]]:
        """From moment to moment, each with what was known then."""
        play = self.opening.begin(rules)
        for place, moment in enumerate(self.moments):
            if place in self.changed:
                then, scene = self.known[moment.at], self.scenes.get(moment.at)
                if scene is not None:
                    play.show(scene)
                if place:
                    play.take_answers(then.follow_ups)
            if scene is not None:  # what somebody changes is looked at at once, not at the next check
                yield play, replace(moment, checks=moment.checks or place in self.changed)


def replay_messages(
    engine: Engine, settings: Settings, now: datetime, days: int, *, only: int, rules: Mapping[str, Any]
) -> Iterator[Foreseen]:
    """Every message that one agreement would have sent in the last `days` days by these rules, in order.

    It is played as if it were alone: without digests, summaries and hand-overs, and without what other agreements
    brought to the same people. Writes nothing to the register.
    """
    past = _load_past(engine, settings, now, days, only)
    if past is not None:
        yield from past.play(rules)


def count_replayed(
    engine: Engine, settings: Settings, now: datetime, days: int, *, only: int, rules: Mapping[str, Any]
) -> int:
    """How many messages that are."""
    past = _load_past(engine, settings, now, days, only)
    return past.count(rules) if past is not None else 0


def _load_past(engine: Engine, settings: Settings, now: datetime, days: int, only: int) -> _Past | None:
    start = now - timedelta(days=days)
    with open_reading(engine) as reading:
        moments = list(list_moments(start, days, settings.time_zone, load_zones(reading, only)))
        recorded = find_changes(reading, only, start)
        moments = [*moments, *_list_latest(moments[-1], recorded, now)]
        runs = [moment.at for moment in moments]
        changed = {bisect_left(runs, at) for at in recorded} & set(range(1, len(runs))) | {0}
        known = recall(reading, only, [*(runs[place] for place in changed), now])
        first = known[start]
        asked = [FollowUp(**_name(row)) for row in first.follow_ups]
        ledger = load_ledger(reading, only, asked, start, sent_before=start)
        scenes = {at: _set_scene(then, then.facts) for at, then in known.items() if then.facts is not None}
        if now not in scenes:
            return None
        opening = make_opening(reading, settings, scenes[now], asked, ledger)
    return _Past(opening, moments, changed, known, scenes)


def _list_latest(last: Moment, recorded: Sequence[datetime], now: datetime) -> list[Moment]:
    """When something was recorded after the last run: what came of it at once was sent by now, too.

    Of many changes the first, with which an agreement comes into the register, and the last are played.
    """
    since = [at for at in recorded if last.at < at <= now]
    if not since:
        return []
    at_once = list(dict.fromkeys([since[0], since[-1]]))
    ends = [*at_once[1:], now + timedelta.resolution]
    return [Moment(at, until, checks=True, known=at - HOUR) for at, until in zip(at_once, ends, strict=True)]


def _set_scene(then: Then, facts: Agreement) -> Scene:
    (row,) = then.rows[agreement]
    return make_scene(facts, row.title, then.rows[commitment], then.rows[milestone])


def _name(row: Any) -> dict[str, Any]:
    return dict(zip(row._fields, row, strict=True))
