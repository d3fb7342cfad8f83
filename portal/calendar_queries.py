"""Finds the dates that lie in a span, over the whole register, in a fixed number of statements."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from commitments.assembling import read_recurrence
from commitments.dates import add_days, parse_date, parse_stored
from commitments.deadlines import find_report_cycles
from commitments.facts import Agreement, Submission
from commitments.recurrence import Period, find_period
from commitments.renewals import find_expiry, find_notice_deadline
from commitments.spans import ends_within, list_spans
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
from portal.plan_days import find_plan_days, select_plans
from portal.roles import Role, Viewer, select_visible_agreements

PERIODS_READ = 60
"""So many periods of one recurring commitment are looked at within a span."""


class Whose(StrEnum):
    """Whose dates are wanted."""

    OWN = "own"
    SIDE = "side"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Sought:
    """The dates that somebody wants: for which they answer, or their side does, or all that they see; of one party or
    agreement."""

    first: date
    last: date
    today: date
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
    agreement_id: int
    title: Mapping[str, str]
    promise: Any = None
    """id, reference, summary, summaries, quote of the commitment; none for a date of the agreement itself."""
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
class Day:
    """A day with dates: those of them that are shown, and how many there are."""

    day: date
    dates: tuple[Dated, ...]
    total: int


@dataclass(frozen=True, slots=True)
class _Pile:
    """The dates of one sort that are known by the same text, by the ids of their commitments or milestones."""

    day: date
    kind: MatterKind
    text: str
    ids: Sequence[int]
    period: str = ""
    is_plan: bool = False


_Entry = Dated | tuple[_Pile, int]
"""A date of an agreement; or one of a pile, which is not named yet."""


def load_days(reading: Connection, viewer: Viewer, sought: Sought, most: int, a_day: int) -> list[Day]:
    """The days of the span with their open dates, in twelve statements: of more than `most` the first few of each day.

    Of thousands only those that are shown are read whole.
    """
    by_day = _find_entries(reading, viewer, sought)
    if sum(map(len, by_day.values())) > most:
        shown = {day: entries[:a_day] for day, entries in by_day.items()}
    else:
        shown = by_day
    named = _name_entries(reading, [one for entries in shown.values() for one in entries])
    return [Day(day, tuple(named[day]), len(by_day[day])) for day in sorted(by_day)]


def load_dates(
    reading: Connection, viewer: Viewer, sought: Sought, most: int, skip: int = 0
) -> tuple[list[Dated], int]:
    """The open dates of the span, the earliest first, and how many there are; twelve statements.

    Of thousands only the `most` that are shown, after the `skip` before them, are read whole.
    """
    by_day = _find_entries(reading, viewer, sought)
    entries = [one for day in sorted(by_day) for one in by_day[day]]
    named = _name_entries(reading, entries[skip : skip + most])
    return [one for day in sorted(named) for one in named[day]], len(entries)


def _find_entries(reading: Connection, viewer: Viewer, sought: Sought) -> dict[date, list[_Entry]]:
    """Everything of each day: the agreements' own dates, then what was registered first."""
    found: dict[date, list[_Entry]] = {}
    for one in _find_agreement_dates(reading, viewer, sought):
        found.setdefault(one.day, []).append(one)
    piles = [
        *_find_promised(reading, viewer, sought),
        *_find_plans(reading, viewer, sought),
        *_find_steps(reading, viewer, sought),
        *_find_periods(reading, viewer, sought),
    ]
    for pile in piles:
        if pile.ids:
            found.setdefault(pile.day, []).extend((pile, one) for one in pile.ids)
    return found


def _name_entries(reading: Connection, entries: Sequence[_Entry]) -> dict[date, list[Dated]]:
    """The entries by day, as they are read; those of a day by agreement."""
    piled = [one for one in entries if not isinstance(one, Dated)]
    stepped = select(
        milestone.c.id, milestone.c.commitment_id,
        milestone.c.reference.label("step_reference"), milestone.c.title, milestone.c.titles,
    ).where(milestone.c.id.in_({one for pile, one in piled if pile.kind is MatterKind.MILESTONE}))  # fmt: skip
    steps = {row.id: row for row in reading.execute(stepped)}
    columns = (
        commitment.c.id, commitment.c.reference, commitment.c.summary, commitment.c.summaries, commitment.c.quote,
        commitment.c.agreement_id, agreement.c.reference.label("agreement_reference"),
        agreement.c.title.label("agreement_title"),
    )  # fmt: skip
    promised = (
        select(*columns)
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .where(
            commitment.c.id.in_(
                {one for pile, one in piled if pile.kind is not MatterKind.MILESTONE}
                | {row.commitment_id for row in steps.values()}
            )
        )
    )
    promises = {row.id: row for row in reading.execute(promised)}
    named: dict[date, list[Dated]] = {}
    for entry in entries:
        if isinstance(entry, Dated):
            named.setdefault(entry.day, []).append(entry)
            continue
        pile, one = entry
        step = steps[one] if pile.kind is MatterKind.MILESTONE else None
        row = promises[step.commitment_id if step is not None else one]
        dated = Dated(
            pile.day, pile.text, pile.kind, row.agreement_reference, row.agreement_id, row.agreement_title, row, step,
            pile.period, pile.is_plan,
        )  # fmt: skip
        named.setdefault(pile.day, []).append(dated)
    for dates in named.values():
        dates.sort(key=lambda one: (one.agreement, one.matter))
    return named


