"""Files that people hand in, as evidence or as a document: checked by name and by content, and kept by their SHA-256.

A file is whole and on the disk before a row speaks of it: a crash between the two leaves a file that nobody names,
which the next one who hands in the same content finds there, and never a row without its file.
"""

import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from sqlalchemy import Connection, select

from commitments.failpoints import failpoint
from commitments.filling import Flaw, Flaws, refuse_flaws
from commitments.tables import document, evidence

FIELD = "file"
LONGEST_NAME = 120
_PIECE = 256 * 1024
_HEAD = 64
_UNFINISHED = ".coming-"
_UNFINISHED_SECONDS = 24 * 3600
_MOST_ENTRIES = 20_000
_MACROS = ("vbaproject.bin", "vbadata.xml", "basic/script-lc.xml")

Look = Callable[[BinaryIO, bytes], bool]
"""Whether the content is what the name says, from the file and its first bytes."""


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of file that can be handed in."""

    endings: tuple[str, ...]
    media_type: str
    fits: Look


def _begins(*signatures: bytes, at: int = 0) -> Look:
    return lambda _file, head: any(head[at:].startswith(one) for one in signatures)


def _is_webp(_file: BinaryIO, head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def _is_picture_of_a_phone(_file: BinaryIO, head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc")


def _holds(entry: str, content: bytes = b"") -> Look:
    """A package of a text, sheet or slides: a ZIP that begins as one, with this entry in it (and what it says)."""

    def fits(file: BinaryIO, head: bytes) -> bool:
        if not head.startswith(b"PK\x03\x04"):
            return False
        try:
            file.seek(0)
            with ZipFile(file) as package:
                names = package.namelist()
                if entry not in names or len(names) > _MOST_ENTRIES:
                    return False
                if not content:
                    return True
                with package.open(entry) as part:
                    return part.read(len(content) + 1) == content
        except (BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
            return False

    return fits


def _is_plain_text(file: BinaryIO, _head: bytes) -> bool:
    """UTF-8 throughout, without anything that no text holds."""
    file.seek(0)
    rest = b""
    while True:
        piece = file.read(_PIECE)
        try:
            text = (rest + piece).decode()
            rest = b""
        except UnicodeDecodeError as broken:
            if not piece or broken.start < len(rest + piece) - 3:
                return False
            text, rest = (rest + piece)[: broken.start].decode(), (rest + piece)[broken.start :]
        if any(one < " " and one not in "\t\r\n\f" for one in text):
            return False
        if not piece:
            return not rest


_OPEN = "application/vnd.oasis.opendocument."
_OFFICE = "application/vnd.openxmlformats-officedocument."
TYPES = (
    FileType(("pdf",), "application/pdf", _begins(b"%PDF-")),
    FileType(("png",), "image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    FileType(("jpg", "jpeg"), "image/jpeg", _begins(b"\xff\xd8\xff")),
    FileType(("gif",), "image/gif", _begins(b"GIF87a", b"GIF89a")),
    FileType(("webp",), "image/webp", _is_webp),
    FileType(("heic", "heif"), "image/heic", _is_picture_of_a_phone),
    FileType(("tif", "tiff"), "image/tiff", _begins(b"II*\x00", b"MM\x00*")),
    FileType(("docx",), f"{_OFFICE}wordprocessingml.document", _holds("word/document.xml")),
    FileType(("xlsx",), f"{_OFFICE}spreadsheetml.sheet", _holds("xl/workbook.xml")),
    FileType(("pptx",), f"{_OFFICE}presentationml.presentation", _holds("ppt/presentation.xml")),
    FileType(("odt",), f"{_OPEN}text", _holds("mimetype", f"{_OPEN}text".encode())),
    FileType(("ods",), f"{_OPEN}spreadsheet", _holds("mimetype", f"{_OPEN}spreadsheet".encode())),
    FileType(("odp",), f"{_OPEN}presentation", _holds("mimetype", f"{_OPEN}presentation".encode())),
    FileType(("txt", "csv"), "text/plain", _is_plain_text),
)
"""Every type that is taken. What a browser or an office program would run is not among them."""

_BY_ENDING: Mapping[str, FileType] = {ending: one for one in TYPES for ending in one.endings}


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file as it is kept: its cleaned name, what it is, its hash and its size in bytes."""

    name: str
    media_type: str
    sha256: str
    size: int


def list_endings() -> tuple[str, ...]:
    return tuple(_BY_ENDING)


