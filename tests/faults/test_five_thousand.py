"""Five thousand messages against a mail server that fails in every way, and against a sender that is killed 25 times.

Nothing is lost. What went twice is what was on its way when a line, a server or the sender died: each under the same
Message-ID and flagged. Both tests print their figures.
"""

import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert, select

from commitments.database import open_database, open_reading, open_unit
from commitments.reconcile import reconcile_register
from commitments.tables import agreement, agreement_party, commitment, commitment_owner, contact, follow_up, party
from commitments.vocabulary import FollowUpKind
from notifications.planning import plan_messages
from notifications.tables import attempt, notification
from tests.effort import DEEP
from tests.faults.dataset import NOW, REGISTERED, TODAY
from tests.faults.day import Orders, RunningDay, finish_day, start_day
from tests.faults.post_office import Mail
from tests.flows.launching import find_ports

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = 5_000
KILLS = 25
SERVER_KILLS = 3
DOMAINS = 50
LATER = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 45, 170, 400))
"""The runs after the first: each finds the waits of the one before it over."""


class Sink:
    """A mail server in a process of its own, which can be killed and started again at the same port."""

    def __init__(self, folder: Path) -> None:
        self._log, (self.port,) = folder / "sink.log", find_ports(1)
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?timeout=5"

    def start(self, **faults: float) -> None:
        orders = [part for name, share in faults.items() for part in ("--fault", f"{name}:{share}")]
        command = [sys.executable, "benchmarks/sink.py", "--port", str(self.port), "--log", str(self._log), *orders]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert int(self._process.stdout.readline()) == self.port

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def count(self) -> int:
        return self._log.read_bytes().count(b"\n") if self._log.exists() else 0

    def wait_for(self, sender: RunningDay, letters: int) -> None:
        """Until it has taken so many, or nobody sends any more."""
        while sender.process.is_alive() and self.count() < letters:
            time.sleep(0.002)

    def read(self) -> list[Mail]:
        lines = (line.split("\t") for line in self._log.read_text().splitlines())
        return [Mail(name, recipient, repeat == "yes") for name, recipient, repeat in lines]


@pytest.fixture(scope="module")
def planned(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register with a message for each of 5,000 people, planned by the day's job itself."""
    path = tmp_path_factory.mktemp("planned") / "tally.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}", synchronous="NORMAL")
    with open_unit(engine) as unit:
        fill_with_promises(unit, MESSAGES)
    reconcile_register(engine, NOW, TODAY)
    assert plan_messages(engine, NOW, TODAY, domain="tallystick.example").messages == MESSAGES
    engine.dispose()
    return path


