"""Other terms for what recurs: they hold from the period that runs; what was over keeps what it was judged by."""

from datetime import timedelta

import pytest

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import commitment, follow_up
from tests.portal.desk import FORM, NOW, TODAY, Desk
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
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")


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


def test_home_says_from_what_to_what_the_terms_and_the_dates_were_changed(desk: Desk) -> None:
    apply(desk, YAML)
    changed = YAML.replace("recurrence: {every: year, count: 4}", "recurrence: {every: year, count: 5}")
    desk.clock[0] = NOW + timedelta(hours=1)
    apply(desk, changed.replace("notice: {months: 6}", "notice: {months: 3}"))
    desk.sign_in("cy")
    home = desk.get("/home")
    assert "How often: from 4 every year to 5 every year" in home
    assert "Notice, in months: from 6 to 3" in home and "its words or terms were changed" not in home


def test_the_history_names_the_side_and_the_person_of_an_owner_and_who_signed(desk: Desk) -> None:
    signed = YAML.replace("parties:\n", "signatories: [{party: north, name: Ada North}]\nparties:\n", 1)
    apply(desk, signed + "")
    owner = signed.replace(
        "owners: [{party: north, contact: ann}]\n  - reference: orphan",
        "owners: [{party: north, contact: ann}, {party: south, contact: li}]\n  - reference: orphan",
    )
    with open_unit(desk.engine) as unit:  # who owes a commitment that stands is not one side's to decide
        import_agreement(unit, parse_agreement(owner.encode(), "x.yaml"), Author("test", NOW), TODAY)
    history = desk.get("/agreements/north-south/history")
    line = history.split("Owner “Be friends.”: recorded", maxsplit=1)[1][:400]
    assert "South" in line and "Li" in line
    assert "Signatory “Ada North”: recorded" in history
