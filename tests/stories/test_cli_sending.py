"""What the `tally` command promises of telling people: check, forecast, send, messages and the doctor."""

import asyncio
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_cli import CHECKOUT, NOW, Tally, dump, examples_template, home, letters, look, tally

from cli import sending
from commitments.settings import Settings
from tests.mail_door import open_door

__all__ = ["examples_template", "home", "letters", "tally"]  # the fixtures


def test_check_with_dry_run_writes_nothing(tally: Tally, home: Path) -> None:
    before = dump(home)
    rehearsed = tally("check", "--dry-run", "--json").json
    assert dump(home) == before
    done = tally("check", "--json").json
    assert rehearsed["opened"] == done["opened"] == look(home, "select count(*) from follow_up")[0][0] > 100
    assert rehearsed["messages"]["queued"] == done["messages"]["queued"] > 0
    assert all(one["why"] for one in done["changes"])
    again = tally("check", "--json").json
    assert (again["opened"], again["closed"], again["messages"]["queued"]) == (0, 0, 0)


def test_check_writes_under_no_date_but_todays(tally: Tally, home: Path) -> None:
    before = dump(home)
    for day in ("2020-01-01", "2030-01-01"):
        assert "--dry-run" in tally("check", "--as-of", day).err
        assert tally("check", "--as-of", day, "--dry-run").code == 0
    assert dump(home) == before


def test_forecast_tells_each_message_with_its_day_and_reason_and_writes_nothing(tally: Tally, home: Path) -> None:
    before = dump(home)
    found = tally("forecast", "--days", "5", "--json").json
    assert dump(home) == before
    for one in found:
        assert "2026-11-23" <= one["date"] <= "2026-11-28"
        assert datetime.fromisoformat(one["at"]).tzinfo is not None
        assert "T" in one["at"]
        assert one["to"].endswith(".example")
        assert one["reason"]
        assert {"key", "channel", "kind", "state", "attempts", "message_id"} <= one.keys()
    assert {one["contact"] for one in found} >= {"songlan-fu", "leeds-sample"}


def test_what_was_forecast_is_sent(tally: Tally, letters: Path) -> None:
    foreseen = {one["key"]: one["message_id"] for one in tally("forecast", "--days", "1", "--json").json}
    tally("check")
    done = tally("send")
    assert (done.code, done.err) == (0, "")
    sent = {one["key"]: one["message_id"] for one in tally("messages", "--state", "sent", "--json").json}
    assert sent == {key: foreseen[key] for key in sent}
    assert len(sent) == len(list(letters.glob("*.eml"))) > 20
    assert "0 messages sent" in tally("send").out


def test_send_exits_3_while_mail_is_outstanding(tally: Tally, home: Path) -> None:
    tally("check")
    done = tally("send")
    assert done.code == 3
    assert "outstanding" in done.err
    assert "127.0.0.1:9" in done.err
    with sqlite3.connect(home / "tally.db") as connection:
        connection.execute(
            "update notification set state = 'cancelled'"
            " where id <> (select min(id) from notification where attempts > 0)"
        )
    again = tally("send")
    assert (again.code, "1 message is outstanding" in again.err) == (3, True)  # though it waits for its next attempt


class Strict:
    """A mail server's manners: one person is unknown there, and each letter takes a while."""

    def __init__(self, unknown: str = "nobody", seconds: float = 0) -> None:
        self.unknown, self.seconds = unknown, seconds

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith(self.unknown):
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.seconds)
        return "250 2.0.0 taken"


@pytest.fixture
def open_post(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Strict], None]]:
    """Opens a mail server to which mail is sent."""
    with ExitStack() as doors:
        yield lambda manners: monkeypatch.setenv(
            "TALLY_MAIL_URL", f"smtp://127.0.0.1:{doors.enter_context(open_door(manners))}"
        )


def test_send_exits_3_when_a_message_is_refused_for_good(tally: Tally, open_post: Callable[[Strict], None]) -> None:
    open_post(Strict(unknown="liwen.fu@songlan"))
    tally("check")
    done = tally("send")
    assert done.code == 3
    assert "1 message has failed" in done.err
    assert "outstanding" not in done.err
    failed = tally("messages", "--state", "failed", "--json").json
    assert [one["contact"] for one in failed] == ["songlan-fu"]
    assert "nobody of that name" in failed[0]["state_reason"]
    assert tally("send").code == 0  # what failed is told once; a follow-up stands for it


def test_send_with_dry_run_sends_and_writes_nothing(tally: Tally, letters: Path, home: Path) -> None:
    before = dump(home)
    assert re.search(r"[1-9]\d* messages would go now", tally("send", "--dry-run").out)
    assert dump(home) == before
    assert not list(letters.glob("*.eml"))


