"""What people record, report and decide, on both databases: written whole, logged, judged in the same unit."""

import io
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select

from cli.register_findings import examine_evidence
from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.deciding import Turn, set_date, take_turn
from commitments.evidence_files import keep_file, list_missing, place_of
from commitments.export import export_agreement
from commitments.filling import Flaw, Flawed
from commitments.log import Author
from commitments.reconcile import list_standings, reconcile_register
from commitments.recording import (
    Allowed,
    Happened,
    add_evidence,
    correct_activity,
    record_activity,
    withdraw_activity,
)
from commitments.register import import_agreement
from commitments.reporting import Reported, answer_report, file_report
from commitments.settings import Settings
from commitments.tables import activity, commitment, confirmation, evidence, follow_up, log_entry
from tests.portal.desk import FORM

TODAY = date(2026, 3, 2)
NOW = datetime.combine(TODAY, time(9), UTC)
CY = Author("cy", NOW, "A slip of the pen")
ALL = Allowed({"north", "south"}, {"survey", "bridge", "visits", "fund", "friends", "orphan"}, needs_commitment=False)
VISIT = Happened("Visit", "visit", "2026-02-27", parties=("north",), commitments=("friends", "visits"))
PDF = b"%PDF-1.7 minutes"


@pytest.fixture
def register(engine: Engine) -> Engine:
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", NOW), date(2024, 1, 1))
    reconcile_register(engine, NOW, TODAY)
    return engine


def state_of(unit: Connection, key: str) -> str:
    return str(unit.execute(select(follow_up.c.state).where(follow_up.c.key.like(f"{key}%"))).scalar_one())


def test_an_activity_closes_the_silence_and_its_withdrawal_opens_it_again(register: Engine, tmp_path: Path) -> None:
    with open_unit(register) as unit:
        kept = keep_file(tmp_path / "evidence", "a.pdf", io.BytesIO(PDF), 1000)
        name = record_activity(unit, CY, "north-south", VISIT, ALL, TODAY, file=kept, once="a1b2c3")
        assert state_of(unit, "silent:north-south/friends") == "done"
        assert len(unit.execute(select(evidence)).all()) == 2
    with open_unit(register) as unit:
        fewer = Happened("Visit", "visit", "2026-02-27", parties=("north",), commitments=("visits",))
        correct_activity(unit, CY, "north-south", name, fewer, ALL, TODAY)
        assert state_of(unit, "silent:north-south/friends") == "open"
        correct_activity(unit, CY, "north-south", name, VISIT, ALL, TODAY)
        assert state_of(unit, "silent:north-south/friends") == "done"
        withdraw_activity(unit, CY, "north-south", name, TODAY)
        assert state_of(unit, "silent:north-south/friends") == "open"
        assert all(row.withdrawn_on == TODAY for row in unit.execute(select(evidence)))


def test_what_was_withdrawn_is_not_exported_and_an_import_does_not_bring_it_back(register: Engine) -> None:
    with open_unit(register) as unit:
        name = record_activity(unit, CY, "north-south", VISIT, ALL, TODAY)
        file = export_agreement(unit, "north-south").encode()
        assert f"reference: {name}".encode() in file
        withdraw_activity(unit, CY, "north-south", name, TODAY)
        assert name not in export_agreement(unit, "north-south")
        before = len(unit.execute(select(log_entry)).all())
        told = import_agreement(unit, parse_agreement(export_agreement(unit, "north-south").encode(), "n"), CY, TODAY)
        assert told.vanished == () and told.changes == ()
        import_agreement(unit, parse_agreement(file, "n"), CY, TODAY)
        assert len(unit.execute(select(log_entry)).all()) == before
        (row,) = unit.execute(select(activity))
        assert row.withdrawn_on == TODAY


def test_what_was_known_before_the_withdrawal_is_still_known(register: Engine) -> None:
    later = datetime(2026, 3, 5, 9, tzinfo=UTC)
    with open_unit(register) as unit:
        name = record_activity(unit, CY, "north-south", VISIT, ALL, TODAY)
    with open_unit(register) as unit:
        withdraw_activity(unit, Author("cy", later, "It was put off"), "north-south", name, later.date())
    with open_reading(register) as reading:

        def count_signs(known_at: datetime | None) -> int:
            ((agreement, _),) = list_standings(reading, later.date(), known_at=known_at)
            return sum(len(one.activities) for one in agreement.commitments)

        assert (count_signs(NOW), count_signs(None)) == (2, 0)


