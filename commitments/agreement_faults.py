"""The faults of an agreement that no single field can tell: names that must meet, dates in order, numbers that fit."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, create_model
from rapidfuzz import process

from commitments.agreement_form import AgreementForm, CommitmentForm
from commitments.dates import parse_date
from commitments.form_fields import Form
from commitments.recurrence import is_period_name
from commitments.vocabulary import CommitmentKind

LARGEST_NUMBER = 2**31 - 1  # what a whole number may hold in both databases
LARGEST_QUANTITY = 10**15  # beyond it neighbouring whole numbers soon look the same

FieldPath = tuple[str | int, ...]
SoftForm = TypeVar("SoftForm", bound=Form)
Fault = tuple[FieldPath, str, str]


@dataclass(frozen=True, slots=True)
class _Names:
    """Names that others may use; not complete if one of them could not be read, and then nothing is missing."""

    names: Collection[str | None]

    def lack(self, name: str | None) -> bool:
        return name is not None and None not in self.names and name not in self.names

    def suggest(self, name: str, otherwise: str) -> str:
        return suggest(name, [other for other in self.names if other], otherwise)


def suggest(found: str, choices: Sequence[str], otherwise: str) -> str:
    """What was expected, with the choice that is nearest to what was found."""
    near = process.extractOne(found, choices, score_cutoff=60)
    return f"{otherwise} (did you mean {near[0]!r}?)" if near else otherwise


def find_inner_faults(form: AgreementForm) -> Iterator[Fault]:
    """Every inner fault of a form, also of one that `soften_form` made: what is broken in it is passed over."""
    parties = _Names([party.reference for party in form.parties])
    contacts = {contact.reference: party.reference for party in form.parties for contact in party.contacts}
    plain = form.model_dump(warnings=False, exclude_defaults=True)
    if not is_storable(plain):
        yield from find_unstorable(plain, ())
    if form.agreement == "house":
        yield ("agreement",), "'house'", "another reference: this one stands for the policy of the house"
    yield from _find_party_faults(form)
    yield from _find_strangers(form, parties)
    yield from _find_date_faults(form)
    own = _Names([commitment.reference for commitment in form.commitments])
    for name in ("parties", "commitments", "activities", "budget"):
        yield from _find_doubles((name,), [entry.reference for entry in getattr(form, name)])
    for at, line in enumerate(form.budget):
        if line.commitment and own.lack(line.commitment):
            expected = own.suggest(line.commitment, "a commitment of this agreement")
            yield ("budget", at, "commitment"), repr(line.commitment), expected
    activities = _Names([activity.reference for activity in form.activities])
    documents = _Names([source.document for source in form.sources])
    for at, commitment in enumerate(form.commitments):
        path: FieldPath = ("commitments", at)
        yield from _find_owner_faults(path, commitment, parties, contacts, form)
        yield from _find_kind_faults(path, commitment)
        yield from _find_list_faults(path, commitment, parties, activities)
        yield from _find_place_faults(path, commitment, documents)
    yield from _find_activity_faults(form, parties, own)


def is_storable(plain: Any) -> bool:
    """Whether both databases can keep every text and number: without their places, which hardly any file needs."""
    rest = [plain]
    while rest:
        value = rest.pop()
        if type(value) is str:
            if "\x00" in value:
                return False
        elif type(value) is dict:
            rest.extend(value.values())
        elif type(value) is list:
            rest.extend(value)
        elif (isinstance(value, int) and abs(value) > LARGEST_NUMBER) or (
            isinstance(value, float) and not abs(value) <= LARGEST_QUANTITY
        ):
            return False
    return True


def find_unstorable(value: Any, path: FieldPath) -> Iterator[Fault]:
    """The texts and numbers in a form's plain values that one of the databases cannot keep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from find_unstorable(inner, (*path, name))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from find_unstorable(inner, (*path, at))
    elif isinstance(value, str) and "\x00" in value:
        yield path, "a NUL character", "text without it"
    elif isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        yield path, f"{value:,}"[:80], f"a whole number up to {LARGEST_NUMBER:,}"
    elif isinstance(value, float) and not isfinite(value):
        yield path, str(value), "a finite number"
    elif isinstance(value, float) and abs(value) > LARGEST_QUANTITY:
        yield path, str(value), f"a number up to {LARGEST_QUANTITY:,}"


def _find_doubles(path: FieldPath, names: Sequence[Hashable], field: str = "reference") -> Iterator[Fault]:
    seen: set[Hashable] = set()
    for at, name in enumerate(names):
        if name is not None and name in seen:
            yield (*path, at, field), repr(name), "a reference of its own" if field == "reference" else "each once"
        seen.add(name)


