"""Draws a sketch as an agreement file, and says field by field what keeps it from being one."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from commitments.calendar import list_countries
from commitments.dates import parse_date
from commitments.filling import LONGEST_TEXT
from commitments.form_fields import Mail
from commitments.handwriting import find_zone, read_zone
from commitments.naming import make_readable, make_unique
from commitments.sketch import Sketch, Step, TypedParty, TypedPerson
from commitments.sketch_flaws import Drawing, Flaw, Lack, Reader, keep_filled
from commitments.sketch_known import Known, find_person, wish_title
from commitments.sketched_more import draw_more
from commitments.sketched_promises import draw_promise
from commitments.vocabulary import AgreementKind, ContactRole, PartyKind, PartyRole, RenewalRule

NOBODY = "-"
SOURCE_KINDS = ("signed_text", "press_release", "news", "report", "minutes", "speech", "other")
_OF_ONE_PARTY = (AgreementKind.DECLARED_PLANS, AgreementKind.NETWORK_MEMBERSHIP)
"""What one party can declare or join alone."""
_MAIL: TypeAdapter[str] = TypeAdapter(Mail)


def draw_sketch(sketch: Sketch, known: Known, own: str | None = None) -> Drawing:
    """The sketch as an agreement file; `own` is the party of who writes it, which must then be one of the parties."""
    drawing = Drawing()
    reader = Reader(drawing, Step.PARTIES)
    title = ("title", sketch.title), ("title_language", sketch.title_language)
    given = reader.reference("reference", sketch.reference, {*known.taken, "house"})
    parties = draw_parties(sketch, known, drawing, own)
    if not sketch.title:
        reader.lack("title", Lack.MISSING)
    if sketch.kind not in list(AgreementKind):
        reader.lack("kind", Lack.NOTHING_CHOSEN)
    plain: dict[str, Any] = {
        "agreement": given or make_unique(wish_title(sketch), set(known.taken) | {"house"}),
        "title": reader.texts("titles", sketch.titles, first=title),
        "kind": sketch.kind,
        "parties": parties,
        **draw_dates(sketch, drawing),
    }
    drawing.documents = [one["document"] for one in plain["sources"]]
    _draw_people(sketch, known, drawing, parties, own)
    _refuse_leaders(sketch, known, drawing)
    taken: set[str] = set()
    plain["commitments"] = []
    for one in sketch.promises:
        drawn = draw_promise(one, drawing, taken, sketch.usual_owners, known)
        plain["commitments"].append(drawn)
        taken.add(drawn["reference"])
    drawing.plain = keep_filled(plain | draw_more(sketch, known, drawing))
    return drawing


def draw_parties(sketch: Sketch, known: Known, drawing: Drawing, own: str | None) -> list[dict[str, Any]]:
    """The parties as a file has them: by their references, and what is written of those that are new."""
    drawn: list[dict[str, Any]] = []
    taken = set(known.shown)
    for one in sketch.parties:
        if not one.name:
            # An empty place for a party is none, unless something stands in it.
            if one.kind or one.country or one.names:
                drawing.flaws.append(Flaw(Step.PARTIES, f"{one.key}-name", Lack.MISSING))
            continue
        found = known.find(one.name)
        given = "" if found else Reader(drawing, Step.PARTIES).reference(f"{one.key}-reference", one.reference, taken)
        reference = found or given or make_unique(_wish_party(one), taken)
        if reference in drawing.parties.values():
            drawing.flaws.append(Flaw(Step.PARTIES, f"{one.key}-name", Lack.PARTY_TWICE))
            continue
        drawing.parties[one.key] = reference
        taken.add(reference)
        written = {} if found else _write_party(one, sketch.title_language or "en", known, drawing)
        role = {"role": one.role} if one.role in list(PartyRole) and one.role != PartyRole.PARTY else {}
        drawn.append({"reference": reference, **role, **written})
    if len(drawing.parties) < (1 if sketch.kind in _OF_ONE_PARTY else 2):
        empty = next((one.key for one in sketch.parties if not one.name), "")
        drawing.flaws.append(Flaw(Step.PARTIES, f"{empty}-name" if empty else "", Lack.TOO_FEW_PARTIES))
    elif own is not None and own not in drawing.parties.values():
        drawing.flaws.append(Flaw(Step.PARTIES, "", Lack.OWN_PARTY_MISSING, own))
    return drawn


def _write_party(one: TypedParty, language: str, known: Known, drawing: Drawing) -> dict[str, Any]:
    reader = Reader(drawing, Step.PARTIES)

    def lack(name: str, what: Lack, detail: str = "") -> None:
        reader.lack(f"{one.key}-{name}", what, detail)

    if one.kind not in list(PartyKind):
        lack("name" if not one.kind and not one.country else "kind", Lack.UNKNOWN_PARTY, known.suggest(one.name))
    elif one.country not in list_countries():
        lack("country", Lack.COUNTRY_MISSING)
    zone = read_zone(one.time_zone) if one.time_zone else find_zone(one.country)
    if one.time_zone and zone is None:
        lack("time_zone", Lack.UNKNOWN_ZONE)
    parent = known.find(one.parent) if one.parent else None
    if one.parent and parent is None:
        lack("parent", Lack.PARENT_UNKNOWN, known.suggest(one.parent))
    name = (f"{one.key}-name", one.name), ("title_language", language)
    return keep_filled({
        "names": reader.texts(f"{one.key}-names", one.names, first=name),
        "kind": one.kind,
        "country": one.country,
        "subdivision": reader.line(f"{one.key}-subdivision", one.subdivision),
        "time_zone": zone,
        "language": one.language,
        "parent": parent,
    })  # fmt: skip


def draw_dates(sketch: Sketch, drawing: Drawing) -> dict[str, Any]:
    """When and by whom it was signed, from when to when it holds, how it goes on, and whence this is known."""
    reader = Reader(drawing, Step.DATES)
    signed = {
        drawing.parties[one.key]: day
        for one in sketch.parties
        if one.key in drawing.parties and (day := reader.date(f"{one.key}-signed", one.signed))
    }
    effective = reader.date("effective", sketch.effective)
    expires = reader.date("expires", sketch.expires) if sketch.end == "date" else None
    if sketch.end == "date" and not sketch.expires:
        reader.lack("expires", Lack.MISSING)
    if sketch.expires and sketch.end != "date":
        reader.lack("end", Lack.END_NOT_SAID)
    if effective and expires and parse_date(expires).last < parse_date(effective).first:
        reader.lack("expires", Lack.NOT_BEFORE, effective)
    renewal = None
    if sketch.renewal in list(RenewalRule):
        months, by = reader.whole("renewal_months", sketch.renewal_months), reader.date("renew_by", sketch.renew_by)
        renewal = {"rule": sketch.renewal} | {
            name: value for name, value in (("months", months), ("renew_by", by)) if value
        }
    elif sketch.renewal_months or sketch.renew_by:
        reader.lack("renewal", Lack.NOTHING_CHOSEN)
    notice = reader.whole("notice", sketch.notice, least=0)
    return {
        "signatories": list(_draw_signatories(sketch, drawing, reader)),
        "signed": signed,
        "effective": effective,
        "expires": expires,
        "open_ended": True if sketch.end == "none" else None,
        "term": reader.line("term", sketch.term),
        "renewal": renewal,
        "notice": {"days" if sketch.notice_unit == "days" else "months": notice} if notice is not None else None,
        "sources": _draw_sources(sketch, reader),
        "note": reader.line("note", sketch.note, LONGEST_TEXT),
    }


def _draw_sources(sketch: Sketch, reader: Reader) -> list[dict[str, Any]]:
    drawn: list[dict[str, Any]] = []
    for at, one in enumerate(sketch.sources):
        name = f"d{at}"
        if not one.document and (one.date or one.title or one.sha256):
            reader.lack(f"{name}-document", Lack.MISSING)
        if one.document and one.document in [other["document"] for other in drawn]:
            reader.lack(f"{name}-document", Lack.TWICE)
        source = {
            "document": reader.line(f"{name}-document", one.document),
            "kind": one.kind if one.kind in SOURCE_KINDS else "other",
            "date": reader.date(f"{name}-date", one.date),
            "language": one.language,
            "title": reader.line(f"{name}-title", one.title),
            "sha256": reader.fingerprint(f"{name}-sha256", one.sha256),
        }
        if one.document:
            drawn.append(keep_filled(source))
    return drawn


def _draw_signatories(sketch: Sketch, drawing: Drawing, reader: Reader) -> Iterator[dict[str, Any]]:
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
    reader, by_reference = Reader(drawing, Step.OWNERS), {one["reference"]: one for one in parties}
    taken = set(known.taken)
    written: dict[str, dict[str, Any]] = {}
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
        elif own is not None and holder is not None and holder != own:
            other = _find_at_another_party(one, holder, sketch, known, drawing)
            if other is not None:
                reader.lack(f"{one.key}-mail", Lack.ADDRESS_OF_OTHERS, other)
        if holder is None or not name:
            continue
        if any(name.casefold() == other.name.casefold() for other in known.contacts.get(holder, ())):
            reader.lack(f"{one.key}-name", Lack.PERSON_TWICE)
        given = reader.reference(f"{one.key}-reference", one.reference, taken)
        reference = given or make_unique(make_readable(f"{holder} {_plain_name(name)}") or one.key, taken)
        taken.add(reference)
        drawing.people[one.key] = (holder, reference)
        begins, ends = reader.span((f"{one.key}-valid_from", one.valid_from), (f"{one.key}-valid_to", one.valid_to))
        written[one.key] = keep_filled({
            "reference": reference,
            "name": name,
            "office": office,
            "role": one.role if one.role in list(ContactRole) else str(ContactRole.OWNER),
            "language": one.language,
            "time_zone": _draw_zone(one, reader),
            "valid_from": begins,
            "valid_to": ends,
            "channels": {"mail": one.mail},
        })  # fmt: skip
        by_reference[holder].setdefault("contacts", []).append(written[one.key])
    for one in sketch.people:
        deputy = find_person(one.deputy, drawing.people[one.key][0], drawing, known) if one.key in written else None
        if deputy is not None and one.deputy != one.key:
            written[one.key]["deputy"] = deputy


def _refuse_leaders(sketch: Sketch, known: Known, drawing: Drawing) -> None:
    """A leader reads: they answer for nothing and stand in for nobody, whether the register knows them or not."""
    leaders = {one.key: one.name for one in sketch.people if one.role == ContactRole.LEADER}
    leaders |= {
        person.reference: person.name
        for party in drawing.parties.values()
        for person in known.contacts.get(party, ())
        if person.role == ContactRole.LEADER
    }
    chosen = {f"usual-{party}": who for party, who in sketch.usual_owners.items()}
    chosen |= {f"{one.key}-{party}": who for one in sketch.promises for party, who in one.owners.items()}
    chosen |= {f"{one.key}-deputy": one.deputy for one in sketch.people if one.key in drawing.people}
    for field, who in chosen.items():
        if who in leaders:
            drawing.flaws.append(Flaw(Step.OWNERS, field, Lack.LEADER_READS, leaders[who]))


def _find_at_another_party(one: TypedPerson, holder: str, sketch: Sketch, known: Known, drawing: Drawing) -> str | None:
    """Who of the other parties has this person's mail address already."""
    mail = one.mail.casefold()
    there = (
        person.name
        for party in drawing.parties.values()
        if party != holder
        for person in known.contacts.get(party, ())
        if person.mail == mail
    )
    new = (
        person.name
        for person in sketch.people
        if person is not one and person.mail.casefold() == mail
        if drawing.parties.get(person.party) not in (None, holder)
    )
    return next(there, None) or next(new, None)


def _wish_party(one: TypedParty) -> str:
    """What a new party would be called, in letters that a reference can have: by one of its names, else by what and
    where it is."""
    names = (make_readable(text) for text in (one.name, *(other.text for other in one.names)))
    return next((wish for wish in names if wish), make_readable(f"{one.kind} {one.country}") or f"party-{one.key}")


def _draw_zone(one: TypedPerson, reader: Reader) -> str | None:
    zone = read_zone(one.time_zone) if one.time_zone else None
    if one.time_zone and zone is None:
        reader.lack(f"{one.key}-time_zone", Lack.UNKNOWN_ZONE)
    return zone


def is_mail(text: str) -> bool:
    """Whether this is a mail address as the register takes it, at a domain that has a dot: letters to others fail."""
    try:
        _MAIL.validate_python(text)
    except ValidationError:
        return False
    return "." in text.rpartition("@")[2]


def _plain_name(name: str) -> str:
    return make_readable(name) or "person"
