"""Finds what the ladders of follow-ups have to tell: the rung that each has reached, and those passed over."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select

from commitments.assessment import find_owner
from commitments.days import Days
from commitments.facts import Agreement, Person, Standing
from commitments.followups import find_coordinator, find_stand_in
from commitments.operations import choose_coordinator
from commitments.policy import is_always_sent
from commitments.reconcile import Rules
from commitments.renewing import renew_reason
from commitments.tables import follow_up
from commitments.vocabulary import OPERATOR_KINDS, STANDING_OF, FollowUpKind, FollowUpState, NotificationKind
from notifications.candidates import Candidate, Focus
from notifications.ladders import Ladder, find_begin, load_ladders
from notifications.reasons import Decision, Why
from notifications.routing import (
    OWNER,
    Climb,
    climb_ladder,
    find_hearer,
    find_reached,
    has_heard,
    has_told_all,
    is_missed,
)
from notifications.standing_in import explain_stand_in, find_unreached, is_untold, may_be_asked


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


def find_alerts(reading: Connection, rules: Rules, today: date) -> Iterator[Candidate]:
    """What the operator is to be told: follow-ups under no agreement climb from the operator to a coordinator."""
    waiting = load_follow_ups(reading, follow_up.c.agreement_id.is_(None), today)
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
    policy, today, people = rules.policy_of(agreement), days.today, rules.people
    asked = find_owner(row.assignee_id, people, today)
    if focus is not None and asked is not None and asked.ways and focus.passes_over(row.id, asked):
        return
    if has_told_all(told, policy) and has_heard(told, row.assignee_id):
        return
    always = is_always_sent(policy, row.matter_kind)

    def find_another(unreached: Collection[int] = ()) -> Person | None:
        return find_stand_in(
            asked, row.party_id, agreement, people, rules.coordinators, today,
            anybody=always, others=True, unreached=unreached,
        )  # fmt: skip

    assignee = asked if asked is not None and asked.ways else find_another()
    if focus is not None and focus.passes_over(row.id, assignee):
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
        str(STANDING_OF[row.kind]),
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


def load_follow_ups(reading: Connection, which: ColumnElement[bool], today: date) -> Sequence[Any]:
    return reading.execute(
        select(follow_up)
        .where(
            which,
            follow_up.c.state == str(FollowUpState.OPEN),
            or_(follow_up.c.snoozed_until.is_(None), follow_up.c.snoozed_until <= today),
        )
        .order_by(follow_up.c.id)
    ).all()
