"""Who may what in the portal: one table of permissions, and what of the register each person sees and acts on.

A route declares its permission by `Depends(require(...))` (`portal.viewing`), or stands in OPEN; `portal.app` does not
start with one that does neither.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Select, exists, false, or_, select, true

from commitments.facts import Person
from commitments.tables import (
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    contact,
    follow_up,
    log_entry,
    party,
)
from commitments.vocabulary import CommitmentState, ContactRole, FollowUpKind, FollowUpState


class Role(StrEnum):
    """What a person is in the portal."""

    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    OWNER = "owner"
    LEADER = "leader"
    OPERATOR = "operator"
    GUEST = "guest"


class Permission(StrEnum):
    """What a page or an action asks of who opens it."""

    COME_IN = "come_in"  # one's own Home, settings and visits: everybody who is signed in
    READ_AGREEMENTS = "read_agreements"  # agreements, commitments, calendar, brief
    READ_MESSAGES = "read_messages"  # what was sent to whom, and what was not
    ANSWER = "answer"  # what is asked of oneself or one's party
    REPORT = "report"  # progress, measurements and confirmations, for one's own side
    RECORD = "record"  # activities and evidence
    AMEND = "amend"  # dates, milestones, texts, owners, waiving, holding, withdrawing
    REGISTER = "register"  # new agreements, by form or by file
    HAND_OVER = "hand_over"  # all matters of a person
    ACCEPT = "accept"  # whom another side added to one's own party
    SET_POLICY = "set_policy"  # how an agreement's people are reminded
    PUBLISH = "publish"  # the public page of an agreement
    ADMINISTER = "administer"  # the visits of others


_READING = frozenset({Permission.COME_IN, Permission.READ_AGREEMENTS})
_OWN_SIDE = _READING | {Permission.ANSWER, Permission.REPORT}
_OWNING = _OWN_SIDE | {Permission.RECORD}
_COORDINATING = frozenset(Permission) - {Permission.ADMINISTER}
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.COORDINATOR: _COORDINATING,
    Role.OWNER: _OWNING,
    Role.LEADER: _READING,
    Role.OPERATOR: _READING | {Permission.READ_MESSAGES},
    Role.GUEST: _OWN_SIDE | {Permission.ACCEPT},
}

OPEN = frozenset(
    {
        "/",
        "/static/{version}/portal.css",
        "/static/{version}/icon.svg",
        "/static/{version}/portal.js",
        "/static/{version}/htmx.min.js",
        "/answer/{token}",
        "/answer/{token}/{answer}",
        "/answered/{token}",
        "/answered/{token}/undo",
        "/c/{token}",
        "/choices/{token}",
        "/feed/{key}.ics",
        "/public/{reference}",
        "/unsubscribe/{token}",
        "/sign-in",
        "/sign-in/account",
        "/sign-in/asked",
        "/sign-in/back",
        "/sign-in/{token}",
    }
)
"""The routes that ask for no visit: each is for everybody, or its address is a signed key."""

GIVEN_UP = (str(CommitmentState.WAIVED), str(CommitmentState.WITHDRAWN))
"""The states of commitments for which nothing is recorded any more."""

_NO_PARTY = select(party.c.id).where(false())
_ROLE_OF = {
    ContactRole.COORDINATOR: Role.COORDINATOR,
    ContactRole.OWNER: Role.OWNER,
    ContactRole.LEADER: Role.LEADER,
    ContactRole.OPERATOR: Role.OPERATOR,
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking: one person by one visit."""

    person: Person
    name: str
    party: str
    """The reference of the person's party."""
    role: Role
    visit_id: int
    token: str
    """What the forms of this visit carry."""

    @property
    def parties(self) -> frozenset[int]:
        """On whose side the person acts."""
        return frozenset({self.person.party_id})

    def may(self, permission: Permission) -> bool:
        """Whether their role has it; whom their own side has yet to accept comes in, and sees why that is all."""
        if self.person.proposed_by is not None and self.role is not Role.ADMINISTRATOR:
            return permission is Permission.COME_IN
        if permission is Permission.ACCEPT and self.role is Role.GUEST:
            return self.person.role is ContactRole.COORDINATOR
        return permission in PERMISSIONS[self.role]

    def speaks_for(self, party_id: int | None) -> bool:
        """Whether they may report and confirm in this party's name: everybody for their own side only."""
        return self.role is Role.ADMINISTRATOR or party_id in self.parties


def find_role(person: Person, party: str, administrators: frozenset[str], house_parties: frozenset[str]) -> Role:
    """What a contact is in the portal. `party` is the reference of their own; `house_parties` none if all keep it."""
    if person.mail is not None and person.mail.lower() in administrators:
        return Role.ADMINISTRATOR
    role = _ROLE_OF[person.role]
    if house_parties and party not in house_parties and role is not Role.LEADER:
        return Role.GUEST
    return role


