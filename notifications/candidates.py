"""Finds every notice that is due: reminders before dates, and the rungs of follow-ups."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, or_, select

from commitments.assessment import find_owner, is_ended, is_expired
from commitments.dates import add_days
from commitments.days import Days, find_days
from commitments.facts import Agreement, Commitment, Person, Standing
from commitments.followups import (
    find_answerable,
    find_coordinator,
    find_spokespeople,
    find_stand_in,
    has_answered,
)
from commitments.operations import choose_coordinator
from commitments.policy import Policy, find_lead_days, is_always_sent
from commitments.queries import Span, load_agreements, select_dated_commitments
from commitments.reconcile import Rules, judge
from commitments.renewing import renew_reason
from commitments.tables import commitment, follow_up
from commitments.vocabulary import (
    OPERATOR_KINDS,
    FollowUpKind,
    FollowUpState,
    MatterKind,
    NotificationKind,
    ReasonCode,
    StandingState,
)
from notifications.ladders import Ladder, find_begin, load_ladders
from notifications.reasons import Decision, Why
from notifications.routing import (
    OWNER,
    Climb,
    climb_ladder,
    find_hearer,
    find_reached,
    find_reminder_rung,
    has_heard,
    has_told_all,
    is_missed,
)
from notifications.slots import choose_days, find_last_day
from notifications.standing_in import explain_stand_in, find_unreached, is_untold, may_be_asked
from notifications.tables import notice

REMINDED = (StandingState.DUE_SOON, StandingState.UNOWNED, StandingState.BEHIND)
_BEHIND = 2
"""So many days may it be earlier for a person than for the house: from Kiritimati to Samoa."""
STANDING_OF = {
    FollowUpKind.OVERDUE: StandingState.OVERDUE,
    FollowUpKind.BEHIND: StandingState.BEHIND,
    FollowUpKind.SILENT: StandingState.SILENT,
    FollowUpKind.UNCONFIRMED: StandingState.UNCONFIRMED,
    FollowUpKind.UNOWNED: StandingState.UNOWNED,
    FollowUpKind.EXPIRED: StandingState.OVERDUE,
    FollowUpKind.DORMANT: StandingState.SILENT,
    FollowUpKind.NEXT_STEP_MISSING: StandingState.ON_TRACK,
    FollowUpKind.DRAFT_WAITING: StandingState.OVERDUE,
    **dict.fromkeys(OPERATOR_KINDS, StandingState.OVERDUE),
}


class Candidate(NamedTuple):
    """One notice that is due for one person."""

    key: str
    kind: NotificationKind
    person: Person
    matter: str
    matter_kind: str
    standing: str
    rung: int
    reason: Mapping[str, Any]
    why: Why
    numbers: Mapping[str, Any]
    agreement_id: int | None = None
    commitment_id: int | None = None
    follow_up_id: int | None = None
    party_id: int | None = None
    due_on: date | None = None
    decision: Decision = Decision.TOLD
    scope: str = ""
    """The agreement whose policy has a say in the day on which it is told."""
    always: bool = False
    """Whether it is told also to who is paused or has unsubscribed."""
    own_day: date | None = None
    """The day by which it is due, of the person asked; nothing where that is the house's."""
    instead_of: tuple[str, ...] = ()
    """The keys of what makes it needless if that was told."""

    def as_row(self, now: datetime, day: date, notification_id: int | None) -> dict[str, Any]:
        return {
            "key": self.key,
            "kind": str(self.kind),
            "contact_id": self.person.id,
            "notification_id": notification_id,
            "agreement_id": self.agreement_id,
            "commitment_id": self.commitment_id,
            "follow_up_id": self.follow_up_id,
            "party_id": self.party_id,
            "matter": self.matter,
            "matter_kind": self.matter_kind,
            "standing": self.standing,
            "rung": self.rung,
            "due_on": self.due_on,
            "reason": self.reason,
            "decision": str(self.decision),
            "decision_reason": {"code": str(self.why), "numbers": self.numbers},
            "decided_on": max(day, self.own_day or day),
            "decided_at": now,
        }


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


