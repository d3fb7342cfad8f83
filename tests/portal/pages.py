"""Every page that the portal serves, by an address at which somebody finds it filled."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO

from fastapi import FastAPI
from sqlalchemy import insert, select, update

from commitments.database import open_reading, open_unit
from commitments.evidence_files import keep_file
from commitments.log import Author
from commitments.publishing import publish_agreement
from commitments.sketch import Step
from commitments.tables import (
    activity,
    activity_commitment,
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    confirmation,
    contact,
    document,
    evidence,
    follow_up,
    measurement,
    party,
    progress_report,
    rule_proposal,
)
from notifications.links import Ask, Purpose
from portal.feeds import make_feed
from portal.roles import OPEN, Permission
from portal.viewing import list_declared
from tests.portal.desk import FORM, NOW, TODAY, Desk

FILE = re.compile(r"\.\w{2,4}$|^/evidence/\{evidence_id\}$|^/documents/\{document_id\}$")
"""What is served and is no page: files, by how their address ends."""
ELSEWHERE_ANSWERED = {"/sign-in/account", "/sign-in/back"}
"""What needs another house's sign-in to answer; neither reads of what is promised."""

REPORT = "said-once"
CONFIRMED = "kept-promise"


@dataclass(frozen=True)
class Place:
    """What of a register the pages are about."""

    agreement: str
    promise: str
    target: str
    stepped: tuple[str, str]
    """A commitment and one of its milestones that is still to be met."""
    owed: str
    """A promise that one's own side owes, with a date that is not over."""
    person: str
    party: str
    promises: tuple[str, ...]
    file: bytes
    """A file that would change the agreement."""

    def list_more(self) -> tuple[str, ...]:
        """Pages as they look when something is looked for, or of another kind."""
        return (
            f"/agreements?q=the&party={self.party}&kind=memorandum&standing=overdue&silence=12&sort=silence&page=1",
            "/agreements?q=nowhere",
            *(f"/agreements/{self.agreement}/commitments/{one}" for one in self.promises),
            "/messages?show=unsent",
            f"/agreements/{self.agreement}/commitments/{self.promise}/reports/{REPORT}/withdraw",
            f"/brief?party={self.party}",
            "/calendar?month=2026-02",
            "/calendar?day=2026-02-13",
            f"/messages?agreement={self.agreement}&kind=follow_up&show=queued&q={self.person}",
        )


NORTH_SOUTH = Place(
    "north-south", "survey", "fund", ("bridge", "plan"), "orphan", "ann", "south",
    ("survey", "bridge", "visits", "fund", "friends", "orphan"), FORM.replace(b"Raise a fund.", b"Raise a large fund."),
)  # fmt: skip


def list_addresses(desk: Desk, who: str = "cy", place: Place = NORTH_SOUTH) -> Iterator[str]:
    """An address of each page for who is signed in: of every route that answers GET, and those that look otherwise."""
    app: FastAPI = desk.client.app  # type: ignore[assignment]
    values = _fill(desk, who, place) | {
        "number": begin_draft(desk),
        **_record(desk, place),
        **_say(desk, place),
        **_confirm(desk, who, place),
        **_keep_document(desk, place),
        **_propose(desk, place),
    }
    values |= {"/register/files/{number}": _bring_file(desk, place)}
    for path, methods, _ in list_declared(app):
        if "GET" not in methods or path in OPEN or FILE.search(path):
            continue
        for step in Step if "{step}" in path else [""]:
            yield _write(path, {**values, "step": step}, place)
    yield from place.list_more()


def list_actions(desk: Desk, who: str = "cy", place: Place = NORTH_SOUTH) -> Iterator[tuple[str, str, str, Permission]]:
    """Each route that asks for a visit, by each of its methods, with an address at which there is something, and what
    it requires. Who is signed in began the registrations that are among them."""
    app: FastAPI = desk.client.app  # type: ignore[assignment]
    values = _fill(desk, who, place) | {
        "number": begin_draft(desk),
        **_record(desk, place),
        **_say(desk, place),
        **_confirm(desk, who, place),
        **_keep_document(desk, place),
        **_propose(desk, place),
    }
    values |= {"/register/files/{number}": _bring_file(desk, place), "step": str(next(iter(Step)))}
    values |= {"/brief.pdf": f"/brief.pdf?party={place.party}"}
    for path, methods, permission in list_declared(app):
        if permission is None:
            continue
        place_of = {**values, "evidence_id": _keep_file(desk, place)} if FILE.search(path) else values
        if "{milestone}" in path:
            place_of = {**place_of, "part": "title"}
        for method in sorted(methods):
            yield path, method, _write(path, place_of, place), permission


