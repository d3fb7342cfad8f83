"""The road to the mail server: Apprise hands each letter to a plugin of ours that keeps its SMTP connections open.

Apprise's own mail plugin opens a connection and builds a TLS context for each letter (50 ms each), cannot carry a
text part, a Message-ID or a bounce address of ours, and does not tell a refused address from a busy server.
This is the only module that imports apprise, and it does so at the first letter, because the import takes 0.2 s.
"""

import base64
import re
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from ipaddress import ip_address
from queue import LifoQueue
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from commitments.errors import SettingsError
from commitments.failpoints import failpoint
from commitments.vocabulary import Outcome
from notifications.mime import check_address

_LETTERS_PER_CONNECTION = 500
_SECONDS_PER_CONNECTION = 60.0
_IDLE_BEFORE_NOOP = 5.0
_SECONDS_ROUTE_STAYS_DOWN = 30.0
_SLOW_FAILURE = 1.0
_REPLY_LIMIT = 300
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
# A full mailbox and a domain that cannot be reached right now pass, though servers say 5xx (Discourse, healthchecks).
_PASSING = frozenset({"5.2.2", "5.4.4"})
_TOO_BIG = frozenset({"5.2.3", "5.3.4"})
_SIGN_IN_CODES = frozenset({530, 534, 535, 538})  # ours to put right: they say nothing about the address

_NETWORK_FAULTS = (OSError, smtplib.SMTPException)


