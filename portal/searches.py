"""Searches of the list of agreements that somebody keeps under a name: each is an address, and everybody's own."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, delete, func, insert, select

from commitments.database import open_unit
from notifications.views import clean_text
from notifications.wording import Words
from portal.forms import Form
from portal.house import Here
from portal.paging import write_address
from portal.roles import Permission, Viewer
from portal.tables import saved_search
from portal.viewing import require

router = APIRouter()
Reader = Annotated[Viewer, Depends(require(Permission.READ_AGREEMENTS))]
LIST = "/agreements"
KNOWN = ("q", "party", "kind", "standing", "worst", "theme", "silence", "sort")
"""What an address of the list may say; the page of it is not kept."""
MOST_SEARCHES = 30
LONGEST_NAME = 60
_LONGEST_QUERY = 900


@dataclass(frozen=True, slots=True)
class SearchView:
    """A kept search: its name, the list it leads to, and what its button to forget it sends."""

    name: str
    link: str
    mark: str


def list_searches(reading: Connection, viewer: Viewer) -> list[SearchView]:
    """A person's searches by name."""
    rows = reading.execute(
        select(saved_search)
        .where(saved_search.c.contact_id == viewer.person.id)
        .order_by(func.lower(saved_search.c.name))
    )
    return [SearchView(row.name, f"{LIST}?{row.query}", str(row.id)) for row in rows]


@router.post("/searches", response_class=HTMLResponse)
def post_search(viewer: Reader, sent: Form, house: Here) -> Response:
    """Keep a search under a name; another one of the same name gives way to it."""
    name, query = clean_text(sent.text("name") or "")[:LONGEST_NAME].strip(), read_query(sent.text("query") or "")
    done = ""
    if name and query:
        mine = saved_search.c.contact_id == viewer.person.id
        with open_unit(house.engine) as unit:
            unit.execute(delete(saved_search).where(mine, saved_search.c.name == name))
            kept = unit.execute(select(func.count()).select_from(saved_search).where(mine)).scalar_one()
            done = "kept" if kept < MOST_SEARCHES else "full"
            if done == "kept":
                unit.execute(insert(saved_search).values(contact_id=viewer.person.id, name=name, query=query))
    said = f"&done={done}" if done else ""
    return RedirectResponse(f"{LIST}?{query}{said}" if query else LIST, 303)


def say_kept(words: Words, done: str) -> str:
    """Whether the search was kept, as it stands in the address."""
    if done == "full":
        return words.ngettext(
            "Not kept: %(count)s search is the most. Forget one, and keep this one then.",
            "Not kept: %(count)s searches are the most. Forget one, and keep this one then.",
            MOST_SEARCHES,
        ) % {"count": MOST_SEARCHES}  # fmt: skip
    return words.gettext("The search is kept.") if done == "kept" else ""


@router.post("/searches/forget", response_class=HTMLResponse)
def post_forgetting(viewer: Reader, sent: Form, house: Here) -> Response:
    """Forget one of one's own searches; the list it led to stays where it is."""
    number = sent.text("search") or ""
    if number.isdecimal() and len(number) < 10:
        with open_unit(house.engine) as unit:
            unit.execute(
                delete(saved_search).where(
                    saved_search.c.id == int(number), saved_search.c.contact_id == viewer.person.id
                )
            )
    return RedirectResponse(LIST, 303)


def read_query(text: str) -> str:
    """What of an address narrows or orders the list, written anew; nothing where nothing does."""
    try:
        said = dict(parse_qsl(text[:_LONGEST_QUERY], max_num_fields=20))
    except ValueError:
        return ""
    address = write_address("", {name: said.get(name) for name in KNOWN})
    query = address.partition("?")[2]
    return query if len(query) <= _LONGEST_QUERY else ""
