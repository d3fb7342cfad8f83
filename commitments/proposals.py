"""What one side proposes of a rule that protects the others: who confirms a report. It holds once all have accepted it.

Of an agreement one proposal waits at a time (docs/decisions/0035).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from commitments.confirmations import is_concerned
from commitments.database import insert_new
from commitments.log import Author, Change, record_changes
from commitments.person_queries import find_served
from commitments.policy import HOUSE
from commitments.queries import load_policies
from commitments.tables import agreement, agreement_party, contact, policy, rule_proposal, rule_proposal_side
from commitments.vocabulary import ConfirmedBy, Consent, PartyRole, ProposalState

RULE = "confirmed_by"
IS_OPEN: ColumnElement[bool] = rule_proposal.c.state == str(ProposalState.OPEN)


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the other sides says to a proposal."""

    party_id: int
    answer: Consent | None
    answered_by: str | None
    answered_at: datetime | None
    why: str | None
    can_answer: bool
    """Whether it has somebody now who can: a coordinator in office whom a channel reaches."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Other rules of an agreement, as one side proposes them, and what the others say."""

    id: int
    agreement_id: int
    reference: str
    """Of the agreement, as the title is."""
    title: Mapping[str, str]
    before: ConfirmedBy
    after: ConfirmedBy
    party_id: int
    proposed_by: str
    proposed_at: datetime
    why: str
    state: ProposalState
    closed_at: datetime | None
    closed_by: str | None
    sides: tuple[Side, ...]

    @property
    def waits_for(self) -> tuple[Side, ...]:
        """The sides that are still to answer; none once it is closed."""
        return tuple(one for one in self.sides if one.answer is None) if self.state is ProposalState.OPEN else ()

    def waits_for_party(self, party_id: int) -> bool:
        return any(one.party_id == party_id for one in self.waits_for)


def select_other_sides(reference: str, party_id: int, today: date) -> ColumnElement[bool]:
    """Which contacts are of the other parties to which something is promised by an agreement (see `is_concerned`)."""
    return contact.c.party_id.in_(
        select(agreement_party.c.party_id)
        .join(agreement, agreement.c.id == agreement_party.c.agreement_id)
        .where(agreement.c.reference == reference, agreement_party.c.party_id != party_id, _are_concerned(today))
    )


def _are_concerned(today: date) -> ColumnElement[bool]:
    """As `is_concerned` says of one: no witness, and nobody who has left by the day, as precisely as that is known."""
    ended = agreement_party.c.ended
    begun = func.substr(today.isoformat(), 1, func.length(ended))
    return and_(agreement_party.c.role != str(PartyRole.WITNESS), or_(ended.is_(None), ended >= begun))


def load_rule(reading: Connection, reference: str) -> ConfirmedBy:
    """Who confirms a report under an agreement, as it holds now."""
    house, own = load_policies(reading, policy.c.scope == reference)
    return own.get(reference, house).confirmed_by


def load_usual_rule(reading: Connection) -> ConfirmedBy:
    """Who confirms a report where an agreement has no rule of its own."""
    house, _ = load_policies(reading, policy.c.scope == HOUSE)
    return house.confirmed_by


def load_proposals(
    reading: Connection, which: ColumnElement[bool], today: date, most: int | None = None
) -> list[Proposal]:
    """Some proposals, the newest first, each with its sides in the order of the agreement; a few statements, one where
    there is none.

    One that waits, waits for each other side that it was put to, or that has somebody to answer by now, as long as
    they are in the agreement; whose people have all left rests until somebody speaks for it again.
    """
    rows = reading.execute(
        select(rule_proposal, agreement.c.reference, agreement.c.title)
        .join(agreement, agreement.c.id == rule_proposal.c.agreement_id)
        .where(which)
        .order_by(rule_proposal.c.id.desc())
        .limit(most)
    ).all()
    if not rows:
        return []
    sides = [
        one
        for one in _load_sides(reading, [row.id for row in rows])
        if one.state != ProposalState.OPEN or is_concerned(one.role, one.ended, today)
    ]
    served = find_served(reading, contact.c.party_id.in_({one.party_id for one in sides}), today)
    found: dict[int, list[Side]] = {}
    for one in sides:
        is_put = one.side_id is not None or (one.state == ProposalState.OPEN and one.party_id in served)
        if is_put:
            answer = Consent(one.answer) if one.answer else None
            found.setdefault(one.id, []).append(
                Side(one.party_id, answer, one.answered_by, one.answered_at, one.why, one.party_id in served)
            )
    return [_read(row, found.get(row.id, ())) for row in rows]


