"""Why an open follow-up is open today: the reason stored with it is of the day on which it was opened."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, select

from commitments import tables
from commitments.chunks import Span
from commitments.database import ROWS_A_STATEMENT
from commitments.dates import parse_date, whole_months
from commitments.facts import Standing
from commitments.followups import find_kind
from commitments.queries import load_agreements
from commitments.reconcile import assess, load_rules
from commitments.vocabulary import FollowUpKind, FollowUpState

SPEAKS_FOR_ITSELF = frozenset(
    (
        FollowUpKind.UNOWNED,
        FollowUpKind.NEXT_STEP_MISSING,
        FollowUpKind.CONFIRMATION_ASKED,
        FollowUpKind.DORMANT,
        FollowUpKind.MESSAGE_FAILED,
    )
)
"""What no standing says; or none that is assessed here, where only some of the commitments are read."""
AGREEMENTS_AT_ONCE = 500


def renew_reason(kind: FollowUpKind, stored: Mapping[str, Any], standing: Standing | None, today: date) -> Any:
    """The stored reason with the numbers of today: those of the standing of its matter, if that calls for this kind.

    What no standing says counts on from the day that it names; anything else stays as it is stored.
    """
    if kind not in SPEAKS_FOR_ITSELF:
        explains = standing is not None and find_kind(standing) is kind
        return standing.reason.as_json() if standing is not None and explains else stored
    numbers = dict(stored["numbers"])
    if kind is FollowUpKind.DORMANT:
        since = parse_date(numbers["since"])
        numbers["months"] = whole_months(min(since.last, today), today)
    elif kind is FollowUpKind.NEXT_STEP_MISSING:
        numbers["days"] = (today - parse_date(numbers["since"]).last).days
    return {**stored, "numbers": numbers}


def load_reasons(reading: Connection, rows: Iterable[Any], today: date) -> dict[int, Mapping[str, Any]]:
    """The reason of each of these follow-ups by its id: today's of the open ones, the stored one of the others.

    Reads the agreements and commitments of what is open, some hundreds at a time.
    """
    rows = list(rows)
    asked = [one for one in rows if one.state == FollowUpState.OPEN and one.agreement_id is not None]
    told = [one for one in asked if FollowUpKind(one.kind) not in SPEAKS_FOR_ITSELF]
    standings = _load_standings(reading, told, today)
    open_ids = {one.id for one in asked}
    return {
        one.id: renew_reason(FollowUpKind(one.kind), one.reason, standings.get(one.matter), today)
        if one.id in open_ids
        else one.reason
        for one in rows
    }


def _load_standings(reading: Connection, rows: Iterable[Any], today: date) -> dict[str, Standing]:
    promises: dict[int, set[int]] = {}
    for row in rows:
        promises.setdefault(row.agreement_id, set()).update([row.commitment_id] if row.commitment_id else [])
    ids = sorted(promises)
    standings: dict[str, Standing] = {}
    for start in range(0, len(ids), AGREEMENTS_AT_ONCE):
        part = ids[start : start + AGREEMENTS_AT_ONCE]
        rules = load_rules(reading, select(tables.agreement.c.id).where(tables.agreement.c.id.in_(part)))
        asked = {promise for one in part for promise in promises[one]}
        only = tables.commitment.c.id.in_(asked if len(asked) <= ROWS_A_STATEMENT else _select_asked(part))
        for facts in load_agreements(reading, Span.over(part), only=only):
            standings |= {one.matter.reference: one for one in assess(facts, rules, today)}
    return standings


def _select_asked(agreement_ids: Iterable[int]) -> Select[Any]:
    """The commitments of these agreements about which something is open."""
    return select(tables.follow_up.c.commitment_id).where(
        tables.follow_up.c.state == str(FollowUpState.OPEN),
        tables.follow_up.c.agreement_id.in_(agreement_ids),
        tables.follow_up.c.commitment_id.is_not(None),
    )
