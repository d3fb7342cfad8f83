"""Which commitments need not be judged on a day: those of which nothing is to be said but that their date lies ahead.

The same as `select_watched_commitments` asks the register, of facts that are in memory. Pure.
"""

from collections.abc import Mapping
from datetime import date

from commitments.dates import add_days
from commitments.facts import Commitment, Person
from commitments.policy import Policy
from commitments.vocabulary import CommitmentKind


def find_first_trouble(commitment: Commitment, people: Mapping[int, Person], policy: Policy) -> date | None:
    """The day from which on something may be asked or told about a commitment; nothing if that is so on any day.

    Known of a deliverable with a date, with an owner in office for good on every side, and nothing else on record:
    it is reminded of before its date, and asked about after it.
    """
    due = commitment.due
    if due is None or commitment.kind is not CommitmentKind.DELIVERABLE:
        return None
    on_record = (
        commitment.milestones, commitment.activities, commitment.measurements, commitment.reports, commitment.asked,
    )  # fmt: skip
    if any(on_record):
        return None
    for owner in commitment.owners:
        person = people.get(owner.contact_id) if owner.contact_id is not None else None
        if person is None or person.valid_from is not None or person.valid_to is not None:
            return None
    return min(due.first, add_days(due.last, -max(policy.lead_days, default=0)))
