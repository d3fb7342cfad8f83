"""What the examples of `benchmarks.page_examples` are about: for each request another agreement, promise, link or file."""

import random
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from io import BytesIO
from itertools import cycle, islice
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, delete, func, insert, select, update

from benchmarks.dataset import NOW, TODAY
from benchmarks.large_house import CROWDED, DAY
from commitments.database import open_reading, open_unit
from commitments.evidence_files import keep_file
from commitments.export import export_agreement
from commitments.log import Author
from commitments.reporting import Reported, answer_report, file_report
from commitments.settings import Settings
from commitments.sheet_columns import write_sheets
from commitments.sketch import Sketch, TypedParty, TypedPerson, TypedPromise
from commitments.tables import (
    activity,
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    contact,
    document,
    evidence,
    follow_up,
    milestone,
    party,
    public_page,
    rule_proposal,
)
from commitments.workbooks import write_xlsx
from notifications.links import Ask, Links, Purpose
from portal.bringing import load_plain
from portal.feeds import make_feed
from portal.page_words import load_page_words
from portal.registrations import Way, begin_registration
from portal.sheet_words import name_head, name_sheet, name_word
from portal.tables import registration, visit
from portal.visits import make_link_number

Values = Mapping[str, Any]
PROMISES_A_DRAFT = 12


@dataclass(frozen=True)
class Ground:
    """The register that is measured, and how many requests are made of each example."""

    engine: Engine
    settings: Settings
    links: Links
    draw: random.Random
    busiest: str
    requests: int

    def rows(self, query: Select[Any], a_request: int = 1) -> list[Values]:
        """So many rows a request, drawn from all, by what their columns are called."""
        with open_reading(self.engine) as reading:
            found = [dict(row._mapping) for row in reading.execute(query)]
        return self.draw.sample(found, min(self.requests * a_request, len(found)))

    def person(self, reference: str) -> int:
        with open_reading(self.engine) as reading:
            return int(reading.execute(select(contact.c.id).where(contact.c.reference == reference)).scalar_one())


def fill_pool(name: str, ground: Ground) -> list[Values]:
    """So many values of a pool as there are requests; fewer only where the register has no more."""
    return list(islice(_POOLS[name](ground), ground.requests))


def _select_promises(*where: ColumnElement[bool], side: str | None = "north") -> Select[Any]:
    """Active promises of the ordinary agreements, owed by one side."""
    query = (
        select(agreement.c.reference.label("reference"), commitment.c.reference.label("promise"))
        .join(commitment, commitment.c.agreement_id == agreement.c.id)
        .where(commitment.c.state == "active", agreement.c.reference != CROWDED, *where)
    )
    if side is None:
        return query
    owing = (
        select(commitment_owner.c.commitment_id)
        .join(party, party.c.id == commitment_owner.c.party_id)
        .where(party.c.reference == side)
    )
    return query.where(commitment.c.id.in_(owing))


def _list_once(_ground: Ground) -> Iterator[Values]:
    return cycle([{}])


def _list_agreements(ground: Ground) -> Iterator[Values]:
    return iter(ground.rows(select(agreement.c.reference).where(agreement.c.reference != CROWDED)))


def _list_proposals(ground: Ground, party_id: int | None = None) -> Iterator[Values]:
    """What another party of ordinary agreements proposes of who confirms, or the house itself."""
    places = select(agreement_party.c.party_id).where(
        agreement_party.c.agreement_id == agreement.c.id, agreement_party.c.party_id != 1
    )
    taken = select(rule_proposal.c.agreement_id)
    query = select(agreement.c.reference, agreement.c.id, places.limit(1).scalar_subquery().label("other")).where(
        agreement.c.reference != CROWDED, agreement.c.id.not_in(taken)
    )
    for one in ground.rows(query):
        row = {"agreement_id": one["id"], "rule": "confirmed_by", "before": "other_parties", "after": "nobody"}
        row |= {
            "party_id": party_id or one["other"],
            "proposed_by": "cy",
            "proposed_at": NOW,
            "why": "x",
            "state": "open",
        }
        with open_unit(ground.engine) as unit:
            made = unit.execute(insert(rule_proposal).values(**row).returning(rule_proposal.c.id)).scalar_one()
        yield {"reference": one["reference"], "proposal": made}


def _list_visited(ground: Ground) -> Iterator[Values]:
    """Agreements that the register came with, not those which other examples have made meanwhile."""
    visited = select(activity.c.agreement_id).where(
        activity.c.reference == "visit-1", activity.c.withdrawn_on.is_(None)
    )
    query = select(agreement.c.reference).where(agreement.c.reference != CROWDED, agreement.c.id.in_(visited))
    return iter(ground.rows(query))


