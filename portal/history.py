"""The history of an agreement: every change in words, from the log."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, func, literal, or_, select, union_all

from commitments.asked_steps import is_step_of
from commitments.database import open_reading
from commitments.reconcile import ENGINE
from commitments.tables import (
    activity,
    activity_commitment,
    agreement,
    agreement_party,
    commitment,
    contact,
    document,
    evidence,
    follow_up,
    list_days,
    list_moments,
    log_entry,
    milestone,
    party,
    signatory,
)
from commitments.vocabulary import FollowUpKind
from notifications.links import read_signer
from notifications.names import Names, load_names, name_promise
from notifications.names import find_words as choose_step
from notifications.views import LinkView, clean_text, fit_text
from notifications.wording import Words
from portal.agreements import ADDRESS
from portal.difference_words import leave_out_same, tell_value
from portal.engine_words import list_people_of, tell_why
from portal.frame import find_words, show_framed
from portal.house import Here
from portal.labels import name_column, name_subject, name_value, say_action
from portal.marks import put_beside
from portal.paging import PagesView, read_page, write_address
from portal.roles import Permission, Viewer, select_visible_agreements
from portal.rule_words import list_rules
from portal.telling import tell_moment, tell_title
from portal.value_words import BY_LANGUAGE, name_language
from portal.viewing import require

router = APIRouter()
Reader = Annotated[Viewer, Depends(require(Permission.READ_AGREEMENTS))]
PAGE = 50
_VALUE_LIMIT = 160
_PEOPLE = ("contact_id", "awaited_id", "assignee_id", "deputy_id", "handed_to")
_REASONS = ("closed_why", "state_reason")
_MOMENTS = frozenset((one.table.name, one.name) for one in list_moments())
_DAYS = frozenset((one.table.name, one.name) for one in list_days())
"""What is told as a day is what the register keeps as one: a note of “2024-15” or “2024-11” may be a file's number."""
_NOT_SHOWN = ("channels",)
"""How somebody is reached is for the page of that person."""
_NEVER_TOLD = ("registered", "opened")
"""What a new row says in every column says the page of the row itself."""


_SAID_NEW = {
    "policy": ("rules",),
    "measurement": ("value", "measured_on"),
    "progress_report": ("party_id", "rating", "completion", "note"),
    "commitment_owner": ("party_id", "contact_id"),
    "follow_up": ("assignee_id",),
}
"""Of a new row what tells it from others of its sort, where it has no title."""


@dataclass(frozen=True, slots=True)
class WordingView:
    """What was too long for a line: how it read before and how it reads since."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change in words, each of its parts from what to what; `id` is that of its entry."""

    id: int
    said: str
    parts: tuple[str, ...]
    when: str
    who: str
    why: str
    long: tuple[WordingView, ...] = ()
    """Folded away until somebody wants to read it."""


