"""Which follow-ups should be open on a day, for whom, and why. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from commitments.assessment import find_owner, is_ended, is_expired, is_stepless, list_valid_reports, name_milestone
from commitments.confirmations import find_speaker
from commitments.dates import add_days
from commitments.facts import (
    Agreement,
    Commitment,
    Matter,
    Owner,
    PartyPlace,
    Person,
    Reason,
    Report,
    Standing,
    WantedFollowUp,
)
from commitments.policy import Policy
from commitments.vocabulary import (
    ContactRole,
    FollowUpKind,
    MatterKind,
    Owed,
    PartyRole,
    ReasonCode,
    StandingState,
)

People = Mapping[int, Person]

_BY_STATE = {
    StandingState.OVERDUE: FollowUpKind.OVERDUE,
    StandingState.BEHIND: FollowUpKind.BEHIND,
    StandingState.SILENT: FollowUpKind.SILENT,
    StandingState.UNCONFIRMED: FollowUpKind.UNCONFIRMED,
}
_BY_DEADLINE = {
    (MatterKind.EXPIRY, ReasonCode.EXPIRED): FollowUpKind.EXPIRED,
    (MatterKind.NOTICE, ReasonCode.NOTICE_BY): FollowUpKind.NOTICE_DEADLINE,
    (MatterKind.RENEWAL, ReasonCode.RENEW_BY): FollowUpKind.RENEWAL_DUE,
    (MatterKind.RENEWAL, ReasonCode.RENEW_PASSED): FollowUpKind.RENEWAL_DUE,
    (MatterKind.REPORT, ReasonCode.REPORT_DUE): FollowUpKind.REPORT_DUE,
    (MatterKind.REPORT, ReasonCode.REPORT_PASSED): FollowUpKind.REPORT_DUE,
    (MatterKind.DORMANCY, ReasonCode.DORMANT): FollowUpKind.DORMANT,
}
_COMMITMENT, _MILESTONE = MatterKind.COMMITMENT, MatterKind.MILESTONE
_ON_TRACK, _OVERDUE, _SILENT = StandingState.ON_TRACK, StandingState.OVERDUE, StandingState.SILENT
_ASKED_LATE, _ASKED_BEHIND = FollowUpKind.OVERDUE, FollowUpKind.BEHIND
"""Named once: asked of everything on every day, and a member of an enum takes five times as long to find as a name."""


def group_people(people: Iterable[Person], role: ContactRole) -> dict[int, tuple[Person, ...]]:
    """The people of one role by party: first who has a channel that works, then in the order of their references."""
    found: dict[int, list[Person]] = {}
    for person in sorted(people, key=lambda one: (not one.ways, one.reference)):
        if person.role is role:
            found.setdefault(person.party_id, []).append(person)
    return {party: tuple(members) for party, members in found.items()}


def find_coordinator(
    party_id: int | None, agreement: Agreement, coordinators: Mapping[int, Sequence[Person]], today: date
) -> Person | None:
    """The party's coordinator in office, first one who can be reached; else the first of another party to it.

    No party's that has left.
    """
    parties = [party_id] if party_id is not None and not agreement.has_left(party_id, today) else []
    parties += [place.party_id for place in agreement.parties if place.party_id != party_id and place.is_bound(today)]
    for candidate in parties:
        for person in coordinators.get(candidate, ()):
            if person.is_in_office(today):
                return person
    return None


def find_stand_in(
    person: Person | None,
    party_id: int | None,
    agreement: Agreement,
    people: People,
    coordinators: Mapping[int, Sequence[Person]],
    today: date,
    *,
    anybody: bool = False,
    others: bool = False,
    unreached: Collection[int] = (),
) -> Person | None:
    """Who is written to where a person is asked for a party: they themselves if they can be reached, else their deputy,
    else its coordinator. With `anybody`, where no coordinator can be reached either, another in office of that party
    who can. With `others`, where nobody of that party can be, the coordinator of another who can: it must not end in
    silence. Those of `unreached` count as people who cannot be, whatever channels they have.
    """

    def can_be_asked(one: Person) -> bool:
        return bool(one.ways) and one.id not in unreached and one.is_in_office(today)

    if person is not None and person.ways and person.id not in unreached:
        return person
    deputy = people.get(person.deputy_id) if person is not None and person.deputy_id is not None else None
    if deputy is not None and can_be_asked(deputy):
        return deputy
    coordinator = find_coordinator(party_id, agreement, coordinators, today)
    speakers = coordinators.get(coordinator.party_id, ()) if coordinator is not None else ()
    speaker = next((one for one in speakers if can_be_asked(one)), None)
    if speaker is not None:
        return speaker
    if anybody and not (party_id is not None and agreement.has_left(party_id, today)):
        serving = (one for one in people.values() if one.party_id == party_id and can_be_asked(one))
        other = min(serving, key=lambda one: (one.role is not ContactRole.OWNER, one.reference), default=None)
        if other is not None:
            return other
    if others and not any(one.party_id == party_id and can_be_asked(one) for one in people.values()):
        partners = (place.party_id for place in agreement.parties if place.is_bound(today))
        beside = (one for party in partners for one in coordinators.get(party, ()))
        partner = next((one for one in beside if can_be_asked(one)), None)
        if partner is not None:
            return partner
    return person or coordinator


def find_kind(standing: Standing) -> FollowUpKind | None:
    """The kind of follow-up that a standing calls for, if any."""
    if standing.matter.commitment_id is not None:
        return _BY_STATE.get(standing.state) if not standing.is_at_rest else None
    if standing.state is _ON_TRACK:
        return None
    return _BY_DEADLINE.get((standing.matter.kind, standing.reason.code))


def want_followups(
    agreement: Agreement,
    standings: Sequence[Standing],
    people: People,
    coordinators: Mapping[int, Sequence[Person]],
    policy: Policy,
    today: date,
) -> Iterator[WantedFollowUp]:
    """Every follow-up that should be open today for one agreement, each with a key of its own.

    The key holds the matter, the party that is to act and the cause (due date, period, last news), so that an amended
    date or a new period opens another one. An ended agreement wants none; an expired one only that it be settled.
    """
    if is_ended(agreement, today):
        return
    by_id = {commitment.id: commitment for commitment in agreement.commitments}
    expired = is_expired(agreement, today)
    for standing in standings:
        kind = find_kind(standing)
        if kind is None:
            continue
        promised = standing.matter.commitment_id
        if promised is None:
            yield from _want_from_parties(agreement, standing, kind, coordinators, today)
        elif not expired and standing.state is not _ON_TRACK and not standing.is_at_rest:
            yield from _want_from_owners(
                agreement, by_id[promised], standing, kind, people, coordinators, policy, today
            )
    if expired:
        return
    states = {standing.matter.commitment_id: standing for standing in standings if standing.matter.kind is _COMMITMENT}
    for commitment in agreement.commitments:
        commitment_standing = states.get(commitment.id)
        if commitment_standing is not None:
            yield from _want_besides(agreement, commitment, commitment_standing, people, coordinators, policy, today)


def find_spokespeople(
    agreement: Agreement, kind: MatterKind, coordinators: Mapping[int, Sequence[Person]], today: date
) -> Iterator[tuple[PartyPlace, Person | None]]:
    """Who is asked about a date of the agreement itself: each bound party that has a coordinator in office, with them.

    A report binds the members, or all parties where none is called so. Where no bound party has a coordinator another
    party's speaks for the first of them, if there is one.
    """
    places = [
        place
        for place in agreement.parties
        if place.role in (PartyRole.PARTY, PartyRole.MEMBER) and place.is_bound(today)
    ]
    if kind is MatterKind.REPORT:
        places = [place for place in places if place.role is PartyRole.MEMBER] or places
    staffed = [
        place for place in places if any(person.is_in_office(today) for person in coordinators.get(place.party_id, ()))
    ]
    for place in staffed or places[:1]:
        yield place, find_coordinator(place.party_id, agreement, coordinators, today)


def _want_from_parties(
    agreement: Agreement,
    standing: Standing,
    kind: FollowUpKind,
    coordinators: Mapping[int, Sequence[Person]],
    today: date,
) -> Iterator[WantedFollowUp]:
    for place, assignee in find_spokespeople(agreement, standing.matter.kind, coordinators, today):
        by = _find_date_ahead(standing, today)
        yield _want(
            kind, standing.matter, place.party_id, place.reference, standing.cause, assignee, standing.reason, by
        )


def _want_from_owners(
    agreement: Agreement,
    commitment: Commitment,
    standing: Standing,
    kind: FollowUpKind,
    people: People,
    coordinators: Mapping[int, Sequence[Person]],
    policy: Policy,
    today: date,
) -> Iterator[WantedFollowUp]:
    if (
        standing.matter.kind is _COMMITMENT
        and commitment.recurrence is not None
        and kind
        in (
            _ASKED_LATE,
            _ASKED_BEHIND,
        )
    ):
        return  # its occurrences speak for it
    parties = find_answerable(commitment, standing.matter)
    for owner in parties:
        if agreement.has_left(owner.party_id, today):
            continue
        if has_answered(commitment, owner.party_id, policy, today, find_missed_date(standing)):
            continue
        assignee = find_owner(owner.contact_id, people, today) or find_coordinator(
            owner.party_id, agreement, coordinators, today
        )
        by = _find_date_ahead(standing, today)
        yield _want(kind, standing.matter, owner.party_id, owner.party, standing.cause, assignee, standing.reason, by)


def find_answerable(commitment: Commitment, matter: Matter) -> tuple[Owner, ...]:
    """All owing parties, or the one whose milestone it is."""
    if matter.kind is _MILESTONE:
        milestone = next((one for one in commitment.milestones if name_milestone(commitment, one) == matter.part), None)
        if milestone is not None and milestone.party_id is not None:
            own = tuple(owner for owner in commitment.owners if owner.party_id == milestone.party_id)
            return own or commitment.owners
    return commitment.owners


def find_missed_date(standing: Standing) -> date | None:
    """The date that was missed, of what is overdue: what was said before it does not say why."""
    return standing.deadline if standing.state is _OVERDUE else None


def has_answered(
    commitment: Commitment, party_id: int, policy: Policy, today: date, missed: date | None = None
) -> bool:
    """Whether the party is not to be asked: it has done its part, or reported of late, and is left alone for a while.

    What was sent back is no answer, and neither is what the party had said before that, or before the date that it
    `missed`: it is asked again.
    """
    if not commitment.reports:
        return False
    quiet_from = max(add_days(today, -policy.quiet_after_answer_days), missed or date.min)
    return has_delivered(commitment, party_id, today) or any(
        report.party_id == party_id and quiet_from < report.reported_on
        for report in list_since_return(commitment, party_id, today)
    )


def has_delivered(commitment: Commitment, party_id: int, today: date) -> bool:
    """Whether the party reported its own part as done of what each party owes.

    Where all of them did and the promise is open all the same, somebody opened it again: then no such word counts.
    """
    if commitment.owed is not Owed.EACH or not commitment.reports:
        return False
    done = {
        owner.party_id
        for owner in commitment.owners
        for report in list_since_return(commitment, owner.party_id, today)
        if report.party_id == owner.party_id and report.is_fulfilled
    }
    return party_id in done and any(owner.party_id not in done for owner in commitment.owners)


def list_since_return(commitment: Commitment, party_id: int, today: date) -> list[Report]:
    """The valid reports up to that day, but those that came before one of the party was last sent back."""
    valid = list_valid_reports(commitment, today)
    returns = {asked.report: asked.answered_on for asked in commitment.asked if asked.is_returned}
    ends = [
        (day, turn)
        for turn, one in enumerate(commitment.reports)
        if one.party_id == party_id and (day := returns.get(one.reference)) is not None and day <= today
    ]
    if not ends:
        return valid
    day, turn = max(ends)
    later = [one for one in commitment.reports[turn:] if one.reported_on == day]  # said anew on that very day
    return [one for one in valid if one.reported_on > day or one in later]


def _tell_vacancy(named: Person | None) -> dict[str, str]:
    """Why whoever is named does not answer: they wait to be accepted, or are no longer in office."""
    if named is not None and named.proposed_by is not None:
        return {"waiting": named.reference}
    if named is not None and named.valid_to is not None:
        return {"former": named.reference, "until": str(named.valid_to)}
    return {}


def _want_besides(
    agreement: Agreement,
    commitment: Commitment,
    standing: Standing,
    people: People,
    coordinators: Mapping[int, Sequence[Person]],
    policy: Policy,
    today: date,
) -> Iterator[WantedFollowUp]:
    """What no standing says by itself: a missing owner, a missing next step, an unanswered confirmation."""
    for asked in commitment.asked:
        if asked.is_open(today) and not agreement.has_left(asked.party_id, today):
            owning = [(owner.party_id, owner.contact_id) for owner in commitment.owners]
            assignee = find_speaker(asked.party_id, owning, people, coordinators, today)
            if assignee is None:  # nobody can say it for that side: it is not waited for
                continue
            place = next((one for one in agreement.parties if one.party_id == asked.party_id), None)
            reason = Reason(ReasonCode.CONFIRMATION_ASKED, {"asked_on": asked.asked_on.isoformat()})
            yield _want(
                FollowUpKind.CONFIRMATION_ASKED,
                standing.matter,
                asked.party_id,
                place.reference if place else "",
                asked.report,
                assignee,
                reason,
            )
    if standing.is_at_rest:
        return
    bound = [owner for owner in commitment.owners if not agreement.has_left(owner.party_id, today)]
    for owner in bound or commitment.owners:
        in_office = find_owner(owner.contact_id, people, today) if bound else None
        if in_office is None and not has_delivered(commitment, owner.party_id, today):
            former = people.get(owner.contact_id) if owner.contact_id is not None else None
            cause = str(former.valid_to) if former is not None and former.valid_to is not None else "none"
            assignee = find_coordinator(owner.party_id, agreement, coordinators, today)
            beside = {"elsewhere": True} if assignee is not None and assignee.party_id != owner.party_id else {}
            reason = Reason(ReasonCode.NO_OWNER, {"parties": [owner.party], **_tell_vacancy(former), **beside})
            by = _find_date_ahead(standing, today)
            yield _want(FollowUpKind.UNOWNED, standing.matter, owner.party_id, owner.party, cause, assignee, reason, by)
    if standing.state is not _SILENT:
        stepless = is_stepless(agreement, commitment, policy, today)
        if stepless is not None:
            since, days = stepless
            reason = Reason(ReasonCode.NO_NEXT_STEP, {"since": since, "days": days})
            for owner in bound:
                if not has_answered(commitment, owner.party_id, policy, today):
                    assignee = find_owner(owner.contact_id, people, today) or find_coordinator(
                        owner.party_id, agreement, coordinators, today
                    )
                    yield _want(
                        FollowUpKind.NEXT_STEP_MISSING,
                        standing.matter,
                        owner.party_id,
                        owner.party,
                        since,
                        assignee,
                        reason,
                    )


def _find_date_ahead(standing: Standing, today: date) -> date | None:
    return standing.deadline if standing.deadline is not None and standing.deadline >= today else None


def _want(
    kind: FollowUpKind,
    matter: Matter,
    party_id: int | None,
    party: str,
    cause: str,
    assignee: Person | None,
    reason: Reason,
    by: date | None = None,
) -> WantedFollowUp:
    key = f"{kind}:{matter.reference}@{party}:{cause}"
    return WantedFollowUp(key, kind, matter, party_id, cause, assignee.id if assignee else None, reason, by)
