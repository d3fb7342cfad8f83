"""Whose day it is: that of the person who is asked, and the house's where nobody is. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from commitments.facts import Agreement, Person


def find_own_day(person: Person, now: datetime) -> date:
    """The day that it is for a person."""
    return now.astimezone(ZoneInfo(person.time_zone)).date()


@dataclass(frozen=True, slots=True)
class Days:
    """The house's day, and that of each person for whom it is another.

    Each is judged by their own: nothing falls due while its day lasts for the person who is asked, and what has fallen
    due is there before their morning, wherever the house is.
    """

    today: date
    own: Mapping[int, date]
    begun: Mapping[str, date] = field(default_factory=dict)
    """The day that it is in each of their time zones."""

    @property
    def latest(self) -> date:
        """The last day that has begun for anybody."""
        return max((self.today, *self.begun.values()))

    def of(self, person_id: int | None) -> date:
        return self.own.get(person_id, self.today) if person_id is not None else self.today

    def list_for(self, agreement: Agreement, coordinators: Mapping[int, Sequence[Person]]) -> tuple[date, ...]:
        """The days by which people of an agreement are judged, the house's first; nearly always that alone."""
        return self.list_among(list_asked(agreement, coordinators)) if self.own else (self.today,)

    def list_among(self, asked: AbstractSet[int]) -> tuple[date, ...]:
        """The same of people who are known by their ids."""
        others = {day for one, day in self.own.items() if one in asked}
        return (self.today, *sorted(others, reverse=True))


def list_asked(agreement: Agreement, coordinators: Mapping[int, Sequence[Person]]) -> frozenset[int]:
    """The ids of all who may be asked of an agreement: its owners, and the coordinators of whoever has a part in it."""
    owners = [owner for commitment in agreement.commitments for owner in commitment.owners]
    parties = {place.party_id for place in agreement.parties} | {owner.party_id for owner in owners}
    parties |= {one.party_id for commitment in agreement.commitments for one in commitment.asked}
    asked = {owner.contact_id for owner in owners if owner.contact_id is not None}
    return frozenset(asked | {person.id for party in parties for person in coordinators.get(party, ())})


def find_days(people: Mapping[int, Person], now: datetime, today: date) -> Days:
    """Whose day is not the house's at that moment, of all people; `today` is the house's day."""
    return find_days_in(group_by_zone(people.values()), now, today)


def group_by_zone(people: Iterable[Person]) -> dict[str, list[int]]:
    """The ids of the people of each time zone."""
    zones: dict[str, list[int]] = {}
    for person in people:
        zones.setdefault(person.time_zone, []).append(person.id)
    return zones


def find_days_in(zones: Mapping[str, Sequence[int]], now: datetime, today: date) -> Days:
    """The same of people who are known by their time zones."""
    begun = {zone: now.astimezone(ZoneInfo(zone)).date() for zone in zones}
    return Days(today, {one: day for zone, day in begun.items() if day != today for one in zones[zone]}, begun)
