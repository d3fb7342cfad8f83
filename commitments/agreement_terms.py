"""The own fields of an agreement of the register, asked for anew by the questions with which they were written down."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from commitments.agreement_form import AgreementForm
from commitments.dates import parse_date
from commitments.export import load_head
from commitments.log import Author
from commitments.people import UNSETTLED
from commitments.readings import find_left_behind
from commitments.reconcile import reconcile_agreement
from commitments.references import find_agreement
from commitments.register import Imported, import_agreement
from commitments.rows import amend_row
from commitments.sketch import (
    Sketch,
    Step,
    TypedBudgetLine,
    TypedLanguage,
    TypedNetwork,
    TypedParty,
    TypedPromise,
    TypedReport,
    TypedSignatory,
    TypedSource,
    TypedText,
    TypedTie,
)
from commitments.sketch_flaws import Drawing, Flaw, Lack, Reader, keep_filled
from commitments.sketch_known import Known
from commitments.sketched_more import draw_more
from commitments.sketching import draw_dates, draw_parties
from commitments.tables import (
    agreement,
    agreement_party,
    budget_line,
    commitment,
    commitment_owner,
    milestone,
    party,
    signatory,
)
from commitments.terms import Undrawn
from commitments.vocabulary import AgreementKind

_OWN = (
    *("title", "kind", "effective", "expires", "open_ended", "term", "renewal", "notice", "signed", "signatories"),
    *("sources", "note", "ended", "ended_reason", "relationship", "network", "budget", "binding", "languages"),
    *("authentic", "parent", "amends", "replaces"),
)
"""What of an agreement's file is asked for here; its rules stay as they are."""
_MANY_PROMISES = 200
_OTHERS = ("parent", "amends", "replaces")
_MORE = ("relationship", "network", "budget", "binding", "languages", "authentic", *_OTHERS)
NEW_PARTY = "new"
"""The key of a party that is added."""


def load_typed(reading: Connection, reference: str) -> Sketch:
    """The agreement on record as somebody would have typed it; its parties go by their references."""
    head = load_head(reading, reference)
    (language, title), *others = head["title"].items()
    renewal, notice = head["renewal"] or {}, head["notice"] or {}
    unit = "days" if notice.get("days") is not None else "months"
    return Sketch(
        title=title,
        title_language=language,
        titles=[TypedText(text=text, language=spoken) for spoken, text in others],
        kind=head["kind"],
        parties=[
            TypedParty(
                key=one.reference, name=one.reference, role=one.role, signed=one.signed or "", left=one.ended or ""
            )
            for one in _load_parties(reading, reference)
        ],
        end="date" if head.get("expires") else "none" if head.get("open_ended") else "unknown",
        renewal=renewal.get("rule") or "",
        renewal_months=_write(renewal.get("months")),
        renew_by=_write(renewal.get("renew_by")),
        notice=_write(notice.get(unit)),
        notice_unit=unit,
        signatories=[
            TypedSignatory(party=one.party, name=one.name, office=one.office or "")
            for one in _load_signatories(reading, reference)
        ],
        sources=[TypedSource(**{name: _write(value) for name, value in one.items()}) for one in head["sources"]],
        promises=_load_promises(reading, reference, head["budget"]),
        **_type_more(head),
        **{name: _write(head.get(name)) for name in ("effective", "expires", "term", "note", "ended", "ended_reason")},
    )


def _type_more(head: Mapping[str, Any]) -> dict[str, Any]:
    """What few agreements say, as it would have been typed."""
    network, tie = head["network"] or {}, head["relationship"] or {}
    return {
        "tie": TypedTie(chosen=tie.get("reference", "")),
        "network": TypedNetwork(
            name=network.get("name") or "",
            field=network.get("field") or "",
            designated=network.get("designated") or "",
            cycle=_write(network.get("reporting_cycle_years")),
            reports=[TypedReport(**{name: _write(one[name]) for name in one}) for one in network.get("reports", [])],
        ),
        "budget": [
            TypedBudgetLine(
                **{name: _write(one.get(name)) for name in TypedBudgetLine.model_fields if name != "approximate"},
                approximate="1" if one.get("approximate") else "",
            )
            for one in head["budget"]
        ],
        "languages": [
            TypedLanguage(language=one, authentic="yes" if one in head["authentic"] else "")
            for one in dict.fromkeys([*head["languages"], *head["authentic"]])
        ],
        "binding": "" if head.get("binding") is None else "yes" if head["binding"] else "no",
        **{name: _write(head.get(name)) for name in _OTHERS},
    }