def list_open_addresses(desk: Desk, who: str = "ann", place: Place = NORTH_SOUTH) -> Iterator[str]:
    """An address of each page that asks for no visit; the agreement is published for it."""
    with open_unit(desk.engine) as unit:
        publish_agreement(unit, Author(who, desk.clock[0]), place.agreement, is_found_by_search=False)
    values = _fill(desk, who, place)
    for path, methods, _ in list_declared(desk.client.app):  # type: ignore[arg-type]
        if "GET" in methods and path in OPEN and not FILE.search(path):
            yield _write(path, values, place)


def list_files(desk: Desk, who: str = "cy", place: Place = NORTH_SOUTH) -> Iterator[str]:
    """An address of each file that is served: what is no page."""
    with open_unit(desk.engine) as unit:
        values = {
            "reference": place.agreement,
            "version": "1",
            "key": make_feed(unit, Author(who, NOW), desk.person(who)),
        }
    values |= _keep_document(desk, place)
    values |= {"evidence_id": _keep_file(desk, place), "/brief.pdf": f"/brief.pdf?party={place.party}"}
    for path, methods, _ in list_declared(desk.client.app):  # type: ignore[arg-type]
        if "GET" in methods and FILE.search(path):
            yield _write(path, values, place)


def _keep_file(desk: Desk, place: Place) -> str:
    """Evidence under the first promise that is a file."""
    before = desk.rows(evidence, evidence.c.reference == "kept")
    if before:
        return str(before[0].id)
    kept = keep_file(desk.settings.evidence_folder, "photo.jpg", BytesIO(b"\xff\xd8\xff\xe0" + bytes(64)), 1000)
    promise = next(row for row in desk.rows(commitment) if row.reference == place.promise)
    shown = {"reference": "kept", "title": "Kept", "file": kept.name, "sha256": kept.sha256, "size": kept.size}
    with open_unit(desk.engine) as unit:
        row = insert(evidence).values(**shown, commitment_id=promise.id, added_on="2026-01-12")
        return str(unit.execute(row.returning(evidence.c.id)).scalar_one())


def _keep_document(desk: Desk, place: Place) -> dict[str, str]:
    """The signed text of the agreement, kept as a file."""
    (head,) = desk.rows(agreement, agreement.c.reference == place.agreement)
    kept = keep_file(desk.settings.evidence_folder, "signed text.pdf", BytesIO(b"%PDF-1.7 signed"), 1000)
    source = {"document": "Signed text", "kind": "signed_text", "language": "en", "sha256": kept.sha256}
    others = [one for one in head.sources if one["document"] != source["document"]]
    with open_unit(desk.engine) as unit:
        unit.execute(update(agreement).where(agreement.c.id == head.id).values(sources=[*others, source]))
    before = desk.rows(document, document.c.agreement_id == head.id)
    if before:
        return {"document_id": str(before[0].id)}
    row = {"agreement_id": head.id, "file": kept.name, "sha256": kept.sha256, "size": kept.size, "added_on": TODAY}
    with open_unit(desk.engine) as unit:
        return {"document_id": str(unit.execute(insert(document).values(**row).returning(document.c.id)).scalar_one())}


def begin_draft(desk: Desk) -> str:
    """The number of a registration that who is signed in has begun."""
    begun = desk.client.post("/register/drafts", data={"token": desk.token()}, follow_redirects=False)
    return begun.headers["location"].split("/")[3]


def _bring_file(desk: Desk, place: Place) -> str:
    """The page that says what a file would change."""
    files = {"file": (f"{place.agreement}.yaml", place.file)}
    brought = desk.client.post("/register/files", data={"token": desk.token()}, files=files, follow_redirects=False)
    return str(brought.headers["location"])


def _record(desk: Desk, place: Place) -> dict[str, str]:
    """An activity with evidence under the first promise, and how they are called in an address."""
    before = [row for row in desk.rows(evidence, evidence.c.reference == "photo") if row.activity == "opening"]
    if before:
        return {"name": "opening", "evidence_id": str(before[0].id)}
    promise = next(row for row in desk.rows(commitment) if row.reference == place.promise)
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


def _say(desk: Desk, place: Place) -> dict[str, str]:
    """A report under the first promise, of who owes it, and a number under the target, which stands for both in an
    address."""
    said = {"said": "measurements", "entry": "counted-once"}
    if desk.rows(progress_report, progress_report.c.reference == REPORT):
        return said
    (head,) = desk.rows(agreement, agreement.c.reference == place.agreement)
    promises = {row.reference: row for row in desk.rows(commitment, commitment.c.agreement_id == head.id)}
    first, target = promises[place.promise], promises[place.target]
    owner = desk.rows(commitment_owner, commitment_owner.c.commitment_id == first.id)[0]
    reported = {"reference": REPORT, "rating": "on_track", "fulfilled": False, "reported_on": date(2024, 2, 1)}
    measured = {"reference": said["entry"], "measured_on": "2024-02-01", "value": 1.0}
    with open_unit(desk.engine) as unit:
        unit.execute(insert(progress_report).values(**reported, commitment_id=first.id, party_id=owner.party_id))
        unit.execute(insert(measurement).values(**measured, commitment_id=target.id))
    return said


