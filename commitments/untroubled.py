"""Which commitments need not be judged on a day: those of which nothing is to be said but that their date lies ahead.

The same as `select_watched_commitments` asks the register, of facts that are in memory; and of which nothing is to be
said but that their date has passed. Pure.
"""

from collections.abc import Mapping
from datetime import date

from commitments.assessment import find_owner
from commitments.dates import add_days
from commitments.facts import Agreement, Commitment, Person
from commitments.policy import Policy
from commitments.vocabulary import CommitmentKind, CommitmentState


def find_first_trouble(commitment: Commitment, people: Mapping[int, Person], policy: Policy) -> date | None:
    """The day from which on something may be asked or told about a commitment; nothing if that is so on any day.

    Known of a deliverable with a date, with an owner in office for good on every side, and nothing else on record:
    it is reminded of before its date, and asked about after it.
    """
    due = commitment.due
    if due is None or not _is_plain(commitment, people):
        return None
    return min(due.first, add_days(due.last, -max(policy.lead_days, default=0)))


def find_lasting_trouble(agreement: Agreement, commitment: Commitment, people: Mapping[int, Person]) -> date | None:
    """The day after which a commitment is overdue for good: each later day the same is asked of the same people, until
    somebody acts or the agreement is over; nothing if it cannot be known.

    Known of what is active, as plain as what may be quiet before its date, owned by who answers for it, and bound to
    nothing that begins or ends.
    """
    due = commitment.due
    if due is None or commitment.state is not CommitmentState.ACTIVE or not _is_plain(commitment, people):
        return None
    if commitment.condition is not None or commitment.period_from is not None:
        return None
    if any(place.ended is not None for place in agreement.parties):
        return None
    if any(find_owner(owner.contact_id, people, due.last) is None for owner in commitment.owners):
        return None
    return due.last


def _is_plain(commitment: Commitment, people: Mapping[int, Person]) -> bool:
    """Whether it is a deliverable with an owner in office for good on every side, and nothing else on record."""
    if commitment.kind is not CommitmentKind.DELIVERABLE:
        return False
    on_record = (
        commitment.milestones, commitment.activities, commitment.measurements, commitment.reports, commitment.asked,
    )  # fmt: skip
    if any(on_record):
        return False
    for owner in commitment.owners:
        person = people.get(owner.contact_id) if owner.contact_id is not None else None
        if person is None or person.valid_from is not None or person.valid_to is not None:
            return False
    return True
