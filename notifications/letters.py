"""Makes a letter of a message: its headers, the thread it belongs to, and the files that go along."""

import re
from collections.abc import Iterator
from datetime import datetime

from commitments.settings import Settings
from notifications.dates_file import CONTENT_TYPE, FILE_NAME, write_dates
from notifications.languages import load_words
from notifications.messages import Message
from notifications.mime import Enclosure, Letter, name_thread
from notifications.overviews import name_picture
from notifications.views import Written

_STRAY = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def make_letter(
    settings: Settings,
    message: Message,
    written: Written,
    *,
    message_id: str,
    key: str,
    address: str,
    sent_at: datetime,
    repeat: bool = False,
) -> Letter:
    """The letter to one address, ready to be built."""
    domain = settings.sender.rpartition("@")[2]
    return Letter(
        message_id=message_id,
        sender_name=settings.sender_name,
        sender_address=settings.sender,
        to_name=_flatten(message.to_name),
        to_address=address,
        subject=_flatten(written.subject),
        text=written.text,
        html=written.html,
        language=written.tag,
        sent_at=sent_at,
        list_id=f"tallystick.{domain}",
        key=key,
        reply_to=(_flatten(message.coordinator_name or ""), message.coordinator_mail)
        if message.coordinator_mail
        else None,
        repeat=repeat,
        thread=_name_thread(message, domain),
        kind=str(message.kind),
        enclosures=tuple(_enclose(settings, message, written, sent_at)),
        unsubscribe=message.unsubscribe_link,
    )


def _flatten(words: str) -> str:
    """Words as a header takes them: what was pasted into a name with a tab must not keep the letter from going."""
    return words if words.isprintable() else _STRAY.sub(" ", words)


def _enclose(settings: Settings, message: Message, written: Written, sent_at: datetime) -> Iterator[Enclosure]:
    words = load_words(written.tag)
    dates = write_dates(
        words, message, sender_name=settings.sender_name, sender_address=settings.sender, now=sent_at,
        views=written.views,
    )  # fmt: skip
    if dates is not None:
        yield Enclosure(dates, CONTENT_TYPE, FILE_NAME)
    if message.summary is not None and written.picture is not None and written.page is not None:
        month = f"{message.summary.month:%Y-%m}"
        yield Enclosure(written.picture, "image/png", f"summary-{month}.png", name_picture(message.summary))
        yield Enclosure(written.page, "application/pdf", f"summary-{month}.pdf")


def _name_thread(message: Message, domain: str) -> str | None:
    """What a mail program gathers the letters about one promise under; a letter about several stands alone."""
    matters = {item.matter for item in message.items}
    if len(matters) != 1 or message.digest is not None or message.summary is not None:
        return None
    return name_thread(matters.pop(), domain)
