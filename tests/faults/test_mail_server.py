"""Mail servers that are away, busy, final, or cut the line before their answer: nothing lost, nothing doubled."""

import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine, delete, func, select, update

from commitments.clock import today_in
from commitments.database import open_reading, open_unit
from commitments.reconcile import reconcile_register
from commitments.settings import Settings
from commitments.tables import channel_state, commitment, contact, follow_up, log_entry, milestone
from notifications import desk, dispatch, itemising, outbox, rendering
from notifications.crew import Dispatched
from notifications.dispatch import dispatch_messages
from notifications.failures import close_failures, open_failures
from notifications.outbox import name_worker
from notifications.planning import plan_messages
from notifications.secret import load_mail_domain
from notifications.tables import attempt, notice, notification
from tests.effort import choose_databases
from tests.faults.conftest import Given, Morning
from tests.faults.dataset import NOW, TODAY
from tests.faults.day import finish_day, run_day, start_day
from tests.faults.oracle import copy_rows, judge_day

MESSAGES = 26


def run(day: Given, now: datetime = NOW, **changed: Any) -> dict[str, Any]:
    """The day's job in this very process, which lives on: what it leaves is not freed because it died."""
    return run_day(replace(day.orders, now=now, **changed).settings())


def count_states(engine: Engine) -> Counter[str]:
    with open_reading(engine) as reading:
        return Counter(reading.execute(select(notification.c.state)).scalars())


def list_rows(engine: Engine, *conditions: Any) -> Sequence[Any]:
    with open_reading(engine) as reading:
        return reading.execute(select(notification).where(*conditions).order_by(notification.c.id)).all()


def list_failures(engine: Engine) -> Sequence[Any]:
    with open_reading(engine) as reading:
        return reading.execute(
            select(follow_up, contact.c.role, contact.c.reference.label("assignee"))
            .outerjoin(contact, contact.c.id == follow_up.c.assignee_id)
            .where(follow_up.c.kind == "message_failed")
        ).all()


# Away


def test_a_server_that_is_away_for_a_run_costs_nothing_and_the_run_says_so(
    morning: Morning, given: Callable[[], Given]
) -> None:
    day = given()
    day.office.close_door()
    report = run(day)
    assert report["sent"] == 0
    assert "Connection refused" in report["halted"]
    with open_reading(day.engine) as reading:
        assert reading.execute(select(func.count()).select_from(attempt)).scalar_one() == 1
    assert count_states(day.engine) == {"queued": MESSAGES}
    day.office.open_door()
    report = run(day, NOW + timedelta(minutes=2))
    assert report["sent"] == MESSAGES
    assert report["halted"] is None
    verdict = judge_day(day.engine, day.office.read(), morning.expected, TODAY)
    assert (verdict.broken, verdict.lost, verdict.repeated) == ([], 0, 0)


@pytest.mark.parametrize("registers", choose_databases(), indirect=True)
def test_a_server_that_is_away_for_three_days_fails_no_letter_and_then_sends_one_a_person(
    given: Callable[[], Given],
) -> None:
    day = given()
    day.office.close_door()
    for hours in [24 * day_after + hour for day_after in range(3) for hour in (0, 1, 2, 3, 12)]:
        report = run(day, NOW + timedelta(hours=hours))
        assert report["halted"] or hours % 24 >= 4, "where it is night for the readers nothing is tried"
        assert report["failed"] == 0
    assert max(row.attempts for row in list_rows(day.engine)) > outbox.MOST_ATTEMPTS
    day.office.open_door()
    run(day, NOW + timedelta(days=5))  # a Monday: nobody is written to on the weekend between
    states = count_states(day.engine)
    assert not states["failed"]
    assert not states["queued"] + states["sending"]
    mails = Counter(mail.recipient for mail in day.office.read())
    at_once = Counter(row.address for row in list_rows(day.engine, notification.c.key.like("at-once|%")))
    assert all(count == 1 + at_once[address] for address, count in mails.items())
    with open_reading(day.engine) as reading:
        told = set(
            reading.execute(
                select(notice.c.id)
                .join(notification, notification.c.id == notice.c.notification_id)
                .where(notification.c.state == "sent")
            ).scalars()
        )
        every = set(reading.execute(select(notice.c.id).where(notice.c.decision == "told")).scalars())
    assert told == every


