"""Compares the follow-ups that should be open with those that are, and writes the difference."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, bindparam, or_, select, update

from commitments import tables
from commitments.assessment import assess_agreement, is_ended, is_soon, name_milestone
from commitments.calendar import add_working_days
from commitments.chunks import Span, split_register
from commitments.closing import explain_closing
from commitments.database import ROWS_A_STATEMENT, insert_new, open_reading, open_unit
from commitments.dates import parse_date
from commitments.days import Days, find_days
from commitments.deadlines import assess_deadlines
from commitments.facts import Agreement, Person, Standing, WantedFollowUp
from commitments.failpoints import failpoint
from commitments.followups import group_people, want_followups
from commitments.known import CHECK, note_known
from commitments.known_days import take_as_known
from commitments.log import Author, Change, record_changes, record_once
from commitments.overall import Overall, load_overall, load_versions, pack_states, renew, store_overall
from commitments.person_queries import load_people, select_people_around
from commitments.policy import Policy
from commitments.queries import Untroubled, count_untroubled, load_agreements, load_policies, select_untroubled
from commitments.settlements import Settlement, describe_new, plan_settlements
from commitments.tables import follow_up, log_entry
from commitments.vocabulary import (
    CommitmentState,
    ContactRole,
    FollowUpKind,
    FollowUpState,
    MatterKind,
    ReasonCode,
    StandingState,
)

ENGINE = "engine"
"""Who closes a follow-up whose cause is gone."""


@dataclass(slots=True)
class Reconciled:
    """What one run changed, in counts, with the first changes in full for people to read."""

    agreements: int = 0
    commitments: int = 0
    opened: int = 0
    closed: int = 0
    superseded: int = 0
    reassigned: int = 0
    unchanged: int = 0
    changes: list[Change] = field(default_factory=list)

    @property
    def touched(self) -> int:
        return self.opened + self.closed + self.superseded + self.reassigned

    def keep(self, changes: Sequence[Change], most: int = 200) -> None:
        self.changes.extend(changes[: max(most - len(self.changes), 0)])


@dataclass(frozen=True, slots=True)
class Rules:
    """The policies and people that hold for a whole run."""

    house: Policy
    own: Mapping[str, Policy]
    people: Mapping[int, Person]
    coordinators: Mapping[int, Sequence[Person]]
    leaders: Mapping[int, Sequence[Person]]

    def policy_of(self, agreement: Agreement) -> Policy:
        return self.own.get(agreement.reference, self.house)

    @property
    def furthest_lead(self) -> int:
        """So many days before its date a commitment is due soon at the earliest."""
        return max((max(one.lead_days, default=0) for one in (self.house, *self.own.values())), default=0)


def load_rules(
    reading: Connection,
    around: Select[tuple[int]] | None = None,
    also: ColumnElement[bool] | None = None,
    judged: ColumnElement[bool] | None = None,
) -> Rules:
    """The rules for the whole register; or `around` some agreements, by a query for their ids: with their policies
    only, and with only those people who may be asked under them, or about those of their commitments that are `judged`,
    and `also` some other contacts."""
    if around is None:
        house, own = load_policies(reading)
        people = load_people(reading)
    else:
        named = select(tables.agreement.c.reference).where(tables.agreement.c.id.in_(around))
        house, own = load_policies(reading, tables.policy.c.scope.in_(named))
        may_be_asked = tables.contact.c.id.in_(select_people_around(around, judged))
        people = load_people(reading, only=may_be_asked if also is None else or_(may_be_asked, also))
    return group_rules(house, own, people)


def group_rules(house: Policy, own: Mapping[str, Policy], people: Mapping[int, Person]) -> Rules:
    """The rules of these policies and people."""
    coordinators = group_people(people.values(), ContactRole.COORDINATOR)
    return Rules(house, own, people, coordinators, group_people(people.values(), ContactRole.LEADER))


def assess(agreement: Agreement, rules: Rules, today: date) -> list[Standing]:
    """Every standing of an agreement: its commitments with their parts, then its own dates."""
    policy, agreement = rules.policy_of(agreement), take_as_known(agreement, today)
    standings = list(assess_agreement(agreement, rules.people, policy, today))
    standings.extend(assess_deadlines(agreement, policy, today))
    return standings


def judge(agreement: Agreement, rules: Rules, days: Days) -> dict[date, list[Standing]]:
    """The standings by each day that it is for somebody who may be asked; the house's day is always among them."""
    return {day: assess(agreement, rules, day) for day in days.list_for(agreement, rules.coordinators)}


