"""What runs show to people, as plain rows and text: what needs attention, what changed and why, what will be said."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select

from commitments.database import open_reading
from commitments.facts import Reason
from commitments.log import Change
from commitments.reconcile import load_rules
from commitments.renewing import load_reasons
from commitments.settings import Settings
from commitments.tables import agreement, commitment, follow_up
from commitments.vocabulary import (
    OPERATOR_KINDS,
    FollowUpKind,
    FollowUpState,
    NotificationKind,
    NotificationState,
    ReasonCode,
)
from notifications.composing import compose_messages
from notifications.forecast import forecast_messages
from notifications.languages import load_words
from notifications.messages import Ground
from notifications.names import choose_words, load_names
from notifications.reasons import Why
from notifications.rendering import pass_over, write_safely
from notifications.tables import notice, notification
from notifications.views import shorten_text
from notifications.wording import Words

LANGUAGE = "en"
ROWS_SHOWN = 100
PREVIEWS_SHOWN = 20
PROMISE_SHOWN = 60
FORESEEN_SHOWN = 200
WHY_SHOWN = 3

PAGE = "page"
"""Under this a row names the matter whose page there is; none, where it is the operator's."""

Row = dict[str, str]

_DONE = {"registered": "opened", "opened": "opened again", "reassigned": "passed on"}


@dataclass(frozen=True, slots=True)
class Attention:
    """The open follow-ups whose answers are due first, and how many there are."""

    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A message that waits, as its reader would get it now."""

    to: str
    subject: str
    text: str
    goes: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """The messages of the coming days: those shown, and how many there are."""

    rows: tuple[Row, ...]
    messages: int
    people: int


class _Vocabulary:
    """Names and words for one view."""

    def __init__(self, reading: Connection) -> None:
        self.words: Words = load_words(LANGUAGE)
        self.names = load_names(reading)

    def name_contact(self, contact_id: int | None) -> str:
        return self.names.contacts[contact_id][0] if contact_id is not None else "nobody"

    def explain(self, stored: Mapping[str, Any]) -> str:
        numbers = self.names.name_numbers(dict(stored["numbers"]), LANGUAGE)
        return self.words.describe_reason(Reason(ReasonCode(stored["code"]), numbers))

    def explain_notice(self, notice: Mapping[str, Any]) -> str:
        """Why one notice would be in a message: how the matter stands, else why it is told."""
        if notice.get("standing"):
            return f"{notice['matter']}: {self.explain(notice['standing'])}"
        why = Ground(Why(notice["why"]["code"]), dict(notice["why"]["numbers"]))
        return self.words.describe_ground(why, self.names.people)

    def name_promise(self, row: Any) -> str:
        # Prefect's tables do not wrap, so the promise alone is named; its agreement stands in the column `matter`.
        return shorten_text(row.summary or choose_words(row.title or {}, LANGUAGE), PROMISE_SHOWN)


def _select_follow_ups() -> Any:
    return (
        select(follow_up, agreement.c.title, commitment.c.summary)
        .outerjoin(agreement, agreement.c.id == follow_up.c.agreement_id)
        .outerjoin(commitment, commitment.c.id == follow_up.c.commitment_id)
    )


def list_attention(engine: Engine, today: date, most: int = ROWS_SHOWN) -> Attention:
    """What waits for somebody, most pressing first, each with the reason as it is today."""
    with open_reading(engine) as reading:
        still_open = follow_up.c.state == str(FollowUpState.OPEN)
        total = reading.execute(select(func.count()).select_from(follow_up).where(still_open)).scalar_one()
        rows = reading.execute(
            _select_follow_ups().where(still_open).order_by(follow_up.c.due_on, follow_up.c.id).limit(most)
        ).all()
        known = _Vocabulary(reading)
        current = load_reasons(reading, rows, today)
    shown = []
    for row in rows:
        name = known.words.name_follow_up(FollowUpKind(row.kind))
        shown.append(
            {
                "standing": name,
                "who": known.name_contact(row.assignee_id),
                "why": known.explain(current[row.id]),
                "what": known.name_promise(row),
                "answer by": row.due_on.isoformat(),
                "matter": row.matter,
                PAGE: _name_page(row),
            }
        )
    return Attention(tuple(shown), total)


def list_changes(reading: Connection, changes: Sequence[Change]) -> tuple[Row, ...]:
    """What a run changed in the follow-ups, and why."""
    ids = [change.row_id for change in changes]
    rows = {row.id: row for row in reading.execute(_select_follow_ups().where(follow_up.c.id.in_(ids)))}
    known = _Vocabulary(reading)
    shown = []
    for change in changes:
        row = rows.get(change.row_id)
        if row is None:
            continue
        shown.append(
            {
                "change": _DONE.get(change.action, change.action),
                "follow-up": known.words.name_follow_up(FollowUpKind(row.kind)),
                "who": known.name_contact(row.assignee_id),
                "why": str(row.closed_why or known.explain(row.reason)),
                "what": known.name_promise(row),
                "matter": row.matter,
                PAGE: _name_page(row),
            }
        )
    return tuple(shown)


def _name_page(row: Any) -> str:
    return str(row.matter) if row.agreement_id is not None else ""


def read_changes(engine: Engine, changes: Sequence[Change]) -> tuple[Row, ...]:
    """What a finished run changed in the follow-ups, and why."""
    with open_reading(engine) as reading:
        return list_changes(reading, changes)


def preview_messages(
    engine: Engine,
    today: date,
    kinds: Collection[NotificationKind],
    *,
    settings: Settings,
    most: int = PREVIEWS_SHOWN,
) -> tuple[Preview, ...]:
    """The waiting messages that carry a notice of these kinds, in the words that would be sent now.

    The `settings` name the house's own templates and where the documents lie whose sentences are shown.
    """
    carries = select(notice.c.notification_id).where(notice.c.kind.in_([str(kind) for kind in kinds]))
    with open_reading(engine) as reading:
        rows = reading.execute(
            select(notification)
            .where(notification.c.state == str(NotificationState.QUEUED), notification.c.id.in_(carries))
            .order_by(notification.c.next_at, notification.c.id)
            .limit(most)
        ).all()
        rules, names = load_rules(reading), load_names(reading)
        # Without links: whoever sees a preview is not its reader.
        messages = compose_messages(reading, rows, rules, names, today, settings=settings)
    previews = []
    for row in rows:
        message = messages[row.id]
        written = write_safely(message, settings.house_folder, pass_over)
        zone = rules.people[row.contact_id].time_zone
        goes = describe_moment(row.next_at, zone)
        previews.append(Preview(f"{message.to_name} <{row.address}>", written.subject, written.text, goes))
    return tuple(previews)


def name_register(reading: Connection) -> tuple[dict[str, str], dict[str, str]]:
    """What the register calls each party and each contact, by reference."""
    names = load_names(reading)
    parties = {
        reference: choose_words(names.parties[row_id], LANGUAGE) for reference, row_id in names.party_ids.items()
    }
    return parties, dict(names.people)


def foresee_messages(
    engine: Engine, settings: Settings, now: datetime, days: int, to: str = "", most: int = FORESEEN_SHOWN
) -> Outlook:
    """Every message of the coming days if nothing else happened, in the order in which they would go."""
    with open_reading(engine) as reading:
        known = _Vocabulary(reading)
    rows: list[Row] = []
    people: set[str] = set()
    messages = 0
    for one in forecast_messages(engine, settings, now, days):
        if to and to not in one.contact and to.casefold() not in one.to.casefold():
            continue
        messages += 1
        people.add(one.contact)
        if len(rows) < most:
            why = list(dict.fromkeys(known.explain_notice(reason) for reason in one.reasons))
            more = f" (and {len(why) - WHY_SHOWN} more)" if len(why) > WHY_SHOWN else ""
            rows.append(
                {
                    "when": f"{one.at.astimezone(ZoneInfo(settings.time_zone)):%a %d %b %H:%M}",
                    "to": one.name,
                    "subject": one.subject,
                    "why": "; ".join(why[:WHY_SHOWN]) + more,
                }
            )
    return Outlook(tuple(rows), messages, len(people))


def describe_moment(moment: datetime, zone: str) -> str:
    """A moment in a zone: Mon 23 Nov 2026 08:00 (Europe/London)."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %b %Y %H:%M} ({zone})"


