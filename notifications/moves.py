"""What was changed of the terms of some agreements since a moment, from the log: dates, owners, what is promised."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, case, select, true

from commitments.clock import today_in
from commitments.tables import agreement_party, commitment_owner, contact, log_entry, milestone, rule_proposal
from commitments.vocabulary import CommitmentState, MilestoneState, ProposalState
from notifications.changes import ENTRIES_READ, Noted
from notifications.links import read_signer
from notifications.reasons import ChangeKind

_SUBJECTS = ("agreement", "agreement_party", "commitment", "commitment_owner", "milestone", "policy", "rule_proposal")
_OF_AGREEMENT = frozenset(
    {"effective", "expires", "ended", "renewal_rule", "renewal_months", "renew_by", "notice_months", "notice_days"}
)
"""The terms of an agreement that are told; of its words and documents the history tells."""

_PROPOSALS = {"proposed": ChangeKind.PROPOSED, "declined": ChangeKind.REFUSED}
"""What is told of a proposal of who confirms; that it was accepted is told by the rules that were changed."""
_SAID_BY_ITSELF = frozenset({"a file brought in the portal", "an agreement registered by form", "the examples"})
"""What the log says where nobody gave a reason: it is told in English alone, and tells the other side nothing."""


def load_moves(
    reading: Connection, agreement_ids: Collection[int], since: datetime, until: datetime | None, zone: str
) -> list[Noted]:
    """Each term that is another one now, the newest first, with what it was at first; nothing of a new agreement.

    Those after `since` and up to `until`, dated by the days of `zone`. What was moved back is not told; nor is what the
    same hand passed to the same person at the same moment told more than once an agreement.
    """
    entries = _load_entries(reading, agreement_ids, since, until)
    new = {one.agreement_id for one in entries if one.subject == "agreement" and one.action == "registered"}
    found: dict[tuple[Any, ...], Noted] = {}
    passed: set[int] = set()
    for entry in entries:
        if entry.agreement_id in new:
            continue
        on = today_in(zone, entry.at)
        told = _note(entry, on)
        if told is None:
            continue
        if told.kind is ChangeKind.ENDS and _OF_AGREEMENT & entry.changes.keys() - {"expires"}:
            terms = Noted(ChangeKind.TERMS, on, entry.agreement_id)
            found.setdefault((terms.kind, entry.subject, entry.row_id), terms)
        if told.kind is ChangeKind.ANSWERED_BY:
            if entry.row_id in passed:
                continue
            passed.add(entry.row_id)
            key: tuple[Any, ...] = told.kind, entry.at, entry.agreement_id, entry.successor
            before = found.get(key)
            found[key] = told if before is None else replace(before, commitment_id=None, number=before.number + 1)
        else:
            key = told.kind, entry.subject, entry.row_id
            found[key] = replace(found[key], before=told.before) if key in found else told
    return [one for one in found.values() if one.before != one.after or one.after is None]


def _load_entries(
    reading: Connection, agreement_ids: Collection[int], since: datetime, until: datetime | None
) -> list[Any]:
    about = log_entry.c.subject
    successor = log_entry.c.changes[("contact_id", 1)].as_integer()
    promise_id = case(
        (about == "commitment", log_entry.c.row_id),
        (about == "commitment_owner", commitment_owner.c.commitment_id),
        (about == "milestone", milestone.c.commitment_id),
    )
    party_id = case((about == "agreement_party", agreement_party.c.party_id), else_=contact.c.party_id)
    return list(
        reading.execute(
            select(
                log_entry.c.at, log_entry.c.who, log_entry.c.why, log_entry.c.action, about,
                log_entry.c.row_id, log_entry.c.agreement_id,
                log_entry.c.changes, promise_id.label("commitment_id"), party_id.label("party_id"),
                contact.c.id.label("successor"), contact.c.name, milestone.c.title, milestone.c.titles,
                rule_proposal.c.state.label("proposal_state"),
            )
            .outerjoin(commitment_owner, and_(about == "commitment_owner", commitment_owner.c.id == log_entry.c.row_id))
            .outerjoin(milestone, and_(about == "milestone", milestone.c.id == log_entry.c.row_id))
            .outerjoin(agreement_party, and_(about == "agreement_party", agreement_party.c.id == log_entry.c.row_id))
            .outerjoin(contact, and_(about == "commitment_owner", contact.c.id == successor))
            .outerjoin(rule_proposal, and_(about == "rule_proposal", rule_proposal.c.id == log_entry.c.row_id))
            .where(
                log_entry.c.agreement_id.in_(agreement_ids), log_entry.c.at > since,
                log_entry.c.at <= until if until is not None else true(), about.in_(_SUBJECTS),
            )
            .order_by(log_entry.c.id.desc())
            .limit(ENTRIES_READ)
        )
    )  # fmt: skip


def _note(entry: Any, on: date) -> Noted | None:
    """The entry as a change of terms; None if it is none, as a new word of a title."""
    changes = entry.changes or {}
    about = Noted(ChangeKind.TERMS, on, entry.agreement_id, entry.commitment_id)
    if entry.subject == "commitment" and entry.action == "registered":
        return replace(about, kind=ChangeKind.ADDED)
    if entry.subject == "policy":
        return replace(about, kind=ChangeKind.RULES)
    if entry.subject == "rule_proposal":
        kind = _PROPOSALS.get(entry.action)
        if kind is ChangeKind.PROPOSED and entry.proposal_state != ProposalState.OPEN:
            return None  # answered or taken back since: what became of it is told, and nothing waits
        by = changes.get("party_id", (None, None))[1]
        return replace(about, kind=kind, party_id=by, note=entry.why) if kind is not None else None
    if entry.action == "registered":
        return None
    if entry.subject in ("commitment", "milestone") and "due" in changes:
        before, after = changes["due"]
        step = entry if entry.title else None
        moved = replace(about, kind=ChangeKind.MOVED, before=before, after=after, row=step)
        return replace(moved, who=read_signer(entry.who)[0], note=None if entry.why in _SAID_BY_ITSELF else entry.why)
    if entry.subject == "commitment":
        before, after = changes.get("state", (None, None))
        resumed = after == CommitmentState.ACTIVE and before not in (None, after)
        return replace(about, kind=ChangeKind.RESUMED) if resumed else None
    if entry.subject == "milestone" and changes.get("state", (None, None))[0] == MilestoneState.MET:
        return replace(about, kind=ChangeKind.RESUMED, row=entry) if entry.title else None
    if entry.subject == "commitment_owner":
        named = replace(about, kind=ChangeKind.ANSWERED_BY, party_id=entry.party_id, name=entry.name)
        return named if entry.name else None
    if entry.subject == "agreement_party":
        last = changes.get("ended", (None, None))[1]
        return replace(about, kind=ChangeKind.LEFT, party_id=entry.party_id, after=last) if last else None
    if entry.subject == "agreement" and "expires" in changes:
        before, after = changes["expires"]
        return replace(about, kind=ChangeKind.ENDS, before=before, after=after)
    return about if entry.subject == "agreement" and _OF_AGREEMENT & changes.keys() else None
