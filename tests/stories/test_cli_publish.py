"""What `tally publish` says of a Prefect server: one that takes events, is away, forgets, or refuses us."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from test_cli import Tally, examples_template, home, letters, look, tally

__all__ = ["examples_template", "home", "letters", "tally"]  # the fixtures
WAITING = "select count(*) from publication where published_at is null"
ALERTS = "select state, count(*) from notification where kind = 'alert' group by state"


@dataclass
class FakePrefect:
    """As much of a Prefect server as a publisher speaks to; keeps the header of each request."""

    forgets: bool = False
    asks_for: str | None = None
    """The sign-in that it lets in."""
    events: dict[str, Any] = field(default_factory=dict)
    seen: list[str | None] = field(default_factory=list)
    address: str = ""

    def answer(self, path: str, signed: str | None, body: Any) -> tuple[int, Any]:
        self.seen.append(signed)
        if self.asks_for is not None and signed != self.asks_for:
            return 401, {"exception_message": "Unauthorized"}
        if path.startswith("/api/csrf-token"):
            return 422, {"detail": "CSRF protection is disabled."}
        if path == "/api/events":
            self.events |= {} if self.forgets else {one["id"]: one for one in body}
            return 204, None
        wanted = body["filter"]["id"]["id"]
        return 200, {"events": [self.events[one] for one in wanted if one in self.events], "next_page": None}


@contextmanager
def start_fake(fake: FakePrefect) -> Iterator[FakePrefect]:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.reply(*fake.answer(self.path, self.headers["Authorization"], body))

        def do_GET(self) -> None:
            self.reply(*fake.answer(self.path, self.headers["Authorization"], None))

        def reply(self, status: int, body: Any) -> None:
            said = json.dumps(body).encode() if body is not None else b""
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        fake.address = f"http://127.0.0.1:{server.server_port}/api"
        with temporary_settings({PREFECT_API_URL: fake.address}):
            yield fake
        server.shutdown()


def test_what_waits_is_published_once_and_counted(tally: Tally, home: Path) -> None:
    (waiting,) = look(home, WAITING)[0]
    with start_fake(FakePrefect()) as prefect:
        assert tally("publish").out == f"{waiting} events published.\n"
        assert len(prefect.events) == waiting > 100
        done = tally("publish", "--json")
    assert (done.code, done.json) == (0, {"published": 0, "waiting": 0})
    assert look(home, WAITING) == [(0,)]


def test_a_dry_run_counts_what_waits_by_name_and_asks_no_server(tally: Tally, home: Path) -> None:
    before = look(home, WAITING)
    done = tally("publish", "--dry-run", "--json")
    assert (done.code, done.json["waiting"]) == (0, before[0][0])
    assert done.json["events"]["tallystick.commitment.registered"] > 50
    assert "this was a dry run" in tally("publish", "--dry-run").out
    assert look(home, WAITING) == before


def test_without_a_server_it_says_which_setting_names_one(tally: Tally) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        done = tally("publish")
    assert done.code == 1
    assert "set PREFECT_API_URL, as in http://127.0.0.1:4200/api" in done.err


def test_a_server_that_is_away_is_named_without_its_password_and_nothing_is_lost(tally: Tally, home: Path) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    before = look(home, WAITING)
    with temporary_settings({PREFECT_API_URL: "http://ops:geheim@127.0.0.1:9/api"}):
        done = tally("publish")
    assert done.code == 1
    assert "the Prefect server at http://127.0.0.1:9/api cannot be reached" in done.err
    assert "the events wait in the register" in done.err
    assert "geheim" not in done.err + done.out
    assert look(home, WAITING) == before


def test_a_server_that_forgets_what_it_took_ends_with_3_and_the_events_still_wait(
    tally: Tally, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deployments import publishing

    monkeypatch.setattr(publishing, "publish_all", lambda engine: publishing._publish_all(engine, 0.1))
    with start_fake(FakePrefect(forgets=True)):
        done = tally("publish")
    assert done.code == 3
    assert "0 events published, " in done.out
    assert look(home, WAITING)[0][0] > 100


@pytest.mark.parametrize(
    ("setting", "value", "header"),
    [
        ("PREFECT_API_KEY", "pnu_secret", "Bearer pnu_secret"),
        ("PREFECT_API_AUTH_STRING", "ops:hush", "Basic b3BzOmh1c2g="),
    ],
)
def test_a_server_that_asks_for_a_sign_in_gets_the_one_that_is_set(
    tally: Tally, home: Path, setting: str, value: str, header: str
) -> None:
    from prefect import settings

    with start_fake(FakePrefect(asks_for=header)) as prefect:
        refused = tally("publish")
        assert refused.code == 1
        assert "refuses with 401 (Unauthorized); set PREFECT_API_AUTH_STRING (user:password) or PREFECT_API_KEY" in (
            refused.err
        )
        assert not prefect.events
        with settings.temporary_settings({getattr(settings, setting): value}):
            assert tally("publish").code == 0
    assert set(prefect.seen) == {None, header}
    assert look(home, WAITING) == [(0,)]


def test_a_publisher_that_is_refused_tells_the_operator_once_and_takes_it_back_when_it_is_let_in(
    tally: Tally, home: Path, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commitments.database import open_database
    from commitments.settings import Settings
    from deployments import publishing

    monkeypatch.setattr(publishing, "LOOK_EVERY", 0.01)
    monkeypatch.setenv("TALLY_OPERATOR", "ops@house.example")
    monkeypatch.delenv("TALLY_CLOCK")
    tally("status")
    engine, settings = open_database(f"sqlite:///{home / 'tally.db'}"), Settings()
    stop, until = threading.Event(), threading.Event()
    with start_fake(FakePrefect(asks_for="Basic b3BzOmh1c2g=")) as prefect:
        monkeypatch.setattr(publishing, "LONGEST_PAUSE", 0.01)
        follower = _follow(engine, settings, stop, until)
        while not list(letters.glob("*.eml")) or len(prefect.seen) < 4:
            assert not until.wait(0.05)
        prefect.asks_for = None
        while look(home, WAITING) != [(0,)]:
            assert not until.wait(0.05)
        stop.set()
        follower.join(60)
    (letter,) = letters.glob("*.eml")
    assert b"Events not taken" in letter.read_bytes()
    kept = look(home, "select kind, state, closed_why from follow_up where kind = 'events_refused'")
    assert kept == [("events_refused", "done", "the server takes events")]
    engine.dispose()


def _follow(engine: Any, settings: Any, stop: threading.Event, until: threading.Event) -> threading.Thread:
    """A publisher beside this test, in the settings of Prefect that hold here; `until` is set after two minutes."""
    from contextvars import copy_context

    from deployments.publishing import publish_forever

    alarm = threading.Timer(120, until.set)
    alarm.daemon = True  # or the process of the tests waits for it
    alarm.start()
    follower = threading.Thread(target=copy_context().run, args=(publish_forever, engine, settings, stop), daemon=True)
    follower.start()
    return follower
