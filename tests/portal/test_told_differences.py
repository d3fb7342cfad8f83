"""What a file would change is read before it is applied: in the reader's language, by names, nothing unsaid."""

import pytest

from tests.portal.desk import Desk
from tests.portal.test_files import bring
from tests.portal.test_passed_on_files import download

VISIT = """
activities:
  - reference: visit
    title: A visit
    kind: meeting
    held_on: 2026-01-01
    parties: [north, south]
    commitments: [{commitment}]
"""
REPORT = """    reports:
      - {reference: r, party: south, contact: li, reported_on: 2026-03-01, rating: on_track}
"""


@pytest.mark.parametrize(
    ("who", "said", "unsaid"),
    [
        ("cy", ("Kind: Meeting", "Parties: North; South", "Held on: 1 January 2026"), ("meeting", "north; south")),
        ("li", ("会议", "North；South", "2026年1月1日"), ("meeting", "north", "2026-01-01")),
    ],
    ids=["English", "Chinese"],
)
def test_a_new_activity_is_told_in_the_words_of_the_pages(
    desk: Desk, who: str, said: tuple[str, ...], unsaid: tuple[str, ...]
) -> None:
    page = bring(desk, download(desk, who, "yaml").decode() + VISIT.format(commitment="friends"), who=who)
    parts = page[page.index('<ul class="card list">') : page.index("</ul>\n<form") if "</ul>\n<form" in page else None]
    told = parts.replace("; ", "；") if who == "li" else parts
    assert all(one in told for one in said), parts
    assert not any(f": {one}" in parts or f"：{one}" in parts for one in unsaid)


def test_the_day_and_the_side_of_a_report_are_told_in_chinese(desk: Desk) -> None:
    text = download(desk, "li", "yaml").decode()
    at = text.index("  - reference: visits\n")
    page = bring(desk, text[:at] + REPORT + text[at:], who="li")
    assert "2026年3月1日" in page and "South" in page and "Li" in page
    assert "2026-03-01" not in page and "：south" not in page and "：li" not in page


def test_commitments_that_only_make_room_for_a_new_one_are_not_told(desk: Desk) -> None:
    text = download(desk, "cy", "yaml").decode()
    at = text.index("  - reference: bridge")
    fresh = "  - reference: fresh\n    summary: A fresh one.\n    kind: open_ended\n    owners:\n      - party: north\n"
    page = bring(desk, text[:at] + fresh + text[at:])
    assert "Commitment “fresh”: recorded" in page and "Build the bridge." not in page
    assert "Party: North" in page


def test_where_nothing_but_the_order_changes_that_is_told(desk: Desk) -> None:
    text = download(desk, "cy", "yaml").decode()
    first, second = text.index("  - reference: survey"), text.index("  - reference: bridge")
    third = text.index("  - reference: visits")
    page = bring(desk, text[:first] + text[second:third] + text[first:second] + text[third:])
    assert "The order becomes that of the file." in page and ": changed" not in page
    assert ">Apply<" in page


def test_an_activity_that_counts_for_an_agreement_of_others_is_refused_by_its_name(desk: Desk) -> None:
    desk.add_elsewhere()
    text = download(desk, "li", "yaml").decode() + VISIT.format(commitment="elsewhere/theirs")
    page = bring(desk, text, 422, who="li")
    assert "活动“visit”计入他人协议下的 elsewhere/theirs" in page and "north-south/visit" not in page
