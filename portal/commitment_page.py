"""The page of one commitment."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Table, select

from commitments.chunks import Span
from commitments.database import open_reading
from commitments.known_days import take_as_known
from commitments.queries import load_agreements
from commitments.reconcile import assess
from commitments.sentences import find_quote, load_shelf
from commitments.tables import commitment, measurement, milestone, progress_report
from commitments.vocabulary import MatterKind, ReasonCode
from notifications.names import load_names, name_promise
from notifications.styles import TONES
from notifications.views import LinkView, clean_text
from notifications.wording import Words
from portal.acting import acts_on
from portal.agreement_facts import load_details
from portal.agreements import ADDRESS
from portal.awaiting import tell_awaited
from portal.commitment_views import (
    describe_activities,
    describe_commitment,
    describe_evidence,
    describe_measurements,
    describe_milestones,
    describe_open,
    describe_periods,
    describe_reports,
    draw_measurements,
    draw_occurrences,
    list_sentences,
)
from portal.confirming import load_asked_of
from portal.doing import ask_to_confirm, list_amendments, list_step_ways, list_ways, say_done
from portal.frame import find_words, show_framed
from portal.history import find_head, link_entry, load_moves
from portal.house import Here
from portal.late_words import tell_late_of
from portal.roles import GIVEN_UP, Permission, Role, Viewer, select_confirmable_commitments
from portal.sides import speaks_for_any
from portal.spoken import speak_promise
from portal.telling import contacts_of, load_rules_of, tell_reason, tell_title
from portal.viewing import require
from portal.withdrawing import link_confirmations, link_measurements, link_reports, load_written

router = APIRouter()
Reader = Annotated[Viewer, Depends(require(Permission.READ_AGREEMENTS))]


@router.api_route(ADDRESS + "/{reference}/commitments/{promise}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_commitment(
    request: Request, viewer: Reader, house: Here, reference: str, promise: str, done: str = ""
) -> Response:
    """One commitment with its sentence, its owners and all that has become of it."""
    words = find_words(viewer)
    today = house.today_of(viewer.person, house.read_clock())
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        row = reading.execute(
            select(commitment).where(commitment.c.agreement_id == head.id, commitment.c.reference == promise)
        ).one_or_none()
        if row is None:
            raise HTTPException(404)
        this = commitment.c.id == row.id
        is_own = acts_on(reading, viewer, row.id)
        facts = take_as_known(load_agreements(reading, Span.over([head.id]), only=this)[0], today)
        rules = load_rules_of(reading, [head.id])
        details = load_details(reading, row)
        moves = load_moves(reading, row.id, [one.id for one in details.milestones])
        quoted = find_quote(load_shelf(reading, house.settings, [head.id]), row, head.sources)
        (own,) = facts.commitments
        owing = [one.party_id for one in own.owners]
        speaks = speaks_for_any(viewer, owing)
        sides = {place.party_id: place.reference for place in facts.parties if viewer.speaks_for(place.party_id)}
        confirms = sides and acts_on(reading, viewer, row.id, select_confirmable_commitments)
        asked = load_asked_of(reading, row.id, sides) if confirms else []
        written = load_written(reading, {measurement: details.measurements, progress_report: details.reports})
        people = [owner.contact_id for owner in own.owners]
        people += [one.contact_id for one in (*details.reports, *details.confirmations)]
        people += [one.assignee_id for one in details.open]
        names = load_names(reading, contacts_of([place.party_id for place in facts.parties], people))
    standings = assess(facts, rules, today)
    standing = next(one for one in standings if one.matter.kind is MatterKind.COMMITMENT)
    is_behind = any(
        one.reason.code is ReasonCode.PERIOD_BEHIND and one.matter.commitment_id == own.id for one in standings
    )
    periods = describe_periods(words, facts, own, today, is_behind=is_behind)
    address = f"{ADDRESS}/{reference}/commitments/{promise}"
    steps = _link_moved_steps(words, reference, moves, details.milestones)
    if is_own:
        acts = list_step_ways(words, viewer, address, row, details.milestones, owing)
        steps = [(*ways, *more) for ways, more in zip(acts or [()] * len(steps), steps, strict=True)]
    may_record = is_own and viewer.may(Permission.RECORD)
    # An owner puts right only what counts for something that they still answer for.
    may_correct = may_record and (viewer.role is not Role.OWNER or row.state not in GIVEN_UP)
    may_report = is_own and viewer.may(Permission.REPORT)
    reports_back = link_reports(viewer, written, details, address) if may_report else {}
    confirmed_back = link_confirmations(row, details, sides, address) if confirms else {}
    numbers_back = link_measurements(words, viewer, written, details, address) if may_report and speaks else []
    return show_framed(
        request,
        "commitment.html",
        viewer,
        speak_promise(row, words, clean_text(name_promise(row, words.tag))),
        agreement=LinkView(tell_title(head.title, words), f"{ADDRESS}/{reference}", ""),
        standing=words.name(standing.state),
        tone=TONES[standing.state],
        reason=tell_reason(words, names, standing.reason),
        sentences=list_sentences(words, row, head.sources, quoted),
        facts=describe_commitment(words, names, own, row, rules, today, _link_move(reference, moves, commitment, row)),
        milestones=describe_milestones(words, names, row, details.milestones, steps, standings),
        occurrences=draw_occurrences(words, periods),
        periods=periods,
        way=draw_measurements(words, own, details.measurements, today),
        measurements=describe_measurements(words, own, details.measurements),
        activities=describe_activities(
            words, names, details, f"{ADDRESS}/{reference}", may_record=may_record, may_correct=may_correct
        ),
        evidence=describe_evidence(
            words, details.evidence, {row.reference for row in details.activities}, may_record=may_record
        ),
        done=say_done(words, done),
        late=tell_late_of(words, head, row, details.milestones),
        ways=list_ways(words, viewer, address, reference, row, speaks=speaks) if is_own else [],
        amendments=list_amendments(words, viewer, address, row) if is_own else [],
        awaited=tell_awaited(words, names, viewer, row, details, sides, today),
        rules=f"{ADDRESS}/{reference}/policy" if viewer.may(Permission.SET_POLICY) else "",
        to_confirm=ask_to_confirm(words, address, asked),
        reports=describe_reports(words, names, details, reports_back, confirmed_back),
        numbers_back=numbers_back,
        open=describe_open(words, names, details, standings, today),
    )


def _link_move(reference: str, moves: Mapping[tuple[str, int], int], table: Table, row: Any) -> str:
    """Where it is read how the date of a row was moved; empty if it was not."""
    entry = moves.get((table.name, row.id))
    return link_entry(reference, entry) if entry is not None and row.first_due else ""


def _link_moved_steps(
    words: Words, reference: str, moves: Mapping[tuple[str, int], int], rows: Sequence[Any]
) -> list[tuple[LinkView, ...]]:
    """The way to where the date of each milestone was moved, if it was."""
    links = [_link_move(reference, moves, milestone, row) for row in rows]
    return [(LinkView(words.gettext("when and why it was moved"), link, ""),) if link else () for link in links]
