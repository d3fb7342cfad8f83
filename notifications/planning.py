"""Decides what is told to whom today, and queues one message a person for it.

Level-triggered: whatever is due and not yet told is found, whenever this runs; run twice, nothing is added.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, bindparam, exists, func, select, update

from commitments.database import ROWS_A_STATEMENT, add_missing, insert_new, open_reading, open_unit
from commitments.days import find_own_day
from commitments.facts import Person
from commitments.failpoints import failpoint
from commitments.log import Author, Change, record_once
from commitments.queries import Span, split_register
from commitments.reconcile import ENGINE, Known, Rules, load_rules
from commitments.vocabulary import NotificationKind, NotificationState
from notifications.candidates import Candidate, find_alerts, find_candidates, find_periodic, find_picture_readers
from notifications.mime import message_id_for
from notifications.reasons import Decision, Why
from notifications.routing import (
    AT_ONCE,
    Slot,
    choose_days,
    choose_slot,
    delay_to_end_of_quiet,
    explain_wait,
    is_declined,
    is_late,
    name_message,
    set_choices_aside,
)
from notifications.tables import attempt, notice, notification

ALL_KINDS = frozenset(NotificationKind)
_PERIODIC = frozenset({NotificationKind.DIGEST, NotificationKind.SUMMARY})
PERSONS_A_UNIT = 500


@dataclass(slots=True)
class Planned:
    """What one run of planning queued and decided, in counts."""

    messages: int = 0
    joined: int = 0
    """Messages already waiting that took in more."""
    notices: int = 0
    passed_over: int = 0
    held: int = 0
    carried_over: int = 0
    """Messages whose day passed before they could go: what they held is told by a later one."""
    message_ids: list[int] = field(default_factory=list)

    @property
    def touched(self) -> int:
        return self.notices + self.passed_over + self.held + self.carried_over


def plan_messages(
    engine: Engine,
    now: datetime,
    today: date,
    *,
    kinds: Collection[NotificationKind] = ALL_KINDS,
    domain: str,
    known: Known | None = None,
) -> Planned:
    """Queue the messages that are due. `kinds` says what may cause a message; whatever else is due then joins it.

    `known` saves reading the facts of a register of one agreement.
    """
    with open_reading(engine) as reading:
        spans = split_register(reading) if known is None else (known.span,)
        rules = load_rules(reading) if known is None else known.rules
        candidates: dict[int, list[Candidate]] = defaultdict(list)
        passed: list[Candidate] = []
        for span in spans:
            for one in find_candidates(reading, span, rules, now, today, known.facts if known is not None else None):
                if one.decision is Decision.TOLD:
                    candidates[one.person.id].append(one)
                else:
                    passed.append(one)
        for one in find_alerts(reading, rules, today):
            if one.decision is Decision.TOLD:
                candidates[one.person.id].append(one)
            else:
                passed.append(one)
        periodic = find_picture_readers(reading, rules, today)
        late = _find_late(reading, rules, now)
    done = Planned()
    _pass_over(engine, passed, now, today, done)
    begin_with = (person.id for person in periodic) if _PERIODIC & set(kinds) else ()
    persons = sorted({*candidates, *late, *begin_with})
    for start in range(0, len(persons), PERSONS_A_UNIT):
        part = persons[start : start + PERSONS_A_UNIT]
        with open_unit(engine) as unit:
            _plan_part(unit, part, candidates, periodic, rules, now, today, kinds, domain, done)
            failpoint("planning.before_commit")
        failpoint("planning.after_commit")
    return done


def plan_changes(
    engine: Engine,
    now: datetime,
    today: date,
    spans: Sequence[Span],
    *,
    kinds: Collection[NotificationKind],
    domain: str,
) -> Planned:
    """Queue what is due because of the agreements of these spans, without reading the rest where that cannot matter.

    What goes at once is planned from a part. A scheduled message takes its reader's day: whatever else is due for them,
    under any agreement, has to be in it, so that as soon as one is called for the whole register is planned.
    """
    with open_reading(engine) as reading:
        rules = load_rules(reading)
        found = [one for span in spans for one in find_candidates(reading, span, rules, now, today)]
        found += find_alerts(reading, rules, today)
        due: dict[int, list[Candidate]] = defaultdict(list)
        for one in found:
            if one.decision is Decision.TOLD and one.kind in kinds:
                due[one.person.id].append(one)
        known = _load_known_keys(reading, due)
        late = _find_late(reading, rules, now)
    fresh = {
        contact_id: [one for one in ones if one.key not in known]
        for contact_id, ones in due.items()
        if any(one.key not in known for one in ones)
    }
    if late.keys() & fresh.keys() or any(one.kind not in AT_ONCE for ones in fresh.values() for one in ones):
        return plan_messages(engine, now, today, kinds=kinds, domain=domain)
    done = Planned()
    if fresh:
        with open_unit(engine) as unit:
            _plan_part(unit, sorted(fresh), fresh, (), rules, now, today, kinds, domain, done)
    return done


def plan_alerts(engine: Engine, now: datetime, today: date, *, domain: str) -> Planned:
    """Queue what the operator is to be told at once, and nothing else."""
    with open_reading(engine) as reading:
        rules = load_rules(reading)
        found = list(find_alerts(reading, rules, today))
    done = Planned()
    _pass_over(engine, [one for one in found if one.decision is not Decision.TOLD], now, today, done)
    candidates: dict[int, list[Candidate]] = defaultdict(list)
    for one in found:
        if one.decision is Decision.TOLD:
            candidates[one.person.id].append(one)
    if candidates:
        with open_unit(engine) as unit:
            kinds = frozenset({NotificationKind.ALERT, NotificationKind.ESCALATION})
            _plan_part(unit, sorted(candidates), candidates, (), rules, now, today, kinds, domain, done)
    return done


def _pass_over(engine: Engine, passed: Sequence[Candidate], now: datetime, today: date, done: Planned) -> None:
    if passed:
        # Before the messages: once the rung that is right is told, nobody finds the missed ones again.
        with open_unit(engine) as unit:
            done.passed_over += add_missing(unit, notice, [one.as_row(now, today, None) for one in passed])
            failpoint("planning.before_passing_over")


def _plan_part(
    unit: Connection,
    persons: Sequence[int],
    candidates: Mapping[int, list[Candidate]],
    periodic: Collection[Person],
    rules: Rules,
    now: datetime,
    today: date,
    kinds: Collection[NotificationKind],
    domain: str,
    done: Planned,
) -> None:
    waiting, taken = _load_scheduled(unit, persons, now)
    late = _find_late(unit, rules, now, persons)
    periodic_of = {person.id: person for person in periodic}
    slots: dict[int, Slot] = {}
    due: dict[int, list[Candidate]] = {}
    for contact_id in persons:
        person = rules.people[contact_id]
        due[contact_id] = list(candidates.get(contact_id, ()))
        if contact_id in periodic_of:
            due[contact_id] += find_periodic(person, _first_slot(person, rules, now), rules)
    known = _load_known_keys(unit, due)
    immediate: list[tuple[Candidate, dict[str, Any]]] = []
    scheduled: dict[int, list[Candidate]] = {}
    held: list[dict[str, Any]] = []
    unsubscribed: list[dict[str, Any]] = []
    for contact_id, ones in due.items():
        fresh = [one for one in ones if one.key not in known]
        if not any(one.kind in kinds for one in fresh) and contact_id not in late:
            continue
        person = rules.people[contact_id]
        if not person.ways:
            if fresh:
                held.append(_hold(person, fresh, now, today))
            continue
        declined = [one for one in fresh if is_declined(person, one.kind) and not one.always]
        unsubscribed += [_decline(one, now, today) for one in declined]
        wanted = [one for one in fresh if one not in declined]
        at_once = [one for one in wanted if one.kind in AT_ONCE]
        if at_once and not person.choices.is_paused(find_own_day(person, now)):
            immediate += [
                (one, message_row(f"at-once|{one.key}", person, one.kind, now, slot_now(person, now), domain))
                for one in at_once
            ]
        rest = [one for one in wanted if one.kind not in AT_ONCE]
        days = choose_days(person, [rules.own.get(one.scope, rules.house) for one in rest] or [rules.house])
        slot = choose_slot(person, rules.house.send_at, now, taken.get(contact_id, ()), days)
        if slot.waits_for is Why.PAUSED and wanted:
            held.append(_hold_for_pause(person, wanted, now, today))
        if slot.is_held:
            # Found again on the day itself, so that it is told as it stands then, and of a backlog only what is right.
            rest = [one for one in rest if one.always]
            if rest or (contact_id in late and slot.waits_for is not Why.PAUSED):
                slot = choose_slot(set_choices_aside(person), rules.house.send_at, now, taken.get(contact_id, ()))
            elif not rest:
                continue
        slots[contact_id] = slot
        if rest or contact_id in late:
            scheduled[contact_id] = rest
    done.held += add_missing(unit, notice, held)
    done.passed_over += add_missing(unit, notice, unsubscribed)
    _queue_at_once(unit, immediate, now, today, done)
    _queue_scheduled(unit, scheduled, slots, waiting, late, rules, now, today, domain, done)
    _note_escalations(unit, [one for ones in scheduled.values() for one in ones], now)


def _note_escalations(unit: Connection, told: Sequence[Candidate], now: datetime) -> None:
    """Write to the log, once a rung however many people it tells, that a follow-up climbed its ladder."""
    climbed: dict[str, Change] = {}
    for one in told:
        if one.kind is NotificationKind.ESCALATION and one.follow_up_id is not None:
            follow_up, opened_on, rung, _person = one.key.rsplit("|", 3)
            once = f"escalated|{follow_up}|{opened_on}|{rung}"[:400]
            climbed[once] = Change(
                "escalated", "follow_up", one.follow_up_id, follow_up[:300], one.agreement_id,
                {"rung": (one.rung - 1, one.rung)}, once=once,
            )  # fmt: skip
    if climbed:
        record_once(unit, Author(ENGINE, now), list(climbed.values()))


def _find_late(
    reading: Connection, rules: Rules, now: datetime, persons: Sequence[int] | None = None
) -> dict[int, list[Any]]:
    """The scheduled messages, by person, that did not go on their day; given persons, theirs alone, and locked.

    One that may have arrived already is not among them: it goes again as it was, under its old name. `tries` are those
    that the server itself put off.
    """
    unheard = (
        select(func.count())
        .where(attempt.c.notification_id == notification.c.id, attempt.c.code.between(400, 499).is_not(True))
        .scalar_subquery()
    )
    query = (
        select(
            notification.c.id,
            notification.c.contact_id,
            notification.c.local_day,
            notification.c.kind,
            (notification.c.attempts - unheard).label("tries"),
        )
        .where(
            notification.c.state == str(NotificationState.QUEUED),
            notification.c.repeated.is_(False),
            notification.c.local_day <= now.date() + timedelta(days=1),
            notification.c.key.like("scheduled|%"),
        )
        .order_by(notification.c.id)
    )
    if persons is not None:
        query = query.where(notification.c.contact_id.in_(persons)).with_for_update(key_share=True, of=notification)
    late: dict[int, list[Any]] = defaultdict(list)
    for row in reading.execute(query):
        if is_late(row.local_day, rules.people[row.contact_id], now):
            late[row.contact_id].append(row)
    return late


def slot_now(person: Person, now: datetime) -> Slot:
    """At once, or at the end of the person's quiet hours."""
    moment = delay_to_end_of_quiet(person, now)
    return Slot(find_own_day(person, moment), moment)


