"""Why a file changes what was agreed is said as on a page and stands in the log; what happened needs no reason."""

import re

import pytest

from commitments.tables import commitment, log_entry
from tests.portal.desk import Desk
from tests.portal.test_files import bring, hash_shown
from tests.portal.test_passed_on_files import download, rename_fund
from tests.portal.test_slips_in_files import VISIT

MOVED = (b"due: 2026-12-31", b"due: 2027-12-31")


def find_address(page: str) -> str:
    found = re.search(r'action="(/register/files/\d+)"', page)
    assert found, page
    return found[1]


@pytest.mark.parametrize("form", ["yaml", "xlsx"])
def test_other_words_by_a_file_need_a_reason_which_stands_in_the_log(desk: Desk, form: str) -> None:
    page = bring(desk, rename_fund(download(desk, "cy", form), form), name=f"a.{form}")
    assert "Why, if it should stand in the log" not in page and 'autocomplete="off" required' in page
    before = desk.snapshot()
    for missing in ("", "   "):
        refused = desk.act(find_address(page), 422, shown=hash_shown(page), why=missing)
        assert "A reason is needed: it stands in the log." in refused and "Raise a large fund." in refused
    assert desk.snapshot() == before
    desk.act(find_address(refused), shown=hash_shown(refused), why="The annex of May")
    (entry,) = desk.rows(log_entry, log_entry.c.subject == "commitment", log_entry.c.action == "amended")
    assert entry.why == "The annex of May"


@pytest.mark.parametrize(
    ("old", "new"),
    [MOVED, (b"  - reference: friends\n", b"  - reference: friends\n    state: waived\n")],
    ids=["another date", "a commitment that is waived"],
)
def test_so_does_what_a_page_would_ask_one_for(desk: Desk, old: bytes, new: bytes) -> None:
    page = bring(desk, download(desk, "cy", "yaml").replace(old, new))
    before = desk.rows(commitment)
    desk.act(find_address(page), 422, shown=hash_shown(page))
    assert desk.rows(commitment) == before


def test_what_happened_is_taken_without_one(desk: Desk) -> None:
    page = bring(desk, download(desk, "cy", "yaml").decode() + VISIT.format(day="2026-03-01"))
    assert "Why, if it should stand in the log" in page
    assert "The file was applied" in desk.act(find_address(page), shown=hash_shown(page))
