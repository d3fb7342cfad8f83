"""How each commitment stands on a day, and why. Pure: facts, people, policy and the day in; standings out.

A fact that is dated after the day does not count, so any past day can be assessed. Deadlines are the end of the stated
span; what is unknown stays unknown and is said to be so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from commitments.dates import PartialDate, add_days, as_partial, find_latest, move_end, whole_months
from commitments.facts import (
    Activity,
    Agreement,
    Commitment,
    Matter,
    Milestone,
    Person,
    Reason,
    Report,
    Standing,
    Target,
)
from commitments.policy import Policy
from commitments.recurrence import (
    Period,
    Recurrence,
    count_expected,
    find_last_period,
    find_period,
    is_period_name,
)
from commitments.renewals import find_term_end
from commitments.vocabulary import (
    CommitmentKind,
    CommitmentState,
    Comparator,
    ContactRole,
    MatterKind,
    MilestoneState,
    OccurrenceState,
    ReasonCode,
    RenewalRule,
    StandingState,
)

_SETTLED = (CommitmentState.FULFILLED, CommitmentState.WAIVED, CommitmentState.WITHDRAWN)
_PERIODS_LOOKED_AT = 12
_PLANNED, _RECURRING, _TARGET, _OPEN_ENDED = (
    CommitmentKind.PLANNED,
    CommitmentKind.RECURRING,
    CommitmentKind.TARGET,
    CommitmentKind.OPEN_ENDED,
)
_RESTING = CommitmentState.ON_HOLD
_LEADER = ContactRole.LEADER
_COMMITMENT = MatterKind.COMMITMENT
_RENEWS_ITSELF = RenewalRule.AUTOMATIC
_PAST_DUE, _NEAR, _FAR = ReasonCode.PAST_DUE, ReasonCode.DUE_SOON, ReasonCode.DUE_LATER
_OVERDUE, _ON_TRACK, _DUE_SOON = StandingState.OVERDUE, StandingState.ON_TRACK, StandingState.DUE_SOON
"""Named once: asked of everything on every day, and a member of an enum takes five times as long to find as a name."""
_WORST_FIRST = (_OVERDUE, StandingState.BEHIND, _DUE_SOON, _ON_TRACK)

People = Mapping[int, Person]


def assess_agreement(agreement: Agreement, people: People, policy: Policy, today: date) -> Iterator[Standing]:
    """The standing of every commitment, milestone and occurrence of an agreement, each commitment's own first."""
    for commitment in agreement.commitments:
        yield from assess_commitment(agreement, commitment, people, policy, today)


def assess_commitment(
    agreement: Agreement, commitment: Commitment, people: People, policy: Policy, today: date
) -> Iterator[Standing]:
    """The commitment's standing, then those of its occurrences and milestones."""
    closed = _find_closure(agreement, commitment, today)
    if closed is not None:
        state, reason = closed
        yield Standing(_matter(agreement, commitment), state, reason)
        return
    if commitment.kind is _RECURRING and commitment.recurrence is not None:
        parts = list(_assess_occurrences(agreement, commitment, commitment.recurrence, policy, today))
        yield _mark_unowned(_sum_up(agreement, commitment, parts, policy, today), agreement, commitment, people, today)
        yield from parts
    else:
        yield _mark_unowned(_assess_by_kind(agreement, commitment, policy, today), agreement, commitment, people, today)
    for milestone in commitment.milestones:
        if milestone.due is not None:
            yield _assess_milestone(agreement, commitment, milestone, milestone.due, policy, today)


def is_expired(agreement: Agreement, today: date) -> bool:
    """Past its expiry and not of the sort that renews itself."""
    return (
        agreement.expires is not None
        and agreement.expires.last < today
        and agreement.renewal_rule is not _RENEWS_ITSELF
    )


def is_ended(agreement: Agreement, today: date) -> bool:
    return agreement.ended is not None and agreement.ended.first <= today


def find_start(agreement: Agreement, commitment: Commitment | None = None) -> PartialDate | None:
    """From when an undertaking runs, if known: its period, the agreement's dates, else its source's date."""
    signed = [place.signed for place in agreement.parties if place.signed is not None]
    candidates = (
        commitment.period_from if commitment is not None else None,
        agreement.effective,
        max(signed) if signed else None,
        agreement.designated,
        agreement.stated_on,
    )
    return next((candidate for candidate in candidates if candidate is not None), None)


