"""What a letter promises on the wire, checked with the standard library's own reader."""

import base64
import email
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.mime import Enclosure, Letter, MailDomain, _write_header, build_letter, check_address, message_id_for

LETTER = Letter(
    message_id="<a1@tally.example>",
    sender_name="Twin Cities Office",
    sender_address="office@stoke.example",
    to_name="Ann Clay",
    to_address="ann@stoke.example",
    subject="2 matters need you",
    text="Hello\n\n.\n.. dots\nhttps://tally.example/c/1?a=1&b=2\n",
    html="<!doctype html><p>Hello</p>",
    language="en-GB",
    sent_at=datetime(2026, 10, 13, 8, 0, tzinfo=UTC),
    list_id="reminders.tally.example",
    key="digest/12/2026-10-13",
)
HEADERS = {
    "Message-ID", "Date", "From", "To", "Subject", "List-Id", "Auto-Submitted", "X-Auto-Response-Suppress",
    "X-Tallystick-Key", "Content-Language", "MIME-Version", "Content-Type",
}  # fmt: skip
FORBIDDEN = [chr(c) for c in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)]
header_text = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=400)
body_text = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3000),
    # Long lines of any mix, which plain `st.text` hardly ever makes.
    st.builds(
        "".join, st.lists(st.sampled_from(["a" * 71, " ", ".", "\n", "\r", "\r\n", "=", "é", "城", "\t", "-" * 30]))
    ),
)


def read(wire: bytes) -> EmailMessage:
    return cast(EmailMessage, email.message_from_bytes(wire, policy=policy.default))


def read_name(wire: bytes, header: str) -> str:
    # The newer reader of Python 3.11 puts a space between two encoded words of a name; the older one is right.
    raw = email.message_from_bytes(wire)[header].replace("\r\n", "")
    return str(make_header(decode_header(parseaddr(raw)[0])))


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return cast(bytes, body.get_payload(decode=True)).decode()


def normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def check_wire(wire: bytes) -> None:
    assert wire.isascii()
    assert wire.endswith(b"\r\n")
    assert wire.count(b"\r\n") == wire.count(b"\r") == wire.count(b"\n")
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    assert all(len(line) <= 76 for line in wire.split(b"\r\n") if b"=?utf-8?" in line)
    for word in re.findall(rb"=\?utf-8\?b\?([^?]*)\?=", wire):
        assert base64.b64decode(word).decode()  # each word stands alone: no character is cut in two


@example(subject="=?utf-8?q?hi?=", name="=?utf-8?q?hi?=", text="", html="", key="=?x?=")
@example(subject=" a  b ", name="a  b", text="", html="", key="a  b")
@example(subject='"a" <b>, c', name='"a" <b@c.example>, (d) \\', text="", html="", key="")
@given(subject=header_text, name=header_text, text=body_text, html=body_text, key=header_text)
def test_whatever_is_written_arrives_as_it_was_written(subject, name, text, html, key):
    letter = replace(LETTER, subject=subject, to_name=name, sender_name=name, text=text, html=html, key=key,
                     reply_to=(name, "chair@jdz.example"))  # fmt: skip
    wire = build_letter(letter)
    check_wire(wire)
    message = read(wire)
    assert set(message.keys()) == HEADERS | {"Reply-To"}
    assert len(message.keys()) == len(HEADERS) + 1
    assert message["Subject"] == subject
    assert message["X-Tallystick-Key"] == key
    for header, address in (("To", "ann@stoke.example"), ("From", "office@stoke.example"),
                            ("Reply-To", "chair@jdz.example")):  # fmt: skip
        (mailbox,) = message[header].addresses
        assert mailbox.addr_spec == address
        assert read_name(wire, header) == name
    assert part(message, "plain") == normal(text)
    assert part(message, "html") == normal(html)
    assert len(list(message.iter_parts())) == 2


def test_a_chinese_subject_of_250_characters_is_folded_into_short_words_and_reads_the_same():
    subject = "景德镇与斯托克的经济伙伴关系提醒"[:16] * 15 + "共二百五十个字字字字"
    assert len(subject) == 250
    wire = build_letter(replace(LETTER, subject=subject))
    check_wire(wire)
    assert read(wire)["Subject"] == subject