def _narrow(query: Select[*tuple[Any, ...]], viewer: Viewer, sought: Sought, *, by_date: bool = False) -> Select[Any]:
    """To the active commitments that are wanted; `by_date` where few are left once they are narrowed by their dates."""
    under: ColumnElement[int] = commitment.c.agreement_id
    if by_date and sought.whose is not Whose.OWN and not sought.agreement:
        under = under + 0  # as a sum, which no index answers: that of the dates is to be asked
    seen = select(agreement.c.id).where(agreement.c.ended.is_(None), _is_seen(viewer, sought))
    query = query.where(commitment.c.state == str(CommitmentState.ACTIVE), under.in_(seen))
    if sought.whose is Whose.OWN:
        stood_in_for = select(contact.c.id).where(contact.c.deputy_id == viewer.person.id)
        owned = select(commitment_owner.c.commitment_id).where(
            or_(commitment_owner.c.contact_id == viewer.person.id, commitment_owner.c.contact_id.in_(stood_in_for))
        )
        query = query.where(commitment.c.id.in_(owned))
    if sought.whose is Whose.SIDE:
        query = query.where(_is_owed_by(literal(viewer.person.party_id)))
    if sought.party:
        # Asked of each that has a date there: of a house's own party it would be the whole register.
        named = select(party.c.id).where(party.c.reference == sought.party).scalar_subquery()
        query = query.where(_is_owed_by(named))
    return query


def _is_owed_by(party_id: ColumnElement[Any]) -> ColumnElement[bool]:
    owing = select(commitment_owner.c.id).where(
        commitment_owner.c.commitment_id == commitment.c.id, commitment_owner.c.party_id == party_id
    )
    return owing.exists()


def _is_seen(viewer: Viewer, sought: Sought) -> ColumnElement[bool]:
    seen = agreement.c.id.in_(select_visible_agreements(viewer))
    return seen & (agreement.c.reference == sought.agreement) if sought.agreement else seen


def _gather(column: ColumnElement[int]) -> ColumnElement[str]:
    """Ids as one text: of thousands a row each would take longer than the page."""
    return func.aggregate_strings(cast(column, String), ",").label("ids")


def _read_ids(gathered: str) -> list[int]:
    return sorted(map(int, gathered.split(",")))


def _find_promised(reading: Connection, viewer: Viewer, sought: Sought) -> Iterator[_Pile]:
    """Due dates, and days stated by which plans are to be confirmed."""
    planned, due, stated = commitment.c.kind == str(CommitmentKind.PLANNED), commitment.c.due, commitment.c.confirm_by
    columns = (due.label("text"), literal(0).label("is_plan")), (stated, literal(1))
    firm, plans = (_narrow(select(*some, _gather(commitment.c.id)), viewer, sought, by_date=True) for some in columns)
    # Each span of an index by itself, so that it gives the texts in their order.
    parts = [
        query.where(within).group_by(text)
        for text, query in ((due, firm.where(~planned)), (stated, plans.where(planned)))
        for within in list_spans(text, sought.first, sought.last)
    ]
    for row in reading.execute(union_all(*parts)):
        day = parse_date(row.text).last
        yield _Pile(day, MatterKind.COMMITMENT, row.text, _read_ids(row.ids), is_plan=bool(row.is_plan))


def _find_plans(reading: Connection, viewer: Viewer, sought: Sought) -> Iterator[_Pile]:
    """Days by which plans are to be confirmed that state none."""
    plans = select_plans(_gather(commitment.c.id)).join(agreement, agreement.c.id == commitment.c.agreement_id)
    for day, text, ids in find_plan_days(reading, _narrow(plans, viewer, sought), sought.first, sought.last):
        yield _Pile(day, MatterKind.COMMITMENT, text, _read_ids(ids), is_plan=True)


def _find_steps(reading: Connection, viewer: Viewer, sought: Sought) -> Iterator[_Pile]:
    query = (
        _narrow(select(milestone.c.due, _gather(milestone.c.id)), viewer, sought, by_date=True)
        .join(commitment, commitment.c.id == milestone.c.commitment_id)
        .where(
            milestone.c.state == str(MilestoneState.SCHEDULED),
            ends_within(milestone.c.due, sought.first, sought.last),
            _is_turn(milestone.c.party_id, viewer, sought),
        )
        .group_by(milestone.c.due)
    )
    for row in reading.execute(query):
        yield _Pile(parse_date(row.due).last, MatterKind.MILESTONE, row.due, _read_ids(row.ids))


