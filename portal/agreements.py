"""The list of agreements: searched, filtered and sorted by its address alone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, select

from commitments.database import open_reading
from commitments.deadlines import derive_state
from commitments.facts import Standing
from commitments.judging import Judged, judge_agreements
from commitments.overall import AT_BEST
from commitments.tables import agreement, commitment, milestone
from commitments.urgency import WORST_FIRST, find_step
from commitments.vocabulary import AgreementKind, MatterKind, StandingState
from notifications.names import Names, load_names, name_promise
from notifications.names import find_words as choose_title
from notifications.styles import TONES
from notifications.views import CountView, clean_text, name_some, shorten_title
from notifications.wording import Words
from portal.agreement_queries import (
    NOTHING,
    PAGE,
    SILENCES,
    STANDINGS,
    Offered,
    Sort,
    Wanted,
    find_agreements,
    load_offered,
)
from portal.beginning import ADDRESS as REGISTER
from portal.beginning import describe_drafts, describe_first_step
from portal.frame import find_words, show_framed
from portal.house import Here
from portal.labels import name_agreement_kind
from portal.pages import FieldView
from portal.paging import describe_pages, offer, read_page, write_address
from portal.registrations import list_registrations
from portal.roles import Permission, Viewer
from portal.searches import LONGEST_NAME, list_searches, say_kept
from portal.telling import (
    contacts_of,
    find_worst,
    load_rules_of,
    tell_counts,
    tell_named,
    tell_reason,
    tell_title,
)
from portal.viewing import require

router = APIRouter()
Reader = Annotated[Viewer, Depends(require(Permission.READ_AGREEMENTS))]
ADDRESS = "/agreements"
LONGEST_SEARCH = 120
DRAFTS_SHOWN = 5
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class RowView:
    """One agreement of the list."""

    title: str
    link: str
    about: str
    parties: str
    standing: str
    tone: str
    reason: str
    counts: tuple[CountView, ...]
    open: str
    silence: str
    expires: str


@router.api_route(ADDRESS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_agreements(
    request: Request,
    viewer: Reader,
    house: Here,
    q: str = "",
    party: str = "",
    kind: str = "",
    standing: str = "",
    worst: str = "",
    theme: str = "",
    silence: str = "",
    sort: str = "",
    page: str = "",
    done: str = "",
) -> Response:
    """The agreements that somebody looks for; a filter that is not known is left aside."""
    wanted = Wanted(
        clean_text(q)[:LONGEST_SEARCH].strip(),
        party[:80],
        read_word(AgreementKind, kind),
        found if (found := read_word(StandingState, standing)) in STANDINGS else None,
        NOTHING if worst == NOTHING else read_word(StandingState, worst),
        theme[:300],
        int(silence) if silence in {str(one) for one in SILENCES} else None,
        read_word(Sort, sort) or Sort.URGENT,
        read_page(page),
    )
    words, now = find_words(viewer), house.read_clock()
    today = house.today_of(viewer.person, now)
    with open_reading(house.engine) as reading:
        offered = load_offered(reading, viewer)
        searches = list_searches(reading, viewer)
        listed = find_agreements(reading, viewer, wanted, today, words.tag)
        rows = _describe_rows(reading, words, listed.ids, listed.open, today)
        registers = viewer.may(Permission.REGISTER)
        begun = list_registrations(reading, viewer.person.id) if registers else []
    parameters = _write_parameters(wanted)
    is_narrowed = bool({name for name, value in parameters.items() if value not in (None, "")} - {"sort"})
    is_empty = not listed.total and not is_narrowed
    return show_framed(
        request,
        "agreements.html",
        viewer,
        words.gettext("Agreements"),
        done=say_kept(words, done),
        total=words.ngettext("%(count)s agreement", "%(count)s agreements", listed.total) % {"count": listed.total},
        rows=rows,
        register=REGISTER if registers and not is_empty else "",
        manages_people=viewer.may(Permission.HAND_OVER),
        drafts=describe_drafts(words, begun[:DRAFTS_SHOWN], viewer.person.time_zone),
        search=wanted.text,
        fields=_list_fields(words, wanted, offered),
        address=ADDRESS,
        is_narrowed=is_narrowed,
        first_step=describe_first_step(words, viewer, request.app.state.served) if is_empty else None,
        kept=write_address(ADDRESS, parameters),
        query=write_address("", parameters).partition("?")[2],
        searches=searches,
        longest_name=str(LONGEST_NAME),
        pages=describe_pages(words, wanted.page, PAGE, listed.total, ADDRESS, parameters),
    )


def read_word(words: type[Word], text: str) -> Word | None:
    """A word of the vocabulary as it stands in an address; None for what is none."""
    return words(text) if text in list(words) else None


def _write_parameters(wanted: Wanted) -> dict[str, object]:
    return {
        "q": wanted.text,
        "party": wanted.party,
        "kind": wanted.kind,
        "standing": wanted.standing,
        "worst": wanted.worst,
        "theme": wanted.theme,
        "silence": wanted.silence,
        "sort": wanted.sort if wanted.sort is not Sort.URGENT else None,
    }


def _list_fields(words: Words, wanted: Wanted, offered: Offered) -> list[FieldView]:
    parties = sorted(
        ((reference, tell_title(names, words) or reference) for reference, names in offered.parties),
        key=lambda one: one[1],
    )
    sorts = {
        Sort.URGENT: words.gettext("Most urgent first"),
        Sort.TITLE: words.gettext("By title"),
        Sort.EXPIRY: words.gettext("Soonest to expire"),
        Sort.NEWEST: words.gettext("Newest in the register"),
        Sort.SILENCE: words.gettext("Longest silent"),
    }
    silences = [
        (str(months), words.gettext("for %(span)s and more") % {"span": words.format_months(months)})
        for months in SILENCES
    ]
    themes = [(one, clean_text(one)) for one in offered.themes]
    orders = [(str(one), text) for one, text in sorts.items()]
    any_one = words.gettext("All")
    return [
        offer("party", words.gettext("Party"), parties, wanted.party, any_one),
        offer(
            "kind", words.gettext("Kind"), [(str(one), name_agreement_kind(words, one)) for one in AgreementKind],
            str(wanted.kind or ""), any_one,
        ),
        offer(
            "standing", words.gettext("Standing"), [(str(one), _name_looked_for(words, one)) for one in STANDINGS],
            str(wanted.standing or ""), any_one,
        ),
        # Only who comes from Home, where each agreement is counted once, has it, and may let it go.
        *([
            offer(
                "worst", words.gettext("Worst standing"),
                [
                    *((str(one), words.name(one)) for one in WORST_FIRST),
                    (NOTHING, words.gettext("Nothing to watch yet")),
                ],
                str(wanted.worst), any_one,
            )
        ] if wanted.worst is not None else []),
        offer("theme", words.gettext("Theme"), themes, wanted.theme, any_one),
        offer("silence", words.gettext("Nothing heard"), silences, str(wanted.silence or ""), any_one),
        offer("sort", words.gettext("Order"), orders, str(wanted.sort), None),
    ]  # fmt: skip


def _name_looked_for(words: Words, standing: StandingState) -> str:
    name = words.name(standing)
    return words.gettext("%(standing)s, and nothing worse") % {"standing": name} if standing in AT_BEST else name


def _describe_rows(reading: Connection, words: Words, ids: tuple[int, ...], opened: Any, today: date) -> list[RowView]:
    """The page's agreements judged as of today, in the given order."""
    if not ids:
        return []
    rules = load_rules_of(reading, ids)
    judged = judge_agreements(reading, ids, rules, today)
    heads = {
        row.id: row
        for row in reading.execute(
            select(agreement.c.id, agreement.c.title, agreement.c.kind).where(agreement.c.id.in_(ids))
        )
    }
    names = load_names(reading, contacts_of([], rules.people))
    worst = {one: find_worst(own.standings) for one, own in judged.items()}
    matters = _load_matters(
        reading, words, {one.matter.commitment_id for one in worst.values() if one and one.matter.commitment_id}
    )
    return [
        _describe_row(words, names, judged[one], heads[one], worst[one], matters, opened[one], today) for one in ids
    ]


