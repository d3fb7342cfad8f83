"""Tells the person to whom a matter was handed over, at once."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from commitments.database import add_missing, insert_new
from commitments.facts import Person
from commitments.questions import Question
from commitments.reconcile import Rules
from commitments.tables import follow_up
from commitments.vocabulary import FollowUpKind, FollowUpState, NotificationKind, NotificationState, StandingState
from notifications.candidates import STANDING_OF
from notifications.planning import message_row, slot_now
from notifications.reasons import Decision, Why
from notifications.routing import choose_slot, is_declined
from notifications.tables import attempt, notice, notification


def tell_new_owner(
    unit: Connection, rules: Rules, question: Question, new: Person, now: datetime, today: date, domain: str
) -> bool:
    """Queue the message that says what was handed over by whom; False if the person has no address or does not want it.

    It waits for the end of the person's quiet hours or pause. The ladder of the follow-up begins anew with them.
    """
    key = f"hand_over|{question.matter}|{new.reference}|{now.isoformat()}"
    told = new.mail is not None and not is_declined(new, NotificationKind.HAND_OVER)
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
    code = Why.NO_ADDRESS if new.mail is None else Why.UNSUBSCRIBED
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


def take_back(unit: Connection, question: Question, new: str) -> None:
    """Cancel the message of a hand-over that was taken back, if it has not begun to go."""
    begun = select(attempt.c.id).where(attempt.c.notification_id == notification.c.id).exists()
    unit.execute(
        update(notification)
        .where(
            notification.c.key.startswith(f"at-once|hand_over|{question.matter}|{new}|", autoescape=True),
            notification.c.state == str(NotificationState.QUEUED),
            ~begun,
        )
        .values(state=str(NotificationState.CANCELLED), reason={"code": str(Why.ANSWERED_MEANWHILE), "numbers": {}})
    )