def fill_with_promises(unit: Connection, people_asked: int) -> None:
    """One overdue promise a person, in agreements of ten, with a coordinator beyond."""
    places = range(people_asked)
    cities = [
        {"id": one, "reference": name, "kind": "city", "names": {"en": name.title()}, "country": "GB",
         "time_zone": "Europe/London", "language": "en"}
        for one, name in ((1, "north"), (2, "south"))
    ]  # fmt: skip
    people = [
        {"id": one + 1, "reference": f"owner-{one:04d}", "party_id": 1, "name": f"Owner {one}", "role": "owner",
         "channels": {"mail": f"owner-{one:04d}@city-{one % DOMAINS}.example"}}
        for one in places
    ]  # fmt: skip
    keeper = {"id": people_asked + 1, "reference": "keeper", "party_id": 1, "name": "Keeper", "role": "leader",
              "channels": {}}  # fmt: skip
    agreements = [
        {"id": one + 1, "reference": f"agreement-{one:04d}", "title": {"en": f"Agreement {one}"}, "kind": "memorandum",
         "effective": "2025-01-01", "languages": [], "authentic": [], "sources": [], "registered_on": REGISTERED}
        for one in range(-(-people_asked // 10))
    ]  # fmt: skip
    sides = [
        {"agreement_id": one["id"], "party_id": side, "role": "party", "position": side, "signed": "2025-01-01"}
        for one in agreements
        for side in (1, 2)
    ]
    promises = [
        {"id": one + 1, "agreement_id": one // 10 + 1, "reference": f"promise-{one:04d}", "position": one % 10,
         "summary": f"Hold exchange number {one}", "summaries": {}, "kind": "deliverable", "quote": {},
         "quote_sources": [], "tags": [], "implementers": [], "owed": "each", "due": "2026-03-01", "state": "active",
         "registered_on": REGISTERED}
        for one in places
    ]  # fmt: skip
    owners = [{"commitment_id": one + 1, "party_id": 1, "contact_id": one + 1, "position": 0} for one in places]
    for table, rows in (
        (party, cities), (contact, [*people, keeper]), (agreement, agreements), (agreement_party, sides),
        (commitment, promises), (commitment_owner, owners),
    ):  # fmt: skip
        unit.execute(insert(table), rows)


@pytest.fixture
def given(planned: Path, tmp_path: Path) -> Iterator[tuple[Sink, Orders, Engine]]:
    """A mail server that is not started yet, and a copy of the planned register."""
    path = tmp_path / "tally.db"
    shutil.copyfile(planned, path)
    sink = Sink(tmp_path)
    engine = open_database(f"sqlite:///{path}", synchronous="NORMAL")
    yield sink, Orders(f"sqlite:///{path}", "", only_send=True), engine
    sink.kill()
    engine.dispose()


def list_under_way(engine: Engine) -> set[str]:
    """The letters whose attempt has begun and has no outcome: those in flight when the sender died."""
    with open_reading(engine) as reading:
        begun = select(attempt.c.notification_id).where(attempt.c.outcome.is_(None))
        return set(reading.execute(select(notification.c.message_id).where(notification.c.id.in_(begun))).scalars())


def find_uncertain(engine: Engine) -> set[str]:
    """The letters that had left whole when their answer was lost."""
    with open_reading(engine) as reading:
        unknown = select(attempt.c.notification_id).where(attempt.c.outcome == "uncertain")
        return set(reading.execute(select(notification.c.message_id).where(notification.c.id.in_(unknown))).scalars())


def judge(engine: Engine, mails: list[Mail], may_repeat: set[str]) -> tuple[int, int, int]:
    """How many were lost, went twice, and failed for good; everything else that must hold is asserted."""
    with open_reading(engine) as reading:
        rows = reading.execute(select(notification)).all()
        asked = reading.execute(select(follow_up).where(follow_up.c.kind == str(FollowUpKind.MESSAGE_FAILED))).all()
    taken = Counter(mail.message_id for mail in mails)
    states = Counter(row.state for row in rows)
    assert states.keys() <= {"sent", "failed"}
    assert len(rows) == MESSAGES
    assert taken.keys() <= {row.message_id for row in rows}
    assert {row.reason["numbers"]["code"] for row in rows if row.state == "failed"} <= {550}
    assert len(asked) == states["failed"]
    lost = sum(not taken[row.message_id] for row in rows if row.state == "sent")
    twice = {name for name, times in taken.items() if times > 1}
    assert twice <= may_repeat
    first: set[str] = set()
    for mail in mails:
        assert mail.repeat or mail.message_id not in first, f"{mail} went again and is not flagged"
        first.add(mail.message_id)
    return lost, taken.total() - len(taken), states["failed"]


def test_of_5000_messages_a_server_that_is_killed_slow_or_answers_421_451_550_552_or_drops_loses_none(
    given: tuple[Sink, Orders, Engine],
) -> None:
    sink, orders, engine = given
    faults = {
        "mail_421": 0.005, "rcpt_4xx": 0.03, "rcpt_552": 0.01, "rcpt_5xx": 0.01, "data_4xx": 0.01,
        "drop_mid_data": 0.01, "drop_after_ok": 0.01, "slow": 0.001,
    }  # fmt: skip
    sink.start(**faults)
    orders = replace(orders, mail_url=sink.url)
    dice, kills = random.Random(4), 0
    for _ in range(SERVER_KILLS):
        running = start_day(orders)
        sink.wait_for(running, sink.count() + dice.randint(200, 1200))
        sink.kill()
        kills += running.process.is_alive()
        running.finish()
        sink.start(**faults)
    for number, wait in enumerate((timedelta(0), *LATER)):
        if number > 2:
            sink.kill()
            sink.start()
        finish_day(orders, now=NOW + wait)
    lost, repeated, failed = judge(engine, sink.read(), find_uncertain(engine))
    print(
        f"\n{MESSAGES} messages, the server killed {kills} times: {lost} lost, {repeated} went twice, {failed} refused"
    )
    assert lost == 0
    assert kills == SERVER_KILLS
    assert repeated
    assert failed


@pytest.mark.parametrize("senders", [*[pytest.param(1, marks=pytest.mark.slow)] * DEEP, 8])
def test_after_25_kills_of_the_sender_none_of_5000_is_lost_and_only_those_in_flight_at_a_kill_go_twice(
    given: tuple[Sink, Orders, Engine], senders: int
) -> None:
    sink, orders, engine = given
    sink.start()
    orders = replace(orders, mail_url=sink.url, senders=senders)
    dice, kills, in_flight = random.Random(25), 0, set[str]()
    while kills < KILLS:
        running, taken = start_day(orders), sink.count()
        # A busy machine may be late to kill: of what is left each kill is given its share.
        sink.wait_for(running, taken + dice.randint(1, max(1, min(150, (MESSAGES - taken) // (KILLS - kills)))))
        running.kill()
        if running.finish() is None:
            kills += 1
        assert sink.count() < MESSAGES, "everything had gone before the kills were over"
        under_way = list_under_way(engine)
        assert len(under_way) <= senders
        in_flight |= under_way
    report = finish_day(orders)
    assert report is not None
    lost, repeated, failed = judge(engine, sink.read(), in_flight)
    print(f"\n{MESSAGES} messages, {senders} senders killed {kills} times: {lost} lost, {repeated} went twice")
    assert (lost, failed) == (0, 0)
    assert repeated <= len(in_flight)
