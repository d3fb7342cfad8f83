"""Registering an agreement step by step: what is typed is kept at each step, and the last one registers it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from starlette.exceptions import HTTPException

from commitments.agreement_file import read_values
from commitments.database import open_reading, open_unit
from commitments.difference import Imported
from commitments.errors import InvalidFiles
from commitments.file_checks import check_files
from commitments.filling import LONGEST_LINE
from commitments.log import Author
from commitments.reconcile import reconcile_agreement
from commitments.references import find_agreement
from commitments.register import import_agreement, open_rehearsal
from commitments.sketch import MOST_PROMISES, Sketch, Step, TypedParty, TypedPromise, read_sketch
from commitments.sketch_flaws import Drawing
from commitments.sketch_known import Known, load_known
from commitments.sketching import draw_sketch
from commitments.tables import party
from notifications.names import choose_words
from notifications.views import LinkView, clean_text, fit_text
from notifications.wording import Words
from portal.accepting import announce_imported, load_waiting, propose_people
from portal.fault_words import describe_oversteps, describe_problems
from portal.forms import Form, LongForm, Number, Sent
from portal.frame import find_words, show_framed, show_framed_notice
from portal.history import find_head
from portal.house import Here, House
from portal.more_views import describe_more
from portal.offering import list_known_agreements
from portal.policing import load_usual
from portal.promise_views import describe_promise
from portal.registrations import (
    Registration,
    Way,
    begin_registration,
    find_registration,
    remove_registration,
    save_registration,
)
from portal.rights import NotTheirs, check_rights
from portal.roles import Permission, Role, Viewer, select_visible_agreements
from portal.standing import tell_standing_groups
from portal.step_fields import FaultView, GroupView, Page
from portal.step_reading import take_dates, take_more, take_owners, take_parties, take_promise
from portal.step_views import describe_dates, describe_owners, describe_parties, name_parties, offer_parties
from portal.step_words import name_step
from portal.summing_up import describe_sketch, list_promises
from portal.taking_back import send_all
from portal.telling import tell_moment
from portal.twins import find_twins
from portal.viewing import require

router = APIRouter()
Registering = Annotated[Viewer, Depends(require(Permission.REGISTER))]
ADDRESS = "/register"
WHY = "registered in the portal"
NEW = "new"
_BLANK = re.compile(rf"{NEW}-[0-9a-f]{{8}}")
"""The key of a form for one more commitment: its address, so that who goes back comes to what it has made."""
_KEY = re.compile(r"k\d{1,6}")
_LONGEST_KEY = 40
_LEFT_OVER = 2000
_NAME = 8
_SHORT = 60
_TAKE: dict[Step, Callable[[Sketch, Sent, House], None]] = {
    Step.PARTIES: lambda sketch, sent, _: take_parties(sketch, sent),
    Step.DATES: lambda sketch, sent, _: take_dates(sketch, sent),
    Step.OWNERS: lambda sketch, sent, _: take_owners(sketch, sent),
    Step.MORE: lambda sketch, sent, house: take_more(sketch, sent, load_usual(house)),
}


@dataclass(frozen=True, slots=True)
class StepView:
    """One step in the list of steps."""

    text: str
    link: str
    key: str
    current: bool


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A person's sketch with what it comes to today."""

    kept: Registration
    sketch: Sketch
    known: Known
    drawing: Drawing
    twins: tuple[str, ...] = ()
    own: str | None = None
    """The party of who writes it; an administrator writes for none."""


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
    return RedirectResponse(_link(number, Step.PARTIES), 303)


