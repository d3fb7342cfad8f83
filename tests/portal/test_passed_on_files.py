"""Stories of a file that goes from hand to hand: whoever brings it, nothing is lost that it does not hold."""

import re
from collections.abc import Callable

import pytest

from commitments.agreement_file import read_text
from commitments.log import Author
from commitments.register import import_files
from commitments.tables import agreement, commitment, contact, milestone
from tests.portal.desk import NOW, TODAY, Desk
from tests.portal.test_files import bring, fetch, hash_shown, save, workbook

FILE = "/agreements/north-south/file"


def download(desk: Desk, who: str, form: str) -> bytes:
    desk.sign_in(who)
    return fetch(desk, f"{FILE}.{form}")


def rename_fund(content: bytes, form: str) -> bytes:
    """The file with other words for one promise, so that there is something to apply."""
    if form == "yaml":
        return content.replace(b"Raise a fund.", b"Raise a large fund.")
    book = workbook(content)
    for row in book.worksheets[4].iter_rows():
        for cell in row:
            cell.value = "Raise a large fund." if cell.value == "Raise a fund." else cell.value
    return save(book)


def apply(desk: Desk, content: bytes, form: str, who: str) -> str:
    """Bring a file and apply it; gives what was shown before."""
    page = bring(desk, content, name=f"a.{form}", who=who)
    address = re.search(r'action="(/register/files/\d+)"', page)
    assert address, page
    desk.act(address[1], shown=hash_shown(page), why="The annex")
    return page


@pytest.mark.parametrize("form", ["yaml", "xlsx"])
@pytest.mark.parametrize(("gave", "brought"), [("cy", "li"), ("li", "cy"), ("cy", "dee"), ("cy", "cy")])
def test_whoever_brings_a_file_without_the_withheld_addresses_takes_nobody_s_away(
    desk: Desk, gave: str, brought: str, form: str
) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"administrators": "dee@north.example"}))
    before = desk.rows(contact)
    content = rename_fund(download(desk, gave, form), form)
    page = apply(desk, content, form, brought)
    assert "large fund" in page and "south.example" not in page and "north.example" not in page
    assert desk.rows(contact) == before
    assert [row.summary for row in desk.rows(commitment, commitment.c.reference == "fund")] == ["Raise a large fund."]
    desk.get("/settings")  # and whoever brought it is still signed in


def test_nor_does_who_imports_it_at_the_command_line(desk: Desk) -> None:
    before = desk.rows(contact)
    text = rename_fund(download(desk, "cy", "yaml"), "yaml").decode()
    import_files(desk.engine, [read_text(text, "a.yaml")], Author("tally", NOW), TODAY)
    assert desk.rows(contact) == before


def empty_cell(content: bytes) -> bytes:
    book = workbook(content)
    for row in book["Contacts"].iter_rows():
        for cell in row:
            cell.value = None if cell.value == "ann@north.example" else cell.value
    return save(book)


@pytest.mark.parametrize(
    ("form", "empty"),
    [
        ("yaml", lambda content: content.replace(b"          mail: ann@north.example\n", b"          {}\n")),
        ("xlsx", empty_cell),
    ],
)
def test_also_an_address_that_is_written_as_empty_stays(desk: Desk, form: str, empty: Callable[[bytes], bytes]) -> None:
    content = download(desk, "cy", form)
    assert empty(content) != content
    assert "Nothing would change" in bring(desk, empty(content), name=f"a.{form}")


def test_another_address_is_still_taken_from_a_file(desk: Desk) -> None:
    content = download(desk, "cy", "yaml").replace(b"ann@north.example", b"ann.new@north.example")
    apply(desk, content, "yaml", "cy")
    (ann,) = desk.rows(contact, contact.c.reference == "ann")
    assert ann.channels == {"mail": "ann.new@north.example"}


@pytest.mark.parametrize("form", ["yaml", "xlsx"])
def test_a_file_of_last_week_takes_back_no_date_no_document_and_no_address(desk: Desk, form: str) -> None:
    older = download(desk, "cy", form)
    bridge = "/agreements/north-south/commitments/bridge"
    desk.post(f"{bridge}/date", token=desk.token(), due="2026-07-01", why="More time")
    document = {"title": "Signed", "kind": "signed_text", "language": "en", "authentic": "yes", "why": "It was signed"}
    sent = {"token": desk.token(), **document}
    file = {"file": ("s.pdf", b"%PDF-1.7 x")}
    answer = desk.client.post("/agreements/north-south/documents", data=sent, files=file, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    change = download(desk, "cy", "yaml").replace(b"ann@north.example", b"ann.new@north.example")
    apply(desk, change, "yaml", "cy")
    kept = [desk.rows(one) for one in (agreement, contact, milestone)]
    page = bring(desk, older, name=f"a.{form}")
    assert "Nothing would change" in page and "Recorded since the file was written, and kept" in page
    assert "Due: 1 July 2026" in page and (form == "xlsx" or "Authentic languages: English" in page)
    assert "How they are reached" in page and "ann.new" not in page, "how somebody is reached is for their own page"
    page = apply(desk, rename_fund(older, form), form, "cy")
    assert page.count(": changed") == 1, "and one that changes other words changes these alone"
    assert [desk.rows(one) for one in (agreement, contact, milestone)] == kept
    (row,) = desk.rows(commitment, commitment.c.reference == "bridge")
    assert (row.due, row.first_due) == ("2026-07-01", "2026-02-13")


def test_a_spreadsheet_that_does_not_say_when_it_was_written_takes_no_moved_date_back(desk: Desk) -> None:
    book = workbook(download(desk, "cy", "xlsx"))
    book["Agreement"].delete_cols([cell.value for cell in book["Agreement"][1]].index("as of") + 1)
    date = "/agreements/north-south/commitments/bridge/date"
    desk.post(date, token=desk.token(), due="2026-07-01", why="More time")
    assert "Nothing would change" in bring(desk, save(book), name="a.xlsx")