def _list_published(ground: Ground) -> Iterator[Values]:
    published = select(agreement.c.reference).join(public_page, public_page.c.agreement_id == agreement.c.id)
    return iter(ground.rows(published.where(public_page.c.published_at.is_not(None))))


def _list_promises(ground: Ground) -> Iterator[Values]:
    return iter(ground.rows(_select_promises(side=None)))


def _list_owed(ground: Ground) -> Iterator[Values]:
    return iter(ground.rows(_select_promises(commitment.c.kind == "deliverable")))


def _list_targets(ground: Ground) -> Iterator[Values]:
    return iter(ground.rows(_select_promises(commitment.c.kind == "target")))


def _list_reports(ground: Ground) -> Iterator[Values]:
    """Promises on which our side has reported."""
    return iter(ground.rows(_select_promises(commitment.c.id % 25 == 7)))


def _list_steps(ground: Ground, *, among: Sequence[int] = (2, 3, 6, 7)) -> Iterator[Values]:
    """Some of the steps: what is met, or was met by mistake, is not what is amended, and settled in the end."""
    stepped = select(milestone.c.commitment_id).where(milestone.c.reference == "plan", (milestone.c.id % 8).in_(among))
    found = _select_promises(commitment.c.id.in_(stepped))
    return ({**one, "milestone": "plan"} for one in ground.rows(found))


def _list_crowded(ground: Ground) -> Iterator[Values]:
    crowd = (
        select(commitment.c.reference.label("promise"))
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .where(
            agreement.c.reference == CROWDED, commitment.c.kind == "deliverable", commitment.c.due != DAY.isoformat()
        )
    )
    return ({**one, "reference": CROWDED} for one in ground.rows(crowd))


def _list_reported(ground: Ground) -> Iterator[Values]:
    """Promises of both sides that the other side reports as done, so that ours is asked to confirm."""
    ours = _select_promises(commitment.c.kind == "deliverable").add_columns(
        commitment.c.id, agreement_party.c.party_id, party.c.reference.label("side")
    )
    other = ours.join(agreement_party, agreement_party.c.agreement_id == agreement.c.id).join(
        party, party.c.id == agreement_party.c.party_id
    )
    owing = select(commitment_owner.c.id).where(
        commitment_owner.c.commitment_id == commitment.c.id, commitment_owner.c.party_id == agreement_party.c.party_id
    )
    unasked = other.where(party.c.reference.startswith("partner-"), ~owing.exists())  # nor for another example
    for one in ground.rows(unasked):
        with open_unit(ground.engine) as unit:
            joined = {"commitment_id": one["id"], "party_id": one["party_id"], "position": 5}
            unit.execute(insert(commitment_owner).values(joined))
            unit.execute(update(commitment).where(commitment.c.id == one["id"]).values(owed="jointly"))
            done = Reported("on_track", fulfilled=True)
            name = f"{one['reference']}/{one['promise']}"
            file_report(unit, Author("cy", NOW), name, one["side"], None, done, TODAY)
        yield one


def _list_confirmed(ground: Ground) -> Iterator[Values]:
    """Promises of which our side has confirmed what the other one reported."""
    for one in _list_reported(ground):
        with open_unit(ground.engine) as unit:
            own = select(party.c.reference).join(contact, contact.c.party_id == party.c.id)
            side = unit.execute(own.where(contact.c.reference == "cy")).scalar_one()
            name = f"{one['reference']}/{one['promise']}"
            answer_report(unit, Author("cy", NOW), name, side, None, TODAY, confirmed=True)
        yield {**one, "side": side}


def _list_asked(ground: Ground) -> Iterator[Values]:
    """What is open and asked of the coordinator, and was not put off for another example."""
    asked = select(follow_up.c.id.label("follow_up_id")).where(
        follow_up.c.assignee_id == ground.person("cy"),
        follow_up.c.state == "open",
        follow_up.c.snoozed_until.is_(None),
    )
    return iter(ground.rows(asked))


