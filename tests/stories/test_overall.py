"""What the lists call overdue is what the pages call overdue: after each check, each deed, and on any day between."""

import random
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from commitments.agreement_file import ParsedFile, parse_agreement, read_files
from commitments.agreement_form import AgreementForm
from commitments.chunks import Span
from commitments.database import open_reading, open_unit
from commitments.house_rules import adopt_house_rules
from commitments.judging import judge_agreements
from commitments.log import Author, record_changes
from commitments.overall import find_worst_state, pack_states
from commitments.overall_filling import fill_overall
from commitments.people import end_office
from commitments.person_queries import load_people
from commitments.policies import set_policy
from commitments.progress import answer_follow_up, report_progress
from commitments.reconcile import Reconciled, load_rules, reconcile_agreement, reconcile_register, reconcile_span
from commitments.register import import_agreement, import_files
from commitments.tables import contact, overall_standing
from commitments.vocabulary import StandingState
from tests.effort import draw_lives, try_examples
from tests.forms import agreement_forms, register_form
from tests.standings import count_stored, count_versions, find_listed, find_stored, judge_days, list_lies
from tests.stories.lives import START, do_something, draw_form, draw_rules

TODAY = date(2026, 3, 2)
NOW = datetime.combine(TODAY, time(9), UTC)
DAY = timedelta(days=1)

FORM = b"""
agreement: north-south
title: {en: Memorandum}
kind: memorandum
effective: 2026-01-01
parties:
  - reference: north
    kind: city
    names: {en: North}
    contacts:
      - {reference: ann, name: Ann, role: owner, channels: {mail: ann@north.example}}
      - {reference: cy, name: Cy, role: coordinator, channels: {mail: cy@north.example}}
commitments:
  - {reference: survey, summary: Survey, kind: deliverable, due: 2026-02-20, owners: [{party: north, contact: ann}]}
  - {reference: later, summary: Later, kind: deliverable, due: 2026-05, owners: [{party: north, contact: ann}]}
"""
OVERDUE = "overdue:north-south/survey@north:2026-02-20"


@pytest.fixture
def register(engine: Engine) -> Engine:
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", NOW), TODAY)
    reconcile_register(engine, NOW, TODAY)
    return engine


def check_true(engine: Engine, *days: date) -> None:
    """Nothing stored is wrong, and the lists find of every agreement what its page says."""
    with open_reading(engine) as reading:
        judged_on = judge_days(reading, days)
        assert list_lies(reading, judged_on) == []
        for day, judged in judged_on.items():
            assert find_listed(reading, day) == judged


def look_up(engine: Engine, day: date = TODAY) -> set[StandingState]:
    with open_reading(engine) as reading:
        return find_stored(reading, day).get("north-south", set())


def test_who_said_that_it_is_late_is_still_found_as_overdue_while_they_are_not_asked(register: Engine) -> None:
    with open_unit(register) as unit:
        report_progress(unit, Author("ann", NOW), "north-south/survey", "north", None, "off_track", TODAY)
        reconcile_agreement(unit, 1, NOW, TODAY)
    assert look_up(register) == {StandingState.OVERDUE}
    check_true(register, TODAY)


def test_what_was_put_off_is_still_found_as_overdue(register: Engine) -> None:
    with open_unit(register) as unit:
        until = TODAY + timedelta(days=20)
        answer_follow_up(unit, Author("ann", NOW), OVERDUE, TODAY, done=False, snooze_until=until, note=None)
        reconcile_agreement(unit, 1, NOW, TODAY)
    assert StandingState.OVERDUE in look_up(register)
    check_true(register, TODAY, TODAY + DAY)


def test_what_was_changed_and_not_judged_since_is_not_looked_for_as_it_stood(register: Engine) -> None:
    moved = parse_agreement(FORM.replace(b"2026-02-20", b"2027-02-20"), "north-south.yaml")
    with open_unit(register) as unit:
        import_agreement(unit, moved, Author("test", NOW), TODAY)
    with open_reading(register) as reading:
        assert count_stored(reading, TODAY) == 0
    check_true(register, TODAY)
    reconcile_register(register, NOW, TODAY)
    assert look_up(register) == {StandingState.ON_TRACK}