def clean_name(name: str) -> str:
    """A file's name without its folder and without what no name on a disk may hold; `file` if nothing is left."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    safe = "".join(one if one.isprintable() and one not in '<>:"|?*;%' else "_" for one in last)
    stem, dot, ending = " ".join(safe.split()).strip(". ").rpartition(".")
    if not dot:
        return (ending or "file")[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 1].rstrip('. ') or 'file'}.{ending.lower()}"


def keep_file(folder: Path, name: str, source: BinaryIO, most: int, besides: Flaws = ()) -> KeptFile:
    """Check a file and keep it under its hash; one of the same content is kept once.

    `most` is the largest size in bytes, `besides` what is wrong with what was said of it. Raises Flawed with that and,
    for the field `file`, for one that is empty, too large, of a type that is not taken, not of the type that its name
    says, or with macros in it; nothing is kept of it.
    """
    refuse_flaws([*besides, *_check_file(name, source, most)])
    cleaned = clean_name(name)
    size = source.seek(0, os.SEEK_END)
    return KeptFile(cleaned, _BY_ENDING[_read_ending(cleaned)].media_type, _store(folder, source), size)


def _check_file(name: str, source: BinaryIO, most: int) -> Flaws:
    """What is wrong with a file, the first thing of it; `most` is the largest size in bytes."""
    kind = _BY_ENDING.get(_read_ending(clean_name(name)))
    size = source.seek(0, os.SEEK_END)
    if kind is None:
        return ((FIELD, Flaw.FILE_TYPE),)
    if size == 0:
        return ((FIELD, Flaw.FILE_EMPTY),)
    if size > most:
        return ((FIELD, Flaw.FILE_TOO_LARGE),)
    source.seek(0)
    if not kind.fits(source, source.read(_HEAD)):
        return ((FIELD, Flaw.FILE_CONTENT),)
    return ((FIELD, Flaw.FILE_MACROS),) if _has_macros(source) else ()


def _read_ending(cleaned: str) -> str:
    return cleaned.rpartition(".")[2] if "." in cleaned else ""


def _has_macros(source: BinaryIO) -> bool:
    source.seek(0)
    if source.read(4) != b"PK\x03\x04":
        return False
    with ZipFile(source) as package:
        return any(name.lower().endswith(_MACROS) for name in package.namelist())


def _store(folder: Path, source: BinaryIO) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(folder)
    unfinished = folder / f"{_UNFINISHED}{token_hex(8)}"
    digest = sha256()
    source.seek(0)
    try:
        descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            while piece := source.read(_PIECE):
                digest.update(piece)
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        failpoint("evidence.written")
        if find_file(folder, digest.hexdigest()) is not None:
            return digest.hexdigest()
        kept = place_of(folder, digest.hexdigest())
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        unfinished.replace(kept)
        for changed in (kept.parent, folder):
            _sync_folder(changed)
        failpoint("evidence.kept")
    finally:
        unfinished.unlink(missing_ok=True)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Remove what was being written when the machine went down."""
    before = time.time() - _UNFINISHED_SECONDS
    for one in folder.glob(f"{_UNFINISHED}*"):
        try:
            if one.stat().st_mtime < before:
                one.unlink()
        except FileNotFoundError:
            continue


def place_of(folder: Path, digest: str) -> Path:
    """Where the content of this hash is kept."""
    if re.fullmatch(r"[0-9a-f]{64}", digest) is None:
        raise ValueError("not a SHA-256")
    return folder / digest[:2] / digest


def find_file(folder: Path, digest: str) -> Path | None:
    """The file of this hash, if it is there and its content is still the same."""
    path = place_of(folder, digest)
    try:
        with path.open("rb") as kept:
            found = sha256()
            while piece := kept.read(_PIECE):
                found.update(piece)
    except OSError:
        return None
    return path if found.hexdigest() == digest else None


def name_media_type(name: str) -> str:
    """What a browser is told of a file that is handed out; of a name that is not known, that it is bytes."""
    kind = _BY_ENDING.get(name.rpartition(".")[2].lower())
    return kind.media_type if kind is not None else "application/octet-stream"


def list_missing(reading: Connection, folder: Path) -> Iterator[tuple[str, str]]:
    """The files that rows speak of and that are not there whole: name and hash of each, the hash once."""
    handed_in = (
        select(evidence.c.sha256, evidence.c.file, evidence.c.size)
        .where(evidence.c.size.is_not(None), evidence.c.sha256.is_not(None))
        .order_by(evidence.c.id)
    )
    texts = select(document.c.sha256, document.c.file, document.c.size).order_by(document.c.id)
    seen: set[str] = set()
    for digest, name, size in chain(reading.execute(handed_in), reading.execute(texts)):
        if digest in seen:
            continue
        seen.add(digest)
        try:
            whole = place_of(folder, digest).stat().st_size == size
        except OSError:
            whole = False
        if not whole:
            yield name, digest