def _is_turn(party_id: ColumnElement[Any], viewer: Viewer, sought: Sought) -> ColumnElement[bool]:
    """Whether a step is to be taken by those whose dates are wanted, or by all who owe the commitment."""
    if sought.party:
        named = select(party.c.id).where(party.c.reference == sought.party)
        return or_(party_id.is_(None), party_id.in_(named))
    if sought.whose is not Whose.ALL:
        return or_(party_id.is_(None), party_id == viewer.person.party_id)
    return true()


def _find_periods(reading: Connection, viewer: Viewer, sought: Sought) -> Iterator[_Pile]:
    """The ends of the periods of recurring commitments, but those of which nothing is expected."""
    recurring = (commitment.c.kind == str(CommitmentKind.RECURRING)) & commitment.c.recurrence.is_not(None)
    # As text: thousands recur in a few ways, each of which is worked out once, and which of them only where it is due.
    way = cast(commitment.c.recurrence, String).label("way")
    ways = reading.execute(select(way).where(recurring).distinct()).scalars()
    by_way = {one: periods for one in ways if (periods := list(_list_periods(one, sought)))}
    query = _narrow(select(way, _gather(commitment.c.id)), viewer, sought).where(
        recurring, way.in_(list(by_way)) if by_way else false()
    )
    rows = reading.execute(query.group_by(way)).all()
    ends = _load_ends(reading, {one for row in rows for one in _read_ids(row.ids)}, sought)
    labels = {period.label for periods in by_way.values() for period in periods}
    nothing = or_(occurrence.c.state == str(OccurrenceState.WAIVED), occurrence.c.expected == 0)
    waived = {
        (one.commitment_id, one.period)
        for one in reading.execute(
            select(occurrence.c.commitment_id, occurrence.c.period).where(occurrence.c.period.in_(labels), nothing)
        )
    }
    for row in rows:
        for period in by_way[row.way]:
            ids = [
                one
                for one in _read_ids(row.ids)
                if (one, period.label) not in waived and not _outlives(period, ends.get(one), sought.today)
            ]
            day = period.window_last
            yield _Pile(day, MatterKind.OCCURRENCE, day.isoformat(), ids, period=period.label)


def _load_ends(reading: Connection, ids: Collection[int], sought: Sought) -> dict[int, date]:
    """Of commitments under agreements that run out by the last day wanted, and do not renew themselves: that day."""
    query = (
        select(commitment.c.id, agreement.c.expires)
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .where(
            agreement.c.expires <= sought.last.isoformat(),  # as text: a month or year that has begun by then as well
            or_(agreement.c.renewal_rule.is_(None), agreement.c.renewal_rule != str(RenewalRule.AUTOMATIC)),
            commitment.c.kind == str(CommitmentKind.RECURRING),
        )
    )
    return {row.id: parse_date(row.expires).last for row in reading.execute(query) if row.id in ids}


def _outlives(period: Period, end: date | None, today: date) -> bool:
    """Whether a period begins after its agreement's end, or was not over at an end that has passed."""
    return end is not None and (period.first > end or end < min(today, period.last))


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
    if sought.whose is Whose.SIDE:
        own = select(agreement_party.c.agreement_id).where(agreement_party.c.party_id == viewer.person.party_id)
        query = query.where(agreement.c.id.in_(own))
    rows = reading.execute(query).all()
    reporting = {row.id for row in rows if row.designated and row.reporting_cycle_years}
    submitted: dict[int, list[Submission]] = {}
    for one in reading.execute(select(submitted_report).where(submitted_report.c.agreement_id.in_(reporting))):
        submitted.setdefault(one.agreement_id, []).append(Submission(one.cycle, parse_date(one.submitted)))
    for row in rows:
        for day, text, kind in _list_terms(_build(row, tuple(submitted.get(row.id, ()))), sought):
            yield Dated(day, text, kind, row.reference, row.id, row.title)


def _build(row: Any, submitted: tuple[Submission, ...]) -> Agreement:
    return Agreement(
        row.id,
        row.reference,
        row.registered_on,
        (),
        (),
        effective=parse_stored(row.effective),
        expires=parse_stored(row.expires),
        renewal_rule=RenewalRule(row.renewal_rule) if row.renewal_rule else None,
        renewal_months=row.renewal_months,
        renew_by=parse_stored(row.renew_by),
        notice_months=row.notice_months,
        notice_days=row.notice_days,
        designated=parse_stored(row.designated),
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
