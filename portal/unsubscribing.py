"""Unsubscribing from a kind of message: a page for people, and one click for mail programs (RFC 8058).

It takes nothing from anybody, so its link is good whatever has become of the address to which the message went.
"""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from commitments.choices import IN_ANY_CASE
from commitments.database import open_reading, open_unit
from commitments.facts import Person
from commitments.log import Author
from commitments.vocabulary import NotificationKind
from notifications.choosing import choose
from notifications.languages import load_words
from notifications.links import LinkInvalid, Purpose, sign_by_link
from notifications.readers import load_reader
from notifications.wording import Words
from portal.house import Here, House
from portal.pages import FormView, show_page

router = APIRouter()


@router.api_route("/unsubscribe/{token}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_unsubscribing(token: str, house: Here) -> Response:
    """Ask whether it is meant: link scanners follow every link."""
    person, kind = _read(house, token)
    words = load_words(person.language)
    if kind in IN_ANY_CASE:
        return _show(words, house, token, person, kind, None)
    done = kind in person.choices.unsubscribed
    form = FormView(
        f"/unsubscribe/{token}",
        "",
        words.gettext("Nobody else's messages change. You can subscribe again at any time."),
        words.gettext("Unsubscribe"),
    )
    return _show(words, house, token, person, kind, None if done else form)


@router.post("/unsubscribe/{token}", response_class=HTMLResponse)
def post_unsubscribing(token: str, house: Here) -> Response:
    """Unsubscribe at once, without another question, whatever the body says."""
    person, kind = _read(house, token)
    if kind in IN_ANY_CASE:  # as an earlier version's letter may ask
        return _show(load_words(person.language), house, token, person, kind, None)
    now = house.read_clock()
    unsubscribed = sorted(str(one) for one in person.choices.unsubscribed | {kind})
    with open_unit(house.engine) as unit:
        author = Author(sign_by_link(person.reference, token), now)
        choose(unit, author, person.reference, {"unsubscribed": unsubscribed}, now)
    return _show(load_words(person.language), house, token, person, kind, None)


def _read(house: House, token: str) -> tuple[Person, NotificationKind]:
    contact_id, kind = house.links.read(Purpose.UNSUBSCRIBE, token)
    with open_reading(house.engine) as reading:
        person = load_reader(reading, contact_id)
        if person is None:
            raise LinkInvalid("the person of this link is not known here")
    return person, NotificationKind(kind)


def _show(
    words: Words, house: House, token: str, person: Person, kind: NotificationKind, form: FormView | None
) -> Response:
    links = house.links.bind(house.links.read_place(Purpose.UNSUBSCRIBE, token))
    named = {"kind": words.name(kind)}
    title = words.gettext("Unsubscribe: %(kind)s") if form else words.gettext("You have unsubscribed: %(kind)s")
    said = words.gettext("This kind of message no longer comes to you.")
    if kind in IN_ANY_CASE:
        title = "%(kind)s"
        said = words.gettext(
            "This kind of message comes in any case: without it nobody would know that others do not go."
        )
    return show_page(
        "unsubscribe.html", words, title % named, form=form, said=said, choices=links.write_choices(person.id)
    )