def has_sent(engine: Engine) -> bool:
    """Whether any message of this register was ever sent."""
    with open_reading(engine) as reading:
        sent = select(notification.c.id).where(notification.c.state == str(NotificationState.SENT)).limit(1)
        return reading.execute(sent).first() is not None


def count_waiting(engine: Engine) -> tuple[int, int]:
    """The messages that wait for their time, and those that wait for the mail server after a failed attempt."""
    tried = notification.c.attempts > 0
    with open_reading(engine) as reading:
        counted = reading.execute(
            select(tried, func.count()).where(notification.c.state == str(NotificationState.QUEUED)).group_by(tried)
        )
        by_tried = {bool(was_tried): number for was_tried, number in counted}
    return by_tried.get(False, 0), by_tried.get(True, 0)


def count_due(engine: Engine, now: datetime) -> int:
    """The messages that may go now."""
    with open_reading(engine) as reading:
        due = (notification.c.state == str(NotificationState.QUEUED)) & (notification.c.next_at <= now)
        return int(reading.execute(select(func.count()).select_from(notification).where(due)).scalar_one())


def list_alerts(engine: Engine) -> tuple[Row, ...]:
    """What waits for the operator."""
    with open_reading(engine) as reading:
        kinds = [str(kind) for kind in OPERATOR_KINDS]
        still_open = follow_up.c.kind.in_(kinds) & (follow_up.c.state == str(FollowUpState.OPEN))
        rows = reading.execute(_select_follow_ups().where(still_open).order_by(follow_up.c.id)).all()
        known = _Vocabulary(reading)
        return tuple(
            {
                "matter": known.words.name_follow_up(FollowUpKind(row.kind)),
                "why": known.explain(row.reason),
                "who": known.name_contact(row.assignee_id),
                "open since": row.opened_on.isoformat(),
                "to close it": f"tally follow-ups --done {row.id}",
            }
            for row in rows
        )
