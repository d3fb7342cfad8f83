"""The picture of how promises stand: a bar a kind, every commitment counted once, words that cannot break it."""

import re
from datetime import date
from xml.etree import ElementTree

import pytest

from commitments.settings import Settings
from commitments.vocabulary import CommitmentKind, StandingState
from flows.runs import open_register
from flows.standings import count_standings, draw_standings, embed_picture

DAY = date(2026, 11, 24)
COUNTS = {kind: {} for kind in CommitmentKind} | {
    CommitmentKind.DELIVERABLE: {StandingState.OVERDUE: 3, StandingState.ON_TRACK: 1},
    CommitmentKind.OPEN_ENDED: {StandingState.SILENT: 400},
}


def test_each_kind_has_a_bar_and_each_standing_a_colour_in_the_legend() -> None:
    svg = draw_standings(COUNTS, DAY)
    ElementTree.fromstring(svg)
    words = re.findall(r">([^<>]+)</text>", svg)
    assert words[0] == "How 404 commitments stand on 24 November 2026"
    assert words[1:] == ["Deliverable", "4", "Open-ended", "400", "400", "Overdue", "Silent", "On track"]


def test_a_bar_is_as_long_as_what_it_counts() -> None:
    bars = re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="24"', draw_standings(COUNTS, DAY))
    lengths = [float(width) for _, width in bars]
    assert lengths[2] == 640
    assert lengths[0] == pytest.approx(3 * 640 / 400, abs=0.1)
    assert float(bars[1][0]) == pytest.approx(float(bars[0][0]) + lengths[0], abs=0.2)


def test_an_empty_register_is_drawn_too() -> None:
    assert "How 0 commitments stand" in draw_standings({kind: {} for kind in CommitmentKind}, DAY)


def test_the_picture_needs_no_other_server() -> None:
    assert embed_picture("<svg/>").startswith("data:image/svg+xml;base64,")


def test_every_commitment_is_counted_once(examples: Settings) -> None:
    with open_register() as register:
        counts = count_standings(register.engine, DAY)
    assert sum(sum(one.values()) for one in counts.values()) == 101
