"""Queues what is due to some persons, one message a person and a day, or says why it is not told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from commitments.days import find_own_day
from commitments.facts import Person
from commitments.known import find_least
from commitments.log import Change
from commitments.policy import Policy
from commitments.reconcile import Rules
from commitments.vocabulary import NotificationKind
from notifications.candidates import Candidate
from notifications.ledger import Ledger, Move, make_message_row
from notifications.mime import MailDomain
from notifications.parts import merge_rulings
from notifications.periodicals import find_periodic
from notifications.reasons import Decision, Why
from notifications.routing import AT_ONCE, is_declined, name_message
from notifications.sharing import share_out
from notifications.slots import Slot, choose_slot, find_first_slot, set_choices_aside
from notifications.usual import Ruling


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


def queue_due(
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
    known = ledger.find_known(list_keys(due))
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
        at_once, rest, slot, hour = share_out(
            person, wanted, rules, of_all, taken.get(contact_id, ()), now, seen.get(contact_id)
        )
        immediate += [
            (told, make_message_row(f"at-once|{told[0].key}", person, kind, now, opening, domain))
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
        messages.append(make_message_row(key, person, kind, now, slot, domain))
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


def list_keys(due: Mapping[int, Sequence[Candidate]]) -> list[str]:
    return [key for ones in due.values() for one in ones for key in (one.key, *one.instead_of)]


def _list_kinds(ones: Iterable[Candidate], late: Iterable[Any]) -> list[str]:
    return [*(str(one.kind) for one in ones), *(row.kind for row in late)]


def _explain_carrying(slot: Slot) -> dict[str, Any]:
    return {"code": str(Why.CARRIED_OVER), "numbers": {"day": slot.day.isoformat()}}
