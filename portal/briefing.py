"""The pages of a brief: with a party, or within an agreement; to read, to print, and as PDF."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, exists, select

from commitments.database import open_reading
from commitments.tables import agreement_party, party
from notifications.views import LinkView, check_link
from portal.agreement_queries import Sort, Wanted, find_agreements, load_offered
from portal.agreements import ADDRESS as AGREEMENTS
from portal.beginning import describe_first_step
from portal.brief_facts import EVERYBODY, PEOPLE_SHOWN, load_brief
from portal.brief_page import draw_brief
from portal.brief_views import BARE, ON_PAPER, BriefView, Rest, describe_brief
from portal.calendar import ADDRESS as CALENDAR
from portal.frame import find_words, show_framed, show_framed_notice
from portal.history import find_head
from portal.house import Here, House
from portal.paging import offer, write_address
from portal.roles import Permission, Viewer, select_visible_agreements
from portal.spoken import weave
from portal.telling import tell_title
from portal.viewing import require

router = APIRouter()
Reader = Annotated[Viewer, Depends(require(Permission.READ_AGREEMENTS))]
ADDRESS = "/brief"
AGREEMENTS_IN_BRIEF = 25
ALL = "all"
_PEOPLE = "#list-4"
"""Where the people stand on the page."""

Describe = Callable[..., BriefView]
"""Puts what was read into words, for as much room as there is."""


@router.api_route(ADDRESS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_brief(request: Request, viewer: Reader, house: Here, party: str = "", people: str = "") -> Response:
    """The brief with a party; without one, the question with whom. `people=all` names everybody."""
    if not party:
        return _ask(request, viewer, house)
    with open_reading(house.engine) as reading:
        view = _brief_party(reading, viewer, house, party, _count_people(people))()
    words = find_words(viewer)
    return show_framed(
        request, "brief.html", viewer, view.title, brief=view, pdf=write_address(f"{ADDRESS}.pdf", {"party": party}),
        back=LinkView(words.gettext("Another brief"), ADDRESS, ""),
    )  # fmt: skip


@router.api_route(ADDRESS + ".pdf", methods=["GET", "HEAD"])
def show_brief_page(request: Request, viewer: Reader, house: Here, party: str = "") -> Response:
    """The brief with a party as PDF."""
    with open_reading(house.engine) as reading:
        describe = _brief_party(reading, viewer, house, party)
    return _draw(request, viewer, house, describe, f"brief-{party}")


@router.api_route(AGREEMENTS + "/{reference}/brief", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_agreement_brief(request: Request, viewer: Reader, house: Here, reference: str, people: str = "") -> Response:
    """The brief of one agreement. `people=all` names everybody."""
    with open_reading(house.engine) as reading:
        view = _brief_agreement(reading, viewer, house, reference, _count_people(people))()
    words = find_words(viewer)
    back = LinkView(words.gettext("The agreement"), f"{AGREEMENTS}/{reference}", "")
    pdf = f"{AGREEMENTS}/{reference}/brief.pdf"
    return show_framed(request, "brief.html", viewer, view.title, brief=view, pdf=pdf, back=back)


@router.api_route(AGREEMENTS + "/{reference}/brief.pdf", methods=["GET", "HEAD"])
def show_agreement_brief_page(request: Request, viewer: Reader, house: Here, reference: str) -> Response:
    """The brief of one agreement as PDF."""
    with open_reading(house.engine) as reading:
        describe = _brief_agreement(reading, viewer, house, reference)
    return _draw(request, viewer, house, describe, f"brief-{reference}")


def _ask(request: Request, viewer: Viewer, house: House) -> Response:
    words = find_words(viewer)
    with open_reading(house.engine) as reading:
        offered = load_offered(reading, viewer)
    parties = sorted(
        ((reference, tell_title(names, words)) for reference, names in offered.parties if reference != viewer.party),
        key=lambda one: one[1],
    )
    field = offer("party", words.gettext("With whom"), parties, "", None)
    first_step = None
    if not parties:
        first_step = describe_first_step(words, viewer, request.app.state.served)
    return show_framed(request, "briefs.html", viewer, words.gettext("Brief"), field=field, first_step=first_step)


def _count_people(people: str) -> int:
    return EVERYBODY if people == ALL else PEOPLE_SHOWN


def _brief_party(
    reading: Connection, viewer: Viewer, house: House, reference: str, people: int = PEOPLE_SHOWN
) -> Describe:
    """Raises a page not found for a party with whom the viewer has no agreement."""
    words, today = find_words(viewer), house.today_of(viewer.person, house.read_clock())
    row = reading.execute(
        select(party.c.id, party.c.names).where(
            party.c.reference == reference,
            exists().where(
                agreement_party.c.party_id == party.c.id,
                agreement_party.c.agreement_id.in_(select_visible_agreements(viewer)),
            ),
        )
    ).one_or_none()
    if row is None:
        raise HTTPException(404)
    found = find_agreements(reading, viewer, Wanted(party=reference), today, words.tag)
    ids = found.ids[:AGREEMENTS_IN_BRIEF]
    title = weave(words.gettext("Brief: %(name)s"), {"name": tell_title(row.names, words)})
    briefed = load_brief(reading, ids, viewer.person.party_id, row.id, today, people)
    dates = write_address(CALENDAR, {"party": reference, "whose": "all"})
    listed, silent = (write_address(AGREEMENTS, {"party": reference, "sort": sort}) for sort in ("", Sort.SILENCE))
    everybody = write_address(ADDRESS, {"party": reference, "people": ALL})
    rest = Rest(listed, dates, silent, f"{everybody}{_PEOPLE}", is_list=True)
    return partial(describe_brief, words, briefed, title, viewer.person.party_id, today, found.total - len(ids), rest)


def _brief_agreement(
    reading: Connection, viewer: Viewer, house: House, reference: str, people: int = PEOPLE_SHOWN
) -> Describe:
    words, today = find_words(viewer), house.today_of(viewer.person, house.read_clock())
    head = find_head(reading, viewer, reference)
    title = weave(words.gettext("Brief: %(name)s"), {"name": tell_title(head.title, words)})
    briefed = load_brief(reading, [head.id], viewer.person.party_id, None, today, people)
    dates = write_address(CALENDAR, {"agreement": reference, "whose": "all"})
    listed = f"{AGREEMENTS}/{reference}#commitments"
    everybody = write_address(f"{AGREEMENTS}/{reference}/brief", {"people": ALL})
    rest = Rest(listed, dates, listed, f"{everybody}{_PEOPLE}", is_list=False)
    return partial(describe_brief, words, briefed, title, viewer.person.party_id, today, 0, rest)


def _draw(request: Request, viewer: Viewer, house: House, describe: Describe, name: str) -> Response:
    words, view = find_words(viewer), describe(room=BARE)
    foot = " · ".join(part for part in ("Tallystick", check_link(house.links.base_url), view.day) if part)
    page = draw_brief(words, view, foot, house.settings.house_folder, [describe(room=one) for one in ON_PAPER])
    if page is None:
        text = words.gettext("The page can be printed from the browser instead.")
        title = words.gettext("The PDF could not be made")
        return show_framed_notice(request, viewer, title, text, status=503)
    safe = "".join(one for one in name if one.isascii() and (one.isalnum() or one in ".-"))
    headers = {"Content-Disposition": f'inline; filename="{safe}.pdf"'}
    return Response(page, media_type="application/pdf", headers=headers)
