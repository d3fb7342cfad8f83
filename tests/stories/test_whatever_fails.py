"""Whatever fails when: of every open matter somebody hears who can be reached, and nobody hears it twice."""

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_database, open_reading, open_unit
from commitments.log import Author
from commitments.person_queries import load_people
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import contact, follow_up
from commitments.vocabulary import Outcome
from notifications.failures import close_failures
from notifications.outbox import Sent, begin_attempt, claim_messages, keep_outcome
from notifications.planning import plan_messages
from notifications.smtp_line import Delivery
from notifications.tables import notice, notification
from notifications.undelivered import review_channels
from tests.effort import try_examples
from tests.stories.house import FORM

START = date(2026, 3, 30)
FAULTS, DAYS = 12, 22
"""Something may fail on the first days; on those after them all works."""
PEOPLE = ("ann", "dee", "cy", "li")
TAKEN = Delivery(Outcome.ACCEPTED, 250, "taken")
ANSWERS: Mapping[str, Delivery] = {
    "unknown": Delivery(Outcome.PERMANENT, 550, "5.1.1 no such user"),
    "unwanted": Delivery(Outcome.PERMANENT, 554, "5.7.1 not wanted here"),
    "full": Delivery(Outcome.TEMPORARY, 452, "4.2.2 mailbox full"),
}

spells = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE), st.integers(0, FAULTS - 1), st.integers(1, FAULTS), st.sampled_from(sorted(ANSWERS))
    ),
    min_size=1,
    max_size=4,
)
"""Whose letters are answered how, from which day on and for how many days."""
moves = st.dictionaries(st.sampled_from(PEOPLE), st.integers(1, FAULTS), max_size=2)
"""Who is given a new address, on which day."""


def answer(who: str, address: str, day: int, spells: list[tuple[str, int, int, str]]) -> Delivery:
    if ".new@" in address or day >= FAULTS:
        return TAKEN
    said = [how for one, first, days, how in spells if one == who and first <= day < first + days]
    return ANSWERS[said[-1]] if said else TAKEN


def send(engine: Engine, now: datetime, say: Callable[[Any], Delivery]) -> None:
    """What dispatch writes, with these answers in place of a mail server's."""
    with open_unit(engine) as unit:
        for row in claim_messages(unit, "test", now, timedelta(minutes=5), 100):
            assert begin_attempt(unit, row, "test", now)
            sent = Sent(row.id, row.attempts + 1, say(row), now, "", row.repeated, row.earlier)
            keep_outcome(unit, sent, "test", repeat_uncertain=True)
        review_channels(unit, now)
        close_failures(unit, now)


def live(engine: Engine, spells: list[tuple[str, int, int, str]], moves: Mapping[str, int]) -> None:
    form = FORM.decode()
    with open_reading(engine) as reading:
        names = dict(map(tuple, reading.execute(select(contact.c.id, contact.c.reference)).all()))
    for number in range(DAYS):
        day = START + timedelta(days=number)
        now = datetime.combine(day, time(0), UTC)
        for who in [one for one, on in moves.items() if on == number]:
            form = form.replace(f"mail: {who}@", f"mail: {who}.new@")
            with open_unit(engine) as unit:
                import_agreement(unit, parse_agreement(form.encode(), "north-south.yaml"), Author("cy", now), day)
        reconcile_register(engine, now, day)
        plan_messages(engine, now, day, domain="tally.example")
        for hour in (8, 14):
            at = datetime.combine(day, time(hour), UTC)
            send(engine, at, lambda row, number=number: answer(names[row.contact_id], row.address, number, spells))


def find_unheard(engine: Engine) -> list[str]:
    """The open follow-ups older than a day of which no message has told anybody, though who is asked or a coordinator
    of their party can be reached."""
    with open_reading(engine) as reading:
        sent = select(notice.c.follow_up_id).join(notification, notification.c.id == notice.c.notification_id)
        told = set(reading.execute(sent.where(notice.c.decision == "told", notification.c.state == "sent")).scalars())
        people = load_people(reading)
        yesterday = START + timedelta(days=DAYS - 4)  # with a weekend between
        rows = reading.execute(
            select(follow_up).where(follow_up.c.state == "open", follow_up.c.opened_on <= yesterday)
        ).all()
    unheard = []
    for row in rows:
        standing_in = [one for one in people.values() if one.party_id == row.party_id and one.role == "coordinator"]
        asked = [one for one in (people.get(row.assignee_id), *standing_in) if one is not None]
        if row.id not in told and any(one.ways for one in asked):
            unheard.append(row.key)
    return unheard


@given(spells, moves)
@try_examples(12)
def test_whatever_fails_when_somebody_hears_of_every_matter_and_nobody_twice(
    sqlite_template: Path, spells: list[tuple[str, int, int, str]], moves: dict[str, int]
) -> None:
    copy = sqlite_template.with_name("whatever-fails.db")
    shutil.copyfile(sqlite_template, copy)
    engine = open_database(f"sqlite:///{copy}")
    try:
        with open_unit(engine) as unit:
            at = datetime.combine(START, time(0), UTC)
            import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", at), START)
        live(engine, spells, moves)
        with open_reading(engine) as reading:
            told = reading.execute(
                select(notice.c.follow_up_id, notice.c.rung, notice.c.contact_id)
                .join(notification, notification.c.id == notice.c.notification_id)
                .where(notice.c.decision == "told", notification.c.state == "sent", notice.c.follow_up_id.is_not(None))
            ).all()
        assert max(Counter(map(tuple, told)).values(), default=1) == 1, "nobody is told twice on one rung"
        assert find_unheard(engine) == []
    finally:
        engine.dispose()