def _load_promises(reading: Connection, reference: str, budget: Sequence[Mapping[str, Any]]) -> list[TypedPromise]:
    """What a budget line can be for: of a crowded agreement only what one is for already."""
    under = commitment.c.agreement_id == find_agreement(reading, reference).id
    columns = (
        select(commitment.c.reference, commitment.c.summary, commitment.c.summaries)
        .where(under)
        .order_by(commitment.c.position)
    )
    rows = reading.execute(columns.limit(_MANY_PROMISES + 1)).all()
    if len(rows) > _MANY_PROMISES:
        named = {one["commitment"] for one in budget if one.get("commitment")}
        rows = reading.execute(columns.where(commitment.c.reference.in_(named))).all()
    return [
        TypedPromise(key=row.reference, summary=row.summary, summaries=_read_texts(row.summaries or {})) for row in rows
    ]


def _read_texts(texts: Mapping[str, str]) -> list[TypedText]:
    return [TypedText(text=text, language=language) for language, text in texts.items()]


def amend_agreement(
    unit: Connection, author: Author, reference: str, typed: Sketch, known: Known, today: date
) -> Imported:
    """Write what was typed over an agreement's own fields, as a file with them would, and judge it anew.

    Gives what it changed, as of a file. `known` is what whoever typed it may name of the register. Raises Undrawn with
    every flaw: of a field, without a reason (`why`), and where nothing is different.
    """
    row = unit.execute(select(agreement).where(agreement.c.reference == reference).with_for_update()).one()
    signatories = _load_signatories(unit, reference)
    head = load_head(unit, reference)
    drawing = draw_agreement(typed, _knowing_itself(known, head), len(signatories))
    _check_documents(unit, row, typed, drawing)
    _check_leaving(unit, row, typed, today, drawing)
    _check_staying(head, drawing)
    _check_titles(head, typed, drawing)
    if not author.why:
        drawing.flaws.append(Flaw(Step.DATES, "why", Lack.MISSING))
    if drawing.flaws:
        raise Undrawn(drawing.flaws)
    corrected = _correct_signatories(unit, author, row, signatories, drawing)
    if row.open_ended is False:
        drawing.plain.setdefault("open_ended", False)  # to say that it has an end is more than not to know
    kept = {name: value for name, value in head.items() if name not in _OWN}
    parts = {"parties": drawing.plain.pop("parties"), "commitments": []}
    form = AgreementForm.model_validate(keep_filled(kept) | drawing.plain | parts)
    narrowed = form.model_dump(mode="json", exclude_defaults=True) | parts
    imported = import_agreement(unit, AgreementForm.model_validate(narrowed), author, today)
    if not (corrected or imported.changes):
        raise Undrawn([Flaw(Step.DATES, "", Lack.NOTHING_CHANGED)])
    reconcile_agreement(unit, row.id, author.at, today)
    return imported


def draw_agreement(typed: Sketch, known: Known, signed: int = 0) -> Drawing:
    """The fields as a file has them; the first so many who signed are on record, and cannot be left empty. Pure."""
    drawing = Drawing(named={one.key: one.key for one in typed.promises})
    parties = draw_parties(typed, known, drawing, None)
    reader = Reader(drawing, Step.DATES)
    if not typed.title:
        reader.lack("title", Lack.MISSING)
    if typed.kind not in list(AgreementKind):
        reader.lack("kind", Lack.NOTHING_CHOSEN)
    for at, one in enumerate(typed.signatories[:signed]):
        if not one.name and not one.office:
            reader.lack(f"s{at}-name", Lack.MISSING)
    ended, why_ended = reader.date("ended", typed.ended), reader.line("ended_reason", typed.ended_reason)
    if why_ended and not typed.ended:
        reader.lack("ended", Lack.MISSING)
    title = ("title", typed.title), ("title_language", typed.title_language)
    dates = draw_dates(typed, drawing)
    if ended and dates["effective"] and parse_date(ended).last < parse_date(dates["effective"]).first:
        reader.lack("ended", Lack.NOT_BEFORE, dates["effective"])
    for place, drawn in zip([place for place in typed.parties if place.name], parties, strict=False):
        left = reader.date(f"{place.key}-left", place.left)
        if left:
            drawn["ended"] = left
    more = draw_more(typed, known, drawing)
    drawing.plain = keep_filled({
        **{name: more[name] for name in _MORE},
        "parties": parties,
        "title": reader.texts("titles", typed.titles, first=title),
        "kind": typed.kind,
        **dates,
        "ended": ended,
        "ended_reason": why_ended,
    })  # fmt: skip
    return drawing


def _check_titles(head: Mapping[str, Any], typed: Sketch, drawing: Drawing) -> None:
    """A title that is changed in one language alone is asked about, unless the others are said to fit."""
    fields = {typed.title_language: "title"} | {one.language: f"titles-{at}" for at, one in enumerate(typed.titles)}
    for language in find_left_behind(head["title"], drawing.plain.get("title", {})) if not typed.titles_same else ():
        drawing.flaws.append(Flaw(Step.DATES, fields[language], Lack.LEFT_BEHIND))


