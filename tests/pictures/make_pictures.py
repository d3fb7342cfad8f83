"""Write a sample of every kind of message and take their pictures: `make pictures`, or some kinds by name.

Everything goes to the folder `pictures/`: pages, letters, a picture each, and `sheet-*.png` with all of a look side by
side. English and Chinese are shown in light, dark and on a phone; every other language in light, and once each in dark
and on a phone. Pictures need Chromium; without it the pages are written all the same.
"""

import html
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from commitments.settings import Settings
from commitments.vocabulary import NotificationKind
from notifications.preview import make_sample, preview_message
from notifications.samples import LANGUAGES

FOLDER = Path(__file__).resolve().parents[2] / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LOOKS = {"light": (680, "light"), "dark": (680, "dark"), "phone": (390, "light")}
WHOLE = ("en", "zh-Hans")
SHOWN_ONCE = {"dark": NotificationKind.FOLLOW_UP, "phone": NotificationKind.DIGEST}


@dataclass(frozen=True, slots=True)
class Shot:
    kind: NotificationKind
    language: str
    look: str

    @property
    def page(self) -> Path:
        return FOLDER / f"{self.kind}.{self.language}.html"

    @property
    def picture(self) -> Path:
        return FOLDER / f"{self.kind}.{self.language}.{self.look}.png"


def list_shots(kinds: list[NotificationKind]) -> Iterator[Shot]:
    for language in LANGUAGES:
        for kind in kinds:
            for look in LOOKS:
                if language in WHOLE or look == "light" or SHOWN_ONCE[look] is kind:
                    yield Shot(kind, language, look)


def write_pages(kinds: list[NotificationKind]) -> int:
    """The files of every message; returns how many messages that are."""
    for language in LANGUAGES:
        for kind in kinds:
            preview_message(make_sample(kind, language), Settings(), FOLDER, NOW, real=False)
    return len(LANGUAGES) * len(kinds)


def take_pictures(browser: str, shots: list[Shot]) -> list[Path]:
    """Each page whole, then all of a language and look on one sheet; nothing is loaded from anywhere."""
    from playwright.sync_api import sync_playwright

    sheets = []
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for look, (width, scheme) in LOOKS.items():
            view = {"width": width, "height": 800}
            dark = "dark" if scheme == "dark" else "light"
            context = running.new_context(viewport=view, color_scheme=dark, offline=True)
            page = context.new_page()
            for shot in (one for one in shots if one.look == look):
                page.goto(shot.page.as_uri())
                page.screenshot(path=shot.picture, full_page=True)
            context.close()
        page = running.new_page(viewport={"width": 1600, "height": 800})
        for language, look in sorted({(one.language, one.look) for one in shots}):
            sheet = FOLDER / f"sheet-{language}-{look}.png"
            page.goto(_write_sheet([one for one in shots if (one.language, one.look) == (language, look)]).as_uri())
            page.screenshot(path=sheet, full_page=True)
            sheets.append(sheet)
        running.close()
    return sheets


def _write_sheet(shots: list[Shot]) -> Path:
    figures = [
        f'<figure><img src="{html.escape(one.picture.name)}"><figcaption>{one.kind}</figcaption></figure>'
        for one in shots
    ]
    style = "body{display:flex;flex-wrap:wrap;gap:8px;margin:8px;font:14px sans-serif}figure{margin:0}img{width:310px}"
    page = FOLDER / "sheet.html"
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8><style>{style}</style>{''.join(figures)}", encoding="utf-8")
    return page


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    kinds = [NotificationKind(name) for name in sys.argv[1:]] or list(NotificationKind)
    print(f"{write_pages(kinds)} messages in {FOLDER}")
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        print("no Chromium here: pages only")
        return
    shots = list(list_shots(kinds))
    sheets = take_pictures(browser, shots)
    print(f"{len(shots)} pictures, {len(sheets)} sheets")


if __name__ == "__main__":
    main()