@dataclass(frozen=True, slots=True)
class Focus:
    """Of whom and of which follow-ups something new may be due, where it is known that of the others nothing is."""

    zones: Collection[str]
    """The time zones in which a day has begun since."""
    persons: Collection[int]
    follow_ups: Collection[int]

    def holds(self, person: Person) -> bool:
        return person.time_zone in self.zones or person.id in self.persons


def find_candidates(reading: Connection, span: Span, rules: Rules, now: datetime, today: date) -> Iterator[Candidate]:
    """Every notice of a span that is due and not told yet, with the rungs passed over on the way."""
    within = follow_up.c.agreement_id.between(span.first, span.last)
    waiting = _load_follow_ups(reading, within, find_days(rules.people, now, today).latest)
    ladders = load_ladders(reading, within, rules.people)
    told = _load_told_reminders(reading, span, today)
    agreements = _load_concerned(reading, span, rules, waiting, today)
    yield from find_due(agreements, waiting, ladders, told, rules, now, today)


def find_due(
    agreements: Sequence[Agreement],
    waiting: Sequence[Any],
    ladders: Mapping[int, Ladder],
    told: Collection[str],
    rules: Rules,
    now: datetime,
    today: date,
) -> Iterator[Candidate]:
    """Of these agreements every notice that is due and not told yet; `waiting` are their follow-ups that wait for an
    answer, with what the `ladders` of them have told, and `told` the keys of the reminders.
    """
    by_id = {one.id: one for one in agreements}
    current: dict[str, Standing] = {}
    days = find_days(rules.people, now, today)
    for agreement in agreements:
        standings, prospects = find_prospects(agreement, judge(agreement, rules, days), rules, today)
        current |= standings
        yield from find_reminders(prospects, told, days)
    yield from find_rungs(by_id, waiting, ladders, current, rules, days)


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
            if standing.matter.kind is MatterKind.COMMITMENT and owned is not None and owned.recurrence is not None:
                continue  # its occurrences speak for it
            recipients = tuple(
                (party_id, person, asked)
                for party_id, person, asked in find_recipients(agreement, owned, standing, rules, day)
                if owned is None or not has_answered(owned, party_id, policy, max(day, today))
            )
            if recipients:
                prospects.append(Prospect(agreement, standing, standing.deadline, policy, day, recipients))
    return current, prospects


def find_rungs(
    agreements: Mapping[int, Agreement],
    waiting: Sequence[Any],
    ladders: Mapping[int, Ladder],
    current: Mapping[str, Standing],
    rules: Rules,
    days: Days,
    focus: Focus | None = None,
) -> Iterator[Candidate]:
    """What the ladders of follow-ups tell, of those in `focus` where there is one."""
    for row in waiting:
        told = ladders.get(row.id, Ladder())
        yield from _follow_up(agreements[row.agreement_id], row, told, current, rules, days, focus)


def _load_concerned(
    reading: Connection, span: Span, rules: Rules, waiting: Sequence[Any], today: date
) -> Sequence[Agreement]:
    """The agreements with those commitments of which something may be told today."""
    stale = [row.commitment_id for row in waiting if row.commitment_id is not None and row.opened_on < today]
    lead = max(
        (max(policy.lead_days, default=0) for policy in (rules.house, *rules.own.values())),
        default=0,
    )
    only = select_dated_commitments(add_days(today, -_BEHIND), add_days(today, lead + 1))
    if stale:
        only = or_(only, commitment.c.id.in_(stale))
    return load_agreements(reading, span, only=only)


def is_answered(standing: Standing) -> bool:
    """Settled, held or met by the house's day: nothing to remind of, though a person's own day has not begun."""
    return standing.is_at_rest or standing.reason.code in (ReasonCode.PERIOD_MET, ReasonCode.TARGET_MET)


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


