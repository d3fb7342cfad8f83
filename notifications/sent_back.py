"""Who is told that what they reported was sent back by the other side."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from commitments.assessment import find_owner
from commitments.chunks import Span
from commitments.dates import add_days
from commitments.facts import Agreement, Person
from commitments.followups import find_coordinator, find_stand_in, list_since_return
from commitments.queries import load_agreements
from commitments.reconcile import Rules, assess
from commitments.tables import agreement, commitment, confirmation, party, progress_report
from commitments.vocabulary import CommitmentState, ConfirmationState, MatterKind, NotificationKind
from notifications.candidates import Candidate
from notifications.reasons import Why

TOLD_FOR_DAYS = 92
"""What was sent back longer ago, as before a long pause, is told by how the promise stands alone."""


def find_sent_back(reading: Connection, span: Span, rules: Rules, today: date) -> Iterator[Candidate]:
    """Each report that was sent back, to who made it: unless their side has reported anew or the promise is settled."""
    rows = load_returned(reading, span, today)
    if not rows:
        return
    promises = commitment.c.id.in_({row.commitment_id for row in rows})
    facts = {
        one.id: one for one in load_agreements(reading, Span.over({row.agreement_id for row in rows}), only=promises)
    }
    yield from judge_returned(rows, facts, rules, today)


def load_returned(reading: Connection, span: Span, today: date) -> Sequence[Any]:
    """The reports that were sent back of late, on promises that are open or on hold."""
    return reading.execute(
        select(
            progress_report.c.id,
            progress_report.c.reference,
            progress_report.c.party_id,
            progress_report.c.contact_id,
            progress_report.c.commitment_id,
            confirmation.c.answered_on,
            confirmation.c.note,
            party.c.reference.label("party"),
            commitment.c.agreement_id,
            commitment.c.reference.label("promise"),
            agreement.c.reference.label("agreement"),
        )
        .join(progress_report, progress_report.c.id == confirmation.c.report_id)
        .join(commitment, commitment.c.id == progress_report.c.commitment_id)
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .join(party, party.c.id == confirmation.c.party_id)
        .where(
            confirmation.c.state == str(ConfirmationState.RETURNED),
            confirmation.c.answered_on >= add_days(today, -TOLD_FOR_DAYS),
            commitment.c.state.in_((str(CommitmentState.ACTIVE), str(CommitmentState.ON_HOLD))),
            span.holds(commitment.c.agreement_id),
        )
        .order_by(confirmation.c.id)
    ).all()


def judge_returned(
    rows: Iterable[Any], facts: Mapping[int, Agreement], rules: Rules, today: date, known: Collection[str] = ()
) -> Iterator[Candidate]:
    """Of what was sent back that which is to be told on a day, by the `facts` of its agreements; what has a `known` key
    was told already. Pure."""
    for row in rows:
        under = facts[row.agreement_id]
        promise = next((one for one in under.commitments if one.id == row.commitment_id), None)
        if promise is None or promise.state is not CommitmentState.ACTIVE:
            continue
        person = _find_reporter(row.contact_id, row.party_id, row.commitment_id, under, rules, today)
        if person is None or row.answered_on < add_days(today, -TOLD_FOR_DAYS):
            continue
        if is_reported_anew(under, row.commitment_id, row.party_id, max(today, row.answered_on)):
            continue
        matter, on = f"{row.agreement}/{row.promise}", row.answered_on.isoformat()
        key = f"{Why.SENT_BACK}|{matter}|{row.reference}|{row.party}|{on}|{person.reference}"
        if key in known:
            continue
        standing = next(
            one
            for one in assess(under, rules, today)
            if one.matter.kind is MatterKind.COMMITMENT and one.matter.commitment_id == row.commitment_id
        )
        yield Candidate(
            key,
            NotificationKind.CONFIRMATION,
            person,
            standing.matter.reference,
            str(MatterKind.COMMITMENT),
            str(standing.state),
            0,
            standing.reason.as_json(),
            Why.SENT_BACK,
            {"party": row.party, "on": on, **({"note": row.note} if row.note else {})},
            row.agreement_id,
            row.commitment_id,
            None,
            row.party_id,
            standing.deadline,
            scope=row.agreement,
        )


def _find_reporter(
    contact_id: int | None, party_id: int, commitment_id: int, under: Agreement, rules: Rules, today: date
) -> Person | None:
    """Who reported it, if in office; else who answers for it on that side, or speaks for that side."""
    owners = [
        owner.contact_id
        for one in under.commitments
        if one.id == commitment_id
        for owner in one.owners
        if owner.party_id == party_id
    ]
    for known in (contact_id, *owners):
        person = find_owner(known, rules.people, today)
        if person is not None and person.party_id == party_id:
            return find_stand_in(person, party_id, under, rules.people, rules.coordinators, today)
    return find_coordinator(party_id, under, rules.coordinators, today)


def is_reported_anew(under: Agreement, commitment_id: int | None, party_id: int | None, today: date) -> bool:
    """Whether a party has reported on a commitment since what it had said was sent back."""
    promise = next((one for one in under.commitments if one.id == commitment_id), None)
    return promise is not None and any(
        report.party_id == party_id for report in list_since_return(promise, party_id or 0, today)
    )
