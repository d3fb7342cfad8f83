"""What the doctor finds in the register: whether it can be read, what it holds, what waits, and whether flows run."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.findings import BROKEN, OK, WARNING, Finding
from cli.screen import count
from commitments.errors import TallyError
from commitments.vocabulary import NotificationState

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from commitments.settings import Settings

LATE = timedelta(hours=1)


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

    from commitments.sentences import Shelf, list_folders
    from commitments.tables import agreement

    rows = reading.execute(select(agreement.c.sources)).scalars()
    documents = sorted({source["document"] for sources in rows for source in sources})
    if settings.sources is not None and not settings.sources.is_dir():
        return Finding(BROKEN, "sources", f"{settings.sources} is no folder", "Look at TALLY_SOURCES.")
    shelf = Shelf((*list_folders(settings.sources), Path()))
    missing = [name for name in documents if shelf.read_document(name) is None]
    found = f"{len(documents) - len(missing)} of {count(len(documents), 'source document')} at hand"
    if missing and settings.sources is not None:
        return Finding(
            WARNING, "sources", f"{found}; missing: {', '.join(missing[:5])}", f"Put them in {settings.sources}."
        )
    return Finding(OK, "sources", found, "Set TALLY_SOURCES to their folder to see their sentences." if missing else "")


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


def examine_holidays(reading: "Connection", today: date) -> Finding:
    """Whether the days of rest of next year are known; some countries publish their working Saturdays late."""
    import holidays
    from babel import Locale
    from sqlalchemy import select

    from commitments.calendar import has_holidays, list_countries, suggest_country
    from commitments.tables import party

    names = Locale("en").territories
    places = [tuple(row) for row in reading.execute(select(party.c.country, party.c.subdivision).distinct()) if row[0]]
    codes = sorted({code for code, _ in places})
    strange, unknown, provisional = [], [], []
    for code in codes:
        if code not in list_countries():
            meant = suggest_country(code)
            strange.append(f"{code} is no country" + (f" (did you mean {meant}?)" if meant else ""))
            continue
        if not has_holidays(code):
            unknown.append(names.get(code, code))
            continue
        known = holidays.country_holidays(code, years=range(today.year - 3, today.year + 2))
        years = {day.year for day in getattr(known, "weekend_workdays", ())}
        if years.issuperset((today.year - 2, today.year - 1)):
            missing = [str(year) for year in (today.year, today.year + 1) if year not in years]
            name = names.get(code, code)
            if missing:
                spoken = " and ".join(missing)
                provisional.append(f"{name}'s working Saturdays for {spoken} are not published yet: provisional")
    parts = sorted(
        f"{code}-{part}" for code, part in places if part and has_holidays(code) and not has_holidays(code, part)
    )
    words = strange + provisional
    words += [f"no holidays known for {', '.join(unknown)}"] if unknown else []
    words += [f"those of the whole country are kept for {', '.join(parts)}"] if parts else []
    if words:
        advice = "A newer release of the holidays package brings them." if provisional else "Monday to Friday is taken."
        if parts:
            advice = "Put the part of the country right in an agreement file, or leave it out, and import it."
        if strange:
            advice = "Put the country right in an agreement file and import it."
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
