"""The register over which the pages are measured: a large house on an ordinary morning, and what is rare in it.

2,000 agreements with 50,000 commitments, unless asked otherwise, and beside them what makes pages slow: an agreement with
2,000 commitments, 1,000 of them due on one day, 5,000 changes and 1,000 activities; a commitment with 500 reports and as many
measurements; an officer who owns 3,000 commitments; a party bound by a quarter of all agreements; 100,000 messages sent before.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, insert, select

from benchmarks.dataset import NOW, TODAY
from commitments.database import open_reading, open_unit
from commitments.log import Author, Change, record_changes
from commitments.publishing import publish_agreement
from commitments.reconcile import reconcile_register
from commitments.tables import (
    activity,
    activity_commitment,
    agreement,
    agreement_party,
    choices,
    commitment,
    commitment_owner,
    contact,
    evidence,
    log_entry,
    measurement,
    milestone,
    party,
    policy,
    progress_report,
)
from flows.upkeep import tidy_database
from notifications.planning import plan_messages
from notifications.tables import notice, notification

THEMES = ("culture", "trade", "schools", "climate", "sport")
PARTNERS = 400
CROWDED, HEARD = "agreement-crowded", "promise-0000"
"""The agreement with so many commitments, and the one of them of which most was heard."""
DAY = date(2026, 4, 15)
"""The day on which half of them fall due."""
TARGET = {"quantity": 500, "unit": "EUR", "comparator": "at_least"}
YEARLY = {"every": "year", "count": 4}
DOMAIN = "tally.example"


@dataclass(frozen=True, slots=True)
class Rare:
    """How much there is of what is rare."""

    promises: int = 2_000
    changes: int = 5_000
    activities: int = 1_000
    reports: int = 500
    owned: int = 3_000
    messages: int = 100_000


def furnish_house(engine: Engine, an_agreement: int, rare: Rare) -> None:
    """Add to a register of `benchmarks.dataset` all that a house has beside promises, and the work of the morning."""
    draw = random.Random(5)
    with open_unit(engine) as unit:
        _add_people(unit)
        _vary_promises(unit)
        _add_signs(unit, draw)
        _add_reports(unit, an_agreement)
        _crowd_agreement(unit, rare)
        _widen_party(unit)
        for one in unit.execute(select(agreement.c.reference).where(agreement.c.id % 20 == 3)).scalars().all():
            publish_agreement(unit, Author("cy", NOW), one, is_found_by_search=False)
    reconcile_register(engine, NOW, TODAY)
    plan_messages(engine, NOW, TODAY, domain=DOMAIN)
    with open_unit(engine) as unit:
        _add_messages(unit, rare.messages)
    tidy_database(engine)  # as every night


def _add_people(unit: Connection) -> None:
    """Partners with their coordinators, the house's own, choices, and policies of agreements."""

    def make_contact(reference: str, party_id: int, name: str, role: str = "coordinator") -> dict[str, Any]:
        mail = f"{reference}@north.example"
        return {"reference": reference, "party_id": party_id, "name": name, "role": role, "channels": {"mail": mail}}

    partners = [
        {"id": 3 + number, "reference": f"partner-{number:04d}", "kind": "city", "country": "BG",
         "names": {"en": f"Partner {number}", "zh": f"伙伴 {number}"}, "time_zone": "Europe/Sofia"}
        for number in range(PARTNERS)
    ]  # fmt: skip
    network = {"id": 3 + PARTNERS, "reference": "network", "kind": "network", "country": "FR",
               "names": {"en": "The Network", "zh": "网络"}, "time_zone": "Europe/Paris"}  # fmt: skip
    unit.execute(insert(party), [*partners, network])
    people = [make_contact(f"partner-{one:04d}-cy", 3 + one, f"Cy {one}") for one in range(PARTNERS)]
    own = [make_contact("cy", 1, "Cy"), make_contact("wide", network["id"], "Wide"),
           make_contact("busy", 1, "Busy", "owner"), make_contact("boss", 1, "Boss", "leader")]  # fmt: skip
    unit.execute(insert(contact), [*own, *people])
    partner = 3 + agreement_party.c.agreement_id % PARTNERS
    unit.execute(agreement_party.update().where(agreement_party.c.party_id == 2).values(party_id=partner))
    under = select(commitment.c.agreement_id).where(commitment.c.id == commitment_owner.c.commitment_id)
    owed = commitment_owner.update().where(commitment_owner.c.party_id == 2)
    unit.execute(owed.values(party_id=3 + under.scalar_subquery() % PARTNERS))
    _share_out_owners(unit)
    # Of every fiftieth promise the coordinator is asked who owns it.
    unit.execute(commitment_owner.update().where(commitment_owner.c.commitment_id % 50 == 0).values(contact_id=None))
    some = unit.execute(select(contact.c.id).where(contact.c.id % 3 == 0)).scalars().all()
    unit.execute(insert(choices), [{"contact_id": one, "hour": "08:00", "unsubscribed": []} for one in some])
    named = unit.execute(select(agreement.c.reference).where(agreement.c.id % 10 == 0)).scalars().all()
    unit.execute(insert(policy), [{"scope": one, "rules": {"lead_days": [30, 7, 1]}} for one in named])


