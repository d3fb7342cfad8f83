"""What one side proposes of the rules of an agreement, in words: for whom it waits, what was said, what can be done."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select

from commitments.proposals import IS_OPEN, RULE, Proposal, Side, load_proposals
from commitments.tables import agreement, agreement_party, contact, party, rule_proposal, rule_proposal_side
from commitments.vocabulary import Consent, ProposalState
from notifications.names import Names, load_names
from notifications.views import LinkView, clean_text
from notifications.wording import Words
from portal.agreements import ADDRESS as AGREEMENTS
from portal.roles import Permission, Viewer, select_visible_agreements
from portal.rule_words import list_rules
from portal.telling import tell_moment, tell_title

TOLD_DAYS = 14
"""So long Home tells a side that what it proposed was refused, or overtaken."""
SHOWN_DAYS = 60
"""So long the rules of an agreement tell of a proposal that is closed."""
_TOLD = (str(ProposalState.REFUSED), str(ProposalState.OVERTAKEN))


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal with what each side says, and where what the reader can do about it is sent; empty where nothing."""

    number: int
    agreement: LinkView
    link: str
    changes: tuple[str, ...]
    proposed: str
    why: str
    sides: tuple[str, ...]
    outcome: str
    effect: str
    accept: str
    refuse: str
    withdraw: str


def say_who_decides(words: Words, *, waits: bool) -> str:
    """Why one side alone cannot have fewer asked, and what it can do instead."""
    if waits:
        return words.gettext(
            "That fewer are asked is not one side's to decide: each would free itself of the other's word. A proposal "
            "waits already, above: first it is answered, or withdrawn by the side that made it."
        )
    return words.gettext(
        "That fewer are asked is not one side's to decide: each would free itself of the other's word. Ask the other "
        "side by the button at the end: it holds once they have accepted it."
    )


def may_answer(viewer: Viewer, proposal: Proposal) -> bool:
    """Whether the reader can say yes or no to it: for their own side only, who says who speaks for that side."""
    return viewer.may(Permission.ACCEPT) and proposal.waits_for_party(viewer.person.party_id)


def may_withdraw(viewer: Viewer, proposal: Proposal) -> bool:
    """Whether the reader can take it back: for the side that proposed it, also where who did has left."""
    return (
        proposal.state is ProposalState.OPEN
        and viewer.may(Permission.SET_POLICY)
        and viewer.speaks_for(proposal.party_id)
    )


def load_to_answer(reading: Connection, viewer: Viewer, today: date) -> list[Proposal]:
    """What other sides propose, and the reader's is still to answer, the newest first."""
    if not viewer.may(Permission.ACCEPT):
        return []
    own = viewer.person.party_id
    bound = select(agreement_party.c.agreement_id).where(agreement_party.c.party_id == own)
    answered = select(rule_proposal_side.c.rule_proposal_id).where(
        rule_proposal_side.c.party_id == own, rule_proposal_side.c.answer.is_not(None)
    )
    waits = (
        IS_OPEN
        & (rule_proposal.c.party_id != own)
        & rule_proposal.c.agreement_id.in_(bound)
        & rule_proposal.c.id.not_in(answered)
    )
    return [one for one in load_proposals(reading, waits, today) if one.waits_for_party(own)]


def load_told(reading: Connection, viewer: Viewer, now: datetime, today: date) -> list[Proposal]:
    """What the reader's side proposed and was refused or overtaken of late; of each agreement the last proposal."""
    if not viewer.may(Permission.SET_POLICY):
        return []
    later = rule_proposal.alias()
    is_last = ~select(later.c.id).where(
        later.c.agreement_id == rule_proposal.c.agreement_id, later.c.id > rule_proposal.c.id
    ).exists()  # fmt: skip
    closed = (
        (rule_proposal.c.party_id == viewer.person.party_id)
        & rule_proposal.c.state.in_(_TOLD)
        & (rule_proposal.c.closed_at > now - timedelta(days=TOLD_DAYS))
        & agreement.c.id.in_(select_visible_agreements(viewer))
    )
    return load_proposals(reading, closed & is_last, today)


def load_shown(reading: Connection, agreement_id: int, now: datetime, today: date) -> list[Proposal]:
    """The last proposal under an agreement, if it waits or was closed of late."""
    recent = or_(IS_OPEN, rule_proposal.c.closed_at > now - timedelta(days=SHOWN_DAYS))
    return load_proposals(reading, (rule_proposal.c.agreement_id == agreement_id) & recent, today, most=1)


