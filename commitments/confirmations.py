"""Who is asked to confirm what one party reports as done (docs/decisions/0026). Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from commitments.assessment import find_owner
from commitments.dates import parse_date
from commitments.facts import Person
from commitments.policy import Policy
from commitments.vocabulary import ConfirmedBy, Owed, PartyRole

Owing = tuple[int, int | None]
"""A party that owes a promise, with its owner."""


def choose_confirmers(
    rule: ConfirmedBy, owed: Owed, owing: Sequence[int], reporter: int, bound: Sequence[int], living: Collection[int]
) -> tuple[int, ...]:
    """The parties that are asked when what `reporter` says settles the promise, in their order.

    Who owes it jointly too is asked, and who was promised it: of the parties that the agreement binds (`bound`) those
    that owe it not. Where each owes it, all of them have said so by then. Only the `living` are asked: others would
    be waited for in vain.
    """
    if rule is ConfirmedBy.NOBODY:
        return ()
    asked = [one for one in owing if one != reporter] if owed is Owed.JOINTLY else []
    if rule is ConfirmedBy.OTHER_PARTIES:
        asked += [one for one in bound if one != reporter and one not in owing]
    return tuple(one for one in asked if one in living)


_WIDEST_FIRST = (ConfirmedBy.OTHER_PARTIES, ConfirmedBy.THOSE_WHO_OWE, ConfirmedBy.NOBODY)


def asks_fewer(before: ConfirmedBy, after: ConfirmedBy) -> bool:
    """Whether fewer are asked to confirm by the later rule than by the former."""
    return _WIDEST_FIRST.index(after) > _WIDEST_FIRST.index(before)


def find_speaker(
    party_id: int,
    owners: Sequence[Owing],
    people: Mapping[int, Person],
    coordinators: Mapping[int, Sequence[Person]],
    today: date,
) -> Person | None:
    """Who speaks for a party on a promise today: its coordinator in office, else its owner; None where nobody does.

    Who can be reached comes before who cannot.
    """
    serving = [one for one in coordinators.get(party_id, ()) if one.is_in_office(today)]
    owner = find_owner(dict(owners).get(party_id), people, today)
    if owner is not None:
        serving.append(owner)
    return next((one for one in serving if one.ways), serving[0] if serving else None)


def find_confirmers(
    policy: Policy,
    owed: Owed,
    owners: Sequence[Owing],
    reporter: int,
    bound: Sequence[int],
    people: Mapping[int, Person],
    coordinators: Mapping[int, Sequence[Person]],
    today: date,
) -> tuple[int, ...]:
    """As `choose_confirmers`, by an agreement's policy and the people of its parties."""
    owing = [one for one, _ in owners]
    living = {one for one in {*owing, *bound} if find_speaker(one, owners, people, coordinators, today) is not None}
    return choose_confirmers(policy.confirmed_by, owed, owing, reporter, bound, living)


def is_concerned(role: str, ended: str | None, today: date) -> bool:
    """Whether a party of this role is one to which a promise is made: a witness is none, nor who left."""
    return role != PartyRole.WITNESS and (ended is None or parse_date(ended).last >= today)
