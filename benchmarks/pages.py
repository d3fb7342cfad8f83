"""How fast the reading pages answer over 2,000 agreements and 50,000 commitments, and by how many statements.

`python benchmarks/pages.py` prints a line a page: the median, the 95th percentile, the slowest, the median of
the processor time alone (which a busy machine does not lengthen), and the statements.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import Engine, event, insert, select
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.dataset import NOW, TODAY, build_register  # noqa: E402
from commitments.database import open_database, open_unit  # noqa: E402
from commitments.reconcile import reconcile_register  # noqa: E402
from commitments.settings import Settings  # noqa: E402
from commitments.tables import activity, activity_commitment, agreement, commitment, contact  # noqa: E402
from notifications.links import open_links  # noqa: E402
from notifications.planning import plan_messages  # noqa: E402
from portal.app import make_portal  # noqa: E402
from portal.visits import make_link_number  # noqa: E402

THEMES = ("culture", "trade", "schools", "climate", "sport")
FIXED = {
    "list": "/agreements",
    "list, page 20": "/agreements?page=20",
    "list by title": "/agreements?sort=title",
    "list by silence": "/agreements?sort=silence",
    "list: search": "/agreements?q=teachers+number+4711",
    "list: overdue": "/agreements?standing=overdue",
    "list: theme, silent": "/agreements?theme=culture&silence=12",
    "messages": "/messages",
    "messages to one": "/messages?q=owner-00042",
    "not sent": "/messages?show=unsent",
}


def fill(engine: Engine) -> None:
    """A coordinator, themes, two activities an agreement, and the work of the morning."""
    draw = random.Random(5)
    with open_unit(engine) as unit:
        unit.execute(
            insert(contact).values(
                reference="cy", party_id=1, name="Cy", role="coordinator", channels={"mail": "cy@north.example"}
            )
        )
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
    reconcile_register(engine, NOW, TODAY)
    plan_messages(engine, NOW, TODAY, domain="tally.example")


def sign_in(engine: Engine, client: TestClient, settings: Settings) -> None:
    links = open_links(settings)
    if links is None:
        raise SystemExit("no address")
    with open_unit(engine) as unit:
        person = unit.execute(select(contact.c.id).where(contact.c.reference == "cy")).scalar_one()
        number = make_link_number(unit, person, "cy@north.example", NOW)
    client.post(links.write_sign_in(number).removeprefix(links.base_url), data={"who": person})


def measure(engine: Engine, client: TestClient, addresses: list[str]) -> tuple[list[float], list[float], set[int]]:
    """The milliseconds of each request, those of the processor alone, and the numbers of statements that were seen."""
    counted = [0]
    event.listen(engine, "before_cursor_execute", lambda *_: counted.__setitem__(0, counted[0] + 1))
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
    return took, worked, statements


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--commitments", type=int, default=50_000)
    asked.add_argument("--agreement", type=int, default=25, help="commitments an agreement")
    asked.add_argument("--requests", type=int, default=40, help="requests a page")
    said = asked.parse_args()
    draw = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tally.db"
        build_register(path, said.commitments, an_agreement=said.agreement)
        engine = open_database(f"sqlite:///{path}", synchronous="NORMAL")
        fill(engine)
        settings = Settings(home=Path(folder), base_url="https://tally.example", requests_a_minute=1_000_000)
        app = make_portal(settings, engine, read_clock=lambda: NOW)
        with TestClient(app, base_url="https://tally.example") as client:
            sign_in(engine, client, settings)
            last = said.commitments // said.agreement
            some = [f"/agreements/agreement-{draw.randint(1, last):05d}" for _ in range(said.requests)]
            pages = {name: [address] * said.requests for name, address in FIXED.items()}
            pages["agreement"] = some
            pages["history"] = [f"{one}/history" for one in some]
            pages["forecast"] = [f"{one}/forecast" for one in some[:3]]
            pages["commitment"] = [f"{one}/commitments/promise-{draw.randrange(said.agreement):02d}" for one in some]
            print(f"{'page':22}{'median':>9}{'p95':>9}{'slowest':>9}{'busy':>9}  ms   statements")
            for name, addresses in pages.items():
                took, worked, statements = measure(engine, client, addresses)
                took.sort()
                p95 = took[min(len(took) - 1, round(0.95 * (len(took) - 1)))]
                numbers = "–".join(str(one) for one in sorted({min(statements), max(statements)}))
                print(
                    f"{name:22}{statistics.median(took):9.0f}{p95:9.0f}{took[-1]:9.0f}{statistics.median(worked):9.0f}       {numbers}",
                    flush=True,
                )
        engine.dispose()


if __name__ == "__main__":
    main()
