"""Reconciling: what should be open is open, once, and a second run finds nothing to do."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Connection, Engine, func, select

from commitments.agreement_file import parse_agreement, read_files
from commitments.agreement_form import AgreementForm
from commitments.chunks import Span
from commitments.database import open_reading, open_unit
from commitments.followups import want_followups
from commitments.log import Author
from commitments.progress import add_activity, answer_follow_up, report_progress
from commitments.queries import load_agreements, select_watched_commitments
from commitments.reconcile import assess, list_standings, load_rules, reconcile_agreement, reconcile_register
from commitments.register import import_agreement, import_files
from commitments.renewing import load_reasons
from commitments.tables import follow_up, log_entry
from commitments.vocabulary import Completion, Rating
from tests.effort import try_examples
from tests.forms import agreement_forms, beside_other_threads, register_form

TODAY = date(2026, 3, 2)
NOW = datetime.combine(TODAY, time(9), UTC)

FORM = """
agreement: north-south
title: {en: Memorandum}
kind: memorandum
effective: 2024-01-01
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
    country: CN
    time_zone: Asia/Shanghai
    contacts:
      - {reference: south-coordinator, name: Li, role: coordinator, channels: {mail: li@south.example}}
commitments:
  - reference: survey
    summary: Hand over the survey.
    kind: deliverable
    due: DUE
    owners: [{party: north, contact: north-owner}]
  - reference: visits
    summary: Visit each other.
    kind: open_ended
    owners: [{party: north, contact: north-owner}, {party: south, contact: south-coordinator}]
"""


def _form(due: str = "2026-02") -> AgreementForm:
    return parse_agreement(FORM.replace("DUE", due).encode(), "north-south.yaml")


def _import(engine: Engine, form: AgreementForm, now: datetime = NOW) -> None:
    with open_unit(engine) as unit:
        import_agreement(unit, form, Author("test", now), now.date())


def _open_keys(engine: Engine) -> set[str]:
    with open_reading(engine) as reading:
        return set(reading.execute(select(follow_up.c.key).where(follow_up.c.state == "open")).scalars())


def test_an_overdue_promise_opens_one_follow_up_and_a_second_run_none(engine: Engine) -> None:
    _import(engine, _form())
    first = reconcile_register(engine, NOW, TODAY)
    second = reconcile_register(engine, NOW, TODAY)
    assert "overdue:north-south/survey@north:2026-02" in _open_keys(engine)
    assert first.opened == len(_open_keys(engine)) > 0
    assert second.touched == 0


def test_an_amended_date_supersedes_the_follow_up_of_the_old_one(engine: Engine) -> None:
    _import(engine, _form())
    reconcile_register(engine, NOW, TODAY)
    _import(engine, _form("2026-01"), NOW + timedelta(hours=1))
    done = reconcile_register(engine, NOW + timedelta(hours=1), TODAY)
    assert (done.opened, done.superseded) == (1, 1)
    assert "overdue:north-south/survey@north:2026-01" in _open_keys(engine)


def test_a_follow_up_is_closed_by_itself_when_its_cause_is_gone(engine: Engine) -> None:
    _import(engine, _form())
    reconcile_register(engine, NOW, TODAY)
    _import(engine, _form("2027"), NOW + timedelta(hours=1))
    reconcile_register(engine, NOW + timedelta(hours=1), TODAY)
    with open_reading(engine) as reading:
        row = reading.execute(select(follow_up).where(follow_up.c.key.like("overdue:%"))).one()
        entries = reading.execute(select(log_entry.c.action).where(log_entry.c.row_id == row.id)).scalars().all()
    assert (row.state, row.closed_by, row.closed_on) == ("done", "engine", TODAY)
    assert "closed" in entries


def test_a_cause_that_comes_back_opens_the_same_follow_up_again_but_not_what_a_person_closed(engine: Engine) -> None:
    _import(engine, _form())
    reconcile_register(engine, NOW, TODAY)
    for due in ("2027", "2026-02"):
        _import(engine, _form(due), NOW + timedelta(hours=1))
        reconcile_register(engine, NOW + timedelta(hours=1), TODAY)
    assert "overdue:north-south/survey@north:2026-02" in _open_keys(engine)
    with open_unit(engine) as unit:
        author = Author("ann", NOW + timedelta(hours=2))
        answer_follow_up(
            unit, author, "overdue:north-south/survey@north:2026-02", TODAY, done=True, snooze_until=None, note="sent"
        )
    reconcile_register(engine, NOW + timedelta(hours=3), TODAY + timedelta(days=1))
    assert "overdue:north-south/survey@north:2026-02" not in _open_keys(engine)


def test_an_activity_quiets_the_silence_of_both_sides_in_the_same_unit(engine: Engine) -> None:
    _import(engine, _form())
    reconcile_register(engine, NOW, TODAY)
    silent = {key for key in _open_keys(engine) if key.startswith("silent:north-south/visits")}
    assert len(silent) == 2, "each side was asked"
    with open_unit(engine) as unit:
        author = Author("ann", NOW)
        add_activity(
            unit, author, "north-south", "Delegation", "visit", "2026-02-20", TODAY, commitments=("visits",)
        )  # fmt: skip
        done = reconcile_agreement(unit, 1, NOW, TODAY)
    assert done.closed == 4, "the silence and the dormancy of both sides are over"
    assert not silent & _open_keys(engine)


def test_a_past_day_can_be_seen_as_it_was_known_then(engine: Engine) -> None:
    _import(engine, _form(), NOW - timedelta(days=30))
    _import(engine, _form("2027"), NOW)

    def standing_of_the_survey(known_at: datetime | None) -> str:
        with open_reading(engine) as reading:
            for _, standings in list_standings(reading, TODAY, known_at=known_at):
                for standing in standings:
                    if standing.matter.commitment == "survey":
                        return str(standing.state)
        return "unknown"

    assert standing_of_the_survey(None) == "on_track"
    assert standing_of_the_survey(NOW - timedelta(days=1)) == "overdue"
    assert standing_of_the_survey(NOW - timedelta(days=31)) == "unknown"


REPLAYED = """
network:
  name: A network
  designated: 2022-12
  reporting_cycle_years: 4
  reports: [{cycle: 2026, submitted: 2027-02-10}]
