"""Write the sample messages as HTML pages and take their pictures: `make pictures`.

Pictures need Chromium; without it the pages are written all the same. Everything goes to the folder `pictures/`.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from notifications.rendering import write_message  # noqa: E402
from notifications.samples import LANGUAGES, make_messages  # noqa: E402

FOLDER = ROOT / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless=new", "--no-sandbox", "--hide-scrollbars", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
DARK = "--blink-settings=preferredColorScheme=0"
LOOKS = {"light": (640, ()), "dark": (640, (DARK,)), "phone": (390, ()), "phone-dark": (390, (DARK,))}
HEIGHTS = {"sixty": 3000, "digest_with_items": 2500, "summary_with_digest": 2700, "digest": 1500, "follow_ups": 2100}


def write_pages() -> list[Path]:
    """One HTML page and one text file a message."""
    FOLDER.mkdir(exist_ok=True)
    pages = []
    for language in LANGUAGES:
        for name, message in make_messages(language).items():
            written = write_message(message)
            page = FOLDER / f"{name}.{language}.html"
            page.write_text(written.html, encoding="utf-8")
            page.with_suffix(".txt").write_text(f"Subject: {written.subject}\n\n{written.text}", encoding="utf-8")
            pages.append(page)
    return pages


def list_shots(pages: list[Path], wanted: list[str]) -> Iterator[tuple[Path, str]]:
    """Which page is shown in which look; only those named on the command line, if any are."""
    for page in pages:
        if not wanted or page.name.split(".")[0] in wanted:
            for look in LOOKS:
                yield page, look


def take_picture(browser: str, page: Path, look: str) -> Path:
    """One page in one look; each in a profile of its own, so that several can run at a time."""
    width, options = LOOKS[look]
    height = HEIGHTS.get(page.name.split(".")[0], 1100) * (4 if width < 640 else 3) // 3
    picture = page.with_suffix(f".{look}.png")
    with TemporaryDirectory() as profile:
        command = [browser, *OPTIONS, *options, f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        subprocess.run(
            [*command, f"--screenshot={picture}", page.as_uri()], check=True, capture_output=True, timeout=60
        )
    return picture


def main() -> None:
    pages = write_pages()
    print(f"{len(pages)} pages in {FOLDER}")
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        print("no Chromium here: pages only")
        return
    shots = list(list_shots(pages, sys.argv[1:]))
    with ThreadPoolExecutor(2) as pool:
        pictures = list(pool.map(lambda shot: take_picture(browser, *shot), shots))
    print(f"{len(pictures)} pictures")


if __name__ == "__main__":
    main()