def find_alerts(reading: Connection, rules: Rules, today: date) -> Iterator[Candidate]:
    """What the operator is to be told: follow-ups under no agreement climb from the operator to a coordinator."""
    waiting = _load_follow_ups(reading, follow_up.c.agreement_id.is_(None), today)
    if not waiting:
        return
    ladders = load_ladders(reading, follow_up.c.agreement_id.is_(None), rules.people)
    coordinator = choose_coordinator(rules.people, today)
    for row in waiting:
        told = ladders.get(row.id, Ladder())
        assignee = find_owner(row.assignee_id, rules.people, today) or coordinator
        firsts = [assignee]
        if coordinator is not None and find_unreached(told, rules.people, rules.house, today):
            firsts.append(coordinator)
        climb = climb_ladder(told, assignee, rules.people, coordinator, (), rules.house, today)
        for tells in (*_tell_firsts(told, firsts, row), climb):
            if tells is not None:
                yield from _tell_climb(row, told, tells, assignee, row.reason, rules.people, today)


def _follow_up(
    agreement: Agreement,
    row: Any,
    told: Ladder,
    current: Mapping[str, Standing],
    rules: Rules,
    days: Days,
    focus: Focus | None,
) -> Iterator[Candidate]:
    policy, today = rules.policy_of(agreement), days.today
    if has_told_all(told, policy) and has_heard(told, row.assignee_id):
        return
    people = rules.people
    always = is_always_sent(policy, row.matter_kind)
    asked = find_owner(row.assignee_id, people, today)

    def find_another(unreached: Collection[int] = ()) -> Person | None:
        return find_stand_in(
            asked, row.party_id, agreement, people, rules.coordinators, today,
            anybody=always, others=True, unreached=unreached,
        )  # fmt: skip

    assignee = asked if asked is not None and asked.ways else find_another()
    if focus is not None and row.id not in focus.follow_ups and (assignee is None or not focus.holds(assignee)):
        return
    own_day = days.begun[assignee.time_zone] if assignee is not None else today
    unreached = set(find_unreached(told, people, policy, own_day))
    firsts = [assignee]
    if assignee is not None and is_untold(told) and not always:
        kind, begin, tried = _name_kind(row, OWNER), find_begin(row), assignee
        while tried.id not in unreached and not may_be_asked(tried, kind, begin, policy, own_day):
            unreached.add(tried.id)
            tried = find_another(unreached) or tried
    if unreached:
        firsts.append(find_another(unreached))
    standing = current.get(row.matter)
    ahead = standing.deadline if standing is not None and row.kind in _ASKED_AHEAD else None
    missed = list(_tell_firsts(told, firsts, row))
    if not missed and find_reached(told, assignee, policy, own_day, ahead) is None:
        return
    coordinator = find_coordinator(row.party_id, agreement, rules.coordinators, today)
    leaders = [
        one
        for place in agreement.parties
        # An address that does not work is nothing that the other side can put right.
        if place.is_bound(today) and (place.party_id == row.party_id or row.kind != FollowUpKind.MESSAGE_FAILED)
        for one in rules.leaders.get(place.party_id, ())
    ]
    climb = climb_ladder(told, assignee, people, coordinator, leaders, policy, own_day, ahead)
    if own_day < max(row.opened_on, row.snoozed_until or row.opened_on):
        return  # for the person asked that day has not begun
    reason = renew_reason(FollowUpKind(row.kind), row.reason, standing, own_day)
    for tells in (*missed, climb):
        if tells is None:
            continue
        always = is_always_sent(policy, row.matter_kind, tells.rung)
        for one in _tell_climb(row, told, tells, assignee, reason, people, own_day):
            said = one._replace(own_day=own_day)
            yield said._replace(scope=agreement.reference, always=always) if one.decision is Decision.TOLD else said


def _tell_firsts(told: Ladder, firsts: Sequence[Person | None], row: Any) -> Iterator[Climb]:
    """The first rung for those of these people who have yet to be told it, of whom the later stand in for the first."""
    for place, person in enumerate(firsts):
        if person is not None and (is_missed(told, person, row.assignee_id) or (place and not told)):
            yield Climb(OWNER, (person,), ())


