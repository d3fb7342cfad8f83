"""Follow-ups for what could not be sent: opened when a message failed, closed when a later one reached the person."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from commitments.calendar import add_working_days
from commitments.database import insert_new
from commitments.facts import Person
from commitments.followups import group_people
from commitments.log import Author, Change, record_changes
from commitments.person_queries import load_people
from commitments.reconcile import ENGINE
from commitments.tables import agreement_party, channel_state, contact, follow_up
from commitments.vocabulary import ContactRole, FollowUpKind, FollowUpState, NotificationState, ReasonCode
from notifications.lost import find_untold
from notifications.tables import attempt, notice, notification

_ANSWER_WORKING_DAYS = 3


def open_failures(
    unit: Connection,
    ids: Sequence[int],
    reply: str,
    now: datetime,
    *,
    former: NotificationState | None = NotificationState.SENDING,
    lasting: bool = False,
) -> None:
    """A follow-up for the coordinator for each person that a message finally did not reach; one a person at a time.

    `former` is what the messages were before they failed; None if it is not for a failure that somebody is to look. A
    `lasting` one is not closed by a later message.
    """
    rows = unit.execute(
        select(
            notification.c.id,
            notification.c.key,
            notification.c.contact_id,
            contact.c.party_id,
            notice.c.agreement_id,
        )
        .join(contact, contact.c.id == notification.c.contact_id)
        .outerjoin(notice, (notice.c.notification_id == notification.c.id) & notice.c.agreement_id.is_not(None))
        .where(notification.c.id.in_(ids))
        .order_by(notification.c.id, notice.c.id)
    ).all()
    parties = {row.party_id for row in rows}
    first = {
        row.party_id: row.agreement_id
        for row in unit.execute(
            select(agreement_party.c.party_id, func.min(agreement_party.c.agreement_id).label("agreement_id"))
            .where(agreement_party.c.party_id.in_(parties))
            .group_by(agreement_party.c.party_id)
        )
    }
    concerned = {row.contact_id: row.agreement_id or first.get(row.party_id) for row in reversed(rows)}
    partners = select(agreement_party.c.party_id).where(agreement_party.c.agreement_id.in_(set(concerned.values())))
    beside = (contact.c.role == str(ContactRole.COORDINATOR)) & or_(
        contact.c.party_id.in_(parties), contact.c.party_id.in_(partners)
    )
    people = load_people(unit, only=or_(contact.c.id.in_(concerned), beside))
    coordinators = group_people(people.values(), ContactRole.COORDINATOR)
    wanted: dict[str, dict[str, Any]] = {}
    for contact_id, agreement_id in concerned.items():
        person = people[contact_id]
        if agreement_id is not None:
            assignee = _find_assignee(person, coordinators, now)
            numbers = {"contact": person.reference, "reply": reply, **({"lasting": True} if lasting else {})}
            reason = {"code": str(ReasonCode.MESSAGE_FAILED), "numbers": numbers}
            key = f"{FollowUpKind.MESSAGE_FAILED}:{person.reference}:{now.date().isoformat()}"
            wanted[key] = _failure_row(key, agreement_id, person, assignee, reason, now)
    state = {"state": (str(former), str(NotificationState.FAILED))}
    failed = {
        row.id: Change(
            "failed",
            "notification",
            row.id,
            row.key[:300],
            row.agreement_id or first.get(row.party_id),
            state,
            reply[:300],
        )
        for row in reversed(rows)
    }
    changes = _tell_anew(unit, wanted)
    inserted = insert_new(unit, follow_up, wanted.values(), returning=("id", "key", "agreement_id"))
    changes += [
        Change("registered", "follow_up", row.id, row.key, row.agreement_id, {"state": (None, str(FollowUpState.OPEN))})
        for row in inserted
    ]
    changes += _open_again(unit, {key: row for key, row in wanted.items() if key not in {one.key for one in inserted}})
    record_changes(unit, Author(ENGINE, now), [*(failed.values() if former is not None else ()), *changes])


def _tell_anew(unit: Connection, wanted: dict[str, dict[str, Any]]) -> list[Change]:
    """Put what failed last into the follow-up that is open about the person already, and take that out of `wanted`."""
    people = {row["matter"]: key for key, row in wanted.items()}
    standing = unit.execute(
        select(follow_up)
        .where(
            follow_up.c.kind == str(FollowUpKind.MESSAGE_FAILED),
            follow_up.c.matter.in_(people),
            follow_up.c.state == str(FollowUpState.OPEN),
        )
        .order_by(follow_up.c.id)
        .with_for_update(key_share=True)
    ).all()
    changes = []
    for row in standing:
        told = wanted.pop(people[row.matter], None)
        if told is None or told["reason"] == row.reason or row.reason["numbers"].get("lasting"):
            continue
        unit.execute(update(follow_up).where(follow_up.c.id == row.id).values(reason=told["reason"]))
        differ = {"reason": (row.reason, told["reason"])}
        changes.append(Change("amended", "follow_up", row.id, row.key, row.agreement_id, differ))
    return changes


def _open_again(unit: Connection, wanted: Mapping[str, Mapping[str, Any]]) -> list[Change]:
    """Those that the engine had closed the same day, before another message failed."""
    if not wanted:
        return []
    closed = unit.execute(
        select(follow_up)
        .where(
            follow_up.c.key.in_(wanted),
            follow_up.c.state != str(FollowUpState.OPEN),
            follow_up.c.closed_by == ENGINE,
        )
        .with_for_update(key_share=True)
    ).all()
    changes = []
    for row in closed:
        values = {name: wanted[row.key][name] for name in ("state", "assignee_id", "due_on", "reason")}
        values |= dict.fromkeys(("closed_on", "closed_by", "closed_why"))
        unit.execute(update(follow_up).where(follow_up.c.id == row.id).values(values))
        differ = {name: (getattr(row, name), value) for name, value in values.items()}
        changes.append(Change("opened", "follow_up", row.id, row.key, row.agreement_id, differ))
    return changes


def close_failures(unit: Connection, now: datetime) -> int:
    """Close the follow-ups of persons whom a message has reached since the last one failed, and who by now were told
    what that held and is still so; how many there were."""
    waiting = unit.execute(
        select(follow_up, contact.c.id.label("contact_id"))
        .join(contact, contact.c.reference == follow_up.c.matter)
        .where(
            follow_up.c.kind == str(FollowUpKind.MESSAGE_FAILED),
            follow_up.c.state == str(FollowUpState.OPEN),
        )
        .with_for_update(key_share=True, of=follow_up)
    ).all()
    waiting = [row for row in waiting if not row.reason["numbers"].get("lasting")]
    if not waiting:
        return 0
    # What the server took has not arrived where the last ones came back: that is known only days later.
    ailing = _find_ailing(unit, {row.contact_id for row in waiting})
    untold = find_untold(unit, {row.contact_id for row in waiting} - ailing, now.date())
    waiting = [row for row in waiting if row.contact_id not in ailing | untold]
    persons = {row.contact_id for row in waiting}
    sent = dict(
        unit.execute(
            select(notification.c.contact_id, func.max(notification.c.sent_at))
            .where(notification.c.contact_id.in_(persons), notification.c.state == str(NotificationState.SENT))
            .group_by(notification.c.contact_id)
        ).all()
    )
    failed = dict(
        unit.execute(
            select(notification.c.contact_id, func.max(attempt.c.ended_at))
            .join(attempt, attempt.c.notification_id == notification.c.id)
            .where(notification.c.contact_id.in_(persons), notification.c.state == str(NotificationState.FAILED))
            .group_by(notification.c.contact_id)
        ).all()
    )
    over = [
        row
        for row in waiting
        if row.contact_id in sent and (row.contact_id not in failed or failed[row.contact_id] < sent[row.contact_id])
    ]
    if not over:
        return 0
    values = {
        "state": str(FollowUpState.DONE),
        "closed_on": now.date(),
        "closed_by": ENGINE,
        "closed_why": "a later message reached the person",
    }
    unit.execute(update(follow_up).where(follow_up.c.id.in_([row.id for row in over])).values(values))
    changes = [
        Change(
            "closed",
            "follow_up",
            row.id,
            row.key,
            row.agreement_id,
            {name: (getattr(row, name), value) for name, value in values.items()},
        )
        for row in over
    ]
    record_changes(unit, Author(ENGINE, now), changes)
    return len(over)


def _find_ailing(unit: Connection, persons: Collection[int]) -> set[int]:
    """Of these persons those of whom a channel that the register has for them today fails or is off."""
    rows = unit.execute(
        select(channel_state.c.contact_id, channel_state.c.channel, channel_state.c.address, contact.c.channels)
        .join(contact, contact.c.id == channel_state.c.contact_id)
        .where(channel_state.c.contact_id.in_(persons), channel_state.c.state != "working")
    )
    return {row.contact_id for row in rows if row.channels.get(row.channel) == row.address}


def _find_assignee(person: Person, coordinators: Mapping[int, Sequence[Person]], now: datetime) -> Person | None:
    """A coordinator in office who is another person, of the person's own party if it has one."""
    others = [one for one in coordinators.get(person.party_id, ()) if one.id != person.id]
    others += [one for party, ones in coordinators.items() if party != person.party_id for one in ones]
    return next((one for one in others if one.is_in_office(now.date())), None)


def _failure_row(
    key: str, agreement_id: int, person: Person, assignee: Person | None, reason: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    country, subdivision = (assignee.country, assignee.subdivision) if assignee is not None else (None, None)
    return {
        "key": key,
        "kind": str(FollowUpKind.MESSAGE_FAILED),
        "matter": person.reference,
        "matter_kind": "commitment",
        "agreement_id": agreement_id,
        "commitment_id": None,
        "party_id": person.party_id,
        "period": now.date().isoformat(),
        "assignee_id": assignee.id if assignee is not None else None,
        "due_on": add_working_days(now.date(), _ANSWER_WORKING_DAYS, country, subdivision),
        "reason": reason,
        "state": str(FollowUpState.OPEN),
        "opened_on": now.date(),
    }
