"""The notices that a batch of messages tells of, those that still stand, and what stands around them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any, NamedTuple

from sqlalchemy import Connection, or_, select

from commitments.asked_steps import is_step_of
from commitments.facts import Person
from commitments.questions import find_colleagues
from commitments.tables import agreement, agreement_party, commitment, commitment_owner, follow_up, milestone
from commitments.vocabulary import CommitmentState, FollowUpKind, FollowUpState, NotificationKind, Owed
from notifications.reasons import Decision
from notifications.tables import notice, notification
from notifications.usual import Ruling

Dated = tuple[str, int | None, str]
"""A date of an agreement: its matter, the party that is to act, and which date it is."""


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the notices of a batch, read once for all of them."""

    parties: Mapping[int, Sequence[int]]
    """Of each agreement."""
    reports: Mapping[int, Any] = field(default_factory=dict)
    """What is to be confirmed, by follow-up."""
    jointly: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """The parties, by commitment, of what several owe."""
    usual: Mapping[int, Sequence[Ruling]] = field(default_factory=dict)
    """The policies of all agreements of a party."""
    sentences: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """By commitment what a document says in each language where the register has no sentence."""
    asked: Mapping[Dated, Any] = field(default_factory=dict)
    """The open follow-up about a date of an agreement."""
    shared: Collection[int] = ()
    """The commitments that several owe, together or each its part."""
    house_parties: Collection[str] = ()
    """The parties that keep the register, by their references; none where all do."""
    owners: Mapping[tuple[int, int], int | None] = field(default_factory=dict)
    """Who answers for a commitment at a party."""
    people: Mapping[int, Sequence[Person]] | None = None
    """The people of each party; not known where it does not matter what its reader can answer."""

    def keeps(self, party: str) -> bool:
        return not self.house_parties or party in self.house_parties

    def has_colleague(self, row: Any, person: Person, party_id: int | None, day: date) -> bool:
        """Whether what a notice asks of a party can be handed over there to anybody else, or anybody can be named."""
        if self.people is None or party_id is None:
            return True
        reader = None if row.follow_up_kind == FollowUpKind.UNOWNED else person.id
        owner = self.owners.get((row.commitment_id, party_id))
        return next(find_colleagues(self.people.get(party_id, ()), owner, reader, day), None) is not None


def load_notices(reading: Connection, ids: Sequence[int], today: date) -> dict[int, list[Any]]:
    """The notices of these messages that still stand: follow-ups open and not at rest, commitments active."""
    rows = reading.execute(
        select(
            notice,
            agreement.c.reference.label("agreement_reference"),
            agreement.c.title,
            commitment.c.summary,
            commitment.c.summaries,
            commitment.c.quote,
            commitment.c.source,
            commitment.c.quote_sources,
            commitment.c.kind.label("commitment_kind"),
            commitment.c.due.label("commitment_due"),
            milestone.c.due.label("milestone_due"),
            follow_up.c.key.label("follow_up_key"),
            follow_up.c.kind.label("follow_up_kind"),
            follow_up.c.due_on.label("answer_by"),
            follow_up.c.assignee_id,
            follow_up.c.party_id.label("asked_party_id"),
            milestone.c.title.label("milestone_title"),
            milestone.c.titles.label("milestone_titles"),
            milestone.c.party_id.label("milestone_party_id"),
        )
        .join(notification, notification.c.id == notice.c.notification_id)
        .outerjoin(agreement, agreement.c.id == notice.c.agreement_id)
        .outerjoin(commitment, commitment.c.id == notice.c.commitment_id)
        .outerjoin(follow_up, follow_up.c.id == notice.c.follow_up_id)
        .outerjoin(milestone, is_step_of(notice))
        .where(
            notice.c.notification_id.in_(ids),
            notice.c.decision == str(Decision.TOLD),
            or_(notice.c.follow_up_id.is_(None), follow_up.c.state == str(FollowUpState.OPEN)),
            or_(
                notice.c.follow_up_id.is_not(None),
                notice.c.commitment_id.is_(None),
                commitment.c.state == str(CommitmentState.ACTIVE),
            ),
            or_(
                follow_up.c.snoozed_until.is_(None),
                follow_up.c.snoozed_until <= today,
                follow_up.c.snoozed_until <= notification.c.local_day,
            ),
            or_(milestone.c.id.is_(None), milestone.c.met_on.is_(None)),
        )
        .order_by(notice.c.id)
    )
    notices: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        notices[row.notification_id].append(row)
    return notices


