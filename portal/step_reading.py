"""Takes what a step's form sent into the sketch: everything as it was typed, right or wrong."""

from pydantic import BaseModel

from commitments.sketch import (
    MOST_PARTIES,
    MOST_PEOPLE,
    Sketch,
    TypedParty,
    TypedPerson,
    TypedPromise,
    TypedSignatory,
)
from portal.forms import Sent

_LONGEST = 8000
_ABOUT = ("title", "title_language", "other_title", "other_language", "kind")
_TERM = (
    *("effective", "end", "expires", "term", "renewal", "renewal_months", "renew_by", "notice", "notice_unit"),
    *("source", "source_kind", "source_date", "source_language", "note"),
)
_PROMISE = (
    *("summary", "is_plan", "has_date", "due", "repeats", "times", "counted", "has_number", "comparator", "quantity"),
    *("unit", "quote", "quote_language", "other_quote", "other_language", "implementers", "theme", "note"),
)
_PARTY = ("name", "kind", "country", "time_zone", "language", "other_name", "other_language")
_PERSON = ("name", "party", "mail", "office", "role", "language")


def take_parties(sketch: Sketch, sent: Sent) -> None:
    """The first step; with the button `more` a further party gets its place."""
    _take(sketch, sent, _ABOUT)
    for one in sketch.parties:
        _take(one, sent, _PARTY, f"{one.key}-")
    sketch.parties = [one for one in sketch.parties if not sent.text(f"{one.key}-remove")]
    if sent.text("do") == "more" and len(sketch.parties) < MOST_PARTIES:
        sketch.parties.append(TypedParty(key=sketch.give_key()))
    while len(sketch.parties) < 2:
        sketch.parties.append(TypedParty(key=sketch.give_key()))


def take_dates(sketch: Sketch, sent: Sent) -> None:
    """The second step; with the button `more` there is room for one more who signed."""
    _take(sketch, sent, _TERM)
    for one in sketch.parties:
        one.signed = _read(sent, f"{one.key}-signed")
    signed: list[TypedSignatory] = []
    while len(signed) < MOST_PEOPLE and sent.has(f"s{len(signed)}-name"):
        at = len(signed)
        signed.append(TypedSignatory(**{name: _read(sent, f"s{at}-{name}") for name in ("party", "name", "office")}))
    if sent.text("do") == "more" and len(signed) < MOST_PEOPLE:
        signed.append(TypedSignatory())
    else:
        signed = [one for one in signed if one.name or one.office]
    sketch.signatories = signed


def take_promise(promise: TypedPromise, sent: Sent) -> None:
    _take(promise, sent, _PROMISE)
    promise.owed_by = sent.texts("owed_by")[:MOST_PARTIES]


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


def _take_owners(sent: Sent, prefix: str, keys: list[str]) -> dict[str, str]:
    return {key: who for key in keys if (who := _read(sent, f"{prefix}-{key}"))}


def _take(into: BaseModel, sent: Sent, names: tuple[str, ...], prefix: str = "") -> None:
    for name in names:
        setattr(into, name, _read(sent, prefix + name))


def _read(sent: Sent, name: str) -> str:
    return (sent.text(name) or "")[:_LONGEST]
