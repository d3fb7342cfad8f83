"""Holds a register and the log of a mail server to the promises I1 to I6, after any number of kills and races.

What should be there comes from two sources: the same day without faults on a second copy, and the register's own
facts, read here anew without the code that is tested.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Table, select, text

from commitments.database import open_reading
from commitments.tables import commitment, commitment_owner, contact, follow_up, log_entry
from notifications.tables import attempt, notice, notification
from tests.faults.post_office import Mail
from tests.standings import judge_days, list_lies

_ENDED = ("sent", "failed", "cancelled")


@dataclass(frozen=True)
class Picture:
    """What a day left behind, without row numbers, moments and workers, which differ from run to run."""

    follow_ups: dict[str, Any]
    notices: dict[str, Any]
    messages: dict[str, Any]
    log: Counter[str]


@dataclass
class Verdict:
    """What the oracle found."""

    messages: int = 0
    lost: int = 0
    repeated: int = 0
    broken: list[str] = field(default_factory=list)


def take_picture(engine: Engine) -> Picture:
    with open_reading(engine) as reading:
        keys = {row.id: row.key for row in reading.execute(select(notification.c.id, notification.c.key))}
        follow_up_keys = {row.id: row.key for row in reading.execute(select(follow_up.c.id, follow_up.c.key))}
        return Picture(
            {row["key"]: row for row in _rows(reading, follow_up, "id")},
            {
                row["key"]: row
                | {
                    "notification_id": keys.get(row["notification_id"]),
                    "follow_up_id": follow_up_keys.get(row["follow_up_id"]),
                }
                for row in _rows(reading, notice, "id", "decided_at")
            },
            {
                row["key"]: row | {"earlier": (row["earlier"] or {}).get("from") or None}
                for row in _rows(
                    reading, notification, "id", "queued_at", "next_at", "sent_at", "attempts", "repeated", "worker",
                    "lease_until", "told_until",
                )
            },
            Counter(
                json.dumps(row, default=str, sort_keys=True)
                for row in _rows(reading, log_entry, "id", "row_id", "at", "event_id")
            ),
        )  # fmt: skip


def copy_rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Every row that the day's job may write, as it stands: to see that a second run changes nothing at all."""
    with open_reading(engine) as reading:
        return {
            table.name: list(_rows(reading, table)) for table in (follow_up, notice, notification, attempt, log_entry)
        }


def _rows(reading: Connection, table: Table, *left_out: str) -> Iterator[dict[str, Any]]:
    columns = [column for column in table.c if column.name not in left_out]
    for row in reading.execute(select(*columns).order_by(table.c.id)):
        yield dict(row._mapping)


def judge_day(engine: Engine, mails: Sequence[Mail], expected: Picture, today: date, kills: int = 0) -> Verdict:
    """Compare what a day with faults left behind with what it should have."""
    found = take_picture(engine)
    verdict = Verdict(messages=len(expected.messages))
    verdict.broken += _compare("I1 notice", found.notices, expected.notices)
    verdict.broken += _compare("I1 message", found.messages, expected.messages)
    verdict.broken += _compare("I4 follow-up", found.follow_ups, expected.follow_ups)
    verdict.broken += [f"I5 missing in the log: {one}" for one in (expected.log - found.log)]
    verdict.broken += [f"I5 too often in the log: {one}" for one in (found.log - expected.log)]
    with open_reading(engine) as reading:
        verdict.broken += _check_against_facts(reading, today)
        verdict.broken += _check_reminders(reading, today)
        verdict.broken += _check_messages(reading)
        verdict.broken += _check_database(reading)
        verdict.broken += list_lies(reading, judge_days(reading, [today, today + timedelta(days=1)]))
    _check_mails(engine, mails, kills, verdict)
    return verdict


def _compare(what: str, found: dict[str, Any], expected: dict[str, Any]) -> Iterator[str]:
    for key in expected.keys() - found.keys():
        yield f"{what} missing: {key}"
    for key in found.keys() - expected.keys():
        yield f"{what} too many: {key}"
    for key in found.keys() & expected.keys():
        for name, value in expected[key].items():
            if found[key][name] != value:
                yield f"{what} {key}: {name} is {found[key][name]!r} instead of {value!r}"


