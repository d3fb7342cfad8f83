"""What Home shows, from the register: a fixed number of statements whatever its size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, select

from commitments.tables import agreement, commitment, follow_up
from commitments.vocabulary import FollowUpKind, FollowUpState, StandingState
from notifications.candidates import STANDING_OF
from notifications.changes import Noted, load_changes
from notifications.digests import WORST_FIRST
from notifications.messages import News
from notifications.names import Names, choose_words, find_words, name_promise
from notifications.reasons import ChangeKind
from portal.roles import Viewer, select_visible_agreements

AGREEMENTS_SHOWN = 12
_URGENT = {state: place for place, state in enumerate(WORST_FIRST)}


@dataclass(frozen=True, slots=True)
class Watched:
    """An agreement with what is open under it; `worst` as the follow-ups have it, which each night are worked out."""

    id: int
    reference: str
    title: dict[str, str]
    open: int
    worst: StandingState


@dataclass(frozen=True, slots=True)
class Overall:
    """The agreements somebody sees: how many there are, how many by the worst that is open, and the worst of them."""

    total: int
    by_standing: tuple[tuple[StandingState, int], ...]
    worst: tuple[Watched, ...]


def load_overall(reading: Connection, viewer: Viewer) -> Overall:
    """The agreements by how they stand, from their open follow-ups; without any, an agreement is on track."""
    visible = select_visible_agreements(viewer)
    total = reading.execute(select(func.count()).select_from(agreement).where(agreement.c.id.in_(visible))).scalar_one()
    place = case(
        *((follow_up.c.kind == str(kind), _URGENT[_stand(kind)]) for kind in FollowUpKind),
        else_=_URGENT[StandingState.ON_TRACK],
    )
    by_agreement = (
        select(follow_up.c.agreement_id, func.min(place).label("worst"), func.count().label("open"))
        .where(follow_up.c.state == str(FollowUpState.OPEN), follow_up.c.agreement_id.in_(visible))
        .group_by(follow_up.c.agreement_id)
        .subquery()
    )
    counts = {
        WORST_FIRST[row.worst]: row.number
        for row in reading.execute(
            select(by_agreement.c.worst, func.count().label("number")).group_by(by_agreement.c.worst)
        )
    }
    on_track = total - sum(counts.values())
    if on_track:
        counts[StandingState.ON_TRACK] = counts.get(StandingState.ON_TRACK, 0) + on_track
    rows = reading.execute(
        select(agreement.c.id, agreement.c.reference, agreement.c.title, by_agreement.c.open, by_agreement.c.worst)
        .join(by_agreement, by_agreement.c.agreement_id == agreement.c.id)
        .order_by(by_agreement.c.worst, by_agreement.c.open.desc(), agreement.c.reference)
        .limit(AGREEMENTS_SHOWN)
    )
    return Overall(
        total,
        tuple((state, counts[state]) for state in WORST_FIRST if counts.get(state)),
        tuple(Watched(row.id, row.reference, row.title, row.open, WORST_FIRST[row.worst]) for row in rows),
    )


def _stand(kind: FollowUpKind) -> StandingState:
    return STANDING_OF.get(kind, StandingState.DUE_SOON)


def load_news(reading: Connection, viewer: Viewer, names: Names, since: datetime, most: int) -> list[News]:
    """What people changed since then under the agreements that somebody sees, the newest first."""
    ids: list[int] = list(reading.execute(select_visible_agreements(viewer)).scalars().all())
    noted = load_changes(reading, ids, since)[:most] if ids else []
    titles = _load(
        reading, select(agreement.c.id, agreement.c.title), agreement.c.id, (one.agreement_id for one in noted)
    )
    promises = _load(
        reading,
        select(commitment.c.id, commitment.c.summary, commitment.c.summaries, commitment.c.quote),
        commitment.c.id,
        (one.commitment_id for one in noted if one.commitment_id is not None),
    )
    language = viewer.person.language
    return [
        News(
            one.kind,
            one.on,
            _name(one, titles, promises, language),
            choose_words(titles[one.agreement_id].title, language),
            names.name_party(one.party_id, language) if one.party_id is not None else None,
            one.rating,
            one.state,
            one.value,
            one.unit,
        )
        for one in noted
    ]


def _load(reading: Connection, query: Any, column: Any, ids: Iterable[int]) -> dict[int, Any]:
    wanted: Sequence[int] = sorted(set(ids))
    return {row.id: row for row in reading.execute(query.where(column.in_(wanted)))} if wanted else {}


def _name(one: Noted, titles: dict[int, Any], promises: dict[int, Any], language: str) -> str:
    if one.kind is ChangeKind.MILESTONE and one.row is not None:
        return find_words(one.row.titles, language) or str(one.row.title)
    if one.kind is ChangeKind.HELD and one.row is not None:
        return str(one.row.title)
    if one.commitment_id is not None and one.commitment_id in promises:
        return name_promise(promises[one.commitment_id], language)
    return choose_words(titles[one.agreement_id].title, language)