def select_visible_agreements(viewer: Viewer) -> Select[int]:
    """The ids of the agreements that somebody sees: `agreement.c.id.in_(select_visible_agreements(viewer))`.

    An administrator sees all; an owner those under which they answer for something or are asked; everybody else those
    of their party.
    """
    if viewer.role is Role.ADMINISTRATOR:
        return select(agreement.c.id)
    if not viewer.may(Permission.READ_AGREEMENTS):
        return select(agreement.c.id).where(false())
    if viewer.role is not Role.OWNER:
        return select(agreement_party.c.agreement_id).where(agreement_party.c.party_id == viewer.person.party_id)
    owned = (
        select(commitment.c.agreement_id)
        .join(commitment_owner, commitment_owner.c.commitment_id == commitment.c.id)
        .where(_is_owned_by(viewer))
    )
    asked = select(follow_up.c.agreement_id).where(
        follow_up.c.assignee_id == viewer.person.id,
        follow_up.c.state == str(FollowUpState.OPEN),
        follow_up.c.agreement_id.is_not(None),
    )
    return select(agreement.c.id).where(or_(agreement.c.id.in_(owned), agreement.c.id.in_(asked)))


def select_own_commitments(viewer: Viewer) -> Select[int]:
    """The ids of the commitments on which somebody may act: report, record.

    Coordinators on all of their party's agreements, guests on what their party owes, owners on what they or whom they
    stand in for answer for. Leaders and operators act on none.
    """
    return select(commitment.c.id).where(_may_act(viewer))


def select_confirmable_commitments(viewer: Viewer) -> Select[int]:
    """The ids of the commitments of which somebody may confirm what another side reported, once theirs is asked.

    Who speaks for a party on all of its agreements; owners on what they answer for, and what they are asked.
    """
    if not viewer.may(Permission.REPORT):
        return select(commitment.c.id).where(false())
    if viewer.role is not Role.OWNER:
        return select(commitment.c.id).where(commitment.c.agreement_id.in_(select_visible_agreements(viewer)))
    asked = select(follow_up.c.commitment_id).where(
        follow_up.c.assignee_id == viewer.person.id,
        follow_up.c.kind == str(FollowUpKind.CONFIRMATION_ASKED),
        follow_up.c.state == str(FollowUpState.OPEN),
    )
    return select(commitment.c.id).where(or_(_may_act(viewer), commitment.c.id.in_(asked)))


def select_recordable_agreements(viewer: Viewer) -> Select[int]:
    """The ids of the agreements under which somebody may record what happened.

    For owners those under which they answer for something that was not given up: what they are asked they answer.
    """
    if viewer.role is not Role.OWNER:
        return (
            select_visible_agreements(viewer)
            if viewer.may(Permission.RECORD)
            else select(agreement.c.id).where(false())
        )
    return select(commitment.c.agreement_id).where(_may_act(viewer), commitment.c.state.not_in(GIVEN_UP))


def records_under(reading: Connection, viewer: Viewer, agreement_id: int) -> bool:
    """Whether somebody may record what happened under this agreement."""
    own = select(agreement.c.id).where(
        agreement.c.id == agreement_id, agreement.c.id.in_(select_recordable_agreements(viewer))
    )
    return reading.execute(own).first() is not None


def select_begun_parties(viewer: Viewer) -> Select[int]:
    """The ids of the parties to which somebody may add the first people, though they are not of their own side.

    Those that they brought into the register themselves, until one has a coordinator of its own on record.
    """
    begun = exists().where(
        log_entry.c.subject == party.name,
        log_entry.c.row_id == party.c.id,
        log_entry.c.action == "registered",
        log_entry.c.who == viewer.person.reference,
    )
    coordinated = exists().where(contact.c.party_id == party.c.id, contact.c.role == str(ContactRole.COORDINATOR))
    return select(party.c.id).where(begun, ~coordinated) if viewer.may(Permission.HAND_OVER) else _NO_PARTY


def _may_act(viewer: Viewer) -> ColumnElement[bool]:
    if not viewer.may(Permission.REPORT):
        return false()
    if viewer.role is Role.ADMINISTRATOR:
        return true()
    if viewer.role is Role.COORDINATOR:
        return commitment.c.agreement_id.in_(select_visible_agreements(viewer))
    own = _is_owned_by(viewer)
    if viewer.role is Role.GUEST:
        own = commitment_owner.c.party_id == viewer.person.party_id
    return commitment.c.id.in_(select(commitment_owner.c.commitment_id).where(own))


def _is_owned_by(viewer: Viewer) -> ColumnElement[bool]:
    stood_in_for = select(contact.c.id).where(contact.c.deputy_id == viewer.person.id)
    return or_(commitment_owner.c.contact_id == viewer.person.id, commitment_owner.c.contact_id.in_(stood_in_for))