@router.api_route(ADDRESS + "/drafts/{number}/{step}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_step(
    number: Number, step: Step, request: Request, viewer: Registering, house: Here, faults: str = ""
) -> Response:
    """One step, filled with what was typed; what is wrong is shown to who comes from the last step."""
    drawn = _find(house, viewer, number)
    if drawn is None:
        return _show_gone(request, viewer)
    told: list[FaultView] = []
    if step is Step.CHECK and not drawn.drawing.flaws:
        told = _rehearse(house, viewer, drawn)
    return _show(request, viewer, house, drawn, step, with_faults=bool(faults), others=told)


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
            drawn = _load(unit, house, viewer, number, hold=True)
            if drawn is None:
                return _show_gone(request, viewer)
            if chosen:
                drawn.sketch.why = why
                _save(unit, house, drawn)
                return RedirectResponse(chosen, 303)
            if drawn.drawing.flaws:
                return _show(request, viewer, house, drawn, Step.CHECK, status=422)
            author = Author(viewer.person.reference, now, why=why or WHY)
            imported = register_plain(unit, house, viewer, author, drawn.drawing.plain)
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
        drawn = _load(unit, house, viewer, number, hold=True)
        if drawn is None:
            return _show_gone(request, viewer)
        found = _draw(unit, house, viewer, drawn.kept, drawn.sketch.model_copy(deep=True))
        take(drawn.sketch, sent, house)
        drawn = _draw(unit, house, viewer, drawn.kept, drawn.sketch)
        if drawn.sketch != found.sketch:
            if _is_overtaken(found.sketch, step, sent):
                return _show(request, viewer, house, drawn, step, found=found, status=409)
            _sign(drawn.sketch, step, sent)
            _save(unit, house, drawn)
    if chosen := _read_chosen(number, sent):
        return RedirectResponse(chosen, 303)
    if sent.text("do") in ("more", "stay"):
        return RedirectResponse(_link(number, step), 303)
    if drawn.drawing.lacks(step):
        return _show(request, viewer, house, drawn, step, with_faults=True, status=422)
    return RedirectResponse(_link(number, step.following), 303)


@router.api_route(ADDRESS + "/drafts/{number}/commitments/{key}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_promise(
    number: Number, key: str, request: Request, viewer: Registering, house: Here, faults: str = ""
) -> Response:
    """One commitment by plain questions: a new one, or one written down before."""
    if key == NEW:
        return RedirectResponse(_link_blank(number), 303)
    drawn = _find(house, viewer, number)
    if drawn is None:
        return _show_gone(request, viewer)
    promise = drawn.sketch.find_promise(key)
    if promise is None and _BLANK.fullmatch(key):
        promise = TypedPromise(key=key)
    if promise is None:
        return RedirectResponse(_link(number, Step.COMMITMENTS), 303)
    return _show_promise(request, viewer, drawn, promise, key, with_faults=bool(faults))


@router.post(ADDRESS + "/drafts/{number}/commitments/{key}", response_class=HTMLResponse)
def post_promise(
    number: Number, key: str, request: Request, viewer: Registering, sent: LongForm, house: Here
) -> Response:
    """Keep the commitment as it was typed, and ask for the next, or go back to the list; or leave it out.

    What the same form sends once more, by a second press or after going back, changes what it made the first time.
    """
    chosen = _read_chosen(number, sent)
    with open_unit(house.engine) as unit:
        drawn = _load(unit, house, viewer, number, hold=True)
        if drawn is None:
            return _show_gone(request, viewer)
        sketch = drawn.sketch
        promise = sketch.find_promise(key)
        if promise is None:
            if len(sketch.promises) >= MOST_PROMISES:
                return _show(request, viewer, house, drawn, Step.COMMITMENTS, status=422)
            promise = TypedPromise(made_by="" if key == NEW else key[:_LONGEST_KEY])
            take_promise(promise, sent)
            if chosen and _is_blank(promise):
                return RedirectResponse(chosen, 303)
            promise.key = sketch.give_key()
            sketch.promises.append(promise)
            key = promise.key if key == NEW else key
        found = promise.model_copy(deep=True)
        take_promise(promise, sent)
        if promise != found and _is_overtaken(sketch, promise.key, sent):
            drawn = _draw(unit, house, viewer, drawn.kept, sketch)
            return _show_promise(request, viewer, drawn, promise, key, found=found, status=409)
        _sign(sketch, promise.key, sent)
        if sent.text("remove"):
            sketch.promises.remove(promise)
            sketch.written.pop(promise.key, None)
        drawn = _draw(unit, house, viewer, drawn.kept, sketch)
        _save(unit, house, drawn)
    if chosen:
        return RedirectResponse(chosen, 303)
    if sent.text("do") == "stay" and not sent.text("remove"):
        return RedirectResponse(f"{_link(number, Step.COMMITMENTS)}/{promise.key}", 303)
    if not sent.text("remove") and any(one.promise == promise.key for one in drawn.drawing.flaws):
        return _show_promise(request, viewer, drawn, promise, key, with_faults=True, status=422)
    return RedirectResponse(_link_blank(number) if sent.text("do") == "more" else _link(number, Step.COMMITMENTS), 303)


