"""Finds the agreements that somebody looks for: two statements, whatever the size of the register."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import Subquery

from commitments.dates import add_months
from commitments.overall import is_among, is_nothing, is_worst, place_worst
from commitments.spans import end_span
from commitments.tables import (
    activity,
    agreement,
    agreement_party,
    commitment,
    confirmation,
    follow_up,
    measurement,
    milestone,
    party,
    progress_report,
)
from commitments.urgency import WORST_FIRST
from commitments.vocabulary import (
    AgreementKind,
    ConfirmationState,
    FollowUpState,
    StandingState,
)
from portal.roles import Viewer, select_visible_agreements
from portal.standing_queries import find_standings

PAGE = 25
SILENCES = (6, 12, 24)
"""The months of silence that can be looked for."""
STANDINGS = (*WORST_FIRST[:6], StandingState.ON_TRACK, StandingState.ON_HOLD, StandingState.SETTLED)
"""The standings that can be looked for, as they are offered."""


NOTHING: Literal["nothing"] = "nothing"
"""The worst of an agreement under which nothing stands in any way: it has no commitments yet, and no dates."""


class Sort(StrEnum):
    URGENT = "urgent"
    TITLE = "title"
    EXPIRY = "expiry"
    NEWEST = "newest"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for, as it stands in the address."""

    text: str = ""
    party: str = ""
    kind: AgreementKind | None = None
    standing: StandingState | None = None
    worst: StandingState | Literal["nothing"] | None = None
    theme: str = ""
    silence: int | None = None
    sort: Sort = Sort.URGENT
    page: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """One page of the agreements that were looked for, and how many there are in all."""

    ids: tuple[int, ...]
    total: int
    open: Mapping[int, int]


def find_agreements(
    reading: Connection,
    viewer: Viewer,
    wanted: Wanted,
    today: date,
    language: str,
    *,
    among: Select[int] | None = None,
) -> Found:
    """The ids of one page of the agreements that somebody sees and looks for, in the order that they want.

    `among` narrows them to those of these ids.

    Found by a standing is an agreement under which something stands so; on track and settled one under which nothing
    stands worse. Found by its worst is one under which something stands so and nothing worse, as Home counts it.

    Silence counts from the last activity, report,
    measurement or milestone met, else from the start of the agreement.
    """
    opened, visible = count_open(), select_visible_agreements(viewer)
    query = (
        select(agreement.c.id, opened.c.open, func.count().over().label("total"))
        .outerjoin(opened, opened.c.agreement_id == agreement.c.id)
        .where(agreement.c.id.in_(visible), *_filter(wanted))
    )
    stands = None
    if wanted.standing is not None or wanted.worst is not None or wanted.sort is Sort.URGENT:
        stands = find_standings(reading, visible, today)
        query = query.outerjoin(stands, stands.c.agreement_id == agreement.c.id)
        if wanted.standing is not None:
            query = query.where(is_among(stands.c.states, wanted.standing))
        if wanted.worst == NOTHING:
            query = query.where(is_nothing(stands.c.states))
        elif wanted.worst is not None:
            query = query.where(is_worst(stands.c.states, wanted.worst))
    if among is not None:
        query = query.where(agreement.c.id.in_(among))
    signs = None
    if wanted.silence is not None or wanted.sort is Sort.SILENCE:
        signs = _find_last_signs(today)
        query = query.outerjoin(signs, signs.c.agreement_id == agreement.c.id)
        if wanted.silence is not None:
            since = add_months(today, -wanted.silence).isoformat()
            query = query.where(_silent_since(signs) <= since, *_still_running(today))
    rows = reading.execute(
        query.order_by(*_order(wanted.sort, opened, stands, signs, language))
        .limit(PAGE)
        .offset((wanted.page - 1) * PAGE)
    ).all()
    total = rows[0].total if rows else 0
    return Found(tuple(row.id for row in rows), total, {row.id: row.open or 0 for row in rows})


def count_open() -> Subquery:
    """By agreement: how many follow-ups are open."""
    return (
        select(follow_up.c.agreement_id, func.count().label("open"))
        .where(follow_up.c.state == str(FollowUpState.OPEN), follow_up.c.agreement_id.is_not(None))
        .group_by(follow_up.c.agreement_id)
        .subquery("opened")
    )


