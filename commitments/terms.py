"""The terms of a commitment of the register, asked for anew by the questions with which they were written down."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from commitments.agreement_form import CommitmentForm
from commitments.difference import take_columns
from commitments.errors import TallyError
from commitments.handwriting import write_number
from commitments.moved_dates import move_due
from commitments.sketch import Step, TypedPlace, TypedPromise
from commitments.sketch_flaws import Drawing, Flaw, Lack, Reader
from commitments.sketched_promises import choose_kind, draw_place, draw_terms, find_unasked
from commitments.tables import commitment
from commitments.vocabulary import CommitmentKind, Every

COLUMNS = ("tags", "owed", "implementers", "period_from", "period_to", "recurrence", "target", "condition")
"""What of a commitment its terms are; its owners are decided elsewhere."""
ANSWERS = ("is_plan", "has_date", "repeats", "has_number")
"""The answers from which the kind follows."""


class Undrawn(TallyError):
    """Terms that cannot be taken as they were typed; carries every flaw by its field."""

    def __init__(self, flaws: list[Flaw]) -> None:
        self.flaws = flaws
        super().__init__("; ".join(f"{one.field}: {one.lack.replace('_', ' ')}" for one in flaws))


def type_terms(row: Row[Any]) -> TypedPromise:
    """The terms on record as somebody would have typed them."""
    repeated, number, condition = row.recurrence or {}, row.target or {}, row.condition or {}
    typed = {
        "repeats": repeated.get("every", "no"),
        "times": repeated.get("count", 1),
        "counted": repeated.get("what"),
        "interval": repeated.get("interval") if repeated.get("interval", 1) != 1 else "",
        "months": ", ".join(map(str, repeated.get("months") or [])),
        "starts": repeated.get("starts"),
        "ends": repeated.get("ends"),
        "has_number": "yes" if number else "no",
        "comparator": number.get("comparator"),
        "quantity": number.get("quantity"),
        "unit": number.get("unit"),
        "baseline": number.get("baseline") or "",
        "baseline_on": number.get("baseline_on"),
        "owed": row.owed,
        "period_from": row.period_from,
        "period_to": row.period_to,
        "condition": condition.get("text"),
        "condition_met_on": condition.get("met_on"),
        "implementers": "; ".join(row.implementers),
        "tags": ", ".join(row.tags),
    }
    place = TypedPlace(**{name: _write(value) for name, value in (row.source or {}).items()})
    return TypedPromise(place=place, **{name: _write(value) for name, value in typed.items()})


def read_terms(
    row: Row[Any], typed: TypedPromise, others: list[Flaw], sources: Sequence[Mapping[str, Any]] = ()
) -> Mapping[str, Any]:
    """The columns of a commitment that these terms make. Undrawn with every flaw, `others` among them.

    `sources` are the agreement's documents: the sentence can be shown to stand in one of them. Its end and its
    fingerprint follow from the sentence in that document's language where they are left empty.
    """
    drawing = Drawing(documents=[one["document"] for one in sources])
    reader = Reader(drawing, Step.COMMITMENTS)
    terms, place = draw_terms(reader, typed), row.source
    if typed.place != type_terms(row).place:
        place = draw_place(reader, typed.place, _find_sentence(row, typed.place.document, sources))
    if drawing.flaws or others:
        raise Undrawn([*drawing.flaws, *others])
    plain = {"reference": row.reference, "summary": row.summary, "kind": row.kind, "owners": [{"party": "any"}]}
    columns = take_columns(CommitmentForm.model_validate(plain | terms), commitment)
    read = {name: columns[name] for name in COLUMNS} | {"source": place}
    if typed.implementers == type_terms(row).implementers:
        read["implementers"] = row.implementers  # a name may hold the mark that parts names
    return read


def _find_sentence(row: Row[Any], document: str, sources: Sequence[Mapping[str, Any]]) -> str:
    """The sentence as a document has it: in its language, or the only one there is."""
    spoken = next((one.get("language") for one in sources if one["document"] == document), None)
    only = next(iter(row.quote.values())) if len(row.quote) == 1 else ""
    return str(row.quote.get(spoken or "", only))


def type_kind(row: Row[Any]) -> TypedPromise:
    """The answers to the plain questions that make the kind on record, with what belongs to each."""
    typed = type_terms(row)
    typed.is_plan = "yes" if row.kind == CommitmentKind.PLANNED else "no"
    typed.has_date = "yes" if row.due else "once" if row.kind == CommitmentKind.DELIVERABLE else "no"
    typed.due, typed.confirm_by = _write(row.due), _write(row.confirm_by)
    return typed


def read_kind(row: Row[Any], typed: TypedPromise, others: list[Flaw]) -> Mapping[str, Any]:
    """The columns that these answers make: the kind with its date, periods and number; the first date is kept.

    The same answers leave the kind as it is, also one that would not follow from them. Undrawn as `read_terms`.
    """
    before, drawing = type_kind(row), Drawing()
    reader = Reader(drawing, Step.COMMITMENTS)
    same = all(getattr(typed, name) == getattr(before, name) for name in ANSWERS)
    kind = CommitmentKind(row.kind) if same else choose_kind(typed)
    if kind is CommitmentKind.PLANNED and typed.repeats in list(Every) and not same:
        reader.lack("repeats", Lack.PLAN_REPEATS)
    due = reader.date("due", typed.due) if typed.has_date == "yes" else None
    if typed.has_date == "yes" and not typed.due:
        reader.lack("due", Lack.MISSING)
    for name in find_unasked(typed):
        if getattr(typed, name) != getattr(before, name):  # what is on record goes by an answer that no longer asks
            reader.lack(name, Lack.ANSWERED_NO)
    by = reader.date("confirm_by", typed.confirm_by) if kind is CommitmentKind.PLANNED else None
    terms = draw_terms(reader, typed)
    if drawing.flaws or others:
        raise Undrawn([*drawing.flaws, *others])
    read = {name: terms.get(name) for name in ("recurrence", "target")}
    plain = {"reference": row.reference, "summary": row.summary, "kind": str(kind), "owners": [{"party": "any"}]}
    columns = take_columns(CommitmentForm.model_validate(plain | {n: v for n, v in read.items() if v}), commitment)
    dated = move_due(row, due) if row.due != due else {"due": due}
    return {"kind": str(kind), "confirm_by": by, **dated} | {name: columns[name] for name in read}


def _write(value: Any) -> str:
    if isinstance(value, float):
        return write_number(value)
    return "" if value is None else str(value)
