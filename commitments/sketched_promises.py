"""Draws one commitment of a sketch as its file has it; the kind follows from the answers to plain questions."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from commitments.filling import LONGEST_TEXT
from commitments.naming import make_readable, make_unique
from commitments.recurrence import is_period_name
from commitments.sketch import Step, TypedPlace, TypedPromise
from commitments.sketch_flaws import Drawing, Lack, Reader, keep_filled
from commitments.sketch_known import Known, find_person
from commitments.vocabulary import CommitmentKind, Comparator, Every, Owed

_BETWEEN = re.compile("[;\uff1b]")
_BETWEEN_TAGS = re.compile("[;,\uff1b\uff0c\u3001]")


def draw_promise(
    one: TypedPromise,
    drawing: Drawing,
    taken: Iterable[str],
    usual: Mapping[str, str],
    known: Known,
) -> dict[str, Any]:
    """One commitment as its file has it. Its kind follows from the answers; its flaws go into the drawing."""
    reader, taken = Reader(drawing, Step.COMMITMENTS, one.key), set(taken)
    summary = reader.line("summary", one.summary)
    if not summary:
        reader.lack("summary", Lack.MISSING)
    kind = choose_kind(one)
    drawing.promises[one.key] = kind
    if kind is CommitmentKind.PLANNED and one.repeats in list(Every):
        reader.lack("repeats", Lack.PLAN_REPEATS)
    due = reader.date("due", one.due) if one.has_date == "yes" else None
    if one.has_date == "yes" and not one.due:
        reader.lack("due", Lack.MISSING)
    for name in find_unasked(one):
        reader.lack(name, Lack.ANSWERED_NO)
    sentence = ("quote", one.quote), ("quote_language", one.quote_language)
    owing = [key for key in one.owed_by if key in drawing.parties] or list(drawing.parties)
    wish = make_readable(" ".join(one.summary.split()[:6])) or str(kind)
    reference = reader.reference("reference", one.reference, taken) or make_unique(wish, taken)
    drawing.named[one.key] = reference
    return keep_filled({
        "reference": reference,
        "summary": summary,
        "summaries": reader.texts("summaries", one.summaries),
        "kind": str(kind),
        "quote": reader.texts("quotes", one.quotes, LONGEST_TEXT, sentence),
        "source": draw_place(reader, one.place, one.quote),
        "theme": reader.line("theme", one.theme),
        "owners": [_draw_owner(key, one.owners.get(key) or usual.get(key, ""), drawing, known) for key in owing],
        "due": due,
        "confirm_by": reader.date("confirm_by", one.confirm_by) if kind is CommitmentKind.PLANNED else None,
        **draw_terms(reader, one),
        "milestones": _draw_milestones(reader, one, drawing),
        "note": reader.line("note", one.note, LONGEST_TEXT),
    })  # fmt: skip


def draw_terms(reader: Reader, one: TypedPromise) -> dict[str, Any]:
    """How often, how much, over which time and on what condition; how it is owed, who does it, what it is found by."""
    begins, ends = reader.span(("period_from", one.period_from), ("period_to", one.period_to))
    met_on = reader.date("condition_met_on", one.condition_met_on)
    condition = reader.line("condition", one.condition)
    if met_on and not condition:
        reader.lack("condition", Lack.MISSING)
    reader.line("implementers", one.implementers, LONGEST_TEXT)
    return keep_filled({
        "tags": list(_draw_tags(reader, one.tags)),
        "owed": one.owed if one.owed in list(Owed) else str(Owed.JOINTLY),
        "implementers": [name for name in (part.strip() for part in _BETWEEN.split(one.implementers)) if name],
        "period_from": begins,
        "period_to": ends,
        "recurrence": _draw_recurrence(reader, one),
        "target": _draw_target(reader, one),
        "condition": keep_filled({"text": condition, "met_on": met_on}) if condition else None,
    })  # fmt: skip


def find_unasked(one: TypedPromise) -> list[str]:
    """The fields that are filled in though the answer to the question above them says that they do not count.

    A browser that cannot hide them shows them whatever is answered; what is typed there is not to be lost in silence.
    """
    below = [
        (one.is_plan == "yes", {"confirm_by": one.confirm_by}),
        (one.has_date == "yes", {"due": one.due}),
        (one.repeats in list(Every), {
            "times": one.times if one.times != TypedPromise().times else "", "counted": one.counted,
            "interval": one.interval, "months": one.months, "starts": one.starts, "ends": one.ends,
        }),
        (one.has_number == "yes", {
            "quantity": one.quantity, "unit": one.unit, "baseline": one.baseline, "baseline_on": one.baseline_on,
        }),
    ]  # fmt: skip
    return [name for counts, fields in below if not counts for name, typed in fields.items() if typed]


def choose_kind(one: TypedPromise) -> CommitmentKind:
    """The kind that the answers make: a plan; else what repeats, has a number, is done one day; else open-ended."""
    if one.is_plan == "yes":
        return CommitmentKind.PLANNED
    if one.repeats in list(Every):
        return CommitmentKind.RECURRING
    if one.has_number == "yes":
        return CommitmentKind.TARGET
    return CommitmentKind.DELIVERABLE if one.has_date in ("yes", "once") else CommitmentKind.OPEN_ENDED


def _draw_recurrence(reader: Reader, one: TypedPromise) -> dict[str, Any] | None:
    if one.repeats not in list(Every):
        return None
    begins, ends = reader.span(("starts", one.starts), ("ends", one.ends))
    months = [part for part in re.split(r"[^\w]+", one.months) if part]
    read = [int(part) for part in months if part.isascii() and part.isdigit() and 1 <= int(part) <= 12]
    if len(read) != len(months):
        reader.lack("months", Lack.NO_MONTHS)
    return keep_filled({
        "every": one.repeats,
        "interval": reader.whole("interval", one.interval, most=100),
        "count": reader.whole("times", one.times or "1", most=10_000) or 1,
        "starts": begins,
        "months": read,
        "ends": ends,
        "what": reader.line("counted", one.counted),
    })  # fmt: skip


def _draw_target(reader: Reader, one: TypedPromise) -> dict[str, Any] | None:
    if one.has_number != "yes":
        return None
    quantity, unit = reader.number("quantity", one.quantity), reader.line("unit", one.unit)
    if not one.quantity:
        reader.lack("quantity", Lack.MISSING)
    if not unit:
        reader.lack("unit", Lack.MISSING)
    baseline = reader.number("baseline", one.baseline)
    if quantity is not None and quantity < 0 and (baseline or 0) >= 0:
        reader.lack("quantity", Lack.BELOW_ZERO)
    target = {
        "quantity": quantity,
        "unit": unit,
        "comparator": one.comparator if one.comparator in list(Comparator) else str(Comparator.AT_LEAST),
        "baseline": baseline,
        "baseline_on": reader.date("baseline_on", one.baseline_on),
    }
    return {name: value for name, value in target.items() if value is not None}


def draw_place(reader: Reader, place: TypedPlace, quote: str) -> dict[str, Any] | None:
    """Where the sentence stands; its end and its fingerprint follow from the sentence where it is written out."""
    if not (place.document or place.start or place.end or place.sha256):
        return None
    start = reader.whole("place-start", place.start, 0, 100_000_000)
    end = reader.whole("place-end", place.end, 1, 100_000_000)
    print_ = reader.fingerprint("place-sha256", place.sha256)
    if end is None and not place.end and quote and start is not None:
        end = start + len(quote)
    own = sha256(quote.encode()).hexdigest() if quote else None
    if print_ is None and not place.sha256:
        print_ = own
    elif None not in (print_, own) and print_ != own:
        reader.lack("place-sha256", Lack.OTHER_FINGERPRINT)
    for name, value, typed in (
        ("start", start, place.start), ("end", end, place.end), ("sha256", print_, place.sha256),
    ):  # fmt: skip
        if value is None and not typed:
            reader.lack(f"place-{name}", Lack.MISSING)
    if place.document not in reader.drawing.documents:
        reader.lack("place-document", Lack.NOTHING_CHOSEN)
    if start is not None and end is not None and end <= start:
        reader.lack("place-end", Lack.NO_WHOLE_NUMBER, f"{start + 1:,}–100,000,000")
    return {"document": place.document, "start": start, "end": end, "sha256": print_}


def _draw_tags(reader: Reader, typed: str) -> Iterable[str]:
    tags: dict[str, None] = {}
    for part in _BETWEEN_TAGS.split(typed):
        if part.strip() and (read := reader.reference("tags", part.strip().lower().replace(" ", "-"))):
            tags[read] = None
    return tags


def _draw_milestones(reader: Reader, one: TypedPromise, drawing: Drawing) -> list[dict[str, Any]]:
    drawn: list[dict[str, Any]] = []
    taken: set[str] = set()
    for at, typed in enumerate(one.milestones):
        name = f"m{at}"
        title = reader.line(f"{name}-title", typed.title)
        titles = reader.texts(f"{name}-titles", typed.titles)
        due = reader.date(f"{name}-due", typed.due)
        if not title and (titles or typed.due or typed.party or typed.reference):
            reader.lack(f"{name}-title", Lack.MISSING)
        if not title:
            continue
        wish = (make_readable(typed.title) or "step")[:60]
        reference = reader.reference(f"{name}-reference", typed.reference, taken) or make_unique(wish, taken)
        if is_period_name(reference) and choose_kind(one) is CommitmentKind.RECURRING:
            if typed.reference:
                reader.lack(f"{name}-reference", Lack.REFERENCE_TAKEN)
            reference = make_unique(f"step-{reference}", taken)
        taken.add(reference)
        party = drawing.parties.get(typed.party)
        drawn.append(
            keep_filled({"reference": reference, "title": title, "titles": titles, "due": due, "party": party})
        )
    return drawn


def _draw_owner(key: str, who: str, drawing: Drawing, known: Known) -> dict[str, str]:
    """A party that owes it, with the person who answers: one of the register, or a new one of the same party."""
    holder = drawing.parties[key]
    person = find_person(who, holder, drawing, known)
    return {"party": holder, **({"contact": person} if person else {})}
