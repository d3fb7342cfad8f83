"""Every page that the portal serves, by an address at which somebody finds it filled."""

import re
from collections.abc import Iterator

from fastapi import FastAPI
from sqlalchemy import insert, select

from commitments.database import open_reading, open_unit
from commitments.sketch import Step
from commitments.tables import activity, activity_commitment, commitment, evidence, follow_up
from notifications.links import Ask, Purpose
from portal.roles import OPEN
from portal.viewing import list_declared
from tests.portal.desk import Desk

AGREEMENT = "north-south"
PROMISES = ("survey", "bridge", "visits", "fund", "friends", "orphan")
MORE = (
    "/agreements?q=survey&party=south&kind=memorandum&standing=overdue&silence=12&sort=silence&page=1",
    "/agreements?q=nowhere",
    *(f"/agreements/{AGREEMENT}/commitments/{one}" for one in PROMISES),
    "/messages?show=unsent",
    "/brief?party=south",
    f"/messages?agreement={AGREEMENT}&kind=follow_up&show=queued&q=ann",
)
"""Pages as they look when something is looked for, or of another kind."""
FILE = re.compile(r"\.\w{2,4}$|^/evidence/\{evidence_id\}$")
"""What is served and is no page: files, by how their address ends."""


def list_addresses(desk: Desk, who: str = "cy") -> Iterator[str]:
    """An address of each page for who is signed in: of every route that answers GET, and those of MORE."""
    app: FastAPI = desk.client.app  # type: ignore[assignment]
    values = _fill(desk, who) | {"number": begin_draft(desk), "key": "new", **_record(desk)}
    for path, methods, _ in list_declared(app):
        if "GET" not in methods or path in OPEN or FILE.search(path):
            continue
        for step in Step if "{step}" in path else [""]:
            yield _write(path, {**values, "step": step})
    yield from MORE


def _record(desk: Desk) -> dict[str, str]:
    """An activity with evidence under the first promise, and how they are called in an address."""
    promise = next(row for row in desk.rows(commitment) if row.reference == PROMISES[0])
    about = {"agreement_id": promise.agreement_id, "reference": "opening", "title": "Opening of the exhibition"}
    shown = {"reference": "photo", "title": "A photo", "link": "https://north.example/photo", "added_on": "2026-01-12"}
    with open_unit(desk.engine) as unit:
        held = unit.execute(insert(activity).values(**about, kind="event", held_on="2026-01-12", count=1, parties=[]))
        assert held.inserted_primary_key is not None
        unit.execute(
            insert(activity_commitment).values(activity_id=held.inserted_primary_key[0], commitment_id=promise.id)
        )
        kept = unit.execute(insert(evidence).values(**shown, commitment_id=promise.id, activity="opening"))
        assert kept.inserted_primary_key is not None
    return {"name": "opening", "evidence_id": str(kept.inserted_primary_key[0])}


def begin_draft(desk: Desk) -> str:
    """The number of a registration that who is signed in has begun."""
    begun = desk.client.post("/register/drafts", data={"token": desk.token()}, follow_redirects=False)
    return begun.headers["location"].split("/")[3]


def list_open_addresses(desk: Desk, who: str = "ann") -> Iterator[str]:
    """An address of each page that asks for no visit."""
    values = _fill(desk, who)
    for path, methods, _ in list_declared(desk.client.app):  # type: ignore[arg-type]
        if "GET" in methods and path in OPEN and not FILE.search(path):
            yield _write(path, values)


def _write(path: str, values: dict[str, str]) -> str:
    special = values.get(path)
    if special is not None:
        return special
    if path.startswith("/people/"):
        values = {**values, "reference": "ann"}
    if "{milestone}" in path or path.endswith("/measure"):
        values = {**values, "promise": "fund" if path.endswith("/measure") else "bridge"}
    named = {name.partition(":")[0] for name in re.findall(r"\{([^}]+)\}", path)}
    unknown = named - values.keys()
    assert not unknown, f"{path}: say in tests/portal/pages.py what to put for {', '.join(sorted(unknown))}"
    return re.sub(r"\{([^}:]+)[^}]*\}", lambda found: values[found[1]], path)


def _fill(desk: Desk, who: str) -> dict[str, str]:
    """What stands for the parts of an address in braces; and whole addresses for those where that depends on more."""
    person = desk.person(who)
    with open_reading(desk.engine) as reading:
        mine = select(follow_up.c.id).where(follow_up.c.assignee_id == person, follow_up.c.state == "open")
        asked = reading.execute(mine.order_by(follow_up.c.id)).scalars().first()
    ask = Ask(person, follow_up_id=asked)
    token = desk.links.write_answer(ask).rpartition("/")[2]
    given = [person, asked, desk.rows(follow_up)[0].matter, None, "done", [], None]
    answered = desk.links.sign(Purpose.ANSWERED, given)
    return {
        "reference": AGREEMENT,
        "promise": PROMISES[0],
        "milestone": "plan",
        "turn": "hold",
        "follow_up_id": str(asked),
        "answer": "snooze",
        "/answer/{token}": f"/answer/{token}",
        "/answer/{token}/{answer}": f"/answer/{token}/snooze",
        "/answered/{token}": f"/answered/{answered}",
        "/choices/{token}": desk.links.write_choices(person).removeprefix(desk.links.base_url),
        "/unsubscribe/{token}": f"/unsubscribe/{desk.links.sign(Purpose.UNSUBSCRIBE, [person, 'reminder'])}",
        "/sign-in/{token}": desk.ask_to_sign_in(who),
    }
