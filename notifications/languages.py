"""The languages in which messages are written: the catalogue of each, and those of the house's own.

English is the source; every other language is a catalogue `catalogues/<locale>.po`, read when it is first needed.
A language without a catalogue is written in English throughout, dates included: never half of each.
"""

from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel.core import Locale, UnknownLocaleError, get_global

from commitments.errors import TallyError
from notifications.wording import Words

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

CATALOGUES = Path(__file__).parent / "catalogues"
_SOURCE = "en_GB"
_CHINESE = "zh_Hans"


def load_words(language: str, house: Path | None = None) -> Words:
    """The words of a language tag such as zh, zh-CN or zh-Hans; English for a language without a catalogue.

    `house` is a folder with catalogues of the house's own: they may add a language, or change some phrases of one.
    Raises UnreadableCatalogue.
    """
    if house is None:
        return _load_words(find_catalogue(language))
    name = find_catalogue(language, house)
    own = house / f"{name}.po"
    changed = own.stat().st_mtime_ns if own.is_file() else None
    return _load_house_words(name, own, changed) if changed is not None else _load_words(name)


class UnreadableCatalogue(TallyError):
    """A catalogue of the house is no catalogue."""

    def __init__(self, file: str, line: int | None, found: str) -> None:
        self.file, self.line, self.found = file, line, found
        super().__init__(f"{file}:{line}: {found}" if line else f"{file}: {found}")


@lru_cache(maxsize=256)
def find_catalogue(language: str, house: Path | None = None) -> str:
    """The name of the catalogue for a language tag, or that of the source language."""
    locale = _parse(language.strip().replace("-", "_"))
    if locale is None:
        return _SOURCE
    if locale.script is None:
        # What is likely need not be known: of Norwegian (`no`) only its two written forms are.
        locale = _parse(get_global("likely_subtags").get(str(locale)) or str(locale)) or locale
    parts = (locale.language, locale.script, locale.territory)
    for chosen in ((0, 1, 2), (0, 1), (0, 2), (0,)):
        name = "_".join(part for part in (parts[at] for at in chosen) if part)
        if (CATALOGUES / f"{name}.po").is_file() or (house is not None and (house / f"{name}.po").is_file()):
            return name
    # Simplified characters can be read by whoever reads traditional ones; English perhaps not.
    return _CHINESE if locale.language == "zh" else _SOURCE


def _parse(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag)
    except (ValueError, UnknownLocaleError, TypeError):
        return None


def list_languages(house: Path | None = None) -> tuple[str, ...]:
    """The tags of the languages in which messages are written, those of the house's own catalogues among them."""
    own = house.glob("*.po") if house is not None else ()
    return tuple(sorted({"en", *(path.stem.replace("_", "-") for path in (*CATALOGUES.glob("*.po"), *own))}))


def speaks_language(language: str, house: Path | None = None) -> bool:
    """Whether messages are written in a language: one without a catalogue is said in English."""
    return find_catalogue(language, house) != _SOURCE or language.lower().replace("_", "-").split("-")[0] == "en"


@lru_cache(maxsize=32)
def _load_words(name: str) -> Words:
    if name == _SOURCE:
        return Words(Locale.parse(_SOURCE), NullTranslations())
    from babel.messages.pofile import read_po

    with (CATALOGUES / f"{name}.po").open("rb") as source:
        return _make_words(name, read_po(source, locale=name))


@lru_cache(maxsize=32)
def _load_house_words(name: str, own: Path, _changed: int) -> Words:
    """The house's phrases over those of the product, if it speaks the language at all."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import PoFileError, read_po

    try:
        with own.open("rb") as source:
            wanted = read_po(source, locale=name, abort_invalid=True)
    except PoFileError as fault:
        raise UnreadableCatalogue(own.name, fault.lineno + 1, f"found {fault.line!r}: {fault}") from None
    except (ValueError, UnicodeDecodeError) as fault:
        raise UnreadableCatalogue(own.name, None, str(fault)) from None
    usual = CATALOGUES / f"{name}.po"
    if usual.is_file():
        with usual.open("rb") as source:
            catalogue = read_po(source, locale=name)
    else:
        catalogue = Catalog(locale=name)
    for message in wanted:
        if message.id and message.string and not message.fuzzy:
            catalogue.delete(message.id if isinstance(message.id, str) else message.id[0])
            catalogue.add(message.id, message.string)
    return _make_words(name, catalogue)


def _make_words(name: str, catalogue: "Catalog") -> Words:
    from babel.messages.mofile import write_mo

    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Words(Locale.parse(name), GNUTranslations(compiled))