def _filter(wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.text:
        where.extend(_search(word) for word in wanted.text.split()[:8])
    if wanted.party:
        of_party = (
            select(agreement_party.c.agreement_id)
            .join(party, party.c.id == agreement_party.c.party_id)
            .where(party.c.reference == wanted.party)
        )
        where.append(agreement.c.id.in_(of_party))
    if wanted.kind is not None:
        where.append(agreement.c.kind == str(wanted.kind))
    if wanted.theme:
        themed = select(commitment.c.agreement_id).where(commitment.c.theme == wanted.theme)
        where.append(agreement.c.id.in_(themed))
    return where


def _search(word: str) -> ColumnElement[bool]:
    """A word of a title, a reference, a party's name or a promise."""

    def has(column: ColumnElement[Any]) -> ColumnElement[bool]:
        return column.icontains(word, autoescape=True)

    named = (
        select(agreement_party.c.agreement_id)
        .join(party, party.c.id == agreement_party.c.party_id)
        .where(has(cast(party.c.names, String)))
    )
    # Asked of one agreement after the other, and of a promise as one text: a word that is found at once, as most are,
    # costs little, and what one word leaves out is not read for the next.
    said = commitment.c.summary + " " + cast(commitment.c.summaries, String) + " " + cast(commitment.c.quote, String)
    promised = exists().where(commitment.c.agreement_id == agreement.c.id, has(said)).correlate(agreement)
    return or_(
        has(agreement.c.reference), has(cast(agreement.c.title, String)), agreement.c.id.in_(named), promised,
    )  # fmt: skip


def _find_last_signs(today: date) -> Subquery:
    """By agreement: the end of the span of the last sign of life that is not ahead."""
    sent_back = select(confirmation.c.report_id).where(confirmation.c.state == str(ConfirmationState.RETURNED))
    signs = union_all(
        select(activity.c.agreement_id, activity.c.held_on.label("day")).where(activity.c.withdrawn_on.is_(None)),
        select(commitment.c.agreement_id, measurement.c.measured_on.label("day"))
        .join(commitment, commitment.c.id == measurement.c.commitment_id)
        .where(measurement.c.withdrawn_on.is_(None)),
        select(commitment.c.agreement_id, cast(progress_report.c.reported_on, String).label("day"))
        .join(commitment, commitment.c.id == progress_report.c.commitment_id)
        .where(progress_report.c.id.not_in(sent_back), progress_report.c.withdrawn_on.is_(None)),
        select(commitment.c.agreement_id, milestone.c.met_on.label("day"))
        .join(commitment, commitment.c.id == milestone.c.commitment_id)
        .where(milestone.c.met_on.is_not(None)),
    ).subquery("signs")
    return (
        select(signs.c.agreement_id, func.max(end_span(signs.c.day)).label("day"))
        .where(signs.c.day <= today.isoformat())
        .group_by(signs.c.agreement_id)
        .subquery("last_sign")
    )


def _silent_since(signs: Subquery) -> ColumnElement[str]:
    # As text: what has no start on record has been silent from before every date.
    start = func.coalesce(agreement.c.effective, agreement.c.designated)
    return func.coalesce(signs.c.day, end_span(start), literal(""))


def _still_running(today: date) -> list[ColumnElement[bool]]:
    """What is over is silent by right."""
    day = today.isoformat()
    over = and_(agreement.c.expires.is_not(None), end_span(agreement.c.expires) < day)
    renews = func.coalesce(agreement.c.renewal_rule, "") == "automatic"
    return [or_(agreement.c.ended.is_(None), agreement.c.ended > day), or_(~over, renews)]


def _order(
    sort: Sort, opened: Subquery, stands: Subquery | None, signs: Subquery | None, language: str
) -> list[ColumnElement[Any]]:
    title = func.coalesce(
        agreement.c.title[language.partition("-")[0]].as_string(),
        agreement.c.title["en"].as_string(),
        agreement.c.reference,
    )
    if sort is Sort.TITLE:
        return [func.lower(title), agreement.c.id]
    if sort is Sort.EXPIRY:
        return [agreement.c.expires.is_(None), end_span(agreement.c.expires), agreement.c.id]
    if sort is Sort.NEWEST:
        return [agreement.c.registered_on.desc(), agreement.c.id.desc()]
    if sort is Sort.SILENCE and signs is not None:
        return [_silent_since(signs), agreement.c.id]
    worst = [place_worst(stands.c.states)] if stands is not None else []
    return [*worst, func.coalesce(opened.c.open, 0).desc(), agreement.c.reference]


@dataclass(frozen=True, slots=True)
class Offered:
    """What the list can be narrowed to: the parties and the themes of the agreements that somebody sees."""

    parties: Sequence[tuple[str, Mapping[str, str]]]
    themes: Sequence[str]


def load_offered(reading: Connection, viewer: Viewer) -> Offered:
    return Offered(load_parties(reading, viewer), load_themes(reading, viewer))


def load_parties(reading: Connection, viewer: Viewer) -> list[tuple[str, Mapping[str, str]]]:
    """The parties of the agreements that somebody sees: reference and names."""
    bound = select(agreement_party.c.party_id).where(
        agreement_party.c.agreement_id.in_(select_visible_agreements(viewer))
    )
    rows = reading.execute(select(party.c.reference, party.c.names).where(party.c.id.in_(bound)))
    return [(row.reference, row.names) for row in rows]


def load_titles(reading: Connection, viewer: Viewer, most: int) -> list[tuple[str, Mapping[str, str]]]:
    """The agreements that somebody sees, reference and title; nothing where they are more than can be chosen from."""
    seen = select(agreement.c.reference, agreement.c.title).where(agreement.c.id.in_(select_visible_agreements(viewer)))
    rows = reading.execute(seen.limit(most + 1)).all()
    return [(row.reference, row.title) for row in rows] if len(rows) <= most else []


def load_themes(reading: Connection, viewer: Viewer) -> list[str]:
    """The themes of the agreements that somebody sees, by name."""
    # From each theme to the next by the index: to go through all commitments for a handful of words would take longer
    # than the list itself.
    themes = select(func.min(commitment.c.theme).label("theme")).cte("themes", recursive=True)
    following = select(func.min(commitment.c.theme)).where(commitment.c.theme > themes.c.theme).scalar_subquery()
    themes = themes.union_all(select(following).where(themes.c.theme.is_not(None)))
    seen = exists().where(
        commitment.c.theme == themes.c.theme, commitment.c.agreement_id.in_(select_visible_agreements(viewer))
    )
    rows = reading.execute(select(themes.c.theme).where(themes.c.theme.is_not(None), seen).order_by(themes.c.theme))
    return [str(one) for one in rows.scalars()]
