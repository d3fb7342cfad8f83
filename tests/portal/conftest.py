"""The desk that the tests of the portal work at."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from commitments.agreement_file import parse_agreement
from commitments.database import open_database, open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.settings import Settings
from notifications.links import open_links
from portal.app import make_portal
from tests.portal.desk import FORM, NOW, TODAY, Desk


@pytest.fixture(scope="session")
def asked_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register in which everything is asked, to be copied."""
    path = tmp_path_factory.mktemp("asked") / "tally.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}")
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", NOW), date(2024, 1, 1))
    reconcile_register(engine, NOW, TODAY)
    engine.dispose()
    return path


@pytest.fixture
def desk(asked_template: Path, tmp_path: Path) -> Iterator[Desk]:
    settings = Settings(home=tmp_path, base_url="https://tally.example", requests_a_minute=1000)
    shutil.copyfile(asked_template, tmp_path / "tally.db")
    engine = open_database(settings.register_url)
    links = open_links(settings)
    assert links is not None
    clock = [NOW]
    app = make_portal(settings, engine, read_clock=lambda: clock[0])
    with TestClient(app, base_url="https://tally.example", raise_server_exceptions=False) as client:
        yield Desk(engine, settings, links, client, clock)
    engine.dispose()
