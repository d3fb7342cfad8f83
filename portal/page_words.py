"""The words of the coordinators' pages: those of the messages, and those that only these pages say.

They are complete in English and Chinese. A reader of another language gets the pages in English throughout, and their
messages and answer pages in their own.
"""

from functools import lru_cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from notifications.languages import load_words
from notifications.wording import Words

CATALOGUES = Path(__file__).parent / "catalogues"


def load_page_words(language: str) -> Words:
    """The words for a reader of this language; a Words like that of a message, for all that describes things."""
    name = str(load_words(language).locale)
    return _load(name) if (CATALOGUES / f"{name}.po").is_file() else load_words("en")


@lru_cache(maxsize=1)
def list_page_languages() -> tuple[str, ...]:
    """The languages in which these pages are complete, as tags."""
    return ("en", *(path.stem.replace("_", "-") for path in sorted(CATALOGUES.glob("*.po"))))


@lru_cache(maxsize=8)
def _load(name: str) -> Words:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (CATALOGUES / f"{name}.po").open("rb") as source:
        catalogue = read_po(source, locale=name)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    pages = GNUTranslations(compiled)
    usual = load_words(name.replace("_", "-"))
    pages.add_fallback(usual.translations)
    return Words(usual.locale, pages)
