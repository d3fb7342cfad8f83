"""Named places where a fault can be asked for: a no-op unless TALLY_FAILPOINTS is set.

`TALLY_FAILPOINTS="outbox.after_send=kill@3;reconcile.before_commit=raise@1;outbox.before_send=sleep:2@1"`
kills the process with SIGKILL at the third hit, raises `FaultAsked`, or sleeps. Without `@N` it is the first hit.
`hang` stops the process until it gets SIGCONT.
TALLY_FAILPOINT_TRACE names a file to which each hit's name is appended, so that a test can list the places.
"""

import os
import signal
import time
from collections import Counter
from pathlib import Path


class FaultAsked(Exception):
    """Raised by a failpoint that was asked to raise."""


_hits: Counter[str] = Counter()


def _read_orders(text: str) -> dict[str, tuple[str, int]]:
    orders: dict[str, tuple[str, int]] = {}
    for order in filter(None, (part.strip() for part in text.split(";"))):
        name, _, rest = order.partition("=")
        action, _, at = rest.partition("@")
        orders[name] = (action, int(at or 1))
    return orders


_orders = _read_orders(os.environ.get("TALLY_FAILPOINTS", ""))
_trace = os.environ.get("TALLY_FAILPOINT_TRACE", "")


def failpoint(name: str) -> None:
    """Mark a place where a process may die; does nothing in ordinary life."""
    if not _orders and not _trace:
        return
    if _trace:
        with Path(_trace).open("a") as trace:
            trace.write(name + "\n")
    order = _orders.get(name)
    if order is None:
        return
    _hits[name] += 1
    action, at = order
    if _hits[name] != at:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "hang":
        os.kill(os.getpid(), signal.SIGSTOP)
    if action.startswith("sleep:"):
        time.sleep(float(action.removeprefix("sleep:")))
    if action == "raise":
        raise FaultAsked(name)
