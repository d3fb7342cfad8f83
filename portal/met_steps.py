"""That a milestone was met: recorded, and put right where it was recorded by mistake."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, select

from commitments.database import open_reading, open_unit
from commitments.deciding import settle_step
from commitments.errors import NotFound
from commitments.log import Author
from commitments.people import UNSETTLED
from commitments.reporting import correct_met_day, meet_step
from commitments.tables import milestone
from commitments.vocabulary import MilestoneState
from notifications.names import find_words
from notifications.views import clean_text
from notifications.wording import Words
from portal.acting import Acted, AtPromise, is_taken, lead_to
from portal.amend_views import describe_dates, describe_met_day
from portal.flaws import mark_fields
from portal.forms import NOTHING_SENT, Form, Sent
from portal.pages import FactView, FormView
from portal.record_views import describe_why
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.report_views import describe_met_fields
from portal.reporting import COMMITMENT, Reporting, find_own
from portal.roles import Viewer
from portal.sides import says_how_step_went
from portal.viewing import NotAllowed

router = APIRouter()
MET = COMMITMENT + "/milestones/{milestone}/met"
StepName = Annotated[str, Path(alias="milestone")]


@router.api_route(MET, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_met(at: Reporting, step: StepName) -> Response:
    """A step that was met; where that is on record, how it is put right."""
    return _show_met(at, step)


@router.post(MET, response_class=HTMLResponse)
def post_met(at: Reporting, sent: Form, step: StepName) -> Response:
    """Record that it was met."""

    def write() -> Response:
        with open_unit(at.house.engine) as unit:
            acted = find_own(unit, at, hold=True)
            if _find_step(unit, at.viewer, acted, step).state == MilestoneState.MET:
                return lead_to(acted.address, "met" if is_taken(unit, at.viewer, sent) else "met_before")
            author, today = at.sign(sent), at.today
            meet_step(unit, author, acted.name, step, sent.day("met_on"), sent.text("note"), today)
        return lead_to(acted.address, "met")

    try:
        return write_or_show(write, lambda refusal: _show_met(at, step, sent=sent, refusal=refusal))
    except NotFound:
        raise HTTPException(404) from None


@router.post(MET + "/{part}", response_class=HTMLResponse)
def post_correction(at: Reporting, sent: Form, step: StepName, part: str) -> Response:
    """Give it another day, or take back that it was met: it is on the schedule again."""
    parts: dict[str, Callable[[Connection, Author, Acted, date], object]] = {
        "day": lambda unit, author, acted, today: correct_met_day(
            unit, author, acted.name, step, sent.date_text("met_on"), today
        ),
        "withdraw": lambda unit, author, acted, today: settle_step(
            unit, author, acted.name, step, str(MilestoneState.SCHEDULED), today
        ),
    }
    if part not in parts:
        raise HTTPException(404)

    def write(unit: Connection, author: Author, acted: Acted, today: date) -> None:
        find_own(unit, at)
        _find_step(unit, at.viewer, acted, step)
        parts[part](unit, author, acted, today)

    return write_or_show(
        lambda: lead_to(at.write(sent, write).address, "step"),
        lambda refusal: _show_met(at, step, part, sent, refusal),
    )


def _find_step(reading: Connection, viewer: Viewer, acted: Acted, step: str) -> Any:
    """The step, if it is not one that another side alone is to take."""
    row = reading.execute(
        select(milestone).where(milestone.c.commitment_id == acted.row.id, milestone.c.reference == step)
    ).one_or_none()
    if row is None:
        raise HTTPException(404)
    if not says_how_step_went(viewer, row.party_id, acted.owing):
        raise NotAllowed(f"{acted.name}/{step} is another side's to report")
    return row


def _show_met(
    at: AtPromise, step: str, part: str = "", sent: Sent = NOTHING_SENT, refusal: Refusal = NOT_REFUSED
) -> Response:
    words = at.words
    with open_reading(at.house.engine) as reading:
        acted = find_own(reading, at)
        row = _find_step(reading, at.viewer, acted, step)
    title = clean_text(find_words(row.titles, words.tag) or row.title)
    forms, facts, state = [_describe_meeting(words, acted, row, title, at.today, sent, refusal)], [], ""
    if row.state == MilestoneState.MET:
        forms = _describe_corrections(words, acted, row, at.today, part, sent, refusal)
        facts = [FactView(words.gettext("Milestone"), title), *describe_dates(words, row)]
        state = "" if part else words.gettext("This milestone was met already.")
    return at.show(
        words.gettext("A milestone was met"),
        acted,
        forms=forms,
        facts=facts,
        state=refusal.say(words) or state,
        refusal=refusal,
    )


def _describe_meeting(
    words: Words, acted: Acted, row: Any, title: str, today: date, sent: Sent, refusal: Refusal
) -> FormView:
    return FormView(
        f"{acted.address}/milestones/{row.reference}/met",
        title,
        words.gettext("The milestone is settled, and nobody is reminded of it any more."),
        words.gettext("Record that it is met"),
        mark_fields(words, describe_met_fields(words, today, sent), refusal.flaws),
    )


def _describe_corrections(
    words: Words, acted: Acted, row: Any, today: date, part: str, sent: Sent, refusal: Refusal
) -> list[FormView]:
    """Another day for a step that was met, and that it was not; `part` is the form that was sent."""
    is_withdrawal = part == "withdraw"
    after = words.gettext("The milestone is awaited again as before; the history says what it was.")
    if acted.row.state not in UNSETTLED:
        after = words.gettext(
            "The milestone counts as lapsed with the commitment then, unless it is recorded anew that it was met."
        )
    why = describe_why(
        words, sent.text("why") or "" if is_withdrawal else "", label=words.gettext("Why it is withdrawn")
    )
    return [
        describe_met_day(words, acted, row, today, sent if part == "day" else NOTHING_SENT,
                         refusal.flaws if part == "day" else ()),
        FormView(
            f"{acted.address}/milestones/{row.reference}/met/withdraw",
            words.gettext("It was not met after all"),
            after,
            words.gettext("Withdraw"),
            mark_fields(words, (why,), refusal.flaws if is_withdrawal else ()),
            (("mark", acted.mark),),
            look="danger",
        ),
    ]  # fmt: skip
