"""A signed text is put to its agreement, and a party leaves it, on every database that a house may use."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from commitments.agreement_terms import amend_agreement, load_typed
from commitments.database import open_reading, open_unit
from commitments.documents import Described, add_document, withdraw_document
from commitments.evidence_files import KeptFile
from commitments.export import load_form
from commitments.filling import Flaw, Flawed
from commitments.log import Author
from commitments.register import import_agreement
from commitments.sketch_known import load_known
from commitments.tables import agreement, commitment, document, log_entry
from commitments.terms import Undrawn
from tests.forms import as_form

TEXT = KeptFile("signed.pdf", "application/pdf", "ab" * 32, 2048)
SAID = Described("Memorandum", language="en", is_authentic=True)


@pytest.fixture
def register(engine: Engine, author: Author, today: date) -> Engine:
    with open_unit(engine) as unit:
        import_agreement(unit, as_form(), author, today)
    return engine


def rows_of(engine: Engine, table: Any) -> list[Any]:
    with open_reading(engine) as reading:
        return list(reading.execute(select(table).order_by(table.c.id)))


def test_a_signed_text_is_put_there_once_with_its_reason_and_can_be_taken_back(
    register: Engine, author: Author, today: date
) -> None:
    why = Author(author.who, author.at, "From the archive")
    with open_unit(register) as unit:
        assert add_document(unit, why, "leeds-hangzhou", TEXT, SAID, today) == "Memorandum"
    with open_unit(register) as unit, pytest.raises(Flawed) as refused:
        add_document(unit, why, "leeds-hangzhou", TEXT, SAID, today)
    assert refused.value.flaws == (("file", Flaw.FILE_KNOWN),)
    (kept,) = rows_of(register, document)
    with open_unit(register) as unit:
        withdraw_document(unit, why, "leeds-hangzhou", kept.id, today)
        add_document(unit, why, "leeds-hangzhou", TEXT, SAID, today)
    (kept,) = rows_of(register, document)
    (head,) = (row for row in rows_of(register, agreement) if row.reference == "leeds-hangzhou")
    assert kept.withdrawn_on is None
    assert [one["sha256"] for one in head.sources if one["document"] == "Memorandum"] == [TEXT.sha256]
    assert "en" in head.authentic
    assert [row.why for row in rows_of(register, log_entry) if row.subject == "document"] == ["From the archive"] * 3


def test_a_party_leaves_when_it_owes_nothing_more(register: Engine, author: Author, today: date) -> None:
    why = Author(author.who, author.at, "It was dissolved")

    def leave() -> None:
        with open_unit(register) as unit:
            typed = load_typed(unit, "leeds-hangzhou")
            next(one for one in typed.parties if one.key == "hangzhou").left = "2026-02"
            amend_agreement(unit, why, "leeds-hangzhou", typed, load_known(unit, typed, today), today)

    with pytest.raises(Undrawn, match="hangzhou-left: still owes"):
        leave()
    with open_unit(register) as unit:
        unit.execute(update(commitment).values(state="waived"))
    leave()
    with open_reading(register) as reading:
        form = load_form(reading, "leeds-hangzhou")
    assert {one.reference: one.ended for one in form.parties}["hangzhou"] == "2026-02"
