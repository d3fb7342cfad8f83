"""Writes a message for a chat or a telephone: within the service's limit, and honest about what it leaves out."""

import html
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from jinja2 import Template

from notifications.house import CHAT, Fault, explain_fault, find_part, sign_folder
from notifications.languages import load_words
from notifications.messages import Message
from notifications.overviews import shorten_overview
from notifications.rendering import build_environment, describe_message
from notifications.services import Markup, Unit
from notifications.views import MessageView, check_link, clean_text, shorten_text
from notifications.wording import Words

LISTED = (12, 6, 3, 1, 0)
"""So many lines of each part of a digest or summary, as there is room."""
SUBJECT_ROOM = 20
"""A link is left out where less would be left for the subject."""
_MARKDOWN = re.compile(r"([\\`*_\[\]#<>~|])")
_MARKDOWN_START = re.compile(r"^([-+]|\d+\.)(?=\s)")


class _Mark(str):
    """A mark of ours, or a link that was checked: it is written as it is."""

    __slots__ = ()


def _escape_markdown(words: str) -> str:
    return _MARKDOWN_START.sub(r"\\\1", _MARKDOWN.sub(r"\\\1", words))


_ESCAPES: Mapping[Markup, Callable[[str], str]] = {
    Markup.PLAIN: str,
    Markup.MARKDOWN: _escape_markdown,
    Markup.HTML: lambda words: html.escape(words, quote=False),
    Markup.ANGLED: lambda words: words.replace("<", "‹").replace(">", "›"),
}
_MARKS: Mapping[Markup, Mapping[str, str]] = {
    Markup.PLAIN: {"strong": "", "unstrong": "", "bullet": "• ", "indent": "  "},
    Markup.MARKDOWN: {"strong": "**", "unstrong": "**", "bullet": "- ", "indent": "  "},
    Markup.HTML: {"strong": "<b>", "unstrong": "</b>", "bullet": "• ", "indent": "  "},
    Markup.ANGLED: {"strong": "", "unstrong": "", "bullet": "• ", "indent": "  "},
}


def write_chat(message: Message, markup: Markup, limit: int, unit: Unit, house: Path | None = None) -> tuple[str, str]:
    """The subject, and the text in at most `limit` characters or bytes.

    As many of the most urgent matters as fit are told whole, and the others are counted; a link stays at the end.
    `house` is a folder whose files take the place of the usual ones; what a changed template does wrong is raised as
    it comes, and `write_chat_safely` goes on without it.
    """
    words = load_words(message.language, house)
    template = _load_template(words, markup, house, sign_folder(house))
    message = replace(message, unsubscribe_link=None)  # a chat has no list to leave; the page of choices has
    view = describe_message(words, message)
    for shown in _list_forms(words, message, view):
        text = _render(template, shown)
        if measure(text, unit) <= limit:
            return view.subject, text
    return view.subject, _cut_down(view, message.short_choices_link, markup, limit, unit)


def _list_forms(words: Words, message: Message, view: MessageView) -> Iterator[MessageView]:
    """The message from its fullest form to the shortest: what is not one of the matters becomes less first."""
    lengths = LISTED if view.overviews else (0,)
    for whole in (view, _leave_out_sentences(view)):
        for most in lengths:
            yield _shorten_overviews(words, message, whole, most)
    # The link to one's choices becomes short before a matter is only counted.
    short = tuple(replace(one, link=check_link(message.short_choices_link) or one.link) for one in view.footer)
    for shown in range(len(message.items), min(len(message.items), 1) - 1, -1):
        fewer = _leave_out_sentences(_show_some(words, message, view, shown))
        fewer = _shorten_overviews(words, message, fewer, 0)
        yield fewer
        yield replace(fewer, footer=short)


def _shorten_overviews(words: Words, message: Message, view: MessageView, most: int) -> MessageView:
    return replace(view, overviews=tuple(shorten_overview(words, one, message, most) for one in view.overviews))


def _leave_out_sentences(view: MessageView) -> MessageView:
    """The matters without the sentence of the agreement and the parties."""
    sections = tuple(
        replace(one, items=tuple(replace(item, quote="", promised="") for item in one.items)) for one in view.sections
    )
    return replace(view, sections=sections)


def write_chat_safely(
    message: Message, markup: Markup, limit: int, unit: Unit, house: Path | None, tell: Callable[[Fault], None]
) -> tuple[str, str]:
    """The same by the house's template; by the usual one if that fails, and then the fault is told."""
    if house is None:
        return write_chat(message, markup, limit, unit)
    try:
        return write_chat(message, markup, limit, unit, house)
    except Exception as fault:  # a template is a program of the operator's: it may fail in any way
        tell(explain_fault(fault, find_part(fault)))
        return write_chat(message, markup, limit, unit)


def measure(text: str, unit: Unit) -> int:
    """The length as the service counts it."""
    return len(text.encode()) if unit is Unit.BYTES else len(text)


def cut_text(text: str, limit: int, unit: Unit) -> str:
    """The beginning of a text, never half a character."""
    if measure(text, unit) <= limit:
        return text
    if unit is Unit.CHARACTERS:
        return shorten_text(text, limit)
    room = max(limit - len("…".encode()), 0)
    return text.encode()[:room].decode("utf-8", "ignore").rstrip() + "…"


def _show_some(words: Words, message: Message, whole: MessageView, shown: int) -> MessageView:
    if shown == len(message.items):
        return whole
    fewer = replace(message, items=message.items[:shown], more=message.more + len(message.items) - shown)
    # The subject counts all of them, whatever is told here.
    return replace(describe_message(words, fewer), subject=whole.subject)


def _cut_down(view: MessageView, choices: str | None, markup: Markup, limit: int, unit: Unit) -> str:
    """Where not even the frame fits, as in a telephone: the subject, the page of its matter if it has only one, and the
    short link to the reader's choices."""
    escape = _ESCAPES[markup]
    items = [item for section in view.sections for item in section.items]
    page = (items[0].page or items[0].link) if len(items) == 1 and not view.overviews else ""
    short = check_link(choices)
    pages = [f"\n{target}" for target in (page, view.register) if target]
    links = [f"{one}\n{short}" for one in pages] + [f"\n{short}"] + pages if short else pages
    link = next((one for one in links if limit - measure(one, unit) >= SUBJECT_ROOM), "")
    room = limit - measure(link, unit)
    subject = view.subject
    while subject and measure(escape(subject), unit) > room:
        subject = cut_text(subject, measure(subject, unit) - 8, unit) if measure(subject, unit) > 16 else ""
    return escape(subject) + link


def _render(template: Template, view: MessageView) -> str:
    lines = [line.rstrip() for line in template.render(view=view).strip().splitlines()]
    return "\n".join(lines)


@lru_cache(maxsize=128)
def _load_template(words: Words, markup: Markup, house: Path | None, _signs: Hashable) -> Template:
    escape = _ESCAPES[markup]

    def finish(value: object) -> object:
        return value if isinstance(value, _Mark) else escape(clean_text(str(value)))

    # Without a cache: else a template compiled for another markup, with its escapes, would be taken from it.
    environment = build_environment(words, house).overlay(finalize=finish, cache_size=0)
    environment.globals = dict(environment.globals) | {name: _Mark(mark) for name, mark in _MARKS[markup].items()}
    environment.filters = dict(environment.filters) | {"link": _Mark}
    return environment.get_template(CHAT)
