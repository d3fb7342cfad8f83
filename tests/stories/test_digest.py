"""What a coordinator reads on Monday: what has changed since the last digest, what is stuck, each on their own side."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, update

from commitments import tables
from commitments.database import open_reading, open_unit
from commitments.facts import Matter, Person, Reason, Standing
from commitments.log import Author
from commitments.progress import add_activity, confirm_report, report_progress
from commitments.reconcile import load_rules, reconcile_register
from commitments.register import import_agreement
from commitments.vocabulary import MatterKind, MilestoneState, Rating, ReasonCode, StandingState
from notifications.changes import ENTRIES_READ
from notifications.digests import Pictures, find_age
from notifications.languages import load_words
from notifications.messages import Age, Digest, Message, Summary
from notifications.names import load_names
from notifications.overviews import NEWS_LIMIT, STUCK_LIMIT, describe_digest
from notifications.reasons import ChangeKind, Decision
from notifications.rendering import write_message
from notifications.tables import notice, notification
from tests.forms import as_form, twin_towns

LONG_AGO = timedelta(days=400)


def add_people(form: dict[str, Any]) -> dict[str, Any]:
    """A coordinator on each side, one who reads English and one who reads Chinese."""
    for party, language in zip(form["parties"], ("en", "zh"), strict=True):
        name = party["reference"]
        party["contacts"].append(
            {
                "reference": f"{name}-desk",
                "name": f"Desk of {name}",
                "role": "coordinator",
                "language": language,
                "channels": {"mail": f"desk@{name}.example"},
            }
        )
    return form


@pytest.fixture
def register(engine: Engine, today: date) -> Engine:
    """One agreement of two towns, on record for long, with its follow-ups opened a month ago."""
    past = Author("desk", datetime.combine(today - LONG_AGO, time(9), UTC))
    with open_unit(engine) as unit:
        import_agreement(unit, as_form(**add_people(twin_towns())), past, today - LONG_AGO)
    before = today - timedelta(days=30)
    reconcile_register(engine, datetime.combine(before, time(6), UTC), before)
    return engine


@pytest.fixture
def do(register: Engine, author: Author) -> Callable[..., Any]:
    def run(use_case: Callable[..., Any], *values: Any, **named: Any) -> Any:
        with open_unit(register) as unit:
            return use_case(unit, author, *values, **named)

    return run


def draw(engine: Engine, desk: str, today: date, taken_up: datetime | None = None) -> tuple[Person, Digest, Summary]:
    with open_reading(engine) as reading:
        rules, names = load_rules(reading), load_names(reading)
        pictures = Pictures(reading, rules, names)
        person = next(one for one in rules.people.values() if one.reference == desk)
        return person, pictures.digest_of(person, today, taken_up), pictures.summary_of(person, today)


def test_a_quiet_week_has_no_news(register: Engine, today: date) -> None:
    assert draw(register, "leeds-desk", today)[1].news == ()


def test_the_news_are_what_people_did_since_the_last_digest(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    link, scholars = "leeds-hangzhou/library-link", "leeds-hangzhou/scholars"
    do(report_progress, scholars, None, None, Rating.AT_RISK, today, value=4.0)
    do(report_progress, link, "leeds", "leeds-hall", Rating.ON_TRACK, today, fulfilled=True)
    do(confirm_report, link, "hangzhou", today, False, "not yet")
    do(
        add_activity,
        "leeds-hangzhou",
        "A visit of librarians",
        "visit",
        "2026-02",
        today,
        commitments=("library-link",),
    )
    news = draw(register, "leeds-desk", today)[1].news
    assert {one.kind for one in news} == {
        ChangeKind.REPORTED,
        ChangeKind.MEASURED,
        ChangeKind.RETURNED,
        ChangeKind.HELD,
    }
    told = {one.kind: one for one in news}
    assert (told[ChangeKind.REPORTED].party, told[ChangeKind.MEASURED].value) == ("Leeds", 4.0)
    assert told[ChangeKind.RETURNED].party == "Hangzhou" and told[ChangeKind.HELD].title == "A visit of librarians"


def test_a_commitment_that_was_fulfilled_is_told_once_not_as_a_report_as_well(
    register: Engine, do: Callable[..., Any], today: date
) -> None:
    do(report_progress, "leeds-hangzhou/scholars", None, None, Rating.ON_TRACK, today, fulfilled=True)
    assert [one.kind for one in draw(register, "leeds-desk", today)[1].news] == [ChangeKind.REPORTED_DONE]
    do(confirm_report, "leeds-hangzhou/scholars", "hangzhou", today, True, None)
    assert ChangeKind.SETTLED in [one.kind for one in draw(register, "leeds-desk", today)[1].news], "once it is so"


def test_what_the_last_digest_told_is_not_told_again(register: Engine, do: Callable[..., Any], today: date) -> None:
    do(report_progress, "leeds-hangzhou/scholars", None, None, Rating.ON_TRACK, today)
    person = draw(register, "leeds-desk", today)[0]
    sent_at = datetime.combine(today, time(10), UTC)
    send_digest(register, person, sent_at)
    tomorrow = today + timedelta(days=1)
    _, digest, _ = draw(register, "leeds-desk", tomorrow)
    assert (digest.news, digest.since) == ((), today)
    assert len(draw(register, "hangzhou-desk", tomorrow)[1].news) == 1  # who had no digest yet is told of a week


def test_what_happens_while_a_digest_waits_and_is_on_its_way_is_told_in_the_next_one_and_only_there(
    register: Engine, today: date
) -> None:
    day = today - timedelta(days=30)  # whose check, at six, asks for what is late
    person = draw(register, "leeds-desk", day)[0]
    night = datetime.combine(day, time(1), UTC)
    for hours, title in ((-2, "In the evening"), (2, "At night"), (7, "While it was sent"), (12, "On the same day")):
        with open_unit(register) as unit:
            author = Author("leeds-hall", night + timedelta(hours=hours))
            add_activity(unit, author, "leeds-hangzhou", title, "visit", "2026-01", day)
    first = draw(register, "leeds-desk", day, night)[1]
    send_digest(register, person, night + timedelta(hours=8), queued_at=night)
    second = draw(register, "leeds-desk", day + timedelta(days=7), night + timedelta(days=7))[1]
    assert [one.title for one in first.news] == ["In the evening"]
    assert [one.title for one in second.news] == ["On the same day", "While it was sent", "At night"]
    assert (first.opened, second.opened) == (0, count_opened(register, night)) and second.opened > 2


def count_opened(engine: Engine, since: datetime) -> int:
    with open_reading(engine) as reading:
        rows = reading.execute(select(tables.follow_up.c.id).where(tables.follow_up.c.opened_on >= since.date()))
        return len(rows.all())


def test_a_digest_that_missed_some_weeks_tells_of_all_of_them_but_of_ten_at_most(register: Engine, today: date) -> None:
    person = draw(register, "leeds-desk", today)[0]
    send_digest(register, person, datetime.combine(today - timedelta(days=21), time(8), UTC))
    assert draw(register, "leeds-desk", today)[1].since == today - timedelta(days=21)
    assert draw(register, "leeds-desk", today + timedelta(days=90))[1].since == today + timedelta(days=20)


def send_digest(engine: Engine, person: Person, sent_at: datetime, queued_at: datetime | None = None) -> None:
    usual = {"channel": "mail", "address": "x@y.example", "kind": "digest", "state": "sent", "reason": {}}
    with open_unit(engine) as unit:
        row = unit.execute(
            insert(notification)
            .values(
                **usual, key=f"k{sent_at}", contact_id=person.id, local_day=sent_at.date(), message_id="<a@b>",
                queued_at=queued_at or sent_at, next_at=sent_at, attempts=1, sent_at=sent_at, repeated=False,
            )
            .returning(notification.c.id)
        ).scalar_one()  # fmt: skip
        unit.execute(
            insert(notice).values(
                key=f"n{sent_at}", kind="digest", contact_id=person.id, notification_id=row, matter="x", matter_kind="",
                standing="", rung=0, reason={}, decision=str(Decision.TOLD), decision_reason={},
                decided_on=sent_at.date(), decided_at=sent_at,
            )
        )  # fmt: skip


def test_a_milestone_that_was_met_is_news_in_its_own_name(register: Engine, today: date) -> None:
    form = add_people(twin_towns())
    form["commitments"][0]["milestones"][0] |= {"state": "met", "met_on": "2026-02-20"}
    with open_unit(register) as unit:
        import_agreement(unit, as_form(**form), Author("desk", datetime.combine(today, time(9), UTC)), today)
    (one,) = draw(register, "leeds-desk", today)[1].news
    assert (one.kind, one.title, one.state) == (ChangeKind.MILESTONE, "A first visit", MilestoneState.MET)


def test_a_milestones_date_is_told_in_its_own_name_beside_its_promise_ahead_and_when_it_is_stuck(
    register: Engine, today: date
) -> None:
    form, due = add_people(twin_towns()), today + timedelta(days=10)
    form["commitments"][0] |= {"due": (today + timedelta(days=90)).isoformat()}
    form["commitments"][0]["milestones"][0] |= {"due": due.isoformat()}
    with open_unit(register) as unit:
        import_agreement(unit, as_form(**form), Author("desk", datetime.combine(today, time(9), UTC)), today)
    (ahead,) = [one for one in draw(register, "leeds-desk", today)[1].coming if one.day == due]
    assert ahead.promise == "A first visit (Link the two library services)"
    late = due + timedelta(days=1)
    reconcile_register(register, datetime.combine(late, time(6), UTC), late)
    stuck = draw(register, "leeds-desk", late + timedelta(days=20))[1].stuck
    assert "A first visit (Link the two library services)" in {one.promise for one in stuck}


def test_what_is_counted_in_english_is_left_out_of_another_languages_picture(register: Engine, today: date) -> None:
    form = add_people(twin_towns())
    visits = {"every": "year", "count": 4, "what": "exchange activities"}
    form["commitments"] = [
        form["commitments"][0] | {"kind": "recurring", "due": None, "milestones": [], "recurrence": visits}
    ]
    with open_unit(register) as unit:
        import_agreement(unit, as_form(**form), Author("desk", datetime.combine(today, time(9), UTC)), today)
    for desk, what in (("leeds-desk", "exchange activities"), ("hangzhou-desk", None)):
        (line,) = draw(register, desk, today)[2].agreements
        assert line.worst is not None and line.worst.numbers["what"] == what


def test_a_new_agreement_is_one_piece_of_news_not_one_a_row(engine: Engine, author: Author, today: date) -> None:
    with open_unit(engine) as unit:
        import_agreement(unit, as_form(**add_people(twin_towns())), author, today)
    (one,) = draw(engine, "leeds-desk", today)[1].news
    assert (one.kind, one.title) == (ChangeKind.REGISTERED, "Memorandum of Leeds and Hangzhou")


def test_what_is_stuck_has_waited_beyond_its_day_and_names_who_was_asked(register: Engine, today: date) -> None:
    _, digest, _ = draw(register, "leeds-desk", today - timedelta(days=25))
    assert digest.stuck == ()  # the ten working days are not over yet
    _, digest, _ = draw(register, "leeds-desk", today)
    with open_reading(register) as reading:
        waiting = reading.execute(select(tables.follow_up).where(tables.follow_up.c.state == "open")).all()
    asked = [who for one in digest.stuck for who in ((one.name, one.party), *one.others)]
    assert len(asked) == len(waiting) > 2
    assert ("A. Hall", "Leeds") in asked


def test_what_is_overdue_leads_what_is_stuck_though_plans_and_silence_have_waited_longer(
    register: Engine, today: date
) -> None:
    waited = {"unowned": 95, "unconfirmed": 90, "silent": 80, "behind": 70, "overdue": 10, "expired": 20}
    with open_unit(register) as unit:
        for kind, days in waited.items():
            add_follow_up(unit, f"{kind}-x", kind, today - timedelta(days=days))
        unit.execute(update(tables.follow_up).where(~tables.follow_up.c.key.like("%-_")).values(state="done"))
    stuck = draw(register, "leeds-desk", today)[1].stuck
    assert [str(one.kind) for one in stuck] == ["expired", "overdue", "behind", "silent", "unconfirmed", "unowned"]


def test_a_joint_promise_is_stuck_once_with_the_names_of_all_who_were_asked(register: Engine, today: date) -> None:
    _, digest, _ = draw(register, "leeds-desk", today)
    told = [(one.page, one.promise, one.kind, repr(one.reason)) for one in digest.stuck]
    assert len(set(told)) == len(told), "nothing stands there twice in the same words"
    (joint, *_) = [one for one in digest.stuck if one.others]
    view = next(one for one in describe_digest(load_words("en"), digest).stuck if one.title == joint.promise)
    assert "Leeds" in view.detail and "Hangzhou" in view.detail and " and " in view.detail


def test_what_does_not_fit_among_the_stuck_is_a_link_to_the_list(register: Engine, today: date) -> None:
    with open_unit(register) as unit:
        for number in range(STUCK_LIMIT + 3):
            add_follow_up(unit, f"late-{number}", "overdue", today - timedelta(days=9 + number))
        unit.execute(update(tables.follow_up).where(~tables.follow_up.c.key.like("late-%")).values(state="done"))
    _, digest, _ = draw(register, "leeds-desk", today)
    message = Message(
        kind="digest", day=today, to_name="Desk", language="en", items=(), digest=digest,  # type: ignore[arg-type]
        base_url="https://towns.example",
    )  # fmt: skip
    written = write_message(message)
    for body in (written.text, written.html):
        assert "https://towns.example/agreements?sort=urgent" in body and "and 3 more in the register" in body


def add_follow_up(unit: Connection, key: str, kind: str, due_on: date) -> None:
    """A question of a matter of its own, which should have been answered by a day."""
    agreement_id = unit.execute(select(tables.agreement.c.id)).scalar_one()
    unit.execute(
        insert(tables.follow_up).values(
            key=key, kind=kind, matter=f"leeds-hangzhou:{key}", matter_kind="expiry", agreement_id=agreement_id,
            period=key, due_on=due_on, reason={"code": "past_due", "numbers": {"due": str(due_on)}}, state="open",
            opened_on=due_on - timedelta(days=14),
        )
    )  # fmt: skip


@pytest.mark.parametrize("rating", [Rating.AT_RISK, Rating.OFF_TRACK])
def test_an_agreement_under_which_a_promise_was_called_in_trouble_is_never_called_nothing_to_do(
    engine: Engine, author: Author, today: date, rating: Rating
) -> None:
    form = add_people(twin_towns())
    form["commitments"] = [form["commitments"][0] | {"due": str(today + timedelta(days=5)), "milestones": []}]
    scholars = "leeds-hangzhou/library-link"
    with open_unit(engine) as unit:
        import_agreement(unit, as_form(**form), author, today)
        report_progress(unit, author, scholars, "leeds", "leeds-hall", Rating.ON_TRACK, today - timedelta(days=9))
    view = describe_digest(load_words("en"), draw(engine, "leeds-desk", today)[1])
    assert "Nothing to do: Memorandum of Leeds and Hangzhou" in view.quiet
    with open_unit(engine) as unit:
        report_progress(unit, author, scholars, "leeds", "leeds-hall", rating, today)
    for desk in ("leeds-desk", "hangzhou-desk"):
        view = describe_digest(load_words("en"), draw(engine, desk, today)[1])
        assert view.quiet == "" and view.figures[1] == "1 needs attention"
        (line,) = view.agreements
        assert "Leeds reported on" in line.worst and load_words("en").name(rating) in line.worst
    with open_unit(engine) as unit:
        report_progress(unit, author, scholars, "leeds", "leeds-hall", Rating.ON_TRACK, today)
    assert describe_digest(load_words("en"), draw(engine, "leeds-desk", today)[1]).agreements == ()


def test_each_coordinator_sees_their_own_side_first_and_in_their_own_language(register: Engine, today: date) -> None:
    reader, ours, _ = draw(register, "leeds-desk", today)
    other, theirs, _ = draw(register, "hangzhou-desk", today)
    assert (reader.language, other.language) == ("en", "zh")
    assert ours.agreements[0].partners == ("Hangzhou",) and theirs.agreements[0].partners == ("Leeds",)
    for digest in (ours, theirs):
        sides = [one.own_side for one in digest.waiting]
        assert sides == sorted(sides, reverse=True)
    count = dict[StandingState, int]
    assert sum(count(ours.agreements[0].own).values()) == 3  # two with the other side, one alone
    assert sum(count(theirs.agreements[0].own).values()) == 2
    assert sum(count(theirs.agreements[0].others).values()) == 1 and ours.agreements[0].others == ()
    view = describe_digest(load_words("zh"), theirs)
    assert [line.split("：")[0] for line in view.agreements[0].sides] == ["贵方", "对方"]


def test_more_than_fits_is_counted(register: Engine, do: Callable[..., Any], today: date) -> None:
    for number in range(NEWS_LIMIT + 3):
        do(add_activity, "leeds-hangzhou", f"Visit {number}", "visit", "2026-02", today)
    with open_unit(register) as unit:
        unit.execute(update(tables.follow_up).values(due_on=today - timedelta(days=1)))
    _, digest, _ = draw(register, "leeds-desk", today)
    view = describe_digest(load_words("en"), digest)
    assert len(view.news) == NEWS_LIMIT and view.more_news == "and 3 more in the register"
    assert len(view.stuck) <= STUCK_LIMIT < ENTRIES_READ
    message = Message(kind="digest", day=today, to_name="Desk", language="en", items=(), digest=digest)  # type: ignore[arg-type]
    assert "Visit 14" in write_message(message).text


def test_the_statements_of_a_digest_do_not_grow_with_what_happened(
    register: Engine, do: Callable[..., Any], today: date, count_statements: Callable[..., Any]
) -> None:
    do(add_activity, "leeds-hangzhou", "A visit", "visit", "2026-02", today)
    with count_statements(register) as few:
        draw(register, "leeds-desk", today)
    for number in range(20):
        do(add_activity, "leeds-hangzhou", f"Visit {number}", "visit", "2026-02", today)
    with count_statements(register) as many:
        draw(register, "leeds-desk", today)
    assert few.total == many.total


def test_silence_is_counted_by_its_age(register: Engine, today: date) -> None:
    _, _, summary = draw(register, "leeds-desk", today)
    assert dict(summary.silence) == {Age.LONGER: 2}  # what has no date, and nothing was heard of since 2018


@pytest.mark.parametrize(
    ("code", "numbers", "age"),
    [
        (ReasonCode.NO_DATE_ACTIVE, {"months": 0}, Age.HALF_YEAR),
        (ReasonCode.NO_DATE_ACTIVE, {"months": 5}, Age.HALF_YEAR),
        (ReasonCode.NO_DATE_ACTIVE, {"months": 6}, Age.YEAR),
        (ReasonCode.NO_DATE_ACTIVE, {"months": 11}, Age.YEAR),
        (ReasonCode.SILENT_SINCE, {"months": 12}, Age.TWO_YEARS),
        (ReasonCode.SILENT_SINCE, {"months": 23}, Age.TWO_YEARS),
        (ReasonCode.SILENT_SINCE, {"months": 24}, Age.LONGER),
        (ReasonCode.NOTHING_KNOWN, {}, Age.UNKNOWN),
        (ReasonCode.DUE_SOON, {"days": 3}, None),
    ],
)
def test_an_age_of_silence_counts_whole_months(code: ReasonCode, numbers: dict[str, Any], age: Age | None) -> None:
    matter = Matter(MatterKind.COMMITMENT, 1, "a", 1, "b")
    assert find_age(Standing(matter, StandingState.SILENT, Reason(code, numbers))) is age
