"""Plays the past days of one agreement anew, as it was known on each of them: what other rules would have sent.

The facts of each day are those of the log undone back to it, and what people closed or put off stays as they did it.
The people and the house's rules are those of today.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from commitments.database import open_reading
from commitments.facts import Agreement
from commitments.past import Then, find_changes, recall
from commitments.settings import Settings
from commitments.tables import agreement, commitment, milestone
from notifications.imagined import FollowUp, Scene
from notifications.playing import Foreseen
from notifications.scenes import load_ledger, make_opening, make_scene


def replay_messages(
    engine: Engine, settings: Settings, now: datetime, days: int, *, only: int, rules: Mapping[str, Any]
) -> Iterator[Foreseen]:
    """Every message that one agreement would have sent in the last `days` days by these rules, in order.

    It is played as if it were alone: without digests and summaries, and without what other agreements brought to the
    same people. Writes nothing to the register.
    """
    start = now - timedelta(days=days)
    with open_reading(engine) as reading:
        changed = {-(-(at - start) // timedelta(days=1)) for at in find_changes(reading, only, start)}
        moments = {ahead: start + timedelta(days=ahead) for ahead in sorted(changed & set(range(1, days)) | {0})}
        known = recall(reading, only, [*moments.values(), now])
        first = known[start]
        asked = [FollowUp(**_name(row)) for row in first.follow_ups]
        ledger = load_ledger(reading, only, asked, start, sent_before=start)
        last = known[now]
        if last.facts is None:
            return
        play = make_opening(reading, settings, _set_scene(last, last.facts), asked, ledger).begin(rules)
    for ahead in range(days):
        moment = start + timedelta(days=ahead)
        if ahead in moments:
            then = known[moment]
            if then.facts is not None:
                play.show(_set_scene(then, then.facts))
            if ahead:
                play.take_answers(then.follow_ups)
        if then.facts is not None:
            yield from play.play_day(moment, now)


def _set_scene(then: Then, facts: Agreement) -> Scene:
    (row,) = then.rows[agreement]
    return make_scene(facts, row.title, then.rows[commitment], then.rows[milestone])


def _name(row: Any) -> dict[str, Any]:
    return dict(zip(row._fields, row, strict=True))
