"""A picture of how every commitment stands: a bar a kind of commitment, from what is late to what is settled."""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from sqlalchemy import Engine

from commitments.database import open_reading
from commitments.reconcile import list_standings
from commitments.vocabulary import CommitmentKind, MatterKind, StandingState
from notifications.languages import load_words
from notifications.styles import LIGHT, TONE_COLOURS, TONES

LANGUAGE = "en"
WIDTH, LEFT, RIGHT, ROW, TOP = 860, 150, 70, 38, 56
_ORDER = tuple(
    StandingState[name]
    for name in ["OVERDUE", "BEHIND", "SILENT", "UNCONFIRMED", "UNOWNED", "DUE_SOON", "ON_TRACK", "ON_HOLD", "SETTLED"]
)
_FONTS = "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
# Tones stand for several standings, which a picture has to tell apart.
_SHADES = {
    StandingState.BEHIND: "#b4650a",
    StandingState.UNCONFIRMED: "#9a86d6",
    StandingState.UNOWNED: "#54408f",
    StandingState.ON_HOLD: "#aab3bd",
}

Counts = Mapping[CommitmentKind, Mapping[StandingState, int]]


@dataclass(frozen=True, slots=True)
class _Part:
    x: float
    width: float
    colour: str
    title: str
    number: str


@dataclass(frozen=True, slots=True)
class _Row:
    y: int
    name: str
    parts: tuple[_Part, ...]
    total: str


@dataclass(frozen=True, slots=True)
class _Key:
    x: int
    y: int
    colour: str
    name: str


def count_standings(engine: Engine, today: date) -> Counts:
    """How many commitments of each kind stand how."""
    counts: dict[CommitmentKind, Counter[StandingState]] = {kind: Counter() for kind in CommitmentKind}
    with open_reading(engine) as reading:
        for agreement, standings in list_standings(reading, today):
            kinds = {one.id: one.kind for one in agreement.commitments}
            worst: dict[int, StandingState] = {}
            for standing in standings:
                commitment = standing.matter.commitment_id
                if commitment is None or standing.matter.kind is MatterKind.DORMANCY:
                    continue
                before = worst.get(commitment)
                if before is None or _ORDER.index(standing.state) < _ORDER.index(before):
                    worst[commitment] = standing.state
            for commitment, state in worst.items():
                counts[kinds[commitment]][state] += 1
    return counts


def draw_standings(counts: Counts, today: date) -> str:
    """The picture as an SVG."""
    words = load_words(LANGUAGE)
    kinds = [kind for kind in CommitmentKind if sum(counts[kind].values())]
    largest = max((sum(counts[kind].values()) for kind in kinds), default=1)
    rows = tuple(_draw_row(at, kind, counts[kind], largest) for at, kind in enumerate(kinds))
    used = [state for state in _ORDER if any(counts[kind].get(state) for kind in kinds)]
    legend = _draw_legend(used, TOP + ROW * len(rows) + 14)
    total = sum(sum(counts[kind].values()) for kind in kinds)
    return _load_template().render(
        width=WIDTH,
        height=(legend[-1].y if legend else TOP) + 32,
        fonts=_FONTS,
        title=f"How {total:,} commitments stand on {words.format_day(today)}",
        rows=rows,
        legend=legend,
        card=LIGHT["card"],
        ink=LIGHT["ink"],
        soft=LIGHT["soft"],
    )


def embed_picture(svg: str) -> str:
    """A picture as the address of an image that needs no other server."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _draw_row(at: int, kind: CommitmentKind, counts: Mapping[StandingState, int], largest: int) -> _Row:
    words = load_words(LANGUAGE)
    scale = (WIDTH - LEFT - RIGHT) / largest
    parts, x = [], float(LEFT)
    for state in _ORDER:
        number = counts.get(state, 0)
        if number:
            width = number * scale
            shown = f"{number:,}" if width >= 24 else ""
            title = f"{words.name_standing(state)}: {number:,}"
            parts.append(_Part(round(x, 1), round(width, 1), _colour(state), title, shown))
            x += width
    return _Row(TOP + ROW * at, words.name_kind(kind), tuple(parts), f"{sum(counts.values()):,}")


def _draw_legend(states: Sequence[StandingState], y: int) -> tuple[_Key, ...]:
    words = load_words(LANGUAGE)
    keys, x = [], 20
    for state in states:
        name = words.name_standing(state)
        width = 40 + 8 * len(name)
        if x + width > WIDTH - 20:
            x, y = 20, y + 24
        keys.append(_Key(x, y, _colour(state), name))
        x += width
    return tuple(keys)


def _colour(state: StandingState) -> str:
    return _SHADES.get(state) or TONE_COLOURS[TONES[state]][4]


@lru_cache(maxsize=1)
def _load_template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("standings.svg")
