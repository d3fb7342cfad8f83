"""What every page works with: the register, the settings, the links, and the present."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from commitments.clock import today_in
from commitments.days import find_own_day
from commitments.facts import Person
from commitments.settings import Settings
from notifications.links import Links
from notifications.mime import MailDomain
from notifications.secret import load_mail_domain
from portal.accounts import Accounts


@dataclass(frozen=True, slots=True)
class House:
    """One per app; a page gets it as an argument of type `Here`."""

    engine: Engine
    settings: Settings
    links: Links
    read_clock: Callable[[], datetime]
    send: Callable[[int], None]
    """Sends one message of the outbox without waiting for it; what cannot be sent now stays in the outbox."""
    wake: Callable[[], None]
    """Says that a link to sign in was asked for, which is made beside the pages; returns at once."""
    accounts: Accounts | None = None
    """Where people have an account already; None where they sign in by mail alone."""

    @property
    def domain(self) -> MailDomain:
        return load_mail_domain(self.settings)

    def today_of(self, person: Person, now: datetime) -> date:
        """The person's own day."""
        return find_own_day(person, now)

    def today(self, now: datetime) -> date:
        """The house's day."""
        return today_in(self.settings.time_zone, now)


def _find_house(request: Request) -> House:
    house: House = request.app.state.house
    return house


Here = Annotated[House, Depends(_find_house)]
