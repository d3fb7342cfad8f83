"""What other systems report: taken in once as if a person had said it, or refused with what is expected."""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from commitments import tables
from commitments.database import open_reading, open_unit
from commitments.inbound import Answer, Arrived, list_new, take_in
from commitments.log import Author
from commitments.register import import_agreement
from tests.forms import as_form

TODAY = date(2026, 3, 2)
NOW = datetime.combine(TODAY, time(9), UTC)


@pytest.fixture
def register(engine: Engine) -> Engine:
    with open_unit(engine) as unit:
        import_agreement(unit, as_form(), Author("mei", NOW), TODAY)
    return engine


def arrived(name: str, event_id: str | None = None, **payload: Any) -> Arrived:
    return Arrived(event_id or str(uuid4()), f"tallystick.inbound.{name}", NOW, "calendar.leeds", payload)


def take(engine: Engine, event: Arrived) -> Answer:
    answer = take_in(engine, event, NOW, TODAY)
    assert answer is not None
    return answer


def rows(engine: Engine, table: Any) -> list[Any]:
    with open_reading(engine) as reading:
        return list(reading.execute(select(table).order_by(table.c.id)))


HELD = {"agreement": "leeds-hangzhou", "title": "Visit of librarians", "kind": "visit", "held_on": "2026-02"}


def test_an_activity_is_recorded_under_the_name_of_the_system_that_reported_it(register: Engine) -> None:
    before = len(rows(register, tables.activity))
    answer = take(register, arrived("activity.held", **HELD, commitments=["library-link"]))
    assert answer.reference == "leeds-hangzhou/visit-of-librarians-2026-02"
    assert len(rows(register, tables.activity)) == before + 1
    assert "event from calendar.leeds" in {row.who for row in rows(register, tables.log_entry)}


def test_a_report_a_measurement_and_a_milestone_are_taken_in(register: Engine) -> None:
    take(
        register,
        arrived("progress.reported", commitment="leeds-hangzhou/library-link", party="leeds", rating="at_risk"),
    )
    take(
        register, arrived("measurement.taken", commitment="leeds-hangzhou/scholars", value=4, measured_on="2026-02-28")
    )
    take(register, arrived("milestone.met", milestone="leeds-hangzhou/library-link/first-visit", met_on="2026-02"))
    assert rows(register, tables.progress_report)[-1].rating == "at_risk"
    assert rows(register, tables.measurement)[-1].value == 4
    assert rows(register, tables.milestone)[0].state == "met"
    assert [row.outcome for row in rows(register, tables.inbound)] == ["taken"] * 3


def test_the_same_event_again_changes_nothing(register: Engine) -> None:
    event = arrived("activity.held", **HELD)
    take(register, event)
    before = len(rows(register, tables.log_entry))
    assert take_in(register, event, NOW, TODAY) is None
    assert len(rows(register, tables.log_entry)) == before
    with open_reading(register) as reading:
        assert list_new(reading, [event.event_id, "other"]) == {"other"}


@pytest.mark.parametrize(
    ("event", "field", "found", "expected"),
    [
        (arrived("activity.hold", **HELD), "event", "'activity.hold'", "did you mean 'activity.held'"),
        (arrived("activity.held", **{**HELD, "held_on": "soon"}), "held_on", "'soon'", "2018-09"),
        (arrived("activity.held", **{**HELD, "titel": "x"}), "titel", "not known", "did you mean 'title'"),
        (arrived("activity.held", **{**HELD, "agreement": "leeds-hangzou"}), "agreement", "", "leeds-hangzhou"),
        (arrived("activity.held", **HELD, commitments=["libary-link"]), "commitments", "", "library-link"),
        (arrived("activity.held", **{**HELD, "held_on": "2027-01-01"}), "held_on", "", "lies in the future"),
        (arrived("activity.held", **{**HELD, "kind": "party"}), "kind", "'party'", "one of visit"),
        (arrived("progress.reported", commitment="leeds-hangzhou/library-link"), "rating", "nothing", ""),
        (arrived("measurement.taken", commitment="leeds-hangzhou/library-link", value=1, measured_on="2026"), "", "",
         "no target"),
        (arrived("measurement.taken", commitment="leeds-hangzhou/scholars", value=float("nan"), measured_on="2026"),
         "value", "nan", ""),
        (arrived("milestone.met", milestone="leeds-hangzhou/library-link/first-vist", met_on="2026-02"), "", "",
         "first-visit"),
        (arrived("milestone.met"), "milestone", "nothing", ""),
    ],
)  # fmt: skip
def test_a_bad_one_says_what_was_found_and_expected_and_is_the_operators_follow_up(
    register: Engine, event: Arrived, field: str, found: str, expected: str
) -> None:
    before = len(rows(register, tables.activity)), len(rows(register, tables.progress_report))
    answer = take(register, event)
    assert answer.is_refused
    fault = next(one for one in answer.corrections if one.field == field)
    assert found in fault.found
    assert expected in f"{fault.found} {fault.expected}"
    assert (len(rows(register, tables.activity)), len(rows(register, tables.progress_report))) == before
    (kept,) = rows(register, tables.inbound)
    assert kept.outcome == "refused"
    (task,) = [row for row in rows(register, tables.follow_up) if row.kind == "inbound_refused"]
    assert task.matter == event.event_id
    assert take_in(register, event, NOW, TODAY) is None


def test_every_fault_of_an_event_is_told_at_once(register: Engine) -> None:
    answer = take(register, arrived("activity.held", agreement="A B", held_on="soon", title=""))
    assert {one.field for one in answer.corrections} == {"agreement", "held_on", "title", "kind"}


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (arrived("activity.held", agreement="leeds-hangzou", kind="zzz", title=5, held_on="tomorrow"),
         ["agreement", "held_on", "kind", "title"]),
        (arrived("activity.held", **{**HELD, "agreement": "nowhere", "title": ""}, commitments=["a", "nowhere/b"]),
         ["agreement", "title"]),
        (arrived("activity.held", **{**HELD, "held_on": "soon"}, commitments=["a", "b"]),
         ["commitments", "commitments", "held_on"]),
        (arrived("progress.reported", commitment="leeds-hangzhou/x", rating="fine", party="york", contact="nobody"),
         ["commitment", "contact", "party", "rating"]),
        (arrived("measurement.taken", commitment="leeds-hangzhou/x", value="much", measured_on="2030"),
         ["commitment", "measured_on", "value"]),
        (arrived("milestone.met", milestone="leeds-hangzhou/x/y", met_on="2030"), ["met_on", "milestone"]),
    ],
    ids=["of the form and of the register", "an agreement without what lies under it", "each commitment", "names",
         "a day to come", "a milestone"],
)  # fmt: skip
def test_what_the_register_does_not_know_is_told_in_the_same_round(
    register: Engine, event: Arrived, fields: list[str]
) -> None:
    assert sorted(one.field for one in take(register, event).corrections) == fields


def test_whatever_a_stranger_sends_is_taken_or_refused_and_never_a_crash(register: Engine) -> None:
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\x00")
    values = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    )
    names = st.sampled_from(["activity.held", "progress.reported", "measurement.taken", "milestone.met", "", "x" * 200])
    fields = st.sampled_from(
        [*HELD, "commitment", "commitments", "rating", "value", "measured_on", "milestone", "count"]
    )

    @given(names, st.dictionaries(fields, values, max_size=6), st.booleans())
    def send(name: str, payload: dict[str, Any], mostly_right: bool) -> None:
        event = arrived(name, **({**HELD, **payload} if mostly_right else payload))
        assert take_in(register, event, NOW, TODAY) is not None

    send()