def _tell_climb(
    row: Any,
    told: Ladder,
    climb: Climb,
    assignee: Person | None,
    reason: Mapping[str, Any],
    people: Mapping[int, Person],
    today: date,
) -> Iterator[Candidate]:
    for person in climb.contacts:
        yield _candidate_of(row, told, climb, person, reason, people, today, None)
    if assignee is not None:
        for rung, why in climb.passed:
            yield _candidate_of(row, told, climb._replace(rung=rung), assignee, reason, people, today, why)


_ASKED_AHEAD = frozenset(
    (FollowUpKind.REPORT_DUE, FollowUpKind.NOTICE_DEADLINE, FollowUpKind.RENEWAL_DUE, FollowUpKind.BEHIND)
)
"""What is asked for a date that may lie far ahead."""


def _candidate_of(
    row: Any,
    told: Ladder,
    climb: Climb,
    person: Person,
    reason: Mapping[str, Any],
    people: Mapping[int, Person],
    today: date,
    passed: Why | None,
) -> Candidate:
    kind = _name_kind(row, climb.rung)
    decision = Decision.TOLD if passed is None else Decision.PASSED_OVER
    why = passed or (Why.OPENED if climb.rung == 0 else Why.ESCALATED)
    asked = people.get(row.assignee_id)
    numbers: dict[str, Any] = {"on": row.opened_on.isoformat()}
    if climb.rung:
        numbers |= {"rung": climb.rung, "days": climb.working_days, "asked": asked.reference if asked else None}
        hearer = find_hearer(told)
        if hearer is not None and hearer.contact_id != row.assignee_id and hearer.contact_id in people:
            numbers |= {"stand_in": people[hearer.contact_id].reference}
    else:
        numbers |= explain_stand_in(asked, told, person, today, kind)
    who = "" if decision is Decision.PASSED_OVER else f"|{person.reference}"
    return Candidate(
        f"{row.key}|{_name_begin(row, told.turn)}|{climb.rung}{who}",
        kind,
        person,
        row.matter,
        row.matter_kind,
        str(STANDING_OF.get(FollowUpKind(row.kind), StandingState.DUE_SOON)),
        climb.rung,
        reason,
        why,
        numbers,
        row.agreement_id,
        row.commitment_id,
        row.id,
        row.party_id,
        None,
        decision,
    )


def _name_kind(row: Any, rung: int) -> NotificationKind:
    """What a message is that tells this rung of a follow-up."""
    if rung != OWNER:
        return NotificationKind.ESCALATION
    if row.kind in OPERATOR_KINDS:
        return NotificationKind.ALERT
    asks_to_confirm = row.kind == FollowUpKind.CONFIRMATION_ASKED
    return NotificationKind.CONFIRMATION if asks_to_confirm else NotificationKind.FOLLOW_UP


def _name_begin(row: Any, turn: int) -> str:
    """What sets the keys of one ladder apart from those that the follow-up had before it passed to another person."""
    begin = find_begin(row).isoformat()
    return f"{begin} passed on {turn}" if turn else begin


def _load_follow_ups(reading: Connection, which: ColumnElement[bool], today: date) -> Sequence[Any]:
    return reading.execute(
        select(follow_up)
        .where(
            which,
            follow_up.c.state == str(FollowUpState.OPEN),
            or_(follow_up.c.snoozed_until.is_(None), follow_up.c.snoozed_until <= today),
        )
        .order_by(follow_up.c.id)
    ).all()


def _load_told_reminders(reading: Connection, span: Span, today: date) -> set[str]:
    return set(
        reading.execute(
            select(notice.c.key).where(
                notice.c.agreement_id.between(span.first, span.last),
                notice.c.due_on >= add_days(today, -_BEHIND),
                notice.c.kind == str(NotificationKind.REMINDER),
            )
        ).scalars()
    )
