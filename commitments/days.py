"""Whose day it is: the house's, or an earlier one where a person's day has not begun. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from commitments.facts import Agreement, Person


def find_own_day(person: Person, now: datetime) -> date:
    """The day that it is for a person."""
    return now.astimezone(ZoneInfo(person.time_zone)).date()


@dataclass(frozen=True, slots=True)
class Days:
    """The house's day, and the earlier one of each person for whom it has not begun.

    Each is judged by the day that has begun for both, so that nothing falls due while its day lasts for the person
    who is asked, nor before it is over for the house.
    """

    today: date
    behind: Mapping[int, date]
    begun: Mapping[str, date] = field(default_factory=dict)
    """The day that it is in each of their time zones."""

    def of(self, person_id: int | None) -> date:
        return self.behind.get(person_id, self.today) if person_id is not None else self.today

    def list_for(self, agreement: Agreement, coordinators: Mapping[int, Sequence[Person]]) -> tuple[date, ...]:
        """The days by which people of an agreement are judged, the house's first; nearly always that alone."""
        if not self.behind:
            return (self.today,)
        owners = [owner for commitment in agreement.commitments for owner in commitment.owners]
        parties = {place.party_id for place in agreement.parties} | {owner.party_id for owner in owners}
        parties |= {one.party_id for commitment in agreement.commitments for one in commitment.asked}
        asked = {owner.contact_id for owner in owners}
        asked |= {person.id for party in parties for person in coordinators.get(party, ())}
        earlier = {day for one, day in self.behind.items() if one in asked}
        return (self.today, *sorted(earlier, reverse=True))


def find_days(people: Mapping[int, Person], now: datetime, today: date) -> Days:
    """Whose day has not begun at that moment, of all people; `today` is the house's day."""
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
    return Days(today, {one: day for zone, day in begun.items() if day < today for one in zones[zone]}, begun)