def find_last_sign(commitment: Commitment, today: date) -> PartialDate | None:
    """The last sign of life by that day: an activity, a milestone met, a measurement, or a report not sent back."""
    if not (commitment.activities or commitment.measurements or commitment.milestones or commitment.reports):
        return None
    signs = (_find_last_deed(commitment, today), _find_last_report(commitment, today))
    return find_latest(sign for sign in signs if sign is not None)


def is_told_by_report(commitment: Commitment, sign: PartialDate, today: date) -> bool:
    """Whether its last sign of life is a report alone, so that nothing is known to have happened."""
    done = commitment.activities or commitment.measurements or commitment.milestones
    return not (done and sign == _find_last_deed(commitment, today))


def _find_last_deed(commitment: Commitment, today: date) -> PartialDate | None:
    signs = [activity.held_on for activity in commitment.activities]
    signs += [measurement.measured_on for measurement in commitment.measurements]
    signs += [milestone.met_on for milestone in commitment.milestones if milestone.met_on is not None]
    return find_latest(sign for sign in signs if sign.first <= today)


def _find_last_report(commitment: Commitment, today: date) -> PartialDate | None:
    return find_latest(as_partial(report.reported_on) for report in list_valid_reports(commitment, today))


def list_valid_reports(commitment: Commitment, today: date) -> list[Report]:
    """The reports up to that day but those that were sent back by then, in the order in which they were made."""
    returned = {asked.report for asked in commitment.asked if asked.is_returned and not asked.is_open(today)}
    return [one for one in commitment.reports if one.reported_on <= today and one.reference not in returned]


def find_deadline(agreement: Agreement, commitment: Commitment, today: date) -> PartialDate | None:
    """The date to hold a commitment to: its due date, else the end of its period, else the end of the present term."""
    return commitment.due or commitment.period_to or find_term_end(agreement, today)


def _matter(agreement: Agreement, commitment: Commitment) -> Matter:
    return Matter(_COMMITMENT, agreement.id, agreement.reference, commitment.id, commitment.reference)


def _part(agreement: Agreement, commitment: Commitment, kind: MatterKind, part: str) -> Matter:
    return Matter(kind, agreement.id, agreement.reference, commitment.id, commitment.reference, part)


def name_milestone(commitment: Commitment, milestone: Milestone) -> str:
    """How a matter names a milestone: by its reference, unless a period of the same commitment could be called so."""
    shadowed = commitment.recurrence is not None and is_period_name(milestone.reference)
    return f"milestone:{milestone.reference}" if shadowed else milestone.reference


def _find_closure(agreement: Agreement, commitment: Commitment, today: date) -> tuple[StandingState, Reason] | None:
    decided = commitment.state_on is None or commitment.state_on.first <= today
    if commitment.state in _SETTLED and decided:
        on = str(commitment.state_on) if commitment.state_on else None
        asked = _list_unconfirmed(agreement, commitment, today)
        if asked:
            waits = StandingState.SETTLED if is_ended(agreement, today) else StandingState.UNCONFIRMED
            return waits, Reason(ReasonCode.REPORTED_DONE, {"on": on, "parties": asked})
        return StandingState.SETTLED, Reason(ReasonCode.SETTLED, {"state": str(commitment.state), "on": on})
    if is_ended(agreement, today):
        return StandingState.SETTLED, Reason(ReasonCode.AGREEMENT_ENDED, {"on": str(agreement.ended)})
    rests = commitment.state_until is None or today <= commitment.state_until.last
    if commitment.state is _RESTING and decided and rests:
        on = str(commitment.state_on) if commitment.state_on else None
        until = {"until": str(commitment.state_until)} if commitment.state_until else {}
        return StandingState.ON_HOLD, Reason(ReasonCode.HELD, {"on": on, **until})
    if commitment.condition is not None and commitment.condition.is_open(today):
        return StandingState.ON_HOLD, Reason(ReasonCode.CONDITION_OPEN, {})
    begins = commitment.period_from if commitment.kind is not _PLANNED else None
    if commitment.kind is _RECURRING:
        begins = _find_begin(agreement, commitment)
    if begins is not None and begins.first > today:
        return _ON_TRACK, Reason(ReasonCode.NOT_YET, {"from": str(begins)})
    return None


