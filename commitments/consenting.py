"""The answer of a side to what another proposes; the last that is needed changes the rule, in the same transaction."""

from datetime import date

from sqlalchemy import ColumnElement, Connection, select, update

from commitments.database import insert_new
from commitments.log import Author, Change, record_changes
from commitments.policies import load_rules_in_own, set_policy
from commitments.proposals import (
    IS_OPEN,
    RULE,
    Proposal,
    close_overtaken,
    close_proposal,
    load_proposals,
    load_usual_rule,
)
from commitments.tables import agreement, policy, rule_proposal, rule_proposal_side
from commitments.vocabulary import Consent, ProposalState

_LONGEST_WHY = 300


def answer_proposal(
    unit: Connection, author: Author, proposal_id: int, party_id: int, answer: Consent, today: date
) -> Proposal:
    """Say for a party what it says to a proposal; gives the proposal as it stands then.

    Where it waits for that party no more nothing is written, and nothing where the rule was changed meanwhile but that
    it is overtaken. The first that refuses closes it. Once each side has accepted the rule is changed, and the
    agreement looked at again.
    """
    (head,) = unit.execute(
        select(agreement.c.id, agreement.c.reference)
        .join(rule_proposal, rule_proposal.c.agreement_id == agreement.c.id)
        .where(rule_proposal.c.id == proposal_id)
        .with_for_update(of=agreement)
    ).all()
    unit.execute(select(policy.c.id).where(policy.c.scope == head.reference).with_for_update())
    this = rule_proposal.c.id == proposal_id
    close_overtaken(unit, Author(author.who, author.at), this)
    (proposal,) = load_proposals(unit, this, today)
    if not proposal.waits_for_party(party_id):
        return proposal
    _keep_answer(unit, author, proposal, party_id, answer)
    if answer is Consent.REFUSED:
        close_proposal(unit, author, proposal, ProposalState.REFUSED, party_id)
    elif proposal.waits_for == tuple(one for one in proposal.sides if one.party_id == party_id):
        close_proposal(unit, author, proposal, ProposalState.ACCEPTED, party_id)
        _change_rule(unit, author, proposal, today)
    else:
        told = {"party_id": (None, party_id)}
        agreed = Change("agreed", rule_proposal.name, proposal.id, head.reference, head.id, told)
        record_changes(unit, author, [agreed])
    (proposal,) = load_proposals(unit, this, today)
    return proposal


def settle_left(unit: Connection, author: Author, only: ColumnElement[bool], today: date) -> None:
    """Settle what waits for nobody any more, those it waited for having left: by what the others have said to it."""
    for proposal in load_proposals(unit, IS_OPEN & only, today):
        if proposal.waits_for:
            continue
        if not proposal.sides:
            close_proposal(unit, author, proposal, ProposalState.OVERTAKEN)
        elif close_proposal(unit, author, proposal, ProposalState.ACCEPTED):
            _change_rule(unit, author, proposal, today)


def _keep_answer(unit: Connection, author: Author, proposal: Proposal, party_id: int, answer: Consent) -> None:
    key = {"rule_proposal_id": proposal.id, "party_id": party_id}
    insert_new(unit, rule_proposal_side, [key])  # a side that has somebody to answer only since it was proposed
    said = {"answer": str(answer), "answered_by": author.who, "answered_at": author.at, "why": author.why}
    mine = (rule_proposal_side.c.rule_proposal_id == proposal.id) & (rule_proposal_side.c.party_id == party_id)
    unit.execute(update(rule_proposal_side).where(mine).values(**said))


def _change_rule(unit: Connection, author: Author, proposal: Proposal, today: date) -> None:
    """Make it the agreement's; one that the house has anyway is no rule of its own."""
    rules = load_rules_in_own(unit, proposal.reference)
    rules.pop(RULE, None)
    if load_usual_rule(unit) != proposal.after:
        rules[RULE] = str(proposal.after)
    accepted = [one.answered_by for one in proposal.sides if one.answered_by is not None]
    if len(accepted) < len(proposal.sides):
        accepted.append(author.who)
    why = f"proposed by {proposal.proposed_by}, accepted by {' '.join(dict.fromkeys(accepted))}"
    signed = Author(author.who, author.at, why[:_LONGEST_WHY], author.once)
    set_policy(unit, signed, proposal.reference, rules, author.at, today)
