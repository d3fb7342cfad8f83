"""Writes a message: subject, text and HTML from one view, by Jinja2 templates."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, Template, nodes, select_autoescape
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from commitments.errors import TallyError
from notifications.house import (
    PARTS,
    POLICY,
    TEMPLATES,
    Fault,
    NamedUndefined,
    explain_fault,
    find_part,
    list_files,
    sign_folder,
)
from notifications.items import DENSE_ITEMS, describe_sections, list_views
from notifications.languages import load_words
from notifications.messages import ITEM_LIMIT, Message
from notifications.overviews import describe_digest, describe_summary
from notifications.styles import STYLE
from notifications.subjects import write_subject
from notifications.views import (
    SUBJECT_LIMIT,
    LinkView,
    MessageView,
    OverviewView,
    SectionView,
    SignInView,
    Written,
    check_link,
    clean_text,
    shorten_text,
)
from notifications.wording import Words

HTML_LIMIT = 98_000
"""In octets: mail programs cut a message off at about 100 kB, and with it the links at its end."""


_Part = Callable[[MessageView], str]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Each part of a message as a function of its view."""

    subject: _Part
    text: _Part
    html: _Part


def write_message(message: Message, house: Path | None = None) -> Written:
    """The message in its reader's language. `house` is a folder whose files take the place of the usual ones.

    Whatever a changed template does wrong is raised as it comes; `write_safely` goes on without it.
    """
    words = load_words(message.language, house)
    if message.sign_in is not None:
        return write_sign_in(words, message)
    layout = _load_layout(words, house, sign_folder(house))
    drawn = None
    if message.summary is not None:
        from notifications.pictures import draw_summary

        drawn = draw_summary(words, message, house)
    view = describe_message(words, message, with_picture=drawn is not None)
    html = layout.html(view)
    pages = not _is_too_long(html)
    if not pages:
        view = describe_message(words, message, with_picture=drawn is not None, with_pages=False)
        html = layout.html(view)
    shown = len(message.items[:ITEM_LIMIT])
    while _is_too_long(html) and shown > 1:
        shown = min(shown - 1, shown * HTML_LIMIT // len(html.encode()))
        view = describe_message(words, message, most=shown, with_picture=drawn is not None, with_pages=pages)
        html = layout.html(view)
    # What a changed template adds to the subject must not be able to start another header.
    subject = shorten_text(clean_text(layout.subject(view)), SUBJECT_LIMIT)
    text = layout.text(view)
    if house is not None:
        check_written(PARTS[0], subject)
        check_written(PARTS[1], text)
    views = list_views(message.items[:shown], view.sections)
    if drawn is None:
        return Written(subject, text, html, words.tag, views=views)
    return Written(subject, text, html, words.tag, drawn.picture, drawn.page, views)


class EmptyPart(TallyError):
    """A template of the house writes nothing where something has to stand."""

    def __init__(self, part: str) -> None:
        self.part = part
        super().__init__("this template writes nothing; it takes the place of the usual one, and so has to say it all")


def check_written(part: str, text: str) -> None:
    """Raises EmptyPart for the subject or the text of a message if nothing is written there."""
    if part in PARTS[:2] and not text.strip():
        raise EmptyPart(part)


def _is_too_long(html: str) -> bool:
    return len(html) * 4 > HTML_LIMIT and len(html.encode()) > HTML_LIMIT  # UTF-8 has at most 4 octets a character


def write_safely(message: Message, house: Path | None, tell: Callable[[Fault], None]) -> Written:
    """The message by the house's templates; by the usual ones if those fail, and then the faults are told."""
    if house is None:
        return write_message(message)
    try:
        return write_message(message, house)
    except (
        Exception
    ) as fault:  # a template is a program of the operator's: it may fail in any way, and the mail must go
        part = fault.part if isinstance(fault, EmptyPart) else find_part(fault)
        tell(explain_fault(fault, part))
        return write_message(message)


def write_subject_line(message: Message, house: Path | None) -> str:
    """The subject alone, as `write_safely` has it: the whole message is written only where the house may change it."""
    if house is not None and any(path.name != POLICY for path in list_files(house)):
        return write_safely(message, house, pass_over).subject
    return shorten_text(clean_text(write_subject(load_words(message.language), message)), SUBJECT_LIMIT)


def pass_over(_fault: Fault) -> None:
    """For those who only look ahead: the sender and `tally preview` tell what is wrong."""


def describe_message(
    words: Words, message: Message, *, most: int = ITEM_LIMIT, with_picture: bool = False, with_pages: bool = True
) -> MessageView:
    """The whole message, every string ready; items beyond `most` are counted. `with_pages` overviews link what they
    list to its page in the portal."""
    items = message.items[:most]
    overviews = []
    portal = message.base_url if with_pages else None
    if message.digest is not None:
        overviews.append(describe_digest(words, message.digest, portal, message.base_url))
    if message.summary is not None:
        overviews.append(
            describe_summary(
                words,
                message.summary,
                with_agreements=message.digest is None,
                with_picture=with_picture,
                portal=portal,
            )
        )
    sections = describe_sections(words, items)
    more = message.more + len(message.items) - len(items)
    name = clean_text(message.coordinator_name or "") if message.coordinator_mail else ""
    return MessageView(
        tag=words.tag,
        direction=words.direction,
        subject=write_subject(words, message),
        preheader=_write_preheader(sections, overviews),
        day=words.format_weekday(message.day),
        greeting=words.gettext("Hello %(name)s,") % {"name": clean_text(message.to_name)},
        sections=sections,
        more=words.ngettext("and %(count)s more in the register", "and %(count)s more in the register", more)
        % {"count": more}
        if more
        else "",
        overviews=tuple(overviews),
        reply=words.gettext("To answer, reply to this mail: it goes to %(name)s.") % {"name": name} if name else "",
        register=check_link(message.base_url),
        dense=len(items) > DENSE_ITEMS,
        footer=_describe_footer(words, message),
    )


def _describe_footer(words: Words, message: Message) -> tuple[LinkView, ...]:
    named = (
        (words.gettext("Choose when and what you get"), message.choices_link),
        (words.gettext("Unsubscribe"), message.unsubscribe_link),
    )
    return tuple(LinkView(text, check_link(link), "plain") for text, link in named if check_link(link))


def _write_preheader(sections: Sequence[SectionView], overviews: Sequence[OverviewView]) -> str:
    """What the inbox shows beside the subject."""
    items = [item for section in sections for item in section.items]
    if items:
        return shorten_text(f"{items[0].standing}: {items[0].reason}", 140)
    return " · ".join(overviews[0].figures) if overviews else ""


def write_sign_in(words: Words, message: Message) -> Written:
    """The letter with a link to sign in; a house changes its phrases, not its form."""
    view = describe_sign_in(words, message)
    environment = build_environment(words)
    text, html = (environment.get_template(f"sign_in/{name}").render(view=view) for name in ("body.txt", "body.html"))
    return Written(view.subject, text, html, words.tag)


def describe_sign_in(words: Words, message: Message) -> SignInView:
    """What the link is for, until when, and what to do who did not ask for it."""
    return SignInView(
        words.tag,
        words.direction,
        write_subject(words, message),
        words.gettext("Hello %(name)s,") % {"name": clean_text(message.to_name)}
        if message.to_name
        else words.gettext("Hello,"),
        words.gettext("With this link you sign in to Tallystick. It works once, and for 15 minutes."),
        LinkView(words.gettext("Sign in"), check_link(message.sign_in), "first"),
        words.gettext("If you did not ask for it, do nothing: without the link nobody gets in. Do not pass it on."),
        _describe_footer(words, message),
    )


class WrittenStyles(Extension):
    """Writes fixed styles into a template when it is compiled: a letter shows a hundred, and none of them changes."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return _STYLE.sub(_write_style, source)


class WrittenPhrases(Extension):
    """Writes the phrases of our own templates into them, too: an environment speaks one language."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        gettext: Callable[[str], str] = self.environment.say  # type: ignore[attr-defined]
        kind = "|safe" if (name or "").endswith(".html") else ""  # as Jinja2 does with what gettext says
        return _PHRASE.sub(lambda found: f"({json.dumps(gettext(found[1]) % {}, ensure_ascii=False)}{kind})", source)


_PHRASE = re.compile(r'\b_\("([^"\\]+)"\)')
_STYLE = re.compile(r"\{\{ *style\.(\w+) *\}\}")


def _write_style(found: re.Match[str]) -> str:
    rule = getattr(STYLE, found[1], None)
    return rule if isinstance(rule, Markup) else found[0]


class _DirectCode(CodeGenerator):
    """Asks for what a view has without looking for it anywhere else, and marks nothing as safe that is only joined."""

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        self.write("(")
        self.visit(node.node, frame)
        self.write(f").{node.attr}")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile:
            self.write("environment.escape(")
        else:
            super()._output_child_pre(node, frame, finalize)


class OwnEnvironment(Environment):
    """For our own templates: they ask only for what views have, a hundred times a letter, and tests render each."""

    code_generator_class = _DirectCode

    @staticmethod
    def escape(value: Any) -> str:
        """The same as Jinja2 writes; a hundred marks around as many strings took as long as all the rest."""
        if type(value) is not str:
            return value if type(value) is Markup else escape(value)
        text: str = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return text.replace("'", "&#39;").replace('"', "&#34;")


def build_environment(words: Words, house: Path | None = None) -> Environment:
    """One language's environment: what is not defined is an error, and HTML is escaped."""
    loaders: list[BaseLoader] = [FileSystemLoader(TEMPLATES)]
    make: type[Environment] = OwnEnvironment
    if house is not None:
        loaders.insert(0, FileSystemLoader(house))
        make = ImmutableSandboxedEnvironment
    environment = make(
        loader=ChoiceLoader(loaders),
        undefined=NamedUndefined,
        autoescape=select_autoescape(("html",), ("txt",), default_for_string=True, default=True),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", WrittenStyles],
    )
    if house is None:
        environment.extend(say=words.gettext)
        environment.add_extension(WrittenPhrases)
    environment.globals["style"] = STYLE
    environment.install_gettext_translations(words.translations, newstyle=True)  # type: ignore[attr-defined]
    return environment


@lru_cache(maxsize=64)
def _load_layout(words: Words, house: Path | None, _signature: tuple[tuple[str, int, int], ...]) -> _Layout:
    environment = build_environment(words, house)
    take = _take_part if house is None else _take_changed_part
    subject, text, html = (take(environment.get_template(part)) for part in PARTS)
    return _Layout(subject, text, html)


def _take_part(template: Template) -> _Part:
    """A part of ours: what every template may use is put together once, and not for each letter."""
    environment, known, render = template.environment, dict(template.globals), template.root_render_func

    def write(view: MessageView) -> str:
        return "".join(render(Context(environment, {**known, "view": view}, template.name, template.blocks)))

    return write


def _take_changed_part(template: Template) -> _Part:
    """A part that the house may have changed: what is wrong in it is told with its line."""
    return lambda view: template.render(view=view)
