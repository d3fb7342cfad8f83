"""Reads what mail servers send back: that a letter did not arrive, is late, or was called spam. Pure.

Known are delivery reports after RFC 3464, complaints after RFC 5965, and the free-form letters of servers that keep to
neither. A letter that only answers by itself, as from someone on leave, is none of these.
"""

import email
import email.policy
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum

from notifications.http_answers import clean_reply

SIZE_LIMIT = 2 * 1024 * 1024
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45])\d\d(?=[ \-#,;:]|$)")
_MESSAGE_ID = re.compile(r"^\s*(?:X-)?Message-ID:\s*(<[^<>\s]{3,250}>)", re.I | re.M)
_ENVELOPE = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-RcptTo")
_SENDERS = re.compile(r"(mailer-daemon|postmaster|mail delivery|mailmaster|no-?reply-?dsn)", re.I)
_PERMANENT_WORDS = re.compile(
    r"(does not exist|no such user|user unknown|unknown user|mailbox unavailable|recipient rejected|not found"
    r"|用户不存在|收件人不存在|邮箱不存在|帐号不存在|账号不存在|不存在或)",
    re.I,
)
_FULL = re.compile(
    r"(mailbox (is )?full|over quota|quota exceeded|insufficient storage|邮箱已满|空间不足|容量已满)", re.I
)


class BounceKind(StrEnum):
    PERMANENT = "permanent"  # the address does not take letters
    TEMPORARY = "temporary"  # this letter did not arrive; another may
    DELAYED = "delayed"  # the server still tries
    COMPLAINT = "complaint"  # the reader called it spam


@dataclass(frozen=True, slots=True)
class Bounce:
    """One letter that was not well received. Which one: by its bounce address, else by its Message-ID."""

    key: str  # of the report: reading it twice is reading it once
    kind: BounceKind
    status: str
    reply: str
    notification_id: int | None
    message_id: str | None
    recipients: tuple[str, ...] = ()
    """Whom the report says it is about; free-form letters say it in no form."""


def read_bounce(raw: bytes, read_address: Callable[[str], int | None]) -> Bounce | None:
    """What a letter to the bounce address reports; nothing if it is none, or too large to be one.

    `read_address` gives the message that a bounce address of ours belongs to, and nothing for any other address.
    """
    if len(raw) > SIZE_LIMIT:
        return None
    letter = email.message_from_bytes(raw, policy=email.policy.compat32)
    key = hashlib.sha256(raw).hexdigest()
    found = _read_complaint(letter) or _read_report(letter) or _read_plain(letter)
    if found is None:
        return None
    kind, status, reply = found
    owner, name = _find_owner(letter, read_address), _find_message_id(letter, raw)
    return Bounce(key, kind, status, clean_reply(reply), owner, name, tuple(_list_recipients(letter)))


def _read_complaint(letter: Message) -> tuple[BounceKind, str, str] | None:
    for part in _walk(letter):
        if part.get_content_type() == "message/feedback-report":
            fields = _read_fields(part)
            sort = fields.get("feedback-type", "abuse")
            if sort in ("abuse", "fraud", "virus", "opt-out", "opt-out-list", "other"):
                return BounceKind.COMPLAINT, "", f"complaint: {sort}"
    return None


def _read_report(letter: Message) -> tuple[BounceKind, str, str] | None:
    """The worst of what a delivery report says; one that tells of success says nothing here."""
    found: list[tuple[BounceKind, str, str]] = []
    for part in _walk(letter):
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        for block in _blocks(part):
            action = block.get("action", "").partition(" ")[0].lower()
            words = block.get("diagnostic-code", "").partition(";")[2].strip() or block.get("diagnostic-code", "")
            status = _find_status(block.get("status", "")) or _find_status(words) or ""
            if action == "delayed":
                found.append((BounceKind.DELAYED, status, words))
            elif action == "failed":
                found.append((judge_bounce(status, words), status, words or status))
    order = list(BounceKind)
    return min(found, key=lambda one: order.index(one[0])) if found else None


def _read_plain(letter: Message) -> tuple[BounceKind, str, str] | None:
    """The letter of a server that keeps to no form: by who sends it, and the code or the words that it holds."""
    if letter.get_content_type() == "multipart/report" or _answers_by_itself(letter):
        return None
    sender = f"{letter.get('From', '')} {letter.get('Sender', '')}"
    if letter.get("Return-Path", "").strip() != "<>" and not _SENDERS.search(sender):
        return None
    words = _read_text(letter)
    code = _CODE.search(words)
    status = _find_status(words) or (f"{code[1]}.0.0" if code else "")
    if not status and not _PERMANENT_WORDS.search(words) and not _FULL.search(words):
        return None
    line = next((line for line in words.splitlines() if _CODE.search(line) or _find_status(line)), "")
    told = line or next((one[0] for one in (_PERMANENT_WORDS.search(words), _FULL.search(words)) if one), "")
    return judge_bounce(status, words), status, told


def judge_bounce(status: str, words: str) -> BounceKind:
    """Whether the address is at fault. A full mailbox, an unreachable host or a blocked sender is not the address.

    Some say 5.2.2 for a full mailbox and 5.4.4 for a host that is not found today; 5.7 is about us.
    """
    found = _ENHANCED.fullmatch(status)
    if _FULL.search(words):
        return BounceKind.TEMPORARY
    if found is None:
        return BounceKind.PERMANENT if _PERMANENT_WORDS.search(words) else BounceKind.TEMPORARY
    first, subject, detail = found.groups()
    if first != "5" or subject in ("3", "4", "5", "6", "7") or (subject, detail) in (("2", "2"), ("2", "3")):
        return BounceKind.TEMPORARY
    return BounceKind.PERMANENT


def _answers_by_itself(letter: Message) -> bool:
    automatic = letter.get("Auto-Submitted", "no").strip().lower()
    return (automatic.startswith("auto-replied") and "X-Failed-Recipients" not in letter) or "X-Autoreply" in letter


def _find_owner(letter: Message, read_address: Callable[[str], int | None]) -> int | None:
    names = [value for name in _ENVELOPE for value in letter.get_all(name, [])]
    for part in _walk(letter):
        if part.get_content_type() in ("message/feedback-report",):
            names += [_read_fields(part).get("original-mail-from", "")]
        if part is not letter and "Return-Path" in part:
            names.append(str(part["Return-Path"]))
    for value in names:
        for address in re.findall(r"[^\s<>,;:\"]+@[^\s<>,;:\"]+", str(value)):
            found = read_address(address)
            if found is not None:
                return found
    return None


def _list_recipients(letter: Message) -> Iterator[str]:
    for part in _walk(letter):
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            for block in _blocks(part):
                if block.get("action", "").partition(" ")[0].lower() not in ("failed", "delayed"):
                    continue
                for name in ("original-recipient", "final-recipient"):
                    address = block.get(name, "").partition(";")[2].strip().strip("<>")
                    if address:
                        yield address


def _find_message_id(letter: Message, raw: bytes) -> str | None:
    """The Message-ID of the letter that came back, from whichever piece of it the server put in."""
    for part in _walk(letter):
        sort = part.get_content_type()
        if sort == "text/rfc822-headers":
            found = _MESSAGE_ID.search(_decode(part))
            if found:
                return found[1]
        if sort in ("message/rfc822", "message/global"):
            inner = part.get_payload()
            first = inner[0] if isinstance(inner, list) and inner else None
            if isinstance(first, Message) and first.get("Message-ID"):
                return str(first["Message-ID"]).strip()
    own = str(letter.get("Message-ID", "")).strip()
    for header in ("In-Reply-To", "References", "X-Original-Message-ID"):
        value = str(letter.get(header, "")).strip()
        if value:
            return value.split()[-1]
    others = [found for found in _MESSAGE_ID.findall(raw.decode("latin-1")) if found != own]
    return others[0] if others else None


def _walk(letter: Message) -> Iterator[Message]:
    """The parts of a report, but not those of the letter that it sends back."""
    yield letter
    inner = letter.get_payload() if letter.get_content_maintype() == "multipart" else None
    for part in inner if isinstance(inner, list) else ():
        if isinstance(part, Message):
            yield from _walk(part)


def _blocks(part: Message) -> Iterator[dict[str, str]]:
    payload = part.get_payload()
    if isinstance(payload, list):
        for block in payload:
            if isinstance(block, Message):
                yield {name.lower(): " ".join(str(value).split()) for name, value in block.items()}
    else:
        for text in re.split(r"\r?\n\r?\n", _decode(part)):
            block = email.message_from_string(text.strip())
            yield {name.lower(): " ".join(str(value).split()) for name, value in block.items()}


def _read_fields(part: Message) -> dict[str, str]:
    fields: dict[str, str] = {}
    for block in _blocks(part):
        fields |= {name: value.lower() if name == "feedback-type" else value for name, value in block.items()}
    return fields


def _find_status(words: str) -> str | None:
    found = _ENHANCED.search(words)
    return found[0] if found else None


def _read_text(letter: Message) -> str:
    texts = [
        _decode(part) for part in _walk(letter) if part.get_content_maintype() == "text" and not part.get_filename()
    ]
    return re.sub(r"<[^<>@]{0,500}>", " ", "\n".join(texts))[:20_000]


def _decode(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return str(part.get_payload())
    for charset in (part.get_content_charset() or "utf-8", "utf-8", "gb18030"):
        try:
            return payload.decode(charset)
        except (LookupError, UnicodeDecodeError):
            continue
    return payload.decode("latin-1")
