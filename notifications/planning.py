"""Decides what is told to whom today, and queues one message a person for it.

Level-triggered: whatever is due and not yet told is found, whenever this runs; run twice, nothing is added.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from commitments.choices import IN_ANY_CASE
from commitments.database import open_reading, open_unit
from commitments.days import find_own_day
from commitments.facts import Person
from commitments.failpoints import failpoint
from commitments.known import CHECK, find_least, load_known, note_known
from commitments.log import Change
from commitments.policy import Policy
from commitments.queries import Span, split_register
from commitments.reconcile import Rules, load_rules
from commitments.vocabulary import NotificationKind, NotificationState
from notifications.candidates import Candidate
from notifications.due import find_candidates
from notifications.held import drop_held, find_held
from notifications.ledger import Ledger, Move, StoredLedger
from notifications.lost import find_lost, free
from notifications.mime import MailDomain, message_id_for
from notifications.parts import PERIODIC, merge_rulings
from notifications.periodicals import find_periodic, find_picture_readers
from notifications.reasons import Decision, Why
from notifications.routing import AT_ONCE, is_declined, name_message
from notifications.rungs import find_alerts
from notifications.sent_back import find_sent_back
from notifications.slots import (
    Slot,
    choose_days,
    choose_hour,
    choose_slot,
    explain_wait,
    find_first_slot,
    find_slot_now,
    set_choices_aside,
)
from notifications.usual import Ruling

ALL_KINDS = frozenset(NotificationKind)
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
    domain: MailDomain | str,
) -> Planned:
    """Queue the messages that are due. `kinds` says what may cause a message; whatever else is due then joins it."""
    _find_again(engine, now)
    with open_reading(engine) as reading:
        checked = load_known(reading).get(CHECK)
        rules = load_rules(reading)
        candidates: dict[int, list[Candidate]] = defaultdict(list)
        passed: list[Candidate] = []
        for span in split_register(reading):
            for one in _find_due(reading, span, rules, now, today):
                if one.decision is Decision.TOLD:
                    candidates[one.person.id].append(one)
                else:
                    passed.append(one)
        for one in find_alerts(reading, rules, today):
            if one.decision is Decision.TOLD:
                candidates[one.person.id].append(one)
            else:
                passed.append(one)
        held = find_held(reading, rules, now, today)
        for one in held.told:
            candidates[one.person.id].append(one)
        periodic = find_picture_readers(reading, rules, today)
        late = StoredLedger(reading).find_late(rules, now)
    done = Planned()
    _pass_over(engine, passed, now, today, done)
    if held.gone:
        with open_unit(engine) as unit:
            done.passed_over += drop_held(unit, held.gone)
    begin_with = periodic if PERIODIC & set(kinds) else ()
    persons = sorted({*candidates, *late, *begin_with})
    for start in range(0, len(persons), PERSONS_A_UNIT):
        part = persons[start : start + PERSONS_A_UNIT]
        with open_unit(engine) as unit:
            plan_part(StoredLedger(unit), part, candidates, periodic, rules, now, today, kinds, domain, done)
            failpoint("planning.before_commit")
        failpoint("planning.after_commit")
    if checked is not None:
        with open_unit(engine) as unit:
            note_known(unit, min(checked, now), map(str, kinds))
    return done


def _find_again(engine: Engine, now: datetime) -> None:
    """Free what messages held that failed for good, where its reader may be reached by now."""
    with open_reading(engine) as reading:
        lost = find_lost(reading, now)
    if lost:
        with open_unit(engine) as unit:
            free(unit, lost)


def _find_due(reading: Connection, span: Span, rules: Rules, now: datetime, today: date) -> Iterator[Candidate]:
    yield from find_candidates(reading, span, rules, now, today)
    yield from find_sent_back(reading, span, rules, today)


def plan_changes(
    engine: Engine,
    now: datetime,
    today: date,
    spans: Sequence[Span],
    *,
    kinds: Collection[NotificationKind],
    domain: MailDomain | str,
) -> Planned:
    """Queue what is due because of the agreements of these spans, without reading the rest where that cannot matter.

    What goes at once is planned from a part. A scheduled message takes its reader's day: whatever else is due for them,
    under any agreement, has to be in it, so that as soon as one is called for the whole register is planned.
    """
    with open_reading(engine) as reading:
        rules = load_rules(reading)
        found = [one for span in spans for one in _find_due(reading, span, rules, now, today)]
        found += find_alerts(reading, rules, today)
        due: dict[int, list[Candidate]] = defaultdict(list)
        for one in found:
            if one.decision is Decision.TOLD and one.kind in kinds:
                due[one.person.id].append(one)
        known = StoredLedger(reading).find_known(_list_keys(due))
        late = StoredLedger(reading).find_late(rules, now)
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
            plan_part(StoredLedger(unit), sorted(fresh), fresh, {}, rules, now, today, kinds, domain, done)
    return done


def plan_alerts(engine: Engine, now: datetime, today: date, *, domain: MailDomain | str) -> Planned:
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
            plan_part(StoredLedger(unit), sorted(candidates), candidates, {}, rules, now, today, kinds, domain, done)
    return done


def _pass_over(engine: Engine, passed: Sequence[Candidate], now: datetime, today: date, done: Planned) -> None:
    if passed:
        # Before the messages: once the rung that is right is told, nobody finds the missed ones again.
        with open_unit(engine) as unit:
            done.passed_over += StoredLedger(unit).add_notices([one.as_row(now, today, None) for one in passed])
            failpoint("planning.before_passing_over")


def plan_part(
    ledger: Ledger,
    persons: Sequence[int],
    candidates: Mapping[int, list[Candidate]],
    periodic: Mapping[int, Sequence[Ruling]],
    rules: Rules,
    now: datetime,
    today: date,
    kinds: Collection[NotificationKind],
    domain: MailDomain | str,
    done: Planned,
) -> None:
    """Queue what is due for some persons, or say why it is not.

    `periodic` are those who get digests and summaries, by the policies of all their agreements.
    """
    known_until = ledger.load_known()
    waiting, taken = ledger.load_scheduled(persons, now)
    late = ledger.find_late(rules, now, persons)
    slots: dict[int, Slot] = {}
    due: dict[int, list[Candidate]] = {}
    usual: dict[int, Policy] = {}
    for contact_id in persons:
        person = rules.people[contact_id]
        due[contact_id] = list(candidates.get(contact_id, ()))
        if contact_id in periodic:
            merged = usual[contact_id] = merge_rulings(periodic[contact_id])
            due[contact_id] += find_periodic(person, find_first_slot(person, merged, now), merged)
    known = ledger.find_known(_list_keys(due))
    immediate: list[tuple[list[Candidate], dict[str, Any]]] = []
    scheduled: dict[int, list[Candidate]] = {}
    held: list[dict[str, Any]] = []
    unsubscribed: list[dict[str, Any]] = []
    new: dict[int, list[Candidate]] = {}
    for contact_id, ones in due.items():
        fresh = [one for one in ones if one.key not in known and known.isdisjoint(one.instead_of)]
        if any(one.kind in kinds for one in fresh) or contact_id in late:
            new[contact_id] = fresh
    seen = _find_seen(ledger, new, known_until, waiting, rules, now)
    for contact_id, fresh in new.items():
        person = rules.people[contact_id]
        if not person.ways:
            if fresh:
                held.append(_hold(person, fresh, now, today))
            continue
        declined = [one for one in fresh if is_declined(person, one.kind) and not one.always]
        unsubscribed += [_decline(one, now, today) for one in declined]
        wanted = [one for one in fresh if one not in declined]
        of_all = usual.get(contact_id, rules.house)
        at_once, rest, slot, hour = _share_out(
            person, wanted, rules, of_all, taken.get(contact_id, ()), now, seen.get(contact_id)
        )
        immediate += [
            (told, message_row(f"at-once|{told[0].key}", person, kind, now, opening, domain))
            for (kind, opening), told in at_once.items()
        ]
        if slot.waits_for is Why.PAUSED and wanted:
            held.append(_hold_for_pause(person, wanted, now, today))
        if slot.is_held:
            # Found again on the day itself, so that it is told as it stands then, and of a backlog only what is right.
            rest = [one for one in rest if one.always]
            if rest or (contact_id in late and slot.waits_for is not Why.PAUSED):
                slot = choose_slot(set_choices_aside(person), hour, now, taken.get(contact_id, ()))
            elif not rest:
                continue
        slots[contact_id] = slot
        if rest or contact_id in late:
            scheduled[contact_id] = rest
    done.held += ledger.add_notices(held)
    done.passed_over += ledger.add_notices(unsubscribed)
    _queue_at_once(ledger, immediate, rules, now, today, done)
    _queue_scheduled(ledger, scheduled, slots, waiting, late, rules, now, today, domain, done)
    _note_escalations(ledger, [one for ones in scheduled.values() for one in ones], now)


def _note_escalations(ledger: Ledger, told: Sequence[Candidate], now: datetime) -> None:
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
    ledger.note_climbs(list(climbed.values()), now)


def _find_seen(
    ledger: Ledger,
    new: Mapping[int, Sequence[Candidate]],
    known_until: Mapping[str, datetime],
    waiting: Mapping[tuple[int, date], Any],
    rules: Rules,
    now: datetime,
) -> dict[int, datetime]:
    """Until when what is due to these people was found before; not of whom it does not matter.

    Who was never told anything is told at once, and what has come up joins the message of today that waits.
    """
    seen: dict[int, datetime] = {}
    for contact_id, ones in new.items():
        if (contact_id, find_own_day(rules.people[contact_id], now)) in waiting:
            continue
        moment = find_least(known_until, {str(one.kind) for one in ones if one.kind not in AT_ONCE})
        if moment is not None:
            seen[contact_id] = moment
    greeted = ledger.find_greeted(sorted(seen)) if seen else frozenset()
    return {contact_id: moment for contact_id, moment in seen.items() if contact_id in greeted}


Letters = dict[tuple[NotificationKind, Slot], list[Candidate]]
"""What goes by itself, by its kind and when it goes."""


def _share_out(
    person: Person,
    wanted: Sequence[Candidate],
    rules: Rules,
    usual: Policy,
    taken: Collection[date],
    now: datetime,
    seen: datetime | None,
) -> tuple[Letters, list[Candidate], Slot, time]:
    """What goes by itself and what with the day's message, when that goes, and the hour of it.

    What waits for its reader's hours comes with the message of the day on which they begin, if that takes it in. What
    has come up after the hour waits for the next day's, unless its date would be over by then.
    """
    at_once, waiting, rest = _part_at_once(person, wanted, rules, now)
    policies = _list_policies([*rest, *(one for ones in waiting.values() for one in ones)], rules, usual)
    hour = choose_hour(person, policies)
    days = choose_days(person, policies)
    slot = choose_slot(person, hour, now, taken, days, seen)
    if any(_is_over(one, slot.day) for one in rest):
        slot = choose_slot(person, hour, now, taken, days)
    for opening, ones in waiting.items():
        if not slot.is_held and slot.day == opening.day and slot.not_before >= opening.not_before:
            rest += ones
            continue
        for one in ones:
            at_once.setdefault((one.kind, opening), []).append(one)
    return at_once, rest, slot, hour


def _is_over(one: Candidate, day: date) -> bool:
    """Whether the date of which this reminds is over on that day."""
    return one.kind is NotificationKind.REMINDER and one.due_on is not None and one.due_on < day


def _part_at_once(
    person: Person, wanted: Sequence[Candidate], rules: Rules, now: datetime
) -> tuple[Letters, dict[Slot, list[Candidate]], list[Candidate]]:
    """What goes at once by its kind, what has to wait for its reader's hours, and what goes with the day's message.

    In a pause only what is always sent goes at once; the rest is found again after it.
    """
    at_once: Letters = {}
    waits: dict[Slot, list[Candidate]] = {}
    rest = []
    for one in wanted:
        if one.kind not in AT_ONCE:
            rest.append(one)
            continue
        always = one.always or one.kind in IN_ANY_CASE
        opening = find_slot_now(person, now, [rules.own.get(one.scope, rules.house)], always=always)
        if _is_catch_up(person, one, opening.day):
            rest.append(one)
        elif one.always or not person.choices.is_paused(opening.day):
            if opening.not_before > now and not one.always:
                waits.setdefault(opening, []).append(one)
            else:
                at_once.setdefault((one.kind, opening), []).append(one)
    return at_once, waits, rest


def _list_policies(ones: Iterable[Candidate], rules: Rules, usual: Policy) -> list[Policy]:
    """The policies that have a part in a message of these; `usual` is that of all agreements of its reader."""
    found = {one.scope if one.kind not in PERIODIC else None for one in ones}
    return [rules.own.get(scope, rules.house) if scope is not None else usual for scope in found] or [rules.house]


def _is_catch_up(person: Person, one: Candidate, day: date) -> bool:
    """Whether something waits since before the end of a pause: it comes with the day's message, not by itself."""
    end = person.choices.paused_to
    return end is not None and end < day and date.fromisoformat(one.numbers["on"]) <= end