def _load_sides(reading: Connection, ids: Collection[int]) -> Sequence[Any]:
    said = rule_proposal_side
    return reading.execute(
        select(
            rule_proposal.c.id, rule_proposal.c.state, agreement_party.c.party_id, said.c.id.label("side_id"),
            said.c.answer, said.c.answered_by, said.c.answered_at, said.c.why, agreement_party.c.role,
            agreement_party.c.ended,
        )
        .join(agreement_party, agreement_party.c.agreement_id == rule_proposal.c.agreement_id)
        .outerjoin(
            said, and_(said.c.rule_proposal_id == rule_proposal.c.id, said.c.party_id == agreement_party.c.party_id)
        )
        .where(rule_proposal.c.id.in_(ids), agreement_party.c.party_id != rule_proposal.c.party_id)
        .order_by(rule_proposal.c.id, agreement_party.c.position)
    ).all()  # fmt: skip


def _read(row: Any, sides: Iterable[Side]) -> Proposal:
    return Proposal(
        row.id, row.agreement_id, row.reference, row.title, ConfirmedBy(row.before), ConfirmedBy(row.after),
        row.party_id, row.proposed_by, row.proposed_at, row.why, ProposalState(row.state), row.closed_at,
        row.closed_by, tuple(sides),
    )  # fmt: skip


def propose_rule(
    unit: Connection, author: Author, head: Any, party_id: int, after: ConfirmedBy, asked: Collection[int]
) -> int | None:
    """Put another rule to the sides that are `asked`, for the party whose coordinator the author is; gives the
    proposal, None where one waits already. `head` is the agreement's row."""
    before = load_rule(unit, head.reference)
    row = {
        "agreement_id": head.id, "rule": RULE, "before": str(before), "after": str(after), "party_id": party_id,
        "proposed_by": author.who, "proposed_at": author.at, "why": author.why or "", "state": str(ProposalState.OPEN),
        "closed_at": None, "closed_by": None,
    }  # fmt: skip
    made = insert_new(unit, rule_proposal, [row])
    if not made:
        return None
    (proposal,) = made
    insert_new(unit, rule_proposal_side, [{"rule_proposal_id": proposal.id, "party_id": one} for one in sorted(asked)])
    rules = ({RULE: str(before)}, {RULE: str(after)})
    told = {"party_id": (None, party_id), "rules": rules}
    record_changes(unit, author, [Change("proposed", rule_proposal.name, proposal.id, head.reference, head.id, told)])
    return int(proposal.id)


def withdraw_proposal(unit: Connection, author: Author, proposal: Proposal) -> bool:
    """Ask the others no more; tells whether it was still open."""
    return close_proposal(unit, author, proposal, ProposalState.WITHDRAWN)


def close_overtaken(unit: Connection, author: Author, only: ColumnElement[bool] | None = None) -> int:
    """Close what waits though the rule is another one by now than it was when it was proposed; tells how many.

    Of all proposals or of `only` some; what was changed meanwhile stays as it is.
    """
    query = select(
        rule_proposal.c.id, rule_proposal.c.agreement_id, rule_proposal.c.before, agreement.c.reference
    ).join(agreement, agreement.c.id == rule_proposal.c.agreement_id)
    rows = unit.execute(query.where(IS_OPEN) if only is None else query.where(IS_OPEN, only)).all()
    if not rows:
        return 0
    house, own = load_policies(unit, policy.c.scope.in_({row.reference for row in rows}))
    overtaken = [row for row in rows if own.get(row.reference, house).confirmed_by != row.before]
    return _close(
        unit, author, ProposalState.OVERTAKEN, [(one.id, one.agreement_id, one.reference) for one in overtaken]
    )


def close_proposal(
    unit: Connection, author: Author, proposal: Proposal, state: ProposalState, party_id: int | None = None
) -> bool:
    """Let a proposal wait no more; tells whether it did. `party_id` is the side whose word closes it."""
    one = proposal.id, proposal.agreement_id, proposal.reference
    return bool(_close(unit, author, state, [one], party_id))


def _close(
    unit: Connection,
    author: Author,
    state: ProposalState,
    which: Collection[tuple[int, int, str]],
    party_id: int | None = None,
) -> int:
    ids = {number for number, _, _ in which}
    closed = (
        unit.execute(
            update(rule_proposal)
            .where(rule_proposal.c.id.in_(ids), IS_OPEN)
            .values(state=str(state), closed_at=author.at, closed_by=author.who)
            .returning(rule_proposal.c.id)
        )
        .scalars()
        .all()
    )
    told = {"party_id": (None, party_id)} if party_id is not None else {}
    changes = [
        Change(_ACTIONS[state], rule_proposal.name, number, reference, agreement_id, told)
        for number, agreement_id, reference in which
        if number in closed
    ]
    record_changes(unit, author, changes)
    return len(changes)


_ACTIONS = {
    ProposalState.ACCEPTED: "agreed",
    ProposalState.REFUSED: "declined",
    ProposalState.WITHDRAWN: "withdrawn",
    ProposalState.OVERTAKEN: "overtaken",
}
"""What the log says of each way in which a proposal ends."""
