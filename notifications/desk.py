"""The writing desk: what becomes of a claimed batch before it is sent.

Each message is put off, found to have nothing to say, or composed; what goes is written as its channel takes it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from commitments.choices import IN_ANY_CASE
from commitments.clock import today_in
from commitments.database import open_reading, release_pages
from commitments.reconcile import Rules, load_rules
from commitments.vocabulary import Channel, NotificationKind, NotificationState, Outcome
from notifications.composing import compose_messages, is_empty
from notifications.crew import Crew, Dispatched
from notifications.current import find_passed_on
from notifications.letters import make_letter
from notifications.messages import Message
from notifications.mime import build_letter, check_address
from notifications.names import Names, load_names
from notifications.outbox import (
    Sent,
    begin_attempt,
    cancel_messages,
    find_left_out,
    find_wholly,
    leave_out,
    postpone_messages,
)
from notifications.parts import load_parts
from notifications.reasons import Why
from notifications.redirecting import Redirected, is_outdated, redirect, write_redirected
from notifications.rendering import write_safely
from notifications.slots import delay_to_end_of_quiet, find_opening, is_late
from notifications.smtp_line import Delivery


def compose_batch(
    crew: Crew, claimed: Sequence[Any], rules: Rules, names: Names, now: datetime, done: Dispatched
) -> tuple[list[Any], dict[int, Message]]:
    """The messages that have something to say; the others are cancelled."""
    with open_reading(crew.engine) as reading:
        today = today_in(crew.settings.time_zone, now)
        if is_outdated(reading, claimed, rules, today, crew.newest):
            rules, names = load_rules(reading), load_names(reading)
        claimed = _send_elsewhere(crew, claimed, redirect(reading, claimed, rules, today), now, done)
        claimed = _put_off_fast(crew, reading, _put_off_late(crew, reading, claimed, rules, now), now)
        messages, faults = _compose_each(crew, reading, claimed, rules, names, today)
        if faults:
            claimed = [row for row in claimed if row.id not in faults]
        told = {one for message in messages.values() for one in message.notices}
        # One that is repeated may have told it the first time.
        left_out = find_left_out(reading, [row.id for row in claimed if not row.repeated], told)
        release_pages(reading)
    if faults:
        _put_aside(crew, faults, done)
    idle = [row for row in claimed if is_empty(messages[row.id])]
    if idle or left_out:
        crew.recorder.write(
            partial(_leave_unsaid, crew, [(row.id, _why_idle(messages[row.id])) for row in idle], left_out)
        )
        done.cancelled += len(idle)
    return [row for row in claimed if not is_empty(messages[row.id])], messages


def _send_elsewhere(
    crew: Crew, claimed: Sequence[Any], redirected: Sequence[Redirected], now: datetime, done: Dispatched
) -> Sequence[Any]:
    """Without the messages whose reader has left or cannot be reached any more, which are taken back, and those that
    go by another channel or to another address by now, which are claimed anew with that."""
    if not redirected:
        return claimed
    crew.recorder.write(partial(write_redirected, redirected=redirected, worker=crew.worker, now=now))
    done.cancelled += sum(one.why is not None for one in redirected)
    gone = {one.row.id for one in redirected}
    return [row for row in claimed if row.id not in gone]


def _leave_unsaid(crew: Crew, idle: Sequence[tuple[int, Why]], left_out: Sequence[int], unit: Connection) -> None:
    passed_on = find_passed_on(unit, left_out) if left_out else {}
    if left_out:
        leave_out(unit, left_out, passed_on)
    gone = find_wholly(unit, left_out, passed_on) if passed_on else frozenset()
    for why in (Why.NOTHING_TO_SAY, Why.ANSWERED_MEANWHILE, Why.PASSED_ON):
        ids = [one for one, reason in idle if why is (Why.PASSED_ON if one in gone else reason)]
        if ids:
            cancel_messages(unit, ids, why, crew.worker)


def _compose_each(
    crew: Crew, reading: Connection, rows: Sequence[Any], rules: Rules, names: Names, today: date
) -> tuple[dict[int, Message], dict[int, tuple[Any, str]]]:
    """The messages by id, and the rows of those that cannot be composed, each with its fault."""
    try:
        return compose_messages(reading, rows, rules, names, today, links=crew.links, settings=crew.settings), {}
    except DBAPIError:
        raise  # the register is at fault, not a message
    except Exception as fault:
        if len(rows) == 1:
            return {}, {rows[0].id: (rows[0], f"the message could not be composed: {type(fault).__name__}: {fault}")}
    half = len(rows) // 2
    (messages, faults), (more, others) = (
        _compose_each(crew, reading, part, rules, names, today) for part in (rows[:half], rows[half:])
    )
    return messages | more, faults | others


def _put_aside(crew: Crew, faults: Mapping[int, tuple[Any, str]], done: Dispatched) -> None:
    """Keep for each of these an attempt that failed for now: one message must not hold up others."""
    for row, words in faults.values():
        now = crew.read_clock()
        failed = Delivery(Outcome.TEMPORARY, 0, words[:300])
        fault = Sent(row.id, row.attempts + 1, failed, now, "", row.repeated, row.earlier)
        state = crew.recorder.write(partial(_keep_fault, crew, row, fault, now))
        done.count(fault, state)


def _keep_fault(crew: Crew, row: Any, fault: Sent, now: datetime, unit: Connection) -> NotificationState | None:
    return crew.keep(unit, fault if begin_attempt(unit, row, crew.worker, now, crew.run) else None)


def _put_off_late(
    crew: Crew, reading: Connection, claimed: Sequence[Any], rules: Rules, now: datetime
) -> Sequence[Any]:
    """Without the messages whose hours are over, as after an outage or a night of retries; those are put off.

    One that may have arrived already, or that another person's action has just caused, goes at any hour that is not
    quiet for its reader.
    """
    if crew.early:
        return claimed
    put_off: dict[datetime, list[int]] = defaultdict(list)
    at_any_hour = []
    for row in claimed:
        person = rules.people[row.contact_id]
        if row.kind == NotificationKind.SIGN_IN:  # the person waits for it
            continue
        quiet_ends = delay_to_end_of_quiet(person, now)
        if quiet_ends > now:
            put_off[quiet_ends].append(row.id)
        elif row.repeated or not row.key.startswith("scheduled|"):
            at_any_hour.append(row)
        elif is_late(row.local_day, person, now):
            put_off[now + timedelta(hours=1)].append(row.id)
    parts = load_parts(reading, [row.id for row in at_any_hour], rules)
    for row in at_any_hour:
        part = parts[row.id]
        always = part.always or row.kind in IN_ANY_CASE
        opening = find_opening(rules.people[row.contact_id], now, part.policies, always=always)
        if opening > now:
            put_off[opening].append(row.id)
    return _put_off(crew, claimed, put_off)


def _put_off_fast(crew: Crew, reading: Connection, claimed: Sequence[Any], now: datetime) -> Sequence[Any]:
    """Without the messages that would go faster than their channel or their domain likes; each waits for its turn."""
    if crew.turns is None or not claimed:
        return claimed
    return _put_off(crew, claimed, crew.turns.share_out(reading, claimed, now))


def _put_off(crew: Crew, claimed: Sequence[Any], put_off: Mapping[datetime, Sequence[int]]) -> Sequence[Any]:
    if put_off:
        crew.recorder.write(partial(_postpone, crew, put_off))
    waiting = {one for ids in put_off.values() for one in ids}
    return [row for row in claimed if row.id not in waiting]


def _postpone(crew: Crew, put_off: Mapping[datetime, Sequence[int]], unit: Connection) -> None:
    for until, ids in put_off.items():
        postpone_messages(unit, sorted(ids), crew.worker, until)


def _why_idle(message: Message) -> Why:
    return Why.NOTHING_TO_SAY if message.digest is not None else Why.ANSWERED_MEANWHILE


def write_letter(crew: Crew, row: Any, message: Message) -> tuple[bytes, str, Delivery | None]:
    """The letter and its subject; or the fault, as the outcome of an attempt: one letter must not hold up others."""
    if row.channel == Channel.MAIL:
        try:
            check_address(row.address)
        except ValueError as fault:
            return b"", "", Delivery(Outcome.PERMANENT, 0, f"the recipient: {fault}"[:300])
    try:
        return *_write_letter(crew, row, message), None
    except Exception as fault:
        words = f"the letter could not be written: {type(fault).__name__}: {fault}"
        return b"", "", Delivery(Outcome.TEMPORARY, 0, words[:300])


def _write_letter(crew: Crew, row: Any, message: Message) -> tuple[bytes, str]:
    if row.channel != Channel.MAIL:
        return crew.channels.write(row, message, crew.faults.add)
    written = write_safely(message, crew.house, crew.faults.add)
    sent_at = row.queued_at if row.attempts else crew.read_clock()
    letter = make_letter(
        crew.settings, message, written, message_id=row.message_id, key=row.key, address=row.address, sent_at=sent_at,
        repeat=row.repeated,
    )  # fmt: skip
    return build_letter(letter), written.subject