def _list_unconfirmed(agreement: Agreement, commitment: Commitment, today: date) -> list[str]:
    """The parties that have yet to say whether what was reported as done is so."""
    if commitment.state is not CommitmentState.FULFILLED:
        return []
    asked = {one.party_id for one in commitment.asked if one.is_open(today)}
    return [one.reference for one in agreement.parties if one.party_id in asked and one.is_bound(today)]


def _find_begin(agreement: Agreement, commitment: Commitment) -> PartialDate | None:
    """From when a recurring commitment is owed, where that is stated."""
    return commitment.period_from or agreement.effective


def _assess_by_kind(agreement: Agreement, commitment: Commitment, policy: Policy, today: date) -> Standing:
    if commitment.kind is _PLANNED:
        return _assess_plan(agreement, commitment, policy, today)
    if commitment.kind is _TARGET and commitment.target is not None:
        return _assess_target(agreement, commitment, policy, today)
    deadline = find_deadline(agreement, commitment, today)
    if commitment.kind is _OPEN_ENDED:
        deadline = commitment.due or commitment.period_to
        if deadline is None or deadline.last >= today:
            return _assess_silence(agreement, commitment, policy, today)
    if deadline is None:
        return _assess_silence(agreement, commitment, policy, today)
    return _assess_date(_matter(agreement, commitment), deadline, policy, today)


def _assess_date(matter: Matter, due: PartialDate, policy: Policy, today: date) -> Standing:
    days = (due.last - today).days
    if days < 0:
        reason = Reason(_PAST_DUE, {"due": str(due), "days": -days})
        return Standing(matter, _OVERDUE, reason, due.last, str(due))
    soon = is_soon(due.last, policy, today)
    reason = Reason(_NEAR if soon else _FAR, {"due": str(due), "days": days})
    return Standing(matter, _DUE_SOON if soon else _ON_TRACK, reason, due.last, str(due))


def is_soon(day: date, policy: Policy, today: date) -> bool:
    """Whether a day ahead is so near that the policy reminds of it."""
    return (day - today).days <= max(policy.lead_days, default=0)


def _assess_milestone(
    agreement: Agreement, commitment: Commitment, milestone: Milestone, due: PartialDate, policy: Policy, today: date
) -> Standing:
    matter = _part(agreement, commitment, MatterKind.MILESTONE, name_milestone(commitment, milestone))
    settled = _find_settlement(milestone, today)
    if settled is not None:
        on = str(milestone.met_on) if milestone.met_on else None
        return Standing(matter, StandingState.SETTLED, Reason(ReasonCode.SETTLED, {"state": str(settled), "on": on}))
    return _assess_date(matter, due, policy, today)


def _find_settlement(milestone: Milestone, today: date) -> MilestoneState | None:
    """What was decided of a milestone by that day; nothing while it is still to come."""
    if milestone.met_on is not None and milestone.met_on.first > today:
        return None
    if milestone.state is not MilestoneState.SCHEDULED:
        return milestone.state
    return MilestoneState.MET if milestone.met_on is not None else None


def _assess_silence(agreement: Agreement, commitment: Commitment, policy: Policy, today: date) -> Standing:
    matter = _matter(agreement, commitment)
    sign, start = find_last_sign(commitment, today), find_start(agreement, commitment)
    if sign is not None and start is not None and sign.last < start.first <= today:
        sign = None  # from before it was promised
    since = sign or start
    if since is None:
        return Standing(matter, StandingState.SILENT, Reason(ReasonCode.NOTHING_KNOWN, {}), cause="unknown")
    if since.first > today:
        return Standing(matter, _ON_TRACK, Reason(ReasonCode.NOT_YET, {"from": str(since)}))
    months = whole_months(since.last, today)
    reported = sign is not None and is_told_by_report(commitment, sign, today)
    told_by = "report" if reported else "activity" if sign else "start"
    numbers = {"since": str(since), "months": months, "from": told_by}
    if months >= policy.silence_amber_months:
        numbers["level"] = "red" if months >= policy.silence_red_months else "amber"
        return Standing(matter, StandingState.SILENT, Reason(ReasonCode.SILENT_SINCE, numbers), cause=str(since))
    return Standing(matter, _ON_TRACK, Reason(ReasonCode.NO_DATE_ACTIVE, numbers), cause=str(since))