def test_a_report_of_done_asks_the_other_side_and_its_answer_is_taken(register: Engine) -> None:
    name = "north-south/bridge"
    with open_unit(register) as unit:
        file_report(unit, CY, name, "north", "ann", Reported(None, "Opened", fulfilled=True), TODAY)
        assert state_of(unit, "confirmation_asked:north-south/bridge@south") == "open"
        answer_report(unit, Author("li", NOW), name, "south", None, TODAY, confirmed=True)
        assert state_of(unit, "confirmation_asked:north-south/bridge@south") == "done"
        assert unit.execute(select(confirmation.c.state)).scalar_one() == "confirmed"


def test_what_is_refused_writes_nothing(register: Engine) -> None:
    with open_reading(register) as reading:
        before = reading.execute(select(log_entry)).all()
    silent = Author("cy", NOW)
    for write in (
        lambda unit: take_turn(unit, silent, "north-south/survey", Turn.WAIVE, None, TODAY),
        lambda unit: set_date(unit, CY, "north-south/survey", None, "some day", TODAY),
        lambda unit: record_activity(unit, CY, "north-south", Happened(None, None, None), ALL, TODAY),
        lambda unit: file_report(unit, CY, "north-south/survey", "north", None, Reported("fine"), TODAY),
    ):
        with pytest.raises(Flawed), open_unit(register) as unit:
            write(unit)
    with open_reading(register) as reading:
        assert reading.execute(select(log_entry)).all() == before


def test_a_hold_is_exported_with_its_last_day_and_imported_with_it(register: Engine) -> None:
    with open_unit(register) as unit:
        take_turn(unit, CY, "north-south/survey", Turn.HOLD, "2026-05", TODAY)
        file = export_agreement(unit, "north-south")
        assert "state_until: 2026-05" in file
        told = import_agreement(unit, parse_agreement(file.encode(), "n"), CY, TODAY)
        assert told.changes == ()
        row = unit.execute(select(commitment).where(commitment.c.reference == "survey")).one()
        assert (row.state, row.state_until) == ("on_hold", "2026-05")
    reconcile_register(register, NOW, date(2026, 5, 31))
    with open_reading(register) as reading:
        states = select(commitment.c.state).where(commitment.c.reference == "survey")
        assert reading.execute(states).scalar_one() == "on_hold"
    reconcile_register(register, NOW, date(2026, 6, 1))
    with open_reading(register) as reading:
        assert reading.execute(states).scalar_one() == "active"
        assert state_of(reading, "overdue:north-south/survey") == "open"


def test_files_that_are_gone_or_cut_short_are_found(register: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    kept = [keep_file(folder, f"{name}.txt", io.BytesIO(name.encode()), 1000) for name in ("one", "two", "three")]
    with open_unit(register) as unit:
        for file in kept:
            add_evidence(unit, CY, "north-south", "survey", None, TODAY, file=file)
        add_evidence(unit, CY, "north-south", "bridge", None, TODAY, file=kept[0])
    place_of(folder, kept[0].sha256).unlink()
    place_of(folder, kept[1].sha256).write_bytes(b"tw")
    with open_reading(register) as reading:
        assert [name for name, _ in list_missing(reading, folder)] == ["one.txt", "two.txt"]
        found = examine_evidence(reading, Settings(evidence=folder))
    assert found.state == "broken"
    assert found.found.startswith("one.txt (") and found.found.endswith("and 1 more not there, or not whole")


def test_a_file_with_a_flaw_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    for name, content, flaw in (("a.pdf", b"x", Flaw.FILE_CONTENT), ("a.txt", b"", Flaw.FILE_EMPTY)):
        with pytest.raises(Flawed) as refused:
            keep_file(tmp_path / "evidence", name, io.BytesIO(content), 1000)
        assert refused.value.flaws == (("file", flaw),)
    assert not (tmp_path / "evidence").exists()
