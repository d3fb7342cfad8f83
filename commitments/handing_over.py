"""Hands over all that names one person to another of the same party, in one step and one unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from commitments.asked_steps import is_step_of
from commitments.chunks import Span
from commitments.database import ROWS_A_STATEMENT
from commitments.errors import RefusedChange
from commitments.facts import Person
from commitments.log import Author, Change, record_changes
from commitments.people import UNSETTLED, end_office, find_agreements_around, give_role
from commitments.person_queries import load_people
from commitments.reconcile import Reconciled, load_rules, reconcile_span
from commitments.references import find_contact
from commitments.tables import (
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    contact,
    draft,
    follow_up,
    milestone,
)
from commitments.vocabulary import ContactRole, DraftState, FollowUpState, MilestoneState

HANDED_OVER = "handed_over"
"""The action of the log entry that says it of the person as a whole."""
_PASSED_ON = (ContactRole.COORDINATOR, ContactRole.OPERATOR)


@dataclass(frozen=True, slots=True)
class Matters:
    """Everything that names one person today; rows are those of the register."""

    person: Person
    name: str
    commitments: Sequence[Any]
    """What they own and is not settled: owner_id, id, reference, summary, summaries, quote, agreement_id,
    agreement_reference, title, party_id, due."""
    milestones: Sequence[Any]
    """The steps ahead under these, of their own side or of all: commitment_id, title, titles, due."""
    follow_ups: Sequence[Any]
    """What is asked of them and open."""
    stands_in_for: Sequence[Any]
    """The contacts whose deputy they are: id, reference, name."""
    drafts: int
    """The drafts of agreements that wait for them."""
    role: ContactRole | None
    """The role that goes over with the matters; none for an owner or a leader."""

    @property
    def is_empty(self) -> bool:
        return not (self.commitments or self.follow_ups or self.stands_in_for or self.drafts or self.role)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What a hand-over moved."""

    former: Person
    new: Person
    commitments: Sequence[Any]
    asked: tuple[int, ...] = ()
    """The follow-ups that were asked of the former person, or that came with a commitment."""
    coordinated: frozenset[int] = frozenset()
    """The agreements whose coordinator the new person has become."""


def find_matters(reading: Connection, person: Person, name: str) -> Matters:
    """What would be handed over: five statements, however much it is."""
    owned = reading.execute(
        select(
            commitment_owner.c.id.label("owner_id"), commitment_owner.c.party_id, commitment_owner.c.handed_from_id,
            commitment.c.id, commitment.c.reference, commitment.c.summary, commitment.c.summaries, commitment.c.quote,
            commitment.c.due, commitment.c.agreement_id, agreement.c.reference.label("agreement_reference"),
            agreement.c.title,
        )
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .where(
            commitment_owner.c.contact_id == person.id,
            commitment.c.state.in_(UNSETTLED),
            agreement.c.ended.is_(None),
        )
        .order_by(agreement.c.reference, commitment.c.position)
    ).all()  # fmt: skip
    steps = reading.execute(
        select(milestone.c.commitment_id, milestone.c.title, milestone.c.titles, milestone.c.due)
        .join(commitment_owner, commitment_owner.c.commitment_id == milestone.c.commitment_id)
        .where(
            commitment_owner.c.contact_id == person.id,
            milestone.c.state == str(MilestoneState.SCHEDULED),
            milestone.c.party_id.is_(None) | (milestone.c.party_id == commitment_owner.c.party_id),
        )
        .order_by(milestone.c.due, milestone.c.id)
    ).all()
    ids = {row.id for row in owned}
    asked = reading.execute(
        select(follow_up, milestone.c.title.label("step"), milestone.c.titles)
        .outerjoin(milestone, is_step_of(follow_up))
        .where(follow_up.c.assignee_id == person.id, follow_up.c.state == str(FollowUpState.OPEN))
        .order_by(follow_up.c.due_on, follow_up.c.id)
    ).all()
    deputised = reading.execute(
        select(contact.c.id, contact.c.reference, contact.c.name)
        .where(contact.c.deputy_id == person.id)
        .order_by(contact.c.reference)
    ).all()
    waiting = reading.execute(
        select(draft.c.id).where(draft.c.coordinator == person.reference, draft.c.state == str(DraftState.WAITING))
    ).all()
    return Matters(
        person,
        name,
        owned,
        [step for step in steps if step.commitment_id in ids],
        asked,
        deputised,
        len(waiting),
        person.role if person.role in _PASSED_ON else None,
    )


