"""What a brief is written from: all that is open is judged and counted, and of what is shown the words are read."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select

from commitments.assessment import assess_next_periods
from commitments.chunks import Span
from commitments.facts import Agreement, Commitment, Person, Standing
from commitments.known_days import take_as_known
from commitments.queries import load_agreements
from commitments.reconcile import assess
from commitments.tables import (
    activity,
    agreement,
    commitment,
    commitment_owner,
    confirmation,
    contact,
    milestone,
    party,
    progress_report,
)
from commitments.urgency import URGENCY, stand_with_steps
from commitments.vocabulary import (
    CommitmentState,
    ConfirmationState,
    ContactRole,
    MatterKind,
    ReasonCode,
    StandingState,
)
from notifications.digests import NEEDING_ATTENTION
from notifications.names import Names, load_names
from portal.people_queries import is_over
from portal.telling import find_policy, load_rules_of

OWED_SHOWN = 12
"""So many promises of all sides together are told in full; on paper more, where they fit on the sheet."""
OWED_TOLD = 36
"""So many are at least named."""
SIDES_NAMED = 3
"""Where there are more other parties, those that owe most under an agreement have a heading of their own,
and in a brief with a party it alone; what the rest owes comes under one."""
DATES_SHOWN = 5
SILENT_SHOWN = 4
ACTIVITIES_SHOWN = 4
CONFIRMATIONS_SHOWN = 4
PEOPLE_SHOWN = 6
FURTHER_NAMED = 6
"""So many further dates, silences or people are named in a line."""
EVERYBODY = 300
DAYS_AHEAD = 366


_NEVER_LEFT_OUT = (MatterKind.NOTICE, MatterKind.EXPIRY)
_MAY_WAIT = [str(one) for one in (CommitmentState.ACTIVE, CommitmentState.ON_HOLD, CommitmentState.FULFILLED)]


class SideKind(StrEnum):
    """Who owes what stands under one heading."""

    OURS = "ours"
    JOINT = "joint"
    THEIRS = "theirs"
    PARTY = "party"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Open:
    """One promise that is open, and how it stands."""

    agreement: Agreement
    promise: Commitment
    standing: Standing


@dataclass(frozen=True, slots=True)
class Side:
    """What one side owes: the most urgent of it, and how all of it stands."""

    kind: SideKind
    party_id: int | None
    told: tuple[Open, ...]
    states: tuple[StandingState, ...]
    """Of everything, in the same order."""

    @property
    def total(self) -> int:
        return len(self.states)

    @property
    def urgent(self) -> int:
        """How much of it needs attention, which comes first."""
        return sum(state in NEEDING_ATTENTION for state in self.states)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The first of some matters, each with its agreement, and how many there are in all."""

    total: int
    shown: tuple[tuple[Agreement, Standing], ...]
    named: tuple[tuple[Agreement, Standing], ...] = ()
    """The next of them, for which there is only room to be named."""


@dataclass(frozen=True, slots=True)
class Briefed:
    """What a brief is written from."""

    facts: Sequence[Agreement]
    """The most urgent first."""
    open: int
    attention: int
    """How many of those that are open need it."""
    confirmations: Sequence[Any]
    """What was reported as done and is not confirmed, the longest waiting first: what was sent back, too."""
    sides: Sequence[Side]
    dates: Chosen
    silent: Chosen
    names: Names
    """Of the parties, and of who owns what is shown."""
    titles: Mapping[int, Any]
    promises: Mapping[int, Any]
    """Of what is shown."""
    steps: Sequence[Any]
    activities: Sequence[Any]
    people: Sequence[Any]
    """Some of each party."""
    unshown: Sequence[Any]
    """The others."""
    owners: Mapping[int, Person]
    """Who answers for what is shown, also who does not by now."""
    today: date


