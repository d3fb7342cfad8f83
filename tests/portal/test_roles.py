"""Who may what: every route of the app, by every role."""

import re
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends
from sqlalchemy import Engine, select

from commitments.database import open_reading
from commitments.facts import Person
from commitments.settings import Settings
from commitments.tables import agreement, commitment
from commitments.vocabulary import ContactRole
from notifications.catalogue import PAGE_CATALOGUES, extract_page_phrases, find_faults, read_catalogue
from portal import app as portal_app
from portal.app import make_portal
from portal.roles import (
    OPEN,
    PERMISSIONS,
    Permission,
    Role,
    Viewer,
    find_role,
    select_own_commitments,
    select_visible_agreements,
)
from portal.viewing import UndeclaredRoute, list_declared, require
from tests.portal.desk import Desk

ROOT = Path(__file__).parents[2]
# Who comes as what, where the North keeps the register.
COMES_AS = {"ann": Role.OWNER, "cy": Role.COORDINATOR, "max": Role.LEADER, "li": Role.GUEST}


def make_person(role: ContactRole, mail: str | None = "x@y.example") -> Person:
    return Person(1, "x", 1, role, None, None, "UTC", "en", mail, None)


@pytest.mark.parametrize(
    ("role", "party", "administrators", "house", "comes_as"),
    [
        (ContactRole.COORDINATOR, "north", "", "", Role.COORDINATOR),
        (ContactRole.OWNER, "north", "", "", Role.OWNER),
        (ContactRole.LEADER, "north", "", "", Role.LEADER),
        (ContactRole.OPERATOR, "north", "", "", Role.OPERATOR),
        (ContactRole.COORDINATOR, "north", "", "north", Role.COORDINATOR),
        (ContactRole.COORDINATOR, "south", "", "north", Role.GUEST),
        (ContactRole.OWNER, "south", "", "north", Role.GUEST),
        (ContactRole.OPERATOR, "south", "", "north", Role.GUEST),
        (ContactRole.LEADER, "south", "", "north", Role.LEADER),
        (ContactRole.OWNER, "south", "x@y.example", "north", Role.ADMINISTRATOR),
    ],
)
def test_what_a_contact_is_in_the_portal(
    role: ContactRole, party: str, administrators: str, house: str, comes_as: Role
) -> None:
    named = frozenset({administrators}) - {""}, frozenset({house}) - {""}
    assert find_role(make_person(role), party, *named) is comes_as


def test_the_reference_says_what_the_table_says() -> None:
    page = (ROOT / "docs" / "reference" / "roles.md").read_text(encoding="utf-8")
    table = next(part for part in page.split("\n\n") if part.startswith("| permission"))
    head, _, *rows = table.splitlines()
    roles = [cell.strip() for cell in head.strip("|").split("|")][1:]
    said = {
        (role, row.strip("|").split("|")[0].strip().strip("`"))
        for row in rows
        for role, cell in zip(roles, row.strip("|").split("|")[1:], strict=True)
        if cell.strip() == "yes"
    }
    assert said == {(str(role), str(one)) for role, granted in PERMISSIONS.items() for one in granted}