def test_an_english_subject_of_2000_characters_keeps_every_line_short():
    subject = "word " * 399 + "last"
    wire = build_letter(replace(LETTER, subject=subject))
    check_wire(wire)
    assert read(wire)["Subject"] == subject


@pytest.mark.parametrize("field", ["subject", "to_name", "sender_name", "key", "to_address", "sender_address",
                                   "message_id", "thread", "language", "list_id", "kind"])  # fmt: skip
@pytest.mark.parametrize("character", FORBIDDEN, ids=lambda c: f"U+{ord(c):04X}")
def test_no_header_takes_a_character_that_could_start_another_header(field, character):
    for value in (f"a{character}b", f"{character}a", f"a{character}", f"<a{character}Bcc: x@y.example@b>"):
        with pytest.raises(ValueError):
            build_letter(replace(LETTER, **{field: value}))


@pytest.mark.parametrize("character", ["\r", "\n", "\0", "\u2028"])
def test_no_reply_address_takes_a_line_break(character):
    for reply_to in ((f"a{character}b", "a@b.example"), ("a", f"a{character}@b.example")):
        with pytest.raises(ValueError):
            build_letter(replace(LETTER, reply_to=reply_to))


@pytest.mark.parametrize("address", [
    "", "ann", "@b.example", "ann@", "a@b.example,c@d.example", "a@b.example c@d.example", "Ann <a@b.example>",
    "<a@b.example>", "a@b.example>", "a@b@c.example", "a..b@c.example", ".a@c.example", "a@-c.example",
    "a@c..example", "a@c.example.", '"a b"@c.example', "é@c.example", "x" * 65 + "@c.example", "a@" + "c." * 130 + "d",
    " a@b.example", "a@b.example\n", "a;b@c.example",
])  # fmt: skip
def test_an_address_is_exactly_one_address(address):
    with pytest.raises(ValueError):
        check_address(address)
    with pytest.raises(ValueError):
        build_letter(replace(LETTER, to_address=address))


def test_an_international_domain_is_written_in_its_ascii_form():
    assert check_address("ann@münchen.example") == "ann@xn--mnchen-3ya.example"


def test_a_letter_in_a_thread_answers_the_first_letter():
    message = read(build_letter(replace(LETTER, thread="<root@tally.example>")))
    assert message["References"] == message["In-Reply-To"] == "<root@tally.example>"


def test_the_first_letter_of_a_thread_answers_nothing():
    message = read(build_letter(replace(LETTER, thread=LETTER.message_id)))
    assert set(message.keys()) == HEADERS


def test_a_repeat_says_so_and_a_first_try_does_not():
    assert read(build_letter(replace(LETTER, repeat=True)))["X-Tallystick-Repeat"] == "yes"
    assert "X-Tallystick-Repeat" not in read(build_letter(LETTER))


def test_machines_are_told_not_to_answer():
    message = read(build_letter(LETTER))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["List-Id"] == "<reminders.tally.example>"
    assert message["Content-Language"] == "en-GB"
    assert message["Date"].datetime == LETTER.sent_at


def test_a_date_without_a_zone_is_refused():
    with pytest.raises(ValueError):
        build_letter(replace(LETTER, sent_at=datetime(2026, 10, 13, 8, 0)))


def test_the_same_key_always_has_the_same_message_id():
    first = message_id_for("digest/12", "tally.example")
    assert first == message_id_for("digest/12", "tally.example")
    assert first != message_id_for("digest/13", "tally.example")
    assert re.fullmatch(r"<[0-9a-f]{32}@tally\.example>", first)
    build_letter(replace(LETTER, message_id=first))


def test_nobody_can_tell_a_message_id_from_the_key_alone():
    ours, others = MailDomain("tally.example", b"s" * 40), MailDomain("tally.example", b"o" * 40)
    assert message_id_for("scheduled|ann|2026-03-24", ours) != message_id_for("scheduled|ann|2026-03-24", others)
    assert message_id_for("scheduled|ann|2026-03-24", ours) == message_id_for("scheduled|ann|2026-03-24", replace(ours))
    assert hashlib.sha256(b"scheduled|ann|2026-03-24").hexdigest()[:32] not in message_id_for(
        "scheduled|ann|2026-03-24", "tally.example"
    )
    assert "sss" not in repr(ours)


