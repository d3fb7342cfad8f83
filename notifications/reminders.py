"""Finds the reminders before dates that are due: of what, to whom, and on which of their days."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from commitments.assessment import find_owner, is_ended, is_expired
from commitments.chunks import Span
from commitments.dates import add_days
from commitments.days import Days
from commitments.facts import Agreement, Commitment, Person, Standing
from commitments.followups import find_answerable, find_spokespeople, find_stand_in, has_answered
from commitments.policy import Policy, find_lead_days, is_always_sent
from commitments.reconcile import Rules
from commitments.vocabulary import MatterKind, NotificationKind, ReasonCode, StandingState
from notifications.candidates import Candidate, Focus
from notifications.reasons import Decision, Why
from notifications.routing import find_reminder_rung
from notifications.slots import choose_days, find_last_day
from notifications.standing_in import explain_stand_in
from notifications.tables import notice

REMINDED = (StandingState.DUE_SOON, StandingState.UNOWNED, StandingState.BEHIND)
_COMMITMENT, _MET = MatterKind.COMMITMENT, (ReasonCode.PERIOD_MET, ReasonCode.TARGET_MET)
"""Named once: asked of everything on every day, and a member of an enum takes five times as long to find as a name."""
DAYS_EARLIER = 2
"""So many days may it be earlier for a person than for the house: from Kiritimati to Samoa."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What stands so that people may be reminded of it on a day, and whom by which party."""

    agreement: Agreement
    standing: Standing
    deadline: date
    policy: Policy
    day: date
    recipients: tuple[tuple[int, Person, Person | None], ...]
    """By which party who is told, and who is asked, of whom another may stand in the place."""


def find_prospects(
    agreement: Agreement, judged: Mapping[date, Sequence[Standing]], rules: Rules, today: date
) -> tuple[dict[str, Standing], list[Prospect]]:
    """Of an agreement that was `judged` by each day, the house's first: how each matter stands by the first of them
    that it stands on, and of what who may be reminded on each."""
    current: dict[str, Standing] = {}
    prospects: list[Prospect] = []
    promised = {one.id: one for one in agreement.commitments}
    policy = rules.policy_of(agreement)
    for day, standings in judged.items():
        if is_ended(agreement, day) or is_expired(agreement, day):
            continue
        for standing in standings:
            latest = current.setdefault(standing.matter.reference, standing)
            if standing.state not in REMINDED or is_answered(latest):
                continue
            if standing.deadline is None or standing.deadline < day:
                continue
            owned = promised.get(standing.matter.commitment_id or 0)
            if standing.matter.kind is _COMMITMENT and owned is not None and owned.recurrence is not None:
                continue  # its occurrences speak for it
            recipients = tuple(
                (party_id, person, asked)
                for party_id, person, asked in find_recipients(agreement, owned, standing, rules, day)
                if owned is None or not has_answered(owned, party_id, policy, max(day, today))
            )
            if recipients:
                prospects.append(Prospect(agreement, standing, standing.deadline, policy, day, recipients))
    return current, prospects


def is_answered(standing: Standing) -> bool:
    """Settled, held or met by the house's day: nothing to remind of, though a person's own day has not begun."""
    return standing.is_at_rest or standing.reason.code in _MET


def find_reminders(
    prospects: Iterable[Prospect], told: Collection[str], days: Days, focus: Focus | None = None
) -> Iterator[Candidate]:
    """The reminders that are not told yet of those for whom it is that day, of who is in `focus` where there is one."""
    for one in prospects:
        for party_id, person, asked in one.recipients:
            if days.of(person.id) == one.day and (focus is None or focus.holds(person)):
                yield from _remind(one, party_id, person, asked, told, days.begun[person.time_zone])


def _remind(
    prospect: Prospect, party_id: int, person: Person, asked: Person | None, told: Collection[str], own_day: date
) -> Iterator[Candidate]:
    """The reminder that is right for a person today, and those that were missed."""
    agreement, standing, deadline, policy = prospect.agreement, prospect.standing, prospect.deadline, prospect.policy
    matter = standing.matter
    until = min(find_last_day(person, choose_days(person, [policy]), own_day), max(deadline, own_day))
    rung = find_reminder_rung(find_lead_days(policy, matter.kind), deadline, until, person)
    if rung is None or _name_reminder(standing, rung.right, person) in told:
        return
    # Told before its own day, as in a bundle or before a day of rest, a reminder says how many days are left.
    ahead = (deadline - own_day).days

    def candidate(days: int, decision: Decision, why: Why, ahead: int) -> Candidate:
        return Candidate(
            _name_reminder(standing, days, person),
            NotificationKind.REMINDER,
            person,
            matter.reference,
            str(matter.kind),
            str(standing.state),
            days,
            standing.reason.as_json(),
            why,
            {
                "days": ahead,
                "due": deadline.isoformat(),
                **explain_stand_in(asked, (), person, own_day, NotificationKind.REMINDER),
            },
            matter.agreement_id,
            matter.commitment_id,
            None,
            party_id,
            deadline,
            decision,
            agreement.reference,
            is_always_sent(policy, str(matter.kind)),
            own_day,
        )

    yield candidate(rung.right, Decision.TOLD, Why.LEAD_REACHED, ahead)
    for missed in rung.missed:
        if _name_reminder(standing, missed, person) not in told:
            yield candidate(missed, Decision.PASSED_OVER, Why.LATER_RUNG, missed)


def _name_reminder(standing: Standing, days: int, person: Person) -> str:
    """The key of a reminder so many days before a deadline."""
    return f"reminder|{standing.matter.reference}|{standing.deadline}|{days}|{person.reference}"


def find_recipients(
    agreement: Agreement, owned: Commitment | None, standing: Standing, rules: Rules, today: date
) -> Iterator[tuple[int, Person, Person | None]]:
    """For a commitment each answerable party's owner, or its coordinator; for a date of the agreement who is asked.

    Whoever cannot be reached is stood in for; who is asked comes with who is told.
    """
    if owned is not None:
        for owner in find_answerable(owned, standing.matter):
            if agreement.has_left(owner.party_id, today):
                continue
            asked = find_owner(owner.contact_id, rules.people, today)
            person = find_stand_in(asked, owner.party_id, agreement, rules.people, rules.coordinators, today)
            if person is not None:
                yield owner.party_id, person, asked
        return
    always = is_always_sent(rules.policy_of(agreement), str(standing.matter.kind))
    for place, asked in find_spokespeople(agreement, standing.matter.kind, rules.coordinators, today):
        person = find_stand_in(
            asked, place.party_id, agreement, rules.people, rules.coordinators, today, anybody=always
        )
        if person is not None:
            yield place.party_id, person, asked


def load_told_reminders(reading: Connection, span: Span, today: date) -> set[str]:
    return set(
        reading.execute(
            select(notice.c.key).where(
                notice.c.agreement_id.between(span.first, span.last),
                notice.c.due_on >= add_days(today, -DAYS_EARLIER),
                notice.c.kind == str(NotificationKind.REMINDER),
            )
        ).scalars()
    )
