"""How fast the portal answers over 2,000 agreements and 50,000 commitments, and by how many statements.

`python benchmarks/pages.py` asks for every page, and sends the forms that people wait for. It prints a line an example:
the median, the 95th percentile, the slowest, the median and the 95th percentile of the processor time alone (which a busy
machine lengthens less), and the statements; then what misses the goal, and what nobody measures. `--part` keeps to the pages, the
forms, or what is rare, `--only` to what has one of these in its name or path. The register that is measured is a copy of the
one that `--register` names, which is built first where it is not there: so the parts need not build it each anew.
"""

import argparse
import itertools
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import event, select
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.dataset import NOW, build_register  # noqa: E402
from benchmarks.form_reader import find_action, read_form  # noqa: E402
from benchmarks.large_house import Rare, find_busiest, furnish_house  # noqa: E402
from benchmarks.page_examples import EXAMPLES, Example, compile_route, list_unmeasured  # noqa: E402
from benchmarks.page_pools import Ground, Values, fill_pool  # noqa: E402
from commitments.database import open_database, open_unit  # noqa: E402
from commitments.settings import Settings  # noqa: E402
from commitments.tables import contact  # noqa: E402
from migrations import migrate_database  # noqa: E402
from notifications.links import open_links  # noqa: E402
from portal.accounts import Begun  # noqa: E402
from portal.app import make_portal  # noqa: E402
from portal.serving import TidyBetween, settle_memory  # noqa: E402
from portal.visits import make_link_number  # noqa: E402

BASE = "https://tally.example"
GOAL = 200
"""Milliseconds within which an example is to be answered at the 95th percentile."""
ANSWERED = (200, 303)
OFFERED = (*ANSWERED, 422)
"""Of what is sent before: a refusal may offer what else can be done."""
PARTS = ("pages", "forms", "rare")


class AtOnce:
    """A provider of accounts that answers at once: how long another house takes is not measured here."""

    def begin(self, _now: datetime) -> Begun:
        return Begun("https://accounts.example/", "begun", "nonce", "verifier")

    def speaks_here(self, _issuer: str | None) -> bool:
        return True

    def vouch(self, _code: str, _nonce: str, _verifier: str, _now: datetime) -> str:
        return "cy@north.example"


@dataclass
class Measured:
    """What the requests of one example took, in milliseconds, and by how many statements."""

    took: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    statements: set[int] = field(default_factory=set)

    @property
    def p95(self) -> float:
        return find_p95(self.took)

    def describe(self, name: str) -> str:
        numbers = "–".join(str(number) for number in sorted({min(self.statements), max(self.statements)}))
        figures = (
            statistics.median(self.took), self.p95, max(self.took),
            statistics.median(self.worked), find_p95(self.worked),
        )  # fmt: skip
        return f"{name:38}" + "".join(f"{one:9.0f}" for one in figures) + f"       {numbers}"


def find_p95(found: Sequence[float]) -> float:
    """What all but the slowest twentieth stay within."""
    return sorted(found)[round(0.95 * (len(found) - 1))]


@dataclass(frozen=True)
class Bench:
    """A portal over the register, and a browser before it."""

    ground: Ground
    client: TestClient
    app: FastAPI

    def sign_in(self, who: str) -> None:
        """Be signed in as this contact; nobody where empty."""
        self.client.cookies.clear()
        if not who:
            return
        with open_unit(self.ground.engine) as unit:
            person = unit.execute(select(contact.c.id).where(contact.c.reference == who)).scalar_one()
            number = make_link_number(unit, person, f"{who}@north.example", NOW)
        self._expect(self.client.post(self.ground.links.write_sign_in(number).removeprefix(BASE), data={"who": person}))

    def open_for(self, example: Example) -> None:
        """Be signed in as the example has it."""
        self.sign_in({"busiest": self.ground.busiest}.get(example.who, example.who))

    def measure(self, example: Example) -> Measured:
        """Ask for it, once for warmth, then as often as the ground says.

        Raises LookupError where the register has nothing of the sort, SystemExit for an answer that is none.
        """
        self.open_for(example)
        pool = fill_pool(example.pool, self.ground)
        if not pool:
            raise LookupError(f"{example.name}: the register has nothing of this sort")
        measured = Measured()
        if example.method == "GET":
            self._ask(example, pool[0])
        counted = [0]

        def count(*_: object) -> None:
            counted[0] += 1

        for values in pool:
            if example.ends_visit:
                self.open_for(example)
            request = self._prepare(example, values)
            event.listen(self.ground.engine, "before_cursor_execute", count)
            counted[0] = 0
            began, busy = time.perf_counter(), time.process_time()
            answer = self.client.send(request)
            measured.took.append((time.perf_counter() - began) * 1000)
            measured.worked.append((time.process_time() - busy) * 1000)
            event.remove(self.ground.engine, "before_cursor_execute", count)
            measured.statements.add(counted[0])
            self._expect(answer)
        return measured

    def _ask(self, example: Example, values: Values) -> None:
        self._expect(self.client.send(self._prepare(example, values)))

    def _prepare(self, example: Example, values: Values) -> httpx.Request:
        """The request, with the form as its page has it and the example fills it in."""
        led = self.client.send(self._prepare(example.after, values)) if example.after is not None else None
        if led is not None:
            self._expect(led, OFFERED)
        form_on = example.form_on.format(**values) or (led.headers.get("location", "") if led is not None else "")
        page = self.client.get(form_on) if form_on else led
        if example.method == "GET":
            return self.client.build_request("GET", example.path.format(**values))
        assert page is not None
        self._expect(page, OFFERED if page is led else ANSWERED)
        if example.after is not None:
            address = find_action(page.text, compile_route(example.path))
        else:
            address = example.path.format(**values)
        filled = read_form(page.text, address) | _fill(example.fields, values)
        files = {example.file: (values["file"], values["content"])} if example.file else None
        headers = {"HX-Request": "true"} if example.is_by_script else {}
        return self.client.build_request("POST", address, data=filled, files=files, headers=headers)

    def _expect(self, answer: httpx.Response, expected: Sequence[int] = ANSWERED) -> None:
        if answer.status_code not in expected:
            raise SystemExit(f"{answer.request.method} {answer.request.url}: {answer.status_code}\n{answer.text}")


