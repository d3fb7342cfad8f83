"""A register with everything asked, and a browser without scripts before the portal."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from html import unescape
from typing import Any

from sqlalchemy import Connection, Engine, insert, select
from starlette.testclient import TestClient

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.facts import Person
from commitments.log import Author
from commitments.person_queries import load_people
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.settings import Settings
from commitments.tables import (
    choices,
    commitment,
    commitment_owner,
    contact,
    follow_up,
    log_entry,
    milestone,
    party,
    progress_report,
)
from notifications.links import Ask, Links
from notifications.planning import plan_messages
from notifications.tables import notice, notification
from portal.visits import make_link_number
from tests.standings import forget_stored

TODAY = date(2026, 3, 2)
NOW = datetime.combine(TODAY, time(9), UTC)

FORM = b"""
agreement: north-south
title: {en: Memorandum, zh: "\xe5\xa4\x87\xe5\xbf\x98\xe5\xbd\x95"}
kind: memorandum
effective: 2024-01-01
expires: 2026-08-31
notice: {months: 6}
parties:
  - reference: north
    kind: city
    names: {en: North}
    country: GB
    time_zone: Europe/London
    contacts:
      - {reference: ann, name: Ann, role: owner, deputy: dee, channels: {mail: ann@north.example}}
      - {reference: dee, name: Dee, role: owner, channels: {mail: dee@north.example}}
      - {reference: cy, name: Cy, role: coordinator, channels: {mail: cy@north.example}}
      - {reference: max, name: Max, role: leader, channels: {mail: max@north.example}}
      - {reference: old, name: Old, role: owner, valid_to: 2025-12, channels: {mail: old@north.example}}
  - reference: south
    kind: city
    names: {en: South}
    country: CN
    time_zone: Asia/Shanghai
    language: zh
    contacts:
      - {reference: li, name: Li, role: coordinator, channels: {mail: li@south.example}}
commitments:
  - reference: survey
    summary: Hand over the survey.
    quote: {en: "The North shall hand over the <b>survey</b>."}
    kind: deliverable
    due: 2026-02-13
    owners: [{party: north, contact: ann}]
  - reference: bridge
    summary: Build the bridge.
    kind: deliverable
    due: 2026-02-13
    owners: [{party: north, contact: ann}, {party: south, contact: li}]
    milestones:
      - {reference: plan, title: The plan is drawn, due: 2026-02-20}
  - reference: visits
    summary: Visit each other four times a year.
    kind: recurring
    recurrence: {every: year, count: 4}
    owners: [{party: north, contact: ann}]
  - reference: fund
    summary: Raise a fund.
    kind: target
    due: 2026-02-13
    target: {quantity: 500, unit: EUR}
    owners: [{party: north, contact: ann}]
  - reference: friends
    summary: Be friends.
    kind: open_ended
    owners: [{party: north, contact: ann}]
  - reference: orphan
    summary: Nobody's promise.
    kind: deliverable
    due: 2026-12-31
    owners: [{party: north}]
"""

ELSEWHERE = b"""
agreement: elsewhere
title: {en: Between two others}
kind: memorandum
parties:
  - reference: east
    kind: city
    names: {en: East}
    contacts: [{reference: zoe, name: Zoe, role: coordinator, channels: {mail: zoe@east.example}}]
  - {reference: west, kind: city, names: {en: West}}
commitments:
  - {reference: theirs, summary: Theirs alone., kind: open_ended, owners: [{party: east, contact: zoe}]}
