"""How the engine itself fares: which flows began and finished, and what the operator is asked to look at.

An operator watches the runs. What is wrong with the engine belongs to no agreement, so its follow-ups name none. The
truth is here, in the register: whatever tells of a failed run from outside only says "look now".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, exists, func, insert, or_, select, update

from commitments.calendar import add_working_days
from commitments.database import insert_new, open_unit
from commitments.days import find_own_day
from commitments.facts import Person, Reason
from commitments.followups import group_people
from commitments.log import Author, Change, record_changes
from commitments.person_queries import load_people
from commitments.policy import HOUSE
from commitments.reconcile import ENGINE
from commitments.tables import contact, flow_record, follow_up, party, progress_report
from commitments.vocabulary import (
    OPERATOR_KINDS,
    ContactRole,
    FollowUpKind,
    FollowUpState,
    MatterKind,
    PartyKind,
    ReasonCode,
)

OPERATOR = "house.operator"
"""The reference of the contact that the settings name."""
CHECK = "check-progress"
CHECK_WITHIN = timedelta(hours=26)
"""A day and two hours: a check that is late by an hour of daylight saving is no alarm."""
RUN_WITHIN = timedelta(hours=2)
"""A run that began so long ago and is not finished has died, or hangs."""
RUNS_WITHIN = timedelta(hours=2)
"""Several flows run every hour: if none has begun for so long, nothing serves them."""
ALL_FLOWS = "flows"
"""What a follow-up is about that concerns no single flow."""
_ANSWER_WORKING_DAYS = 1
_BEHIND_UTC = timedelta(hours=12)
"""By so much the last place on earth comes to a new day later."""
REPORTS = "reports"
"""What the operator's follow-up is about while nobody answers what the engine asked."""
_ASK_FOR_REPORT = (FollowUpKind.OVERDUE, FollowUpKind.BEHIND, FollowUpKind.SILENT)
"""Follow-ups on a commitment that its owner answers by a progress report."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong with the engine."""

    kind: FollowUpKind
    about: str
    """What it is about: a flow, or the id of an event."""
    reason: Reason


def appoint_operator(unit: Connection, mail: str | None, language: str, zone: str, now: datetime) -> None:
    """Make the mail address of the settings the operator's; without one, the operator of the settings has none."""
    found = unit.execute(select(contact).where(contact.c.reference == OPERATOR)).one_or_none()
    channels = {"mail": mail} if mail is not None else {}
    values: dict[str, Any] = {"channels": channels, "language": language, "time_zone": zone}
    if found is None and mail is None:
        return
    if found is None:
        house = {"reference": HOUSE, "kind": str(PartyKind.OTHER), "names": {"en": "The house", "zh": "本系统"}}
        insert_new(unit, party, [house])
        party_id = unit.execute(select(party.c.id).where(party.c.reference == HOUSE)).scalar_one()
        person = {
            "reference": OPERATOR,
            "party_id": party_id,
            "name": mail,
            "role": str(ContactRole.OPERATOR),
            **values,
        }
        inserted = insert_new(unit, contact, [person])
        changes = [
            Change("registered", "contact", row.id, OPERATOR, None, {"channels": (None, channels)}) for row in inserted
        ]
        record_changes(unit, Author(ENGINE, now), changes)
        return
    changed = {name: (getattr(found, name), value) for name, value in values.items() if getattr(found, name) != value}
    if changed:
        name = mail if mail is not None else found.name
        unit.execute(update(contact).where(contact.c.id == found.id).values(name=name, **values))
        record_changes(unit, Author(ENGINE, now), [Change("amended", "contact", found.id, OPERATOR, None, changed)])


def choose_coordinator(people: Mapping[int, Person], today: date) -> Person | None:
    """The first coordinator in office whom mail reaches."""
    return _choose(people, ContactRole.COORDINATOR, today)


def choose_operator(people: Mapping[int, Person], today: date) -> Person | None:
    """The operator of the settings, else another contact with that role, else the first coordinator."""
    own = next((one for one in people.values() if one.reference == OPERATOR and one.mail is not None), None)
    return own or _choose(people, ContactRole.OPERATOR, today) or choose_coordinator(people, today)


