"""The log of messages, and of what was decided not to be sent, each with why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal_column, or_, select, true

from commitments.asked_steps import read_step
from commitments.database import open_reading
from commitments.settings import Settings
from commitments.tables import agreement, commitment, contact, milestone
from commitments.vocabulary import MatterKind, NotificationKind, NotificationState
from notifications.names import NAMED_PEOPLE, Names, load_names, name_promise
from notifications.names import find_words as find_phrase
from notifications.reasons import Decision
from notifications.runs import find_runs, link_run
from notifications.tables import notice, notification
from notifications.views import LinkView, check_link, clean_text, fit_text, shorten_title
from notifications.wording import Words
from portal.agreement_queries import load_titles
from portal.agreements import LONGEST_SEARCH, read_word
from portal.choosing import name_channel
from portal.frame import find_words, show_framed
from portal.house import Here
from portal.paging import TITLES_OFFERED, PagesView, offer, offer_agreements, write_address
from portal.roles import Permission, Role, Viewer, select_visible_agreements
from portal.spoken import drop_stop, speak_promise, speak_step, string, weave
from portal.telling import tell_ground, tell_moment, tell_stored, tell_title
from portal.viewing import require

router = APIRouter()
Reader = Annotated[Viewer, Depends(require(Permission.READ_MESSAGES))]
ADDRESS = "/messages"
PAGE = 50
MATTERS_SHOWN = 12
PROMISE_LIMIT = 160
"""Promises that begin alike are told apart by what follows: a line here may be two."""
UNSENT = "unsent"
_TONES = {
    NotificationState.SENT: "green",
    NotificationState.FAILED: "red",
    NotificationState.CANCELLED: "grey",
    NotificationState.QUEUED: "amber",
    NotificationState.SENDING: "amber",
}


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message, or one thing that was not told."""

    title: str
    state: str
    tone: str
    when: str
    whom: str
    channel: str
    why: str
    parts: tuple[str, ...]
    run: str = ""
    """Where the run that sent it is seen in the Prefect UI; empty where nobody has said where that is."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for in the log; `before` is the id below which the page begins."""

    person: str = ""
    agreement: str = ""
    state: NotificationState | None = None
    kind: NotificationKind | None = None
    unsent: bool = False
    before: int | None = None