def _share_out_owners(unit: Connection) -> None:
    """The other side's owners speak for the partners, and each partner's promises are theirs in turn."""
    theirs = unit.execute(select(contact.c.id).where(contact.c.party_id == 2).order_by(contact.c.id)).scalars().all()
    speaking: dict[int, list[int]] = {}
    for place, one in enumerate(theirs):
        speaking.setdefault(3 + place % PARTNERS, []).append(one)
    unit.execute(
        contact.update().where(contact.c.id == bindparam("row_id")).values(party_id=bindparam("to")),
        [{"row_id": one, "to": party_id} for party_id, people in speaking.items() for one in people],
    )
    places = unit.execute(
        select(commitment_owner.c.id, commitment_owner.c.party_id).where(commitment_owner.c.party_id != 1)
    ).all()
    moved = [
        {"row_id": row.id, "to": people[place % len(people)] if people else None}
        for place, row in enumerate(places)
        for people in [speaking.get(row.party_id)]
    ]
    named = commitment_owner.update().where(commitment_owner.c.id == bindparam("row_id"))
    if moved:
        unit.execute(named.values(contact_id=bindparam("to")), moved)


def _vary_promises(unit: Connection) -> None:
    """Themes, targets with a value, recurring promises, and steps."""
    for number, theme in enumerate(THEMES):
        unit.execute(commitment.update().where(commitment.c.id % len(THEMES) == number).values(theme=theme))
    unit.execute(commitment.update().where(commitment.c.id % 25 == 3).values(kind="target", target=TARGET))
    unit.execute(
        commitment.update().where(commitment.c.id % 25 == 4).values(kind="recurring", recurrence=YEARLY, due=None)
    )
    valued = unit.execute(select(commitment.c.id).where(commitment.c.id % 25 == 3)).scalars().all()
    if valued:
        value = {"reference": "m-1", "measured_on": "2026-01-15", "value": 120.0}
        unit.execute(insert(measurement), [{"commitment_id": one, **value} for one in valued])
    stepped = unit.execute(select(commitment.c.id).where((commitment.c.id % 25).in_((6, 8)))).scalars().all()
    if stepped:
        step = {"reference": "plan", "title": "The plan is drawn", "titles": {}, "state": "scheduled"}
        unit.execute(
            insert(milestone),
            [{"commitment_id": one, "due": "2026-05-20", "registered_on": TODAY, **step} for one in stepped],
        )


def _add_signs(unit: Connection, draw: random.Random) -> None:
    """Two activities under each agreement, which count for its first promise, one of them with evidence."""
    ids = unit.execute(select(agreement.c.id)).scalars().all()
    newest_first = select(commitment.c.agreement_id, commitment.c.id).order_by(commitment.c.id.desc())
    firsts = dict(map(tuple, unit.execute(newest_first).all()))
    held = [
        {"agreement_id": one, "reference": f"visit-{number}", "title": f"Visit {number}", "kind": "visit",
         "held_on": f"{draw.randint(2023, 2026)}-0{draw.randint(1, 2)}-1{number}", "count": 1, "parties": []}
        for one in ids
        for number in (1, 2)
    ]  # fmt: skip
    unit.execute(insert(activity), held)
    pairs = unit.execute(select(activity.c.id, activity.c.agreement_id)).all()
    unit.execute(
        insert(activity_commitment),
        [{"activity_id": row.id, "commitment_id": firsts[row.agreement_id]} for row in pairs],
    )
    shown = {"reference": "photo", "title": "A photo", "link": "https://north.example/photo", "activity": "visit-1"}
    unit.execute(
        insert(evidence), [{"commitment_id": one, "added_on": "2026-01-12", **shown} for one in firsts.values()]
    )


