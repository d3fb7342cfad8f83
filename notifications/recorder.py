"""Writes for all senders of a run: what they ask for while one commit is under way goes into the next one together."""

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import Connection, Engine

from commitments.database import DatabaseBusy, open_unit

_T = TypeVar("_T")


class _Asked(Generic[_T]):
    """What one sender wants written, and what came of it."""

    __slots__ = ("_gate", "_result", "fault", "is_kept", "work")

    def __init__(self, work: Callable[[Connection], _T]) -> None:
        self.work = work
        self.fault: BaseException | None = None
        self.is_kept = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def keep(self, result: _T) -> None:
        self._result, self.is_kept = result, True

    def wait(self) -> None:
        self._gate.acquire()

    def wake(self) -> None:
        self._gate.release()

    def tell(self) -> _T:
        if self.fault is not None:
            raise self.fault
        return self._result


class Recorder:
    """The one place where the senders of a run write; to be used as a context.

    SQLite lets one write at a time, and a commit waits for the disk. There the senders share one connection: the first
    to come writes for all who wait, so that they share a commit, too. PostgreSQL gathers the commits of several
    connections by itself, and each sender keeps a connection of its own.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_shared = engine.dialect.name == "sqlite"
        self._own = threading.local()
        self._kept: list[Connection] = []
        self._mutex = threading.Lock()
        self._waiting: deque[_Asked[Any]] = deque()
        self._is_writing = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._mutex:
            while self._kept:
                self._kept.pop().close()

    def write(self, work: Callable[[Connection], _T]) -> _T:
        """Run the work in a unit, maybe together with what others ask for; returns once that is on the disk.

        What it raises is raised here, and nothing of it is written; the work of the others is. It may run a second
        time, in a unit of its own, after a unit that it shared was rolled back.
        """
        if not self._is_shared:
            return self._write_alone(work)
        asked = _Asked(work)
        with self._mutex:
            if self._is_writing:
                self._waiting.append(asked)
            leads = not self._is_writing
            self._is_writing = True
        if not leads:
            asked.wait()
        if not asked.is_kept and asked.fault is None:
            self._lead(asked)
        return asked.tell()

    def _lead(self, first: _Asked[Any]) -> None:
        """Write for all who wait by now, and leave the next turn to the first who came meanwhile."""
        with self._mutex:
            together = [first, *self._waiting]
            self._waiting.clear()
        try:
            self._write_together(together)
        finally:
            with self._mutex:
                following = self._waiting.popleft() if self._waiting else None
                self._is_writing = following is not None
            if following is not None:
                following.wake()
            for one in together[1:]:
                one.wake()

    def _write_together(self, asked: list[_Asked[Any]]) -> None:
        try:
            with open_unit(self._connect()) as unit:
                results = [one.work(unit) for one in asked]
        except BaseException as fault:
            if len(asked) > 1 and not isinstance(fault, DatabaseBusy):  # which has cost a minute, and is nobody's work
                for one in asked:
                    self._write_together([one])
                return
            for one in asked:
                one.fault = fault
            return
        for one, result in zip(asked, results, strict=True):
            one.keep(result)

    def _write_alone(self, work: Callable[[Connection], _T]) -> _T:
        with open_unit(self._connect()) as unit:
            return work(unit)

    def _connect(self) -> Connection:
        """The connection that all share, or this sender's own."""
        if self._is_shared:
            if not self._kept:
                self._kept.append(self._engine.connect())
            return self._kept[0]
        mine: Connection | None = getattr(self._own, "connection", None)
        if mine is None:
            mine = self._own.connection = self._engine.connect()
            with self._mutex:
                self._kept.append(mine)
        return mine
