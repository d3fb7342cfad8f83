"""Why the engine closes a follow-up. Pure."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from commitments.assessment import assess_agreement, is_stepless
from commitments.dates import add_days
from commitments.facts import Agreement, Commitment
from commitments.followups import People, find_kind, find_missed_date, has_answered
from commitments.policy import Policy
from commitments.vocabulary import CommitmentState, FollowUpKind, Owed, StandingState

CAUSE_GONE = "its cause is gone"
TAKEN_BACK = "the report was taken back"


def explain_closing(
    row: Any, agreement: Agreement | None, people: People, policy_of: Callable[[Agreement], Policy], today: date
) -> str:
    """Why a follow-up that is no longer wanted is closed: answered and asked again later, settled, the report
    that was to be confirmed taken back, or its cause gone.

    `agreement` is that of the follow-up, with the commitments that may call for one.
    """
    if row.kind == FollowUpKind.DORMANT and agreement is not None and agreement.kept is not None:
        return f"kept as it is until {agreement.kept.until}" if agreement.kept.holds(today) else CAUSE_GONE
    promises = agreement.commitments if agreement is not None else ()
    commitment = next((one for one in promises if one.id == row.commitment_id), None)
    if agreement is None or commitment is None or row.party_id is None:
        return CAUSE_GONE
    if row.kind == FollowUpKind.CONFIRMATION_ASKED and _is_taken_back(row, commitment):
        return TAKEN_BACK
    if commitment.state is CommitmentState.ON_HOLD:
        return "it is on hold"
    if commitment.state is not CommitmentState.ACTIVE:
        return f"it is {commitment.state}"
    return _explain(row, replace(agreement, commitments=(commitment,)), commitment, people, policy_of(agreement), today)


def _is_taken_back(row: Any, commitment: Commitment) -> bool:
    """Whether the report that was to be confirmed, or the part of another of those who each owe it, counts no more."""
    if row.period not in [one.reference for one in commitment.reports]:
        return True
    parts = {one.party_id for one in commitment.reports if one.is_fulfilled}
    is_parted = commitment.owed is Owed.EACH and commitment.state is CommitmentState.ACTIVE
    return is_parted and not {one.party_id for one in commitment.owners} <= parts


def _explain(
    row: Any, agreement: Agreement, commitment: Commitment, people: People, policy: Policy, today: date
) -> str:
    kind = FollowUpKind(row.kind)
    if kind is FollowUpKind.NEXT_STEP_MISSING:
        now = None
        is_still_so = is_stepless(agreement, commitment, policy, today) is not None
    else:
        standings = assess_agreement(agreement, people, policy, today)
        now = next((one for one in standings if one.matter.reference == row.matter), None)
        if now is not None and now.state is StandingState.SETTLED:
            return "it is settled"
        is_still_so = now is not None and find_kind(now) is kind
    missed = find_missed_date(now) if now is not None else None
    if not is_still_so or not has_answered(commitment, row.party_id, policy, today, missed):
        return CAUSE_GONE
    ahead = (add_days(today, number) for number in range(1, policy.quiet_after_answer_days + 1))
    quiet = [day for day in ahead if has_answered(commitment, row.party_id, policy, day, missed)]
    return f"answered; asked again after {max(quiet, default=today)}"
