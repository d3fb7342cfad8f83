"""What the reading pages call kinds, roles and columns: those words that messages never say."""

from collections.abc import Container
from enum import StrEnum
from typing import Any

from commitments.people import UNSETTLED
from commitments.vocabulary import (
    AgreementKind,
    CommitmentKind,
    CommitmentState,
    Comparator,
    Completion,
    ConfirmationState,
    ContactRole,
    FollowUpKind,
    FollowUpState,
    MilestoneState,
    PartyRole,
    Rating,
    RenewalRule,
    StandingState,
)
from notifications.phrases import ACTIVITY_NAMES, N_
from notifications.wording import Words

_AGREEMENT_KINDS: dict[AgreementKind, str] = {
    AgreementKind.MEMORANDUM: N_("Memorandum"),
    AgreementKind.SISTER_CITY: N_("Sister cities"),
    AgreementKind.FRIENDSHIP: N_("Friendship"),
    AgreementKind.ECONOMIC_PARTNERSHIP: N_("Economic partnership"),
    AgreementKind.COOPERATION: N_("Cooperation"),
    AgreementKind.IMPLEMENTING: N_("Implementing agreement"),
    AgreementKind.NETWORK_MEMBERSHIP: N_("Membership of a network"),
    AgreementKind.LETTER_OF_INTENT: N_("Letter of intent"),
    AgreementKind.INTERGOVERNMENTAL: N_("Between governments"),
    AgreementKind.DECLARED_PLANS: N_("Declared plans"),
    AgreementKind.CONTRACT: N_("Contract"),
    AgreementKind.OTHER: N_("Other"),
}
_PARTY_ROLES: dict[PartyRole, str] = {
    PartyRole.PARTY: N_("party"),
    PartyRole.MEMBER: N_("member"),
    PartyRole.SECRETARIAT: N_("secretariat"),
    PartyRole.WITNESS: N_("witness"),
}
_CONTACT_ROLES: dict[ContactRole, str] = {
    ContactRole.COORDINATOR: N_("coordinator"),
    ContactRole.OWNER: N_("owner"),
    ContactRole.LEADER: N_("leader"),
    ContactRole.OPERATOR: N_("operator"),
}
_RENEWALS: dict[RenewalRule, str] = {
    RenewalRule.NONE: N_("none"),
    RenewalRule.AUTOMATIC: N_("renews itself"),
    RenewalRule.BY_AGREEMENT: N_("by agreement of the parties"),
    RenewalRule.BY_VOTE: N_("by a vote"),
}
_COMPLETIONS: dict[Completion, str] = {
    Completion.NO_EVIDENCE: N_("no evidence"),
    Completion.NOT_STARTED: N_("not started"),
    Completion.LIMITED: N_("limited progress"),
    Completion.SUBSTANTIAL: N_("substantial progress"),
    Completion.COMPLETE: N_("complete"),
}
_CONFIRMATIONS: dict[ConfirmationState, str] = {
    ConfirmationState.ASKED: N_("asked, not answered yet"),
    ConfirmationState.CONFIRMED: N_("confirmed"),
    ConfirmationState.RETURNED: N_("sent back"),
    ConfirmationState.WITHDRAWN: N_("no longer asked"),
}
_COMPARATORS: dict[Comparator, str] = {
    Comparator.AT_LEAST: N_("at least %(amount)s"),
    Comparator.AT_MOST: N_("at most %(amount)s"),
    Comparator.ABOUT: N_("about %(amount)s"),
}
_SUBJECTS: dict[str, str] = {
    "agreement": N_("Agreement"),
    "agreement_party": N_("Party of the agreement"),
    "signatory": N_("Signatory"),
    "submitted_report": N_("Submitted report"),
    "policy": N_("Rules for reminders"),
    "rule_proposal": N_("Proposal of who confirms"),
    "commitment": N_("Commitment"),
    "commitment_owner": N_("Owner"),
    "milestone": N_("Milestone"),
    "occurrence": N_("Period"),
    "activity": N_("Activity"),
    "activity_commitment": N_("Activity that counts for a commitment"),
    "measurement": N_("Measurement"),
    "progress_report": N_("Progress report"),
    "confirmation": N_("Confirmation"),
    "evidence": N_("Evidence"),
    "budget_line": N_("Budget line"),
    "document": N_("Document"),
    "follow_up": N_("Follow-up"),
    "contact": N_("Contact"),
    "public_page": N_("Public page"),
}
_ACTIONS: dict[str, str] = {
    "registered": N_("%(what)s: recorded"),
    "amended": N_("%(what)s: changed"),
    "closed": N_("%(what)s: closed"),
    "superseded": N_("%(what)s: replaced by a newer one"),
    "asked": N_("%(what)s: opened"),
    "opened": N_("%(what)s: opened again"),
    "reassigned": N_("%(what)s: now asked of somebody else"),
    "escalated": N_("%(what)s: brought to the next person"),
    "snoozed": N_("%(what)s: put off"),
    "failed": N_("%(what)s: failed"),
    "published": N_("%(what)s: shown to everybody"),
    "handed_over": N_("%(what)s: everything was handed over"),
    "signed_out": N_("%(what)s: signed out everywhere"),
    "handed_back": N_("%(what)s: the hand-over was taken back"),
    "withdrawn": N_("%(what)s: withdrawn"),
    "kept": N_("%(what)s: left as it is"),
    "accepted": N_("%(what)s: accepted by their own side"),
    "refused": N_("%(what)s: refused by their own side"),
    "proposed": N_("%(what)s: put to the other side"),
    "agreed": N_("%(what)s: accepted by a side that was asked"),
    "declined": N_("%(what)s: refused by a side that was asked"),
    "overtaken": N_("%(what)s: overtaken, as the rule was changed meanwhile"),
}
_COLUMNS: dict[str, str] = {
    "title": N_("Title"),
    "titles": N_("Title in other languages"),
    "kind": N_("Kind"),
    "effective": N_("In force from"),
    "expires": N_("Expires"),
    "term": N_("Term"),
    "renewal_rule": N_("Renewal"),
    "renew_by": N_("To be renewed by"),
    "notice_months": N_("Notice, in months"),
    "notice_days": N_("Notice, in days"),
    "ended": N_("Ended"),
    "ended_reason": N_("Why it ended"),
    "kept_until": N_("Left as it is until"),
    "kept_why": N_("Why it is left as it is"),
    "note": N_("Note"),
    "sources": N_("Documents"),
    "languages": N_("Languages"),
    "binding": N_("Binding in law"),
    "parent": N_("It carries out"),
    "amends": N_("It amends"),
    "replaces": N_("It replaces"),
    "network_name": N_("Network"),
    "network_field": N_("Field"),
    "designated": N_("Member since"),
    "reporting_cycle_years": N_("A report is due every so many years"),
    "amount": N_("Amount"),
    "currency": N_("Currency"),
    "source_of_funds": N_("Who gives it"),
    "authentic": N_("Authentic languages"),
    "signed": N_("Signed"),
    "role": N_("Role"),
    "summary": N_("What was promised"),
    "summaries": N_("The same in other languages"),
    "quote": N_("The sentence itself"),
    "source": N_("Where it stands"),
    "quote_sources": N_("Where it stands in each language"),
    "tags": N_("Tags"),
    "implementers": N_("Who does the work"),
    "owed": N_("Owed"),
    "theme": N_("Theme"),
    "due": N_("Due"),
    "first_due": N_("First promised for"),
    "period_from": N_("From"),
    "period_to": N_("To"),
    "confirm_by": N_("To be confirmed by"),
    "recurrence": N_("How often"),
    "target": N_("Target"),
    "condition": N_("Condition"),
    "state": N_("State"),
    "state_on": N_("Since"),
    "state_reason": N_("Reason"),
    "state_until": N_("On hold until"),
    "contact_id": N_("Person"),
    "awaited_id": N_("Answers for it once accepted"),
    "assignee_id": N_("Asked of"),
    "party_id": N_("Party"),
    "met_on": N_("Met on"),
    "expected": N_("Expected"),
    "held_on": N_("Held on"),
    "until": N_("Until"),
    "place": N_("Place"),
    "participants": N_("Participants"),
    "count": N_("Counts for"),
    "measured_on": N_("Measured on"),
    "value": N_("Value"),
    "rating": N_("Rating"),
    "completion": N_("Completion"),
    "answered_on": N_("Answered on"),
    "due_on": N_("To be answered by"),
    "opened_on": N_("Opened"),
    "closed_on": N_("Closed"),
    "closed_why": N_("Why it was closed"),
    "snoozed_until": N_("Put off until"),
    "name": N_("Name"),
    "office": N_("Office"),
    "language": N_("Language"),
    "time_zone": N_("Time zone"),
    "valid_from": N_("In office from"),
    "valid_to": N_("Last day in office"),
    "deputy_id": N_("Deputy"),
    "channels": N_("Addresses"),
    "handed_to": N_("To whom"),
    "commitments": N_("Commitments"),
    "published_at": N_("Published"),
    "is_found_by_search": N_("Search engines may list it"),
    "rules": N_("Rules"),
    "link": N_("Link"),
    "sha256": N_("Hash (SHA-256)"),
}
_STATES: dict[str, tuple[type[StrEnum], ...]] = {
    "follow_up": (FollowUpState,),
    "commitment": (CommitmentState,),
    "milestone": (MilestoneState,),
}
_WORDS: dict[tuple[str, str], type[StrEnum]] = {
    ("progress_report", "rating"): Rating,
    ("commitment", "kind"): CommitmentKind,
    ("follow_up", "kind"): FollowUpKind,
}


