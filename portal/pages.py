"""Writes pages: server-rendered, one look, in their reader's language. No page needs a script; some use one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from babel.core import negotiate_locale
from fastapi import Request
from fastapi.responses import HTMLResponse, StreamingResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from commitments.filling import LONGEST_LINE
from notifications.languages import CATALOGUES, load_words
from notifications.views import LinkView
from notifications.wording import Words
from portal.spoken import show_spoken

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
_PIECES_AT_ONCE = 20
SO_FAR = "\x1e"
"""Stands in a page that is streamed for: send what is written so far."""


@dataclass(frozen=True, slots=True)
class OptionView:
    value: str
    text: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of a form, every string ready. `kind` is that of its input: text, note, date, time, number, select,
    radios, checks or file (`most` then says what it takes)."""

    name: str
    label: str
    kind: str
    value: str = ""
    help: str = ""
    fault: str = ""
    required: bool = False
    least: str = ""
    most: str = ""
    options: tuple[OptionView, ...] = ()
    listed: str = ""
    """The id of the list of words that are offered while one types."""
    finder: LinkView | None = None
    """Where a script asks for those of many options in which a word occurs."""
    prose: bool = False
    """Whether sentences are written in it, though it has one line."""

    @property
    def longest(self) -> str:
        """How many characters are taken, where sentences are written: it is said at the field, as a browser cuts off
        without a word what is pasted beyond."""
        return self.most if self.prose or self.kind == "note" else ""


@dataclass(frozen=True, slots=True)
class FormView:
    """One form; `title` says what it does, `explained` what follows from it."""

    action: str
    title: str
    explained: str
    button: str
    fields: tuple[FieldView, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    is_open: bool = False
    more: tuple[FieldView, ...] = ()
    """Fields that are seldom needed; they stand folded under `more_title`."""
    more_title: str = ""
    look: str = ""
    """That of the button: empty, or `danger`."""

    @property
    def takes_files(self) -> bool:
        return any(one.kind == "file" for one in self.fields)

    @property
    def opens_more(self) -> bool:
        """Whether something is wrong among the folded fields."""
        return any(one.fault for one in self.more)


@dataclass(frozen=True, slots=True)
class FactView:
    label: str
    text: str
    way: LinkView | None = None
    """Where more is told of it."""


@dataclass(frozen=True, slots=True)
class TableView:
    """A table whose first cells are the heads of its rows."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ways: tuple[tuple[LinkView, ...], ...] = ()
    """What may be done about each row; empty where nobody does anything."""

    def without_empty_columns(self) -> "TableView":
        """The same without the columns that say nothing in any row."""
        told = [place for place in range(len(self.heads)) if place == 0 or any(row[place] for row in self.rows)]
        heads = tuple(self.heads[place] for place in told)
        return replace(self, heads=heads, rows=tuple(tuple(row[place] for place in told) for row in self.rows))


REFUSED = 422
"""The status of a form that is shown again with what is wrong: its title says so first, to who hears it read."""


def show_page(
    template: str, words: Words, title: str, *, status: int = 200, token: str = "", **view: Any
) -> HTMLResponse:
    """A page of `templates/`; what the template gets is strings and views, nothing of the register.

    `token` is what the forms of a visit carry (`Viewer.token`).
    """
    page = _open_environment(words).get_template(template)
    surround = _surround(words, title, token)
    if status == REFUSED:
        surround["refused"] = words.gettext("Please put this right:")
    return HTMLResponse(page.render(surround | view), status)


def stream_page(template: str, words: Words, title: str, *, token: str = "", **view: Any) -> StreamingResponse:
    """The same, sent piece by piece as it is written: at the latest where the template says `{{ so_far }}`."""
    surround = _surround(words, title, token) | {"so_far": SO_FAR}
    pieces = _open_environment(words).get_template(template).generate(surround | view)
    return StreamingResponse(gather_pieces(pieces), media_type="text/html; charset=utf-8")


def gather_pieces(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces of a page, some at a time; those so far at once where its template says so."""
    held: list[str] = []
    for piece in pieces:
        if piece != SO_FAR:
            held.append(piece)
        if piece == SO_FAR or len(held) >= _PIECES_AT_ONCE:
            yield "".join(held)
            held.clear()
    yield "".join(held)


def _surround(words: Words, title: str, token: str) -> dict[str, Any]:
    return {
        "title": title,
        "tag": words.tag,
        "direction": words.direction,
        "style": name_asset("portal.css"),
        "icon": name_asset("icon.svg"),
        "token": token,
        "so_far": "",
        "refused": "",
        "longest_line": LONGEST_LINE,
    }


def say_changed(words: Words) -> str:
    """Above a form that was refused because what it is about has changed; also behind the links in messages."""
    return words.gettext("Nothing was recorded, because this has changed meanwhile. Here is how it stands now.")


def show_notice(
    words: Words, title: str, text: str, *, status: int = 200, hint: str = "", link: LinkView | None = None
) -> HTMLResponse:
    """A page that says one thing, and leads to another if there is a link."""
    return show_page("notice.html", words, title, status=status, text=text, hint=hint, link=link)


def choose_words(request: Request) -> Words:
    """The words for who has no language on record: as their browser asks."""
    wanted = [part.partition(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")]
    known = ["en", *(one.replace("_", "-") for one in list_languages())]
    asked = [one for tag in wanted[:10] for one in ({"zh": ["zh-Hans"], "zh-CN": ["zh-Hans"]}.get(tag, [tag]))]
    return load_words(negotiate_locale(asked, known, sep="-") or "en")


@lru_cache(maxsize=1)
def list_languages() -> tuple[str, ...]:
    """The languages besides English in which there is a catalogue."""
    return tuple(sorted(path.stem for path in CATALOGUES.glob("*.po")))


@lru_cache(maxsize=8)
def name_asset(name: str) -> str:
    """The address of a file of `static/`; another one whenever it changes, so that it can be kept for ever."""
    return f"/static/{sha256((STATIC / name).read_bytes()).hexdigest()[:12]}/{name.rpartition('/')[2]}"


@lru_cache(maxsize=64)
def _open_environment(words: Words) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.filters["spoken"] = show_spoken
    environment.install_gettext_translations(words.translations, newstyle=True)  # type: ignore[attr-defined]
    return environment
