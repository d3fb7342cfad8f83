"""When an agreement's present term ends, and until when notice of it can be given. Pure."""

from datetime import date

from commitments.dates import PartialDate, add_days, as_partial, move_end, parse_date, whole_months
from commitments.facts import Agreement
from commitments.vocabulary import RenewalRule


def find_expiry(agreement: Agreement, today: date) -> date | None:
    """The end of the present term; one that renews itself moves on by its renewal, a year if none is stated."""
    if agreement.expires is None:
        return None
    return _find_end(agreement, agreement.expires, _count_renewals(agreement, agreement.expires, today))


def find_term_end(agreement: Agreement, today: date) -> PartialDate | None:
    """As `find_expiry`, with the precision of the stated end while that is still to come."""
    end = find_expiry(agreement, today)
    if agreement.expires is None or end is None or end == agreement.expires.last:
        return agreement.expires
    return as_partial(end)


def find_notice_deadline(agreement: Agreement, today: date) -> date | None:
    """The last day on which notice can be given for the end of the present term.

    Where the notice period is as long as a term that renews itself, that day was over before the term began: then it
    is the day for a later term, if it lies in the present one.
    """
    expires = agreement.expires
    if expires is None:
        return None
    renewals = _count_renewals(agreement, expires, today)
    expiry = _find_end(agreement, expires, renewals)
    by = _take_notice(agreement, expires, renewals)
    if by is None or agreement.renewal_rule is not RenewalRule.AUTOMATIC:
        return by
    renewals += whole_months(by, today) // _renewal_months(agreement)
    later = [_take_notice(agreement, expires, turn) for turn in (renewals, renewals + 1)]
    known = [one for one in later if one is not None and one <= expiry]
    return next((one for one in known if one >= today), max(known, default=by))


def _renewal_months(agreement: Agreement) -> int:
    return agreement.renewal_months or 12


def _count_renewals(agreement: Agreement, expires: PartialDate, today: date) -> int:
    """How often it has renewed itself by that day."""
    if agreement.renewal_rule is not RenewalRule.AUTOMATIC:
        return 0
    turns = whole_months(expires.last, today) // _renewal_months(agreement)
    return turns if _find_end(agreement, expires, turns) >= today else turns + 1


def _find_end(agreement: Agreement, expires: PartialDate, renewals: int) -> date:
    return move_end(expires, renewals * _renewal_months(agreement))


def _take_notice(agreement: Agreement, expires: PartialDate, renewals: int) -> date | None:
    end = _find_end(agreement, expires, renewals)
    if agreement.notice_months is not None:
        before = as_partial(end) if expires.precision == "day" else parse_date(end.isoformat()[:7])
        return move_end(before, -agreement.notice_months)
    if agreement.notice_days is not None:
        return add_days(end, -agreement.notice_days)
    return None
