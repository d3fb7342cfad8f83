"""Takes the pictures of the Prefect UI for the documentation: `make pictures`.

Starts a system of its own on free ports, on a fixed day, and photographs it with the Chromium of this machine.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from tests.flows.launching import Launched, ask, launch

WIDTH, HEIGHT = 1280, 1200


def photograph(system: Launched, folder: Path) -> list[str]:
    """Save the pictures; gives the addresses beyond this machine that the pages asked for, which should be none."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    base = system.prefect
    addresses: set[str] = set()
    runs = ask(base, "/flow_runs/filter", sort="START_TIME_ASC", limit=50)
    check = next(run for run in runs if run["name"].startswith("check progress"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.on("request", lambda asked: addresses.add(asked.url))
        page.goto(f"{base}/runs")
        page.get_by_text("check progress").first.wait_for(timeout=30_000)
        page.wait_for_timeout(2000)
        page.screenshot(path=folder / "prefect-runs.png")
        page.goto(f"{base}/runs/flow-run/{check['id']}")
        page.get_by_text("Artifacts", exact=True).first.click(timeout=30_000)
        page.get_by_text("what-needs-attention").first.wait_for(timeout=30_000)
        page.wait_for_timeout(2000)
        page.screenshot(path=folder / "prefect-artifacts.png")
        browser.close()
    return sorted(one for one in addresses if not one.startswith((base, "data:", "blob:")))


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="tally-pictures-"))
    try:
        with launch(home, TALLY_CLOCK="2026-11-24T09:30:00+00:00") as system:
            system.wait_until_ready()
            abroad = photograph(system, folder)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if abroad:
        print("the pages asked for addresses elsewhere:", *abroad, sep="\n  ")
    return 1 if abroad else 0


if __name__ == "__main__":
    sys.exit(main())
