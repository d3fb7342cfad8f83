"""A year over the examples, day by day: each morning the day's job, real mail over SMTP, and now and then an answer."""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select

from commitments.agreement_file import read_files
from commitments.calendar import count_working_days, is_working_day
from commitments.database import open_database, open_reading, open_unit
from commitments.log import Author
from commitments.person_queries import load_people
from commitments.progress import report_progress
from commitments.reconcile import reconcile_register
from commitments.register import import_files
from commitments.settings import Settings
from commitments.tables import follow_up
from commitments.vocabulary import ContactRole, Rating
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_messages
from notifications.tables import notice, notification
from tests.effort import DEEP
from tests.mail_door import open_door

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
FEW = (
    "bradford-qingdao-2018", "busan-chengdu-high-tech-zone", "gimcheon-chengdu", "harrowmere-songlan",
    "icheon-jingdezhen-ceramic-institute", "jingdezhen-uccn", "leeds-hangzhou-2018", "stoke-jingdezhen",
)  # fmt: skip
"""Of every kind of promise, between China, Britain and Korea; `make deep` lives the year of all the examples."""
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
OUTAGE = (date(2026, 1, 9), date(2026, 1, 18))
LEAST_DAYS = {0: 0, 1: 5, 2: 10, 3: 15}
"""After how many working days without an answer each rung is told."""
ANSWERED = "leeds-hangzhou-2018/library-link"
ANSWERED_ON = date(2026, 3, 16)


