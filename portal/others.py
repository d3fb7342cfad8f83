"""What is asked of others: of the people of a coordinator's own side, who answers most urgently, and about what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from commitments.asked_steps import is_step_of
from commitments.tables import agreement, commitment, contact, follow_up, milestone
from commitments.vocabulary import STANDING_OF, ContactRole, FollowUpKind, FollowUpState
from notifications.names import find_words, name_promise
from notifications.styles import TONES
from notifications.views import LinkView, clean_text, shorten_title
from notifications.wording import Words
from portal.agreements import ADDRESS as AGREEMENTS
from portal.home_queries import PLACE
from portal.marks import put_beside
from portal.people_views import ADDRESS as PEOPLE
from portal.roles import Permission, Role, Viewer, select_visible_agreements
from portal.spoken import speak_promise, speak_step, string
from portal.telling import tell_title

PEOPLE_SHOWN = 8
MATTERS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class AskedOfView:
    """One matter that waits for somebody else."""

    title: str
    link: str
    kind: str
    tone: str
    about: str


@dataclass(frozen=True, slots=True)
class OthersView:
    """What waits for others: how much in all, how much for whom, and the most urgent of it."""

    said: str
    people: tuple[LinkView, ...]
    matters: tuple[AskedOfView, ...]


@dataclass(frozen=True, slots=True)
class Others:
    """Rows of the register: each person asked (reference, name, number, total, people), and the most urgent matters."""

    people: Sequence[Any]
    matters: Sequence[Any]


NOBODY = Others((), ())


def load_others(reading: Connection, viewer: Viewer, today: date) -> Others:
    """What is asked of others on the viewer's side: for who coordinates or leads, of their party's people, and for an
    administrator of everybody. Two statements, or none."""
    sees_all = viewer.role is Role.ADMINISTRATOR
    if not sees_all and viewer.person.role not in (ContactRole.COORDINATOR, ContactRole.LEADER):
        return NOBODY
    where = _is_asked(today) & (contact.c.id != viewer.person.id)
    if not sees_all:
        where &= contact.c.party_id == viewer.person.party_id
        where &= follow_up.c.agreement_id.in_(select_visible_agreements(viewer))
    number = func.count()
    people = reading.execute(
        select(
            contact.c.id, contact.c.reference, contact.c.name, number.label("number"),
            func.sum(number).over().label("total"), func.count().over().label("people"),
        )
        .join(contact, contact.c.id == follow_up.c.assignee_id)
        .where(where)
        .group_by(contact.c.id, contact.c.reference, contact.c.name)
        .order_by(func.min(PLACE), number.desc(), contact.c.name, contact.c.id)
        .limit(PEOPLE_SHOWN)
    ).all()  # fmt: skip
    return Others(people, _load_matters(reading, where, MATTERS_SHOWN) if people else ())


def count_asked_of_nobody(reading: Connection, viewer: Viewer) -> int:
    """How many open questions there are under the agreements that the viewer sees for which nobody could be found."""
    if not viewer.may(Permission.HAND_OVER):
        return 0
    where = (
        (follow_up.c.state == str(FollowUpState.OPEN))
        & follow_up.c.assignee_id.is_(None)
        & follow_up.c.agreement_id.in_(select_visible_agreements(viewer))
    )
    return int(reading.execute(select(func.count()).select_from(follow_up).where(where)).scalar_one())


def say_asked_of_nobody(words: Words, count: int) -> str:
    """In words; empty where there is none."""
    if not count:
        return ""
    said = words.ngettext(
        "%(count)s question waits for nobody: it is asked as soon as its side has somebody in office.",
        "%(count)s questions wait for nobody: they are asked as soon as their side has somebody in office.",
        count,
    )
    return said % {"count": count}


def load_asked_of(reading: Connection, viewer: Viewer, contact_id: int, today: date, most: int) -> Sequence[Any]:
    """What is asked of one person now, the most urgent first: of what the viewer sees."""
    seen = or_(follow_up.c.agreement_id.in_(select_visible_agreements(viewer)), follow_up.c.agreement_id.is_(None))
    return _load_matters(reading, _is_asked(today) & (contact.c.id == contact_id) & seen, most)


def _is_asked(today: date) -> ColumnElement[bool]:
    rests = follow_up.c.snoozed_until.is_not(None) & (follow_up.c.snoozed_until > today)
    return (follow_up.c.state == str(FollowUpState.OPEN)) & ~rests


def _load_matters(reading: Connection, where: ColumnElement[bool], most: int) -> Sequence[Any]:
    order = (PLACE, follow_up.c.due_on, follow_up.c.id)
    # Found first and named then: of hundreds that wait, a handful is shown.
    first = (
        select(follow_up.c.id)
        .join(contact, contact.c.id == follow_up.c.assignee_id)
        .where(where)
        .order_by(*order)
        .limit(most)
        .subquery("first")
    )
    return reading.execute(
        select(
            follow_up.c.id, follow_up.c.kind, follow_up.c.matter, follow_up.c.due_on, contact.c.name,
            commitment.c.reference, commitment.c.summary, commitment.c.summaries, commitment.c.quote,
            agreement.c.reference.label("agreement_reference"), agreement.c.title,
            milestone.c.title.label("step"), milestone.c.titles,
        )
        .join(contact, contact.c.id == follow_up.c.assignee_id)
        .outerjoin(agreement, agreement.c.id == follow_up.c.agreement_id)
        .outerjoin(commitment, commitment.c.id == follow_up.c.commitment_id)
        .outerjoin(milestone, is_step_of(follow_up))
        .where(follow_up.c.id.in_(select(first.c.id)))
        .order_by(*order)
    ).all()  # fmt: skip


def describe_others(words: Words, viewer: Viewer, found: Others) -> OthersView | None:
    """In words; none where nothing waits for anybody else."""
    if not found.people:
        return None
    first = found.people[0]
    said = words.ngettext(
        "%(count)s question waits for others on your side.", "%(count)s questions wait for others on your side.",
        int(first.total),
    )  # fmt: skip
    if viewer.role is Role.ADMINISTRATOR:
        said = words.ngettext(
            "%(count)s question waits for others.", "%(count)s questions wait for others.", int(first.total)
        )
    rest = first.people - len(found.people)
    people = [
        LinkView(put_beside(words, clean_text(one.name), one.number), _link_person(viewer, one), "")
        for one in found.people
    ]
    if rest:
        more = words.ngettext("and %(count)s more person", "and %(count)s more people", rest) % {"count": rest}
        people.append(LinkView(more, PEOPLE if viewer.may(Permission.HAND_OVER) else "", ""))
    return OthersView(
        said % {"count": int(first.total)},
        tuple(people),
        tuple(describe_matter(words, one, named=True) for one in found.matters),
    )


def _link_person(viewer: Viewer, one: Any) -> str:
    return f"{PEOPLE}/{one.reference}" if viewer.may(Permission.HAND_OVER) else ""


def describe_matter(words: Words, row: Any, *, named: bool) -> AskedOfView:
    """One question as a line; `named` with whom it waits for."""
    kind = FollowUpKind(row.kind)
    link, title = "", str(row.matter)
    if row.agreement_reference is not None:
        link, title = f"{AGREEMENTS}/{row.agreement_reference}", tell_title(row.title, words)
    if row.reference is not None:
        link = f"{link}/commitments/{row.reference}"
        if row.step is not None:
            step = find_words(row.titles, words.tag) or row.step
            title = speak_step(row.titles, words, shorten_title(clean_text(step)))
        else:
            title = speak_promise(row, words, shorten_title(clean_text(name_promise(row, words.tag))))
    by = words.gettext("answer by %(day)s") % {"day": words.format_day(row.due_on)}
    about = [clean_text(row.name), by] if named else [by]
    if row.reference is not None:
        about.append(tell_title(row.title, words))
    return AskedOfView(
        title,
        link,
        words.name(kind),
        TONES[STANDING_OF[kind]],
        string(words, about),
    )
