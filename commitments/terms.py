"""The terms of a commitment of the register, asked for anew by the questions with which they were written down."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from commitments.agreement_form import CommitmentForm
from commitments.difference import take_columns
from commitments.errors import TallyError
from commitments.sketch import Step, TypedPromise
from commitments.sketch_flaws import Drawing, Flaw, Reader
from commitments.sketched_promises import draw_terms
from commitments.tables import commitment

COLUMNS = ("tags", "owed", "implementers", "period_from", "period_to", "recurrence", "target", "condition")
"""What of a commitment its terms are; its kind, its owners and its date are decided elsewhere."""


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
    return TypedPromise(**{name: _write(value) for name, value in typed.items()})


def read_terms(row: Row[Any], typed: TypedPromise, others: list[Flaw]) -> Mapping[str, Any]:
    """The columns of a commitment that these terms make. Undrawn with every flaw, `others` among them."""
    drawing = Drawing()
    terms = draw_terms(Reader(drawing, Step.COMMITMENTS), typed)
    if drawing.flaws or others:
        raise Undrawn([*drawing.flaws, *others])
    plain = {"reference": row.reference, "summary": row.summary, "kind": row.kind, "owners": [{"party": "any"}]}
    columns = take_columns(CommitmentForm.model_validate(plain | terms), commitment)
    read = {name: columns[name] for name in COLUMNS}
    if typed.implementers == type_terms(row).implementers:
        read["implementers"] = row.implementers  # a name may hold the mark that parts names
    return read


def _write(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
