"""What is wrong with a sketch, field by field, and the reader of typed fields that finds it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Any

from commitments.dates import parse_date
from commitments.filling import LONGEST_LINE, read_whole
from commitments.handwriting import read_number, read_partial
from commitments.sketch import Step, TypedText
from commitments.vocabulary import CommitmentKind

_REFERENCE = re.compile("[a-z0-9][a-z0-9.-]{0,79}")
_FINGERPRINT = re.compile("[0-9a-f]{64}")


class Lack(StrEnum):
    """What is wrong with a field."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    NO_DATE = "no_date"
    NOT_BEFORE = "not_before"
    ENDS_BEFORE = "ends_before"
    NO_NUMBER = "no_number"
    BELOW_ZERO = "below_zero"
    NO_WHOLE_NUMBER = "no_whole_number"
    NO_MONTHS = "no_months"
    NO_CURRENCY = "no_currency"
    NO_REFERENCE = "no_reference"
    REFERENCE_TAKEN = "reference_taken"
    NO_FINGERPRINT = "no_fingerprint"
    OTHER_FINGERPRINT = "other_fingerprint"
    UNKNOWN_ZONE = "unknown_zone"
    NO_MAIL = "no_mail"
    UNKNOWN_PARTY = "unknown_party"
    PARENT_UNKNOWN = "parent_unknown"
    UNKNOWN_AGREEMENT = "unknown_agreement"
    COUNTRY_MISSING = "country_missing"
    PARTY_TWICE = "party_twice"
    TOO_FEW_PARTIES = "too_few_parties"
    OWN_PARTY_MISSING = "own_party_missing"
    PERSON_TWICE = "person_twice"
    ADDRESS_OF_OTHERS = "address_of_others"
    OWNERS_ONLY = "owners_only"
    LEADER_READS = "leader_reads"
    LANGUAGE_MISSING = "language_missing"
    LANGUAGE_TWICE = "language_twice"
    PLAN_REPEATS = "plan_repeats"
    NOTHING_CHOSEN = "nothing_chosen"
    END_NOT_SAID = "end_not_said"
    NO_RULE = "no_rule"
    TWICE = "twice"
    NOTHING_CHANGED = "nothing_changed"
    POINTED_AT = "pointed_at"
    STAYS = "stays"
    STILL_OWES = "still_owes"
    LEFT_BEHIND = "left_behind"
    ANSWERED_NO = "answered_no"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing to put right: at which step, in which field (and of which promise), and what is expected."""

    step: Step
    field: str
    lack: Lack
    detail: str = ""
    promise: str = ""


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
    named: dict[str, str] = field(default_factory=dict)
    """Each commitment's reference by its key in the sketch."""
    documents: list[str] = field(default_factory=list)

    def lacks(self, *steps: Step) -> list[Flaw]:
        return [one for one in self.flaws if one.step in steps]


@dataclass(frozen=True, slots=True)
class Reader:
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

    def span(self, first: tuple[str, str], last: tuple[str, str]) -> tuple[str | None, str | None]:
        """Two dates, each given by its field and what was typed there; the second is not before the first."""
        begins, ends = self.date(*first), self.date(*last)
        if begins and ends and parse_date(ends).last < parse_date(begins).first:
            self.lack(last[0], Lack.ENDS_BEFORE, begins)
        return begins, ends

    def number(self, name: str, text: str) -> float | None:
        number = read_number(text) if text else None
        if text and (number is None or not isfinite(number)):
            self.lack(name, Lack.NO_NUMBER)
            return None
        return number

    def whole(self, name: str, text: str, least: int = 1, most: int = 1200) -> int | None:
        if not text:
            return None
        whole = read_whole(text)
        number = read_number(text) if whole is None else whole
        if number is None or not isfinite(number) or number != int(number) or not least <= number <= most:
            self.lack(name, Lack.NO_WHOLE_NUMBER, f"{least}–{most:,}")
            return None
        return int(number)

    def reference(self, name: str, text: str, taken: Iterable[str] = ()) -> str | None:
        """A reference that somebody gives themselves; one that is taken is a flaw."""
        if not text:
            return None
        if not _REFERENCE.fullmatch(text):
            self.lack(name, Lack.NO_REFERENCE)
            return None
        if text in taken:
            self.lack(name, Lack.REFERENCE_TAKEN)
        return text

    def fingerprint(self, name: str, text: str) -> str | None:
        if text and not _FINGERPRINT.fullmatch(text.lower()):
            self.lack(name, Lack.NO_FINGERPRINT)
            return None
        return text.lower() or None

    def texts(
        self,
        name: str,
        others: Sequence[TypedText],
        limit: int = LONGEST_LINE,
        first: tuple[tuple[str, str], tuple[str, str]] | None = None,
    ) -> dict[str, str]:
        """The same words by language: those of `first` (see `text`), and of the fields `name-0`, `name-0-language`."""
        texts: dict[str, str] = {}
        if first is not None:
            self.text(texts, *first, limit)
        for at, one in enumerate(others):
            if one.text:
                self.text(texts, (f"{name}-{at}", one.text), (f"{name}-{at}-language", one.language), limit)
        return texts

    def text(
        self, into: dict[str, str], said: tuple[str, str], spoken: tuple[str, str], limit: int = LONGEST_LINE
    ) -> None:
        """Put one text by its language to the others, both given by their fields."""
        self.line(*said, limit)
        if not said[1]:
            return
        if not spoken[1]:
            self.lack(spoken[0], Lack.LANGUAGE_MISSING)
        elif spoken[1] in into:
            self.lack(spoken[0], Lack.LANGUAGE_TWICE)
        else:
            into[spoken[1]] = said[1]


def keep_filled(values: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
