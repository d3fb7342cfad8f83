"""The channels by which a person can be reached, and how each is written in an agreement file. Pure.

Agreement files are shared documents: a channel is named there by its kind and by the name that the operator gave it in
the settings, never by an address or token of a service. A person's own end of it, such as a telephone number, follows
after a slash: `sms: house/+447700900123`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from commitments.vocabulary import Channel, ChannelKind

NAME_PATTERN = r"[a-z0-9][a-z0-9-]{0,39}"


ENDS: Mapping[Channel, tuple[str, str]] = {
    Channel.TELEGRAM: (r"-?\d{1,20}", "-1001234567890"),
    Channel.NTFY: (r"[A-Za-z0-9_-]{1,64}", "city-hall"),
    Channel.MATRIX: (r"![A-Za-z0-9._=-]{1,120}:[A-Za-z0-9.-]{1,70}", "!room:matrix.example"),
    Channel.SMS: (r"\+[1-9]\d{6,14}", "+447700900123"),
}
"""What follows the operator's name where a service reaches many: its pattern and an example. Others reach one place."""


@dataclass(frozen=True, slots=True)
class ChannelPlace:
    """One entry of a person, read: the name in the operator's settings and the person's own end."""

    name: str
    end: str | None


_KINDS: Mapping[Channel, ChannelKind] = {
    Channel.MAIL: ChannelKind.MAIL,
    Channel.SMS: ChannelKind.SMS,
    Channel.WEBHOOK: ChannelKind.WEBHOOK,
}


def find_kind(channel: Channel) -> ChannelKind:
    """Of what kind a channel is: every service in which people talk is a chat."""
    return _KINDS.get(channel, ChannelKind.CHAT)


def read_place(entry: str) -> ChannelPlace:
    """Take apart `house/+447700900123`; the entry was checked when its file was read."""
    name, _, end = entry.partition("/")
    return ChannelPlace(name, end or None)


def entry_pattern(kind: Channel) -> str:
    """What an entry of this kind looks like; not for mail, whose entry is an address."""
    return rf"^{NAME_PATTERN}/{ENDS[kind][0]}$" if kind in ENDS else rf"^{NAME_PATTERN}$"


def describe_entry(kind: Channel) -> str:
    """How an entry is written, for people."""
    if kind not in ENDS:
        return "the name of a channel in the settings, such as city-hall"
    return f"the name of a channel in the settings and the person's own end of it, such as house/{ENDS[kind][1]}"
