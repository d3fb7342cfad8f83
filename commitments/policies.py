"""Gives an agreement rules of its own: how its people are reminded. Logged, and looked at again at once."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from commitments.agreement_form import PolicyForm
from commitments.database import insert_new
from commitments.log import Author, Change, record_changes
from commitments.proposals import close_overtaken
from commitments.reconcile import reconcile_agreement
from commitments.references import find_agreement
from commitments.tables import agreement, policy, rule_proposal


def set_policy(
    unit: Connection, author: Author, reference: str, rules: Mapping[str, Any], now: datetime, today: date
) -> bool:
    """Make these the rules in which an agreement differs from the house; tells whether anything was changed.

    Raises NotFound for an agreement that is not known, and pydantic's ValidationError for a rule that is none.
    """
    head = find_agreement(unit, reference)
    # First of all, as where an answer to a proposal changes it: else each could wait for what the other holds.
    unit.execute(select(agreement.c.id).where(agreement.c.id == head.id).with_for_update())
    wanted = PolicyForm.model_validate(dict(rules)).model_dump(mode="json", exclude_none=True)
    made = insert_new(unit, policy, [{"scope": reference, "rules": {}}])
    row = unit.execute(select(policy).where(policy.c.scope == reference).with_for_update()).one()
    if row.rules == wanted and not made:
        return False
    if made and not wanted:
        return False
    unit.execute(update(policy).where(policy.c.id == row.id).values(rules=wanted))
    changes = {"rules": (row.rules or None, wanted)}
    action = "registered" if made else "amended"
    record_changes(unit, author, [Change(action, policy.name, row.id, reference, head.id, changes)])
    close_overtaken(unit, Author(author.who, author.at), rule_proposal.c.agreement_id == head.id)
    reconcile_agreement(unit, head.id, now, today)
    return True


def load_rules_in_own(reading: Connection, reference: str) -> dict[str, Any]:
    """The rules in which an agreement differs from the house; none where it does not."""
    found = reading.execute(select(policy.c.rules).where(policy.c.scope == reference)).scalar_one_or_none()
    return dict(found or {})
