"""What a file that was taken in brings about besides: who is asked, what waits to be sent, and who is signed in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from commitments.difference import Imported
from commitments.reach import reconcile_reached
from commitments.reconcile import Reconciled
from notifications.waiting import follow_people, follow_rules
from portal.visits import end_visits

_ENDS_VISITS = frozenset({"channels", "valid_from", "valid_to"})
"""Who signed in by a former address, or before they left, does not stay signed in."""


@dataclass(frozen=True, slots=True)
class Effects:
    """The follow-ups that changed, and how many waiting messages were moved."""

    reconciled: Reconciled
    moved: int


def bring_effects(
    unit: Connection, imports: Sequence[Imported], now: datetime, today: date, *, but: Collection[str] = ()
) -> Effects:
    """Let everything follow, within the unit of the import; `but` those agreements that are left to the next look."""
    done = reconcile_reached(unit, imports, now, today, but=but)
    moved = 0
    if ruled := [one.reference for one in imports if any(change.subject == "policy" for change in one.changes)]:
        moved += follow_rules(unit, now, ruled)
    amended = [
        change for one in imports for change in one.changes if (change.subject, change.action) == ("contact", "amended")
    ]
    moved += follow_people(unit, now, today, [change.row_id for change in amended])
    for change in amended:
        if _ENDS_VISITS & change.changes.keys():
            end_visits(unit, change.row_id, now)
    return Effects(done, moved)
