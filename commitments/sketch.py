"""An agreement as somebody writes it down step by step: kept as it was typed, drawn as an agreement file.

What was typed is kept whatever is wrong with it; `commitments.sketching` says what that is.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

MOST_PARTIES = 60
MOST_PEOPLE = 60
MOST_PROMISES = 200


class Step(StrEnum):
    """The steps in their order; each can be gone back to."""

    PARTIES = "parties"
    DATES = "dates"
    COMMITMENTS = "commitments"
    OWNERS = "owners"
    CHECK = "check"


class Typed(BaseModel):
    """Fields as they were typed: texts, empty where nothing was."""

    model_config = ConfigDict(extra="ignore")


class TypedParty(Typed):
    """A party, named as the register knows it or written out as a new one."""

    key: str = ""
    name: str = ""
    kind: str = ""
    country: str = ""
    time_zone: str = ""
    language: str = ""
    other_name: str = ""
    other_language: str = ""
    signed: str = ""


class TypedSignatory(Typed):
    party: str = ""
    name: str = ""
    office: str = ""


class TypedPerson(Typed):
    """Somebody whom the register does not know yet."""

    key: str = ""
    party: str = ""
    name: str = ""
    office: str = ""
    role: str = "owner"
    mail: str = ""
    language: str = ""


class TypedPromise(Typed):
    """One commitment by plain questions; the answers make its kind."""

    key: str = ""
    summary: str = ""
    is_plan: str = "no"
    has_date: str = "no"
    due: str = ""
    repeats: str = "no"
    times: str = "1"
    counted: str = ""
    has_number: str = "no"
    comparator: str = "at_least"
    quantity: str = ""
    unit: str = ""
    quote: str = ""
    quote_language: str = ""
    other_quote: str = ""
    other_language: str = ""
    owed_by: list[str] = Field(default_factory=list)
    implementers: str = ""
    theme: str = ""
    note: str = ""
    owners: dict[str, str] = Field(default_factory=dict)
    """Who answers for it, by party; what is missing is as in `usual_owners`, and `-` is nobody yet."""


class Sketch(Typed):
    """All that was typed. Parties, people and promises go by keys of their own, which stay when others are removed."""

    title: str = ""
    title_language: str = "en"
    other_title: str = ""
    other_language: str = ""
    kind: str = ""
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
    source: str = ""
    source_kind: str = "signed_text"
    source_date: str = ""
    source_language: str = ""
    note: str = ""
    people: list[TypedPerson] = Field(default_factory=list)
    usual_owners: dict[str, str] = Field(default_factory=dict)
    promises: list[TypedPromise] = Field(default_factory=list)
    keys: int = 0
    """How many keys were given."""

    def give_key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def find_promise(self, key: str) -> TypedPromise | None:
        return next((one for one in self.promises if one.key == key), None)
