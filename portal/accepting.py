"""Whom one side adds to another that has a coordinator: they act for it once that coordinator has accepted them.

Else whoever registers an agreement could name somebody of their own at the other side, and confirm in its name what
they reported themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, case, or_, select, update

from commitments.awaited import seat_awaited
from commitments.database import open_unit
from commitments.difference import Imported
from commitments.handing_over import reconcile_around
from commitments.log import Author, Change, record_changes
from commitments.person_queries import find_served
from commitments.references import find_agreement
from commitments.tables import agreement, commitment, commitment_owner, contact, party
from commitments.vocabulary import ContactRole
from notifications.announcing import announce
from notifications.names import choose_words, name_promise
from notifications.views import LinkView, clean_text, fit_text
from notifications.wording import Words
from portal.forms import Form
from portal.house import Here, House
from portal.labels import name_contact_role
from portal.paging import write_address
from portal.people_queries import find_contact_of, is_over
from portal.people_views import ADDRESS
from portal.roles import Permission, Role, Viewer
from portal.viewing import require

router = APIRouter()
Accepting = Annotated[Viewer, Depends(require(Permission.ACCEPT))]
WAITS = "waits to be accepted by their own side"
ACCEPTED = "accepted by their own side"
NOT_ACCEPTED = "not accepted by their own side"
MATTERS_SHOWN = 10
_PROMISE_LIMIT = 160
ACCEPT, REFUSE = ADDRESS + "/{reference}/accept", ADDRESS + "/{reference}/refuse"


@dataclass(frozen=True, slots=True)
class ProposedView:
    """One person who waits to be accepted: as what and for what, who added them, and the two answers."""

    name: str
    office: str
    """Their role and their party."""
    about: str
    matters: tuple[LinkView, ...]
    """What they would answer for, as far as it is named here."""
    more: str
    effect: str
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
    among = contact.c.party_id.in_({row.party_id for row in rows}) & contact.c.id.not_in(added)
    served = find_served(unit, among, today)
    changes = []
    for row in rows:
        if row.party_id in served:
            unit.execute(update(contact).where(contact.c.id == row.id).values(proposed_by=viewer.person.reference))
            told = {"proposed_by": (None, viewer.person.reference)}
            changes.append(Change("amended", contact.name, row.id, row.reference, None, told, WAITS))
    record_changes(unit, author, changes)


def announce_imported(
    unit: Connection, house: House, viewer: Viewer, reference: str, now: datetime, *, new: bool
) -> list[int]:
    """Tell the coordinators of the other parties, at once, what was brought in their name; gives the messages."""
    agreement_id, today = find_agreement(unit, reference).id, house.today(now)
    return announce(unit, agreement_id, viewer.person, now, today, house.domain, new=new)


def load_proposed(reading: Connection, viewer: Viewer, today: date) -> Sequence[Any]:
    """Who waits to be accepted by the viewer: name, role, party, office, reference, channels, deputy, and by whom of
    which party."""
    if not viewer.may(Permission.ACCEPT):
        return ()
    proposer, deputy, own = contact.alias("proposer"), contact.alias("deputy"), party.alias("own")
    query = (
        select(
            contact.c.id, contact.c.reference, contact.c.name, contact.c.office, contact.c.channels, contact.c.valid_to,
            contact.c.role, contact.c.proposed_by, proposer.c.name.label("proposer"), party.c.names,
            own.c.names.label("own"), deputy.c.name.label("deputy"),
        )
        .join(own, own.c.id == contact.c.party_id)
        .outerjoin(deputy, deputy.c.id == contact.c.deputy_id)
        .outerjoin(proposer, proposer.c.reference == contact.c.proposed_by)
        .outerjoin(party, party.c.id == proposer.c.party_id)
        .where(contact.c.proposed_by.is_not(None))
        .order_by(contact.c.id)
    )  # fmt: skip
    if viewer.role is not Role.ADMINISTRATOR:
        query = query.where(contact.c.party_id == viewer.person.party_id)
    return [row for row in reading.execute(query).all() if not is_over(row, today)]


def load_matters(reading: Connection, people: Sequence[Any]) -> Mapping[int, Sequence[Any]]:
    """What each of these people is named for, by their id; no statement where there is nobody."""
    if not people:
        return {}
    ids, acting = [one.id for one in people], contact.alias("acting")
    awaited = commitment_owner.c.awaited_id.in_(ids)
    rows = reading.execute(
        select(
            case((awaited, commitment_owner.c.awaited_id), else_=commitment_owner.c.contact_id).label("contact_id"),
            case((awaited, acting.c.name)).label("acting"), commitment.c.reference, commitment.c.summary,
            commitment.c.summaries, commitment.c.quote, agreement.c.reference.label("head"), agreement.c.title,
            agreement.c.id,
        )
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .outerjoin(acting, acting.c.id == commitment_owner.c.contact_id)
        .where(or_(commitment_owner.c.contact_id.in_(ids), awaited))
        .order_by(agreement.c.id, commitment.c.position)
    )  # fmt: skip
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.contact_id, []).append(row)
    return found


def describe_proposed(words: Words, rows: Sequence[Any], matters: Mapping[int, Sequence[Any]]) -> list[ProposedView]:
    """In words, each with what they would answer for and where the two buttons lead."""
    return [
        ProposedView(
            clean_text(row.name),
            words.gettext("as %(role)s for %(party)s")
            % {"role": name_contact_role(words, ContactRole(row.role)), "party": _name_own(words, row.own)},
            " · ".join(
                part
                for part in (
                    clean_text(row.office or ""),
                    clean_text(row.channels.get("mail", "")),
                    words.gettext("their deputy: %(name)s") % {"name": clean_text(row.deputy)} if row.deputy else "",
                    words.gettext("added by %(name)s, %(party)s") % _name_proposer(words, row),
                )
                if part
            ),
            tuple(_link_matter(words, one) for one in matters.get(row.id, ())[:MATTERS_SHOWN]),
            _count_more(words, len(matters.get(row.id, ())) - MATTERS_SHOWN),
            words.gettext("They report and confirm for %(party)s once you accept them.")
            % {"party": _name_own(words, row.own)},
            f"{ADDRESS}/{row.reference}/accept",
            f"{ADDRESS}/{row.reference}/refuse",
        )
        for row in rows
    ]


def _link_matter(words: Words, one: Any) -> LinkView:
    """What somebody would answer for, and in whose place, if somebody does until then."""
    said = words.gettext("%(promise)s (%(agreement)s)") % {
        "promise": fit_text(clean_text(name_promise(one, words.tag)), _PROMISE_LIMIT),
        "agreement": clean_text(choose_words(one.title, words.tag)),
    }
    if one.acting:
        said = words.gettext("%(matter)s, in place of %(name)s") % {"matter": said, "name": clean_text(one.acting)}
    return LinkView(said, f"/agreements/{one.head}/commitments/{one.reference}", "")


def say_answered(words: Words, viewer: Viewer, reading: Connection, accepted: str, refused: str) -> str:
    """What has just been said about a person of the viewer's party, by their reference; nothing without one."""
    row = find_contact_of(reading, viewer, accepted or refused) if accepted or refused else None
    if row is None or not viewer.may(Permission.ACCEPT) or (accepted and row.proposed_by is not None):
        return ""
    own = reading.execute(select(party.c.names).where(party.c.id == row.party_id)).scalar_one()
    said = {"name": clean_text(row.name), "party": _name_own(words, own)}
    if accepted:
        return words.gettext("%(name)s now acts for %(party)s.") % said
    return (
        words.gettext(
            "%(name)s does not act for %(party)s. What they were to answer for has nobody named; you are asked who it "
            "is."
        )
        % said
    )


def _count_more(words: Words, more: int) -> str:
    return words.ngettext("and %(count)s more", "and %(count)s more", more) % {"count": more} if more > 0 else ""


def _name_own(words: Words, names: Mapping[str, str] | None) -> str:
    return clean_text(choose_words(names or {}, words.tag))


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
        author = Author(viewer.person.reference, now, why=ACCEPTED if accepted else NOT_ACCEPTED)
        action = "accepted" if accepted else "refused"
        under = {one.id for one in load_matters(unit, [row]).get(row.id, ())}
        heard = [Change(action, contact.name, row.id, reference, one) for one in sorted(under)]
        record_changes(unit, author, [Change("amended", contact.name, row.id, reference, None, told), *heard])
        seat_awaited(unit, author, row.id, accepted=accepted)
        reconcile_around(unit, row.id, now, today)
    return RedirectResponse(write_address("/home", {action: reference}), 303)