"""
ANSWERED = """
    condition: {text: The council agrees., met_on: 2026-03-20}
    reports:
      - reference: r1
        party: north
        reported_on: 2026-03-05
        rating: on_track
        confirmations:
          - {party: south, state: confirmed, asked_on: 2026-03-05, answered_on: 2026-03-12}
"""


@pytest.mark.parametrize(
    ("day", "condition_open", "asked", "report_open"),
    [
        (date(2026, 3, 4), True, False, True),
        (date(2026, 3, 11), True, True, True),
        (date(2026, 3, 12), True, False, True),
        (date(2026, 3, 20), False, False, True),
        (date(2027, 2, 8), False, False, True),
        (date(2027, 2, 10), False, False, False),
    ],
    ids=["before anything was reported", "while a confirmation was asked", "once it was answered",
         "once the condition was met", "while the report was late", "once it was submitted"],
)  # fmt: skip
def test_a_replay_knows_when_conditions_were_met_confirmations_answered_and_reports_submitted(
    engine: Engine, day: date, condition_open: bool, asked: bool, report_open: bool
) -> None:
    text = FORM.replace("DUE", "2026-02").replace("parties:", REPLAYED + "parties:", 1)
    text = text.replace("  - reference: visits", ANSWERED + "  - reference: visits")
    _import(engine, parse_agreement(text.encode(), "north-south.yaml"), datetime(2026, 1, 1, tzinfo=UTC))
    with open_reading(engine) as reading:
        wanted = _wanted(reading, day, None)
        ((_, standings),) = list_standings(reading, day)
    survey = next(one for one in standings if one.matter.commitment == "survey")
    assert (survey.reason.code == "condition_open") == condition_open
    assert any(key.startswith("confirmation_asked:") for key in wanted) == asked
    assert any(one.matter.part == "2026" and one.matter.kind == "report" for one in standings) == report_open


def _wanted(reading: Connection, day: date, only: ColumnElement[bool] | None) -> set[str]:
    rules = load_rules(reading)
    return {
        wanted.key
        for agreement in load_agreements(reading, Span(1, 1_000_000), only=only)
        for wanted in want_followups(
            agreement,
            assess(agreement, rules, day),
            rules.people,
            rules.coordinators,
            rules.policy_of(agreement),
            day,
        )
    }


@pytest.mark.parametrize(
    "ahead", [-400, 300, *(pytest.param(days, marks=pytest.mark.slow) for days in (-3000, 0, 30, 900, 4000))]
)
def test_leaving_out_the_untroubled_leaves_out_no_follow_up_of_the_examples(sqlite_engine: Engine, ahead: int) -> None:
    files = read_files(sorted((Path(__file__).parents[2] / "examples").glob("*.yaml")))
    import_files(sqlite_engine, files, Author("test", NOW), TODAY)
    day = TODAY + timedelta(days=ahead)
    with open_reading(sqlite_engine) as reading:
        everything = _wanted(reading, day, None)
        assert everything
        assert _wanted(reading, day, select_watched_commitments(day)) == everything


@pytest.mark.slow
@beside_other_threads
@settings(try_examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(form=agreement_forms(), ahead=st.integers(-400, 4000))
def test_reconciling_any_agreement_on_any_day_twice_changes_nothing_the_second_time(
    sqlite_template: Path, tmp_path: Path, form: AgreementForm, ahead: int
) -> None:
    with register_form(form, sqlite_template, tmp_path, NOW) as engine:
        day = TODAY + timedelta(days=ahead)
        now = NOW + timedelta(days=ahead)
        reconcile_register(engine, now, day)
        with open_reading(engine) as reading:
            entries = reading.execute(select(func.count()).select_from(log_entry)).scalar_one()
            agreements = load_agreements(reading, Span(1, 1_000_000))
            assert _wanted(reading, day, None) == _wanted(reading, day, select_watched_commitments(day))
        assert [one.reference for one in agreements] == [form.agreement]
        assert reconcile_register(engine, now, day).touched == 0
        with open_reading(engine) as reading:
            assert reading.execute(select(func.count()).select_from(log_entry)).scalar_one() == entries
            keys = list(reading.execute(select(follow_up.c.key)).scalars())
        assert len(keys) == len(set(keys))


YEARLY = """
agreement: north-south
title: {en: Memorandum}
kind: memorandum
effective: 2024-01-01
parties:
  - {reference: north, kind: city, names: {en: North}, contacts: [
      {reference: ann, name: Ann, role: owner, channels: {mail: ann@north.example}},
      {reference: cy, name: Cy, role: coordinator, channels: {mail: cy@north.example}}]}
  - {reference: south, kind: city, names: {en: South}}
