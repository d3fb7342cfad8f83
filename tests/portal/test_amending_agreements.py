"""Changing an agreement's own fields on a page: what a coordinator sees, and what follows at once."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import update

from benchmarks.form_reader import read_form
from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.export import load_form
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import agreement, agreement_party, commitment, contact, follow_up, log_entry, party, signatory
from tests.portal.desk import FORM, NOW, TODAY, Desk

PAGE = "/agreements/north-south"
EDIT = f"{PAGE}/edit"
SIGNED = b"""
signed: {north: 2023-12-01}
signatories:
  - {party: north, name: Ada, office: Mayor}
  - {party: south, name: Bo}
sources:
  - {document: text.pdf, kind: signed_text}
  - {document: news.html, kind: news}
note: "First line.\\nSecond line."
term: Two years and eight months
"""


def change(desk: Desk, status: int = 303, **fields: Any) -> str:
    """Fill in the page as it stands, with these fields changed."""
    form = read_form(desk.client.get(EDIT).text, EDIT)
    return desk.act(EDIT, status, **{**form, "do": "next", "why": "As the sides agreed", **fields})


def row_of(desk: Desk) -> Any:
    return desk.rows(agreement, agreement.c.reference == "north-south")[0]


def file_of(desk: Desk) -> dict[str, Any]:
    with open_reading(desk.engine) as reading:
        plain: dict[str, Any] = load_form(reading, "north-south").model_dump(mode="json")
    return plain


@pytest.fixture
def signed(desk: Desk) -> Desk:
    """The agreement with who signed it and whence it is known."""
    pointing = FORM.replace(
        b"  - reference: survey\n",
        b"  - reference: survey\n    source: {document: text.pdf, start: 0, end: 5, sha256: %s}\n" % (b"a" * 64),
    )
    with open_unit(desk.engine) as unit:
        form = parse_agreement(pointing.replace(b"\nparties:", SIGNED + b"parties:", 1), "north-south.yaml")
        import_agreement(unit, form, Author("test", NOW - timedelta(days=400)), TODAY)
    desk.sign_in("cy")
    return desk


def test_a_page_offers_to_change_the_agreement_to_its_coordinator_alone(desk: Desk) -> None:
    for who, status in (("cy", 200), ("ann", 403), ("max", 403)):
        desk.sign_in(who)
        assert desk.client.get(EDIT).status_code == status
        assert (f'href="{EDIT}"' in desk.get(PAGE)) is (status == 200)


def test_all_stands_in_the_form_as_it_is_on_record_and_sent_back_so_nothing_is_different(signed: Desk) -> None:
    before = file_of(signed), len(signed.rows(log_entry))
    page = signed.get(EDIT)
    for said in (
        "Memorandum",
        "备忘录",
        "2024-01-01",
        "2026-08-31",
        "Ada",
        "Mayor",
        "news.html",
        "Two years and eight",
    ):
        assert said in page
    assert "Nothing is different from what is on record." in change(signed, 422)
    assert (file_of(signed), len(signed.rows(log_entry))) == before


def test_the_words_and_dates_are_changed_with_a_reason_that_stands_in_the_history(signed: Desk) -> None:
    page = change(
        signed, title="Memorandum of 2024", effective="2024-02", expires="2027-08-31", term="Until August 2027",
        renewal="by_agreement", renewal_months="36", renew_by="2027-03", notice="90", notice_unit="days", note="",
        **{"south-signed": "2023-12"}, why="Renewed at the meeting",
        titles_same="1",
    )  # fmt: skip
    assert "The agreement is changed, and judged by it" in page and "Memorandum of 2024" in page
    assert "Until August 2027" in page and "31 August 2027" in page and "Renewed at the meeting" in page
    row = row_of(signed)
    assert (row.title, row.effective, row.note) == ({"en": "Memorandum of 2024", "zh": "备忘录"}, "2024-02", None)
    assert (row.renewal_rule, row.renewal_months, row.renew_by) == ("by_agreement", 36, "2027-03")
    assert (row.notice_months, row.notice_days) == (None, 90)
    assert [one.signed for one in signed.rows(agreement_party)] == ["2023-12-01", "2023-12"]
    entry = signed.rows(log_entry, log_entry.c.subject == "agreement", log_entry.c.action == "amended")[-1]
    assert (entry.who, entry.why) == ("cy", "Renewed at the meeting")
    assert entry.changes["expires"] == ["2026-08-31", "2027-08-31"]


def test_a_title_changed_in_one_language_alone_is_asked_about_and_nothing_is_written(signed: Desk) -> None:
    page = change(signed, 422, title="Memorandum of 2024")
    assert "Title in another language (1)</a>: This stays as it was while another language is changed." in page
    assert row_of(signed).title == {"en": "Memorandum", "zh": "备忘录"}
    change(signed, title="Memorandum of 2024", **{"titles-0": "2024年备忘录"})
    assert row_of(signed).title == {"en": "Memorandum of 2024", "zh": "2024年备忘录"}


def test_who_signed_stands_on_the_page_with_their_party_and_renewal_with_its_length(signed: Desk) -> None:
    page = change(signed, renewal="by_agreement", renewal_months="36", renew_by="2026-03")
    assert "Ada, Mayor, for North; Bo, for South" in page
    assert "by agreement of the parties; for 3 years; to be renewed by March 2026" in page


def test_all_that_is_not_asked_for_stays_as_it_is(signed: Desk) -> None:
    before = file_of(signed)
    change(signed, term="Until further notice")
    assert file_of(signed) == before | {"term": "Until further notice"}


def test_another_expiry_closes_what_was_asked_about_the_old_one_at_once_and_asks_about_the_new(signed: Desk) -> None:
    def list_asked() -> set[str]:
        rows = signed.rows(follow_up, follow_up.c.kind == "notice_deadline", follow_up.c.state == "open")
        return {row.key.rpartition(":")[2] for row in rows}

    change(signed, expires="2026-09-30")
    assert list_asked() == {"2026-03-30"}, "notice can still be given"
    change(signed, expires="2031-12-31")
    assert not list_asked()
    change(signed, expires="2026-10-31")
    assert list_asked() == {"2026-04-30"}


def test_an_end_that_is_stated_not_to_be_is_not_one_that_is_unknown(signed: Desk) -> None:
    assert "stated to have no end" in change(signed, end="none", expires="")
    assert (row_of(signed).open_ended, row_of(signed).expires) == (True, None)
    assert "not known" in change(signed, end="unknown")
    assert row_of(signed).open_ended is None


def test_that_it_has_ended_is_recorded_and_nobody_is_asked_any_more(signed: Desk) -> None:
    assert "Ended on: This is missing." in re.sub("<[^>]+>", "", change(signed, 422, ended_reason="Given up"))
    page = change(signed, ended="2026-02", ended_reason="Given up by both councils")
    assert "Given up by both councils" in page and "February 2026" in page
    assert not signed.rows(follow_up, follow_up.c.state == "open")


def test_a_name_of_who_signed_is_corrected_in_its_place_and_another_is_added(signed: Desk) -> None:
    fields = {"s0-name": "Ada Lovelace", "s2-name": "Cai", "s2-party": "south", "s2-office": "Secretary"}
    room = change(signed, 200, do="more", **{"s0-name": "Ada Lovelace"})
    assert "Who signed (3)" in room and signed.rows(signatory)[0].name == "Ada", "nothing is written yet"
    change(signed, **fields)
    assert [(one.name, one.office) for one in signed.rows(signatory)] == [
        ("Ada Lovelace", "Mayor"), ("Bo", None), ("Cai", "Secretary"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": ""}, "Title: This is missing."),
        ({"expires": "soon"}, "Expires on: This is no date, or can mean two."),
        ({"expires": "2023-01-01"}, "Expires on: This must not be before 1 January 2024"),
        ({"end": "date", "expires": ""}, "Expires on: This is missing."),
        ({"renewal": "", "renew_by": "2027"}, "Renewal: Choose one."),
        ({"notice": "many"}, "Notice period: A whole number is needed here"),
        ({"s0-name": "", "s0-office": ""}, "Name: This is missing."),
        ({"d0-document": ""}, "Sentences are shown to stand in “text.pdf”: it keeps its name and stays."),
        ({"ended": "2020"}, "Ended on: This must not be before 1 January 2024"),
        ({"why": ""}, "Why: This is missing."),
        ({"why": "x" * 301}, "Why: This is too long"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_cannot_be_taken_is_said_by_its_field_and_nothing_is_written(
    signed: Desk, fields: dict[str, str], said: str
) -> None:
    before = file_of(signed), len(signed.rows(log_entry))
    page = change(signed, 422, term="Something else", **fields)
    assert said in unescape(re.sub("<[^>]+>", "", page))
    assert "Something else" in page, "what was typed stays"
    assert (file_of(signed), len(signed.rows(log_entry))) == before


def test_a_document_in_which_nothing_is_shown_to_stand_can_be_left_out(signed: Desk) -> None:
    change(signed, **{"d1-document": "", "d1-date": ""})
    assert [one["document"] for one in row_of(signed).sources] == ["text.pdf"]


LANGUAGES = re.findall("..", "defrestrkobgarcsdaelfihehihrhuiditjaltlvmsnbnlplptroruskslsrsvthukvi")
CROWDED = "\n".join(
    [
        "",
        "signed: {north: 2023-12-01}",
        "signatories:",
        *(f"  - {{party: north, name: Signer {number}}}" for number in range(65)),
        "sources:",
        *(f"  - {{document: text-{number}.pdf, kind: signed_text}}" for number in range(35)),
        "budget:",
        *(
            f"  - {{reference: b{number}, kind: planned, amount: {number + 1}, currency: EUR, period_from: 2024}}"
            for number in range(35)
        ),
        "network:",
        "  name: Creative Cities",
        "  designated: 1990-12",
        "  reporting_cycle_years: 1",
        "  reports:",
        *(f"    - {{cycle: {year}, submitted: {year}-11-30}}" for year in range(1991, 2026)),
        f"languages: [{', '.join(['en', 'zh', *LANGUAGES])}]",
        "parties:",
    ]
).encode()
"""More of everything that is a list in the form than anybody types in."""


def test_whatever_the_length_of_its_lists_a_change_of_the_title_changes_the_title_alone(desk: Desk) -> None:
    titles = ", ".join(f"{language}: Title {language}" for language in LANGUAGES)
    crowded = FORM.replace(b"title: {en: Memorandum,", f"title: {{en: Memorandum, {titles},".encode(), 1)
    with open_unit(desk.engine) as unit:
        form = parse_agreement(crowded.replace(b"\nparties:", CROWDED, 1), "north-south.yaml")
        import_agreement(unit, form, Author("test", NOW - timedelta(days=400)), TODAY)
    desk.sign_in("cy")
    before = file_of(desk)
    assert [len(before[name]) for name in ("signatories", "sources", "budget", "languages")] == [65, 35, 35, 36]
    assert (len(before["network"]["reports"]), len(before["title"])) == (35, 36)
    change(desk, title="Memorandum of 2024", titles_same="1")
    assert file_of(desk) == {**before, "title": {**before["title"], "en": "Memorandum of 2024"}}
    form_shown = read_form(desk.client.get(EDIT).text, EDIT)
    assert {"d35-document", "b35-amount", "r35-cycle", "l36-language", "titles-35"} <= set(form_shown)


def test_a_document_for_which_a_form_has_no_field_stays_on_record(signed: Desk) -> None:
    form = read_form(signed.client.get(EDIT).text, EDIT)
    shorter = {name: value for name, value in form.items() if not name.startswith(("d1-", "d2-"))}
    signed.act(EDIT, **{**shorter, "do": "next", "why": "Renamed", "title": "New", "titles_same": "1"})
    assert [one["document"] for one in file_of(signed)["sources"]] == ["text.pdf", "news.html"]


def test_a_form_over_what_somebody_else_has_changed_meanwhile_is_not_taken(signed: Desk) -> None:
    form = read_form(signed.client.get(EDIT).text, EDIT)
    change(signed, term="By the other")
    page = signed.act(EDIT, 409, **{**form, "do": "next", "term": "By me", "note": "Mine", "why": "My reason"})
    assert "Nothing was recorded, because this has changed meanwhile." in page
    assert row_of(signed).term == "By the other"
    kept = read_form(page, EDIT)
    assert (kept["term"], kept["note"], kept["why"]) == (["By me"], ["Mine"], ["My reason"]), "what was typed is kept"
    assert "By now this is “By the other”. Saving puts yours in its place." in page
    assert "This stands otherwise by now:" in page and "Please put this right:" not in page
    assert page.count('class="fault"') == 2, "what is as it stands is not remarked: term and note alone differ"
    signed.act(EDIT, **{**kept, "do": "next"})
    assert row_of(signed).term == "By me"
    said = signed.act(EDIT, **{**kept, "do": "next"})
    assert "The agreement is changed" in said, "a second press of the same form says what the first has done"


def test_an_agreement_that_is_not_theirs_is_not_there(desk: Desk) -> None:
    desk.add_elsewhere()
    desk.sign_in("cy")
    assert desk.client.get("/agreements/elsewhere/edit").status_code == 404
    assert desk.client.post("/agreements/elsewhere/edit", data={"token": desk.token()}).status_code == 404


MEMBER = b"""
binding: true
languages: [en, zh]
authentic: [en]
network: {name: Crafts Network, field: Crafts, designated: 2014-12, reporting_cycle_years: 4,
          reports: [{cycle: 2018, submitted: 2018-05}]}
