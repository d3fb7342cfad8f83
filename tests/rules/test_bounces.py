# ruff: noqa: E501
"""What mail servers send back, in the forms that they send: which message, what became of it, and whose fault it is."""

import pytest

from notifications.bounce_address import read_bounce_address, write_bounce_address
from notifications.bounces import BounceKind, judge_bounce, read_bounce

SECRET = b"a secret of the house"
HOUSE = "bounces@tally.leeds.example"
ADDRESS = write_bounce_address(HOUSE, 4711, SECRET)
NAME = "<0123456789abcdef@tally.leeds.example>"


def report(to: str, human: str, status: str, returned: str, more: str = "") -> str:
    return (
        f"From: MAILER-DAEMON@mx.example (Mail Delivery System)\r\nTo: {to}\r\nSubject: Undelivered Mail\r\n{more}"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nMessage-ID: <dsn-1@mx.example>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"\r\n\r\n'
        f"--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{human}\r\n"
        f"--=_b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n"
        f"--=_b\r\n{returned}\r\n--=_b--\r\n"
    )


WHOLE = f"Content-Type: message/rfc822\r\n\r\nMessage-ID: {NAME}\r\nSubject: Due in 7 days\r\nTo: a@b.example\r\n\r\nHello\r\n"
HEADERS = (
    f"Content-Type: text/rfc822-headers\r\n\r\nReceived: by mx\r\nMessage-ID:\r\n {NAME}\r\nSubject: Due in 7 days\r\n"
)

