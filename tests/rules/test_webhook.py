"""The webhook: signed, the same id when repeated, no redirect, nothing inside, small and bounded reading."""

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from commitments.vocabulary import Outcome
from notifications import webhook
from notifications.smtp_line import Delivery
from notifications.webhook import WebhookCall, post_webhook, write_call
from tests.flows.launching import find_ports
from tests.http_sink import HttpSink, running_sink

SENT_AT = datetime(2026, 3, 11, 9, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
CALL = write_call("scheduled|ann|2026-03-11", {"subject": "实现互联互通"}, SECRET, SENT_AT)


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with running_sink() as running:
        yield running


def post(sink: HttpSink, call: WebhookCall = CALL, path: str = "/hook?a=b") -> Delivery:
    return post_webhook(f"{sink.url}{path}", call, allowed_inside={f"127.0.0.1:{sink.port}"})


def test_a_message_is_posted_as_json_with_an_id_a_moment_and_a_signature_that_the_reader_can_check(
    sink: HttpSink,
) -> None:
    delivery = post(sink)
    assert (delivery.outcome, delivery.code, delivery.reply) == (Outcome.ACCEPTED, 200, "ok")
    (request,) = sink.requests
    assert (request.method, request.path) == ("POST", "/hook?a=b")
    assert json.loads(request.body) == {"subject": "实现互联互通"}
    headers = request.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    expected = base64.b64encode(hmac.new(b"k" * 24, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-timestamp"] == str(int(SENT_AT.timestamp()))
    assert headers["Host"] == f"127.0.0.1:{sink.port}"


def test_a_repeat_bears_the_id_of_the_first_and_another_message_another() -> None:
    later = write_call("scheduled|ann|2026-03-11", {"subject": "x"}, SECRET, datetime(2026, 3, 12, tzinfo=UTC))
    other = write_call("scheduled|ben|2026-03-11", {"subject": "x"}, SECRET, SENT_AT)
    assert later.id == CALL.id != other.id
    assert later.signature != CALL.signature


def test_a_secret_in_any_other_form_is_taken_as_it_is() -> None:
    one, two = (write_call("k", {}, secret, SENT_AT).signature for secret in ("whsec_%%%%", "plain words of a secret"))
    assert one != two


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "accepted"), (204, "accepted"), (301, "permanent"), (302, "permanent"), (307, "permanent"),
     (400, "permanent"), (408, "temporary"), (410, "permanent"), (425, "temporary"), (429, "temporary"),
     (500, "temporary"), (503, "temporary"), (None, "uncertain")],
)  # fmt: skip
def test_the_code_tells_what_passes_from_what_is_final(status: int | None, outcome: str, sink: HttpSink) -> None:
    sink.status, sink.headers = status, {"Location": f"{sink.url}/elsewhere"}
    if status == 204:
        sink.body = b""
    assert post(sink).outcome == outcome
    assert len(sink.requests) == 1


def test_a_host_that_asks_to_wait_is_heard(sink: HttpSink) -> None:
    sink.status, sink.headers = 503, {"Retry-After": "120"}
    assert post(sink).retry_after == 120


def test_a_host_that_nobody_allowed_is_not_reached_inside(sink: HttpSink) -> None:
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "[::1]"):
        for scheme in ("http", "https"):
            delivery = post_webhook(f"{scheme}://{host}:{sink.port}/", CALL, allowed_inside={"127.0.0.1:1"})
            assert delivery.outcome is Outcome.PERMANENT, host
    assert not sink.requests


def test_a_name_that_leads_inside_is_not_reached_and_the_allowance_counts_for_host_and_port(sink: HttpSink) -> None:
    delivery = post_webhook(
        f"https://desk.example:{sink.port}/", CALL, resolve=lambda *_: ["127.0.0.1"],
        allowed_inside={"desk.example:443"},
    )  # fmt: skip
    assert (delivery.outcome, delivery.reply) == (Outcome.PERMANENT, "not reached: desk.example leads inside")
    assert not sink.requests


def test_the_address_that_was_checked_is_the_one_that_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], _timeout: float) -> socket.socket:
        reached.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    answers = iter((["93.184.215.14"], ["127.0.0.1"]))
    monkeypatch.setattr(webhook.socket, "create_connection", connect)
    delivery = post_webhook("https://desk.example/", CALL, resolve=lambda *_: next(answers))
    assert reached == [("93.184.215.14", 443)]
    assert delivery.outcome is Outcome.TEMPORARY


def test_without_encryption_nothing_is_sent() -> None:
    delivery = post_webhook("http://desk.example/", CALL, resolve=lambda *_: ["93.184.215.14"])
    assert (delivery.outcome, delivery.reply) == (Outcome.PERMANENT, "a webhook is reached by https only")


def test_an_endless_answer_is_read_no_further_than_a_page(sink: HttpSink) -> None:
    sink.body = b"x" * 5_000_000
    delivery = post(sink)
    assert delivery.outcome is Outcome.ACCEPTED
    assert len(delivery.reply) == 300


def test_a_host_that_never_answers_is_given_up_and_the_message_may_have_arrived(
    sink: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "_WHOLE_SECONDS", 1.5)
    sink.pause = 30
    assert post(sink).outcome is Outcome.UNCERTAIN


def test_a_host_that_answers_one_byte_at_a_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_WHOLE_SECONDS", 1.5)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def drip() -> None:
            line, _ = server.accept()
            with line:
                try:
                    for _ in range(200):
                        line.sendall(b"H")
                        if ended.wait(0.1):
                            return
                except OSError:
                    pass

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        delivery = post_webhook(f"http://127.0.0.1:{port}/", CALL, allowed_inside={f"127.0.0.1:{port}"})
        ended.set()
        thread.join(5)
    assert delivery.outcome is Outcome.UNCERTAIN


def test_a_closed_door_is_tried_again() -> None:
    (port,) = find_ports(1)
    delivery = post_webhook(f"http://127.0.0.1:{port}/", CALL, allowed_inside={f"127.0.0.1:{port}"})
    assert (delivery.outcome, delivery.code) == (Outcome.TEMPORARY, 0)