def _knowing_itself(known: Known, head: Mapping[str, Any]) -> Known:
    """With the agreements to which it points already, also where whoever changes it does not see those."""
    named = frozenset(str(head[name]) for name in _OTHERS if head.get(name))
    return replace(known, agreements=(known.agreements | named) - {head["agreement"]})


def _check_leaving(unit: Connection, row: Row[Any], typed: Sketch, today: date, drawing: Drawing) -> None:
    """Who still owes something does not leave; who has left already is not asked about it again."""
    before = {one.reference: one.ended for one in _load_parties(unit, row.reference)}
    leaving = [one for one in typed.parties if one.left and one.key in before and not before[one.key]]
    owed = unit.execute(
        select(party.c.reference, commitment.c.reference.label("promise"))
        .join(commitment_owner, commitment_owner.c.party_id == party.c.id)
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .where(
            commitment.c.agreement_id == row.id,
            commitment.c.state.in_(UNSETTLED),
            party.c.reference.in_([one.key for one in leaving]),
        )
        .order_by(commitment.c.position)
    ).all()
    for one in leaving:
        promises = [found.promise for found in owed if found.reference == one.key]
        if promises:
            said = ", ".join(promises[:3]) + (" …" if len(promises) > 3 else "")
            drawing.flaws.append(Flaw(Step.PARTIES, f"{one.key}-left", Lack.STILL_OWES, said))


def _check_staying(head: Mapping[str, Any], drawing: Drawing) -> None:
    """Budget lines and reports handed in are put right, not taken away; where a line stands in a document is kept."""
    places = {one["reference"]: one for one in head["budget"]}
    drawn = {one["reference"]: one for one in drawing.plain.get("budget", [])}
    for reference, before in places.items():
        if reference not in drawn:
            drawing.flaws.append(Flaw(Step.MORE, "", Lack.STAYS, reference))
        elif before.get("source"):
            drawn[reference]["source"] = before["source"]
    reports = {one["cycle"] for one in (drawing.plain.get("network") or {}).get("reports", [])}
    for one in (head["network"] or {}).get("reports", []):
        if one["cycle"] not in reports:
            drawing.flaws.append(Flaw(Step.MORE, "", Lack.STAYS, str(one["cycle"])))


def _check_documents(unit: Connection, row: Row[Any], typed: Sketch, drawing: Drawing) -> None:
    """A document in which sentences are shown to stand keeps its name."""
    named = {one.document for one in typed.sources}
    gone = [at for at, one in enumerate(row.sources) if one["document"] not in named]
    if not gone:
        return
    under = commitment.c.agreement_id == row.id
    places = [
        *unit.execute(select(commitment.c.source).where(under, commitment.c.source.is_not(None))).scalars(),
        *unit.execute(select(budget_line.c.source).where(budget_line.c.agreement_id == row.id)).scalars(),
        *unit.execute(
            select(milestone.c.source).join(commitment, commitment.c.id == milestone.c.commitment_id).where(under)
        ).scalars(),
        *(
            place
            for places in unit.execute(select(commitment.c.quote_sources).where(under)).scalars()
            for place in places.values()
        ),
    ]
    pointed = {place["document"] for place in places if place}
    for at in gone:
        if row.sources[at]["document"] in pointed:
            drawing.flaws.append(Flaw(Step.DATES, f"d{at}-document", Lack.POINTED_AT, row.sources[at]["document"]))


def _correct_signatories(
    unit: Connection, author: Author, row: Row[Any], before: Sequence[Any], drawing: Drawing
) -> bool:
    """Whoever stands on record keeps their row, also under another name; whether anything was corrected."""
    parties = {one.reference: one.id for one in _load_parties(unit, row.reference)}
    known, corrected = {(one.party, one.name) for one in before}, False
    for one, said in zip(before, drawing.plain.get("signatories", []), strict=False):
        if (said["party"], said["name"]) in known:
            continue
        values = {"name": said["name"], "office": said.get("office"), "party_id": parties[said["party"]]}
        corrected |= amend_row(unit, author, signatory, one, values, f"{row.reference}/{one.name}", row.id)
    return corrected


def _load_parties(reading: Connection, reference: str) -> Sequence[Any]:
    return reading.execute(
        select(party.c.id, party.c.reference, agreement_party.c.role, agreement_party.c.signed, agreement_party.c.ended)
        .join(agreement_party, agreement_party.c.party_id == party.c.id)
        .where(agreement_party.c.agreement_id == find_agreement(reading, reference).id)
        .order_by(agreement_party.c.position)
    ).all()


def _load_signatories(reading: Connection, reference: str) -> Sequence[Any]:
    return reading.execute(
        select(signatory, party.c.reference.label("party"))
        .join(party, party.c.id == signatory.c.party_id)
        .where(signatory.c.agreement_id == find_agreement(reading, reference).id)
        .order_by(signatory.c.id)
    ).all()


def _write(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