def _find_party_faults(form: AgreementForm) -> Iterator[Fault]:
    times = Counter(contact.reference for party in form.parties for contact in party.contacts)
    seen: set[str] = set()
    for at, party in enumerate(form.parties):
        told = [party.country, party.subdivision, party.time_zone, party.language, party.parent]
        if party.kind is not None and not party.names:
            yield ("parties", at, "names"), "nothing", "the party's name in at least one language"
        elif party.kind is None and (party.names or any(told)):
            expected = "the party's kind: a party is written out with kind and names, or named by its reference alone"
            yield ("parties", at, "kind"), "nothing", expected
        if party.country:
            yield from _find_country_fault(("parties", at, "country"), party.country)
        if party.parent and party.parent == party.reference:
            yield ("parties", at, "parent"), repr(party.parent), "another party"
        for to, contact in enumerate(party.contacts):
            path: FieldPath = ("parties", at, "contacts", to)
            if times[contact.reference] > 1 and contact.reference in seen:
                yield (*path, "reference"), repr(contact.reference), "a reference of its own"
            seen.add(contact.reference)
            if contact.deputy and contact.deputy == contact.reference:
                yield (*path, "deputy"), repr(contact.deputy), "another person"
            first, last = contact.valid_from, contact.valid_to
            if first and last and parse_date(last).last < parse_date(first).first:
                yield (*path, "valid_to"), last, f"a date not before {first}"


def _find_country_fault(path: FieldPath, country: str) -> Iterator[Fault]:
    from commitments.calendar import list_countries, suggest_country  # the holidays are a quarter of a second to load

    if country not in list_countries():
        meant = suggest_country(country)
        expected = "the code of a country, such as GB"
        yield path, repr(country), f"{expected} (did you mean {meant!r}?)" if meant else expected


def _find_strangers(form: AgreementForm, parties: _Names) -> Iterator[Fault]:
    for at, signatory in enumerate(form.signatories):
        if parties.lack(signatory.party):
            expected = parties.suggest(signatory.party, "one of the parties")
            yield ("signatories", at, "party"), repr(signatory.party), expected
    people = [(signatory.party, signatory.name) for signatory in form.signatories]
    for at, person in enumerate(people):
        if None not in person and person in people[:at]:
            yield ("signatories", at, "name"), repr(person[1]), "each person once"
    for reference in form.signed:
        if parties.lack(reference):
            yield ("signed", reference), repr(reference), parties.suggest(reference, "one of the parties")


def _find_date_faults(form: AgreementForm) -> Iterator[Fault]:
    if form.effective and form.expires and parse_date(form.expires).last < parse_date(form.effective).first:
        yield ("expires",), form.expires, f"a date not before {form.effective}, when it takes effect"
    if form.expires and form.open_ended:
        yield ("open_ended",), "true", f"false or nothing: the agreement expires {form.expires}"
    if form.network:
        cycles = [report.cycle for report in form.network.reports]
        yield from _find_doubles(("network", "reports"), cycles, "cycle")


def _find_owner_faults(
    path: FieldPath, commitment: CommitmentForm, parties: _Names, contacts: dict[str, str], form: AgreementForm
) -> Iterator[Fault]:
    silent = {party.reference for party in form.parties if not party.contacts}
    owing = [owner.party for owner in commitment.owners]
    named: list[tuple[FieldPath, str, str | None]] = [
        (("owners", at), owner.party, owner.contact) for at, owner in enumerate(commitment.owners)
    ]
    for at, report in enumerate(commitment.reports):
        named.append((("reports", at), report.party, report.contact))
        for to, answer in enumerate(report.confirmations):
            named.append((("reports", at, "confirmations", to), answer.party, answer.contact))
    for at, party in enumerate(owing):
        if party is not None and party in owing[:at]:
            yield (*path, "owners", at, "party"), repr(party), "each party once"
    for below, party, contact in named:
        if parties.lack(party):
            yield (*path, *below, "party"), repr(party), parties.suggest(party, "one of the parties")
        # A party may be given without its contacts; then only the register knows whom it has.
        elif contact and party is not None and party not in silent and None not in contacts:
            if contact not in contacts:
                expected = suggest(contact, list(contacts), "a contact of this file")
                yield (*path, *below, "contact"), repr(contact), expected
            elif contacts[contact] not in (party, None):
                yield (*path, *below, "contact"), repr(contact), f"a contact of {party}"


def _find_kind_faults(path: FieldPath, commitment: CommitmentForm) -> Iterator[Fault]:
    kind = commitment.kind
    if kind == CommitmentKind.RECURRING and commitment.recurrence is None:
        yield (*path, "recurrence"), "nothing", "how often it recurs: a recurring commitment needs it"
    if kind == CommitmentKind.TARGET and commitment.target is None:
        yield (*path, "target"), "nothing", "the quantity and its unit: a target needs them"
    if kind is not None and kind != CommitmentKind.RECURRING and commitment.recurrence is not None:
        yield (*path, "recurrence"), f"a recurrence on kind {kind}", "kind recurring"
    first, last = commitment.period_from, commitment.period_to
    if first and last and parse_date(last).last < parse_date(first).first:
        yield (*path, "period_to"), last, f"a date not before {first}"


