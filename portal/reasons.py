"""Whether a difference holds what a form asks a reason for: then it is asked for a file as well. Pure."""

from commitments.changes import Change
from commitments.difference import UNTOLD, Imported
from commitments.vocabulary import MilestoneState

_WITHOUT = frozenset({"party", "contact", "evidence"})
"""Of these nothing but the end of an office asks for a reason."""
_BELOW = frozenset({"milestone", "commitment_owner", "occurrence", "activity_commitment"})
"""What is added to a commitment or an activity on record changes it; with a new one it is a part of it."""
_OF_THE_AGREEMENT = frozenset({"agreement_party", "policy", "signatory", "budget_line"})


def asks_reason(imported: Imported) -> bool:
    """Whether somebody has to say why: not of a new agreement, nor of what only tells what has happened."""
    if imported.new:
        return False
    new = (("commitment", "registered"), ("activity", "registered"))
    fresh = {one.reference for one in imported.changes if (one.subject, one.action) in new}
    return any(_asks(one, fresh) for one in imported.changes)


def _asks(change: Change, fresh: set[str]) -> bool:
    if change.action == "registered":
        is_part = "/".join(change.reference.split("/")[:2]) in fresh
        return change.subject in _OF_THE_AGREEMENT or (change.subject in _BELOW and not is_part)
    columns = change.changes.keys() - UNTOLD
    if change.subject in _WITHOUT:
        return "valid_to" in columns
    if change.subject == "milestone" and columns <= {"state", "met_on"}:
        return bool(change.changes.get("state", (None, None))[1] != MilestoneState.MET)
    return bool(columns)
