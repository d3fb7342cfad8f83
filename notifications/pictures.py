"""Draws the month's summary: a picture for the mail and the same on one page as PDF, by one Typst template.

Typst and the font are only loaded here, once a month. A summary that cannot be drawn goes without: its text says all.
"""

import json
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateSyntaxError

from commitments.vocabulary import StandingState
from notifications import phrases
from notifications.house import PAGE, TEMPLATES
from notifications.messages import Age, Message, Summary
from notifications.overviews import count_more, count_stirring, describe_summary
from notifications.styles import LIGHT, PICTURE, TONE_COLOURS, TONES
from notifications.views import check_link, clean_text, fit_text, shorten_title
from notifications.wording import Words

if TYPE_CHECKING:
    from typst import Compiler, Fonts

AGREEMENTS_DRAWN = 8
PARTIES_DRAWN = 5
NOTES = 10
NOTE_LIMIT = 160
PIXELS_AN_INCH = 160
_FAMILIES = {"ko": "Noto Sans CJK KR", "ja": "Noto Sans CJK JP"}
_TONE_OF_AGE = {
    Age.HALF_YEAR: "green", Age.YEAR: "amber", Age.TWO_YEARS: "violet", Age.LONGER: "red", Age.UNKNOWN: "grey",
}  # fmt: skip

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Drawn:
    picture: bytes  # PNG
    page: bytes  # PDF


def draw_summary(words: Words, message: Message, house: Path | None = None) -> Drawn | None:
    """The picture and the page of a message's summary; None, with a warning in the log, if they cannot be drawn.

    By the template of the house if it has one; raises TemplateError if that one is wrong.
    """
    if message.summary is None:
        return None
    own = house is not None and (house / PAGE).is_file()
    template = (house if own and house is not None else TEMPLATES) / PAGE
    try:
        said = describe_page(words, message, message.summary)
        compiler = open_page(template)
        picture = compiler.compile(
            format="png", ppi=PIXELS_AN_INCH, sys_inputs={"said": json.dumps(said | {"form": "picture"})}
        )
        page = write_pdf(compiler, said | {"form": "page"})
    except (ImportError, OSError, RuntimeError) as fault:
        if own and not isinstance(fault, ImportError):
            raise explain_page(fault, PAGE) from None
        log.warning("the month's summary goes without a picture: %s", fault)
        return None
    if not isinstance(picture, bytes) or not isinstance(page, bytes):
        log.warning("the month's summary goes without a picture: it does not fit one page")
        return None
    return Drawn(picture, page)


def open_page(template: Path) -> "Compiler":
    """A page that Typst can draw, with our fonts, the machine's, and the files beside it; ImportError without Typst."""
    from typst import Compiler

    return Compiler(template, root=template.parent, font_paths=load_fonts(), ignore_system_fonts=True)


def write_pdf(compiler: "Compiler", said: dict[str, Any], boxes: str = "") -> bytes | None:
    """The page as a tagged PDF by the standard for reading aloud.

    Where a letter is in none of our fonts, that standard refuses the whole page: it is drawn without its seal then, the
    letter as an empty box, and with `boxes`, which says so. What else is wrong is raised.
    """
    told = {"said": json.dumps(said)}
    try:
        page = compiler.compile(format="pdf", pdf_standards="ua-1", sys_inputs=told)
    except RuntimeError as refused:
        page = compiler.compile(format="pdf", sys_inputs={"said": json.dumps(said | {"boxes": boxes})})
        log.info("a page was drawn without being marked as PDF/UA: %s", refused)
    return page if isinstance(page, bytes) else None


def explain_page(fault: Exception, part: str) -> TemplateSyntaxError:
    """What Typst says is wrong, with the line that it tells in its drawing of the place."""
    place = re.search(r":(\d+):\d+", getattr(fault, "diagnostic", ""))
    hints = "; ".join(getattr(fault, "hints", ()))
    words = f"{getattr(fault, 'message', fault)}{'; ' if hints else ''}{hints}"
    return TemplateSyntaxError(words, int(place[1]) if place else 0, part)


@lru_cache(maxsize=1)
def load_fonts() -> "Fonts":
    """The fonts of every page that Typst draws: ours, and for letters that they lack those of the machine."""
    from fontpkg_noto_sans import ROOT
    from noto_cjk_sans_otc import FONT_PATH
    from typst import Fonts

    folders = [Path(ROOT) / "files", Path(str(FONT_PATH)).parent]
    return Fonts(include_system_fonts=True, include_embedded_fonts=False, font_paths=folders)


