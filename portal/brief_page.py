"""Draws a brief as PDF, by Typst; the program and its fonts are only loaded here."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from notifications.house import BRIEF, Fault, explain_fault
from notifications.languages import load_words
from notifications.pictures import explain_page, list_families, open_page, write_pdf
from notifications.styles import LIGHT, TONE_COLOURS
from notifications.wording import Words
from portal.brief_views import BriefView, LineView, ListView, OwedView, SideView
from portal.spoken import Spoken

TEMPLATE = Path(__file__).parent / "templates" / "brief.typ"

_LONG_WORD = re.compile(r"[^\W_\u2e80-\U0010ffff]{30,}")
_PIECE = re.compile(r".{1,10}")
_BREAK = "\u200b"

log = logging.getLogger("tallystick.portal")


def draw_brief(
    words: Words, view: BriefView, foot: str, house: Path | None = None, fuller: Sequence[BriefView] = ()
) -> bytes | None:
    """The brief as a tagged PDF, by the house's own page if it has one; `fuller` are the same with more of what is
    owed, the fullest first: drawn is the first that fits on the sheet.

    While that one is wrong the usual one is drawn in its place. None, with a warning in the log, where it cannot be
    drawn at all.
    """
    said = describe_page(words, view, foot, fuller)
    try:
        if house is not None and (house / BRIEF).is_file():
            try:
                return _draw(house / BRIEF, said, words)
            except (OSError, RuntimeError) as fault:
                log.warning("the usual brief was drawn: %s", explain_fault(explain_page(fault, BRIEF), BRIEF))
        return _draw(TEMPLATE, said, words)
    except (ImportError, OSError, RuntimeError) as fault:
        log.warning("a brief could not be drawn: %s", fault)
        return None


def find_brief_faults(house: Path | None) -> Iterator[Fault]:
    """What is wrong in the house's own page of a brief, tried on a sample."""
    if house is None or not (house / BRIEF).is_file():
        return
    try:
        words = load_words("en")
        _draw(house / BRIEF, describe_page(words, _SAMPLE, "Tallystick"), words)
    except ImportError:
        return
    except (OSError, RuntimeError) as fault:
        yield explain_fault(explain_page(fault, BRIEF), BRIEF)


def describe_page(words: Words, view: BriefView, foot: str, fuller: Sequence[BriefView] = ()) -> dict[str, Any]:
    """All that the page shows, every string ready."""
    views = [asdict(one) for one in (view, *fuller)]
    drawn, *rest = (_break_words(one) for one in views)
    return {
        **drawn,
        "fuller": [one["sides"] for one in rest],
        "spoken": dict(_list_spoken(views)),
        "first": [drawn["lists"][place] for place in (0, 2)],
        "second": [drawn["lists"][place] for place in (1, 3)],
        "lang": words.locale.language,
        "font": list_families(words),
        "ink": LIGHT["ink"],
        "soft": LIGHT["soft"],
        "line": LIGHT["line"],
        "tones": {tone: {"ink": ink, "ground": ground} for tone, (ink, ground, *_) in TONE_COLOURS.items()},
        "foot": foot,
        "boxes": "",
    }


def _draw(template: Path, said: dict[str, Any], words: Words) -> bytes | None:
    boxes = words.gettext(
        "Some letters stand as empty boxes here, because no font on this machine has them: the page in the portal "
        "shows them."
    )
    return write_pdf(open_page(template), said, boxes)


def _break_words(said: Any) -> Any:
    """The same with places at which a word longer than a line can be broken."""
    if isinstance(said, str):
        return _LONG_WORD.sub(lambda word: _BREAK.join(_PIECE.findall(word[0])), said)
    if isinstance(said, dict):
        return {name: _break_words(one) for name, one in said.items()}
    return [_break_words(one) for one in said] if isinstance(said, list | tuple) else said


def _list_spoken(said: Any) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The texts that are not all in the language of the page, each with its pieces and their languages."""
    if isinstance(said, Spoken):
        pieces = [{"text": _break_words(piece), "lang": tag.partition("-")[0]} for piece, tag in said.pieces]
        yield _break_words(said), pieces
    elif isinstance(said, dict | list | tuple):
        for one in said.values() if isinstance(said, dict) else said:
            yield from _list_spoken(one)


_LINES = ListView("What comes", (LineView("2026-11-30", "The memorandum expires", "Leeds – Hangzhou"),), "–", "")
_SAMPLE = BriefView(
    "Brief: Hangzhou",
    "23 November 2026",
    "1 open commitment",
    ("Memorandum of understanding",),
    (SideView("We owe", (OwedView("Link the libraries", "", "Overdue", "red", "due in 2019", "Mei"),), ""),),
    (_LINES, _LINES, _LINES, _LINES),
    "",
)
