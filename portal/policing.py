"""The rules of an agreement: changed in plain words, and tried on the past and the coming days before they hold."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from commitments.database import open_reading, open_unit
from commitments.errors import TallyError
from commitments.filling import LONGEST_LINE
from commitments.person_queries import select_people_around
from commitments.policies import load_rules_in_own, set_policy
from commitments.policy import HOUSE, Policy
from commitments.queries import load_policies
from commitments.tables import agreement, contact, policy
from commitments.vocabulary import NotificationState
from notifications.forecast import forecast_agreement
from notifications.names import Names, load_names
from notifications.playing import Foreseen
from notifications.replay import replay_messages
from notifications.tables import notice, notification
from notifications.views import LinkView
from notifications.waiting import follow_rules
from notifications.wording import Words
from portal.acting import is_new, lead_to, sign
from portal.agreements import ADDRESS as AGREEMENTS
from portal.enhancing import asks_for_part
from portal.forecasting import DAYS, describe_foreseen, load_told
from portal.forms import Form, Sent
from portal.frame import find_words, show_framed, stream_framed
from portal.history import find_head
from portal.house import Here, House
from portal.message_log import MessageView
from portal.policy_views import describe_rules, fill_rules, list_faults, read_rules, say_faults
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.rights import silences_others
from portal.roles import Permission, Viewer
from portal.standing import tell_standing
from portal.step_fields import FaultView
from portal.telling import tell_title
from portal.viewing import TOKEN, require

router = APIRouter()
Ruler = Annotated[Viewer, Depends(require(Permission.SET_POLICY))]
SHOWN = 60
_LEFT_OUT = {TOKEN, "mark", "why"}
"""What of the form is no rule."""
log = logging.getLogger("tallystick.portal")


class Half(StrEnum):
    """A span on which rules are tried."""

    PAST = "past"
    COMING = "coming"


class By(StrEnum):
    """The rules by which a span is played."""

    TRIED = "tried"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class ToldView:
    """What the rules would send in a span; or how much is sent without them, of which no message is listed."""

    said: str
    messages: tuple[MessageView, ...] = ()
    more: str = ""
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class TriedView:
    """A span on which the rules are tried."""

    title: str
    told: Iterable[ToldView] = ()
    """Played when it is come to: its title stands on the page by then."""
    addresses: tuple[str, ...] = ()
    """Where a script asks for each thing that is told, if the page does not say it."""
    fields: tuple[tuple[str, str], ...] = ()
    """What the script sends there: the rules as they were filled in."""


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


@router.api_route(AGREEMENTS + "/{reference}/policy", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_policy(request: Request, viewer: Ruler, house: Here, reference: str, done: str = "") -> Response:
    """How the people of an agreement are reminded, in plain words."""
    return _show(request, viewer, house, reference, done=done)


@router.post(AGREEMENTS + "/{reference}/policy", response_class=HTMLResponse)
def post_policy(request: Request, viewer: Ruler, sent: Form, house: Here, reference: str) -> Response:
    """Make these the agreement's rules, with a reason."""
    words, now, why = find_words(viewer), house.read_clock(), sent.text("why")
    usual = load_usual(house)
    rules, wrong = read_rules(sent, usual)
    faults = say_faults(words, usual, rules, wrong)
    if not why:
        faults["why"] = words.gettext("A reason is needed: it stands in the log.")
    elif len(why) > LONGEST_LINE:
        faults["why"] = words.gettext("At most %(count)s characters are expected.") % {"count": LONGEST_LINE}
    if not wrong:
        with open_reading(house.engine) as reading:
            head, own = find_head(reading, viewer, reference), load_rules_in_own(reading, reference)
            if silences_others(reading, viewer, head.reference, own, rules, house.today(now)):
                faults["confirmed_by"] = words.gettext(
                    "That fewer are asked is not one side's to decide: each would free itself of the other's word. "
                    "An administrator sets it once both sides want it."
                )
    if faults:
        return _show(request, viewer, house, reference, Refusal(faults=faults), sent=sent, rules=rules)

    def write() -> Response:
        with open_unit(house.engine) as unit:
            head = find_head(unit, viewer, reference)
            unit.execute(select(agreement.c.id).where(agreement.c.id == head.id).with_for_update())
            changed = True
            if is_new(unit, viewer, sent, _mark(load_rules_in_own(unit, reference))):
                changed = set_policy(unit, sign(viewer, house, why, sent), reference, rules, now, house.today(now))
                if changed:
                    follow_rules(unit, now, [reference])
        return lead_to(f"{AGREEMENTS}/{reference}/policy", "saved" if changed else "same")

    return write_or_show(
        write, lambda refusal: _show(request, viewer, house, reference, refusal, sent=sent, rules=rules)
    )


