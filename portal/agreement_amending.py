"""The own fields of an agreement, changed by its coordinator: title, parties, dates, renewal, who signed, and more."""

from dataclasses import replace
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from commitments.agreement_terms import NEW_PARTY, amend_agreement, load_typed
from commitments.database import open_reading, open_unit
from commitments.filling import LONGEST_LINE
from commitments.sketch import Sketch, Step, TypedParty
from commitments.sketch_flaws import Drawing, Flaw, Lack
from commitments.sketch_known import Known, load_known
from notifications.views import clean_text
from portal.acting import is_new, lead_to, sign, today_of
from portal.agreements import ADDRESS
from portal.fault_words import describe_oversteps
from portal.forms import LongForm, Sent
from portal.frame import find_words, show_framed
from portal.history import find_head
from portal.house import Here, House
from portal.more_views import describe_amended_more, describe_end
from portal.offering import list_known_agreements
from portal.paging import write_address
from portal.people_queries import load_begun_under
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.rights import check_rights
from portal.roles import Permission, Viewer, select_visible_agreements
from portal.standing import tell_standing_groups
from portal.step_fields import GroupView, Page
from portal.step_reading import take_agreement
from portal.step_views import describe_dates, describe_places, describe_title, offer_parties
from portal.telling import tell_title
from portal.viewing import require

router = APIRouter()
Amending = Annotated[Viewer, Depends(require(Permission.AMEND))]
EDIT = ADDRESS + "/{reference}/edit"


@router.api_route(EDIT, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_edit(request: Request, viewer: Amending, house: Here, reference: str) -> Response:
    """The agreement's own fields as they are on record."""
    return _show(request, viewer, house, reference)


@router.post(EDIT, response_class=HTMLResponse)
def post_edit(request: Request, viewer: Amending, sent: LongForm, house: Here, reference: str) -> Response:
    """Change them, with a reason; the agreement is judged anew at once. What is wrong is said by its field."""
    if sent.text("do") in ("more", "stay"):
        return _show(request, viewer, house, reference, sent)
    why = sent.text("why")
    if why and len(why) > LONGEST_LINE:
        too_long = Flaw(Step.DATES, "why", Lack.TOO_LONG, str(LONGEST_LINE))
        return _show(request, viewer, house, reference, sent, Refusal(undrawn=[too_long]))

    def write() -> Response:
        with open_unit(house.engine) as unit:
            head = find_head(unit, viewer, reference)
            typed = load_typed(unit, reference)
            if not is_new(unit, viewer, sent, _mark(typed)):
                return lead_to(f"{ADDRESS}/{reference}", "agreement")
            take_agreement(typed, sent)
            known = load_known(unit, typed, today_of(viewer, house), select_visible_agreements(viewer))
            before = {one.reference for one in load_begun_under(unit, viewer, head.id)}
            author, today = sign(viewer, house, why, sent), today_of(viewer, house)
            imported = amend_agreement(unit, author, reference, typed, known, today)
            check_rights(unit, viewer, house.settings.administrator_addresses, imported, today)
            joined = [one.reference for one in load_begun_under(unit, viewer, head.id) if one.reference not in before]
        if joined:
            return RedirectResponse(write_address("/add-person", {"party": joined[0], "done": "joined"}), 303)
        return lead_to(f"{ADDRESS}/{reference}", "agreement")

    return write_or_show(write, lambda refusal: _show(request, viewer, house, reference, sent, refusal))


def _mark(typed: Sketch) -> str:
    """Another one as soon as anything of the agreement's own is changed."""
    return sha256(typed.model_dump_json().encode()).hexdigest()[:16]


def _show(
    request: Request,
    viewer: Viewer,
    house: House,
    reference: str,
    sent: Sent | None = None,
    refusal: Refusal = NOT_REFUSED,
) -> Response:
    words = find_words(viewer)
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        typed = load_typed(reading, reference)
        mark, standing = _mark(typed), typed.model_copy(deep=True)
        if sent is not None:
            take_agreement(typed, sent)
        known = load_known(reading, typed, today_of(viewer, house), select_visible_agreements(viewer))
        agreements = list_known_agreements(reading, viewer, words)
    page = Page(words, refusal.undrawn)
    groups = _describe(page, typed, known, is_filling=sent is not None and refusal is NOT_REFUSED)
    told = describe_oversteps(words, refusal.oversteps)
    if refusal.has_changed:
        groups, told = tell_standing_groups(words, groups, _describe(Page(words), standing, known, is_filling=False))
    groups.append(_describe_why(page, sent))
    return show_framed(
        request, "step.html", viewer, words.gettext("Change this agreement"),
        status=refusal.status,
        groups=groups, faults=[*page.finish(), *told], action=f"{ADDRESS}/{reference}/edit", remove="",
        offered=offer_parties(words, known),
        more=words.gettext("Make room for one more who signed"), button=words.gettext("Save"), steps=[],
        about=clean_text(tell_title(head.title, words)), saved="", drafts="", agreements=agreements, mark=mark,
        back=f"{ADDRESS}/{reference}", state=refusal.say_kept(words), lead=None,
        explained=words.gettext(
            "Both sides see it as it is written here, and it is judged by it at once: nobody is asked about a date "
            "that no longer holds."
        ),
    )  # fmt: skip


def _describe(page: Page, typed: Sketch, known: Known, *, is_filling: bool) -> list[GroupView]:
    """The fields of the agreement; who signed, and when, is asked of the parties that are on record."""
    drawing = Drawing(parties={one.key: one.name for one in typed.parties})
    drawing.named = {one.key: one.key for one in typed.promises}
    new = next((one for one in typed.parties if one.key == NEW_PARTY), TypedParty(key=NEW_PARTY))
    typed.parties = [one for one in typed.parties if one.key != NEW_PARTY]
    return [
        describe_title(page, typed, is_new=False),
        *describe_places(page, typed.parties, new, known),
        *_fold_documents(describe_dates(page, typed, drawing, known, page.words.gettext("Make room for more"))),
        *describe_amended_more(page, typed, drawing, known, is_filling=is_filling),
        describe_end(page, typed),
    ]


def _fold_documents(groups: list[GroupView]) -> list[GroupView]:
    """Whence it is known is long, and seldom changed: open only where something is to be put right."""
    return [
        replace(one, is_open=any(field.fault for part in one.parts for field in part.fields)) if one.parts else one
        for one in groups
    ]


def _describe_why(page: Page, sent: Sent | None) -> GroupView:
    words = page.words
    help = words.gettext("It stands in the history beside your name; both sides can read it.")
    why = page.text("why", words.gettext("Why"), (sent.text("why") or "") if sent is not None else "", help)
    return GroupView(words.gettext("For the log"), (why,))
