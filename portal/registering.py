"""Registering an agreement step by step: what is typed is kept at each step, and the last one registers it."""

import re
from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from starlette.exceptions import HTTPException

from commitments.agreement_file import read_values
from commitments.awaited import load_waiting
from commitments.database import open_reading, open_unit
from commitments.difference import Imported
from commitments.errors import InvalidFiles
from commitments.file_checks import check_files
from commitments.file_slips import find_days
from commitments.filling import LONGEST_LINE
from commitments.log import Author
from commitments.reach import reconcile_reached
from commitments.register import import_agreement, open_rehearsal
from commitments.sketch import MOST_PROMISES, Sketch, Step, TypedParty, TypedPromise
from commitments.tables import party
from notifications.names import choose_words
from notifications.views import LinkView, clean_text, fit_text
from notifications.wording import Words
from portal.accepting import announce_imported, propose_people
from portal.fault_words import describe_oversteps, describe_problems
from portal.forms import Form, LongForm, Number, Sent
from portal.frame import find_words, show_framed_notice
from portal.history import find_head
from portal.house import Here, House
from portal.oversteps import NotTheirs
from portal.paging import write_address
from portal.people_queries import load_begun, load_unstaffed
from portal.policing import load_usual
from portal.registrations import Way, begin_registration, remove_registration
from portal.rights import check_rights
from portal.roles import Permission, Role, Viewer
from portal.sketches import (
    ADDRESS,
    Drawn,
    draw_anew,
    find_sketch,
    is_overtaken,
    link_step,
    load_sketch,
    mark_shown,
    save_sketch,
    sign_place,
)
from portal.step_fields import FaultView
from portal.step_pages import NEW, show_gone, show_promise_page, show_step_page
from portal.step_reading import take_dates, take_more, take_owners, take_parties, take_promise
from portal.taking_back import send_all
from portal.telling import tell_title
from portal.viewing import require

router = APIRouter()
Registering = Annotated[Viewer, Depends(require(Permission.REGISTER))]
WHY = "registered in the portal"
_BLANK = re.compile(rf"{NEW}-[0-9a-f]{{8}}")
"""The key of a form for one more commitment: its address, so that who goes back comes to what it has made."""
_KEY = re.compile(r"k\d{1,6}")
_LONGEST_KEY = 40
_TAKE: dict[Step, Callable[[Sketch, Sent, House], None]] = {
    Step.PARTIES: lambda sketch, sent, _: take_parties(sketch, sent),
    Step.DATES: lambda sketch, sent, _: take_dates(sketch, sent),
    Step.OWNERS: lambda sketch, sent, _: take_owners(sketch, sent),
    Step.MORE: lambda sketch, sent, house: take_more(sketch, sent, load_usual(house)),
}


@router.post(ADDRESS + "/drafts", response_class=HTMLResponse)
def post_begin(viewer: Registering, house: Here) -> Response:
    """Begin a new one, in the writer's language, with their own party in the first place."""
    sketch = Sketch(title_language=viewer.person.language.partition("-")[0])
    with open_unit(house.engine) as unit:
        own = "" if viewer.role is Role.ADMINISTRATOR else _name_own_party(unit, viewer)
        sketch.parties = [TypedParty(key=sketch.give_key(), name=own), TypedParty(key=sketch.give_key())]
        number = begin_registration(
            unit, viewer.person.id, Way.BY_HAND, "", sketch.model_dump(mode="json"), house.read_clock()
        )
    return RedirectResponse(link_step(number, Step.PARTIES), 303)


@router.api_route(ADDRESS + "/drafts/{number}/{step}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_step(
    number: Number, step: Step, request: Request, viewer: Registering, house: Here, faults: str = ""
) -> Response:
    """One step, filled with what was typed; what is wrong is shown to who comes from the last step."""
    drawn = find_sketch(house, viewer, number)
    if drawn is None:
        return show_gone(request, viewer)
    told: list[FaultView] = []
    if step is Step.CHECK and not drawn.drawing.flaws:
        told = _rehearse(house, viewer, drawn)
    return show_step_page(request, viewer, house, drawn, step, with_faults=bool(faults), others=told)