def want(
    agreement: Agreement, rules: Rules, days: Days, judged: Mapping[date, Sequence[Standing]] | None = None
) -> Iterator[WantedFollowUp]:
    """Every follow-up that should be open, each by the day of the person who is asked; `judged` if that is known."""
    judged = judged or judge(agreement, rules, days)
    return choose_wanted({day: want_on(agreement, rules, judged[day], day) for day in judged}, days)


def want_on(agreement: Agreement, rules: Rules, standings: Sequence[Standing], day: date) -> Iterator[WantedFollowUp]:
    """Every follow-up that should be open for whom it is that day."""
    policy, agreement = rules.policy_of(agreement), take_as_known(agreement, day)
    return want_followups(agreement, standings, rules.people, rules.coordinators, policy, day)


def choose_wanted(by_day: Mapping[date, Iterable[WantedFollowUp]], days: Days) -> Iterator[WantedFollowUp]:
    """Of what should be open by each of the days each once, by the day of the person who is asked."""
    if not days.own:
        once: dict[str, WantedFollowUp] = {}
        for one in by_day[days.today]:
            once.setdefault(one.key, one)
        yield from once.values()
        return
    found: dict[str, list[tuple[date, WantedFollowUp]]] = {}
    for day, wanted_then in by_day.items():
        for one in wanted_then:
            found.setdefault(one.key, []).append((day, one))
    for wanted in found.values():
        own = next((one for day, one in wanted if days.of(one.assignee_id) == day), None)
        latest, earliest = wanted[0][0], wanted[-1][1]
        if own is None:
            # Wanted on each of the days, though it passes at midnight from one person to another: it stays open.
            if len(wanted) == len(by_day):
                yield earliest
        elif latest == days.today or days.of(own.assignee_id) > days.today:
            yield own
        elif own.kind is FollowUpKind.NOTICE_DEADLINE:
            yield own  # notice can be given to the end; else what the house's later day does not want was answered


def reconcile_register(
    engine: Engine, now: datetime, today: date, *, tell: Callable[[int, int], object] | None = None
) -> Reconciled:
    """Reconcile all agreements, a unit of work for each span of them; running it again changes nothing.

    `tell` hears after each span how many are done, of how many.
    """
    with open_reading(engine) as reading:
        spans = split_register(reading)
        versions = load_versions(reading)
        rules = load_rules(reading)
    done = Reconciled()
    for at, span in enumerate(spans, 1):
        with open_unit(engine) as unit:
            reconcile_span(unit, span, rules, now, today, done, versions)
            failpoint("reconcile.before_commit")
        failpoint("reconcile.after_commit")
        if tell is not None:
            tell(at, len(spans))
    with open_unit(engine) as unit:
        note_known(unit, now, [CHECK])
    return done


def reconcile_agreement(unit: Connection, agreement_id: int, now: datetime, today: date) -> Reconciled:
    """Reconcile one agreement within the unit of the change that touched it."""
    done = Reconciled()
    rules = load_rules(unit, select(tables.agreement.c.id).where(tables.agreement.c.id == agreement_id))
    reconcile_span(unit, Span(agreement_id, agreement_id), rules, now, today, done)
    return done


def reconcile_span(
    unit: Connection,
    span: Span,
    rules: Rules,
    now: datetime,
    today: date,
    done: Reconciled,
    versions: Mapping[int, int] | None = None,
) -> None:
    """Reconcile a span of agreements within the given unit; adds its counts to `done`.

    `versions` are those of how the agreements stood when the rules were loaded, if that was in a unit before.
    """
    stood = load_overall(unit, span)
    changed = {one for one, own in stood.items() if versions is not None and versions.get(one) != own.version}
    if resume_rested(unit, span, Author(ENGINE, now), today):
        stood = load_overall(unit, span)
    wanted: dict[str, WantedFollowUp] = {}
    passed: list[Change] = []
    days = find_days(rules.people, now, today)
    done.commitments += span.commitments
    found = load_agreements(unit, span, only=~select_untroubled(today))
    untroubled = count_untroubled(unit, span, found, today, rules.furthest_lead + 1)
    renewed: list[Overall] = []
    for agreement in found:
        done.agreements += 1
        judged = judge(agreement, rules, days)
        passed.extend(find_passed_dates(agreement, judged[today]))
        for one in want(agreement, rules, days, judged):
            wanted.setdefault(one.key, one)
        if agreement.id not in changed:
            states = partial(_find_states, agreement, untroubled[agreement.id], rules, judged)
            renewed.extend(renew(stood.get(agreement.id), agreement.id, today, states))
    failpoint("reconcile.after_read")
    author = Author(ENGINE, now)
    _note_passed_dates(unit, author, passed)
    standing_open = _load_open(unit, span)
    missing = [one for key, one in wanted.items() if key not in standing_open]
    closed_before = _open_missing(unit, author, missing, rules, days, done)
    known = _load_by_key(unit, closed_before)
    by_id = {agreement.id: agreement for agreement in found}
    settlements = plan_settlements(
        standing_open,
        known,
        wanted,
        days,
        lambda one: find_due(one, rules, days),
        ENGINE,
        lambda row: explain_closing(row, by_id.get(row.agreement_id), rules.people, rules.policy_of, today),
    )
    _settle(unit, author, settlements, done)
    done.unchanged += len(standing_open) - sum(one.was == FollowUpState.OPEN for one in settlements)
    store_overall(unit, stood, renewed)