"""

STEPS = {"northern": "north", "southern": "south"}
"""The steps that one side alone is to take, where they were added, by whose."""


@dataclass
class Desk:
    """A register with everything asked, and a browser without scripts."""

    engine: Engine
    settings: Settings
    links: Links
    client: TestClient
    clock: list[datetime]

    def find(self, kind: str, part: str, party: str = "north") -> Any:
        with open_reading(self.engine) as reading:
            rows = reading.execute(select(follow_up).where(follow_up.c.key.like(f"{kind}:north-south{part}@{party}:%")))
            (row,) = rows.all()
        return row

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with open_reading(self.engine) as reading:
            return list(reading.execute(select(table).where(*where).order_by(table.c.id)))

    def person(self, reference: str) -> int:
        return int(self.rows(contact, contact.c.reference == reference)[0].id)

    def link(self, who: str, kind: str, part: str, party: str = "north") -> str:
        ask = Ask(self.person(who), follow_up_id=self.find(kind, part, party).id)
        return self.links.write_answer(ask).removeprefix(self.links.base_url)

    def remind(self, who: str, matter: str) -> str:
        north = self.rows(contact, contact.c.reference == "ann")[0].party_id
        ask = Ask(self.person(who), matter=f"north-south/{matter}", party_id=north)
        return self.links.write_answer(ask).removeprefix(self.links.base_url)

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path, follow_redirects=False)
        assert answer.status_code == status, answer.text
        return unescape(answer.text)

    def post(self, path: str, status: int = 303, **fields: Any) -> str:
        """Send the form of this answer as the page has it, with these fields filled in."""
        page = self.client.get(path).text
        form = re.search(rf'action="{re.escape(path)}".*?</form>', page, re.S)
        mark = re.search(r'name="mark" value="(\w+)"', form[0] if form else "")
        data = {"mark": mark[1] if mark else "none", **fields}
        answer = self.client.post(path, data=data, follow_redirects=False)
        assert answer.status_code == status, answer.text
        if status != 303:
            return unescape(answer.text)
        return self.get(answer.headers["location"])

    def people(self) -> dict[int, Person]:
        with open_reading(self.engine) as reading:
            return load_people(reading)

    @contextmanager
    def write_past_log(self) -> Iterator[Connection]:
        """A unit for facts that nobody records; how the agreements stand is to be judged anew, as after a record."""
        with open_unit(self.engine) as unit:
            yield unit
            forget_stored(unit)

    def add_elsewhere(self) -> None:
        """An agreement between two others, which is nobody's business here."""
        with open_unit(self.engine) as unit:
            import_agreement(unit, parse_agreement(ELSEWHERE, "elsewhere.yaml"), Author("test", NOW), TODAY)

    def add_sides_steps(self) -> None:
        """To the bridge, beside the step of both, one that each side alone is to take."""
        (bridge,) = self.rows(commitment, commitment.c.reference == "bridge")
        parties = {row.reference: row.id for row in self.rows(party)}
        with open_unit(self.engine) as unit:
            for reference, side in STEPS.items():
                row = {"reference": reference, "title": f"The {reference} bank", "titles": {}, "due": "2026-04-30"}
                row |= {"commitment_id": bridge.id, "party_id": parties[side], "state": "scheduled"}
                unit.execute(insert(milestone).values(**row, registered_on=TODAY))

    def sign_in(self, who: str) -> None:
        """Be signed in as this contact, by a link as it is mailed."""
        path, person = self.ask_to_sign_in(who), self.person(who)
        answer = self.client.post(path, data={"who": person}, follow_redirects=False)
        assert answer.status_code == 303, answer.text

    def ask_to_sign_in(self, who: str) -> str:
        """The page behind a link to sign in."""
        person = self.rows(contact, contact.c.reference == who)[0]
        with open_unit(self.engine) as unit:
            number = make_link_number(unit, person.id, person.channels["mail"], self.clock[0])
        return self.links.write_sign_in(number).removeprefix(self.links.base_url)

    def token(self) -> str:
        """What the forms of this visit carry."""
        found = re.search(r'name="token" value="(\w+)"', self.client.get("/settings").text)
        assert found, "nobody is signed in"
        return found[1]

    def act(self, path: str, status: int = 303, **fields: Any) -> str:
        """Send a form of a signed-in page; gives the page that follows."""
        answer = self.client.post(path, data={"token": self.token(), **fields}, follow_redirects=False)
        assert answer.status_code == status, answer.text
        return self.get(answer.headers["location"]) if status == 303 else unescape(answer.text)

    def snapshot(self) -> list[Any]:
        tables = (follow_up, commitment, commitment_owner, milestone, progress_report, choices, log_entry, notice,
                  notification)  # fmt: skip
        return [self.rows(table) for table in tables]

    def morning(self, day: date) -> dict[str, set[str]]:
        """What is newly told on a day, by person."""
        self.clock[0] = datetime.combine(day, time(0, 30), UTC)
        before = {row.id for row in self.rows(notice)}
        reconcile_register(self.engine, self.clock[0], day)
        plan_messages(self.engine, self.clock[0], day, domain="tally.example")
        names = {row.id: row.reference for row in self.rows(contact)}
        told: dict[str, set[str]] = {}
        for row in self.rows(notice):
            if row.id not in before and row.decision == "told":
                told.setdefault(names[row.contact_id], set()).add(row.matter)
        return told
