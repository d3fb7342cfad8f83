"""The marks that stand between two words: brackets, colon and comma as the language of the page writes them."""

from notifications.wording import Words
from portal.spoken import drop_stop, weave


def put_beside(words: Words, said: str, beside: object) -> str:
    """Words with others in brackets after them; no stop stands before those."""
    return weave(words.gettext("%(name)s (%(party)s)"), {"name": drop_stop(said), "party": str(beside)})


def put_under(words: Words, head: str, said: str) -> str:
    """A head with what is said under it."""
    return weave(words.gettext("%(column)s: %(after)s"), {"column": head, "after": said})


def name_with_office(words: Words, name: str, office: str | None) -> str:
    """A name with the office or the place that it goes with, where that is known."""
    return weave(words.gettext("%(name)s, %(office)s"), {"name": name, "office": office}) if office else name
