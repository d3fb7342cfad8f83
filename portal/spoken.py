"""Words on a page that are in another language than the page: a screen reader speaks them, and a browser draws them, by
their own."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from markupsafe import Markup, escape

from commitments.questions import Question
from notifications.names import find_words, is_english, is_foreign, name_promise
from notifications.views import DatedView, ItemView, clean_text
from notifications.wording import Words

_PLACE = re.compile(r"%\((\w+)\)s")


class Spoken(str):
    """A text that is, or some of which is, in another language than the page's."""

    pieces: tuple[tuple[str, str], ...] = ()
    """What it is put together from, each with the tag of its language, which is empty for the page's."""


def speak(text: str, tag: str) -> str:
    """The text with its language; as it is where that is the page's (`tag` is empty)."""
    return _put_together([(text, tag)]) if text else text


def list_pieces(text: str) -> tuple[tuple[str, str], ...]:
    """The pieces of a text, each with the tag of its language."""
    return text.pieces if isinstance(text, Spoken) else ((text, ""),)


def find_tag_of(text: str) -> str:
    """The language of a text that is all in one; empty where that is the page's."""
    pieces = list_pieces(text)
    return pieces[0][1] if len(pieces) == 1 else ""


def drop_stop(text: str) -> str:
    """The words without the full stop at their end, for within a sentence."""
    *before, (piece, tag) = list_pieces(text)
    return _put_together([*before, (piece.rstrip(".。"), tag)])


def weave(pattern: str, named: Mapping[str, object]) -> str:
    """The sentence filled with words that keep their languages, and with numbers."""

    def fill() -> Iterator[tuple[str, str]]:
        for at, piece in enumerate(_PLACE.split(pattern)):
            yield from list_pieces(_write(named[piece])) if at % 2 else ((piece.replace("%%", "%"), ""),)

    return _put_together(fill())


def _write(one: object) -> str:
    return one if isinstance(one, str) else str(one)


def string(words: Words, parts: Iterable[str]) -> str:
    """What there is of these parts, in one line; each keeps its language."""
    between = words.gettext(" · ")
    pieces: list[tuple[str, str]] = []
    for part in filter(None, parts):
        pieces += [(between, "")] if pieces else []
        pieces += list_pieces(part)
    return _put_together(pieces)


def show_spoken(text: str) -> str:
    """What a template writes of a text: within an element that names its language, where it is not the page's."""
    return Markup().join(
        Markup('<span lang="{}">{}</span>').format(tag, piece) if tag else escape(piece)
        for piece, tag in list_pieces(text)
    )


def speak_unit(said: str, unit: str | None, words: Words) -> str:
    """What was said of a number, with the language of its unit: the register has that in one language only."""
    if unit is None or unit not in said or not is_foreign(unit, words.tag) or not any(map(str.isalpha, unit)):
        return said
    before, _, after = said.partition(unit)
    return _put_together([(before, ""), (unit, "en"), (after, "")])


def _put_together(pieces: Iterable[tuple[str, str]]) -> str:
    kept = tuple((piece, tag) for piece, tag in pieces if piece)
    text = "".join(piece for piece, _ in kept)
    if not any(tag for _, tag in kept):
        return text
    spoken = Spoken(text)
    spoken.pieces = kept
    return spoken


def find_tag(by_language: Mapping[str, str], language: str) -> str:
    """The language in which a reader gets words that are known by language, where it is not theirs; else empty."""
    if not by_language or find_words(by_language, language):
        return ""
    return "en" if by_language.get("en") else next(iter(by_language))


def find_promise_tag(row: Any, language: str) -> str:
    """The same of a commitment: what is not known in the reader's language is said in English."""
    known = is_english(language) or find_words(row.quote, language) or find_words(row.summaries, language)
    return "" if known else "en"


def find_step_tag(titles: Mapping[str, str] | None, language: str) -> str:
    """The same of a milestone, whose first title is in English."""
    return "" if is_english(language) or find_words(titles, language) else "en"


def speak_promise(row: Any, words: Words, text: str) -> str:
    """The words of a commitment, with their language."""
    return speak(text, find_promise_tag(row, words.tag))


def speak_step(titles: Mapping[str, str] | None, words: Words, text: str) -> str:
    """The title of a milestone, with its language."""
    return speak(text, find_step_tag(titles, words.tag))


def speak_title(title: Mapping[str, str], words: Words, text: str) -> str:
    """The title of an agreement, with its language."""
    return speak(text, find_tag(title, words.tag))


def speak_news(told: DatedView, title: str, agreement: str) -> DatedView:
    """What was told, with the languages of its title and of the agreement at its end, as these have them."""
    where = clean_text(agreement)
    said = told.detail.removesuffix(where)
    detail = weave("%(said)s%(where)s", {"said": said, "where": speak(where, find_tag_of(agreement))})
    return replace(
        told,
        title=speak(told.title, find_tag_of(title)),
        detail=detail if where and said != told.detail else told.detail,
    )


def speak_item(item: ItemView, question: Question, words: Words) -> ItemView:
    """What is asked about, with the languages of the promise, its sentence and the agreement."""
    if question.agreement is not None:
        item = replace(item, agreement=speak_title(question.agreement.title, words, item.agreement))
    if question.standing is not None:
        item = replace(item, reason=speak_unit(item.reason, question.standing.reason.numbers.get("unit"), words))
    if question.commitment is None:
        return item
    row, step = question.commitment, question.milestone
    title = item.title
    if step is not None and title.endswith(clean_text(step.title)):
        title = speak_step(None, words, title)
    elif step is None and title.strip('“”"') == clean_text(name_promise(row, words.tag)):
        title = speak_promise(row, words, title)
    return replace(item, title=title, quote=speak_promise(row, words, item.quote) if item.quote else "")