def _check_against_facts(reading: Connection, today: date) -> Iterator[str]:
    """I1 and I4 from the facts alone: every overdue promise has one open follow-up a party, told to one person."""
    due = Counter(
        (row.id, row.party_id)
        for row in reading.execute(
            select(commitment.c.id, commitment_owner.c.party_id)
            .join(commitment_owner, commitment_owner.c.commitment_id == commitment.c.id)
            .where(commitment.c.state == "active", commitment.c.due < today.isoformat())
        )
    )
    rows = reading.execute(
        select(follow_up).where(follow_up.c.state == "open", follow_up.c.kind == "overdue").order_by(follow_up.c.id)
    ).all()
    opened = Counter((row.commitment_id, row.party_id) for row in rows)
    if due != opened:
        yield f"I4 overdue promises without follow-up {due - opened}, follow-ups too many {opened - due}"
    reached = set(
        reading.execute(select(contact.c.id).where(contact.c.channels["mail"].as_string().is_not(None))).scalars()
    )
    told = Counter(
        (row.follow_up_id, row.contact_id)
        for row in reading.execute(select(notice).where(notice.c.rung == 0, notice.c.decision == "told"))
    )
    for row in rows:
        if row.assignee_id in reached and told[row.id, row.assignee_id] != 1:
            yield f"I1 {row.key} was told {told[row.id, row.assignee_id]} times to its assignee"


def _check_reminders(reading: Connection, today: date) -> Iterator[str]:
    """I1 from the facts alone: of each owed promise that is due soon, one rung is told and all above it passed over."""
    rows = reading.execute(
        select(commitment.c.id, commitment.c.due, commitment_owner.c.party_id)
        .join(commitment_owner, commitment_owner.c.commitment_id == commitment.c.id)
        .where(commitment.c.state == "active", commitment.c.due.between(today.isoformat(), "9999"))
    ).all()
    rungs: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
    for row in reading.execute(select(notice).where(notice.c.kind == "reminder", notice.c.matter_kind == "commitment")):
        rungs[row.commitment_id, row.party_id].append((row.decision, row.rung))
    for row in rows:
        days = (date.fromisoformat(row.due) - today).days
        found = sorted(rungs[row.id, row.party_id], key=lambda one: one[1])
        told = [rung for decision, rung in found if decision == "told"]
        passed = [rung for decision, rung in found if decision == "passed_over"]
        if days <= 30 and (len(told) != 1 or passed != [rung for rung in (1, 7, 14, 30) if rung > told[0]]):
            yield f"I1 promise {row.id}, due in {days} days: told {told}, passed over {passed}"


def _check_messages(reading: Connection) -> Iterator[str]:
    for row in reading.execute(select(notification).where(notification.c.state.not_in(_ENDED))):
        yield f"I2 {row.key} is {row.state} and was never finished"
    for row in reading.execute(select(notice).where(notice.c.decision == "told", notice.c.notification_id.is_(None))):
        yield f"I1 {row.key} was told in no message"
    scheduled = Counter(
        (row.contact_id, row.local_day)
        for row in reading.execute(select(notification).where(notification.c.key.like("scheduled|%")))
    )
    yield from (
        f"I1 contact {one} has {count} messages on {day}" for (one, day), count in scheduled.items() if count > 1
    )
    accepted = Counter(
        reading.execute(select(attempt.c.notification_id).where(attempt.c.outcome == "accepted")).scalars()
    )
    sent = set(reading.execute(select(notification.c.id).where(notification.c.state == "sent")).scalars())
    yield from (f"I2 message {one} is sent without an accepted attempt" for one in sent - accepted.keys())
    yield from (f"I2 message {one} has {count} accepted attempts" for one, count in accepted.items() if count > 1)
    for row in reading.execute(select(attempt).where(attempt.c.outcome.is_(None))):
        yield f"I2 attempt {row.number} of message {row.notification_id} has no outcome"


def _check_database(reading: Connection) -> Iterator[str]:
    if reading.dialect.name != "sqlite":
        return  # PostgreSQL holds its constraints itself
    whole = reading.execute(text("PRAGMA integrity_check")).scalars().all()
    if whole != ["ok"]:
        yield f"I6 integrity_check: {whole}"
    broken = reading.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        yield f"I6 foreign_key_check: {broken}"


def _check_mails(engine: Engine, mails: Sequence[Mail], kills: int, verdict: Verdict) -> None:
    with open_reading(engine) as reading:
        rows = {row.message_id: row for row in reading.execute(select(notification))}
    counts = Counter(mail.message_id for mail in mails)
    for mail in mails:
        row = rows.get(mail.message_id)
        if row is None or row.address != mail.recipient:
            verdict.broken.append(f"I3 {mail} is no message of the register")
    lost = [row.key for row in rows.values() if row.state == "sent" and not counts[row.message_id]]
    verdict.broken += [f"I3 {key} is marked as sent and was never taken by the server" for key in lost]
    verdict.lost = sum(not counts[row.message_id] for row in rows.values() if row.state not in ("cancelled", "failed"))
    verdict.repeated = counts.total() - len(counts)
    if verdict.repeated > kills:
        verdict.broken.append(f"I3 {verdict.repeated} repeats after {kills} kills")
    for name, count in counts.items():
        copies = [mail for mail in mails if mail.message_id == name]
        if count > 1 and name in rows and not (rows[name].repeated and all(mail.repeat for mail in copies[1:])):
            verdict.broken.append(f"I3 {rows[name].key} went {count} times and is not flagged as repeated")
