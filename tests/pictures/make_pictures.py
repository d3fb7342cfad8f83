"""Write a sample of every kind of message and take their pictures: `make pictures`, or some kinds by name.

Everything goes to the folder `pictures/`: pages, letters, a picture each, and `sheet-*.png` with all of a look side by
side; a real digest of the examples goes to `docs/pictures/`. English and Chinese are shown in light, dark and on a
phone; every other language in light, and once each in dark and on a phone. Pictures need Chromium; without it the pages
are written all the same.
"""

import html
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from sqlalchemy import select

from commitments.agreement_file import read_files
from commitments.database import open_database, open_reading
from commitments.log import Author
from commitments.reconcile import load_rules, reconcile_register
from commitments.register import import_files
from commitments.settings import Settings
from commitments.tables import contact
from commitments.vocabulary import NotificationKind
from migrations import migrate_database
from notifications.composing import compose_messages
from notifications.links import Links
from notifications.messages import Message
from notifications.names import load_names
from notifications.planning import plan_messages
from notifications.preview import make_sample, preview_message
from notifications.samples import LANGUAGES
from notifications.tables import notification

DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "pictures"
COORDINATOR = "leeds-example"
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


def compose_real_digest(home: Path) -> Message:
    """What a coordinator of the examples gets on the first Monday, with what waits for their answer."""
    engine = open_database(f"sqlite:///{home / 'tally.db'}")
    migrate_database(engine)
    files = sorted((DOCUMENTED.parents[1] / "examples").glob("*.yaml"))
    import_files(engine, read_files(files), Author("import", NOW), NOW.date())
    reconcile_register(engine, NOW, NOW.date())
    plan_messages(engine, NOW, NOW.date(), domain="tally.example")
    with open_reading(engine) as reading:
        rows = reading.execute(
            select(notification)
            .join(contact, contact.c.id == notification.c.contact_id)
            .where(contact.c.reference == COORDINATOR)
        ).all()
        links = Links("https://tally.example", (token_hex(),), 30)
        messages = compose_messages(
            reading,
            rows,
            load_rules(reading),
            load_names(reading),
            NOW.date(),
            links=links,
            settings=Settings(home=home),
        ).values()
    engine.dispose()
    return next(one for one in messages if one.digest is not None)


def take_real_digest(browser: str) -> Path:
    """The picture of the README."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        written = preview_message(compose_real_digest(Path(folder)), Settings(), Path(folder), NOW, real=True)
        page = next(path for path in written.files if path.suffix == ".html")
        running = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        shown = running.new_page(viewport={"width": LOOKS["light"][0], "height": 800})
        shown.goto(page.as_uri())
        shown.screenshot(path=DOCUMENTED / "digest.png", full_page=True)
        running.close()
    return DOCUMENTED / "digest.png"


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
    if NotificationKind.DIGEST in kinds:
        print(take_real_digest(browser))


if __name__ == "__main__":
    main()
