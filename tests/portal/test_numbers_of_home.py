"""Home counts the agreements by how they stand, and each number leads to as many in the list."""

import re

import pytest

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.register import import_agreement
from tests.portal.desk import NOW, TODAY, Desk

QUIET = b"""
agreement: %s
title: {en: Between two}
kind: memorandum
effective: 2025-12-01
parties: [{reference: north}, {reference: south}]
commitments: [%s]
"""
DEED = b"{reference: a%d, summary: One., kind: deliverable, due: %s, state: %s, owners: [{party: north, contact: ann}]}"


@pytest.mark.parametrize("who", ["cy", "li"])
def test_each_number_of_home_leads_to_as_many_agreements_and_together_they_are_all(desk: Desk, who: str) -> None:
    for name, deeds in {
        b"quiet": [(b"2027-12-31", b"active")],
        b"near": [(b"2026-03-20", b"active"), (b"2027-12-31", b"active")],
        b"late": [(b"2026-02-01", b"active"), (b"2026-03-20", b"active")],
        b"late-too": [(b"2026-02-01", b"active")],
        b"kept": [(b"2026-02-01", b"fulfilled"), (b"2027-12-31", b"on_hold")],
        b"unwatched": [],
    }.items():
        promises = b", ".join(DEED % (number, *one) for number, one in enumerate(deeds))
        text = QUIET % (name, promises)
        if not deeds:  # proposed, so that no date of its own is watched either
            text = text.replace(b"effective: 2025-12-01\n", b"")
        with open_unit(desk.engine) as unit:
            form = parse_agreement(text, "quiet.yaml")
            import_agreement(unit, form, Author("test", NOW), TODAY)
    desk.sign_in(who)
    page = desk.client.get("/home").text
    counts = re.findall(r'<a class="chip \w+" href="(/agreements\?worst=\w+)">\D*(\d+)</a>', page)
    listed = [re.findall(r'<h2><a href="/agreements/([\w-]+)"', desk.get(link)) for link, _ in counts]
    assert [len(one) for one in listed] == [int(number) for _, number in counts]
    assert sorted(name for one in listed for name in one) == [
        "kept", "late", "late-too", "near", "north-south", "quiet", "unwatched",
    ]  # fmt: skip


def test_the_filter_says_of_what_is_looked_for_on_track_that_nothing_is_worse(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.get("/agreements")
    assert "On track, and nothing worse" in page and "Settled, and nothing worse" in page
    assert "Worst standing" not in page and "Worst standing" in desk.get("/agreements?worst=overdue")


def test_home_leads_from_each_count_to_its_agreements(desk: Desk) -> None:
    desk.sign_in("cy")
    page = desk.client.get("/home").text
    found = re.findall(r'<a class="chip \w+" href="(/agreements\?worst=\w+)"', page)
    assert found
    assert all("/agreements/north-south" in desk.get(one) for one in found)