def find_confirm_day(agreement: Agreement, commitment: Commitment, policy: Policy) -> tuple[date, str]:
    """The day by which a plan is to be confirmed, and how it is known: as stated, else some months after it began."""
    stated = commitment.confirm_by or commitment.due or commitment.period_to
    if stated is not None:
        return stated.last, str(stated)
    start = find_start(agreement, commitment)
    by = move_end(start or as_partial(commitment.registered_on), policy.confirm_within_months)
    return by, by.isoformat()


def _assess_plan(agreement: Agreement, commitment: Commitment, policy: Policy, today: date) -> Standing:
    matter = _matter(agreement, commitment)
    by, text = find_confirm_day(agreement, commitment, policy)
    days = (by - today).days
    if days < 0:
        reason = Reason(ReasonCode.CONFIRM_PASSED, {"by": text, "days": -days})
        return Standing(matter, StandingState.UNCONFIRMED, reason, by, text)
    soon = days <= max(policy.lead_days, default=0)
    reason = Reason(ReasonCode.TO_CONFIRM, {"by": text, "days": days})
    return Standing(matter, _DUE_SOON if soon else _ON_TRACK, reason, by, text)


def _assess_target(agreement: Agreement, commitment: Commitment, policy: Policy, today: date) -> Standing:
    target = commitment.target
    if target is None:
        return _assess_silence(agreement, commitment, policy, today)
    matter = _matter(agreement, commitment)
    measured = max(  # of two for the same day the one entered later, which corrects the other
        reversed([one for one in commitment.measurements if one.measured_on.first <= today]),
        key=lambda one: (one.measured_on.last, one.measured_on.first),
        default=None,
    )
    numbers = {
        "value": measured.value if measured else None,
        "target": target.quantity,
        "unit": target.unit,
        "measured_on": str(measured.measured_on) if measured else None,
    }
    due = find_deadline(agreement, commitment, today)
    aim = _find_aim(target, policy)
    at_most = target.comparator is Comparator.AT_MOST
    if measured is not None and not at_most and aim.is_reached(measured.value):
        return Standing(matter, _ON_TRACK, Reason(ReasonCode.TARGET_MET, numbers))
    if due is None:
        silence = _assess_silence(agreement, commitment, policy, today)
        if silence.state is StandingState.SILENT or measured is None:
            return silence
        return Standing(matter, _ON_TRACK, Reason(ReasonCode.TARGET_ON_PACE, numbers))
    numbers["due"] = str(due)
    within = measured is not None and at_most and aim.is_reached(measured.value)
    if due.last < today:
        if within:
            return Standing(matter, _ON_TRACK, Reason(ReasonCode.TARGET_MET, numbers))
        numbers["days"] = (today - due.last).days
        return Standing(matter, _OVERDUE, Reason(ReasonCode.TARGET_MISSED, numbers), due.last, str(due))
    numbers["days"] = (due.last - today).days
    behind = _judge_pace(agreement, commitment, aim, due, measured.value if measured else None, today)
    if behind is not None:
        return Standing(matter, StandingState.BEHIND, Reason(behind, numbers), due.last, str(due))
    soon = (due.last - today).days <= max(policy.lead_days, default=0) and not within
    code = ReasonCode.TARGET_ON_PACE if measured else ReasonCode.TARGET_UNMEASURED
    return Standing(matter, _DUE_SOON if soon else _ON_TRACK, Reason(code, numbers), due.last, str(due))


@dataclass(frozen=True, slots=True)
class _Aim:
    """From which value on a target is reached, and from which side."""

    quantity: float
    is_limit: bool

    def is_reached(self, value: float) -> bool:
        return value <= self.quantity if self.is_limit else value >= self.quantity


def _find_aim(target: Target, policy: Policy) -> _Aim:
    """About a quantity may be a little short of it, by policy a part of it or of the way there, whichever is less."""
    if target.comparator is not Comparator.ABOUT:
        return _Aim(target.quantity, target.comparator is Comparator.AT_MOST)
    way = abs(target.quantity - target.baseline)
    falls = target.quantity < target.baseline
    margin = min(abs(target.quantity), way or abs(target.quantity)) * policy.about_tolerance_percent / 100
    return _Aim(target.quantity + (margin if falls else -margin), falls)


