"""Keeps the catalogues in step with what is said: `make catalogues` adds what is new and drops what is gone."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract, extract_from_file
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parent
PORTAL = PACKAGE.parent / "portal"
CATALOGUES = PACKAGE / "catalogues"
PAGE_CATALOGUES = PORTAL / "catalogues"
_UNUSED_HEADERS = (b'"Report-Msgid-Bugs-To:', b'"Last-Translator:', b'"Generated-By:')
_PLACEHOLDER = re.compile(r"%\((\w+?)(?:_at_end|_at|_end)?\)s")
_SAME_SPAN = {"ago": "span", "ahead": "span"}
"""How long ago may be said as how long: "overdue for 8 days" for "was due 8 days ago"."""


_FOR_EVERYBODY = frozenset(
    [
        "answer_views",
        "answering",
        "app",
        "choosing",
        "guards",
        "mailboxes",
        "pages",
        "signing_in",
        "unsubscribing",
        "answer",
        "answered",
        "choices",
        "layout",
        "notice",
        "parts",
        "sign_in",
        "unsubscribe",
    ]
)
"""The pages of the portal that whoever gets a message may come to: they are in every language of the messages. The
others are coordinators' pages, which have a catalogue of their own."""


def extract_phrases() -> Catalog:
    """Everything that is said in messages and behind their links, in the order of the code and the templates."""
    pages = [path for path in _list_portal() if path.stem in _FOR_EVERYBODY]
    return _extract([*sorted(PACKAGE.glob("*.py")), *sorted((PACKAGE / "templates").rglob("*")), *pages])


def extract_page_phrases() -> Catalog:
    """What is said on the coordinators' pages only."""
    pages, known = _extract([path for path in _list_portal() if path.stem not in _FOR_EVERYBODY]), extract_phrases()
    for message in list(pages):
        if message.id and message.id in known:
            pages.delete(message.id)
    return pages


def _list_portal() -> list[Path]:
    return [*sorted(PORTAL.glob("*.py")), *sorted((PORTAL / "templates").rglob("*"))]


def _extract(paths: Iterable[Path]) -> Catalog:
    found = Catalog(charset="utf-8")
    paths = list(paths)
    for module in (path for path in paths if path.suffix == ".py"):
        for _, message, comments, context in extract_from_file("python", str(module)):
            found.add(message, auto_comments=comments, context=context)
    for template in (path for path in paths if path.suffix in (".txt", ".html")):
        with template.open("rb") as source:
            for _, message, comments, context in extract(
                "jinja2.ext:babel_extract", source, options={"silent": "false"}
            ):
                found.add(message, auto_comments=comments, context=context)
    return found


def read_catalogue(path: Path) -> Catalog:
    """A catalogue from its file; ValueError says in which line it cannot be read."""
    with path.open("rb") as source:
        return read_po(source, locale=path.stem, abort_invalid=True)


def update_catalogue(path: Path, phrases: Catalog) -> None:
    """Write the catalogue anew: what is new gets an empty place, what is no longer said goes; comments stay."""
    catalogue = read_catalogue(path) if path.exists() else Catalog(locale=path.stem, project="Tallystick")
    catalogue.update(phrases, no_fuzzy_matching=True, update_creation_date=False, update_header_comment=False)
    written = BytesIO()
    write_po(written, catalogue, width=0, no_location=True, ignore_obsolete=True)
    lines = written.getvalue().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if not line.startswith(_UNUSED_HEADERS)))


def find_faults(catalogue: Catalog, phrases: Catalog) -> Iterator[str]:
    """What is missing, unsure, unknown or wrong in a catalogue, a sentence each, with its line where it has one."""
    known = {message.id: message for message in catalogue if message.id}
    wanted = {message.id: message for message in phrases if message.id}
    for one in wanted.keys() - known.keys():
        yield f"missing: {_name_phrase(one)!r}"
    for one in known.keys() - wanted.keys():
        yield f"{_place(known[one])}no longer said: {_name_phrase(one)!r}"
    for one in wanted.keys() & known.keys():
        for fault in examine_message(known[one], catalogue.num_plurals):
            yield f"{_place(known[one])}{fault}: {_name_phrase(one)!r}"


def examine_message(message: Message, plurals: int) -> Iterator[str]:
    """What is wrong in one entry."""
    forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
    if not all(form and form.strip() for form in forms):
        yield "not translated"
        return
    if message.fuzzy:
        yield "marked as unsure (fuzzy)"
    if not isinstance(message.id, str) and len(forms) != plurals:
        yield f"{len(forms)} plural forms where the language has {plurals}"
    english = [message.id] if isinstance(message.id, str) else list(message.id)
    asked = _list_placeholders(english)
    for form in forms:
        found = _list_placeholders([form])
        for name in sorted(asked - found):
            yield f"%({name})s is left out"
        for name in sorted(found - asked):
            yield f"%({name})s is not known here"
        if len(re.findall(r"%", form)) != len(re.findall(r"%\(\w+\)s|%%", form)):
            yield "a % that begins no name"


def _list_placeholders(forms: Iterable[str]) -> set[str]:
    return {_SAME_SPAN.get(one, one) for form in forms for one in _PLACEHOLDER.findall(form)}


def _name_phrase(message_id: str | Sequence[str]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def _place(message: Message) -> str:
    return f"line {message.lineno}: " if message.lineno else ""


def main(languages: list[str]) -> int:
    """Bring the catalogues up to date; the languages named are begun if there is no catalogue for them yet."""
    names = {path.stem for path in CATALOGUES.glob("*.po")}
    names |= {str(Locale.parse(language.replace("-", "_"))) for language in languages}
    phrases, pages = extract_phrases(), extract_page_phrases()
    paths = [*((CATALOGUES / f"{name}.po", phrases) for name in sorted(names))]
    paths += [(path, pages) for path in sorted(PAGE_CATALOGUES.glob("*.po"))]
    faulty = 0
    for path, phrases in paths:
        update_catalogue(path, phrases)
        faults = sorted(find_faults(read_catalogue(path), phrases))
        faulty += bool(faults)
        sys.stdout.write(
            f"{path.parent.parent.name}/{path.name}: {len(phrases)} phrases, {len(faults) or 'no'} faults\n"
        )
        sys.stdout.writelines(f"  {fault}\n" for fault in faults)
    return int(faulty > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
