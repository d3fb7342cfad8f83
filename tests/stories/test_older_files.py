"""A file written some time ago and brought today: what was recorded since stays, and what it changes is changed."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from commitments import tables
from commitments.agreement_file import parse_agreement
from commitments.agreement_form import AgreementForm
from commitments.amendments import hand_over
from commitments.deciding import Texts, Turn, amend_row, amend_texts, set_date, take_turn
from commitments.export import export_agreement
from commitments.log import Author
from commitments.people import Written, add_contact, amend_contact
from commitments.policies import set_policy
from commitments.register import Imported, describe_changes, import_agreement
from commitments.vocabulary import ContactRole
from tests.effort import try_examples
from tests.forms import agreement_forms, as_form, beside_other_threads, twin_towns

KEPT = "recorded since the file was written, kept"
NOTE = "What the file was brought for."
SORTED_BY_THE_FILE = "position"


def dump_register(unit: Connection) -> dict[str, list[Any]]:
    """Every row but the log, without its place among the others."""
    return {
        table.name: [
            {name: value for name, value in row._mapping.items() if name != SORTED_BY_THE_FILE}
            for row in unit.execute(select(table).order_by(*table.primary_key))
        ]
        for table in tables.metadata.sorted_tables
        if table.name not in ("log_entry", "publication")
    }


def bring(unit: Connection, text: str, author: Author, today: Any) -> Imported:
    return import_agreement(unit, parse_agreement(text.encode(), "older.yaml"), author, today)


OF_THE_AGREEMENT = (
    "title", "kind", "relationship", "signed", "effective", "expires", "open_ended", "term", "renewal", "notice",
    "binding", "languages", "authentic", "network", "ended", "ended_reason", "note", "policy", "budget",
)  # fmt: skip
OF_A_COMMITMENT = (
    "summary", "summaries", "kind", "quote", "source", "quote_sources", "theme", "tags", "owed", "implementers", "due",
    "period_from", "period_to", "confirm_by", "recurrence", "target", "condition", "state", "note",
)  # fmt: skip
OF_A_PERSON = ("name", "office", "role", "language", "time_zone", "valid_to", "channels")


def write_over(first: AgreementForm, other: AgreementForm) -> AgreementForm:
    """The first agreement, with what is said in it replaced by what another says."""
    plain, said = first.model_dump(mode="json"), other.model_dump(mode="json")
    parties = {one["reference"] for one in plain["parties"]}
    said["signed"] = {party: day for party, day in said["signed"].items() if party in parties}
    said["budget"] = [one | {"commitment": None} for one in said["budget"]]
    plain |= {name: said[name] for name in OF_THE_AGREEMENT}
    for one, another in zip(plain["commitments"], said["commitments"], strict=False):
        one |= {name: another[name] for name in OF_A_COMMITMENT}
    people = [person for party in said["parties"] for person in party["contacts"]]
    ours = [person for party in plain["parties"] for person in party["contacts"]]
    for one, another in zip(ours, people, strict=False):
        one |= {name: another[name] for name in OF_A_PERSON}
    return AgreementForm.model_validate(plain)


@beside_other_threads
@settings(
    try_examples(80),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(first=agreement_forms(), since=agreement_forms(), says_more=st.booleans())
def test_whatever_is_recorded_after_a_file_was_written_the_file_takes_nothing_of_it_back(
    sqlite_engine: Engine, author: Author, today: Any, first: AgreementForm, since: AgreementForm, says_more: bool
) -> None:
    since = write_over(first, since)
    with sqlite_engine.connect() as unit, unit.begin() as transaction:
        import_agreement(unit, first, author, today)
        text = export_agreement(unit, first.agreement)
        import_agreement(unit, since, author, today)
        before = dump_register(unit)
        form = parse_agreement(text.encode(), "older.yaml")
        if says_more:
            form = form.model_copy(update={"note": NOTE})
        import_agreement(unit, form, author, today)
        if says_more:
            (head,) = before["agreement"]
            before["agreement"] = [head | {"note": NOTE}]
        assert dump_register(unit) == before
        transaction.rollback()


def change(**changes: Any) -> list[dict[str, Any]]:
    """The commitments of both towns, the first of them changed."""
    first, *others = twin_towns()["commitments"]
    return [first | changes, *others]


SINCE = [
    ("another date", {"commitments": change(due="2021")}),
    ("no date any more", {"commitments": change(due=None)}),
    ("other words", {"commitments": change(summary="Link all libraries")}),
    ("another owner", {"commitments": change(owners=[{"party": "leeds"}, {"party": "hangzhou"}])}),
    ("a language", {"languages": ["en", "zh"]}),
    ("a document", {"sources": [{"document": "Memorandum", "kind": "signed_text", "sha256": "0" * 64}]}),
    ("an end", {"expires": "2030"}),
    ("other rules", {"policy": {"dormancy_months": 3}}),
    ("what is settled", {"commitments": change(state="waived", state_reason="Both agreed")}),
    (
        "a step with its date",
        {"commitments": change(milestones=[{"reference": "first-visit", "title": "A first visit", "due": "2020"}])},
    ),
]


@pytest.mark.parametrize(("_what", "since"), SINCE, ids=[name for name, _ in SINCE])
def test_what_was_recorded_since_is_told_and_kept_and_what_the_file_changes_is_changed(
    sqlite_engine: Engine, author: Author, today: Any, _what: str, since: dict[str, Any]
) -> None:
    with sqlite_engine.begin() as unit:
        import_agreement(unit, as_form(), author, today)
        text = export_agreement(unit, "leeds-hangzhou")
        import_agreement(unit, as_form(**since), author, today)
        before = dump_register(unit)
        imported = bring(unit, text.replace("quantity: 10", "quantity: 12"), author, today)
        lines = describe_changes(imported)
        assert lines[0].startswith("commitment scholars: target changed from quantity: 10") and "12" in lines[0]
        assert {line.partition(": ")[0] for line in lines[1:]} <= {KEPT, "vanished from the file, kept in the register"}
        assert lines[1:]
        after = dump_register(unit)
        before["commitment"][1]["target"]["quantity"] = 12
        assert after == before


def test_a_file_that_was_written_since_counts_in_all_that_it_says(
    sqlite_engine: Engine, author: Author, today: Any
) -> None:
    with sqlite_engine.begin() as unit:
        import_agreement(unit, as_form(), author, today)
        import_agreement(unit, as_form(commitments=change(due="2021")), author, today)
        back = export_agreement(unit, "leeds-hangzhou").replace("due: 2021\n    first_due: 2019", "due: 2019")
        imported = bring(unit, back, author, today)
        assert describe_changes(imported)[0] == "commitment library-link: due changed from 2021 to 2019"


@pytest.mark.parametrize(
    ("_why", "stamp"),
    [
        ("its line was taken out", None),
        ("it is of another register, whose log had another entry there", "1 of 2001-01-01T00:00:00+00:00"),
        ("it is of a log that is longer", "9999 of 2001-01-01T00:00:00+00:00"),
        ("it is none", "yesterday"),
        ("its moment is none", "1 of yesterday"),
    ],
)
def test_a_file_of_which_nobody_knows_when_it_was_written_counts_in_all_that_it_says(
    sqlite_engine: Engine, author: Author, today: Any, _why: str, stamp: str | None
) -> None:
    with sqlite_engine.begin() as unit:
        import_agreement(unit, as_form(), author, today)
        import_agreement(unit, as_form(expires="2030"), author, today)
        import_agreement(unit, as_form(as_of=stamp), author, today)
        assert unit.execute(select(tables.agreement.c.expires)).scalar_one() is None


def test_a_document_that_was_handed_in_stays_also_where_the_file_is_not_dated(
    sqlite_engine: Engine, author: Author, today: Any
) -> None:
    handed_in = {"document": "Signed", "kind": "signed_text", "sha256": "a" * 64}
    named = {"document": "Report", "kind": "report"}
    with sqlite_engine.begin() as unit:
        import_agreement(unit, as_form(sources=[named, handed_in]), author, today)
        file = {"agreement_id": 1, "file": "s.pdf", "sha256": "a" * 64, "size": 10, "added_on": today}
        unit.execute(tables.document.insert().values(**file))
        import_agreement(unit, as_form(sources=[]), author, today)
        assert unit.execute(select(tables.agreement.c.sources)).scalar_one() == [handed_in]
        import_agreement(unit, as_form(sources=[{"document": "Signed", "kind": "other"}]), author, today)
        assert unit.execute(select(tables.agreement.c.sources)).scalar_one() == [handed_in | {"kind": "other"}]


def test_an_export_is_the_same_until_something_is_recorded_of_its_agreement(
    sqlite_engine: Engine, author: Author, today: Any
) -> None:
    with sqlite_engine.begin() as unit:
        import_agreement(unit, as_form(), author, today)
        text = export_agreement(unit, "leeds-hangzhou")
        import_agreement(unit, as_form(agreement="another"), author, today)
        assert export_agreement(unit, "leeds-hangzhou") == text
        import_agreement(unit, as_form(expires="2030"), author, today)
        assert "as_of" in text and export_agreement(unit, "leeds-hangzhou").split("\n")[2] != text.split("\n")[2]


def waive(unit: Connection, author: Author, today: Any) -> None:
    take_turn(unit, author, "leeds-hangzhou/each-report", Turn.WAIVE, None, today)


def say_anew(unit: Connection, author: Author, today: Any) -> None:
    amend_texts(unit, author, "leeds-hangzhou/scholars", Texts("Send many scholars", {}, {}, "study", None), today)


def date_step(unit: Connection, author: Author, today: Any) -> None:
    set_date(unit, author, "leeds-hangzhou/library-link", "first-visit", "2027", today)


def date_promise(unit: Connection, author: Author, today: Any) -> None:
    for due in ("2027", "2028"):
        set_date(unit, author, "leeds-hangzhou/library-link", None, due, today)


def set_rules(unit: Connection, author: Author, today: Any) -> None:
    set_policy(unit, author, "leeds-hangzhou", {"dormancy_months": 3}, author.at, today)


def amend_person(unit: Connection, author: Author, today: Any) -> None:
    amend_contact(unit, author, "leeds-hall", Written("B. Hall", mail="b@leeds.example", role=ContactRole.COORDINATOR))


def give_over(unit: Connection, author: Author, today: Any) -> None:
    add_contact(unit, author, "leeds", Written("New", mail="new@leeds.example"))
    hand_over(unit, author, "leeds-hangzhou/library-link", "leeds", "leeds.new", today)


def correct_signatory(unit: Connection, author: Author, today: Any) -> None:
    row = unit.execute(select(tables.signatory)).one()
    amend_row(unit, author, tables.signatory, row, {"name": "Ada Leeds"}, "leeds-hangzhou/Ada Leeds", row.agreement_id)


RECORDED = (
    waive, say_anew, date_step, date_promise, set_rules, amend_person, give_over, correct_signatory,
)  # fmt: skip


@settings(try_examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(st.sampled_from(RECORDED), unique=True),
    since=st.lists(st.sampled_from(RECORDED), unique=True),
)
def test_nothing_that_people_record_on_the_pages_is_taken_back_by_an_older_file(
    sqlite_engine: Engine, author: Author, today: Any, before: list[Any], since: list[Any]
) -> None:
    author = replace(author, why="Agreed")
    with sqlite_engine.connect() as unit, unit.begin() as transaction:
        form = as_form(signatories=[{"party": "leeds", "name": "Ada Lees"}])
        import_agreement(unit, form, author, today)
        for record in before:
            record(unit, author, today)
        text = export_agreement(unit, "leeds-hangzhou")
        for record in (one for one in since if one not in before):
            record(unit, author, today)
        register = dump_register(unit)
        imported = bring(unit, text, author, today)
        assert (imported.changes, dump_register(unit)) == ((), register)
        transaction.rollback()
