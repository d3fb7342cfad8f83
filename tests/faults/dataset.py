"""A register whose day's job has work of every sort, filled by bulk SQL: six cities, five persons each.

At NOW it is a working day between eight in the morning and six in the evening in all six, so everything goes today.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert

from commitments.database import open_unit
from commitments.tables import (
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    confirmation,
    contact,
    milestone,
    party,
    progress_report,
)

NOW = datetime(2026, 3, 11, 8, 30, tzinfo=UTC)
TODAY = date(2026, 3, 11)
REGISTERED = date(2026, 3, 9)
CITIES = (
    ("stoke", "GB", "Europe/London", "en"),
    ("jingdezhen", "CN", "Asia/Shanghai", "zh-Hans"),
    ("iznik", "TR", "Europe/Istanbul", "en"),
    ("troyan", "BG", "Europe/Sofia", "en"),
    ("gimcheon", "KR", "Asia/Seoul", "en"),
    ("osh", "KG", "Asia/Bishkek", "en"),
)
OWNERS = ("ann", "ben", "cem")
COMMITMENTS_AN_AGREEMENT = 6


def fill_register(engine: Engine, commitments: int, *, without_address: int = 0) -> None:
    """Write `commitments` commitments into a migrated, empty register.

    Three in ten are overdue, three are due within a month, one is a joint promise, one is a report to confirm, one has
    a milestone to come and one has no owner. `without_address` more owners have no mail address but a promise due soon.
    """
    with open_unit(engine) as unit:
        _fill_people(unit)
        agreements = -(-commitments // COMMITMENTS_AN_AGREEMENT)
        _fill_agreements(unit, agreements)
        _fill_commitments(unit, commitments)
        _fill_unreachable(unit, without_address, commitments)


def _put(unit: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        unit.execute(insert(table), rows)


def owner_id(city: int, place: int) -> int:
    """The id of a city's owner; five ids a city: three owners, the coordinator, the leader."""
    return city * 5 + place + 1


def coordinator_id(city: int) -> int:
    return owner_id(city, len(OWNERS))


def _fill_people(unit: Connection) -> None:
    _put(
        unit,
        party,
        [
            {
                "id": city + 1, "reference": name, "kind": "city", "names": {"en": name.title()}, "country": country,
                "time_zone": zone, "language": language,
            }
            for city, (name, country, zone, language) in enumerate(CITIES)
        ],
    )  # fmt: skip
    people = []
    for city, (name, *_) in enumerate(CITIES):
        for place, who in enumerate((*OWNERS, "coordinator", "leader")):
            deputy = owner_id(city, (place + 1) % len(OWNERS)) if who in OWNERS else None
            people.append(
                {
                    "id": owner_id(city, place), "reference": f"{who}-{name}", "party_id": city + 1,
                    "name": f"{who.title()} {name.title()}", "role": who if who not in OWNERS else "owner",
                    "deputy_id": deputy, "channels": {"mail": f"{who}@{name}.example"},
                }
            )  # fmt: skip
    _put(unit, contact, [person | {"deputy_id": None} for person in people])
    for person in people:
        if person["deputy_id"]:
            unit.execute(contact.update().where(contact.c.id == person["id"]).values(deputy_id=person["deputy_id"]))


def _sides(number: int) -> tuple[int, int]:
    """The two cities of an agreement."""
    first = number % len(CITIES)
    return first, (first + 1 + number // len(CITIES) % (len(CITIES) - 1)) % len(CITIES)


def _fill_agreements(unit: Connection, count: int) -> None:
    _put(
        unit,
        agreement,
        [
            {
                "id": number + 1, "reference": f"agreement-{number:04d}", "title": {"en": f"Agreement {number}"},
                "kind": "memorandum", "effective": "2025-01-01", "languages": [], "authentic": [], "sources": [],
                "registered_on": REGISTERED,
            }
            for number in range(count)
        ],
    )  # fmt: skip
    _put(
        unit,
        agreement_party,
        [
            {"agreement_id": number + 1, "party_id": city + 1, "role": "party", "position": place,
             "signed": "2025-01-01"}
            for number in range(count)
            for place, city in enumerate(_sides(number))
        ],
    )  # fmt: skip


def due_on(item: int) -> date:
    """Spread over a month before and a month after today; some so close that several rungs were missed."""
    sort = item % 10
    if sort in (0, 3, 7):
        return TODAY - timedelta(days=1 + item % 30)
    if sort in (1, 4, 8):
        return TODAY + timedelta(days=item % 28)
    return TODAY + timedelta(days=40 + item % 200)


def _row(item: int) -> dict[str, Any]:
    number = item // COMMITMENTS_AN_AGREEMENT
    return {
        "id": item + 1, "agreement_id": number + 1, "reference": f"promise-{item:05d}",
        "position": item % COMMITMENTS_AN_AGREEMENT, "summary": f"Hold exchange number {item} of the two schools",
        "summaries": {}, "kind": "deliverable", "quote": {}, "quote_sources": [], "tags": [], "implementers": [],
        "owed": "jointly" if item % 10 == 2 else "each",
        "due": (TODAY - timedelta(days=2) if item % 10 == 2 else due_on(item)).isoformat(),
        "state": "active", "registered_on": REGISTERED,
    }  # fmt: skip


def _fill_commitments(unit: Connection, count: int) -> None:
    owners: list[dict[str, Any]] = []
    reports: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    for item in range(count):
        sort, (mine, theirs) = item % 10, _sides(item // COMMITMENTS_AN_AGREEMENT)
        person = owner_id(mine, item // 6 % len(OWNERS)) if sort != 9 else None
        owners.append({"commitment_id": item + 1, "party_id": mine + 1, "contact_id": person, "position": 0})
        if sort == 2:
            other = owner_id(theirs, item // 7 % len(OWNERS))
            owners.append({"commitment_id": item + 1, "party_id": theirs + 1, "contact_id": other, "position": 1})
        if sort == 5:
            reports.append(
                {"id": item + 1, "commitment_id": item + 1, "reference": "report-1", "party_id": mine + 1,
                 "contact_id": person, "reported_on": REGISTERED, "rating": "on_track", "fulfilled": False}
            )  # fmt: skip
            asked.append({"report_id": item + 1, "party_id": theirs + 1, "state": "asked", "asked_on": REGISTERED})
        if sort == 6:
            due = (TODAY + timedelta(days=item % 9)).isoformat()
            steps.append(
                {"commitment_id": item + 1, "reference": "step-1", "title": "First meeting", "titles": {},
                 "due": due, "state": "scheduled", "registered_on": REGISTERED}
            )  # fmt: skip
    _put(unit, commitment, [_row(item) for item in range(count)])
    _put(unit, commitment_owner, owners)
    _put(unit, progress_report, reports)
    _put(unit, confirmation, asked)
    _put(unit, milestone, steps)


def _fill_unreachable(unit: Connection, count: int, commitments: int) -> None:
    """Owners without an address: each of the first `count` promises that are due soon gets one as its owner."""
    soon = [item for item in range(commitments) if item % 10 in (1, 4, 8)][:count]
    _put(
        unit,
        contact,
        [
            {"id": 1000 + item, "reference": f"unreachable-{item:05d}", "name": f"Unreachable {item}", "role": "owner",
             "party_id": _sides(item // COMMITMENTS_AN_AGREEMENT)[0] + 1, "channels": {}}
            for item in soon
        ],
    )  # fmt: skip
    for item in soon:
        unit.execute(
            commitment_owner.update().where(commitment_owner.c.commitment_id == item + 1).values(contact_id=1000 + item)
        )
