"""Draws a sketch as an agreement file, and says field by field what keeps it from being one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Any

from babel.core import get_global
from pydantic import TypeAdapter, ValidationError
from rapidfuzz import process, utils
from sqlalchemy import Connection, false, or_, select, union

from commitments.agreement_form import Mail
from commitments.dates import parse_date
from commitments.drafting import NEAR, make_unique
from commitments.handwriting import find_zone, read_number, read_partial, read_zone
from commitments.progress import make_readable
from commitments.sketch import Sketch, Step, TypedParty, TypedPromise
from commitments.tables import agreement, contact, party
from commitments.vocabulary import (
    AgreementKind,
    CommitmentKind,
    Comparator,
    ContactRole,
    Every,
    PartyKind,
    RenewalRule,
)

LONGEST_LINE = 300
LONGEST_TEXT = 4000
NOBODY = "-"
SOURCE_KINDS = ("signed_text", "press_release", "news", "report", "minutes", "speech", "other")
_MAIL: TypeAdapter[str] = TypeAdapter(Mail)


class Lack(StrEnum):
    """What is wrong with a field."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    NO_DATE = "no_date"
    NOT_BEFORE = "not_before"
    NO_NUMBER = "no_number"
    NO_WHOLE_NUMBER = "no_whole_number"
    UNKNOWN_ZONE = "unknown_zone"
    NO_MAIL = "no_mail"
    UNKNOWN_PARTY = "unknown_party"
    COUNTRY_MISSING = "country_missing"
    PARTY_TWICE = "party_twice"
    TOO_FEW_PARTIES = "too_few_parties"
    OWN_PARTY_MISSING = "own_party_missing"
    PERSON_TWICE = "person_twice"
    OWNERS_ONLY = "owners_only"
    LANGUAGE_MISSING = "language_missing"
    LANGUAGE_TWICE = "language_twice"
    PLAN_REPEATS = "plan_repeats"
    NUMBER_REPEATS = "number_repeats"
    NOTHING_CHOSEN = "nothing_chosen"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing to put right: at which step, in which field (and of which promise), and what is expected."""

    step: Step
    field: str
    lack: Lack
    detail: str = ""
    promise: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the register knows of the parties that a sketch names."""

    names: Mapping[str, str]
    """Each party's reference by what it may be called, in small letters."""
    shown: Mapping[str, Mapping[str, str]]
    """The names of each party by language."""
    contacts: Mapping[str, Sequence[Any]]
    """The contacts of the parties named, by party: reference, name, office, role."""
    taken: frozenset[str]
    """References of contacts and agreements that a new one could be given, and that are given already."""

    def find(self, name: str) -> str | None:
        return self.names.get(name.casefold())

    def suggest(self, name: str) -> str:
        near = process.extractOne(name, list(self.names), processor=utils.default_process, score_cutoff=NEAR)
        return self.names[near[0]] if near else ""


