"""The desk that the tests of the portal work at."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from commitments.agreement_file import parse_agreement
from commitments.database import open_database, open_reading, open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.settings import Settings
from notifications.links import open_links
from portal.accounts import open_accounts
from portal.app import leave_in_outbox, make_portal
from portal.asked_links import make_links
from portal.house import House
from tests.portal.desk import FORM, NOW, TODAY, Desk
from tests.standings import judge_days, list_lies

BASE_URL = "https://tally.example"


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


@pytest.fixture(scope="session")
def desk_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for the register of every desk, which is put in its place: it knows by then how each query is said."""
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('desk') / 'tally.db'}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def portal_settings(desk_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of every desk but for its home, read once."""
    url = desk_engine.url.render_as_string()
    home = tmp_path_factory.mktemp("home")
    return Settings(home=home, database_url=url, base_url=BASE_URL, requests_a_minute=1000)


@pytest.fixture(scope="session")
def portal_app(desk_engine: Engine, portal_settings: Settings) -> FastAPI:
    """The portal, put together once; it looks at its routes when they are first asked for, which takes a while."""
    return make_portal(portal_settings, desk_engine)


@pytest.fixture
def desk(
    asked_template: Path, desk_engine: Engine, portal_settings: Settings, portal_app: FastAPI, tmp_path: Path
) -> Iterator[Desk]:
    settings = portal_settings.model_copy(update={"home": tmp_path})
    register = Path(desk_engine.url.database or "")
    for leftover in register.parent.glob(f"{register.name}*"):  # with an old log beside it, the copy would be of no use
        leftover.unlink()
    shutil.copyfile(asked_template, register)
    links = open_links(settings)
    assert links is not None
    clock = [NOW]

    def make_asked() -> None:
        make_links(desk_engine, settings, clock[0], leave_in_outbox)

    portal_app.state.house = House(
        desk_engine, settings, links, lambda: clock[0], leave_in_outbox, make_asked, open_accounts(settings)
    )
    portal_app.middleware_stack = None  # what was counted of the requests begins anew
    with TestClient(portal_app, base_url=BASE_URL, raise_server_exceptions=False) as client:
        yield Desk(desk_engine, settings, links, client, clock)
    log, lies = Path(f"{register}-wal"), list[str]()
    if clock[0] != NOW or not log.exists() or log.stat().st_size:  # else nothing has been written
        with open_reading(desk_engine) as reading:
            lies = list_lies(reading, judge_days(reading, [clock[0].date(), clock[0].date() + timedelta(days=1)]))
    desk_engine.dispose()
    assert lies == [], "whatever was done on the pages, how the agreements stand is stored as it is"
