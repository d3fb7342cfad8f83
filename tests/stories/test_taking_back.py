"""A hand-over that was taken back leaves the questions as if it had not been: asked on, by the right people."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.errors import RefusedChange
from commitments.handing_over import hand_over_all, name_owner
from commitments.log import Author, record_changes
from commitments.people import give_role
from commitments.person_queries import load_people
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import commitment, commitment_owner, contact, follow_up
from commitments.taking_back import load_latest, take_back_hand_over
from commitments.vocabulary import ContactRole
from notifications.handing import tell_hand_back, tell_hand_over
from notifications.planning import plan_messages
from notifications.tables import notice, notification
from tests.portal.desk import FORM, NOW, TODAY

DOMAIN = "north.example"


@dataclass(frozen=True, slots=True)
class Office:
    """A house that sends what it has planned at the end of each day."""

    engine: Engine

    def live(self, *days: int) -> None:
        for day in days:
            now, today = NOW + timedelta(days=day), TODAY + timedelta(days=day)
            reconcile_register(self.engine, now, today)
            plan_messages(self.engine, now, today, domain=DOMAIN)
            self.send(now + timedelta(hours=12))

    def send(self, now: datetime) -> None:
        with open_unit(self.engine) as unit:
            waits = notification.c.state == "queued", notification.c.next_at <= now
            unit.execute(update(notification).where(*waits).values(state="sent", sent_at=now))

    def hand_over(self, former: str, new: str, at: datetime, last_day: date | None = None) -> None:
        today = at.date()
        with open_unit(self.engine) as unit:
            handed = hand_over_all(unit, Author("cy", at, "x"), former, new, at, today, last_day=last_day)
            tell_former = last_day is None or last_day >= today
            tell_hand_over(unit, handed, "cy", at, today, DOMAIN, tell_former=tell_former)

    def take_back(self, former: str, at: datetime) -> list[int]:
        with open_unit(self.engine) as unit:
            person = unit.execute(select(contact.c.id).where(contact.c.reference == former)).scalar_one()
            entry = load_latest(unit, person)
            assert entry is not None
            handed = take_back_hand_over(unit, Author("cy", at), entry.id, at, at.date())
            return tell_hand_back(unit, handed, entry.at, "cy", at, at.date(), DOMAIN)

    def list_told(self, promise: str) -> list[tuple[str, date]]:
        """Who was told of a promise's question, on which day."""
        query = (
            select(contact.c.reference, notice.c.decided_on)
            .join(contact, contact.c.id == notice.c.contact_id)
            .join(follow_up, follow_up.c.id == notice.c.follow_up_id)
            .outerjoin(notification, notification.c.id == notice.c.notification_id)
            .where(follow_up.c.key.like(f"overdue:%/{promise}@north%"), notification.c.state != "cancelled")
            .order_by(notice.c.id)
        )
        with open_reading(self.engine) as reading:
            return [(row.reference, row.decided_on) for row in reading.execute(query)]


@pytest.fixture
def office(sqlite_engine: Engine) -> Office:
    with open_unit(sqlite_engine) as unit:
        import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", NOW), TODAY)
    return Office(sqlite_engine)


def set_due(office: Office, promise: str, day: str) -> None:
    with open_unit(office.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == promise).values(due=day))


def test_a_question_climbs_on_though_it_was_handed_over_and_taken_back_before_anybody_heard(
    office: Office,
) -> None:
    office.live(0)
    at = NOW + timedelta(hours=13)
    office.hand_over("ann", "dee", at)
    assert office.take_back("ann", at + timedelta(minutes=5)) == []
    office.live(*range(1, 29))
    told = [who for who, _ in office.list_told("survey")]
    assert told[0] == "ann" and told[1:] == ["dee", "cy", "max"], "the owner, her deputy, the coordinator, the leader"


def test_who_gets_everything_back_hears_of_what_was_asked_meanwhile(office: Office) -> None:
    office.live(0)
    set_due(office, "bridge", "2026-03-03")
    at = NOW + timedelta(hours=13)
    office.hand_over("ann", "dee", at, last_day=TODAY - timedelta(days=1))
    office.send(at)
    office.live(*range(1, 6))
    assert {who for who, day in office.list_told("bridge") if day > TODAY} == {"dee"}
    back = NOW + timedelta(days=5, hours=13)
    assert office.take_back("ann", back) == [], "on a Saturday evening nothing goes at once"
    office.live(7)
    assert office.list_told("bridge")[-1] == ("ann", TODAY + timedelta(days=7))


def test_what_was_asked_of_its_owner_herself_is_not_asked_anew_when_the_rest_comes_back(office: Office) -> None:
    office.live(0)
    at = NOW + timedelta(hours=13)
    office.hand_over("ann", "dee", at)
    office.send(at)
    set_due(office, "orphan", "2026-03-02")
    with open_unit(office.engine) as unit:
        place = select(commitment_owner.c.id).join(commitment).where(commitment.c.reference == "orphan")
        name_owner(unit, Author("cy", at, "x"), [unit.execute(place).scalar_one()], "ann", at, TODAY)
    office.live(*range(1, 6))
    before = office.list_told("orphan")
    assert [who for who, _ in before] == ["ann"]
    office.take_back("ann", NOW + timedelta(days=5, hours=13))
    assert office.list_told("orphan") == before


def test_a_party_keeps_its_coordinator_where_the_former_one_got_another_role_since(office: Office) -> None:
    office.live(0)
    at = NOW + timedelta(hours=13)
    office.hand_over("cy", "dee", at)
    with open_unit(office.engine) as unit:
        (person,) = load_people(unit, only=contact.c.reference == "cy").values()
        record_changes(unit, Author("dee", at), [give_role(unit, person, ContactRole.LEADER)])
    with pytest.raises(RefusedChange, match="changed since"):
        office.take_back("cy", at + timedelta(hours=1))
    with open_reading(office.engine) as reading:
        roles = dict(reading.execute(select(contact.c.reference, contact.c.role)).tuples().all())
    assert (roles["cy"], roles["dee"]) == ("leader", "coordinator")
