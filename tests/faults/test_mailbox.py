"""What the local mailbox promises: stored before it says so, shown harmlessly, reachable from this machine only."""

import os
import re
import smtplib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from commitments.vocabulary import Outcome
from deployments import mailbox as mailbox_module
from deployments.mailbox import Mailbox, start_mailbox, store_letter
from notifications.delivery import Post
from notifications.mail_route import MailRoute
from notifications.mime import Enclosure, Letter, build_letter
from notifications.smtp_line import Delivery
from tests.flows.launching import find_ports

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
LETTER = Letter(
    message_id="<a1@tally.example>", sender_name="Office", sender_address="office@stoke.example", to_name="Ann Clay",
    to_address="ann@stoke.example", subject="Two matters", text="Hello Ann\n", language="en",
    html="<!doctype html><html><head><title>x</title></head><body><a href='https://tally.example/c/1'>open</a></body></html>",
    sent_at=datetime(2026, 10, 13, 8, tzinfo=UTC), list_id="reminders.tally.example", key="digest/1", kind="digest",
)  # fmt: skip


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    with start_mailbox(tmp_path / "letters", 0, 0) as running:
        yield running


def post(box: Mailbox, *letters: Letter) -> list[Delivery]:
    host, port = box.smtp_address
    with Post(MailRoute(host, port)) as route:
        return [
            route.send(sender="bounce@tally.example", to="ann@stoke.example", wire=build_letter(letter))
            for letter in letters
        ]


def get(box: Mailbox, path: str, host: str | None = None) -> tuple[int, dict[str, str], str]:
    address = urlsplit(box.pages_address)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
    connection.putrequest("GET", path, skip_host=True)
    connection.putheader("Host", host or address.netloc)
    connection.endheaders()
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    body = answer.read().decode()
    connection.close()
    return answer.status, headers, body


def names(box: Mailbox) -> list[str]:
    return sorted(path.name for path in box.folder.iterdir())