def test_it_is_written_again_only_where_something_stands_otherwise(register: Engine) -> None:
    with open_reading(register) as reading:
        before = count_versions(reading)
    reconcile_register(register, NOW + timedelta(hours=5), TODAY)
    with open_reading(register) as reading:
        assert count_versions(reading) == before
    reconcile_register(register, NOW + DAY, TODAY + DAY)
    with open_reading(register) as reading:
        assert count_stored(reading, TODAY) == count_stored(reading, TODAY + DAY) == 1, "both days are known"
        assert count_stored(reading, TODAY + 2 * DAY) == 1
    check_true(register, TODAY, TODAY + DAY, TODAY + 2 * DAY)


@pytest.mark.parametrize("zone", [-1, 0, 1])
def test_the_day_on_which_a_date_passes_is_the_readers(register: Engine, zone: int) -> None:
    eve = date(2026, 5, 31)
    reconcile_register(register, datetime.combine(eve, time(9), UTC), eve)
    check_true(register, eve + zone * DAY)


def test_a_reader_whose_day_has_begun_finds_what_is_overdue_from_that_day_on(sqlite_engine: Engine) -> None:
    soon = parse_agreement(FORM.replace(b"2026-02-20", b"2026-03-02"), "north-south.yaml")
    import_files(sqlite_engine, [ParsedFile(Path("x.yaml"), soon)], Author("test", NOW), TODAY)
    reconcile_register(sqlite_engine, NOW, TODAY)
    assert look_up(sqlite_engine, TODAY) == {StandingState.DUE_SOON}
    assert look_up(sqlite_engine, TODAY + DAY) == {StandingState.OVERDUE}


@pytest.mark.parametrize("days", [1, 2, 40, 400])
def test_where_no_check_has_run_the_lists_are_still_right(register: Engine, days: int) -> None:
    check_true(register, TODAY + timedelta(days=days))


def test_rules_of_its_own_count_from_the_moment_they_are_saved(register: Engine) -> None:
    with open_unit(register) as unit:
        set_policy(unit, Author("cy", NOW), "north-south", {"lead_days": [200]}, NOW, TODAY)
    assert StandingState.DUE_SOON in look_up(register)
    check_true(register, TODAY)


def test_other_rules_of_the_house_count_at_once(register: Engine, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("lead_days: [200]\n")
    with open_unit(register) as unit:
        adopt_house_rules(unit, tmp_path, NOW)
    with open_reading(register) as reading:
        assert count_stored(reading, TODAY) == 0
        assert StandingState.DUE_SOON in find_listed(reading, TODAY)["north-south"]
    check_true(register, TODAY)


def test_an_owner_who_leaves_leaves_it_unowned_from_the_day_after(register: Engine) -> None:
    with open_unit(register) as unit:
        (ann,) = load_people(unit, only=contact.c.reference == "ann").values()
        ended = end_office(unit, ann, TODAY)
        assert ended is not None
        record_changes(unit, Author("cy", NOW), [ended])
    with open_reading(register) as reading:
        assert count_stored(reading, TODAY) == 0
    reconcile_register(register, NOW, TODAY)
    assert StandingState.UNOWNED not in look_up(register)
    assert StandingState.UNOWNED in look_up(register, TODAY + DAY)
    check_true(register, TODAY, TODAY + DAY)


def test_a_check_that_began_before_a_change_does_not_write_over_what_the_change_wrote(register: Engine) -> None:
    """The check has read the rules; meanwhile others are saved for the agreement, and judged by."""
    with open_reading(register) as reading:
        rules, versions = load_rules(reading), count_versions(reading)
    with open_unit(register) as unit:
        set_policy(unit, Author("cy", NOW), "north-south", {"lead_days": [200]}, NOW, TODAY)
    with open_unit(register) as unit:
        reconcile_span(unit, Span(1, 1), rules, NOW, TODAY, Reconciled(), versions)
    assert StandingState.DUE_SOON in look_up(register)


def test_what_is_not_stored_yet_is_stored_by_the_next_check(register: Engine) -> None:
    with open_unit(register) as unit:
        unit.execute(update(overall_standing).values(last_day=None, states=0, version=0))
    check_true(register, TODAY)
    reconcile_register(register, NOW, TODAY)
    assert StandingState.OVERDUE in look_up(register)


@pytest.mark.parametrize("ahead", [0, 1, 40])
def test_where_no_check_has_run_what_is_filled_in_is_what_a_check_finds(register: Engine, ahead: int) -> None:
    day = TODAY + timedelta(days=ahead)
    with open_unit(register) as unit:
        unit.execute(update(overall_standing).values(last_day=None, states=0))
    assert (fill_overall(register, day), fill_overall(register, day)) == (1, 0)
    check_true(register, day, day + DAY)
    with open_reading(register) as reading:
        filled = count_versions(reading)
    reconcile_register(register, NOW + timedelta(days=ahead), day)
    with open_reading(register) as reading:
        assert count_versions(reading) == filled


def test_what_is_changed_while_it_is_filled_in_is_left_to_who_changed_it(
    register: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_unit(register) as unit:
        unit.execute(update(overall_standing).values(last_day=None, states=0))

    def change_rules(*judged: Any) -> Any:
        found = judge_agreements(*judged)
        with open_unit(register) as unit:
            set_policy(unit, Author("cy", NOW), "north-south", {"lead_days": [200]}, NOW, TODAY)
        return found

    monkeypatch.setattr("commitments.overall_filling.judge_agreements", change_rules)
    assert fill_overall(register, TODAY) == 0
    assert StandingState.DUE_SOON in look_up(register)


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        (set(), None),
        ({"settled"}, "settled"),
        ({"settled", "on_track"}, "on_track"),
        ({"on_track", "due_soon", "settled"}, "due_soon"),
        ({"silent", "overdue", "behind"}, "overdue"),
    ],
)
def test_of_several_the_worst_counts(states: set[str], worst: str | None) -> None:
    assert find_worst_state(pack_states({StandingState(one) for one in states})) == worst