@router.api_route(ADDRESS + "/{reference}/history", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_history(
    request: Request, viewer: Reader, house: Here, reference: str, page: str = "", entry: str = ""
) -> Response:
    """Every change of an agreement and of all that is under it, the newest first; or the page on which an entry is."""
    words, number = find_words(viewer), read_page(page)
    zone = viewer.person.time_zone
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        if entry.isascii() and entry.isdecimal() and len(entry) < 16:
            number = _find_page(reading, head.id, int(entry))
        rows = load_entries(reading, head.id, PAGE + 1, (number - 1) * PAGE)
        changes = describe_changes(reading, words, rows[:PAGE], zone)
    address = f"{ADDRESS}/{reference}/history"
    links = []
    if number > 1:
        links.append(LinkView(words.gettext("Newer"), write_address(address, {"page": number - 1}), ""))
    if len(rows) > PAGE:
        links.append(LinkView(words.gettext("Older"), write_address(address, {"page": number + 1}), ""))
    return show_framed(
        request,
        "history.html",
        viewer,
        words.gettext("History"),
        agreement=LinkView(tell_title(head.title, words), f"{ADDRESS}/{reference}", ""),
        found=words.gettext("Page %(number)s") % {"number": number},
        changes=changes,
        pages=PagesView("", tuple(links)),
    )


def _find_page(reading: Connection, agreement_id: int, entry_id: int) -> int:
    """On which page of an agreement's history an entry stands."""
    newer = (log_entry.c.agreement_id == agreement_id) & (log_entry.c.id > entry_id)
    return 1 + int(reading.execute(select(func.count()).where(newer)).scalar_one()) // PAGE


def link_entry(reference: str, entry_id: int) -> str:
    """Where an entry of an agreement's history is read."""
    return f"{ADDRESS}/{reference}/history?entry={entry_id}#entry-{entry_id}"


def load_moves(reading: Connection, promise_id: int, steps: Collection[int]) -> dict[tuple[str, int], int]:
    """The entry by which the date of a commitment, or of one of its milestones, was moved last; by table and id."""
    of_promise = (log_entry.c.subject == "commitment") & (log_entry.c.row_id == promise_id)
    of_steps = (log_entry.c.subject == "milestone") & log_entry.c.row_id.in_(steps)
    rows = reading.execute(
        select(log_entry.c.id, log_entry.c.subject, log_entry.c.row_id, log_entry.c.changes)
        .where(or_(of_promise, of_steps), log_entry.c.action == "amended")
        .order_by(log_entry.c.id)
    )
    return {(row.subject, row.row_id): row.id for row in rows if "due" in row.changes}


def find_head(reading: Connection, viewer: Viewer, reference: str) -> Any:
    """The row of an agreement; for one that the viewer does not see, as for one that is not there, a page not found."""
    row = reading.execute(
        select(agreement).where(
            agreement.c.reference == reference, agreement.c.id.in_(select_visible_agreements(viewer))
        )
    ).one_or_none()
    if row is None:
        raise HTTPException(404)
    return row


def load_entries(reading: Connection, agreement_id: int, most: int, offset: int = 0) -> list[Any]:
    """The log entries of an agreement, the newest first."""
    query = select(log_entry).where(log_entry.c.agreement_id == agreement_id)
    return list(reading.execute(query.order_by(log_entry.c.id.desc()).limit(most).offset(offset)))


def describe_changes(reading: Connection, words: Words, entries: list[Any], zone: str) -> list[ChangeView]:
    """Log entries in words: nine statements, however many."""
    spoken_of = {one for entry in entries for one in _list_people(entry.changes)}
    signers = {read_signer(entry.who)[0] for entry in entries}
    signers |= {one for entry in entries for one in list_people_of(entry.why or "")}
    names = load_names(reading, contact.c.id.in_(spoken_of) | contact.c.reference.in_(signers))
    called = load_called(reading, words, entries)
    return [_describe_change(words, names, called, entry, zone) for entry in entries]


def load_called(reading: Connection, words: Words, entries: Sequence[Any]) -> dict[tuple[str, int], str]:
    """What the rows of the entries are about, by table and id: a promise, a title, a name; seven statements."""

    def ids(*subjects: str) -> set[int]:
        return {entry.row_id for entry in entries if entry.subject in subjects}

    asked = {
        row.id: row
        for row in reading.execute(
            select(
                follow_up.c.id,
                follow_up.c.kind,
                follow_up.c.commitment_id,
                milestone.c.title,
                milestone.c.titles,
                party.c.names,
            )
            .outerjoin(milestone, is_step_of(follow_up))
            .outerjoin(party, party.c.id == follow_up.c.party_id)
            .where(follow_up.c.id.in_(ids("follow_up")))
        )
    }
    promised = ids("commitment") | {row.commitment_id for row in asked.values() if row.commitment_id is not None}
    promises = {
        row.id: name_promise(row, words.tag)
        for row in reading.execute(
            select(commitment.c.id, commitment.c.summary, commitment.c.summaries, commitment.c.quote).where(
                commitment.c.id.in_(promised)
            )
        )
    }
    titled = union_all(
        select(literal("activity").label("subject"), activity.c.id, activity.c.title).where(
            activity.c.id.in_(ids("activity"))
        ),
        select(literal("evidence").label("subject"), evidence.c.id, evidence.c.title).where(
            evidence.c.id.in_(ids("evidence"))
        ),
        select(literal("document").label("subject"), document.c.id, document.c.file).where(
            document.c.id.in_(ids("document"))
        ),
        select(literal("contact").label("subject"), contact.c.id, contact.c.name).where(
            contact.c.id.in_(ids("contact"))
        ),
        select(literal("signatory").label("subject"), signatory.c.id, signatory.c.name).where(
            signatory.c.id.in_(ids("signatory"))
        ),
        select(literal("activity_commitment").label("subject"), activity_commitment.c.id, activity.c.title)
        .join(activity, activity.c.id == activity_commitment.c.activity_id)
        .where(activity_commitment.c.id.in_(ids("activity_commitment"))),
    )
    steps = reading.execute(
        select(milestone.c.id, milestone.c.title, milestone.c.titles).where(milestone.c.id.in_(ids("milestone")))
    )
    joined = reading.execute(
        select(agreement_party.c.id, party.c.names)
        .join(party, party.c.id == agreement_party.c.party_id)
        .where(agreement_party.c.id.in_(ids("agreement_party")))
    )
    called = _load_placed(reading, words, entries)
    called |= {("milestone", row.id): choose_step(row.titles, words.tag) or str(row.title) for row in steps}
    called |= {("agreement_party", row.id): tell_title(row.names, words) for row in joined}
    called |= {(row.subject, row.id): str(row.title) for row in reading.execute(titled)}
    called |= {("commitment", one): said for one, said in promises.items()}
    for row in asked.values():
        kind = words.name(FollowUpKind(row.kind))
        step = choose_step(row.titles, words.tag) or row.title if row.title else None
        about = step or promises.get(row.commitment_id)
        asked_about = f"{kind} – {about}" if about else kind
        whose = tell_title(row.names, words) if row.names else ""
        called["follow_up", row.id] = put_beside(words, asked_about, whose) if whose else asked_about
    return called


def _load_placed(reading: Connection, words: Words, entries: Sequence[Any]) -> dict[tuple[str, int], str]:
    """What has no title of its own, such as a report, by the promise or the agreement under which it stands."""
    parts = {(entry.subject, entry.row_id): entry.reference.split("/") for entry in entries}
    under = {entry.agreement_id for entry in entries if entry.agreement_id is not None}
    promises = reading.execute(
        select(
            agreement.c.reference.label("head"), commitment.c.reference, commitment.c.summary, commitment.c.summaries,
            commitment.c.quote,
        )
        .join(agreement, agreement.c.id == commitment.c.agreement_id)
        .where(
            commitment.c.agreement_id.in_(under),
            commitment.c.reference.in_({part[1].partition("#")[0] for part in parts.values() if len(part) > 1}),
        )
    )  # fmt: skip
    heads = reading.execute(select(agreement.c.reference, agreement.c.title).where(agreement.c.id.in_(under)))
    known: dict[tuple[str, ...], str] = {(row.head, row.reference): name_promise(row, words.tag) for row in promises}
    known |= {(row.reference,): tell_title(row.title, words) for row in heads}
    placed = {row: known.get((*part[:1], *(one.partition("#")[0] for one in part[1:2]))) for row, part in parts.items()}
    return {row: said for row, said in placed.items() if said is not None}


def _list_people(changes: Mapping[str, Any]) -> list[int]:
    return [value for column in _PEOPLE for value in changes.get(column, ()) if isinstance(value, int)]


def _describe_change(
    words: Words, names: Names, called: Mapping[tuple[str, int], str], entry: Any, zone: str
) -> ChangeView:
    what = words.gettext("%(subject)s %(name)s") % {
        "subject": name_subject(words, entry.subject),
        "name": words.quote(
            fit_text(clean_text(called.get((entry.subject, entry.row_id), entry.reference)), _VALUE_LIMIT)
        ),
    }
    said_new = _SAID_NEW.get(entry.subject, ())
    is_new = entry.action in _NEVER_TOLD
    told = [one for column, one in _list_parts(words, names, entry, zone) if not is_new or column in said_new]
    action = "asked" if (entry.subject, entry.action) == ("follow_up", "registered") else entry.action
    return ChangeView(
        entry.id,
        say_action(words, action, what),
        tuple(say_part(words, *part) for part in told if not _is_long(part)),
        tell_moment(words, entry.at, zone),
        _name_signer(words, names, entry.who),
        tell_why(words, names, entry.why or ""),
        tuple(
            WordingView(words.gettext("%(column)s: changed") % {"column": named}, before, after)
            for named, before, after in filter(_is_long, told)
        ),
    )


def _name_signer(words: Words, names: Names, who: str) -> str:
    if who == ENGINE:
        return words.gettext("the engine")
    reference, by_link = read_signer(who)
    name = clean_text(names.people.get(reference, reference))
    return words.gettext("%(name)s, by a link in a message") % {"name": name} if by_link else name


_Part = tuple[str, str, str]
"""What a column is called, what it was before and what it is since; both are empty where neither is shown."""


def _list_parts(words: Words, names: Names, entry: Any, zone: str) -> Iterator[tuple[str, _Part]]:
    """Each part with the column that it is of."""
    for column, (old, new) in entry.changes.items():
        named = name_column(words, column)
        if named is None:
            continue
        if column == "rules":
            yield from ((column, one) for one in list_rules(words, old or {}, new or {}))
            continue
        if column in BY_LANGUAGE and all(one is None or isinstance(one, dict) for one in (old, new)):
            yield from ((column, one) for one in _list_languages(words, named, old or {}, new or {}))
            continue
        before, after = (
            _tell_value(words, names, entry.subject, column, value, zone) for value in leave_out_same(old, new)
        )
        if column == "assignee_id" and not after:
            after = words.gettext("nobody")
        if not before or before != after:
            yield column, (named, before, after)


def _list_languages(words: Words, named: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[_Part]:
    """The same words in several languages, each that has changed by itself."""
    for tag in dict.fromkeys([*old, *new]):
        before, after = (clean_text(one.get(tag) or "") for one in (old, new))
        if before != after:
            pattern = words.gettext("%(column)s (%(language)s)")
            yield pattern % {"column": named, "language": name_language(words, tag)}, before, after


def _is_long(part: _Part) -> bool:
    return any(len(one) > _VALUE_LIMIT for one in part[1:])


def say_part(words: Words, named: str, before: str, after: str) -> str:
    if before and after:
        pattern = words.gettext("%(column)s: from %(before)s to %(after)s")
    elif after:
        pattern = words.gettext("%(column)s: %(after)s")
    elif before:
        pattern = words.gettext("%(column)s: %(before)s was taken away")
    else:
        pattern = words.gettext("%(column)s: changed")
    return pattern % {"column": named, "before": before, "after": after}


def _tell_value(words: Words, names: Names, subject: str, column: str, value: Any, zone: str) -> str:
    if value is None or (isinstance(value, dict | list) and column in _NOT_SHOWN):
        return ""
    if isinstance(value, dict | list):
        return tell_value(words, subject, column, value)
    if column in _REASONS:
        return tell_why(words, names, str(value))
    if column in _PEOPLE:
        return clean_text(names.contacts.get(value, (str(value), None))[0])
    if column == "party_id":
        return clean_text(names.name_party(value, words.tag))
    if isinstance(value, bool):
        return words.gettext("yes") if value else words.gettext("no")
    if isinstance(value, int | float):
        return words.format_number(value)
    known = name_value(words, subject, column, value)
    if known is not None:
        return known
    if (subject, column) in _MOMENTS:
        return tell_moment(words, datetime.fromisoformat(value), zone)
    if column == "owed":
        return tell_value(words, subject, column, value)
    return words.format_partial(value) if (subject, column) in _DAYS else clean_text(value)
