"""The terms of a commitment, changed by a coordinator: how often, how much, on what condition, who does the work."""

from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from commitments.deciding import amend_terms
from commitments.filling import LONGEST_LINE
from commitments.log import Author
from commitments.sketch import Step, TypedPromise
from commitments.sketch_flaws import Flaw, Lack
from commitments.terms import Undrawn, read_terms, type_terms
from portal.acting import Acted, AtPromise, at_promise, lead_to
from portal.agreements import ADDRESS
from portal.forms import Form, Sent
from portal.pages import FieldView, FormView
from portal.promise_views import describe_place, describe_terms
from portal.record_views import describe_why
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.roles import Permission
from portal.standing import tell_standing
from portal.step_fields import GroupView, Page
from portal.step_reading import take_terms

router = APIRouter()
Amending = Annotated[AtPromise, Depends(at_promise(Permission.AMEND))]
TERMS = ADDRESS + "/{reference}/commitments/{promise}/terms"


@router.api_route(TERMS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_terms(at: Amending) -> Response:
    """The terms as they are on record."""
    return _show(at)


@router.post(TERMS, response_class=HTMLResponse)
def post_terms(at: Amending, sent: Form) -> Response:
    """Change them, with a reason; the agreement is judged anew at once."""

    def write(unit: Connection, author: Author, acted: Acted, today: date) -> None:
        terms = read_terms(acted.row, _take(acted, sent), check_reason(author.why), acted.head.sources)
        if not amend_terms(unit, author, acted.name, terms, today):
            raise Undrawn([Flaw(Step.COMMITMENTS, "", Lack.NOTHING_CHANGED)])

    return write_or_show(
        lambda: lead_to(at.write(sent, write).address, "terms"),
        lambda refusal: _show(at, sent, refusal),
    )


def check_reason(why: str | None) -> list[Flaw]:
    """What is wrong with the reason for a change."""
    if not why:
        return [Flaw(Step.COMMITMENTS, "why", Lack.MISSING)]
    too_long = Flaw(Step.COMMITMENTS, "why", Lack.TOO_LONG, str(LONGEST_LINE))
    return [too_long] if len(why) > LONGEST_LINE else []


def _take(acted: Acted, sent: Sent) -> TypedPromise:
    typed = type_terms(acted.row)
    take_terms(typed, sent)
    return typed


def _describe(page: Page, acted: Acted, typed: TypedPromise) -> tuple[list[FieldView], GroupView | None]:
    """The fields of the terms, and of where they stand, if there is a document in which they could."""
    documents = [one["document"] for one in acted.head.sources]
    fields = describe_terms(page, typed, is_shared=len(acted.owners) > 1)
    return fields, describe_place(page, typed, documents) if documents else None


def _show(at: AtPromise, sent: Sent | None = None, refusal: Refusal = NOT_REFUSED) -> Response:
    words, acted = at.words, at.read()
    page = Page(words, refusal.undrawn)
    fields, place = _describe(page, acted, _take(acted, sent) if sent is not None else type_terms(acted.row))
    if refusal.has_changed:
        now, place_now = _describe(Page(words), acted, type_terms(acted.row))
        fields = [*tell_standing(words, fields, now)]
        if place is not None and place_now is not None:
            place = replace(place, fields=tell_standing(words, place.fields, place_now.fields))
    why = describe_why(words, (sent.text("why") or "") if sent is not None else "")
    fields.append(replace(why, fault=page.find_fault("why", why.label)))
    form = FormView(
        f"{acted.address}/terms",
        "",
        words.gettext(
            "Both sides see the new terms, and it is judged by them at once. Periods that are over stay judged by the "
            "old ones, which the history keeps too."
        ),
        words.gettext("Save"),
        tuple(fields),
        (("mark", acted.mark),),
        more=place.fields if place is not None else (),
        more_title=place.title if place is not None else "",
    )
    above = " ".join(one.text for one in page.finish() if not one.link)
    return at.show(
        words.gettext("Change the terms"),
        acted,
        forms=[form],
        state=refusal.say_kept(words) or above,
        refusal=refusal,
    )
