"""What a coordinator sees who brings a file: every fault at once, or what would change; and what can be taken along."""

import io
import re
import zipfile
from html import unescape
from typing import Any

import openpyxl
import pytest
import yaml
from sqlalchemy import insert, update

from commitments.agreement_file import parse_agreement, read_text
from commitments.database import open_reading, open_unit
from commitments.errors import InvalidFiles
from commitments.export import export_agreement
from commitments.tables import agreement, commitment, contact, follow_up, log_entry, party
from portal.fault_words import has_words, tell_expected
from portal.page_words import load_page_words
from portal.tables import registration, visit
from tests.portal.desk import FORM, Desk
from tests.rules.test_agreement_file import FAULTS, GOOD

YAML = FORM.decode()
NEW = """
agreement: new-one
title: {en: A new one}
kind: memorandum
parties: [{reference: north}, {reference: far-east, kind: city, names: {en: East}, country: FR}]
commitments:
  - reference: be-friends
    summary: Be friends.
    kind: open_ended
    owners: [{party: north, contact: ann}, {party: far-east}]
"""


def bring(desk: Desk, content: str | bytes, status: int = 303, name: str = "north-south.yaml", who: str = "cy") -> str:
    """Bring a file; gives the page that follows."""
    desk.sign_in(who)
    raw = content.encode() if isinstance(content, str) else content
    answer = desk.client.post(
        "/register/files", data={"token": desk.token()}, files={"file": (name, raw)}, follow_redirects=False
    )
    assert answer.status_code == status, answer.text
    return desk.get(answer.headers["location"]) if status == 303 else unescape(answer.text)


def newest(desk: Desk) -> str:
    return f"/register/files/{desk.rows(registration)[-1].id}"


def hash_shown(page: str) -> str:
    return page.split('name="shown" value="')[1].split('"', maxsplit=1)[0]


def fetch(desk: Desk, path: str) -> bytes:
    answer = desk.client.get(path)
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    return bytes(answer.content)


def workbook(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def save(book: Any) -> bytes:
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def test_a_changed_file_is_shown_as_a_difference_and_applied_as_shown(desk: Desk) -> None:
    before = desk.snapshot()
    page = bring(desk, YAML.replace("summary: Raise a fund.", "summary: Raise a large fund."))
    assert "What was promised: from Raise a fund. to Raise a large fund." in page and page.count("Commitment “") == 1
    assert desk.snapshot() == before, "nothing is changed before it is applied"
    page = desk.act(newest(desk), shown=hash_shown(page), why="the annex")
    assert "Raise a large fund." in page and "The file was applied: 1 change." in page
    (entry,) = desk.rows(log_entry, log_entry.c.action == "amended", log_entry.c.subject == "commitment")
    assert (entry.who, entry.why) == ("cy", "the annex")
    assert desk.rows(registration) == []


def test_a_new_agreement_from_a_file_is_registered_and_judged_at_once(desk: Desk) -> None:
    desk.add_elsewhere()
    page = bring(desk, NEW, name="new.yaml")
    assert "a new agreement" in page and "Commitment “be-friends”: recorded" in page and "Names: English: East" in page
    assert "The agreement is registered" in desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    desk.get("/register/done/new-one")
    for unseen in ("elsewhere", "nothing-of-the-kind"):  # of others, and not there at all
        desk.get(f"/register/done/{unseen}", 404)
    (row,) = desk.rows(agreement, agreement.c.reference == "new-one")
    assert desk.rows(follow_up, follow_up.c.agreement_id == row.id)


def test_a_file_that_changes_nothing_says_so(desk: Desk) -> None:
    page = bring(desk, YAML)
    assert "Nothing would change" in page and ">Apply<" not in page


def test_the_difference_remarks_the_dates_that_it_makes_later_than_what_they_belong_to(desk: Desk) -> None:
    late = "- {reference: plan, title: The plan is drawn, due: 2026-02-20}"  # was late before this file
    page = bring(desk, YAML.replace(late, late + "\n      - {reference: gone, title: The ruin is gone, due: 2026-03}"))
    assert "“The ruin is gone” is due by the end of March 2026, which is after the commitment itself is due" in page
    assert "“The plan is drawn” is due" not in page and "Nobody's promise" not in page
    page = bring(desk, YAML.replace("expires: 2026-08-31", "expires: 2026-10-31"))
    assert "“Nobody's promise.” is due by 31 December 2026, which is after the agreement ends: 31 October 2026." in page


def test_what_the_file_does_not_hold_is_told_and_kept(desk: Desk) -> None:
    cut = YAML[: YAML.index("  - reference: orphan")]
    page = bring(desk, cut)
    assert "Not in the file, and kept in the register" in page and "commitment orphan" in page


def test_a_difference_that_has_become_another_is_refused_and_shown_again(desk: Desk) -> None:
    page = bring(desk, YAML.replace("Raise a fund.", "Raise a large fund."))
    with open_unit(desk.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "fund").values(summary="Raise it."))
    again = desk.act(newest(desk), 409, shown=hash_shown(page))
    assert "the register has changed since this was shown" in again and "from Raise it. to Raise a large fund." in again
    assert [row.summary for row in desk.rows(commitment, commitment.c.reference == "fund")] == ["Raise it."]
    assert "Raise a large fund." in desk.act(newest(desk), shown=hash_shown(again), why="The annex")


