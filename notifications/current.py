"""What a message was planned to tell, as it stands when it goes: facts may have changed between the two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, select, union

from commitments.assessment import is_ended, is_expired
from commitments.chunks import Span
from commitments.facts import Agreement, Person, Standing
from commitments.followups import has_answered, want_followups
from commitments.queries import load_agreements
from commitments.reconcile import ENGINE, Rules, assess
from commitments.renewing import renew_reason
from commitments.tables import activity_commitment, commitment, commitment_owner, contact, follow_up, log_entry
from commitments.vocabulary import OPERATOR_KINDS, CommitmentState, FollowUpKind, FollowUpState, NotificationKind
from notifications.digests import STILL_WRITING
from notifications.reasons import Why
from notifications.reminders import REMINDED, find_recipients, is_answered
from notifications.sent_back import is_reported_anew
from notifications.tables import notice

_NO_FACTS = ("follow_up", "notification", "choices")
_NOT_JUDGED = frozenset(
    {FollowUpKind.DORMANT, FollowUpKind.MESSAGE_FAILED, FollowUpKind.DRAFT_WAITING, *OPERATOR_KINDS}
)
"""What the facts of some commitments cannot tell to be over."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """How an agreement stands on a day, and the keys of the follow-ups that it calls for."""

    agreement: Agreement
    standings: Mapping[str, Standing]
    wanted: frozenset[str]


def renew_notices(
    reading: Connection, messages: Sequence[Any], notices: Mapping[int, Sequence[Any]], rules: Rules, today: date
) -> Mapping[int, Sequence[Any]]:
    """The notices of each message that are still so on its day, each with its standing and reason of that day.

    Only those of agreements of which something was recorded since they were planned are judged anew: of the others
    nothing but the days has gone on, and these are counted without it.
    """
    told = [one for rows in notices.values() for one in rows if one.agreement_id is not None]
    changed = _find_changed(reading, told) if told else set()
    if not changed:
        return notices
    concerned = [one for one in told if one.agreement_id in changed]
    promises = {one.commitment_id for one in concerned if one.commitment_id is not None}
    facts = {one.id: one for one in load_agreements(reading, Span.over(changed), only=commitment.c.id.in_(promises))}
    judged: dict[tuple[int, date], _Judged] = {}

    def judge(agreement_id: int, day: date) -> _Judged:
        if (agreement_id, day) not in judged:
            judged[agreement_id, day] = _judge(facts[agreement_id], rules, day)
        return judged[agreement_id, day]

    renewed: dict[int, Sequence[Any]] = dict(notices)
    for message in messages:
        rows: list[Any] = []
        for one in notices.get(message.id, ()):
            if one.agreement_id not in changed:
                rows.append(one)
                continue
            found = _renew(one, judge(one.agreement_id, message.local_day), rules, message.local_day)
            if (
                found is None
                and one.follow_up_id is not None
                and one.follow_up_key in judge(one.agreement_id, today).wanted
            ):
                found = one  # by the day of the house it is asked still
            if found is not None:
                rows.append(found)
        renewed[message.id] = rows
    return renewed


def asks_its_reader(told: Any, assignee_id: int | None, people: Mapping[int, Person]) -> bool:
    """Whether the rung that a notice tells is still one of who is asked by now.

    What has passed to another person since is theirs to hear of: the former one is asked nothing any more, and nobody
    is told that they have not answered.
    """
    if assignee_id is None:
        return True
    person = people.get(assignee_id)
    return _is_of(told, assignee_id, person.reference if person is not None else None)


def _is_of(told: Any, assignee_id: int, asked: str | None) -> bool:
    numbers = told.decision_reason["numbers"]
    if told.rung:
        return bool("asked" not in numbers or numbers["asked"] == asked)
    return bool(told.contact_id == assignee_id or numbers.get("for") == asked)


def find_passed_on(reading: Connection, notice_ids: Sequence[int]) -> dict[int, str]:
    """To whom each of these notices has passed on by now, by their reference; those that still are of who was asked,
    or that are over, are not among them."""
    owner, new_owner, assignee = commitment_owner, contact.alias("new_owner"), contact.alias("assignee")
    rows = reading.execute(
        select(
            notice.c.id,
            notice.c.contact_id,
            notice.c.rung,
            notice.c.kind,
            notice.c.follow_up_id,
            notice.c.decision_reason,
            follow_up.c.state,
            follow_up.c.assignee_id,
            assignee.c.reference.label("assignee"),
            commitment.c.state.label("promise_state"),
            owner.c.contact_id.label("owner_id"),
            new_owner.c.reference.label("owner"),
        )
        .outerjoin(follow_up, follow_up.c.id == notice.c.follow_up_id)
        .outerjoin(assignee, assignee.c.id == follow_up.c.assignee_id)
        .outerjoin(commitment, commitment.c.id == notice.c.commitment_id)
        .outerjoin(owner, (owner.c.commitment_id == notice.c.commitment_id) & (owner.c.party_id == notice.c.party_id))
        .outerjoin(new_owner, new_owner.c.id == owner.c.contact_id)
        .where(notice.c.id.in_(notice_ids))
    )
    passed: dict[int, str] = {}
    for row in rows:
        if row.follow_up_id is not None:
            if row.assignee and row.state == FollowUpState.OPEN and not _is_of(row, row.assignee_id, row.assignee):
                passed[row.id] = row.assignee
        elif row.kind == NotificationKind.REMINDER and row.promise_state == CommitmentState.ACTIVE and row.owner:
            passed |= {} if _is_of(row, row.owner_id, row.owner) else {row.id: row.owner}
    return passed


def _find_changed(reading: Connection, told: Sequence[Any]) -> set[int]:
    """The agreements of these notices of which people have recorded something since the first of them was decided."""
    ids = {one.agreement_id for one in told}
    since: datetime = min(one.decided_at for one in told) - STILL_WRITING
    lately = (log_entry.c.at >= since, log_entry.c.who != ENGINE)
    own = select(log_entry.c.agreement_id).where(
        log_entry.c.agreement_id.in_(ids), log_entry.c.subject.not_in(_NO_FACTS), *lately
    )
    served = (
        select(commitment.c.agreement_id)
        .join(activity_commitment, activity_commitment.c.commitment_id == commitment.c.id)
        .join(log_entry, (log_entry.c.row_id == activity_commitment.c.activity_id))
        .where(commitment.c.agreement_id.in_(ids), log_entry.c.subject == "activity", *lately)
    )
    return set(reading.execute(union(own, served)).scalars())


def _judge(facts: Agreement, rules: Rules, day: date) -> _Judged:
    standings = assess(facts, rules, day)
    wanted = want_followups(facts, standings, rules.people, rules.coordinators, rules.policy_of(facts), day)
    return _Judged(facts, {one.matter.reference: one for one in standings}, frozenset(one.key for one in wanted))


def _renew(row: Any, judged: _Judged, rules: Rules, day: date) -> Any | None:
    """The notice as it stands on that day; None if it is not so any more."""
    standing = judged.standings.get(row.matter)
    if row.follow_up_id is not None:
        kind = FollowUpKind(row.follow_up_kind)
        if kind not in _NOT_JUDGED and row.follow_up_key not in judged.wanted:
            return None
        return _tell(row, day, reason=renew_reason(kind, row.reason, standing, day))
    why = row.decision_reason
    if why["code"] == Why.SENT_BACK:
        since = max(day, date.fromisoformat(why["numbers"]["on"]))
        if is_reported_anew(judged.agreement, row.commitment_id, row.party_id, since):
            return None
    if row.kind == NotificationKind.REMINDER and not _is_due(row, standing, judged.agreement, rules, day):
        return None
    if standing is None:
        return row
    return _tell(row, day, standing=str(standing.state), reason=standing.reason.as_json(), due_on=standing.deadline)


def _is_due(row: Any, standing: Standing | None, agreement: Agreement, rules: Rules, day: date) -> bool:
    """Whether a reminder is still right: its agreement is not over, its date is the same, and its reader is who is
    reminded, and has not answered."""
    if standing is None or standing.deadline is None or is_answered(standing) or standing.deadline != row.due_on:
        return False
    if is_ended(agreement, day) or is_expired(agreement, day):
        return False
    if standing.deadline >= day and standing.state not in REMINDED:
        return False
    owned = next((one for one in agreement.commitments if one.id == row.commitment_id), None)
    if owned is not None and has_answered(owned, row.party_id, rules.policy_of(agreement), day):
        return False
    recipients = find_recipients(agreement, owned, standing, rules, day)
    return (row.party_id, row.contact_id) in {(party_id, person.id) for party_id, person, _ in recipients}


def _tell(row: Any, day: date, **anew: Any) -> Any:
    return SimpleNamespace(**{**row._asdict(), **anew, "decided_on": day})
