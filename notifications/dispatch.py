"""Sends what is in the outbox: claim, write, send with no transaction open, record."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from commitments.database import open_reading, open_unit
from commitments.facts import Reason
from commitments.failpoints import failpoint
from commitments.operations import Trouble, close_operator_follow_ups, list_open_troubles, open_trouble
from commitments.reconcile import Rules, load_rules
from commitments.settings import Settings
from commitments.vocabulary import Channel, FollowUpKind, NotificationKind, NotificationState, Outcome, ReasonCode
from notifications.bounce_address import write_bounce_address
from notifications.channel_post import ChannelPost
from notifications.composing import compose_messages, is_empty
from notifications.delivery import Post
from notifications.failures import close_failures
from notifications.house import POLICY, Fault
from notifications.letters import make_letter
from notifications.links import Links, open_links
from notifications.mail_route import MailRoute
from notifications.messages import Message
from notifications.mime import build_letter
from notifications.names import Names, load_names
from notifications.outbox import (
    Sent,
    begin_attempt,
    cancel_messages,
    claim_messages,
    count_ready,
    extend_lease,
    find_left_out,
    keep_outcome,
    leave_out,
    list_recent_attempts,
    name_worker,
    postpone_messages,
    release_abandoned,
    return_messages,
)
from notifications.pace import Pace, read_rates
from notifications.reasons import Why
from notifications.recorder import Recorder
from notifications.rendering import write_safely
from notifications.routing import delay_to_end_of_quiet, is_late
from notifications.secret import load_secrets
from notifications.smtp_line import Delivery
from notifications.undelivered import review_channels

BATCH = 100
LETTERS_AHEAD = 25
"""Letters are written several at a time: one after the other takes a third longer, and more would wait for long."""
SMALLEST_BATCH = 10
"""Several senders share a small day, so that all of them are at work; less would be all claiming."""


@dataclass(slots=True)
class Dispatched:
    """What one run sent, in counts."""

    sent: int = 0
    repeated: int = 0
    retried: int = 0
    failed: int = 0
    cancelled: int = 0
    released: int = 0
    """Messages taken back from senders that died."""
    faults: list[str] = field(default_factory=list)
    """What is wrong in the templates and catalogues of the house; the usual ones were used instead."""
    halted: str | None = None
    """Why it stopped with messages still waiting: what was said on a way that is closed for every letter."""

    def add(self, other: "Dispatched") -> None:
        """Take in the counts of another sender of the same run."""
        for name in ("sent", "repeated", "retried", "failed", "cancelled", "released"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.halted = self.halted or other.halted


@dataclass(frozen=True, slots=True)
class _Line:
    """What the senders of a run share."""

    engine: Engine
    settings: Settings
    post: Post
    worker: str
    read_clock: Callable[[], datetime]
    early: bool
    stop: threading.Event
    closed: threading.Event
    """Set when one sender found the way closed or failed: the others stop, too."""
    recorder: Recorder
    desk: threading.Lock
    """Held by who composes and writes: two at it at once would only take turns, and keep a third from sending."""
    batch: int
    mail_closed: threading.Event
    """Set when the way of letters is closed; what goes by other channels goes on."""
    channels: ChannelPost
    pace: Pace | None
    pacing: threading.Lock
    secret: bytes
    """What bounce addresses are signed with."""
    links: Links | None
    house: Path | None
    faults: set[Fault]
    """What is wrong in the house's files, as the senders come upon it."""
    only: int | None
    run: str | None
    """The run of Prefect that sends, if one does."""

    def find_return(self, row: Any) -> str:
        """Where a letter comes back to: an address of its own where the house has one for that."""
        house = self.settings.bounce_address
        return write_bounce_address(house, row.id, self.secret) if house is not None else self.settings.sender

    @property
    def is_ending(self) -> bool:
        return self.stop.is_set() or self.closed.is_set()

    @property
    def domain(self) -> str:
        return self.settings.sender.rpartition("@")[2]


