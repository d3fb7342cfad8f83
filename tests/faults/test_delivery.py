"""What `Post.send` says of a letter, against real servers that refuse, stall and hang up."""

import asyncio
import base64
import logging
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from commitments import failpoints
from commitments.errors import SettingsError
from commitments.vocabulary import Outcome
from notifications.delivery import Post
from notifications.mail_route import MailRoute, StartTls
from notifications.smtp_line import Delivery
from tests.flows.launching import find_ports
from tests.mail_door import Door, open_door

ROOT = Path(__file__).resolve().parents[2]
WIRE = b"Message-ID: <m1@tally.example>\r\nSubject: hello\r\n\r\nFirst line\r\n.\r\n..two dots\r\n"
BIG_WIRE = WIRE + b"x" * 70 + b"\r\n" + (b"y" * 76 + b"\r\n") * 300_000
SECRET = "s3cret-p4ss"


@contextmanager
def running_sink(*arguments: str) -> Iterator[int]:
    command = [sys.executable, str(ROOT / "benchmarks" / "sink.py"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def post_to(port: int, *, timeout: float = 60, **options: Any) -> Post:
    return Post(MailRoute(host="127.0.0.1", port=port, timeout=timeout), **options)


def signed_in(port: int, password: str) -> Post:
    return Post(MailRoute.parse(f"smtp://tally:{password}@127.0.0.1:{port}"))


def send(post: Post, wire: bytes = WIRE, to: str = "ann@stoke.example", **more: Any) -> Delivery:
    return post.send(sender="bounce@tally.example", to=to, wire=wire, **more)


class Desk:
    """An aiosmtpd handler whose answers a test chooses, and which keeps what it took."""

    def __init__(self) -> None:
        self.rcpt = "250 2.1.5 ok"
        self.data = "250 2.0.0 taken"
        self.taken: list[Envelope] = []
        self.sessions: list[Session] = []
        self.waits_for: Callable[[], Awaitable[Any]] | None = None
        """What a letter waits for before it is taken."""

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.waits_for is not None:
            await asyncio.wait_for(self.waits_for(), 120)
        if self.data.startswith("250"):
            self.taken.append(envelope)
            self.sessions.append(session)
        return self.data


@contextmanager
def scripted_server(converse: Callable[[socket.socket, int], None]) -> Iterator[int]:
    """Give each connection, with its number, to `converse`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        for number in range(100):
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(60)
                with suppress(OSError):
                    converse(client, number)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def take_letter(client: socket.socket, answers: list[bytes], greet: bool = True) -> bytes:
    """Speak for a server without PIPELINING; `answers` are those to MAIL, RCPT, DATA and the body."""
    lines = client.makefile("rb")
    if greet:
        client.sendall(b"220 script\r\n")
        lines.readline()
        client.sendall(b"250 script\r\n")
    heard = body = b""
    for at, answer in enumerate(answers):
        if at < 3:
            heard = lines.readline()
        else:
            while not body.endswith(b"\r\n.\r\n") and (heard := lines.readline()):
                body += heard
        if not heard:
            raise ConnectionError("the client left")
        client.sendall(answer)
    return body


TAKES = [b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 taken\r\n"]


# What is accepted


def test_an_accepted_letter_arrives_byte_for_byte() -> None:
    desk = Desk()
    with open_door(desk) as port, post_to(port) as post:
        delivery = send(post)
    assert delivery == Delivery(Outcome.ACCEPTED, 250, "2.0.0 taken")
    (envelope,) = desk.taken
    assert envelope.content == WIRE
    assert (envelope.mail_from, envelope.rcpt_tos) == ("bounce@tally.example", ["ann@stoke.example"])


def test_a_second_letter_uses_the_same_connection() -> None:
    desk = Desk()
    with open_door(desk) as port, post_to(port) as post:
        assert [send(post).outcome for _ in range(3)] == [Outcome.ACCEPTED] * 3
    assert len({session.peer for session in desk.sessions}) == 1


def test_as_many_connections_as_the_pool_allows_work_at_once() -> None:
    desk = Desk()
    desk.waits_for = asyncio.Barrier(4).wait  # none is taken before four have come
    with open_door(desk) as port, post_to(port, pool_size=4) as post, ThreadPoolExecutor(8) as pool:
        sending = [pool.submit(send, post) for _ in range(8)]
        assert [one.result(120).outcome for one in sending] == [Outcome.ACCEPTED] * 8
    assert len(desk.taken) == 8
    assert len({session.peer for session in desk.sessions}) == 4


class Crowded(Door):
    """A server that takes so many connections at once, and turns the others away."""

    def __init__(self, desk: Desk, room: int) -> None:
        super().__init__(desk)
        self.room, self.inside, self.turned_away = room, set[Any](), 0

    def factory(self) -> SMTP:
        house = self

        class Guest(SMTP):
            def connection_made(self, transport: Any) -> None:
                if len(house.inside) < house.room:
                    house.inside.add(self)
                    super().connection_made(transport)
                    return
                house.turned_away += 1
                transport.write(b"421 4.7.0 too many connections\r\n")
                transport.close()

            def connection_lost(self, error: Exception | None) -> None:
                if self in house.inside:
                    house.inside.discard(self)
                    super().connection_lost(error)

        return Guest(self.handler)


def test_where_a_server_takes_fewer_connections_all_letters_go_over_those() -> None:
    desk = Desk()
    house = Crowded(desk, room=2)

    async def wait_for_the_crowd() -> None:
        while house.turned_away < 3:
            await asyncio.sleep(0.01)

    desk.waits_for = wait_for_the_crowd
    house.start()
    try:
        with post_to(house.port, pool_size=5) as post, ThreadPoolExecutor(10) as pool:
            sending = [pool.submit(send, post) for _ in range(10)]
            assert [one.result(120).outcome for one in sending] == [Outcome.ACCEPTED] * 10
    finally:
        house.stop()
    assert len({session.peer for session in desk.sessions}) == 2
    assert house.turned_away == 3


def test_a_server_that_turns_everybody_away_is_a_fault_of_the_route_for_each_letter() -> None:
    house = Crowded(Desk(), room=0)
    house.start()
    try:
        with post_to(house.port, pool_size=3) as post, ThreadPoolExecutor(4) as pool:
            sending = [pool.submit(send, post) for _ in range(4)]
            deliveries = [one.result(120) for one in sending]
    finally:
        house.stop()
    assert [(one.outcome, one.code, one.route_down) for one in deliveries] == [(Outcome.TEMPORARY, 421, True)] * 4


def test_pipelined_or_not_the_same_letters_are_accepted(tmp_path: Path) -> None:
    for option in ([], ["--no-pipelining"]):
        log = tmp_path / "log"
        log.unlink(missing_ok=True)
        with running_sink("--log", str(log), *option) as port, post_to(port) as post:
            assert [send(post).outcome for _ in range(20)] == [Outcome.ACCEPTED] * 20
        assert log.read_text() == "<m1@tally.example>\tann@stoke.example\tno\n" * 20


# What is refused


@pytest.mark.parametrize("option", [[], ["--no-pipelining"]])
def test_a_refused_recipient_is_final_and_says_the_servers_words(option: list[str]) -> None:
    with running_sink("--fault", "rcpt_5xx:1", *option) as port, post_to(port) as post:
        assert send(post) == Delivery(Outcome.PERMANENT, 550, "5.1.1 no such user")


@pytest.mark.parametrize("option", [[], ["--no-pipelining"]])
@pytest.mark.parametrize("fault", ["rcpt_4xx", "data_4xx", "mail_4xx"])
def test_a_busy_server_is_asked_again_later(fault: str, option: list[str]) -> None:
    with running_sink("--fault", f"{fault}:1", *option) as port, post_to(port) as post:
        delivery = send(post)
    assert (delivery.outcome, delivery.code, delivery.route_down) == (Outcome.TEMPORARY, 451, False)


def test_a_letter_refused_after_its_last_dot_is_final() -> None:
    with running_sink("--fault", "data_5xx:1") as port, post_to(port) as post:
        assert send(post) == Delivery(Outcome.PERMANENT, 554, "5.6.0 content refused")


def test_a_refused_sender_is_a_wrong_setting_and_not_the_recipients_fault() -> None:
    with running_sink("--fault", "mail_5xx:1") as port, post_to(port) as post:
        delivery = send(post)
    assert (delivery.outcome, delivery.code, delivery.route_down) == (Outcome.TEMPORARY, 550, True)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("552 5.2.2 mailbox full", Outcome.TEMPORARY),
        ("552 over quota", Outcome.TEMPORARY),
        ("550 5.2.2 mailbox full", Outcome.TEMPORARY),
        ("550 5.4.4 cannot route", Outcome.TEMPORARY),
        ("530 5.7.0 authentication required", Outcome.TEMPORARY),
        ("552 5.3.4 message too big", Outcome.PERMANENT),
        ("550 5.7.1 not allowed", Outcome.PERMANENT),
        ("553 bad address", Outcome.PERMANENT),
    ],
)
def test_only_a_refusal_that_will_not_pass_is_final(answer: str, outcome: Outcome) -> None:
    desk = Desk()
    desk.rcpt = answer
    with open_door(desk) as port, post_to(port) as post:
        delivery = send(post)
    assert (delivery.outcome, delivery.code) == (outcome, int(answer[:3]))


@pytest.mark.parametrize("answer", ["554 5.7.1 relay access denied", "550 relaying denied", "550 5.7.26 not allowed"])
def test_a_server_that_refuses_the_house_for_one_after_another_is_a_fault_of_the_route(answer: str) -> None:
    desk = Desk()
    desk.rcpt = answer
    with open_door(desk) as port, post_to(port) as post:
        found = [send(post, to=f"p{number}@stoke.example") for number in (1, 1, 2, 3, 4)]
    assert [one.outcome for one in found] == [Outcome.PERMANENT] * 3 + [Outcome.TEMPORARY] * 2
    assert [one.route_down for one in found] == [False] * 3 + [True] * 2


def test_what_a_server_refuses_some_recipients_for_is_theirs_while_others_are_taken_or_do_not_exist() -> None:
    desk = Desk()
    with open_door(desk) as port, post_to(port) as post:
        for number in range(4):
            desk.rcpt = "554 5.7.1 not for this mailbox"
            assert not send(post, to=f"a{number}@stoke.example").route_down
            desk.rcpt = "250 2.1.5 ok"
            assert send(post).outcome is Outcome.ACCEPTED
        desk.rcpt = "550 5.1.1 no such user"
        assert not any(send(post, to=f"b{number}@stoke.example").route_down for number in range(5))


@pytest.mark.parametrize("option", [[], ["--no-pipelining"]])
def test_after_a_refusal_the_same_connection_takes_the_next_letter(option: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    arguments = ["--fault", "rcpt_5xx:0.3", "--fault", "data_4xx:0.3", "--log", str(log), *option]
    with running_sink(*arguments) as port, post_to(port) as post:
        outcomes = [send(post, to=f"p{n}@stoke.example").outcome for n in range(60)]
    assert {*outcomes} == {Outcome.ACCEPTED, Outcome.PERMANENT, Outcome.TEMPORARY}
    taken = [line.split("\t")[1] for line in log.read_text().splitlines()]
    assert taken == [f"p{n}@stoke.example" for n in range(60) if outcomes[n] is Outcome.ACCEPTED]


def test_a_server_that_asks_for_the_body_of_a_refused_letter_never_gets_it() -> None:
    seen: list[bytes] = []

    def converse(client: socket.socket, number: int) -> None:
        client.sendall(b"220 script\r\n")
        client.recv(4096)
        client.sendall(b"250-script\r\n250 PIPELINING\r\n")
        client.recv(4096)
        client.sendall(b"250 ok\r\n550 5.1.1 no such user\r\n354 go\r\n")
        seen.append(client.recv(4096))

    with scripted_server(converse) as port, post_to(port) as post:
        assert send(post).outcome is Outcome.PERMANENT
    assert seen == [b""]


def test_what_is_no_address_is_refused_without_asking_the_server() -> None:
    with post_to(1) as post:
        for address in ("ann", "a@b.example\r\nRCPT TO:<c@d.example>", "a@b.example>,<c@d.example"):
            delivery = send(post, to=address)
            assert (delivery.outcome, delivery.code) == (Outcome.PERMANENT, 0)


def test_a_wire_with_bare_line_ends_is_refused_because_it_could_hold_a_second_letter() -> None:
    with post_to(1) as post:
        for ending in (b"\n.\r\n", b"\r.\r\n", b"\r\r\n"):
            with pytest.raises(ValueError):
                send(post, WIRE + ending)


def test_a_long_reply_with_controls_becomes_one_short_line() -> None:
    def converse(client: socket.socket, number: int) -> None:
        take_letter(client, [b"250 ok\r\n", b"550-5.1.1 one\x1b[31m\r\n550 \x07" + b"two " * 200 + b"\r\n"])

    with scripted_server(converse) as port, post_to(port) as post:
        reply = send(post).reply
    assert reply.startswith("5.1.1 one [31m two two")
    assert len(reply) <= 300
    assert reply.isprintable()


# What was lost


def test_a_server_that_is_not_there_is_a_passing_fault_of_the_route() -> None:
    (port,) = find_ports(1)
    with post_to(port) as post:
        delivery = send(post)
    assert (delivery.outcome, delivery.code, delivery.route_down) == (Outcome.TEMPORARY, 0, True)
    assert delivery.reply == f"connecting to smtp://127.0.0.1:{port}: Connection refused"


def test_a_connection_lost_after_the_last_dot_is_uncertain() -> None:
    with running_sink("--fault", "drop_after_ok:1") as port, post_to(port) as post:
        delivery = send(post)
    assert (delivery.outcome, delivery.code) == (Outcome.UNCERTAIN, 0)


def test_a_letter_whose_answer_was_lost_is_never_sent_again_by_itself(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running_sink("--fault", "drop_after_ok:0.4", "--log", str(log)) as port, post_to(port) as post:
        outcomes = [send(post).outcome for _ in range(50)]
    assert {*outcomes} == {Outcome.ACCEPTED, Outcome.UNCERTAIN}
    assert len(log.read_text().splitlines()) == 50


def test_an_answer_that_never_comes_is_uncertain_after_the_last_dot_and_temporary_before() -> None:
    def wait_in_vain(fault: str) -> Delivery:
        with running_sink("--fault", f"{fault}:1") as port, post_to(port, timeout=5) as post:
            return send(post)

    with ThreadPoolExecutor(2) as pool:  # both wait at the same time
        after, before = pool.map(wait_in_vain, ("stall_after_data", "stall"))
    assert (after.outcome, before.outcome) == (Outcome.UNCERTAIN, Outcome.TEMPORARY)
    assert "no answer in time" in after.reply and "no answer in time" in before.reply


def test_a_connection_lost_while_the_body_is_still_leaving_is_temporary() -> None:
    with running_sink("--fault", "drop_mid_data:1") as port, post_to(port) as post:
        delivery = send(post, BIG_WIRE)
    assert (delivery.outcome, delivery.route_down) == (Outcome.TEMPORARY, False)


def test_a_connection_lost_before_the_body_is_temporary() -> None:
    def converse(client: socket.socket, number: int) -> None:
        take_letter(client, TAKES[:2])

    with scripted_server(converse) as port, post_to(port) as post:
        assert send(post).outcome is Outcome.TEMPORARY


def test_a_kept_connection_that_the_server_closed_is_opened_anew_and_the_letter_arrives_once(tmp_path: Path) -> None:
    for option in ([], ["--no-pipelining"]):
        log = tmp_path / "log"
        log.unlink(missing_ok=True)
        with running_sink("--fault", "close_after_ok:1", "--log", str(log), *option) as port, post_to(port) as post:
            outcomes = []
            for number in range(5):
                outcomes.append(send(post, to=f"p{number}@stoke.example").outcome)
                time.sleep(0.02)
        assert outcomes == [Outcome.ACCEPTED] * 5
        assert [line.split("\t")[1] for line in log.read_text().splitlines()] == [
            f"p{number}@stoke.example" for number in range(5)
        ]


def test_a_kept_connection_that_says_421_is_opened_anew() -> None:
    letters: list[int] = []

    def converse(client: socket.socket, number: int) -> None:
        take_letter(client, TAKES)
        letters.append(number)
        client.sendall(b"421 4.4.2 idle too long\r\n")

    with scripted_server(converse) as port, post_to(port) as post:
        outcomes = []
        for _ in range(3):
            outcomes.append(send(post).outcome)
            time.sleep(0.05)
    assert outcomes == [Outcome.ACCEPTED] * 3
    assert letters == [0, 1, 2]


def test_a_kept_connection_on_which_nobody_answers_costs_one_timeout_and_not_two() -> None:
    connections: list[int] = []

    def converse(client: socket.socket, number: int) -> None:
        connections.append(number)
        take_letter(client, TAKES)
        while client.recv(4096):  # until the other side hangs up
            pass

    with scripted_server(converse) as port, post_to(port, timeout=5) as post:
        assert [send(post).outcome for _ in range(2)] == [Outcome.ACCEPTED, Outcome.TEMPORARY]
    assert connections == [0]


def test_a_connection_that_was_idle_is_asked_whether_it_still_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.smtp_line._IDLE_BEFORE_NOOP", 0)
    heard: list[tuple[int, bytes]] = []

    def converse(client: socket.socket, number: int) -> None:
        take_letter(client, TAKES)
        heard.append((number, client.recv(100)))
        client.sendall(b"250 ok\r\n")
        take_letter(client, TAKES, greet=False)
        heard.append((number, client.recv(100)))
        client.sendall(b"421 too late\r\n")

    with scripted_server(converse) as port, post_to(port) as post:
        assert [send(post).outcome for _ in range(3)] == [Outcome.ACCEPTED] * 3
    assert heard[:2] == [(0, b"noop\r\n"), (0, b"noop\r\n")]


@pytest.mark.parametrize("limit", ["_LETTERS_PER_CONNECTION", "_SECONDS_PER_CONNECTION"])
def test_a_connection_is_given_up_when_it_is_old(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"notifications.smtp_line.{limit}", 1 if limit.startswith("_LETTERS") else 0)
    desk = Desk()
    with open_door(desk) as port, post_to(port) as post:
        assert [send(post).outcome for _ in range(3)] == [Outcome.ACCEPTED] * 3
    assert len({session.peer for session in desk.sessions}) == 3


def test_a_fresh_connection_that_fails_is_not_tried_twice() -> None:
    connections: list[int] = []

    def converse(client: socket.socket, number: int) -> None:
        connections.append(number)
        take_letter(client, TAKES[:1])

    with scripted_server(converse) as port, post_to(port) as post:
        assert send(post).outcome is Outcome.TEMPORARY
    assert connections == [0]


def test_a_server_that_does_not_answer_is_left_alone_so_that_thousands_of_letters_do_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("notifications.smtp_line._SLOW_FAILURE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, post_to(silent.getsockname()[1], timeout=1) as post:
        started = time.monotonic()
        deliveries = [send(post) for _ in range(100)]
        assert time.monotonic() - started < 60  # a hundred letters did not wait a second each
    assert {delivery.outcome for delivery in deliveries} == {Outcome.TEMPORARY}
    assert all(delivery.route_down for delivery in deliveries)


# Encryption


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl program to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-nodes"]
    made = ["-newkey", "rsa:2048", "-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem")]
    subprocess.run([openssl, "req", "-x509", *made, *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return folder / "ca.pem", context


def test_starttls_and_smtps_encrypt_and_check_the_certificate(certificate: tuple[Path, ssl.SSLContext]) -> None:
    ca_file, context = certificate
    for scheme, option, server in (("smtp", "&starttls=yes", "tls_context"), ("smtps", "", "ssl_context")):
        desk = Desk()
        with open_door(desk, **{server: context}) as port:
            with Post(MailRoute.parse(f"{scheme}://127.0.0.1:{port}?ca={ca_file}{option}")) as post:
                assert [send(post).outcome for _ in range(2)] == [Outcome.ACCEPTED] * 2
            # A server that is TLS from the first byte has no other way in, and notes nothing.
            assert scheme == "smtps" or all(session.ssl is not None for session in desk.sessions)
            with Post(MailRoute.parse(f"{scheme}://127.0.0.1:{port}?timeout=60{option}")) as post:
                delivery = send(post)
        assert (delivery.outcome, delivery.route_down) == (Outcome.TEMPORARY, True)
        assert "the certificate was not accepted: self-signed certificate" in delivery.reply
        assert len(desk.taken) == 2


# Signing in


class Doorman:
    """An authenticator that knows one password."""

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == SECRET.encode(), handled=True)


def test_a_right_password_signs_in() -> None:
    desk = Desk()
    options = {"authenticator": Doorman(), "auth_required": True, "auth_require_tls": False}
    with open_door(desk, **options) as port, signed_in(port, SECRET) as post:
        assert send(post).outcome is Outcome.ACCEPTED


def test_a_wrong_password_is_a_fault_of_the_route_and_is_tried_once() -> None:
    tries = 0

    def refuse(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        nonlocal tries
        tries += 1
        return AuthResult(success=False, handled=False)

    options = {"authenticator": refuse, "auth_required": True, "auth_require_tls": False}
    with open_door(Desk(), **options) as port, signed_in(port, "wrong") as post:
        deliveries = [send(post) for _ in range(5)]
    assert {(d.outcome, d.code, d.route_down) for d in deliveries} == {(Outcome.TEMPORARY, 535, True)}
    assert tries <= 2  # one per mechanism that the server offers


def test_a_password_is_not_sent_in_the_clear_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MailRoute, "is_local", False)
    desk = Desk()
    options = {"authenticator": Doorman(), "auth_require_tls": False}
    with open_door(desk, **options) as port, signed_in(port, SECRET) as post:
        delivery = send(post)
    assert delivery.outcome is Outcome.TEMPORARY
    assert "not sent in the clear" in delivery.reply
    assert desk.taken == []


def test_starttls_that_was_asked_for_and_is_not_offered_sends_nothing() -> None:
    desk = Desk()
    with open_door(desk) as port, Post(MailRoute.parse(f"smtp://127.0.0.1:{port}?starttls=yes")) as post:
        delivery = send(post)
    assert (delivery.outcome, delivery.route_down) == (Outcome.TEMPORARY, True)
    assert desk.taken == []


def test_no_log_repr_or_reply_shows_the_password(caplog: pytest.LogCaptureFixture) -> None:
    coded = base64.b64encode(f"\0tally\0{SECRET}".encode())

    def converse(client: socket.socket, number: int) -> None:
        client.sendall(b"220 script\r\n")
        client.recv(4096)
        client.sendall(b"250-script\r\n250 AUTH PLAIN\r\n")
        client.recv(4096)
        client.sendall(b"535 5.7.8 refused: " + SECRET.encode() + b" as " + coded + b"\r\n")

    for name in ("", "apprise"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG), scripted_server(converse) as port:
        route = MailRoute.parse(f"smtp://tally:{SECRET}@127.0.0.1:{port}")
        with Post(route) as post:
            delivery = send(post)
            shown = f"{route!r} {route} {post!r} {delivery!r} {caplog.text}"
    assert delivery.code == 535
    assert "535 5.7.8 refused: *** as ***" in delivery.reply
    assert SECRET not in shown
    assert coded.decode() not in shown


# The route


def test_a_route_is_read_with_all_its_options() -> None:
    route = MailRoute.parse("smtp://tally:p%40ss%23@mx.stoke.example:587?starttls=yes&hello=tally.example&timeout=10")
    assert route == MailRoute(
        host="mx.stoke.example", port=587, start_tls=StartTls.YES, user="tally", password="p@ss#",
        hello="tally.example", timeout=10,
    )  # fmt: skip
    assert MailRoute.parse("smtps://mx.stoke.example") == MailRoute("mx.stoke.example", 465, implicit_tls=True)
    assert MailRoute.parse("smtp://[::1]:2525").is_local
    assert not MailRoute.parse("smtp://127.mx.example").is_local
    assert str(route) == "smtp://tally:***@mx.stoke.example:587"


@pytest.mark.parametrize(
    "text",
    [
        f"smtp://tally:{SECRET}@",
        f"smtp://tally:{SECRET}/more@mx.example:25",
        f"smtp://tally:#{SECRET}@mx.example:25",
        f"smtp://tally:{SECRET}@mx.example:99999",
        f"smtp://tally:{SECRET}@mx.example/path",
        f"smtp://tally:{SECRET}@mx.example?starttls=maybe",
        f"smtp://tally:{SECRET}@mx.example?colour=red",
        f"smtps://tally:{SECRET}@mx.example?starttls=no",
        f"http://tally:{SECRET}@mx.example",
        f"smtp://:{SECRET}@mx.example",
        f"smtp://tally:{SECRET}é@mx.example",
        f"smtp://tally:[{SECRET}@mx.example",
        "smtp://tally@mx.example",
        "mx.example",
        "",
    ],
)
def test_a_route_that_cannot_be_used_is_refused_without_repeating_the_password(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        MailRoute.parse(text)
    assert SECRET not in str(refused.value)
    assert "mail route" in str(refused.value)
    assert refused.value.__cause__ is None


# Apprise, and the places where a process may die


def test_a_letter_loads_none_of_apprises_own_plugins() -> None:
    code = (
        "import sys, notifications.delivery as d\n"
        "assert not any(m.startswith('apprise') for m in sys.modules)\n"
        "d.Post(d.MailRoute('127.0.0.1', 1)).send(sender='a@b.example', to='c@d.example', wire=b'x')\n"
        "print(sum(m.startswith('apprise.plugins.') for m in sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(shown.stdout) == 1


def test_the_places_where_a_process_may_die_are_passed_in_order(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with running_sink() as port:
        code = (
            "import notifications.delivery as d\n"
            f"p = d.Post(d.MailRoute('127.0.0.1', {port}))\n"
            "p.send(sender='a@b.example', to='c@d.example', wire=b'x\\r\\n')"
        )
        environment = {**os.environ, "TALLY_FAILPOINT_TRACE": str(trace)}
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environment)
    assert trace.read_text().split() == [
        "smtp.before_connect", "smtp.before_mail", "smtp.before_data", "smtp.after_data",
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["before_connect", "before_mail", "before_data", "after_data"])
def test_a_fault_inside_is_raised_and_the_next_letter_starts_on_a_clean_connection(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    with open_door(desk) as port, post_to(port) as post:
        monkeypatch.setattr(failpoints, "_orders", {f"smtp.{place}": ("raise", 1)})
        monkeypatch.setattr(failpoints, "_hits", failpoints.Counter())
        with pytest.raises(failpoints.FaultAsked):
            send(post)
        assert send(post).outcome is Outcome.ACCEPTED
        assert send(post).outcome is Outcome.ACCEPTED
    assert len(desk.taken) == (3 if place == "after_data" else 2)
