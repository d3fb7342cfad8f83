"""Takes the pictures of the Prefect UI for the documentation: `make pictures`.

Starts a system of its own on free ports, on a fixed day, and photographs it with the Chromium of this machine.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.flows.launching import Launched, ask, launch

WIDTH, HEIGHT = 1280, 1200


FILLED_IN = {
    "title": "Partnership of Leeds and Plzeň",
    "kind": "sister city",
    "parties": [{"name": "Leeds"}, {"name": "Plzeň", "kind": "city", "country": "CZ"}],
    "coordinator": "Mei Lin <mei.lin@leeds.example>",
    "signed": "2026-11",
    "expires": "2029-12-31",
    "notice_months": 6,
    "commitments": [
        {
            "summary": "Hold four concerts a year",
            "kind": "recurring",
            "every": "year",
            "times": 4,
            "counted": "concerts",
        },
        {"summary": "Twin the two city libraries", "kind": "planned", "due": "2027", "owed_by": ["Plzeň"]},
        {"summary": "Encourage schools to write to each other", "kind": "open ended"},
    ],
}
REPORT = {"commitment": "leeds-hangzhou-2018/library-link", "rating": "on track", "party": "leeds"}
WRONG = {"commitment": "leeds-hangzhou-2018/libary-link", "rating": "on trak", "party": "leds"}


def find_deployment(base: str, flow: str) -> str:
    return str(ask(base, f"/deployments/name/{flow}/{flow}", method="GET")["id"])


def fill_in(base: str, flow: str, **filled: Any) -> str:
    """Fill in a form and wait until its run ends or waits; gives the run's id."""
    made = ask(
        base,
        f"/deployments/{find_deployment(base, flow)}/create_flow_run",
        parameters=filled,
        state={"type": "SCHEDULED"},
    )
    deadline = time.monotonic() + 90
    while ask(base, f"/flow_runs/{made['id']}", method="GET")["state_type"] not in ("COMPLETED", "FAILED", "PAUSED"):
        assert time.monotonic() < deadline, f"{flow} does not end"
        time.sleep(0.5)
    return str(made["id"])


def wait_for_changes(base: str, word: str) -> str:
    """The newest table of what changed that names something; gives the artifact's id."""
    deadline = time.monotonic() + 120
    while True:
        wanted = {"key": {"any_": ["what-changed-and-why"]}}
        for one in ask(base, "/artifacts/filter", artifacts=wanted, sort="UPDATED_DESC"):
            if word in str(one["data"]):
                return str(one["id"])
        assert time.monotonic() < deadline, "nothing followed the change"
        time.sleep(0.5)


def find_artifact(base: str, run: str, key: str) -> str:
    found = ask(base, "/artifacts/filter", artifacts={"flow_run_id": {"any_": [run]}})
    return next(str(one["id"]) for one in found if one["key"] == key)


def photograph(system: Launched, folder: Path) -> list[str]:
    """Save the pictures; gives the addresses beyond this machine that the pages asked for, which should be none."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    base = system.prefect
    addresses: set[str] = set()
    runs = ask(base, "/flow_runs/filter", sort="START_TIME_ASC", limit=50)
    check = next(run for run in runs if run["name"].startswith("check progress"))
    mistaken = fill_in(base, "report-progress", report=WRONG)
    fill_in(base, "report-progress", report=REPORT)
    changes = wait_for_changes(base, "library-link")
    approval = fill_in(base, "register-agreement", agreement=FILLED_IN)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.on("request", lambda asked: addresses.add(asked.url))
        page.goto(f"{base}/runs")
        page.get_by_text("check progress").first.wait_for(timeout=30_000)
        page.wait_for_timeout(2000)
        page.screenshot(path=folder / "prefect-runs.png")
        page.get_by_text("Past week (default)").first.click(timeout=30_000)
        page.keyboard.press("ArrowDown")
        page.get_by_text("Tallystick: ").first.wait_for(timeout=30_000)
        page.wait_for_timeout(1000)
        page.screenshot(path=folder / "prefect-views.png", clip={"x": 0, "y": 0, "width": WIDTH, "height": 640})
        page.goto(f"{base}/runs/flow-run/{check['id']}")
        page.get_by_text("Artifacts", exact=True).first.click(timeout=30_000)
        page.get_by_text("what-needs-attention").first.wait_for(timeout=30_000)
        page.wait_for_timeout(2000)
        page.screenshot(path=folder / "prefect-artifacts.png")

        def take(name: str, path: str, height: int, press: str | None = None) -> None:
            page.set_viewport_size({"width": 1120, "height": height})
            page.goto(f"{base}{path}")
            page.wait_for_timeout(3500)
            if press is not None:
                page.get_by_role("button", name=press).first.click(timeout=30_000)
                page.wait_for_timeout(1500)
            page.screenshot(path=folder / f"prefect-{name}.png")

        take("standings", f"/artifacts/artifact/{find_artifact(base, check['id'], 'how-promises-stand')}", 430)
        take("form", f"/deployments/deployment/{find_deployment(base, 'register-agreement')}/run", 900)
        take("decomposition", f"/artifacts/artifact/{find_artifact(base, approval, 'decomposition')}", 900)
        take("approval", f"/runs/flow-run/{approval}", 760, press="Resume")
        take("corrections", f"/artifacts/artifact/{find_artifact(base, mistaken, 'corrections')}", 480)
        take("changes", f"/artifacts/artifact/{changes}", 620)
        take("events", "/events?events=tallystick.*", 900)
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