def _find_states(
    agreement: Agreement,
    untroubled: Untroubled,
    rules: Rules,
    judged: Mapping[date, Sequence[Standing]],
    day: date,
) -> int:
    """In which states something of an agreement stands on a day, the untroubled commitments by their dates alone."""
    states = {one.state for one in (judged[day] if day in judged else assess(agreement, rules, day))}
    if untroubled.number:
        policy, nearest = rules.policy_of(agreement), untroubled.nearest
        soon = nearest is not None and is_soon(nearest, policy, day)
        ended = is_ended(agreement, day)
        states.add(StandingState.SETTLED if ended else StandingState.DUE_SOON if soon else StandingState.ON_TRACK)
    return pack_states(states)


def resume_rested(unit: Connection, span: Span, author: Author, today: date) -> int:
    """Take up again what was put on hold until a day that has passed: people decided that when they put it on hold.

    Returns how many.
    """
    rows = unit.execute(
        select(tables.commitment, tables.agreement.c.reference.label("agreement"))
        .join(tables.agreement, tables.agreement.c.id == tables.commitment.c.agreement_id)
        .where(
            span.holds(tables.commitment.c.agreement_id),
            tables.commitment.c.state == str(CommitmentState.ON_HOLD),
            tables.commitment.c.state_until.is_not(None),
            tables.commitment.c.state_until < today.isoformat(),
        )
    ).all()
    over = [row for row in rows if parse_date(row.state_until).last < today]
    if not over:
        return 0
    taken_up = {
        "state": str(CommitmentState.ACTIVE),
        "state_on": today.isoformat(),
        "state_reason": None,
        "state_until": None,
    }
    unit.execute(
        update(tables.commitment).where(tables.commitment.c.id.in_([row.id for row in over])).values(**taken_up)
    )
    record_changes(
        unit,
        author,
        [
            Change(
                "amended",
                "commitment",
                row.id,
                f"{row.agreement}/{row.reference}"[:300],
                row.agreement_id,
                {column: (getattr(row, column), value) for column, value in taken_up.items()},
                f"it was on hold until {row.state_until}",
            )
            for row in over
        ],
    )
    return len(over)


def find_passed_dates(agreement: Agreement, standings: Sequence[Standing]) -> Iterator[Change]:
    """What the passing of a date has done to an agreement: it expired, a milestone is overdue. Once for each date."""
    milestones = {
        (commitment.id, name_milestone(commitment, one)): one
        for commitment in agreement.commitments
        for one in commitment.milestones
    }
    for standing in standings:
        matter = standing.matter
        if standing.state is not StandingState.OVERDUE:
            continue
        if matter.kind is MatterKind.EXPIRY and standing.reason.code is ReasonCode.EXPIRED:
            action, subject, row_id, parts = "expired", "agreement", agreement.id, [agreement.reference]
        elif matter.kind is MatterKind.MILESTONE and matter.commitment_id is not None and matter.part is not None:
            step = milestones[matter.commitment_id, matter.part]
            action, subject, row_id = "overdue", "milestone", step.id
            parts = [agreement.reference, str(matter.commitment), step.reference]
        else:
            continue
        reference = "/".join(parts)
        once = f"{action}|{reference}|{standing.cause}"
        why = f"its last day was {standing.deadline}"
        yield Change(action, subject, row_id, reference[:300], agreement.id, why=why, once=once[:400])


def _note_passed_dates(unit: Connection, author: Author, passed: Sequence[Change]) -> None:
    """Write those to the log that it does not hold yet."""
    keys = [change.once for change in passed]
    known: set[str | None] = set()
    for start in range(0, len(keys), ROWS_A_STATEMENT):
        part = keys[start : start + ROWS_A_STATEMENT]
        known.update(unit.execute(select(log_entry.c.once).where(log_entry.c.once.in_(part))).scalars())
    missing = [change for change in passed if change.once not in known]
    if missing:
        record_once(unit, author, missing)


