"""Draws what few agreements say: the lasting tie, a network, money, the text itself, other agreements, own rules."""

import re
from typing import Any

from babel.core import get_global

from commitments.naming import make_readable, make_unique
from commitments.sketch import Sketch, Step, TypedTie
from commitments.sketch_flaws import Drawing, Lack, Reader, keep_filled
from commitments.sketch_known import Known, wish_title
from commitments.vocabulary import AgreementKind

NEW_TIE = "-"
"""Chosen for a tie that the register does not know yet."""
_CURRENCY = re.compile("[A-Z]{3}")
BUDGET_KINDS = ("planned", "spent")


def draw_more(sketch: Sketch, known: Known, drawing: Drawing) -> dict[str, Any]:
    """These parts of the file; what is wrong with them goes into the drawing."""
    reader = Reader(drawing, Step.MORE)
    languages = _draw_languages(sketch, reader)
    for name in sketch.unread_rules:
        reader.lack(name, Lack.NO_RULE)
    return {
        "relationship": _draw_tie(sketch, known, reader),
        "network": _draw_network(sketch, reader),
        "budget": _draw_budget(sketch, drawing, reader),
        "binding": {"yes": True, "no": False}.get(sketch.binding),
        "languages": list(languages),
        "authentic": [language for language, counts in languages.items() if counts],
        **{
            name: _find_agreement(reader, name, getattr(sketch, name), known)
            for name in ("parent", "amends", "replaces")
        },
        "ended": reader.date("ended", sketch.ended),
        "ended_reason": reader.line("ended_reason", sketch.ended_reason),
        "policy": dict(sketch.rules),
    }


def _draw_tie(sketch: Sketch, known: Known, reader: Reader) -> dict[str, Any] | None:
    tie = sketch.tie
    if tie.chosen in known.ties:
        return dict(known.ties[tie.chosen])
    if tie.chosen != NEW_TIE and not _is_said(tie):
        return None
    if not tie.title:
        reader.lack("tie-title", Lack.MISSING)
    title = ("tie-title", tie.title), ("tie-language", tie.language)
    wish = make_readable(tie.title) or f"{wish_title(sketch)[:70]}-tie"
    reference = reader.reference("tie-reference", tie.reference, known.taken)
    return keep_filled({
        "reference": reference or make_unique(wish, set(known.taken)),
        "title": reader.texts("tie-titles", tie.titles, first=title),
        "since": reader.date("tie-since", tie.since),
        "kind": tie.kind if tie.kind in list(AgreementKind) else None,
    })  # fmt: skip


def _is_said(tie: TypedTie) -> bool:
    return bool(tie.title or tie.titles or tie.since or tie.reference)


def _draw_network(sketch: Sketch, reader: Reader) -> dict[str, Any] | None:
    network = sketch.network
    reports = [one for one in network.reports if one.cycle or one.submitted]
    if not (network.name or network.field or network.designated or network.cycle or reports):
        return None
    for name, text in (("name", network.name), ("designated", network.designated)):
        if not text:
            reader.lack(f"network-{name}", Lack.MISSING)
    drawn: list[dict[str, Any]] = []
    for at, one in enumerate(network.reports):
        if not (one.cycle or one.submitted):
            continue
        cycle = reader.whole(f"r{at}-cycle", one.cycle, 1900, 2200)
        if not one.cycle:
            reader.lack(f"r{at}-cycle", Lack.MISSING)
        elif cycle in [other["cycle"] for other in drawn]:
            reader.lack(f"r{at}-cycle", Lack.TWICE)
        submitted = reader.date(f"r{at}-submitted", one.submitted)
        if not one.submitted:
            reader.lack(f"r{at}-submitted", Lack.MISSING)
        drawn.append({"cycle": cycle, "submitted": submitted})
    return keep_filled({
        "name": reader.line("network-name", network.name),
        "field": reader.line("network-field", network.field),
        "designated": reader.date("network-designated", network.designated),
        "reporting_cycle_years": reader.whole("network-cycle", network.cycle, most=50),
        "reports": drawn,
    })  # fmt: skip


def _draw_budget(sketch: Sketch, drawing: Drawing, reader: Reader) -> list[dict[str, Any]]:
    drawn: list[dict[str, Any]] = []
    taken: set[str] = set()
    for at, one in enumerate(sketch.budget):
        typed = (one.amount, one.currency, one.period_from, one.period_to, one.source_of_funds, one.note, one.reference)
        if not any((*typed, one.commitment)):
            continue
        name = f"b{at}"
        amount = reader.number(f"{name}-amount", one.amount)
        begins, ends = reader.span((f"{name}-period_from", one.period_from), (f"{name}-period_to", one.period_to))
        for part in ("amount", "period_from"):
            if not getattr(one, part):
                reader.lack(f"{name}-{part}", Lack.MISSING)
        currency = one.currency.upper()
        if not _CURRENCY.fullmatch(currency) or currency not in get_global("all_currencies"):
            reader.lack(f"{name}-currency", Lack.NO_CURRENCY)
        funds, note = (
            reader.line(f"{name}-source_of_funds", one.source_of_funds),
            reader.line(f"{name}-note", one.note),
        )
        wish = make_readable(" ".join(part for part in (one.source_of_funds or "budget", begins) if part))
        reference = reader.reference(f"{name}-reference", one.reference, taken) or make_unique(wish or "budget", taken)
        taken.add(reference)
        drawn.append(keep_filled({
            "reference": reference,
            "period_from": begins,
            "period_to": ends,
            "amount": amount,
            "currency": currency,
            "kind": one.kind if one.kind in BUDGET_KINDS else "planned",
            "approximate": True if one.approximate else None,
            "source_of_funds": funds,
            "commitment": drawing.named.get(one.commitment),
            "note": note,
        }))  # fmt: skip
    return drawn


def _draw_languages(sketch: Sketch, reader: Reader) -> dict[str, bool]:
    """The languages of the text, and whether that version counts."""
    drawn: dict[str, bool] = {}
    for at, one in enumerate(sketch.languages):
        if one.language in drawn:
            reader.lack(f"l{at}-language", Lack.LANGUAGE_TWICE)
        elif one.language:
            drawn[one.language] = one.authentic == "yes"
    return drawn


def _find_agreement(reader: Reader, name: str, typed: str, known: Known) -> str | None:
    if typed and typed not in known.agreements:
        reader.lack(name, Lack.UNKNOWN_AGREEMENT)
    return typed or None
