"""A step that takes a while, with a bar in the Prefect UI that moves while it is done."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from flows.artifacts import move_progress, start_progress
from flows.runs import do_step

Result = TypeVar("Result")
Tell = Callable[[int, int], None]
"""Hears how much is done, of how much."""
MOVE_EVERY = 2.0
"""Seconds between two movements of a bar."""


async def do_long_step(
    step: str, work: Callable[[Tell], Result], description: str, key: str, *, least: int = 1
) -> Result:
    """`do_step` with a bar, from when `work` first tells that there are at least so many parts."""
    share = (0, 0)

    def tell(done: int, of: int) -> None:
        nonlocal share
        share = (done, of)

    working = asyncio.ensure_future(do_step(step, partial(work, tell)))
    bar, ended = None, False
    try:
        while not ended:
            await asyncio.wait([working], timeout=MOVE_EVERY)
            ended = working.done()  # asked before the share is read: the work may end while the bar is moved
            done, of = share
            if bar is None and of >= least:
                bar = await start_progress(description.format(of=f"{of:,}"), key)
            if bar is not None:
                await move_progress(bar, done, of)
    finally:
        working.cancel()
    return await working
