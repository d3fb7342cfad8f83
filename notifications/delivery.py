"""The road to the mail server: Apprise hands each letter to a plugin of ours that keeps its SMTP connections open.

Apprise's own mail plugin opens a connection and builds a TLS context for each letter (50 ms each), cannot carry a
text part, a Message-ID or a bounce address of ours, and does not tell a refused address from a busy server.
This is the only module that imports apprise, and it does so at the first letter, because the import takes 0.2 s.
"""

import re
import time
from functools import cache
from queue import LifoQueue
from threading import Lock
from types import TracebackType
from typing import Any, Self

from commitments.vocabulary import Outcome
from notifications.mail_route import MailRoute
from notifications.mime import check_address
from notifications.smtp_line import REPLY_LIMIT, Delivery, Envelope, Line, RouteDown

_SECONDS_ROUTE_STAYS_DOWN = 30.0
_TURNED_AWAY = 3
"""So many recipients in a row for whom the server refuses the house itself are no fault of theirs."""
_ABOUT_US = re.compile(r"\s*5\.7\.\d|.*\brelay", re.IGNORECASE)
"""How a server says that it will not have a letter of ours: by its policy (RFC 3463, 5.7.x), or as no relay of ours."""


@cache
def _load_apprise() -> tuple[type[Any], Any]:
    """Import Apprise and make our plugin, without loading its 150 others."""
    from apprise import AppriseAsset, NotifyBase

    base: Any = NotifyBase  # Apprise 1 and 2 declare its members with different types

    class PooledMail(base):  # type: ignore[misc]
        """Hands the envelope that it was given to its kept connection."""

        service_name = "Pooled mail"
        protocol = "tallymail"
        request_rate_per_sec = 0
        title_maxlen = 998
        body_maxlen = 10_000_000
        url_identifier = False

        line: Line
        envelope: Envelope

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
    return PooledMail, AppriseAsset(**options)


class _Lane:
    """One line with the plugin that leads to it; used by one letter at a time."""

    def __init__(self, route: MailRoute) -> None:
        pooled_mail, asset = _load_apprise()
        self.line = Line(route)
        self._plugin = pooled_mail(asset=asset, host="localhost")
        self._plugin.line = self.line

    def carry(self, envelope: Envelope) -> None:
        self._plugin.envelope = envelope
        # The words travel in the envelope; Apprise only needs something that is not empty. It is asked by the plugin
        # itself: choosing among plugins by their tags would take three times as long as all the rest of it.
        self._plugin.notify(body="-")


class Post:
    """Hands letters in by one route, over at most `pool_size` kept connections; safe to share between threads.

    Where the server takes fewer connections, letters wait for those that it took.
    """

    def __init__(self, route: MailRoute, *, pool_size: int = 1) -> None:
        self._route = route
        self._size = pool_size
        self._lanes: LifoQueue[_Lane | None] = LifoQueue()
        for _ in range(pool_size):
            self._lanes.put(None)
        self._usable: set[_Lane] = set()  # those that are open or being opened
        self._mutex = Lock()
        self._down: tuple[float, Delivery] | None = None
        self._turned_away: set[str] = set()

    def __repr__(self) -> str:
        return f"Post({self._route!s}, pool_size={self._size})"

    def send(self, *, sender: str, to: str, wire: bytes) -> Delivery:
        """Hand one letter in for one recipient and say what came of it; no fault of network or server is raised.

        `UNCERTAIN` is said only if the whole letter had left and the answer was lost. A route that could not be
        opened for long, that refused the password, or that refuses the house for one recipient after another, is left
        alone for 30 s: letters get the same answer at once.
        """
        ends = wire.count(b"\r\n")
        if wire.count(b"\n") != ends or wire.count(b"\r") != ends:
            raise ValueError("a letter on the wire has CRLF line ends only")
        try:
            envelope = Envelope(check_address(sender) if sender else "", "", wire)
        except ValueError as fault:
            return Delivery(Outcome.TEMPORARY, 0, f"the sender: {fault}"[:REPLY_LIMIT], route_down=True)
        try:
            envelope.recipient = check_address(to)
        except ValueError as fault:
            return Delivery(Outcome.PERMANENT, 0, f"the recipient: {fault}"[:REPLY_LIMIT])
        while True:
            lane = self._lanes.get()
            if self._down is not None and time.monotonic() < self._down[0]:
                self._lanes.put(lane)
                return self._down[1]
            delivery = self._carry(lane, envelope)
            if delivery is not None:
                return delivery

    def _carry(self, lane: _Lane | None, envelope: Envelope) -> Delivery | None:
        """What came of the letter; None if the server wants no more connections than those that are open."""
        is_kept = True
        envelope.fault = None
        try:
            if lane is None:
                lane = _Lane(self._route)
            with self._mutex:
                self._usable.add(lane)
            lane.carry(envelope)
            if envelope.fault is not None:
                raise envelope.fault
        except RouteDown as down:
            if lane is not None and self._give_up(lane, down):
                is_kept = False
                return None
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
            if is_kept:
                self._lanes.put(lane)
        if envelope.delivery is None:
            return Delivery(Outcome.TEMPORARY, 0, "Apprise did not hand the letter on")
        return self._judge_refusal(envelope.recipient, envelope.delivery)

    def _judge_refusal(self, to: str, delivery: Delivery) -> Delivery:
        """What a refusal means beside those before it: of us, whoever the letter is for, it is the route's fault."""
        with self._mutex:
            if delivery.outcome is Outcome.ACCEPTED:
                self._turned_away.clear()
            if delivery.outcome is not Outcome.PERMANENT or _ABOUT_US.match(delivery.reply) is None:
                return delivery
            self._turned_away.add(to)
            if len(self._turned_away) < _TURNED_AWAY:
                return delivery
        turned_away = Delivery(Outcome.TEMPORARY, delivery.code, delivery.reply, route_down=True)
        self._down = (time.monotonic() + _SECONDS_ROUTE_STAYS_DOWN, turned_away)
        return turned_away

    def _give_up(self, lane: _Lane, down: RouteDown) -> bool:
        """Do without a lane that could not be opened while there are others; the last one is kept."""
        with self._mutex:
            self._usable.discard(lane)
            given_up = bool(self._usable) and (not down.lasting or 400 <= down.code < 500)
            self._size -= given_up
        return given_up

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
