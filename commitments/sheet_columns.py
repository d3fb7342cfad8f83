"""Which sheets and columns an agreement has as a spreadsheet, and an agreement written as such sheets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from commitments.handwriting import write_number
from commitments.vocabulary import (
    AgreementKind,
    CommitmentKind,
    Comparator,
    ContactRole,
    Every,
    MilestoneState,
    Owed,
    PartyKind,
    PartyRole,
    RenewalRule,
)
from commitments.workbooks import NewSheet

Plain = dict[str, Any]


class SheetName(StrEnum):
    AGREEMENT = "Agreement"
    PARTIES = "Parties"
    SIGNATORIES = "Signatories"
    CONTACTS = "Contacts"
    COMMITMENTS = "Commitments"
    MILESTONES = "Milestones"


class Holds(StrEnum):
    """What stands in a cell of a column."""

    TEXT = "text"
    TEXTS = "texts"
    """The same words in several languages, a column each: `title (zh)`."""
    DATE = "date"
    NUMBER = "number"
    WHOLE = "whole"
    YES_NO = "yes_no"
    WORD = "word"
    LIST = "list"
    """Several, with a semicolon between them."""
    OWNERS = "owners"
    """Parties with the contact who answers: `leeds: leeds-libraries; hangzhou`."""
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what it holds, and where that stands in the agreement file."""

    head: str
    holds: Holds = Holds.TEXT
    path: tuple[str, ...] = ()
    words: type[StrEnum] | None = None
    place: tuple[str, ...] = field(init=False)
    is_plain: bool = field(init=False)
    """Whether it holds any text, just as it is written."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", self.path or (self.head.replace(" ", "_"),))
        is_text = self.holds in (Holds.TEXT, Holds.TEXTS) and self.words is None
        object.__setattr__(self, "is_plain", is_text and self.head != "country")

    def locate(self, language: str) -> tuple[str, ...]:
        """Where a cell stands in what its row describes, in a column of texts that of one language.

        A commitment's summary has a field of its own for the languages besides English.
        """
        if self.holds is not Holds.TEXTS:
            return self.place
        if self.head == "summary":
            return ("summaries", language) if language and language != "en" else ("summary",)
        return (self.place[0], language or "en")


_WITHHELD = ("channels", "mail")
"""A sheet that goes from hand to hand leaves it out, so that an empty cell takes nothing away."""
Cells = Mapping[str, tuple[Column, str, str]]
"""The cells of a row by their headings: the column, the language of one of texts, and what is written."""


def choose_cells(cells: Cells, skip: Sequence[str], *, keeps: bool) -> Iterator[tuple[str, Column, str, str]]:
    """Those cells of a row that say something of what it describes, with their headings.

    An empty cell empties the field, or with `keeps` leaves it as it is, as always that of an address.
    """
    for head, (column, language, text) in cells.items():
        if column.head in skip or column.holds is Holds.OWNERS:
            continue
        if text or not (keeps or column.place == _WITHHELD):
            yield head, column, language, text


_DATED = Holds.DATE
SHEETS: Mapping[SheetName, tuple[Column, ...]] = {
    SheetName.AGREEMENT: (
        Column("agreement"),
        Column("title", Holds.TEXTS),
        Column("kind", Holds.WORD, words=AgreementKind),
        Column("effective", _DATED),
        Column("expires", _DATED),
        Column("open ended", Holds.YES_NO),
        Column("term"),
        Column("renewal", Holds.WORD, ("renewal", "rule"), RenewalRule),
        Column("renewal months", Holds.WHOLE, ("renewal", "months")),
        Column("renew by", _DATED, ("renewal", "renew_by")),
        Column("notice months", Holds.WHOLE, ("notice", "months")),
        Column("notice days", Holds.WHOLE, ("notice", "days")),
        Column("ended", _DATED),
        Column("ended reason"),
        Column("note"),
        Column("as of"),
    ),
    SheetName.PARTIES: (
        Column("reference"),
        Column("name", Holds.TEXTS, ("names",)),
        Column("kind", Holds.WORD, words=PartyKind),
        Column("country"),
        Column("subdivision"),
        Column("time zone", Holds.ZONE),
        Column("language"),
        Column("role", Holds.WORD, words=PartyRole),
        Column("signed", _DATED),
        Column("ended", _DATED),
    ),
    SheetName.SIGNATORIES: (Column("party"), Column("name"), Column("office")),
    SheetName.CONTACTS: (
        Column("reference"),
        Column("party"),
        Column("name"),
        Column("office"),
        Column("role", Holds.WORD, words=ContactRole),
        Column("mail", path=("channels", "mail")),
        Column("language"),
        Column("time zone", Holds.ZONE),
        Column("valid from", _DATED),
        Column("valid to", _DATED),
        Column("deputy"),
    ),
    SheetName.COMMITMENTS: (
        Column("agreement"),
        Column("reference"),
        Column("summary", Holds.TEXTS),
        Column("kind", Holds.WORD, words=CommitmentKind),
        Column("owners", Holds.OWNERS),
        Column("owed", Holds.WORD, words=Owed),
        Column("due", _DATED),
        Column("confirm by", _DATED),
        Column("period from", _DATED),
        Column("period to", _DATED),
        Column("every", Holds.WORD, ("recurrence", "every"), Every),
        Column("interval", Holds.WHOLE, ("recurrence", "interval")),
        Column("times", Holds.WHOLE, ("recurrence", "count")),
        Column("counted", path=("recurrence", "what")),
        Column("starts", _DATED, ("recurrence", "starts")),
        Column("quantity", Holds.NUMBER, ("target", "quantity")),
        Column("unit", path=("target", "unit")),
        Column("comparator", Holds.WORD, ("target", "comparator"), Comparator),
        Column("baseline", Holds.NUMBER, ("target", "baseline")),
        Column("theme"),
        Column("implementers", Holds.LIST),
        Column("quote", Holds.TEXTS),
        Column("condition", path=("condition", "text")),
        Column("note"),
    ),
    SheetName.MILESTONES: (
        Column("commitment"),
        Column("reference"),
        Column("title"),
        Column("due", _DATED),
        Column("party"),
        Column("state", Holds.WORD, words=MilestoneState),
        Column("met on", _DATED),
    ),
}


def write_sheets(
    plain: Plain,
    name_head: Callable[[str], str],
    name_sheet: Callable[[SheetName], str],
    name_word: Callable[[Column, str], str],
) -> list[NewSheet]:
    """An agreement as sheets, with headings and words as the reader calls them; each sheet is there, if empty."""
    parties = plain.get("parties", [])
    owned = [one | {"agreement": plain["agreement"]} for one in plain.get("commitments", [])]
    listed: dict[SheetName, list[Plain]] = {
        SheetName.AGREEMENT: [plain],
        SheetName.PARTIES: [one | {"signed": plain.get("signed", {}).get(one["reference"])} for one in parties],
        SheetName.SIGNATORIES: plain.get("signatories", []),
        SheetName.CONTACTS: [
            {**person, "party": one["reference"]} for one in parties for person in one.get("contacts", [])
        ],
        SheetName.COMMITMENTS: owned,
        SheetName.MILESTONES: [
            {**one, "commitment": promise["reference"]} for promise in owned for one in promise.get("milestones", [])
        ],
    }
    return [_write_sheet(name, entries, name_head, name_sheet(name), name_word) for name, entries in listed.items()]


def _write_sheet(
    name: SheetName,
    entries: Sequence[Plain],
    name_head: Callable[[str], str],
    title: str,
    name_word: Callable[[Column, str], str],
) -> NewSheet:
    columns = [one for column in SHEETS[name] for one in _spread(column, entries)]
    heads = [name_head(column.head) + (f" ({language})" if language else "") for column, language in columns]
    rows = [[_show(column, language, entry, name_word) for column, language in columns] for entry in entries]
    offered = {
        name_head(column.head): [name_word(column, str(one)) for one in column.words]
        for column in SHEETS[name]
        if column.words is not None
    }
    return NewSheet(title, heads, rows, offered)


def _spread(column: Column, entries: Sequence[Plain]) -> list[tuple[Column, str]]:
    """A column of texts once for each language that there is; English has no mark."""
    if column.holds is not Holds.TEXTS:
        return [(column, "")]
    found = {language for entry in entries for language in _texts(column, entry)} | {"en"}
    return [(column, "" if one == "en" else one) for one in sorted(found, key=lambda one: (one != "en", one))]


def _texts(column: Column, entry: Plain) -> Mapping[str, str]:
    if column.head == "summary":
        return {"en": entry.get("summary", ""), **entry.get("summaries", {})}
    texts: Mapping[str, str] = entry.get(column.place[0], {})
    return texts


def _show(column: Column, language: str, entry: Plain, name_word: Callable[[Column, str], str]) -> str:
    if column.holds is Holds.TEXTS:
        return _texts(column, entry).get(language or "en", "")
    if column.holds is Holds.OWNERS:
        return "; ".join(
            f"{one['party']}: {one['contact']}" if one.get("contact") else one["party"]
            for one in entry.get("owners", [])
        )
    value: Any = entry
    for step in column.place:
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(value)
    if isinstance(value, float):
        return write_number(value)
    return name_word(column, str(value)) if column.words is not None else str(value)
