"""Reads the mailbox of what came back and acts on each report, one unit a letter: stopped half way, nothing is lost."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Engine

from commitments.database import open_unit
from commitments.errors import SettingsError
from commitments.settings import Settings
from notifications.bounce_address import read_bounce_address
from notifications.bounce_mailbox import read_letters
from notifications.bounces import read_bounce
from notifications.failures import close_failures
from notifications.secret import load_secrets
from notifications.undelivered import Taken, review_channels, take_bounce


@dataclass(slots=True)
class BouncesRead:
    """What one reading found and did."""

    letters: int = 0
    reports: int = 0
    strange: int = 0
    """Reports that changed nothing: of no message of ours, without its signed address, or of another address."""
    did: Counter[str] = field(default_factory=Counter)
    taken: list[Taken] = field(default_factory=list)
    ailing: int = 0
    """Channels that fail or are off, afterwards."""


def find_mailbox(settings: Settings) -> str | None:
    """Where what came back is read: as set, else the mailbox of this machine where letters stay on it."""
    if settings.bounce_mailbox is not None:
        return settings.bounce_mailbox.get_secret_value()
    if settings.mail_url is None and settings.mailbox_folder.is_dir():
        return f"folder:{settings.mailbox_folder}"
    return None


def read_bounces(
    engine: Engine, settings: Settings, now: datetime, today: date, *, place: str | None = None
) -> BouncesRead:
    """Read every letter that came back and was not read before, and look again at the channels that fail.

    `place` is read instead of the mailbox of the settings. Raises SettingsError where there is none, or it cannot be
    read. Reading the same letters twice changes nothing.
    """
    found = place or find_mailbox(settings)
    if found is None:
        raise SettingsError(
            "no mailbox of what came back is set: TALLY_BOUNCE_MAILBOX=imaps://user:password@host/INBOX"
        )
    secrets = [one.encode() for one in load_secrets(settings)] if settings.bounce_address is not None else []
    done = BouncesRead()

    def read_address(address: str) -> int | None:
        house = settings.bounce_address
        numbers = (read_bounce_address(address, house, secret) for secret in secrets) if house is not None else ()
        return next((number for number in numbers if number is not None), None)

    def handle(raw: bytes) -> None:
        bounce = read_bounce(raw, read_address)
        if bounce is None:
            return
        done.reports += 1
        if settings.bounce_address is not None and bounce.notification_id is None:
            taken = None  # each letter had a signed address to come back to; the rest anybody can make up
        else:
            with open_unit(engine) as unit:
                taken = take_bounce(unit, bounce, now, today)
        if taken is None:
            done.strange += 1
        else:
            done.did[taken.did] += 1
            done.taken.append(taken)

    done.letters = read_letters(found, handle)
    with open_unit(engine) as unit:
        done.ailing = len(review_channels(unit, now))
        close_failures(unit, now)
    return done
