"""What a person fills in becomes what the register holds, or a list of everything to put right at once."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.drafting import add_promise, draft_agreement
from commitments.entries import (
    ActivityEntry,
    AgreementEntry,
    Mistakes,
    ProgressEntry,
    PromiseEntry,
    read_entry,
)
from commitments.export import export_agreement
from commitments.log import Author
from commitments.register import import_agreement
from commitments.tables import commitment, log_entry
from tests.forms import twin_towns


@pytest.fixture
def unit(engine: Engine, author: Author) -> Iterator[Connection]:
    with open_unit(engine) as unit:
        form = parse_agreement(_as_yaml(twin_towns()), "twin towns")
        import_agreement(unit, form, author, author.at.date())
        yield unit


def _as_yaml(plain: Any) -> bytes:
    import yaml

    return yaml.safe_dump(plain).encode()


def correct(form: Any, filled: dict[str, Any]) -> dict[str, str]:
    _, corrections = read_entry(form, filled)
    return {one.field: one.expected for one in corrections}


def promise(**fields: Any) -> PromiseEntry:
    entry, faults = read_entry(PromiseEntry, {"summary": "Exchange two librarians", "kind": "deliverable"} | fields)
    assert not faults
    return entry


def twins(**fields: Any) -> dict[str, Any]:
    return {
        "title": "Partnership of Leeds and Ústí",
        "kind": "sister city",
        "parties": [
            {"name": "Leeds"},
            {"name": "Ústí nad Labem", "kind": "city", "country": "CZ"},
        ],
        "coordinator": "Mei Lin <mei.lin@leeds.example>",
    } | fields


@pytest.mark.parametrize(
    ("written", "taken"),
    [("on track", "on_track"), ("On Track", "on_track"), ("on_track", "on_track"), (" at risk ", "at_risk")],
)
def test_words_are_taken_as_people_write_them(written: str, taken: str) -> None:
    entry, faults = read_entry(ProgressEntry, {"commitment": "x/y", "rating": written})
    assert (str(entry.rating), faults) == (taken, [])


@pytest.mark.parametrize(
    ("form", "filled", "field", "expected"),
    [
        (ProgressEntry, {"commitment": "x/y", "rating": "on trak"}, "How it goes", "did you mean 'on track'?"),
        (ProgressEntry, {"commitment": " ", "rating": "on track"}, "Commitment", "this field to be filled in"),
        (ProgressEntry, {"commitment": "x/y"}, "How it goes", "this field to be filled in"),
        (ProgressEntry, {"commitment": "x/y", "rating": "on track", "value": "many"}, "Value measured", "a number"),
        (ProgressEntry, {"commitment": "x/y", "rating": "on track", "notes": "x"}, "notes", "did you mean 'note'?"),
        (ActivityEntry, {"agreement": "x", "title": "y", "held_on": "20/11/2026"}, "When", "2018-09-30"),
        (ActivityEntry, {"agreement": "x", "title": "y", "held_on": ""}, "When", "a date"),
        (ActivityEntry, {"agreement": "x", "title": "y", "held_on": "2026", "count": 0}, "Counts for how many",
         "from 1"),
        (AgreementEntry, twins(parties=[{"name": "Leeds"}]), "Parties", "at least 2"),
        (AgreementEntry, twins(commitments=[{"summary": "x", "kind": "tagret"}]), "Commitments 1 › Kind of commitment",
         "did you mean 'target'?"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_taken_is_named_by_its_title_with_its_correction(
    form: Any, filled: dict[str, Any], field: str, expected: str
) -> None:
    corrections = correct(form, filled)
    assert list(corrections) == [field]
    assert expected in corrections[field]


def test_a_day_that_was_picked_and_a_month_that_was_written_are_both_dates() -> None:
    for written in ("2026-11-20", "2026-11", "2026"):
        entry, faults = read_entry(ActivityEntry, {"agreement": "x", "title": "y", "held_on": written})
        assert (entry.held_on, faults) == (written, [])


def test_a_commitment_is_added_and_nothing_else_of_the_agreement_changes(unit: Connection, author: Author) -> None:
    before = export_agreement(unit, "leeds-hangzhou")
    entries = unit.execute(select(func.count()).select_from(log_entry)).scalar_one()
    reference = add_promise(
        unit, author, "leeds-hangzhou", promise(due="2027-06", owners=["leeds-hall"]), author.at.date()
    )
    after = export_agreement(unit, "leeds-hangzhou")
    assert reference == "leeds-hangzhou/exchange-two-librarians"
    lost = set(before.splitlines()) - set(after.splitlines())
    assert [line.partition(":")[0] for line in lost] == ["as_of"]
    added = unit.execute(select(log_entry).order_by(log_entry.c.id).offset(entries)).all()
    assert {one.subject for one in added} == {"commitment", "commitment_owner"}


def test_a_second_commitment_of_the_same_words_gets_a_reference_of_its_own(unit: Connection, author: Author) -> None:
    made = [add_promise(unit, author, "leeds-hangzhou", promise(), author.at.date()) for _ in range(2)]
    assert made == ["leeds-hangzhou/exchange-two-librarians", "leeds-hangzhou/exchange-two-librarians-2"]


def test_everything_wrong_with_a_commitment_is_told_at_once_and_nothing_is_written(
    unit: Connection, author: Author
) -> None:
    filled = {"summary": "Meet", "kind": "recuring", "owed_by": ["leds"], "owners": ["leeds-hal"], "due": "soon"}
    entry, faults = read_entry(PromiseEntry, filled)
    before = unit.execute(select(func.count()).select_from(commitment)).scalar_one()
    with pytest.raises(Mistakes) as refused:
        add_promise(unit, author, "leeds-hangzhou", entry, author.at.date(), faults)
    told = {one.field: one.expected for one in refused.value.corrections}
    assert list(told) == ["Kind of commitment", "Due by (or to be confirmed by)", "Owed by", "Owners"]
    assert "did you mean 'leeds'?" in told["Owed by"]
    assert "did you mean 'leeds-hall'?" in told["Owners"]
    assert unit.execute(select(func.count()).select_from(commitment)).scalar_one() == before


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"kind": "recurring"}, "Recurring: every", "how often it recurs"),
        ({"kind": "target"}, "Target: the number", "the quantity and its unit"),
        ({"kind": "target", "quantity": 5}, "Target: its unit", "some text"),
        ({"every": "year"}, "Recurring: every", "kind recurring"),
        ({"owners": ["hangzhou-wang"], "owed_by": ["leeds"]}, "Owners", "a contact of leeds"),
    ],
)
def test_what_a_kind_needs_is_asked_for_by_the_field_that_lacks_it(
    unit: Connection, author: Author, fields: dict[str, Any], field: str, expected: str
) -> None:
    with pytest.raises(Mistakes) as refused:
        add_promise(unit, author, "leeds-hangzhou", promise(**fields), author.at.date())
    (one,) = refused.value.corrections
    assert one.field == field
    assert expected in one.expected


def test_an_unknown_agreement_is_answered_with_the_nearest(unit: Connection, author: Author) -> None:
    with pytest.raises(Mistakes, match="did you mean 'leeds-hangzhou'"):
        add_promise(unit, author, "leeds-hangzou", promise(), author.at.date())


def test_a_new_agreement_becomes_a_file_that_the_register_takes(unit: Connection, author: Author) -> None:
    filled = twins(
        signed="2026-03",
        notice_months=6,
        commitments=[
            {"summary": "Hold four concerts a year", "kind": "recurring", "every": "year", "times": 4},
            {"summary": "Twin the libraries", "kind": "planned", "due": "2027", "owed_by": ["Ústí nad Labem"]},
        ],
    )
    entry, faults = read_entry(AgreementEntry, filled)
    form = parse_agreement(draft_agreement(unit, entry, faults).encode(), "draft")
    assert form.agreement == "partnership-of-leeds-and-usti"
    known, new = form.parties
    assert (known.reference, known.kind, known.contacts[0].name) == ("leeds", None, "Mei Lin")
    assert (new.reference, new.country, new.time_zone) == ("usti-nad-labem", "CZ", "Europe/Prague")
    concerts, libraries = form.commitments
    assert [owner.party for owner in concerts.owners] == ["leeds", "usti-nad-labem"]
    assert (libraries.confirm_by, libraries.due) == ("2027", None)
    assert [owner.party for owner in libraries.owners] == ["usti-nad-labem"]
    assert import_agreement(unit, form, author, author.at.date()).new


def test_everything_wrong_with_a_new_agreement_is_told_at_once(unit: Connection) -> None:
    filled = twins(
        kind="sister ciyt",
        parties=[{"name": "Leeds"}, {"name": "Hangzou"}, {"name": "leeds"}, {"name": "Osh", "kind": "city"}],
        coordinator="Mei",
        expires="never",
        commitments=[{"summary": "Twin the libraries", "kind": "planned", "owed_by": ["Hangzhou"]}],
    )
    with pytest.raises(Mistakes) as refused:
        draft_agreement(unit, *read_entry(AgreementEntry, filled))
    told = {one.field: one.expected for one in refused.value.corrections}
    assert "did you mean 'sister city'?" in told["Kind of agreement"]
    assert "2018-09" in told["Expires"]
    assert "did you mean 'hangzhou'?" in told["Parties 2 › New party: what it is"]
    assert told["Parties 3 › Name"] == "each party once"
    assert "such as GB" in told["Parties 4 › New party: country"]
    assert "Mei Lin <mei.lin@leeds.example>" in told["Coordinator"]
    assert "Commitments 1 › Owed by" in told
