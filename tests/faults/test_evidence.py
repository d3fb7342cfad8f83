"""A machine that dies while a file is handed in: never a row without its file, and the next one finds its place."""

import os
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.evidence_files import find_file, keep_file, list_missing
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import evidence
from tests.portal.desk import FORM, NOW, TODAY

HAND_IN = """
import io, sys
from pathlib import Path
from commitments.database import open_database, open_unit
from commitments.evidence_files import keep_file
from commitments.failpoints import failpoint
from commitments.log import Author
from commitments.recording import add_evidence
from tests.portal.desk import NOW, TODAY

engine = open_database(sys.argv[1])
kept = keep_file(Path(sys.argv[2]), "minutes.pdf", io.BytesIO(b"%PDF-1.7 minutes"), 1000)
with open_unit(engine) as unit:
    add_evidence(unit, Author("cy", NOW), "north-south", "survey", "Minutes", TODAY, file=kept)
    failpoint("evidence.before_commit")
failpoint("evidence.after_commit")
"""


@pytest.mark.parametrize(
    ("place", "rows"),
    [("evidence.written", 0), ("evidence.kept", 0), ("evidence.before_commit", 0), ("evidence.after_commit", 1)],
)
def test_wherever_it_dies_each_row_has_its_file_and_the_next_attempt_succeeds(
    sqlite_engine: Engine, tmp_path: Path, place: str, rows: int
) -> None:
    folder = tmp_path / "evidence"
    with open_unit(sqlite_engine) as unit:
        import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", NOW), TODAY)
    command = [sys.executable, "-c", HAND_IN, str(sqlite_engine.url), str(folder)]
    environment = {**os.environ, "TALLY_FAILPOINTS": f"{place}=kill"}
    died = subprocess.run(command, env=environment, cwd=Path(__file__).parents[2], timeout=300, check=False)
    assert died.returncode == -signal.SIGKILL
    with open_reading(sqlite_engine) as reading:
        assert len(reading.execute(select(evidence)).all()) == rows
        assert list(list_missing(reading, folder)) == []
    again = subprocess.run(command, cwd=Path(__file__).parents[2], timeout=300, check=False)
    assert again.returncode == 0
    with open_reading(sqlite_engine) as reading:
        (row,) = reading.execute(select(evidence))
        assert list(list_missing(reading, folder)) == []
    assert find_file(folder, row.sha256) is not None


def test_what_was_being_written_when_it_died_is_removed_after_a_day(tmp_path: Path) -> None:
    left, fresh = tmp_path / ".coming-old", tmp_path / ".coming-new"
    for one in (left, fresh):
        one.write_bytes(b"half")
    day_before = time.time() - 25 * 3600
    os.utime(left, (day_before, day_before))
    keep_file(tmp_path, "a.txt", BytesIO(b"whole"), 100)
    assert not left.exists() and fresh.exists()
