"""Words on a page that are in another language than the page: a screen reader speaks them, and a browser draws them, by
their own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from markupsafe import Markup, escape

from commitments.questions import Question
from notifications.names import find_words, is_english, name_promise
from notifications.views import ItemView, clean_text
from notifications.wording import Words


class Spoken(str):
    """A text with the tag of its language, where that is not the page's."""

    tag: str = ""


def speak(text: str, tag: str) -> str:
    """The text with its language; as it is where that is the page's (`tag` is empty)."""
    if not tag:
        return text
    spoken = Spoken(text)
    spoken.tag = tag
    return spoken


def show_spoken(text: str) -> str:
    """What a template writes of a text: within an element that names its language, where it is not the page's."""
    tag = getattr(text, "tag", "")
    return Markup('<span lang="{}">{}</span>').format(tag, str(text)) if tag else escape(str(text))


def find_tag(by_language: Mapping[str, str], language: str) -> str:
    """The language in which a reader gets words that are known by language, where it is not theirs; else empty."""
    if not by_language or find_words(by_language, language):
        return ""
    return "en" if by_language.get("en") else next(iter(by_language))


def find_promise_tag(row: Any, language: str) -> str:
    """The same of a commitment: what is not known in the reader's language is said in English."""
    known = is_english(language) or find_words(row.quote, language) or find_words(row.summaries, language)
    return "" if known else "en"


def speak_promise(row: Any, words: Words, text: str) -> str:
    """The words of a commitment, with their language."""
    return speak(text, find_promise_tag(row, words.tag))


def speak_title(title: Mapping[str, str], words: Words, text: str) -> str:
    """The title of an agreement, with its language."""
    return speak(text, find_tag(title, words.tag))


def speak_item(item: ItemView, question: Question, words: Words) -> ItemView:
    """What is asked about, with the languages of the promise, its sentence and the agreement."""
    if question.agreement is not None:
        item = replace(item, agreement=speak_title(question.agreement.title, words, item.agreement))
    if question.commitment is None:
        return item
    row, step = question.commitment, question.milestone
    title = item.title
    if step is not None and title.endswith(clean_text(step.title)) and not is_english(words.tag):
        title = speak(title, "en")
    elif step is None and title.strip('“”"') == clean_text(name_promise(row, words.tag)):
        title = speak_promise(row, words, title)
    return replace(item, title=title, quote=speak_promise(row, words, item.quote) if item.quote else "")
