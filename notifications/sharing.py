"""Which of what is due to a person goes by itself, which with the message of the day, and when that goes."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time

from commitments.choices import IN_ANY_CASE
from commitments.facts import Person
from commitments.policy import Policy
from commitments.reconcile import Rules
from commitments.vocabulary import NotificationKind
from notifications.candidates import Candidate
from notifications.parts import PERIODIC
from notifications.routing import AT_ONCE
from notifications.slots import Slot, choose_days, choose_hour, choose_slot, find_slot_now

Letters = dict[tuple[NotificationKind, Slot], list[Candidate]]
"""What goes by itself, by its kind and when it goes."""


def share_out(
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
