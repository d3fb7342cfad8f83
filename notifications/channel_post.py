"""Writes and sends what goes by another channel than mail; the outbox treats its outcomes like those of letters."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from commitments.channels import read_place
from commitments.settings import Settings
from commitments.vocabulary import Channel, Outcome
from notifications.chat import send_chat
from notifications.chat_text import write_chat_safely
from notifications.house import Fault, explain_fault
from notifications.languages import UnreadableCatalogue, load_words
from notifications.messages import Message
from notifications.rendering import describe_message
from notifications.services import NamedChannel, read_channels
from notifications.smtp_line import Delivery
from notifications.views import MessageView
from notifications.webhook import post_webhook, write_call


class ChannelPost:
    """Hands messages to the channels that the operator has named; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _channels(self) -> dict[str, NamedChannel]:
        return read_channels(self._settings.channels)

    def write(self, row: Any, message: Message, tell: Callable[[Fault], None]) -> tuple[bytes, str]:
        """The message as its channel takes it, and its subject; what is wrong in the house's files is told."""
        channel = self._find(row)
        house = self._settings.house_folder
        if channel is None or channel.service.kind is Channel.WEBHOOK:
            view = _view_safely(message, house, tell)
            return orjson.dumps(_describe(row, message, view)), view.subject
        service = channel.service
        subject, text = write_chat_safely(message, service.markup, service.limit, service.unit, house, tell)
        return text.encode(), subject

    def send(self, row: Any, written: bytes, subject: str, now: datetime) -> Delivery:
        """Send one message; no fault of network or service is raised."""
        channel = self._find(row)
        place = read_place(row.address)
        if channel is None:
            return Delivery(Outcome.PERMANENT, 0, f"the settings name no {row.channel} channel {place.name!r}"[:300])
        if channel.service.kind is Channel.WEBHOOK:
            call = write_call(row.key, orjson.loads(written), channel.values["secret"], now)
            inside = frozenset(self._settings.webhook_hosts_inside)
            delivery = post_webhook(channel.values["url"], call, allowed_inside=inside)
        else:
            delivery = send_chat(channel, place.end, subject, written.decode())
        return replace(delivery, reply=self._hide(delivery.reply))

    def _hide(self, reply: str) -> str:
        """A reply without any value of any channel: it is kept and shown."""
        for channel in self._channels.values():
            reply = channel.hide(reply)
        return reply

    def _find(self, row: Any) -> NamedChannel | None:
        channel = self._channels.get(read_place(row.address).name)
        return channel if channel is not None and channel.service.kind == row.channel else None


@dataclass(frozen=True, slots=True)
class _Matter:
    """One matter as a webhook tells it."""

    title: str
    agreement: str
    standing: str
    reason: str
    expected: str
    by: str
    link: str
    """The page where its reader answers it, or sees how it stands."""
    promise: str
    """The sentence of the agreement itself, if the register has it."""
    promised: str
    due: str
    report: str
    note: str


def _view_safely(message: Message, house: Path | None, tell: Callable[[Fault], None]) -> MessageView:
    try:
        words = load_words(message.language, house)
    except UnreadableCatalogue as fault:
        tell(explain_fault(fault, fault.file))
        words = load_words(message.language)
    return describe_message(words, message)


def _describe(row: Any, message: Message, view: MessageView) -> dict[str, Any]:
    """The body of a webhook: the words of the message, and what it is about in the register's own terms."""
    told = [item for section in view.sections for item in section.items]
    return {
        "type": "message",
        "message": row.message_id.strip("<>"),
        "kind": str(message.kind),
        "day": message.day.isoformat(),
        "to": message.to_name,
        "language": view.tag,
        "subject": view.subject,
        "repeat": bool(row.repeated),
        "matters": [
            _Matter(
                one.title,
                one.agreement,
                one.standing,
                one.reason,
                one.expected,
                one.by,
                one.page or one.link,
                one.quote,
                one.promised,
                one.due,
                one.report,
                one.note,
            )
            for one in told
        ],
        "references": [
            {
                "agreement": item.agreement,
                "matter": item.matter,
                "standing": str(item.standing),
                "due": item.due_on.isoformat() if item.due_on else None,
                "answer_by": item.answer_by.isoformat() if item.answer_by else None,
                "follow_up": item.follow_up,
                "party": item.party_reference,
                "parties": list(item.to_whom),
            }
            for item in message.items
        ],
        "more": view.more,
        "figures": [list(overview.figures) for overview in view.overviews],
        "link": view.register,
    }
