"""What a person wants to know when the system has started: where it is, how much is in it, what to try next."""

import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, func, select

from commitments.database import open_reading
from commitments.settings import Settings
from commitments.tables import agreement, commitment, contact, follow_up, party
from commitments.vocabulary import FollowUpState, NotificationState
from deployments.dashboards import DASHBOARDS
from notifications.tables import notification

TRY_NEXT = (
    (("status",), "how every agreement stands, and why"),
    (("follow-ups",), "what waits for whom"),
    (("forecast", "--days", "30"), "every message of the coming month, before it goes"),
)


@dataclass(frozen=True, slots=True)
class Overview:
    """The register in counts."""

    agreements: int
    commitments: int
    follow_ups: int
    sent: int
    waiting: int
    failed: int
    next_at: datetime | None
    next_zone: str | None
    people: int = 0
    """Contacts who can be mailed a link to sign in."""


def count_register(engine: Engine) -> Overview:
    """How much there is, and when the next message goes."""
    with open_reading(engine) as reading:

        def count(table: object, *where: object) -> int:
            return int(reading.execute(select(func.count()).select_from(table).where(*where)).scalar_one())  # type: ignore[arg-type]

        states = reading.execute(select(notification.c.state, func.count()).group_by(notification.c.state))
        by_state = {state: number for state, number in states}
        queued = str(NotificationState.QUEUED)
        first = reading.execute(
            select(notification.c.next_at, contact.c.time_zone, party.c.time_zone)
            .join(contact, contact.c.id == notification.c.contact_id)
            .join(party, party.c.id == contact.c.party_id)
            .where(notification.c.state == queued)
            .order_by(notification.c.next_at)
            .limit(1)
        ).first()
        return Overview(
            count(agreement),
            count(commitment),
            count(follow_up, follow_up.c.state == str(FollowUpState.OPEN)),
            by_state.get(str(NotificationState.SENT), 0),
            by_state.get(queued, 0) + by_state.get(str(NotificationState.SENDING), 0),
            by_state.get(str(NotificationState.FAILED), 0),
            first[0] if first else None,
            (first[1] or first[2] or "UTC") if first else None,
            count(contact),
        )


def describe_messages(counted: Overview) -> str:
    """The messages in words: 6 sent, 9 wait (the first goes Mon 23 Nov 08:00 in Asia/Shanghai)."""
    told = [f"{counted.sent:,} sent"]
    if counted.waiting:
        when = ""
        if counted.next_at is not None and counted.next_zone is not None:
            local = counted.next_at.astimezone(ZoneInfo(counted.next_zone))
            when = f" (the first goes {local:%a %d %b %H:%M} in {counted.next_zone})"
        told.append(f"{counted.waiting:,} {'waits' if counted.waiting == 1 else 'wait'} for the reader's morning{when}")
    if counted.failed:
        told.append(f"{counted.failed:,} failed")
    return ", ".join(told)


def write_overview(
    settings: Settings,
    counted: Overview,
    mailbox_pages: str | None,
    portal: str | None = None,
    *,
    sign_in: str | None = None,
    is_new: bool = False,
) -> Iterator[str]:
    """The block that is shown when everything runs."""
    prefect = f"http://127.0.0.1:{settings.prefect_port}"
    yield f"  Prefect      {prefect}"
    yield f"               what failed or crashed: {prefect}{DASHBOARDS[0].path}"
    if portal is not None:
        yield f"  Portal       {portal}/"
    if sign_in is not None:
        yield f"  Sign in      {sign_in}"
        yield "               as a coordinator of the examples with much to do: once, and for 15 minutes"
    elif portal is not None:
        yield from _tell_sign_in(settings, counted, portal, has_mailbox=mailbox_pages is not None)
    if mailbox_pages is not None:
        yield f"  Mailbox      {mailbox_pages}"
    else:
        yield "  Mail         goes to the server of TALLY_MAIL_URL"
    yield ""
    yield f"  Agreements   {counted.agreements:,}, with {counted.commitments:,} commitments"
    if not counted.agreements:
        yield "               none yet: stop, and start with `tally up --examples examples` to see what it does,"
        yield "               or register your own in the portal, or bring it with `tally import FILE`"
    yield f"  Follow-ups   {counted.follow_ups:,} open"
    yield f"  Messages     {describe_messages(counted)}"
    if mailbox_pages is not None and is_new and counted.sent:
        yield "               The very first went at once, as only this mailbox gets them; others wait for 08:00 of"
        yield "               their reader's own zone, on a working day there."
    yield ""
    yield "  Try next, in another terminal:"
    commands = [write_command(settings, arguments) for arguments, _ in TRY_NEXT]
    width = max(map(len, commands))
    for command, (_, purpose) in zip(commands, TRY_NEXT, strict=True):
        yield f"    {command:<{width}}   {purpose}"
    yield ""
    yield "  Ctrl-C stops everything."


def _tell_sign_in(settings: Settings, counted: Overview, portal: str, *, has_mailbox: bool) -> Iterator[str]:
    """How somebody comes into the portal for whom no link was made: the first person of an empty register, too."""
    if not settings.administrator_addresses and not counted.people:
        yield "  Sign in      nobody can yet, as nobody is known: stop, set TALLY_ADMINISTRATORS to your mail address,"
        yield f"               start again, and ask for a link at {portal}/sign-in"
        return
    yield f"  Sign in      {portal}/sign-in"
    whose = "one of TALLY_ADMINISTRATORS" if settings.administrator_addresses else "that of a contact of the register"
    if settings.administrator_addresses and counted.people:
        whose += ", or that of a contact of the register"
    yield f"               with your mail address ({whose}):"
    yield f"               a link comes by mail, {'into the mailbox below' if has_mailbox else 'for 15 minutes'}"


def write_command(settings: Settings, arguments: tuple[str, ...]) -> str:
    """A command line that works in the folder where the system was started."""
    program = Path(sys.executable).parent / "tally"
    here = Path.cwd()
    shown = program.relative_to(here) if program.is_relative_to(here) else program
    home = settings.home.absolute()
    prefix = "" if home == here / ".tally" else f"TALLY_HOME={shlex.quote(str(home))} "
    return f"{prefix}{shlex.quote(str(shown))} {shlex.join(arguments)}"
