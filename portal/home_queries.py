"""What Home shows, from the register: a fixed number of statements whatever its size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, false, func, or_, select

from commitments.queries import load_policies
from commitments.tables import agreement, commitment, follow_up
from commitments.vocabulary import FollowUpKind, FollowUpState, StandingState
from notifications.candidates import STANDING_OF
from notifications.changes import Noted, load_changes
from notifications.digests import URGENCY, WORST_FIRST
from notifications.messages import News
from notifications.names import Names, choose_words, find_words, name_promise
from notifications.reasons import ChangeKind
from portal.agreement_queries import select_due_soon
from portal.roles import Viewer, select_visible_agreements

AGREEMENTS_SHOWN = 12
PLACE = case(
    *((follow_up.c.kind == str(kind), URGENCY[STANDING_OF.get(kind, StandingState.DUE_SOON)]) for kind in FollowUpKind),
    else_=URGENCY[StandingState.ON_TRACK],
)
"""How bad it is what a follow-up asks about; the worst is 0."""


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


def load_asked(reading: Connection, viewer: Viewer, today: date, most: int, beyond: int = 0) -> tuple[list[Any], int]:
    """The follow-ups that wait for this person beyond the first so many, the most urgent first; and how many in all."""
    mine = (
        (follow_up.c.assignee_id == viewer.person.id)
        & (follow_up.c.state == str(FollowUpState.OPEN))
        & or_(follow_up.c.snoozed_until.is_(None), follow_up.c.snoozed_until <= today)
    )
    total = reading.execute(select(func.count()).select_from(follow_up).where(mine)).scalar_one()
    # What another person waits for comes first, then what stands worst.
    waited_for = case((follow_up.c.kind == str(FollowUpKind.CONFIRMATION_ASKED), 0), else_=1)
    order = (waited_for, PLACE, follow_up.c.due_on, follow_up.c.id)
    rows = reading.execute(select(follow_up).where(mine).order_by(*order).limit(most).offset(beyond)).all()
    return list(rows), total


def load_overall(reading: Connection, viewer: Viewer, today: date) -> Overall:
    """The agreements by how they stand, from their open follow-ups; without any, one has a date that is near, or is on
    track."""
    visible = select_visible_agreements(viewer)
    total = reading.execute(select(func.count()).select_from(agreement).where(agreement.c.id.in_(visible))).scalar_one()
    by_agreement = (
        select(follow_up.c.agreement_id, func.min(PLACE).label("worst"), func.count().label("open"))
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
    soon = select_due_soon(load_policies(reading, false())[0], today)
    near = reading.execute(
        select(func.count())
        .select_from(agreement)
        .where(agreement.c.id.in_(visible), agreement.c.id.in_(soon))
        .where(agreement.c.id.not_in(select(by_agreement.c.agreement_id)))
    ).scalar_one()
    if near:
        counts[StandingState.DUE_SOON] = counts.get(StandingState.DUE_SOON, 0) + near
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


def load_news(
    reading: Connection, viewer: Viewer, names: Names, since: datetime, most: int
) -> tuple[list[tuple[News, str]], list[Any]]:
    """What people changed since then under the agreements that somebody sees, the newest first, each with its page; and
    the agreements of which more was changed than is named."""
    zone = viewer.person.time_zone
    found = load_changes(reading, select_visible_agreements(viewer), since, 8 * most, of_new=True, zone=zone)
    noted, rest = found[:most], found[most:]
    titles = _load(
        reading,
        select(agreement.c.id, agreement.c.reference, agreement.c.title),
        agreement.c.id,
        (one.agreement_id for one in found),
    )
    promises = _load(
        reading,
        select(
            commitment.c.id, commitment.c.reference, commitment.c.summary, commitment.c.summaries, commitment.c.quote
        ),
        commitment.c.id,
        (one.commitment_id for one in noted if one.commitment_id is not None),
    )
    language = viewer.person.language
    news = [
        (
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
            ),
            _link(one, titles, promises),
        )
        for one in noted
    ]
    return news, [titles[one] for one in dict.fromkeys(one.agreement_id for one in rest)]


def _link(one: Noted, titles: dict[int, Any], promises: dict[int, Any]) -> str:
    link = f"/agreements/{titles[one.agreement_id].reference}"
    promise = promises.get(one.commitment_id or 0)
    return link if promise is None else f"{link}/commitments/{promise.reference}"


def _load(reading: Connection, query: Any, column: Any, ids: Iterable[int]) -> dict[int, Any]:
    wanted: Sequence[int] = sorted(set(ids))
    return {row.id: row for row in reading.execute(query.where(column.in_(wanted)))}


def _name(one: Noted, titles: dict[int, Any], promises: dict[int, Any], language: str) -> str:
    if one.kind is ChangeKind.MILESTONE and one.row is not None:
        return find_words(one.row.titles, language) or str(one.row.title)
    if one.kind is ChangeKind.HELD and one.row is not None:
        return str(one.row.title)
    if one.commitment_id is not None and one.commitment_id in promises:
        return name_promise(promises[one.commitment_id], language)
    return choose_words(titles[one.agreement_id].title, language)
