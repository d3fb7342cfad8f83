"""Takes a picture of every page of the portal over the examples: `make pictures`.

All of them go to the folder `build/pictures`: desktop, phone, dark, and in Chinese. A handful goes to the folder that
is named, for the documentation. Needs Chromium; no server is started.
"""

import re
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from benchmarks.form_reader import read_form
from commitments.agreement_file import read_files
from commitments.database import open_database
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_files
from commitments.settings import Settings
from migrations import migrate_database
from notifications.links import open_links
from notifications.planning import plan_messages
from portal.app import make_portal
from tests.portal.desk import Desk
from tests.portal.looking import CHROMIUM, DESKTOP, NO_CHROMIUM, PHONE, Eyes, Look, open_browser
from tests.portal.pages import ELSEWHERE_ANSWERED, Place, list_addresses, list_open_addresses

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "pictures"
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
LOOKS = (Look("desktop", DESKTOP), Look("phone", PHONE), Look("dark", DESKTOP, dark=True))
FILE = (ROOT / "examples" / "harrowmere-songlan.yaml").read_bytes()
PLACE = Place(
    "harrowmere-songlan", "tree-survey", "apprentices", ("reading-room", "tried-with-readers"), "reading-room",
    "harrowmere-pattern", "songlan",
    ("reading-room", "school-exchange", "apprentices", "craft-markets", "ceramics-residency", "public-page"),
    FILE.replace(b"due: 2026-09-30", b"due: 2027-03-31"),
)  # fmt: skip
THEIRS = replace(PLACE, person="songlan-fu", party="harrowmere")
KEPT = {
    "/home": ("desktop", "portal-home"),
    "/agreements": ("desktop", "portal-agreements"),
    "/agreements/harrowmere-songlan": ("desktop", "portal-agreement"),
    "/agreements/harrowmere-songlan/commitments/school-exchange": ("phone", "portal-commitment-phone"),
}
"""What the documentation shows: the first screen of a page, in one look."""


def open_desk(folder: Path, client_of: Any) -> Desk:
    settings = Settings(home=folder, base_url="https://tally.example", requests_a_minute=100_000)
    engine = open_database(f"sqlite:///{folder / 'tally.db'}", synchronous="OFF")
    migrate_database(engine)
    import_files(
        engine, read_files(sorted((ROOT / "examples").glob("*.yaml"))), Author("harrowmere-sample", NOW), NOW.date()
    )
    reconcile_register(engine, NOW, NOW.date())
    plan_messages(engine, NOW, NOW.date(), domain="tally.example")
    links = open_links(settings)
    assert links is not None
    app = make_portal(settings, engine, read_clock=lambda: NOW)
    return Desk(engine, settings, links, client_of(app), [NOW])


def report_as_done(desk: Desk) -> None:
    """Who is signed in says that the promise is fulfilled: the other side has something to confirm."""
    address = f"/agreements/{PLACE.agreement}/commitments/{PLACE.promise}/report"
    form = read_form(desk.client.get(address).text, address)
    desk.act(address, **{**form, "fulfilled": ["yes"], "note": ["The survey was handed over on Friday."]})


def take(eyes: Eyes, addresses: list[str], looks: tuple[Look, ...], mark: str) -> int:
    taken = 0
    for address in addresses:
        if address in ELSEWHERE_ANSWERED:
            continue
        eyes.open(address)
        for look in looks:
            eyes.show(look)
            name = re.sub(r"[^\w-]+", "_", re.sub(r"[\w-]{40,}[.\w-]*", "KEY", address)).strip("_") or "front"
            eyes.page.screenshot(path=FOLDER / f"{name}.{mark}{look.name}.png", full_page=True)
            taken += 1
            if not mark and KEPT.get(address, ("", ""))[0] == look.name and len(sys.argv) > 1:
                eyes.page.screenshot(path=Path(sys.argv[1]) / f"{KEPT[address][1]}.png")
    return taken


def main() -> None:
    if CHROMIUM is None:
        print(NO_CHROMIUM)
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        desk = open_desk(Path(folder), lambda app: TestClient(app, base_url="https://tally.example"))
        with desk.client:
            desk.sign_in("songlan-wei")
            report_as_done(desk)
            desk.sign_in("harrowmere-sample")
            desk.act(f"/agreements/{PLACE.agreement}/public")
            taken = take(
                eyes := Eyes(browser, desk.client), list(list_addresses(desk, "harrowmere-sample", PLACE)), LOOKS, ""
            )
            desk.sign_in("songlan-wei")
            taken += take(eyes, list(list_addresses(desk, "songlan-wei", THEIRS)), LOOKS[:2], "zh.")
            desk.client.cookies.clear()
            desk.client.headers["accept-language"] = "en"
            taken += take(eyes, list(list_open_addresses(desk, "harrowmere-pattern", PLACE)), LOOKS, "open.")
        desk.engine.dispose()
    print(f"{taken} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
