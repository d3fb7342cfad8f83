"""The rules of an agreement, changed in plain words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from commitments.database import open_reading, open_unit
from commitments.filling import LONGEST_LINE
from commitments.policies import load_rules_in_own, set_policy
from commitments.policy import HOUSE, Policy
from commitments.queries import load_policies
from commitments.tables import agreement, policy
from notifications.views import LinkView
from notifications.waiting import follow_rules
from portal.acting import is_new, lead_to, sign
from portal.agreements import ADDRESS as AGREEMENTS
from portal.forms import Form
from portal.frame import find_words, show_framed
from portal.history import find_head
from portal.house import Here, House
from portal.policy_views import describe_rules, fill_rules, list_faults, read_rules, say_faults
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
        return show_rules(request, viewer, house, reference, Refusal(faults=faults), sent=sent, rules=rules)

    def write() -> Response:
        with open_unit(house.engine) as unit:
            head = find_head(unit, viewer, reference)
            unit.execute(select(agreement.c.id).where(agreement.c.id == head.id).with_for_update())
            changed = True
            if is_new(unit, viewer, sent, mark_rules(load_rules_in_own(unit, reference))):
                changed = set_policy(unit, sign(viewer, house, why, sent), reference, rules, now, house.today(now))
                if changed:
                    follow_rules(unit, now, [reference])
        return lead_to(f"{AGREEMENTS}/{reference}/policy", "saved" if changed else "same")

    return write_or_show(
        write, lambda refusal: show_rules(request, viewer, house, reference, refusal, sent=sent, rules=rules)
    )


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
    done: str = "",
) -> Response:
    """The page of the rules; above its form what was `tried`, and in it what was `counted` for that."""
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
        mark=sent.text("mark") or "" if sent is not None and not refusal.has_changed else mark_rules(own),
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
    return show_framed(
        request, "policy.html", viewer, title, status=refusal.status, tried=tried, counted=counted, **view
    )