def _judge_pace(
    agreement: Agreement, commitment: Commitment, aim: _Aim, due: PartialDate, value: float | None, today: date
) -> ReasonCode | None:
    """From the middle of the period on: whether a target is behind an even pace, and in which way."""
    target = commitment.target
    start = (target.baseline_on if target else None) or find_start(agreement, commitment)
    if target is None or start is None or start.first >= due.last:
        return None
    elapsed = (today - start.first).days / (due.last - start.first).days
    if elapsed < 0.5:
        return None
    if value is None:
        return ReasonCode.TARGET_UNMEASURED
    way = aim.quantity - target.baseline
    if way >= 0 if aim.is_limit else way <= 0:  # no way to go: a limit to keep to all the time
        return None if aim.is_reached(value) else ReasonCode.TARGET_BEHIND
    return ReasonCode.TARGET_BEHIND if (value - target.baseline) / way < elapsed else None


def _assess_occurrences(
    agreement: Agreement, commitment: Commitment, recurrence: Recurrence, policy: Policy, today: date
) -> Iterator[Standing]:
    """The current period, then the last finished one if it was missed.

    What was over before the commitment began, or the register knew of it, is not called missed (docs/decisions/0006).
    """
    period, previous = find_open_periods(agreement, recurrence, today)
    begin = _find_begin(agreement, commitment)
    watched_from = max(commitment.registered_on, begin.first) if begin is not None else commitment.registered_on
    for one in (period, previous):
        if one is None:
            continue
        standing = _assess_period(agreement, commitment, recurrence, one, policy, today)
        missed = standing.state is _OVERDUE
        if one.window_last >= watched_from if missed else one is period:
            yield standing


def find_open_periods(agreement: Agreement, recurrence: Recurrence, today: date) -> tuple[Period | None, Period | None]:
    """The current period and the last one that is over; of an agreement that has expired none is current.

    A period that was not over when the agreement ran out is none: nobody is held to what had no time left.
    """
    if agreement.expires is not None and is_expired(agreement, today):
        return None, find_last_period(recurrence, add_days(agreement.expires.last, 1))
    period = find_period(recurrence, today)
    return period, find_last_period(recurrence, period.last if period is not None else today)


def assess_next_periods(agreement: Agreement, policy: Policy, today: date) -> Iterator[Standing]:
    """Of what recurs and has no date left in its current period: the next period of which something is expected."""
    if is_expired(agreement, today):
        return
    renews = agreement.renewal_rule is _RENEWS_ITSELF
    end = agreement.expires.last if agreement.expires is not None and not renews else date.max
    for one in agreement.commitments:
        recurrence = one.recurrence
        if recurrence is None or _find_closure(agreement, one, today) is not None:
            continue
        day = max(today, recurrence.starts or today)
        for _ in range(_PERIODS_LOOKED_AT):
            period = find_period(recurrence, day)
            if period is None or period.last == date.max or period.first > end:
                break
            begin = _find_begin(agreement, one)
            if period.window_last >= today and count_occurrences(one, recurrence, period, today, begin)[1]:
                if day > today:
                    yield _assess_period(agreement, one, recurrence, period, policy, today)
                break
            day = period.last + timedelta(days=1)


def _assess_period(
    agreement: Agreement, commitment: Commitment, recurrence: Recurrence, period: Period, policy: Policy, today: date
) -> Standing:
    matter = _part(agreement, commitment, MatterKind.OCCURRENCE, period.label)
    begin = _find_begin(agreement, commitment)
    held, expected = count_occurrences(commitment, recurrence, period, today, begin)
    days_left = (period.window_last - today).days
    numbers = {
        "held": held,
        "expected": expected,
        "period": period.label,
        "what": recurrence.what,
        "days_left": days_left,
        "weeks_left": max(days_left, 0) // 7,
    }
    last, cause = period.window_last, period.label
    if held >= expected:
        return Standing(matter, _ON_TRACK, Reason(ReasonCode.PERIOD_MET, numbers), last, cause)
    if today > last:
        return Standing(matter, _OVERDUE, Reason(ReasonCode.PERIOD_MISSED, numbers), last, cause)
    if held < count_expected(period, expected, today, begin.last if begin is not None else None):
        return Standing(matter, StandingState.BEHIND, Reason(ReasonCode.PERIOD_BEHIND, numbers), last, cause)
    soon = days_left <= max(policy.lead_days, default=0)
    state = _DUE_SOON if soon else _ON_TRACK
    return Standing(matter, state, Reason(ReasonCode.PERIOD_ON_PACE, numbers), last, cause)


