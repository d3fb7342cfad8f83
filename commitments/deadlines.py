"""The dates of an agreement itself: expiry, notice, renewal, reports, and dormancy. Pure."""

from collections.abc import Iterator
from datetime import date

from commitments.assessment import find_last_sign, find_start, is_ended, is_expired, is_told_by_report
from commitments.dates import PartialDate, find_latest, whole_months
from commitments.facts import Agreement, Matter, Reason, Standing
from commitments.policy import Policy
from commitments.renewals import find_expiry, find_notice_deadline
from commitments.vocabulary import AgreementState, MatterKind, ReasonCode, RenewalRule, StandingState

LAST_YEAR = 9999


def derive_state(agreement: Agreement, today: date) -> AgreementState:
    """The agreement's state by its dates; before it takes effect signed if a signature is known, else proposed."""
    if is_ended(agreement, today):
        return AgreementState.ENDED
    if is_expired(agreement, today):
        return AgreementState.EXPIRED
    begun = agreement.effective or agreement.designated
    if begun is not None and begun.first <= today:
        return AgreementState.IN_FORCE
    signed = [place.signed for place in agreement.parties if place.signed is not None]
    if agreement.has_signatories or any(day.first <= today for day in signed):
        return AgreementState.SIGNED
    return AgreementState.PROPOSED


def assess_deadlines(agreement: Agreement, policy: Policy, today: date) -> Iterator[Standing]:
    """The standing of each of the agreement's own dates; nothing once it has ended."""
    if is_ended(agreement, today):
        return
    if agreement.expires is not None:
        yield from _assess_expiry(agreement, agreement.expires, policy, today)
    if is_expired(agreement, today):
        return
    yield from _assess_renewal(agreement, policy, today)
    yield from _assess_report(agreement, policy, today)
    yield from _assess_dormancy(agreement, policy, today)


