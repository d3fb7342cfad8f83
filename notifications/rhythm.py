"""How often digest and summary come, to whom and on which day, and what their periods are called. Pure."""

from datetime import date

from commitments.calendar import is_working_day, previous_working_day
from commitments.dates import add_days
from commitments.facts import Person
from commitments.policy import Policy
from commitments.vocabulary import ContactRole, Rhythm
from notifications.slots import Slot


def choose_digest_day(person: Person, policy: Policy) -> int:
    """The weekday from which on a coordinator's digest goes: as they chose it, else on one of their days."""
    if person.choices.digest_day is not None:
        return person.choices.digest_day
    days = person.choices.days
    return policy.digest_weekday if days is None or policy.digest_weekday in days else min(days)


def is_digest_due(person: Person, policy: Policy, slot: Slot) -> bool:
    """Coordinators get a digest once in each of its periods, from the chosen weekday on that is the first in it, or
    from the working day of theirs next to that."""
    if person.role is not ContactRole.COORDINATOR:
        return False
    first = find_period(choose_digest_rhythm(person, policy), slot.day)
    chosen = add_days(first, (choose_digest_day(person, policy) - first.weekday()) % 7)
    return slot.day >= max(first, min(chosen, _find_digest_day(person, chosen)))


def choose_digest_rhythm(person: Person, policy: Policy) -> Rhythm:
    """How often a person's digest comes: as they chose it, else by the policy."""
    return person.choices.digest_rhythm or policy.digest_rhythm


def choose_summary_rhythm(person: Person, policy: Policy) -> Rhythm:
    """How often a person's summary comes: as they chose it, else by the policy."""
    return person.choices.summary_rhythm or policy.summary_rhythm


def find_period(rhythm: Rhythm, day: date) -> date:
    """The first day of the period of a rhythm in which a day lies. Two weeks begin with an odd Monday since year 1."""
    monday = add_days(day, -day.weekday())
    match rhythm:
        case Rhythm.WEEKLY:
            return monday
        case Rhythm.FORTNIGHTLY:
            return add_days(monday, -7 * (monday.toordinal() // 7 % 2))
        case Rhythm.MONTHLY:
            return day.replace(day=1)
        case Rhythm.QUARTERLY:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def list_periods(rhythm: Rhythm, day: date) -> tuple[str, ...]:
    """The name of the period of a rhythm in which a day lies, and those of a shorter rhythm that have begun in it.

    What was told under any of these names was told in this period, also to who has changed the rhythm since.
    """
    first = find_period(rhythm, day)
    begun = [add_days(first, days) for days in range((day - first).days + 1)]
    mondays = tuple(name_week(one) for one in begun if one.weekday() == 0)
    match rhythm:
        case Rhythm.WEEKLY | Rhythm.FORTNIGHTLY:
            return mondays
        case Rhythm.MONTHLY:
            return name_month(first), *mondays
        case Rhythm.QUARTERLY:
            months = tuple(name_month(one) for one in begun if one.day == 1)
            return f"{first:%Y}-Q{(first.month + 2) // 3}", *months


def _find_digest_day(person: Person, chosen: date) -> date:
    """The working day nearest to the chosen one in its week, of two the later; the day itself if there is none."""
    week = [add_days(chosen, days - chosen.weekday()) for days in range(7)]
    working = [day for day in week if is_working_day(day, person.country, person.subdivision)]
    return min(working, key=lambda day: (abs(day - chosen), day < chosen), default=chosen)


def gets_summary(person: Person) -> bool:
    """Coordinators and leaders get a summary."""
    return person.role in (ContactRole.COORDINATOR, ContactRole.LEADER)


def is_summary_due(person: Person, policy: Policy, slot: Slot) -> bool:
    """Coordinators and leaders get a summary once in each of its periods, with the first message from its day on, or
    from the working day of theirs before that."""
    if not gets_summary(person):
        return False
    first = find_period(choose_summary_rhythm(person, policy), slot.day)
    chosen = first.replace(day=person.choices.summary_day or policy.summary_day)
    return slot.day >= max(first, previous_working_day(chosen, person.country, person.subdivision))


def name_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def name_month(day: date) -> str:
    return f"{day:%Y-%m}"
