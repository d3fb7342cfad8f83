"""What ends a child whose parent has gone, when the kernel's signal to end did not."""

import os
import signal
import threading
import time

PARENT = "_TALLYSTICK_PARENT"
"""Under this a child finds the process whose end is its own."""
ENDS_WITHIN = 10.0
"""Seconds in which a child may end by itself after its parent."""
_LOOKS_EVERY = 1.0


def end_with_parent(within: float = ENDS_WITHIN) -> None:
    """Have this process and its group be gone so many seconds after its parent, if it was started by one of ours.

    Prefect ends a server or a runner by what its event loop still does, which may wait for ever for those who have
    gone; then it keeps its port, and the next start is refused.
    """
    parent = os.environ.pop(PARENT, None)
    if parent is not None:
        threading.Thread(target=_follow, args=(int(parent), within), name="tally-parting", daemon=True).start()


def _follow(parent: int, within: float) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOKS_EVERY)
    time.sleep(within)
    os.killpg(0, signal.SIGKILL)
