"""Portals as processes of their own, killed while they make links to sign in, and two beside each other."""

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, insert

from commitments.database import open_reading, open_unit
from commitments.tables import contact, party
from deployments.mailbox import start_mailbox
from portal.tables import sign_in

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
PEOPLE = [f"person-{number}@north.example" for number in range(6)]


@dataclass(frozen=True)
class House:
    """A register with people, and a mailbox to which everything goes."""

    engine: Engine
    home: Path
    mail_port: int

    @contextmanager
    def open_portal(self, failpoints: str = "") -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
        """A portal as a process, with its address; it is killed at the end."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        settings = {
            "TALLY_HOME": str(self.home), "TALLY_DATABASE_URL": self.engine.url.render_as_string(),
            "TALLY_BASE_URL": address, "TALLY_PORTAL_PORT": str(port), "TALLY_MAILBOX_PORT": str(self.mail_port),
            "TALLY_SECRET": "0123456789abcdef0123456789abcdef", "TALLY_FAILPOINTS": failpoints,
        }  # fmt: skip
        with (self.home / f"portal-{port}.log").open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", "portal"],
                cwd=ROOT,
                env={**os.environ, **settings},
                stdout=written,
                stderr=written,
            )
        try:
            wait_until(lambda: process.poll() is not None or is_there(port))
            yield address, process
        finally:
            process.kill()
            process.wait()

    def list_recipients(self) -> list[str]:
        """To whom the letters went, one entry a letter."""
        letters = [
            message_from_bytes(one.read_bytes(), policy=policy.default) for one in (self.home / "mailbox").glob("*.eml")
        ]
        return sorted(str(one["To"]).rpartition("<")[2][:-1] for one in letters)

    def read_logs(self) -> str:
        return "".join(one.read_text() for one in self.home.glob("portal-*.log"))


def is_there(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_so: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def ask(address: str, mail: str) -> None:
    answer = httpx.post(f"{address}/sign-in", data={"address": mail})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/asked")


@pytest.fixture
def house(sqlite_engine: Engine, tmp_path: Path) -> Iterator[House]:
    with open_unit(sqlite_engine) as unit:
        city = {"reference": "north", "kind": "city", "names": {"en": "North"}}
        (party_id,) = unit.execute(insert(party).values(city).returning(party.c.id)).one()
        for mail in PEOPLE:
            person = {"reference": mail.partition("@")[0], "name": "Somebody", "role": "owner", "party_id": party_id}
            unit.execute(insert(contact).values(**person, channels={"mail": mail}))
    with start_mailbox(tmp_path / "mailbox") as mailbox:
        yield House(sqlite_engine, tmp_path, mailbox.smtp_address[1])


@pytest.mark.parametrize("place", ["links.before_commit", "links.after_commit", "outbox.after_claim"])
def test_a_link_that_was_asked_for_before_its_portal_was_killed_is_sent_once_by_the_next(
    house: House, place: str
) -> None:
    with house.open_portal(f"{place}=kill") as (address, portal):
        ask(address, PEOPLE[0])
        wait_until(lambda: portal.poll() is not None)
    assert house.list_recipients() == []
    with house.open_portal():
        wait_until(house.list_recipients)
        time.sleep(1)
    assert house.list_recipients() == [PEOPLE[0]]


def test_two_portals_over_one_register_send_each_link_once(house: House) -> None:
    with house.open_portal() as (first, _), house.open_portal() as (second, _):
        for mail in PEOPLE:
            for address in (first, second):
                ask(address, mail)
        wait_until(lambda: len(house.list_recipients()) == 2 * len(PEOPLE))
        time.sleep(2)
        assert Counter(house.list_recipients()) == dict.fromkeys(PEOPLE, 2)
    assert not any(mail in house.read_logs() for mail in PEOPLE)


def test_the_answer_is_there_before_anybody_looks_whose_address_it_is(house: House) -> None:
    with house.open_portal() as (address, _):
        ask(address, PEOPLE[0])
        with open_reading(house.engine) as reading:
            (row,) = reading.execute(sign_in.select()).all()
        assert row.answered_at is None and row.contact_id is None
        assert PEOPLE[0] not in str(row)
        wait_until(house.list_recipients)