POSTFIX = report(
    ADDRESS,
    "This is the mail system at host mx.leeds.example.\r\n\r\nI'm sorry to have to inform you that your message could not\r\n"
    "be delivered to one or more recipients.\r\n\r\n<gone@b.example>: host mx.b.example[192.0.2.1] said: 550 5.1.1\r\n"
    "    <gone@b.example>: Recipient address rejected: User unknown (in reply to RCPT TO command)",
    "Reporting-MTA: dns; mx.leeds.example\r\nX-Postfix-Queue-ID: 4Z\r\nArrival-Date: Wed, 11 Mar 2026 08:00:00 +0000\r\n\r\n"
    "Final-Recipient: rfc822; gone@b.example\r\nOriginal-Recipient: rfc822;gone@b.example\r\nAction: failed\r\n"
    "Status: 5.1.1\r\nRemote-MTA: dns; mx.b.example\r\nDiagnostic-Code: smtp; 550 5.1.1 <gone@b.example>: Recipient\r\n"
    "    address rejected: User unknown\r\n",
    WHOLE,
)
POSTFIX_DELAYED = POSTFIX.replace("Action: failed", "Action: delayed").replace("5.1.1", "4.4.1")
POSTFIX_EXPIRED = (
    POSTFIX.replace("5.1.1", "4.4.1").replace("550", "451").replace("User unknown", "Connection timed out")
)
EXCHANGE = report(
    HOUSE,
    "Your message to gone@b.example couldn't be delivered.\r\ngone wasn't found at b.example.",
    "Reporting-MTA: dns;AM0PR01MB1234.eurprd01.prod.exchangelabs.com\r\nReceived-From-MTA: dns;mail.leeds.example\r\n\r\n"
    "Final-Recipient: rfc822;gone@b.example\r\nAction: failed\r\nStatus: 5.1.10\r\n"
    "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient gone@b.example not found by SMTP address\r\n"
    " lookup\r\nX-Display-Name: Gone\r\n",
    WHOLE,
)
GMAIL = report(
    ADDRESS,
    "** Address not found **\r\n\r\nYour message wasn't delivered to gone@gmail.com because the address couldn't be found",
    "Reporting-MTA: dns; googlemail.com\r\nArrival-Date: Wed, 11 Mar 2026 01:00:00 -0800 (PST)\r\n\r\n"
    "Final-Recipient: rfc822; gone@gmail.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n"
    " 550-5.1.1 double-checking the recipient's email address for typos https://support.google.com/mail/?p=NoSuchUser\r\n"
    "Last-Attempt-Date: Wed, 11 Mar 2026 01:00:01 -0800 (PST)\r\n",
    HEADERS,
    "X-Failed-Recipients: gone@gmail.com\r\n",
)
GMAIL_FULL = GMAIL.replace(
    "5.1.1 The email account that you tried to reach does not exist",
    "5.2.2 The email account that you tried to reach is over quota",
).replace("Status: 5.1.1", "Status: 5.2.2")
BLOCKED = POSTFIX.replace("5.1.1", "5.7.1").replace("User unknown", "Client host blocked using a list")
QQ = (
    f"From: PostMaster@qq.com\r\nTo: {ADDRESS}\r\nSubject: =?gb18030?B?z7XNs83L0MU=?=\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=gb18030\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\n".encode()
    + "<p>很抱歉，您的邮件被退回来了……</p><p>退信原因：收件人邮件地址（gone@qq.com）不存在，邮件无法送达。</p>"
    "<p>host mx3.qq.com said: 550 Mailbox unavailable or access denied [MxSwHd]</p>".encode("gb18030")
    + b"\r\n--b--\r\n"
)
NETEASE = (
    f"From: Postmaster@163.com\r\nTo: {HOUSE}\r\nSubject: =?utf-8?B?57O757uf6YCA5L+h?=\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    "抱歉，您的邮件被退回来了。收件人：gone@163.com 退信原因：收件人邮箱已满\r\n--b\r\n"
    f"Content-Type: message/rfc822\r\n\r\nMessage-ID: {NAME}\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
).encode()
QMAIL = (
    "Return-Path: <>\r\nFrom: MAILER-DAEMON@b.example\r\n"
    f"To: {ADDRESS.upper()}\r\nSubject: failure notice\r\n\r\nHi. This is the qmail-send program at b.example.\r\n"
    "I'm afraid I wasn't able to deliver your message to the following addresses.\r\n\r\n<gone@b.example>:\r\n"
    "192.0.2.1 does not like recipient.\r\nRemote host said: 550 5.1.1 No such user here\r\nGiving up on 192.0.2.1.\r\n\r\n"
    f"--- Below this line is a copy of the message.\r\n\r\nMessage-ID: {NAME}\r\nSubject: x\r\n\r\nHello\r\n"
)
COMPLAINT = (
    "From: feedback@arf.mail.yahoo.com\r\nTo: abuse@tally.leeds.example\r\nSubject: FW: Due in 7 days\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/report; report-type=feedback-report; boundary="=_b"\r\n\r\n'
    "--=_b\r\nContent-Type: text/plain\r\n\r\nThis is an email abuse report.\r\n"
    "--=_b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: Yahoo!-Mail-Feedback/2.0\r\n"
    f"Version: 1\r\nOriginal-Mail-From: <{ADDRESS}>\r\nOriginal-Rcpt-To: a@yahoo.example\r\n\r\n"
    f"--=_b\r\n{WHOLE}\r\n--=_b--\r\n"
)
SEEN = [
    ("Postfix, an unknown user", POSTFIX, BounceKind.PERMANENT, "5.1.1", 4711),
    ("Postfix, still trying", POSTFIX_DELAYED, BounceKind.DELAYED, "4.4.1", 4711),
    ("Postfix, gave up after five days", POSTFIX_EXPIRED, BounceKind.TEMPORARY, "4.4.1", 4711),
    ("Exchange, to the address without a plus: known by Message-ID", EXCHANGE, BounceKind.PERMANENT, "5.1.10", None),
    ("Gmail, with headers only", GMAIL, BounceKind.PERMANENT, "5.1.1", 4711),
    ("Gmail, a full mailbox", GMAIL_FULL, BounceKind.TEMPORARY, "5.2.2", 4711),
    ("our host on a list: not the address's fault", BLOCKED, BounceKind.TEMPORARY, "5.7.1", 4711),
    ("QQ, free form in GB18030", QQ, BounceKind.PERMANENT, "5.0.0", 4711),
    ("163, free form, a full mailbox without a code", NETEASE, BounceKind.TEMPORARY, "", None),
    ("qmail, free form, in capitals", QMAIL, BounceKind.PERMANENT, "5.1.1", 4711),
    ("a complaint by the feedback loop", COMPLAINT, BounceKind.COMPLAINT, "", 4711),
]


def read_address(address: str) -> int | None:
    return read_bounce_address(address, HOUSE, SECRET)


@pytest.mark.parametrize(("what", "raw", "kind", "status", "owner"), SEEN, ids=[one[0] for one in SEEN])
def test_what_came_back_is_understood(
    what: str, raw: str | bytes, kind: BounceKind, status: str, owner: int | None
) -> None:
    found = read_bounce(raw.encode() if isinstance(raw, str) else raw, read_address)
    assert found is not None, what
    assert (found.kind, found.status, found.notification_id) == (kind, status, owner)
    if "QQ" not in what:
        assert found.message_id == NAME
    assert found.reply
    assert len(found.reply) <= 300
    assert found.reply.isprintable()