def _hold(person: Person, fresh: Sequence[Candidate], now: datetime, today: date) -> dict[str, Any]:
    """The notice that says, once a day, that a person cannot be reached."""
    day = now.astimezone(ZoneInfo(person.time_zone)).date()
    held = fresh[0]._replace(
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
    held = wanted[0]._replace(
        key=f"held|{person.reference}|paused {pause.paused_from}/{pause.paused_to}",
        why=Why.PAUSED,
        numbers={"notices": len(wanted), "day": str(pause.paused_to)},
        decision=Decision.HELD,
        follow_up_id=None,
    )
    return held.as_row(now, today, None)


def _decline(one: Candidate, now: datetime, today: date) -> dict[str, Any]:
    """The notice that says that a person does not want this kind."""
    declined = one._replace(why=Why.UNSUBSCRIBED, numbers={"kind": str(one.kind)}, decision=Decision.PASSED_OVER)
    return declined.as_row(now, today, None)


def message_row(
    key: str, person: Person, kind: NotificationKind, now: datetime, slot: Slot, domain: MailDomain | str
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
    ledger: Ledger,
    immediate: Sequence[tuple[Sequence[Candidate], dict[str, Any]]],
    rules: Rules,
    now: datetime,
    today: date,
    done: Planned,
) -> None:
    """One message a person for all of a kind that is asked of them together."""
    by_key = {row["key"]: ones for ones, row in immediate}
    made = ledger.add_messages([row for _, row in immediate])
    told = [one.as_row(now, today, row_id) for key, row_id in made.items() for one in by_key[key]]
    done.notices += ledger.add_notices(told)
    ledger.route(list(made.values()), rules)
    done.messages += len(made)
    done.message_ids.extend(made.values())


def _queue_scheduled(
    ledger: Ledger,
    scheduled: Mapping[int, list[Candidate]],
    slots: Mapping[int, Slot],
    waiting: Mapping[tuple[int, date], Any],
    late: Mapping[int, Sequence[Any]],
    rules: Rules,
    now: datetime,
    today: date,
    domain: MailDomain | str,
    done: Planned,
) -> None:
    targets: dict[int, int] = {}
    notices: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    heavier: dict[int, str] = {}
    sooner: dict[int, datetime] = {}
    by_key: dict[str, int] = {}
    for contact_id, ones in scheduled.items():
        slot = slots[contact_id]
        message = waiting.get((contact_id, slot.day))
        if message is not None:
            notices += [one.as_row(now, today, message.id) for one in ones]
            kind = name_message([message.kind, *_list_kinds(ones, late.get(contact_id, ()))])
            if kind != message.kind:
                heavier[message.id] = str(kind)
            if slot.not_before < message.next_at:
                sooner[message.id] = slot.not_before
            targets[contact_id] = message.id
            done.joined += 1
            continue
        person = rules.people[contact_id]
        key = f"scheduled|{person.reference}|{slot.day.isoformat()}"
        by_key[key] = contact_id
        kind = name_message(_list_kinds(ones, late.get(contact_id, ())))
        messages.append(message_row(key, person, kind, now, slot, domain))
    made = ledger.add_messages(messages)
    for key, row_id in made.items():
        contact_id = by_key[key]
        targets[contact_id] = row_id
        notices += [one.as_row(now, today, row_id) for one in scheduled[contact_id]]
    ledger.name_anew(heavier)
    ledger.bring_forward(sooner, rules)
    done.notices += ledger.add_notices(notices)
    done.messages += len(made)
    done.message_ids.extend(made.values())
    # So that an outage ends with one message a person.
    moves = [
        Move(row.id, target, _explain_carrying(slots[contact_id]))
        for contact_id, target in targets.items()
        for row in late.get(contact_id, ())
        if row.id != target
    ]
    ledger.carry_over(moves)
    ledger.route(list(targets.values()), rules)
    done.carried_over += len(moves)


def _list_keys(due: Mapping[int, Sequence[Candidate]]) -> list[str]:
    return [key for ones in due.values() for one in ones for key in (one.key, *one.instead_of)]


def _list_kinds(ones: Iterable[Candidate], late: Iterable[Any]) -> list[str]:
    return [*(str(one.kind) for one in ones), *(row.kind for row in late)]


def _explain_carrying(slot: Slot) -> dict[str, Any]:
    return {"code": str(Why.CARRIED_OVER), "numbers": {"day": slot.day.isoformat()}}