commitments:
  - reference: visits
    summary: Four visits a year.
    kind: recurring
    recurrence: {every: year, count: 4}
    owners: [{party: north, contact: ann}]
  - reference: survey
    summary: Hand over the survey.
    kind: deliverable
    due: 2026-09
    owners: [{party: north, contact: ann}]
"""


def _hold_visits(engine: Engine, on: str, count: int) -> None:
    today = date.fromisoformat(on)
    with open_unit(engine) as unit:
        author = Author("ann", datetime(today.year, today.month, today.day, 9, tzinfo=UTC))
        add_activity(unit, author, "north-south", "Visit", "visit", on, today, ("visits",), count=count)
        reconcile_agreement(unit, 1, author.at, today)


def _check(engine: Engine, on: str) -> None:
    today = date.fromisoformat(on)
    reconcile_register(engine, datetime(today.year, today.month, today.day, 9, tzinfo=UTC), today)


def _behind(engine: Engine) -> Any:
    with open_reading(engine) as reading:
        return reading.execute(select(follow_up).where(follow_up.c.kind == "behind")).one()


def test_a_follow_up_that_is_opened_again_tells_the_numbers_of_that_day(engine: Engine) -> None:
    _import(engine, parse_agreement(YEARLY.encode(), "north-south.yaml"))
    _check(engine, "2026-09-24")
    assert _behind(engine).reason["numbers"]["held"] == 0
    _hold_visits(engine, "2026-09-25", 2)
    assert (_behind(engine).state, _behind(engine).closed_why) == ("done", "its cause is gone")
    _check(engine, "2026-10-05")
    assert (_behind(engine).state, _behind(engine).reason["numbers"]["held"]) == ("open", 2)


def test_what_is_open_tells_the_numbers_of_today_and_what_is_closed_those_it_was_opened_with(engine: Engine) -> None:
    _import(engine, parse_agreement(YEARLY.encode(), "north-south.yaml"))
    _check(engine, "2026-11-02")
    _hold_visits(engine, "2026-11-03", 1)

    def held_on(day: str) -> int:
        with open_reading(engine) as reading:
            rows = reading.execute(select(follow_up)).all()
            reasons = load_reasons(reading, rows, date.fromisoformat(day))
        (behind,) = [reasons[row.id] for row in rows if row.kind == "behind"]
        return int(behind["numbers"]["held"])

    assert (_behind(engine).state, held_on("2026-11-03")) == ("open", 1)
    _hold_visits(engine, "2026-11-04", 3)
    assert (_behind(engine).state, held_on("2026-11-04")) == ("done", 0)


def test_what_was_answered_and_is_still_so_is_asked_again_and_its_cause_is_not_said_to_be_gone(engine: Engine) -> None:
    _import(engine, parse_agreement(YEARLY.encode(), "north-south.yaml"))
    _check(engine, "2026-10-05")
    today = date(2026, 10, 6)

    def survey() -> Any:
        with open_reading(engine) as reading:
            return reading.execute(select(follow_up).where(follow_up.c.kind == "overdue")).one()

    with open_unit(engine) as unit:
        author = Author("ann", datetime(2026, 10, 6, 9, tzinfo=UTC))
        report_progress(unit, author, "north-south/survey", "north", "ann", Rating.AT_RISK, today, "Rain.")
        reconcile_agreement(unit, 1, author.at, today)
    assert (survey().state, survey().closed_why) == ("done", "answered; asked again after 2026-11-04")
    _check(engine, "2026-11-04")
    assert survey().state == "done"
    _check(engine, "2026-11-05")
    assert survey().state == "open"
    with open_unit(engine) as unit:
        author = Author("ann", datetime(2026, 11, 6, 9, tzinfo=UTC))
        report_progress(
            unit, author, "north-south/survey", "north", "ann", Rating.ON_TRACK, date(2026, 11, 6), "Here it is.",
            Completion.COMPLETE, fulfilled=True,
        )  # fmt: skip
        reconcile_agreement(unit, 1, author.at, date(2026, 11, 6))
    assert (survey().state, survey().closed_why) == ("done", "it is fulfilled")