def load_brief(
    reading: Connection,
    ids: Sequence[int],
    own_party: int,
    theirs: int | None,
    today: date,
    people_shown: int = PEOPLE_SHOWN,
) -> Briefed:
    """All that a brief of these agreements, at least one, is written from: a fixed number of statements.

    `theirs` is the party that it is about; without one, all parties of the agreement are.
    """
    place = {one: at for at, one in enumerate(ids)}
    facts = [take_as_known(one, today) for one in load_agreements(reading, Span.over(ids))]
    rules = load_rules_of(reading, ids)
    standings = {one.id: assess(one, rules, today) for one in facts}
    found = _list_open(facts, standings)
    is_ours = any(bound.party_id == own_party for one in facts for bound in one.parties)
    sides = _cut_sides(list(list_sides(found, own_party, theirs, is_ours=is_ours)))
    next_ones = {one.id: assess_next_periods(one, find_policy(rules, one.reference), today) for one in facts}
    dates = _choose_dates(facts, {one: [*own, *next_ones[one]] for one, own in standings.items()}, today)
    silent = _choose_silent(facts, standings)
    waiting = _load_confirmations(reading, ids)
    shown = {one.promise.id: one.promise for side in sides for one in side.told}
    told = [standing.matter.commitment_id for _, standing in (*dates.shown, *dates.named, *silent.shown, *silent.named)]
    named = {*shown, *(one for one in told if one is not None), *(one.commitment_id for one in waiting)}
    owners = [owner for promise in shown.values() for owner in promise.owners]
    reporting = {one.reporter for one in waiting if one.reporter is not None}
    bound = {place.party_id for one in facts for place in one.parties}
    full = share_out(sides, OWED_SHOWN)
    in_full = [one.promise for side, most in zip(sides, full, strict=True) for one in side.told[:most]]
    people = _load_people(reading, ids, bound, today)
    chosen = _choose_people(people, {owner.contact_id for one in in_full for owner in one.owners}, people_shown)
    parties = {*bound, *(owner.party_id for owner in owners), *(side.party_id for side in sides if side.party_id)}
    return Briefed(
        sorted(facts, key=lambda one: place[one.id]),
        len(found),
        sum(one.standing.state in NEEDING_ATTENTION for one in found),
        waiting,
        sides,
        dates,
        silent,
        load_names(
            reading,
            contact.c.id.in_({owner.contact_id for owner in owners if owner.contact_id is not None} | reporting),
            party.c.id.in_(parties),
        ),
        _load_titles(reading, ids),
        _load_promises(reading, named),
        reading.execute(
            select(milestone.c.commitment_id, milestone.c.reference, milestone.c.title, milestone.c.titles).where(
                milestone.c.commitment_id.in_(named)
            )
        ).all(),
        _load_activities(reading, ids, today),
        chosen,
        [row for row in people if row not in chosen],
        rules.people,
        today,
    )


def _list_open(facts: Sequence[Agreement], standings: Mapping[int, Sequence[Standing]]) -> list[Open]:
    """All that is open, the most urgent first."""
    own = {one.matter.commitment_id: one for judged in standings.values() for one in stand_with_steps(judged)}
    found = [
        Open(one, promise, own[promise.id])
        for one in facts
        for promise in one.commitments
        if promise.state in (CommitmentState.ACTIVE, CommitmentState.ON_HOLD)
        and own[promise.id].state is not StandingState.SETTLED
    ]
    return sorted(found, key=lambda one: (URGENCY[one.standing.state], one.standing.deadline or date.max))


def list_sides(found: Sequence[Open], own_party: int, theirs: int | None, *, is_ours: bool) -> Iterator[Side]:
    """What we owe, what we owe together, and what each other party does; for who is of neither side each by its name.

    `theirs` comes first of the others.
    """
    ours: list[Open] = []
    joint: list[Open] = []
    others: dict[int, list[Open]] = {}
    for one in found:
        owing = [owner.party_id for owner in one.promise.owners]
        if own_party in owing and len(owing) > 1:
            joint.append(one)
        elif own_party in owing:
            ours.append(one)
        elif owing:
            others.setdefault(theirs if theirs is not None and theirs in owing else owing[0], []).append(one)
    if is_ours:
        yield _gather(SideKind.OURS, None, ours)
    if joint:
        yield _gather(SideKind.JOINT, None, joint)
    order = sorted(others, key=lambda side: (side != theirs, -len(others[side])))
    most = SIDES_NAMED if theirs is None else int(theirs in others)
    named = order if len(order) <= SIDES_NAMED else order[:most]
    for side in named:
        yield _gather(SideKind.PARTY, side, others[side])
    rest = {one.promise.id for other in order[len(named) :] for one in others[other]}
    if rest:
        yield _gather(SideKind.OTHERS, None, [one for one in found if one.promise.id in rest])
    if is_ours and not others:
        yield _gather(SideKind.THEIRS, None, ())