budget:
  - {reference: plan, period_from: 2024, period_to: 2026, amount: 10000000, currency: CNY, commitment: survey,
     source: {document: text.pdf, start: 0, end: 5, sha256: %s}}
""" % (b"b" * 64)


@pytest.fixture
def member(signed: Desk) -> Desk:
    """The same with a network, money, languages, and another agreement that it can point to."""
    other = FORM.replace(b"north-south", b"earlier")
    with open_unit(signed.engine) as unit:
        author = Author("test", NOW - timedelta(days=300))
        import_agreement(unit, parse_agreement(other, "earlier.yaml"), author, TODAY)
        pointing = FORM.replace(b"\nparties:", SIGNED + MEMBER + b"parties:", 1)
        import_agreement(unit, parse_agreement(pointing, "north-south.yaml"), author, TODAY)
    return signed


def test_parties_relations_network_languages_and_money_stand_there_and_sent_back_nothing_is_different(
    member: Desk,
) -> None:
    before = file_of(member), len(member.rows(log_entry))
    page = member.get(EDIT)
    for said in ("Crafts Network", "2014-12", "2018-05", "10000000", "CNY", "It carries out", "A party that joins"):
        assert said in page
    assert "Nothing is different" in change(member, 422)
    assert (file_of(member), len(member.rows(log_entry))) == before


def test_a_party_of_the_register_joins_with_its_role_and_its_people_see_the_agreement(member: Desk) -> None:
    member.add_elsewhere()
    change(member, **{"new-name": "East", "new-role": "witness"})
    assert [(one["reference"], one["role"]) for one in file_of(member)["parties"]] == [
        ("north", "party"), ("south", "party"), ("east", "witness")
    ]  # fmt: skip
    history = member.get(f"{PAGE}/history")
    assert "As the sides agreed" in history and "“East”" in history and "north-south/east" not in history
    member.sign_in("zoe")
    assert "East" in member.get(PAGE)


def test_a_new_party_is_written_out_and_one_that_is_not_known_is_said_to_be_so(member: Desk) -> None:
    page = change(member, 422, **{"new-name": "West"})
    assert "Name of the party" in unescape(re.sub("<[^>]+>", "", page[: page.index('class="long"')])), (
        "what it is, is missing"
    )
    assert [one["reference"] for one in file_of(member)["parties"]] == ["north", "south"]
    change(member, **{"new-name": "West", "new-kind": "city", "new-country": "KR"})
    (west,) = member.rows(party, party.c.reference == "west")
    assert (west.kind, west.country, west.time_zone) == ("city", "KR", "Asia/Seoul")
    assert file_of(member)["parties"][2]["reference"] == "west"


def test_whoever_lets_a_new_party_join_adds_its_first_people_at_once_until_it_has_a_coordinator(member: Desk) -> None:
    page = change(member, **{"new-name": "West", "new-kind": "city", "new-country": "KR"})
    assert "The agreement is changed, and judged by it" in page
    assert "West has no coordinator yet: nobody there is told of anything." in page
    assert f'href="{PAGE}"' in page and '<option value="coordinator" selected>' in page
    assert "Add people of West" in member.get(PAGE)
    form = read_form(page, "/add-person")
    ada = {"name": "Ada Kim", "office": "Mayor's office", "mail": "ada@west.example", "role": "owner", "language": "ko"}
    assert "Mail address" in member.act("/add-person", 422, **{**form, **ada, "mail": ""})
    page = member.act("/add-person", **{**form, **ada})
    assert "Added." in page and "Ada Kim (owner)" in page
    assert "West has no coordinator yet: who answers for a commitment there is told of that alone." in page
    listed = member.get("/people?party=west")
    assert "Ada Kim" in listed and "/people/west.ada-kim" not in listed
    assert member.client.get("/people/west.ada-kim").status_code == 404, "what is on record is theirs to change"
    page = member.act(
        "/add-person", **{**form, "name": "Bo Kim", "mail": "bo@west.example", "role": "coordinator"}
    )  # fmt: skip
    assert "the party has a coordinator now" in page and "coordinated by Bo Kim" in page
    assert "Add people of West" not in page
    before = member.rows(contact)
    for path in ("/add-person?party=west", "/people?party=west"):
        assert member.client.get(path).status_code == 404
    member.act("/add-person", 404, party="west", name="Cai", mail="cai@west.example", role="owner")
    assert member.rows(contact) == before
    assert [(one.name, one.role, one.language) for one in before[-2:]] == [
        ("Ada Kim", "owner", "ko"), ("Bo Kim", "coordinator", None),
    ]  # fmt: skip


def test_a_party_whose_people_are_known_joins_without_a_question_about_them(member: Desk) -> None:
    member.add_elsewhere()
    page = change(member, **{"new-name": "East"})
    assert "The agreement is changed" in page and "Add a person" not in page
    assert member.client.get("/add-person?party=east").status_code == 404


def test_a_party_leaves_once_it_owes_nothing_more_and_is_asked_nothing_more(member: Desk) -> None:
    page = change(member, 422, **{"south-left": "2026-02-28"})
    assert "It still owes something here (bridge)" in unescape(re.sub("<[^>]+>", "", page))
    with open_unit(member.engine) as unit:
        unit.execute(update(commitment).where(commitment.c.reference == "bridge").values(state="waived"))
    member.sign_in("li")
    change(member, **{"south-left": "2026-02-28"})
    member.sign_in("cy")
    assert file_of(member)["parties"][1]["ended"] == "2026-02-28"
    assert "a party until 28 February 2026" in member.get(PAGE)
    asked = member.rows(follow_up, follow_up.c.key.like("%:north-south%@south:%"), follow_up.c.state == "open")
    assert [one.kind for one in asked] == [], "neither about dates of the agreement nor to confirm"
    change(member, **{"south-left": ""})
    assert file_of(member)["parties"][1]["ended"] is None


def test_relations_network_languages_and_money_are_changed_with_a_reason(member: Desk) -> None:
    change(
        member,
        **{
            "replaces": "earlier", "network-field": "Crafts and folk art", "network-cycle": "2", "r1-cycle": "2022",
            "r1-submitted": "2022-06", "l1-authentic": "yes", "binding": "no", "b1-amount": "5000",
            "b1-currency": "EUR", "b1-period_from": "2025", "tie-chosen": "-", "tie-title": "North and South",
        },
    )  # fmt: skip
    form = file_of(member)
    assert (form["replaces"], form["binding"], form["authentic"]) == ("earlier", False, ["en", "zh"])
    assert form["relationship"]["title"] == {"en": "North and South"}
    assert form["network"] == {
        "name": "Crafts Network", "field": "Crafts and folk art", "designated": "2014-12", "reporting_cycle_years": 2,
        "reports": [{"cycle": 2018, "submitted": "2018-05"}, {"cycle": 2022, "submitted": "2022-06"}],
    }  # fmt: skip
    first, second = form["budget"]
    assert (first["amount"], first["commitment"], first["source"]["sha256"]) == (10000000, "survey", "b" * 64)
    assert (second["amount"], second["currency"], second["period_from"]) == (5000, "EUR", "2025")
    history = member.get(f"{PAGE}/history")
    assert "It replaces: earlier" in history and "As the sides agreed" in history
    page = member.get(PAGE)
    assert "Crafts and folk art" in page and "earlier" in page and "A report is due every so many years" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"replaces": "elsewhere"}, "It replaces"),
        ({"parent": "north-south"}, "It carries out"),
        ({"b0-amount": "much"}, "Amount"),
        ({"b0-currency": "XX"}, "Currency"),
        ({"b0-reference": "another"}, "“plan” is on record and stays"),
        ({"r0-cycle": "2019"}, "“2018” is on record and stays"),
        ({"network-designated": ""}, "Member since"),
        ({"south-left": "some day"}, "Its last day as a party"),
    ],
)
def test_what_cannot_be_of_these_is_said_too_and_nothing_is_written(
    member: Desk, fields: dict[str, str], said: str
) -> None:
    member.add_elsewhere()
    before = file_of(member), len(member.rows(log_entry))
    page = change(member, 422, **fields)
    form = page.index('class="long"')
    assert said in unescape(re.sub("<[^>]+>", "", page[:form])), "it stands above the form"
    assert (file_of(member), len(member.rows(log_entry))) == before


def test_room_for_one_more_is_made_without_saving_and_opens_where_it_was_asked_for(member: Desk) -> None:
    before = file_of(member), len(member.rows(log_entry))
    form = read_form(member.client.get(EDIT).text, EDIT)
    typed = {**form, "do": "stay", "b1-amount": "5000", "b1-currency": "EUR", "b1-period_from": "2025"}
    page = member.act(EDIT, 200, **typed)
    assert 'name="b2-amount"' in page and 'value="5000"' in page and "Save, and make room" not in page
    assert re.search(r"<details[^>]* open[^>]*>\s*<summary>Budget", page), "it stays open"
    assert (file_of(member), len(member.rows(log_entry))) == before


def test_a_form_saved_as_it_was_says_that_nothing_is_different_also_where_an_end_is_stated(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(agreement).where(agreement.c.reference == "north-south").values(open_ended=False))
    desk.sign_in("cy")
    before = desk.rows(log_entry)
    form = read_form(desk.client.get(EDIT).text, EDIT)
    page = desk.act(EDIT, 422, **{**form, "do": "next", "why": "Looked through"})
    assert "Nothing is different from what is on record." in page and desk.rows(log_entry) == before