@router.api_route(ADDRESS + "/done/{reference}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_done(reference: str, request: Request, viewer: Registering, house: Here) -> Response:
    """What has come of it, and where to go on; 404 for an agreement that is not there, or not theirs to see."""
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        waiting = load_waiting(reading, head.id)
    words = find_words(viewer)
    said = [
        words.gettext(
            "From now on it is watched: its people are told of dates, silence and what nobody answers for, each in one "
            "message a day."
        )
    ]
    said += [
        words.gettext("%(name)s acts for %(party)s once a coordinator there has accepted them, who is asked on Home.")
        % {"name": clean_text(one.name), "party": clean_text(choose_words(one.names or {}, words.tag))}
        for one in waiting
    ]
    text = " ".join([*said, words.gettext("Nothing more is to be done here.")])
    link = LinkView(words.gettext("Open the agreement"), f"/agreements/{reference}", "first")
    return show_framed_notice(request, viewer, words.gettext("The agreement is registered"), text, link=link)


def _rehearse(house: House, viewer: Viewer, drawn: _Drawn) -> list[FaultView]:
    """What would keep it from being registered that only the register can tell; nothing is left of the rehearsal."""
    author = Author(viewer.person.reference, house.read_clock(), why=WHY)
    try:
        with open_rehearsal(house.engine) as unit:
            _write_plain(unit, house, viewer, author, drawn.drawing.plain)
    except (InvalidFiles, NotTheirs) as refused:
        return _describe_refused(find_words(viewer), drawn, refused)
    return []


def _describe_refused(words: Words, drawn: _Drawn, refused: InvalidFiles | NotTheirs) -> list[FaultView]:
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
            replace(fault, link=f"{_link(drawn.kept.id, Step.OWNERS)}#f-{key}-mail") if key is not None else fault
        )
    return faults


def register_plain(unit: Any, house: House, viewer: Viewer, author: Author, plain: dict[str, Any]) -> Imported:
    """Write a drawn agreement into the register, and look at it at once.

    Raises InvalidFiles for what only the register can tell, NotTheirs for what the viewer may not change.
    """
    imported = _write_plain(unit, house, viewer, author, plain)
    reconcile_agreement(unit, find_agreement(unit, imported.reference).id, author.at, house.today(author.at))
    return imported


def _write_plain(unit: Any, house: House, viewer: Viewer, author: Author, plain: dict[str, Any]) -> Imported:
    today = house.today(author.at)
    # First its people, then what they answer for: a file that writes out some contacts of a party may name no others.
    parties = [{name: value for name, value in one.items() if name != "contacts"} for one in plain["parties"]]
    for part in (plain | {"commitments": [], "budget": []}, plain | {"parties": parties}):
        file = read_values(part, "")
        check_files(unit, [file])
        imported = import_agreement(unit, file.form, author, today)
        check_rights(unit, viewer, house.settings.administrator_addresses, imported, today)
        propose_people(unit, viewer, author, imported, today)
    return imported


def _name_own_party(reading: Any, viewer: Viewer) -> str:
    names = reading.execute(select(party.c.names).where(party.c.id == viewer.person.party_id)).scalar_one()
    return choose_words(names or {}, viewer.person.language) or viewer.party


def _find(house: House, viewer: Viewer, number: int) -> _Drawn | None:
    with open_reading(house.engine) as reading:
        return _load(reading, house, viewer, number)


def _load(reading: Any, house: House, viewer: Viewer, number: int, *, hold: bool = False) -> _Drawn | None:
    kept = find_registration(reading, viewer.person.id, number, Way.BY_HAND, hold=hold)
    return _draw(reading, house, viewer, kept, read_sketch(kept.content)) if kept is not None else None


def _draw(reading: Any, house: House, viewer: Viewer, kept: Registration, sketch: Sketch) -> _Drawn:
    today = house.today_of(viewer.person, house.read_clock())
    known = load_known(reading, sketch, today, select_visible_agreements(viewer))
    own = None if viewer.role is Role.ADMINISTRATOR else viewer.party
    drawing = draw_sketch(sketch, known, own)
    return _Drawn(kept, sketch, known, drawing, find_twins(reading, drawing, select_visible_agreements(viewer)), own)


def _save(unit: Any, house: House, drawn: _Drawn) -> None:
    content = drawn.sketch.model_dump(mode="json")
    save_registration(unit, drawn.kept.id, drawn.sketch.title, content, house.read_clock())


