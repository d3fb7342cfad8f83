"""What follows at once from the reports that a file brings, in words."""

from collections.abc import Iterable

from commitments.difference import Followed
from notifications.names import choose_words
from notifications.views import clean_text, fit_text, name_some
from notifications.wording import Words

_SHORT = 80


def tell_followed(words: Words, found: Iterable[Followed]) -> list[str]:
    """Each commitment that counts as fulfilled from then on, and who is asked whether it is."""
    return [_tell(words, one) for one in found]


def _tell(words: Words, one: Followed) -> str:
    title = fit_text(clean_text(one.title), _SHORT)
    if not one.settles:
        return words.gettext(
            "A report says that “%(title)s” is done, but the file says itself how it stands, and that counts: nobody "
            "is asked to confirm it. To have it counted and asked about, leave its state out of the file."
        ) % {"title": title}
    if not one.asked:
        return words.gettext("“%(title)s” is reported as done, and counts as fulfilled.") % {"title": title}
    names = [clean_text(choose_words(names, words.tag)) for _, names in one.asked]
    return words.gettext(
        "“%(title)s” is reported as done, and counts as fulfilled. Asked at once to confirm it: %(parties)s."
    ) % {"title": title, "parties": name_some(words, names)}
