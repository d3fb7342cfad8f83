# ruff: noqa: E501
"""A file is taken whole or refused with every fault, where it stands and what was expected."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from commitments import plain_values
from commitments.agreement_file import (
    agreement_schema,
    parse_agreement,
    read_files,
    write_schema,
)
from commitments.agreement_form import AgreementForm
from commitments.errors import InvalidFiles
from commitments.plain_values import DEPTH_LIMIT, SIZE_LIMIT
from tests.forms import twin_towns

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "agreement.schema.json"
GOOD = """\
agreement: leeds-hangzhou
title: {en: Memorandum}
kind: memorandum
parties:
  - reference: leeds
    kind: city
    names: {en: Leeds}
    contacts:
      - {reference: hall, name: A. Hall, role: owner}
  - reference: hangzhou
    kind: city
    names: {en: Hangzhou}
sources:
  - {document: a.txt, kind: news}
commitments:
  - reference: library-link
    summary: Link the libraries
    kind: deliverable
    owners:
      - {party: leeds, contact: hall}
activities:
  - reference: visit
    title: A visit
    kind: visit
    held_on: 2019-03
    commitments: [library-link]
"""


def find_faults(text: str | bytes) -> list[tuple[int, str, str, str]]:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(InvalidFiles) as invalid:
        parse_agreement(content, "a.yaml")
    assert {problem.file for problem in invalid.value.problems} == {"a.yaml"}
    return [(problem.line, problem.field, problem.found, problem.expected) for problem in invalid.value.problems]


def test_a_good_file_is_taken() -> None:
    assert parse_agreement(GOOD.encode(), "a.yaml").activities[0].held_on == "2019-03"


FAULTS = [
    ("kind: memorandum", "kind: memo", 3, "kind", "'memo'", "(did you mean 'memorandum'?)"),
    ("title: {en: Memorandum}", "title: {English: M}", 2, "title.English", "'English'", "a language code, such as en or zh"),
    ("title: {en: Memorandum}\n", "", 1, "title", "nothing", "this field"),
    ("summary: Link the libraries", "summery: Link", 17, "commitments[1].summery", "the unknown field 'summery'", "a field of the form (did you mean 'summary'?)"),
    ("held_on: 2019-03", "held_on: 2019-13", 25, "activities[1].held_on", "'2019-13'", "a month from 01 to 12"),
    ("held_on: 2019-03", "held_on: 2019-02-30", 25, "activities[1].held_on", "'2019-02-30'", "a day from 01 to 28 in 2019-02"),
    ("held_on: 2019-03", "held_on: soon", 25, "activities[1].held_on", "'soon'", "a date such as 2018, 2018-09 or 2018-09-30"),
    ("held_on: 2019-03", "held_on: ~", 25, "activities[1].held_on", "nothing", "a date such as 2018, 2018-09 or 2018-09-30"),
    ("kind: visit", "kind: vist", 24, "activities[1].kind", "'vist'", "one of visit, exhibition, exchange, meeting, training, performance, event, publication, signing, other"),
    ("reference: visit", "reference: A visit", 22, "activities[1].reference", "'A visit'", "small letters, digits, dots and hyphens, such as leeds-hangzhou"),
    ("commitments: [library-link]", "commitments: [libary-link]", 26, "activities[1].commitments[1]", "'libary-link'", "a commitment of this agreement (did you mean 'library-link'?)"),
    ("commitments: [library-link]", "commitments: [library-link, leeds-hangzhou/library-link]", 26, "activities[1].commitments[2]", "'leeds-hangzhou/library-link'", "each commitment once"),
    ("commitments: [library-link]", "parties: [hangzou]", 26, "activities[1].parties[1]", "'hangzou'", "one of the parties (did you mean 'hangzhou'?)"),
    ("commitments: [library-link]", "participants: 99999999999", 26, "activities[1].participants", "99,999,999,999", "a whole number up to 2,147,483,647"),
    ("reference: hall, name: A. Hall", "reference: hall, name: A. Hall, channels: {mail: a..hall@leeds.example}", 9, "parties[1].contacts[1].channels.mail", "'a..hall@leeds.example'", "a mail address, such as a.person@leeds.example"),
    ("reference: hall, name: A. Hall", "reference: hall, name: A. Hall, channels: {mail: .hall@leeds.example}", 9, "parties[1].contacts[1].channels.mail", "'.hall@leeds.example'", "a mail address, such as a.person@leeds.example"),
    ("reference: hall, name: A. Hall", "reference: hall, name: A. Hall, channels: {mail: hall@leeds..example}", 9, "parties[1].contacts[1].channels.mail", "'hall@leeds..example'", "a mail address, such as a.person@leeds.example"),
    ("reference: hall, name: A. Hall", f"reference: hall, name: A. Hall, channels: {{mail: {'h' * 65}@leeds.example}}", 9, "parties[1].contacts[1].channels.mail", "'" + "h" * 65 + "@leeds.exam...", "a mail address with at most 64 characters before the @"),
    ("commitments: [library-link]", 'note: "a\\0b"', 26, "activities[1].note", "a NUL character", "text without it"),
    ("{party: leeds, contact: hall}", "{party: leds}", 20, "commitments[1].owners[1].party", "'leds'", "one of the parties (did you mean 'leeds'?)"),
    ("{party: leeds, contact: hall}", "{party: leeds, contact: hal}", 20, "commitments[1].owners[1].contact", "'hal'", "a contact of this file (did you mean 'hall'?)"),
    ("{party: leeds, contact: hall}", "{party: leeds}\n      - {party: leeds}", 21, "commitments[1].owners[2].party", "'leeds'", "each party once"),
    ("kind: deliverable", "kind: recurring", 16, "commitments[1].recurrence", "nothing", "how often it recurs: a recurring commitment needs it"),
    ("kind: deliverable", "kind: target", 16, "commitments[1].target", "nothing", "the quantity and its unit: a target needs them"),
    ("kind: deliverable", "kind: planned\n    recurrence: {every: year}", 19, "commitments[1].recurrence", "a recurrence on kind planned", "kind recurring"),
    ("kind: deliverable", "kind: target\n    target: {quantity: nan, unit: CNY}", 19, "commitments[1].target.quantity", "nan", "a finite number"),
    ("kind: deliverable", "kind: target\n    target: {quantity: true, unit: CNY}", 19, "commitments[1].target.quantity", "True", "a number"),
    ("kind: deliverable", "kind: planned\n    period_from: 2020\n    period_to: 2019", 20, "commitments[1].period_to", "2019", "a date not before 2020"),
    ("kind: deliverable", "kind: planned\n    milestones:\n      - {reference: m, title: M, party: york}", 20, "commitments[1].milestones[1].party", "'york'", "one of the parties"),
    ("kind: deliverable", "kind: planned\n    occurrences: [{period: '2019'}, {period: '2019'}]", 19, "commitments[1].occurrences[2].period", "'2019'", "each once"),
    ("kind: deliverable", "kind: recurring\n    recurrence: {every: year}\n    milestones: [{reference: '2019', title: M}]", 20, "commitments[1].milestones[1].reference", "'2019'", "a name that no period of the commitment can have, such as step-2019"),
    ("kind: deliverable", "kind: planned\n    evidence: [{reference: e, title: E}]", 19, "commitments[1].evidence[1]", "{'reference': 'e', 'title': 'E'}", "a link or a file, one of the two"),
    ("kind: deliverable", "kind: planned\n    evidence: [{reference: e, title: E, file: f, activity: vist}]", 19, "commitments[1].evidence[1].activity", "'vist'", "an activity of this agreement (did you mean 'visit'?)"),
    ("kind: deliverable", "kind: planned\n    reports: [{reference: r, party: york, reported_on: 2019-01-01, rating: on_track}]", 19, "commitments[1].reports[1].party", "'york'", "one of the parties"),
    ("kind: deliverable", "kind: planned\n    source: {document: b.txt, start: 0, end: 5, sha256: " + "0" * 64 + "}", 19, "commitments[1].source.document", "'b.txt'", "one of the sources (did you mean 'a.txt'?)"),
    ("names: {en: Hangzhou}", "country: cn", 12, "parties[2].country", "'cn'", "a country code of two letters, such as GB"),
    ("names: {en: Hangzhou}", "names: {en: Hangzhou}\n    country: ZZ", 13, "parties[2].country", "'ZZ'", "the code of a country, such as GB"),
    ("names: {en: Leeds}", "names: {en: Leeds}\n    country: UK", 8, "parties[1].country", "'UK'", "the code of a country, such as GB (did you mean 'GB'?)"),
    ("    names: {en: Hangzhou}\n", "", 10, "parties[2].names", "nothing", "the party's name in at least one language"),
    ("    kind: city\n    names: {en: Hangzhou}", "    names: {en: Hangzhou}", 10, "parties[2].kind", "nothing", "the party's kind: a party is written out with kind and names, or named by its reference alone"),
    ("reference: hangzhou", "reference: leeds", 10, "parties[2].reference", "'leeds'", "a reference of its own"),
    ("name: A. Hall", "name: A. Hall, deputy: hall", 9, "parties[1].contacts[1].deputy", "'hall'", "another person"),
    ("name: A. Hall", "name: A. Hall, channels: {mail: nowhere}", 9, "parties[1].contacts[1].channels.mail", "'nowhere'", "a mail address, such as a.person@leeds.example"),
    ("name: A. Hall", "name: A. Hall, channels: {fax: 1}", 9, "parties[1].contacts[1].channels.fax", "the unknown field 'fax'", "a field of the form"),
    ("name: A. Hall", "name: A. Hall, channels: {slak: hall}", 9, "parties[1].contacts[1].channels.slak", "the unknown field 'slak'", "a field of the form (did you mean 'slack'?)"),
    ("name: A. Hall", "name: A. Hall, channels: {slack: 'https://hooks.slack.com/services/T/B/x'}", 9, "parties[1].contacts[1].channels.slack", "'https://hooks.slack.com/services/T/B/x'", "the name of a channel in the settings, such as city-hall"),
    ("name: A. Hall", "name: A. Hall, channels: {webhook: 'http://127.0.0.1'}", 9, "parties[1].contacts[1].channels.webhook", "'http://127.0.0.1'", "the name of a channel in the settings, such as city-hall"),
    ("name: A. Hall", "name: A. Hall, channels: {sms: house}", 9, "parties[1].contacts[1].channels.sms", "'house'", "the name of a channel in the settings and the person's own end of it, such as house/+447700900123"),
    ("name: A. Hall", "name: A. Hall, channels: {ntfy: 'house/hall?verify=no'}", 9, "parties[1].contacts[1].channels.ntfy", "'house/hall?verify=no'", "the name of a channel in the settings and the person's own end of it, such as house/city-hall"),
    ("name: A. Hall", "name: A. Hall, time_zone: [Europe/London]", 9, "parties[1].contacts[1].time_zone", "['Europe/London']", "a time zone such as Europe/London"),
    ("name: A. Hall", "name: A. Hall, time_zone: Leeds", 9, "parties[1].contacts[1].time_zone", "'Leeds'", "a time zone such as Europe/London"),
    ("name: A. Hall", "name: 2019", 9, "parties[1].contacts[1].name", "2019", "text"),
    ("sources:", "signed: {york: 2018}\nsources:", 13, "signed.york", "'york'", "one of the parties"),
    ("sources:", "effective: 2020\nexpires: 2019\nsources:", 14, "expires", "2019", "a date not before 2020, when it takes effect"),
    ("sources:", "expires: 2019\nopen_ended: true\nsources:", 14, "open_ended", "true", "false or nothing: the agreement expires 2019"),
    ("sources:", "notice: {months: 1, days: 1}\nsources:", 13, "notice", "{'months': 1, 'days': 1}", "a notice period in months or in days, one of the two"),
    ("sources:", "budget: [{reference: b, period_from: 2019, amount: 1, currency: CNY, commitment: x}]\nsources:", 13, "budget[1].commitment", "'x'", "a commitment of this agreement"),
    ("sources:", "signatories: [{party: leeds, name: M}, {party: leeds, name: M}]\nsources:", 13, "signatories[2].name", "'M'", "each person once"),
    ("agreement: leeds-hangzhou", "agreement: house", 1, "agreement", "'house'", "another reference: this one stands for the policy of the house"),
    ("kind: memorandum", "kind: memorandum\nkind: other", 4, "kind", "the field twice", "the field once"),
    ("kind: memorandum", "kind: &k memorandum", 3, "file", "an anchor or alias", "each value written out"),
    ("kind: memorandum", "kind: !!binary aGk=", 3, "kind", "the tag !!binary", "a value without a tag"),
    ("kind: memorandum", "kind: !!int x", 3, "kind", "'x'", "a value that its tag allows"),
    ("kind: memorandum", "kind: [", 5, "file", "'-'", "well-formed YAML"),
    ("commitments: [library-link]", "commitments: [library-link", 27, "file", "the end of the file", "each bracket and quotation mark closed"),
    ("title: A visit", "title: A visit: the first", 23, "file", "a second colon, or a field at another depth", "one field to a line, and text with a colon in quotation marks"),
    ("kind: memorandum", "kind: @memo", 3, "file", "'@' where a value begins", "text that begins so in quotation marks"),
    ("kind: memorandum", "\tkind: memorandum", 3, "file", "a tab", "spaces"),
    ("kind: memorandum", "kind: memorandum\nnonsense", 5, "file", "a line without a colon", "a field and its value"),
    ("  - reference: hangzhou", "  x: y", 10, "file", "an entry at another depth", "each entry of a block at the same depth"),
    ("activities:", "---\nactivities:", 21, "file", "another document", "one document"),
    ("kind: deliverable", "kind: planned\n    reports: [{reference: r, party: leeds, reported_on: 2019-01, rating: on_track}]", 19, "commitments[1].reports[1].reported_on", "'2019-01'", "a day such as 2018-09-30"),
    ("kind: deliverable", "kind: planned\n    reports: [{reference: r, party: leeds, reported_on: 2019-02-29, rating: on_track}]", 19, "commitments[1].reports[1].reported_on", "'2019-02-29'", "a day from 01 to 28 in 2019-02"),
    ("kind: deliverable", "kind: recurring\n    recurrence: {every: year, count: 0}", 19, "commitments[1].recurrence.count", "0", "1 or more"),
    ("kind: deliverable", "kind: recurring\n    recurrence: {every: year, interval: 101}", 19, "commitments[1].recurrence.interval", "101", "100 or less"),
    ("kind: deliverable", "kind: recurring\n    recurrence: {every: year, count: 1.5}", 19, "commitments[1].recurrence.count", "1.5", "a whole number"),
    ("commitments: [library-link]", "place: " + "x" * 301, 26, "activities[1].place", "'" + "x" * 76 + "...", "at most 300 characters"),
    ("sources:", "policy: {send_at: '25:00'}\nsources:", 13, "policy.send_at", "'25:00'", "an hour such as 08:30"),
    ("sources:", "policy: {lead_days: [" + ", ".join(["1"] * 21) + "]}\nsources:", 13, "policy.lead_days", "[" + "1, " * 20 + "1]", "at most 20 entries"),
    ("kind: memorandum", 'kind: "\\U00110000"', 1, "file", "an escape that is no character", "well-formed YAML"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("good", "bad", "line", "field", "found", "expected"), FAULTS, ids=[fault[1][:40] for fault in FAULTS]
)
def test_a_fault_is_told_with_its_line_its_field_and_what_was_expected(
    good: str, bad: str, line: int, field: str, found: str, expected: str
) -> None:
    assert good in GOOD
    told = find_faults(GOOD.replace(good, bad, 1))
    assert any((line, field, found) == fault[:3] and fault[3].endswith(expected) for fault in told), told


@pytest.mark.parametrize("value", ["NO", "010", "1:30", "2019-01-01", "yes", "="])
def test_a_value_stays_as_it_is_written(value: str) -> None:
    form = parse_agreement(GOOD.replace("title: A visit", f"title: {value}").encode(), "a.yaml")
    assert form.activities[0].title == value


def test_all_faults_are_told_at_once_also_those_between_fields() -> None:
    text = (
        GOOD.replace("kind: memorandum", "kind: memo")
        .replace("names: {en: Leeds}", "names: {en: Leeds}\n    country: gb")
        .replace("kind: deliverable", "kind: recurring")
        .replace("{party: leeds, contact: hall}", "{party: york}")
        .replace("held_on: 2019-03", "held_on: soon")
        .replace("[library-link]", "[libary-link]")
    )
    assert [fault[:2] for fault in find_faults(text)] == [
        (3, "kind"),
        (8, "parties[1].country"),
        (17, "commitments[1].recurrence"),
        (21, "commitments[1].owners[1].party"),
        (26, "activities[1].held_on"),
        (27, "activities[1].commitments[1]"),
    ]


@pytest.mark.parametrize(
    ("good", "bad", "fields"),
    [
        ("reference: hangzhou", "reference: Hang zhou", ["parties[2].reference"]),
        ("reference: library-link", "reference: Library", ["commitments[1].reference"]),
        ("{reference: hall,", "{reference: A Hall,", ["parties[1].contacts[1].reference"]),
        ("{document: a.txt, kind", "{document: 5, kind", ["sources[1].document"]),
        ("kind: deliverable", "kind: recurring\n    recurrence: yearly", ["commitments[1].recurrence"]),
    ],
)
def test_a_broken_field_does_not_make_faults_of_those_that_lean_on_it(good: str, bad: str, fields: list[str]) -> None:
    lean = GOOD.replace(
        "{party: leeds, contact: hall}", "{party: hangzhou}\n      - {party: leeds, contact: hall}"
    ).replace(
        "    kind: deliverable",
        "    kind: deliverable\n    source: {document: a.txt, start: 0, end: 5, sha256: " + "0" * 64 + "}",
    )
    parse_agreement(lean.encode(), "a.yaml")
    assert [fault[1] for fault in find_faults(lean.replace(good, bad))] == fields


def test_a_contact_of_a_party_given_without_its_contacts_is_left_to_the_register() -> None:
    text = GOOD.replace("    contacts:\n      - {reference: hall, name: A. Hall, role: owner}\n", "")
    assert parse_agreement(text.encode(), "a.yaml").commitments[0].owners[0].contact == "hall"


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    ((line, field, found, expected),) = find_faults(b"#" * (SIZE_LIMIT + 1))
    assert (line, field, found, expected) == (0, "file", "1,048,577 bytes", "at most 1,048,576 bytes")


def test_a_file_that_is_not_utf_8_is_refused_with_the_line() -> None:
    assert find_faults(GOOD.encode().replace(b"A visit", b"A vis\xefte")) == [
        (23, "file", "bytes that are not UTF-8", "a file saved as UTF-8")
    ]


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    assert find_faults(bomb) == [(1, "file", "an anchor or alias", "each value written out")]


@pytest.mark.slow
@pytest.mark.parametrize("depth", [DEPTH_LIMIT + 1, 5000])
def test_blocks_within_blocks_are_refused_beyond_the_limit(depth: int) -> None:
    ((_, _, _, expected),) = find_faults("agreement: " + "[" * depth + "]" * depth)
    assert expected == f"at most {DEPTH_LIMIT} levels"


@pytest.mark.parametrize("text", ["", "# nothing but a remark", "---\n...", "just words", "- a\n- b", "5"])
def test_a_file_without_an_agreement_is_refused(text: str) -> None:
    assert find_faults(text)


def test_files_that_cannot_be_read_and_double_agreements_are_told_with_the_faults_of_the_others(tmp_path: Path) -> None:
    for name, text in (("a.yaml", GOOD), ("b.yaml", GOOD), ("c.yaml", GOOD.replace("kind: visit", "kind: v"))):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFiles) as invalid:
        read_files([tmp_path / name for name in ("missing.yaml", "a.yaml", "b.yaml", "c.yaml")])
    told = [(Path(problem.file).name, problem.field) for problem in invalid.value.problems]
    assert told == [("missing.yaml", "file"), ("c.yaml", "activities[1].kind"), ("b.yaml", "agreement")]


def test_a_file_knows_the_lines_of_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(GOOD, encoding="utf-8")
    (file,) = read_files([path])
    assert str(file.fault(("commitments", 0, "owners", 0, "party"), "x", "y")) == (
        f"{path}:20: commitments[1].owners[1].party: found x; expected y"
    )


def parse_or_refuse(content: bytes) -> None:
    try:
        parse_agreement(content, "any.yaml")
    except InvalidFiles as invalid:
        assert invalid.problems


@pytest.mark.slow
@example(b'"\\U00110000"')
@example(b"!!int ''")
@example(b"!!bool maybe")
@example(b"? [a]\n: b")
@example(b"<<: {a: b}")
@example(b"9" * 5000)
@example(b"{" * 3000)
@example(b"\xef\xbb\xbfagreement: x")
@example(b"%YAML 9.9\n---\na")
@given(st.binary(max_size=400))
def test_any_bytes_give_a_form_or_its_faults(content: bytes) -> None:
    parse_or_refuse(content)


@given(st.text(alphabet=":-[]{}\"'|>&*!%#? \n\tab0.~é\\U", max_size=200))
def test_any_yaml_like_text_gives_a_form_or_its_faults(text: str) -> None:
    parse_or_refuse(text.encode())


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["leeds", "2019"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def broken_forms(draw: st.DrawFn) -> Any:
    """A good form with something else in a few of its places."""
    form: Any = yaml.safe_load(yaml.safe_dump(twin_towns()))
    for _ in range(draw(st.integers(1, 3))):
        place: Any = form
        while True:
            steps = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not steps:
                break
            step = draw(st.sampled_from(steps))
            if not isinstance(place[step], dict | list) or draw(st.integers(0, 3)) == 0:
                if draw(st.booleans()):
                    place[step] = draw(PLAIN)
                else:
                    del place[step]
                break
            place = place[step]
    return form


@pytest.mark.slow
@given(broken_forms())
def test_any_broken_form_gives_its_faults_and_no_other_error(form: Any) -> None:
    parse_or_refuse(yaml.safe_dump(form, allow_unicode=True).encode("utf-8", "surrogatepass"))


def test_the_published_schema_is_that_of_the_form(tmp_path: Path) -> None:
    write_schema(tmp_path / "schema.json")
    assert SCHEMA.read_text(encoding="utf-8") == (tmp_path / "schema.json").read_text(encoding="utf-8")
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == agreement_schema()
    assert set(agreement_schema()["properties"]) == set(AgreementForm.model_fields)


EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("text", [GOOD.encode(), *(one.read_bytes() for one in EXAMPLES)])
def test_where_the_yaml_library_has_no_fast_half_a_file_is_read_the_same(
    text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = plain_values.read_plain(text)
    monkeypatch.setattr(plain_values, "_FastLoader", plain_values._Loader)
    slow = plain_values.read_plain(text)
    assert (fast.value, fast.lines) == (slow.value, slow.lines)


@pytest.mark.parametrize("text", ["1.5e3", "-.5", "+.5", "1e5", "0x1f", "010", "1_000", "yes", "~", "12:30", "=", "<<"])
def test_a_text_that_looks_like_something_else_is_read_as_it_was_written(text: str) -> None:
    assert plain_values.read_plain(plain_values.write_plain({"a": text}).encode()).value == {"a": text}


@pytest.mark.parametrize("stray", ["\\t", "\\x0b", "\\x85", "\\u2028"])
def test_a_tab_pasted_into_a_name_becomes_a_space(stray: str) -> None:
    form = parse_agreement(GOOD.replace("name: A. Hall", f'name: "A.{stray}Hall"').encode(), "form.yaml")
    assert form.parties[0].contacts[0].name == "A. Hall"


def test_a_number_that_nobody_can_mean_is_refused() -> None:
    text = GOOD + "budget:\n  - {reference: travel, title: Travel, amount: 1.0e+26, currency: CNY}\n"
    with pytest.raises(
        InvalidFiles, match=r"budget\[1\].amount: found 1e\+26; expected a number up to 1,000,000,000,000,000"
    ):
        parse_agreement(text.encode(), "form.yaml")
