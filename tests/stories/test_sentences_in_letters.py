"""A letter shows the sentence itself: from the register, or from its source document where that says it still."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.register import import_agreement
from tests.stories.house import FIRST, FORM, House, open_house

SENTENCE = "North shall hand over the <survey> of its bridges to South."
TEXT = f"Preamble.\n\n{SENTENCE} Done in two copies."
NAME = "memorandum.txt"
SUMMARY = b"    summary: Hand over the survey.\n"


@pytest.fixture
def house(sqlite_engine: Engine, tmp_path: Path) -> Iterator[House]:
    (tmp_path / NAME).write_text(TEXT, encoding="utf-8")
    with open_house(sqlite_engine) as made:
        made.settings = made.settings.model_copy(update={"sources": tmp_path})
        yield made


def promise(house: House, more: bytes = b"") -> None:
    """The survey is promised in the document; the register has no sentence of it."""
    start = TEXT.index(SENTENCE)
    place = b"    source: {document: %s, start: %d, end: %d, sha256: %s}\n" % (
        NAME.encode(), start, start + len(SENTENCE), sha256(SENTENCE.encode()).hexdigest().encode(),
    )  # fmt: skip
    document = b"sources:\n  - {document: %s, kind: signed_text, language: en}\nparties:\n" % NAME.encode()
    form = FORM.replace(b"parties:\n", document, 1).replace(SUMMARY, SUMMARY + place + more)
    with open_unit(house.engine) as unit:
        import_agreement(unit, parse_agreement(form, "more.yaml"), Author("test", house.clock), FIRST)


def read_letters(house: House, who: str) -> str:
    house.live(date(2026, 3, 2))
    return " ".join(" ".join(text for to, text in house.texts if to == who).split())


def test_an_owner_reads_the_sentence_from_the_document_and_the_promise_in_a_few_words_above_it(house: House) -> None:
    promise(house)
    letters = read_letters(house, "ann")
    assert f"Hand over the survey. “{SENTENCE}”" in letters


def test_a_document_that_says_something_else_by_now_is_not_quoted(house: House, tmp_path: Path) -> None:
    promise(house)
    (tmp_path / NAME).write_text(TEXT.replace("bridges", "harbour"), encoding="utf-8")
    letters = read_letters(house, "ann")
    assert "Hand over the survey." in letters and "“" not in letters


def test_who_reads_another_language_is_not_shown_two_sentences_of_one_promise(house: House) -> None:
    promise(house, "    summaries: {de: Die Erhebung übergeben.}\n".encode())
    house.choose("ann", language="de")
    letters = read_letters(house, "ann")
    assert "Die Erhebung übergeben." in letters and SENTENCE not in letters


def test_a_sentence_on_record_that_does_not_stand_there_is_not_told_as_the_agreements(house: House) -> None:
    promise(house, b"    quote: {en: As it was recorded.}\n")
    letters = read_letters(house, "ann")
    assert f"“{SENTENCE}”" in letters and "As it was recorded." not in letters
