"""The register as a command opens it: with its settings, at one moment, and with the name of who is at the keyboard."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from commitments.errors import DatabaseOutOfDate

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from commitments.log import Author
    from commitments.settings import Settings
    from notifications.mime import MailDomain


@dataclass(frozen=True, slots=True)
class Register:
    """What a command works with; `now` is read once, so that one command plays at one moment."""

    engine: "Engine"
    settings: "Settings"
    now: datetime
    today: date

    @property
    def domain(self) -> "MailDomain":
        from notifications.secret import load_mail_domain

        return load_mail_domain(self.settings)

    def name_author(self, who: str | None = None) -> "Author":
        from commitments.log import Author

        return Author(who or name_user(), self.now)

    @contextmanager
    def open_rehearsal(self) -> "Iterator[Engine]":
        """A throwaway copy of the whole register, on which anything can be played."""
        from notifications.rehearsal import open_rehearsal

        with open_rehearsal(self.engine) as copy:
            yield copy

    def find_end(self, day: date) -> datetime:
        """The last moment of a day, where the house is."""
        zone = ZoneInfo(self.settings.time_zone)
        return datetime.combine(day + timedelta(days=1), time(0), zone) - timedelta(microseconds=1)


@contextmanager
def open_register() -> Iterator[Register]:
    """The register of the settings. The embedded one is made and brought up to date by itself.

    Raises SettingsError, and DatabaseOutOfDate for a database of one's own that `tally migrate` has not been run on.
    """
    from commitments.clock import read_clock, today_in
    from commitments.database import open_database
    from commitments.settings import read_settings
    from migrations import migrate_database

    settings = read_settings()
    engine = open_database(settings.register_url, synchronous=settings.synchronous)
    try:
        outdated = find_outdated(engine)
        if outdated is not None and settings.database_url is None:
            migrate_database(engine)
        elif outdated is not None:
            raise DatabaseOutOfDate(outdated)
        now = read_clock()
        yield Register(engine, settings, now, today_in(settings.time_zone, now))
    finally:
        engine.dispose()


def find_outdated(engine: "Engine") -> str | None:
    """What is wrong with the database's version, with what to do; nothing if it is the one of this program."""
    from migrations import database_version, newest_version, refuse_newer

    found, wanted = database_version(engine), newest_version()
    if found == wanted:
        return None
    refuse_newer(found)
    at = f"is at version {found}" if found is not None else "has no tables yet"
    return f"the database {at} and this program needs version {wanted}; run `tally migrate`"


def name_user() -> str:
    """Who is at the keyboard, for the log."""
    try:
        return getpass.getuser()[:80]
    except (KeyError, OSError, ImportError):
        return "tally"