def _find_list_faults(
    path: FieldPath, commitment: CommitmentForm, parties: _Names, activities: _Names
) -> Iterator[Fault]:
    for name in ("milestones", "measurements", "evidence", "reports"):
        yield from _find_doubles((*path, name), [entry.reference for entry in getattr(commitment, name)])
    yield from _find_doubles((*path, "occurrences"), [entry.period for entry in commitment.occurrences], "period")
    for at, milestone in enumerate(commitment.milestones):
        # A period and a milestone of one name would be one matter, and one follow-up would stand for both.
        if commitment.recurrence is not None and milestone.reference and is_period_name(milestone.reference):
            expected = f"a name that no period of the commitment can have, such as step-{milestone.reference}"
            yield (*path, "milestones", at, "reference"), repr(milestone.reference), expected
        if milestone.party and parties.lack(milestone.party):
            expected = parties.suggest(milestone.party, "one of the parties")
            yield (*path, "milestones", at, "party"), repr(milestone.party), expected
    for at, entry in enumerate(commitment.evidence):
        if entry.activity and activities.lack(entry.activity):
            expected = activities.suggest(entry.activity, "an activity of this agreement")
            yield (*path, "evidence", at, "activity"), repr(entry.activity), expected
    for at, report in enumerate(commitment.reports):
        answering = [answer.party for answer in report.confirmations]
        yield from _find_doubles((*path, "reports", at, "confirmations"), answering, "party")


def _find_place_faults(path: FieldPath, commitment: CommitmentForm, documents: _Names) -> Iterator[Fault]:
    places: list[tuple[FieldPath, Any]] = [((*path, "source"), commitment.source)]
    places += [((*path, "quote_sources", language), place) for language, place in commitment.quote_sources.items()]
    for place_path, place in places:
        if place is not None and documents.lack(place.document):
            expected = documents.suggest(place.document, "one of the sources")
            yield (*place_path, "document"), repr(place.document), expected


def _find_activity_faults(form: AgreementForm, parties: _Names, own: _Names) -> Iterator[Fault]:
    for at, activity in enumerate(form.activities):
        counted: set[str] = set()
        for to, reference in enumerate(activity.commitments):
            path: FieldPath = ("activities", at, "commitments", to)
            bare = reference.removeprefix(f"{form.agreement}/")
            if "/" not in bare and own.lack(bare):
                yield path, repr(reference), own.suggest(bare, "a commitment of this agreement")
            elif bare in counted:
                yield path, repr(reference), "each commitment once"
            counted.add(bare)
        for to, reference in enumerate(activity.parties):
            if parties.lack(reference):
                yield (
                    ("activities", at, "parties", to),
                    repr(reference),
                    parties.suggest(reference, "one of the parties"),
                )


def soften_form(value: Any, broken: Collection[FieldPath]) -> AgreementForm:
    """The form of a file with broken fields, which stand empty in it: so that the rest can be checked all the same."""
    return soften(AgreementForm, value, broken)


def soften(model: type[SoftForm], value: Any, broken: Collection[FieldPath]) -> SoftForm:
    """Any form with broken fields, which stand empty in it."""
    above = frozenset(path[:length] for path in broken for length in range(len(path) + 1))
    form: SoftForm = _soften(model, value, (), frozenset(broken), above)
    return form


def _soften(
    model: type[Form], value: Any, path: FieldPath, broken: frozenset[FieldPath], above: frozenset[FieldPath]
) -> Any:
    fields: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        here: FieldPath = (*path, name)
        inner = next(models_in(info.annotation), None)
        raw = value.get(name) if isinstance(value, dict) else None
        if here in broken and get_origin(info.annotation) is list and inner is not None:
            fields[name] = [_soften(inner, None, (*here, 0), broken, above)]
        elif here in broken or raw is None:
            fields[name] = _empty(info)
        elif here not in above:
            fields[name] = getattr(_one_field(model, name).model_validate({name: raw}), name)
        elif inner is None:
            fields[name] = _empty(info)
        elif isinstance(raw, list):
            fields[name] = [_soften(inner, one, (*here, at), broken, above) for at, one in enumerate(raw)]
        elif get_origin(info.annotation) is dict:
            fields[name] = {key: _soften(inner, one, (*here, key), broken, above) for key, one in raw.items()}
        else:
            fields[name] = _soften(inner, raw, here, broken, above)
    return model.model_construct(**fields)


@lru_cache(maxsize=512)
def _one_field(model: type[Form], name: str) -> type[BaseModel]:
    info = model.model_fields[name]
    fields: dict[str, Any] = {name: (info.annotation, info)}
    return create_model(f"Only{name}", __base__=Form, **fields)


def _empty(info: Any) -> Any:
    if not info.is_required():
        return info.get_default(call_default_factory=True)
    return {list: [], dict: {}}.get(get_origin(info.annotation))


def models_in(annotation: Any) -> Iterator[type[Form]]:
    """The forms that an annotation speaks of, such as the one in `list[PartyForm]`."""
    if isinstance(annotation, type) and issubclass(annotation, Form):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from models_in(argument)