def describe_proposals(
    reading: Connection, words: Words, viewer: Viewer, found: Sequence[Proposal]
) -> list[ProposalView]:
    """Each in words; two statements, none where there is nothing."""
    if not found:
        return []
    names = load_names(
        reading,
        contact.c.reference.in_({who for one in found for who in _list_people(one)}),
        party.c.id.in_({number for one in found for number in _list_parties(one)}),
    )
    return [_describe(words, names, viewer, one) for one in found]


def _list_people(one: Proposal) -> Collection[str]:
    said = [one.proposed_by, one.closed_by, *(side.answered_by for side in one.sides)]
    return [who for who in said if who is not None]


def _list_parties(one: Proposal) -> Collection[int]:
    return [one.party_id, *(side.party_id for side in one.sides)]


def _describe(words: Words, names: Names, viewer: Viewer, one: Proposal) -> ProposalView:
    zone, address = viewer.person.time_zone, link_proposal(one.reference, one.id)
    answers, is_open = may_answer(viewer, one), one.state is ProposalState.OPEN
    rules = list_rules(words, {RULE: str(one.before)}, {RULE: str(one.after)})
    return ProposalView(
        one.id,
        LinkView(tell_title(one.title, words), f"{AGREEMENTS}/{one.reference}", ""),
        address,
        tuple(
            words.gettext("%(rule)s: “%(after)s” in place of “%(before)s”")
            % {"rule": rule, "before": before, "after": after}
            for rule, before, after in rules
        ),
        words.gettext("Proposed by %(name)s for %(party)s on %(moment)s.")
        % _name(words, names, one.proposed_by, one.party_id, one.proposed_at, zone),
        clean_text(one.why),
        tuple(_tell_side(words, names, one, side, zone) for side in one.sides),
        _tell_outcome(words, names, one, zone),
        words.gettext(
            "Once every side that is asked has accepted it, it holds at once, for what is reported from then on. What "
            "waits to be confirmed already goes on waiting."
        )
        if is_open
        else "",
        f"{address}/accept" if answers else "",
        f"{address}/refuse" if answers else "",
        f"{address}/withdraw" if may_withdraw(viewer, one) else "",
    )


def link_proposal(reference: str, number: int) -> str:
    return f"{AGREEMENTS}/{reference}/proposals/{number}"


def _name(words: Words, names: Names, who: str | None, party_id: int, at: datetime | None, zone: str) -> dict[str, str]:
    return {
        "name": clean_text(names.people.get(who or "", who or "")),
        "party": clean_text(names.name_party(party_id, words.tag)),
        "moment": tell_moment(words, at, zone),
    }


def _tell_side(words: Words, names: Names, one: Proposal, side: Side, zone: str) -> str:
    said: dict[str, Any] = _name(words, names, side.answered_by, side.party_id, side.answered_at, zone)
    if side.answer is Consent.ACCEPTED:
        return words.gettext("%(party)s has accepted it: %(name)s, %(moment)s.") % said
    if side.answer is Consent.REFUSED:
        refused = words.gettext("%(party)s has refused it: %(name)s, %(moment)s. “%(why)s”")
        return refused % (said | {"why": clean_text(side.why or "")})
    if one.state is not ProposalState.OPEN:
        return words.gettext("%(party)s had not answered.") % said
    if side.can_answer:
        return words.gettext("It waits for %(party)s: a coordinator there sees it on Home.") % said
    return (
        words.gettext(
            "It waits for %(party)s, where nobody can answer now: until somebody coordinates it who can be reached, "
            "only an administrator can set the rule."
        )
        % said
    )


def _tell_outcome(words: Words, names: Names, one: Proposal, zone: str) -> str:
    said = _name(words, names, one.closed_by, one.party_id, one.closed_at, zone)
    match one.state:
        case ProposalState.ACCEPTED:
            return words.gettext("Accepted on %(moment)s: the rule was changed.") % said
        case ProposalState.REFUSED:
            return words.gettext("Refused on %(moment)s: the rule stays as it was.") % said
        case ProposalState.WITHDRAWN:
            return words.gettext("Withdrawn by %(name)s on %(moment)s.") % said
        case ProposalState.OVERTAKEN:
            return (
                words.gettext(
                    "Overtaken on %(moment)s: the rule was changed otherwise meanwhile, so nothing was applied."
                )
                % said
            )
        case ProposalState.OPEN:
            return ""
