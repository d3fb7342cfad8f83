"""Finds the dates that lie in a span, over the whole register, in a fixed number of statements."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, cast, func, or_, select

from commitments.dates import PartialDate, add_days, parse_date
from commitments.deadlines import find_expiry, find_notice_deadline, find_report_cycles
from commitments.facts import Agreement, Submission
from commitments.queries import read_recurrence
from commitments.recurrence import Period, find_period
from commitments.tables import (
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    contact,
    milestone,
    occurrence,
    party,
    submitted_report,
)
from commitments.vocabulary import (
    CommitmentKind,
    CommitmentState,
    ContactRole,
    MatterKind,
    MilestoneState,
    OccurrenceState,
    RenewalRule,
)
from portal.roles import Role, Viewer, select_visible_agreements

PERIODS_READ = 60
"""So many periods of one recurring commitment are looked at within a span."""


class Whose(StrEnum):
    """Whose dates are wanted."""

    OWN = "own"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Sought:
    """The dates that somebody wants: those for which they answer, or all that they see; of one party or agreement."""

    first: date
    last: date
    whose: Whose = Whose.ALL
    party: str = ""
    agreement: str = ""


@dataclass(frozen=True, slots=True)
class Dated:
    """One date of the register; rows are those of the register."""

    day: date
    text: str
    """The date as it is known: a day, a month or a year."""
    kind: MatterKind
    agreement: str
    title: Mapping[str, str]
    promise: Any = None
    """reference, summary, summaries, quote of the commitment; none for a date of the agreement itself."""
    step: Any = None
    """reference, title, titles of the milestone."""
    period: str = ""
    is_plan: bool = False
    """Whether a plan is to be confirmed by then."""

    @property
    def matter(self) -> str:
        """What the date is about, as references name it."""
        if self.promise is None:
            return f"{self.agreement}:{self.kind}"
        part = self.step.step_reference if self.step is not None else self.period
        return f"{self.agreement}/{self.promise.reference}" + (f"#{part}" if part else "")


@dataclass(frozen=True, slots=True)
class _End:
    """A date under a commitment, before it is named."""

    day: date
    commitment_id: int
    text: str
    step_id: int | None = None
    period: str = ""
    is_plan: bool = False


def load_dates(reading: Connection, viewer: Viewer, sought: Sought, most: int) -> tuple[list[Dated], int]:
    """The open dates of the span, the earliest first, and how many there are; eight statements.

    Of thousands only the `most` that are shown are read whole.
    """
    ends = [
        *_find_promised(reading, viewer, sought),
        *_find_steps(reading, viewer, sought),
        *_find_periods(reading, viewer, sought),
    ]
    ends.sort(key=lambda one: (one.day, one.commitment_id))
    found = [*_name_ends(reading, ends[:most]), *_find_agreement_dates(reading, viewer, sought)]
    total = len(found) + max(len(ends) - most, 0)
    return sorted(found, key=lambda one: (one.day, one.agreement, one.matter))[:most], total


def _name_ends(reading: Connection, ends: Sequence[_End]) -> Iterator[Dated]:
    columns = (
        commitment.c.id, commitment.c.reference, commitment.c.summary, commitment.c.summaries, commitment.c.quote,
        agreement.c.reference.label("agreement_reference"), agreement.c.title.label("agreement_title"),
    )  # fmt: skip
    promised = (
        select(*columns)
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .where(commitment.c.id.in_({one.commitment_id for one in ends}))
    )
    promises = {row.id: row for row in reading.execute(promised)}
    stepped = select(
        milestone.c.id, milestone.c.reference.label("step_reference"), milestone.c.title, milestone.c.titles
    ).where(milestone.c.id.in_({one.step_id for one in ends if one.step_id is not None}))
    steps = {row.id: row for row in reading.execute(stepped)}
    for one in ends:
        row, step = promises[one.commitment_id], steps.get(one.step_id)
        kind = MatterKind.COMMITMENT
        if step is not None or one.period:
            kind = MatterKind.MILESTONE if step is not None else MatterKind.OCCURRENCE
        yield Dated(
            one.day, one.text, kind, row.agreement_reference, row.agreement_title, row, step, one.period, one.is_plan
        )  # fmt: skip


def _ends_within(column: ColumnElement[Any], sought: Sought) -> ColumnElement[bool]:
    """Whether a partial date may end within the span: as text, by how precise it is."""
    low, high = sought.first.isoformat(), sought.last.isoformat()
    return or_(
        (func.length(column) == 10) & column.between(low, high),
        (func.length(column) == 7) & column.between(low[:7], high[:7]),
        (func.length(column) == 4) & column.between(low[:4], high[:4]),
    )


def _narrow(query: Select[Any], viewer: Viewer, sought: Sought) -> Select[Any]:
    """To the active commitments that are wanted."""
    query = query.join(agreement, agreement.c.id == commitment.c.agreement_id).where(
        commitment.c.state == str(CommitmentState.ACTIVE), agreement.c.ended.is_(None), _is_seen(viewer, sought)
    )
    if sought.whose is Whose.OWN:
        stood_in_for = select(contact.c.id).where(contact.c.deputy_id == viewer.person.id)
        owned = select(commitment_owner.c.commitment_id).where(
            or_(commitment_owner.c.contact_id == viewer.person.id, commitment_owner.c.contact_id.in_(stood_in_for))
        )
        query = query.where(commitment.c.id.in_(owned))
    if sought.party:
        owing = (
            select(commitment_owner.c.commitment_id)
            .join(party, party.c.id == commitment_owner.c.party_id)
            .where(party.c.reference == sought.party)
        )
        query = query.where(commitment.c.id.in_(owing))
    return query


def _is_seen(viewer: Viewer, sought: Sought) -> ColumnElement[bool]:
    seen = agreement.c.id.in_(select_visible_agreements(viewer))
    return seen & (agreement.c.reference == sought.agreement) if sought.agreement else seen


def _find_promised(reading: Connection, viewer: Viewer, sought: Sought) -> Iterator[_End]:
    """Due dates, and days by which plans are to be confirmed."""
    is_plan = commitment.c.kind == str(CommitmentKind.PLANNED)
    columns = (commitment.c.id, commitment.c.due, commitment.c.confirm_by, commitment.c.kind)
    query = _narrow(select(*columns), viewer, sought).where(
        or_(
            and_(~is_plan, _ends_within(commitment.c.due, sought)),
            and_(is_plan, _ends_within(commitment.c.confirm_by, sought)),
        )
    )
    for row in reading.execute(query):
        planned = row.kind == CommitmentKind.PLANNED
        text = row.confirm_by if planned else row.due
        day = parse_date(text).last
        if sought.first <= day <= sought.last:
            yield _End(day, row.id, text, is_plan=planned)


def _find_steps(reading: Connection, viewer: Viewer, sought: Sought) -> Iterator[_End]:
    query = (
        _narrow(select(commitment.c.id, milestone.c.id.label("step_id"), milestone.c.due), viewer, sought)
        .join(milestone, milestone.c.commitment_id == commitment.c.id)
        .where(milestone.c.state == str(MilestoneState.SCHEDULED), _ends_within(milestone.c.due, sought))
    )
    for row in reading.execute(query):
        day = parse_date(row.due).last
        if sought.first <= day <= sought.last:
            yield _End(day, row.id, row.due, row.step_id)


def _find_periods(reading: Connection, viewer: Viewer, sought: Sought) -> Iterator[_End]:
    """The ends of the periods of recurring commitments, but those of which nothing is expected."""
    recurring = (commitment.c.kind == str(CommitmentKind.RECURRING)) & commitment.c.recurrence.is_not(None)
    # As text: thousands recur in a few ways, each of which is worked out once.
    text = cast(commitment.c.recurrence, String).label("text")
    rows = reading.execute(_narrow(select(commitment.c.id, text), viewer, sought).where(recurring)).all()
    by_way = {way: list(_list_periods(way, sought)) for way in {row.text for row in rows}}
    labels = {period.label for periods in by_way.values() for period in periods}
    nothing = or_(occurrence.c.state == str(OccurrenceState.WAIVED), occurrence.c.expected == 0)
    waived = {
        (one.commitment_id, one.period)
        for one in reading.execute(
            select(occurrence.c.commitment_id, occurrence.c.period).where(occurrence.c.period.in_(labels), nothing)
        )
    }
    for row in rows:
        for period in by_way[row.text]:
            if (row.id, period.label) not in waived:
                yield _End(period.window_last, row.id, period.window_last.isoformat(), period=period.label)


def _list_periods(text: str, sought: Sought) -> Iterator[Period]:
    recurrence = read_recurrence(json.loads(text))
    day: date | None = max(sought.first, recurrence.starts or sought.first) if recurrence is not None else None
    for _ in range(PERIODS_READ):
        period = find_period(recurrence, day) if recurrence is not None and day is not None else None
        if period is None or period.first > sought.last:
            return
        if period.expected and sought.first <= period.window_last <= sought.last:
            yield period
        day = add_days(period.last, 1) if period.last < sought.last else None


_TERMS = (
    agreement.c.id, agreement.c.reference, agreement.c.title, agreement.c.effective, agreement.c.expires,
    agreement.c.renewal_rule, agreement.c.renewal_months, agreement.c.renew_by, agreement.c.notice_months,
    agreement.c.notice_days, agreement.c.designated, agreement.c.reporting_cycle_years, agreement.c.registered_on,
)  # fmt: skip


def _find_agreement_dates(reading: Connection, viewer: Viewer, sought: Sought) -> Iterator[Dated]:
    """Expiry, notice, renewal and reports due: a coordinator's matters, so that an owner's own are without them."""
    coordinates = viewer.role is Role.ADMINISTRATOR or viewer.person.role is ContactRole.COORDINATOR
    if sought.whose is Whose.OWN and not coordinates:
        return
    dated = or_(
        agreement.c.expires.is_not(None), agreement.c.renew_by.is_not(None), agreement.c.designated.is_not(None)
    )
    query = select(*_TERMS).where(agreement.c.ended.is_(None), dated, _is_seen(viewer, sought))
    if sought.party:
        bound = (
            select(agreement_party.c.agreement_id)
            .join(party, party.c.id == agreement_party.c.party_id)
            .where(party.c.reference == sought.party)
        )
        query = query.where(agreement.c.id.in_(bound))
    rows = reading.execute(query).all()
    reporting = {row.id for row in rows if row.designated and row.reporting_cycle_years}
    submitted: dict[int, list[Submission]] = {}
    for one in reading.execute(select(submitted_report).where(submitted_report.c.agreement_id.in_(reporting))):
        submitted.setdefault(one.agreement_id, []).append(Submission(one.cycle, parse_date(one.submitted)))
    for row in rows:
        for day, text, kind in _list_terms(_build(row, tuple(submitted.get(row.id, ()))), sought):
            yield Dated(day, text, kind, row.reference, row.title)


def _build(row: Any, submitted: tuple[Submission, ...]) -> Agreement:
    return Agreement(
        row.id,
        row.reference,
        row.registered_on,
        (),
        (),
        effective=_partial(row.effective),
        expires=_partial(row.expires),
        renewal_rule=RenewalRule(row.renewal_rule) if row.renewal_rule else None,
        renewal_months=row.renewal_months,
        renew_by=_partial(row.renew_by),
        notice_months=row.notice_months,
        notice_days=row.notice_days,
        designated=_partial(row.designated),
        reporting_cycle_years=row.reporting_cycle_years,
        submitted=submitted,
    )


def _list_terms(facts: Agreement, sought: Sought) -> Iterator[tuple[date, str, MatterKind]]:
    """The agreement's own dates within the span, as the rules have them on its first day."""
    expiry = find_expiry(facts, sought.first)
    found: list[tuple[date, str, MatterKind]] = []
    if expiry is not None:
        text = str(facts.expires) if facts.expires is not None and facts.expires.last == expiry else expiry.isoformat()
        found.append((expiry, text, MatterKind.EXPIRY))
        notice = find_notice_deadline(facts, sought.first)
        if notice is not None:
            found.append((notice, notice.isoformat(), MatterKind.NOTICE))
    if facts.renew_by is not None:
        found.append((facts.renew_by.last, str(facts.renew_by), MatterKind.RENEWAL))
    for cycle in {*find_report_cycles(facts, sought.first), *find_report_cycles(facts, sought.last)}:
        found.append((date(cycle, 12, 31), str(cycle), MatterKind.REPORT))
    return (one for one in found if sought.first <= one[0] <= sought.last)


def _partial(text: str | None) -> PartialDate | None:
    return parse_date(text) if text is not None else None
