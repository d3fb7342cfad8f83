"""A message as it is shown: every string ready, so that subject, text and HTML cannot differ.

Templates get nothing else; they hold loops and ifs only.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from commitments.vocabulary import StandingState
from notifications.styles import TONES
from notifications.wording import Words

SUBJECT_LIMIT = 150
_TITLE_LIMIT = 72
_NAME_LIMIT = 3

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link and what it says; `look` is that of the first, of the others, or of a plain one."""

    text: str
    link: str
    look: str


@dataclass(frozen=True, slots=True)
class ItemView:
    title: str
    quote: str
    agreement: str
    promised: str
    standing: str
    tone: str
    reason: str
    expected: str
    by: str
    why: str
    link: str
    hints: tuple[str, ...]
    answers: tuple[LinkView, ...] = ()
    page: str = ""
    """Where all of them stand together: for a chat, which has no room for buttons."""
    report: str = ""
    """What was reported, where that is to be confirmed, and what was said with it."""
    note: str = ""
    due: str = ""
    """By when it was promised, where nothing else says so."""
    also: "tuple[StandingView, ...]" = ()
    """How else it stands, where more than one thing is asked about it."""


@dataclass(frozen=True, slots=True)
class StandingView:
    standing: str
    tone: str
    reason: str


@dataclass(frozen=True, slots=True)
class SectionView:
    title: str
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class CountView:
    """So many in one standing; `width` is their share of a bar in percent."""

    text: str
    tone: str
    width: int = 0


@dataclass(frozen=True, slots=True)
class AgreementView:
    title: str
    partners: str
    state: str
    counts: tuple[CountView, ...]
    open_follow_ups: str
    worst: str
    sides: tuple[str, ...] = ()
    link: str = ""
    trouble: str = ""
    """What was last said of a promise that does not go well, beside the one that stands worst."""


@dataclass(frozen=True, slots=True)
class DatedView:
    day: str
    title: str
    detail: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class StuckView:
    title: str
    reason: str
    detail: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class WaitingView:
    text: str
    link: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture that goes along with the message."""

    source: str  # cid:...
    alternative: str
    enclosed: str  # what the text says of the page that goes along


@dataclass(frozen=True, slots=True)
class BarView:
    kind: str
    counts: tuple[CountView, ...]


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The digest or the summary."""

    title: str
    figures: tuple[str, ...]
    agreements: tuple[AgreementView, ...]
    quiet: str
    news: tuple[DatedView, ...] = ()
    more_news: str = ""
    stuck: tuple[StuckView, ...] = ()
    more_stuck: str = ""
    stuck_page: str = ""
    """Where the portal lists them, where some are only counted."""
    coming: tuple[DatedView, ...] = ()
    more_coming: str = ""
    coming_page: str = ""
    """Where the portal shows the dates that are only counted."""
    waiting_own: tuple[WaitingView, ...] = ()
    waiting_others: tuple[WaitingView, ...] = ()
    more_waiting: str = ""
    more_agreements: str = ""
    bars: tuple[BarView, ...] = ()
    parties: tuple[str, ...] = ()
    silence: tuple[str, ...] = ()
    picture: PictureView | None = None


@dataclass(frozen=True, slots=True)
class MessageView:
    tag: str
    direction: str
    subject: str
    preheader: str
    day: str
    greeting: str
    sections: tuple[SectionView, ...]
    more: str
    overviews: tuple[OverviewView, ...]
    reply: str
    register: str
    dense: bool = False
    footer: tuple[LinkView, ...] = ()


@dataclass(frozen=True, slots=True)
class SignInView:
    """The letter that brings a link to sign in."""

    tag: str
    direction: str
    subject: str
    greeting: str
    purpose: str
    link: LinkView
    warning: str
    footer: tuple[LinkView, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A message in words."""

    subject: str
    text: str
    html: str
    tag: str  # the language that it is written in: English where there is no catalogue
    picture: bytes | None = None  # a PNG that the HTML shows
    page: bytes | None = None  # the same on one page, as PDF
    views: tuple[ItemView, ...] = ()  # the items as they are shown, in their order; those left out are not there


def clean_text(text: str) -> str:
    """Text from the register as one harmless line: no controls, no marks that turn the direction, single spaces."""
    if text.isprintable():
        return text if "  " not in text else " ".join(text.split())
    return " ".join(_INVISIBLE.sub("", _CONTROLS.sub(" ", text)).split())


def shorten_text(text: str, limit: int) -> str:
    """The beginning of a text, cut between words where there are any."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:，；：、") + "…"


def fit_text(text: str, limit: int) -> str:
    """The beginning of a text; Chinese and Korean say as much in half as many characters."""
    if len(text) <= limit // 2:
        return text
    wide = not text.isascii() and any(character >= "\u2e80" for character in text[:limit])
    return shorten_text(text, limit // 2 if wide else limit)


def shorten_title(text: str) -> str:
    """A title for a subject line."""
    return fit_text(text, _TITLE_LIMIT)


def shorten_apart(titles: Sequence[str], limit: int = _TITLE_LIMIT) -> list[str]:
    """Titles one beside another: each in short, and in full where others begin with the same words."""
    cut = [fit_text(one, limit) for one in titles]
    often = Counter(cut)
    return [one if often[short] > 1 else short for one, short in zip(titles, cut, strict=True)]


def check_link(link: str | None) -> str:
    """The link if it leads to a page; nothing otherwise."""
    return link if link and link.startswith(("https://", "http://")) and link.isprintable() and " " not in link else ""


def name_some(words: Words, names: Sequence[str]) -> str:
    """A list of names; many are counted."""
    cleaned = [clean_text(name) for name in names]
    rest = len(cleaned) - _NAME_LIMIT
    if rest <= 1:
        return words.join(cleaned)
    return words.ngettext("%(names)s and %(count)s other", "%(names)s and %(count)s others", rest) % {
        "names": words.gettext(", ").join(cleaned[:_NAME_LIMIT]),
        "count": rest,
    }


def needs_attention(counts: Sequence[tuple[StandingState, int]]) -> int:
    """How many of these stand in a way that somebody should look at."""
    return sum(number for state, number in counts if TONES[state] in ("red", "violet") or state is StandingState.BEHIND)