@router.post(ADDRESS + "/drafts/{number}/delete", response_class=HTMLResponse)
def post_delete(number: Number, viewer: Registering, house: Here) -> Response:
    """Let a draft go, or a file that was brought and not applied."""
    with open_unit(house.engine) as unit:
        remove_registration(unit, viewer.person.id, number)
    return RedirectResponse(ADDRESS, 303)


@router.post(ADDRESS + "/drafts/{number}/check", response_class=HTMLResponse)
def post_register(number: Number, request: Request, viewer: Registering, sent: Form, house: Here) -> Response:
    """Register it as it was shown; what keeps it from being registered is said instead. Who goes back to another step
    from here keeps the reason that was typed."""
    now, chosen = house.read_clock(), _read_chosen(number, sent)
    why = fit_text(sent.text("why") or "", LONGEST_LINE)
    try:
        with open_unit(house.engine) as unit:
            drawn = load_sketch(unit, house, viewer, number, hold=True)
            if drawn is None:
                return show_gone(request, viewer)
            if chosen:
                drawn.sketch.why = why
                save_sketch(unit, house, drawn)
                return RedirectResponse(chosen, 303)
            if sent.text("mark") not in (None, mark_shown(drawn.sketch)):
                return show_step_page(request, viewer, house, drawn, Step.CHECK, why=why, changed=True, status=409)
            if drawn.drawing.flaws:
                return show_step_page(request, viewer, house, drawn, Step.CHECK, status=422)
            author = Author(viewer.person.reference, now, why=why or WHY)
            imported = _register_plain(unit, house, viewer, author, drawn.drawing.plain)
            messages = announce_imported(unit, house, viewer, imported.reference, now, new=True)
            remove_registration(unit, viewer.person.id, number)
    except (InvalidFiles, NotTheirs) as refused:
        return _refuse(request, viewer, house, number, refused, why)
    send_all(house, messages)
    return RedirectResponse(f"{ADDRESS}/done/{imported.reference}", 303)


@router.post(ADDRESS + "/drafts/{number}/{step}", response_class=HTMLResponse)
def post_step(
    number: Number, step: Step, request: Request, viewer: Registering, sent: LongForm, house: Here
) -> Response:
    """Keep what was typed, whatever is wrong with it; go on if nothing is, or to the step that was chosen."""
    take = _TAKE.get(step)
    if take is None:
        raise HTTPException(405)
    with open_unit(house.engine) as unit:
        drawn = load_sketch(unit, house, viewer, number, hold=True)
        if drawn is None:
            return show_gone(request, viewer)
        found = draw_anew(unit, house, viewer, drawn.kept, drawn.sketch.model_copy(deep=True))
        take(drawn.sketch, sent, house)
        drawn = draw_anew(unit, house, viewer, drawn.kept, drawn.sketch)
        if drawn.sketch != found.sketch:
            if is_overtaken(found.sketch, step, sent):
                return show_step_page(request, viewer, house, drawn, step, found=found, status=409)
            sign_place(drawn.sketch, step, sent)
            save_sketch(unit, house, drawn)
    if chosen := _read_chosen(number, sent):
        return RedirectResponse(chosen, 303)
    if sent.text("do") in ("more", "stay"):
        return RedirectResponse(link_step(number, step), 303)
    if drawn.drawing.lacks(step):
        return show_step_page(request, viewer, house, drawn, step, with_faults=True, status=422)
    return RedirectResponse(link_step(number, step.following), 303)


@router.api_route(ADDRESS + "/drafts/{number}/commitments/{key}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_promise(
    number: Number, key: str, request: Request, viewer: Registering, house: Here, faults: str = ""
) -> Response:
    """One commitment by plain questions: a new one, or one written down before."""
    if key == NEW:
        return RedirectResponse(_link_blank(number), 303)
    drawn = find_sketch(house, viewer, number)
    if drawn is None:
        return show_gone(request, viewer)
    promise = drawn.sketch.find_promise(key)
    if promise is None and _BLANK.fullmatch(key):
        promise = TypedPromise(key=key)
    if promise is None:
        return RedirectResponse(link_step(number, Step.COMMITMENTS), 303)
    return show_promise_page(request, viewer, drawn, promise, key, with_faults=bool(faults))