@router.api_route(ADDRESS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_messages(
    request: Request,
    viewer: Reader,
    house: Here,
    q: str = "",
    agreement: str = "",
    show: str = "",
    kind: str = "",
    before: str = "",
) -> Response:
    """The newest messages first, or the newest decisions not to tell."""
    sought = Sought(
        clean_text(q)[:LONGEST_SEARCH].strip(),
        agreement[:80],
        read_word(NotificationState, show),
        read_word(NotificationKind, kind),
        show == UNSENT,
        int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None,
    )
    words, zone = find_words(viewer), viewer.person.time_zone
    with open_reading(house.engine) as reading:
        titles = load_titles(reading, viewer, TITLES_OFFERED)
        if sought.unsent:
            rows = load_unsent(reading, viewer, sought, PAGE + 1)
            messages = describe_unsent(reading, words, rows[:PAGE], zone)
        else:
            rows = load_messages(reading, viewer, sought, PAGE + 1)
            messages = describe_messages(reading, words, viewer, rows[:PAGE], zone, house.settings)
    kept = {"q": sought.person, "agreement": sought.agreement, "show": show, "kind": sought.kind}
    links = [LinkView(words.gettext("Newest"), write_address(ADDRESS, kept), "")] if sought.before is not None else []
    if len(rows) > PAGE:
        links.append(
            LinkView(words.gettext("Older"), write_address(ADDRESS, {**kept, "before": rows[PAGE - 1].id}), "")
        )
    states = [(str(one), words.name(one)) for one in NotificationState]
    return show_framed(
        request,
        "messages.html",
        viewer,
        words.gettext("Messages"),
        address=ADDRESS,
        search=sought.person,
        fields=[
            offer(
                "show", words.gettext("Show"), [*states, (UNSENT, words.gettext("What was not sent"))],
                UNSENT if sought.unsent else str(sought.state or ""), words.gettext("All messages"),
            ),
            offer(
                "kind", words.gettext("Kind"), [(str(one), words.name(one)) for one in NotificationKind],
                str(sought.kind or ""), words.gettext("All"),
            ),
            offer_agreements(words, [(one, tell_title(names, words)) for one, names in titles], sought.agreement),
        ],
        found=_say_found(words, len(messages), is_all=len(rows) <= PAGE and sought.before is None),
        messages=messages,
        pages=PagesView("", tuple(links)),
    )  # fmt: skip


def _say_found(words: Words, number: int, *, is_all: bool) -> str:
    if is_all:
        return words.ngettext("%(count)s entry", "%(count)s entries", number) % {"count": number}
    return words.ngettext("%(count)s entry, and there are more", "%(count)s entries, and there are more", number) % {
        "count": number
    }


def _sees_all(viewer: Viewer) -> bool:
    return viewer.role is Role.ADMINISTRATOR


def load_messages(reading: Connection, viewer: Viewer, sought: Sought, most: int) -> Sequence[Any]:
    """Messages to the viewer's own party, and those that tell of an agreement that they see."""
    query = select(notification, contact.c.name, contact.c.party_id).join(
        contact, contact.c.id == notification.c.contact_id
    )
    told = exists().where(notice.c.notification_id == notification.c.id)
    if not _sees_all(viewer):
        visible = told.where(notice.c.agreement_id.in_(select_visible_agreements(viewer)))
        query = query.where(or_(contact.c.party_id == viewer.person.party_id, visible))
    if sought.agreement:
        # By the agreement first: its matters are few, and the messages of a house are not gone through for them.
        telling = select(notice.c.notification_id).where(
            notice.c.agreement_id == _find_agreement(sought.agreement), notice.c.notification_id.is_not(None)
        )
        query = query.where(notification.c.id.in_(telling))
    if sought.state is not None:
        query = query.where(notification.c.state == str(sought.state))
    if sought.kind is not None:
        query = query.where(notification.c.kind == str(sought.kind))
    if sought.before is not None:
        query = query.where(notification.c.id < sought.before)
    if sought.person:
        query = query.where(_is_to(viewer, sought.person))
    return reading.execute(query.order_by(notification.c.id.desc()).limit(most)).all()


def load_unsent(reading: Connection, viewer: Viewer, sought: Sought, most: int) -> Sequence[Any]:
    """What was decided not to be told, under the agreements that the viewer sees."""
    # In the words of its index, and from the newest on: what was told is a hundred times as much, and what is seen is
    # only asked of each, for by itself it would be half of the register.
    query = select(notice).where(notice.c.decision != literal_column(f"'{Decision.TOLD}'"))
    if not _sees_all(viewer):
        query = query.where(notice.c.agreement_id.in_(select_visible_agreements(viewer)).is_(true()))
    if sought.person:
        query = query.where(notice.c.contact_id.in_(_select_named(sought.person)))
    if sought.agreement:
        query = query.where(notice.c.agreement_id == _find_agreement(sought.agreement))
    if sought.kind is not None:
        query = query.where(notice.c.kind == str(sought.kind))
    if sought.before is not None:
        query = query.where(notice.c.id < sought.before)
    newest = query.order_by(notice.c.id.desc()).limit(most).subquery("newest")
    named = select(newest, contact.c.name).join(contact, contact.c.id == newest.c.contact_id)
    return reading.execute(named.order_by(newest.c.id.desc())).all()


def _find_agreement(reference: str) -> Any:
    return select(agreement.c.id).where(agreement.c.reference == reference).scalar_subquery()


def _is_to(viewer: Viewer, text: str) -> ColumnElement[bool]:
    """Whether a message went to somebody called so, or to such an address, if that is the viewer's to know: else what
    no page shows were found letter by letter."""
    by_address = notification.c.address.icontains(text, autoescape=True)
    if not _sees_all(viewer):
        by_address = and_(contact.c.party_id == viewer.person.party_id, by_address)
    return or_(notification.c.contact_id.in_(_select_named(text)), by_address)


def _select_named(text: str) -> Select[tuple[int]]:
    """Those whose name or reference has this in it: found once, and not read anew with each of their messages."""
    one = contact.alias("named")
    return select(one.c.id).where(
        or_(*(each.icontains(text, autoescape=True) for each in (one.c.name, one.c.reference)))
    )


def describe_messages(
    reading: Connection,
    words: Words,
    viewer: Viewer,
    rows: Sequence[Any],
    zone: str,
    settings: Settings,
    only: int | None = None,
) -> list[MessageView]:
    """Messages with what they tell and why; what they tell of agreements that the viewer does not see stays out.

    Each leads to the run that sent it, where the settings say where runs are seen. `only` keeps to what they tell of
    one agreement.
    """
    query = select(
        notice,
        func.row_number().over(partition_by=notice.c.notification_id, order_by=notice.c.id).label("place"),
        func.count().over(partition_by=notice.c.notification_id).label("total"),
    ).where(notice.c.notification_id.in_([row.id for row in rows]))
    if only is not None:
        query = query.where(notice.c.agreement_id == only)
    elif not _sees_all(viewer):
        visible = notice.c.agreement_id.in_(select_visible_agreements(viewer))
        query = query.where(or_(notice.c.contact_id.in_(_of_party(viewer)), notice.c.agreement_id.is_(None), visible))
    # A morning's message may tell of hundreds of matters; the first of them are enough here.
    told_in = query.subquery()
    notices = reading.execute(select(told_in).where(told_in.c.place <= 2 * MATTERS_SHOWN).order_by(told_in.c.id)).all()
    names, titles = _load_told(reading, notices, rows)
    told: dict[int, list[Any]] = {}
    for one in notices:
        told.setdefault(one.notification_id, []).append(one)
    runs = find_runs(reading, [row.id for row in rows]) if settings.runs_url is not None else {}
    links = {message_id: link_run(settings, run) or "" for message_id, run in runs.items()}
    return [
        replace(
            _describe_message(words, names, titles, row, told.get(row.id, []), zone), run=check_link(links.get(row.id))
        )
        for row in rows
    ]


def _of_party(viewer: Viewer) -> Any:
    return select(contact.c.id).where(contact.c.party_id == viewer.person.party_id)


def _describe_message(
    words: Words, names: Names, titles: Mapping[Any, Any], row: Any, told: Sequence[Any], zone: str
) -> MessageView:
    state = NotificationState(row.state)
    parts = list(dict.fromkeys(_tell_notice(words, names, titles, one) for one in told))
    shown = parts[:MATTERS_SHOWN]
    rest = (told[0].total - len(shown) if told[0].total > len(told) else len(parts) - len(shown)) if told else 0
    if rest > 0:
        more = words.ngettext("and %(count)s more in the register", "and %(count)s more in the register", rest)
        parts = [*shown, more % {"count": rest}]
    return MessageView(
        words.name(NotificationKind(row.kind)),
        words.name(state),
        _TONES[state],
        tell_moment(words, row.sent_at or row.next_at, zone),
        clean_text(row.name),
        name_channel(words, row.channel),
        tell_ground(words, names, row.reason) if state is not NotificationState.SENT else "",
        tuple(parts),
    )


def describe_unsent(reading: Connection, words: Words, rows: Sequence[Any], zone: str) -> list[MessageView]:
    """What was not told; what would read the same stands there once."""
    names, titles = _load_told(reading, rows, ())
    lines = [
        MessageView(
            _name_matter(words, titles, row),
            words.name(Decision(row.decision)),
            "grey",
            tell_moment(words, row.decided_at, zone),
            clean_text(row.name),
            words.name(NotificationKind(row.kind)),
            tell_ground(words, names, row.decision_reason),
            (),
        )
        for row in rows
    ]
    return list(dict.fromkeys(lines))


def _tell_notice(words: Words, names: Names, titles: Mapping[Any, Any], one: Any) -> str:
    said = [tell_stored(words, names, one.reason), tell_ground(words, names, one.decision_reason)]
    return tell_why(words, _name_matter(words, titles, one), said)


def tell_why(words: Words, matter: str, said: Sequence[str]) -> str:
    """What a message tells of, and why."""
    why = words.gettext("; ").join(part for part in said if part)
    return weave(words.gettext("%(matter)s: %(why)s"), {"matter": drop_stop(matter), "why": why})


def name_promised(words: Words, promise: Any, step: Any = None) -> str:
    """A commitment, or one of its milestones, as a line of a message has it; both as rows of the register."""
    named = speak_promise(promise, words, fit_text(clean_text(name_promise(promise, words.tag)), PROMISE_LIMIT))
    if step is None:
        return named
    title = shorten_title(clean_text(find_phrase(step.titles, words.tag) or step.title))
    parts = {"step": speak_step(step.titles, words, title), "promise": drop_stop(named)}
    return weave(words.gettext("%(step)s (%(promise)s)"), parts)


def _name_matter(words: Words, titles: Mapping[Any, Any], one: Any) -> str:
    promise = titles.get(("commitment", one.commitment_id))
    if promise is not None:
        return name_promised(
            words, promise, titles.get(("milestone", one.commitment_id, read_step(one.matter_kind, one.matter)))
        )
    kind = words.name(MatterKind(one.matter_kind)) if one.matter_kind in list(MatterKind) else ""
    head = titles.get(("agreement", one.agreement_id))
    title = tell_title(head.title, words) if head is not None else ""
    return string(words, (kind, title)) or words.name(NotificationKind(one.kind))


def _load_told(reading: Connection, notices: Sequence[Any], rows: Sequence[Any]) -> tuple[Names, dict[Any, Any]]:
    """The names of the people and the rows of the matters that the notices are about."""
    asked = {
        numbers[field]
        for one in (*notices, *rows)
        for stored in (getattr(one, "decision_reason", None), one.reason)
        for numbers in [(stored or {}).get("numbers") or {}]
        for field in NAMED_PEOPLE
        if isinstance(numbers.get(field), str)
    }
    names = load_names(reading, contact.c.reference.in_(asked))
    promises = select(commitment.c.id, commitment.c.summary, commitment.c.summaries, commitment.c.quote).where(
        commitment.c.id.in_({one.commitment_id for one in notices if one.commitment_id is not None})
    )
    heads = select(agreement.c.id, agreement.c.title).where(
        agreement.c.id.in_({one.agreement_id for one in notices if one.agreement_id is not None})
    )
    found: dict[Any, Any] = {("commitment", row.id): row for row in reading.execute(promises)}
    steps = select(milestone.c.commitment_id, milestone.c.reference, milestone.c.title, milestone.c.titles).where(
        milestone.c.commitment_id.in_({one.commitment_id for one in notices if read_step(one.matter_kind, one.matter)}),
        milestone.c.reference.in_({read_step(one.matter_kind, one.matter) for one in notices} - {""}),
    )
    found |= {("milestone", row.commitment_id, row.reference): row for row in reading.execute(steps)}
    found |= {("agreement", row.id): row for row in reading.execute(heads)}
    return names, found