def _link(number: int, step: Step) -> str:
    return f"{ADDRESS}/drafts/{number}/{step}"


def _read_chosen(number: int, sent: Sent) -> str:
    """Where a button at the top leads once what was typed is kept; empty if none of them was pressed."""
    go = sent.text("go")
    if go == "drafts":
        return ADDRESS
    if go is not None and _KEY.fullmatch(go):
        return f"{_link(number, Step.COMMITMENTS)}/{go}"
    return _link(number, Step(go)) if go in list(Step) else ""


def _make_mark(sketch: Sketch, place: str) -> str:
    """The name of a form of its own, and that of the form that wrote before it what it shows."""
    return token_hex(_NAME // 2) + sketch.written.get(place, "")


def _is_overtaken(sketch: Sketch, place: str, sent: Sent) -> bool:
    """Whether another form has written here since this one was shown; what this one has written itself is its own."""
    mark, last = sent.text("mark") or "", sketch.written.get(place, "")
    return bool(mark) and last not in (mark[:_NAME], mark[_NAME:])


def _sign(sketch: Sketch, place: str, sent: Sent) -> None:
    if mark := sent.text("mark"):
        sketch.written[str(place)] = mark[:_NAME]


def _say_overtaken(words: Words) -> str:
    return words.gettext(
        "This was not saved, because the draft has been changed in another window meanwhile. What you typed is still "
        "here, and where it differs from the draft as it stands now, that is said beside it."
    )


def _is_blank(promise: TypedPromise) -> bool:
    """Whether nothing is said of it yet; which language its words would be in says nothing."""
    said = promise.model_copy(update={"made_by": "", "quote_language": ""})
    return said == TypedPromise()


def _link_blank(number: int) -> str:
    return f"{_link(number, Step.COMMITMENTS)}/{NEW}-{token_hex(4)}"


def _show_gone(request: Request, viewer: Viewer) -> HTMLResponse:
    words = find_words(viewer)
    text = words.gettext("It was registered or deleted meanwhile, perhaps by yourself in another window.")
    link = LinkView(words.gettext("To the agreements"), "/agreements", "first")
    return show_framed_notice(
        request, viewer, words.gettext("This draft is not there any more"), text, status=404, link=link
    )


def _refuse(
    request: Request, viewer: Viewer, house: House, number: int, refused: InvalidFiles | NotTheirs, why: str
) -> Response:
    drawn = _find(house, viewer, number)
    if drawn is None:
        return _show_gone(request, viewer)
    faults = _describe_refused(find_words(viewer), drawn, refused)
    return _show(request, viewer, house, drawn, Step.CHECK, others=faults, why=why, status=422)


def _describe_frame(words: Words, viewer: Viewer, drawn: _Drawn, step: Step) -> dict[str, Any]:
    title = clean_text(drawn.sketch.title) or words.gettext("A new agreement")
    number = drawn.kept.id
    return {
        "steps": [StepView(name_step(words, one), _link(number, one), str(one), one is step) for one in Step],
        "about": fit_text(title, _SHORT),
        "saved": words.gettext("Kept as a draft: you can leave and come back."),
        "drafts": ADDRESS,
        "back": "",
        "mark": "",
        "state": _tell_left_over(words, drawn.sketch),
        "lead": None,
    }


def _tell_left_over(words: Words, sketch: Sketch) -> str:
    if not sketch.left_over:
        return ""
    return words.gettext("This was typed in fields that there are no more; please type it in again: %(texts)s") % {
        "texts": fit_text(clean_text(words.gettext("; ").join(sketch.left_over)), _LEFT_OVER)
    }


def _show(
    request: Request,
    viewer: Viewer,
    house: House,
    drawn: _Drawn,
    step: Step,
    *,
    with_faults: bool = False,
    others: list[FaultView] | None = None,
    why: str = "",
    found: _Drawn | None = None,
    status: int = 200,
) -> Response:
    """One step; over what is `found` written by another form, what was typed stays in it."""
    words, sketch, drawing, known = find_words(viewer), drawn.sketch, drawn.drawing, drawn.known
    view = _describe_frame(words, viewer, drawn, step)
    title = name_step(words, step)
    if step is Step.COMMITMENTS:
        return show_framed(
            request, "step_commitments.html", viewer, title, status=status,
            promises=list(list_promises(words, sketch, drawing, _link(drawn.kept.id, step), known)),
            add=f"{_link(drawn.kept.id, step)}/{NEW}",
            is_full=len(sketch.promises) >= MOST_PROMISES,
            next=_link(drawn.kept.id, Step.OWNERS), **view,
        )  # fmt: skip
    if step is Step.CHECK:
        check = describe_sketch(
            words, sketch, drawing, known, f"{ADDRESS}/drafts/{drawn.kept.id}", others or [], drawn.twins, drawn.own
        )
        return show_framed(
            request, "step_check.html", viewer, title, status=status,
            action=_link(drawn.kept.id, step), why=why or sketch.why, more=_link(drawn.kept.id, Step.MORE),
            form="step" if check.ready else "",
            delete=f"{ADDRESS}/drafts/{drawn.kept.id}/delete",
            saved_at=tell_moment(words, drawn.kept.saved_at, viewer.person.time_zone),
            check=check, **view,
        )  # fmt: skip
    page = Page(words, drawing.lacks(step) if with_faults else ())
    groups = _describe_groups(page, step, drawn, house)
    told: list[FaultView] = []
    view["mark"] = _make_mark(sketch, step)
    if found is not None:
        groups, told = tell_standing_groups(words, groups, _describe_groups(Page(words), step, found, house))
        view["state"] = _say_overtaken(words)
    more = {
        Step.PARTIES: words.gettext("Save, and add another party"),
        Step.DATES: words.gettext("Save, and add another who signed"),
        Step.OWNERS: words.gettext("Save, and add a person"),
    }
    return show_framed(
        request, "step.html", viewer, title, status=status, groups=groups, faults=[*page.finish(), *told],
        action=_link(drawn.kept.id, step), more=more.get(step, ""), button=words.gettext("Save and go on"), remove="",
        offered=offer_parties(words, known) if step is Step.PARTIES else [],
        agreements=_offer_agreements(house, viewer, words) if step is Step.MORE else [],
        explained=words.gettext("All of this may stay empty. Open what the agreement says something about.")
        if step is Step.MORE else "", **view,
    )  # fmt: skip


def _offer_agreements(house: House, viewer: Viewer, words: Words) -> list[tuple[str, str]]:
    with open_reading(house.engine) as reading:
        return list_known_agreements(reading, viewer, words)


def _describe_groups(page: Page, step: Step, drawn: _Drawn, house: House) -> list[GroupView]:
    if step is Step.MORE:
        return describe_more(page, drawn.sketch, drawn.drawing, drawn.known, load_usual(house))
    if step is Step.PARTIES:
        return describe_parties(page, drawn.sketch, drawn.known)
    if step is Step.DATES:
        return describe_dates(page, drawn.sketch, drawn.drawing, drawn.known)
    return describe_owners(page, drawn.sketch, drawn.drawing, drawn.known)


def _show_promise(
    request: Request,
    viewer: Viewer,
    drawn: _Drawn,
    promise: TypedPromise,
    key: str,
    *,
    with_faults: bool = False,
    found: TypedPromise | None = None,
    status: int = 200,
) -> Response:
    words, view = find_words(viewer), _describe_frame(find_words(viewer), viewer, drawn, Step.COMMITMENTS)
    flaws = [one for one in drawn.drawing.flaws if one.promise == promise.key]
    page = Page(words, flaws if with_faults else ())
    names = name_parties(words, drawn.sketch, drawn.drawing, drawn.known)
    groups = describe_promise(page, promise, names, drawn.drawing.documents)
    told: list[FaultView] = []
    view["mark"] = _make_mark(drawn.sketch, promise.key)
    if found is not None:
        there = describe_promise(Page(words), found, names, drawn.drawing.documents)
        groups, told = tell_standing_groups(words, groups, there)
        view["state"] = _say_overtaken(words)
    number = 1 + next(
        (at for at, one in enumerate(drawn.sketch.promises) if one.key == promise.key), len(drawn.sketch.promises)
    )
    return show_framed(
        request, "step.html", viewer, words.gettext("Commitment %(number)s") % {"number": number}, status=status,
        groups=groups, faults=[*page.finish(), *told], action=f"{_link(drawn.kept.id, Step.COMMITMENTS)}/{key}",
        more=words.gettext("Save, and add another commitment"), button=words.gettext("Save"), offered=[],
        agreements=[], explained="",
        remove=words.gettext("Leave this commitment out") if promise in drawn.sketch.promises else "",
        **view,
    )  # fmt: skip
