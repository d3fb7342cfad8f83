"""Several senders and one disk: what they did goes into one commit, and nobody goes on before it is kept."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, func, select, text

from commitments.database import DatabaseBusy, open_database, open_reading, open_unit
from notifications import dispatch
from notifications.delivery import Post
from notifications.recorder import Recorder
from notifications.tables import attempt, notification
from tests.faults.conftest import Given
from tests.faults.dataset import NOW
from tests.faults.test_mail_server import count_states, hire_senders, wait_for

SENDERS = 4


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'notches.db'}")
    with open_unit(engine) as unit:
        unit.execute(text("CREATE TABLE notch (depth INTEGER NOT NULL)"))
    yield engine
    engine.dispose()


def notch(depth: int | None) -> Callable[[Connection], Any]:
    return lambda unit: unit.execute(text("INSERT INTO notch VALUES (:depth)"), {"depth": depth}).rowcount


def list_notches(engine: Engine) -> list[int]:
    with open_reading(engine) as reading:
        return list(reading.execute(text("SELECT depth FROM notch ORDER BY depth")).scalars())


def ask_during_a_commit(
    engine: Engine, works: list[Callable[[Connection], Any]]
) -> tuple[list[Future[Any]], list[list[int]]]:
    """Ask for all of these while one unit is open; what became of each, and what was on record after each commit."""
    began, go_on = threading.Event(), threading.Event()
    kept: list[list[int]] = []

    def hold(unit: Connection) -> None:
        began.set()
        assert go_on.wait(120)

    with ThreadPoolExecutor(len(works) + 1) as pool, Recorder(engine) as recorder:
        first = pool.submit(recorder.write, hold)
        assert began.wait(120)
        event.listen(engine, "commit", lambda _: kept.append(list_notches(engine)))
        asked = [pool.submit(recorder.write, work) for work in works]
        wait_for(lambda: len(recorder._waiting) == len(works))
        assert not any(one.done() for one in asked)
        go_on.set()
        first.result(120)
        for one in asked:
            one.exception(120)
    return asked, kept


def test_what_several_senders_ask_for_during_a_commit_is_kept_by_the_next_one_together(engine: Engine) -> None:
    asked, commits = ask_during_a_commit(engine, [notch(1), notch(2), notch(3)])
    assert [one.result() for one in asked] == [1, 1, 1]
    assert list_notches(engine) == [1, 2, 3]
    assert commits == [[], []], "the one that was held and one for all three, seen as the commit begins"


def test_one_whose_work_fails_hears_of_it_and_the_work_of_the_others_is_kept(engine: Engine) -> None:
    asked, _ = ask_during_a_commit(engine, [notch(1), notch(None), notch(3)])
    assert "NOT NULL" in str(asked[1].exception())
    assert (asked[0].result(), asked[2].result()) == (1, 1)
    assert list_notches(engine) == [1, 3]


def test_a_register_that_another_process_holds_is_asked_for_once_and_all_hear_of_it(engine: Engine) -> None:
    asks = 0

    def be_refused(unit: Connection) -> None:
        nonlocal asks
        asks += 1
        raise DatabaseBusy("the database was held by another process for a minute")

    asked, _ = ask_during_a_commit(engine, [be_refused, notch(2), notch(3)])
    assert [type(one.exception()) for one in asked] == [DatabaseBusy] * 3
    assert asks == 1
    assert list_notches(engine) == []


def test_what_several_senders_did_is_kept_in_one_commit_and_each_before_its_next(
    given: Callable[[], Given], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = given()
    settings = hire_senders(day, monkeypatch)
    send = Post.send
    before: dict[int, str] = {}
    most_open = 0

    def send_watched(self: Post, *, sender: str, to: str, wire: bytes, **more: Any) -> Any:
        nonlocal most_open
        me = threading.get_ident()
        message_id = wire.split(b"Message-ID: ", 1)[1].split(b"\r\n", 1)[0].decode()
        with open_reading(day.engine) as reading:
            begun = select(attempt.c.id).join(notification, notification.c.id == attempt.c.notification_id)
            mine = reading.execute(begun.where(notification.c.message_id == message_id)).scalars().all()
            still_open = reading.execute(
                select(func.count()).select_from(attempt).where(attempt.c.outcome.is_(None))
            ).scalar_one()
            last = reading.execute(
                select(notification.c.state).where(notification.c.message_id == before.get(me, ""))
            ).scalar()
        assert len(mine) == 1, "the attempt is on record before the letter goes"
        assert last in (None, "sent"), "the letter before is on record before the next goes"
        most_open = max(most_open, still_open)
        before[me] = message_id
        return send(self, sender=sender, to=to, wire=wire, **more)

    monkeypatch.setattr(Post, "send", send_watched)
    report = dispatch.dispatch_messages(day.engine, settings, read_clock=lambda: NOW)
    assert count_states(day.engine) == {"sent": report.sent}
    assert 1 <= most_open <= SENDERS, "after a crash no more are uncertain than there are connections"
