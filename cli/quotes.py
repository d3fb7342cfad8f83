"""The sentence of a commitment: from the register, or from its source document where that is at hand and unchanged."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any


class Shelf:
    """The folders in which source documents may lie; each document is read once."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._texts: dict[str, str | None] = {}

    def read_document(self, document: str) -> str | None:
        """The text of a document; nothing if it lies in none of the folders."""
        if document not in self._texts:
            self._texts[document] = self._find(document)
        return self._texts[document]

    @cached_property
    def _roots(self) -> list[Path]:
        return [folder.resolve() for folder in self._folders]

    def _find(self, document: str) -> str | None:
        for root in self._roots:
            path = (root / document).resolve()
            if path.is_relative_to(root) and path.is_file():
                return path.read_text(encoding="utf-8", errors="replace")
        return None


def list_folders(sources: Path | None) -> list[Path]:
    """Where source documents may lie: in the folder of the settings, in the working folder, or beside its examples."""
    return [folder for folder in (sources, Path(), Path("examples")) if folder is not None]


def find_quote(
    shelf: Shelf,
    quote: Mapping[str, str],
    source: Mapping[str, Any] | None,
    quote_sources: Mapping[str, Mapping[str, Any]],
    languages: Mapping[str, str],
) -> tuple[dict[str, str] | None, str | None]:
    """The sentence by language, or nothing and why not; `languages` gives the language of each document."""
    if quote:
        return dict(quote), None
    places = dict(quote_sources)
    if not places and source:
        places = {languages.get(source["document"], "und"): source}
    found: dict[str, str] = {}
    notes: list[str] = []
    for language, place in places.items():
        text = shelf.read_document(place["document"])
        if text is None:
            notes.append(f"{place['document']} is not at hand; set TALLY_SOURCES to its folder")
            continue
        span = text[place["start"] : place["end"]]
        if sha256(span.encode()).hexdigest() == place.get("sha256"):
            found[language] = span
        else:
            notes.append(f"{place['document']} no longer says there what was recorded: the SHA-256 differs")
    if found:
        return found, None
    return None, "; ".join(dict.fromkeys(notes)) or "the register holds no sentence and no place in a source"
