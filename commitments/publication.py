"""The outbox of events: what of the log waits to be published, and what of it was not followed up yet."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select, update

from commitments.database import ROWS_A_STATEMENT
from commitments.reconcile import ENGINE
from commitments.tables import (
    activity_commitment,
    agreement,
    agreement_party,
    commitment,
    contact,
    follow_up,
    log_entry,
    party,
    publication,
)

_OWN_WORDS = frozenset({"note", "state_reason", "closed_why", "title", "link", "place", "name", "office"})
"""What people wrote in words of their own stays in the register: events go where many can read them."""
OF_A_COMMITMENT = frozenset(
    {"commitment", "commitment_owner", "milestone", "occurrence", "measurement", "progress_report", "confirmation"}
)
"""The tables whose rows are named after their commitment."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of the log as an event tells of it: ids and plain values."""

    log_entry_id: int
    event_id: str
    name: str
    agreement: str | None
    title: str | None
    commitments: tuple[str, ...]
    """As `agreement/commitment`."""
    parties: tuple[str, ...]
    follow_up: str | None
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that the server has not shown yet, and when it was last handed over."""

    log_entry_id: int
    event_id: str
    emitted_at: datetime | None


def list_unpublished(reading: Connection, most: int) -> list[Waiting]:
    """The oldest events that are not known to be published."""
    rows = reading.execute(
        select(publication.c.log_entry_id, log_entry.c.event_id, publication.c.emitted_at)
        .join(log_entry, log_entry.c.id == publication.c.log_entry_id)
        .where(publication.c.published_at.is_(None))
        .order_by(publication.c.log_entry_id)
        .limit(most)
    )
    return [Waiting(*row) for row in rows]


def count_unpublished(reading: Connection) -> dict[str, int]:
    """How many events of each name are not known to be published."""
    rows = reading.execute(
        select(publication.c.name, func.count())
        .where(publication.c.published_at.is_(None))
        .group_by(publication.c.name)
        .order_by(publication.c.name)
    )
    return {name: number for name, number in rows}


def claim_emission(unit: Connection, ids: Sequence[int], now: datetime, stale: datetime) -> list[int]:
    """Note that these are handed over now; gives those that nobody else has handed over since `stale`."""
    claimed = unit.execute(
        update(publication)
        .where(
            publication.c.log_entry_id.in_(ids),
            publication.c.published_at.is_(None),
            or_(publication.c.emitted_at.is_(None), publication.c.emitted_at < stale),
        )
        .values(emitted_at=now)
        .returning(publication.c.log_entry_id)
    )
    return sorted(claimed.scalars())


def give_back(unit: Connection, ids: Sequence[int]) -> None:
    """Note that the server never got these."""
    unit.execute(update(publication).where(publication.c.log_entry_id.in_(ids)).values(emitted_at=None))


def mark_published(unit: Connection, ids: Sequence[int], now: datetime) -> None:
    """Note that the server has shown these."""
    unit.execute(update(publication).where(publication.c.log_entry_id.in_(ids)).values(published_at=now))


def list_unfollowed(reading: Connection, most: int) -> list[Row[Any]]:
    """The oldest changes by people from which what follows was not worked out yet."""
    return list(
        reading.execute(
            select(publication.c.name, log_entry)
            .join(log_entry, log_entry.c.id == publication.c.log_entry_id)
            .where(publication.c.followed_at.is_(None))
            .order_by(publication.c.log_entry_id)
            .limit(most)
        )
    )


def find_oldest_unfollowed(reading: Connection) -> int | None:
    """The number of the oldest log entry that was not followed up."""
    oldest = select(publication.c.log_entry_id).where(publication.c.followed_at.is_(None))
    return reading.execute(oldest.order_by(publication.c.log_entry_id).limit(1)).scalar_one_or_none()


def mark_followed(unit: Connection, ids: Sequence[int], now: datetime) -> None:
    """Note that what follows from these changes was worked out."""
    for start in range(0, len(ids), ROWS_A_STATEMENT):
        part = ids[start : start + ROWS_A_STATEMENT]
        unit.execute(update(publication).where(publication.c.log_entry_id.in_(part)).values(followed_at=now))


def describe_happenings(reading: Connection, ids: Sequence[int]) -> list[Happening]:
    """The log entries of these numbers as events, oldest first, with a fixed number of statements."""
    rows = reading.execute(
        select(publication.c.name, log_entry, agreement.c.reference.label("agreement"), agreement.c.title)
        .join(log_entry, log_entry.c.id == publication.c.log_entry_id)
        .outerjoin(agreement, agreement.c.id == log_entry.c.agreement_id)
        .where(publication.c.log_entry_id.in_(ids))
        .order_by(publication.c.log_entry_id)
    ).all()
    parties = _load_parties(reading, {row.agreement_id for row in rows})
    follow_ups = _load_follow_ups(reading, [row.row_id for row in rows if row.subject == "follow_up"])
    served = _load_served(reading, [row.row_id for row in rows if row.subject == "activity"])
    names = _load_party_names(reading, [_party_id(row) for row in rows])
    return [_describe(row, parties[row.agreement_id], follow_ups, served, names) for row in rows]


def _describe(
    row: Row[Any],
    parties: Sequence[str],
    follow_ups: Mapping[int, Row[Any]],
    served: Mapping[int, Sequence[str]],
    names: Mapping[int, str],
) -> Happening:
    task = follow_ups.get(row.row_id) if row.subject == "follow_up" else None
    commitments = list(_find_commitments(row, task, served))
    payload: dict[str, Any] = {
        "log_entry": row.id,
        "at": row.at.isoformat(),
        "who": row.who,
        "action": row.action,
        "subject": row.subject.replace("_", " "),
        "reference": row.reference,
        "agreement": row.agreement,
        "commitment": commitments[0] if commitments else None,
        "party": _find_party(row, task, names),
        "values": dict(_take_plain_values(row.changes)),
    }
    if row.who == ENGINE and row.why:
        payload["why"] = row.why
    if task is not None:
        payload["follow_up"] = {
            "key": task.key,
            "kind": task.kind,
            "matter": task.matter,
            "state": task.state,
            "assignee": task.assignee,
            "due_on": task.due_on.isoformat(),
        }
    return Happening(
        row.id,
        row.event_id,
        row.name,
        row.agreement,
        (row.title.get("en") or next(iter(row.title.values()), None)) if row.title else None,
        tuple(commitments),
        tuple(parties),
        task.key if task is not None else None,
        payload,
    )


def _find_commitments(row: Row[Any], task: Row[Any] | None, served: Mapping[int, Sequence[str]]) -> Iterator[str]:
    if row.subject in OF_A_COMMITMENT:
        yield "/".join(row.reference.split("/")[:2])
    elif row.subject == "activity":
        yield from served.get(row.row_id, ())
    elif task is not None and task.commitment is not None:
        yield f"{row.agreement}/{task.commitment}"


def _party_id(row: Row[Any]) -> int | None:
    found = row.changes.get("party_id", (None, None))[1]
    return int(found) if found is not None else None


def _find_party(row: Row[Any], task: Row[Any] | None, names: Mapping[int, str]) -> str | None:
    """The party whose doing or matter it is."""
    if task is not None:
        return str(task.party) if task.party is not None else None
    party_id = _party_id(row)
    if party_id is not None:
        return names.get(party_id)
    return str(row.reference.rpartition("/")[2]) if row.subject in ("agreement_party", "confirmation") else None


def _take_plain_values(changes: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, Any]]:
    for column, (_, value) in changes.items():
        if column in _OWN_WORDS or column.endswith("_id"):
            continue
        if value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 80):
            yield column, value


def _load_parties(reading: Connection, agreement_ids: Collection[int | None]) -> Mapping[int | None, list[str]]:
    found: dict[int | None, list[str]] = defaultdict(list)
    rows = reading.execute(
        select(agreement_party.c.agreement_id, party.c.reference)
        .join(party, party.c.id == agreement_party.c.party_id)
        .where(agreement_party.c.agreement_id.in_([one for one in agreement_ids if one is not None]))
        .order_by(agreement_party.c.agreement_id, agreement_party.c.position)
    )
    for agreement_id, reference in rows:
        found[agreement_id].append(reference)
    return found


def _load_follow_ups(reading: Connection, ids: Sequence[int]) -> dict[int, Row[Any]]:
    rows = reading.execute(
        select(
            follow_up,
            contact.c.reference.label("assignee"),
            commitment.c.reference.label("commitment"),
            party.c.reference.label("party"),
        )
        .outerjoin(contact, contact.c.id == follow_up.c.assignee_id)
        .outerjoin(commitment, commitment.c.id == follow_up.c.commitment_id)
        .outerjoin(party, party.c.id == follow_up.c.party_id)
        .where(follow_up.c.id.in_(ids))
    )
    return {row.id: row for row in rows}


def _load_served(reading: Connection, activity_ids: Sequence[int]) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = reading.execute(
        select(activity_commitment.c.activity_id, agreement.c.reference, commitment.c.reference)
        .join(commitment, commitment.c.id == activity_commitment.c.commitment_id)
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .where(activity_commitment.c.activity_id.in_(activity_ids))
        .order_by(activity_commitment.c.id)
    )
    for activity_id, held, promised in rows:
        found[activity_id].append(f"{held}/{promised}")
    return found


def _load_party_names(reading: Connection, ids: Sequence[int | None]) -> dict[int, str]:
    rows = reading.execute(
        select(party.c.id, party.c.reference).where(party.c.id.in_([one for one in ids if one is not None]))
    )
    return {party_id: reference for party_id, reference in rows}
