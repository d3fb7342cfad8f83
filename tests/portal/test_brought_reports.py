"""A report that a file brings does what the same report does on a page: it settles, and asks the other side at once."""

from datetime import timedelta
from typing import Any

import pytest

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.export import export_agreement
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import commitment, confirmation, follow_up, progress_report
from tests.portal.desk import FORM, NOW, TODAY, Desk
from tests.portal.test_acting import HERE, send
from tests.portal.test_files import bring, hash_shown, newest

YAML = FORM.decode()
SURVEY = "  - reference: survey\n"
REPORT = """    reports:
      - reference: r
        party: north
        reported_on: 2026-03-01
        rating: on_track
        fulfilled: true
"""
DONE = SURVEY + REPORT
ANSWERS = "        confirmations: [{party: south, state: %s, asked_on: 2026-03-01, answered_on: 2026-03-01}]\n"
JOINT = "  - reference: bridge\n"


def take(desk: Desk, form: str) -> None:
    """What the operator imports at the command line."""
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(form.encode(), "x.yaml"), Author("operator", NOW), TODAY)
    reconcile_register(desk.engine, NOW, TODAY)


def state_of(desk: Desk, reference: str) -> str:
    return str(desk.rows(commitment, commitment.c.reference == reference)[0].state)


def list_asked(desk: Desk) -> list[tuple[str, Any]]:
    open_ones = follow_up.c.kind == "confirmation_asked", follow_up.c.state == "open"
    return [(one.matter, one.assignee_id) for one in desk.rows(follow_up, *open_ones)]


def test_what_a_file_without_a_date_says_itself_is_told_to_stay_so_beside_its_report(desk: Desk) -> None:
    page = bring(desk, YAML.replace(SURVEY, SURVEY + "    state: active\n    state_on: 2026-03-02\n" + REPORT))
    assert "is done, but the file says itself how it stands" in page and "Asked at once" not in page


def test_a_report_from_before_a_promise_was_taken_up_again_is_asked_about_like_any_other(desk: Desk) -> None:
    desk.sign_in("cy")
    send(desk, "survey/decide/hold", why="Staff")
    send(desk, "survey/decide/resume", why="Staff again")
    with open_reading(desk.engine) as reading:
        kept = export_agreement(reading, "north-south")
    assert "state_on: 2026-03-02" in kept
    report = "{reference: r9, party: north, reported_on: 2026-03-01, rating: on_track, fulfilled: true}"
    reports = f"    reports:\n      - {report}\n"
    at = kept.index("  - reference: survey\n") + len("  - reference: survey\n")
    page = bring(desk, kept[:at] + reports + kept[at:])
    assert "Asked at once to confirm it: South." in page
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    assert state_of(desk, "survey") == "fulfilled" and list_asked(desk)


def test_what_a_file_reports_as_done_waits_for_the_other_side_which_is_asked_at_once(desk: Desk) -> None:
    page = bring(desk, YAML.replace(SURVEY, DONE))
    assert "is reported as done, and counts as fulfilled. Asked at once to confirm it: South." in page
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    assert "not yet confirmed by South" in desk.get(f"{HERE}/survey")
    assert [(one.state, one.asked_on) for one in desk.rows(confirmation)] == [("asked", TODAY)]
    assert list_asked(desk) == [("north-south/survey", desk.person("li"))]
    assert desk.find("overdue", "/survey").state == "done"
    desk.sign_in("li")
    send(desk, "survey/send-back", on="survey/confirm", side="south", note="Two pages are missing")
    assert state_of(desk, "survey") == "active"


def test_so_does_what_the_operator_imports_and_the_same_file_again_changes_nothing(desk: Desk) -> None:
    take(desk, YAML.replace(SURVEY, DONE))
    assert state_of(desk, "survey") == "fulfilled"
    assert list_asked(desk) == [("north-south/survey", desk.person("li"))]
    before = desk.snapshot(), desk.rows(confirmation)
    take(desk, YAML.replace(SURVEY, DONE))
    assert (desk.snapshot(), desk.rows(confirmation)) == before


def test_a_file_that_says_itself_how_a_commitment_stands_is_not_overruled_by_its_reports(desk: Desk) -> None:
    told = DONE + "    state: active\n    state_reason: It was reopened.\n"
    for _ in ("once", "again"):
        take(desk, YAML.replace(SURVEY, told))
        assert state_of(desk, "survey") == "active" and desk.rows(confirmation) == []


SENT_BACK = "state_reason: 'returned by south: Two pages are missing'"


def reopen(desk: Desk) -> None:
    """The survey is reported, sent back, and so decided to be active again; its file says that from then on."""
    desk.sign_in("ann")
    send(desk, "survey/report", fulfilled="yes")
    desk.sign_in("li")
    send(desk, "survey/send-back", on="survey/confirm", side="south", note="Two pages are missing")
    desk.clock[0] = NOW + timedelta(days=3)