def check_successor(former: Person, new: Person, today: date) -> None:
    """Raises RefusedChange, with the reason, for somebody who cannot take over."""
    if new.id == former.id:
        raise RefusedChange(f"{new.reference} cannot hand over to themselves; name somebody else")
    if new.party_id != former.party_id:
        raise RefusedChange(f"{new.reference} is no contact of the same party; hand over to one of its own")
    if not new.is_in_office(today):
        raise RefusedChange(f"{new.reference} is not in office today; name somebody who is")
    if new.role is ContactRole.LEADER:
        raise RefusedChange(
            f"{new.reference} is a leader, who reads and is asked nothing; name an owner or coordinator"
        )


def hand_over_all(
    unit: Connection,
    author: Author,
    former: str,
    to: str,
    now: datetime,
    today: date,
    *,
    last_day: date | None = None,
    matters: Matters | None = None,
) -> HandedOver:
    """Make another contact of the party answerable for all that names a person, at once.

    Commitments that are not settled, the questions open under them, the drafts that wait, the places as a deputy, and
    the role of a coordinator or operator go over. `last_day` ends the former person's office; without it they stay on
    record as an owner of nothing. `matters` is what moves, if it was found in this unit. All of it is logged with the
    author's reason, and what was touched is reconciled.

    Raises NotFound for a contact that is not known, RefusedChange for one who cannot take over.
    """
    ids = find_contact(unit, former).id, find_contact(unit, to).id
    people = load_people(unit, only=contact.c.id.in_(ids))
    old, new = (people[one] for one in ids)
    check_successor(old, new, today)
    matters = matters or find_matters(unit, old, old.reference)
    changes = [
        *_pass_commitments(unit, matters, new),
        *_pass_deputyships(unit, matters, new),
        *_pass_drafts(unit, matters, new),
        *_change_offices(unit, old, new, last_day, today),
    ]
    passed = {"handed_to": (None, new.id), "commitments": (None, len(matters.commitments))}
    changes.append(Change(HANDED_OVER, contact.name, old.id, old.reference, None, passed))
    record_changes(unit, author, changes)
    asked = {row.id for row in matters.follow_ups}
    touched = {row.agreement_id for row in matters.commitments}
    touched |= {row.agreement_id for row in matters.follow_ups if row.agreement_id is not None}
    reconcile_agreements(unit, sorted(touched), now, today)
    _pass_rest(unit, author, old, new)
    coordinated = find_coordinated(unit, old) if old.role is ContactRole.COORDINATOR else frozenset()
    return HandedOver(old, new, matters.commitments, tuple(sorted(asked)), coordinated)


def name_owner(
    unit: Connection, author: Author, owner_ids: Sequence[int], to: str, now: datetime, today: date
) -> HandedOver:
    """Make a contact the owner of these places in commitments: of what nobody, or nobody any more, answers for.

    Raises NotFound for a contact that is not known, and RefusedChange for one who is not in office or leads, or a
    place of another party.
    """
    row = find_contact(unit, to)
    new = load_people(unit, only=contact.c.id == row.id)[row.id]
    if not new.is_in_office(today):
        raise RefusedChange(f"{to} is not in office today; name somebody who is")
    if new.role is ContactRole.LEADER:
        raise RefusedChange(f"{to} is a leader, who reads and is asked nothing; name somebody else")
    places = unit.execute(
        select(
            commitment_owner.c.id.label("owner_id"), commitment_owner.c.party_id, commitment_owner.c.contact_id,
            commitment_owner.c.handed_from_id, commitment.c.id, commitment.c.reference, commitment.c.agreement_id,
            agreement.c.reference.label("agreement_reference"),
        )
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .where(commitment_owner.c.id.in_(owner_ids))
        .order_by(commitment_owner.c.id)
    ).all()  # fmt: skip
    if any(place.party_id != new.party_id for place in places):
        raise RefusedChange(f"{to} is no contact of the party that owes it; name one of its own")
    moving = [place for place in places if place.contact_id != new.id]
    _pass_places(unit, moving, new)
    record_changes(unit, author, [_change_owner(place, place.contact_id, new) for place in moving])
    reconcile_agreements(unit, sorted({place.agreement_id for place in moving}), now, today)
    asked = unit.execute(
        select(follow_up.c.id).where(
            follow_up.c.commitment_id.in_(sorted({place.id for place in moving})),
            follow_up.c.assignee_id == new.id,
            follow_up.c.state == str(FollowUpState.OPEN),
        )
    ).scalars()
    return HandedOver(new, new, moving, tuple(sorted(asked)))


