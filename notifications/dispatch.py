"""Sends what is in the outbox: claim, write, send with no transaction open, record."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from commitments.database import open_reading, open_unit, release_pages
from commitments.facts import Reason
from commitments.failpoints import failpoint
from commitments.operations import Trouble, close_operator_follow_ups, list_open_troubles, open_trouble
from commitments.reconcile import Rules, load_rules
from commitments.settings import Settings
from commitments.vocabulary import Channel, FollowUpKind, NotificationState, Outcome, ReasonCode
from notifications.channel_post import ChannelPost
from notifications.crew import Crew, Dispatched
from notifications.delivery import Post
from notifications.desk import compose_batch, write_letter
from notifications.failures import close_failures
from notifications.house import POLICY
from notifications.links import open_links
from notifications.mail_route import MailRoute
from notifications.messages import Message
from notifications.names import Names, load_names
from notifications.outbox import (
    Sent,
    begin_attempt,
    claim_messages,
    count_ready,
    extend_lease,
    name_worker,
    release_abandoned,
    return_messages,
)
from notifications.pace import Pace, read_rates
from notifications.recorder import Recorder
from notifications.redirecting import find_newest
from notifications.secret import load_secrets
from notifications.smtp_line import Delivery
from notifications.turns import Turns
from notifications.undelivered import review_channels

BATCH = 100
LETTERS_AHEAD = 25
"""Letters are written several at a time: one after the other takes a third longer, and more would wait for long."""
SMALLEST_BATCH = 10
"""Several senders share a small day, so that all of them are at work; less would be all claiming."""
SHORTEST_WAIT = 1.0
"""Seconds; turns that come within it are taken together."""
PATIENCE = timedelta(minutes=4, seconds=40)
"""How long a run goes on for turns that come soon; by then the next of those that begin every five minutes is near."""


def dispatch_messages(
    engine: Engine,
    settings: Settings,
    *,
    read_clock: Callable[[], datetime] | None = None,
    stop: threading.Event | None = None,
    early: bool = False,
    only: int | None = None,
    run: str | None = None,
    tell: Callable[[int], None] | None = None,
    patience: timedelta = timedelta(),
) -> Dispatched:
    """Send every message that may go now; returns when none is left, or after the message under way once `stop` is set.

    `early` sends also what waits for its reader's morning: for a mailbox on this machine, where nobody is disturbed.
    `only` is the one message to send, whatever else waits. `run` is the id of the run of Prefect that this is part of.
    `tell` hears after every batch, from the thread of its sender, how many messages are done with. With `patience` it
    goes on, for so long from its beginning, with what waits for its turn under the rates.
    A message is marked as sent only after the server took it. A process killed between the two repeats that one
    message under the same Message-ID.
    """
    clock = read_clock or (lambda: datetime.now(UTC))
    done = Dispatched()
    with open_unit(engine) as unit:
        done.released = release_abandoned(unit, clock(), repeat_uncertain=settings.repeat_uncertain)
    with open_reading(engine) as reading:
        newest, rules, names = find_newest(reading), load_rules(reading), load_names(reading)
        ready = count_ready(reading, clock(), early=early)
    # A few messages are sent by one: the others would have little to do.
    senders = min(settings.senders, -(-ready // SMALLEST_BATCH) or 1) if only is None else 1
    with Post(MailRoute.parse(settings.post_url), pool_size=senders) as post, Recorder(engine) as recorder:
        crew = Crew(
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
            None if early or only is not None else _open_turns(engine, settings, clock(), patience),
            load_secrets(settings)[0].encode() if settings.bounce_address is not None else b"",
            open_links(settings),
            settings.house_folder,
            set(),
            only,
            newest,
            run,
        )
        for more in _run_senders(crew, rules, names, senders, tell):
            done.add(more)
    _tell_faults(crew, done)
    if done.sent:
        with open_unit(engine) as unit:
            review_channels(unit, clock())  # also where no mailbox takes what comes back
            close_failures(unit, clock())
    return done


def _open_turns(engine: Engine, settings: Settings, now: datetime, patience: timedelta) -> Turns:
    """The rates of the house, and what went lately in other runs. The mailbox on this machine takes any number."""
    rates = read_rates(settings.rates)
    if settings.mail_url is None:
        rates = {name: rate for name, rate in rates.items() if not name.startswith(Channel.MAIL)}
    turns = Turns(Pace(rates), name_worker(), now + patience)
    with open_reading(engine) as reading:
        turns.look_back(reading, now)
    return turns


def _run_senders(
    crew: Crew, rules: Rules, names: Names, senders: int, tell: Callable[[int], None] | None
) -> list[Dispatched]:
    shares = [Dispatched() for _ in range(senders)]
    telling = threading.Lock()

    def end_batch() -> None:
        if tell is not None:
            with telling:  # so that what is told never goes back
                tell(sum(share.ended for share in shares))

    if senders == 1:
        _send_all(crew, rules, names, shares[0], end_batch)
        return shares
    with ThreadPoolExecutor(senders, thread_name_prefix="sender") as pool:
        running = [pool.submit(_send_all, crew, rules, names, share, end_batch) for share in shares]
        try:
            for one in running:
                one.result()
        except BaseException:
            crew.closed.set()
            raise
    return shares


def _send_all(crew: Crew, rules: Rules, names: Names, done: Dispatched, end_batch: Callable[[], None]) -> None:
    """What one sender does: batch after batch, until nothing is left or somebody ends the run."""
    try:
        while not crew.is_ending:
            if _send_batch(crew, rules, names, done):
                end_batch()
            elif not _wait_for_turn(crew):
                break
    except BaseException:
        crew.closed.set()
        raise


def _wait_for_turn(crew: Crew) -> bool:
    """Wait until what is held back by a rate may go; False where nothing is, or not soon."""
    if crew.turns is None:
        return False
    now = crew.read_clock()
    with open_reading(crew.engine) as reading:
        turn = crew.turns.find_next(reading, now)
    if turn is None:
        return False
    left = max((turn - now).total_seconds(), SHORTEST_WAIT)
    while left > 0 and not crew.is_ending:
        crew.stop.wait(min(left, SHORTEST_WAIT))
        left -= SHORTEST_WAIT
    return crew.read_clock() > now


def _send_batch(crew: Crew, rules: Rules, names: Names, done: Dispatched) -> bool:
    now = crew.read_clock()
    lease = timedelta(seconds=crew.settings.lease_seconds)
    claimed = crew.recorder.write(
        partial(
            claim_messages,
            worker=crew.worker,
            now=now,
            lease=lease,
            most=crew.batch,
            early=crew.early,
            besides_mail=crew.mail_closed.is_set(),
            only=crew.only,
        )
    )
    if not claimed:
        return False
    try:
        failpoint("outbox.after_claim")
        with crew.desk:
            rows, messages = compose_batch(crew, claimed, rules, names, now, done)
    except BaseException:
        crew.recorder.write(partial(return_messages, ids=[row.id for row in claimed], worker=crew.worker))
        raise
    _send_claimed(crew, rows, messages, done, now + lease / 2)
    return True


def _send_claimed(
    crew: Crew,
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
    lease = timedelta(seconds=crew.settings.lease_seconds)
    try:
        for number, row in enumerate(rows):
            if not written:
                ahead = rows[number : number + LETTERS_AHEAD]
                with crew.desk:
                    written.extend([write_letter(crew, one, messages[one.id]) for one in ahead])
            letter, subject, fault = written.popleft()
            now = crew.read_clock()
            renewed = [one.id for one in left] if now >= renew_at else []
            state, mine = crew.recorder.write(partial(_go_on, crew, pending, row, now, renewed))
            if renewed:
                renew_at = now + lease / 2
            done.count(pending, state)
            left.popleft()
            pending = None
            if mine:
                pending = Sent(row.id, row.attempts + 1, fault or _UNANSWERED, now, subject, row.repeated, row.earlier)
            failpoint("outbox.before_send")
            if pending is None or fault is not None:
                continue
            if row.channel == Channel.MAIL:
                delivery = crew.post.send(sender=crew.find_return(row), to=row.address, wire=letter)
            else:
                delivery = crew.channels.send(row, letter, subject, now)
            pending = replace(pending, delivery=delivery, ended_at=crew.read_clock())
            failpoint("outbox.after_send")
            if delivery.route_down:
                done.halted = delivery.reply
                crew.mail_closed.set()
            if crew.is_ending or crew.mail_closed.is_set():
                break
    finally:
        state = crew.recorder.write(partial(_stop, crew, pending, [row.id for row in left]))
        done.count(pending, state)
    failpoint("outbox.after_record")


_UNANSWERED = Delivery(Outcome.UNCERTAIN, 0, "the sender was stopped while the letter was handed over")


def _go_on(
    crew: Crew, sent: Sent | None, row: Any, now: datetime, renewed: Sequence[int], unit: Connection
) -> tuple[NotificationState | None, bool]:
    """Keep what became of one message and begin the next; hold those that are `renewed` for longer."""
    state = crew.keep(unit, sent)
    mine = begin_attempt(unit, row, crew.worker, now, crew.run)
    if renewed:
        extend_lease(unit, renewed, crew.worker, now + timedelta(seconds=crew.settings.lease_seconds))
    return state, mine


def _stop(crew: Crew, sent: Sent | None, left: Sequence[int], unit: Connection) -> NotificationState | None:
    """Keep what became of the last message and give back those not begun."""
    state = crew.keep(unit, sent)
    if left:
        return_messages(unit, left, crew.worker)
    release_pages(unit)
    return state


def _tell_faults(crew: Crew, done: Dispatched) -> None:
    """Ask the operator to mend what is wrong in the house's files; close what was mended."""
    done.faults = sorted(str(fault) for fault in crew.faults)
    house = crew.house
    if house is None:
        return
    wrong = {fault.file for fault in crew.faults}
    now = crew.read_clock()
    with open_unit(crew.engine) as unit:
        for fault in crew.faults:
            reason = Reason(ReasonCode.TEMPLATE_BROKEN, {"file": fault.file, "fault": str(fault)[:300]})
            open_trouble(unit, Trouble(FollowUpKind.TEMPLATE_BROKEN, fault.file, reason), now)
        told = {about for about in list_open_troubles(unit, FollowUpKind.TEMPLATE_BROKEN) if about != POLICY} - wrong
        if told:
            from notifications.preview import find_house_faults

            for mended in told - {fault.file for fault in find_house_faults(house)}:
                close_operator_follow_ups(unit, [FollowUpKind.TEMPLATE_BROKEN], mended, "the file is right now", now)
