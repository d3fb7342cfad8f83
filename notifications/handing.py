"""Tells the people between whom matters were handed over, at once."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, select, update

from commitments.database import add_missing, insert_new
from commitments.facts import Person
from commitments.handing_over import HandedOver
from commitments.queries import IDS_A_STATEMENT, Span, load_agreements
from commitments.questions import Question
from commitments.reconcile import Rules, assess, load_rules
from commitments.tables import agreement, commitment, commitment_owner, contact, follow_up
from commitments.vocabulary import (
    FollowUpKind,
    FollowUpState,
    MatterKind,
    NotificationKind,
    NotificationState,
    StandingState,
)
from notifications.candidates import STANDING_OF
from notifications.planning import message_row, slot_now
from notifications.reasons import Decision, Why
from notifications.routing import choose_slot, is_declined
from notifications.tables import attempt, notice, notification

AGREEMENTS_AT_ONCE = 500


def tell_new_owner(
    unit: Connection, rules: Rules, question: Question, new: Person, now: datetime, today: date, domain: str
) -> bool:
    """Queue the message that says what was handed over by whom; False if the person has no address or does not want it.

    It waits for the end of the person's quiet hours or pause. The ladder of the follow-up begins anew with them.
    """
    key = f"hand_over|{question.matter}|{new.reference}|{now.isoformat()}"
    told = bool(new.ways) and not is_declined(new, NotificationKind.HAND_OVER)
    message_id = None
    if told:
        slot = slot_now(new, now)
        if new.choices.is_paused(slot.day):
            slot = choose_slot(new, rules.house.send_at, now)
        message = message_row(f"at-once|{key}"[:400], new, NotificationKind.HAND_OVER, now, slot, domain)
        (made,) = insert_new(unit, notification, [message])
        message_id = made.id
    standing = question.standing
    row = {
        "key": key[:400],
        "kind": str(NotificationKind.HAND_OVER),
        "contact_id": new.id,
        "notification_id": message_id,
        "agreement_id": question.agreement.id,
        "commitment_id": question.commitment.id,
        "follow_up_id": None,
        "party_id": question.party_id,
        "matter": question.matter,
        "matter_kind": str(question.matter_kind),
        "standing": str(standing.state if standing is not None else StandingState.ON_TRACK),
        "rung": 0,
        "due_on": standing.deadline if standing is not None else None,
        "reason": standing.reason.as_json() if standing is not None else {},
        "decision": str(Decision.TOLD if told else Decision.PASSED_OVER),
        "decision_reason": _explain(new, question, told, today),
        "decided_on": today,
        "decided_at": now,
    }
    passed_on = [
        row
        | {
            "key": f"{key}|{one.id}"[:400],
            "follow_up_id": one.id,
            "matter": one.matter,
            "matter_kind": one.matter_kind,
            "standing": str(STANDING_OF.get(FollowUpKind(one.kind), StandingState.DUE_SOON)),
            "reason": one.reason,
        }
        for one in _find_open(unit, question, new)
    ]
    add_missing(unit, notice, passed_on or [row])
    return told


def _explain(new: Person, question: Question, told: bool, today: date) -> dict[str, Any]:
    if told:
        numbers = {"asked": question.person.reference, "on": today.isoformat()}
        return {"code": str(Why.HANDED_OVER), "numbers": numbers}
    return _explain_silence(new)


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
    domain: str,
    *,
    tell_former: bool,
    tell_new: bool = True,
) -> list[int]:
    """Queue one message to who took over everything and, if `tell_former`, one to who had it; gives their ids.

    `by` is the reference of who did it. The new person is told of each question that is asked of them now, each
    commitment without one, and the dates ahead of the agreements that they coordinate; the former one of the
    commitments and dates. Who has no address, or does not want to be told of a hand-over, gets none, and that is noted.
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
    rows = [_note_question(row) for row in asked if row.agreement_id is not None]
    rows += [row for row in matters if row["commitment_id"] is None or row["commitment_id"] not in answered]
    ids = []
    if tell_new:
        ids = _tell(unit, new, mark, rows, {"code": str(Why.HANDED_OVER), "numbers": whence}, rules, now, today, domain)
    if tell_former:
        on = {**said, "contact": new.reference}
        ids += _tell(
            unit, former, mark, matters, {"code": str(Why.HANDED_ON), "numbers": on}, rules, now, today, domain
        )
    return ids


