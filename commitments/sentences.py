"""The sentence of a commitment: from the register, or from its source document where that is at hand and unchanged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from commitments.evidence_files import place_of
from commitments.settings import Settings
from commitments.tables import agreement, document

LARGEST_TEXT = 5 * 1024 * 1024
"""In bytes; a document beyond it is no text of an agreement."""
UNKNOWN_LANGUAGE = "und"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where source documents may lie. Each is read once for as long as it stays as it is, whoever asks."""

    folders: tuple[Path, ...]
    kept: Mapping[str, Path] = field(default_factory=dict)
    """Files that were handed in, by their SHA-256: a document whose hash is on record is one of them before all."""
    found: dict[tuple[str, str | None], str | None] = field(default_factory=dict, compare=False, repr=False)
    """What was looked for already: many commitments stand in one document."""

    def read_document(self, name: str, digest: str | None = None) -> str | None:
        """The text of a document; nothing if it is not at hand."""
        looked_for = name, digest
        if looked_for not in self.found:
            self.found[looked_for] = self._find_document(name, digest)
        return self.found[looked_for]

    def _find_document(self, name: str, digest: str | None) -> str | None:
        own = self.kept.get(digest) if digest else None
        text = _read(own) if own is not None else None
        if text is not None:
            return text
        for root in self.folders:
            path = _find_within(root, name)
            if path is not None and (text := _read(path)) is not None:
                return text
        return None


@dataclass(frozen=True, slots=True)
class Quoted:
    """What stands where a commitment is said to stand."""

    texts: Mapping[str, str]
    """The sentence by language."""
    absent: tuple[str, ...] = ()
    """Documents that are not at hand."""
    changed: tuple[str, ...] = ()
    """Documents that no longer say there what was recorded."""


def list_folders(sources: Path | None) -> tuple[Path, ...]:
    """Where the pages and messages look: in the folder of the settings, or beside the examples.

    What an agreement's file names is looked for there alone: whoever writes one could learn from a matching hash what
    stands in any other file.
    """
    return tuple(folder for folder in (sources, Path("examples")) if folder is not None)


def load_shelf(reading: Connection, settings: Settings, agreement_ids: Iterable[int]) -> Shelf:
    """Where the documents of these agreements lie, with those that were handed in and not withdrawn: one statement."""
    rows = reading.execute(
        select(document.c.sha256).where(
            document.c.agreement_id.in_(sorted(set(agreement_ids))), document.c.withdrawn_on.is_(None)
        )
    )
    kept = {digest: place_of(settings.evidence_folder, digest) for digest in rows.scalars()}
    return Shelf(list_folders(settings.sources), kept)


def load_sentences(reading: Connection, settings: Settings, promises: Iterable[Any]) -> dict[int, Mapping[str, str]]:
    """What documents at hand say, by language and by the commitment's id, where its row has no sentence of its own.

    Rows have `commitment_id`, `agreement_id`, `quote`, `source` and `quote_sources`. Two statements for any number of
    them; none where no document is named.
    """
    pointing = {row.commitment_id: row for row in promises if not row.quote and (row.quote_sources or row.source)}
    if not pointing:
        return {}
    agreement_ids = {row.agreement_id for row in pointing.values()}
    shelf = load_shelf(reading, settings, agreement_ids)
    rows = reading.execute(select(agreement.c.id, agreement.c.sources).where(agreement.c.id.in_(sorted(agreement_ids))))
    sources = {row.id: row.sources for row in rows}
    quoted = {one: find_quote(shelf, row, sources[row.agreement_id]).texts for one, row in pointing.items()}
    return {one: texts for one, texts in quoted.items() if texts}


def find_quote(shelf: Shelf, promise: Any, sources: Sequence[Mapping[str, Any]]) -> Quoted:
    """The sentence of a commitment, whose row has `quote`, `source` and `quote_sources`.

    `sources` are the documents of its agreement. Only what has the recorded SHA-256 is a sentence.
    """
    if promise.quote:
        return Quoted(dict(promise.quote))
    known = {one["document"]: one for one in sources}
    places: dict[str, Mapping[str, Any]] = dict(promise.quote_sources or {})
    if not places and promise.source:
        named = known.get(promise.source["document"], {})
        places = {named.get("language") or UNKNOWN_LANGUAGE: promise.source}
    texts: dict[str, str] = {}
    absent, changed = [], []
    for language, place in places.items():
        name = place["document"]
        text = shelf.read_document(name, known.get(name, {}).get("sha256"))
        if text is None:
            absent.append(name)
            continue
        span = text[place["start"] : place["end"]]
        if sha256(span.encode()).hexdigest() == place.get("sha256"):
            texts[language] = span
        else:
            changed.append(name)
    return Quoted(texts, tuple(dict.fromkeys(absent)), tuple(dict.fromkeys(changed)))


def _find_within(folder: Path, name: str) -> Path | None:
    root = folder.resolve()
    try:
        path = (root / name).resolve()
    except (OSError, ValueError):  # a name that no file can have
        return None
    return path if path.is_relative_to(root) else None


def _read(path: Path) -> str | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _read_unchanged(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=64)
def _read_unchanged(path: Path, _changed_at: int, size: int) -> str | None:
    if size > LARGEST_TEXT or not path.is_file():
        return None
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
