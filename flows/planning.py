"""What the three sending flows share: queue what is due for their kinds of message."""

from collections.abc import Collection
from datetime import date
from functools import partial

from commitments.vocabulary import NotificationKind
from flows.artifacts import show_previews
from flows.runs import Register, count_things, do_step, log_lines
from flows.views import preview_messages
from notifications.planning import plan_messages
from notifications.queueing import Planned


async def queue_messages(register: Register, day: date, kinds: Collection[NotificationKind]) -> Planned:
    """Queue the messages that are due because of these kinds of notice; nothing is sent yet."""
    work = partial(plan_messages, register.engine, register.now, day, kinds=frozenset(kinds), domain=register.domain)
    return await do_step("queue what is due", work)


async def queue_overviews(register: Register, day: date, kind: NotificationKind) -> Planned:
    """Queue the digests or summaries that are due, and show those that wait in their readers' words."""
    done = await queue_messages(register, day, (kind,))
    await preview_waiting(register, day, (kind,), str(kind))
    return done


async def preview_waiting(register: Register, day: date, kinds: Collection[NotificationKind], name: str) -> None:
    """Show what waits because of these kinds of notice, in its readers' words."""
    look = partial(preview_messages, register.engine, day, kinds, settings=register.settings)
    await show_previews(await do_step("write the previews", look), name)


def log_planned(done: Planned) -> None:
    """What a person wants to know of it."""
    lines = [f"Found {count_things(done.notices, 'thing')} to tell: {describe_planned(done)}."]
    if done.held:
        lines.append("Whoever has no address cannot be told; the coordinator finds them among the follow-ups.")
    if done.messages:
        lines.append("Each goes at 08:00 of its reader's own morning; what another person waits for goes at once.")
    log_lines(lines)


def describe_planned(done: Planned) -> str:
    """What was queued, as a run's name says it."""
    told = [f"{count_things(done.messages, 'message')} queued"]
    if done.joined:
        told.append(f"{done.joined:,} added to")
    if done.held:
        told.append(f"{count_things(done.held, 'person', 'people')} without an address")
    return ", ".join(told)


def count_planned(done: Planned) -> dict[str, int]:
    """The counts that a run returns."""
    return {
        "messages": done.messages,
        "joined": done.joined,
        "notices": done.notices,
        "passed_over": done.passed_over,
        "held": done.held,
    }