@router.post(AGREEMENTS + "/{reference}/policy/try", response_class=HTMLResponse)
def post_try(request: Request, viewer: Ruler, sent: Form, house: Here, reference: str) -> Response:
    """Play the last and the coming 90 days by these rules; nothing is written or sent.

    To a script it is said at once where to ask for each half; without one each is told as soon as it was played.
    """
    usual = load_usual(house)
    rules, wrong = read_rules(sent, usual)
    faults = say_faults(find_words(viewer), usual, rules, wrong)
    refusal = Refusal(faults=faults)
    return _show(request, viewer, house, reference, refusal, sent=sent, rules=rules, is_tried=not faults)


@router.post(AGREEMENTS + "/{reference}/policy/try/{half}", response_class=HTMLResponse)
def post_half(request: Request, viewer: Ruler, sent: Form, house: Here, reference: str, half: Half) -> Response:
    """One half of it; to a script only what is sent by the rules that are tried: the other number it asks for apart."""
    plays = (By.TRIED,) if asks_for_part(request, "tried.html") else tuple(By)
    return _show_half(request, viewer, sent, house, reference, half, plays)


@router.post(AGREEMENTS + "/{reference}/policy/try/{half}/held", response_class=HTMLResponse)
def post_half_held(request: Request, viewer: Ruler, sent: Form, house: Here, reference: str, half: Half) -> Response:
    """How many messages one half has without the change."""
    return _show_half(request, viewer, sent, house, reference, half, (By.HELD,))


def _show_half(
    request: Request, viewer: Viewer, sent: Sent, house: House, reference: str, half: Half, plays: Sequence[By]
) -> Response:
    words, usual = find_words(viewer), load_usual(house)
    rules, wrong = read_rules(sent, usual)
    found = say_faults(words, usual, rules, wrong)
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        own = load_rules_in_own(reading, reference)
        trial = _open_trial(reading, words, viewer, house, head, own, rules)
    faults = list_faults(describe_rules(words, usual, rules, fill_rules(rules), found))
    return show_framed(
        request, "tried.html", viewer, words.gettext("Rules for reminders"), status=422 if found else 200,
        agreement=LinkView(tell_title(head.title, words), f"{AGREEMENTS}/{reference}", ""),
        faults=[replace(one, link="") for one in faults],
        tried=TriedView(_name_half(words, half), () if found else tuple(_play(trial, half, plays))),
    )  # fmt: skip


def _mark(own: Mapping[str, Any]) -> str:
    """Another one as soon as any rule of the agreement's own is changed."""
    return sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:16]


def load_usual(house: House) -> Policy:
    """The rules of the house."""
    with open_reading(house.engine) as reading:
        usual, _ = load_policies(reading, policy.c.scope == HOUSE)
    return usual


def _show(
    request: Request,
    viewer: Viewer,
    house: House,
    reference: str,
    refusal: Refusal = NOT_REFUSED,
    *,
    sent: Any = None,
    rules: Mapping[str, Any] | None = None,
    is_tried: bool = False,
    done: str = "",
) -> Response:
    words, faults = find_words(viewer), refusal.faults
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        own = load_rules_in_own(reading, reference)
    usual = load_usual(house)
    shown = own if rules is None else rules
    filled = fill_rules(shown)
    if sent is not None:
        filled |= {name: sent.text(name) or "" for name in faults}
    why = sent.text("why") or "" if sent is not None else ""
    address = f"{AGREEMENTS}/{reference}/policy"
    groups, why_fault = describe_rules(words, usual, shown, filled, faults), faults.get("why", "")
    if refusal.has_changed:
        standing = describe_rules(words, usual, own, fill_rules(own), {})
        groups = [
            replace(one, fields=tell_standing(words, one.fields, there.fields))
            for one, there in zip(groups, standing, strict=True)
        ]
    told = list_faults(groups)
    if why_fault:
        told.append(FaultView(words.gettext("Reason for the change"), why_fault, "#why"))
    view: dict[str, Any] = dict(
        agreement=LinkView(tell_title(head.title, words), f"{AGREEMENTS}/{reference}", ""),
        groups=groups,
        faults=told,
        # Of what was filled in before another saved, the mark stays that of then: it is not to wipe what was saved.
        # Once it is said beside it what was saved, it is theirs to decide.
        mark=sent.text("mark") or "" if sent is not None and not refusal.has_changed else _mark(own),
        state=refusal.say_kept(words),
        action=address,
        why=why,
        why_fault=why_fault,
        differs=words.ngettext(
            "%(count)s rule differs from those of the house.",
            "%(count)s rules differ from those of the house.",
            len(own),
        )
        % {"count": len(own)}
        if own
        else words.gettext("All rules are as the house has them."),
        done={"saved": words.gettext("Saved."), "same": words.gettext("Nothing had changed.")}.get(done, ""),
    )
    title = words.gettext("Rules for reminders")
    if is_tried:
        if asks_for_part(request, "policy.html"):
            tried = _lead_to_halves(words, f"{address}/try", sent)
            return show_framed(request, "policy.html", viewer, title, tried=tried, **view)
        with open_reading(house.engine) as reading:
            trial = _open_trial(reading, words, viewer, house, head, own, shown)
        tried = [TriedView(_name_half(words, half), _play(trial, half, tuple(By))) for half in Half]
        return stream_framed(request, "policy.html", viewer, title, tried=tried, **view)
    return show_framed(request, "policy.html", viewer, title, status=refusal.status, tried=[], **view)


