"""Saved filters of the runs page, by our tags, as data: what an operator picks there instead of typing it each time.

Prefect calls them views. The address of one is the same on every server, and shows its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from deployments.schedules import TAG, WATCHED
from deployments.watches import PREFIX

_WEEK_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The runs of the last seven days with a tag, and if named in one of these states."""

    title: str
    tag: str
    states: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """By which it is known to be ours; Prefect replaces what has the same name."""
        return PREFIX + self.title

    @property
    def path(self) -> str:
        """Where it is on any Prefect server, below the address of its pages."""
        return f"/runs?{urlencode([('tag', self.tag), *(('state', state) for state in self.states)])}"

    def write_filters(self) -> list[Mapping[str, Any]]:
        """As the pages of Prefect save them."""
        kept: dict[str, Any] = {"tag": [self.tag]}
        kept |= {"state": list(self.states)} if self.states else {}
        kept |= {"range": {"type": "span", "seconds": -_WEEK_SECONDS}}
        return [
            {"object": "flowRun", "property": name, "type": "", "operation": "", "value": value}
            for name, value in kept.items()
        ]


DASHBOARDS: tuple[Dashboard, ...] = (
    Dashboard("what failed or crashed", TAG, ("Failed", "Crashed")),
    Dashboard("what goes by itself", WATCHED),
    Dashboard("how promises stand", "progress"),
    Dashboard("messages", "messages"),
    Dashboard("forms that people filled in", "form"),
    Dashboard("the look at the engine", "operation"),
)