def _load_matters(reading: Connection, words: Words, ids: Collection[int]) -> dict[tuple[int, str], str]:
    """What some commitments promise in a few words, and what their milestones are called, by their references."""
    columns = (commitment.c.id, commitment.c.summary, commitment.c.summaries, commitment.c.quote)
    rows = reading.execute(select(*columns).where(commitment.c.id.in_(ids)))
    found = {(row.id, ""): shorten_title(clean_text(name_promise(row, words.tag))) for row in rows}
    steps = select(milestone.c.commitment_id, milestone.c.reference, milestone.c.title, milestone.c.titles)
    for row in reading.execute(steps.where(milestone.c.commitment_id.in_(ids))):
        title = choose_title(row.titles, words.tag) or row.title
        found[row.commitment_id, row.reference] = shorten_title(clean_text(title))
    return found


def _describe_row(
    words: Words,
    names: Names,
    judged: Judged,
    head: Any,
    worst: Standing | None,
    matters: Mapping[tuple[int, str], str],
    opened: int,
    today: date,
) -> RowView:
    facts = judged.facts
    life = next((one for one in judged.standings if one.matter.kind is MatterKind.DORMANCY), None)
    state = words.name(derive_state(facts, today))
    return RowView(
        tell_title(head.title, words),
        f"{ADDRESS}/{facts.reference}",
        words.gettext(" · ").join([name_agreement_kind(words, AgreementKind(head.kind)), state]),
        name_some(words, [names.name_party(one.party_id, words.tag) for one in facts.parties]),
        words.name(worst.state) if worst else "",
        TONES[worst.state] if worst else "grey",
        tell_named(words, names, worst, matters.get((worst.matter.commitment_id or 0, find_step(worst.matter))))
        if worst
        else words.gettext("no commitment on record"),
        tell_counts(words, judged.counts),
        words.ngettext("%(count)s open follow-up", "%(count)s open follow-ups", opened) % {"count": opened}
        if opened
        else "",
        tell_reason(words, names, life.reason) if life and life != worst else "",
        words.gettext("until %(day)s") % {"day": words.format_end(str(facts.expires))} if facts.expires else "",
    )
