"""One kept SMTP connection, and what a server says of each letter that is handed in over it."""

import base64
import re
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from commitments.failpoints import failpoint
from commitments.vocabulary import Outcome
from notifications.mail_route import MailRoute, StartTls

REPLY_LIMIT = 300
"""The most characters of a server's words that are kept."""
_LETTERS_PER_CONNECTION = 500
_SECONDS_PER_CONNECTION = 60.0
_IDLE_BEFORE_NOOP = 5.0
_SLOW_FAILURE = 1.0
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
# A full mailbox and a domain that cannot be reached right now pass, though servers say 5xx (Discourse, healthchecks).
_PASSING = frozenset({"5.2.2", "5.4.4"})
_TOO_BIG = frozenset({"5.2.3", "5.3.4"})
_SIGN_IN_CODES = frozenset({530, 534, 535, 538})  # ours to put right: they say nothing about the address

_NETWORK_FAULTS = (OSError, smtplib.SMTPException)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one letter: the verdict, the server's code (0 if none was said) and its words.

    `route_down` says that the fault lies with the route (no connection, no sign-in), not with this letter: the
    next letter would meet the same. `retry_after` is how many seconds the server asks to wait, if it said so.
    """

    outcome: Outcome
    code: int
    reply: str
    route_down: bool = False
    retry_after: float = 0.0


@dataclass(slots=True)
class Envelope:
    """One letter on its way through Apprise, and what came of it."""

    sender: str
    recipient: str
    wire: bytes
    delivery: Delivery | None = None
    fault: Exception | None = None


class RouteDown(Exception):
    """No connection could be made ready; carries the answer for every letter that would have used it."""

    def __init__(self, code: int, reply: str, *, lasting: bool = False) -> None:
        self.code = code
        self.reply = reply
        self.lasting = lasting
        super().__init__(reply)


class _HungUp(Exception):
    """The connection failed before the server had agreed to take the letter."""


class Line:
    """One SMTP connection that is kept, and opened anew when it is old or the server has hung up."""

    def __init__(self, route: MailRoute) -> None:
        self._route = route
        self._smtp: smtplib.SMTP | None = None
        self._opened_at = self._used_at = 0.0
        self._carried = 0

    def carry(self, envelope: Envelope) -> Delivery:
        """Hand one letter in. Refusals and faults of the network come back as a `Delivery`; raises `RouteDown`."""
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
            raise RouteDown(code, self._clean(f"{step} {route}: {words}"), lasting=lasting) from None
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

    def _converse(self, smtp: smtplib.SMTP, envelope: Envelope) -> Delivery:
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

    def _propose(self, smtp: smtplib.SMTP, envelope: Envelope) -> Delivery | None:
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
        return _CONTROLS.sub(" ", words).strip()[:REPLY_LIMIT]

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
