"""The milestones of a commitment: another one, and the words, the date and the end of one that is there."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, select

from commitments.database import open_reading
from commitments.deciding import StepTexts, add_step, amend_step, set_date, settle_step
from commitments.log import Author
from commitments.tables import milestone
from commitments.vocabulary import MilestoneState
from notifications.views import clean_text
from portal.acting import Acted, AtPromise, at_promise, lead_to
from portal.agreements import ADDRESS
from portal.amend_views import describe_dates, describe_new_step, describe_step, read_due, read_step_texts
from portal.forms import NOTHING_SENT, Form, Sent
from portal.pages import FactView
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.roles import Permission, Viewer
from portal.sides import list_ends, says_how_step_went
from portal.viewing import NotAllowed

router = APIRouter()
Amending = Annotated[AtPromise, Depends(at_promise(Permission.AMEND))]
STEPS = ADDRESS + "/{reference}/commitments/{promise}/milestones"
STEP = STEPS + "/{milestone}"
StepName = Annotated[str, Path(alias="milestone")]


@router.api_route(STEPS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_new_step(at: Amending) -> Response:
    """The form for another milestone."""
    return _show_new_step(at)


@router.post(STEPS, response_class=HTMLResponse)
def post_new_step(at: Amending, sent: Form) -> Response:
    """Add it, with a reason."""
    title, due = sent.text("title"), sent.date_text("due")

    def write(unit: Connection, author: Author, acted: Acted, today: date) -> None:
        add_step(unit, author, acted.name, title, due, today)

    return write_or_show(
        lambda: lead_to(at.write(sent, write).address, "step_added"),
        lambda refusal: _show_new_step(at, sent, refusal),
    )


def _show_new_step(at: AtPromise, sent: Sent = NOTHING_SENT, refusal: Refusal = NOT_REFUSED) -> Response:
    words, acted = at.words, at.read()
    return at.show(
        words.gettext("Add a milestone"),
        acted,
        forms=[describe_new_step(words, acted, sent, refusal.flaws)],
        refusal=refusal,
    )


@router.api_route(STEP, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_step(at: Amending, step: StepName) -> Response:
    """A milestone as it is, to be amended."""
    return _show_step(at, step)


@router.post(STEP + "/{part}", response_class=HTMLResponse)
def post_step(at: Amending, sent: Form, step: StepName, part: str) -> Response:
    """Change its words, its date, or how it ended."""

    def read_titles(unit: Connection, acted: Acted) -> StepTexts:
        return read_step_texts(_find_step(unit, acted, step), acted.head.languages, sent)

    parts: dict[str, Callable[[Connection, Author, Acted, date], object]] = {
        "title": lambda unit, author, acted, today: amend_step(
            unit, author, acted.name, step, read_titles(unit, acted), today
        ),
        "date": lambda unit, author, acted, today: set_date(unit, author, acted.name, step, read_due(sent), today),
        "state": lambda unit, author, acted, today: settle_step(
            unit, author, acted.name, step, sent.text("state"), today
        ),
    }
    if part not in parts:
        raise HTTPException(404)
    if part == "state":
        with open_reading(at.house.engine) as reading:
            acted = at.find(reading)
            row = _find_step(reading, acted, step)
        if not _says(at.viewer, acted, row) and sent.text("state") not in [*_list_ends(at.viewer, acted, row), None]:
            raise NotAllowed(f"how {step} went is another side's to say")
    done = "date" if part == "date" else "step"
    return write_or_show(
        lambda: lead_to(at.write(sent, parts[part]).address, done),
        lambda refusal: _show_step(at, step, part, sent, refusal),
    )


def _show_step(
    at: AtPromise, step: str, part: str = "", sent: Sent = NOTHING_SENT, refusal: Refusal = NOT_REFUSED
) -> Response:
    words = at.words
    with open_reading(at.house.engine) as reading:
        acted = at.find(reading)
        row = _find_step(reading, acted, step)
    return at.show(
        words.gettext("Amend a milestone"),
        acted,
        forms=describe_step(
            words,
            acted,
            row,
            _list_ends(at.viewer, acted, row),
            at.today,
            part,
            sent,
            refusal.flaws,
            says=_says(at.viewer, acted, row),
        ),
        facts=[FactView(words.gettext("Milestone"), clean_text(row.title)), *describe_dates(words, row)],
        refusal=refusal,
    )


def _find_step(reading: Connection, acted: Acted, step: str) -> Any:
    own = (milestone.c.commitment_id == acted.row.id) & (milestone.c.reference == step)
    row = reading.execute(select(milestone).where(own)).one_or_none()
    if row is None:
        raise HTTPException(404)
    return row


def _says(viewer: Viewer, acted: Acted, row: Any) -> bool:
    return says_how_step_went(viewer, row.party_id, acted.owing)


def _list_ends(viewer: Viewer, acted: Acted, row: Any) -> list[MilestoneState]:
    return list_ends(viewer, row.state, row.party_id, acted.owing)
