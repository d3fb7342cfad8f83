"""Links to sign in that somebody asked for: noted with one row, made and sent afterwards, beside the pages.

Whose address it is, and whether too many links were asked for, is found out when the answer is long read: what is done
before it is the same for every address. What was noted and not made, or made and not sent, is found by the next look,
also after a process was killed, for as long as the link can be used.
"""

import secrets
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from commitments.database import open_reading, open_unit
from commitments.failpoints import failpoint
from commitments.settings import Settings
from commitments.tables import contact
from notifications.links import SIGN_IN_WITHIN
from notifications.secret import load_mail_domain
from notifications.signing_in import list_waiting, queue_sign_in
from portal.tables import sign_in, visit
from portal.visits import check_lead, find_people, hash_address

LINKS_AN_HOUR = 5
"""So many links one address gets in an hour; for more requests nothing is sent."""
_AN_HOUR = timedelta(hours=1)
_REQUESTS_KEPT = timedelta(days=1)
_VISITS_KEPT = timedelta(days=90)


def note_request(unit: Connection, address: str, lead_to: str, now: datetime) -> None:
    """Keep that somebody with this address asks to sign in: one row, whosever it is and however often they asked."""
    unit.execute(
        insert(sign_in).values(
            number=secrets.token_urlsafe(32),
            address_hash=hash_address(address),
            lead_to=check_lead(lead_to),
            asked_at=now,
            expires_at=now + SIGN_IN_WITHIN,
        )
    )


def make_links(engine: Engine, settings: Settings, now: datetime, send: Callable[[int], None]) -> int:
    """Make the links that were asked for, and send these and what has not gone yet; returns how many were made.

    The register is only read where nothing is to be done. Two processes make one link: who takes a request marks it in
    the unit that queues its letter, and a letter is claimed by its sender.
    """
    with open_reading(engine) as reading:
        asked = reading.execute(select(sign_in.c.id).where(_is_open(now)).limit(1)).first() is not None
    made = 0
    if asked:
        with open_unit(engine) as unit:
            made = answer_requests(unit, settings, now)
            failpoint("links.before_commit")
        failpoint("links.after_commit")
    with open_reading(engine) as reading:
        numbers = reading.execute(select(sign_in.c.number).where(_is_good(now), sign_in.c.contact_id.is_not(None)))
        waiting = list_waiting(reading, numbers.scalars().all(), now)
    for message_id in waiting:
        send(message_id)
    return made


def answer_requests(unit: Connection, settings: Settings, now: datetime) -> int:
    """Queue the link of each request that nobody has looked at, if somebody in office has its address; how many.

    A request that is one too many counts for nothing, else asking again and again, by whomever, would keep the address
    out for good.
    """
    claim = update(sign_in).where(_is_open(now)).values(answered_at=now)
    open_ones = sorted(unit.execute(claim.returning(sign_in)).all(), key=lambda row: int(row.id))
    unit.execute(delete(sign_in).where(sign_in.c.asked_at < now - _REQUESTS_KEPT))
    unit.execute(delete(visit).where(visit.c.expires_at < now - _VISITS_KEPT))
    if not open_ones:
        return 0
    hashes = {row.address_hash for row in open_ones}
    addresses, made_at = _find_addresses(unit, settings, hashes), _load_made(unit, hashes, open_ones[0].asked_at)
    domain, made = load_mail_domain(settings), 0
    for address_hash, address in addresses.items():
        people = find_people(unit, settings, address, now)
        for row in open_ones if people else ():
            if row.address_hash != address_hash:
                continue
            earlier = made_at.setdefault(address_hash, [])
            if sum(at > row.asked_at - _AN_HOUR for at in earlier) >= LINKS_AN_HOUR:
                continue
            earlier.append(row.asked_at)
            unit.execute(update(sign_in).where(sign_in.c.id == row.id).values(contact_id=people[0].id))
            queue_sign_in(unit, people[0], row.number, now, domain)
            made += 1
    return made


def _is_good(now: datetime) -> Any:
    """What was asked for so lately that its link can be used; by the index of the moments."""
    return (sign_in.c.asked_at > now - SIGN_IN_WITHIN) & sign_in.c.used_at.is_(None)


def _is_open(now: datetime) -> Any:
    return _is_good(now) & sign_in.c.answered_at.is_(None)


def _find_addresses(reading: Connection, settings: Settings, hashes: Collection[str]) -> dict[str, str]:
    """Those addresses of contacts and administrators that have one of these hashes. All are looked at, whoever asks."""
    mail = contact.c.channels["mail"].as_string()
    known = reading.execute(select(mail).where(mail.is_not(None))).scalars()
    hashed = ((hash_address(one), one) for one in [*known, *settings.administrator_addresses])
    return {one: address for one, address in hashed if one in hashes}


def _load_made(reading: Connection, hashes: Collection[str], since: datetime) -> dict[str, list[datetime]]:
    """When the links that were made for these addresses within the hour before had been asked for."""
    rows = reading.execute(
        select(sign_in.c.address_hash, sign_in.c.asked_at).where(
            sign_in.c.address_hash.in_(hashes), sign_in.c.contact_id.is_not(None), sign_in.c.asked_at > since - _AN_HOUR
        )
    )
    made: dict[str, list[datetime]] = {}
    for address_hash, asked_at in rows:
        made.setdefault(address_hash, []).append(asked_at)
    return made