def tell_hand_back(
    unit: Connection, handed: HandedOver, since: datetime, by: str, now: datetime, today: date, domain: str
) -> list[int]:
    """Queue a message to each of those who were told of the hand-over of `since`, now taken back; gives their ids.

    Whose message about it has not begun to go needs none: that one is cancelled. Who gets everything back is told as
    soon as either was, of what has been asked meanwhile. `handed` is the way back.
    """
    old, lately = handed.new.reference, handed.former.reference
    keys = {
        old: f"at-once|{Why.HANDED_ON}|{old}|{lately}|{old}|{since.isoformat()}"[:400],
        lately: f"at-once|{Why.HANDED_OVER}|{old}|{lately}|{lately}|{since.isoformat()}"[:400],
    }
    _cancel(unit, notification.c.key.in_(keys.values()))
    told = set(
        unit.execute(
            select(notification.c.key).where(
                notification.c.key.in_(keys.values()), notification.c.state != str(NotificationState.CANCELLED)
            )
        ).scalars()
    )
    return tell_hand_over(unit, handed, by, now, today, domain, tell_former=keys[lately] in told, tell_new=bool(told))


def _tell(
    unit: Connection,
    person: Person,
    mark: str,
    rows: Sequence[dict[str, Any]],
    why: dict[str, Any],
    rules: Rules,
    now: datetime,
    today: date,
    domain: str,
) -> list[int]:
    if not rows:
        return []
    told = bool(person.ways) and not is_declined(person, NotificationKind.HAND_OVER)
    message_id = None
    key = f"{why['code']}|{mark}|{person.reference}|{now.isoformat()}"
    if told:
        slot = slot_now(person, now)
        if person.choices.is_paused(slot.day):
            slot = choose_slot(person, rules.house.send_at, now)
        message = message_row(f"at-once|{key}"[:400], person, NotificationKind.HAND_OVER, now, slot, domain)
        message_id = insert_new(unit, notification, [message])[0].id
    else:
        why = _explain_silence(person)
    add_missing(
        unit,
        notice,
        [
            {
                **row,
                "key": f"{key}|{row['matter']}|{row['party_id']}|{row['follow_up_id']}"[:400],
                "kind": str(NotificationKind.HAND_OVER),
                "contact_id": person.id,
                "notification_id": message_id,
                "rung": 0,
                "decision": str(Decision.TOLD if told else Decision.PASSED_OVER),
                "decision_reason": why,
                "decided_on": today,
                "decided_at": now,
            }
            for row in rows
        ],
    )
    return [message_id] if message_id is not None else []


def _note_question(row: Any) -> dict[str, Any]:
    return {
        "agreement_id": row.agreement_id,
        "commitment_id": row.commitment_id,
        "follow_up_id": row.id,
        "party_id": row.party_id,
        "matter": row.matter,
        "matter_kind": row.matter_kind,
        "standing": str(STANDING_OF.get(FollowUpKind(row.kind), StandingState.DUE_SOON)),
        "due_on": None,
        "reason": row.reason,
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
    """Cancel the message of a hand-over that was taken back, if it has not begun to go."""
    _cancel(unit, notification.c.key.startswith(f"at-once|hand_over|{question.matter}|{new}|", autoescape=True))


def _cancel(unit: Connection, which: ColumnElement[bool]) -> None:
    """Cancel messages that have not begun to go."""
    begun = select(attempt.c.id).where(attempt.c.notification_id == notification.c.id).exists()
    unit.execute(
        update(notification)
        .where(which, notification.c.state == str(NotificationState.QUEUED), ~begun)
        .values(state=str(NotificationState.CANCELLED), reason={"code": str(Why.ANSWERED_MEANWHILE), "numbers": {}})
    )
