"""What Home shows, from the register: a fixed number of statements whatever its size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from commitments.overall import place_worst
from commitments.tables import agreement, commitment, follow_up
from commitments.urgency import URGENCY, WORST_FIRST
from commitments.vocabulary import STANDING_OF, FollowUpKind, FollowUpState, StandingState
from notifications.changes import Noted, load_changes
from notifications.messages import News
from notifications.names import Names, find_words, name_promise
from notifications.reasons import ChangeKind
from notifications.wording import Words
from portal.agreement_queries import count_open
from portal.roles import Viewer, select_visible_agreements
from portal.spoken import speak_promise, speak_step
from portal.standing_queries import find_standings
from portal.telling import tell_title

AGREEMENTS_SHOWN = 12
_PLACES = {kind: URGENCY[STANDING_OF[kind]] for kind in FollowUpKind}
PLACE = case(*((follow_up.c.kind == str(kind), place) for kind, place in _PLACES.items() if place), else_=0)
"""How bad it is what a follow-up asks about; the worst is 0."""


@dataclass(frozen=True, slots=True)
class Watched:
    """An agreement with how many follow-ups are open under it, and the worst in which something of it stands."""

    reference: str
    title: dict[str, str]
    open: int
    worst: StandingState


@dataclass(frozen=True, slots=True)
class Overall:
    """The agreements somebody sees: how many there are, how many by the worst in them, and the worst of them."""

    total: int
    by_standing: tuple[tuple[StandingState, int], ...]
    worst: tuple[Watched, ...]
    unwatched: int = 0
    """Of how many nothing stands in any way."""


def load_asked(reading: Connection, viewer: Viewer, today: date, most: int, beyond: int = 0) -> tuple[list[Any], int]:
    """The follow-ups that wait for this person beyond the first so many, the most urgent first; and how many in all."""
    mine = _waits_for(viewer, today)
    total = reading.execute(select(func.count()).select_from(follow_up).where(mine)).scalar_one()
    # What another person waits for comes first, then what stands worst.
    waited_for = case((follow_up.c.kind == str(FollowUpKind.CONFIRMATION_ASKED), 0), else_=1)
    order = (waited_for, PLACE, follow_up.c.due_on, follow_up.c.id)
    rows = reading.execute(select(follow_up).where(mine).order_by(*order).limit(most).offset(beyond)).all()
    return list(rows), total


def list_waiting(reading: Connection, viewer: Viewer, today: date, agreement_id: int) -> list[int]:
    """The follow-ups of one agreement that wait for this person."""
    under = _waits_for(viewer, today) & (follow_up.c.agreement_id == agreement_id)
    return list(reading.execute(select(follow_up.c.id).where(under).order_by(follow_up.c.id)).scalars())


def _waits_for(viewer: Viewer, today: date) -> ColumnElement[bool]:
    return (
        (follow_up.c.assignee_id == viewer.person.id)
        & (follow_up.c.state == str(FollowUpState.OPEN))
        & or_(follow_up.c.snoozed_until.is_(None), follow_up.c.snoozed_until <= today)
    )


def load_overall(reading: Connection, viewer: Viewer, today: date) -> Overall:
    """The agreements that somebody sees by how they stand on their day, and the worst of them."""
    visible = select_visible_agreements(viewer)
    stands, opened = find_standings(reading, visible, today), count_open()
    worst = place_worst(stands.c.states)
    seen = stands.c.agreement_id.in_(visible)
    counts = {
        row.worst: row.number
        for row in reading.execute(
            select(worst.label("worst"), func.count().label("number")).where(seen).group_by(worst)
        )
    }
    number = func.coalesce(opened.c.open, 0)
    rows = reading.execute(
        select(agreement.c.reference, agreement.c.title, number.label("open"), worst.label("worst"))
        .join(stands, stands.c.agreement_id == agreement.c.id)
        .outerjoin(opened, opened.c.agreement_id == agreement.c.id)
        .where(seen, worst <= URGENCY[StandingState.DUE_SOON])
        .order_by(worst, number.desc(), agreement.c.reference)
        .limit(AGREEMENTS_SHOWN)
    )
    return Overall(
        sum(counts.values()),
        tuple((state, counts[place]) for place, state in enumerate(WORST_FIRST) if counts.get(place)),
        tuple(Watched(row.reference, row.title, row.open, WORST_FIRST[row.worst]) for row in rows),
        counts.get(len(WORST_FIRST), 0),
    )


def load_news(
    reading: Connection, viewer: Viewer, words: Words, names: Names, since: datetime, most: int
) -> tuple[list[tuple[News, str]], Sequence[Noted], list[Any]]:
    """What people changed since then under the agreements that somebody sees, the newest first, each with its page;
    what there was no room for, and the agreements that it was of."""
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
    news = [
        (
            News(
                one.kind,
                one.on,
                _name(words, one, titles, promises),
                tell_title(titles[one.agreement_id].title, words),
                names.name_party(one.party_id, words.tag) if one.party_id is not None else None,
                one.rating,
                one.state,
                one.value,
                one.unit,
            ),
            _link(one, titles, promises),
        )
        for one in noted
    ]
    return news, rest, [titles[one] for one in dict.fromkeys(one.agreement_id for one in rest)]


def _link(one: Noted, titles: dict[int, Any], promises: dict[int, Any]) -> str:
    link = f"/agreements/{titles[one.agreement_id].reference}"
    promise = promises.get(one.commitment_id or 0)
    return link if promise is None else f"{link}/commitments/{promise.reference}"


def _load(reading: Connection, query: Any, column: Any, ids: Iterable[int]) -> dict[int, Any]:
    wanted: Sequence[int] = sorted(set(ids))
    return {row.id: row for row in reading.execute(query.where(column.in_(wanted)))}


def _name(words: Words, one: Noted, titles: dict[int, Any], promises: dict[int, Any]) -> str:
    if one.kind is ChangeKind.MILESTONE and one.row is not None:
        return speak_step(one.row.titles, words, find_words(one.row.titles, words.tag) or str(one.row.title))
    if one.kind is ChangeKind.HELD and one.row is not None:
        return str(one.row.title)
    if one.commitment_id is not None and one.commitment_id in promises:
        promise = promises[one.commitment_id]
        return speak_promise(promise, words, name_promise(promise, words.tag))
    return tell_title(titles[one.agreement_id].title, words)
