"""How the portal is served."""

import asyncio
import gc
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from commitments.clock import read_clock, today_in
from commitments.database import open_database, open_reading
from portal.serving import Filling, TidyBetween, configure, settle_memory
from tests.portal.desk import Desk
from tests.standings import count_stored


@pytest.fixture
def unsettled() -> Iterator[None]:
    before = gc.get_threshold()
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


class Knot:
    """Something that holds itself, so that only the search for garbage lets it go."""

    def __init__(self) -> None:
        self.self = self


@pytest.mark.usefixtures("unsettled")
def test_what_the_program_consists_of_is_no_longer_gone_through_for_garbage() -> None:
    kept = Knot()
    gc.collect()  # what the tests before have left
    looked_through = len(gc.get_objects())
    settle_memory()
    assert gc.get_freeze_count() > 0.9 * looked_through
    assert len(gc.get_objects()) < 0.1 * looked_through
    assert kept.self is kept


@pytest.mark.usefixtures("unsettled")
def test_what_a_request_leaves_behind_is_still_collected_and_nothing_that_was_garbage_is_kept() -> None:
    before = weakref.ref(Knot())
    settle_memory()
    assert before() is None
    after = weakref.ref(Knot())
    gc.collect()
    assert after() is None


@pytest.mark.usefixtures("unsettled")
def test_a_page_with_thousands_of_objects_is_not_held_up_to_look_through_them_for_garbage() -> None:
    settle_memory()
    looked: list[int] = []

    def notice(phase: str, info: dict[str, int]) -> None:
        looked.append(info["generation"])

    gc.collect()
    gc.callbacks.append(notice)
    page = [[number] for number in range(20_000)]
    gc.callbacks.remove(notice)
    assert len(page) == 20_000 and not looked


@pytest.mark.usefixtures("unsettled")
@pytest.mark.parametrize(("left", "looked_for"), [(6_000, [0]), (100, [])])
def test_what_a_page_leaves_behind_is_looked_for_once_its_answer_is_out_where_it_is_much(
    left: int, looked_for: list[int]
) -> None:
    settle_memory()
    looked: list[int] = []
    looked_before_the_answer: list[int] = []
    ends: Any = None

    def notice(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            looked.append(info["generation"])

    async def answer(_scope: Any, _receive: Any, send: Any) -> None:
        for _ in range(left):
            Knot()
        await send({"type": "http.response.body"})

    async def send_out(_message: Any) -> None:
        looked_before_the_answer.extend(looked)

    async def ask() -> None:
        await TidyBetween(answer)({"type": "http"}, ends, send_out)
        await asyncio.sleep(0)

    gc.collect()
    gc.callbacks.append(notice)
    asyncio.run(ask())
    gc.callbacks.remove(notice)
    assert looked_before_the_answer == []
    assert looked == looked_for


@pytest.mark.usefixtures("unsettled")
def test_whoever_serves_the_portal_settles_first_and_tidies_between_the_pages(desk: Desk) -> None:
    engine = open_database(desk.settings.register_url)
    served = configure(desk.settings, engine)
    engine.dispose()
    assert gc.get_freeze_count() > 0
    assert isinstance(served.app, TidyBetween)


def test_how_the_agreements_stand_is_known_soon_after_the_portal_starts_though_no_check_has_run(desk: Desk) -> None:
    today = today_in(desk.settings.time_zone, read_clock())

    def count() -> int:
        with open_reading(desk.engine) as reading:
            return count_stored(reading, today)

    assert count() == 0
    deadline = time.monotonic() + 60
    with Filling(desk.settings, desk.engine):
        while not count() and time.monotonic() < deadline:
            time.sleep(0.02)
    assert count() == 1


@pytest.mark.usefixtures("unsettled")
@pytest.mark.parametrize(
    ("named", "counted"), [("10.0.0.0/8", "203.0.113.7"), ("10.1.2.3", "203.0.113.7"), ("", "10.1.2.3")]
)
def test_people_behind_a_proxy_that_is_named_count_each_by_their_own_address(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, named: str, counted: str
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", named)
    engine = open_database(desk.settings.register_url)
    served = configure(desk.settings, engine)
    served.load()
    engine.dispose()
    seen: list[str] = []

    async def note(scope: Any, *_: Any) -> None:
        seen.append(scope["client"][0])

    assert isinstance(served.loaded_app, ProxyHeadersMiddleware)
    served.loaded_app.app = note
    scope: Any = {"type": "http", "client": ("10.1.2.3", 1), "headers": [(b"x-forwarded-for", b"203.0.113.7")]}
    ends: Any = None
    asyncio.run(served.loaded_app(scope, ends, ends))
    assert seen == [counted]
