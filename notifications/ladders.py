"""What each open follow-up has told in its present spell: the ladder on which the next rung is found."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from commitments.days import find_own_day
from commitments.facts import Person
from commitments.tables import follow_up
from commitments.vocabulary import FollowUpState, NotificationKind, NotificationState
from notifications.reasons import LOST, TAKEN_OUT, Decision, Why
from notifications.routing import ToldRung
from notifications.tables import notice, notification


class Ladder(list[ToldRung]):
    """What a follow-up has told since it was put to who is asked now, and how often it has passed on before that."""

    turn = 0
    asked: frozenset[str] = frozenset()
    """The person asked last, and who was told in their stead."""

    def pass_on(self) -> None:
        """Begin anew, with another person."""
        self.clear()
        self.turn += 1


def load_ladders(reading: Connection, which: ColumnElement[bool], people: Mapping[int, Person]) -> dict[int, Ladder]:
    """What each open follow-up has told in its present spell, on which day of the person told."""
    rows = reading.execute(
        select(
            notice.c.follow_up_id,
            notice.c.rung,
            notice.c.contact_id,
            notice.c.kind,
            notice.c.decision,
            notice.c.decision_reason,
            notice.c.decided_on,
            follow_up.c.opened_on,
            follow_up.c.snoozed_until,
            follow_up.c.assignee_id,
            notification.c.state,
            notification.c.sent_at,
            notification.c.reason.label("message_reason"),
        )
        .join(follow_up, follow_up.c.id == notice.c.follow_up_id)
        .outerjoin(notification, notification.c.id == notice.c.notification_id)
        .where(
            which,
            follow_up.c.state == str(FollowUpState.OPEN),
            notice.c.decided_on >= follow_up.c.opened_on,
        )
        .order_by(notice.c.id)
    )
    return read_ladders(rows, people)


def read_ladders(rows: Iterable[Any], people: Mapping[int, Person]) -> dict[int, Ladder]:
    """What each follow-up has told, from its notices in their order, each with its follow-up and its message.

    One that has passed to another person since, as the register has it, begins anew with them.
    """
    ladders: dict[int, Ladder] = defaultdict(Ladder)
    asked_now: dict[int, Any] = {}
    for row in rows:
        asked_now[row.follow_up_id] = row.assignee_id
        why = row.decision_reason["code"] if row.decision == Decision.PASSED_OVER else None
        handed = row.kind == NotificationKind.HAND_OVER
        if handed and why in (None, Why.UNSUBSCRIBED, *LOST) and row.state != NotificationState.CANCELLED:
            # It begins anew with the person to whom it was handed over; unless that was taken back before they heard.
            ladders[row.follow_up_id].clear()
            if why == Why.UNSUBSCRIBED:
                # Who wants no hand-overs told is asked as if it had been theirs from the first.
                ladders[row.follow_up_id].pass_on()
                ladders[row.follow_up_id].asked = frozenset()
                continue
        if why == Why.UNSUBSCRIBED and row.decided_on >= find_begin(row):
            _note_asked(ladders[row.follow_up_id], row, people)
            ladders[row.follow_up_id].append(ToldRung(row.rung, row.contact_id, None, None, row.decided_on))
            continue
        state = NotificationState(row.state) if row.state is not None and row.decision == Decision.TOLD else None
        if why in LOST or state is NotificationState.FAILED:
            if row.rung == 0 and row.decided_on >= find_begin(row):
                if why is None:
                    _note_asked(ladders[row.follow_up_id], row, people)
                by = why or (row.message_reason or {}).get("code")
                lost_by = Why(by) if by in LOST else None
                ladders[row.follow_up_id].append(
                    ToldRung(0, row.contact_id, None, None, lost_on=row.decided_on, lost_by=lost_by)
                )
            continue  # of a later rung it is as if nobody had been told, so that it is found again
        # Left out of its message because it was answered, and open again, or taken out of it for another day, or told
        # before it was put to rest: as if nobody had been told.
        if (why is not None and (row.rung == 0 or why in TAKEN_OUT)) or row.decided_on < find_begin(row):
            continue
        if state is NotificationState.CANCELLED:
            continue
        _note_asked(ladders[row.follow_up_id], row, people)
        sent_on = find_own_day(people[row.contact_id], row.sent_at) if row.sent_at is not None else None
        ladders[row.follow_up_id].append(ToldRung(row.rung, row.contact_id, state, sent_on))
    for follow_up_id, ladder in ladders.items():
        now = people.get(asked_now[follow_up_id])
        if ladder.asked and now is not None and now.reference not in ladder.asked:
            ladder.pass_on()
    return ladders


def _note_asked(ladder: Ladder, row: Any, people: Mapping[int, Person]) -> None:
    """Whom a first rung asked: who told another before asks of that one no more."""
    if row.rung != 0 or row.contact_id not in people:
        return
    reader = people[row.contact_id].reference
    asked = str(row.decision_reason["numbers"].get("for", reader))
    if ladder.asked and asked not in ladder.asked:
        ladder.pass_on()
    ladder.asked = frozenset({asked, reader})


def find_begin(row: Any) -> date:
    """When the ladder of an open follow-up begins: when it was opened, or came back after a rest."""
    begin: date = max(row.opened_on, row.snoozed_until or row.opened_on)
    return begin