class StartTls(StrEnum):
    """When a plain connection is turned into an encrypted one."""

    IF_OFFERED = "if offered"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class MailRoute:
    """Where letters are handed in. Neither `repr` nor `str` shows the password."""

    host: str
    port: int
    implicit_tls: bool = False
    start_tls: StartTls = StartTls.IF_OFFERED
    user: str = ""
    password: str = field(default="", repr=False)
    hello: str = "[127.0.0.1]"
    ca_file: str | None = None
    timeout: float = 30.0

    @classmethod
    def parse(cls, text: str) -> "MailRoute":
        """Read `smtp://user:password@host:port?starttls=yes`; `smtps` means TLS from the first byte.

        Options: `starttls=yes|no` (otherwise: when offered, except on this very machine), `hello=NAME` for EHLO,
        `ca=FILE` for a private certificate authority, `timeout=SECONDS`. No error message repeats the password.
        """
        try:
            parts = urlsplit(text.strip())
            port, host = parts.port, parts.hostname
        except ValueError:
            raise _refuse(
                "host or port cannot be read; write special characters of user and password as %XX (# is %23)"
            ) from None
        if parts.scheme not in ("smtp", "smtps"):
            raise _refuse("it begins with neither smtp:// nor smtps://")
        if not host:
            raise _refuse("the host is missing")
        if parts.path not in ("", "/") or parts.fragment:
            raise _refuse("something follows the port; write special characters of user and password as %XX")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if bool(user) != bool(password):
            raise _refuse("user and password go together; one of them is missing")
        if not (user + password).isascii():
            raise _refuse("user and password must be plain ASCII, the only form that signing in by SMTP has")
        implicit_tls = parts.scheme == "smtps"
        return cls(
            host=host,
            port=port or (465 if implicit_tls else 25),
            implicit_tls=implicit_tls,
            user=user,
            password=password,
            **_read_options(parts.query, implicit_tls),
        )

    def __str__(self) -> str:
        scheme = "smtps" if self.implicit_tls else "smtp"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{self.user + ':***@' if self.user else ''}{host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether the server is on this very machine, where nobody listens on the wire."""
        if self.host == "localhost":
            return True
        with suppress(ValueError):
            return ip_address(self.host).is_loopback
        return False


def _refuse(why: str) -> SettingsError:
    return SettingsError(f"the mail route cannot be used: {why}. Expected smtp://user:password@host:port")


def _read_options(query: str, implicit_tls: bool) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "starttls" and value in ("yes", "no") and not implicit_tls:
            options["start_tls"] = StartTls(value)
        elif name == "hello" and re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", value):
            options["hello"] = value
        elif name == "ca" and value:
            options["ca_file"] = value
        elif name == "timeout" and re.fullmatch(r"[1-9]\d{0,2}(\.\d+)?|0?\.\d+", value):
            options["timeout"] = float(value)
        else:
            raise _refuse(f"the option {name!r} or its value is unknown; there are starttls, hello, ca and timeout")
    return options


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one letter: the verdict, the server's code (0 if none was said) and its words.

    `route_down` says that the fault lies with the route (no connection, no sign-in), not with this letter: the
    next letter would meet the same.
    """

    outcome: Outcome
    code: int
    reply: str
    route_down: bool = False


@dataclass(slots=True)
class _Envelope:
    """One letter on its way through Apprise, and what came of it."""

    sender: str
    recipient: str
    wire: bytes
    delivery: Delivery | None = None
    fault: Exception | None = None


class _RouteDown(Exception):
    """No connection could be made ready; carries the answer for every letter that would have used it."""

    def __init__(self, code: int, reply: str, *, lasting: bool = False) -> None:
        self.code = code
        self.reply = reply
        self.lasting = lasting
        super().__init__(reply)


class _HungUp(Exception):
    """The connection failed before the server had agreed to take the letter."""


class _Line:
    """One SMTP connection that is kept, and opened anew when it is old or the server has hung up."""

    def __init__(self, route: MailRoute) -> None:
        self._route = route
        self._smtp: smtplib.SMTP | None = None
        self._opened_at = self._used_at = 0.0
        self._carried = 0

    def carry(self, envelope: _Envelope) -> Delivery:
        """Hand one letter in. Refusals and faults of the network come back as a `Delivery`; raises `_RouteDown`."""
        smtp = self._kept_connection()
        if smtp is not None:
            try:
                return self._converse(smtp, envelope)
            except _HungUp as fault:
                self.drop()
                if isinstance(fault.__cause__, TimeoutError):
                    return self._not_handed_over(fault)
                # A server may close a kept connection at any time, which says nothing about this letter: once more.
        smtp = self._open()
        try:
            return self._converse(smtp, envelope)
        except _HungUp as fault:
            self.drop()
            return self._not_handed_over(fault)

    def _not_handed_over(self, fault: Exception) -> Delivery:
        return Delivery(Outcome.TEMPORARY, 0, self._clean(f"the letter was not handed over: {fault}"))

    def _kept_connection(self) -> smtplib.SMTP | None:
        smtp = self._smtp
        if smtp is None:
            return None
        now = time.monotonic()
        if self._carried >= _LETTERS_PER_CONNECTION or now - self._opened_at > _SECONDS_PER_CONNECTION:
            self.close()
            return None
        if now - self._used_at > _IDLE_BEFORE_NOOP:
            try:
                usable = smtp.noop()[0] == 250
            except _NETWORK_FAULTS:
                usable = False
            if not usable:
                self.drop()
                return None
        return smtp

    def _open(self) -> smtplib.SMTP:
        """Connect, encrypt and sign in."""
        route = self._route
        started = time.monotonic()
        step = "connecting to"
        smtp: smtplib.SMTP | None = None
        failpoint("smtp.before_connect")
        try:
            if route.implicit_tls:
                context = _tls_context(route.ca_file)
                smtp = smtplib.SMTP_SSL(route.host, route.port, route.hello, timeout=route.timeout, context=context)
            else:
                smtp = smtplib.SMTP(route.host, route.port, route.hello, timeout=route.timeout)
            assert smtp.sock is not None
            # Else the last piece of a long body waits for the acknowledgement of the one before.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            step = "greeting"
            smtp.ehlo_or_helo_if_needed()
            step = "starting TLS with"
            encrypted = route.implicit_tls or self._start_tls(smtp)
            step = "signing in at"
            if route.user:
                if not encrypted and not route.is_local and route.start_tls is not StartTls.NO:
                    raise smtplib.SMTPException("it offers no TLS, and the password is not sent in the clear")
                smtp.login(route.user, route.password)
        except (*_NETWORK_FAULTS, UnicodeError) as fault:
            if smtp is not None:
                smtp.close()
            code, words = _tell_fault(fault)
            lasting = step == "signing in at" or time.monotonic() - started > _SLOW_FAILURE
            raise _RouteDown(code, self._clean(f"{step} {route}: {words}"), lasting=lasting) from None
        self._smtp = smtp
        self._carried = 0
        self._opened_at = self._used_at = time.monotonic()
        return smtp

    def _start_tls(self, smtp: smtplib.SMTP) -> bool:
        route = self._route
        if route.start_tls is StartTls.IF_OFFERED:
            wanted = smtp.has_extn("starttls") and not route.is_local
        else:
            wanted = route.start_tls is StartTls.YES
        if wanted:
            code, words = smtp.starttls(context=_tls_context(route.ca_file))
            if code != 220:
                raise smtplib.SMTPResponseException(code, words)
            smtp.ehlo_or_helo_if_needed()
        return wanted

    def _converse(self, smtp: smtplib.SMTP, envelope: _Envelope) -> Delivery:
        """Send one letter over an open connection.

        Until the last byte of the body has left, the server cannot have taken the letter; from then until its answer
        has been read, nobody but the server knows. Where a fault happens tells the two apart.
        """
        try:
            failpoint("smtp.before_mail")
            refusal = self._propose(smtp, envelope)
        except _NETWORK_FAULTS as fault:
            raise _HungUp(_tell_fault(fault)[1]) from _root_of(fault)
        self._used_at = time.monotonic()
        if refusal is not None:
            return refusal
        failpoint("smtp.before_data")
        try:
            smtp.send(_write_body(envelope.wire))
        except _NETWORK_FAULTS as fault:
            self.drop()
            return self._not_handed_over(fault)
        self._carried += 1
        try:
            code, words = smtp.getreply()
        except _NETWORK_FAULTS as fault:
            self.drop()
            reply = f"the letter was handed over, and the answer was lost: {_tell_fault(fault)[1]}"
            return Delivery(Outcome.UNCERTAIN, 0, self._clean(reply))
        failpoint("smtp.after_data")
        reply = self._clean(_decode(words))
        if 200 <= code < 300:
            return Delivery(Outcome.ACCEPTED, code, reply)
        if 400 <= code < 600:
            if code == 421:
                self.drop()
            return Delivery(_judge(code, reply), code, reply)
        self.drop()
        return Delivery(Outcome.UNCERTAIN, max(code, 0), reply)

    def _propose(self, smtp: smtplib.SMTP, envelope: _Envelope) -> Delivery | None:
        """Ask whether the letter would be taken; None when the server waits for the body."""
        commands = (f"MAIL FROM:<{envelope.sender}>", f"RCPT TO:<{envelope.recipient}>", "DATA")
        pipelined = smtp.has_extn("pipelining")
        if pipelined:
            smtp.send("\r\n".join(commands) + "\r\n")  # one round trip instead of three; three answers still come
        refusal: Delivery | None = None
        code = 0
        for command in commands:
            if not pipelined:
                smtp.putcmd(command)
            code, words = smtp.getreply()
            if code in (-1, 421):
                raise smtplib.SMTPServerDisconnected(f"{max(code, 0)} {_decode(words)}")
            agreed = code == 354 if command == "DATA" else 200 <= code < 300
            if not agreed and refusal is None:
                refusal = self._refusal(command, code, _decode(words))
                if not pipelined:
                    break
        if refusal is not None:
            self._start_over(smtp, waits_for_body=code == 354)
        return refusal

    def _start_over(self, smtp: smtplib.SMTP, *, waits_for_body: bool) -> None:
        try:
            # A server that asks for the body of a letter it refused gets none, and would take RSET for the body.
            usable = not waits_for_body and smtp.rset()[0] == 250
        except _NETWORK_FAULTS:
            usable = False
        if not usable:
            self.drop()

    def _refusal(self, command: str, code: int, words: str) -> Delivery:
        reply = self._clean(words)
        verdict = _judge(code, reply)
        if command.startswith("MAIL") and code != 552 and verdict is Outcome.PERMANENT:
            # The server will not have us as a sender: a setting is wrong, and the recipient's address is not.
            return Delivery(Outcome.TEMPORARY, code, reply, route_down=True)
        return Delivery(verdict, code, reply, route_down=code in _SIGN_IN_CODES)

    def _clean(self, words: str) -> str:
        """Cut a reply to one short line, without the password in any form that a server might echo."""
        user, password = self._route.user, self._route.password
        if password:
            for secret in (f"\0{user}\0{password}", password):
                words = words.replace(base64.b64encode(secret.encode()).decode(), "***")
            words = words.replace(password, "***")
        return _CONTROLS.sub(" ", words).strip()[:_REPLY_LIMIT]

    def drop(self) -> None:
        """Forget the connection without a word."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def close(self) -> None:
        """Take leave of the server, without waiting long for its answer."""
        if self._smtp is not None and self._smtp.sock is not None:
            with suppress(*_NETWORK_FAULTS):
                self._smtp.sock.settimeout(1.0)
                self._smtp.quit()
        self.drop()


@cache
def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    # Building one takes 40 ms, so a process builds it once.
    return ssl.create_default_context(cafile=ca_file)


def _write_body(wire: bytes) -> bytes:
    if not wire.endswith(b"\r\n"):
        wire += b"\r\n"
    if b"\n." in wire or wire.startswith(b"."):
        wire = wire.replace(b"\n.", b"\n..")
        if wire.startswith(b"."):
            wire = b"." + wire
    return wire + b".\r\n"


def _judge(code: int, reply: str) -> Outcome:
    """Tell a refusal that passes from one that is final."""
    found = _ENHANCED.match(reply)
    enhanced = found[1] if found else ""
    if code in _SIGN_IN_CODES or enhanced in _PASSING:
        return Outcome.TEMPORARY
    if code == 552 and enhanced not in _TOO_BIG:
        return Outcome.TEMPORARY
    return Outcome.PERMANENT if 500 <= code < 600 else Outcome.TEMPORARY


def _decode(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def _tell_fault(fault: Exception) -> tuple[int, str]:
    if isinstance(fault, smtplib.SMTPResponseException):
        return max(fault.smtp_code, 0), f"{fault.smtp_code} {_decode(fault.smtp_error)}"
    root = _root_of(fault)
    if isinstance(root, TimeoutError):
        return 0, "no answer in time"
    if isinstance(root, ssl.SSLCertVerificationError):
        return 0, f"the certificate was not accepted: {root.verify_message}"
    return 0, getattr(root, "strerror", None) or str(root) or type(root).__name__


def _root_of(fault: Exception) -> Exception:
    """The fault of the network below smtplib's own, which says only that the connection is gone."""
    below = fault.__context__
    return below if isinstance(fault, smtplib.SMTPServerDisconnected) and isinstance(below, OSError) else fault


@cache
def _load_apprise() -> tuple[type[Any], type[Any], Any]:
    """Import Apprise and make our plugin; giving `Apprise` an instance leaves its 150 other plugins unloaded."""
    from apprise import Apprise, AppriseAsset, NotifyBase

    base: Any = NotifyBase  # Apprise 1 and 2 declare its members with different types

    class PooledMail(base):  # type: ignore[misc]
        """Hands the envelope that it was given to its kept connection."""

        service_name = "Pooled mail"
        protocol = "tallymail"
        request_rate_per_sec = 0
        title_maxlen = 998
        body_maxlen = 10_000_000
        url_identifier = False

        line: _Line
        envelope: _Envelope

        def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:
            return "tallymail://"  # Apprise logs this: neither host nor person nor secret

        def send(self, body: str, title: str = "", **kwargs: Any) -> bool:
            envelope = self.envelope
            try:
                envelope.delivery = self.line.carry(envelope)
            except Exception as fault:  # Apprise would swallow it; `Post.send` raises it again
                envelope.fault = fault
                return False
            return envelope.delivery.outcome is Outcome.ACCEPTED

    # In the caller's thread and without Apprise's own deadline: a timeout that gives up on a running thread would
    # call a letter failed while it is being handed over.
    options: dict[str, Any] = {"async_mode": False, "pgp_autogen": False, "pem_autogen": False}
    if hasattr(AppriseAsset, "_service_timeout"):
        options["service_timeout"] = 0
    return Apprise, PooledMail, AppriseAsset(**options)


class _Lane:
    """One line with the Apprise objects that lead to it; used by one letter at a time."""

    def __init__(self, route: MailRoute) -> None:
        apprise, pooled_mail, asset = _load_apprise()
        self.line = _Line(route)
        self._plugin = pooled_mail(asset=asset, host="localhost")
        self._plugin.line = self.line
        self._apprise = apprise(self._plugin, asset=asset)

    def carry(self, envelope: _Envelope) -> None:
        self._plugin.envelope = envelope
        # The words travel in the envelope; Apprise only needs something that is not empty.
        self._apprise.notify(body="-")


class Post:
    """Hands letters in by one route, over at most `pool_size` kept connections; safe to share between threads."""

    def __init__(self, route: MailRoute, *, pool_size: int = 1) -> None:
        self._route = route
        self._size = pool_size
        self._lanes: LifoQueue[_Lane | None] = LifoQueue()
        for _ in range(pool_size):
            self._lanes.put(None)
        self._down: tuple[float, Delivery] | None = None

    def __repr__(self) -> str:
        return f"Post({self._route!s}, pool_size={self._size})"

    def send(self, *, sender: str, to: str, wire: bytes) -> Delivery:
        """Hand one letter in for one recipient and say what came of it; no fault of network or server is raised.

        `UNCERTAIN` is said only if the whole letter had left and the answer was lost. A route that could not be
        opened for long, or that refused the password, is left alone for 30 s: letters get the same answer at once.
        """
        if not wire.count(b"\n") == wire.count(b"\r") == wire.count(b"\r\n"):
            raise ValueError("a letter on the wire has CRLF line ends only")
        try:
            envelope = _Envelope(check_address(sender) if sender else "", "", wire)
        except ValueError as fault:
            return Delivery(Outcome.TEMPORARY, 0, f"the sender: {fault}"[:_REPLY_LIMIT], route_down=True)
        try:
            envelope.recipient = check_address(to)
        except ValueError as fault:
            return Delivery(Outcome.PERMANENT, 0, f"the recipient: {fault}"[:_REPLY_LIMIT])
        if self._down is not None and time.monotonic() < self._down[0]:
            return self._down[1]
        return self._carry(envelope)

    def _carry(self, envelope: _Envelope) -> Delivery:
        lane = self._lanes.get()
        try:
            if lane is None:
                lane = _Lane(self._route)
            lane.carry(envelope)
            if envelope.fault is not None:
                raise envelope.fault
        except _RouteDown as down:
            delivery = Delivery(Outcome.TEMPORARY, down.code, down.reply, route_down=True)
            if down.lasting:
                self._down = (time.monotonic() + _SECONDS_ROUTE_STAYS_DOWN, delivery)
            return delivery
        except BaseException:
            # The conversation stopped halfway: the next letter may not go on where this one was left.
            if lane is not None:
                lane.line.drop()
            raise
        finally:
            self._lanes.put(lane)
        if envelope.delivery is None:
            return Delivery(Outcome.TEMPORARY, 0, "Apprise did not hand the letter on")
        return envelope.delivery

    def close(self) -> None:
        """Close the connections, after the letters under way; a later `send` would open new ones."""
        lanes = [self._lanes.get() for _ in range(self._size)]
        for lane in lanes:
            if lane is not None:
                lane.line.close()
            self._lanes.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