def export_with_report(desk: Desk, more: str) -> str:
    with open_reading(desk.engine) as reading:
        text = export_agreement(reading, "north-south")
    report = "      - {reference: again, party: north, reported_on: 2026-03-05, rating: on_track, fulfilled: true}\n"
    at = text.index("    reports:\n", text.index("reference: survey")) + len("    reports:\n")
    return (text[:at] + report + text[at:]).replace(f"    {SENT_BACK}\n", f"    {more}\n", 1)


def test_a_report_that_is_added_to_a_file_of_what_was_reopened_asks_the_other_side_again(desk: Desk) -> None:
    reopen(desk)
    text = export_with_report(desk, SENT_BACK)
    page = bring(desk, text)
    assert "is reported as done, and counts as fulfilled. Asked at once to confirm it: South." in page
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    assert (state_of(desk, "survey"), len(list_asked(desk))) == ("fulfilled", 1)
    before = [desk.rows(table) for table in (commitment, progress_report, confirmation)]
    take(desk, text)
    again = [desk.rows(table) for table in (commitment, progress_report, confirmation)]
    assert again == before, "the same file again changes nothing"


def test_a_file_that_decides_anew_how_it_stands_is_not_overruled_by_the_report_that_it_adds(desk: Desk) -> None:
    reopen(desk)
    take(desk, export_with_report(desk, "state_reason: It was not what we meant"))
    assert (state_of(desk, "survey"), list_asked(desk)) == ("active", [])


def test_who_was_asked_and_says_so_too_in_a_file_has_confirmed(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "bridge/report", fulfilled="yes")
    page = bring(desk, YAML.replace(JOINT, JOINT + REPORT.replace("party: north", "party: south")), who="li")
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    assert [one.state for one in desk.rows(confirmation)] == ["confirmed"]
    assert (state_of(desk, "bridge"), list_asked(desk)) == ("fulfilled", [])


@pytest.mark.parametrize(
    ("more", "stands"),
    [
        (SURVEY + "    state: fulfilled\n" + REPORT, "fulfilled"),
        (SURVEY + "    state: waived\n" + REPORT, "waived"),
        (DONE + ANSWERS % "confirmed", "active"),
        (DONE + ANSWERS % "returned", "active"),
        (SURVEY + "    state: active\n    state_on: 2026-03-02\n" + REPORT, "active"),
        (DONE.replace("fulfilled: true", "fulfilled: false"), "active"),
    ],
    ids=["kept", "waived", "confirmed", "sent back", "decided since", "under way"],
)
def test_what_a_file_tells_of_the_past_asks_nobody(desk: Desk, more: str, stands: str) -> None:
    take(desk, YAML.replace(SURVEY, more))
    assert (state_of(desk, "survey"), list_asked(desk)) == (stands, [])
    assert len(desk.rows(progress_report)) == 1


def test_an_agreement_that_was_reported_on_goes_from_one_register_to_another_as_it_stands(desk: Desk) -> None:
    desk.sign_in("ann")
    send(desk, "survey/report", fulfilled="yes")
    desk.sign_in("li")
    send(desk, "survey/send-back", on="survey/confirm", side="south", note="Two pages are missing")
    desk.clock[0] = NOW + timedelta(days=3)
    with open_reading(desk.engine) as reading:
        text = export_agreement(reading, "north-south")
    renamed = text.replace("agreement: north-south", "agreement: again")
    take(desk, renamed)
    with open_reading(desk.engine) as reading:
        again = export_agreement(reading, "again")
    lines, others = again.splitlines(), renamed.splitlines()
    assert [one for one in lines if not one.startswith("as_of: ")] == [
        one for one in others if not one.startswith("as_of: ")
    ]


def test_what_both_who_owe_it_report_by_one_file_is_told_once_and_asks_neither(desk: Desk) -> None:
    both = REPORT + REPORT.partition("\n")[2].replace("reference: r", "reference: s").replace("north", "south")
    desk.sign_in("cy")
    with open_unit(desk.engine) as unit:
        form = parse_agreement(YAML.replace(JOINT, JOINT + both).encode(), "x.yaml")
        imported = import_agreement(unit, form, Author("operator", NOW), TODAY)
    (told,) = imported.followed
    assert (told.settles, told.asked) == (True, ()), "each has confirmed what the other reported"
    assert state_of(desk, "bridge") == "fulfilled"


def test_the_second_report_of_what_counts_as_fulfilled_already_is_not_told_as_settling_it(desk: Desk) -> None:
    first = YAML.replace(JOINT, JOINT + REPORT)
    take(desk, first)
    assert state_of(desk, "bridge") == "fulfilled"
    second = REPORT.partition("\n")[2].replace("reference: r", "reference: s").replace("north", "south")
    with open_unit(desk.engine) as unit:
        form = parse_agreement(YAML.replace(JOINT, JOINT + REPORT + second).encode(), "x.yaml")
        assert import_agreement(unit, form, Author("operator", NOW), TODAY).followed == ()
    reconcile_register(desk.engine, NOW, TODAY)
    assert not list_asked(desk), "the other side has confirmed it by its own"
