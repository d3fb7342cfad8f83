"""How much notice is given, how long silence may last, and how a matter climbs: the rules a house may set."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import time
from typing import Any

from commitments.vocabulary import ChannelKind, ConfirmedBy, MatterKind, Rhythm


@dataclass(frozen=True, slots=True)
class Policy:
    lead_days: tuple[int, ...] = (30, 14, 7, 1, 0)
    """Reminders go so many days before the date of a commitment, a milestone or an occurrence."""
    agreement_lead_days: tuple[int, ...] = (365, 180, 90, 30, 14, 7, 1, 0)
    """Reminders go so many days before a date of the agreement itself, once it shows as coming."""
    silence_amber_months: int = 12
    silence_red_months: int = 24
    dormancy_months: int = 24
    next_step_days: int = 90
    """An open-ended commitment without a next step is asked for one after so many days."""
    confirm_within_months: int = 6
    """A plan is to be confirmed within so many months where no day is stated."""
    expiry_lead_days: int = 365
    notice_lead_days: int = 90
    report_lead_days: int = 180
    answer_working_days: int = 10
    """A follow-up is due so many working days of its assignee after it was opened."""
    escalation_working_days: tuple[int, ...] = (0, 5, 10, 15)
    """When the owner, the deputy, the coordinator and both sides' leaders are told, in working days of the assignee."""
    escalation_near_days: int = 30
    """Leaders are not told of what is asked for a date ahead before it is so near."""
    about_tolerance_percent: int = 10
    """A target of about a quantity may fall short of it by so much."""
    quiet_after_answer_days: int = 30
    """An owner who reported is not asked again for so long."""
    confirmed_by: ConfirmedBy = ConfirmedBy.OTHER_PARTIES
    """Who confirms what one party reports as done: the other parties, those who owe it jointly too, or nobody."""
    send_at: time = time(8, 0)
    """The hour of the recipient's own zone at which the day's message goes."""
    digest_weekday: int = 0
    """The day of the coordinators' digest: 0 is Monday."""
    digest_rhythm: Rhythm = Rhythm.WEEKLY
    summary_day: int = 1
    """From this day of its month on the summary goes."""
    summary_rhythm: Rhythm = Rhythm.MONTHLY
    quiet_from: time = time(20, 0)
    quiet_to: time = time(7, 0)
    """Between the two, in the recipient's own zone, nothing goes at once; never quiet if they are the same."""
    quiet_rest_days: bool = True
    """Whether on the recipient's days of rest nothing goes at once either."""
    send_days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    """The weekdays on which an agreement's matters are told to who has not chosen days of their own: 0 is Monday."""
    language: str = "en"
    """Of messages to whom neither the person nor their party states one."""
    channels: tuple[ChannelKind, ...] = ()
    """The kinds of channel in the order in which they are tried for who has several and chose none."""
    always_sent: tuple[str, ...] = ("notice",)
    """What is told also to who is paused or has unsubscribed: kinds of matter, as what has an effect in law, and the
    final call."""


HOUSE = "house"
FINAL = "final"
"""Stands among what is always sent for the last rung of a ladder, whatever the matter."""


def is_always_sent(policy: Policy, matter_kind: str, rung: int = 0) -> bool:
    """Whether something is told also to who is paused or has unsubscribed; `rung` is that of a ladder, 0 for its owner.

    A ladder of one rung has no final call.
    """
    last = len(policy.escalation_working_days) - 1
    return matter_kind in policy.always_sent or (FINAL in policy.always_sent and 0 < last <= rung)


def find_lead_days(policy: Policy, kind: MatterKind) -> tuple[int, ...]:
    """How many days before the date of such a matter reminders go.

    A date of the agreement itself has none before it shows as coming. That an expiry does is told by a reminder; the
    others open a follow-up then, which tells it.
    """
    windows = {
        MatterKind.EXPIRY: policy.expiry_lead_days,
        MatterKind.NOTICE: policy.notice_lead_days,
        MatterKind.RENEWAL: policy.notice_lead_days,
        MatterKind.REPORT: policy.report_lead_days,
    }
    window = windows.get(kind)
    if window is None or not policy.agreement_lead_days:
        return policy.lead_days if window is None else ()
    first = (window,) if kind is MatterKind.EXPIRY else ()
    return (*first, *(days for days in policy.agreement_lead_days if days < window))


_RULES = frozenset(field.name for field in fields(Policy))


def adapt_policy(usual: Policy, rules: Mapping[str, Any]) -> Policy:
    """The policy with some of its rules replaced; unknown names are passed over."""
    changed: dict[str, Any] = {}
    for name, value in rules.items():
        if name not in _RULES or value is None:
            continue
        if name in ("lead_days", "agreement_lead_days"):
            changed[name] = tuple(sorted(set(value), reverse=True))
        elif name in ("escalation_working_days", "send_days", "always_sent"):
            changed[name] = tuple(value)
        elif name in ("send_at", "quiet_from", "quiet_to"):
            changed[name] = time.fromisoformat(value)
        elif name == "channels":
            changed[name] = tuple(ChannelKind(one) for one in value)
        elif name == "confirmed_by":
            changed[name] = ConfirmedBy(value)
        elif name in ("digest_rhythm", "summary_rhythm"):
            changed[name] = Rhythm(value)
        else:
            changed[name] = value
    return replace(usual, **changed)