@dataclass
class Inbox:
    """What the mail server took, with the moment of the story's clock."""

    clock: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    letters: list[tuple[datetime, str, str]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        letter = BytesHeaderParser(policy=policy.default).parsebytes(envelope.content)
        self.letters.append((self.clock, envelope.rcpt_tos[0], str(letter["Message-ID"])))
        return "250 taken"


@dataclass
class Year:
    engine: Engine
    inbox: Inbox
    people: dict[int, Any]


@pytest.fixture(scope="module")
def year(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    """2026 as it would have been, with ten days without power in January and one answer in March."""
    path = tmp_path_factory.mktemp("year") / "tally.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}")
    inbox = Inbox()
    start = datetime(2025, 12, 31, 9, tzinfo=UTC)
    files = [one for one in sorted(EXAMPLES.glob("*.yaml")) if DEEP or one.stem in FEW]
    import_files(engine, read_files(files), Author("import", start), start.date())
    day = FIRST
    with open_door(inbox) as port:
        settings = Settings(mail_url=f"smtp://127.0.0.1:{port}")
        while day <= LAST:
            if not OUTAGE[0] <= day <= OUTAGE[1]:
                _live_day(engine, settings, inbox, day)
            day += timedelta(days=1)
    with open_reading(engine) as reading:
        people = load_people(reading)
    yield Year(engine, inbox, people)
    engine.dispose()


def _live_day(engine: Engine, settings: Settings, inbox: Inbox, day: date) -> None:
    night = datetime.combine(day, time(0, 5), UTC)
    reconcile_register(engine, night, day)
    plan_messages(engine, night, day, domain="tallystick.example")
    for hour in (time(0, 10), time(10, 0)):
        inbox.clock = datetime.combine(day, hour, UTC)
        dispatch_messages(engine, settings, read_clock=lambda: inbox.clock)
    if day == ANSWERED_ON:
        with open_unit(engine) as unit:
            author = Author("l.officer", inbox.clock)
            report_progress(unit, author, ANSWERED, "leeds", None, Rating.ON_TRACK, day, note="the librarians have met")


def _read(year: Year, query: Any) -> list[Any]:
    with open_reading(year.engine) as reading:
        return list(reading.execute(query).all())


def _local(moment: datetime, person: Any) -> datetime:
    return moment.astimezone(ZoneInfo(person.time_zone))


def test_every_message_of_the_year_was_sent_and_taken_once(year: Year) -> None:
    states = dict(_read(year, select(notification.c.state, func.count()).group_by(notification.c.state)))
    taken = [message_id for _, _, message_id in year.inbox.letters]
    print(f"\n2026: {len(taken)} letters to {len({to for _, to, _ in year.inbox.letters})} people, {states}")
    assert len(taken) == len(set(taken)) == states["sent"]
    assert states.keys() <= {"sent", "cancelled", "queued"}


def _list_scheduled(year: Year) -> list[tuple[datetime, str]]:
    """The letters but those that another person's action has just caused, which go at once."""
    at_once = _read(year, select(notification.c.message_id).where(notification.c.key.like("at-once|%")))
    return [(at, to) for at, to, message_id in year.inbox.letters if (message_id,) not in at_once]


def test_nobody_has_two_scheduled_messages_on_one_of_their_days(year: Year) -> None:
    by_address = {person.mail: person for person in year.people.values()}
    days = [(to, _local(at, by_address[to]).date()) for at, to in _list_scheduled(year)]
    assert len(days) == len(set(days))


def test_nobody_is_written_to_on_a_rest_day_of_theirs_or_before_eight(year: Year) -> None:
    by_address = {person.mail: person for person in year.people.values()}
    for at, to in _list_scheduled(year):
        person = by_address[to]
        local = _local(at, person)
        assert is_working_day(local.date(), person.country, person.subdivision), (to, local)
        assert local.time() >= time(8), (to, local)


@pytest.mark.parametrize(
    ("country", "first", "last"),
    [
        ("CN", date(2026, 2, 15), date(2026, 2, 23)),
        ("CN", date(2026, 10, 1), date(2026, 10, 7)),
        ("GB", date(2026, 4, 3), date(2026, 4, 6)),
        ("GB", date(2026, 5, 25), date(2026, 5, 25)),
        ("GB", date(2026, 8, 31), date(2026, 8, 31)),
        ("GB", date(2026, 12, 25), date(2026, 12, 28)),
        ("KR", date(2026, 9, 24), date(2026, 9, 26)),
    ],
    ids=["Spring Festival", "China's National Day week", "Easter", "spring bank holiday", "summer bank holiday",
         "Christmas and Boxing Day in lieu", "Chuseok"],
)  # fmt: skip
def test_the_holidays_of_both_countries_are_kept(year: Year, country: str, first: date, last: date) -> None:
    theirs = {person.mail: person for person in year.people.values() if person.country == country}
    assert theirs
    disturbed = [
        (to, at) for at, to, _ in year.inbox.letters if to in theirs and first <= _local(at, theirs[to]).date() <= last
    ]
    assert disturbed == []


def test_the_working_saturdays_before_spring_festival_count_as_working_days(year: Year) -> None:
    theirs = {person.mail: person for person in year.people.values() if person.country == "CN"}
    assert is_working_day(date(2026, 2, 14), "CN")
    assert theirs


def _read_ladders(year: Year) -> dict[int, list[Any]]:
    """What was sent about each follow-up, in its order."""
    rows = _read(
        year,
        select(notice.c.follow_up_id, notice.c.rung, notice.c.contact_id, notice.c.decided_on, notification.c.sent_at)
        .join(notification, notification.c.id == notice.c.notification_id)
        .where(notice.c.follow_up_id.is_not(None), notification.c.sent_at.is_not(None))
        .order_by(notification.c.sent_at),
    )
    ladders: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        ladders[row.follow_up_id].append(row)
    return ladders


def _read_asked(year: Year) -> dict[int, Any]:
    """Who is asked by each follow-up."""
    rows = _read(year, select(follow_up.c.id, follow_up.c.assignee_id))
    return {row.id: year.people[row.assignee_id] for row in rows}


def _count_days(year: Year, asked: Any, first: Any, day: date) -> int:
    """The working days of the person asked since somebody was told first."""
    began = _local(first.sent_at, year.people[first.contact_id]).date()
    return count_working_days(began, day, asked.country, asked.subdivision)


def test_the_ladder_climbs_from_owner_to_deputy_to_coordinator_to_leaders_of_both_sides(year: Year) -> None:
    ladders, asked = _read_ladders(year), _read_asked(year)
    assert any([row.rung for row in ladder][:4] == [0, 1, 2, 3] for ladder in ladders.values()), "all four"
    sides = [{year.people[row.contact_id].party_id for row in one if row.rung == 3} for one in ladders.values()]
    assert any(len(told) > 1 for told in sides), "the leaders of both"
    for number, ladder in ladders.items():
        rungs = [row.rung for row in ladder]
        assert rungs == sorted(rungs), "a lower rung was told after a higher one"
        assert len({row.contact_id for row in ladder}) == len(ladder), "somebody was told of the same follow-up twice"
        for row in ladder:
            person = year.people[row.contact_id]
            at_their_place = {
                0: person.id == asked[number].id,
                1: person.id == asked[number].deputy_id,
                2: person.role is ContactRole.COORDINATOR,
                3: person.role is ContactRole.LEADER,
            }
            assert at_their_place[row.rung], f"{person.reference} on rung {row.rung}"


def test_the_ladder_climbs_in_working_days_of_the_person_asked(year: Year) -> None:
    ladders, asked = _read_ladders(year), _read_asked(year)
    for number, ladder in ladders.items():
        for row in ladder[1:]:
            day = _local(row.sent_at, year.people[row.contact_id]).date()
            assert _count_days(year, asked[number], ladder[0], day) >= LEAST_DAYS[row.rung]


def test_reminders_of_a_dated_promise_come_at_each_lead_and_no_other_day(year: Year) -> None:
    rows = _read(
        year,
        select(notice.c.rung, notice.c.contact_id, notification.c.sent_at)
        .join(notification, notification.c.id == notice.c.notification_id)
        .where(notice.c.matter == "harrowmere-songlan/reading-room", notice.c.kind == "reminder")
        .order_by(notification.c.sent_at),
    )
    by_person: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        by_person[row.contact_id].append(row.rung)
    assert len(by_person) == 2, "both sides' owners are reminded"
    assert all(rungs == [30, 14, 7, 1, 0] for rungs in by_person.values())


def test_after_ten_days_of_outage_each_matter_is_told_once_at_the_rung_that_is_right(year: Year) -> None:
    back = OUTAGE[1] + timedelta(days=1)
    asked = _read_asked(year)
    before = {number: [row for row in one if row.decided_on < back] for number, one in _read_ladders(year).items()}
    rows = _read(
        year,
        select(notice.c.contact_id, notice.c.rung, notice.c.follow_up_id)
        .where(notice.c.decided_on == back, notice.c.decision == "told", notice.c.follow_up_id.is_not(None)),
    )  # fmt: skip
    assert len({(row.contact_id, row.follow_up_id) for row in rows}) == len(rows)
    climbed = [row for row in rows if before[row.follow_up_id]]
    assert len(climbed) > 20, "the outage came over ladders under way"
    for row in climbed:
        days = _count_days(year, asked[row.follow_up_id], before[row.follow_up_id][0], back)
        assert row.rung == max(rung for rung, least in LEAST_DAYS.items() if least <= days), "no rung is made up for"
    silent = [at for at, _, _ in year.inbox.letters if OUTAGE[0] <= at.date() <= OUTAGE[1]]
    assert silent == []
    # The backlog of ten days did not come on the first morning: nobody has more than one letter then.
    first_morning = [to for at, to, _ in year.inbox.letters if at.date() == back]
    assert len(first_morning) == len(set(first_morning))


def test_an_answered_matter_goes_quiet_at_once(year: Year) -> None:
    rows = _read(
        year,
        select(follow_up.c.party_id, follow_up.c.kind, follow_up.c.state, follow_up.c.closed_on, notice.c.decided_on)
        .outerjoin(notice, notice.c.follow_up_id == follow_up.c.id)
        .where(follow_up.c.matter == ANSWERED)
        .order_by(notice.c.decided_on),
    )
    leeds = [row for row in rows if year_party(year, row.party_id) == "leeds" and row.kind == "silent"]
    assert leeds, "Leeds was asked about the library link before it answered"
    assert {row.closed_on for row in leeds} == {ANSWERED_ON + timedelta(days=1)}
    quiet_until = ANSWERED_ON + timedelta(days=30)
    assert not [row for row in leeds if row.decided_on and ANSWERED_ON < row.decided_on < quiet_until]


def year_party(year: Year, party_id: int) -> str:
    person = next((one for one in year.people.values() if one.party_id == party_id), None)
    return person.reference.split(".")[0].split("-")[0] if person else ""


def test_a_second_run_of_the_last_day_changes_nothing(year: Year) -> None:
    before = _read(year, select(func.count(), func.max(notice.c.id)).select_from(notice))
    night = datetime.combine(LAST, time(0, 5), UTC)
    done = reconcile_register(year.engine, night, LAST)
    planned = plan_messages(year.engine, night, LAST, domain="tallystick.example")
    assert (done.touched, planned.touched) == (0, 0)
    assert _read(year, select(func.count(), func.max(notice.c.id)).select_from(notice)) == before
