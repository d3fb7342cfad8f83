"""What becomes of the follow-ups that there are, in the light of those that are wanted. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from commitments.closing import CAUSE_GONE
from commitments.days import Days
from commitments.facts import WantedFollowUp
from commitments.vocabulary import FollowUpState

FindDue = Callable[[WantedFollowUp], date]
"""Gives the day by which a follow-up is to be answered."""
Explain = Callable[[Any], str]
"""Says why a stored follow-up that is no longer wanted is closed."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What becomes of one stored follow-up."""

    order: str  # closed, superseded, opened (again) or reassigned
    row: Any
    values: dict[str, Any]

    @property
    def was(self) -> str:
        return str(self.row.state)


def describe_new(one: WantedFollowUp, days: Days, due_on: date) -> dict[str, Any]:
    """A follow-up that was not there yet, as a row."""
    return {
        "key": one.key,
        "kind": str(one.kind),
        "matter": one.matter.reference,
        "matter_kind": str(one.matter.kind),
        "agreement_id": one.matter.agreement_id,
        "commitment_id": one.matter.commitment_id,
        "party_id": one.party_id,
        "period": one.period,
        "assignee_id": one.assignee_id,
        "due_on": due_on,
        "reason": one.reason.as_json(),
        "state": str(FollowUpState.OPEN),
        "opened_on": days.of(one.assignee_id),
    }


def _say_gone(_row: Any) -> str:
    return CAUSE_GONE


def plan_settlements(
    standing_open: Mapping[str, Any],
    closed_before: Mapping[str, Any],
    wanted: Mapping[str, WantedFollowUp],
    days: Days,
    find_due: FindDue,
    who: str,
    explain: Explain = _say_gone,
) -> list[Settlement]:
    """What becomes of those that stand open, and of those that are wanted and were closed before; all by their keys.

    `who` closes them, and opens again only what was closed by that name; `explain` says why one is closed.
    """
    return [
        *_plan_closing(standing_open, wanted, days.today, who, explain),
        *_plan_passing_on(standing_open, wanted, find_due),
        *(
            _reopen(row, wanted[key], days, find_due)
            for key, row in closed_before.items()
            if row.closed_by == who and row.state != FollowUpState.OPEN
        ),
    ]


def _plan_closing(
    standing_open: Mapping[str, Any], wanted: Mapping[str, WantedFollowUp], today: date, who: str, explain: Explain
) -> Iterator[Settlement]:
    """Close what is no longer wanted: superseded if the same matter wants another in its place, else done."""
    replaced = {(str(one.kind), one.matter.reference, one.party_id) for one in wanted.values()}
    for key, row in standing_open.items():
        if key in wanted:
            continue
        superseded = (row.kind, row.matter, row.party_id) in replaced
        values = {
            "state": str(FollowUpState.SUPERSEDED if superseded else FollowUpState.DONE),
            "closed_on": today,
            "closed_by": who,
            "closed_why": "a newer one stands in its place" if superseded else explain(row),
        }
        yield Settlement("superseded" if superseded else "closed", row, values)


def _plan_passing_on(
    standing_open: Mapping[str, Any], wanted: Mapping[str, WantedFollowUp], find_due: FindDue
) -> Iterator[Settlement]:
    for key, row in standing_open.items():
        one = wanted.get(key)
        if one is not None and one.assignee_id != row.assignee_id:
            yield Settlement("reassigned", row, {"assignee_id": one.assignee_id, "due_on": find_due(one)})


def _reopen(row: Any, one: WantedFollowUp, days: Days, find_due: FindDue) -> Settlement:
    """The engine closed it because its cause was gone; now the cause is back."""
    values = {
        "state": str(FollowUpState.OPEN),
        "assignee_id": one.assignee_id,
        "due_on": find_due(one),
        "reason": one.reason.as_json(),
        "opened_on": days.of(one.assignee_id),
        "closed_on": None,
        "closed_by": None,
        "closed_why": None,
    }
    return Settlement("opened", row, values)
