"""The rules of a house come from its file, hold while the file is wrong, and the operator is told of what is wrong."""

from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from commitments import tables
from commitments.database import open_reading, open_unit
from commitments.house_rules import FILE, Adopted, adopt_house_rules
from commitments.policy import Policy
from commitments.queries import load_policies
from commitments.vocabulary import FollowUpKind
from notifications.preview import find_house_faults

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    folder = tmp_path / "house"
    folder.mkdir()
    return folder


def adopt(engine: Engine, folder: Path, text: str | None) -> Adopted:
    if text is not None:
        (folder / FILE).write_text(text)
    with open_unit(engine) as unit:
        return adopt_house_rules(unit, folder, NOW)


def read_rules(engine: Engine) -> Policy:
    with open_reading(engine) as reading:
        return load_policies(reading)[0]


def trouble(engine: Engine) -> list[str]:
    with open_reading(engine) as reading:
        wanted = tables.follow_up.c.kind == str(FollowUpKind.TEMPLATE_BROKEN)
        return [row.state for row in reading.execute(select(tables.follow_up).where(wanted))]


def test_the_file_says_what_differs_and_the_rest_is_as_usual(engine: Engine, house: Path) -> None:
    done = adopt(engine, house, "lead_days: [60, 7]\nsend_at: 09:30\ndigest_weekday: 4\n")
    assert done == Adopted(("digest_weekday", "lead_days", "send_at"))
    rules = read_rules(engine)
    assert (rules.lead_days, rules.send_at, rules.digest_weekday) == ((60, 7), time(9, 30), 4)
    assert rules.answer_working_days == Policy().answer_working_days
    assert adopt(engine, house, None) == Adopted()
    with open_reading(engine) as reading:
        logged = reading.execute(select(tables.log_entry).where(tables.log_entry.c.subject == "policy")).all()
    assert [(row.who, row.reference, row.why) for row in logged] == [("engine", "house", FILE)]


def test_an_empty_file_goes_back_to_the_usual_rules_and_no_file_changes_nothing(engine: Engine, house: Path) -> None:
    adopt(engine, house, "digest_weekday: 4\n")
    (house / FILE).unlink()
    assert adopt(engine, house, None) == Adopted() and read_rules(engine).digest_weekday == 4
    assert adopt(engine, house, "") == Adopted(("digest_weekday",))
    assert read_rules(engine) == Policy()


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("digest_weekday: 1\ndigest_weekdy: 2\n", 2, "digest_weekdy"),
        ("lead_days: [7]\nsend_at: half past eight\n", 2, "send_at"),
        ("- a list\n", 1, ""),
        ("lead_days: [7\n", 2, "file"),
    ],
)
def test_a_file_with_a_fault_changes_nothing_and_is_the_operators_matter_until_it_is_right(
    text: str, line: int, field: str, engine: Engine, house: Path
) -> None:
    adopt(engine, house, "digest_weekday: 4\n")
    (problem,) = adopt(engine, house, text).problems
    assert problem.line == line and field in problem.field
    assert read_rules(engine).digest_weekday == 4 and trouble(engine) == ["open"]
    (fault,) = find_house_faults(house)
    assert (fault.file, fault.line) == (FILE, line)
    adopt(engine, house, "digest_weekday: 3\n")
    assert read_rules(engine).digest_weekday == 3 and trouble(engine) == ["done"]
