"""That nothing of the portal is left out where its speed is measured (`benchmarks/pages.py`)."""

import re
from pathlib import Path

import pytest
from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import Engine

from benchmarks.page_examples import EXAMPLES, list_unmeasured
from benchmarks.page_pools import POOLS
from commitments.settings import Settings
from portal import app as portal_app
from portal.app import make_portal
from portal.roles import Permission
from portal.viewing import list_declared, require


def open_portal(engine: Engine, folder: Path) -> FastAPI:
    return make_portal(Settings(home=folder, base_url="https://tally.example"), engine)


def test_every_page_of_the_portal_is_measured(sqlite_engine: Engine, tmp_path: Path) -> None:
    assert list_unmeasured(open_portal(sqlite_engine, tmp_path)) == []


def test_a_page_that_nobody_measures_is_named(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = APIRouter()
    router.get("/newest", dependencies=[Depends(require(Permission.COME_IN))])(lambda: "new")
    monkeypatch.setattr(portal_app, "ROUTERS", (*portal_app.ROUTERS, router))
    assert list_unmeasured(open_portal(sqlite_engine, tmp_path)) == ["/newest"]


def test_what_is_measured_is_there(sqlite_engine: Engine, tmp_path: Path) -> None:
    served = {
        (path, method) for path, methods, _ in list_declared(open_portal(sqlite_engine, tmp_path)) for method in methods
    }
    assert {(one.route, one.method) for one in EXAMPLES} - served == set()


def test_an_example_asks_for_the_page_that_it_stands_for() -> None:
    strayed = [one.name for one in EXAMPLES if not is_of_route(one.path, one.route) or one.pool not in POOLS]
    assert strayed == []


def is_of_route(path: str, route: str) -> bool:
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route))
    return re.fullmatch(pattern, path.partition("?")[0]) is not None


def test_no_two_examples_are_called_the_same() -> None:
    names = [(one.name, one.method) for one in EXAMPLES]
    assert len(names) == len(set(names))