def _list_letters(ground: Ground) -> Iterator[Values]:
    """The links that stand in messages to owners about what can be done by a day, each with a colleague to whom it could
    be handed over."""
    other = contact.alias("other")
    colleague = (
        select(func.min(other.c.reference))
        .where(other.c.party_id == follow_up.c.party_id, other.c.id != follow_up.c.assignee_id)
        .where(other.c.role == "owner", other.c.valid_to.is_(None))
        .scalar_subquery()
    )
    asked = select(follow_up.c.id, follow_up.c.assignee_id, colleague.label("colleague")).where(
        follow_up.c.state == "open",
        follow_up.c.kind == "overdue",
        follow_up.c.snoozed_until.is_(None),
        follow_up.c.commitment_id.in_(select(commitment.c.id).where(commitment.c.kind == "deliverable")),
        follow_up.c.assignee_id != ground.person("busy"),
        colleague.is_not(None),
    )
    for one in ground.rows(asked):
        link = ground.links.write_answer(Ask(one["assignee_id"], follow_up_id=one["id"]))
        yield {"token": link.rpartition("/")[2], "colleague": one["colleague"]}


def _list_answered(ground: Ground) -> Iterator[Values]:
    asked = select(follow_up.c.id, follow_up.c.assignee_id, follow_up.c.matter).where(
        follow_up.c.state == "open", follow_up.c.kind == "overdue"
    )
    for one in ground.rows(asked):
        given = [one["assignee_id"], one["id"], one["matter"], None, "done", [], None]
        yield {"token": ground.links.sign(Purpose.ANSWERED, given)}


def _list_choices(ground: Ground) -> Iterator[Values]:
    for one in ground.rows(select(contact.c.id)):
        yield {"token": ground.links.write_choices(one["id"]).rpartition("/")[2]}


def _list_unsubscribing(ground: Ground) -> Iterator[Values]:
    for one in ground.rows(select(contact.c.id)):
        yield {"token": ground.links.sign(Purpose.UNSUBSCRIBE, [one["id"], "reminder"])}


def _list_sign_ins(ground: Ground) -> Iterator[Values]:
    for one in ground.rows(select(contact.c.id, contact.c.channels)):
        with open_unit(ground.engine) as unit:
            number = make_link_number(unit, one["id"], one["channels"]["mail"], NOW)
        yield {"token": ground.links.write_sign_in(number).rpartition("/")[2]}


def _list_feeds(ground: Ground) -> Iterator[Values]:
    """Those of the coordinator, of who owns most, and of the owner of whom most is asked, in turn."""
    keys = []
    for who in ("cy", "busy", ground.busiest):
        with open_unit(ground.engine) as unit:
            keys.append(make_feed(unit, Author(who, NOW), ground.person(who)))
    return cycle([{"key": key} for key in keys])


def _list_mails(ground: Ground) -> Iterator[Values]:
    for one in ground.rows(select(contact.c.channels)):
        yield {"mail": one["channels"]["mail"]}


def _select_owners() -> Select[Any]:
    """The house's own owners but the one who owns most."""
    return select(contact.c.reference).where(
        contact.c.party_id == 1, contact.c.role == "owner", contact.c.reference != "busy", contact.c.valid_to.is_(None)
    )


def _list_owners(ground: Ground) -> Iterator[Values]:
    return iter(ground.rows(_select_owners()))


def _list_proposed(ground: Ground) -> Iterator[Values]:
    """Owners of the house whom another side has added, all of whom wait to be accepted."""
    for one in ground.rows(_select_owners()):
        with open_unit(ground.engine) as unit:
            row = contact.c.reference == one["reference"]
            unit.execute(update(contact).where(row).values(proposed_by="partner-0007-cy"))
        yield one


def _list_successions(ground: Ground) -> Iterator[Values]:
    """Owners of something who hand over, each to another."""
    owning = select(commitment_owner.c.contact_id).where(commitment_owner.c.contact_id.is_not(None))
    people = [one["reference"] for one in ground.rows(_select_owners().where(contact.c.id.in_(owning)), 2)]
    half = len(people) // 2
    return ({"reference": one, "successor": other} for one, other in zip(people[:half], people[half:], strict=False))


def _list_busy(ground: Ground) -> Iterator[Values]:
    """The one who owns most, to another and back again."""
    others = [ground.busiest, "busy"]
    return cycle([{"reference": "busy", "successor": others[0]}, {"reference": others[0], "successor": "busy"}])


def _list_owned(ground: Ground) -> Iterator[Values]:
    """Promises with an owner who could take them over and does not hold them."""
    people = [one["reference"] for one in ground.rows(_select_owners(), 2)]
    holding = (
        select(contact.c.reference)
        .join(commitment_owner, commitment_owner.c.contact_id == contact.c.id)
        .where(commitment_owner.c.commitment_id == commitment.c.id, commitment_owner.c.party_id == 1)
    )
    for one in ground.rows(_select_promises().add_columns(holding.scalar_subquery().label("holder"))):
        yield {**one, "successor": next(other for other in people if other != one["holder"])}


