"""How well a person's channel works, from what came back and what arrived. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from notifications.bounces import BounceKind

WINDOW = timedelta(days=30)
"""What came back longer ago says nothing about today."""
PERMANENT_BEFORE_OFF = 2
"""On so many days within the window a final refusal turns a channel off; one day may have been a server's mistake."""
TEMPORARY_BEFORE_OFF = 8
SILENCE_THAT_IS_SUCCESS = timedelta(days=5)
"""Servers try for up to five days before they say that a letter did not arrive."""


class ChannelHealth(StrEnum):
    WORKING = "working"
    FAILING = "failing"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ComeBack:
    """One thing that came back from a channel."""

    kind: BounceKind
    sent_at: datetime | None  # when the message went that came back
    read_at: datetime


def judge_health(back: Sequence[ComeBack], arrived: datetime | None, now: datetime) -> tuple[ChannelHealth, int]:
    """How the channel stands, and how many of what came back say so.

    `arrived` is when the last message went of which nothing has come back for as long as servers try: a success after a
    failure takes the failure's weight away.
    """
    counted = [
        one
        for one in back
        if now - one.read_at <= WINDOW and (arrived is None or (one.sent_at or one.read_at) > arrived)
    ]
    permanent = len({one.read_at.date() for one in counted if one.kind is BounceKind.PERMANENT})
    temporary = sum(one.kind is BounceKind.TEMPORARY for one in counted)
    if permanent >= PERMANENT_BEFORE_OFF or temporary >= TEMPORARY_BEFORE_OFF:
        return ChannelHealth.OFF, permanent + temporary
    if permanent or temporary:
        return ChannelHealth.FAILING, permanent + temporary
    return ChannelHealth.WORKING, 0
