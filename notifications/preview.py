"""Writes one message of a kind to files, from the register or a sample, and finds what is wrong in the house's own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from secrets import token_hex

from sqlalchemy import Connection, select

from commitments.agreement_file import parse_house_policy
from commitments.errors import InvalidFiles
from commitments.facts import Person
from commitments.reconcile import Rules, load_rules
from commitments.settings import Settings
from commitments.vocabulary import ContactRole, NotificationKind
from notifications.chat_text import write_chat
from notifications.composing import compose_messages, find_reply, is_empty
from notifications.digests import Pictures
from notifications.house import CHAT, PAGE, PARTS, POLICY, Fault, explain_fault, find_part, find_strangers
from notifications.languages import UnreadableCatalogue, load_words
from notifications.letters import make_letter
from notifications.links import Links
from notifications.messages import Message
from notifications.mime import MailDomain, build_letter, message_id_for
from notifications.names import Names, load_names
from notifications.pictures import draw_summary
from notifications.rendering import build_environment, check_written, describe_message, write_safely
from notifications.rhythm import gets_summary
from notifications.samples import make_messages
from notifications.services import Markup, Unit
from notifications.tables import notification

LOOKED_THROUGH = 200
"""So many of the newest messages of a kind are looked through for one that still has something to say."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What was written where; `real` says whether it is from the register."""

    subject: str
    files: tuple[Path, ...]
    real: bool
    faults: tuple[Fault, ...]


def preview_message(message: Message, settings: Settings, folder: Path, now: datetime, *, real: bool) -> Preview:
    """Write the message's subject, text, HTML and whole letter to the folder, with what goes along.

    Whatever is wrong in the house's files is among the faults; the files then show what is sent in their place.
    """
    faults = set(find_house_faults(settings.house_folder, message.language))
    written = write_safely(message, settings.house_folder, faults.add)
    domain = settings.sender.rpartition("@")[2]
    key = f"preview|{message.kind}|{message.language}"
    letter = make_letter(
        settings, message, written, message_id=message_id_for(key, MailDomain(domain, b"preview")), key=key,
        address=f"reader@{domain}", sent_at=now,
    )  # fmt: skip
    html = written.html
    contents: dict[str, bytes] = {"subject.txt": f"{written.subject}\n".encode(), "txt": written.text.encode()}
    for one in letter.enclosures:
        contents[one.file_name.rpartition(".")[2]] = one.content
        if one.content_id is not None:
            html = html.replace(f"cid:{one.content_id}", f"{message.kind}.{written.tag}.png")
    contents |= {"html": html.encode(), "eml": build_letter(letter)}
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for ending, content in contents.items():
        path = folder / f"{message.kind}.{written.tag}.{ending}"
        path.write_bytes(content)
        files.append(path)
    return Preview(written.subject, tuple(files), real, tuple(sorted(faults, key=str)))


def open_mock_links(settings: Settings) -> Links | None:
    """Links that look as they will, and answer nothing: a preview may be shown to anybody."""
    if settings.pages_url is None:
        return None
    return Links(settings.pages_url, (token_hex(),), settings.answer_days)


def make_sample(kind: NotificationKind, language: str) -> Message:
    """A message of the kind, as it might be."""
    return make_messages(language)[str(kind)]


def find_message(
    reading: Connection,
    kind: NotificationKind,
    today: date,
    *,
    to: Person | None,
    language: str | None,
    links: Links | None,
    settings: Settings | None = None,
) -> Message | None:
    """The newest message of the kind that has something to say, or how it would be today; None if there is none.

    The `settings` say where the documents lie whose sentences are shown.
    """
    rules, names = load_rules(reading), load_names(reading)
    if language is not None:
        people = {key: replace(person, language=language, states_language=True) for key, person in rules.people.items()}
        rules = replace(rules, people=people)
        to = people[to.id] if to is not None else None
    if kind in (NotificationKind.DIGEST, NotificationKind.SUMMARY):
        return _draw(reading, kind, today, rules, names, to, links)
    query = select(notification).where(notification.c.kind == str(kind)).order_by(notification.c.id.desc())
    if to is not None:
        query = query.where(notification.c.contact_id == to.id)
    rows = [row for row in reading.execute(query.limit(LOOKED_THROUGH)) if row.contact_id in rules.people]
    messages = compose_messages(reading, rows, rules, names, today, links=links, settings=settings)
    told = (messages[row.id] for row in rows if row.id in messages)
    return next((message for message in told if not is_empty(message)), None)