def _add_reports(unit: Connection, an_agreement: int) -> None:
    owners = unit.execute(
        select(commitment_owner.c.commitment_id, commitment_owner.c.party_id, commitment_owner.c.contact_id).where(
            commitment_owner.c.commitment_id % 25 == 7
        )
    ).all()
    if not owners:
        return
    report = {"reference": "r-1", "reported_on": TODAY, "rating": "on_track", "fulfilled": False}
    made = unit.execute(
        insert(progress_report).returning(progress_report.c.id, progress_report.c.commitment_id),
        [dict(row._mapping) | report for row in owners],
    ).all()
    record_changes(
        unit,
        Author("cy", NOW),
        [
            Change("registered", "progress_report", row.id, f"r-{row.id}", 1 + (row.commitment_id - 1) // an_agreement)
            for row in made
        ],
    )


def _crowd_agreement(unit: Connection, rare: Rare) -> None:
    """One agreement with thousands of everything, whose officer owns promises elsewhere too."""
    number, before = (unit.execute(select(func.max(one.c.id))).scalar_one() for one in (agreement, commitment))
    own, network = number + 1, 3 + PARTNERS
    busy = unit.execute(select(contact.c.id).where(contact.c.reference == "busy")).scalar_one()
    head = {"id": own, "reference": CROWDED, "title": {"en": "The crowded agreement"}, "kind": "memorandum",
            "effective": "2020-01-01", "languages": [], "authentic": [], "sources": [],
            "registered_on": TODAY}  # fmt: skip
    unit.execute(insert(agreement).values(head))
    bound = {"agreement_id": own, "role": "party", "signed": "2020-01-01"}
    unit.execute(insert(agreement_party), [{**bound, "party_id": 1, "position": 1},
                                           {**bound, "party_id": network, "position": 2}])  # fmt: skip
    unit.execute(
        insert(commitment),
        [
            {"id": before + 1 + one, "agreement_id": own, "reference": f"promise-{one:04d}", "position": one,
             "summary": f"Do what the {one}th line of the long annex says", "summaries": {}, "quote": {},
             "quote_sources": {}, "tags": [], "owed": "each", "implementers": [], "state": "active",
             "kind": "target" if one == 0 else "deliverable", "target": TARGET if one == 0 else None,
             "due": (DAY if one % 2 else TODAY + timedelta(days=one % 400 - 40)).isoformat(), "registered_on": TODAY}
            for one in range(rare.promises)
        ],
    )  # fmt: skip
    ids = range(before + 1, before + 1 + rare.promises)
    unit.execute(
        insert(commitment_owner),
        [{"commitment_id": one, "party_id": 1, "contact_id": busy, "position": 0} for one in ids]
        + [
            {"commitment_id": one, "party_id": network, "contact_id": None, "position": 1}
            for one in ids
            if one % 9 == 0
        ],
    )
    elsewhere = (
        select(commitment_owner.c.id)
        .where(commitment_owner.c.party_id == 1, commitment_owner.c.commitment_id <= before)
        .order_by(commitment_owner.c.id.desc())
        .limit(max(rare.owned - rare.promises, 0))
    )
    unit.execute(commitment_owner.update().where(commitment_owner.c.id.in_(elsewhere)).values(contact_id=busy))
    held = {"agreement_id": own, "kind": "visit", "count": 1, "parties": ["north"]}
    unit.execute(
        insert(activity),
        [{**held, "reference": f"visit-{one}", "title": f"Visit {one}", "held_on": _back(one)}
         for one in range(rare.activities)],
    )  # fmt: skip
    heard = before + 1
    made = unit.execute(select(activity.c.id).where(activity.c.agreement_id == own)).scalars().all()
    unit.execute(insert(activity_commitment), [{"activity_id": one, "commitment_id": heard} for one in made])
    report = {"commitment_id": heard, "party_id": 1, "contact_id": busy, "rating": "on_track", "fulfilled": False}
    unit.execute(
        insert(progress_report),
        [
            {**report, "reference": f"r-{one}", "reported_on": TODAY - timedelta(days=one)}
            for one in range(rare.reports)
        ],
    )
    unit.execute(
        insert(measurement),
        [{"commitment_id": heard, "reference": f"m-{one}", "measured_on": _back(one), "value": float(one)}
         for one in range(rare.reports)],
    )  # fmt: skip
    unit.execute(
        insert(log_entry),
        [
            {"at": NOW - timedelta(minutes=one), "who": "cy", "action": "amended", "subject": "commitment",
             "row_id": before + 1 + one % rare.promises, "reference": f"{CROWDED}/promise-{one % rare.promises:04d}",
             "agreement_id": own, "changes": {"due": ["2026-03-01", "2026-04-15"]}, "why": "as agreed"}
            for one in range(rare.changes)
        ],
    )  # fmt: skip


def _back(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def _widen_party(unit: Connection) -> None:
    """The network is bound by every fourth agreement, and owes a promise under each."""
    network = 3 + PARTNERS
    every = unit.execute(
        select(agreement.c.id).where(agreement.c.id % 4 == 0, agreement.c.reference != CROWDED)
    ).scalars()
    bound = [{"agreement_id": one, "party_id": network, "role": "party", "position": 3} for one in every]
    if bound:
        unit.execute(insert(agreement_party), bound)
    owing = unit.execute(
        select(func.min(commitment.c.id)).where(commitment.c.agreement_id.in_([one["agreement_id"] for one in bound]))
        .group_by(commitment.c.agreement_id)
    ).scalars()  # fmt: skip
    wide = unit.execute(select(contact.c.id).where(contact.c.reference == "wide")).scalar_one()
    owed = [{"commitment_id": one, "party_id": network, "contact_id": wide, "position": 2} for one in owing]
    if owed:
        unit.execute(insert(commitment_owner), owed)


def _add_messages(unit: Connection, number: int) -> None:
    """What was sent in the years before, each message with a matter, as this morning's are written."""
    letter = unit.execute(select(notification).order_by(notification.c.id).limit(1)).one()._mapping
    matters = unit.execute(select(notice).where(notice.c.notification_id.is_not(None)).limit(500)).all()
    first = unit.execute(select(func.max(notification.c.id))).scalar_one() + 1
    addressed = unit.execute(
        select(contact.c.id, contact.c.channels["mail"].as_string().label("mail")).where(contact.c.reference != "busy")
    ).all()
    for start in range(0, number, 10_000):
        letters, told = [], []
        for one in range(start, min(start + 10_000, number)):
            person, matter = addressed[one % len(addressed)], matters[one % len(matters)]._mapping
            at = NOW - timedelta(minutes=number - one)
            letters.append(
                {**letter, "id": first + one, "key": f"before|{one}", "contact_id": person.id, "address": person.mail,
                 "state": "sent", "message_id": f"before-{one}@{DOMAIN}", "local_day": at.date(), "queued_at": at,
                 "next_at": at, "sent_at": at, "attempts": 1}
            )  # fmt: skip
            told.append(
                {**matter, "key": f"before|{one}", "contact_id": person.id, "notification_id": first + one,
                 "decided_on": at.date(), "decided_at": at, "follow_up_id": None}
            )  # fmt: skip
            del told[-1]["id"]
        unit.execute(insert(notification), letters)
        unit.execute(insert(notice), told)


def find_busiest(engine: Engine) -> str:
    """The owner of the house of whom most is asked, beside the one who owns thousands."""
    from commitments.tables import follow_up

    with open_reading(engine) as reading:
        return reading.execute(
            select(contact.c.reference)
            .join(follow_up, follow_up.c.assignee_id == contact.c.id)
            .where(contact.c.role == "owner", contact.c.party_id == 1, contact.c.reference != "busy")
            .group_by(contact.c.reference)
            .order_by(func.count().desc())
            .limit(1)
        ).scalar_one()