class Tags(HTMLParser):
    """Collects the tags that a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_every_accepted_letter_is_a_file_byte_for_byte_and_names_sort_by_time(box: Mailbox) -> None:
    letters = [replace(LETTER, subject=f"Letter {number}") for number in range(5)]
    assert {delivery.outcome for delivery in post(box, *letters)} == {Outcome.ACCEPTED}
    assert [(box.folder / name).read_bytes() for name in names(box)] == [build_letter(letter) for letter in letters]


def test_a_letter_is_on_the_disk_before_it_is_accepted(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, rename = os.fsync, Path.rename
    monkeypatch.setattr(mailbox_module.os, "fsync", lambda fd: (order.append("fsync"), fsync(fd))[1])
    monkeypatch.setattr(Path, "rename", lambda self, to: (order.append("rename"), rename(self, to))[1])
    post(box, LETTER)
    assert order == ["fsync", "rename", "fsync"]


def test_a_full_disk_asks_the_sender_to_come_again_and_leaves_nothing_half_written(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mailbox_module.os, "fsync", fail)
    (delivery,) = post(box, LETTER)
    assert (delivery.outcome, delivery.code) == (Outcome.TEMPORARY, 452)
    assert "No space left on device" in delivery.reply
    assert names(box) == []


def test_a_letter_over_the_limit_of_25_megabytes_is_refused(
    box: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with smtplib.SMTP(*box.smtp_address) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(25 * 1024 * 1024)
    monkeypatch.setattr(mailbox_module, "_SIZE_LIMIT", 100_000)  # the same door with less to carry through it
    with start_mailbox(tmp_path / "small") as small, Post(MailRoute(*small.smtp_address)) as route:
        wire = build_letter(replace(LETTER, text="x" * 100_000))
        delivery = route.send(sender="a@b.example", to="c@d.example", wire=wire)
        assert (delivery.outcome, delivery.code) == (Outcome.TEMPORARY, 552)
        assert names(small) == []


def test_only_this_machine_can_reach_it(box: Mailbox) -> None:
    assert box.smtp_address[0] == urlsplit(box.pages_address).hostname == "127.0.0.1"
    ports = {f"{port:04X}" for port in (box.smtp_address[1], urlsplit(box.pages_address).port)}
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if " 0A " in line]
    ours = [address for address in listening if address.split(":")[1] in ports]
    assert {address.split(":")[0] for address in ours} == {"0100007F"}


def test_the_list_shows_the_newest_first_with_its_kind(box: Mailbox) -> None:
    post(box, LETTER, replace(LETTER, subject="景德镇提醒", kind="reminder", repeat=True))
    status, headers, page = get(box, "/")
    assert status == 200
    assert re.findall(r'class="subject" dir="auto">([^<]*)<', page) == ["景德镇提醒", "Two matters"]
    assert re.findall(r'class="badge">([^<]*)<', page) == ["reminder · repeat", "digest"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script" not in headers["content-security-policy"]


def test_the_list_goes_on_over_several_pages_without_losing_a_letter(box: Mailbox) -> None:
    for number in range(105):
        store_letter(box.folder, build_letter(replace(LETTER, subject=f"Letter {number}")))
    _, _, first = get(box, "/")
    older = re.search(r'href="(/\?before=[^"]*)"', first)
    assert older is not None
    _, _, second = get(box, older[1])
    shown = re.findall(r"Letter (\d+)<", first + second)
    assert shown == [str(number) for number in reversed(range(105))]


def test_what_a_letter_says_is_never_markup_of_our_pages(box: Mailbox) -> None:
    post(box, replace(LETTER, subject=EVIL, to_name=EVIL, sender_name=EVIL, text=EVIL, kind=EVIL, key=EVIL))
    (name,) = names(box)
    for path in ("/", f"/letters/{name}"):
        _, headers, page = get(box, path)
        assert {tag for tag, _ in Tags(page).seen}.isdisjoint({"script", "img"})
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert headers["x-content-type-options"] == "nosniff"


def test_a_name_over_several_encoded_words_is_shown_in_one_piece(box: Mailbox) -> None:
    name = "Нурлан Болжолов, Ош шаарынын эл аралык байланыштар бөлүмү (Nurlan Bolzholov)"
    office = "Büro für Partnerstädte und Freundschaften in Großpösna"
    reader = "邓范例 (Deng Fanli)，成都市人民政府外事办公室友好城市工作处"
    post(box, replace(LETTER, to_name=name, sender_name=office, reply_to=(reader, "deng@chengdu.example")))
    (stored,) = names(box)
    assert (box.folder / stored).read_bytes().split(b"\r\nSubject")[0].count(b"=?utf-8?b?") >= 6
    _, _, page = get(box, f"/letters/{stored}")
    shown = dict(re.findall(r"<dt>([^<]*)</dt>\s*<dd[^>]*>([^<]*)</dd>", page))
    assert shown["To"] == f"{name} &lt;ann@stoke.example&gt;"
    assert shown["From"] == f"{office} &lt;office@stoke.example&gt;"
    assert shown["Reply-To"] == f"{reader} &lt;deng@chengdu.example&gt;"
    assert f"to {name} &lt;" in get(box, "/")[2]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            b"To: Ann Clay <ann@stoke.example>, bob@stoke.example",
            "Ann Clay &lt;ann@stoke.example&gt;, bob@stoke.example",
        ),
        (b'To: "Clay, Ann"\r\n <ann@stoke.example>', "&#34;Clay, Ann&#34; &lt;ann@stoke.example&gt;"),
        ("To: 邓 <a@b.example>".encode(), "邓 &lt;a@b.example&gt;"),
        (b"To: \xff\xfe <a@b.example>", "\ufffd\ufffd &lt;a@b.example&gt;"),
        (b"To: =?utf-8?b?4?= <a@b.example>", "=?utf-8?b?4?= &lt;a@b.example&gt;"),
        (b"To: =?utf-8?b?/w==?= <a@b.example>", "=?utf-8?b?/w==?= &lt;a@b.example&gt;"),
        (b"To: =?klingon?b?YQ==?= <a@b.example>", "=?klingon?b?YQ==?= &lt;a@b.example&gt;"),
        (b"Subject: no reader", "nobody"),
    ],
)
def test_whoever_a_letter_is_to_is_shown_as_far_as_it_can_be_read(box: Mailbox, line: bytes, shown: str) -> None:
    store_letter(box.folder, line + b"\r\nMIME-Version: 1.0\r\n\r\nHello\r\n")
    status, _, page = get(box, "/")
    assert status == 200
    assert f">to {shown}<" in page
    (stored,) = names(box)
    assert get(box, f"/letters/{stored}")[0] == 200


def test_the_html_of_a_letter_is_shown_where_it_can_run_and_load_nothing(box: Mailbox) -> None:
    post(box, LETTER)
    (name,) = names(box)
    _, _, page = get(box, f"/letters/{name}")
    (frame,) = [attributes for tag, attributes in Tags(page).seen if tag == "iframe"]
    assert frame["src"] == f"/letters/{name}/html"
    sandbox = frame["sandbox"] or ""
    assert set(sandbox.split()) == {"allow-popups", "allow-popups-to-escape-sandbox"}
    status, headers, html = get(box, f"/letters/{name}/html")
    assert status == 200
    directives = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["style-src"] == "'unsafe-inline'"
    assert directives["img-src"] == "data:"
    assert "script-src" not in directives
    assert "allow-scripts" not in directives["sandbox"]
    assert "allow-same-origin" not in directives["sandbox"]
    assert html == LETTER.html.replace("<head>", '<head><base target="_blank">').replace("\n", "\r\n")


def test_a_letters_pictures_are_shown_and_its_files_can_be_taken(box: Mailbox) -> None:
    picture = Enclosure(b"\x89PNG-not-really", "image/png", "summary.png", "month@tally.example")
    dates = Enclosure(b"BEGIN:VCALENDAR", "text/calendar; method=PUBLISH", "dates.ics")
    html = '<html><body><img src="cid:month@tally.example" alt="Charts"></body></html>'
    post(box, replace(LETTER, html=html, enclosures=(picture, dates)))
    (name,) = names(box)
    _, headers, page = get(box, f"/letters/{name}/html")
    assert 'src="data:image/png;base64,' in page and "img-src data:" in headers["content-security-policy"]
    _, _, letter = get(box, f"/letters/{name}")
    assert re.findall(r'href="(/letters/[^"]*/files/\d+)">([^<]*)<', letter) == [
        (f"/letters/{name}/files/0", "dates.ics")
    ]
    status, headers, content = get(box, f"/letters/{name}/files/0")
    assert (status, content, headers["content-disposition"]) == (
        200,
        "BEGIN:VCALENDAR",
        'attachment; filename="dates.ics"',
    )
    assert get(box, f"/letters/{name}/files/1")[0] == 404


def test_a_letter_shows_headers_and_text_and_can_be_taken_away(box: Mailbox) -> None:
    post(box, LETTER)
    (name,) = names(box)
    _, _, page = get(box, f"/letters/{name}")
    assert "Hello Ann" in page
    assert "&lt;a1@tally.example&gt;" in page
    status, headers, body = get(box, f"/letters/{name}/file")
    assert status == 200
    assert body.encode() == build_letter(LETTER)
    assert headers["content-disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("ending", ["", "/html", "/file"])
def test_no_name_leads_out_of_the_folder(box: Mailbox, tmp_path: Path, ending: str) -> None:
    (tmp_path / "secret.eml").write_text("secret")
    planted = "20261013T080000.000000Z-0a0a0a0a.eml"
    (box.folder / planted).symlink_to(tmp_path / "secret.eml")
    (box.folder / "other.eml").write_text("secret")
    for name in ("../secret.eml", "..%2Fsecret.eml", "%2e%2e%2fsecret.eml", "other.eml", planted, "..",
                 f"%2F{tmp_path}/secret.eml", "20261013T080000.000000Z-0a0a0a0a.eml%00"):  # fmt: skip
        status, _, page = get(box, f"/letters/{name}{ending}")
        assert status == 404, name
        assert "secret" not in page


def test_a_page_of_another_site_that_points_its_name_here_is_turned_away(box: Mailbox) -> None:
    assert get(box, "/", host="rebound.example")[0] == 400
    assert get(box, "/", host="localhost")[0] == 200


def test_a_broken_letter_does_not_break_the_pages(box: Mailbox) -> None:
    broken = (
        b"Subject: =?utf-8?b?@@@?=\r\nTo: ,,<<>>\r\nFrom: \r\nDate: never\r\n"
        b"Content-Type: text/html; charset=klingon\r\nMessage-ID: <[\r\n\r\n\xff\xfe<p>hi"
    )
    for wire in (broken, b"", b"\r\n\r\n", b"Content-Type: multipart/alternative\r\n\r\nx", os.urandom(500)):
        store_letter(box.folder, wire)
    assert get(box, "/")[0] == 200
    for name in names(box):
        assert get(box, f"/letters/{name}")[0] == 200
        assert get(box, f"/letters/{name}/html")[0] in (200, 404)


def assert_no_thread_left(before: set[threading.Thread]) -> None:
    """No thread but those of before, once the last has had the time to end."""
    for thread in set(threading.enumerate()) - before:
        thread.join(120)
    assert set(threading.enumerate()) <= before


def test_it_stops_with_connections_open_and_can_start_again(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    smtp_port, pages_port = find_ports(2)
    box = start_mailbox(tmp_path, smtp_port, pages_port)
    with smtplib.SMTP(*box.smtp_address) as client, socket.create_connection(("127.0.0.1", pages_port)) as browser:
        client.ehlo()
        browser.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert browser.recv(100)
        box.stop()
    box.stop()
    assert_no_thread_left(before)
    with start_mailbox(tmp_path, smtp_port, pages_port) as again:
        assert again.smtp_address[1] == smtp_port
        assert post(again, LETTER)[0].outcome is Outcome.ACCEPTED


def test_a_port_in_use_is_said_at_once_and_leaves_nothing_running(tmp_path: Path, box: Mailbox) -> None:
    before = set(threading.enumerate())
    with pytest.raises(OSError):
        start_mailbox(tmp_path / "second", box.smtp_address[1], 0)
    with pytest.raises(OSError):
        start_mailbox(tmp_path / "second", 0, urlsplit(box.pages_address).port or 0)
    assert_no_thread_left(before)