def count_occurrences(
    commitment: Commitment, recurrence: Recurrence, period: Period, today: date, begin: PartialDate | None
) -> tuple[int, int]:
    """How many were held in a period by that day, and how many are expected in it.

    What was over before it was owed, from `begin` on where that is known, is none of them.
    """
    exception = next((one for one in commitment.occurrences if one.period == period.label), None)
    expected = period.expected
    if exception is not None:
        waived = exception.state is OccurrenceState.WAIVED
        expected = 0 if waived else exception.expected if exception.expected is not None else expected
    counted_to = min(period.last, today)
    owed_from = begin.first if begin is not None else date.min
    starts = max(recurrence.starts or date.min, owed_from)
    held = sum(
        activity.count
        for activity in commitment.activities
        if activity.held_on.last >= owed_from and period.first <= _find_counted_day(activity, starts) <= counted_to
    )
    return held, expected


def _find_counted_day(activity: Activity, starts: date) -> date:
    """The first day of its span, but not one before the start if the span reaches into it."""
    held_on = activity.held_on
    return max(held_on.first, starts) if starts <= held_on.last else held_on.first


def _sum_up(
    agreement: Agreement, commitment: Commitment, parts: list[Standing], policy: Policy, today: date
) -> Standing:
    matter = _matter(agreement, commitment)
    for state in _WORST_FIRST:
        for part in parts:
            if part.state is state:
                return Standing(matter, part.state, part.reason, part.deadline, part.cause)
    recurrence = commitment.recurrence
    if recurrence is not None and recurrence.starts is not None and recurrence.starts > today:
        reason = Reason(ReasonCode.NOT_YET, {"from": recurrence.starts.isoformat()})
        return Standing(matter, _ON_TRACK, reason)
    if recurrence is not None and recurrence.ends is not None and recurrence.ends < today:
        reason = Reason(ReasonCode.SETTLED, {"state": "ended", "on": recurrence.ends.isoformat()})
        return Standing(matter, StandingState.SETTLED, reason)
    if is_expired(agreement, today):
        reason = Reason(ReasonCode.SETTLED, {"state": "ended", "on": str(agreement.expires)})
        return Standing(matter, StandingState.SETTLED, reason)
    return _assess_silence(agreement, commitment, policy, today)


def _mark_unowned(
    standing: Standing, agreement: Agreement, commitment: Commitment, people: People, today: date
) -> Standing:
    if standing.state not in (_ON_TRACK, _DUE_SOON):
        return standing
    bound = [owner for owner in commitment.owners if not agreement.has_left(owner.party_id, today)]
    if any(find_owner(owner.contact_id, people, today) is not None for owner in bound):
        return standing
    parties = [owner.party for owner in commitment.owners]
    reason = Reason(ReasonCode.NO_OWNER, {"parties": parties})
    return Standing(standing.matter, StandingState.UNOWNED, reason, standing.deadline, standing.cause)


def find_owner(contact_id: int | None, people: People, today: date) -> Person | None:
    """The owner if there is one in office that day. A leader reads, and answers for nothing."""
    person = people.get(contact_id) if contact_id is not None else None
    if person is None or person.role is _LEADER:
        return None
    return person if person.is_in_office(today) else None


def is_stepless(agreement: Agreement, commitment: Commitment, policy: Policy, today: date) -> tuple[str, int] | None:
    """For an open-ended commitment without a coming step: since when and for how many days; nothing otherwise."""
    if commitment.kind is not _OPEN_ENDED or find_deadline_of_own(commitment) is not None:
        return None
    for milestone in commitment.milestones:
        if milestone.due is not None and milestone.due.last >= today and _find_settlement(milestone, today) is None:
            return None
    sign = find_last_sign(commitment, today) or find_start(agreement, commitment)
    known = max(sign.last, commitment.registered_on) if sign is not None else commitment.registered_on
    if add_days(known, policy.next_step_days) > today:
        return None
    return known.isoformat(), (today - known).days


def find_deadline_of_own(commitment: Commitment) -> PartialDate | None:
    return commitment.due or commitment.period_to