@pytest.mark.parametrize("who", COMES_AS)
def test_every_route_is_open_to_those_who_may_and_to_nobody_else(
    desk: Desk, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    settings = desk.settings.model_copy(update={"house_parties": "north"})
    object.__setattr__(house, "settings", settings)
    walked = 0
    for path, methods, permission in list_declared(desk.client.app):  # type: ignore[arg-type]
        if permission is None:
            continue
        address = re.sub(r"\{[^}]+\}", "1", path)
        for method in sorted(methods):
            desk.client.cookies.clear()
            closed = desk.client.request(method, address, follow_redirects=False)
            assert closed.status_code == (303 if method in ("GET", "HEAD") else 401), (method, path)
            desk.sign_in(who)
            token = {} if method in ("GET", "HEAD") else {"data": {"token": desk.token()}}
            answer = desk.client.request(method, address, follow_redirects=False, **token)  # type: ignore[arg-type]
            allowed = permission in PERMISSIONS[COMES_AS[who]]
            assert (answer.status_code != 403) is allowed, (method, path, permission)
            assert answer.status_code < 500
            walked += 1
    assert walked > 3


def test_a_route_that_says_nothing_keeps_the_portal_from_starting(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = APIRouter()
    router.get("/secret")(lambda: "told to everybody")
    monkeypatch.setattr(portal_app, "ROUTERS", (*portal_app.ROUTERS, router))
    with pytest.raises(UndeclaredRoute, match="/secret: say who may open it"):
        make_portal(Settings(home=tmp_path), sqlite_engine)


def test_a_declared_route_is_found_also_where_its_permission_stands_deep(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(viewer: Annotated[Viewer, Depends(require(Permission.PUBLISH))]) -> str:
        return viewer.name

    router = APIRouter()

    @router.get("/deep")
    def show_deep(name: Annotated[str, Depends(find)]) -> str:
        return name

    monkeypatch.setattr(portal_app, "ROUTERS", (*portal_app.ROUTERS, router))
    declared = {
        path: permission for path, _, permission in list_declared(make_portal(Settings(home=tmp_path), sqlite_engine))
    }
    assert declared["/deep"] is Permission.PUBLISH


def test_what_is_open_is_served(desk: Desk) -> None:
    served = {path for path, _, _ in list_declared(desk.client.app)}  # type: ignore[arg-type]
    assert served >= OPEN


def see(desk: Desk, who: str, role: Role) -> tuple[list[str], list[str]]:
    person = next(one for one in desk.people().values() if one.reference == who)
    viewer = Viewer(person, who, "x", role, 1, "t")
    with open_reading(desk.engine) as reading:
        seen = select(agreement.c.reference).where(agreement.c.id.in_(select_visible_agreements(viewer)))
        acts = select(commitment.c.reference).where(commitment.c.id.in_(select_own_commitments(viewer)))
        return (
            list(reading.execute(seen.order_by(agreement.c.reference)).scalars()),
            list(reading.execute(acts.order_by(commitment.c.position)).scalars()),
        )


EVERY = ["survey", "bridge", "visits", "fund", "friends", "orphan"]


@pytest.mark.parametrize(
    ("who", "role", "sees", "acts_on"),
    [
        ("cy", Role.ADMINISTRATOR, ["elsewhere", "north-south"], ["theirs", *EVERY]),
        ("cy", Role.COORDINATOR, ["north-south"], EVERY),
        ("ann", Role.OWNER, ["north-south"], ["survey", "bridge", "visits", "fund", "friends"]),
        ("dee", Role.OWNER, ["north-south"], ["survey", "bridge", "visits", "fund", "friends"]),  # Ann's deputy
        ("old", Role.OWNER, [], []),
        ("max", Role.LEADER, ["north-south"], []),
        ("li", Role.GUEST, ["north-south"], ["bridge"]),
        ("zoe", Role.COORDINATOR, ["elsewhere"], ["theirs"]),
    ],
)
def test_each_sees_and_acts_on_their_own(desk: Desk, who: str, role: Role, sees: list[str], acts_on: list[str]) -> None:
    desk.add_elsewhere()
    seen, acts = see(desk, who, role)
    assert seen == sees
    assert sorted(acts) == sorted(acts_on)


@pytest.mark.parametrize("path", sorted(PAGE_CATALOGUES.glob("*.po")), ids=lambda path: path.stem)
def test_the_coordinators_pages_are_complete_in_chinese(path: Path) -> None:
    phrases = extract_page_phrases()
    assert len(phrases) > 20
    assert sorted(find_faults(read_catalogue(path), phrases)) == []


def test_chinese_is_the_language_besides_english() -> None:
    assert [path.stem for path in PAGE_CATALOGUES.glob("*.po")] == ["zh_Hans"]
