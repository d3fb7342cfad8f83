"""How fast the pages answer over 2,000 agreements and 50,000 commitments, and by how many statements.

`python benchmarks/pages.py` prints a line a page: the median, the 95th percentile, the slowest, the median of
the processor time alone (which a busy machine does not lengthen), and the statements.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Engine, event, func, insert, select
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.dataset import NOW, TODAY, build_register  # noqa: E402
from commitments.database import open_database, open_reading, open_unit  # noqa: E402
from commitments.log import Author, Change, record_changes  # noqa: E402
from commitments.reconcile import reconcile_register  # noqa: E402
from commitments.settings import Settings  # noqa: E402
from commitments.tables import (  # noqa: E402
    activity,
    activity_commitment,
    agreement,
    agreement_party,
    choices,
    commitment,
    commitment_owner,
    contact,
    follow_up,
    party,
    policy,
    progress_report,
)
from notifications.links import open_links  # noqa: E402
from notifications.planning import plan_messages  # noqa: E402
from portal.app import make_portal  # noqa: E402
from portal.serving import settle_memory  # noqa: E402
from portal.viewing import list_declared  # noqa: E402
from portal.visits import make_link_number  # noqa: E402

THEMES = ("culture", "trade", "schools", "climate", "sport")
PARTNERS = 400
FIXED = {
    "Home": "/home",
    "list": "/agreements",
    "list, page 20": "/agreements?page=20",
    "list by title": "/agreements?sort=title",
    "list by expiry": "/agreements?sort=expiry",
    "list, the newest": "/agreements?sort=newest",
    "list by silence": "/agreements?sort=silence",
    "list: search": "/agreements?q=teachers+number+4711",
    "list: nothing found": "/agreements?q=nowhere+to+be+found",
    "list: party": "/agreements?party=partner-0042",
    "list: kind": "/agreements?kind=memorandum",
    "list: overdue": "/agreements?standing=overdue",
    "list: on track": "/agreements?standing=on_track",
    "list: theme": "/agreements?theme=culture",
    "list: silent": "/agreements?silence=12",
    "list: all at once": "/agreements?q=teachers&party=partner-0042&standing=overdue&theme=culture&silence=6&sort=silence",
    "messages": "/messages",
    "messages to one": "/messages?q=owner-00042",
    "messages: agreement": "/messages?agreement=agreement-00042",
    "messages: queued": "/messages?show=queued&kind=follow_up",
    "messages, far back": "/messages?before=200",
    "not sent": "/messages?show=unsent",
    "not sent: agreement": "/messages?show=unsent&agreement=agreement-00042",
    "settings": "/settings",
    "act: choose to record": "/record",
    "also: calendar": "/calendar",
    "also: calendar, December": "/calendar?month=2026-12",
    "also: calendar, own": "/calendar?whose=own",
    "also: briefs": "/brief",
    "also: brief, a party": "/brief?party=partner-0042",
    "also: brief, PDF": "/brief.pdf?party=partner-0042",
    "also: people": "/people",
    "also: no living owner": "/orphans",
}
BESIDE = {"/", "/static/{version}/portal.css", "/sign-in", "/sign-in/asked"}
"""Pages that read nothing of the register."""


def fill(engine: Engine, an_agreement: int) -> None:
    """Partners, coordinators, themes, activities, reports, choices, own policies, and the work of the morning."""
    draw = random.Random(5)
    with open_unit(engine) as unit:
        unit.execute(
            insert(contact).values(
                reference="cy", party_id=1, name="Cy", role="coordinator", channels={"mail": "cy@north.example"}
            )
        )
        unit.execute(
            insert(party),
            [
                {"id": 3 + number, "reference": f"partner-{number:04d}", "kind": "city", "country": "BG",
                 "names": {"en": f"Partner {number}", "zh": f"伙伴 {number}"}, "time_zone": "Europe/Sofia"}
                for number in range(PARTNERS)
            ],
        )  # fmt: skip
        unit.execute(
            insert(contact),
            [
                {"reference": f"partner-{number:04d}-cy", "party_id": 3 + number, "name": f"Cy {number}",
                 "role": "coordinator", "channels": {"mail": f"cy@partner-{number:04d}.example"}}
                for number in range(PARTNERS)
            ],
        )  # fmt: skip
        partner = 3 + agreement_party.c.agreement_id % PARTNERS
        unit.execute(agreement_party.update().where(agreement_party.c.party_id == 2).values(party_id=partner))
        under = select(commitment.c.agreement_id).where(commitment.c.id == commitment_owner.c.commitment_id)
        unit.execute(
            commitment_owner.update()
            .where(commitment_owner.c.party_id == 2)
            .values(party_id=3 + under.scalar_subquery() % PARTNERS)
        )
        # Of every fiftieth promise the coordinator is asked who owns it.
        unit.execute(
            commitment_owner.update().where(commitment_owner.c.commitment_id % 50 == 0).values(contact_id=None)
        )
        people = unit.execute(select(contact.c.id).where(contact.c.id % 3 == 0)).scalars().all()
        unit.execute(insert(choices), [{"contact_id": one, "hour": "08:00", "unsubscribed": []} for one in people])
        named = unit.execute(select(agreement.c.reference).where(agreement.c.id % 10 == 0)).scalars().all()
        unit.execute(insert(policy), [{"scope": one, "rules": {"lead_days": [30, 7, 1]}} for one in named])
        for number, theme in enumerate(THEMES):
            unit.execute(commitment.update().where(commitment.c.id % len(THEMES) == number).values(theme=theme))
        ids = unit.execute(select(agreement.c.id)).scalars().all()
        firsts = dict(
            unit.execute(select(commitment.c.agreement_id, commitment.c.id).order_by(commitment.c.id.desc())).all()
        )
        held = [
            {
                "agreement_id": one, "reference": f"visit-{number}", "title": f"Visit {number}", "kind": "visit",
                "held_on": f"{draw.randint(2023, 2026)}-0{draw.randint(1, 2)}-1{number}", "count": 1, "parties": [],
            }
            for one in ids
            for number in (1, 2)
        ]  # fmt: skip
        unit.execute(insert(activity), held)
        pairs = unit.execute(select(activity.c.id, activity.c.agreement_id)).all()
        unit.execute(
            insert(activity_commitment),
            [{"activity_id": row.id, "commitment_id": firsts[row.agreement_id]} for row in pairs],
        )
        for one in unit.execute(select(commitment.c.id).where(commitment.c.id % 25 == 7)).scalars().all():
            owner = unit.execute(
                select(commitment_owner.c.party_id, commitment_owner.c.contact_id).where(
                    commitment_owner.c.commitment_id == one
                )
            ).one()
            report = {"reference": "r-1", "party_id": owner.party_id, "contact_id": owner.contact_id,
                      "reported_on": TODAY, "rating": "on_track", "fulfilled": False}  # fmt: skip
            made = unit.execute(
                insert(progress_report).values(commitment_id=one, **report).returning(progress_report.c.id)
            )
            entry = Change(
                "registered", "progress_report", made.scalar_one(), f"r-{one}", 1 + (one - 1) // an_agreement
            )
            record_changes(unit, Author("cy", NOW), [entry])
    reconcile_register(engine, NOW, TODAY)
    plan_messages(engine, NOW, TODAY, domain="tally.example")


def sign_in(engine: Engine, client: TestClient, settings: Settings, who: str = "cy") -> None:
    client.cookies.clear()
    links = open_links(settings)
    if links is None:
        raise SystemExit("no address")
    with open_unit(engine) as unit:
        person = unit.execute(select(contact.c.id).where(contact.c.reference == who)).scalar_one()
        number = make_link_number(unit, person, f"{who}@north.example", NOW)
    client.post(links.write_sign_in(number).removeprefix(links.base_url), data={"who": person})


@dataclass(frozen=True)
class Pages:
    """The addresses that are asked for, each by one person; `routes` are the paths of the app that they stand for."""

    name: str
    who: str
    route: str
    addresses: list[str]


def list_pages(engine: Engine, draw: random.Random, last: int, an_agreement: int, requests: int) -> list[Pages]:
    some = [f"/agreements/agreement-{draw.randint(1, last):05d}" for _ in range(requests)]
    with open_reading(engine) as reading:
        asked = select(follow_up.c.id).join(contact, contact.c.id == follow_up.c.assignee_id)
        mine = asked.where(contact.c.reference == "cy", follow_up.c.state == "open").limit(requests)
        waiting = [f"/asked/{one}" for one in reading.execute(mine).scalars()]
        busiest = reading.execute(
            select(contact.c.reference)
            .join(follow_up, follow_up.c.assignee_id == contact.c.id)
            .where(contact.c.role == "owner", contact.c.party_id == 1)
            .group_by(contact.c.reference)
            .order_by(func.count().desc())
            .limit(1)
        ).scalar_one()
        ours = (
            select(agreement.c.reference, commitment.c.reference)
            .join(commitment, commitment.c.agreement_id == agreement.c.id)
            .join(commitment_owner, commitment_owner.c.commitment_id == commitment.c.id)
            .join(contact, contact.c.party_id == commitment_owner.c.party_id)
            .where(contact.c.reference == "cy")
        )
        all_owed = [f"/agreements/{one}/commitments/{other}" for one, other in reading.execute(ours)]
        owed = draw.choices(all_owed, k=requests)
    inside = "/agreements/{reference}"
    pages = [Pages(name, "cy", one.partition("?")[0], [one] * requests) for name, one in FIXED.items()]
    pages += [
        Pages("asked", "cy", "/asked/{follow_up_id}", waiting),
        Pages("agreement", "cy", inside, some),
        Pages("history", "cy", f"{inside}/history", [f"{one}/history" for one in some]),
        Pages(
            "commitment", "cy", f"{inside}/commitments/{{promise}}",
            [f"{one}/commitments/promise-{draw.randrange(an_agreement):02d}" for one in some],
        ),
        Pages("act: record", "cy", "/record", [f"/record?agreement={one.rpartition('/')[2]}" for one in some]),
        *(
            Pages(
                f"act: {act}", "cy", f"{inside}/commitments/{{promise}}/{act.replace('hold', '{turn}')}",
                [f"{one}/{act}" for one in owed],
            )
            for act in ("report", "confirm", "evidence", "edit", "owners", "date", "milestones", "decide/hold")
        ),
        Pages("Home of an owner", busiest, "/home", ["/home"] * requests),
        Pages("list of an owner", busiest, "/agreements", ["/agreements"] * requests),
        *(
            Pages(f"also: {page}", "cy", f"{inside}/{page}", [f"{one}/{page}" for one in some])
            for page in ("brief", "policy", "public")
        ),
        Pages("also: a person", "cy", "/people/{reference}", [f"/people/{busiest}"] * requests),
        Pages("also: hand over", "cy", "/people/{reference}/hand-over", [f"/people/{busiest}/hand-over"] * requests),
        Pages("forecast", "cy", f"{inside}/forecast", [f"{one}/forecast" for one in some[:10]]),
    ]  # fmt: skip
    return pages


def measure(engine: Engine, client: TestClient, addresses: list[str]) -> tuple[list[float], list[float], set[int]]:
    """The milliseconds of each request, those of the processor alone, and the numbers of statements that were seen."""
    counted = [0]

    def count(*_: object) -> None:
        counted[0] += 1

    event.listen(engine, "before_cursor_execute", count)
    client.get(addresses[0])
    took, worked, statements = [], [], set()
    for address in addresses:
        counted[0] = 0
        began, busy = time.perf_counter(), time.process_time()
        answer = client.get(address)
        took.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - busy) * 1000)
        statements.add(counted[0])
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
    event.remove(engine, "before_cursor_execute", count)
    return took, worked, statements


def name_unmeasured(app: FastAPI, pages: list[Pages]) -> list[str]:
    """The pages of the app that nobody asked for here."""
    measured = {one.route for one in pages} | BESIDE
    shown = (path for path, methods, _ in list_declared(app) if "GET" in methods and "{token}" not in path)
    return sorted(path for path in shown if path not in measured)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--commitments", type=int, default=50_000)
    asked.add_argument("--agreement", type=int, default=25, help="commitments an agreement")
    asked.add_argument("--requests", type=int, default=40, help="requests a page")
    asked.add_argument("--only", default="", help="pages with this in their name")
    said = asked.parse_args()
    draw = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tally.db"
        build_register(path, said.commitments, an_agreement=said.agreement)
        engine = open_database(f"sqlite:///{path}", synchronous="NORMAL")
        fill(engine, said.agreement)
        settings = Settings(home=Path(folder), base_url="https://tally.example", requests_a_minute=1_000_000)
        app = make_portal(settings, engine, read_clock=lambda: NOW)
        with TestClient(app, base_url="https://tally.example") as client:
            settle_memory()
            pages = list_pages(engine, draw, said.commitments // said.agreement, said.agreement, said.requests)
            print(f"{'page':22}{'median':>9}{'p95':>9}{'slowest':>9}{'busy':>9}  ms   statements")
            who = ""
            for one in pages:
                if said.only not in one.name:
                    continue
                if one.who != who:
                    who = one.who
                    sign_in(engine, client, settings, who)
                took, worked, statements = measure(engine, client, one.addresses)
                took.sort()
                p95 = took[min(len(took) - 1, round(0.95 * (len(took) - 1)))]
                numbers = "–".join(str(number) for number in sorted({min(statements), max(statements)}))
                print(
                    f"{one.name:22}{statistics.median(took):9.0f}{p95:9.0f}{took[-1]:9.0f}{statistics.median(worked):9.0f}       {numbers}",
                    flush=True,
                )
        for route in name_unmeasured(app, pages):
            print(f"not measured: {route}")
        engine.dispose()


if __name__ == "__main__":
    main()
