"""A failpoint does nothing until it is asked to, and then exactly what it was asked, exactly once."""

import os
import signal
import time
from collections import Counter

import pytest

from commitments import failpoints
from commitments.failpoints import FaultAsked, _read_orders, failpoint
from tests.rules.cases import table


@pytest.fixture
def done(monkeypatch):
    """What the failpoints did, in order."""
    deeds: list[tuple[str, float]] = []
    monkeypatch.setattr(failpoints, "_hits", Counter())
    monkeypatch.setattr(failpoints, "_trace", "")
    monkeypatch.setattr(os, "kill", lambda process, sign: deeds.append(("kill", sign if process == os.getpid() else 0)))
    monkeypatch.setattr(time, "sleep", lambda seconds: deeds.append(("sleep", seconds)))
    return deeds


def order(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(failpoints, "_orders", _read_orders(text))


@table(
    ("no orders are none", "", {}),
    ("without a number it is the first hit", "a.b=raise", {"a.b": ("raise", 1)}),
    ("the hit is written after an at sign", "a.b=kill@3", {"a.b": ("kill", 3)}),
    ("a sleep keeps its seconds", "a.b=sleep:2.5@2", {"a.b": ("sleep:2.5", 2)}),
    ("orders are parted by semicolons", "a=raise; b=kill@2;", {"a": ("raise", 1), "b": ("kill", 2)}),
)
def test_orders_are_read(text, orders):
    assert _read_orders(text) == orders


def test_without_orders_nothing_happens(done, monkeypatch):
    order(monkeypatch, "")
    failpoint("outbox.after_send")
    assert done == [] and not failpoints._hits


def test_another_place_s_order_does_not_count(done, monkeypatch):
    order(monkeypatch, "outbox.after_send=raise")
    failpoint("outbox.before_send")
    assert done == []


def test_it_raises_at_the_hit_that_was_asked_and_never_again(done, monkeypatch):
    order(monkeypatch, "outbox.after_send=raise@2")
    failpoint("outbox.after_send")
    with pytest.raises(FaultAsked, match=r"outbox\.after_send"):
        failpoint("outbox.after_send")
    failpoint("outbox.after_send")
    assert done == []


def test_it_kills_its_own_process_without_mercy(done, monkeypatch):
    order(monkeypatch, "a=kill")
    failpoint("a")
    assert done == [("kill", signal.SIGKILL)]


def test_it_hangs_until_it_is_told_to_go_on(done, monkeypatch):
    order(monkeypatch, "a=hang")
    failpoint("a")
    assert done == [("kill", signal.SIGSTOP)]


def test_it_sleeps_as_long_as_it_was_asked(done, monkeypatch):
    order(monkeypatch, "a=sleep:0.25")
    failpoint("a")
    failpoint("a")
    assert done == [("sleep", 0.25)]


def test_a_trace_lists_every_place_that_was_passed(done, monkeypatch, tmp_path):
    order(monkeypatch, "")
    monkeypatch.setattr(failpoints, "_trace", str(tmp_path / "trace"))
    for name in ("a", "b", "a"):
        failpoint(name)
    assert (tmp_path / "trace").read_text().split() == ["a", "b", "a"]