def test_what_changed_elsewhere_does_not_stand_in_the_way(desk: Desk) -> None:
    page = bring(desk, NEW, name="new.yaml")
    desk.add_elsewhere()
    assert "The agreement is registered" in desk.act(newest(desk), shown=hash_shown(page), why="The annex")


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (
            YAML.replace("kind: deliverable", "kind: deliverabel", 1),
            "a.yaml",
            ["'deliverabel'", "did you mean “deliverable”"],
        ),
        (
            YAML.replace("due: 2026-02-13", "due: soon").replace("quantity: 500", "quantity: many"),
            "a.yaml",
            ["'soon'", "'many'", "commitments[1].due", "a number"],
        ),
        ("", "a.yaml", ["nothing", "an agreement"]),
        ("x", "a.pdf", ["an agreement file (.yaml), a spreadsheet (.xlsx) or a table (.csv)"]),
        (b"\xd0\xcf\x11\xe0old", "a.xls", ["a spreadsheet saved as .xlsx"]),
        (b"PK\x03\x04broken", "a.xlsx", ["a spreadsheet that can be opened"]),
        ("agreement,summary,kind\nnorth-soth,x,y\n".encode("utf-16-le") + b"\xd8", "a.csv", ["CSV UTF-8"]),
        (
            "agreement,summary\nnorth-soth,Do it\n",
            "a.csv",
            ["'north-soth'", "the reference of an agreement of the register"],
        ),
        (
            "agreement,sumary,kind\nnorth-south,Do it,deliverable\n",
            "a.csv",
            ["'sumary'", "did you mean “summary”", "this column"],
        ),
        (
            "agreement;summary;kind;due;owners\nnorth-south;Do it;deliverabel;3/4/2026;north: anne\n",
            "a.csv",
            ["'deliverabel'", "'3/4/2026'", "'anne'", "did you mean “ann”"],
        ),
        (
            "agreement,summary,kind\nnorth-south,Do it,recurring\n",
            "a.csv",
            ["how often it recurs", ">2</td>", "recurrence"],
        ),
    ],
)
def test_every_fault_of_a_file_is_told_at_once_with_its_place(
    desk: Desk, content: str | bytes, name: str, told: list[str]
) -> None:
    before = desk.snapshot()
    page = bring(desk, content, 422, name)
    assert "Nothing was changed." in page
    for one in told:
        assert one in page
    assert desk.snapshot() == before and desk.rows(registration) == []
    assert "需要更正之处" in bring(desk, content, 422, name, who="li")