def load_asked_of_dates(reading: Connection, notices: Mapping[int, Sequence[Any]]) -> dict[Dated, Any]:
    """The follow-up that is open about each date of an agreement of which these remind, or that somebody answered."""
    dated = [row for rows in notices.values() for row in rows if _is_of_date(row)]
    if not dated:
        return {}
    rows = reading.execute(
        select(follow_up)
        .where(
            follow_up.c.agreement_id.in_({row.agreement_id for row in dated}),
            follow_up.c.matter.in_({row.matter for row in dated}),
            follow_up.c.kind != str(FollowUpKind.MESSAGE_FAILED),
            follow_up.c.state.in_((str(FollowUpState.OPEN), str(FollowUpState.DONE))),
        )
        .order_by(follow_up.c.id)
    )
    return {(row.matter, row.party_id, row.period): row for row in rows}


def is_settled(row: Any, asked: Mapping[Dated, Any]) -> bool:
    """Whether a notice reminds of a date of an agreement about which its party has said that the matter is closed."""
    found = asked.get(_name_date(row)) if _is_of_date(row) else None
    return found is not None and found.state == FollowUpState.DONE


def _is_of_date(row: Any) -> bool:
    by_itself = row.kind == NotificationKind.REMINDER and row.follow_up_id is None
    return by_itself and row.commitment_id is None and row.agreement_id is not None


def _name_date(row: Any) -> Dated:
    numbers = row.reason["numbers"]
    return row.matter, row.party_id, str(next((numbers[one] for one in ("by", "on", "cycle") if one in numbers), ""))


def put_question(row: Any, asked: Mapping[Dated, Any]) -> Any:
    """A reminder of a date about which a follow-up is open, with that; the date says by when."""
    found = asked.get(_name_date(row)) if asked and _is_of_date(row) else None
    if found is None:
        return row
    question = {
        "follow_up_id": found.id,
        "follow_up_key": found.key,
        "follow_up_kind": found.kind,
        "assignee_id": found.assignee_id,
        "asked_party_id": found.party_id,
    }
    values = row._asdict() if hasattr(row, "_asdict") else vars(row)
    return SimpleNamespace(**{**values, **question})


def load_counterparts(reading: Connection, agreement_ids: Iterable[int | None]) -> dict[int, list[int]]:
    wanted = [one for one in agreement_ids if one is not None]
    places: dict[int, list[int]] = defaultdict(list)
    for row in reading.execute(
        select(agreement_party.c.agreement_id, agreement_party.c.party_id)
        .where(agreement_party.c.agreement_id.in_(wanted))
        .order_by(agreement_party.c.agreement_id, agreement_party.c.position)
    ):
        places[row.agreement_id].append(row.party_id)
    return places


class Shared(NamedTuple):
    """Who owes, and answers for, some commitments."""

    jointly: Mapping[int, Sequence[int]]
    """The parties that owe a commitment, of those that several owe together."""
    several: Collection[int]
    """The commitments that several owe."""
    owners: Mapping[tuple[int, int], int | None]
    """Who answers for a commitment at a party."""


def load_shared(reading: Connection, commitment_ids: Iterable[int | None]) -> Shared:
    """Who owes these commitments, and answers for them: one statement."""
    wanted = [one for one in commitment_ids if one is not None]
    owing: dict[int, list[int]] = defaultdict(list)
    jointly: set[int] = set()
    owners: dict[tuple[int, int], int | None] = {}
    for row in reading.execute(
        select(
            commitment_owner.c.commitment_id,
            commitment_owner.c.party_id,
            commitment_owner.c.contact_id,
            commitment.c.owed,
        )
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .where(commitment_owner.c.commitment_id.in_(wanted))
        .order_by(commitment_owner.c.commitment_id, commitment_owner.c.position)
    ):
        owing[row.commitment_id].append(row.party_id)
        owners[row.commitment_id, row.party_id] = row.contact_id
        if row.owed == Owed.JOINTLY:
            jointly.add(row.commitment_id)
    several = {one: parties for one, parties in owing.items() if len(parties) > 1}
    return Shared({one: parties for one, parties in several.items() if one in jointly}, frozenset(several), owners)
