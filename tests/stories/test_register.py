"""The register takes files by reference, tells what they change, and gives them back."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Connection, Engine, func, select

from commitments import failpoints, tables
from commitments.agreement_faults import find_inner_faults
from commitments.agreement_file import ParsedFile, parse_agreement, read_files
from commitments.agreement_form import AgreementForm
from commitments.database import open_reading, open_unit
from commitments.errors import InvalidFiles, NotFound, RefusedChange
from commitments.export import export_agreement
from commitments.log import Author
from commitments.register import Imported, check_files, describe_changes, import_agreement, import_files
from tests.conftest import CountedStatements
from tests.effort import try_examples
from tests.forms import agreement_forms, as_form, beside_other_threads, twin_towns

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def file_of(form: dict[str, Any], name: str | None = None) -> ParsedFile:
    return ParsedFile(Path(name or f"{form['agreement']}.yaml"), AgreementForm.model_validate(form))


def take(engine: Engine, author: Author, today: date, **changes: Any) -> Imported:
    with open_unit(engine) as unit:
        return import_agreement(unit, as_form(**changes), author, today)


def dump_tables(engine: Engine) -> dict[str, list[Any]]:
    with open_reading(engine) as reading:
        return {
            table.name: [tuple(row) for row in reading.execute(select(table).order_by(*table.primary_key))]
            for table in tables.metadata.sorted_tables
        }


def change_commitment(at: int, **changes: Any) -> list[dict[str, Any]]:
    commitments: list[dict[str, Any]] = twin_towns()["commitments"]
    commitments[at] = {**commitments[at], **changes}
    return commitments


def test_a_second_import_of_the_same_file_touches_no_row_and_logs_nothing(
    engine: Engine, author: Author, today: date
) -> None:
    assert take(engine, author, today).new
    before = dump_tables(engine)
    again = take(engine, author, today + timedelta(days=1))
    assert (again.new, again.changes, again.vanished) == (False, (), ())
    assert dump_tables(engine) == before


LOG = ("log_entry", "publication")


def test_every_row_taken_in_has_a_log_entry_of_its_author(engine: Engine, author: Author, today: date) -> None:
    imported = take(engine, author, today)
    rows = dump_tables(engine)
    with open_reading(engine) as reading:
        logged = set(reading.execute(select(tables.log_entry.c.subject, tables.log_entry.c.row_id)).tuples())
        assert set(reading.execute(select(tables.log_entry.c.who)).scalars()) == {author.who}
    written = {(name, row[0]) for name, found in rows.items() if name not in LOG for row in found}
    assert logged == written
    assert len(imported.changes) == len(written)


def test_new_rows_are_registered_on_the_day_of_the_import(engine: Engine, author: Author, today: date) -> None:
    take(engine, author, today)
    take(engine, author, today + timedelta(days=9), note="later")
    with open_reading(engine) as reading:
        for table in (tables.agreement, tables.commitment, tables.milestone):
            assert set(reading.execute(select(table.c.registered_on)).scalars()) == {today}


def test_a_changed_field_is_an_amendment_with_what_it_was(engine: Engine, author: Author, today: date) -> None:
    take(engine, author, today)
    imported = take(engine, author, today, commitments=change_commitment(0, due="2020-06"))
    (change,) = imported.changes
    assert (change.action, change.subject, change.reference) == ("amended", "commitment", "leeds-hangzhou/library-link")
    assert change.changes == {"due": ("2019", "2020-06"), "first_due": (None, "2019")}
    assert describe_changes(imported) == [
        "commitment library-link: due changed from 2019 to 2020-06",
        "commitment library-link: first due set to 2019",
    ]


@pytest.mark.parametrize(
    ("brought", "due", "first"),
    [
        ([{"due": "2020-06"}], "2020-06", "2019"),
        ([{"due": "2020-06"}, {"due": "2021"}], "2021", "2019"),
        ([{"due": "2020-06"}, {"due": "2020-06"}], "2020-06", "2019"),
        ([{"due": "2020-06"}, {"due": "2019"}], "2019", None),
        ([{"due": "2020-06", "first_due": "2018"}], "2020-06", "2018"),
        ([{"due": "2020-06"}, {"due": None, "kind": "open_ended"}], None, "2019"),
    ],
    ids=[
        "the date first promised is kept",
        "however often it is moved",
        "also by a file that says the new date only",
        "a file that goes back to it leaves it unmoved",
        "unless the file names another as the first",
        "also where no date is left",
    ],
)
def test_a_date_that_a_file_moves_keeps_the_one_first_promised(
    engine: Engine, author: Author, today: date, brought: list[dict[str, Any]], due: str | None, first: str | None
) -> None:
    take(engine, author, today)
    for changes in brought:
        take(engine, author, today, commitments=change_commitment(0, **changes))
    with open_reading(engine) as reading:
        table = tables.commitment
        row = reading.execute(select(table.c.due, table.c.first_due).where(table.c.reference == "library-link")).one()
    assert tuple(row) == (due, first)


def test_a_milestones_date_that_a_file_moves_keeps_the_one_first_promised(
    engine: Engine, author: Author, today: date
) -> None:
    visit = {"reference": "first-visit", "title": "A first visit"}
    for due in ("2019-03", "2019-05"):
        take(engine, author, today, commitments=change_commitment(0, milestones=[{**visit, "due": due}]))
    with open_reading(engine) as reading:
        row = reading.execute(select(tables.milestone.c.due, tables.milestone.c.first_due)).one()
    assert tuple(row) == ("2019-05", "2019-03")


def test_the_log_keeps_columns_and_ids_so_that_it_can_be_played_back(
    engine: Engine, author: Author, today: date
) -> None:
    take(engine, author, today)
    owners = [{"party": "leeds"}, {"party": "hangzhou", "contact": "hangzhou-wang"}]
    imported = take(engine, author, today, commitments=change_commitment(0, owners=owners))
    assert imported.changes[0].changes == {"contact": ("leeds-hall", None)}
    with open_reading(engine) as reading:
        held = reading.execute(
            select(tables.contact.c.id).where(tables.contact.c.reference == "leeds-hall")
        ).scalar_one()
        last = select(tables.log_entry.c.changes).order_by(tables.log_entry.c.id.desc()).limit(1)
        assert reading.execute(last).scalar_one() == {"contact_id": [held, None]}


def test_what_vanished_from_the_file_is_told_and_kept(engine: Engine, author: Author, today: date) -> None:
    take(
        engine,
        author,
        today,
        signatories=[{"party": "leeds", "name": "A. Mayor"}],
        policy={"lead_days": [7]},
        budget=[{"reference": "b", "period_from": "2019", "amount": 5, "currency": "GBP"}],
        network={"name": "N", "designated": "2014", "reports": [{"cycle": 2018, "submitted": "2018-05"}]},
    )
    counts = {name: len(rows) for name, rows in dump_tables(engine).items() if name not in LOG}
    first = {
        **twin_towns()["commitments"][0],
        "milestones": [],
        "owners": [{"party": "leeds", "contact": "leeds-hall"}],
    }
    parties = twin_towns()["parties"][:1]
    parties[0]["contacts"].append({"reference": "leeds-new", "name": "N", "role": "leader"})
    imported = take(engine, author, today, parties=parties, commitments=[first], activities=[], network=None)
    assert set(imported.vanished) == {
        "party hangzhou",
        "signatory A. Mayor",
        "the policy",
        "budget line b",
        "submitted report 2018",
        "commitment scholars",
        "commitment each-report",
        "owner hangzhou of commitment library-link",
        "milestone first-visit of commitment library-link",
        "activity signing",
    }
    assert "vanished from the file, kept in the register: commitment scholars" in describe_changes(imported)
    counts["contact"] += 1
    assert {name: len(rows) for name, rows in dump_tables(engine).items() if name not in LOG} == counts


def test_what_vanished_from_a_report_or_an_activity_is_told(engine: Engine, author: Author, today: date) -> None:
    report = {"reference": "r", "party": "leeds", "reported_on": "2019-01-01", "rating": "on_track"}
    answer = {"party": "hangzhou", "state": "asked", "asked_on": "2019-01-01"}
    activity = twin_towns()["activities"][0]
    take(engine, author, today, commitments=change_commitment(0, reports=[{**report, "confirmations": [answer]}]))
    imported = take(
        engine,
        author,
        today,
        commitments=change_commitment(0, reports=[report]),
        activities=[{**activity, "commitments": []}],
    )
    assert set(imported.vanished) == {
        "confirmation by hangzhou of report library-link/r",
        "commitment leeds-hangzhou/library-link of activity signing",
    }


def test_a_field_left_out_becomes_empty_also_of_a_party(engine: Engine, author: Author, today: date) -> None:
    take(engine, author, today, note="a note")
    parties = twin_towns()["parties"]
    del parties[0]["country"]
    imported = take(engine, author, today, parties=parties)
    assert describe_changes(imported) == [
        "party leeds: country emptied, was GB",
        "agreement leeds-hangzhou: note emptied, was a note",
    ]


def test_a_party_given_by_its_reference_alone_is_not_changed(engine: Engine, author: Author, today: date) -> None:
    take(engine, author, today)
    imported = take(engine, author, today, parties=[{"reference": "leeds"}, {"reference": "hangzhou"}])
    assert imported.changes == ()
    assert imported.vanished == ()


def test_a_state_that_people_decided_is_not_taken_back_by_a_file_that_does_not_say_it(
    engine: Engine, author: Author, today: date
) -> None:
    take(engine, author, today, commitments=change_commitment(0, state="fulfilled", state_on="2020"))
    assert take(engine, author, today).changes == ()
    imported = take(engine, author, today, commitments=change_commitment(0, state="active"))
    assert imported.changes[0].changes == {"state": ("fulfilled", "active"), "state_on": ("2020", None)}


def test_the_order_of_commitments_follows_the_file_and_those_in_place_stay(
    engine: Engine, author: Author, today: date
) -> None:
    take(engine, author, today)
    commitments = twin_towns()["commitments"]
    imported = take(engine, author, today, commitments=[commitments[0], commitments[2], commitments[1]])
    assert describe_changes(imported) == ["1 commitment in another place"]
    with open_reading(engine) as reading:
        order = reading.execute(select(tables.commitment.c.reference).order_by(tables.commitment.c.position)).scalars()
        assert list(order) == ["library-link", "each-report", "scholars"]


def test_the_difference_of_a_new_agreement_is_told_in_words(engine: Engine, author: Author, today: date) -> None:
    lines = describe_changes(take(engine, author, today))
    assert "new agreement leeds-hangzhou: en: Memorandum of Leeds and Hangzhou" in lines
    assert "new party hangzhou: en: Hangzhou, zh: 杭州" in lines
    assert "new commitment library-link: Link the two library services" in lines
    assert "1 new activity" in lines
    assert "5 new owners" in lines


def test_a_date_that_is_later_than_what_it_belongs_to_is_told_with_the_difference(
    engine: Engine, author: Author, today: date
) -> None:
    late = {"reference": "map", "title": "The map", "due": "2027-07"}
    commitments = change_commitment(0, due="2027-06-30", milestones=[late])
    told = describe_changes(take(engine, author, today, commitments=commitments, expires="2030"))
    assert told[-1] == "to look at: The map: due 2027-07, after the commitment (2027-06-30)"
    assert describe_changes(take(engine, author, today, commitments=commitments, expires="2030")) == []


def test_a_unit_that_fails_at_its_end_leaves_nothing(
    engine: Engine, author: Author, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump_tables(engine)
    monkeypatch.setattr(failpoints, "_orders", {"register.before_commit": ("raise", 1)})
    failpoints._hits.clear()
    with pytest.raises(failpoints.FaultAsked):
        import_files(engine, [file_of(twin_towns())], author, today)
    assert dump_tables(engine) == before


def test_a_dry_run_tells_the_same_difference_and_writes_nothing(engine: Engine, author: Author, today: date) -> None:
    files = [file_of(twin_towns()), file_of(leaning_on_the_first())]
    before = dump_tables(engine)
    rehearsed = import_files(engine, files, author, today, dry_run=True)
    assert dump_tables(engine) == before
    assert [describe_changes(one) for one in rehearsed] == [
        describe_changes(one) for one in import_files(engine, files, author, today)
    ]


def leaning_on_the_first() -> dict[str, Any]:
    """An agreement that names a party, a contact and a commitment of the first one."""
    return {
        "agreement": "a-second",
        "title": {"en": "A second agreement"},
        "kind": "cooperation",
        "parent": "an-agreement-that-is-nowhere",
        "parties": [{"reference": "leeds"}],
        "commitments": [
            {
                "reference": "own",
                "summary": "Its own",
                "kind": "open_ended",
                "owners": [{"party": "leeds", "contact": "leeds-hall"}],
            }
        ],
        "activities": [
            {
                "reference": "visit",
                "title": "A visit",
                "kind": "visit",
                "held_on": "2019",
                "commitments": ["own", "leeds-hangzhou/library-link"],
            }
        ],
    }


def test_a_file_that_others_need_goes_first_and_the_results_keep_the_order_of_the_files(
    engine: Engine, author: Author, today: date
) -> None:
    files = [file_of(leaning_on_the_first()), file_of(twin_towns())]
    assert [one.reference for one in import_files(engine, files, author, today)] == ["a-second", "leeds-hangzhou"]
    assert all(not one.changes for one in import_files(engine, files, author, today))


def test_files_that_need_each_other_are_taken_together(engine: Engine, author: Author, today: date) -> None:
    second = leaning_on_the_first()
    second["parties"].append({"reference": "york", "kind": "city", "names": {"en": "York"}})
    first = twin_towns()
    first["parties"].append({"reference": "york"})
    first["activities"][0]["commitments"].append("a-second/own")
    import_files(engine, [file_of(first), file_of(second)], author, today)
    assert all(not one.changes for one in import_files(engine, [file_of(first), file_of(second)], author, today))


def find_problems(engine: Engine, *forms: dict[str, Any]) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidFiles) as invalid, open_reading(engine) as reading:
        check_files(reading, [file_of(form, f"{at}.yaml") for at, form in enumerate(forms)])
    return [(problem.file, problem.field, problem.expected) for problem in invalid.value.problems]


def test_all_that_only_the_register_can_know_is_told_at_once(engine: Engine, author: Author, today: date) -> None:
    take(engine, author, today)
    faulty = leaning_on_the_first()
    faulty["parties"] += [
        {"reference": "hangzou"},
        {"reference": "york", "kind": "city", "names": {"en": "York"}, "parent": "nowhere"},
    ]
    faulty["parties"][2]["contacts"] = [
        {"reference": "hangzhou-wang", "name": "W", "role": "owner", "deputy": "nobody-at-all"}
    ]
    faulty["commitments"][0]["owners"][0]["contact"] = "leeds-hal"
    faulty["activities"][0]["commitments"][1] = "leeds-hangzhou/library-lin"
    assert find_problems(engine, faulty) == [
        (
            "0.yaml",
            "parties[2].reference",
            "a party of the register, or the party written out with its kind and names (did you mean 'hangzhou'?)",
        ),
        ("0.yaml", "parties[3].parent", "a party of the register, or the party written out with its kind and names"),
        ("0.yaml", "parties[3].contacts[1].reference", "another reference: this one is a contact of hangzhou"),
        ("0.yaml", "commitments[1].owners[1].contact", "a contact of leeds"),
        ("0.yaml", "parties[3].contacts[1].deputy", "a contact of this file or of the register"),
        (
            "0.yaml",
            "activities[1].commitments[2]",
            "a commitment of the register or of another file (did you mean 'leeds-hangzhou/library-link'?)",
        ),
    ]


def test_what_two_files_write_out_differently_is_a_fault(sqlite_engine: Engine) -> None:
    second = {**twin_towns(), "agreement": "second"}
    second["parties"][0]["country"] = "IE"
    ((file, field, expected),) = find_problems(sqlite_engine, twin_towns(), second)
    assert (file, field, expected) == (
        "1.yaml",
        "parties[1].country",
        "the same as in 0.yaml, which is imported with it: GB",
    )


def test_a_faulty_file_keeps_every_file_out(engine: Engine, author: Author, today: date) -> None:
    before = dump_tables(engine)
    with pytest.raises(InvalidFiles):
        import_files(
            engine,
            [file_of(twin_towns()), file_of({**leaning_on_the_first(), "parties": [{"reference": "x"}]})],
            author,
            today,
        )
    assert dump_tables(engine) == before


def test_an_import_without_a_check_refuses_what_it_cannot_find(engine: Engine, author: Author, today: date) -> None:
    with pytest.raises(NotFound, match="party leeds"):
        take(engine, author, today, parties=[{"reference": "leeds"}, {"reference": "hangzhou"}])
    take(engine, author, today)
    parties = twin_towns()["parties"]
    parties[0]["contacts"], parties[1]["contacts"] = parties[1]["contacts"], []
    with pytest.raises(RefusedChange, match="hangzhou-wang belongs to another party"):
        take(engine, author, today, parties=parties, commitments=[], activities=[])


def test_the_number_of_statements_does_not_grow_with_the_file(
    engine: Engine,
    author: Author,
    today: date,
    count_statements: Callable[[Engine], AbstractContextManager[CountedStatements]],
) -> None:
    def many(count: int, due: str) -> dict[str, Any]:
        first = twin_towns()["commitments"][0]
        return {"commitments": [{**first, "reference": f"c{n}", "due": due} for n in range(count)], "activities": []}

    take(engine, author, today)
    totals = []
    for count in (5, 100):  # beyond 500 rows a table there is one more statement for each 500
        for due in ("2019", "2020", "2020"):
            with count_statements(engine) as counted:
                take(engine, author, today, agreement=f"many-{count}", **many(count, due))
            totals.append(counted.total)
    assert totals[:3] == totals[3:]
    assert totals[2] < 30


def round_trip(unit: Connection, form: AgreementForm, author: Author, today: date) -> None:
    text = export_agreement(unit, form.agreement)
    parsed = parse_agreement(text.encode(), f"{form.agreement}.yaml")
    imported = import_agreement(unit, parsed, author, today)
    assert (describe_changes(imported), imported.vanished) == ([], ())
    assert parsed.model_dump(mode="json", exclude={"as_of"}) == form.model_dump(mode="json", exclude={"as_of"})


@pytest.mark.skipif(not EXAMPLES, reason="there are no example files")
def test_every_example_comes_out_as_it_went_in(engine: Engine, author: Author, today: date) -> None:
    files = read_files(EXAMPLES)
    import_files(engine, files, author, today)
    with open_unit(engine) as unit:
        for file in files:
            round_trip(unit, file.form, author, today)
        unit.rollback()


@beside_other_threads
@settings(
    try_examples(50),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(form=agreement_forms())
def test_any_form_comes_out_as_it_went_in(engine: Engine, author: Author, today: date, form: AgreementForm) -> None:
    assert list(find_inner_faults(form)) == []
    with engine.connect() as unit, unit.begin() as transaction:
        import_agreement(unit, form, author, today)
        again = import_agreement(unit, form, author, today)
        assert (again.changes, again.vanished) == ((), ())
        round_trip(unit, form, author, today)
        transaction.rollback()


def test_an_export_is_written_as_a_person_would(sqlite_engine: Engine, author: Author, today: date) -> None:
    take(sqlite_engine, author, today, note="Two lines:\nthis is the second.")
    with open_reading(sqlite_engine) as reading:
        text = export_agreement(reading, "leeds-hangzhou")
    first, *lines = text.splitlines()
    assert first.startswith("# yaml-language-server: $schema=") and first.endswith("agreement.schema.json")
    assert {"      zh: 杭州", "effective: 2018-09-30", "    due: 2019", "note: |-", "      quantity: 10"} <= set(lines)
    assert "null" not in text and "[]" not in text and "{}" not in text
    keys = list(yaml.safe_load(text))
    assert keys == [name for name in AgreementForm.model_fields if name in keys]


def test_an_unknown_agreement_cannot_be_exported_and_the_nearest_is_named(
    engine: Engine, author: Author, today: date
) -> None:
    take(engine, author, today)
    with pytest.raises(NotFound, match="did you mean 'leeds-hangzhou'"), open_reading(engine) as reading:
        export_agreement(reading, "leeds-hangzou")


def test_what_vanished_from_a_file_is_in_the_export_and_changes_nothing_when_it_comes_back(
    engine: Engine, author: Author, today: date
) -> None:
    take(engine, author, today)
    first, second, _ = twin_towns()["commitments"]
    take(engine, author, today, commitments=[first, second, {**second, "reference": "new"}], activities=[])
    with open_unit(engine) as unit:
        text = export_agreement(unit, "leeds-hangzhou")
        imported = import_agreement(unit, parse_agreement(text.encode(), "x"), author, today)
        assert (imported.changes, imported.vanished) == ((), ())
        assert unit.execute(select(func.count()).select_from(tables.commitment)).scalar_one() == 4
