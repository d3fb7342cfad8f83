"""Where letters are handed in, as it is written in the settings: the server, how to encrypt and how to sign in."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from commitments.errors import SettingsError


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
