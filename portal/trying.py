"""The rules of an agreement, tried on the past and the coming days before they hold; nothing is written or sent.

Each answer plays one span by one set of rules, so that none waits for more. To a script it is said at once where to ask
for each; without one a page shows what was played last and what was counted before, and leads on by buttons.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from commitments.database import open_reading
from commitments.errors import TallyError
from commitments.person_queries import select_people_around
from commitments.policies import load_rules_in_own
from commitments.tables import agreement, contact
from commitments.vocabulary import NotificationState
from notifications.forecast import count_foreseen, forecast_agreement
from notifications.names import Names, load_names
from notifications.phrases import N_
from notifications.playing import Foreseen
from notifications.replay import count_replayed, replay_messages
from notifications.tables import notice, notification
from notifications.views import LinkView
from notifications.wording import Words
from portal.agreements import ADDRESS as AGREEMENTS
from portal.enhancing import asks_for_part
from portal.forecasting import DAYS, describe_foreseen, load_told
from portal.forms import Form, Sent
from portal.frame import find_words, show_framed
from portal.history import find_head
from portal.house import Here, House
from portal.message_log import MessageView
from portal.policing import Ruler, load_usual, mark_rules, show_rules
from portal.policy_views import describe_rules, fill_rules, list_faults, read_rules, say_faults
from portal.refusals import Refusal
from portal.roles import Viewer
from portal.viewing import TOKEN

router = APIRouter()
SHOWN = 60
COUNTED = "counted"
"""The field in which a page without a script keeps how many messages were counted for it before."""
_LEFT_OUT = {TOKEN, "mark", "why", COUNTED}
"""What of the form is no rule."""
_ONE_COUNTED = re.compile(r"(past|coming)-(tried|held)-(\d{1,6})-(\w+)", re.ASCII)
log = logging.getLogger("tallystick.portal")


class Half(StrEnum):
    """A span on which rules are tried."""

    PAST = "past"
    COMING = "coming"


class By(StrEnum):
    """The rules by which a span is played."""

    TRIED = "tried"
    HELD = "held"


_TITLES = {Half.PAST: N_("The last 90 days"), Half.COMING: N_("The next 90 days")}
_SEE = {Half.PAST: N_("See the last 90 days"), Half.COMING: N_("See the next 90 days")}


@dataclass(frozen=True, slots=True)
class ToldView:
    """What the rules would send in a span; or how many messages alone, of which none is listed."""

    said: str
    messages: tuple[MessageView, ...] = ()
    more: str = ""
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class TriedView:
    """A span on which the rules are tried."""

    title: str
    told: tuple[ToldView, ...] = ()
    addresses: tuple[str, ...] = ()
    """Where a script asks for each thing that is told, if the page does not say it."""
    fields: tuple[tuple[str, str], ...] = ()
    """What the script sends there: the rules as they were filled in."""
    ways: tuple[LinkView, ...] = ()
    """What can be asked for by buttons, which send the form as it is filled in by then."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """Rules that are tried on an agreement, and what messages about it are told by."""

    words: Words
    viewer: Viewer
    house: House
    head: Any
    own: Mapping[str, Any]
    rules: Mapping[str, Any]
    names: Names
    promises: Mapping[str, Any]

    def mark(self, by: By) -> str:
        """Another one for other rules."""
        return mark_rules(self.rules if by is By.TRIED else self.own)


_Count = Mapping[tuple[Half, By], int]
"""How many messages there are by what was played before."""


@router.post(AGREEMENTS + "/{reference}/policy/try", response_class=HTMLResponse)
def post_try(request: Request, viewer: Ruler, sent: Form, house: Here, reference: str) -> Response:
    """To a script where to ask for each half, at once; without one the last 90 days by these rules."""
    if not asks_for_part(request, "policy.html"):
        return _show_page(request, viewer, sent, house, reference, Half.PAST, By.TRIED)
    rules, faults = _read(viewer, sent, house)
    address = f"{AGREEMENTS}/{reference}/policy/try"
    tried = () if faults else _lead_to_halves(find_words(viewer), address, sent)
    return show_rules(request, viewer, house, reference, Refusal(faults=faults), sent=sent, rules=rules, tried=tried)


@router.post(AGREEMENTS + "/{reference}/policy/try/{half}", response_class=HTMLResponse)
def post_half(request: Request, viewer: Ruler, sent: Form, house: Here, reference: str, half: Half) -> Response:
    """What is sent in one half by the rules that are tried."""
    return _show_half(request, viewer, sent, house, reference, half, By.TRIED)


@router.post(AGREEMENTS + "/{reference}/policy/try/{half}/held", response_class=HTMLResponse)
def post_half_held(request: Request, viewer: Ruler, sent: Form, house: Here, reference: str, half: Half) -> Response:
    """How many messages one half has without the change."""
    return _show_half(request, viewer, sent, house, reference, half, By.HELD)


def _read(viewer: Viewer, sent: Sent, house: House) -> tuple[Mapping[str, Any], dict[str, str]]:
    """The rules that were filled in, and what is wrong with them."""
    usual = load_usual(house)
    rules, wrong = read_rules(sent, usual)
    return rules, say_faults(find_words(viewer), usual, rules, wrong)


def _show_half(
    request: Request, viewer: Viewer, sent: Sent, house: House, reference: str, half: Half, by: By
) -> Response:
    if not asks_for_part(request, "tried.html"):
        return _show_page(request, viewer, sent, house, reference, half, by)
    words, (rules, found) = find_words(viewer), _read(viewer, sent, house)
    trial = _open_trial(viewer, house, reference, rules)
    faults = list_faults(describe_rules(words, load_usual(house), rules, fill_rules(rules), found))
    told = () if found else (_play(trial, half, by)[1],)
    return show_framed(
        request, "tried.html", viewer, words.gettext("Rules for reminders"), status=422 if found else 200,
        faults=[replace(one, link="") for one in faults], tried=TriedView(words.gettext(_TITLES[half]), told),
    )  # fmt: skip


def _show_page(
    request: Request, viewer: Viewer, sent: Sent, house: House, reference: str, half: Half, by: By
) -> Response:
    """The page without a script: what was played now, what was counted before, and the ways to the rest."""
    rules, faults = _read(viewer, sent, house)
    refusal = Refusal(faults=faults)
    if faults:
        return show_rules(request, viewer, house, reference, refusal, sent=sent, rules=rules)
    trial = _open_trial(viewer, house, reference, rules)
    counted, now = _read_counted(trial, sent.text(COUNTED) or ""), _play(trial, half, by)
    if now[0] is not None:
        counted = {**counted, (half, by): now[0]}
    address = f"{AGREEMENTS}/{reference}/policy/try"
    tried = [_describe_half(trial, address, one, counted, {by: now[1]} if one is half else {}) for one in Half]
    return show_rules(
        request, viewer, house, reference, refusal, sent=sent, rules=rules, tried=tried,
        counted=_write_counted(trial, counted),
    )  # fmt: skip


def _describe_half(trial: _Trial, address: str, half: Half, counted: _Count, now: Mapping[By, ToldView]) -> TriedView:
    """One half of the page without a script, of which `now` was played for it."""
    words = trial.words
    told = tuple(
        now[by] if by in now else _tell(trial, half, by, counted[half, by])
        for by in By
        if by in now or (half, by) in counted
    )
    ways = []
    if (half, By.TRIED) not in counted:
        ways.append(LinkView(words.gettext(_SEE[half]), f"{address}/{half}", ""))
    elif By.TRIED not in now and counted[half, By.TRIED]:
        ways.append(LinkView(words.gettext("See each message"), f"{address}/{half}", ""))
    if (half, By.HELD) not in counted and (half, By.TRIED) in counted:
        ways.append(LinkView(words.gettext("Count without the change"), f"{address}/{half}/held", ""))
    return TriedView(words.gettext(_TITLES[half]), told, ways=tuple(ways))


def _write_counted(trial: _Trial, counted: _Count) -> str:
    return " ".join(f"{half}-{by}-{number}-{trial.mark(by)}" for (half, by), number in counted.items())


def _read_counted(trial: _Trial, text: str) -> dict[tuple[Half, By], int]:
    """What was counted by the very rules that are meant now, of what a page has sent along."""
    found = (_ONE_COUNTED.fullmatch(one) for one in text.split())
    return {
        (Half(one[1]), By(one[2])): int(one[3]) for one in found if one is not None and one[4] == trial.mark(By(one[2]))
    }


def _lead_to_halves(words: Words, address: str, sent: Sent) -> list[TriedView]:
    """The halves, still to be played by the very rules that were sent: what is filled in meanwhile is not tried."""
    rules = tuple((name, value) for name, value in sent.list_fields() if name not in _LEFT_OUT)
    return [
        TriedView(words.gettext(title), addresses=(f"{address}/{half}", f"{address}/{half}/held"), fields=rules)
        for half, title in _TITLES.items()
    ]


def _open_trial(viewer: Viewer, house: House, reference: str, rules: Mapping[str, Any]) -> _Trial:
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        own = load_rules_in_own(reading, reference)
        around = select_people_around(select(agreement.c.id).where(agreement.c.id == head.id))
        names = load_names(reading, contact.c.id.in_(around))
        return _Trial(find_words(viewer), viewer, house, head, own, rules, names, load_told(reading, head))


def _play(trial: _Trial, half: Half, by: By) -> tuple[int | None, ToldView]:
    """How many messages a span has by these rules, and what is told of it; no number where it could not be played."""
    try:
        if by is By.HELD:
            number = _count_held(trial, half)
            return number, _tell(trial, half, by, number)
        messages = list(_list_tried(trial, half))
        return len(messages), _tell(trial, half, by, len(messages), messages)
    except (TallyError, SQLAlchemyError, OSError) as fault:
        log.warning("the trying of rules was broken off: %s", type(fault).__name__)
        broken = trial.words.gettext("The rest could not be worked out. Please try again in a few minutes.")
        return None, ToldView(broken, is_listed=False)


def _list_tried(trial: _Trial, half: Half) -> Iterable[Foreseen]:
    house, now, only, rules = trial.house, trial.house.read_clock(), trial.head.id, trial.rules
    if half is Half.PAST:
        return replay_messages(house.engine, house.settings, now, DAYS, only=only, rules=rules)
    return forecast_agreement(house.engine, house.settings, now, DAYS, only, rules=rules)


def _count_held(trial: _Trial, half: Half) -> int:
    house, now, only, rules = trial.house, trial.house.read_clock(), trial.head.id, trial.own
    if half is Half.PAST:
        return count_replayed(house.engine, house.settings, now, DAYS, only=only, rules=rules)
    return count_foreseen(house.engine, house.settings, now, DAYS, only, rules=rules)


def _tell(trial: _Trial, half: Half, by: By, number: int, messages: Sequence[Foreseen] | None = None) -> ToldView:
    """How many messages a span has, and by the rules that are tried which, if they are given."""
    words = trial.words
    if by is By.HELD:
        past = half is Half.PAST
        return ToldView(_tell_past_held(trial, number) if past else _tell_coming_held(words, number), is_listed=False)
    said = words.gettext("%(new)s by these rules.") % {"new": _count(words, number)}
    if messages is None:
        return ToldView(said, is_listed=False)
    return ToldView(said, *_describe(trial, messages[::-1] if half is Half.PAST else messages))


def _tell_coming_held(words: Words, usual: int) -> str:
    return words.gettext("%(old)s without the change.") % {"old": _count(words, usual)}


def _tell_past_held(trial: _Trial, usual: int) -> str:
    words = trial.words
    with open_reading(trial.house.engine) as reading:
        sent = _count_sent(reading, trial.head.id, trial.house.read_clock())
    said = words.gettext("%(old)s without the change, played in the same way.") % {"old": _count(words, usual)}
    if sent == usual:
        return said
    really = words.ngettext(
        "In fact %(count)s message told of this agreement: a play knows no hand-overs, no digests, nothing sent by "
        "hand and no other agreements, and the very first messages of an installation keep no quiet hours.",
        "In fact %(count)s messages told of this agreement: a play knows no hand-overs, no digests, nothing sent "
        "by hand and no other agreements, and the very first messages of an installation keep no quiet hours.",
        sent,
    ) % {"count": sent}  # fmt: skip
    return f"{said} {really}"


def _describe(trial: _Trial, found: Sequence[Foreseen]) -> tuple[tuple[MessageView, ...], str]:
    words, zone = trial.words, trial.viewer.person.time_zone
    shown, rest = found[:SHOWN], len(found) - SHOWN
    more = words.ngettext("and %(count)s more", "and %(count)s more", rest) % {"count": rest} if rest > 0 else ""
    return tuple(describe_foreseen(words, trial.names, trial.promises, one, zone) for one in shown), more


def _count(words: Words, number: int) -> str:
    return words.ngettext("%(count)s message", "%(count)s messages", number) % {"count": number}


def _count_sent(reading: Connection, agreement_id: int, now: datetime) -> int:
    """How many messages of the last days told of the agreement."""
    told = select(notice.c.notification_id).where(notice.c.agreement_id == agreement_id)
    query = select(func.count()).select_from(notification)
    return int(
        reading.execute(
            query.where(
                notification.c.id.in_(told),
                notification.c.state == str(NotificationState.SENT),
                notification.c.sent_at > now - timedelta(days=DAYS),
            )
        ).scalar_one()
    )
