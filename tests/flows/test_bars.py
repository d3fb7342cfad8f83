"""A bar in the Prefect UI ends where the work ended."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from flows import bars
from flows.bars import Tell, do_long_step


def test_what_is_done_while_the_bar_is_moved_is_shown_by_one_more_movement(monkeypatch: pytest.MonkeyPatch) -> None:
    moving, all_done = threading.Event(), asyncio.Event()
    shown: list[tuple[int, int]] = []

    def work(tell: Tell) -> str:
        tell(34, 37)
        assert moving.wait(60)
        tell(37, 37)
        return "done"

    async def do_step(step: str, work: Callable[[], Any]) -> Any:
        result = await asyncio.to_thread(work)
        all_done.set()
        return result

    async def start_progress(description: str, key: str) -> UUID:
        return uuid4()

    async def move_progress(bar: UUID, done: int, of: int) -> None:
        shown.append((done, of))
        if done:
            moving.set()
            await all_done.wait()

    monkeypatch.setattr(bars, "MOVE_EVERY", 0.01)
    for stand_in in (do_step, start_progress, move_progress):
        monkeypatch.setattr(bars, stand_in.__name__, stand_in)
    assert asyncio.run(do_long_step("send", work, "{of} to send", "mail")) == "done"
    assert shown[-1] == (37, 37)
