"""A register that lives from day to day with a real mail server at its side."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from typing import Any

from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.settings import Settings
from commitments.tables import contact
from notifications.choosing import Chosen, choose
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_messages
from notifications.tables import notice, notification
from tests.mail_door import open_door

FORM = b"""
agreement: north-south
title: {en: Memorandum}
kind: memorandum
effective: 2024-01-01
expires: 2030-12-31
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
  - reference: south
    kind: city
    names: {en: South}
    country: CN
    time_zone: Asia/Shanghai
    contacts:
      - {reference: li, name: Li, role: coordinator, channels: {mail: li@south.example}}
commitments:
  - reference: survey
    summary: Hand over the survey.
    kind: deliverable
    due: 2026-03-31
    owners: [{party: north, contact: ann}]
  - reference: report
    summary: Write the report.
    kind: deliverable
    due: 2026-04-09
    owners: [{party: north, contact: ann}]
"""
FIRST = date(2026, 2, 26)  # a Thursday


@dataclass
class House:
    """A register that lives from day to day with a real mail server at its side."""

    engine: Engine
    settings: Settings
    clock: datetime = datetime(2026, 2, 26, tzinfo=UTC)
    letters: list[tuple[datetime, str, str]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """What the server answers, by the address of a reader whose letters it does not take."""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        letter = message_from_bytes(envelope.content, policy=policy.default)
        body = letter.get_body(("plain",))
        self.texts.append((envelope.rcpt_tos[0].partition("@")[0], body.get_content() if body is not None else ""))
        self.letters.append((self.clock, envelope.rcpt_tos[0].partition("@")[0], str(letter["Subject"])))
        return "250 taken"

    def live(self, first: date, last: date | None = None) -> None:
        """The day's job of each day: planned at night and each hour, sent each hour."""
        day = first
        while day <= (last or first):
            for hour in (0, 8, 10, 12, 14):
                self.clock = datetime.combine(day, time(hour), UTC)
                if hour == 0:
                    reconcile_register(self.engine, self.clock, day)
                if hour in (0, 12):
                    plan_messages(self.engine, self.clock, day, domain="tally.example")
                dispatch_messages(self.engine, self.settings, read_clock=lambda: self.clock)
            day += timedelta(days=1)

    def choose(self, who: str, **changes: Any) -> Chosen:
        with open_unit(self.engine) as unit:
            return choose(unit, Author(who, self.clock), who, changes, self.clock)

    def received(self, who: str) -> list[str]:
        return [f"{at:%a %d %b %H:%M}" for at, to, _ in self.letters if to == who]

    def subjects(self, who: str) -> list[str]:
        return [subject for _, to, subject in self.letters if to == who]

    def decisions(self, who: str, code: str) -> list[Any]:
        with open_reading(self.engine) as reading:
            rows = reading.execute(
                select(notice).join(contact, contact.c.id == notice.c.contact_id).where(contact.c.reference == who)
            ).all()
        return [row for row in rows if row.decision_reason["code"] == code]

    def waiting(self, who: str) -> list[Any]:
        with open_reading(self.engine) as reading:
            return list(
                reading.execute(
                    select(notification)
                    .join(contact, contact.c.id == notification.c.contact_id)
                    .where(contact.c.reference == who, notification.c.state == "queued")
                )
            )


@contextmanager
def open_house(engine: Engine) -> Iterator[House]:
    """A house in which the agreement of `FORM` was just registered."""
    made = House(engine, Settings())
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", made.clock), FIRST)
    with open_door(made) as port:
        made.settings = Settings(mail_url=f"smtp://127.0.0.1:{port}")
        yield made