def _choose(people: Mapping[int, Person], role: ContactRole, today: date) -> Person | None:
    serving = (one for ones in group_people(people.values(), role).values() for one in ones)
    able = [one for one in serving if one.mail is not None and one.is_in_office(today)]
    return min(able, key=lambda one: one.reference, default=None)


def open_operator_follow_up(unit: Connection, kind: FollowUpKind, key: str, reason: Reason, now: datetime) -> bool:
    """Open a follow-up for the operator, once for a kind and key; True if it was not open before.

    `kind` is one of OPERATOR_KINDS, and `key` names the matter with its cause (`deliver@2026-11-25`, an event's id).
    One that the engine closed because its cause was gone is opened again; one that a person closed stays closed. The
    message is queued by the next planning (`notifications.planning.plan_alerts` does that alone) and goes at once.
    """
    assert kind in OPERATOR_KINDS
    people = load_people(unit)
    operator = choose_operator(people, now.date())
    country, subdivision = (operator.country, operator.subdivision) if operator is not None else (None, None)
    day = find_own_day(operator, now) if operator is not None else now.date()
    full_key = f"{kind}:{key}"[:300]
    opening = {
        "assignee_id": operator.id if operator is not None else None,
        "due_on": add_working_days(day, _ANSWER_WORKING_DAYS, country, subdivision),
        "reason": reason.as_json(),
        "state": str(FollowUpState.OPEN),
        "opened_on": day,
    }
    row = {
        "key": full_key,
        "kind": str(kind),
        "matter": key[:250],
        "matter_kind": str(MatterKind.OPERATION),
        "period": day.isoformat(),
        **opening,
    }
    author = Author(ENGINE, now)
    opened = {"state": (None, str(FollowUpState.OPEN)), "assignee_id": (None, opening["assignee_id"])}
    inserted = insert_new(unit, follow_up, [row])
    if inserted:
        changes = [Change("registered", "follow_up", one.id, full_key, None, opened) for one in inserted]
        record_changes(unit, author, changes)
        return True
    found = unit.execute(select(follow_up).where(follow_up.c.key == full_key).with_for_update(key_share=True)).one()
    if found.state == FollowUpState.OPEN or found.closed_by != ENGINE:
        return False
    values = opening | {"closed_on": None, "closed_by": None, "closed_why": None, "snoozed_until": None}
    unit.execute(update(follow_up).where(follow_up.c.id == found.id).values(values))
    differences = {name: (getattr(found, name), value) for name, value in values.items() if name != "reason"}
    record_changes(unit, author, [Change("opened", "follow_up", found.id, full_key, None, differences)])
    return True


def close_operator_follow_ups(
    unit: Connection, kinds: Sequence[FollowUpKind], about: str, why: str, now: datetime
) -> int:
    """Close what is open about a flow or an event because its cause is gone; returns how many were."""
    rows = unit.execute(
        select(follow_up.c.id, follow_up.c.key, follow_up.c.state)
        .where(_is_open_about(kinds, about))
        .with_for_update(key_share=True)
    ).all()
    values = {"state": str(FollowUpState.DONE), "closed_on": now.date(), "closed_by": ENGINE, "closed_why": why}
    for row in rows:
        unit.execute(update(follow_up).where(follow_up.c.id == row.id).values(values))
    changes = {name: (None, value) for name, value in values.items()} | {
        "state": (str(FollowUpState.OPEN), str(FollowUpState.DONE))
    }
    record_changes(
        unit, Author(ENGINE, now), [Change("closed", "follow_up", row.id, row.key, None, changes) for row in rows]
    )
    return len(rows)


def _is_open_about(kinds: Sequence[FollowUpKind], about: str) -> ColumnElement[bool]:
    matter = follow_up.c.matter
    return (
        follow_up.c.kind.in_([str(kind) for kind in kinds])
        & (follow_up.c.state == str(FollowUpState.OPEN))
        & ((matter == about) | matter.startswith(f"{about}@", autoescape=True))
    )


