"""The portal before the eyes of a real browser: its requests are answered by the app itself, without a server."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
NO_CHROMIUM = "no Chromium here: apt-get install chromium"
AXE = Path(__file__).parents[1] / "axe" / "axe.min.js"
DESKTOP, PHONE = (1280, 900), (390, 844)
_SENT = frozenset({"content-type", "hx-request", "hx-boosted", "hx-target", "hx-current-url"})
# What people must be able to use; what axe only recommends is looked at as well.
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@contextmanager
def open_browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=180_000)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Look:
    """How somebody sees a page."""

    name: str
    size: tuple[int, int]
    dark: bool = False
    rules: tuple[str, ...] = ()
    """What axe looks for where the rest is as in a look before; everything where nothing is named."""


LOOKS = (
    Look("desktop", DESKTOP),
    Look("dark", DESKTOP, dark=True, rules=("color-contrast", "link-in-text-block")),
    Look("phone", PHONE, rules=("color-contrast", "target-size", "scrollable-region-focusable", "region")),
)
CHINESE = Look(
    "phone",
    PHONE,
    rules=(
        "html-has-lang", "html-lang-valid", "valid-lang", "document-title", "empty-heading", "heading-order", "label",
        "label-title-only", "link-name", "button-name", "input-button-name", "select-name", "summary-name", "image-alt",
        "table-duplicate-name", "target-size", "scrollable-region-focusable", "region",
    ),
)  # fmt: skip


class Eyes:
    """One window of a browser before an app."""

    def __init__(self, browser: Any, client: TestClient) -> None:
        self.client = client
        self.page = browser.new_page()
        self.page.set_default_timeout(120_000)  # a busy machine takes its time
        self.page.add_init_script(path=AXE)
        self.page.route("**/*", self._answer)
        self.complaints: list[str] = []
        self.page.on("console", self._listen)

    def _answer(self, route: Any) -> None:
        request = route.request
        answer = self.client.request(
            request.method, request.url, content=request.post_data_buffer,
            headers={"accept": "text/html"} | {name: value for name, value in request.headers.items() if name in _SENT},
        )  # fmt: skip
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        route.fulfill(status=answer.status_code, headers=headers, body=answer.content)

    def _listen(self, said: Any) -> None:
        if said.type == "error" and not said.text.startswith("Failed to load resource"):
            self.complaints.append(said.text)

    def hear_complaints(self) -> set[str]:
        """What the browser has refused or found wrong since it was last asked: above all what a policy forbids."""
        heard, self.complaints = set(self.complaints), []
        return heard

    def open(self, address: str) -> None:
        self.page.goto(str(self.client.base_url) + address, wait_until="load")

    def show(self, look: Look) -> None:
        width, height = look.size
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="dark" if look.dark else "light")

    def find_violations(self, rules: tuple[str, ...] = ()) -> set[str]:
        """What axe finds wrong with the page as it is shown: the rule, and where it is broken first."""
        found = self.page.evaluate(
            "rules => axe.run(document, {...rules, resultTypes: ['violations']}).then(said => said.violations.map("
            "one => `${one.id}: ${one.nodes[0].html.slice(0, 160)} (${one.nodes.length}) "
            "${(one.nodes[0].any[0] || {message: ''}).message.slice(0, 200)}`))",
            {"runOnly": list(rules)} if rules else _RULES,
        )
        return set(found)

    def is_wider_than_its_window(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def list_cut_tables(self) -> list[str]:
        """The tables that are wider than their place, by what stands above them."""
        return list(
            self.page.evaluate(
                "() => [...document.querySelectorAll('table')].filter(one => one.parentElement.scrollWidth >"
                " one.parentElement.clientWidth).map(one => one.caption ? one.caption.textContent : '')"
            )
        )

    def close(self) -> None:
        self.page.close()