# Busy


@pytest.mark.parametrize("fault", ["mail_4xx", "rcpt_4xx", "data_4xx"])
def test_letters_refused_for_now_hold_up_no_others_and_go_after_their_wait(
    morning: Morning, given: Callable[[], Given], fault: str
) -> None:
    day = given()
    day.office.strike(**{fault: 0.2})
    report = run(day)
    assert report["sent"] + report["retried"] == MESSAGES
    assert report["sent"] > MESSAGES / 2
    assert report["retried"] > 1
    before = copy_rows(day.engine)
    run(day, NOW + timedelta(seconds=50))
    assert copy_rows(day.engine) == before
    for minutes in (2, 10, 60, 240):
        run(day, NOW + timedelta(minutes=minutes))
    verdict = judge_day(day.engine, day.office.read(), morning.expected, TODAY)
    assert (verdict.broken, verdict.lost, verdict.repeated) == ([], 0, 0)


@pytest.mark.parametrize("registers", choose_databases(), indirect=True)
@pytest.mark.parametrize("runs_a_day", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_a_letter_refused_for_now_again_and_again_has_failed_in_the_end(
    given: Callable[[], Given], runs_a_day: int
) -> None:
    day = given()
    day.office.strike(rcpt_4xx=1)
    with open_unit(day.engine) as unit:  # one person is enough
        unit.execute(update(contact).where(contact.c.id != 1).values(channels={}))
    for hours in range(0, 24 * 14, 24 // runs_a_day):
        if run(day, NOW + timedelta(hours=hours))["failed"]:
            break
    (failed,) = list_rows(day.engine, notification.c.state == "failed")
    assert failed.attempts == outbox.MOST_ATTEMPTS
    assert failed.reason["code"] == "given_up"
    with open_reading(day.engine) as reading:
        assert reading.execute(select(func.count()).select_from(attempt)).scalar_one() == outbox.MOST_ATTEMPTS


# Final


def test_a_refusal_for_good_fails_at_once_and_a_coordinator_is_asked_to_look(given: Callable[[], Given]) -> None:
    day = given()
    day.office.strike(rcpt_5xx=0.3)
    report = run(day)
    assert report["sent"] + report["failed"] == MESSAGES
    assert report["failed"] > 2
    failed = list_rows(day.engine, notification.c.state == "failed")
    assert {row.reason["code"] for row in failed} == {"refused"}
    assert {row.attempts for row in failed} == {1}
    failures = list_failures(day.engine)
    persons = {row.contact_id for row in failed}
    assert len(failures) == len(persons)
    for one in failures:
        assert one.role == "coordinator"
        assert one.reason["numbers"]["contact"] != one.assignee
        assert "no such user" in one.reason["numbers"]["reply"]
    day.office.strike()
    for days in (1, 2, 5):
        run(day, NOW + timedelta(days=days))
    again = {row.id: row for row in list_rows(day.engine, notification.c.id.in_([row.id for row in failed]))}
    assert all((row.state, row.attempts) == ("failed", 1) for row in again.values())
    with open_reading(day.engine) as reading:
        told = set(
            reading.execute(
                select(notice.c.follow_up_id)
                .join(notification, notification.c.id == notice.c.notification_id)
                .where(notification.c.state == "sent")
            ).scalars()
        )
    assert {one.id for one in failures} <= told


def test_a_failure_is_closed_by_itself_when_a_later_message_reached_the_person(given: Callable[[], Given]) -> None:
    day = given()
    day.office.strike(rcpt_5xx=0.3)
    run(day)
    unreached = {row.reason["numbers"]["contact"] for row in list_failures(day.engine)}
    assert {row.state for row in list_failures(day.engine)} == {"open"}
    day.office.strike()
    run(day, NOW + timedelta(days=1))
    assert {row.state for row in list_failures(day.engine)} == {"open"}, "what was taken may still come back"
    for days in range(2, 15):
        run(day, NOW + timedelta(days=days))
    with open_reading(day.engine) as reading:
        reached = set(
            reading.execute(
                select(contact.c.reference)
                .join(notification, notification.c.contact_id == contact.c.id)
                .where(notification.c.state == "sent", contact.c.reference.in_(unreached))
            ).scalars()
        )
        actions = reading.execute(
            select(log_entry.c.row_id).where(log_entry.c.subject == "follow_up", log_entry.c.action == "closed")
        )
        logged = set(actions.scalars())
    assert reached, "somebody was reached at last"
    failures = list_failures(day.engine)
    closed = [row for row in failures if row.state == "done"]
    assert {row.reason["numbers"]["contact"] for row in closed} == reached
    assert {(row.closed_by, row.closed_why) for row in closed} == {("engine", "a later message reached the person")}
    assert {row.id for row in closed} <= logged
    assert dispatch_messages(day.engine, day.orders.settings(), read_clock=lambda: NOW + timedelta(days=8)).failed == 0
    assert list_failures(day.engine) == failures, "run again, nothing changes"


def test_what_fails_again_on_the_day_on_which_its_failure_was_closed_is_asked_about_again(
    given: Callable[[], Given],
) -> None:
    day = given()
    day.office.strike(rcpt_5xx=1)
    run(day)
    failed = list_rows(day.engine, notification.c.state == "failed")[0]
    with open_unit(day.engine) as unit:
        later = NOW + timedelta(hours=1)
        unit.execute(delete(channel_state))
        mine = notification.c.contact_id == failed.contact_id
        unit.execute(update(notification).where(mine).values(state="sent", sent_at=later))
        assert close_failures(unit, later) == 1
        assert close_failures(unit, later) == 0
        open_failures(unit, [failed.id], "551 moved away", later + timedelta(hours=1))
    about = [row for row in list_failures(day.engine) if row.key.split(":")[1] == row.matter]
    (again,) = [row for row in about if "551" in row.reason["numbers"]["reply"]]
    assert (again.state, again.closed_on, again.closed_by) == ("open", None, None)


def test_what_fails_after_a_message_reached_the_person_stays_open(given: Callable[[], Given]) -> None:
    day = given()
    run(day)
    day.office.strike(rcpt_5xx=1)
    for days in range(1, 8):
        if run(day, NOW + timedelta(days=days))["failed"]:
            break
    assert {row.state for row in list_failures(day.engine)} == {"open"}


def test_a_failure_reads_no_more_of_the_register_the_more_people_it_holds(
    given: Callable[[], Given], count_statements: Callable[[Engine], Any]
) -> None:
    day = given()
    day.office.strike(rcpt_5xx=1)
    run(day)
    failed = [row.id for row in list_rows(day.engine, notification.c.state == "failed")]
    counts = []
    for ids in (failed[:1], failed):
        with open_unit(day.engine) as unit:
            unit.execute(delete(notice).where(notice.c.follow_up_id.is_not(None)))
            unit.execute(delete(follow_up).where(follow_up.c.kind == "message_failed"))
        with count_statements(day.engine) as counted, open_unit(day.engine) as unit:
            open_failures(unit, ids, "550 no such user", NOW)
        counts.append(counted.total)
        people = [one for one in counted.statements if "FROM contact" in one]
        assert all("WHERE" in one for one in people), "only those concerned are read"
    assert counts[0] == counts[1]
    assert len(list_failures(day.engine)) == len({row.contact_id for row in list_rows(day.engine)})


# Cut before the answer


def test_a_letter_whose_answer_was_cut_off_goes_once_more_flagged_and_under_its_old_name(
    morning: Morning, given: Callable[[], Given]
) -> None:
    day = given()
    day.office.strike(drop_after_ok=0.3)
    report = run(day)
    cut = report["retried"]
    assert cut > 2
    assert report["sent"] == MESSAGES - cut
    day.office.strike()
    report = run(day, NOW + timedelta(minutes=2))
    assert (report["sent"], report["repeated"]) == (cut, cut)
    mails = day.office.read()
    verdict = judge_day(day.engine, mails, morning.expected, TODAY, kills=cut)
    assert (verdict.broken, verdict.lost, verdict.repeated) == ([], 0, cut)
    assert sum(mail.repeat for mail in mails) == cut
    assert max(Counter(mail.message_id for mail in mails).values()) == 2


def test_with_repeats_forbidden_a_letter_whose_answer_was_cut_off_is_put_aside(given: Callable[[], Given]) -> None:
    day = given()
    day.office.strike(drop_after_ok=0.3)
    report = run(day, repeat_uncertain=False)
    assert report["failed"] > 2
    assert report["sent"] == MESSAGES - report["failed"]
    failed = list_rows(day.engine, notification.c.state == "failed")
    assert {row.reason["code"] for row in failed} == {"uncertain_held"}
    assert len(list_failures(day.engine)) == len({row.contact_id for row in failed})
    day.office.strike()
    for days in (1, 2):
        run(day, NOW + timedelta(days=days), repeat_uncertain=False)
    mails = Counter(mail.message_id for mail in day.office.read())
    assert set(mails.values()) == {1}
    assert all(mails[row.message_id] == 1 for row in failed)


def test_with_repeats_forbidden_a_kill_puts_the_letter_under_way_aside(given: Callable[[], Given]) -> None:
    day = given()
    assert finish_day(day.orders, failpoints="outbox.after_send=kill@5", repeat_uncertain=False) is None
    finish_day(day.orders, repeat_uncertain=False)
    assert count_states(day.engine) == {"sent": MESSAGES - 1, "failed": 1}
    assert set(Counter(mail.message_id for mail in day.office.read()).values()) == {1}
    assert len(day.office.read()) == MESSAGES
    assert len(list_failures(day.engine)) == 1


def test_a_letter_that_kills_its_sender_each_time_is_given_up(given: Callable[[], Given]) -> None:
    day = given()
    for _ in range(outbox.MOST_ATTEMPTS):
        assert finish_day(day.orders, failpoints="outbox.after_send=kill") is None
    finish_day(day.orders)
    assert max(Counter(mail.message_id for mail in day.office.read()).values()) <= outbox.MOST_ATTEMPTS
    assert not count_states(day.engine)["queued"]


# Asked to stop


def test_a_sender_that_is_asked_to_stop_finishes_its_letter_and_gives_the_rest_back(
    morning: Morning, given: Callable[[], Given]
) -> None:
    day = given()
    settings = day.orders.settings()
    stop = threading.Event()

    def read_clock() -> datetime:
        if len(day.office.read()) == 4:
            stop.set()
        return NOW

    prepare(day, settings)
    report = dispatch_messages(day.engine, settings, read_clock=read_clock, stop=stop)
    assert report.sent == len(day.office.read()) <= 5
    assert count_states(day.engine) == {"sent": report.sent, "queued": MESSAGES - report.sent}
    assert dispatch_messages(day.engine, settings, read_clock=lambda: NOW).sent == MESSAGES - report.sent
    verdict = judge_day(day.engine, day.office.read(), morning.expected, TODAY)
    assert (verdict.broken, verdict.lost, verdict.repeated) == ([], 0, 0)


# Several senders in one run


def hire_senders(day: Given, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Four senders for a day whose messages have been queued; each takes three messages at a time."""
    monkeypatch.setattr(dispatch, "SMALLEST_BATCH", 2)
    monkeypatch.setattr(dispatch, "BATCH", 8)
    settings = day.orders.settings().model_copy(update={"senders": 4})
    prepare(day, settings)
    return settings


def test_several_senders_at_work_at_once_send_each_message_once(
    morning: Morning, given: Callable[[], Given], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = given()
    settings = hire_senders(day, monkeypatch)
    met = threading.Barrier(4, timeout=120)
    seen: set[int] = set()

    def read_clock() -> datetime:
        if threading.current_thread() is not threading.main_thread() and threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            met.wait()
        return NOW

    report = dispatch_messages(day.engine, settings, read_clock=read_clock)
    assert (report.sent, report.halted, len(seen)) == (MESSAGES, None, 4)
    assert count_states(day.engine) == {"sent": MESSAGES}
    verdict = judge_day(day.engine, day.office.read(), morning.expected, TODAY)
    assert (verdict.broken, verdict.lost, verdict.repeated) == ([], 0, 0)


def test_what_several_senders_are_done_with_is_told_together_batch_by_batch_up_to_all(
    given: Callable[[], Given], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = given()
    settings = hire_senders(day, monkeypatch)
    told: list[int] = []
    report = dispatch_messages(day.engine, settings, read_clock=lambda: NOW, tell=told.append)
    assert told == sorted(told)
    assert len(told) >= MESSAGES / 8
    assert told[-1] == report.sent == MESSAGES


def test_when_one_of_several_senders_finds_the_way_closed_all_stop_and_give_back_what_they_hold(
    given: Callable[[], Given], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = given()
    settings = hire_senders(day, monkeypatch)
    day.office.close_door()
    report = dispatch_messages(day.engine, settings, read_clock=lambda: NOW)
    assert report.sent == 0
    assert "Connection refused" in str(report.halted)
    with open_reading(day.engine) as reading:
        assert 1 <= reading.execute(select(func.count()).select_from(attempt)).scalar_one() <= 4
    assert count_states(day.engine) == {"queued": MESSAGES}


def test_a_sender_that_fails_ends_the_run_of_the_others_and_nothing_stays_claimed(
    given: Callable[[], Given], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = given()
    settings = hire_senders(day, monkeypatch)
    calls = iter(range(100))
    find = desk.find_left_out

    def find_once(*arguments: Any) -> Any:
        if next(calls):
            raise LookupError("the third shelf is missing")
        return find(*arguments)

    monkeypatch.setattr(desk, "find_left_out", find_once)
    with pytest.raises(LookupError, match="third shelf"):
        dispatch_messages(day.engine, settings, read_clock=lambda: NOW)
    states = count_states(day.engine)
    assert states["sent"] == len(day.office.read()) <= 3, "no more than the first had claimed"
    assert states["sent"] + states["queued"] == MESSAGES


def prepare(day: Given, settings: Settings, now: datetime = NOW) -> None:
    """All of the day's job but the sending."""
    today = today_in(settings.time_zone, now)
    reconcile_register(day.engine, now, today)
    plan_messages(day.engine, now, today, domain=load_mail_domain(settings))


def send(day: Given, now: datetime = NOW) -> Dispatched:
    return dispatch_messages(day.engine, day.orders.settings(), read_clock=lambda: now)


# Hung


@pytest.mark.parametrize("place", ["outbox.before_send", "outbox.after_send"])
def test_a_sender_that_hangs_past_its_lease_and_comes_back_changes_nothing(
    given: Callable[[], Given], place: str
) -> None:
    day = given()
    began = time.monotonic()
    hung = start_day(replace(day.orders, failpoints=f"{place}=hang@4", lease_seconds=3, running_clock=True))
    process = psutil.Process(hung.process.pid)
    wait_for(lambda: process.status() == psutil.STATUS_STOPPED)
    try:
        assert len(day.office.read()) == (3 if place.endswith("before_send") else 4)
        report = finish_day(day.orders, now=NOW + timedelta(minutes=10))
        assert report is not None
        assert report["released"] >= 1
        assert report["repeated"] == 1
        before = copy_rows(day.engine)
        wait_for(lambda: time.monotonic() - began > 4)  # by its own clock, too, its lease is over
    finally:
        process.resume()
    late = hung.finish()
    assert late is not None
    assert late["sent"] == 3
    assert copy_rows(day.engine) == before
    assert count_states(day.engine) == {"sent": MESSAGES}
    mails = Counter(mail.message_id for mail in day.office.read())
    assert len(mails) == MESSAGES
    assert mails.total() == MESSAGES + 1
    twice = [name for name, count in mails.items() if count == 2]
    assert [row.message_id for row in list_rows(day.engine, notification.c.repeated)] == twice


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError(f"it did not happen within {seconds} s")


def test_a_slow_but_living_sender_keeps_what_it_claimed(given: Callable[[], Given]) -> None:
    day = given()
    settings = day.orders.settings()
    prepare(day, settings)
    clock = [NOW]
    taken: list[int] = []

    def read_clock() -> datetime:
        clock[0] += timedelta(seconds=20)  # every letter takes most of a minute, and a batch far more than a lease
        if len(day.office.read()) == 20 and not taken:
            with open_unit(day.engine) as unit:
                taken.append(outbox.release_abandoned(unit, clock[0], repeat_uncertain=True))
        return clock[0]

    report = dispatch_messages(day.engine, settings, read_clock=read_clock)
    assert taken == [0]
    assert report.sent == MESSAGES
    assert report.repeated == 0


def test_a_dead_process_is_known_as_gone_and_a_living_one_is_not() -> None:
    host, pid, born = name_worker().split("|")
    assert not outbox.is_gone(f"{host}|{pid}|{born}")
    assert not outbox.is_gone(f"{host}|{pid}|{float(born) + 1:.2f}")  # the clock was set right meanwhile
    assert outbox.is_gone(f"{host}|{pid}|{float(born) - 3600:.2f}")
    assert not outbox.is_gone(f"elsewhere|{pid}|{float(born) - 3600:.2f}")


def test_a_dead_process_that_its_parent_has_not_looked_after_yet_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        worker = f"{socket.gethostname()}|{child.pid}|{psutil.Process(child.pid).create_time():.2f}"
        assert not outbox.is_gone(worker)
        child.kill()
        wait_for(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
        assert outbox.is_gone(worker)


# What cannot be written


def test_a_letter_that_cannot_be_written_holds_up_no_others(
    given: Callable[[], Given], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = given()
    write = rendering.write_message

    def stumble(message: Any) -> Any:
        if message.to_name == "Ann Stoke":
            raise KeyError("a template asks for what is not there")
        return write(message)

    monkeypatch.setattr(rendering, "write_message", stumble)
    report = run(day)
    assert (report["sent"], report["retried"]) == (MESSAGES - 1, 1)
    (left,) = list_rows(day.engine, notification.c.state == "queued")
    assert left.address == "ann@stoke.example"
    assert left.attempts == 1
    with open_reading(day.engine) as reading:
        reply = reading.execute(select(attempt.c.reply).where(attempt.c.notification_id == left.id)).scalar_one()
    assert reply.startswith("the letter could not be written: KeyError")
    monkeypatch.undo()
    assert run(day, NOW + timedelta(minutes=2))["sent"] == 1
    assert set(Counter(mail.message_id for mail in day.office.read()).values()) == {1}


def test_a_message_that_cannot_be_composed_fails_alone_with_its_reason(
    given: Callable[[], Given], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = given()
    build = itemising._build_item

    def stumble(row: Any, person: Any, *rest: Any) -> Any:
        if person.mail == "ann@stoke.example":
            raise KeyError("a number that no reason has")
        return build(row, person, *rest)

    monkeypatch.setattr(itemising, "_build_item", stumble)
    report = run(day)
    assert (report["sent"], report["retried"]) == (MESSAGES - 1, 1)
    (left,) = list_rows(day.engine, notification.c.state == "queued")
    assert (left.address, left.attempts) == ("ann@stoke.example", 1)
    with open_reading(day.engine) as reading:
        reply = reading.execute(select(attempt.c.reply).where(attempt.c.notification_id == left.id)).scalar_one()
        told = select(func.count()).where(notice.c.notification_id == left.id, notice.c.decision != "told")
        assert reading.execute(told).scalar_one() == 0, "what it holds is not called answered"
    assert reply.startswith("the message could not be composed: KeyError")
    monkeypatch.undo()
    assert run(day, NOW + timedelta(minutes=2))["sent"] == 1
    assert set(Counter(mail.message_id for mail in day.office.read()).values()) == {1}


# Answered meanwhile


def test_what_was_answered_between_planning_and_sending_is_left_out_or_cancels_the_message(
    given: Callable[[], Given],
) -> None:
    day = given()
    settings = day.orders.settings()
    prepare(day, settings)
    alone, among = choose_messages(day.engine)
    with open_unit(day.engine) as unit:
        for row in (*alone, among[0]):
            answer(unit, row)
    report = send(day)
    assert report.cancelled == 1
    assert report.sent == MESSAGES - 1
    (cancelled,) = list_rows(day.engine, notification.c.state == "cancelled")
    assert cancelled.id == alone[0].notification_id
    assert cancelled.reason["code"] == "answered_meanwhile"
    assert cancelled.address not in {mail.recipient for mail in day.office.read()}
    (other,) = list_rows(day.engine, notification.c.id == among[0].notification_id)
    letter = "\n".join(day.office.read_letters(other.address))
    assert name_promise(among[1]) in letter
    assert name_promise(among[0]) not in letter


def choose_messages(engine: Engine) -> tuple[list[Any], list[Any]]:
    """The notices of an owner's message, all to be answered, and of another's with several, one to be answered."""
    with open_reading(engine) as reading:
        rows = reading.execute(
            select(notice, contact.c.role)
            .join(contact, contact.c.id == notice.c.contact_id)
            .where(notice.c.decision == "told", contact.c.role == "owner")
            .order_by(notice.c.id)
        ).all()
    messages: dict[int, list[Any]] = {}
    for row in rows:
        messages.setdefault(row.notification_id, []).append(row)
    mixed = [ones for ones in messages.values() if len({one.commitment_id for one in ones}) == len(ones) > 1]
    return next(ones for ones in mixed if {one.kind for one in ones} == {"reminder", "follow_up"}), mixed[-1]


def answer(unit: Any, row: Any) -> None:
    """Close what a notice is about: its follow-up, its milestone, or its whole promise."""
    if row.follow_up_id is not None:
        unit.execute(update(follow_up).where(follow_up.c.id == row.follow_up_id).values(state="done"))
    elif row.matter_kind == "milestone":
        unit.execute(
            update(milestone)
            .where(milestone.c.commitment_id == row.commitment_id)
            .values(met_on=TODAY.isoformat(), state="met")
        )
    else:
        unit.execute(update(commitment).where(commitment.c.id == row.commitment_id).values(state="fulfilled"))


def name_promise(row: Any) -> str:
    return f"exchange number {row.commitment_id - 1} "


def test_a_matter_that_opens_again_on_the_same_day_is_told_after_all(given: Callable[[], Given]) -> None:
    day = given()
    settings = day.orders.settings()
    prepare(day, settings)
    with open_reading(day.engine) as reading:
        rows = reading.execute(
            select(notice).where(notice.c.kind == "follow_up", notice.c.standing == "overdue").order_by(notice.c.id)
        ).all()
    for row in rows[:3]:
        with open_unit(day.engine) as unit:
            unit.execute(update(commitment).where(commitment.c.id == row.commitment_id).values(state="fulfilled"))
    reconcile_register(day.engine, NOW, TODAY)
    send(day)
    for row in rows[:3]:
        with open_unit(day.engine) as unit:
            unit.execute(update(commitment).where(commitment.c.id == row.commitment_id).values(state="active"))
    run(day, NOW + timedelta(hours=1))
    run(day, NOW + timedelta(days=1))
    for row in rows[:3]:
        address = next(one.address for one in list_rows(day.engine, notification.c.contact_id == row.contact_id))
        assert name_promise(row) in "\n".join(day.office.read_letters(address))
