"""An agreement as somebody writes it down step by step: kept as it was typed, drawn as an agreement file.

What was typed is kept whatever is wrong with it; `commitments.sketching` says what that is.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MOST_PARTIES = 60
MOST_PEOPLE = 60
MOST_PROMISES = 200
"""For how many of each further room is made. What stands in a form, or is on record, is never cut to it."""


class Step(StrEnum):
    """The steps in their order; each can be gone back to. `MORE` is passed over by who does not ask for it."""

    PARTIES = "parties"
    DATES = "dates"
    COMMITMENTS = "commitments"
    OWNERS = "owners"
    MORE = "more"
    CHECK = "check"

    @property
    def following(self) -> "Step":
        """The step to which a step leads on."""
        order = [one for one in Step if one is not Step.MORE or self is Step.MORE]
        return order[min(order.index(self) + 1, len(order) - 1)]


class Typed(BaseModel):
    """Fields as they were typed: texts, empty where nothing was."""

    model_config = ConfigDict(extra="ignore")


class TypedText(Typed):
    """The same words in one more language."""

    text: str = ""
    language: str = ""


class TypedParty(Typed):
    """A party, named as the register knows it or written out as a new one."""

    key: str = ""
    name: str = ""
    kind: str = ""
    country: str = ""
    subdivision: str = ""
    time_zone: str = ""
    language: str = ""
    names: list[TypedText] = Field(default_factory=list)
    role: str = "party"
    parent: str = ""
    reference: str = ""
    signed: str = ""
    left: str = ""
    """Until when it was a party, of an agreement that is on record."""


class TypedSignatory(Typed):
    party: str = ""
    name: str = ""
    office: str = ""


class TypedSource(Typed):
    """A document from which the agreement is known."""

    document: str = ""
    kind: str = "signed_text"
    date: str = ""
    language: str = ""
    title: str = ""
    sha256: str = ""


class TypedPerson(Typed):
    """Somebody whom the register does not know yet."""

    key: str = ""
    party: str = ""
    name: str = ""
    office: str = ""
    role: str = "owner"
    mail: str = ""
    language: str = ""
    time_zone: str = ""
    valid_from: str = ""
    valid_to: str = ""
    deputy: str = ""
    reference: str = ""


class TypedPlace(Typed):
    """Where a sentence stands in a document."""

    document: str = ""
    start: str = ""
    end: str = ""
    sha256: str = ""


class TypedMilestone(Typed):
    title: str = ""
    due: str = ""
    party: str = ""
    titles: list[TypedText] = Field(default_factory=list)
    reference: str = ""


class TypedPromise(Typed):
    """One commitment by plain questions; the answers make its kind."""

    key: str = ""
    made_by: str = ""
    """The key of the form that made it: what is sent by that once more is meant for this one."""
    summary: str = ""
    summaries: list[TypedText] = Field(default_factory=list)
    is_plan: str = "no"
    confirm_by: str = ""
    has_date: str = "no"
    """`yes`: done by a date; `once`: done one day; else it goes on."""
    due: str = ""
    repeats: str = "no"
    times: str = "1"
    counted: str = ""
    interval: str = ""
    months: str = ""
    starts: str = ""
    ends: str = ""
    has_number: str = "no"
    comparator: str = "at_least"
    quantity: str = ""
    unit: str = ""
    baseline: str = ""
    baseline_on: str = ""
    quote: str = ""
    quote_language: str = ""
    quotes: list[TypedText] = Field(default_factory=list)
    place: TypedPlace = Field(default_factory=TypedPlace)
    owed_by: list[str] = Field(default_factory=list)
    owed: str = "jointly"
    milestones: list[TypedMilestone] = Field(default_factory=list)
    period_from: str = ""
    period_to: str = ""
    condition: str = ""
    condition_met_on: str = ""
    implementers: str = ""
    theme: str = ""
    tags: str = ""
    note: str = ""
    reference: str = ""
    owners: dict[str, str] = Field(default_factory=dict)
    """Who answers for it, by party; what is missing is as in `usual_owners`, and `-` is nobody yet."""


class TypedTie(Typed):
    """The lasting tie: one that is there, by its reference, or a new one."""

    chosen: str = ""
    title: str = ""
    language: str = ""
    titles: list[TypedText] = Field(default_factory=list)
    since: str = ""
    kind: str = ""
    reference: str = ""


class TypedReport(Typed):
    """A report that a network has got."""

    cycle: str = ""
    submitted: str = ""


class TypedNetwork(Typed):
    name: str = ""
    field: str = ""
    designated: str = ""
    cycle: str = ""
    reports: list[TypedReport] = Field(default_factory=list)


class TypedBudgetLine(Typed):
    amount: str = ""
    currency: str = ""
    kind: str = "planned"
    approximate: str = ""
    period_from: str = ""
    period_to: str = ""
    source_of_funds: str = ""
    commitment: str = ""
    """The key of the promise that it pays for."""
    note: str = ""
    reference: str = ""


class TypedLanguage(Typed):
    """A language in which the text exists; whether that version counts."""

    language: str = ""
    authentic: str = ""


class Sketch(Typed):
    """All that was typed. Parties, people and promises go by keys of their own, which stay when others are removed."""

    title: str = ""
    title_language: str = "en"
    titles: list[TypedText] = Field(default_factory=list)
    kind: str = ""
    reference: str = ""
    parties: list[TypedParty] = Field(default_factory=list)
    effective: str = ""
    end: str = "unknown"
    expires: str = ""
    term: str = ""
    renewal: str = ""
    renewal_months: str = ""
    renew_by: str = ""
    notice: str = ""
    notice_unit: str = "months"
    signatories: list[TypedSignatory] = Field(default_factory=list)
    sources: list[TypedSource] = Field(default_factory=list)
    note: str = ""
    why: str = ""
    """The reason that is to stand in the log."""
    people: list[TypedPerson] = Field(default_factory=list)
    usual_owners: dict[str, str] = Field(default_factory=dict)
    promises: list[TypedPromise] = Field(default_factory=list)
    tie: TypedTie = Field(default_factory=TypedTie)
    network: TypedNetwork = Field(default_factory=TypedNetwork)
    budget: list[TypedBudgetLine] = Field(default_factory=list)
    languages: list[TypedLanguage] = Field(default_factory=list)
    binding: str = ""
    parent: str = ""
    amends: str = ""
    replaces: str = ""
    ended: str = ""
    ended_reason: str = ""
    titles_same: str = ""
    """`1` where a title was changed in one language alone, and the others still say the same."""
    rules: dict[str, Any] = Field(default_factory=dict)
    """The rules for reminders that could be read, as the file has them."""
    unread_rules: dict[str, str] = Field(default_factory=dict)
    """What could not be read, as it was typed."""
    keys: int = 0
    """How many keys were given."""
    written: dict[str, str] = Field(default_factory=dict)
    """By which form each step, and each promise by its key, was last written."""
    left_over: list[str] = Field(default_factory=list)
    """What was typed in fields that there are no more, and is shown so that it can be typed in again."""

    def give_key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def find_promise(self, key: str) -> TypedPromise | None:
        """The one that goes by this key, or that the form of this key has made."""
        return next((one for one in self.promises if key and key in (one.key, one.made_by)), None)


def read_sketch(content: Mapping[str, Any]) -> Sketch:
    """A sketch as it was kept. What another version kept under names or in shapes that are not known is left over."""
    known = {name: value for name, value in content.items() if name in Sketch.model_fields}
    broken: set[str] = set()
    try:
        sketch = Sketch.model_validate(known)
    except ValidationError as invalid:
        broken = {str(error["loc"][0]) for error in invalid.errors()}
        sketch = Sketch.model_validate({name: value for name, value in known.items() if name not in broken})
    for name, value in content.items():
        if name in broken or name not in Sketch.model_fields:
            sketch.left_over += [text for text in _list_texts(value) if text not in sketch.left_over]
    return sketch


def _list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _list_texts(inner)