def test_no_file_is_a_clear_word(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "Choose a file first." in desk.act("/register/files", 422)


def test_a_spreadsheet_goes_out_and_comes_back_without_a_difference(desk: Desk) -> None:
    for who in ("cy", "li"):
        desk.sign_in(who)
        content = fetch(desk, "/agreements/north-south/file.xlsx")
        page = bring(desk, content, name="n.xlsx", who=who)
        assert "Nothing would change" in page or "不会有任何变化" in page
    assert workbook(content).sheetnames[4] == "承诺"


def test_a_cell_changed_in_the_spreadsheet_is_the_difference(desk: Desk) -> None:
    desk.sign_in("cy")
    book = workbook(fetch(desk, "/agreements/north-south/file.xlsx"))
    sheet = book["Commitments"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    rows = {row[heads["reference"] - 1].value: row for row in sheet.iter_rows(min_row=2)}
    rows["fund"][heads["quantity"] - 1].value = 600
    rows["bridge"][heads["due"] - 1].value = "2027-05"
    sheet.cell(sheet.max_row + 1, heads["summary"]).value = "Plant a tree"
    sheet.cell(sheet.max_row, heads["kind"]).value = "Open ended"
    page = bring(desk, save(book), name="n.xlsx")
    assert "Due: from 13 February 2026 to May 2027" in page
    assert "to at least 600 euros" in page and "Commitment “plant-a-tree”: recorded" in page
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    (tree,) = desk.rows(commitment, commitment.c.reference == "plant-a-tree")
    assert tree.kind == "open_ended"
    again = bring(desk, save(book), name="n.xlsx")
    assert "Nothing would change" in again, "the same file again makes no second tree"


@pytest.mark.parametrize("who", ["cy", "li"])
def test_the_template_is_an_agreement_as_it_stands(desk: Desk, who: str) -> None:
    desk.sign_in(who)
    content = fetch(desk, "/register/template.xlsx")
    page = bring(desk, content, 422, "agreement.xlsx", who=who)
    own = "Your own party, north, must be one of the parties." if who == "cy" else "south"
    assert own in page and "<table>" not in page, "nothing else is wrong with it"


def test_a_spreadsheet_for_a_new_agreement_takes_nothing_from_a_party_that_is_on_record(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        known = {"names": {"en": "North", "zh": "北"}, "subdivision": "ENG", "language": "en"}
        unit.execute(update(party).where(party.c.reference == "north").values(known))
    before = desk.rows(party)
    desk.sign_in("cy")
    book = workbook(fetch(desk, "/register/template.xlsx"))
    for sheet in book:
        for cell in (one for row in sheet.iter_rows(min_row=2) for one in row if isinstance(one.value, str)):
            cell.value = re.sub(r"\bexample-city\b", "north", re.sub(r"\bpartner-city\b", "south", cell.value))
    book["Agreement"]["A2"].value = "another"
    sheet = book["Parties"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    rows = {row[heads["reference"] - 1].value: row for row in sheet.iter_rows(min_row=2)}
    for row in rows.values():
        for cell in row[heads["reference"] :]:
            cell.value = None
    rows["north"][heads["name"] - 1].value, rows["south"][heads["name"] - 1].value = "North", "South"
    page = bring(desk, save(book), name="new.xlsx")
    assert "taken away" not in page and "recorded" in page
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    assert desk.rows(party) == before
    rows["south"][heads["name"] - 1].value, book["Agreement"]["A2"].value = "Sud", "a-third"
    page = bring(desk, save(book), 422, "new.xlsx")
    assert "The party south is not yours" in page
    assert "its reference alone is enough" in page


def test_nor_from_its_people_of_whom_only_the_name_was_written(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        known = {"office": "International links", "language": "de", "valid_from": "2020"}
        unit.execute(update(contact).where(contact.c.reference == "cy").values(known))
    before = desk.rows(contact)
    desk.sign_in("cy")
    book = workbook(fetch(desk, "/register/template.xlsx"))
    for sheet in book:
        for cell in (one for row in sheet.iter_rows(min_row=2) for one in row if isinstance(one.value, str)):
            cell.value = re.sub(r"\bexample-city\b", "north", re.sub(r"\bpartner-city\b", "south", cell.value))
    book["Agreement"]["A2"].value = "another"
    heads = {cell.value: cell.column for cell in book["Contacts"][1]}
    (row,) = book["Contacts"].iter_rows(min_row=2, max_row=2)
    for cell in row:
        cell.value = None
    row[heads["party"] - 1].value, row[heads["name"] - 1].value = "north", "Cy"
    parties = book["Parties"]
    reference = {cell.value: cell.column for cell in parties[1]}["reference"]
    for one in parties.iter_rows(min_row=2):
        for cell in one:
            cell.value = cell.value if cell.column == reference else None
    for sheet in ("Commitments", "Signatories"):
        for one in book[sheet].iter_rows(min_row=2):
            for cell in one:
                cell.value = str(cell.value).replace("north: north-mei-lin", "north: Cy") if cell.value else cell.value
    page = bring(desk, save(book), name="new.xlsx")
    assert "taken away" not in page
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    assert desk.rows(contact) == before


def test_a_table_of_commitments_is_taken_over_an_agreement_of_the_register(desk: Desk) -> None:
    desk.sign_in("cy")
    table = (
        fetch(desk, "/register/template.csv").decode("utf-8-sig").replace("example-city-partner-city", "north-south")
    )
    table = table.replace("example-city: example-city-mei-lin; partner-city", "north: Ann; South").replace(
        "example-city; partner-city", "north"
    )
    page = bring(desk, table.replace(",partner-city", ",south"), name="more.csv")
    assert page.count(": recorded") == 3 + 4 and "Commitment “library-link”" in page
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    with open_reading(desk.engine) as reading:
        plain = yaml.safe_load(export_agreement(reading, "north-south"))
    owners = {one["reference"]: one["owners"] for one in plain["commitments"]}
    assert owners["library-link"] == [{"party": "north", "contact": "ann"}, {"party": "south"}]


def test_a_formula_is_refused_in_and_made_text_on_the_way_out(desk: Desk) -> None:
    evil = '=HYPERLINK("http://evil.example","x")'
    page = bring(desk, YAML.replace("summary: Raise a fund.", f"summary: '{evil}'"))
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    content = fetch(desk, "/agreements/north-south/file.xlsx")
    cells = [cell for row in workbook(content)["Commitments"].iter_rows() for cell in row if cell.value == evil]
    assert [(cell.data_type, cell.quotePrefix) for cell in cells] == [("s", True)]
    book = workbook(content)
    book["Commitments"]["D2"] = "=1+1"
    page = bring(desk, save(book), 422, "n.xlsx")
    assert "a formula" in page and "the value itself" in page and "n.xlsx, Commitments" in page


def test_a_formula_hides_no_other_fault_of_its_spreadsheet(desk: Desk) -> None:
    bring(desk, YAML)
    book = workbook(fetch(desk, "/agreements/north-south/file.xlsx"))
    columns = {cell.value: cell.column_letter for cell in book["Commitments"][1]}
    sheet = book["Commitments"]
    sheet[f"{columns['due']}2"] = "=1+1"
    sheet[f"{columns['due']}3"] = "soon"
    sheet[f"{columns['due']}4"] = "#REF!"
    sheet[f"{columns['due']}4"].data_type = "e"
    people = {cell.value: cell.column_letter for cell in book["Contacts"][1]}
    book["Contacts"][f"{people['time zone']}2"] = "Europe/Nowhere"
    page = bring(desk, save(book), 422, "n.xlsx")
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr.*?</tr>", page, re.S)]
    told = [row for row in rows if "n.xlsx" in row]
    assert any("n.xlsx, Commitments 2 due a formula" in row for row in told), told
    assert any("n.xlsx, Commitments 3 due 'soon'" in row for row in told), told
    assert any("n.xlsx, Commitments 4 due a fault of the spreadsheet: #REF!" in row for row in told), told
    assert any("n.xlsx, Contacts 2 time zone 'Europe/Nowhere'" in row for row in told), told
    assert len(told) == 4, told


def test_what_only_the_register_can_tell_is_told_beside_a_formula(desk: Desk) -> None:
    desk.sign_in("cy")
    book = workbook(fetch(desk, "/agreements/north-south/file.xlsx"))
    columns = {cell.value: cell.column_letter for cell in book["Commitments"][1]}
    book["Commitments"][f"{columns['note']}2"] = "=1+1"
    people = {cell.value: cell.column_letter for cell in book["Contacts"][1]}
    book["Contacts"][f"{people['deputy']}3"] = "nobody-here"
    page = bring(desk, save(book), 422, "n.xlsx")
    assert "a formula" in page and "nobody-here" in page and "n.xlsx, Contacts" in page


def test_a_spreadsheet_that_would_unpack_to_too_much_is_refused(desk: Desk) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * (31 * 1024 * 1024))
    assert "at most 31,457,280 bytes" in bring(desk, written.getvalue(), 422, "bomb.xlsx")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(desk: Desk) -> None:
    desk.sign_in("cy")
    answer = desk.client.post("/register/files", files={"file": ("a.yaml", b"x" * 1_200_000)})
    assert answer.status_code == 413 and "At most 1 MB" in answer.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (YAML.replace("mail: li@south", "mail: eve@north"), "The contact li is of another party"),
        (YAML.replace("names: {en: South}", "names: {en: Sud}"), "The party south is not yours"),
        (
            YAML.replace(
                "- {reference: li,", "- {reference: eve, name: E, role: coordinator}\n      - {reference: li,"
            ),
            "The contact eve is new at a party that is not yours",
        ),
        (YAML.replace("mail: cy@north", "mail: admin@north"), "only an administrator gives or takes away"),
        (YAML.replace("mail: ann@north", "mail: x@north"), "only an administrator gives or takes away"),
        (
            YAML.replace("name: Dee, role: owner", "name: Dee, role: operator"),
            "only an administrator names an operator",
        ),
        (
            NEW.replace("{reference: north}", "{reference: south}").replace(
                "party: north, contact: ann", "party: south"
            ),
            "Your own party, north, must be one of the parties.",
        ),
        (
            YAML + "    reports:\n      - {reference: r, party: south, reported_on: '2026-01-01', rating: on_track}\n",
            "is a report or confirmation of another side",
        ),
    ],
)
def test_a_file_cannot_change_what_is_not_its_bringers(desk: Desk, content: str, said: str) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    settings = desk.settings.model_copy(update={"administrators": "admin@north.example,ann@north.example"})
    object.__setattr__(house, "settings", settings)
    before = desk.snapshot(), desk.rows(party), desk.rows(contact)
    page = bring(desk, content, 422)
    assert said in page
    assert (desk.snapshot(), desk.rows(party), desk.rows(contact)) == before


def test_a_changed_address_ends_the_visits_that_began_by_the_former_one(desk: Desk) -> None:
    desk.sign_in("dee")
    desk.client.cookies.clear()
    page = bring(desk, YAML.replace("mail: dee@north", "mail: dora@north"))
    assert [row.ended_at for row in desk.rows(visit, visit.c.contact_id == desk.person("dee"))] == [None]
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    assert all(row.ended_at for row in desk.rows(visit, visit.c.contact_id == desk.person("dee")))


def test_an_agreement_of_others_is_not_taken_over_by_its_reference(desk: Desk) -> None:
    desk.add_elsewhere()
    page = bring(desk, NEW.replace("agreement: new-one", "agreement: elsewhere"), 422)
    assert "this one is taken by an agreement that you do not see" in page
    table = "agreement,summary,kind\nelsewhere,Do it,open ended\n"
    page = bring(desk, table, 422, "a.csv")
    assert "this one is taken by an agreement that you do not see" in page and "Theirs alone" not in page
    desk.get("/agreements/elsewhere/file.yaml", 404)
    desk.get("/agreements/elsewhere/add-commitment", 404)


def test_a_file_brought_is_nobody_elses(desk: Desk) -> None:
    page = bring(desk, NEW, name="new.yaml")
    address = newest(desk)
    desk.sign_in("li")
    desk.get(address, 404)
    desk.act(address, 404, shown=hash_shown(page))
    assert desk.rows(agreement, agreement.c.reference == "new-one") == []


def test_the_file_from_an_agreements_page_is_the_one_it_is_imported_from(desk: Desk) -> None:
    desk.sign_in("cy")
    text = fetch(desk, "/agreements/north-south/file.yaml").decode()
    assert read_text(text, "x").form.agreement == "north-south"
    page = desk.get("/agreements/north-south")
    assert "/agreements/north-south/file.yaml" in page and "/agreements/north-south/add-commitment" in page
    desk.sign_in("ann")
    page = desk.get("/agreements/north-south")
    assert "file.yaml" not in page and "add-commitment" not in page


def test_a_commitment_is_added_by_the_same_questions(desk: Desk) -> None:
    desk.sign_in("cy")
    address = "/agreements/north-south/add-commitment"
    assert "Does it repeat?" in desk.get(address) and ">Ann<" in desk.get(address)
    before = desk.rows(commitment)
    page = desk.act(address, 422, summary="", has_date="yes", due="soon")
    assert "This is missing." in page and "This is no date, or can mean two." in page and 'value="soon"' in page
    assert desk.rows(commitment) == before
    page = desk.act(
        address,
        summary="Plant a tree",
        has_date="yes",
        due="2025-12",
        quote="A tree shall be planted.",
        quote_language="en",
        owed_by=["north"],
        why="the annex",
        **{"new-north": "ann"},
    )
    assert "Plant a tree" in page and "A tree shall be planted." in page and "Overdue" in page
    assert "The commitment is added, and watched from now on." in page
    (tree,) = desk.rows(commitment, commitment.c.reference == "plant-a-tree")
    assert len(desk.rows(commitment)) == len(before) + 1
    assert desk.rows(follow_up, follow_up.c.commitment_id == tree.id), "it is judged at once"
    (entry,) = desk.rows(log_entry, log_entry.c.subject == "commitment", log_entry.c.row_id == tree.id)
    assert (entry.who, entry.why) == ("cy", "the annex")
    page = desk.act(address, do="more", summary="Plant <b>another</b> tree", has_date="yes", due="2027")
    assert "Added: Plant <b>another</b> tree" in page and "<b>another" not in desk.client.get(f"{address}?added=x").text
    assert "Add it to the agreement" in page, "and on to the next"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[3]}: {fault[5]}"[:80])
def test_what_is_expected_can_be_said_in_chinese(fault: tuple[str, str, int, str, str, str]) -> None:
    with pytest.raises(InvalidFiles) as invalid:
        parse_agreement(GOOD.replace(fault[0], fault[1], 1).encode(), "a.yaml")
    for problem in invalid.value.problems:
        said = tell_expected(load_page_words("zh"), problem.expected)
        assert has_words(problem.expected) and re.search("[\u4e00-\u9fff]", said), problem.expected


@pytest.mark.parametrize(
    ("who", "found", "offered", "near"),
    [("cy", "memorendum", "sister city", "memorandum"), ("li", "备忘彔", "友好城市", "备忘录")],
)
def test_a_spreadsheet_is_offered_the_words_that_it_takes_in_the_readers_language(
    desk: Desk, who: str, found: str, offered: str, near: str
) -> None:
    desk.sign_in(who)
    book = workbook(fetch(desk, "/agreements/north-south/file.xlsx"))
    sheet = book.worksheets[0]
    kind = next(cell.column for cell in sheet[1] if cell.value in ("kind", "类型", "种类"))
    sheet.cell(2, kind).value = found
    page = bring(desk, save(book), 422, "n.xlsx", who=who)
    assert offered in page and f"“{near}”" in page and "sister_city" not in page
    sheet.cell(2, kind).value = near
    bring(desk, save(book), name="n.xlsx", who=who)


def test_no_list_of_choices_is_read_into_other_words() -> None:
    assert "the parties" not in tell_expected(load_page_words("zh"), "one of the parties")


def test_a_document_added_in_a_file_is_told_alone_beside_the_promise_by_its_own_words(desk: Desk) -> None:
    first = "sources: [{document: Signed text, kind: signed_text, date: 2024-01-01, language: en}]\n"
    page = bring(desk, YAML + first)
    assert "Documents: Document: Signed text; Kind: the signed text; Date: 1 January 2024; Language: English" in page
    desk.act(newest(desk), shown=hash_shown(page), why="The annex")
    second = first.replace("}]", "}, {document: Minutes, kind: minutes}]")
    page = bring(desk, YAML.replace("Raise a fund.", "Raise it.").replace("due: 2026-02-20", "due: 2026-03") + second)
    assert "Agreement “Memorandum” (north-south): changed" in page
    assert "Documents: Document: Minutes; Kind: minutes was added" in page and "Signed text" not in page
    assert "Commitment “Raise a fund.” (fund): changed" in page
    assert "Milestone “The plan is drawn” (bridge/plan): changed" in page
    page = bring(desk, YAML + "sources: []\n")
    assert "was taken away" in page


def test_a_file_gives_the_addresses_of_ones_own_side_alone_and_takes_none_away_when_it_is_brought_again(
    desk: Desk,
) -> None:
    with open_unit(desk.engine) as unit:
        south = desk.rows(party, party.c.reference == "south")[0].id
        wu = {"reference": "wu", "name": "Wu", "role": "owner", "channels": {"mail": "wu@south.example"}}
        unit.execute(insert(contact).values(**wu, party_id=south))
        xi = {"reference": "xi", "name": "Xi", "role": "coordinator", "channels": {"mail": "xi@south.example"}}
        unit.execute(insert(contact).values(**xi, party_id=south))
    before = desk.rows(contact)
    desk.sign_in("cy")
    text = fetch(desk, "/agreements/north-south/file.yaml").decode()
    assert "ann@north.example" in text and "li@south.example" not in text
    assert "name: Li" in text and "Wu" not in text, "of another side who has a part in it"
    assert "name: Xi" in text and "xi@south.example" not in text, "and who coordinates it"
    assert "Nothing would change" in bring(desk, text)
    book = fetch(desk, "/agreements/north-south/file.xlsx")
    said = {cell.value for row in workbook(book)["Contacts"].iter_rows() for cell in row}
    assert "ann@north.example" in said and "li@south.example" not in said and "Wu" not in said
    assert "Nothing would change" in bring(desk, book, name="n.xlsx")
    page = bring(desk, text.replace("summary: Hand over the survey.", "summary: Hand over the whole survey."))
    address = re.search(r'action="(/register/files/\d+)"', page)
    assert address
    desk.act(address[1], shown=hash_shown(page), why="The annex")
    assert desk.rows(contact) == before
    desk.sign_in("li")
    assert "li@south.example" in fetch(desk, "/agreements/north-south/file.yaml").decode()


def test_the_number_of_statements_does_not_grow_with_what_a_file_changes(desk: Desk, count_statements: Any) -> None:
    desk.sign_in("cy")
    text = fetch(desk, "/agreements/north-south/file.yaml").decode()
    one, all_of_them = (
        text.replace("Raise a fund.", "Raise it."),
        re.sub(r"summary: (.*)\.", r"summary: \1, at last.", text),
    )
    counts = []
    for changed in (one, all_of_them):
        address = re.search(r'action="(/register/files/\d+)"', bring(desk, changed))
        assert address
        with count_statements(desk.engine) as counted:
            desk.get(address[1])
        counts.append(counted.total)
    assert counts[0] == counts[1]
