"""Who may what: every route of the app, by every role."""

from html import unescape
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi import APIRouter, Depends
from sqlalchemy import Engine, select, update

from commitments.database import open_reading, open_unit
from commitments.facts import Person
from commitments.settings import Settings
from commitments.tables import agreement, commitment, contact, log_entry
from commitments.vocabulary import ContactRole
from notifications.catalogue import PAGE_CATALOGUES, extract_page_phrases, find_faults, read_catalogue
from portal import app as portal_app
from portal.app import make_portal
from portal.beginning import describe_first_step
from portal.page_words import load_page_words
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
from tests.portal.pages import list_actions
from tests.rules.cases import person

ROOT = Path(__file__).parents[2]
# Who comes as what, where the North keeps the register.
COMES_AS = {
    "ann": Role.OWNER,
    "cy": Role.COORDINATOR,
    "max": Role.LEADER,
    "li": Role.GUEST,
    "dee": Role.ADMINISTRATOR,
    "old": Role.OPERATOR,
}


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


def as_house(desk: Desk) -> None:
    """The North keeps the register; Dee is its administrator, and Old its operator."""
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    settings = desk.settings.model_copy(update={"house_parties": "north", "administrators": "dee@north.example"})
    object.__setattr__(house, "settings", settings)
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "old").values(role="operator", valid_to=None))


@pytest.mark.parametrize("who", COMES_AS)
def test_every_route_is_open_to_those_who_may_and_to_nobody_else(desk: Desk, who: str) -> None:
    as_house(desk)
    desk.sign_in("cy")
    routes = list(list_actions(desk))
    desk.client.cookies.clear()
    for path, method, address, _ in routes:
        closed = desk.client.request(method, address, follow_redirects=False)
        assert closed.status_code == (303 if method in ("GET", "HEAD") else 401), (method, path)
    desk.sign_in(who)
    token = {"token": desk.token()}
    walked, found = 0, 0
    for path, method, address, permission in routes:
        data = {} if method in ("GET", "HEAD") else {"data": token}
        answer = desk.client.request(method, address, follow_redirects=False, **data)  # type: ignore[arg-type]
        if answer.status_code == 401 or answer.headers.get("location", "").startswith("/sign-in"):
            desk.sign_in(who)  # the action before has ended the visit
            token = {"token": desk.token()}
            data = {} if not data else {"data": token}
            answer = desk.client.request(method, address, follow_redirects=False, **data)  # type: ignore[arg-type]
        allowed = permission in PERMISSIONS[COMES_AS[who]]
        if not allowed:
            assert answer.status_code == 403, (method, path, permission)
        assert answer.status_code < 500, (method, path)
        walked, found = walked + 1, found + (answer.status_code not in (403, 404))
    assert walked > 100
    if who in ("cy", "dee"):
        assert found > walked * 3 // 4, "it is real objects that are asked for"


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("ann", "If you need it, ask your coordinator."),
        ("max", "If you need it, ask your coordinator."),
        ("cy", "What is another side's is done by its coordinator; for all else ask the administrator."),
        ("li", "属于另一方的事项由该方的协调员处理；其他事项请联系管理员。"),
        ("dee", "What is another side's to say is said by its coordinator."),
    ],
)
def test_who_is_refused_is_told_whom_to_ask_and_no_coordinator_to_ask_their_coordinator(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, who: str, said: str
) -> None:
    as_house(desk)
    desk.sign_in(who)
    monkeypatch.setattr(Viewer, "may", lambda *_: False)
    answer = desk.client.get("/agreements")
    assert answer.status_code == 403 and said in unescape(answer.text)


@pytest.mark.parametrize(
    ("role", "said"),
    [
        (ContactRole.OWNER, "A coordinator of your party can register one."),
        (ContactRole.COORDINATOR, "The party that keeps this register can register one."),
    ],
)
def test_a_guest_without_an_agreement_reads_who_can_register_one(role: ContactRole, said: str) -> None:
    guest = Viewer(person(1, 1, role), "Li", "south", Role.GUEST, 1, "")
    assert said in describe_first_step(load_page_words("en"), guest, ()).said


OURS, THEIRS = "/agreements/north-south/commitments/", "/agreements/elsewhere/commitments/theirs/"
# What is asked for, and who opens it: everybody else is refused it, or told that there is no such page.
SIDES: list[tuple[str, str, str]] = [
    ("a report on what the North owes", OURS + "survey/report", "ann cy dee"),
    ("a report on what both owe", OURS + "bridge/report", "ann cy dee li"),
    ("a report on what nobody answers for yet", OURS + "orphan/report", "cy dee"),
    ("a number of what the North owes", OURS + "fund/measure", "ann cy dee"),
    ("a step of both", OURS + "bridge/milestones/plan/met", "ann cy dee li"),
    ("a step of the North", OURS + "bridge/milestones/northern/met", "ann cy dee"),
    ("a step of the South", OURS + "bridge/milestones/southern/met", "dee li"),
    ("another date for a step of the South", OURS + "bridge/milestones/southern", "cy dee"),
    ("what is to be confirmed", OURS + "bridge/confirm", "ann cy dee li"),
    ("what the South has not confirmed, to be taken back", OURS + "bridge/confirm/south/withdraw", ""),
    ("what is to be confirmed though the South owes none of it", OURS + "survey/confirm", "ann cy dee li"),
    ("another document", "/agreements/north-south/documents", "cy dee"),
    ("evidence of what both owe", OURS + "bridge/evidence", "ann cy dee"),
    ("another date", OURS + "survey/date", "cy dee"),
    ("the other words", OURS + "bridge/edit", "cy dee"),
    ("to waive", OURS + "bridge/decide/waive", "cy dee"),
    ("another owner", OURS + "bridge/owners", "cy dee"),
    ("the policy", "/agreements/north-south/policy", "cy dee"),
    ("an officer of the North", "/people/ann", "cy dee"),
    ("an officer of the South", "/people/li", "dee"),
    ("a hand-over in the South", "/people/li/hand-over", "dee"),
    ("an agreement of others", "/agreements/elsewhere", "dee zoe"),
    ("a report on what others owe", THEIRS + "report", "dee zoe"),
    ("the words of others", THEIRS + "edit", "dee"),
    ("the first people of a party that Cy brought in", "/add-person?party=west", "cy dee"),
    ("the people of a party that has a coordinator", "/add-person?party=east", "dee"),
    ("the agreement", "/agreements/north-south", "ann cy dee li max old"),
]


@pytest.mark.parametrize(("what", "address", "who"), SIDES, ids=[row[0] for row in SIDES])
def test_each_side_opens_its_own_and_nothing_of_the_other(desk: Desk, what: str, address: str, who: str) -> None:
    as_house(desk)
    desk.add_elsewhere()
    desk.add_sides_steps()
    with open_unit(desk.engine) as unit:
        for made in (log_entry.c.reference == "west", log_entry.c.reference == "east"):
            unit.execute(update(log_entry).where(log_entry.c.subject == "party", made).values(who="cy"))
    opened = set()
    for one in (*COMES_AS, "zoe"):
        desk.client.cookies.clear()
        desk.sign_in(one)
        status = desk.client.get(address, follow_redirects=False).status_code
        assert status in (200, 403, 404)
        if status == 200:
            opened.add(one)
            continue
        before = desk.snapshot()
        data = {"token": desk.token(), "why": "x", **dict(parse_qsl(urlsplit(address).query))}
        refused = desk.client.post(address, data=data, follow_redirects=False)
        assert refused.status_code in (403, 404, 405)
        assert desk.snapshot() == before
    assert opened == set(who.split()), what


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