@pytest.mark.parametrize("ahead", [-400, 0, 1, 30, 300, 900, 4000])
def test_the_examples_are_found_as_their_pages_have_them_on_any_day(sqlite_engine: Engine, ahead: int) -> None:
    files = read_files(sorted((Path(__file__).parents[2] / "examples").glob("*.yaml")))
    import_files(sqlite_engine, files, Author("test", NOW), TODAY)
    day = TODAY + timedelta(days=ahead)
    reconcile_register(sqlite_engine, NOW + timedelta(days=ahead), day)
    with open_reading(sqlite_engine) as reading:
        assert count_stored(reading, day) == count_stored(reading, day + DAY) == len(files)
    check_true(sqlite_engine, day, day + DAY)


@pytest.mark.parametrize("seed", draw_lives(6))
def test_through_any_life_nothing_stored_is_wrong(sqlite_engine: Engine, seed: int) -> None:
    live_and_look(sqlite_engine, random.Random(seed), 25)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 103))
def test_nor_is_it_on_either_database(engine: Engine, seed: int) -> None:
    live_and_look(engine, random.Random(seed), 12)


def live_and_look(engine: Engine, draw: random.Random, days: int) -> None:
    begun = datetime.combine(START - DAY, time(7), UTC)
    with open_unit(engine) as unit:
        import_agreement(unit, draw_form(draw), Author("test", begun), begun.date())
        set_policy(unit, Author("test", begun, "x"), "north-south", draw_rules(draw), begun, begun.date())
    for ahead in range(days):
        now = datetime.combine(START + timedelta(days=ahead), time(1), UTC)
        today = now.date()
        if draw.random() < 0.9:
            reconcile_register(engine, now, today)
            with open_reading(engine) as reading:
                assert count_stored(reading, today) == count_stored(reading, today + DAY) == 1
        check_true(engine, today - DAY, today, today + DAY)
        for _ in range(draw.randint(0, 3)):
            do_something(engine, draw, now + timedelta(hours=10))
            check_true(engine, today, today + DAY)
            if draw.random() < 0.7:
                with open_unit(engine) as unit:
                    reconcile_agreement(unit, 1, now + timedelta(hours=10), today)
                check_true(engine, today - DAY, today, today + DAY)


@pytest.mark.slow
@settings(
    try_examples(24),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(form=agreement_forms(), ahead=st.integers(-400, 4000), hours=st.integers(0, 23))
def test_any_agreement_is_found_as_it_is_judged(
    sqlite_template: Path, tmp_path: Path, form: AgreementForm, ahead: int, hours: int
) -> None:
    with register_form(form, sqlite_template, tmp_path, NOW) as engine:
        day = TODAY + timedelta(days=ahead)
        reconcile_register(engine, datetime.combine(day, time(hours), UTC), day)
        check_true(engine, day, day + DAY)
        reconcile_register(engine, datetime.combine(day + DAY, time(hours), UTC), day + DAY)
        check_true(engine, day, day + DAY, day + 2 * DAY)
