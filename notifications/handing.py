"""Tells the people between whom matters were handed over, at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, false, or_, select, update

from commitments.chunks import Span
from commitments.database import add_missing, insert_new
from commitments.facts import Person
from commitments.handing_over import HandedOver
from commitments.listed import IDS_A_STATEMENT
from commitments.policy import Policy, is_always_sent
from commitments.queries import load_agreements, load_policies
from commitments.questions import Question
from commitments.reconcile import Rules, assess, group_rules, load_rules
from commitments.renewing import load_reasons
from commitments.tables import agreement, commitment, commitment_owner, contact, follow_up, policy
from commitments.vocabulary import (
    STANDING_OF,
    FollowUpState,
    MatterKind,
    NotificationKind,
    NotificationState,
    StandingState,
)
from notifications.held import hold
from notifications.ledger import StoredLedger, make_message_row
from notifications.mime import MailDomain
from notifications.reasons import Decision, Why
from notifications.routing import is_declined
from notifications.slots import Slot, choose_hour, choose_slot, find_slot_now
from notifications.tables import attempt, notice, notification

AGREEMENTS_AT_ONCE = 500
KEY_LIMIT = 350
"""Leaves room for what is put behind a key: that it is told afterwards, or was taken out of a message."""


def tell_new_owner(
    unit: Connection,
    rules: Rules,
    question: Question,
    new: Person,
    now: datetime,
    today: date,
    domain: MailDomain | str,
) -> bool:
    """Queue the message that says what was handed over by whom; False if the person has no address or does not want it.

    In a pause, at night and on days of rest nothing is queued: the first message after them tells what is still so.
    The ladder of the follow-up begins anew with them.
    """
    standing = question.standing
    row = {
        "agreement_id": question.agreement.id,
        "commitment_id": question.commitment.id,
        "follow_up_id": None,
        "party_id": question.party_id,
        "matter": question.matter,
        "matter_kind": str(question.matter_kind),
        "standing": str(standing.state if standing is not None else StandingState.ON_TRACK),
        "due_on": standing.deadline if standing is not None else None,
        "reason": standing.reason.as_json() if standing is not None else {},
    }
    opened = _find_open(unit, question, new)
    reasons = load_reasons(unit, opened, today)
    passed_on = [
        row
        | {
            "follow_up_id": one.id,
            "matter": one.matter,
            "matter_kind": one.matter_kind,
            "standing": str(STANDING_OF[one.kind]),
            "due_on": None,
            "reason": reasons[one.id],
        }
        for one in opened
    ]
    why = {
        "code": str(Why.HANDED_OVER),
        "numbers": {"asked": question.person.reference, "on": today.isoformat()},
    }
    key = f"hand_over|{question.matter}|{new.reference}|{now.isoformat()}"
    queue_at_once(unit, new, key, passed_on or [row], why, rules.house, now, today, domain)
    return bool(new.ways) and not is_declined(new, NotificationKind.HAND_OVER)


def _explain_silence(person: Person) -> dict[str, Any]:
    code = Why.NO_ADDRESS if not person.ways else Why.UNSUBSCRIBED
    return {"code": str(code), "numbers": {"kind": str(NotificationKind.HAND_OVER)}}


def _find_open(unit: Connection, question: Question, new: Person) -> Sequence[Any]:
    """The follow-ups that came to the new person with it."""
    return unit.execute(
        select(follow_up)
        .where(
            follow_up.c.commitment_id == question.commitment.id,
            follow_up.c.party_id == question.party_id,
            follow_up.c.assignee_id == new.id,
            follow_up.c.state == str(FollowUpState.OPEN),
        )
        .order_by(follow_up.c.id)
    ).all()


def tell_hand_over(
    unit: Connection,
    handed: HandedOver,
    by: str,
    now: datetime,
    today: date,
    domain: MailDomain | str,
    *,
    tell_former: bool,
    tell_new: bool = True,
) -> list[int]:
    """Queue one message to who took over everything and, if `tell_former`, one to who had it; gives their ids.

    `by` is the reference of who did it. The new person is told of each question that is asked of them now, each
    commitment without one, and the dates ahead of the agreements that they coordinate; the former one of the
    commitments and dates. Who has no address, or does not want to be told of a hand-over, gets none, and that is noted.
    In a pause, at night and on days of rest nothing is queued: the first message after them tells what is still so.
    """
    both = contact.c.id.in_([handed.new.id, handed.former.id])
    rules = load_rules(unit, select(agreement.c.id).where(false()), both)
    new, former = rules.people[handed.new.id], rules.people[handed.former.id]
    matters = _list_standings(unit, handed, today)
    asked = unit.execute(
        select(follow_up)
        .where(follow_up.c.id.in_(handed.asked), follow_up.c.assignee_id == new.id)
        .order_by(follow_up.c.due_on, follow_up.c.id)
    ).all()
    answered = {row.commitment_id for row in asked}
    said = {"asked": by, "on": today.isoformat()}
    mark = f"{former.reference}|{new.reference}"
    whence = {**said, "contact": former.reference} if former.reference not in (by, new.reference) else said
    reasons = load_reasons(unit, asked, today)
    rows = [_note_question(row, reasons[row.id]) for row in asked if row.agreement_id is not None]
    rows += [row for row in matters if row["commitment_id"] is None or row["commitment_id"] not in answered]
    ids = []
    if tell_new:
        why = {"code": str(Why.HANDED_OVER), "numbers": whence}
        key = f"{Why.HANDED_OVER}|{mark}|{new.reference}|{now.isoformat()}"
        ids = queue_at_once(unit, new, key, rows, why, rules.house, now, today, domain)
    if tell_former:
        why = {"code": str(Why.HANDED_ON), "numbers": {**said, "contact": new.reference}}
        key = f"{Why.HANDED_ON}|{mark}|{former.reference}|{now.isoformat()}"
        ids += queue_at_once(unit, former, key, matters, why, rules.house, now, today, domain)
    return ids


def tell_hand_back(
    unit: Connection,
    handed: HandedOver,
    since: datetime,
    by: str,
    now: datetime,
    today: date,
    domain: MailDomain | str,
) -> list[int]:
    """Queue a message to each of those who were told of the hand-over of `since`, now taken back; gives their ids.

    Whose message about it has not begun to go needs none: that one is cancelled. Who gets everything back is told as
    soon as either was, of what has been asked meanwhile. `handed` is the way back.
    """
    old, lately = handed.new.reference, handed.former.reference
    told = {
        who: _take_out(unit, f"{why}|{old}|{lately}|{who}|{since.isoformat()}", contact.c.reference == who)
        for who, why in ((old, Why.HANDED_ON), (lately, Why.HANDED_OVER))
    }
    return tell_hand_over(unit, handed, by, now, today, domain, tell_former=told[lately], tell_new=any(told.values()))


def queue_at_once(
    unit: Connection,
    person: Person,
    key: str,
    rows: Sequence[dict[str, Any]],
    why: dict[str, Any],
    house: Policy,
    now: datetime,
    today: date,
    domain: MailDomain | str,
) -> list[int]:
    """Note what a person is told of what somebody else has just caused, and queue one message of what is told now.

    Gives its id; none where the person has no address, wants no such message, or is told after their pause or night.
    """
    own, paused_to = _load_own(unit, rows), person.choices.paused_to
    decided: dict[tuple[Decision, Slot | None], list[dict[str, Any]]] = defaultdict(list)
    reasons: dict[Decision, Mapping[str, Any]] = {Decision.TOLD: why, Decision.PASSED_OVER: _explain_silence(person)}
    slots: dict[
        tuple[int, bool], tuple[Slot, bool]
    ] = {}  # of thousands that were handed over few differ in their rules
    for row in rows:
        rules = own.get(row["agreement_id"], house)
        always = is_always_sent(rules, row["matter_kind"])
        if (id(rules), always) not in slots:
            slot = find_slot_now(person, now, [rules], always=always)
            waits = _waits_for_day(person, slot, choose_hour(person, [rules]), now)
            slots[id(rules), always] = slot, waits
        slot, waits = slots[id(rules), always]
        if not person.ways or (is_declined(person, NotificationKind.HAND_OVER) and not always):
            decided[Decision.PASSED_OVER, None].append(row)
        elif always or not (waits or person.choices.is_paused(slot.day)):
            decided[Decision.TOLD, slot].append(row)
        else:
            decided[Decision.HELD, None].append(row)
            paused = person.choices.is_paused(slot.day)
            day = paused_to if paused else slot.day
            reasons[Decision.HELD] = hold(why, Why.PAUSED if paused else Why.QUIET, {"day": str(day)})
    ids: list[int] = []
    notices: list[dict[str, Any]] = []
    for (decision, slot_of), part in decided.items():
        message_id = None
        if slot_of is not None:
            mark = f"at-once|{key}" + (f"|{len(ids)}" if ids else "")
            message = make_message_row(mark[:400], person, NotificationKind.HAND_OVER, now, slot_of, domain)
            message_id = insert_new(unit, notification, [message])[0].id
            ids.append(message_id)
        notices += [
            {
                **row,
                "key": f"{key}|{row['matter']}|{row['party_id']}|{row['follow_up_id']}"[:KEY_LIMIT],
                "kind": str(NotificationKind.HAND_OVER),
                "contact_id": person.id,
                "notification_id": message_id,
                "rung": 0,
                "decision": str(decision),
                "decision_reason": reasons[decision],
                "decided_on": max(today, row.get("decided_on", today)),
                "decided_at": now,
            }
            for row in part
        ]
    if notices:
        add_missing(unit, notice, notices)
    if ids:
        StoredLedger(unit).route(ids, group_rules(*load_policies(unit), {person.id: person}))
    return ids


def find_day_told(person: Person, policies: Sequence[Policy], now: datetime) -> date | None:
    """The day of theirs on which a person is told what is handed over to them now; None if they are not told.

    After a pause it is its first working day.
    """
    if not person.ways or is_declined(person, NotificationKind.HAND_OVER):
        return None
    slot = find_slot_now(person, now, policies)
    if person.choices.is_paused(slot.day):
        return choose_slot(person, choose_hour(person, policies), now).day
    return slot.day


def _waits_for_day(person: Person, slot: Slot, hour: time, now: datetime) -> bool:
    """Whether what waits for the person's hours comes with the message of a day, which is still to be planned."""
    local = now.astimezone(ZoneInfo(person.time_zone))
    return slot.not_before > now and (slot.day > local.date() or local.time() < hour)


