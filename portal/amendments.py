"""What was changed of agreements themselves since a moment, in words: dates, commitments, owners, terms, pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, exists, select

from commitments.clock import today_in
from commitments.tables import agreement, commitment, commitment_owner, log_entry, milestone
from notifications.names import choose_words, find_words, name_promise
from notifications.views import DatedView, clean_text, shorten_title
from notifications.wording import Words
from portal.roles import Viewer, select_visible_agreements

_SUBJECTS = ("agreement", "commitment", "commitment_owner", "milestone", "public_page")
_TOLD_ELSEWHERE = frozenset({"state", "state_on", "state_reason", "state_until", "due", "first_due", "met_on"})
"""What Home tells in words of its own: how something was decided, and its date."""


def load_amendments(reading: Connection, viewer: Viewer, since: datetime, most: int) -> list[Any]:
    """The last such entries of the log under what somebody sees, but for those with which an agreement came in: one
    statement."""
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
                log_entry.c.agreement_id.in_(select_visible_agreements(viewer)), log_entry.c.at > since,
                about.in_(_SUBJECTS), ~came_with_it,
            )
            .order_by(log_entry.c.id.desc())
            .limit(most)
        )
    )  # fmt: skip


def describe_amendments(words: Words, found: list[Any], zone: str, most: int) -> list[tuple[DatedView, str]]:
    """Each in words, once, the newest first, with its page."""
    lines: dict[tuple[str, str, str], tuple[DatedView, str]] = {}
    for one in found:
        title, link = _name(words, one), f"/agreements/{one.head}"
        if one.reference:
            link += f"/commitments/{one.reference}"
        head = clean_text(choose_words(one.title, words.tag))
        for said in _tell(words, one):
            detail = said if title == head else words.gettext(" · ").join((said, head))
            view = DatedView(words.format_day(today_in(zone, one.at)), title, detail)
            lines.setdefault((link, title, said), (view, link))
    return list(lines.values())[:most]


def _name(words: Words, one: Any) -> str:
    if one.step:
        return shorten_title(clean_text(find_words(one.steps, words.tag) or one.step))
    if one.reference:
        return shorten_title(clean_text(name_promise(one, words.tag)))
    return clean_text(choose_words(one.title, words.tag))


def _tell(words: Words, one: Any) -> list[str]:
    changes: Mapping[str, Any] = one.changes or {}
    if one.subject == "public_page":
        if one.action == "withdrawn":
            return [words.gettext("no longer shown to everybody")]
        return [words.gettext("shown to everybody")]
    if one.subject == "agreement":
        return [words.gettext("the agreement was changed")] if one.action == "amended" else []
    if one.subject == "commitment_owner":
        return [words.gettext("somebody else answers for it")] if one.action == "amended" else []
    if one.action == "registered":
        new = one.subject == "milestone"
        return [words.gettext("a new milestone") if new else words.gettext("a new commitment")]
    said = []
    if "due" in changes:
        before, after = (_write_date(words, day) for day in changes["due"])
        said.append(words.gettext("now due %(after)s, before: %(before)s") % {"after": after, "before": before})
    if changes.keys() - _TOLD_ELSEWHERE:
        said.append(words.gettext("its words or terms were changed"))
    return said


def _write_date(words: Words, day: object) -> str:
    return words.format_end(str(day)) if day else words.gettext("without a date")