def _gather(kind: SideKind, party_id: int | None, owed: Sequence[Open]) -> Side:
    return Side(kind, party_id, tuple(owed), tuple(one.standing.state for one in owed))


def _cut_sides(sides: Sequence[Side]) -> list[Side]:
    """The sides with as much of each as is told of at all."""
    room = share_out(sides, OWED_TOLD)
    return [replace(side, told=side.told[:most]) for side, most in zip(sides, room, strict=True)]


def share_out(sides: Sequence[Side], room: int) -> list[int]:
    """How much of each side so much room has place for: what needs attention on any of them before all else."""
    urgent = share_room([side.urgent for side in sides], room)
    calm = share_room([side.total - side.urgent for side in sides], room - sum(urgent))
    return [sum(both) for both in zip(urgent, calm, strict=True)]


def share_room(wanted: Sequence[int], room: int) -> list[int]:
    """How many of so many places each gets: each in turn one more, as long as it wants any."""
    given = [0] * len(wanted)
    for _ in range(min(room, sum(wanted))):
        poorest = min((at for at, most in enumerate(wanted) if given[at] < most), key=lambda at: given[at])
        given[poorest] += 1
    return given


def _choose_dates(facts: Sequence[Agreement], standings: Mapping[int, Sequence[Standing]], today: date) -> Chosen:
    """The next dates within the year. The current period of a recurring commitment stands there by itself."""
    horizon = today + timedelta(days=DAYS_AHEAD)
    repeating = {promise.id for one in facts for promise in one.commitments if promise.recurrence is not None}
    ahead = [
        (standing.deadline, standing.matter.reference, one, standing)
        for one in facts
        for standing in standings[one.id]
        if standing.deadline is not None
        and today <= standing.deadline <= horizon
        and standing.state is not StandingState.SETTLED
        and not (standing.matter.kind is MatterKind.COMMITMENT and standing.matter.commitment_id in repeating)
    ]
    ahead.sort(key=lambda one: one[:2])
    return choose_dates([(one, standing) for *_, one, standing in ahead])


def choose_dates(ahead: Sequence[tuple[Agreement, Standing]]) -> Chosen:
    """The first of these dates, but the last day for notice and the expiry wherever they lie: those are never left out
    for what is only due earlier."""
    kept = [at for at, (_, standing) in enumerate(ahead) if standing.matter.kind in _NEVER_LEFT_OUT][:DATES_SHOWN]
    others = [at for at in range(len(ahead)) if at not in kept][: DATES_SHOWN - len(kept)]
    shown = sorted([*kept, *others])
    rest = [one for at, one in enumerate(ahead) if at not in shown]
    return Chosen(len(ahead), tuple(ahead[at] for at in shown), tuple(rest[:FURTHER_NAMED]))


def _choose_silent(facts: Sequence[Agreement], standings: Mapping[int, Sequence[Standing]]) -> Chosen:
    """Of what nothing was heard for longest, also what is left so for a while."""
    silent = [
        (one, standing)
        for one in facts
        for standing in standings[one.id]
        if standing.state is StandingState.SILENT or standing.reason.code is ReasonCode.KEPT
    ]
    silent.sort(key=lambda pair: pair[1].cause)
    further = silent[SILENT_SHOWN : SILENT_SHOWN + FURTHER_NAMED]
    return Chosen(len(silent), tuple(silent[:SILENT_SHOWN]), tuple(further))


