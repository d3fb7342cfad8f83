"""The database is brought to the tables of the code, once, whoever asks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

import migrations
import notifications.tables  # noqa: F401  (adds its tables to the metadata)
import portal.tables  # noqa: F401
from commitments.database import open_database, open_reading, open_unit
from commitments.errors import DatabaseOutOfDate
from commitments.tables import metadata
from migrations import database_version, migrate_database, newest_version, require_current

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def empty_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = (
        f"sqlite:///{tmp_path / 'empty.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("empty_postgres_url")
    )
    engine = open_database(url)
    yield engine
    engine.dispose()


def test_the_migrated_schema_is_that_of_the_metadata(engine: Engine) -> None:
    with open_reading(engine) as reading:
        context = MigrationContext.configure(reading, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_an_empty_database_is_refused_with_what_to_do(empty_engine: Engine) -> None:
    assert database_version(empty_engine) is None
    with pytest.raises(DatabaseOutOfDate, match="tally migrate"):
        require_current(empty_engine)


def test_a_migrated_database_is_current_and_migrating_again_changes_nothing(empty_engine: Engine) -> None:
    migrate_database(empty_engine)
    migrate_database(empty_engine)
    assert database_version(empty_engine) == newest_version()
    require_current(empty_engine)


def test_two_who_migrate_at_once_both_end_at_the_newest_version(empty_engine: Engine) -> None:
    other = open_database(empty_engine.url.render_as_string(hide_password=False))
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(migrate_database, engine) for engine in (empty_engine, other)]:
            done.result(timeout=240)
    other.dispose()
    require_current(empty_engine)


def test_a_migration_that_fails_leaves_nothing_behind(empty_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic.operations import Operations

    create_table = Operations.create_table

    def fail_late(self: Operations, name: str, *columns: object, **options: object) -> object:
        if name == "commitment":
            raise OSError("the disk is full")
        return create_table(self, name, *columns, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Operations, "create_table", fail_late)
    with pytest.raises(OSError, match="disk"):
        migrate_database(empty_engine)
    monkeypatch.undo()
    assert database_version(empty_engine) is None
    migrate_database(empty_engine)
    require_current(empty_engine)


def test_each_migration_has_a_transaction_of_its_own(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = tmp_path / "migrations" / "versions"
    shutil.copytree(migrations.FOLDER / "versions", versions)
    source = 'from alembic import op\nrevision = "{}"\ndown_revision = "{}"\ndef upgrade():\n    op.execute("{}")\n'
    newest = newest_version()
    (versions / "9002_more.py").write_text(source.format("9002", newest, "CREATE TABLE more (id INTEGER)"))
    (versions / "9001_bad.py").write_text(source.format("9001", "9002", "CREATE TABLE more (id INTEGER)"))
    monkeypatch.setattr(migrations, "FOLDER", versions.parent)
    migrations._versions.cache_clear()
    try:
        with pytest.raises(DBAPIError, match="already exists"):
            migrate_database(engine)
        assert database_version(engine) == "9002"
    finally:
        monkeypatch.undo()
        migrations._versions.cache_clear()


def test_a_register_in_use_is_brought_up_to_date_with_all_its_rows(empty_engine: Engine) -> None:
    while (found := database_version(empty_engine)) != "0001":
        assert found is None
        migrations._run_next_migration(empty_engine)
    row = "(1, 'a', 'overdue', 'a', 'commitment', {}, '2026', '2026-03-02', '{{}}', 'open', '2026-03-02')"
    columns = "(id, key, kind, matter, matter_kind, agreement_id, period, due_on, reason, state, opened_on)"
    with open_unit(empty_engine) as unit:
        unit.execute(
            text(
                "INSERT INTO agreement (id, reference, title, kind, languages, authentic, sources, registered_on)"
                " VALUES (1, 'a', '{}', 'memorandum', '[]', '[]', '[]', '2026-03-02')"
            )
        )
        unit.execute(text(f"INSERT INTO follow_up {columns} VALUES {row.format(1)}"))
    migrate_database(empty_engine)
    with open_unit(empty_engine) as unit:
        assert unit.execute(text("SELECT agreement_id FROM follow_up")).scalars().all() == [1]
        unit.execute(text(f"INSERT INTO follow_up {columns} VALUES {row.format('NULL')}".replace("(1, 'a'", "(2, 'b'")))
    if empty_engine.dialect.name == "sqlite":
        with open_reading(empty_engine) as reading:
            assert reading.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
            assert reading.execute(text("PRAGMA foreign_key_check")).all() == []


def test_a_database_of_a_newer_program_is_refused(engine: Engine) -> None:
    with open_unit(engine) as unit:
        unit.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refuse in (require_current, migrate_database):
        with pytest.raises(DatabaseOutOfDate, match=f"beyond the {newest_version()}"):
            refuse(engine)


def test_an_older_database_is_refused_with_both_versions(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "_versions", lambda: ("0001", "9998"))
    with open_unit(sqlite_engine) as unit:
        unit.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(DatabaseOutOfDate, match=r"version 0001 .* needs 9998"):
        require_current(sqlite_engine)


def test_the_newest_version_is_the_head_of_one_line_of_migrations() -> None:
    script = ScriptDirectory(str(migrations.FOLDER))
    assert script.get_heads() == [newest_version()]
    assert [revision.revision for revision in script.walk_revisions()] == list(reversed(migrations._versions()))


def test_asking_for_the_version_does_not_import_alembic() -> None:
    source = "import sys, migrations; migrations.newest_version(); sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", source], cwd=ROOT, check=False).returncode == 0


def test_the_module_migrates_the_database_of_the_settings(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tally.db'}"
    environment = {**os.environ, "TALLY_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
    for before in ("no version", newest_version()):
        told = subprocess.run(
            [sys.executable, "-m", "migrations"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert told == f"the database was at {before} and is at version {newest_version()}\n"
