"""The pages of the steps for registering: one step, one commitment, and what stands about each."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from commitments.database import open_reading
from commitments.sketch import MOST_PROMISES, Sketch, Step, TypedPromise
from notifications.views import LinkView, clean_text, fit_text
from notifications.wording import Words
from portal.frame import find_words, show_framed, show_framed_notice
from portal.house import House
from portal.more_views import describe_more
from portal.offering import list_known_agreements
from portal.policing import load_usual
from portal.promise_views import describe_promise
from portal.roles import Viewer
from portal.sketches import ADDRESS, Drawn, link_step, make_mark, mark_shown
from portal.standing import tell_standing_groups
from portal.step_fields import FaultView, GroupView, Page
from portal.step_views import describe_dates, describe_owners, describe_parties, name_parties, offer_parties
from portal.step_words import name_step
from portal.summing_up import describe_sketch, list_promises
from portal.telling import tell_moment

NEW = "new"
_LEFT_OVER = 2000
_SHORT = 60


@dataclass(frozen=True, slots=True)
class StepView:
    """One step in the list of steps."""

    text: str
    link: str
    key: str
    current: bool


def _say_overtaken(words: Words) -> str:
    return words.gettext(
        "This was not saved, because the draft has been changed in another window meanwhile. What you typed is still "
        "here, and where it differs from the draft as it stands now, that is said beside it."
    )


def _say_changed(words: Words) -> str:
    return words.gettext(
        "Nothing was registered, because the draft has been changed in another window since this page was shown. "
        "Here is how it stands now: look it through, and register it then."
    )


def show_gone(request: Request, viewer: Viewer) -> HTMLResponse:
    words = find_words(viewer)
    text = words.gettext("It was registered or deleted meanwhile, perhaps by yourself in another window.")
    link = LinkView(words.gettext("To the agreements"), "/agreements", "first")
    return show_framed_notice(
        request, viewer, words.gettext("This draft is not there any more"), text, status=404, link=link
    )


def _describe_frame(words: Words, viewer: Viewer, drawn: Drawn, step: Step) -> dict[str, Any]:
    title = clean_text(drawn.sketch.title) or words.gettext("A new agreement")
    number = drawn.kept.id
    return {
        "steps": [StepView(name_step(words, one), link_step(number, one), str(one), one is step) for one in Step],
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


def show_step_page(
    request: Request,
    viewer: Viewer,
    house: House,
    drawn: Drawn,
    step: Step,
    *,
    with_faults: bool = False,
    others: list[FaultView] | None = None,
    why: str = "",
    found: Drawn | None = None,
    changed: bool = False,
    status: int = 200,
) -> Response:
    """One step; over what is `found` written by another form, what was typed stays in it.

    The last of them says so where the draft has `changed` since it was shown.
    """
    words, sketch, drawing, known = find_words(viewer), drawn.sketch, drawn.drawing, drawn.known
    view = _describe_frame(words, viewer, drawn, step)
    title = name_step(words, step)
    if step is Step.COMMITMENTS:
        return show_framed(
            request, "step_commitments.html", viewer, title, status=status,
            promises=list(list_promises(words, sketch, drawing, link_step(drawn.kept.id, step), known)),
            add=f"{link_step(drawn.kept.id, step)}/{NEW}",
            is_full=len(sketch.promises) >= MOST_PROMISES,
            next=link_step(drawn.kept.id, Step.OWNERS), **view,
        )  # fmt: skip
    if step is Step.CHECK:
        view["mark"] = mark_shown(sketch)
        if changed:
            view["state"] = _say_changed(words)
        check = describe_sketch(
            words, sketch, drawing, known, f"{ADDRESS}/drafts/{drawn.kept.id}", others or [], drawn.twins, drawn.own
        )
        return show_framed(
            request, "step_check.html", viewer, title, status=status,
            action=link_step(drawn.kept.id, step), why=why or sketch.why, more=link_step(drawn.kept.id, Step.MORE),
            form="step" if check.ready else "",
            delete=f"{ADDRESS}/drafts/{drawn.kept.id}/delete",
            saved_at=tell_moment(words, drawn.kept.saved_at, viewer.person.time_zone),
            check=check, **view,
        )  # fmt: skip
    page = Page(words, drawing.lacks(step) if with_faults else ())
    groups = _describe_groups(page, step, drawn, house)
    told: list[FaultView] = []
    view["mark"] = make_mark(sketch, step)
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
        action=link_step(drawn.kept.id, step), more=more.get(step, ""), button=words.gettext("Save and go on"),
        remove="", offered=offer_parties(words, known) if step is Step.PARTIES else [],
        agreements=_offer_agreements(house, viewer, words) if step is Step.MORE else [],
        explained=words.gettext("All of this may stay empty. Open what the agreement says something about.")
        if step is Step.MORE else "", **view,
    )  # fmt: skip


def _offer_agreements(house: House, viewer: Viewer, words: Words) -> list[tuple[str, str]]:
    with open_reading(house.engine) as reading:
        return list_known_agreements(reading, viewer, words)


def _describe_groups(page: Page, step: Step, drawn: Drawn, house: House) -> list[GroupView]:
    if step is Step.MORE:
        return describe_more(page, drawn.sketch, drawn.drawing, drawn.known, load_usual(house))
    if step is Step.PARTIES:
        return describe_parties(page, drawn.sketch, drawn.known)
    if step is Step.DATES:
        return describe_dates(page, drawn.sketch, drawn.drawing, drawn.known)
    return describe_owners(page, drawn.sketch, drawn.drawing, drawn.known)


def show_promise_page(
    request: Request,
    viewer: Viewer,
    drawn: Drawn,
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
    view["mark"] = make_mark(drawn.sketch, promise.key)
    if found is not None:
        there = describe_promise(Page(words), found, names, drawn.drawing.documents)
        groups, told = tell_standing_groups(words, groups, there)
        view["state"] = _say_overtaken(words)
    number = 1 + next(
        (at for at, one in enumerate(drawn.sketch.promises) if one.key == promise.key), len(drawn.sketch.promises)
    )
    return show_framed(
        request, "step.html", viewer, words.gettext("Commitment %(number)s") % {"number": number}, status=status,
        groups=groups, faults=[*page.finish(), *told], action=f"{link_step(drawn.kept.id, Step.COMMITMENTS)}/{key}",
        more=words.gettext("Save, and add another commitment"), button=words.gettext("Save"), offered=[],
        agreements=[], explained="",
        remove=words.gettext("Leave this commitment out") if promise in drawn.sketch.promises else "",
        **view,
    )  # fmt: skip
