"""What was changed of agreements themselves since a moment, in words: dates, commitments, owners, terms, pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, select

from commitments.clock import today_in
from commitments.log import BESIDE_FOLLOW_UPS
from commitments.tables import agreement, commitment, commitment_owner, contact, log_entry, milestone
from notifications.names import find_words, name_promise
from notifications.phrases import N_
from notifications.views import DatedView, clean_text, shorten_title
from notifications.wording import Words
from portal.difference_words import name_column_of, tell_value
from portal.history import say_part
from portal.marks import put_under
from portal.roles import Viewer, select_visible_agreements
from portal.rule_words import list_rules
from portal.spoken import speak_promise, speak_step, string
from portal.telling import tell_title

_SUBJECTS = ("agreement", "commitment", "commitment_owner", "milestone", "public_page", "policy", "rule_proposal")
_TERMS = ("kind", "recurrence", "target", "confirm_by", "period_from", "period_to", "condition", "owed")
_OF_AGREEMENT = ("effective", "expires", "open_ended", "notice_months", "notice_days", "renewal_rule", "renewal_months",
                 "renew_by", "ended")  # fmt: skip
_PROPOSALS = {
    "proposed": N_("one side proposes that fewer are asked to confirm reports"),
    "agreed": N_("a side accepted that fewer are asked to confirm reports"),
    "declined": N_("a side refused that fewer are asked to confirm reports"),
    "withdrawn": N_("nobody proposes any more that fewer are asked to confirm reports"),
    "overtaken": N_("a proposal of who confirms reports is overtaken, as the rule was changed"),
}
_TOLD_ELSEWHERE = frozenset(
    {"state", "state_on", "state_reason", "state_until", "due", "first_due", "filed_due", "met_on"}
)
"""What Home tells in words of its own: how something was decided, and its date."""


@dataclass(frozen=True, slots=True)
class Amended:
    """The last entries of the log, and those of hand-overs of many as one each."""

    entries: Sequence[Any]
    handed: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What there is room for, each with its day and its page; of the rest how many, and under which agreements."""

    lines: Sequence[tuple[date, DatedView, str]]
    rest: int
    agreements: Mapping[str, str]
    """The title by the reference."""


def load_amendments(reading: Connection, viewer: Viewer, since: datetime, most: int) -> Amended:
    """The last changes of what somebody sees, but for those with which an agreement came in: two statements."""
    return Amended(_load_entries(reading, viewer, since, most), _load_handed(reading, viewer, since, most))


def _load_entries(reading: Connection, viewer: Viewer, since: datetime, most: int) -> list[Any]:
    began = log_entry.alias()
    came_with_it = exists().where(
        began.c.subject == "agreement",
        began.c.row_id == log_entry.c.agreement_id,
        began.c.action == "registered",
        began.c.at >= log_entry.c.at,
    )
    about = log_entry.c.subject
    promise_id = case(
        (about == "commitment", log_entry.c.row_id),
        (about == "commitment_owner", commitment_owner.c.commitment_id),
        (about == "milestone", milestone.c.commitment_id),
    )
    return list(
        reading.execute(
            select(
                log_entry.c.at, log_entry.c.action, about, log_entry.c.row_id, log_entry.c.changes,
                agreement.c.reference.label("head"), agreement.c.title,
                commitment.c.reference, commitment.c.summary, commitment.c.summaries, commitment.c.quote,
                milestone.c.title.label("step"), milestone.c.titles.label("steps"),
            )
            .join(agreement, agreement.c.id == log_entry.c.agreement_id)
            .outerjoin(commitment_owner, and_(about == "commitment_owner", commitment_owner.c.id == log_entry.c.row_id))
            .outerjoin(milestone, and_(about == "milestone", milestone.c.id == log_entry.c.row_id))
            .outerjoin(commitment, commitment.c.id == promise_id)
            .where(
                # As sums, which no index answers: so it goes back from the latest, and stops when it has enough.
                (log_entry.c.agreement_id + 0).in_(select_visible_agreements(viewer)), BESIDE_FOLLOW_UPS,
                log_entry.c.at > since,
                (about + "").in_(_SUBJECTS), ~came_with_it, ~_is_of_many(),
            )
            .order_by(log_entry.c.at.desc(), log_entry.c.id.desc())
            .limit(most)
        )
    )  # fmt: skip


def _is_of_many() -> ColumnElement[bool]:
    """Whether the same person was named elsewhere as well, by the same hand at the same moment."""
    other = log_entry.alias()
    return and_(
        log_entry.c.subject == "commitment_owner",
        log_entry.c.action == "amended",
        exists().where(
            other.c.at == log_entry.c.at,
            other.c.subject == "commitment_owner",
            other.c.action == "amended",
            other.c.who == log_entry.c.who,
            other.c.id != log_entry.c.id,
            _take_successor(other.c.changes) == _take_successor(log_entry.c.changes),
        ),
    )


def _take_successor(changes: ColumnElement[Any]) -> ColumnElement[Any]:
    successor: ColumnElement[Any] = changes[("contact_id", 1)].as_integer()
    return successor


