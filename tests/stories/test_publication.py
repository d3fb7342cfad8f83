"""What the log gives to be published: each happening once, in the transaction of the change, told in plain values."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.progress import add_activity, answer_follow_up, confirm_report, report_progress
from commitments.publication import (
    claim_emission,
    describe_happenings,
    give_back,
    list_unfollowed,
    list_unpublished,
    mark_published,
)
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import log_entry, publication
from commitments.vocabulary import NotificationState, Outcome
from notifications.delivery import Delivery
from notifications.outbox import Sent, begin_attempt, claim_messages, keep_outcome
from notifications.planning import plan_messages
from notifications.tables import notification

TODAY = date(2026, 3, 2)
NOW = datetime.combine(TODAY, time(9), UTC)

FORM = """
agreement: north-south
title: {en: Memorandum}
kind: memorandum
effective: 2024-01-01
signed: {north: 2023-12-01, south: 2023-12-02}
expires: EXPIRES
parties:
  - reference: north
    kind: city
    names: {en: North}
    country: GB
    time_zone: Europe/London
    contacts:
      - {reference: north-owner, name: Ann, role: owner, channels: {mail: ann@north.example}}
      - {reference: north-coordinator, name: Cy, role: coordinator, channels: {mail: cy@north.example}}
  - reference: south
    kind: city
    names: {en: South}
    country: GB
    time_zone: Europe/London
    contacts:
      - {reference: south-coordinator, name: Li, role: coordinator, channels: {mail: li@south.example}}
commitments:
  - reference: survey
    summary: Hand over the survey.
    kind: deliverable
    due: 2026-12-31
    owners: [{party: north, contact: north-owner}, {party: south, contact: south-coordinator}]
    milestones:
      - {reference: draft, title: The draft, due: DRAFT}
