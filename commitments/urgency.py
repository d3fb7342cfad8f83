"""Which standing is worse than which, and how a promise stands with its milestones. Pure."""

from collections.abc import Iterable

from commitments.facts import Matter, Standing
from commitments.vocabulary import MatterKind, StandingState

WORST_FIRST = (
    StandingState.OVERDUE,
    StandingState.BEHIND,
    StandingState.SILENT,
    StandingState.UNCONFIRMED,
    StandingState.UNOWNED,
    StandingState.DUE_SOON,
    StandingState.ON_HOLD,
    StandingState.ON_TRACK,
    StandingState.SETTLED,
)
URGENCY = {state: place for place, state in enumerate(WORST_FIRST)}
"""How bad it is to stand so; the worst is 0."""


def find_step(matter: Matter) -> str:
    """The reference of the milestone that a matter is about; nothing where it is about none."""
    return (matter.part or "").removeprefix("milestone:") if matter.kind is MatterKind.MILESTONE else ""


def find_late_steps(standings: Iterable[Standing]) -> frozenset[tuple[int, str]]:
    """The milestones that stand overdue, by their commitment and reference: not one that rests or lapses with it."""
    return frozenset(
        (one.matter.commitment_id, step)
        for one in standings
        if one.state is StandingState.OVERDUE and one.matter.commitment_id and (step := find_step(one.matter))
    )


def stand_with_steps(standings: Iterable[Standing]) -> list[Standing]:
    """Each promise as it stands, or as that of its milestones does which stands worse: its matter names the milestone.

    A promise is watched by its date and by its milestones (DESIGN, section 2): one whose step is overdue is not counted
    as on track because its own date lies ahead.
    """
    found: dict[int | None, Standing] = {}
    for one in standings:
        promise = one.matter.commitment_id
        if one.matter.kind is MatterKind.COMMITMENT or (
            one.matter.kind is MatterKind.MILESTONE
            and one.state is not StandingState.SETTLED
            and promise in found
            and URGENCY[one.state] < URGENCY[found[promise].state]
        ):
            found[promise] = one
    return list(found.values())