def _first_slot(person: Person, rules: Rules, now: datetime) -> Slot:
    """The sending time of the day itself, also late and after its message went: it says which week and month it is."""
    midnight = now.astimezone(ZoneInfo(person.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return choose_slot(person, rules.house.send_at, midnight, days=choose_days(person, [rules.house]))


def _load_scheduled(
    unit: Connection, persons: Sequence[int], now: datetime
) -> tuple[dict[tuple[int, date], Any], dict[int, set[date]]]:
    """The scheduled messages of these persons from yesterday on: those that still wait, and the days that are taken.

    Only those that wait are locked, in order, so that nobody can wait for a planner and a planner for them.
    """
    scheduled = (
        select(notification.c.id, notification.c.contact_id, notification.c.local_day, notification.c.kind)
        .where(
            notification.c.contact_id.in_(persons),
            notification.c.local_day >= (now - timedelta(days=2)).date(),
            notification.c.key.like("scheduled|%"),
        )
        .order_by(notification.c.id)
    )
    begun = exists().where(attempt.c.notification_id == notification.c.id)
    still = (notification.c.state == str(NotificationState.QUEUED)) & ~begun
    waiting = {
        (row.contact_id, row.local_day): row
        for row in unit.execute(scheduled.where(still).with_for_update(key_share=True))
    }
    taken: dict[int, set[date]] = defaultdict(set)
    for row in unit.execute(scheduled):
        if (row.contact_id, row.local_day) not in waiting:
            taken[row.contact_id].add(row.local_day)  # also if cancelled: its key is used up
    return waiting, taken


def _load_known_keys(unit: Connection, due: Mapping[int, list[Candidate]]) -> set[str]:
    keys = [one.key for ones in due.values() for one in ones]
    known: set[str] = set()
    for start in range(0, len(keys), ROWS_A_STATEMENT):
        part = keys[start : start + ROWS_A_STATEMENT]
        known.update(unit.execute(select(notice.c.key).where(notice.c.key.in_(part))).scalars())
    return known


def _hold(person: Person, fresh: Sequence[Candidate], now: datetime, today: date) -> dict[str, Any]:
    """The notice that says, once a day, that a person cannot be reached."""
    day = now.astimezone(ZoneInfo(person.time_zone)).date()
    held = replace(
        fresh[0],
        key=f"held|{person.reference}|{day.isoformat()}",
        why=Why.CHANNELS_OFF if person.mail is not None else Why.NO_ADDRESS,
        numbers={"notices": len(fresh)},
        decision=Decision.HELD,
        follow_up_id=None,
    )
    return held.as_row(now, today, None)


def _hold_for_pause(person: Person, wanted: Sequence[Candidate], now: datetime, today: date) -> dict[str, Any]:
    """The notice that says, once a pause, that nothing is told to a person during it."""
    pause = person.choices
    held = replace(
        wanted[0],
        key=f"held|{person.reference}|paused {pause.paused_from}/{pause.paused_to}",
        why=Why.PAUSED,
        numbers={"notices": len(wanted), "day": str(pause.paused_to)},
        decision=Decision.HELD,
        follow_up_id=None,
    )
    return held.as_row(now, today, None)


def _decline(one: Candidate, now: datetime, today: date) -> dict[str, Any]:
    """The notice that says that a person does not want this kind."""
    declined = replace(one, why=Why.UNSUBSCRIBED, numbers={"kind": str(one.kind)}, decision=Decision.PASSED_OVER)
    return declined.as_row(now, today, None)


def message_row(
    key: str, person: Person, kind: NotificationKind, now: datetime, slot: Slot, domain: str
) -> dict[str, Any]:
    """A message as it is queued, by the first of the person's channels that works."""
    channel, address = person.ways[0]
    return {
        "key": key,
        "contact_id": person.id,
        "channel": str(channel),
        "address": address,
        "kind": str(kind),
        "state": str(NotificationState.QUEUED),
        "reason": explain_wait(slot),
        "local_day": slot.day,
        "message_id": message_id_for(key, domain),
        "queued_at": now,
        "next_at": slot.not_before,
        "attempts": 0,
        "repeated": False,
    }


def _queue_at_once(
    unit: Connection, immediate: Sequence[tuple[Candidate, dict[str, Any]]], now: datetime, today: date, done: Planned
) -> None:
    by_key = {row["key"]: one for one, row in immediate}
    inserted = insert_new(unit, notification, (row for _, row in immediate), returning=("id", "key"))
    rows = [by_key[row.key].as_row(now, today, row.id) for row in inserted]
    done.notices += add_missing(unit, notice, rows)
    done.messages += len(inserted)
    done.message_ids.extend(row.id for row in inserted)


def _queue_scheduled(
    unit: Connection,
    scheduled: Mapping[int, list[Candidate]],
    slots: Mapping[int, Slot],
    waiting: Mapping[tuple[int, date], Any],
    late: Mapping[int, Sequence[Any]],
    rules: Rules,
    now: datetime,
    today: date,
    domain: str,
    done: Planned,
) -> None:
    targets: dict[int, int] = {}
    notices: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    heavier: list[dict[str, Any]] = []
    by_key: dict[str, int] = {}
    for contact_id, ones in scheduled.items():
        slot = slots[contact_id]
        message = waiting.get((contact_id, slot.day))
        if message is not None:
            notices += [one.as_row(now, today, message.id) for one in ones]
            kind = name_message([message.kind, *_list_kinds(ones, late.get(contact_id, ()))])
            if kind != message.kind:
                heavier.append({"row_id": message.id, "new_kind": str(kind)})
            targets[contact_id] = message.id
            done.joined += 1
            continue
        person = rules.people[contact_id]
        key = f"scheduled|{person.reference}|{slot.day.isoformat()}"
        by_key[key] = contact_id
        kind = name_message(_list_kinds(ones, late.get(contact_id, ())))
        messages.append(message_row(key, person, kind, now, slot, domain))
    inserted = insert_new(unit, notification, messages, returning=("id", "key"))
    for row in inserted:
        contact_id = by_key[row.key]
        targets[contact_id] = row.id
        notices += [one.as_row(now, today, row.id) for one in scheduled[contact_id]]
    if heavier:
        unit.execute(
            update(notification).where(notification.c.id == bindparam("row_id")).values(kind=bindparam("new_kind")),
            heavier,
        )
    done.notices += add_missing(unit, notice, notices)
    done.messages += len(inserted)
    done.message_ids.extend(row.id for row in inserted)
    _carry_over(unit, targets, slots, late, done)


def _list_kinds(ones: Iterable[Candidate], late: Iterable[Any]) -> list[str]:
    return [*(str(one.kind) for one in ones), *(row.kind for row in late)]


def _carry_over(
    unit: Connection,
    targets: Mapping[int, int],
    slots: Mapping[int, Slot],
    late: Mapping[int, Sequence[Any]],
    done: Planned,
) -> None:
    """Give what late messages hold to the ones that go next, so that an outage ends with one message a person."""
    moves = [
        {"old": row.id, "new": target, "why": _explain_carrying(slots[contact_id]), "tries": row.tries}
        for contact_id, target in targets.items()
        for row in late.get(contact_id, ())
        if row.id != target
    ]
    if not moves:
        return
    unit.execute(
        update(notice).where(notice.c.notification_id == bindparam("old")).values(notification_id=bindparam("new")),
        [{"old": move["old"], "new": move["new"]} for move in moves],
    )
    unit.execute(
        update(notification)
        .where(notification.c.id == bindparam("old"))
        .values(state=str(NotificationState.CANCELLED), reason=bindparam("why", type_=notification.c.reason.type)),
        [{"old": move["old"], "why": move["why"]} for move in moves],
    )
    tried = [{"new": move["new"], "tries": move["tries"]} for move in moves if move["tries"] > 0]
    if tried:  # or a mailbox that is always full would be tried for ever, each day anew
        unit.execute(
            update(notification)
            .where(notification.c.id == bindparam("new"), notification.c.attempts < bindparam("tries"))
            .values(attempts=bindparam("tries")),
            tried,
        )
    done.carried_over += len(moves)


def _explain_carrying(slot: Slot) -> dict[str, Any]:
    return {"code": str(Why.CARRIED_OVER), "numbers": {"day": slot.day.isoformat()}}
