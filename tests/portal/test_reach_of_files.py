"""A file changes more than its own agreement: whom it re-dates, and what it counts, matters in others at once too."""

from collections.abc import Callable
from typing import Any

import pytest

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import contact, follow_up
from tests.portal.desk import NOW, TODAY, Desk
from tests.portal.test_files import bring, fetch, hash_shown, newest

FILE = "/agreements/north-south/file.yaml"
SECOND = b"""
agreement: second
title: {en: Second}
kind: memorandum
effective: 2024-01-01
parties: [{reference: north}, {reference: south}]
commitments:
  - reference: s1
    summary: Second one.
    kind: deliverable
    due: 2026-02-01
    owners: [{party: north, contact: ann}, {party: south, contact: li}]
  - reference: s2
    summary: Nobody's second.
    kind: deliverable
    due: 2026-12-31
    owners: [{party: north}]
"""
HELD = """
activities:
  - {reference: talk, title: A talk, kind: meeting, held_on: 2026-02-20, commitments: [friends, second/s1]}
"""
Edit = Callable[[str], str]


def put(before: str, after: str) -> Edit:
    def edit(text: str) -> str:
        assert before in text
        return text.replace(before, after, 1)

    return edit


ANN = "      - reference: ann\n        name: Ann\n"
CY = "        role: coordinator\n        channels:\n          mail: cy"
BO = "      - {reference: bo, name: Bo, role: coordinator, channels: {mail: bo@north.example}}\n"


@pytest.fixture
def shared(desk: Desk) -> Desk:
    """People of one agreement who answer for a promise under another one too."""
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(SECOND, "second.yaml"), Author("test", NOW), TODAY)
    reconcile_register(desk.engine, NOW, TODAY)
    desk.sign_in("cy")
    return desk


def read_asked(desk: Desk, reference: str = "") -> dict[str, Any]:
    """What is asked, of whom and why, of all agreements or of one."""
    return {
        row.key: (row.state, row.assignee_id, row.reason)
        for row in desk.rows(follow_up)
        if f":{reference}" in row.key and row.state == "open"
    }


def apply(desk: Desk, content: str) -> None:
    page = bring(desk, content)
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")


REACHING: list[tuple[str, Edit]] = [
    ("an owner has left", put(ANN, ANN + "        valid_to: 2026-02-01\n")),
    ("an owner begins later", put(ANN, ANN + "        valid_from: 2026-05-01\n")),
    ("a coordinator, of two, becomes a leader", lambda text: put(CY, CY.replace("coordinator", "leader"))(
        put(ANN, BO + ANN)(text))),
    ("a second coordinator is added", put(ANN, BO + ANN)),
    ("what was held counts there too", lambda text: text + HELD),
    ("an owner's deputy is gone", put("        deputy: dee\n", "")),
    ("an owner's address is another", put("ann@north.example", "ann.new@north.example")),
    ("an owner lives in another zone", put(ANN, ANN + "        time_zone: Pacific/Kiritimati\n")),
    ("a party lives in another country", put("    country: GB\n", "    country: JP\n")),
    ("a party lives in another zone", put("    time_zone: Europe/London", "    time_zone: Pacific/Kiritimati")),
]  # fmt: skip


@pytest.mark.parametrize("edit", [edit for _, edit in REACHING], ids=[claim for claim, _ in REACHING])
def test_after_a_file_is_applied_the_sweep_finds_nothing_left_to_do_anywhere(shared: Desk, edit: Edit) -> None:
    apply(shared, edit(fetch(shared, FILE).decode()))
    at_once = read_asked(shared)
    reconcile_register(shared.engine, NOW, TODAY)
    assert read_asked(shared) == at_once


def test_who_was_ended_by_a_file_is_asked_nothing_under_any_agreement(shared: Desk) -> None:
    ann = shared.person("ann")
    assert any(asked[1] == ann for asked in read_asked(shared, "second").values())
    apply(shared, put(ANN, ANN + "        valid_to: 2026-02-01\n")(fetch(shared, FILE).decode()))
    assert not any(asked[1] == ann for asked in read_asked(shared).values())
    assert any(key.startswith("unowned:second/s1") for key in read_asked(shared, "second"))


def test_a_date_of_what_was_held_that_a_file_puts_right_counts_in_each_agreement(shared: Desk) -> None:
    apply(shared, fetch(shared, FILE).decode() + HELD)
    before = read_asked(shared, "second")
    apply(shared, put("held_on: 2026-02-20", "held_on: 2024-01-05")(fetch(shared, FILE).decode().replace("'", "")))
    at_once = read_asked(shared, "second")
    assert at_once != before
    reconcile_register(shared.engine, NOW, TODAY)
    assert read_asked(shared, "second") == at_once


LEAVING: list[tuple[str, Edit]] = [
    ("becomes a leader", put(CY, CY.replace("coordinator", "leader"))),
    ("becomes an owner", put(CY, CY.replace("coordinator", "owner"))),
    ("has left", put(CY, "        valid_to: 2026-02-01\n" + CY)),
    ("is ended with the other", lambda text: put(CY, "        valid_to: 2026-02-01\n" + CY)(
        put(ANN, BO.replace("name: Bo,", "name: Bo, valid_to: 2026-02-01,") + ANN)(text))),
]  # fmt: skip


@pytest.mark.parametrize("edit", [edit for _, edit in LEAVING], ids=[claim for claim, _ in LEAVING])
def test_who_alone_coordinates_a_side_stays_so_by_a_file_too(shared: Desk, edit: Edit) -> None:
    before = shared.rows(contact)
    page = bring(shared, edit(fetch(shared, FILE).decode()), 422)
    assert "cy alone coordinates" in page
    assert shared.rows(contact) == before


def test_beside_another_coordinator_one_may_step_back_by_a_file(shared: Desk) -> None:
    text = put(ANN, BO + ANN)(fetch(shared, FILE).decode())
    apply(shared, put(CY, CY.replace("coordinator", "owner"))(text))
    assert [row.role for row in shared.rows(contact, contact.c.reference.in_(["cy", "bo"]))] == ["owner", "coordinator"]
