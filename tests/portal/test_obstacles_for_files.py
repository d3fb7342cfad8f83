"""What a page refuses as the register stands, a file is refused for too: a report on what was given up, and a side that
leaves while it still owes something."""

import pytest

from commitments.agreement_file import parse_agreement, read_text
from commitments.database import open_unit
from commitments.errors import InvalidFiles
from commitments.file_slips import find_days
from commitments.log import Author
from commitments.register import import_agreement, import_files
from commitments.tables import agreement_party, commitment, progress_report
from tests.portal.desk import FORM, NOW, TODAY, Desk
from tests.portal.test_files import bring, hash_shown, newest

YAML = FORM.decode()
SOUTH = "    language: zh\n"
LEAVES = f"{SOUTH}    ended: 2026-03-01\n"
BRIDGE, SURVEY = "  - reference: bridge\n", "  - reference: survey\n"
STILL_OWES = "nothing yet: it still owes something here (bridge); settle, waive or withdraw that first"
GIVEN_UP = "none on a commitment that was given up: set its state to active before reporting on it"
REPORT = "    reports: [{reference: r, party: north, reported_on: %s, rating: on_track}]\n"
SECOND = (REPORT % "2026-03-02").replace("reference: r", "reference: s")


def take(desk: Desk, text: str) -> None:
    """What stands in the register already."""
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(text.encode(), "x.yaml"), Author("operator", NOW), TODAY)


def import_by_command(desk: Desk, text: str) -> None:
    days = find_days(NOW, TODAY)
    import_files(desk.engine, [read_text(text, "a.yaml")], Author("tally", NOW), TODAY, days=days)


def test_a_side_that_still_owes_something_does_not_leave_by_a_file(desk: Desk) -> None:
    text = YAML.replace(SOUTH, LEAVES)
    page = bring(desk, text, 422, who="li")
    assert "该方在此仍有未了的承诺" in page and "bridge" in page
    assert STILL_OWES in bring(desk, text, 422, who="cy")
    with pytest.raises(InvalidFiles, match=r"parties\[2\].ended: found 2026-03-01; expected nothing yet"):
        import_by_command(desk, text)
    assert [one.ended for one in desk.rows(agreement_party)] == [None, None]


@pytest.mark.parametrize("settled", ["fulfilled", "waived", "withdrawn"])
def test_it_leaves_with_what_settles_what_it_owes_or_after(desk: Desk, settled: str) -> None:
    kept = YAML.replace(BRIDGE, f"{BRIDGE}    state: {settled}\n")
    import_by_command(desk, kept.replace(SOUTH, LEAVES))
    assert [one.ended for one in desk.rows(agreement_party)] == [None, "2026-03-01"]
    import_by_command(desk, kept.replace(SOUTH, LEAVES).replace("2026-03-01", "2026-02-01"))
    assert [one.ended for one in desk.rows(agreement_party)] == [None, "2026-02-01"], "when it left is put right"


def test_who_owes_nothing_leaves_by_its_own_file_and_not_by_the_other_sides(desk: Desk) -> None:
    kept = YAML.replace(BRIDGE, f"{BRIDGE}    state: fulfilled\n")
    take(desk, kept)
    text = kept.replace(SOUTH, LEAVES)
    assert "or leaves, by a coordinator of its own" in bring(desk, text, 422)
    page = bring(desk, text, who="li")
    desk.act(newest(desk), shown=hash_shown(page), why="The letter of May")
    assert [one.ended for one in desk.rows(agreement_party)] == [None, "2026-03-01"]


def test_a_new_agreement_tells_who_left_as_it_was(desk: Desk) -> None:
    import_by_command(desk, YAML.replace(SOUTH, LEAVES).replace("north-south", "again"))
    assert [one.ended for one in desk.rows(agreement_party)] == [None, None, None, "2026-03-01"]


@pytest.mark.parametrize("state", ["waived", "withdrawn"])
def test_a_report_on_what_was_given_up_is_not_taken(desk: Desk, state: str) -> None:
    given_up = YAML.replace(SURVEY, f"{SURVEY}    state: {state}\n    state_on: 2026-02-20\n")
    take(desk, given_up)
    for text in (YAML, given_up):
        late = text.replace(SURVEY, SURVEY + REPORT % "2026-03-01")
        page = bring(desk, late, 422)
        assert GIVEN_UP in page and f"a report on what was {state}" in page
        with pytest.raises(InvalidFiles, match=f"found a report on what was {state}"):
            import_by_command(desk, late)
    assert desk.rows(progress_report) == []


def test_it_is_taken_with_the_commitment_taken_up_again_and_where_it_is_older_than_the_giving_up(desk: Desk) -> None:
    given_up = YAML.replace(SURVEY, f"{SURVEY}    state: waived\n    state_on: 2026-02-20\n")
    take(desk, given_up)
    import_by_command(desk, given_up.replace(SURVEY, SURVEY + REPORT % "2026-02-19"))
    assert len(desk.rows(progress_report)) == 1
    again = given_up.replace("state: waived\n    state_on: 2026-02-20", "state: active\n    state_on: 2026-03-01")
    import_by_command(desk, again.replace(SURVEY, SURVEY + SECOND))
    assert len(desk.rows(progress_report)) == 2
    assert [one.state for one in desk.rows(commitment, commitment.c.reference == "survey")] == ["active"]
    take(desk, given_up)
    import_by_command(desk, given_up.replace(SURVEY, SURVEY + SECOND))  # on record