def list_open_troubles(reading: Connection, kind: FollowUpKind) -> set[str]:
    """What the operator's open follow-ups of a kind are about."""
    wanted = (follow_up.c.kind == str(kind)) & (follow_up.c.state == str(FollowUpState.OPEN))
    return {matter.partition("@")[0] for matter in reading.execute(select(follow_up.c.matter).where(wanted)).scalars()}


def open_trouble(unit: Connection, trouble: Trouble, now: datetime) -> bool:
    """Open the operator's follow-up about a flow: one a flow and kind while it lasts, and at most one a day."""
    if unit.execute(select(follow_up.c.id).where(_is_open_about([trouble.kind], trouble.about)).limit(1)).first():
        return False
    key = f"{trouble.about}@{now.date().isoformat()}"
    return open_operator_follow_up(unit, trouble.kind, key, trouble.reason, now)


def record_beginning(unit: Connection, flow: str, now: datetime) -> None:
    """Keep that a flow began. While an earlier beginning is not finished, that one stays."""
    if insert_new(unit, flow_record, [{"flow": flow, "began_at": now}], returning=("flow",)):
        return
    finished = flow_record.c.began_at.is_(None) | (flow_record.c.began_at <= flow_record.c.finished_at)
    unit.execute(update(flow_record).where(flow_record.c.flow == flow, finished).values(began_at=now))


def record_finish(unit: Connection, flow: str, now: datetime) -> int:
    """Keep that a flow finished its work, and close what was open about it; returns how many follow-ups that were."""
    if not unit.execute(update(flow_record).where(flow_record.c.flow == flow).values(finished_at=now)).rowcount:
        unit.execute(insert(flow_record).values(flow=flow, began_at=now, finished_at=now))
    kinds = [FollowUpKind.RUN_FAILED, FollowUpKind.RUN_STUCK, FollowUpKind.CHECK_MISSED]
    closed = close_operator_follow_ups(unit, kinds, flow, "a later run finished", now)
    return closed + close_operator_follow_ups(unit, [FollowUpKind.NOTHING_RUNS], ALL_FLOWS, f"{flow} ran", now)


def find_troubles(reading: Connection, now: datetime) -> Iterator[Trouble]:
    """What is wrong as the register alone knows it: no check finished within 26 hours, runs that never finished."""
    records = {row.flow: row for row in reading.execute(select(flow_record).order_by(flow_record.c.flow))}
    if not records:
        return  # no flow ever ran here: the commands are used without Prefect
    check = records.get(CHECK)
    known = check.finished_at if check is not None else None
    since = known or min(row.began_at for row in records.values() if row.began_at is not None)
    if now - since > CHECK_WITHIN:
        numbers: dict[str, Any] = {"hours": _count_hours(now - since)}
        if known is not None:
            numbers["since"] = known.date().isoformat()
        yield Trouble(FollowUpKind.CHECK_MISSED, CHECK, Reason(ReasonCode.CHECK_MISSED, numbers))
    for row in records.values():
        unfinished = row.began_at is not None and (row.finished_at is None or row.finished_at < row.began_at)
        if unfinished and now - row.began_at > RUN_WITHIN:
            numbers = {"flow": row.flow, "hours": _count_hours(now - row.began_at)}
            yield Trouble(FollowUpKind.RUN_FAILED, row.flow, Reason(ReasonCode.RUN_FAILED, numbers))