def _list_orphans(ground: Ground) -> Iterator[Values]:
    places = select(commitment_owner.c.id.label("place")).where(
        commitment_owner.c.party_id == 1, commitment_owner.c.contact_id.is_(None)
    )
    people = cycle(ground.rows(_select_owners()))
    return ({**one, "successor": next(people)["reference"]} for one in ground.rows(places))


def _list_names(ground: Ground) -> Iterator[Values]:
    while True:
        number = ground.draw.randrange(10**9)
        yield {"name": f"Person {number}", "mail": f"person-{number}@north.example"}


def _list_evidence(ground: Ground) -> Iterator[Values]:
    shown = select(evidence.c.id.label("evidence_id")).where(evidence.c.withdrawn_on.is_(None))
    return iter(ground.rows(shown.where(evidence.c.link.is_not(None))))


def _list_files(ground: Ground) -> Iterator[Values]:
    """A file of 2 MB, kept once and handed in for one promise."""
    source = BytesIO(b"\xff\xd8\xff\xe0" + ground.draw.randbytes(2_000_000))
    (one, *_) = ground.rows(select(commitment.c.id).limit(1))
    kept = keep_file(ground.settings.evidence_folder, "photo.jpg", source, 5_000_000)
    shown = {"commitment_id": one["id"], "title": "Photo", "added_on": "2026-03-01", "file": kept.name}
    row = {**shown, "reference": f"file-{ground.draw.randrange(10**9)}", "sha256": kept.sha256, "size": kept.size}
    with open_unit(ground.engine) as unit:
        number = unit.execute(insert(evidence).values(row).returning(evidence.c.id)).scalar_one()
    return cycle([{"evidence_id": number}])


def _list_texts(ground: Ground) -> Iterator[Values]:
    """A signed text for each agreement, to be handed in."""
    for one in _list_agreements(ground):
        yield {**one, "file": "signed.pdf", "content": b"%PDF-1.7 " + ground.draw.randbytes(1000)}


def _list_documents(ground: Ground) -> Iterator[Values]:
    """The same, handed in already."""
    for one in _list_texts(ground):
        kept = keep_file(ground.settings.evidence_folder, one["file"], BytesIO(one["content"]), 5_000_000)
        with open_unit(ground.engine) as unit:
            under = select(agreement.c.id).where(agreement.c.reference == one["reference"]).scalar_subquery()
            row = {"file": kept.name, "sha256": kept.sha256, "size": kept.size, "added_on": TODAY}
            made = insert(document).values(**row, agreement_id=under).returning(document.c.id)
            number = unit.execute(made).scalar_one()
        yield {"document_id": number}


def _sketch(number: int) -> Sketch:
    """An agreement as somebody has typed it, ready to be registered."""
    parties = [TypedParty(key="k1", name="north"), TypedParty(key="k2", name="partner-0007")]
    person = TypedPerson(key="k3", party="k1", name=f"New {number}", mail=f"new-{number}@north.example")
    promises = [
        TypedPromise(key=f"k{10 + one}", summary=f"Exchange librarians, year {one}", has_date="yes",
                     due=f"20{27 + one}-06-30", owed_by=["k1"], owners={"k1": "k3"})
        for one in range(PROMISES_A_DRAFT)
    ]  # fmt: skip
    return Sketch(
        title=f"Memorandum {number}", kind="memorandum", parties=parties, people=[person], promises=promises,
        effective="2026-04-01", keys=100,
    )  # fmt: skip


def _forget_begun(ground: Ground) -> None:
    """Let go what other examples have begun to register: of one person's only the latest hundred are kept."""
    with open_unit(ground.engine) as unit:
        unit.execute(delete(registration).where(registration.c.contact_id == ground.person("cy")))


def _begin_draft(ground: Ground) -> Values:
    sketch = _sketch(ground.draw.randrange(10**9))
    with open_unit(ground.engine) as unit:
        content = sketch.model_dump(mode="json")
        return {"number": begin_registration(unit, ground.person("cy"), Way.BY_HAND, sketch.title, content, NOW)}


def _list_draft(ground: Ground) -> Iterator[Values]:
    _forget_begun(ground)
    return cycle([_begin_draft(ground)])


