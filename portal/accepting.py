"""Whom one side adds to another that has a coordinator: they act for it once that coordinator has accepted them.

Else whoever registers an agreement could name somebody of their own at the other side, and confirm in its name what
they reported themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, select, update

from commitments.database import open_unit
from commitments.difference import Imported
from commitments.handing_over import reconcile_around
from commitments.log import Author, Change, record_changes
from commitments.queries import load_people
from commitments.references import find_agreement
from commitments.tables import contact, party
from commitments.vocabulary import ContactRole
from notifications.announcing import announce
from notifications.names import choose_words
from notifications.views import clean_text
from notifications.wording import Words
from portal.forms import Form
from portal.house import Here, House
from portal.people_queries import find_contact_of, is_over
from portal.people_views import ADDRESS
from portal.roles import Permission, Role, Viewer
from portal.viewing import require

router = APIRouter()
Accepting = Annotated[Viewer, Depends(require(Permission.ACCEPT))]
ACCEPT, REFUSE = ADDRESS + "/{reference}/accept", ADDRESS + "/{reference}/refuse"


@dataclass(frozen=True, slots=True)
class ProposedView:
    """One person who waits to be accepted, with who added them, and the two answers."""

    name: str
    about: str
    accept: str
    refuse: str


def propose_people(unit: Connection, viewer: Viewer, author: Author, imported: Imported, today: date) -> None:
    """Let those whom the difference, which the unit has written, adds to a party of others wait for its coordinator.

    Where that party has no coordinator in office who can be reached, and who was not added with them, they act at
    once: as when one side registers an agreement, and with it the other side's people.
    """
    if viewer.role is Role.ADMINISTRATOR:
        return
    added = {one.row_id for one in imported.changes if (one.subject, one.action) == ("contact", "registered")}
    rows = unit.execute(
        select(contact.c.id, contact.c.reference, contact.c.party_id).where(
            contact.c.id.in_(added), contact.c.party_id != viewer.person.party_id
        )
    ).all()
    if not rows:
        return
    of_them = contact.c.party_id.in_({row.party_id for row in rows}) & (contact.c.role == str(ContactRole.COORDINATOR))
    served = {
        one.party_id
        for one in load_people(unit, only=of_them).values()
        if one.id not in added and one.ways and one.is_in_office(today)
    }
    changes = []
    for row in rows:
        if row.party_id in served:
            unit.execute(update(contact).where(contact.c.id == row.id).values(proposed_by=viewer.person.reference))
            told = {"proposed_by": (None, viewer.person.reference)}
            changes.append(Change("amended", contact.name, row.id, row.reference, None, told))
    record_changes(unit, author, changes)


def announce_imported(
    unit: Connection, house: House, viewer: Viewer, reference: str, now: datetime, *, new: bool
) -> list[int]:
    """Tell the coordinators of the other parties, at once, what was brought in their name; gives the messages."""
    agreement_id, today = find_agreement(unit, reference).id, house.today(now)
    return announce(unit, agreement_id, viewer.person, now, today, house.domain, new=new)


def load_proposed(reading: Connection, viewer: Viewer, today: date) -> Sequence[Any]:
    """Who waits to be accepted by the viewer: name, office, reference, channels, and by whom of which party."""
    if not viewer.may(Permission.ACCEPT):
        return ()
    proposer = contact.alias("proposer")
    query = (
        select(
            contact.c.reference, contact.c.name, contact.c.office, contact.c.channels, contact.c.valid_to,
            contact.c.proposed_by, proposer.c.name.label("proposer"), party.c.names,
        )
        .outerjoin(proposer, proposer.c.reference == contact.c.proposed_by)
        .outerjoin(party, party.c.id == proposer.c.party_id)
        .where(contact.c.proposed_by.is_not(None))
        .order_by(contact.c.id)
    )  # fmt: skip
    if viewer.role is not Role.ADMINISTRATOR:
        query = query.where(contact.c.party_id == viewer.person.party_id)
    return [row for row in reading.execute(query).all() if not is_over(row, today)]


def describe_proposed(words: Words, rows: Sequence[Any]) -> list[ProposedView]:
    """In words, each with where its two buttons lead."""
    return [
        ProposedView(
            clean_text(row.name),
            " · ".join(
                part
                for part in (
                    clean_text(row.office or ""),
                    clean_text(row.channels.get("mail", "")),
                    words.gettext("added by %(name)s, %(party)s") % _name_proposer(words, row),
                )
                if part
            ),
            f"{ADDRESS}/{row.reference}/accept",
            f"{ADDRESS}/{row.reference}/refuse",
        )
        for row in rows
    ]


def _name_proposer(words: Words, row: Any) -> dict[str, str]:
    return {
        "name": clean_text(row.proposer or row.proposed_by),
        "party": clean_text(choose_words(row.names or {}, words.tag)),
    }


def tell_waiting(words: Words, viewer: Viewer, reading: Connection) -> str:
    """To who was added by another side why they cannot act yet; empty for everybody else."""
    if viewer.person.proposed_by is None:
        return ""
    own = reading.execute(select(party.c.names).where(party.c.id == viewer.person.party_id)).scalar_one()
    return words.gettext(
        "Somebody of another party added you to %(party)s. Until a coordinator of %(party)s has accepted you, you see "
        "no agreement here, and cannot report or confirm."
    ) % {"party": clean_text(choose_words(own or {}, words.tag))}


def say_not_accepted(words: Words) -> tuple[str, str]:
    """The title and text of what such a person gets in place of a page that is not for them yet."""
    return (
        words.gettext("Your own side has not accepted you yet"),
        words.gettext("Somebody of another party added you. A coordinator of your own party accepts you first."),
    )


@router.post(ACCEPT)
def post_accept(viewer: Accepting, _sent: Form, house: Here, reference: str) -> Response:
    """Accept the person: from now on they act for the party."""
    return _answer(viewer, house, reference, accepted=True)


@router.post(REFUSE)
def post_refuse(viewer: Accepting, _sent: Form, house: Here, reference: str) -> Response:
    """Refuse the person: their office is over before it began, and what they were to answer for has no owner."""
    return _answer(viewer, house, reference, accepted=False)


def _answer(viewer: Viewer, house: House, reference: str, *, accepted: bool) -> Response:
    now = house.read_clock()
    today = house.today_of(viewer.person, now)
    with open_unit(house.engine) as unit:
        row = find_contact_of(unit, viewer, reference)
        if row is None:
            raise HTTPException(404)
        if row.proposed_by is None or is_over(row, today):
            return RedirectResponse("/home", 303)  # a second press, or another coordinator was first
        yesterday = (today - timedelta(days=1)).isoformat()
        values: dict[str, Any] = {"proposed_by": None} if accepted else {"valid_from": None, "valid_to": yesterday}
        unit.execute(update(contact).where(contact.c.id == row.id).values(**values))
        told = {name: (row._mapping[name], value) for name, value in values.items() if row._mapping[name] != value}
        author = Author(viewer.person.reference, now, why=None if accepted else "not accepted by their own side")
        record_changes(unit, author, [Change("amended", contact.name, row.id, reference, None, told)])
        reconcile_around(unit, row.id, now, today)
    return RedirectResponse("/home", 303)