@pytest.mark.parametrize(
    ("what", "raw"),
    [
        (
            "someone on leave",
            f"From: a@b.example\r\nTo: {ADDRESS}\r\nAuto-Submitted: auto-replied\r\nSubject: Out of office\r\n\r\nBack on 550 5.1.1 March\r\n",
        ),
        (
            "an answer by a person",
            f"From: a@b.example\r\nTo: {ADDRESS}\r\nSubject: Re: Due\r\n\r\nThe address 550 5.1.1 does not exist\r\n",
        ),
        ("a report of success", POSTFIX.replace("Action: failed", "Action: delivered").replace("5.1.1", "2.1.5")),
        ("a report that says nothing", report(ADDRESS, "x", "Reporting-MTA: dns; x\r\n", WHOLE)),
        (
            "a feedback report that is no complaint",
            COMPLAINT.replace("Feedback-Type: abuse", "Feedback-Type: not-spam"),
        ),
        ("nothing", ""),
        ("bytes that are no letter", "\x00\xff" * 100),
    ],
)
def test_what_is_no_report_is_left_alone(what: str, raw: str) -> None:
    assert read_bounce(raw.encode("utf-8", "surrogateescape"), read_address) is None, what


def test_a_letter_too_large_for_a_report_is_not_read() -> None:
    assert read_bounce(POSTFIX.encode() + b"x" * 3_000_000, read_address) is None


def test_the_same_report_has_the_same_key_and_another_another() -> None:
    first, again, other = (read_bounce(one.encode(), read_address) for one in (POSTFIX, POSTFIX, GMAIL))
    assert first is not None and again is not None and other is not None
    assert first.key == again.key != other.key


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.1.1", "", "permanent"),
        ("5.1.2", "bad domain", "permanent"),
        ("5.1.10", "", "permanent"),
        ("5.2.1", "mailbox disabled", "permanent"),
        ("5.0.0", "", "permanent"),
        ("5.1.0", "", "permanent"),
        ("5.2.2", "", "temporary"),
        ("5.2.3", "too large", "temporary"),
        ("5.3.4", "", "temporary"),
        ("5.4.4", "host not found", "temporary"),
        ("5.4.1", "", "temporary"),
        ("5.5.0", "", "temporary"),
        ("5.6.0", "", "temporary"),
        ("5.7.1", "spam", "temporary"),
        ("5.7.26", "DMARC", "temporary"),
        ("4.4.7", "expired", "temporary"),
        ("4.2.2", "", "temporary"),
        ("5.1.1", "mailbox is full", "temporary"),
        ("", "User unknown", "permanent"),
        ("", "收件人不存在", "permanent"),
        ("", "邮箱已满", "temporary"),
        ("", "?", "temporary"),
    ],
)
def test_only_an_address_that_takes_no_letters_is_at_fault(status: str, words: str, kind: str) -> None:
    assert judge_bounce(status, words) == kind


# The bounce address


def test_a_bounce_address_names_its_message_and_fits_a_mail_address() -> None:
    for number in (1, 4711, 2**31 - 1):
        address = write_bounce_address(HOUSE, number, SECRET)
        assert read_bounce_address(address, HOUSE, SECRET) == number
        assert read_bounce_address(address.upper(), HOUSE, SECRET) == number
        assert len(address.partition("@")[0]) <= 64


@pytest.mark.parametrize(
    "address",
    [
        HOUSE, ADDRESS.replace("+", "-"), ADDRESS.replace("1267", "1268"), ADDRESS.replace("@", "a@"),
        ADDRESS.replace("leeds", "york"), f"x{ADDRESS}", f"{ADDRESS}.evil.example", "bounces+1@tally.leeds.example", "",
    ],
)  # fmt: skip
def test_an_address_that_is_not_ours_or_not_signed_names_nothing(address: str) -> None:
    assert read_bounce_address(address, HOUSE, SECRET) is None


def test_an_address_signed_with_another_secret_names_nothing() -> None:
    assert read_bounce_address(write_bounce_address(HOUSE, 4711, b"another"), HOUSE, SECRET) is None
