"""Takes over the rules of the house from their file; while the file is wrong, the rules last taken over hold."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, update

from commitments.agreement_file import parse_house_policy
from commitments.database import insert_new
from commitments.errors import InvalidFiles, Problem
from commitments.facts import Reason
from commitments.log import Author, Change, record_changes
from commitments.operations import Trouble, close_operator_follow_ups, open_trouble
from commitments.policy import HOUSE
from commitments.proposals import close_overtaken
from commitments.reconcile import ENGINE
from commitments.tables import policy
from commitments.vocabulary import FollowUpKind, ReasonCode

FILE = "policy.yaml"


@dataclass(frozen=True, slots=True)
class Adopted:
    """What taking over the file came to: the rules that changed, or what is wrong in it."""

    changed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def adopt_house_rules(unit: Connection, folder: Path | None, now: datetime) -> Adopted:
    """Make the file's rules the house's. Without a file nothing changes; an empty file goes back to the usual rules.

    A file with a fault changes nothing and is made the operator's matter, which closes once the file is right.
    """
    path = folder / FILE if folder is not None else None
    if path is None or not path.is_file():
        return Adopted()
    try:
        form = parse_house_policy(path.read_bytes(), str(path))
    except InvalidFiles as invalid:
        reason = Reason(ReasonCode.TEMPLATE_BROKEN, {"file": FILE, "fault": str(invalid.problems[0])[:300]})
        open_trouble(unit, Trouble(FollowUpKind.TEMPLATE_BROKEN, FILE, reason), now)
        return Adopted(problems=invalid.problems)
    close_operator_follow_ups(unit, [FollowUpKind.TEMPLATE_BROKEN], FILE, "it was read without a fault", now)
    return Adopted(_store(unit, form.model_dump(mode="json", exclude_none=True), now))


def _store(unit: Connection, wanted: dict[str, Any], now: datetime) -> tuple[str, ...]:
    row = unit.execute(select(policy).where(policy.c.scope == HOUSE)).one_or_none()
    before: dict[str, Any] = row.rules if row is not None else {}
    if before == wanted:
        return ()
    if row is None:
        (made,) = insert_new(unit, policy, [{"scope": HOUSE, "rules": wanted}])
        row_id, action = made.id, "registered"
    else:
        unit.execute(update(policy).where(policy.c.id == row.id).values(rules=wanted))
        row_id, action = row.id, "amended"
    changes = {"rules": (before or None, wanted)}
    record_changes(unit, Author(ENGINE, now, FILE), [Change(action, policy.name, row_id, HOUSE, None, changes)])
    close_overtaken(unit, Author(ENGINE, now))
    return tuple(sorted(name for name in {*before, *wanted} if before.get(name) != wanted.get(name)))
