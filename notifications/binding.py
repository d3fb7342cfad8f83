"""Which agreements bind a party: of one that is over, or that the party has left, its people are told no more."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, String, and_, func, literal, or_, select

from commitments.tables import agreement, agreement_party
from commitments.vocabulary import RenewalRule

TIME_TO_SETTLE = timedelta(days=30)
"""So long an agreement that has expired is told of: until then it is renewed, or its end is put on record."""


def binds(day: date) -> ColumnElement[bool]:
    """Of an agreement and a place in it: whether it holds on a day or is still to be settled, and the party is one.

    Dates may be known to the month or the year only: the party's and the expiry's last day counts, and the first on
    which the agreement is called ended.
    """
    left, ended, expires = agreement_party.c.ended, agreement.c.ended, agreement.c.expires
    known = or_(expires.is_(None), agreement.c.renewal_rule == str(RenewalRule.AUTOMATIC))
    return and_(
        or_(left.is_(None), left >= _cut_like(left, day)),
        or_(ended.is_(None), ended > _cut_like(ended, day)),
        or_(known, expires >= _cut_like(expires, day - TIME_TO_SETTLE)),
    )


def _cut_like(written: ColumnElement[str], day: date) -> ColumnElement[str]:
    """A day written as exactly as a date is known."""
    return func.substr(literal(day.isoformat(), String), 1, func.length(written))


def load_bound_parties(reading: Connection, day: date) -> frozenset[int]:
    """The parties that an agreement binds on a day."""
    joined = agreement_party.join(agreement, agreement.c.id == agreement_party.c.agreement_id)
    query = select(agreement_party.c.party_id).select_from(joined).where(binds(day)).distinct()
    return frozenset(reading.execute(query).scalars())