def _fill(fields: Mapping[str, str | list[str]], values: Values) -> dict[str, list[str]]:
    return {
        name: [one.format(**values) for one in (said if isinstance(said, list) else [said])]
        for name, said in fields.items()
    }


def open_bench(
    folder: Path, commitments: int = 50_000, an_agreement: int = 25, requests: int = 40, rare: Rare | None = None
) -> Bench:
    """A register in this folder, and a portal over it; the caller closes the client and disposes of the engine."""
    path = folder / "tally.db"
    if not path.exists():
        build_house(path, commitments, an_agreement, rare or Rare())
    engine = open_database(f"sqlite:///{path}", synchronous="NORMAL")
    migrate_database(engine)  # a register that was kept may be older than the program
    settings = Settings(home=folder, base_url=BASE, requests_a_minute=1_000_000, administrators="boss@north.example")
    links = open_links(settings)
    assert links is not None
    ticks, moments = (
        itertools.count(step=1000),
        itertools.count(),
    )  # nobody is asked to wait; nothing happens twice at once
    app = make_portal(
        settings,
        engine,
        read_clock=lambda: NOW + timedelta(milliseconds=next(moments)),
        read_ticks=lambda: float(next(ticks)),
    )
    app.state.house = replace(app.state.house, accounts=AtOnce())
    ground = Ground(engine, settings, links, random.Random(7), find_busiest(engine), requests)
    return Bench(ground, TestClient(TidyBetween(app), base_url=BASE, follow_redirects=False), app)


def build_house(path: Path, commitments: int, an_agreement: int, rare: Rare) -> None:
    """The register that is measured, whole in one file."""
    build_register(path, commitments, an_agreement=an_agreement)
    engine = open_database(f"sqlite:///{path}", synchronous="NORMAL")
    furnish_house(engine, an_agreement, rare)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    engine.dispose()


def list_chosen(only: Sequence[str] = (), part: str = "") -> Iterator[Example]:
    """The examples with any of these in their name or path, of this part or of all."""
    for one in EXAMPLES:
        if part in ("", one.part) and (not only or any(text in one.name or text in one.route for text in only)):
            yield one


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--commitments", type=int, default=50_000)
    asked.add_argument("--agreement", type=int, default=25, help="commitments an agreement")
    asked.add_argument("--requests", type=int, default=40, help="requests an example")
    asked.add_argument("--part", choices=PARTS, default="", help="only these")
    asked.add_argument("--register", type=Path, help="the register to copy; built there where it is missing")
    asked.add_argument("--only", nargs="+", default=(), help="examples with one of these in their name or path")
    said = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if said.register is not None:
            if not said.register.exists():
                build_house(said.register, said.commitments, said.agreement, Rare())
            shutil.copy(said.register, Path(folder) / "tally.db")
        bench = open_bench(Path(folder), said.commitments, said.agreement, said.requests)
        slow: dict[str, Any] = {}
        lacked: list[str] = []
        with bench.client:
            settle_memory()
            print(f"{'example':38}{'median':>9}{'p95':>9}{'slowest':>9}{'busy':>9}{'p95':>9}  ms   statements")
            for one in list_chosen(said.only, said.part):
                try:
                    measured = bench.measure(one)
                except LookupError as lacking:
                    lacked.append(str(lacking))
                    continue
                name = one.name if one.method == "GET" else f"{one.name} (POST)"
                print(measured.describe(name), flush=True)
                if measured.p95 > GOAL:
                    slow[name] = measured.p95
        for name, p95 in slow.items():
            print(f"over {GOAL} ms: {name}, {p95:.0f}")
        for lacking in lacked:
            print(f"not measured: {lacking}")
        for method in ("GET", "POST"):
            for route in list_unmeasured(bench.app, method):
                print(f"not measured: {method} {route}")
        bench.ground.engine.dispose()


if __name__ == "__main__":
    main()