def test_a_page_of_html_on_one_line_still_has_only_crlf_line_ends():
    wire = build_letter(replace(LETTER, text="x" * 5000, html="<p>" + "word " * 1000 + "</p>"))
    check_wire(wire)
    assert part(read(wire), "plain") == "x" * 5000


def test_a_body_cannot_close_its_own_part():
    boundary = read(build_letter(LETTER)).get_boundary()
    text = f"a\r\n--{boundary}--\r\n--{boundary}\r\nContent-Type: text/html\r\n\r\n<b>"
    message = read(build_letter(replace(LETTER, text=text, html=text)))
    assert part(message, "plain") == part(message, "html") == text
    assert len(list(message.iter_parts())) == 2


@pytest.mark.parametrize("value", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\0b", "a\u2028b", "é", "\x7f", "x" * 999])
def test_the_one_function_that_writes_headers_refuses_by_itself_what_could_start_another(value):
    with pytest.raises(ValueError):
        _write_header("Subject", value)
    with pytest.raises(ValueError):
        _write_header("Subject", "first", value)


PICTURE = Enclosure(b"\x89PNG" + bytes(range(256)), "image/png", "summary.png", "summary@tally.example")
FILE = Enclosure(b"BEGIN:VCALENDAR\r\n", "text/calendar; method=PUBLISH; charset=utf-8", "dates.ics")


@pytest.mark.parametrize(
    ("enclosures", "shape"),
    [
        ((), ["multipart/alternative", "text/plain", "text/html"]),
        ((FILE,), ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"]),
        ((PICTURE,), ["multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png"]),
        (
            (FILE, PICTURE),
            [
                "multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "text/html",
                "image/png", "text/calendar",
            ],
        ),
    ],
)  # fmt: skip
def test_pictures_lie_beside_the_html_and_files_around_both(
    enclosures: tuple[Enclosure, ...], shape: list[str]
) -> None:
    wire = build_letter(replace(LETTER, enclosures=enclosures))
    message = read(wire)
    assert [one.get_content_type() for one in message.walk()] == shape
    assert all(not one.defects for one in message.walk())
    assert part(message, "plain").startswith("Hello") and "<p>Hello" in part(message, "html")
    assert wire.isascii() and all(len(line) <= 998 for line in wire.split(b"\r\n"))
    found = {one.get_filename(): one for one in message.walk() if one.get_filename()}
    for one in enclosures:
        sent = found[one.file_name]
        assert sent.get_payload(decode=True) == one.content
        assert sent.get_content_disposition() == ("inline" if one.content_id else "attachment")
        assert sent["Content-ID"] == (f"<{one.content_id}>" if one.content_id else None)
    if FILE in enclosures:
        assert found["dates.ics"].get_param("method") == "PUBLISH"


@pytest.mark.parametrize("name", ["a b.ics", "../x", "", 'a".ics', "ü.ics", "a\r\nb"])
def test_a_file_name_that_could_be_read_in_two_ways_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="file's name"):
        build_letter(replace(LETTER, enclosures=(replace(FILE, file_name=name),)))


LONG_LINK = "https://tally.leeds.example/unsubscribe/" + "a1-B_c.9" * 40


def test_a_mail_program_can_unsubscribe_with_one_click_over_https() -> None:
    wire = build_letter(replace(LETTER, unsubscribe=LONG_LINK))
    check_wire(wire)
    assert f"List-Unsubscribe: <{LONG_LINK}>\r\n".encode() in wire, "whole, on one line"
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in wire


def test_over_plain_http_it_is_a_link_only_as_the_standard_asks() -> None:
    message = read(build_letter(replace(LETTER, unsubscribe="http://127.0.0.1:8080/unsubscribe/x")))
    assert message["List-Unsubscribe"] == "<http://127.0.0.1:8080/unsubscribe/x>"
    assert message["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    "link", ["https://x.example/a>,<b", "https://x.example/\r\nBcc: e", "javascript:x", "mailto:a"]
)
def test_what_is_no_link_is_no_way_to_unsubscribe(link: str) -> None:
    with pytest.raises(ValueError, match="address of a page"):
        build_letter(replace(LETTER, unsubscribe=link))
