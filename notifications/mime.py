"""One letter as the bytes that go over the wire, built by hand because a sweep builds thousands of them.

The result is 7-bit, has CRLF line ends only and no line over 998 octets, so that every server takes it as it is.
"""

import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime, formataddr
from functools import lru_cache

_LINE_LIMIT = 998
_MOST_LINES = 2048
_WORD_LINE_LIMIT = 76  # RFC 2047: a line that holds an encoded word
_PLAIN_LIMIT = 900  # plain ASCII beyond this is encoded, because only encoded words can be folded without loss
_WORD_OPEN, _WORD_CLOSE = "=?utf-8?b?", "?="
# "=_" can occur in neither quoted-printable nor base64, so no body can ever hold the boundary.
_BOUNDARY = "=_tallystick_"

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}")
_WEB_LINK = re.compile(r"https?://[!-;=?-~]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes along; one with a `content_id` is a picture that the HTML shows as cid:<content_id>."""

    content: bytes
    content_type: str  # such as application/pdf, with its parameters
    file_name: str
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one person, text and HTML, before it becomes bytes. `unsubscribe` is a link that acts on POST.

    `message_id` and `thread` carry their angle brackets; `thread` names the first letter of the conversation.
    `reply_to` is a name and an address. `repeat` says that an earlier try may already have arrived.
    """

    message_id: str
    sender_name: str
    sender_address: str
    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    language: str
    sent_at: datetime
    list_id: str
    key: str
    reply_to: tuple[str, str] | None = None
    thread: str | None = None
    repeat: bool = False
    kind: str = ""
    enclosures: tuple[Enclosure, ...] = ()
    unsubscribe: str | None = None


_PASSING = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class MailDomain:
    """The domain of the house's letters, and the secret that they are named with: nobody else can tell their names.

    Without a secret of the house the names hold for this process only.
    """

    name: str
    secret: bytes = field(default=_PASSING, repr=False)


def message_id_for(key: str, domain: MailDomain | str) -> str:
    """Name the letter of this key: the same key always gives the same name, so that a repeat can be recognised."""
    house = MailDomain(domain) if isinstance(domain, str) else domain
    if not _DOMAIN.fullmatch(house.name):
        raise ValueError(f"the domain of a message id must be a host name, found {house.name!r}")
    return f"<{hmac.new(house.secret, f'letter|{key}'.encode(), hashlib.sha256).hexdigest()[:32]}@{house.name}>"


def name_thread(matter: str, domain: str) -> str:
    """Name what a mail program gathers the letters about one matter under; no letter has this name."""
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"the domain of a thread must be a host name, found {domain!r}")
    return f"<{hashlib.sha256(f'thread|{matter}'.encode()).hexdigest()[:32]}@{domain}>"


@lru_cache(maxsize=512)  # asked for the letter and again for its envelope
def check_address(address: str) -> str:
    """Return the one mail address in wire form (international domains as A-labels); refuse anything else."""
    local, at, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            raise ValueError(f"not the domain of a mail address: {domain!r}") from None
    usable = at and _LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not usable or len(local) > 64 or len(local) + len(domain) > 253:
        raise ValueError(f"expected exactly one mail address, found {address!r}")
    return f"{local}@{domain}"


def build_letter(letter: Letter) -> bytes:
    """Build the letter's bytes; refuse (ValueError) whatever could start a header or a letter of its own."""
    if letter.sent_at.tzinfo is None:
        raise ValueError("a letter's date must know its time zone")
    headers = [
        _write_header("Message-ID", _check_message_id(letter.message_id)),
        _write_origin(letter.sent_at, letter.sender_name, letter.sender_address),
        _write_header("To", *_write_mailbox("To", letter.to_name, letter.to_address)),
    ]
    if letter.reply_to is not None:
        headers.append(_write_header("Reply-To", *_write_mailbox("Reply-To", *letter.reply_to)))
    headers += (
        _write_header("Subject", *_encode_text("Subject", letter.subject)),
        _write_list(letter.list_id),
        _write_header("X-Tallystick-Key", *_encode_text("X-Tallystick-Key", letter.key)),
    )
    if letter.kind:
        headers.append(_write_header("X-Tallystick-Kind", *_encode_text("X-Tallystick-Kind", letter.kind)))
    if letter.repeat:
        headers.append(_write_header("X-Tallystick-Repeat", "yes"))
    if letter.unsubscribe is not None:
        # On one line whatever its length: folded or encoded, mail programs would not find the link (RFC 8058).
        headers.append(_write_header("List-Unsubscribe", f"<{_check_link(letter.unsubscribe)}>"))
        if letter.unsubscribe.startswith("https://"):
            headers.append(_write_header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    if letter.thread is not None and letter.thread != letter.message_id:
        root = _check_message_id(letter.thread)
        headers += (_write_header("In-Reply-To", root), _write_header("References", root))
    headers.append(_write_form(letter.language))
    body = _build_multipart(
        "alternative", "part", [_build_part("plain", letter.text), _build_part("html", letter.html)]
    )
    if letter.enclosures:
        body = _enclose(body, letter.enclosures)
    return "".join(headers).encode("ascii") + body


def _enclose(body: bytes, enclosures: tuple[Enclosure, ...]) -> bytes:
    """Pictures lie beside the HTML that shows them; files around both."""
    shown = [_build_enclosure(one) for one in enclosures if one.content_id is not None]
    files = [_build_enclosure(one) for one in enclosures if one.content_id is None]
    if shown:
        body = _build_multipart("related", "shown", [body, *shown], '; type="multipart/alternative"')
    return _build_multipart("mixed", "files", [body, *files]) if files else body


def _build_multipart(subtype: str, boundary: str, parts: list[bytes], parameters: str = "") -> bytes:
    boundary = _BOUNDARY + boundary
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"{parameters}\r\n'.encode("ascii")
    delimiter = f"\r\n--{boundary}".encode("ascii")
    pieces = [head]
    for part in parts:
        pieces += (delimiter, b"\r\n", part)
    return b"".join((*pieces, delimiter, b"--\r\n"))


def _build_enclosure(one: Enclosure) -> bytes:
    if not _FILE_NAME.fullmatch(one.file_name):
        raise ValueError(f"a file's name holds letters, digits, dots and hyphens, found {one.file_name!r}")
    head = _write_header("Content-Type", f'{one.content_type}; name="{one.file_name}"')
    head += _write_header("Content-Transfer-Encoding", "base64")
    if one.content_id is None:
        head += _write_header("Content-Disposition", f'attachment; filename="{one.file_name}"')
    else:
        head += _write_header("Content-ID", _check_message_id(f"<{one.content_id}>"))
        head += _write_header("Content-Disposition", f'inline; filename="{one.file_name}"')
    return f"{head}\r\n".encode("ascii") + _encode_lines(one.content)


def _encode_lines(data: bytes) -> bytes:
    flat = binascii.b2a_base64(data, newline=False)
    return b"\r\n".join([flat[at : at + 76] for at in range(0, len(flat), 76)])


def _write_header(name: str, *lines: str) -> str:
    """Write one header; every header of a letter is made here, so that none can smuggle in another."""
    for number, line in enumerate(lines):
        if not (line.isascii() and line.isprintable()):
            raise ValueError(f"{name}: a header holds printable ASCII only, found {line!r}")
        if number and not line.strip():
            raise ValueError(f"{name}: a folded line may not be blank")
        if len(line) + len(name) + 2 > _LINE_LIMIT:
            raise ValueError(f"{name}: a header line is at most {_LINE_LIMIT} octets")
    return f"{name}: " + "\r\n ".join(lines) + "\r\n"


def _refuse_controls(name: str, value: str) -> None:
    found = None if value.isascii() and value.isprintable() else _FORBIDDEN.search(value)
    if found:
        raise ValueError(f"{name}: a header may not hold U+{ord(found[0]):04X}")


def _encode_text(name: str, value: str) -> list[str]:
    """Give the lines of a free-text header: as it stands where that is safe, else as encoded words."""
    _refuse_controls(name, value)
    return [value] if _stands_as_it_is(value) else _encode_words(name, value)


def _stands_as_it_is(value: str) -> bool:
    # "=?" would be read as an encoded word; outer and doubled spaces get lost on the way.
    return (
        value.isascii()
        and len(value) <= _PLAIN_LIMIT
        and "=?" not in value
        and "  " not in value
        and value == value.strip()
    )


def _encode_words(name: str, value: str) -> list[str]:
    data = value.encode()
    room = _WORD_LINE_LIMIT - len(name) - 2  # what the first line has left beside the header's name
    words = []
    start = 0
    while start < len(data):
        end = start + (room - len(_WORD_OPEN) - len(_WORD_CLOSE)) // 4 * 3
        if end < len(data):
            while data[end] & 0xC0 == 0x80:  # a character may not be cut in two
                end -= 1
        words.append(_WORD_OPEN + binascii.b2a_base64(data[start:end], newline=False).decode("ascii") + _WORD_CLOSE)
        start = end
        room = _WORD_LINE_LIMIT - 1
    return words


@lru_cache(maxsize=256)  # the sender of all letters, and the few who answers go to
def _write_mailbox(header: str, name: str, address: str) -> list[str]:
    _refuse_controls(header, name)
    wire_address = check_address(address)
    if not name:
        return [wire_address]
    if _stands_as_it_is(name):
        return [formataddr((name, wire_address))]
    return [*_encode_words(header, name), f"<{wire_address}>"]


def _check_message_id(message_id: str) -> str:
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"a message id is <left@right>, found {message_id!r}")
    return message_id


def _check_link(link: str) -> str:
    if not _WEB_LINK.fullmatch(link):
        raise ValueError(f"a link is the address of a page, found {link!r}")
    return link


def _check_list_id(list_id: str) -> str:
    bare = list_id.removeprefix("<").removesuffix(">")
    if not _DOMAIN.fullmatch(bare):
        raise ValueError(f"a list id looks like a host name, found {list_id!r}")
    return f"<{bare}>"


# The headers that are the same in letter after letter.


@lru_cache(maxsize=16)
def _write_origin(sent_at: datetime, sender_name: str, sender_address: str) -> str:
    date = _write_header("Date", format_datetime(sent_at))
    return date + _write_header("From", *_write_mailbox("From", sender_name, sender_address))


@lru_cache(maxsize=16)
def _write_list(list_id: str) -> str:
    return (
        _write_header("List-Id", _check_list_id(list_id))
        + _write_header("Auto-Submitted", "auto-generated")
        + _write_header("X-Auto-Response-Suppress", "All")
    )


@lru_cache(maxsize=64)
def _write_form(language: str) -> str:
    if not _LANGUAGE.fullmatch(language):
        raise ValueError(f"a language is a tag such as zh-Hans, found {language!r}")
    return _write_header("Content-Language", language) + _write_header("MIME-Version", "1.0")


class _QuotedLines(dict[str, bytes]):
    """Each line in quoted-printable: half of a letter's lines are those of the template, the same in every letter."""

    def __missing__(self, line: str) -> bytes:
        if len(self) >= _MOST_LINES:
            self.clear()
        # A long line is broken by a bare LF where the text has no line end of its own.
        quoted = self[line] = binascii.b2a_qp(line.encode(), istext=True).replace(b"\n", b"\r\n")
        return quoted


_QUOTED = _QuotedLines()


def _build_part(subtype: str, content: str) -> bytes:
    lines = content.replace("\r\n", "\n").replace("\r", "\n") if "\r" in content else content
    data = lines.encode()
    # Quoted-printable keeps Latin text readable and small; for Chinese or Cyrillic it would triple every byte.
    if (len(data) - len(lines)) * 6 > len(data):
        encoding = "base64"
        body = _encode_lines(data.replace(b"\n", b"\r\n"))
    else:
        encoding = "quoted-printable"
        body = b"\r\n".join(map(_QUOTED.__getitem__, lines.split("\n")))
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode("ascii") + body