def _load_own(unit: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[int, Policy]:
    """The policies of the agreements that have rules of their own."""
    if not rows:
        return {}
    _, own = load_policies(unit)
    found = select(agreement.c.id, agreement.c.reference).join(policy, policy.c.scope == agreement.c.reference)
    return {row.id: own[row.reference] for row in unit.execute(found)}


def _note_question(row: Any, reason: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "agreement_id": row.agreement_id,
        "commitment_id": row.commitment_id,
        "follow_up_id": row.id,
        "party_id": row.party_id,
        "matter": row.matter,
        "matter_kind": row.matter_kind,
        "standing": str(STANDING_OF[row.kind]),
        "due_on": None,
        "reason": reason,
        "decided_on": row.opened_on,  # where the day of who was asked had begun before that of who hands it over
    }


def _list_standings(unit: Connection, handed: HandedOver, today: date) -> list[dict[str, Any]]:
    """How what was handed over stands: the commitments, and for a coordinator the dates ahead of the agreements."""
    owned = {row.id: row.party_id for row in handed.commitments}
    moved = commitment.c.id.in_(sorted(owned))
    if len(owned) > IDS_A_STATEMENT:  # they are all among those that the new person owns by now
        mine = commitment_owner.c.contact_id == handed.new.id
        moved = commitment.c.id.in_(select(commitment_owner.c.commitment_id).where(mine))
    ids = sorted({row.agreement_id for row in handed.commitments} | set(handed.coordinated))
    found = []
    for start in range(0, len(ids), AGREEMENTS_AT_ONCE):
        part = ids[start : start + AGREEMENTS_AT_ONCE]
        rules = load_rules(unit, select(agreement.c.id).where(agreement.c.id.in_(part)))
        for facts in load_agreements(unit, Span.over(part), only=moved):
            for standing in assess(facts, rules, today):
                matter = standing.matter
                promised = matter.kind is MatterKind.COMMITMENT and matter.commitment_id in owned
                dated = matter.commitment_id is None and standing.deadline is not None and standing.deadline >= today
                if promised or (dated and facts.id in handed.coordinated):
                    found.append(
                        {
                            "agreement_id": facts.id,
                            "commitment_id": matter.commitment_id,
                            "follow_up_id": None,
                            "party_id": owned.get(matter.commitment_id or 0, handed.new.party_id),
                            "matter": matter.reference[:250],
                            "matter_kind": str(matter.kind),
                            "standing": str(standing.state),
                            "due_on": standing.deadline,
                            "reason": standing.reason.as_json(),
                        }
                    )
    return found


def take_back(unit: Connection, question: Question, new: str) -> None:
    """Take out of the outbox what tells of a hand-over that was taken back, if it has not begun to go."""
    _take_out(unit, f"hand_over|{question.matter}|{new}", contact.c.reference == new)


def _take_out(unit: Connection, mark: str, whose: ColumnElement[bool]) -> bool:
    """Take back what tells of the hand-over of this mark: the message at once, and what waits for the end of a pause or
    stands in the message of a day. Tells whether something has begun to go all the same.
    """
    why = {"code": str(Why.ANSWERED_MEANWHILE), "numbers": {}}
    begun = select(attempt.c.id).where(attempt.c.notification_id == notification.c.id).exists()
    waits = (notification.c.state == str(NotificationState.QUEUED)) & ~begun
    unit.execute(
        update(notification)
        .where(
            notification.c.key.startswith(f"at-once|{mark}|", autoescape=True)
            | (notification.c.key == f"at-once|{mark}"),
            waits,
        )
        .values(state=str(NotificationState.CANCELLED), reason=why)
    )
    mine = (
        notice.c.contact_id.in_(select(contact.c.id).where(whose)),
        notice.c.kind == str(NotificationKind.HAND_OVER),
        notice.c.key.startswith(f"{mark}|", autoescape=True),
    )
    in_days_message = notice.c.notification_id.in_(
        select(notification.c.id).where(waits, notification.c.key.like("scheduled|%"))
    )
    unit.execute(
        update(notice)
        .where(*mine, or_(notice.c.decision == str(Decision.HELD), in_days_message))
        .values(decision=str(Decision.PASSED_OVER), decision_reason=why)
    )
    left = select(notice.c.id).join(notification, notification.c.id == notice.c.notification_id)
    return (
        unit.execute(
            left.where(
                *mine,
                notice.c.decision == str(Decision.TOLD),
                notification.c.state != str(NotificationState.CANCELLED),
            ).limit(1)
        ).first()
        is not None
    )
