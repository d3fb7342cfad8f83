"""A test message: one letter by the same road as all others, at once, to see that mail works."""

from dataclasses import dataclass
from datetime import datetime
from html import escape

from sqlalchemy import Engine, select

from commitments.database import open_reading
from commitments.errors import RefusedChange
from commitments.references import suggest_reference
from commitments.settings import Settings
from commitments.tables import contact
from notifications.delivery import Post
from notifications.mail_route import MailRoute
from notifications.mime import Letter, build_letter, check_address, message_id_for
from notifications.secret import load_mail_domain
from notifications.smtp_line import Delivery
from notifications.views import clean_text


@dataclass(frozen=True, slots=True)
class Trial:
    """A test message and what the mail server said to it."""

    to: str
    route: str
    subject: str
    text: str
    delivery: Delivery


def find_receiver(engine: Engine, to: str) -> tuple[str, str]:
    """The name and address of a contact, or the address itself; RefusedChange if it is neither."""
    with open_reading(engine) as reading:
        rows = reading.execute(select(contact.c.reference, contact.c.name, contact.c.channels)).all()
    known = {row.reference: row for row in rows}
    if to in known:
        mail = known[to].channels.get("mail")
        if not mail:
            raise RefusedChange(
                f"the contact {to} has no mail address; write one in its agreement file, or name another"
            )
        return known[to].name, mail
    if "@" not in to:
        near = suggest_reference(to, known)
        raise RefusedChange(f"the register knows no contact {to!r}{near}; or give a mail address")
    try:
        return "", check_address(to)
    except ValueError as unusable:
        raise RefusedChange(str(unusable)) from None


def send_trial(engine: Engine, settings: Settings, now: datetime, to: str, note: str = "") -> Trial:
    """Send a test message and give the server's answer. It is no notification: nothing of it is kept."""
    name, address = find_receiver(engine, to)
    route = MailRoute.parse(settings.post_url)
    subject = "Test message from Tallystick"
    lines = [
        f"Hello {clean_text(name)}," if name else "Hello,",
        "this is a test message from Tallystick, which keeps the promises in partnership agreements.",
        "If you read this, its mail reaches you. You need not answer.",
        *([clean_text(note)] if note else []),
    ]
    text = "\n\n".join(lines) + "\n"
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    letter = Letter(
        message_id=message_id_for(f"trial:{address}:{now.isoformat()}", load_mail_domain(settings)),
        sender_name=settings.sender_name,
        sender_address=settings.sender,
        to_name=name,
        to_address=address,
        subject=subject,
        text=text,
        html=f'<!doctype html><html lang="en"><body>{paragraphs}</body></html>',
        language="en",
        sent_at=now,
        list_id=f"tallystick.{settings.sender.rpartition('@')[2]}",
        key=f"trial:{now.isoformat()}",
        kind="trial",
    )
    with Post(route) as post:
        delivery = post.send(sender=settings.sender, to=address, wire=build_letter(letter))
    return Trial(f"{name} <{address}>" if name else address, str(route), subject, text, delivery)
