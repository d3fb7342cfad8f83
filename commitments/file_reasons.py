"""Whether a difference holds what a form asks a reason for: then it is asked for a file as well. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from commitments.changes import Author, Change
from commitments.difference import UNTOLD, Imported
from commitments.errors import RefusedChange
from commitments.vocabulary import MilestoneState

_WITHOUT = frozenset({"party", "contact", "evidence"})
"""Of these nothing but the end of an office asks for a reason."""
_BELOW = frozenset({"milestone", "commitment_owner", "occurrence", "activity_commitment"})
"""What is added to a commitment or an activity on record changes it; with a new one it is a part of it."""
_OF_THE_AGREEMENT = frozenset({"agreement_party", "policy", "signatory", "budget_line"})


class LacksReason(RefusedChange):
    """Differences hold what a form asks a reason for, and none was given; carries each with such changes alone."""

    def __init__(self, unexplained: tuple[Imported, ...]) -> None:
        self.unexplained = unexplained
        super().__init__(f"a reason is needed for what changes of {', '.join(one.reference for one in unexplained)}")


def require_reasons(imports: Iterable[Imported], author: Author) -> None:
    """Raise LacksReason where something asks for one and the author says none."""
    unexplained = tuple(
        replace(one, changes=changes, vanished=(), late=(), kept=(), followed=())
        for one in imports
        if not author.why and (changes := list_unexplained(one))
    )
    if unexplained:
        raise LacksReason(unexplained)


def list_unexplained(imported: Imported) -> tuple[Change, ...]:
    """The changes for which somebody has to say why: of a new agreement only what it changes of people on record, and
    never what only tells what has happened."""
    if imported.new:
        return tuple(one for one in imported.changes if one.subject in _WITHOUT and _asks(one, set()))
    new = (("commitment", "registered"), ("activity", "registered"))
    fresh = {one.reference for one in imported.changes if (one.subject, one.action) in new}
    return tuple(one for one in imported.changes if _asks(one, fresh))


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
