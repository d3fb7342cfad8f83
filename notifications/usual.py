"""What holds for a person who chose nothing: by whose rules they are addressed, and why. Pure."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from commitments.channels import find_kind
from commitments.facts import Person
from commitments.policy import Policy
from commitments.vocabulary import Channel, ChannelKind

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The policy of one agreement, by its reference; of all that have no rules of their own that of the house."""

    agreement: str | None
    policy: Policy
    agreements: int = 1
    """For how many agreements it stands."""


def choose_language(person: Person, rulings: Sequence[Ruling]) -> str:
    """What the person or their party states; else the language of most of the agreements, of as many the first's."""
    return person.language if person.states_language else vote(rulings, [one.policy.language for one in rulings])


def order_ways(person: Person, rulings: Sequence[Ruling]) -> tuple[tuple[Channel, str], ...]:
    """The channels that work, in the order in which they are tried.

    Who chose one has that first, and the others in the order of the register. Else the kinds that most of the
    agreements prefer come first, of as many those of the first.
    """
    if person.choices.channel is not None or len(person.ways) < 2:
        return person.ways
    return sort_ways(person.ways, vote(rulings, [one.policy.channels for one in rulings]))


def sort_ways(ways: Iterable[tuple[Channel, str]], preferred: Sequence[ChannelKind]) -> tuple[tuple[Channel, str], ...]:
    """The preferred kinds first, then the others; those of one kind stay in their order."""
    places = {kind: place for place, kind in enumerate(preferred)}
    return tuple(sorted(ways, key=lambda way: places.get(find_kind(way[0]), len(places))))


def address(person: Person, rulings: Sequence[Ruling]) -> Person:
    """The person as a message that tells of these agreements speaks to them: its language and its channels."""
    language, ways = choose_language(person, rulings), order_ways(person, rulings)
    return (
        person if (language, ways) == (person.language, person.ways) else replace(person, language=language, ways=ways)
    )


def vote(rulings: Sequence[Ruling], said: Sequence[T]) -> T:
    """What is said for most of the agreements; of as many what comes first."""
    counts: Counter[T] = Counter()
    for ruling, one in zip(rulings, said, strict=True):
        counts[one] += ruling.agreements
    return counts.most_common(1)[0][0]


def find_source(rulings: Sequence[Ruling], house: Policy, name: str, value: object) -> str | None:
    """The agreement by whose own rule this value holds; None if it is what the house has."""
    if getattr(house, name) == value:
        return None
    return next((one.agreement for one in rulings if getattr(one.policy, name) == value), None)
