"""That nothing of the portal is left out where its speed is measured (`benchmarks/pages.py`)."""

from pathlib import Path

import pytest
from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import Engine

from benchmarks.page_examples import EXAMPLES, compile_route, list_unmeasured
from benchmarks.page_pools import POOLS
from benchmarks.pages import PARTS, list_chosen
from commitments.settings import Settings
from portal import app as portal_app
from portal.app import make_portal
from portal.roles import Permission
from portal.viewing import list_declared, require


def open_portal(engine: Engine, folder: Path) -> FastAPI:
    return make_portal(Settings(home=folder, base_url="https://tally.example"), engine)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_page_and_form_of_the_portal_is_measured(sqlite_engine: Engine, tmp_path: Path, method: str) -> None:
    assert list_unmeasured(open_portal(sqlite_engine, tmp_path), method) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_or_form_that_nobody_measures_is_named(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    router = APIRouter()
    declared = [Depends(require(Permission.COME_IN))]
    router.add_api_route("/newest", lambda: "new", methods=[method], dependencies=declared)
    monkeypatch.setattr(portal_app, "ROUTERS", (*portal_app.ROUTERS, router))
    assert list_unmeasured(open_portal(sqlite_engine, tmp_path), method) == ["/newest"]


def test_what_is_measured_is_there(sqlite_engine: Engine, tmp_path: Path) -> None:
    served = {
        (path, method) for path, methods, _ in list_declared(open_portal(sqlite_engine, tmp_path)) for method in methods
    }
    assert {(one.route, one.method) for one in EXAMPLES} - served == set()


def test_an_example_asks_for_the_page_that_it_stands_for() -> None:
    strayed = [one.name for one in EXAMPLES if not is_of_route(one.path, one.route) or one.pool not in POOLS]
    assert strayed == []


def is_of_route(path: str, route: str) -> bool:
    return compile_route(route).fullmatch(path.partition("?")[0]) is not None


def test_each_example_belongs_to_a_part_that_can_be_measured_alone() -> None:
    assert {one.part for one in EXAMPLES} == set(PARTS)
    assert sum(len(list(list_chosen(part=part))) for part in PARTS) == len(EXAMPLES)


def test_no_two_examples_are_called_the_same() -> None:
    names = [(one.name, one.method) for one in EXAMPLES]
    assert len(names) == len(set(names))