def name_agreement_kind(words: Words, kind: AgreementKind) -> str:
    return words.gettext(_AGREEMENT_KINDS[kind])


def name_party_role(words: Words, role: PartyRole) -> str:
    return words.gettext(_PARTY_ROLES[role])


def name_contact_role(words: Words, role: ContactRole) -> str:
    return words.gettext(_CONTACT_ROLES[role])


def name_renewal(words: Words, rule: RenewalRule) -> str:
    return words.gettext(_RENEWALS[rule])


def name_completion(words: Words, completion: Completion) -> str:
    return words.gettext(_COMPLETIONS[completion])


def name_confirmation(words: Words, state: ConfirmationState) -> str:
    return words.gettext(_CONFIRMATIONS[state])


def name_target(words: Words, comparator: Comparator, quantity: float, unit: str | None) -> str:
    """The target with its comparator: at least 500 million yuan."""
    return words.gettext(_COMPARATORS[comparator]) % {"amount": words.format_amount(quantity, unit)}


def name_subject(words: Words, subject: str) -> str:
    """What a row of this table is called; its own name for one that is not known here."""
    known = _SUBJECTS.get(subject)
    return words.gettext(known) if known else subject.replace("_", " ")


def say_action(words: Words, action: str, what: str) -> str:
    return words.gettext(_ACTIONS.get(action, _ACTIONS["amended"])) % {"what": what}


