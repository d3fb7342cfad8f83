"""What the doctor finds around the register: settings, mail, channels, accounts, Prefect, languages, own files."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.screen import count, show_moment
from commitments.errors import TallyError

if TYPE_CHECKING:
    from commitments.settings import Settings

OK, WARNING, BROKEN = "ok", "warning", "broken"
SECONDS_TO_ANSWER = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    state: str
    subject: str
    found: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def examine_settings(settings: "Settings") -> Iterator[Finding]:
    from commitments.clock import read_clock

    names = sorted(name for name in os.environ if name.startswith("TALLY_"))
    places = [", ".join(names)] if names else []
    places += ["tally.toml"] if Path("tally.toml").is_file() else []
    yield Finding(OK, "settings", f"from {' and '.join(places)}" if places else "all as they come; nothing is set")
    yield Finding(OK, "home", str(settings.home.absolute()))
    if settings.pages_url is None:
        hint = "Set TALLY_BASE_URL to where the portal is reached, or nobody can answer from a message."
        yield Finding(WARNING, "links", "messages carry none", hint)
    else:
        yield Finding(OK, "links", settings.pages_url)
    now = f"{show_moment(read_clock(), settings.time_zone)} in {settings.time_zone}"
    if settings.clock is not None:
        yield Finding(WARNING, "clock", f"stands still at {now}", "Unset TALLY_CLOCK to go by the real time.")
    else:
        yield Finding(OK, "clock", now)


def examine_mail(settings: "Settings") -> Finding:
    """Connect and say hello: no sign-in, no letter."""
    import smtplib
    import ssl

    from notifications.mail_route import MailRoute

    try:
        route = MailRoute.parse(settings.post_url)
    except TallyError as fault:
        return Finding(BROKEN, "mail server", str(fault), "Look at TALLY_MAIL_URL.")
    try:
        if route.implicit_tls:
            context = ssl.create_default_context(cafile=route.ca_file)
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                route.host, route.port, route.hello, timeout=SECONDS_TO_ANSWER, context=context
            )
        else:
            smtp = smtplib.SMTP(route.host, route.port, route.hello, timeout=SECONDS_TO_ANSWER)
        with smtp:
            code, _ = smtp.ehlo()
    except (OSError, smtplib.SMTPException) as fault:
        if settings.mail_url is None:
            return Finding(WARNING, "mail server", "none is set and the local mailbox does not run",
                           "Start it with tally up, or set TALLY_MAIL_URL.")  # fmt: skip
        return Finding(BROKEN, "mail server", f"{route} cannot be reached: {fault}", "Look at TALLY_MAIL_URL.")
    if code != 250:
        return Finding(BROKEN, "mail server", f"{route} answered the greeting with {code}")
    return Finding(
        OK, "mail server", f"{route} answers" + (" (the local mailbox)" if settings.mail_url is None else "")
    )


def examine_channels(settings: "Settings") -> Finding:
    """The channels besides mail and the rates, by name; no value of theirs is shown."""
    from notifications.pace import read_rates
    from notifications.services import read_channels

    try:
        channels = read_channels(settings.channels)
        read_rates(settings.rates)
    except TallyError as fault:
        return Finding(BROKEN, "channels", str(fault), "Look at TALLY_CHANNELS and TALLY_RATES.")
    if not channels:
        return Finding(OK, "channels", "mail only")
    named = ", ".join(f"{name} ({one.service.title})" for name, one in sorted(channels.items()))
    if settings.webhook_hosts_inside:
        inside = ", ".join(settings.webhook_hosts_inside)
        return Finding(
            WARNING, "channels", f"mail, {named}; webhooks may reach {inside} inside", "Only if you meant to."
        )
    return Finding(OK, "channels", f"mail, {named}")


def examine_return(settings: "Settings") -> Finding:
    """Whether what comes back is heard of."""
    if settings.bounce_address is None and settings.bounce_mailbox is None:
        return Finding(
            OK, "what comes back", "is not read", "Set TALLY_BOUNCE_ADDRESS and TALLY_BOUNCE_MAILBOX to hear of it."
        )
    if settings.bounce_mailbox is None and settings.mail_url is not None:
        told = f"goes to {settings.bounce_address} and is not read"
        return Finding(WARNING, "what comes back", told, "Set TALLY_BOUNCE_MAILBOX.")
    if settings.bounce_address is None:
        return Finding(WARNING, "what comes back", f"goes to {settings.sender}", "Set TALLY_BOUNCE_ADDRESS.")
    return Finding(OK, "what comes back", f"goes to {settings.bounce_address}, an address for each message")


def examine_accounts(settings: "Settings") -> Iterator[Finding]:
    """Whether the provider by whose accounts people sign in answers; nothing where none is named."""
    from commitments.clock import read_clock
    from portal.accounts import NotVouched, open_accounts

    accounts = open_accounts(settings)
    if accounts is None:
        if settings.oidc_issuer is not None:
            yield Finding(
                WARNING, "sign-in", "OpenID Connect is set, and no address of the pages", "Set TALLY_BASE_URL."
            )
        return
    try:
        accounts.describe(read_clock())
    except NotVouched as fault:
        advice = "People can still sign in by mail. Look at TALLY_OIDC_ISSUER, and whether it is reached from here."
        yield Finding(BROKEN, "sign-in", str(fault), advice)
    else:
        yield Finding(OK, "sign-in", f"by accounts of {settings.oidc_issuer}")


def examine_prefect(settings: "Settings") -> Iterator[Finding]:
    """The server, and whether anybody serves what is deployed there; Prefect is loaded only where one is named."""
    from importlib.metadata import version

    from deployments.reaching import NoServer, SignInRefused, reach_server
    from deployments.schedules import TAG

    subject = "Prefect server"
    is_named = "PREFECT_API_URL" in os.environ
    none_here = Finding(OK, subject, "does not run here; every command works without it", "tally up starts it.")
    if not is_named and not _is_taken(settings.prefect_port):
        yield none_here
        return
    auth = settings.prefect_auth.get_secret_value() if settings.prefect_auth is not None else None
    embedded = None if is_named else (f"http://127.0.0.1:{settings.prefect_port}/api", auth)
    try:
        found = reach_server(TAG, SECONDS_TO_ANSWER, embedded)
    except SignInRefused as fault:
        yield Finding(BROKEN, subject, str(fault), "Nothing is lost: events wait, and runs go on when it is right.")
        return
    except NoServer as fault:
        yield Finding(BROKEN, subject, str(fault), "Look at PREFECT_API_URL.") if is_named else none_here
        return
    if found.version != version("prefect"):
        told = f"{found.address} is version {found.version}, here is {version('prefect')}"
        yield Finding(WARNING, subject, told, "Use one version.")
    else:
        yield Finding(OK, subject, f"{found.address}, version {found.version}")
    if not found.deployments:
        yield Finding(WARNING, "flows", "none of ours is deployed there", "tally deploy, or tally up on this machine.")
    elif found.unserved:
        told = f"nobody serves {found.unserved} of {count(found.deployments, 'deployment')}"
        advice = "Start a worker (prefect worker start --pool tallystick), or tally up."
        yield Finding(BROKEN, "flows", told, advice)
    else:
        yield Finding(OK, "flows", f"{count(found.deployments, 'deployment')}, all served")


def _is_taken(port: int) -> bool:
    """Whether anything listens there, on this machine."""
    import socket

    try:
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS_TO_ANSWER):
            return True
    except OSError:
        return False


def examine_catalogues() -> Finding:
    from babel.messages.pofile import read_po

    from notifications.languages import CATALOGUES

    found, gaps = ["en"], []
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            entries = [entry for entry in read_po(file) if entry.id]
        whole = sum(_is_translated(entry) for entry in entries)
        found.append(path.stem)
        if whole < len(entries):
            gaps.append(f"{path.stem} lacks {len(entries) - whole} of {len(entries)} phrases")
    if gaps:
        return Finding(WARNING, "languages", "; ".join(gaps), "Those phrases are said in English.")
    return Finding(OK, "languages", ", ".join(found))


def examine_house(settings: "Settings") -> Iterator[Finding]:
    """The folder with the house's own templates, catalogues and policy."""
    from notifications.preview import find_house_faults
    from portal.brief_page import find_brief_faults

    house = settings.house_folder
    if house is None:
        if settings.templates is not None:
            yield Finding(
                BROKEN, "house", f"{settings.templates} is no folder", "Correct TALLY_TEMPLATES, or unset it."
            )
        return
    faults = [*find_house_faults(house), *find_brief_faults(house)]
    for fault in faults:
        hint = "Until it is right, the usual file is used in its place."
        yield Finding(WARNING, "house", str(house / str(fault)), hint)
    if not faults:
        files = [path for path in house.rglob("*") if path.is_file() and not path.name.startswith(".")]
        yield Finding(OK, "house", f"{count(len(files), 'own file')} in {house}")


def _is_translated(entry: Any) -> bool:
    said = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
    return bool(said) and all(said) and not entry.fuzzy
