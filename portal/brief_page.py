"""Draws a brief as PDF, by Typst; the program and its fonts are only loaded here."""

import json
import logging
from dataclasses import asdict
from pathlib import Path

from notifications.pictures import list_families, load_fonts
from notifications.styles import LIGHT, TONE_COLOURS
from notifications.wording import Words
from portal.brief_views import BriefView

TEMPLATE = Path(__file__).parent / "templates" / "brief.typ"

log = logging.getLogger("tallystick.portal")


def draw_brief(words: Words, view: BriefView, foot: str) -> bytes | None:
    """The brief as a tagged PDF; None, with a warning in the log, where it cannot be drawn."""
    drawn = asdict(view)
    said = {
        **drawn,
        "first": [drawn["lists"][place] for place in (0, 2, 3)],
        "second": [drawn["lists"][1]],
        "lang": words.locale.language,
        "font": list_families(words),
        "ink": LIGHT["ink"],
        "soft": LIGHT["soft"],
        "line": LIGHT["line"],
        "tones": {tone: {"ink": ink, "ground": ground} for tone, (ink, ground, *_) in TONE_COLOURS.items()},
        "foot": foot,
    }
    try:
        from typst import Compiler

        compiler = Compiler(TEMPLATE, root=TEMPLATE.parent, font_paths=load_fonts(), ignore_system_fonts=True)
        page = compiler.compile(format="pdf", pdf_standards="ua-1", sys_inputs={"said": json.dumps(said)})
    except (ImportError, OSError, RuntimeError) as fault:
        log.warning("a brief could not be drawn: %s", fault)
        return None
    return page if isinstance(page, bytes) else None
