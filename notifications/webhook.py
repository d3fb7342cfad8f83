"""A channel of our own: a message posted as JSON to a page of the reader's side, signed, and never to a host inside.

The form is that of the Standard Webhooks specification: `webhook-id` stays the same when a message is repeated,
`webhook-signature` is HMAC-SHA256 over id, moment and body. The address is looked up once, checked, and that very
address is connected to, so a name that leads elsewhere a moment later gains nothing. No redirect is followed.
"""

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import orjson

from commitments.vocabulary import Outcome
from notifications.hosts import HostRefused, Resolve, find_addresses
from notifications.http_answers import clean_reply, judge_status, read_retry_after
from notifications.smtp_line import Delivery

_CONNECT_SECONDS = 5.0
_WHOLE_SECONDS = 20.0
_ANSWER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One message as it is posted."""

    id: str
    sent_at: datetime
    body: bytes
    signature: str


def write_call(key: str, payload: Any, secret: str, sent_at: datetime) -> WebhookCall:
    """Put a message into bytes and sign it; the same key always gives the same id."""
    name = f"msg_{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    body = orjson.dumps(payload)
    signed = f"{name}.{int(sent_at.timestamp())}.".encode() + body
    digest = hmac.new(_read_secret(secret), signed, hashlib.sha256).digest()
    return WebhookCall(name, sent_at, body, f"v1,{base64.b64encode(digest).decode()}")


def _read_secret(secret: str) -> bytes:
    """A secret as the specification writes it, `whsec_` and base64, or any other words as they are."""
    if secret.startswith("whsec_"):
        with suppress(ValueError):
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return secret.encode()


def post_webhook(
    url: str, call: WebhookCall, *, allowed_inside: Collection[str] = (), resolve: Resolve | None = None
) -> Delivery:
    """Post one message; no fault of network or server is raised.

    `allowed_inside` are hosts, as `host:port`, that may lead inside and be spoken to without TLS: the operator names
    them one by one. A lost answer is `UNCERTAIN`: the repeat bears the same id.
    """
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return Delivery(Outcome.PERMANENT, 0, "the address cannot be read")
    host = parts.hostname or ""
    inside = f"{host}:{port}" in allowed_inside
    if parts.scheme != "https" and not inside:
        return Delivery(Outcome.PERMANENT, 0, "a webhook is reached by https only")
    try:
        addresses = [host] if inside else find_addresses(host, port, resolve=resolve)
    except HostRefused as refused:
        return Delivery(Outcome.PERMANENT, 0, f"not reached: {refused}")
    except OSError as fault:
        return Delivery(Outcome.TEMPORARY, 0, clean_reply(f"the host was not found: {fault.strerror or fault}"))
    path = parts.path or "/"
    return _exchange(parts.scheme, host, port, addresses[0], f"{path}?{parts.query}" if parts.query else path, call)


class _PinnedConnection(http.client.HTTPConnection):
    """Speaks to one address that was checked, whatever the name leads to by now."""

    def __init__(self, host: str, port: int, address: str, *, encrypted: bool) -> None:
        super().__init__(host, port, timeout=_CONNECT_SECONDS)
        self._address, self._encrypted = address, encrypted

    def connect(self) -> None:
        sock = socket.create_connection((self._address, self.port), _CONNECT_SECONDS)
        self.sock = _tls_context().wrap_socket(sock, server_hostname=self.host) if self._encrypted else sock
        self.sock.settimeout(_WHOLE_SECONDS)


@cache
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _exchange(scheme: str, host: str, port: int, address: str, path: str, call: WebhookCall) -> Delivery:
    connection = _PinnedConnection(host, port, address, encrypted=scheme == "https")
    try:
        connection.connect()
    except (OSError, http.client.HTTPException, UnicodeError) as fault:
        connection.close()
        words = getattr(fault, "verify_message", None) or getattr(fault, "strerror", None) or str(fault)
        return Delivery(Outcome.TEMPORARY, 0, clean_reply(f"no connection: {words}"))
    sock = connection.sock
    # A server that answers one byte at a time would never run into a time-out of the socket.
    watchdog = threading.Timer(_WHOLE_SECONDS, _break_off, (sock,))
    watchdog.daemon = True
    watchdog.start()
    handed_over = False
    try:
        connection.request("POST", path, call.body, _write_headers(host, port, scheme, call))
        handed_over = True
        answer = connection.getresponse()
        words = answer.read(_ANSWER_BYTES).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException, ValueError) as fault:
        told = clean_reply(str(fault) or type(fault).__name__)
        if handed_over:
            return Delivery(Outcome.UNCERTAIN, 0, f"handed over, and the answer was lost: {told}"[:300])
        return Delivery(Outcome.TEMPORARY, 0, f"not handed over: {told}"[:300])
    finally:
        watchdog.cancel()
        connection.close()
    outcome = judge_status(answer.status)
    wait = read_retry_after(answer.getheader("Retry-After"), datetime.now(UTC))
    return Delivery(outcome, answer.status, clean_reply(words or answer.reason), retry_after=wait)


def _write_headers(host: str, port: int, scheme: str, call: WebhookCall) -> dict[str, str]:
    shown = f"[{host}]" if _is_six(host) else host
    return {
        "Host": shown if port == (443 if scheme == "https" else 80) else f"{shown}:{port}",
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Tallystick",
        "Accept": "*/*",
        "Connection": "close",
        "webhook-id": call.id,
        "webhook-timestamp": str(int(call.sent_at.timestamp())),
        "webhook-signature": call.signature,
    }


def _is_six(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).version == 6
    return False


def _break_off(sock: Any) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
