"""The operator: told at once of what keeps the engine from working, once, and left alone when it works again."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.facts import Reason
from commitments.log import Author
from commitments.operations import (
    appoint_operator,
    find_troubles,
    find_unanswered,
    open_operator_follow_up,
    record_beginning,
    record_finish,
    watch_flows,
)
from commitments.progress import answer_follow_up, report_progress
from commitments.reconcile import load_rules, reconcile_register
from commitments.register import import_agreement
from commitments.tables import contact, follow_up, log_entry
from commitments.vocabulary import FollowUpKind, NotificationKind, ReasonCode
from notifications.choosing import choose
from notifications.composing import compose_messages, is_empty
from notifications.links import Links
from notifications.names import load_names
from notifications.planning import plan_alerts, plan_messages
from notifications.rendering import write_message
from notifications.tables import notification
from tests.stories.test_reconcile import FORM

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
"""A Saturday: no follow-up of a promise would be told before Monday."""
TODAY = NOW.date()
HOUR = timedelta(hours=1)
FAULT = Reason(ReasonCode.INBOUND_REFUSED, {"event": "e-1", "fault": "commitment: no such commitment"})


def _open(engine: Engine) -> list[Any]:
    with open_reading(engine) as reading:
        return list(
            reading.execute(select(follow_up).where(follow_up.c.agreement_id.is_(None), follow_up.c.state == "open"))
        )


def _appoint(engine: Engine, mail: str | None, now: datetime = NOW) -> None:
    with open_unit(engine) as unit:
        appoint_operator(unit, mail, "en", "Europe/London", now)


def _refuse(engine: Engine, key: str = "e-1", now: datetime = NOW) -> bool:
    with open_unit(engine) as unit:
        return open_operator_follow_up(unit, FollowUpKind.INBOUND_REFUSED, key, FAULT, now)


def _plan(engine: Engine, now: datetime = NOW) -> int:
    return plan_alerts(engine, now, now.date(), domain="house.example").messages


def _messages(engine: Engine) -> list[Any]:
    with open_reading(engine) as reading:
        return list(reading.execute(select(notification).where(notification.c.kind == str(NotificationKind.ALERT))))


def test_the_operator_of_the_settings_is_told_at_once_and_once(engine: Engine) -> None:
    _appoint(engine, "ops@house.example")
    assert _refuse(engine)
    assert not _refuse(engine)
    assert (_plan(engine), _plan(engine, NOW + HOUR)) == (1, 0)
    assert plan_messages(engine, NOW + HOUR, TODAY, domain="house.example").messages == 0
    (message,) = _messages(engine)
    assert (message.address, message.next_at, message.state) == ("ops@house.example", NOW, "queued")


def test_an_operator_who_unsubscribed_from_alerts_is_told_all_the_same_and_not_asked_to(engine: Engine) -> None:
    _appoint(engine, "ops@house.example")
    with open_reading(engine) as reading:
        operator = reading.execute(select(contact.c.reference).where(contact.c.role == "operator")).scalar_one()
    _refuse(engine)
    with open_unit(engine) as unit:
        choose(unit, Author(operator, NOW), operator, {"unsubscribed": ["alert"]}, NOW)
    assert _plan(engine) == 1
    with open_unit(engine) as unit:
        choose(unit, Author(operator, NOW), operator, {"hour": "09:00", "unsubscribed": ["alert"]}, NOW)
    (row,) = _messages(engine)
    with open_reading(engine) as reading:
        links = Links("https://tally.example", ["a secret of the house"])
        rules, names = load_rules(reading), load_names(reading)
        message = compose_messages(reading, [row], rules, names, TODAY, links=links)[row.id]
    assert row.state == "queued"
    assert (message.unsubscribe_link, message.choices_link is not None) == (None, True)


def test_without_the_setting_the_first_coordinator_in_office_is_the_operator(engine: Engine) -> None:
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(FORM.replace("DUE", "2030").encode(), "a"), Author("test", NOW), TODAY)
    _appoint(engine, None)
    _refuse(engine)
    assert _plan(engine) == 1
    assert _messages(engine)[0].address == "cy@north.example"


def test_where_nobody_can_be_told_the_follow_up_is_still_open_to_be_seen(engine: Engine) -> None:
    assert _refuse(engine)
    assert _plan(engine) == 0
    assert [row.assignee_id for row in _open(engine)] == [None]


def test_a_new_operator_takes_over_what_is_open_and_is_told(engine: Engine) -> None:
    _appoint(engine, "ops@house.example")
    _refuse(engine)
    _appoint(engine, "night@house.example", NOW + HOUR)
    with open_unit(engine) as unit:
        watch_flows(unit, NOW + HOUR)
        assert len(unit.execute(select(contact).where(contact.c.role == "operator")).all()) == 1
    assert _plan(engine, NOW + HOUR) == 1
    assert _messages(engine)[0].address == "night@house.example"


def test_taking_the_setting_away_leaves_the_task_to_the_coordinator(engine: Engine) -> None:
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(FORM.replace("DUE", "2030").encode(), "a"), Author("test", NOW), TODAY)
    _appoint(engine, "ops@house.example")
    _refuse(engine)
    _appoint(engine, None)
    with open_unit(engine) as unit:
        watch_flows(unit, NOW)
    _plan(engine)
    assert [row.address for row in _messages(engine)] == ["cy@north.example"]


def test_the_letter_says_what_is_wrong_and_what_to_do_in_both_languages(engine: Engine) -> None:
    _appoint(engine, "ops@house.example")
    with open_unit(engine) as unit:
        reason = Reason(
            ReasonCode.RUN_FAILED, {"flow": "deliver", "run": "deliver: 3 sent", "ended": "Crashed", "fault": "killed"}
        )
        open_operator_follow_up(unit, FollowUpKind.RUN_FAILED, "deliver@2026-11-21", reason, NOW)
    _plan(engine)

    def write() -> Any:
        with open_reading(engine) as reading:
            rules, names = load_rules(reading), load_names(reading)
            (message,) = compose_messages(reading, _messages(engine), rules, names, TODAY).values()
        assert not is_empty(message)
        return write_message(message)

    english = write()
    assert english.subject == "Run failed: the run “deliver: 3 sent” of deliver ended as Crashed: killed"
    assert "The engine needs you (1)" in english.text
    assert "Read the run's log in the Prefect UI" in english.text
    assert "tally follow-ups --done run_failed:deliver@2026-11-21" in english.text
    with open_unit(engine) as unit:
        appoint_operator(unit, "ops@house.example", "zh", "Asia/Shanghai", NOW)
    chinese = write()
    assert chinese.subject.startswith("运行失败：") or chinese.subject.startswith("运行失败:")
    assert "请在Prefect界面查看该次运行的日志" in chinese.text


def test_a_later_run_that_finishes_closes_what_was_open_about_its_flow_and_no_letter_goes(engine: Engine) -> None:
    _appoint(engine, "ops@house.example")
    with open_unit(engine) as unit:
        record_beginning(unit, "deliver", NOW - 3 * HOUR)
        assert watch_flows(unit, NOW) == 1
        assert watch_flows(unit, NOW) == 0
    _plan(engine)
    with open_unit(engine) as unit:
        record_finish(unit, "send-digests", NOW)
        assert len(_open_in(unit)) == 1
        record_finish(unit, "deliver", NOW)
        assert not _open_in(unit)
    with open_reading(engine) as reading:
        (message,) = compose_messages(
            reading, _messages(engine), load_rules(reading), load_names(reading), TODAY
        ).values()
        assert is_empty(message)
        actions = reading.execute(select(log_entry.c.action).where(log_entry.c.subject == "follow_up")).scalars().all()
    assert actions == ["registered", "closed"]


def _open_in(unit: Any) -> list[Any]:
    return list(unit.execute(select(follow_up).where(follow_up.c.state == "open")))


def test_what_the_engine_closed_comes_back_with_its_cause_and_is_told_once_a_day(engine: Engine) -> None:
    _appoint(engine, "ops@house.example")
    told = 0
    for number in range(12):  # fails and works in turn, all day
        now = NOW + number * HOUR
        with open_unit(engine) as unit:
            record_beginning(unit, "deliver", now - 3 * HOUR)
            watch_flows(unit, now)
        told += _plan(engine, now)
        with open_unit(engine) as unit:
            record_finish(unit, "deliver", now)
    assert told == 1
    later = NOW + 24 * HOUR
    with open_unit(engine) as unit:
        record_beginning(unit, "deliver", later - 3 * HOUR)
        watch_flows(unit, later)
    assert _plan(engine, later) == 1


def test_what_a_person_closed_stays_closed(engine: Engine) -> None:
    _refuse(engine)
    with open_unit(engine) as unit:
        answer_follow_up(unit, Author("ops", NOW), "inbound_refused:e-1", TODAY, True, None, "sent again")
    assert not _refuse(engine, now=NOW + 24 * HOUR)
    assert not _open(engine)


@pytest.mark.parametrize(("hours", "missed"), [(25, False), (26, False), (27, True), (24 * 7, True)], ids=str)
def test_a_day_without_a_finished_check_is_noticed_by_any_other_run(engine: Engine, hours: int, missed: bool) -> None:
    with open_unit(engine) as unit:
        record_beginning(unit, "check-progress", NOW - hours * HOUR)
        record_finish(unit, "check-progress", NOW - hours * HOUR)
        record_finish(unit, "deliver", NOW)
        assert [one.kind for one in find_troubles(unit, NOW)] == [FollowUpKind.CHECK_MISSED] * missed


def test_a_check_that_never_finished_is_noticed_from_the_first_run_of_any_flow_on(engine: Engine) -> None:
    with open_unit(engine) as unit:
        record_beginning(unit, "deliver", NOW - 27 * HOUR)
        record_finish(unit, "deliver", NOW)
        (missed,) = find_troubles(unit, NOW)
        assert missed.reason.numbers == {"hours": 27}


def test_where_no_flow_ever_ran_nothing_is_missed(engine: Engine) -> None:
    with open_unit(engine) as unit:
        assert watch_flows(unit, NOW) == 0


def test_a_run_that_dies_again_and_again_is_noticed_although_each_new_one_began_just_now(engine: Engine) -> None:
    with open_unit(engine) as unit:
        for minutes in range(180, 0, -5):
            record_beginning(unit, "deliver", NOW - timedelta(minutes=minutes))
        (died,) = find_troubles(unit, NOW)
        assert (died.kind, died.about, died.reason.numbers["hours"]) == (FollowUpKind.RUN_FAILED, "deliver", 3)


def test_an_operator_who_does_not_answer_is_followed_by_a_coordinator(engine: Engine) -> None:
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(FORM.replace("DUE", "2030").encode(), "a"), Author("test", NOW), TODAY)
    _appoint(engine, "ops@house.example")
    _refuse(engine)
    _plan(engine)
    with open_unit(engine) as unit:
        unit.execute(notification.update().values(state="sent", sent_at=NOW))
    later = datetime.combine(date(2026, 12, 7), time(9), UTC)
    assert plan_alerts(engine, later, later.date(), domain="house.example").messages == 1
    with open_reading(engine) as reading:
        last = reading.execute(select(notification).order_by(notification.c.id.desc())).first()
    assert last is not None
    assert (last.kind, last.address) == ("escalation", "cy@north.example")


def test_the_daily_check_leaves_the_operators_follow_ups_alone(engine: Engine) -> None:
    _refuse(engine)
    assert reconcile_register(engine, NOW, TODAY).touched == 0
    assert len(_open(engine)) == 1


MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
SURVEY = "overdue:north-south/survey@north:2026-02"
ALONE = FORM.partition("  - reference: visits")[0]


def _ask(engine: Engine, form: str = FORM) -> date:
    """Let the check of a Monday ask for what is late; gives the day by which the owner of the survey is to answer."""
    form = form.replace("DUE", "2026-02")
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(form.encode(), "a"), Author("test", MONDAY), MONDAY.date())
    reconcile_register(engine, MONDAY, MONDAY.date())
    with open_reading(engine) as reading:
        due: date = reading.execute(select(follow_up.c.due_on).where(follow_up.c.key == SURVEY)).scalar_one()
    return due


def _report(engine: Engine, commitment: str, party: str, now: datetime) -> None:
    with open_unit(engine) as unit:
        report_progress(unit, Author("ann", now), f"north-south/{commitment}", party, None, "at_risk", now.date())


def _watch(engine: Engine, now: datetime) -> int:
    with open_unit(engine) as unit:
        return watch_flows(unit, now)


def test_reports_that_were_asked_for_and_not_given_are_one_matter_of_the_operator_which_closes_with_the_last_of_them(
    engine: Engine,
) -> None:
    _appoint(engine, "ops@house.example")
    due = _ask(engine)
    assert _watch(engine, MONDAY) == 0
    assert [_watch(engine, NOW + hours * HOUR) for hours in range(3)] == [1, 0, 0]
    (asked,) = _open(engine)
    assert asked.kind == FollowUpKind.REPORTS_MISSING
    assert asked.reason["numbers"] == {"matter": "north-south/survey", "since": due.isoformat(), "others": 1}
    assert [_plan(engine, NOW + hours * HOUR) for hours in range(3)] == [1, 0, 0]
    for commitment, party in (("survey", "north"), ("visits", "north"), ("visits", "south")):
        assert _watch(engine, NOW + 3 * HOUR) == 0
        assert len(_open(engine)) == 1
        _report(engine, commitment, party, NOW + 3 * HOUR)
    _watch(engine, NOW + 4 * HOUR)
    assert not _open(engine)


@pytest.mark.parametrize(
    ("happens", "days", "told"),
    [
        pytest.param("nothing", 0, False, id="on the day of answer there is still time"),
        pytest.param("nothing", 1, False, id="and somewhere on earth half of the next"),
        pytest.param("nothing", 2, True, id="then it is told"),
        pytest.param("reported", 2, False, id="not what was reported on, however badly it goes"),
        pytest.param("reported before", 2, True, id="but a report from before the question is no answer to it"),
        pytest.param("reported by the other", 2, True, id="nor one of another party"),
        pytest.param("put off", 2, False, id="not what the person asked has put off"),
        pytest.param("put off", 20, True, id="until that day is over as well"),
        pytest.param("done", 2, False, id="not what was closed"),
    ],
)
def test_a_question_is_unanswered_when_its_day_is_over_without_a_report_of_who_was_asked(
    sqlite_engine: Engine, happens: str, days: int, told: bool
) -> None:
    if happens == "reported before":
        with open_unit(sqlite_engine) as unit:
            form = parse_agreement(ALONE.replace("DUE", "2027").encode(), "a")
            import_agreement(unit, form, Author("test", MONDAY), MONDAY.date())
        _report(sqlite_engine, "survey", "north", MONDAY - timedelta(days=60))
    form = ALONE
    if happens == "reported by the other":
        form = ALONE.replace("contact: north-owner}]", "contact: north-owner}, {party: south}]")
    due = _ask(sqlite_engine, form)
    noon = datetime.combine(due, time(9), UTC) + days * 24 * HOUR
    with open_unit(sqlite_engine) as unit:
        author = Author("ann", MONDAY)
        if happens == "put off":
            answer_follow_up(unit, author, SURVEY, MONDAY.date(), False, due + timedelta(days=10), None)
        if happens == "done":
            answer_follow_up(unit, author, SURVEY, MONDAY.date(), True, None, "seen to")
        if happens == "reported by the other":
            unit.execute(follow_up.update().where(follow_up.c.key != SURVEY).values(state="done"))
    if happens.startswith("reported") and happens != "reported before":
        _report(sqlite_engine, "survey", "south" if "other" in happens else "north", MONDAY + 24 * HOUR)
    with open_reading(sqlite_engine) as reading:
        assert (find_unanswered(reading, noon) is not None) is told