@router.post(ADDRESS + "/drafts/{number}/commitments/{key}", response_class=HTMLResponse)
def post_promise(
    number: Number, key: str, request: Request, viewer: Registering, sent: LongForm, house: Here
) -> Response:
    """Keep the commitment as it was typed, and ask for the next, or go back to the list; or leave it out.

    What the same form sends once more, by a second press or after going back, changes what it made the first time.
    """
    chosen = _read_chosen(number, sent)
    with open_unit(house.engine) as unit:
        drawn = load_sketch(unit, house, viewer, number, hold=True)
        if drawn is None:
            return show_gone(request, viewer)
        sketch = drawn.sketch
        promise = sketch.find_promise(key)
        if promise is None:
            if len(sketch.promises) >= MOST_PROMISES:
                return show_step_page(request, viewer, house, drawn, Step.COMMITMENTS, status=422)
            promise = TypedPromise(made_by="" if key == NEW else key[:_LONGEST_KEY])
            take_promise(promise, sent)
            if chosen and _is_blank(promise):
                return RedirectResponse(chosen, 303)
            promise.key = sketch.give_key()
            sketch.promises.append(promise)
            key = promise.key if key == NEW else key
        found = promise.model_copy(deep=True)
        take_promise(promise, sent)
        if promise != found and is_overtaken(sketch, promise.key, sent):
            drawn = draw_anew(unit, house, viewer, drawn.kept, sketch)
            return show_promise_page(request, viewer, drawn, promise, key, found=found, status=409)
        sign_place(sketch, promise.key, sent)
        if sent.text("remove"):
            sketch.promises.remove(promise)
            sketch.written.pop(promise.key, None)
        drawn = draw_anew(unit, house, viewer, drawn.kept, sketch)
        save_sketch(unit, house, drawn)
    if chosen:
        return RedirectResponse(chosen, 303)
    if sent.text("do") == "stay" and not sent.text("remove"):
        return RedirectResponse(f"{link_step(number, Step.COMMITMENTS)}/{promise.key}", 303)
    if not sent.text("remove") and any(one.promise == promise.key for one in drawn.drawing.flaws):
        return show_promise_page(request, viewer, drawn, promise, key, with_faults=True, status=422)
    return RedirectResponse(
        _link_blank(number) if sent.text("do") == "more" else link_step(number, Step.COMMITMENTS), 303
    )


