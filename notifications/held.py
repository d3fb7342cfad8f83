"""What was handed over to somebody in a pause: told with the first message after it, as it stands by then."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, exists, literal, select, text, update

from commitments.chunks import Span
from commitments.days import find_own_day
from commitments.facts import Agreement, Person, Standing
from commitments.queries import load_agreements
from commitments.reconcile import Rules, assess
from commitments.renewing import renew_reason
from commitments.tables import commitment, follow_up
from commitments.vocabulary import (
    STANDING_OF,
    ContactRole,
    FollowUpKind,
    FollowUpState,
    NotificationKind,
)
from notifications.candidates import Candidate
from notifications.reasons import Decision, Why
from notifications.tables import notice

AFTERWARDS = "|afterwards"
"""Ends the key of the notice that tells what another one holds."""
AGREEMENTS_AT_ONCE = 500
_HELD = text("notice.kind = 'hand_over' AND notice.decision = 'held'")
"""Written out, so that its index is used."""


@dataclass(frozen=True, slots=True)
class Held:
    """What may be told by now, and the ids of the notices of which nothing is left to tell, with the reason."""

    told: tuple[Candidate, ...] = ()
    gone: tuple[tuple[int, Why], ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """What is known of one agreement: who answers for what, and how each matter stands."""

    reference: str
    owners: Collection[tuple[int, int | None]]
    standings: Mapping[str, Standing]


def hold(why: Mapping[str, Any], code: Why, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """The reason of a notice that is held, which keeps `why` it will be told."""
    return {"code": str(code), "numbers": dict(numbers), "then": dict(why)}


def find_held(reading: Connection, rules: Rules, now: datetime, today: date) -> Held:
    """What was handed over to people in a pause that is over by now."""
    told = notice.alias("told")
    rows = reading.execute(
        select(
            notice,
            follow_up.c.state.label("asked_state"),
            follow_up.c.kind.label("asked_kind"),
            follow_up.c.reason.label("asked_reason"),
            follow_up.c.assignee_id,
            follow_up.c.snoozed_until,
        )
        .outerjoin(follow_up, follow_up.c.id == notice.c.follow_up_id)
        .where(_HELD, ~exists().where(told.c.key == notice.c.key + literal(AFTERWARDS)))
        .order_by(notice.c.id)
    ).all()
    over = [row for row in rows if not is_paused(rules.people[row.contact_id], now)]
    return judge_held(over, _load_places(reading, over, rules, today), rules.people, today) if over else Held()


def is_paused(person: Person, now: datetime) -> bool:
    """Whether it is a day of the person's pause for them."""
    return person.choices.is_paused(find_own_day(person, now))


def _load_places(reading: Connection, rows: Sequence[Any], rules: Rules, today: date) -> dict[int, _Place]:
    ids = sorted({row.agreement_id for row in rows})
    concerned = commitment.c.id.in_(select(notice.c.commitment_id).where(_HELD))
    places: dict[int, _Place] = {}
    for start in range(0, len(ids), AGREEMENTS_AT_ONCE):
        part = ids[start : start + AGREEMENTS_AT_ONCE]
        for facts in load_agreements(reading, Span.over(part), only=concerned):
            places[facts.id] = describe_place(facts, assess(facts, rules, today))
    return places


def describe_place(facts: Agreement, standings: Iterable[Standing]) -> _Place:
    """What is known of an agreement with these standings."""
    owners = {(one.id, owner.contact_id) for one in facts.commitments for owner in one.owners}
    return _Place(facts.reference, owners, {one.matter.reference[:250]: one for one in standings})


def judge_held(rows: Iterable[Any], places: Mapping[int, _Place], people: Mapping[int, Person], today: date) -> Held:
    """What of these held notices is told now, each as it stands, and of which nothing is left to tell. Pure."""
    told: list[Candidate] = []
    gone: list[tuple[int, Why]] = []
    for row in rows:
        person, place = people[row.contact_id], places.get(row.agreement_id)
        if not person.is_in_office(today):
            gone.append((row.id, Why.OUT_OF_OFFICE))
        elif place is None or not _is_still_so(row, person, place, today):
            gone.append((row.id, Why.PASSED_ON if _has_passed_on(row, person, place) else Why.ANSWERED_MEANWHILE))
        elif not person.ways and row.follow_up_id is not None:
            gone.append((row.id, Why.NO_ADDRESS))  # another is asked in their stead
        elif person.ways:  # else it is held until there is a way to them
            told.append(_tell(row, person, place, today))
    return Held(tuple(told), tuple(gone))


def _is_still_so(row: Any, person: Person, place: _Place, today: date) -> bool:
    """Whether what was handed over is theirs by now, or what was handed on is not."""
    if row.follow_up_id is not None:
        rests = row.snoozed_until is not None and row.snoozed_until > today
        return bool(row.asked_state == FollowUpState.OPEN and row.assignee_id == person.id and not rests)
    standing = place.standings.get(row.matter)
    if standing is None or standing.is_at_rest:
        return False
    if row.decision_reason["then"]["code"] in (Why.REGISTERED, Why.PROPOSED):
        return True
    if row.commitment_id is not None:
        is_theirs = (row.commitment_id, person.id) in place.owners
    else:
        is_theirs = person.role is ContactRole.COORDINATOR
    return is_theirs is (row.decision_reason["then"]["code"] != Why.HANDED_ON)


def _has_passed_on(row: Any, person: Person, place: _Place | None) -> bool:
    """Whether what was handed over to a person is another's by now."""
    if row.follow_up_id is not None:
        return bool(row.asked_state == FollowUpState.OPEN and row.assignee_id != person.id)
    if place is None or row.commitment_id is None or row.decision_reason["then"]["code"] == Why.HANDED_ON:
        return False
    answering = {contact_id for promise, contact_id in place.owners if promise == row.commitment_id}
    return bool(answering - {None}) and person.id not in answering


def _tell(row: Any, person: Person, place: _Place, today: date) -> Candidate:
    then, standing = row.decision_reason["then"], place.standings.get(row.matter)
    if row.follow_up_id is not None:
        kind, due_on = FollowUpKind(row.asked_kind), None
        state = str(STANDING_OF[kind])
        reason = renew_reason(kind, row.asked_reason, standing, today)
    else:
        standing = place.standings[row.matter]
        state, reason, due_on = str(standing.state), standing.reason.as_json(), standing.deadline
    return Candidate(
        f"{row.key}{AFTERWARDS}"[:400],
        NotificationKind.HAND_OVER,
        person,
        row.matter,
        row.matter_kind,
        state,
        0,
        reason,
        Why(then["code"]),
        then["numbers"],
        row.agreement_id,
        row.commitment_id,
        row.follow_up_id,
        row.party_id,
        due_on,
        scope=place.reference,
    )


def drop_held(unit: Connection, gone: Iterable[tuple[int, Why]]) -> int:
    """Note of held notices that they are not told, and why."""
    by_reason: dict[Why, list[int]] = {}
    for row_id, why in gone:
        by_reason.setdefault(why, []).append(row_id)
    for why, ids in by_reason.items():
        unit.execute(
            update(notice)
            .where(notice.c.id.in_(ids), notice.c.decision == str(Decision.HELD))
            .values(decision=str(Decision.PASSED_OVER), decision_reason={"code": str(why), "numbers": {}})
        )
    return sum(map(len, by_reason.values()))
