"""What a script adds to pages that are whole without it: a part of the page is fetched in place of the page.

The part is the block `part` of the page's own template, written by the same view, so that both say the same. Only
pages that have something to add load a script; every other page forbids them all.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import Request

from portal.guards import WITH_SCRIPT
from portal.pages import name_asset
from portal.paging import write_address

PARTED = frozenset(
    {
        "agreements.html",
        "asked.html",
        "calendar.html",
        "forecast.html",
        "history.html",
        "home.html",
        "messages.html",
        "policy.html",
        "record.html",
        "record_choice.html",
        "tried.html",
    }
)
"""The pages that give a part of themselves."""
ENHANCED = PARTED - {"asked.html", "forecast.html", "tried.html"} | {"agreement.html"}
"""The pages that load the script: what is asked on Home, what an agreement will bring and what rules would send is
shown within those."""
PART = "part"
"""The id of what is replaced where a list is narrowed or turned: its address is then the page's."""
RULES = json.dumps(
    {
        "allowEval": False,
        "allowScriptTags": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        # Nothing of a page stays behind in the browser: going back asks the server.
        "historyCacheSize": 0,
        "refreshOnHistoryMiss": True,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "(409|422)", "swap": True},
            # Any other answer is a page of its own, and is shown as one.
            {"code": "...", "swap": True, "error": True, "target": "body", "select": "unset",
             "swapOverride": "innerHTML show:window:top"},
        ],
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScriptView:
    """What a page loads, and whether it is written for the script; nothing for a page without."""

    files: tuple[str, ...] = ()
    rules: str = RULES
    is_part: bool = False
    is_turned: bool = False
    """Whether a link led to the part, so that what reads the page aloud goes on there."""


def describe_script(request: Request, template: str) -> ScriptView:
    files = (name_asset("htmx/htmx.min.js"), name_asset("portal.js")) if template in ENHANCED else ()
    is_part = asks_for_part(request, template)
    return ScriptView(files, is_part=is_part, is_turned=is_part and request.headers.get("hx-boosted") == "true")


def asks_for_part(request: Request, template: str) -> bool:
    """Whether the script asked, and the page has a part to give."""
    return is_by_script(request) and template in PARTED


def is_by_script(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def list_headers(request: Request, template: str) -> Mapping[str, str]:
    """What a page's answer says to the browser, and a part's to the script."""
    headers = {"Vary": "HX-Request"} if template in PARTED else {}
    if template in ENHANCED:
        headers["Content-Security-Policy"] = WITH_SCRIPT
    if request.method == "GET" and asks_for_part(request, template) and request.headers.get("hx-target") == PART:
        headers |= _keep_address(request)
    return headers


def _keep_address(request: Request) -> Mapping[str, str]:
    """The address under which the list can be kept. A word that is typed on takes the place of what was typed of it."""
    asked = {name: value for name, value in request.query_params.items() if value}
    before = dict(parse_qsl(request.headers.get("hx-current-url", "").partition("#")[0].partition("?")[2]))
    types_on = (
        request.headers.get("hx-boosted") != "true"
        and asked.keys() == before.keys()
        and all(value.startswith(before[name]) or before[name].startswith(value) for name, value in asked.items())
    )
    return {"HX-Replace-Url" if types_on else "HX-Push-Url": write_address(request.url.path, asked)}
