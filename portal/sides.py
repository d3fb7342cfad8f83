"""What one side alone does not do to what another side has promised, or was promised: the forms ask here, and so does
whatever is brought as a file, that neither allows what the other refuses."""

from collections.abc import Collection

from commitments.dates import parse_date
from commitments.deciding import SETTLED_STEPS
from commitments.vocabulary import MilestoneState, PartyRole
from portal.roles import Viewer


def speaks_for_any(viewer: Viewer, owing: Collection[int]) -> bool:
    """Whether they may report and measure a promise: in the name of a party that owes it."""
    return any(viewer.speaks_for(one) for one in owing)


def decides_who_owes(viewer: Viewer, owing: Collection[int], further: int) -> bool:
    """Whether they may let a further party owe a promise that stands: their own one, where nobody else owes it.

    Else who owes it would be freed of a part of it, or another bound, by one side's word.
    """
    return all(viewer.speaks_for(one) for one in (*owing, further))


def says_how_step_went(viewer: Viewer, taking: int | None, owing: Collection[int]) -> bool:
    """Whether they may say how a step went: for the party that is to take it, else for one of those that owe it all."""
    if taking is not None:
        return viewer.speaks_for(taking)
    return not owing or speaks_for_any(viewer, owing)


def list_ends(viewer: Viewer, state: str, taking: int | None, owing: Collection[int]) -> list[MilestoneState]:
    """What somebody may say of how a step ended. Of one that others are to take: that nobody waits for it any more, or
    does again, unless it was met; how it went is their side's to say."""
    if says_how_step_went(viewer, taking, owing):
        ends = [*SETTLED_STEPS, MilestoneState.SCHEDULED]
    elif state == MilestoneState.MET:
        ends = []
    else:
        ends = [MilestoneState.SCHEDULED if state == MilestoneState.WAIVED else MilestoneState.WAIVED]
    return [one for one in ends if one != state]


def assigns_step(viewer: Viewer, before: int | None, after: int | None, owing: Collection[int]) -> bool:
    """Whether they may say who is to take a step: where it is theirs alone before and after."""
    concerned = {one for taking in (before, after) for one in ((taking,) if taking is not None else owing)}
    return all(viewer.speaks_for(one) for one in concerned)


def is_asked_less(role: tuple[str, str], left: tuple[str | None, str | None]) -> bool:
    """Whether a party is promised less by another role, or from another last day on: a witness confirms nothing, nor
    who has left."""
    before, after = left
    sooner = after is not None and (before is None or parse_date(after).last < parse_date(before).last)
    return sooner or (role[0] != PartyRole.WITNESS and role[1] == PartyRole.WITNESS)
