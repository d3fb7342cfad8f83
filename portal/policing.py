"""The rules of an agreement, changed in plain words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, select

from commitments.database import open_reading, open_unit
from commitments.errors import RefusedChange
from commitments.filling import LONGEST_LINE
from commitments.policies import load_rules_in_own, set_policy
from commitments.policy import HOUSE, Policy
from commitments.proposals import RULE
from commitments.queries import load_policies
from commitments.tables import agreement, policy
from notifications.views import LinkView
from notifications.waiting import follow_rules
from notifications.wording import Words
from portal.acting import is_new, is_taken, lead_to, sign
from portal.agreements import ADDRESS as AGREEMENTS
from portal.forms import Form, Sent
from portal.frame import find_words, show_framed
from portal.history import find_head
from portal.house import Here, House
from portal.policy_views import describe_rules, fill_rules, list_faults, read_rules, say_faults
from portal.proposal_views import describe_proposals, load_shown, say_who_decides
from portal.proposing import ask_others, find_last, is_waiting, keep_rule
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.rights import silences_others
from portal.roles import Permission, Viewer
from portal.standing import tell_standing
from portal.step_fields import FaultView
from portal.telling import tell_title
from portal.viewing import require

router = APIRouter()
Ruler = Annotated[Viewer, Depends(require(Permission.SET_POLICY))]


@router.api_route(AGREEMENTS + "/{reference}/policy", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_policy(request: Request, viewer: Ruler, house: Here, reference: str, done: str = "") -> Response:
    """How the people of an agreement are reminded, in plain words."""
    return show_rules(request, viewer, house, reference, done=done)


@router.post(AGREEMENTS + "/{reference}/policy", response_class=HTMLResponse)
def post_policy(request: Request, viewer: Ruler, sent: Form, house: Here, reference: str) -> Response:
    """Make these the agreement's rules, with a reason."""
    return _take(request, viewer, sent, house, reference)


@router.post(AGREEMENTS + "/{reference}/policy/ask", response_class=HTMLResponse)
def post_ask(request: Request, viewer: Ruler, sent: Form, house: Here, reference: str) -> Response:
    """The same, but put to the other sides that fewer are asked to confirm; all else is saved at once."""
    return _take(request, viewer, sent, house, reference, asks=True)


def _take(
    request: Request, viewer: Viewer, sent: Sent, house: House, reference: str, *, asks: bool = False
) -> Response:
    words, now, why = find_words(viewer), house.read_clock(), sent.text("why")
    usual = load_usual(house)
    rules, wrong = read_rules(sent, usual)
    faults = say_faults(words, usual, rules, wrong)
    if not why:
        faults["why"] = words.gettext("A reason is needed: it stands in the log.")
    elif len(why) > LONGEST_LINE:
        faults["why"] = words.gettext("At most %(count)s characters are expected.") % {"count": LONGEST_LINE}
    with open_reading(house.engine) as reading:
        head, own = find_head(reading, viewer, reference), load_rules_in_own(reading, reference)
        said = {name: value for name, value in rules.items() if name == RULE}
        is_asked = RULE not in wrong and silences_others(reading, viewer, reference, own, said, house.today(now))
        waits = is_asked and is_waiting(reading, head.id) and not is_taken(reading, viewer, sent)
    if is_asked and (waits or not asks):
        faults[RULE] = say_who_decides(words, waits=waits)

    def show(refusal: Refusal) -> Response:
        can_ask = is_asked and not waits and not refusal.has_changed
        return show_rules(request, viewer, house, reference, refusal, sent=sent, rules=rules, can_ask=can_ask)

    def write() -> Response:
        author, today = sign(viewer, house, why, sent), house.today(now)
        with open_unit(house.engine) as unit:
            head = find_head(unit, viewer, reference)
            unit.execute(select(agreement.c.id).where(agreement.c.id == head.id).with_for_update())
            own, done = load_rules_in_own(unit, reference), "asked" if is_asked else "saved"
            if is_new(unit, viewer, sent, _mark_page(unit, head.id, own)):
                if is_asked and not ask_others(unit, viewer, author, head, rules, today):
                    raise RefusedChange("another proposal waits already")
                kept = keep_rule(rules, own) if is_asked else rules
                changed = set_policy(unit, author, reference, kept, now, today)
                if changed:
                    follow_rules(unit, now, [reference])
                done = done if changed or is_asked else "same"
        return lead_to(f"{AGREEMENTS}/{reference}/policy", done)

    return show(Refusal(faults=faults)) if faults else write_or_show(write, show)


def _mark_page(reading: Connection, agreement_id: int, own: Mapping[str, Any]) -> str:
    """Another one also where something is proposed meanwhile, or what was proposed is answered."""
    return mark_rules({**own, "": find_last(reading, agreement_id)})


def mark_rules(own: Mapping[str, Any]) -> str:
    """Another one as soon as any rule of the agreement's own is changed."""
    return sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:16]


def load_usual(house: House) -> Policy:
    """The rules of the house."""
    with open_reading(house.engine) as reading:
        usual, _ = load_policies(reading, policy.c.scope == HOUSE)
    return usual


def show_rules(
    request: Request,
    viewer: Viewer,
    house: House,
    reference: str,
    refusal: Refusal = NOT_REFUSED,
    *,
    sent: Any = None,
    rules: Mapping[str, Any] | None = None,
    tried: Sequence[Any] = (),
    counted: str = "",
    can_ask: bool = False,
    done: str = "",
) -> Response:
    """The page of the rules; above its form what was `tried`, and in it what was `counted` for that."""
    words, faults, now = find_words(viewer), refusal.faults, house.read_clock()
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        own = load_rules_in_own(reading, reference)
        mark = _mark_page(reading, head.id, own)
        proposals = describe_proposals(reading, words, viewer, load_shown(reading, head.id, now, house.today(now)))
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
        mark=sent.text("mark") or "" if sent is not None and not refusal.has_changed else mark,
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
        done=_say_done(words, done),
        proposals=proposals,
        can_ask=can_ask,
    )
    title = words.gettext("Rules for reminders")
    return show_framed(
        request, "policy.html", viewer, title, status=refusal.status, tried=tried, counted=counted, **view
    )


def _say_done(words: Words, done: str) -> str:
    said = {
        "saved": words.gettext("Saved."),
        "same": words.gettext("Nothing had changed."),
        "asked": words.gettext("Asked: the rule changes once the other side has accepted it; all else is saved."),
    }
    return said.get(done, "")