def _load_titles(reading: Connection, ids: Sequence[int]) -> dict[int, Any]:
    columns = (agreement.c.id, agreement.c.reference, agreement.c.title, agreement.c.kind)
    return {row.id: row for row in reading.execute(select(*columns).where(agreement.c.id.in_(ids)))}


def _load_promises(reading: Connection, ids: set[int]) -> dict[int, Any]:
    columns = (commitment.c.id, commitment.c.summary, commitment.c.summaries, commitment.c.quote)
    return {row.id: row for row in reading.execute(select(*columns).where(commitment.c.id.in_(ids)))}


def _load_confirmations(reading: Connection, ids: Sequence[int]) -> Sequence[Any]:
    """What of these agreements is asked to be confirmed, and what was sent back and not reported again since."""
    later = progress_report.alias()
    return reading.execute(
        select(
            confirmation.c.party_id, confirmation.c.state, confirmation.c.asked_on, confirmation.c.answered_on,
            confirmation.c.note, progress_report.c.commitment_id, progress_report.c.party_id.label("reporting"),
            progress_report.c.contact_id.label("reporter"), progress_report.c.reported_on,
            progress_report.c.note.label("said"), commitment.c.reference, commitment.c.agreement_id,
        )
        .join(progress_report, progress_report.c.id == confirmation.c.report_id)
        .join(commitment, commitment.c.id == progress_report.c.commitment_id)
        .where(
            commitment.c.agreement_id.in_(ids),
            commitment.c.state.in_(_MAY_WAIT),
            progress_report.c.withdrawn_on.is_(None),
            or_(
                confirmation.c.state == str(ConfirmationState.ASKED),
                and_(
                    confirmation.c.state == str(ConfirmationState.RETURNED),
                    ~exists().where(
                        later.c.commitment_id == progress_report.c.commitment_id,
                        later.c.party_id == progress_report.c.party_id,
                        later.c.withdrawn_on.is_(None),
                        later.c.id > progress_report.c.id,
                    ),
                ),
            ),
        )
        .order_by(confirmation.c.asked_on, confirmation.c.id)
    ).all()  # fmt: skip


def _load_activities(reading: Connection, ids: Sequence[int], today: date) -> Sequence[Any]:
    """What happened last, the newest first."""
    return reading.execute(
        select(activity)
        .where(
            activity.c.agreement_id.in_(ids),
            activity.c.held_on <= today.isoformat(),
            activity.c.withdrawn_on.is_(None),
        )
        .order_by(activity.c.held_on.desc(), activity.c.id.desc())
        .limit(ACTIVITIES_SHOWN)
    ).all()


def _load_people(reading: Connection, ids: Sequence[int], parties: set[int], today: date) -> list[Any]:
    """Who speaks for the parties or answers for something, and is in office."""
    owning = (
        select(commitment_owner.c.contact_id)
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .where(commitment.c.agreement_id.in_(ids), commitment_owner.c.contact_id.is_not(None))
    )
    speaking = contact.c.role.in_([str(ContactRole.COORDINATOR), str(ContactRole.LEADER)])
    rows = reading.execute(
        select(contact.c.id, contact.c.party_id, contact.c.name, contact.c.office, contact.c.role, contact.c.valid_to)
        .where(or_(contact.c.id.in_(owning), and_(contact.c.party_id.in_(parties), speaking)))
        .order_by(contact.c.party_id, contact.c.role, contact.c.name)
    )
    return [row for row in rows if not is_over(row, today)]


def _choose_people(people: Sequence[Any], owning: Collection[int | None], most: int) -> list[Any]:
    """Some of every party: its coordinators, who answers for what is shown, and then the others."""
    places = {str(ContactRole.COORDINATOR): 0}
    people = sorted(people, key=lambda row: (row.party_id, places.get(row.role, 1 if row.id in owning else 2)))
    of_party = Counter(row.party_id for row in people)
    left = dict(zip(of_party, share_room(list(of_party.values()), most), strict=True))
    chosen = []
    for row in people:
        if left[row.party_id]:
            left[row.party_id] -= 1
            chosen.append(row)
    return chosen