_READ = (
    "id key kind matter agreement_id commitment_id party_id period assignee_id state closed_on closed_by closed_why "
    "due_on opened_on"
)


def _columns() -> list[Any]:
    return [follow_up.c[name] for name in _READ.split()]


def _load_open(unit: Connection, span: Span) -> dict[str, Any]:
    """The open follow-ups of a span, but those that the sending of messages opens and closes itself."""
    rows = unit.execute(
        select(*_columns()).where(
            span.holds(follow_up.c.agreement_id),
            follow_up.c.state == str(FollowUpState.OPEN),
            follow_up.c.kind != str(FollowUpKind.MESSAGE_FAILED),
        )
    )
    return {row.key: row for row in rows}


def _load_by_key(unit: Connection, keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for start in range(0, len(keys), ROWS_A_STATEMENT):
        part = keys[start : start + ROWS_A_STATEMENT]
        found.update((row.key, row) for row in unit.execute(select(*_columns()).where(follow_up.c.key.in_(part))))
    return found


def find_due(one: WantedFollowUp, rules: Rules, days: Days) -> date:
    """The day by which its assignee is to answer."""
    person = rules.people.get(one.assignee_id) if one.assignee_id is not None else None
    policy = rules.own.get(one.matter.agreement, rules.house)
    country, subdivision = (person.country, person.subdivision) if person else (None, None)
    due = add_working_days(days.of(one.assignee_id), policy.answer_working_days, country, subdivision)
    return min(due, one.by) if one.by is not None else due


def _open_missing(
    unit: Connection, author: Author, missing: Sequence[WantedFollowUp], rules: Rules, days: Days, done: Reconciled
) -> list[str]:
    """Insert what is not there yet; returns the keys that were there before, closed."""
    by_key = {one.key: one for one in missing}
    rows = (describe_new(one, days, find_due(one, rules, days)) for one in missing)
    inserted = insert_new(unit, follow_up, rows, returning=("id", "key"))
    changes = [
        Change(
            "registered",
            "follow_up",
            row.id,
            row.key,
            by_key[row.key].matter.agreement_id,
            {"state": (None, str(FollowUpState.OPEN)), "assignee_id": (None, by_key[row.key].assignee_id)},
        )
        for row in inserted
    ]
    record_changes(unit, author, changes)
    done.opened += len(inserted)
    done.keep(changes)
    new = {row.key for row in inserted}
    return [key for key in by_key if key not in new]


def _settle(unit: Connection, author: Author, settlements: Sequence[Settlement], done: Reconciled) -> None:
    """Write the settlements whose rows are still as they were read: another run may have been first."""
    unchanged: set[int] = set()
    ids = sorted(one.row.id for one in settlements)
    as_read = {one.row.id: (one.was, one.row.assignee_id) for one in settlements}
    columns = (follow_up.c.id, follow_up.c.state, follow_up.c.assignee_id)
    for start in range(0, len(ids), ROWS_A_STATEMENT):
        part = ids[start : start + ROWS_A_STATEMENT]
        locked = select(*columns).where(follow_up.c.id.in_(part)).order_by(follow_up.c.id)
        rows = unit.execute(locked.with_for_update(key_share=True))  # a notice may refer to them meanwhile
        unchanged.update(row.id for row in rows if (row.state, row.assignee_id) == as_read[row.id])
    changes: list[Change] = []
    for order in ("closed", "superseded", "opened", "reassigned"):
        ours = [one for one in settlements if one.order == order and one.row.id in unchanged]
        if not ours:
            continue
        unit.execute(
            update(follow_up)
            .where(follow_up.c.id == bindparam("row_id"))
            .values({name: bindparam(f"new_{name}", type_=follow_up.c[name].type) for name in ours[0].values}),
            [{"row_id": one.row.id, **{f"new_{name}": value for name, value in one.values.items()}} for one in ours],
        )
        changes += [
            Change(
                order,
                "follow_up",
                one.row.id,
                one.row.key,
                one.row.agreement_id,
                {name: (getattr(one.row, name), value) for name, value in one.values.items() if name != "reason"},
            )
            for one in ours
        ]
        setattr(done, order, getattr(done, order) + len(ours))
    record_changes(unit, author, changes)
    done.keep(changes)


def list_standings(
    reading: Connection, today: date, *, known_at: datetime | None = None, only: int | None = None
) -> Iterator[tuple[Agreement, list[Standing]]]:
    """Each agreement with all its standings on a day, chunk by chunk."""
    rules = load_rules(reading)
    spans = (Span(only, only),) if only is not None else split_register(reading)
    for span in spans:
        for agreement in load_agreements(reading, span, known_at=known_at):
            yield agreement, assess(agreement, rules, today)