def reconcile_around(unit: Connection, contact_id: int, now: datetime, today: date) -> Reconciled:
    """Reconcile, within the unit of a change to a contact, what may be asked of them or of another because of it."""
    return reconcile_agreements(unit, find_agreements_around(unit, [contact_id]), now, today)


def reconcile_agreements(unit: Connection, ids: Sequence[int], now: datetime, today: date) -> Reconciled:
    """Reconcile some agreements within the unit of the change that touched them."""
    done = Reconciled()
    for start in range(0, len(ids), ROWS_A_STATEMENT):
        part = ids[start : start + ROWS_A_STATEMENT]
        rules = load_rules(unit, select(agreement.c.id).where(agreement.c.id.in_(part)))
        reconcile_span(unit, Span.over(part), rules, now, today, done)
    return done


def _change_owner(row: Any, former: int | None, new: Person) -> Change:
    reference = f"{row.agreement_reference}/{row.reference}"
    changes = {"contact_id": (former, new.id)}
    return Change("amended", commitment_owner.name, row.owner_id, reference[:300], row.agreement_id, changes)


def _pass_places(unit: Connection, places: Sequence[Any], new: Person) -> None:
    """Name the new person in these places, each beside whom the agreement's file still names."""
    named = func.coalesce(commitment_owner.c.handed_from_id, commitment_owner.c.contact_id)
    for start in range(0, len(places), ROWS_A_STATEMENT):
        ids = [row.owner_id for row in places[start : start + ROWS_A_STATEMENT]]
        unit.execute(
            update(commitment_owner)
            .where(commitment_owner.c.id.in_(ids))
            .values(contact_id=new.id, handed_from_id=named)
        )


def _pass_commitments(unit: Connection, matters: Matters, new: Person) -> list[Change]:
    _pass_places(unit, matters.commitments, new)
    return [_change_owner(row, matters.person.id, new) for row in matters.commitments]


def _pass_deputyships(unit: Connection, matters: Matters, new: Person) -> list[Change]:
    """Who stood in for the new person themselves is nobody now."""
    changes = []
    for row in matters.stands_in_for:
        deputy = new.id if row.id != new.id else None
        unit.execute(update(contact).where(contact.c.id == row.id).values(deputy_id=deputy))
        passed = {"deputy_id": (matters.person.id, deputy)}
        changes.append(Change("amended", contact.name, row.id, row.reference, None, passed))
    return changes


def _pass_drafts(unit: Connection, matters: Matters, new: Person) -> list[Change]:
    own = (draft.c.coordinator == matters.person.reference) & (draft.c.state == str(DraftState.WAITING))
    rows = unit.execute(update(draft).where(own).values(coordinator=new.reference).returning(draft.c.id)).all()
    passed = {"coordinator": (matters.person.reference, new.reference)}
    return [Change("amended", draft.name, row.id, str(row.id), None, passed) for row in rows]


def _change_offices(unit: Connection, old: Person, new: Person, last_day: date | None, today: date) -> list[Change]:
    """The role goes to an owner; who is more than that already keeps theirs. The former's office ends, or stays."""
    changes = []
    if old.role in _PASSED_ON and new.role is ContactRole.OWNER:
        changes.append(give_role(unit, new, old.role))
    if last_day is not None:
        changes.append(end_office(unit, old, last_day))
    if old.role in _PASSED_ON and (last_day is None or last_day >= today):
        changes.append(give_role(unit, old, ContactRole.OWNER))
    return [one for one in changes if one is not None]


def find_coordinated(unit: Connection, person: Person) -> frozenset[int]:
    """The agreements of the person's party that have not ended."""
    rows = unit.execute(
        select(agreement.c.id)
        .join(agreement_party, agreement_party.c.agreement_id == agreement.c.id)
        .where(agreement_party.c.party_id == person.party_id, agreement.c.ended.is_(None))
    )
    return frozenset(rows.scalars())


def _pass_rest(unit: Connection, author: Author, old: Person, new: Person) -> None:
    """What the checks did not pass on by themselves: questions about messages and drafts, and the operator's."""
    own = (follow_up.c.assignee_id == old.id) & (follow_up.c.state == str(FollowUpState.OPEN))
    rows = unit.execute(select(follow_up.c.id, follow_up.c.key, follow_up.c.agreement_id).where(own)).all()
    if not rows:
        return
    unit.execute(update(follow_up).where(own).values(assignee_id=new.id))
    passed = {"assignee_id": (old.id, new.id)}
    record_changes(
        unit, author, [Change("reassigned", follow_up.name, row.id, row.key, row.agreement_id, passed) for row in rows]
    )
