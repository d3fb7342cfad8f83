"""Links to sign in, and visits: made, found, ended. The key of a visit is in its cookie only, here is its hash."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from commitments.database import insert_new
from commitments.facts import Person
from commitments.log import Author, Change, record_changes
from commitments.person_queries import load_people
from commitments.policy import HOUSE
from commitments.reconcile import ENGINE
from commitments.settings import Settings
from commitments.tables import agreement_party, commitment, contact, follow_up, party
from commitments.vocabulary import ContactRole, FollowUpState, PartyKind
from notifications.links import SIGN_IN_WITHIN
from portal.tables import sign_in, visit

IDLE_FOR = timedelta(days=3)
"""A visit that was not used for so long is over."""
_SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Visit:
    """One who is signed in somewhere."""

    id: int
    contact_id: int
    device: str
    began_at: datetime
    seen_at: datetime
    expires_at: datetime


def make_link_number(unit: Connection, contact_id: int, address: str, now: datetime, lead_to: str = "/home") -> str:
    """A request whose link is not mailed: for whoever starts the system on their own machine, or is vouched for."""
    number = secrets.token_urlsafe(32)
    known = {"address_hash": hash_address(address), "contact_id": contact_id, "lead_to": check_lead(lead_to)}
    row = {"number": number, **known, "asked_at": now, "answered_at": now}
    unit.execute(insert(sign_in).values(**row, expires_at=now + SIGN_IN_WITHIN))
    return number


def find_busiest_coordinator(reading: Connection, now: datetime, language: str) -> Person | None:
    """The coordinator in office, reached by mail, with the most to see; who reads `language` comes first.

    That is whose party's agreements hold the most kinds of commitments; of those, for whom most follow-ups wait.
    """
    people = load_people(reading, only=contact.c.role == str(ContactRole.COORDINATOR))
    able = [one for one in people.values() if one.mail is not None and one.is_in_office(now.date())]
    kinds = _count_by(
        reading,
        select(agreement_party.c.party_id, func.count(commitment.c.kind.distinct()))
        .join(commitment, commitment.c.agreement_id == agreement_party.c.agreement_id)
        .where(agreement_party.c.party_id.in_([one.party_id for one in able]))
        .group_by(agreement_party.c.party_id),
    )
    waiting = _count_by(
        reading,
        select(follow_up.c.assignee_id, func.count())
        .where(follow_up.c.state == str(FollowUpState.OPEN), follow_up.c.assignee_id.in_([one.id for one in able]))
        .group_by(follow_up.c.assignee_id),
    )

    def rank(one: Person) -> tuple[bool, int, int, str]:
        return one.language != language, -kinds.get(one.party_id, 0), -waiting.get(one.id, 0), one.reference

    return min(able, key=rank, default=None)


def _count_by(reading: Connection, counts: Select[Any]) -> dict[int, int]:
    return {row_id: number for row_id, number in reading.execute(counts)}


def find_people(unit: Connection, settings: Settings, address: str, now: datetime) -> Sequence[Person]:
    """Everybody in office with this mail address, coordinators first; an administrator becomes one of the house."""
    wanted = address.strip().lower()
    only = func.lower(contact.c.channels["mail"].as_string()) == wanted

    def list_serving() -> list[Person]:
        return [one for one in load_people(unit, only=only).values() if one.serves(now.date())]

    serving = list_serving()
    if not serving and wanted in settings.administrator_addresses:
        _appoint_administrator(unit, wanted, settings, now)
        serving = list_serving()
    return sorted(serving, key=lambda one: (one.role is not ContactRole.COORDINATOR, one.reference))


def _appoint_administrator(unit: Connection, address: str, settings: Settings, now: datetime) -> None:
    """An administrator of the settings who is no contact of any party: of the house, and told nothing by schedule."""
    insert_new(
        unit, party, [{"reference": HOUSE, "kind": str(PartyKind.OTHER), "names": {"en": "The house", "zh": "本系统"}}]
    )
    party_id = unit.execute(select(party.c.id).where(party.c.reference == HOUSE)).scalar_one()
    person = {
        "reference": f"house.{_hash(address)[:8]}",
        "party_id": party_id,
        "name": address,
        "role": str(ContactRole.OWNER),
        "channels": {"mail": address},
        "language": settings.operator_language,
        "time_zone": settings.time_zone,
    }
    made = insert_new(unit, contact, [person])
    changes = [Change("registered", "contact", row.id, person["reference"], None, {}) for row in made]
    record_changes(unit, Author(ENGINE, now, why="named in TALLY_ADMINISTRATORS"), changes)


def find_request(reading: Connection, number: str, now: datetime) -> Any:
    """The request of a link that can still be used, with the mail address of its person.

    None if it was used, its time is over, or its person has another address than the one to which it went: the link is
    in a mailbox that is theirs no more.
    """
    row = reading.execute(
        select(sign_in, contact.c.channels["mail"].as_string().label("mail"))
        .join(contact, contact.c.id == sign_in.c.contact_id)
        .where(sign_in.c.number == number, sign_in.c.used_at.is_(None), sign_in.c.expires_at > now)
    ).one_or_none()
    return row if row is not None and hash_address(row.mail or "") == row.address_hash else None


def begin_visit(
    unit: Connection, request_id: int, contact_id: int, device: str, days: int, now: datetime
) -> str | None:
    """Use up the request and begin a visit under a key of its own, which is returned; None if it was used meanwhile."""
    used = unit.execute(
        update(sign_in).where(sign_in.c.id == request_id, sign_in.c.used_at.is_(None)).values(used_at=now)
    )
    if not used.rowcount:
        return None
    key = secrets.token_urlsafe(32)
    unit.execute(
        insert(visit).values(
            key_hash=_hash(key),
            contact_id=contact_id,
            device=device,
            began_at=now,
            seen_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    return key


def find_visit(reading: Connection, key: str, now: datetime) -> Visit | None:
    """The visit of a key, if it is not over."""
    row = reading.execute(
        select(visit).where(
            visit.c.key_hash == _hash(key),
            visit.c.ended_at.is_(None),
            visit.c.expires_at > now,
            visit.c.seen_at > now - IDLE_FOR,
        )
    ).one_or_none()
    return _read(row) if row is not None else None


def is_to_be_noted(one: Visit, now: datetime) -> bool:
    """Whether it is time to write down that the visit is used: once an hour, so that reading pages stays reading."""
    return now - one.seen_at >= _SEEN_EVERY


def note_visit(unit: Connection, one: Visit, now: datetime) -> None:
    unit.execute(update(visit).where(visit.c.id == one.id).values(seen_at=now))


def list_visits(reading: Connection, contact_id: int, now: datetime) -> list[Visit]:
    """Where a person is signed in, the latest used first."""
    rows = reading.execute(
        select(visit)
        .where(
            visit.c.contact_id == contact_id,
            visit.c.ended_at.is_(None),
            visit.c.expires_at > now,
            visit.c.seen_at > now - IDLE_FOR,
        )
        .order_by(visit.c.seen_at.desc(), visit.c.id.desc())
        .limit(50)
    )
    return [_read(row) for row in rows]


def end_visits(unit: Connection, contact_id: int, now: datetime, *, only: int | None = None) -> int:
    """End one visit of a person, or all of them; returns how many."""
    whose = (visit.c.contact_id == contact_id) & visit.c.ended_at.is_(None)
    if only is not None:
        whose &= visit.c.id == only
    return int(unit.execute(update(visit).where(whose).values(ended_at=now)).rowcount)


def end_visit_of(unit: Connection, key: str, now: datetime) -> None:
    """End the visit of a key, as when somebody else signs in with the same browser."""
    unit.execute(update(visit).where(visit.c.key_hash == _hash(key), visit.c.ended_at.is_(None)).values(ended_at=now))


def write_token(key: str) -> str:
    """What the forms of a visit carry; who does not have the key cannot make it, and it does not give the key away."""
    return sha256(f"tallystick.form|{key}".encode()).hexdigest()[:40]


def is_token(key: str, token: str | None) -> bool:
    return token is not None and hmac.compare_digest(write_token(key), token)


def check_lead(text: str | None) -> str:
    """Where to go after signing in: a page of ours, whatever was asked for."""
    plain = text is not None and text.startswith("/") and not text.startswith(("//", "/\\", "/sign-in"))
    if text is None or not plain or "\\" in text or not text.isascii() or not text.isprintable() or len(text) > 300:
        return "/home"
    return text


def hash_address(address: str) -> str:
    """What is kept of an address that somebody asks with; also of one that nobody has."""
    return _hash(address.strip().lower())


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _read(row: Any) -> Visit:
    return Visit(row.id, row.contact_id, row.device, row.began_at, row.seen_at, row.expires_at)
