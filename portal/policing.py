"""The rules of an agreement: changed in plain words, and tried on the past and the coming days before they hold."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from commitments.database import open_reading, open_unit
from commitments.errors import TallyError
from commitments.log import Author
from commitments.policies import load_rules_in_own, set_policy
from commitments.policy import HOUSE, Policy
from commitments.queries import load_policies, select_people_around
from commitments.tables import agreement, contact, policy
from commitments.vocabulary import NotificationState
from notifications.forecast import forecast_agreement, forecast_change
from notifications.names import Names, load_names
from notifications.playing import Foreseen
from notifications.replay import replay_messages
from notifications.tables import notice, notification
from notifications.views import LinkView
from notifications.waiting import follow_rules
from notifications.wording import Words
from portal.agreements import ADDRESS as AGREEMENTS
from portal.enhancing import asks_for_part
from portal.forecasting import DAYS, describe_foreseen, load_told
from portal.forms import Form
from portal.frame import find_words, show_framed, stream_framed
from portal.history import find_head
from portal.house import Here, House
from portal.message_log import MessageView
from portal.policy_views import describe_rules, fill_rules, list_faults, read_rules, say_faults
from portal.refusals import say_changed
from portal.roles import Permission, Viewer
from portal.step_fields import FaultView
from portal.telling import tell_title
from portal.viewing import require

router = APIRouter()
Ruler = Annotated[Viewer, Depends(require(Permission.SET_POLICY))]
WHY_LIMIT = 300
SHOWN = 60
log = logging.getLogger("tallystick.portal")


@dataclass(frozen=True, slots=True)
class ToldView:
    """What the rules would send in a span, beside what is sent without them."""

    said: str
    messages: tuple[MessageView, ...] = ()
    more: str = ""
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class TriedView:
    """A span on which the rules are tried."""

    title: str
    told: Iterable[ToldView]
    """Played when it is come to: its title stands on the page by then."""


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
    elif len(why) > WHY_LIMIT:
        faults["why"] = words.gettext("At most %(count)s characters are expected.") % {"count": WHY_LIMIT}
    if faults:
        return _show(request, viewer, house, reference, sent=sent, rules=rules, faults=faults, status=422)
    author = Author(viewer.person.reference, now, why)
    with open_unit(house.engine) as unit:
        head = find_head(unit, viewer, reference)
        unit.execute(select(agreement.c.id).where(agreement.c.id == head.id).with_for_update())
        if sent.text("mark") != _mark(load_rules_in_own(unit, reference)):
            return _show(request, viewer, house, reference, has_changed=True, status=409)
        changed = set_policy(unit, author, reference, rules, now, house.today(now))
        if changed:
            follow_rules(unit, now, [reference])
    return RedirectResponse(f"{AGREEMENTS}/{reference}/policy?done={'saved' if changed else 'same'}", 303)


@router.post(AGREEMENTS + "/{reference}/policy/try", response_class=HTMLResponse)
def post_try(request: Request, viewer: Ruler, sent: Form, house: Here, reference: str) -> Response:
    """Play the last and the coming 90 days by these rules, on a throwaway copy; nothing is written or sent."""
    usual = load_usual(house)
    rules, wrong = read_rules(sent, usual)
    faults = say_faults(find_words(viewer), usual, rules, wrong)
    status = 422 if faults else 200
    return _show(
        request, viewer, house, reference, sent=sent, rules=rules, faults=faults, is_tried=not faults, status=status
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
    *,
    sent: Any = None,
    rules: Mapping[str, Any] | None = None,
    faults: Mapping[str, str] = MappingProxyType({}),
    is_tried: bool = False,
    has_changed: bool = False,
    done: str = "",
    status: int = 200,
) -> Response:
    words = find_words(viewer)
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
    told = list_faults(groups)
    if why_fault:
        told.append(FaultView(words.gettext("Reason for the change"), why_fault, "#why"))
    view: dict[str, Any] = dict(
        agreement=LinkView(tell_title(head.title, words), f"{AGREEMENTS}/{reference}", ""),
        groups=groups,
        faults=told,
        # Of what was filled in before another saved, the mark stays that of then: it is not to wipe what was saved.
        mark=sent.text("mark") or "" if sent is not None else _mark(own),
        state=say_changed(words) if has_changed else "",
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
        tried = _try(words, viewer, house, head, reference, own, shown)
        if not asks_for_part(request, "policy.html"):
            return stream_framed(request, "policy.html", viewer, title, tried=tried, **view)
        played = [replace(one, told=tuple(one.told)) for one in tried]  # the script says at once what came of it
        return show_framed(request, "policy.html", viewer, title, tried=played, **view)
    return show_framed(request, "policy.html", viewer, title, status=status, tried=[], **view)


def _try(
    words: Words,
    viewer: Viewer,
    house: House,
    head: Any,
    reference: str,
    own: Mapping[str, Any],
    rules: Mapping[str, Any],
) -> list[TriedView]:
    """What these rules would have sent, and would send, beside what was sent and would be without them."""
    now = house.read_clock()
    with open_reading(house.engine) as reading:
        promises = load_told(reading, head)
        around = select_people_around(select(agreement.c.id).where(agreement.c.id == head.id))
        names = load_names(reading, contact.c.id.in_(around))
        sent = _count_sent(reading, head.id, now)
    then = words.gettext("%(new)s by these rules; %(old)s told of this agreement.")
    ahead = words.gettext("%(new)s by these rules; %(old)s without the change.")
    arguments = (house.engine, house.settings, now, DAYS)

    def play_past() -> Iterator[ToldView]:
        past = list(replay_messages(*arguments, only=head.id, rules=rules))
        said = then % {"new": _count(words, len(past)), "old": _count(words, sent)}
        yield ToldView(said, *_describe(words, viewer, names, promises, reversed(past), len(past)))

    def play_coming() -> Iterator[ToldView]:
        if dict(own) == dict(rules):
            coming = usual = list(forecast_agreement(*arguments, head.id))
        else:
            coming, usual = forecast_change(*arguments, head.id, rules)
        said = ahead % {"new": _count(words, len(coming)), "old": _count(words, len(usual))}
        yield ToldView(said, *_describe(words, viewer, names, promises, coming, len(coming)))

    return [
        TriedView(words.gettext("The last 90 days"), _say_faults(words, play_past())),
        TriedView(words.gettext("The next 90 days"), _say_faults(words, play_coming())),
    ]


def _say_faults(words: Words, told: Iterator[ToldView]) -> Iterator[ToldView]:
    """The page has begun by then: what fails on the way is said in it."""
    try:
        yield from told
    except (TallyError, SQLAlchemyError, OSError) as fault:
        log.warning("the trying of rules was broken off: %s", type(fault).__name__)
        yield ToldView(
            words.gettext("The rest could not be worked out. Please try again in a few minutes."), is_whole=False
        )


def _describe(
    words: Words, viewer: Viewer, names: Names, promises: Mapping[str, Any], found: Iterable[Foreseen], total: int
) -> tuple[tuple[MessageView, ...], str]:
    shown: Sequence[Foreseen] = list(found)[:SHOWN]
    rest = total - len(shown)
    more = words.ngettext("and %(count)s more", "and %(count)s more", rest) % {"count": rest} if rest > 0 else ""
    zone = viewer.person.time_zone
    return tuple(describe_foreseen(words, names, promises, one, zone) for one in shown), more


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
