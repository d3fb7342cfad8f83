"""Reads the letters that came back: from a mailbox by IMAP, a Maildir, an mbox file, or a folder of .eml files."""

import imaplib
import mailbox
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from commitments.errors import SettingsError
from notifications.bounces import SIZE_LIMIT

Handle = Callable[[bytes], None]
MOST_LETTERS = 5_000
"""One reading takes no more, so that it ends; the next goes on."""
_SECONDS = 30.0
_SCHEMES = ("imap", "imaps", "maildir", "mbox", "folder")


def read_letters(address: str, handle: Handle) -> int:
    """Hand each letter to `handle`, and mark it as read once that has returned; returns how many there were.

    `address` is `imaps://user:password@host/INBOX`, `maildir:PATH`, `mbox:PATH` or `folder:PATH`. Letters are never
    removed. Raises SettingsError, which repeats no password, for a place that cannot be read.
    """
    scheme, _, rest = address.strip().partition(":")
    if scheme not in _SCHEMES or not rest:
        raise SettingsError(
            "the bounce mailbox cannot be used; expected imaps://user:password@host/INBOX, maildir:PATH, mbox:PATH or "
            "folder:PATH"
        )
    if scheme.startswith("imap"):
        return _read_imap(address.strip(), handle)
    path = Path(rest)
    if not path.exists():
        raise SettingsError(f"the bounce mailbox cannot be read: there is no {path}")
    try:
        return {"maildir": _read_maildir, "mbox": _read_mbox, "folder": _read_folder}[scheme](path, handle)
    except (OSError, mailbox.Error) as fault:
        raise SettingsError(f"the bounce mailbox {path} cannot be read: {fault}") from None


def _read_folder(path: Path, handle: Handle) -> int:
    files = [path] if path.is_file() else sorted(path.glob("*.eml"))
    for file in files:
        if file.stat().st_size <= SIZE_LIMIT:
            handle(file.read_bytes())
    return len(files)


def _read_mbox(path: Path, handle: Handle) -> int:
    box = mailbox.mbox(path, create=False)
    try:
        count = 0
        for key in box.iterkeys():
            handle(box.get_bytes(key))
            count += 1
        return count
    finally:
        box.close()


def _read_maildir(path: Path, handle: Handle) -> int:
    box = mailbox.Maildir(path, create=False)
    count = 0
    for key in sorted(box.iterkeys()):
        letter = box.get_message(key)
        if "S" in letter.get_flags() or count == MOST_LETTERS:
            continue
        handle(box.get_bytes(key))
        letter.set_subdir("cur")
        letter.add_flag("S")
        box[key] = letter
        count += 1
    return count


def _read_imap(address: str, handle: Handle) -> int:
    with _open_imap(address) as imap:
        _, found = imap.uid("SEARCH", "UNSEEN")
        uids = (found[0] or b"").split()[:MOST_LETTERS]
        for uid in uids:
            raw = _fetch(imap, uid.decode())
            if raw is not None:
                handle(raw)
            imap.uid("STORE", uid.decode(), "+FLAGS", r"(\Seen)")
        return len(uids)


def _fetch(imap: imaplib.IMAP4, uid: str) -> bytes | None:
    """One letter, without marking it as read; None for one too large to be a report."""
    _, told = imap.uid("FETCH", uid, "(RFC822.SIZE)")
    size = re.search(rb"RFC822\.SIZE (\d+)", b" ".join(part for part in told if isinstance(part, bytes)))
    if size is not None and int(size[1]) > SIZE_LIMIT:
        return None
    _, parts = imap.uid("FETCH", uid, "(BODY.PEEK[])")
    return next((part[1] for part in parts if isinstance(part, tuple)), None)


@contextmanager
def _open_imap(address: str) -> Iterator[imaplib.IMAP4]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise SettingsError(
            "the bounce mailbox's host or port cannot be read; write special characters as %XX"
        ) from None
    shown = f"{parts.scheme}://{host}"
    ca = dict(parse_qsl(parts.query)).get("ca")
    local = host in ("localhost", "127.0.0.1", "::1")
    try:
        if parts.scheme == "imaps":
            context = ssl.create_default_context(cafile=ca)
            imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, port or 993, ssl_context=context, timeout=_SECONDS)
        else:
            imap = imaplib.IMAP4(host, port or 143, timeout=_SECONDS)
    except (OSError, imaplib.IMAP4.error) as fault:
        raise SettingsError(f"the bounce mailbox {shown} cannot be reached: {fault}") from None
    step = "signing in"
    try:
        if parts.scheme == "imap" and not local:
            step = "starting TLS"
            imap.starttls(ssl.create_default_context(cafile=ca))
            step = "signing in"
        imap.login(unquote(parts.username or ""), unquote(parts.password or ""))
        folder = unquote(parts.path.strip("/")) or "INBOX"
        step = f"opening {folder}"
        if not re.fullmatch(r'[^"\\\r\n]+', folder) or imap.select(f'"{folder}"')[0] != "OK":
            raise imaplib.IMAP4.error("no such folder")
        step = "reading"
        yield imap
    except (OSError, imaplib.IMAP4.error):
        raise SettingsError(f"the bounce mailbox {shown}: {step} failed") from None
    finally:
        try:
            imap.logout()
        except (OSError, imaplib.IMAP4.error):
            imap.shutdown()
