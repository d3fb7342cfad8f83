"""The desk that the tests of the portal work at."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.settings import Settings
from notifications.links import open_links
from portal.app import make_portal
from tests.portal.desk import FORM, NOW, TODAY, Desk


@pytest.fixture
def desk(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    settings = Settings(home=tmp_path, base_url="https://tally.example", requests_a_minute=1000)
    with open_unit(sqlite_engine) as unit:
        import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", NOW), date(2024, 1, 1))
    reconcile_register(sqlite_engine, NOW, TODAY)
    links = open_links(settings)
    assert links is not None
    clock = [NOW]
    app = make_portal(settings, sqlite_engine, read_clock=lambda: clock[0])
    with TestClient(app, base_url="https://tally.example", raise_server_exceptions=False) as client:
        yield Desk(sqlite_engine, settings, links, client, clock)
