"""What the doctor looks at, each as one finding: ok, a warning, or broken."""

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.screen import count, show_moment
from commitments.errors import TallyError
from commitments.vocabulary import NotificationState

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from commitments.settings import Settings

OK, WARNING, BROKEN = "ok", "warning", "broken"
SECONDS_TO_ANSWER = 3.0
LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Finding:
    state: str
    subject: str
    found: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def examine() -> Iterator[Finding]:
    """Every finding; what cannot be looked at because something before it is broken is left out."""
    from commitments.settings import read_settings

    try:
        settings = read_settings()
    except TallyError as fault:
        yield Finding(BROKEN, "settings", str(fault), "Correct it in the environment or in tally.toml.")
        return
    yield from examine_settings(settings)
    yield examine_mail(settings)
    yield examine_channels(settings)
    yield examine_return(settings)
    yield from examine_accounts(settings)
    yield from examine_prefect(settings)
    yield examine_catalogues()
    yield from examine_house(settings)
    engine = None
    try:
        engine, finding = open_engine(settings)
        yield finding
        if engine is not None:
            yield from examine_register(engine, settings)
    finally:
        if engine is not None:
            engine.dispose()


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


def open_engine(settings: "Settings") -> "tuple[Engine | None, Finding]":
    """The database if it can be read and is at the version of this program. It is not made by looking at it."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from cli.session import find_outdated
    from commitments.database import open_database

    subject = "database"
    try:
        url = make_url(settings.register_url)
        if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_file():
            return None, Finding(OK, subject, f"{url.database} is not there yet", "The first command makes it.")
        engine = open_database(settings.register_url, synchronous=settings.synchronous)
        outdated = find_outdated(engine)
    except TallyError as fault:
        return None, Finding(BROKEN, subject, str(fault))
    except (SQLAlchemyError, ImportError) as fault:
        said = " ".join(str(getattr(fault, "orig", None) or fault).split())
        return None, Finding(BROKEN, subject, f"cannot be read: {said[:300]}", "Look at TALLY_DATABASE_URL.")
    if outdated is not None:
        engine.dispose()
        return None, Finding(BROKEN, subject, outdated)
    return engine, Finding(OK, subject, f"{engine.url.render_as_string(hide_password=True)}, up to date")


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


def examine_evidence(reading: "Connection", settings: "Settings") -> Finding:
    """Whether each file that the register speaks of is there, and whole."""
    from commitments.evidence_files import list_missing

    folder = settings.evidence_folder
    missing = list(list_missing(reading, folder))
    if not missing:
        return Finding(OK, "evidence", f"every file that was handed in is in {folder}")
    name, digest = missing[0]
    rest = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    hint = f"Put the folder {folder} back from a copy; each file is named by its SHA-256."
    return Finding(BROKEN, "evidence", f"{name} ({digest[:12]}...){rest} not there, or not whole", hint)


def examine_catalogues() -> Finding:
    from babel.messages.pofile import read_po

    from notifications.wording import CATALOGUES

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


def examine_register(engine: "Engine", settings: "Settings") -> Iterator[Finding]:
    from commitments.clock import read_clock, today_in
    from commitments.database import open_reading

    now = read_clock()
    today = today_in(settings.time_zone, now)
    examinations: tuple[Callable[[Connection], Finding | Iterator[Finding]], ...] = (
        examine_contents,
        lambda reading: examine_entries(reading, settings),
        lambda reading: examine_sources(reading, settings),
        lambda reading: examine_evidence(reading, settings),
        lambda reading: examine_holidays(reading, today),
        lambda reading: examine_outbox(reading, now),
        lambda reading: examine_runs(reading, now),
    )
    with open_reading(engine) as reading:
        for look in examinations:
            found = look(reading)
            if isinstance(found, Finding):
                yield found
            else:
                yield from found


def examine_contents(reading: "Connection") -> Finding:
    from sqlalchemy import func, select

    from commitments.tables import agreement, commitment, contact

    def number(table: Any) -> int:
        return int(reading.execute(select(func.count()).select_from(table)).scalar_one())

    counts = f"{count(number(agreement), 'agreement')}, {count(number(commitment), 'commitment')}"
    mails = reading.execute(select(contact.c.reference, contact.c.channels)).all()
    without = [row.reference for row in mails if not row.channels]
    if without:
        who = ", ".join(without[:5]) + (", ..." if len(without) > 5 else "")
        return Finding(WARNING, "register", f"{counts}; no address for {who}", "They cannot be told anything.")
    return Finding(OK, "register", counts)


def examine_entries(reading: "Connection", settings: "Settings") -> Iterator[Finding]:
    """Channels of people that the settings do not name, and those that fail or are off."""
    from sqlalchemy import select

    from cli.bounces import list_ailing
    from commitments.channels import read_place
    from commitments.tables import contact
    from notifications.services import read_channels

    try:
        named = {name: str(one.service.kind) for name, one in read_channels(settings.channels).items()}
    except TallyError:
        return
    rows = reading.execute(select(contact.c.reference, contact.c.channels).order_by(contact.c.reference))
    unknown = [
        f"{row.reference}: {kind} {read_place(entry).name}"
        for row in rows
        for kind, entry in row.channels.items()
        if kind != "mail" and named.get(read_place(entry).name) != kind
    ]
    if unknown:
        advice = "Name them in TALLY_CHANNELS; until then the next channel is used."
        yield Finding(WARNING, "channels", f"not in the settings: {', '.join(unknown[:5])}", advice)
    ailing = list_ailing(reading)
    if ailing:
        told = ", ".join(f"{one['contact']} {one['channel']} ({one['state']})" for one in ailing[:5])
        yield Finding(WARNING, "reaching people", told, "tally bounces tells more; a new address puts it right.")


def examine_sources(reading: "Connection", settings: "Settings") -> Finding:
    from sqlalchemy import select

    from cli.quotes import Shelf
    from commitments.tables import agreement

    rows = reading.execute(select(agreement.c.sources)).scalars()
    documents = sorted({source["document"] for sources in rows for source in sources})
    folders = [folder for folder in (settings.sources, Path()) if folder is not None]
    if settings.sources is not None and not settings.sources.is_dir():
        return Finding(BROKEN, "sources", f"{settings.sources} is no folder", "Look at TALLY_SOURCES.")
    shelf = Shelf(folders)
    missing = [name for name in documents if shelf.read_document(name) is None]
    found = f"{len(documents) - len(missing)} of {count(len(documents), 'source document')} at hand"
    if missing and settings.sources is not None:
        return Finding(
            WARNING, "sources", f"{found}; missing: {', '.join(missing[:5])}", f"Put them in {settings.sources}."
        )
    return Finding(OK, "sources", found, "Set TALLY_SOURCES to their folder to see their sentences." if missing else "")


def examine_holidays(reading: "Connection", today: date) -> Finding:
    """Whether the days of rest of next year are known; some countries publish their working Saturdays late."""
    import holidays
    from babel import Locale
    from sqlalchemy import select

    from commitments.tables import party

    names = Locale("en").territories
    codes = sorted(code for code in set(reading.execute(select(party.c.country)).scalars()) if code)
    unknown, provisional = [], []
    for code in codes:
        try:
            known = holidays.country_holidays(code, years=range(today.year - 3, today.year + 2))
        except NotImplementedError:
            unknown.append(names.get(code, code))
            continue
        years = {day.year for day in getattr(known, "weekend_workdays", ())}
        if years.issuperset((today.year - 2, today.year - 1)):
            missing = [str(year) for year in (today.year, today.year + 1) if year not in years]
            name = names.get(code, code)
            if missing:
                spoken = " and ".join(missing)
                provisional.append(f"{name}'s working Saturdays for {spoken} are not published yet: provisional")
    if unknown or provisional:
        words = provisional + ([f"no holidays known for {', '.join(unknown)}"] if unknown else [])
        advice = "A newer release of the holidays package brings them." if provisional else "Monday to Friday is taken."
        return Finding(WARNING, "holidays", "; ".join(words), advice)
    return Finding(OK, "holidays", f"known to the end of {today.year + 1} for {', '.join(codes) or 'no country'}")


def examine_outbox(reading: "Connection", now: datetime) -> Iterator[Finding]:
    from sqlalchemy import select

    from cli.outbox import read_last_replies, read_outbox
    from notifications.outbox import is_gone
    from notifications.tables import notification

    outbox = read_outbox(reading, now)
    rows = reading.execute(
        select(notification.c.state, notification.c.next_at, notification.c.lease_until, notification.c.worker).where(
            notification.c.state.in_([str(NotificationState.QUEUED), str(NotificationState.SENDING)])
        )
    ).all()
    sending = [row for row in rows if row.state == NotificationState.SENDING]
    abandoned = sum(row.lease_until < now or is_gone(row.worker) for row in sending)
    late = sum(row.state == NotificationState.QUEUED and row.next_at < now - LATE for row in rows)
    if abandoned:
        told = f"{count(abandoned, 'message')} left behind by a sender that stopped"
        yield Finding(WARNING, "sending", told, "The next tally send takes them up.")
    if late:
        told = f"{count(late, 'message')} more than an hour late"
        yield Finding(BROKEN, "sending", told, "Run tally send, and see that it runs regularly.")
    if outbox.outstanding or outbox.failed:
        replies = "; ".join(read_last_replies(reading))
        told = f"{outbox.outstanding} outstanding, {outbox.failed} failed" + (f": {replies}" if replies else "")
        yield Finding(WARNING, "messages", told, "tally messages --why tells more.")
    else:
        yield Finding(OK, "messages", f"{outbox.waiting} waiting, none outstanding, none failed")


def examine_runs(reading: "Connection", now: datetime) -> Finding:
    """Whether flows run, as the register alone knows it, and how many events still wait to be published."""
    from sqlalchemy import func, select

    from commitments.operations import RUNS_WITHIN, find_last_run
    from commitments.tables import publication

    last = find_last_run(reading)
    waiting = reading.execute(
        select(func.count()).select_from(publication).where(publication.c.published_at.is_(None))
    ).scalar_one()
    if last is None:
        return Finding(OK, "runs", "no flow ever ran here", "tally up starts them; commands do as well.")
    told = f"a flow ran last {_describe_age(now - last)} ago" + (
        f"; {count(waiting, 'event')} {'waits' if waiting == 1 else 'wait'} for Prefect" if waiting else ""
    )
    if now - last > RUNS_WITHIN:
        return Finding(BROKEN, "runs", told, "Start tally up or a worker again; tally watch tells the operator.")
    return Finding(OK, "runs", told)


def _describe_age(age: timedelta) -> str:
    minutes = max(int(age.total_seconds() // 60), 0)
    return count(minutes, "minute") if minutes < 120 else count(minutes // 60, "hour")