def name_column(words: Words, column: str) -> str | None:
    """What a column is called; None for one that says nothing to a reader."""
    known = _COLUMNS.get(column)
    return words.gettext(known) if known else None


def name_value(words: Words, subject: str, column: str, value: str) -> str | None:
    """A word of the vocabulary as it is said; None for a value that is no such word."""
    of = [_WORDS[subject, column]] if (subject, column) in _WORDS else []
    if column == "state":
        of = list(_STATES.get(subject, ()))
    if subject == "confirmation" and column == "state" and value in list(ConfirmationState):
        return name_confirmation(words, ConfirmationState(value))
    if column == "completion" and value in list(Completion):
        return name_completion(words, Completion(value))
    if column == "renewal_rule" and value in list(RenewalRule):
        return name_renewal(words, RenewalRule(value))
    if subject == "agreement" and column == "kind" and value in list(AgreementKind):
        return name_agreement_kind(words, AgreementKind(value))
    if (subject, column) == ("agreement_party", "role") and value in list(PartyRole):
        return name_party_role(words, PartyRole(value))
    if (subject, column) == ("contact", "role") and value in list(ContactRole):
        return name_contact_role(words, ContactRole(value))
    for vocabulary in of:
        if value in list(vocabulary):
            return words.name(vocabulary(value))
    return None


def format_size(size: int, words: Words) -> str:
    """A file's size as people say it: 1.4 MB."""
    if size < 1024 * 1024:
        return words.gettext("%(size)s kB") % {"size": words.format_number(max(round(size / 1024), 1))}
    return words.gettext("%(size)s MB") % {"size": words.format_number(round(size / 1024 / 1024, 1))}


def is_awaited(step: Any, promise_state: str) -> bool:
    """Whether a milestone is still to come: with its promise, whatever becomes of that, it lapses."""
    return bool(step.state == MilestoneState.SCHEDULED) and promise_state in UNSETTLED


def name_step_state(words: Words, step: Any, promise_state: str, late: Container[tuple[int, str]]) -> str:
    """How a milestone stands, by what became of its promise and by those that are `late` (`find_late_steps`)."""
    state = MilestoneState(step.state)
    if (step.commitment_id, step.reference) in late:
        return words.name(StandingState.OVERDUE)
    if state is MilestoneState.SCHEDULED and not is_awaited(step, promise_state):
        return words.gettext("Lapsed with the commitment")
    return words.name(state)


def name_activity(words: Words, kind: str) -> str:
    return words.gettext(ACTIVITY_NAMES.get(kind, ACTIVITY_NAMES["other"]))
