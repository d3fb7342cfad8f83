"""What stands before every page: headers that keep a browser safe, and limits to how much one address may ask."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_FORM = 64 * 1024
LARGER_FORMS: dict[str, int] = {
    "/register/files": 1024 * 1024 + LARGEST_FORM,
    "/register/drafts/{number}/{step}": 16 * LARGEST_FORM,
    "/register/drafts/{number}/commitments/{key}": 16 * LARGEST_FORM,
    "/agreements/{reference}/add-commitment": 16 * LARGEST_FORM,
    "/agreements/{reference}/edit": 16 * LARGEST_FORM,
    "/agreements/{reference}/commitments/{promise}/edit": 16 * LARGEST_FORM,
}
"""How many bytes a form may have that carries a file, or whole sentences in several scripts: by its route's path."""
LARGEST_FIELDS = 256 * 1024
"""How many bytes the fields beside a file may have."""
LARGEST_UPLOAD = 1024 * 1024 * 1024
"""So much is taken of a form with a file; of a file no more is kept than shows that it is too large."""
_READ_AWAY = 64 * 1024 * 1024
"""So much of what is too large is read and let go: a browser shows the answer only once it could send everything."""
SIGN_INS_A_QUARTER = 40
"""So many requests for a link from one address in a quarter of an hour: an office may have one for all its people."""
READS_OF_A_FEED = 30
"""So often one feed of dates is read in a quarter of an hour: programs ask every few minutes at most."""
QUARTER_OF_AN_HOUR = 900.0
_ADDRESSES_KEPT = 10_000
_MINUTE = 60.0

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WITH_SCRIPT = f"{_POLICY}; script-src 'self'; connect-src 'self'"
"""The policy of a page that loads our own script, which asks nobody but ourselves. Every other page runs none."""
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # the addresses of pages are keys
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
_SECURE = {"Strict-Transport-Security": "max-age=31536000"}


_A_PART = 0.25
"""How much of a request it counts to fetch a part of a page in its place."""


def _asks_for_a_part(scope: Scope) -> bool:
    return scope["method"] == "GET" and (b"hx-request", b"true") in scope["headers"]


class SafeHeaders:
    """Gives every answer the headers above; one that a page set itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (HEADERS | (_SECURE if scope["scheme"] == "https" else {})).items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_safely if scope["type"] == "http" else send)


class RateLimit:
    """Takes so many requests a minute from one address, and says for how many seconds the others must wait.

    What the script fetches while somebody types or chooses counts a quarter: a slow hand at a search box asks with
    every letter, and a whole office may stand behind one address. With `posts_to` it counts only what is posted to that
    page, with `under` each page below that one for itself, whoever asks for it; both over the seconds of `within`.
    """

    def __init__(
        self,
        app: ASGIApp,
        most: int,
        refuse: Callable[[Request, int], Any],
        clock: Callable[[], float],
        *,
        posts_to: str | None = None,
        under: str | None = None,
        within: float = _MINUTE,
    ) -> None:
        self.app, self._most, self._refuse, self._clock = app, most, refuse, clock
        self._posts_to, self._under, self._within = posts_to, under, within
        self._seen: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wait = self._count(scope) if scope["type"] == "http" else 0
        if wait:
            await self._refuse(Request(scope), wait)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _count(self, scope: Scope) -> int:
        """Count the request; for how many whole seconds nothing more is taken, 0 if it is."""
        if self._posts_to is not None and (scope["method"], scope["path"]) != ("POST", self._posts_to):
            return 0
        if self._under is not None and not scope["path"].startswith(self._under):
            return 0
        address, now = (scope.get("client") or ("",))[0], self._clock()
        if self._under is not None:
            address = scope["path"][:200]
        began, count = self._seen.pop(address, (now, 0.0))
        if now - began >= self._within:
            began, count = now, 0.0
        self._seen[address] = (began, count + (_A_PART if _asks_for_a_part(scope) else 1))
        if len(self._seen) > _ADDRESSES_KEPT:
            self._seen.popitem(last=False)
        return 0 if count < self._most else max(math.ceil(began + self._within - now), 1)


class SizeLimit:
    """Refuses a body that is larger than the form of its route may be, without keeping it."""

    def __init__(
        self,
        app: ASGIApp,
        refuse: Callable[[Request, int], Any],
        most: int = LARGEST_FORM,
        larger: Mapping[str, int] = LARGER_FORMS,
    ) -> None:
        self.app, self._refuse, self._most = app, refuse, most
        self._larger = [(compile_path(path)[0], size) for path, size in larger.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        larger = next((size for path, size in self._larger if path.fullmatch(scope["path"])), None)
        if larger is not None:
            await self._pass_on(scope, receive, send, larger)
            return
        most = self._most
        parts: list[bytes] = []
        length, more = 0, True
        while more and length <= _READ_AWAY:
            message = await receive()
            if message["type"] != "http.request":
                return
            part = message.get("body", b"")
            length, more = length + len(part), message.get("more_body", False)
            if length <= most:
                parts.append(part)
            else:
                parts.clear()
        if length > most:
            await self._refuse(Request(scope), most)(scope, receive, send)
            return
        body, told = b"".join(parts), False

        async def receive_kept() -> Message:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, receive_kept, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        """Hand a large body on as it comes: it never stands in memory whole, and of a stranger's nothing is read."""
        length, more, answered = 0, True, False

        async def receive_counted() -> Message:
            nonlocal length, more
            message = await receive()
            length, more = length + len(message.get("body", b"")), message.get("more_body", False)
            if length > most:
                raise TooLarge
            return message

        async def send_noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, receive_counted, send_noted)
        except TooLarge:
            if answered:
                raise
            while more and length <= most + _READ_AWAY:
                message = await receive()
                length, more = length + len(message.get("body", b"")), message.get("more_body", False)
            await self._refuse(Request(scope), most)(scope, receive, send)


class TooLarge(Exception):
    """A body that turned out to be larger than its route takes, while it was read."""


def read_seconds() -> float:
    return time.monotonic()
