"""A link in a message is good at the address to which it went, as long as that is its person's."""

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, select

from commitments.errors import TallyError
from commitments.facts import Person
from commitments.tables import contact
from notifications.languages import load_words
from notifications.links import name_place
from notifications.views import LinkView
from portal.pages import show_notice


class MovedAway(TallyError):
    """A link out of a message to an address that its person has no more."""

    def __init__(self, person: Person) -> None:
        self.person = person
        super().__init__(f"{person.reference} has another address than the one to which this link went")


def check_mailbox(reading: Connection, person: Person, place: str) -> None:
    """Raise MovedAway where the link went to an address that the register has no more of this person.

    One that is turned off, because what was sent there came back, is theirs all the same.
    """
    if not place or place in {name_place(one) for one in (person.mail, *(address for _, address in person.ways))}:
        return
    channels = reading.execute(select(contact.c.channels).where(contact.c.id == person.id)).scalar_one()
    if place not in {name_place(str(address)) for address in channels.values()}:
        raise MovedAway(person)


def show_moved(_request: Request, moved: Exception) -> HTMLResponse:
    """To who opens the link of a letter to a former address: what happened, and how its person gets in."""
    assert isinstance(moved, MovedAway)
    words = load_words(moved.person.language)
    return show_notice(
        words,
        words.gettext("This message went to a former address"),
        words.gettext(
            "The person to whom it went has another address by now, so that its links answer for nobody any more. "
            "Nothing was changed."
        ),
        hint=words.gettext(
            "If that is you: ask for a link to sign in with your present address. What is asked of you stands there, "
            "and in your next message."
        ),
        link=LinkView(words.gettext("Sign in"), "/home", "first"),
        status=410,
    )
