"""A register of N commitments for the measurements: the work of a large house on an ordinary morning.

Item k of each recipient is dated when k % 5 == 0 (a fifth of all: half overdue by 1 to 30 days, half due within 7 days);
the rest falls due in 9 to 358 days. There are min(N / 20, 5,000) recipients, each with dated items.
"""

import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from commitments.database import open_database
from migrations import migrate_database

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
TODAY = date(2026, 3, 11)
COMMITMENTS_AN_AGREEMENT = 50


def build_register(
    path: Path, items: int, recipients: int | None = None, *, an_agreement: int = COMMITMENTS_AN_AGREEMENT
) -> int:
    """Write a migrated SQLite register with `items` commitments; returns the number of recipients."""
    path.unlink(missing_ok=True)
    engine = open_database(f"sqlite:///{path}", synchronous="NORMAL")
    migrate_database(engine)
    engine.dispose()
    recipients = recipients or min(max(items // 20, 1), 5000)
    connection = sqlite3.connect(path)
    with connection:
        connection.executemany(
            "INSERT INTO party (id, reference, kind, names, country, time_zone, language) VALUES (?,?,?,?,?,?,?)",
            [
                (1, "north", "city", '{"en": "North"}', "GB", "Europe/London", "en"),
                (2, "south", "city", '{"en": "South"}', "BG", "Europe/Sofia", "en"),
            ],
        )
        connection.execute("INSERT INTO policy (scope, rules) VALUES ('house', '{\"lead_days\": [7, 1, 0]}')")
        connection.executemany(
            "INSERT INTO contact (id, reference, party_id, name, role, channels) VALUES (?,?,?,?,'owner',?)",
            (
                (one, f"owner-{one:05d}", 1 + one % 2, f"Owner {one}", f'{{"mail": "owner-{one:05d}@north.example"}}')
                for one in range(1, recipients + 1)
            ),
        )
        agreements = -(-items // an_agreement)
        connection.executemany(
            "INSERT INTO agreement (id, reference, title, kind, effective, languages, authentic, sources, registered_on)"
            " VALUES (?,?,?,'memorandum','2025-01-01','[]','[]','[]','2026-03-10')",
            ((one, f"agreement-{one:05d}", f'{{"en": "Agreement {one}"}}') for one in range(1, agreements + 1)),
        )
        connection.executemany(
            "INSERT INTO agreement_party (agreement_id, party_id, role, position, signed) VALUES (?,?,'party',?,'2025-01-01')",
            ((one, side, side) for one in range(1, agreements + 1) for side in (1, 2)),
        )
        connection.executemany(
            "INSERT INTO commitment (id, agreement_id, reference, position, summary, summaries, kind, quote, quote_sources,"
            " tags, owed, implementers, due, state, registered_on)"
            " VALUES (?,?,?,?,?,'{}','deliverable','{}','{}','[]','each','[]',?,'active','2026-03-10')",
            (
                (
                    item + 1,
                    item // an_agreement + 1,
                    f"promise-{item % an_agreement:02d}",
                    item % an_agreement,
                    f"Hold the exchange of teachers number {item} in the sister schools of both cities",
                    _due(item // recipients, item).isoformat(),
                )
                for item in range(items)
            ),
        )
        connection.executemany(
            "INSERT INTO commitment_owner (commitment_id, party_id, contact_id, position) VALUES (?,?,?,0)",
            ((item + 1, 1 + (item % recipients + 1) % 2, item % recipients + 1) for item in range(items)),
        )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("ANALYZE")
    connection.close()
    return recipients


def _due(place: int, item: int) -> date:
    if place % 5:
        return TODAY + timedelta(days=9 + item % 350)
    if place // 5 % 2:
        return TODAY + timedelta(days=item % 8)
    return TODAY - timedelta(days=1 + item % 30)