def _confirm(desk: Desk, who: str, place: Place) -> dict[str, str]:
    """A promise that another side has reported as kept, and one's own has confirmed."""
    (reader,) = desk.rows(contact, contact.c.reference == who)
    (side,) = desk.rows(party, party.c.id == reader.party_id)
    if desk.rows(commitment, commitment.c.reference == CONFIRMED):
        return {"side": side.reference}
    (head,) = desk.rows(agreement, agreement.c.reference == place.agreement)
    (like,) = desk.rows(commitment, commitment.c.agreement_id == head.id, commitment.c.reference == place.promise)
    places = desk.rows(agreement_party, agreement_party.c.agreement_id == head.id)
    other = next(row.party_id for row in places if row.party_id != side.id)
    kept = {**like._mapping, "reference": CONFIRMED, "position": 99, "state": "fulfilled", "state_on": "2026-02-02"}
    said = {"reference": "kept", "rating": "on_track", "fulfilled": True, "reported_on": date(2026, 2, 2)}
    with desk.write_past_log() as unit:
        del kept["id"]
        promise_id = unit.execute(insert(commitment).values(**kept).returning(commitment.c.id)).scalar_one()
        unit.execute(insert(commitment_owner).values(commitment_id=promise_id, party_id=other, position=0))
        report = insert(progress_report).values(**said, commitment_id=promise_id, party_id=other)
        report_id = unit.execute(report.returning(progress_report.c.id)).scalar_one()
        confirmed = {"state": "confirmed", "asked_on": date(2026, 2, 2), "answered_on": date(2026, 2, 3)}
        unit.execute(insert(confirmation).values(**confirmed, report_id=report_id, party_id=side.id))
    return {"side": side.reference}


def _propose(desk: Desk, place: Place) -> dict[str, str]:
    """What another side proposes of who confirms."""
    (head,) = desk.rows(agreement, agreement.c.reference == place.agreement)
    before = desk.rows(rule_proposal, rule_proposal.c.agreement_id == head.id)
    if before:
        return {"proposal": str(before[0].id)}
    (other,) = desk.rows(party, party.c.reference == place.party)
    by = desk.rows(contact, contact.c.party_id == other.id, contact.c.role == "coordinator")[0]
    row = {"agreement_id": head.id, "rule": "confirmed_by", "before": "other_parties", "after": "those_who_owe"}
    row |= {
        "party_id": other.id,
        "proposed_by": by.reference,
        "proposed_at": NOW,
        "why": "It takes long",
        "state": "open",
    }
    with open_unit(desk.engine) as unit:
        made = unit.execute(insert(rule_proposal).values(**row).returning(rule_proposal.c.id)).scalar_one()
    return {"proposal": str(made)}


def _write(path: str, values: dict[str, str], place: Place) -> str:
    special = values.get(path)
    if special is not None:
        return special
    if path.startswith("/people/"):
        values = {**values, "reference": place.person}
    if path.endswith(("/report", "/owners")) or path.startswith("/ahead/"):
        values = {**values, "promise": place.owed}
    if path.endswith("/measure") or "{said}" in path:
        values = {**values, "promise": place.target}
    if "{side}" in path:
        values = {**values, "promise": CONFIRMED}
    if "{milestone}" in path:
        values = {**values, "promise": place.stepped[0], "milestone": place.stepped[1]}
    named = {name.partition(":")[0] for name in re.findall(r"\{([^}]+)\}", path)}
    unknown = named - values.keys()
    assert not unknown, f"{path}: say in tests/portal/pages.py what to put for {', '.join(sorted(unknown))}"
    return re.sub(r"\{([^}:]+)[^}]*\}", lambda found: values[found[1]], path)


def _fill(desk: Desk, who: str, place: Place) -> dict[str, str]:
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
        "reference": place.agreement,
        "promise": place.promise,
        "part": "-",
        "key": "new-00000001",
        "turn": "hold",
        "follow_up_id": str(asked),
        "answer": "snooze",
        "half": "past",
        "/answer/{token}": f"/answer/{token}",
        "/answer/{token}/{answer}": f"/answer/{token}/snooze",
        "/answered/{token}": f"/answered/{answered}",
        "/c/{token}": desk.links.write_short_choices(person).removeprefix(desk.links.base_url),
        "/choices/{token}": desk.links.write_choices(person).removeprefix(desk.links.base_url),
        "/unsubscribe/{token}": f"/unsubscribe/{desk.links.sign(Purpose.UNSUBSCRIBE, [person, 'reminder'])}",
        "/sign-in/{token}": desk.ask_to_sign_in(who),
    }
