"""Everything that a file can hold has words in Chinese, where a difference or the history names it."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from commitments import tables
from commitments.agreement_faults import models_in
from commitments.agreement_form import AgreementForm, PolicyForm, SourceForm
from commitments.vocabulary import Every, PartyKind
from portal.difference_words import name_column_of, tell_value
from portal.page_words import load_page_words

WORDS = load_page_words("zh")
CHINESE = re.compile("[\u4e00-\u9fff]")
SUBJECTS = {
    "AgreementForm": "agreement", "PartyForm": "party", "ContactForm": "contact", "CommitmentForm": "commitment",
    "MilestoneForm": "milestone", "OccurrenceForm": "occurrence", "ReportForm": "progress_report",
    "ConfirmationForm": "confirmation",
}  # fmt: skip
"""Which row of the register a form of the file makes."""
OWN = {
    "position",
    "registered_on",
    "withdrawn_on",
    "kept_on",
    "filed_role",
    "filed_due",
    "proposed_by",
    "awaited",
    "activity",
    "commitment",
}
"""Columns that no file has, or that say which row another hangs on."""
PARTS = {
    "recurrence": {"every": "year", "interval": 1, "count": 4, "what": "次交流", "starts": "2026", "ends": "2030",
                   "months": [4, 10]},
    "target": {"quantity": 50, "unit": "个名额", "comparator": "at_least", "baseline": 3, "baseline_on": "2026"},
    "condition": {"text": "两市议会拨款。", "met_on": "2026-01"},
    "source": {"document": "文本", "start": 1, "end": 9, "sha256": "0" * 64},
    "quote_sources": {"zh": {"document": "文本", "start": 1, "end": 9, "sha256": "0" * 64}},
    "summaries": {"en": "四次", "zh": "四次"},
}  # fmt: skip


def list_fields(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, str, Any]]:
    """Every field of a file: the form in which it stands, its name and what it holds."""
    if model in seen:
        return
    seen.add(model)
    for name, info in model.model_fields.items():
        yield model.__name__, name, info.annotation
        for inner in models_in(info.annotation):
            yield from list_fields(inner, seen)


def list_words(annotation: Any) -> Iterator[StrEnum]:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        yield from annotation
    for one in get_args(annotation):
        yield from list_words(one)


FIELDS = sorted({(form, name, str(word)) for form, name, held in list_fields(AgreementForm, set())
                 for word in list_words(held) if form in SUBJECTS})  # fmt: skip


@pytest.mark.parametrize(("form", "name", "word"), FIELDS)
def test_every_word_of_the_vocabulary_is_said_in_chinese(form: str, name: str, word: str) -> None:
    subject = "agreement_party" if (form, name) == ("PartyForm", "role") else SUBJECTS[form]
    assert CHINESE.search(tell_value(WORDS, subject, name, word)), word


def test_every_column_that_a_file_fills_is_named_in_chinese() -> None:
    rows = (tables.agreement, tables.party, tables.contact, tables.agreement_party, tables.signatory, tables.policy,
            tables.submitted_report, tables.commitment, tables.commitment_owner, tables.milestone, tables.occurrence,
            tables.activity, tables.measurement, tables.progress_report, tables.confirmation, tables.evidence,
            tables.budget_line, tables.relationship)  # fmt: skip
    names = {column.name for table in rows for column in table.columns if not column.name.endswith("id")}
    names |= {*PolicyForm.model_fields, *SourceForm.model_fields} - {"channels"}
    unsaid = {name for name in names - OWN if not CHINESE.search(name_column_of(WORDS, name))}
    assert unsaid == {"sha256"}, "which is SHA-256 in every language"


@pytest.mark.parametrize("column", PARTS)
def test_what_has_parts_of_its_own_is_said_without_the_names_of_its_fields(column: str) -> None:
    said = tell_value(WORDS, "commitment", column, PARTS[column])
    assert CHINESE.search(said) and not re.search("[a-z_]{3,}", said.replace("0" * 64, "")), said


def test_what_was_promised_is_not_called_a_monthly_report() -> None:
    assert WORDS.gettext("Summary") not in name_column_of(WORDS, "summary")
    assert "每年" in tell_value(WORDS, "commitment", "recurrence", {"every": str(Every.YEAR), "count": 4})
    assert CHINESE.search(tell_value(WORDS, "party", "kind", str(PartyKind.DISTRICT)))