@router.api_route(ADDRESS + "/done/{reference}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_done(reference: str, request: Request, viewer: Registering, house: Here) -> Response:
    """What has come of it, and where to go on; 404 for an agreement that is not there, or not theirs to see."""
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        waiting = load_waiting(reading, head.id)
        unstaffed, reaches_nobody = load_unstaffed(reading, head.id, house.today_of(viewer.person, house.read_clock()))
        begun = load_begun(reading, viewer)
    words = find_words(viewer)
    said = [
        words.gettext(
            "From now on it is watched: its people are told of dates, silence and what nobody answers for, each in one "
            "message a day."
        )
        if not reaches_nobody
        else words.gettext("From now on it is watched, but nobody can be told of anything yet.")
    ]
    said += [
        words.gettext("Of %(party)s nobody in office can be reached: add people who are told.")
        % {"party": tell_title(one.names, words)}
        for one in unstaffed
    ]
    said += [
        words.gettext("%(name)s acts for %(party)s once a coordinator there has accepted them, who is asked on Home.")
        % {"name": clean_text(one.name), "party": clean_text(choose_words(one.names or {}, words.tag))}
        for one in waiting
    ]
    if not unstaffed:
        said.append(words.gettext("Nothing more is to be done here."))
    link = LinkView(words.gettext("Open the agreement"), f"/agreements/{reference}", "first")
    adding = [
        LinkView(
            words.gettext("Add people of %(party)s") % {"party": tell_title(one.names, words)},
            write_address("/add-person", {"party": one.reference}),
            "",
        )
        for one in unstaffed
        if one.id in begun or viewer.speaks_for(one.id)
    ]
    title = words.gettext("The agreement is registered")
    return show_framed_notice(request, viewer, title, " ".join(said), link=link, first=adding)


def _rehearse(house: House, viewer: Viewer, drawn: Drawn) -> list[FaultView]:
    """What would keep it from being registered that only the register can tell; nothing is left of the rehearsal."""
    author = Author(viewer.person.reference, house.read_clock(), why=WHY)
    try:
        with open_rehearsal(house.engine) as unit:
            _write_plain(unit, house, viewer, author, drawn.drawing.plain)
    except (InvalidFiles, NotTheirs) as refused:
        return _describe_refused(find_words(viewer), drawn, refused)
    return []


def _describe_refused(words: Words, drawn: Drawn, refused: InvalidFiles | NotTheirs) -> list[FaultView]:
    """What is wrong, or not theirs to register; of a new person by name, and where they were written down."""
    if isinstance(refused, InvalidFiles):
        return describe_problems(words, refused.problems)
    people = {reference: key for key, (_, reference) in drawn.drawing.people.items()}
    names = {one.key: one.name for one in drawn.sketch.people}
    faults: list[FaultView] = []
    for one in refused.oversteps:
        key = people.get(one.reference)
        named = replace(one, reference=names[key]) if key is not None else one
        (fault,) = describe_oversteps(words, [named])
        faults.append(
            replace(fault, link=f"{link_step(drawn.kept.id, Step.OWNERS)}#f-{key}-mail") if key is not None else fault
        )
    return faults


def _register_plain(unit: Any, house: House, viewer: Viewer, author: Author, plain: dict[str, Any]) -> Imported:
    """Write a drawn agreement into the register, and look at it at once.

    Raises InvalidFiles for what only the register can tell, NotTheirs for what the viewer may not change.
    """
    imports = _write_plain(unit, house, viewer, author, plain)
    reconcile_reached(unit, imports, author.at, house.today(author.at))
    return imports[-1]


def _write_plain(unit: Any, house: House, viewer: Viewer, author: Author, plain: dict[str, Any]) -> list[Imported]:
    today, imports = house.today(author.at), []
    # First its people, then what they answer for: a file that writes out some contacts of a party may name no others.
    parties = [{name: value for name, value in one.items() if name != "contacts"} for one in plain["parties"]]
    for part in (plain | {"commitments": [], "budget": []}, plain | {"parties": parties}):
        file = read_values(part, "")
        check_files(unit, [file], find_days(author.at, today))
        imported = import_agreement(unit, file.form, author, today)
        check_rights(unit, viewer, house.settings.administrator_addresses, imported, today)
        propose_people(unit, viewer, author, imported, today)
        imports.append(imported)
    return imports


def _name_own_party(reading: Any, viewer: Viewer) -> str:
    names = reading.execute(select(party.c.names).where(party.c.id == viewer.person.party_id)).scalar_one()
    return choose_words(names or {}, viewer.person.language) or viewer.party


def _read_chosen(number: int, sent: Sent) -> str:
    """Where a button at the top leads once what was typed is kept; empty if none of them was pressed."""
    go = sent.text("go")
    if go == "drafts":
        return ADDRESS
    if go is not None and _KEY.fullmatch(go):
        return f"{link_step(number, Step.COMMITMENTS)}/{go}"
    return link_step(number, Step(go)) if go in list(Step) else ""


def _is_blank(promise: TypedPromise) -> bool:
    """Whether nothing is said of it yet; which language its words would be in says nothing."""
    said = promise.model_copy(update={"made_by": "", "quote_language": ""})
    return said == TypedPromise()


def _link_blank(number: int) -> str:
    return f"{link_step(number, Step.COMMITMENTS)}/{NEW}-{token_hex(4)}"


def _refuse(
    request: Request, viewer: Viewer, house: House, number: int, refused: InvalidFiles | NotTheirs, why: str
) -> Response:
    drawn = find_sketch(house, viewer, number)
    if drawn is None:
        return show_gone(request, viewer)
    faults = _describe_refused(find_words(viewer), drawn, refused)
    return show_step_page(request, viewer, house, drawn, Step.CHECK, others=faults, why=why, status=422)
