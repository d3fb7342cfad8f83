"""The sentence of a commitment: from the register, or from its source document where that is at hand and unchanged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
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


class Unlike(StrEnum):
    """Why a sentence on record is not what stands where it is said to stand."""

    FINGERPRINT = "fingerprint"
    """It has not the SHA-256 that is recorded of the place."""
    DOCUMENT = "document"
    """It has that, but the document at hand says something else there."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What stands where a commitment is said to stand."""

    texts: Mapping[str, str]
    """The sentence by language."""
    absent: tuple[str, ...] = ()
    """Documents that are not at hand."""
    changed: tuple[str, ...] = ()
    """Documents that no longer say there what was recorded."""
    unlike: Mapping[str, Unlike] = field(default_factory=dict)
    """Languages of sentences on record that do not stand where they are said to."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """What does stand there, where the document is at hand and has the recorded SHA-256."""

    @property
    def genuine(self) -> dict[str, str]:
        """What may be told as the agreement's own words: those sentences that nothing contradicts, and what does."""
        return {one: text for one, text in self.texts.items() if one not in self.unlike} | dict(self.instead)


@dataclass(frozen=True, slots=True)
class Placed:
    """The sentences of a commitment and where they are said to stand, as its row has them."""

    quote: Mapping[str, str]
    source: Mapping[str, Any] | None
    quote_sources: Mapping[str, Mapping[str, Any]]


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

    One whose own sentence is not what stands at its place is there without it: nobody is told it as the agreement's.
    Rows have `commitment_id`, `agreement_id`, `quote`, `source` and `quote_sources`. Two statements for any number of
    them; none where no document is named.
    """
    pointing = {row.commitment_id: row for row in promises if row.quote_sources or row.source}
    if not pointing:
        return {}
    agreement_ids = {row.agreement_id for row in pointing.values()}
    shelf = load_shelf(reading, settings, agreement_ids)
    rows = reading.execute(select(agreement.c.id, agreement.c.sources).where(agreement.c.id.in_(sorted(agreement_ids))))
    sources = {row.id: row.sources for row in rows}
    found = {one: find_quote(shelf, row, sources[row.agreement_id]) for one, row in pointing.items()}
    return {
        one: quoted.genuine
        for one, quoted in found.items()
        if quoted.unlike or (quoted.texts and not pointing[one].quote)
    }


def find_quote(shelf: Shelf, promise: Any, sources: Sequence[Mapping[str, Any]]) -> Quoted:
    """The sentence of a commitment, whose row has `quote`, `source` and `quote_sources`.

    `sources` are the documents of its agreement. Of a document only what has the recorded SHA-256 is a sentence; one
    on record is given as it is, and named among those that are `unlike` where it is not what stands there.
    """
    known = {one["document"]: one for one in sources}
    if promise.quote:
        unlike = find_unlike(promise, sources, shelf)
        places = {one: find_place(promise, sources, one) for one in unlike}
        spans = {one: _read_span(shelf, place, known) for one, place in places.items() if place is not None}
        instead = {one: span for one, (span, is_recorded) in spans.items() if span is not None and is_recorded}
        return Quoted(dict(promise.quote), unlike=unlike, instead=instead)
    stands: dict[str, Mapping[str, Any]] = dict(promise.quote_sources or {})
    if not stands and promise.source:
        named = known.get(promise.source["document"], {})
        stands = {named.get("language") or UNKNOWN_LANGUAGE: promise.source}
    texts: dict[str, str] = {}
    absent, changed = [], []
    for language, place in stands.items():
        span, is_recorded = _read_span(shelf, place, known)
        if span is None:
            absent.append(place["document"])
        elif is_recorded:
            texts[language] = span
        else:
            changed.append(place["document"])
    return Quoted(texts, tuple(dict.fromkeys(absent)), tuple(dict.fromkeys(changed)))


def find_place(promise: Any, sources: Sequence[Mapping[str, Any]], language: str) -> Mapping[str, Any] | None:
    """Where the sentence in a language is said to stand; None where that is not on record. Pure.

    The place of the commitment as a whole is that of the language of its document, or of an only sentence.
    """
    if language in promise.quote_sources:
        place: Mapping[str, Any] = promise.quote_sources[language]
        return place
    if not promise.source:
        return None
    spoken = next((one.get("language") for one in sources if one["document"] == promise.source["document"]), None)
    is_meant = language == spoken or (not spoken and len(promise.quote) == 1)
    whole: Mapping[str, Any] = promise.source
    return whole if is_meant else None


def find_unlike(promise: Any, sources: Sequence[Mapping[str, Any]], shelf: Shelf | None = None) -> dict[str, Unlike]:
    """The languages of sentences on record that are not what stands at their place, each with how that is known.

    Compared by the SHA-256 of the place, and with the document where the `shelf` has it; there, where the lines break
    makes no other sentence.
    """
    unlike: dict[str, Unlike] = {}
    known = {one["document"]: one for one in sources}
    for language, sentence in promise.quote.items():
        place = find_place(promise, sources, language)
        if place is None:
            continue
        span, _ = _read_span(shelf, place, known) if shelf is not None else (None, False)
        if span is not None and "".join(span.split()) == "".join(sentence.split()):
            continue
        if sha256(sentence.encode()).hexdigest() != place.get("sha256"):
            unlike[language] = Unlike.FINGERPRINT
        elif span is not None:
            unlike[language] = Unlike.DOCUMENT
    return unlike


def _read_span(
    shelf: Shelf, place: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]
) -> tuple[str | None, bool]:
    """What a document says at a place, and whether that has the recorded SHA-256; None if it is not at hand."""
    name = place["document"]
    text = shelf.read_document(name, known.get(name, {}).get("sha256"))
    if text is None:
        return None, False
    span = text[place["start"] : place["end"]]
    return span, sha256(span.encode()).hexdigest() == place.get("sha256")


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
