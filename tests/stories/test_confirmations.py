"""A tally has two halves: who was promised something says that it was kept, or that it was not, day by day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from commitments.agreement_file import parse_agreement
from commitments.closing import TAKEN_BACK
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.policies import set_policy
from commitments.progress import confirm_report, report_progress
from commitments.reconcile import reconcile_agreement, reconcile_register
from commitments.references import find_agreement
from commitments.register import import_agreement
from commitments.reporting import take_back_report
from commitments.tables import commitment, confirmation, contact, follow_up, party, progress_report
from notifications.planning import plan_messages
from notifications.tables import notice

FORM = b"""
agreement: pact
title: {en: Pact of three towns and their network}
kind: memorandum
effective: 2024-01-01
parties:
  - reference: north
    kind: city
    names: {en: North}
    country: GB
    time_zone: Europe/London
    contacts:
      - {reference: ann, name: Ann, role: owner, channels: {mail: ann@north.example}}
      - {reference: cy, name: Cy, role: coordinator, channels: {mail: cy@north.example}}
  - reference: south
    kind: city
    names: {en: South}
    country: CN
    time_zone: Asia/Shanghai
    contacts:
      - {reference: li, name: Li, role: coordinator, channels: {mail: li@south.example}}
  - reference: east
    kind: city
    names: {en: East}
    country: DE
    time_zone: Europe/Berlin
    contacts:
      - {reference: eva, name: Eva, role: coordinator, channels: {mail: eva@east.example}}
  - {reference: office, role: secretariat, kind: network, names: {en: The network's secretariat}}
  - reference: notary
    role: witness
    kind: other
    names: {en: Notary}
    contacts: [{reference: nan, name: Nan, role: coordinator, channels: {mail: nan@notary.example}}]
commitments:
  - {reference: survey, summary: Hand over the survey., kind: deliverable, due: 2026-03-10,
     owners: [{party: north, contact: ann}]}
  - {reference: accounts, summary: Show the accounts., kind: deliverable, due: 2026-12-31, owed: each,
     owners: [{party: north, contact: ann}, {party: south, contact: li}]}
"""
FIRST = date(2026, 3, 2)  # a Monday
SURVEY, ACCOUNTS = "pact/survey", "pact/accounts"


@dataclass
class Pact:
    """The agreement of three towns as it lives from day to day."""

    engine: Engine
    day: date = FIRST

    @property
    def now(self) -> datetime:
        return datetime.combine(self.day, time(9), UTC)

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with open_reading(self.engine) as reading:
            return list(reading.execute(select(table).where(*where).order_by(table.c.id)))

    def do(self, use_case: Any, who: str, *values: Any, **named: Any) -> None:
        """What somebody says, and what follows from it at once."""
        with open_unit(self.engine) as unit:
            use_case(unit, Author(who, self.now), *values, **named)
            reconcile_agreement(unit, find_agreement(unit, "pact").id, self.now, self.day)

    def report(self, promise: str, side: str, **said: Any) -> None:
        said = {"rating": "on_track", "today": self.day, "fulfilled": True, **said}
        self.do(report_progress, side, promise, side, None, **said)

    def answer(self, side: str, confirmed: bool, note: str | None = None, promise: str = SURVEY) -> None:
        self.do(confirm_report, side, promise, side, self.day, confirmed, note)

    def tell(self) -> dict[str, set[str]]:
        """What is newly told, by person."""
        before = {row.id for row in self.rows(notice)}
        reconcile_register(self.engine, self.now, self.day)
        plan_messages(self.engine, self.now, self.day, domain="tally.example")
        names = {row.id: row.reference for row in self.rows(contact)}
        told: dict[str, set[str]] = {}
        for row in self.rows(notice):
            if row.id not in before and row.decision == "told":
                told.setdefault(names[row.contact_id], set()).add(row.matter)
        return told

    def asked(self) -> dict[str, str]:
        """What became of the confirmations that were asked, the latest of each side."""
        names = {row.id: row.reference for row in self.rows(party)}
        return {names[row.party_id]: row.state for row in self.rows(confirmation)}

    def waiting(self) -> list[str]:
        """Who is asked to confirm now."""
        people = {row.id: row.reference for row in self.rows(contact)}
        where = (follow_up.c.kind == "confirmation_asked", follow_up.c.state == "open")
        return [people[row.assignee_id] for row in self.rows(follow_up, *where)]

    def state(self, promise: str = "survey") -> tuple[str, str | None]:
        (row,) = self.rows(commitment, commitment.c.reference == promise)
        return row.state, row.state_reason


@pytest.fixture
def pact(engine: Engine) -> Pact:
    made = Pact(engine)
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(FORM, "pact.yaml"), Author("test", made.now), FIRST)
    made.tell()
    return made


def test_what_one_town_kept_alone_is_confirmed_by_those_to_whom_it_was_promised(pact: Pact) -> None:
    pact.report(SURVEY, "north", note="Handed over on Sunday")
    assert pact.state() == ("fulfilled", None), "it stands as kept from the report on, and waits for nobody"
    assert pact.asked() == {"south": "asked", "east": "asked"}, "no office without people, and no witness"
    assert pact.waiting() == ["li", "eva"]
    assert pact.tell() == {"li": {SURVEY}, "eva": {SURVEY}}
    pact.day += timedelta(days=1)
    pact.answer("south", True)
    assert pact.asked() == {"south": "confirmed", "east": "asked"}, "each answers for itself"
    assert pact.waiting() == ["eva"]
    assert pact.tell() == {}
    pact.day += timedelta(days=1)
    pact.answer("east", True, "Well done")
    assert (pact.state()[0], pact.waiting(), pact.tell()) == ("fulfilled", [], {})


def test_the_first_that_says_not_so_takes_the_promise_up_again_and_nobody_else_is_asked_about_that_report(
    pact: Pact,
) -> None:
    pact.report(SURVEY, "north")
    pact.day += timedelta(days=8)  # its last day has come
    assert "ann" not in pact.tell()
    pact.answer("east", False, "Page 3 is missing")
    assert pact.state() == ("active", "returned by east: Page 3 is missing")
    assert pact.asked() == {"south": "withdrawn", "east": "returned"}
    assert pact.waiting() == []
    pact.day += timedelta(days=1)
    assert pact.tell()["ann"] == {SURVEY}, "overdue by now, and what was sent back is no answer"
    pact.report(SURVEY, "north", note="With page 3")
    assert pact.asked() == {"south": "asked", "east": "asked"}, "the next report asks all anew"
    assert pact.waiting() == ["li", "eva"]


def test_what_is_sent_back_is_asked_again_though_the_same_side_had_said_before_that_it_goes_badly(pact: Pact) -> None:
    pact.day += timedelta(days=10)  # overdue since yesterday
    assert pact.tell()["ann"] == {SURVEY}
    pact.report(SURVEY, "north", rating="off_track", fulfilled=False)
    pact.day += timedelta(days=1)
    pact.report(SURVEY, "north")
    pact.day += timedelta(days=1)
    pact.answer("south", False, "Page 3 is missing")
    (asked,) = pact.rows(follow_up, follow_up.c.kind == "overdue")
    assert (asked.state, asked.closed_on) == ("open", None)
    pact.day += timedelta(days=4)
    assert pact.tell().get("ann") == {SURVEY}


def test_who_is_asked_and_says_the_same_by_a_report_has_confirmed(pact: Pact) -> None:
    with open_unit(pact.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "accounts").values(owed="jointly"))
    pact.report(ACCOUNTS, "north")
    assert pact.asked() == {"south": "asked", "east": "asked"}
    pact.report(ACCOUNTS, "south")
    assert pact.asked() == {"south": "confirmed", "east": "asked"}
    assert len(pact.rows(confirmation)) == 2, "what counts as kept asks nobody again"
    assert pact.waiting() == ["eva"]


def test_what_each_owes_is_confirmed_once_all_have_said_so_and_only_by_who_owes_none_of_it(pact: Pact) -> None:
    pact.report(ACCOUNTS, "north")
    assert (pact.state("accounts")[0], pact.asked()) == ("active", {})
    pact.report(ACCOUNTS, "south")
    assert (pact.state("accounts")[0], pact.asked()) == ("fulfilled", {"east": "asked"})


@pytest.mark.parametrize("side", ["north", "south"])
def test_who_is_asked_about_what_each_owes_waits_no_more_once_one_of_them_takes_its_part_back(
    pact: Pact, side: str
) -> None:
    for one in ("north", "south"):
        pact.report(ACCOUNTS, one)
        pact.day += timedelta(days=1)
    assert pact.waiting() == ["eva"]
    sides = {row.reference: row.id for row in pact.rows(party)}
    (part,) = pact.rows(progress_report, progress_report.c.party_id == sides[side])
    with open_unit(pact.engine) as unit:
        take_back_report(unit, Author(side, pact.now, "A slip"), ACCOUNTS, part.reference, pact.day)
    assert (pact.state("accounts")[0], pact.asked()) == ("active", {"east": "withdrawn"})
    assert pact.waiting() == []
    (closed,) = pact.rows(follow_up, follow_up.c.kind == "confirmation_asked")
    assert closed.closed_why == TAKEN_BACK
    pact.report(ACCOUNTS, side)
    assert (pact.state("accounts")[0], pact.asked()) == ("fulfilled", {"east": "asked"}), "about the last report again"


@pytest.mark.parametrize("rule", ["those_who_owe", "nobody"])
def test_the_agreement_s_policy_may_ask_fewer(pact: Pact, rule: str) -> None:
    with open_unit(pact.engine) as unit:
        set_policy(unit, Author("cy", pact.now), "pact", {"confirmed_by": rule}, pact.now, pact.day)
    pact.report(SURVEY, "north")
    assert (pact.state()[0], pact.asked(), pact.tell()) == ("fulfilled", {}, {})


def test_a_question_rests_while_nobody_speaks_for_its_side_and_nobody_else_answers_in_its_place(pact: Pact) -> None:
    pact.report(SURVEY, "north")
    with open_unit(pact.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "li").values(valid_to="2026-03-05"))
    pact.day += timedelta(days=7)
    pact.tell()
    assert (pact.waiting(), pact.asked()["south"]) == (["eva"], "asked")
    with open_unit(pact.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "li").values(valid_to=None))
    assert SURVEY in pact.tell()["li"]
    assert pact.waiting() == ["li", "eva"]