def list_families(words: Words) -> list[str]:
    """The fonts in which these words are set, the Latin one first."""
    return ["Noto Sans", _FAMILIES.get(words.locale.language, "Noto Sans CJK SC")]


def describe_page(words: Words, message: Message, summary: Summary) -> dict[str, Any]:
    """All that the template shows, every string ready."""
    view = describe_summary(words, summary, with_agreements=True)
    notes = [fit_text(f"{line.title} – {line.worst}", NOTE_LIMIT) for line in view.agreements if line.worst]
    return {
        "lang": words.locale.language,
        "font": list_families(words),
        "ink": LIGHT["ink"],
        "soft": LIGHT["soft"],
        "ground": PICTURE,
        "house": "Tallystick",
        "title": view.title,
        "day": words.format_weekday(message.day),
        "figures": " · ".join(view.figures),
        "sections": [
            section
            for section in (
                _draw_agreements(words, summary),
                _draw_kinds(words, summary),
                _draw_parties(words, summary),
                _draw_silence(words, summary),
            )
            if section["rows"]
        ],
        "notes_title": words.gettext("Agreements that need attention"),
        "notes": notes[:NOTES],
        "notes_more": count_more(words, count_stirring(summary.agreements) - min(len(notes), NOTES)) if notes else "",
        "foot": " · ".join(part for part in ("Tallystick", check_link(message.base_url)) if part),
    }


def _draw_agreements(words: Words, summary: Summary) -> dict[str, Any]:
    shown = [line for line in summary.agreements if line.counts][:AGREEMENTS_DRAWN]
    rest = len([line for line in summary.agreements if line.counts]) - len(shown)
    more = words.ngettext("and %(count)s more in the register", "and %(count)s more in the register", rest)
    return _section(
        words.gettext("By agreement"),
        [(clean_text(line.title), line.counts) for line in shown],
        words,
        more % {"count": rest} if rest else "",
    )


def _draw_kinds(words: Words, summary: Summary) -> dict[str, Any]:
    rows = [(words.name_kind(line.kind), line.counts) for line in summary.kinds]
    return _section(words.gettext("By kind of commitment"), rows, words)


def _section(
    title: str,
    rows: Sequence[tuple[str, Sequence[tuple[StandingState, int]]]],
    words: Words,
    more: str = "",
) -> dict[str, Any]:
    shown = {state for _, counts in rows for state, _ in counts}
    legend = []
    for tone in TONE_COLOURS:
        states = [words.name_standing(state) for state in StandingState if state in shown and TONES[state] == tone]
        if states:
            legend.append({"name": " / ".join(states), **_colour(tone)})
    drawn = [
        {"name": shorten_title(name), "parts": _stack((TONES[state], number) for state, number in counts)}
        for name, counts in rows
    ]
    return {"title": title, "rows": drawn, "legend": legend, "more": more}


def _draw_parties(words: Words, summary: Summary) -> dict[str, Any]:
    rows = [
        {
            "name": shorten_title(clean_text(line.party)),
            "parts": [
                {"count": number, **_colour(tone)}
                for tone, number in (
                    ("green", line.fulfilled),
                    ("red", line.needing_attention),
                    ("grey", max(line.owed - line.fulfilled - line.needing_attention, 0)),
                )
            ],
        }
        for line in summary.parties[:PARTIES_DRAWN]
    ]
    named = (
        ("green", words.gettext("Fulfilled")),
        ("red", words.gettext("In need of attention")),
        ("grey", words.gettext("Under way")),
    )
    legend = [{"name": name, **_colour(tone)} for tone, name in named]
    return {"title": words.gettext("Who owes what"), "rows": rows, "legend": legend, "more": ""}


def _draw_silence(words: Words, summary: Summary) -> dict[str, Any]:
    rows = [
        {"name": words.gettext(phrases.AGES[age]), "parts": _stack([(_TONE_OF_AGE[age], count)])}
        for age, count in summary.silence
    ]
    return {"title": words.gettext("How long nothing has been heard"), "rows": rows, "legend": [], "more": ""}


def _stack(parts: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """Counts by tone, in the order of the tones."""
    counts = dict.fromkeys(TONE_COLOURS, 0)
    for tone, number in parts:
        counts[tone] += number
    return [{"count": number, **_colour(tone)} for tone, number in counts.items() if number]


def _colour(tone: str) -> dict[str, str]:
    ink, ground, _, _, edge = TONE_COLOURS[tone]
    return {"ink": ink, "ground": ground, "edge": edge}
