"""Other terms for what recurs: they hold from the period that runs; what was over keeps what it was judged by."""

import pytest

from commitments.tables import commitment, follow_up
from tests.portal.desk import FORM, Desk
from tests.portal.test_acting import HERE, row_of, send
from tests.portal.test_files import bring, hash_shown, newest

YAML = (
    FORM.decode()
    + """
activities:
  - {reference: tour, title: Four visits, kind: visit, held_on: 2025-05, count: 4, commitments: [visits]}
"""
)


def apply(desk: Desk, form: str) -> None:
    page = bring(desk, form)
    desk.act(newest(desk), shown=hash_shown(page))


@pytest.mark.parametrize("way", ["the form", "a file"])
def test_a_year_that_was_kept_stays_kept_when_more_is_promised_from_now_on(desk: Desk, way: str) -> None:
    apply(desk, YAML)
    desk.sign_in("cy")
    assert "4 of 4 in 2025" in desk.get(f"{HERE}/visits")
    if way == "the form":
        send(desk, "visits/terms", why="More exchange", repeats="year", times="5")
    else:
        apply(desk, YAML.replace("recurrence: {every: year, count: 4}", "recurrence: {every: year, count: 5}"))
    page = desk.get(f"{HERE}/visits")
    assert "4 of 4 in 2025" in page and "0 of 5 in 2026" in page and "of 5 in 2025" not in page
    assert "How often, for what was over before 2 March 2026" in page and "4 every year" in page
    assert [(one["count"], one["until"]) for one in row_of(desk, "visits").recurrence["former"]] == [(4, "2026-03-02")]
    (asked,) = desk.rows(follow_up, follow_up.c.matter == "north-south/visits#2025")
    assert (asked.state, asked.reason["numbers"]["held"]) == ("done", 0), "from before the four visits were known"


def test_a_file_without_the_former_terms_brought_again_does_not_take_them_away(desk: Desk) -> None:
    raised = YAML.replace("recurrence: {every: year, count: 4}", "recurrence: {every: year, count: 5}")
    apply(desk, YAML)
    apply(desk, raised)
    before = desk.rows(commitment)
    assert "Nothing would change" in bring(desk, raised)
    assert desk.rows(commitment) == before
    exported = desk.get("/agreements/north-south/file.yaml")
    assert "former:" in exported and "until: 2026-03-02" in exported
    assert "Nothing would change" in bring(desk, exported)