"""


def take(engine: Engine, *, expires: str = "2030-12-31", draft: str = "2026-06-30") -> None:
    text = FORM.replace("EXPIRES", expires).replace("DRAFT", draft)
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(text.encode(), "north-south.yaml"), Author("mei", NOW), TODAY)


def events(engine: Engine) -> list[str]:
    with open_reading(engine) as reading:
        names = reading.execute(select(publication.c.name).order_by(publication.c.log_entry_id)).scalars()
        return [name.removeprefix("tallystick.") for name in names]


def happenings(engine: Engine, name: str) -> list[Any]:
    with open_reading(engine) as reading:
        ids = reading.execute(select(publication.c.log_entry_id).where(publication.c.name == f"tallystick.{name}"))
        return describe_happenings(reading, list(ids.scalars()))


def test_a_new_agreement_says_who_signed_it_and_what_it_promises(engine: Engine) -> None:
    take(engine)
    assert events(engine) == ["agreement.signed", "agreement.signed", "commitment.registered"]
    signed = happenings(engine, "agreement.signed")
    assert [one.payload["party"] for one in signed] == ["north", "south"]
    (promised,) = happenings(engine, "commitment.registered")
    assert (promised.agreement, promised.title) == ("north-south", "Memorandum")
    assert promised.commitments == ("north-south/survey",)
    assert promised.parties == ("north", "south")
    assert promised.payload["values"]["kind"] == "deliverable"
    assert promised.payload["who"] == "mei"


def test_a_change_that_is_taken_back_gives_no_event(engine: Engine) -> None:
    take(engine)
    before = events(engine)
    with pytest.raises(OSError), open_unit(engine) as unit:
        add_activity(unit, Author("mei", NOW), "north-south", "Visit", "visit", "2026-03", TODAY)
        raise OSError
    assert events(engine) == before


def test_the_day_an_agreement_expires_is_told_once_however_often_it_is_checked(engine: Engine) -> None:
    take(engine, expires="2026-03-10")
    for days in (0, 8, 9, 9, 30):
        reconcile_register(engine, NOW + timedelta(days=days), TODAY + timedelta(days=days))
    assert events(engine).count("agreement.expired") == 1
    (expired,) = happenings(engine, "agreement.expired")
    assert expired.payload["why"] == "its last day was 2026-03-10"
    assert expired.payload["at"].startswith("2026-03-11")


def test_an_agreement_that_is_prolonged_and_expires_again_is_told_again(engine: Engine) -> None:
    take(engine, expires="2026-02-10")
    reconcile_register(engine, NOW, TODAY)
    take(engine, expires="2026-03-20")
    for days in (0, 30):
        reconcile_register(engine, NOW + timedelta(days=days), TODAY + timedelta(days=days))
    assert events(engine).count("agreement.expired") == 2


def test_an_overdue_milestone_is_told_once_for_each_date(engine: Engine) -> None:
    take(engine, draft="2026-02-28")
    reconcile_register(engine, NOW, TODAY)
    reconcile_register(engine, NOW, TODAY)
    assert events(engine).count("milestone.overdue") == 1
    take(engine, draft="2026-03-20")
    reconcile_register(engine, NOW + timedelta(days=30), TODAY + timedelta(days=30))
    first, second = happenings(engine, "milestone.overdue")
    assert first.payload["reference"] == second.payload["reference"] == "north-south/survey/draft"
    assert first.commitments == ("north-south/survey",)


def test_an_import_that_moves_a_date_is_one_amendment(engine: Engine) -> None:
    take(engine)
    before = len(events(engine))
    take(engine, expires="2031-12-31", draft="2026-07-31")
    assert events(engine)[before:] == ["agreement.amended"]


def test_a_report_its_confirmation_and_what_they_close_are_told_with_their_parties(engine: Engine) -> None:
    take(engine, draft="2026-02-28")
    reconcile_register(engine, NOW, TODAY)
    before = len(events(engine))
    author = Author("mei", NOW)
    with open_unit(engine) as unit:
        report_progress(
            unit, author, "north-south/survey", "north", None, "on_track", TODAY, "Secret words", None, None, True
        )
    with open_unit(engine) as unit:
        confirm_report(unit, author, "north-south/survey", "south", TODAY, False, "Not yet, said Li")
    told = events(engine)[before:]
    assert told == ["progress.reported", "commitment.fulfilled", "progress.returned", "agreement.amended"]
    (reported,) = happenings(engine, "progress.reported")
    assert reported.payload["party"] == "north"
    assert reported.payload["values"]["rating"] == "on_track"
    (returned,) = happenings(engine, "progress.returned")
    assert returned.payload["party"] == "south"
    for one in (reported, returned):
        assert "Secret" not in str(one.payload)
        assert "said Li" not in str(one.payload)


def test_an_activity_names_the_commitments_it_counts_for(engine: Engine) -> None:
    take(engine)
    with open_unit(engine) as unit:
        add_activity(unit, Author("mei", NOW), "north-south", "Visit", "visit", "2026-03", TODAY, ["survey"])
    (held,) = happenings(engine, "activity.held")
    assert held.commitments == ("north-south/survey",)
    assert held.payload["values"] == {"reference": "visit-2026-03", "kind": "visit", "held_on": "2026-03", "count": 1}


def test_a_follow_up_is_told_with_its_key_its_person_and_its_end(engine: Engine) -> None:
    take(engine, draft="2026-02-28")
    reconcile_register(engine, NOW, TODAY)
    opened = happenings(engine, "follow-up.opened")
    assert {one.payload["follow_up"]["assignee"] for one in opened} >= {"north-owner", "south-coordinator"}
    with open_unit(engine) as unit:
        answer_follow_up(unit, Author("ann", NOW), opened[0].follow_up, TODAY, True, None, "rang them")
    (done,) = happenings(engine, "follow-up.done")
    assert (done.follow_up, done.payload["follow_up"]["state"]) == (opened[0].follow_up, "done")


def test_a_rung_of_the_ladder_is_told_once_whoever_hears_of_it(engine: Engine) -> None:
    take(engine, draft="2026-02-28")
    reconcile_register(engine, NOW, TODAY)
    plan_messages(engine, NOW, TODAY, domain="tallystick.example")
    sent = {"state": str(NotificationState.SENT), "sent_at": NOW}
    with open_unit(engine) as unit:
        unit.execute(update(notification).values(sent))
    for days in (14, 14, 15):
        later = NOW + timedelta(days=days)
        reconcile_register(engine, later, later.date())
        plan_messages(engine, later, later.date(), domain="tallystick.example")
    told = happenings(engine, "follow-up.escalated")
    assert len(told) == len({(one.follow_up, one.payload["values"]["rung"]) for one in told}) >= 1


def test_a_message_refused_for_good_is_told_once(engine: Engine) -> None:
    take(engine, draft="2026-02-28")
    reconcile_register(engine, NOW, TODAY)
    plan_messages(engine, NOW, TODAY, domain="tallystick.example")
    later = NOW + timedelta(days=1)
    with open_unit(engine) as unit:
        (row, *_) = claim_messages(unit, "w", later, timedelta(minutes=5), 1)
        assert begin_attempt(unit, row, "w", later)
    refused = Sent(row.id, 1, Delivery(Outcome.PERMANENT, 550, "5.1.1 no such user"), later, "Subject", False)
    for _ in range(2):
        with open_unit(engine) as unit:
            keep_outcome(unit, refused, "w", repeat_uncertain=True)
    (failed,) = happenings(engine, "notification.failed")
    assert failed.agreement == "north-south"
    assert failed.payload["why"] == "5.1.1 no such user"


def test_what_people_do_is_followed_and_what_the_engine_finds_is_not(engine: Engine) -> None:
    take(engine, draft="2026-02-28", expires="2026-02-28")
    with open_reading(engine) as reading:
        before = [row.id for row in list_unfollowed(reading, 100)]
    reconcile_register(engine, NOW, TODAY)
    with open_reading(engine) as reading:
        assert [row.id for row in list_unfollowed(reading, 100)] == before
    assert len(events(engine)) > len(before)


def test_an_event_is_claimed_once_and_again_only_when_it_was_not_seen_for_a_while(engine: Engine) -> None:
    take(engine)
    with open_unit(engine) as unit:
        waiting = [one.log_entry_id for one in list_unpublished(unit, 10)]
        assert claim_emission(unit, waiting, NOW, NOW - timedelta(seconds=30)) == waiting
        assert claim_emission(unit, waiting, NOW, NOW - timedelta(seconds=30)) == []
        soon = NOW + timedelta(seconds=31)
        mark_published(unit, waiting[:1], NOW)
        assert claim_emission(unit, waiting, soon, soon - timedelta(seconds=30)) == waiting[1:]
        give_back(unit, waiting[1:2])
        assert claim_emission(unit, waiting, soon, soon - timedelta(seconds=30)) == waiting[1:2]
        assert [one.log_entry_id for one in list_unpublished(unit, 10)] == waiting[1:]


def test_every_event_has_an_id_of_its_own(engine: Engine) -> None:
    take(engine)
    with open_reading(engine) as reading:
        ids = reading.execute(select(log_entry.c.event_id).where(log_entry.c.event_id.is_not(None))).scalars().all()
    assert len(ids) == len(set(ids)) == len(events(engine))


def test_a_hundred_events_are_read_with_as_many_statements_as_one(
    engine: Engine, count_statements: Callable[[Engine], AbstractContextManager[Any]]
) -> None:
    take(engine, draft="2026-02-28")
    reconcile_register(engine, NOW, TODAY)
    for number in range(100):
        with open_unit(engine) as unit:
            add_activity(unit, Author("mei", NOW), "north-south", f"Visit {number}", "visit", "2026-03", TODAY)
    with open_reading(engine) as reading:
        ids = [one.log_entry_id for one in list_unpublished(reading, 500)]
        counts = []
        for part in (ids[:1], ids):
            with count_statements(engine) as counted:
                describe_happenings(reading, part)
            counts.append(counted.total)
    assert counts[0] == counts[1] <= 6
