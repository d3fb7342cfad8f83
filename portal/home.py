"""Home: what changed this week, and how the agreements stand."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from commitments.database import open_reading
from notifications.names import choose_words, load_names
from notifications.overviews import describe_news
from notifications.styles import TONES
from notifications.views import CountView, clean_text
from notifications.wording import Words
from portal.frame import find_words, show_framed
from portal.home_queries import Overall, Watched, load_news, load_overall
from portal.house import Here
from portal.roles import Permission, Viewer
from portal.viewing import require

router = APIRouter()
SignedIn = Annotated[Viewer, Depends(require(Permission.COME_IN))]
NEWS_SHOWN = 15


@dataclass(frozen=True, slots=True)
class AgreementLineView:
    """An agreement in the list of the worst."""

    title: str
    link: str
    standing: str
    tone: str
    open: str


@router.api_route("/home", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_home(request: Request, viewer: SignedIn, house: Here) -> Response:
    """The person's day."""
    words, now = find_words(viewer), house.read_clock()
    with open_reading(house.engine) as reading:
        names = load_names(reading)
        overall = load_overall(reading, viewer)
        news = load_news(reading, viewer, names, now - timedelta(days=7), NEWS_SHOWN)
    return show_framed(
        request,
        "home.html",
        viewer,
        words.gettext("Home"),
        day=words.format_weekday(house.today_of(viewer.person, now)),
        news=[describe_news(words, one) for one in news],
        total=_count_agreements(words, overall.total),
        counts=_describe_counts(words, overall),
        agreements=[_describe_agreement(words, viewer, one) for one in overall.worst],
    )


def _count_agreements(words: Words, number: int) -> str:
    return words.ngettext("%(count)s agreement", "%(count)s agreements", number) % {"count": number}


def _describe_counts(words: Words, overall: Overall) -> list[CountView]:
    return [CountView(f"{words.name(state)} {number}", TONES[state]) for state, number in overall.by_standing]


def _describe_agreement(words: Words, viewer: Viewer, one: Watched) -> AgreementLineView:
    return AgreementLineView(
        clean_text(choose_words(one.title, viewer.person.language)),
        f"/agreements/{one.reference}",
        words.name(one.worst),
        TONES[one.worst],
        words.ngettext("%(count)s open follow-up", "%(count)s open follow-ups", one.open) % {"count": one.open},
    )