def _load_handed(reading: Connection, viewer: Viewer, since: datetime, most: int) -> list[Any]:
    """Hand-overs of many commitments: to whom, of how many, and the agreement if it is one."""
    successor = _take_successor(log_entry.c.changes)
    first, last = func.min(log_entry.c.agreement_id), func.max(log_entry.c.agreement_id)
    handed = (
        select(
            log_entry.c.at, successor.label("contact_id"), func.count().label("number"), first.label("first"),
            last.label("last"), func.count(log_entry.c.agreement_id.distinct()).label("agreements"),
        )
        .where(
            (log_entry.c.agreement_id + 0).in_(select_visible_agreements(viewer)), BESIDE_FOLLOW_UPS,
            log_entry.c.at > since,
            log_entry.c.subject + "" == "commitment_owner", log_entry.c.action == "amended", successor.is_not(None),
        )
        .group_by(log_entry.c.at, log_entry.c.who, successor)
        .having(func.count() > 1)
        .order_by(log_entry.c.at.desc())
        .limit(most)
        .subquery("handed")
    )  # fmt: skip
    return list(
        reading.execute(
            select(handed, contact.c.name, agreement.c.reference.label("head"), agreement.c.title)
            .join(contact, contact.c.id == handed.c.contact_id)
            .join(agreement, agreement.c.id == handed.c.first)
            .order_by(handed.c.at.desc())
        )
    )


def describe_amendments(words: Words, found: Amended, zone: str, most: int) -> Told:
    """Each in words, once, the newest first, with its page."""
    lines: dict[tuple[str, str, str], tuple[datetime, DatedView, str, Any]] = {}
    for one in found.entries:
        title, link = _name(words, one), f"/agreements/{one.head}"
        if one.reference:
            link += f"/commitments/{one.reference}"
        head = tell_title(one.title, words)
        if one.subject == "rule_proposal":
            link += f"/proposals/{one.row_id}"
        for said in _tell(words, one):
            detail = said if title == head else string(words, (said, head))
            view = DatedView(words.format_day(today_in(zone, one.at)), title, detail)
            lines.setdefault((link, title, said), (one.at, view, link, one))
    told = [*lines.values(), *(_tell_handed(words, one, zone) for one in found.handed)]
    told.sort(key=lambda line: line[0], reverse=True)
    rest = [one for _, _, _, one in told[most:]]
    named = {one.head: tell_title(one.title, words) for one in rest if one is not None}
    return Told([(today_in(zone, at), view, link) for at, view, link, _ in told[:most]], len(rest), named)


def _tell_handed(words: Words, one: Any, zone: str) -> tuple[datetime, DatedView, str, Any]:
    """A hand-over of many; it leads to the history of its agreement, where that is one."""
    to = words.ngettext(
        "%(count)s commitment handed over to %(person)s", "%(count)s commitments handed over to %(person)s", one.number
    ) % {"count": one.number, "person": clean_text(one.name)}
    is_one = one.first == one.last
    where = tell_title(one.title, words) if is_one else words.ngettext(
        "in %(count)s agreement", "in %(count)s agreements", one.agreements
    ) % {"count": one.agreements}  # fmt: skip
    day = words.format_day(today_in(zone, one.at))
    return one.at, DatedView(day, to, where), f"/agreements/{one.head}/history" if is_one else "", None


def _name(words: Words, one: Any) -> str:
    if one.step:
        return speak_step(one.steps, words, shorten_title(clean_text(find_words(one.steps, words.tag) or one.step)))
    if one.reference:
        return speak_promise(one, words, shorten_title(clean_text(name_promise(one, words.tag))))
    return tell_title(one.title, words)


def _tell(words: Words, one: Any) -> list[str]:
    changes: Mapping[str, Any] = one.changes or {}
    if one.subject == "public_page":
        if one.action == "withdrawn":
            return [words.gettext("no longer shown to everybody")]
        return [words.gettext("shown to everybody")]
    if one.subject == "policy":
        rules = [put_under(words, label, after) for label, _, after in list_rules(words, *_read_rules(changes))]
        told = clean_text(words.gettext("; ").join(rules))
        return [words.gettext("rules for reminders: %(rules)s") % {"rules": told}] if rules else []
    if one.subject == "rule_proposal":
        return [words.gettext(_PROPOSALS[one.action])]
    if one.subject == "agreement":
        if one.action != "amended":
            return []
        terms = _tell_columns(words, one, _OF_AGREEMENT)
        is_all = terms and not changes.keys() - set(_OF_AGREEMENT)
        return terms if is_all else [*terms, words.gettext("the agreement was changed")]
    if one.subject == "commitment_owner":
        return [words.gettext("somebody else answers for it")] if one.action == "amended" else []
    if one.action == "registered":
        new = one.subject == "milestone"
        return [words.gettext("a new milestone") if new else words.gettext("a new commitment")]
    said = []
    if "due" in changes:
        before, after = (_write_date(words, day) for day in changes["due"])
        said.append(words.gettext("now due %(after)s, before: %(before)s") % {"after": after, "before": before})
    terms = _tell_columns(words, one, _TERMS)
    said += terms
    if changes.keys() - _TOLD_ELSEWHERE - set(_TERMS) or (changes.keys() & set(_TERMS) and not terms):
        said.append(words.gettext("its words or terms were changed"))
    return said


def _tell_columns(words: Words, one: Any, columns: Sequence[str]) -> list[str]:
    """What these columns were before and are since, of those that changed and can be said in a line."""
    said = []
    for column in columns:
        if column not in one.changes:
            continue
        before, after = (tell_value(words, one.subject, column, value) for value in one.changes[column])
        if before != after:
            said.append(say_part(words, name_column_of(words, column), before, after))
    return said


def _read_rules(changes: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    before, after = changes.get("rules", (None, None))
    return before or {}, after or {}


def _write_date(words: Words, day: object) -> str:
    return words.format_end(str(day)) if day else words.gettext("without a date")