def start_send(seconds_to_finish: float = sending.SECONDS_TO_FINISH) -> "subprocess.Popen[bytes]":
    script = f"from cli import main, sending; sending.SECONDS_TO_FINISH = {seconds_to_finish}; main.run()"
    command = [sys.executable, "-c", script, "send"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_send_finishes_the_messages_under_way_and_gives_the_rest_back(
    home: Path, tally: Tally, open_post: Callable[[Strict], None], asked: signal.Signals
) -> None:
    tally("check")
    open_post(Strict(seconds=2))
    sender = start_send(60)
    deadline = time.monotonic() + 120
    while not look(home, "select 1 from attempt where outcome is null"):
        assert time.monotonic() < deadline, "no letter was begun"
        time.sleep(0.02)
    sender.send_signal(asked)
    _, said = sender.communicate(timeout=120)
    assert sender.returncode == 3
    assert b"outstanding" in said
    counts = dict(look(home, "select state, count(*) from notification group by state"))
    assert 1 <= counts["sent"] <= 2 * Settings().senders  # and those begun before it was heard
    assert counts["queued"] > 20
    assert "sending" not in counts


def test_a_stopped_send_ends_soon_though_the_mail_server_says_nothing(home: Path, tally: Tally) -> None:
    tally("check")
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.MonkeyPatch.context() as patched:
        patched.setenv("TALLY_MAIL_URL", f"smtp://127.0.0.1:{mute.getsockname()[1]}?timeout=300")
        mute.settimeout(120)
        sender = start_send()
        connection, _ = mute.accept()
        sender.send_signal(signal.SIGTERM)
        _, said = sender.communicate(timeout=120)
        connection.close()
    assert sender.returncode == 3
    assert b"Traceback" not in said
    assert look(home, "select count(*) from notification where state = 'sending'")[0][0] > 0
    tally("send")  # finds that the sender is gone, and takes over
    assert look(home, "select count(*) from notification where state = 'sending'") == [(0,)]


def test_messages_tell_why_and_also_what_was_not_told(tally: Tally) -> None:
    tally("check")
    found = tally("messages", "--why", "--json").json
    passed_over = [one for one in found if one["state"] == "passed_over"]
    assert passed_over[0]["reason"] == "a later reminder is the right one today"
    told = next(one for one in found if one["contact"] == "songlan-fu" and one["message_id"])
    assert "was due by 30 September 2026, 7 weeks ago (follow-up opened on 23 November 2026)" in told["reason"]
    shown = tally("messages", "--why", "--to", "songlan").out
    assert "Not told:" in shown
    assert "a later reminder is the right one" in shown


def test_messages_tell_what_a_letter_said_and_mark_what_was_answered_before_it_went(
    tally: Tally, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = "harrowmere-songlan/tree-survey"
    tally("check")
    tally("report-progress", survey, "--rating", "on_track", "--fulfilled")
    monkeypatch.setenv("TALLY_CLOCK", "2026-11-24T01:00:00+00:00")
    tally("send")
    found = tally("messages", "--why", "--to", "songlan-fu", "--json").json
    (letter,) = [one for one in found if any(left["matter"] == survey for left in one.get("left_out", ()))]
    assert survey not in letter["reason"]
    assert survey not in {one["matter"] for one in letter["notices"]}
    (left,) = [one for one in letter["left_out"] if one["matter"] == survey]
    assert left["why"] == "it was answered meanwhile"
    shown = tally("messages", "--why", "--to", "songlan-fu").out
    assert f"left out: {survey}: was due by 30 September 2026, 7 weeks ago (it was answered meanwhile)" in shown


def test_what_was_not_told_of_one_matter_is_one_row_with_its_reminders_named(tally: Tally) -> None:
    tally("check")
    untold = [one for one in tally("messages", "--why", "--json").json if one["state"] == "passed_over"]
    assert {one["rung"] for one in untold if one["kind"] == "reminder"} <= {
        f"{days} days before" for days in (60, 30, 14, 7)
    }
    rows = {(one["day"], one["matter"], one["name"], one["reason"]) for one in untold}
    shown = tally("messages", "--why").out.partition("Not told:")[2]
    assert shown.count("passed over") == len(rows)


# Doctor


def test_the_doctor_exits_3_when_something_is_broken_and_shows_no_password(
    tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLY_MAIL_URL", "smtp://tally:geheim@127.0.0.1:9")
    done = tally("doctor", "--json")
    assert done.code == 3
    assert "geheim" not in done.out + done.err
    assert [one["subject"] for one in done.json["checks"] if one["state"] == "broken"] == ["mail server"]


def test_the_doctor_finds_a_sound_system_sound(tally: Tally, letters: Path) -> None:
    done = tally("doctor", "--json")
    assert done.code == 0
    found = {one["subject"]: one for one in done.json["checks"]}
    assert found["database"]["found"].endswith("up to date")
    assert "China's working Saturdays for 2027 are not published yet: provisional" in found["holidays"]["found"]


def test_the_doctor_names_a_setting_that_cannot_be_used(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_LEASE_SECONDS", "soon")
    done = tally("doctor", "--json")
    assert done.code == 3
    assert "TALLY_LEASE_SECONDS" in done.json["checks"][0]["found"]


def test_the_doctor_sees_mail_that_is_late(tally: Tally, letters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tally("check")
    later = datetime.fromisoformat(NOW).astimezone(UTC).replace(hour=15)
    monkeypatch.setenv("TALLY_CLOCK", later.isoformat())
    done = tally("doctor", "--json")
    assert done.code == 3
    assert "more than an hour late" in next(one["found"] for one in done.json["checks"] if one["state"] == "broken")