def find_unanswered(reading: Connection, now: datetime) -> Trouble | None:
    """That commitments were asked for a progress report and the day of answer is over everywhere without one.

    None if each has been answered, put off by the person asked, or closed for another reason.
    """
    today = (now - _BEHIND_UTC).date()
    answered = exists().where(
        progress_report.c.commitment_id == follow_up.c.commitment_id,
        or_(follow_up.c.party_id.is_(None), progress_report.c.party_id == follow_up.c.party_id),
        progress_report.c.reported_on >= follow_up.c.opened_on,
        progress_report.c.withdrawn_on.is_(None),
    )
    asked = (
        follow_up.c.state == str(FollowUpState.OPEN),
        follow_up.c.kind.in_([str(kind) for kind in _ASK_FOR_REPORT]),
        follow_up.c.commitment_id.is_not(None),
        follow_up.c.due_on < today,
        or_(follow_up.c.snoozed_until.is_(None), follow_up.c.snoozed_until < today),
        ~answered,
    )
    number = reading.execute(select(func.count(follow_up.c.commitment_id.distinct())).where(*asked)).scalar_one()
    if not number:
        return None
    oldest = reading.execute(
        select(follow_up).where(*asked).order_by(follow_up.c.due_on, follow_up.c.id).limit(1)
    ).one()
    numbers: dict[str, Any] = {"matter": oldest.matter, "since": oldest.due_on.isoformat()}
    if number > 1:
        numbers["others"] = number - 1
    return Trouble(FollowUpKind.REPORTS_MISSING, REPORTS, Reason(ReasonCode.REPORTS_MISSING, numbers))


def find_last_run(reading: Connection) -> datetime | None:
    """When a flow last began or finished; None if none ever did."""
    moments = [
        moment
        for row in reading.execute(select(flow_record.c.began_at, flow_record.c.finished_at))
        for moment in row
        if moment is not None
    ]
    return max(moments, default=None)


def find_silence(reading: Connection, now: datetime) -> Trouble | None:
    """That nothing runs any more, which no run can find. Nothing where no flow ever ran."""
    last = find_last_run(reading)
    if last is None or now - last <= RUNS_WITHIN:
        return None
    numbers = {"hours": _count_hours(now - last)}
    return Trouble(FollowUpKind.NOTHING_RUNS, ALL_FLOWS, Reason(ReasonCode.NOTHING_RUNS, numbers))


def _count_hours(span: timedelta) -> int:
    return int(span.total_seconds() // 3600)


def watch_flows(unit: Connection, now: datetime) -> int:
    """Open what the register itself finds wrong, pass on what another operator has now; returns how many opened."""
    opened = sum(open_trouble(unit, trouble, now) for trouble in find_troubles(unit, now))
    unanswered = find_unanswered(unit, now)
    if unanswered is not None:
        opened += open_trouble(unit, unanswered, now)
    else:
        close_operator_follow_ups(unit, [FollowUpKind.REPORTS_MISSING], REPORTS, "what was asked is answered", now)
    _pass_on(unit, now)
    return opened


def _pass_on(unit: Connection, now: datetime) -> None:
    waiting = unit.execute(
        select(follow_up.c.id, follow_up.c.key, follow_up.c.assignee_id).where(
            follow_up.c.kind.in_([str(kind) for kind in OPERATOR_KINDS]),
            follow_up.c.state == str(FollowUpState.OPEN),
        )
    ).all()
    if not waiting:
        return
    operator = choose_operator(load_people(unit), now.date())
    changes = []
    for row in waiting:
        if operator is not None and row.assignee_id != operator.id:
            unit.execute(update(follow_up).where(follow_up.c.id == row.id).values(assignee_id=operator.id))
            passed = {"assignee_id": (row.assignee_id, operator.id)}
            changes.append(Change("reassigned", "follow_up", row.id, row.key, None, passed))
    record_changes(unit, Author(ENGINE, now), changes)


def record_trouble(engine: Engine, troubles: Sequence[Trouble], well: Sequence[str], now: datetime) -> int:
    """Open what is wrong, close what was wrong with flows that are `well`; returns how many opened."""
    kinds = [FollowUpKind.RUN_FAILED, FollowUpKind.RUN_STUCK]
    with open_unit(engine) as unit:
        for flow in well:
            close_operator_follow_ups(unit, kinds, flow, "a later run finished", now)
        opened = sum(open_trouble(unit, trouble, now) for trouble in troubles)
        return opened + watch_flows(unit, now)