def _name_half(words: Words, half: Half) -> str:
    return words.gettext("The last 90 days") if half is Half.PAST else words.gettext("The next 90 days")


def _lead_to_halves(words: Words, address: str, sent: Sent) -> list[TriedView]:
    """The halves, still to be played by the very rules that were sent: what is filled in meanwhile is not tried."""
    rules = tuple((name, value) for name, value in sent.list_fields() if name not in _LEFT_OUT)
    return [
        TriedView(_name_half(words, half), addresses=(f"{address}/{half}", f"{address}/{half}/held"), fields=rules)
        for half in Half
    ]


def _open_trial(
    reading: Connection,
    words: Words,
    viewer: Viewer,
    house: House,
    head: Any,
    own: Mapping[str, Any],
    rules: Mapping[str, Any],
) -> _Trial:
    around = select_people_around(select(agreement.c.id).where(agreement.c.id == head.id))
    names = load_names(reading, contact.c.id.in_(around))
    return _Trial(words, viewer, house, head, own, rules, names, load_told(reading, head))


def _play(trial: _Trial, half: Half, plays: Iterable[By]) -> Iterator[ToldView]:
    """What these rules would have sent, or would send; then how much was sent, or would be, without them.

    The page may have begun by then: what fails on the way is said in it.
    """
    words = trial.words
    try:
        for by in plays:
            yield _PLAYS[half, by](trial)
    except (TallyError, SQLAlchemyError, OSError) as fault:
        log.warning("the trying of rules was broken off: %s", type(fault).__name__)
        yield ToldView(
            words.gettext("The rest could not be worked out. Please try again in a few minutes."), is_listed=False
        )


def _play_past(trial: _Trial) -> ToldView:
    past = list(_replay(trial, trial.rules))
    return _tell_tried(trial, reversed(past), len(past))


def _play_past_held(trial: _Trial) -> ToldView:
    words, house, now = trial.words, trial.house, trial.house.read_clock()
    usual = sum(1 for _ in _replay(trial, trial.own))
    with open_reading(house.engine) as reading:
        sent = _count_sent(reading, trial.head.id, now)
    said = words.gettext("%(old)s without the change, played in the same way.") % {"old": _count(words, usual)}
    if sent != usual:
        really = words.ngettext(
            "In fact %(count)s message told of this agreement: a play knows no hand-overs, no digests, nothing sent by "
            "hand and no other agreements, and the very first messages of an installation keep no quiet hours.",
            "In fact %(count)s messages told of this agreement: a play knows no hand-overs, no digests, nothing sent "
            "by hand and no other agreements, and the very first messages of an installation keep no quiet hours.",
            sent,
        ) % {"count": sent}  # fmt: skip
        said = f"{said} {really}"
    return ToldView(said, is_listed=False)


def _play_coming(trial: _Trial) -> ToldView:
    coming = list(_foresee(trial, trial.rules))
    return _tell_tried(trial, coming, len(coming))


def _play_coming_held(trial: _Trial) -> ToldView:
    words, usual = trial.words, sum(1 for _ in _foresee(trial, trial.own))
    said = words.gettext("%(old)s without the change.") % {"old": _count(words, usual)}
    return ToldView(said, is_listed=False)


_PLAYS: Mapping[tuple[Half, By], Callable[[_Trial], ToldView]] = {
    (Half.PAST, By.TRIED): _play_past,
    (Half.PAST, By.HELD): _play_past_held,
    (Half.COMING, By.TRIED): _play_coming,
    (Half.COMING, By.HELD): _play_coming_held,
}


def _replay(trial: _Trial, rules: Mapping[str, Any]) -> Iterator[Foreseen]:
    house = trial.house
    return replay_messages(house.engine, house.settings, house.read_clock(), DAYS, only=trial.head.id, rules=rules)


def _foresee(trial: _Trial, rules: Mapping[str, Any]) -> Iterator[Foreseen]:
    house = trial.house
    return forecast_agreement(house.engine, house.settings, house.read_clock(), DAYS, trial.head.id, rules=rules)


def _tell_tried(trial: _Trial, found: Iterable[Foreseen], total: int) -> ToldView:
    said = trial.words.gettext("%(new)s by these rules.") % {"new": _count(trial.words, total)}
    return ToldView(said, *_describe(trial, found, total))


def _describe(trial: _Trial, found: Iterable[Foreseen], total: int) -> tuple[tuple[MessageView, ...], str]:
    words, zone = trial.words, trial.viewer.person.time_zone
    shown: Sequence[Foreseen] = list(found)[:SHOWN]
    rest = total - len(shown)
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
