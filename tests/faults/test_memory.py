"""What a sender keeps in memory while it sends: nothing of a message that has gone."""

import ctypes
import ctypes.util
import gc
import multiprocessing
import shutil
import sqlite3
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from commitments.database import open_database, open_unit
from commitments.reconcile import reconcile_register
from commitments.settings import Settings
from notifications import mime
from notifications.delivery import Post
from notifications.dispatch import BATCH, dispatch_messages
from notifications.planning import plan_messages
from tests.faults.dataset import NOW, TODAY
from tests.faults.test_five_thousand import Sink, fill_with_promises

EARLY, LATE = 300, 900
BYTES_A_MESSAGE = 400
"""A message with its letter takes 20,000, and its pages of the register 600; small caches still fill by 180."""


def test_memory_does_not_grow_with_the_messages_that_were_sent(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "tally.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}", synchronous="NORMAL")
    with open_unit(engine) as unit:
        fill_with_promises(unit, LATE + BATCH)
    reconcile_register(engine, NOW, TODAY)
    plan_messages(engine, NOW, TODAY, domain="tallystick.example")
    engine.dispose()
    sink = Sink(tmp_path)
    sink.start()
    try:
        with ProcessPoolExecutor(1, multiprocessing.get_context("forkserver")) as pool:
            sent, early, late = pool.submit(measure_sending, f"sqlite:///{path}", sink.url).result()
    finally:
        sink.kill()

    print(f"\nkept after {EARLY} messages: {early} bytes; after {LATE}: {late - early} more")
    assert sent == LATE + BATCH
    assert late - early < BYTES_A_MESSAGE * (LATE - EARLY)


def measure_sending(url: str, mail_url: str) -> tuple[int, int, int]:
    """Send what is queued: how many messages, and the bytes that were kept at the early one and the late one."""
    send, kept, sent = Post.send, dict[int, int](), 0

    def look_and_send(post: Post, **letter: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent in (EARLY, LATE):
            kept[sent] = count_bytes()
        return send(post, **letter)

    Post.send = look_and_send  # type: ignore[method-assign]
    engine = open_database(url, synchronous="NORMAL")
    settings = Settings(database_url=url, mail_url=mail_url, senders=1, rates={"mail:*": "off"})
    tracemalloc.start()
    done = dispatch_messages(engine, settings, read_clock=lambda: NOW)
    engine.dispose()
    return done.sent, kept[EARLY], kept[LATE]


def count_bytes() -> int:
    """What the program keeps, and what SQLite does, which takes its memory by itself."""
    mime._QUOTED.clear()  # the encoded lines, which it drops by itself as soon as they are 2,048
    gc.collect()
    return tracemalloc.get_traced_memory()[0] + count_bytes_of_sqlite()


def count_bytes_of_sqlite() -> int:
    """0 where Python has an SQLite of its own, which cannot be asked."""
    name = ctypes.util.find_library("sqlite3")
    library = ctypes.CDLL(name) if name else None
    if library is None:
        return 0
    library.sqlite3_libversion.restype = ctypes.c_char_p
    library.sqlite3_memory_used.restype = ctypes.c_int64
    same = library.sqlite3_libversion().decode() == sqlite3.sqlite_version
    return int(library.sqlite3_memory_used()) if same else 0
