"""Takes what a step's form sent into the sketch: everything as it was typed, right or wrong.

A list is as long as the form has it; what the form has no fields for stays as it is, and is left out by nobody.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel

from commitments.agreement_terms import NEW_PARTY
from commitments.policy import Policy
from commitments.sketch import (
    MOST_PARTIES,
    MOST_PEOPLE,
    Sketch,
    Typed,
    TypedBudgetLine,
    TypedLanguage,
    TypedMilestone,
    TypedParty,
    TypedPerson,
    TypedPromise,
    TypedReport,
    TypedSignatory,
    TypedSource,
    TypedText,
)
from portal.forms import Sent
from portal.policy_views import read_rules

Entry = TypeVar("Entry", bound=Typed)
_LONGEST = 8000
_ABOUT = ("title", "title_language", "kind", "reference")
_TERM = ("effective", "end", "expires", "term", "renewal", "renewal_months", "renew_by", "notice", "notice_unit")
_SIGNATORY = ("party", "name", "office")
_SOURCE = ("document", "kind", "date", "language", "title", "sha256")
_PROMISE = (
    *("summary", "is_plan", "confirm_by", "has_date", "due", "repeats", "times", "counted", "interval", "months"),
    *("starts", "ends", "has_number", "comparator", "quantity", "unit", "baseline", "baseline_on", "quote_language"),
    *("owed", "period_from", "period_to", "condition", "condition_met_on", "implementers", "theme", "tags"),
    "reference",
)
_TERMS = (
    *("repeats", "times", "counted", "interval", "months", "starts", "ends", "comparator", "quantity", "unit"),
    *("baseline", "baseline_on", "owed", "period_from", "period_to", "condition", "condition_met_on", "implementers"),
    "tags",
)
_KIND = ("is_plan", "confirm_by", "has_date", "due", "has_number")
_PLACE = ("document", "start", "end", "sha256")
_MILESTONE = ("title", "due", "party", "reference")
_PARTY = ("name", "kind", "country", "subdivision", "time_zone", "language", "role", "parent", "reference")
_PERSON = (
    *("name", "party", "mail", "office", "role", "language", "time_zone", "valid_from", "valid_to", "deputy"),
    "reference",
)
_TIE = ("chosen", "title", "language", "since", "kind", "reference")
_NETWORK = ("name", "field", "designated", "cycle")
_BUDGET = (
    *("amount", "currency", "kind", "approximate", "period_from", "period_to", "source_of_funds", "commitment"),
    *("note", "reference"),
)
_MORE = ("binding", "parent", "amends", "replaces", "ended", "ended_reason")


def take_parties(sketch: Sketch, sent: Sent) -> None:
    """The first step; with the button `more` a further party gets its place."""
    _take(sketch, sent, _ABOUT)
    sketch.titles = _take_texts(sent, "titles", sketch.titles)
    for one in sketch.parties:
        _take(one, sent, _PARTY, f"{one.key}-")
        one.names = _take_texts(sent, f"{one.key}-names", one.names)
    sketch.parties = [one for one in sketch.parties if not sent.text(f"{one.key}-remove")]
    if sent.text("do") == "more" and len(sketch.parties) < MOST_PARTIES:
        sketch.parties.append(TypedParty(key=sketch.give_key()))
    while len(sketch.parties) < 2:
        sketch.parties.append(TypedParty(key=sketch.give_key()))


def take_dates(sketch: Sketch, sent: Sent, signatories: int = 0, sources: int = 0) -> None:
    """The second step; with the button `more` there is room for one more who signed.

    The first so many who signed and documents are on record: they keep their place also where nothing stands in it.
    """
    _take(sketch, sent, _TERM)
    sketch.note = _read_text(sent, "note")
    for one in sketch.parties:
        one.signed = _read(sent, f"{one.key}-signed")
    signed = _take_list(sent, "s", sketch.signatories, TypedSignatory, _SIGNATORY, "name")
    sketch.signatories = [one for at, one in enumerate(signed) if at < signatories or one.name or one.office]
    if sent.text("do") == "more" and len(sketch.signatories) < MOST_PEOPLE:
        sketch.signatories.append(TypedSignatory())
    documents = _take_list(sent, "d", sketch.sources, TypedSource, _SOURCE, "document")
    sketch.sources = [
        one for at, one in enumerate(documents) if at < sources or one.document or one.date or one.title or one.sha256
    ]


def take_agreement(sketch: Sketch, sent: Sent) -> None:
    """The own fields of an agreement of the register: its title, kind and parties, all of the second step, and more.

    What a form does not have stays as it is; a party that is added goes by the key NEW_PARTY.
    """
    _take(sketch, sent, ("title", "title_language", "kind", "titles_same"))
    sketch.titles = _take_texts(sent, "titles", sketch.titles)
    take_dates(sketch, sent, len(sketch.signatories), len(sketch.sources))
    for one in sketch.parties:
        _take(one, sent, tuple(name for name in ("role", "left") if sent.has(f"{one.key}-{name}")), f"{one.key}-")
    if sent.has("network-name"):
        _take_more(sketch, sent)
    new = TypedParty(key=NEW_PARTY)
    _take(new, sent, _PARTY, f"{NEW_PARTY}-")
    new.names = _take_texts(sent, f"{NEW_PARTY}-names", ())
    if (new.name or new.kind or new.country or new.names) and not sent.text(f"{NEW_PARTY}-remove"):
        sketch.parties.append(new)


def take_promise(promise: TypedPromise, sent: Sent) -> None:
    """A commitment, with its milestones."""
    _take(promise, sent, _PROMISE)
    promise.quote, promise.note = _read_text(sent, "quote"), _read_text(sent, "note")
    promise.summaries = _take_texts(sent, "summaries", promise.summaries)
    promise.quotes = _take_texts(sent, "quotes", promise.quotes, _read_text)
    _take(promise.place, sent, _PLACE, "place-")
    promise.owed_by = sent.texts("owed_by")
    milestones = _take_list(sent, "m", promise.milestones, TypedMilestone, _MILESTONE, "title")
    for at, one in enumerate(milestones):
        one.titles = _take_texts(sent, f"m{at}-titles", one.titles)
    promise.milestones = [one for one in milestones if one.title or one.due or one.titles or one.reference]


def take_terms(promise: TypedPromise, sent: Sent) -> None:
    """What the form has of the terms of a commitment and of where it stands; the rest stays as it is."""
    _take(promise, sent, tuple(name for name in _TERMS if sent.has(name)))
    _take(promise.place, sent, tuple(name for name in _PLACE if sent.has(f"place-{name}")), "place-")


def take_kind(promise: TypedPromise, sent: Sent) -> None:
    """What the form has of the answers that make the kind of a commitment; the rest stays as it is."""
    _take(promise, sent, tuple(name for name in (*_KIND, *_TERMS) if sent.has(name)))


def take_owners(sketch: Sketch, sent: Sent) -> None:
    """The fourth step; with the button `more` a further person gets their place."""
    for one in sketch.people:
        _take(one, sent, _PERSON, f"{one.key}-")
    sketch.people = [one for one in sketch.people if not sent.text(f"{one.key}-remove")]
    keys = [one.key for one in sketch.parties]
    sketch.usual_owners = _take_owners(sent, "usual", keys)
    for promise in sketch.promises:
        promise.owners = _take_owners(sent, promise.key, keys)
    if sent.text("do") == "more" and len(sketch.people) < MOST_PEOPLE:
        sketch.people.append(TypedPerson(key=sketch.give_key()))


def take_more(sketch: Sketch, sent: Sent, usual: Policy) -> None:
    """What few agreements say; `usual` are the rules of the house, which need not be said again."""
    _take_more(sketch, sent)
    if sent.has("lead_days"):
        sketch.rules, wrong = read_rules(sent, usual)
        sketch.unread_rules = {name: _read(sent, name) for name in sorted(wrong)}


def _take_more(sketch: Sketch, sent: Sent) -> None:
    _take(sketch, sent, _MORE)
    _take(sketch.tie, sent, _TIE, "tie-")
    sketch.tie.titles = _take_texts(sent, "tie-titles", sketch.tie.titles)
    _take(sketch.network, sent, _NETWORK, "network-")
    reports = _take_list(sent, "r", sketch.network.reports, TypedReport, ("cycle", "submitted"), "cycle")
    sketch.network.reports = [one for one in reports if one.cycle or one.submitted]
    lines = _take_list(sent, "b", sketch.budget, TypedBudgetLine, _BUDGET, "amount")
    sketch.budget = [one for one in lines if any(getattr(one, name) for name in _BUDGET if name != "kind")]
    languages = _take_list(sent, "l", sketch.languages, TypedLanguage, ("language", "authentic"), "language")
    sketch.languages = [one for one in languages if one.language]


def _take_owners(sent: Sent, prefix: str, keys: list[str]) -> dict[str, str]:
    return {key: who for key in keys if (who := _read(sent, f"{prefix}-{key}"))}


def _take(into: BaseModel, sent: Sent, names: tuple[str, ...], prefix: str = "") -> None:
    for name in names:
        setattr(into, name, _read(sent, prefix + name))


def _take_list(
    sent: Sent, prefix: str, before: Sequence[Entry], entry: type[Entry], names: tuple[str, ...], first: str
) -> list[Entry]:
    """The entries of a list, whose fields are `PREFIX0-name`: as the form has them, then those it does not reach."""
    taken: list[Entry] = []
    while sent.has(f"{prefix}{len(taken)}-{first}"):
        one = entry()
        _take(one, sent, names, f"{prefix}{len(taken)}-")
        taken.append(one)
    return [*taken, *before[len(taken) :]]


def _take_texts(
    sent: Sent, name: str, before: Sequence[TypedText], read: Callable[[Sent, str], str] | None = None
) -> list[TypedText]:
    taken: list[TypedText] = []
    at = 0
    while sent.has(f"{name}-{at}"):
        text = (read or _read)(sent, f"{name}-{at}")
        if text:
            taken.append(TypedText(text=text, language=_read(sent, f"{name}-{at}-language")))
        at += 1
    return [*taken, *before[at:]]


def _read(sent: Sent, name: str) -> str:
    return (sent.text(name) or "")[:_LONGEST]


def _read_text(sent: Sent, name: str) -> str:
    """Word for word, with its line breaks."""
    return (sent.lines(name) or "")[:_LONGEST]
