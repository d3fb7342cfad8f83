"""Finds the digests and summaries that are due, and who gets them."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from commitments.facts import Person
from commitments.policy import Policy
from commitments.reconcile import Rules
from commitments.vocabulary import NotificationKind
from notifications.binding import load_bound_parties
from notifications.candidates import Candidate
from notifications.parts import load_rulings_of_parties
from notifications.reasons import Why
from notifications.rhythm import (
    choose_digest_rhythm,
    choose_summary_rhythm,
    gets_summary,
    is_digest_due,
    is_summary_due,
    list_periods,
    name_month,
    name_week,
)
from notifications.slots import Slot
from notifications.usual import Ruling

LATELY = timedelta(days=70)
"""The longest that a digest or a summary looks back."""


def find_picture_readers(reading: Connection, rules: Rules, today: date) -> dict[int, tuple[Ruling, ...]]:
    """Who gets digests and summaries, and by which rules: coordinators and leaders in office of parties that an
    agreement binds, or did of late, by the rules of all agreements of their party."""
    rulings = load_rulings_of_parties(reading, rules)
    bound = load_bound_parties(reading, today - LATELY)
    return {
        person.id: rulings[person.party_id]
        for person in rules.people.values()
        if gets_summary(person) and person.party_id in bound and person.is_in_office(today)
    }


def find_periodic(person: Person, slot: Slot, policy: Policy) -> Iterator[Candidate]:
    """The digest and the summary that are due to a person, by the policy of all their agreements."""

    def periodic(kind: NotificationKind, why: Why, names: Sequence[str], numbers: dict[str, Any]) -> Candidate:
        key, *others = (f"{kind}|{name}|{person.reference}" for name in names)
        return Candidate(
            key, kind, person, person.reference, "", "", 0, {}, why, numbers,
            party_id=person.party_id, instead_of=tuple(others),
        )  # fmt: skip

    if is_digest_due(person, policy, slot):
        names = list_periods(choose_digest_rhythm(person, policy), slot.day)
        yield periodic(NotificationKind.DIGEST, Why.WEEKLY, names, {"week": name_week(slot.day)})
    if is_summary_due(person, policy, slot):
        names = list_periods(choose_summary_rhythm(person, policy), slot.day)
        yield periodic(NotificationKind.SUMMARY, Why.MONTHLY, names, {"month": name_month(slot.day)})