def dispatch_messages(
    engine: Engine,
    settings: Settings,
    *,
    read_clock: Callable[[], datetime] | None = None,
    stop: threading.Event | None = None,
    most: int | None = None,
    early: bool = False,
    only: int | None = None,
    run: str | None = None,
) -> Dispatched:
    """Send every message that may go now; returns when none is left, or after the message under way once `stop` is set.

    `early` sends also what waits for its reader's morning: for a mailbox on this machine, where nobody is disturbed.
    `only` is the one message to send, whatever else waits. `run` is the id of the run of Prefect that this is part of.
    A message is marked as sent only after the server took it. A process killed between the two repeats that one
    message under the same Message-ID.
    """
    clock = read_clock or (lambda: datetime.now(UTC))
    done = Dispatched()
    with open_unit(engine) as unit:
        done.released = release_abandoned(unit, clock(), repeat_uncertain=settings.repeat_uncertain)
    with open_reading(engine) as reading:
        rules, names = load_rules(reading), load_names(reading)
        ready = count_ready(reading, clock(), early=early)
    # A few messages are sent by one: the others would have little to do.
    senders = min(settings.senders, -(-ready // SMALLEST_BATCH) or 1) if most is None and only is None else 1
    with Post(MailRoute.parse(settings.post_url), pool_size=senders) as post, Recorder(engine) as recorder:
        line = _Line(
            engine,
            settings,
            post,
            name_worker(),
            clock,
            early,
            stop or threading.Event(),
            threading.Event(),
            recorder,
            threading.Lock(),
            BATCH if senders == 1 else min(BATCH, max(ready // (2 * senders), SMALLEST_BATCH)),
            threading.Event(),
            ChannelPost(settings),
            None if early or only is not None else _set_pace(engine, settings, clock()),
            threading.Lock(),
            load_secrets(settings)[0].encode() if settings.bounce_address is not None else b"",
            open_links(settings),
            settings.house_folder,
            set(),
            only,
            run,
        )
        for more in _run_senders(line, rules, names, senders, most):
            done.add(more)
    _tell_faults(line, done)
    if done.sent:
        with open_unit(engine) as unit:
            review_channels(unit, clock())  # also where no mailbox takes what comes back
            close_failures(unit, clock())
    return done


def _set_pace(engine: Engine, settings: Settings, now: datetime) -> Pace | None:
    """The rates of the house, and what went lately in other runs. The mailbox on this machine takes any number."""
    rates = read_rates(settings.rates)
    if settings.mail_url is None:
        rates = {name: rate for name, rate in rates.items() if not name.startswith(Channel.MAIL)}
    pace = Pace(rates)
    with open_reading(engine) as reading:
        pace.remember(list_recent_attempts(reading, now - timedelta(hours=1)))
    return pace


def _run_senders(line: _Line, rules: Rules, names: Names, senders: int, most: int | None) -> list[Dispatched]:
    if senders == 1:
        return [_send_all(line, rules, names, most)]
    with ThreadPoolExecutor(senders, thread_name_prefix="sender") as pool:
        running = [pool.submit(_send_all, line, rules, names, most) for _ in range(senders)]
        try:
            return [one.result() for one in running]
        except BaseException:
            line.closed.set()
            raise


def _send_all(line: _Line, rules: Rules, names: Names, most: int | None) -> Dispatched:
    """What one sender does: batch after batch, until nothing is left or somebody ends the run."""
    done = Dispatched()
    try:
        while not line.is_ending and (most is None or done.sent < most):
            if not _send_batch(line, rules, names, done, most):
                break
    except BaseException:
        line.closed.set()
        raise
    return done


def _send_batch(line: _Line, rules: Rules, names: Names, done: Dispatched, most: int | None) -> bool:
    now = line.read_clock()
    lease = timedelta(seconds=line.settings.lease_seconds)
    size = line.batch if most is None else min(line.batch, most - done.sent)
    claimed = line.recorder.write(
        partial(
            claim_messages,
            worker=line.worker,
            now=now,
            lease=lease,
            most=size,
            early=line.early,
            besides_mail=line.mail_closed.is_set(),
            only=line.only,
        )
    )
    if not claimed:
        return False
    try:
        failpoint("outbox.after_claim")
        with line.desk:
            rows, messages = _compose(line, claimed, rules, names, now, done)
    except BaseException:
        line.recorder.write(partial(return_messages, ids=[row.id for row in claimed], worker=line.worker))
        raise
    _send_claimed(line, rows, messages, done, now + lease / 2)
    return True


def _compose(
    line: _Line, claimed: Sequence[Any], rules: Rules, names: Names, now: datetime, done: Dispatched
) -> tuple[list[Any], dict[int, Message]]:
    """The messages that have something to say; the others are cancelled."""
    with open_reading(line.engine) as reading:
        if any(row.contact_id not in rules.people for row in claimed):  # planned for a person who is new since
            rules, names = load_rules(reading), load_names(reading)
        claimed = _put_off_fast(line, _put_off_late(line, claimed, rules, now), now)
        messages, faults = _compose_each(reading, claimed, rules, names, now.date(), line.links)
        if faults:
            claimed = [row for row in claimed if row.id not in faults]
        told = {one for message in messages.values() for one in message.notices}
        # One that is repeated may have told it the first time.
        left_out = find_left_out(reading, [row.id for row in claimed if not row.repeated], told)
    if faults:
        _put_aside(line, faults, done)
    idle = [row for row in claimed if is_empty(messages[row.id])]
    if idle or left_out:
        line.recorder.write(
            partial(_leave_unsaid, line, [(row.id, _why_idle(messages[row.id])) for row in idle], left_out)
        )
        done.cancelled += len(idle)
    return [row for row in claimed if not is_empty(messages[row.id])], messages


def _leave_unsaid(line: _Line, idle: Sequence[tuple[int, Why]], left_out: Sequence[int], unit: Connection) -> None:
    if left_out:
        leave_out(unit, left_out)
    for why in (Why.NOTHING_TO_SAY, Why.ANSWERED_MEANWHILE):
        ids = [one for one, reason in idle if reason is why]
        if ids:
            cancel_messages(unit, ids, why, line.worker)


def _compose_each(
    reading: Connection, rows: Sequence[Any], rules: Rules, names: Names, today: date, links: Links | None
) -> tuple[dict[int, Message], dict[int, tuple[Any, str]]]:
    """The messages by id, and the rows of those that cannot be composed, each with its fault."""
    try:
        return compose_messages(reading, rows, rules, names, today, links=links), {}
    except DBAPIError:
        raise  # the register is at fault, not a message
    except Exception as fault:
        if len(rows) == 1:
            return {}, {rows[0].id: (rows[0], f"the message could not be composed: {type(fault).__name__}: {fault}")}
    half = len(rows) // 2
    (messages, faults), (more, others) = (
        _compose_each(reading, part, rules, names, today, links) for part in (rows[:half], rows[half:])
    )
    return messages | more, faults | others


def _put_aside(line: _Line, faults: Mapping[int, tuple[Any, str]], done: Dispatched) -> None:
    """Keep for each of these an attempt that failed for now: one message must not hold up others."""
    for row, words in faults.values():
        now = line.read_clock()
        fault = Sent(row.id, row.attempts + 1, Delivery(Outcome.TEMPORARY, 0, words[:300]), now, "", row.repeated)
        state = line.recorder.write(partial(_keep_fault, line, row, fault, now))
        _count(done, fault, state)


def _keep_fault(line: _Line, row: Any, fault: Sent, now: datetime, unit: Connection) -> NotificationState | None:
    return _keep(unit, line, fault if begin_attempt(unit, row, line.worker, now, line.run) else None)


def _put_off_late(line: _Line, claimed: Sequence[Any], rules: Rules, now: datetime) -> Sequence[Any]:
    """Without the messages whose hours are over, as after an outage or a night of retries; those are put off.

    One that may have arrived already goes at any hour but the reader's quiet ones, and so does what another person's
    action has just caused.
    """
    if line.early:
        return claimed
    put_off: dict[datetime, list[int]] = defaultdict(list)
    for row in claimed:
        person = rules.people[row.contact_id]
        if row.kind == NotificationKind.SIGN_IN:  # the person waits for it
            continue
        quiet_ends = delay_to_end_of_quiet(person, now)
        if quiet_ends > now:
            put_off[quiet_ends].append(row.id)
        elif row.key.startswith("scheduled|") and not row.repeated and is_late(row.local_day, person, now):
            put_off[now + timedelta(hours=1)].append(row.id)
    return _put_off(line, claimed, put_off)


def _put_off_fast(line: _Line, claimed: Sequence[Any], now: datetime) -> Sequence[Any]:
    """Without the messages that would go faster than their channel or their domain likes; each gets its turn."""
    if line.pace is None:
        return claimed
    put_off: dict[datetime, list[int]] = defaultdict(list)
    with line.pacing:
        for row in claimed:
            turn = line.pace.take_turn(row.channel, row.address, now)
            if turn > now:
                put_off[turn].append(row.id)
    return _put_off(line, claimed, put_off)


def _put_off(line: _Line, claimed: Sequence[Any], put_off: Mapping[datetime, Sequence[int]]) -> Sequence[Any]:
    if put_off:
        line.recorder.write(partial(_postpone, line, put_off))
    waiting = {one for ids in put_off.values() for one in ids}
    return [row for row in claimed if row.id not in waiting]


def _postpone(line: _Line, put_off: Mapping[datetime, Sequence[int]], unit: Connection) -> None:
    for until, ids in put_off.items():
        postpone_messages(unit, sorted(ids), line.worker, until)


def _why_idle(message: Message) -> Why:
    return Why.NOTHING_TO_SAY if message.digest is not None else Why.ANSWERED_MEANWHILE


def _send_claimed(
    line: _Line,
    rows: list[Any],
    messages: dict[int, Message],
    done: Dispatched,
    renew_at: datetime,
) -> None:
    """Send one after the other. An outcome is kept in the unit that begins the next attempt: one commit a message.

    However it ends, what became of the message under way is kept, and those not begun are given back.
    """
    pending: Sent | None = None
    left = deque(rows)
    written: deque[tuple[bytes, str, Delivery | None]] = deque()
    lease = timedelta(seconds=line.settings.lease_seconds)
    try:
        for number, row in enumerate(rows):
            if not written:
                ahead = rows[number : number + LETTERS_AHEAD]
                with line.desk:
                    written.extend([_try_to_write(line, one, messages[one.id]) for one in ahead])
            letter, subject, fault = written.popleft()
            now = line.read_clock()
            renewed = [one.id for one in left] if now >= renew_at else []
            state, mine = line.recorder.write(partial(_go_on, line, pending, row, now, renewed))
            if renewed:
                renew_at = now + lease / 2
            _count(done, pending, state)
            left.popleft()
            pending = None
            if mine:
                before = (row.earlier or {}).get("attempts", 0)
                pending = Sent(row.id, row.attempts + 1, fault or _UNANSWERED, now, subject, row.repeated, before)
            failpoint("outbox.before_send")
            if pending is None or fault is not None:
                continue
            if row.channel == Channel.MAIL:
                delivery = line.post.send(sender=line.find_return(row), to=row.address, wire=letter)
            else:
                delivery = line.channels.send(row, letter, subject, now)
            pending = replace(pending, delivery=delivery, ended_at=line.read_clock())
            failpoint("outbox.after_send")
            if delivery.route_down:
                done.halted = delivery.reply
                line.mail_closed.set()
            if line.is_ending or line.mail_closed.is_set():
                break
    finally:
        state = line.recorder.write(partial(_stop, line, pending, [row.id for row in left]))
        _count(done, pending, state)
    failpoint("outbox.after_record")


_UNANSWERED = Delivery(Outcome.UNCERTAIN, 0, "the sender was stopped while the letter was handed over")


def _go_on(
    line: _Line, sent: Sent | None, row: Any, now: datetime, renewed: Sequence[int], unit: Connection
) -> tuple[NotificationState | None, bool]:
    """Keep what became of one message and begin the next; hold those that are `renewed` for longer."""
    state = _keep(unit, line, sent)
    mine = begin_attempt(unit, row, line.worker, now, line.run)
    if renewed:
        extend_lease(unit, renewed, line.worker, now + timedelta(seconds=line.settings.lease_seconds))
    return state, mine


def _stop(line: _Line, sent: Sent | None, left: Sequence[int], unit: Connection) -> NotificationState | None:
    """Keep what became of the last message and give back those not begun."""
    state = _keep(unit, line, sent)
    if left:
        return_messages(unit, left, line.worker)
    return state


def _keep(unit: Connection, line: _Line, sent: Sent | None) -> NotificationState | None:
    if sent is None:
        return None
    state = keep_outcome(unit, sent, line.worker, repeat_uncertain=line.settings.repeat_uncertain)
    failpoint("outbox.before_record")
    return state


def _count(done: Dispatched, sent: Sent | None, state: NotificationState | None) -> None:
    if sent is None or state is None:
        return
    if state is NotificationState.SENT:
        done.sent += 1
        done.repeated += sent.repeated
    elif state is NotificationState.FAILED:
        done.failed += 1
    else:
        done.retried += 1


def _try_to_write(line: _Line, row: Any, message: Message) -> tuple[bytes, str, Delivery | None]:
    """The letter and its subject; or the fault, as the outcome of an attempt: one letter must not hold up others."""
    try:
        return *_write_letter(line, row, message), None
    except Exception as fault:
        words = f"the letter could not be written: {type(fault).__name__}: {fault}"
        return b"", "", Delivery(Outcome.TEMPORARY, 0, words[:300])


def _write_letter(line: _Line, row: Any, message: Message) -> tuple[bytes, str]:
    if row.channel != Channel.MAIL:
        return line.channels.write(row, message, line.faults.add)
    written = write_safely(message, line.house, line.faults.add)
    sent_at = row.queued_at if row.attempts else line.read_clock()
    letter = make_letter(
        line.settings, message, written, message_id=row.message_id, key=row.key, address=row.address, sent_at=sent_at,
        repeat=row.repeated,
    )  # fmt: skip
    return build_letter(letter), written.subject


def _tell_faults(line: _Line, done: Dispatched) -> None:
    """Ask the operator to mend what is wrong in the house's files; close what was mended."""
    done.faults = sorted(str(fault) for fault in line.faults)
    house = line.house
    if house is None:
        return
    wrong = {fault.file for fault in line.faults}
    now = line.read_clock()
    with open_unit(line.engine) as unit:
        for fault in line.faults:
            reason = Reason(ReasonCode.TEMPLATE_BROKEN, {"file": fault.file, "fault": str(fault)[:300]})
            open_trouble(unit, Trouble(FollowUpKind.TEMPLATE_BROKEN, fault.file, reason), now)
        told = {about for about in list_open_troubles(unit, FollowUpKind.TEMPLATE_BROKEN) if about != POLICY} - wrong
        if told:
            from notifications.preview import find_house_faults

            for mended in told - {fault.file for fault in find_house_faults(house)}:
                close_operator_follow_ups(unit, [FollowUpKind.TEMPLATE_BROKEN], mended, "the file is right now", now)