def find_report_cycles(agreement: Agreement, today: date) -> tuple[int, ...]:
    """The years whose report is open: the coming one, and a past one that fell due while the register watched."""
    years = agreement.reporting_cycle_years
    if agreement.designated is None or not years:
        return ()
    first = agreement.designated.first.year + years
    coming = first if today.year <= first else first + -(-(today.year - first) // years) * years
    past = coming - years
    open_cycles = []
    submitted = {one.cycle for one in agreement.submitted if one.on.first <= today}
    watched = past >= first and date(past, 12, 31) >= agreement.registered_on
    if watched and past not in submitted:
        open_cycles.append(past)
    while coming in submitted and coming + years <= LAST_YEAR:
        coming += years
    if coming <= LAST_YEAR:
        open_cycles.append(coming)
    return tuple(open_cycles)


def _matter(agreement: Agreement, kind: MatterKind, part: str | None = None) -> Matter:
    return Matter(kind, agreement.id, agreement.reference, part=part)


def _assess_expiry(agreement: Agreement, expires: PartialDate, policy: Policy, today: date) -> Iterator[Standing]:
    matter = _matter(agreement, MatterKind.EXPIRY)
    renews = agreement.renewal_rule is RenewalRule.AUTOMATIC
    if is_expired(agreement, today):
        reason = Reason(ReasonCode.EXPIRED, {"on": str(expires), "days": (today - expires.last).days})
        yield Standing(matter, StandingState.OVERDUE, reason, expires.last, str(expires))
        return
    end = find_expiry(agreement, today) or expires.last
    text = str(expires) if end == expires.last else end.isoformat()
    days = (end - today).days
    numbers = {"on": text, "days": days}
    if renews:
        yield Standing(matter, StandingState.ON_TRACK, Reason(ReasonCode.RENEWS_ITSELF, numbers), end, text)
    else:
        soon = days <= policy.expiry_lead_days
        state = StandingState.DUE_SOON if soon else StandingState.ON_TRACK
        yield Standing(matter, state, Reason(ReasonCode.EXPIRES, numbers), end, text)
    by = find_notice_deadline(agreement, today)
    if by is not None:
        yield _assess_notice(agreement, by, policy, today)


def _assess_notice(agreement: Agreement, by: date, policy: Policy, today: date) -> Standing:
    matter = _matter(agreement, MatterKind.NOTICE)
    days = (by - today).days
    if days < 0:
        reason = Reason(ReasonCode.NOTICE_PASSED, {"by": by.isoformat(), "days": -days})
        return Standing(matter, StandingState.ON_TRACK, reason, by, by.isoformat())
    state = StandingState.DUE_SOON if days <= policy.notice_lead_days else StandingState.ON_TRACK
    return Standing(
        matter, state, Reason(ReasonCode.NOTICE_BY, {"by": by.isoformat(), "days": days}), by, by.isoformat()
    )


def _assess_renewal(agreement: Agreement, policy: Policy, today: date) -> Iterator[Standing]:
    if agreement.renew_by is None:
        return
    matter = _matter(agreement, MatterKind.RENEWAL)
    by = agreement.renew_by
    days = (by.last - today).days
    if days < 0:
        reason = Reason(ReasonCode.RENEW_PASSED, {"by": str(by), "days": -days})
        yield Standing(matter, StandingState.OVERDUE, reason, by.last, str(by))
        return
    state = StandingState.DUE_SOON if days <= policy.notice_lead_days else StandingState.ON_TRACK
    yield Standing(matter, state, Reason(ReasonCode.RENEW_BY, {"by": str(by), "days": days}), by.last, str(by))


def _assess_report(agreement: Agreement, policy: Policy, today: date) -> Iterator[Standing]:
    for cycle in find_report_cycles(agreement, today):
        matter = _matter(agreement, MatterKind.REPORT, str(cycle))
        due = date(cycle, 12, 31)
        days = (due - today).days
        if days < 0:
            reason = Reason(ReasonCode.REPORT_PASSED, {"cycle": cycle, "days": -days})
            yield Standing(matter, StandingState.OVERDUE, reason, due, str(cycle))
        else:
            state = StandingState.DUE_SOON if days <= policy.report_lead_days else StandingState.ON_TRACK
            reason = Reason(ReasonCode.REPORT_DUE, {"cycle": cycle, "days": days})
            yield Standing(matter, state, reason, due, str(cycle))


def _assess_dormancy(agreement: Agreement, policy: Policy, today: date) -> Iterator[Standing]:
    signs = [find_last_sign(commitment, today) for commitment in agreement.commitments]
    held = [activity.held_on for activity in agreement.other_activities if activity.held_on.first <= today]
    known = find_latest(sign for sign in (*signs, *held) if sign is not None)
    since = known or find_start(agreement)
    if since is None:
        return
    matter = _matter(agreement, MatterKind.DORMANCY)
    if since.first > today:
        yield Standing(matter, StandingState.ON_TRACK, Reason(ReasonCode.NOT_YET, {"from": str(since)}))
        return
    months = whole_months(min(since.last, today), today)
    latest = [
        one for one, sign in zip(agreement.commitments, signs, strict=True) if known is not None and sign == known
    ]
    reported = known is not None and known not in held and all(is_told_by_report(one, known, today) for one in latest)
    told_by = "report" if reported else "activity" if known else "start"
    numbers = {"since": str(since), "months": months, "from": told_by}
    kept = agreement.kept
    if months < policy.dormancy_months:
        yield Standing(matter, StandingState.ON_TRACK, Reason(ReasonCode.ALIVE, numbers), cause=str(since))
    elif kept is not None and kept.holds(today):
        numbers |= {"until": kept.until.isoformat(), "note": kept.why}
        yield Standing(matter, StandingState.ON_TRACK, Reason(ReasonCode.KEPT, numbers), cause=str(since))
    else:
        # What was left as it is until a day is a new question after it.
        over = kept is not None and since.last < kept.until < today
        cause = kept.until.isoformat() if kept is not None and over else str(since)
        yield Standing(matter, StandingState.SILENT, Reason(ReasonCode.DORMANT, numbers), cause=cause)