@dataclass
class Drawing:
    """The agreement file as plain values, and what keeps it from being one."""

    plain: dict[str, Any] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    parties: dict[str, str] = field(default_factory=dict)
    """Each party's reference by its key in the sketch."""
    people: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The party and the reference of each new contact, by its key in the sketch."""
    promises: dict[str, CommitmentKind] = field(default_factory=dict)

    def lacks(self, *steps: Step) -> list[Flaw]:
        return [one for one in self.flaws if one.step in steps]


def load_known(reading: Connection, sketch: Sketch) -> Known:
    """Three statements, whatever the size of the sketch."""
    names: dict[str, str] = {}
    shown: dict[str, Mapping[str, str]] = {}
    for row in reading.execute(select(party.c.reference, party.c.names).order_by(party.c.id)):
        shown[row.reference] = row.names or {"en": row.reference}
        for name in (*(row.names or {}).values(), row.reference):
            names.setdefault(name.casefold(), row.reference)
    named = {names[one.name.casefold()] for one in sketch.parties if one.name.casefold() in names}
    contacts: dict[str, list[Any]] = {}
    rows: Any = reading.execute(
        select(contact.c.reference, contact.c.name, contact.c.office, contact.c.role, party.c.reference.label("party"))
        .join(party, party.c.id == contact.c.party_id)
        .where(party.c.reference.in_(named))
        .order_by(contact.c.name)
    )
    for row in rows:
        contacts.setdefault(row.party, []).append(row)
    written = [one.name for one in sketch.people] + [one.name for one in sketch.parties]
    wishes = {make_readable(name)[:20] for name in written} - {""}
    alike = [contact.c.reference.like(f"%{wish}%") for wish in sorted(wishes)]
    taken = union(
        select(contact.c.reference).where(or_(false(), *alike)),
        select(agreement.c.reference).where(agreement.c.reference.like(f"{_wish_title(sketch)}%")),
    )
    return Known(names, shown, contacts, frozenset(reading.execute(taken).scalars()))


def draw_sketch(sketch: Sketch, known: Known, own: str | None = None) -> Drawing:
    """The sketch as an agreement file; `own` is the party of who writes it, which must then be one of the parties."""
    drawing = Drawing()
    parties = _draw_parties(sketch, known, drawing, own)
    plain: dict[str, Any] = {
        "agreement": make_unique(_wish_title(sketch), set(known.taken) | {"house"}),
        "title": _draw_texts(
            drawing, Step.PARTIES, "title", LONGEST_LINE,
            [(sketch.title, sketch.title_language), (sketch.other_title, sketch.other_language)], "other_language",
        ),
        "kind": sketch.kind,
        "parties": parties,
    }  # fmt: skip
    if not sketch.title:
        drawing.flaws.append(Flaw(Step.PARTIES, "title", Lack.MISSING))
    if sketch.kind not in list(AgreementKind):
        drawing.flaws.append(Flaw(Step.PARTIES, "kind", Lack.NOTHING_CHOSEN))
    plain |= _draw_dates(sketch, drawing)
    _draw_people(sketch, known, drawing, parties, own)
    taken: set[str] = set()
    plain["commitments"] = []
    for one in sketch.promises:
        drawn = draw_promise(one, drawing, taken, sketch.usual_owners, known)
        plain["commitments"].append(drawn)
        taken.add(drawn["reference"])
    drawing.plain = {name: value for name, value in plain.items() if value not in (None, "", [], {})}
    return drawing


def _wish_title(sketch: Sketch) -> str:
    wish = make_readable(sketch.title) or make_readable(sketch.other_title)
    return wish or make_readable(sketch.kind) or "agreement"


def _draw_texts(
    drawing: Drawing,
    step: Step,
    name: str,
    limit: int,
    typed: Sequence[tuple[str, str]],
    second: str,
    promise: str = "",
) -> dict[str, str]:
    """One text in up to two languages."""
    texts: dict[str, str] = {}
    for at, (text, language) in enumerate(typed):
        if not text:
            continue
        if len(text) > limit:
            drawing.flaws.append(Flaw(step, name if not at else f"other_{name}", Lack.TOO_LONG, str(limit), promise))
        if not language:
            drawing.flaws.append(Flaw(step, second if at else f"{name}_language", Lack.LANGUAGE_MISSING, "", promise))
        elif language in texts:
            drawing.flaws.append(Flaw(step, second, Lack.LANGUAGE_TWICE, "", promise))
        else:
            texts[language] = text
    return texts


def _draw_parties(sketch: Sketch, known: Known, drawing: Drawing, own: str | None) -> list[dict[str, Any]]:
    drawn: list[dict[str, Any]] = []
    taken = set(known.shown)
    for one in sketch.parties:
        if not one.name:
            # An empty place for a party is none, unless something stands in it.
            if one.kind or one.country or one.other_name:
                drawing.flaws.append(Flaw(Step.PARTIES, f"{one.key}-name", Lack.MISSING))
            continue
        found = known.find(one.name)
        reference = found or make_unique(make_readable(one.name) or f"party-{one.key}", taken)
        if reference in drawing.parties.values():
            drawing.flaws.append(Flaw(Step.PARTIES, f"{one.key}-name", Lack.PARTY_TWICE))
            continue
        drawing.parties[one.key] = reference
        taken.add(reference)
        written = {} if found else _write_party(one, sketch.title_language or "en", known, drawing)
        drawn.append({"reference": reference, **written})
    if len(drawing.parties) < 2:
        empty = next((one.key for one in sketch.parties if not one.name), "")
        drawing.flaws.append(Flaw(Step.PARTIES, f"{empty}-name" if empty else "", Lack.TOO_FEW_PARTIES))
    elif own is not None and own not in drawing.parties.values():
        drawing.flaws.append(Flaw(Step.PARTIES, "", Lack.OWN_PARTY_MISSING, own))
    return drawn


def _write_party(one: TypedParty, language: str, known: Known, drawing: Drawing) -> dict[str, Any]:
    def lack(name: str, what: Lack, detail: str = "") -> None:
        drawing.flaws.append(Flaw(Step.PARTIES, f"{one.key}-{name}", what, detail))

    if one.kind not in list(PartyKind):
        lack("name" if not one.kind and not one.country else "kind", Lack.UNKNOWN_PARTY, known.suggest(one.name))
    elif one.country not in get_global("territory_zones"):
        lack("country", Lack.COUNTRY_MISSING)
    for name, text in (("name", one.name), ("other_name", one.other_name)):
        if len(text) > LONGEST_LINE:
            lack(name, Lack.TOO_LONG, str(LONGEST_LINE))
    zone = read_zone(one.time_zone) if one.time_zone else find_zone(one.country)
    if one.time_zone and zone is None:
        lack("time_zone", Lack.UNKNOWN_ZONE)
    names = {language: one.name}
    if one.other_name and not one.other_language:
        lack("other_language", Lack.LANGUAGE_MISSING)
    elif one.other_name and one.other_language in names:
        lack("other_language", Lack.LANGUAGE_TWICE)
    elif one.other_name:
        names[one.other_language] = one.other_name
    written = {"kind": one.kind, "country": one.country, "time_zone": zone, "language": one.language}
    return {"names": names} | {name: value for name, value in written.items() if value}


def _draw_dates(sketch: Sketch, drawing: Drawing) -> dict[str, Any]:
    reader = _Reader(drawing, Step.DATES)
    signed = {
        drawing.parties[one.key]: day
        for one in sketch.parties
        if one.key in drawing.parties and (day := reader.date(f"{one.key}-signed", one.signed))
    }
    effective = reader.date("effective", sketch.effective)
    expires = reader.date("expires", sketch.expires) if sketch.end == "date" else None
    if sketch.end == "date" and not sketch.expires:
        reader.lack("expires", Lack.MISSING)
    if effective and expires and parse_date(expires).last < parse_date(effective).first:
        reader.lack("expires", Lack.NOT_BEFORE, effective)
    renewal = None
    if sketch.renewal in list(RenewalRule):
        months, by = reader.whole("renewal_months", sketch.renewal_months), reader.date("renew_by", sketch.renew_by)
        renewal = {"rule": sketch.renewal} | {
            name: value for name, value in (("months", months), ("renew_by", by)) if value
        }
    notice = reader.whole("notice", sketch.notice, least=0)
    document = reader.line("source", sketch.source)
    source = {
        "document": document,
        "kind": sketch.source_kind if sketch.source_kind in SOURCE_KINDS else "other",
        "date": reader.date("source_date", sketch.source_date),
        "language": sketch.source_language or None,
    }
    return {
        "signatories": list(_draw_signatories(sketch, drawing, reader)),
        "signed": signed,
        "effective": effective,
        "expires": expires,
        "open_ended": True if sketch.end == "none" else None,
        "term": reader.line("term", sketch.term),
        "renewal": renewal,
        "notice": {"days" if sketch.notice_unit == "days" else "months": notice} if notice is not None else None,
        "sources": [{name: value for name, value in source.items() if value}] if document else [],
        "note": reader.line("note", sketch.note, LONGEST_TEXT),
    }


def _draw_signatories(sketch: Sketch, drawing: Drawing, reader: "_Reader") -> Iterator[dict[str, Any]]:
    seen: set[tuple[str, str]] = set()
    for at, one in enumerate(sketch.signatories):
        if not one.name and not one.office:
            continue
        name, office = reader.line(f"s{at}-name", one.name), reader.line(f"s{at}-office", one.office)
        signed_for = drawing.parties.get(one.party)
        if not name:
            reader.lack(f"s{at}-name", Lack.MISSING)
        elif signed_for is None:
            reader.lack(f"s{at}-party", Lack.NOTHING_CHOSEN)
        elif (signed_for, name) in seen:
            reader.lack(f"s{at}-name", Lack.PERSON_TWICE)
        else:
            seen.add((signed_for, name))
            yield {"party": signed_for, "name": name, **({"office": office} if office else {})}


def _draw_people(
    sketch: Sketch, known: Known, drawing: Drawing, parties: Sequence[dict[str, Any]], own: str | None
) -> None:
    """Write the new people into their parties."""
    reader, by_reference = _Reader(drawing, Step.OWNERS), {one["reference"]: one for one in parties}
    taken = set(known.taken)
    for one in sketch.people:
        if not (one.name or one.mail or one.office):
            continue
        holder = drawing.parties.get(one.party)
        name, office = reader.line(f"{one.key}-name", one.name), reader.line(f"{one.key}-office", one.office)
        if not name:
            reader.lack(f"{one.key}-name", Lack.MISSING)
        if holder is None:
            reader.lack(f"{one.key}-party", Lack.NOTHING_CHOSEN)
        elif own is not None and holder != own and holder in known.shown and one.role != ContactRole.OWNER:
            reader.lack(f"{one.key}-role", Lack.OWNERS_ONLY)
        if not is_mail(one.mail):
            reader.lack(f"{one.key}-mail", Lack.NO_MAIL if one.mail else Lack.MISSING)
        if holder is None or not name:
            continue
        if any(name.casefold() == other.name.casefold() for other in known.contacts.get(holder, ())):
            reader.lack(f"{one.key}-name", Lack.PERSON_TWICE)
        reference = make_unique(make_readable(f"{holder} {_plain_name(name)}") or one.key, taken)
        taken.add(reference)
        drawing.people[one.key] = (holder, reference)
        role = one.role if one.role in list(ContactRole) else str(ContactRole.OWNER)
        written = {"reference": reference, "name": name, "office": office, "role": role, "language": one.language}
        by_reference[holder].setdefault("contacts", []).append(
            {key: value for key, value in written.items() if value} | {"channels": {"mail": one.mail}}
        )


def is_mail(text: str) -> bool:
    """Whether this is a mail address as the register takes it."""
    try:
        _MAIL.validate_python(text)
    except ValidationError:
        return False
    return True


def _plain_name(name: str) -> str:
    return make_readable(name) or "person"


def draw_promise(
    one: TypedPromise,
    drawing: Drawing,
    taken: Iterable[str],
    usual: Mapping[str, str],
    known: Known,
) -> dict[str, Any]:
    """One commitment as its file has it. Its kind follows from the answers; its flaws go into the drawing."""
    reader = _Reader(drawing, Step.COMMITMENTS, one.key)
    summary = reader.line("summary", one.summary)
    if not summary:
        reader.lack("summary", Lack.MISSING)
    kind = choose_kind(one)
    drawing.promises[one.key] = kind
    due = reader.date("due", one.due) if one.has_date == "yes" else None
    if one.has_date == "yes" and not one.due:
        reader.lack("due", Lack.MISSING)
    recurrence = target = None
    if one.repeats in list(Every):
        if kind is CommitmentKind.PLANNED:
            reader.lack("repeats", Lack.PLAN_REPEATS)
        times, counted = reader.whole("times", one.times or "1", most=10_000), reader.line("counted", one.counted)
        recurrence = {"every": one.repeats, "count": times or 1, **({"what": counted} if counted else {})}
    if one.has_number == "yes":
        if recurrence is not None:
            reader.lack("has_number", Lack.NUMBER_REPEATS)
        quantity, unit = reader.number("quantity", one.quantity), reader.line("unit", one.unit)
        if not one.quantity:
            reader.lack("quantity", Lack.MISSING)
        if not unit:
            reader.lack("unit", Lack.MISSING)
        comparator = one.comparator if one.comparator in list(Comparator) else str(Comparator.AT_LEAST)
        target = {"quantity": quantity, "unit": unit, "comparator": comparator}
    owing = [key for key in one.owed_by if key in drawing.parties] or list(drawing.parties)
    wanted = {
        "reference": make_unique(make_readable(" ".join(one.summary.split()[:6])) or str(kind), set(taken)),
        "summary": summary,
        "kind": str(kind),
        "quote": _draw_texts(
            drawing, Step.COMMITMENTS, "quote", LONGEST_TEXT,
            [(one.quote, one.quote_language), (one.other_quote, one.other_language)], "other_language", one.key,
        ),
        "theme": reader.line("theme", one.theme),
        "owners": [_draw_owner(key, one.owners.get(key) or usual.get(key, ""), drawing, known) for key in owing],
        "implementers": [name for name in (part.strip() for part in one.implementers.split(";")) if name],
        "confirm_by" if kind is CommitmentKind.PLANNED else "due": due,
        "recurrence": recurrence,
        "target": target,
        "note": reader.line("note", one.note, LONGEST_TEXT),
    }  # fmt: skip
    reader.line("implementers", one.implementers)
    return {name: value for name, value in wanted.items() if value not in (None, "", [], {})}


def choose_kind(one: TypedPromise) -> CommitmentKind:
    """The kind that the answers make: a plan; else what repeats, has a number, has a date; else open-ended."""
    if one.is_plan == "yes":
        return CommitmentKind.PLANNED
    if one.repeats in list(Every):
        return CommitmentKind.RECURRING
    if one.has_number == "yes":
        return CommitmentKind.TARGET
    return CommitmentKind.DELIVERABLE if one.has_date == "yes" else CommitmentKind.OPEN_ENDED


def _draw_owner(key: str, who: str, drawing: Drawing, known: Known) -> dict[str, str]:
    """A party that owes it, with the person who answers: one of the register, or a new one of the same party."""
    holder = drawing.parties[key]
    mine = {key: reference for key, (of, reference) in drawing.people.items() if of == holder}
    mine |= {one.reference: one.reference for one in known.contacts.get(holder, ())}
    return {"party": holder, **({"contact": mine[who]} if who in mine else {})}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads typed fields of one step; what cannot be read is noted as a flaw."""

    drawing: Drawing
    step: Step
    promise: str = ""

    def lack(self, name: str, what: Lack, detail: str = "") -> None:
        self.drawing.flaws.append(Flaw(self.step, name, what, detail, self.promise))

    def line(self, name: str, text: str, limit: int = LONGEST_LINE) -> str | None:
        if len(text) > limit:
            self.lack(name, Lack.TOO_LONG, str(limit))
        return text or None

    def date(self, name: str, text: str) -> str | None:
        day = read_partial(text) if text else None
        if text and day is None:
            self.lack(name, Lack.NO_DATE)
        return day

    def number(self, name: str, text: str) -> float | None:
        number = read_number(text) if text else None
        if text and (number is None or not isfinite(number)):
            self.lack(name, Lack.NO_NUMBER)
            return None
        return number

    def whole(self, name: str, text: str, least: int = 1, most: int = 1200) -> int | None:
        number = read_number(text) if text else None
        if not text:
            return None
        if number is None or not isfinite(number) or number != int(number) or not least <= number <= most:
            self.lack(name, Lack.NO_WHOLE_NUMBER, f"{least}–{most:,}")
            return None
        return int(number)