def _list_drafts(ground: Ground) -> Iterator[Values]:
    _forget_begun(ground)
    while True:
        yield _begin_draft(ground)


def _change_file(ground: Ground, reference: str) -> bytes:
    """The file of an agreement with some of its lines changed."""
    with open_reading(ground.engine) as reading:
        text = export_agreement(reading, reference)
    return text.replace("number 1", "with the number 1").replace("line of the long", "line of the longest", 40).encode()


def _list_yaml(ground: Ground) -> Iterator[Values]:
    for one in _list_agreements(ground):
        yield {"file": f"{one['reference']}.yaml", "content": _change_file(ground, one["reference"])}


def _list_crowded_yaml(ground: Ground) -> Iterator[Values]:
    return cycle([{"file": f"{CROWDED}.yaml", "content": _change_file(ground, CROWDED)}])


def _list_xlsx(ground: Ground) -> Iterator[Values]:
    words = load_page_words("en")
    for one in _list_agreements(ground):
        with open_reading(ground.engine) as reading:
            plain = load_plain(reading, one["reference"])
        plain["commitments"][0]["summary"] = "Hold another exchange of teachers"
        sheets = write_sheets(plain, name_head(words), name_sheet(words), name_word(words))
        yield {"file": f"{one['reference']}.xlsx", "content": write_xlsx(sheets)}


def _bring(ground: Ground) -> Iterator[Values]:
    _forget_begun(ground)
    for one in _list_yaml(ground):
        content = {"name": one["file"], "content": b64encode(one["content"]).decode()}
        with open_unit(ground.engine) as unit:
            number = begin_registration(unit, ground.person("cy"), Way.BY_FILE, one["file"], content, NOW)
        yield {"number": number}


def _list_brought(ground: Ground) -> Iterator[Values]:
    return cycle(islice(_bring(ground), 5))


def _list_visits(ground: Ground) -> Iterator[Values]:
    """Visits of the coordinator, on other machines."""
    return ({"visit": _begin_visit(ground, "cy")} for _ in range(ground.requests))


def _list_visitors(ground: Ground) -> Iterator[Values]:
    """Owners who are signed in."""
    for values in _list_owners(ground):
        _begin_visit(ground, values["reference"])
        yield values


def _begin_visit(ground: Ground, reference: str) -> int:
    row = {"contact_id": ground.person(reference), "device": "Another machine", "began_at": NOW, "seen_at": NOW}
    own = {"key_hash": ground.draw.randbytes(32).hex(), "expires_at": NOW + timedelta(days=30)}
    with open_unit(ground.engine) as unit:
        return int(unit.execute(insert(visit).values(row | own).returning(visit.c.id)).scalar_one())


def _list_searches(ground: Ground) -> Iterator[Values]:
    return ({"name": f"Teachers {number % 5}"} for number in range(ground.requests))


_POOLS: Mapping[str, Callable[[Ground], Iterator[Values]]] = {
    "once": _list_once,
    "visitors": _list_visitors,
    "agreements": _list_agreements,
    "proposals": _list_proposals,
    "own_proposals": partial(_list_proposals, party_id=1),
    "visited": _list_visited,
    "published": _list_published,
    "promises": _list_promises,
    "owed": _list_owed,
    "owned_by_us": _list_owned,
    "targets": _list_targets,
    "reports": _list_reports,
    "steps": _list_steps,
    "steps_to_meet": partial(_list_steps, among=(0, 1)),
    "steps_met_by_mistake": partial(_list_steps, among=(4, 5)),
    "crowded": _list_crowded,
    "reported": _list_reported,
    "confirmed": _list_confirmed,
    "asked": _list_asked,
    "letters": _list_letters,
    "answered": _list_answered,
    "choices": _list_choices,
    "unsubscribe": _list_unsubscribing,
    "sign_in": _list_sign_ins,
    "feeds": _list_feeds,
    "mails": _list_mails,
    "owners": _list_owners,
    "proposed": _list_proposed,
    "handing": _list_successions,
    "busy": _list_busy,
    "orphans": _list_orphans,
    "names": _list_names,
    "evidence": _list_evidence,
    "files": _list_files,
    "texts": _list_texts,
    "documents": _list_documents,
    "draft": _list_draft,
    "drafts": _list_drafts,
    "yaml": _list_yaml,
    "crowded_yaml": _list_crowded_yaml,
    "xlsx": _list_xlsx,
    "brought": _list_brought,
    "brought_once": _bring,
    "searches": _list_searches,
    "visits": _list_visits,
}
POOLS = frozenset(_POOLS)