def gets_overview(person: Person, kind: NotificationKind) -> bool:
    """Whether a digest or a summary ever comes to a person in this role; any other kind may."""
    if kind is NotificationKind.DIGEST:
        return person.role is ContactRole.COORDINATOR
    return kind is not NotificationKind.SUMMARY or gets_summary(person)


def _draw(
    reading: Connection,
    kind: NotificationKind,
    today: date,
    rules: Rules,
    names: Names,
    to: Person | None,
    links: Links | None,
) -> Message | None:
    role = ContactRole.LEADER if kind is NotificationKind.SUMMARY else ContactRole.COORDINATOR
    readers = [to] if to is not None else [
        person for person in rules.people.values() if person.role is role and person.is_in_office(today)
    ]  # fmt: skip
    pictures = Pictures(reading, rules, names)
    for person in readers:
        digest = pictures.digest_of(person, today) if kind is NotificationKind.DIGEST else None
        summary = pictures.summary_of(person, today) if kind is NotificationKind.SUMMARY else None
        if (digest or summary) and (digest or summary).agreements:  # type: ignore[union-attr]
            name, mail = find_reply(person, rules, names, today)
            return Message(
                kind, today, names.contacts[person.id][0], person.language, (), 0, digest, summary, name, mail,
                base_url=links.base_url if links is not None else None,
                choices_link=links.write_choices(person.id) if links is not None else None,
                unsubscribe_link=links.write_unsubscribe(person.id, str(kind)) if links is not None else None,
            )  # fmt: skip
    return None


def find_house_faults(house: Path | None, language: str = "en") -> Iterator[Fault]:
    """Everything that is wrong in the files of the house: each template by itself, each catalogue, each stray file."""
    if house is None:
        return
    yield from find_strangers(house)
    yield from _find_catalogue_faults(house)
    yield from _find_policy_faults(house)
    for part in (*PARTS, CHAT, PAGE):
        if (house / part).is_file():
            yield from _try_part(house, part, language)


def _try_part(house: Path, part: str, language: str) -> Iterator[Fault]:
    """Write samples by one template alone, so that one fault does not hide another."""

    for message in make_messages(language).values():
        try:
            _write_part(message, house, part)
        except UnreadableCatalogue:
            return
        except Exception as fault:  # whatever a template of the operator's does wrong is to be told
            found = find_part(fault)
            yield explain_fault(fault, part if found == "templates" else found)
            return


def _write_part(message: Message, house: Path, part: str) -> None:
    """Render one file of the house; what it does wrong is raised as it comes."""
    words = load_words(message.language, house)
    if part == CHAT:
        write_chat(message, Markup.PLAIN, 4000, Unit.CHARACTERS, house)
    elif part == PAGE:
        if message.summary is not None:
            draw_summary(words, message, house)
    else:
        view = describe_message(words, message, with_picture=message.summary is not None)
        check_written(part, build_environment(words, house).get_template(part).render(view=view))


def _find_policy_faults(house: Path) -> Iterator[Fault]:
    path = house / POLICY
    if path.is_file():
        try:
            parse_house_policy(path.read_bytes(), POLICY)
        except InvalidFiles as invalid:
            for one in invalid.problems:
                yield Fault(POLICY, one.line, f"{one.field}: found {one.found}; expected {one.expected}")


def _find_catalogue_faults(house: Path) -> Iterator[Fault]:
    from notifications.catalogue import CATALOGUES, examine_message, extract_phrases, read_catalogue

    for path in sorted(house.glob("*.po")):
        try:
            load_words(path.stem, house)
            catalogue = read_catalogue(path)
        except UnreadableCatalogue as fault:
            yield Fault(fault.file, fault.line, fault.found)
            continue
        except Exception as fault:  # a name that is no language, an encoding that does not exist
            yield Fault(path.name, None, f"this is no catalogue: {fault}")
            continue
        wanted = {message.id for message in extract_phrases() if message.id}
        for message in catalogue:
            if message.id and message.id not in wanted:
                yield Fault(path.name, message.lineno, f"this phrase is not said: {message.id!r}")
            elif message.id and message.string:
                for found in examine_message(message, catalogue.num_plurals):
                    yield Fault(path.name, message.lineno, f"{found}: {message.id!r}")
        missing = wanted - {message.id for message in catalogue if message.id and message.string}
        if path.stem != "en" and not (CATALOGUES / path.name).is_file() and missing:
            yield Fault(path.name, None, f"{len(missing)} phrases are not translated and are said in English")
