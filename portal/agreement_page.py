"""The page of one agreement."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from commitments.assessment import assess_next_periods
from commitments.chunks import Span
from commitments.database import open_reading
from commitments.known_days import take_as_known
from commitments.queries import load_agreements
from commitments.reconcile import assess
from commitments.tables import contact
from commitments.urgency import stand_with_steps
from notifications.names import load_names
from notifications.views import LinkView
from notifications.wording import Words
from portal.agreement_facts import load_parts
from portal.agreement_timeline import draw_agreement
from portal.agreement_views import (
    PROMISES_A_PAGE,
    choose_page,
    describe_agreement,
    describe_coming,
    describe_documents,
    describe_reciprocity,
    list_by_kind,
    name_matter,
)
from portal.agreements import ADDRESS
from portal.commitment_views import list_latest
from portal.documents import say_matched
from portal.doing import OTHER, list_pages, list_record, say_done
from portal.frame import find_words, show_framed
from portal.history import describe_changes, find_head, load_entries
from portal.house import Here
from portal.message_log import ADDRESS as MESSAGES
from portal.message_log import Sought, describe_messages, describe_unsent, load_messages, load_unsent
from portal.paging import PagesView, describe_pages, read_page, write_address
from portal.people_queries import load_begun_under
from portal.roles import Permission, Role, Viewer, records_under
from portal.telling import (
    count_standings,
    find_policy,
    find_worst,
    load_rules_of,
    tell_named,
    tell_title,
    tone_of,
)
from portal.viewing import require

router = APIRouter()
Reader = Annotated[Viewer, Depends(require(Permission.READ_AGREEMENTS))]
CHANGES_SHOWN = 8
MESSAGES_SHOWN = 6


@router.api_route(ADDRESS + "/{reference}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_agreement(
    request: Request, viewer: Reader, house: Here, reference: str, done: str = "", page: str = ""
) -> Response:
    """How one agreement stands, and all that is on record of it; of its commitments one page."""
    words, now = find_words(viewer), house.read_clock()
    today, zone = house.today_of(viewer.person, now), viewer.person.time_zone
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        records = viewer.role is not Role.OWNER or records_under(reading, viewer, head.id)
        facts = take_as_known(load_agreements(reading, Span.over([head.id]))[0], today)
        rules = load_rules_of(reading, [head.id])
        parts = load_parts(reading, head.id)
        standings = assess(facts, rules, today)
        number = min(read_page(page), max(-(-len(facts.commitments) // PROMISES_A_PAGE), 1))
        shown = choose_page(facts, standings, number)
        owners = {owner.contact_id for one in shown for owner in one.owners if owner.contact_id is not None}
        names = load_names(reading, contact.c.id.in_(owners))
        entries = load_entries(reading, head.id, CHANGES_SHOWN)
        changes = describe_changes(reading, words, entries, zone)
        begun = load_begun_under(reading, viewer, head.id)
        sent, unsent = [], []
        if viewer.may(Permission.READ_MESSAGES):
            sought = Sought(agreement=reference)
            rows = load_messages(reading, viewer, sought, MESSAGES_SHOWN)
            sent = describe_messages(reading, words, viewer, rows, zone, house.settings, only=head.id)
            unsent = describe_unsent(reading, words, load_unsent(reading, viewer, sought, MESSAGES_SHOWN), zone)
    worst = find_worst(standings)
    policy = find_policy(rules, reference)
    picture, moments = draw_agreement(words, names, facts, parts, standings, policy, today)
    address = f"{ADDRESS}/{reference}"
    return show_framed(
        request,
        "agreement.html",
        viewer,
        tell_title(head.title, words),
        standing=words.name(worst.state) if worst else "",
        tone=tone_of(worst.state if worst else None),
        reason=tell_named(words, names, worst, name_matter(words, parts, worst.matter)) if worst else "",
        counts=count_standings(words, stand_with_steps(standings)),
        done=say_matched(words, head.sources, done) or say_done(words, done),
        ways=[
            *(list_record(words, viewer, reference) if records else []),
            *list_pages(words, viewer, address),
            *(
                LinkView(
                    words.gettext("Add people of %(party)s") % {"party": tell_title(one.names, words)},
                    write_address("/add-person", {"party": one.reference}),
                    OTHER,
                )
                for one in begun
            ),
        ],
        facts=describe_agreement(words, names, head, facts, parts, today),
        coming=describe_coming(
            words, names, facts, parts, [*standings, *assess_next_periods(facts, policy, today)], today
        ),
        kinds=list_by_kind(words, names, facts, parts, standings, address, shown, rules.people, today),
        pages=_describe_pages(words, number, len(facts.commitments), address),
        picture=picture,
        moments=moments,
        activities=list_latest(
            words, names, parts.latest, address, may_correct=viewer.role in (Role.ADMINISTRATOR, Role.COORDINATOR)
        ),
        reciprocity=describe_reciprocity(words, names, facts, parts, standings),
        documents=describe_documents(words, head, parts.documents, may_amend=viewer.may(Permission.AMEND)),
        add_document=f"{address}/documents" if viewer.may(Permission.AMEND) else "",
        changes=changes,
        history=f"{address}/history",
        add=f"{address}/add-commitment" if viewer.may(Permission.REGISTER) else "",
        files=f"{address}/file" if viewer.may(Permission.REGISTER) else "",
        sees_messages=viewer.may(Permission.READ_MESSAGES),
        sent=sent,
        unsent=unsent,
        all_sent=write_address(MESSAGES, {"agreement": reference}),
        all_unsent=write_address(MESSAGES, {"agreement": reference, "show": "unsent"}),
        forecast=f"{address}/forecast" if viewer.may(Permission.READ_MESSAGES) else "",
    )


def _describe_pages(words: Words, number: int, total: int, address: str) -> PagesView | None:
    """The ways to the other commitments; none where one page holds them all."""
    if total <= PROMISES_A_PAGE:
        return None
    pages = describe_pages(words, number, PROMISES_A_PAGE, total, address, {})
    return replace(pages, links=tuple(replace(one, link=f"{one.link}#commitments") for one in pages.links))
