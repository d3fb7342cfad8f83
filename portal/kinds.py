"""The kind of a commitment, changed by a coordinator through the plain questions with which it was chosen."""

from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from commitments.deciding import amend_terms
from commitments.log import Author
from commitments.sketch import Step, TypedPromise
from commitments.sketch_flaws import Flaw, Lack
from commitments.terms import Undrawn, read_kind, type_kind
from commitments.vocabulary import CommitmentKind
from portal.acting import Acted, AtPromise, at_promise, lead_to, title_of
from portal.agreements import ADDRESS
from portal.forms import Form, Sent
from portal.frame import show_framed
from portal.promise_views import describe_kind
from portal.record_views import describe_why
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.roles import Permission
from portal.standing import tell_standing_groups
from portal.step_fields import FaultView, GroupView, Page
from portal.step_reading import take_kind
from portal.terms import check_reason

router = APIRouter()
Amending = Annotated[AtPromise, Depends(at_promise(Permission.AMEND))]
KIND = ADDRESS + "/{reference}/commitments/{promise}/kind"


@router.api_route(KIND, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_kind(at: Amending) -> Response:
    """The questions, answered as it is on record."""
    return _show(at)


@router.post(KIND, response_class=HTMLResponse)
def post_kind(at: Amending, sent: Form) -> Response:
    """Change it, with a reason; the commitment is judged as what it is now at once."""

    def write(unit: Connection, author: Author, acted: Acted, today: date) -> None:
        columns = read_kind(acted.row, _take(acted, sent), check_reason(author.why))
        if not amend_terms(unit, author, acted.name, columns, today):
            raise Undrawn([Flaw(Step.COMMITMENTS, "", Lack.NOTHING_CHANGED)])

    return write_or_show(
        lambda: lead_to(at.write(sent, write).address, "kind"),
        lambda refusal: _show(at, sent, refusal),
    )


def _take(acted: Acted, sent: Sent) -> TypedPromise:
    typed = type_kind(acted.row)
    take_kind(typed, sent)
    return typed


def _show(at: AtPromise, sent: Sent | None = None, refusal: Refusal = NOT_REFUSED) -> Response:
    words, acted = at.words, at.read()
    page = Page(words, refusal.undrawn)
    groups = describe_kind(page, _take(acted, sent) if sent is not None else type_kind(acted.row))
    told: list[FaultView] = []
    if refusal.has_changed:
        groups, told = tell_standing_groups(words, groups, describe_kind(Page(words), type_kind(acted.row)))
    why = describe_why(words, (sent.text("why") or "") if sent is not None else "")
    groups.append(GroupView(words.gettext("For the log"), (replace(why, fault=page.find_fault("why", why.label)),)))
    return show_framed(
        at.request, "step.html", at.viewer, words.gettext("Change the kind"), status=refusal.status,
        groups=groups, faults=[*page.finish(), *told], action=f"{acted.address}/kind", offered=[], remove="", more="",
        button=words.gettext("Save"), steps=[], about=title_of(words, acted.row), saved="", drafts="", agreements=[],
        back=acted.address, mark=acted.mark, state=refusal.say_kept(words), lead=None,
        explained=words.gettext(
            "It is now of the kind “%(kind)s”. What it is to be follows from the answers; it is judged by them at "
            "once, and the date first promised stays on record."
        ) % {"kind": words.name_kind(CommitmentKind(acted.row.kind))},
    )  # fmt: skip
